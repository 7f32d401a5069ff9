//! The columns of the table of algorithms.

use crate::asn1::{Oid, UnixTime};
use crate::crypto::agreement::KeyDerivation;
use crate::crypto::compression::Compression;
use crate::crypto::content::{Cbc, ContentCipher};
use crate::crypto::digest::Digest;
use crate::crypto::ec::Curve;
use crate::crypto::key_wrap::KeyWrap;
use crate::crypto::legacy::{PbeCipher, Pbkdf1Digest};
use crate::crypto::signature::SignatureScheme;
use crate::crypto::transport::KeyTransport;

/// What an algorithm does. An OID may stand for several roles, each with a row of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Digest,
    Signature,
    KeyTransport,
    KeyAgreement,
    Kem,
    Kdf,
    KeyWrap,
    Content,
    Aead,
    Mac,
    Curve,
    PublicKey,
    Compression,
    Composite,
    /// Encryption under a password.
    Pbe,
    /// A part of another algorithm's parameters: a mask generation function, a source of a label.
    Part,
}

/// Whether we write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    Prefer,
    Allow,
    Never,
}

/// Whether we take it; compared with the judged time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    Accept,
    Until(UnixTime),
    Never,
}

/// What may stand in `parameters`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameters {
    /// Nothing.
    Absent,
    /// NULL or nothing: written as NULL where the specification says so, both taken.
    NullOrAbsent,
    /// Ignored here: the signer's key decides.
    Any,
    /// OCTET STRING of as many octets.
    Iv(u8),
    /// IDEA-CBCPar, RFC 3058 §3: SEQUENCE of an OCTET STRING of as many octets; bare, it is taken as well.
    IvInSequence(u8),
    /// GCMParameters, RFC 5084 §3.2
    Gcm,
    /// CCMParameters, RFC 5084 §3.1
    Ccm,
    /// RSASSA-PSS-params, RFC 4055 §3.1
    Pss,
    /// RSAES-OAEP-params, RFC 4055 §4.1
    Oaep,
    /// ECParameters: namedCurve alone, RFC 5480 §2.1.1
    NamedCurve,
    /// KeyWrapAlgorithm, RFC 5753 §7.2
    KeyWrapId,
    /// RC2CBCParameter, RFC 8018 B.2.3
    Rc2,
    /// RC2wrapParameter (RFC 3370 §4.3.2): the version that stands for 128 bits.
    Rc2Version,
    /// INTEGER: that many bits of output (RFC 8702 §3.1)
    OutputBits(u16),
    /// A SEQUENCE of the algorithm's own.
    Own,
}

/// Where a signature algorithm has its digest from.
#[derive(Clone, Copy, Debug)]
pub enum Hashing {
    /// The algorithm names it.
    Fixed(&'static dyn Digest),
    /// digestAlgorithm names it.
    FromDigestAlgorithm,
    /// RSASSA-PSS-params name it.
    FromParameters,
    /// The scheme has its own and signs the message itself; digestAlgorithm, where there is one, must be this.
    Whole(&'static dyn Digest),
}

/// How a public key of this algorithm is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    Rsa,
    RsaPss,
    Ec,
    Ed25519,
    X25519,
    Ed448,
    X448,
    Dsa,
}

/// How a password becomes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordKdf {
    Pbkdf2,
    Scrypt,
}

/// How a password-based encryption works.
#[derive(Clone, Copy, Debug)]
pub enum PbeScheme {
    /// PBES2, RFC 8018 §6.2
    Pbes2,
    /// PKCS#12, RFC 7292 App. C: key and iv from the KDF of its App. B.
    Pkcs12 { digest: &'static dyn Digest, cipher: PbeCipher },
    /// PBES1, RFC 8018 §6.1: 8 octets of key and 8 of iv from PBKDF1.
    Pbes1 { digest: Pbkdf1Digest, cipher: PbeCipher },
}

/// What runs an algorithm.
#[derive(Clone, Copy, Debug)]
pub enum Implementation {
    Digest(&'static dyn Digest),
    Signature(&'static dyn SignatureScheme, Hashing),
    KeyTransport(&'static dyn KeyTransport),
    KeyAgreement(&'static dyn KeyDerivation),
    KeyWrap(&'static dyn KeyWrap),
    /// PWRI-KEK, RFC 3211: its parameter names the cipher.
    PasswordWrap,
    Content(&'static dyn ContentCipher),
    /// RC2 in CBC: the parameters name the effective bits of the key.
    Rc2,
    /// CAST5 in CBC: the parameters name the bits of the key.
    Cast5,
    /// As `Content`, with the cipher that password-based encryption needs as well.
    Cbc(&'static Cbc),
    Mac(&'static dyn Digest),
    Curve(&'static Curve),
    PublicKey(KeyForm),
    Kdf(PasswordKdf),
    Pbe(PbeScheme),
    Compression(&'static dyn Compression),
    /// Read as part of the algorithm that it belongs to.
    Part,
}

/// One algorithm.
#[derive(Debug)]
pub struct Row {
    /// Unique.
    pub name: &'static str,
    pub oid: Oid<'static>,
    /// Other OIDs seen in the field.
    pub aliases: &'static [Oid<'static>],
    pub role: Role,
    pub parameters: Parameters,
    /// Bits of classical strength; below 112 is weak. Where the key decides as well, this is the algorithm's share alone.
    pub strength: u16,
    pub make: Make,
    pub take: Take,
    /// RFC and section.
    pub specification: &'static str,
    /// None: known by name only.
    pub implementation: Option<Implementation>,
}
