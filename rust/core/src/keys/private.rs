//! Private keys: OneAsymmetricKey (RFC 5958), RSAPrivateKey (RFC 8017 A.1.2), ECPrivateKey (RFC 5915).

use crate::alg::identifier::as_key_error;
use crate::alg::row::KeyForm;
use crate::alg::{AlgorithmIdentifier, Implementation, Role, table};
use crate::asn1::{Reader, Tag, Tlv};
use crate::crypto::ec::Curve;
use crate::crypto::key::{
    KeyKind, PrivateKey, PrivateMaterial, PrivateNumbers, PublicHalf, PublicKey, RsaComponents, RsaUse,
};
use crate::crypto::secret::Secret;
use crate::error::Within;
use crate::keys::public::{ec_spki, plain_spki, rsa_spki};
use crate::keys::{check_modulus, curve_of, named_curve};
use crate::{Code, Error, Limits, Result};

impl PrivateKey {
    /// PKCS#8 PrivateKeyInfo / OneAsymmetricKey, unencrypted (BER taken). Err: KeyMalformed, KeyUnsupported, LimitKeyBits.
    pub fn from_pkcs8(der: &[u8], limits: &Limits) -> Result<Self> {
        pkcs8(der, limits).map_err(as_key_error)
    }

    /// RSAPrivateKey, RFC 8017 A.1.2. Err: KeyMalformed, KeyUnsupported (multi-prime), LimitKeyBits.
    pub fn from_pkcs1(der: &[u8], limits: &Limits) -> Result<Self> {
        rsa(der, RsaUse::Any, limits).map_err(as_key_error)
    }

    /// ECPrivateKey, RFC 5915. Err: KeyMalformed (also without a named curve), KeyUnsupported.
    pub fn from_sec1(der: &[u8], limits: &Limits) -> Result<Self> {
        sec1(der, None, None, limits).map_err(as_key_error)
    }

    /// Its SubjectPublicKeyInfo in DER: how it is matched with certificates (`PublicKey::canonical_spki`).
    pub fn public_spki(&self) -> Vec<u8> {
        match (self.public_half(), self.kind()) {
            (PublicHalf::Rsa { modulus, exponent }, _) => rsa_spki(&modulus, &exponent),
            (PublicHalf::Point(point), KeyKind::Ec { curve }) => ec_spki(curve, point),
            (PublicHalf::Point(point), _) => plain_spki(&self.name(), point),
        }
    }

    /// Whether `public` is its public half.
    pub fn matches(&self, public: &PublicKey) -> bool {
        self.public_spki() == public.canonical_spki()
    }
}

/// OneAsymmetricKey ::= SEQUENCE { version INTEGER { v1(0), v2(1) }, privateKeyAlgorithm AlgorithmIdentifier,
///   privateKey OCTET STRING, attributes [0] IMPLICIT Attributes OPTIONAL, publicKey [1] IMPLICIT BIT STRING OPTIONAL }
fn pkcs8(der: &[u8], limits: &Limits) -> Result<PrivateKey> {
    let mut outer = Reader::ber(der, limits);
    let mut reader = outer.sequence()?;
    outer.finish()?;
    if reader.u64().field("version")? > 1 {
        return Err(Error::with(Code::KeyUnsupported, "version of OneAsymmetricKey"));
    }
    let algorithm = AlgorithmIdentifier::read(&mut reader).field("privateKeyAlgorithm")?;
    let key = Secret::new(reader.octet_string().field("privateKey")?.to_vec());
    reader.optional(Tag::context(0))?;
    let stated = reader.optional(Tag::context(1))?;
    reader.finish()?;
    let Some(Implementation::PublicKey(form)) = algorithm.row_as(&[Role::PublicKey]).and_then(|row| row.implementation)
    else {
        return Err(algorithm.unsupported(Code::KeyUnsupported));
    };
    match form {
        KeyForm::Rsa => rsa(key.expose(), RsaUse::Any, limits),
        KeyForm::RsaPss => {
            rsa(key.expose(), RsaUse::Pss(crate::alg::signature::pss_parameters(&algorithm)?.map(Box::new)), limits)
        }
        KeyForm::Ec => {
            let curve = named_curve(&algorithm)?.ok_or_else(|| unsupported_curve(&algorithm))?;
            sec1(key.expose(), Some(curve), stated, limits)
        }
        KeyForm::Ed25519 | KeyForm::X25519 | KeyForm::X448 => montgomery_or_edwards(key.expose(), form, stated, limits),
        // For signing alone, which is not done with them.
        KeyForm::Ed448 | KeyForm::Dsa => Err(algorithm.unsupported(Code::KeyUnsupported)),
    }
}

