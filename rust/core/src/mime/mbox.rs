//! mbox files (RFC 4155) as ranges of the file.
//!
//! A message begins behind a `From ` line: at the file's begin, or behind an empty line (CRLF or LF) and with a tail that is an
//! address and an asctime date, within 1,024 bytes. Content-Length is not looked at: writers get it wrong, and senders choose it.

use core::ops::Range;

use memchr::{memchr, memmem};

use crate::mime::date::from_line_date;

/// A longer line is no `From ` line.
const LINE: usize = 1024;
/// Bytes before a `From ` that decide whether an empty line precedes it.
const CONTEXT: usize = 4;
/// Bytes at the end of what was fed that wait for more.
const WAITING: usize = LINE + 2 * CONTEXT;
/// Smaller blocks are gathered to this size.
const SMALL: usize = 16 * 1024;

/// Offsets into the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MboxMessage {
    /// With its line end; empty at the begin of a file that does not begin with one.
    pub from_line: Range<u64>,
    /// Without the empty line that separates it from the next, or that ends the file.
    pub message: Range<u64>,
    /// The From_ line's date, Unix seconds: when the message was received.
    pub received_at: Option<i64>,
    /// Where the next From_ line begins, or the file ends: a splitter started here finds the rest.
    pub next: u64,
}

/// Splits a file that is fed in blocks of any size. Holds a few KiB, never a message.
#[derive(Debug)]
pub struct MboxSplitter {
    /// The last bytes fed; `base` is the offset of the first.
    tail: Vec<u8>,
    base: u64,
    /// Line ends before this offset have been judged.
    judged: u64,
    /// The message that has begun.
    from_line: Range<u64>,
    received_at: Option<i64>,
    started: bool,
}

impl Default for MboxSplitter {
    fn default() -> Self {
        Self::new()
    }
}

impl MboxSplitter {
    pub fn new() -> Self {
        Self { tail: Vec::new(), base: 0, judged: 0, from_line: 0..0, received_at: None, started: false }
    }

    /// The messages that are known to have ended; they may lie in blocks fed before.
    pub fn feed(&mut self, block: &[u8]) -> Vec<MboxMessage> {
        let mut found = Vec::new();
        // The first block may be the short rest of an aligned one: what it holds is told with it all the same.
        let first = self.tail.is_empty() && block.len() >= WAITING;
        if block.len() < SMALL && !first {
            self.tail.extend_from_slice(block);
            if self.tail.len() >= SMALL {
                self.judge_tail(&mut found, false);
                let keep_from = self.tail.len() - WAITING;
                self.tail.drain(..keep_from);
                self.base += keep_from as u64;
            }
            return found;
        }
        let before = self.tail.len();
        self.tail.extend_from_slice(&block[..WAITING]);
        self.judge_tail(&mut found, false);
        let base = self.base + before as u64;
        // Large blocks are searched in place.
        self.judge(block, base, block.len() - LINE, &mut found);
        let keep_from = block.len() - WAITING;
        self.tail.clear();
        self.tail.extend_from_slice(&block[keep_from..]);
        self.base = base + keep_from as u64;
        found
    }

    /// The rest, at the end of the file.
    pub fn finish(mut self) -> Vec<MboxMessage> {
        let mut found = Vec::new();
        self.judge_tail(&mut found, true);
        let end = self.base + self.tail.len() as u64;
        if end > 0 {
            let stop = self.without_empty_line(&self.tail, self.base, self.tail.len());
            let message = self.from_line.end..stop;
            found.push(MboxMessage { message, from_line: self.from_line, received_at: self.received_at, next: end });
        }
        found
    }

