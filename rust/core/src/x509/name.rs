//! Name (RFC 5280 §4.1.2.4): the bytes as received, and a key by which names are compared (§7.1).
//!
//! ```asn1
//! Name ::= CHOICE { rdnSequence SEQUENCE OF RelativeDistinguishedName }
//! RelativeDistinguishedName ::= SET SIZE (1..MAX) OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }
//! ```
//!
//! Two names are equal when their keys are. In the key, PrintableString and UTF8String are the same text in lower case
//! with inner white space as one space and none outside; so are the IA5Strings of domainComponent and emailAddress,
//! which §7.3 and §4.1.2.6 compare without case. Every other value stands as its octets. What §7.1 leaves to RFC 4518
//! beyond that (NFKC, characters mapped to nothing) is not applied: such names differ, and no path comes from them.

use core::fmt;

use crate::asn1::{Oid, Reader, Tag, Tlv, oid, string};
use crate::error::Within;
use crate::{Limits, Result};

/// A distinguished name.
#[derive(Clone)]
pub struct Name {
    raw: Box<[u8]>,
    key: Box<[u8]>,
}

/// One AttributeTypeAndValue and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct NameAttribute<'a> {
    /// Which RelativeDistinguishedName, from 0.
    pub rdn: usize,
    pub attribute_type: Oid<'a>,
    pub value: Tlv<'a>,
}

impl Name {
    /// `raw` is one Name and nothing else. Errors: the `asn1.*` codes.
    pub fn from_der(raw: &[u8], limits: &Limits) -> Result<Self> {
        let mut reader = Reader::ber(raw, limits);
        let tlv = reader.expect(Tag::SEQUENCE)?;
        reader.finish()?;
        Self::read(&tlv)
    }

    /// Of a certificate that cannot be read: equal to no name of a certificate.
    pub(super) fn nothing() -> Self {
        Self { raw: Box::default(), key: Box::default() }
    }

    pub(super) fn read(tlv: &Tlv<'_>) -> Result<Self> {
        let attributes = attributes(tlv)?;
        Ok(Self { raw: tlv.raw.into(), key: key(&attributes).into() })
    }

    /// The element as received.
    pub fn der(&self) -> &[u8] {
        &self.raw
    }

    /// Equal for equal names and for no others: for comparing and hashing, not for people.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// RFC 5280 §7.1.
    pub fn equivalent(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Whether `raw` is an equal name; false also when it is none.
    pub fn equivalent_to_der(&self, raw: &[u8], limits: &Limits) -> bool {
        *self.raw == *raw || Self::from_der(raw, limits).is_ok_and(|other| self.equivalent(&other))
    }

    /// No RelativeDistinguishedName at all.
    pub fn is_empty(&self) -> bool {
        self.key.is_empty()
    }

    /// In the order of the encoding: the broadest first.
    pub fn attributes(&self) -> Vec<NameAttribute<'_>> {
        // Read once without error by `read`; were it not so, the name would show as empty.
        Reader::ber(&self.raw, &Limits::default()).any().and_then(|tlv| attributes(&tlv)).unwrap_or_default()
    }

    /// The most specific commonName.
    pub fn common_name(&self) -> Option<String> {
        let attributes = self.attributes();
        let found = attributes.iter().rev().find(|attribute| attribute.attribute_type == oid::COMMON_NAME)?;
        string::text(&found.value).map(|text| text.text)
    }

    /// The PKCS#9 emailAddress values (RFC 8550 §3): those that are whole text of at most 255 characters, without
    /// control characters. UTF8String is taken beside the prescribed IA5String.
    pub fn email_addresses(&self) -> Vec<String> {
        self.attributes()
            .iter()
            .filter(|attribute| attribute.attribute_type == oid::EMAIL_ADDRESS)
            .filter_map(|attribute| string::text(&attribute.value))
            .filter(|text| text.exact && !text.text.is_empty() && text.text.chars().count() <= 255)
            .filter(|text| !text.text.chars().any(char::is_control))
            .map(|text| text.text)
            .collect()
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.equivalent(other)
    }
}

impl Eq for Name {}

