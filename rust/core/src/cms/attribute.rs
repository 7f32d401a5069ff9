//! Attributes of a signer or of an enveloped structure (RFC 5652 §5.3): kept as received, found by type.

use crate::asn1::{Oid, Reader, Rules, Tag, Tlv, UnixTime, oid, writer};
use crate::error::Within;
use crate::{Code, Error, Limits, Result};

/// ```text
/// Attribute ::= SEQUENCE {
///   attrType OBJECT IDENTIFIER,
///   attrValues SET OF AttributeValue }   -- ANY
/// ```
/// RFC 5652 §5.3
#[derive(Clone, Copy, Debug)]
pub struct Attribute<'a> {
    pub attr_type: Oid<'a>,
    pub attr_values: Tlv<'a>,
    /// The whole element as received.
    pub raw: &'a [u8],
}

impl<'a> Attribute<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let tlv = reader.expect(Tag::SEQUENCE)?;
        let mut inner = tlv.reader()?;
        let attr_type = inner.oid().field("attrType")?;
        let attr_values = inner.expect(Tag::SET).field("attrValues")?;
        inner.finish()?;
        Ok(Self { attr_type, attr_values, raw: tlv.raw })
    }

    /// The elements of `attrValues`, one after the other.
    pub fn values(&self) -> Result<Reader<'a>> {
        self.attr_values.reader()
    }

    /// The only value. Err: SignerAttributeMalformed (none), SignerAttributeRepeated (several).
    pub fn single_value(&self) -> Result<Tlv<'a>> {
        let mut values = self.values().map_err(|_| self.malformed("attrValues cannot be read"))?;
        if values.is_empty() {
            return Err(self.malformed("no value"));
        }
        let value = values.any().map_err(|_| self.malformed("the value cannot be read"))?;
        if !values.is_empty() {
            return Err(self.error(Code::SignerAttributeRepeated, "several values"));
        }
        Ok(value)
    }

    pub(super) fn malformed(&self, what: &str) -> Error {
        self.error(Code::SignerAttributeMalformed, what)
    }

    pub(super) fn error(&self, code: Code, what: &str) -> Error {
        let error = Error::with(code, format!("{}: {what}", name(self.attr_type)));
        error.at(self.attr_values.offset)
    }
}

pub(super) fn name(attr_type: Oid<'_>) -> String {
    oid::name(attr_type).map_or_else(|| attr_type.to_string(), str::to_owned)
}

/// `SET OF Attribute`, most often under an IMPLICIT tag.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    tlv: Tlv<'a>,
    attributes: Vec<Attribute<'a>>,
}

impl<'a> Attributes<'a> {
    /// Err: Asn1Malformed, LimitAttributes.
    pub(super) fn read(tlv: &Tlv<'a>, limits: &Limits) -> Result<Self> {
        let mut reader = tlv.reader()?;
        let mut attributes = Vec::new();
        while !reader.is_empty() {
            if attributes.len() as u64 >= limits.attributes {
                return Err(Error::new(Code::LimitAttributes).at(reader.offset()));
            }
            attributes.push(Attribute::read(&mut reader).item("attributes", attributes.len())?);
        }
        Ok(Self { tlv: *tlv, attributes })
    }

    /// The `[n] IMPLICIT` element if it comes next.
    pub(super) fn optional(reader: &mut Reader<'a>, number: u32, limits: &Limits) -> Result<Option<Self>> {
        reader.optional(Tag::context(number))?.map(|tlv| Self::read(&tlv, limits)).transpose()
    }

