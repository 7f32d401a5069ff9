//! The rules that signed and unsigned attributes obey (RFC 5652 §5.3, §11; RFC 8551 §2.5; RFC 6211; RFC 5035).

use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Oid, Tag, Tlv, UnixTime, oid, writer};
use crate::cms::attribute::{Attributes, is_set_of_attributes_with, name};
use crate::{Code, Error, Limits, Result};

/// signedAttrs that obey the rules; whether the digest is right is for the caller to see.
#[derive(Clone, Debug)]
pub struct CheckedAttrs<'a> {
    /// contentType is missing; allowed in a countersignature alone, and for the caller to judge elsewhere.
    pub content_type_absent: bool,
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
/// Each of contentType, messageDigest, signingTime, SMIMECapabilities, SMIMEEncryptionKeyPreference,
/// signingCertificate(V2) and CMSAlgorithmProtection occurs at most once and with one value; messageDigest must be there; contentType equals eContentType, and a missing one
/// is told.
///
/// Err: SignerAttributeMissing, SignerAttributeRepeated, SignerAttributeMalformed, SignerContentTypeMismatch.
pub fn check_signed_attrs<'a>(attrs: &Attributes<'a>, e_content_type: Oid<'_>) -> Result<CheckedAttrs<'a>> {
    let checked = checked(attrs)?;
    if let Some(content_type) = attrs.content_type()?
        && content_type != e_content_type
    {
        let detail = format!("{content_type} signed, {e_content_type} sent");
        return Err(Error::with(Code::SignerContentTypeMismatch, detail));
    }
    Ok(checked)
}

/// signedAttrs of a countersignature: as [`check_signed_attrs`], without contentType (RFC 5652 §11.4).
///
/// Err: as there, and SignerAttributeMalformed if there is a contentType.
pub fn check_countersignature_attrs<'a>(attrs: &Attributes<'a>) -> Result<CheckedAttrs<'a>> {
    if let Some(misplaced) = attrs.all(oid::CONTENT_TYPE).next() {
        return Err(misplaced.malformed("has no place in a countersignature"));
    }
    checked(attrs)
}

