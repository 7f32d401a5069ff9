use super::*;
use crate::x509::testing::*;
use proptest::prelude::*;

fn rich() -> Draft {
    Draft::new("Alice", "CA")
        .with(oid::KEY_USAGE, true, key_usage_value(&[0, 1]))
        .with(oid::EXTENDED_KEY_USAGE, false, purposes_value(&[oid::CLIENT_AUTH, oid::EMAIL_PROTECTION]))
        .with(oid::BASIC_CONSTRAINTS, true, basic_constraints_value(true, Some(3)))
        .with(oid::SUBJECT_KEY_IDENTIFIER, false, octets(b"alice"))
        .with(oid::AUTHORITY_KEY_IDENTIFIER, false, key_identifier_value(b"ca"))
        .with(oid::SUBJECT_ALT_NAME, false, rfc822_names_value(&["Alice@X.example", "a@y.example"]))
}

fn read(der: &[u8]) -> Result<Certificate> {
    Certificate::from_der(der, &Limits::default())
}

#[test]
fn rfc5280_4_1_every_field() {
    let draft = rich();
    let certificate = draft.build();
    assert_eq!((certificate.version(), certificate.serial()), (3, &[1][..]));
    assert_eq!(certificate.subject().to_string(), "CN=Alice");
    assert_eq!(certificate.issuer().der(), common_name("CA"));
    assert_eq!(certificate.not_before().to_string(), "2020-01-01T00:00:00Z");
    assert!(certificate.is_valid_at(certificate.not_after()) && !certificate.is_valid_at(UnixTime(0)));
    assert_eq!(certificate.signature_algorithm().algorithm, ALGORITHM);
    assert!(certificate.inner_outer_algorithms_agree() && !certificate.is_self_issued());
    assert_eq!(certificate.signature().len(), 8);
    assert!(certificate.spki().ends_with(b"\0Alice") && certificate.tbs().starts_with(&[0x30, 0x81]));
    assert!(certificate.key_usage().unwrap().non_repudiation());
    assert_eq!(certificate.extended_key_usage().unwrap(), [oid::CLIENT_AUTH, oid::EMAIL_PROTECTION]);
    assert!(certificate.allows_email_protection());
    assert_eq!(certificate.basic_constraints(), Some(BasicConstraints { ca: true, path_len: Some(3) }));
    assert_eq!(certificate.subject_key_identifier(), Some(&b"alice"[..]));
    assert_eq!(certificate.authority_key_identifier().unwrap().key_identifier, Some(&b"ca"[..]));
    assert_eq!(certificate.mailboxes(), ["Alice@X.example", "a@y.example"]);
    assert_eq!(certificate.extensions().len(), 6);
    assert!(!certificate.duplicate_extension() && certificate.extension_fault().is_none());
    assert!(!certificate.has_name_constraints() && !certificate.has_policy_constraints());
}

/// PKI-07: non-minimal lengths are tolerated, and the bytes stay what they were.
#[test]
fn rfc5280_4_1_the_received_bytes_are_kept() {
    let draft = Draft::new("Alice", "CA");
    let der = draft.der();
    let plain = read(&der).unwrap();
    // The outer SEQUENCE and the TBS with a length of one octet more than needed.
    let long = |content: &[u8]| {
        let mut out = vec![0x30, 0x84];
        out.extend_from_slice(&(content.len() as u32).to_be_bytes());
        out.extend_from_slice(content);
        out
    };
    let inner = |raw: &[u8]| Tlv::first(raw, crate::asn1::Rules::Der, &Limits::default()).unwrap().content.to_vec();
    let tbs = long(&inner(plain.tbs()));
    let rest = &inner(&der)[plain.tbs().len()..];
    let certificate = read(&long(&[&tbs[..], rest].concat())).unwrap();
    assert_eq!(certificate.tbs(), tbs);
    assert_ne!(certificate.tbs(), plain.tbs());
    assert_eq!(certificate.subject(), plain.subject());
}

#[test]
fn trailing_bytes_and_cut_off_ones_are_refused() {
    let der = rich().der();
    assert!(read(&[&der[..], &[0]].concat()).is_err());
    let inside = Tlv::first(&der, crate::asn1::Rules::Der, &Limits::default()).unwrap().content;
    let more = crate::x509::testing::name_of(&[inside.to_vec(), vec![5, 0]]);
    assert_eq!(read(&more).unwrap_err().finding().path, "Certificate");
    for length in 0..der.len() {
        assert!(read(&der[..length]).is_err(), "{length}");
    }
}

