//! Entities, headers and multiparts as offsets into the bytes (RFC 5322 §2, RFC 2046 §5.1).

use core::ops::Range;

use memchr::{memchr, memmem};

use crate::error::{Error, Result};
use crate::finding::Code;
use crate::limits::Limits;

/// A header and a body, as offsets into the buffer that was scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// The fields with their line ends, without the empty line, without a leading mbox `From ` line.
    pub header: Range<usize>,
    pub body: Range<usize>,
}

impl Entity {
    /// Splits at the first empty line, CRLF or LF. Without one, all is header and the body is empty.
    ///
    /// Errors: `limit.header-bytes`; `misuse.argument` for a range outside `raw`.
    pub fn scan(raw: &[u8], range: Range<usize>, limits: &Limits) -> Result<Self> {
        inside(raw, &range)?;
        let header = scan_header(raw, range.clone(), limits, |_| false)?;
        Ok(Self { header: header.start..header.end, body: header.next..range.end })
    }
}

/// Whether the first line can be of a header: empty, a field whose name is of letters, digits and dashes, or an mbox's
/// `From ` line. Bytes that are no entity seldom begin so.
pub(crate) fn begins_like_header(raw: &[u8]) -> bool {
    let name = raw.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count();
    let behind = raw.get(name..).unwrap_or_default().trim_ascii_start();
    is_from_line(raw) || raw.starts_with(b"\n") || raw.starts_with(b"\r\n") || (name > 0 && behind.starts_with(b":"))
}

/// A `From ` line of an mbox; `From :` is a field that someone would like to have passed over.
fn is_from_line(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"From ") else { return false };
    !rest.trim_ascii_start().starts_with(b":")
}

pub(crate) struct HeaderEnd {
    pub start: usize,
    pub end: usize,
    /// Behind the empty line, or where the header was stopped.
    pub next: usize,
}

/// Finds the end of the header that begins at `range.start`: the empty line, or the line at which `stop` says so.
pub(crate) fn scan_header(
    raw: &[u8],
    range: Range<usize>,
    limits: &Limits,
    stop: impl Fn(usize) -> bool,
) -> Result<HeaderEnd> {
    let mut at = range.start;
    let mut start = at;
    if is_from_line(&raw[range.clone()]) {
        at = next_line(raw, at, range.end);
        start = at;
    }
    let cap = usize::try_from(limits.header_bytes).unwrap_or(usize::MAX);
    while at < range.end {
        let empty = match raw[at..range.end] {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => 0,
        };
        if empty > 0 {
            return Ok(HeaderEnd { start, end: at, next: at + empty });
        }
        if stop(at) {
            break;
        }
        at = next_line(raw, at, range.end);
        if at - range.start > cap {
            return Err(Error::new(Code::LimitHeaderBytes).at(range.start));
        }
    }
    Ok(HeaderEnd { start, end: at, next: at })
}

fn next_line(raw: &[u8], at: usize, end: usize) -> usize {
    memchr(b'\n', &raw[at..end]).map_or(end, |found| at + found + 1)
}

pub(crate) fn inside(raw: &[u8], range: &Range<usize>) -> Result<()> {
    match raw.get(range.clone()) {
        Some(_) => Ok(()),
        None => Err(Error::with(Code::MisuseArgument, "range outside of the bytes")),
    }
}

/// One field of a header, its bytes as they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Without the blanks that may stand before the colon.
    pub name: &'a [u8],
    /// All behind the colon, still folded, without the final line end.
    pub value: &'a [u8],
    /// Of the name's first byte in the buffer.
    pub offset: usize,
}

/// The fields of a header in their order.
#[derive(Clone, Debug)]
pub struct Header<'a> {
    fields: Vec<Field<'a>>,
    junk: usize,
    lone_cr: bool,
}

impl<'a> Header<'a> {
    /// Reads `Entity::header`. Lines that are no field are counted, never fatal.
    ///
    /// Errors: `limit.header-fields` (fields and junk together); `misuse.argument` for a range outside `raw`.
    pub fn parse(raw: &'a [u8], range: Range<usize>, limits: &Limits) -> Result<Self> {
        inside(raw, &range)?;
        let mut header = Self { fields: Vec::new(), junk: 0, lone_cr: false };
        let mut at = range.start;
        while at < range.end {
            let start = at;
            at = next_line(raw, at, range.end);
            while at < range.end && matches!(raw[at], b' ' | b'\t') {
                at = next_line(raw, at, range.end);
            }
            let text = &raw[start..at];
            let text = text.strip_suffix(b"\n").map_or(text, |text| text.strip_suffix(b"\r").unwrap_or(text));
            header.lone_cr |= has_lone_cr(text);
            match parse_field(text, start) {
                Some(field) => header.fields.push(field),
                None => header.junk += 1,
            }
            if (header.fields.len() + header.junk) as u64 > limits.header_fields {
                return Err(Error::new(Code::LimitHeaderFields).at(start));
            }
        }
        Ok(header)
    }

    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// The first field of that name, in whatever case.
    pub fn first(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Field<'a>> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// How many lines (with their continuations) are no field.
    pub fn junk(&self) -> usize {
        self.junk
    }

    /// A CR stands without LF in some field: readers that take it for a line end see other fields.
    pub fn has_lone_cr(&self) -> bool {
        self.lone_cr
    }
}

fn has_lone_cr(text: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', text).any(|at| text.get(at + 1) != Some(&b'\n'))
}

/// `None`: the name has characters that no field name has (RFC 5322 §3.6.8).
fn parse_field(text: &[u8], offset: usize) -> Option<Field<'_>> {
    let colon = memchr(b':', text)?;
    let name = text[..colon].trim_ascii_end();
    let sound = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    sound.then_some(Field { name, value: &text[colon + 1..], offset })
}

