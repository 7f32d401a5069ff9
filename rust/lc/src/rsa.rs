//! RSA: verification with any modulus up to 16384 bits, and the bare public and private operations. Padding of decryption
//! is not done here: AWS-LC has no implicit rejection, so the caller unpads in constant time.

use core::ffi::c_int;

use aws_lc_sys as c;
use zeroize::Zeroizing;

use crate::{Failed, Hash, Number, Result, check, failed};

/// An exponent of more bits makes one verification as dear as a private operation.
const MAX_EXPONENT_BITS: usize = 64;

/// An RSA key, wiped when freed.
#[derive(Debug)]
struct Key(*mut c::RSA);

// SAFETY: an RSA is only used by operations here, which AWS-LC allows from any number of threads: its caches (Montgomery
// values, blinding) have locks of their own.
unsafe impl Send for Key {}
// SAFETY: as above.
unsafe impl Sync for Key {}

impl Key {
    fn from_pointer(pointer: *mut c::RSA) -> Result<Self> {
        if pointer.is_null() { Err(failed()) } else { Ok(Self(pointer)) }
    }

    fn bits(&self) -> u32 {
        // SAFETY: the key is live.
        unsafe { c::RSA_bits(self.0) }
    }

    fn size(&self) -> usize {
        // SAFETY: the key is live.
        unsafe { c::RSA_size(self.0) as usize }
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the pointer came from a constructor of AWS-LC, is owned by this value and freed once; freeing wipes it.
        unsafe { c::RSA_free(self.0) };
    }
}

fn check_exponent(exponent: &[u8]) -> Result<()> {
    let zeros = exponent.iter().take_while(|byte| **byte == 0).count();
    if (exponent.len() - zeros) * 8 > MAX_EXPONENT_BITS { Err(Failed) } else { Ok(()) }
}

