//! A SignedData layer: digests over the content as received, then one signature check after another.

use std::borrow::Cow;
use std::sync::Arc;

use super::countersignature::Countersigner;
use super::signature::{CertificateHash, OwnedSid, SignatureChecks, SignatureInput, Signed, completed};
use super::{Opening, Phase, Place, range_in};
use crate::alg::SignatureAlgorithm;
use crate::asn1::hex;
use crate::cms::attribute::Attributes;
use crate::cms::content_info::ContentInfo;
use crate::cms::identifier::SignerIdentifier;
use crate::cms::signed_attributes::{
    CheckedAttrs, EssHashAlgorithm, check_signed_attrs, check_unsigned_attrs, looks_like_signed_attrs,
};
use crate::cms::signed_data::{EContent, SignedData};
use crate::cms::signer::SignerInfo;
use crate::crypto::digest::{Digest, DigestValue, SHA1, SHA256};
use crate::mime::canonical::canonical;
use crate::mime::mbox::unquote_from_lines;
use crate::policy::facts::{Check, Form, Layer, LayerKind, SignerFacts};
use crate::policy::policy::Strictness;
use crate::x509::certificate::{Certificate, serial_hex};
use crate::{Code, Error, Finding, Limits, Result};

/// The content that was signed, in the forms that a digest may have been taken over.
struct SignedContent<'a> {
    detached: Option<&'a [u8]>,
    econtent: Option<&'a EContent<'a>>,
    digests: Vec<(&'static str, bool, DigestValue)>,
}

impl<'a> SignedContent<'a> {
    fn new(detached: Option<&'a [u8]>, econtent: Option<&'a EContent<'a>>) -> Self {
        Self { detached, econtent, digests: Vec::new() }
    }

    /// The digest of the content; `as_stored` takes a detached part without the CRLF view.
    fn digest(&mut self, name: &'static str, digest: &'static dyn Digest, as_stored: bool) -> DigestValue {
        if let Some((_, _, value)) = self.digests.iter().find(|known| known.0 == name && known.1 == as_stored) {
            return *value;
        }
        let mut context = digest.start();
        self.each(as_stored, |chunk| context.update(chunk));
        let value = context.finish();
        self.digests.push((name, as_stored, value));
        value
    }

    fn each(&self, as_stored: bool, mut take: impl FnMut(&[u8])) {
        match (self.detached, self.econtent) {
            (Some(part), _) if as_stored => take(part),
            (Some(part), _) => canonical(part).chunks().for_each(take),
            (None, Some(content)) => content.segments().for_each(take),
            (None, None) => {}
        }
    }

    fn bytes(&self, as_stored: bool) -> Vec<u8> {
        let mut joined = Vec::new();
        self.each(as_stored, |chunk| joined.extend_from_slice(chunk));
        joined
    }

    fn line_endings_differ(&self) -> bool {
        self.detached.is_some_and(|part| !canonical(part).is_identity())
    }
}

/// What reading one SignerInfo gives.
struct SignerOutcome {
    facts: SignerFacts,
    input: Option<Arc<SignatureInput>>,
    countersigners: Vec<Countersigner>,
    repaired: bool,
}

impl SignerOutcome {
    /// A SignerInfo of an unknown version that cannot be read: a signer all the same, of whom nothing is known.
    fn unreadable() -> Self {
        let facts = SignerFacts {
            layer: 0,
            id: String::new(),
            candidates: Vec::new(),
            digest: String::new(),
            digest_row: None,
            signature_algorithm: String::new(),
            signature_row: None,
            signing_time: None,
            signed_attrs: true,
            unsigned_attrs: Vec::new(),
            countersigners: Vec::new(),
            integrity: Check::Unknown,
            findings: vec![Finding::new(Code::SignerUnreadable)],
        };
        Self { facts, input: None, countersigners: Vec::new(), repaired: false }
    }
}

