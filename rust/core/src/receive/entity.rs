//! One MIME entity: is it a cryptographic layer, and of what kind? Decided by content; the label only raises the question
//! (RFC 8551 §3.2, §3.10).

use std::borrow::Cow;

use super::{Opening, Phase, Place, mail, range_in};
use crate::cms::content_info::{ContentInfo, ContentKind, sniff};
use crate::mime::content_type::{ContentDisposition, ContentType, file_name};
use crate::mime::scan::{Entity, Header, Multipart};
use crate::mime::transfer::{self, TransferEncoding};
use crate::mime::walk::walk;
use crate::policy::facts::{Errant, Form, Layer, LayerKind};
use crate::{Code, Error, Finding, Limits, Result};

/// What an entity turned out to be.
enum Shape {
    ClearSigned {
        boundary: String,
        protocol_named: bool,
    },
    Opaque,
    /// `compound`: it holds other entities, so that there may be layers below it.
    Plain {
        compound: bool,
        boundary: Option<String>,
    },
}

/// An entity's header, as far as the choice of a layer needs it.
struct Label {
    content_type: ContentType,
    encoding: TransferEncoding,
    file_name: Option<String>,
}

impl Label {
    fn read(header: &Header<'_>) -> Self {
        let value = |name: &str| header.first(name).map(|field| field.value);
        let content_type = ContentType::parse(value("Content-Type").unwrap_or_default());
        let disposition = ContentDisposition::parse(value("Content-Disposition").unwrap_or_default());
        let encoding = value("Content-Transfer-Encoding").map_or(TransferEncoding::SevenBit, TransferEncoding::parse);
        Self { file_name: file_name(&content_type, Some(&disposition)), content_type, encoding }
    }

    fn shape(&self, body: &[u8]) -> Shape {
        let kind = (self.content_type.kind.as_str(), self.content_type.subtype.as_str());
        match kind {
            ("multipart", subtype) => {
                let boundary = self.content_type.parameter("boundary").map(str::to_owned);
                let protocol = self.content_type.parameter("protocol").unwrap_or_default();
                let named = is_signature_type(protocol);
                match boundary {
                    Some(boundary) if subtype == "signed" && (named || protocol.is_empty()) => {
                        Shape::ClearSigned { boundary, protocol_named: named }
                    }
                    boundary => Shape::Plain { compound: true, boundary },
                }
            }
            ("application", subtype) if is_mime_type(subtype) => Shape::Opaque,
            ("application", "octet-stream") if self.has_cms_name() => Shape::Opaque,
            ("application", _) if self.looks_like_cms(body) => Shape::Opaque,
            (kind, _) => Shape::Plain { compound: kind == "message", boundary: None },
        }
    }

