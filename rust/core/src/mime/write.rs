//! An entity in a form that no relay changes (RFC 8551 §3.1.2, §3.1.3; RFC 2049 §3): CRLF, 7bit, lines of at most 76
//! characters without blanks at their end, no tabs, no line that begins with `From `.

use memchr::{memchr, memchr_iter, memchr2, memmem};

use crate::error::{Error, Result};
use crate::finding::Code;
use crate::limits::Limits;
use crate::mime::canonical::canonical;
use crate::mime::scan::{Header, without_line_end};
use crate::mime::transfer::{TransferEncoding, decode, encode_base64, encode_quoted_printable};
use crate::mime::walk::{Node, walk};

/// RFC 2045 §6.7, §6.8; below the 78 of RFC 5322 §2.1.1.
const LINE: usize = 76;

/// The entity, changed as little as that takes: parts that are safe stay as they are but for their line ends, others are encoded
/// anew; headers keep their fields. What was signed or encrypted before is never changed.
///
/// Err: MakingNested, MakingHeader, `limit.mime-*`.
pub fn transportable(entity: Vec<u8>, limits: &Limits) -> Result<Vec<u8>> {
    // An LF alone may be an octet of a binary part: then the parts are looked at one by one.
    if canonical(&entity).is_identity() && is_safe(&entity) {
        return Ok(entity);
    }
    let raw = entity.as_slice();
    let nodes = walk(raw, 0..raw.len(), limits)?;
    let mut children = vec![Vec::new(); nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            children[parent].push(index);
        }
    }
    let mut writing =
        Writing { raw, nodes: &nodes, children: &children, limits, out: Vec::with_capacity(raw.len() * 2) };
    writing.entity(0)?;
    Ok(writing.out)
}

/// Lines that every relay lets through. Line ends may still be LF: they become CRLF without a change of meaning.
pub(crate) fn is_safe(text: &[u8]) -> bool {
    if !text.is_ascii() || memchr2(0, b'\t', text).is_some() {
        return false;
    }
    let mut start = 0;
    for end in memchr_iter(b'\n', text).chain([text.len()]) {
        let line = &text[start..end];
        if !is_safe_line(line.strip_suffix(b"\r").unwrap_or(line)) {
            return false;
        }
        start = end + 1;
    }
    true
}

fn is_safe_line(line: &[u8]) -> bool {
    line.len() <= LINE
        && !line.starts_with(b"From ")
        && line != b"."
        && line.last() != Some(&b' ')
        && memchr(b'\r', line).is_none()
}

/// The fields of a header, each with CRLF and without blanks at the ends of its lines; those that `keep` turns away are left out.
///
/// Err: MakingHeader for a CR alone, a NUL, or a line that is no field.
pub(crate) fn fields(
    raw: &[u8],
    range: core::ops::Range<usize>,
    keep: impl Fn(&[u8]) -> bool,
    out: &mut Vec<u8>,
    limits: &Limits,
) -> Result<()> {
    let header = Header::parse(raw, range, limits)?;
    if header.junk() > 0 {
        return Err(Error::with(Code::MakingHeader, "a line of the header is no field"));
    }
    for field in header.fields().iter().filter(|field| keep(field.name)) {
        let name = String::from_utf8_lossy(field.name).into_owned();
        if header.has_lone_cr() && memchr(b'\r', &without_crlf(field.value)).is_some()
            || memchr(0, field.value).is_some()
        {
            return Err(Error::with(Code::MakingHeader, format!("{name}: a CR alone or a NUL in the header")));
        }
        out.extend_from_slice(field.name);
        out.push(b':');
        for line in field.value.split(|byte| *byte == b'\n') {
            let line = line.trim_ascii_end();
            // What is signed must not change where a relay turns tabs into blanks; folds are either.
            let (fold, line) = match line.split_first() {
                Some((b'\t', rest)) if is_content(field.name) => (&b" "[..], rest),
                _ => (&b""[..], line),
            };
            // A line of blanks alone would end the header for some readers (RFC 5322 §3.2.2).
            if !line.is_empty() {
                out.extend_from_slice(fold);
                out.extend_from_slice(line);
                out.extend_from_slice(b"\r\n");
            }
        }
        if out.last() == Some(&b':') {
            out.extend_from_slice(b"\r\n");
        }
    }
    Ok(())
}

/// The fields that belong to an entity (RFC 2045 §3).
pub(crate) fn is_content(name: &[u8]) -> bool {
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"Content-"))
}

