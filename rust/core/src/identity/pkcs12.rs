//! PKCS#12 (RFC 7292): the keys and certificates of a PFX.
//!
//! ```text
//! PFX      ::= SEQUENCE { version INTEGER {v3(3)}, authSafe ContentInfo, macData MacData OPTIONAL }
//! authSafe  =  data: AuthenticatedSafe ::= SEQUENCE OF ContentInfo   -- data | encryptedData: SafeContents
//! SafeContents ::= SEQUENCE OF SafeBag
//! SafeBag  ::= SEQUENCE { bagId OID, bagValue [0] EXPLICIT ANY, bagAttributes SET OF PKCS12Attribute OPTIONAL }
//! ```
//! BER is taken, and what follows the PFX is ignored. A wrong password and a damaged file look the same. A PFX without
//! MAC is taken, and said so: nothing then tells whether its plain parts were changed.

use std::borrow::Cow;
use std::sync::Arc;

use crate::alg::AlgorithmIdentifier;
use crate::asn1::{Oid, Reader, Tag, Tlv, oid, string};
use crate::crypto::password::Password;
use crate::crypto::secret::Secret;
use crate::error::Within;
use crate::identity::mac::MacData;
use crate::identity::unlock::Unlock;
use crate::keys::PrivateKey;
use crate::x509::certificate::Certificate;
use crate::{Code, Error, Finding, Limits, Result};

/// What a PFX holds, in its order.
#[derive(Debug)]
pub struct Pkcs12 {
    pub keys: Vec<KeyBag>,
    pub certificates: Vec<CertificateBag>,
    pub mac: MacState,
    /// Keys, certificates and safes that could not be read, each with its reason.
    pub skipped: Vec<Finding>,
}

/// A key with the attributes that RFC 7292 §4.2 uses to tie it to a certificate.
#[derive(Debug)]
pub struct KeyBag {
    pub private_key: PrivateKey,
    pub local_key_id: Option<Vec<u8>>,
    pub friendly_name: Option<String>,
}

/// An X.509 certificate with its attributes.
#[derive(Debug)]
pub struct CertificateBag {
    pub certificate: Arc<Certificate>,
    pub local_key_id: Option<Vec<u8>>,
    pub friendly_name: Option<String>,
}

/// Whether something vouches for the whole PFX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacState {
    Absent,
    Verified,
}

/// Opens a PFX with the first of `passwords` that fits each of its parts; none given: the empty one is tried.
///
/// Err: KeyPasswordWrong (also where the file is damaged), KeyUnsupported (version, signed PFX, MAC), KeyMalformed,
/// Asn1Malformed, LimitKdfWork. What is wrong with one key, certificate or safe only is in `skipped`.
pub fn open(der: &[u8], passwords: &[Password], limits: &Limits) -> Result<Pkcs12> {
    open_with(der, &mut Unlock::new(passwords, limits), limits)
}

/// As `open`, with passwords and a budget of work that several structures of one file share.
pub fn open_with(der: &[u8], unlock: &mut Unlock<'_>, limits: &Limits) -> Result<Pkcs12> {
    let pfx = Pfx::read(der, limits).field("PFX")?;
    let mac = match &pfx.mac_data {
        None => MacState::Absent,
        Some(mac_data) => {
            mac_data.verify(&pfx.auth_safe, unlock).field("macData").field("PFX")?;
            MacState::Verified
        }
    };
    let found = Pkcs12 { keys: Vec::new(), certificates: Vec::new(), mac, skipped: Vec::new() };
    let mut opening = Opening { found, unlock, limits };
    opening.authenticated_safe(&pfx.auth_safe).field("authSafe").field("PFX")?;
    Ok(opening.found)
}

/// Whether `der` begins as a PFX does: version 3, then a ContentInfo.
pub fn is_pkcs12(der: &[u8], limits: &Limits) -> bool {
    let start = || -> Result<bool> {
        let mut reader = Reader::ber(der, limits).sequence()?;
        let version = reader.integer()?.to_u64();
        let content_type = reader.sequence()?.oid()?;
        Ok(version == Some(3) && (content_type == oid::DATA || content_type == oid::SIGNED_DATA))
    };
    start().unwrap_or(false)
}

struct Pfx<'a> {
    /// The octets that the MAC is over.
    auth_safe: Cow<'a, [u8]>,
    mac_data: Option<MacData<'a>>,
}

