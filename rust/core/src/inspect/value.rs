//! Values as text.

use crate::alg::table;
use crate::asn1::{Oid, Tag, Tlv, hex, oid, string, time};

/// Octets shown of a longer value.
const SHOWN: usize = 24;

/// Empty for constructed elements and NULL. `text`: an IMPLICIT string; `bits`: names of the bits. `guarded`: octets
/// are counted and not shown.
pub(super) fn of(tlv: &Tlv<'_>, text: bool, bits: Option<&[&str]>, guarded: bool) -> String {
    if tlv.constructed {
        return String::new();
    }
    if guarded {
        return harmless(tlv).unwrap_or_else(|| count(tlv.content.len()));
    }
    let known = match tlv.tag {
        Tag::BOOLEAN => tlv.as_boolean().ok().map(|value| value.to_string()),
        Tag::INTEGER | Tag::ENUMERATED => integer(tlv),
        Tag::OBJECT_IDENTIFIER => object(tlv),
        Tag::BIT_STRING => bit_string(tlv, bits),
        Tag::UTC_TIME => time::utc_time(tlv.content).map(|time| time.to_string()),
        Tag::GENERALIZED_TIME => time::generalized_time(tlv.content).map(|time| time.to_string()),
        Tag::NULL => Some(String::new()),
        _ if text => Some(quoted(&String::from_utf8_lossy(tlv.content))),
        _ => string::text(tlv).map(|text| quoted(&text.text)),
    };
    known.unwrap_or_else(|| octets(tlv.content))
}

/// What no part of a key can be, whatever its tag has become: short numbers, known names, text, times.
fn harmless(tlv: &Tlv<'_>) -> Option<String> {
    match tlv.tag {
        Tag::INTEGER if tlv.content.len() <= 4 => integer(tlv),
        Tag::BOOLEAN | Tag::UTC_TIME | Tag::GENERALIZED_TIME | Tag::NULL => {
            Some(of(tlv, false, None, false)).filter(|_| tlv.content.len() <= 32 && tlv.content.is_ascii())
        }
        Tag::OBJECT_IDENTIFIER => name(tlv.as_oid().ok()?).and_then(|_| object(tlv)),
        Tag::INTEGER | Tag::ENUMERATED | Tag::OCTET_STRING | Tag::BIT_STRING => None,
        _ => {
            // Octets of a key taken for text would be of any script, and hardly of this one.
            let latin = |sign: char| matches!(sign, ' '..='~' | '\u{c0}'..='\u{24f}');
            let text = string::text(tlv)?.text;
            text.chars().all(latin).then(|| quoted(&text))
        }
    }
}

/// The dotted form of an OBJECT IDENTIFIER that is shown; else empty.
pub(super) fn dotted(tlv: &Tlv<'_>, guarded: bool) -> String {
    let oid = if tlv.tag == Tag::OBJECT_IDENTIFIER { tlv.as_oid().ok() } else { None };
    oid.filter(|oid| !guarded || name(*oid).is_some()).map(|oid| oid.to_string()).unwrap_or_default()
}

fn name(oid: Oid<'_>) -> Option<&'static str> {
    oid::name(oid).or_else(|| table::find(oid).map(|row| row.name))
}

fn integer(tlv: &Tlv<'_>) -> Option<String> {
    let integer = if tlv.tag == Tag::INTEGER { tlv.as_integer().ok()? } else { return None };
    Some(integer.to_u64().map_or_else(
        || if integer.bytes().len() <= 21 { format!("0x{}", hex(integer.bytes())) } else { octets(integer.bytes()) },
        |value| value.to_string(),
    ))
}

/// Name and dotted form.
fn object(tlv: &Tlv<'_>) -> Option<String> {
    let oid = tlv.as_oid().ok()?;
    Some(name(oid).map_or_else(|| oid.to_string(), |name| format!("{name} ({oid})")))
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

/// How many, and the first of them.
fn octets(bytes: &[u8]) -> String {
    let shown = bytes.get(..SHOWN).map_or_else(|| hex(bytes), |first| format!("{}…", hex(first)));
    match bytes.len() {
        0 => count(0),
        len => format!("{}: {shown}", count(len)),
    }
}

fn count(len: usize) -> String {
    match len {
        0 => "empty".to_owned(),
        1 => "1 octet".to_owned(),
        len => format!("{len} octets"),
    }
}

/// At most 200 characters; controls are left to whoever shows them.
fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(200).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("\"{shown}\"")
}
