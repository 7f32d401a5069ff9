//! Cryptographic parts below a multipart or message that is no layer: reported, opened only on request, and then alone
//! (RFC 9787 §6.2, ENC-02, MSG-04).

use super::entity::inner_path;
use super::label::{Label, Shape};
use super::{Opening, Phase, Place, mail};
use crate::mime::scan::{Entity, Header, Multipart};
use crate::mime::walk::{Node, walk};
use crate::policy::facts::{Errant, Mail};
use crate::{Code, Finding, Limits, Result};

/// What the walk over a compound entity found.
#[derive(Default)]
struct Found {
    /// With the index of its node.
    errant: Vec<(usize, Errant)>,
    /// Path, what can be read in two ways, and whether it is a journal report.
    named: Vec<(String, Label, bool)>,
}

impl<'m> Opening<'m> {
    /// Reports the layers inside the entity at `place`; goes on with the part that was asked for, if it is there.
    pub(super) fn errant_layers(
        &mut self,
        place: &Place,
        body: &Place,
        path: &str,
        boundary: Option<&str>,
    ) -> Result<Phase<'m>> {
        let limits = self.limits();
        let bytes = self.bytes(place);
        let nodes = walk(bytes, 0..bytes.len(), limits)?;
        let found = find(bytes, &nodes, path, limits)?;
        let body = self.bytes(body);
        let parts = match boundary {
            Some(boundary) => Multipart::split(body, 0..body.len(), boundary.as_bytes(), limits)?.parts.len(),
            None => 1,
        };
        let wanted = self.part.as_deref().and_then(|part| choose(part, path, &nodes, &found));
        for (at, label, journal) in &found.named {
            self.name_quirks(label, at, *journal);
        }
        if !found.errant.is_empty() {
            self.facts.parts = parts;
        }
        for (_, errant) in &found.errant {
            let code = match (errant.encrypted, errant.forwarded) {
                (true, _) => Code::StructureErrantEncryption,
                (false, true) => Code::StructureForwardedSignature,
                (false, false) => Code::StructureErrantSignature,
            };
            self.facts.findings.push(Finding::new(code).path(errant.path.as_str()));
            self.facts.errant.push(errant.clone());
        }
        match wanted {
            Some((node, errant)) => self.enter_part(place, path, &nodes, node, errant),
            None => Ok(Phase::Finished),
        }
    }

    /// The part becomes a message of its own: signatures around it say nothing of it, and what was found beside it is not
    /// its matter. Encrypted layers around it stay, for whether its bytes are authentic depends on them.
    fn enter_part(
        &mut self,
        place: &Place,
        path: &str,
        nodes: &[Node],
        node: usize,
        errant: Errant,
    ) -> Result<Phase<'m>> {
        let limits = self.limits();
        let Some(found) = nodes.get(node) else { return Ok(Phase::Finished) };
        let inside = |range: &core::ops::Range<usize>| Place {
            start: place.start + range.start,
            end: place.start + range.end,
            ..*place
        };
        let part = inside(&found.range);
        let mut findings = Vec::new();
        let mail = match message_around(nodes, node) {
            Some(message) => Some(self.mail_at(&inside(&message.range), limits, &mut findings)?),
            None => None,
        };
        if let Some(mail) = mail {
            self.facts.mail = mail;
            // What was found in the fields of the message around it.
            self.facts.findings.retain(|finding| finding.path.starts_with('/'));
        }
        if self.part.as_deref() == Some(errant.path.as_str()) {
            self.part = None;
        }
        let kept = |finding: &Finding| {
            let beside = finding.path.len() > path.len() && finding.path.starts_with(path);
            !beside || finding.path == errant.path
        };
        self.facts.findings.retain(kept);
        self.facts.findings.extend(findings);
        self.facts.findings.push(Finding::new(Code::StructurePartOpened).path(errant.path.as_str()));
        self.facts.findings.retain(|finding| !is_errant(finding.code));
        self.facts.layers.retain(|layer| layer.kind.is_encrypted());
        self.facts.signers.clear();
        self.facts.certificates.clear();
        self.facts.wanted.clear();
        let path = errant.path.clone();
        self.facts.part = Some(errant);
        Ok(Phase::Entity(part, path))
    }

    fn mail_at(&self, message: &Place, limits: &Limits, findings: &mut Vec<Finding>) -> Result<Mail> {
        let bytes = self.bytes(message);
        let entity = Entity::scan(bytes, 0..bytes.len(), limits)?;
        Ok(mail::mail(&Header::parse(bytes, entity.header, limits)?, limits, findings))
    }
}

