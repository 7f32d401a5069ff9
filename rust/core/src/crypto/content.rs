//! Content encryption: from the segments of an OCTET STRING straight into one buffer, and from there into its place.

use aws_lc_rs::aead;
pub use mailseal_lc::GCM_NONCE_LEN;
use mailseal_lc::{Cipher, Decryption, Encryption};
use subtle::{Choice, ConstantTimeEq, ConstantTimeLess};
use zeroize::{Zeroize, Zeroizing};

use crate::asn1::Octets;

/// It did not work; there is nothing more to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opaque;

/// A cipher for content.
pub trait ContentCipher: Sync + core::fmt::Debug {
    fn key_len(&self) -> usize;
    /// Octets of the initialization vector or nonce.
    fn iv_len(&self) -> usize;
    fn is_aead(&self) -> bool;
    /// The plaintext, complete and, with an AEAD, authenticated. Without one `aad` and `mac` must be empty.
    fn decrypt(&self, call: &DecryptCall<'_, '_>) -> Result<Vec<u8>, Opaque>;

    /// Octets that a plaintext of `len` becomes.
    fn ciphertext_len(&self, len: usize) -> usize {
        len
    }

    /// Fills `ciphertext`, which has `ciphertext_len` octets; returns the tag of 16, or with no AEAD an empty one.
    /// Err also for ciphers that are read only.
    fn encrypt(&self, _call: &EncryptCall<'_>, _ciphertext: &mut [u8]) -> Result<Vec<u8>, Opaque> {
        Err(Opaque)
    }
}

/// What one encryption works on.
#[derive(Clone, Copy)]
pub struct EncryptCall<'a> {
    pub key: &'a [u8],
    pub iv: &'a [u8],
    pub plaintext: &'a [u8],
    pub aad: &'a [u8],
}

impl core::fmt::Debug for EncryptCall<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("EncryptCall(…)")
    }
}

/// What one decryption works on.
#[derive(Clone, Copy)]
pub struct DecryptCall<'a, 'o> {
    pub key: &'a [u8],
    pub iv: &'a [u8],
    pub ciphertext: &'a Octets<'o>,
    pub aad: &'a [u8],
    pub mac: &'a [u8],
}

impl core::fmt::Debug for DecryptCall<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DecryptCall(…)")
    }
}

/// CBC with the padding of RFC 5652 §6.3.
#[derive(Debug)]
pub struct Cbc(Cipher);

/// GCM (RFC 5084) with a tag of 12 to 16 octets.
#[derive(Debug)]
pub struct Gcm(Cipher);

pub static AES128_CBC: Cbc = Cbc(Cipher::Aes128Cbc);
pub static AES192_CBC: Cbc = Cbc(Cipher::Aes192Cbc);
pub static AES256_CBC: Cbc = Cbc(Cipher::Aes256Cbc);
pub static DES_EDE3_CBC: Cbc = Cbc(Cipher::DesEde3Cbc);
pub static AES128_GCM: Gcm = Gcm(Cipher::Aes128Gcm);
pub static AES192_GCM: Gcm = Gcm(Cipher::Aes192Gcm);
pub static AES256_GCM: Gcm = Gcm(Cipher::Aes256Gcm);

/// CCM (RFC 5084) with a key of that many octets, and a tag of 12 to 16 octets.
#[derive(Debug)]
pub struct Ccm(usize);

pub static AES128_CCM: Ccm = Ccm(16);
pub static AES192_CCM: Ccm = Ccm(24);
pub static AES256_CCM: Ccm = Ccm(32);

impl ContentCipher for Ccm {
    fn key_len(&self) -> usize {
        self.0
    }

    /// The longest; the parameters may name a shorter one.
    fn iv_len(&self) -> usize {
        13
    }

    fn is_aead(&self) -> bool {
        true
    }

    fn decrypt(&self, call: &DecryptCall<'_, '_>) -> Result<Vec<u8>, Opaque> {
        if call.key.len() != self.0 {
            return Err(Opaque);
        }
        let ciphertext = call.ciphertext.to_cow();
        let opened = mailseal_lc::aes_ccm_open(call.key, call.iv, call.aad, &ciphertext, call.mac);
        Ok(core::mem::take(&mut *opened.map_err(|_| Opaque)?))
    }
}

