//! Files of certificates: PEM bundles, DER one after the other, certs-only CMS (.p7b, .p7c), PKCS#12.

use std::sync::Arc;

use crate::asn1::{Reader, Rules, Tag, Tlv, oid};
use crate::cms::{ContentInfo, SignedData};
use crate::crypto::password::Password;
use crate::error::Within;
use crate::identity::pem::{self, PemBlock};
use crate::identity::pkcs12;
use crate::x509::certificate::Certificate;
use crate::{Code, Error, Limits, Result};

/// All certificates of a file, in its order; at least one.
///
/// PEM blocks of other kinds (keys, CRLs, requests) are passed over. A PKCS#12 file is opened without password, or with
/// the empty one; its keys are passed over. Err: CertificateMalformed and `asn1.*` with the place (`certificates[2]`),
/// PemMalformed, LimitMessageBytes, LimitCertificates (of one certs-only structure), and as `pkcs12::open`.
pub fn load_certificates(bytes: &[u8], limits: &Limits) -> Result<Vec<Arc<Certificate>>> {
    load_certificates_with(bytes, &[], limits)
}

/// As `load_certificates`; a PKCS#12 file is opened with the first of `passwords` that fits.
pub fn load_certificates_with(bytes: &[u8], passwords: &[Password], limits: &Limits) -> Result<Vec<Arc<Certificate>>> {
    let mut found = Vec::new();
    if pem::is_pem(bytes) {
        for block in &pem::blocks(bytes, limits)? {
            from_block(block, &mut found, limits)?;
        }
    } else if pkcs12::is_pkcs12(bytes, limits) {
        let opened = pkcs12::open(bytes, passwords, limits)?;
        if let (true, Some(reason)) = (opened.certificates.is_empty(), opened.skipped.into_iter().next()) {
            return Err(reason.into());
        }
        found.extend(opened.certificates.into_iter().map(|bag| bag.certificate));
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

/// A SignedData for its certificates (RFC 8551 §3.8). Attribute certificates and other formats are passed over.
fn certs_only(content_info: &Tlv<'_>, found: &mut Vec<Arc<Certificate>>, limits: &Limits) -> Result<()> {
    let content_info = ContentInfo::read(content_info.raw, limits)?;
    if content_info.content_type != oid::SIGNED_DATA {
        let content_type = content_info.content_type;
        let name = oid::name(content_type).map_or_else(|| content_type.to_string(), str::to_owned);
        return Err(Error::with(Code::CertificateMalformed, format!("{name} where signedData is due")));
    }
    let content = content_info.content.ok_or_else(|| Error::with(Code::CertificateMalformed, "content is absent"))?;
    SignedData::read(&content, limits)?.certificates.into_iter().try_for_each(|der| push(der, found, limits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::testing::*;

    fn fails(bytes: &[u8]) -> Code {
        load_certificates(bytes, &limits()).unwrap_err().code()
    }

    /// A certs-only structure around the elements of `certificates`.
    fn p7c(certificates: &[&[u8]]) -> Vec<u8> {
        let signed_data = written(|w| {
            w.sequence(|w| {
                w.element(Tag::SET, true, |_| {});
                w.element(Tag::context(0), true, |w| {
                    certificates.iter().rev().for_each(|certificate| w.raw(certificate))
                });
                w.sequence(|w| w.oid(oid::DATA));
                w.element(Tag::SET, true, |_| {});
                w.u64(1);
            });
        });
        written(|w| {
            w.sequence(|w| {
                w.explicit(0, |w| w.raw(&signed_data));
                w.oid(oid::SIGNED_DATA);
            });
        })
    }

    #[test]
    fn every_form_gives_the_same_certificates() {
        let Some(folder) = vectors("rfc9216") else { return };
        let text = |name: &str| std::fs::read(folder.join(name)).unwrap();
        let (a, b) = (text("alice.sign.crt"), text("carlos.sign.crt"));
        let (a_der, b_der) = (first_block(&a), first_block(&b));
        let other = [0xa3, 0];
        let armoured = |label: &str, der: &[u8]| {
            let base64 = base64_simd::STANDARD.encode_to_string(der);
            format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n").into_bytes()
        };
        let certs_only = p7c(&[&a_der, &other, &b_der]);
        for bytes in [
            [a.clone(), text("alice.sign.key"), b.clone()].concat(),
            [a_der.clone(), b_der.clone()].concat(),
            certs_only.clone(),
            armoured("PKCS7", &certs_only),
            [armoured("TRUSTED CERTIFICATE", &[&a_der[..], &[0x30, 0]].concat()), armoured("CMS", &p7c(&[&b_der]))]
                .concat(),
        ] {
            let found = load_certificates(&bytes, &limits()).unwrap();
            let ders: Vec<_> = found.iter().map(|certificate| certificate.der()).collect();
            assert_eq!(ders, [&a_der[..], &b_der]);
        }
        assert_eq!(fails(&text("alice.sign.key")), Code::CertificateMalformed);
        let error = load_certificates(&[a_der, vec![0x30, 0]].concat(), &limits()).unwrap_err();
        assert!(error.finding().path.starts_with("certificates[1]"), "{error}");
    }

    #[test]
    fn a_real_p7b() {
        let Some(folder) = vectors("pyca-pkcs7") else { return };
        let found = load_certificates(&std::fs::read(folder.join("amazon-roots.p7b")).unwrap(), &limits()).unwrap();
        assert!(
            found.len() >= 2
                && found.iter().all(|certificate| certificate.subject().to_string().contains("Amazon")
                    || certificate.subject().to_string().contains("Starfield"))
        );
    }

    #[test]
    fn what_holds_no_certificate_is_an_error() {
        for bytes in [&b""[..], b"hello", b"\x30\x00", b"\x30\x03\x06\x01\x2a", b"-----BEGIN CERTIFICATE-----\n?"] {
            assert!(load_certificates(bytes, &limits()).is_err(), "{bytes:?}");
        }
        assert_eq!(fails(&p7c(&[])), Code::CertificateMalformed);
        assert_eq!(fails(b"-----BEGIN CERTIFICATE-----\nAA"), Code::PemMalformed);
    }
}
