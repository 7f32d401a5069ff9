//! DSA keys whose certificate leaves the parameters to the issuer's (RFC 3279 §2.3.2, RFC 5280 §6.1.4 d to f).
//!
//! Which issuer that is, only a path can tell. Everybody can write a certificate of the issuer's name with parameters
//! under which another private key fits the public one. So such a certificate is completed once for each of the
//! parameters that it may have inherited, each time as a certificate of its own, and a path leads from there only to
//! keys of these very parameters.

use std::sync::Arc;

use crate::alg::{AlgorithmIdentifier, Role};
use crate::asn1::writer::Writer;
use crate::asn1::{Reader, Tag, Tlv};
use crate::x509::certificate::Certificate;
use crate::x509::name::Name;
use crate::{Limits, Result};

/// What a completed certificate has beside its bytes.
pub(super) struct Inherited {
    original: Arc<Certificate>,
    parameters: Box<[u8]>,
    pub(super) spki: Box<[u8]>,
}

impl Certificate {
    /// A DSA key, and no parameters, neither its own nor inherited ones.
    pub fn lacks_parameters(&self) -> bool {
        dsa_key(self.spki()).is_ok_and(|key| key.is_some_and(|(algorithm, _)| algorithm.parameters.is_none()))
    }

    /// Dss-Parms of a DSA key, its own or inherited ones.
    pub fn dsa_parameters(&self) -> Option<&[u8]> {
        dsa_key(self.spki())
            .ok()??
            .0
            .parameters
            .filter(|parameters| parameters.tag == Tag::SEQUENCE)
            .map(|parameters| parameters.raw)
    }

    /// The parameters that this certificate was completed with.
    pub fn inherited_parameters(&self) -> Option<&[u8]> {
        self.inherited().map(|inherited| &*inherited.parameters)
    }

    /// The certificate whose key takes these parameters; None if it lacks none.
    pub fn inheriting(self: &Arc<Self>, parameters: &[u8], limits: &Limits) -> Option<Arc<Self>> {
        let (algorithm, key) = dsa_key(self.spki()).ok()?.filter(|(algorithm, _)| algorithm.parameters.is_none())?;
        let mut spki = Writer::new();
        spki.sequence(|writer| {
            writer.raw(key.raw);
            writer.sequence(|writer| {
                writer.raw(parameters);
                writer.oid(algorithm.algorithm);
            });
        });
        let spki = spki.into_vec().into();
        let inherited = Inherited { original: Arc::clone(self), parameters: parameters.into(), spki };
        Self::completed(self.der(), inherited, limits).ok().map(Arc::new)
    }

    /// The certificate as it was before it inherited.
    pub fn original(self: &Arc<Self>) -> &Arc<Self> {
        self.inherited().map_or(self, |inherited| &inherited.original)
    }
}

/// None: the key is not for DSA.
fn dsa_key(spki: &[u8]) -> Result<Option<(AlgorithmIdentifier<'_>, Tlv<'_>)>> {
    let mut reader = Reader::ber(spki, &Limits::default()).sequence()?;
    let algorithm = AlgorithmIdentifier::read(&mut reader)?;
    let key = reader.expect(Tag::BIT_STRING)?;
    let is_dsa = algorithm.row_as(&[Role::PublicKey]).is_some_and(|row| row.name == "DSA");
    Ok(is_dsa.then_some((algorithm, key)))
}

/// The parameters that `certificate` may have inherited, the nearest first: of certificates of its issuer's name, and
/// where these lack them too, of their issuers. `named` gives the certificates of a name. Each spends a step; at most
/// `path_length` names are asked for, and at most `path_signatures` parameters are found.
pub(crate) fn inheritable<'a, I: Iterator<Item = &'a Arc<Certificate>>>(
    certificate: &'a Certificate,
    named: impl Fn(&'a Name) -> I,
    limits: &Limits,
    steps: &mut u64,
) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    let mut names = vec![certificate.issuer()];
    let mut asked = 0;
    while let Some(name) = names.get(asked).copied() {
        asked += 1;
        // An empty name names nobody (RFC 5280 §4.1.2.4).
        let issuers = Some(name).filter(|name| !name.is_empty()).into_iter().flat_map(&named);
        for issuer in issuers {
            if *steps >= limits.path_steps || found.len() as u64 >= limits.path_signatures {
                return found;
            }
            *steps += 1;
            match issuer.dsa_parameters() {
                Some(parameters) if !found.contains(&parameters) => found.push(parameters),
                None if issuer.lacks_parameters() => {
                    let known = names.iter().any(|name| name.equivalent(issuer.issuer()));
                    if !known && (names.len() as u64) < limits.path_length {
                        names.push(issuer.issuer());
                    }
                }
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::Pool;
    use crate::x509::testing::Draft;

    const PARAMETERS: &[u8] = &[0x30, 3, 2, 1, 1];

    #[test]
    fn a_completed_certificate_is_another_one_of_the_same_bytes() {
        let limits = Limits::default();
        let bare = Draft::new("Alice", "CA").dsa(&[], &[]).build();
        let full = Draft::new("Alice", "CA").dsa(PARAMETERS, &[]).build();
        assert!(bare.lacks_parameters() && !full.lacks_parameters());
        assert!(!Draft::new("Alice", "CA").build().lacks_parameters());
        assert_eq!((bare.dsa_parameters(), full.dsa_parameters()), (None, Some(PARAMETERS)));
        let heir = bare.inheriting(PARAMETERS, &limits).unwrap();
        assert_eq!((heir.der(), heir.spki()), (bare.der(), full.spki()));
        assert!(heir != bare && heir.original() == &bare && bare.original() == &bare);
        assert_eq!((heir.dsa_parameters(), heir.inherited_parameters()), (Some(PARAMETERS), Some(PARAMETERS)));
        assert_ne!(heir.spki_fingerprint(), bare.spki_fingerprint());
        assert!(heir.inheriting(PARAMETERS, &limits).is_none() && full.inheriting(PARAMETERS, &limits).is_none());
    }

    #[test]
    fn within_the_budget_and_without_circles() {
        let limits = Limits { path_length: 3, path_signatures: 2, ..Limits::default() };
        let ca = |name: &str, issuer: &str, number: u8| {
            let parameters = if number == 0 { Vec::new() } else { vec![0x30, 3, 2, 1, number] };
            Draft::ca(name, issuer).dsa(&parameters, &[]).build()
        };
        let asked = |certificates: &[Arc<Certificate>]| {
            let (pool, mut steps) = (Pool::new(certificates.iter().cloned()), 0);
            let alice = Draft::new("Alice", "A").dsa(&[], &[]).build();
            let found = inheritable(&alice, |name| pool.by_subject(name).iter(), &limits, &mut steps).len();
            (found, steps)
        };
        assert_eq!(asked(&[ca("A", "B", 0), ca("B", "A", 0)]), (0, 2));
        assert_eq!(asked(&[ca("A", "B", 0), ca("B", "C", 0), ca("C", "C", 1)]), (1, 3));
        assert_eq!(asked(&[ca("A", "B", 0), ca("B", "C", 0), ca("C", "D", 0), ca("D", "D", 1)]), (0, 3));
        assert_eq!(asked(&[ca("A", "B", 1), ca("A", "B", 2), ca("A", "B", 3)]), (2, 2));
    }
}
