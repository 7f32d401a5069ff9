//! DER writer, back to front: a length is known when it is written, so nothing is measured twice or moved.
//!
//! The last element is written first: `w.sequence(|w| { w.octet_string(second); w.oid(first); })`.

use zeroize::Zeroize;

use crate::asn1::{Oid, Reader, Rules, Tag, Tlv, UnixTime};
use crate::{Error, Limits, Result};

/// Grows towards the front of its buffer.
#[derive(Debug, Default)]
pub struct Writer {
    buffer: Vec<u8>,
    /// What is written stands in `buffer[start..]`.
    start: usize,
}

impl Writer {
    pub fn new() -> Self {
        Self::default()
    }

    /// With room for as many octets, so that what is written is not moved.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { buffer: vec![0; capacity], start: capacity }
    }

    pub fn len(&self) -> usize {
        self.buffer.len() - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn into_vec(mut self) -> Vec<u8> {
        self.buffer.drain(..self.start);
        self.buffer
    }

    /// Puts `bytes` in front of what is written.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.space(bytes.len()).copy_from_slice(bytes);
    }

    /// As many octets in front of what is written, for the caller to fill.
    pub fn space(&mut self, len: usize) -> &mut [u8] {
        if len > self.start {
            let (written, spare) = (self.len(), (self.len() + len).max(64));
            let mut larger = vec![0; spare + len + written];
            let at = larger.len() - written;
            larger[at..].copy_from_slice(&self.buffer[self.start..]);
            // It may hold a key.
            self.buffer.zeroize();
            (self.buffer, self.start) = (larger, at);
        }
        self.start -= len;
        &mut self.buffer[self.start..self.start + len]
    }

    /// An element around what `content` writes.
    pub fn element(&mut self, tag: Tag, constructed: bool, content: impl FnOnce(&mut Self)) {
        let before = self.len();
        content(self);
        let length = self.len() - before;
        self.length(length);
        self.identifier(tag, constructed);
    }

    pub fn sequence(&mut self, content: impl FnOnce(&mut Self)) {
        self.element(Tag::SEQUENCE, true, content);
    }

    /// SET OF: sorts the elements as X.690 §11.6 demands.
    pub fn set_of(&mut self, mut elements: Vec<Vec<u8>>) {
        elements.sort();
        self.element(Tag::SET, true, |writer| elements.iter().rev().for_each(|element| writer.raw(element)));
    }

    pub fn explicit(&mut self, number: u32, content: impl FnOnce(&mut Self)) {
        self.element(Tag::context(number), true, content);
    }

    pub fn octet_string(&mut self, bytes: &[u8]) {
        self.element(Tag::OCTET_STRING, false, |writer| writer.raw(bytes));
    }

    pub fn oid(&mut self, oid: Oid<'_>) {
        self.element(Tag::OBJECT_IDENTIFIER, false, |writer| writer.raw(oid.content()));
    }

    pub fn null(&mut self) {
        self.element(Tag::NULL, false, |_| {});
    }

    pub fn u64(&mut self, value: u64) {
        let bytes = value.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(7);
        self.unsigned(&bytes[zeros..]);
    }

    /// INTEGER from a big-endian magnitude without leading zeros.
    pub fn unsigned(&mut self, magnitude: &[u8]) {
        self.element(Tag::INTEGER, false, |writer| {
            writer.raw(magnitude);
            if magnitude.first().is_none_or(|byte| byte & 0x80 != 0) {
                writer.raw(&[0]);
            }
        });
    }

    /// UTCTime in the years that it can tell, else GeneralizedTime (RFC 5280 §4.1.2.5, RFC 5652 §11.3).
    pub fn time(&mut self, time: UnixTime) {
        let (year, month, day, hour, minute, second) = time.civil();
        let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
        let (tag, text) = match year {
            1950..2050 => (Tag::UTC_TIME, format!("{:02}{rest}", year % 100)),
            _ => (Tag::GENERALIZED_TIME, format!("{year:04}{rest}")),
        };
        self.element(tag, false, |writer| writer.raw(text.as_bytes()));
    }

    /// BIT STRING of whole octets.
    pub fn bit_string(&mut self, octets: &[u8]) {
        self.element(Tag::BIT_STRING, false, |writer| {
            writer.raw(octets);
            writer.raw(&[0]);
        });
    }

    fn length(&mut self, length: usize) {
        if length < 0x80 {
            return self.raw(&[length as u8]);
        }
        let bytes = length.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        self.raw(&bytes[zeros..]);
        self.raw(&[0x80 | (bytes.len() - zeros) as u8]);
    }

    fn identifier(&mut self, tag: Tag, constructed: bool) {
        let first = tag.class() << 6 | if constructed { 0x20 } else { 0 };
        if tag.number() < 0x1f {
            return self.raw(&[first | tag.number() as u8]);
        }
        let mut rest = tag.number();
        self.raw(&[(rest & 0x7f) as u8]);
        rest >>= 7;
        while rest > 0 {
            self.raw(&[(rest & 0x7f) as u8 | 0x80]);
            rest >>= 7;
        }
        self.raw(&[first | 0x1f]);
    }
}

