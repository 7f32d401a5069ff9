//! SignedData (RFC 5652 §5.1, §5.2, §10.2).

use std::borrow::Cow;

use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Octets, Oid, Reader, Tag, Tlv, oid};
use crate::cms::{SignerInfo, reader_of, spend};
use crate::error::{Family, Within};
use crate::{Code, Limits, Result};

/// ```text
/// SignedData ::= SEQUENCE {
///   version CMSVersion,
///   digestAlgorithms SET OF DigestAlgorithmIdentifier,
///   encapContentInfo EncapsulatedContentInfo,
///   certificates [0] IMPLICIT CertificateSet OPTIONAL,
///   crls [1] IMPLICIT RevocationInfoChoices OPTIONAL,
///   signerInfos SET OF SignerInfo }
/// ```
/// RFC 5652 §5.1
#[derive(Clone, Debug)]
pub struct SignedData<'a> {
    pub version: u64,
    pub digest_algorithms: Vec<AlgorithmIdentifier<'a>>,
    pub encap_content_info: EncapsulatedContentInfo<'a>,
    /// Certificate elements as received.
    pub certificates: Vec<&'a [u8]>,
    /// The other CertificateChoices: extended, attribute certificates, other.
    pub other_certificates: Vec<Tlv<'a>>,
    /// CertificateList elements as received.
    pub crls: Vec<&'a [u8]>,
    /// The other RevocationInfoChoices.
    pub other_crls: Vec<Tlv<'a>>,
    pub signer_infos: Vec<SignerInfo<'a>>,
    /// SignerInfos of an unknown version that cannot be read. They prove nothing, and count as signers.
    pub unknown_signer_infos: Vec<Tlv<'a>>,
}

impl<'a> SignedData<'a> {
    /// Err: Asn1Malformed, LimitDigestAlgorithms, LimitSigners, LimitCertificates, LimitAttributes.
    pub fn read(tlv: &Tlv<'a>, limits: &Limits) -> Result<Self> {
        read(tlv, limits).field("SignedData")
    }

    /// Only certificates and CRLs: no signer and no content (RFC 5652 §5.1, RFC 8551 §3.8).
    ///
    /// Empty content counts as none: some writers of certs-only send it.
    pub fn is_certs_only(&self) -> bool {
        let content = self.encap_content_info.e_content.as_ref();
        self.signer_infos.is_empty()
            && self.unknown_signer_infos.is_empty()
            && content.is_none_or(EContent::is_empty)
            && !(self.certificates.is_empty() && self.crls.is_empty())
    }

    /// The version that RFC 5652 §5.1 prescribes for this form.
    pub fn prescribed_version(&self) -> u64 {
        let has = |choices: &[Tlv<'_>], number| choices.iter().any(|choice| choice.tag == Tag::context(number));
        if has(&self.other_certificates, 3) || has(&self.other_crls, 1) {
            5
        } else if has(&self.other_certificates, 2) {
            4
        } else if has(&self.other_certificates, 1)
            || self.encap_content_info.e_content_type != oid::DATA
            || self.signer_infos.iter().any(|signer| signer.version == 3)
        {
            3
        } else {
            1
        }
    }

    pub fn version_is_prescribed(&self) -> bool {
        self.version == self.prescribed_version()
    }
}

fn read<'a>(tlv: &Tlv<'a>, limits: &Limits) -> Result<SignedData<'a>> {
    let mut reader = reader_of(tlv, Tag::SEQUENCE)?;
    let version = reader.u64().field("version")?;
    let digest_algorithms = digest_algorithms(&mut reader, limits)?;
    let encap_content_info = EncapsulatedContentInfo::read(&mut reader).field("encapContentInfo")?;
    let mut budget = limits.certificates;
    let (certificates, other_certificates) = choices(&mut reader, 0, &mut budget).field("certificates")?;
    let (crls, other_crls) = choices(&mut reader, 1, &mut budget).field("crls")?;
    let (signer_infos, unknown_signer_infos) = signer_infos(&mut reader, limits)?;
    reader.finish()?;
    Ok(SignedData {
        version,
        digest_algorithms,
        encap_content_info,
        certificates,
        other_certificates,
        crls,
        other_crls,
        signer_infos,
        unknown_signer_infos,
    })
}

/// May be empty, hold duplicates, or not name the signers' digests (RFC 5652 §5.1): it is a hint.
fn digest_algorithms<'a>(reader: &mut Reader<'a>, limits: &Limits) -> Result<Vec<AlgorithmIdentifier<'a>>> {
    let mut set = reader.set().field("digestAlgorithms")?;
    let mut algorithms = Vec::new();
    let mut budget = limits.digest_algorithms;
    while !set.is_empty() {
        spend(&mut budget, 1, Code::LimitDigestAlgorithms, set.offset()).field("digestAlgorithms")?;
        algorithms.push(AlgorithmIdentifier::read(&mut set).item("digestAlgorithms", algorithms.len())?);
    }
    Ok(algorithms)
}

