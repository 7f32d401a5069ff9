use super::*;
use crate::asn1::{Rules, Tag, Tlv};
use crate::identity::load_certificates;
use crate::identity::testing::*;

fn by_serial<'k>(keyring: &'k Keyring, issuer: &[u8], serial: &[u8]) -> Option<&'k KeyEntry> {
    let serial = written(|w| w.element(Tag::INTEGER, false, |w| w.raw(serial)));
    let serial_number = Tlv::first(&serial, Rules::Ber, &limits()).unwrap().as_integer().unwrap();
    keyring.find(&RecipientIdentifier::IssuerAndSerialNumber { issuer, serial_number }, &limits())
}

fn by_identifier<'k>(keyring: &'k Keyring, identifier: &[u8]) -> Option<&'k KeyEntry> {
    keyring.find(&RecipientIdentifier::SubjectKeyIdentifier(identifier.into()), &limits())
}

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
        let same = |entry: Option<&KeyEntry>| entry.is_some_and(|entry| entry.private_key.public_spki() == spki);
        let issuer = certificate.issuer().der();
        assert!(same(by_serial(&keyring, issuer, certificate.serial())));
        assert!(same(by_identifier(&keyring, certificate.subject_key_identifier().unwrap())));
        assert!(same(keyring.by_public_key(certificate.spki(), &limits())));
        let padded = [&[0][..], certificate.serial()].concat();
        assert!(same(by_serial(&keyring, issuer, &padded)));
        let other = [certificate.serial(), &[1]].concat();
        assert!(by_serial(&keyring, issuer, &other).is_none());
        assert!(by_serial(&keyring, b"?", certificate.serial()).is_none());
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
    assert_eq!(keyring.entries()[0].certificates().count(), 2);
    for certificate in [&certificates("a.crt")[0], &certificates("a2.crt")[0]] {
        let issuer = certificate.issuer().der();
        assert!(by_serial(&keyring, issuer, certificate.serial()).is_some());
    }
    let stranger = &certificates("b.crt")[0];
    assert!(by_serial(&keyring, stranger.issuer().der(), stranger.serial()).is_none());
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
    assert!(by_identifier(&keyring, certificate.subject_key_identifier().unwrap()).is_some());
    assert!(by_identifier(&keyring, &[0; 20]).is_none());
    assert!(by_serial(&keyring, certificate.issuer().der(), certificate.serial()).is_none());
}

#[test]
fn serial_numbers_are_compared_as_numbers() {
    let name = |text: &str| {
        let value = written(|w| w.element(Tag::UTF8_STRING, false, |w| w.raw(text.as_bytes())));
        let der = written(|w| {
            w.sequence(|w| {
                w.element(Tag::SET, true, |w| {
                    w.sequence(|w| {
                        w.raw(&value);
                        w.oid(crate::asn1::oid::COMMON_NAME);
                    });
                });
            });
        });
        Name::from_der(&der, &limits()).unwrap()
    };
    let key = |serial: &[u8]| RecipientKey::of_issuer_and_serial(&name("issuer"), serial);
    assert_eq!(key(&[0, 0, 127]), key(&[127]));
    assert_eq!(key(&[0xff, 0xff, 0x80]), key(&[0x80]));
    assert_ne!(key(&[0, 0x80]), key(&[0x80]));
    assert_ne!(key(&[0xff, 0x7f]), key(&[0x7f]));
    assert_ne!(key(&[1]), RecipientKey::of_issuer_and_serial(&name("issuer 2"), &[1]));
    assert_eq!(key(&[1]), RecipientKey::of_issuer_and_serial(&name(" ISSUER"), &[1]));
    assert_eq!(key(&[0, 0]), key(&[0]));
}

#[test]
fn an_empty_keyring_finds_nothing() {
    let none: [Identity; 0] = [];
    let keyring = Keyring::new(&none, &[], &limits()).unwrap();
    assert!(keyring.is_empty() && by_identifier(&keyring, &[]).is_none());
    let no_name = written(|w| w.sequence(|_| {}));
    assert!(by_serial(&keyring, &no_name, &[1]).is_none());
}

