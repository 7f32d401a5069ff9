//! Damaged private keys: whatever octet is changed, cut off or added, nothing of the secret shows.

use std::collections::HashSet;

use super::*;
use crate::asn1::{Oid, Tag, oid};

const WINDOW: usize = 6;
const RSA: Oid<'static> = crate::oid!(1, 2, 840, 113549, 1, 1, 1);
const EC: Oid<'static> = crate::oid!(1, 2, 840, 10045, 2, 1);
const P256: Oid<'static> = crate::oid!(1, 2, 840, 10045, 3, 1, 7);
const ED25519: Oid<'static> = crate::oid!(1, 3, 101, 112);

/// Octets that look random, another row for each `seed`; none is 0, so that numbers keep their length.
fn random(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as u8 | u8::from(state >> 40 & 0xff == 0)
    };
    core::iter::repeat_with(next).take(len).collect()
}

struct Key {
    der: Vec<u8>,
    secrets: Vec<Vec<u8>>,
}

fn rsa() -> Key {
    let secrets: Vec<_> = [128, 64, 64, 64, 64, 64].iter().zip(1..).map(|(len, seed)| random(seed, *len)).collect();
    let der = written(|w| {
        secrets.iter().rev().for_each(|secret| w.unsigned(secret));
        w.u64(65_537);
        w.unsigned(&random(90, 128));
        w.u64(0);
    });
    Key { der, secrets }
}

fn sec1() -> Key {
    let scalar = random(11, 32);
    let der = written(|w| {
        w.explicit(1, |w| w.element(Tag::BIT_STRING, false, |w| w.raw(&[&[0, 4][..], &random(12, 64)].concat())));
        w.explicit(0, |w| w.oid(P256));
        w.octet_string(&scalar);
        w.u64(1);
    });
    Key { der, secrets: vec![scalar] }
}

fn seed() -> Key {
    let seed = random(21, 32);
    Key { der: [&[4, 32][..], &seed].concat(), secrets: vec![seed] }
}

fn pkcs8(key: Key, algorithm: Oid<'_>, parameters: Option<Oid<'_>>) -> Key {
    let der = written(|w| {
        w.octet_string(&key.der);
        w.sequence(|w| {
            match parameters {
                Some(parameters) => w.oid(parameters),
                None if algorithm == RSA => w.null(),
                None => {}
            }
            w.oid(algorithm);
        });
        w.u64(0);
    });
    Key { der, ..key }
}

/// A PKCS#12 with the key in a keyBag that nothing encrypts, its name and a MacData.
fn pkcs12(key: Key) -> Key {
    let data = |content: &[u8]| {
        written(|w| {
            w.explicit(0, |w| w.octet_string(content));
            w.oid(oid::DATA);
        })
    };
    let name = written(|w| {
        w.set_of(vec![vec![Tag::BMP_STRING.number() as u8, 4, 0, b'm', 0, b'e']]);
        w.oid(oid::FRIENDLY_NAME);
    });
    let contents = written(|w| {
        w.sequence(|w| {
            w.set_of(vec![name]);
            w.explicit(0, |w| w.raw(&key.der));
            w.oid(oid::KEY_BAG);
        });
    });
    let safe = written(|w| w.raw(&data(&contents)));
    let der = written(|w| {
        w.sequence(|w| {
            w.u64(2_048);
            w.octet_string(&random(31, 8));
            w.sequence(|w| {
                w.octet_string(&random(32, 32));
                w.sequence(|w| w.oid(crate::oid!(2, 16, 840, 1, 101, 3, 4, 2, 1)));
            });
        });
        w.raw(&data(&safe));
        w.u64(3);
    });
    Key { der, ..key }
}

