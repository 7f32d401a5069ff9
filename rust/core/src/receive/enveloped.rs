//! An EnvelopedData or AuthEnvelopedData layer: one key operation, then the content.

use super::key_operation::{KeyOperation, choose};
use super::{Opening, Phase, Place, range_in};
use crate::alg::{AlgorithmIdentifier, ContentAlgorithm, MacAlgorithm, Role};
use crate::asn1::{Rules, Tlv, hex};
use crate::cms::content_info::ContentInfo;
use crate::cms::enveloped::Enveloped;
use crate::cms::identifier::RecipientIdentifier;
use crate::cms::recipient::RecipientInfo;
use crate::crypto::secret::Secret;
use crate::identity::keyring::RecipientKey;
use crate::policy::facts::{Layer, RecipientFacts, Wanted};
use crate::x509::certificate::serial_hex;
use crate::x509::name::Name;
use crate::{Code, Error, Finding, Limits, Result};

/// A layer that waits for its key.
pub(super) struct KeyPhase {
    pub(super) operation: KeyOperation,
    pub(super) layer: Layer,
    pub(super) sealed: Sealed,
    /// Bare CMS: the content is no entity.
    pub(super) bare: bool,
}

/// What the key opens.
pub(super) enum Sealed {
    Encrypted {
        algorithm: ContentAlgorithm,
        /// The encryptedContent element.
        encrypted: Place,
        aad: Vec<u8>,
        mac: Vec<u8>,
    },
    /// The content is readable to all, and counts once its MAC is right.
    Authenticated { algorithm: MacAlgorithm, input: Vec<u8>, mac: Vec<u8>, content: Vec<u8>, is_data: bool },
}

/// What reading the layer gives, owned.
struct Outcome {
    operation: KeyOperation,
    key_used: String,
    sealed: Sealed,
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
                Phase::Key(KeyPhase { operation: outcome.operation, layer, sealed: outcome.sealed, bare: false })
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
        wanted.extend(self.wanted(&layer.recipients));
        let mac_len = enveloped.mac.as_ref().map(|mac| mac.len());
        let algorithm = self.content_algorithm(mac_len, identifier)?;
        let mac = enveloped.mac.as_ref().map(|mac| mac.to_vec()).unwrap_or_default();
        let encrypted = enveloped.encrypted_content_info.encrypted_content.as_ref();
        let encrypted = encrypted.ok_or_else(|| Error::new(Code::CmsContentAbsent).within("encryptedContent"))?;
        let encrypted = range_in(bytes, encrypted.tlv().raw).ok_or_else(|| Error::new(Code::CmsMalformed))?;
        let keyring = &self.receiver.keyring;
        let (operation, key_used) = choose(&enveloped.recipient_infos, algorithm.key_len(), keyring, limits, findings)?;
        let aad = enveloped.aad();
        let sealed = Sealed::Encrypted { algorithm, encrypted: cms.part(encrypted), aad, mac };
        Ok(Outcome { operation, key_used, sealed })
    }

    /// Each recipient as a question: its private key, and its certificate where the keyring has it.
    pub(super) fn wanted(&self, recipients: &[RecipientFacts]) -> Vec<Wanted> {
        let key = |recipient: &RecipientFacts| {
            let known = recipient.key.as_ref().and_then(|key| self.receiver.keyring.certificate(key));
            Wanted::Key { recipient: recipient.clone(), certificate: known.cloned() }
        };
        recipients.iter().map(key).collect()
    }

    /// Only what belongs in this container, what the policy takes, with a tag as long as it says. `mac_len`: of the
    /// tag of an AuthEnvelopedData; None: a container without one.
    pub(super) fn content_algorithm(
        &self,
        mac_len: Option<usize>,
        identifier: &AlgorithmIdentifier<'_>,
    ) -> Result<ContentAlgorithm> {
        let policy = &self.receiver.policy;
        let at = self.times.judged(policy, &self.facts);
        if let Some(row) = identifier.row() {
            let aead = row.role == Role::Aead;
            match (mac_len.is_some(), aead) {
                (true, false) => return Err(Error::with(Code::DecryptionNotAead, row.name)),
                (false, true) => return Err(Error::with(Code::DecryptionAeadInEnveloped, row.name)),
                _ if !policy.takes(row, at) => return Err(Error::with(Code::DecryptionAlgorithmForbidden, row.name)),
                _ => {}
            }
        } else if mac_len.is_some() {
            return Err(Error::with(Code::DecryptionNotAead, identifier.name()));
        }
        let algorithm = ContentAlgorithm::resolve(identifier)?;
        let wrong = |mac: usize| mac != algorithm.tag_len() || (mac as u64) < u64::from(policy.minimum_tag_octets);
        if let Some(mac) = mac_len.filter(|mac| wrong(*mac)) {
            return Err(Error::with(Code::DecryptionTagLength, format!("{mac} octets")));
        }
        Ok(algorithm)
    }

    /// Decrypts the layer; whatever fails, fails alike.
    pub(super) fn decrypt(&mut self, key: KeyPhase, cek: &Secret) -> Phase<'m> {
        let KeyPhase { mut layer, sealed, bare, .. } = key;
        let limits = self.limits();
        let mut is_entity = true;
        let plaintext = match sealed {
            Sealed::Encrypted { algorithm, encrypted, aad, mac } => {
                let octets = Tlv::first(self.bytes(&encrypted), Rules::Ber, limits).and_then(|tlv| tlv.as_octets());
                octets.and_then(|octets| algorithm.decrypt(cek, &octets, &aad, &mac))
            }
            Sealed::Authenticated { algorithm, input, mac, content, is_data } => {
                is_entity = is_data;
                let right = algorithm.verify(cek, &input, &mac);
                if right { Ok(content) } else { Err(Error::new(Code::DecryptionFailed)) }
            }
        };
        match plaintext {
            Ok(plaintext) => {
                layer.opened = true;
                let next = format!("{}/", layer.path);
                self.facts.layers.push(layer);
                let place = self.keep(plaintext);
                self.content = Some(place.clone());
                if bare || !is_entity { Phase::Finished } else { Phase::Entity(place, next) }
            }
            Err(_) => {
                self.content = None;
                self.broken(layer, Error::new(Code::DecryptionFailed))
            }
        }
    }
}

/// Each key that a RecipientInfo names.
pub(super) fn recipients(info: &RecipientInfo<'_>, limits: &Limits) -> Vec<RecipientFacts> {
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
        RecipientInfo::Kekri(kekri) => vec![RecipientFacts {
            kind: info.kind_name(),
            id: format!("kek={}", hex(&kekri.key_identifier.to_cow())),
            key: None,
            algorithm: kekri.key_encryption_algorithm.name_as(&[Role::KeyWrap]),
        }],
        RecipientInfo::Pwri(pwri) => vec![RecipientFacts {
            kind: info.kind_name(),
            id: "password".to_owned(),
            key: None,
            algorithm: pwri.key_encryption_algorithm.name_as(&[Role::KeyWrap]),
        }],
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