impl core::hash::Hash for Name {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// Whether two encoded names are equal; octets first, since they nearly always are the same.
pub fn names_match(raw_a: &[u8], raw_b: &[u8], limits: &Limits) -> bool {
    raw_a == raw_b || Name::from_der(raw_a, limits).is_ok_and(|name| name.equivalent_to_der(raw_b, limits))
}

fn attributes<'a>(tlv: &Tlv<'a>) -> Result<Vec<NameAttribute<'a>>> {
    let mut found = Vec::new();
    let mut rdns = tlv.reader()?;
    let mut rdn = 0;
    while !rdns.is_empty() {
        let mut set = rdns.set().item("rdnSequence", rdn)?;
        // An empty RelativeDistinguishedName says nothing; refusing the certificate for it would help nobody.
        while !set.is_empty() {
            found.push(attribute(rdn, &mut set).item("rdnSequence", rdn)?);
        }
        rdn += 1;
    }
    Ok(found)
}

fn attribute<'a>(rdn: usize, set: &mut Reader<'a>) -> Result<NameAttribute<'a>> {
    let mut pair = set.sequence()?;
    let attribute_type = pair.oid().field("type")?;
    let value = pair.any().field("value")?;
    pair.finish()?;
    Ok(NameAttribute { rdn, attribute_type, value })
}

/// For each RDN: the count of its attributes, then these in order of their octets. All parts carry their length, so
/// that no two names have one key.
fn key(attributes: &[NameAttribute<'_>]) -> Vec<u8> {
    let mut key = Vec::new();
    let mut scratch = Vec::new();
    for rdn in attributes.chunk_by(|a, b| a.rdn == b.rdn) {
        push_length(&mut key, rdn.len());
        match rdn {
            [single] => push_attribute(&mut key, &mut scratch, single),
            several => {
                let mut parts: Vec<Vec<u8>> = several
                    .iter()
                    .map(|attribute| {
                        let mut part = Vec::new();
                        push_attribute(&mut part, &mut scratch, attribute);
                        part
                    })
                    .collect();
                parts.sort_unstable();
                parts.iter().for_each(|part| key.extend_from_slice(part));
            }
        }
    }
    key
}

fn push_attribute(key: &mut Vec<u8>, scratch: &mut Vec<u8>, attribute: &NameAttribute<'_>) {
    push_octets(key, attribute.attribute_type.content());
    scratch.clear();
    if let Some(text) = folding_text(attribute) {
        fold(text, scratch);
        // No universal type has number 0, so folded text cannot look like octets of some type.
        key.push(0);
    } else {
        key.push(attribute.value.tag.class() << 1 | u8::from(attribute.value.constructed) | 0x80);
        push_length(key, attribute.value.tag.number() as usize);
        scratch.extend_from_slice(attribute.value.content);
    }
    push_octets(key, scratch);
}

/// The text of a value that is compared without case; None: compare its octets.
fn folding_text<'a>(attribute: &NameAttribute<'a>) -> Option<&'a str> {
    let folds = match attribute.value.tag {
        Tag::PRINTABLE_STRING | Tag::UTF8_STRING => true,
        Tag::IA5_STRING => [oid::DOMAIN_COMPONENT, oid::EMAIL_ADDRESS].contains(&attribute.attribute_type),
        _ => false,
    };
    if folds && !attribute.value.constructed { core::str::from_utf8(attribute.value.content).ok() } else { None }
}

/// Lower case; white space trimmed outside and one space inside.
fn fold(text: &str, out: &mut Vec<u8>) {
    let mut space = false;
    for character in text.chars() {
        if character.is_whitespace() {
            space = !out.is_empty();
            continue;
        }
        if core::mem::take(&mut space) {
            out.push(b' ');
        }
        if character.is_ascii() {
            out.push(character.to_ascii_lowercase() as u8);
        } else {
            let mut buffer = [0; 4];
            character.to_lowercase().for_each(|lower| out.extend_from_slice(lower.encode_utf8(&mut buffer).as_bytes()));
        }
    }
}

fn push_octets(key: &mut Vec<u8>, octets: &[u8]) {
    push_length(key, octets.len());
    key.extend_from_slice(octets);
}

/// Seven bits an octet, so that short lengths take one.
fn push_length(key: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        key.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    key.push(length as u8);
}

