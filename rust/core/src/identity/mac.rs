//! The MAC over a PFX (RFC 7292 §4, App. B).
//!
//! ```text
//! MacData ::= SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }
//! ```
//! The digestAlgorithm is a digest, and the key comes from the derivation of PKCS#12; or it is PBMAC1 (RFC 9879), which
//! brings its own derivation, and macSalt and iterations mean nothing.

use std::borrow::Cow;

use crate::alg::pbe::Pbkdf2;
use crate::alg::{AlgorithmIdentifier, Implementation, Role, identifier, table};
use crate::asn1::writer::Writer;
use crate::asn1::{Tag, Tlv};
use crate::crypto::password::{Password, Pkcs12Purpose, pkcs12_kdf};
use crate::crypto::random::Random;
use crate::error::Within;
use crate::identity::profile::Pkcs12Profile;
use crate::identity::unlock::Unlock;
use crate::{Code, Error, Result};

/// MacData, read but not checked.
#[derive(Debug)]
pub struct MacData<'a> {
    digest_algorithm: AlgorithmIdentifier<'a>,
    digest: Cow<'a, [u8]>,
    mac_salt: Cow<'a, [u8]>,
    iterations: u64,
}

impl<'a> MacData<'a> {
    /// Err: Asn1Malformed, Asn1Truncated, KeyMalformed (iterations below 1), LimitKdfWork (iterations beyond 64 bits).
    pub fn read(tlv: &Tlv<'a>) -> Result<Self> {
        let mut reader = tlv.reader()?;
        let mut digest_info = reader.sequence().field("mac")?;
        let digest_algorithm = AlgorithmIdentifier::read(&mut digest_info).field("digestAlgorithm").field("mac")?;
        let digest = digest_info.octet_string().field("digest").field("mac")?.to_cow();
        let mac_salt = reader.octet_string().field("macSalt")?.to_cow();
        let iterations = match reader.optional(Tag::INTEGER)? {
            None => 1,
            Some(tlv) => iterations(&tlv).field("iterations")?,
        };
        reader.finish()?;
        Ok(Self { digest_algorithm, digest, mac_salt, iterations })
    }

    /// Finds the password under which the MAC over `auth_safe` is right; `unlock` keeps it in front.
    ///
    /// Err: KeyPasswordWrong, KeyUnsupported (a MAC that is no HMAC of a known digest), KeyMalformed, LimitKdfWork.
    pub fn verify(&self, auth_safe: &[u8], unlock: &mut Unlock<'_>) -> Result<()> {
        if self.digest_algorithm.row_as(&[Role::Mac]).is_some() {
            return self.verify_pbmac1(auth_safe, unlock);
        }
        let (_, digest) = self.digest_algorithm.digest().map_err(|_| unsupported(&self.digest_algorithm))?;
        unlock.first_fitting(self.iterations, "PKCS#12", |password, iterations| {
            let (purpose, len) = (Pkcs12Purpose::Mac, digest.output_len());
            let key = pkcs12_kdf(digest, purpose, password.bmp().expose(), &self.mac_salt, iterations, len);
            // `mac_verify` takes the whole tag only: a file cannot choose to be checked by one octet.
            Ok(digest.mac_verify(key.expose(), auth_safe, &self.digest).then_some(()))
        })
    }

    /// `PBMAC1-params ::= SEQUENCE { keyDerivationFunc AlgorithmIdentifier, messageAuthScheme AlgorithmIdentifier }`
    /// (RFC 8018 App. A.5), with PBKDF2 and HMAC.
    fn verify_pbmac1(&self, auth_safe: &[u8], unlock: &mut Unlock<'_>) -> Result<()> {
        // HMAC by its own name takes no parameters that name a derivation.
        let parameters = self.digest_algorithm.parameters.filter(|parameters| parameters.tag == Tag::SEQUENCE);
        let mut reader = parameters.ok_or_else(|| unsupported(&self.digest_algorithm))?.reader()?;
        let derivation = AlgorithmIdentifier::read(&mut reader).field("keyDerivationFunc")?;
        let scheme = AlgorithmIdentifier::read(&mut reader).field("messageAuthScheme")?;
        reader.finish()?;
        let derivation = Pbkdf2::resolve(&derivation, unlock.limits()).field("keyDerivationFunc")?;
        let scheme_row = scheme.row_as(&[Role::Mac]);
        let Some(Implementation::Mac(digest)) = scheme_row.and_then(|row| row.implementation) else {
            return Err(unsupported(&scheme));
        };
        let len = derivation.key_length().and_then(|len| usize::try_from(len).ok());
        let len = len.filter(|len| PBMAC1_KEY_LENGTHS.contains(len)).ok_or_else(|| {
            Error::with(Code::KeyMalformed, "keyLength of PBMAC1 is absent, below 20, or above 1024 octets")
        })?;
        unlock.first_fitting(derivation.work(), "PKCS#12", |password, _| {
            let key = derivation.derive(password, len);
            Ok(key.filter(|key| digest.mac_verify(key.expose(), auth_safe, &self.digest)).map(|_| ()))
        })
    }
}

/// MacData over `auth_safe`, by the terms of `profile`. Err: MakingFailed (no chance, or no such digest).
pub fn write(auth_safe: &[u8], password: &Password, profile: &Pkcs12Profile, random: &dyn Random) -> Result<Vec<u8>> {
    let failed = || Error::new(Code::MakingFailed);
    let row = table::named(profile.mac_digest).ok_or_else(failed)?;
    let Some(Implementation::Digest(digest)) = row.implementation else { return Err(failed()) };
    let terms = &profile.encryption;
    let salt = random.octets(terms.salt_len).map_err(|_| failed())?;
    let (purpose, len) = (Pkcs12Purpose::Mac, digest.output_len());
    let key = pkcs12_kdf(digest, purpose, password.bmp().expose(), &salt, terms.iterations, len);
    let tag = digest.mac(key.expose(), &[auth_safe]);
    if tag.as_ref().len() != len {
        return Err(failed());
    }
    let mut writer = Writer::new();
    writer.sequence(|writer| {
        writer.u64(u64::from(terms.iterations));
        writer.octet_string(&salt);
        writer.sequence(|writer| {
            writer.octet_string(tag.as_ref());
            // With NULL, as every writer has it.
            identifier::write(writer, row, Writer::null);
        });
    });
    Ok(writer.into_vec())
}

/// RFC 9879 §5: it must be there, and 20 octets at least; no writer makes more than 256.
const PBMAC1_KEY_LENGTHS: core::ops::RangeInclusive<usize> = 20..=1024;

fn unsupported(algorithm: &AlgorithmIdentifier<'_>) -> Error {
    Error::with(Code::KeyUnsupported, format!("a PKCS#12 file whose MAC is made with {}", algorithm.name()))
}

fn iterations(tlv: &Tlv<'_>) -> Result<u64> {
    let integer = tlv.as_integer()?;
    match (integer.to_unsigned(), integer.to_u64()) {
        (None | Some([]), _) => Err(Error::with(Code::KeyMalformed, "fewer than one iteration").at(tlv.offset)),
        (Some(_), None) => Err(Error::with(Code::LimitKdfWork, "more than 2^64 iterations").at(tlv.offset)),
        (Some(_), Some(iterations)) => Ok(iterations),
    }
}

#[cfg(test)]
mod tests;
