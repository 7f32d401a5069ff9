//! Many private keys, found by what a RecipientInfo names. Immutable; every look-up takes constant time.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::cms::RecipientIdentifier;
use crate::crypto::digest::{Digest, DigestValue, SHA256};
use crate::identity::identity::Identity;
use crate::identity::public_key_id::{PublicKeyId, derived_key_identifiers};
use crate::identity::secret_keys::SecretKeys;
use crate::keys::{KeyKind, PrivateKey};
use crate::x509::certificate::Certificate;
use crate::x509::name::Name;
use crate::{Code, Error, Limits, Result};

/// A private key with every known certificate for it: those of renewals with the same key as well.
#[derive(Debug)]
pub struct KeyEntry {
    pub private_key: PrivateKey,
    // The first apart from the others: most keys have just one, and 100,000 lists of one would be as many allocations.
    certificate: Option<Arc<Certificate>>,
    more: Vec<Arc<Certificate>>,
}

impl KeyEntry {
    pub fn certificates(&self) -> impl Iterator<Item = &Arc<Certificate>> {
        self.certificate.iter().chain(&self.more)
    }

    fn push(&mut self, certificate: Arc<Certificate>) {
        match &self.certificate {
            None => self.certificate = Some(certificate),
            Some(_) => self.more.push(certificate),
        }
    }

    /// Whether a RecipientInfo of this kind ("ktri", "kari") is for keys such as this one.
    pub fn serves(&self, kind: &str) -> bool {
        match self.private_key.kind() {
            KeyKind::Rsa => kind == "ktri",
            KeyKind::Ec { .. } | KeyKind::X25519 | KeyKind::X448 => kind == "kari",
            KeyKind::Ed25519 | KeyKind::Ed448 | KeyKind::Dsa | KeyKind::Other => false,
        }
    }
}

/// What a RecipientIdentifier says, in the form in which keyrings look it up: equal for equal names (RFC 5280 §7.1) and
/// serial numbers, or for equal key identifiers.
///
/// A digest, so that 100,000 of them are small, of which 160 bits are kept. What a message names hits a key only if the
/// digests are the same. To name another's key by a false name, the writer of a message would need a second preimage
/// (2^160), and would win nothing: he may name the key by its true name. Two names of one digest (2^80) would have to
/// stand in certificates that are loaded here, and then the second of them finds the first's key, which does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecipientKey([u8; 20]);

impl RecipientKey {
    /// None: the issuer is no Name.
    pub fn new(identifier: &RecipientIdentifier<'_>, limits: &Limits) -> Option<Self> {
        match identifier {
            RecipientIdentifier::IssuerAndSerialNumber { issuer, serial_number } => {
                let issuer = Name::from_der(issuer, limits).ok()?;
                Some(Self::of_issuer_and_serial(&issuer, serial_number.bytes()))
            }
            RecipientIdentifier::SubjectKeyIdentifier(identifier) => Some(Self::of_key_identifier(identifier)),
        }
    }

    /// IssuerAndSerialNumber (RFC 5652 §10.2.4); `serial` is the contents octets of the INTEGER.
    pub fn of_issuer_and_serial(issuer: &Name, serial: &[u8]) -> Self {
        // Octets that only carry the sign do not make another number.
        let mut serial = serial;
        while let [first, rest @ ..] = serial {
            let superfluous =
                rest.first().is_some_and(|second| matches!((first, second & 0x80), (0, 0) | (0xff, 0x80)));
            if !superfluous {
                break;
            }
            serial = rest;
        }
        Self::digest(&[b"serial", &(serial.len() as u64).to_be_bytes(), serial, issuer.key()])
    }

    /// SubjectKeyIdentifier (RFC 5652 §6.2.1).
    pub fn of_key_identifier(identifier: &[u8]) -> Self {
        Self::digest(&[b"identifier", identifier])
    }

    fn digest(parts: &[&[u8]]) -> Self {
        let digest: &dyn Digest = &SHA256;
        let mut context = digest.start();
        parts.iter().for_each(|part| context.update(part));
        let mut key = [0; 20];
        key.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Self(key)
    }

    /// Stands among the names of recipients, so that one table holds both; no recipient can name it.
    fn of_public_key(id: &PublicKeyId) -> Self {
        Self::digest(&[b"public key", id.octets()])
    }

