//! PasswordRecipientInfo: the content-encryption key under a key made from a password.

use crate::Result;
use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Octets, Tag, Tlv};
use crate::error::Within;

/// ```text
/// PasswordRecipientInfo ::= SEQUENCE {
///   version CMSVersion,                  -- 0
///   keyDerivationAlgorithm [0] IMPLICIT KeyDerivationAlgorithmIdentifier OPTIONAL,
///   keyEncryptionAlgorithm KeyEncryptionAlgorithmIdentifier,
///   encryptedKey EncryptedKey }          -- OCTET STRING
/// ```
/// RFC 5652 §6.2.4
#[derive(Clone, Debug)]
pub struct PasswordRecipientInfo<'a> {
    pub version: u64,
    /// None: the key is made in another way that both sides know.
    pub key_derivation_algorithm: Option<AlgorithmIdentifier<'a>>,
    pub key_encryption_algorithm: AlgorithmIdentifier<'a>,
    pub encrypted_key: Octets<'a>,
}

impl<'a> PasswordRecipientInfo<'a> {
    pub(super) fn read(tlv: &Tlv<'a>) -> Result<Self> {
        let mut reader = tlv.reader()?;
        let version = reader.u64().field("version")?;
        let derivation = reader.optional(Tag::context(0)).field("keyDerivationAlgorithm")?;
        let key_derivation_algorithm =
            derivation.map(|tlv| AlgorithmIdentifier::from_tlv(&tlv)).transpose().field("keyDerivationAlgorithm")?;
        let key_encryption_algorithm = AlgorithmIdentifier::read(&mut reader).field("keyEncryptionAlgorithm")?;
        let encrypted_key = reader.octet_string().field("encryptedKey")?;
        reader.finish()?;
        Ok(Self { version, key_derivation_algorithm, key_encryption_algorithm, encrypted_key })
    }
}
