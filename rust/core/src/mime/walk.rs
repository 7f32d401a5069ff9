//! The whole tree of a message in one pass.
//!
//! One cursor moves forward over the lines and a list of open multiparts says which delimiters count, so the time is linear in the
//! input whatever the nesting. An outer boundary ends all inner parts (RFC 2046 §5.1.2) and hides an inner one of the same text.

use core::ops::Range;
use std::collections::HashMap;

use memchr::{memchr, memmem};

use crate::error::{Error, Result};
use crate::finding::Code;
use crate::limits::Limits;
use crate::mime::content_type::ContentType;
use crate::mime::scan::{Entity, Header, Multipart, inside, scan_header, without_line_end};
use crate::mime::transfer::TransferEncoding;

/// One entity of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// `/` for the message, `/2/1` for the first part of its second part. The message inside message/rfc822 at `/2` is `/2/1`.
    pub path: String,
    /// 0 for the message; parts and the message inside message/rfc822 are one deeper.
    pub depth: usize,
    pub parent: Option<usize>,
    /// The entity's exact bytes: what a multipart/signed signs is this of its first part.
    pub range: Range<usize>,
    pub entity: Entity,
    pub content_type: ContentType,
    pub transfer_encoding: TransferEncoding,
    /// For a multipart with a usable boundary.
    pub multipart: Option<Multipart>,
    /// Readers may see another structure: repeated Content-Type or Content-Transfer-Encoding, a malformed type, repeated
    /// parameters, an encoded multipart, a delimiter behind the closing one, lines that are no fields, a CR alone.
    pub ambiguous: bool,
}

/// The entities of `raw[range]` in document order.
///
/// message/rfc822 and message/global are entered unless they are encoded (RFC 2046 §5.2.1 forbids that).
/// Errors: `limit.mime-depth`, `limit.mime-parts`, `limit.header-bytes`, `limit.header-fields`; `misuse.argument` for a range outside.
pub fn walk(raw: &[u8], range: Range<usize>, limits: &Limits) -> Result<Vec<Node>> {
    inside(raw, &range)?;
    let mut walk =
        Walk { raw, end: range.end, limits, nodes: Vec::new(), open: Vec::new(), boundaries: HashMap::new() };
    let mut begin = Some(range.start);
    let mut at = range.start;
    loop {
        while let Some(start) = begin.take() {
            (at, begin) = walk.begin_entity(start)?;
        }
        let Some(hit) = walk.next_delimiter(at) else { break };
        walk.close_above(hit.frame, without_line_end(raw, range.start, hit.line));
        at = hit.next;
        begin = walk.take_delimiter(&hit);
    }
    walk.close_all();
    Ok(walk.nodes)
}

struct Walk<'a> {
    raw: &'a [u8],
    end: usize,
    limits: &'a Limits,
    nodes: Vec<Node>,
    /// Entities whose end is not known yet, outermost first: indices into `nodes`.
    open: Vec<Frame>,
    /// Boundary → place in `open`. Only the outermost of equal boundaries stands here.
    boundaries: HashMap<Vec<u8>, usize>,
}

struct Frame {
    node: usize,
    boundary: Option<Vec<u8>>,
    children: usize,
}

struct Hit {
    line: usize,
    next: usize,
    frame: usize,
    close: bool,
}

