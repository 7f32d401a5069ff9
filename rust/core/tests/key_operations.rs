//! How often a message makes us use a private key: never for what is refused, once for what is tried (ENC-04, ENC-11,
//! ENC-12). The steps of `Opening` are counted, through which every use of a key goes.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use mailseal_core::alg::{Role, table};
use mailseal_core::asn1::writer::Writer;
use mailseal_core::asn1::{Oid, Tag, UnixTime, oid};
use mailseal_core::identity::{Identity, Keyring};
use mailseal_core::policy::{Check, Policy, Times};
use mailseal_core::receive::{Opened, Opening, Receiver, Step};
use mailseal_core::{Code, Limits};

/// SHA-1 of the subjectPublicKey of `rsa_spki` (RFC 5280 §4.2.1.2 method 1).
const SUBJECT_KEY_IDENTIFIER: &str = "b4dd4bcf060f173ae07087a5a5ceb049c76f421f";
const NOW: Times = Times { now: UnixTime(1_780_000_000), received_at: None, at: None };
const CEK: &[u8] = b"0123456789abcdef";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn data(name: &str) -> Vec<u8> {
    let mut rows = include_str!("data/openssl.txt").lines().filter_map(|line| line.split_once(' '));
    hex(rows.find(|row| row.0 == name).unwrap_or_else(|| panic!("no {name}")).1)
}

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.into_vec()
}

fn receiver(policy: &str, with_key: bool) -> Receiver {
    let limits = Limits::default();
    let identities = Identity::load(&data("rsa_pkcs8"), &[], &[], &limits).unwrap();
    let identities = identities.iter().filter(|_| with_key);
    let keyring = Keyring::new(identities, &[], &limits).unwrap();
    Receiver::new(None, Vec::new(), Arc::new(keyring), Policy::named(policy).unwrap())
}

/// What opening bare CMS in a mail comes to, and how many private-key operations it took.
fn opened(receiver: &Receiver, cms: &[u8]) -> (Opened, usize) {
    let head =
        "From: a@example.com\r\nContent-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    let mail = [head.as_bytes(), cms].concat();
    let (mut opening, mut operations) = (Opening::new(receiver, &mail, NOW), 0);
    loop {
        match opening.step() {
            Step::NeedKey(operation) => {
                operations += 1;
                opening.answer_key(operation.run());
            }
            Step::NeedCheck(check) => opening.answer_check(check.run()),
            Step::Done(opened) => return (*opened, operations),
        }
    }
}

fn codes(opened: &Opened) -> Vec<Code> {
    opened.verdict.findings.iter().map(|finding| finding.code).collect()
}

/// KeyTransRecipientInfo for the key above (RFC 5652 §6.2.1), version 2.
fn ktri(encrypted_key: &[u8]) -> Vec<u8> {
    written(|w| {
        w.sequence(|w| {
            w.octet_string(encrypted_key);
            w.sequence(|w| {
                w.null();
                w.oid(table::named("RSAES-PKCS1-v1_5").unwrap().oid);
            });
            w.element(Tag::context(0), false, |w| w.raw(&hex(SUBJECT_KEY_IDENTIFIER)));
            w.u64(2);
        });
    })
}

fn encrypted_content_info(cipher: Oid<'_>, parameters: &[u8]) -> Vec<u8> {
    written(|w| {
        w.sequence(|w| {
            w.element(Tag::context(0), false, |w| w.raw(&[0x5a; 64]));
            w.sequence(|w| {
                w.raw(parameters);
                w.oid(cipher);
            });
            w.oid(oid::DATA);
        });
    })
}

fn content_info(content_type: Oid<'_>, version: u64, infos: &[Vec<u8>], body: &[u8], mac: Option<&[u8]>) -> Vec<u8> {
    written(|w| {
        w.sequence(|w| {
            w.explicit(0, |w| {
                w.sequence(|w| {
                    if let Some(mac) = mac {
                        w.octet_string(mac);
                    }
                    w.raw(body);
                    w.element(Tag::SET, true, |w| infos.iter().rev().for_each(|info| w.raw(info)));
                    w.u64(version);
                });
            });
            w.oid(content_type);
        });
    })
}

fn auth_enveloped(cipher: Oid<'_>, parameters: &[u8], infos: &[Vec<u8>], mac: &[u8]) -> Vec<u8> {
    content_info(oid::AUTH_ENVELOPED_DATA, 0, infos, &encrypted_content_info(cipher, parameters), Some(mac))
}

fn enveloped(cipher: Oid<'_>, parameters: &[u8], infos: &[Vec<u8>]) -> Vec<u8> {
    content_info(oid::ENVELOPED_DATA, 2, infos, &encrypted_content_info(cipher, parameters), None)
}

