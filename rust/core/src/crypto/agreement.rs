//! Key agreement: the shared secret of two keys, and the key derivations that follow it.

use aws_lc_rs::{agreement, hkdf};
use mailseal_lc::Hash;
use zeroize::Zeroizing;

use crate::crypto::digest::Digest;
use crate::crypto::generate;
use crate::crypto::key::{PrivateKey, PrivateMaterial, PublicKey, PublicMaterial};
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;

/// The shared secret with the holder of `peer`: the x coordinate (SEC 1 §3.3.1), or the output of X25519 or X448
/// (RFC 7748 §6).
///
/// None: the key is of a kind that does not agree, `peer` is no point of its curve, or the result is all zeros.
pub fn agree(key: &PrivateKey, peer: &[u8]) -> Option<Secret> {
    shared_secret(&*key.material()?, peer)
}

fn shared_secret(key: &PrivateMaterial, peer: &[u8]) -> Option<Secret> {
    match key {
        PrivateMaterial::Ec { key, .. } => key.agree(peer).ok().map(Secret::from),
        PrivateMaterial::X25519(key) => {
            let peer = agreement::UnparsedPublicKey::new(&agreement::X25519, peer);
            agreement::agree(key, peer, (), |shared| Ok(Secret::new(shared.to_vec()))).ok()
        }
        PrivateMaterial::X448(scalar) => {
            // None: a point of small order, whose secret anybody knows (RFC 7748 §6.2).
            let shared = x448::x448(**scalar, peer.try_into().ok()?)?;
            Some(Secret::new(shared.to_vec()))
        }
        PrivateMaterial::Rsa { .. } | PrivateMaterial::Ed25519(_) => None,
    }
}

/// A key for one message and one recipient.
pub struct EphemeralKey {
    /// SEC 1, uncompressed, or the 32 octets of RFC 7748.
    pub public: Vec<u8>,
    material: PrivateMaterial,
}

impl EphemeralKey {
    /// On the curve of `peer`. None: it is no key that agrees, or no chance.
    pub fn new(peer: &PublicKey, random: &dyn Random) -> Option<Self> {
        let material = match peer.material() {
            PublicMaterial::Ec { curve, .. } => generate::scalar(curve, random).ok()?.1,
            PublicMaterial::X25519 => PrivateMaterial::x25519(&Zeroizing::new(random.octets(32).ok()?))?,
            _ => return None,
        };
        Some(Self { public: material.public_point()?, material })
    }

    /// None: see `agree`.
    pub fn agree(&self, peer: &[u8]) -> Option<Secret> {
        shared_secret(&self.material, peer)
    }
}

impl core::fmt::Debug for EphemeralKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("EphemeralKey(…)")
    }
}

/// From a shared secret to a key.
pub trait KeyDerivation: Sync + core::fmt::Debug {
    /// None: more octets are asked for than the function gives.
    fn derive(&self, shared: &Secret, ukm: Option<&[u8]>, info: &[u8], len: usize) -> Option<Secret>;
}

/// ANSI X9.63 KDF (SEC 1 §3.6.1): H(shared, counter, info), the counter from 1. `ukm` stands in `info` alone.
#[derive(Debug)]
pub struct X963(pub &'static dyn Digest);

impl KeyDerivation for X963 {
    fn derive(&self, shared: &Secret, _ukm: Option<&[u8]>, info: &[u8], len: usize) -> Option<Secret> {
        let mut key = Zeroizing::new(Vec::with_capacity(len));
        let mut counter = 1_u32;
        while key.len() < len {
            let mut context = self.0.start();
            context.update(shared.expose());
            context.update(&counter.to_be_bytes());
            context.update(info);
            let rest = len - key.len();
            key.extend(context.finish().as_ref().iter().take(rest));
            counter = counter.checked_add(1)?;
        }
        Some(Secret::from(key))
    }
}

/// HKDF (RFC 5869) as RFC 8418 §2.2 uses it: `ukm`, if any, is the salt as well as part of `info`.
#[derive(Debug)]
pub struct Hkdf(pub &'static dyn Digest);

struct Len(usize);

impl hkdf::KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

impl KeyDerivation for Hkdf {
    fn derive(&self, shared: &Secret, ukm: Option<&[u8]>, info: &[u8], len: usize) -> Option<Secret> {
        let algorithm = match self.0.hash() {
            Hash::Sha256 => hkdf::HKDF_SHA256,
            Hash::Sha384 => hkdf::HKDF_SHA384,
            Hash::Sha512 => hkdf::HKDF_SHA512,
            _ => return None,
        };
        // RFC 5869 §2.2: without a salt, as many zeros as the digest has octets; to HMAC the same as none.
        let salt = hkdf::Salt::new(algorithm, ukm.unwrap_or_default());
        let mut key = Zeroizing::new(vec![0; len]);
        let extracted = salt.extract(shared.expose());
        extracted.expand(&[info], Len(len)).ok()?.fill(&mut key).ok()?;
        Some(Secret::from(key))
    }
}
