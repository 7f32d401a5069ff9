//! compressionAlgorithm (RFC 3274 §1.1).

use crate::alg::identifier::{self, AlgorithmIdentifier};
use crate::alg::row::{Implementation, Role, Row};
use crate::asn1::writer::Writer;
use crate::crypto::compression::{Compression, CompressionFault};
use crate::{Code, Error, Limits, Result};

/// Content this small is let through whatever the ratio: a few octets of zlib are no bomb.
const SMALL: u64 = 64 * 1024;

/// compressionAlgorithm, ready.
#[derive(Clone, Copy, Debug)]
pub struct CompressionAlgorithm {
    row: &'static Row,
    compression: &'static dyn Compression,
}

impl CompressionAlgorithm {
    /// Err: StructureCompressionUnsupported, Asn1Malformed (parameters).
    pub fn resolve(identifier: &AlgorithmIdentifier<'_>) -> Result<Self> {
        let row = identifier.row_as(&[Role::Compression]);
        let Some((row, Implementation::Compression(compression))) =
            row.and_then(|row| Some((row, row.implementation?)))
        else {
            return Err(identifier.unsupported(Code::StructureCompressionUnsupported));
        };
        identifier.obey(row, Code::Asn1Malformed)?;
        Ok(Self { row, compression })
    }

    /// To compress with. None: no compression that is run here.
    pub fn make(row: &'static Row) -> Option<Self> {
        let Some(Implementation::Compression(compression)) = row.implementation else { return None };
        Some(Self { row, compression })
    }

    /// compressionAlgorithm.
    pub fn write(&self, writer: &mut Writer) {
        identifier::write(writer, self.row, |_| {});
    }

    /// None: the compressor failed.
    pub fn compress(&self, content: &[u8]) -> Option<Vec<u8>> {
        self.compression.compress(content)
    }

    pub fn row(&self) -> &'static Row {
        self.row
    }

    /// The content of `segments`, `len` octets in all, within `Limits.decompressed_bytes` and
    /// `Limits.decompression_ratio`. Err: StructureDecompression, LimitDecompression.
    pub fn decompress<'s>(
        &self,
        mut segments: impl Iterator<Item = &'s [u8]>,
        len: usize,
        limits: &Limits,
    ) -> Result<Vec<u8>> {
        let by_ratio = (len as u64).saturating_mul(limits.decompression_ratio).max(SMALL);
        let most = usize::try_from(by_ratio.min(limits.decompressed_bytes)).unwrap_or(usize::MAX - 1);
        self.compression.decompress(&mut segments, most).map_err(|fault| match fault {
            CompressionFault::Malformed => Error::new(Code::StructureDecompression),
            CompressionFault::TooMuch => Error::with(Code::LimitDecompression, format!("over {most} octets")),
        })
    }
}
