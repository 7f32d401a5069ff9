//! What opening a message has found out, before anyone judges it.

use std::sync::Arc;

use crate::alg::Row;
use crate::asn1::UnixTime;
use crate::identity::keyring::RecipientKey;
use crate::mime::address::Mailbox;
use crate::x509::certificate::Certificate;
use crate::{Code, Finding};

/// One answer to one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    Ok,
    Failed,
    /// It was asked, and cannot be told with what is at hand.
    Unknown,
    NotChecked,
}

impl Check {
    pub const ALL: &[Self] = &[Self::Ok, Self::Failed, Self::Unknown, Self::NotChecked];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Failed => "FAILED",
            Self::Unknown => "UNKNOWN",
            Self::NotChecked => "NOT_CHECKED",
        }
    }
}

/// smime-type, RFC 8551 §3.2.2, by the content, not by the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    Signed,
    Enveloped,
    AuthEnveloped,
    CertsOnly,
    Compressed,
    /// DigestedData: content with a digest that nobody signed.
    Digested,
    /// EncryptedData: under a key that both sides hold.
    Encrypted,
    /// AuthenticatedData: readable to all, with a MAC under a key that recipients unwrap.
    Authenticated,
    /// CMS of a kind that is named, not opened.
    Other,
}

impl LayerKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed-data",
            Self::Enveloped => "enveloped-data",
            Self::AuthEnveloped => "authEnveloped-data",
            Self::CertsOnly => "certs-only",
            Self::Compressed => "compressed-data",
            Self::Digested => "digested-data",
            Self::Encrypted => "encrypted-data",
            Self::Authenticated => "authenticated-data",
            Self::Other => "other",
        }
    }

    pub const fn is_encrypted(self) -> bool {
        matches!(self, Self::Enveloped | Self::AuthEnveloped | Self::Encrypted)
    }

    /// Whether it opens with a key alone.
    pub const fn needs_key(self) -> bool {
        self.is_encrypted() || matches!(self, Self::Authenticated)
    }

    /// Whether opening it shows that the content was not changed.
    const fn is_sealed(self) -> bool {
        matches!(self, Self::AuthEnveloped | Self::Authenticated)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// multipart/signed
    ClearSigned,
    /// application/pkcs7-mime
    Opaque,
}

impl Form {
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClearSigned => "clear-signed",
            Self::Opaque => "opaque",
        }
    }
}

/// A key that a RecipientInfo names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientFacts {
    /// ktri, kari, kekri, pwri, ori, kemri
    pub kind: &'static str,
    /// `issuer=… serial=…`, or `ski=…`
    pub id: String,
    /// The same for look-ups; None for kinds that name no certificate.
    pub key: Option<RecipientKey>,
    pub algorithm: String,
}

/// One cryptographic layer, as far as it could be read.
#[derive(Clone, Debug)]
pub struct Layer {
    pub kind: LayerKind,
    pub form: Form,
    /// Of the entity: `/` is the message, `/1` its first part, `//` the message inside a layer, and so on.
    pub path: String,
    /// Content encryption, or the signers' digests joined by commas.
    pub algorithm: String,
    pub algorithm_row: Option<&'static Row>,
    pub recipients: Vec<RecipientFacts>,
    /// SHA-256 of the public key whose private key opened it, hex.
    pub key_used: Option<String>,
    /// Of the entity in the buffer that holds it: the message, or the layer around it.
    pub offset: usize,
    pub length: usize,
    /// Signed layer: SignerInfos read; 0 where none could be.
    pub signers: usize,
    /// Set when the structure could not be read or breaks a rule for all its signers.
    pub broken: Option<Code>,
    /// The plaintext came out and, for an AEAD, its tag was right.
    pub opened: bool,
}

impl Layer {
    pub fn new(kind: LayerKind, form: Form, path: &str) -> Self {
        Self {
            kind,
            form,
            path: path.to_owned(),
            algorithm: String::new(),
            algorithm_row: None,
            recipients: Vec::new(),
            key_used: None,
            offset: 0,
            length: 0,
            signers: 0,
            broken: None,
            opened: false,
        }
    }
}

/// What is known of one SignerInfo.
#[derive(Clone, Debug)]
pub struct SignerFacts {
    /// Index into `Facts.layers`.
    pub layer: usize,
    /// `issuer=… serial=…`, or `ski=…`
    pub id: String,
    /// Certificates that fit the SignerIdentifier and verify the signature; if none does, those that fit.
    pub candidates: Vec<Arc<Certificate>>,
    pub digest: String,
    pub digest_row: Option<&'static Row>,
    pub signature_algorithm: String,
    pub signature_row: Option<&'static Row>,
    pub signing_time: Option<UnixTime>,
    pub signed_attrs: bool,
    /// unsignedAttrs as received: type, and the SET of values. Nothing protects them.
    pub unsigned_attrs: Vec<(String, Box<[u8]>)>,
    pub countersigners: Vec<CountersignerFacts>,
    pub integrity: Check,
    pub findings: Vec<Finding>,
}