impl<'a> Pfx<'a> {
    fn read(der: &'a [u8], limits: &Limits) -> Result<Self> {
        let mut reader = Reader::ber(der, limits).sequence()?;
        let version = reader.u64().field("version")?;
        if version != 3 {
            return Err(Error::with(Code::KeyUnsupported, format!("PKCS#12 version {version}")));
        }
        let content = ContentInfo::read(&mut reader).field("authSafe")?;
        if content.content_type == oid::SIGNED_DATA {
            let text = "a PKCS#12 file that is signed instead of protected with a password";
            return Err(Error::with(Code::KeyUnsupported, text));
        }
        let auth_safe = content.data().field("authSafe")?;
        let mac_data = reader.optional(Tag::SEQUENCE)?.map(|tlv| MacData::read(&tlv)).transpose().field("macData")?;
        reader.finish()?;
        Ok(Self { auth_safe, mac_data })
    }
}

/// `ContentInfo ::= SEQUENCE { contentType OID, content [0] EXPLICIT ANY OPTIONAL }`
struct ContentInfo<'a> {
    content_type: Oid<'a>,
    content: Option<Tlv<'a>>,
    offset: usize,
}

impl<'a> ContentInfo<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let offset = reader.offset();
        let mut reader = reader.sequence()?;
        Ok(Self { content_type: reader.oid()?, content: reader.explicit(0)?, offset })
    }

    fn content(&self) -> Result<&Tlv<'a>> {
        self.content.as_ref().ok_or_else(|| Error::with(Code::KeyMalformed, "content is absent").at(self.offset))
    }

    /// The octets of `data`.
    fn data(&self) -> Result<Cow<'a, [u8]>> {
        let content = self.content()?;
        if self.content_type != oid::DATA || content.tag != Tag::OCTET_STRING {
            let text = format!("{} where data is due", named(self.content_type));
            return Err(Error::with(Code::KeyMalformed, text).at(self.offset));
        }
        Ok(content.as_octets()?.to_cow())
    }
}

/// `EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm AlgorithmIdentifier, encryptedData OCTET STRING }`
/// (RFC 5958 §3): decrypted with the first password that fits, then read as PKCS#8.
pub fn encrypted_private_key(tlv: &Tlv<'_>, unlock: &mut Unlock<'_>, limits: &Limits) -> Result<PrivateKey> {
    let mut reader = tlv.reader()?;
    let algorithm = AlgorithmIdentifier::read(&mut reader).field("encryptionAlgorithm")?;
    let encrypted_data = reader.octet_string().field("encryptedData")?.to_cow();
    let plain = unlock.decrypt(&algorithm, &encrypted_data, "the private key")?;
    PrivateKey::from_pkcs8(plain.expose(), limits)
}

fn named(oid: Oid<'_>) -> String {
    oid::name(oid).map_or_else(|| oid.to_string(), str::to_owned)
}

struct Opening<'u, 'l> {
    found: Pkcs12,
    unlock: &'u mut Unlock<'l>,
    limits: &'u Limits,
}

impl Opening<'_, '_> {
    fn authenticated_safe(&mut self, octets: &[u8]) -> Result<()> {
        let mut reader = Reader::ber(octets, self.limits).sequence()?;
        let mut index = 0;
        while !reader.is_empty() {
            let content_info = ContentInfo::read(&mut reader).item("AuthenticatedSafe", index)?;
            self.safe(&content_info).item("AuthenticatedSafe", index)?;
            index += 1;
        }
        Ok(())
    }