    /// The element as received, with its IMPLICIT tag.
    pub fn raw(&self) -> &'a [u8] {
        self.tlv.raw
    }

    pub fn len(&self) -> usize {
        self.attributes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// In the order received.
    pub fn iter(&self) -> core::slice::Iter<'_, Attribute<'a>> {
        self.attributes.iter()
    }

    /// Every attribute of this type; countersignatures may repeat.
    pub fn all(&self, attr_type: Oid<'_>) -> impl Iterator<Item = &Attribute<'a>> {
        self.attributes.iter().filter(move |attribute| attribute.attr_type == attr_type)
    }

    /// The value of an attribute that may occur once with one value.
    ///
    /// Err: SignerAttributeRepeated (attribute or value), SignerAttributeMalformed (no value).
    pub fn single(&self, attr_type: Oid<'_>) -> Result<Option<Tlv<'a>>> {
        Ok(self.only(attr_type)?.map(|found| found.1))
    }

    /// As [`Self::single`], with a reader of the value; whatever it does not take is SignerAttributeMalformed.
    pub(super) fn typed<T>(
        &self,
        attr_type: Oid<'_>,
        due: &str,
        read: impl FnOnce(&Tlv<'a>) -> Result<T>,
    ) -> Result<Option<T>> {
        let Some((attribute, value)) = self.only(attr_type)? else { return Ok(None) };
        read(&value).map(Some).map_err(|_| attribute.malformed(&format!("{} is not {due}", value.tag)))
    }

    fn only(&self, attr_type: Oid<'_>) -> Result<Option<(&Attribute<'a>, Tlv<'a>)>> {
        let mut found = self.all(attr_type);
        let Some(attribute) = found.next() else { return Ok(None) };
        if let Some(second) = found.next() {
            return Err(second.error(Code::SignerAttributeRepeated, "several attributes"));
        }
        Ok(Some((attribute, attribute.single_value()?)))
    }

    /// contentType, RFC 5652 §11.1
    pub fn content_type(&self) -> Result<Option<Oid<'a>>> {
        self.typed(oid::CONTENT_TYPE, "an OBJECT IDENTIFIER", |value| {
            expect(value, Tag::OBJECT_IDENTIFIER)?.as_oid()
        })
    }

    /// messageDigest, RFC 5652 §11.2. Only a primitive OCTET STRING: signed attributes are DER.
    pub fn message_digest(&self) -> Result<Option<&'a [u8]>> {
        self.typed(oid::MESSAGE_DIGEST, "a primitive OCTET STRING", |value| {
            let value = expect(value, Tag::OCTET_STRING)?;
            if value.constructed { Err(Error::new(Code::Asn1NotDer).at(value.offset)) } else { Ok(value.content) }
        })
    }

    /// signingTime, RFC 5652 §11.3: a claim of the signer.
    pub fn signing_time(&self) -> Result<Option<UnixTime>> {
        self.typed(oid::SIGNING_TIME, "a time", |value| value.as_time())
    }

    /// What the signer signed: the attributes as received, under the tag SET (RFC 5652 §5.4).
    pub fn signing_input(&self) -> SigningInput<'a> {
        SigningInput { rest: self.tlv.raw.get(1..).unwrap_or_default() }
    }

    /// The DER form under the tag SET, if it differs from what was received. Err-free: attributes that have no DER form
    /// (nested too deep) give None.
    pub fn der_form(&self, limits: &Limits) -> Option<Vec<u8>> {
        let received = self.signing_input().to_vec();
        let der = writer::der_from_ber(&received, limits).ok()?;
        (der != received).then_some(der)
    }
}

impl<'s, 'a> IntoIterator for &'s Attributes<'a> {
    type Item = &'s Attribute<'a>;
    type IntoIter = core::slice::Iter<'s, Attribute<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The received attributes with SET in place of the IMPLICIT tag, in two pieces: nothing is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningInput<'a> {
    rest: &'a [u8],
}

impl<'a> SigningInput<'a> {
    /// To be hashed one after the other.
    pub fn pieces(&self) -> [&'a [u8]; 2] {
        [&[0x31], self.rest]
    }

    pub fn to_vec(&self) -> Vec<u8> {
        self.pieces().concat()
    }
}

/// Whether the bytes are one whole `SET OF Attribute` in which `wanted` types occur.
pub(super) fn is_set_of_attributes_with(content: &[u8], wanted: &[Oid<'_>], limits: &Limits) -> bool {
    let mut seen = vec![false; wanted.len()];
    let mut outer = Reader::new(content, Rules::Ber, limits);
    let Ok(mut set) = outer.set() else { return false };
    while !set.is_empty() {
        let Ok(attribute) = Attribute::read(&mut set) else { return false };
        for (seen, wanted) in seen.iter_mut().zip(wanted) {
            *seen |= attribute.attr_type == *wanted;
        }
    }
    outer.is_empty() && seen.into_iter().all(|seen| seen)
}

fn expect<'a, 't>(tlv: &'t Tlv<'a>, tag: Tag) -> Result<&'t Tlv<'a>> {
    if tlv.tag == tag { Ok(tlv) } else { Err(Error::new(Code::Asn1Malformed).at(tlv.offset)) }
}

#[cfg(test)]
#[path = "attribute_tests.rs"]
mod tests;
