//! DSA verification (FIPS 186-4 §4.7).

use core::ffi::c_int;
use core::ptr;

use aws_lc_sys as c;

use crate::{Failed, Number, Result, check, failed};

/// p, q, g and y, big-endian magnitudes.
#[derive(Clone, Copy, Debug)]
pub struct DsaComponents<'a> {
    pub p: &'a [u8],
    pub q: &'a [u8],
    pub g: &'a [u8],
    pub y: &'a [u8],
}

/// A DSA public key with its parameters.
#[derive(Debug)]
pub struct DsaPublicKey(*mut c::DSA);

// SAFETY: after it was made a DSA is only used by verification, whose one cache has a lock of its own.
unsafe impl Send for DsaPublicKey {}
// SAFETY: as above.
unsafe impl Sync for DsaPublicKey {}

impl DsaPublicKey {
    /// Fails unless q has 160, 224 or 256 bits, p is odd and has at most 10000 bits, and g and y are of order q: without
    /// that, numbers such as 1 and p-1 make one signature right for every message (FIPS 186-4 §4.2, SP 800-89 §5.3).
    pub fn new(components: &DsaComponents<'_>) -> Result<Self> {
        // SAFETY: takes nothing; null is handled.
        let pointer = unsafe { c::DSA_new() };
        if pointer.is_null() {
            return Err(failed());
        }
        let key = Self(pointer);
        let [p, q, g, y] = [components.p, components.q, components.g, components.y].map(Number::new);
        let (p, q, g, y) = (p?, q?, g?, y?);
        if components.p.last().is_none_or(|last| last & 1 == 0) {
            return Err(Failed);
        }
        for number in [&g, &y] {
            check_order(number, &q, &p)?;
        }
        // SAFETY: the key and the numbers are live.
        check(unsafe { c::DSA_set0_pqg(key.0, p.0, q.0, g.0) })?;
        // The key owns them from here on.
        let _ = [p, q, g].map(core::mem::forget);
        // SAFETY: as above; null leaves out the private key.
        check(unsafe { c::DSA_set0_key(key.0, y.0, ptr::null_mut()) })?;
        core::mem::forget(y);
        // Verification checks the parameters first: a call on a well-formed signature tells whether it takes them.
        key.call(&[0; 20], &[0x30, 6, 2, 1, 1, 2, 1, 1]).map(|_| key)
    }

    /// Of p.
    pub fn bits(&self) -> u32 {
        // SAFETY: the key is live.
        unsafe { c::DSA_bits(self.0) }
    }

    /// Over a digest of any length (its leftmost bits count); the signature is a strict DER Dss-Sig-Value.
    pub fn verify(&self, digest: &[u8], signature: &[u8]) -> bool {
        self.call(digest, signature) == Ok(true)
    }

    /// Err: the signature cannot be read, or the parameters are refused.
    fn call(&self, digest: &[u8], signature: &[u8]) -> Result<bool> {
        let mut valid: c_int = 0;
        let (digest, digest_len) = (digest.as_ptr(), digest.len());
        let (signature, len) = (signature.as_ptr(), signature.len());
        // SAFETY: both buffers are valid for their lengths; the key is live and only its locked cache changes.
        let code = unsafe { c::DSA_check_signature(&mut valid, digest, digest_len, signature, len, self.0) };
        check(code).map_err(|_| Failed)?;
        Ok(valid == 1)
    }
}

/// Whether `number` lies between 1 and `p` and its power of `q` is 1; `q` being a prime, its order is `q` then.
fn check_order(number: &Number, q: &Number, p: &Number) -> Result<()> {
    // SAFETY: both are live.
    let in_range =
        unsafe { c::BN_is_zero(number.0) == 0 && c::BN_is_one(number.0) == 0 && c::BN_cmp(number.0, p.0) < 0 };
    // SAFETY: both are live. A greater q than AWS-LC takes costs nothing: it is refused here.
    let affordable = unsafe { c::BN_num_bits(q.0) <= 256 && c::BN_num_bits(p.0) <= 10_000 };
    if !in_range || !affordable {
        return Err(Failed);
    }
    let power = Number::new(&[])?;
    // SAFETY: takes nothing; null is handled.
    let context = unsafe { c::BN_CTX_new() };
    if context.is_null() {
        return Err(failed());
    }
    // SAFETY: all are live; the modulus is odd, and all numbers are public.
    let done = check(unsafe { c::BN_mod_exp(power.0, number.0, q.0, p.0, context) });
    // SAFETY: the pointer came from `BN_CTX_new` and is freed once.
    unsafe { c::BN_CTX_free(context) };
    done?;
    // SAFETY: live.
    if unsafe { c::BN_is_one(power.0) } == 1 { Ok(()) } else { Err(Failed) }
}

