//! EnvelopedData (RFC 5652 §6.1) and AuthEnvelopedData (RFC 5083 §2.1).

use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Octets, Oid, Reader, Tag, Tlv, oid};
use crate::cms::signed_data::choices;
use crate::cms::{Attributes, RecipientInfo, reader_of, recipient};
use crate::error::Within;
use crate::{Code, Error, Limits, Result};

/// ```text
/// EnvelopedData ::= SEQUENCE {                           -- RFC 5652 §6.1
///   version CMSVersion,
///   originatorInfo [0] IMPLICIT OriginatorInfo OPTIONAL,
///   recipientInfos SET OF RecipientInfo,
///   encryptedContentInfo EncryptedContentInfo,
///   unprotectedAttrs [1] IMPLICIT UnprotectedAttributes OPTIONAL }
/// AuthEnvelopedData ::= SEQUENCE {                       -- RFC 5083 §2.1
///   version CMSVersion,
///   originatorInfo [0] IMPLICIT OriginatorInfo OPTIONAL,
///   recipientInfos SET OF RecipientInfo,
///   authEncryptedContentInfo EncryptedContentInfo,
///   authAttrs [1] IMPLICIT AuthAttributes OPTIONAL,
///   mac MessageAuthenticationCode,                       -- OCTET STRING
///   unauthAttrs [2] IMPLICIT UnauthAttributes OPTIONAL }
/// ```
#[derive(Clone, Debug)]
pub struct Enveloped<'a> {
    /// AuthEnvelopedData.
    pub authenticated: bool,
    pub version: u64,
    /// As received. Nothing protects it: its certificates and CRLs are no evidence.
    pub originator_info: Option<Tlv<'a>>,
    pub recipient_infos: Vec<RecipientInfo<'a>>,
    /// encryptedContentInfo or authEncryptedContentInfo.
    pub encrypted_content_info: EncryptedContentInfo<'a>,
    /// Authenticated once the tag was found right; not before.
    pub auth_attrs: Option<Attributes<'a>>,
    /// There in AuthEnvelopedData, and only there.
    pub mac: Option<Octets<'a>>,
    /// unprotectedAttrs or unauthAttrs.
    pub unprotected_attrs: Option<Attributes<'a>>,
}

impl<'a> Enveloped<'a> {
    /// `authenticated`: read AuthEnvelopedData. Err: Asn1Malformed, LimitRecipients, LimitAttributes.
    pub fn read(tlv: &Tlv<'a>, authenticated: bool, limits: &Limits) -> Result<Self> {
        let name = if authenticated { "AuthEnvelopedData" } else { "EnvelopedData" };
        read(tlv, authenticated, limits).field(name)
    }

    /// The additional authenticated data: authAttrs as received, with tag SET; empty if there are none.
    ///
    /// RFC 5083 §2.2 demands DER of what is sent, so what was received is DER. Anything else does not authenticate.
    pub fn aad(&self) -> Vec<u8> {
        self.auth_attrs.as_ref().map(|attrs| attrs.signing_input().to_vec()).unwrap_or_default()
    }

    /// RFC 5083 §2.1: authAttrs must be there if the content is not id-data, and a contentType among them is that of
    /// the content. To be asked after the tag was found right, so that it tells nothing of its own: Err DecryptionFailed.
    pub fn check_auth_attrs(&self) -> Result<()> {
        let content_type = self.encrypted_content_info.content_type;
        let right = match &self.auth_attrs {
            None => !self.authenticated || content_type == oid::DATA,
            Some(attrs) => attrs.content_type().is_ok_and(|found| found.is_none_or(|found| found == content_type)),
        };
        if right { Ok(()) } else { Err(Error::new(Code::DecryptionFailed)) }
    }

    /// The version that RFC 5652 §6.1 or RFC 5083 §2.1 prescribes for this form.
    pub fn prescribed_version(&self) -> u64 {
        if self.authenticated {
            return 0;
        }
        let forms = self.originator_info.as_ref().map(OriginatorForms::of).unwrap_or_default();
        let simple = |recipient: &RecipientInfo<'_>| recipient.version() == Some(0);
        if forms.other {
            4
        } else if forms.attribute_v2 || self.recipient_infos.iter().any(RecipientInfo::is_password_or_other) {
            3
        } else if self.originator_info.is_some()
            || self.unprotected_attrs.is_some()
            || !self.recipient_infos.iter().all(simple)
        {
            2
        } else {
            0
        }
    }

    pub fn version_is_prescribed(&self) -> bool {
        self.version == self.prescribed_version()
    }
}

