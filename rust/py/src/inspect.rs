//! `inspect`: what a message or bare CMS is made of, without a key.

use std::sync::Arc;

use mailseal_core::asn1::UnixTime;
use mailseal_core::identity::{Keyring, pem};
use mailseal_core::mime::scan::{Entity, Header};
use mailseal_core::policy::{Facts, Policy, Times};
use mailseal_core::receive::{Opened, Receiver};
use mailseal_core::x509::Certificate;
use mailseal_core::{Code, Error, Limits, Result, cms};
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::enter::enter_fallible;

/// What a message or bare CMS is made of, as JSON: layers, recipients, signers, certificates; no key is needed.
#[pyfunction]
pub fn inspect(py: Python<'_>, data: &[u8]) -> PyResult<String> {
    enter_fallible(py, || {
        let receiver = Receiver::new(None, Vec::new(), Arc::new(Keyring::default()), Policy::named("archive")?);
        let times = Times { now: UnixTime(0), received_at: None, at: None };
        let unarmoured = unarmoured(data)?;
        let data = unarmoured.as_deref().unwrap_or(data);
        // No header field begins with a SEQUENCE's tag and a length of more than one octet.
        let bare = cms::sniff(data).is_some() && (matches!(data, [0x30, 0x80..=0xff, ..]) || !has_header(data));
        let opened = if bare { receiver.open_cms(data, None, times) } else { receiver.open(data, times) };
        if !bare && (!opened.is_mail() || is_armoured(data)) {
            return Err(Error::with(Code::MimeMalformed, "neither a message nor CMS"));
        }
        Ok(described(&opened, bare).to_string())
    })
}

/// The ASN.1 of a file as JSON: of each structure (a PEM file may have several) its kind and its elements, parents before
/// children, with names, offsets and values. What is secret is counted and not shown.
#[pyfunction]
pub fn tree(py: Python<'_>, data: &[u8]) -> PyResult<String> {
    enter_fallible(py, || {
        let limits = Limits::default();
        if let Some(der) = pem::bare(data) {
            return Ok(json!([structure("base64", &der, &limits)]).to_string());
        }
        if !pem::is_pem(data) {
            return Ok(json!([structure("", data, &limits)]).to_string());
        }
        let blocks = pem::blocks(data, &limits)?;
        let described = blocks.iter().map(|block| match block.contents() {
            // RFC 1421 §4.4: what stands in it is encrypted, or made for somebody who knows the fields.
            Ok(_) if !block.headers.is_empty() => json!({"label": block.label, "kind": "PEM with header fields",
                "elements": [], "findings": []}),
            Ok(der) => structure(&block.label, der, &limits),
            Err(error) => json!({"label": block.label, "kind": "PEM", "elements": [],
                "findings": [error.into_finding().to_string()]}),
        });
        Ok(Value::Array(described.collect()).to_string())
    })
}

fn structure(label: &str, der: &[u8], limits: &Limits) -> Value {
    let tree = mailseal_core::inspect::tree(der, limits);
    let elements: Vec<_> = tree.rows.iter().map(element).collect();
    let findings: Vec<_> = tree.findings.iter().map(ToString::to_string).collect();
    json!({"label": label, "kind": tree.kind, "elements": elements, "findings": findings})
}

fn element(row: &mailseal_core::inspect::Row) -> Value {
    let mut element = json!({"depth": row.depth, "offset": row.offset, "header": row.header, "length": row.length,
        "type": row.tag.to_string(), "name": row.name, "value": row.value, "constructed": row.constructed,
        "indefinite": row.indefinite, "secret": row.secret});
    if let (Some(oid), Some(fields)) = (&row.oid, element.as_object_mut()) {
        fields.insert("oid".to_owned(), json!(oid));
    }
    element
}

fn has_header(data: &[u8]) -> bool {
    header(data).is_ok_and(|header| !header.fields().is_empty())
}

fn header(data: &[u8]) -> Result<Header<'_>> {
    let limits = Limits::default();
    Header::parse(data, Entity::scan(data, 0..data.len(), &limits)?.header, &limits)
}

/// PEM, perhaps behind text that looks like a header (`Certificate:`), and no mail with PEM in its body.
fn is_armoured(data: &[u8]) -> bool {
    const OF_MAIL: [&str; 8] =
        ["From", "To", "Subject", "Date", "Received", "Message-ID", "MIME-Version", "Content-Type"];
    let of_mail = |header: &Header<'_>| OF_MAIL.iter().any(|name| header.first(name).is_some());
    pem::is_pem(data) && !header(data).is_ok_and(|header| of_mail(&header))
}

/// The CMS that a text is, as base64 or as its only PEM block.
fn unarmoured(data: &[u8]) -> Result<Option<Vec<u8>>> {
    let of_cms = |der: &[u8]| cms::sniff(der).map(|_| der.to_vec());
    if let Some(der) = pem::bare(data) {
        return Ok(of_cms(&der));
    }
    if !is_armoured(data) {
        return Ok(None);
    }
    Ok(match pem::blocks(data, &Limits::default())?.as_slice() {
        [block] if block.headers.is_empty() => block.contents().ok().and_then(of_cms),
        _ => None,
    })
}

fn described(opened: &Opened, bare: bool) -> Value {
    let Facts { mail, layers, signers, certificates, errant, .. } = &opened.facts;
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| {
            let recipients: Vec<_> = layer
                .recipients
                .iter()
                .map(|to| json!({"type": to.kind, "id": to.id, "algorithm": to.algorithm}))
                .collect();
            json!({"kind": layer.kind.name(), "form": layer.form.name(), "path": layer.path, "algorithm": layer.algorithm,
                "offset": layer.offset, "length": layer.length, "recipients": recipients})
        })
        .collect();
    let signers: Vec<_> = signers
        .iter()
        .map(|signer| {
            json!({"layer": signer.layer, "id": signer.id, "digest": signer.digest,
                "signature_algorithm": signer.signature_algorithm, "integrity": signer.integrity.name(),
                "signing_time": signer.signing_time.map(|time| time.to_string()), "signed_attrs": signer.signed_attrs})
        })
        .collect();
    let errant: Vec<_> = errant
        .iter()
        .map(|part| json!({"path": part.path, "encrypted": part.encrypted, "forwarded": part.forwarded}))
        .collect();
    let findings: Vec<_> = opened.facts.findings.iter().map(ToString::to_string).collect();
    json!({"form": if bare { "cms" } else { "message" }, "message_id": mail.message_id, "subject": mail.subject,
        "layers": layers, "signers": signers, "errant": errant, "findings": findings,
        "certificates": certificates.iter().map(|certificate| certificate_row(certificate)).collect::<Vec<_>>()})
}

fn certificate_row(certificate: &Certificate) -> Value {
    let key = certificate.public_key(&Limits::default()).map(|key| key.name()).unwrap_or_default();
    json!({"subject": certificate.subject().to_string(), "issuer": certificate.issuer().to_string(),
        "serial": certificate.serial_hex(), "not_before": certificate.not_before().to_string(),
        "not_after": certificate.not_after().to_string(), "mailboxes": certificate.mailboxes(), "key": key})
}
