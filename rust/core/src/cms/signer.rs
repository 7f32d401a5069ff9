//! SignerInfo (RFC 5652 §5.3).

use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Octets, Reader, Tag, Tlv};
use crate::cms::{Attributes, SignerIdentifier, reader_of};
use crate::error::Within;
use crate::{Limits, Result};

/// ```text
/// SignerInfo ::= SEQUENCE {
///   version CMSVersion,
///   sid SignerIdentifier,
///   digestAlgorithm DigestAlgorithmIdentifier,
///   signedAttrs [0] IMPLICIT SignedAttributes OPTIONAL,
///   signatureAlgorithm SignatureAlgorithmIdentifier,
///   signature SignatureValue,                                -- OCTET STRING
///   unsignedAttrs [1] IMPLICIT UnsignedAttributes OPTIONAL }
/// ```
/// RFC 5652 §5.3
#[derive(Clone, Debug)]
pub struct SignerInfo<'a> {
    pub version: u64,
    pub sid: SignerIdentifier<'a>,
    pub digest_algorithm: AlgorithmIdentifier<'a>,
    pub signed_attrs: Option<Attributes<'a>>,
    pub signature_algorithm: AlgorithmIdentifier<'a>,
    pub signature: Octets<'a>,
    pub unsigned_attrs: Option<Attributes<'a>>,
    /// The whole element as received.
    pub raw: &'a [u8],
}

impl<'a> SignerInfo<'a> {
    /// Also reads the value of a countersignature (RFC 5652 §11.4). Err: Asn1Malformed, LimitAttributes.
    pub fn read(tlv: &Tlv<'a>, limits: &Limits) -> Result<Self> {
        let mut reader = reader_of(tlv, Tag::SEQUENCE)?;
        let version = reader.u64().field("version")?;
        let sid = SignerIdentifier::read(&mut reader).field("sid")?;
        let digest_algorithm = AlgorithmIdentifier::read(&mut reader).field("digestAlgorithm")?;
        let signed_attrs = Attributes::optional(&mut reader, 0, limits).field("signedAttrs")?;
        let signature_algorithm = AlgorithmIdentifier::read(&mut reader).field("signatureAlgorithm")?;
        let signature = reader.octet_string().field("signature")?;
        let unsigned_attrs = Attributes::optional(&mut reader, 1, limits).field("unsignedAttrs")?;
        reader.finish()?;
        Ok(Self {
            version,
            sid,
            digest_algorithm,
            signed_attrs,
            signature_algorithm,
            signature,
            unsigned_attrs,
            raw: tlv.raw,
        })
    }

    /// The version that RFC 5652 §5.3 prescribes for this form.
    pub fn prescribed_version(&self) -> u64 {
        match self.sid {
            SignerIdentifier::IssuerAndSerialNumber { .. } => 1,
            SignerIdentifier::SubjectKeyIdentifier(_) => 3,
        }
    }

    pub fn version_is_prescribed(&self) -> bool {
        self.version == self.prescribed_version()
    }

    /// Whether the element carries a version that this reader knows; what cannot be read is fatal only then.
    pub(super) fn has_known_version(tlv: &Tlv<'a>) -> bool {
        known_version(tlv, &[1, 3])
    }
}

/// Whether the structure starts with one of these versions, or with no version at all.
pub(super) fn known_version(tlv: &Tlv<'_>, known: &[u64]) -> bool {
    let version = tlv.reader().and_then(|mut reader: Reader<'_>| reader.u64());
    version.map_or(true, |version| known.contains(&version))
}
