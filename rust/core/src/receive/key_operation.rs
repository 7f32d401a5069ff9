//! Which RecipientInfo is ours, and the one key operation that opens it.
//!
//! Decision 5 of the house: match by identifier; the stronger kind first, then position; exactly one private-key
//! operation for a message and layer; never another try after a failure (ENC-11, ENC-12).

use crate::alg::{AgreementAlgorithm, PasswordKeyAlgorithm, TransportAlgorithm, WrapAlgorithm};
use crate::asn1::{Octets, Tag, Tlv, hex};
use crate::cms::identifier::RecipientIdentifier;
use crate::cms::recipient::RecipientInfo;
use crate::cms::recipient::kari::OriginatorIdentifierOrKey;
use crate::crypto::password::Password;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::identity::PublicKeyId;
use crate::identity::keyring::Keyring;
use crate::identity::secret_keys::KeyEncryptionKey;
use crate::keys::PrivateKey;
use crate::{Code, Error, Finding, Limits, Result};

/// Octets of user keying material: RFC 2631 §2.1.2 has 64; nobody needs more than a few hundred.
const MAX_UKM: usize = 4096;

/// One key operation to be done: unwrapping a content-encryption key.
#[derive(Clone, Debug)]
pub struct KeyOperation {
    method: Method,
    encrypted_key: Vec<u8>,
    cek_len: usize,
}

#[derive(Clone, Debug)]
enum Method {
    Transport {
        key: PrivateKey,
        algorithm: TransportAlgorithm,
    },
    Agreement {
        key: PrivateKey,
        algorithm: AgreementAlgorithm,
        originator: Vec<u8>,
        ukm: Option<Vec<u8>>,
    },
    KeyEncryption {
        kek: KeyEncryptionKey,
        algorithm: WrapAlgorithm,
    },
    Password {
        passwords: Vec<Password>,
        algorithm: PasswordKeyAlgorithm,
    },
    /// The content-encryption key itself, which both sides hold.
    Shared {
        key: KeyEncryptionKey,
    },
    /// A private key that is elsewhere: `identity` is its place in the keyring's list.
    RemoteTransport {
        identity: usize,
        name: String,
    },
    RemoteAgreement {
        identity: usize,
        algorithm: AgreementAlgorithm,
        originator: Vec<u8>,
        ukm: Option<Vec<u8>>,
    },
}

/// What a private key that is elsewhere is asked.
#[derive(Clone, Debug)]
pub enum RemoteQuestion<'o> {
    /// The content-encryption key under `algorithm`.
    Unwrap { identity: usize, algorithm: &'o str, encrypted_key: &'o [u8] },
    /// What the key shares with the holder of this point.
    Agree { identity: usize, algorithm: &'static str, public: &'o [u8] },
}

impl KeyOperation {
    /// Octets that the content-encryption key has to have.
    pub fn cek_len(&self) -> usize {
        self.cek_len
    }

    /// A private key always gives a key of the right length: a wrong one is found out only by its use (implicit
    /// rejection). A secret key that does not fit gives an empty one, which opens nothing.
    pub fn run(&self) -> Secret {
        let (encrypted_key, cek_len) = (self.encrypted_key.as_slice(), self.cek_len);
        match &self.method {
            Method::Transport { key, algorithm } => algorithm.unwrap(key, encrypted_key, cek_len),
            Method::Agreement { key, algorithm, originator, ukm } => {
                algorithm.unwrap(key, originator, ukm.as_deref(), encrypted_key, cek_len)
            }
            Method::KeyEncryption { kek, algorithm } => {
                algorithm.unwrap(&kek.key, encrypted_key, cek_len).unwrap_or_else(|| Secret::new(Vec::new()))
            }
            Method::Shared { key } => key.key.clone(),
            // Nobody was asked.
            Method::RemoteTransport { .. } | Method::RemoteAgreement { .. } => Secret::new(Vec::new()),
            Method::Password { passwords, algorithm } => passwords
                .iter()
                .find_map(|password| algorithm.unwrap(password, encrypted_key, cek_len))
                .unwrap_or_else(|| Secret::new(Vec::new())),
        }
    }
}

