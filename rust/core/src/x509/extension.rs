//! Extensions of a certificate (RFC 5280 §4.2): read once, in one pass, into plain facts.
//!
//! ```asn1
//! Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension
//! Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
//! ```
//!
//! An extension that cannot be read does not make the certificate unreadable: the fault is kept, the extension allows
//! nothing, and a chain through the certificate is refused. So a signature in an archive can still be looked at.

use core::ops::Range;

use crate::asn1::{BitString, Oid, Reader, Tag, Tlv, oid};
use crate::error::Within;
use crate::x509::general_name::GeneralName;
use crate::{Code, Error, Limits, Result};

/// One extension as received.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    pub extn_id: Oid<'a>,
    pub critical: bool,
    /// Contents of the OCTET STRING.
    pub extn_value: &'a [u8],
    offset: usize,
}

/// keyUsage, RFC 5280 §4.2.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyUsage(u16);

macro_rules! key_usages {
    ($($name:ident $bit:literal)+) => {
        impl KeyUsage {
            /// The names of the bits, as in RFC 5280.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];
            $(pub const fn $name(self) -> bool { self.0 & 1 << $bit != 0 })+
        }
    };
}

key_usages! {
    digital_signature 0
    non_repudiation 1
    key_encipherment 2
    data_encipherment 3
    key_agreement 4
    key_cert_sign 5
    crl_sign 6
    encipher_only 7
    decipher_only 8
}

impl KeyUsage {
    /// The names of the bits that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().enumerate().filter(move |(bit, _)| self.0 & 1 << bit != 0).map(|(_, name)| *name)
    }

    fn read(bits: BitString<'_>) -> Option<Self> {
        // Padding that is set would be a usage for one reader and none for another.
        let padding = bits.bytes.last().map_or(0, |last| last & !(0xff_u16 << bits.unused_bits) as u8);
        let set = (0..Self::NAMES.len()).filter(|bit| bits.has(*bit)).fold(0, |set, bit| set | 1 << bit);
        (padding == 0).then_some(Self(set))
    }
}

/// basicConstraints, RFC 5280 §4.2.1.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    pub ca: bool,
    /// How many CA certificates that are not self-issued may follow; a number beyond 64 bits stands as the greatest.
    pub path_len: Option<u64>,
}

/// authorityKeyIdentifier, RFC 5280 §4.2.1.1: a hint where the issuer may be found, no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorityKeyIdentifier<'a> {
    pub key_identifier: Option<&'a [u8]>,
    /// authorityCertIssuer: contents of the GeneralNames.
    pub issuer: Option<&'a [u8]>,
    /// authorityCertSerialNumber: contents octets.
    pub serial: Option<&'a [u8]>,
}

/// Where the parts of [`AuthorityKeyIdentifier`] stand in the certificate's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AuthorityRanges {
    pub key_identifier: Option<Range<usize>>,
    pub issuer: Option<Range<usize>>,
    pub serial: Option<Range<usize>>,
}

/// What the extensions of a certificate say.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub key_usage: Option<KeyUsage>,
    /// Whether emailProtection or anyExtendedKeyUsage is listed; None: no extension.
    pub mail_usage: Option<bool>,
    pub basic_constraints: Option<BasicConstraints>,
    /// Where in the certificate's bytes the identifier stands.
    pub subject_key_identifier: Option<Range<usize>>,
    pub authority_key_identifier: Option<AuthorityRanges>,
    /// Addresses of subjectAltName; None: it names none, or there is none.
    pub mailboxes: Option<Vec<String>>,
    pub name_constraints: bool,
    /// policyMappings, policyConstraints, inhibitAnyPolicy, or critical certificatePolicies.
    pub policy_constraints: bool,
    /// Index of the first critical extension that is not known.
    pub unknown_critical: Option<usize>,
    pub duplicate: bool,
    /// The first extension that could not be read.
    pub fault: Option<Error>,
}

