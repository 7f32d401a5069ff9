//! Signature checks of one layer: which key over which bytes, and what is left open for want of a certificate.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Receiver;
use crate::alg::{Message, SignatureAlgorithm};
use crate::cms::identifier::SignerIdentifier;
use crate::crypto::digest::{Digest, DigestValue};
use crate::keys::KeyKind;
use crate::policy::facts::{Check, CountersignerFacts, Facts, SignerFacts, Wanted};
use crate::x509::certificate::Certificate;
use crate::x509::inherit::inheritable;
use crate::x509::pool::Pool;
use crate::{Code, Finding, Limits};

/// What a signature is checked over, owned.
#[derive(Clone, Debug)]
pub(super) enum Signed {
    Digest(DigestValue),
    Bytes(Arc<[u8]>),
}

/// A SignerIdentifier, owned.
#[derive(Clone, Debug)]
pub(super) enum OwnedSid {
    IssuerAndSerialNumber { issuer: Box<[u8]>, serial_number: Box<[u8]> },
    SubjectKeyIdentifier(Box<[u8]>),
}

impl OwnedSid {
    pub(super) fn new(sid: &SignerIdentifier<'_>) -> Self {
        match sid {
            SignerIdentifier::IssuerAndSerialNumber { issuer, serial_number } => {
                Self::IssuerAndSerialNumber { issuer: (*issuer).into(), serial_number: serial_number.bytes().into() }
            }
            SignerIdentifier::SubjectKeyIdentifier(id) => Self::SubjectKeyIdentifier(id.as_ref().into()),
        }
    }

    pub(super) fn names(&self, certificate: &Certificate, limits: &Limits) -> bool {
        match self {
            Self::IssuerAndSerialNumber { issuer, serial_number } => {
                certificate.is_named_by(issuer, serial_number, limits)
            }
            Self::SubjectKeyIdentifier(id) => certificate.subject_key_identifier() == Some(id),
        }
    }
}

/// The certificate that the signer's own attributes name by hash (RFC 5035 §3): the others do not count.
#[derive(Clone, Debug)]
pub(super) struct CertificateHash {
    pub(super) digest: &'static dyn Digest,
    pub(super) value: Box<[u8]>,
}

impl CertificateHash {
    fn fits(&self, certificate: &Certificate) -> bool {
        self.digest.digest(certificate.der()).as_ref() == &*self.value
    }
}

/// All that a signature check needs but the certificate.
#[derive(Debug)]
pub(super) struct SignatureInput {
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) signature: Box<[u8]>,
    /// The forms the signature may be over, in the order to try; true: the DER form of signedAttrs, where the received
    /// form differs from it (RFC 5652 §5.4).
    pub(super) messages: Vec<(Signed, bool)>,
    pub(super) sid: OwnedSid,
    pub(super) named: Option<CertificateHash>,
}

/// A signature that no certificate at hand could be found for, or that none at hand made.
#[derive(Clone, Debug)]
pub(super) struct Unsettled {
    /// Index into `Facts.signers`.
    signer: usize,
    input: Arc<SignatureInput>,
}

/// One try: this key over these bytes.
#[derive(Clone, Debug)]
struct Attempt {
    candidate: Arc<Certificate>,
    /// Index into `SignatureInput.messages`.
    message: usize,
}

/// A signature check to be done: pure, and free to run on any thread.
#[derive(Clone, Debug)]
pub struct SignatureCheck {
    input: Arc<SignatureInput>,
    attempt: Attempt,
    limits: Limits,
}

impl SignatureCheck {
    pub fn run(&self) -> bool {
        let Ok(key) = self.attempt.candidate.public_key(&self.limits) else { return false };
        let message = match self.input.messages.get(self.attempt.message) {
            Some((Signed::Digest(value), _)) => Message::Digest(value),
            Some((Signed::Bytes(bytes), _)) => Message::Bytes(bytes),
            None => return false,
        };
        self.input.algorithm.verify(key, message, &self.input.signature)
    }
}

/// Whose signature it is.
#[derive(Clone, Copy, Debug)]
enum Whose {
    /// Index into `Facts.signers`.
    Signer(usize),
    /// And index into its countersigners.
    Countersigner(usize, usize),
}

/// A signer whose signature is still to be checked.
#[derive(Debug)]
struct Pending {
    whose: Whose,
    input: Arc<SignatureInput>,
    attempts: VecDeque<Attempt>,
}

/// The signatures of one layer, checked one after another.
#[derive(Debug)]
pub(super) struct SignatureChecks {
    pending: VecDeque<Pending>,
    unsettled: Vec<Unsettled>,
    limits: Limits,
}