/// DigestInfo up to the digest, of the hash functions that AWS-LC's RSA does not know. OpenSSL 3 calls MD4 by the OID
/// that ends in 3, and has signed so ever since.
fn old_digest_info(hash: Hash) -> &'static [&'static [u8]] {
    match hash {
        Hash::Md4 => &[
            b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x04\x05\x00\x04\x10",
            b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x03\x05\x00\x04\x10",
        ],
        Hash::Ripemd160 => &[b"\x30\x21\x30\x09\x06\x05\x2b\x24\x03\x02\x01\x05\x00\x04\x14"],
        _ => &[],
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017 §9.2): 00 01, at least eight octets ff, 00, DigestInfo, and nothing else.
fn is_pkcs1_block(block: &[u8], digest_info: &[u8], digest: &[u8]) -> bool {
    let Some(padding) = block.len().checked_sub(3 + digest_info.len() + digest.len()) else { return false };
    let expected = [&[0, 1], vec![0xff; padding].as_slice(), &[0], digest_info, digest].concat();
    padding >= 8 && block == expected
}

#[derive(Debug)]
pub struct RsaPublicKey(Key);

impl RsaPublicKey {
    /// Big-endian magnitudes. Fails on a modulus that is even or longer than 16384 bits, and on an exponent that is even,
    /// 1, not smaller than the modulus or longer than 64 bits.
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self> {
        check_exponent(exponent)?;
        let (n, e) = (Number::new(modulus)?, Number::new(exponent)?);
        // SAFETY: both numbers are live and copied.
        Key::from_pointer(unsafe { c::RSA_new_public_key_large_e(n.0, e.0) }).map(Self)
    }

    pub fn bits(&self) -> u32 {
        self.0.bits()
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2): the whole encoded block is rebuilt and compared.
    pub fn verify_pkcs1(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        if digest.len() != hash.output_len() || signature.len() != self.0.size() {
            return false;
        }
        let old = old_digest_info(hash);
        if !old.is_empty() {
            let Ok(block) = self.raw(signature) else { return false };
            return old.iter().any(|digest_info| is_pkcs1_block(&block, digest_info, digest));
        }
        let (digest, digest_len) = (digest.as_ptr(), digest.len());
        let (signature, len) = (signature.as_ptr(), signature.len());
        // SAFETY: both buffers are valid for their lengths; the key is live and only its locked caches change.
        check(unsafe { c::RSA_verify(hash.nid(), digest, digest_len, signature, len, self.0.0) }).is_ok()
    }

    /// RSASSA-PSS (RFC 8017 §8.1.2) with exactly `salt_len` octets of salt and trailer 0xbc.
    pub fn verify_pss(&self, hash: Hash, mgf_hash: Hash, salt_len: usize, digest: &[u8], signature: &[u8]) -> bool {
        let Ok(salt_len) = c_int::try_from(salt_len) else { return false };
        if digest.len() != hash.output_len() || signature.len() != self.0.size() {
            return false;
        }
        let (digest, digest_len, rsa) = (digest.as_ptr(), digest.len(), self.0.0);
        let (md, mgf, data, len) = (hash.md(), mgf_hash.md(), signature.as_ptr(), signature.len());
        // SAFETY: both buffers are valid for their lengths; the digests are statics; the key is live.
        check(unsafe { c::RSA_verify_pss_mgf1(rsa, digest, digest_len, md, mgf, salt_len, data, len) }).is_ok()
    }

    /// RSAEP (RFC 8017 §5.1.1) on a block as long as the modulus.
    pub fn raw(&self, block: &[u8]) -> Result<Vec<u8>> {
        let (mut out, mut written) = (vec![0; self.0.size()], 0);
        let (data, len, room) = (block.as_ptr(), block.len(), out.len());
        let padding = c::RSA_NO_PADDING;
        // SAFETY: both buffers are valid for the lengths given; the key is live.
        check(unsafe { c::RSA_encrypt(self.0.0, &mut written, out.as_mut_ptr(), room, data, len, padding) })?;
        if written == room { Ok(out) } else { Err(Failed) }
    }
}

/// The numbers of RSAPrivateKey (RFC 8017 A.1.2), big-endian magnitudes.
#[derive(Clone, Copy)]
pub struct RsaComponents<'a> {
    pub modulus: &'a [u8],
    pub public_exponent: &'a [u8],
    pub private_exponent: &'a [u8],
    pub prime1: &'a [u8],
    pub prime2: &'a [u8],
    pub exponent1: &'a [u8],
    pub exponent2: &'a [u8],
    pub coefficient: &'a [u8],
}

impl core::fmt::Debug for RsaComponents<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RsaComponents(…)")
    }
}

/// The numbers of a key as they are taken out of it, wiped when dropped.
pub struct RsaPrivateNumbers([Zeroizing<Vec<u8>>; 8]);

impl RsaPrivateNumbers {
    pub fn components(&self) -> RsaComponents<'_> {
        let [modulus, public_exponent, private_exponent, prime1, prime2, exponent1, exponent2, coefficient] = &self.0;
        RsaComponents { modulus, public_exponent, private_exponent, prime1, prime2, exponent1, exponent2, coefficient }
    }
}

impl core::fmt::Debug for RsaPrivateNumbers {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RsaPrivateNumbers(…)")
    }
}

#[derive(Debug)]
pub struct RsaPrivateKey(Key);

impl RsaPrivateKey {
    /// A new key with the exponent 65537 (FIPS 186-5 §A.1.3), its primes from AWS-LC's own source of chance, checked by
    /// a signature of its own. Fails for other sizes than 2048, 3072 and 4096 bits, and if the source or the check fails.
    pub fn generate(bits: u32) -> Result<Self> {
        if !matches!(bits, 2048 | 3072 | 4096) {
            return Err(Failed);
        }
        let bits = c_int::try_from(bits).map_err(|_| Failed)?;
        // SAFETY: takes nothing; null is handled.
        let key = Key::from_pointer(unsafe { c::RSA_new() })?;
        // SAFETY: the key is live and empty; a null callback is allowed.
        check(unsafe { c::RSA_generate_key_fips(key.0, bits, core::ptr::null_mut()) })?;
        Ok(Self(key))
    }

