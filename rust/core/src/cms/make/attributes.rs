//! Signed attributes, written (RFC 5652 §11, RFC 8551 §2.5, RFC 5035, RFC 6211).

use crate::alg::identifier::{write, write_digest};
use crate::alg::{Make, Role, Row, SignatureAlgorithm, table};
use crate::asn1::writer::Writer;
use crate::asn1::{Oid, Tag, UnixTime, oid};
use crate::x509::certificate::Certificate;

/// Attribute with one value.
fn attribute(attr_type: Oid<'_>, value: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|writer| {
        writer.element(Tag::SET, true, value);
        writer.oid(attr_type);
    });
    writer.into_vec()
}

pub(super) fn content_type(e_content_type: Oid<'_>) -> Vec<u8> {
    attribute(oid::CONTENT_TYPE, |writer| writer.oid(e_content_type))
}

pub(super) fn message_digest(digest: &[u8]) -> Vec<u8> {
    attribute(oid::MESSAGE_DIGEST, |writer| writer.octet_string(digest))
}

pub(super) fn signing_time(at: UnixTime) -> Vec<u8> {
    attribute(oid::SIGNING_TIME, |writer| writer.time(at))
}

/// SMIMECapabilities, from what `smime_capabilities` wrote.
pub(super) fn capabilities(smime_capabilities: &[u8]) -> Vec<u8> {
    attribute(oid::SMIME_CAPABILITIES, |writer| writer.raw(smime_capabilities))
}

/// SMIMEEncryptionKeyPreference ::= CHOICE { issuerAndSerialNumber [0] IssuerAndSerialNumber, … } (RFC 8551 §2.5.3),
/// with implicit tags.
pub(super) fn encryp_key_pref(certificate: &Certificate) -> Vec<u8> {
    attribute(oid::ENCRYP_KEY_PREF, |writer| {
        writer.element(Tag::context(0), true, |writer| {
            writer.element(Tag::INTEGER, false, |writer| writer.raw(certificate.serial()));
            writer.raw(certificate.issuer().der());
        });
    })
}

/// SigningCertificateV2 (RFC 5035 §3) with the one ESSCertIDv2 that binds the certificate: SHA-256 is the default and
/// left out, issuer and serial number as GeneralNames.
pub(super) fn signing_certificate_v2(certificate: &Certificate) -> Vec<u8> {
    attribute(oid::SIGNING_CERTIFICATE_V2, |writer| {
        writer.sequence(|writer| {
            writer.sequence(|writer| {
                writer.sequence(|writer| {
                    writer.sequence(|writer| {
                        writer.element(Tag::INTEGER, false, |writer| writer.raw(certificate.serial()));
                        writer.sequence(|writer| writer.explicit(4, |writer| writer.raw(certificate.issuer().der())));
                    });
                    writer.octet_string(&certificate.sha256());
                });
            });
        });
    })
}

/// CMSAlgorithmProtection (RFC 6211 §2): the very identifiers of the SignerInfo.
pub(super) fn algorithm_protection(digest: &Row, algorithm: &SignatureAlgorithm) -> Vec<u8> {
    let mut inner = Writer::new();
    algorithm.write(&mut inner);
    let mut identifier = inner.into_vec();
    // signatureAlgorithm [1] IMPLICIT
    if let Some(tag) = identifier.first_mut() {
        *tag = 0xa1;
    }
    attribute(oid::CMS_ALGORITHM_PROTECTION, |writer| {
        writer.sequence(|writer| {
            writer.raw(&identifier);
            write_digest(writer, digest);
        });
    })
}

/// SMIMECapabilities (RFC 8551 §2.5.2) of one who takes and prefers what the table makes: content encryption, the
/// strongest first, authenticated before other.
pub fn smime_capabilities() -> Vec<u8> {
    let mut rows: Vec<&Row> = table::rows()
        .iter()
        .filter(|row| matches!(row.role, Role::Aead | Role::Content) && row.make != Make::Never)
        .collect();
    rows.sort_by_key(|row| (row.role != Role::Aead, row.make != Make::Prefer, core::cmp::Reverse(row.strength)));
    let mut writer = Writer::new();
    writer.sequence(|writer| {
        // RFC 3565 §4.1, RFC 5084 §4, RFC 8103 §5: without parameters.
        rows.iter().rev().for_each(|row| write(writer, row, |_| {}));
    });
    writer.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::hex;

    #[test]
    fn rfc8551_2_5_2_capabilities() {
        let der = smime_capabilities();
        assert!(der.ends_with(&hex("300b0609608648016503040102")), "AES-128-CBC is the last resort");
        assert!(der[2..].starts_with(&hex("300b060960864801650304012e")), "AES-256-GCM is preferred");
    }

    #[test]
    fn rfc5652_11_3_signing_time() {
        let at = UnixTime::from_civil(2026, 11, 24, 1, 2, 3).unwrap();
        assert_eq!(signing_time(at), [hex("301c06092a864886f70d010905310f170d"), b"261124010203Z".to_vec()].concat());
    }
}
