//! Values as text.

use crate::alg::table;
use crate::asn1::{Oid, Tag, Tlv, hex, oid, string, time};

/// Octets shown of a longer value.
const SHOWN: usize = 24;
/// An INTEGER of more octets may be a secret, and an OID of more, some of one.
const PLAIN_INTEGER: usize = 4;
const PLAIN_OID: usize = 4;
const USUAL_OID: usize = 12;

/// Empty for constructed elements and NULL. `text`: an IMPLICIT string; `bits`: names of the bits.
pub(super) fn of(tlv: &Tlv<'_>, text: bool, bits: Option<&[&str]>) -> String {
    if tlv.constructed {
        return String::new();
    }
    let known = match tlv.tag {
        Tag::BOOLEAN => tlv.as_boolean().ok().map(|value| value.to_string()),
        Tag::INTEGER | Tag::ENUMERATED => integer(tlv),
        Tag::OBJECT_IDENTIFIER => tlv.as_oid().ok().map(object),
        Tag::BIT_STRING => bit_string(tlv, bits),
        Tag::UTC_TIME | Tag::GENERALIZED_TIME => moment(tlv),
        Tag::NULL if tlv.content.is_empty() => Some(String::new()),
        _ if text => Some(quoted(&String::from_utf8_lossy(tlv.content))),
        _ => string::text(tlv).map(|text| quoted(&text.text)),
    };
    known.unwrap_or_else(|| octets(tlv.content))
}

/// The same where it may be a piece of a key, misread because the file is damaged: what cannot be one, else a count.
pub(super) fn guarded(tlv: &Tlv<'_>, text: bool, bits: Option<&[&str]>) -> String {
    if tlv.constructed {
        return String::new();
    }
    let known = match tlv.tag {
        Tag::BOOLEAN => tlv.as_boolean().ok().map(|value| value.to_string()),
        Tag::INTEGER if tlv.content.len() <= PLAIN_INTEGER => integer(tlv),
        Tag::OBJECT_IDENTIFIER => plain_oid(tlv).map(object),
        Tag::BIT_STRING if bits.is_some() => bit_string(tlv, bits),
        Tag::UTC_TIME | Tag::GENERALIZED_TIME => moment(tlv),
        Tag::NULL if tlv.content.is_empty() => Some(String::new()),
        _ => printable(tlv, text),
    };
    known.unwrap_or_else(|| count(tlv.content.len()))
}

/// The octets of what is cut off, whatever they were to be.
pub(super) fn cut(tlv: &Tlv<'_>, guarded: bool) -> String {
    match (tlv.constructed, guarded) {
        (true, _) => String::new(),
        (false, true) => count(tlv.content.len()),
        (false, false) => octets(tlv.content),
    }
}

/// An OID that no octets of a key are by accident.
pub(super) fn plain_oid<'a>(tlv: &Tlv<'a>) -> Option<Oid<'a>> {
    let found = tlv.as_oid().ok()?;
    let len = found.content().len();
    (len <= PLAIN_OID || named(found).is_some() || len <= USUAL_OID && oid::is_usual(found)).then_some(found)
}

fn integer(tlv: &Tlv<'_>) -> Option<String> {
    let integer = if tlv.tag == Tag::INTEGER { tlv.as_integer().ok()? } else { return None };
    Some(integer.to_u64().map_or_else(
        || if integer.bytes().len() <= 21 { format!("0x{}", hex(integer.bytes())) } else { octets(integer.bytes()) },
        |value| value.to_string(),
    ))
}

/// Name and dotted form.
fn object(oid: Oid<'_>) -> String {
    named(oid).map_or_else(|| oid.to_string(), |name| format!("{name} ({oid})"))
}

fn named(oid: Oid<'_>) -> Option<&'static str> {
    oid::name(oid).or_else(|| table::find(oid).map(|row| row.name))
}

fn bit_string(tlv: &Tlv<'_>, names: Option<&[&str]>) -> Option<String> {
    let bits = tlv.as_bit_string().ok()?;
    Some(match names {
        Some(names) => {
            let set = names.iter().enumerate().filter(|(number, _)| bits.has(*number)).map(|(_, name)| *name);
            set.collect::<Vec<_>>().join(", ")
        }
        None => octets(tlv.content.get(1..).unwrap_or_default()),
    })
}

fn moment(tlv: &Tlv<'_>) -> Option<String> {
    let parse = if tlv.tag == Tag::UTC_TIME { time::utc_time } else { time::generalized_time };
    parse(tlv.content).map(|time| time.to_string())
}

/// Text of letters, digits and the like. Of the wide types only Latin: in them any octets make letters of some script.
fn printable(tlv: &Tlv<'_>, implicit: bool) -> Option<String> {
    let (text, last) = match tlv.tag {
        Tag::BMP_STRING => (string::text(tlv).filter(|text| text.exact)?.text, '\u{24f}'),
        tag if implicit || tag == Tag::UTF8_STRING => (core::str::from_utf8(tlv.content).ok()?.to_owned(), char::MAX),
        _ => (string::text(tlv)?.text, '\u{7f}'),
    };
    let plain = |it: char| it <= last && (it == ' ' || it.is_ascii_graphic() || !it.is_ascii() && it.is_alphanumeric());
    text.chars().all(plain).then(|| quoted(&text))
}

fn count(len: usize) -> String {
    match len {
        0 => "empty".to_owned(),
        1 => "1 octet".to_owned(),
        len => format!("{len} octets"),
    }
}

/// How many, and the first of them.
fn octets(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return count(0);
    }
    let shown = bytes.get(..SHOWN).map_or_else(|| hex(bytes), |first| format!("{}…", hex(first)));
    format!("{}: {shown}", count(bytes.len()))
}

/// At most 200 characters; controls are left to whoever shows them.
fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(200).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("\"{shown}\"")
}
