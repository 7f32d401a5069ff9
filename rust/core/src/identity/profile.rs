//! How files of keys are protected when they are written.

use crate::alg::pbe::PbeTerms;
use crate::{Code, Error, Result};

/// The protection of a PKCS#12 file, by the names of rows of the table of algorithms.
#[derive(Clone, Copy, Debug)]
pub struct Pkcs12Profile {
    pub name: &'static str,
    /// Of the key and of the certificates.
    pub encryption: PbeTerms,
    /// The digest of the MAC, whose key comes from the derivation of RFC 7292 App. B with as many iterations and as long
    /// a salt as `encryption` has: a guess at the password shall not be cheaper there.
    pub mac_digest: &'static str,
}

/// As many as NSS writes (Firefox, Thunderbird), so that importers are known to bear them, and as OWASP has it for PBKDF2
/// with HMAC-SHA-256 (2023). RFC 7292 App. B.1 and RFC 8018 §4.2 want 1024 and 1000 at least.
const ITERATIONS: u32 = 600_000;

impl Pkcs12Profile {
    /// AES-256 and SHA-256, PBES2 (RFC 8018 §6.2).
    pub const MODERN: Self = Self {
        name: "modern",
        encryption: PbeTerms {
            scheme: "PBES2",
            cipher: "AES-256-CBC",
            prf: "HMAC-SHA256",
            iterations: ITERATIONS,
            salt_len: 16,
        },
        mac_digest: "SHA-256",
    };

    /// Triple DES and SHA-1, for systems that import nothing newer: `docs/adr/0007-legacy-pkcs12.md` says why this alone
    /// of what is old is written.
    pub const COMPAT: Self = Self {
        name: "compat",
        encryption: PbeTerms { scheme: "PBE-SHA1-3DES", cipher: "", prf: "", iterations: ITERATIONS, salt_len: 8 },
        mac_digest: "SHA-1",
    };

    pub const ALL: &[Self] = &[Self::MODERN, Self::COMPAT];

    /// Err: MisuseArgument, with the names that there are.
    pub fn named(name: &str) -> Result<&'static Self> {
        Self::ALL.iter().find(|profile| profile.name == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|profile| profile.name).collect();
            Error::with(Code::MisuseArgument, format!("{name:?} is no profile; there are {}", names.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alg::{Make, table};

    fn rows(profile: &Pkcs12Profile) -> Vec<&'static str> {
        let PbeTerms { scheme, cipher, prf, .. } = profile.encryption;
        [scheme, cipher, prf, profile.mac_digest].into_iter().filter(|name| !name.is_empty()).collect()
    }

    /// "Legacy is read, never written", but for these two rows (ADR 0007).
    #[test]
    fn what_is_written_may_be_made_but_for_two_rows() {
        let never = |profile| {
            let rows = rows(profile).into_iter();
            rows.filter(|name| table::named(name).unwrap().make == Make::Never).collect::<Vec<_>>()
        };
        assert_eq!(never(&Pkcs12Profile::MODERN), Vec::<&str>::new());
        assert_eq!(never(&Pkcs12Profile::COMPAT), ["PBE-SHA1-3DES", "SHA-1"]);
    }

    #[test]
    fn by_name() {
        for profile in Pkcs12Profile::ALL {
            assert_eq!(Pkcs12Profile::named(profile.name).unwrap().mac_digest, profile.mac_digest);
        }
        let error = Pkcs12Profile::named("legacy").unwrap_err();
        assert_eq!(error.code(), Code::MisuseArgument);
        assert!(error.to_string().contains("modern, compat"), "{error}");
    }
}
