//! Keys from passwords: PBKDF2 and scrypt. The caller bounds the work before it calls.

use aws_lc_sys as c;

use crate::{Hash, Result, check};

/// PBKDF2 with HMAC (RFC 8018 §5.2) into the whole of `key`. Fails if `iterations` is 0.
pub fn pbkdf2(hash: Hash, password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) -> Result<()> {
    let (secret, secret_len) = (password.as_ptr().cast(), password.len());
    let (salt, salt_len, len, out) = (salt.as_ptr(), salt.len(), key.len(), key.as_mut_ptr());
    // SAFETY: all buffers are valid for their lengths; the digest is a static.
    check(unsafe { c::PKCS5_PBKDF2_HMAC(secret, secret_len, salt, salt_len, iterations, hash.md(), len, out) })
}

/// scrypt (RFC 7914) into the whole of `key`, with at most `memory` octets. Fails on parameters that RFC 7914 forbids or
/// that need more memory.
pub fn scrypt(password: &[u8], salt: &[u8], n: u64, r: u64, p: u64, memory: usize, key: &mut [u8]) -> Result<()> {
    let (secret, secret_len) = (password.as_ptr().cast(), password.len());
    let (salt, salt_len, len, out) = (salt.as_ptr(), salt.len(), key.len(), key.as_mut_ptr());
    // 0 would mean AWS-LC's own default.
    let memory = memory.max(1);
    // SAFETY: all buffers are valid for their lengths; the parameters are checked by the function itself.
    check(unsafe { c::EVP_PBE_scrypt(secret, secret_len, salt, salt_len, n, r, p, memory, out, len) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hex, no_error_left};

    #[test]
    fn pbkdf2_rfc6070_and_rfc7914() {
        let mut key = [0; 20];
        pbkdf2(Hash::Sha1, b"password", b"salt", 2, &mut key).unwrap();
        assert_eq!(key.as_slice(), hex("ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"));
        let mut key = [0; 64];
        pbkdf2(Hash::Sha256, b"passwd", b"salt", 1, &mut key).unwrap();
        let expected = "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc
            49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783";
        assert_eq!(key.as_slice(), hex(expected));
        assert!(pbkdf2(Hash::Sha256, b"", b"", 0, &mut key).is_err());
        no_error_left();
    }

    #[test]
    fn scrypt_rfc7914() {
        let mut key = [0; 64];
        scrypt(b"", b"", 16, 1, 1, 1 << 20, &mut key).unwrap();
        let expected = "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442
            fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906";
        assert_eq!(key.as_slice(), hex(expected));
        // N no power of two, r = 0, more memory than allowed
        assert!(scrypt(b"", b"", 15, 1, 1, 1 << 20, &mut key).is_err());
        assert!(scrypt(b"", b"", 16, 0, 1, 1 << 20, &mut key).is_err());
        assert!(scrypt(b"", b"", 1 << 20, 8, 1, 1 << 20, &mut key).is_err());
        assert!(scrypt(b"", b"", 16, 1, 1, 0, &mut key).is_err());
        no_error_left();
    }
}
