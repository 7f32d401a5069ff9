//! The ASN.1 reader against hostile and odd encodings: threats PAR-01 … PAR-05.
#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

use std::thread;
use std::time::{Duration, Instant};

use mailseal_core::asn1::writer::{der_from_ber, is_der};
use mailseal_core::asn1::{Oid, Reader, Rules, Tlv};
use mailseal_core::{Code, Family, Limits, Result};
use proptest::prelude::*;

fn limits() -> Limits {
    Limits::default()
}

/// In a thread whose stack recursion by the level of nesting would exhaust.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap().join().unwrap();
}

/// Reads every element down to the leaves, with a work list instead of recursion. The number of elements.
fn walk(bytes: &[u8], rules: Rules) -> Result<usize> {
    let limits = limits();
    let mut open = vec![Reader::new(bytes, rules, &limits)];
    let mut count = 0;
    while let Some(reader) = open.last_mut() {
        if reader.is_empty() {
            open.pop();
            continue;
        }
        let tlv = reader.any()?;
        count += 1;
        if tlv.constructed {
            open.push(tlv.reader()?);
        }
    }
    Ok(count)
}

fn definite(tag: u8, levels: usize) -> Vec<u8> {
    // Back to front: a length is known when it is written.
    let mut reversed = vec![0_u8, 5];
    for _ in 0..levels {
        let length = reversed.len();
        if length < 0x80 {
            reversed.push(length as u8);
        } else {
            let octets = length.to_be_bytes();
            let significant = octets.iter().skip_while(|octet| **octet == 0).count();
            reversed.extend(octets.iter().rev().take(significant));
            reversed.push(0x80 | significant as u8);
        }
        reversed.push(tag);
    }
    reversed.reverse();
    reversed
}

fn indefinite(tag: u8, levels: usize, closed: bool) -> Vec<u8> {
    let mut bytes = [tag, 0x80].repeat(levels);
    bytes.extend([5, 0]);
    if closed {
        bytes.extend(vec![0; 2 * levels]);
    }
    bytes
}

const NESTING_TAGS: [u8; 3] = [0x30, 0xa0, 0x24];

/// PAR-01: nesting within the budget is read, nesting beyond it is LimitAsn1Depth, and no stack is spent on it.
#[test]
fn par_01_nesting_depth() {
    on_a_small_stack(|| {
        for tag in NESTING_TAGS {
            for levels in [10, 60] {
                assert_eq!(walk(&definite(tag, levels), Rules::Ber).unwrap(), levels + 1);
                assert_eq!(walk(&indefinite(tag, levels, true), Rules::Ber).unwrap(), levels + 1);
            }
            for levels in [100, 1_000, 10_000, 100_000, 1_000_000] {
                let deep = definite(tag, levels);
                assert_eq!(walk(&deep, Rules::Ber).unwrap_err().code(), Code::LimitAsn1Depth, "{tag:02x} {levels}");
                assert!(der_from_ber(&deep, &limits()).is_err());
                for closed in [true, false] {
                    let deep = indefinite(tag, levels, closed);
                    assert_eq!(walk(&deep, Rules::Ber).unwrap_err().code(), Code::LimitAsn1Depth, "{tag:02x} {levels}");
                }
            }
        }
    });
}

/// PAR-01: the budget is carried into readers made later, so lazy reading does not refill it.
#[test]
fn par_01_lazy_readers_share_the_budget() {
    let bytes = definite(0x30, 100);
    let limits = limits();
    let mut tlv = Tlv::first(&bytes, Rules::Ber, &limits).unwrap();
    let mut levels = 0_u64;
    let error = loop {
        match tlv.reader().and_then(|mut reader| reader.any()) {
            Ok(inner) => tlv = inner,
            Err(error) => break error,
        }
        levels += 1;
    };
    assert_eq!((error.code(), levels), (Code::LimitAsn1Depth, limits.asn1_depth));
}

/// PAR-01: constructed OCTET STRINGs nest on the same budget, and the writer's normal form does as well.
#[test]
fn par_01_segments_in_segments() {
    on_a_small_stack(|| {
        for levels in [100, 1_000_000] {
            let error = Reader::ber(&definite(0x24, levels), &limits()).octet_string().unwrap_err();
            assert_eq!(error.code(), Code::LimitAsn1Depth);
            let error = der_from_ber(&definite(0x30, levels), &limits()).unwrap_err();
            assert_eq!(error.family(), Family::Limit);
        }
    });
}

