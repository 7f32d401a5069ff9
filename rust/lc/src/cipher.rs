//! Incremental encryption and decryption: CBC without any padding rule, and GCM with a tag of 12 to 16 octets.

use core::ffi::c_int;
use core::ptr;

use aws_lc_sys as c;

use crate::{Failed, Result, check, failed};

/// Octets of a nonce of GCM. 12 are usual; others are hashed to a counter block (SP 800-38D §7.1).
pub const GCM_NONCE_LEN: core::ops::RangeInclusive<usize> = 1..=64;

/// EVP takes lengths as `int`.
const CHUNK: usize = 1 << 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    Aes128Cbc,
    Aes192Cbc,
    Aes256Cbc,
    DesEde3Cbc,
    Aes128Gcm,
    Aes192Gcm,
    Aes256Gcm,
}

impl Cipher {
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Cbc | Self::Aes128Gcm => 16,
            Self::Aes192Cbc | Self::Aes192Gcm | Self::DesEde3Cbc => 24,
            Self::Aes256Cbc | Self::Aes256Gcm => 32,
        }
    }

    /// Octets of the initialization vector (CBC), or of the nonce as it is usual (GCM).
    pub const fn iv_len(self) -> usize {
        match self {
            Self::Aes128Cbc | Self::Aes192Cbc | Self::Aes256Cbc => 16,
            Self::DesEde3Cbc => 8,
            Self::Aes128Gcm | Self::Aes192Gcm | Self::Aes256Gcm => 12,
        }
    }

    /// Octets of a block of CBC; 1 for GCM, which works on any length.
    pub const fn block_len(self) -> usize {
        if self.is_aead() { 1 } else { self.iv_len() }
    }

    pub const fn is_aead(self) -> bool {
        matches!(self, Self::Aes128Gcm | Self::Aes192Gcm | Self::Aes256Gcm)
    }

    fn evp(self) -> *const c::EVP_CIPHER {
        // SAFETY: these take nothing and return a pointer to a static.
        unsafe {
            match self {
                Self::Aes128Cbc => c::EVP_aes_128_cbc(),
                Self::Aes192Cbc => c::EVP_aes_192_cbc(),
                Self::Aes256Cbc => c::EVP_aes_256_cbc(),
                Self::DesEde3Cbc => c::EVP_des_ede3_cbc(),
                Self::Aes128Gcm => c::EVP_aes_128_gcm(),
                Self::Aes192Gcm => c::EVP_aes_192_gcm(),
                Self::Aes256Gcm => c::EVP_aes_256_gcm(),
            }
        }
    }
}

/// A cipher at work, in one direction. The key is wiped when it is dropped.
#[derive(Debug)]
struct Running {
    context: *mut c::EVP_CIPHER_CTX,
    cipher: Cipher,
    /// Octets of a block that is not complete yet.
    pending: usize,
}

// SAFETY: the context is owned by this value alone and bound to no thread.
unsafe impl Send for Running {}

const DECRYPT: c_int = 0;
const ENCRYPT: c_int = 1;

impl Running {
    fn new(cipher: Cipher, key: &[u8], iv: &[u8], direction: c_int) -> Result<Self> {
        let iv_fits = iv.len() == cipher.iv_len() || (cipher.is_aead() && GCM_NONCE_LEN.contains(&iv.len()));
        if key.len() != cipher.key_len() || !iv_fits {
            return Err(Failed);
        }
        // SAFETY: takes nothing; null is handled.
        let context = unsafe { c::EVP_CIPHER_CTX_new() };
        if context.is_null() {
            return Err(failed());
        }
        let this = Self { context, cipher, pending: 0 };
        let (none, null) = (ptr::null_mut(), ptr::null());
        // SAFETY: the context is live; key and iv are not given yet.
        check(unsafe { c::EVP_CipherInit_ex(context, cipher.evp(), none, null, null, direction) })?;
        if cipher.is_aead() {
            let len = c_int::try_from(iv.len()).map_err(|_| Failed)?;
            // SAFETY: the context is live; this control takes a number and no pointer.
            check(unsafe { c::EVP_CIPHER_CTX_ctrl(context, c::EVP_CTRL_AEAD_SET_IVLEN, len, ptr::null_mut()) })?;
        }
        // SAFETY: the context is live; the key has the length that this cipher reads, checked above, and the iv has that
        // or the one that the context was told.
        check(unsafe { c::EVP_CipherInit_ex(context, ptr::null(), none, key.as_ptr(), iv.as_ptr(), direction) })?;
        // SAFETY: the context is live and initialized.
        check(unsafe { c::EVP_CIPHER_CTX_set_padding(context, 0) })?;
        Ok(this)
    }

