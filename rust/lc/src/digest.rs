//! Hash functions: their names, and those that `aws-lc-rs` does not offer.

use core::ffi::{c_int, c_uint};
use core::{fmt, ptr};

use aws_lc_sys as c;

use crate::{Result, check, failed};

/// A hash function, as the backend names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    Md4,
    Md5,
    Ripemd160,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512_224,
    Sha512_256,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
    /// With 256 bits of output, as RFC 8702 uses it.
    Shake128,
    /// With 512 bits of output, as RFC 8702 and RFC 8419 use it.
    Shake256,
}

impl Hash {
    pub const fn output_len(self) -> usize {
        match self {
            Self::Md4 | Self::Md5 => 16,
            Self::Ripemd160 | Self::Sha1 => 20,
            Self::Sha224 | Self::Sha512_224 | Self::Sha3_224 => 28,
            Self::Sha256 | Self::Sha512_256 | Self::Sha3_256 | Self::Shake128 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 | Self::Shake256 => 64,
        }
    }

    pub(crate) const fn nid(self) -> c_int {
        match self {
            Self::Md4 => c::NID_md4,
            Self::Md5 => c::NID_md5,
            Self::Ripemd160 => c::NID_ripemd160,
            Self::Sha1 => c::NID_sha1,
            Self::Sha224 => c::NID_sha224,
            Self::Sha256 => c::NID_sha256,
            Self::Sha384 => c::NID_sha384,
            Self::Sha512 => c::NID_sha512,
            Self::Sha512_224 => c::NID_sha512_224,
            Self::Sha512_256 => c::NID_sha512_256,
            Self::Sha3_224 => c::NID_sha3_224,
            Self::Sha3_256 => c::NID_sha3_256,
            Self::Sha3_384 => c::NID_sha3_384,
            Self::Sha3_512 => c::NID_sha3_512,
            Self::Shake128 => c::NID_shake128,
            Self::Shake256 => c::NID_shake256,
        }
    }

    pub(crate) fn md(self) -> *const c::EVP_MD {
        // SAFETY: these take nothing and return a pointer to a static.
        unsafe {
            match self {
                Self::Md4 => c::EVP_md4(),
                Self::Md5 => c::EVP_md5(),
                Self::Ripemd160 => c::EVP_ripemd160(),
                Self::Sha1 => c::EVP_sha1(),
                Self::Sha224 => c::EVP_sha224(),
                Self::Sha256 => c::EVP_sha256(),
                Self::Sha384 => c::EVP_sha384(),
                Self::Sha512 => c::EVP_sha512(),
                Self::Sha512_224 => c::EVP_sha512_224(),
                Self::Sha512_256 => c::EVP_sha512_256(),
                Self::Sha3_224 => c::EVP_sha3_224(),
                Self::Sha3_256 => c::EVP_sha3_256(),
                Self::Sha3_384 => c::EVP_sha3_384(),
                Self::Sha3_512 => c::EVP_sha3_512(),
                Self::Shake128 => c::EVP_shake128(),
                Self::Shake256 => c::EVP_shake256(),
            }
        }
    }
}

/// A digest under way. A clone goes on from the same state.
pub struct HashContext {
    context: *mut c::EVP_MD_CTX,
    hash: Hash,
}

// SAFETY: the context is owned by this value alone, bound to no thread, and only changed through `&mut`.
unsafe impl Send for HashContext {}
// SAFETY: through `&` it is only copied, which reads it.
unsafe impl Sync for HashContext {}

impl HashContext {
    /// Fails only for want of memory.
    pub fn new(hash: Hash) -> Result<Self> {
        let this = Self::empty(hash)?;
        // SAFETY: the context is live, the digest a static.
        check(unsafe { c::EVP_DigestInit_ex(this.context, hash.md(), ptr::null_mut()) })?;
        Ok(this)
    }

    fn empty(hash: Hash) -> Result<Self> {
        // SAFETY: takes nothing; null is handled.
        let context = unsafe { c::EVP_MD_CTX_new() };
        if context.is_null() { Err(failed()) } else { Ok(Self { context, hash }) }
    }

    pub fn update(&mut self, data: &[u8]) -> Result<()> {
        // SAFETY: the context is live and initialized; the slice is valid for its length.
        check(unsafe { c::EVP_DigestUpdate(self.context, data.as_ptr().cast(), data.len()) })
    }

    /// The digest: as many octets of the array as the hash function has.
    pub fn finish(self) -> Result<[u8; 64]> {
        let (mut out, mut written): ([u8; 64], c_uint) = ([0; 64], 0);
        let len = self.hash.output_len();
        if matches!(self.hash, Hash::Shake128 | Hash::Shake256) {
            // SAFETY: the context is live and initialized; `out` has room for the `len` octets asked for.
            check(unsafe { c::EVP_DigestFinalXOF(self.context, out.as_mut_ptr(), len) })?;
            return Ok(out);
        }
        // SAFETY: the context is live and initialized; `out` has room for the longest digest.
        check(unsafe { c::EVP_DigestFinal_ex(self.context, out.as_mut_ptr(), &mut written) })?;
        if written as usize == len { Ok(out) } else { Err(failed()) }
    }

    /// Fails only for want of memory.
    pub fn copy(&self) -> Result<Self> {
        let copy = Self::empty(self.hash)?;
        // SAFETY: both contexts are live, the source is initialized.
        check(unsafe { c::EVP_MD_CTX_copy_ex(copy.context, self.context) })?;
        Ok(copy)
    }

    pub fn hash(&self) -> Hash {
        self.hash
    }
}

impl fmt::Debug for HashContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HashContext({:?}, …)", self.hash)
    }
}

impl Drop for HashContext {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `EVP_MD_CTX_new`, is owned by this value and freed once; freeing wipes it.
        unsafe { c::EVP_MD_CTX_free(self.context) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hex, no_error_left};

    /// "abc": RFC 1320 A.5, RFC 1321 A.5, the RIPEMD-160 page of its authors, FIPS 180-4 and FIPS 202 example values.
    const ABC: [(Hash, &str); 12] = [
        (Hash::Md4, "a448017aaf21d8525fc10ae87aa6729d"),
        (Hash::Md5, "900150983cd24fb0d6963f7d28e17f72"),
        (Hash::Ripemd160, "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
        (Hash::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (Hash::Sha512_224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
        (Hash::Sha512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        (Hash::Sha3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"),
        (Hash::Sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        (
            Hash::Sha3_384,
            "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
        ),
        (
            Hash::Sha3_512,
            "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e
             10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
        ),
        (Hash::Shake128, "5881092dd818bf5cf8a3ddb793fbcba74097d5c526a6d35f97b83351940f2cc8"),
        (
            Hash::Shake256,
            "483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739
             d5a15bef186a5386c75744c0527e1faa9f8726e462a12a4feb06bd8801e751e4",
        ),
    ];

    #[test]
    fn known_answers() {
        for (hash, expected) in ABC {
            let mut context = HashContext::new(hash).unwrap();
            context.update(b"a").unwrap();
            let mut copy = context.copy().unwrap();
            context.update(b"bc").unwrap();
            copy.update(b"bc").unwrap();
            assert_eq!(context.hash(), hash);
            for context in [context, copy] {
                assert_eq!(context.finish().unwrap()[..hash.output_len()], hex(expected), "{hash:?}");
            }
        }
        no_error_left();
    }
}
