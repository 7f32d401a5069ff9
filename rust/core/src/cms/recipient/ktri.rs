//! KeyTransRecipientInfo: the content-encryption key under a recipient's public key.

use crate::Result;
use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Octets, Tlv};
use crate::cms::RecipientIdentifier;
use crate::error::Within;

/// ```text
/// KeyTransRecipientInfo ::= SEQUENCE {
///   version CMSVersion,                  -- 0 or 2
///   rid RecipientIdentifier,
///   keyEncryptionAlgorithm KeyEncryptionAlgorithmIdentifier,
///   encryptedKey EncryptedKey }          -- OCTET STRING
/// ```
/// RFC 5652 §6.2.1
#[derive(Clone, Debug)]
pub struct KeyTransRecipientInfo<'a> {
    pub version: u64,
    pub rid: RecipientIdentifier<'a>,
    pub key_encryption_algorithm: AlgorithmIdentifier<'a>,
    pub encrypted_key: Octets<'a>,
}

impl<'a> KeyTransRecipientInfo<'a> {
    pub(super) fn read(tlv: &Tlv<'a>) -> Result<Self> {
        let mut reader = tlv.reader()?;
        let version = reader.u64().field("version")?;
        let rid = RecipientIdentifier::read(&mut reader).field("rid")?;
        let key_encryption_algorithm = AlgorithmIdentifier::read(&mut reader).field("keyEncryptionAlgorithm")?;
        let encrypted_key = reader.octet_string().field("encryptedKey")?;
        reader.finish()?;
        Ok(Self { version, rid, key_encryption_algorithm, encrypted_key })
    }

    pub(super) fn prescribed_version(&self) -> u64 {
        match self.rid {
            RecipientIdentifier::IssuerAndSerialNumber { .. } => 0,
            RecipientIdentifier::SubjectKeyIdentifier(_) => 2,
        }
    }
}
