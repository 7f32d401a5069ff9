//! Elliptic curves. A curve is one line here and one row of the table of algorithms.

use mailseal_lc::Group;

/// A named curve, usable for ECDSA and ECDH. All of them have cofactor 1.
#[derive(Debug)]
pub struct Curve {
    /// The name of its row in the table of algorithms.
    pub name: &'static str,
    pub(super) group: Group,
}

impl Curve {
    const fn new(name: &'static str, group: Group) -> Self {
        Self { name, group }
    }

    pub const fn bits(&self) -> u32 {
        self.group.bits()
    }
}

pub static P256: Curve = Curve::new("P-256", Group::P256);
pub static P384: Curve = Curve::new("P-384", Group::P384);
pub static P521: Curve = Curve::new("P-521", Group::P521);
pub static BRAINPOOL_P256R1: Curve = Curve::new("brainpoolP256r1", Group::BrainpoolP256r1);
pub static BRAINPOOL_P384R1: Curve = Curve::new("brainpoolP384r1", Group::BrainpoolP384r1);
pub static BRAINPOOL_P512R1: Curve = Curve::new("brainpoolP512r1", Group::BrainpoolP512r1);
