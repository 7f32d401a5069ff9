use super::*;
use crate::asn1::{Rules, Tag, Tlv};
use crate::identity::load_certificates;
use crate::identity::testing::*;

#[test]
fn rfc9216_keys_are_found_by_every_identifier() {
    let Some(folder) = vectors("rfc9216") else { return };
    let mut identities = Vec::new();
    for name in ["alice", "bob", "carlos", "dana"] {
        identities.extend(load(&std::fs::read(folder.join(format!("{name}.p12"))).unwrap(), name).unwrap());
    }
    let keyring = Keyring::new(&identities, &[], &limits()).unwrap();
    assert_eq!(keyring.len(), 8);
    for identity in &identities {
        let certificate = identity.certificate.as_ref().unwrap();
        let spki = identity.private_key.public_spki();
        let same = |entry: Option<&Arc<KeyEntry>>| entry.is_some_and(|entry| entry.private_key.public_spki() == spki);
        let issuer = certificate.issuer().der();
        assert!(same(keyring.by_issuer_and_serial(issuer, certificate.serial(), &limits())));
        assert!(same(keyring.by_subject_key_identifier(certificate.subject_key_identifier().unwrap())));
        assert!(same(keyring.by_public_key(certificate.spki(), &limits())));
        let padded = [&[0][..], certificate.serial()].concat();
        assert!(same(keyring.by_issuer_and_serial(issuer, &padded, &limits())));
        let serial = written(|w| w.element(Tag::INTEGER, false, |w| w.raw(certificate.serial())));
        let serial_number = Tlv::first(&serial, Rules::Der, &limits()).unwrap().as_integer().unwrap();
        let by_name = RecipientIdentifier::IssuerAndSerialNumber { issuer, serial_number };
        assert!(same(keyring.find(&by_name, &limits())));
        let by_key = RecipientIdentifier::SubjectKeyIdentifier(certificate.subject_key_identifier().unwrap().into());
        assert!(same(keyring.find(&by_key, &limits())));
        let other = [certificate.serial(), &[1]].concat();
        assert!(keyring.by_issuer_and_serial(issuer, &other, &limits()).is_none());
        assert!(keyring.by_issuer_and_serial(b"?", certificate.serial(), &limits()).is_none());
    }
}

/// users §1b: a key is found by the identifiers of each of its certificates, also of those given without key.
#[test]
fn a_renewed_certificate_leads_to_the_same_key() {
    let Some(openssl) = OpenSsl::new("keyring") else { return };
    openssl.pair("a", "rsa:2048");
    openssl.pair("b", "rsa:2048");
    assert!(openssl.run("req -x509 -key a.key -out a2.crt -days 900 -subj /CN=renewed -set_serial 127"));
    let certificates = |name: &str| load_certificates(&openssl.read(name), &limits()).unwrap();
    let identities = load(&[openssl.read("a.key"), openssl.read("a.crt")].concat(), "").unwrap();
    let again = load(&openssl.read("a.key"), "").unwrap();
    let more = [certificates("a2.crt"), certificates("a2.crt"), certificates("b.crt")].concat();
    let keyring = Keyring::new(identities.iter().chain(&again), &more, &limits()).unwrap();
    assert_eq!(keyring.len(), 1);
    assert_eq!(keyring.entries()[0].certificates.len(), 2);
    for certificate in [&certificates("a.crt")[0], &certificates("a2.crt")[0]] {
        let issuer = certificate.issuer().der();
        assert!(keyring.by_issuer_and_serial(issuer, certificate.serial(), &limits()).is_some());
    }
    let stranger = &certificates("b.crt")[0];
    assert!(keyring.by_issuer_and_serial(stranger.issuer().der(), stranger.serial(), &limits()).is_none());
    assert!(keyring.by_public_key(stranger.spki(), &limits()).is_none());
}

/// RFC 5280 §4.2.1.2: OpenSSL's subjectKeyIdentifier is method 1, so a bare key is found by it.
#[test]
fn rfc5280_4_2_1_2_a_bare_key_is_found_by_a_derived_identifier() {
    let Some(openssl) = OpenSsl::new("bare") else { return };
    openssl.pair("a", "ed25519");
    let identities = load(&openssl.read("a.key"), "").unwrap();
    let certificate = &load_certificates(&openssl.read("a.crt"), &limits()).unwrap()[0];
    let keyring = Keyring::new(&identities, &[], &limits()).unwrap();
    assert!(keyring.by_subject_key_identifier(certificate.subject_key_identifier().unwrap()).is_some());
    assert!(keyring.by_subject_key_identifier(&[0; 20]).is_none());
    assert!(keyring.by_issuer_and_serial(certificate.issuer().der(), certificate.serial(), &limits()).is_none());
}

#[test]
fn serial_numbers_are_compared_as_numbers() {
    let key = |serial: &[u8]| issuer_and_serial(b"issuer", serial);
    assert_eq!(key(&[0, 0, 127]), key(&[127]));
    assert_eq!(key(&[0xff, 0xff, 0x80]), key(&[0x80]));
    assert_ne!(key(&[0, 0x80]), key(&[0x80]));
    assert_ne!(key(&[0xff, 0x7f]), key(&[0x7f]));
    assert_ne!(issuer_and_serial(b"1x", b""), issuer_and_serial(b"x", b"1"));
    assert_eq!(key(&[0, 0]), key(&[0]));
}

#[test]
fn an_empty_keyring_finds_nothing() {
    let none: [Identity; 0] = [];
    let keyring = Keyring::new(&none, &[], &limits()).unwrap();
    assert!(keyring.is_empty() && keyring.by_subject_key_identifier(&[]).is_none());
    let no_name = written(|w| w.sequence(|_| {}));
    assert!(keyring.by_issuer_and_serial(&no_name, &[1], &limits()).is_none());
}
