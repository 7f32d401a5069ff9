//! keyEncryptionAlgorithm of a KeyAgreeRecipientInfo (RFC 5753, RFC 8418), and key wraps by themselves.

use crate::alg::identifier::{self, AlgorithmIdentifier};
use crate::alg::row::{Implementation, Role, Row};
use crate::asn1::{Tag, writer::Writer};
use crate::crypto::agreement::{KeyDerivation, agree};
use crate::crypto::key::PrivateKey;
use crate::crypto::key_wrap::KeyWrap;
use crate::crypto::secret::Secret;
use crate::{Code, Result};

/// A key wrap: keyEncryptionAlgorithm of a KEKRecipientInfo, or the parameter of a key agreement.
#[derive(Clone, Copy, Debug)]
pub struct WrapAlgorithm {
    row: &'static Row,
    wrap: &'static dyn KeyWrap,
}

impl WrapAlgorithm {
    /// Err: DecryptionAlgorithmUnsupported, DecryptionParameters.
    pub fn resolve(identifier: &AlgorithmIdentifier<'_>) -> Result<Self> {
        let row = identifier.row_as(&[Role::KeyWrap]);
        let Some((row, Implementation::KeyWrap(wrap))) = row.and_then(|row| Some((row, row.implementation?))) else {
            return Err(identifier.unsupported(Code::DecryptionAlgorithmUnsupported));
        };
        identifier.obey(row, Code::DecryptionParameters)?;
        Ok(Self { row, wrap })
    }

    pub fn row(&self) -> &'static Row {
        self.row
    }

    /// Octets of the key-encryption key.
    pub fn kek_len(&self) -> usize {
        self.wrap.kek_len()
    }

    /// None: wrong KEK, or the key inside has not `cek_len` octets.
    pub fn unwrap(&self, kek: &Secret, wrapped: &[u8], cek_len: usize) -> Option<Secret> {
        // The length is checked before anything is unwrapped.
        if wrapped.len() != self.wrap.wrapped_len(cek_len)? {
            return None;
        }
        self.wrap.unwrap(kek.expose(), wrapped).filter(|key| key.len() == cek_len)
    }

    /// None: a key or KEK that this wrap does not take.
    pub fn wrap(&self, kek: &Secret, key: &Secret) -> Option<Vec<u8>> {
        self.wrap.wrap(kek.expose(), key)
    }
}

/// keyEncryptionAlgorithm of a KeyAgreeRecipientInfo, with its key wrap.
#[derive(Clone, Debug)]
pub struct AgreementAlgorithm {
    row: &'static Row,
    derivation: &'static dyn KeyDerivation,
    wrap: WrapAlgorithm,
}

impl AgreementAlgorithm {
    /// Err: DecryptionAlgorithmUnsupported, DecryptionParameters.
    pub fn resolve(identifier: &AlgorithmIdentifier<'_>) -> Result<Self> {
        let row = identifier.row_as(&[Role::KeyAgreement]);
        let Some((row, Implementation::KeyAgreement(derivation))) =
            row.and_then(|row| Some((row, row.implementation?)))
        else {
            return Err(identifier.unsupported(Code::DecryptionAlgorithmUnsupported));
        };
        let wrong = || identifier.wrong_parameters(Code::DecryptionParameters);
        let parameters = identifier.parameters.filter(|tlv| tlv.tag == Tag::SEQUENCE).ok_or_else(wrong)?;
        let wrap = AlgorithmIdentifier::from_tlv(&parameters).map_err(|_| wrong())?;
        Ok(Self { row, derivation, wrap: WrapAlgorithm::resolve(&wrap)? })
    }

