//! Certificate (RFC 5280 §4.1): its bytes as received, and views of them.
//!
//! ```asn1
//! Certificate ::= SEQUENCE { tbsCertificate TBSCertificate, signatureAlgorithm AlgorithmIdentifier, signature BIT STRING }
//! TBSCertificate ::= SEQUENCE {
//!   version [0] EXPLICIT INTEGER DEFAULT v1, serialNumber INTEGER, signature AlgorithmIdentifier, issuer Name,
//!   validity SEQUENCE { notBefore Time, notAfter Time }, subject Name, subjectPublicKeyInfo SubjectPublicKeyInfo,
//!   issuerUniqueID [1] OPTIONAL, subjectUniqueID [2] OPTIONAL, extensions [3] EXPLICIT Extensions OPTIONAL }
//! ```
//!
//! Deviations that do no harm are taken (docs/deviations.md): BER lengths, serial numbers that are zero, negative or
//! long, extensions in a certificate that calls itself v1. Nothing is ever encoded anew: the signature is checked over
//! [`Certificate::tbs`], the octets that came.

use core::ops::Range;
use std::sync::OnceLock;

use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Oid, Reader, Tag, Tlv, UnixTime, oid};
use crate::error::Within;
use crate::keys::PublicKey;
use crate::x509::extension::{
    self, AuthorityKeyIdentifier, BasicConstraints, Extension, Facts, KeyUsage, content_range, read_extensions,
};
use crate::x509::inherit::Inherited;
use crate::x509::name::Name;
use crate::{Code, Error, Limits, Result};

/// One certificate; shared as `Arc<Certificate>`.
pub struct Certificate {
    der: Box<[u8]>,
    /// Empty in one that is asleep: nobody has looked at it yet.
    parts: OnceLock<Box<Parts>>,
    /// Set if its key took its parameters from an issuer's: then it is another certificate than that of the same bytes.
    inherited: Option<Box<Inherited>>,
}

/// What was read, three times as large as the bytes.
struct Parts {
    fields: Fields,
    facts: Facts,
    public_key: OnceLock<Result<PublicKey>>,
    sha256: OnceLock<Option<[u8; 32]>>,
    spki_sha256: OnceLock<Option<[u8; 32]>>,
}

impl Parts {
    fn read(der: &[u8], limits: &Limits) -> Result<Self> {
        let (fields, facts) = read(der, limits)?;
        Ok(Self { fields, facts, public_key: OnceLock::new(), sha256: OnceLock::new(), spki_sha256: OnceLock::new() })
    }
}

/// Where the fields stand in the bytes, and those that are worth keeping read.
struct Fields {
    tbs: Range<usize>,
    signature_algorithm: Range<usize>,
    tbs_signature: Range<usize>,
    signature: Range<usize>,
    version: u8,
    serial: Range<usize>,
    issuer: Name,
    subject: Name,
    self_issued: bool,
    not_before: UnixTime,
    not_after: UnixTime,
    spki: Range<usize>,
    /// Contents of the SEQUENCE of extensions.
    extensions: Option<Range<usize>>,
}

impl Certificate {
    /// `der` is one certificate and nothing else. Errors: the `asn1.*` codes and `certificate.malformed`, with path.
    pub fn from_der(der: &[u8], limits: &Limits) -> Result<Self> {
        let parts = Parts::read(der, limits).field("Certificate")?;
        Ok(Self { der: der.into(), parts: OnceLock::from(Box::new(parts)), inherited: None })
    }

    pub(super) fn completed(der: &[u8], inherited: Inherited, limits: &Limits) -> Result<Self> {
        Ok(Self { inherited: Some(Box::new(inherited)), ..Self::from_der(der, limits)? })
    }

    pub(super) fn inherited(&self) -> Option<&Inherited> {
        self.inherited.as_deref()
    }

    /// The same certificate, of which only the bytes are kept until somebody looks at it: for collections of 100,000.
    /// None if it can be read with wider limits only.
    pub fn asleep(&self) -> Option<Self> {
        read(&self.der, &Limits::default()).ok()?;
        Some(Self { der: self.der.clone(), parts: OnceLock::new(), inherited: None })
    }

    fn parts(&self) -> &Parts {
        // Read once without error by `asleep`; were it not so, the certificate would be one that says nothing.
        let read = || Parts::read(&self.der, &Limits::default()).unwrap_or_else(|_| Parts::unreadable());
        self.parts.get_or_init(|| Box::new(read()))
    }

