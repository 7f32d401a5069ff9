//! What an entity's header says, and what its bytes say: the label only raises the question, the content decides
//! (RFC 8551 §3.2, §3.10).

use std::borrow::Cow;

use memchr::memmem;

use crate::cms::content_info::{ContentKind, sniff};
use crate::mime::content_type::{ContentDisposition, ContentType, file_name};
use crate::mime::scan::{Entity, Header};
use crate::mime::transfer::{self, Decoded, TransferEncoding};
use crate::policy::facts::LayerKind;
use crate::{Limits, Result};

/// As many octets of a body as tell whether CMS begins there, even in base64 behind an armour line.
const GLANCE: usize = 512;

/// What an entity turned out to be.
pub(super) enum Shape {
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

/// Parts that are named to the reader because of what cannot be seen in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quirk {
    /// winmail.dat: a message in a form of Exchange's own.
    Tnef,
    /// message/partial or message/external-body (RFC 2046 §5.2.2, §5.2.3).
    NotFollowed,
}

/// An entity's header, as far as the choice of a layer needs it.
pub(super) struct Label {
    pub(super) content_type: ContentType,
    pub(super) encoding: TransferEncoding,
    file_name: Option<String>,
    /// What readers may take in two ways; the first of it.
    pub(super) ambiguity: Option<&'static str>,
}

impl Label {
    pub(super) fn read(header: &Header<'_>) -> Self {
        let value = |name: &str| header.first(name).map(|field| field.value);
        let content_type = ContentType::parse(value("Content-Type").unwrap_or_default());
        let disposition = ContentDisposition::parse(value("Content-Disposition").unwrap_or_default());
        let encoding = value("Content-Transfer-Encoding").map_or(TransferEncoding::SevenBit, TransferEncoding::parse);
        let ambiguity = ambiguity(header, &content_type, encoding);
        Self { file_name: file_name(&content_type, Some(&disposition)), content_type, encoding, ambiguity }
    }

    pub(super) fn shape(&self, body: &[u8]) -> Shape {
        let kind = (self.content_type.kind.as_str(), self.content_type.subtype.as_str());
        match kind {
            ("multipart", subtype) => {
                let boundary = self.content_type.parameter("boundary").map(str::to_owned);
                let protocol = self.content_type.parameter("protocol").unwrap_or_default();
                match boundary {
                    Some(boundary) if subtype == "signed" => {
                        Shape::ClearSigned { boundary, protocol_named: is_signature_type(protocol) }
                    }
                    boundary => Shape::Plain { compound: true, boundary },
                }
            }
            ("application", subtype) if is_mime_type(subtype) => Shape::Opaque,
            ("application", "octet-stream") if self.has_cms_name() => Shape::Opaque,
            ("application", _) if self.looks_like_cms(body) => Shape::Opaque,
            (kind, _) => Shape::Plain { compound: kind == "message" && self.quirk().is_none(), boundary: None },
        }
    }

    pub(super) fn quirk(&self) -> Option<Quirk> {
        let tnef = |name: &str| name.eq_ignore_ascii_case("winmail.dat");
        match (self.content_type.kind.as_str(), self.content_type.subtype.as_str()) {
            ("application", "ms-tnef" | "vnd.ms-tnef") => Some(Quirk::Tnef),
            ("application", _) if self.file_name.as_deref().is_some_and(tnef) => Some(Quirk::Tnef),
            ("message", "partial" | "external-body") => Some(Quirk::NotFollowed),
            _ => None,
        }
    }

    /// The label is not one that RFC 8551 gives to CMS of this kind.
    pub(super) fn differs_from(&self, found: LayerKind) -> bool {
        let subtype = &self.content_type.subtype;
        let smime_type = self.smime_type();
        let fits = found == LayerKind::Other || kind_by_label(&smime_type) == found;
        !is_mime_type(subtype) || subtype.ends_with("pkcs7-signature") || (!smime_type.is_empty() && !fits)
    }

    pub(super) fn smime_type(&self) -> String {
        self.content_type.parameter("smime-type").unwrap_or_default().to_ascii_lowercase()
    }

