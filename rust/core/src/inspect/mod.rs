//! Any ASN.1 as a tree with names: CMS, certificates, CRLs, requests, keys and PKCS#12. Nothing is decrypted or judged, and
//! what is secret is counted and not shown.

mod kind;
mod schema;
mod value;

use crate::asn1::{Oid, Reader, Rules, Tag, Tlv};
use crate::{Code, Error, Finding, Limits, Result};
use schema::{ANY, Field, GENERAL_NAME, KARI, KEKRI, PWRI, RECIPIENT, SECRET, Schema};

/// One element.
#[derive(Clone, Debug)]
pub struct Row {
    /// 0: the outermost.
    pub depth: usize,
    /// Of its first octet in the file; below `inside`, in the contents of that OCTET STRING.
    pub offset: usize,
    /// Octets of tag and length.
    pub header: usize,
    /// Octets of the contents.
    pub length: usize,
    pub tag: Tag,
    pub constructed: bool,
    pub indefinite: bool,
    /// The field's name in its ASN.1 module; empty: none known.
    pub name: &'static str,
    /// The value as text; empty for constructed elements.
    pub value: String,
    /// Of an OBJECT IDENTIFIER: its dotted form.
    pub oid: Option<String>,
    /// It is a secret: neither value nor children are shown.
    pub secret: bool,
}

/// A structure as rows, parents before children.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Such as "certificate (X.509 v3)".
    pub kind: String,
    pub rows: Vec<Row>,
    /// What broke the reading off, and octets behind the structure.
    pub findings: Vec<Finding>,
}

/// The tree of one BER or DER element, as far as it can be read; a finding then says where it ends and why. Rows are cut
/// off at `Limits.inspected_rows`.
pub fn tree(data: &[u8], limits: &Limits) -> Tree {
    let mut walk = Walk { rows: Vec::new(), limits };
    let mut findings = Vec::new();
    let mut kind = "ASN.1".to_owned();
    let mut reader = Reader::ber(data, limits);
    match reader.any_cut() {
        Ok((tlv, fault)) => {
            let (name, schema) = kind::of(&tlv, fault.is_some());
            kind = name;
            let place = Place { name: "", schema, around: None, guarded: false, depth: 0 };
            if let Err(error) = walk.element(&tlv, fault, place) {
                findings.push(error.into_finding());
            }
            let behind = reader.rest().len();
            if behind > 0 {
                findings.push(Finding::new(Code::CmsTrailingData).detail(format!("{behind} octets")));
            }
        }
        Err(error) => findings.push(error.into_finding()),
    }
    Tree { kind, rows: walk.rows, findings }
}

/// Where an element stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    name: &'static str,
    schema: &'static Schema,
    /// The first OBJECT IDENTIFIER of the SEQUENCE that it stands in.
    around: Option<Oid<'a>>,
    /// What does not fit the schema is a secret, and octets are counted: it may be a key that is damaged.
    guarded: bool,
    depth: usize,
}

impl Place<'_> {
    /// How what the schema does not know is read.
    const fn stray(&self) -> &'static Schema {
        if self.guarded { &SECRET } else { &ANY }
    }

    /// `inside` where the tag can be its own.
    fn fitting(&self, inside: &'static Schema, tag: Tag) -> &'static Schema {
        if self.guarded && inside.due().is_some_and(|due| due != tag) { &SECRET } else { inside }
    }

    /// The schema that counts for `tlv`, and whether from here on things are guarded.
    fn resolved(&self, tlv: &Tlv<'_>) -> (&'static Schema, bool) {
        let schema = match self.schema {
            Schema::ByOid(choose) => self.around.map_or(self.stray(), choose),
            other => other,
        };
        let (schema, guarded) = match schema {
            Schema::Guarded(inside) => (*inside, true),
            other => (other, self.guarded),
        };
        // APPLICATION and PRIVATE tags stand in nothing that is read here.
        let strange = guarded && matches!(tlv.tag.class(), 1 | 3);
        (if strange { &SECRET } else { schema }, guarded)
    }
}

struct Walk<'l> {
    rows: Vec<Row>,
    limits: &'l Limits,
}

