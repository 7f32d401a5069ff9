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
        self.typed(oid::CONTENT_TYPE, "an OBJECT IDENTIFIER", |value| expect(value, Tag::OBJECT_IDENTIFIER)?.as_oid())
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

    /// The DER form under the tag SET, if it differs from what was received. None also where they have no DER form
    /// within the limits.
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
pub(super) mod tests {
    use super::*;
    use crate::asn1::writer::Writer;
    use std::time::{Duration, Instant};

    pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.octet_string(content);
        let mut bytes = writer.into_vec();
        bytes[0] = tag;
        bytes
    }

    pub fn oid_tlv(oid: Oid<'_>) -> Vec<u8> {
        tlv(6, oid.content())
    }

    /// An Attribute with these values.
    pub fn attribute(attr_type: Oid<'_>, values: &[Vec<u8>]) -> Vec<u8> {
        tlv(0x30, &[oid_tlv(attr_type), tlv(0x31, &values.concat())].concat())
    }

    pub fn content_type() -> Vec<u8> {
        attribute(oid::CONTENT_TYPE, &[oid_tlv(oid::DATA)])
    }

    pub fn message_digest() -> Vec<u8> {
        attribute(oid::MESSAGE_DIGEST, &[tlv(4, &[7; 32])])
    }

    pub fn signing_time() -> Vec<u8> {
        attribute(oid::SIGNING_TIME, &[tlv(0x17, b"260704120000Z")])
    }

    /// The attributes under `[0]`, as in a SignerInfo.
    pub fn tagged(attributes: &[Vec<u8>]) -> Vec<u8> {
        tlv(0xa0, &attributes.concat())
    }

    pub fn read(bytes: &[u8]) -> Result<Attributes<'_>> {
        let limits = Limits::default();
        Attributes::read(&Reader::ber(bytes, &limits).any()?, &limits)
    }

    #[test]
    fn rfc5652_11_typed_values() {
        let bytes = tagged(&[content_type(), signing_time(), message_digest()]);
        let attrs = read(&bytes).unwrap();
        assert_eq!(attrs.content_type().unwrap(), Some(oid::DATA));
        assert_eq!(attrs.message_digest().unwrap(), Some(&[7; 32][..]));
        assert_eq!(attrs.signing_time().unwrap().unwrap().to_string(), "2026-07-04T12:00:00Z");
        assert_eq!(attrs.single(oid::COUNTERSIGNATURE).unwrap().map(|tlv| tlv.tag), None);
        assert_eq!((attrs.len(), attrs.raw()), (3, &bytes[..]));
    }

    /// SIG-02, SIG-04: for each of the three, wrong types, no value, two values, two attributes.
    #[test]
    fn rfc5652_11_each_fault_has_its_code() {
        let wrong =
            [tlv(5, &[]), tlv(2, &[1]), tlv(0x30, &[]), tlv(0x24, &tlv(4, &[7; 32])), tlv(0x31, &[]), vec![0x04, 0x81]];
        for attr_type in [oid::CONTENT_TYPE, oid::MESSAGE_DIGEST, oid::SIGNING_TIME] {
            let good = [content_type(), message_digest(), signing_time()]
                .into_iter()
                .find(|good| good.windows(attr_type.content().len()).any(|window| window == attr_type.content()))
                .unwrap();
            let code = |bytes: &[u8]| {
                let attrs = read(bytes).unwrap();
                let found = [
                    attrs.content_type().map(|_| ()),
                    attrs.message_digest().map(|_| ()),
                    attrs.signing_time().map(|_| ()),
                ];
                found.into_iter().find_map(Result::err).map(|error| error.code())
            };
            assert_eq!(code(&tagged(std::slice::from_ref(&good))), None);
            assert_eq!(code(&tagged(&[good.clone(), good.clone()])), Some(Code::SignerAttributeRepeated));
            assert_eq!(code(&tagged(&[attribute(attr_type, &[])])), Some(Code::SignerAttributeMalformed));
            let two = attribute(attr_type, &[tlv(4, &[7]), tlv(4, &[7])]);
            assert_eq!(code(&tagged(&[two])), Some(Code::SignerAttributeRepeated));
            for value in &wrong {
                let bytes = tagged(&[attribute(attr_type, std::slice::from_ref(value))]);
                assert_eq!(code(&bytes), Some(Code::SignerAttributeMalformed), "{attr_type} {value:02x?}");
            }
        }
    }

    #[test]
    fn rfc5652_5_3_grammar_of_an_attribute() {
        let oid = oid_tlv(oid::SIGNING_TIME);
        let set = tlv(0x31, &tlv(5, &[]));
        for bad in [
            tlv(0x30, &oid),
            tlv(0x30, &set),
            tlv(0x30, &[oid.clone(), tlv(0x30, &[])].concat()),
            tlv(0x30, &[oid.clone(), set.clone(), set.clone()].concat()),
            tlv(0x31, &[oid.clone(), set.clone()].concat()),
            tlv(4, &[]),
        ] {
            let error = read(&tagged(&[content_type(), bad])).unwrap_err();
            assert_eq!(error.code(), Code::Asn1Malformed);
            assert!(error.finding().path.starts_with("attributes[1]"), "{error}");
        }
    }

    /// K-03, K-04: received octets first, the DER form second and only where it differs.
    #[test]
    fn rfc5652_5_4_signing_input_and_der_form() {
        let limits = Limits::default();
        let mut attributes = [content_type(), message_digest(), signing_time()];
        attributes.sort();
        let sorted = tagged(&attributes);
        let input = read(&sorted).unwrap().signing_input();
        let due = [&[0x31][..], &sorted[1..]].concat();
        assert_eq!((input.to_vec(), input.pieces().concat()), (due.clone(), due.clone()));
        assert_eq!(read(&sorted).unwrap().der_form(&limits), None);
        attributes.reverse();
        let unsorted = tagged(&attributes);
        assert_ne!(read(&unsorted).unwrap().signing_input().to_vec(), due);
        assert_eq!(read(&unsorted).unwrap().der_form(&limits), Some(due.clone()));
        let indefinite = [&[0xa0, 0x80][..], &attributes.concat(), &[0, 0]].concat();
        assert_eq!(read(&indefinite).unwrap().signing_input().to_vec()[..2], [0x31, 0x80]);
        assert_eq!(read(&indefinite).unwrap().der_form(&limits), Some(due));
    }

    /// SIG-03: 20,000 attributes in descending order, in far less than quadratic time.
    #[test]
    fn sig_03_many_attributes() {
        let attributes: Vec<_> = (0..20_000_u32)
            .rev()
            .map(|number| attribute(oid::SIGNING_TIME, &[tlv(4, &number.to_be_bytes())]))
            .collect();
        let bytes = tagged(&attributes);
        assert_eq!(read(&bytes).unwrap_err().code(), Code::LimitAttributes);
        let limits = Limits { attributes: 20_000, ..Limits::default() };
        let start = Instant::now();
        let attrs = Attributes::read(&Reader::ber(&bytes, &limits).any().unwrap(), &limits).unwrap();
        assert_eq!(attrs.signing_time().unwrap_err().code(), Code::SignerAttributeRepeated);
        let der = attrs.der_form(&limits).unwrap();
        // 100 ms are asked of an optimised build.
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        assert!(writer::is_der(&der, &limits));
    }
}
