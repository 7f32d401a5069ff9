//! The rules that signed and unsigned attributes obey (RFC 5652 §5.3, §11; RFC 8551 §2.5; RFC 6211; RFC 5035).

use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Oid, Tag, Tlv, UnixTime, oid, writer};
use crate::cms::attribute::{Attributes, is_set_of_attributes_with, name};
use crate::cms::implicit_algorithm;
use crate::{Code, Error, Limits, Result};

/// signedAttrs that obey the rules; whether the digest is right is for the caller to see.
#[derive(Clone, Debug)]
pub struct CheckedAttrs<'a> {
    pub message_digest: &'a [u8],
    /// A claim.
    pub signing_time: Option<UnixTime>,
    pub algorithm_protection: Option<AlgorithmProtection<'a>>,
    pub ess_cert_hash: Option<EssCertHash<'a>>,
    /// SMIMECapabilities, RFC 8551 §2.5.2: a SEQUENCE, not read further here.
    pub smime_capabilities: Option<Tlv<'a>>,
}

/// signedAttrs of a SignerInfo of SignedData.
///
/// Each of contentType, messageDigest, signingTime, SMIMECapabilities, SMIMEEncryptionKeyPreference, signingCertificate(V2)
/// and CMSAlgorithmProtection occurs at most once and with one value; the first two must be there; contentType equals
/// eContentType. Err: SignerAttributeMissing, SignerAttributeRepeated, SignerAttributeMalformed, SignerContentTypeMismatch.
pub fn check_signed_attrs<'a>(attrs: &Attributes<'a>, e_content_type: Oid<'_>) -> Result<CheckedAttrs<'a>> {
    let content_type = attrs.content_type()?.ok_or_else(|| missing(oid::CONTENT_TYPE))?;
    let checked = check_countersignature_attrs(attrs)?;
    if content_type != e_content_type {
        let detail = format!("{content_type} signed, {e_content_type} sent");
        return Err(Error::with(Code::SignerContentTypeMismatch, detail));
    }
    Ok(checked)
}

/// signedAttrs of a countersignature: as [`check_signed_attrs`], without contentType (RFC 5652 §11.4).
pub fn check_countersignature_attrs<'a>(attrs: &Attributes<'a>) -> Result<CheckedAttrs<'a>> {
    let message_digest = attrs.message_digest()?.ok_or_else(|| missing(oid::MESSAGE_DIGEST))?;
    attrs.single(oid::ENCRYP_KEY_PREF)?;
    if let Some(misplaced) = attrs.all(oid::COUNTERSIGNATURE).next() {
        return Err(misplaced.malformed("may not be signed"));
    }
    Ok(CheckedAttrs {
        message_digest,
        signing_time: attrs.signing_time()?,
        algorithm_protection: attrs.algorithm_protection()?,
        ess_cert_hash: attrs.ess_cert_hash()?,
        smime_capabilities: attrs.single(oid::SMIME_CAPABILITIES)?,
    })
}

/// unsignedAttrs may not hold what has to be signed. Err: SignerAttributeMalformed.
pub fn check_unsigned_attrs(attrs: &Attributes<'_>) -> Result<()> {
    const SIGNED_ONLY: [Oid<'static>; 3] = [oid::CONTENT_TYPE, oid::MESSAGE_DIGEST, oid::SIGNING_TIME];
    match attrs.iter().find(|attribute| SIGNED_ONLY.contains(&attribute.attr_type)) {
        Some(misplaced) => Err(misplaced.malformed("may not be unsigned")),
        None => Ok(()),
    }
}

fn missing(attr_type: Oid<'_>) -> Error {
    Error::with(Code::SignerAttributeMissing, name(attr_type))
}

/// Whether content that was signed without signedAttrs is itself a set of signed attributes: the signature may then have
/// been made over those attributes, for another message (draft-ietf-lamps-cms-euf-cma-signeddata).
///
/// BER forms count too, since signers exist that sign unsorted sets. The first octet decides for all but such content.
pub fn looks_like_signed_attrs(content: &[u8], limits: &Limits) -> bool {
    content.first() == Some(&0x31)
        && is_set_of_attributes_with(content, &[oid::CONTENT_TYPE, oid::MESSAGE_DIGEST], limits)
}

/// ```text
/// CMSAlgorithmProtection ::= SEQUENCE {
///   digestAlgorithm         DigestAlgorithmIdentifier,
///   signatureAlgorithm  [1] SignatureAlgorithmIdentifier OPTIONAL,
///   macAlgorithm        [2] MessageAuthenticationCodeAlgorithm OPTIONAL }   -- IMPLICIT; one of both
/// ```
/// RFC 6211 §2
#[derive(Clone, Copy, Debug)]
pub struct AlgorithmProtection<'a> {
    pub digest_algorithm: AlgorithmIdentifier<'a>,
    pub signature_algorithm: Option<AlgorithmIdentifier<'a>>,
    pub mac_algorithm: Option<AlgorithmIdentifier<'a>>,
}

impl<'a> AlgorithmProtection<'a> {
    fn read(tlv: &Tlv<'a>) -> Result<Self> {
        let mut reader = super::reader_of(tlv, Tag::SEQUENCE)?;
        let digest_algorithm = AlgorithmIdentifier::read(&mut reader)?;
        let signature_algorithm = reader.optional(Tag::context(1))?.map(|tlv| implicit_algorithm(&tlv)).transpose()?;
        let mac_algorithm = reader.optional(Tag::context(2))?.map(|tlv| implicit_algorithm(&tlv)).transpose()?;
        reader.finish()?;
        if signature_algorithm.is_some() == mac_algorithm.is_some() {
            return Err(Error::new(Code::Asn1Malformed).at(tlv.offset));
        }
        Ok(Self { digest_algorithm, signature_algorithm, mac_algorithm })
    }

