//! The numbers of an RSA private key between its uses, as few of them as tell the others: a keyring holds 100,000.

use mailseal_lc::{RsaComponents, RsaPrivateKey};
use zeroize::Zeroizing;

use crate::crypto::secret::Secret;

/// The exponent that nearly all keys have. Being a constant and a prime, it makes the arithmetic below short, and its
/// divisions become multiplications, so that their time tells nothing.
const EXPONENT: u64 = 0x1_0001;
const EXPONENT_OCTETS: &[u8] = &[1, 0, 1];

/// Little-endian.
type Limbs = Zeroizing<Vec<u32>>;

/// What was checked by the backend once: `RsaPrivateKey::new` with the same components.
pub(crate) enum RsaNumbers {
    /// Both primes, of one length, the greater first. Everything else follows (256 octets for RSA-2048, not 1155).
    Primes(Secret),
    /// Another exponent, or primes of unlike lengths.
    Whole(Box<Whole>),
}

/// RsaComponents in one piece, one after the other.
pub(crate) struct Whole {
    octets: Secret,
    ends: [u32; 8],
}

impl RsaNumbers {
    pub fn new(components: &RsaComponents<'_>) -> Self {
        let RsaComponents { public_exponent, prime1, prime2, .. } = components;
        if *public_exponent != EXPONENT_OCTETS || prime1.len() != prime2.len() {
            return Self::Whole(Box::new(Whole::new(components)));
        }
        // The inverse of the second modulo the first wants the second to be smaller.
        let (first, second) = if prime1 > prime2 { (prime1, prime2) } else { (prime2, prime1) };
        let mut octets = Zeroizing::new(Vec::with_capacity(first.len() + second.len()));
        octets.extend_from_slice(first);
        octets.extend_from_slice(second);
        Self::Primes(Secret::from(octets))
    }

    /// Modulus and public exponent.
    pub fn public(&self) -> (Vec<u8>, Vec<u8>) {
        match self {
            Self::Primes(primes) => {
                let [p, q] = halves(primes);
                (octets(&product(&limbs(p), &limbs(q))).to_vec(), EXPONENT_OCTETS.to_vec())
            }
            Self::Whole(whole) => {
                let components = whole.components();
                (components.modulus.to_vec(), components.public_exponent.to_vec())
            }
        }
    }

    /// None: the numbers do not belong together, or are refused by the backend. Of numbers that it took before, only
    /// such are refused whose primes are none.
    pub fn key(&self) -> Option<RsaPrivateKey> {
        let primes = match self {
            Self::Primes(primes) => primes,
            Self::Whole(whole) => return RsaPrivateKey::new(&whole.components()).ok(),
        };
        let [p, q] = halves(primes);
        let (modulus, _) = self.public();
        let [p_less, q_less] = [p, q].map(|prime| less_one(limbs(prime)));
        let private_exponent = octets(&inverse_of_exponent(&product(&p_less, &q_less)));
        let [exponent1, exponent2] = [&p_less, &q_less].map(|less| octets(&inverse_of_exponent(less)));
        RsaPrivateKey::with_coefficient_computed(&RsaComponents {
            modulus: &modulus,
            public_exponent: EXPONENT_OCTETS,
            private_exponent: &private_exponent,
            prime1: p,
            prime2: q,
            exponent1: &exponent1,
            exponent2: &exponent2,
            coefficient: &[],
        })
        .ok()
    }

    /// A secret that depends on the key alone.
    pub fn secret(&self) -> &[u8] {
        match self {
            Self::Primes(primes) => primes.expose(),
            Self::Whole(whole) => whole.components().private_exponent,
        }
    }
}

impl Whole {
    fn new(components: &RsaComponents<'_>) -> Self {
        let RsaComponents { modulus, public_exponent, private_exponent, .. } = components;
        let RsaComponents { prime1, prime2, exponent1, exponent2, coefficient, .. } = components;
        let parts = [modulus, public_exponent, private_exponent, prime1, prime2, exponent1, exponent2, coefficient];
        let mut octets = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
        let mut ends = [0; 8];
        for (end, part) in ends.iter_mut().zip(parts) {
            octets.extend_from_slice(part);
            *end = u32::try_from(octets.len()).unwrap_or(u32::MAX);
        }
        Self { octets: Secret::from(octets), ends }
    }

