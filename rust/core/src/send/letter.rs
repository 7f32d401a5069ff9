//! A message as a sender sees it: fields that stay outside, and the entity that is signed or encrypted (RFC 8551 §3.1).

use std::borrow::Cow;
use std::sync::Arc;

use crate::mime::scan::{Entity, Header};
use crate::mime::walk::walk;
use crate::mime::write::{self, is_content};
use crate::{Code, Error, Limits, Result};

/// A message on its way: `outer` fields, each with CRLF, and a MIME entity.
#[derive(Clone, Debug)]
pub struct Letter {
    outer: Arc<Vec<u8>>,
    entity: Pieces,
}

/// An entity in pieces that stand one behind the other, so that what is signed is not copied into what holds it.
pub(super) type Pieces = Vec<Arc<Vec<u8>>>;

impl Letter {
    /// Content-* fields go with the body, MIME-Version is written anew, all others stay outside as they are. The entity
    /// is made safe for every relay (`mime::write`).
    ///
    /// Err: MakingHeader (also: no header at all), MakingNested, `limit.*`.
    pub fn parse(message: &[u8], limits: &Limits) -> Result<Self> {
        if message.len() as u64 > limits.message_bytes {
            return Err(Error::new(Code::LimitMessageBytes));
        }
        let found = Entity::scan(message, 0..message.len(), limits)?;
        let header = Header::parse(message, found.header.clone(), limits)?;
        if header.fields().is_empty() {
            let text = "no header: give a message or a MIME entity (for plain octets there is mailseal.cms)";
            return Err(Error::with(Code::MakingHeader, text));
        }
        for name in ["Content-Type", "Content-Transfer-Encoding"] {
            if header.all(name).nth(1).is_some() {
                return Err(Error::with(Code::MakingHeader, format!("{name} stands there twice")));
            }
        }
        let (mut outer, mut inner) = (Vec::new(), Vec::new());
        let stays = |name: &[u8]| !is_content(name) && !name.eq_ignore_ascii_case(b"MIME-Version");
        write::fields(message, found.header.clone(), stays, &mut outer, limits)?;
        write::fields(message, found.header, is_content, &mut inner, limits)?;
        let body = &message[found.body];
        if header.first("Content-Type").is_none() {
            // RFC 1428 §3 has the last name for what nobody named.
            let charset = match core::str::from_utf8(body) {
                Ok(text) if text.is_ascii() => "us-ascii",
                Ok(_) => "utf-8",
                Err(_) => "unknown-8bit",
            };
            inner.extend_from_slice(format!("Content-Type: text/plain; charset={charset}\r\n").as_bytes());
        }
        inner.extend_from_slice(b"\r\n");
        inner.extend_from_slice(body);
        Ok(Self { outer: Arc::new(outer), entity: vec![Arc::new(write::transportable(inner, limits)?)] })
    }

    /// What is signed or encrypted.
    pub fn entity(&self) -> Cow<'_, [u8]> {
        match self.entity.as_slice() {
            [one] => Cow::Borrowed(one),
            pieces => Cow::Owned(joined(pieces.iter().map(|piece| piece.as_slice()))),
        }
    }

    pub(super) fn pieces(&self) -> &Pieces {
        &self.entity
    }

    /// The same fields outside, around another entity.
    #[must_use]
    pub(super) fn with_entity(&self, entity: Pieces) -> Self {
        Self { outer: Arc::clone(&self.outer), entity }
    }

    /// The names of all fields, those of all parts among them, as they are written.
    pub fn field_names(&self, limits: &Limits) -> Result<Vec<String>> {
        let mut headers = vec![Header::parse(&self.outer, 0..self.outer.len(), limits)?];
        let entity = self.entity();
        for node in walk(&entity, 0..entity.len(), limits)? {
            headers.push(Header::parse(&entity, node.entity.header, limits)?);
        }
        let fields = headers.iter().flat_map(Header::fields);
        Ok(fields.map(|field| String::from_utf8_lossy(field.name).into_owned()).collect())
    }

    /// Whether a Bcc field stands outside.
    pub fn has_bcc(&self, limits: &Limits) -> Result<bool> {
        let header = Header::parse(&self.outer, 0..self.outer.len(), limits)?;
        Ok(header.fields().iter().any(|field| is_bcc(field.name)))
    }

    /// Without Bcc and Resent-Bcc (RFC 5322 §3.6.3).
    pub fn without_bcc(&self, limits: &Limits) -> Result<Self> {
        let mut outer = Vec::with_capacity(self.outer.len());
        write::fields(&self.outer, 0..self.outer.len(), |name| !is_bcc(name), &mut outer, limits)?;
        Ok(Self { outer: Arc::new(outer), entity: self.entity.clone() })
    }

    /// The first part that can show one text to the signer and another to the reader (MSG-06): its type and path.
    pub fn active_part(&self, limits: &Limits) -> Result<Option<String>> {
        const ACTIVE: [(&str, &str); 4] =
            [("text", "html"), ("application", "xhtml+xml"), ("image", "svg+xml"), ("text", "enriched")];
        let entity = self.entity();
        let nodes = walk(&entity, 0..entity.len(), limits)?;
        let active =
            |node: &&crate::mime::Node| ACTIVE.iter().any(|(kind, subtype)| node.content_type.is(kind, subtype));
        Ok(nodes
            .iter()
            .find(active)
            .map(|node| format!("{}/{} at {}", node.content_type.kind, node.content_type.subtype, node.path)))
    }

    /// The message, piece by piece.
    pub fn message(&self) -> impl Iterator<Item = &[u8]> {
        let head = [self.outer.as_slice(), b"MIME-Version: 1.0\r\n"];
        head.into_iter().chain(self.entity.iter().map(|piece| piece.as_slice()))
    }
}

fn joined<'p>(pieces: impl Iterator<Item = &'p [u8]> + Clone) -> Vec<u8> {
    let mut whole = Vec::with_capacity(pieces.clone().map(<[u8]>::len).sum());
    pieces.for_each(|piece| whole.extend_from_slice(piece));
    whole
}

fn is_bcc(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"Bcc") || name.eq_ignore_ascii_case(b"Resent-Bcc")
}
