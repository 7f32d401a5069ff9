//! The MAC over a PFX (RFC 7292 §4, App. B).
//!
//! ```text
//! MacData ::= SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }
//! ```

use std::borrow::Cow;

use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Tag, Tlv};
use crate::crypto::password::{Pkcs12Purpose, pkcs12_kdf};
use crate::error::Within;
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
    /// Err: KeyPasswordWrong, KeyUnsupported (a MAC that is no HMAC of a known digest), LimitKdfWork.
    pub fn verify(&self, auth_safe: &[u8], unlock: &mut Unlock<'_>) -> Result<()> {
        let unsupported = |_| {
            let text = format!("a PKCS#12 file whose MAC is made with {}", self.digest_algorithm.name());
            Error::with(Code::KeyUnsupported, text)
        };
        let (_, digest) = self.digest_algorithm.digest().map_err(unsupported)?;
        unlock.first_fitting(self.iterations, "PKCS#12", |password, iterations| {
            let (purpose, len) = (Pkcs12Purpose::Mac, digest.output_len());
            let key = pkcs12_kdf(digest, purpose, password.bmp().expose(), &self.mac_salt, iterations, len);
            // `mac_verify` takes the whole tag only: a file cannot choose to be checked by one octet.
            Ok(digest.mac_verify(key.expose(), auth_safe, &self.digest).then_some(()))
        })
    }
}

fn iterations(tlv: &Tlv<'_>) -> Result<u64> {
    let integer = tlv.as_integer()?;
    match (integer.to_unsigned(), integer.to_u64()) {
        (None | Some([]), _) => Err(Error::with(Code::KeyMalformed, "fewer than one iteration").at(tlv.offset)),
        (Some(_), None) => Err(Error::with(Code::LimitKdfWork, "more than 2^64 iterations").at(tlv.offset)),
        (Some(_), Some(iterations)) => Ok(iterations),
    }
}