/// What reading a SignedData gives, owned, so that the buffers are free again.
struct Outcome {
    certs_only: bool,
    algorithm: String,
    certificates: Vec<Arc<Certificate>>,
    crls: Vec<Arc<[u8]>>,
    signers: Vec<SignerOutcome>,
    findings: Vec<Finding>,
    /// Where the content lies in the CMS bytes, or the joined segments.
    content: Option<core::result::Result<(usize, usize), Vec<u8>>>,
    content_is_entity: bool,
    /// The signed part as it was signed, where a mailbox had quoted its lines.
    unquoted: Option<Vec<u8>>,
}

impl<'m> Opening<'m> {
    /// `detached`: the signed part of a multipart/signed. `next`: what to look at afterwards, where the content allows.
    pub(super) fn signed_data(
        &mut self,
        cms: &Place,
        detached: Option<&Place>,
        mut layer: Layer,
        next: Option<(Place, String)>,
    ) -> Phase<'m> {
        layer.kind = LayerKind::Signed;
        let outcome = match self.read_signed_data(cms, detached, layer.form == Form::ClearSigned) {
            Ok(outcome) => outcome,
            Err(error) => return self.broken(layer, error),
        };
        layer.algorithm = outcome.algorithm;
        layer.signers = outcome.signers.len();
        let path = layer.path.clone();
        self.facts.findings.extend(outcome.findings.into_iter().map(|finding| finding.path(path.as_str())));
        self.facts.certificates.extend(outcome.certificates);
        self.facts.crls.extend(outcome.crls);
        if outcome.certs_only && detached.is_none() {
            layer.kind = LayerKind::CertsOnly;
            self.facts.findings.push(Finding::new(Code::StructureCertsOnly).path(path));
            self.facts.layers.push(layer);
            return Phase::Finished;
        }
        let inner = match (detached, outcome.content) {
            // What is shown is what was signed.
            (Some(part), _) => Some(outcome.unquoted.map_or_else(|| part.clone(), |plain| self.keep(plain))),
            (None, Some(Ok((start, end)))) => Some(cms.part((start, end))),
            (None, Some(Err(joined))) => Some(self.keep(joined)),
            (None, None) => None,
        };
        if outcome.signers.is_empty() {
            layer.broken = Some(Code::SignerNone);
            self.facts.findings.push(Finding::new(Code::SignerNone).path(path.as_str()));
        }
        let index = self.facts.layers.len();
        self.facts.layers.push(layer);
        self.content.clone_from(&inner);
        let next = match (inner, next) {
            (Some(place), Some((_, path))) if outcome.content_is_entity => Some((place, path)),
            _ => None,
        };
        self.await_signers(outcome.signers, index, &path, next)
    }

    fn await_signers(
        &mut self,
        signers: Vec<SignerOutcome>,
        layer: usize,
        path: &str,
        next: Option<(Place, String)>,
    ) -> Phase<'m> {
        let mut checks = SignatureChecks::new(self.limits());
        for outcome in signers {
            let mut facts = outcome.facts;
            facts.layer = layer;
            if outcome.repaired {
                self.facts.findings.push(Finding::new(Code::MimeLineEndings).path(path));
            }
            let signer = self.facts.signers.len();
            let (countersigners, inputs): (Vec<_>, Vec<_>) = outcome.countersigners.into_iter().unzip();
            facts.countersigners = countersigners;
            self.facts.signers.push(facts);
            if let Some(input) = outcome.input {
                checks.add(signer, &input, &mut self.facts);
            }
            for (index, input) in inputs.into_iter().enumerate() {
                if let Some(input) = input {
                    checks.add_countersigner(signer, index, &input, &mut self.facts);
                }
            }
        }
        Phase::Signers(checks, next)
    }

    fn read_signed_data(&self, cms: &Place, detached: Option<&Place>, clear_signed: bool) -> Result<Outcome> {
        let limits = self.limits();
        let bytes = self.bytes(cms);
        let info = ContentInfo::read(bytes, limits)?;
        let content = info.content.ok_or_else(|| Error::new(Code::CmsContentAbsent))?;
        let signed_data = SignedData::read(&content, limits)?;
        let (certificates, mut findings) = self.certificates(&signed_data);
        let detached = detached.map(|part| self.bytes(part));
        let econtent = signed_data.encap_content_info.e_content.as_ref();
        if !signed_data.version_is_prescribed() {
            findings.push(Finding::new(Code::CmsVersion).detail(format!("SignedData {}", signed_data.version)));
        }
        if detached.is_none() && econtent.is_none() && !signed_data.is_certs_only() {
            return Err(Error::new(Code::CmsContentAbsent));
        }
        let reader = SignerReader { opening: self, signed_data: &signed_data, certificates: &certificates, limits };
        if econtent.is_some_and(|content| !content.is_octet_string()) {
            findings.push(Finding::new(Code::CmsContentNotOctets));
        }
        let mut signers = reader.read_all(SignedContent::new(detached, econtent));
        let unquoted = detached.filter(|_| clear_signed).and_then(|part| reader.without_quoting(part, &mut signers));
        if unquoted.is_some() {
            findings.push(Finding::new(Code::MimeFromQuoted));
        }
        let mut budget = limits.signers;
        for (signer_info, signer) in signed_data.signer_infos.iter().zip(&mut signers) {
            signer.countersigners = reader.countersigners(signer_info, &mut budget)?;
        }
        signers.extend(signed_data.unknown_signer_infos.iter().map(|_| SignerOutcome::unreadable()));
        let names = signers.iter().map(|signer| signer.facts.digest.as_str());
        let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
        Ok(Outcome {
            certs_only: signed_data.is_certs_only(),
            algorithm: names.join(","),
            content: econtent.map(|content| place_of(bytes, content)),
            content_is_entity: signed_data.encap_content_info.e_content_type == crate::asn1::oid::DATA,
            certificates,
            crls: signed_data.crls.iter().map(|crl| Arc::from(*crl)).collect(),
            signers,
            findings,
            unquoted,
        })
    }

    /// The certificates of the bag that can be read; what cannot is a finding, for it may be another signer's.
    fn certificates(&self, signed_data: &SignedData<'_>) -> (Vec<Arc<Certificate>>, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut certificates = Vec::new();
        for (index, der) in signed_data.certificates.iter().enumerate() {
            match self.receiver.memo.intern(der) {
                Ok(certificate) => certificates.push(certificate),
                Err(error) => findings.push(error.within(&format!("certificates[{index}]")).into_finding()),
            }
        }
        (certificates, findings)
    }
}