impl Drop for DsaPublicKey {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `DSA_new`, is owned by this value and freed once.
        unsafe { c::DSA_free(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hex, no_error_left};

    // A key of 1024 bits, and its signature of SHA-1("abc"): made with OpenSSL's command.
    const P: &str = "00e555a84286e2322c7812225b0a8e0c893facede879b8bb4faa14ebb2ee03086eb0885d87385bf13ce7184a87f0f8f8
        9db8c8991a89d0b744b784390ea281f319c465a21411706dec6a33210ca094aaae969b35c38a21c7ad11e72c083ced72
        66b0184c515b54a39c9d789d9f7c0b166debfb5eeb72b7799c84e002fc2e0d5659";
    const Q: &str = "00a52e57ac7b67811497b321f0d85b484ff823511af0b91c7f34ad7925";
    const G: &str = "0080c616c2940aaccecdb1e310b8070f75cc9fbdf1d0d9f8030bb9359c1bd7142c71ca21daef52285c35006b5ae0f5b4
        7057b537731cb4eefe441afa1adcbe35ad48732ac2a5bb4a367b2b6967bb430cb76adbc84c8a3bc231bb9d7cbe78eece
        464d2c92739a1cfb46f5e67951e96db44c8297fd6cf052847cb981c72874ff47c2";
    const Y: &str = "00a434c299c3190428eb0f5089d6139970512c0fbfe8956389348bcf71a9aa104f9744d1b47f85f542f8d8be92cf00b7
        367b48c66c0434b862bb17b6a3b6d3c75b515c9ab3ddec60e4fbfe64a03b02aa60d2b35a26b70bbbf16fd2083d1b8486
        d296bf980cafdc6ad39759b326969fc8f980a31587d5eaae37c326817e53e71372";
    const SIGNATURE: &str =
        "303c021c0d877b8d342a5967b4f82a30fbea91663aefcfa5af679ee5f0b6e587021c21f3c0ff10b5c7a1559ce06b5283
        02365fcdefb4ae59f43642b34ca4";

    #[test]
    fn what_openssl_signed() {
        let (p, q, g, y) = (hex(P), hex(Q), hex(G), hex(Y));
        let key = DsaPublicKey::new(&DsaComponents { p: &p, q: &q, g: &g, y: &y }).unwrap();
        let (mut digest, signature) = (hex("a9993e364706816aba3e25717850c26c9cd0d89d"), hex(SIGNATURE));
        assert_eq!(key.bits(), 1024);
        assert!(key.verify(&digest, &signature));
        for at in 0..signature.len() {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert!(!key.verify(&digest, &changed), "{at}");
        }
        digest[0] ^= 1;
        assert!(!key.verify(&digest, &signature));
        no_error_left();
    }

    /// SIG-12: with g = y = 1 the signature (1, 1) is right for every message, with p-1 for every second one.
    #[test]
    fn numbers_of_another_order_are_refused() {
        let (p, q, g, y) = (hex(P), hex(Q), hex(G), hex(Y));
        let mut less = p.clone();
        *less.last_mut().unwrap() -= 1;
        let key = |g: &[u8], y: &[u8]| DsaPublicKey::new(&DsaComponents { p: &p, q: &q, g, y }).is_ok();
        assert!(key(&g, &y) && key(&g, &g));
        for bad in [&[][..], &[0], &[1], &[2], &less, &p] {
            assert!(!key(bad, &y) && !key(&g, bad));
        }
        let mut even = p.clone();
        *even.last_mut().unwrap() &= 0xfe;
        assert!(DsaPublicKey::new(&DsaComponents { p: &even, q: &q, g: &g, y: &y }).is_err());
        no_error_left();
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let (p, q) = (hex(P), hex(Q));
        let key = |q: &[u8], g: &[u8], y: &[u8]| DsaPublicKey::new(&DsaComponents { p: &p, q, g, y }).is_ok();
        assert!(!key(&q[..27], &[2], &[3]));
        assert!(!key(&[], &[2], &[3]));
        assert!(!key(&q, &[0], &[3]));
        assert!(DsaPublicKey::new(&DsaComponents { p: &[0; 1251], q: &q, g: &[2], y: &[3] }).is_err());
        no_error_left();
    }
}
