//! Keys as the primitives need them. How keys are encoded is the matter of `crate::keys`, which adds the readers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::signature::{ED25519, KeyPair, ParsedPublicKey};
use aws_lc_rs::{agreement, signature};
use mailseal_lc::{DsaPublicKey, EcPrivateKey, EcPublicKey, RsaPrivateKey, RsaPublicKey};

pub use mailseal_lc::{DsaComponents, RsaComponents};
use zeroize::Zeroizing;

use crate::crypto::digest::{Digest, SHA256};
use crate::crypto::ec::Curve;
use crate::crypto::rsa_numbers::RsaNumbers;
use crate::crypto::secret::Secret;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Rsa,
    /// `curve` is the row name ("P-256").
    Ec {
        curve: &'static str,
    },
    Ed25519,
    X25519,
    Ed448,
    X448,
    Dsa,
    /// Known by name only, or not at all.
    Other,
}

/// RSASSA-PSS with these and nothing else (RFC 4055 §1.2, RFC 8017 A.2.3).
#[derive(Clone, Copy, Debug)]
pub struct PssParameters {
    pub digest: &'static dyn Digest,
    pub mgf_digest: &'static dyn Digest,
    pub salt_len: usize,
}

/// What an RSA key may be used for.
#[derive(Clone, Debug)]
pub enum RsaUse {
    /// rsaEncryption: everything.
    Any,
    /// id-RSASSA-PSS: signatures of that scheme, with these hashes and at least this salt if parameters are given.
    Pss(Option<Box<PssParameters>>),
}

/// A public key, parsed once and kept ready. Unknown kinds parse too (kind Other) and verify nothing. Clone is cheap.
#[derive(Clone, Debug)]
pub struct PublicKey(Arc<PublicParts>);

#[derive(Debug)]
struct PublicParts {
    material: PublicMaterial,
    name: String,
    spki: Vec<u8>,
    canonical_spki: Option<Vec<u8>>,
}

#[derive(Debug)]
pub(crate) enum PublicMaterial {
    Rsa { key: RsaPublicKey, usage: RsaUse },
    Ec { key: EcPublicKey, curve: &'static Curve },
    Ed25519(ParsedPublicKey),
    X25519,
    Ed448(Box<ed448_goldilocks::VerifyingKey>),
    X448,
    Dsa(DsaPublicKey),
    Other,
}

impl PublicMaterial {
    /// Big-endian magnitudes. None: refused by the backend.
    pub(crate) fn rsa(modulus: &[u8], exponent: &[u8], usage: RsaUse) -> Option<Self> {
        RsaPublicKey::new(modulus, exponent).ok().map(|key| Self::Rsa { key, usage })
    }

    /// SEC 1 point, compressed or not. None: not a finite point on the curve.
    pub(crate) fn ec(curve: &'static Curve, point: &[u8]) -> Option<Self> {
        EcPublicKey::new(curve.group, point).ok().map(|key| Self::Ec { key, curve })
    }

    /// None: not 32 octets, not canonical, or of small order (RFC 8032 §5.1.3, threat of keys valid for every message).
    pub(crate) fn ed25519(point: &[u8]) -> Option<Self> {
        if !ed25519_point_is_sound(point) {
            return None;
        }
        ParsedPublicKey::new(&ED25519, point).ok().map(Self::Ed25519)
    }

    pub(crate) fn x25519(point: &[u8]) -> Option<Self> {
        (point.len() == 32).then_some(Self::X25519)
    }

    /// None: not 57 octets, not canonical, or of small order (RFC 8032 §5.2.3).
    pub(crate) fn ed448(point: &[u8]) -> Option<Self> {
        if !ed448_point_is_canonical(point) {
            return None;
        }
        let key = ed448_goldilocks::VerifyingKey::from_bytes(point.try_into().ok()?).ok()?;
        let small_order = key.to_edwards().double().double() == ed448_goldilocks::EdwardsPoint::IDENTITY;
        (!small_order).then(|| Self::Ed448(Box::new(key)))
    }

    pub(crate) fn x448(point: &[u8]) -> Option<Self> {
        (point.len() == 56).then_some(Self::X448)
    }

    /// None: refused by the backend.
    pub(crate) fn dsa(components: &DsaComponents<'_>) -> Option<Self> {
        DsaPublicKey::new(components).ok().map(Self::Dsa)
    }

    /// The point of an EC key, uncompressed.
    pub(crate) fn uncompressed(&self) -> Option<Vec<u8>> {
        match self {
            Self::Ec { key, .. } => key.uncompressed().ok(),
            _ => None,
        }
    }
}

impl PublicKey {
    /// `canonical_spki`: None if `spki` is that form already.
    pub(crate) fn new(material: PublicMaterial, name: String, spki: Vec<u8>, canonical_spki: Option<Vec<u8>>) -> Self {
        Self(Arc::new(PublicParts { material, name, spki, canonical_spki }))
    }

