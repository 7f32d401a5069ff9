//! PEM text (RFC 7468): one forward scan over the lines, one base64 decoder.
//!
//! Lenient as RFC 7468 §3 "lax" and as files in the field: text around the blocks, CRLF, LF or CR, white space around
//! lines, header fields of RFC 1421. A broken block is reported in its place and does not hide the others.
//!
//! The decoder is forgiving base64 (WHATWG Infra §4.4) everywhere: white space is skipped, padding may be left out,
//! unused bits are dropped; any other character, or `=` before the end, breaks the block.

use core::fmt;

use zeroize::{Zeroize, Zeroizing};

use crate::{Code, Error, Limits, Result};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// Longer "labels" are text that looks like one.
const LABEL_BYTES: usize = 64;

/// One block, whole or broken.
#[derive(Clone, PartialEq, Eq)]
pub struct PemBlock {
    /// What stands between `BEGIN ` and the dashes: `CERTIFICATE`, `PRIVATE KEY` …
    pub label: String,
    /// Header fields (RFC 1421 §4.4), such as `Proc-Type`: name and value.
    pub headers: Vec<(String, String)>,
    /// The decoded octets; empty when `defect` is set. They vanish when dropped, as they may be a key.
    pub der: Zeroizing<Vec<u8>>,
    /// Offset of the BEGIN line in the text.
    pub offset: usize,
    /// Why the block cannot be used.
    pub defect: Option<&'static str>,
}

impl PemBlock {
    /// The octets. Err: PemMalformed at the block's offset.
    pub fn contents(&self) -> Result<&[u8]> {
        match self.defect {
            None => Ok(&self.der),
            Some(defect) => Err(Error::with(Code::PemMalformed, defect).at(self.offset)),
        }
    }

    /// The value of a header field; its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for PemBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PemBlock")
            .field("label", &self.label)
            .field("offset", &self.offset)
            .field("der", &format_args!("{} octets", self.der.len()))
            .field("defect", &self.defect)
            .finish_non_exhaustive()
    }
}

/// Whether `bytes` are PEM text: not a DER or BER SEQUENCE, and with a BEGIN at the start of a line.
pub fn is_pem(bytes: &[u8]) -> bool {
    // No text begins with "0" and an octet beyond ASCII; every SEQUENCE of 128 octets or more does.
    if matches!(bytes, [0x30, 0x80..=0xff, ..]) {
        return false;
    }
    memchr::memmem::find_iter(bytes, BEGIN).any(|at| {
        let line = bytes[..at].iter().rev().find(|byte| !matches!(byte, b' ' | b'\t'));
        // A byte order mark may stand before the first line.
        matches!(line, None | Some(b'\n' | b'\r' | 0xbf))
    })
}

/// The SEQUENCE that a text of base64 without BEGIN and END is; a character too many at its end is left out, as the text may
/// be cut off. None: it is something else.
pub fn bare(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii();
    // 0x30 and a length: nothing else is looked at for longer.
    if !matches!(text, [b'M', b'A'..=b'P', ..]) {
        return None;
    }
    let decode = |text: &[u8]| base64_simd::forgiving_decode_to_vec(text).map(Zeroizing::new).ok();
    let decoded = decode(text).or_else(|| decode(text.get(..text.len() - 1)?))?;
    decoded.starts_with(b"\x30").then_some(decoded)
}

/// All blocks of `text`, in order. Err: LimitMessageBytes.
pub fn blocks(text: &[u8], limits: &Limits) -> Result<Vec<PemBlock>> {
    if text.len() as u64 > limits.message_bytes {
        return Err(Error::new(Code::LimitMessageBytes));
    }
    let text_start = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut scan = Scan { blocks: Vec::new(), open: None };
    let mut start = text_start;
    while start < text.len() {
        let end = memchr::memchr2(b'\n', b'\r', &text[start..]).map_or(text.len(), |length| start + length);
        scan.line(text[start..end].trim_ascii(), &text[start..end], start);
        start = end + 1;
    }
    scan.close(Some("the END line is missing"));
    Ok(scan.blocks)
}

/// What has been read of the block whose END has not come yet.
struct Open {
    label: String,
    headers: Vec<(String, String)>,
    /// False: header fields may still come.
    in_body: bool,
    base64: Zeroizing<Vec<u8>>,
    offset: usize,
}

struct Scan {
    blocks: Vec<PemBlock>,
    open: Option<Open>,
}

