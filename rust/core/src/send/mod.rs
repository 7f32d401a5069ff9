//! Sending: what [`crate::receive`] opens. Chance and time are arguments; keys may be elsewhere.
//!
//! A [`Letter`] goes through any number of layers and comes out as a message. `Sender::draft` says what the signers have
//! to sign, `Draft::finish` puts their answers in; `Sender::sign` does both with the keys at hand.

pub mod choice;
mod letter;
mod wrapping;

use std::sync::Arc;

pub use choice::{Candidates, ChosenRecipient, Plan};
pub use letter::Letter;

use crate::alg::{CompressionAlgorithm, Make, Message, Role, SignatureAlgorithm, table};
use crate::asn1::UnixTime;
use crate::cms::make::{self, SignerRequest, SignerTerms, Signing};
use crate::crypto::digest::{Digest, SHA256, SHA384, SHA512};
use crate::crypto::key::{KeyKind, PublicKey};
use crate::crypto::random::Random;
use crate::keys::PrivateKey;
use crate::policy::{Policy, SignedContent};
use crate::x509::certificate::Certificate;
use crate::x509::memo::Memo;
use crate::x509::path::{self, PathRules, Purpose};
use crate::x509::pool::{Pool, TrustAnchors};
use crate::{Code, Error, Limits, Result};
use choice::{FLOOR, who};

/// Facts that the memo of a sender keeps: the chains of its correspondents.
const MEMO_CAPACITY: usize = 4096;

/// Who signs.
#[derive(Clone, Debug)]
pub struct SigningIdentity {
    pub certificate: Arc<Certificate>,
    /// From its issuer upwards; goes into the message.
    pub chain: Vec<Arc<Certificate>>,
    /// None: it lives elsewhere, and its owner answers `Draft::requests`.
    pub private_key: Option<PrivateKey>,
}

/// Sending agent (RFC 8551 §1.1): identities, trust and policy, built once, shared by threads.
#[derive(Debug)]
pub struct Sender {
    signing: Vec<SigningIdentity>,
    /// The sender's own certificate for encryption.
    encryption: Option<Arc<Certificate>>,
    anchors: Option<TrustAnchors>,
    intermediates: Pool,
    policy: Policy,
    memo: Memo,
}

/// What certificates are judged by.
#[derive(Debug)]
pub(crate) struct Trusted<'s> {
    pub(crate) limits: &'s Limits,
    anchors: Option<&'s TrustAnchors>,
    intermediates: &'s Pool,
    memo: &'s Memo,
}

impl Trusted<'_> {
    /// Why a certificate serves neither to sign with nor to encrypt to; keyUsage is for the caller to see.
    ///
    /// `beside`: certificates that came with it and may link its chain.
    fn unfit(
        &self,
        certificate: &Arc<Certificate>,
        beside: &[Arc<Certificate>],
        key: &PublicKey,
        at: UnixTime,
    ) -> Option<String> {
        if at < certificate.not_before() || at > certificate.not_after() {
            return Some(format!("valid from {} to {}", certificate.not_before(), certificate.not_after()));
        }
        if key.strength() < FLOOR {
            return Some(format!("{} is too weak", key.name()));
        }
        if !certificate.allows_email_protection() {
            return Some("extKeyUsage does not allow mail".to_owned());
        }
        if certificate.extension_fault().is_some() || certificate.has_unknown_critical() {
            return Some("an extension is critical and unknown, or cannot be read".to_owned());
        }
        let anchors = self.anchors?;
        let rules = PathRules { at, purpose: Purpose::EmailProtection, limits: self.limits.clone() };
        let facts = path::build(certificate, beside, self.intermediates, anchors, &rules, self.memo);
        if facts.is_good() {
            return None;
        }
        let first = facts.problems.first().map(|(_, finding)| finding.code.name());
        Some(format!("its chain does not lead to a trust anchor: {}", first.unwrap_or(Code::ChainUntrusted.name())))
    }
}

impl Sender {
    /// `anchors` None: chains of recipients are not judged. `encryption`: None: nothing is encrypted to the sender.
    pub fn new(
        signing: Vec<SigningIdentity>,
        encryption: Option<Arc<Certificate>>,
        anchors: Option<Vec<Arc<Certificate>>>,
        intermediates: Vec<Arc<Certificate>>,
        policy: Policy,
    ) -> Self {
        Self {
            signing,
            encryption,
            anchors: anchors.map(TrustAnchors::new),
            intermediates: Pool::new(intermediates),
            policy,
            memo: Memo::new(MEMO_CAPACITY),
        }
    }

    pub fn limits(&self) -> &Limits {
        &self.policy.limits
    }

