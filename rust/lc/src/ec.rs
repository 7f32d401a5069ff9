//! Elliptic curves by name: ECDSA verification and ECDH with keys that last.

use core::ptr;

use aws_lc_sys as c;
use zeroize::Zeroizing;

use crate::{Failed, Number, Result, check, failed};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    P256,
    P384,
    P521,
    BrainpoolP256r1,
    BrainpoolP384r1,
    BrainpoolP512r1,
}

impl Group {
    pub const fn bits(self) -> u32 {
        match self {
            Self::P256 | Self::BrainpoolP256r1 => 256,
            Self::P384 | Self::BrainpoolP384r1 => 384,
            Self::P521 => 521,
            Self::BrainpoolP512r1 => 512,
        }
    }

    /// Octets of a coordinate, a private key and a shared secret.
    pub const fn field_len(self) -> usize {
        self.bits().div_ceil(8) as usize
    }

    fn pointer(self) -> *const c::EC_GROUP {
        // SAFETY: these take nothing and return a pointer to a static.
        unsafe {
            match self {
                Self::P256 => c::EC_group_p256(),
                Self::P384 => c::EC_group_p384(),
                Self::P521 => c::EC_group_p521(),
                Self::BrainpoolP256r1 => c::EC_group_brainpoolP256r1(),
                Self::BrainpoolP384r1 => c::EC_group_brainpoolP384r1(),
                Self::BrainpoolP512r1 => c::EC_group_brainpoolP512r1(),
            }
        }
    }
}

struct Point(*mut c::EC_POINT);

impl Point {
    fn new(group: Group) -> Result<Self> {
        // SAFETY: the group is a live static.
        let pointer = unsafe { c::EC_POINT_new(group.pointer()) };
        if pointer.is_null() { Err(failed()) } else { Ok(Self(pointer)) }
    }

    /// SEC 1 §2.3.4, compressed or not; it must lie on the curve. Infinity and hybrid forms are refused.
    fn decode(group: Group, encoded: &[u8]) -> Result<Self> {
        let field = group.field_len();
        match encoded.first() {
            Some(4) if encoded.len() == 1 + 2 * field => {}
            Some(2 | 3) if encoded.len() == 1 + field => {}
            _ => return Err(Failed),
        }
        let point = Self::new(group)?;
        let (data, len) = (encoded.as_ptr(), encoded.len());
        // SAFETY: group and point are live and belong together; `data` is valid for `len`; a null BN_CTX is allowed.
        check(unsafe { c::EC_POINT_oct2point(group.pointer(), point.0, data, len, ptr::null_mut()) })?;
        Ok(point)
    }

    /// The uncompressed form.
    fn encode(&self, group: Group) -> Result<Vec<u8>> {
        let mut encoded = vec![0; 1 + 2 * group.field_len()];
        let (data, len) = (encoded.as_mut_ptr(), encoded.len());
        let form = c::point_conversion_form_t::POINT_CONVERSION_UNCOMPRESSED;
        // SAFETY: group and point are live and belong together; `data` is valid for `len`; a null BN_CTX is allowed.
        let written = unsafe { c::EC_POINT_point2oct(group.pointer(), self.0, form, data, len, ptr::null_mut()) };
        if written == len { Ok(encoded) } else { Err(failed()) }
    }
}

impl Drop for Point {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `EC_POINT_new`, is owned by this value and freed once.
        unsafe { c::EC_POINT_free(self.0) };
    }
}

/// An EC_KEY, wiped when freed.
#[derive(Debug)]
struct Key(*mut c::EC_KEY);

// SAFETY: after it was made an EC_KEY is only read here, which AWS-LC allows from any number of threads.
unsafe impl Send for Key {}
// SAFETY: as above.
unsafe impl Sync for Key {}

impl Key {
    fn new(group: Group) -> Result<Self> {
        // SAFETY: takes nothing; null is handled.
        let pointer = unsafe { c::EC_KEY_new() };
        if pointer.is_null() {
            return Err(failed());
        }
        let key = Self(pointer);
        // SAFETY: the key is live, the group a static.
        check(unsafe { c::EC_KEY_set_group(key.0, group.pointer()) })?;
        Ok(key)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `EC_KEY_new`, is owned by this value and freed once.
        unsafe { c::EC_KEY_free(self.0) };
    }
}

/// A point on a named curve, checked.
#[derive(Debug)]
pub struct EcPublicKey {
    key: Key,
    group: Group,
}

