//! A private key with its certificates, from the files that people have.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::asn1::{Reader, Tag, Tlv};
use crate::crypto::legacy::PbeCipher;
use crate::crypto::password::Password;
use crate::error::Within;
use crate::identity::certificates;
use crate::identity::pem::{self, PemBlock};
use crate::identity::pkcs12::{self, CertificateBag, KeyBag};
use crate::identity::public_key_id::PublicKeyId;
use crate::identity::unlock::Unlock;
use crate::keys::PrivateKey;
use crate::x509::certificate::Certificate;
use crate::{Code, Error, Finding, Limits, Result};

/// A private key, and the certificates that say whose it is.
#[derive(Clone, Debug)]
pub struct Identity {
    pub private_key: PrivateKey,
    /// Of several for the same key, the one that is valid longest. None: a bare key.
    pub certificate: Option<Arc<Certificate>>,
    /// The others for the same key: those it was renewed from or into.
    pub renewals: Vec<Arc<Certificate>>,
    /// From the certificate's issuer upwards as far as known; where the file holds one key, then all others given.
    pub chain: Arc<[Arc<Certificate>]>,
    /// What PKCS#12 calls the key.
    pub friendly_name: Option<String>,
}

impl Identity {
    /// All identities of a file: PKCS#12, PEM (also bundles), or DER of PKCS#8 (also encrypted), PKCS#1 or SEC 1.
    ///
    /// `certificates` are added to those of the file; a certificate belongs to the key whose public key it holds.
    /// Without `passwords` the empty one is tried.
    /// Err: KeyPasswordWrong, KeyMismatch (the certificates given, or the one the file pairs with its key, are another
    /// key's), KeyMalformed (also: no private key in the file), KeyUnsupported, PemMalformed, LimitKdfWork, `asn1.*`.
    pub fn load(
        bytes: &[u8],
        passwords: &[Password],
        certificates: &[Arc<Certificate>],
        limits: &Limits,
    ) -> Result<Vec<Self>> {
        let mut material = Material::read(bytes, passwords, limits)?;
        if material.keys.is_empty() {
            return Err(material.no_key());
        }
        let of_the_file = material.certificates.len();
        let bare = |certificate: &Arc<Certificate>| CertificateBag {
            certificate: Arc::clone(certificate),
            local_key_id: None,
            friendly_name: None,
        };
        material.certificates.extend(certificates.iter().map(bare));
        let identities = material.assemble(of_the_file, limits)?;
        // The certificate may be in what could not be read; with it at hand, that does not matter.
        let incomplete = identities.iter().any(|identity| identity.certificate.is_none());
        match material.skipped.into_iter().next() {
            Some(finding) if incomplete => Err(finding.into()),
            _ => Ok(identities),
        }
    }

    /// Every certificate for this key, the preferred one first.
    pub fn certificates(&self) -> impl Iterator<Item = &Arc<Certificate>> {
        self.certificate.iter().chain(&self.renewals)
    }
}

/// Certificates of issuers that many files repeat: each is kept once, and so is each chain of them. For the time in which a keyring is loaded.
#[derive(Debug, Default)]
pub struct SharedCertificates(Mutex<Shared>);

#[derive(Debug, Default)]
struct Shared {
    certificates: HashMap<[u8; 32], Arc<Certificate>>,
    /// By the digests of their certificates.
    chains: HashMap<Vec<[u8; 32]>, Arc<[Arc<Certificate>]>>,
}