/// All extensions of the SEQUENCE, in order.
pub(super) fn read_extensions<'a>(mut reader: Reader<'a>) -> Result<Vec<Extension<'a>>> {
    let mut extensions = Vec::new();
    while !reader.is_empty() {
        extensions.push(read_extension(&mut reader).item("extensions", extensions.len())?);
    }
    Ok(extensions)
}

fn read_extension<'a>(reader: &mut Reader<'a>) -> Result<Extension<'a>> {
    let mut fields = reader.sequence()?;
    let extn_id = fields.oid().field("extnID")?;
    let critical = match fields.optional(Tag::BOOLEAN)? {
        Some(critical) => critical.as_boolean().field("critical")?,
        None => false,
    };
    let value = fields.octet_string().field("extnValue")?;
    fields.finish()?;
    let tlv = value.tlv();
    if tlv.constructed {
        // Everything inside is read in place; no writer of certificates splits them.
        return Err(Error::with(Code::Asn1Malformed, "extnValue in segments").at(tlv.offset).within("extnValue"));
    }
    Ok(Extension { extn_id, critical, extn_value: tlv.content, offset: tlv.offset + tlv.header })
}

impl Facts {
    pub fn of(extensions: &[Extension<'_>], limits: &Limits) -> Self {
        let mut facts = Self { duplicate: has_duplicate(extensions), ..Self::default() };
        let mut seen = 0_u32;
        for (index, extension) in extensions.iter().enumerate() {
            let known = KNOWN.iter().position(|known| *known == extension.extn_id);
            match known {
                // The first one counts; `duplicate` refuses the chain anyway.
                Some(known) if seen & 1 << known == 0 => {
                    seen |= 1 << known;
                    if let Err(error) = facts.read(extension, limits).item("extensions", index) {
                        facts.fault.get_or_insert(error);
                    }
                }
                Some(_) => {}
                None if extension.critical && facts.unknown_critical.is_none() => {
                    facts.unknown_critical = Some(index);
                }
                None => {}
            }
        }
        facts
    }

    /// The fact is set to its narrowest meaning before the value is read, so that a fault never widens it.
    fn read(&mut self, extension: &Extension<'_>, limits: &Limits) -> Result<()> {
        let mut reader = Reader::ber(extension.extn_value, limits).with_base(extension.offset);
        let reader = &mut reader;
        match extension.extn_id {
            oid::KEY_USAGE => {
                self.key_usage = Some(KeyUsage(0));
                self.key_usage = Some(key_usage(reader)?);
            }
            oid::EXTENDED_KEY_USAGE => {
                self.mail_usage = Some(false);
                let mail = [oid::EMAIL_PROTECTION, oid::ANY_EXTENDED_KEY_USAGE];
                self.mail_usage = Some(key_purposes(reader)?.iter().any(|purpose| mail.contains(purpose)));
            }
            oid::BASIC_CONSTRAINTS => {
                self.basic_constraints = Some(BasicConstraints { ca: false, path_len: None });
                self.basic_constraints = Some(basic_constraints(reader)?);
            }
            oid::SUBJECT_KEY_IDENTIFIER => {
                let tlv = reader.expect(Tag::OCTET_STRING)?;
                reader.finish()?;
                self.subject_key_identifier = Some(primitive_range(&tlv)?);
            }
            oid::AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key_identifier = Some(authority_key_identifier(reader)?);
            }
            oid::SUBJECT_ALT_NAME => self.subject_alt_name(reader)?,
            oid::NAME_CONSTRAINTS => self.name_constraints = true,
            oid::POLICY_MAPPINGS | oid::POLICY_CONSTRAINTS | oid::INHIBIT_ANY_POLICY => self.policy_constraints = true,
            oid::CERTIFICATE_POLICIES => self.policy_constraints |= extension.critical,
            _ => {}
        }
        Ok(())
    }