impl KeyOperation {
    /// The question, if the key is elsewhere: then `answered` takes the place of `run`.
    pub fn remote(&self) -> Option<RemoteQuestion<'_>> {
        match &self.method {
            Method::RemoteTransport { identity, name } => Some(RemoteQuestion::Unwrap {
                identity: *identity,
                algorithm: name,
                encrypted_key: &self.encrypted_key,
            }),
            Method::RemoteAgreement { identity, algorithm, originator, .. } => {
                Some(RemoteQuestion::Agree { identity: *identity, algorithm: algorithm.row().name, public: originator })
            }
            _ => None,
        }
    }

    /// The key that goes on, always as long as it has to be: an answer that does not open, or none, becomes a random key,
    /// so that no failure of the other side shows (RFC 3218 §2.3.2).
    pub fn answered(&self, answer: Option<Secret>, random: &dyn Random) -> Secret {
        let cek = answer.and_then(|answer| match &self.method {
            Method::RemoteAgreement { algorithm, ukm, .. } => {
                algorithm.unwrap_shared(&answer, ukm.as_deref(), &self.encrypted_key, self.cek_len)
            }
            _ => Some(answer),
        });
        let instead = random.octets(self.cek_len).map(Secret::new).unwrap_or_default();
        cek.filter(|cek| cek.len() == self.cek_len).unwrap_or(instead)
    }
}

/// A RecipientInfo that a key of the keyring is for.
struct Candidate<'i, 'a> {
    /// The stronger kind first.
    rank: u8,
    holder: Holder,
    info: &'i RecipientInfo<'a>,
    encrypted_key: Vec<u8>,
}

enum Holder {
    Key(PrivateKey),
    Remote(usize),
    Kek(KeyEncryptionKey),
    Passwords(Vec<Password>),
}

impl Holder {
    /// What `Layer.key_used` says.
    fn name(&self, limits: &Limits) -> String {
        match self {
            Self::Key(key) => PublicKeyId::of_private_key(key, limits).map(|id| id.to_string()).unwrap_or_default(),
            Self::Remote(identity) => format!("remote={identity}"),
            Self::Kek(kek) => format!("kek={}", hex(&kek.key_identifier)),
            Self::Passwords(_) => "password".to_owned(),
        }
    }
}

