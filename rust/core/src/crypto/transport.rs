//! Key transport with RSA. Padding is ours, the power the backend's. Reading: the private operation is the backend's, blinded; the padding is undone here, in constant time
//! and with implicit rejection: a failure gives another key of the same length, and nothing tells the two apart.
//!
//! The length of the key inside is known beforehand (it is that of the content cipher), so each octet of the padded block
//! has one allowed place: no search, no branch and no index depends on the secret block.

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::crypto::digest::Digest;
use crate::crypto::key::{PrivateKey, PrivateMaterial, PublicKey, PublicMaterial, RsaUse};
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;

/// So often are octets asked for again that are zero; a source that gives nothing else is none.
const TRIES: usize = 64;

/// What a scheme needs besides key and ciphertext.
#[derive(Clone, Debug, Default)]
pub struct TransportSettings {
    /// OAEP alone.
    pub digest: Option<&'static dyn Digest>,
    /// OAEP alone: the digest of MGF1.
    pub mgf_digest: Option<&'static dyn Digest>,
    /// OAEP alone: L of RFC 8017 §7.1.
    pub label: Vec<u8>,
}

/// A scheme that carries a key under a public key.
pub trait KeyTransport: Sync + core::fmt::Debug {
    /// Removes the padding of `block`: whether it was right for a key of `len` octets, and the octets at the key's place.
    /// Only `settings`, `len` and the length of `block` may decide how long it takes.
    fn unpad(&self, settings: &TransportSettings, block: &mut [u8], len: usize) -> (Choice, Zeroizing<Vec<u8>>);

    /// A block of `len` octets around `key`. None: too long, or no chance.
    fn pad(
        &self,
        settings: &TransportSettings,
        key: &Secret,
        len: usize,
        random: &dyn Random,
    ) -> Option<Zeroizing<Vec<u8>>>;
}

impl dyn KeyTransport + '_ {
    /// None: no RSA key for this, a key too short for `cek`, or no chance.
    pub fn encrypt(
        &self,
        settings: &TransportSettings,
        key: &PublicKey,
        cek: &Secret,
        random: &dyn Random,
    ) -> Option<Vec<u8>> {
        let PublicMaterial::Rsa { key, usage: RsaUse::Any } = key.material() else { return None };
        let len = usize::try_from(key.bits().div_ceil(8)).ok()?;
        let block = self.pad(settings, cek, len, random)?;
        key.raw(&block).ok()
    }

    /// Always a key of `len` octets; the rejection key of `key` where anything is wrong.
    pub fn decrypt(&self, settings: &TransportSettings, key: &PrivateKey, encrypted: &[u8], len: usize) -> Secret {
        let substitute = key.rejection_key(encrypted, len);
        self.decrypt_or(settings, key, encrypted, &substitute)
    }

    /// As `decrypt`, with the key that stands in given.
    pub fn decrypt_or(
        &self,
        settings: &TransportSettings,
        key: &PrivateKey,
        encrypted: &[u8],
        substitute: &Secret,
    ) -> Secret {
        let material = key.material();
        let Some(PrivateMaterial::Rsa { key, usage: RsaUse::Any }) = material.as_deref() else {
            return substitute.clone();
        };
        // This fails for public reasons only: the length of `encrypted`, or its value against the modulus.
        let Ok(mut block) = key.raw(encrypted) else { return substitute.clone() };
        let (right, mut found) = self.unpad(settings, &mut block, substitute.len());
        for (byte, other) in found.iter_mut().zip(substitute.expose()) {
            *byte = u8::conditional_select(other, byte, right);
        }
        Secret::from(found)
    }
}

/// RSAES-PKCS1-v1_5, RFC 8017 §7.2: 00 02, at least eight octets that are not zero, 00, the key.
#[derive(Debug)]
pub struct RsaPkcs1;

