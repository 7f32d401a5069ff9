//! Decompression with a budget: a few octets may stand for gigabytes.

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

/// Why there is no content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressionFault {
    /// Not what a compressor writes, or cut off.
    Malformed,
    /// More than the caller takes.
    TooMuch,
}

/// A way to make content shorter.
pub trait Compression: Sync + core::fmt::Debug {
    /// The content of `segments`, which are one stream, if it has at most `most` octets.
    fn decompress(&self, segments: &mut dyn Iterator<Item = &[u8]>, most: usize) -> Result<Vec<u8>, CompressionFault>;

    /// None: the compressor failed.
    fn compress(&self, content: &[u8]) -> Option<Vec<u8>>;
}

/// zlib (RFC 1950).
#[derive(Debug)]
pub struct Zlib;

/// What is made room for at a time.
const STEP: usize = 64 * 1024;

/// Content up to this is kept as it comes. Of more only the size is taken first, so that a bomb costs no memory.
const KEPT: usize = 16 * 1024 * 1024;

impl Compression for Zlib {
    fn decompress(&self, segments: &mut dyn Iterator<Item = &[u8]>, most: usize) -> Result<Vec<u8>, CompressionFault> {
        let segments: Vec<&[u8]> = segments.filter(|segment| !segment.is_empty()).collect();
        let mut sink = Sink { content: Vec::new(), counted: 0, kept: KEPT, most };
        inflate(&segments, &mut sink)?;
        if sink.counted > KEPT {
            let size = sink.counted;
            sink = Sink { content: Vec::with_capacity(size), counted: 0, kept: size, most: size };
            inflate(&segments, &mut sink)?;
        }
        Ok(sink.content)
    }

    fn compress(&self, content: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(content.len() / 2 + 64);
        let mut deflate = Compress::new(flate2::Compression::default(), true);
        loop {
            let taken = usize::try_from(deflate.total_in()).ok()?;
            match deflate.compress_vec(content.get(taken..)?, &mut out, FlushCompress::Finish).ok()? {
                Status::StreamEnd => return Some(out),
                _ => out.reserve(content.len() / 8 + STEP),
            }
        }
    }
}

/// Where content goes: all of it, or once it is too much for that its size alone.
struct Sink {
    content: Vec<u8>,
    counted: usize,
    kept: usize,
    most: usize,
}

impl Sink {
    fn take(&mut self, octets: &[u8]) -> Result<(), CompressionFault> {
        self.counted = self.counted.saturating_add(octets.len());
        if self.counted > self.most {
            return Err(CompressionFault::TooMuch);
        }
        if self.counted <= self.kept {
            self.content.extend_from_slice(octets);
        } else {
            self.content = Vec::new();
        }
        Ok(())
    }
}

/// One stream, and nothing behind it: what followed would be read by one and not by another.
fn inflate(segments: &[&[u8]], sink: &mut Sink) -> Result<(), CompressionFault> {
    let mut inflate = Decompress::new(true);
    let mut room = vec![0; STEP];
    for (index, segment) in segments.iter().enumerate() {
        let mut rest = *segment;
        while !rest.is_empty() {
            let (taken, status) = step(&mut inflate, rest, &mut room, FlushDecompress::None, sink)?;
            rest = rest.get(taken..).unwrap_or_default();
            if status == Status::StreamEnd {
                let over = rest.is_empty() && index + 1 == segments.len();
                return if over { Ok(()) } else { Err(CompressionFault::Malformed) };
            }
        }
    }
    // All was taken in; what is left is in the decompressor.
    while step(&mut inflate, &[], &mut room, FlushDecompress::Finish, sink)?.1 != Status::StreamEnd {}
    Ok(())
}

