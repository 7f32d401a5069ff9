//! Facts → findings → Verdict. One table of statuses.

mod address;

use std::borrow::Cow;
use std::sync::Arc;

use crate::alg::SignatureAlgorithm;
use crate::asn1::UnixTime;
use crate::finding::Code;
use crate::keys::{KeyKind, PublicKey};
use crate::policy::facts::{Check, CountersignerFacts, Facts, LayerKind, SignerFacts, Wanted};
use crate::policy::policy::{AddressMatch, JudgedTime, Policy, RequiredSigners, RevocationRule, Strictness};
use crate::policy::verdict::{SignerVerdict, Status, Summary, Verdict};
use crate::x509::certificate::Certificate;
use crate::x509::memo::Memo;
use crate::x509::path::{self, PathFacts, PathRules, Purpose};
use crate::x509::pool::{Pool, TrustAnchors};
use crate::{Family, Finding};

/// Below this many bits of strength an algorithm is weak (NIST SP 800-57).
const WEAK_BELOW: u16 = 112;
/// RFC 8551 §4.3: shorter keys of RSA and DSA are a weakness.
const WEAK_RSA_BITS: u32 = 2048;

/// Where chains may end, what may link them, and what was checked before.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// None: chains are not judged.
    pub anchors: Option<&'a TrustAnchors>,
    pub intermediates: &'a Pool,
    pub memo: &'a Memo,
}

/// The times a message can be judged for.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub now: UnixTime,
    pub received_at: Option<UnixTime>,
    /// The caller's choice, before any policy.
    pub at: Option<UnixTime>,
}

impl Times {
    /// The time that the policy judges for, unless the caller chose one.
    pub(crate) fn judged(&self, policy: &Policy, facts: &Facts) -> UnixTime {
        let claimed = || facts.signers.iter().find_map(|signer| signer.signing_time).or(facts.mail.sent_at);
        let by_policy = match policy.time {
            JudgedTime::Now => None,
            JudgedTime::Received => self.received_at,
            JudgedTime::Claimed => claimed(),
        };
        self.at.or(by_policy).unwrap_or(self.now)
    }
}

/// Judges facts; to be called again with another time, policy or trust, without opening the message again.
pub fn judge(facts: &Facts, policy: &Policy, trust: Trust<'_>, times: Times) -> Verdict {
    let at = times.judged(policy, facts);
    let mut judge = Judge { facts, policy, trust, at, findings: facts.findings.clone(), wanted: Vec::new() };
    let paths: Vec<_> = facts.signers.iter().map(|signer| judge.best_path(signer)).collect();
    let addresses = judge.addresses(&paths);
    let signers = facts.signers.iter().zip(addresses).zip(paths);
    let signers: Vec<_> = signers.map(|((signer, address), path)| judge.signer(signer, address, path)).collect();
    let status = judge.status(&signers);
    judge.encryption();
    judge.recipients();
    let mut findings = judge.findings;
    findings.sort_by_key(|finding| finding.code.rank());
    findings.dedup();
    Verdict {
        status,
        summary: summary(facts, status),
        findings,
        at,
        signers,
        coverage: coverage(facts),
        policy: policy.name.clone(),
        wanted: judge.wanted,
    }
}

/// Index of the candidate that was judged, and its path; None: no trust anchors were given.
type BestPath = (Option<usize>, Option<PathFacts>);

struct Judge<'a> {
    facts: &'a Facts,
    policy: &'a Policy,
    trust: Trust<'a>,
    at: UnixTime,
    findings: Vec<Finding>,
    wanted: Vec<Wanted>,
}