    pub(crate) fn material(&self) -> &PublicMaterial {
        &self.0.material
    }

    pub fn kind(&self) -> KeyKind {
        match self.material() {
            PublicMaterial::Rsa { .. } => KeyKind::Rsa,
            PublicMaterial::Ec { curve, .. } => KeyKind::Ec { curve: curve.name },
            PublicMaterial::Ed25519(_) => KeyKind::Ed25519,
            PublicMaterial::X25519 => KeyKind::X25519,
            PublicMaterial::Ed448(_) => KeyKind::Ed448,
            PublicMaterial::X448 => KeyKind::X448,
            PublicMaterial::Dsa(_) => KeyKind::Dsa,
            PublicMaterial::Other => KeyKind::Other,
        }
    }

    /// Of the modulus or of the field; 0 for kind Other.
    pub fn bits(&self) -> u32 {
        match self.material() {
            PublicMaterial::Rsa { key, .. } => key.bits(),
            PublicMaterial::Ec { curve, .. } => curve.bits(),
            PublicMaterial::Ed25519(_) | PublicMaterial::X25519 => 255,
            PublicMaterial::Ed448(_) | PublicMaterial::X448 => 448,
            PublicMaterial::Dsa(key) => key.bits(),
            PublicMaterial::Other => 0,
        }
    }

    /// e.g. "RSA-2048", "P-256", "Ed25519"; of kind Other the algorithm's name, else the dotted OID.
    pub fn name(&self) -> String {
        self.0.name.clone()
    }

    /// The SPKI it was made from.
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// The SPKI in the one form that depends on the key alone: RSA as rsaEncryption with NULL, points uncompressed.
    pub fn canonical_spki(&self) -> &[u8] {
        self.0.canonical_spki.as_deref().unwrap_or(&self.0.spki)
    }

    /// An RSA key that signs with PSS alone (RFC 4055 §1.2).
    pub fn is_pss_only(&self) -> bool {
        matches!(self.material(), PublicMaterial::Rsa { usage: RsaUse::Pss(_), .. })
    }

    /// The digest that its parameters bind it to.
    pub fn pss_digest(&self) -> Option<&'static dyn Digest> {
        match self.material() {
            PublicMaterial::Rsa { usage: RsaUse::Pss(Some(bound)), .. } => Some(bound.digest),
            _ => None,
        }
    }

    /// What a sender agrees with: the point, uncompressed, or the octets of RFC 7748. None: no key for agreement.
    pub fn agreement_point(&self) -> Option<Vec<u8>> {
        match self.material() {
            PublicMaterial::Ec { .. } => self.material().uncompressed(),
            // The point ends the SPKI.
            PublicMaterial::X25519 => self.canonical_spki().last_chunk::<32>().map(|point| point.to_vec()),
            _ => None,
        }
    }

    /// Bits of classical strength (SP 800-57 part 1 table 2); 0 for kind Other.
    pub fn strength(&self) -> u16 {
        match self.kind() {
            KeyKind::Rsa | KeyKind::Dsa => rsa_strength(self.bits()),
            KeyKind::Ec { .. } => u16::try_from(self.bits() / 2).unwrap_or(u16::MAX),
            KeyKind::Ed25519 | KeyKind::X25519 => 128,
            KeyKind::Ed448 | KeyKind::X448 => 224,
            KeyKind::Other => 0,
        }
    }
}

const fn rsa_strength(bits: u32) -> u16 {
    match bits {
        0..1024 => 56,
        1024..2048 => 80,
        2048..3072 => 112,
        3072..7680 => 128,
        7680..15360 => 192,
        _ => 256,
    }
}

/// Canonical, and not one of the eight points of small order.
fn ed25519_point_is_sound(point: &[u8]) -> bool {
    const SMALL_ORDER: [[u8; 32]; 5] = {
        let mut zero_one_minus = [[0; 32], [0; 32], [0xff; 32]];
        zero_one_minus[1][0] = 1;
        zero_one_minus[2][0] = 0xec;
        zero_one_minus[2][31] = 0x7f;
        [
            zero_one_minus[0],
            zero_one_minus[1],
            zero_one_minus[2],
            *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
            *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
        ]
    };
    let Ok(mut y) = <[u8; 32]>::try_from(point) else { return false };
    y[31] &= 0x7f;
    // y < 2^255 - 19, little-endian
    let above = y[0] >= 0xed && y[1..31].iter().all(|byte| *byte == 0xff) && y[31] == 0x7f;
    !above && !SMALL_ORDER.contains(&y)
}

