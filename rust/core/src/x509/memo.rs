//! Facts worth remembering, shared by threads: parsed certificates, and which certificate signed which.
//!
//! Bounded: each half forgets its older generation when the newer one is full, so what is used stays. No policy result
//! and no time is kept; a fact here is true forever, since it is about bytes alone.

use core::borrow::Borrow;
use core::hash::Hash;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::alg::{AlgorithmIdentifier, Message, SignatureAlgorithm};
use crate::keys::{KeyKind, PublicKey};
use crate::x509::certificate::Certificate;
use crate::x509::path::SignatureChecker;
use crate::{Code, Limits, Result};

const SHARDS: usize = 16;

/// Longer certificates are parsed every time: they are rare, and the memory of the memo stays bounded.
const MAX_INTERNED: usize = 1 << 14;

/// Below these a signature is called weak (RFC 8551 §2.2, §4.3: RSA and DSA of 2048 bits; 112 bits of strength).
const STRENGTH: u16 = 112;
const RSA_BITS: u32 = 2048;
const EC_BITS: u32 = 224;

/// SHA-256 of the certificate (thus of TBS, algorithm and signature) and of the issuer's SubjectPublicKeyInfo. A hit
/// means "verified", so the key has to be one that nobody can make collide.
type FactKey = [u8; 64];

/// Whether one certificate's key made the signature of another.
#[derive(Clone, Debug)]
struct Fact {
    /// None: of an algorithm or key kind that is not implemented.
    verified: Option<bool>,
    weakness: Option<Arc<str>>,
}

/// The memo of a Receiver or Sender.
pub struct Memo {
    limits: Limits,
    certificates: Sharded<Der, Arc<Certificate>>,
    facts: Sharded<FactKey, Fact>,
}

impl Memo {
    /// At most about `capacity` certificates and as many checked signatures; 0 remembers nothing.
    pub fn new(capacity: usize) -> Self {
        Self::with_limits(capacity, Limits::default())
    }

    /// `limits` bound the certificates and keys that are read.
    pub fn with_limits(capacity: usize, limits: Limits) -> Self {
        Self { limits, certificates: Sharded::new(capacity), facts: Sharded::new(capacity) }
    }

    /// The certificate of these bytes: the one parsed before, if it is remembered. Errors: as `Certificate::from_der`.
    pub fn intern(&self, der: &[u8]) -> Result<Arc<Certificate>> {
        if der.len() > MAX_INTERNED {
            return Certificate::from_der(der, &self.limits).map(Arc::new);
        }
        // The end of a certificate is its signature: as good as chance for honest ones, and shards need no more.
        let shard = der.iter().rev().take(8).fold(0_u8, |mixed, octet| mixed ^ octet);
        if let Some(known) = self.certificates.get(shard, der) {
            return Ok(known);
        }
        let certificate = Arc::new(Certificate::from_der(der, &self.limits)?);
        self.certificates.put(shard, Der(Arc::clone(&certificate)), Arc::clone(&certificate));
        Ok(certificate)
    }

    fn fact(&self, certificate: &Certificate, issuer: &Certificate) -> Fact {
        let compute = || verify(certificate, issuer, &self.limits);
        match (certificate.fingerprint(), issuer.spki_fingerprint()) {
            (Some(signed), Some(signer)) => {
                let mut key = [0; 64];
                key[..32].copy_from_slice(&signed);
                key[32..].copy_from_slice(&signer);
                self.remember(key, compute)
            }
            _ => compute(),
        }
    }

    /// No lock is held while `compute` runs: two threads may both do it, and find the same.
    fn remember(&self, key: FactKey, compute: impl FnOnce() -> Fact) -> Fact {
        if let Some(known) = self.facts.get(key[0], &key) {
            return known;
        }
        let fact = compute();
        self.facts.put(key[0], key, fact.clone());
        fact
    }
}

impl core::fmt::Debug for Memo {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Memo({} certificates, {} signatures)", self.certificates.len(), self.facts.len())
    }
}

impl SignatureChecker for Memo {
    fn check(&self, certificate: &Certificate, issuer: &Certificate) -> Option<bool> {
        self.fact(certificate, issuer).verified
    }

    fn weakness(&self, certificate: &Certificate, issuer: &Certificate) -> Option<String> {
        self.fact(certificate, issuer).weakness.map(|text| text.to_string())
    }
}

fn verify(certificate: &Certificate, issuer: &Certificate, limits: &Limits) -> Fact {
    let unknown = Fact { verified: None, weakness: None };
    let wrong = Fact { verified: Some(false), weakness: None };
    let algorithm = match SignatureAlgorithm::resolve(&certificate.signature_algorithm(), None) {
        Ok(algorithm) => algorithm,
        Err(error) if error.code() == Code::SignerAlgorithmUnsupported => return unknown,
        Err(_) => return wrong,
    };
    let key = match issuer.public_key(limits) {
        Ok(key) if key.kind() != KeyKind::Other => key,
        Ok(_) => return unknown,
        Err(error) if error.code() == Code::KeyMalformed => return wrong,
        Err(_) => return unknown,
    };
    let verified = algorithm.verify(key, Message::Bytes(certificate.tbs()), certificate.signature());
    Fact { verified: Some(verified), weakness: weakness(&algorithm, &certificate.signature_algorithm(), key) }
}

