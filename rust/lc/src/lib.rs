//! The wall of unsafe: the parts of AWS-LC that `aws-lc-rs` does not offer, as small safe types.
//!
//! Rules of this crate: every pointer that AWS-LC owns lives in a type that frees it; lengths are checked here before C
//! sees them; AWS-LC's error queue is cleared after every failure, so that no failure is reported twice or elsewhere;
//! each function has a known-answer test. Nothing here knows an OID or a message format.

mod ccm;
mod cipher;
mod digest;
mod dsa;
mod ec;
mod kdf;
mod key_wrap;
mod legacy;
mod rsa;

use core::ffi::c_int;
use core::fmt;

pub use ccm::aes_ccm_open;
pub use cipher::{Cipher, Decryption, Encryption, GCM_NONCE_LEN};
pub use digest::{Hash, HashContext};
pub use dsa::{DsaComponents, DsaPublicKey};
pub use ec::{EcPrivateKey, EcPublicKey, Group};
pub use kdf::{pbkdf2, scrypt};
pub use key_wrap::{aes_unwrap, aes_unwrap_padded, aes_wrap};
pub use legacy::{LegacyCipher, md5};
pub use rsa::{RsaComponents, RsaPrivateKey, RsaPrivateNumbers, RsaPublicKey};

/// The backend refused. It says no more, so that nothing can leak from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation failed")
    }
}

impl core::error::Error for Failed {}

pub type Result<T> = core::result::Result<T, Failed>;

/// What C returned: 1 is success, everything else a failure.
fn check(code: c_int) -> Result<()> {
    if code == 1 { Ok(()) } else { Err(failed()) }
}

#[cold]
fn failed() -> Failed {
    // SAFETY: clears the queue of this thread; takes nothing.
    unsafe { aws_lc_sys::ERR_clear_error() };
    Failed
}

/// An integer of the backend, wiped when freed.
struct Number(*mut aws_lc_sys::BIGNUM);

impl Number {
    /// Big-endian magnitude.
    fn new(bytes: &[u8]) -> Result<Self> {
        // SAFETY: the slice is valid for its length; with a null third argument a new BIGNUM is made.
        let pointer = unsafe { aws_lc_sys::BN_bin2bn(bytes.as_ptr(), bytes.len(), core::ptr::null_mut()) };
        if pointer.is_null() { Err(failed()) } else { Ok(Self(pointer)) }
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `BN_bin2bn`, is owned by this value and freed once.
        unsafe { aws_lc_sys::BN_clear_free(self.0) };
    }
}

/// A cipher under way, wiped when freed.
struct Context(*mut aws_lc_sys::EVP_CIPHER_CTX);

impl Context {
    fn new() -> Result<Self> {
        // SAFETY: takes nothing; null is handled.
        let context = unsafe { aws_lc_sys::EVP_CIPHER_CTX_new() };
        if context.is_null() { Err(failed()) } else { Ok(Self(context)) }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `EVP_CIPHER_CTX_new`, is owned by this value and freed once; freeing wipes it.
        unsafe { aws_lc_sys::EVP_CIPHER_CTX_free(self.0) };
    }
}

#[cfg(test)]
mod testing {
    /// Bytes from hexadecimal digits; blanks are skipped.
    pub(crate) fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// The error queue is empty: asserted after each failure that a test provokes.
    pub(crate) fn no_error_left() {
        // SAFETY: reads the queue of this thread; takes nothing.
        assert_eq!(unsafe { aws_lc_sys::ERR_peek_error() }, 0);
    }
}