/// PAR-02: a header that claims more than there is, is an error at once: nothing is reserved for it.
#[test]
fn par_02_declared_lengths() {
    let claims: [&[u8]; 5] = [
        &[0x84, 0x7f, 0xff, 0xff, 0xff],
        &[0x86, 0x01, 0, 0, 0, 0, 0],
        &[0x88, 0x80, 0, 0, 0, 0, 0, 0, 0],
        &[0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ];
    for claim in claims {
        for tag in [0x04, 0x30, 0x24, 0xa0, 0x02] {
            let bytes = [&[tag][..], claim, &[0; 6]].concat();
            for rules in [Rules::Der, Rules::Ber] {
                let error = Reader::new(&bytes, rules, &limits()).any().unwrap_err();
                assert_eq!(error.code(), Code::Asn1Truncated, "{bytes:02x?}");
            }
            // Also below an indefinite element, where the length is added to a position.
            let inside = [&[0x30, 0x80][..], &bytes].concat();
            assert_eq!(Reader::ber(&inside, &limits()).any().unwrap_err().code(), Code::Asn1Truncated);
        }
    }
}

/// A DER structure of a few levels, all lengths short.
fn sample() -> Vec<u8> {
    let mut bytes = vec![0x30, 0x1c];
    bytes.extend([0x06, 0x03, 0x2a, 0x03, 0x04, 0xa0, 0x0a, 0x30, 0x08, 0x02, 0x01, 0x05, 0x04, 0x03, 1, 2, 3]);
    bytes.extend([0x05, 0x00, 0x31, 0x07, 0x01, 0x01, 0xff, 0x03, 0x02, 0x00, 0xaa]);
    assert_eq!(walk(&bytes, Rules::Der).unwrap(), 10);
    bytes
}

fn header_positions(bytes: &[u8]) -> Vec<usize> {
    let limits = limits();
    let mut positions = Vec::new();
    let mut open = vec![Reader::ber(bytes, &limits)];
    while let Some(reader) = open.last_mut() {
        if reader.is_empty() {
            open.pop();
            continue;
        }
        let tlv = reader.any().unwrap();
        positions.push(tlv.offset);
        if tlv.constructed {
            open.push(tlv.reader().unwrap());
        }
    }
    positions
}

/// PAR-02: at every element of a structure the length is replaced by a huge one.
#[test]
fn par_02_every_position() {
    let sample = sample();
    for position in header_positions(&sample) {
        for claim in [&[0x84, 0x7f, 0xff, 0xff, 0xff][..], &[0x88, 0x80, 0, 0, 0, 0, 0, 0, 0]] {
            let bytes = [&sample[..=position], claim, &sample[position + 2..]].concat();
            assert!(walk(&bytes, Rules::Ber).is_err(), "at {position}");
        }
    }
}

/// PAR-03: each form of the length octets, by rules.
#[test]
fn par_03_length_forms() {
    let long_of_127 = [&[0x04, 0xff][..], &[0; 126], &[1], b"x"].concat();
    let octets_of_126 = [&[0x04, 0xfe][..], &[0; 125], &[1], b"x"].concat();
    let cases: [(&[u8], Option<usize>, Option<usize>); 14] = [
        (&[0x04, 0x01, 7], Some(1), Some(1)),
        (&[0x04, 0x81, 0x01, 7], None, Some(1)),
        (&[0x04, 0x82, 0x00, 0x01, 7], None, Some(1)),
        (&[0x04, 0x88, 0, 0, 0, 0, 0, 0, 0, 1, 7], None, Some(1)),
        (&[0x04, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7], None, Some(1)),
        (&[0x04, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0, 7], None, None),
        (&[0x04, 0x80, 7, 0, 0], None, None),
        (&[0x02, 0x80, 0, 0], None, None),
        (&[0x04, 0xff, 7], None, None),
        (&long_of_127, None, None),
        (&octets_of_126, None, Some(1)),
        (&[0x04, 0x84, 0xff, 0xff, 0xff], None, None),
        (&[0x04], None, None),
        (&[0x04, 0x82, 0x01], None, None),
    ];
    for (bytes, der, ber) in cases {
        for (rules, due) in [(Rules::Der, der), (Rules::Ber, ber)] {
            let read = Reader::new(bytes, rules, &limits()).any().ok().map(|tlv| tlv.content.len());
            assert_eq!(read, due, "{rules:?} {bytes:02x?}");
        }
    }
}

/// PAR-03: tags of several octets: minimal, bounded, never wrapped.
#[test]
fn par_03_long_tags() {
    let number = |bytes: &[u8]| Reader::ber(bytes, &limits()).any().ok().map(|tlv| tlv.tag.number());
    assert_eq!(number(&[0x9f, 0x1f, 0]), Some(31));
    assert_eq!(number(&[0x9f, 0xff, 0xff, 0xff, 0x7f, 0]), Some(0x0fff_ffff));
    for bad in [&[0x9f, 0x1e, 0][..], &[0x9f, 0x80, 0x1f, 0], &[0x9f, 0x81, 0x80, 0x80, 0x80, 0x00, 0], &[0x9f, 0xff]] {
        assert_eq!(number(bad), None, "{bad:02x?}");
    }
}

/// PAR-04: end-of-contents is due where an indefinite length is, and nowhere else.
#[test]
fn par_04_end_of_contents() {
    let good: [&[u8]; 3] =
        [&[0x30, 0x80, 0, 0], &[0x30, 0x80, 0x30, 0x80, 0, 0, 0x04, 1, 7, 0, 0], &[0x30, 0x06, 0x30, 0x80, 5, 0, 0, 0]];
    for bytes in good {
        assert!(walk(bytes, Rules::Ber).is_ok(), "{bytes:02x?}");
        assert!(walk(bytes, Rules::Der).is_err(), "{bytes:02x?}");
    }
    let bad: [(&str, &[u8]); 11] = [
        ("missing", &[0x30, 0x80]),
        ("half", &[0x30, 0x80, 0]),
        ("one of two", &[0x30, 0x80, 0x30, 0x80, 0, 0]),
        ("one too many", &[0x30, 0x80, 0, 0, 0, 0]),
        ("alone", &[0, 0]),
        ("in a definite element", &[0x30, 2, 0, 0]),
        ("one too many in a definite element", &[0x30, 6, 0x30, 0x80, 0, 0, 0, 0]),
        ("with a length", &[0x30, 0x80, 0, 1, 7, 0, 0]),
        ("with a long length", &[0x30, 0x80, 0, 0x81, 0, 0, 0]),
        ("constructed", &[0x30, 0x80, 0x20, 0, 0, 0]),
        ("beyond the parent", &[0x30, 3, 0x30, 0x80, 0, 0]),
    ];
    for (what, bytes) in bad {
        assert!(walk(bytes, Rules::Ber).is_err(), "{what}");
    }
}

/// PAR-04: cut off at every octet: an error each time, never a loop, never a shorter reading.
#[test]
fn par_04_truncated_at_every_octet() {
    let mixed = [0x30, 0x80, 0x24, 0x80, 0x04, 0x02, 1, 2, 0x24, 0x03, 0x04, 0x01, 3, 0, 0, 0x31, 0x02, 5, 0, 0, 0];
    assert_eq!(walk(&mixed, Rules::Ber).unwrap(), 7);
    for bytes in [&mixed[..], &sample()] {
        for end in 1..bytes.len() {
            assert_eq!(walk(&bytes[..end], Rules::Ber).unwrap_err().code(), Code::Asn1Truncated, "{end}");
        }
    }
}

/// PAR-04: segments are joined in order, definite and indefinite mixed, and only OCTET STRINGs are segments.
#[test]
fn par_04_mixed_segments() {
    let mixed = [0x24, 0x80, 0x04, 0x02, 1, 2, 0x24, 0x03, 0x04, 0x01, 3, 0x04, 0, 0x24, 0x80, 0, 0, 0x04, 1, 4, 0, 0];
    let limits = limits();
    let octets = Reader::ber(&mixed, &limits).octet_string().unwrap();
    assert_eq!((octets.to_vec(), octets.len(), octets.segments().count()), (vec![1, 2, 3, 4], 4, 3));
    assert!(Reader::der(&[0x24, 3, 4, 1, 7], &limits).octet_string().is_err());
    for bad in [&[0x24, 2, 5, 0][..], &[0x24, 3, 2, 1, 7], &[0x24, 2, 4, 1], &[0x24, 3, 0x84, 1, 7]] {
        assert!(Reader::ber(bad, &limits).octet_string().is_err(), "{bad:02x?}");
    }
}

fn segments(count: usize, segment: &[u8]) -> Vec<u8> {
    [&[0x24, 0x80][..], &segment.repeat(count), &[0, 0]].concat()
}

fn time_to_join(bytes: &[u8], due: usize) -> Duration {
    let best = (0..3).map(|_| {
        let start = Instant::now();
        let limits = limits();
        let octets = Reader::ber(bytes, &limits).octet_string().unwrap();
        assert_eq!((octets.len(), octets.to_cow().len()), (due, due));
        start.elapsed()
    });
    best.min().unwrap()
}

/// PAR-04: a million tiny segments, full and empty, in linear time: 8 times the segments, far below 64 times the time.
#[test]
fn par_04_many_segments_are_linear() {
    for (segment, each) in [(&[0x04, 1, 7][..], 1), (&[0x04, 0], 0), (&[0x24, 0x80, 0, 0], 0)] {
        let small = time_to_join(&segments(125_000, segment), 125_000 * each);
        let large = time_to_join(&segments(1_000_000, segment), 1_000_000 * each);
        assert!(large < small * 24 + Duration::from_millis(20), "{small:?} then {large:?}");
    }
}

/// PAR-05: what DER writes in one way only.
#[test]
fn par_05_non_minimal_primitives() {
    let limits = limits();
    for (content, minimal) in [
        (&[0x00][..], true),
        (&[0x7f], true),
        (&[0x80], true),
        (&[0x00, 0x80], true),
        (&[0xff, 0x7f], true),
        (&[0x00, 0x7f], false),
        (&[0xff, 0x80], false),
        (&[0x00, 0x00, 0x80], false),
    ] {
        let bytes = [&[2, content.len() as u8][..], content].concat();
        assert_eq!(Reader::der(&bytes, &limits).integer().is_ok(), minimal, "{bytes:02x?}");
        assert_eq!(Reader::ber(&bytes, &limits).integer().unwrap().bytes(), content);
    }
    assert!(Reader::ber(&[2, 0], &limits).integer().is_err());
    assert!(Reader::ber(&[0x22, 3, 2, 1, 7], &limits).integer().is_err());
    let boolean = |octet, rules| Reader::new(&[1, 1, octet], rules, &limits).boolean().ok();
    assert_eq!([0, 0xff, 1].map(|octet| boolean(octet, Rules::Der)), [Some(false), Some(true), None]);
    assert_eq!(boolean(1, Rules::Ber), Some(true));
}

/// PAR-05: numbers beyond 64 bits are said to be so, not cut.
#[test]
fn par_05_integers_do_not_wrap() {
    let u64_of = |content: &[u8]| {
        let bytes = [&[2, content.len() as u8][..], content].concat();
        Reader::ber(&bytes, &limits()).u64().ok()
    };
    assert_eq!(u64_of(&[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Some(u64::MAX));
    assert_eq!(u64_of(&[1, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    assert_eq!(u64_of(&[0xff]), None);
    assert_eq!(u64_of(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]), Some(5));
}

/// PAR-05: an arc of 2^32 + x is not x; a padded arc is no OID; a megabyte of arcs costs no time.
#[test]
fn par_05_object_identifiers() {
    let wrapped = [0x06, 0x06, 0x2a, 0x90, 0x80, 0x80, 0x80, 0x03];
    let plain = [0x06, 0x02, 0x2a, 0x03];
    let read = |bytes: &[u8]| Reader::ber(bytes, &limits()).oid().map(|oid| oid.to_string());
    assert_eq!((read(&wrapped).unwrap().as_str(), read(&plain).unwrap().as_str()), ("1.2.4294967299", "1.2.3"));
    assert!(read(&[0x06, 0x03, 0x2a, 0x80, 0x03]).is_err());
    assert!(read(&[0x06, 0x00]).is_err());
    for fill in [0x81, 0x01] {
        let mut long = vec![fill; 1 << 20];
        long.push(1);
        let start = Instant::now();
        let text = Oid::from_content(&long).unwrap().to_string();
        assert!(text.len() <= 4_096 && start.elapsed() < Duration::from_millis(200), "{:?}", start.elapsed());
    }
}

/// Any bytes: no panic, what DER reads BER reads alike, and the normal form is normal.
fn agree(bytes: &[u8]) -> core::result::Result<(), TestCaseError> {
    let limits = limits();
    if let Ok(der) = Reader::der(bytes, &limits).any() {
        let ber = Reader::ber(bytes, &limits).any().map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!((der.tag, der.raw, der.content), (ber.tag, ber.raw, ber.content));
    }
    let _ = walk(bytes, Rules::Ber);
    if let Ok(octets) = Reader::ber(bytes, &limits).octet_string() {
        let joined: Vec<u8> = octets.segments().flatten().copied().collect();
        prop_assert_eq!((joined.len(), &joined), (octets.len(), &octets.to_vec()));
    }
    if let Ok(form) = der_from_ber(bytes, &limits) {
        prop_assert!(is_der(&form, &limits), "{:02x?}", form);
    }
    Ok(())
}

const HEADER_OCTETS: &[u8] = &[0, 1, 2, 3, 4, 5, 6, 0x24, 0x30, 0x31, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xff];

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..96)) {
        agree(&bytes)?;
    }

    /// Bytes that look like headers far more often.
    #[test]
    fn header_like_bytes(bytes in prop::collection::vec(prop::sample::select(HEADER_OCTETS), 0..48)) {
        agree(&bytes)?;
    }
}
