//! BIT STRING (X.690 §8.6).

/// Contents of a primitive BIT STRING.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitString<'a> {
    pub unused_bits: u8,
    pub bytes: &'a [u8],
}

impl<'a> BitString<'a> {
    pub(super) fn from_content(content: &'a [u8]) -> Option<Self> {
        let (unused_bits, bytes) = content.split_first()?;
        (*unused_bits < 8 && (*unused_bits == 0 || !bytes.is_empty()))
            .then_some(Self { unused_bits: *unused_bits, bytes })
    }

    /// The octets, if no bit is unused: keys and signatures.
    pub fn octets(&self) -> Option<&'a [u8]> {
        (self.unused_bits == 0).then_some(self.bytes)
    }

    /// Bit `number` of a named bit list, bit 0 first.
    pub fn has(&self, number: usize) -> bool {
        self.bytes.get(number / 8).is_some_and(|byte| byte & (0x80 >> (number % 8)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_bits_and_bounds() {
        let usage = BitString::from_content(&[5, 0xa0]).unwrap();
        assert!(usage.has(0) && !usage.has(1) && usage.has(2) && !usage.has(64));
        assert_eq!(usage.octets(), None);
        assert_eq!(BitString::from_content(&[]), None);
        assert_eq!(BitString::from_content(&[8, 0]), None);
        assert_eq!(BitString::from_content(&[1]), None);
        assert_eq!(BitString::from_content(&[0]).unwrap().octets(), Some(&[][..]));
    }
}