/// 57 octets: y below 2^448 - 2^224 - 1, little-endian, and no bit set but the sign of x in the last (RFC 8032 §5.2.2).
pub(super) fn ed448_point_is_canonical(point: &[u8]) -> bool {
    let Ok(point) = <[u8; 57]>::try_from(point) else { return false };
    let ones = |octets: &[u8]| octets.iter().all(|octet| *octet == 0xff);
    let above = ones(&point[29..56]) && (point[28] == 0xff || (point[28] == 0xfe && ones(&point[..28])));
    point[56] & 0x7f == 0 && !above
}

/// A private key: checked when it is made, and from then on its numbers alone are kept (256 octets for RSA-2048). The
/// backend's form, some 3 KiB and 300 µs of work for RSA-2048, is made at the first use and kept until
/// `forget`. Zeroized on drop, never printed. Clone is cheap (Arc inside).
#[derive(Clone)]
pub struct PrivateKey(Arc<PrivateParts>);

struct PrivateParts {
    kind: KeyKind,
    bits: u32,
    numbers: PrivateNumbers,
    /// Empty for RSA: its numbers tell it.
    public_point: Box<[u8]>,
    material: Mutex<Option<Arc<PrivateMaterial>>>,
}

/// What the public key is made from.
pub(crate) enum PublicHalf<'k> {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Point(&'k [u8]),
}

/// What a private key is made from.
pub(crate) enum PrivateNumbers {
    Rsa { usage: RsaUse, numbers: RsaNumbers },
    Ec { curve: &'static Curve, scalar: Secret },
    Ed25519(Secret),
    X25519(Secret),
    X448(Secret),
}

impl PrivateNumbers {
    pub(crate) fn rsa(components: &RsaComponents<'_>, usage: RsaUse) -> Self {
        Self::Rsa { usage, numbers: RsaNumbers::new(components) }
    }

    /// None: the numbers do not belong together, or are refused by the backend.
    pub(crate) fn material(&self) -> Option<PrivateMaterial> {
        match self {
            Self::Rsa { usage, numbers } => numbers.key().map(|key| PrivateMaterial::Rsa { key, usage: usage.clone() }),
            Self::Ec { curve, scalar } => PrivateMaterial::ec(curve, scalar.expose()),
            Self::Ed25519(seed) => PrivateMaterial::ed25519(seed.expose()),
            Self::X25519(scalar) => PrivateMaterial::x25519(scalar.expose()),
            Self::X448(scalar) => PrivateMaterial::x448(scalar.expose()),
        }
    }

    /// The secret number in the one form that depends on the key alone.
    fn secret(&self) -> &[u8] {
        match self {
            Self::Rsa { numbers, .. } => numbers.secret(),
            Self::Ec { scalar: secret, .. } | Self::Ed25519(secret) | Self::X25519(secret) | Self::X448(secret) => {
                secret.expose()
            }
        }
    }
}

pub(crate) enum PrivateMaterial {
    Rsa { key: RsaPrivateKey, usage: RsaUse },
    Ec { key: EcPrivateKey, curve: &'static Curve },
    Ed25519(signature::Ed25519KeyPair),
    X25519(agreement::PrivateKey),
    X448(Zeroizing<[u8; X448_LEN]>),
}

/// Octets of a scalar, a point and a shared secret.
pub(crate) const X448_LEN: usize = 56;

/// u = 5 (RFC 7748 §4.2)
const X448_BASE: [u8; X448_LEN] = {
    let mut base = [0; X448_LEN];
    base[0] = 5;
    base
};

impl PrivateMaterial {
    /// None: the numbers do not belong together, or are refused by the backend.
    pub(crate) fn rsa(components: &RsaComponents<'_>, usage: RsaUse) -> Option<Self> {
        RsaPrivateKey::new(components).ok().map(|key| Self::Rsa { key, usage })
    }

    /// None: not between 1 and the order.
    pub(crate) fn ec(curve: &'static Curve, scalar: &[u8]) -> Option<Self> {
        EcPrivateKey::new(curve.group, scalar).ok().map(|key| Self::Ec { key, curve })
    }

    pub(crate) fn ed25519(seed: &[u8]) -> Option<Self> {
        signature::Ed25519KeyPair::from_seed_unchecked(seed).ok().map(Self::Ed25519)
    }

    pub(crate) fn x25519(scalar: &[u8]) -> Option<Self> {
        agreement::PrivateKey::from_private_key(&agreement::X25519, scalar).ok().map(Self::X25519)
    }

    pub(crate) fn x448(scalar: &[u8]) -> Option<Self> {
        Some(Self::X448(Zeroizing::new(scalar.try_into().ok()?)))
    }