impl ContentCipher for Cbc {
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
        self.decrypt_segments(call.key, call.iv, call.ciphertext.len(), call.ciphertext.segments())
    }

    /// Padding always takes one octet at least (RFC 5652 §6.3).
    fn ciphertext_len(&self, len: usize) -> usize {
        len - len % self.0.block_len() + self.0.block_len()
    }

    fn encrypt(&self, call: &EncryptCall<'_>, ciphertext: &mut [u8]) -> Result<Vec<u8>, Opaque> {
        let (block, len) = (self.0.block_len(), call.plaintext.len());
        if !call.aad.is_empty() || ciphertext.len() != self.ciphertext_len(len) {
            return Err(Opaque);
        }
        let (whole, rest) = call.plaintext.split_at(len - len % block);
        let padding = block - rest.len();
        let mut last = Zeroizing::new(rest.to_vec());
        last.resize(block, u8::try_from(padding).map_err(|_| Opaque)?);
        let (front, end) = ciphertext.split_at_mut(whole.len());
        let mut encryption = Encryption::new(self.0, call.key, call.iv).map_err(|_| Opaque)?;
        let written = encryption.update(whole, front).and_then(|first| Ok(first + encryption.update(&last, end)?));
        if written != Ok(len + padding) {
            return Err(Opaque);
        }
        encryption.finish().map(|()| Vec::new()).map_err(|_| Opaque)
    }
}

impl Cbc {
    /// Whole blocks, whatever their last octets are.
    pub fn decrypt_blocks(&self, key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Opaque> {
        let len = ciphertext.len();
        if !len.is_multiple_of(self.0.block_len()) {
            return Err(Opaque);
        }
        let mut output = Output::new(len);
        let mut decryption = Decryption::new(self.0, key, iv).map_err(|_| Opaque)?;
        output.fill(&mut decryption, core::iter::once(ciphertext))?;
        decryption.finish().map_err(|_| Opaque)?;
        Ok(Zeroizing::new(output.release(len)))
    }

    /// One run of octets, as in password-based encryption.
    pub fn decrypt_slice(&self, key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Opaque> {
        self.decrypt_segments(key, iv, ciphertext.len(), core::iter::once(ciphertext))
    }

    fn decrypt_segments<'s>(
        &self,
        key: &[u8],
        iv: &[u8],
        len: usize,
        segments: impl Iterator<Item = &'s [u8]>,
    ) -> Result<Vec<u8>, Opaque> {
        let block = self.0.block_len();
        if len == 0 || !len.is_multiple_of(block) {
            return Err(Opaque);
        }
        let mut output = Output::new(len);
        let mut decryption = Decryption::new(self.0, key, iv).map_err(|_| Opaque)?;
        output.fill(&mut decryption, segments)?;
        decryption.finish().map_err(|_| Opaque)?;
        let padding = cbc_padding(output.buffer.get(len - block..).unwrap_or_default())?;
        Ok(output.release(len - padding))
    }
}

/// Octets of padding at the end of the last block: 1 to all of them, each holding their number (RFC 5652 §6.3). Every
/// octet of the block is looked at, whatever they hold.
pub(crate) fn cbc_padding(last_block: &[u8]) -> Result<usize, Opaque> {
    let (Some(last), Ok(block)) = (last_block.last(), u8::try_from(last_block.len())) else { return Err(Opaque) };
    let mut right = !last.ct_eq(&0) & last.ct_lt(&(block + 1));
    for (distance, byte) in (0..block).zip(last_block.iter().rev()) {
        let in_padding: Choice = distance.ct_lt(last);
        right &= !in_padding | byte.ct_eq(last);
    }
    if bool::from(right) { Ok(usize::from(*last)) } else { Err(Opaque) }
}

impl ContentCipher for Gcm {
    fn key_len(&self) -> usize {
        self.0.key_len()
    }

    fn iv_len(&self) -> usize {
        self.0.iv_len()
    }

    fn is_aead(&self) -> bool {
        true
    }

    fn decrypt(&self, call: &DecryptCall<'_, '_>) -> Result<Vec<u8>, Opaque> {
        let len = call.ciphertext.len();
        let mut output = Output::new(len);
        let mut decryption = Decryption::new(self.0, call.key, call.iv).map_err(|_| Opaque)?;
        decryption.additional_data(call.aad).map_err(|_| Opaque)?;
        output.fill(&mut decryption, call.ciphertext.segments())?;
        decryption.finish_with_tag(call.mac).map_err(|_| Opaque)?;
        Ok(output.release(len))
    }

