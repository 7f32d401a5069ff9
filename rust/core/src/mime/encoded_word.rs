//! Encoded words (RFC 2047, with the language tag of RFC 2231 §5) and charsets.

use encoding_rs::{Encoding, WINDOWS_1252};
use memchr::memchr;
use memchr::memmem;

use crate::mime::transfer::{decode_base64_leniently, nibble};

/// One `=?charset?encoding?text?=`.
struct Word<'a> {
    charset: &'a [u8],
    bytes: Vec<u8>,
    end: usize,
}

/// Text of a value with its encoded words decoded; true: some charset was unknown or wrong.
///
/// Words are decoded wherever they stand, also next to other text and in quoted strings, as most readers do. The bytes of
/// adjacent words of one charset are joined first, since senders split characters. Controls are the caller's to remove.
pub fn decode(value: &[u8]) -> (String, bool) {
    let mut out = Output::default();
    let mut plain_from = 0;
    let mut at = 0;
    while let Some(found) = memmem::find(&value[at..], b"=?") {
        let start = at + found;
        let Some(word) = parse_word(value, start) else {
            at = start + 2;
            continue;
        };
        out.plain(&value[plain_from..start]);
        at = word.end;
        plain_from = word.end;
        out.word(word);
    }
    out.plain(&value[plain_from..]);
    out.flush();
    (out.text, out.replaced)
}

#[derive(Default)]
struct Output<'a> {
    text: String,
    replaced: bool,
    /// Bytes of the words just read, all of one charset.
    pending: Vec<u8>,
    charset: &'a [u8],
    after_word: bool,
    /// Blanks since the last word: they vanish if another word follows.
    blanks: &'a [u8],
}

impl<'a> Output<'a> {
    fn plain(&mut self, bytes: &'a [u8]) {
        if self.after_word && bytes.trim_ascii().is_empty() {
            self.blanks = bytes;
            return;
        }
        self.flush();
        self.push(b"utf-8", bytes);
        self.after_word = false;
    }

    fn word(&mut self, word: Word<'a>) {
        self.blanks = b"";
        if !self.charset.eq_ignore_ascii_case(word.charset) {
            self.flush();
        }
        self.charset = word.charset;
        self.pending.extend_from_slice(&word.bytes);
        self.after_word = true;
    }

    fn flush(&mut self) {
        let pending = core::mem::take(&mut self.pending);
        self.push(self.charset, &pending);
        let blanks = core::mem::take(&mut self.blanks);
        self.push(b"utf-8", blanks);
    }

    fn push(&mut self, charset: &[u8], bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let (text, replaced) = decode_charset(charset, bytes);
        self.text.push_str(&text);
        self.replaced |= replaced;
    }
}

/// Linear over all starts: each search for `?` ends at the `?` of the next start at the latest.
fn parse_word(value: &[u8], start: usize) -> Option<Word<'_>> {
    let charset_end = start + 2 + memchr(b'?', value.get(start + 2..)?)?;
    let charset = value.get(start + 2..charset_end)?;
    let charset = charset.split(|byte| *byte == b'*').next().unwrap_or_default();
    if charset.is_empty() || charset.iter().any(|byte| !byte.is_ascii_graphic()) {
        return None;
    }
    let (encoding, mark) = (*value.get(charset_end + 1)?, *value.get(charset_end + 2)?);
    let text_start = charset_end + 3;
    let text_end = text_start + memchr(b'?', value.get(text_start..)?)?;
    if mark != b'?' || value.get(text_end + 1) != Some(&b'=') {
        return None;
    }
    let text = &value[text_start..text_end];
    let bytes = match encoding {
        b'B' | b'b' => decode_base64_leniently(text).0,
        b'Q' | b'q' => decode_q(text),
        _ => return None,
    };
    Some(Word { charset, bytes, end: text_end + 2 })
}

/// RFC 2047 §4.2: `_` is a space; a wrong `=XY` stays as it is.
fn decode_q(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match (byte, text.get(at), text.get(at + 1)) {
            (b'_', _, _) => out.push(b' '),
            (b'=', Some(high), Some(low)) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(nibble(*high) << 4 | nibble(*low));
                at += 2;
            }
            _ => out.push(byte),
        }
    }
    out
}

/// Bytes of a named charset as text; true: the name is unknown or the bytes are not of that charset.
///
/// Then they are read as UTF-8 if they are that, else as windows-1252, which has a character for every byte.
pub fn decode_charset(charset: &[u8], bytes: &[u8]) -> (String, bool) {
    if let Some(encoding) = Encoding::for_label_no_replacement(charset) {
        if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            return (text.into_owned(), false);
        }
        if encoding != encoding_rs::UTF_8 {
            // A damaged multi-byte text is better read with marks than as another charset.
            return (encoding.decode_without_bom_handling(bytes).0.into_owned(), true);
        }
    }
    match core::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), true),
        Err(_) => (WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rfc2047_8_examples() {
        let cases = [
            ("=?ISO-8859-1?Q?a?=", "a"),
            ("=?ISO-8859-1?Q?a?= b", "a b"),
            ("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
            ("=?ISO-8859-1?Q?a?=\r\n  =?ISO-8859-1?Q?b?=", "ab"),
            ("=?ISO-8859-1?Q?a_b?=", "a b"),
            ("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
            ("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=", "If you can read this yo"),
            ("x =?utf-8*en?q?=C3=A9?= y", "x é y"),
        ];
        for (value, wanted) in cases {
            assert_eq!(decode(value.as_bytes()), (wanted.to_owned(), false), "{value}");
        }
    }

    #[test]
    fn character_split_over_words() {
        assert_eq!(decode(b"=?utf-8?q?=E2=82?= =?UTF-8?B?rA==?=").0, "€");
    }

    #[test]
    fn what_is_no_word_stays() {
        for value in ["=?", "=?utf-8?q?a", "=?utf-8?x?a?=", "=??q?a?=", "=?u 8?q?a?=", "=?utf-8?q?a?b?="] {
            assert_eq!(decode(value.as_bytes()), (value.to_owned(), false));
        }
    }

    #[test]
    fn unknown_and_wrong_charsets_are_flagged() {
        assert_eq!(decode(b"=?x-evil?q?=E9?="), ("é".to_owned(), true));
        assert_eq!(decode(b"=?utf-7?q?+AOk-?="), ("+AOk-".to_owned(), true));
        assert_eq!(decode(b"=?utf-8?q?=C0=80?="), ("À€".to_owned(), true));
        assert!(decode(b"=?iso-2022-jp?b?GyRC?=").0.len() < 10);
        assert!(decode(format!("=?{}?q?a?=", "x".repeat(10_000)).as_bytes()).1);
    }

    proptest! {
        #[test]
        fn any_bytes(charset in "(utf-8|iso-2022-jp|utf-16|gb18030|x)", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut value = format!("=?{charset}?q?").into_bytes();
            value.extend_from_slice(&bytes);
            value.extend_from_slice(b"?= =?utf-8?b?");
            value.extend_from_slice(&bytes);
            decode(&value);
            decode_charset(charset.as_bytes(), &bytes);
        }
    }
}