    fn judge_tail(&mut self, found: &mut Vec<MboxMessage>, at_end: bool) {
        let tail = core::mem::take(&mut self.tail);
        let upto = if at_end { tail.len() } else { tail.len().saturating_sub(LINE) };
        if !self.started && (at_end || upto > 0) {
            self.started = true;
            if tail.starts_with(b"From ") {
                let line = memchr(b'\n', &tail[..tail.len().min(LINE)])
                    .map_or(if at_end { tail.len() } else { 0 }, |at| at + 1);
                self.from_line = 0..line as u64;
                self.received_at = from_line_date(&tail[..line]);
            }
        }
        self.judge(&tail, self.base, upto, found);
        self.tail = tail;
    }

    /// Judges the line ends of `bytes[..upto]` that were not judged before; `base` is the offset of `bytes`.
    fn judge(&mut self, bytes: &[u8], base: u64, upto: usize, found: &mut Vec<MboxMessage>) {
        let from = usize::try_from(self.judged.saturating_sub(base)).unwrap_or(usize::MAX);
        if from >= upto {
            return;
        }
        // The text behind the last line end to judge may reach beyond `upto`.
        let window = &bytes[from..bytes.len().min(upto + b"From ".len())];
        for hit in memmem::find_iter(window, b"\nFrom ") {
            let line = from + hit + 1;
            let start = base + line as u64;
            // Behind the From_ line itself there may be nothing but the next one.
            if !ends_with_empty_line(&bytes[..line]) || start <= self.from_line.end {
                continue;
            }
            let rest = &bytes[line..bytes.len().min(line + LINE)];
            let Some(length) =
                memchr(b'\n', rest).map(|at| at + 1).or((line + rest.len() == bytes.len()).then_some(rest.len()))
            else {
                continue;
            };
            let Some(date) = from_line_date(&rest[..length]) else { continue };
            let stop = self.without_empty_line(bytes, base, line);
            let from_line = core::mem::replace(&mut self.from_line, start..start + length as u64);
            let received_at = self.received_at.replace(date);
            found.push(MboxMessage { message: from_line.end..stop, from_line, received_at, next: start });
        }
        self.judged = base + upto as u64;
    }

    /// The offset of `end` or of the empty line before it, but not before the message's begin.
    fn without_empty_line(&self, bytes: &[u8], base: u64, end: usize) -> u64 {
        let text = &bytes[..end];
        let cut = match text {
            [.., b'\n', b'\r', b'\n'] => 2,
            [.., b'\n', b'\n'] => 1,
            _ => 0,
        };
        (base + (end - cut) as u64).max(self.from_line.end)
    }
}

fn ends_with_empty_line(text: &[u8]) -> bool {
    text.ends_with(b"\n\n") || text.ends_with(b"\n\r\n") || text == b"\n" || text == b"\r\n"
}