fn without_crlf(value: &[u8]) -> Vec<u8> {
    value.split(|byte| *byte == b'\n').flat_map(|line| line.strip_suffix(b"\r").unwrap_or(line)).copied().collect()
}

struct Writing<'a> {
    raw: &'a [u8],
    nodes: &'a [Node],
    children: &'a [Vec<usize>],
    limits: &'a Limits,
    out: Vec<u8>,
}

impl Writing<'_> {
    /// Recursion is bounded by `Limits.mime_depth`, which `walk` keeps.
    fn entity(&mut self, index: usize) -> Result<()> {
        let node = &self.nodes[index];
        if is_sealed(node) {
            return self.verbatim(node);
        }
        match (&node.multipart, self.children[index].as_slice()) {
            (Some(_), [_, ..]) => self.multipart(index),
            (None, [inner]) => {
                self.header(node, None)?;
                self.entity(*inner)
            }
            _ => self.leaf(node),
        }
    }

    fn multipart(&mut self, index: usize) -> Result<()> {
        let node = &self.nodes[index];
        let Some(multipart) = &node.multipart else { return Ok(()) };
        self.header(node, None)?;
        let boundary = node.content_type.boundary().unwrap_or_default().trim_ascii_end().as_bytes().to_vec();
        self.aside(&self.raw[multipart.preamble.clone()]);
        for child in &self.children[index] {
            self.delimiter(&boundary, b"");
            self.entity(*child)?;
            self.out.extend_from_slice(b"\r\n");
        }
        self.delimiter(&boundary, b"--");
        self.aside(&self.raw[multipart.epilogue.clone()]);
        // The delimiter that may follow brings its own line end.
        let end = without_line_end(&self.out, 0, self.out.len());
        self.out.truncate(end);
        Ok(())
    }

    fn delimiter(&mut self, boundary: &[u8], end: &[u8]) {
        for piece in [b"--", boundary, end, b"\r\n"] {
            self.out.extend_from_slice(piece);
        }
    }

    /// Preamble and epilogue: no reader of MIME shows them (RFC 2046 §5.1.1), so what is not safe is left out.
    fn aside(&mut self, text: &[u8]) {
        if !text.is_empty() && is_safe(text) {
            self.out.extend(canonical(text).chunks().flatten());
            if !self.out.ends_with(b"\r\n") {
                self.out.extend_from_slice(b"\r\n");
            }
        }
    }

    fn leaf(&mut self, node: &Node) -> Result<()> {
        let body = &self.raw[node.entity.body.clone()];
        let content_type = &node.content_type;
        let encoded = !node.transfer_encoding.is_identity();
        if node.transfer_encoding != TransferEncoding::Binary && is_safe(body) {
            self.header(node, None)?;
            self.out.extend(canonical(body).chunks().flatten());
            return Ok(());
        }
        // RFC 2046 §5.1, §5.2.1: a composite type is never encoded.
        if matches!(content_type.kind.as_str(), "multipart" | "message") && !encoded {
            return Err(cannot(node, "it is neither safe nor may it be encoded"));
        }
        let content = decode(body, node.transfer_encoding)?.bytes;
        let text = content_type.kind == "text" && node.transfer_encoding != TransferEncoding::Binary;
        let content = if text && !encoded { canonical(&content).to_vec() } else { content.into_owned() };
        let (name, encoded) = if text && reads_well(&content) {
            ("quoted-printable", encode_quoted_printable(&content))
        } else {
            ("base64", encode_base64(&content))
        };
        self.header(node, Some(name))?;
        self.out.extend_from_slice(&encoded);
        Ok(())
    }

    /// The fields, with another Content-Transfer-Encoding if one is given, and the empty line.
    fn header(&mut self, node: &Node, encoding: Option<&str>) -> Result<()> {
        let keep = |name: &[u8]| encoding.is_none() || !name.eq_ignore_ascii_case(b"Content-Transfer-Encoding");
        fields(self.raw, node.entity.header.clone(), keep, &mut self.out, self.limits)?;
        if let Some(encoding) = encoding {
            self.out.extend_from_slice(format!("Content-Transfer-Encoding: {encoding}\r\n").as_bytes());
        }
        self.out.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// What somebody signed or encrypted: byte for byte, but for line ends.
    fn verbatim(&mut self, node: &Node) -> Result<()> {
        let bytes = &self.raw[node.range.clone()];
        if !bytes.is_ascii() || memchr(0, bytes).is_some() || node.transfer_encoding == TransferEncoding::Binary {
            return Err(cannot(node, "it is signed or encrypted and not 7bit"));
        }
        self.out.extend(canonical(bytes).chunks().flatten());
        Ok(())
    }
}

