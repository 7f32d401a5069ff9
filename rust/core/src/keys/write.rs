//! Private keys, written: OneAsymmetricKey (RFC 5958 §2) in DER, version 1, as every reader knows it.

use crate::alg::{Parameters, Row, identifier, table};
use crate::asn1::Tag;
use crate::asn1::writer::Writer;
use crate::crypto::digest::{Digest, SHA1};
use crate::crypto::ec::Curve;
use crate::crypto::key::{PrivateKey, PrivateNumbers, PssParameters, PublicHalf, RsaComponents, RsaUse};
use crate::crypto::secret::Secret;
use crate::{Code, Error, Result};

/// What RSASSA-PSS-params leave out in DER (RFC 4055 §3.1).
const DEFAULT_SALT_LEN: usize = 20;

impl PrivateKey {
    /// PKCS#8 PrivateKeyInfo, unencrypted. Err: MakingFailed (the backend refuses what it took before).
    pub fn to_pkcs8(&self) -> Result<Secret> {
        let mut writer = Writer::new();
        match self.numbers() {
            PrivateNumbers::Rsa { usage, numbers } => {
                let numbers = numbers.key().and_then(|key| key.numbers().ok());
                let numbers = numbers.ok_or_else(|| Error::new(Code::MakingFailed))?;
                one_asymmetric_key(
                    &mut writer,
                    |writer| rsa_private_key(writer, &numbers.components()),
                    |writer| rsa_algorithm(writer, usage),
                );
            }
            PrivateNumbers::Ec { curve, scalar } => {
                let PublicHalf::Point(point) = self.public_half() else { return Err(Error::new(Code::MakingFailed)) };
                one_asymmetric_key(
                    &mut writer,
                    |writer| ec_private_key(writer, curve, scalar, point),
                    |writer| ec_algorithm(writer, curve),
                );
            }
            // CurvePrivateKey ::= OCTET STRING (RFC 8410 §7)
            PrivateNumbers::Ed25519(secret) => plain(&mut writer, "Ed25519 key", secret),
            PrivateNumbers::X25519(secret) => plain(&mut writer, "X25519", secret),
            PrivateNumbers::X448(secret) => plain(&mut writer, "X448", secret),
        }
        Ok(Secret::new(writer.into_vec()))
    }
}

/// OneAsymmetricKey without attributes and publicKey: version v1(0), privateKeyAlgorithm, privateKey OCTET STRING.
fn one_asymmetric_key(writer: &mut Writer, key: impl FnOnce(&mut Writer), algorithm: impl FnOnce(&mut Writer)) {
    writer.sequence(|writer| {
        writer.element(Tag::OCTET_STRING, false, key);
        algorithm(writer);
        writer.u64(0);
    });
}

fn plain(writer: &mut Writer, row: &str, secret: &Secret) {
    one_asymmetric_key(
        writer,
        |writer| writer.octet_string(secret.expose()),
        |writer| with_row(row, |row| identifier::write(writer, row, |_| {})),
    );
}

/// RSAPrivateKey of two primes (RFC 8017 A.1.2).
fn rsa_private_key(writer: &mut Writer, numbers: &RsaComponents<'_>) {
    writer.sequence(|writer| {
        for number in [
            numbers.coefficient,
            numbers.exponent2,
            numbers.exponent1,
            numbers.prime2,
            numbers.prime1,
            numbers.private_exponent,
            numbers.public_exponent,
            numbers.modulus,
        ] {
            writer.unsigned(number);
        }
        writer.u64(0);
    });
}

/// rsaEncryption with NULL (RFC 3279 §2.3.1), or id-RSASSA-PSS with the parameters that bind the key (RFC 4055 §1.2).
fn rsa_algorithm(writer: &mut Writer, usage: &RsaUse) {
    match usage {
        RsaUse::Any => with_row("RSA", |row| identifier::write(writer, row, Writer::null)),
        RsaUse::Pss(parameters) => with_row("RSASSA-PSS key", |row| {
            identifier::write(writer, row, |writer| {
                if let Some(parameters) = parameters {
                    pss_parameters(writer, parameters);
                }
            });
        }),
    }
}

