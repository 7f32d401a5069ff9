//! Receiving: the state machine that every door drives (house rule 1).
//!
//! `Opening::step` does everything that needs no key and no signature check, then says what it needs. `Receiver::open`
//! answers in place; `bulk` gathers the needs of many messages and answers them together; `rust/py` answers those of
//! keys that live elsewhere. Streaming will add `NeedInput` and `Output` to [`Step`].

mod compressed;
mod countersignature;
mod entity;
mod enveloped;
mod errant;
mod key_operation;
mod label;
mod mail;
mod opened;
mod shared_key;
mod signature;
mod signed;

use std::sync::Arc;

pub use key_operation::{KeyOperation, RemoteQuestion};
pub use opened::Opened;

pub use signature::SignatureCheck;

use crate::crypto::secret::Secret;
use crate::identity::keyring::Keyring;
use crate::policy::{Facts, Policy, Times, Trust};
use crate::x509::certificate::Certificate;
use crate::x509::memo::Memo;
use crate::x509::pool::{Pool, TrustAnchors};
use crate::{Code, Finding};
use enveloped::KeyPhase;
use opened::Content;
use signature::{SignatureChecks, Unsettled};

/// Facts that the memo keeps: checked signatures and parsed certificates.
const MEMO_CAPACITY: usize = 65_536;

/// Receiving agent (RFC 8551 §1.1): trust, keys and policy, built once, shared by threads.
#[derive(Debug)]
pub struct Receiver {
    anchors: Option<TrustAnchors>,
    intermediates: Pool,
    keyring: Arc<Keyring>,
    policy: Policy,
    memo: Memo,
}

impl Receiver {
    /// `anchors` None: chains are not judged. `intermediates` link chains and may be signers' certificates.
    pub fn new(
        anchors: Option<Vec<Arc<Certificate>>>,
        intermediates: Vec<Arc<Certificate>>,
        keyring: Arc<Keyring>,
        policy: Policy,
    ) -> Self {
        Self {
            anchors: anchors.map(TrustAnchors::new),
            intermediates: Pool::new(intermediates),
            keyring,
            policy,
            memo: Memo::new(MEMO_CAPACITY),
        }
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    pub fn trust(&self) -> Trust<'_> {
        Trust { anchors: self.anchors.as_ref(), intermediates: &self.intermediates, memo: &self.memo }
    }

    /// Opens one message, answering every need in place. Bad mail is a verdict, never an error.
    pub fn open(&self, raw: &[u8], times: Times) -> Opened {
        self.open_asking(raw, None, times, &KeyOperation::run)
    }

    /// As `open`; `answer` does the key operations, those of keys elsewhere among them. `part`: one part of the message
    /// alone, such as an errant layer (RFC 9787 §6.2), as a tree of its own: nothing beside the part is in the answer; the
    /// layers around it are opened for it.
    pub fn open_asking(&self, raw: &[u8], part: Option<&str>, times: Times, answer: Answer<'_>) -> Opened {
        let part = part.filter(|part| *part != "/").map(str::to_owned);
        drive(Opening { part, ..Opening::new(self, raw, times) }, answer)
    }

    /// Opens bare CMS, without MIME around it (`detached`: the content of a detached signature).
    pub fn open_cms(&self, cms: &[u8], detached: Option<&[u8]>, times: Times) -> Opened {
        self.open_cms_asking(cms, detached, times, &KeyOperation::run)
    }

    /// As `open_cms`; `answer` does the key operations.
    pub fn open_cms_asking(&self, cms: &[u8], detached: Option<&[u8]>, times: Times, answer: Answer<'_>) -> Opened {
        drive(Opening::of_cms(self, cms, detached, times), answer)
    }

    /// Judges again with more certificates: those that an open signature wanted are checked with it, all of them may
    /// link chains. Nothing is decrypted or digested a second time.
    pub fn settle(&self, opened: &Opened, certificates: &[Arc<Certificate>], times: Times) -> Opened {
        drive(Opening::of_settled(self, opened, certificates, times), &KeyOperation::run)
    }
}

/// Does a key operation, or has somebody else do it.
pub type Answer<'a> = &'a (dyn Fn(&KeyOperation) -> Secret + Sync);

/// Answers every need in place.
fn drive(mut opening: Opening<'_>, answer: Answer<'_>) -> Opened {
    loop {
        match opening.step() {
            Step::NeedKey(operation) => opening.answer_key(answer(&operation)),
            Step::NeedCheck(check) => opening.answer_check(check.run()),
            Step::Done(opened) => return *opened,
        }
    }
}

/// What an [`Opening`] needs next.
#[derive(Debug)]
pub enum Step {
    /// One private-key operation; answer with `answer_key`.
    NeedKey(KeyOperation),
    /// One signature check; answer with `answer_check`.
    NeedCheck(SignatureCheck),
    Done(Box<Opened>),
}

/// Where bytes lie: in the message (buffer 0) or in something that came out of it.
#[derive(Clone, Debug)]
struct Place {
    buffer: usize,
    start: usize,
    end: usize,
}

impl Place {
    /// The range of a part of what lies here.
    fn part(&self, (start, end): (usize, usize)) -> Self {
        Self { buffer: self.buffer, start: self.start + start, end: self.start + end }
    }
}