    /// Both names that `certificate` has among recipients.
    fn of_certificate(certificate: &Certificate) -> impl Iterator<Item = Self> {
        let identifier = certificate.subject_key_identifier().map(Self::of_key_identifier);
        [Self::of_issuer_and_serial(certificate.issuer(), certificate.serial())].into_iter().chain(identifier)
    }
}

/// Keys by issuer and serial number, by subject key identifier, and by public key.
///
/// Where two keys claim one identifier, the first loaded holds it; an identifier that a certificate states goes before
/// one that is derived from a key.
#[derive(Debug, Default)]
pub struct Keyring {
    entries: Vec<KeyEntry>,
    /// By what recipients call the keys, and by public key.
    places: HashMap<RecipientKey, u32>,
    /// Certificates of keys that are not here, by what recipients call them.
    keyless: HashMap<RecipientKey, Arc<Certificate>>,
    ready: Ready,
    secret_keys: SecretKeys,
    /// Keys that are elsewhere, by what recipients call them: places in the list that was given.
    remote: HashMap<RecipientKey, usize>,
}

impl Keyring {
    /// `certificates`: more of them, by which known keys are found too. Those for other keys are kept only to tell whose
    /// key is missing. Identities with the same key become one entry.
    /// Err: KeyMalformed (a public key that cannot be read).
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

    /// With keys that both sides hold (RFC 5652 §6.2.3, §6.2.4).
    pub fn with_secret_keys(mut self, secret_keys: SecretKeys) -> Self {
        self.secret_keys = secret_keys;
        self
    }

    pub fn secret_keys(&self) -> &SecretKeys {
        &self.secret_keys
    }

    /// With keys that are elsewhere and answer questions, by their certificates.
    pub fn with_remote_keys(mut self, certificates: &[Arc<Certificate>]) -> Self {
        for (index, certificate) in certificates.iter().enumerate() {
            for key in RecipientKey::of_certificate(certificate) {
                self.remote.entry(key).or_insert(index);
            }
        }
        self
    }

    /// The place of the remote key that a RecipientInfo names, if no key here is the one.
    pub fn find_remote(&self, identifier: &RecipientIdentifier<'_>, limits: &Limits) -> Option<usize> {
        self.remote.get(&RecipientKey::new(identifier, limits)?).copied()
    }

    /// Keys, each counted once.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// SHA-256 over the public halves and the certificates, whatever their order: whether another run has the same keys.
    pub fn fingerprint(&self) -> DigestValue {
        let digest: &dyn Digest = &SHA256;
        let certificates = self.entries.iter().flat_map(KeyEntry::certificates).chain(self.keyless.values());
        let mut names: Vec<[u8; 32]> = certificates.map(|certificate| certificate.sha256()).collect();
        let keys = self.entries.iter().map(|entry| digest.digest(&entry.private_key.public_spki()));
        names.extend(keys.filter_map(|digest| <[u8; 32]>::try_from(digest.as_ref()).ok()));
        names.sort_unstable();
        // A certificate is known by several names.
        names.dedup();
        digest.digest(names.as_flattened())
    }

    /// In the order in which they were given.
    pub fn entries(&self) -> &[KeyEntry] {
        &self.entries
    }

    /// The key of the recipient that a RecipientInfo names. Names are compared as RFC 5280 §7.1 says; a key without
    /// certificate is found by the identifiers that issuers derive from it (RFC 5280 §4.2.1.2 method 1, RFC 7093 §2
    /// method 1).
    pub fn find(&self, identifier: &RecipientIdentifier<'_>, limits: &Limits) -> Option<&KeyEntry> {
        self.by_recipient(&RecipientKey::new(identifier, limits)?)
    }

    /// As `find`.
    pub fn by_recipient(&self, recipient: &RecipientKey) -> Option<&KeyEntry> {
        let index = self.places.get(recipient)?;
        if let Some(forgotten) = self.ready.note(*index) {
            self.entry(Some(&forgotten))?.private_key.forget();
        }
        self.entry(Some(index))
    }

    /// The key of a certificate or of any SubjectPublicKeyInfo.
    pub fn by_public_key(&self, spki: &[u8], limits: &Limits) -> Option<&KeyEntry> {
        let id = PublicKeyId::from_spki(spki, limits).ok()?;
        self.entry(self.places.get(&RecipientKey::of_public_key(&id)))
    }