    /// RFC 8551 §3.10: application/octet-stream with a file name of S/MIME.
    fn has_cms_name(&self) -> bool {
        let Some((_, extension)) = self.file_name.as_deref().and_then(|name| name.rsplit_once('.')) else {
            return false;
        };
        ["p7m", "p7s", "p7c", "p7z"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    }

    fn looks_like_cms(&self, body: &[u8]) -> bool {
        let start = body.get(..GLANCE.min(body.len())).unwrap_or_default();
        cms_body(start, self.encoding).is_ok_and(|decoded| sniff(&decoded.bytes).is_some())
    }

    /// Whether an opaque part is encrypted, for all that its first octets tell.
    pub(super) fn is_encrypted(&self, body: &[u8]) -> bool {
        let start = body.get(..GLANCE.min(body.len())).unwrap_or_default();
        let sniffed = cms_body(start, self.encoding).ok().and_then(|decoded| sniff(&decoded.bytes));
        !matches!(sniffed, Some(ContentKind::SignedData))
    }
}

fn ambiguity(header: &Header<'_>, content_type: &ContentType, encoding: TransferEncoding) -> Option<&'static str> {
    let repeated = |name: &str| header.all(name).nth(1).is_some();
    let boundary = content_type.parameter("boundary").unwrap_or_default();
    let cases = [
        (repeated("Content-Type"), "several Content-Type fields"),
        (repeated("Content-Transfer-Encoding"), "several Content-Transfer-Encoding fields"),
        (content_type.duplicate_parameter, "a parameter of Content-Type stands there twice"),
        (encoding == TransferEncoding::Unknown, "an unknown Content-Transfer-Encoding"),
        (boundary.ends_with([' ', '\t']), "the boundary ends with a blank"),
        (content_type.kind == "multipart" && !encoding.is_identity(), "a multipart with a Content-Transfer-Encoding"),
        (header.has_lone_cr(), "a CR without LF in the header"),
    ];
    cases.into_iter().find(|case| case.0).map(|case| case.1)
}

/// The CMS in a body: decoded as the label says; where that is no CMS, in the other reading that gives one. Senders leave
/// out Content-Transfer-Encoding, name base64 and send binary, or put PEM armour round it.
pub(super) fn cms_body(body: &[u8], encoding: TransferEncoding) -> Result<Decoded<'_>> {
    let named = transfer::decode(body, encoding);
    if named.as_ref().is_ok_and(|decoded| sniff(&decoded.bytes).is_some()) {
        return named;
    }
    if sniff(body).is_some() {
        return Ok(Decoded { bytes: Cow::Borrowed(body), repaired: true });
    }
    let armoured = without_armour(body);
    if encoding.is_identity() || armoured.is_some() {
        let text = armoured.unwrap_or(body);
        let other = transfer::decode(text, TransferEncoding::Base64);
        if let Ok(decoded) = other
            && sniff(&decoded.bytes).is_some()
        {
            return Ok(Decoded { bytes: decoded.bytes, repaired: true });
        }
    }
    named
}

/// What stands between the lines of PEM armour (RFC 7468 §2).
fn without_armour(body: &[u8]) -> Option<&[u8]> {
    let text = body.trim_ascii_start();
    let label = text.strip_prefix(b"-----BEGIN ")?;
    let line = label.iter().position(|byte| *byte == b'\n')?;
    let inner = label.get(line..)?;
    Some(memmem::find(inner, b"-----END ").and_then(|end| inner.get(..end)).unwrap_or(inner))
}

pub(super) fn is_signature_type(protocol: &str) -> bool {
    ["application/pkcs7-signature", "application/x-pkcs7-signature"]
        .iter()
        .any(|known| protocol.eq_ignore_ascii_case(known))
}

fn is_mime_type(subtype: &str) -> bool {
    matches!(subtype, "pkcs7-mime" | "x-pkcs7-mime" | "pkcs7-signature" | "x-pkcs7-signature")
}

pub(super) fn kind_by_label(smime_type: &str) -> LayerKind {
    match smime_type {
        "signed-data" => LayerKind::Signed,
        "enveloped-data" => LayerKind::Enveloped,
        "authenveloped-data" => LayerKind::AuthEnveloped,
        "certs-only" => LayerKind::CertsOnly,
        "compressed-data" => LayerKind::Compressed,
        _ => LayerKind::Other,
    }
}

pub(super) struct SignaturePart<'a> {
    pub(super) cms: Cow<'a, [u8]>,
    pub(super) repaired: bool,
    pub(super) mislabelled: bool,
}

/// The second part of a multipart/signed.
pub(super) fn signature_part<'a>(part: &'a [u8], limits: &Limits) -> Result<SignaturePart<'a>> {
    let entity = Entity::scan(part, 0..part.len(), limits)?;
    let label = Label::read(&Header::parse(part, entity.header, limits)?);
    let decoded = cms_body(part.get(entity.body).unwrap_or_default(), label.encoding)?;
    let named = format!("{}/{}", label.content_type.kind, label.content_type.subtype);
    Ok(SignaturePart { cms: decoded.bytes, repaired: decoded.repaired, mislabelled: !is_signature_type(&named) })
}

/// micalg (RFC 8551 §3.5.3.2) as row names: `SHA-256`, `sha256` and `rsa-sha256` are one.
pub(super) fn micalg_names(digest: &str, micalg: &str) -> bool {
    let plain = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        name.strip_prefix("rsa-").unwrap_or(&name).replace('-', "")
    };
    micalg.split(',').any(|listed| plain(listed) == plain(digest))
}