/// GCMParameters (RFC 5084 §3.2).
fn gcm(icv_len: u64) -> Vec<u8> {
    written(|w| {
        w.sequence(|w| {
            w.u64(icv_len);
            w.octet_string(&[7; 12]);
        });
    })
}

/// `block` raised to e: an encrypted key with a padding of one's own.
fn raw_rsa(block: &[u8]) -> Vec<u8> {
    let spki = data("rsa_spki");
    // SubjectPublicKeyInfo of RSA with 1024 bits: the modulus is followed by e = 65537 and nothing else.
    let modulus = &spki[spki.len() - 5 - 128..spki.len() - 5];
    mailseal_lc::RsaPublicKey::new(modulus, &[1, 0, 1]).unwrap().raw(block).unwrap()
}

/// An EME-PKCS1-v1_5 block (RFC 8017 §7.2.1) for a modulus of 128 octets, with another head.
fn block(head: [u8; 2], content: &[u8]) -> Vec<u8> {
    let padding = vec![0xa5; 128 - 3 - content.len()];
    [&head[..], &padding, &[0], content].concat()
}

/// The ways in which an encrypted key can fail (ENC-11), each as the sender would write it.
fn failing_keys() -> Vec<(&'static str, Vec<u8>)> {
    let mut early_zero = block([0, 2], CEK);
    early_zero[5] = 0;
    let no_zero = [&[0, 2][..], &[0xa5; 126]].concat();
    vec![
        ("bad head", raw_rsa(&block([0, 1], CEK))),
        ("first octet", raw_rsa(&block([1, 2], CEK))),
        ("zero in the first eight", raw_rsa(&early_zero)),
        ("no zero", raw_rsa(&no_zero)),
        ("too short", raw_rsa(&block([0, 2], &CEK[..15]))),
        ("empty", raw_rsa(&block([0, 2], &[]))),
        ("too long", raw_rsa(&block([0, 2], &[3; 17]))),
        ("wrong key", raw_rsa(&block([0, 2], &[3; 16]))),
        ("no octets", Vec::new()),
        ("one octet", vec![1]),
        ("shorter than the modulus", vec![0x55; 127]),
        ("longer than the modulus", vec![0x55; 129]),
        ("beyond the modulus", vec![0xff; 128]),
        ("zero", vec![0; 128]),
    ]
}

#[test]
fn a_good_aead_layer_costs_one_operation() {
    let receiver = receiver("archive", true);
    let cipher = table::named("AES-128-GCM").unwrap().oid;
    let (opened, operations) =
        opened(&receiver, &auth_enveloped(cipher, &gcm(16), &[ktri(&data("rsa_v15_encrypted"))], &[9; 16]));
    // The key fits; the ciphertext is none of its.
    assert_eq!((operations, codes(&opened)[0]), (1, Code::DecryptionFailed));
}

