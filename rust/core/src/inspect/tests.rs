use super::*;
use crate::asn1::oid;
use crate::asn1::writer::Writer;
use proptest::prelude::*;

mod damage;

fn names(der: &[u8]) -> (String, Vec<&'static str>) {
    let tree = tree(der, &Limits::default());
    (tree.kind, tree.rows.iter().map(|row| row.name).collect())
}

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(write);
    writer.into_vec()
}

#[test]
fn a_content_info_names_its_fields() {
    let der = written(|w| {
        w.explicit(0, |w| w.octet_string(b"content"));
        w.oid(crate::asn1::oid::DATA);
    });
    let (kind, found) = names(&der);
    assert_eq!((kind.as_str(), found.as_slice()), ("CMS data", &["", "contentType", "content", ""][..]));
    let tree = tree(&der, &Limits::default());
    assert_eq!(tree.rows[1].value, "data (1.2.840.113549.1.7.1)");
    assert_eq!(tree.rows[3].value, "7 octets: 636f6e74656e74");
    assert!(tree.findings.is_empty());
}

/// No octet of a secret is in any row.
#[test]
fn numbers_of_a_private_key_are_not_shown() {
    let der = written(|w| {
        for number in (2_u64..=8).rev() {
            w.u64(0x1234_5678_0000 + number);
        }
        w.u64(65_537);
        w.u64(0);
    });
    let tree = tree(&der, &Limits::default());
    assert_eq!(tree.kind, "private key (PKCS#1)");
    let secret: Vec<_> = tree.rows.iter().filter(|row| row.secret).map(|row| row.name).collect();
    assert_eq!(secret, ["privateExponent", "prime1", "prime2", "exponent1", "exponent2", "coefficient"]);
    assert!(tree.rows.iter().filter(|row| row.secret).all(|row| row.value.is_empty()));
    assert!(tree.rows.iter().any(|row| row.name == "modulus" && row.value == "65537"));
}

#[test]
fn what_is_broken_is_shown_up_to_the_fault() {
    let tree = tree(&[0x30, 6, 2, 1, 5, 4, 9, 0], &Limits::default());
    assert_eq!(tree.rows.len(), 3);
    assert_eq!((tree.rows[2].tag, tree.rows[2].length, tree.rows[2].value.as_str()), (Tag::OCTET_STRING, 1, "1 octet"));
    assert_eq!((tree.findings[0].code, tree.findings[0].offset), (Code::Asn1Truncated, Some(5)));
    assert_eq!(tree.findings[0].detail, "1 of 9 octets of the contents are there");
    let empty = super::tree(&[], &Limits::default());
    assert!(empty.rows.is_empty() && !empty.findings.is_empty());
    let behind = super::tree(&[5, 0, 5, 0], &Limits::default());
    assert_eq!(behind.findings[0].code, Code::CmsTrailingData);
}

/// What only looks like a key or PKCS#12 is not read as one.
#[test]
fn kinds_are_told_by_more_than_tags() {
    let kind = |write: &dyn Fn(&mut Writer)| names(&written(write)).0;
    let safe = |version: u64, content_type: Oid<'static>| {
        kind(&|w| {
            w.sequence(|w| w.oid(content_type));
            w.u64(version);
        })
    };
    assert_eq!(safe(3, oid::DATA), "PKCS#12");
    assert_eq!(safe(3, oid::SIGNED_DATA), "PKCS#12");
    assert_eq!(safe(2, oid::DATA), "ASN.1");
    assert_eq!(safe(3, oid::ENVELOPED_DATA), "ASN.1");
    let numbers = |count: u64, others: bool| {
        kind(&|w| {
            if others {
                w.sequence(|_| ());
            }
            (0..count).for_each(|number| w.u64(number));
        })
    };
    assert_eq!([numbers(9, false), numbers(9, true)], ["private key (PKCS#1)"; 2]);
    assert_eq!([numbers(8, false), numbers(8, true), numbers(10, false)], ["ASN.1"; 3]);
    assert_eq!([numbers(6, false), numbers(6, true)], ["private key", "ASN.1"]);
    let scalar = |version: u64| {
        kind(&|w| {
            w.octet_string(&[7; 32]);
            w.u64(version);
        })
    };
    assert_eq!([scalar(1), scalar(0)], ["private key (SEC 1)", "ASN.1"]);
}

/// A length beyond 4 GiB is none, and what stands behind it no contents.
#[test]
fn a_length_that_cannot_be_is_not_followed() {
    let found = tree(&[0x30, 0x85, 1, 0, 0, 0, 0, 5, 0], &Limits::default());
    assert_eq!((found.rows.len(), found.findings[0].code), (0, Code::Asn1Truncated));
    let found = tree(&[0x30, 0x84, 1, 0, 0, 0, 5, 0], &Limits::default());
    assert_eq!((found.rows.len(), found.findings[0].code), (2, Code::Asn1Truncated));
}

/// An indefinite length without its end: all that is there, and where the end is due.
#[test]
fn a_missing_end_of_contents_is_where_the_octets_end() {
    let found = tree(&[0x30, 0x80, 5, 0, 0x30, 0x80, 5, 0], &Limits::default());
    let rows: Vec<_> = found.rows.iter().map(|row| (row.depth, row.offset, row.length)).collect();
    assert_eq!(rows, [(0, 0, 6), (1, 2, 0), (1, 4, 2), (2, 6, 0)]);
    assert_eq!((found.findings[0].code, found.findings[0].offset), (Code::Asn1Truncated, Some(8)));
}

#[test]
fn rows_and_depth_are_bounded() {
    let limits = Limits { inspected_rows: 3, ..Limits::default() };
    let found = tree(&[0x30, 6, 5, 0, 5, 0, 5, 0], &limits);
    assert_eq!((found.rows.len(), found.findings[0].code), (3, Code::LimitInspectedRows));
    assert!(tree(&[0x30, 4, 5, 0, 5, 0], &limits).findings.is_empty());
    let mut deep = vec![5, 0];
    for _ in 0..100 {
        deep = [&[0x30, 0x82, (deep.len() >> 8) as u8, deep.len() as u8][..], &deep].concat();
    }
    assert_eq!(tree(&deep, &Limits::default()).findings[0].code, Code::LimitAsn1Depth);
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..128)) {
        let found = tree(&bytes, &Limits::default());
        prop_assert!(found.rows.len() <= bytes.len());
        for row in found.rows {
            prop_assert!(row.offset + row.header + row.length <= bytes.len());
        }
    }
}