impl EcPublicKey {
    /// SEC 1 point, compressed or not. Fails unless it is a finite point on the curve.
    pub fn new(group: Group, point: &[u8]) -> Result<Self> {
        let (point, key) = (Point::decode(group, point)?, Key::new(group)?);
        // SAFETY: key and point are live and of the same group; the point is copied.
        check(unsafe { c::EC_KEY_set_public_key(key.0, point.0) })?;
        Ok(Self { key, group })
    }

    pub fn group(&self) -> Group {
        self.group
    }

    /// The point, uncompressed.
    pub fn uncompressed(&self) -> Result<Vec<u8>> {
        // SAFETY: the key is live and has a public point, which stays its own.
        let point = core::mem::ManuallyDrop::new(Point(unsafe { c::EC_KEY_get0_public_key(self.key.0) }.cast_mut()));
        point.encode(self.group)
    }

    /// ECDSA over a digest of any length (its leftmost bits count); the signature is a strict DER ECDSA-Sig-Value.
    pub fn verify(&self, digest: &[u8], signature: &[u8]) -> bool {
        let (digest, digest_len) = (digest.as_ptr(), digest.len());
        let (signature, len) = (signature.as_ptr(), signature.len());
        // SAFETY: both buffers are valid for their lengths; the key is live and is only read.
        check(unsafe { c::ECDSA_verify(0, digest, digest_len, signature, len, self.key.0) }).is_ok()
    }
}

/// A private key on a named curve, with its public point.
#[derive(Debug)]
pub struct EcPrivateKey {
    key: Key,
    group: Group,
    public: Vec<u8>,
}

impl EcPrivateKey {
    /// Big-endian scalar. Fails unless it lies between 1 and the order.
    pub fn new(group: Group, scalar: &[u8]) -> Result<Self> {
        if scalar.len() > group.field_len() {
            return Err(Failed);
        }
        let (scalar, key, point) = (Number::new(scalar)?, Key::new(group)?, Point::new(group)?);
        // SAFETY: key and scalar are live; the scalar is checked for its range and copied.
        check(unsafe { c::EC_KEY_set_private_key(key.0, scalar.0) })?;
        let (none, context) = (ptr::null(), ptr::null_mut());
        // SAFETY: group, point and scalar are live; null point and factor leave out the second product.
        check(unsafe { c::EC_POINT_mul(group.pointer(), point.0, scalar.0, none, ptr::null(), context) })?;
        // SAFETY: key and point are live and of the same group; the point is copied.
        check(unsafe { c::EC_KEY_set_public_key(key.0, point.0) })?;
        Ok(Self { key, group, public: point.encode(group)? })
    }

    pub fn group(&self) -> Group {
        self.group
    }

    /// The public point, uncompressed.
    pub fn public_point(&self) -> &[u8] {
        &self.public
    }

    /// ECDSA (FIPS 186-5 §6.4.1) with a nonce from the system's source, as DER of r and s.
    pub fn sign(&self, digest: &[u8]) -> Result<Vec<u8>> {
        // SAFETY: the key is live.
        let room = unsafe { c::ECDSA_size(self.key.0) };
        let (mut out, mut written) = (vec![0; room], 0);
        let (data, len) = (digest.as_ptr(), digest.len());
        // SAFETY: `digest` is valid for its length, and `out` for as many octets as a signature of this key may have.
        check(unsafe { c::ECDSA_sign(0, data, len, out.as_mut_ptr(), &mut written, self.key.0) })?;
        out.truncate(usize::try_from(written).map_err(|_| Failed)?);
        Ok(out)
    }

