//! Encryption under a password, written: fresh salt and iv, and the AlgorithmIdentifier that tells them.

use super::{Derivation, PbeAlgorithm};
use crate::alg::row::{Implementation, PasswordKdf, PbeScheme, Role, Row};
use crate::alg::{identifier, table};
use crate::asn1::writer::Writer;
use crate::crypto::content::{ContentCipher, EncryptCall};
use crate::crypto::digest::{Digest, SHA1};
use crate::crypto::legacy::PbeCipher;
use crate::crypto::password::Password;
use crate::crypto::random::Random;
use crate::{Code, Error, Result};

/// What is written under a password, by the names of rows.
#[derive(Clone, Copy, Debug)]
pub struct PbeTerms {
    /// PBES2 with PBKDF2, or a scheme of PKCS#12.
    pub scheme: &'static str,
    /// Of PBES2: a cipher in CBC. Else empty.
    pub cipher: &'static str,
    /// Of PBES2: HMAC of a digest. Else empty.
    pub prf: &'static str,
    pub iterations: u32,
    /// Octets.
    pub salt_len: usize,
}

impl PbeAlgorithm {
    /// To encrypt with, once. Err: MakingFailed (no chance, or rows that are not written).
    pub fn make(terms: &PbeTerms, random: &dyn Random) -> Result<Self> {
        let failed = || Error::new(Code::MakingFailed);
        let row = table::named(terms.scheme).ok_or_else(failed)?;
        let salt = random.octets(terms.salt_len).map_err(|_| failed())?;
        let iterations = terms.iterations;
        match row.implementation {
            Some(Implementation::Pbe(PbeScheme::Pbes2)) => {
                let cipher_row = table::named(terms.cipher).ok_or_else(failed)?;
                let prf = table::named(terms.prf).and_then(|row| row.implementation);
                let (Some(Implementation::Cbc(cipher)), Some(Implementation::Mac(digest))) =
                    (cipher_row.implementation, prf)
                else {
                    return Err(failed());
                };
                let iv = random.octets(cipher.iv_len()).map_err(|_| failed())?;
                let derivation = Derivation::Pbkdf2 { digest, salt, iterations, iv };
                Ok(Self { row, cipher_row: Some(cipher_row), cipher: PbeCipher::Cbc(cipher), derivation })
            }
            Some(Implementation::Pbe(PbeScheme::Pkcs12 { digest, cipher: cipher @ PbeCipher::Cbc(_) })) => {
                let derivation = Derivation::Pkcs12 { digest, salt, iterations };
                Ok(Self { row, cipher_row: None, cipher, derivation })
            }
            _ => Err(failed()),
        }
    }

    /// encryptionAlgorithm: PBES2-params (RFC 8018 A.4), or pkcs-12PbeParams (RFC 7292 App. C). Nothing for what is read only.
    pub fn write(&self, writer: &mut Writer) {
        match (&self.derivation, self.cipher_row) {
            (Derivation::Pbkdf2 { digest, salt, iterations, iv }, Some(cipher_row)) => {
                identifier::write(writer, self.row, |writer| {
                    writer.sequence(|writer| {
                        identifier::write(writer, cipher_row, |writer| writer.octet_string(iv));
                        pbkdf2(writer, *digest, salt, *iterations);
                    });
                });
            }
            (Derivation::Pkcs12 { salt, iterations, .. }, _) => identifier::write(writer, self.row, |writer| {
                writer.sequence(|writer| {
                    writer.u64(u64::from(*iterations));
                    writer.octet_string(salt);
                });
            }),
            _ => {}
        }
    }

    /// The ciphertext, padded. Err: MakingFailed (the backend refuses, or the cipher is read only).
    pub fn encrypt(&self, password: &Password, plaintext: &[u8]) -> Result<Vec<u8>> {
        let failed = || Error::new(Code::MakingFailed);
        let PbeCipher::Cbc(cipher) = self.cipher else { return Err(failed()) };
        let (key, iv) = self.key_and_iv(password).ok_or_else(failed)?;
        let mut ciphertext = vec![0; cipher.ciphertext_len(plaintext.len())];
        let call = EncryptCall { key: key.expose(), iv: iv.expose(), plaintext, aad: &[] };
        cipher.encrypt(&call, &mut ciphertext).map_err(|_| failed())?;
        Ok(ciphertext)
    }
}

