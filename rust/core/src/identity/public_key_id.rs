//! What makes two encodings the same public key.

use crate::asn1::{BitString, Reader, Rules, Tag, Tlv};
use crate::crypto::digest::{Digest, SHA1, SHA256};
use crate::error::Within;
use crate::keys::PrivateKey;
use crate::{Code, Error, Limits, Result};

/// SHA-256 over the meaning of a SubjectPublicKeyInfo: equal for the same key, however its algorithm is written.
///
/// Absent and NULL parameters are the same. An RSA key is its modulus and exponent alone: certificates name it with
/// rsaEncryption, id-RSASSA-PSS or id-RSAES-OAEP, and the private key's file with rsaEncryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicKeyId([u8; 32]);

impl PublicKeyId {
    /// Err: KeyMalformed.
    pub fn of_private_key(key: &PrivateKey, limits: &Limits) -> Result<Self> {
        Self::from_spki(&key.public_spki(), limits)
    }

    pub(super) const fn octets(&self) -> &[u8] {
        &self.0
    }

    /// Err: KeyMalformed.
    pub fn from_spki(spki: &[u8], limits: &Limits) -> Result<Self> {
        let malformed = |error: Error| Error::with(Code::KeyMalformed, error.finding().detail.clone());
        let (algorithm, key) = read(spki, limits).map_err(malformed).field("subjectPublicKeyInfo")?;
        let digest: &dyn Digest = &SHA256;
        let mut context = digest.start();
        if !is_rsa_public_key(key.bytes, limits) {
            let mut reader = algorithm.reader()?;
            context.update(reader.any().map_err(malformed)?.raw);
            if reader.peek().is_some_and(|tag| tag != Tag::NULL) {
                context.update(reader.rest());
            }
        }
        context.update(&[key.unused_bits]);
        context.update(key.bytes);
        let mut id = [0; 32];
        id.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Ok(Self(id))
    }
}

impl core::fmt::Display for PublicKeyId {
    /// Lower-case hex.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The key identifiers that issuers derive from a public key (RFC 5280 §4.2.1.2 method 1, RFC 7093 §2 method 1):
/// SHA-1, and the leftmost 160 bits of SHA-256, both over the contents of the BIT STRING. Err: KeyMalformed.
pub fn derived_key_identifiers(spki: &[u8], limits: &Limits) -> Result<[Vec<u8>; 2]> {
    let malformed = |error: Error| Error::with(Code::KeyMalformed, error.finding().detail.clone());
    let (_, key) = read(spki, limits).map_err(malformed)?;
    let (sha1, sha256): (&dyn Digest, &dyn Digest) = (&SHA1, &SHA256);
    let truncated = sha256.digest(key.bytes).as_ref().iter().take(20).copied().collect();
    Ok([sha1.digest(key.bytes).as_ref().to_vec(), truncated])
}

/// `SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }`
fn read<'a>(spki: &'a [u8], limits: &Limits) -> Result<(Tlv<'a>, BitString<'a>)> {
    let mut reader = Tlv::first(spki, Rules::Ber, limits)?.reader()?;
    Ok((reader.expect(Tag::SEQUENCE)?, reader.bit_string()?))
}

/// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }`: no other kind of key looks like it.
fn is_rsa_public_key(key: &[u8], limits: &Limits) -> bool {
    let numbers = || -> Result<()> {
        let mut outer = Reader::der(key, limits);
        let mut reader = outer.sequence()?;
        outer.finish()?;
        reader.integer()?;
        reader.integer()?;
        reader.finish()
    };
    numbers().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::Oid;
    use crate::asn1::writer::Writer;
    use crate::oid;

    fn spki(algorithm: Oid<'_>, parameters: &[u8], key: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.sequence(|w| {
            w.element(Tag::BIT_STRING, false, |w| {
                w.raw(key);
                w.raw(&[0]);
            });
            w.sequence(|w| {
                w.raw(parameters);
                w.oid(algorithm);
            });
        });
        writer.into_vec()
    }

    fn id(algorithm: Oid<'_>, parameters: &[u8], key: &[u8]) -> PublicKeyId {
        PublicKeyId::from_spki(&spki(algorithm, parameters, key), &Limits::default()).unwrap()
    }

    #[test]
    fn one_rsa_key_under_several_algorithms() {
        let key = [0x30, 6, 2, 1, 77, 2, 1, 3];
        let (a, b) = (oid!(1, 2, 3), oid!(1, 2, 4));
        assert_eq!(id(a, &[5, 0], &key), id(a, &[], &key));
        assert_eq!(id(a, &[5, 0], &key), id(b, &[0x30, 0], &key));
        assert_ne!(id(a, &[], &key), id(a, &[], &[0x30, 6, 2, 1, 78, 2, 1, 3]));
    }

    #[test]
    fn other_keys_differ_by_algorithm_and_parameters() {
        let point = [4, 1, 2];
        let (a, b) = (oid!(1, 2, 3), oid!(1, 2, 4));
        assert_eq!(id(a, &[5, 0], &point), id(a, &[], &point));
        assert_ne!(id(a, &[], &point), id(b, &[], &point));
        assert_ne!(id(a, &[6, 1, 1], &point), id(a, &[6, 1, 2], &point));
        assert_ne!(id(a, &[6, 1, 1], &point), id(a, &[], &point));
    }

    #[test]
    fn rfc5280_4_2_1_2_method_1_is_sha1_of_the_bits() {
        let [sha1, sha256] = derived_key_identifiers(&spki(oid!(1, 2, 3), &[], b"abc"), &Limits::default()).unwrap();
        assert_eq!(sha1[..4], [0xa9, 0x99, 0x3e, 0x36]);
        assert_eq!((sha256.len(), &sha256[..4]), (20, &[0xba, 0x78, 0x16, 0xbf][..]));
    }

    #[test]
    fn what_is_no_key_is_an_error() {
        for bad in [&[][..], &[0x30, 0], &[5, 0], &[0x30, 2, 0x30, 0]] {
            let error = PublicKeyId::from_spki(bad, &Limits::default()).unwrap_err();
            assert_eq!(error.code(), Code::KeyMalformed);
        }
    }
}
