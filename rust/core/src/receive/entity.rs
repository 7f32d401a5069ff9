//! One MIME entity: is it a cryptographic layer, and of what kind? Decided by content; the label only raises the question
//! (RFC 8551 §3.2, §3.10).

use std::borrow::Cow;

use super::label::{Label, Quirk, Shape, cms_body, kind_by_label, micalg_names, signature_part};
use super::{Opening, Phase, Place, mail, range_in};
use crate::cms::content_info::{ContentInfo, ContentKind, sniff};
use crate::mime::scan::{Entity, Header, Multipart, begins_like_header};
use crate::mime::transfer::TransferEncoding;
use crate::policy::facts::{Form, Layer, LayerKind, SignedRecipients};
use crate::{Code, Error, Finding, Result};

impl<'m> Opening<'m> {
    /// Looks at the entity at `place`: a layer to open, or the content.
    pub(super) fn enter(&mut self, place: Place, path: String) -> Phase<'m> {
        self.content = Some(place.clone());
        if place.buffer == 0 && self.raw.len() as u64 > self.limits().message_bytes {
            self.content = None;
            self.facts.findings.push(Finding::new(Code::LimitMessageBytes));
            return Phase::Finished;
        }
        match self.look(&place, &path) {
            Ok(phase) => phase,
            Err(error) => {
                self.facts.findings.push(error.within(&path).into_finding());
                Phase::Finished
            }
        }
    }

    fn look(&mut self, place: &Place, path: &str) -> Result<Phase<'m>> {
        let limits = self.limits();
        let bytes = self.bytes(place);
        let entity = match Entity::scan(bytes, 0..bytes.len(), limits) {
            Ok(entity) => entity,
            // What a layer holds may be any bytes (RFC 5652 §5.2): without a field at its begin it has no header to be too long.
            Err(_) if path != "/" && !begins_like_header(bytes) => return Ok(self.no_entity(path)),
            Err(error) => return Err(error),
        };
        let header = match Header::parse(bytes, entity.header.clone(), limits) {
            Ok(header) if path != "/" && header.fields().is_empty() && header.junk() > 0 => {
                return Ok(self.no_entity(path));
            }
            Ok(header) => header,
            Err(_) if path != "/" && !begins_like_header(bytes) => return Ok(self.no_entity(path)),
            Err(error) => return Err(error),
        };
        let label = Label::read(&header);
        let shape = label.shape(bytes.get(entity.body.clone()).unwrap_or_default());
        let recipients = self.signed_recipients(&header, &label, &entity, bytes);
        let journal = header.first("X-MS-Journal-Report").is_some();
        if path == "/" {
            let mut findings = Vec::new();
            let mail = mail::mail(&header, limits, &mut findings);
            self.facts.findings.extend(findings);
            self.facts.mail = mail;
        }
        self.name_quirks(&label, path, journal);
        self.facts.signed_recipients = recipients;
        let is_layer = !matches!(shape, Shape::Plain { .. });
        if is_layer && self.facts.layers.len() as u64 >= limits.layers {
            self.content = None;
            return Err(Error::new(Code::LimitLayers));
        }
        let body = Place { start: place.start + entity.body.start, end: place.start + entity.body.end, ..*place };
        match shape {
            Shape::ClearSigned { boundary, protocol_named } => {
                self.clear_signed(place, &body, path, &boundary, protocol_named, &label)
            }
            Shape::Opaque => Ok(self.opaque(place, &body, path, &label)),
            Shape::Plain { compound: true, boundary } => self.errant_layers(place, &body, path, boundary.as_deref()),
            Shape::Plain { .. } => Ok(Phase::Finished),
        }
    }

    /// The innermost signed text inside an encryption: for whom it says it is.
    fn signed_recipients(&self, header: &Header<'_>, label: &Label, entity: &Entity, bytes: &[u8]) -> SignedRecipients {
        let inside = match self.facts.layers.as_slice() {
            [outer @ .., last] => last.kind == LayerKind::Signed && outer.iter().any(|layer| layer.kind.is_encrypted()),
            [] => false,
        };
        if !inside || self.facts.bare {
            return self.facts.signed_recipients.clone();
        }
        let limits = self.limits();
        let protects = |name| label.content_type.parameter(name).is_some();
        let fields = if protects("hp") || protects("protected-headers") {
            Some(header.clone())
        } else if label.content_type.is("message", "rfc822") {
            let inner = Entity::scan(bytes, entity.body.clone(), limits);
            inner.and_then(|inner| Header::parse(bytes, inner.header, limits)).ok()
        } else {
            None
        };
        // What is wrong with these fields is told of the message's own.
        let named = fields.map(|fields| mail::mail(&fields, limits, &mut Vec::new()));
        let named = named.map(|mail| [mail.to, mail.cc].concat()).filter(|named| !named.is_empty());
        named.map_or(SignedRecipients::Unnamed, SignedRecipients::Named)
    }

    /// The content of a layer that is bytes and no entity: shown as it is.
    fn no_entity(&mut self, path: &str) -> Phase<'m> {
        self.facts.findings.push(Finding::new(Code::MimeNoEntity).path(path));
        Phase::Finished
    }

    /// What the reader should know of an entity beyond its layers.
    pub(super) fn name_quirks(&mut self, label: &Label, path: &str, journal: bool) {
        let quirk = match label.quirk() {
            Some(Quirk::Tnef) => Some(Code::StructureTnef),
            Some(Quirk::NotFollowed) => Some(Code::StructureNotFollowed),
            None => journal.then_some(Code::StructureJournal),
        };
        self.facts.findings.extend(quirk.map(|code| Finding::new(code).path(path)));
        if let Some(kind) = label.ambiguity {
            self.facts.findings.push(Finding::new(Code::MimeAmbiguous).path(path).detail(kind));
        }
    }

    /// multipart/signed, RFC 8551 §3.5.3: the first part as it stands, the second is the signature.
    fn clear_signed(
        &mut self,
        entity: &Place,
        body: &Place,
        path: &str,
        boundary: &str,
        named: bool,
        label: &Label,
    ) -> Result<Phase<'m>> {
        let limits = self.limits();
        let bytes = self.bytes(body);
        let parts = Multipart::split(bytes, 0..bytes.len(), boundary.as_bytes(), limits)?;
        let at = |range: &core::ops::Range<usize>| Place {
            start: body.start + range.start,
            end: body.start + range.end,
            ..*body
        };
        let signed_part = parts.parts.first().map(at);
        let signature = match parts.parts.as_slice() {
            [_, signature] => signature_part(&bytes[signature.clone()], limits),
            _ => Err(Error::with(Code::MimeMalformed, format!("multipart/signed with {} parts", parts.parts.len()))),
        };
        if !named && !signature.as_ref().is_ok_and(|found| sniff(&found.cms).is_some()) {
            // Where protocol does not name S/MIME only the content tells; this one is something else.
            return self.errant_layers(entity, body, path, Some(boundary));
        }
        let (unclosed, reopened) = (!parts.closed, parts.reopened);
        let repaired = signature.as_ref().is_ok_and(|found| found.repaired);
        let mislabelled = !named || signature.as_ref().is_ok_and(|found| found.mislabelled);
        let signature = signature.map(|found| found.cms.into_owned());
        for (code, found) in [
            (Code::MimeUnclosed, unclosed),
            (Code::MimeTransferRepaired, repaired),
            (Code::MimeTypeMismatch, mislabelled),
            (Code::MimeAmbiguous, reopened),
        ] {
            if found {
                self.facts.findings.push(Finding::new(code).path(path));
            }
        }
        let mut layer = Layer::new(LayerKind::Signed, Form::ClearSigned, path);
        (layer.offset, layer.length) = (entity.start, entity.end - entity.start);
        self.content.clone_from(&signed_part);
        match (signature, signed_part) {
            (Ok(cms), Some(part)) => {
                let cms = self.keep(cms);
                let inner = inner_path(path, "1");
                let first = self.facts.signers.len();
                let phase = self.signed_data(&cms, Some(&part), layer, Some((part.clone(), inner)));
                self.check_micalg(label.content_type.parameter("micalg"), first, path);
                Ok(phase)
            }
            (Err(error), _) => Ok(self.broken(layer, error)),
            (Ok(_), None) => Ok(self.broken(layer, Error::with(Code::MimeMalformed, "multipart/signed without parts"))),
        }
    }

    /// micalg is a hint for one-pass readers: what the signers name counts (RFC 8551 §3.5.3.2).
    fn check_micalg(&mut self, micalg: Option<&str>, first: usize, path: &str) {
        let Some(micalg) = micalg else { return };
        let signers = self.facts.signers.get(first..).unwrap_or_default();
        if signers.iter().any(|signer| !micalg_names(&signer.digest, micalg)) {
            self.facts.findings.push(Finding::new(Code::MimeMicalgMismatch).path(path).detail(micalg));
        }
    }

    /// application/pkcs7-mime and what else holds CMS: the ContentInfo says what it is.
    fn opaque(&mut self, entity: &Place, body: &Place, path: &str, label: &Label) -> Phase<'m> {
        self.content = None;
        let (cms, repaired) = match self.cms_place(body, label) {
            Ok(found) => found,
            Err(error) => {
                let layer = Layer::new(kind_by_label(&label.smime_type()), Form::Opaque, path);
                return self.broken(layer, error);
            }
        };
        if repaired {
            self.facts.findings.push(Finding::new(Code::MimeTransferRepaired).path(path));
        }
        let sniffed = sniff(self.bytes(&cms));
        let kind = sniffed.map_or_else(|| kind_by_label(&label.smime_type()), kind_by_content);
        let mut layer = Layer::new(kind, Form::Opaque, path);
        (layer.offset, layer.length) = (entity.start, entity.end - entity.start);
        let before = self.facts.layers.len();
        let phase = self.cms(&cms, None, layer);
        // A layer that waits for its key is not in the list yet; one in the list knows certs-only from signed.
        let found = self.facts.layers.get(before).map_or(kind, |layer| layer.kind);
        if label.differs_from(found) {
            self.facts.findings.push(Finding::new(Code::MimeTypeMismatch).path(path).detail(found.name()));
        }
        phase
    }

    /// Where the CMS of an opaque entity lies, decoded, and whether that took a repair.
    fn cms_place(&mut self, body: &Place, label: &Label) -> Result<(Place, bool)> {
        let bytes = self.bytes(body);
        let decoded = cms_body(bytes, label.encoding)?;
        let repaired = decoded.repaired;
        let owned = match decoded.bytes {
            Cow::Borrowed(found) => match range_in(bytes, found) {
                Some((start, end)) => {
                    let end = end - line_end_behind(found, self.limits());
                    return Ok((Place { start: body.start + start, end: body.start + end, ..*body }, repaired));
                }
                None => found.to_vec(),
            },
            Cow::Owned(owned) => owned,
        };
        Ok((self.keep(owned), repaired))
    }

    /// Bare CMS, without MIME around it: binary, base64 or PEM (RFC 7468 §8, §9).
    pub(super) fn enter_cms(&mut self, detached: Option<&'m [u8]>) -> Phase<'m> {
        let decoded = match sniff(self.raw) {
            Some(_) => None,
            None => cms_body(self.raw, TransferEncoding::Binary).ok().map(|decoded| decoded.bytes.into_owned()),
        };
        let whole = match decoded.filter(|decoded| sniff(decoded).is_some()) {
            Some(decoded) => self.keep(decoded),
            None => Place { buffer: 0, start: 0, end: self.raw.len() },
        };
        let kind = sniff(self.bytes(&whole)).map_or(LayerKind::Other, kind_by_content);
        let mut layer = Layer::new(kind, Form::Opaque, "/");
        layer.length = self.raw.len();
        let content = detached.map(|content| self.keep(content.to_vec()));
        self.content.clone_from(&content);
        match self.cms(&whole, content.as_ref(), layer) {
            // The content is bytes, not an entity: the walk ends with the first layer.
            Phase::Signers(checks, _) => Phase::Signers(checks, None),
            Phase::Entity(..) => Phase::Finished,
            Phase::Key(mut key) => {
                key.bare = true;
                Phase::Key(key)
            }
            other => other,
        }
    }

    fn cms(&mut self, cms: &Place, detached: Option<&Place>, mut layer: Layer) -> Phase<'m> {
        let limits = self.limits();
        let read = ContentInfo::read(self.bytes(cms), limits).map(|info| (info.kind(), info.trailing));
        let (kind, trailing) = match read {
            Ok(read) => read,
            Err(error) => return self.broken(layer, error),
        };
        if trailing > 0 {
            self.facts.findings.push(Finding::new(Code::CmsTrailingData).detail(format!("{trailing} octets")));
            if self.receiver.policy.trailing_data == crate::policy::policy::Strictness::Require {
                return self.broken(layer, Error::new(Code::CmsTrailingDataForbidden));
            }
        }
        layer.kind = kind_by_content(kind);
        let next = inner_path(&layer.path, "");
        match kind {
            ContentKind::SignedData => self.signed_data(cms, detached, layer, Some((cms.clone(), next))),
            ContentKind::EnvelopedData | ContentKind::AuthEnvelopedData => self.enveloped(cms, layer),
            ContentKind::CompressedData | ContentKind::DigestedData => self.unwrap_keyless(cms, layer, next),
            ContentKind::EncryptedData => self.encrypted_data(cms, layer),
            ContentKind::AuthenticatedData => self.authenticated_data(cms, layer),
            _ => self.broken(layer, Error::with(Code::CmsContentType, format!("{kind:?}"))),
        }
    }

    /// A layer that cannot be read: it is in the list with its reason, and nothing inside it is shown.
    pub(super) fn broken(&mut self, mut layer: Layer, error: Error) -> Phase<'m> {
        layer.broken = Some(error.code());
        let finding = error.within(&layer.path).into_finding();
        self.facts.findings.push(finding);
        self.facts.layers.push(layer);
        Phase::Finished
    }
}