    fn additional_data(&mut self, data: &[u8]) -> Result<()> {
        if !self.cipher.is_aead() {
            return Err(Failed);
        }
        data.chunks(CHUNK).try_for_each(|chunk| self.evp_update(ptr::null_mut(), chunk).map(drop))
    }

    fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        let block = self.cipher.block_len();
        let total = self.pending.checked_add(input.len()).ok_or(Failed)?;
        if output.len() < total - total % block {
            return Err(Failed);
        }
        let mut written = 0;
        for chunk in input.chunks(CHUNK) {
            let target = output.get_mut(written..).ok_or(Failed)?;
            // `target` has room: all blocks completed by all chunks fit into `output`, checked above.
            written += self.evp_update(target.as_mut_ptr(), chunk)?;
        }
        self.pending = total % block;
        Ok(written)
    }

    /// `output` must be null (additional data) or have room for the blocks that `chunk` completes.
    fn evp_update(&mut self, output: *mut u8, chunk: &[u8]) -> Result<usize> {
        let len = c_int::try_from(chunk.len()).map_err(|_| Failed)?;
        let mut written: c_int = 0;
        // SAFETY: the context is live; `chunk` is valid for `len`; the callers give `output` room for every block that is
        // completed, and with padding off nothing else is written.
        check(unsafe { c::EVP_CipherUpdate(self.context, output, &mut written, chunk.as_ptr(), len) })?;
        usize::try_from(written).map_err(|_| Failed)
    }

    fn finish(&self) -> Result<()> {
        if self.cipher.is_aead() || self.pending != 0 { Err(Failed) } else { Ok(()) }
    }

    /// The end of GCM, in either direction.
    fn finish_aead(&self) -> Result<()> {
        let (mut unused, mut written) = ([0_u8; 16], 0);
        // SAFETY: the context is live; GCM writes nothing at the end, and there is room for a block.
        check(unsafe { c::EVP_CipherFinal_ex(self.context, unused.as_mut_ptr(), &mut written) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `EVP_CIPHER_CTX_new`, is owned by this value and freed once; freeing wipes it.
        unsafe { c::EVP_CIPHER_CTX_free(self.context) };
    }
}

/// A decryption under way. The key is wiped when it is dropped.
#[derive(Debug)]
pub struct Decryption(Running);

impl Decryption {
    /// Fails if key or iv has another length than the cipher demands; for GCM, than `GCM_NONCE_LEN`.
    pub fn new(cipher: Cipher, key: &[u8], iv: &[u8]) -> Result<Self> {
        Running::new(cipher, key, iv, DECRYPT).map(Self)
    }

    /// Additional data of GCM, before any ciphertext.
    pub fn additional_data(&mut self, data: &[u8]) -> Result<()> {
        self.0.additional_data(data)
    }

    /// Decrypts `input` into the front of `output` and returns the octets written: whole blocks, so that what is
    /// written in all calls together is never longer than all input. Fails if `output` is too short for them.
    pub fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.0.update(input, output)
    }

    /// End of a CBC ciphertext: fails inside a block.
    pub fn finish(self) -> Result<()> {
        self.0.finish()
    }

    /// End of a GCM ciphertext: fails if the tag (12 to 16 octets, compared over its whole length in constant time) is
    /// wrong. Nothing that `update` wrote may be used before this succeeded.
    pub fn finish_with_tag(self, tag: &[u8]) -> Result<()> {
        if !self.0.cipher.is_aead() || !(12..=16).contains(&tag.len()) {
            return Err(Failed);
        }
        let mut tag_copy = [0_u8; 16];
        tag_copy[..tag.len()].copy_from_slice(tag);
        let len = tag.len() as c_int;
        let pointer = tag_copy.as_mut_ptr().cast();
        // SAFETY: the context is live; the buffer is valid for `len` octets and is copied, not kept.
        check(unsafe { c::EVP_CIPHER_CTX_ctrl(self.0.context, c::EVP_CTRL_AEAD_SET_TAG, len, pointer) })?;
        self.0.finish_aead()
    }
}