/// Who signed a signer's signature (RFC 5652 §11.4). It makes no signer better, and its chain is not judged.
#[derive(Clone, Debug)]
pub struct CountersignerFacts {
    /// Index of the countersigner whose signature it signed; None: the signer's own.
    pub of: Option<usize>,
    /// `issuer=… serial=…`, or `ski=…`
    pub id: String,
    /// Certificates that fit the SignerIdentifier and verify the signature; if none does, those that fit.
    pub candidates: Vec<Arc<Certificate>>,
    pub digest: String,
    pub signature_algorithm: String,
    pub signing_time: Option<UnixTime>,
    pub integrity: Check,
    /// Why it could not be checked, or failed before its signature was.
    pub reason: Option<Code>,
}

/// Header fields of the message that a table or an address match needs.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    pub message_id: Option<String>,
    pub sent_at: Option<UnixTime>,
    pub from: Vec<Mailbox>,
    /// How many From fields there are; more than one is an attack or a mistake.
    pub from_fields: usize,
    /// Something of From could not be read, or could be read in two ways: another reader may show another mailbox.
    pub from_unclear: bool,
    pub sender: Option<Mailbox>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub subject: Option<String>,
    /// How many header fields there are; 0: these bytes are no message.
    pub fields: usize,
}

/// For whom the text was signed that came out of an encrypted layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignedRecipients {
    /// Nothing was signed inside an encryption.
    #[default]
    NotAsked,
    /// The signed text does not say.
    Unnamed,
    /// To and Cc among the protected fields (RFC 9788 §2), or of a message/rfc822 that was signed (RFC 8551 §3.1).
    Named(Vec<Mailbox>),
}

/// A signed or encrypted part that is not in the cryptographic envelope (RFC 9787 §6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errant {
    pub path: String,
    pub encrypted: bool,
    /// It lies in a message/rfc822: a message of its own, with a From of its own.
    pub forwarded: bool,
}

/// What could settle an open question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A private key, by recipient; `certificate` is the one that the recipient names, where the keyring has it.
    Key { recipient: RecipientFacts, certificate: Option<Arc<Certificate>> },
    /// A signer's certificate.
    Certificate { id: String },
    /// The certificate of an issuer.
    Issuer { name: String, of_serial: String },
}

/// Everything that opening found, free of judgement.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub mail: Mail,
    /// CMS without a message around it: there is no address to compare with.
    pub bare: bool,
    /// The cryptographic envelope, outermost first.
    pub layers: Vec<Layer>,
    pub signers: Vec<SignerFacts>,
    /// Certificates carried by the message.
    pub certificates: Vec<Arc<Certificate>>,
    /// CertificateLists carried by the message, as received.
    pub crls: Vec<Arc<[u8]>>,
    /// Certificates handed in afterwards, to settle what was open.
    pub evidence: Vec<Arc<Certificate>>,
    pub signed_recipients: SignedRecipients,
    pub errant: Vec<Errant>,
    /// Parts of the root multipart when there are errant layers.
    pub parts: usize,
    /// The errant part that was asked for: layers below it and its signers are all that was judged.
    pub part: Option<Errant>,
    /// Findings about structure and decryption.
    pub findings: Vec<Finding>,
    pub wanted: Vec<Wanted>,
}

impl Facts {
    /// OK: every layer under a key opened. FAILED: a key fits and fails, or the layer cannot be read. UNKNOWN: no key.
    pub fn decryption(&self) -> Check {
        let mut encrypted = self.layers.iter().filter(|layer| layer.kind.needs_key()).peekable();
        if encrypted.peek().is_none() {
            return Check::NotChecked;
        }
        match encrypted.find(|layer| !layer.opened) {
            None => Check::Ok,
            Some(layer) if layer.broken == Some(Code::DecryptionNoKey) => Check::Unknown,
            Some(_) => Check::Failed,
        }
    }

    /// The signers of layers from `layer` on whose signature is mathematically right.
    pub fn intact_from(&self, layer: usize) -> bool {
        self.signers.iter().any(|signer| signer.layer >= layer && signer.integrity == Check::Ok)
    }

    /// Whether something vouches that the content was not changed: an AEAD, or a signature inside of what is none.
    pub fn authenticated(&self) -> bool {
        let unauthenticated =
            self.layers.iter().rposition(|layer| layer.kind.is_encrypted() && !layer.kind.is_sealed());
        let sealed = self.layers.iter().any(|layer| layer.kind.is_sealed() && layer.opened);
        match unauthenticated {
            Some(layer) => {
                let sealed_inside = self.layers[layer..].iter().any(|layer| layer.kind.is_sealed() && layer.opened);
                sealed_inside || self.intact_from(layer + 1)
            }
            None => sealed || self.intact_from(0),
        }
    }
}
