use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::alg::AlgorithmIdentifier;
use crate::alg::pbe::PbeTerms;
use crate::asn1::{Reader, Tlv, writer};
use crate::crypto::content::Opaque;
use crate::crypto::random::SystemRandom;
use crate::identity::pkcs12::{MacState, open};
use crate::identity::testing::{first_block, limits, load, passwords};
use crate::keys::{KeyAlgorithm, PrivateKey};
use crate::x509::testing::{Draft, basic_constraints_value, key_usage_value, purposes_value};
use proptest::prelude::*;

/// As the profile, with so few iterations that a property can be tested.
fn quick(profile: &Pkcs12Profile) -> Pkcs12Profile {
    Pkcs12Profile { encryption: PbeTerms { iterations: 3, ..profile.encryption }, ..*profile }
}

fn generated(name: &str) -> Identity {
    Identity::generate(KeyAlgorithm::named(name).unwrap(), &SystemRandom).unwrap()
}

/// A certificate for `key` (its signature is none), issued by "Sub".
fn certificate(key: &PrivateKey, serial: u8, until: &str, extensions: &[(Oid<'static>, Vec<u8>)]) -> Arc<Certificate> {
    let spki = key.public_spki();
    let limits = limits();
    let mut reader = Reader::der(&spki, &limits).sequence().unwrap();
    let mut draft = Draft::new("Bob", "Sub").valid("20200101000000Z", until);
    draft.key_algorithm = AlgorithmIdentifier::read(&mut reader).unwrap().raw.to_vec();
    draft.key = reader.bit_string().unwrap().bytes.to_vec();
    draft.serial = vec![serial];
    extensions.iter().fold(draft, |draft, (id, value)| draft.with(*id, false, value.clone())).build()
}

/// With a certificate, an older one for the same key, its issuer and the root.
fn certified(name: &str) -> Identity {
    let mut identity = generated(name);
    identity.certificate = Some(certificate(&identity.private_key, 2, "20400101000000Z", &[]));
    identity.renewals = vec![certificate(&identity.private_key, 1, "20250101000000Z", &[])];
    identity.chain = Arc::new([Draft::ca("Sub", "Root").build(), Draft::ca("Root", "Root").build()]);
    identity.friendly_name = Some("Bob's key".to_owned());
    identity
}

fn ders<'c>(certificates: impl IntoIterator<Item = &'c Arc<Certificate>>) -> Vec<Vec<u8>> {
    certificates.into_iter().map(|certificate| certificate.der().to_vec()).collect()
}

fn assert_same(found: &Identity, identity: &Identity) {
    assert_eq!(found.private_key.to_pkcs8().unwrap(), identity.private_key.to_pkcs8().unwrap());
    assert_eq!(ders(&found.certificate), ders(&identity.certificate));
    assert_eq!(ders(&found.renewals), ders(&identity.renewals));
    assert_eq!(ders(&*found.chain), ders(&*identity.chain));
}

#[test]
fn rfc7292_all_of_an_identity_comes_back() {
    for algorithm in KeyAlgorithm::all() {
        for profile in Pkcs12Profile::ALL {
            for identity in [certified(algorithm.name), generated(algorithm.name)] {
                let der = identity.to_pkcs12(&Password::new("pässwörd"), &quick(profile), &SystemRandom).unwrap();
                assert!(writer::is_der(&der, &limits()));
                let [found] = &load(&der, "pässwörd").unwrap()[..] else { panic!("{}", algorithm.name) };
                assert_same(found, &identity);
                assert_eq!(found.friendly_name, identity.friendly_name);
                assert_eq!(load(&der, "passwörd").unwrap_err().code(), Code::KeyPasswordWrong);
                assert_eq!(open(&der, &passwords(&["pässwörd"]), &limits()).unwrap().mac, MacState::Verified);
            }
        }
    }
}

#[test]
fn rfc5958_all_of_an_identity_comes_back_from_pem() {
    for algorithm in KeyAlgorithm::all() {
        for identity in [certified(algorithm.name), generated(algorithm.name)] {
            let pem = identity.to_pem(None, &SystemRandom).unwrap();
            assert_same(&load(pem.expose(), "").unwrap()[0], &identity);
            let text = core::str::from_utf8(pem.expose()).unwrap();
            assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{text}");
            assert!(text.lines().all(|line| line.len() <= 64));
        }
    }
    let identity = certified("ec-p256");
    let pem = identity.to_pem(Some(&Password::new("€")), &SystemRandom).unwrap();
    assert!(pem.expose().starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    assert_same(&load(pem.expose(), "€").unwrap()[0], &identity);
    assert_eq!(load(pem.expose(), "$").unwrap_err().code(), Code::KeyPasswordWrong);
    let empty = identity.to_pem(Some(&Password::new("")), &SystemRandom).unwrap();
    assert_same(&load(empty.expose(), "").unwrap()[0], &identity);
}

/// RFC 7292 §4.2: localKeyId ties the key to its own certificate, and to no other.
#[test]
fn rfc7292_4_2_attributes() {
    let identity = certified("ec-p256");
    let der = identity.to_pkcs12(&Password::new("p"), &quick(&Pkcs12Profile::COMPAT), &SystemRandom).unwrap();
    let opened = open(&der, &passwords(&["p"]), &limits()).unwrap();
    let key = &opened.keys[0];
    assert!(key.local_key_id.is_some());
    assert_eq!(key.friendly_name.as_deref(), Some("Bob's key"));
    let own: Vec<_> = opened.certificates.iter().map(|own| (&own.local_key_id, &own.friendly_name)).collect();
    assert_eq!(own[0], (&key.local_key_id, &key.friendly_name));
    assert_eq!(own[1..], [(&None, &None); 3]);
    let bare = generated("ec-p256");
    let der = bare.to_pkcs12(&Password::new("p"), &quick(&Pkcs12Profile::COMPAT), &SystemRandom).unwrap();
    let opened = open(&der, &passwords(&["p"]), &limits()).unwrap();
    assert_eq!((&opened.keys[0].local_key_id, opened.certificates.len()), (&None, 0));
}

/// The names of all algorithms in the file, and its counts of iterations.
fn protections(der: &[u8]) -> (BTreeSet<&'static str>, BTreeSet<u64>) {
    let limits = limits();
    let (mut names, mut counts) = (BTreeSet::new(), BTreeSet::new());
    let mut open = vec![Reader::der(der, &limits)];
    let mut inner: Vec<Vec<u8>> = Vec::new();
    loop {
        let Some(reader) = open.last_mut() else {
            let Some(next) = inner.pop() else { break };
            let (found, more) = protections(&next);
            names.extend(found);
            counts.extend(more);
            continue;
        };
        if reader.is_empty() {
            open.pop();
            continue;
        }
        let tlv: Tlv<'_> = reader.any().unwrap();
        if tlv.constructed {
            open.push(tlv.reader().unwrap());
        } else if tlv.tag == Tag::OBJECT_IDENTIFIER {
            names.extend(crate::alg::table::find(tlv.as_oid().unwrap()).map(|row| row.name));
        } else if tlv.tag == Tag::INTEGER {
            counts.extend(tlv.as_integer().unwrap().to_u64().filter(|count| *count > 3));
        } else if tlv.tag == Tag::OCTET_STRING && tlv.content.first() == Some(&0x30) && tlv.content.len() > 100 {
            inner.extend(writer::is_der(tlv.content, &limits).then(|| tlv.content.to_vec()));
        }
    }
    (names, counts)
}

/// What stands in the file is what the profile says, and the count is the same in all three places.
#[test]
fn the_profiles_write_what_they_name() {
    let identity = certified("ec-p256");
    let rows: [(_, &[&str]); 2] = [
        (Pkcs12Profile::MODERN, &["AES-256-CBC", "HMAC-SHA256", "PBES2", "PBKDF2", "SHA-256"]),
        (Pkcs12Profile::COMPAT, &["PBE-SHA1-3DES", "SHA-1"]),
    ];
    for (profile, names) in rows {
        let der = identity.to_pkcs12(&Password::new("p"), &profile, &SystemRandom).unwrap();
        assert_eq!(protections(&der), (names.iter().copied().collect(), BTreeSet::from([600_000])), "{}", profile.name);
        assert_same(&load(&der, "p").unwrap()[0], &identity);
    }
}

/// Nothing of the key, of the certificates or of the password lies open in the file.
#[test]
fn svc_05_nothing_secret_lies_open() {
    let identity = certified("ed25519");
    let pkcs8 = identity.private_key.to_pkcs8().unwrap();
    let seed = &pkcs8.expose()[pkcs8.len() - 32..];
    for profile in Pkcs12Profile::ALL {
        let der = identity.to_pkcs12(&Password::new("hunter22"), &quick(profile), &SystemRandom).unwrap();
        let subject = identity.certificate.as_ref().unwrap().subject().der().to_vec();
        for open in [seed, &subject, b"hunter22", Password::new("hunter22").bmp().expose()] {
            assert!(memchr::memmem::find(&der, open).is_none(), "{}", profile.name);
        }
    }
    let pem = identity.to_pem(Some(&Password::new("hunter22")), &SystemRandom).unwrap();
    let block = first_block(pem.expose());
    assert!(memchr::memmem::find(&block, seed).is_none());
}

#[test]
fn no_password_is_not_the_empty_one() {
    let identity = generated("ec-p256");
    let made = identity.to_pkcs12(&Password::absent(), &quick(&Pkcs12Profile::MODERN), &SystemRandom);
    assert_eq!(made.unwrap_err().code(), Code::MisuseArgument);
    let der = identity.to_pkcs12(&Password::new(""), &quick(&Pkcs12Profile::MODERN), &SystemRandom).unwrap();
    assert_same(&load(&der, "").unwrap()[0], &identity);
    assert_eq!(load(&der, "x").unwrap_err().code(), Code::KeyPasswordWrong);
}

#[test]
fn rfc4086_without_chance_nothing_is_written() {
    struct Few(std::sync::atomic::AtomicUsize);
    impl Random for Few {
        fn fill(&self, _octets: &mut [u8]) -> core::result::Result<(), Opaque> {
            let left = self.0.fetch_update(SEQ, SEQ, |left| left.checked_sub(1));
            left.map(|_| ()).map_err(|_| Opaque)
        }
    }
    const SEQ: std::sync::atomic::Ordering = std::sync::atomic::Ordering::SeqCst;
    let identity = generated("ec-p256");
    // Salt and iv of the key, salt and iv of the certificates, salt of the MAC.
    for (profile, draws) in [(Pkcs12Profile::MODERN, 5), (Pkcs12Profile::COMPAT, 3)] {
        for few in 0..=draws {
            let made = identity.to_pkcs12(&Password::new("p"), &quick(&profile), &Few(few.into()));
            assert_eq!(made.map_err(|error| error.code()).is_ok(), few == draws, "{} {few}", profile.name);
        }
        let error = identity.to_pkcs12(&Password::new("p"), &quick(&profile), &Few(0.into())).unwrap_err();
        assert_eq!(error.code(), Code::MakingFailed);
    }
    let pem = identity.to_pem(Some(&Password::new("p")), &Few(1.into()));
    assert_eq!(pem.unwrap_err().code(), Code::MakingFailed);
}

#[test]
fn uses_follow_from_key_and_certificate() {
    for (name, uses) in [
        ("rsa-2048", &["sign", "decrypt"][..]),
        ("ec-p384", &["sign", "decrypt"]),
        ("ed25519", &["sign"]),
        ("x25519", &["decrypt"]),
    ] {
        assert_eq!(generated(name).uses(), uses, "{name}");
    }
    let with = |name: &str, extensions: &[(Oid<'static>, Vec<u8>)]| {
        let mut identity = generated(name);
        identity.certificate = Some(certificate(&identity.private_key, 1, "20400101000000Z", extensions));
        identity.uses()
    };
    let usage = |bits: &[usize]| [(oid::KEY_USAGE, key_usage_value(bits))];
    assert_eq!(with("rsa-2048", &[]), ["sign", "decrypt"]);
    assert_eq!(with("rsa-2048", &usage(&[0])), ["sign"]);
    assert_eq!(with("rsa-2048", &usage(&[1, 2])), ["sign", "decrypt"]);
    assert_eq!(with("rsa-2048", &usage(&[4])), [""; 0]);
    assert_eq!(with("ec-p256", &usage(&[4])), ["decrypt"]);
    assert_eq!(with("ec-p256", &usage(&[0, 2])), ["sign"]);
    assert_eq!(with("x25519", &usage(&[4])), ["decrypt"]);
    assert_eq!(with("ec-p256", &[(oid::EXTENDED_KEY_USAGE, purposes_value(&[oid::SERVER_AUTH]))]), [""; 0]);
    assert_eq!(with("ec-p256", &[(oid::BASIC_CONSTRAINTS, basic_constraints_value(false, None))]).len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any key kind, profile, password and name: what is written is read, and another password does not open it.
    #[test]
    fn what_is_written_is_read(
        kind in prop::sample::select(vec!["ec-p256", "ec-p384", "ec-p521", "ed25519", "x25519"]),
        modern: bool,
        password in ".{0,20}",
        name in prop::option::of(".{0,20}"),
        with_certificate: bool,
    ) {
        let mut identity = if with_certificate { certified(kind) } else { generated(kind) };
        identity.friendly_name = name;
        let profile = quick(if modern { &Pkcs12Profile::MODERN } else { &Pkcs12Profile::COMPAT });
        let der = identity.to_pkcs12(&Password::new(&password), &profile, &SystemRandom).unwrap();
        let found = load(&der, &password).unwrap();
        assert_same(&found[0], &identity);
        prop_assert_eq!(&found[0].friendly_name, &identity.friendly_name);
        prop_assert_eq!(load(&der, &format!("{password}x")).unwrap_err().code(), Code::KeyPasswordWrong);
        let pem = identity.to_pem(None, &SystemRandom).unwrap();
        assert_same(&load(pem.expose(), "").unwrap()[0], &identity);
    }
}
