//! SignedData, written (RFC 5652 §5): prepared, signed by whoever holds the keys, put together.

use std::sync::Arc;

use crate::alg::identifier::write_digest;
use crate::alg::{Message, Row, SignatureAlgorithm, table};
use crate::asn1::writer::Writer;
use crate::asn1::{Oid, Tag, UnixTime, oid};
use crate::cms::make::{SHARE, attributes, content_info, issuer_and_serial_number};
use crate::x509::certificate::Certificate;
use crate::{Code, Error, Limits, Result};

/// What one signer's SignerInfo says.
#[derive(Clone, Debug)]
pub struct SignerTerms {
    pub certificate: Arc<Certificate>,
    pub algorithm: SignatureAlgorithm,
    /// A claim.
    pub signing_time: UnixTime,
    /// DER of SMIMECapabilities (RFC 8551 §2.5.2).
    pub smime_capabilities: Option<Vec<u8>>,
    /// The certificate that answers should be encrypted to (RFC 8551 §2.5.3).
    pub encryp_key_pref: Option<Arc<Certificate>>,
}

/// What a key has to sign: the DER of signedAttrs, as SET OF.
#[derive(Clone, Debug)]
pub struct SignerRequest {
    pub terms: SignerTerms,
    digest: &'static Row,
    signed_attrs: Vec<u8>,
}

impl SignerRequest {
    /// signedAttrs are never left out, so that no content can double as them (draft-ietf-lamps-cms-euf-cma-signeddata).
    fn new(terms: SignerTerms, e_content_type: Oid<'_>, content: &[u8]) -> Result<Self> {
        let unfit = || Error::with(Code::MakingFailed, terms.algorithm.row().name);
        let digest = terms.algorithm.message_digest().ok_or_else(unfit)?;
        let row = table::of_digest(digest).ok_or_else(unfit)?;
        let mut set = vec![
            attributes::content_type(e_content_type),
            attributes::message_digest(digest.digest(content).as_ref()),
            attributes::signing_time(terms.signing_time),
            attributes::signing_certificate_v2(&terms.certificate),
            attributes::algorithm_protection(row, &terms.algorithm),
        ];
        set.extend(terms.smime_capabilities.as_deref().map(attributes::capabilities));
        set.extend(terms.encryp_key_pref.as_deref().map(attributes::encryp_key_pref));
        let mut writer = Writer::new();
        writer.set_of(set);
        Ok(Self { terms, digest: row, signed_attrs: writer.into_vec() })
    }

    pub fn to_be_signed(&self) -> &[u8] {
        &self.signed_attrs
    }

    /// SignerInfo ::= SEQUENCE { version 1, sid, digestAlgorithm, signedAttrs [0] IMPLICIT, signatureAlgorithm,
    ///   signature } (RFC 5652 §5.3), once `signature` was checked with the certificate's key.
    ///
    /// Err: MakingSignatureWrong.
    fn signer_info(mut self, signature: &[u8], limits: &Limits) -> Result<Vec<u8>> {
        let SignerTerms { certificate, algorithm, .. } = &self.terms;
        let public_key = certificate.public_key(limits)?;
        if !algorithm.verify(public_key, Message::Bytes(&self.signed_attrs), signature) {
            return Err(Error::with(Code::MakingSignatureWrong, algorithm.row().name));
        }
        // signedAttrs [0] IMPLICIT
        if let Some(tag) = self.signed_attrs.first_mut() {
            *tag = 0xa0;
        }
        let mut writer = Writer::new();
        writer.sequence(|writer| {
            writer.octet_string(signature);
            algorithm.write(writer);
            writer.raw(&self.signed_attrs);
            write_digest(writer, self.digest);
            issuer_and_serial_number(writer, certificate);
            writer.u64(1);
        });
        Ok(writer.into_vec())
    }
}

/// A SignedData that waits for its signatures.
#[derive(Debug)]
pub struct Signing {
    detached: bool,
    certificates: Vec<Arc<Certificate>>,
    requests: Vec<SignerRequest>,
}

