//! Paths from an end entity to a trust anchor (RFC 5280 §6.1), and what is wrong with them. Facts, not policy.
//!
//! The search goes depth first from the end entity upwards, by distinguished name; only candidates whose key made the
//! signature below are followed, the likeliest first. It stops at the first path whose only problems are the end
//! entity's own, else it reports the best that was found. Every candidate and signature spends a budget, so that no
//! bundle of certificates can make it long (PKI-04).

mod judge;

use std::collections::HashMap;
use std::sync::Arc;

use crate::asn1::UnixTime;
use crate::x509::certificate::{Certificate, minimal_integer};
use crate::x509::inherit::inheritable;
use crate::x509::name::Name;
use crate::x509::path::judge::judge;
use crate::x509::pool::{Pool, TrustAnchors};
use crate::{Code, Finding, Limits};

pub use judge::{signer_extended_key_usage, signer_key_usage};

/// What the path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// extKeyUsage of every CA, if present, has to allow mail.
    EmailProtection,
    /// extKeyUsage is not looked at.
    Any,
}

/// Plain values that a path is judged by.
#[derive(Clone, Debug)]
pub struct PathRules {
    pub at: UnixTime,
    pub purpose: Purpose,
    pub limits: Limits,
}

/// Checks one signature over the TBS bytes as received.
pub trait SignatureChecker {
    /// Whether `issuer`'s key made the signature of `certificate`; None: of an algorithm that is not implemented.
    fn check(&self, certificate: &Certificate, issuer: &Certificate) -> Option<bool>;

    /// What is weak about that signature: the name of an algorithm or key.
    fn weakness(&self, _certificate: &Certificate, _issuer: &Certificate) -> Option<String> {
        None
    }
}

/// What was found out about the best path.
#[derive(Clone, Debug)]
pub struct PathFacts {
    /// End entity first; the trust anchor last, if one was reached.
    pub path: Vec<Arc<Certificate>>,
    pub anchored: bool,
    /// `chain.*` and `limit.path-work`, each with the index in `path` of the certificate that it is about.
    pub problems: Vec<(usize, Finding)>,
    /// `chain.algorithm-weak`, each with the index of the certificate whose signature it is about.
    pub weak: Vec<(usize, Finding)>,
    /// The latest notBefore and the earliest notAfter of the path, the anchor left out.
    pub valid_from: UnixTime,
    pub valid_to: UnixTime,
    /// What the search spent of `Limits.path_signatures` and `Limits.path_steps`.
    pub signatures: u64,
    pub steps: u64,
}

impl PathFacts {
    /// An anchor was reached and nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.anchored && self.problems.is_empty()
    }
}

/// The best path from `end_entity`, over `extra` (from the message) and `pool`, to one of `anchors`.
pub fn build<C: SignatureChecker + ?Sized>(
    end_entity: &Arc<Certificate>,
    extra: &[Arc<Certificate>],
    pool: &Pool,
    anchors: &TrustAnchors,
    rules: &PathRules,
    checker: &C,
) -> PathFacts {
    let mut search = Search::new(extra, pool, anchors, rules, checker);
    if anchors.contains(end_entity) {
        search.consider(&[Node::new(end_entity, true)], None);
    } else {
        search.run(end_entity);
    }
    search.finish(end_entity)
}

/// How well the key identifiers of a certificate and a candidate issuer agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum KeyMatch {
    Differs,
    Unknown,
    Agrees,
}

struct Candidate {
    certificate: Arc<Certificate>,
    anchor: bool,
    key: KeyMatch,
    /// Higher is tried earlier.
    score: u8,
}

impl Candidate {
    /// With a key that takes these parameters. Whoever trusts a certificate without parameters trusts no key yet
    /// (RFC 5280 §6.1.1 d), so this is no anchor.
    fn inheriting(&self, parameters: &[u8], limits: &Limits) -> Option<Self> {
        let certificate = self.certificate.inheriting(parameters, limits)?;
        Some(Self { certificate, anchor: false, key: self.key, score: self.score })
    }
}

/// A certificate on the path that is being tried.
struct Node {
    certificate: Arc<Certificate>,
    anchor: bool,
    /// Its signature is of an algorithm that is not implemented.
    unsupported: bool,
    /// Issuers not tried yet, the best last.
    candidates: Vec<Candidate>,
    /// An issuer was found whose key fits.
    extended: bool,
    /// A candidate that claims to be the issuer did not sign it.
    mismatch: bool,
    /// The path was already as long as it may be.
    cut: bool,
}

