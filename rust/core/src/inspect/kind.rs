//! What a structure is, told by its shape alone.

use super::schema::{
    ANY, CERTIFICATE, CERTIFICATE_LIST, CERTIFICATION_REQUEST, CONTENT_INFO, EC_PRIVATE_KEY,
    ENCRYPTED_PRIVATE_KEY_INFO, PFX, PRIVATE_KEY_INFO, PUBLIC_KEY, RSA_PRIVATE_KEY, SECRET_KEY, Schema,
};
use crate::asn1::{Tag, Tlv, oid};

const TIMES: [Tag; 2] = [Tag::UTC_TIME, Tag::GENERALIZED_TIME];

/// Its name, and how to read it.
pub(super) fn of(tlv: &Tlv<'_>) -> (String, &'static Schema) {
    let (name, schema) = known(tlv).unwrap_or(("ASN.1".to_owned(), &ANY));
    (name, schema)
}

fn known(tlv: &Tlv<'_>) -> Option<(String, &'static Schema)> {
    if tlv.tag != Tag::SEQUENCE {
        return None;
    }
    let parts = parts(tlv);
    let tags: Vec<_> = parts.iter().map(|part| part.tag).collect();
    let named = |name: &str, schema: &'static Schema| Some((name.to_owned(), schema));
    match tags.as_slice() {
        [Tag::OBJECT_IDENTIFIER, rest @ ..] if rest.len() <= 1 => {
            let content_type = parts.first()?.as_oid().ok()?;
            let name = oid::name(content_type).map_or_else(|| content_type.to_string(), str::to_owned);
            Some((format!("CMS {name}"), &CONTENT_INFO))
        }
        [Tag::SEQUENCE, Tag::SEQUENCE, Tag::BIT_STRING] => signed(parts.first()?),
        [Tag::SEQUENCE, Tag::BIT_STRING] => named("public key (SubjectPublicKeyInfo)", &PUBLIC_KEY),
        [Tag::SEQUENCE, Tag::OCTET_STRING] => named("encrypted private key (PKCS#8)", &ENCRYPTED_PRIVATE_KEY_INFO),
        [Tag::INTEGER, Tag::SEQUENCE, Tag::OCTET_STRING, ..] => named("private key (PKCS#8)", &PRIVATE_KEY_INFO),
        [Tag::INTEGER, Tag::SEQUENCE] | [Tag::INTEGER, Tag::SEQUENCE, Tag::SEQUENCE] => named("PKCS#12", &PFX),
        [Tag::INTEGER, Tag::OCTET_STRING, ..] => named("private key (SEC 1)", &EC_PRIVATE_KEY),
        // RSAPrivateKey has nine numbers; six are a DSA key of OpenSSL's.
        numbers if numbers.len() >= 9 && numbers[..9].iter().all(|tag| *tag == Tag::INTEGER) => {
            named("private key (PKCS#1)", &RSA_PRIVATE_KEY)
        }
        [Tag::INTEGER, Tag::INTEGER, Tag::INTEGER, Tag::INTEGER, Tag::INTEGER, Tag::INTEGER] => {
            named("private key", &SECRET_KEY)
        }
        _ => None,
    }
}

/// tbs, algorithm, signature: of a certificate, a CRL or a request.
fn signed(tbs: &Tlv<'_>) -> Option<(String, &'static Schema)> {
    let parts = parts(tbs);
    let is_time = |at: usize| parts.get(at).is_some_and(|part| TIMES.contains(&part.tag));
    let first = parts.first()?;
    if is_time(2) || is_time(3) {
        let version = if first.tag == Tag::INTEGER { 2 } else { 1 };
        return Some((format!("certificate list (CRL v{version})"), &CERTIFICATE_LIST));
    }
    if first.tag == Tag::context(0) {
        let version = first.reader().ok()?.u64().ok()?.saturating_add(1);
        return Some((format!("certificate (X.509 v{version})"), &CERTIFICATE));
    }
    let tags: Vec<_> = parts.iter().take(6).map(|part| part.tag).collect();
    if tags == [Tag::INTEGER, Tag::SEQUENCE, Tag::SEQUENCE, Tag::SEQUENCE, Tag::SEQUENCE, Tag::SEQUENCE] {
        return Some(("certificate (X.509 v1)".to_owned(), &CERTIFICATE));
    }
    Some(("certification request (PKCS#10)".to_owned(), &CERTIFICATION_REQUEST))
        .filter(|_| tags.starts_with(&[Tag::INTEGER, Tag::SEQUENCE, Tag::SEQUENCE]))
}

/// The first elements inside; those that can be read.
fn parts<'a>(tlv: &Tlv<'a>) -> Vec<Tlv<'a>> {
    let mut parts = Vec::new();
    if let Ok(mut reader) = tlv.reader() {
        while !reader.is_empty() && parts.len() < 10 {
            let Ok(part) = reader.any() else { break };
            parts.push(part);
        }
    }
    parts
}
