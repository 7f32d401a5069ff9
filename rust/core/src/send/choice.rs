//! Whose key, which algorithms: what is written for the recipients at hand, and why (RFC 8551 §2.7, RFC 8550 §4.4.2).

use std::sync::Arc;

use crate::alg::{AgreementAlgorithm, Make, Role, Row, TransportAlgorithm, table};
use crate::asn1::{Oid, Reader, UnixTime, oid};
use crate::cms::make::{Envelope, RecipientKey};
use crate::crypto::digest::SHA256;
use crate::crypto::key::{KeyKind, PublicKey};
use crate::policy::{CONTENT_CIPHERS, Policy, made_row};
use crate::send::Trusted;
use crate::x509::certificate::Certificate;
use crate::{Code, Error, Limits, Result};

/// Bits of classical strength below which no key is encrypted to or signed with: RSA-2048, P-224.
pub(super) const FLOOR: u16 = 112;

/// One recipient: the certificates that may serve.
pub type Candidates = Vec<Arc<Certificate>>;

/// What is written for one recipient.
#[derive(Clone, Debug)]
pub struct ChosenRecipient {
    pub certificate: Arc<Certificate>,
    pub key: RecipientKey,
    /// The cipher that this recipient would have got alone.
    pub cipher: &'static Row,
    /// What decided it.
    pub reason: &'static str,
}

/// What would be chosen for whom, and why.
#[derive(Clone, Debug)]
pub struct Plan {
    pub cipher: &'static Row,
    pub recipients: Vec<ChosenRecipient>,
    pub warnings: Vec<String>,
}

impl Plan {
    pub fn envelope(&self) -> Envelope {
        let recipients = self.recipients.iter();
        Envelope {
            cipher: self.cipher,
            recipients: recipients.map(|one| (Arc::clone(&one.certificate), one.key.clone())).collect(),
        }
    }
}

/// Err: MakingRecipientUnfit names each recipient without a certificate, each candidate and why it does not serve;
/// MakingNoCommonCipher.
pub(super) fn plan(
    recipients: &[Candidates],
    own: Option<&Certificate>,
    policy: &Policy,
    trusted: &Trusted<'_>,
    at: UnixTime,
) -> Result<Plan> {
    let (mut chosen, mut refusals) = (Vec::new(), Vec::new());
    for candidates in recipients {
        match best(candidates, trusted, at) {
            Ok(certificate) => chosen.push(certificate),
            Err(reasons) => refusals.extend(reasons),
        }
    }
    if !refusals.is_empty() || chosen.is_empty() {
        let text = if refusals.is_empty() { "there is no recipient".to_owned() } else { refusals.join("; ") };
        return Err(Error::with(Code::MakingRecipientUnfit, text));
    }
    let offers = chosen.iter().map(|certificate| match own {
        Some(own) if own.der() == certificate.der() => our_offer(policy),
        _ => offer(certificate, policy, trusted.limits),
    });
    let offers = offers.collect::<Result<Vec<_>>>()?;
    let cipher = common(&offers, policy)?;
    let mut warnings = Vec::new();
    if cipher.role != Role::Aead {
        let unknown = offers.iter().filter(|offer| offer.listed.is_none()).count();
        warnings.push(format!(
            "{} has no integrity of its own (RFC 8551 §6): {unknown} of {} recipients list no capabilities",
            cipher.name,
            offers.len()
        ));
    }
    let pairs = chosen.into_iter().zip(&offers);
    let recipients = pairs.map(|(certificate, offer)| {
        let key = recipient_key(&certificate, offer, cipher, policy, trusted.limits)?;
        Ok(ChosenRecipient { certificate, key, cipher: offer.preferred, reason: offer.reason })
    });
    Ok(Plan { cipher, recipients: recipients.collect::<Result<_>>()?, warnings })
}