/// Err also where nothing moves any more.
fn step(
    inflate: &mut Decompress,
    octets: &[u8],
    room: &mut [u8],
    flush: FlushDecompress,
    sink: &mut Sink,
) -> Result<(usize, Status), CompressionFault> {
    let (before, had) = (inflate.total_in(), inflate.total_out());
    let status = inflate.decompress(octets, room, flush).map_err(|_| CompressionFault::Malformed)?;
    let taken = usize::try_from(inflate.total_in() - before).map_err(|_| CompressionFault::Malformed)?;
    let given = usize::try_from(inflate.total_out() - had).map_err(|_| CompressionFault::Malformed)?;
    sink.take(room.get(..given).ok_or(CompressionFault::Malformed)?)?;
    if taken == 0 && given == 0 && status != Status::StreamEnd {
        return Err(CompressionFault::Malformed);
    }
    Ok((taken, status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compressed(content: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(content.len() + 1024);
        let mut deflate = Compress::new(flate2::Compression::best(), true);
        deflate.compress_vec(content, &mut out, FlushCompress::Finish).unwrap();
        out
    }

    fn run(segments: &[&[u8]], most: usize) -> Result<Vec<u8>, CompressionFault> {
        Zlib.decompress(&mut segments.iter().copied(), most)
    }

    /// RFC 1950, by Python's zlib: `zlib.compress(b"mail seal")`.
    #[test]
    fn as_another_wrote_it() {
        let data = crate::crypto::testing::hex("789ccb4dcccc51284e4dcc010011160369");
        assert_eq!(run(&[&data], 100).unwrap(), b"mail seal");
    }

    #[test]
    fn exactly_as_much_as_is_taken() {
        let data = compressed(&[7; 300_000]);
        assert_eq!(run(&[&data], 300_000).unwrap().len(), 300_000);
        assert_eq!(run(&[&data], 299_999), Err(CompressionFault::TooMuch));
        assert_eq!(run(&[&data], 0), Err(CompressionFault::TooMuch));
        assert_eq!(run(&[&compressed(b"")], 0).unwrap(), b"");
    }

    #[test]
    fn what_is_cut_off_or_damaged_is_no_content() {
        let data = compressed(b"a text that is not very long");
        for end in 0..data.len() {
            assert_eq!(run(&[&data[..end]], 1000), Err(CompressionFault::Malformed), "{end}");
        }
        let mut damaged = data.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(run(&[&damaged], 1000), Err(CompressionFault::Malformed));
        assert_eq!(run(&[], 1000), Err(CompressionFault::Malformed));
        let followed = [data.as_slice(), b"more"].concat();
        assert_eq!(run(&[&followed], 1000), Err(CompressionFault::Malformed));
        assert_eq!(run(&[&data, b"m"], 1000), Err(CompressionFault::Malformed));
        assert_eq!(run(&[&data, b""], 1000).unwrap(), b"a text that is not very long");
    }

    /// PAR-10: what is more than is kept comes out of a second pass.
    #[test]
    fn par_10_around_what_is_kept() {
        for size in [KEPT - 1, KEPT, KEPT + 1, 2 * KEPT] {
            let data = compressed(&vec![7; size]);
            assert_eq!(run(&[&data], size).unwrap().len(), size);
            assert_eq!(run(&[&data], size - 1), Err(CompressionFault::TooMuch));
        }
    }

    proptest! {
        #[test]
        fn segments_do_not_matter(content in prop::collection::vec(any::<u8>(), 0..2000), cut in 1_usize..64) {
            let data = compressed(&content);
            let segments: Vec<&[u8]> = data.chunks(cut).collect();
            prop_assert_eq!(run(&segments, content.len()).unwrap(), content);
        }

        #[test]
        fn what_we_compress_comes_back(content in prop::collection::vec(any::<u8>(), 0..3000), times in 1_usize..200) {
            let content = content.repeat(times);
            let data = Zlib.compress(&content).unwrap();
            prop_assert_eq!(run(&[&data], content.len()).unwrap(), content);
        }

        #[test]
        fn any_octets(data in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(content) = run(&[&data], 10_000) {
                prop_assert!(content.len() <= 10_000);
            }
        }
    }
}
