//! The CRLF canonical form (RFC 8551 §3.1.1) as a view: nothing is copied.

use memchr::memchr_iter;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineEndings {
    Crlf,
    Lf,
    Mixed,
    /// No line end at all.
    None,
}

/// Which line ends there are. A CR alone is data.
pub fn line_endings(bytes: &[u8]) -> LineEndings {
    let (mut crlf, mut lf) = (false, false);
    for at in memchr_iter(b'\n', bytes) {
        if is_bare(bytes, at) {
            lf = true;
        } else {
            crlf = true;
        }
        if lf && crlf {
            return LineEndings::Mixed;
        }
    }
    match (crlf, lf) {
        (false, false) => LineEndings::None,
        (true, _) => LineEndings::Crlf,
        (false, true) => LineEndings::Lf,
    }
}

/// The view of `bytes` in which every bare LF is CRLF. CRLF, a CR alone and CR CR LF stay as they are.
pub fn canonical(bytes: &[u8]) -> Canonical<'_> {
    Canonical { bytes, first_bare: next_bare(bytes, 0) }
}

#[derive(Clone, Copy, Debug)]
pub struct Canonical<'a> {
    bytes: &'a [u8],
    first_bare: Option<usize>,
}

impl<'a> Canonical<'a> {
    /// The bytes are canonical already; `chunks` yields them as one slice.
    pub fn is_identity(&self) -> bool {
        self.first_bare.is_none()
    }

    /// Slices whose concatenation is the canonical form, none of them empty.
    pub fn chunks(&self) -> Chunks<'a> {
        Chunks { bytes: self.bytes, start: 0, bare: self.first_bare, pending_crlf: false }
    }

    /// For small things and tests: a copy.
    pub fn to_vec(&self) -> Vec<u8> {
        self.chunks().flatten().copied().collect()
    }
}

#[derive(Clone, Debug)]
pub struct Chunks<'a> {
    bytes: &'a [u8],
    start: usize,
    /// The next bare LF at or behind `start`.
    bare: Option<usize>,
    pending_crlf: bool,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.pending_crlf {
            self.pending_crlf = false;
            return Some(b"\r\n");
        }
        let Some(bare) = self.bare else {
            let rest = &self.bytes[self.start..];
            self.start = self.bytes.len();
            return (!rest.is_empty()).then_some(rest);
        };
        let line = &self.bytes[self.start..bare];
        self.start = bare + 1;
        self.bare = next_bare(self.bytes, self.start);
        if line.is_empty() {
            return Some(b"\r\n");
        }
        self.pending_crlf = true;
        Some(line)
    }
}

fn next_bare(bytes: &[u8], from: usize) -> Option<usize> {
    memchr_iter(b'\n', &bytes[from..]).map(|at| from + at).find(|at| is_bare(bytes, *at))
}

fn is_bare(bytes: &[u8], lf: usize) -> bool {
    lf == 0 || bytes[lf - 1] != b'\r'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rfc8551_3_1_1_line_ends() {
        let cases: [(&[u8], &[u8], LineEndings); 9] = [
            (b"", b"", LineEndings::None),
            (b"a", b"a", LineEndings::None),
            (b"a\r", b"a\r", LineEndings::None),
            (b"a\r\nb\r\n", b"a\r\nb\r\n", LineEndings::Crlf),
            (b"a\nb\n\n", b"a\r\nb\r\n\r\n", LineEndings::Lf),
            (b"\n", b"\r\n", LineEndings::Lf),
            (b"a\r\r\nb", b"a\r\r\nb", LineEndings::Crlf),
            (b"a\r\nb\nc", b"a\r\nb\r\nc", LineEndings::Mixed),
            (b"a\rb\n", b"a\rb\r\n", LineEndings::Lf),
        ];
        for (bytes, wanted, endings) in cases {
            assert_eq!(canonical(bytes).to_vec(), wanted);
            assert_eq!(line_endings(bytes), endings);
            assert_eq!(canonical(bytes).is_identity(), bytes == wanted);
        }
    }

    #[test]
    fn canonical_bytes_are_one_borrowed_slice() {
        let bytes = b"line\r\n".repeat(1000);
        let chunks: Vec<&[u8]> = canonical(&bytes).chunks().collect();
        assert_eq!(chunks.len(), 1);
        assert_eq!(chunks[0].as_ptr(), bytes.as_ptr());
    }

    proptest! {
        #[test]
        fn is_the_simple_rule_and_idempotent(bytes in prop::collection::vec(prop::sample::select(b"\r\nab".to_vec()), 0..80)) {
            let mut wanted = Vec::new();
            for (index, byte) in bytes.iter().enumerate() {
                if *byte == b'\n' && (index == 0 || bytes[index - 1] != b'\r') {
                    wanted.push(b'\r');
                }
                wanted.push(*byte);
            }
            let out = canonical(&bytes).to_vec();
            prop_assert_eq!(&out, &wanted);
            prop_assert!(canonical(&bytes).chunks().all(|chunk| !chunk.is_empty()));
            prop_assert!(canonical(&out).is_identity());
        }
    }
}
