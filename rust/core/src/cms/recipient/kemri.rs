//! KEMRecipientInfo: the content-encryption key under a key that a KEM has encapsulated for the recipient.

use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Octets, Tag, Tlv};
use crate::cms::{RecipientIdentifier, reader_of};
use crate::error::Within;
use crate::{Code, Error, Result};

/// ```text
/// KEMRecipientInfo ::= SEQUENCE {
///   version CMSVersion,                           -- 0
///   rid RecipientIdentifier,
///   kem KEMAlgorithmIdentifier,
///   kemct OCTET STRING,
///   kdf KeyDerivationAlgorithmIdentifier,
///   kekLength INTEGER (1..65535),
///   ukm [0] EXPLICIT UserKeyingMaterial OPTIONAL, -- OCTET STRING
///   wrap KeyEncryptionAlgorithmIdentifier,
///   encryptedKey EncryptedKey }                   -- OCTET STRING
/// ```
/// RFC 9629 §3
#[derive(Clone, Debug)]
pub struct KemRecipientInfo<'a> {
    pub version: u64,
    pub rid: RecipientIdentifier<'a>,
    pub kem: AlgorithmIdentifier<'a>,
    pub kemct: Octets<'a>,
    pub kdf: AlgorithmIdentifier<'a>,
    pub kek_length: u16,
    pub ukm: Option<Octets<'a>>,
    pub wrap: AlgorithmIdentifier<'a>,
    pub encrypted_key: Octets<'a>,
}

impl<'a> KemRecipientInfo<'a> {
    pub(super) fn read(tlv: &Tlv<'a>) -> Result<Self> {
        let mut reader = reader_of(tlv, Tag::SEQUENCE)?;
        let version = reader.u64().field("version")?;
        let rid = RecipientIdentifier::read(&mut reader).field("rid")?;
        let kem = AlgorithmIdentifier::read(&mut reader).field("kem")?;
        let kemct = reader.octet_string().field("kemct")?;
        let kdf = AlgorithmIdentifier::read(&mut reader).field("kdf")?;
        let offset = reader.offset();
        let kek_length = u16::try_from(reader.u64().field("kekLength")?).ok().filter(|length| *length > 0);
        let kek_length =
            kek_length.ok_or_else(|| Error::with(Code::Asn1Malformed, "kekLength out of range").at(offset))?;
        let ukm = reader.explicit(0).field("ukm")?.map(|tlv| tlv.as_octets()).transpose().field("ukm")?;
        let wrap = AlgorithmIdentifier::read(&mut reader).field("wrap")?;
        let encrypted_key = reader.octet_string().field("encryptedKey")?;
        reader.finish()?;
        Ok(Self { version, rid, kem, kemct, kdf, kek_length, ukm, wrap, encrypted_key })
    }
}