fn read<'a>(tlv: &Tlv<'a>, authenticated: bool, limits: &Limits) -> Result<Enveloped<'a>> {
    let mut reader = reader_of(tlv, Tag::SEQUENCE)?;
    let version = reader.u64().field("version")?;
    let originator_info = reader.optional(Tag::context(0)).field("originatorInfo")?;
    let recipient_infos = recipient::read_all(&mut reader, limits)?;
    let content_name = if authenticated { "authEncryptedContentInfo" } else { "encryptedContentInfo" };
    let encrypted_content_info = EncryptedContentInfo::read(&mut reader).field(content_name)?;
    let (auth_attrs, mac, unprotected_attrs) = if authenticated {
        let auth_attrs = Attributes::optional(&mut reader, 1, limits).field("authAttrs")?;
        let mac = reader.octet_string().field("mac")?;
        (auth_attrs, Some(mac), Attributes::optional(&mut reader, 2, limits).field("unauthAttrs")?)
    } else {
        (None, None, Attributes::optional(&mut reader, 1, limits).field("unprotectedAttrs")?)
    };
    reader.finish()?;
    Ok(Enveloped {
        authenticated,
        version,
        originator_info,
        recipient_infos,
        encrypted_content_info,
        auth_attrs,
        mac,
        unprotected_attrs,
    })
}

/// ```text
/// EncryptedContentInfo ::= SEQUENCE {
///   contentType ContentType,
///   contentEncryptionAlgorithm ContentEncryptionAlgorithmIdentifier,
///   encryptedContent [0] IMPLICIT EncryptedContent OPTIONAL }   -- OCTET STRING
/// ```
/// RFC 5652 §6.1
#[derive(Clone, Copy, Debug)]
pub struct EncryptedContentInfo<'a> {
    pub content_type: Oid<'a>,
    pub content_encryption_algorithm: AlgorithmIdentifier<'a>,
    /// None: it travels elsewhere. Not the same as empty.
    pub encrypted_content: Option<Octets<'a>>,
}

impl<'a> EncryptedContentInfo<'a> {
    /// Also part of EncryptedData (RFC 5652 §8).
    pub fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let mut inner = reader.sequence()?;
        let content_type = inner.oid().field("contentType")?;
        let content_encryption_algorithm = AlgorithmIdentifier::read(&mut inner).field("contentEncryptionAlgorithm")?;
        let encrypted_content = inner.optional(Tag::context(0)).field("encryptedContent")?;
        let encrypted_content = encrypted_content.map(|tlv| tlv.as_octets()).transpose().field("encryptedContent")?;
        inner.finish()?;
        Ok(Self { content_type, content_encryption_algorithm, encrypted_content })
    }
}

/// ```text
/// EncryptedData ::= SEQUENCE {
///   version CMSVersion,                                    -- 0, or 2 with unprotectedAttrs
///   encryptedContentInfo EncryptedContentInfo,
///   unprotectedAttrs [1] IMPLICIT UnprotectedAttributes OPTIONAL }
/// ```
/// RFC 5652 §8
#[derive(Clone, Debug)]
pub struct EncryptedData<'a> {
    pub version: u64,
    pub encrypted_content_info: EncryptedContentInfo<'a>,
    pub unprotected_attrs: Option<Attributes<'a>>,
}

impl<'a> EncryptedData<'a> {
    /// Err: Asn1Malformed, LimitAttributes.
    pub fn read(tlv: &Tlv<'a>, limits: &Limits) -> Result<Self> {
        let read = || {
            let mut reader = reader_of(tlv, Tag::SEQUENCE)?;
            let version = reader.u64().field("version")?;
            let encrypted_content_info = EncryptedContentInfo::read(&mut reader).field("encryptedContentInfo")?;
            let unprotected_attrs = Attributes::optional(&mut reader, 1, limits).field("unprotectedAttrs")?;
            reader.finish()?;
            Ok(Self { version, encrypted_content_info, unprotected_attrs })
        };
        read().field("EncryptedData")
    }
}

/// Which forms of certificates and CRLs the OriginatorInfo carries, as far as the version depends on it.
///
/// ```text
/// OriginatorInfo ::= SEQUENCE {
///   certs [0] IMPLICIT CertificateSet OPTIONAL,
///   crls [1] IMPLICIT RevocationInfoChoices OPTIONAL }
/// ```
/// RFC 5652 §6.1
#[derive(Default)]
struct OriginatorForms {
    other: bool,
    attribute_v2: bool,
}

impl OriginatorForms {
    /// What cannot be read has no form: nothing rests on it.
    fn of(originator_info: &Tlv<'_>) -> Self {
        let mut budget = u64::MAX;
        let Ok(mut reader) = originator_info.reader() else { return Self::default() };
        let certs = choices(&mut reader, 0, &mut budget).unwrap_or_default().1;
        let crls = choices(&mut reader, 1, &mut budget).unwrap_or_default().1;
        Self {
            other: certs.iter().any(|choice| choice.tag == Tag::context(3))
                || crls.iter().any(|choice| choice.tag == Tag::context(1)),
            attribute_v2: certs.iter().any(|choice| choice.tag == Tag::context(2)),
        }
    }
}