fn weakness(algorithm: &SignatureAlgorithm, identifier: &AlgorithmIdentifier<'_>, key: &PublicKey) -> Option<Arc<str>> {
    let small = match key.kind() {
        KeyKind::Rsa | KeyKind::Dsa => key.bits() < RSA_BITS,
        KeyKind::Ec { .. } => key.bits() < EC_BITS,
        _ => false,
    };
    if small {
        return Some(key.name().into());
    }
    let digest = algorithm.digest_row().filter(|row| row.strength < STRENGTH);
    match digest {
        Some(digest) => Some(digest.name.into()),
        None => (algorithm.row().strength < STRENGTH).then(|| identifier.name().into()),
    }
}

/// Hashed and compared by the bytes of the certificate.
struct Der(Arc<Certificate>);

impl Borrow<[u8]> for Der {
    fn borrow(&self) -> &[u8] {
        self.0.der()
    }
}

impl PartialEq for Der {
    fn eq(&self, other: &Self) -> bool {
        self.0.der() == other.0.der()
    }
}

impl Eq for Der {}

impl Hash for Der {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.0.der().hash(state);
    }
}

/// Two generations of a map: when the young one is full it becomes the old one, and the old one is forgotten.
struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

/// A map in shards, so that threads seldom wait for each other.
struct Sharded<K, V> {
    shards: [Mutex<Generations<K, V>>; SHARDS],
    /// Entries of one generation of one shard.
    generation: usize,
}

impl<K: Hash + Eq, V: Clone> Sharded<K, V> {
    fn new(capacity: usize) -> Self {
        let shard = || Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() });
        Self { shards: core::array::from_fn(|_| shard()), generation: capacity.div_ceil(2 * SHARDS) }
    }

    /// A thread that panicked while it held the lock left a map that is whole: every change is one call.
    fn shard(&self, shard: u8) -> MutexGuard<'_, Generations<K, V>> {
        self.shards[usize::from(shard) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get<Q: Hash + Eq + ?Sized>(&self, shard: u8, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let mut generations = self.shard(shard);
        if let Some(value) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = generations.old.remove_entry(key)?;
        self.insert(&mut generations, key, value.clone());
        Some(value)
    }

    fn put(&self, shard: u8, key: K, value: V) {
        self.insert(&mut self.shard(shard), key, value);
    }

    fn insert(&self, generations: &mut Generations<K, V>, key: K, value: V) {
        if self.generation == 0 {
            return;
        }
        if generations.young.len() >= self.generation {
            generations.old = core::mem::take(&mut generations.young);
        }
        generations.young.insert(key, value);
    }

    fn len(&self) -> usize {
        (0..SHARDS as u8).map(|shard| self.shard(shard)).map(|shard| shard.young.len() + shard.old.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::testing::Draft;

    fn fact(verified: bool) -> Fact {
        Fact { verified: Some(verified), weakness: None }
    }

    fn key(number: usize) -> FactKey {
        let mut key = [0; 64];
        key[..8].copy_from_slice(&number.to_le_bytes());
        key
    }

    #[test]
    fn a_fact_is_computed_once() {
        let memo = Memo::new(64);
        assert_eq!(memo.remember(key(1), || fact(true)).verified, Some(true));
        assert_eq!(memo.remember(key(1), || panic!("computed again")).verified, Some(true));
        // One octet of the key's last place is enough to be another fact.
        let mut other = key(1);
        other[63] = 1;
        assert_eq!(memo.remember(other, || fact(false)).verified, Some(false));
    }

    #[test]
    fn bounded_and_what_is_used_stays() {
        let memo = Memo::new(320);
        for number in 0..10_000 {
            memo.remember(key(0), || fact(number == 0));
            memo.remember(key(number), || fact(false));
        }
        assert!(memo.facts.len() <= 320, "{memo:?}");
        assert_eq!(memo.remember(key(0), || fact(false)).verified, Some(true));
        let none = Memo::new(0);
        none.remember(key(1), || fact(true));
        assert_eq!(none.facts.len(), 0);
    }

    #[test]
    fn intern_gives_the_same_certificate_for_the_same_bytes() {
        let memo = Memo::new(64);
        let (a, b) = (Draft::new("Alice", "CA").der(), Draft::new("Bob", "CA").der());
        let first = memo.intern(&a).unwrap();
        assert!(Arc::ptr_eq(&first, &memo.intern(&a).unwrap()));
        assert!(!Arc::ptr_eq(&first, &memo.intern(&b).unwrap()));
        assert_eq!(memo.intern(&b).unwrap().der(), b);
        assert!(memo.intern(b"junk").is_err() && memo.intern(&[&a[..], &[0]].concat()).is_err());
        assert_eq!(memo.certificates.len(), 2);
    }

    #[test]
    fn threads_share_it() {
        let memo = Memo::new(64);
        let ders: Vec<_> = (0..40).map(|number| Draft::new(&format!("S{number}"), "CA").der()).collect();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for der in ders.iter().cycle().take(400) {
                        assert_eq!(memo.intern(der).unwrap().der(), der);
                    }
                });
            }
        });
        assert!(memo.certificates.len() <= 64);
    }
}