fn place_of(bytes: &[u8], content: &EContent<'_>) -> core::result::Result<(usize, usize), Vec<u8>> {
    match content.to_cow() {
        Cow::Borrowed(slice) => range_in(bytes, slice).ok_or_else(|| slice.to_vec()),
        Cow::Owned(joined) => Err(joined),
    }
}

/// Attributes as received, to be kept beside the facts.
fn kept(attributes: &Attributes<'_>) -> Vec<(String, Box<[u8]>)> {
    attributes.iter().map(|one| (one.attr_type.to_string(), one.attr_values.raw.into())).collect()
}

/// Reads the SignerInfos of one SignedData.
pub(super) struct SignerReader<'a, 'm> {
    opening: &'a Opening<'m>,
    signed_data: &'a SignedData<'a>,
    certificates: &'a [Arc<Certificate>],
    pub(super) limits: &'a Limits,
}

impl SignerReader<'_, '_> {
    fn read_all(&self, mut content: SignedContent<'_>) -> Vec<SignerOutcome> {
        self.signed_data.signer_infos.iter().map(|info| self.read(info, &mut content)).collect()
    }

    /// PAR-14: a mailbox puts `>` before lines that begin with "From ". Where no signer's digest fits the part as it
    /// is stored, it is tried without; the part as it was signed, if that fits.
    fn without_quoting(&self, part: &[u8], signers: &mut Vec<SignerOutcome>) -> Option<Vec<u8>> {
        let differs = |signer: &SignerOutcome| {
            signer.facts.findings.iter().any(|finding| finding.code == Code::SignerDigestMismatch)
        };
        if signers.iter().any(|signer| signer.input.is_some()) || !signers.iter().any(differs) {
            return None;
        }
        let plain = unquote_from_lines(part)?;
        let read = self.read_all(SignedContent::new(Some(&plain), None));
        if !read.iter().any(|signer| signer.input.is_some()) {
            return None;
        }
        *signers = read;
        Some(plain)
    }