    /// The public point of all kinds but RSA.
    pub(crate) fn public_point(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa { .. } => None,
            Self::Ec { key, .. } => Some(key.public_point().to_vec()),
            Self::Ed25519(key) => Some(key.public_key().as_ref().to_vec()),
            Self::X25519(key) => key.compute_public_key().ok().map(|point| point.as_ref().to_vec()),
            Self::X448(scalar) => x448::x448(**scalar, X448_BASE).map(|point| point.to_vec()),
        }
    }
}

impl PrivateKey {
    /// `material`: what `numbers` gave, as proof that they belong together. None: it has no public point.
    pub(crate) fn new(material: &PrivateMaterial, numbers: PrivateNumbers) -> Option<Self> {
        let (kind, bits) = match material {
            PrivateMaterial::Rsa { key, .. } => (KeyKind::Rsa, key.bits()),
            PrivateMaterial::Ec { curve, .. } => (KeyKind::Ec { curve: curve.name }, curve.bits()),
            PrivateMaterial::Ed25519(_) => (KeyKind::Ed25519, 255),
            PrivateMaterial::X25519(_) => (KeyKind::X25519, 255),
            PrivateMaterial::X448(_) => (KeyKind::X448, 448),
        };
        let public_point = match material {
            PrivateMaterial::Rsa { .. } => Box::default(),
            other => other.public_point()?.into_boxed_slice(),
        };
        Some(Self(Arc::new(PrivateParts { kind, bits, numbers, public_point, material: Mutex::default() })))
    }

    /// The backend's form, from now on kept. None only if the backend refuses what it took before.
    pub(crate) fn material(&self) -> Option<Arc<PrivateMaterial>> {
        if let Some(material) = self.kept().as_ref() {
            return Some(Arc::clone(material));
        }
        // Made without the lock: two threads may both do it, and one result goes.
        let material = Arc::new(self.0.numbers.material()?);
        Some(Arc::clone(self.kept().get_or_insert(material)))
    }

    /// An RSA key that signs with PSS alone (RFC 4055 §1.2).
    pub fn is_pss_only(&self) -> bool {
        matches!(self.numbers(), PrivateNumbers::Rsa { usage: RsaUse::Pss(_), .. })
    }

    /// What a file of the key holds.
    pub(crate) fn numbers(&self) -> &PrivateNumbers {
        &self.0.numbers
    }

    /// Lets go of the backend's form; the next use makes it again.
    pub(crate) fn forget(&self) {
        self.kept().take();
    }

    /// Whether the backend's form is at hand.
    #[cfg(test)]
    pub(crate) fn is_ready(&self) -> bool {
        self.kept().is_some()
    }

    fn kept(&self) -> MutexGuard<'_, Option<Arc<PrivateMaterial>>> {
        // A panic elsewhere leaves the slot whole: it is only ever set or emptied.
        self.0.material.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn public_half(&self) -> PublicHalf<'_> {
        match &self.0.numbers {
            PrivateNumbers::Rsa { numbers, .. } => {
                let (modulus, exponent) = numbers.public();
                PublicHalf::Rsa { modulus, exponent }
            }
            _ => PublicHalf::Point(&self.0.public_point),
        }
    }

    /// e.g. "RSA-2048", "P-256", "Ed25519".
    pub fn name(&self) -> String {
        match self.kind() {
            KeyKind::Rsa => format!("RSA-{}", self.bits()),
            KeyKind::Ec { curve } => curve.to_owned(),
            kind => format!("{kind:?}"),
        }
    }

    pub fn kind(&self) -> KeyKind {
        self.0.kind
    }

    pub fn bits(&self) -> u32 {
        self.0.bits
    }

    /// The key that stands in for one that cannot be unwrapped: `len` octets that nobody can foretell without the private
    /// key, and the same at every try, so that asking twice tells nothing (HMAC-SHA-256 of the wrapped key and a counter,
    /// under a key that is itself derived from the private key).
    pub(crate) fn rejection_key(&self, wrapped: &[u8], len: usize) -> Secret {
        let digest: &dyn Digest = &SHA256;
        let seed = digest.mac(b"mailseal implicit rejection", &[self.0.numbers.secret()]);
        let seed = Zeroizing::new(seed.as_ref().to_vec());
        let mut key = Vec::with_capacity(len);
        let mut counter = 0_u32;
        while key.len() < len {
            let block = digest.mac(&seed, &[&counter.to_be_bytes(), wrapped]);
            let rest = len - key.len();
            key.extend(block.as_ref().iter().take(rest));
            counter += 1;
        }
        Secret::new(key)
    }
}

impl core::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PrivateKey({:?}, {} bits)", self.kind(), self.bits())
    }
}
