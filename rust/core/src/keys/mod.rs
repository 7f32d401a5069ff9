//! Keys as they are written: SubjectPublicKeyInfo (RFC 5280, 5480, 8410), PKCS#8 (RFC 5958), PKCS#1, SEC 1.

pub mod generate;
pub mod private;
pub mod public;
pub mod write;

pub use generate::KeyAlgorithm;

pub use crate::crypto::key::{KeyKind, PrivateKey, PublicKey};

use crate::alg::{AlgorithmIdentifier, Implementation, Role};
use crate::asn1::Tag;
use crate::crypto::ec::Curve;
use crate::{Code, Error, Limits, Result};

/// Fewer bits than this can be factored on a desk; nothing honest has them.
const MIN_RSA_BITS: usize = 512;

/// ECParameters: namedCurve alone; implicitCurve and explicit parameters are refused (RFC 5480 §2.1.1).
/// Ok(None): a curve that is not implemented.
fn named_curve(identifier: &AlgorithmIdentifier<'_>) -> Result<Option<&'static Curve>> {
    let wrong = || Error::with(Code::KeyMalformed, "a named curve is due").at(identifier.offset);
    let parameters = identifier.parameters.filter(|tlv| tlv.tag == Tag::OBJECT_IDENTIFIER).ok_or_else(wrong)?;
    Ok(curve_of(parameters.as_oid().map_err(|_| wrong())?))
}

fn curve_of(oid: crate::asn1::Oid<'_>) -> Option<&'static Curve> {
    match crate::alg::table::find_role(oid, &[Role::Curve])?.implementation? {
        Implementation::Curve(curve) => Some(curve),
        _ => None,
    }
}

/// Bounds of an RSA modulus, before any arithmetic. Err: KeyMalformed, LimitKeyBits.
fn check_modulus(modulus: &[u8], limits: &Limits) -> Result<()> {
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if bits as u64 > limits.rsa_bits {
        return Err(Error::with(Code::LimitKeyBits, format!("{bits} bits")));
    }
    if bits < MIN_RSA_BITS || modulus.last().is_none_or(|last| last & 1 == 0) {
        return Err(Error::with(Code::KeyMalformed, "RSA modulus"));
    }
    Ok(())
}