impl Scan {
    /// `line` is `untrimmed` without the white space around it.
    fn line(&mut self, line: &[u8], untrimmed: &[u8], offset: usize) {
        if let Some(label) = boundary(line, BEGIN) {
            self.close(Some("another BEGIN line comes before the END line"));
            let base64 = Zeroizing::new(Vec::new());
            self.open = Some(Open { label, headers: Vec::new(), in_body: false, base64, offset });
        } else if let Some(label) = boundary(line, END) {
            let same = self.open.as_ref().is_some_and(|open| open.label == label);
            self.close((!same).then_some("the END line has another label than the BEGIN line"));
        } else if let Some(open) = &mut self.open {
            open.line(line, untrimmed);
        }
    }

    fn close(&mut self, defect: Option<&'static str>) {
        let Some(open) = self.open.take() else { return };
        let (der, defect) = match defect {
            Some(defect) => (Vec::new(), Some(defect)),
            None => match base64_simd::forgiving_decode_to_vec(&open.base64) {
                Ok(der) if der.is_empty() => (der, Some("the block is empty")),
                Ok(der) => (der, None),
                Err(_) => (Vec::new(), Some("the block is not base64")),
            },
        };
        let Open { label, headers, offset, .. } = open;
        self.blocks.push(PemBlock { label, headers, der: Zeroizing::new(der), offset, defect });
    }
}

impl Open {
    fn line(&mut self, line: &[u8], untrimmed: &[u8]) {
        if !self.in_body {
            if let Some(colon) = memchr::memchr(b':', line) {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
                self.headers.push((text(&line[..colon]), text(&line[colon + 1..])));
                return;
            }
            // A folded field: its continuation begins with white space (RFC 822 §3.1.1).
            let folded = untrimmed.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) && !line.is_empty();
            match self.headers.last_mut() {
                Some((_, value)) if folded => {
                    value.push_str(&String::from_utf8_lossy(line));
                    return;
                }
                _ => self.in_body = !line.is_empty() || !self.headers.is_empty(),
            }
        }
        grow(&mut self.base64, line);
    }
}

/// `extend_from_slice` that leaves no copy of a key behind where the buffer moves.
fn grow(buffer: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    if buffer.capacity() - buffer.len() < more.len() {
        let mut larger = Vec::with_capacity((buffer.len() + more.len()).max(2 * buffer.capacity()).max(4096));
        larger.extend_from_slice(buffer);
        buffer.zeroize();
        **buffer = larger;
    }
    buffer.extend_from_slice(more);
}