/// Of keys that share a place, only the one used last stays ready; the others work all the same.
#[test]
fn keys_that_are_ready_are_bounded() {
    let ready = Ready::default();
    let places = u32::try_from(READY_KEYS).unwrap();
    assert_eq!(ready.note(5), None);
    assert_eq!(ready.note(5), None);
    assert_eq!(ready.note(5 + places), Some(5));
    assert_eq!(ready.note(6), None);
    assert_eq!(ready.note(5), Some(5 + places));

    let Some(openssl) = OpenSsl::new("ready") else { return };
    openssl.pair("a", "rsa:2048");
    let key = &load(&openssl.read("a.key"), "").unwrap()[0].private_key;
    assert!(!key.is_ready());
    let first = key.rejection_key(b"x", 16);
    let block = vec![1; 256];
    let raw = |key: &PrivateKey| match key.material().as_deref() {
        Some(crate::crypto::key::PrivateMaterial::Rsa { key, .. }) => key.raw(&block).unwrap().to_vec(),
        _ => panic!(),
    };
    let plain = raw(key);
    assert!(key.is_ready());
    key.forget();
    assert!(!key.is_ready());
    assert_eq!((raw(key), key.rejection_key(b"x", 16)), (plain, first));
}

/// A recipient whose key is not here is told by its certificate, also an expired one; kinds are not mixed.
#[test]
fn certificates_without_key_are_told() {
    let Some(openssl) = OpenSsl::new("keyless") else { return };
    openssl.pair("a", "rsa:2048");
    openssl.pair("b", "rsa:2048");
    let identities = load(&[openssl.read("a.key"), openssl.read("a.crt")].concat(), "").unwrap();
    let both = ["a.crt", "b.crt"].map(|name| load_certificates(&openssl.read(name), &limits()).unwrap().remove(0));
    let keyring = Keyring::new(&identities, &both, &limits()).unwrap();
    for (certificate, has_key) in both.iter().zip([true, false]) {
        for key in RecipientKey::of_certificate(certificate) {
            assert_eq!(keyring.by_recipient(&key).is_some(), has_key);
            assert_eq!(keyring.certificate(&key).unwrap().der(), certificate.der());
        }
    }
    let entry = &keyring.entries()[0];
    assert!(entry.serves("ktri") && !entry.serves("kari") && !entry.serves("kekri"));
    assert!(keyring.certificate(&RecipientKey::of_key_identifier(b"?")).is_none());
}

/// Of a key with the usual exponent the primes alone are kept, of another all numbers: both are whole keys again.
#[test]
fn rsa_keys_come_back_from_what_is_kept() {
    let Some(openssl) = OpenSsl::new("kept") else { return };
    for options in [
        "rsa_keygen_bits:2048",
        "rsa_keygen_bits:1024",
        "rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3",
        "rsa_keygen_bits:2047 -pkeyopt rsa_keygen_pubexp:4294967297",
    ] {
        assert!(openssl.run(&format!("genpkey -algorithm RSA -pkeyopt {options} -out a.key")), "{options}");
        assert!(openssl.run("req -x509 -key a.key -out a.crt -subj /CN=a"));
        let identity = &load(&[openssl.read("a.key"), openssl.read("a.crt")].concat(), "").unwrap()[0];
        let certificate = identity.certificate.as_ref().unwrap();
        assert_eq!(identity.private_key.public_spki(), certificate.spki(), "{options}");
        let public = certificate.public_key(&limits()).unwrap();
        let (material, again) = (identity.private_key.material().unwrap(), public.material());
        let (
            crate::crypto::key::PrivateMaterial::Rsa { key, .. },
            crate::crypto::key::PublicMaterial::Rsa { key: public, .. },
        ) = (&*material, again)
        else {
            panic!("{options}")
        };
        let mut block = vec![0x5a; usize::try_from(public.bits().div_ceil(8)).unwrap()];
        block[0] = 0;
        assert_eq!(key.raw(&public.raw(&block).unwrap()).unwrap().as_slice(), block, "{options}");
    }
}