/// Of a part of the entity at `path`: `/` → `/1`, `//` → `//1`, `/2` → `/2/1`. An empty part is what a layer holds: `//`, `/2/`.
pub(super) fn inner_path(path: &str, part: &str) -> String {
    let between = if path.ends_with('/') && !part.is_empty() { "" } else { "/" };
    format!("{path}{between}{part}")
}

fn kind_by_content(kind: ContentKind) -> LayerKind {
    match kind {
        ContentKind::SignedData => LayerKind::Signed,
        ContentKind::EnvelopedData => LayerKind::Enveloped,
        ContentKind::AuthEnvelopedData => LayerKind::AuthEnveloped,
        ContentKind::CompressedData => LayerKind::Compressed,
        ContentKind::DigestedData => LayerKind::Digested,
        ContentKind::EncryptedData => LayerKind::Encrypted,
        ContentKind::AuthenticatedData => LayerKind::Authenticated,
        _ => LayerKind::Other,
    }
}

/// Octets of the one line end that a transport adds behind a binary body: it is none of the CMS.
fn line_end_behind(cms: &[u8], limits: &crate::Limits) -> usize {
    if !cms.ends_with(b"\n") {
        return 0;
    }
    let trailing = ContentInfo::read(cms, limits).map_or(0, |info| info.trailing);
    let behind = cms.get(cms.len() - trailing..).unwrap_or_default();
    if matches!(behind, b"\n" | b"\r\n") { trailing } else { 0 }
}