/// The parts of a multipart body (RFC 2046 §5.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Multipart {
    /// Each without the line end that belongs to the delimiter behind it.
    pub parts: Vec<Range<usize>>,
    pub preamble: Range<usize>,
    pub epilogue: Range<usize>,
    /// The closing delimiter was there.
    pub closed: bool,
    /// A delimiter stands in the epilogue: other readers may see more parts.
    pub reopened: bool,
}

impl Multipart {
    /// One linear search for the delimiter at line starts; blanks may follow it. Blanks at the boundary's end do not count
    /// (RFC 2046 forbids them). An empty boundary, or one with a line end, has no parts.
    ///
    /// Errors: `limit.mime-parts`; `misuse.argument` for a range outside `raw`.
    pub fn split(raw: &[u8], body: Range<usize>, boundary: &[u8], limits: &Limits) -> Result<Self> {
        inside(raw, &body)?;
        let mut multipart = Self { preamble: body.clone(), epilogue: body.end..body.end, ..Self::default() };
        let boundary = boundary.trim_ascii_end();
        if boundary.is_empty() || boundary.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
            return Ok(multipart);
        }
        let needle = [b"\n--", boundary].concat();
        let first = raw[body.clone()].starts_with(&needle[1..]).then_some(body.start);
        // The needle has one line end, so hits cannot overlap and the search never looks twice.
        let hits = memmem::find_iter(&raw[body.clone()], &needle).map(|hit| body.start + hit + 1);
        let mut open: Option<usize> = None;
        for at in first.into_iter().chain(hits) {
            let Some((close, next)) = delimiter_end(raw, at + needle.len() - 1, body.end) else { continue };
            if multipart.closed {
                multipart.reopened = true;
                break;
            }
            let end = without_line_end(raw, body.start, at);
            match open {
                None => multipart.preamble = body.start..end,
                Some(start) => multipart.parts.push(start..end.max(start)),
            }
            open = (!close).then_some(next);
            if close {
                multipart.closed = true;
                multipart.epilogue = next..body.end;
            } else if multipart.parts.len() as u64 >= limits.mime_parts {
                return Err(Error::new(Code::LimitMimeParts).at(at));
            }
        }
        if let Some(start) = open {
            multipart.parts.push(start..body.end);
        }
        Ok(multipart)
    }
}

/// `at` is behind the boundary. Whether the delimiter closes, and where the next line begins; `None`: no delimiter.
fn delimiter_end(raw: &[u8], at: usize, end: usize) -> Option<(bool, usize)> {
    let rest = &raw[at..end];
    let (close, rest) = rest.strip_prefix(b"--").map_or((false, rest), |rest| (true, rest));
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = &rest[blanks..];
    match rest {
        [] => Some((close, end)),
        [b'\r'] => Some((close, end)),
        [b'\n', ..] => Some((close, end - rest.len() + 1)),
        [b'\r', b'\n', ..] => Some((close, end - rest.len() + 2)),
        _ => None,
    }
}