impl SharedCertificates {
    /// Replaces the certificates of the chain by equal ones that came before; its own keep their bytes alone until
    /// somebody looks at them.
    pub fn share(&self, identity: &mut Identity) {
        for certificate in identity.certificate.iter_mut().chain(&mut identity.renewals) {
            if let Some(asleep) = certificate.asleep() {
                *certificate = Arc::new(asleep);
            }
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Shared { certificates, chains } = &mut *known;
        let digests = identity.chain.iter().map(|certificate| certificate.sha256()).collect();
        let chain = chains.entry(digests).or_insert_with_key(|digests| {
            let each = identity.chain.iter().zip(digests);
            each.map(|(certificate, digest)| {
                Arc::clone(certificates.entry(*digest).or_insert_with(|| Arc::clone(certificate)))
            })
            .collect()
        });
        identity.chain = Arc::clone(chain);
    }
}

/// What a file holds, before keys and certificates are brought together.
#[derive(Default)]
struct Material {
    keys: Vec<KeyBag>,
    certificates: Vec<CertificateBag>,
    skipped: Vec<Finding>,
}

impl Material {
    fn read(bytes: &[u8], passwords: &[Password], limits: &Limits) -> Result<Self> {
        let mut material = Self::default();
        let unlock = &mut Unlock::new(passwords, limits);
        if pem::is_pem(bytes) {
            for block in &pem::blocks(bytes, limits)? {
                material.pem_block(block, unlock, limits)?;
            }
        } else if pkcs12::is_pkcs12(bytes, limits) {
            material.pkcs12(bytes, unlock, limits)?;
        } else {
            material.push_key(private_key(bytes, unlock, limits)?);
        }
        Ok(material)
    }

    fn pkcs12(&mut self, der: &[u8], unlock: &mut Unlock<'_>, limits: &Limits) -> Result<()> {
        let opened = pkcs12::open_with(der, unlock, limits)?;
        self.keys.extend(opened.keys);
        self.certificates.extend(opened.certificates);
        self.skipped.extend(opened.skipped);
        Ok(())
    }

    fn pem_block(&mut self, block: &PemBlock, unlock: &mut Unlock<'_>, limits: &Limits) -> Result<()> {
        let key = match block.label.as_str() {
            "PRIVATE KEY" => PrivateKey::from_pkcs8(block.contents()?, limits),
            "RSA PRIVATE KEY" => traditional(block, unlock, |der| PrivateKey::from_pkcs1(der, limits)),
            "EC PRIVATE KEY" => traditional(block, unlock, |der| PrivateKey::from_sec1(der, limits)),
            "ENCRYPTED PRIVATE KEY" => {
                let tlv = Reader::ber(block.contents()?, limits).expect(Tag::SEQUENCE)?;
                pkcs12::encrypted_private_key(&tlv, unlock, limits)
            }
            "DSA PRIVATE KEY" | "OPENSSH PRIVATE KEY" | "ANY PRIVATE KEY" => {
                Err(Error::with(Code::KeyUnsupported, block.label.clone()))
            }
            "PKCS12" => return self.pkcs12(block.contents()?, unlock, limits),
            _ => {
                let mut found = Vec::new();
                certificates::from_block(block, &mut found, limits)?;
                let bag = |certificate| CertificateBag { certificate, local_key_id: None, friendly_name: None };
                self.certificates.extend(found.into_iter().map(bag));
                return Ok(());
            }
        };
        self.push_key(key.map_err(|error| error.at(block.offset))?);
        Ok(())
    }

    fn push_key(&mut self, private_key: PrivateKey) {
        self.keys.push(KeyBag { private_key, local_key_id: None, friendly_name: None });
    }

    fn no_key(&mut self) -> Error {
        match self.skipped.pop() {
            Some(finding) => finding.into(),
            None => Error::with(Code::KeyMalformed, "the file holds no private key"),
        }
    }