impl Judge<'_> {
    fn find(&mut self, code: Code, detail: impl Into<String>) {
        self.findings.push(Finding::new(code).detail(detail));
    }

    fn address_match(&self) -> AddressMatch {
        if self.facts.bare { AddressMatch::Off } else { self.policy.address_match }
    }

    fn signer(&mut self, signer: &SignerFacts, address: Check, (candidate, path): BestPath) -> SignerVerdict {
        self.findings.extend(signer.findings.iter().cloned());
        signer.countersigners.iter().for_each(|one| self.countersigner(one));
        let refused = self.algorithms(signer);
        let certificate = candidate.and_then(|index| signer.candidates.get(index));
        let refused = certificate.is_some_and(|certificate| self.usage(certificate)) || refused;
        let refused = path.as_ref().is_some_and(|path| self.chain_algorithms(path)) || refused;
        let (chain, time) = match (&path, certificate) {
            (Some(path), _) => self.chain(path),
            (None, Some(certificate)) => (Check::NotChecked, self.own_validity(certificate)),
            (None, None) => (Check::Unknown, Check::Unknown),
        };
        let revocation = Check::NotChecked;
        if self.policy.revocation == RevocationRule::Require {
            self.find(Code::RevocationRequired, "");
        }
        let mut verdict = SignerVerdict {
            integrity: signer.integrity,
            chain,
            address,
            revocation,
            time,
            status: Status::Valid,
            path: path.map(|path| path.path.iter().map(|link| link.sha256()).collect()).unwrap_or_default(),
            candidate,
        };
        verdict.status = self.signer_status(&verdict, refused);
        verdict
    }

    /// The table of architecture: what makes a signer INVALID, what INDETERMINATE.
    fn signer_status(&self, signer: &SignerVerdict, refused: bool) -> Status {
        let address_counts = matches!(self.address_match(), AddressMatch::FromOrSender | AddressMatch::Exact);
        let address = if address_counts { signer.address } else { Check::Ok };
        let nobody_named = address_counts && (self.facts.mail.from.is_empty() || self.facts.mail.from_unclear);
        let invalid =
            refused || signer.integrity == Check::Failed || address == Check::Failed || signer.chain == Check::Failed;
        let open = signer.integrity != Check::Ok
            || signer.chain != Check::Ok
            || signer.time != Check::Ok
            || nobody_named
            || (self.policy.revocation == RevocationRule::Require && signer.revocation != Check::Ok);
        match (invalid, open) {
            (true, _) => Status::Invalid,
            (false, true) => Status::Indeterminate,
            (false, false) => Status::Valid,
        }
    }

    fn status(&mut self, signers: &[SignerVerdict]) -> Status {
        let signed: Vec<_> = self.facts.layers.iter().filter(|layer| layer.kind == LayerKind::Signed).collect();
        if signed.is_empty() {
            return Status::Unsigned;
        }
        // A layer that claims to be signed and has no signer that could be read proves nothing: never "unsigned".
        if signed.iter().any(|layer| layer.signers == 0 || layer.broken.is_some()) || signers.is_empty() {
            return Status::Invalid;
        }
        let statuses = signers.iter().map(|signer| signer.status);
        let status = match self.policy.required_signers {
            RequiredSigners::All => statuses.max(),
            RequiredSigners::Any => statuses.min(),
        };
        if status == Some(Status::Valid) && signers.iter().any(|signer| signer.status != Status::Valid) {
            self.find(Code::SignerMissing, "another signer than the valid one did not pass");
        }
        // A spent budget means that something was not looked at.
        if status == Some(Status::Valid) && self.findings.iter().any(|finding| finding.code.family() == Family::Limit) {
            return Status::Indeterminate;
        }
        // Two readers may see two messages: what one of them shows may not be what was signed (PAR-13).
        let is_layer = |path: &str| signed.iter().any(|layer| layer.path == path);
        let ambiguous = |finding: &Finding| finding.code == Code::MimeAmbiguous && is_layer(&finding.path);
        if status == Some(Status::Valid) && self.findings.iter().any(ambiguous) {
            return Status::Indeterminate;
        }
        status.unwrap_or(Status::Invalid)
    }

    /// Countersignatures are named, and change nothing (SIG-18).
    fn countersigner(&mut self, countersigner: &CountersignerFacts) {
        let code = match countersigner.integrity {
            Check::Ok => Code::SignerCountersigned,
            Check::Failed => Code::SignerCountersignatureInvalid,
            Check::Unknown | Check::NotChecked => Code::SignerCountersignatureUnchecked,
        };
        self.find(code, countersigner.id.clone());
    }

    /// True: the policy refuses an algorithm or form.
    fn algorithms(&mut self, signer: &SignerFacts) -> bool {
        let mut refused = false;
        for (row, weak) in
            [(signer.digest_row, Code::SignerDigestWeak), (signer.signature_row, Code::SignerAlgorithmWeak)]
        {
            let Some(row) = row else { continue };
            if !self.policy.takes(row, self.at) {
                self.find(Code::SignerAlgorithmForbidden, row.name);
                refused = true;
            } else if row.strength < WEAK_BELOW {
                self.find(weak, row.name);
            }
        }
        if !signer.signed_attrs {
            self.find(Code::SignerSignedAttrsAbsent, "");
            if self.policy.signed_attrs == Strictness::Require {
                self.find(Code::SignerSignedAttrsForbidden, "");
                refused = true;
            }
        }
        refused
    }

    /// True: the certificate is not for signing mail, or its key is too short for the policy.
    fn usage(&mut self, certificate: &Certificate) -> bool {
        let mut refused = false;
        let wrong = [path::signer_key_usage(certificate), path::signer_extended_key_usage(certificate)];
        for code in wrong.into_iter().flatten() {
            self.find(code, "");
            refused = true;
        }
        if let Ok(key) = certificate.public_key(&self.policy.limits)
            && matches!(key.kind(), KeyKind::Rsa | KeyKind::Dsa)
        {
            if key.kind() == KeyKind::Rsa && key.bits() < self.policy.minimum_rsa_bits {
                self.find(Code::SignerAlgorithmForbidden, key.name());
                refused = true;
            } else if key.bits() < WEAK_RSA_BITS {
                self.find(Code::SignerKeyWeak, key.name());
            }
        }
        refused
    }

    /// True: a signature of the chain is of an algorithm, or by a key, that the policy never takes (RFC 8550 §4.3).
    fn chain_algorithms(&mut self, path: &PathFacts) -> bool {
        let mut refused = false;
        for (index, pair) in path.path.windows(2).enumerate() {
            let [certificate, issuer] = pair else { continue };
            let Ok(algorithm) = SignatureAlgorithm::resolve(&certificate.signature_algorithm(), None) else { continue };
            let rows = [Some(algorithm.row()), algorithm.digest_row()];
            let row = rows.into_iter().flatten().find(|row| !self.policy.takes(row, self.at));
            let small = |key: &&PublicKey| key.kind() == KeyKind::Rsa && key.bits() < self.policy.minimum_rsa_bits;
            let key = issuer.public_key(&self.policy.limits).ok().filter(small);
            if let Some(name) = row.map(|row| row.name.to_owned()).or_else(|| key.map(PublicKey::name)) {
                let finding = Finding::new(Code::ChainAlgorithmForbidden).path(format!("chain[{index}]")).detail(name);
                self.findings.push(finding);
                refused = true;
            }
        }
        refused
    }

    /// The candidate whose path has the fewest problems (SIG-15: certificates may share an identifier and a key).
    fn best_path(&self, signer: &SignerFacts) -> BestPath {
        let Some(anchors) = self.trust.anchors else {
            return ((!signer.candidates.is_empty()).then_some(0), None);
        };
        let rules = PathRules { at: self.at, purpose: Purpose::EmailProtection, limits: self.policy.limits.clone() };
        let extra = self.links();
        let mut best: Option<(usize, PathFacts)> = None;
        for (index, candidate) in signer.candidates.iter().enumerate() {
            let facts = path::build(candidate, &extra, self.trust.intermediates, anchors, &rules, self.trust.memo);
            let better = best
                .as_ref()
                .is_none_or(|(_, old)| (!facts.anchored, facts.problems.len()) < (!old.anchored, old.problems.len()));
            if better {
                let done = facts.anchored && facts.problems.is_empty();
                best = Some((index, facts));
                if done {
                    break;
                }
            }
        }
        match best {
            Some((index, facts)) => (Some(index), Some(facts)),
            None => (None, None),
        }
    }

    /// Certificates that came with the message, or after it.
    fn links(&self) -> Cow<'_, [Arc<Certificate>]> {
        match (self.facts.certificates.as_slice(), self.facts.evidence.as_slice()) {
            (carried, []) => Cow::Borrowed(carried),
            ([], handed) => Cow::Borrowed(handed),
            (carried, handed) => Cow::Owned([carried, handed].concat()),
        }
    }

    /// The chain's and the time's answer.
    fn chain(&mut self, path: &PathFacts) -> (Check, Check) {
        let mut chain = if path.anchored { Check::Ok } else { Check::Unknown };
        let mut time = chain;
        for (index, problem) in &path.problems {
            let mut finding = problem.clone();
            if finding.path.is_empty() {
                finding.path = format!("chain[{index}]");
            }
            match problem.code {
                Code::ChainExpired | Code::ChainNotYetValid => time = Check::Failed,
                code if matches!(code.family(), Family::False | Family::Malformed) => chain = Check::Failed,
                code if code.family() == Family::Weak => {}
                _ if chain == Check::Ok => chain = Check::Unknown,
                _ => {}
            }
            self.findings.push(finding);
        }
        self.findings.extend(path.weak.iter().map(|(index, weak)| weak.clone().path(format!("chain[{index}]"))));
        if !path.anchored
            && path.problems.iter().any(|(_, problem)| problem.code == Code::ChainIssuerMissing)
            && let Some(last) = path.path.last()
        {
            self.wanted.push(Wanted::Issuer { name: last.issuer().to_string(), of_serial: last.serial_hex() });
        }
        (chain, time)
    }

    fn own_validity(&mut self, certificate: &Arc<Certificate>) -> Check {
        self.find(Code::ChainNotJudged, "");
        if self.at < certificate.not_before() {
            self.find(Code::ChainNotYetValid, "");
            Check::Failed
        } else if self.at > certificate.not_after() {
            self.find(Code::ChainExpired, "");
            Check::Failed
        } else {
            Check::Ok
        }
    }

    /// Findings about the strength of the encrypted layers that were opened.
    fn encryption(&mut self) {
        let weak: Vec<_> = self.facts.layers.iter().filter(|layer| layer.kind.is_encrypted()).collect();
        for layer in weak {
            if let Some(row) = layer.algorithm_row
                && row.strength < WEAK_BELOW
            {
                let path = layer.path.clone();
                self.findings.push(Finding::new(Code::DecryptionAlgorithmWeak).path(path).detail(row.name));
            }
        }
        let opened = self.facts.decryption() == Check::Ok;
        if opened && !self.facts.authenticated() {
            self.find(Code::DecryptionUnauthenticated, "");
        }
    }
}

/// RFC 9787 §6.1: from the envelope only; a failed signature is no signature.
fn summary(facts: &Facts, status: Status) -> Summary {
    let signed = matches!(status, Status::Valid | Status::Indeterminate);
    Summary::of(signed, facts.layers.iter().any(|layer| layer.kind.is_encrypted()))
}

fn coverage(facts: &Facts) -> String {
    let beside = facts.part.as_ref().is_some_and(|part| !part.forwarded && facts.parts > 0);
    match (facts.intact_from(0), beside) {
        (true, true) => return format!("1 of {} parts", facts.parts),
        (true, false) => return "all".to_owned(),
        (false, _) => {}
    }
    let signed_parts = facts.errant.iter().filter(|errant| !errant.encrypted && !errant.forwarded).count();
    if facts.part.is_none() && facts.layers.is_empty() && signed_parts > 0 && facts.parts > 0 {
        return format!("{} of {} parts", signed_parts.min(facts.parts), facts.parts);
    }
    "none".to_owned()
}