/// Takes one `>` from each line of `>`s and `From ` (mboxrd, and mboxo where it was added); `None`: there is none.
pub fn unquote_from_lines(raw: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut copied = 0;
    for hit in memmem::find_iter(raw, b">From ") {
        let marks = raw[..hit].iter().rev().take_while(|byte| **byte == b'>').count();
        let line = hit - marks;
        if line == 0 || raw[line - 1] == b'\n' {
            out.extend_from_slice(&raw[copied..line]);
            copied = line + 1;
        }
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(&raw[copied..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FROM: &str = "From a@b Thu Jan  1 00:00:00 1970";

    fn split(file: &[u8], block: usize) -> Vec<MboxMessage> {
        let mut splitter = MboxSplitter::new();
        let mut found: Vec<MboxMessage> = file.chunks(block).flat_map(|block| splitter.feed(block)).collect();
        found.extend(splitter.finish());
        found
    }

    fn messages(file: &str) -> Vec<&str> {
        let found = split(file.as_bytes(), 1 << 20);
        found.iter().map(|m| &file[m.message.start as usize..m.message.end as usize]).collect()
    }

    #[test]
    fn rfc4155_separators() {
        assert_eq!(messages(&format!("{FROM}\nA: b\n\nx\n\n{FROM}\nC: d\n\ny\n")), ["A: b\n\nx\n", "C: d\n\ny\n"]);
        assert_eq!(messages(&format!("{FROM}\r\nA: b\r\n\r\n\r\n{FROM}\r\nC: d")), ["A: b\r\n\r\n", "C: d"]);
        assert_eq!(messages(&format!("{FROM}\n\n{FROM}\n")), ["", ""]);
        assert_eq!(messages("A: b\n\nx\n\n"), ["A: b\n\nx\n"]);
        assert_eq!(messages(""), Vec::<&str>::new());
        assert_eq!(messages("From ?\nA: b\n"), ["A: b\n"]);
    }

    #[test]
    fn rfc4155_no_separators() {
        for body in [
            "\nFrom me to you\n",
            &format!("x\n{FROM}\n"),
            &format!("\n>{FROM}\n"),
            &format!("\nFrom {} Thu Jan  1 00:00:00 1970\n", "x".repeat(LINE)),
        ] {
            let file = format!("{FROM}\nA: b\n\n{body}");
            assert_eq!(messages(&file).len(), 1, "{body}");
        }
    }

    #[test]
    fn mboxrd_unquoting() {
        assert_eq!(unquote_from_lines(b">From a\nx >From b\n>>From c\n").unwrap(), b"From a\nx >From b\n>From c\n");
        assert_eq!(unquote_from_lines(b"x\n> From >From"), None);
    }

    proptest! {
        #[test]
        fn join_then_split(bodies in prop::collection::vec("([a-z \r]{0,30}|From me|>From x|\n){0,8}", 1..8), crlf: bool, repeat in 1_usize..60, block in prop::sample::select(vec![1_usize, 7, 1000, 5000, 16_384, 17_000, 40_000, 1 << 20])) {
            let eol = if crlf { "\r\n" } else { "\n" };
            let (mut file, mut wanted) = (String::new(), Vec::new());
            for body in &bodies {
                let message = format!("A: b{eol}{}.{eol}", body.repeat(repeat));
                let start = file.len() as u64;
                file += &format!("{FROM}{eol}");
                let from_line = start..file.len() as u64;
                file += &message;
                let message = from_line.end..file.len() as u64;
                file += eol;
                wanted.push(MboxMessage { message, from_line, received_at: Some(0), next: file.len() as u64 });
            }
            prop_assert_eq!(split(file.as_bytes(), block), wanted);
        }

        #[test]
        fn block_size_does_not_matter(pieces in prop::collection::vec(prop::sample::select(vec![FROM, "\n", "\r\n", "\n\n", "From ", "x", LONG]), 0..80), block in 1_usize..20_000) {
            let file = pieces.concat().repeat(3);
            prop_assert_eq!(split(file.as_bytes(), block), split(file.as_bytes(), usize::MAX));
        }

        #[test]
        fn a_splitter_started_at_next_finds_the_rest(pieces in prop::collection::vec(prop::sample::select(vec![FROM, "\n", "\r\n", "\n\n", "From ", "x"]), 0..60)) {
            let file = pieces.concat();
            let all = split(file.as_bytes(), usize::MAX);
            for (done, message) in all.iter().enumerate() {
                let begin = message.next;
                let rest = split(&file.as_bytes()[begin as usize..], usize::MAX);
                let moved = |range: &Range<u64>| range.start + begin..range.end + begin;
                let rest: Vec<_> = rest
                    .iter()
                    .map(|m| MboxMessage { from_line: moved(&m.from_line), message: moved(&m.message), next: m.next + begin, ..*m })
                    .collect();
                prop_assert_eq!(&rest[..], &all[done + 1..]);
            }
        }
    }

    const LONG: &str = "a fairly long line of text that fills the file, so that blocks end in many different places of it. \
        a fairly long line of text that fills the file, so that blocks end in many different places of it. \
        a fairly long line of text that fills the file, so that blocks end in many different places of it.";
}