    /// The first `of_the_file` certificates come from the file, the others were given beside it.
    fn assemble(&mut self, of_the_file: usize, limits: &Limits) -> Result<Vec<Identity>> {
        let given = self.certificates.len() > of_the_file;
        let mut assembly = Assembly::default();
        for bag in self.keys.drain(..) {
            assembly.key(bag, limits)?;
        }
        for bag in self.certificates.drain(..) {
            assembly.certificate(bag, limits);
        }
        assembly.refuse_mismatch(given)?;
        let Assembly { mut identities, others, .. } = assembly;
        chains(&mut identities, &others);
        Ok(identities)
    }
}

/// Keys and certificates being brought together by public key.
#[derive(Default)]
struct Assembly {
    identities: Vec<Identity>,
    by_public_key: HashMap<PublicKeyId, usize>,
    by_local_key_id: HashMap<Vec<u8>, usize>,
    /// Identities that localKeyId pairs with a certificate of another key.
    mispaired: HashSet<usize>,
    /// Certificates of no key here.
    others: Vec<Arc<Certificate>>,
}

impl Assembly {
    /// The same key again adds nothing.
    fn key(&mut self, bag: KeyBag, limits: &Limits) -> Result<()> {
        let index = self.identities.len();
        let id = PublicKeyId::of_private_key(&bag.private_key, limits)?;
        if self.by_public_key.contains_key(&id) {
            return Ok(());
        }
        self.by_public_key.insert(id, index);
        self.by_local_key_id.extend(bag.local_key_id.map(|local_key_id| (local_key_id, index)));
        self.identities.push(Identity {
            private_key: bag.private_key,
            certificate: None,
            renewals: Vec::new(),
            chain: Arc::default(),
            friendly_name: bag.friendly_name,
        });
        Ok(())
    }

    fn certificate(&mut self, bag: CertificateBag, limits: &Limits) {
        let id = PublicKeyId::from_spki(bag.certificate.spki(), limits).ok();
        let owner = id.and_then(|id| self.by_public_key.get(&id)).copied();
        match owner.and_then(|owner| self.identities.get_mut(owner)) {
            Some(identity) => identity.attach(bag),
            None => {
                let paired = bag.local_key_id.as_ref().and_then(|id| self.by_local_key_id.get(id));
                self.mispaired.extend(paired);
                self.others.push(bag.certificate);
            }
        }
    }

    /// A key without certificate is fine, unless a certificate was meant for it: by localKeyId, because the caller
    /// gave it, or because it is the only one in the file and no CA's.
    fn refuse_mismatch(&self, given: bool) -> Result<()> {
        let meant = match self.others.as_slice() {
            [] => false,
            [only] => given || !is_authority(only),
            _ => given,
        };
        let alone = self.identities.len() == 1;
        for (index, identity) in self.identities.iter().enumerate() {
            if identity.certificate.is_none() && (self.mispaired.contains(&index) || (alone && meant)) {
                return Err(Error::new(Code::KeyMismatch));
            }
        }
        Ok(())
    }
}

fn is_authority(certificate: &Certificate) -> bool {
    certificate.basic_constraints().is_some_and(|constraints| constraints.ca)
}

impl Identity {
    fn attach(&mut self, bag: CertificateBag) {
        if self.friendly_name.is_none() {
            self.friendly_name = bag.friendly_name;
        }
        if self.certificates().any(|certificate| certificate.der() == bag.certificate.der()) {
            return;
        }
        let mut certificate = bag.certificate;
        match &mut self.certificate {
            None => self.certificate = Some(certificate),
            Some(current) => {
                if certificate.not_after() > current.not_after() {
                    core::mem::swap(current, &mut certificate);
                }
                self.renewals.push(certificate);
            }
        }
    }
}

/// Longer chains are none; it also bounds the work for a file of many keys.
const CHAIN_LENGTH: usize = 16;

/// Issuers in order, found by name: a convenience for senders, not a judgement.
fn chains(identities: &mut [Identity], others: &[Arc<Certificate>]) {
    let mut by_subject: HashMap<&[u8], &Arc<Certificate>> = HashMap::with_capacity(others.len());
    for certificate in others {
        by_subject.entry(certificate.subject().key()).or_insert(certificate);
    }
    for identity in &mut *identities {
        let mut chain: Vec<Arc<Certificate>> = Vec::new();
        let mut below = identity.certificate.clone();
        while let Some(certificate) = below.filter(|below| !below.is_self_issued()) {
            let issuer = by_subject.get(certificate.issuer().key()).copied();
            // One that is met again closes a circle.
            below = issuer.filter(|issuer| !chain.iter().any(|known| Arc::ptr_eq(known, issuer))).cloned();
            chain.extend(below.clone());
            if chain.len() >= CHAIN_LENGTH {
                break;
            }
        }
        identity.chain = chain.into();
    }
    if let [identity] = identities {
        let linked: HashSet<*const Certificate> = identity.chain.iter().map(Arc::as_ptr).collect();
        let rest = others.iter().filter(|other| !linked.contains(&Arc::as_ptr(other)));
        identity.chain = identity.chain.iter().chain(rest).cloned().collect();
    }
}

/// The key of a block in one of the forms older than PKCS#8, which may be encrypted by header fields (RFC 1421 §4.6):
///
/// ```text
/// Proc-Type: 4,ENCRYPTED
/// DEK-Info: AES-128-CBC,hexadecimal iv, whose first 8 octets are the salt
/// ```
fn traditional(
    block: &PemBlock,
    unlock: &mut Unlock<'_>,
    read: impl FnOnce(&[u8]) -> Result<PrivateKey>,
) -> Result<PrivateKey> {
    if !block.header("Proc-Type").is_some_and(|value| value.contains("ENCRYPTED")) {
        return read(block.contents()?);
    }
    let malformed = || Error::with(Code::KeyMalformed, "the field DEK-Info of an encrypted PEM block");
    let (name, iv) = block.header("DEK-Info").and_then(|value| value.split_once(',')).ok_or_else(malformed)?;
    let unsupported = || Error::with(Code::KeyUnsupported, format!("a PEM block encrypted with {}", name.trim()));
    let cipher = PbeCipher::of_dek_info(name.trim()).ok_or_else(unsupported)?;
    let iv = from_hex(iv.trim()).filter(|iv| iv.len() == cipher.iv_len()).ok_or_else(malformed)?;
    let salt = iv.get(..8).ok_or_else(malformed)?;
    read(unlock.decrypt_dek(cipher, salt, &iv, block.contents()?)?.expose())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    digits.chunks_exact(2).map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte << 4 | digit)).ok()).collect()
}

