//! What a structure is, told by its shape alone.

use super::schema::{
    self, CERTIFICATE, CERTIFICATE_LIST, CERTIFICATION_REQUEST, CONTENT_INFO, EC_PRIVATE_KEY, ENCRYPTED_PRIVATE_KEY,
    PKCS12, PRIVATE_KEY, PUBLIC_KEY, RSA_PRIVATE_KEY, SECRET, Schema, UNKNOWN,
};
use crate::asn1::{Oid, Tag, Tlv, oid};

const TIMES: [Tag; 2] = [Tag::UTC_TIME, Tag::GENERALIZED_TIME];
const NUMBERS: [Tag; 9] = [Tag::INTEGER; 9];

/// Its name, and how to read it; `cut`: its end is missing.
pub(super) fn of(tlv: &Tlv<'_>, cut: bool) -> (String, &'static Schema) {
    known(tlv, cut).unwrap_or(("ASN.1".to_owned(), &UNKNOWN))
}

fn known(tlv: &Tlv<'_>, cut: bool) -> Option<(String, &'static Schema)> {
    if tlv.tag != Tag::SEQUENCE {
        return None;
    }
    let parts = parts(tlv);
    let tags: Vec<_> = parts.iter().map(|part| part.tag).collect();
    let named = |name: &str, schema: &'static Schema| Some((name.to_owned(), schema));
    match tags.as_slice() {
        [Tag::OBJECT_IDENTIFIER] | [Tag::OBJECT_IDENTIFIER, _] => {
            let content_type = content_type(tlv).filter(|found| schema::is_content_type(*found))?;
            Some((format!("CMS {}", oid::name(content_type)?), &CONTENT_INFO))
        }
        [Tag::SEQUENCE, Tag::SEQUENCE, Tag::BIT_STRING] => signed(parts.first()?),
        [Tag::SEQUENCE] | [Tag::SEQUENCE, Tag::SEQUENCE] if cut => signed(parts.first()?),
        [Tag::SEQUENCE, Tag::BIT_STRING] => named("public key (SubjectPublicKeyInfo)", &PUBLIC_KEY),
        [Tag::SEQUENCE, Tag::OCTET_STRING] => named("encrypted private key (PKCS#8)", &ENCRYPTED_PRIVATE_KEY),
        [Tag::INTEGER, Tag::SEQUENCE, Tag::OCTET_STRING, ..] => named("private key (PKCS#8)", &PRIVATE_KEY),
        [Tag::INTEGER, Tag::SEQUENCE] | [Tag::INTEGER, Tag::SEQUENCE, Tag::SEQUENCE]
            if number(parts.first()?) == Some(3) && is_safe(parts.get(1)?) =>
        {
            named("PKCS#12", &PKCS12)
        }
        [Tag::INTEGER, Tag::OCTET_STRING, ..] if number(parts.first()?) == Some(1) => {
            named("private key (SEC 1)", &EC_PRIVATE_KEY)
        }
        // Nine numbers, and the further primes; six are a DSA key of OpenSSL's.
        numbers if numbers == NUMBERS => named("private key (PKCS#1)", &RSA_PRIVATE_KEY),
        [numbers @ .., Tag::SEQUENCE] if numbers == NUMBERS => named("private key (PKCS#1)", &RSA_PRIVATE_KEY),
        numbers if numbers == &NUMBERS[..6] => named("private key", &SECRET),
        _ => None,
    }
}

fn number(tlv: &Tlv<'_>) -> Option<u64> {
    tlv.as_integer().ok()?.to_u64()
}

/// The first element inside, if it is an OBJECT IDENTIFIER.
fn content_type<'a>(tlv: &Tlv<'a>) -> Option<Oid<'a>> {
    tlv.reader().ok()?.oid().ok()
}

/// What a PFX holds (RFC 7292 §4).
fn is_safe(tlv: &Tlv<'_>) -> bool {
    matches!(content_type(tlv), Some(oid::DATA | oid::SIGNED_DATA))
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

/// The first elements inside; those that can be read, and what is cut off.
fn parts<'a>(tlv: &Tlv<'a>) -> Vec<Tlv<'a>> {
    let mut parts = Vec::new();
    if let Ok(mut reader) = tlv.reader() {
        while !reader.is_empty() && parts.len() < 11 {
            let Ok((part, _)) = reader.any_cut() else { break };
            parts.push(part);
        }
    }
    parts
}