/// `line` is a line's begin; the end of what stands before it, without the line end between.
pub(crate) fn without_line_end(raw: &[u8], start: usize, line: usize) -> usize {
    let before = &raw[start..line];
    let text = before.strip_suffix(b"\n").map_or(before, |text| text.strip_suffix(b"\r").unwrap_or(text));
    start + text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(body: &[u8], boundary: &str) -> (Vec<String>, Multipart) {
        let multipart = Multipart::split(body, 0..body.len(), boundary.as_bytes(), &Limits::default()).unwrap();
        let parts = multipart.parts.iter().map(|part| String::from_utf8_lossy(&body[part.clone()]).into_owned());
        (parts.collect(), multipart)
    }

    #[test]
    fn rfc5322_2_1_entity() {
        for (raw, header, body) in [
            ("A: b\r\n\r\nbody", "A: b\r\n", "body"),
            ("A: b\n\nbody\n\n", "A: b\n", "body\n\n"),
            ("From x y\r\nA: b\r\n\r\n", "A: b\r\n", ""),
            ("\r\nbody", "", "body"),
            ("A: b", "A: b", ""),
            ("A: b\r\n\nx", "A: b\r\n", "x"),
            ("", "", ""),
        ] {
            let entity = Entity::scan(raw.as_bytes(), 0..raw.len(), &Limits::default()).unwrap();
            assert_eq!((&raw[entity.header], &raw[entity.body]), (header, body));
        }
        assert!(Entity::scan(b"", 0..1, &Limits::default()).is_err());
    }

    #[test]
    fn rfc5322_2_2_fields() {
        let raw = b" lost\r\nFrom : a\r\nbad line\r\n more\r\nX: b\r\n\tc\r\nfrom:d\rE: f\r\nN\0: x\r\n:\r\n";
        let header = Header::parse(raw, 0..raw.len(), &Limits::default()).unwrap();
        let values: Vec<&[u8]> = header.all("FROM").map(|field| field.value).collect();
        assert_eq!(values, [&b" a"[..], b"d\rE: f"]);
        assert_eq!(header.first("x").unwrap().value, b" b\r\n\tc");
        assert_eq!((header.fields().len(), header.junk(), header.has_lone_cr()), (3, 4, true));
        assert_eq!(header.fields()[0].offset, 7);
    }

    #[test]
    fn header_limits() {
        let limits = Limits { header_bytes: 100, header_fields: 5, ..Limits::default() };
        let raw = b"A: b\r\n".repeat(10);
        assert_eq!(Header::parse(&raw, 0..60, &limits).unwrap_err().code(), Code::LimitHeaderFields);
        assert!(Entity::scan(&raw, 0..60, &limits).is_ok());
        let raw = b"A: b\r\n".repeat(100);
        assert_eq!(Entity::scan(&raw, 0..600, &limits).unwrap_err().code(), Code::LimitHeaderBytes);
    }

    #[test]
    fn rfc2046_5_1_1_parts() {
        let (parts, multipart) = split(b"pre\r\n--b \t\r\none\r\n\r\n--b\r\ntwo\r\n--b--\r\nepi", "b");
        assert_eq!(parts, ["one\r\n", "two"]);
        assert_eq!((multipart.preamble, multipart.epilogue, multipart.closed), (0..3, 36..39, true));
        let (parts, multipart) = split(b"--b\n--b\n\n--b", "b");
        assert_eq!(
            (parts, multipart.closed),
            (vec![String::new(); 2].into_iter().chain([String::new()]).collect(), false)
        );
    }

    #[test]
    fn rfc2046_5_1_1_no_delimiters() {
        assert_eq!(split(b"--bb\r\nx\r\n--b-\r\n --b\r\ny--b\r\n--b x\r\n--b\rz", "b").0.len(), 0);
        assert_eq!(split(b"--\r\nx\r\n----\r\n", "").0.len(), 0);
        assert_eq!(split(b"--b\r\nx\r\n--bb\r\ny\r\n--b--", "b").0, ["x\r\n--bb\r\ny"]);
        assert_eq!(split(b"--b \r\nx\r\n--b--", "b ").0, ["x"]);
        assert!(split(b"--b\r\nx\r\n--b--\r\n--b\r\nhidden", "b").1.reopened);
    }

    #[test]
    fn a_million_tiny_parts_hit_the_limit() {
        let body = b"--b\n".repeat(1_000_000);
        let error = Multipart::split(&body, 0..body.len(), b"b", &Limits::default()).unwrap_err();
        assert_eq!(error.code(), Code::LimitMimeParts);
    }

    proptest! {
        #[test]
        fn join_then_split(parts in prop::collection::vec("[a-z\r\n -]{0,20}", 0..6), crlf: bool) {
            let eol = if crlf { "\r\n" } else { "\n" };
            // A part that ends in CR would merge with a bare LF.
            let parts: Vec<String> = parts.into_iter().map(|part| part + ".").collect();
            let body: String = parts.iter().map(|part| format!("--=B{eol}{part}{eol}")).collect::<String>() + "--=B--" + eol;
            prop_assert_eq!(split(body.as_bytes(), "=B").0, parts);
        }

        #[test]
        fn any_bytes(raw in prop::collection::vec(prop::sample::select(b"-b\r\n :\t\0".to_vec()), 0..120)) {
            let limits = Limits::default();
            let entity = Entity::scan(&raw, 0..raw.len(), &limits).unwrap();
            prop_assert!(Header::parse(&raw, entity.header, &limits).is_ok());
            let multipart = Multipart::split(&raw, entity.body, b"b", &limits).unwrap();
            for pair in multipart.parts.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start);
            }
        }
    }
}
