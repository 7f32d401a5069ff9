//! STUB (signatures are the contract).
use crate::asn1::{Oid, UnixTime};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role { Digest, Signature, KeyTransport, KeyAgreement, Kem, Kdf, KeyWrap, Content, Aead, Mac, Curve, PublicKey, Compression, Composite }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make { Prefer, Allow, Never }
/// Compared with the judged time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take { Accept, Until(UnixTime), Never }

/// One algorithm. (Further columns: aliases, parameter rule, spec, implementation.)
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    pub oid: Oid<'static>,
    pub role: Role,
    /// Bits of classical strength; below 112 is weak.
    pub strength: u16,
    pub make: Make,
    pub take: Take,
    pub specification: &'static str,
}

pub static TABLE: &[Row] = &[];

pub fn find(oid: Oid<'_>) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.oid == oid)
}
pub fn named(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}
