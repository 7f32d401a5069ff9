//! signatureAlgorithm, with digestAlgorithm where a signer has one.

use crate::alg::identifier::{self, AlgorithmIdentifier, hash_and_mask};
use crate::alg::row::{Hashing, Implementation, Parameters, Role, Row};
use crate::alg::table;
use crate::asn1::writer::Writer;
use crate::crypto::digest::Digest;
use crate::crypto::key::{PrivateKey, PssParameters, PublicKey};
pub use crate::crypto::signature::Message;
use crate::crypto::signature::{SignatureScheme, SignatureSettings};
use crate::error::Within;
use crate::{Code, Error, Result};

/// More salt than any digest has octets, doubled: no honest signer uses more.
const MAX_SALT: u64 = 16_384 / 8;

/// signatureAlgorithm together with digestAlgorithm, owned and ready.
#[derive(Clone, Debug)]
pub struct SignatureAlgorithm {
    row: &'static Row,
    scheme: &'static dyn SignatureScheme,
    settings: SignatureSettings,
}

impl SignatureAlgorithm {
    /// For a SignerInfo give its digestAlgorithm (needed where signatureAlgorithm is plain rsaEncryption or
    /// id-ecPublicKey; if both name a digest and they differ: Err(SignerAlgorithmInconsistent)). For certificates: None.
    /// Err: SignerAlgorithmUnsupported, Asn1Malformed (parameters).
    pub fn resolve(signature: &AlgorithmIdentifier<'_>, digest: Option<&AlgorithmIdentifier<'_>>) -> Result<Self> {
        let row = signature.row_as(&[Role::Signature]);
        let Some((row, Implementation::Signature(scheme, hashing))) =
            row.and_then(|row| Some((row, row.implementation?)))
        else {
            return Err(signature.unsupported(Code::SignerAlgorithmUnsupported));
        };
        signature.obey(row, Code::Asn1Malformed)?;
        let given = digest.map(AlgorithmIdentifier::digest).transpose().field("digestAlgorithm")?;
        let given = given.map(|(_, digest)| digest);
        let mut settings = SignatureSettings { digest: None, mgf_digest: None, salt_len: 0 };
        let named = match hashing {
            Hashing::Fixed(digest) => Some(digest),
            Hashing::FromDigestAlgorithm => None,
            Hashing::FromParameters => {
                let pss = pss_parameters(signature)?.ok_or_else(|| signature.wrong_parameters(Code::Asn1Malformed))?;
                (settings.mgf_digest, settings.salt_len) = (Some(pss.mgf_digest), pss.salt_len);
                Some(pss.digest)
            }
            Hashing::Whole(digest) => {
                consistent(signature, Some(digest), given)?;
                return Ok(Self { row, scheme, settings });
            }
        };
        settings.digest = consistent(signature, named, given)?;
        if settings.digest.is_none() {
            return Err(signature.unsupported(Code::SignerAlgorithmUnsupported));
        }
        Ok(Self { row, scheme, settings })
    }

    /// To sign with. `digest` counts where the row names none; PSS takes it for MGF1 as well, and for the salt's length
    /// (RFC 4056 §2.2). None: no signature algorithm, or one that is not run here.
    pub fn make(row: &'static Row, digest: &'static dyn Digest) -> Option<Self> {
        let Some(Implementation::Signature(scheme, hashing)) = row.implementation else { return None };
        let mut settings = SignatureSettings { digest: Some(digest), mgf_digest: None, salt_len: 0 };
        match hashing {
            Hashing::Fixed(digest) => settings.digest = Some(digest),
            Hashing::FromDigestAlgorithm => {}
            Hashing::FromParameters => {
                (settings.mgf_digest, settings.salt_len) = (Some(digest), digest.output_len());
            }
            Hashing::Whole(_) => settings.digest = None,
        }
        Some(Self { row, scheme, settings })
    }