/// RSAPrivateKey ::= SEQUENCE { version INTEGER { two-prime(0), multi(1) }, modulus, publicExponent, privateExponent,
///   prime1, prime2, exponent1, exponent2, coefficient INTEGER, otherPrimeInfos OPTIONAL }
fn rsa(der: &[u8], usage: RsaUse, limits: &Limits) -> Result<PrivateKey> {
    let mut outer = Reader::ber(der, limits);
    let mut reader = outer.sequence()?;
    outer.finish()?;
    if reader.u64().field("version")? != 0 {
        return Err(Error::with(Code::KeyUnsupported, "RSA key of more than two primes"));
    }
    let mut number = |name| {
        let value: Option<&[u8]> = reader.integer().field(name)?.to_unsigned();
        value.ok_or_else(|| Error::with(Code::KeyMalformed, "negative RSA number"))
    };
    let components = RsaComponents {
        modulus: number("modulus")?,
        public_exponent: number("publicExponent")?,
        private_exponent: number("privateExponent")?,
        prime1: number("prime1")?,
        prime2: number("prime2")?,
        exponent1: number("exponent1")?,
        exponent2: number("exponent2")?,
        coefficient: number("coefficient")?,
    };
    reader.finish()?;
    check_modulus(components.modulus, limits)?;
    // All numbers of the file are checked, though not all are kept.
    let material = PrivateMaterial::rsa(&components, usage.clone())
        .ok_or_else(|| Error::with(Code::KeyMalformed, "the numbers of the RSA key do not belong together"))?;
    key_of(&material, PrivateNumbers::rsa(&components, usage))
}

/// ECPrivateKey ::= SEQUENCE { version INTEGER { 1 }, privateKey OCTET STRING, parameters [0] EXPLICIT ECParameters
///   OPTIONAL, publicKey [1] EXPLICIT BIT STRING OPTIONAL } (RFC 5915 §3)
fn sec1(
    der: &[u8],
    outside: Option<&'static Curve>,
    stated_outside: Option<Tlv<'_>>,
    limits: &Limits,
) -> Result<PrivateKey> {
    let mut outer = Reader::ber(der, limits);
    let mut reader = outer.sequence()?;
    outer.finish()?;
    if reader.u64().field("version")? != 1 {
        return Err(Error::with(Code::KeyUnsupported, "version of ECPrivateKey"));
    }
    let scalar = Secret::new(reader.octet_string().field("privateKey")?.to_vec());
    let inside = match reader.explicit(0)? {
        Some(tlv) if tlv.tag == Tag::OBJECT_IDENTIFIER => {
            let oid = tlv.as_oid()?;
            Some(curve_of(oid).ok_or_else(|| Error::with(Code::KeyUnsupported, oid.to_string()))?)
        }
        // Explicit parameters are never used: neither to choose a curve nor beside one that is named.
        Some(_) => return Err(Error::with(Code::KeyMalformed, "a named curve is due")),
        None => None,
    };
    let stated = reader.optional(Tag::context(1))?;
    reader.finish()?;
    let curve = match (outside, inside) {
        (Some(outside), Some(inside)) if outside.name != inside.name => {
            return Err(Error::with(Code::KeyMalformed, "two different curves"));
        }
        (Some(curve), _) | (None, Some(curve)) => curve,
        (None, None) => return Err(Error::with(Code::KeyMalformed, "a named curve is due")),
    };
    // RFC 5915 wants the full width; some writers strip zeros, some add one in front.
    let zeros = scalar.expose().iter().take_while(|byte| **byte == 0).count();
    let magnitude = scalar.expose().get(zeros..).unwrap_or_default();
    let numbers = PrivateNumbers::Ec { curve, scalar: Secret::new(magnitude.to_vec()) };
    let material = numbers.material().ok_or_else(|| Error::with(Code::KeyMalformed, "private key out of range"))?;
    check_stated([stated, stated_outside], &material)?;
    key_of(&material, numbers)
}

