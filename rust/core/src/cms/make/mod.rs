//! CMS, written: DER, back to front, the content encrypted or copied once into its place.
//!
//! What belongs to a message (certificates, algorithms, time) comes in as plain values that `send` has chosen; nothing
//! here judges them.

pub mod attributes;
mod compressed;
mod enveloped;
mod signed_data;

pub use compressed::compressed;
pub use enveloped::{Envelope, RecipientKey, enveloped};
pub use signed_data::{SignerRequest, SignerTerms, Signing, certs_only};

use crate::asn1::writer::Writer;
use crate::asn1::{Oid, Tag};
use crate::x509::certificate::Certificate;

/// Octets around a content: a rough upper bound for one signer's or recipient's share, so that buffers need not grow.
const SHARE: usize = 4096;

/// ContentInfo around what `content` writes.
fn content_info(writer: &mut Writer, content_type: Oid<'_>, content: impl FnOnce(&mut Writer)) {
    writer.sequence(|writer| {
        writer.explicit(0, content);
        writer.oid(content_type);
    });
}

/// IssuerAndSerialNumber (RFC 5652 §10.2.4), with the octets of the certificate.
fn issuer_and_serial_number(writer: &mut Writer, certificate: &Certificate) {
    writer.sequence(|writer| {
        writer.element(Tag::INTEGER, false, |writer| writer.raw(certificate.serial()));
        writer.raw(certificate.issuer().der());
    });
}
