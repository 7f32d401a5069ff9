//! Layers that need no key: CompressedData (RFC 3274) and DigestedData (RFC 5652 §7).

use super::{Opening, Phase, Place};
use crate::alg::CompressionAlgorithm;
use crate::cms::compressed::{CompressedData, DigestedData};
use crate::cms::content_info::{ContentInfo, ContentKind};
use crate::policy::facts::{Layer, LayerKind};
use crate::{Code, Error, Finding, Result};

/// What unwrapping gives: the content, whether it is an entity, and the layer's algorithm; findings beside.
struct Unwrapped {
    content: Vec<u8>,
    is_data: bool,
    algorithm: String,
    version_is_prescribed: bool,
}

impl<'m> Opening<'m> {
    /// Neither says who wrote the content: what is inside is looked at as if it stood here.
    pub(super) fn unwrap_keyless(&mut self, cms: &Place, mut layer: Layer, next: String) -> Phase<'m> {
        let unwrapped = match self.read_keyless(cms, &layer) {
            Ok(unwrapped) => unwrapped,
            Err(error) => {
                self.content = None;
                return self.broken(layer, error);
            }
        };
        if !unwrapped.version_is_prescribed {
            self.facts.findings.push(Finding::new(Code::CmsVersion).path(layer.path.as_str()));
        }
        layer.algorithm = unwrapped.algorithm;
        layer.opened = true;
        self.facts.layers.push(layer);
        let place = self.keep(unwrapped.content);
        self.content = Some(place.clone());
        if unwrapped.is_data { Phase::Entity(place, next) } else { Phase::Finished }
    }

    fn read_keyless(&self, cms: &Place, layer: &Layer) -> Result<Unwrapped> {
        let limits = self.limits();
        let info = ContentInfo::read(self.bytes(cms), limits)?;
        let content = info.content.ok_or_else(|| Error::new(Code::CmsContentAbsent))?;
        if layer.kind == LayerKind::Compressed {
            let read = CompressedData::read(&content)?;
            let algorithm = CompressionAlgorithm::resolve(&read.compression_algorithm)?;
            let inside = read.encap_content_info;
            let packed = inside.e_content.ok_or_else(|| Error::new(Code::CmsContentAbsent))?;
            return Ok(Unwrapped {
                content: algorithm.decompress(packed.segments(), packed.len(), limits)?,
                is_data: ContentKind::of(inside.e_content_type) == ContentKind::Data,
                algorithm: read.compression_algorithm.name(),
                version_is_prescribed: read.version == CompressedData::PRESCRIBED_VERSION,
            });
        }
        let read = DigestedData::read(&content)?;
        let (_, digest) = read.digest_algorithm.digest()?;
        let inside = read.encap_content_info;
        let plain = inside.e_content.ok_or_else(|| Error::new(Code::CmsContentAbsent))?;
        let mut context = digest.start();
        plain.segments().for_each(|segment| context.update(segment));
        if context.finish().as_ref() != &*read.digest.to_cow() {
            return Err(Error::new(Code::StructureDigestMismatch));
        }
        Ok(Unwrapped {
            content: plain.to_cow().into_owned(),
            is_data: ContentKind::of(inside.e_content_type) == ContentKind::Data,
            algorithm: read.digest_algorithm.name(),
            version_is_prescribed: read.version == read.prescribed_version(),
        })
    }
}
