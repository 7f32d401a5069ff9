//! Message digests, and HMAC over them.

use aws_lc_rs::{digest as backend, hmac};
use mailseal_lc::{Hash, HashContext};

/// The longest output, that of SHA-512.
pub const MAX_DIGEST_LEN: usize = 64;

/// A digest algorithm.
pub trait Digest: Sync + core::fmt::Debug {
    fn output_len(&self) -> usize;
    fn start(&self) -> DigestContext;
    /// What the signature and key derivation backends call it; two digests are the same if this is.
    fn hash(&self) -> Hash;
}

impl dyn Digest + '_ {
    pub fn digest(&self, data: &[u8]) -> DigestValue {
        let mut context = self.start();
        context.update(data);
        context.finish()
    }

    /// Whether both are the same function.
    pub fn is(&self, other: &dyn Digest) -> bool {
        self.hash() == other.hash()
    }

    /// None: no row of the table makes an HMAC of it.
    fn hmac(&self) -> Option<hmac::Algorithm> {
        Some(match self.hash() {
            Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha224 => hmac::HMAC_SHA224,
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha384 => hmac::HMAC_SHA384,
            Hash::Sha512 => hmac::HMAC_SHA512,
            _ => return None,
        })
    }

    /// HMAC (RFC 2104) of the parts, one after the other; empty where the backend has no HMAC of this function.
    pub fn mac(&self, key: &[u8], parts: &[&[u8]]) -> DigestValue {
        let Some(algorithm) = self.hmac() else { return DigestValue::from_slice(&[]) };
        let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
        parts.iter().for_each(|part| context.update(part));
        DigestValue::from_slice(context.sign().as_ref())
    }

    /// Whether `tag` is the whole HMAC of `data`; compared in constant time. False where there is no HMAC.
    pub fn mac_verify(&self, key: &[u8], data: &[u8], tag: &[u8]) -> bool {
        self.hmac().is_some_and(|algorithm| hmac::verify(&hmac::Key::new(algorithm, key), data, tag).is_ok())
    }
}

/// A digest of the backend.
#[derive(Debug)]
pub struct Sha {
    algorithm: &'static backend::Algorithm,
    hash: Hash,
}

pub static SHA1: Sha = Sha { algorithm: &backend::SHA1_FOR_LEGACY_USE_ONLY, hash: Hash::Sha1 };
pub static SHA224: Sha = Sha { algorithm: &backend::SHA224, hash: Hash::Sha224 };
pub static SHA256: Sha = Sha { algorithm: &backend::SHA256, hash: Hash::Sha256 };
pub static SHA384: Sha = Sha { algorithm: &backend::SHA384, hash: Hash::Sha384 };
pub static SHA512: Sha = Sha { algorithm: &backend::SHA512, hash: Hash::Sha512 };

impl Digest for Sha {
    fn output_len(&self) -> usize {
        self.hash.output_len()
    }

    fn start(&self) -> DigestContext {
        DigestContext(State::Backend(backend::Context::new(self.algorithm)))
    }

    fn hash(&self) -> Hash {
        self.hash
    }
}

/// A digest that the safe interface of the backend lacks: old ones, and the rarer new ones.
#[derive(Debug)]
pub struct Rare(Hash);

pub static MD4: Rare = Rare(Hash::Md4);
pub static MD5: Rare = Rare(Hash::Md5);
pub static RIPEMD160: Rare = Rare(Hash::Ripemd160);
pub static SHA512_224: Rare = Rare(Hash::Sha512_224);
pub static SHA512_256: Rare = Rare(Hash::Sha512_256);
pub static SHA3_224: Rare = Rare(Hash::Sha3_224);
pub static SHA3_256: Rare = Rare(Hash::Sha3_256);
pub static SHA3_384: Rare = Rare(Hash::Sha3_384);
pub static SHA3_512: Rare = Rare(Hash::Sha3_512);
pub static SHAKE128: Rare = Rare(Hash::Shake128);
pub static SHAKE256: Rare = Rare(Hash::Shake256);

impl Digest for Rare {
    fn output_len(&self) -> usize {
        self.0.output_len()
    }

    fn start(&self) -> DigestContext {
        DigestContext(HashContext::new(self.0).map_or(State::Failed, State::Rare))
    }

    fn hash(&self) -> Hash {
        self.0
    }
}

/// A digest under way. A clone goes on from the same state.
#[derive(Clone)]
pub struct DigestContext(State);

enum State {
    Backend(backend::Context),
    Rare(HashContext),
    /// Memory was refused: the value is empty and equals no digest.
    Failed,
}

impl Clone for State {
    fn clone(&self) -> Self {
        match self {
            Self::Backend(context) => Self::Backend(context.clone()),
            Self::Rare(context) => context.copy().map_or(Self::Failed, Self::Rare),
            Self::Failed => Self::Failed,
        }
    }
}

impl DigestContext {
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.0 {
            State::Backend(context) => context.update(data),
            State::Rare(context) => {
                if context.update(data).is_err() {
                    self.0 = State::Failed;
                }
            }
            State::Failed => {}
        }
    }

    pub fn finish(self) -> DigestValue {
        match self.0 {
            State::Backend(context) => DigestValue::from_slice(context.finish().as_ref()),
            State::Rare(context) => {
                let len = context.hash().output_len();
                DigestValue::from_slice(
                    context.finish().ok().as_ref().and_then(|value| value.get(..len)).unwrap_or_default(),
                )
            }
            State::Failed => DigestValue::from_slice(&[]),
        }
    }
}

impl core::fmt::Debug for DigestContext {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DigestContext(…)")
    }
}

/// At most 64 octets, on the stack. The octets beyond its length are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestValue {
    bytes: [u8; MAX_DIGEST_LEN],
    len: u8,
}

impl DigestValue {
    /// At most the first 64 octets.
    fn from_slice(value: &[u8]) -> Self {
        let mut bytes = [0; MAX_DIGEST_LEN];
        let mut len = 0;
        for (target, byte) in bytes.iter_mut().zip(value) {
            *target = *byte;
            len += 1;
        }
        Self { bytes, len }
    }
}

impl AsRef<[u8]> for DigestValue {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::hex;

    #[test]
    fn fips_180_abc() {
        let rows: [(&'static dyn Digest, &str); 5] = [
            (&SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (&SHA224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            (&SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                &SHA384,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                &SHA512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ];
        for (digest, expected) in rows {
            let mut context = digest.start();
            b"abc".iter().for_each(|byte| context.update(&[*byte]));
            assert_eq!(context.clone().finish().as_ref(), hex(expected));
            assert_eq!(digest.digest(b"abc"), context.finish());
            assert_eq!(digest.output_len(), hex(expected).len());
        }
    }

    #[test]
    fn hmac_rfc4231_case_2() {
        let digest: &dyn Digest = &SHA256;
        let expected = hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert_eq!(digest.mac(b"Jefe", &[b"what do ya want ", b"for nothing?"]).as_ref(), expected);
        assert!(digest.mac_verify(b"Jefe", b"what do ya want for nothing?", &expected));
        assert!(!digest.mac_verify(b"Jefe", b"what do ya want for nothing?", &expected[..31]));
        assert!(!digest.mac_verify(b"Jeff", b"what do ya want for nothing?", &expected));
    }

    #[test]
    fn is_tells_functions_apart() {
        let (a, b): (&dyn Digest, &dyn Digest) = (&SHA256, &SHA384);
        assert!(a.is(&SHA256) && !a.is(b));
    }
}