    fn trusted(&self) -> Trusted<'_> {
        Trusted {
            limits: &self.policy.limits,
            anchors: self.anchors.as_ref(),
            intermediates: &self.intermediates,
            memo: &self.memo,
        }
    }

    /// What would be written for whom. With `Policy.encrypt_to_self` the sender is the last recipient.
    ///
    /// Err: MakingRecipientUnfit, MakingNoCommonCipher, MakingFailed.
    pub fn plan(&self, recipients: &[Candidates], at: UnixTime) -> Result<Plan> {
        let mut all = recipients.to_vec();
        if let Some(own) = self.encryption.iter().find(|_| self.policy.encrypt_to_self && !all.is_empty()) {
            let named = all.iter().any(|candidates| candidates.iter().any(|one| one.der() == own.der()));
            if !named {
                all.push(vec![Arc::clone(own)]);
            }
        }
        choice::plan(&all, self.encryption.as_deref(), &self.policy, &self.trusted(), at)
    }

    /// A message split into what stays outside and the entity. Err: MakingHeader, MakingNested, `limit.*`.
    pub fn letter(&self, message: &[u8]) -> Result<Letter> {
        Letter::parse(message, self.limits())
    }

    /// `clear`: multipart/signed, else application/pkcs7-mime. Err: MakingSignerUnfit (also: no identity),
    /// MakingFailed, MakingActiveContent.
    pub fn draft(&self, letter: &Letter, clear: bool, at: UnixTime) -> Result<Draft> {
        if self.policy.signed_content == SignedContent::Plain
            && let Some(part) = letter.active_part(self.limits())?
        {
            return Err(Error::with(Code::MakingActiveContent, part));
        }
        Ok(Draft { signing: self.signing(&letter.entity(), clear, at)?, letter: letter.clone(), clear })
    }

    /// A SignedData over plain octets that waits for its signatures. Err: as `draft`.
    pub fn signing(&self, content: &[u8], detached: bool, at: UnixTime) -> Result<Signing> {
        if self.signing.is_empty() {
            return Err(Error::with(Code::MakingSignerUnfit, "there is no identity to sign with"));
        }
        let terms = self.signing.iter().map(|identity| self.terms(identity, at)).collect::<Result<Vec<_>>>()?;
        let chains = self.signing.iter().flat_map(|one| core::iter::once(&one.certificate).chain(&one.chain));
        // Roots do not travel: the reader has them or trusts them not. The signer's own goes with it even if self-signed.
        let signers: Vec<_> = self.signing.iter().map(|one| one.certificate.der()).collect();
        let travels = |one: &&Arc<Certificate>| !one.is_self_issued() || signers.contains(&one.der());
        let mut certificates: Vec<_> = chains.filter(travels).cloned().collect();
        certificates.extend(self.encryption.iter().cloned());
        Signing::new(content, detached, terms, certificates)
    }

    fn terms(&self, identity: &SigningIdentity, at: UnixTime) -> Result<SignerTerms> {
        let certificate = &identity.certificate;
        let refused = |reason: String| Error::with(Code::MakingSignerUnfit, format!("{}: {reason}", who(certificate)));
        let key = certificate.public_key(self.limits())?;
        // Whether others trust the signer is theirs to judge: no chain here.
        let alone = Trusted { anchors: None, ..self.trusted() };
        if let Some(reason) = alone.unfit(certificate, &[], key, at) {
            return Err(refused(reason));
        }
        if certificate.key_usage().is_some_and(|usage| !usage.digital_signature() && !usage.non_repudiation()) {
            return Err(refused("keyUsage allows no signature".to_owned()));
        }
        Ok(SignerTerms {
            certificate: Arc::clone(certificate),
            algorithm: self.algorithm(key).ok_or_else(|| refused(format!("{} keys do not sign here", key.name())))?,
            signing_time: at,
            smime_capabilities: self.encryption.as_ref().map(|_| make::attributes::smime_capabilities()),
            encryp_key_pref: self.encryption.clone(),
        })
    }

    /// RFC 8551 §2.2; the digest as strong as the key.
    fn algorithm(&self, key: &PublicKey) -> Option<SignatureAlgorithm> {
        let (name, digest): (&str, &'static dyn Digest) = match key.kind() {
            KeyKind::Rsa => match &self.policy.signature_algorithm {
                Some(name) => (name, &SHA256),
                None if key.is_pss_only() => ("RSASSA-PSS", key.pss_digest().unwrap_or(&SHA256)),
                None => ("RSA-PKCS1-v1_5", &SHA256),
            },
            KeyKind::Ec { curve: "P-256" } => ("ECDSA-SHA256", &SHA256),
            KeyKind::Ec { curve: "P-384" } => ("ECDSA-SHA384", &SHA384),
            KeyKind::Ec { curve: "P-521" } => ("ECDSA-SHA512", &SHA512),
            KeyKind::Ed25519 => ("Ed25519", &SHA512),
            _ => return None,
        };
        let row = table::named(name).filter(|row| row.role == Role::Signature && row.make != Make::Never)?;
        SignatureAlgorithm::make(row, digest)
    }

    /// The signatures of the keys at hand, in the order of `requests`; None for those that are elsewhere. Err:
    /// MakingSignerUnfit (a key that does not sign so).
    pub fn signatures_at_hand(&self, requests: &[SignerRequest]) -> Result<Vec<Option<Vec<u8>>>> {
        let signature = |(identity, request): (&SigningIdentity, &SignerRequest)| {
            let Some(key) = &identity.private_key else { return Ok(None) };
            let signature = request.terms.algorithm.sign(key, Message::Bytes(request.to_be_signed()));
            signature.map(Some).ok_or_else(|| unable(identity, "its key does not sign so"))
        };
        self.signing.iter().zip(requests).map(signature).collect()
    }

    /// As `signatures_at_hand`. Err: MakingSignerUnfit, also for a key that is elsewhere.
    pub fn signatures(&self, requests: &[SignerRequest]) -> Result<Vec<Vec<u8>>> {
        let made = self.signatures_at_hand(requests)?.into_iter().zip(&self.signing);
        made.map(|(signature, identity)| signature.ok_or_else(|| unable(identity, "its key is elsewhere"))).collect()
    }

    /// Signed with the keys at hand. Err: as `draft`, `signatures` and `Draft::finish`.
    pub fn sign(&self, letter: &Letter, clear: bool, at: UnixTime, random: &dyn Random) -> Result<Letter> {
        let draft = self.draft(letter, clear, at)?;
        let signatures = self.signatures(draft.requests())?;
        draft.finish(&signatures, random, self.limits())
    }

    /// Encrypted to all recipients of the plan. Err: MakingBcc, MakingRecipientUnfit, MakingFailed.
    pub fn encrypt(&self, letter: &Letter, plan: &Plan, random: &dyn Random) -> Result<Letter> {
        if letter.has_bcc(self.limits())? {
            return Err(Error::with(Code::MakingBcc, "the message has a Bcc field: use deliveries"));
        }
        let cms = make::enveloped(&letter.entity(), &plan.envelope(), random, self.limits())?;
        let label = if plan.cipher.role == Role::Aead { wrapping::AUTH_ENVELOPED } else { wrapping::ENVELOPED };
        Ok(letter.with_entity(vec![Arc::new(wrapping::opaque(&cms, label))]))
    }

    /// Compressed. Err: MakingFailed.
    pub fn compress(&self, letter: &Letter) -> Result<Letter> {
        let cms = compress(&letter.entity())?;
        Ok(letter.with_entity(vec![Arc::new(wrapping::opaque(&cms, wrapping::COMPRESSED))]))
    }
}