    /// The bytes as received.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.der.get(range.clone()).unwrap_or_default()
    }

    /// tbsCertificate as received: what the issuer signed.
    pub fn tbs(&self) -> &[u8] {
        self.slice(&self.parts().fields.tbs)
    }

    /// The outer signatureAlgorithm.
    pub fn signature_algorithm(&self) -> AlgorithmIdentifier<'_> {
        let raw = self.slice(&self.parts().fields.signature_algorithm);
        // Read once without error by `from_der`; were it not so, the algorithm would be one that nobody knows.
        algorithm(raw, &Limits::default()).unwrap_or_else(|_| AlgorithmIdentifier::unknown(raw))
    }

    /// Octets of the signature; none if its BIT STRING has unused bits, since no algorithm makes such a one.
    pub fn signature(&self) -> &[u8] {
        self.slice(&self.parts().fields.signature)
    }

    /// RFC 5280 §4.1.1.2: the signed and the unsigned AlgorithmIdentifier must be the same, octet for octet.
    pub fn inner_outer_algorithms_agree(&self) -> bool {
        self.slice(&self.parts().fields.tbs_signature) == self.slice(&self.parts().fields.signature_algorithm)
    }

    /// 1, 2 or 3.
    pub fn version(&self) -> u8 {
        self.parts().fields.version
    }

    /// Contents octets of serialNumber as received.
    pub fn serial(&self) -> &[u8] {
        self.slice(&self.parts().fields.serial)
    }

    /// Lower-case hexadecimal without leading zeros, `-` in front of a negative number.
    pub fn serial_hex(&self) -> String {
        serial_hex(self.serial())
    }

    pub fn issuer(&self) -> &Name {
        &self.parts().fields.issuer
    }

    pub fn subject(&self) -> &Name {
        &self.parts().fields.subject
    }

    pub fn not_before(&self) -> UnixTime {
        self.parts().fields.not_before
    }

    pub fn not_after(&self) -> UnixTime {
        self.parts().fields.not_after
    }

    /// Both ends belong to the validity (RFC 5280 §4.1.2.5).
    pub fn is_valid_at(&self, at: UnixTime) -> bool {
        (self.not_before()..=self.not_after()).contains(&at)
    }

    /// subjectPublicKeyInfo as received, with the parameters that it inherited.
    pub fn spki(&self) -> &[u8] {
        match &self.inherited {
            Some(inherited) => &inherited.spki,
            None => self.slice(&self.parts().fields.spki),
        }
    }

    /// The key, read at the first call; so is the error, whatever the limits of later calls are.
    pub fn public_key(&self, limits: &Limits) -> Result<&PublicKey> {
        self.parts().public_key.get_or_init(|| PublicKey::from_spki(self.spki(), limits)).as_ref().map_err(Clone::clone)
    }

    /// Of the whole certificate.
    pub fn sha256(&self) -> [u8; 32] {
        self.fingerprint().unwrap_or_default()
    }

    pub(super) fn fingerprint(&self) -> Option<[u8; 32]> {
        *self.parts().sha256.get_or_init(|| super::sha256(&self.der))
    }

    pub(super) fn spki_fingerprint(&self) -> Option<[u8; 32]> {
        *self.parts().spki_sha256.get_or_init(|| super::sha256(self.spki()))
    }

    /// Whether `issuer_raw` (a Name) and `serial` (contents octets) name this certificate, as in IssuerAndSerialNumber.
    pub fn is_named_by(&self, issuer_raw: &[u8], serial: &[u8], limits: &Limits) -> bool {
        minimal_integer(serial) == minimal_integer(self.serial()) && self.issuer().equivalent_to_der(issuer_raw, limits)
    }

    /// RFC 5280 §3.2: issuer and subject are the same name.
    pub fn is_self_issued(&self) -> bool {
        self.parts().fields.self_issued
    }
}