impl Signing {
    /// Over `content`, an id-data, by one or more signers; `certificates` go into the structure, each once.
    /// Err: MakingFailed.
    pub fn new(
        content: &[u8],
        detached: bool,
        signers: Vec<SignerTerms>,
        certificates: Vec<Arc<Certificate>>,
    ) -> Result<Self> {
        let requests = signers.into_iter().map(|terms| SignerRequest::new(terms, oid::DATA, content));
        Ok(Self { detached, certificates, requests: requests.collect::<Result<_>>()? })
    }

    /// In the order in which `finish` takes the signatures.
    pub fn requests(&self) -> &[SignerRequest] {
        &self.requests
    }

    /// The digests of the signers, each once, in the order of the signers.
    pub fn digests(&self) -> Vec<&'static Row> {
        let mut digests: Vec<&'static Row> = Vec::new();
        for request in &self.requests {
            if !digests.iter().any(|row| core::ptr::eq(*row, request.digest)) {
                digests.push(request.digest);
            }
        }
        digests
    }

    /// ContentInfo of SignedData over the `content` of `new`. Err: MakingSignatureWrong (also: another number of
    /// signatures).
    pub fn finish(self, content: &[u8], signatures: &[Vec<u8>], limits: &Limits) -> Result<Vec<u8>> {
        if signatures.len() != self.requests.len() {
            return Err(Error::with(Code::MakingSignatureWrong, "not one signature for each signer"));
        }
        let digests = self.digests();
        let pairs = self.requests.into_iter().zip(signatures);
        let signer_infos = pairs.map(|(request, signature)| request.signer_info(signature, limits));
        let signer_infos = signer_infos.collect::<Result<Vec<_>>>()?;
        Ok(signed_data((!self.detached).then_some(content), &digests, &self.certificates, signer_infos))
    }
}

/// ContentInfo of a SignedData that carries certificates alone (RFC 8551 §3.8).
pub fn certs_only(certificates: &[Arc<Certificate>]) -> Vec<u8> {
    signed_data(None, &[], certificates, Vec::new())
}

/// SignedData ::= SEQUENCE { version, digestAlgorithms SET, encapContentInfo, certificates [0] IMPLICIT SET OPTIONAL,
///   crls [1] OPTIONAL, signerInfos SET } (RFC 5652 §5.1): version 1, for all is id-data, issuer and serial.
fn signed_data(
    content: Option<&[u8]>,
    digests: &[&'static Row],
    certificates: &[Arc<Certificate>],
    signer_infos: Vec<Vec<u8>>,
) -> Vec<u8> {
    let room = content.map_or(0, <[u8]>::len) + certificates.iter().map(|one| one.der().len()).sum::<usize>();
    let mut writer = Writer::with_capacity(room + SHARE * (1 + signer_infos.len()));
    content_info(&mut writer, oid::SIGNED_DATA, |writer| {
        writer.sequence(|writer| {
            writer.set_of(signer_infos);
            certificate_set(writer, certificates);
            writer.sequence(|writer| {
                if let Some(content) = content {
                    writer.explicit(0, |writer| writer.octet_string(content));
                }
                writer.oid(oid::DATA);
            });
            let identifiers = digests.iter().map(|row| {
                let mut writer = Writer::new();
                write_digest(&mut writer, row);
                writer.into_vec()
            });
            writer.set_of(identifiers.collect());
            writer.u64(1);
        });
    });
    writer.into_vec()
}

/// certificates [0] IMPLICIT CertificateSet, the received octets of each, sorted as DER wants a SET OF.
fn certificate_set(writer: &mut Writer, certificates: &[Arc<Certificate>]) {
    let mut ders: Vec<&[u8]> = certificates.iter().map(|certificate| certificate.der()).collect();
    ders.sort_unstable();
    ders.dedup();
    if !ders.is_empty() {
        writer.element(Tag::context(0), true, |writer| ders.iter().rev().for_each(|der| writer.raw(der)));
    }
}