/// An encryption under way. The key is wiped when it is dropped.
#[derive(Debug)]
pub struct Encryption(Running);

impl Encryption {
    /// Fails if key or iv has another length than the cipher demands; of GCM, another than 12 octets.
    pub fn new(cipher: Cipher, key: &[u8], iv: &[u8]) -> Result<Self> {
        if iv.len() != cipher.iv_len() {
            return Err(Failed);
        }
        Running::new(cipher, key, iv, ENCRYPT).map(Self)
    }

    /// Additional data of GCM, before any plaintext.
    pub fn additional_data(&mut self, data: &[u8]) -> Result<()> {
        self.0.additional_data(data)
    }

    /// Encrypts `input` into the front of `output` and returns the octets written: whole blocks; see `Decryption`.
    pub fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.0.update(input, output)
    }

    /// End of a CBC plaintext: fails inside a block, for the padding is the caller's.
    pub fn finish(self) -> Result<()> {
        self.0.finish()
    }

    /// End of a GCM plaintext: its tag.
    pub fn finish_with_tag(self) -> Result<[u8; 16]> {
        if !self.0.cipher.is_aead() {
            return Err(Failed);
        }
        self.0.finish_aead()?;
        let mut tag = [0_u8; 16];
        // SAFETY: the context is live and at its end; the buffer has room for the 16 octets asked for.
        check(unsafe {
            c::EVP_CIPHER_CTX_ctrl(self.0.context, c::EVP_CTRL_AEAD_GET_TAG, 16, tag.as_mut_ptr().cast())
        })?;
        Ok(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hex, no_error_left};

    fn decrypt(cipher: Cipher, key: &str, iv: &str, ciphertext: &[u8], chunk: usize) -> Vec<u8> {
        let mut decryption = Decryption::new(cipher, &hex(key), &hex(iv)).unwrap();
        let (mut output, mut written) = (vec![0; ciphertext.len()], 0);
        for part in ciphertext.chunks(chunk) {
            written += decryption.update(part, &mut output[written..]).unwrap();
        }
        assert_eq!(written, ciphertext.len());
        decryption.finish().unwrap();
        output
    }

    fn encrypt(cipher: Cipher, key: &str, iv: &str, plain: &[u8], chunk: usize) -> Vec<u8> {
        let mut encryption = Encryption::new(cipher, &hex(key), &hex(iv)).unwrap();
        let (mut output, mut written) = (vec![0; plain.len()], 0);
        for part in plain.chunks(chunk) {
            written += encryption.update(part, &mut output[written..]).unwrap();
        }
        encryption.finish().unwrap();
        output
    }

    #[test]
    fn aes_cbc_sp800_38a() {
        let iv = "000102030405060708090a0b0c0d0e0f";
        let plain = hex("6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51");
        let rows = [
            (
                Cipher::Aes128Cbc,
                "2b7e151628aed2a6abf7158809cf4f3c",
                "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2",
            ),
            (
                Cipher::Aes192Cbc,
                "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
                "4f021db243bc633d7178183a9fa071e8 b4d9ada9ad7dedf4e5e738763f69145a",
            ),
            (
                Cipher::Aes256Cbc,
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "f58c4c04d6e5f1ba779eabfb5f7bfbd6 9cfc4e967edb808d679f777bc6702c7d",
            ),
        ];
        for (cipher, key, ciphertext) in rows {
            for chunk in [1, 7, 16, 17, 32] {
                assert_eq!(decrypt(cipher, key, iv, &hex(ciphertext), chunk), plain);
                assert_eq!(encrypt(cipher, key, iv, &plain, chunk), hex(ciphertext));
            }
        }
    }

    #[test]
    fn des_ede3_cbc_sp800_67() {
        // SP 800-67 Appendix B.1 is ECB; with a zero iv the first block of CBC is the same.
        let key = "0123456789abcdef 23456789abcdef01 456789abcdef0123";
        let plain = decrypt(Cipher::DesEde3Cbc, key, "0000000000000000", &hex("a826fd8ce53b855f"), 3);
        assert_eq!(plain, b"The qufc");
    }

    #[test]
    fn aes_gcm_mcgrew_viega_case_4() {
        let key = hex("feffe9928665731c6d6a8f9467308308");
        let iv = hex("cafebabefacedbaddecaf888");
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let ciphertext = hex("42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
            21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091");
        let plain = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
            1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
        let tag = hex("5bc94fbc3221a5db94fae95ae7121a47");
        let open = |tag: &[u8], chunk: usize| {
            let mut decryption = Decryption::new(Cipher::Aes128Gcm, &key, &iv).unwrap();
            decryption.additional_data(&aad).unwrap();
            let (mut output, mut written) = (vec![0; ciphertext.len()], 0);
            for part in ciphertext.chunks(chunk) {
                written += decryption.update(part, &mut output[written..]).unwrap();
            }
            decryption.finish_with_tag(tag).map(|()| output)
        };
        for chunk in [1, 13, 16, 60] {
            for len in 12..=16 {
                assert_eq!(open(&tag[..len], chunk), Ok(plain.clone()));
            }
        }
        let mut encryption = Encryption::new(Cipher::Aes128Gcm, &key, &iv).unwrap();
        encryption.additional_data(&aad).unwrap();
        let mut output = vec![0; plain.len()];
        assert_eq!(encryption.update(&plain, &mut output), Ok(plain.len()));
        assert_eq!((encryption.finish_with_tag().unwrap().to_vec(), &output), (tag.clone(), &ciphertext));
        for byte in 0..16 {
            let mut wrong = tag.clone();
            wrong[byte] ^= 1;
            assert_eq!(open(&wrong, 60), Err(Failed));
        }
        assert_eq!(open(&tag[..11], 60), Err(Failed));
        no_error_left();
    }

    /// Cases 5 and 6: nonces of 8 and of 60 octets.
    #[test]
    fn aes_gcm_mcgrew_viega_other_nonces() {
        let key = hex("feffe9928665731c6d6a8f9467308308");
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
            1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
        let rows = [
            (
                "cafebabefacedbad",
                "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c7423
                73806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f4598",
                "3612d2e79e3b0785561be14aaca2fccb",
            ),
            (
                "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728
                c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b",
                "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca7
                01e4a9a4fba43c90ccdcb281d48c7c6fd62875d2aca417034c34aee5",
                "619cc5aefffe0bfa462af43c1699d050",
            ),
        ];
        for (nonce, ciphertext, tag) in rows {
            let mut decryption = Decryption::new(Cipher::Aes128Gcm, &key, &hex(nonce)).unwrap();
            decryption.additional_data(&aad).unwrap();
            let mut output = vec![0; plain.len()];
            assert_eq!(decryption.update(&hex(ciphertext), &mut output), Ok(plain.len()));
            assert_eq!((decryption.finish_with_tag(&hex(tag)), output), (Ok(()), plain.clone()));
        }
        no_error_left();
    }

    #[test]
    fn wrong_lengths_are_refused() {
        assert_eq!(Decryption::new(Cipher::Aes128Cbc, &[0; 24], &[0; 16]).err(), Some(Failed));
        assert_eq!(Decryption::new(Cipher::Aes128Gcm, &[0; 16], &[]).err(), Some(Failed));
        assert_eq!(Decryption::new(Cipher::Aes128Gcm, &[0; 16], &[0; 65]).err(), Some(Failed));
        let mut decryption = Decryption::new(Cipher::Aes128Cbc, &[0; 16], &[0; 16]).unwrap();
        assert_eq!(decryption.update(&[0; 16], &mut [0; 15]), Err(Failed));
        assert_eq!(decryption.update(&[0; 15], &mut []), Ok(0));
        assert_eq!(decryption.update(&[0; 1], &mut []), Err(Failed));
        assert_eq!(decryption.finish(), Err(Failed));
        // SP 800-38D §5.2.1.1 lets us write other nonces; we never do.
        assert_eq!(Encryption::new(Cipher::Aes128Gcm, &[0; 16], &[0; 13]).err(), Some(Failed));
        let mut encryption = Encryption::new(Cipher::Aes128Cbc, &[0; 16], &[0; 16]).unwrap();
        assert_eq!(encryption.update(&[0; 15], &mut []), Ok(0));
        assert_eq!(encryption.finish(), Err(Failed));
        assert_eq!(Encryption::new(Cipher::Aes128Cbc, &[0; 16], &[0; 16]).unwrap().finish_with_tag(), Err(Failed));
    }
}
