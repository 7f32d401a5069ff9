//! Private keys with their certificates, and the files that they come in: PEM, PKCS#8, PKCS#12.

pub mod certificates;
#[allow(clippy::module_inception, reason = "the name that the vocabulary gives it")]
pub mod identity;
pub mod keyring;
pub mod mac;
pub mod pem;
pub mod pkcs12;
pub mod profile;
pub mod public_key_id;
pub mod secret_keys;
#[cfg(test)]
mod testing;
pub mod unlock;
pub mod usage;
mod write;

pub use certificates::{load_certificates, load_certificates_with};
pub use identity::{Identity, SharedCertificates};
pub use keyring::{KeyEntry, Keyring};
pub use profile::Pkcs12Profile;
pub use public_key_id::PublicKeyId;
pub use secret_keys::{KeyEncryptionKey, SecretKeys};

pub use crate::crypto::password::Password;
