//! An EnvelopedData or AuthEnvelopedData layer: which RecipientInfo is ours, one key operation, then the content.
//!
//! Decision 5 of the house: match by identifier; the stronger kind first, then position; exactly one private-key
//! operation for a message and layer; never another try after a failure (ENC-11, ENC-12).

use std::sync::Arc;

use super::{Opening, Phase, Place, range_in};
use crate::alg::{AgreementAlgorithm, AlgorithmIdentifier, ContentAlgorithm, Role, TransportAlgorithm};
use crate::asn1::{Rules, Tlv, hex};
use crate::cms::content_info::ContentInfo;
use crate::cms::enveloped::Enveloped;
use crate::cms::identifier::RecipientIdentifier;
use crate::cms::recipient::RecipientInfo;
use crate::cms::recipient::kari::OriginatorIdentifierOrKey;
use crate::crypto::secret::Secret;
use crate::identity::keyring::{KeyEntry, Keyring, RecipientKey};
use crate::policy::facts::{Layer, RecipientFacts, Wanted};
use crate::x509::certificate::serial_hex;
use crate::x509::name::Name;
use crate::{Code, Error, Finding, Limits, Result};

/// One private-key operation to be done: unwrapping a content-encryption key.
#[derive(Clone, Debug)]
pub struct KeyOperation {
    key: Arc<KeyEntry>,
    method: Method,
    encrypted_key: Vec<u8>,
    cek_len: usize,
}

#[derive(Clone, Debug)]
enum Method {
    Transport(TransportAlgorithm),
    Agreement { algorithm: AgreementAlgorithm, originator: Vec<u8>, ukm: Option<Vec<u8>> },
}

impl KeyOperation {
    /// Octets that the content-encryption key has to have.
    pub fn cek_len(&self) -> usize {
        self.cek_len
    }

    /// Always gives a key of the right length: a wrong one is found out only by its use (implicit rejection).
    pub fn run(&self) -> Secret {
        let key = &self.key.private_key;
        match &self.method {
            Method::Transport(algorithm) => algorithm.unwrap(key, &self.encrypted_key, self.cek_len),
            Method::Agreement { algorithm, originator, ukm } => {
                algorithm.unwrap(key, originator, ukm.as_deref(), &self.encrypted_key, self.cek_len)
            }
        }
    }
}

/// A layer that waits for its key.
pub(super) struct KeyPhase {
    pub(super) operation: KeyOperation,
    layer: Layer,
    algorithm: ContentAlgorithm,
    /// The encryptedContent element.
    encrypted: Place,
    aad: Vec<u8>,
    mac: Vec<u8>,
    /// Bare CMS: the content is no entity.
    pub(super) bare: bool,
}

/// What reading the layer gives, owned.
struct Outcome {
    operation: KeyOperation,
    key_used: String,
    algorithm: ContentAlgorithm,
    encrypted: (usize, usize),
    aad: Vec<u8>,
    mac: Vec<u8>,
}