    /// All eight numbers. Fails for a key that lacks one.
    pub fn numbers(&self) -> Result<RsaPrivateNumbers> {
        let rsa = self.0.0;
        // SAFETY: the key is live; each function only reads it, and gives a pointer into it or null.
        let pointers = unsafe {
            [
                c::RSA_get0_n(rsa),
                c::RSA_get0_e(rsa),
                c::RSA_get0_d(rsa),
                c::RSA_get0_p(rsa),
                c::RSA_get0_q(rsa),
                c::RSA_get0_dmp1(rsa),
                c::RSA_get0_dmq1(rsa),
                c::RSA_get0_iqmp(rsa),
            ]
        };
        let mut numbers: [Zeroizing<Vec<u8>>; 8] = Default::default();
        for (number, pointer) in numbers.iter_mut().zip(pointers) {
            if pointer.is_null() {
                return Err(Failed);
            }
            // SAFETY: the pointer is not null, and the key that owns the number lives as long as `self`.
            *number = unsafe { magnitude(pointer) }?;
        }
        Ok(RsaPrivateNumbers(numbers))
    }

    /// Fails as `RsaPublicKey::new`, and if the numbers do not belong together (n = pq, de ≡ 1, the CRT values).
    pub fn new(components: &RsaComponents<'_>) -> Result<Self> {
        Self::assemble(components, &Number::new(components.coefficient)?)
    }

    /// As `new`, with a coefficient that is computed from the primes and not read. Fails also if the second prime is not
    /// smaller than the first.
    pub fn with_coefficient_computed(components: &RsaComponents<'_>) -> Result<Self> {
        Self::assemble(components, &inverse(components.prime2, components.prime1)?)
    }

    fn assemble(components: &RsaComponents<'_>, inverse: &Number) -> Result<Self> {
        check_exponent(components.public_exponent)?;
        let n = Number::new(components.modulus)?;
        let e = Number::new(components.public_exponent)?;
        let d = Number::new(components.private_exponent)?;
        let (p, q) = (Number::new(components.prime1)?, Number::new(components.prime2)?);
        let (dp, dq) = (Number::new(components.exponent1)?, Number::new(components.exponent2)?);
        // SAFETY: all numbers are live and copied; the function checks them.
        let key = unsafe { c::RSA_new_private_key_large_e(n.0, e.0, d.0, p.0, q.0, dp.0, dq.0, inverse.0) };
        Key::from_pointer(key).map(Self)
    }

    pub fn bits(&self) -> u32 {
        self.0.bits()
    }

    /// RSADP (RFC 8017 §5.1.2), blinded and checked against faults. Fails if `block` is not as long as the modulus or,
    /// as a number, is trivial (0, 1, n - 1) or not smaller than it: all of this is public.
    pub fn raw(&self, block: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let (mut out, mut written) = (Zeroizing::new(vec![0; self.0.size()]), 0);
        let (data, len, room) = (block.as_ptr(), block.len(), out.len());
        let padding = c::RSA_NO_PADDING;
        // SAFETY: both buffers are valid for the lengths given; the key is live and only its locked caches change.
        check(unsafe { c::RSA_decrypt(self.0.0, &mut written, out.as_mut_ptr(), room, data, len, padding) })?;
        if written == room { Ok(out) } else { Err(Failed) }
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.1), blinded and checked against faults. Fails for MD4 and RIPEMD-160.
    pub fn sign_pkcs1(&self, hash: Hash, digest: &[u8]) -> Result<Vec<u8>> {
        if digest.len() != hash.output_len() || !old_digest_info(hash).is_empty() {
            return Err(Failed);
        }
        let (mut out, mut written) = (vec![0; self.0.size()], 0);
        let (data, len) = (digest.as_ptr(), digest.len());
        // SAFETY: `digest` is valid for its length and `out` has room for a block of the key; the key is live.
        check(unsafe { c::RSA_sign(hash.nid(), data, len, out.as_mut_ptr(), &mut written, self.0.0) })?;
        if usize::try_from(written) == Ok(out.len()) { Ok(out) } else { Err(Failed) }
    }