/// Extensions.
impl Certificate {
    /// All of them as received, in order.
    pub fn extensions(&self) -> Vec<Extension<'_>> {
        let Some(range) = &self.parts().fields.extensions else { return Vec::new() };
        let reader = Reader::ber(self.slice(range), &Limits::default()).with_base(range.start);
        read_extensions(reader).unwrap_or_default()
    }

    /// The first extension of that kind.
    pub fn extension(&self, extn_id: Oid<'_>) -> Option<Extension<'_>> {
        self.extensions().into_iter().find(|extension| extension.extn_id == extn_id)
    }

    /// None: every usage (RFC 8550 §4.4.2). An unreadable extension allows none.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.parts().facts.key_usage
    }

    /// None: every purpose. An unreadable extension lists none.
    pub fn extended_key_usage(&self) -> Option<Vec<Oid<'_>>> {
        let extension = self.extension(oid::EXTENDED_KEY_USAGE)?;
        let mut reader = Reader::ber(extension.extn_value, &Limits::default());
        Some(extension::key_purposes(&mut reader).unwrap_or_default())
    }

    /// RFC 8550 §4.4.4: no extKeyUsage, or one with emailProtection or anyExtendedKeyUsage.
    pub fn allows_email_protection(&self) -> bool {
        self.parts().facts.mail_usage.unwrap_or(true)
    }

    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.parts().facts.basic_constraints
    }

    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.parts().facts.subject_key_identifier.as_ref().map(|range| self.slice(range))
    }

    pub fn authority_key_identifier(&self) -> Option<AuthorityKeyIdentifier<'_>> {
        let authority = self.parts().facts.authority_key_identifier.as_ref()?;
        let part = |range: &Option<Range<usize>>| range.as_ref().map(|range| self.slice(range));
        Some(AuthorityKeyIdentifier {
            key_identifier: part(&authority.key_identifier),
            issuer: part(&authority.issuer),
            serial: part(&authority.serial),
        })
    }

    /// Mailbox addresses (RFC 8550 §3): rfc822Name and SmtpUTF8Mailbox of subjectAltName; only where it names none, the
    /// PKCS#9 emailAddress of the subject. As written: nothing is folded or converted.
    pub fn mailboxes(&self) -> Vec<String> {
        self.parts().facts.mailboxes.clone().unwrap_or_else(|| self.subject().email_addresses())
    }

    pub fn has_name_constraints(&self) -> bool {
        self.parts().facts.name_constraints
    }

    /// policyConstraints, inhibitAnyPolicy, policyMappings, or critical certificatePolicies.
    pub fn has_policy_constraints(&self) -> bool {
        self.parts().facts.policy_constraints
    }

    pub fn has_unknown_critical(&self) -> bool {
        self.parts().facts.unknown_critical.is_some()
    }

    /// The first critical extension that mailseal does not know.
    pub fn unknown_critical(&self) -> Option<Oid<'_>> {
        let index = self.parts().facts.unknown_critical?;
        self.extensions().get(index).map(|extension| extension.extn_id)
    }

    pub fn duplicate_extension(&self) -> bool {
        self.parts().facts.duplicate
    }

    /// Why an extension could not be read; offsets count from the start of the certificate.
    pub fn extension_fault(&self) -> Option<&Error> {
        self.parts().facts.fault.as_ref()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der && self.inherited_parameters() == other.inherited_parameters()
    }
}

impl Eq for Certificate {}

impl core::hash::Hash for Certificate {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.der.hash(state);
    }
}

impl core::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Certificate(serial {} of {}: {})", self.serial_hex(), self.issuer(), self.subject())
    }
}

/// An INTEGER without the octets that only repeat its sign: equal numbers have equal octets.
pub(super) fn minimal_integer(content: &[u8]) -> &[u8] {
    let mut rest = content;
    while let [sign @ (0 | 0xff), next, ..] = rest {
        if (sign ^ next) & 0x80 != 0 {
            break;
        }
        rest = &rest[1..];
    }
    rest
}

/// Hexadecimal of contents octets of an INTEGER: of its magnitude, `-` in front of a negative one.
pub fn serial_hex(content: &[u8]) -> String {
    let negative = content.first().is_some_and(|first| first & 0x80 != 0);
    let mut magnitude = minimal_integer(content).to_vec();
    if negative {
        let mut carry = true;
        for octet in magnitude.iter_mut().rev() {
            (*octet, carry) = (!*octet).overflowing_add(u8::from(carry));
        }
    }
    let digits: String = magnitude.iter().map(|octet| format!("{octet:02x}")).collect();
    let digits = digits.trim_start_matches('0');
    format!("{}{}", if negative { "-" } else { "" }, if digits.is_empty() { "0" } else { digits })
}

impl Parts {
    fn unreadable() -> Self {
        let fields = Fields {
            tbs: 0..0,
            signature_algorithm: 0..0,
            tbs_signature: 0..0,
            signature: 0..0,
            version: 0,
            serial: 0..0,
            self_issued: false,
            issuer: Name::nothing(),
            subject: Name::nothing(),
            not_before: UnixTime(0),
            not_after: UnixTime(0),
            spki: 0..0,
            extensions: None,
        };
        Self {
            fields,
            facts: Facts::default(),
            public_key: OnceLock::new(),
            sha256: OnceLock::new(),
            spki_sha256: OnceLock::new(),
        }
    }
}