impl Walk<'_> {
    /// `fault`: why the element is not whole; it comes back unless something inside tells more.
    fn element(&mut self, tlv: &Tlv<'_>, fault: Option<Error>, place: Place<'_>) -> Result<()> {
        if self.rows.len() as u64 >= self.limits.inspected_rows {
            return Err(Error::new(Code::LimitInspectedRows).at(tlv.offset));
        }
        if place.depth as u64 >= self.limits.asn1_depth {
            return Err(Error::new(Code::LimitAsn1Depth).at(tlv.offset));
        }
        let (schema, guarded) = place.resolved(tlv);
        let cut = fault.is_some();
        self.rows.push(row(tlv, cut, &Place { schema, guarded, ..place }));
        let inside = Place { schema, guarded, depth: place.depth + 1, ..place };
        match schema {
            Schema::Secret => {}
            Schema::Holds(label, held) if tlv.tag == Tag::OCTET_STRING => {
                self.held(tlv, cut, Place { name: label, schema: held, ..inside })?;
            }
            _ if tlv.constructed => self.children(tlv, &inside)?,
            _ => {}
        }
        fault.map_or(Ok(()), Err)
    }

    /// `place`: where they stand, but for their names and schemas.
    fn children(&mut self, tlv: &Tlv<'_>, place: &Place<'_>) -> Result<()> {
        let mut reader = tlv.reader()?;
        let (mut fields, mut around): (&'static [Field], _) = (&[], place.around);
        if let Schema::Sequence(all) = place.schema {
            (fields, around) = (all, None);
        }
        let mut alone = true;
        while !reader.is_empty() {
            let (child, fault) = reader.any_cut()?;
            if around.is_none() && child.tag == Tag::OBJECT_IDENTIFIER {
                around = child.as_oid().ok();
            }
            let (name, schema) = match place.schema {
                Schema::Sequence(_) => take(&mut fields, child.tag).unwrap_or(("", place.stray())),
                Schema::Of(_, inside) if core::ptr::eq(*inside, &GENERAL_NAME) => {
                    schema::general_name(child.tag.number())
                }
                Schema::Of(name, inside) if core::ptr::eq(*inside, &RECIPIENT) => recipient(name, child.tag),
                Schema::Of(name, inside) => (*name, place.fitting(inside, child.tag)),
                Schema::Explicit(name, inside) if alone => (*name, place.fitting(inside, child.tag)),
                Schema::Explicit(..) => ("", place.stray()),
                _ => ("", &ANY),
            };
            alone = false;
            self.element(&child, fault, Place { name, schema, around, ..*place })?;
        }
        Ok(())
    }

    /// The DER inside an OCTET STRING; what is none stays a row of octets.
    fn held(&mut self, tlv: &Tlv<'_>, cut: bool, place: Place<'_>) -> Result<()> {
        let Ok(octets) = tlv.as_octets() else { return Ok(()) };
        let content = octets.to_cow();
        // Contents of one piece lie in the file, and their offsets are those of the file.
        let base = if tlv.constructed { 0 } else { tlv.offset + tlv.header };
        let mut reader = Reader::new(&content, Rules::Ber, self.limits).with_base(base);
        match reader.any_cut() {
            Ok((child, fault)) if reader.is_empty() && (cut || fault.is_none()) => {
                let schema = place.fitting(place.schema, child.tag);
                self.element(&child, fault, Place { schema, ..place })
            }
            _ => Ok(()),
        }
    }
}

/// `place` with its schema resolved.
fn row(tlv: &Tlv<'_>, cut: bool, place: &Place<'_>) -> Row {
    let bits = if let Schema::Bits(names) = place.schema { Some(*names) } else { None };
    let text = matches!(place.schema, Schema::Text);
    let secret = matches!(place.schema, Schema::Secret);
    let guarded = place.guarded && !matches!(place.schema, Schema::Public);
    let value = match (secret, cut, guarded) {
        (true, ..) => String::new(),
        (_, true, guarded) => value::cut(tlv, guarded),
        (_, _, true) => value::guarded(tlv, text, bits),
        (_, _, false) => value::of(tlv, text, bits),
    };
    let oid = if guarded { value::plain_oid(tlv) } else { tlv.as_oid().ok() };
    let oid = oid.filter(|_| tlv.tag == Tag::OBJECT_IDENTIFIER && !secret && !cut);
    Row {
        depth: place.depth,
        offset: tlv.offset,
        header: tlv.header,
        length: tlv.content.len(),
        tag: tlv.tag,
        constructed: tlv.constructed,
        indefinite: tlv.indefinite,
        name: place.name,
        value,
        oid: oid.map(|oid| oid.to_string()),
        secret,
    }
}

/// The next field that a child of this tag can be; the ones before it are absent.
fn take(fields: &mut &'static [Field], tag: Tag) -> Option<(&'static str, &'static Schema)> {
    let fits = |field: &Field| field.tag.is_none_or(|due| due == tag);
    let at = fields.iter().position(fits)?;
    let (found, rest) = (&fields[at], &fields[at + 1..]);
    *fields = rest;
    Some((found.name, found.schema))
}

fn recipient(name: &'static str, tag: Tag) -> (&'static str, &'static Schema) {
    match (tag == Tag::SEQUENCE, tag.number()) {
        (true, _) => ("ktri", &RECIPIENT),
        (false, 1) => ("kari", &KARI),
        (false, 2) => ("kekri", &KEKRI),
        (false, 3) => ("pwri", &PWRI),
        (false, 4) => ("ori", &ANY),
        _ => (name, &ANY),
    }
}

#[cfg(test)]
mod tests;
