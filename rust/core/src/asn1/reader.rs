//! The one reader of tag-length-value (X.690 §8): a pull reader over a slice, without recursion or allocation.
//!
//! An element of indefinite length is measured by walking its children with a counter, not by recursion; a child of
//! definite length is stepped over. An element is thus walked at most once per enclosing indefinite level, and there
//! are at most `Limits.asn1_depth` of these: linear in the input.

use crate::asn1::{BitString, Octets, Oid, UnixTime, octets, time};
use crate::{Code, Error, Limits, Result};

/// Class and number; the constructed bit is kept apart, since BER lets strings be either.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u32);

impl Tag {
    pub const BOOLEAN: Self = Self(1);
    pub const INTEGER: Self = Self(2);
    pub const BIT_STRING: Self = Self(3);
    pub const OCTET_STRING: Self = Self(4);
    pub const NULL: Self = Self(5);
    pub const OBJECT_IDENTIFIER: Self = Self(6);
    pub const ENUMERATED: Self = Self(10);
    pub const UTF8_STRING: Self = Self(12);
    pub const SEQUENCE: Self = Self(16);
    pub const SET: Self = Self(17);
    pub const NUMERIC_STRING: Self = Self(18);
    pub const PRINTABLE_STRING: Self = Self(19);
    pub const T61_STRING: Self = Self(20);
    pub const IA5_STRING: Self = Self(22);
    pub const UTC_TIME: Self = Self(23);
    pub const GENERALIZED_TIME: Self = Self(24);
    pub const VISIBLE_STRING: Self = Self(26);
    pub const UNIVERSAL_STRING: Self = Self(28);
    pub const BMP_STRING: Self = Self(30);

    const CONTEXT: u32 = 2 << 30;

    /// `[number]`
    pub const fn context(number: u32) -> Self {
        Self(Self::CONTEXT | number)
    }

    /// 0 universal, 1 application, 2 context-specific, 3 private.
    pub const fn class(self) -> u8 {
        (self.0 >> 30) as u8
    }

    pub const fn number(self) -> u32 {
        self.0 & 0x3fff_ffff
    }
}

impl core::fmt::Display for Tag {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let name = match *self {
            Self::BOOLEAN => "BOOLEAN",
            Self::INTEGER => "INTEGER",
            Self::BIT_STRING => "BIT STRING",
            Self::OCTET_STRING => "OCTET STRING",
            Self::NULL => "NULL",
            Self::OBJECT_IDENTIFIER => "OBJECT IDENTIFIER",
            Self::ENUMERATED => "ENUMERATED",
            Self::UTF8_STRING => "UTF8String",
            Self::SEQUENCE => "SEQUENCE",
            Self::SET => "SET",
            Self::NUMERIC_STRING => "NumericString",
            Self::PRINTABLE_STRING => "PrintableString",
            Self::T61_STRING => "T61String",
            Self::IA5_STRING => "IA5String",
            Self::UTC_TIME => "UTCTime",
            Self::GENERALIZED_TIME => "GeneralizedTime",
            Self::VISIBLE_STRING => "VisibleString",
            Self::UNIVERSAL_STRING => "UniversalString",
            Self::BMP_STRING => "BMPString",
            _ => {
                let class = ["UNIVERSAL ", "APPLICATION ", "", "PRIVATE "][usize::from(self.class())];
                return write!(f, "[{class}{}]", self.number());
            }
        };
        f.write_str(name)
    }
}

impl core::fmt::Debug for Tag {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

/// Which encoding rules the bytes must obey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Definite, minimal lengths; strings primitive.
    Der,
    /// Also indefinite and long-form lengths, and constructed strings.
    Ber,
}

/// One element.
#[derive(Clone, Copy, Debug)]
pub struct Tlv<'a> {
    pub tag: Tag,
    pub constructed: bool,
    pub indefinite: bool,
    /// Offset of the identifier octet in the buffer that the outermost reader was made for.
    pub offset: usize,
    /// Octets of identifier and length.
    pub header: usize,
    /// Contents octets, without end-of-contents.
    pub content: &'a [u8],
    /// The whole element, end-of-contents included.
    pub raw: &'a [u8],
    rules: Rules,
    depth: u32,
}

/// Identifier and length octets, read.
struct Head {
    tag: Tag,
    constructed: bool,
    header: usize,
    /// None: indefinite.
    length: Option<usize>,
}

impl Head {
    fn is_end_of_contents(&self) -> bool {
        self.tag == Tag(0) && !self.constructed && self.length == Some(0) && self.header == 2
    }
}

/// Pulls elements from a slice, one after the other.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    data: &'a [u8],
    position: usize,
    base: usize,
    rules: Rules,
    depth: u32,
}

