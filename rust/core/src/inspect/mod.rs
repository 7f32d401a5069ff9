//! Any ASN.1 as a tree with names: CMS, certificates, CRLs, requests, keys and PKCS#12. Nothing is decrypted or judged, and
//! what is secret is counted and not shown.

mod kind;
mod schema;
mod value;

use crate::asn1::{Oid, Reader, Rules, Tag, Tlv};
use crate::{Code, Error, Finding, Limits, Result};
use schema::{ANY, Field, GENERAL_NAME, KARI, KEKRI, PWRI, RECIPIENT, Schema};

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

/// The tree of one BER or DER element, as far as it can be read. Rows are cut off at `Limits.inspected_rows`.
pub fn tree(data: &[u8], limits: &Limits) -> Tree {
    let mut walk = Walk { rows: Vec::new(), limits };
    let mut findings = Vec::new();
    let mut kind = "ASN.1".to_owned();
    let mut reader = Reader::ber(data, limits);
    match reader.any() {
        Ok(tlv) => {
            let (name, schema) = kind::of(&tlv);
            kind = name;
            if let Err(error) = walk.element(&tlv, "", schema, None, 0) {
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

struct Walk<'l> {
    rows: Vec<Row>,
    limits: &'l Limits,
}

impl Walk<'_> {
    /// `around`: the first OBJECT IDENTIFIER of the SEQUENCE that it stands in.
    fn element(
        &mut self,
        tlv: &Tlv<'_>,
        name: &'static str,
        schema: &'static Schema,
        around: Option<Oid<'_>>,
        depth: usize,
    ) -> Result<()> {
        if self.rows.len() as u64 >= self.limits.inspected_rows {
            return Err(Error::new(Code::LimitInspectedRows).at(tlv.offset));
        }
        if depth as u64 >= self.limits.asn1_depth {
            return Err(Error::new(Code::LimitAsn1Depth).at(tlv.offset));
        }
        let schema = match schema {
            Schema::ByOid(choose) => around.map_or(&ANY, choose),
            other => other,
        };
        let secret = matches!(schema, Schema::Secret);
        let bits = if let Schema::Bits(names) = schema { Some(*names) } else { None };
        let text = matches!(schema, Schema::Text);
        self.rows.push(Row {
            depth,
            offset: tlv.offset,
            header: tlv.header,
            length: tlv.content.len(),
            tag: tlv.tag,
            constructed: tlv.constructed,
            indefinite: tlv.indefinite,
            name,
            value: if secret { String::new() } else { value::of(tlv, text, bits) },
            secret,
        });
        if secret {
            return Ok(());
        }
        match schema {
            Schema::Holds(label, inside) if tlv.tag == Tag::OCTET_STRING => {
                self.held(tlv, label, inside, around, depth + 1)
            }
            _ if tlv.constructed => self.children(tlv, schema, around, depth + 1),
            _ => Ok(()),
        }
    }

    fn children(
        &mut self,
        tlv: &Tlv<'_>,
        schema: &'static Schema,
        around: Option<Oid<'_>>,
        depth: usize,
    ) -> Result<()> {
        let mut reader = tlv.reader()?;
        let (mut fields, mut first): (&'static [Field], _) = (&[], around);
        if let Schema::Sequence(all) = schema {
            (fields, first) = (all, None);
        }
        while !reader.is_empty() {
            let child = reader.any()?;
            if first.is_none() && child.tag == Tag::OBJECT_IDENTIFIER {
                first = child.as_oid().ok();
            }
            let (name, inside) = match schema {
                Schema::Sequence(_) => take(&mut fields, child.tag),
                Schema::Of(_, inside) if core::ptr::eq(*inside, &GENERAL_NAME) => {
                    schema::general_name(child.tag.number())
                }
                Schema::Of(name, inside) if core::ptr::eq(*inside, &RECIPIENT) => recipient(name, child.tag),
                Schema::Of(name, inside) | Schema::Explicit(name, inside) => (*name, *inside),
                _ => ("", &ANY),
            };
            self.element(&child, name, inside, first, depth)?;
        }
        Ok(())
    }

    /// The DER inside an OCTET STRING; what is none stays a row of octets.
    fn held(
        &mut self,
        tlv: &Tlv<'_>,
        label: &'static str,
        inside: &'static Schema,
        around: Option<Oid<'_>>,
        depth: usize,
    ) -> Result<()> {
        let Ok(octets) = tlv.as_octets() else { return Ok(()) };
        let content = octets.to_cow();
        // Contents of one piece lie in the file, and their offsets are those of the file.
        let base = if tlv.constructed { 0 } else { tlv.offset + tlv.header };
        let mut reader = Reader::new(&content, Rules::Ber, self.limits).with_base(base);
        match reader.any() {
            Ok(child) if reader.is_empty() => self.element(&child, label, inside, around, depth),
            _ => Ok(()),
        }
    }
}

/// The next field that a child of this tag can be; the ones before it are absent.
fn take(fields: &mut &'static [Field], tag: Tag) -> (&'static str, &'static Schema) {
    let fits = |field: &Field| field.tag.is_none_or(|due| due == tag);
    let Some(at) = fields.iter().position(fits) else { return ("", &ANY) };
    let (found, rest) = (&fields[at], &fields[at + 1..]);
    *fields = rest;
    (found.name, found.schema)
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