/// RSASSA-PSS-params (RFC 4055 §3.1), without what is the default.
fn pss_parameters(writer: &mut Writer, parameters: &PssParameters) {
    let sha1: &dyn Digest = &SHA1;
    let digest = |writer: &mut Writer, digest: &dyn Digest| {
        let Some(row) = table::of_digest(digest) else { return };
        identifier::write(writer, row, |writer| {
            if row.parameters == Parameters::NullOrAbsent {
                writer.null();
            }
        });
    };
    writer.sequence(|writer| {
        if parameters.salt_len != DEFAULT_SALT_LEN {
            writer.explicit(2, |writer| writer.u64(parameters.salt_len as u64));
        }
        if !parameters.mgf_digest.is(sha1) {
            writer.explicit(1, |writer| {
                let mask = |writer: &mut Writer| digest(writer, parameters.mgf_digest);
                with_row("MGF1", |row| identifier::write(writer, row, mask));
            });
        }
        if !parameters.digest.is(sha1) {
            writer.explicit(0, |writer| digest(writer, parameters.digest));
        }
    });
}

/// ECPrivateKey (RFC 5915 §3): the curve stands outside, the public key beside the scalar for readers that want it.
fn ec_private_key(writer: &mut Writer, curve: &Curve, scalar: &Secret, point: &[u8]) {
    let len = curve.bits().div_ceil(8) as usize;
    writer.sequence(|writer| {
        writer.explicit(1, |writer| writer.bit_string(point));
        writer.element(Tag::OCTET_STRING, false, |writer| {
            writer.raw(scalar.expose());
            // Always as long as the order (RFC 5915 §3).
            writer.raw(&vec![0; len.saturating_sub(scalar.len())]);
        });
        writer.u64(1);
    });
}

fn ec_algorithm(writer: &mut Writer, curve: &Curve) {
    with_row("EC", |row| {
        identifier::write(writer, row, |writer| with_row(curve.name, |curve| writer.oid(curve.oid)));
    });
}

