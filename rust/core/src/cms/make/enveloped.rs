//! EnvelopedData and AuthEnvelopedData, written (RFC 5652 §6, RFC 5083 §2).

use std::sync::Arc;

use crate::alg::{AgreementAlgorithm, ContentAlgorithm, Role, Row, TransportAlgorithm, table};
use crate::asn1::writer::Writer;
use crate::asn1::{Oid, Tag, oid};
use crate::cms::make::{SHARE, content_info, issuer_and_serial_number};
use crate::crypto::agreement::EphemeralKey;
use crate::crypto::key::{KeyKind, PublicKey};
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::x509::certificate::Certificate;
use crate::{Code, Error, Limits, Result};

/// How the content-encryption key reaches one recipient.
#[derive(Clone, Debug)]
pub enum RecipientKey {
    /// KeyTransRecipientInfo
    Transport(TransportAlgorithm),
    /// KeyAgreeRecipientInfo, with an ephemeral key of ours
    Agreement(AgreementAlgorithm),
}

/// What is written around one content.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Of the role Content (EnvelopedData) or Aead (AuthEnvelopedData).
    pub cipher: &'static Row,
    pub recipients: Vec<(Arc<Certificate>, RecipientKey)>,
}

/// ContentInfo of EnvelopedData or, with an AEAD, of AuthEnvelopedData: `content` under a fresh key. All recipients or
/// none. Err: MakingRecipientUnfit, MakingFailed.
pub fn enveloped(content: &[u8], envelope: &Envelope, random: &dyn Random, limits: &Limits) -> Result<Vec<u8>> {
    let algorithm = ContentAlgorithm::make(envelope.cipher, random).map_err(|failure| match failure {
        Some(_) => Error::new(Code::MakingFailed),
        None => Error::with(Code::MakingFailed, envelope.cipher.name),
    })?;
    let cek = random.octets(algorithm.key_len()).map_err(|_| Error::new(Code::MakingFailed))?;
    let cek = Secret::new(cek);
    let recipient_infos: Vec<Vec<u8>> = envelope
        .recipients
        .iter()
        .map(|(certificate, key)| recipient_info(certificate, key, &cek, random, limits))
        .collect::<Result<_>>()?;
    if recipient_infos.is_empty() {
        return Err(Error::with(Code::MakingRecipientUnfit, "there is no recipient"));
    }
    let agrees = envelope.recipients.iter().any(|(_, key)| matches!(key, RecipientKey::Agreement(_)));
    Around { algorithm: &algorithm, cek: &cek, recipient_infos, agrees }.write(content)
}

struct Around<'a> {
    algorithm: &'a ContentAlgorithm,
    cek: &'a Secret,
    recipient_infos: Vec<Vec<u8>>,
    agrees: bool,
}

impl Around<'_> {
    /// ```text
    /// EnvelopedData ::= SEQUENCE { version, originatorInfo [0] OPTIONAL, recipientInfos SET, encryptedContentInfo,
    ///   unprotectedAttrs [1] OPTIONAL }
    /// AuthEnvelopedData ::= SEQUENCE { version, originatorInfo [0] OPTIONAL, recipientInfos SET,
    ///   authEncryptedContentInfo, authAttrs [1] OPTIONAL, mac, unauthAttrs [2] OPTIONAL }
    /// ```
    /// authAttrs are left out: the content is id-data (RFC 5083 §2.1).
    fn write(self, content: &[u8]) -> Result<Vec<u8>> {
        let len = self.algorithm.ciphertext_len(content.len());
        // The tag stands behind the ciphertext, so it is written before it is known: its place is filled at the end.
        let mut writer = Writer::with_capacity(len + SHARE * (1 + self.recipient_infos.len()));
        let tag_len = self.algorithm.tag_len();
        let mut sealed = Ok(Vec::new());
        let content_type = if self.algorithm.is_aead() { oid::AUTH_ENVELOPED_DATA } else { oid::ENVELOPED_DATA };
        content_info(&mut writer, content_type, |writer| {
            writer.sequence(|writer| {
                if tag_len > 0 {
                    writer.octet_string(&vec![0; tag_len]);
                }
                self.encrypted_content_info(writer, len, |place| {
                    sealed = self.algorithm.encrypt(self.cek, content, place);
                });
                writer.set_of(self.recipient_infos.clone());
                // RFC 5652 §6.1: 0 with ktri by issuer and serial alone, else 2; RFC 5083 §2.1: 0.
                writer.u64(if self.agrees && !self.algorithm.is_aead() { 2 } else { 0 });
            });
        });
        let tag = sealed.map_err(|_| Error::with(Code::MakingFailed, self.algorithm.row().name))?;
        let mut der = writer.into_vec();
        // mac is the last element.
        let place = der.len() - tag_len;
        der.get_mut(place..).filter(|place| place.len() == tag.len()).map_or_else(
            || Err(Error::with(Code::MakingFailed, self.algorithm.row().name)),
            |place| {
                place.copy_from_slice(&tag);
                Ok(())
            },
        )?;
        Ok(der)
    }

    /// EncryptedContentInfo ::= SEQUENCE { contentType, contentEncryptionAlgorithm, encryptedContent [0] IMPLICIT
    ///   OCTET STRING OPTIONAL } (RFC 5652 §6.1)
    fn encrypted_content_info(&self, writer: &mut Writer, len: usize, fill: impl FnOnce(&mut [u8])) {
        writer.sequence(|writer| {
            writer.element(Tag::context(0), false, |writer| fill(writer.space(len)));
            self.algorithm.write(writer);
            writer.oid(oid::DATA);
        });
    }
}

