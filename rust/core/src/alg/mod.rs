//! STUB (signatures are the contract).
pub mod identifier;
pub mod table;
pub use identifier::{AgreementAlgorithm, AlgorithmIdentifier, ContentAlgorithm, Message, SignatureAlgorithm, TransportAlgorithm};
pub use table::{Row, Role, Take, Make};
