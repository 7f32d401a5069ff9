//! Content-Transfer-Encoding (RFC 2045 §6): one decoder for each encoding, and the encoders.

use std::borrow::Cow;

use base64_simd::{STANDARD, STANDARD_NO_PAD};
use memchr::memchr;

use crate::error::{Error, Result};
use crate::finding::Code;
use crate::mime::field;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferEncoding {
    SevenBit,
    EightBit,
    Binary,
    Base64,
    QuotedPrintable,
    /// Any other token: the body is kept as it is (RFC 2045 §6.4 calls such an entity application/octet-stream).
    Unknown,
}

impl TransferEncoding {
    /// From a field's value: one token, comments and blanks around it. One `;` after it is tolerated, since it occurs in
    /// real mail and no reader takes it otherwise; two tokens (`base64, 7bit`) are `Unknown`.
    pub fn parse(value: &[u8]) -> Self {
        let plain = field::without_comments(value);
        let token = plain.trim_ascii();
        let token = token.strip_suffix(b";").unwrap_or(token).trim_ascii();
        let known: [(&[u8], Self); 5] = [
            (b"7bit", Self::SevenBit),
            (b"8bit", Self::EightBit),
            (b"binary", Self::Binary),
            (b"base64", Self::Base64),
            (b"quoted-printable", Self::QuotedPrintable),
        ];
        known.iter().find(|(name, _)| name.eq_ignore_ascii_case(token)).map_or(Self::Unknown, |row| row.1)
    }

    /// The bytes of the body are the content itself.
    pub fn is_identity(self) -> bool {
        !matches!(self, Self::Base64 | Self::QuotedPrintable)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    pub bytes: Cow<'a, [u8]>,
    /// The body was not exactly what an encoder writes: something was skipped or supplied.
    pub repaired: bool,
}

/// The content of a body, in linear time. Identity and unknown encodings borrow.
///
/// Errors: `mime.transfer-encoding` if a base64 body holds something, but nothing that decodes.
pub fn decode(body: &[u8], encoding: TransferEncoding) -> Result<Decoded<'_>> {
    match encoding {
        TransferEncoding::Base64 => {
            let (bytes, repaired) = Base64Decoder::new(body.len()).run(body);
            if bytes.is_empty() && !body.trim_ascii().is_empty() {
                return Err(Error::new(Code::MimeTransferEncoding));
            }
            Ok(Decoded { bytes: Cow::Owned(bytes), repaired })
        }
        TransferEncoding::QuotedPrintable => Ok(decode_quoted_printable(body)),
        _ => Ok(Decoded { bytes: Cow::Borrowed(body), repaired: false }),
    }
}

/// Base64 without the error of [`decode`]: what decodes, maybe nothing, and whether something was repaired.
pub(crate) fn decode_base64_leniently(text: &[u8]) -> (Vec<u8>, bool) {
    Base64Decoder::new(text.len()).run(text)
}

/// Characters gathered before they are decoded together: small enough for the first cache, a multiple of 4.
const STAGE: usize = 12 * 1024;

/// The one reading of base64 (RFC 2045 §6.8, RFC 4648 §3.3):
/// - blanks, CR and LF are skipped anywhere, lines may have any length;
/// - the first `=` ends the data, whatever follows; anything but blanks and the right number of `=` counts as repaired;
/// - other characters outside the alphabet are skipped and count as repaired;
/// - missing padding, one dangling character and bits that should be zero count as repaired.
struct Base64Decoder {
    out: Vec<u8>,
    /// Characters of lines, joined: never decoded yet, at most `STAGE` and a line that fits.
    stage: Vec<u8>,
    repaired: bool,
}

impl Base64Decoder {
    fn new(body: usize) -> Self {
        Self { out: Vec::with_capacity(body / 4 * 3 + 3), stage: Vec::with_capacity(body.min(STAGE)), repaired: false }
    }

