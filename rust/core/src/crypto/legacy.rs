//! What old files of keys are encrypted with: DES, RC2, RC4, and keys derived with MD5. Read only.

pub use mailseal_lc::{LegacyCipher, md5};
use zeroize::Zeroizing;

use crate::crypto::content::{
    AES128_CBC, AES192_CBC, AES256_CBC, Cbc, ContentCipher, DES_EDE3_CBC, DecryptCall, Opaque, cbc_padding,
};
use crate::crypto::digest::{Digest, SHA1};
use crate::crypto::secret::Secret;

/// A cipher under a password.
#[derive(Clone, Copy, Debug)]
pub enum PbeCipher {
    Cbc(&'static Cbc),
    /// Triple DES whose first key comes again as the third.
    TwoKeyTripleDes,
    Legacy(LegacyCipher),
}

impl PbeCipher {
    pub fn key_len(&self) -> usize {
        match self {
            Self::Cbc(cipher) => cipher.key_len(),
            Self::TwoKeyTripleDes => 16,
            Self::Legacy(cipher) => cipher.key_len(),
        }
    }

    pub fn iv_len(&self) -> usize {
        match self {
            Self::Cbc(cipher) => cipher.iv_len(),
            Self::TwoKeyTripleDes => 8,
            Self::Legacy(cipher) => cipher.iv_len(),
        }
    }

    /// The plaintext without its padding.
    pub fn decrypt(&self, key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Secret, Opaque> {
        match self {
            Self::Cbc(cipher) => cipher.decrypt_slice(key, iv, ciphertext).map(Secret::new),
            Self::TwoKeyTripleDes => {
                let mut three = Zeroizing::new(Vec::with_capacity(24));
                three.extend_from_slice(key);
                three.extend_from_slice(key.get(..8).unwrap_or_default());
                DES_EDE3_CBC.decrypt_slice(&three, iv, ciphertext).map(Secret::new)
            }
            Self::Legacy(cipher) => {
                let mut plaintext = cipher.decrypt(key, iv, ciphertext).map_err(|_| Opaque)?;
                let block = cipher.iv_len();
                if block > 0 {
                    let last_block = plaintext.len().checked_sub(block).and_then(|start| plaintext.get(start..));
                    let padding = cbc_padding(last_block.ok_or(Opaque)?)?;
                    let length = plaintext.len() - padding;
                    plaintext.truncate(length);
                }
                Ok(Secret::from(plaintext))
            }
        }
    }

    /// The cipher that the DEK-Info field of a PEM block names (RFC 1423 §1.1 and what OpenSSL added to it).
    pub fn of_dek_info(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "DES-EDE3-CBC" => Self::Cbc(&DES_EDE3_CBC),
            "AES-128-CBC" => Self::Cbc(&AES128_CBC),
            "AES-192-CBC" => Self::Cbc(&AES192_CBC),
            "AES-256-CBC" => Self::Cbc(&AES256_CBC),
            "DES-EDE-CBC" => Self::TwoKeyTripleDes,
            "DES-CBC" => Self::Legacy(LegacyCipher::DesCbc),
            "RC2-CBC" => Self::Legacy(LegacyCipher::Rc2Cbc { key_len: 16 }),
            "RC2-64-CBC" => Self::Legacy(LegacyCipher::Rc2Cbc { key_len: 8 }),
            "RC2-40-CBC" => Self::Legacy(LegacyCipher::Rc2Cbc { key_len: 5 }),
            _ => return None,
        })
    }
}

/// DES, RC2 or CAST5 in CBC with the padding of RFC 5652 §6.3: the content of old mail.
#[derive(Debug)]
pub struct LegacyCbc(LegacyCipher);

pub static DES_CBC: LegacyCbc = LegacyCbc(LegacyCipher::DesCbc);
pub static RC2_40_CBC: LegacyCbc = LegacyCbc(LegacyCipher::Rc2Cbc { key_len: 5 });
pub static RC2_64_CBC: LegacyCbc = LegacyCbc(LegacyCipher::Rc2Cbc { key_len: 8 });
pub static RC2_128_CBC: LegacyCbc = LegacyCbc(LegacyCipher::Rc2Cbc { key_len: 16 });
pub static CAST5_40_CBC: LegacyCbc = LegacyCbc(LegacyCipher::Cast5Cbc { key_len: 5 });
pub static CAST5_64_CBC: LegacyCbc = LegacyCbc(LegacyCipher::Cast5Cbc { key_len: 8 });
pub static CAST5_80_CBC: LegacyCbc = LegacyCbc(LegacyCipher::Cast5Cbc { key_len: 10 });
pub static CAST5_128_CBC: LegacyCbc = LegacyCbc(LegacyCipher::Cast5Cbc { key_len: 16 });