impl<'m> Opening<'m> {
    pub(super) fn enveloped(&mut self, cms: &Place, mut layer: Layer) -> Phase<'m> {
        let mut findings = Vec::new();
        let mut wanted = Vec::new();
        let outcome = self.read_enveloped(cms, &mut layer, &mut findings, &mut wanted);
        let path = layer.path.clone();
        self.facts.findings.extend(findings.into_iter().map(|finding: Finding| finding.path(path.as_str())));
        match outcome {
            Ok(outcome) => {
                layer.key_used = Some(outcome.key_used);
                let (start, end) = outcome.encrypted;
                Phase::Key(KeyPhase {
                    operation: outcome.operation,
                    layer,
                    algorithm: outcome.algorithm,
                    encrypted: Place { buffer: cms.buffer, start: cms.start + start, end: cms.start + end },
                    aad: outcome.aad,
                    mac: outcome.mac,
                    bare: false,
                })
            }
            Err(error) => {
                if error.code() == Code::DecryptionNoKey {
                    self.facts.wanted.extend(wanted);
                }
                self.broken(layer, error)
            }
        }
    }

    /// Order matters: everything that can be refused is refused before a key is touched (ENC-04, ENC-06).
    fn read_enveloped(
        &self,
        cms: &Place,
        layer: &mut Layer,
        findings: &mut Vec<Finding>,
        wanted: &mut Vec<Wanted>,
    ) -> Result<Outcome> {
        let limits = self.limits();
        let bytes = self.bytes(cms);
        let content = ContentInfo::read(bytes, limits)?.content.ok_or_else(|| Error::new(Code::CmsContentAbsent))?;
        let enveloped =
            Enveloped::read(&content, layer.kind == crate::policy::facts::LayerKind::AuthEnveloped, limits)?;
        enveloped.check_auth_attrs()?;
        if !enveloped.version_is_prescribed() {
            findings.push(Finding::new(Code::CmsVersion).detail(format!("version {}", enveloped.version)));
        }
        let identifier = &enveloped.encrypted_content_info.content_encryption_algorithm;
        layer.algorithm = identifier.name();
        layer.algorithm_row = identifier.row();
        layer.recipients = enveloped.recipient_infos.iter().flat_map(|info| recipients(info, limits)).collect();
        wanted.extend(layer.recipients.iter().map(|recipient| {
            let known = recipient.key.as_ref().and_then(|key| self.receiver.keyring.certificate(key));
            Wanted::Key { recipient: recipient.clone(), certificate: known.cloned() }
        }));
        let algorithm = self.content_algorithm(&enveloped, identifier)?;
        let mac = enveloped.mac.as_ref().map(|mac| mac.to_vec()).unwrap_or_default();
        let encrypted = enveloped.encrypted_content_info.encrypted_content.as_ref();
        let encrypted = encrypted.ok_or_else(|| Error::new(Code::CmsContentAbsent).within("encryptedContent"))?;
        let encrypted = range_in(bytes, encrypted.tlv().raw).ok_or_else(|| Error::new(Code::CmsMalformed))?;
        let (operation, key_used) = self.choose(&enveloped.recipient_infos, algorithm.key_len(), findings)?;
        let aad = enveloped.aad();
        Ok(Outcome { operation, key_used, algorithm, encrypted, aad, mac })
    }

    /// Only what belongs in this container, what the policy takes, with a tag as long as it says.
    fn content_algorithm(
        &self,
        enveloped: &Enveloped<'_>,
        identifier: &AlgorithmIdentifier<'_>,
    ) -> Result<ContentAlgorithm> {
        let policy = &self.receiver.policy;
        let at = self.times.judged(policy, &self.facts);
        if let Some(row) = identifier.row() {
            let aead = row.role == Role::Aead;
            match (enveloped.authenticated, aead) {
                (true, false) => return Err(Error::with(Code::DecryptionNotAead, row.name)),
                (false, true) => return Err(Error::with(Code::DecryptionAeadInEnveloped, row.name)),
                _ if !policy.takes(row, at) => return Err(Error::with(Code::DecryptionAlgorithmForbidden, row.name)),
                _ => {}
            }
        } else if enveloped.authenticated {
            return Err(Error::with(Code::DecryptionNotAead, identifier.name()));
        }
        let algorithm = ContentAlgorithm::resolve(identifier)?;
        if enveloped.authenticated {
            let mac = enveloped.mac.as_ref().map_or(0, |mac| mac.len());
            if mac != algorithm.tag_len() || (mac as u64) < u64::from(policy.minimum_tag_octets) {
                return Err(Error::with(Code::DecryptionTagLength, format!("{mac} octets")));
            }
        }
        Ok(algorithm)
    }

    /// The one RecipientInfo that is tried: key agreement before key transport, then position.
    fn choose(
        &self,
        infos: &[RecipientInfo<'_>],
        cek_len: usize,
        findings: &mut Vec<Finding>,
    ) -> Result<(KeyOperation, String)> {
        let keyring = &self.receiver.keyring;
        let limits = self.limits();
        let mut fitting: Vec<(u8, Arc<KeyEntry>, &RecipientInfo<'_>, Vec<u8>)> = Vec::new();
        for info in infos {
            match info {
                RecipientInfo::Ktri(ktri) => {
                    if let Some(key) = lookup(keyring, &ktri.rid, limits) {
                        fitting.push((1, key, info, ktri.encrypted_key.to_vec()));
                    }
                }
                RecipientInfo::Kari(kari) => {
                    for recipient in &kari.recipient_encrypted_keys {
                        if let Some(key) = lookup(keyring, &recipient.rid.identifier(), limits) {
                            fitting.push((0, key, info, recipient.encrypted_key.to_vec()));
                        }
                    }
                }
                _ => {}
            }
        }
        if fitting.is_empty() {
            return Err(Error::new(Code::DecryptionNoKey));
        }
        let first_key = fitting[0].1.public_key_id;
        if fitting.iter().skip(1).any(|other| other.1.public_key_id == first_key) {
            findings.push(Finding::new(Code::DecryptionDuplicateRecipient));
        }
        fitting.sort_by_key(|candidate| candidate.0);
        let mut refused = None;
        for (_, key, info, encrypted_key) in fitting {
            // A method that is not known touches no key: the next recipient may still be tried.
            match method(info) {
                Ok(method) => {
                    let key_used = key.public_key_id.to_string();
                    return Ok((KeyOperation { key, method, encrypted_key, cek_len }, key_used));
                }
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        Err(refused.unwrap_or_else(|| Error::new(Code::DecryptionAlgorithmUnsupported)))
    }

    /// Decrypts the layer; whatever fails, fails alike.
    pub(super) fn decrypt(&mut self, key: KeyPhase, cek: &Secret) -> Phase<'m> {
        let KeyPhase { mut layer, algorithm, encrypted, aad, mac, bare, .. } = key;
        let limits = self.limits();
        let octets = Tlv::first(self.bytes(&encrypted), Rules::Ber, limits).and_then(|tlv| tlv.as_octets());
        let plaintext = octets.and_then(|octets| algorithm.decrypt(cek, &octets, &aad, &mac));
        match plaintext {
            Ok(plaintext) => {
                layer.opened = true;
                let next = format!("{}/", layer.path);
                self.facts.layers.push(layer);
                let place = self.keep(plaintext);
                self.content = Some(place.clone());
                if bare { Phase::Finished } else { Phase::Entity(place, next) }
            }
            Err(_) => {
                self.content = None;
                self.broken(layer, Error::new(Code::DecryptionFailed))
            }
        }
    }
}

fn method(info: &RecipientInfo<'_>) -> Result<Method> {
    match info {
        RecipientInfo::Ktri(ktri) => TransportAlgorithm::resolve(&ktri.key_encryption_algorithm).map(Method::Transport),
        RecipientInfo::Kari(kari) => {
            let algorithm = AgreementAlgorithm::resolve(&kari.key_encryption_algorithm)?;
            let OriginatorIdentifierOrKey::OriginatorKey { public_key, .. } = &kari.originator else {
                return Err(Error::with(Code::DecryptionAlgorithmUnsupported, "static key agreement"));
            };
            let originator =
                public_key.octets().ok_or_else(|| Error::new(Code::CmsMalformed).within("originatorKey"))?;
            let ukm = kari.ukm.as_ref().map(|ukm| ukm.to_vec());
            Ok(Method::Agreement { algorithm, originator: originator.to_vec(), ukm })
        }
        _ => Err(Error::new(Code::DecryptionAlgorithmUnsupported)),
    }
}

fn lookup(keyring: &Keyring, rid: &RecipientIdentifier<'_>, limits: &Limits) -> Option<Arc<KeyEntry>> {
    keyring.find(rid, limits).cloned()
}

/// Each key that a RecipientInfo names.
fn recipients(info: &RecipientInfo<'_>, limits: &Limits) -> Vec<RecipientFacts> {
    let named = |rid: &RecipientIdentifier<'_>, algorithm: String| RecipientFacts {
        kind: info.kind_name(),
        id: recipient_id(rid, limits),
        key: RecipientKey::new(rid, limits),
        algorithm,
    };
    match info {
        RecipientInfo::Ktri(ktri) => {
            vec![named(&ktri.rid, ktri.key_encryption_algorithm.name_as(&[Role::KeyTransport]))]
        }
        RecipientInfo::Kari(kari) => {
            let name = kari.key_encryption_algorithm.name_as(&[Role::KeyAgreement]);
            kari.recipient_encrypted_keys.iter().map(|key| named(&key.rid.identifier(), name.clone())).collect()
        }
        _ => vec![RecipientFacts { kind: info.kind_name(), id: String::new(), key: None, algorithm: String::new() }],
    }
}

fn recipient_id(rid: &RecipientIdentifier<'_>, limits: &Limits) -> String {
    match rid {
        RecipientIdentifier::IssuerAndSerialNumber { issuer, serial_number } => {
            issuer_serial_id(issuer, &serial_hex(serial_number.bytes()), limits)
        }
        RecipientIdentifier::SubjectKeyIdentifier(id) => format!("ski={}", hex(id.as_ref())),
    }
}

/// `issuer=CN=… serial=…`
pub(super) fn issuer_serial_id(issuer: &[u8], serial: &str, limits: &Limits) -> String {
    let name = Name::from_der(issuer, limits).map_or_else(|_| hex(issuer), |name| name.to_string());
    format!("issuer={name} serial={serial}")
}
