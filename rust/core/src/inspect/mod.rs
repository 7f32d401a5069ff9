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
    /// Of an OBJECT IDENTIFIER whose value is shown: the dotted form.
    pub oid: String,
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
///
/// Where keys may be (files of keys, whatever is of no known kind, what is cut off), octets are counted and not shown: a
/// key that is damaged lies where no schema expects it.
pub fn tree(data: &[u8], limits: &Limits) -> Tree {
    let mut walk = Walk { rows: Vec::new(), limits, guarded: true };
    let mut findings = Vec::new();
    let mut kind = "ASN.1".to_owned();
    let mut reader = Reader::ber(data, limits);
    match reader.any() {
        Ok(tlv) => {
            let (name, schema, guarded) = kind::of(&tlv);
            kind = name;
            walk.guarded = guarded;
            if let Err(error) = walk.element(&tlv, "", schema, None, 0) {
                findings.push(error.into_finding());
            }
            let behind = reader.rest().len();
            if behind > 0 {
                findings.push(Finding::new(Code::CmsTrailingData).detail(format!("{behind} octets")));
            }
        }
        Err(error) => {
            let shown = walk.cut_off(data, 0, None, 0);
            findings.push(shown.err().unwrap_or(error).into_finding());
        }
    }
    Tree { kind, rows: walk.rows, findings }
}

struct Walk<'l> {
    rows: Vec<Row>,
    limits: &'l Limits,
    /// Octets are counted and not shown.
    guarded: bool,
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
            value: if secret { String::new() } else { value::of(tlv, text, bits, self.guarded) },
            oid: if secret { String::new() } else { value::dotted(tlv, self.guarded) },
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
            let (rest, offset) = (reader.rest(), reader.offset());
            let child = match reader.any() {
                Ok(child) => child,
                // What is there of it is shown; then the tree ends.
                Err(error) => return self.cut_off(rest, offset, first, depth).and(Err(error)),
            };
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

    /// An element whose contents end too early, as if its length were what is there. Nothing else is read so.
    fn cut_off(&mut self, rest: &[u8], offset: usize, around: Option<Oid<'_>>, depth: usize) -> Result<()> {
        self.guarded = true;
        let Some(shortened) = shortened(rest) else { return Ok(()) };
        let mut reader = Reader::new(&shortened, Rules::Ber, self.limits).with_base(offset);
        // An error inside is the same fault, told by whoever met it first.
        reader.any().and_then(|tlv| self.element(&tlv, "", &ANY, around, depth))
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

/// `rest` with the length of its first element, a definite one, set to what there is. None: nothing is missing there.
fn shortened(rest: &[u8]) -> Option<Vec<u8>> {
    let [tag, first, ..] = rest else { return None };
    let octets = match first {
        0x81..=0x84 => usize::from(first & 0x7f),
        0..=0x7f => 0,
        _ => return None,
    };
    let header = 2 + octets;
    let declared = match octets {
        0 => usize::from(*first),
        _ => rest.get(2..header)?.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)),
    };
    let there = rest.len() - header;
    if tag & 0x1f == 0x1f || declared <= there {
        return None;
    }
    let mut shortened = rest.to_vec();
    let length = there.to_be_bytes();
    match octets {
        0 => shortened[1] = length[7],
        _ => shortened[2..header].copy_from_slice(&length[8 - octets..]),
    }
    Some(shortened)
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