impl Node {
    fn new(certificate: &Arc<Certificate>, anchor: bool) -> Self {
        Self {
            certificate: Arc::clone(certificate),
            anchor,
            unsupported: false,
            candidates: Vec::new(),
            extended: false,
            mismatch: false,
            cut: false,
        }
    }
}

/// A path that was walked to its end.
struct Outcome {
    path: Vec<Arc<Certificate>>,
    anchored: bool,
    problems: Vec<(usize, Code)>,
}

impl Outcome {
    /// Greater is better: anchored, then less that is false, then less of anything, then closer to a root.
    fn merit(&self) -> (bool, core::cmp::Reverse<usize>, core::cmp::Reverse<usize>, usize) {
        let is_false = |problem: &&(usize, Code)| problem.1.family() == crate::Family::False;
        let wrong = self.problems.iter().filter(is_false).count();
        let reach = if self.anchored { 0 } else { self.path.len() };
        (self.anchored, core::cmp::Reverse(wrong), core::cmp::Reverse(self.problems.len()), reach)
    }

    /// No other path would do better: what is wrong is wrong with the end entity itself.
    fn is_perfect(&self) -> bool {
        self.anchored
            && self.problems.iter().all(|(index, code)| *index == 0 && *code != Code::ChainAlgorithmUnsupported)
    }
}

/// A budget is spent.
struct Spent;

struct Search<'a, C: ?Sized> {
    rules: &'a PathRules,
    checker: &'a C,
    pool: &'a Pool,
    anchors: &'a TrustAnchors,
    extra: HashMap<&'a [u8], Vec<&'a Arc<Certificate>>>,
    /// At most `Limits.path_signatures` entries.
    checked: Vec<(Arc<Certificate>, Arc<Certificate>, Option<bool>)>,
    steps: u64,
    spent: bool,
    best: Option<Outcome>,
}

impl<'a, C: SignatureChecker + ?Sized> Search<'a, C> {
    fn new(
        extra: &'a [Arc<Certificate>],
        pool: &'a Pool,
        anchors: &'a TrustAnchors,
        rules: &'a PathRules,
        checker: &'a C,
    ) -> Self {
        let mut by_subject: HashMap<&[u8], Vec<&Arc<Certificate>>> = HashMap::new();
        for certificate in extra {
            by_subject.entry(certificate.subject().key()).or_default().push(certificate);
        }
        Self {
            rules,
            checker,
            pool,
            anchors,
            extra: by_subject,
            checked: Vec::new(),
            steps: 0,
            spent: false,
            best: None,
        }
    }

    fn run(&mut self, end_entity: &Arc<Certificate>) {
        let mut first = Node::new(end_entity, false);
        first.candidates = self.candidates(end_entity);
        let mut stack = vec![first];
        while let Some(top) = stack.last_mut() {
            let Some(candidate) = top.candidates.pop() else {
                self.dead_end(&stack);
                stack.pop();
                continue;
            };
            match self.step(&mut stack, candidate) {
                Ok(true) => return,
                Ok(false) => {}
                Err(Spent) => {
                    self.spent = true;
                    self.consider(&stack, Some(Code::LimitPathWork));
                    return;
                }
            }
        }
    }

    /// Tries one issuer of the certificate on top. Ok(true): the search is over.
    fn step(&mut self, stack: &mut Vec<Node>, candidate: Candidate) -> Result<bool, Spent> {
        if on_path(stack, &candidate) {
            return Ok(false);
        }
        let depth = stack.len() as u64;
        let Some(top) = stack.last_mut() else { return Ok(true) };
        if depth >= self.rules.limits.path_length {
            top.cut = true;
            return Ok(false);
        }
        let verified = self.signature(&top.certificate, &candidate.certificate)?;
        if verified == Some(false) {
            top.mismatch |= candidate.key != KeyMatch::Differs;
            return Ok(false);
        }
        top.extended = true;
        top.unsupported = verified.is_none();
        let mut node = Node::new(&candidate.certificate, candidate.anchor);
        if candidate.anchor {
            stack.push(node);
            self.consider(stack, None);
            stack.pop();
            return Ok(self.best.as_ref().is_some_and(Outcome::is_perfect));
        }
        node.candidates = self.candidates(&candidate.certificate);
        stack.push(node);
        Ok(false)
    }

