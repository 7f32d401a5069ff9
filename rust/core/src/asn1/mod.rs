//! BER and DER (X.690): bytes in, borrowed views out; DER out. Knows bytes, not structures.

pub mod bits;
pub mod hex;
pub mod octets;
pub mod oid;
pub mod reader;
pub mod string;
pub mod time;
pub mod writer;

pub use bits::BitString;
pub use hex::hex;
pub use octets::Octets;
pub use oid::Oid;
pub use reader::{Integer, Reader, Rules, Tag, Tlv};
pub use time::UnixTime;
