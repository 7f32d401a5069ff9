//! contentEncryptionAlgorithm.

use crate::alg::identifier::{self, AlgorithmIdentifier, RC2_128_VERSION};
use crate::alg::row::{Implementation, Parameters, Role, Row};
use crate::asn1::writer::Writer;
use crate::asn1::{Octets, Tag};
use crate::crypto::content::{ContentCipher, DecryptCall, EncryptCall, GCM_NONCE_LEN, Opaque};
use crate::crypto::legacy;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::{Code, Error, Result};

/// ICVlen, RFC 5084 §3.2: 12 to 16, by default 12.
const TAG_LEN: core::ops::RangeInclusive<u64> = 12..=16;

/// SP 800-38C: what the counter leaves.
const CCM_NONCE_LEN: core::ops::RangeInclusive<usize> = 7..=13;

/// Of an AEAD that knows no shorter one.
const WHOLE_TAG: usize = 16;

/// contentEncryptionAlgorithm, owned and ready.
#[derive(Clone, Debug)]
pub struct ContentAlgorithm {
    row: &'static Row,
    cipher: &'static dyn ContentCipher,
    iv: Vec<u8>,
    tag_len: usize,
}

impl ContentAlgorithm {
    /// Err: DecryptionAlgorithmUnsupported, DecryptionParameters, DecryptionTagLength (ICVlen outside 12..=16).
    pub fn resolve(identifier: &AlgorithmIdentifier<'_>) -> Result<Self> {
        let row = identifier.row_as(&[Role::Content, Role::Aead]);
        let Some((row, implementation)) = row.and_then(|row| Some((row, row.implementation?))) else {
            return Err(identifier.unsupported(Code::DecryptionAlgorithmUnsupported));
        };
        let cipher: &'static dyn ContentCipher = match implementation {
            Implementation::Content(cipher) => cipher,
            Implementation::Cbc(cipher) => cipher,
            Implementation::Rc2 => {
                let (cipher, iv) = rc2_parameters(identifier)?;
                return Ok(Self { row, cipher, iv, tag_len: 0 });
            }
            Implementation::Cast5 => {
                let (cipher, iv) = cast5_parameters(identifier)?;
                return Ok(Self { row, cipher, iv, tag_len: 0 });
            }
            _ => return Err(identifier.unsupported(Code::DecryptionAlgorithmUnsupported)),
        };
        let (iv, tag_len) = match row.parameters {
            Parameters::Iv(len) => (identifier.iv(usize::from(len)), if cipher.is_aead() { WHOLE_TAG } else { 0 }),
            Parameters::IvInSequence(len) => {
                (identifier.iv(usize::from(len)).or_else(|| iv_inside(identifier, len)), 0)
            }
            Parameters::Gcm => aead_parameters(identifier, GCM_NONCE_LEN)?,
            Parameters::Ccm => aead_parameters(identifier, CCM_NONCE_LEN)?,
            _ => (None, 0),
        };
        let iv = iv.ok_or_else(|| identifier.wrong_parameters(Code::DecryptionParameters))?;
        Ok(Self { row, cipher, iv, tag_len })
    }

    /// To encrypt one content with: iv or nonce fresh from `random` (SP 800-38D §8.2.2). Err: no cipher that is run
    /// here (None), or no chance (Some).
    pub fn make(row: &'static Row, random: &dyn Random) -> core::result::Result<Self, Option<Opaque>> {
        let cipher: &'static dyn ContentCipher = match row.implementation {
            Some(Implementation::Content(cipher)) => cipher,
            Some(Implementation::Cbc(cipher)) => cipher,
            _ => return Err(None),
        };
        let iv = random.octets(cipher.iv_len()).map_err(Some)?;
        Ok(Self { row, cipher, iv, tag_len: if cipher.is_aead() { WHOLE_TAG } else { 0 } })
    }

    /// contentEncryptionAlgorithm, with ICVlen written out (RFC 5084 §3.2 has 12 as default).
    pub fn write(&self, writer: &mut Writer) {
        identifier::write(writer, self.row, |writer| match self.row.parameters {
            Parameters::Gcm => writer.sequence(|writer| {
                writer.u64(self.tag_len as u64);
                writer.octet_string(&self.iv);
            }),
            _ => writer.octet_string(&self.iv),
        });
    }

    /// Octets that a plaintext of `len` becomes.
    pub fn ciphertext_len(&self, len: usize) -> usize {
        self.cipher.ciphertext_len(len)
    }

    /// Fills `ciphertext`, which has `ciphertext_len` octets; returns the tag, or without AEAD nothing.
    pub fn encrypt(
        &self,
        cek: &Secret,
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> core::result::Result<Vec<u8>, Opaque> {
        let call = EncryptCall { key: cek.expose(), iv: &self.iv, plaintext, aad: &[] };
        self.cipher.encrypt(&call, ciphertext)
    }

    pub fn row(&self) -> &'static Row {
        self.row
    }

    pub fn is_aead(&self) -> bool {
        self.cipher.is_aead()
    }

    /// Octets of the content-encryption key.
    pub fn key_len(&self) -> usize {
        self.cipher.key_len()
    }

    /// AEAD: octets that `mac` must have (ICVlen). CBC: 0.
    pub fn tag_len(&self) -> usize {
        self.tag_len
    }

    /// CBC and the like: `aad` and `mac` empty. Err: DecryptionFailed alone, whatever went wrong.
    pub fn decrypt(&self, cek: &Secret, ciphertext: &Octets<'_>, aad: &[u8], mac: &[u8]) -> Result<Vec<u8>> {
        if mac.len() != self.tag_len {
            return Err(Error::new(Code::DecryptionFailed));
        }
        let call = DecryptCall { key: cek.expose(), iv: &self.iv, ciphertext, aad, mac };
        self.cipher.decrypt(&call).map_err(|_| Error::new(Code::DecryptionFailed))
    }
}