fn checked<'a>(attrs: &Attributes<'a>) -> Result<CheckedAttrs<'a>> {
    let message_digest = attrs.message_digest()?.ok_or_else(|| missing(oid::MESSAGE_DIGEST))?;
    attrs.single(oid::ENCRYP_KEY_PREF)?;
    if let Some(misplaced) = attrs.all(oid::COUNTERSIGNATURE).next() {
        return Err(misplaced.malformed("may not be signed"));
    }
    Ok(CheckedAttrs {
        content_type_absent: attrs.content_type()?.is_none(),
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

/// Whether content that was signed without signedAttrs is itself a set of signed attributes: the signature may then
/// have been made over those attributes, for another message (draft-ietf-lamps-cms-euf-cma-signeddata).
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
        let signature_algorithm =
            reader.optional(Tag::context(1))?.map(|tlv| AlgorithmIdentifier::from_tlv(&tlv)).transpose()?;
        let mac_algorithm =
            reader.optional(Tag::context(2))?.map(|tlv| AlgorithmIdentifier::from_tlv(&tlv)).transpose()?;
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
mod tests {
    use super::*;
    use crate::asn1::Reader;
    use crate::cms::attribute::tests::{
        attribute, content_type, message_digest, oid_tlv, read, signing_time, tagged, tlv,
    };

    fn code(attributes: &[Vec<u8>]) -> Option<Code> {
        let bytes = tagged(attributes);
        check_signed_attrs(&read(&bytes).unwrap(), oid::DATA).err().map(|error| error.code())
    }

    /// SIG-02: for contentType and messageDigest, each fault and its code.
    #[test]
    fn rfc5652_5_3_signed_attributes() {
        assert_eq!(code(&[content_type(), message_digest()]), None);
        assert_eq!(code(&[content_type(), signing_time(), message_digest()]), None);
        assert_eq!(code(&[content_type()]), Some(Code::SignerAttributeMissing));
        // Told, for the caller to judge.
        assert_eq!(code(&[message_digest()]), None);
        let bytes = tagged(&[message_digest()]);
        assert!(check_signed_attrs(&read(&bytes).unwrap(), oid::DATA).unwrap().content_type_absent);
        assert_eq!(code(&[]), Some(Code::SignerAttributeMissing));
        let other = attribute(oid::CONTENT_TYPE, &[oid_tlv(oid::TST_INFO)]);
        assert_eq!(code(&[other, message_digest()]), Some(Code::SignerContentTypeMismatch));
        for repeated in [content_type(), message_digest(), signing_time()] {
            let attributes = [content_type(), message_digest(), signing_time(), repeated];
            assert_eq!(code(&attributes), Some(Code::SignerAttributeRepeated));
        }
        let bytes = tagged(&[content_type(), signing_time(), message_digest()]);
        let checked = check_signed_attrs(&read(&bytes).unwrap(), oid::DATA).unwrap();
        assert_eq!((checked.message_digest, checked.signing_time.is_some()), (&[7; 32][..], true));
    }

    /// RFC 8551 §2.5: the others that may occur once; those that may repeat (RFC 5652 §11) do so.
    #[test]
    fn rfc8551_2_5_single_attributes() {
        for attr_type in [oid::SMIME_CAPABILITIES, oid::ENCRYP_KEY_PREF] {
            let once = attribute(attr_type, &[tlv(0x30, &[])]);
            assert_eq!(code(&[content_type(), message_digest(), once.clone()]), None);
            let twice = [content_type(), message_digest(), once.clone(), once];
            assert_eq!(code(&twice), Some(Code::SignerAttributeRepeated));
        }
        let stamp = attribute(oid::TIME_STAMP_TOKEN, &[tlv(0x30, &[])]);
        assert_eq!(code(&[content_type(), message_digest(), stamp.clone(), stamp]), None);
        let countersignature = attribute(oid::COUNTERSIGNATURE, &[tlv(0x30, &[])]);
        assert_eq!(code(&[content_type(), message_digest(), countersignature]), Some(Code::SignerAttributeMalformed));
    }

    #[test]
    fn rfc5652_11_4_countersignature_has_no_content_type() {
        let bytes = tagged(&[message_digest()]);
        assert_eq!(check_countersignature_attrs(&read(&bytes).unwrap()).unwrap().message_digest, [7; 32]);
        let bytes = tagged(&[signing_time()]);
        let error = check_countersignature_attrs(&read(&bytes).unwrap()).unwrap_err();
        assert_eq!(error.code(), Code::SignerAttributeMissing);
        let bytes = tagged(&[content_type(), message_digest()]);
        let error = check_countersignature_attrs(&read(&bytes).unwrap()).unwrap_err();
        assert_eq!(error.code(), Code::SignerAttributeMalformed);
    }

    #[test]
    fn rfc5652_11_unsigned_placement() {
        let countersignature = attribute(oid::COUNTERSIGNATURE, &[tlv(0x30, &[])]);
        let bytes = tagged(&[countersignature.clone(), countersignature.clone()]);
        assert!(check_unsigned_attrs(&read(&bytes).unwrap()).is_ok());
        for misplaced in [content_type(), message_digest(), signing_time()] {
            let bytes = tagged(&[countersignature.clone(), misplaced]);
            let error = check_unsigned_attrs(&read(&bytes).unwrap()).unwrap_err();
            assert_eq!(error.code(), Code::SignerAttributeMalformed);
        }
    }

    /// SIG-01, A-03: signed attributes shown as content are known; ordinary content is not taken for them.
    #[test]
    fn euf_cma_signed_attrs_as_content() {
        let limits = Limits::default();
        let attributes = [content_type(), signing_time(), message_digest()].concat();
        assert!(looks_like_signed_attrs(&tlv(0x31, &attributes), &limits));
        assert!(looks_like_signed_attrs(&[&[0x31, 0x80][..], &attributes, &[0, 0]].concat(), &limits));
        let no_digest = [content_type(), signing_time()].concat();
        for other in [
            tlv(0x31, &no_digest),
            tlv(0x31, &[]),
            tlv(0xa0, &attributes),
            tlv(0x30, &attributes),
            [tlv(0x31, &attributes), b"\r\n".to_vec()].concat(),
            tlv(0x31, &attributes)[..20].to_vec(),
            b"1 is how this text starts".to_vec(),
            b"Content-Type: text/plain\r\n\r\n".to_vec(),
            Vec::new(),
        ] {
            assert!(!looks_like_signed_attrs(&other, &limits), "{other:02x?}");
        }
    }

    const LEFT: Oid<'static> = crate::oid!(2, 999, 1);
    const RIGHT: Oid<'static> = crate::oid!(2, 999, 2);

    fn algorithm(oid: Oid<'_>, parameters: &[u8]) -> Vec<u8> {
        tlv(0x30, &[oid_tlv(oid), parameters.to_vec()].concat())
    }

    fn protection(content: &[Vec<u8>]) -> Vec<u8> {
        tagged(&[attribute(oid::CMS_ALGORITHM_PROTECTION, &[tlv(0x30, &content.concat())])])
    }

    fn checked(attributes: &[u8], digest: &[u8], signature: &[u8]) -> Result<()> {
        let limits = Limits::default();
        let identifier = |bytes| AlgorithmIdentifier::read(&mut Reader::ber(bytes, &limits)).unwrap();
        let protection = read(attributes)?.algorithm_protection()?.unwrap();
        protection.check(&identifier(digest), &identifier(signature), &limits)
    }

    fn retagged(tag: u8, mut element: Vec<u8>) -> Vec<u8> {
        element[0] = tag;
        element
    }

    /// SIG-14: compared by meaning.
    #[test]
    fn rfc6211_2_algorithm_protection() {
        let null = [5, 0];
        let parameters = tlv(0x30, &tlv(0x31, &[1, 1, 0xff]));
        let ber_parameters = [&[0x30, 0x80][..], &tlv(0x31, &[1, 1, 0xff]), &[0, 0]].concat();
        let (digest, signature) = (algorithm(LEFT, &null), algorithm(RIGHT, &parameters));
        let attributes = protection(&[digest.clone(), retagged(0xa1, signature.clone())]);
        assert!(checked(&attributes, &digest, &signature).is_ok());
        assert!(checked(&attributes, &algorithm(LEFT, &[]), &signature).is_ok(), "NULL is as good as absent");
        assert!(checked(&attributes, &digest, &algorithm(RIGHT, &ber_parameters)).is_ok());
        for (digest, signature) in [
            (algorithm(RIGHT, &null), signature.clone()),
            (algorithm(LEFT, &[2, 1, 5]), signature.clone()),
            (digest.clone(), algorithm(LEFT, &parameters)),
            (digest.clone(), algorithm(RIGHT, &null)),
            (digest.clone(), algorithm(RIGHT, &tlv(0x30, &tlv(0x31, &[1, 1, 0])))),
        ] {
            let error = checked(&attributes, &digest, &signature).unwrap_err();
            assert_eq!(error.code(), Code::SignerAlgorithmInconsistent);
        }
        let mac = protection(&[digest.clone(), retagged(0xa2, signature.clone())]);
        assert_eq!(checked(&mac, &digest, &signature).unwrap_err().code(), Code::SignerAlgorithmInconsistent);
    }

    #[test]
    fn rfc6211_2_grammar() {
        let (digest, signature) = (algorithm(LEFT, &[]), retagged(0xa1, algorithm(RIGHT, &[])));
        let mac = retagged(0xa2, algorithm(RIGHT, &[]));
        for bad in [
            protection(std::slice::from_ref(&digest)),
            protection(std::slice::from_ref(&signature)),
            protection(&[digest.clone(), signature.clone(), mac.clone()]),
            protection(&[digest.clone(), mac, signature.clone()]),
            protection(&[digest.clone(), signature.clone(), vec![5, 0]]),
            protection(&[digest, vec![0x81, 1, 7]]),
        ] {
            let error = read(&bad).unwrap().algorithm_protection().unwrap_err();
            assert_eq!(error.code(), Code::SignerAttributeMalformed);
        }
    }

    /// E-01: the first ESSCertID, its digest named, defaulted or SHA-1 by the old attribute.
    #[test]
    fn rfc5035_ess_cert_hash() {
        let attrs = |attr_type, id: &[u8]| {
            let certs = tlv(0x30, &[tlv(0x30, id), tlv(0x30, &tlv(4, &[9]))].concat());
            tagged(&[attribute(attr_type, &[tlv(0x30, &certs)])])
        };
        let hash = tlv(4, &[7; 32]);
        let old = attrs(oid::SIGNING_CERTIFICATE, &hash);
        let found = read(&old).unwrap().ess_cert_hash().unwrap().unwrap();
        assert!(matches!(found.hash_algorithm, EssHashAlgorithm::Sha1) && found.cert_hash == [7; 32]);
        let new = attrs(oid::SIGNING_CERTIFICATE_V2, &[hash.clone(), tlv(0x30, &[])].concat());
        let found = read(&new).unwrap().ess_cert_hash().unwrap().unwrap();
        assert!(matches!(found.hash_algorithm, EssHashAlgorithm::Sha256));
        let named = attrs(oid::SIGNING_CERTIFICATE_V2, &[algorithm(LEFT, &[]), hash.clone()].concat());
        let found = read(&named).unwrap().ess_cert_hash().unwrap().unwrap();
        assert!(matches!(found.hash_algorithm, EssHashAlgorithm::Named(named) if named.algorithm == LEFT));
        let old_that_names = attrs(oid::SIGNING_CERTIFICATE, &[algorithm(LEFT, &[]), hash].concat());
        for bad in [old_that_names, tagged(&[attribute(oid::SIGNING_CERTIFICATE_V2, &[tlv(0x30, &tlv(0x30, &[]))])])] {
            let error = read(&bad).unwrap().ess_cert_hash().unwrap_err();
            assert_eq!(error.code(), Code::SignerAttributeMalformed);
        }
    }
}
