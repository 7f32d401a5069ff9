use super::*;
use crate::alg::table;
use crate::asn1::oid;
use crate::crypto::digest::{Digest, SHA512};
use crate::crypto::password::{Password, pbkdf2};
use crate::identity::pkcs12::{self, MacState};
use crate::identity::testing::*;

const SALT: &[u8] = b"a salt of its own";

/// A PFX under PBMAC1 with PBKDF2-HMAC-SHA512 and HMAC-SHA512; the outer salt and count are not the true ones.
fn pfx_with_pbmac1(key_length: Option<u64>, iterations: u32, scheme: &str) -> Vec<u8> {
    let auth_safe = plain_safe(&sequence_of(&[]));
    let digest: &'static dyn Digest = &SHA512;
    // The derivation without keyLength would give as much as HMAC-SHA512 puts out.
    let len = key_length.map_or(64, |len| usize::try_from(len).unwrap());
    let key = pbkdf2(digest, "pässwörd".as_bytes(), SALT, iterations, len).unwrap();
    let tag = digest.mac(key.expose(), &[&auth_safe]);
    let oid_of = |name: &str| table::named(name).unwrap().oid;
    let mac_data = written(|w| {
        w.sequence(|w| {
            w.u64(1);
            w.octet_string(b"");
            w.sequence(|w| {
                w.octet_string(tag.as_ref());
                w.sequence(|w| {
                    w.sequence(|w| {
                        w.sequence(|w| w.oid(oid_of(scheme)));
                        w.sequence(|w| {
                            w.sequence(|w| {
                                w.sequence(|w| {
                                    w.null();
                                    w.oid(oid_of("HMAC-SHA512"));
                                });
                                key_length.iter().for_each(|len| w.u64(*len));
                                w.u64(u64::from(iterations));
                                w.octet_string(SALT);
                            });
                            w.oid(oid_of("PBKDF2"));
                        });
                    });
                    w.oid(oid_of("PBMAC1"));
                });
            });
        });
    });
    pfx_with(3, &content_info(oid::DATA, &auth_safe), &mac_data)
}

#[test]
fn f_02_rfc9879_pbmac1() {
    for len in [20, 32, 64, 65, 256, 1024] {
        let der = pfx_with_pbmac1(Some(len), 3, "HMAC-SHA512");
        let opened = pkcs12::open(&der, &passwords(&["wrong", "pässwörd"]), &limits()).unwrap();
        assert_eq!(opened.mac, MacState::Verified, "{len}");
        let error = pkcs12::open(&der, &passwords(&["wrong"]), &limits()).unwrap_err();
        assert_eq!(error.code(), Code::KeyPasswordWrong);
    }
}

/// RFC 9879 §5 and CVE-2025-11187, CVE-2026-34181: a keyLength that is absent, tiny or huge.
#[test]
fn f_02_rfc9879_key_length() {
    for len in [None, Some(1), Some(19), Some(1025)] {
        let der = pfx_with_pbmac1(len, 3, "HMAC-SHA512");
        let error = pkcs12::open(&der, &passwords(&["pässwörd"]), &limits()).unwrap_err();
        assert!(error.code() == Code::KeyMalformed && error.to_string().contains("keyLength"), "{len:?}: {error}");
    }
}

#[test]
fn f_02_pbmac1_names_what_is_not_implemented_and_bounds_the_work() {
    let open = |der: &[u8], limits: &crate::Limits| pkcs12::open(der, &passwords(&["x"]), limits).unwrap_err();
    let error = open(&pfx_with_pbmac1(Some(64), 3, "HMAC-SHA3-256"), &limits());
    assert!(error.code() == Code::KeyUnsupported && error.to_string().contains("HMAC-SHA3-256"), "{error}");
    let few = crate::Limits { kdf_iterations: 2, ..limits() };
    assert_eq!(open(&pfx_with_pbmac1(Some(64), 3, "HMAC-SHA512"), &few).code(), Code::LimitKdfWork);
}

/// Files of OpenSSL and Bouncy Castle are understood as far as the password, which is not published with them.
#[test]
fn f_02_foreign_pbmac1_files_ask_for_a_password() {
    let Some(folder) = vectors("bc-test-data/asn1") else { return };
    for name in ["test_key_pbmac1_openssl.pfx", "test_key_pbmac1_bcjsse.pfx"] {
        let der = std::fs::read(folder.join(name)).unwrap();
        let error = pkcs12::open(&der, &[Password::new("not this")], &limits()).unwrap_err();
        assert_eq!(error.code(), Code::KeyPasswordWrong, "{name}: {error}");
    }
}