impl<'a> Reader<'a> {
    pub fn new(data: &'a [u8], rules: Rules, limits: &Limits) -> Self {
        Self { data, position: 0, base: 0, rules, depth: u32::try_from(limits.asn1_depth).unwrap_or(u32::MAX) }
    }

    pub fn ber(data: &'a [u8], limits: &Limits) -> Self {
        Self::new(data, Rules::Ber, limits)
    }

    pub fn der(data: &'a [u8], limits: &Limits) -> Self {
        Self::new(data, Rules::Der, limits)
    }

    /// Offsets in errors and elements count from `base`.
    #[must_use]
    pub fn with_base(mut self, base: usize) -> Self {
        self.base = base;
        self
    }

    pub fn is_empty(&self) -> bool {
        self.position >= self.data.len()
    }

    pub fn offset(&self) -> usize {
        self.base + self.position
    }

    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.data.get(self.position..).unwrap_or_default()
    }

    /// The tag of the next element; None at the end or where no tag can be read.
    pub fn peek(&self) -> Option<Tag> {
        head(self.rest(), self.rules).ok().map(|head| head.tag)
    }

    /// The next element, whatever it is.
    pub fn any(&mut self) -> Result<Tlv<'a>> {
        let offset = self.offset();
        let data = self.rest();
        let head = head(data, self.rules).map_err(|code| Error::new(code).at(offset))?;
        if head.is_end_of_contents() {
            return Err(Error::with(Code::Asn1Malformed, "end-of-contents out of place").at(offset));
        }
        let (content, total) = match head.length {
            Some(length) => {
                let total = head.header.checked_add(length).filter(|total| *total <= data.len());
                let total = total.ok_or_else(|| Error::new(Code::Asn1Truncated).at(offset))?;
                (&data[head.header..total], total)
            }
            None => {
                let length = indefinite_length(&data[head.header..], self.depth)
                    .map_err(|(code, at)| Error::new(code).at(offset + head.header + at))?;
                (&data[head.header..head.header + length], head.header + length + 2)
            }
        };
        self.position += total;
        Ok(Tlv {
            tag: head.tag,
            constructed: head.constructed,
            indefinite: head.length.is_none(),
            offset,
            header: head.header,
            content,
            raw: &data[..total],
            rules: self.rules,
            depth: self.depth,
        })
    }

    /// The next element, or as much of it as is there: its contents then end with the input, and the error says why `any`
    /// refuses it. For showing alone. Err: not even a tag and a believable length can be read.
    pub fn any_cut(&mut self) -> Result<(Tlv<'a>, Option<Error>)> {
        let error = match self.any() {
            Ok(tlv) => return Ok((tlv, None)),
            Err(error) => error,
        };
        let (offset, data) = (self.offset(), self.rest());
        let head = match head(data, self.rules) {
            Ok(head) if !head.is_end_of_contents() => head,
            _ => return Err(error),
        };
        // Beyond 4 GiB it is no length, and what follows no contents.
        if head.length.is_some_and(|length| u32::try_from(length).is_err()) {
            return Err(error);
        }
        let content = data.get(head.header..).unwrap_or_default();
        let error = match head.length {
            Some(due) => {
                let detail = format!("{} of {due} octets of the contents are there", content.len());
                Error::with(error.code(), detail).at(offset)
            }
            None => error,
        };
        self.position = self.data.len();
        let Head { tag, constructed, header, length } = head;
        let (rules, depth, indefinite) = (self.rules, self.depth, length.is_none());
        Ok((Tlv { tag, constructed, indefinite, offset, header, content, raw: data, rules, depth }, Some(error)))
    }

    /// The next element, which must have `tag`.
    pub fn expect(&mut self, tag: Tag) -> Result<Tlv<'a>> {
        let offset = self.offset();
        if self.is_empty() {
            return Err(Error::with(Code::Asn1Malformed, format!("{tag} is missing")).at(offset));
        }
        let before = self.position;
        let tlv = self.any()?;
        if tlv.tag != tag {
            self.position = before;
            return Err(Error::with(Code::Asn1Malformed, format!("{} where {tag} is due", tlv.tag)).at(offset));
        }
        Ok(tlv)
    }

    /// The next element if it has `tag`.
    pub fn optional(&mut self, tag: Tag) -> Result<Option<Tlv<'a>>> {
        if self.peek() == Some(tag) { self.any().map(Some) } else { Ok(None) }
    }

    /// Nothing may follow.
    pub fn finish(&self) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        Err(Error::with(Code::Asn1Malformed, "elements follow where none are due").at(self.offset()))
    }

    pub fn sequence(&mut self) -> Result<Reader<'a>> {
        self.expect(Tag::SEQUENCE)?.reader()
    }

    pub fn set(&mut self) -> Result<Reader<'a>> {
        self.expect(Tag::SET)?.reader()
    }

    /// `[number] EXPLICIT`: the one element inside.
    pub fn explicit(&mut self, number: u32) -> Result<Option<Tlv<'a>>> {
        let Some(outer) = self.optional(Tag::context(number))? else { return Ok(None) };
        let mut reader = outer.reader()?;
        let inner = reader.any()?;
        reader.finish()?;
        Ok(Some(inner))
    }

    pub fn oid(&mut self) -> Result<Oid<'a>> {
        self.expect(Tag::OBJECT_IDENTIFIER)?.as_oid()
    }

    pub fn integer(&mut self) -> Result<Integer<'a>> {
        self.expect(Tag::INTEGER)?.as_integer()
    }

    /// A small non-negative INTEGER, such as a version or a count.
    pub fn u64(&mut self) -> Result<u64> {
        let offset = self.offset();
        let value = self.integer()?.to_u64();
        value.ok_or_else(|| Error::with(Code::Asn1Malformed, "INTEGER out of range").at(offset))
    }

    pub fn octet_string(&mut self) -> Result<Octets<'a>> {
        self.expect(Tag::OCTET_STRING)?.as_octets()
    }

    pub fn bit_string(&mut self) -> Result<BitString<'a>> {
        self.expect(Tag::BIT_STRING)?.as_bit_string()
    }

    pub fn boolean(&mut self) -> Result<bool> {
        self.expect(Tag::BOOLEAN)?.as_boolean()
    }
}

