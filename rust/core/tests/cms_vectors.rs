//! Real CMS files: read without a panic, and with the structure that is known of them.
//!
//! The files lie in the folder that `MAILSEAL_VECTORS` names, else in `shared/vectors` beside the repository. Without
//! them the tests pass and say so, unless `MAILSEAL_REQUIRE` asks for `vectors`.
#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

use std::fs;
use std::path::{Path, PathBuf};

use mailseal_core::asn1::oid;
use mailseal_core::cms::{
    ContentInfo, ContentKind, Enveloped, RecipientInfo, SignedData, check_signed_attrs, check_unsigned_attrs, sniff,
};
use mailseal_core::{Code, Error, Limits, Result};

fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let folder = std::env::var_os("MAILSEAL_VECTORS").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("MAILSEAL_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|item| item == "vectors"),
        "vectors are required and {} is missing",
        folder.display()
    );
    println!("skipped: no vectors in {}", folder.display());
    None
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}

/// Base64, whitespace and padding skipped; None: not base64.
fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for character in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0x00ff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

/// The CMS bytes in a file: binary, PEM, bare base64, or the body of a simple MIME entity.
fn cms_bytes(file: &[u8]) -> Option<Vec<u8>> {
    if sniff(file).is_some() {
        return Some(file.to_vec());
    }
    let text = core::str::from_utf8(file).ok()?.replace("\r\n", "\n");
    let body = if let Some(start) = text.find("-----BEGIN ") {
        let begin = start + text[start..].find('\n')?;
        text[begin..].split("-----END").next()?
    } else {
        text.split_once("\n\n").map_or(&text[..], |parts| parts.1)
    };
    base64(body).filter(|bytes| sniff(bytes).is_some())
}

/// Reads everything and says what it is.
fn describe(bytes: &[u8]) -> Result<String> {
    let limits = Limits::default();
    let info = ContentInfo::read(bytes, &limits)?;
    let content = info.content.ok_or_else(|| Error::new(Code::CmsContentAbsent))?;
    match info.kind() {
        ContentKind::SignedData => SignedData::read(&content, &limits).map(|signed| {
            let kind = if signed.is_certs_only() { "certs-only" } else { "signed" };
            format!("{kind} {} {}", signed.signer_infos.len(), signed.certificates.len())
        }),
        ContentKind::EnvelopedData => Enveloped::read(&content, false, &limits).map(|found| kinds("enveloped", &found)),
        ContentKind::AuthEnvelopedData => {
            Enveloped::read(&content, true, &limits).map(|found| kinds("authenveloped", &found))
        }
        other => Ok(format!("{other:?}")),
    }
}

fn kinds(name: &str, enveloped: &Enveloped<'_>) -> String {
    let kinds: Vec<_> = enveloped.recipient_infos.iter().map(RecipientInfo::kind_name).collect();
    format!("{name} {}", kinds.join(" "))
}

/// Folders of CMS files, and the least number of files in them that have to be read.
const COLLECTIONS: [(&str, usize); 7] = [
    ("rfc4134", 17),
    ("openssl", 10),
    ("pyca-pkcs7", 8),
    ("rustcrypto-cms", 25),
    ("bc-java", 10),
    ("pqc-cms", 50),
    ("lamps-cms-kyber", 1),
];

/// Kinds as the index names them, and how a description of such a file starts.
const KINDS: [(&str, &str); 8] = [
    ("signed", "signed"),
    ("certs-only", "certs-only"),
    ("enveloped", "enveloped"),
    ("authenveloped", "authenveloped"),
    ("data", "Data"),
    ("digested", "DigestedData"),
    ("encrypted", "EncryptedData"),
    ("compressed", "CompressedData"),
];

/// Malformed on purpose: their readers must say so.
const BROKEN: [&str; 2] = ["openssl/d2i-tests/bad-cms.der", "openssl/recipes/25-test_pkcs7_data/malformed.pkcs7"];