impl SignatureChecks {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { pending: VecDeque::new(), unsettled: Vec::new(), limits: limits.clone() }
    }

    /// Awaits the check of `facts.signers[signer]` with its candidates; without one it stays open, and is said to be.
    pub(super) fn add(&mut self, signer: usize, input: &Arc<SignatureInput>, facts: &mut Facts) {
        let Some(known) = facts.signers.get_mut(signer) else { return };
        let any = !known.candidates.is_empty();
        if let Some(named) = &input.named {
            known.candidates.retain(|certificate| named.fits(certificate));
        }
        if known.candidates.is_empty() {
            let code = if any { Code::SignerCertificateMismatch } else { Code::SignerCertificateMissing };
            known.integrity = if any { Check::Failed } else { Check::Unknown };
            known.findings.push(Finding::new(code).detail(known.id.clone()));
            let wanted = Wanted::Certificate { id: known.id.clone() };
            facts.wanted.push(wanted);
            self.unsettled.push(Unsettled { signer, input: Arc::clone(input) });
        } else if let Some(name) = unusable(&known.candidates, &self.limits) {
            known.integrity = Check::Unknown;
            known.findings.push(Finding::new(Code::SignerAlgorithmUnsupported).detail(name));
            // Of an issuer that is handed in later, it may inherit what it lacks.
            if known.candidates.iter().any(|candidate| candidate.lacks_parameters()) {
                self.unsettled.push(Unsettled { signer, input: Arc::clone(input) });
            }
        } else {
            let attempts = self.attempts(&known.candidates, input.messages.len());
            self.pending.push_back(Pending { whose: Whose::Signer(signer), input: Arc::clone(input), attempts });
        }
    }

    /// Awaits the check of a countersigner with its candidates; without one it stays open.
    pub(super) fn add_countersigner(
        &mut self,
        signer: usize,
        index: usize,
        input: &Arc<SignatureInput>,
        facts: &mut Facts,
    ) {
        let known = facts.signers.get_mut(signer).and_then(|signer| signer.countersigners.get_mut(index));
        let Some(known) = known else { return };
        if let Some(named) = &input.named {
            known.candidates.retain(|certificate| named.fits(certificate));
        }
        if known.candidates.is_empty() {
            known.reason = Some(Code::SignerCertificateMissing);
        } else if unusable(&known.candidates, &self.limits).is_some() {
            known.reason = Some(Code::SignerAlgorithmUnsupported);
        } else {
            let attempts = self.attempts(&known.candidates, input.messages.len());
            let whose = Whose::Countersigner(signer, index);
            self.pending.push_back(Pending { whose, input: Arc::clone(input), attempts });
        }
    }

    /// New certificates for what was left open: those of `unsettled` that one of them fits are checked again.
    pub(super) fn settle(
        &mut self,
        unsettled: &[Unsettled],
        certificates: &[Arc<Certificate>],
        receiver: &Receiver,
        facts: &mut Facts,
    ) {
        let known = [facts.certificates.as_slice(), facts.evidence.as_slice()].concat();
        for open in unsettled {
            let input = &open.input;
            let fits = |certificate: &&Arc<Certificate>| {
                input.sid.names(certificate, &self.limits)
                    && input.named.as_ref().is_none_or(|named| named.fits(certificate))
            };
            let mut candidates: Vec<_> = certificates.iter().filter(fits).cloned().collect();
            let before = facts.signers.get(open.signer).map(|signer| signer.candidates.as_slice()).unwrap_or_default();
            let heirs = before.iter().map(Certificate::original).filter(|candidate| candidate.lacks_parameters());
            candidates.extend(heirs.cloned());
            candidates.dedup();
            let candidates = completed(candidates, &known, receiver);
            let nothing_new = candidates.iter().all(|candidate| before.contains(candidate));
            match facts.signers.get_mut(open.signer) {
                Some(signer) if !nothing_new => {
                    reopen(signer, candidates);
                    let id = signer.id.clone();
                    facts.wanted.retain(|wanted| *wanted != Wanted::Certificate { id: id.clone() });
                    self.add(open.signer, input, facts);
                }
                _ => self.unsettled.push(open.clone()),
            }
        }
    }

    pub(super) fn need(&self) -> Option<SignatureCheck> {
        let pending = self.pending.front()?;
        Some(SignatureCheck {
            input: Arc::clone(&pending.input),
            attempt: pending.attempts.front()?.clone(),
            limits: self.limits.clone(),
        })
    }

    pub(super) fn answer(&mut self, right: bool, facts: &mut Facts) {
        let Some(pending) = self.pending.front_mut() else { return };
        let Some(attempt) = pending.attempts.pop_front() else { return };
        let index = match pending.whose {
            Whose::Signer(index) => index,
            Whose::Countersigner(signer, index) => {
                let signer = facts.signers.get_mut(signer);
                let known = signer.and_then(|signer| signer.countersigners.get_mut(index));
                if known.is_none_or(|known| countersigned(known, right, &attempt, pending.attempts.is_empty())) {
                    self.pending.pop_front();
                }
                return;
            }
        };
        let Some(signer) = facts.signers.get_mut(index) else { return };
        if right {
            signer.integrity = Check::Ok;
            // Certificates with the same key prove the same; the path decides among them.
            signer.candidates.retain(|candidate| candidate.spki() == attempt.candidate.spki());
            if pending.input.messages.get(attempt.message).is_some_and(|(_, der_form)| *der_form) {
                signer.findings.push(Finding::new(Code::SignerSignedAttrsNotDer));
            }
            self.pending.pop_front();
        } else if pending.attempts.is_empty() {
            signer.integrity = Check::Failed;
            signer.findings.push(Finding::new(Code::SignerSignatureMismatch));
            self.unsettled.push(Unsettled { signer: index, input: Arc::clone(&pending.input) });
            self.pending.pop_front();
        }
    }

    /// What more certificates could settle.
    pub(super) fn into_unsettled(self) -> Vec<Unsettled> {
        self.unsettled
    }

    /// Every certificate that fits, each key once, each with every form; the budget is that of a path.
    fn attempts(&self, candidates: &[Arc<Certificate>], messages: usize) -> VecDeque<Attempt> {
        let budget = usize::try_from(self.limits.path_signatures).unwrap_or(usize::MAX);
        let mut keys: Vec<&[u8]> = Vec::new();
        let mut attempts = VecDeque::new();
        for candidate in candidates {
            if keys.contains(&candidate.spki()) {
                continue;
            }
            keys.push(candidate.spki());
            let room = budget.saturating_sub(attempts.len()).min(messages);
            attempts.extend((0..room).map(|message| Attempt { candidate: Arc::clone(candidate), message }));
        }
        attempts
    }
}