/// The DER form of one BER element: lengths minimal, strings joined, SETs sorted (as SET OF, X.690 §11.6).
///
/// Values of primitive types other than strings are taken over as they are. Errors: malformed BER, depth.
pub fn der_from_ber(element: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    let mut reader = Reader::ber(element, limits);
    let tlv = reader.any()?;
    reader.finish()?;
    normalise(&tlv, limits.asn1_depth)
}

/// The depth is bounded by the reader's budget, so the recursion is as well.
fn normalise(tlv: &Tlv<'_>, depth: u64) -> Result<Vec<u8>> {
    let mut writer = Writer::new();
    let string = tlv.tag == Tag::OCTET_STRING;
    if !tlv.constructed || string {
        let content = if string { tlv.as_octets()?.to_cow() } else { tlv.content.into() };
        writer.element(tlv.tag, false, |writer| writer.raw(&content));
        return Ok(writer.into_vec());
    }
    let mut children = Vec::new();
    let mut reader = tlv.reader()?;
    while !reader.is_empty() {
        let child = reader.any()?;
        let deeper = depth.checked_sub(1).ok_or_else(|| Error::new(crate::Code::LimitAsn1Depth))?;
        children.push(normalise(&child, deeper)?);
    }
    if tlv.tag == Tag::SET {
        children.sort();
    }
    writer.element(tlv.tag, true, |writer| children.iter().rev().for_each(|child| writer.raw(child)));
    Ok(writer.into_vec())
}

/// Whether `element` is one whole DER element, all through.
pub fn is_der(element: &[u8], limits: &Limits) -> bool {
    let mut reader = Reader::new(element, Rules::Der, limits);
    let Ok(tlv) = reader.any() else { return false };
    reader.is_empty() && normalise(&tlv, limits.asn1_depth).is_ok_and(|der| der == element)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn back_to_front() {
        let mut writer = Writer::new();
        writer.sequence(|w| {
            w.octet_string(&[7; 200]);
            w.u64(128);
            w.oid(crate::asn1::oid::DATA);
        });
        let der = writer.into_vec();
        assert_eq!(der[..4], [0x30, 0x81, 0xda, 0x06]);
        let limits = Limits::default();
        let mut reader = Reader::der(&der, &limits).sequence().unwrap();
        assert_eq!(reader.oid().unwrap(), crate::asn1::oid::DATA);
        assert_eq!(reader.u64().unwrap(), 128);
        assert_eq!(reader.octet_string().unwrap().to_vec(), [7; 200]);
        assert!(reader.is_empty());
    }

    #[test]
    fn rfc5652_11_3_times() {
        let written = |year| {
            let mut writer = Writer::new();
            writer.time(UnixTime::from_civil(year, 2, 3, 4, 5, 6).unwrap());
            writer.into_vec()
        };
        assert_eq!(written(1950), *b"\x17\x0d500203040506Z");
        assert_eq!(written(2049), *b"\x17\x0d490203040506Z");
        assert_eq!(written(2050), *b"\x18\x0f20500203040506Z");
        assert_eq!(written(1949), *b"\x18\x0f19490203040506Z");
    }

    #[test]
    fn room_that_was_asked_for_is_enough() {
        let mut writer = Writer::with_capacity(10);
        let place = writer.buffer.as_ptr();
        writer.sequence(|writer| writer.bit_string(&[1; 5]));
        assert_eq!((writer.buffer.as_ptr(), writer.into_vec()), (place, vec![0x30, 8, 3, 6, 0, 1, 1, 1, 1, 1]));
    }

    #[test]
    fn x690_11_6_set_of_is_sorted() {
        let ber = [0x31, 0x80, 0x04, 0x01, 2, 0x24, 0x80, 0x04, 1, 1, 0, 0, 0, 0];
        assert_eq!(der_from_ber(&ber, &Limits::default()).unwrap(), [0x31, 6, 4, 1, 1, 4, 1, 2]);
        assert!(!is_der(&ber, &Limits::default()));
        assert!(is_der(&[0x31, 6, 4, 1, 1, 4, 1, 2], &Limits::default()));
        assert!(!is_der(&[0x31, 6, 4, 1, 2, 4, 1, 1], &Limits::default()));
    }

    proptest! {
        #[test]
        fn numbers_round_trip(value in any::<u64>(), number in 0_u32..0x0fff_ffff) {
            let mut writer = Writer::new();
            writer.element(Tag::context(number), true, |w| w.u64(value));
            let der = writer.into_vec();
            let limits = Limits::default();
            let mut reader = Reader::der(&der, &limits);
            let inner = reader.explicit(number).unwrap().unwrap();
            prop_assert_eq!(inner.as_integer().unwrap().to_u64(), Some(value));
        }

        #[test]
        fn normalising_is_idempotent(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(der) = der_from_ber(&bytes, &Limits::default()) {
                prop_assert_eq!(der_from_ber(&der, &Limits::default()).unwrap(), der);
            }
        }
    }
}
