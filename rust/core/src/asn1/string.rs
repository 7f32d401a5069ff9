//! Character strings of certificates: bytes are kept, this is their text for people and for comparing names.

use crate::asn1::{Tag, Tlv};

/// The text of a string element; `exact` is false where characters had to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub text: String,
    pub exact: bool,
}

/// Text of any of the string types of X.680; None: not a string type, or constructed.
pub fn text(tlv: &Tlv<'_>) -> Option<Text> {
    if tlv.constructed {
        return None;
    }
    match tlv.tag {
        Tag::UTF8_STRING => Some(utf8(tlv.content)),
        Tag::PRINTABLE_STRING | Tag::IA5_STRING | Tag::NUMERIC_STRING | Tag::VISIBLE_STRING => Some(ascii(tlv.content)),
        // T.61 in the field is Latin-1 by another name.
        Tag::T61_STRING => Some(Text { text: tlv.content.iter().map(|byte| char::from(*byte)).collect(), exact: true }),
        Tag::BMP_STRING => Some(utf16(tlv.content)),
        Tag::UNIVERSAL_STRING => Some(utf32(tlv.content)),
        _ => None,
    }
}

fn utf8(content: &[u8]) -> Text {
    let text = String::from_utf8_lossy(content);
    Text { exact: matches!(text, std::borrow::Cow::Borrowed(_)), text: text.into_owned() }
}

/// 8-bit octets in an ASCII type: most often UTF-8 written by a careless CA, else Latin-1.
fn ascii(content: &[u8]) -> Text {
    match core::str::from_utf8(content) {
        Ok(text) => Text { text: text.to_owned(), exact: text.is_ascii() },
        Err(_) => Text { text: content.iter().map(|byte| char::from(*byte)).collect(), exact: false },
    }
}

fn utf16(content: &[u8]) -> Text {
    let units = content.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    collect(char::decode_utf16(units).map(|unit| unit.ok()), content.len().is_multiple_of(2))
}

fn utf32(content: &[u8]) -> Text {
    let units =
        content.chunks_exact(4).map(|quad| char::from_u32(u32::from_be_bytes([quad[0], quad[1], quad[2], quad[3]])));
    collect(units, content.len().is_multiple_of(4))
}

fn collect(characters: impl Iterator<Item = Option<char>>, whole: bool) -> Text {
    let mut exact = whole;
    let mut text: String = characters
        .map(|character| {
            exact &= character.is_some();
            character.unwrap_or(char::REPLACEMENT_CHARACTER)
        })
        .collect();
    if !whole {
        // Else a name with an octet too many would look like the one without.
        text.push(char::REPLACEMENT_CHARACTER);
    }
    Text { text, exact }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::asn1::Rules;

    fn of(tag: u8, content: &[u8]) -> Text {
        let mut der = vec![tag, content.len() as u8];
        der.extend_from_slice(content);
        text(&Tlv::first(&der, Rules::Der, &Limits::default()).unwrap()).unwrap()
    }

    #[test]
    fn each_type() {
        assert_eq!(of(12, "Zoë".as_bytes()), Text { text: "Zoë".into(), exact: true });
        assert_eq!(of(19, b"Zo\xeb"), Text { text: "Zoë".into(), exact: false });
        assert_eq!(of(20, b"Zo\xeb"), Text { text: "Zoë".into(), exact: true });
        assert_eq!(of(30, &[0, 0x5a, 0x20, 0xac]), Text { text: "Z€".into(), exact: true });
        assert_eq!(of(28, &[0, 1, 0xf6, 0]), Text { text: "😀".into(), exact: true });
    }

    /// PAR-08: odd lengths, surrogates, code points beyond Unicode.
    #[test]
    fn broken_text_is_replaced_and_said() {
        for (tag, content) in
            [(30, &[0x5a][..]), (30, &[0xd8, 0]), (28, &[0xff, 0xff, 0xff, 0xff]), (28, &[0]), (12, &[0xc0, 0x80])]
        {
            assert!(!of(tag, content).exact, "{tag} {content:?}");
            assert!(of(tag, content).text.contains(char::REPLACEMENT_CHARACTER), "{tag} {content:?}");
        }
    }
}
