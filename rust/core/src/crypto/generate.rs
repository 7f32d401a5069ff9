//! New private keys.

use mailseal_lc::RsaPrivateKey;
use zeroize::Zeroizing;

use crate::crypto::content::Opaque;
use crate::crypto::ec::Curve;
use crate::crypto::key::{PrivateMaterial, PrivateNumbers, RsaUse};
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;

/// Octets of a seed of Ed25519 and of a scalar of X25519 (RFC 8410 §7).
const SEED_LEN: usize = 32;

/// An RSA key of 2048, 3072 or 4096 bits with the exponent 65537. Its primes come from the backend's own source of
/// chance, which is the operating system's. Err: another size, or that source failed.
pub(crate) fn rsa(bits: u32) -> Result<PrivateNumbers, Opaque> {
    let numbers = RsaPrivateKey::generate(bits).and_then(|key| key.numbers()).map_err(|_| Opaque)?;
    Ok(PrivateNumbers::rsa(&numbers.components(), RsaUse::Any))
}

/// A key of `curve`. Err: no chance.
pub(crate) fn ec(curve: &'static Curve, random: &dyn Random) -> Result<PrivateNumbers, Opaque> {
    let (scalar, _) = scalar(curve, random)?;
    let zeros = scalar.iter().take_while(|octet| **octet == 0).count();
    // As a scalar that was read: without zeros in front.
    Ok(PrivateNumbers::Ec { curve, scalar: Secret::new(scalar.get(zeros..).unwrap_or_default().to_vec()) })
}

/// Err: no chance.
pub(crate) fn ed25519(random: &dyn Random) -> Result<PrivateNumbers, Opaque> {
    random.octets(SEED_LEN).map(|seed| PrivateNumbers::Ed25519(Secret::new(seed)))
}

/// The bits that X25519 fixes are left as they fell (RFC 8410 §7). Err: no chance.
pub(crate) fn x25519(random: &dyn Random) -> Result<PrivateNumbers, Opaque> {
    random.octets(SEED_LEN).map(|scalar| PrivateNumbers::X25519(Secret::new(scalar)))
}

/// A number between 1 and the order, each as likely as any other (FIPS 186-5 §A.2.2), with its key. Err: no chance.
pub(crate) fn scalar(
    curve: &'static Curve,
    random: &dyn Random,
) -> Result<(Zeroizing<Vec<u8>>, PrivateMaterial), Opaque> {
    let bits = curve.bits();
    let len = bits.div_ceil(8);
    let spare = len * 8 - bits;
    let len = usize::try_from(len).map_err(|_| Opaque)?;
    // At least every second number of as many bits is below the order; a source that never gives one is none.
    for _ in 0..256 {
        let mut scalar = Zeroizing::new(random.octets(len)?);
        *scalar.first_mut().ok_or(Opaque)? &= 0xff >> spare;
        if let Some(material) = PrivateMaterial::ec(curve, &scalar) {
            return Ok((scalar, material));
        }
    }
    Err(Opaque)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::crypto::ec;
    use crate::crypto::random::SystemRandom;

    /// Gives these octets in turn, then fails.
    struct Script(Mutex<Vec<u8>>);

    impl Random for Script {
        fn fill(&self, octets: &mut [u8]) -> Result<(), Opaque> {
            let mut left = self.0.lock().unwrap();
            octets.fill(left.pop().ok_or(Opaque)?);
            Ok(())
        }
    }

    #[test]
    fn scalars_out_of_range_are_drawn_again() {
        // 0 and 2^256 - 1 are none of P-256.
        let (drawn, _) = scalar(&ec::P256, &Script(Mutex::new(vec![7, 0, 0xff]))).unwrap();
        assert_eq!(drawn.as_slice(), [7; 32]);
        // 521 bits: of the first octet one is left.
        let (drawn, _) = scalar(&ec::P521, &Script(Mutex::new(vec![0xf1]))).unwrap();
        assert_eq!((drawn[0], drawn[1], drawn.len()), (1, 0xf1, 66));
    }

    #[test]
    fn without_chance_there_is_no_key() {
        let none = Script(Mutex::default());
        assert!(scalar(&ec::P256, &none).is_err() && super::ec(&ec::P384, &none).is_err());
        assert!(ed25519(&none).is_err() && x25519(&none).is_err() && rsa(1024).is_err());
    }

    #[test]
    fn all_of_them_make_keys() {
        for curve in [&ec::P256, &ec::P384, &ec::P521] {
            let one = super::ec(curve, &SystemRandom).unwrap().material().unwrap();
            let other = super::ec(curve, &SystemRandom).unwrap().material().unwrap();
            assert_ne!(one.public_point(), other.public_point());
        }
        for numbers in [ed25519(&SystemRandom), x25519(&SystemRandom), rsa(2048)] {
            assert!(numbers.unwrap().material().is_some());
        }
    }
}
