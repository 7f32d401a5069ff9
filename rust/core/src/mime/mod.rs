//! MIME as byte ranges: entities, fields, addresses, dates, transfer encodings and mbox files. Knows nothing of CMS.
//!
//! Reading never re-serialises: structure is offsets into the bytes as they came, text is made only for display and index.

pub mod address;
pub mod canonical;
pub mod content_type;
pub mod date;
pub mod encoded_word;
pub mod field;
pub mod mbox;
pub mod scan;
pub mod transfer;
pub mod walk;
pub mod write;

pub use address::{Addresses, Mailbox, addresses};
pub use content_type::{ContentDisposition, ContentType};
pub use field::Text;
pub use scan::{Entity, Field, Header, Multipart};
pub use transfer::TransferEncoding;
pub use walk::{Node, walk};