/// ENC-04: whatever the table knows that is no AEAD, and what it does not know, touches no key.
#[test]
fn enc_04_no_key_is_used_for_a_cipher_that_is_no_aead() {
    let infos = [ktri(&data("rsa_v15_encrypted"))];
    let iv = written(|w| w.octet_string(&[7; 16]));
    let unknown = [
        Oid::from_static(&[0x2b, 6, 1, 4, 1, 0x86, 0x8d, 0x1f, 1]),
        Oid::from_static(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 9]),
    ];
    let rows = table::rows().iter().filter(|row| table::find_role(row.oid, &[Role::Aead]).is_none()).map(|row| row.oid);
    let mut tried = 0;
    for policy in ["default", "archive", "strict", "compat"] {
        let receiver = receiver(policy, true);
        for cipher in rows.clone().chain(unknown) {
            for parameters in [&iv[..], &gcm(16), &[5, 0], &[]] {
                for mac in [&[9; 16][..], &[9], &[]] {
                    let (opened, operations) = opened(&receiver, &auth_enveloped(cipher, parameters, &infos, mac));
                    assert_eq!(operations, 0, "{cipher:?}");
                    assert!(codes(&opened).contains(&Code::DecryptionNotAead), "{cipher:?} {:?}", codes(&opened));
                    assert!(opened.content(&[]).is_none() && opened.decryption != Check::Ok);
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 4 * 12 * 50, "{tried}");
}

/// ENC-05, ENC-06: an AEAD in EnvelopedData, and a tag of a length that is not taken, touch no key either.
#[test]
fn no_key_is_used_for_what_is_refused_by_its_parameters() {
    let receiver = receiver("strict", true);
    let infos = [ktri(&data("rsa_v15_encrypted"))];
    let cipher = table::named("AES-256-GCM").unwrap().oid;
    for (icv_len, mac) in [(0, 0), (1, 1), (8, 8), (12, 16), (16, 12), (16, 0), (16, 17), (255, 16)] {
        let (opened, operations) = opened(&receiver, &auth_enveloped(cipher, &gcm(icv_len), &infos, &vec![9; mac]));
        assert_eq!(operations, 0, "{icv_len} {mac}");
        assert!(opened.content(&[]).is_none());
    }
    let (opened, operations) = opened(&receiver, &enveloped(cipher, &gcm(16), &infos));
    assert_eq!(operations, 0);
    assert!(codes(&opened).contains(&Code::DecryptionAeadInEnveloped));
}

/// ENC-11: one operation for each class of failure, and nothing of the outcome tells them apart.
#[test]
fn enc_11_every_failing_key_costs_one_operation_and_looks_alike() {
    let receiver = receiver("archive", true);
    let cipher = table::named("AES-128-GCM").unwrap().oid;
    let mut seen: Option<String> = None;
    for (name, encrypted_key) in failing_keys() {
        let (opened, operations) =
            opened(&receiver, &auth_enveloped(cipher, &gcm(16), &[ktri(&encrypted_key)], &[9; 16]));
        assert_eq!(operations, 1, "{name}");
        // Sizes of the message differ by class, what is said of it must not.
        let told = format!(
            "{:?} {:?} {:?} {:?}",
            opened.verdict.findings,
            opened.verdict.status,
            opened.decryption,
            opened.content(&[])
        );
        assert_eq!(seen.get_or_insert_with(|| told.clone()), &told, "{name}");
    }
}

/// ENC-12: the first RecipientInfo of ours is tried, once, whatever stands beside it; a stranger tries none.
#[test]
fn enc_12_one_operation_however_many_recipient_infos_fit() {
    let (ours, strangers) = (receiver("archive", true), receiver("archive", false));
    let cipher = table::named("AES-128-CBC").unwrap().oid;
    let iv = written(|w| w.octet_string(&[7; 16]));
    let good = data("rsa_v15_encrypted");
    for (name, probe) in failing_keys() {
        for infos in [[ktri(&good), ktri(&probe)], [ktri(&probe), ktri(&good)], [ktri(&probe), ktri(&probe)]] {
            let cms = enveloped(cipher, &iv, &infos);
            let (at_home, operations) = opened(&ours, &cms);
            assert_eq!(operations, 1, "{name}");
            assert!(codes(&at_home).contains(&Code::DecryptionDuplicateRecipient));
            let (abroad, operations) = opened(&strangers, &cms);
            assert_eq!(operations, 0, "{name}");
            assert_eq!(codes(&abroad)[0], Code::DecryptionNoKey);
        }
    }
}

/// ENC-19: as many RecipientInfos of ours as the cap lets through cost one operation, and one more than that none.
#[test]
fn enc_19_a_flood_of_recipients_costs_one_operation() {
    let receiver = receiver("archive", true);
    let cipher = table::named("AES-128-GCM").unwrap().oid;
    let cap = usize::try_from(Limits::default().recipients).unwrap();
    for (count, expected, code) in [(cap, 1, Code::DecryptionFailed), (cap + 1, 0, Code::LimitRecipients)] {
        let infos = vec![ktri(&data("rsa_v15_encrypted")); count];
        let (opened, operations) = opened(&receiver, &auth_enveloped(cipher, &gcm(16), &infos, &[9; 16]));
        assert_eq!(operations, expected);
        assert!(codes(&opened).contains(&code), "{:?}", codes(&opened)[0]);
    }
}

/// ENC-07: a nonce of no length that GCM is used with (1 to 64 octets) is refused before a key is touched.
#[test]
fn enc_07_no_key_is_used_under_a_nonce_of_another_length() {
    let receiver = receiver("archive", true);
    let infos = [ktri(&data("rsa_v15_encrypted"))];
    let cipher = table::named("AES-128-GCM").unwrap().oid;
    for (length, expected) in [(0, 0), (1, 1), (12, 1), (64, 1), (65, 0), (65_536, 0)] {
        let parameters = written(|w| {
            w.sequence(|w| {
                w.u64(16);
                w.octet_string(&vec![7; length]);
            });
        });
        let (opened, operations) = opened(&receiver, &auth_enveloped(cipher, &parameters, &infos, &[9; 16]));
        assert_eq!(operations, expected, "{length}");
        assert_eq!(codes(&opened).contains(&Code::DecryptionParameters), expected == 0, "{length}");
    }
}