    fn subject_alt_name(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        // Unreadable names must not make the addresses of the subject count instead.
        self.mailboxes = Some(Vec::new());
        let mut names = reader.sequence()?;
        reader.finish()?;
        let names = GeneralName::read_all(&mut names)?;
        let mailboxes: Vec<String> = names.iter().filter_map(GeneralName::mailbox).map(str::to_owned).collect();
        self.mailboxes = if mailboxes.is_empty() { None } else { Some(mailboxes) };
        Ok(())
    }
}

/// What a critical extension may be without stopping the chain. issuerAltName, authorityInfoAccess and
/// cRLDistributionPoints ask nothing of the chain itself: revocation is a question of its own.
const KNOWN: &[Oid<'static>] = &[
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::KEY_USAGE,
    oid::SUBJECT_ALT_NAME,
    oid::ISSUER_ALT_NAME,
    oid::BASIC_CONSTRAINTS,
    oid::NAME_CONSTRAINTS,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::CERTIFICATE_POLICIES,
    oid::POLICY_MAPPINGS,
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::POLICY_CONSTRAINTS,
    oid::EXTENDED_KEY_USAGE,
    oid::INHIBIT_ANY_POLICY,
    oid::AUTHORITY_INFO_ACCESS,
    oid::NO_REV_AVAIL,
];

/// Sorted rather than compared pair by pair: there may be many.
fn has_duplicate(extensions: &[Extension<'_>]) -> bool {
    let mut ids: Vec<&[u8]> = extensions.iter().map(|extension| extension.extn_id.content()).collect();
    ids.sort_unstable();
    ids.windows(2).any(|pair| pair[0] == pair[1])
}

fn key_usage(reader: &mut Reader<'_>) -> Result<KeyUsage> {
    let offset = reader.offset();
    let bits = reader.bit_string()?;
    reader.finish()?;
    KeyUsage::read(bits).ok_or_else(|| Error::with(Code::Asn1Malformed, "unused bits are set").at(offset))
}

/// `ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId`
pub(super) fn key_purposes<'a>(reader: &mut Reader<'a>) -> Result<Vec<Oid<'a>>> {
    let mut list = reader.sequence()?;
    reader.finish()?;
    let mut purposes = Vec::new();
    while !list.is_empty() {
        purposes.push(list.oid()?);
    }
    Ok(purposes)
}

/// `BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER (0..MAX) OPTIONAL }`
fn basic_constraints(reader: &mut Reader<'_>) -> Result<BasicConstraints> {
    let mut fields = reader.sequence()?;
    reader.finish()?;
    let ca = match fields.optional(Tag::BOOLEAN)? {
        Some(ca) => ca.as_boolean().field("cA")?,
        None => false,
    };
    let path_len = match fields.optional(Tag::INTEGER)? {
        Some(length) => {
            let number = length.as_integer()?;
            if number.is_negative() {
                return Err(Error::with(Code::Asn1Malformed, "negative").at(length.offset).within("pathLenConstraint"));
            }
            Some(number.to_u64().unwrap_or(u64::MAX))
        }
        None => None,
    };
    fields.finish()?;
    Ok(BasicConstraints { ca, path_len })
}

/// `AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] OCTET STRING OPTIONAL, authorityCertIssuer [1] GeneralNames
/// OPTIONAL, authorityCertSerialNumber [2] INTEGER OPTIONAL }`; the last two both or neither.
fn authority_key_identifier(reader: &mut Reader<'_>) -> Result<AuthorityRanges> {
    let mut fields = reader.sequence()?;
    reader.finish()?;
    let key_identifier = fields.optional(Tag::context(0))?;
    let issuer = fields.optional(Tag::context(1))?;
    let serial = fields.optional(Tag::context(2))?;
    fields.finish()?;
    if issuer.is_some() != serial.is_some() {
        let detail = "authorityCertIssuer and authorityCertSerialNumber belong together";
        return Err(Error::with(Code::Asn1Malformed, detail).at(fields.offset()));
    }
    if let Some(issuer) = issuer {
        GeneralName::read_all(&mut issuer.reader()?).field("authorityCertIssuer")?;
    }
    if let Some(serial) = serial {
        serial.as_integer().field("authorityCertSerialNumber")?;
    }
    Ok(AuthorityRanges {
        key_identifier: key_identifier.map(|tlv| primitive_range(&tlv)).transpose()?,
        issuer: issuer.map(|tlv| content_range(&tlv)),
        serial: serial.map(|tlv| content_range(&tlv)),
    })
}