/// Notes the answer about a countersigner; true: it is settled.
fn countersigned(known: &mut CountersignerFacts, right: bool, attempt: &Attempt, last: bool) -> bool {
    if right {
        known.integrity = Check::Ok;
        known.candidates.retain(|candidate| candidate.spki() == attempt.candidate.spki());
    } else if last {
        known.integrity = Check::Failed;
        known.reason = Some(Code::SignerSignatureMismatch);
    }
    right || last
}

/// The name of their key, if the keys of all candidates are of kinds that are known by name only.
fn unusable(candidates: &[Arc<Certificate>], limits: &Limits) -> Option<String> {
    let mut name = None;
    for candidate in candidates {
        let key = candidate.public_key(limits).ok().filter(|key| key.kind() == KeyKind::Other)?;
        let lacks = candidate.lacks_parameters();
        name = Some(if lacks { format!("{}, and no issuer with its parameters", key.name()) } else { key.name() });
    }
    name
}

/// The candidates, those without DSA parameters once for each of the parameters that they may have inherited from
/// certificates of the receiver or beside them: which is right, the signature and then the path decide.
pub(super) fn completed(
    candidates: Vec<Arc<Certificate>>,
    beside: &[Arc<Certificate>],
    receiver: &Receiver,
) -> Vec<Arc<Certificate>> {
    if !candidates.iter().any(|candidate| candidate.lacks_parameters()) {
        return candidates;
    }
    let limits = &receiver.policy.limits;
    let carried = Pool::new(beside.iter().cloned());
    // The receiver's own first: those of a message may be many.
    let anchors = receiver.anchors.as_ref().map(|anchors| anchors.pool());
    let pools = [anchors, Some(&receiver.intermediates), Some(&carried)];
    let mut steps = 0;
    let mut found = Vec::new();
    for candidate in candidates {
        let mut parameters = Vec::new();
        if candidate.lacks_parameters() {
            let named = |name| pools.into_iter().flatten().flat_map(move |pool| pool.by_subject(name));
            parameters = inheritable(&candidate, named, limits, &mut steps);
        }
        let room = usize::try_from(limits.path_signatures).unwrap_or(usize::MAX).saturating_sub(found.len());
        let before = found.len();
        let variants = parameters.iter().take(room).filter_map(|parameters| candidate.inheriting(parameters, limits));
        found.extend(variants);
        if found.len() == before {
            found.push(candidate);
        }
    }
    found
}

/// Forgets what was said for want of the right certificate.
fn reopen(signer: &mut SignerFacts, candidates: Vec<Arc<Certificate>>) {
    signer.candidates = candidates;
    signer.integrity = Check::Unknown;
    signer.findings.retain(|finding| {
        !matches!(
            finding.code,
            Code::SignerCertificateMissing
                | Code::SignerCertificateMismatch
                | Code::SignerSignatureMismatch
                | Code::SignerAlgorithmUnsupported
        )
    });
}
