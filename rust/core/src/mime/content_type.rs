//! Content-Type and Content-Disposition (RFC 2045 §5, RFC 2183) with the parameters of RFC 2231.

use std::collections::HashMap;

use crate::mime::encoded_word;
use crate::mime::field::{comment_end, quoted_end, unquote, unstructured};
use crate::mime::transfer::nibble;

/// Parameters in order of appearance, names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    values: Vec<(String, String)>,
    duplicate: bool,
    malformed: bool,
}

impl Parameters {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A media type. Never fails to parse: what cannot be read is text/plain (RFC 2045 §5.2) and `malformed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType {
    /// Lower case.
    pub kind: String,
    /// Lower case.
    pub subtype: String,
    pub parameters: Parameters,
    /// A parameter stands there more than once; the first holds.
    pub duplicate_parameter: bool,
    /// The value breaks the grammar in a way that readers may take differently.
    pub malformed: bool,
}

impl Default for ContentType {
    fn default() -> Self {
        Self::of("text", "plain")
    }
}

impl ContentType {
    pub(crate) fn of(kind: &str, subtype: &str) -> Self {
        let (kind, subtype) = (kind.to_owned(), subtype.to_owned());
        Self { kind, subtype, parameters: Parameters::default(), duplicate_parameter: false, malformed: false }
    }

    pub fn parse(value: &[u8]) -> Self {
        let mut cursor = Cursor { value, at: 0, malformed: false };
        let kind = cursor.token(b"/;");
        cursor.skip();
        let slash = cursor.eat(b'/');
        cursor.skip();
        let subtype = if slash { cursor.token(b"/;") } else { String::new() };
        let parameters = cursor.parameters();
        let sound = is_token(&kind) && is_token(&subtype);
        let mut parsed = if sound { Self::of(&kind, &subtype) } else { Self::default() };
        parsed.duplicate_parameter = parameters.duplicate;
        parsed.malformed = !sound || parameters.malformed;
        parsed.parameters = parameters;
        if parsed.kind == "multipart" {
            let boundary = parsed.parameter("boundary").unwrap_or_default();
            parsed.malformed |= boundary.is_empty() || boundary.len() > 70 || boundary.ends_with([' ', '\t']);
        }
        parsed
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name)
    }

    /// Both in lower case.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind == kind && self.subtype == subtype
    }

    /// The boundary of a multipart, if it has a usable one.
    pub fn boundary(&self) -> Option<&str> {
        let boundary = self.parameter("boundary")?.trim_end_matches([' ', '\t']);
        let usable = self.kind == "multipart" && !boundary.is_empty() && !boundary.contains(['\r', '\n']);
        usable.then_some(boundary)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentDisposition {
    /// `inline`, `attachment` or another token, in lower case; empty if there is none.
    pub kind: String,
    pub parameters: Parameters,
    pub duplicate_parameter: bool,
    pub malformed: bool,
}

impl ContentDisposition {
    pub fn parse(value: &[u8]) -> Self {
        let mut cursor = Cursor { value, at: 0, malformed: false };
        let kind = cursor.token(b";");
        let parameters = cursor.parameters();
        let malformed = parameters.malformed || !is_token(&kind);
        Self { kind, duplicate_parameter: parameters.duplicate, parameters, malformed }
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name)
    }

    /// The sender's name for the file: text to show, never a path to write.
    pub fn filename(&self) -> Option<String> {
        self.parameter("filename").map(display_name)
    }
}

/// `filename` of the disposition, else `name` of the type: text to show, never a path to write.
pub fn file_name(content_type: &ContentType, disposition: Option<&ContentDisposition>) -> Option<String> {
    let filename = disposition.and_then(ContentDisposition::filename);
    filename.or_else(|| content_type.parameter("name").map(display_name))
}

/// Encoded words do not belong in parameters (RFC 2047 §5), yet many senders write file names so.
fn display_name(value: &str) -> String {
    unstructured(value.as_bytes()).text
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte))
}

struct Cursor<'a> {
    value: &'a [u8],
    at: usize,
    malformed: bool,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.value.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Blanks, line ends and comments.
    fn skip(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'(' => {
                    let (end, closed) = comment_end(self.value, self.at);
                    self.at = end;
                    self.malformed |= !closed;
                }
                _ => break,
            }
        }
    }

    /// In lower case, up to a blank, a comment or a byte of `stops`.
    fn token(&mut self, stops: &[u8]) -> String {
        self.skip();
        let start = self.at;
        while self.peek().is_some_and(|byte| !stops.contains(&byte) && !b" \t\r\n(".contains(&byte)) {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.value[start..self.at]).to_ascii_lowercase()
    }

    fn parameters(&mut self) -> Parameters {
        let mut pieces = Pieces::default();
        while self.at < self.value.len() {
            self.skip();
            if !self.eat(b';') {
                // Something between a value and the next `;`.
                self.malformed |= self.at < self.value.len();
                while self.peek().is_some_and(|byte| byte != b';') {
                    self.at += 1;
                }
                continue;
            }
            let name = self.token(b"=;");
            self.skip();
            if !self.eat(b'=') {
                self.malformed |= !name.is_empty();
                continue;
            }
            self.skip();
            let value = self.parameter_value();
            if is_token(&name) {
                pieces.add(name, value);
            } else {
                self.malformed = true;
            }
        }
        let mut parameters = pieces.join();
        parameters.malformed |= self.malformed;
        parameters
    }

    fn parameter_value(&mut self) -> Vec<u8> {
        let start = self.at;
        if self.peek() == Some(b'"') {
            let (end, closed) = quoted_end(self.value, start);
            self.at = end;
            self.malformed |= !closed;
            return unquote(&self.value[start..end]);
        }
        // Unquoted values with blanks or parentheses break the grammar, but file names come so: read up to the `;`,
        // only a comment behind a blank is none of the value.
        while let Some(byte) = self.peek() {
            let after_blank = self.at > start && matches!(self.value[self.at - 1], b' ' | b'\t' | b'\n');
            if byte == b';' || (byte == b'(' && after_blank) {
                break;
            }
            self.at += 1;
        }
        let value = self.value[start..self.at].trim_ascii();
        self.malformed |= value.iter().any(|byte| b" \t\r\n()\"".contains(byte)) || value.is_empty();
        value.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect()
    }
}

/// Where a parameter's value comes from.
#[derive(Default)]
struct Piece {
    plain: Option<Vec<u8>>,
    /// `name*`
    extended: Option<Vec<u8>>,
    /// `name*0`, `name*1*`: number, extended, value.
    sections: Vec<(u32, bool, Vec<u8>)>,
}

#[derive(Default)]
struct Pieces {
    order: Vec<String>,
    by_name: HashMap<String, Piece>,
    duplicate: bool,
    malformed: bool,
}

impl Pieces {
    fn add(&mut self, name: String, value: Vec<u8>) {
        let (base, mark) = name.split_once('*').map_or((name.as_str(), None), |(base, mark)| (base, Some(mark)));
        if !self.by_name.contains_key(base) {
            self.order.push(base.to_owned());
        }
        let piece = self.by_name.entry(base.to_owned()).or_default();
        let slot = match mark {
            None => &mut piece.plain,
            Some("") => &mut piece.extended,
            Some(mark) => {
                let (number, extended) = mark.strip_suffix('*').map_or((mark, false), |number| (number, true));
                match number.parse() {
                    Ok(number) => piece.sections.push((number, extended, value)),
                    Err(_) => self.malformed = true,
                }
                return;
            }
        };
        if slot.is_some() {
            self.duplicate = true;
        } else {
            *slot = Some(value);
        }
    }

    fn join(mut self) -> Parameters {
        let mut parameters = Parameters::default();
        for name in core::mem::take(&mut self.order) {
            let Some(piece) = self.by_name.remove(&name) else { continue };
            let forms = usize::from(piece.plain.is_some())
                + usize::from(piece.extended.is_some())
                + usize::from(!piece.sections.is_empty());
            // RFC 5987 §4.2 and mail senders give file names in both forms on purpose.
            self.duplicate |= forms > 1 && !matches!(name.as_str(), "name" | "filename");
            if let Some(value) = self.value(piece) {
                parameters.values.push((name, value));
            }
        }
        parameters.duplicate = self.duplicate;
        parameters.malformed = self.malformed;
        parameters
    }

    /// The extended form holds before the numbered one, and that before the plain one.
    fn value(&mut self, piece: Piece) -> Option<String> {
        if let Some(value) = piece.extended {
            let (charset, rest) = self.charset(&value);
            let bytes = percent_decode(rest);
            return Some(self.text(charset, &bytes));
        }
        let mut sections = piece.sections;
        sections.sort_by_key(|(number, _, _)| *number);
        let total = sections.len();
        sections.dedup_by_key(|(number, _, _)| *number);
        self.duplicate |= sections.len() != total;
        if sections.first().is_none_or(|(number, _, _)| *number != 0) {
            self.malformed |= total > 0;
            return piece.plain.map(|plain| self.text(b"utf-8", &plain));
        }
        let (mut charset, mut bytes): (&[u8], Vec<u8>) = (b"utf-8", Vec::new());
        for (index, (number, extended, value)) in sections.iter().enumerate() {
            if u32::try_from(index) != Ok(*number) {
                self.malformed = true;
                break;
            }
            match (extended, index) {
                (true, 0) => {
                    let (label, rest) = self.charset(value);
                    charset = label;
                    bytes.extend(percent_decode(rest));
                }
                (true, _) => bytes.extend(percent_decode(value)),
                (false, _) => bytes.extend_from_slice(value),
            }
        }
        Some(self.text(charset, &bytes))
    }

    /// `charset'language'rest`
    fn charset<'v>(&mut self, value: &'v [u8]) -> (&'v [u8], &'v [u8]) {
        let mut fields = value.splitn(3, |byte| *byte == b'\'');
        match (fields.next(), fields.next(), fields.next()) {
            (Some(b""), Some(_), Some(rest)) => (b"utf-8", rest),
            (Some(charset), Some(_), Some(rest)) => (charset, rest),
            _ => {
                self.malformed = true;
                (b"utf-8", value)
            }
        }
    }

    fn text(&mut self, charset: &[u8], bytes: &[u8]) -> String {
        let (text, replaced) = encoded_word::decode_charset(charset, bytes);
        self.malformed |= replaced;
        text
    }
}

fn percent_decode(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut at = 0;
    while let Some(&byte) = value.get(at) {
        at += 1;
        match (byte, value.get(at), value.get(at + 1)) {
            (b'%', Some(high), Some(low)) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(nibble(*high) << 4 | nibble(*low));
                at += 2;
            }
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parameter(value: &str, name: &str) -> Option<String> {
        ContentType::parse(value.as_bytes()).parameter(name).map(str::to_owned)
    }

    #[test]
    fn rfc2045_5_1_sound_values() {
        let parsed = ContentType::parse(
            b" Application/PKCS7-MIME (x); SMIME-Type=enveloped-data;\r\n\tname=\"smime\\\".p7m\" (y) ; a=b=c;",
        );
        assert!(parsed.is("application", "pkcs7-mime") && !parsed.malformed && !parsed.duplicate_parameter);
        assert_eq!(parsed.parameter("smime-type"), Some("enveloped-data"));
        assert_eq!(parsed.parameter("NAME"), Some("smime\".p7m"));
        assert_eq!(parsed.parameter("a"), Some("b=c"));
        assert_eq!(parameter("text/plain; charset=us-ascii (Plain text)", "charset").unwrap(), "us-ascii");
    }

    #[test]
    fn rfc2045_5_2_default() {
        for value in ["", "text", "/x", "a/b/c", "a b/c", "\"a\"/b", "te\0xt/x", "a/", "(((", ";charset=x"] {
            let parsed = ContentType::parse(value.as_bytes());
            assert!(parsed.malformed, "{value}");
            assert!(parsed.is("text", "plain") || parsed.is("a", "b"), "{value}: {parsed:?}");
        }
        assert!(!ContentType::default().malformed);
    }

    #[test]
    fn odd_values_are_read_and_flagged() {
        for (value, name, wanted) in [
            ("a/b; name=my file (1).pdf", "name", "my file"),
            ("a/b; name=file(1).pdf", "name", "file(1).pdf"),
            ("a/b; name=\"open", "name", "open"),
            ("a/b; x; name=y", "name", "y"),
            ("a/b; name=\"x\"junk; z=1", "z", "1"),
        ] {
            assert_eq!(parameter(value, name).as_deref(), Some(wanted), "{value}");
            assert!(ContentType::parse(value.as_bytes()).malformed, "{value}");
        }
    }

    #[test]
    fn duplicates_are_flagged_and_the_first_holds() {
        let parsed = ContentType::parse(b"multipart/mixed; boundary=a; BOUNDARY=b");
        assert_eq!((parsed.boundary(), parsed.duplicate_parameter), (Some("a"), true));
        assert!(ContentType::parse(b"multipart/mixed; boundary=a; boundary*=''b").duplicate_parameter);
        assert!(!ContentType::parse(b"a/b; name=a; name*=''b").duplicate_parameter);
        assert!(ContentType::parse(b"a/b; n*0=a; n*0=b").duplicate_parameter);
    }

    #[test]
    fn odd_boundaries_are_flagged() {
        for value in ["", "; boundary=\"\"", "; boundary=\"a \"", &format!("; boundary={}", "x".repeat(71))] {
            assert!(ContentType::parse(format!("multipart/mixed{value}").as_bytes()).malformed);
        }
    }

    #[test]
    fn rfc2231_examples() {
        let value = "message/external-body; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/pub\"";
        assert_eq!(parameter(value, "url").unwrap(), "ftp://cs.utk.edu/pub");
        let value = "a/b; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*0*=us-ascii'en'This%20is%20; title*2=\"isn't it!\"";
        assert_eq!(parameter(value, "title").unwrap(), "This is ***fun*** isn't it!");
        assert_eq!(parameter("a/b; t*=iso-8859-1'en'%A3%20x", "t").unwrap(), "£ x");
        let gap = ContentType::parse(b"a/b; t*0=a; t*2=c");
        assert_eq!((gap.parameter("t"), gap.malformed), (Some("a"), true));
    }

    #[test]
    fn file_names() {
        let content_type = ContentType::parse(b"application/octet-stream; name=\"=?utf-8?q?=C3=A9?=.p7m\"");
        assert_eq!(file_name(&content_type, None).unwrap(), "é.p7m");
        let disposition = ContentDisposition::parse(b" ATTACHMENT; filename=a.txt; filename*=utf-8''%C3%A9.P7M");
        assert_eq!((disposition.kind.as_str(), disposition.malformed), ("attachment", false));
        assert_eq!(file_name(&content_type, Some(&disposition)).unwrap(), "é.P7M");
    }

    #[test]
    fn a_hundred_thousand_continuations_are_quick() {
        let value: String = (0..100_000).rev().map(|number| format!("; n*{number}=x")).collect();
        let started = std::time::Instant::now();
        assert_eq!(parameter(&format!("a/b{value}"), "n").unwrap().len(), 100_000);
        let value: String = (0..100_000).map(|number| format!("; n{number}=x")).collect();
        ContentType::parse(format!("a/b{value}").as_bytes());
        assert!(started.elapsed().as_secs() < 20);
    }

    proptest! {
        #[test]
        fn any_bytes(value in prop::collection::vec(prop::sample::select(b"ab/;=\"\\()*01'% \r\n\0\xFF".to_vec()), 0..120)) {
            let parsed = ContentType::parse(&value);
            file_name(&parsed, Some(&ContentDisposition::parse(&value)));
            prop_assert!(is_token(&parsed.kind) && is_token(&parsed.subtype));
        }
    }
}
