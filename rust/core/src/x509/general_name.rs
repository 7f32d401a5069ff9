//! GeneralName (RFC 5280 §4.2.1.6), strictly: each member of the union is read as its own type or not at all.
//!
//! ```asn1
//! GeneralName ::= CHOICE {
//!   otherName [0] AnotherName, rfc822Name [1] IA5String, dNSName [2] IA5String, x400Address [3] ORAddress,
//!   directoryName [4] Name, ediPartyName [5] EDIPartyName, uniformResourceIdentifier [6] IA5String,
//!   iPAddress [7] OCTET STRING, registeredID [8] OBJECT IDENTIFIER }
//! AnotherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY DEFINED BY type-id }
//! ```

use crate::asn1::{Oid, Reader, Tag, Tlv, oid};
use crate::error::Within;
use crate::{Code, Error, Result};

/// One name; text is ASCII without control characters, as IA5String demands of honest names.
#[derive(Clone, Copy, Debug)]
pub enum GeneralName<'a> {
    OtherName {
        type_id: Oid<'a>,
        value: Tlv<'a>,
    },
    /// RFC 9598: an address whose local part is not ASCII.
    SmtpUtf8Mailbox(&'a str),
    Rfc822Name(&'a str),
    DnsName(&'a str),
    X400Address(Tlv<'a>),
    /// The Name inside, a SEQUENCE; read it with [`super::Name::from_der`].
    DirectoryName(Tlv<'a>),
    EdiPartyName(Tlv<'a>),
    UniformResourceIdentifier(&'a str),
    /// 4 or 16 octets.
    IpAddress(&'a [u8]),
    RegisteredId(Oid<'a>),
}

impl<'a> GeneralName<'a> {
    /// The next element as a GeneralName. Errors: `asn1.malformed` where it is none, or of the wrong type inside.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let tlv = reader.any()?;
        if tlv.tag.class() != 2 {
            return Err(malformed(&tlv, "not a GeneralName"));
        }
        match tlv.tag.number() {
            0 => other_name(&tlv).field("otherName"),
            1 => ia5(&tlv).map(Self::Rfc822Name).field("rfc822Name"),
            2 => ia5(&tlv).map(Self::DnsName).field("dNSName"),
            3 => constructed(&tlv).map(Self::X400Address).field("x400Address"),
            4 => directory_name(&tlv).field("directoryName"),
            5 => constructed(&tlv).map(Self::EdiPartyName).field("ediPartyName"),
            6 => ia5(&tlv).map(Self::UniformResourceIdentifier).field("uniformResourceIdentifier"),
            7 => ip_address(&tlv).field("iPAddress"),
            8 => tlv.as_oid().map(Self::RegisteredId).field("registeredID"),
            _ => Err(malformed(&tlv, "not a GeneralName")),
        }
    }

    /// GeneralNames: all names of a SEQUENCE, which must not be empty.
    pub fn read_all(names: &mut Reader<'a>) -> Result<Vec<Self>> {
        if names.is_empty() {
            return Err(Error::with(Code::Asn1Malformed, "empty GeneralNames").at(names.offset()));
        }
        let mut found = Vec::new();
        while !names.is_empty() {
            found.push(Self::read(names).item("names", found.len())?);
        }
        Ok(found)
    }

    /// The mailbox address, if the name is one.
    pub fn mailbox(&self) -> Option<&'a str> {
        match self {
            Self::Rfc822Name(mailbox) | Self::SmtpUtf8Mailbox(mailbox) => Some(mailbox),
            _ => None,
        }
    }
}

fn malformed(tlv: &Tlv<'_>, detail: &str) -> Error {
    Error::with(Code::Asn1Malformed, detail).at(tlv.offset)
}

fn ia5<'a>(tlv: &Tlv<'a>) -> Result<&'a str> {
    // A NUL or line break would let one reader see another name than the next.
    let honest = !tlv.constructed && tlv.content.iter().all(|octet| (0x20..0x7f).contains(octet));
    let text = if honest { core::str::from_utf8(tlv.content).ok() } else { None };
    text.ok_or_else(|| malformed(tlv, "not an IA5String of printable characters"))
}

fn constructed<'a>(tlv: &Tlv<'a>) -> Result<Tlv<'a>> {
    let mut inside = tlv.reader()?;
    while !inside.is_empty() {
        inside.any()?;
    }
    Ok(*tlv)
}

/// The tag is EXPLICIT here, since Name is a CHOICE.
fn directory_name<'a>(tlv: &Tlv<'a>) -> Result<GeneralName<'a>> {
    let mut inside = tlv.reader()?;
    let name = inside.expect(Tag::SEQUENCE)?;
    inside.finish()?;
    let mut rdns = name.reader()?;
    while !rdns.is_empty() {
        rdns.set()?;
    }
    Ok(GeneralName::DirectoryName(name))
}

