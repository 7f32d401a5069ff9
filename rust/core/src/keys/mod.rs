//! STUB (signatures are the contract).
use crate::{Limits, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Rsa,
    /// `curve` is the row name ("P-256").
    Ec { curve: &'static str },
    Ed25519,
    X25519,
    /// Known by name only, or not at all.
    Other,
}

/// A public key, parsed once and kept ready. Unknown kinds parse too (kind Other) and verify nothing.
#[derive(Clone, Debug)]
pub struct PublicKey(());

impl PublicKey {
    /// SubjectPublicKeyInfo DER. Err: KeyMalformed, LimitKeyBits.
    pub fn from_spki(_spki: &[u8], _limits: &Limits) -> Result<Self> {
        unimplemented!()
    }
    pub fn kind(&self) -> KeyKind {
        unimplemented!()
    }
    pub fn bits(&self) -> u32 {
        unimplemented!()
    }
    /// e.g. "RSA-2048", "P-256", "Ed25519", else the dotted OID.
    pub fn name(&self) -> String {
        unimplemented!()
    }
    /// The SPKI it was made from.
    pub fn spki(&self) -> &[u8] {
        unimplemented!()
    }
}

/// A private key, parsed once and kept ready; zeroized on drop, never printed. Clone is cheap (Arc inside).
#[derive(Clone, Debug)]
pub struct PrivateKey(());

impl PrivateKey {
    /// PKCS#8 PrivateKeyInfo / OneAsymmetricKey, unencrypted (BER taken). Err: KeyMalformed, KeyUnsupported, LimitKeyBits.
    pub fn from_pkcs8(_der: &[u8], _limits: &Limits) -> Result<Self> {
        unimplemented!()
    }
    /// RSAPrivateKey, RFC 8017 A.1.2
    pub fn from_pkcs1(_der: &[u8], _limits: &Limits) -> Result<Self> {
        unimplemented!()
    }
    /// ECPrivateKey, RFC 5915
    pub fn from_sec1(_der: &[u8], _limits: &Limits) -> Result<Self> {
        unimplemented!()
    }
    /// Its SubjectPublicKeyInfo in DER: how it is matched with certificates.
    pub fn public_spki(&self) -> &[u8] {
        unimplemented!()
    }
    pub fn kind(&self) -> KeyKind {
        unimplemented!()
    }
    pub fn bits(&self) -> u32 {
        unimplemented!()
    }
}
