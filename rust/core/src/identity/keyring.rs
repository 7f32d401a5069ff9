//! Many private keys, found by what a RecipientInfo names. Immutable; every look-up takes constant time.

use std::collections::HashMap;
use std::sync::Arc;

use crate::cms::RecipientIdentifier;
use crate::identity::identity::Identity;
use crate::identity::public_key_id::{PublicKeyId, derived_key_identifiers};
use crate::keys::PrivateKey;
use crate::x509::certificate::Certificate;
use crate::x509::name::Name;
use crate::{Limits, Result};

/// A private key with every known certificate for it: those of renewals with the same key as well.
#[derive(Clone, Debug)]
pub struct KeyEntry {
    pub private_key: PrivateKey,
    pub certificates: Vec<Arc<Certificate>>,
    pub public_key_id: PublicKeyId,
}

/// Keys by issuer and serial number, by subject key identifier, and by public key.
///
/// Where two keys claim one identifier, the first loaded holds it; an identifier that a certificate states goes before
/// one that is derived from a key.
#[derive(Debug, Default)]
pub struct Keyring {
    entries: Vec<Arc<KeyEntry>>,
    by_issuer_and_serial: HashMap<Box<[u8]>, usize>,
    by_subject_key_identifier: HashMap<Box<[u8]>, usize>,
    by_public_key: HashMap<PublicKeyId, usize>,
}

impl Keyring {
    /// `certificates`: more of them, by which known keys are found too; those for other keys are left out.
    /// Identities with the same key become one entry. Err: KeyMalformed (a public key that cannot be read).
    pub fn new<'a>(
        identities: impl IntoIterator<Item = &'a Identity>,
        certificates: &[Arc<Certificate>],
        limits: &Limits,
    ) -> Result<Self> {
        let mut building = Building::default();
        let identities: Vec<_> = identities.into_iter().collect();
        for identity in &identities {
            building.key(&identity.private_key, limits)?;
        }
        for identity in &identities {
            for certificate in identity.certificates() {
                building.certificate(certificate, limits);
            }
        }
        for certificate in certificates {
            building.certificate(certificate, limits);
        }
        building.finish(limits)
    }

    /// Keys, each counted once.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// In the order in which they were given.
    pub fn entries(&self) -> &[Arc<KeyEntry>] {
        &self.entries
    }

    /// IssuerAndSerialNumber (RFC 5652 §10.2.4): `issuer` is a Name in DER or BER, `serial` the contents octets of the
    /// INTEGER. Names are compared as RFC 5280 §7.1 says.
    pub fn by_issuer_and_serial(&self, issuer: &[u8], serial: &[u8], limits: &Limits) -> Option<&Arc<KeyEntry>> {
        let issuer = Name::from_der(issuer, limits).ok()?;
        self.entry(self.by_issuer_and_serial.get(issuer_and_serial(issuer.key(), serial).as_slice()))
    }

    /// SubjectKeyIdentifier (RFC 5652 §6.2.1). A key without certificate is found by the identifiers that issuers
    /// derive from it (RFC 5280 §4.2.1.2 method 1, RFC 7093 §2 method 1).
    pub fn by_subject_key_identifier(&self, identifier: &[u8]) -> Option<&Arc<KeyEntry>> {
        self.entry(self.by_subject_key_identifier.get(identifier))
    }

    /// The key of a certificate or of any SubjectPublicKeyInfo.
    pub fn by_public_key(&self, spki: &[u8], limits: &Limits) -> Option<&Arc<KeyEntry>> {
        self.entry(self.by_public_key.get(&PublicKeyId::from_spki(spki, limits).ok()?))
    }

    /// The key of the recipient that a RecipientInfo names.
    pub fn find(&self, identifier: &RecipientIdentifier<'_>, limits: &Limits) -> Option<&Arc<KeyEntry>> {
        match identifier {
            RecipientIdentifier::IssuerAndSerialNumber { issuer, serial_number } => {
                self.by_issuer_and_serial(issuer, serial_number.bytes(), limits)
            }
            RecipientIdentifier::SubjectKeyIdentifier(identifier) => self.by_subject_key_identifier(identifier),
        }
    }

    fn entry(&self, index: Option<&usize>) -> Option<&Arc<KeyEntry>> {
        self.entries.get(*index?)
    }
}

#[derive(Default)]
struct Building {
    entries: Vec<KeyEntry>,
    by_public_key: HashMap<PublicKeyId, usize>,
    /// Certificates seen for each entry, by the digest of the whole.
    seen: std::collections::HashSet<[u8; 32]>,
}

impl Building {
    fn key(&mut self, private_key: &PrivateKey, limits: &Limits) -> Result<()> {
        let public_key_id = PublicKeyId::from_spki(private_key.public_spki(), limits)?;
        self.by_public_key.entry(public_key_id).or_insert_with(|| {
            self.entries.push(KeyEntry { private_key: private_key.clone(), certificates: Vec::new(), public_key_id });
            self.entries.len() - 1
        });
        Ok(())
    }

    /// A certificate whose key cannot be read belongs to none of ours.
    fn certificate(&mut self, certificate: &Arc<Certificate>, limits: &Limits) {
        let Ok(id) = PublicKeyId::from_spki(certificate.spki(), limits) else { return };
        let entry = self.by_public_key.get(&id).and_then(|index| self.entries.get_mut(*index));
        let Some(entry) = entry else { return };
        if self.seen.insert(certificate.sha256()) {
            entry.certificates.push(Arc::clone(certificate));
        }
    }

    fn finish(self, limits: &Limits) -> Result<Keyring> {
        let mut by_issuer_and_serial = HashMap::with_capacity(self.entries.len());
        let mut by_subject_key_identifier: HashMap<Box<[u8]>, usize> = HashMap::with_capacity(3 * self.entries.len());
        for (index, entry) in self.entries.iter().enumerate() {
            for certificate in &entry.certificates {
                let key = issuer_and_serial(certificate.issuer().key(), certificate.serial());
                by_issuer_and_serial.entry(key.into_boxed_slice()).or_insert(index);
                if let Some(identifier) = certificate.subject_key_identifier() {
                    by_subject_key_identifier.entry(identifier.into()).or_insert(index);
                }
            }
        }
        for (index, entry) in self.entries.iter().enumerate() {
            for identifier in derived_key_identifiers(entry.private_key.public_spki(), limits)? {
                by_subject_key_identifier.entry(identifier.into_boxed_slice()).or_insert(index);
            }
        }
        let entries = self.entries.into_iter().map(Arc::new).collect();
        let by_public_key = self.by_public_key;
        Ok(Keyring { entries, by_issuer_and_serial, by_subject_key_identifier, by_public_key })
    }
}

/// One key of both: the serial number without superfluous sign octets, its length, the issuer.
fn issuer_and_serial(issuer_key: &[u8], serial: &[u8]) -> Vec<u8> {
    let mut serial = serial;
    while let [first, second, ..] = serial {
        let superfluous = matches!((first, second & 0x80), (0, 0) | (0xff, 0x80));
        if !superfluous {
            break;
        }
        serial = &serial[1..];
    }
    let mut key = Vec::with_capacity(8 + serial.len() + issuer_key.len());
    key.extend_from_slice(&(serial.len() as u64).to_be_bytes());
    key.extend_from_slice(serial);
    key.extend_from_slice(issuer_key);
    key
}

#[cfg(test)]
mod tests;
