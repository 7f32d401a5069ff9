//! `inspect`: what a message or bare CMS is made of, without a key.

use std::sync::Arc;

use mailseal_core::asn1::UnixTime;
use mailseal_core::identity::Keyring;
use mailseal_core::mime::scan::{Entity, Header};
use mailseal_core::policy::{Facts, Policy, Times};
use mailseal_core::receive::{Opened, Receiver};
use mailseal_core::x509::Certificate;
use mailseal_core::{Code, Error, Limits, cms};
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::enter::enter_fallible;

/// What a message or bare CMS is made of, as JSON: layers, recipients, signers, certificates; no key is needed.
#[pyfunction]
pub fn inspect(py: Python<'_>, data: &[u8]) -> PyResult<String> {
    enter_fallible(py, || {
        let receiver = Receiver::new(None, Vec::new(), Arc::new(Keyring::default()), Policy::named("archive")?);
        let times = Times { now: UnixTime(0), received_at: None, at: None };
        let bare = cms::sniff(data).is_some() && !has_header(data);
        let opened = if bare { receiver.open_cms(data, None, times) } else { receiver.open(data, times) };
        if !bare && !opened.is_mail() {
            return Err(Error::with(Code::MimeMalformed, "neither a message nor CMS"));
        }
        Ok(described(&opened, bare).to_string())
    })
}

fn has_header(data: &[u8]) -> bool {
    let limits = Limits::default();
    let entity = Entity::scan(data, 0..data.len(), &limits);
    entity
        .and_then(|entity| Header::parse(data, entity.header, &limits).map(|header| !header.fields().is_empty()))
        .unwrap_or(false)
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
