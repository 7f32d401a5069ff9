//! keyDerivationAlgorithm and keyEncryptionAlgorithm of a PasswordRecipientInfo (RFC 5652 §6.2.4, RFC 3211).

use crate::alg::identifier::AlgorithmIdentifier;
use crate::alg::pbe::Pbkdf2;
use crate::alg::row::{Implementation, Role};
use crate::asn1::Tag;
use crate::crypto::content::{Cbc, ContentCipher};
use crate::crypto::password::Password;
use crate::crypto::password_wrap::pwri_unwrap;
use crate::crypto::secret::Secret;
use crate::{Code, Error, Limits, Result};

/// How a password becomes a key-encryption key, and how that holds the content-encryption key: by PWRI-KEK alone, whose
/// check octets tell a wrong password (ENC-16).
#[derive(Clone, Debug)]
pub struct PasswordKeyAlgorithm {
    derivation: Pbkdf2,
    cipher: &'static Cbc,
    iv: Vec<u8>,
}

impl PasswordKeyAlgorithm {
    /// Err: DecryptionAlgorithmUnsupported, DecryptionParameters, LimitKdfWork.
    pub fn resolve(
        derivation: Option<&AlgorithmIdentifier<'_>>,
        encryption: &AlgorithmIdentifier<'_>,
        limits: &Limits,
    ) -> Result<Self> {
        let absent = || Error::with(Code::DecryptionAlgorithmUnsupported, "no keyDerivationAlgorithm");
        let derivation = derivation.ok_or_else(absent)?;
        let derivation = Pbkdf2::resolve(derivation, limits).map_err(|error| match error.code() {
            Code::LimitKdfWork => error,
            Code::KeyUnsupported => derivation.unsupported(Code::DecryptionAlgorithmUnsupported),
            _ => derivation.wrong_parameters(Code::DecryptionParameters),
        })?;
        let (cipher, iv) = pwri(encryption)?;
        derivation.fits(cipher.key_len()).map_err(|_| encryption.wrong_parameters(Code::DecryptionParameters))?;
        Ok(Self { derivation, cipher, iv })
    }

    /// None: another password.
    pub fn unwrap(&self, password: &Password, encrypted_key: &[u8], cek_len: usize) -> Option<Secret> {
        let kek = self.derivation.derive(password, self.cipher.key_len())?;
        pwri_unwrap(self.cipher, kek.expose(), &self.iv, encrypted_key, cek_len)
    }
}

/// id-alg-PWRI-KEK with KeyWrapAlgorithm ::= AlgorithmIdentifier of a CBC cipher (RFC 3211 §2.3).
fn pwri(encryption: &AlgorithmIdentifier<'_>) -> Result<(&'static Cbc, Vec<u8>)> {
    if !matches!(
        encryption.row_as(&[Role::KeyWrap]).and_then(|row| row.implementation),
        Some(Implementation::PasswordWrap)
    ) {
        return Err(encryption.unsupported(Code::DecryptionAlgorithmUnsupported));
    }
    let wrong = || encryption.wrong_parameters(Code::DecryptionParameters);
    let parameters = encryption.parameters.filter(|tlv| tlv.tag == Tag::SEQUENCE).ok_or_else(wrong)?;
    let inner = AlgorithmIdentifier::from_tlv(&parameters).map_err(|_| wrong())?;
    let Some(Implementation::Cbc(cipher)) = inner.row_as(&[Role::Content]).and_then(|row| row.implementation) else {
        return Err(inner.unsupported(Code::DecryptionAlgorithmUnsupported));
    };
    let iv = inner.iv(cipher.iv_len()).ok_or_else(wrong)?;
    Ok((cipher, iv))
}