fn with_row(name: &str, write: impl FnOnce(&'static Row)) {
    if let Some(row) = table::named(name) {
        write(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::alg::{AlgorithmIdentifier, Implementation};
    use crate::asn1::{Reader, oid, writer};
    use crate::crypto::random::SystemRandom;
    use crate::keys::generate::KeyAlgorithm;
    use proptest::prelude::*;

    fn made(name: &str) -> PrivateKey {
        PrivateKey::generate(KeyAlgorithm::named(name).unwrap(), &SystemRandom).unwrap()
    }

    fn digest(name: &str) -> &'static dyn Digest {
        match table::named(name).unwrap().implementation {
            Some(Implementation::Digest(digest)) => digest,
            _ => panic!("{name}"),
        }
    }

    #[test]
    fn all_of_it_is_der() {
        for algorithm in KeyAlgorithm::all() {
            let pkcs8 = made(algorithm.name).to_pkcs8().unwrap();
            assert!(writer::is_der(pkcs8.expose(), &Limits::default()), "{}", algorithm.name);
        }
    }

    #[test]
    fn rfc8410_10_3_the_example_key_is_written_as_it_was_read() {
        let der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20\
            \xd4\xee\x72\xdb\xf9\x13\x58\x4a\xd5\xb6\xd8\xf1\xf7\x69\xf8\xad\x3a\xfe\x7c\x28\xcb\xf1\xd4\xfb\xe0\x97\xa8\x8f\x44\x75\x58\x42";
        let key = PrivateKey::from_pkcs8(der, &Limits::default()).unwrap();
        assert_eq!(key.to_pkcs8().unwrap().expose(), der);
    }

    #[test]
    fn rfc5915_3_a_short_scalar_is_filled_up() {
        let numbers = PrivateNumbers::Ec { curve: &crate::crypto::ec::P521, scalar: Secret::new(vec![5]) };
        let key = PrivateKey::new(&numbers.material().unwrap(), numbers).unwrap();
        let der = key.to_pkcs8().unwrap();
        let limits = Limits::default();
        let mut reader = Reader::der(der.expose(), &limits).sequence().unwrap();
        reader.u64().unwrap();
        reader.sequence().unwrap();
        let inner = reader.octet_string().unwrap().to_vec();
        let mut ec = Reader::der(&inner, &limits).sequence().unwrap();
        assert_eq!(ec.u64().unwrap(), 1);
        assert_eq!(ec.octet_string().unwrap().to_vec(), [&[0; 65][..], &[5]].concat());
        assert_eq!(PrivateKey::from_pkcs8(der.expose(), &limits).unwrap().public_spki(), key.public_spki());
    }

    #[test]
    fn x448_keys_are_written_too() {
        let numbers = PrivateNumbers::X448(Secret::new(vec![9; 56]));
        let key = PrivateKey::new(&numbers.material().unwrap(), numbers).unwrap();
        let read = PrivateKey::from_pkcs8(key.to_pkcs8().unwrap().expose(), &Limits::default()).unwrap();
        assert_eq!((read.name(), read.public_spki()), ("X448".to_owned(), key.public_spki()));
    }

    /// A key that is bound to PSS stays so: else the file would allow more than the one that it came from.
    #[test]
    fn rfc4055_1_2_what_binds_a_pss_key_is_written() {
        let limits = Limits::default();
        let key = made("rsa-2048");
        let PrivateNumbers::Rsa { numbers, .. } = key.numbers() else { panic!() };
        let whole = numbers.key().unwrap().numbers().unwrap();
        let bound = |hash, mask, salt_len| {
            Some(Box::new(PssParameters { digest: digest(hash), mgf_digest: digest(mask), salt_len }))
        };
        for parameters in [
            None,
            bound("SHA-1", "SHA-1", 20),
            bound("SHA-256", "SHA-1", 32),
            bound("SHA-1", "SHA-512", 20),
            bound("SHA3-256", "SHA3-256", 7),
        ] {
            let numbers = PrivateNumbers::rsa(&whole.components(), RsaUse::Pss(parameters.clone()));
            let der = PrivateKey::new(&numbers.material().unwrap(), numbers).unwrap().to_pkcs8().unwrap();
            assert!(writer::is_der(der.expose(), &limits));
            let read = PrivateKey::from_pkcs8(der.expose(), &limits).unwrap();
            let PrivateNumbers::Rsa { usage: RsaUse::Pss(found), .. } = read.numbers() else { panic!() };
            let seen = |parameters: &Option<Box<PssParameters>>| {
                parameters.as_ref().map(|p| (p.digest.hash(), p.mgf_digest.hash(), p.salt_len))
            };
            assert_eq!(seen(found), seen(&parameters));
        }
    }

    #[test]
    fn rfc5480_2_1_1_the_curve_is_named_once_and_outside() {
        let limits = Limits::default();
        let der = made("ec-p384").to_pkcs8().unwrap();
        let mut reader = Reader::der(der.expose(), &limits).sequence().unwrap();
        assert_eq!(reader.u64().unwrap(), 0);
        let algorithm = AlgorithmIdentifier::read(&mut reader).unwrap();
        assert_eq!(algorithm.parameters.unwrap().as_oid().unwrap(), table::named("P-384").unwrap().oid);
        assert_ne!(algorithm.algorithm, oid::DATA);
        let inner = reader.octet_string().unwrap().to_vec();
        let mut ec = Reader::der(&inner, &limits).sequence().unwrap();
        assert_eq!((ec.u64().unwrap(), ec.octet_string().unwrap().len()), (1, 48));
        assert!(ec.explicit(0).unwrap().is_none() && ec.explicit(1).unwrap().is_some());
    }

    proptest! {
        #[test]
        fn every_scalar_comes_back(scalar in prop::collection::vec(any::<u8>(), 1..32), form in 0..3) {
            prop_assume!(scalar.iter().any(|octet| *octet != 0));
            let numbers = match form {
                0 => {
                    let zeros = scalar.iter().take_while(|octet| **octet == 0).count();
                    PrivateNumbers::Ec { curve: &crate::crypto::ec::P256, scalar: Secret::new(scalar[zeros..].to_vec()) }
                }
                1 => PrivateNumbers::Ed25519(Secret::new([&[0; 32][scalar.len()..], &scalar].concat())),
                _ => PrivateNumbers::X25519(Secret::new([&[0; 32][scalar.len()..], &scalar].concat())),
            };
            let key = PrivateKey::new(&numbers.material().unwrap(), numbers).unwrap();
            let der = key.to_pkcs8().unwrap();
            let read = PrivateKey::from_pkcs8(der.expose(), &Limits::default()).unwrap();
            prop_assert_eq!(read.to_pkcs8().unwrap(), der);
        }
    }
}