impl ContentCipher for LegacyCbc {
    fn key_len(&self) -> usize {
        self.0.key_len()
    }

    fn iv_len(&self) -> usize {
        self.0.iv_len()
    }

    fn is_aead(&self) -> bool {
        false
    }

    fn decrypt(&self, call: &DecryptCall<'_, '_>) -> Result<Vec<u8>, Opaque> {
        if !call.aad.is_empty() || !call.mac.is_empty() {
            return Err(Opaque);
        }
        let plaintext = PbeCipher::Legacy(self.0).decrypt(call.key, call.iv, &call.ciphertext.to_cow())?;
        Ok(plaintext.expose().to_vec())
    }
}

/// The digest of PBES1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pbkdf1Digest {
    Md5,
    Sha1,
}

impl Pbkdf1Digest {
    fn digest(self, data: &[u8]) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Md5 => Zeroizing::new(md5(data).to_vec()),
            Self::Sha1 => Zeroizing::new((&SHA1 as &dyn Digest).digest(data).as_ref().to_vec()),
        }
    }
}

/// PBKDF1 (RFC 8018 §5.1): the first `len` octets, at most 16 for MD5 and 20 for SHA-1.
pub fn pbkdf1(digest: Pbkdf1Digest, password: &[u8], salt: &[u8], iterations: u32, len: usize) -> Option<Secret> {
    let first = Zeroizing::new([password, salt].concat());
    let mut value = digest.digest(&first);
    for _ in 1..iterations {
        value = digest.digest(&value);
    }
    value.get(..len).map(|key| Secret::new(key.to_vec()))
}

/// How OpenSSL derives the key of a PEM block with DEK-Info: MD5 over the block before, the password and the salt, once.
pub fn dek_key(password: &[u8], salt: &[u8], len: usize) -> Secret {
    let mut key = Zeroizing::new(Vec::with_capacity(len + 16));
    let mut block = Zeroizing::new(Vec::new());
    while key.len() < len {
        let input = Zeroizing::new([block.as_slice(), password, salt].concat());
        block = Zeroizing::new(md5(&input).to_vec());
        key.extend_from_slice(&block);
    }
    key.truncate(len);
    Secret::from(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::hex;

    /// From the test vectors of PBKDF1 with SHA-1 in PKCS #5's own documents: "password", 78578e5a5d63cb06, 1000.
    #[test]
    fn rfc8018_5_1_pbkdf1() {
        let key = pbkdf1(Pbkdf1Digest::Sha1, b"password", &hex("78578e5a5d63cb06"), 1000, 16).unwrap();
        assert_eq!(key.expose(), hex("dc19847e05c64d2faf10ebfb4a3d2a20"));
        assert!(pbkdf1(Pbkdf1Digest::Md5, b"", b"", 1, 17).is_none());
        assert_eq!(pbkdf1(Pbkdf1Digest::Md5, b"a", b"bc", 1, 16).unwrap().expose(), md5(b"abc"));
    }

    #[test]
    fn a_key_longer_than_a_digest_is_chained() {
        let key = dek_key(b"p", b"saltsalt", 24);
        let first = md5(b"psaltsalt");
        let second = md5(&[&first[..], b"psaltsalt"].concat());
        assert_eq!(key.expose(), [&first[..], &second[..8]].concat());
    }

    #[test]
    fn wrong_padding_and_lengths_are_refused() {
        let rc2 = PbeCipher::Legacy(LegacyCipher::Rc2Cbc { key_len: 5 });
        for ciphertext in [&[][..], &[0; 7], &[0; 8]] {
            assert!(rc2.decrypt(&[0; 5], &[0; 8], ciphertext).is_err());
        }
        assert!(PbeCipher::TwoKeyTripleDes.decrypt(&[0; 7], &[0; 8], &[0; 8]).is_err());
        assert!(PbeCipher::of_dek_info("BF-CBC").is_none() && PbeCipher::of_dek_info("des-cbc").is_some());
    }
}