    /// Each pair is checked once.
    fn signature(&mut self, certificate: &Arc<Certificate>, issuer: &Arc<Certificate>) -> Result<Option<bool>, Spent> {
        let same = |known: &&(Arc<Certificate>, Arc<Certificate>, Option<bool>)| {
            Arc::ptr_eq(&known.0, certificate) && Arc::ptr_eq(&known.1, issuer)
        };
        if let Some(known) = self.checked.iter().find(same) {
            return Ok(known.2);
        }
        if self.checked.len() as u64 >= self.rules.limits.path_signatures {
            return Err(Spent);
        }
        let verified = self.checker.check(certificate, issuer);
        self.checked.push((Arc::clone(certificate), Arc::clone(issuer), verified));
        Ok(verified)
    }

    /// Certificates whose subject is the issuer of `certificate`, the likeliest last.
    fn candidates(&mut self, certificate: &Certificate) -> Vec<Candidate> {
        // An empty issuer names nobody (RFC 5280 §4.1.2.4).
        if certificate.issuer().is_empty() {
            return Vec::new();
        }
        let issuer = certificate.issuer();
        self.steps += work(issuer.key());
        let (extra, anchors, pool) = (self.extra.get(issuer.key()), self.anchors, self.pool);
        let anchors = anchors.pool().by_subject(issuer).iter().map(|found| (found, true, false));
        let extra = extra.into_iter().flatten().map(|found| (*found, false, true));
        let pool = pool.by_subject(issuer).iter().map(|found| (found, false, false));
        let mut found: Vec<Candidate> = Vec::new();
        for (candidate, anchor, in_message) in anchors.chain(extra).chain(pool) {
            if self.steps >= self.rules.limits.path_steps {
                self.spent = true;
                break;
            }
            self.steps += 1 + work(candidate.der());
            // The same certificate from several places; a longer list than this is no honest one.
            if found.iter().take(16).any(|known| known.certificate == *candidate) {
                continue;
            }
            let key = key_match(certificate, candidate);
            let score = self.score(candidate, key, anchor, in_message);
            found.push(Candidate { certificate: Arc::clone(candidate), anchor, key, score });
        }
        let mut found = self.completed(certificate, found);
        found.reverse();
        found.sort_by_key(|candidate| candidate.score);
        found
    }

    /// RFC 5280 §6.1.4 d to f: keys without parameters take those that `child` inherited through them, or, where it has
    /// its own, each of those that may be inherited. Above a child that inherited, no other parameters are followed.
    fn completed(&mut self, child: &Certificate, found: Vec<Candidate>) -> Vec<Candidate> {
        let mut completed = Vec::new();
        for candidate in found {
            let lacks = candidate.certificate.lacks_parameters();
            match child.inherited_parameters() {
                None if !lacks => completed.push(candidate),
                None => {
                    let variants = self.variants(&candidate);
                    let none = variants.is_empty();
                    completed.extend(variants);
                    completed.extend(Some(candidate).filter(|_| none));
                }
                Some(parameters) if lacks => completed.extend(candidate.inheriting(parameters, &self.rules.limits)),
                inherited if candidate.certificate.dsa_parameters() == inherited => completed.push(candidate),
                Some(_) => {}
            }
        }
        completed
    }

    fn variants(&mut self, candidate: &Candidate) -> Vec<Candidate> {
        let (extra, limits) = (&self.extra, &self.rules.limits);
        let named = |name: &Name| {
            let known = self.anchors.pool().by_subject(name).iter().chain(self.pool.by_subject(name));
            known.chain(extra.get(name.key()).into_iter().flatten().copied())
        };
        let mut steps = self.steps;
        let inheritable = inheritable(&candidate.certificate, named, limits, &mut steps);
        let mut variants = Vec::new();
        for parameters in inheritable {
            if steps >= limits.path_steps {
                break;
            }
            steps += 1 + work(candidate.certificate.der());
            variants.extend(candidate.inheriting(parameters, limits));
        }
        self.spent |= steps >= limits.path_steps;
        self.steps = steps;
        variants
    }

    fn score(&self, candidate: &Certificate, key: KeyMatch, anchor: bool, in_message: bool) -> u8 {
        let valid = anchor || candidate.is_valid_at(self.rules.at);
        let ca = judge::issuer_problem(candidate, anchor).is_none();
        (key as u8) << 4 | u8::from(anchor) << 3 | u8::from(valid) << 2 | u8::from(ca) << 1 | u8::from(in_message)
    }

