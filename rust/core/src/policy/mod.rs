//! Facts, policy, verdict: mechanism states facts, policy judges them (house rule 6).

pub mod facts;
pub mod judge;
#[allow(clippy::module_inception)]
pub mod policy;
pub mod verdict;

pub use facts::{Check, Facts, Layer, SignerFacts};
pub use judge::{Times, Trust, judge};
pub use policy::{CONTENT_CIPHERS, Policy, SignedContent, made_row};
pub use verdict::{SignerVerdict, Status, Summary, Verdict};
