//! Cryptographic Message Syntax (RFC 5652, 5083, 9629), read as borrowed views over the received bytes.
//!
//! Everything may be BER; what is signed or authenticated is kept as received. Unknown choices and versions are
//! kept and stepped over; a known structure that breaks its grammar is an error with its path.

pub mod attribute;
pub mod authenticated;
pub mod compressed;
pub mod content_info;
pub mod enveloped;
pub mod identifier;
pub mod make;
pub mod recipient;
pub mod signed_attributes;
pub mod signed_data;
pub mod signer;

pub use attribute::{Attribute, Attributes, SigningInput};
pub use authenticated::AuthenticatedData;
pub use compressed::{CompressedData, DigestedData};
pub use content_info::{ContentInfo, ContentKind, sniff};
pub use enveloped::{EncryptedContentInfo, EncryptedData, Enveloped};
pub use identifier::{RecipientIdentifier, SignerIdentifier};
pub use recipient::RecipientInfo;
pub use signed_attributes::{
    AlgorithmProtection, CheckedAttrs, EssCertHash, EssHashAlgorithm, check_signed_attrs, check_unsigned_attrs,
    looks_like_signed_attrs,
};
pub use signed_data::{EContent, EncapsulatedContentInfo, SignedData};
pub use signer::SignerInfo;

use crate::asn1::{Reader, Tag, Tlv};
use crate::{Code, Error, Result};

/// The elements of a SEQUENCE, SET or an IMPLICIT one of them, with `tag`.
fn reader_of<'a>(tlv: &Tlv<'a>, tag: Tag) -> Result<Reader<'a>> {
    if tlv.tag != tag {
        return Err(Error::with(Code::Asn1Malformed, format!("{} where {tag} is due", tlv.tag)).at(tlv.offset));
    }
    tlv.reader()
}

/// Takes `amount` from a budget that a structure and its parts share.
fn spend(budget: &mut u64, amount: u64, code: Code, offset: usize) -> Result<()> {
    *budget = budget.checked_sub(amount).ok_or_else(|| Error::new(code).at(offset))?;
    Ok(())
}
