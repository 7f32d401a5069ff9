//! Signature schemes: RSASSA-PKCS1-v1_5, RSASSA-PSS, ECDSA, DSA, Ed25519, Ed448.

use ed448_goldilocks::Signature as Ed448Signature;

use crate::crypto::digest::{Digest, DigestValue};
use crate::crypto::key::{PrivateKey, PrivateMaterial, PublicKey, PublicMaterial, RsaUse, ed448_point_is_canonical};

/// What a signature is checked over.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    Bytes(&'a [u8]),
    /// Made with the digest that the algorithm names.
    Digest(&'a DigestValue),
}

impl Message<'_> {
    /// None: a digest of another function was given.
    fn digest(&self, digest: &'static dyn Digest) -> Option<DigestValue> {
        match self {
            Self::Bytes(bytes) => Some(digest.digest(bytes)),
            Self::Digest(value) => (value.as_ref().len() == digest.output_len()).then_some(**value),
        }
    }
}

/// What a scheme needs besides key and message.
#[derive(Clone, Copy, Debug)]
pub struct SignatureSettings {
    /// None: the scheme signs the message itself.
    pub digest: Option<&'static dyn Digest>,
    /// PSS alone: the digest of MGF1.
    pub mgf_digest: Option<&'static dyn Digest>,
    /// PSS alone: octets of salt.
    pub salt_len: usize,
}

/// A signature scheme.
pub trait SignatureScheme: Sync + core::fmt::Debug {
    /// False also when the key is of another kind or may not be used so.
    fn verify(&self, key: &PublicKey, settings: &SignatureSettings, message: Message<'_>, signature: &[u8]) -> bool;

    /// None: the key is of another kind or may not be used so, the backend refused, or the scheme is read only.
    fn sign(&self, _key: &PrivateKey, _settings: &SignatureSettings, _message: Message<'_>) -> Option<Vec<u8>> {
        None
    }
}

/// RFC 8017 §8.2: the encoded block is rebuilt and compared as a whole, so there is nothing to parse leniently.
#[derive(Debug)]
pub struct RsaPkcs1;

impl SignatureScheme for RsaPkcs1 {
    fn verify(&self, key: &PublicKey, settings: &SignatureSettings, message: Message<'_>, signature: &[u8]) -> bool {
        let (PublicMaterial::Rsa { key, usage: RsaUse::Any }, Some(digest)) = (key.material(), settings.digest) else {
            return false;
        };
        message.digest(digest).is_some_and(|value| key.verify_pkcs1(digest.hash(), value.as_ref(), signature))
    }

    fn sign(&self, key: &PrivateKey, settings: &SignatureSettings, message: Message<'_>) -> Option<Vec<u8>> {
        let material = key.material()?;
        let PrivateMaterial::Rsa { key, usage: RsaUse::Any } = &*material else { return None };
        let digest = settings.digest?;
        key.sign_pkcs1(digest.hash(), message.digest(digest)?.as_ref()).ok()
    }
}

/// RFC 8017 §8.1, trailer 0xbc; parameters of the key constrain those of the signature (RFC 4056 §3).
#[derive(Debug)]
pub struct RsaPss;

impl SignatureScheme for RsaPss {
    fn verify(&self, key: &PublicKey, settings: &SignatureSettings, message: Message<'_>, signature: &[u8]) -> bool {
        let PublicMaterial::Rsa { key, usage } = key.material() else { return false };
        let (Some(digest), Some(mgf)) = (settings.digest, settings.mgf_digest) else { return false };
        let salt_len = settings.salt_len;
        if !pss_is_within(usage, digest, mgf, salt_len) {
            return false;
        }
        let Some(value) = message.digest(digest) else { return false };
        key.verify_pss(digest.hash(), mgf.hash(), salt_len, value.as_ref(), signature)
    }