fn keys() -> [(Key, &'static str); 7] {
    [
        (rsa(), "private key (PKCS#1)"),
        (pkcs8(rsa(), RSA, None), "private key (PKCS#8)"),
        (sec1(), "private key (SEC 1)"),
        (pkcs8(sec1(), EC, Some(P256)), "private key (PKCS#8)"),
        (pkcs8(seed(), ED25519, None), "private key (PKCS#8)"),
        (pkcs12(pkcs8(sec1(), EC, Some(P256))), "PKCS#12"),
        (pkcs12(pkcs8(rsa(), RSA, None)), "PKCS#12"),
    ]
}

/// All that leaves the core of a tree; a line for each row.
fn shown(der: &[u8]) -> String {
    let tree = tree(der, &Limits::default());
    let mut lines = vec![tree.kind];
    lines.extend(tree.rows.iter().map(|row| {
        let oid = row.oid.as_deref().unwrap_or_default();
        format!("{} {} {} {} {} {oid} {}", row.offset, row.header, row.length, row.tag, row.name, row.value)
    }));
    lines.extend(tree.findings.iter().map(ToString::to_string));
    lines.join("\n")
}

/// The octets that `text` may stand for: as it is, character by character, in hexadecimal and in base64.
fn readings(text: &str) -> Vec<Vec<u8>> {
    let mut found = vec![text.as_bytes().to_vec()];
    found.push(text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(0)).collect());
    found.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    for separator in [':', ' ', '-'] {
        let joined = text.replace(separator, "");
        for run in joined.split(|character: char| !character.is_ascii_hexdigit()).filter(|run| run.len() >= 2 * WINDOW)
        {
            for pairs in [run.as_bytes(), &run.as_bytes()[1..]] {
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
                found.push(pairs.chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect());
            }
        }
    }
    let base64 = |character: char| character.is_ascii_alphanumeric() || matches!(character, '+' | '/');
    for run in text.split(|character: char| !base64(character)).filter(|run| run.len() >= 8) {
        for start in 0..4 {
            let run = &run.as_bytes()[start..];
            let whole = &run[..run.len() - usize::from(run.len() % 4 == 1)];
            found.extend(base64_simd::forgiving_decode_to_vec(whole));
        }
    }
    found
}

fn windows(secrets: &[Vec<u8>]) -> HashSet<&[u8]> {
    secrets.iter().flat_map(|secret| secret.windows(WINDOW)).collect()
}

fn leaks(text: &str, secret: &HashSet<&[u8]>) -> bool {
    readings(text).iter().any(|octets| octets.windows(WINDOW).any(|window| secret.contains(window)))
}

fn check(der: &[u8], secret: &HashSet<&[u8]>, what: &str) {
    let text = shown(der);
    assert!(!leaks(&text, secret), "{what}:\n{text}");
}

/// Tags and lengths that make something else of what follows.
const TELLING: [u8; 22] = [
    0x00, 0x01, 0x02, 0x03, 0x04, 0x06, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x1e, 0x20, 0x24, 0x30, 0x31, 0x80, 0x81, 0x83,
    0x84, 0x89, 0xa0,
];

#[test]
fn a_changed_octet_shows_nothing_of_the_secret() {
    for (key, kind) in keys() {
        let secret = windows(&key.secrets);
        let small = key.der.len() < 100;
        let mut der = key.der.clone();
        for at in 0..der.len() {
            let was = der[at];
            let flips = (0..8).map(|bit| was ^ 1 << bit);
            let near = [was.wrapping_add(2), was.wrapping_sub(2), was.wrapping_add(3)];
            // Octets inside a secret are tags and lengths of nothing.
            let inner = at >= WINDOW && secret.contains(&key.der[at - WINDOW..at]);
            let values: Vec<u8> = match (inner, small) {
                (true, _) => vec![was ^ 0x80],
                (_, true) => (0..=255).collect(),
                (_, false) => flips.chain(TELLING).chain(near).collect(),
            };
            for value in values {
                der[at] = value;
                check(&der, &secret, &format!("{kind}, octet {at} is {value:#04x}"));
            }
            der[at] = was;
        }
    }
}

#[test]
fn cut_off_or_with_octets_behind_nothing_of_the_secret_shows() {
    for (key, kind) in keys() {
        let secret = windows(&key.secrets);
        for len in 0..key.der.len() {
            check(&key.der[..len], &secret, &format!("{kind}, {len} octets"));
            check(&key.der[len..], &secret, &format!("{kind}, without {len} octets"));
        }
        for len in 1..40 {
            for behind in [random(len, len as usize), vec![0; len as usize], key.der[..len as usize].to_vec()] {
                check(&[&key.der[..], &behind].concat(), &secret, kind);
            }
        }
    }
}

/// Else the other two would hold for a tree that is always empty, or a search that finds nothing.
#[test]
fn whole_keys_are_known_and_the_search_finds() {
    for (key, kind) in keys() {
        let whole = tree(&key.der, &Limits::default());
        assert_eq!((whole.kind.as_str(), whole.findings.len()), (kind, 0));
        assert!(whole.rows.iter().any(|row| row.secret), "{kind}");
        let secret = windows(&key.secrets);
        let part = &key.secrets[0][5..14];
        let spaced = part.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
        let base64 = base64_simd::STANDARD.encode_to_string(part);
        let latin: String = part.iter().map(|byte| char::from(*byte)).collect();
        for text in
            [crate::asn1::hex(part), spaced.join(":"), spaced.join(" ").to_uppercase(), format!("x {base64}"), latin]
        {
            assert!(leaks(&text, &secret), "{text}");
        }
    }
}
