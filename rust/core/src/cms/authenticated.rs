//! AuthenticatedData (RFC 5652 §9): content with a MAC under a key that recipients unwrap.

use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Octets, Tag, Tlv};
use crate::cms::{Attributes, EncapsulatedContentInfo, RecipientInfo, reader_of, recipient};
use crate::error::Within;
use crate::{Code, Error, Limits, Result};

/// ```text
/// AuthenticatedData ::= SEQUENCE {
///   version CMSVersion,                                        -- 0, 1 or 3
///   originatorInfo [0] IMPLICIT OriginatorInfo OPTIONAL,
///   recipientInfos RecipientInfos,
///   macAlgorithm MessageAuthenticationCodeAlgorithm,
///   digestAlgorithm [1] DigestAlgorithmIdentifier OPTIONAL,
///   encapContentInfo EncapsulatedContentInfo,
///   authAttrs [2] IMPLICIT AuthAttributes OPTIONAL,
///   mac MessageAuthenticationCode,                             -- OCTET STRING
///   unauthAttrs [3] IMPLICIT UnauthAttributes OPTIONAL }
/// ```
/// RFC 5652 §9.1
#[derive(Clone, Debug)]
pub struct AuthenticatedData<'a> {
    pub version: u64,
    /// As received. Nothing protects it.
    pub originator_info: Option<Tlv<'a>>,
    pub recipient_infos: Vec<RecipientInfo<'a>>,
    pub mac_algorithm: AlgorithmIdentifier<'a>,
    pub digest_algorithm: Option<AlgorithmIdentifier<'a>>,
    pub encap_content_info: EncapsulatedContentInfo<'a>,
    pub auth_attrs: Option<Attributes<'a>>,
    pub mac: Octets<'a>,
    /// Nothing protects them.
    pub unauth_attrs: Option<Attributes<'a>>,
}

impl<'a> AuthenticatedData<'a> {
    /// Err: Asn1Malformed, LimitRecipients, LimitAttributes, CmsMalformed (one of digestAlgorithm and authAttrs alone).
    pub fn read(tlv: &Tlv<'a>, limits: &Limits) -> Result<Self> {
        read(tlv, limits).field("AuthenticatedData")
    }
}

fn read<'a>(tlv: &Tlv<'a>, limits: &Limits) -> Result<AuthenticatedData<'a>> {
    let mut reader = reader_of(tlv, Tag::SEQUENCE)?;
    let version = reader.u64().field("version")?;
    let originator_info = reader.optional(Tag::context(0)).field("originatorInfo")?;
    let recipient_infos = recipient::read_all(&mut reader, limits)?;
    let mac_algorithm = AlgorithmIdentifier::read(&mut reader).field("macAlgorithm")?;
    // The module of RFC 5652 has IMPLICIT TAGS.
    let digest_algorithm = reader.optional(Tag::context(1)).field("digestAlgorithm")?;
    let digest_algorithm =
        digest_algorithm.map(|tlv| AlgorithmIdentifier::from_tlv(&tlv)).transpose().field("digestAlgorithm")?;
    let encap_content_info = EncapsulatedContentInfo::read(&mut reader).field("encapContentInfo")?;
    let auth_attrs = Attributes::optional(&mut reader, 2, limits).field("authAttrs")?;
    let mac = reader.octet_string().field("mac")?;
    let unauth_attrs = Attributes::optional(&mut reader, 3, limits).field("unauthAttrs")?;
    reader.finish()?;
    if digest_algorithm.is_some() != auth_attrs.is_some() {
        return Err(Error::with(Code::CmsMalformed, "digestAlgorithm and authAttrs belong together"));
    }
    Ok(AuthenticatedData {
        version,
        originator_info,
        recipient_infos,
        mac_algorithm,
        digest_algorithm,
        encap_content_info,
        auth_attrs,
        mac,
        unauth_attrs,
    })
}