    /// ECDH (SEC 1 §3.3.1): the x coordinate. Fails unless `peer` is a finite point on this key's curve.
    pub fn agree(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let point = Point::decode(self.group, peer)?;
        let mut secret = Zeroizing::new(vec![0_u8; self.group.field_len()]);
        let (out, len) = (secret.as_mut_ptr().cast(), secret.len());
        // SAFETY: `out` is valid for `len`; point and key are live and of the same group; no KDF is given.
        let written = unsafe { c::ECDH_compute_key(out, len, point.0, self.key.0, None) };
        if usize::try_from(written) == Ok(len) { Ok(secret) } else { Err(failed()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hex, no_error_left};

    // NIST CAVS 14.1, ECC CDH primitive, P-256 COUNT = 0
    const PRIVATE: &str = "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534";
    const PUBLIC: &str = "04ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230
        28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141";
    const PEER: &str = "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287
        db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac";
    const SHARED: &str = "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b";

    #[test]
    fn ecdh_cavs() {
        let key = EcPrivateKey::new(Group::P256, &hex(PRIVATE)).unwrap();
        assert_eq!((key.public_point(), key.group()), (hex(PUBLIC).as_slice(), Group::P256));
        assert_eq!(key.agree(&hex(PEER)).unwrap().as_slice(), hex(SHARED));
        let mut compressed = hex(PEER)[..33].to_vec();
        compressed[0] = 2;
        assert_eq!(key.agree(&compressed).unwrap().as_slice(), hex(SHARED));
        assert_eq!(EcPublicKey::new(Group::P256, &compressed).unwrap().uncompressed(), Ok(hex(PEER)));
    }

    #[test]
    fn points_off_the_curve_and_odd_forms_are_refused() {
        let key = EcPrivateKey::new(Group::P256, &hex(PRIVATE)).unwrap();
        let mut off = hex(PEER);
        off[64] ^= 1;
        let mut hybrid = hex(PEER);
        hybrid[0] = 6;
        for bad in [&off[..], &hybrid, &hex(PEER)[..64], &[0], &[]] {
            assert_eq!(key.agree(bad).err(), Some(Failed));
            assert_eq!(EcPublicKey::new(Group::P256, bad).err(), Some(Failed));
        }
        assert!(EcPublicKey::new(Group::P384, &hex(PEER)).is_err());
        no_error_left();
    }

    #[test]
    fn private_keys_out_of_range_are_refused() {
        let order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
        assert!(EcPrivateKey::new(Group::P256, &order).is_err());
        assert!(EcPrivateKey::new(Group::P256, &[0; 32]).is_err());
        assert!(EcPrivateKey::new(Group::P256, &[1; 33]).is_err());
        no_error_left();
    }

    #[test]
    fn ecdsa_rfc6979() {
        // RFC 6979 A.2.5: P-256, SHA-256, message "sample"
        let key =
            EcPrivateKey::new(Group::P256, &hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"))
                .unwrap();
        let public = EcPublicKey::new(Group::P256, key.public_point()).unwrap();
        let mut digest = hex("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf");
        let signature = hex("3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716
            022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
        assert_eq!(public.group(), Group::P256);
        assert!(public.verify(&digest, &signature));
        digest[0] ^= 1;
        assert!(!public.verify(&digest, &signature));
        no_error_left();
    }

    /// RFC 7027 A.1: key exchange on brainpoolP256r1.
    #[test]
    fn ecdh_rfc7027() {
        let a = "81DB1EE100150FF2EA338D708271BE38300CB54241D79950F77B063039804F1D";
        let b = "55E40BC41E37E3E2AD25C3C6654511FFA8474A91A0032087593852D3E7D76BD3";
        let [a, b] = [a, b].map(|scalar| EcPrivateKey::new(Group::BrainpoolP256r1, &hex(scalar)).unwrap());
        let shared = hex("89AFC39D41D3B327814B80940B042590F96556EC91E6AE7939BCE31F3A18BF2B");
        assert_eq!(a.agree(b.public_point()).unwrap().as_slice(), shared);
        assert_eq!(b.agree(a.public_point()).unwrap().as_slice(), shared);
    }

    #[test]
    fn larger_groups_have_their_generator() {
        for group in [Group::P384, Group::P521, Group::BrainpoolP256r1, Group::BrainpoolP384r1, Group::BrainpoolP512r1]
        {
            let one = EcPrivateKey::new(group, &[1]).unwrap();
            let two = EcPrivateKey::new(group, &[2]).unwrap();
            assert_eq!(two.agree(one.public_point()).unwrap(), one.agree(two.public_point()).unwrap());
            assert_eq!(two.agree(one.public_point()).unwrap().as_slice(), &two.public_point()[1..=group.field_len()]);
        }
    }

    #[test]
    fn signatures_of_our_own_are_right_and_never_alike() {
        for group in [Group::P256, Group::P384, Group::P521] {
            let key = EcPrivateKey::new(group, &[7; 20]).unwrap();
            let public = EcPublicKey::new(group, key.public_point()).unwrap();
            let (one, other) = (key.sign(&[1; 32]).unwrap(), key.sign(&[1; 32]).unwrap());
            assert!(public.verify(&[1; 32], &one) && public.verify(&[1; 32], &other) && one != other);
            assert!(!public.verify(&[2; 32], &one));
        }
        no_error_left();
    }
}
