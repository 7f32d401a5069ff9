//! Identities, written: PKCS#12 (RFC 7292) and PEM (RFC 7468).
//!
//! A PFX as everyone writes it: the certificates in one encrypted safe, the key shrouded in a plain one, both under the
//! same password, and a MAC over both. What ties the key to its certificate is localKeyId.

use zeroize::Zeroizing;

use crate::alg::pbe::PbeAlgorithm;
use crate::asn1::writer::Writer;
use crate::asn1::{Oid, Tag, oid};
use crate::crypto::digest::{Digest, SHA1};
use crate::crypto::password::Password;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::identity::identity::Identity;
use crate::identity::mac;
use crate::identity::profile::Pkcs12Profile;
use crate::x509::certificate::Certificate;
use crate::{Code, Error, Result};

/// Characters of a line of base64 (RFC 7468 §2).
const PEM_LINE: usize = 64;

impl Identity {
    /// PKCS#12 with the key, its certificates and its chain. Without certificate it holds the key alone.
    ///
    /// The password goes as UTF-8 into PBES2 and as BMPString into the derivation of PKCS#12 (RFC 7292 App. B.1), which
    /// the MAC needs in every profile. The identity's friendlyName is written if it has one.
    /// Err: MakingFailed (no chance, or the backend refuses), MisuseArgument (`Password::absent`).
    pub fn to_pkcs12(&self, password: &Password, profile: &Pkcs12Profile, random: &dyn Random) -> Result<Vec<u8>> {
        if password.is_absent() {
            return Err(Error::with(Code::MisuseArgument, "a PKCS#12 file needs a password, which may be empty"));
        }
        let seal = || PbeAlgorithm::make(&profile.encryption, random);
        let key = self.key_safe(&seal()?, password)?;
        let certificates = self.certificate_safe(&seal()?, password)?;
        let mut auth_safe = Writer::new();
        auth_safe.sequence(|writer| {
            writer.raw(&key);
            writer.raw(&certificates);
        });
        let auth_safe = auth_safe.into_vec();
        let mac_data = mac::write(&auth_safe, password, profile, random)?;
        let mut pfx = Writer::with_capacity(auth_safe.len() + mac_data.len() + 64);
        pfx.sequence(|writer| {
            writer.raw(&mac_data);
            content_info(writer, oid::DATA, |writer| writer.octet_string(&auth_safe));
            writer.u64(3);
        });
        Ok(pfx.into_vec())
    }

    /// The key as PKCS#8 (RFC 5958), then its certificates, the preferred one first, and the chain.
    ///
    /// With a password the key is encrypted as the `modern` profile does; None: it is not. Err: MakingFailed.
    pub fn to_pem(&self, password: Option<&Password>, random: &dyn Random) -> Result<Secret> {
        let pkcs8 = self.private_key.to_pkcs8()?;
        let mut pem = Zeroizing::new(Vec::new());
        match password {
            None => pem_block(&mut pem, "PRIVATE KEY", pkcs8.expose()),
            Some(password) => {
                let algorithm = PbeAlgorithm::make(&Pkcs12Profile::MODERN.encryption, random)?;
                let mut writer = Writer::new();
                encrypted_private_key_info(&mut writer, &algorithm, &algorithm.encrypt(password, pkcs8.expose())?);
                pem_block(&mut pem, "ENCRYPTED PRIVATE KEY", &writer.into_vec());
            }
        }
        for certificate in self.certificates().chain(&*self.chain) {
            pem_block(&mut pem, "CERTIFICATE", certificate.der());
        }
        Ok(Secret::from(pem))
    }

    /// SafeContents with the shrouded key, as plain data.
    fn key_safe(&self, algorithm: &PbeAlgorithm, password: &Password) -> Result<Vec<u8>> {
        let ciphertext = algorithm.encrypt(password, self.private_key.to_pkcs8()?.expose())?;
        let attributes = self.attributes();
        let mut safe = Writer::new();
        safe.sequence(|writer| {
            bag(writer, oid::PKCS8_SHROUDED_KEY_BAG, &attributes, |writer| {
                encrypted_private_key_info(writer, algorithm, &ciphertext);
            });
        });
        let (safe, mut writer) = (safe.into_vec(), Writer::new());
        content_info(&mut writer, oid::DATA, |writer| writer.octet_string(&safe));
        Ok(writer.into_vec())
    }

