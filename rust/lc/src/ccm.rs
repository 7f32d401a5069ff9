//! AES in CCM mode (NIST SP 800-38C), decryption of one piece.

use core::ffi::c_int;
use core::ptr;

use aws_lc_sys as c;
use zeroize::Zeroizing;

use crate::{Context, Failed, Result, check};

/// The plaintext, authenticated. The length of `key` chooses the cipher; `nonce` has 7 to 13 octets, `tag` an even number
/// from 4 to 16. Fails on other lengths, and where the tag is wrong.
pub fn aes_ccm_open(key: &[u8], nonce: &[u8], aad: &[u8], ciphertext: &[u8], tag: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    // SAFETY: these take nothing and return a pointer to a static.
    let cipher = unsafe {
        match key.len() {
            16 => c::EVP_aes_128_ccm(),
            24 => c::EVP_aes_192_ccm(),
            32 => c::EVP_aes_256_ccm(),
            _ => return Err(Failed),
        }
    };
    if !(7..=13).contains(&nonce.len()) || !(4..=16).contains(&tag.len()) || !tag.len().is_multiple_of(2) {
        return Err(Failed);
    }
    // The counter has 15 - nonce octets, and so has the length of the content.
    let counter_bits = 8 * (15 - nonce.len());
    if counter_bits < usize::BITS as usize && ciphertext.len() >> counter_bits != 0 {
        return Err(Failed);
    }
    let int = |len: usize| c_int::try_from(len).map_err(|_| Failed);
    let (len, aad_len, nonce_len, tag_len) = (int(ciphertext.len())?, int(aad.len())?, int(nonce.len())?, tag.len());
    let context = Context::new()?;
    let mut tag_copy = [0_u8; 16];
    tag_copy[..tag_len].copy_from_slice(tag);
    let mut plaintext = Zeroizing::new(vec![0; ciphertext.len()]);
    let mut written: c_int = 0;
    // SAFETY: the context is live; key and iv are not given yet.
    check(unsafe { c::EVP_DecryptInit_ex(context.0, cipher, ptr::null_mut(), ptr::null(), ptr::null()) })?;
    let (ivlen, settag) = (c::EVP_CTRL_AEAD_SET_IVLEN, c::EVP_CTRL_AEAD_SET_TAG);
    // SAFETY: the context is live; this control takes a number and no pointer.
    check(unsafe { c::EVP_CIPHER_CTX_ctrl(context.0, ivlen, nonce_len, ptr::null_mut()) })?;
    // SAFETY: the context is live; `tag_copy` is valid for the number of octets given, and is copied.
    check(unsafe { c::EVP_CIPHER_CTX_ctrl(context.0, settag, tag_len as c_int, tag_copy.as_mut_ptr().cast()) })?;
    // SAFETY: key and nonce have the lengths that the context was told.
    check(unsafe { c::EVP_DecryptInit_ex(context.0, ptr::null(), ptr::null_mut(), key.as_ptr(), nonce.as_ptr()) })?;
    // SAFETY: without input and output this tells the length of the content, which CCM needs first.
    check(unsafe { c::EVP_DecryptUpdate(context.0, ptr::null_mut(), &mut written, ptr::null(), len) })?;
    if !aad.is_empty() {
        // SAFETY: without output this is additional data, valid for its length.
        check(unsafe { c::EVP_DecryptUpdate(context.0, ptr::null_mut(), &mut written, aad.as_ptr(), aad_len) })?;
    }
    // SAFETY: both buffers are `len` octets long. CCM checks the tag in this call and releases nothing if it is wrong.
    check(unsafe { c::EVP_DecryptUpdate(context.0, plaintext.as_mut_ptr(), &mut written, ciphertext.as_ptr(), len) })?;
    if written == len { Ok(plaintext) } else { Err(Failed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hex, no_error_left};

    /// NIST SP 800-38C examples 1 to 3.
    #[test]
    fn sp800_38c_examples() {
        let key = hex("404142434445464748494a4b4c4d4e4f");
        let octets = |from: u8, len: u8| (from..from + len).collect::<Vec<_>>();
        let rows = [
            (octets(0x10, 7), octets(0, 8), octets(0x20, 4), "7162015b", "4dac255d"),
            (octets(0x10, 8), octets(0, 16), octets(0x20, 16), "d2a1f0e051ea5f62081a7792073d593d", "1fc64fbfaccd"),
            (
                octets(0x10, 12),
                octets(0, 20),
                octets(0x20, 24),
                "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5",
                "484392fbc1b09951",
            ),
        ];
        for (nonce, aad, plain, ciphertext, tag) in rows {
            let (ciphertext, tag) = (hex(ciphertext), hex(tag));
            assert_eq!(aes_ccm_open(&key, &nonce, &aad, &ciphertext, &tag).unwrap().as_slice(), plain);
            let mut wrong = tag.clone();
            wrong[0] ^= 1;
            assert!(aes_ccm_open(&key, &nonce, &aad, &ciphertext, &wrong).is_err());
            assert!(aes_ccm_open(&key, &nonce, &aad[1..], &ciphertext, &tag).is_err());
            assert!(aes_ccm_open(&key, &nonce[1..], &aad, &ciphertext, &tag).is_err());
        }
        no_error_left();
    }

    #[test]
    fn other_lengths_fail() {
        for (key, nonce, tag, len) in
            [(15, 12, 16, 4), (16, 6, 16, 4), (16, 14, 16, 4), (16, 12, 15, 4), (16, 12, 2, 4)]
        {
            assert!(aes_ccm_open(&vec![0; key], &vec![0; nonce], &[], &vec![0; len], &vec![0; tag]).is_err());
        }
        // A nonce of 13 octets leaves two for the length.
        assert!(aes_ccm_open(&[0; 16], &[0; 13], &[], &vec![0; 65_536], &[0; 16]).is_err());
        assert!(aes_ccm_open(&[0; 16], &[0; 12], &[], &[], &[0; 16]).is_err());
        no_error_left();
    }
}
