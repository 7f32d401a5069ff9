//! mailseal-core: bytes, ASN.1, CMS, certificates, cryptography and verdicts. No I/O, no clock, no global, no unsafe.
#![forbid(unsafe_code)]

pub mod alg;
pub mod asn1;
pub mod bulk;
pub mod cms;
pub mod crypto;
pub mod error;
pub mod finding;
pub mod identity;
pub mod inspect;
pub mod keys;
pub mod limits;
pub mod mime;
pub mod policy;
pub mod receive;
pub mod send;
pub mod x509;

pub use error::{Error, Family, Result};
pub use finding::{Code, Finding};
pub use limits::Limits;