fn is_errant(code: Code) -> bool {
    matches!(code, Code::StructureErrantEncryption | Code::StructureErrantSignature | Code::StructureForwardedSignature)
}

/// The layers below a compound entity, outermost only: what lies inside a layer is that one's own matter.
fn find(bytes: &[u8], nodes: &[Node], path: &str, limits: &Limits) -> Result<Found> {
    let mut found = Found::default();
    let mut skip: Option<String> = None;
    for (index, node) in nodes.iter().enumerate().skip(1) {
        if skip.as_deref().is_some_and(|outer| lies_in(&node.path, outer)) {
            continue;
        }
        skip = None;
        let header = Header::parse(bytes, node.entity.header.clone(), limits)?;
        let label = Label::read(&header);
        let part = bytes.get(node.entity.body.clone()).unwrap_or_default();
        let at = inner_path(path, node.path.trim_start_matches('/'));
        let forwarded = message_around(nodes, index).is_some();
        match label.shape(part) {
            Shape::ClearSigned { protocol_named: true, .. } => {
                found.errant.push((index, Errant { path: at, encrypted: false, forwarded }));
                skip = Some(node.path.clone());
            }
            Shape::Opaque => {
                let encrypted = label.is_encrypted(part);
                found.errant.push((index, Errant { path: at, encrypted, forwarded }));
                skip = Some(node.path.clone());
            }
            _ => {
                let journal = header.first("X-MS-Journal-Report").is_some();
                if label.quirk().is_some() || label.ambiguity.is_some() || journal {
                    found.named.push((at, label, journal));
                }
            }
        }
    }
    Ok(found)
}

/// The node to go on with for the part of that path: itself, or the layer that it lies in.
fn choose(part: &str, path: &str, nodes: &[Node], found: &Found) -> Option<(usize, Errant)> {
    if let Some((index, errant)) = found.errant.iter().find(|(_, errant)| lies_in(part, &errant.path)) {
        return Some((*index, errant.clone()));
    }
    let index = nodes.iter().skip(1).position(|node| inner_path(path, node.path.trim_start_matches('/')) == part)? + 1;
    let forwarded = message_around(nodes, index).is_some();
    Some((index, Errant { path: part.to_owned(), encrypted: false, forwarded }))
}

/// The message inside the nearest message/rfc822 around a node, or the node itself if it is that.
fn message_around(nodes: &[Node], index: usize) -> Option<&Node> {
    let mut at = index;
    loop {
        let node = nodes.get(at)?;
        let parent = node.parent?;
        if nodes.get(parent)?.content_type.kind == "message" {
            return Some(node);
        }
        // A parent stands before its parts, so this ends.
        at = parent;
    }
}

/// `/2` and `/2/1` lie in `/2`, `/21` does not.
fn lies_in(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert!(lies_in("/2", "/2") && lies_in("/2/1", "/2") && !lies_in("/21", "/2") && !lies_in("/1", "/2"));
        for (outer, inner) in [("/", "/2/1"), ("//", "//2/1"), ("/1", "/1/2/1"), ("/1/", "/1/2/1")] {
            assert_eq!(inner_path(outer, "2/1"), inner);
        }
    }
}
