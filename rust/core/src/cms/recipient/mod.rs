//! RecipientInfo (RFC 5652 §6.2): who can open an enveloped structure, and how.

pub mod kari;
pub mod kekri;
pub mod kemri;
pub mod ktri;
pub mod pwri;

pub use kari::{KeyAgreeRecipientIdentifier, KeyAgreeRecipientInfo, OriginatorIdentifierOrKey, RecipientEncryptedKey};
pub use kekri::KekRecipientInfo;
pub use kemri::KemRecipientInfo;
pub use ktri::KeyTransRecipientInfo;
pub use pwri::PasswordRecipientInfo;

use crate::asn1::{Oid, Reader, Tag, Tlv, oid};
use crate::cms::signer::known_version;
use crate::cms::{RecipientIdentifier, spend};
use crate::error::{Family, Within};
use crate::{Code, Limits, Result};

/// ```text
/// RecipientInfo ::= CHOICE {
///   ktri KeyTransRecipientInfo,
///   kari [1] IMPLICIT KeyAgreeRecipientInfo,
///   kekri [2] IMPLICIT KEKRecipientInfo,
///   pwri [3] IMPLICIT PasswordRecipientInfo,
///   ori [4] IMPLICIT OtherRecipientInfo }
/// OtherRecipientInfo ::= SEQUENCE { oriType OBJECT IDENTIFIER, oriValue ANY DEFINED BY oriType }
/// ```
/// RFC 5652 §6.2, §6.2.5
#[derive(Clone, Debug)]
pub enum RecipientInfo<'a> {
    Ktri(KeyTransRecipientInfo<'a>),
    Kari(KeyAgreeRecipientInfo<'a>),
    Kekri(KekRecipientInfo<'a>),
    Pwri(PasswordRecipientInfo<'a>),
    /// An ori of type id-ori-kem (RFC 9629).
    Kemri(Box<KemRecipientInfo<'a>>),
    Ori {
        ori_type: Oid<'a>,
        ori_value: Tlv<'a>,
    },
    /// Another choice, or another version that cannot be read: stepped over.
    Unknown(Tlv<'a>),
}

impl<'a> RecipientInfo<'a> {
    /// The name of the choice in RFC 5652 and RFC 9629.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Ktri(_) => "ktri",
            Self::Kari(_) => "kari",
            Self::Kekri(_) => "kekri",
            Self::Pwri(_) => "pwri",
            Self::Kemri(_) => "kemri",
            Self::Ori { .. } => "ori",
            Self::Unknown(_) => "unknown",
        }
    }

    /// None: the choice has no version.
    pub fn version(&self) -> Option<u64> {
        match self {
            Self::Ktri(ktri) => Some(ktri.version),
            Self::Kari(kari) => Some(kari.version),
            Self::Kekri(kekri) => Some(kekri.version),
            Self::Pwri(pwri) => Some(pwri.version),
            Self::Kemri(kemri) => Some(kemri.version),
            Self::Ori { .. } | Self::Unknown(_) => None,
        }
    }

    /// Whether the version is that of RFC 5652 §6.2.1–§6.2.4 and RFC 9629 §3; also true where there is none.
    pub fn version_is_prescribed(&self) -> bool {
        let prescribed = match self {
            Self::Ktri(ktri) => ktri.prescribed_version(),
            Self::Kari(_) => 3,
            Self::Kekri(_) => 4,
            Self::Pwri(_) | Self::Kemri(_) => 0,
            Self::Ori { .. } | Self::Unknown(_) => return true,
        };
        self.version() == Some(prescribed)
    }

    /// The certificates that it is for, in order: none for kekri, pwri and unknown kinds, several for kari.
    pub fn identifiers(&self) -> Vec<RecipientIdentifier<'a>> {
        match self {
            Self::Ktri(ktri) => vec![ktri.rid.clone()],
            Self::Kemri(kemri) => vec![kemri.rid.clone()],
            Self::Kari(kari) => kari.recipient_encrypted_keys.iter().map(|key| key.rid.identifier()).collect(),
            _ => Vec::new(),
        }
    }

    /// The kinds that raise the version of EnvelopedData to 3 (RFC 5652 §6.1).
    pub(super) fn is_password_or_other(&self) -> bool {
        matches!(self, Self::Pwri(_) | Self::Kemri(_) | Self::Ori { .. })
    }

    fn read(tlv: &Tlv<'a>, budget: &mut u64) -> Result<Self> {
        let (known, found): (&[u64], _) = match (tlv.tag.class(), tlv.tag.number()) {
            _ if tlv.tag == Tag::SEQUENCE => (&[0, 2], KeyTransRecipientInfo::read(tlv).map(Self::Ktri)),
            (2, 1) => (&[3], KeyAgreeRecipientInfo::read(tlv, budget).map(Self::Kari)),
            (2, 2) => (&[4], KekRecipientInfo::read(tlv).map(Self::Kekri)),
            (2, 3) => (&[0], PasswordRecipientInfo::read(tlv).map(Self::Pwri)),
            (2, 4) => return other(tlv),
            _ => return Ok(Self::Unknown(*tlv)),
        };
        match found {
            Err(error) if error.family() == Family::Malformed && !known_version(tlv, known) => Ok(Self::Unknown(*tlv)),
            found => found,
        }
    }
}

/// A KEMRecipientInfo that cannot be read stays an ori: it is only named.
fn other<'a>(tlv: &Tlv<'a>) -> Result<RecipientInfo<'a>> {
    let mut reader = tlv.reader()?;
    let ori_type = reader.oid().field("oriType")?;
    let ori_value = reader.any().field("oriValue")?;
    reader.finish()?;
    if ori_type == oid::ORI_KEM
        && let Ok(kemri) = KemRecipientInfo::read(&ori_value)
    {
        return Ok(RecipientInfo::Kemri(Box::new(kemri)));
    }
    Ok(RecipientInfo::Ori { ori_type, ori_value })
}

/// `recipientInfos SET OF RecipientInfo`; the keys inside a kari count against the same budget.
pub(super) fn read_all<'a>(reader: &mut Reader<'a>, limits: &Limits) -> Result<Vec<RecipientInfo<'a>>> {
    const FIELD: &str = "recipientInfos";
    let mut set = reader.set().field(FIELD)?;
    let mut budget = limits.recipients;
    let mut recipients = Vec::new();
    while !set.is_empty() {
        spend(&mut budget, 1, Code::LimitRecipients, set.offset()).field(FIELD)?;
        let tlv = set.any().item(FIELD, recipients.len())?;
        recipients.push(RecipientInfo::read(&tlv, &mut budget).item(FIELD, recipients.len())?);
    }
    Ok(recipients)
}
