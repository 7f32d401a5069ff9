//! Certificates and chains of them (RFC 5280, RFC 8550): facts, never judgement.

pub mod certificate;
pub mod extension;
pub mod general_name;
pub(crate) mod inherit;
pub mod memo;
pub mod name;
pub mod path;
pub mod pool;
#[cfg(test)]
pub(crate) mod testing;

pub use certificate::Certificate;
pub use extension::{AuthorityKeyIdentifier, BasicConstraints, Extension, KeyUsage};
pub use general_name::GeneralName;
pub use memo::Memo;
pub use name::{Name, names_match};
pub use path::{PathFacts, PathRules, Purpose, SignatureChecker};
pub use pool::{Pool, TrustAnchors};

/// None only if SHA-256 had not 32 octets.
fn sha256(data: &[u8]) -> Option<[u8; 32]> {
    let digest: &dyn crate::crypto::digest::Digest = &crate::crypto::digest::SHA256;
    digest.digest(data).as_ref().try_into().ok()
}

#[cfg(test)]
mod tests {
    /// FIPS 180-4, "abc". The memo forgets everything where the table lacks SHA-256.
    #[test]
    fn sha256_is_in_the_table() {
        let digest = super::sha256(b"abc").unwrap();
        assert_eq!((digest[0], digest[1], digest[31]), (0xba, 0x78, 0xad));
    }
}
