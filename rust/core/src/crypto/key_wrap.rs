//! Key wraps: a key under a key.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::crypto::content::DES_EDE3_CBC;
use crate::crypto::digest::{Digest, SHA1};
use crate::crypto::legacy::LegacyCipher;
use crate::crypto::secret::Secret;

pub trait KeyWrap: Sync + core::fmt::Debug {
    /// Octets of the key-encryption key.
    fn kek_len(&self) -> usize;
    /// Octets that a key of `key_len` takes when wrapped; None: such a key is never wrapped.
    fn wrapped_len(&self, key_len: usize) -> Option<usize>;
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

    fn wrapped_len(&self, key_len: usize) -> Option<usize> {
        key_len.checked_add(8)
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

/// AES key wrap with padding (RFC 5649), with a KEK of that many octets. Read only.
#[derive(Debug)]
pub struct AesPaddedWrap(usize);

pub static AES128_WRAP_PAD: AesPaddedWrap = AesPaddedWrap(16);
pub static AES192_WRAP_PAD: AesPaddedWrap = AesPaddedWrap(24);
pub static AES256_WRAP_PAD: AesPaddedWrap = AesPaddedWrap(32);

impl KeyWrap for AesPaddedWrap {
    fn kek_len(&self) -> usize {
        self.0
    }

    fn wrapped_len(&self, key_len: usize) -> Option<usize> {
        key_len.checked_next_multiple_of(8)?.checked_add(8)
    }

    fn unwrap(&self, kek: &[u8], wrapped: &[u8]) -> Option<Secret> {
        if kek.len() != self.0 {
            return None;
        }
        mailseal_lc::aes_unwrap_padded(kek, wrapped).ok().map(Secret::from)
    }

    fn wrap(&self, _: &[u8], _: &Secret) -> Option<Vec<u8>> {
        None
    }
}

/// Triple-DES key wrap (RFC 3217 §3): a Triple-DES key under another. Read only.
#[derive(Debug)]
pub struct TripleDesWrap;

/// The initialization vector of the outer layer.
const OUTER_IV: [u8; 8] = [0x4a, 0xdd, 0xa2, 0x2c, 0x79, 0xe8, 0x21, 0x05];
const TRIPLE_DES_KEY: usize = 24;

impl KeyWrap for TripleDesWrap {
    fn kek_len(&self) -> usize {
        TRIPLE_DES_KEY
    }

    /// The key, a check value and an initialization vector of eight octets each.
    fn wrapped_len(&self, key_len: usize) -> Option<usize> {
        (key_len == TRIPLE_DES_KEY).then_some(40)
    }

    fn unwrap(&self, kek: &[u8], wrapped: &[u8]) -> Option<Secret> {
        if wrapped.len() != 40 {
            return None;
        }
        let mut inner = DES_EDE3_CBC.decrypt_blocks(kek, &OUTER_IV, wrapped).ok()?;
        inner.reverse();
        let (iv, body) = inner.split_at_checked(8)?;
        let plain = DES_EDE3_CBC.decrypt_blocks(kek, iv, body).ok()?;
        let (key, check) = plain.split_at_checked(TRIPLE_DES_KEY)?;
        let digest = Zeroizing::new((&SHA1 as &dyn Digest).digest(key).as_ref().to_vec());
        bool::from(check.ct_eq(digest.get(..8)?)).then(|| Secret::new(key.to_vec()))
    }

    fn wrap(&self, _: &[u8], _: &Secret) -> Option<Vec<u8>> {
        None
    }
}

/// RC2 key wrap (RFC 3217 §4) with a KEK of 128 bits: an RC2 key of any length, padded. Read only.
#[derive(Debug)]
pub struct Rc2Wrap;

const RC2: LegacyCipher = LegacyCipher::Rc2Cbc { key_len: 16 };

impl KeyWrap for Rc2Wrap {
    fn kek_len(&self) -> usize {
        RC2.key_len()
    }

    /// A length octet, the key and its padding to whole blocks, a check value and an initialization vector.
    fn wrapped_len(&self, key_len: usize) -> Option<usize> {
        (5..=16).contains(&key_len).then(|| (key_len + 1).next_multiple_of(8) + 16)
    }

    fn unwrap(&self, kek: &[u8], wrapped: &[u8]) -> Option<Secret> {
        let mut inner = RC2.decrypt(kek, &OUTER_IV, wrapped).ok()?;
        inner.reverse();
        let (iv, body) = inner.split_at_checked(8)?;
        let plain = RC2.decrypt(kek, iv, body).ok()?;
        let (padded, check) = plain.split_at_checked(plain.len().checked_sub(8)?)?;
        let digest = Zeroizing::new((&SHA1 as &dyn Digest).digest(padded).as_ref().to_vec());
        if !bool::from(check.ct_eq(digest.get(..8)?)) {
            return None;
        }
        let (len, rest) = padded.split_first()?;
        let key = rest.get(..usize::from(*len))?;
        (rest.len() - key.len() < 8).then(|| Secret::new(key.to_vec()))
    }

    fn wrap(&self, _: &[u8], _: &Secret) -> Option<Vec<u8>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::hex;

    /// RFC 3217 §3.4
    #[test]
    fn rfc3217_3_4_triple_des_key_wrap() {
        let kek = hex("255e0d1c07b646dfb3134cc843ba8aa71f025b7c0838251f");
        let wrapped = hex("690107618ef092b3b48ca1796b234ae9fa33ebb4159604037db5d6a84eb3aac2768c632775a467d4");
        let key = TripleDesWrap.unwrap(&kek, &wrapped).unwrap();
        assert_eq!(key.expose(), hex("2923bf85e06dd6ae529149f1f1bae9eab3a7da3d860d3e98"));
        for at in 0..wrapped.len() {
            let mut damaged = wrapped.clone();
            damaged[at] ^= 1;
            assert!(TripleDesWrap.unwrap(&kek, &damaged).is_none(), "{at}");
        }
        for len in [0, 8, 32, 39, 41, 48] {
            assert!(TripleDesWrap.unwrap(&kek, &vec![0; len]).is_none());
        }
        assert!(TripleDesWrap.unwrap(&kek[..16], &wrapped).is_none());
    }
}
