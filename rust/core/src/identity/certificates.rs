//! Files of certificates: PEM bundles, DER one after the other, certs-only CMS (.p7b, .p7c).

use std::sync::Arc;

use crate::asn1::{Reader, Rules, Tag, Tlv, oid};
use crate::error::Within;
use crate::identity::pem::{self, PemBlock};
use crate::x509::certificate::Certificate;
use crate::{Code, Error, Limits, Result};

/// All certificates of a file, in its order; at least one.
///
/// PEM blocks of other kinds (keys, CRLs, requests) are passed over. Err: CertificateMalformed and `asn1.*` with the
/// place (`certificates[2]`), PemMalformed, LimitMessageBytes.
pub fn load_certificates(bytes: &[u8], limits: &Limits) -> Result<Vec<Arc<Certificate>>> {
    let mut found = Vec::new();
    if pem::is_pem(bytes) {
        for block in &pem::blocks(bytes, limits)? {
            from_block(block, &mut found, limits)?;
        }
    } else {
        from_der(bytes, &mut found, limits)?;
    }
    if found.is_empty() {
        return Err(Error::with(Code::CertificateMalformed, "the file holds no certificate"));
    }
    Ok(found)
}

/// Adds what a PEM block holds; nothing if it is of another kind.
pub(super) fn from_block(block: &PemBlock, found: &mut Vec<Arc<Certificate>>, limits: &Limits) -> Result<()> {
    match block.label.as_str() {
        "CERTIFICATE" | "X509 CERTIFICATE" => push(block.contents()?, found, limits),
        // OpenSSL's own: after the certificate stand its wishes about trust, which are not ours.
        "TRUSTED CERTIFICATE" => push(Tlv::first(block.contents()?, Rules::Der, limits)?.raw, found, limits),
        "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA" => from_der(block.contents()?, found, limits),
        _ => Ok(()),
    }
}

/// Certificates and certs-only structures, one after the other.
fn from_der(der: &[u8], found: &mut Vec<Arc<Certificate>>, limits: &Limits) -> Result<()> {
    let mut reader = Reader::ber(der, limits);
    while !reader.is_empty() {
        let tlv = reader.any()?;
        let first = if tlv.tag == Tag::SEQUENCE { tlv.reader()?.peek() } else { None };
        match first {
            Some(Tag::OBJECT_IDENTIFIER) => certs_only(&tlv, found, limits).field("SignedData")?,
            _ => push(tlv.raw, found, limits)?,
        }
    }
    Ok(())
}

fn push(der: &[u8], found: &mut Vec<Arc<Certificate>>, limits: &Limits) -> Result<()> {
    let certificate = Certificate::from_der(der, limits).item("certificates", found.len())?;
    found.push(Arc::new(certificate));
    Ok(())
}

/// `ContentInfo { signedData, [0] SignedData { version, digestAlgorithms, encapContentInfo, certificates [0] … } }`
/// (RFC 5652 §5.1, RFC 8551 §3.8). Attribute certificates and other formats are passed over.
fn certs_only(content_info: &Tlv<'_>, found: &mut Vec<Arc<Certificate>>, limits: &Limits) -> Result<()> {
    let mut reader = content_info.reader()?;
    let content_type = reader.oid()?;
    if content_type != oid::SIGNED_DATA {
        let name = oid::name(content_type).map_or_else(|| content_type.to_string(), str::to_owned);
        return Err(Error::with(Code::CertificateMalformed, format!("{name} where signedData is due")));
    }
    let content = reader.explicit(0)?;
    let absent = || Error::with(Code::CertificateMalformed, "content is absent").at(content_info.offset);
    let mut signed_data = content.ok_or_else(absent)?.reader()?;
    signed_data.u64().field("version")?;
    signed_data.expect(Tag::SET).field("digestAlgorithms")?;
    signed_data.expect(Tag::SEQUENCE).field("encapContentInfo")?;
    let Some(certificates) = signed_data.optional(Tag::context(0))? else { return Ok(()) };
    let mut certificates = certificates.reader()?;
    while !certificates.is_empty() {
        let choice = certificates.any()?;
        if choice.tag == Tag::SEQUENCE {
            push(choice.raw, found, limits)?;
        }
    }
    Ok(())
}
