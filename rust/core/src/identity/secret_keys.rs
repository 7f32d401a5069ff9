//! Keys that both sides hold: for KEKRecipientInfo and PasswordRecipientInfo (RFC 5652 §6.2.3, §6.2.4).

use crate::crypto::password::Password;
use crate::crypto::secret::Secret;

/// A key-encryption key with the identifier that kekid names it by.
#[derive(Clone, Debug)]
pub struct KeyEncryptionKey {
    pub key_identifier: Box<[u8]>,
    pub key: Secret,
}

/// Tried in their order; every password costs a key derivation, so few of them are normal.
#[derive(Clone, Debug, Default)]
pub struct SecretKeys {
    pub keks: Vec<KeyEncryptionKey>,
    pub passwords: Vec<Password>,
}

impl SecretKeys {
    pub fn kek(&self, key_identifier: &[u8]) -> Option<&KeyEncryptionKey> {
        self.keks.iter().find(|kek| *kek.key_identifier == *key_identifier)
    }
}
