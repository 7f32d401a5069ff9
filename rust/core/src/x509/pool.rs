//! Certificates to look among, and those that are trusted. Built once, then only read, by many threads.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Limits;
use crate::x509::certificate::{Certificate, minimal_integer};
use crate::x509::name::Name;

type Index = HashMap<Box<[u8]>, Vec<Arc<Certificate>>>;

/// Certificates by subject, by subjectKeyIdentifier, and by issuer and serial number.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    certificates: Vec<Arc<Certificate>>,
    by_subject: Index,
    by_subject_key_identifier: Index,
    by_issuer_and_serial: Index,
}

impl Pool {
    /// In the order given; a certificate that comes twice is kept once.
    pub fn new(certificates: impl IntoIterator<Item = Arc<Certificate>>) -> Self {
        let mut pool = Self::default();
        for certificate in certificates {
            let key = issuer_and_serial(certificate.issuer(), certificate.serial());
            // Honest CAs give a serial number once, so this list is as good as empty.
            if pool.by_issuer_and_serial.get(&key).is_some_and(|known| known.contains(&certificate)) {
                continue;
            }
            add(&mut pool.by_issuer_and_serial, &key, &certificate);
            add(&mut pool.by_subject, certificate.subject().key(), &certificate);
            if let Some(identifier) = certificate.subject_key_identifier() {
                add(&mut pool.by_subject_key_identifier, identifier, &certificate);
            }
            pool.certificates.push(certificate);
        }
        pool
    }

    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    pub fn iter(&self) -> core::slice::Iter<'_, Arc<Certificate>> {
        self.certificates.iter()
    }

    pub fn by_subject(&self, subject: &Name) -> &[Arc<Certificate>] {
        self.by_subject.get(subject.key()).map_or(&[], Vec::as_slice)
    }

    pub fn by_subject_key_identifier(&self, identifier: &[u8]) -> &[Arc<Certificate>] {
        self.by_subject_key_identifier.get(identifier).map_or(&[], Vec::as_slice)
    }

    /// `issuer_raw`: a Name as received; `serial`: contents octets. All that match: a serial number may be used twice.
    pub fn by_issuer_and_serial(&self, issuer_raw: &[u8], serial: &[u8], limits: &Limits) -> &[Arc<Certificate>] {
        let Ok(issuer) = Name::from_der(issuer_raw, limits) else { return &[] };
        self.by_issuer_and_serial.get(&*issuer_and_serial(&issuer, serial)).map_or(&[], Vec::as_slice)
    }
}

impl<'a> IntoIterator for &'a Pool {
    type Item = &'a Arc<Certificate>;
    type IntoIter = core::slice::Iter<'a, Arc<Certificate>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn add(index: &mut Index, key: &[u8], certificate: &Arc<Certificate>) {
    match index.get_mut(key) {
        Some(list) => list.push(Arc::clone(certificate)),
        None => {
            index.insert(key.into(), vec![Arc::clone(certificate)]);
        }
    }
}

/// The length in front keeps name and serial number apart.
fn issuer_and_serial(issuer: &Name, serial: &[u8]) -> Box<[u8]> {
    let length = (issuer.key().len() as u64).to_be_bytes();
    [&length[..], issuer.key(), minimal_integer(serial)].concat().into()
}

/// Trust anchors, given as certificates.
///
/// An anchor is believed for its name and its key (RFC 5280 §6.1.1 d): neither its validity nor its own signature is
/// judged, so an expired root still anchors. Its extensions restrict it as they restrict any CA.
#[derive(Clone, Debug, Default)]
pub struct TrustAnchors {
    pool: Pool,
}

impl TrustAnchors {
    pub fn new(anchors: impl IntoIterator<Item = Arc<Certificate>>) -> Self {
        Self { pool: Pool::new(anchors) }
    }

    pub fn is_empty(&self) -> bool {
        self.pool.is_empty()
    }

    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Whether exactly this certificate is an anchor.
    pub fn contains(&self, certificate: &Certificate) -> bool {
        self.pool.by_subject(certificate.subject()).iter().any(|anchor| **anchor == *certificate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::oid;
    use crate::x509::testing::{Draft, common_name, octets};

    fn draft(serial: &[u8], identifier: &[u8]) -> Draft {
        let mut draft = Draft::new("Alice", "CA").with(oid::SUBJECT_KEY_IDENTIFIER, false, octets(identifier));
        draft.serial = serial.to_vec();
        draft
    }

    #[test]
    fn found_by_each_key() {
        let (a, b) = (draft(&[1], b"x").build(), draft(&[2], b"y").build());
        let pool = Pool::new([a.clone(), b.clone(), draft(&[1], b"x").build()]);
        let limits = Limits::default();
        assert_eq!(pool.len(), 2);
        assert_eq!(pool.by_subject(b.subject()), [a.clone(), b.clone()]);
        assert_eq!(pool.by_subject(b.issuer()), []);
        assert_eq!(pool.by_subject_key_identifier(b"y"), std::slice::from_ref(&b));
        assert_eq!(pool.by_subject_key_identifier(b""), []);
        assert_eq!(pool.by_issuer_and_serial(&common_name("ca"), &[0, 2], &limits), [b]);
        assert_eq!(pool.by_issuer_and_serial(&common_name("ca"), &[3], &limits), []);
        assert_eq!(pool.by_issuer_and_serial(b"junk", &[2], &limits), []);
    }

    /// SIG-15: all that match are candidates.
    #[test]
    fn one_serial_number_twice() {
        let (a, b) = (draft(&[1], b"x").build(), draft(&[1], b"y").build());
        let pool = Pool::new([a.clone(), b.clone()]);
        assert_eq!(pool.by_issuer_and_serial(&common_name("CA"), &[1], &Limits::default()), [a, b]);
    }

    #[test]
    fn anchors_are_exact() {
        let (a, b) = (draft(&[1], b"x").build(), draft(&[1], b"y").build());
        let anchors = TrustAnchors::new([a.clone()]);
        assert!(anchors.contains(&a) && !anchors.contains(&b) && !anchors.is_empty());
    }
}
