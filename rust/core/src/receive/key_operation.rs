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
            Method::Password { passwords, algorithm } => passwords
                .iter()
                .find_map(|password| algorithm.unwrap(password, encrypted_key, cek_len))
                .unwrap_or_else(|| Secret::new(Vec::new())),
        }
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
    Kek(KeyEncryptionKey),
    Passwords(Vec<Password>),
}

impl Holder {
    /// What `Layer.key_used` says.
    fn name(&self, limits: &Limits) -> String {
        match self {
            Self::Key(key) => PublicKeyId::of_private_key(key, limits).map(|id| id.to_string()).unwrap_or_default(),
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
    let key =
        |rid: &RecipientIdentifier<'_>| keyring.find(rid, limits).map(|entry| Holder::Key(entry.private_key.clone()));
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
        (RecipientInfo::Kari(kari), Holder::Key(key)) => {
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
            Ok(Method::Agreement { key, algorithm, originator: originator.to_vec(), ukm })
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
