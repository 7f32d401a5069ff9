//! What opening a message comes to.

use super::signature::Unsettled;
use super::{Place, Receiver};
use crate::policy::{Check, Facts, Policy, Times, Verdict, judge};
use crate::{Code, Finding};

/// The innermost entity's bytes: a range of the message, or bytes that came out of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Locked or unreadable.
    None,
    /// Octets `start..end` of the message itself.
    Raw {
        start: usize,
        end: usize,
    },
    Owned(Vec<u8>),
}

/// One message, opened and judged. The facts stay, so that it can be judged again.
pub struct Opened {
    pub facts: Facts,
    pub verdict: Verdict,
    pub authenticated: bool,
    pub decryption: Check,
    pub times: Times,
    /// Whatever came out, given out or not.
    pub(super) held: Content,
    /// The policy forbids to give out what nothing vouches for (EFAIL).
    withheld: bool,
    pub(super) unsettled: Vec<Unsettled>,
}

/// Plaintext is not printed.
impl core::fmt::Debug for Opened {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Opened").field("facts", &self.facts).field("verdict", &self.verdict).finish_non_exhaustive()
    }
}

impl Opened {
    pub(super) fn finish(
        receiver: &Receiver,
        mut facts: Facts,
        held: Content,
        unsettled: Vec<Unsettled>,
        times: Times,
    ) -> Self {
        let (decryption, authenticated) = (facts.decryption(), facts.authenticated());
        let withheld = !receiver.policy().allow_unauthenticated && decryption == Check::Ok && !authenticated;
        facts.findings.retain(|finding| finding.code != Code::DecryptionUnauthenticatedForbidden);
        if withheld {
            facts.findings.push(Finding::new(Code::DecryptionUnauthenticatedForbidden));
        }
        let verdict = judge(&facts, receiver.policy(), receiver.trust(), times);
        Self { facts, verdict, authenticated, decryption, times, held, withheld, unsettled }
    }

    /// The content's bytes; `raw` is the message that was opened. None: locked, unreadable or forbidden.
    pub fn content<'a>(&'a self, raw: &'a [u8]) -> Option<&'a [u8]> {
        match &self.held {
            _ if self.withheld => None,
            Content::None => None,
            Content::Raw { start, end } => raw.get(*start..*end),
            Content::Owned(bytes) => Some(bytes),
        }
    }

    /// Judges again, at another time or by another policy, without opening again.
    pub fn judge(&self, receiver: &Receiver, policy: &Policy, times: Times) -> Verdict {
        judge(&self.facts, policy, receiver.trust(), times)
    }

    /// False: not a single header field, so these bytes are no message.
    pub fn is_mail(&self) -> bool {
        self.facts.mail.fields > 0
    }
}

impl Content {
    pub(super) fn of(place: Option<Place>, mut buffers: Vec<Vec<u8>>) -> Self {
        let Some(place) = place else { return Self::None };
        let Some(buffer) = place.buffer.checked_sub(1) else {
            return Self::Raw { start: place.start, end: place.end };
        };
        let Some(bytes) = buffers.get_mut(buffer).map(core::mem::take) else { return Self::None };
        if place.start == 0 && place.end == bytes.len() {
            return Self::Owned(bytes);
        }
        bytes.get(place.start..place.end).map_or(Self::None, |part| Self::Owned(part.to_vec()))
    }

    /// The way back: a place, and the buffer that it is in.
    pub(super) fn as_place(&self) -> (Option<Place>, Vec<Vec<u8>>) {
        match self {
            Self::None => (None, Vec::new()),
            Self::Raw { start, end } => (Some(Place { buffer: 0, start: *start, end: *end }), Vec::new()),
            Self::Owned(bytes) => (Some(Place { buffer: 1, start: 0, end: bytes.len() }), vec![bytes.clone()]),
        }
    }
}