/// `[number] IMPLICIT SET OF` a choice between a SEQUENCE and tagged forms.
///
/// ```text
/// CertificateChoices ::= CHOICE {
///   certificate Certificate,
///   extendedCertificate [0] IMPLICIT ExtendedCertificate,   -- obsolete
///   v1AttrCert          [1] IMPLICIT AttributeCertificateV1,
///   v2AttrCert          [2] IMPLICIT AttributeCertificateV2,
///   other               [3] IMPLICIT OtherCertificateFormat }
/// RevocationInfoChoice ::= CHOICE { crl CertificateList, other [1] IMPLICIT OtherRevocationInfoFormat }
/// ```
/// RFC 5652 §10.2.1, §10.2.2. Unknown choices are kept with the other forms.
pub(super) fn choices<'a>(
    reader: &mut Reader<'a>,
    number: u32,
    budget: &mut u64,
) -> Result<(Vec<&'a [u8]>, Vec<Tlv<'a>>)> {
    let (mut plain, mut other) = (Vec::new(), Vec::new());
    let Some(outer) = reader.optional(Tag::context(number))? else { return Ok((plain, other)) };
    let mut set = outer.reader()?;
    while !set.is_empty() {
        spend(budget, 1, Code::LimitCertificates, set.offset())?;
        let choice = set.any()?;
        if choice.tag == Tag::SEQUENCE { plain.push(choice.raw) } else { other.push(choice) }
    }
    Ok((plain, other))
}

fn signer_infos<'a>(reader: &mut Reader<'a>, limits: &Limits) -> Result<(Vec<SignerInfo<'a>>, Vec<Tlv<'a>>)> {
    let mut set = reader.set().field("signerInfos")?;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let mut budget = limits.signers;
    while !set.is_empty() {
        spend(&mut budget, 1, Code::LimitSigners, set.offset()).field("signerInfos")?;
        let index = known.len() + unknown.len();
        let tlv = set.any().item("signerInfos", index)?;
        match SignerInfo::read(&tlv, limits) {
            Ok(signer) => known.push(signer),
            Err(error) if error.family() == Family::Malformed && !SignerInfo::has_known_version(&tlv) => {
                unknown.push(tlv);
            }
            Err(error) => return Err(error).item("signerInfos", index),
        }
    }
    Ok((known, unknown))
}

/// ```text
/// EncapsulatedContentInfo ::= SEQUENCE {
///   eContentType ContentType,
///   eContent [0] EXPLICIT OCTET STRING OPTIONAL }
/// ```
/// RFC 5652 §5.2
#[derive(Clone, Copy, Debug)]
pub struct EncapsulatedContentInfo<'a> {
    pub e_content_type: Oid<'a>,
    pub e_content: Option<EContent<'a>>,
}

impl<'a> EncapsulatedContentInfo<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let mut inner = reader.sequence()?;
        let e_content_type = inner.oid().field("eContentType")?;
        let e_content = inner.explicit(0).field("eContent")?;
        inner.finish()?;
        let e_content = e_content.map(|tlv| EContent::from_tlv(&tlv)).transpose().field("eContent")?;
        Ok(Self { e_content_type, e_content })
    }
}

/// What was signed: the value octets, without tag and length (RFC 5652 §5.4).
#[derive(Clone, Copy, Debug)]
pub enum EContent<'a> {
    OctetString(Octets<'a>),
    /// Another type, as PKCS#7 1.5 and Authenticode have it (RFC 5652 §5.2.1).
    Any(Tlv<'a>),
}

impl<'a> EContent<'a> {
    fn from_tlv(tlv: &Tlv<'a>) -> Result<Self> {
        if tlv.tag == Tag::OCTET_STRING { tlv.as_octets().map(Self::OctetString) } else { Ok(Self::Any(*tlv)) }
    }

    pub fn is_octet_string(&self) -> bool {
        matches!(self, Self::OctetString(_))
    }

    pub fn len(&self) -> usize {
        match self {
            Self::OctetString(octets) => octets.len(),
            Self::Any(tlv) => tlv.content.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The runs of the value, in order.
    pub fn segments(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (octets, any) = match self {
            Self::OctetString(octets) => (Some(octets.segments()), None),
            Self::Any(tlv) => (None, Some(tlv.content)),
        };
        octets.into_iter().flatten().chain(any)
    }

    /// Borrowed when one run, joined otherwise.
    pub fn to_cow(&self) -> Cow<'a, [u8]> {
        match self {
            Self::OctetString(octets) => octets.to_cow(),
            Self::Any(tlv) => Cow::Borrowed(tlv.content),
        }
    }
}