impl Walk<'_> {
    /// Where to look for delimiters next, and where a message inside begins.
    fn begin_entity(&mut self, start: usize) -> Result<(usize, Option<usize>)> {
        self.check_limits(start)?;
        let found = scan_header(self.raw, start..self.end, self.limits, |at| self.delimiter_at(at).is_some())?;
        let entity = Entity { header: found.start..found.end, body: found.next..self.end };
        let header = Header::parse(self.raw, entity.header.clone(), self.limits)?;
        let parent = self.open.last().map(|frame| frame.node);
        let (content_type, transfer_encoding, mut ambiguous) = self.labels(&header, parent);
        let identity = transfer_encoding.is_identity();
        let boundary = content_type.boundary().map(|boundary| boundary.as_bytes().to_vec());
        ambiguous |= content_type.kind == "multipart" && !identity;
        let is_message = content_type.kind == "message" && matches!(content_type.subtype.as_str(), "rfc822" | "global");
        let multipart = boundary.as_ref().map(|_| Multipart {
            preamble: found.next..found.next,
            epilogue: self.end..self.end,
            ..Multipart::default()
        });
        let has_body = found.next < self.end && self.delimiter_at(found.next).is_none();
        let path = self.path(parent);
        let range = start..self.end;
        let depth = self.open.len();
        let node = Node { path, depth, parent, range, entity, content_type, transfer_encoding, multipart, ambiguous };
        self.nodes.push(node);
        self.push_frame(boundary);
        Ok((found.next, (is_message && identity && has_body).then_some(found.next)))
    }

    fn check_limits(&self, at: usize) -> Result<()> {
        if self.open.len() as u64 > self.limits.mime_depth {
            return Err(Error::new(Code::LimitMimeDepth).at(at));
        }
        if self.nodes.len() as u64 > self.limits.mime_parts {
            return Err(Error::new(Code::LimitMimeParts).at(at));
        }
        Ok(())
    }

    fn labels(&self, header: &Header<'_>, parent: Option<usize>) -> (ContentType, TransferEncoding, bool) {
        let mut types = header.all("Content-Type");
        // RFC 2046 §5.1.5: parts of a digest are messages unless they say otherwise.
        let in_digest = parent.is_some_and(|parent| self.nodes[parent].content_type.is("multipart", "digest"));
        let content_type = match types.next() {
            Some(field) => ContentType::parse(field.value),
            None if in_digest => ContentType::of("message", "rfc822"),
            None => ContentType::default(),
        };
        let mut encodings = header.all("Content-Transfer-Encoding");
        let encoding =
            encodings.next().map_or(TransferEncoding::SevenBit, |field| TransferEncoding::parse(field.value));
        let ambiguous = types.next().is_some()
            || encodings.next().is_some()
            || content_type.malformed
            || content_type.duplicate_parameter
            || encoding == TransferEncoding::Unknown
            || header.junk() > 0
            || header.has_lone_cr();
        (content_type, encoding, ambiguous)
    }

    fn path(&mut self, parent: Option<usize>) -> String {
        let (Some(frame), Some(parent)) = (self.open.last_mut(), parent) else { return "/".to_owned() };
        frame.children += 1;
        let above = self.nodes[parent].path.trim_end_matches('/');
        format!("{above}/{}", frame.children)
    }

    fn push_frame(&mut self, boundary: Option<Vec<u8>>) {
        let place = self.open.len();
        // An outer multipart of the same boundary takes all its delimiters.
        let own = boundary.filter(|boundary| !self.boundaries.contains_key(boundary));
        if let Some(boundary) = &own {
            self.boundaries.insert(boundary.clone(), place);
        }
        self.open.push(Frame { node: self.nodes.len() - 1, boundary: own, children: 0 });
    }

    fn next_delimiter(&self, from: usize) -> Option<Hit> {
        if self.boundaries.is_empty() {
            return None;
        }
        if let Some(hit) = self.delimiter_at(from) {
            return Some(hit);
        }
        let hits = memmem::find_iter(self.raw.get(from..self.end)?, b"\n--");
        hits.map(|at| from + at + 1).find_map(|line| self.delimiter_at(line))
    }

    /// `line` is a line's begin.
    fn delimiter_at(&self, line: usize) -> Option<Hit> {
        let rest = self.raw.get(line..self.end)?.strip_prefix(b"--")?;
        let (text, next) = match memchr(b'\n', rest) {
            Some(at) => (&rest[..at], line + 2 + at + 1),
            None => (rest, self.end),
        };
        let text = trim_blanks(text.strip_suffix(b"\r").unwrap_or(text));
        let open = self.boundaries.get(text).map(|frame| (*frame, false));
        let stem = text.strip_suffix(b"--");
        // A closing delimiter may not have blanks before its dashes, and boundaries never end with blanks.
        let close = stem.and_then(|stem| self.boundaries.get(stem)).map(|frame| (*frame, true));
        let (frame, close) = open.into_iter().chain(close).min_by_key(|(frame, _)| *frame)?;
        Some(Hit { line, next, frame, close })
    }

    /// Ends what is open inside `frame` at `end`.
    fn close_above(&mut self, frame: usize, end: usize) {
        // Two delimiters in a row share a line end: the part between is empty and ends where it begins.
        let part = self.open.get(frame + 1).map_or(0, |inner| self.nodes[inner.node].range.start);
        let end = end.max(part);
        while self.open.len() > frame + 1 {
            if let Some(closed) = self.open.pop() {
                self.end_node(&closed, end);
            }
        }
    }

    fn end_node(&mut self, frame: &Frame, end: usize) {
        if let Some(boundary) = &frame.boundary {
            self.boundaries.remove(boundary);
        }
        let raw = self.raw;
        let node = &mut self.nodes[frame.node];
        node.range = node.range.start.min(end)..end;
        for range in [&mut node.entity.header, &mut node.entity.body] {
            *range = range.start.min(end)..range.end.min(end);
        }
        node.entity.body.end = end;
        let body = node.entity.body.clone();
        let Some(multipart) = &mut node.multipart else { return };
        for part in &mut multipart.parts {
            *part = part.start.min(end)..part.end.min(end);
        }
        if multipart.parts.is_empty() && !multipart.closed {
            multipart.preamble = body.clone();
        }
        multipart.epilogue = if multipart.closed { multipart.epilogue.start.min(end)..end } else { end..end };
        if multipart.closed {
            multipart.reopened = node.content_type.boundary().is_some_and(|boundary| {
                let epilogue = multipart.epilogue.clone();
                has_delimiter(&raw[epilogue], boundary.as_bytes())
            });
            node.ambiguous |= multipart.reopened;
        }
    }

    /// Records the part that ended and the one that begins; the latter's offset.
    fn take_delimiter(&mut self, hit: &Hit) -> Option<usize> {
        let frame = &mut self.open[hit.frame];
        let node = &mut self.nodes[frame.node];
        let end = without_line_end(self.raw, node.entity.body.start.min(hit.line), hit.line);
        let multipart = node.multipart.as_mut()?;
        match multipart.parts.last_mut() {
            None => multipart.preamble = node.entity.body.start..end,
            Some(part) => part.end = end.max(part.start),
        }
        if hit.close {
            multipart.closed = true;
            multipart.epilogue = hit.next..self.end;
            if let Some(boundary) = frame.boundary.take() {
                self.boundaries.remove(&boundary);
            }
            return None;
        }
        multipart.parts.push(hit.next..self.end);
        Some(hit.next)
    }

    fn close_all(&mut self) {
        while let Some(frame) = self.open.pop() {
            self.end_node(&frame, self.end);
        }
    }
}