    /// The certificate that a recipient names, whether its key is here or not, and whether it is valid or not.
    pub fn certificate(&self, recipient: &RecipientKey) -> Option<&Arc<Certificate>> {
        let ours = self.by_recipient(recipient).into_iter().flat_map(KeyEntry::certificates);
        let mut named =
            ours.filter(|certificate| RecipientKey::of_certificate(certificate).any(|key| key == *recipient));
        named.next().or_else(|| self.keyless.get(recipient))
    }

    fn entry(&self, index: Option<&u32>) -> Option<&KeyEntry> {
        self.entries.get(usize::try_from(*index?).ok()?)
    }
}

/// So many keys stay in the backend's form, some 3 KiB each for RSA-2048; the others are made ready again when needed.
const READY_KEYS: usize = 1024;

/// Which keys may be ready for use: one of each remainder of their numbers, so that noting one takes no lock.
#[derive(Debug)]
struct Ready(Box<[AtomicU32]>);

impl Default for Ready {
    fn default() -> Self {
        Self((0..READY_KEYS).map(|_| AtomicU32::new(u32::MAX)).collect())
    }
}

impl Ready {
    /// The key that has to make room for key `index`.
    fn note(&self, index: u32) -> Option<u32> {
        let place = self.0.get(usize::try_from(index).ok()? % READY_KEYS)?;
        // Reading alone is enough for the key that is used again and again.
        if place.load(Ordering::Relaxed) == index {
            return None;
        }
        Some(place.swap(index, Ordering::Relaxed)).filter(|before| *before != u32::MAX && *before != index)
    }
}

#[derive(Default)]
struct Building {
    entries: Vec<KeyEntry>,
    by_public_key: HashMap<PublicKeyId, u32>,
    by_recipient: HashMap<RecipientKey, u32>,
    /// Certificates seen for each entry, by the digest of the whole.
    seen: HashSet<[u8; 32]>,
    keyless: HashMap<RecipientKey, Arc<Certificate>>,
}

impl Building {
    fn key(&mut self, private_key: &PrivateKey, limits: &Limits) -> Result<()> {
        let public_key_id = PublicKeyId::of_private_key(private_key, limits)?;
        let next = u32::try_from(self.entries.len()).map_err(|_| Error::with(Code::KeyUnsupported, "2^32 keys"))?;
        if let Entry::Vacant(vacant) = self.by_public_key.entry(public_key_id) {
            vacant.insert(next);
            self.entries.push(KeyEntry { private_key: private_key.clone(), certificate: None, more: Vec::new() });
        }
        Ok(())
    }

    /// A certificate whose key cannot be read belongs to none of ours.
    fn certificate(&mut self, certificate: &Arc<Certificate>, limits: &Limits) {
        // Read from its bytes, so that a certificate that is asleep does not wake up.
        let Ok(read) = Certificate::from_der(certificate.der(), limits) else { return };
        let id = PublicKeyId::from_spki(read.spki(), limits).ok();
        let found = id.and_then(|id| self.by_public_key.get(&id)).copied();
        let place = found.and_then(|index| usize::try_from(index).ok());
        let (Some(index), Some(entry)) = (found, place.and_then(|place| self.entries.get_mut(place))) else {
            for key in RecipientKey::of_certificate(&read) {
                self.keyless.entry(key).or_insert_with(|| Arc::clone(certificate));
            }
            return;
        };
        if self.seen.insert(read.sha256()) {
            for key in RecipientKey::of_certificate(&read) {
                self.by_recipient.entry(key).or_insert(index);
            }
            entry.push(Arc::clone(certificate));
        }
    }

    fn finish(mut self, limits: &Limits) -> Result<Keyring> {
        let mut places = self.by_recipient;
        places.extend(self.by_public_key.drain().map(|(id, index)| (RecipientKey::of_public_key(&id), index)));
        for (index, entry) in (0_u32..).zip(&self.entries) {
            for identifier in derived_key_identifiers(&entry.private_key.public_spki(), limits)? {
                places.entry(RecipientKey::of_key_identifier(&identifier)).or_insert(index);
            }
        }
        places.shrink_to_fit();
        self.entries.shrink_to_fit();
        Ok(Keyring {
            entries: self.entries,
            places,
            keyless: self.keyless,
            ready: Ready::default(),
            secret_keys: SecretKeys::default(),
            remote: HashMap::new(),
        })
    }
}

#[cfg(test)]
mod tests;