/// C-03
#[test]
fn rfc8550_2_2_v1_certificates() {
    let mut draft = Draft::new("Alice", "CA");
    draft.version = 0;
    assert_eq!(draft.build().version(), 1);
    draft.version = 3;
    let error = read(&draft.der()).unwrap_err();
    assert_eq!(
        (error.code(), error.finding().path.as_str()),
        (Code::CertificateMalformed, "Certificate.tbsCertificate.version")
    );
}

/// P-01
#[test]
fn rfc5280_4_1_2_2_serial_numbers() {
    for (content, hex) in [
        (&[1][..], "1"),
        (&[0], "0"),
        (&[0, 0xff], "ff"),
        (&[0x0a, 0xbc], "abc"),
        (&[0xff], "-1"),
        (&[0x80], "-80"),
        (&[0xff, 0x00], "-100"),
        (&[0, 0, 0, 5], "5"),
        (&[0x7f; 21], "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f"),
    ] {
        let mut draft = Draft::new("Alice", "CA");
        draft.serial = content.to_vec();
        let certificate = draft.build();
        assert_eq!((certificate.serial(), certificate.serial_hex().as_str()), (content, hex));
    }
    let mut draft = Draft::new("Alice", "CA");
    draft.serial = Vec::new();
    assert!(read(&draft.der()).is_err());
}

#[test]
fn issuer_and_serial_number() {
    let limits = Limits::default();
    let certificate = Draft::new("Alice", "CA").build();
    assert!(certificate.is_named_by(&common_name("ca"), &[0, 1], &limits));
    assert!(!certificate.is_named_by(&common_name("CA"), &[2], &limits));
    assert!(!certificate.is_named_by(&common_name("CA"), &[0xff, 1], &limits));
    assert!(!certificate.is_named_by(&common_name("CB"), &[1], &limits));
    assert!(!certificate.is_named_by(b"", &[1], &limits));
}

/// PKI-14
#[test]
fn rfc5280_4_1_2_5_dates_that_do_not_exist() {
    let error = read(&Draft::new("Alice", "CA").valid("20260230000000Z", "20400101000000Z").der()).unwrap_err();
    assert_eq!(
        (error.code(), error.finding().path.as_str()),
        (Code::Asn1Time, "Certificate.tbsCertificate.validity.notBefore")
    );
}

/// C-11, C-12
#[test]
fn rfc8550_3_where_addresses_are() {
    let mut draft = Draft::new("Alice", "CA");
    assert!(draft.build().mailboxes().is_empty());
    draft.subject = name_of(&[rdn_of(&[(oid::EMAIL_ADDRESS, Tag::IA5_STRING, b"dn@x.example")])]);
    assert_eq!(draft.build().mailboxes(), ["dn@x.example"]);
    let san = |value| draft.clone().with(oid::SUBJECT_ALT_NAME, false, value).build().mailboxes();
    // dNSName only: the subject's address still counts.
    assert_eq!(san(vec![0x30, 3, 0x82, 1, b'x']), ["dn@x.example"]);
    assert_eq!(san(rfc822_names_value(&["san@x.example"])), ["san@x.example"]);
    let mut utf8 = vec![0x30, 20, 0xa0, 18, 0x06, 8];
    utf8.extend_from_slice(oid::SMTP_UTF8_MAILBOX.content());
    utf8.extend_from_slice(&[0xa0, 6, 0x0c, 4, 0xc3, 0xab, b'@', b'x']);
    assert_eq!(san(utf8), ["ë@x"]);
    // Unreadable: no address counts, and the fault is known.
    assert!(san(rfc822_names_value(&["a@x.example\0"])).is_empty());
}

#[test]
fn faults_of_extensions_say_where() {
    let draft = Draft::new("Alice", "CA").with(oid::KEY_USAGE, true, vec![3, 2, 9, 0]);
    let certificate = draft.build();
    let fault = certificate.extension_fault().unwrap().finding();
    assert_eq!(fault.path, "extensions[0]");
    assert_eq!(certificate.der()[fault.offset.unwrap()..][..4], [3, 2, 9, 0]);
    assert!(!certificate.key_usage().unwrap().digital_signature());
    let unknown = draft.with(crate::oid!(2, 999, 5), true, vec![]).build();
    assert_eq!(unknown.unknown_critical(), Some(crate::oid!(2, 999, 5)));
}

