//! macAlgorithm of an AuthenticatedData (RFC 5652 §9.1).

use crate::alg::identifier::AlgorithmIdentifier;
use crate::alg::row::{Implementation, Role, Row};
use crate::crypto::digest::Digest;
use crate::crypto::secret::Secret;
use crate::{Code, Result};

/// HMAC of a digest, with a key as long as that digest (RFC 3370 §5.3 leaves the length open; all known writers do so).
#[derive(Clone, Copy, Debug)]
pub struct MacAlgorithm {
    row: &'static Row,
    digest: &'static dyn Digest,
}

impl MacAlgorithm {
    /// Err: DecryptionAlgorithmUnsupported, DecryptionParameters.
    pub fn resolve(identifier: &AlgorithmIdentifier<'_>) -> Result<Self> {
        let row = identifier.row_as(&[Role::Mac]);
        let Some((row, Implementation::Mac(digest))) = row.and_then(|row| Some((row, row.implementation?))) else {
            return Err(identifier.unsupported(Code::DecryptionAlgorithmUnsupported));
        };
        identifier.obey(row, Code::DecryptionParameters)?;
        Ok(Self { row, digest })
    }

    pub fn row(&self) -> &'static Row {
        self.row
    }

    /// Octets of the key.
    pub fn key_len(&self) -> usize {
        self.digest.output_len()
    }

    /// Whether `mac` is the whole MAC of `input`; compared in constant time.
    pub fn verify(&self, key: &Secret, input: &[u8], mac: &[u8]) -> bool {
        self.digest.mac_verify(key.expose(), input, mac)
    }
}