/// PBKDF2 with its parameters (RFC 8018 A.2); keyLength follows from the cipher and is left out.
fn pbkdf2(writer: &mut Writer, digest: &'static dyn Digest, salt: &[u8], iterations: u32) {
    let of_kdf = |row: &&'static Row| matches!(row.implementation, Some(Implementation::Kdf(PasswordKdf::Pbkdf2)));
    let Some(row) = table::rows().iter().find(of_kdf) else { return };
    let of_digest = |row: &&'static Row| {
        row.role == Role::Mac && matches!(row.implementation, Some(Implementation::Mac(other)) if other.is(digest))
    };
    let sha1: &dyn Digest = &SHA1;
    identifier::write(writer, row, |writer| {
        writer.sequence(|writer| {
            // HMAC-SHA1 is the default, which DER leaves out.
            if let Some(prf) = table::rows().iter().find(of_digest).filter(|_| !digest.is(sha1)) {
                identifier::write(writer, prf, Writer::null);
            }
            writer.u64(u64::from(iterations));
            writer.octet_string(salt);
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::alg::AlgorithmIdentifier;
    use crate::asn1::{Reader, writer};
    use crate::crypto::random::SystemRandom;
    use proptest::prelude::*;

    const PBES2: PbeTerms =
        PbeTerms { scheme: "PBES2", cipher: "AES-256-CBC", prf: "HMAC-SHA256", iterations: 7, salt_len: 16 };
    const TRIPLE_DES: PbeTerms = PbeTerms { scheme: "PBE-SHA1-3DES", cipher: "", prf: "", iterations: 7, salt_len: 8 };

    fn written(algorithm: &PbeAlgorithm) -> Vec<u8> {
        let mut writer = Writer::new();
        algorithm.write(&mut writer);
        writer.into_vec()
    }

    /// What the reading side makes of it.
    fn read(der: &[u8]) -> PbeAlgorithm {
        let limits = Limits::default();
        assert!(writer::is_der(der, &limits));
        PbeAlgorithm::resolve(&AlgorithmIdentifier::read(&mut Reader::der(der, &limits)).unwrap(), &limits).unwrap()
    }

    #[test]
    fn salt_and_iv_are_new_each_time() {
        for terms in [PBES2, TRIPLE_DES] {
            let [one, other] = [0, 1].map(|_| PbeAlgorithm::make(&terms, &SystemRandom).unwrap());
            assert_ne!(written(&one), written(&other));
        }
    }

    #[test]
    fn rfc8018_a2_the_default_function_is_left_out() {
        let sha1 = PbeAlgorithm::make(&PbeTerms { prf: "HMAC-SHA1", ..PBES2 }, &SystemRandom).unwrap();
        let sha256 = PbeAlgorithm::make(&PBES2, &SystemRandom).unwrap();
        assert_eq!(written(&sha256).len(), written(&sha1).len() + 14);
        let password = Password::new("p");
        for algorithm in [sha1, sha256] {
            let ciphertext = algorithm.encrypt(&password, b"text").unwrap();
            assert_eq!(read(&written(&algorithm)).decrypt(&password, &ciphertext).unwrap().expose(), b"text");
        }
    }

    #[test]
    fn what_is_read_only_is_not_written() {
        for terms in [
            PbeTerms { scheme: "PBE-SHA1-RC2-40", ..TRIPLE_DES },
            PbeTerms { scheme: "PBE-SHA1-2DES", ..TRIPLE_DES },
            PbeTerms { scheme: "PBES1-MD5-DES", ..TRIPLE_DES },
            PbeTerms { scheme: "PBES2 ", ..PBES2 },
            PbeTerms { cipher: "DES-CBC", ..PBES2 },
            PbeTerms { cipher: "AES-256-GCM", ..PBES2 },
            PbeTerms { prf: "SHA-256", ..PBES2 },
        ] {
            assert_eq!(PbeAlgorithm::make(&terms, &SystemRandom).unwrap_err().code(), Code::MakingFailed, "{terms:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encrypted_is_read(
            plaintext in prop::collection::vec(any::<u8>(), 0..70),
            text in ".{0,12}",
            terms in prop::sample::select(vec![PBES2, TRIPLE_DES]),
        ) {
            let algorithm = PbeAlgorithm::make(&terms, &SystemRandom).unwrap();
            let ciphertext = algorithm.encrypt(&Password::new(&text), &plaintext).unwrap();
            let found = read(&written(&algorithm));
            prop_assert_eq!(found.work(), 7);
            let opened = found.decrypt(&Password::new(&text), &ciphertext).unwrap();
            prop_assert_eq!(opened.expose(), &plaintext[..]);
            // Another password gives another text, unless its padding is right by chance.
            if let Ok(other) = found.decrypt(&Password::new(&format!("{text}x")), &ciphertext) {
                prop_assert_ne!(other.expose(), &plaintext[..]);
            }
        }
    }
}
