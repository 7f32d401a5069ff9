//! SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING } (RFC 5280 §4.1)

use crate::alg::identifier::as_key_error;
use crate::alg::row::KeyForm;
use crate::alg::signature::pss_parameters;
use crate::alg::{AlgorithmIdentifier, Implementation, Role, table};
use crate::asn1::writer::Writer;
use crate::asn1::{Oid, Reader, Tag};
use crate::crypto::key::{DsaComponents, PublicKey, PublicMaterial, RsaUse};
use crate::error::Within;
use crate::keys::{check_modulus, named_curve};
use crate::{Code, Error, Limits, Result};

impl PublicKey {
    /// SubjectPublicKeyInfo DER. Err: KeyMalformed, LimitKeyBits.
    ///
    /// A key of an algorithm or curve that is not implemented is read as kind Other.
    pub fn from_spki(spki: &[u8], limits: &Limits) -> Result<Self> {
        read(spki, limits).map_err(as_key_error)
    }
}

fn read(spki: &[u8], limits: &Limits) -> Result<PublicKey> {
    // BER as in the certificate around it; the key itself, inside the BIT STRING, is a matter of DER.
    let mut outer = Reader::ber(spki, limits);
    let mut reader = outer.sequence()?;
    outer.finish()?;
    let algorithm = AlgorithmIdentifier::read(&mut reader).field("algorithm")?;
    let offset = reader.offset();
    let bits = reader.bit_string().field("subjectPublicKey")?;
    reader.finish()?;
    let key = bits.octets().ok_or_else(|| Error::with(Code::KeyMalformed, "unused bits").at(offset))?;
    let row = algorithm.row_as(&[Role::PublicKey]);
    let form = match row.and_then(|row| row.implementation) {
        Some(Implementation::PublicKey(form)) => form,
        _ => return Ok(other(&algorithm, spki)),
    };
    if let Some(row) = row {
        algorithm.obey(row, Code::KeyMalformed)?;
    }
    let refused = || Error::with(Code::KeyMalformed, "public key").at(offset);
    match form {
        KeyForm::Rsa => rsa(spki, key, RsaUse::Any, limits),
        KeyForm::RsaPss => rsa(spki, key, RsaUse::Pss(pss_parameters(&algorithm)?.map(Box::new)), limits),
        KeyForm::Ec => {
            let Some(curve) = named_curve(&algorithm)? else { return Ok(other(&algorithm, spki)) };
            let material = PublicMaterial::ec(curve, key).ok_or_else(refused)?;
            let canonical = match key.first() {
                Some(4) => Some(ec_spki(curve.name, key)),
                _ => material.uncompressed().map(|point| ec_spki(curve.name, &point)),
            };
            Ok(made(material, curve.name, spki, canonical))
        }
        KeyForm::Ed25519 => {
            let material = PublicMaterial::ed25519(key).ok_or_else(refused)?;
            Ok(made(material, "Ed25519", spki, Some(plain_spki("Ed25519", key))))
        }
        KeyForm::X25519 => {
            let material = PublicMaterial::x25519(key).ok_or_else(refused)?;
            Ok(made(material, "X25519", spki, Some(plain_spki("X25519", key))))
        }
        KeyForm::Ed448 => {
            let material = PublicMaterial::ed448(key).ok_or_else(refused)?;
            Ok(made(material, "Ed448", spki, Some(plain_spki("Ed448", key))))
        }
        KeyForm::X448 => {
            let material = PublicMaterial::x448(key).ok_or_else(refused)?;
            Ok(made(material, "X448", spki, Some(plain_spki("X448", key))))
        }
        KeyForm::Dsa => dsa(&algorithm, spki, key, limits),
    }
}

fn made(material: PublicMaterial, name: &str, spki: &[u8], canonical: Option<Vec<u8>>) -> PublicKey {
    PublicKey::new(material, name.to_owned(), spki.to_vec(), canonical.filter(|canonical| canonical != spki))
}

/// Known by name only, or not at all. EC keys take the curve's name.
fn other(algorithm: &AlgorithmIdentifier<'_>, spki: &[u8]) -> PublicKey {
    let row = algorithm.row_as(&[Role::PublicKey]);
    let curve = algorithm.parameters.filter(|tlv| tlv.tag == Tag::OBJECT_IDENTIFIER && is_ec(row));
    let name = match curve.and_then(|tlv| tlv.as_oid().ok()) {
        Some(oid) => table::find_role(oid, &[Role::Curve]).map_or_else(|| oid.to_string(), |row| row.name.to_owned()),
        None => row
            .or_else(|| algorithm.row())
            .map_or_else(|| algorithm.algorithm.to_string(), |row| row.name.trim_end_matches(" key").to_owned()),
    };
    PublicKey::new(PublicMaterial::Other, name, spki.to_vec(), None)
}

