//! Field values (RFC 5322 §3.2): folding, comments, message ids, and text for display and index.

use memchr::memchr3;

use crate::mime::encoded_word;

/// Text made from bytes: for people and for an index, never for a decision about bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pub text: String,
    /// Bytes were of an unknown or wrong charset: the text is a best reading.
    pub charset_replaced: bool,
    /// NUL or other control characters were replaced by U+FFFD.
    pub controls_replaced: bool,
}

/// An unstructured value (RFC 5322 §2.2.1, RFC 2047): unfolded, decoded, without control characters, trimmed.
pub fn unstructured(value: &[u8]) -> Text {
    let (text, charset_replaced) = encoded_word::decode(value);
    let (text, controls_replaced) = without_controls(&text);
    Text { text, charset_replaced, controls_replaced }
}

/// CR LF before a blank go, other line ends and tabs become one space, other controls U+FFFD.
fn without_controls(text: &str) -> (String, bool) {
    let mut out = String::with_capacity(text.len());
    let mut replaced = false;
    let mut folded = false;
    for character in text.chars() {
        match character {
            '\r' | '\n' | '\u{2028}' | '\u{2029}' => {
                folded = true;
                continue;
            }
            ' ' | '\t' => out.push(' '),
            _ => {
                if folded && !out.ends_with(' ') {
                    out.push(' ');
                }
                let control = character.is_control();
                replaced |= control;
                out.push(if control { char::REPLACEMENT_CHARACTER } else { character });
            }
        }
        folded = false;
    }
    (out.trim_matches(' ').to_owned(), replaced)
}

/// Removes the line ends of folding (RFC 5322 §2.2.3); the blanks stay.
pub fn unfold(value: &[u8]) -> Vec<u8> {
    value.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect()
}

/// The value with each comment (RFC 5322 §3.2.2) replaced by a space. An unclosed comment reaches to the end.
pub fn without_comments(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut at = 0;
    while at < value.len() {
        match value[at] {
            b'(' => {
                at = comment_end(value, at).0;
                out.push(b' ');
            }
            b'"' => {
                let end = quoted_end(value, at).0;
                out.extend_from_slice(&value[at..end]);
                at = end;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// Where the comment that begins at `start` ends, and whether it is closed. Counts depth, does not recurse.
pub(crate) fn comment_end(value: &[u8], start: usize) -> (usize, bool) {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(found) = value.get(at..).and_then(|rest| memchr3(b'(', b')', b'\\', rest)) {
        at += found + 1;
        match value[at - 1] {
            b'(' => depth += 1,
            b')' if depth <= 1 => return (at, true),
            b')' => depth -= 1,
            _ => at += 1,
        }
    }
    (value.len(), false)
}

/// Where the quoted string that begins at `start` ends, its closing quote included, and whether it is closed.
pub(crate) fn quoted_end(value: &[u8], start: usize) -> (usize, bool) {
    let mut at = start + 1;
    while let Some(found) = value.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if value[at - 1] == b'"' {
            return (at, true);
        }
        at += 1;
    }
    (value.len(), false)
}

/// The content of a quoted string given with its quotes: unescaped and unfolded.
pub(crate) fn unquote(quoted: &[u8]) -> Vec<u8> {
    let inner = quoted.strip_prefix(b"\"").unwrap_or(quoted);
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => out.extend(bytes.next()),
            b'"' => break,
            b'\r' | b'\n' => {}
            _ => out.push(byte),
        }
    }
    out
}

/// The first message id `<left@right>` of a value, with its brackets; `None` if none is well formed (RFC 5322 §3.6.4).
pub fn message_id(value: &[u8]) -> Option<String> {
    let plain = without_comments(value);
    let start = memchr::memchr(b'<', &plain)?;
    let end = start + memchr::memchr(b'>', &plain[start..])?;
    let id = unfold(&plain[start + 1..end]);
    let id = id.trim_ascii();
    if id.is_empty() || id.iter().any(|byte| byte.is_ascii_control() || matches!(byte, b' ' | b'<')) {
        return None;
    }
    Some(format!("<{}>", core::str::from_utf8(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rfc5322_3_2_2_comments_nest_and_escape() {
        assert_eq!(without_comments(b"a (b (c) \\) d) e \"(no)\""), b"a   e \"(no)\"");
        assert_eq!(without_comments(b"a (((((b"), b"a  ");
    }

    #[test]
    fn text_has_no_controls() {
        let text = unstructured(b" =?utf-8?q?a=00b=0Ac?=\r\n\td\x07");
        assert_eq!((text.text.as_str(), text.controls_replaced), ("a\u{FFFD}b c d\u{FFFD}", true));
        assert_eq!(unstructured(b" caf\xE9").text, "café");
        assert!(unstructured(b" caf\xE9").charset_replaced && !unstructured("é".as_bytes()).charset_replaced);
    }

    #[test]
    fn rfc5322_3_6_4_message_ids() {
        assert_eq!(message_id(b" (x) <a.b@c>\r\n").as_deref(), Some("<a.b@c>"));
        for bad in [&b"a@b"[..], b"<>", b"<a b@c>", b"<a\0@c>", b"<a@b", b"<\xFF@b>"] {
            assert_eq!(message_id(bad), None);
        }
    }

    #[test]
    fn long_hostile_values_are_quick() {
        for text in ["(", "\"\\\\", "<", "(\\", "=?utf-8?q?", "=?", "a\r\n "] {
            let value = text.repeat(150_000);
            let started = std::time::Instant::now();
            unstructured(value.as_bytes());
            message_id(value.as_bytes());
            assert!(started.elapsed().as_secs() < 10, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(value in prop::collection::vec(prop::sample::select(b"()\\\"<>@=?utf-8bq \r\n\0\xFFA".to_vec()), 0..200)) {
            let text = unstructured(&value).text;
            prop_assert!(!text.chars().any(char::is_control));
            message_id(&value);
            without_comments(&value);
        }
    }
}
