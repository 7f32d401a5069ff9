//! The octets of an OCTET STRING: one run, or the segments of a constructed one, borrowed from the input.

use std::borrow::Cow;

use crate::asn1::reader::{Reader, Rules, Tag, Tlv};
use crate::{Code, Error, Result};

/// Checked once; read as often as needed, without copying.
#[derive(Clone, Copy, Debug)]
pub struct Octets<'a> {
    tlv: Tlv<'a>,
    len: usize,
}

/// Segments are primitive OCTET STRINGs, possibly inside constructed ones (X.690 §8.7).
pub(super) fn octets<'a>(tlv: &Tlv<'a>, depth: u32) -> Result<Octets<'a>> {
    if !tlv.constructed {
        return Ok(Octets { tlv: *tlv, len: tlv.content.len() });
    }
    if tlv.rules() == Rules::Der {
        return Err(Error::with(Code::Asn1NotDer, "OCTET STRING in segments").at(tlv.offset));
    }
    let mut len = 0_usize;
    let mut open = vec![tlv.reader()?];
    while let Some(reader) = open.last_mut() {
        if reader.is_empty() {
            open.pop();
            continue;
        }
        let segment = reader.expect(Tag::OCTET_STRING)?;
        if segment.constructed {
            if open.len() >= depth as usize {
                return Err(Error::new(Code::LimitAsn1Depth).at(segment.offset));
            }
            open.push(segment.reader()?);
        } else {
            // Disjoint slices of one buffer: their lengths cannot overflow.
            len += segment.content.len();
        }
    }
    Ok(Octets { tlv: *tlv, len })
}

impl<'a> Octets<'a> {
    /// Octets in all segments together.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn tlv(&self) -> &Tlv<'a> {
        &self.tlv
    }

    /// The octets if they are one run.
    pub fn as_slice(&self) -> Option<&'a [u8]> {
        let mut segments = self.segments();
        let first = segments.next().unwrap_or_default();
        if first.len() == self.len { Some(first) } else { None }
    }

    /// Borrowed when one run, joined otherwise.
    pub fn to_cow(&self) -> Cow<'a, [u8]> {
        match self.as_slice() {
            Some(slice) => Cow::Borrowed(slice),
            None => Cow::Owned(self.to_vec()),
        }
    }

    pub fn to_vec(&self) -> Vec<u8> {
        let mut joined = Vec::with_capacity(self.len);
        for segment in self.segments() {
            joined.extend_from_slice(segment);
        }
        joined
    }

    /// The runs, in order; empty ones are left out.
    pub fn segments(&self) -> Segments<'a> {
        if self.tlv.constructed {
            Segments { single: None, open: self.tlv.reader().into_iter().collect() }
        } else {
            Segments { single: Some(self.tlv.content), open: Vec::new() }
        }
    }
}

/// Iterator over the segments of [`Octets`].
#[derive(Debug)]
pub struct Segments<'a> {
    single: Option<&'a [u8]>,
    open: Vec<Reader<'a>>,
}

impl<'a> Iterator for Segments<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if let Some(single) = self.single.take() {
            return (!single.is_empty()).then_some(single);
        }
        loop {
            let reader = self.open.last_mut()?;
            // `octets` has checked every segment, so an error cannot come; if it did, the segments would end here.
            let Ok(segment) = reader.any() else {
                self.open.pop();
                continue;
            };
            if segment.constructed {
                self.open.push(segment.reader().ok()?);
            } else if !segment.content.is_empty() {
                return Some(segment.content);
            }
        }
    }
}
