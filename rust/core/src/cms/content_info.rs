//! ContentInfo (RFC 5652 §3), and telling CMS from other bytes by content, not by label.

use crate::asn1::{Oid, Reader, Tag, Tlv, oid};
use crate::error::Within;
use crate::{Limits, Result};

/// What a content type means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentKind {
    Data,
    SignedData,
    EnvelopedData,
    AuthEnvelopedData,
    CompressedData,
    DigestedData,
    EncryptedData,
    AuthenticatedData,
    Other,
}

const KINDS: [(Oid<'static>, ContentKind); 8] = [
    (oid::DATA, ContentKind::Data),
    (oid::SIGNED_DATA, ContentKind::SignedData),
    (oid::ENVELOPED_DATA, ContentKind::EnvelopedData),
    (oid::AUTH_ENVELOPED_DATA, ContentKind::AuthEnvelopedData),
    (oid::COMPRESSED_DATA, ContentKind::CompressedData),
    (oid::DIGESTED_DATA, ContentKind::DigestedData),
    (oid::ENCRYPTED_DATA, ContentKind::EncryptedData),
    (oid::AUTHENTICATED_DATA, ContentKind::AuthenticatedData),
];

impl ContentKind {
    pub fn of(content_type: Oid<'_>) -> Self {
        KINDS.iter().find(|row| row.0 == content_type).map_or(Self::Other, |row| row.1)
    }
}

/// ```text
/// ContentInfo ::= SEQUENCE {
///   contentType ContentType,                                   -- OBJECT IDENTIFIER
///   content [0] EXPLICIT ANY DEFINED BY contentType OPTIONAL } -- OPTIONAL in PKCS#7 only
/// ```
/// RFC 5652 §3. Degenerate PKCS#7 forms leave the content out, so it may be absent here.
#[derive(Clone, Copy, Debug)]
pub struct ContentInfo<'a> {
    pub content_type: Oid<'a>,
    /// The element inside `[0]`.
    pub content: Option<Tlv<'a>>,
    /// Octets that follow the structure.
    pub trailing: usize,
}

impl<'a> ContentInfo<'a> {
    /// Err: Asn1Malformed, Asn1Truncated, LimitAsn1Depth.
    pub fn read(data: &'a [u8], limits: &Limits) -> Result<Self> {
        let mut outer = Reader::ber(data, limits);
        let tlv = outer.expect(Tag::SEQUENCE).field("ContentInfo")?;
        let (content_type, content) = fields(&tlv).field("ContentInfo")?;
        Ok(Self { content_type, content, trailing: outer.rest().len() })
    }

    pub fn kind(&self) -> ContentKind {
        ContentKind::of(self.content_type)
    }
}

fn fields<'a>(tlv: &Tlv<'a>) -> Result<(Oid<'a>, Option<Tlv<'a>>)> {
    let mut reader = tlv.reader()?;
    let content_type = reader.oid().field("contentType")?;
    let content = reader.explicit(0).field("content")?;
    reader.finish()?;
    Ok((content_type, content))
}

/// What `data` starts like: a SEQUENCE, then the OID of a CMS content type. None: something else.
///
/// Looks at the first few octets only, so a cut-off or damaged structure is still known for what it was meant to be.
pub fn sniff(data: &[u8]) -> Option<ContentKind> {
    let (0x30, rest) = data.split_first()? else { return None };
    let (_, rest) = skip_length(rest)?;
    let (0x06, rest) = rest.split_first()? else { return None };
    let (length, rest) = skip_length(rest)?;
    let content = rest.get(..usize::try_from(length?).ok()?)?;
    KINDS.iter().find(|row| row.0.content() == content).map(|row| row.1)
}

/// The length (None: indefinite, or beyond 64 bits) and what follows its octets.
fn skip_length(data: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let (first, rest) = data.split_first()?;
    match *first {
        short @ 0..0x80 => Some((Some(u64::from(short)), rest)),
        0x80 => Some((None, rest)),
        0xff => None,
        long => {
            let (octets, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let value = octets
                .iter()
                .try_fold(0_u64, |value, octet| (value >> 56 == 0).then_some(value << 8 | u64::from(*octet)));
            Some((value, rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use crate::asn1::writer::Writer;
    use proptest::prelude::*;

    fn content_info(content_type: Oid<'_>) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.sequence(|w| {
            w.explicit(0, |w| w.octet_string(b"content"));
            w.oid(content_type);
        });
        writer.into_vec()
    }

    #[test]
    fn rfc5652_3_each_content_type() {
        for (content_type, kind) in KINDS {
            let der = content_info(content_type);
            let info = ContentInfo::read(&der, &Limits::default()).unwrap();
            assert_eq!((info.kind(), info.trailing), (kind, 0));
            assert_eq!(info.content.unwrap().content, b"content");
            assert_eq!(sniff(&der), Some(kind));
            assert_eq!(sniff(&der[..content_type.content().len() + 4]), Some(kind), "cut off after the OID");
            assert_eq!(sniff(&der[..content_type.content().len() + 3]), None);
        }
        let other = content_info(oid::TST_INFO);
        assert_eq!(ContentInfo::read(&other, &Limits::default()).unwrap().kind(), ContentKind::Other);
        assert_eq!(sniff(&other), None);
    }

    /// K-02: definite, long-form and indefinite lengths are one message.
    #[test]
    fn ber_forms() {
        let id = oid::SIGNED_DATA.content();
        let definite = [&[0x30, 0x0f, 0x06, 0x09][..], id, &[0xa0, 2, 5, 0]].concat();
        let long = [&[0x30, 0x84, 0, 0, 0, 0x11, 0x06, 0x82, 0, 0x09][..], id, &[0xa0, 2, 5, 0]].concat();
        let indefinite = [&[0x30, 0x80, 0x06, 0x09][..], id, &[0xa0, 0x80, 5, 0, 0, 0, 0, 0]].concat();
        for form in [definite, long, indefinite] {
            let info = ContentInfo::read(&form, &Limits::default()).unwrap();
            assert_eq!(info.kind(), ContentKind::SignedData);
            assert_eq!(info.content.unwrap().tag, Tag::NULL);
            assert_eq!(sniff(&form), Some(ContentKind::SignedData));
        }
    }

    /// SIG-20: absent content is known as absent.
    #[test]
    fn absent_content_and_trailing_octets() {
        let id = oid::SIGNED_DATA.content();
        let absent = [&[0x30, 0x0b, 0x06, 0x09][..], id, b"\r\n"].concat();
        let info = ContentInfo::read(&absent, &Limits::default()).unwrap();
        assert!(info.content.is_none());
        assert_eq!(info.trailing, 2);
    }

    #[test]
    fn two_elements_or_none_in_content_are_refused() {
        let id = oid::DATA.content();
        for content in [&[0xa0, 0][..], &[0xa0, 4, 5, 0, 5, 0], &[0xa0, 2, 5, 0, 5, 0]] {
            let length = 11 + content.len() as u8;
            let der = [&[0x30, length, 0x06, 0x09][..], id, content].concat();
            let error = ContentInfo::read(&der, &Limits::default()).unwrap_err();
            assert!(matches!(error.code(), Code::Asn1Malformed | Code::Asn1Truncated), "{error}");
            assert!(error.finding().path.starts_with("ContentInfo"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = (sniff(&bytes), ContentInfo::read(&bytes, &Limits::default()).is_ok());
        }
    }
}
