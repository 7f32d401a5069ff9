use super::*;
use crate::identity::testing::*;
use proptest::prelude::*;

fn outcome(der: &[u8], texts: &[&str]) -> Code {
    open(der, &passwords(texts), &limits()).unwrap_err().code()
}

fn empty_safe() -> Vec<u8> {
    plain_safe(&sequence_of(&[]))
}

#[test]
fn rfc7292_4_mac_with_each_digest_and_password_order() {
    for digest in ["SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"] {
        let der = pfx_with_mac(&empty_safe(), digest, &Password::new("ä secret"));
        let opened = open(&der, &passwords(&["no", "ä secret"]), &limits()).unwrap();
        assert_eq!(opened.mac, MacState::Verified, "{digest}");
        assert_eq!(outcome(&der, &["no", "neither"]), Code::KeyPasswordWrong);
    }
}

#[test]
fn rfc7292_b2_empty_and_absent_passwords_both_open() {
    for password in [Password::new(""), Password::absent()] {
        let der = pfx_with_mac(&empty_safe(), "SHA-256", &password);
        assert_eq!(open(&der, &[], &limits()).unwrap().mac, MacState::Verified);
        assert_eq!(open(&der, &passwords(&["x", ""]), &limits()).unwrap().mac, MacState::Verified);
        assert_eq!(outcome(&der, &["x"]), Code::KeyPasswordWrong);
    }
}

#[test]
fn without_mac_it_opens_and_says_so() {
    let opened = open(&pfx(&empty_safe()), &[], &limits()).unwrap();
    assert_eq!((opened.mac, opened.keys.len(), opened.certificates.len()), (MacState::Absent, 0, 0));
}

/// PKI-17: a damaged content looks like a wrong password.
#[test]
fn pki_17_wrong_password_and_damaged_file_look_the_same() {
    let mut der = pfx_with_mac(&empty_safe(), "SHA-256", &Password::new("right"));
    let wrong = open(&der, &passwords(&["wrong"]), &limits()).unwrap_err();
    let at = der.windows(2).position(|pair| pair == [0x30, 0]).unwrap();
    der[at + 1] = 1;
    let damaged = open(&der, &passwords(&["right"]), &limits()).unwrap_err();
    assert_eq!(wrong, damaged);
    assert_eq!(wrong.code(), Code::KeyPasswordWrong);
}

/// PKI-17, CVE-2026-34181: a tag of one octet, or of none, is not enough.
#[test]
fn pki_17_a_shortened_tag_is_refused() {
    let auth_safe = empty_safe();
    let tag = mac(&auth_safe, "SHA-256", &Password::new("p"), 1);
    for len in [0, 1, 19, 31] {
        let der = pfx_with(3, &content_info(oid::DATA, &auth_safe), &mac_data("SHA-256", &tag[..len], Some(&[1])));
        assert_eq!(outcome(&der, &["p"]), Code::KeyPasswordWrong, "{len}");
    }
}

/// PKI-17, ENC-16: the work that a file asks for is refused before it is done.
#[test]
fn pki_17_iterations() {
    let auth_safe = empty_safe();
    let rows: [(&[u8], Code); 6] = [
        (&[0], Code::KeyMalformed),
        (&[0xff], Code::KeyMalformed),
        (&[0, 0x98, 0x96, 0x81], Code::LimitKdfWork),
        (&[0x7f, 0xff, 0xff, 0xff], Code::LimitKdfWork),
        (&[0, 0x80, 0, 0, 0, 0, 0, 0, 0], Code::LimitKdfWork),
        (&[1, 0, 0, 0, 0, 0, 0, 0, 0], Code::LimitKdfWork),
    ];
    for (iterations, code) in rows {
        let mac_data = mac_data("SHA-256", &[0; 32], Some(iterations));
        let der = pfx_with(3, &content_info(oid::DATA, &auth_safe), &mac_data);
        assert_eq!(outcome(&der, &["p"]), code, "{iterations:02x?}");
    }
    let tag = mac(&auth_safe, "SHA-256", &Password::new("p"), 1);
    let der = pfx_with(3, &content_info(oid::DATA, &auth_safe), &mac_data("SHA-256", &tag, None));
    assert_eq!(open(&der, &passwords(&["p"]), &limits()).unwrap().mac, MacState::Verified);
}

#[test]
fn f_01_other_kinds_of_pfx_are_named() {
    let signed = pfx_with(3, &content_info(oid::SIGNED_DATA, &[]), &[]);
    let error = open(&signed, &[], &limits()).unwrap_err();
    assert!(error.code() == Code::KeyUnsupported && error.to_string().contains("signed"), "{error}");
    assert_eq!(outcome(&pfx_with(4, &content_info(oid::DATA, &empty_safe()), &[]), &[]), Code::KeyUnsupported);
    assert_eq!(outcome(&pfx_with(3, &content_info(oid::ENCRYPTED_DATA, &[]), &[]), &[]), Code::KeyMalformed);
    let enveloped = sequence_of(&[content_info(oid::ENVELOPED_DATA, &[])]);
    assert_eq!(open(&pfx(&enveloped), &[], &limits()).unwrap().skipped[0].code, Code::KeyUnsupported);
    assert!(is_pkcs12(&signed, &limits()) && !is_pkcs12(&signed[..5], &limits()) && !is_pkcs12(&[], &limits()));
}