fn is_sealed(node: &Node) -> bool {
    let is = |subtype| node.content_type.is("multipart", subtype);
    is("signed") || is("encrypted")
}

/// Whether quoted-printable is legible and not longer than base64: at most one octet in six is encoded.
fn reads_well(content: &[u8]) -> bool {
    let odd = content.iter().filter(|byte| !matches!(byte, b' '..=b'~' | b'\r' | b'\n')).count();
    let lone_cr = memmem::find_iter(content, b"\r").any(|at| content.get(at + 1) != Some(&b'\n'));
    odd * 6 <= content.len() && !lone_cr
}

fn cannot(node: &Node, why: &str) -> Error {
    let (kind, subtype) = (&node.content_type.kind, &node.content_type.subtype);
    let text = format!("{kind}/{subtype} at {} cannot be sent as it is: {why}", node.path);
    Error::with(Code::MakingNested, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(raw: &[u8]) -> Vec<u8> {
        transportable(raw.to_vec(), &Limits::default()).unwrap()
    }

    #[test]
    fn safe_text_only_gets_its_line_ends() {
        assert_eq!(written(b"Content-Type: text/plain\n\nhello\n"), b"Content-Type: text/plain\r\n\r\nhello\r\n");
    }

    #[test]
    fn rfc8551_3_1_3_what_relays_change_is_encoded() {
        for (body, encoded) in [
            (&b"From here on\r\n"[..], &b"=46rom here on\r\n"[..]),
            (b"blank at the end \r\n", b"blank at the end=20\r\n"),
            (b"caf\xc3\xa9 au lait\r\n", b"caf=C3=A9 au lait\r\n"),
            (b"no line end, a tab\t", b"no line end, a tab=09"),
            (b"a tab\tand more", b"a tab=09and more"),
        ] {
            let raw = [b"Content-Type: text/plain\r\n\r\n", body].concat();
            let wanted =
                [b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", encoded].concat();
            assert_eq!(written(&raw), wanted);
        }
        let long = [b"Content-Type: text/plain\r\n\r\n", vec![b'x'; 77].as_slice()].concat();
        assert!(is_safe(&written(&long)) && written(&long).ends_with(b"xx=\r\nxx"));
    }

    #[test]
    fn binary_parts_keep_every_octet() {
        let raw = b"Content-Type: image/png\nContent-Transfer-Encoding: binary\n\n\n\r\n\x00\xff\r";
        assert!(written(&raw[..60]).ends_with(b"base64\r\n\r\nCg==\r\n"), "a line feed alone is data here");
        let out = written(raw);
        assert!(out.ends_with(b"Content-Transfer-Encoding: base64\r\n\r\nCg0KAP8N\r\n"), "{out:?}");
    }

    #[test]
    fn parts_are_looked_at_one_by_one() {
        let raw = b"Content-Type: multipart/mixed; boundary=b \n\npre\xc3\n--b \nContent-Type: text/plain\n\nFrom me\n--b\n\nsafe\n--b--\nend";
        let wanted = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\n=46rom me\r\n--b\r\n\r\nsafe\r\n--b--\r\nend";
        assert_eq!(String::from_utf8(written(raw)).unwrap(), String::from_utf8(wanted.to_vec()).unwrap());
    }

    #[test]
    fn what_others_signed_is_not_changed() {
        let signed = b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nFrom old times \r\n--s--";
        let raw = [b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", &signed[..], b"\r\n--b--\r\n"].concat();
        assert!(memmem::find(&written(&raw), signed).is_some());
        let raw = memmem::find(&raw, b"old").map(|at| [&raw[..at], b"\xc3", &raw[at..]].concat()).unwrap();
        assert_eq!(transportable(raw, &Limits::default()).unwrap_err().code(), Code::MakingNested);
    }

    #[test]
    fn out_01_headers_that_cannot_be_sent() {
        for raw in
            [&b"Content-Type: text/plain\rX: y\r\n\r\nFrom x"[..], b"X: a\0b\r\n\r\nFrom x", b"no field\r\n\r\nFrom x"]
        {
            assert_eq!(
                transportable(raw.to_vec(), &Limits::default()).unwrap_err().code(),
                Code::MakingHeader,
                "{raw:?}"
            );
        }
    }
}