    fn encrypt(&self, call: &EncryptCall<'_>, ciphertext: &mut [u8]) -> Result<Vec<u8>, Opaque> {
        let len = call.plaintext.len();
        // SP 800-38D §5.2.1.1
        if ciphertext.len() != len || u64::try_from(len).map_or(true, |len| len > GCM_MAX_PLAINTEXT) {
            return Err(Opaque);
        }
        let mut encryption = Encryption::new(self.0, call.key, call.iv).map_err(|_| Opaque)?;
        encryption.additional_data(call.aad).map_err(|_| Opaque)?;
        if encryption.update(call.plaintext, ciphertext) != Ok(len) {
            return Err(Opaque);
        }
        encryption.finish_with_tag().map(|tag| tag.to_vec()).map_err(|_| Opaque)
    }
}

/// Octets under one key and nonce, SP 800-38D §5.2.1.1: 2^39 - 256 bits.
const GCM_MAX_PLAINTEXT: u64 = (1 << 36) - 32;

/// ChaCha20-Poly1305 (RFC 8439, RFC 8103) with its tag of 16 octets.
#[derive(Debug)]
pub struct ChaCha20Poly1305;

impl ContentCipher for ChaCha20Poly1305 {
    fn key_len(&self) -> usize {
        aead::CHACHA20_POLY1305.key_len()
    }

    fn iv_len(&self) -> usize {
        aead::NONCE_LEN
    }

    fn is_aead(&self) -> bool {
        true
    }

    fn decrypt(&self, call: &DecryptCall<'_, '_>) -> Result<Vec<u8>, Opaque> {
        let key = aead::UnboundKey::new(&aead::CHACHA20_POLY1305, call.key).map_err(|_| Opaque)?;
        let nonce = aead::Nonce::try_assume_unique_for_key(call.iv).map_err(|_| Opaque)?;
        let mut buffer = Zeroizing::new(Vec::with_capacity(call.ciphertext.len() + call.mac.len()));
        call.ciphertext.segments().chain([call.mac]).for_each(|segment| buffer.extend_from_slice(segment));
        let opened = aead::LessSafeKey::new(key).open_in_place(nonce, aead::Aad::from(call.aad), &mut buffer);
        let len = opened.map_err(|_| Opaque)?.len();
        buffer.truncate(len);
        Ok(core::mem::take(&mut *buffer))
    }

    fn encrypt(&self, call: &EncryptCall<'_>, ciphertext: &mut [u8]) -> Result<Vec<u8>, Opaque> {
        if ciphertext.len() != call.plaintext.len() {
            return Err(Opaque);
        }
        let key = aead::UnboundKey::new(&aead::CHACHA20_POLY1305, call.key).map_err(|_| Opaque)?;
        let nonce = aead::Nonce::try_assume_unique_for_key(call.iv).map_err(|_| Opaque)?;
        ciphertext.copy_from_slice(call.plaintext);
        let sealed =
            aead::LessSafeKey::new(key).seal_in_place_separate_tag(nonce, aead::Aad::from(call.aad), ciphertext);
        match sealed {
            Ok(tag) => Ok(tag.as_ref().to_vec()),
            Err(_) => {
                ciphertext.zeroize();
                Err(Opaque)
            }
        }
    }
}

/// Plaintext that nobody has seen yet: wiped when dropped, unless it is released.
struct Output {
    buffer: Zeroizing<Vec<u8>>,
    written: usize,
}

impl Output {
    fn new(len: usize) -> Self {
        Self { buffer: Zeroizing::new(vec![0; len]), written: 0 }
    }

    fn fill<'s>(
        &mut self,
        decryption: &mut Decryption,
        mut segments: impl Iterator<Item = &'s [u8]>,
    ) -> Result<(), Opaque> {
        segments.try_for_each(|segment| {
            let rest = self.buffer.get_mut(self.written..).unwrap_or_default();
            self.written += decryption.update(segment, rest).map_err(|_| Opaque)?;
            Ok(())
        })?;
        if self.written == self.buffer.len() { Ok(()) } else { Err(Opaque) }
    }

    fn release(mut self, len: usize) -> Vec<u8> {
        let mut plaintext = core::mem::take(&mut *self.buffer);
        plaintext.get_mut(len..).unwrap_or_default().zeroize();
        plaintext.truncate(len);
        plaintext
    }
}