    fn components(&self) -> RsaComponents<'_> {
        let part = |index: usize| {
            let at = |index: usize| self.ends.get(index).map_or(0, |end| *end as usize);
            let start = index.checked_sub(1).map_or(0, at);
            self.octets.expose().get(start..at(index)).unwrap_or_default()
        };
        RsaComponents {
            modulus: part(0),
            public_exponent: part(1),
            private_exponent: part(2),
            prime1: part(3),
            prime2: part(4),
            exponent1: part(5),
            exponent2: part(6),
            coefficient: part(7),
        }
    }
}

fn halves(primes: &Secret) -> [&[u8]; 2] {
    let (first, second) = primes.expose().split_at(primes.len() / 2);
    [first, second]
}

fn limbs(big_endian: &[u8]) -> Limbs {
    let limb = |octets: &[u8]| octets.iter().fold(0, |limb: u32, octet| limb << 8 | u32::from(*octet));
    Zeroizing::new(big_endian.rchunks(4).map(limb).collect())
}

/// Big-endian, without zeros in front.
fn octets(limbs: &Limbs) -> Zeroizing<Vec<u8>> {
    let mut octets = Zeroizing::new(Vec::with_capacity(limbs.len() * 4));
    limbs.iter().rev().for_each(|limb| octets.extend_from_slice(&limb.to_be_bytes()));
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    octets.drain(..zeros);
    octets
}

/// Of an odd number.
fn less_one(mut limbs: Limbs) -> Limbs {
    limbs.iter_mut().take(1).for_each(|limb| *limb &= !1);
    limbs
}

fn product(a: &Limbs, b: &Limbs) -> Limbs {
    let mut sum = Zeroizing::new(vec![0; a.len() + b.len()]);
    for (start, x) in a.iter().enumerate() {
        let mut carry = 0;
        for (place, y) in sum.iter_mut().skip(start).zip(b.iter().chain([&0])) {
            let value = u64::from(*place) + u64::from(*x) * u64::from(*y) + carry;
            (*place, carry) = (low(value), value >> 32);
        }
    }
    sum
}

/// The inverse of the exponent modulo `modulus`, which is no multiple of it: (1 + k·modulus) / exponent, where k is the
/// one number below the exponent that makes the division come out even.
fn inverse_of_exponent(modulus: &Limbs) -> Limbs {
    let remainder = modulus.iter().rev().fold(0, |rest, limb| (rest << 32 | u64::from(*limb)) % EXPONENT);
    // -1 / remainder, by Fermat's little theorem.
    let base = EXPONENT - remainder;
    let factor = (0..17).rev().fold(1, |power, bit| {
        let square = power * power % EXPONENT;
        if (EXPONENT - 2) >> bit & 1 == 1 { square * base % EXPONENT } else { square }
    });
    let mut carry = 1;
    let mut quotient: Limbs = Zeroizing::new(Vec::with_capacity(modulus.len() + 1));
    for limb in modulus.iter().chain([&0]) {
        let value = u64::from(*limb) * factor + carry;
        quotient.push(low(value));
        carry = value >> 32;
    }
    let mut rest = 0;
    for limb in quotient.iter_mut().rev() {
        let value = rest << 32 | u64::from(*limb);
        (*limb, rest) = (low(value / EXPONENT), value % EXPONENT);
    }
    quotient
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
const fn low(value: u64) -> u32 {
    value as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(value: u128) -> Limbs {
        limbs(&value.to_be_bytes())
    }

    fn value(limbs: &Limbs) -> u128 {
        octets(limbs).iter().fold(0, |value, octet| value << 8 | u128::from(*octet))
    }

    proptest! {
        #[test]
        fn products(a: u64, b: u64) {
            prop_assert_eq!(value(&product(&number(a.into()), &number(b.into()))), u128::from(a) * u128::from(b));
        }

        #[test]
        fn inverses(modulus in 2_u64..) {
            prop_assume!(modulus % EXPONENT != 0);
            let inverse = value(&inverse_of_exponent(&number(modulus.into())));
            prop_assert!(inverse < modulus.into());
            prop_assert_eq!(inverse * u128::from(EXPONENT) % u128::from(modulus), 1);
        }

        #[test]
        fn octets_and_limbs(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            prop_assert_eq!(octets(&limbs(&bytes)).to_vec(), bytes[zeros..].to_vec());
        }
    }
}