    fn run(mut self, body: &[u8]) -> (Vec<u8>, bool) {
        let mut rest = body;
        while !rest.is_empty() {
            rest = self.gather_equal_lines(rest);
            let (line, after) = match memchr(b'\n', rest) {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => (rest, &rest[rest.len()..]),
            };
            // What stands before `tail` has been decoded whenever a flush finds the end of the data.
            if let Some(tail) = self.take_line(line) {
                return self.finish(tail, after);
            }
            rest = after;
        }
        if self.flush_all() {
            return (self.out, self.repaired);
        }
        self.finish(&[], &[])
    }

    /// Copies runs of lines as long as the first, without looking for their ends one by one.
    fn gather_equal_lines<'a>(&mut self, body: &'a [u8]) -> &'a [u8] {
        let Some(width) = memchr(b'\n', &body[..body.len().min(STAGE / 2)]).map(|end| end + 1) else { return body };
        let ending: &[u8] = if width >= 2 && body[width - 2] == b'\r' { b"\r\n" } else { b"\n" };
        let text = width - ending.len();
        if text == 0 {
            return body;
        }
        let mut lines = body.chunks_exact(width);
        let mut taken = 0;
        while self.stage.len() + text <= STAGE {
            match lines.next() {
                // An LF inside a line leaves the alphabet and is dropped by the filter, so it need not be looked for.
                Some(line) if &line[text..] == ending => self.stage.extend_from_slice(&line[..text]),
                _ => break,
            }
            taken += width;
        }
        &body[taken..]
    }

    /// Adds a line's characters; `Some(tail)`: the data ended, and `tail` of this line follows the first `=`.
    fn take_line<'a>(&mut self, line: &'a [u8]) -> Option<&'a [u8]> {
        let mut line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.stage.len() + line.len() > STAGE && self.flush_whole() {
            return Some(line);
        }
        while self.stage.len() + line.len() > STAGE {
            let (piece, rest) = line.split_at(STAGE - self.stage.len());
            self.stage.extend_from_slice(piece);
            if self.flush_whole() {
                return Some(rest);
            }
            line = rest;
        }
        self.stage.extend_from_slice(line);
        None
    }

    /// Decodes the whole quanta of the stage. True: an `=` was met, and the data has ended.
    fn flush_whole(&mut self) -> bool {
        let whole = self.stage.len() & !3;
        if STANDARD_NO_PAD.decode_append(&self.stage[..whole], &mut self.out).is_ok() {
            self.stage.drain(..whole);
            return false;
        }
        let ended = self.filter();
        if ended {
            return true;
        }
        let whole = self.stage.len() & !3;
        if STANDARD_NO_PAD.decode_append(&self.stage[..whole], &mut self.out).is_err() {
            // Cannot be: the filter left only the alphabet. Keep the promise that every loop consumes.
            self.repaired = true;
        }
        self.stage.drain(..whole);
        false
    }

    /// Decodes all at the end of the input. True: the data ended without anything left to judge.
    fn flush_all(&mut self) -> bool {
        if STANDARD.decode_append(&self.stage, &mut self.out).is_ok() {
            return true;
        }
        if !self.flush_whole() {
            // The characters of an incomplete quantum were not looked at yet.
            self.filter();
        }
        false
    }

    /// Leaves only the alphabet in the stage, up to the first `=`; judges what follows that within the stage.
    fn filter(&mut self) -> bool {
        let mut kept = 0;
        for index in 0..self.stage.len() {
            let byte = self.stage[index];
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                    self.stage[kept] = byte;
                    kept += 1;
                }
                b'=' => {
                    let tail = self.stage.split_off(index);
                    self.stage.truncate(kept);
                    self.end_at_padding(&tail);
                    return true;
                }
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ => self.repaired = true,
            }
        }
        self.stage.truncate(kept);
        false
    }

    /// The stage holds the last characters, `tail` begins with the `=`. Decodes them and counts the padding later.
    fn end_at_padding(&mut self, tail: &[u8]) {
        let whole = self.stage.len() & !3;
        if STANDARD_NO_PAD.decode_append(&self.stage[..whole], &mut self.out).is_err() {
            self.repaired = true;
        }
        self.stage.drain(..whole);
        // Kept behind the (at most three) characters, for `finish`.
        self.stage.extend_from_slice(tail);
    }

    /// The last quantum, and whether the padding is exact and nothing follows it.
    fn finish(mut self, tail: &[u8], after: &[u8]) -> (Vec<u8>, bool) {
        let split = memchr(b'=', &self.stage).unwrap_or(self.stage.len());
        let (last, padding) = self.stage.split_at(split);
        let mut equals = 0_usize;
        for byte in padding.iter().chain(tail).chain(after) {
            match byte {
                b'=' => equals += 1,
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ => self.repaired = true,
            }
        }
        let bits = last.iter().fold(0_u32, |bits, byte| (bits << 6) | u32::from(sextet(*byte)));
        let (octets, spare) = match last.len() {
            2 => (vec![(bits >> 4) as u8], bits & 0xF),
            3 => (vec![(bits >> 10) as u8, (bits >> 2) as u8], bits & 3),
            _ => (Vec::new(), 0),
        };
        let wanted = (4 - last.len() % 4) % 4;
        self.repaired |= last.len() == 1 || equals != wanted || spare != 0;
        self.out.extend_from_slice(&octets);
        (self.out, self.repaired)
    }
}