    /// RFC 8551 §3.10: application/octet-stream with a file name of S/MIME.
    fn has_cms_name(&self) -> bool {
        let Some((_, extension)) = self.file_name.as_deref().and_then(|name| name.rsplit_once('.')) else {
            return false;
        };
        ["p7m", "p7s", "p7c", "p7z"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    }

    fn looks_like_cms(&self, body: &[u8]) -> bool {
        let start = body.get(..256.min(body.len())).unwrap_or_default();
        transfer::decode(start, self.encoding).is_ok_and(|decoded| sniff(&decoded.bytes).is_some())
    }
}

fn is_signature_type(protocol: &str) -> bool {
    ["application/pkcs7-signature", "application/x-pkcs7-signature"]
        .iter()
        .any(|known| protocol.eq_ignore_ascii_case(known))
}

fn is_mime_type(subtype: &str) -> bool {
    matches!(subtype, "pkcs7-mime" | "x-pkcs7-mime" | "pkcs7-signature" | "x-pkcs7-signature")
}

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
        let entity = Entity::scan(bytes, 0..bytes.len(), limits)?;
        let header = Header::parse(bytes, entity.header.clone(), limits)?;
        let label = Label::read(&header);
        // The first of each counts here; another reader may take the last.
        let twice =
            ["Content-Type", "Content-Transfer-Encoding"].into_iter().find(|name| header.all(name).nth(1).is_some());
        let shape = label.shape(bytes.get(entity.body.clone()).unwrap_or_default());
        if path == "/" {
            let mut findings = Vec::new();
            let mail = mail::mail(&header, limits, &mut findings);
            self.facts.findings.extend(findings);
            self.facts.mail = mail;
        }
        if let Some(name) = twice {
            self.facts.findings.push(Finding::new(Code::MimeAmbiguous).path(path).detail(format!("several {name}")));
        }
        let is_layer = !matches!(shape, Shape::Plain { .. });
        if is_layer && self.facts.layers.len() as u64 >= limits.layers {
            self.content = None;
            return Err(Error::new(Code::LimitLayers));
        }
        let body = Place { start: place.start + entity.body.start, end: place.start + entity.body.end, ..*place };
        match shape {
            Shape::ClearSigned { boundary, protocol_named } => {
                self.clear_signed(place, &body, path, &boundary, protocol_named)
            }
            Shape::Opaque => Ok(self.opaque(place, &body, path, &label)),
            Shape::Plain { compound, boundary } => {
                if compound {
                    self.errant_layers(place, &body, path, boundary.as_deref())?;
                }
                Ok(Phase::Finished)
            }
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
            // Without a protocol parameter only the content tells; this one is not S/MIME.
            return Ok(Phase::Finished);
        }
        let unclosed = !parts.closed;
        let repaired = signature.as_ref().is_ok_and(|found| found.repaired);
        let mislabelled = signature.as_ref().is_ok_and(|found| found.mislabelled);
        let signature = signature.map(|found| found.cms.into_owned());
        for (code, found) in [
            (Code::MimeUnclosed, unclosed),
            (Code::MimeTransferRepaired, repaired),
            (Code::MimeTypeMismatch, mislabelled),
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
                let inner = inner_path(path, Some(1));
                Ok(self.signed_data(&cms, Some(&part), layer, Some((part.clone(), inner))))
            }
            (Err(error), _) => Ok(self.broken(layer, error)),
            (Ok(_), None) => Ok(self.broken(layer, Error::with(Code::MimeMalformed, "multipart/signed without parts"))),
        }
    }

    /// application/pkcs7-mime and what else holds CMS: the ContentInfo says what it is.
    fn opaque(&mut self, entity: &Place, body: &Place, path: &str, label: &Label) -> Phase<'m> {
        let smime_type = label.content_type.parameter("smime-type").unwrap_or_default().to_ascii_lowercase();
        let labelled_signature = label.content_type.subtype.ends_with("pkcs7-signature");
        let unlabelled = !is_mime_type(&label.content_type.subtype);
        self.content = None;
        let decoded = transfer::decode(self.bytes(body), label.encoding);
        let (cms, repaired) = match decoded {
            Ok(decoded) => {
                let repaired = decoded.repaired;
                let cms = match decoded.bytes {
                    Cow::Borrowed(bytes) => range_in(self.bytes(body), bytes).map_or_else(
                        || Err(bytes.to_vec()),
                        |(start, end)| Ok(Place { start: body.start + start, end: body.start + end, ..*body }),
                    ),
                    Cow::Owned(bytes) => Err(bytes),
                };
                (cms.unwrap_or_else(|bytes| self.keep(bytes)), repaired)
            }
            Err(error) => {
                let layer = Layer::new(kind_by_label(&smime_type), Form::Opaque, path);
                return self.broken(layer, error);
            }
        };
        if repaired {
            self.facts.findings.push(Finding::new(Code::MimeTransferRepaired).path(path));
        }
        let sniffed = sniff(self.bytes(&cms));
        let kind = sniffed.map_or_else(|| kind_by_label(&smime_type), kind_by_content);
        let mut layer = Layer::new(kind, Form::Opaque, path);
        (layer.offset, layer.length) = (entity.start, entity.end - entity.start);
        let before = self.facts.layers.len();
        let phase = self.cms(&cms, None, layer);
        // A layer that waits for its key is not in the list yet; one in the list knows certs-only from signed.
        let found = self.facts.layers.get(before).map_or(kind, |layer| layer.kind);
        if unlabelled || labelled_signature || (!smime_type.is_empty() && !label_fits(&smime_type, found)) {
            self.facts.findings.push(Finding::new(Code::MimeTypeMismatch).path(path).detail(found.name()));
        }
        phase
    }

    /// Bare CMS, without MIME around it.
    pub(super) fn enter_cms(&mut self, detached: Option<&'m [u8]>) -> Phase<'m> {
        let whole = Place { buffer: 0, start: 0, end: self.raw.len() };
        let kind = sniff(self.raw).map_or(LayerKind::Other, kind_by_content);
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
        let next = inner_path(&layer.path, None);
        match kind {
            ContentKind::SignedData => self.signed_data(cms, detached, layer, Some((cms.clone(), next))),
            ContentKind::EnvelopedData | ContentKind::AuthEnvelopedData => self.enveloped(cms, layer),
            ContentKind::CompressedData | ContentKind::DigestedData => self.unwrap_keyless(cms, layer, next),
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

    /// Cryptographic parts below a multipart that is none: reported, never opened by themselves (RFC 9787 §6.2).
    fn errant_layers(&mut self, place: &Place, body: &Place, path: &str, boundary: Option<&str>) -> Result<()> {
        let limits = self.limits();
        let bytes = self.bytes(place);
        let mut errant = Vec::new();
        let nodes = walk(bytes, 0..bytes.len(), limits)?;
        let mut skip: Option<&str> = None;
        for node in nodes.iter().skip(1) {
            // What lies inside a layer or a forwarded message is that one's own matter.
            if skip.is_some_and(|outer| node.path.starts_with(outer) && node.path != outer) {
                continue;
            }
            skip = None;
            let label = Label::read(&Header::parse(bytes, node.entity.header.clone(), limits)?);
            let part = bytes.get(node.entity.body.clone()).unwrap_or_default();
            match label.shape(part) {
                Shape::ClearSigned { protocol_named: true, .. } => errant.push((node.path.clone(), false)),
                Shape::Opaque => errant.push((node.path.clone(), opaque_is_encrypted(&label, part))),
                _ if label.content_type.kind == "message" => {}
                _ => continue,
            }
            skip = Some(&node.path);
        }
        let body = self.bytes(body);
        let parts = match boundary {
            Some(boundary) => Multipart::split(body, 0..body.len(), boundary.as_bytes(), limits)?.parts.len(),
            None => 1,
        };
        for (at, encrypted) in errant {
            let code = if encrypted { Code::StructureErrantEncryption } else { Code::StructureErrantSignature };
            let at = if path == "/" { at } else { format!("{path}{at}") };
            self.facts.findings.push(Finding::new(code).path(at.clone()));
            self.facts.errant.push(Errant { path: at, encrypted });
            self.facts.parts = parts;
        }
        Ok(())
    }
}

struct SignaturePart<'a> {
    cms: Cow<'a, [u8]>,
    repaired: bool,
    mislabelled: bool,
}

fn signature_part<'a>(part: &'a [u8], limits: &Limits) -> Result<SignaturePart<'a>> {
    let entity = Entity::scan(part, 0..part.len(), limits)?;
    let label = Label::read(&Header::parse(part, entity.header, limits)?);
    let decoded = transfer::decode(part.get(entity.body).unwrap_or_default(), label.encoding)?;
    let named = format!("{}/{}", label.content_type.kind, label.content_type.subtype);
    Ok(SignaturePart { cms: decoded.bytes, repaired: decoded.repaired, mislabelled: !is_signature_type(&named) })
}