    /// RSASSA-PSS (RFC 8017 §8.1.1) with `salt_len` octets of salt from the system's source, and trailer 0xbc.
    pub fn sign_pss(&self, hash: Hash, mgf_hash: Hash, salt_len: usize, digest: &[u8]) -> Result<Vec<u8>> {
        let salt_len = c_int::try_from(salt_len).map_err(|_| Failed)?;
        if digest.len() != hash.output_len() {
            return Err(Failed);
        }
        let (mut out, mut written) = (vec![0; self.0.size()], 0);
        let (room, data, len) = (out.len(), digest.as_ptr(), digest.len());
        let (md, mgf, to) = (hash.md(), mgf_hash.md(), out.as_mut_ptr());
        // SAFETY: both buffers are valid for the lengths given; the digests are statics; the key is live.
        check(unsafe { c::RSA_sign_pss_mgf1(self.0.0, &mut written, to, room, data, len, md, mgf, salt_len) })?;
        if written == room { Ok(out) } else { Err(Failed) }
    }
}

/// Big-endian, without zeros in front.
///
/// # Safety
///
/// `number` must point to a live BIGNUM that nobody changes meanwhile.
unsafe fn magnitude(number: *const c::BIGNUM) -> Result<Zeroizing<Vec<u8>>> {
    // SAFETY: by the contract of this function.
    let len = unsafe { c::BN_num_bytes(number) };
    let mut octets = Zeroizing::new(vec![0; usize::try_from(len).map_err(|_| Failed)?]);
    let (out, len) = (octets.as_mut_ptr(), octets.len());
    // SAFETY: `out` is valid for `len`; the number by the contract of this function.
    check(unsafe { c::BN_bn2bin_padded(out, len, number) })?;
    Ok(octets)
}