    fn read(&self, info: &SignerInfo<'_>, content: &mut SignedContent<'_>) -> SignerOutcome {
        let sid = OwnedSid::new(&info.sid);
        let candidates = self.candidates(&sid);
        let mut outcome = SignerOutcome {
            facts: SignerFacts {
                layer: 0,
                id: signer_id(&info.sid, self.limits),
                candidates,
                digest: info.digest_algorithm.name(),
                digest_row: info.digest_algorithm.row(),
                signature_algorithm: info.signature_algorithm.name(),
                signature_row: info.signature_algorithm.row(),
                signing_time: None,
                signed_attrs: info.signed_attrs.is_some(),
                unsigned_attrs: info.unsigned_attrs.as_ref().map(kept).unwrap_or_default(),
                countersigners: Vec::new(),
                integrity: Check::Unknown,
                findings: Vec::new(),
            },
            input: None,
            countersigners: Vec::new(),
            repaired: false,
        };
        match self.prepare(info, sid, content, &mut outcome) {
            Ok(()) => {}
            Err(error) => {
                // What is not known cannot be said to be wrong; everything else is wrong.
                let unknown = error.code() == Code::SignerAlgorithmUnsupported;
                outcome.facts.integrity = if unknown { Check::Unknown } else { Check::Failed };
                outcome.facts.findings.push(error.into_finding());
                outcome.input = None;
            }
        }
        outcome
    }

    /// Everything but the public-key operation: the two mandatory steps are the digest here and the signature there.
    fn prepare(
        &self,
        info: &SignerInfo<'_>,
        sid: OwnedSid,
        content: &mut SignedContent<'_>,
        out: &mut SignerOutcome,
    ) -> Result<()> {
        if content.detached.is_some() && content.econtent.is_some() {
            return Err(Error::new(Code::SignerEcontentInDetached));
        }
        if !self.signed_data.digest_algorithms.iter().any(|listed| listed.algorithm == info.digest_algorithm.algorithm)
        {
            out.facts.findings.push(Finding::new(Code::SignerDigestNotListed).detail(info.digest_algorithm.name()));
        }
        let (digest_row, digest) = info.digest_algorithm.digest()?;
        if let Some(unsigned) = &info.unsigned_attrs {
            check_unsigned_attrs(unsigned)?;
        }
        let algorithm = SignatureAlgorithm::resolve(&info.signature_algorithm, Some(&info.digest_algorithm))?;
        if algorithm.mask_differs() {
            out.facts.findings.push(Finding::new(Code::SignerPssMask).detail(info.signature_algorithm.name()));
        }
        let mut named = None;
        let messages = match &info.signed_attrs {
            Some(attributes) => {
                let checked = check_signed_attrs(attributes, self.signed_data.encap_content_info.e_content_type)?;
                out.facts.signing_time = checked.signing_time;
                if checked.content_type_absent {
                    self.content_type_absent(out)?;
                }
                if let Some(protection) = &checked.algorithm_protection {
                    protection.check(&info.digest_algorithm, &info.signature_algorithm, self.limits)?;
                }
                named = named_certificate(&checked)?;
                let claimed = checked.message_digest;
                let canonical = content.digest(digest_row.name, digest, false);
                let as_stored = canonical.as_ref() != claimed
                    && content.line_endings_differ()
                    && content.digest(digest_row.name, digest, true).as_ref() == claimed;
                if canonical.as_ref() != claimed && !as_stored {
                    return Err(Error::new(Code::SignerDigestMismatch));
                }
                out.repaired = content.line_endings_differ();
                let received = (Signed::Bytes(attributes.signing_input().to_vec().into()), false);
                let der = attributes.der_form(self.limits).map(|der| (Signed::Bytes(der.into()), true));
                core::iter::once(received).chain(der).collect::<Vec<_>>()
            }
            None => self.without_signed_attrs(&algorithm, content, out)?,
        };
        let signature = info.signature.to_vec().into();
        out.input = Some(Arc::new(SignatureInput { algorithm, signature, messages, sid, named }));
        Ok(())
    }

