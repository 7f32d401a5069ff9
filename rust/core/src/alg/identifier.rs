//! AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL } (RFC 5280 §4.1.1.2)

use crate::alg::row::{Implementation, Parameters, Role, Row};
use crate::alg::table;
use crate::asn1::writer::Writer;
use crate::asn1::{Oid, Reader, Tag, Tlv};
use crate::crypto::digest::Digest;
use crate::error::Within;
use crate::{Code, Error, Result};

/// rc2ParameterVersion for 128 effective bits (RFC 3370 §5.2).
pub(crate) const RC2_128_VERSION: u64 = 58;

/// AlgorithmIdentifier, RFC 5280 §4.1.1.2
#[derive(Clone, Copy, Debug)]
pub struct AlgorithmIdentifier<'a> {
    pub algorithm: Oid<'a>,
    pub parameters: Option<Tlv<'a>>,
    /// The whole element as received.
    pub raw: &'a [u8],
    pub(crate) offset: usize,
}

impl<'a> AlgorithmIdentifier<'a> {
    pub fn read(reader: &mut Reader<'a>) -> Result<Self> {
        Self::from_tlv(&reader.expect(Tag::SEQUENCE)?)
    }

    /// From the SEQUENCE itself, or from one whose tag an IMPLICIT one replaces.
    pub fn from_tlv(tlv: &Tlv<'a>) -> Result<Self> {
        let mut inner = tlv.reader()?;
        let algorithm = inner.oid().field("algorithm")?;
        let parameters = if inner.is_empty() { None } else { Some(inner.any().field("parameters")?) };
        inner.finish()?;
        Ok(Self { algorithm, parameters, raw: tlv.raw, offset: tlv.offset })
    }

    /// One that nobody knows.
    pub fn unknown(raw: &'a [u8]) -> Self {
        Self { algorithm: Oid::from_static(&[]), parameters: None, raw, offset: 0 }
    }

    /// The row, if the OID is known; with several roles the first. Where the role is known, `row_as` is meant.
    pub fn row(&self) -> Option<&'static Row> {
        table::find(self.algorithm)
    }

    /// The row of one of these roles.
    pub fn row_as(&self, roles: &[Role]) -> Option<&'static Row> {
        table::find_role(self.algorithm, roles)
    }

    /// Row name, else dotted OID: for reports.
    pub fn name(&self) -> String {
        self.row().map_or_else(|| self.algorithm.to_string(), |row| row.name.to_owned())
    }

    /// As `name`, in one of these roles.
    pub fn name_as(&self, roles: &[Role]) -> String {
        self.row_as(roles).map_or_else(|| self.name(), |row| row.name.to_owned())
    }

    /// The digest it names. Err: SignerAlgorithmUnsupported, Asn1Malformed (parameters).
    pub fn digest(&self) -> Result<(&'static Row, &'static dyn Digest)> {
        let row = self.row_as(&[Role::Digest]);
        let Some((row, Implementation::Digest(digest))) = row.and_then(|row| Some((row, row.implementation?))) else {
            return Err(self.unsupported(Code::SignerAlgorithmUnsupported));
        };
        self.obey(row, Code::Asn1Malformed)?;
        Ok((row, digest))
    }

    /// It is not known, or by name only.
    #[cold]
    pub(crate) fn unsupported(&self, code: Code) -> Error {
        Error::with(code, self.name()).at(self.offset)
    }

    /// Its parameters are not what its row demands.
    #[cold]
    pub(crate) fn wrong_parameters(&self, code: Code) -> Error {
        Error::with(code, format!("parameters of {}", self.name())).at(self.offset)
    }

    /// The rules that need no reading of a structure; the others are obeyed by those who read it.
    pub(crate) fn obey(&self, row: &Row, code: Code) -> Result<()> {
        let right = match row.parameters {
            Parameters::Absent => self.parameters.is_none(),
            Parameters::NullOrAbsent => self.parameters.is_none_or(|parameters| parameters.as_null().is_ok()),
            Parameters::Rc2Version => self.integer() == Some(RC2_128_VERSION),
            Parameters::OutputBits(bits) => self.integer() == Some(u64::from(bits)),
            _ => true,
        };
        if right { Ok(()) } else { Err(self.wrong_parameters(code)) }
    }

    /// Parameters that are an INTEGER.
    fn integer(&self) -> Option<u64> {
        self.parameters.filter(|tlv| tlv.tag == Tag::INTEGER)?.as_integer().ok()?.to_u64()
    }

    /// The octets of an initialization vector of exactly `len`.
    pub(crate) fn iv(&self, len: usize) -> Option<Vec<u8>> {
        let octets = self.parameters.filter(|tlv| tlv.tag == Tag::OCTET_STRING)?.as_octets().ok()?;
        (octets.len() == len).then(|| octets.to_vec())
    }

    /// Parameters that are a SEQUENCE; None if absent.
    pub(crate) fn sequence(&self) -> Result<Option<Reader<'a>>> {
        let Some(parameters) = self.parameters else { return Ok(None) };
        if parameters.tag != Tag::SEQUENCE {
            return Err(Error::with(Code::Asn1Malformed, "SEQUENCE is missing").at(parameters.offset));
        }
        parameters.reader().map(Some)
    }
}

