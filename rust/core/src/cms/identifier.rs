//! How a signer's or recipient's certificate is named (RFC 5652 §5.3, §6.2.1, §10.2.4).

use std::borrow::Cow;

use crate::asn1::{Integer, Reader, Tag, Tlv};
use crate::{Code, Error, Result};

/// ```text
/// SignerIdentifier ::= CHOICE {
///   issuerAndSerialNumber IssuerAndSerialNumber,
///   subjectKeyIdentifier [0] SubjectKeyIdentifier }   -- IMPLICIT OCTET STRING
/// IssuerAndSerialNumber ::= SEQUENCE { issuer Name, serialNumber CertificateSerialNumber }
/// ```
/// RFC 5652 §5.3, §10.2.4
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SignerIdentifier<'a> {
    IssuerAndSerialNumber {
        /// The Name element as received.
        issuer: &'a [u8],
        serial_number: Integer<'a>,
    },
    SubjectKeyIdentifier(Cow<'a, [u8]>),
}

/// RFC 5652 §6.2.1 gives RecipientIdentifier the same choices.
pub type RecipientIdentifier<'a> = SignerIdentifier<'a>;

impl<'a> SignerIdentifier<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self> {
        Self::from_tlv(&reader.any()?)
    }

    pub(super) fn from_tlv(tlv: &Tlv<'a>) -> Result<Self> {
        match tlv.tag {
            Tag::SEQUENCE => issuer_and_serial_number(tlv),
            tag if tag == Tag::context(0) => Ok(Self::SubjectKeyIdentifier(tlv.as_octets()?.to_cow())),
            tag => Err(Error::with(Code::Asn1Malformed, format!("{tag} names no certificate")).at(tlv.offset)),
        }
    }
}

fn issuer_and_serial_number<'a>(tlv: &Tlv<'a>) -> Result<SignerIdentifier<'a>> {
    let mut reader = tlv.reader()?;
    let issuer = reader.expect(Tag::SEQUENCE)?.raw;
    let serial_number = reader.integer()?;
    reader.finish()?;
    Ok(SignerIdentifier::IssuerAndSerialNumber { issuer, serial_number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn read(bytes: &[u8]) -> Result<SignerIdentifier<'_>> {
        SignerIdentifier::read(&mut Reader::ber(bytes, &Limits::default()))
    }

    #[test]
    fn rfc5652_5_3_both_choices() {
        let issuer_serial = [0x30, 5, 0x30, 0, 2, 1, 0x80];
        let SignerIdentifier::IssuerAndSerialNumber { issuer, serial_number } = read(&issuer_serial).unwrap() else {
            panic!("issuerAndSerialNumber");
        };
        assert_eq!((issuer, serial_number.bytes()), (&[0x30, 0][..], &[0x80][..]));
        let primitive = read(&[0x80, 2, 7, 8]).unwrap();
        let segments = read(&[0xa0, 0x80, 4, 1, 7, 4, 1, 8, 0, 0]).unwrap();
        assert_eq!(primitive, SignerIdentifier::SubjectKeyIdentifier(Cow::Borrowed(&[7, 8])));
        assert_eq!(primitive, segments);
    }

    #[test]
    fn rfc5652_5_3_other_choices_are_refused() {
        for bad in [&[0x81, 1, 7][..], &[4, 1, 7], &[0x30, 0], &[0x30, 2, 0x30, 0], &[0x30, 4, 0x31, 0, 2, 0], &[]] {
            assert!(read(bad).is_err(), "{bad:02x?}");
        }
    }
}
