//! Values as text.

use crate::alg::table;
use crate::asn1::{Tag, Tlv, hex, oid, string, time};

/// Octets shown of a longer value.
const SHOWN: usize = 24;

/// Empty for constructed elements and NULL. `text`: an IMPLICIT string; `bits`: names of the bits.
pub(super) fn of(tlv: &Tlv<'_>, text: bool, bits: Option<&[&str]>) -> String {
    if tlv.constructed {
        return String::new();
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
    let name = oid::name(oid).or_else(|| table::find(oid).map(|row| row.name));
    Some(name.map_or_else(|| oid.to_string(), |name| format!("{name} ({oid})")))
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
        0 => "empty".to_owned(),
        1 => format!("1 octet: {shown}"),
        len => format!("{len} octets: {shown}"),
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