/// A private key in DER or BER, told apart by how each form begins:
///
/// ```text
/// EncryptedPrivateKeyInfo  SEQUENCE { SEQUENCE, OCTET STRING }      RFC 5958 §3
/// OneAsymmetricKey         SEQUENCE { INTEGER, SEQUENCE, … }        RFC 5958 §2
/// RSAPrivateKey            SEQUENCE { INTEGER, INTEGER, … }         RFC 8017 App. A.1.2
/// ECPrivateKey             SEQUENCE { INTEGER, OCTET STRING, … }    RFC 5915 §3
/// ```
fn private_key(der: &[u8], unlock: &mut Unlock<'_>, limits: &Limits) -> Result<PrivateKey> {
    let tlv = Reader::ber(der, limits).expect(Tag::SEQUENCE).field("key")?;
    match first_two(&tlv)? {
        (Some(Tag::SEQUENCE), Some(Tag::OCTET_STRING)) => pkcs12::encrypted_private_key(&tlv, unlock, limits),
        (Some(Tag::INTEGER), Some(Tag::SEQUENCE)) => PrivateKey::from_pkcs8(tlv.raw, limits),
        (Some(Tag::INTEGER), Some(Tag::INTEGER)) => PrivateKey::from_pkcs1(tlv.raw, limits),
        (Some(Tag::INTEGER), Some(Tag::OCTET_STRING)) => PrivateKey::from_sec1(tlv.raw, limits),
        (Some(Tag::SEQUENCE), Some(Tag::SEQUENCE)) => {
            Err(Error::with(Code::KeyMalformed, "a certificate where a private key is due"))
        }
        _ => Err(Error::with(Code::KeyMalformed, "neither PKCS#12, PKCS#8, PKCS#1, SEC 1 nor PEM")),
    }
}

fn first_two(tlv: &Tlv<'_>) -> Result<(Option<Tag>, Option<Tag>)> {
    let mut reader = tlv.reader()?;
    let first = if reader.is_empty() { None } else { Some(reader.any()?.tag) };
    Ok((first, reader.peek()))
}

#[cfg(test)]
mod tests;