/// One more search of the epilogue: its bytes belong to no inner part, so epilogues do not overlap, so this stays linear.
fn has_delimiter(epilogue: &[u8], boundary: &[u8]) -> bool {
    let limits = Limits::default();
    Multipart::split(epilogue, 0..epilogue.len(), boundary, &limits)
        .map_or(true, |multipart| multipart.closed || !multipart.parts.is_empty())
}

fn trim_blanks(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |at| at + 1);
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paths(raw: &str) -> Vec<(String, String)> {
        let nodes = walk(raw.as_bytes(), 0..raw.len(), &Limits::default()).unwrap();
        nodes.into_iter().map(|node| (node.path, raw[node.entity.body].to_owned())).collect()
    }

    const NESTED: &str = "Content-Type: multipart/mixed; boundary=a\r\n\r\npre\r\n--a\r\n\r\none\r\n--a\r\nContent-Type: multipart/x; \
        boundary=\"a b\"\r\n\r\n--a b\r\n\r\ntwo\r\n--a b--\r\nepi\r\n--a\r\nContent-Type: message/rfc822\r\n\r\nS: x\r\n\r\nthree\r\n--a--\r\n";

    #[test]
    fn rfc2046_5_1_tree() {
        let found = paths(NESTED);
        let wanted = [("/1", "one"), ("/2/1", "two"), ("/3/1", "three")];
        assert_eq!(found.len(), 6);
        for (path, body) in wanted {
            assert!(found.contains(&(path.to_owned(), body.to_owned())), "{path} {found:?}");
        }
    }

    #[test]
    fn rfc2046_5_1_2_outer_boundary_ends_inner_parts() {
        let raw = "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--a\n\ny\n--a--\n";
        let nodes = walk(raw.as_bytes(), 0..raw.len(), &Limits::default()).unwrap();
        let seen: Vec<(&str, &str)> = nodes.iter().map(|n| (n.path.as_str(), &raw[n.entity.body.clone()])).collect();
        assert_eq!(seen[2..], [("/1/1", "x"), ("/2", "y")]);
        assert!(!nodes[1].multipart.as_ref().unwrap().closed && nodes[0].multipart.as_ref().unwrap().closed);
    }

    #[test]
    fn rfc2046_5_1_5_digest() {
        let raw = "Content-Type: multipart/digest; boundary=a\n\n--a\n\nS: x\n\ny\n--a--";
        assert_eq!(paths(raw)[2], ("/1/1".to_owned(), "y".to_owned()));
    }

    #[test]
    fn ambiguous_structures_are_flagged() {
        for header in [
            "Content-Type: a/b\nContent-Type: a/b",
            "Content-Transfer-Encoding: base64, 7bit",
            "Content-Type: multipart/mixed; boundary=a\nContent-Transfer-Encoding: base64",
            "no field",
            "X: a\rb",
        ] {
            let raw = format!("{header}\n\n");
            assert!(walk(raw.as_bytes(), 0..raw.len(), &Limits::default()).unwrap()[0].ambiguous, "{header}");
        }
        assert!(walk(NESTED.as_bytes(), 0..NESTED.len(), &Limits::default()).unwrap().iter().all(|n| !n.ambiguous));
    }

    fn on_small_stack(raw: Vec<u8>, limits: Limits) -> Result<usize> {
        let work = move || walk(&raw, 0..raw.len(), &limits).map(|nodes| nodes.len());
        std::thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap().join().unwrap()
    }

    #[test]
    fn bombs_hit_their_limits_on_a_small_stack() {
        let messages = b"Content-Type: message/rfc822\n\n".repeat(100_000);
        assert_eq!(on_small_stack(messages.clone(), Limits::default()).unwrap_err().code(), Code::LimitMimeDepth);
        let limits = Limits { mime_depth: 3_000, ..Limits::default() };
        assert_eq!(on_small_stack(messages[..90_000].to_vec(), limits).unwrap(), 3_000);
        let nested = |count: usize| -> Vec<u8> {
            (0..count)
                .flat_map(|n| format!("Content-Type: multipart/x; boundary=b{n}\n\n--b{n}\n").into_bytes())
                .collect()
        };
        assert_eq!(on_small_stack(nested(100_000), Limits::default()).unwrap_err().code(), Code::LimitMimeDepth);
        let parts = [&b"Content-Type: multipart/x; boundary=b\n\n"[..], &b"--b\n".repeat(1_000_000)].concat();
        assert_eq!(on_small_stack(parts, Limits::default()).unwrap_err().code(), Code::LimitMimeParts);
    }

    /// Splitting each multipart apart gives the same tree: an independent reading.
    fn by_splitting(raw: &[u8], range: Range<usize>, out: &mut Vec<(Range<usize>, Option<Multipart>)>) {
        let limits = Limits::default();
        let entity = Entity::scan(raw, range.clone(), &limits).unwrap();
        let header = Header::parse(raw, entity.header, &limits).unwrap();
        let content_type = header.first("Content-Type").map(|f| ContentType::parse(f.value)).unwrap_or_default();
        let multipart =
            content_type.boundary().map(|b| Multipart::split(raw, entity.body.clone(), b.as_bytes(), &limits).unwrap());
        let parts = multipart.as_ref().map(|multipart| multipart.parts.clone()).unwrap_or_default();
        out.push((range, multipart));
        for part in parts {
            by_splitting(raw, part, out);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn same_tree_as_splitting(lines in prop::collection::vec(prop::sample::select(vec![
            "Content-Type: multipart/x; boundary=a", "Content-Type: multipart/x; boundary=b", "Content-Type: multipart/x; boundary=b--",
            "", "", "--a", "--b", "--a--", "--b--", "--b-- ", "--b----", "text",
        ]), 0..30), crlf: bool) {
            let raw = lines.join(if crlf { "\r\n" } else { "\n" }).into_bytes();
            let nodes = walk(&raw, 0..raw.len(), &Limits::default()).unwrap();
            let found: Vec<_> = nodes.into_iter().map(|node| (node.range, node.multipart)).collect();
            let mut wanted = Vec::new();
            by_splitting(&raw, 0..raw.len(), &mut wanted);
            prop_assert_eq!(found, wanted);
        }

        #[test]
        fn any_bytes(raw in prop::collection::vec(prop::sample::select(b"-b\r\n :\t\0".to_vec()), 0..120)) {
            let raw = [&b"Content-Type: multipart/x; boundary=b\n\n"[..], &raw].concat();
            for node in walk(&raw, 0..raw.len(), &Limits::default()).unwrap() {
                prop_assert!(raw.get(node.entity.header).is_some() && raw.get(node.entity.body).is_some());
            }
        }
    }
}