/// `/` → `//` for what a layer holds, `/1` for the signed part of a multipart.
fn inner_path(path: &str, part: Option<usize>) -> String {
    match part {
        Some(part) => format!("{}/{part}", path.trim_end_matches('/')),
        None => format!("{path}/"),
    }
}

fn kind_by_content(kind: ContentKind) -> LayerKind {
    match kind {
        ContentKind::SignedData => LayerKind::Signed,
        ContentKind::EnvelopedData => LayerKind::Enveloped,
        ContentKind::AuthEnvelopedData => LayerKind::AuthEnveloped,
        ContentKind::CompressedData => LayerKind::Compressed,
        ContentKind::DigestedData => LayerKind::Digested,
        _ => LayerKind::Other,
    }
}

fn kind_by_label(smime_type: &str) -> LayerKind {
    match smime_type {
        "signed-data" => LayerKind::Signed,
        "enveloped-data" => LayerKind::Enveloped,
        "authenveloped-data" => LayerKind::AuthEnveloped,
        "certs-only" => LayerKind::CertsOnly,
        "compressed-data" => LayerKind::Compressed,
        _ => LayerKind::Other,
    }
}

fn label_fits(smime_type: &str, found: LayerKind) -> bool {
    found == LayerKind::Other || kind_by_label(smime_type) == found
}

fn opaque_is_encrypted(label: &Label, body: &[u8]) -> bool {
    let decoded = transfer::decode(body, label.encoding);
    let sniffed = decoded.ok().and_then(|decoded| sniff(&decoded.bytes));
    !matches!(sniffed, Some(ContentKind::SignedData))
}
