//! Keys from passwords. The work is bounded by the caller (`alg::pbe`) before anything here runs.

use zeroize::Zeroizing;

use crate::crypto::digest::Digest;
use crate::crypto::secret::Secret;

/// A password, or the absence of one, which PKCS#12 tells from an empty one.
#[derive(Clone, Default)]
pub struct Password(Option<Secret>);

impl Password {
    pub fn new(text: &str) -> Self {
        Self(Some(Secret::new(text.as_bytes().to_vec())))
    }

    /// No password at all.
    pub const fn absent() -> Self {
        Self(None)
    }

    pub fn is_absent(&self) -> bool {
        self.0.is_none()
    }

    /// UTF-8, for PBES2 (RFC 8018 §3). Empty if absent.
    pub fn utf8(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], Secret::expose)
    }

    /// BMPString with two zero octets at the end, for PKCS#12 (RFC 7292 App. B.1); not even these if absent. Characters
    /// outside the BMP become surrogate pairs, as everyone does.
    pub fn bmp(&self) -> Secret {
        let Some(text) = &self.0 else { return Secret::default() };
        let text = core::str::from_utf8(text.expose()).unwrap_or_default();
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
        for unit in text.encode_utf16().chain([0]) {
            bytes.extend_from_slice(&unit.to_be_bytes());
        }
        Secret::from(bytes)
    }
}

impl core::fmt::Debug for Password {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(if self.0.is_some() { "Password(…)" } else { "Password(absent)" })
    }
}

/// PBKDF2 with HMAC (RFC 8018 §5.2). None: no iterations.
pub fn pbkdf2(digest: &dyn Digest, password: &[u8], salt: &[u8], iterations: u32, len: usize) -> Option<Secret> {
    let mut key = Zeroizing::new(vec![0; len]);
    mailseal_lc::pbkdf2(digest.hash(), password, salt, iterations, &mut key).ok()?;
    Some(Secret::from(key))
}

/// N, r and p of scrypt (RFC 7914 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScryptCost {
    pub n: u64,
    pub r: u64,
    pub p: u64,
}

/// scrypt (RFC 7914). None: parameters that RFC 7914 forbids, or more than `memory` octets needed.
pub fn scrypt(password: &[u8], salt: &[u8], cost: ScryptCost, memory: usize, len: usize) -> Option<Secret> {
    let mut key = Zeroizing::new(vec![0; len]);
    mailseal_lc::scrypt(password, salt, cost.n, cost.r, cost.p, memory, &mut key).ok()?;
    Some(Secret::from(key))
}

/// What the octets of `pkcs12_kdf` are for: its diversifier (RFC 7292 App. B.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkcs12Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// PKCS#12 key derivation (RFC 7292 App. B.2); `password` as `Password::bmp` gives it. Needs at least one iteration.
pub fn pkcs12_kdf(
    digest: &dyn Digest,
    purpose: Pkcs12Purpose,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    len: usize,
) -> Secret {
    // v of the RFC: the block of the compression function
    let block = if digest.output_len() > 32 { 128 } else { 64 };
    let diversifier = [purpose as u8; 128];
    let mut input = Zeroizing::new(fill_blocks(salt, block));
    input.extend_from_slice(&Zeroizing::new(fill_blocks(password, block)));
    let mut key = Zeroizing::new(Vec::with_capacity(len));
    while key.len() < len {
        let mut context = digest.start();
        context.update(diversifier.get(..block).unwrap_or_default());
        context.update(&input);
        let mut value = context.finish();
        for _ in 1..iterations {
            value = digest.digest(value.as_ref());
        }
        let rest = len - key.len();
        key.extend(value.as_ref().iter().take(rest));
        // Each block of the input grows by the repeated output plus one, modulo 2^(8v).
        for chunk in input.chunks_mut(block) {
            let mut carry = 1_u16;
            let addend = Zeroizing::new(fill_blocks(value.as_ref(), block));
            for (byte, other) in chunk.iter_mut().zip(addend.iter()).rev() {
                carry += u16::from(*byte) + u16::from(*other);
                *byte = carry as u8;
                carry >>= 8;
            }
        }
    }
    Secret::from(key)
}

/// `data` again and again until whole blocks are full; none if it is empty.
fn fill_blocks(data: &[u8], block: usize) -> Vec<u8> {
    let len = data.len().div_ceil(block) * block;
    data.iter().copied().cycle().take(len).collect()
}
