//! What a structure is, told by its shape alone.

use super::schema::{
    ANY, CERTIFICATE, CERTIFICATE_LIST, CERTIFICATION_REQUEST, CONTENT_INFO, EC_PRIVATE_KEY,
    ENCRYPTED_PRIVATE_KEY_INFO, PFX, PRIVATE_KEY_INFO, PUBLIC_KEY, RSA_PRIVATE_KEY, SECRET_KEY, Schema,
};
use crate::asn1::{Oid, Tag, Tlv, oid};

const TIMES: [Tag; 2] = [Tag::UTC_TIME, Tag::GENERALIZED_TIME];

/// Its name, how to read it, and whether keys may be anywhere in it.
pub(super) fn of(tlv: &Tlv<'_>) -> (String, &'static Schema, bool) {
    let Some((name, schema)) = known(tlv) else { return ("ASN.1".to_owned(), &ANY, true) };
    let keyless = ["CMS", "certificate", "certification", "public key"];
    let guarded = !keyless.iter().any(|kind| name.starts_with(kind));
    (name, schema, guarded)
}

/// What a ContentInfo may hold (RFC 5652 §3, RFC 5083, RFC 3274).
const CONTENT_TYPES: [Oid<'static>; 8] = [
    oid::DATA,
    oid::SIGNED_DATA,
    oid::ENVELOPED_DATA,
    oid::DIGESTED_DATA,
    oid::ENCRYPTED_DATA,
    oid::AUTHENTICATED_DATA,
    oid::AUTH_ENVELOPED_DATA,
    oid::COMPRESSED_DATA,
];

fn known(tlv: &Tlv<'_>) -> Option<(String, &'static Schema)> {
    if tlv.tag != Tag::SEQUENCE {
        return None;
    }
    let parts = parts(tlv);
    let tags: Vec<_> = parts.iter().map(|part| part.tag).collect();
    let named = |name: &str, schema: &'static Schema| Some((name.to_owned(), schema));
    match tags.as_slice() {
        [Tag::OBJECT_IDENTIFIER, rest @ ..] if rest.len() <= 1 => {
            let content_type = parts.first()?.as_oid().ok().filter(|oid| CONTENT_TYPES.contains(oid))?;
            Some((format!("CMS {}", oid::name(content_type)?), &CONTENT_INFO))
        }
        [Tag::SEQUENCE, Tag::SEQUENCE, Tag::BIT_STRING] => signed(parts.first()?),
        [Tag::SEQUENCE, Tag::BIT_STRING] => named("public key (SubjectPublicKeyInfo)", &PUBLIC_KEY),
        [Tag::SEQUENCE, Tag::OCTET_STRING] => named("encrypted private key (PKCS#8)", &ENCRYPTED_PRIVATE_KEY_INFO),
        [Tag::INTEGER, Tag::SEQUENCE, Tag::OCTET_STRING, ..] => named("private key (PKCS#8)", &PRIVATE_KEY_INFO),
        [Tag::INTEGER, Tag::SEQUENCE] | [Tag::INTEGER, Tag::SEQUENCE, Tag::SEQUENCE] if is_pfx(&parts) => {
            named("PKCS#12", &PFX)
        }
        [Tag::INTEGER, Tag::OCTET_STRING, ..] if number(parts.first()?) == Some(1) => {
            named("private key (SEC 1)", &EC_PRIVATE_KEY)
        }
        // RSAPrivateKey has nine numbers, and of several primes a list; six are a DSA key of OpenSSL's.
        [numbers @ .., Tag::SEQUENCE] | numbers
            if numbers.len() == 9 && numbers.iter().all(|tag| *tag == Tag::INTEGER) =>
        {
            named("private key (PKCS#1)", &RSA_PRIVATE_KEY)
        }
        [Tag::INTEGER, Tag::INTEGER, Tag::INTEGER, Tag::INTEGER, Tag::INTEGER, Tag::INTEGER] => {
            named("private key", &SECRET_KEY)
        }
        _ => None,
    }
}

/// version 3, and an authSafe of one of two types (RFC 7292 §4).
fn is_pfx(parts: &[Tlv<'_>]) -> bool {
    let [version, safe, ..] = parts else { return false };
    let safe_type = safe.reader().and_then(|mut reader| reader.oid());
    number(version) == Some(3) && safe_type.is_ok_and(|oid| [oid::DATA, oid::SIGNED_DATA].contains(&oid))
}

fn number(tlv: &Tlv<'_>) -> Option<u64> {
    tlv.as_integer().ok()?.to_u64()
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
        // One more than the longest structure that is known.
        while !reader.is_empty() && parts.len() < 11 {
            let Ok(part) = reader.any() else { break };
            parts.push(part);
        }
    }
    parts
}
