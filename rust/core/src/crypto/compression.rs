//! Decompression with a budget: a few octets may stand for gigabytes.

use flate2::{Decompress, FlushDecompress, Status};

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
}

/// zlib (RFC 1950).
#[derive(Debug)]
pub struct Zlib;

/// What is made room for at a time.
const STEP: usize = 64 * 1024;

impl Compression for Zlib {
    fn decompress(&self, segments: &mut dyn Iterator<Item = &[u8]>, most: usize) -> Result<Vec<u8>, CompressionFault> {
        let mut inflate = Decompress::new(true);
        let mut content = Vec::new();
        for segment in segments {
            let mut rest = segment;
            while !rest.is_empty() {
                // One octet more than is taken tells that there is more.
                content.reserve(STEP.min((most - content.len()).saturating_add(1)));
                let (before, had) = (inflate.total_in(), content.len());
                let status = inflate
                    .decompress_vec(rest, &mut content, FlushDecompress::None)
                    .map_err(|_| CompressionFault::Malformed)?;
                if content.len() > most {
                    return Err(CompressionFault::TooMuch);
                }
                let taken = usize::try_from(inflate.total_in() - before).map_err(|_| CompressionFault::Malformed)?;
                rest = rest.get(taken..).unwrap_or_default();
                match status {
                    // What follows the stream is no part of it.
                    Status::StreamEnd => return Ok(content),
                    _ if taken == 0 && content.len() == had => return Err(CompressionFault::Malformed),
                    _ => {}
                }
            }
        }
        self.finish(inflate, content, most)
    }
}

impl Zlib {
    /// All was taken in; what is left is in the decompressor.
    fn finish(&self, mut inflate: Decompress, mut content: Vec<u8>, most: usize) -> Result<Vec<u8>, CompressionFault> {
        loop {
            content.reserve(STEP.min((most - content.len()).saturating_add(1)));
            let had = content.len();
            let status = inflate
                .decompress_vec(&[], &mut content, FlushDecompress::Finish)
                .map_err(|_| CompressionFault::Malformed)?;
            if content.len() > most {
                return Err(CompressionFault::TooMuch);
            }
            match status {
                Status::StreamEnd => return Ok(content),
                _ if content.len() == had => return Err(CompressionFault::Malformed),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compress, FlushCompress};
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
        assert_eq!(run(&[&followed], 1000).unwrap(), b"a text that is not very long");
    }

    proptest! {
        #[test]
        fn segments_do_not_matter(content in prop::collection::vec(any::<u8>(), 0..2000), cut in 1_usize..64) {
            let data = compressed(&content);
            let segments: Vec<&[u8]> = data.chunks(cut).collect();
            prop_assert_eq!(run(&segments, content.len()).unwrap(), content);
        }

        #[test]
        fn any_octets(data in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(content) = run(&[&data], 10_000) {
                prop_assert!(content.len() <= 10_000);
            }
        }
    }
}