fn sextet(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    }
}

/// RFC 2045 §6.7: blanks at line ends go, `=` at a line end joins, a wrong `=XY` stays as it is and counts as repaired.
/// Line ends stay as they came.
fn decode_quoted_printable(body: &[u8]) -> Decoded<'_> {
    let mut out: Option<Vec<u8>> = None;
    let mut repaired = false;
    let mut copied = 0;
    let mut start = 0;
    while start < body.len() {
        let newline = memchr(b'\n', &body[start..]).map(|at| start + at);
        let next = newline.map_or(body.len(), |at| at + 1);
        let text_end = match newline {
            Some(at) if at > start && body[at - 1] == b'\r' => at - 1,
            Some(at) => at,
            None => body.len(),
        };
        let line = trim_blanks(&body[start..text_end]);
        let changed = line.len() != text_end - start || memchr(b'=', line).is_some();
        if changed {
            let out = out.get_or_insert_with(|| Vec::with_capacity(body.len()));
            out.extend_from_slice(&body[copied..start]);
            let joined = decode_line(line, out, &mut repaired);
            repaired |= joined && newline.is_none();
            copied = if joined { next } else { text_end };
        }
        start = next;
    }
    let bytes = match out {
        None => Cow::Borrowed(body),
        Some(mut out) => {
            out.extend_from_slice(&body[copied..]);
            Cow::Owned(out)
        }
    };
    Decoded { bytes, repaired }
}

fn trim_blanks(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |at| at + 1);
    &line[..end]
}

/// True: the line ends with a soft line break.
fn decode_line(line: &[u8], out: &mut Vec<u8>, repaired: &mut bool) -> bool {
    let mut rest = line;
    while let Some(at) = memchr(b'=', rest) {
        out.extend_from_slice(&rest[..at]);
        match rest[at + 1..] {
            [] => return true,
            [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(nibble(high) << 4 | nibble(low));
                rest = &rest[at + 3..];
            }
            _ => {
                *repaired = true;
                out.push(b'=');
                rest = &rest[at + 1..];
            }
        }
    }
    out.extend_from_slice(rest);
    false
}

/// The value of a hexadecimal digit; of anything else, 0.
pub(crate) fn nibble(digit: u8) -> u8 {
    char::from(digit).to_digit(16).map_or(0, |value| value as u8)
}

/// Base64 in lines of 76 characters, each ended by CRLF (RFC 2045 §6.8). Empty stays empty.
pub fn encode_base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 57 * 78 + 80);
    for line in bytes.chunks(57) {
        STANDARD.encode_append(line, &mut out);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Quoted-printable in lines of at most 76 characters (RFC 2045 §6.7). CRLF is a line end; CR or LF alone is data and
/// is encoded. So are tabs, blanks at a line's end, and `From ` and `.` at its begin: what stores and relays change.
pub fn encode_quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8 + 16);
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = memchr::memmem::find(rest, b"\r\n");
        encode_line(&rest[..end.unwrap_or(rest.len())], &mut out);
        match end {
            Some(end) => {
                out.extend_from_slice(b"\r\n");
                rest = &rest[end + 2..];
            }
            None => break,
        }
    }
    out
}