/// Writes what `row` names, with what `parameters` writes behind its OID.
pub(crate) fn write(writer: &mut Writer, row: &Row, parameters: impl FnOnce(&mut Writer)) {
    writer.sequence(|writer| {
        parameters(writer);
        writer.oid(row.oid);
    });
}

/// A digest algorithm: parameters absent, as RFC 5754 §2 and RFC 8702 §3.1 have it.
pub(crate) fn write_digest(writer: &mut Writer, row: &Row) {
    write(writer, row, |_| {});
}

/// `hash_and_mask`, written. The digest inside has NULL where its row takes it: RFC 4055 §2.1 takes both and shows this.
pub(crate) fn write_hash_and_mask(writer: &mut Writer, digest: &Row) {
    let hash = |writer: &mut Writer| {
        write(writer, digest, |writer| {
            if digest.parameters == Parameters::NullOrAbsent {
                writer.null();
            }
        });
    };
    if let Some(mgf1) = table::named("MGF1") {
        writer.explicit(1, |writer| write(writer, mgf1, hash));
    }
    writer.explicit(0, hash);
}

/// The digest of a hash algorithm and that of `MGF1`, both SHA-1 by default: the beginning of RSASSA-PSS-params and of
/// RSAES-OAEP-params (RFC 4055 §3.1, §4.1).
pub(crate) fn hash_and_mask(reader: &mut Reader<'_>) -> Result<(&'static dyn Digest, &'static dyn Digest)> {
    let sha1: &'static dyn Digest = &crate::crypto::digest::SHA1;
    let digest = match reader.explicit(0)? {
        Some(tlv) => AlgorithmIdentifier::from_tlv(&tlv).and_then(|id| id.digest()).field("hashAlgorithm")?.1,
        None => sha1,
    };
    let mask = match reader.explicit(1)? {
        Some(tlv) => mask_digest(&tlv).field("maskGenAlgorithm")?,
        None => sha1,
    };
    Ok((digest, mask))
}

fn mask_digest(tlv: &Tlv<'_>) -> Result<&'static dyn Digest> {
    let mask = AlgorithmIdentifier::from_tlv(tlv)?;
    if mask.row_as(&[Role::Part]).is_none_or(|row| row.name != "MGF1") {
        return Err(mask.unsupported(Code::SignerAlgorithmUnsupported));
    }
    let inner = mask.parameters.ok_or_else(|| mask.wrong_parameters(Code::Asn1Malformed))?;
    AlgorithmIdentifier::from_tlv(&inner)?.digest().map(|(_, digest)| digest)
}

/// What goes wrong in a key file is the key's; limits stay limits.
pub(crate) fn as_key_error(error: Error) -> Error {
    let code = match error.code() {
        Code::LimitKeyBits | Code::LimitKdfWork | Code::LimitAsn1Depth => return error,
        Code::KeyMalformed | Code::KeyUnsupported => return error,
        Code::SignerAlgorithmUnsupported => Code::KeyUnsupported,
        _ => Code::KeyMalformed,
    };
    let finding = error.into_finding();
    let changed = Error::with(code, finding.detail).within(&finding.path);
    if let Some(at) = finding.offset { changed.at(at) } else { changed }
}