impl fmt::Display for Name {
    /// RFC 4514: the most specific first. Control characters are escaped as well, so that a name stays on its line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attributes = self.attributes();
        for (index, rdn) in attributes.chunk_by(|a, b| a.rdn == b.rdn).rev().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            for (index, attribute) in rdn.iter().enumerate() {
                if index > 0 {
                    f.write_str("+")?;
                }
                write_attribute(f, attribute)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

fn write_attribute(f: &mut fmt::Formatter<'_>, attribute: &NameAttribute<'_>) -> fmt::Result {
    match (oid::name(attribute.attribute_type), string::text(&attribute.value)) {
        (Some(name), Some(text)) => {
            write!(f, "{name}=")?;
            write_escaped(f, &text.text)
        }
        // RFC 4514 §2.4: a type that has no name goes with the octets of its value.
        _ => {
            write!(f, "{}=#", attribute.attribute_type)?;
            attribute.value.raw.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
        }
    }
}

/// One pass: escaping takes time linear in the text.
fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    use fmt::Write;
    let last = text.char_indices().next_back().map_or(0, |(at, _)| at);
    for (at, character) in text.char_indices() {
        let edge_space = character == ' ' && (at == 0 || at == last);
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{character}")?,
            '#' if at == 0 => f.write_str("\\#")?,
            ' ' if edge_space => f.write_str("\\ ")?,
            control if control.is_control() => {
                let mut buffer = [0; 4];
                let octets = control.encode_utf8(&mut buffer).as_bytes();
                octets.iter().try_for_each(|octet| write!(f, "\\{octet:02X}"))?;
            }
            other => f.write_char(other)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::testing::{name_of, rdn_of};
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    fn name(rdns: &[Vec<u8>]) -> Name {
        Name::from_der(&name_of(rdns), &Limits::default()).unwrap()
    }

    fn cn(tag: Tag, value: &[u8]) -> Name {
        name(&[rdn_of(&[(oid::COMMON_NAME, tag, value)])])
    }

    /// P-09
    #[test]
    fn rfc5280_7_1_case_and_space_do_not_matter() {
        let plain = cn(Tag::PRINTABLE_STRING, b"foo ca");
        for other in ["Foo  Ca", " FOO CA ", "foo\tca"] {
            assert!(plain.equivalent(&cn(Tag::UTF8_STRING, other.as_bytes())), "{other:?}");
        }
        assert!(cn(Tag::UTF8_STRING, "ÄRZTE".as_bytes()).equivalent(&cn(Tag::UTF8_STRING, "ärzte".as_bytes())));
        assert_eq!(
            cn(Tag::UTF8_STRING, b"Foo  Ca").der(),
            name_of(&[rdn_of(&[(oid::COMMON_NAME, Tag::UTF8_STRING, b"Foo  Ca")])])
        );
    }

    #[test]
    fn rfc5280_7_1_what_differs() {
        let plain = cn(Tag::PRINTABLE_STRING, b"foo ca");
        for other in [
            cn(Tag::PRINTABLE_STRING, b"fooca"),
            cn(Tag::T61_STRING, b"foo ca"),
            cn(Tag::BMP_STRING, b"\0f\0o\0o"),
            name(&[rdn_of(&[(oid::ORGANIZATION, Tag::PRINTABLE_STRING, b"foo ca")])]),
            name(&[]),
        ] {
            assert!(!plain.equivalent(&other), "{other}");
        }
        assert!(!cn(Tag::T61_STRING, b"A").equivalent(&cn(Tag::T61_STRING, b"a")));
        assert!(!cn(Tag::UTF8_STRING, b"\xff").equivalent(&cn(Tag::PRINTABLE_STRING, b"\xff")));
    }

    #[test]
    fn rfc5280_7_3_domain_component_without_case() {
        let of = |kind, value: &[u8]| name(&[rdn_of(&[(kind, Tag::IA5_STRING, value)])]);
        assert!(of(oid::DOMAIN_COMPONENT, b"EXAMPLE").equivalent(&of(oid::DOMAIN_COMPONENT, b"example")));
        assert!(!of(oid::USER_ID, b"EXAMPLE").equivalent(&of(oid::USER_ID, b"example")));
    }

    #[test]
    fn rdn_is_a_set_and_the_sequence_an_order() {
        let (a, b) =
            ((oid::COMMON_NAME, Tag::UTF8_STRING, &b"a"[..]), (oid::COUNTRY, Tag::PRINTABLE_STRING, &b"DE"[..]));
        assert!(name(&[rdn_of(&[a, b])]).equivalent(&name(&[rdn_of(&[b, a])])));
        assert!(!name(&[rdn_of(&[a]), rdn_of(&[b])]).equivalent(&name(&[rdn_of(&[b]), rdn_of(&[a])])));
        assert!(!name(&[rdn_of(&[a, b])]).equivalent(&name(&[rdn_of(&[a]), rdn_of(&[b])])));
        assert!(!name(&[rdn_of(&[a, b])]).equivalent(&name(&[rdn_of(&[a])])));
    }

    #[test]
    fn raw_comparison() {
        let limits = Limits::default();
        let (a, b) = (cn(Tag::UTF8_STRING, b"X"), cn(Tag::PRINTABLE_STRING, b"x"));
        assert!(names_match(a.der(), b.der(), &limits) && names_match(b"same junk", b"same junk", &limits));
        assert!(!names_match(a.der(), b"junk", &limits) && !names_match(b"junk", a.der(), &limits));
        let mut trailing = a.der().to_vec();
        trailing.push(0);
        assert!(!names_match(&trailing, a.der(), &limits));
    }

    #[test]
    fn rfc4514_text() {
        let shown = name(&[
            rdn_of(&[(oid::COUNTRY, Tag::PRINTABLE_STRING, b"DE")]),
            rdn_of(&[(oid::ORGANIZATION, Tag::UTF8_STRING, b"#Meier, Sohn + \"Co\" \\ ")]),
            rdn_of(&[(oid::COMMON_NAME, Tag::UTF8_STRING, "Zo\u{eb}\r\n\0".as_bytes())]),
            rdn_of(&[(crate::oid!(2, 999), Tag::UTF8_STRING, b"x")]),
        ]);
        let text = r#"2.999=#0c0178,CN=Zoë\0D\0A\00,O=\#Meier\, Sohn \+ \"Co\" \\\ ,C=DE"#;
        assert_eq!(shown.to_string(), text);
        assert_eq!(shown.common_name().as_deref(), Some("Zoë\r\n\0"));
        assert_eq!(name(&[]).to_string(), "");
    }

    /// PKI-13: 1 MiB of commas.
    #[test]
    fn escaping_is_linear() {
        let name = cn(Tag::UTF8_STRING, &vec![b','; 1 << 20]);
        let start = Instant::now();
        assert_eq!(name.to_string().len(), 3 + (2 << 20));
        // 50 ms is the goal of an optimised build; quadratic work would take minutes in any.
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn email_addresses_of_the_name() {
        let email = |tag, value: &[u8]| rdn_of(&[(oid::EMAIL_ADDRESS, tag, value)]);
        let long = [&[b'a'; 255][..], b"@x.example"].concat();
        let name = name(&[
            email(Tag::IA5_STRING, b"a@x.example"),
            email(Tag::UTF8_STRING, b"b@x.example"),
            email(Tag::IA5_STRING, b"c@x.example\0.evil.example"),
            email(Tag::IA5_STRING, b"\xe4@x.example"),
            email(Tag::IA5_STRING, &long),
            email(Tag::OCTET_STRING, b"d@x.example"),
        ]);
        assert_eq!(name.email_addresses(), ["a@x.example", "b@x.example"]);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(name) = Name::from_der(&bytes, &Limits::default()) {
                let _ = (name.to_string(), name.common_name(), name.email_addresses());
            }
        }

        /// The key tells apart whatever differs by more than case and space.
        #[test]
        fn keys_are_injective(a in prop::collection::vec("[abAB ]{0,3}", 0..4), b in prop::collection::vec("[abAB ]{0,3}", 0..4)) {
            let make = |values: &[String]| {
                let rdns: Vec<_> = values
                    .iter()
                    .map(|value| rdn_of(&[(oid::COMMON_NAME, Tag::UTF8_STRING, value.as_bytes())]))
                    .collect();
                name(&rdns)
            };
            let folded = |values: &[String]| -> Vec<String> {
                let fold = |value: &String| value.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
                values.iter().map(fold).collect()
            };
            prop_assert_eq!(make(&a).equivalent(&make(&b)), folded(&a) == folded(&b));
        }
    }
}