    /// The certificate on top has no issuer left to try; if it never had one, the path ends here.
    fn dead_end(&mut self, stack: &[Node]) {
        let Some(top) = stack.last() else { return };
        if top.extended {
            return;
        }
        let self_signed = top.certificate.is_self_issued()
            && !matches!(self.signature(&top.certificate, &top.certificate), Ok(Some(false)));
        let code = if self_signed {
            Code::ChainUntrusted
        } else if top.cut {
            Code::LimitPathWork
        } else if top.mismatch {
            Code::ChainSignatureMismatch
        } else {
            Code::ChainIssuerMissing
        };
        self.consider(stack, Some(code));
    }

    /// Keeps the path on the stack if it is better than the best so far.
    fn consider(&mut self, stack: &[Node], end: Option<Code>) {
        let path: Vec<_> = stack.iter().map(|node| Arc::clone(&node.certificate)).collect();
        let anchored = stack.last().is_some_and(|node| node.anchor);
        let mut problems = judge(&path, anchored, self.rules);
        // The last certificate's issuer is not on the path, so nothing was left unchecked there.
        let below = stack.len().saturating_sub(1);
        let unsupported = stack.iter().take(below).enumerate().filter(|(_, node)| node.unsupported);
        problems.extend(unsupported.map(|(index, _)| (index, Code::ChainAlgorithmUnsupported)));
        problems.extend(end.map(|code| (below, code)));
        let outcome = Outcome { path, anchored, problems };
        if self.best.as_ref().is_none_or(|best| outcome.merit() > best.merit()) {
            self.best = Some(outcome);
        }
    }

    fn finish(self, end_entity: &Arc<Certificate>) -> PathFacts {
        let nothing = || Outcome { path: vec![Arc::clone(end_entity)], anchored: false, problems: Vec::new() };
        let best = self.best.unwrap_or_else(nothing);
        let perfect = best.is_perfect();
        let Outcome { path, anchored, mut problems } = best;
        let found = (path.len() - 1, Code::LimitPathWork);
        // An imperfect result after a budget was spent may not be the best there is: say so.
        if self.spent && !perfect && !problems.contains(&found) {
            problems.push(found);
        }
        problems.sort_by_key(|(index, code)| (*index, code.rank()));
        let problems = problems.into_iter().map(|(at, code)| (at, judge::finding(&path, at, code))).collect();
        let weakness = |(index, pair): (usize, &[Arc<Certificate>])| {
            let text = self.checker.weakness(&pair[0], &pair[1])?;
            Some((index, Finding::new(Code::ChainAlgorithmWeak).path(format!("chain[{index}]")).detail(text)))
        };
        let weak = path.windows(2).enumerate().filter_map(weakness).collect();
        let judged = path.get(..path.len() - usize::from(anchored && path.len() > 1)).unwrap_or(&path);
        let valid_from = judged.iter().map(|one| one.not_before()).max().unwrap_or(end_entity.not_before());
        let valid_to = judged.iter().map(|one| one.not_after()).min().unwrap_or(end_entity.not_after());
        let signatures = self.checked.len() as u64;
        PathFacts { anchored, problems, weak, valid_from, valid_to, signatures, steps: self.steps, path }
    }
}

/// A name or certificate of unusual size costs more steps than one, since hashing and comparing it does.
fn work(octets: &[u8]) -> u64 {
    octets.len() as u64 >> 12
}

/// The same name and key again would only lead in circles; an anchor ends the path, so only itself is excluded.
fn on_path(stack: &[Node], candidate: &Candidate) -> bool {
    stack.iter().any(|node| {
        let (known, new) = (&node.certificate, &candidate.certificate);
        if candidate.anchor {
            return known == new;
        }
        known.spki() == new.spki() && known.subject().equivalent(new.subject())
    })
}

/// authorityKeyIdentifier against subjectKeyIdentifier, else against issuer and serial number. It orders the
/// candidates and never excludes one: CAs get it wrong.
fn key_match(certificate: &Certificate, issuer: &Certificate) -> KeyMatch {
    let Some(authority) = certificate.authority_key_identifier() else { return KeyMatch::Unknown };
    let agrees = match (authority.key_identifier, issuer.subject_key_identifier(), authority.serial) {
        (Some(wanted), Some(has), _) => wanted == has,
        (_, _, Some(serial)) => minimal_integer(serial) == minimal_integer(issuer.serial()),
        _ => return KeyMatch::Unknown,
    };
    if agrees { KeyMatch::Agrees } else { KeyMatch::Differs }
}

#[cfg(test)]
mod tests;