/// CVE-2024-0727: OPTIONAL parts that are absent.
#[test]
fn pki_17_absent_contents_are_errors() {
    let no_content = written(|w| w.sequence(|w| w.oid(oid::DATA)));
    assert_eq!(outcome(&pfx_with(3, &no_content, &[]), &[]), Code::KeyMalformed);
    assert_eq!(outcome(&pfx(&sequence_of(&[no_content])), &[]), Code::KeyMalformed);
    let no_value = written(|w| w.sequence(|w| w.oid(oid::KEY_BAG)));
    assert_eq!(outcome(&pfx(&plain_safe(&sequence_of(&[no_value]))), &[]), Code::KeyMalformed);
}

/// PKI-17: bags in bags, honest and hostile.
#[test]
fn pki_17_nested_bags() {
    let nested = |depth: usize| {
        let mut contents = sequence_of(&[bag(oid::CRL_BAG, &[5, 0], None)]);
        for _ in 0..depth {
            contents = sequence_of(&[bag(oid::SAFE_CONTENTS_BAG, &contents, None)]);
        }
        pfx(&plain_safe(&contents))
    };
    assert!(open(&nested(10), &[], &limits()).is_ok());
    for depth in [100, 10_000] {
        assert_eq!(outcome(&nested(depth), &[]), Code::LimitAsn1Depth, "{depth}");
    }
}

#[test]
fn one_bad_bag_does_not_hide_the_others() {
    let bags = [bag(oid::KEY_BAG, &[5, 0], None), certificate_bag(b"?", None), bag(oid::SECRET_BAG, &[5, 0], None)];
    let opened = open(&pfx(&plain_safe(&sequence_of(&bags))), &[], &limits()).unwrap();
    assert_eq!(opened.skipped.len(), 2);
    assert!(opened.keys.is_empty() && opened.certificates.is_empty());
}

/// F-01: BER, with the octets in segments and indefinite lengths.
#[test]
fn f_01_ber_input() {
    let auth_safe = empty_safe();
    let (left, right) = auth_safe.split_at(5);
    let segment = |octets: &[u8]| written(|w| w.octet_string(octets));
    let indefinite = |tag: u8, content: &[u8]| [&[tag, 0x80][..], content, &[0, 0]].concat();
    let octets = indefinite(0x24, &[segment(left), segment(right)].concat());
    let data = written(|w| w.oid(oid::DATA));
    let content_info = indefinite(0x30, &[data, indefinite(0xa0, &octets)].concat());
    let tag = mac(&auth_safe, "SHA-256", &Password::new("p"), 1);
    let version = written(|w| w.u64(3));
    let der = indefinite(0x30, &[version, content_info, mac_data("SHA-256", &tag, Some(&[1]))].concat());
    assert_eq!(open(&der, &passwords(&["p"]), &limits()).unwrap().mac, MacState::Verified);
}

/// CVE-2024-0727 and others, from OpenSSL's tests.
#[test]
fn openssl_bad_files_are_errors() {
    let Some(folder) = vectors("openssl/recipes/80-test_pkcs12_data") else { return };
    for name in ["bad1.p12", "bad2.p12", "bad3.p12"] {
        let der = std::fs::read(folder.join(name)).unwrap();
        assert!(open(&der, &passwords(&["", "password"]), &limits()).is_err(), "{name}");
    }
}

/// SVC-05: neither a password nor a key in what can be logged.
#[test]
fn svc_05_nothing_secret_is_printed() {
    let der = pfx_with_mac(&empty_safe(), "SHA-256", &Password::new("canary"));
    let error = open(&der, &passwords(&["canary2"]), &limits()).unwrap_err();
    let opened = open(&der, &passwords(&["canary"]), &limits()).unwrap();
    assert!(!format!("{error:?} {error} {opened:?}").contains("canary"));
}

proptest! {
    #[test]
    fn mutants_never_panic(position in any::<prop::sample::Index>(), value in any::<u8>(), cut in any::<bool>()) {
        let bags = sequence_of(&[certificate_bag(b"?", Some(b"id")), bag(oid::KEY_BAG, &[0x30, 0], Some(b"id"))]);
        let mut der = pfx_with_mac(&plain_safe(&bags), "SHA-1", &Password::new("p"));
        let at = position.index(der.len());
        der[at] = value;
        if cut {
            der.truncate(at);
        }
        // A mutant may ask for much work, which is allowed but not wanted here.
        let few = Limits { kdf_iterations: 1_000, ..limits() };
        let _ = open(&der, &passwords(&["p"]), &few);
        let plain = pfx(&plain_safe(&bags));
        let mut plain = plain.clone();
        let at = position.index(plain.len());
        plain[at] = value;
        let _ = open(&plain, &passwords(&["p"]), &few);
    }
}
