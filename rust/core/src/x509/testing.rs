//! For tests: hand-built certificates whose "signature" is a checksum over TBS and issuer key, and its checker.

use std::cell::Cell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Limits;
use crate::asn1::writer::Writer;
use crate::asn1::{Oid, Tag, UnixTime, oid};
use crate::x509::{Certificate, SignatureChecker};

/// Names of no algorithm.
pub const ALGORITHM: Oid<'static> = crate::oid!(2, 999, 1);
pub const UNSUPPORTED_ALGORITHM: Oid<'static> = crate::oid!(2, 999, 2);

pub fn rdn_of(attributes: &[(Oid<'_>, Tag, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.element(Tag::SET, true, |w| {
        for (kind, tag, value) in attributes.iter().rev() {
            w.sequence(|w| {
                w.element(*tag, false, |w| w.raw(value));
                w.oid(*kind);
            });
        }
    });
    writer.into_vec()
}

pub fn name_of(rdns: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|w| rdns.iter().rev().for_each(|rdn| w.raw(rdn)));
    writer.into_vec()
}

pub fn common_name(text: &str) -> Vec<u8> {
    name_of(&[rdn_of(&[(oid::COMMON_NAME, Tag::UTF8_STRING, text.as_bytes())])])
}

pub fn octets(content: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.octet_string(content);
    writer.into_vec()
}

pub fn key_usage_value(bits: &[usize]) -> Vec<u8> {
    let mut content = [0_u8; 3];
    bits.iter().for_each(|bit| content[1 + bit / 8] |= 0x80 >> (bit % 8));
    let mut writer = Writer::new();
    writer.element(Tag::BIT_STRING, false, |w| w.raw(&content));
    writer.into_vec()
}

pub fn basic_constraints_value(ca: bool, path_len: Option<u64>) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|w| {
        path_len.into_iter().for_each(|length| w.u64(length));
        if ca {
            w.element(Tag::BOOLEAN, false, |w| w.raw(&[0xff]));
        }
    });
    writer.into_vec()
}

pub fn purposes_value(purposes: &[Oid<'_>]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|w| purposes.iter().rev().for_each(|purpose| w.oid(*purpose)));
    writer.into_vec()
}

pub fn key_identifier_value(identifier: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|w| w.element(Tag::context(0), false, |w| w.raw(identifier)));
    writer.into_vec()
}

/// subjectAltName with rfc822Names.
pub fn rfc822_names_value(addresses: &[&str]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|w| {
        addresses.iter().rev().for_each(|address| {
            w.element(Tag::context(1), false, |w| w.raw(address.as_bytes()));
        });
    });
    writer.into_vec()
}

/// AlgorithmIdentifier, the parameters as they are.
pub fn key_algorithm(algorithm: Oid<'_>, parameters: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|w| {
        w.raw(parameters);
        w.oid(algorithm);
    });
    writer.into_vec()
}

/// A certificate to be; the fields are changed freely before `build`.
#[derive(Clone)]
pub struct Draft {
    pub version: u64,
    pub serial: Vec<u8>,
    pub algorithm: Oid<'static>,
    pub outer_algorithm: Oid<'static>,
    pub issuer: Vec<u8>,
    pub subject: Vec<u8>,
    pub not_before: String,
    pub not_after: String,
    pub key: Vec<u8>,
    /// AlgorithmIdentifier of `key`.
    pub key_algorithm: Vec<u8>,
    pub issuer_key: Vec<u8>,
    pub issuer_algorithm: Vec<u8>,
    pub extensions: Vec<(Oid<'static>, bool, Vec<u8>)>,
}

impl Draft {
    /// `issuer` issues `subject`; the key of each is its name.
    pub fn new(subject: &str, issuer: &str) -> Self {
        Self {
            version: 2,
            serial: vec![1],
            algorithm: ALGORITHM,
            outer_algorithm: ALGORITHM,
            issuer: common_name(issuer),
            subject: common_name(subject),
            not_before: "20200101000000Z".into(),
            not_after: "20400101000000Z".into(),
            key: subject.into(),
            key_algorithm: key_algorithm(crate::oid!(2, 999, 3), &[]),
            issuer_key: issuer.into(),
            issuer_algorithm: key_algorithm(crate::oid!(2, 999, 3), &[]),
            extensions: Vec::new(),
        }
    }

    pub fn ca(subject: &str, issuer: &str) -> Self {
        Self::new(subject, issuer).with(oid::BASIC_CONSTRAINTS, true, basic_constraints_value(true, None))
    }

