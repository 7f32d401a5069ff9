//! Encryption under a password: PBES2 and PBES1 (RFC 8018 §6), and the schemes of PKCS#12 (RFC 7292 App. C).

mod make;

pub use make::PbeTerms;

use crate::alg::identifier::{AlgorithmIdentifier, as_key_error};
use crate::alg::row::{Implementation, PasswordKdf, PbeScheme, Role, Row};
use crate::asn1::{Reader, Tag};
use crate::crypto::digest::{Digest, SHA1};
use crate::crypto::legacy::{PbeCipher, Pbkdf1Digest, pbkdf1};
pub use crate::crypto::password::Password;
use crate::crypto::password::{Pkcs12Purpose, ScryptCost, pbkdf2, pkcs12_kdf, scrypt};
use crate::crypto::secret::Secret;
use crate::error::Within;
use crate::{Code, Error, Limits, Result};

/// An encryption under a password, owned and ready; its work lies within the limits.
#[derive(Clone, Debug)]
pub struct PbeAlgorithm {
    row: &'static Row,
    cipher_row: Option<&'static Row>,
    cipher: PbeCipher,
    derivation: Derivation,
}

#[derive(Clone, Debug)]
enum Derivation {
    Pbkdf2 { digest: &'static dyn Digest, salt: Vec<u8>, iterations: u32, iv: Vec<u8> },
    Scrypt { salt: Vec<u8>, cost: ScryptCost, memory: usize, iv: Vec<u8> },
    Pkcs12 { digest: &'static dyn Digest, salt: Vec<u8>, iterations: u32 },
    Pbkdf1 { digest: Pbkdf1Digest, salt: Vec<u8>, iterations: u32 },
}

impl PbeAlgorithm {
    /// Err: KeyUnsupported (scheme, cipher or function not implemented), KeyMalformed (parameters), LimitKdfWork.
    pub fn resolve(identifier: &AlgorithmIdentifier<'_>, limits: &Limits) -> Result<Self> {
        let row = identifier.row_as(&[Role::Pbe]);
        let Some((row, Implementation::Pbe(scheme))) = row.and_then(|row| Some((row, row.implementation?))) else {
            return Err(identifier.unsupported(Code::KeyUnsupported));
        };
        let mut reader = parameters(identifier)?;
        let (cipher_row, cipher, derivation) = match scheme {
            PbeScheme::Pbes2 => pbes2(&mut reader, limits).map_err(as_key_error)?,
            PbeScheme::Pkcs12 { digest, cipher } => {
                // pkcs-12PbeParams ::= SEQUENCE { salt OCTET STRING, iterations INTEGER }
                let salt = reader.octet_string().map_err(as_key_error)?.to_vec();
                let iterations = iterations(&mut reader, limits).map_err(as_key_error)?;
                (None, cipher, Derivation::Pkcs12 { digest, salt, iterations })
            }
            PbeScheme::Pbes1 { digest, cipher } => {
                // PBEParameter ::= SEQUENCE { salt OCTET STRING (SIZE(8)), iterationCount INTEGER }
                let salt = reader.octet_string().map_err(as_key_error)?.to_vec();
                let iterations = iterations(&mut reader, limits).map_err(as_key_error)?;
                (None, cipher, Derivation::Pbkdf1 { digest, salt, iterations })
            }
        };
        reader.finish().map_err(as_key_error)?;
        Ok(Self { row, cipher_row, cipher, derivation })
    }

    pub fn row(&self) -> &'static Row {
        self.row
    }

    /// The row of the cipher that PBES2 names.
    pub fn cipher_row(&self) -> Option<&'static Row> {
        self.cipher_row
    }

    /// Iterations that each attempt costs, or as many as scrypt equals.
    pub fn work(&self) -> u64 {
        match &self.derivation {
            Derivation::Pbkdf2 { iterations, .. }
            | Derivation::Pkcs12 { iterations, .. }
            | Derivation::Pbkdf1 { iterations, .. } => u64::from(*iterations),
            Derivation::Scrypt { cost, .. } => cost.n.saturating_mul(cost.r).saturating_mul(cost.p) / 4,
        }
    }

    /// Err: KeyPasswordWrong, also for a damaged ciphertext: the two cannot be told apart.
    pub fn decrypt(&self, password: &Password, ciphertext: &[u8]) -> Result<Secret> {
        let plaintext = self
            .key_and_iv(password)
            .and_then(|(key, iv)| self.cipher.decrypt(key.expose(), iv.expose(), ciphertext).ok());
        plaintext.ok_or_else(|| Error::new(Code::KeyPasswordWrong))
    }