fn recipient_info(
    certificate: &Certificate,
    key: &RecipientKey,
    cek: &Secret,
    random: &dyn Random,
    limits: &Limits,
) -> Result<Vec<u8>> {
    let public_key = certificate.public_key(limits)?;
    let refused =
        || Error::with(Code::MakingRecipientUnfit, format!("{}: its key does not take it", certificate.subject()));
    match key {
        RecipientKey::Transport(algorithm) => {
            // No chance and a key that does not fit look alike below; chance was there a moment ago.
            let encrypted_key = algorithm.wrap(public_key, cek, random).ok_or_else(refused)?;
            Ok(ktri(certificate, algorithm, &encrypted_key))
        }
        RecipientKey::Agreement(algorithm) => {
            let point = public_key.agreement_point().ok_or_else(refused)?;
            let ephemeral = EphemeralKey::new(public_key, random).ok_or_else(refused)?;
            let shared = ephemeral.agree(&point).ok_or_else(refused)?;
            let encrypted_key = algorithm.wrap(&shared, None, cek).ok_or_else(refused)?;
            Ok(kari(certificate, algorithm, &originator(public_key, &ephemeral)?, &encrypted_key))
        }
    }
}

/// KeyTransRecipientInfo ::= SEQUENCE { version 0, rid, keyEncryptionAlgorithm, encryptedKey } (RFC 5652 §6.2.1)
fn ktri(certificate: &Certificate, algorithm: &TransportAlgorithm, encrypted_key: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|writer| {
        writer.octet_string(encrypted_key);
        algorithm.write(writer);
        issuer_and_serial_number(writer, certificate);
        writer.u64(0);
    });
    writer.into_vec()
}

/// KeyAgreeRecipientInfo ::= [1] SEQUENCE { version 3, originator [0] EXPLICIT, ukm [1] OPTIONAL,
///   keyEncryptionAlgorithm, recipientEncryptedKeys } (RFC 5652 §6.2.2)
fn kari(certificate: &Certificate, algorithm: &AgreementAlgorithm, originator: &[u8], encrypted_key: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.element(Tag::context(1), true, |writer| {
        writer.sequence(|writer| {
            writer.sequence(|writer| {
                writer.octet_string(encrypted_key);
                issuer_and_serial_number(writer, certificate);
            });
        });
        algorithm.write(writer);
        writer.explicit(0, |writer| writer.raw(originator));
        writer.u64(3);
    });
    writer.into_vec()
}

/// originatorKey [1] IMPLICIT OriginatorPublicKey ::= SEQUENCE { algorithm, publicKey BIT STRING }: id-ecPublicKey
/// without parameters, the curve is the recipient's (RFC 5753 §3.1.1); id-X25519 (RFC 8418 §4).
fn originator(public_key: &PublicKey, ephemeral: &EphemeralKey) -> Result<Vec<u8>> {
    let name = match public_key.kind() {
        KeyKind::X25519 => "X25519",
        _ => "EC",
    };
    let row = table::named(name).filter(|row| row.role == Role::PublicKey);
    let algorithm: Oid<'_> = row.ok_or_else(|| Error::with(Code::MakingFailed, name))?.oid;
    let mut writer = Writer::new();
    writer.element(Tag::context(1), true, |writer| {
        writer.bit_string(&ephemeral.public);
        writer.sequence(|writer| writer.oid(algorithm));
    });
    Ok(writer.into_vec())
}