fn unable(identity: &SigningIdentity, why: &str) -> Error {
    Error::with(Code::MakingSignerUnfit, format!("{}: {why}", who(&identity.certificate)))
}

/// ContentInfo of CompressedData (RFC 3274). Err: MakingFailed.
pub fn compress(content: &[u8]) -> Result<Vec<u8>> {
    let algorithm = table::named("zlib").and_then(CompressionAlgorithm::make);
    make::compressed(content, algorithm.ok_or_else(|| Error::new(Code::MakingFailed))?)
}

/// An entity that carries certificates alone (RFC 8551 §3.8).
pub fn certs_only(certificates: &[Arc<Certificate>]) -> Vec<u8> {
    let entity = wrapping::opaque(&make::certs_only(certificates), wrapping::CERTS_ONLY);
    [b"MIME-Version: 1.0\r\n", entity.as_slice()].concat()
}

/// A letter that waits for its signatures.
#[derive(Debug)]
pub struct Draft {
    letter: Letter,
    clear: bool,
    signing: Signing,
}

impl Draft {
    /// In the order in which `finish` takes the signatures.
    pub fn requests(&self) -> &[SignerRequest] {
        self.signing.requests()
    }

    /// Each signature is checked before anything is released. Err: MakingSignatureWrong, MakingFailed.
    pub fn finish(self, signatures: &[Vec<u8>], random: &dyn Random, limits: &Limits) -> Result<Letter> {
        let Self { letter, clear, signing } = self;
        let digests = signing.digests();
        let cms = signing.finish(&letter.entity(), signatures, limits)?;
        let entity = if clear {
            wrapping::clear_signed(&letter, &cms, &digests, random)?
        } else {
            vec![Arc::new(wrapping::opaque(&cms, wrapping::SIGNED))]
        };
        Ok(letter.with_entity(entity))
    }
}
