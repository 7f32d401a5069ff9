//! The row of one message: the one source of the Arrow columns and of the JSON objects.

use serde::{Serialize, Serializer};

use crate::asn1::{UnixTime, hex};
use crate::bulk::Item;
use crate::crypto::digest::{self, Digest};
use crate::policy::facts::{Facts, Layer, SignerFacts, Wanted};
use crate::policy::verdict::SignerVerdict;
use crate::receive::Opened;

/// The columns, in their order; stable names.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub id: String,
    pub source: String,
    pub byte_offset: i64,
    pub byte_length: i64,
    pub raw_sha256: String,
    pub message_id: Option<String>,
    #[serde(serialize_with = "rfc3339")]
    pub sent_at: Option<UnixTime>,
    #[serde(serialize_with = "rfc3339")]
    pub received_at: Option<UnixTime>,
    #[serde(serialize_with = "rfc3339")]
    pub judged_at: Option<UnixTime>,
    pub mail_from: Vec<String>,
    pub mail_sender: Option<String>,
    pub mail_to: Vec<String>,
    pub mail_cc: Vec<String>,
    pub subject: Option<String>,
    pub status: &'static str,
    pub summary: &'static str,
    pub decryption: &'static str,
    pub authenticated: bool,
    pub coverage: String,
    pub findings: Vec<&'static str>,
    pub layers: Vec<LayerRow>,
    pub signers: Vec<SignerRow>,
    pub wanted_keys: Vec<String>,
    pub content_sha256: Option<String>,
    pub content_length: Option<i64>,
    #[serde(serialize_with = "base64", skip_serializing_if = "Option::is_none")]
    pub content: Option<Vec<u8>>,
}

#[derive(Clone, Debug, Serialize)]
pub struct LayerRow {
    pub kind: &'static str,
    pub form: &'static str,
    pub path: String,
    pub algorithm: String,
    pub recipients: Vec<RecipientRow>,
    pub key_used: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RecipientRow {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub id: String,
    pub algorithm: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct SignerRow {
    pub mailboxes: Vec<String>,
    pub subject: Option<String>,
    pub issuer: Option<String>,
    pub serial: Option<String>,
    pub sha256: Option<String>,
    pub digest: String,
    pub signature_algorithm: String,
    #[serde(serialize_with = "rfc3339")]
    pub signing_time: Option<UnixTime>,
    pub integrity: &'static str,
    pub chain: &'static str,
    pub address: &'static str,
    pub revocation: &'static str,
    pub time: &'static str,
}

impl Row {
    pub fn new(item: &Item<'_>, opened: &Opened, with_content: bool) -> Self {
        let Facts { mail, layers, signers, .. } = &opened.facts;
        let verdict = &opened.verdict;
        let content = opened.content(item.raw);
        let raw_sha256 = hex_sha256(item.raw);
        let content_sha256 = content.map(|content| {
            // A message that holds no layer is its own content: hashed once.
            if core::ptr::eq(content, item.raw) { raw_sha256.clone() } else { hex_sha256(content) }
        });
        let specs = |boxes: &[crate::mime::address::Mailbox]| boxes.iter().map(|mailbox| mailbox.addr_spec()).collect();
        let mut findings: Vec<_> = verdict.findings.iter().map(|finding| finding.code.name()).collect();
        findings.dedup();
        Self {
            id: item.id.to_owned(),
            source: item.source.to_owned(),
            byte_offset: i64::try_from(item.offset).unwrap_or(i64::MAX),
            byte_length: length(item.raw),
            raw_sha256,
            message_id: mail.message_id.clone(),
            sent_at: mail.sent_at,
            received_at: item.received_at,
            judged_at: Some(verdict.at),
            mail_from: specs(&mail.from),
            mail_sender: mail.sender.as_ref().map(|sender| sender.addr_spec()),
            mail_to: specs(&mail.to),
            mail_cc: specs(&mail.cc),
            subject: mail.subject.clone(),
            status: verdict.status.name(),
            summary: verdict.summary.name(),
            decryption: opened.decryption.name(),
            authenticated: opened.authenticated,
            coverage: verdict.coverage.clone(),
            findings,
            layers: layers.iter().map(LayerRow::new).collect(),
            signers: signers
                .iter()
                .zip(&verdict.signers)
                .map(|(facts, verdict)| SignerRow::new(facts, verdict))
                .collect(),
            wanted_keys: wanted_keys(&opened.facts),
            content_sha256,
            content_length: content.map(length),
            content: if with_content { content.map(<[u8]>::to_vec) } else { None },
        }
    }

    /// The row as one JSON object, without a line end.
    pub fn json(&self) -> String {
        // Serialising strings and numbers into memory cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl LayerRow {
    fn new(layer: &Layer) -> Self {
        let recipients = layer.recipients.iter().map(|recipient| RecipientRow {
            kind: recipient.kind,
            id: recipient.id.clone(),
            algorithm: recipient.algorithm.clone(),
        });
        Self {
            kind: layer.kind.name(),
            form: layer.form.name(),
            path: layer.path.clone(),
            algorithm: layer.algorithm.clone(),
            recipients: recipients.collect(),
            key_used: layer.key_used.clone(),
        }
    }
}

impl SignerRow {
    fn new(facts: &SignerFacts, verdict: &SignerVerdict) -> Self {
        let certificate = verdict.candidate.and_then(|index| facts.candidates.get(index));
        Self {
            mailboxes: certificate.map(|certificate| certificate.mailboxes()).unwrap_or_default(),
            subject: certificate.map(|certificate| certificate.subject().to_string()),
            issuer: certificate.map(|certificate| certificate.issuer().to_string()),
            serial: certificate.map(|certificate| certificate.serial_hex()),
            sha256: certificate.map(|certificate| hex(&certificate.sha256())),
            digest: facts.digest.clone(),
            signature_algorithm: facts.signature_algorithm.clone(),
            signing_time: facts.signing_time,
            integrity: verdict.integrity.name(),
            chain: verdict.chain.name(),
            address: verdict.address.name(),
            revocation: verdict.revocation.name(),
            time: verdict.time.name(),
        }
    }
}

fn wanted_keys(facts: &Facts) -> Vec<String> {
    let keys = facts.wanted.iter().filter_map(|wanted| match wanted {
        Wanted::Key { recipient, .. } => Some(recipient.id.clone()),
        _ => None,
    });
    keys.collect()
}

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

fn hex_sha256(bytes: &[u8]) -> String {
    hex((&digest::SHA256 as &dyn Digest).digest(bytes).as_ref())
}

fn rfc3339<S: Serializer>(time: &Option<UnixTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}

fn base64<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => serializer.serialize_str(&base64_simd::STANDARD.encode_to_string(bytes)),
        None => serializer.serialize_none(),
    }
}
