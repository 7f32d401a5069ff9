//! What opening a message comes to.

use super::{Place, Receiver};
use crate::policy::{Check, Facts, Policy, Times, Verdict, judge};
use crate::{Code, Finding};

/// The innermost entity's bytes: a range of the message, or bytes that came out of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Locked, unreadable, or forbidden.
    None,
    /// Octets `start..end` of the message itself.
    Raw {
        start: usize,
        end: usize,
    },
    Owned(Vec<u8>),
}

/// One message, opened and judged. The facts stay, so that it can be judged again.
#[derive(Debug)]
pub struct Opened {
    pub facts: Facts,
    pub verdict: Verdict,
    pub content: Content,
    pub authenticated: bool,
    pub decryption: Check,
    pub times: Times,
}

impl Opened {
    pub(super) fn finish(
        receiver: &Receiver,
        mut facts: Facts,
        content: Option<Place>,
        mut buffers: Vec<Vec<u8>>,
        times: Times,
    ) -> Self {
        let (decryption, authenticated) = (facts.decryption(), facts.authenticated());
        let withheld = !receiver.policy().allow_unauthenticated && decryption == Check::Ok && !authenticated;
        if withheld {
            facts.findings.push(Finding::new(Code::DecryptionUnauthenticatedForbidden));
        }
        let content = match content {
            Some(place) if !withheld => take(place, &mut buffers),
            _ => Content::None,
        };
        let verdict = judge(&facts, receiver.policy(), receiver.trust(), times);
        Self { facts, verdict, content, authenticated, decryption, times }
    }

    /// The content's bytes; `raw` is the message that was opened.
    pub fn content<'a>(&'a self, raw: &'a [u8]) -> Option<&'a [u8]> {
        match &self.content {
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

fn take(place: Place, buffers: &mut [Vec<u8>]) -> Content {
    let Some(buffer) = place.buffer.checked_sub(1) else {
        return Content::Raw { start: place.start, end: place.end };
    };
    let Some(bytes) = buffers.get_mut(buffer).map(core::mem::take) else { return Content::None };
    if place.start == 0 && place.end == bytes.len() {
        return Content::Owned(bytes);
    }
    bytes.get(place.start..place.end).map_or(Content::None, |part| Content::Owned(part.to_vec()))
}
