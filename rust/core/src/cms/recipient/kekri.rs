//! KEKRecipientInfo: the content-encryption key under a key that both sides hold already.

use crate::Result;
use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Octets, Tag, Tlv, UnixTime};
use crate::cms::reader_of;
use crate::error::Within;

/// ```text
/// KEKRecipientInfo ::= SEQUENCE {
///   version CMSVersion,                  -- 4
///   kekid KEKIdentifier,
///   keyEncryptionAlgorithm KeyEncryptionAlgorithmIdentifier,
///   encryptedKey EncryptedKey }          -- OCTET STRING
/// KEKIdentifier ::= SEQUENCE {
///   keyIdentifier OCTET STRING,
///   date GeneralizedTime OPTIONAL,
///   other OtherKeyAttribute OPTIONAL }
/// ```
/// RFC 5652 §6.2.3
#[derive(Clone, Debug)]
pub struct KekRecipientInfo<'a> {
    pub version: u64,
    pub key_identifier: Octets<'a>,
    /// Of kekid; nothing protects it.
    pub date: Option<UnixTime>,
    /// Of kekid; nothing protects it.
    pub other: Option<Tlv<'a>>,
    pub key_encryption_algorithm: AlgorithmIdentifier<'a>,
    pub encrypted_key: Octets<'a>,
}

impl<'a> KekRecipientInfo<'a> {
    pub(super) fn read(tlv: &Tlv<'a>) -> Result<Self> {
        let mut reader = tlv.reader()?;
        let version = reader.u64().field("version")?;
        let kekid = reader.expect(Tag::SEQUENCE).field("kekid")?;
        let (key_identifier, date, other) = key_identifier(&kekid).field("kekid")?;
        let key_encryption_algorithm = AlgorithmIdentifier::read(&mut reader).field("keyEncryptionAlgorithm")?;
        let encrypted_key = reader.octet_string().field("encryptedKey")?;
        reader.finish()?;
        Ok(Self { version, key_identifier, date, other, key_encryption_algorithm, encrypted_key })
    }
}

type KeyIdentifier<'a> = (Octets<'a>, Option<UnixTime>, Option<Tlv<'a>>);

/// The common form of KEKIdentifier and RecipientKeyIdentifier.
///
/// ```text
/// OtherKeyAttribute ::= SEQUENCE { keyAttrId OBJECT IDENTIFIER, keyAttr ANY DEFINED BY keyAttrId OPTIONAL }
/// ```
/// RFC 5652 §10.2.7
pub(super) fn key_identifier<'a>(tlv: &Tlv<'a>) -> Result<KeyIdentifier<'a>> {
    let mut reader = if tlv.tag == Tag::context(0) { tlv.reader()? } else { reader_of(tlv, Tag::SEQUENCE)? };
    let octets = reader.octet_string()?;
    let date = reader.optional(Tag::GENERALIZED_TIME)?.map(|tlv| tlv.as_time()).transpose().field("date")?;
    let other = reader.optional(Tag::SEQUENCE).field("other")?;
    reader.finish()?;
    Ok((octets, date, other))
}