/// The label of a `-----BEGIN label-----` or END line.
fn boundary(line: &[u8], start: &[u8]) -> Option<String> {
    let label = line.strip_prefix(start)?.strip_suffix(DASHES)?.trim_ascii();
    let printable = label.iter().all(|byte| matches!(byte, b' '..=b'~'));
    (label.len() <= LABEL_BYTES && printable).then(|| String::from_utf8_lossy(label).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: impl AsRef<[u8]>) -> Vec<PemBlock> {
        blocks(text.as_ref(), &Limits::default()).unwrap()
    }

    #[test]
    fn rfc7468_3_lax_text_around_line_ends_and_white_space() {
        let lines =
            ["Bag Attributes", "  friendlyName: x", "-----BEGIN A B-----", "  AQ ", "", "ID", "-----END A B-----", "z"];
        for line_end in ["\n", "\r\n", "\r"] {
            let text = format!("\u{feff}{}", lines.join(line_end));
            let found = read(&text);
            assert_eq!(found.len(), 1);
            assert_eq!((found[0].label.as_str(), found[0].contents().unwrap()), ("A B", &[1, 2, 3][..]));
            assert!(text[found[0].offset..].starts_with("-----BEGIN"), "{}", found[0].offset);
            assert!(is_pem(text.as_bytes()));
        }
    }

    #[test]
    fn rfc1421_header_fields_come_before_an_empty_line() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,\n 00FF\n\nAQID\n-----END RSA PRIVATE KEY-----";
        let found = read(text);
        assert_eq!(found[0].header("proc-type"), Some("4,ENCRYPTED"));
        assert_eq!(found[0].header("DEK-Info"), Some("DES-EDE3-CBC,00FF"));
        assert_eq!(found[0].contents().unwrap(), [1, 2, 3]);
    }

    #[test]
    fn a_broken_block_is_reported_and_does_not_hide_the_next() {
        let text = "-----BEGIN A-----\nAQID\n-----BEGIN B-----\nA=QI\n-----END B-----\n-----BEGIN C-----\nAQID\n-----END D-----\n\
                    -----BEGIN E-----\n-----END E-----\n-----BEGIN F-----\nAQID\n-----END F-----\n-----END G-----\n-----BEGIN H-----\nAQID";
        let found = read(text);
        let labels: Vec<_> = found.iter().map(|block| (block.label.as_str(), block.defect.is_none())).collect();
        assert_eq!(labels, [("A", false), ("B", false), ("C", false), ("E", false), ("F", true), ("H", false)]);
        let error = found[1].contents().unwrap_err();
        assert_eq!((error.code(), error.finding().offset), (Code::PemMalformed, Some(found[1].offset)));
    }

    /// PAR-09: one documented reading of irregular base64.
    #[test]
    fn par_09_one_base64_reading() {
        let body = |body: &str| {
            read(format!("-----BEGIN A-----\n{body}\n-----END A-----\n"))[0].contents().map(<[u8]>::to_vec)
        };
        assert_eq!(body("AQ==").unwrap(), [1]);
        assert_eq!(body("AQ").unwrap(), [1]);
        assert_eq!(body("A\tQ\nI D").unwrap(), [1, 2, 3]);
        for bad in ["AQ=", "A", "AQ==AQ==", "AQ*D", "AQ-_", "=", "AQI\u{0}"] {
            assert!(body(bad).is_err(), "{bad:?}");
        }
    }

    /// PAR-09, CVE-2025-61723: many BEGIN lines, one endless line, endless header fields: linear.
    #[test]
    fn par_09_hostile_texts_are_linear() {
        let many = "-----BEGIN A-----\n".repeat(100_000);
        assert_eq!(read(&many).len(), 100_000);
        let ends = "-----END A-----\n".repeat(100_000);
        assert_eq!(read(&ends).len(), 0);
        let one_line = format!("-----BEGIN A-----\n{}", "A".repeat(16 << 20));
        assert_eq!(read(&one_line)[0].defect, Some("the END line is missing"));
        let fields = format!("-----BEGIN A-----\n{}", "a:\n b\n".repeat(100_000));
        assert_eq!(read(&fields)[0].headers.len(), 100_000);
        let folds = format!("-----BEGIN A-----\na:\n{}", " b\n".repeat(1_000_000));
        assert_eq!(read(&folds)[0].headers[0].1.len(), 1_000_000);
        let begins = "-----BEGIN ".repeat(1_000_000);
        assert!(is_pem(begins.as_bytes()) && !is_pem(&begins.as_bytes()[1..]));
    }

    #[test]
    fn bare_base64_is_a_sequence_and_nothing_else() {
        for text in ["MAMCAQU=", "\u{feff}\r\n MAMC\r\nAQU\n", "MAMCAQUA="] {
            assert_eq!(bare(text.as_bytes()).unwrap()[..5], [0x30, 3, 2, 1, 5], "{text}");
        }
        assert_eq!(**bare(b"MAMCA").unwrap(), [0x30, 3, 2]);
        for text in ["", "M", "MQMCAQU=", "AAMCAQU=", "MAMC*AQU=", "MIME: no", "-----BEGIN A-----"] {
            assert!(bare(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn is_pem_tells_text_from_der() {
        assert!(!is_pem(b"\x30\x82\x01\x00\n-----BEGIN A-----\n"));
        assert!(!is_pem(b"see -----BEGIN A-----\n"));
        assert!(!is_pem(b"") && is_pem(b"0\n  -----BEGIN A-----\n"));
    }

    #[test]
    fn debug_shows_no_octets() {
        let text = format!("{:?}", read("-----BEGIN A-----\nAQID\n-----END A-----")[0]);
        assert!(text.contains("3 octets") && !text.contains("[1, 2"), "{text}");
    }

    #[test]
    fn a_cap_on_the_text() {
        let limits = Limits { message_bytes: 3, ..Limits::default() };
        assert_eq!(blocks(b"abcd", &limits).unwrap_err().code(), Code::LimitMessageBytes);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(der in prop::collection::vec(any::<u8>(), 1..300), width in 1_usize..80) {
            let base64 = base64_simd::STANDARD.encode_to_string(&der);
            let lines: Vec<_> = base64.as_bytes().chunks(width).map(|line| core::str::from_utf8(line).unwrap()).collect();
            let text = format!("-----BEGIN X-----\n{}\n-----END X-----\n", lines.join("\n"));
            let found = read(&text);
            prop_assert_eq!(found[0].contents().unwrap(), &der[..]);
        }

        #[test]
        fn no_text_panics(parts in prop::collection::vec(prop::sample::select(vec![
            "-----BEGIN ", "A", "-----", "\n", "\r", "-----END ", ":", " ", "AQID", "=", "\u{feff}", "é",
        ]), 0..60)) {
            let text = parts.concat();
            for block in read(&text) {
                prop_assert!(block.offset < text.len());
                prop_assert_eq!(block.defect.is_none(), !block.der.is_empty());
            }
        }
    }
}