/// PAR-07: no panic on any file of any collection, and what the index calls CMS of a kind is read as that kind.
#[test]
fn every_file_is_read_as_its_index_says() {
    let Some(folder) = folder() else { return };
    let mut faults = Vec::new();
    for (collection, least) in COLLECTIONS {
        let index = fs::read_to_string(folder.join(collection).join("index.tsv")).unwrap();
        let mut read = 0;
        for line in index.lines().skip(1) {
            let columns: Vec<_> = line.split('\t').collect();
            let due = KINDS.iter().find(|row| row.0 == columns[1].trim_start_matches("eml:"));
            let Ok(file) = fs::read(folder.join(collection).join(columns[0])) else { continue };
            let (Some((_, due)), Some(bytes)) = (due, cms_bytes(&file)) else { continue };
            let path = format!("{collection}/{}", columns[0]);
            match describe(&bytes) {
                Ok(found) if found.starts_with(due) => read += 1,
                Err(_) if BROKEN.contains(&&path[..]) => {}
                found => faults.push(format!("{path}: {due} was due: {found:?}")),
            }
        }
        println!("{collection}: {read} read");
        if read < least {
            faults.push(format!("{collection}: only {read} of {least} files were read"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// PAR-07: whatever the bytes are.
#[test]
fn no_file_panics() {
    let Some(folder) = folder() else { return };
    let mut paths = Vec::new();
    files_below(&folder, &mut paths);
    for path in paths {
        let Ok(file) = fs::read(&path) else { continue };
        let _ = describe(&file).and(describe(&cms_bytes(&file).unwrap_or_default()));
        // Cut off at places spread over the file.
        for part in 1..16 {
            let _ = describe(&file[..file.len() * part / 16]);
        }
    }
}

fn read(folder: &Path, path: &str) -> Vec<u8> {
    cms_bytes(&fs::read(folder.join(path)).unwrap()).unwrap_or_else(|| panic!("{path} is not CMS"))
}

/// Numbers of signers and certificates and kinds of recipients, as OpenSSL prints them.
#[test]
fn known_structures() {
    let Some(folder) = folder() else { return };
    for (path, due) in [
        ("rfc4134/4.1.bin", "signed 1 1"),
        ("rfc4134/4.2.bin", "signed 1 1"),
        ("rfc4134/4.4.bin", "signed 1 3"),
        ("rfc4134/4.6.bin", "signed 2 2"),
        ("rfc4134/4.11.bin", "certs-only 0 2"),
        ("rfc4134/5.1.bin", "enveloped ktri"),
        ("rfc4134/5.2.bin", "enveloped ktri kekri"),
        ("rfc4134/6.0.bin", "DigestedData"),
        ("rfc4134/7.1.bin", "EncryptedData"),
        ("pyca-pkcs7/authenticode.der", "signed 1 1"),
        ("rustcrypto-cms/cms/tests/examples/enveloped_data_kari.bin", "enveloped kari"),
        ("rustcrypto-cms/cms/tests/examples/enveloped_data_kekri.bin", "enveloped kekri"),
        ("rustcrypto-cms/cms/tests/examples/enveloped_data_pwri.bin", "enveloped pwri"),
        ("rustcrypto-cms/cms/tests/examples/enveloped_data_multi.bin", "enveloped ktri kari kekri pwri"),
        (
            "rustcrypto-cms/cms/tests/examples/1.3.6.1.4.1.22554.5.6.1_ML-KEM-512-ipd_kemri_auth.der",
            "authenveloped kemri",
        ),
        ("rustcrypto-cms/cms/tests/examples/1.3.6.1.4.1.22554.5.6.1_ML-KEM-512-ipd_kemri_ukm.der", "enveloped kemri"),
    ] {
        assert_eq!(describe(&read(&folder, path)).unwrap(), due, "{path}");
    }
}

/// The codes of all signers' attributes.
fn attribute_codes(bytes: &[u8]) -> Vec<Option<Code>> {
    let limits = Limits::default();
    let info = ContentInfo::read(bytes, &limits).unwrap();
    let signed = SignedData::read(&info.content.unwrap(), &limits).unwrap();
    let e_content_type = signed.encap_content_info.e_content_type;
    let check = |signer: &mailseal_core::cms::SignerInfo<'_>| {
        let signed = signer.signed_attrs.as_ref().map(|attrs| check_signed_attrs(attrs, e_content_type).map(|_| ()));
        let unsigned = signer.unsigned_attrs.as_ref().map(check_unsigned_attrs);
        [signed, unsigned].into_iter().flatten().find_map(Result::err).map(|error| error.code())
    };
    signed.signer_infos.iter().map(check).collect()
}

/// SIG-02: what OpenSSL's own tests refuse, with the code; what is right passes.
#[test]
fn attribute_rules_on_real_files() {
    let Some(folder) = folder() else { return };
    for (path, due) in [
        // That contentType is absent is for the policy to refuse: `CheckedAttrs.content_type_absent`.
        ("openssl/recipes/80-test_cms_data/no_ct_attr.cms", None),
        ("openssl/recipes/80-test_cms_data/no_md_attr.cms", Some(Code::SignerAttributeMissing)),
        ("openssl/recipes/80-test_cms_data/ct_multiple_attr.cms", Some(Code::SignerAttributeRepeated)),
        ("openssl/recipes/80-test_cms_data/bad_signtime_attr.cms", Some(Code::SignerAttributeMalformed)),
        ("rfc4134/4.2.bin", None),
        ("pyca-pkcs7/authenticode.der", None),
        ("rustcrypto-cms/cms/tests/examples/cms_ber.bin", None),
        ("bc-java/pkix/src/test/resources/org/bouncycastle/cms/test/counterSig.p7m", None),
    ] {
        let codes = attribute_codes(&read(&folder, path));
        assert!(!codes.is_empty() && codes.iter().all(|code| *code == due), "{path}: {codes:?}");
    }
}

/// K-16: the countersignature is a SignerInfo like any other.
#[test]
fn rfc5652_11_4_countersignature() {
    let Some(folder) = folder() else { return };
    let bytes = read(&folder, "bc-java/pkix/src/test/resources/org/bouncycastle/cms/test/counterSig.p7m");
    let limits = Limits::default();
    let info = ContentInfo::read(&bytes, &limits).unwrap();
    let signed = SignedData::read(&info.content.unwrap(), &limits).unwrap();
    let attrs = signed.signer_infos[0].unsigned_attrs.as_ref().unwrap();
    let value = attrs.all(oid::COUNTERSIGNATURE).next().unwrap().single_value().unwrap();
    let countersigner = mailseal_core::cms::SignerInfo::read(&value, &limits).unwrap();
    assert!(countersigner.version_is_prescribed() && !countersigner.signature.is_empty());
}