impl<'a> Tlv<'a> {
    /// The first element of `data`; what follows it is ignored, so look at `raw.len()`.
    pub fn first(data: &'a [u8], rules: Rules, limits: &Limits) -> Result<Self> {
        Reader::new(data, rules, limits).any()
    }

    /// A reader of the elements inside.
    pub fn reader(&self) -> Result<Reader<'a>> {
        if !self.constructed {
            return Err(Error::with(Code::Asn1Malformed, format!("{} is primitive", self.tag)).at(self.offset));
        }
        let depth = self.depth.checked_sub(1).ok_or_else(|| Error::new(Code::LimitAsn1Depth).at(self.offset))?;
        Ok(Reader { data: self.content, position: 0, base: self.offset + self.header, rules: self.rules, depth })
    }

    pub fn rules(&self) -> Rules {
        self.rules
    }

    fn primitive(&self) -> Result<&'a [u8]> {
        if self.constructed {
            return Err(Error::with(Code::Asn1Malformed, format!("{} is constructed", self.tag)).at(self.offset));
        }
        Ok(self.content)
    }

    pub fn as_oid(&self) -> Result<Oid<'a>> {
        Oid::from_content(self.primitive()?)
            .ok_or_else(|| Error::with(Code::Asn1Malformed, "not an OBJECT IDENTIFIER").at(self.offset))
    }

    pub fn as_integer(&self) -> Result<Integer<'a>> {
        let content = self.primitive()?;
        let padded = matches!(content, [0, second, ..] if second & 0x80 == 0)
            || matches!(content, [0xff, second, ..] if second & 0x80 != 0);
        match content {
            [] => Err(Error::with(Code::Asn1Malformed, "empty INTEGER").at(self.offset)),
            _ if padded && self.rules == Rules::Der => {
                Err(Error::with(Code::Asn1NotDer, "padded INTEGER").at(self.offset))
            }
            _ => Ok(Integer(content)),
        }
    }

    /// The octets of an OCTET STRING (or an IMPLICIT one), primitive or in segments.
    pub fn as_octets(&self) -> Result<Octets<'a>> {
        octets::octets(self, self.depth)
    }

    pub fn as_bit_string(&self) -> Result<BitString<'a>> {
        // Constructed BIT STRINGs are refused: readers disagree about them, and no honest writer of mail makes them.
        BitString::from_content(self.primitive()?)
            .ok_or_else(|| Error::with(Code::Asn1Malformed, "not a BIT STRING").at(self.offset))
    }

    pub fn as_boolean(&self) -> Result<bool> {
        match (self.primitive()?, self.rules) {
            ([0], _) => Ok(false),
            ([0xff], _) | ([_], Rules::Ber) => Ok(true),
            _ => Err(Error::with(Code::Asn1Malformed, "not a BOOLEAN").at(self.offset)),
        }
    }

    pub fn as_null(&self) -> Result<()> {
        if self.tag == Tag::NULL && self.primitive()?.is_empty() {
            return Ok(());
        }
        Err(Error::with(Code::Asn1Malformed, "not NULL").at(self.offset))
    }

    /// UTCTime or GeneralizedTime.
    pub fn as_time(&self) -> Result<UnixTime> {
        let content = self.primitive()?;
        let time = match self.tag {
            Tag::UTC_TIME => time::utc_time(content),
            Tag::GENERALIZED_TIME => time::generalized_time(content),
            _ => None,
        };
        time.ok_or_else(|| Error::new(Code::Asn1Time).at(self.offset))
    }
}

