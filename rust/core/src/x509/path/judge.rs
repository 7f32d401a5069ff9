//! What RFC 5280 §6.1.3–6.1.5 and RFC 8550 §4.4 say about one path: no search here.

use std::sync::Arc;

use crate::x509::certificate::Certificate;
use crate::x509::path::{PathRules, Purpose};
use crate::{Code, Finding};

type Problems = Vec<(usize, Code)>;

/// Everything that is wrong with the certificates of `path` and their order; signatures are the search's business.
///
/// An anchor is spared validity and signature; its extensions count as those of any CA. An end entity that is an
/// anchor itself has to be valid in time: it is here as a signer, not as a root.
pub(super) fn judge(path: &[Arc<Certificate>], anchored: bool, rules: &PathRules) -> Problems {
    let mut problems = Problems::new();
    // CA certificates below the one at hand that are not self-issued: what pathLenConstraint counts (§6.1.4 l).
    let mut below = 0_u64;
    for (index, certificate) in path.iter().enumerate() {
        let anchor = anchored && index + 1 == path.len();
        let mut add = |found: Option<Code>| problems.extend(found.map(|code| (index, code)));
        if !anchor || index == 0 {
            add(validity(certificate, rules));
        }
        if !anchor {
            add((!certificate.inner_outer_algorithms_agree()).then_some(Code::ChainSignatureAlgorithmMismatch));
        }
        extensions(certificate, &mut add);
        if index > 0 {
            add(issuer_problem(certificate, anchor));
            add(path_length(certificate, below));
            let mail = rules.purpose == Purpose::EmailProtection && !certificate.allows_email_protection();
            add(mail.then_some(Code::ChainExtendedKeyUsage));
            below += u64::from(!certificate.is_self_issued());
        }
    }
    problems
}

/// RFC 5280 §6.1.3 (a)(2)
fn validity(certificate: &Certificate, rules: &PathRules) -> Option<Code> {
    if rules.at < certificate.not_before() {
        Some(Code::ChainNotYetValid)
    } else if rules.at > certificate.not_after() {
        Some(Code::ChainExpired)
    } else {
        None
    }
}

/// RFC 5280 §4.2: repeated, unreadable or unknown critical extensions; and those that are not judged yet.
fn extensions(certificate: &Certificate, add: &mut impl FnMut(Option<Code>)) {
    let broken = certificate.duplicate_extension() || certificate.extension_fault().is_some();
    add(broken.then_some(Code::ChainExtensionMalformed));
    add(certificate.has_unknown_critical().then_some(Code::ChainCriticalExtension));
    add(certificate.has_name_constraints().then_some(Code::ChainNameConstraintsNotJudged));
    add(certificate.has_policy_constraints().then_some(Code::ChainPolicyNotJudged));
}

/// RFC 5280 §6.1.4 (k), (n): may this certificate issue others?
///
/// v1 and v2 have no extensions to say so: an anchor may, others may not. A v3 anchor without basicConstraints may if
/// its keyUsage says keyCertSign, so that a trusted end entity does not become a CA.
pub(super) fn issuer_problem(certificate: &Certificate, anchor: bool) -> Option<Code> {
    let usage = certificate.key_usage();
    let ca = match certificate.basic_constraints() {
        Some(basic) => basic.ca,
        None if !anchor => false,
        None => certificate.version() < 3 || usage.is_some_and(|usage| usage.key_cert_sign()),
    };
    if !ca {
        return Some(Code::ChainNotACa);
    }
    usage.is_some_and(|usage| !usage.key_cert_sign()).then_some(Code::ChainKeyUsage)
}

/// RFC 5280 §6.1.4 (l), (m)
fn path_length(certificate: &Certificate, below: u64) -> Option<Code> {
    let allowed = certificate.basic_constraints()?.path_len?;
    (below > allowed).then_some(Code::ChainPathLength)
}

/// RFC 8550 §4.4.2: a keyUsage without digitalSignature and nonRepudiation is not for signatures on mail.
pub fn signer_key_usage(certificate: &Certificate) -> Option<Code> {
    let usage = certificate.key_usage()?;
    (!usage.digital_signature() && !usage.non_repudiation()).then_some(Code::SignerKeyUsage)
}

/// RFC 8550 §4.4.4: an extKeyUsage without emailProtection and anyExtendedKeyUsage is not for mail.
pub fn signer_extended_key_usage(certificate: &Certificate) -> Option<Code> {
    (!certificate.allows_email_protection()).then_some(Code::SignerExtendedKeyUsage)
}

/// The finding, with what a reader needs to act on it.
pub(super) fn finding(path: &[Arc<Certificate>], index: usize, code: Code) -> Finding {
    let finding = Finding::new(code).path(format!("chain[{index}]"));
    let Some(certificate) = path.get(index) else { return finding };
    let detail = match code {
        Code::ChainExpired => format!("{}: until {}", certificate.subject(), certificate.not_after()),
        Code::ChainNotYetValid => format!("{}: from {}", certificate.subject(), certificate.not_before()),
        Code::ChainIssuerMissing => missing_issuer(certificate),
        Code::ChainCriticalExtension => match certificate.unknown_critical() {
            Some(oid) => format!("{}: {oid}", certificate.subject()),
            None => certificate.subject().to_string(),
        },
        Code::ChainExtensionMalformed => match certificate.extension_fault() {
            Some(fault) => format!("{}: {}", certificate.subject(), fault.finding().path),
            None => format!("{}: an extension occurs twice", certificate.subject()),
        },
        Code::ChainAlgorithmUnsupported => {
            format!("{}: {}", certificate.subject(), certificate.signature_algorithm().name())
        }
        _ => certificate.subject().to_string(),
    };
    finding.detail(detail)
}

fn missing_issuer(certificate: &Certificate) -> String {
    if certificate.issuer().is_empty() {
        return format!("{} names no issuer", certificate.subject());
    }
    let mut text = format!("issuer of {}: {}", certificate.subject(), certificate.issuer());
    if let Some(identifier) = certificate.authority_key_identifier().and_then(|authority| authority.key_identifier) {
        text.push_str(", key identifier ");
        // Twenty octets are usual; a longer one is cut, for it is only a hint.
        identifier.iter().take(32).for_each(|octet| text.push_str(&format!("{octet:02x}")));
    }
    text
}
