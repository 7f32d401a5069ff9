//! keyEncryptionAlgorithm of a KeyTransRecipientInfo.

use crate::alg::identifier::{self, AlgorithmIdentifier, hash_and_mask};
use crate::alg::row::{Implementation, Parameters, Role, Row};
use crate::alg::table;
use crate::asn1::Tag;
use crate::asn1::writer::Writer;
use crate::crypto::digest::{Digest, SHA1};
use crate::crypto::key::{PrivateKey, PublicKey};
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::crypto::transport::{KeyTransport, TransportSettings};
use crate::{Code, Error, Result};

/// keyEncryptionAlgorithm of a KeyTransRecipientInfo.
#[derive(Clone, Debug)]
pub struct TransportAlgorithm {
    row: &'static Row,
    scheme: &'static dyn KeyTransport,
    settings: TransportSettings,
}

impl TransportAlgorithm {
    /// Err: DecryptionAlgorithmUnsupported, DecryptionParameters.
    pub fn resolve(identifier: &AlgorithmIdentifier<'_>) -> Result<Self> {
        let row = identifier.row_as(&[Role::KeyTransport]);
        let Some((row, Implementation::KeyTransport(scheme))) = row.and_then(|row| Some((row, row.implementation?)))
        else {
            return Err(identifier.unsupported(Code::DecryptionAlgorithmUnsupported));
        };
        identifier.obey(row, Code::DecryptionParameters)?;
        let settings = match row.parameters {
            Parameters::Oaep => oaep_parameters(identifier).map_err(|error| match error.code() {
                Code::SignerAlgorithmUnsupported => identifier.unsupported(Code::DecryptionAlgorithmUnsupported),
                _ => identifier.wrong_parameters(Code::DecryptionParameters),
            })?,
            _ => TransportSettings::default(),
        };
        Ok(Self { row, scheme, settings })
    }

    /// To send with; `digest` is that of OAEP and of its MGF1. None: no key transport that is run here.
    pub fn make(row: &'static Row, digest: &'static dyn Digest) -> Option<Self> {
        let Some(Implementation::KeyTransport(scheme)) = row.implementation else { return None };
        let settings = match row.parameters {
            Parameters::Oaep => TransportSettings { digest: Some(digest), mgf_digest: Some(digest), label: Vec::new() },
            _ => TransportSettings::default(),
        };
        Some(Self { row, scheme, settings })
    }

    /// keyEncryptionAlgorithm.
    pub fn write(&self, writer: &mut Writer) {
        let digest = self.settings.digest.and_then(table::of_digest);
        identifier::write(writer, self.row, |writer| match (self.row.parameters, digest) {
            (Parameters::NullOrAbsent, _) => writer.null(),
            (Parameters::Oaep, Some(digest)) => {
                writer.sequence(|writer| identifier::write_hash_and_mask(writer, digest));
            }
            _ => {}
        });
    }

    /// encryptedKey. None: not a key for this, too short a one, or no chance.
    pub fn wrap(&self, key: &PublicKey, cek: &Secret, random: &dyn Random) -> Option<Vec<u8>> {
        self.scheme.encrypt(&self.settings, key, cek, random)
    }

    /// What a key that is elsewhere is asked for: the row's name; of OAEP with its digest, and the digest of MGF1 where it is
    /// another. None: a label, which no such key is told.
    pub fn full_name(&self) -> Option<String> {
        let name = |digest: &dyn Digest| table::of_digest(digest).map(|row| row.name.replace('-', ""));
        match (self.settings.digest, self.settings.mgf_digest) {
            _ if !self.settings.label.is_empty() => None,
            (Some(digest), Some(mask)) if digest.is(mask) => Some(format!("{}-{}", self.row.name, name(digest)?)),
            (Some(digest), Some(mask)) => Some(format!("{}-{}-MGF1-{}", self.row.name, name(digest)?, name(mask)?)),
            _ => Some(self.row.name.to_owned()),
        }
    }

    pub fn row(&self) -> &'static Row {
        self.row
    }

    /// Always a key of `cek_len` octets: where unwrapping fails one that only the holder of `key` could foretell
    /// (implicit rejection), so that every failure looks alike. The same input always gives the same key.
    pub fn unwrap(&self, key: &PrivateKey, encrypted_key: &[u8], cek_len: usize) -> Secret {
        self.scheme.decrypt(&self.settings, key, encrypted_key, cek_len)
    }
}

/// RSAES-OAEP-params ::= SEQUENCE { hashFunc [0] DEFAULT sha1, maskGenFunc [1] DEFAULT mgf1SHA1,
///   pSourceFunc [2] DEFAULT pSpecifiedEmpty } (RFC 4055 §4.1). Absent: the defaults.
fn oaep_parameters(identifier: &AlgorithmIdentifier<'_>) -> Result<TransportSettings> {
    let Some(mut reader) = identifier.sequence()? else {
        return Ok(TransportSettings { digest: Some(&SHA1), mgf_digest: Some(&SHA1), label: Vec::new() });
    };
    let (digest, mgf_digest) = hash_and_mask(&mut reader)?;
    let label = match reader.explicit(2)? {
        Some(tlv) => {
            let source = AlgorithmIdentifier::from_tlv(&tlv)?;
            if table::named("pSpecified").is_none_or(|row| row.oid != source.algorithm) {
                return Err(source.unsupported(Code::SignerAlgorithmUnsupported));
            }
            let octets = source.parameters.filter(|tlv| tlv.tag == Tag::OCTET_STRING);
            octets.ok_or_else(|| Error::new(Code::Asn1Malformed))?.as_octets()?.to_vec()
        }
        None => Vec::new(),
    };
    reader.finish()?;
    Ok(TransportSettings { digest: Some(digest), mgf_digest: Some(mgf_digest), label })
}
