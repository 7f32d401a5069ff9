//! What the tests of this folder share: a writer of small PFX files, and files made by OpenSSL.

use std::path::PathBuf;
use std::process::Command;

use crate::Limits;
use crate::alg::{Implementation, table};
use crate::asn1::writer::Writer;
use crate::asn1::{Oid, Tag, oid};
use crate::crypto::password::{Password, Pkcs12Purpose, pkcs12_kdf};
use crate::identity::{Identity, pem};

pub use crate::x509::testing::vectors;

pub fn limits() -> Limits {
    Limits::default()
}

pub fn passwords(texts: &[&str]) -> Vec<Password> {
    texts.iter().map(|text| Password::new(text)).collect()
}

pub fn load(bytes: &[u8], password: &str) -> crate::Result<Vec<Identity>> {
    Identity::load(bytes, &passwords(&[password]), &[], &limits())
}

/// The octets of the first PEM block.
pub fn first_block(text: &[u8]) -> Vec<u8> {
    pem::blocks(text, &limits()).unwrap()[0].contents().unwrap().to_vec()
}

pub fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.into_vec()
}

/// A SafeBag of kind `id` around the element `value`.
pub fn bag(id: Oid<'_>, value: &[u8], local_key_id: Option<&[u8]>) -> Vec<u8> {
    written(|w| {
        w.sequence(|w| {
            if let Some(local_key_id) = local_key_id {
                w.element(Tag::SET, true, |w| {
                    w.sequence(|w| {
                        w.element(Tag::SET, true, |w| w.octet_string(local_key_id));
                        w.oid(oid::LOCAL_KEY_ID);
                    });
                });
            }
            w.explicit(0, |w| w.raw(value));
            w.oid(id);
        });
    })
}

pub fn certificate_bag(der: &[u8], local_key_id: Option<&[u8]>) -> Vec<u8> {
    let value = written(|w| {
        w.sequence(|w| {
            w.explicit(0, |w| w.octet_string(der));
            w.oid(oid::X509_CERTIFICATE);
        });
    });
    bag(oid::CERT_BAG, &value, local_key_id)
}

pub fn sequence_of(elements: &[Vec<u8>]) -> Vec<u8> {
    written(|w| w.sequence(|w| elements.iter().rev().for_each(|element| w.raw(element))))
}

/// An AuthenticatedSafe with one plain SafeContents.
pub fn plain_safe(safe_contents: &[u8]) -> Vec<u8> {
    sequence_of(&[content_info(oid::DATA, safe_contents)])
}

pub fn content_info(content_type: Oid<'_>, octets: &[u8]) -> Vec<u8> {
    written(|w| {
        w.sequence(|w| {
            w.explicit(0, |w| w.octet_string(octets));
            w.oid(content_type);
        });
    })
}

/// A PFX without MAC.
pub fn pfx(auth_safe: &[u8]) -> Vec<u8> {
    pfx_with(3, &content_info(oid::DATA, auth_safe), &[])
}

pub fn pfx_with(version: u64, auth_safe: &[u8], mac_data: &[u8]) -> Vec<u8> {
    written(|w| {
        w.sequence(|w| {
            w.raw(mac_data);
            w.raw(auth_safe);
            w.u64(version);
        });
    })
}

/// A PFX with a right MAC of one iteration.
pub fn pfx_with_mac(auth_safe: &[u8], digest: &str, password: &Password) -> Vec<u8> {
    let tag = mac(auth_safe, digest, password, 1);
    pfx_with(3, &content_info(oid::DATA, auth_safe), &mac_data(digest, &tag, Some(&[1])))
}

pub fn mac(auth_safe: &[u8], digest: &str, password: &Password, iterations: u32) -> Vec<u8> {
    let Some(Implementation::Digest(digest)) = table::named(digest).unwrap().implementation else { panic!("{digest}") };
    let (purpose, len) = (Pkcs12Purpose::Mac, digest.output_len());
    let key = pkcs12_kdf(digest, purpose, password.bmp().expose(), b"salt", iterations, len);
    digest.mac(key.expose(), &[auth_safe]).as_ref().to_vec()
}

/// `iterations`: contents octets of the INTEGER; None: left out.
pub fn mac_data(digest: &str, tag: &[u8], iterations: Option<&[u8]>) -> Vec<u8> {
    written(|w| {
        w.sequence(|w| {
            if let Some(iterations) = iterations {
                w.element(Tag::INTEGER, false, |w| w.raw(iterations));
            }
            w.octet_string(b"salt");
            w.sequence(|w| {
                w.octet_string(tag);
                w.sequence(|w| w.oid(table::named(digest).unwrap().oid));
            });
        });
    })
}

/// A folder of its own that goes when dropped, with `openssl` to fill it. None: the machine has no openssl.
#[derive(Debug)]
pub struct OpenSsl(PathBuf);

impl OpenSsl {
    pub fn new(name: &str) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("mailseal-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).ok()?;
        let openssl = Self(folder);
        Command::new("openssl").arg("version").output().ok().filter(|output| output.status.success())?;
        Some(openssl)
    }

    /// Runs `openssl` with the words of `arguments` in the folder. False: this openssl cannot.
    pub fn run(&self, arguments: &str) -> bool {
        let output = Command::new("openssl").args(arguments.split(' ')).current_dir(&self.0).output().unwrap();
        output.status.success()
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }

    /// `name.key` (PKCS#8) and `name.crt`, self-signed for a year.
    pub fn pair(&self, name: &str, algorithm: &str) {
        let command = format!(
            "req -x509 -newkey {algorithm} -nodes -keyout {name}.key -out {name}.crt -days 365 -subj /CN={name}"
        );
        assert!(self.run(&command), "{command}");
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