fn encode_line(line: &[u8], out: &mut Vec<u8>) {
    let mut column = 0;
    for (index, &byte) in line.iter().enumerate() {
        let last = index + 1 == line.len();
        let literal = match byte {
            b' ' => !last,
            b'.' => column > 0,
            b'F' => column > 0 || !line[index..].starts_with(b"From "),
            b'=' => false,
            _ => byte.is_ascii_graphic(),
        };
        let width = if literal { 1 } else { 3 };
        if column + width > if last { 76 } else { 75 } {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        // A soft break moves the character to a line's begin.
        let literal = literal && !(column == 0 && (byte == b'.' || line[index..].starts_with(b"From ")));
        if literal {
            out.push(byte);
            column += 1;
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.extend_from_slice(&[b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            column += 3;
        }
    }
}

/// Whether a value could be written as 7bit as it is: no octet above 127, no NUL.
pub fn is_seven_bit(bytes: &[u8]) -> bool {
    bytes.is_ascii() && memchr(0, bytes).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn base64(text: &[u8]) -> (Vec<u8>, bool) {
        let decoded = decode(text, TransferEncoding::Base64).unwrap();
        (decoded.bytes.into_owned(), decoded.repaired)
    }

    #[test]
    fn rfc2045_6_1_tokens() {
        assert_eq!(TransferEncoding::parse(b" BASE64 (x)\r\n "), TransferEncoding::Base64);
        assert_eq!(TransferEncoding::parse(b" quoted-Printable;"), TransferEncoding::QuotedPrintable);
        assert_eq!(TransferEncoding::parse(b" base64, 7bit"), TransferEncoding::Unknown);
        assert_eq!(TransferEncoding::parse(b""), TransferEncoding::Unknown);
    }

    #[test]
    fn rfc2045_6_8_exact_base64() {
        for (text, bytes) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==\r\n", "foob")] {
            assert_eq!(base64(text.as_bytes()), (bytes.as_bytes().to_vec(), false), "{text}");
        }
        assert_eq!(base64(b"Z\r\nm9\n v\tYg\r\n=\r\n=\r\n"), (b"foob".to_vec(), false));
    }

    #[test]
    fn rfc2045_6_8_repaired_base64() {
        let cases = ["Zg", "Zm8", "Zh==", "Zm8==", "Zm9vZ", "Z*m8=", "Zm8=Zm8=", "Zm8=\r\n-- \r\nfooter", "Zm9vZ==="];
        let wanted = ["f", "fo", "f", "fo", "foo", "fo", "fo", "fo", "foo"];
        for (text, bytes) in cases.iter().zip(wanted) {
            assert_eq!(base64(text.as_bytes()), (bytes.as_bytes().to_vec(), true), "{text}");
        }
    }

    #[test]
    fn rfc2045_6_8_nothing_decodable() {
        for text in [&b"="[..], b"****", b"\x00", b"A", b"===="] {
            let error = decode(text, TransferEncoding::Base64).unwrap_err();
            assert_eq!(error.code(), Code::MimeTransferEncoding);
        }
    }

    /// A slow reading of the documented rule.
    fn model(text: &[u8]) -> Vec<u8> {
        let data: Vec<u8> = text.iter().copied().take_while(|byte| *byte != b'=').collect();
        let sextets: Vec<u32> = data
            .iter()
            .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
            .map(|byte| u32::from(sextet(*byte)))
            .collect();
        let mut out = Vec::new();
        for quantum in sextets.chunks(4) {
            let bits = quantum.iter().fold(0, |bits, value| bits << 6 | value) << (6 * (4 - quantum.len()));
            out.extend_from_slice(&bits.to_be_bytes()[1..][..quantum.len() * 3 / 4]);
        }
        out
    }

    #[test]
    fn rfc2045_6_7_quoted_printable() {
        let cases: [(&[u8], &[u8], bool); 10] = [
            (b"plain\r\n", b"plain\r\n", false),
            (b"a=3Db=\r\nc", b"a=bc", false),
            (b"a=3db", b"a=b", false),
            (b"x \t\r\ny", b"x\r\ny", false),
            (b"soft= \t\r\nbreak", b"softbreak", false),
            (b"lf=\nlf \n", b"lflf\n", false),
            (b"a=ZZ=4", b"a=ZZ=4", true),
            (b"a=", b"a", true),
            (b"==41", b"=A", true),
            (b"", b"", false),
        ];
        for (text, bytes, repaired) in cases {
            let decoded = decode(text, TransferEncoding::QuotedPrintable).unwrap();
            assert_eq!((&*decoded.bytes, decoded.repaired), (bytes, repaired), "{:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn identity_borrows() {
        for encoding in [TransferEncoding::SevenBit, TransferEncoding::Binary, TransferEncoding::Unknown] {
            assert!(matches!(decode(b"x=\r\n", encoding).unwrap().bytes, Cow::Borrowed(b"x=\r\n")));
        }
    }

    #[test]
    fn rfc2045_6_7_encoder_keeps_lines_short_and_safe() {
        let text = encode_quoted_printable(
            &b"From me\r\n.\r\ntrail \r\n\xFF=\0".iter().copied().chain([b'.'; 500]).collect::<Vec<_>>(),
        );
        assert!(text.starts_with(b"=46rom me\r\n=2E\r\ntrail=20\r\n=FF=3D=00..."));
        for line in text.split(|byte| *byte == b'\n') {
            assert!(line.len() <= 77 && !line.starts_with(b"."));
        }
    }

    #[test]
    fn seven_bit() {
        assert!(
            is_seven_bit(b"a\x7Fb\r\n") && !is_seven_bit(b"a\0") && !is_seven_bit(b"\x7F\0") && !is_seven_bit(b"\x80")
        );
    }

    proptest! {
        #[test]
        fn base64_round_trip(bytes in prop::collection::vec(any::<u8>(), 0..40_000), width in 1_usize..200, crlf: bool) {
            let wire = encode_base64(&bytes);
            prop_assert!(wire.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
            prop_assert_eq!(base64(&wire), (bytes.clone(), false));
            let joined: Vec<u8> = wire.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            prop_assert_eq!(base64(&joined), (bytes.clone(), false));
            let lines: Vec<&[u8]> = joined.chunks(width).collect();
            prop_assert_eq!(base64(&lines.join(if crlf { &b"\r\n"[..] } else { b"\n" })), (bytes, false));
        }

        #[test]
        fn base64_is_the_documented_rule(bytes in prop::collection::vec(any::<u8>(), 0..30_000), junk in prop::collection::vec((any::<usize>(), prop::sample::select(b"*= \r\n\0\xFFA".to_vec())), 0..6)) {
            let mut wire = encode_base64(&bytes);
            for (at, byte) in junk {
                let at = at % (wire.len() + 1);
                wire.insert(at, byte);
            }
            prop_assert_eq!(decode_base64_leniently(&wire).0, model(&wire));
        }

        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            prop_assert_eq!(decode_base64_leniently(&bytes).0, model(&bytes));
            let decoded = decode(&bytes, TransferEncoding::QuotedPrintable).unwrap();
            prop_assert!(decoded.bytes.len() <= bytes.len());
        }

        #[test]
        fn quoted_printable_round_trip(bytes in prop::collection::vec(prop::sample::select(b"From .=ab \t\r\n\xE4\0".to_vec()), 0..400)) {
            let wire = encode_quoted_printable(&bytes);
            prop_assert!(wire.is_ascii() && wire.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
            let decoded = decode(&wire, TransferEncoding::QuotedPrintable).unwrap();
            prop_assert_eq!((&*decoded.bytes, decoded.repaired), (&bytes[..], false));
        }
    }
}