enum Phase<'m> {
    /// Look at the entity at a place.
    Entity(Place, String),
    /// Bare CMS, perhaps with detached content.
    Cms(Option<&'m [u8]>),
    /// Signatures to check, and where to look afterwards.
    Signers(SignatureChecks, Option<(Place, String)>),
    Key(KeyPhase),
    Finished,
}

/// One message on its way through its layers.
pub struct Opening<'m> {
    receiver: &'m Receiver,
    raw: &'m [u8],
    times: Times,
    /// Decoded bodies and plaintexts; buffer `n` of a [`Place`] is `buffers[n - 1]`.
    buffers: Vec<Vec<u8>>,
    facts: Facts,
    phase: Phase<'m>,
    /// The innermost entity so far.
    content: Option<Place>,
    /// Signatures that another certificate may settle.
    unsettled: Vec<Unsettled>,
    /// The part that was asked for and is not reached yet.
    part: Option<String>,
}

impl core::fmt::Debug for Opening<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Opening").field("layers", &self.facts.layers.len()).finish_non_exhaustive()
    }
}

impl<'m> Opening<'m> {
    pub fn new(receiver: &'m Receiver, raw: &'m [u8], times: Times) -> Self {
        let whole = Place { buffer: 0, start: 0, end: raw.len() };
        Self {
            receiver,
            raw,
            times,
            buffers: Vec::new(),
            facts: Facts::default(),
            phase: Phase::Entity(whole, "/".to_owned()),
            content: None,
            unsettled: Vec::new(),
            part: None,
        }
    }

    fn of_cms(receiver: &'m Receiver, cms: &'m [u8], detached: Option<&'m [u8]>, times: Times) -> Self {
        let facts = Facts { bare: true, ..Facts::default() };
        Self { phase: Phase::Cms(detached), facts, ..Self::new(receiver, cms, times) }
    }

    /// Goes on where `opened` had to stop: with the signatures that want a certificate.
    fn of_settled(receiver: &'m Receiver, opened: &Opened, certificates: &[Arc<Certificate>], times: Times) -> Self {
        let mut facts = opened.facts.clone();
        facts.evidence.extend_from_slice(certificates);
        let mut checks = SignatureChecks::new(&receiver.policy.limits);
        checks.settle(&opened.unsettled, certificates, receiver, &mut facts);
        let (content, buffers) = opened.held.as_place();
        let phase = Phase::Signers(checks, None);
        Self { facts, phase, content, buffers, ..Self::new(receiver, &[], times) }
    }

    /// Goes on until something is needed or all is done.
    pub fn step(&mut self) -> Step {
        loop {
            match core::mem::replace(&mut self.phase, Phase::Finished) {
                Phase::Entity(place, path) => self.phase = self.enter(place, path),
                Phase::Cms(detached) => self.phase = self.enter_cms(detached),
                Phase::Signers(checks, next) => {
                    if let Some(check) = checks.need() {
                        self.phase = Phase::Signers(checks, next);
                        return Step::NeedCheck(check);
                    }
                    self.unsettled.extend(checks.into_unsettled());
                    self.phase = next.map_or(Phase::Finished, |(place, path)| Phase::Entity(place, path));
                }
                Phase::Key(key) => {
                    let operation = key.operation.clone();
                    self.phase = Phase::Key(key);
                    return Step::NeedKey(operation);
                }
                Phase::Finished => return Step::Done(Box::new(self.finish())),
            }
        }
    }

    /// The content-encryption key that `NeedKey` asked for. A wrong one is found out by its use.
    pub fn answer_key(&mut self, cek: Secret) {
        if let Phase::Key(key) = core::mem::replace(&mut self.phase, Phase::Finished) {
            self.phase = self.decrypt(key, &cek);
        }
    }

    /// Whether the signature that `NeedCheck` asked about is right.
    pub fn answer_check(&mut self, right: bool) {
        if let Phase::Signers(checks, _) = &mut self.phase {
            checks.answer(right, &mut self.facts);
        }
    }

    fn bytes(&self, place: &Place) -> &[u8] {
        let buffer = match place.buffer {
            0 => self.raw,
            number => self.buffers.get(number - 1).map(Vec::as_slice).unwrap_or_default(),
        };
        buffer.get(place.start..place.end).unwrap_or_default()
    }

    fn keep(&mut self, buffer: Vec<u8>) -> Place {
        let end = buffer.len();
        self.buffers.push(buffer);
        Place { buffer: self.buffers.len(), start: 0, end }
    }

    fn limits(&self) -> &'m crate::Limits {
        &self.receiver.policy.limits
    }

    fn finish(&mut self) -> Opened {
        if let Some(part) = self.part.take() {
            self.content = None;
            self.facts.findings.push(Finding::new(Code::StructurePartAbsent).path(part));
        }
        let facts = core::mem::take(&mut self.facts);
        let buffers = core::mem::take(&mut self.buffers);
        let held = Content::of(self.content.take(), buffers);
        Opened::finish(self.receiver, facts, held, core::mem::take(&mut self.unsettled), self.times)
    }
}

/// Where `part`, a slice of `whole`, lies in it.
fn range_in(whole: &[u8], part: &[u8]) -> Option<(usize, usize)> {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some((start, end))
}