    fn key_and_iv(&self, password: &Password) -> Option<(Secret, Secret)> {
        let len = self.cipher.key_len();
        match &self.derivation {
            Derivation::Pbkdf2 { digest, salt, iterations, iv } => {
                let key = pbkdf2(*digest, password.utf8(), salt, *iterations, len)?;
                Some((key, Secret::new(iv.clone())))
            }
            Derivation::Scrypt { salt, cost, memory, iv } => {
                let key = scrypt(password.utf8(), salt, *cost, *memory, len)?;
                Some((key, Secret::new(iv.clone())))
            }
            Derivation::Pkcs12 { digest, salt, iterations } => {
                let password = password.bmp();
                let derive = |purpose, len| pkcs12_kdf(*digest, purpose, password.expose(), salt, *iterations, len);
                Some((derive(Pkcs12Purpose::Key, len), derive(Pkcs12Purpose::Iv, self.cipher.iv_len())))
            }
            Derivation::Pbkdf1 { digest, salt, iterations } => {
                let derived = pbkdf1(*digest, password.utf8(), salt, *iterations, len + self.cipher.iv_len())?;
                let (key, iv) = derived.expose().split_at_checked(len)?;
                Some((Secret::new(key.to_vec()), Secret::new(iv.to_vec())))
            }
        }
    }
}

fn parameters<'a>(identifier: &AlgorithmIdentifier<'a>) -> Result<Reader<'a>> {
    let reader = identifier.sequence().map_err(as_key_error)?;
    reader.ok_or_else(|| identifier.wrong_parameters(Code::KeyMalformed))
}

/// iterations INTEGER (1..MAX), within the limit.
pub(crate) fn iterations(reader: &mut Reader<'_>, limits: &Limits) -> Result<u32> {
    let offset = reader.offset();
    let value = reader.integer()?.to_unsigned().map(<[u8]>::to_vec);
    let wrong = || Error::with(Code::KeyMalformed, "iterations").at(offset);
    let magnitude = value.filter(|magnitude| !magnitude.is_empty()).ok_or_else(wrong)?;
    let spent = || Error::new(Code::LimitKdfWork).at(offset);
    let folded = magnitude.iter().fold(0_u64, |sum, byte| sum.saturating_mul(256).saturating_add(u64::from(*byte)));
    if folded > limits.kdf_iterations {
        return Err(spent());
    }
    u32::try_from(folded).map_err(|_| spent())
}

/// PBES2-params ::= SEQUENCE { keyDerivationFunc AlgorithmIdentifier, encryptionScheme AlgorithmIdentifier }
fn pbes2(reader: &mut Reader<'_>, limits: &Limits) -> Result<(Option<&'static Row>, PbeCipher, Derivation)> {
    let function = AlgorithmIdentifier::read(reader).field("keyDerivationFunc")?;
    let scheme = AlgorithmIdentifier::read(reader).field("encryptionScheme")?;
    let row = scheme.row_as(&[Role::Content]);
    let Some((row, Implementation::Cbc(cipher))) = row.and_then(|row| Some((row, row.implementation?))) else {
        return Err(scheme.unsupported(Code::KeyUnsupported));
    };
    let cipher = PbeCipher::Cbc(cipher);
    let iv = scheme.iv(cipher.iv_len()).ok_or_else(|| scheme.wrong_parameters(Code::KeyMalformed))?;
    let derivation = match function.row_as(&[Role::Kdf]).and_then(|row| row.implementation) {
        Some(Implementation::Kdf(PasswordKdf::Pbkdf2)) => {
            let function = Pbkdf2::resolve(&function, limits)?;
            function.fits(cipher.key_len())?;
            let Pbkdf2 { digest, salt, iterations, .. } = function;
            Derivation::Pbkdf2 { digest, salt, iterations, iv }
        }
        Some(Implementation::Kdf(PasswordKdf::Scrypt)) => scrypt_parameters(&function, iv, cipher.key_len(), limits)?,
        _ => return Err(function.unsupported(Code::KeyUnsupported)),
    };
    Ok((Some(row), cipher, derivation))
}

