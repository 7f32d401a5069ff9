//! STUB (signatures are the contract).
pub mod digest;
pub mod secret;
