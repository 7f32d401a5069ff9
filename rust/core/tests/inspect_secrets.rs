//! `inspect` never shows a key, however its file was damaged: each octet changed, cut off, something put behind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use mailseal_core::Limits;
use mailseal_core::asn1::writer::Writer;
use mailseal_core::asn1::{Reader, oid};
use mailseal_core::crypto::random::SystemRandom;
use mailseal_core::inspect::tree;
use mailseal_core::keys::{KeyAlgorithm, PrivateKey};

/// Octets of a secret that may show by chance.
const WINDOW: usize = 6;

struct Sample {
    name: &'static str,
    file: Vec<u8>,
    secrets: Vec<Vec<u8>>,
}

fn samples() -> Vec<Sample> {
    let limits = Limits::default();
    let mut samples = Vec::new();
    for name in ["rsa-2048", "ec-p256", "ed25519"] {
        let key = PrivateKey::generate(KeyAlgorithm::named(name).unwrap(), &SystemRandom).unwrap();
        let pkcs8 = key.to_pkcs8().unwrap().expose().to_vec();
        let mut reader = Reader::der(&pkcs8, &limits).sequence().unwrap();
        reader.any().unwrap();
        reader.any().unwrap();
        let inner = reader.octet_string().unwrap().to_vec();
        let mut inside = Reader::der(&inner, &limits);
        let secrets: Vec<Vec<u8>> = match name {
            "rsa-2048" => {
                let mut numbers = inside.sequence().unwrap();
                let all: Vec<_> = (0..9).map(|_| numbers.integer().unwrap().bytes().to_vec()).collect();
                all[3..].to_vec()
            }
            "ec-p256" => {
                let mut fields = inside.sequence().unwrap();
                fields.any().unwrap();
                vec![fields.octet_string().unwrap().to_vec()]
            }
            _ => vec![inside.octet_string().unwrap().to_vec()],
        };
        samples.push(Sample { name: "PKCS#12", file: pkcs12(&pkcs8), secrets: secrets.clone() });
        samples.push(Sample { name: "PKCS#1, SEC 1 or CurvePrivateKey", file: inner, secrets: secrets.clone() });
        samples.push(Sample { name: "PKCS#8", file: pkcs8, secrets });
    }
    samples
}

/// PFX with one keyBag, not encrypted, without MAC (RFC 7292 §4).
fn pkcs12(pkcs8: &[u8]) -> Vec<u8> {
    let info = |content: &[u8]| {
        let mut writer = Writer::new();
        writer.sequence(|writer| {
            writer.explicit(0, |writer| writer.octet_string(content));
            writer.oid(oid::DATA);
        });
        writer.into_vec()
    };
    let list = |element: &[u8]| {
        let mut writer = Writer::new();
        writer.sequence(|writer| writer.raw(element));
        writer.into_vec()
    };
    let mut bag = Writer::new();
    bag.sequence(|writer| {
        writer.explicit(0, |writer| writer.raw(pkcs8));
        writer.oid(oid::KEY_BAG);
    });
    let mut pfx = Writer::new();
    pfx.sequence(|writer| {
        writer.raw(&info(&list(&info(&list(&bag.into_vec())))));
        writer.u64(3);
    });
    pfx.into_vec()
}

/// What a reader sees, in one text without blanks and separators.
fn shown(file: &[u8]) -> String {
    let found = tree(file, &Limits::default());
    let rows = found.rows.iter().flat_map(|row| [row.value.as_str(), row.oid.as_str(), row.name]);
    let mut text: String = rows.chain([found.kind.as_str()]).collect();
    found.findings.iter().for_each(|finding| text.push_str(&finding.to_string()));
    text.retain(|sign| !matches!(sign, ' ' | ':' | '…'));
    text
}

/// All forms in which a window of a secret could stand in a text.
fn forms(secrets: &[Vec<u8>]) -> Vec<String> {
    let mut forms = Vec::new();
    for secret in secrets {
        for window in secret.windows(WINDOW).step_by(3) {
            forms.push(window.iter().map(|octet| format!("{octet:02x}")).collect());
            forms.push(window.iter().map(|octet| char::from(*octet)).collect());
            let number = window.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet));
            forms.push(number.to_string());
        }
    }
    forms
}

fn assert_hidden(sample: &Sample, forms: &[String], file: &[u8], what: &str) {
    let text = shown(file);
    for form in forms {
        assert!(!text.contains(form.as_str()), "{} {what}: {form:?} shows in {text}", sample.name);
    }
}

#[test]
fn no_octet_changed_shows_a_key() {
    for sample in samples() {
        let forms = forms(&sample.secrets);
        assert_hidden(&sample, &forms, &sample.file, "as it is");
        // Structure is at the beginning; in the numbers one octet is like another.
        let places = (0..sample.file.len()).filter(|at| *at < 120 || at % 37 == 0);
        for at in places {
            for value in [0x00, 0x02, 0x03, 0x04, 0x06, 0x0c, 0x13, 0x16, 0x17, 0x1e, 0x30, 0x80, 0xa0, 0xff] {
                let mut file = sample.file.clone();
                file[at] = value;
                assert_hidden(&sample, &forms, &file, &format!("octet {at} set to {value:02x}"));
            }
        }
    }
}

#[test]
fn nothing_cut_off_or_added_shows_a_key() {
    for sample in samples() {
        let forms = forms(&sample.secrets);
        for end in (0..sample.file.len()).filter(|end| *end < 120 || end % 29 == 0) {
            assert_hidden(&sample, &forms, &sample.file[..end], &format!("cut off at {end}"));
        }
        assert_hidden(&sample, &forms, &[&sample.file[..], &sample.file].concat(), "twice");
        for start in 1..sample.file.len().min(40) {
            assert_hidden(&sample, &forms, &sample.file[start..], &format!("from octet {start}"));
        }
    }
}

#[test]
fn the_forms_are_those_that_would_show() {
    let mut writer = Writer::new();
    writer.sequence(|writer| {
        writer.octet_string(&[0xde, 0xad, 0xbe, 0xef, 0x12, 0x34]);
        writer.sequence(|writer| writer.sequence(|writer| writer.oid(oid::DATA)));
        writer.bit_string(&[1]);
    });
    let mut message = Writer::new();
    message.sequence(|writer| {
        writer.explicit(0, |writer| writer.octet_string(&[0xde, 0xad, 0xbe, 0xef, 0x12, 0x34]));
        writer.oid(oid::DATA);
    });
    let forms = forms(&[vec![0xde, 0xad, 0xbe, 0xef, 0x12, 0x34]]);
    let visible = shown(&message.into_vec());
    assert!(forms.iter().any(|form| visible.contains(form.as_str())), "{visible}");
    let hidden = shown(&writer.into_vec());
    assert!(!forms.iter().any(|form| hidden.contains(form.as_str())), "{hidden}");
}