/// RC2CBCParameter ::= SEQUENCE { rc2ParameterVersion INTEGER, iv OCTET STRING } (RFC 3370 §5.2, RFC 2268 §6): the
/// version is a code for the effective bits, here also those of the key.
fn rc2_parameters(identifier: &AlgorithmIdentifier<'_>) -> Result<(&'static dyn ContentCipher, Vec<u8>)> {
    let wrong = || identifier.wrong_parameters(Code::DecryptionParameters);
    let mut reader = identifier.sequence().map_err(|_| wrong())?.ok_or_else(wrong)?;
    let cipher: &'static dyn ContentCipher = match reader.u64().map_err(|_| wrong())? {
        160 => &legacy::RC2_40_CBC,
        120 => &legacy::RC2_64_CBC,
        RC2_128_VERSION => &legacy::RC2_128_CBC,
        _ => return Err(identifier.unsupported(Code::DecryptionAlgorithmUnsupported)),
    };
    let iv = reader.octet_string().map_err(|_| wrong())?;
    reader.finish().map_err(|_| wrong())?;
    if iv.len() == cipher.iv_len() { Ok((cipher, iv.to_vec())) } else { Err(wrong()) }
}

/// The one OCTET STRING of a SEQUENCE.
fn iv_inside(identifier: &AlgorithmIdentifier<'_>, len: u8) -> Option<Vec<u8>> {
    let mut reader = identifier.sequence().ok()??;
    let iv = reader.octet_string().ok()?.to_vec();
    reader.finish().ok()?;
    (iv.len() == usize::from(len)).then_some(iv)
}

/// Cast5CBCParameters ::= SEQUENCE { iv OCTET STRING DEFAULT 0, keyLength INTEGER } (RFC 2984 §2), keyLength in bits.
/// OpenSSL writes the iv alone, for a key of 128 bits.
fn cast5_parameters(identifier: &AlgorithmIdentifier<'_>) -> Result<(&'static dyn ContentCipher, Vec<u8>)> {
    let wrong = || identifier.wrong_parameters(Code::DecryptionParameters);
    if let Some(iv) = identifier.iv(legacy::CAST5_128_CBC.iv_len()) {
        return Ok((&legacy::CAST5_128_CBC, iv));
    }
    let mut reader = identifier.sequence().map_err(|_| wrong())?.ok_or_else(wrong)?;
    let iv = match reader.optional(Tag::OCTET_STRING).map_err(|_| wrong())? {
        Some(tlv) => tlv.as_octets().map_err(|_| wrong())?.to_vec(),
        None => vec![0; legacy::CAST5_128_CBC.iv_len()],
    };
    let cipher: &'static dyn ContentCipher = match reader.u64().map_err(|_| wrong())? {
        128 => &legacy::CAST5_128_CBC,
        80 => &legacy::CAST5_80_CBC,
        64 => &legacy::CAST5_64_CBC,
        40 => &legacy::CAST5_40_CBC,
        _ => return Err(identifier.unsupported(Code::DecryptionAlgorithmUnsupported)),
    };
    reader.finish().map_err(|_| wrong())?;
    if iv.len() == cipher.iv_len() { Ok((cipher, iv)) } else { Err(wrong()) }
}

/// GCMParameters ::= SEQUENCE { aes-nonce OCTET STRING, aes-ICVlen INTEGER (12..16) DEFAULT 12 } (RFC 5084 §3.2), and
/// CCMParameters, which are the same but for their bounds (§3.1: a tag of 4 octets is to be had; here none below 12 is).
fn aead_parameters(
    identifier: &AlgorithmIdentifier<'_>,
    nonce_len: core::ops::RangeInclusive<usize>,
) -> Result<(Option<Vec<u8>>, usize)> {
    let wrong = |_| identifier.wrong_parameters(Code::DecryptionParameters);
    let Some(mut reader) = identifier.sequence().map_err(wrong)? else { return Ok((None, 0)) };
    let nonce = reader.octet_string().map_err(wrong)?;
    let icv_len = match reader.optional(Tag::INTEGER).map_err(wrong)? {
        Some(tlv) => tlv.as_integer().map_err(wrong)?.to_u64().unwrap_or(u64::MAX),
        None => *TAG_LEN.start(),
    };
    reader.finish().map_err(wrong)?;
    if !TAG_LEN.contains(&icv_len) {
        return Err(Error::with(Code::DecryptionTagLength, identifier.name()).at(identifier.offset));
    }
    Ok((nonce_len.contains(&nonce.len()).then(|| nonce.to_vec()), icv_len as usize))
}