    /// The digest that goes into digestAlgorithm and messageDigest of a signer: that of the signature, or the one that
    /// its scheme prescribes (RFC 8419 §3.1).
    pub fn message_digest(&self) -> Option<&'static dyn Digest> {
        match self.row.implementation {
            Some(Implementation::Signature(_, Hashing::Whole(digest))) => Some(digest),
            _ => self.settings.digest,
        }
    }

    /// signatureAlgorithm.
    pub fn write(&self, writer: &mut Writer) {
        identifier::write(writer, self.row, |writer| match (self.row.parameters, self.digest_row()) {
            (Parameters::NullOrAbsent, _) => writer.null(),
            (Parameters::Pss, Some(digest)) => writer.sequence(|writer| {
                writer.explicit(2, |writer| writer.u64(self.settings.salt_len as u64));
                identifier::write_hash_and_mask(writer, digest);
            }),
            _ => {}
        });
    }

    /// None: a key of another kind, one that may not be used so, or a scheme that is read only.
    pub fn sign(&self, key: &PrivateKey, message: Message<'_>) -> Option<Vec<u8>> {
        self.scheme.sign(key, &self.settings, message)
    }

    pub fn row(&self) -> &'static Row {
        self.row
    }

    /// The row's name, with the digest where the row names none: `RSASSA-PSS-SHA256`.
    pub fn full_name(&self) -> String {
        let fixed = matches!(self.row.implementation, Some(Implementation::Signature(_, Hashing::Fixed(_))));
        match self.digest_row().filter(|_| !fixed) {
            Some(digest) => format!("{}-{}", self.row.name, digest.name.replace('-', "")),
            None => self.row.name.to_owned(),
        }
    }

    /// The row of the digest inside (None for Ed25519).
    pub fn digest_row(&self) -> Option<&'static Row> {
        self.settings.digest.and_then(table::of_digest)
    }

    /// PSS alone: MGF1 with another digest than the message's, which RFC 4056 §3 advises against.
    pub fn mask_differs(&self) -> bool {
        match (self.settings.digest, self.settings.mgf_digest) {
            (Some(digest), Some(mask)) => !mask.is(digest),
            _ => false,
        }
    }

    /// None: the scheme needs the whole message (Ed25519).
    pub fn prehash(&self) -> Option<&'static dyn Digest> {
        self.settings.digest
    }

    /// False also when the key is of another kind or cannot be used.
    pub fn verify(&self, key: &PublicKey, message: Message<'_>, signature: &[u8]) -> bool {
        self.scheme.verify(key, &self.settings, message, signature)
    }
}

/// The digest that both name; RFC 8933 §3, RFC 4056 §3, RFC 8419 §3.1.
fn consistent(
    signature: &AlgorithmIdentifier<'_>,
    named: Option<&'static dyn Digest>,
    given: Option<&'static dyn Digest>,
) -> Result<Option<&'static dyn Digest>> {
    match (named, given) {
        (Some(named), Some(given)) if !named.is(given) => {
            Err(Error::with(Code::SignerAlgorithmInconsistent, signature.name()).at(signature.offset))
        }
        (named, given) => Ok(named.or(given)),
    }
}

/// RSASSA-PSS-params ::= SEQUENCE {
///   hashAlgorithm [0] DEFAULT sha1, maskGenAlgorithm [1] DEFAULT mgf1SHA1, saltLength [2] INTEGER DEFAULT 20,
///   trailerField [3] INTEGER DEFAULT 1 } (RFC 4055 §3.1). None: no parameters at all.
///
/// RFC 4056 §2 demands them in a signature; an empty SEQUENCE means the defaults. Err: SignerAlgorithmUnsupported,
/// Asn1Malformed.
pub(crate) fn pss_parameters(identifier: &AlgorithmIdentifier<'_>) -> Result<Option<PssParameters>> {
    let Some(mut reader) = identifier.sequence()? else { return Ok(None) };
    let (digest, mgf_digest) = hash_and_mask(&mut reader)?;
    let wrong = || identifier.wrong_parameters(Code::Asn1Malformed);
    let salt = match reader.explicit(2)? {
        Some(tlv) => {
            let salt = (tlv.tag == crate::asn1::Tag::INTEGER).then(|| tlv.as_integer()).transpose()?;
            salt.and_then(|salt| salt.to_u64()).filter(|salt| *salt <= MAX_SALT).ok_or_else(wrong)?
        }
        None => 20,
    };
    let trailer = match reader.explicit(3)? {
        Some(tlv) => {
            let trailer = (tlv.tag == crate::asn1::Tag::INTEGER).then(|| tlv.as_integer()).transpose()?;
            trailer.and_then(|trailer| trailer.to_u64())
        }
        None => Some(1),
    };
    reader.finish()?;
    if trailer != Some(1) {
        return Err(wrong());
    }
    Ok(Some(PssParameters { digest, mgf_digest, salt_len: usize::try_from(salt).map_err(|_| wrong())? }))
}