fn other_name<'a>(tlv: &Tlv<'a>) -> Result<GeneralName<'a>> {
    let mut inside = tlv.reader()?;
    let type_id = inside.oid().field("type-id")?;
    let value = inside.explicit(0).field("value")?.ok_or_else(|| malformed(tlv, "[0] is missing"))?;
    inside.finish()?;
    if type_id != oid::SMTP_UTF8_MAILBOX {
        return Ok(GeneralName::OtherName { type_id, value });
    }
    // RFC 9598 §3: a UTF8String without byte order mark, and only for a local part beyond ASCII: the place of all others
    // is rfc822Name, whose constraints would not hold them here. Refused, not ignored: no address is less than a wrong one.
    let text = if value.tag == Tag::UTF8_STRING && !value.constructed {
        core::str::from_utf8(value.content).ok()
    } else {
        None
    };
    let beyond_ascii = |text: &&str| text.split_once('@').is_some_and(|(local, _)| !local.is_ascii());
    text.filter(|text| !text.starts_with('\u{feff}') && !text.chars().any(char::is_control))
        .filter(beyond_ascii)
        .map(GeneralName::SmtpUtf8Mailbox)
        .ok_or_else(|| malformed(&value, "not a SmtpUTF8Mailbox"))
}

fn ip_address<'a>(tlv: &Tlv<'a>) -> Result<GeneralName<'a>> {
    if tlv.constructed || !matches!(tlv.content.len(), 4 | 16) {
        return Err(malformed(tlv, "not an address of 4 or 16 octets"));
    }
    Ok(GeneralName::IpAddress(tlv.content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::asn1::writer::Writer;

    fn element(number: u32, constructed: bool, content: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.element(Tag::context(number), constructed, |w| w.raw(content));
        writer.into_vec()
    }

    fn read(der: &[u8]) -> Result<&'static str> {
        let limits = Limits::default();
        let mut reader = Reader::ber(der, &limits);
        GeneralName::read(&mut reader).map(|name| match name {
            GeneralName::OtherName { .. } => "otherName",
            GeneralName::SmtpUtf8Mailbox(_) => "SmtpUTF8Mailbox",
            GeneralName::Rfc822Name(_) => "rfc822Name",
            GeneralName::DnsName(_) => "dNSName",
            GeneralName::X400Address(_) => "x400Address",
            GeneralName::DirectoryName(_) => "directoryName",
            GeneralName::EdiPartyName(_) => "ediPartyName",
            GeneralName::UniformResourceIdentifier(_) => "uniformResourceIdentifier",
            GeneralName::IpAddress(_) => "iPAddress",
            GeneralName::RegisteredId(_) => "registeredID",
        })
    }

    /// Contents that are right for one form each; the first of each row is the form's own.
    const CONTENTS: &[(u32, bool, &[u8], &str)] = &[
        (0, true, &[0x06, 1, 0x2a, 0xa0, 2, 5, 0], "otherName"),
        (1, false, b"a@x.example", "rfc822Name"),
        (2, false, b"x.example", "dNSName"),
        (3, true, &[0x30, 0], "x400Address"),
        (4, true, &[0x30, 0], "directoryName"),
        (5, true, &[0xa1, 2, 0x0c, 0], "ediPartyName"),
        (6, false, b"http://x.example", "uniformResourceIdentifier"),
        (7, false, &[192, 0, 2, 1], "iPAddress"),
        (8, false, &[0x2a, 3], "registeredID"),
    ];

    #[test]
    fn each_form_is_read() {
        for (number, constructed, content, form) in CONTENTS {
            assert_eq!(read(&element(*number, *constructed, content)).unwrap(), *form);
        }
    }

    /// PKI-13: every form with the wrong inner type.
    #[test]
    fn wrong_inner_types_are_refused() {
        for (number, constructed, content, form) in CONTENTS {
            assert!(read(&element(*number, !constructed, content)).is_err(), "{form}, other P/C bit");
        }
        let smtp = |value: &[u8]| {
            let mut content = vec![0x06, 8];
            content.extend_from_slice(oid::SMTP_UTF8_MAILBOX.content());
            content.extend_from_slice(&[0xa0, value.len() as u8]);
            content.extend_from_slice(value);
            element(0, true, &content)
        };
        assert_eq!(read(&smtp(&[0x0c, 4, 0xc3, 0xab, b'@', b'x'])).unwrap(), "SmtpUTF8Mailbox");
        for bad in [
            element(0, true, &[0x06, 1, 0x2a]),
            element(0, true, &[0x06, 1, 0x2a, 0xa0, 0]),
            element(0, true, &[0x06, 1, 0x2a, 0xa0, 2, 5, 0, 5, 0]),
            element(0, true, &[0x0c, 1, 0x2a, 0xa0, 2, 5, 0]),
            smtp(&[0x16, 3, b'a', b'@', b'x']),
            smtp(&[0x0c, 1, 0xff]),
            smtp(&[0x0c, 4, 0xef, 0xbb, 0xbf, b'a']),
            smtp(&[0x0c, 3, b'a', b'@', b'x']),
            smtp(&[0x0c, 4, b'a', b'@', 0xc3, 0xab]),
            smtp(&[0x0c, 2, 0xc3, 0xab]),
            smtp(&[0x0c, 0]),
            element(1, false, b"a@bank.example\0.evil.example"),
            element(1, false, b"\xc3\xab@x.example"),
            element(2, false, b"x\r\n"),
            element(3, true, b"x"),
            element(4, true, &[0x31, 0]),
            element(4, true, &[0x30, 0, 0x30, 0]),
            element(4, true, &[0x30, 2, 0x30, 0]),
            element(4, true, &[]),
            element(7, false, &[1, 2, 3]),
            element(7, false, &[0; 8]),
            element(8, false, &[]),
            element(8, false, &[0x80, 1]),
            element(9, false, b"x"),
            vec![0x16, 1, b'x'],
            vec![],
        ] {
            assert!(read(&bad).is_err(), "{bad:02x?}");
        }
    }
}
