//! The kinds of keys that are made, by the names that people give them.

use crate::alg::row::KeyForm;
use crate::alg::{Implementation, Row, table};
use crate::crypto::generate;
use crate::crypto::key::{PrivateKey, PrivateNumbers};
use crate::crypto::random::Random;
use crate::keys::private::key_of;
use crate::{Code, Error, Result};

/// A kind of key that is made.
#[derive(Debug)]
pub struct KeyAlgorithm {
    /// For people, such as "ec-p256".
    pub name: &'static str,
    /// Of the curve, or else of the public key.
    row: &'static str,
    /// Of the modulus; 0 where the row tells.
    bits: u32,
}

macro_rules! algorithms {
    ($($name:literal $row:literal $bits:literal;)+) => {
        static ALGORITHMS: &[KeyAlgorithm] = &[$(KeyAlgorithm { name: $name, row: $row, bits: $bits }),+];
    };
}

algorithms! {
    "rsa-2048" "RSA" 2048;
    "rsa-3072" "RSA" 3072;
    "rsa-4096" "RSA" 4096;
    "ec-p256" "P-256" 0;
    "ec-p384" "P-384" 0;
    "ec-p521" "P-521" 0;
    "ed25519" "Ed25519 key" 0;
    "x25519" "X25519" 0;
}

impl KeyAlgorithm {
    /// All of them, in the order of the documentation.
    pub fn all() -> &'static [Self] {
        ALGORITHMS
    }

    /// Err: MisuseArgument, with the names that there are.
    pub fn named(name: &str) -> Result<&'static Self> {
        ALGORITHMS.iter().find(|algorithm| algorithm.name == name).ok_or_else(|| {
            let names: Vec<_> = ALGORITHMS.iter().map(|algorithm| algorithm.name).collect();
            Error::with(Code::MisuseArgument, format!("{name:?} is no kind of key; there are {}", names.join(", ")))
        })
    }

    fn row(&self) -> Option<&'static Row> {
        table::named(self.row)
    }
}

impl PrivateKey {
    /// A new key. The primes of RSA are not drawn from `random` but from the backend's own source, the operating
    /// system's. Err: MakingFailed (no chance).
    pub fn generate(algorithm: &KeyAlgorithm, random: &dyn Random) -> Result<Self> {
        let failed = || Error::new(Code::MakingFailed);
        let implementation = algorithm.row().and_then(|row| row.implementation).ok_or_else(failed)?;
        let numbers: PrivateNumbers = match implementation {
            Implementation::PublicKey(KeyForm::Rsa) => generate::rsa(algorithm.bits),
            Implementation::Curve(curve) => generate::ec(curve, random),
            Implementation::PublicKey(KeyForm::Ed25519) => generate::ed25519(random),
            Implementation::PublicKey(KeyForm::X25519) => generate::x25519(random),
            _ => return Err(failed()),
        }
        .map_err(|_| failed())?;
        let material = numbers.material().ok_or_else(failed)?;
        key_of(&material, numbers).map_err(|_| failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::alg::Make;
    use crate::crypto::content::Opaque;
    use crate::crypto::random::SystemRandom;
    use crate::keys::KeyKind;

    struct NoChance;

    impl Random for NoChance {
        fn fill(&self, _octets: &mut [u8]) -> core::result::Result<(), Opaque> {
            Err(Opaque)
        }
    }

    #[test]
    fn what_is_made_may_be_made() {
        for algorithm in KeyAlgorithm::all() {
            assert_ne!(algorithm.row().unwrap().make, Make::Never, "{}", algorithm.name);
            assert!(core::ptr::eq(KeyAlgorithm::named(algorithm.name).unwrap(), algorithm));
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        for name in ["", "rsa-1024", "EC-P256", "ec-p192", "ed448"] {
            let error = KeyAlgorithm::named(name).unwrap_err();
            assert_eq!(error.code(), Code::MisuseArgument);
            assert!(KeyAlgorithm::all().iter().all(|algorithm| error.to_string().contains(algorithm.name)), "{error}");
        }
    }

    #[test]
    fn each_is_new_and_of_its_kind() {
        let limits = Limits::default();
        let kinds = ["RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384", "P-521", "Ed25519", "X25519"];
        for (algorithm, name) in KeyAlgorithm::all().iter().zip(kinds) {
            let make = || PrivateKey::generate(algorithm, &SystemRandom).unwrap();
            let (key, other) = (make(), make());
            assert_eq!(key.name(), name);
            assert_ne!(key.public_spki(), other.public_spki());
            let read = PrivateKey::from_pkcs8(key.to_pkcs8().unwrap().expose(), &limits).unwrap();
            assert_eq!(read.public_spki(), key.public_spki());
        }
    }

    #[test]
    fn rfc4086_without_chance_there_is_no_key() {
        for algorithm in KeyAlgorithm::all() {
            match PrivateKey::generate(algorithm, &NoChance) {
                Ok(key) => assert_eq!(key.kind(), KeyKind::Rsa, "{}", algorithm.name),
                Err(error) => assert_eq!(error.code(), Code::MakingFailed),
            }
        }
    }
}