    /// SafeContents with all certificates, encrypted; nothing where there is none.
    fn certificate_safe(&self, algorithm: &PbeAlgorithm, password: &Password) -> Result<Vec<u8>> {
        let Some(own) = &self.certificate else { return Ok(Vec::new()) };
        let attributes = self.attributes();
        let mut safe = Writer::new();
        safe.sequence(|writer| {
            let others: Vec<_> = self.renewals.iter().chain(&*self.chain).collect();
            others.into_iter().rev().for_each(|other| certificate_bag(writer, other, &[]));
            certificate_bag(writer, own, &attributes);
        });
        let ciphertext = algorithm.encrypt(password, &safe.into_vec())?;
        let mut writer = Writer::new();
        content_info(&mut writer, oid::ENCRYPTED_DATA, |writer| {
            // EncryptedData ::= SEQUENCE { version 0, SEQUENCE { data, algorithm, [0] ciphertext } } (RFC 5652 §8)
            writer.sequence(|writer| {
                writer.sequence(|writer| {
                    writer.element(Tag::context(0), false, |writer| writer.raw(&ciphertext));
                    algorithm.write(writer);
                    writer.oid(oid::DATA);
                });
                writer.u64(0);
            });
        });
        Ok(writer.into_vec())
    }

    /// friendlyName and localKeyId (RFC 7292 §4.2), each as an element.
    fn attributes(&self) -> Vec<Vec<u8>> {
        let name = self.friendly_name.as_ref().map(|name| {
            let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
            attribute(oid::FRIENDLY_NAME, |writer| writer.element(Tag::BMP_STRING, false, |writer| writer.raw(&units)))
        });
        let sha1: &dyn Digest = &SHA1;
        // Any octets would do; these are what OpenSSL and NSS take.
        let local = self.certificate.as_ref().map(|certificate| {
            let id = sha1.digest(certificate.der());
            attribute(oid::LOCAL_KEY_ID, |writer| writer.octet_string(id.as_ref()))
        });
        name.into_iter().chain(local).collect()
    }
}

/// `ContentInfo ::= SEQUENCE { contentType OID, content [0] EXPLICIT ANY }`
fn content_info(writer: &mut Writer, content_type: Oid<'_>, content: impl FnOnce(&mut Writer)) {
    writer.sequence(|writer| {
        writer.explicit(0, content);
        writer.oid(content_type);
    });
}

/// EncryptedPrivateKeyInfo (RFC 5958 §3).
fn encrypted_private_key_info(writer: &mut Writer, algorithm: &PbeAlgorithm, ciphertext: &[u8]) {
    writer.sequence(|writer| {
        writer.octet_string(ciphertext);
        algorithm.write(writer);
    });
}

/// SafeBag (RFC 7292 §4.2).
fn bag(writer: &mut Writer, bag_id: Oid<'_>, attributes: &[Vec<u8>], value: impl FnOnce(&mut Writer)) {
    writer.sequence(|writer| {
        if !attributes.is_empty() {
            writer.set_of(attributes.to_vec());
        }
        writer.explicit(0, value);
        writer.oid(bag_id);
    });
}

/// CertBag (RFC 7292 §4.2.3).
fn certificate_bag(writer: &mut Writer, certificate: &Certificate, attributes: &[Vec<u8>]) {
    bag(writer, oid::CERT_BAG, attributes, |writer| {
        writer.sequence(|writer| {
            writer.explicit(0, |writer| writer.octet_string(certificate.der()));
            writer.oid(oid::X509_CERTIFICATE);
        });
    });
}

/// PKCS12Attribute with one value.
fn attribute(id: Oid<'_>, value: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|writer| {
        writer.element(Tag::SET, true, value);
        writer.oid(id);
    });
    writer.into_vec()
}

/// One block at the end of `pem`, in one allocation: a key leaves no copy behind.
fn pem_block(pem: &mut Zeroizing<Vec<u8>>, label: &str, der: &[u8]) {
    let base64 = Zeroizing::new(base64_simd::STANDARD.encode_to_string(der));
    let lines = base64.len().div_ceil(PEM_LINE);
    let needed = pem.len() + base64.len() + lines + 2 * label.len() + 40;
    let mut whole = Vec::with_capacity(needed);
    whole.extend_from_slice(pem);
    whole.extend_from_slice(format!("-----BEGIN {label}-----\n").as_bytes());
    for line in base64.as_bytes().chunks(PEM_LINE) {
        whole.extend_from_slice(line);
        whole.push(b'\n');
    }
    whole.extend_from_slice(format!("-----END {label}-----\n").as_bytes());
    *pem = Zeroizing::new(whole);
}

#[cfg(test)]
mod tests;
