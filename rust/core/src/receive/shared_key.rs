//! Layers under a symmetric key: EncryptedData (RFC 5652 §8), whose key both sides hold, and AuthenticatedData
//! (RFC 5652 §9), whose MAC key recipients unwrap.

use super::enveloped::{KeyPhase, Sealed, recipients};
use super::key_operation::{choose, shared};
use super::{Opening, Phase, Place, range_in};
use crate::alg::MacAlgorithm;
use crate::asn1::oid;
use crate::cms::authenticated::AuthenticatedData;
use crate::cms::content_info::{ContentInfo, ContentKind};
use crate::cms::enveloped::EncryptedData;
use crate::cms::signed_attributes::{check_signed_attrs, looks_like_signed_attrs};
use crate::policy::facts::{Layer, Wanted};
use crate::{Code, Error, Finding, Result};

impl<'m> Opening<'m> {
    pub(super) fn encrypted_data(&mut self, cms: &Place, mut layer: Layer) -> Phase<'m> {
        match self.read_encrypted_data(cms, &mut layer) {
            Ok((operation, sealed)) => Phase::Key(KeyPhase { operation, layer, sealed, bare: false }),
            Err(error) => self.broken(layer, error),
        }
    }

    fn read_encrypted_data(
        &self,
        cms: &Place,
        layer: &mut Layer,
    ) -> Result<(super::key_operation::KeyOperation, Sealed)> {
        let limits = self.limits();
        let bytes = self.bytes(cms);
        let content = ContentInfo::read(bytes, limits)?.content.ok_or_else(|| Error::new(Code::CmsContentAbsent))?;
        let read = EncryptedData::read(&content, limits)?;
        let identifier = &read.encrypted_content_info.content_encryption_algorithm;
        layer.algorithm = identifier.name();
        layer.algorithm_row = identifier.row();
        let algorithm = self.content_algorithm(None, identifier)?;
        let encrypted = read.encrypted_content_info.encrypted_content.as_ref();
        let encrypted = encrypted.ok_or_else(|| Error::new(Code::CmsContentAbsent).within("encryptedContent"))?;
        let place = range_in(bytes, encrypted.tlv().raw).ok_or_else(|| Error::new(Code::CmsMalformed))?;
        let (operation, key_used) = shared(&self.receiver.keyring, algorithm.key_len(), limits)?;
        layer.key_used = Some(key_used);
        let encrypted = cms.part(place);
        Ok((operation, Sealed::Encrypted { algorithm, encrypted, aad: Vec::new(), mac: Vec::new() }))
    }

    pub(super) fn authenticated_data(&mut self, cms: &Place, mut layer: Layer) -> Phase<'m> {
        let (mut findings, mut wanted) = (Vec::new(), Vec::new());
        let outcome = self.read_authenticated_data(cms, &mut layer, &mut findings, &mut wanted);
        let path = layer.path.clone();
        self.facts.findings.extend(findings.into_iter().map(|finding: Finding| finding.path(path.as_str())));
        match outcome {
            Ok((operation, sealed)) => Phase::Key(KeyPhase { operation, layer, sealed, bare: false }),
            Err(error) => {
                if error.code() == Code::DecryptionNoKey {
                    self.facts.wanted.extend(wanted);
                }
                self.broken(layer, error)
            }
        }
    }

    /// Whatever needs no key is checked before one is touched: the digest in authAttrs binds the content (ENC-21).
    fn read_authenticated_data(
        &self,
        cms: &Place,
        layer: &mut Layer,
        findings: &mut Vec<Finding>,
        wanted: &mut Vec<Wanted>,
    ) -> Result<(super::key_operation::KeyOperation, Sealed)> {
        let limits = self.limits();
        let content = ContentInfo::read(self.bytes(cms), limits)?;
        let content = content.content.ok_or_else(|| Error::new(Code::CmsContentAbsent))?;
        let read = AuthenticatedData::read(&content, limits)?;
        layer.algorithm = read.mac_algorithm.name();
        layer.algorithm_row = read.mac_algorithm.row();
        layer.recipients = read.recipient_infos.iter().flat_map(|info| recipients(info, limits)).collect();
        wanted.extend(self.wanted(&layer.recipients));
        let algorithm = MacAlgorithm::resolve(&read.mac_algorithm)?;
        let inside = &read.encap_content_info;
        let plain = inside.e_content.as_ref().ok_or_else(|| Error::new(Code::CmsContentAbsent))?.to_cow();
        let input = match (&read.auth_attrs, &read.digest_algorithm) {
            (Some(attrs), Some(identifier)) => {
                let (_, digest) = identifier.digest()?;
                let checked = check_signed_attrs(attrs, inside.e_content_type)?;
                if checked.content_type_absent {
                    return Err(Error::with(Code::SignerAttributeMissing, "contentType"));
                }
                if digest.digest(&plain).as_ref() != checked.message_digest {
                    return Err(Error::new(Code::StructureDigestMismatch));
                }
                attrs.signing_input().to_vec()
            }
            _ if inside.e_content_type != oid::DATA => {
                return Err(Error::with(Code::SignerAttributeMissing, "the content is not id-data"));
            }
            // Else attributes that were authenticated once could come again as content (SIG-01).
            _ if looks_like_signed_attrs(&plain, limits) => return Err(Error::new(Code::SignerAmbiguousContent)),
            _ => plain.to_vec(),
        };
        let infos = &read.recipient_infos;
        let (operation, key_used) = choose(infos, algorithm.key_len(), &self.receiver.keyring, limits, findings)?;
        layer.key_used = Some(key_used);
        let is_data = ContentKind::of(inside.e_content_type) == ContentKind::Data;
        let (mac, content) = (read.mac.to_vec(), plain.into_owned());
        Ok((operation, Sealed::Authenticated { algorithm, input, mac, content, is_data }))
    }
}