/// The one RecipientInfo that is tried, as an operation, and the name of its key.
/// Err: DecryptionNoKey, DecryptionAlgorithmUnsupported, DecryptionParameters, LimitKdfWork.
pub(super) fn choose(
    infos: &[RecipientInfo<'_>],
    cek_len: usize,
    keyring: &Keyring,
    limits: &Limits,
    findings: &mut Vec<Finding>,
) -> Result<(KeyOperation, String)> {
    let mut fitting: Vec<_> = infos.iter().flat_map(|info| candidates(info, keyring, limits)).collect();
    let Some(first) = fitting.first().map(|candidate| candidate.holder.name(limits)) else {
        return Err(Error::new(Code::DecryptionNoKey));
    };
    // Several passwords may well be for several readers; a key or KEK is one reader's.
    let is_key = |candidate: &Candidate<'_, '_>| !matches!(candidate.holder, Holder::Passwords(_));
    if fitting.iter().skip(1).any(|other| is_key(other) && other.holder.name(limits) == first) {
        findings.push(Finding::new(Code::DecryptionDuplicateRecipient));
    }
    fitting.sort_by_key(|candidate| candidate.rank);
    let mut refused = None;
    for Candidate { holder, info, encrypted_key, .. } in fitting {
        let key_used = holder.name(limits);
        // A method that is not known touches no key: the next recipient may still be tried.
        match method(info, holder, limits) {
            Ok(method) => return Ok((KeyOperation { method, encrypted_key, cek_len }, key_used)),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or_else(|| Error::new(Code::DecryptionAlgorithmUnsupported)))
}

/// For EncryptedData, which names no key (RFC 5652 §8): the one secret key that is as long as the cipher wants it. With
/// several nothing is tried: CBC would take a wrong one now and then. Err: DecryptionNoKey.
pub(super) fn shared(keyring: &Keyring, cek_len: usize, limits: &Limits) -> Result<(KeyOperation, String)> {
    let mut fitting = keyring.secret_keys().keks.iter().filter(|kek| kek.key.len() == cek_len);
    let key = match (fitting.next(), fitting.next()) {
        (Some(key), None) => key.clone(),
        (None, _) => return Err(Error::with(Code::DecryptionNoKey, "a secret key that both sides hold")),
        (Some(_), Some(_)) => return Err(Error::with(Code::DecryptionNoKey, "several secret keys are as long")),
    };
    let name = Holder::Kek(key.clone()).name(limits);
    Ok((KeyOperation { method: Method::Shared { key }, encrypted_key: Vec::new(), cek_len }, name))
}

fn candidates<'i, 'a>(info: &'i RecipientInfo<'a>, keyring: &Keyring, limits: &Limits) -> Vec<Candidate<'i, 'a>> {
    let candidate = |rank, holder, encrypted_key| Candidate { rank, holder, info, encrypted_key };
    let key = |rid: &RecipientIdentifier<'_>| match keyring.find(rid, limits) {
        Some(entry) => Some(Holder::Key(entry.private_key.clone())),
        None => keyring.find_remote(rid, limits).map(Holder::Remote),
    };
    match info {
        RecipientInfo::Kari(kari) => {
            let keys = kari.recipient_encrypted_keys.iter();
            let fit = keys.filter_map(|one| Some((key(&one.rid.identifier())?, one.encrypted_key.to_vec())));
            fit.map(|(holder, encrypted_key)| candidate(0, holder, encrypted_key)).collect()
        }
        RecipientInfo::Ktri(ktri) => {
            key(&ktri.rid).map(|holder| candidate(1, holder, ktri.encrypted_key.to_vec())).into_iter().collect()
        }
        RecipientInfo::Kekri(kekri) => {
            let kek = keyring.secret_keys().kek(&kekri.key_identifier.to_cow()).cloned();
            kek.map(|kek| candidate(2, Holder::Kek(kek), kekri.encrypted_key.to_vec())).into_iter().collect()
        }
        RecipientInfo::Pwri(pwri) if !keyring.secret_keys().passwords.is_empty() => {
            let passwords = keyring.secret_keys().passwords.clone();
            vec![candidate(3, Holder::Passwords(passwords), pwri.encrypted_key.to_vec())]
        }
        _ => Vec::new(),
    }
}

fn method(info: &RecipientInfo<'_>, holder: Holder, limits: &Limits) -> Result<Method> {
    match (info, holder) {
        (RecipientInfo::Ktri(ktri), Holder::Key(key)) => {
            let algorithm = TransportAlgorithm::resolve(&ktri.key_encryption_algorithm)?;
            Ok(Method::Transport { key, algorithm })
        }
        (RecipientInfo::Ktri(ktri), Holder::Remote(identity)) => {
            let algorithm = TransportAlgorithm::resolve(&ktri.key_encryption_algorithm)?;
            let label = || Error::with(Code::DecryptionAlgorithmUnsupported, "a label, for a key that is elsewhere");
            Ok(Method::RemoteTransport { identity, name: algorithm.full_name().ok_or_else(label)? })
        }
        (RecipientInfo::Kari(kari), holder @ (Holder::Key(_) | Holder::Remote(_))) => {
            let algorithm = AgreementAlgorithm::resolve(&kari.key_encryption_algorithm)?;
            let OriginatorIdentifierOrKey::OriginatorKey { algorithm: curve, public_key } = &kari.originator else {
                return Err(Error::with(Code::DecryptionAlgorithmUnsupported, "static key agreement"));
            };
            // The curve is the recipient's; a sender who describes one of his own wants another (ENC-17).
            let named = |tlv: &Tlv<'_>| tlv.tag == Tag::OBJECT_IDENTIFIER || tlv.as_null().is_ok();
            let ukm_len = kari.ukm.as_ref().map_or(0, Octets::len);
            if !curve.parameters.as_ref().is_none_or(named) || ukm_len > MAX_UKM {
                return Err(Error::new(Code::DecryptionParameters).within("originatorKey or ukm"));
            }
            let originator =
                public_key.octets().ok_or_else(|| Error::new(Code::CmsMalformed).within("originatorKey"))?;
            let ukm = kari.ukm.as_ref().map(|ukm| ukm.to_vec());
            let originator = originator.to_vec();
            match holder {
                Holder::Key(key) => Ok(Method::Agreement { key, algorithm, originator, ukm }),
                Holder::Remote(identity) => Ok(Method::RemoteAgreement { identity, algorithm, originator, ukm }),
                _ => Err(Error::new(Code::DecryptionAlgorithmUnsupported)),
            }
        }
        (RecipientInfo::Kekri(kekri), Holder::Kek(kek)) => {
            let algorithm = WrapAlgorithm::resolve(&kekri.key_encryption_algorithm)?;
            Ok(Method::KeyEncryption { kek, algorithm })
        }
        (RecipientInfo::Pwri(pwri), Holder::Passwords(passwords)) => {
            let derivation = pwri.key_derivation_algorithm.as_ref();
            let algorithm = PasswordKeyAlgorithm::resolve(derivation, &pwri.key_encryption_algorithm, limits)?;
            Ok(Method::Password { passwords, algorithm })
        }
        _ => Err(Error::new(Code::DecryptionAlgorithmUnsupported)),
    }
}