    /// Compares with the fields of the SignerInfo (RFC 6211 §2). Err: SignerAlgorithmInconsistent.
    pub fn check(
        &self,
        digest_algorithm: &AlgorithmIdentifier<'_>,
        signature_algorithm: &AlgorithmIdentifier<'_>,
        limits: &Limits,
    ) -> Result<()> {
        let digest = same_algorithm(&self.digest_algorithm, digest_algorithm, limits);
        let signature =
            self.signature_algorithm.is_some_and(|protected| same_algorithm(&protected, signature_algorithm, limits));
        if digest && signature {
            return Ok(());
        }
        let which = if digest { "signatureAlgorithm" } else { "digestAlgorithm" };
        Err(Error::with(Code::SignerAlgorithmInconsistent, format!("CMSAlgorithmProtection names another {which}")))
    }
}

/// Equal by meaning: absent parameters and NULL are one, and BER is as good as DER.
fn same_algorithm(left: &AlgorithmIdentifier<'_>, right: &AlgorithmIdentifier<'_>, limits: &Limits) -> bool {
    fn parameters<'a>(identifier: &AlgorithmIdentifier<'a>) -> Option<&'a [u8]> {
        identifier.parameters.filter(|tlv| tlv.as_null().is_err()).map(|tlv| tlv.raw)
    }
    left.algorithm == right.algorithm
        && match (parameters(left), parameters(right)) {
            (None, None) => true,
            (Some(left), Some(right)) => left == right || same_der(left, right, limits),
            _ => false,
        }
}

fn same_der(left: &[u8], right: &[u8], limits: &Limits) -> bool {
    match (writer::der_from_ber(left, limits), writer::der_from_ber(right, limits)) {
        (Ok(left), Ok(right)) => left == right,
        _ => false,
    }
}

/// The digest that an ESSCertID names.
#[derive(Clone, Copy, Debug)]
pub enum EssHashAlgorithm<'a> {
    /// signingCertificate knows only this one.
    Sha1,
    /// The default of signingCertificateV2.
    Sha256,
    Named(AlgorithmIdentifier<'a>),
}

/// The signer's certificate as the signer names it: the first ESSCertID.
///
/// ```text
/// SigningCertificate   ::= SEQUENCE { certs SEQUENCE OF ESSCertID, policies SEQUENCE OF PolicyInformation OPTIONAL }
/// ESSCertID            ::= SEQUENCE { certHash OCTET STRING, issuerSerial IssuerSerial OPTIONAL }
/// SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, policies SEQUENCE OF PolicyInformation OPTIONAL }
/// ESSCertIDv2          ::= SEQUENCE {
///   hashAlgorithm AlgorithmIdentifier DEFAULT {algorithm id-sha256},
///   certHash OCTET STRING,
///   issuerSerial IssuerSerial OPTIONAL }
/// ```
/// RFC 5035 §3, §4
#[derive(Clone, Copy, Debug)]
pub struct EssCertHash<'a> {
    pub hash_algorithm: EssHashAlgorithm<'a>,
    pub cert_hash: &'a [u8],
}

impl<'a> EssCertHash<'a> {
    fn read(tlv: &Tlv<'a>, default: EssHashAlgorithm<'a>) -> Result<Self> {
        let mut reader = super::reader_of(tlv, Tag::SEQUENCE)?;
        let mut first = reader.sequence()?.sequence()?;
        // Only V2 may name a digest.
        let named = matches!(default, EssHashAlgorithm::Sha256) && first.peek() == Some(Tag::SEQUENCE);
        let hash_algorithm =
            if named { EssHashAlgorithm::Named(AlgorithmIdentifier::read(&mut first)?) } else { default };
        let cert_hash = first.octet_string()?.as_slice().ok_or_else(|| Error::new(Code::Asn1NotDer))?;
        Ok(Self { hash_algorithm, cert_hash })
    }
}

impl<'a> Attributes<'a> {
    /// CMSAlgorithmProtection. Err: SignerAttributeRepeated, SignerAttributeMalformed.
    pub fn algorithm_protection(&self) -> Result<Option<AlgorithmProtection<'a>>> {
        self.typed(oid::CMS_ALGORITHM_PROTECTION, "CMSAlgorithmProtection", AlgorithmProtection::read)
    }

    /// signingCertificateV2, else signingCertificate. Err: SignerAttributeRepeated, SignerAttributeMalformed.
    pub fn ess_cert_hash(&self) -> Result<Option<EssCertHash<'a>>> {
        let old = self.typed(oid::SIGNING_CERTIFICATE, "SigningCertificate", |value| {
            EssCertHash::read(value, EssHashAlgorithm::Sha1)
        })?;
        let new = self.typed(oid::SIGNING_CERTIFICATE_V2, "SigningCertificateV2", |value| {
            EssCertHash::read(value, EssHashAlgorithm::Sha256)
        })?;
        Ok(new.or(old))
    }
}

#[cfg(test)]
#[path = "signed_attributes_tests.rs"]
mod tests;
