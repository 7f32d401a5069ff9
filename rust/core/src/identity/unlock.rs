//! Trying passwords: in what forms, in what order, and for how much work.

use zeroize::Zeroizing;

use crate::alg::AlgorithmIdentifier;
use crate::alg::pbe::PbeAlgorithm;
use crate::asn1::{Rules, Tag, Tlv};
use crate::crypto::legacy::{PbeCipher, dek_key};
use crate::crypto::password::Password;
use crate::crypto::secret::Secret;
use crate::{Code, Error, Limits, Result};

/// The passwords of one file, and what may still be spent on them.
#[derive(Debug)]
pub struct Unlock<'a> {
    /// Each password in the forms in which writers use it.
    candidates: Vec<Password>,
    /// Iterations left for the whole file: `Limits.kdf_iterations` for each candidate.
    iterations: u64,
    given: usize,
    limits: &'a Limits,
}

impl<'a> Unlock<'a> {
    /// No password at all is tried as the empty one: many files are "without password" in that sense.
    pub fn new(passwords: &[Password], limits: &'a Limits) -> Self {
        let mut candidates = Vec::with_capacity(passwords.len() + 1);
        for password in passwords {
            push_forms(&mut candidates, password);
        }
        if passwords.is_empty() {
            push_forms(&mut candidates, &Password::new(""));
        }
        let iterations = limits.kdf_iterations.saturating_mul(candidates.len() as u64);
        Self { candidates, iterations, given: passwords.len(), limits }
    }

