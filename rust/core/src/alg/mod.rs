//! Algorithms: the table of them all, and AlgorithmIdentifiers turned into something that can be run.

pub mod agreement;
pub mod compression;
pub mod content;
pub mod identifier;
pub mod mac;
pub mod password_key;
pub mod pbe;
pub mod row;
pub mod signature;
pub mod table;
pub mod transport;

pub use agreement::{AgreementAlgorithm, WrapAlgorithm};
pub use compression::CompressionAlgorithm;
pub use content::ContentAlgorithm;
pub use identifier::AlgorithmIdentifier;
pub use mac::MacAlgorithm;
pub use password_key::PasswordKeyAlgorithm;
pub use pbe::PbeAlgorithm;
pub use row::{Implementation, Make, Parameters, Role, Row, Take};
pub use signature::{Message, SignatureAlgorithm};
pub use transport::TransportAlgorithm;
