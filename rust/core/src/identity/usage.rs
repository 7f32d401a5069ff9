//! New identities, and what an identity can be used for.

use std::sync::Arc;

use crate::Result;
use crate::crypto::random::Random;
use crate::identity::identity::Identity;
use crate::keys::{KeyAlgorithm, KeyKind, PrivateKey};
use crate::x509::path;

impl Identity {
    /// A new key, without certificate: that is for a CA to give. Err: MakingFailed (no chance).
    pub fn generate(algorithm: &KeyAlgorithm, random: &dyn Random) -> Result<Self> {
        Ok(Self {
            private_key: PrivateKey::generate(algorithm, random)?,
            certificate: None,
            renewals: Vec::new(),
            chain: Arc::default(),
            friendly_name: None,
        })
    }

    /// "sign" and "decrypt", as far as the key can and its certificate, if it has one, allows (RFC 8550 §4.4.2, §4.4.4;
    /// RFC 5753 §7.1.1). Neither its validity nor its chain is looked at.
    pub fn uses(&self) -> Vec<&'static str> {
        let kind = self.private_key.kind();
        let bound_to_pss = self.private_key.is_pss_only();
        let mut signs = matches!(kind, KeyKind::Rsa | KeyKind::Ec { .. } | KeyKind::Ed25519);
        let mut decrypts =
            matches!(kind, KeyKind::Rsa | KeyKind::Ec { .. } | KeyKind::X25519 | KeyKind::X448) && !bound_to_pss;
        if let Some(certificate) = &self.certificate {
            let mail = certificate.allows_email_protection();
            let allows = certificate.key_usage().is_none_or(|usage| match kind {
                KeyKind::Rsa => usage.key_encipherment(),
                _ => usage.key_agreement(),
            });
            signs &= mail && path::signer_key_usage(certificate).is_none();
            decrypts &= mail && allows;
        }
        [(signs, "sign"), (decrypts, "decrypt")].into_iter().filter(|(may, _)| *may).map(|(_, name)| name).collect()
    }
}