    pub fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// The octets that `ciphertext` holds, under the first password that fits; that one is tried first from then on.
    ///
    /// Every such content is one ASN.1 SEQUENCE, which tells a right password from a padding that is right by chance.
    /// Err: KeyPasswordWrong, KeyUnsupported, KeyMalformed (parameters), LimitKdfWork.
    pub fn decrypt(&mut self, algorithm: &AlgorithmIdentifier<'_>, ciphertext: &[u8], what: &str) -> Result<Secret> {
        let algorithm = PbeAlgorithm::resolve(algorithm, self.limits)?;
        let limits = self.limits;
        self.first_fitting(algorithm.work(), what, |password, _| match algorithm.decrypt(password, ciphertext) {
            Ok(plain) if is_one_sequence(plain.expose(), limits) => Ok(Some(plain)),
            Ok(_) => Ok(None),
            Err(error) if error.code() == Code::KeyPasswordWrong => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// As `decrypt`, for a PEM block whose header fields name cipher and iv.
    pub fn decrypt_dek(&mut self, cipher: PbeCipher, salt: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Secret> {
        let limits = self.limits;
        self.first_fitting(1, "the private key", |password, _| {
            let key = dek_key(password.utf8(), salt, cipher.key_len());
            let plain = cipher.decrypt(key.expose(), iv, ciphertext).ok();
            Ok(plain.filter(|plain| is_one_sequence(plain.expose(), limits)))
        })
    }

    /// The first `Some` that `attempt` makes of a password and `iterations`, which are what each attempt costs.
    pub fn first_fitting<T>(
        &mut self,
        iterations: u64,
        what: &str,
        mut attempt: impl FnMut(&Password, u32) -> Result<Option<T>>,
    ) -> Result<T> {
        for index in 0..self.candidates.len() {
            let iterations = self.spend(iterations)?;
            if let Some(found) = attempt(&self.candidates[index], iterations)? {
                self.candidates[..=index].rotate_right(1);
                return Ok(found);
            }
        }
        Err(Error::with(Code::KeyPasswordWrong, format!("{what}: {}", self.tried())))
    }

    fn spend(&mut self, iterations: u64) -> Result<u32> {
        let one = u32::try_from(iterations).ok().filter(|_| iterations <= self.limits.kdf_iterations);
        let one = one.ok_or_else(|| Error::with(Code::LimitKdfWork, format!("{iterations} iterations")))?;
        let left = self.iterations.checked_sub(iterations);
        self.iterations = left.ok_or_else(|| Error::with(Code::LimitKdfWork, "many derivations in one file"))?;
        Ok(one)
    }

    fn tried(&self) -> String {
        match self.given {
            0 => "it is encrypted, and no password was given".to_owned(),
            1 => "the password was tried".to_owned(),
            several => format!("{several} passwords were tried"),
        }
    }
}

/// RFC 7292 App. B.2 treats an absent password as no octets, where the empty one is a BMPString of one NUL.
fn push_forms(candidates: &mut Vec<Password>, password: &Password) {
    if password.utf8().is_empty() {
        return candidates.extend([Password::new(""), Password::absent()]);
    }
    candidates.push(password.clone());
    if !password.utf8().is_ascii() {
        // Older OpenSSL took each octet of the UTF-8 text for a character.
        let mut octets = Zeroizing::new(String::with_capacity(2 * password.utf8().len()));
        octets.extend(password.utf8().iter().map(|octet| char::from(*octet)));
        candidates.push(Password::new(&octets));
    }
}

fn is_one_sequence(plain: &[u8], limits: &Limits) -> bool {
    Tlv::first(plain, Rules::Ber, limits).is_ok_and(|tlv| tlv.tag == Tag::SEQUENCE && tlv.raw.len() == plain.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each password tried, as PKCS#12 sees it.
    fn tried(passwords: &[&str]) -> Vec<Vec<u8>> {
        let passwords: Vec<_> = passwords.iter().map(|text| Password::new(text)).collect();
        let limits = Limits::default();
        let mut seen = Vec::new();
        let outcome: Result<()> = Unlock::new(&passwords, &limits).first_fitting(1, "x", |password, _| {
            seen.push(password.bmp().expose().to_vec());
            Ok(None)
        });
        assert_eq!(outcome.unwrap_err().code(), Code::KeyPasswordWrong);
        seen
    }

    #[test]
    fn rfc7292_b2_empty_and_absent_are_two_passwords() {
        assert_eq!(tried(&[]), [vec![0, 0], vec![]]);
        assert_eq!(tried(&["a", ""]), [vec![0, 0x61, 0, 0], vec![0, 0], vec![]]);
        assert_eq!(tried(&["é"]), [vec![0, 0xe9, 0, 0], vec![0, 0xc3, 0, 0xa9, 0, 0]]);
    }

    #[test]
    fn the_password_that_fits_is_tried_first_from_then_on() {
        let limits = Limits::default();
        let passwords = ["a", "b", "c"].map(Password::new);
        let mut unlock = Unlock::new(&passwords, &limits);
        unlock.first_fitting(1, "x", |password, _| Ok((password.utf8() == b"b").then_some(()))).unwrap();
        let order: Vec<_> = unlock.candidates.iter().map(Password::utf8).collect();
        assert_eq!(order, [b"b", b"a", b"c"]);
    }

    #[test]
    fn pki_17_work_is_bounded_for_each_derivation_and_for_the_file() {
        let limits = Limits { kdf_iterations: 100, ..Limits::default() };
        let passwords = ["a", "b"].map(Password::new);
        let mut unlock = Unlock::new(&passwords, &limits);
        let mut derived = 0;
        let mut attempt = |iterations| {
            let outcome = unlock.first_fitting(iterations, "x", |_, _| {
                derived += 1;
                Ok(None::<()>)
            });
            outcome.unwrap_err().code()
        };
        assert_eq!(attempt(101), Code::LimitKdfWork);
        assert_eq!(attempt(90), Code::KeyPasswordWrong);
        assert_eq!(attempt(20), Code::LimitKdfWork);
        assert_eq!(derived, 3);
    }

    /// SVC-05
    #[test]
    fn svc_05_neither_debug_nor_errors_show_passwords() {
        let limits = Limits::default();
        let passwords = [Password::new("canary"), Password::new("cänary")];
        let mut unlock = Unlock::new(&passwords, &limits);
        let error = unlock.first_fitting(1, "PKCS#12", |_, _| Ok(None::<()>)).unwrap_err();
        let text = format!("{unlock:?} {error:?} {error}");
        assert!(!text.contains("canary") && !text.contains("nary"), "{text}");
        assert!(text.contains("2 passwords were tried"), "{text}");
    }
}