fn range(tlv: &Tlv<'_>) -> Range<usize> {
    tlv.offset..tlv.offset + tlv.raw.len()
}

fn read(der: &[u8], limits: &Limits) -> Result<(Fields, Facts)> {
    let mut reader = Reader::ber(der, limits);
    let mut certificate = reader.sequence()?;
    reader.finish()?;
    let tbs = certificate.expect(Tag::SEQUENCE).field("tbsCertificate")?;
    let (mut fields, facts) = read_tbs(&tbs, der, limits).field("tbsCertificate")?;
    let signature_algorithm = certificate.expect(Tag::SEQUENCE).field("signatureAlgorithm")?;
    algorithm(signature_algorithm.raw, limits).field("signatureAlgorithm")?;
    fields.signature_algorithm = range(&signature_algorithm);
    let signature = certificate.expect(Tag::BIT_STRING).field("signature")?;
    let octets = signature.as_bit_string().field("signature")?.octets().unwrap_or_default();
    let end = content_range(&signature).end;
    fields.signature = end - octets.len()..end;
    certificate.finish()?;
    Ok((fields, facts))
}

fn read_tbs(tbs: &Tlv<'_>, der: &[u8], limits: &Limits) -> Result<(Fields, Facts)> {
    let mut reader = tbs.reader()?;
    let version = read_version(&mut reader).field("version")?;
    let serial = reader.expect(Tag::INTEGER).field("serialNumber")?;
    serial.as_integer().field("serialNumber")?;
    let tbs_signature = reader.expect(Tag::SEQUENCE).field("signature")?;
    let issuer = read_name(&mut reader).field("issuer")?;
    let (not_before, not_after) = read_validity(&mut reader).field("validity")?;
    let subject = read_name(&mut reader).field("subject")?;
    let spki = reader.expect(Tag::SEQUENCE).field("subjectPublicKeyInfo")?;
    reader.optional(Tag::context(1)).field("issuerUniqueID")?;
    reader.optional(Tag::context(2)).field("subjectUniqueID")?;
    let extensions = read_extensions_range(&mut reader).field("extensions")?;
    reader.finish()?;
    let list = match &extensions {
        Some(range) => {
            let content = der.get(range.clone()).unwrap_or_default();
            read_extensions(Reader::ber(content, limits).with_base(range.start))?
        }
        None => Vec::new(),
    };
    let facts = Facts::of(&list, limits);
    let fields = Fields {
        tbs: range(tbs),
        signature_algorithm: 0..0,
        tbs_signature: range(&tbs_signature),
        signature: 0..0,
        version,
        serial: content_range(&serial),
        self_issued: issuer.equivalent(&subject),
        issuer,
        subject,
        not_before,
        not_after,
        spki: range(&spki),
        extensions,
    };
    Ok((fields, facts))
}

fn read_version(reader: &mut Reader<'_>) -> Result<u8> {
    let offset = reader.offset();
    let Some(version) = reader.explicit(0)? else { return Ok(1) };
    match version.as_integer()?.to_u64() {
        Some(version @ 0..=2) => Ok(version as u8 + 1),
        _ => Err(malformed("a version other than 1, 2 and 3").at(offset)),
    }
}

fn read_name(reader: &mut Reader<'_>) -> Result<Name> {
    Name::read(&reader.expect(Tag::SEQUENCE)?)
}

fn read_validity(reader: &mut Reader<'_>) -> Result<(UnixTime, UnixTime)> {
    let mut validity = reader.sequence()?;
    let not_before = validity.any().and_then(|tlv| tlv.as_time()).field("notBefore")?;
    let not_after = validity.any().and_then(|tlv| tlv.as_time()).field("notAfter")?;
    validity.finish()?;
    Ok((not_before, not_after))
}

fn read_extensions_range(reader: &mut Reader<'_>) -> Result<Option<Range<usize>>> {
    let Some(list) = reader.explicit(3)? else { return Ok(None) };
    if list.tag != Tag::SEQUENCE || !list.constructed {
        return Err(malformed("not a SEQUENCE").at(list.offset));
    }
    Ok(Some(content_range(&list)))
}

fn algorithm<'a>(raw: &'a [u8], limits: &Limits) -> Result<AlgorithmIdentifier<'a>> {
    AlgorithmIdentifier::read(&mut Reader::ber(raw, limits))
}

fn malformed(detail: &str) -> Error {
    Error::with(Code::CertificateMalformed, detail)
}

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;