    fn sign(&self, key: &PrivateKey, settings: &SignatureSettings, message: Message<'_>) -> Option<Vec<u8>> {
        let material = key.material()?;
        let PrivateMaterial::Rsa { key, usage } = &*material else { return None };
        let (digest, mgf, salt_len) = (settings.digest?, settings.mgf_digest?, settings.salt_len);
        if !pss_is_within(usage, digest, mgf, salt_len) {
            return None;
        }
        key.sign_pss(digest.hash(), mgf.hash(), salt_len, message.digest(digest)?.as_ref()).ok()
    }
}

/// Whether a key that is bound to parameters takes these (RFC 4055 §3.3).
fn pss_is_within(usage: &RsaUse, digest: &dyn Digest, mgf: &dyn Digest, salt_len: usize) -> bool {
    match usage {
        RsaUse::Pss(Some(bound)) => bound.digest.is(digest) && bound.mgf_digest.is(mgf) && salt_len >= bound.salt_len,
        _ => true,
    }
}

/// RFC 5480, FIPS 186-5 §6.4; the curve is that of the key.
#[derive(Debug)]
pub struct Ecdsa;

impl SignatureScheme for Ecdsa {
    fn verify(&self, key: &PublicKey, settings: &SignatureSettings, message: Message<'_>, signature: &[u8]) -> bool {
        let (PublicMaterial::Ec { key, .. }, Some(digest)) = (key.material(), settings.digest) else { return false };
        message.digest(digest).is_some_and(|value| key.verify(value.as_ref(), signature))
    }

    fn sign(&self, key: &PrivateKey, settings: &SignatureSettings, message: Message<'_>) -> Option<Vec<u8>> {
        let material = key.material()?;
        let PrivateMaterial::Ec { key, .. } = &*material else { return None };
        key.sign(message.digest(settings.digest?)?.as_ref()).ok()
    }
}

/// RFC 8032 §5.1, pure; a digest cannot stand in for the message.
#[derive(Debug)]
pub struct Ed25519;

impl SignatureScheme for Ed25519 {
    fn verify(&self, key: &PublicKey, _settings: &SignatureSettings, message: Message<'_>, signature: &[u8]) -> bool {
        let (PublicMaterial::Ed25519(key), Message::Bytes(bytes)) = (key.material(), message) else { return false };
        key.verify_sig(bytes, signature).is_ok()
    }

    fn sign(&self, key: &PrivateKey, _settings: &SignatureSettings, message: Message<'_>) -> Option<Vec<u8>> {
        let material = key.material()?;
        let (PrivateMaterial::Ed25519(key), Message::Bytes(bytes)) = (&*material, message) else { return None };
        Some(key.sign(bytes).as_ref().to_vec())
    }
}

/// RFC 8032 §5.2, pure, with an empty context.
#[derive(Debug)]
pub struct Ed448;

impl SignatureScheme for Ed448 {
    fn verify(&self, key: &PublicKey, _settings: &SignatureSettings, message: Message<'_>, signature: &[u8]) -> bool {
        let (PublicMaterial::Ed448(key), Message::Bytes(bytes)) = (key.material(), message) else { return false };
        // The library takes unused bits of R for nothing.
        let canonical = signature.get(..57).is_some_and(ed448_point_is_canonical);
        let verify = |signature: Ed448Signature| key.verify_raw(&signature, bytes).is_ok();
        canonical && Ed448Signature::from_slice(signature).is_ok_and(verify)
    }
}

/// FIPS 186-4 §4.7, with the parameters of the key.
#[derive(Debug)]
pub struct Dsa;

impl SignatureScheme for Dsa {
    fn verify(&self, key: &PublicKey, settings: &SignatureSettings, message: Message<'_>, signature: &[u8]) -> bool {
        let (PublicMaterial::Dsa(key), Some(digest)) = (key.material(), settings.digest) else { return false };
        message.digest(digest).is_some_and(|value| key.verify(value.as_ref(), signature))
    }
}