/// Says which curve it is that is not implemented.
fn unsupported_curve(algorithm: &AlgorithmIdentifier<'_>) -> Error {
    let oid = algorithm.parameters.and_then(|tlv| tlv.as_oid().ok());
    let row = oid.and_then(|oid| table::find_role(oid, &[Role::Curve]));
    let name = row.map(|row| row.name.to_owned()).or_else(|| oid.map(|oid| oid.to_string()));
    Error::with(Code::KeyUnsupported, name.unwrap_or_default()).at(algorithm.offset)
}

/// CurvePrivateKey ::= OCTET STRING (RFC 8410 §7)
fn montgomery_or_edwards(der: &[u8], form: KeyForm, stated: Option<Tlv<'_>>, limits: &Limits) -> Result<PrivateKey> {
    let mut reader = Reader::ber(der, limits);
    let key = Secret::new(reader.octet_string()?.to_vec());
    reader.finish()?;
    let numbers = match form {
        KeyForm::Ed25519 => PrivateNumbers::Ed25519(key),
        KeyForm::X448 => PrivateNumbers::X448(key),
        _ => PrivateNumbers::X25519(key),
    };
    let material =
        numbers.material().ok_or_else(|| Error::with(Code::KeyMalformed, "private key of another length"))?;
    check_stated([stated, None], &material)?;
    key_of(&material, numbers)
}

/// PKI-18: the public key that a private key carries is never used; if it is another, one of the two was exchanged. Some
/// writers have a BIT STRING inside the tag, some the tag in its place; what cannot be read as either says nothing.
fn check_stated(stated: [Option<Tlv<'_>>; 2], material: &PrivateMaterial) -> Result<()> {
    let point = point_of(material)?;
    for tlv in stated.into_iter().flatten() {
        let bits =
            if tlv.constructed { tlv.reader().and_then(|mut inner| inner.bit_string()) } else { tlv.as_bit_string() };
        let Some(octets) = bits.ok().and_then(|bits| bits.octets()).filter(|octets| !octets.is_empty()) else {
            continue;
        };
        if octets != point && !is_compressed(octets, &point) {
            return Err(Error::with(Code::KeyMalformed, "the public key beside it is another's").at(tlv.offset));
        }
    }
    Ok(())
}

/// SEC 1 §2.3.3: x, and the last bit of y before it.
fn is_compressed(octets: &[u8], point: &[u8]) -> bool {
    let (Some((form, x)), Some((4, whole))) = (octets.split_first(), point.split_first()) else { return false };
    let parity = whole.last().map_or(0, |last| last & 1);
    whole.len() == 2 * x.len() && whole.starts_with(x) && *form == 2 | parity
}

fn point_of(material: &PrivateMaterial) -> Result<Vec<u8>> {
    material.public_point().ok_or_else(|| Error::new(Code::KeyMalformed))
}

pub(super) fn key_of(material: &PrivateMaterial, numbers: PrivateNumbers) -> Result<PrivateKey> {
    PrivateKey::new(material, numbers).ok_or_else(|| Error::new(Code::KeyMalformed))
}