    fn safe(&mut self, content_info: &ContentInfo<'_>) -> Result<()> {
        if content_info.content_type == oid::DATA {
            let octets = content_info.data()?;
            return self.safe_contents(&octets);
        }
        if content_info.content_type != oid::ENCRYPTED_DATA {
            let text = format!("a safe of type {}", named(content_info.content_type));
            self.found.skipped.push(Finding::new(Code::KeyUnsupported).detail(text));
            return Ok(());
        }
        match self.encrypted_data(content_info.content()?) {
            Ok(plain) => {
                // The password fitted, so this is no wrong one: but to say more would tell it from a damaged file.
                let wrong = |_| Error::with(Code::KeyPasswordWrong, "encrypted safe");
                self.safe_contents(plain.expose()).map_err(wrong)
            }
            Err(error) if error.code() == Code::KeyUnsupported => {
                self.found.skipped.push(error.into_finding());
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// `EncryptedData ::= SEQUENCE { version, encryptedContentInfo, … }` (RFC 5652 §8), with a password as key.
    fn encrypted_data(&mut self, content: &Tlv<'_>) -> Result<Secret> {
        let mut reader = content.reader()?;
        reader.u64().field("version")?;
        let mut info = reader.sequence().field("encryptedContentInfo")?;
        info.oid()?;
        let algorithm = AlgorithmIdentifier::read(&mut info).field("contentEncryptionAlgorithm")?;
        let ciphertext = info.expect(Tag::context(0)).and_then(|tlv| tlv.as_octets()).field("encryptedContent")?;
        self.unlock.decrypt(&algorithm, &ciphertext.to_cow(), "PKCS#12")
    }

    /// Nested SafeContents are walked with a stack; the reader's depth bounds it.
    fn safe_contents(&mut self, octets: &[u8]) -> Result<()> {
        let mut open = vec![Reader::ber(octets, self.limits).sequence().field("SafeContents")?];
        while let Some(reader) = open.last_mut() {
            if reader.is_empty() {
                open.pop();
                continue;
            }
            let bag = SafeBag::read(reader).field("SafeBag")?;
            if bag.bag_id == oid::SAFE_CONTENTS_BAG {
                open.push(bag.value.reader()?);
            } else {
                self.bag(&bag)?;
            }
        }
        Ok(())
    }

    fn bag(&mut self, bag: &SafeBag<'_>) -> Result<()> {
        let outcome = if bag.bag_id == oid::KEY_BAG {
            PrivateKey::from_pkcs8(bag.value.raw, self.limits).map(|key| self.push_key(key, bag)).field("keyBag")
        } else if bag.bag_id == oid::PKCS8_SHROUDED_KEY_BAG {
            let key = encrypted_private_key(&bag.value, self.unlock, self.limits);
            key.map(|key| self.push_key(key, bag)).field("pkcs8ShroudedKeyBag")
        } else if bag.bag_id == oid::CERT_BAG {
            self.certificate(bag).field("certBag")
        } else {
            // CRLs and secrets: not what identities are made of.
            Ok(())
        };
        match outcome {
            // One bad bag does not hide the others. A wrong password or spent budget concerns the file.
            Err(error) if !matches!(error.code(), Code::KeyPasswordWrong | Code::LimitKdfWork) => {
                self.found.skipped.push(error.into_finding());
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn push_key(&mut self, private_key: PrivateKey, bag: &SafeBag<'_>) {
        let (local_key_id, friendly_name) = bag.attributes();
        self.found.keys.push(KeyBag { private_key, local_key_id, friendly_name });
    }

    /// `CertBag ::= SEQUENCE { certId OID, certValue [0] EXPLICIT ANY }`; for x509Certificate an OCTET STRING.
    fn certificate(&mut self, bag: &SafeBag<'_>) -> Result<()> {
        let mut reader = bag.value.reader()?;
        if reader.oid()? != oid::X509_CERTIFICATE {
            return Ok(());
        }
        let value = reader.explicit(0)?;
        let value = value.ok_or_else(|| Error::with(Code::KeyMalformed, "certValue is absent"))?;
        let certificate = Certificate::from_der(&value.as_octets()?.to_cow(), self.limits)?;
        let (local_key_id, friendly_name) = bag.attributes();
        let certificate = Arc::new(certificate);
        self.found.certificates.push(CertificateBag { certificate, local_key_id, friendly_name });
        Ok(())
    }
}

struct SafeBag<'a> {
    bag_id: Oid<'a>,
    value: Tlv<'a>,
    bag_attributes: Option<Tlv<'a>>,
}

impl<'a> SafeBag<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let offset = reader.offset();
        let mut reader = reader.sequence()?;
        let bag_id = reader.oid().field("bagId")?;
        let value = reader.explicit(0).field("bagValue")?;
        let value = value.ok_or_else(|| Error::with(Code::KeyMalformed, "bagValue is absent").at(offset))?;
        Ok(Self { bag_id, value, bag_attributes: reader.optional(Tag::SET)? })
    }

    /// localKeyId and friendlyName. They only help to tell keys apart, so broken ones are as absent.
    fn attributes(&self) -> (Option<Vec<u8>>, Option<String>) {
        let (mut local_key_id, mut friendly_name) = (None, None);
        let Some(Ok(mut reader)) = self.bag_attributes.as_ref().map(Tlv::reader) else { return (None, None) };
        while !reader.is_empty() {
            let Ok((id, value)) = attribute(&mut reader) else { break };
            if id == oid::LOCAL_KEY_ID && value.tag == Tag::OCTET_STRING {
                local_key_id = value.as_octets().ok().map(|octets| octets.to_vec());
            } else if id == oid::FRIENDLY_NAME {
                friendly_name = string::text(&value).map(|text| text.text);
            }
        }
        (local_key_id, friendly_name)
    }
}

/// `PKCS12Attribute ::= SEQUENCE { attrId OID, attrValues SET OF ANY }`: the first value.
fn attribute<'a>(reader: &mut Reader<'a>) -> Result<(Oid<'a>, Tlv<'a>)> {
    let mut reader = reader.sequence()?;
    Ok((reader.oid()?, reader.set()?.any()?))
}

#[cfg(test)]
mod tests;