    pub fn row(&self) -> &'static Row {
        self.row
    }

    pub fn wrap_row(&self) -> &'static Row {
        self.wrap.row
    }

    /// `originator`: contents of the originator's BIT STRING (a point, or 32 octets for X25519).
    /// A key that only the holder of `key` could foretell where it fails, as `TransportAlgorithm::unwrap`.
    pub fn unwrap(
        &self,
        key: &PrivateKey,
        originator: &[u8],
        ukm: Option<&[u8]>,
        encrypted_key: &[u8],
        cek_len: usize,
    ) -> Secret {
        let unwrapped =
            agree(key, originator).and_then(|shared| self.unwrap_shared(&shared, ukm, encrypted_key, cek_len));
        unwrapped.unwrap_or_else(|| key.rejection_key(encrypted_key, cek_len))
    }

    /// As `unwrap`, with what both sides share. None: it does not open.
    pub fn unwrap_shared(
        &self,
        shared: &Secret,
        ukm: Option<&[u8]>,
        encrypted_key: &[u8],
        cek_len: usize,
    ) -> Option<Secret> {
        // RFC 5753 §7.2 says absent for AES; some senders derive with NULL.
        [false, true].into_iter().find_map(|null| {
            let kek = self.key_encryption_key(shared, ukm, null)?;
            self.wrap.unwrap(&kek, encrypted_key, cek_len)
        })
    }

    /// To send with. None: no key agreement or key wrap that is run here.
    pub fn make(row: &'static Row, wrap: &'static Row) -> Option<Self> {
        let Some(Implementation::KeyAgreement(derivation)) = row.implementation else { return None };
        let Some(Implementation::KeyWrap(implementation)) = wrap.implementation else { return None };
        Some(Self { row, derivation, wrap: WrapAlgorithm { row: wrap, wrap: implementation } })
    }

    /// keyEncryptionAlgorithm.
    pub fn write(&self, writer: &mut Writer) {
        identifier::write(writer, self.row, |writer| identifier::write(writer, self.wrap.row, |_| {}));
    }

    /// Wraps `cek` under what both sides share: the sending side of `unwrap`. None: a key that this wrap does not take.
    pub fn wrap(&self, shared: &Secret, ukm: Option<&[u8]>, cek: &Secret) -> Option<Vec<u8>> {
        self.wrap.wrap(&self.key_encryption_key(shared, ukm, false)?, cek)
    }

    fn key_encryption_key(&self, shared: &Secret, ukm: Option<&[u8]>, null: bool) -> Option<Secret> {
        let len = self.wrap.kek_len();
        let info = shared_info(self.wrap.row, null, ukm, len);
        self.derivation.derive(shared, ukm, &info, len)
    }
}

/// ECC-CMS-SharedInfo ::= SEQUENCE { keyInfo AlgorithmIdentifier, entityUInfo [0] EXPLICIT OCTET STRING OPTIONAL,
///   suppPubInfo [2] EXPLICIT OCTET STRING } (RFC 5753 §7.2); suppPubInfo holds the bits of the KEK.
fn shared_info(wrap: &Row, null: bool, ukm: Option<&[u8]>, kek_len: usize) -> Vec<u8> {
    let bits = u32::try_from(kek_len * 8).unwrap_or(u32::MAX).to_be_bytes();
    let mut writer = Writer::new();
    writer.sequence(|writer| {
        writer.explicit(2, |writer| writer.octet_string(&bits));
        if let Some(ukm) = ukm {
            writer.explicit(0, |writer| writer.octet_string(ukm));
        }
        writer.sequence(|writer| {
            if null {
                writer.null();
            }
            writer.oid(wrap.oid);
        });
    });
    writer.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alg::table;
    use crate::crypto::testing::hex;

    #[test]
    fn shared_info_rfc5753() {
        // SEQUENCE { SEQUENCE { id-aes128-wrap }, [0] { 'ab' }, [2] { 00000080 } }
        let row = table::named("AES-128-wrap").unwrap();
        assert_eq!(
            shared_info(row, false, Some(&[0xab]), 16),
            hex("301a 300b 0609608648016503040105 a003 0401ab a206 040400000080")
        );
        assert_eq!(shared_info(row, true, None, 16), hex("3017 300d 06096086480165030401050500 a206 040400000080"));
    }

    #[test]
    fn r03_null_in_key_info_is_taken() {
        let limits = crate::Limits::default();
        let key = |byte: u8| {
            let pkcs8 = [hex("302e020100300506032b656e04220420"), vec![byte; 32]].concat();
            PrivateKey::from_pkcs8(&pkcs8, &limits).unwrap()
        };
        let (sender, recipient) = (key(1), key(2));
        let point = |key: &PrivateKey| key.public_spki()[12..].to_vec();
        let der = hex("3015 06062b8104010b01 300b 060960864801650304012d");
        let mut reader = crate::asn1::Reader::der(&der, &limits);
        let algorithm = AgreementAlgorithm::resolve(&AlgorithmIdentifier::read(&mut reader).unwrap()).unwrap();
        let (cek, shared) = (Secret::new(vec![7; 16]), agree(&sender, &point(&recipient)).unwrap());
        let keks = [false, true].map(|null| algorithm.key_encryption_key(&shared, None, null).unwrap());
        assert_ne!(keks[0], keks[1]);
        for kek in keks {
            let wrapped = algorithm.wrap.wrap(&kek, &cek).unwrap();
            assert_eq!(algorithm.unwrap(&recipient, &point(&sender), None, &wrapped, 16), cek);
        }
    }
}
