//! Whose mail it is and for whom: mailboxes of certificates and of the message (RFC 8550 §3, RFC 9598, RFC 9788).

use unicode_security::MixedScript;

use super::{BestPath, Judge};
use crate::Code;
use crate::mime::address::{Mailbox, Match, same_mailbox};
use crate::policy::facts::{Check, SignedRecipients};
use crate::policy::policy::{AddressMatch, RequiredSigners};

impl Judge<'_> {
    /// One answer for each signer, from the addresses of all signers together (decisions: every From mailbox, or Sender).
    ///
    /// `paths`: of the signers. The certificate that the chain is judged of is the one whose addresses count: another of the
    /// same key and name may be anybody's making (SIG-15).
    pub(super) fn addresses(&mut self, paths: &[BestPath]) -> Vec<Check> {
        let signers = &self.facts.signers;
        let rule = self.address_match();
        if rule == AddressMatch::Off || signers.is_empty() {
            return vec![Check::NotChecked; signers.len()];
        }
        if self.facts.mail.from_fields > 1 {
            self.find(Code::AddressSeveralFrom, "");
            return vec![Check::Failed; signers.len()];
        }
        if self.facts.mail.from.is_empty() {
            self.find(Code::AddressNoFrom, "");
            return vec![Check::NotChecked; signers.len()];
        }
        let own: Vec<Vec<String>> = signers
            .iter()
            .zip(paths)
            .map(|(signer, (candidate, _))| candidate.and_then(|index| signer.candidates.get(index)))
            .map(|certificate| certificate.map(|certificate| certificate.mailboxes()).unwrap_or_default())
            .collect();
        // Only an intact signature can vouch for a sender. Where none is, nothing is VALID, and what differs is not the
        // address: then it is compared as if.
        let any = signers.iter().any(|signer| signer.integrity == Check::Ok);
        let vouching: Vec<Vec<String>> = own
            .iter()
            .zip(signers)
            .filter(|(_, signer)| signer.integrity == Check::Ok || !any)
            .map(|(mailboxes, _)| mailboxes.clone())
            .collect();
        self.look_alikes(&own);
        let named = self.named_mailboxes(&vouching);
        let mut checks: Vec<_> = own.iter().map(|mailboxes| self.address_of(mailboxes, &named)).collect();
        // What was read is the signer's, what was not may be what is shown (MSG-03): nobody vouches for the whole of it.
        if self.facts.mail.from_unclear {
            checks.iter_mut().filter(|check| **check == Check::Ok).for_each(|check| *check = Check::Unknown);
        }
        if checks.contains(&Check::Failed) {
            let code = if rule == AddressMatch::Report { Code::AddressReported } else { Code::AddressMismatch };
            self.find(code, self.address_detail(&own));
        }
        checks
    }

    /// The message's mailboxes that the signers must have, as matched; None: not all are covered.
    fn named_mailboxes(&mut self, own: &[Vec<String>]) -> Option<Vec<String>> {
        let mail = &self.facts.mail;
        let from: Vec<_> = mail.from.iter().map(|mailbox| mailbox.addr_spec()).collect();
        let exact = self.policy.address_match == AddressMatch::Exact;
        let best = |name: &String| {
            own.iter().flatten().map(|mailbox| same_mailbox(mailbox, name)).fold(Match::No, |best, found| {
                match (best, found) {
                    (Match::Exact, _) | (_, Match::Exact) => Match::Exact,
                    (Match::CaseDiffers, _) | (_, Match::CaseDiffers) => Match::CaseDiffers,
                    _ => Match::No,
                }
            })
        };
        let fits = |found: &Match| *found == Match::Exact || (!exact && *found == Match::CaseDiffers);
        let matches: Vec<_> = from.iter().map(best).collect();
        if matches.iter().all(fits) {
            if matches.contains(&Match::CaseDiffers) {
                self.find(Code::AddressCaseDiffers, "");
            }
            return Some(from);
        }
        let sender = mail.sender.as_ref().map(|sender| sender.addr_spec());
        match sender {
            Some(sender) if !exact && fits(&best(&sender)) => {
                self.find(Code::AddressSenderMatches, sender.clone());
                Some(vec![sender])
            }
            _ => None,
        }
    }

    fn address_of(&mut self, own: &[String], named: &Option<Vec<String>>) -> Check {
        if own.is_empty() {
            self.find(Code::AddressNoneInCertificate, "");
            return Check::NotChecked;
        }
        let Some(named) = named else { return Check::Failed };
        let matches = own.iter().any(|mailbox| named.iter().any(|name| same_mailbox(mailbox, name) != Match::No));
        // Another signer covers the sender: this one is a co-signer, about whose address nothing was asked.
        match (matches, self.policy.required_signers) {
            (true, _) => Check::Ok,
            (false, RequiredSigners::All) => Check::NotChecked,
            // Where one signer is enough, it must be one that vouches for the sender.
            (false, RequiredSigners::Any) => Check::Failed,
        }
    }

    fn address_detail(&self, own: &[Vec<String>]) -> String {
        let from: Vec<_> = self.facts.mail.from.iter().map(|mailbox| mailbox.addr_spec()).collect();
        let own: Vec<_> = own.iter().flatten().map(String::as_str).collect();
        format!("certificate: {}; From: {}", own.join(", "), from.join(", "))
    }

    /// MSG-10: what a reader takes for another address.
    fn look_alikes(&mut self, own: &[Vec<String>]) {
        // RFC 9598 §3 has A-labels; RFC 8398 had U-labels, and certificates of its time are still there.
        let u_label = |mailbox: &&String| mailbox.rsplit_once('@').is_some_and(|(_, domain)| !domain.is_ascii());
        if let Some(mailbox) = own.iter().flatten().find(u_label) {
            self.find(Code::AddressULabel, mailbox.clone());
        }
        let mixed = |mailbox: &&Mailbox| {
            let labels = mailbox.domain.split('.').chain([mailbox.local.as_str()]);
            !mailbox.domain.is_ascii() && labels.clone().any(|label| !label.is_single_script())
                || !mailbox.local.is_ascii() && !mailbox.local.is_single_script()
        };
        if let Some(mailbox) = self.facts.mail.from.iter().find(mixed) {
            self.find(Code::AddressMixedScript, mailbox.addr_spec());
        }
    }

    /// MSG-12: whether what was signed inside an encryption says for whom it is. Whoever received it can encrypt it anew
    /// for somebody else.
    pub(super) fn recipients(&mut self) {
        let mail = &self.facts.mail;
        match &self.facts.signed_recipients {
            SignedRecipients::NotAsked => {}
            SignedRecipients::Unnamed => self.find(Code::AddressRecipientsUnbound, ""),
            SignedRecipients::Named(signed) => {
                let signed: Vec<_> = signed.iter().map(Mailbox::addr_spec).collect();
                let known = |shown: &String| signed.iter().any(|one| same_mailbox(one, shown) != Match::No);
                let mut shown = mail.to.iter().chain(&mail.cc).map(Mailbox::addr_spec);
                if let Some(other) = shown.find(|shown| !known(shown)) {
                    self.find(
                        Code::AddressRecipientsDiffer,
                        format!("signed for {}, sent to {other}", signed.join(", ")),
                    );
                }
            }
        }
    }
}
