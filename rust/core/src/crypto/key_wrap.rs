//! Key wraps: a key under a key.

use crate::crypto::secret::Secret;

pub trait KeyWrap: Sync + core::fmt::Debug {
    /// Octets of the key-encryption key.
    fn kek_len(&self) -> usize;
    /// None: wrong key, or wrapped octets of a length that no key has.
    fn unwrap(&self, kek: &[u8], wrapped: &[u8]) -> Option<Secret>;
    /// None: a key that cannot be wrapped, or a KEK of another length.
    fn wrap(&self, kek: &[u8], key: &Secret) -> Option<Vec<u8>>;
}

/// RFC 3394, with a KEK of that many octets.
#[derive(Debug)]
pub struct AesWrap(usize);

pub static AES128_WRAP: AesWrap = AesWrap(16);
pub static AES192_WRAP: AesWrap = AesWrap(24);
pub static AES256_WRAP: AesWrap = AesWrap(32);

impl KeyWrap for AesWrap {
    fn kek_len(&self) -> usize {
        self.0
    }

    fn unwrap(&self, kek: &[u8], wrapped: &[u8]) -> Option<Secret> {
        if kek.len() != self.0 {
            return None;
        }
        mailseal_lc::aes_unwrap(kek, wrapped).ok().map(Secret::from)
    }

    fn wrap(&self, kek: &[u8], key: &Secret) -> Option<Vec<u8>> {
        if kek.len() != self.0 {
            return None;
        }
        mailseal_lc::aes_wrap(kek, key.expose()).ok()
    }
}
