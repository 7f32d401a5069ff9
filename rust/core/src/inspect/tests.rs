use super::*;
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