fn is_ec(row: Option<&'static table::Row>) -> bool {
    matches!(row.and_then(|row| row.implementation), Some(Implementation::PublicKey(KeyForm::Ec)))
}

/// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } (RFC 8017 A.1.1)
fn rsa(spki: &[u8], key: &[u8], usage: RsaUse, limits: &Limits) -> Result<PublicKey> {
    let mut outer = Reader::der(key, limits);
    let mut reader = outer.sequence()?;
    outer.finish()?;
    let (modulus, exponent) = (reader.integer()?, reader.integer()?);
    reader.finish()?;
    let negative = || Error::with(Code::KeyMalformed, "negative RSA number");
    let (modulus, exponent) =
        (modulus.to_unsigned().ok_or_else(negative)?, exponent.to_unsigned().ok_or_else(negative)?);
    check_modulus(modulus, limits)?;
    let material = PublicMaterial::rsa(modulus, exponent, usage)
        .ok_or_else(|| Error::with(Code::KeyMalformed, "RSA modulus or exponent"))?;
    let canonical = Some(rsa_spki(modulus, exponent));
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    Ok(made(material, &format!("RSA-{bits}"), spki, canonical))
}

/// DSAPublicKey ::= INTEGER; Dss-Parms ::= SEQUENCE { p INTEGER, q INTEGER, g INTEGER } (RFC 3279 §2.3.2). Without
/// parameters the issuer's are meant, and until they are known the key verifies nothing.
fn dsa(algorithm: &AlgorithmIdentifier<'_>, spki: &[u8], key: &[u8], limits: &Limits) -> Result<PublicKey> {
    let Some(mut parameters) = algorithm.sequence()? else { return Ok(other(algorithm, spki)) };
    let mut outer = Reader::der(key, limits);
    let y = outer.integer()?;
    outer.finish()?;
    let (p, q, g) = (parameters.integer()?, parameters.integer()?, parameters.integer()?);
    parameters.finish()?;
    let number = |value: crate::asn1::Integer<'_>| value.to_unsigned().map(<[u8]>::to_vec);
    let numbers = [p, q, g, y].map(number);
    let [Some(p), Some(q), Some(g), Some(y)] = &numbers else {
        return Err(Error::with(Code::KeyMalformed, "negative DSA number"));
    };
    if p.len() as u64 * 8 > limits.rsa_bits {
        return Err(Error::with(Code::LimitKeyBits, format!("{} bits", p.len() * 8)));
    }
    let material = PublicMaterial::dsa(&DsaComponents { p, q, g, y })
        .ok_or_else(|| Error::with(Code::KeyMalformed, "DSA parameters or key"))?;
    let bits = p.len() * 8 - p.first().map_or(0, |first| first.leading_zeros() as usize);
    Ok(PublicKey::new(material, format!("DSA-{bits}"), spki.to_vec(), None))
}

pub(super) fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let mut key = Writer::new();
    key.sequence(|writer| {
        writer.unsigned(exponent);
        writer.unsigned(modulus);
    });
    spki("RSA", |writer| writer.null(), &key.into_vec())
}

pub(super) fn ec_spki(curve: &str, point: &[u8]) -> Vec<u8> {
    spki("EC", |writer| table_oid(curve).into_iter().for_each(|oid| writer.oid(oid)), point)
}

/// For algorithms without parameters, by row name.
pub(super) fn plain_spki(algorithm: &str, point: &[u8]) -> Vec<u8> {
    spki(algorithm, |_| {}, point)
}

fn spki(algorithm: &str, parameters: impl FnOnce(&mut Writer), key: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|writer| {
        writer.element(Tag::BIT_STRING, false, |writer| {
            writer.raw(key);
            writer.raw(&[0]);
        });
        writer.sequence(|writer| {
            parameters(writer);
            table_oid(algorithm).into_iter().for_each(|oid| writer.oid(oid));
        });
    });
    writer.into_vec()
}

fn table_oid(name: &str) -> Option<Oid<'static>> {
    table::named(name).map(|row| row.oid)
}