fn primitive_range(tlv: &Tlv<'_>) -> Result<Range<usize>> {
    if tlv.constructed {
        return Err(Error::with(Code::Asn1Malformed, "an identifier in segments").at(tlv.offset));
    }
    Ok(content_range(tlv))
}

pub(super) fn content_range(tlv: &Tlv<'_>) -> Range<usize> {
    let start = tlv.offset + tlv.header;
    start..start + tlv.content.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::writer::Writer;
    use crate::x509::testing::{key_usage_value, octets};
    use proptest::prelude::*;

    fn facts(extensions: &[(Oid<'static>, bool, Vec<u8>)]) -> Facts {
        let list: Vec<_> = extensions
            .iter()
            .map(|(extn_id, critical, value)| Extension {
                extn_id: *extn_id,
                critical: *critical,
                extn_value: value,
                offset: 0,
            })
            .collect();
        Facts::of(&list, &Limits::default())
    }

    fn one(extn_id: Oid<'static>, value: &[u8]) -> Facts {
        facts(&[(extn_id, false, value.to_vec())])
    }

    #[test]
    fn rfc5280_4_2_1_3_key_usage_bits() {
        let usage = one(oid::KEY_USAGE, &key_usage_value(&[0, 5, 8])).key_usage.unwrap();
        assert!(usage.digital_signature() && usage.key_cert_sign() && usage.decipher_only());
        assert!(!usage.non_repudiation() && !usage.crl_sign());
        assert_eq!(usage.names().collect::<Vec<_>>(), ["digital_signature", "key_cert_sign", "decipher_only"]);
    }

    #[test]
    fn a_fault_allows_nothing() {
        for bad in [&[3, 2, 8, 0][..], &[3, 1, 1], &[3, 2, 4, 0x08 | 0x80], &[4, 1, 0], &[3, 2, 0, 0x80, 5, 0], &[]] {
            let facts = one(oid::KEY_USAGE, bad);
            assert!(facts.fault.is_some() && facts.key_usage == Some(KeyUsage(0)), "{bad:02x?}");
        }
        let facts = one(oid::EXTENDED_KEY_USAGE, &[0x30, 1, 6]);
        assert!(facts.fault.is_some() && facts.mail_usage == Some(false));
        let facts = one(oid::BASIC_CONSTRAINTS, &[0x30, 6, 1, 1, 0xff, 2, 1, 0x80]);
        assert!(facts.fault.is_some() && facts.basic_constraints.is_some_and(|basic| !basic.ca));
        let facts = one(oid::SUBJECT_ALT_NAME, &[0x30, 0]);
        assert!(facts.fault.is_some() && facts.mailboxes == Some(Vec::new()));
        assert_eq!(facts.fault.unwrap().finding().path, "extensions[0]");
    }

    #[test]
    fn rfc5280_4_2_1_9_basic_constraints() {
        let read = |value: &[u8]| one(oid::BASIC_CONSTRAINTS, value).basic_constraints.unwrap();
        assert_eq!(read(&[0x30, 0]), BasicConstraints { ca: false, path_len: None });
        assert_eq!(read(&[0x30, 3, 1, 1, 0xff]), BasicConstraints { ca: true, path_len: None });
        assert_eq!(read(&[0x30, 6, 1, 1, 0xff, 2, 1, 0]), BasicConstraints { ca: true, path_len: Some(0) });
        let huge = [&[0x30, 14, 1, 1, 0xff, 2, 9][..], &[0x7f; 9]].concat();
        assert_eq!(read(&huge).path_len, Some(u64::MAX));
    }

    #[test]
    fn rfc8550_4_4_4_mail_usage() {
        let usage = |purposes: &[Oid<'static>]| {
            let mut writer = Writer::new();
            writer.sequence(|w| purposes.iter().rev().for_each(|purpose| w.oid(*purpose)));
            one(oid::EXTENDED_KEY_USAGE, &writer.into_vec()).mail_usage
        };
        assert_eq!(usage(&[oid::CLIENT_AUTH, oid::EMAIL_PROTECTION]), Some(true));
        assert_eq!(usage(&[oid::ANY_EXTENDED_KEY_USAGE]), Some(true));
        assert_eq!(usage(&[oid::SERVER_AUTH]), Some(false));
        assert_eq!(usage(&[]), Some(false));
        assert_eq!(facts(&[]).mail_usage, None);
    }

    /// P-04
    #[test]
    fn rfc5280_4_2_repeated_and_unknown_critical() {
        let unknown = crate::oid!(2, 999, 1);
        let none = facts(&[(unknown, false, vec![]), (oid::BASIC_CONSTRAINTS, true, vec![0x30, 0])]);
        assert!(!none.duplicate && none.unknown_critical.is_none() && none.fault.is_none());
        assert_eq!(facts(&[(unknown, false, vec![]), (unknown, true, vec![])]).unknown_critical, Some(1));
        let twice = facts(&[
            (oid::KEY_USAGE, true, key_usage_value(&[6])),
            (unknown, false, vec![]),
            (oid::KEY_USAGE, true, key_usage_value(&[5])),
        ]);
        assert!(twice.duplicate && twice.key_usage.is_some_and(|usage| usage.crl_sign() && !usage.key_cert_sign()));
    }

    #[test]
    fn rfc5280_4_2_1_1_authority_key_identifier() {
        let whole = [0x30, 14, 0x80, 1, 7, 0xa1, 6, 0x86, 4, b'l', b'd', b'a', b'p', 0x82, 1, 5];
        let read = one(oid::AUTHORITY_KEY_IDENTIFIER, &whole).authority_key_identifier.unwrap();
        assert_eq!((read.key_identifier, read.issuer, read.serial), (Some(4..5), Some(7..13), Some(15..16)));
        let empty = one(oid::AUTHORITY_KEY_IDENTIFIER, &[0x30, 0]);
        assert!(empty.fault.is_none() && empty.authority_key_identifier.unwrap().key_identifier.is_none());
        for bad in [&whole[..13], &[0x30, 3, 0x82, 1, 5], &[0x30, 5, 0xa0, 3, 4, 1, 7], &[0x30, 0, 0]] {
            let facts = one(oid::AUTHORITY_KEY_IDENTIFIER, bad);
            assert!(facts.fault.is_some() && facts.authority_key_identifier.is_none(), "{bad:02x?}");
        }
    }

    #[test]
    fn rfc5280_4_2_policies_and_name_constraints_are_seen() {
        assert!(one(oid::NAME_CONSTRAINTS, &[0x30, 0]).name_constraints);
        for extension in [oid::POLICY_CONSTRAINTS, oid::POLICY_MAPPINGS, oid::INHIBIT_ANY_POLICY] {
            assert!(one(extension, &[0x30, 0]).policy_constraints);
        }
        assert!(!one(oid::CERTIFICATE_POLICIES, &[0x30, 0]).policy_constraints);
        assert!(facts(&[(oid::CERTIFICATE_POLICIES, true, vec![0x30, 0])]).policy_constraints);
    }

    #[test]
    fn identifier_range_points_at_the_octets() {
        let range = one(oid::SUBJECT_KEY_IDENTIFIER, &octets(b"id")).subject_key_identifier;
        assert_eq!(range, Some(2..4));
        assert!(one(oid::SUBJECT_KEY_IDENTIFIER, &[0x24, 3, 4, 1, 7]).fault.is_some());
    }

    proptest! {
        #[test]
        fn any_value(known in 0..KNOWN.len(), value in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = one(KNOWN[known], &value);
        }
    }
}
