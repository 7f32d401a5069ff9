//! STUB (signatures are the contract).
use crate::alg::Row;
use crate::asn1::{Octets, Oid, Reader, Tlv};
use crate::crypto::digest::{Digest, DigestValue};
use crate::crypto::secret::Secret;
use crate::keys::{PrivateKey, PublicKey};
use crate::{Limits, Result};

/// AlgorithmIdentifier, RFC 5280 §4.1.1.2
#[derive(Clone, Copy, Debug)]
pub struct AlgorithmIdentifier<'a> {
    pub algorithm: Oid<'a>,
    pub parameters: Option<Tlv<'a>>,
    /// The whole element as received.
    pub raw: &'a [u8],
}

impl<'a> AlgorithmIdentifier<'a> {
    pub fn read(reader: &mut Reader<'a>) -> Result<Self> {
        Self::from_tlv(&reader.expect(crate::asn1::Tag::SEQUENCE)?)
    }
    pub fn from_tlv(tlv: &Tlv<'a>) -> Result<Self> {
        let mut inner = tlv.reader()?;
        let algorithm = inner.oid()?;
        let parameters = if inner.is_empty() { None } else { Some(inner.any()?) };
        inner.finish()?;
        Ok(Self { algorithm, parameters, raw: tlv.raw })
    }
    /// The row, if the OID is known.
    pub fn row(&self) -> Option<&'static Row> {
        crate::alg::table::find(self.algorithm)
    }
    /// Row name, else dotted OID: for reports.
    pub fn name(&self) -> String {
        self.row().map_or_else(|| self.algorithm.to_string(), |row| row.name.to_owned())
    }
    /// The digest it names. Err: SignerAlgorithmUnsupported.
    pub fn digest(&self) -> Result<(&'static Row, &'static dyn Digest)> {
        unimplemented!()
    }
}

/// What a signature is checked over.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    Bytes(&'a [u8]),
    /// Made with the digest that `SignatureAlgorithm::prehash` names.
    Digest(&'a DigestValue),
}

/// signatureAlgorithm together with digestAlgorithm, owned and ready.
#[derive(Clone, Debug)]
pub struct SignatureAlgorithm(());

impl SignatureAlgorithm {
    /// For a SignerInfo give its digestAlgorithm (needed where signatureAlgorithm is plain rsaEncryption or
    /// id-ecPublicKey; if both name a digest and they differ: Err(SignerAlgorithmInconsistent)). For certificates: None.
    /// Err: SignerAlgorithmUnsupported, Asn1Malformed (parameters).
    pub fn resolve(_signature: &AlgorithmIdentifier<'_>, _digest: Option<&AlgorithmIdentifier<'_>>) -> Result<Self> {
        unimplemented!()
    }
    pub fn row(&self) -> &'static Row {
        unimplemented!()
    }
    /// The row of the digest inside (None for Ed25519).
    pub fn digest_row(&self) -> Option<&'static Row> {
        unimplemented!()
    }
    /// None: the scheme needs the whole message (Ed25519).
    pub fn prehash(&self) -> Option<&'static dyn Digest> {
        unimplemented!()
    }
    /// False also when the key is of another kind or cannot be used.
    pub fn verify(&self, _key: &PublicKey, _message: Message<'_>, _signature: &[u8]) -> bool {
        unimplemented!()
    }
}

/// contentEncryptionAlgorithm, owned and ready.
#[derive(Clone, Debug)]
pub struct ContentAlgorithm(());

impl ContentAlgorithm {
    /// Err: DecryptionAlgorithmUnsupported, DecryptionParameters, DecryptionTagLength (ICVlen outside 12..=16).
    pub fn resolve(_identifier: &AlgorithmIdentifier<'_>) -> Result<Self> {
        unimplemented!()
    }
    pub fn row(&self) -> &'static Row {
        unimplemented!()
    }
    pub fn is_aead(&self) -> bool {
        unimplemented!()
    }
    /// Octets of the content-encryption key.
    pub fn key_len(&self) -> usize {
        unimplemented!()
    }
    /// AEAD: octets that `mac` must have (ICVlen). CBC: 0.
    pub fn tag_len(&self) -> usize {
        unimplemented!()
    }
    /// CBC and the like: `aad` and `mac` empty. Err: DecryptionFailed alone, whatever went wrong.
    pub fn decrypt(&self, _cek: &Secret, _ciphertext: &Octets<'_>, _aad: &[u8], _mac: &[u8]) -> Result<Vec<u8>> {
        unimplemented!()
    }
}

/// keyEncryptionAlgorithm of a KeyTransRecipientInfo.
#[derive(Clone, Debug)]
pub struct TransportAlgorithm(());

impl TransportAlgorithm {
    /// Err: DecryptionAlgorithmUnsupported, DecryptionParameters.
    pub fn resolve(_identifier: &AlgorithmIdentifier<'_>) -> Result<Self> {
        unimplemented!()
    }
    pub fn row(&self) -> &'static Row {
        unimplemented!()
    }
    /// Always a key of `cek_len` octets: a random one where unwrapping fails (implicit rejection), so that
    /// every failure looks alike.
    pub fn unwrap(&self, _key: &PrivateKey, _encrypted_key: &[u8], _cek_len: usize) -> Secret {
        unimplemented!()
    }
}

/// keyEncryptionAlgorithm of a KeyAgreeRecipientInfo, with its key wrap.
#[derive(Clone, Debug)]
pub struct AgreementAlgorithm(());

impl AgreementAlgorithm {
    /// Err: DecryptionAlgorithmUnsupported, DecryptionParameters.
    pub fn resolve(_identifier: &AlgorithmIdentifier<'_>) -> Result<Self> {
        unimplemented!()
    }
    pub fn row(&self) -> &'static Row {
        unimplemented!()
    }
    pub fn wrap_row(&self) -> &'static Row {
        unimplemented!()
    }
    /// `originator`: contents of the originator's BIT STRING (a point, or 32 octets for X25519).
    /// A random key of `cek_len` octets where it fails, as `TransportAlgorithm::unwrap`.
    pub fn unwrap(&self, _key: &PrivateKey, _originator: &[u8], _ukm: Option<&[u8]>, _encrypted_key: &[u8], _cek_len: usize) -> Secret {
        unimplemented!()
    }
}

/// Only here to keep `Limits` in the signatures that grow it.
#[allow(dead_code)]
fn _unused(_: &Limits) {}