/// PBKDF2 with its parameters, also for PBMAC1 and PasswordRecipientInfo.
#[derive(Clone, Debug)]
pub struct Pbkdf2 {
    digest: &'static dyn Digest,
    salt: Vec<u8>,
    iterations: u32,
    key_length: Option<u64>,
}

impl Pbkdf2 {
    /// PBKDF2-params ::= SEQUENCE { salt CHOICE { specified OCTET STRING, otherSource AlgorithmIdentifier },
    ///   iterationCount INTEGER, keyLength INTEGER OPTIONAL, prf AlgorithmIdentifier DEFAULT hmacWithSHA1 } (RFC 8018 A.2)
    ///
    /// Err: KeyUnsupported, KeyMalformed, LimitKdfWork.
    pub fn resolve(identifier: &AlgorithmIdentifier<'_>, limits: &Limits) -> Result<Self> {
        if !matches!(
            identifier.row_as(&[Role::Kdf]).and_then(|row| row.implementation),
            Some(Implementation::Kdf(PasswordKdf::Pbkdf2))
        ) {
            return Err(identifier.unsupported(Code::KeyUnsupported));
        }
        Self::read(parameters(identifier)?, limits).map_err(as_key_error)
    }

    fn read(mut reader: Reader<'_>, limits: &Limits) -> Result<Self> {
        let salt = reader.octet_string()?.to_vec();
        let iterations = iterations(&mut reader, limits)?;
        let key_length = if reader.peek() == Some(Tag::INTEGER) { Some(reader.u64()?) } else { None };
        let digest: &'static dyn Digest = if reader.is_empty() {
            &SHA1
        } else {
            let prf = AlgorithmIdentifier::read(&mut reader)?;
            let row = prf.row_as(&[Role::Mac]);
            let Some((row, Implementation::Mac(digest))) = row.and_then(|row| Some((row, row.implementation?))) else {
                return Err(prf.unsupported(Code::KeyUnsupported));
            };
            prf.obey(row, Code::KeyMalformed)?;
            digest
        };
        reader.finish()?;
        Ok(Self { digest, salt, iterations, key_length })
    }

    /// Iterations.
    pub fn work(&self) -> u64 {
        u64::from(self.iterations)
    }

    pub fn key_length(&self) -> Option<u64> {
        self.key_length
    }

    /// Err: KeyMalformed if keyLength is there and not `len`.
    pub fn fits(&self, len: usize) -> Result<()> {
        match self.key_length {
            Some(length) if usize::try_from(length) != Ok(len) => Err(Error::with(Code::KeyMalformed, "keyLength")),
            _ => Ok(()),
        }
    }

    /// A key of `len` octets.
    pub fn derive(&self, password: &Password, len: usize) -> Option<Secret> {
        pbkdf2(self.digest, password.utf8(), &self.salt, self.iterations, len)
    }
}

/// scrypt-params ::= SEQUENCE { salt OCTET STRING, costParameter INTEGER, blockSize INTEGER,
///   parallelizationParameter INTEGER, keyLength INTEGER OPTIONAL } (RFC 7914 §7.1)
fn scrypt_parameters(
    identifier: &AlgorithmIdentifier<'_>,
    iv: Vec<u8>,
    key_len: usize,
    limits: &Limits,
) -> Result<Derivation> {
    let mut reader = parameters(identifier)?;
    let salt = reader.octet_string()?.to_vec();
    let cost = ScryptCost { n: reader.u64()?, r: reader.u64()?, p: reader.u64()? };
    let length = if reader.is_empty() { None } else { Some(reader.u64()?) };
    reader.finish()?;
    if length.is_some_and(|length| usize::try_from(length) != Ok(key_len)) {
        return Err(identifier.wrong_parameters(Code::KeyMalformed));
    }
    // Work is about N·r·p blocks of 128 octets mixed twice; memory is N·r of them.
    let blocks = u128::from(cost.n) * u128::from(cost.r);
    let (memory, work) = (blocks * 128, blocks.saturating_mul(u128::from(cost.p)));
    if memory > u128::from(limits.scrypt_bytes) || work > u128::from(limits.kdf_iterations) * 4 {
        return Err(Error::new(Code::LimitKdfWork).at(identifier.offset));
    }
    // The backend counts its scratch space as well.
    let memory = usize::try_from(limits.scrypt_bytes).unwrap_or(usize::MAX).saturating_mul(2);
    Ok(Derivation::Scrypt { salt, cost, memory, iv })
}
