//! Ciphers and a digest that protect old files of keys. Read only, one shot: nothing is ever encrypted with them.

use core::ffi::c_int;
use core::ptr;

use aws_lc_sys as c;
use zeroize::Zeroizing;

use crate::{Context, Failed, Result, check};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyCipher {
    /// 8 octets of key.
    DesCbc,
    /// RFC 2268, with a key of `key_len` octets whose bits all count.
    Rc2Cbc { key_len: usize },
    /// RFC 2144, with a key of `key_len` octets.
    Cast5Cbc { key_len: usize },
    /// A key of `key_len` octets.
    Rc4 { key_len: usize },
}

impl LegacyCipher {
    pub const fn key_len(self) -> usize {
        match self {
            Self::DesCbc => 8,
            Self::Rc2Cbc { key_len } | Self::Cast5Cbc { key_len } | Self::Rc4 { key_len } => key_len,
        }
    }

    pub const fn iv_len(self) -> usize {
        match self {
            Self::DesCbc | Self::Rc2Cbc { .. } | Self::Cast5Cbc { .. } => 8,
            Self::Rc4 { .. } => 0,
        }
    }

    fn evp(self) -> *const c::EVP_CIPHER {
        // SAFETY: these take nothing and return a pointer to a static.
        unsafe {
            match self {
                Self::DesCbc => c::EVP_des_cbc(),
                Self::Rc2Cbc { .. } => c::EVP_rc2_cbc(),
                Self::Cast5Cbc { .. } => c::EVP_cast5_cbc(),
                Self::Rc4 { .. } => c::EVP_rc4(),
            }
        }
    }

    /// Decrypts all of `ciphertext`; padding stays. Fails if key or iv has another length than the cipher demands, or if
    /// the ciphertext ends inside a block.
    pub fn decrypt(self, key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let block = self.iv_len().max(1);
        let len = c_int::try_from(ciphertext.len()).map_err(|_| Failed)?;
        let (key_len, key_bits) =
            (u32::try_from(key.len()).map_err(|_| Failed)?, c_int::try_from(key.len() * 8).map_err(|_| Failed)?);
        if key.len() != self.key_len() || !(5..=16).contains(&key.len()) || iv.len() != self.iv_len() {
            return Err(Failed);
        }
        if !ciphertext.len().is_multiple_of(block) {
            return Err(Failed);
        }
        let context = Context::new()?;
        let iv = if iv.is_empty() { ptr::null() } else { iv.as_ptr() };
        // SAFETY: the context is live; key and iv are not given yet.
        check(unsafe { c::EVP_DecryptInit_ex(context.0, self.evp(), ptr::null_mut(), ptr::null(), ptr::null()) })?;
        if !matches!(self, Self::DesCbc) {
            // SAFETY: the context is live and initialized with a cipher.
            check(unsafe { c::EVP_CIPHER_CTX_set_key_length(context.0, key_len) })?;
        }
        if matches!(self, Self::Rc2Cbc { .. }) {
            // SAFETY: the context is live; this control takes a number and no pointer.
            check(unsafe {
                c::EVP_CIPHER_CTX_ctrl(context.0, c::EVP_CTRL_SET_RC2_KEY_BITS, key_bits, ptr::null_mut())
            })?;
        }
        // SAFETY: the context is live; key and iv have the lengths that it was told, checked above.
        check(unsafe { c::EVP_DecryptInit_ex(context.0, ptr::null(), ptr::null_mut(), key.as_ptr(), iv) })?;
        // SAFETY: the context is live and initialized.
        check(unsafe { c::EVP_CIPHER_CTX_set_padding(context.0, 0) })?;
        let mut plaintext = Zeroizing::new(vec![0; ciphertext.len()]);
        let mut written: c_int = 0;
        // SAFETY: the context is live; both buffers are `len` octets long, whole blocks, and with padding off no more is
        // written than read.
        check(unsafe {
            c::EVP_DecryptUpdate(context.0, plaintext.as_mut_ptr(), &mut written, ciphertext.as_ptr(), len)
        })?;
        if written == len { Ok(plaintext) } else { Err(Failed) }
    }
}

/// MD5 (RFC 1321): for deriving the keys of old files, where nothing depends on collisions.
pub fn md5(data: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    // SAFETY: the input is valid for its length, the output has the 16 octets that are written; it cannot fail.
    unsafe { c::MD5(data.as_ptr(), data.len(), digest.as_mut_ptr()) };
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hex, no_error_left};

    #[test]
    fn known_answers() {
        let zero = [0; 8];
        let des = LegacyCipher::DesCbc.decrypt(&hex("0123456789abcdef"), &zero, &hex("3fa40e8a984d4815")).unwrap();
        assert_eq!(des.as_slice(), b"Now is t");
        // RFC 2268 §5, the rows whose effective bits are those of the key.
        for (key, plain, cipher) in [
            ("ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"),
            ("3000000000000000", "1000000000000001", "30649edf9be7d2c2"),
            ("88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6"),
        ] {
            let key = hex(key);
            let rc2 = LegacyCipher::Rc2Cbc { key_len: key.len() };
            assert_eq!(rc2.decrypt(&key, &zero, &hex(cipher)).unwrap().as_slice(), hex(plain));
        }
        // RFC 2144 B.1
        for (key, cipher) in [
            ("0123456712345678234567893456789a", "238b4fe5847e44b2"),
            ("01234567123456782345", "eb6a711a2c02271b"),
            ("0123456712", "7ac816d16e9b302e"),
        ] {
            let cast5 = LegacyCipher::Cast5Cbc { key_len: key.len() / 2 };
            assert_eq!(cast5.decrypt(&hex(key), &zero, &hex(cipher)).unwrap().as_slice(), hex("0123456789abcdef"));
        }
        // RFC 6229 §2: the key stream of a key of 40 bits.
        let stream = LegacyCipher::Rc4 { key_len: 5 }.decrypt(&hex("0102030405"), &[], &[0; 16]).unwrap();
        assert_eq!(stream.as_slice(), hex("b2396305f03dc027ccc3524a0a1118a8"));
        assert_eq!(md5(b"abc").as_slice(), hex("900150983cd24fb0d6963f7d28e17f72"));
        assert_eq!(md5(b"").as_slice(), hex("d41d8cd98f00b204e9800998ecf8427e"));
    }

    #[test]
    fn other_lengths_fail() {
        let rc2 = LegacyCipher::Rc2Cbc { key_len: 5 };
        assert!(rc2.decrypt(&[0; 5], &[0; 8], &[0; 16]).is_ok());
        assert!(rc2.decrypt(&[0; 5], &[0; 8], &[]).unwrap().is_empty());
        assert!(rc2.decrypt(&[0; 16], &[0; 8], &[0; 16]).is_err());
        assert!(rc2.decrypt(&[0; 5], &[0; 7], &[0; 16]).is_err());
        assert!(rc2.decrypt(&[0; 5], &[0; 8], &[0; 15]).is_err());
        assert!(LegacyCipher::DesCbc.decrypt(&[0; 7], &[0; 8], &[0; 8]).is_err());
        assert!(LegacyCipher::Rc4 { key_len: 0 }.decrypt(&[], &[], &[0; 8]).is_err());
        assert!(LegacyCipher::Rc4 { key_len: 17 }.decrypt(&[0; 17], &[], &[0; 8]).is_err());
        no_error_left();
    }
}
