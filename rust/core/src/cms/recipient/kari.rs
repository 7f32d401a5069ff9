//! KeyAgreeRecipientInfo: the content-encryption key under a key that originator and recipient agree on.

use std::borrow::Cow;

use crate::alg::AlgorithmIdentifier;
use crate::asn1::{BitString, Octets, Reader, Tag, Tlv, UnixTime};
use crate::cms::{RecipientIdentifier, SignerIdentifier, spend};
use crate::error::Within;
use crate::{Code, Error, Result};

/// ```text
/// KeyAgreeRecipientInfo ::= SEQUENCE {
///   version CMSVersion,                                        -- 3
///   originator [0] EXPLICIT OriginatorIdentifierOrKey,
///   ukm [1] EXPLICIT UserKeyingMaterial OPTIONAL,              -- OCTET STRING
///   keyEncryptionAlgorithm KeyEncryptionAlgorithmIdentifier,   -- its parameters name the key wrap
///   recipientEncryptedKeys SEQUENCE OF RecipientEncryptedKey }
/// ```
/// RFC 5652 §6.2.2
#[derive(Clone, Debug)]
pub struct KeyAgreeRecipientInfo<'a> {
    pub version: u64,
    pub originator: OriginatorIdentifierOrKey<'a>,
    pub ukm: Option<Octets<'a>>,
    pub key_encryption_algorithm: AlgorithmIdentifier<'a>,
    pub recipient_encrypted_keys: Vec<RecipientEncryptedKey<'a>>,
}

impl<'a> KeyAgreeRecipientInfo<'a> {
    pub(super) fn read(tlv: &Tlv<'a>, budget: &mut u64) -> Result<Self> {
        let mut reader = tlv.reader()?;
        let version = reader.u64().field("version")?;
        let originator = OriginatorIdentifierOrKey::read(&mut reader).field("originator")?;
        let ukm = reader.explicit(1).field("ukm")?;
        let ukm = ukm.map(|tlv| octet_string(&tlv)).transpose().field("ukm")?;
        let key_encryption_algorithm = AlgorithmIdentifier::read(&mut reader).field("keyEncryptionAlgorithm")?;
        let recipient_encrypted_keys = encrypted_keys(&mut reader, budget)?;
        reader.finish()?;
        Ok(Self { version, originator, ukm, key_encryption_algorithm, recipient_encrypted_keys })
    }
}

fn encrypted_keys<'a>(reader: &mut Reader<'a>, budget: &mut u64) -> Result<Vec<RecipientEncryptedKey<'a>>> {
    const FIELD: &str = "recipientEncryptedKeys";
    let mut sequence = reader.sequence().field(FIELD)?;
    let mut keys = Vec::new();
    while !sequence.is_empty() {
        // The RecipientInfo itself has paid for the first.
        spend(budget, u64::from(!keys.is_empty()), Code::LimitRecipients, sequence.offset()).field(FIELD)?;
        keys.push(RecipientEncryptedKey::read(&mut sequence).item(FIELD, keys.len())?);
    }
    Ok(keys)
}

fn octet_string<'a>(tlv: &Tlv<'a>) -> Result<Octets<'a>> {
    if tlv.tag == Tag::OCTET_STRING {
        return tlv.as_octets();
    }
    Err(Error::with(Code::Asn1Malformed, format!("{} where OCTET STRING is due", tlv.tag)).at(tlv.offset))
}

/// ```text
/// OriginatorIdentifierOrKey ::= CHOICE {
///   issuerAndSerialNumber IssuerAndSerialNumber,
///   subjectKeyIdentifier [0] IMPLICIT SubjectKeyIdentifier,
///   originatorKey [1] IMPLICIT OriginatorPublicKey }
/// OriginatorPublicKey ::= SEQUENCE { algorithm AlgorithmIdentifier, publicKey BIT STRING }
/// ```
/// RFC 5652 §6.2.2
#[derive(Clone, Debug)]
pub enum OriginatorIdentifierOrKey<'a> {
    /// issuerAndSerialNumber or subjectKeyIdentifier of the originator's certificate.
    Identifier(SignerIdentifier<'a>),
    OriginatorKey {
        algorithm: AlgorithmIdentifier<'a>,
        public_key: BitString<'a>,
    },
}

impl<'a> OriginatorIdentifierOrKey<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let offset = reader.offset();
        let choice = reader.explicit(0)?;
        let choice = choice.ok_or_else(|| Error::with(Code::Asn1Malformed, "[0] is missing").at(offset))?;
        if choice.tag != Tag::context(1) {
            return SignerIdentifier::from_tlv(&choice).map(Self::Identifier);
        }
        let mut key = choice.reader()?;
        let algorithm = AlgorithmIdentifier::read(&mut key).field("algorithm")?;
        let public_key = key.bit_string().field("publicKey")?;
        key.finish()?;
        Ok(Self::OriginatorKey { algorithm, public_key })
    }
}

/// ```text
/// RecipientEncryptedKey ::= SEQUENCE { rid KeyAgreeRecipientIdentifier, encryptedKey EncryptedKey }
/// ```
/// RFC 5652 §6.2.2
#[derive(Clone, Debug)]
pub struct RecipientEncryptedKey<'a> {
    pub rid: KeyAgreeRecipientIdentifier<'a>,
    pub encrypted_key: Octets<'a>,
}

impl<'a> RecipientEncryptedKey<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let mut inner = reader.sequence()?;
        let rid = KeyAgreeRecipientIdentifier::read(&inner.any()?).field("rid")?;
        let encrypted_key = inner.octet_string().field("encryptedKey")?;
        inner.finish()?;
        Ok(Self { rid, encrypted_key })
    }
}

/// ```text
/// KeyAgreeRecipientIdentifier ::= CHOICE {
///   issuerAndSerialNumber IssuerAndSerialNumber,
///   rKeyId [0] IMPLICIT RecipientKeyIdentifier }
/// RecipientKeyIdentifier ::= SEQUENCE {
///   subjectKeyIdentifier SubjectKeyIdentifier,
///   date GeneralizedTime OPTIONAL,
///   other OtherKeyAttribute OPTIONAL }
/// ```
/// RFC 5652 §6.2.2. Date and other have no influence here: nothing protects them.
#[derive(Clone, Debug)]
pub enum KeyAgreeRecipientIdentifier<'a> {
    /// issuerAndSerialNumber.
    Identifier(RecipientIdentifier<'a>),
    RKeyId {
        subject_key_identifier: Cow<'a, [u8]>,
        date: Option<UnixTime>,
        other: Option<Tlv<'a>>,
    },
}

impl<'a> KeyAgreeRecipientIdentifier<'a> {
    fn read(tlv: &Tlv<'a>) -> Result<Self> {
        if tlv.tag != Tag::context(0) {
            return RecipientIdentifier::from_tlv(tlv).map(Self::Identifier);
        }
        let (subject_key_identifier, date, other) = super::kekri::key_identifier(tlv)?;
        Ok(Self::RKeyId { subject_key_identifier: subject_key_identifier.to_cow(), date, other })
    }

    /// The certificate that it names.
    pub fn identifier(&self) -> RecipientIdentifier<'a> {
        match self {
            Self::Identifier(identifier) => identifier.clone(),
            Self::RKeyId { subject_key_identifier, .. } => {
                RecipientIdentifier::SubjectKeyIdentifier(subject_key_identifier.clone())
            }
        }
    }
}
