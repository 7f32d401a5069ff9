//! Countersignatures (RFC 5652 §11.4): signatures over the signature value of a signer, or of another countersigner.
//! They are unsigned attributes: whatever they say, they never make a signer better (SIG-18).

use std::sync::Arc;

use super::signature::{OwnedSid, SignatureInput, Signed};
use super::signed::{SignerReader, named_certificate, signer_id};
use crate::alg::SignatureAlgorithm;
use crate::asn1::oid;
use crate::cms::signed_attributes::{check_countersignature_attrs, check_unsigned_attrs};
use crate::cms::signer::SignerInfo;
use crate::policy::facts::{Check, CountersignerFacts};
use crate::{Code, Error, Result};

/// A countersigner, and its signature if that can be checked.
pub(super) type Countersigner = (CountersignerFacts, Option<Arc<SignatureInput>>);

impl SignerReader<'_, '_> {
    /// All countersigners of `signer` and of its countersigners, the outer ones first. `budget` is shared by all signers
    /// of the layer. Err: LimitSigners.
    pub(super) fn countersigners(&self, signer: &SignerInfo<'_>, budget: &mut u64) -> Result<Vec<Countersigner>> {
        let mut found: Vec<Countersigner> = Vec::new();
        let mut open = vec![(signer.clone(), None)];
        while let Some((parent, of)) = open.pop() {
            for value in countersignature_values(&parent) {
                *budget = budget.checked_sub(1).ok_or_else(|| Error::new(Code::LimitSigners))?;
                match value.and_then(|value| SignerInfo::read(&value, self.limits)) {
                    Ok(info) => {
                        found.push(self.countersigner(&info, &parent, of));
                        open.push((info, Some(found.len() - 1)));
                    }
                    Err(error) => found.push((unreadable(of, error), None)),
                }
            }
        }
        Ok(found)
    }

    fn countersigner(&self, info: &SignerInfo<'_>, parent: &SignerInfo<'_>, of: Option<usize>) -> Countersigner {
        let sid = OwnedSid::new(&info.sid);
        let mut facts = CountersignerFacts {
            of,
            id: signer_id(&info.sid, self.limits),
            candidates: self.candidates(&sid),
            digest: info.digest_algorithm.name(),
            signature_algorithm: info.signature_algorithm.name(),
            signing_time: None,
            integrity: Check::Unknown,
            reason: None,
        };
        match self.countersignature_input(info, parent, sid, &mut facts) {
            Ok(input) => (facts, Some(Arc::new(input))),
            Err(error) => {
                let unknown = error.code() == Code::SignerAlgorithmUnsupported;
                facts.integrity = if unknown { Check::Unknown } else { Check::Failed };
                facts.reason = Some(error.code());
                (facts, None)
            }
        }
    }

    /// The digest is that of the contents octets of the parent's signature.
    fn countersignature_input(
        &self,
        info: &SignerInfo<'_>,
        parent: &SignerInfo<'_>,
        sid: OwnedSid,
        facts: &mut CountersignerFacts,
    ) -> Result<SignatureInput> {
        let (_, digest) = info.digest_algorithm.digest()?;
        let algorithm = SignatureAlgorithm::resolve(&info.signature_algorithm, Some(&info.digest_algorithm))?;
        if let Some(unsigned) = &info.unsigned_attrs {
            check_unsigned_attrs(unsigned)?;
        }
        let content = parent.signature.to_cow();
        let value = digest.digest(&content);
        let (mut messages, mut named) = (Vec::new(), None);
        match &info.signed_attrs {
            Some(attributes) => {
                let checked = check_countersignature_attrs(attributes)?;
                facts.signing_time = checked.signing_time;
                named = named_certificate(&checked)?;
                if value.as_ref() != checked.message_digest {
                    return Err(Error::new(Code::SignerDigestMismatch));
                }
                messages.push((Signed::Bytes(attributes.signing_input().to_vec().into()), false));
                messages.extend(attributes.der_form(self.limits).map(|der| (Signed::Bytes(der.into()), true)));
            }
            None if algorithm.prehash().is_some() => messages.push((Signed::Digest(value), false)),
            None => messages.push((Signed::Bytes(content.into_owned().into()), false)),
        }
        Ok(SignatureInput { algorithm, signature: info.signature.to_vec().into(), messages, sid, named })
    }
}

/// `Countersignature ::= SignerInfo`; the attribute may repeat, and hold several.
fn countersignature_values<'a>(signer: &SignerInfo<'a>) -> Vec<Result<crate::asn1::Tlv<'a>>> {
    let attributes = signer.unsigned_attrs.iter().flat_map(|attrs| attrs.all(oid::COUNTERSIGNATURE));
    let mut values = Vec::new();
    for attribute in attributes {
        match attribute.values() {
            Ok(mut reader) => {
                while !reader.is_empty() {
                    let value = reader.any();
                    let failed = value.is_err();
                    values.push(value);
                    if failed {
                        break;
                    }
                }
            }
            Err(error) => values.push(Err(error)),
        }
    }
    values
}

fn unreadable(of: Option<usize>, error: Error) -> CountersignerFacts {
    CountersignerFacts {
        of,
        id: String::new(),
        candidates: Vec::new(),
        digest: String::new(),
        signature_algorithm: String::new(),
        signing_time: None,
        integrity: Check::Failed,
        reason: Some(error.code()),
    }
}