/// An INTEGER: two's complement, big-endian, not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Integer<'a>(&'a [u8]);

impl<'a> Integer<'a> {
    /// The contents octets as received.
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }

    pub fn is_negative(&self) -> bool {
        self.0[0] & 0x80 != 0
    }

    /// Magnitude without leading zeros; None if negative.
    pub fn to_unsigned(&self) -> Option<&'a [u8]> {
        if self.is_negative() {
            return None;
        }
        let zeros = self.0.iter().take_while(|byte| **byte == 0).count();
        Some(&self.0[zeros..])
    }

    pub fn to_u64(&self) -> Option<u64> {
        let magnitude = self.to_unsigned()?;
        if magnitude.len() > 8 {
            return None;
        }
        Some(magnitude.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }
}

/// Reads identifier and length octets.
fn head(data: &[u8], rules: Rules) -> core::result::Result<Head, Code> {
    let [first, rest @ ..] = data else { return Err(Code::Asn1Truncated) };
    let class = u32::from(first >> 6) << 30;
    let constructed = first & 0x20 != 0;
    let (number, used) = match first & 0x1f {
        0x1f => long_tag(rest)?,
        short => (u32::from(short), 0),
    };
    let (length, length_octets) = length(&rest[used..], rules)?;
    // Universal 0 is reserved for end-of-contents, which is 00 00 and nothing else (X.690 §8.1.5).
    let reserved = class == 0 && number == 0 && (constructed || length != Some(0) || length_octets != 1);
    if reserved || (length.is_none() && !constructed) {
        return Err(Code::Asn1Malformed);
    }
    Ok(Head { tag: Tag(class | number), constructed, header: 1 + used + length_octets, length })
}

fn long_tag(data: &[u8]) -> core::result::Result<(u32, usize), Code> {
    let mut number = 0_u32;
    for (index, byte) in data.iter().enumerate() {
        // Four octets hold 28 bits: more than any structure here needs, and room beside the class.
        if index == 4 || (index == 0 && *byte == 0x80) {
            return Err(Code::Asn1Malformed);
        }
        number = number << 7 | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return if number < 0x1f { Err(Code::Asn1Malformed) } else { Ok((number, index + 1)) };
        }
    }
    Err(Code::Asn1Truncated)
}

/// The length (None: indefinite) and the octets that it took.
fn length(data: &[u8], rules: Rules) -> core::result::Result<(Option<usize>, usize), Code> {
    let [first, rest @ ..] = data else { return Err(Code::Asn1Truncated) };
    match *first {
        short @ 0..0x80 => Ok((Some(usize::from(short)), 1)),
        0x80 if rules == Rules::Ber => Ok((None, 1)),
        0x80 => Err(Code::Asn1NotDer),
        0xff => Err(Code::Asn1Malformed),
        long => {
            let count = usize::from(long & 0x7f);
            let octets = rest.get(..count).ok_or(Code::Asn1Truncated)?;
            let zeros = octets.iter().take_while(|octet| **octet == 0).count();
            let significant = &octets[zeros..];
            if significant.len() > 8 {
                return Err(Code::Asn1Truncated);
            }
            let value = significant.iter().fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
            if rules == Rules::Der && (zeros > 0 || value < 0x80) {
                return Err(Code::Asn1NotDer);
            }
            // A length beyond the address space is beyond the input as well.
            let value = usize::try_from(value).map_err(|_| Code::Asn1Truncated)?;
            Ok((Some(value), 1 + count))
        }
    }
}

/// Octets before the end-of-contents that closes the element whose contents start at `data`.
fn indefinite_length(data: &[u8], depth: u32) -> core::result::Result<usize, (Code, usize)> {
    let mut position = 0;
    let mut open = 1_u32;
    loop {
        let rest = data.get(position..).unwrap_or_default();
        let head = head(rest, Rules::Ber).map_err(|code| (code, position))?;
        if head.is_end_of_contents() {
            open -= 1;
            if open == 0 {
                return Ok(position);
            }
            position += 2;
            continue;
        }
        match head.length {
            None => {
                open += 1;
                if open > depth {
                    return Err((Code::LimitAsn1Depth, position));
                }
                position += head.header;
            }
            Some(length) => {
                let next = position.checked_add(head.header).and_then(|start| start.checked_add(length));
                position = next.filter(|next| *next <= data.len()).ok_or((Code::Asn1Truncated, position))?;
            }
        }
    }
}