impl KeyTransport for RsaPkcs1 {
    fn unpad(&self, _settings: &TransportSettings, block: &mut [u8], len: usize) -> (Choice, Zeroizing<Vec<u8>>) {
        let fits = block.len().checked_sub(len).filter(|room| *room >= 11);
        let Some((padding, key)) = fits.and_then(|room| block.split_at_checked(room)) else {
            return (Choice::from(0), Zeroizing::new(vec![0; len]));
        };
        let mut right = Choice::from(1);
        for (index, byte) in padding.iter().enumerate() {
            right &= match index {
                0 => byte.ct_eq(&0),
                1 => byte.ct_eq(&2),
                _ if index + 1 == padding.len() => byte.ct_eq(&0),
                _ => !byte.ct_eq(&0),
            };
        }
        (right, Zeroizing::new(key.to_vec()))
    }

    fn pad(
        &self,
        _settings: &TransportSettings,
        key: &Secret,
        len: usize,
        random: &dyn Random,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let padding = len.checked_sub(key.len() + 3).filter(|room| *room >= 8)?;
        let mut block = Zeroizing::new(vec![0, 2]);
        block.reserve_exact(len - 2);
        for _ in 0..TRIES {
            let wanted = padding + 2 - block.len();
            let octets = Zeroizing::new(random.octets(wanted).ok()?);
            block.extend(octets.iter().filter(|octet| **octet != 0));
        }
        if block.len() < padding + 2 {
            return None;
        }
        block.push(0);
        block.extend_from_slice(key.expose());
        Some(block)
    }
}

/// RSAES-OAEP, RFC 8017 §7.1.2: 00, masked seed, masked (hash of the label, zeros, 01, the key).
#[derive(Debug)]
pub struct RsaOaep;

impl KeyTransport for RsaOaep {
    fn unpad(&self, settings: &TransportSettings, block: &mut [u8], len: usize) -> (Choice, Zeroizing<Vec<u8>>) {
        let nothing = || (Choice::from(0), Zeroizing::new(vec![0; len]));
        let (Some(digest), Some(mgf)) = (settings.digest, settings.mgf_digest) else { return nothing() };
        let hash = digest.digest(&settings.label);
        let hash_len = hash.as_ref().len();
        // 00, seed and hash, at least 01, the key
        let Some(zeros) = block.len().checked_sub(2 * hash_len + 2).and_then(|room| room.checked_sub(len)) else {
            return nothing();
        };
        let Some((first, rest)) = block.split_first_mut() else { return nothing() };
        let Some((seed, data)) = rest.split_at_mut_checked(hash_len) else { return nothing() };
        mask(mgf, data, seed);
        mask(mgf, seed, data);
        let mut right = first.ct_eq(&0);
        let (label, rest) = data.split_at(hash_len);
        right &= label.ct_eq(hash.as_ref());
        for byte in rest.iter().take(zeros) {
            right &= byte.ct_eq(&0);
        }
        right &= rest.get(zeros).map_or(Choice::from(0), |byte| byte.ct_eq(&1));
        (right, Zeroizing::new(rest.iter().skip(zeros + 1).copied().collect()))
    }

    fn pad(
        &self,
        settings: &TransportSettings,
        key: &Secret,
        len: usize,
        random: &dyn Random,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (digest, mgf) = (settings.digest?, settings.mgf_digest?);
        let hash = digest.digest(&settings.label);
        let hash_len = hash.as_ref().len();
        let zeros = len.checked_sub(2 * hash_len + 2)?.checked_sub(key.len())?;
        let mut block = Zeroizing::new(vec![0; len]);
        let (seed, data) = block.split_first_mut()?.1.split_at_mut_checked(hash_len)?;
        random.fill(seed).ok()?;
        let (label, rest) = data.split_at_mut_checked(hash_len)?;
        label.copy_from_slice(hash.as_ref());
        *rest.get_mut(zeros)? = 1;
        rest.get_mut(zeros + 1..)?.copy_from_slice(key.expose());
        mask(mgf, seed, data);
        mask(mgf, data, seed);
        Some(block)
    }
}

/// target ^= MGF1(seed), RFC 8017 B.2.1
fn mask(digest: &dyn Digest, seed: &[u8], target: &mut [u8]) {
    for (counter, chunk) in (0_u32..).zip(target.chunks_mut(digest.output_len())) {
        let mut context = digest.start();
        context.update(seed);
        context.update(&counter.to_be_bytes());
        for (byte, mask) in chunk.iter_mut().zip(context.finish().as_ref()) {
            *byte ^= mask;
        }
    }
}