/// The fitting candidate that was issued last. Err: why none serves.
fn best(
    candidates: &[Arc<Certificate>],
    trusted: &Trusted<'_>,
    at: UnixTime,
) -> core::result::Result<Arc<Certificate>, Vec<String>> {
    let mut reasons = Vec::new();
    let mut fitting: Vec<&Arc<Certificate>> = Vec::new();
    for candidate in candidates {
        match unfit(candidate, candidates, trusted, at) {
            None => fitting.push(candidate),
            Some(reason) => reasons.push(format!("{} (serial {}): {reason}", who(candidate), candidate.serial_hex())),
        }
    }
    if candidates.is_empty() {
        reasons.push("a recipient without certificate".to_owned());
    }
    // A bundle may hold the issuers as well: somebody's own certificate goes before those of CAs.
    fitting.sort_by_key(|certificate| {
        let ca = certificate.basic_constraints().is_some_and(|constraints| constraints.ca);
        (!ca, !certificate.mailboxes().is_empty(), certificate.not_before(), certificate.not_after())
    });
    fitting.pop().cloned().ok_or(reasons)
}

/// The first address, else the subject.
pub(super) fn who(certificate: &Certificate) -> String {
    certificate.mailboxes().into_iter().next().unwrap_or_else(|| certificate.subject().to_string())
}

/// Why nobody should encrypt to it; None: nothing speaks against it.
fn unfit(
    certificate: &Arc<Certificate>,
    beside: &[Arc<Certificate>],
    trusted: &Trusted<'_>,
    at: UnixTime,
) -> Option<String> {
    let key = match certificate.public_key(trusted.limits) {
        Ok(key) => key,
        Err(error) => return Some(error.to_string()),
    };
    if let Some(reason) = trusted.unfit(certificate, beside, key, at) {
        return Some(reason);
    }
    unusable(certificate, key)
}

/// Whether keyUsage and kind of the key let anyone encrypt to it.
pub fn takes_keys(certificate: &Certificate, limits: &Limits) -> bool {
    certificate.public_key(limits).is_ok_and(|key| unusable(certificate, key).is_none())
}

/// RFC 8550 §4.4.2
fn unusable(certificate: &Certificate, key: &PublicKey) -> Option<String> {
    let usage = certificate.key_usage();
    let missing = match key.kind() {
        KeyKind::Rsa if key.is_pss_only() => return Some("its key only signs".to_owned()),
        KeyKind::Rsa => usage.is_some_and(|usage| !usage.key_encipherment()).then_some("keyEncipherment"),
        _ if agreement_of(key).is_none() => return Some(format!("{} keys are not encrypted to", key.name())),
        _ => usage.is_some_and(|usage| !usage.key_agreement()).then_some("keyAgreement"),
    };
    missing.map(|name| format!("keyUsage lacks {name}"))
}

/// What one recipient takes.
struct Offer {
    /// Content ciphers of smimeCapabilities that we make, in the recipient's order. None: nothing is known.
    listed: Option<Vec<&'static Row>>,
    oaep: bool,
    preferred: &'static Row,
    reason: &'static str,
}

/// What is made is taken.
fn our_offer(policy: &Policy) -> Result<Offer> {
    let preferred = made_row(&policy.unknown_capabilities, CONTENT_CIPHERS)?;
    let listed = table::rows().iter().filter(|row| CONTENT_CIPHERS.contains(&row.role) && row.make != Make::Never);
    Ok(Offer { listed: Some(listed.collect()), oaep: true, preferred, reason: "it is the sender's own" })
}

fn offer(certificate: &Certificate, policy: &Policy, limits: &Limits) -> Result<Offer> {
    let known = certificate.extension(oid::SMIME_CAPABILITIES).map(|one| capabilities(one.extn_value, limits));
    let Some(known) = known else {
        let preferred = made_row(&policy.unknown_capabilities, CONTENT_CIPHERS)?;
        return Ok(Offer { listed: None, oaep: false, preferred, reason: "nothing is known of its capabilities" });
    };
    let row =
        |algorithm: &Oid<'_>, roles: &[Role]| table::find_role(*algorithm, roles).filter(|row| row.make != Make::Never);
    let listed: Vec<_> = known.iter().filter_map(|one| row(one, CONTENT_CIPHERS)).collect();
    let oaep = known.iter().any(|one| row(one, &[Role::KeyTransport]).is_some_and(|row| row.name == "RSAES-OAEP"));
    // Authenticated before other (RFC 8551 §2.7.1.1), then the stronger.
    let preferred = listed.iter().copied().max_by_key(|row| (row.role == Role::Aead, row.strength));
    let preferred = preferred.ok_or_else(|| {
        let text = format!("{}: its certificate lists no cipher that is made here", who(certificate));
        Error::with(Code::MakingNoCommonCipher, text)
    })?;
    Ok(Offer { listed: Some(listed), oaep, preferred, reason: "its certificate lists smimeCapabilities" })
}

