//! CompressedData (RFC 3274) and DigestedData (RFC 5652 §7): content in a wrapping that needs no key.

use crate::Result;
use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Octets, Tag, Tlv};
use crate::cms::{EncapsulatedContentInfo, reader_of};
use crate::error::Within;

/// ```text
/// CompressedData ::= SEQUENCE {
///   version CMSVersion,                                        -- 0
///   compressionAlgorithm CompressionAlgorithmIdentifier,
///   encapContentInfo EncapsulatedContentInfo }
/// ```
/// RFC 3274 §1.1
#[derive(Clone, Debug)]
pub struct CompressedData<'a> {
    pub version: u64,
    pub compression_algorithm: AlgorithmIdentifier<'a>,
    pub encap_content_info: EncapsulatedContentInfo<'a>,
}

impl<'a> CompressedData<'a> {
    pub const PRESCRIBED_VERSION: u64 = 0;

    /// Err: Asn1Malformed.
    pub fn read(tlv: &Tlv<'a>) -> Result<Self> {
        let read = || {
            let mut reader = reader_of(tlv, Tag::SEQUENCE)?;
            let version = reader.u64().field("version")?;
            let compression_algorithm = AlgorithmIdentifier::read(&mut reader).field("compressionAlgorithm")?;
            let encap_content_info = EncapsulatedContentInfo::read(&mut reader).field("encapContentInfo")?;
            reader.finish()?;
            Ok(Self { version, compression_algorithm, encap_content_info })
        };
        read().field("CompressedData")
    }
}

/// ```text
/// DigestedData ::= SEQUENCE {
///   version CMSVersion,                                        -- 0 for id-data, else 2
///   digestAlgorithm DigestAlgorithmIdentifier,
///   encapContentInfo EncapsulatedContentInfo,
///   digest Digest }                                            -- OCTET STRING
/// ```
/// RFC 5652 §7
#[derive(Clone, Debug)]
pub struct DigestedData<'a> {
    pub version: u64,
    pub digest_algorithm: AlgorithmIdentifier<'a>,
    pub encap_content_info: EncapsulatedContentInfo<'a>,
    pub digest: Octets<'a>,
}

impl<'a> DigestedData<'a> {
    /// Err: Asn1Malformed.
    pub fn read(tlv: &Tlv<'a>) -> Result<Self> {
        let read = || {
            let mut reader = reader_of(tlv, Tag::SEQUENCE)?;
            let version = reader.u64().field("version")?;
            let digest_algorithm = AlgorithmIdentifier::read(&mut reader).field("digestAlgorithm")?;
            let encap_content_info = EncapsulatedContentInfo::read(&mut reader).field("encapContentInfo")?;
            let digest = reader.octet_string().field("digest")?;
            reader.finish()?;
            Ok(Self { version, digest_algorithm, encap_content_info, digest })
        };
        read().field("DigestedData")
    }

    pub fn prescribed_version(&self) -> u64 {
        if self.encap_content_info.e_content_type == crate::asn1::oid::DATA { 0 } else { 2 }
    }
}
