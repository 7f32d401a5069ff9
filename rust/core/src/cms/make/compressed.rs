//! CompressedData, written (RFC 3274 §1.1).

use crate::alg::CompressionAlgorithm;
use crate::asn1::oid;
use crate::asn1::writer::Writer;
use crate::cms::make::{SHARE, content_info};
use crate::{Code, Error, Result};

/// ContentInfo of CompressedData around `content`, an id-data. Err: MakingFailed.
pub fn compressed(content: &[u8], algorithm: CompressionAlgorithm) -> Result<Vec<u8>> {
    let octets = algorithm.compress(content).ok_or_else(|| Error::with(Code::MakingFailed, algorithm.row().name))?;
    let mut writer = Writer::with_capacity(octets.len() + SHARE);
    content_info(&mut writer, oid::COMPRESSED_DATA, |writer| {
        writer.sequence(|writer| {
            writer.sequence(|writer| {
                writer.explicit(0, |writer| writer.octet_string(&octets));
                writer.oid(oid::DATA);
            });
            algorithm.write(writer);
            writer.u64(0);
        });
    });
    Ok(writer.into_vec())
}