/// The inverse of a secret `number` modulo a greater, secret `prime`: its power prime - 2 (Fermat), for which there is a
/// function of constant time. If `prime` is none, the result is another number.
fn inverse(number: &[u8], prime: &[u8]) -> Result<Number> {
    let (number, modulus, exponent) = (Number::new(number)?, Number::new(prime)?, Number::new(prime)?);
    let out = Number::new(&[])?;
    // SAFETY: takes nothing; null is handled.
    let context = unsafe { c::BN_CTX_new() };
    if context.is_null() {
        return Err(failed());
    }
    // SAFETY: modulus and context are live. The function refuses an even modulus; null is handled below.
    let montgomery = unsafe { c::BN_MONT_CTX_new_consttime(modulus.0, context) };
    // SAFETY: all are live. The power is refused unless `number` is smaller than the modulus.
    let made = !montgomery.is_null()
        && unsafe { c::BN_sub_word(exponent.0, 2) } == 1
        && unsafe { c::BN_mod_exp_mont_consttime(out.0, number.0, exponent.0, modulus.0, context, montgomery) } == 1;
    // SAFETY: both came from their constructors, are freed once, and may be null. Freeing wipes them.
    unsafe {
        c::BN_MONT_CTX_free(montgomery);
        c::BN_CTX_free(context);
    }
    if made { Ok(out) } else { Err(failed()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hex, no_error_left};

    // A key of 1024 bits and signatures over "sample" made by OpenSSL 3: PKCS#1 v1.5 with SHA-256; PSS with SHA-256,
    // MGF1 with SHA-1 and a salt of 7 octets.
    const MODULUS: &str =
        "ac265525c9c5221d68ebb490f75c56435709e24c7a39f857f0c56eb2ea3a8407b8f01995bb15482889f72ce7236b9e46c2ad
        00caaf7afb06839823e254ecf5aa9d1be6323bf1fa10f560eae325485bdfc335dac7ddb3131e1945ac51d49cb9943345ed04
        64dc9e02a6cdefea333e65b9007989ac1c44e320d762218d4a4001c9";
    const PUBLIC_EXPONENT: &str = "010001";
    const PRIVATE_EXPONENT: &str =
        "148889f574e89f961472b0d9edb744cec96df3611ddf16411f05dd9b5796dd32b29b68e1d42bc8ac95303759e67eaaa55409
        20a40c6445d6d4116c8e4d84ea145a6c8afcf1cd1a455330f4b6563478717ef485663108aab41e09de94f8615b17f969628d
        966a71a88d86cd36d711cd1656c1b48fa947256770ffd9cc2d9ffc91";
    const PRIME1: &str =
        "e1c8fdd6efdae614007eead9a80fc4650a5a0ab4d2fc081633637d3131eabb592c868c40b1b1d5fb36a390ca70f18855bdef
        f57b56fc577da9ec1869ac2fb32d";
    const PRIME2: &str =
        "c32fe2a46ed5df47df186eafd320dc302c096bb52b2c8e3b2046929784213192063639cb3bb27dc9701f04203dad915f55ca
        dec7f227f00f4d5100c982beda8d";
    const EXPONENT1: &str =
        "309ffa9ae978f907e1bb7394806f34da95ca227822e00855cfa76374cecd409fc9c908377e8d500a141051c467627cfc0a35
        bd665cab67a4368e140bddfb3fd9";
    const EXPONENT2: &str =
        "7169a18769df5b9da743cb0cdee079108485f4cf9006939e4762ba4acfbb79d21f49e2caf4250271c9743c317fa51a930a86
        966c17889d3446f88a3c8c7bd901";
    const COEFFICIENT: &str =
        "bd884886a6ea7b693b698eaae0164fe4ade48fe95a118f7b81a98fe530234671731b6b16b0811d8a235ccb989cd9609750ac
        252e6bc86bf38ae04d52dea7b029";
    const SIGNATURE_PKCS1: &str =
        "64ecaba3e201c375d7db8e5e93a95737b96a54d485c359213d8679fc41bc83215283cb186b12ca8b69a2f8749b0532dc1c98
        538cfb3dae1a12b0b83c3e95e60509eb7141c198aac287c38918b3352e62bf8f249f66fc1eacb9182b10222adc6fb015b476
        7a20381d70fc75a402e65f60704d3c832681aeb1180d9e3e4cf5b016";
    const SIGNATURE_PSS: &str =
        "2d6a2065f805b2f8f352ceda509d2b73f2e8e7489ece2a4d50883322270fbf8876925117b6763941107eb79ace3833979502
        b476420ecda8fe2b0eb08268866589047548015e2e7a4740b037e4cef88feb4eec0976ef5b86a1e67449de6f302b149bccf4
        dc29ef80976178c1d3d512b2b352165965855ef9ec642e614fdaf93b";
    /// SHA-256 of "sample".
    const DIGEST: &str = "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf";

    fn with_components<T>(change: impl FnOnce(&mut [Vec<u8>; 8]), make: impl FnOnce(&RsaComponents<'_>) -> T) -> T {
        let text = [MODULUS, PUBLIC_EXPONENT, PRIVATE_EXPONENT, PRIME1, PRIME2, EXPONENT1, EXPONENT2, COEFFICIENT];
        let mut numbers = text.map(hex);
        change(&mut numbers);
        let [n, e, d, p, q, dp, dq, inverse] = &numbers;
        make(&RsaComponents {
            modulus: n,
            public_exponent: e,
            private_exponent: d,
            prime1: p,
            prime2: q,
            exponent1: dp,
            exponent2: dq,
            coefficient: inverse,
        })
    }

    fn public() -> RsaPublicKey {
        RsaPublicKey::new(&hex(MODULUS), &hex(PUBLIC_EXPONENT)).unwrap()
    }

    #[test]
    fn pkcs1_signature_of_openssl() {
        let (key, digest, signature) = (public(), hex(DIGEST), hex(SIGNATURE_PKCS1));
        assert_eq!(key.bits(), 1024);
        assert!(key.verify_pkcs1(Hash::Sha256, &digest, &signature));
        assert!(!key.verify_pkcs1(Hash::Sha1, &digest[..20], &signature));
        assert!(!key.verify_pkcs1(Hash::Sha256, &digest[..31], &signature));
        assert!(!key.verify_pkcs1(Hash::Sha256, &digest, &signature[1..]));
        let mut changed = signature;
        changed[5] ^= 1;
        assert!(!key.verify_pkcs1(Hash::Sha256, &digest, &changed));
        no_error_left();
    }

    #[test]
    fn pss_signature_of_openssl() {
        let (key, digest, signature) = (public(), hex(DIGEST), hex(SIGNATURE_PSS));
        assert!(key.verify_pss(Hash::Sha256, Hash::Sha1, 7, &digest, &signature));
        assert!(!key.verify_pss(Hash::Sha256, Hash::Sha1, 8, &digest, &signature));
        assert!(!key.verify_pss(Hash::Sha256, Hash::Sha1, usize::MAX, &digest, &signature));
        assert!(!key.verify_pss(Hash::Sha256, Hash::Sha256, 7, &digest, &signature));
        assert!(!key.verify_pkcs1(Hash::Sha256, &digest, &signature));
        no_error_left();
    }

    #[test]
    fn private_operation_undoes_the_public_one() {
        let key = with_components(|_| {}, RsaPrivateKey::new).unwrap();
        assert_eq!(key.bits(), 1024);
        let mut block = vec![0x5a; 128];
        block[0] = 0;
        let cipher = public().raw(&block).unwrap();
        assert_eq!(key.raw(&cipher).unwrap().as_slice(), block);
        // longer, shorter, trivial, not below the modulus
        assert!(key.raw(&[0; 129]).is_err() && key.raw(&cipher[1..]).is_err());
        assert!(key.raw(&[0; 128]).is_err() && key.raw(&[0xff; 128]).is_err());
        no_error_left();
    }

    #[test]
    fn the_coefficient_can_be_computed() {
        let without = |numbers: &mut [Vec<u8>; 8]| numbers[7].clear();
        let key = with_components(without, RsaPrivateKey::with_coefficient_computed).unwrap();
        let read = with_components(|_| {}, RsaPrivateKey::new).unwrap();
        let cipher = public().raw(&[&[0][..], &[7; 127]].concat()).unwrap();
        assert_eq!(key.raw(&cipher).unwrap(), read.raw(&cipher).unwrap());
        let swapped = |numbers: &mut [Vec<u8>; 8]| {
            numbers.swap(3, 4);
            numbers.swap(5, 6);
        };
        let even = |numbers: &mut [Vec<u8>; 8]| *numbers[3].last_mut().unwrap() &= 0xfe;
        let empty = |numbers: &mut [Vec<u8>; 8]| numbers[3].clear();
        let equal = |numbers: &mut [Vec<u8>; 8]| numbers[4] = numbers[3].clone();
        for change in [&swapped as &dyn Fn(&mut [Vec<u8>; 8]), &even, &empty, &equal] {
            assert!(with_components(change, RsaPrivateKey::with_coefficient_computed).is_err());
        }
        no_error_left();
    }

    #[test]
    fn keys_that_do_not_hold_together_are_refused() {
        for number in 0..8 {
            let made = with_components(|numbers| *numbers[number].last_mut().unwrap() ^= 2, RsaPrivateKey::new);
            assert!(made.is_err(), "component {number}");
        }
        assert!(with_components(|numbers| numbers[3].clear(), RsaPrivateKey::new).is_err());
        no_error_left();
    }

    #[test]
    fn public_keys_out_of_bounds_are_refused() {
        let modulus = hex(MODULUS);
        for exponent in [&[][..], &[1], &[2], &[0x01, 0, 0, 0, 0, 0, 0, 0, 1]] {
            assert!(RsaPublicKey::new(&modulus, exponent).is_err());
        }
        assert!(RsaPublicKey::new(&modulus, &[0, 0, 0, 1, 0, 1]).is_ok());
        assert!(RsaPublicKey::new(&modulus, &[0xff; 8]).is_ok());
        let mut even = modulus;
        even[127] &= 0xfe;
        assert!(RsaPublicKey::new(&even, &[3]).is_err());
        assert!(RsaPublicKey::new(&[0xff; 2048], &[3]).is_ok());
        assert!(RsaPublicKey::new(&[0xff; 2049], &[3]).is_err());
        no_error_left();
    }

    /// EMSA-PKCS1-v1_5 by hand, through the bare private operation.
    #[test]
    fn old_hash_functions_are_compared_as_a_whole() {
        let (private, public) = (with_components(|_| {}, RsaPrivateKey::new).unwrap(), public());
        let md4 = ("3020300c06082a864886f70d020405000410", Hash::Md4);
        for (digest_info, hash) in [md4, ("3021300906052b2403020105000414", Hash::Ripemd160)] {
            let digest = vec![7; hash.output_len()];
            let tail = [&hex(digest_info)[..], &digest].concat();
            let block = |padding: u8| [&[0, 1], vec![padding; 125 - tail.len()].as_slice(), &[0], &tail].concat();
            let sign = |block: &[u8]| private.raw(block).unwrap();
            assert!(public.verify_pkcs1(hash, &digest, &sign(&block(0xff))));
            assert!(!public.verify_pkcs1(hash, &digest, &sign(&block(0xfe))));
            assert!(!public.verify_pkcs1(hash, &vec![8; digest.len()], &sign(&block(0xff))));
        }
        no_error_left();
    }

    /// The first is deterministic and stands above, made by OpenSSL; the second is read by what OpenSSL's vector checks.
    #[test]
    fn signatures_of_our_own() {
        let key = with_components(|_| {}, RsaPrivateKey::new).unwrap();
        let digest = hex(DIGEST);
        assert_eq!(key.sign_pkcs1(Hash::Sha256, &digest), Ok(hex(SIGNATURE_PKCS1)));
        assert_eq!(key.sign_pkcs1(Hash::Sha256, &digest[1..]), Err(Failed));
        assert_eq!(key.sign_pkcs1(Hash::Md4, &digest[16..]), Err(Failed));
        let pss = key.sign_pss(Hash::Sha256, Hash::Sha1, 7, &digest).unwrap();
        assert!(public().verify_pss(Hash::Sha256, Hash::Sha1, 7, &digest, &pss));
        assert!(!public().verify_pss(Hash::Sha256, Hash::Sha256, 7, &digest, &pss));
        assert_ne!(key.sign_pss(Hash::Sha256, Hash::Sha1, 7, &digest).unwrap(), pss);
        assert_eq!(key.sign_pss(Hash::Sha256, Hash::Sha256, 95, &digest), Err(Failed));
        no_error_left();
    }

    #[test]
    fn the_numbers_come_out_as_they_went_in() {
        let key = with_components(|_| {}, RsaPrivateKey::new).unwrap();
        let numbers = key.numbers().unwrap();
        let text = [MODULUS, PUBLIC_EXPONENT, PRIVATE_EXPONENT, PRIME1, PRIME2, EXPONENT1, EXPONENT2, COEFFICIENT];
        for (number, text) in numbers.0.iter().zip(text) {
            assert_eq!(number.as_slice(), hex(text));
        }
        assert_eq!(format!("{numbers:?}"), "RsaPrivateNumbers(…)");
    }

    #[test]
    fn new_keys_have_the_size_that_was_asked_for() {
        let (one, other) = (RsaPrivateKey::generate(2048).unwrap(), RsaPrivateKey::generate(2048).unwrap());
        let (numbers, others) = (one.numbers().unwrap(), other.numbers().unwrap());
        assert_eq!((one.bits(), numbers.components().public_exponent), (2048, &[1, 0, 1][..]));
        assert_ne!(numbers.components().modulus, others.components().modulus);
        // They hold together, and every one of them is needed.
        assert!(RsaPrivateKey::new(&numbers.components()).is_ok());
        let mixed = RsaComponents { prime1: others.components().prime1, ..numbers.components() };
        assert!(RsaPrivateKey::new(&mixed).is_err());
        for bits in [0, 1024, 2047, 2049, 8192, u32::MAX] {
            assert!(RsaPrivateKey::generate(bits).is_err(), "{bits}");
        }
        no_error_left();
    }
}