/// SMIMECapabilities ::= SEQUENCE OF SEQUENCE { capabilityID OBJECT IDENTIFIER, parameters ANY OPTIONAL } (RFC 8551
/// §2.5.2, RFC 4262 §2). What cannot be read lists nothing.
fn capabilities<'a>(value: &'a [u8], limits: &Limits) -> Vec<Oid<'a>> {
    let read = || -> Result<Vec<Oid<'a>>> {
        let mut list = Reader::ber(value, limits).sequence()?;
        let mut found = Vec::new();
        while !list.is_empty() {
            found.push(list.sequence()?.oid()?);
        }
        Ok(found)
    };
    read().unwrap_or_default()
}

/// The policy's cipher; else the best that every recipient lists. One of whom nothing is known takes the policy's choice
/// for such (`unknown_capabilities`) and nothing else.
fn common(offers: &[Offer], policy: &Policy) -> Result<&'static Row> {
    if let Some(name) = &policy.content_cipher {
        return made_row(name, CONTENT_CIPHERS);
    }
    let unknown = made_row(&policy.unknown_capabilities, CONTENT_CIPHERS)?;
    let takes = |offer: &Offer, row: &'static Row| match &offer.listed {
        None => core::ptr::eq(row, unknown),
        Some(listed) => listed.iter().any(|one| core::ptr::eq(*one, row)),
    };
    let all = table::rows().iter().filter(|row| CONTENT_CIPHERS.contains(&row.role) && row.make != Make::Never);
    let common = all.filter(|row| offers.iter().all(|offer| takes(offer, row)));
    common.max_by_key(|row| (row.role == Role::Aead, row.make == Make::Prefer, row.strength)).ok_or_else(|| {
        let each = offers.iter().map(|offer| offer.preferred.name);
        Error::with(Code::MakingNoCommonCipher, each.collect::<Vec<_>>().join(", "))
    })
}

fn recipient_key(
    certificate: &Certificate,
    offer: &Offer,
    cipher: &'static Row,
    policy: &Policy,
    limits: &Limits,
) -> Result<RecipientKey> {
    let key = certificate.public_key(limits)?;
    let named = |name: &str| table::named(name).filter(|row| row.make != Make::Never);
    let unmade = || Error::with(Code::MakingFailed, key.name());
    if key.kind() == KeyKind::Rsa {
        let usual = if offer.oaep { "RSAES-OAEP" } else { "RSAES-PKCS1-v1_5" };
        let row = named(policy.key_transport.as_deref().unwrap_or(usual));
        let algorithm = row.and_then(|row| TransportAlgorithm::make(row, &SHA256)).ok_or_else(unmade)?;
        return Ok(RecipientKey::Transport(algorithm));
    }
    let (agreement, strong) = agreement_of(key).ok_or_else(unmade)?;
    let wrap = if strong || cipher.strength > 128 { "AES-256-wrap" } else { "AES-128-wrap" };
    let rows = named(agreement).zip(named(wrap));
    let algorithm = rows.and_then(|(row, wrap)| AgreementAlgorithm::make(row, wrap)).ok_or_else(unmade)?;
    Ok(RecipientKey::Agreement(algorithm))
}

/// The key agreement for a key (RFC 8551 §2.3, RFC 5753 §8, RFC 8418 §2), and whether its strength is above 128 bits.
fn agreement_of(key: &PublicKey) -> Option<(&'static str, bool)> {
    match key.kind() {
        KeyKind::Ec { curve: "P-256" } => Some(("dhSinglePass-stdDH-sha256kdf", false)),
        KeyKind::Ec { curve: "P-384" } => Some(("dhSinglePass-stdDH-sha384kdf", true)),
        KeyKind::Ec { curve: "P-521" } => Some(("dhSinglePass-stdDH-sha512kdf", true)),
        KeyKind::X25519 => Some(("dhSinglePass-stdDH-hkdf-sha256", false)),
        _ => None,
    }
}