    pub fn with(mut self, extn_id: Oid<'static>, critical: bool, value: Vec<u8>) -> Self {
        self.extensions.retain(|extension| extension.0 != extn_id);
        self.extensions.push((extn_id, critical, value));
        self
    }

    pub fn keys(mut self, key: &str, issuer_key: &str) -> Self {
        (self.key, self.issuer_key) = (key.into(), issuer_key.into());
        self
    }

    /// DSA keys with these parameters, or without: its own, and its issuer's.
    pub fn dsa(mut self, parameters: &[u8], issuers: &[u8]) -> Self {
        let dsa = crate::oid!(1, 2, 840, 10040, 4, 1);
        (self.key_algorithm, self.issuer_algorithm) = (key_algorithm(dsa, parameters), key_algorithm(dsa, issuers));
        self
    }

    pub fn valid(mut self, not_before: &str, not_after: &str) -> Self {
        (self.not_before, self.not_after) = (not_before.into(), not_after.into());
        self
    }

    fn spki(key: &[u8], algorithm: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.sequence(|w| {
            w.element(Tag::BIT_STRING, false, |w| {
                w.raw(key);
                w.raw(&[0]);
            });
            w.raw(algorithm);
        });
        writer.into_vec()
    }

    fn tbs(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.sequence(|w| {
            if !self.extensions.is_empty() {
                w.explicit(3, |w| {
                    w.sequence(|w| {
                        for (extn_id, critical, value) in self.extensions.iter().rev() {
                            w.sequence(|w| {
                                w.octet_string(value);
                                if *critical {
                                    w.element(Tag::BOOLEAN, false, |w| w.raw(&[0xff]));
                                }
                                w.oid(*extn_id);
                            });
                        }
                    });
                });
            }
            w.raw(&Self::spki(&self.key, &self.key_algorithm));
            w.raw(&self.subject);
            w.sequence(|w| {
                for time in [&self.not_after, &self.not_before] {
                    w.element(Tag::GENERALIZED_TIME, false, |w| w.raw(time.as_bytes()));
                }
            });
            w.raw(&self.issuer);
            w.sequence(|w| w.oid(self.algorithm));
            w.element(Tag::INTEGER, false, |w| w.raw(&self.serial));
            if self.version > 0 {
                w.explicit(0, |w| w.u64(self.version));
            }
        });
        writer.into_vec()
    }

    pub fn der(&self) -> Vec<u8> {
        let tbs = self.tbs();
        let signature = checksum(&tbs, &Self::spki(&self.issuer_key, &self.issuer_algorithm));
        let mut writer = Writer::new();
        writer.sequence(|w| {
            w.element(Tag::BIT_STRING, false, |w| {
                w.raw(&signature);
                w.raw(&[0]);
            });
            w.sequence(|w| w.oid(self.outer_algorithm));
            w.raw(&tbs);
        });
        writer.into_vec()
    }

    pub fn build(&self) -> Arc<Certificate> {
        Arc::new(Certificate::from_der(&self.der(), &Limits::default()).unwrap())
    }
}

fn checksum(tbs: &[u8], spki: &[u8]) -> [u8; 8] {
    let mut hasher = DefaultHasher::new();
    (tbs, spki).hash(&mut hasher);
    hasher.finish().to_be_bytes()
}

/// Checks the checksums, and counts.
#[derive(Debug, Default)]
pub struct Checksums {
    pub checks: Cell<u64>,
}

impl SignatureChecker for Checksums {
    fn check(&self, certificate: &Certificate, issuer: &Certificate) -> Option<bool> {
        self.checks.set(self.checks.get() + 1);
        let known = certificate.signature_algorithm().algorithm == ALGORITHM;
        known.then(|| certificate.signature() == checksum(certificate.tbs(), issuer.spki()))
    }
}

/// Noon of a day in 2026.
pub fn at(month: u32, day: u32) -> UnixTime {
    UnixTime::from_civil(2026, month, day, 12, 0, 0).unwrap()
}

/// A folder of test vectors, if the machine has it.
pub fn vectors(folder: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let root = std::env::var_os("MAILSEAL_VECTORS").map_or_else(beside, PathBuf::from);
    Some(root.join(folder)).filter(|path| path.is_dir())
}

/// All certificate files below a folder: DER and PEM, first certificate of each.
pub fn certificate_files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if !["crt", "cer", "pem", "der"].contains(&extension.as_str()) {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        found.push((path, first_pem(&bytes).unwrap_or(bytes)));
    }
    found
}

fn first_pem(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = core::str::from_utf8(bytes).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let base64: String = body.split_whitespace().collect();
    base64_simd::STANDARD.decode_to_vec(base64).ok()
}
