//! Chance, as an argument: the core has no source of its own.

use crate::crypto::content::Opaque;

/// A source of octets that nobody can foretell.
pub trait Random: Sync {
    /// Fills `octets` whole. Err: the source failed, and nothing may be made with what stands there.
    fn fill(&self, octets: &mut [u8]) -> Result<(), Opaque>;
}

impl dyn Random + '_ {
    pub fn octets(&self, len: usize) -> Result<Vec<u8>, Opaque> {
        let mut octets = vec![0; len];
        self.fill(&mut octets)?;
        Ok(octets)
    }
}

/// The operating system's, through AWS-LC: it notices a fork.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, octets: &mut [u8]) -> Result<(), Opaque> {
        aws_lc_rs::rand::fill(octets).map_err(|_| Opaque)
    }
}