    /// GnuPG of 2002 left contentType out of signedAttrs: an archive takes that for id-data.
    fn content_type_absent(&self, out: &mut SignerOutcome) -> Result<()> {
        let policy = &self.opening.receiver.policy;
        let data = self.signed_data.encap_content_info.e_content_type == crate::asn1::oid::DATA;
        if !data || policy.content_type_attr == Strictness::Require {
            return Err(Error::with(Code::SignerAttributeMissing, "contentType"));
        }
        out.facts.findings.push(Finding::new(Code::SignerContentTypeAbsent));
        Ok(())
    }

    /// The signature is over the content itself (RFC 5652 §5.4).
    fn without_signed_attrs(
        &self,
        algorithm: &SignatureAlgorithm,
        content: &mut SignedContent<'_>,
        out: &mut SignerOutcome,
    ) -> Result<Vec<(Signed, bool)>> {
        if self.signed_data.encap_content_info.e_content_type != crate::asn1::oid::DATA {
            return Err(Error::with(Code::SignerAttributeMissing, "the content is not id-data"));
        }
        let first = content.detached.or_else(|| content.econtent.and_then(|content| content.segments().next()));
        if first.is_some_and(|bytes| bytes.first() == Some(&0x31)) {
            let bytes = content.bytes(true);
            if looks_like_signed_attrs(&bytes, self.limits) {
                return Err(Error::new(Code::SignerAmbiguousContent));
            }
        }
        out.repaired = content.line_endings_differ();
        let forms: &[bool] = if out.repaired { &[false, true] } else { &[false] };
        let mut messages = Vec::new();
        for as_stored in forms {
            let signed = match (algorithm.prehash(), algorithm.digest_row()) {
                (Some(digest), Some(row)) => Signed::Digest(content.digest(row.name, digest, *as_stored)),
                _ => Signed::Bytes(content.bytes(*as_stored).into()),
            };
            messages.push((signed, false));
        }
        Ok(messages)
    }

    /// Certificates of the message, then of the receiver, that the SignerIdentifier names (SIG-15: all of them).
    pub(super) fn candidates(&self, sid: &OwnedSid) -> Vec<Arc<Certificate>> {
        let fits = |certificate: &&Arc<Certificate>| sid.names(certificate, self.limits);
        let receiver = self.opening.receiver;
        let pools = receiver.anchors.as_ref().map(|anchors| anchors.pool());
        let mut found: Vec<_> = self.certificates.iter().filter(fits).cloned().collect();
        for pool in [Some(&receiver.intermediates), pools].into_iter().flatten() {
            let known = match sid {
                OwnedSid::IssuerAndSerialNumber { issuer, serial_number } => {
                    pool.by_issuer_and_serial(issuer, serial_number, self.limits)
                }
                OwnedSid::SubjectKeyIdentifier(id) => pool.by_subject_key_identifier(id),
            };
            found.extend(known.iter().cloned());
        }
        found.dedup_by(|second, first| second.der() == first.der());
        completed(found, self.certificates, receiver)
    }
}

/// signingCertificate(V2) names the one certificate that counts (RFC 5035, C-21).
pub(super) fn named_certificate(checked: &CheckedAttrs<'_>) -> Result<Option<CertificateHash>> {
    let Some(named) = &checked.ess_cert_hash else { return Ok(None) };
    let digest: &'static dyn Digest = match &named.hash_algorithm {
        EssHashAlgorithm::Sha1 => &SHA1,
        EssHashAlgorithm::Sha256 => &SHA256,
        EssHashAlgorithm::Named(identifier) => identifier.digest()?.1,
    };
    Ok(Some(CertificateHash { digest, value: named.cert_hash.into() }))
}

pub(super) fn signer_id(sid: &SignerIdentifier<'_>, limits: &Limits) -> String {
    match sid {
        SignerIdentifier::IssuerAndSerialNumber { issuer, serial_number } => {
            super::enveloped::issuer_serial_id(issuer, &serial_hex(serial_number.bytes()), limits)
        }
        SignerIdentifier::SubjectKeyIdentifier(id) => format!("ski={}", hex(id.as_ref())),
    }
}
