//! Private keys with their certificates, and the files that they come in: PEM, PKCS#8, PKCS#12.

pub mod password;
pub mod pem;

pub use password::Password;
