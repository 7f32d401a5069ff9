//! The header fields of a message that its row and the address match need.

use crate::asn1::UnixTime;
use crate::mime::address::{self, Addresses, Mailbox};
use crate::mime::scan::{Field, Header};
use crate::mime::{date, field};
use crate::policy::facts::Mail;
use crate::{Code, Finding, Limits};

/// Reads what can be read; what cannot is a finding.
pub(super) fn mail(header: &Header<'_>, limits: &Limits, findings: &mut Vec<Finding>) -> Mail {
    let mut charset_replaced = false;
    let mut mailboxes = |name: &str| {
        let Some(found) = header.first(name) else { return Addresses::default() };
        boxes(found, name, limits, findings)
    };
    let (from, sender, to, cc) = (mailboxes("From"), mailboxes("Sender"), mailboxes("To"), mailboxes("Cc"));
    if let Some(mailbox) = from.mailboxes.iter().find(|mailbox| display_deceives(mailbox)) {
        findings.push(Finding::new(Code::AddressDisplayName).path("From").detail(mailbox.addr_spec()));
    }
    let subject = header.first("Subject").map(|found| {
        let text = field::unstructured(found.value);
        charset_replaced |= text.charset_replaced;
        text.text
    });
    if charset_replaced {
        findings.push(Finding::new(Code::MimeCharset).path("Subject"));
    }
    Mail {
        message_id: header.first("Message-ID").and_then(|found| field::message_id(found.value)),
        sent_at: header.first("Date").and_then(|found| date::date(found.value)).map(UnixTime),
        from: from.mailboxes,
        from_fields: header.all("From").count(),
        from_unclear: from.malformed,
        // Half a field is nobody's word.
        sender: sender.mailboxes.into_iter().next().filter(|_| !sender.malformed),
        to: to.mailboxes,
        cc: cc.mailboxes,
        subject,
        fields: header.fields().len(),
    }
}

/// MSG-02: a name that looks like another address, or that controls cut or turn round when it is shown.
fn display_deceives(mailbox: &Mailbox) -> bool {
    let display = mailbox.display.trim();
    let turns =
        |sign: char| matches!(sign, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let controls = display.chars().any(|sign| sign.is_control() || turns(sign));
    controls || (display.contains('@') && !display.eq_ignore_ascii_case(&mailbox.addr_spec()))
}

fn boxes(found: &Field<'_>, name: &str, limits: &Limits, findings: &mut Vec<Finding>) -> Addresses {
    match address::addresses(found.value, limits) {
        Ok(addresses) => {
            if addresses.malformed {
                findings
                    .push(Finding { offset: Some(found.offset), ..Finding::new(Code::AddressMalformed).path(name) });
            }
            addresses
        }
        Err(error) => {
            findings.push(error.within(name).into_finding());
            Addresses { malformed: true, ..Addresses::default() }
        }
    }
}