/// Quadratic work on many extensions would show here.
#[test]
fn many_extensions_take_linear_time() {
    let mut draft = Draft::new("Alice", "CA");
    draft.extensions = (0..50_000).map(|_| (crate::oid!(2, 999, 6), false, Vec::new())).collect();
    let der = draft.der();
    let start = std::time::Instant::now();
    assert!(read(&der).unwrap().duplicate_extension());
    assert!(start.elapsed() < std::time::Duration::from_secs(5));
}

/// As BadSignedCACert of PKITS: readable, but it verifies nowhere.
#[test]
fn a_signature_with_unused_bits_is_none() {
    let mut der = Draft::new("Alice", "CA").der();
    let unused = der.len() - 9;
    der[unused] = 1;
    assert!(read(&der).unwrap().signature().is_empty());
    der[unused] = 8;
    assert!(read(&der).is_err());
}

fn use_everything(certificate: &Certificate) {
    let _ = (certificate.tbs(), certificate.signature(), certificate.spki(), certificate.serial_hex());
    let _ = (certificate.signature_algorithm().algorithm.to_string(), certificate.inner_outer_algorithms_agree());
    let _ = (certificate.mailboxes(), certificate.extended_key_usage(), certificate.authority_key_identifier());
    let _ = (certificate.subject_key_identifier(), certificate.unknown_critical().map(|oid| oid.to_string()));
    let _ = (format!("{certificate:?}"), certificate.extensions().len(), certificate.subject().common_name());
}

/// Real certificates: those of NIST, RFC 4134, RFC 9216 and the S/MIME ones of zlint.
#[test]
fn certificates_of_others_parse() {
    for (folder, least) in [("pkits/certs", 250), ("rfc4134", 6), ("rfc9216", 12), ("zlint-smime/smime", 80)] {
        let Some(path) = vectors(folder) else { continue };
        let files = certificate_files(&path);
        assert!(files.len() >= least, "{folder}: {}", files.len());
        for (path, der) in files {
            let certificate = read(&der).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(certificate.extension_fault().is_none() || folder.starts_with("zlint"), "{}", path.display());
            assert_eq!(certificate.der(), der);
            use_everything(&certificate);
        }
    }
}

#[test]
fn rfc9216_alice() {
    let Some(folder) = vectors("rfc9216") else { return };
    let files = certificate_files(&folder);
    let (_, der) = files.iter().find(|(path, _)| path.ends_with("alice.sign.crt")).unwrap();
    let certificate = read(der).unwrap();
    assert_eq!(certificate.mailboxes(), ["alice@smime.example"]);
    assert!(certificate.key_usage().unwrap().digital_signature() && certificate.allows_email_protection());
    assert_eq!(certificate.subject().common_name().as_deref(), Some("Alice Lovelace"));
    assert!(!certificate.is_self_issued());
}

proptest! {
    #[test]
    fn mutated_certificates_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut der = rich().der();
        for (at, octet) in changes {
            let at = at.index(der.len());
            der[at] = octet;
        }
        if let Ok(certificate) = read(&der) {
            use_everything(&certificate);
        }
    }

    #[test]
    fn mutated_real_certificate_never_panics(at in any::<prop::sample::Index>(), octet in any::<u8>(), cut in any::<prop::sample::Index>()) {
        if let Some(folder) = vectors("rfc9216") {
            let (_, mut der) = certificate_files(&folder).swap_remove(0);
            let position = at.index(der.len());
            der[position] = octet;
            if let Ok(certificate) = read(&der) {
                use_everything(&certificate);
            }
            der.remove(cut.index(der.len()));
            let _ = read(&der);
        }
    }

    #[test]
    fn minimal_integers_are_equal_numbers(content in prop::collection::vec(any::<u8>(), 1..12), pad in 0_usize..4) {
        let sign = if content[0] & 0x80 != 0 { 0xff } else { 0 };
        let padded = [&vec![sign; pad][..], &content].concat();
        prop_assert_eq!(minimal_integer(&padded), minimal_integer(&content));
        prop_assert_eq!(serial_hex(&padded), serial_hex(&content));
    }
}
