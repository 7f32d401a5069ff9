//! Algorithms and keys against what OpenSSL made (`data/openssl.txt`), and the parameter rules of the RFCs.
#![allow(clippy::unwrap_used, clippy::panic)]

use mailseal_core::alg::pbe::Password;
use mailseal_core::alg::{
    AgreementAlgorithm, AlgorithmIdentifier, ContentAlgorithm, Message, PbeAlgorithm, SignatureAlgorithm,
    TransportAlgorithm, table,
};
use mailseal_core::asn1::Reader;
use mailseal_core::asn1::writer::Writer;
use mailseal_core::crypto::agreement::agree;
use mailseal_core::crypto::content::Opaque;
use mailseal_core::crypto::digest::SHA256;
use mailseal_core::crypto::random::{Random, SystemRandom};
use mailseal_core::crypto::secret::Secret;
use mailseal_core::keys::{KeyAlgorithm, KeyKind, PrivateKey, PublicKey};
use mailseal_core::{Code, Error, Limits};
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn data(name: &str) -> Vec<u8> {
    let rows = include_str!("data/openssl.txt").lines().filter_map(|line| line.split_once(' '));
    hex(rows.into_iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("no {name}")).1)
}

fn limits() -> Limits {
    Limits::default()
}

fn private(name: &str) -> PrivateKey {
    PrivateKey::from_pkcs8(&data(name), &limits()).unwrap()
}

fn with_identifier<T>(der: &[u8], then: impl FnOnce(&AlgorithmIdentifier<'_>) -> T) -> T {
    then(&AlgorithmIdentifier::read(&mut Reader::ber(der, &limits())).unwrap())
}

/// An AlgorithmIdentifier by row name; `parameters` in hexadecimal.
fn identifier(name: &str, parameters: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.sequence(|writer| {
        writer.raw(&hex(parameters));
        writer.oid(table::named(name).unwrap().oid);
    });
    writer.into_vec()
}

fn signature(name: &str, parameters: &str, digest: Option<&str>) -> Result<SignatureAlgorithm, Code> {
    let digest = digest.map(|name| identifier(name, ""));
    with_identifier(&identifier(name, parameters), |algorithm| match digest {
        Some(digest) => with_identifier(&digest, |digest| SignatureAlgorithm::resolve(algorithm, Some(digest))),
        None => SignatureAlgorithm::resolve(algorithm, None),
    })
    .map_err(|error| error.code())
}

fn content(name: &str, parameters: &str) -> Result<ContentAlgorithm, Code> {
    with_identifier(&identifier(name, parameters), ContentAlgorithm::resolve).map_err(|error| error.code())
}

fn octets<T>(bytes: &[u8], then: impl FnOnce(&mailseal_core::asn1::Octets<'_>) -> T) -> T {
    let mut writer = Writer::new();
    writer.octet_string(bytes);
    let der = writer.into_vec();
    then(&Reader::der(&der, &limits()).octet_string().unwrap())
}

// --- keys ---

#[test]
fn rsa_key_in_three_encodings() {
    let (one, other) = (PrivateKey::from_pkcs1(&data("rsa_pkcs1"), &limits()).unwrap(), private("rsa_pkcs8"));
    let public = PublicKey::from_spki(&data("rsa_spki"), &limits()).unwrap();
    assert_eq!((one.kind(), one.bits(), public.name().as_str()), (KeyKind::Rsa, 1024, "RSA-1024"));
    assert_eq!((public.kind(), public.bits(), public.strength()), (KeyKind::Rsa, 1024, 80));
    assert_eq!(one.public_spki(), data("rsa_spki"));
    assert!(one.matches(&public) && other.matches(&public) && !private("p256_pkcs8").matches(&public));
    assert_eq!(public.spki(), data("rsa_spki"));
}

#[test]
fn ec_key_in_all_encodings() {
    let (one, other) = (PrivateKey::from_sec1(&data("p256_sec1"), &limits()).unwrap(), private("p256_pkcs8"));
    assert_eq!(one.public_spki(), data("p256_spki"));
    assert_eq!((other.kind(), other.bits()), (KeyKind::Ec { curve: "P-256" }, 256));
    for spki in ["p256_spki", "p256_spki_compressed"] {
        let public = PublicKey::from_spki(&data(spki), &limits()).unwrap();
        assert!(other.matches(&public), "{spki}");
        assert_eq!((public.spki(), public.name().as_str()), (data(spki).as_slice(), "P-256"));
    }
}

#[test]
fn ed25519_key_and_rfc8410_example() {
    // RFC 8410 §10.3: version 2, with attributes and the public key
    let key = hex("3072020101300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842
        a01f301d060a2a864886f70d01090914310f0c0d437572646c6520436861697273
        81210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
    let key = PrivateKey::from_pkcs8(&key, &limits()).unwrap();
    let spki = hex("302a300506032b657003210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
    assert_eq!((key.kind(), &key.public_spki()), (KeyKind::Ed25519, &spki));
    assert!(key.matches(&PublicKey::from_spki(&spki, &limits()).unwrap()));
    // The same in BER, as in a certificate whose lengths are not the shortest.
    let ber = [&[0x30, 0x81][..], &spki[1..]].concat();
    let read = PublicKey::from_spki(&ber, &limits()).unwrap();
    assert!(key.matches(&read) && read.spki() == ber && read.canonical_spki() == spki);
    assert_eq!(private("ed25519_pkcs8").kind(), KeyKind::Ed25519);
    assert_eq!(format!("{key:?}"), "PrivateKey(Ed25519, 255 bits)");
}

#[test]
fn explicit_curves_are_refused() {
    let spki = PublicKey::from_spki(&data("p256_spki_explicit"), &limits());
    assert_eq!(spki.unwrap_err().code(), Code::KeyMalformed);
    let key = PrivateKey::from_sec1(&data("p256_sec1_explicit"), &limits());
    assert_eq!(key.unwrap_err().code(), Code::KeyMalformed);
}

#[test]
fn curves_known_by_name_only_are_named() {
    let public = PublicKey::from_spki(&data("k256_spki"), &limits()).unwrap();
    assert_eq!((public.kind(), public.name().as_str()), (KeyKind::Other, "secp256k1"));
    let ecdsa = signature("ECDSA-SHA512", "", None).unwrap();
    assert!(!ecdsa.verify(&public, Message::Bytes(b""), &[]));
    let key = PrivateKey::from_sec1(&data("k256_sec1"), &limits());
    assert_eq!(key.unwrap_err().code(), Code::KeyUnsupported);
}

#[test]
fn points_that_make_any_signature_true_are_refused() {
    for point in ["01", "00", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"] {
        let mut spki = hex("302a300506032b6570032100");
        let mut point = hex(point);
        point.resize(32, 0);
        spki.extend(point);
        assert_eq!(PublicKey::from_spki(&spki, &limits()).unwrap_err().code(), Code::KeyMalformed);
    }
}

#[test]
fn rsa_bounds() {
    let mut small = limits();
    small.rsa_bits = 1023;
    let code = |spki: &[u8], limits: &Limits| PublicKey::from_spki(spki, limits).unwrap_err().code();
    assert_eq!(code(&data("rsa_spki"), &small), Code::LimitKeyBits);
    let key = PrivateKey::from_pkcs8(&data("rsa_pkcs8"), &small);
    assert_eq!(key.unwrap_err().code(), Code::LimitKeyBits);
    // The exponent is the last number: 65537 becomes 65536, then the modulus even.
    let mut even = data("rsa_spki");
    *even.last_mut().unwrap() = 0;
    assert_eq!(code(&even, &limits()), Code::KeyMalformed);
    let mut even = data("rsa_spki");
    let at = even.len() - 6;
    even[at] &= 0xfe;
    assert_eq!(code(&even, &limits()), Code::KeyMalformed);
}

/// Each cap on keys and passwords at its value, and one below: what uses it up exactly passes.
#[test]
fn caps_on_keys_are_exact() {
    let password = Password::new("secret");
    // As OpenSSL wrote them: 3 rounds of PBKDF2, scrypt with N = 16 and r = 8, an RSA key of 1024 bits.
    type Use<'a> = (&'static str, u64, &'a dyn Fn(&Limits) -> Option<Code>);
    let uses: [Use<'_>; 3] = [
        ("kdf_iterations", 3, &|limits| {
            open("encrypted_pbes2_aes256_sha256", &password, limits).err().map(|e| e.code())
        }),
        ("scrypt_bytes", 128 * 8 * 16, &|limits| {
            open("encrypted_pbes2_scrypt", &password, limits).err().map(|e| e.code())
        }),
        ("rsa_bits", 1024, &|limits| PublicKey::from_spki(&data("rsa_spki"), limits).err().map(|e| e.code())),
    ];
    for (cap, least, used) in uses {
        let code = Limits::ROWS.iter().find(|row| row.0 == cap).unwrap().2;
        for (value, expected) in [(least - 1, Some(code)), (least, None)] {
            let mut limits = limits();
            assert!(limits.set(cap, value));
            assert_eq!(used(&limits), expected, "{cap} = {value}");
        }
    }
}

#[test]
fn truncated_keys_are_errors() {
    for name in ["rsa_pkcs8", "rsa_pkcs1", "rsa_spki", "p256_pkcs8", "p256_sec1", "p256_spki", "ed25519_pkcs8"] {
        let whole = data(name);
        for len in 0..whole.len() {
            let cut = &whole[..len];
            assert!(PrivateKey::from_pkcs8(cut, &limits()).is_err() && PrivateKey::from_pkcs1(cut, &limits()).is_err());
            assert!(PrivateKey::from_sec1(cut, &limits()).is_err() && PublicKey::from_spki(cut, &limits()).is_err());
        }
    }
}

// --- passwords ---

fn open(name: &str, password: &Password, limits: &Limits) -> Result<Secret, Error> {
    let file = data(name);
    let mut reader = Reader::der(&file, limits).sequence().unwrap();
    let algorithm = AlgorithmIdentifier::read(&mut reader).unwrap();
    let ciphertext = reader.octet_string().unwrap().to_vec();
    PbeAlgorithm::resolve(&algorithm, limits)?.decrypt(password, &ciphertext)
}

#[test]
fn encrypted_keys_of_openssl() {
    for name in [
        "encrypted_pbe_sha1_3des",
        "encrypted_pbes2_aes256_sha256",
        "encrypted_pbes2_3des_sha1",
        "encrypted_pbes2_scrypt",
    ] {
        let opened = open(name, &Password::new("secret"), &limits()).unwrap();
        assert_eq!(opened.expose(), data("ed25519_pkcs8"), "{name}");
        for wrong in [Password::new("Secret"), Password::new(""), Password::absent()] {
            // A wrong key passes the padding check once in 256 times; these do not.
            assert_eq!(open(name, &wrong, &limits()).unwrap_err().code(), Code::KeyPasswordWrong, "{name}");
        }
        let mut tight = limits();
        (tight.kdf_iterations, tight.scrypt_bytes) = (2, 1024);
        let code = open(name, &Password::new("secret"), &tight).unwrap_err().code();
        assert_eq!(code, Code::LimitKdfWork, "{name}");
    }
}

#[test]
fn password_schemes_known_by_name_are_named() {
    let algorithm = identifier("PBES1-MD2-DES", "300d 04080000000000000000 020101");
    let error = with_identifier(&algorithm, |algorithm| PbeAlgorithm::resolve(algorithm, &limits())).unwrap_err();
    assert_eq!(error.code(), Code::KeyUnsupported);
    assert!(error.finding().detail.contains("MD2-DES"));
}

#[test]
fn pbe_iterations_are_bounded() {
    // salt 00, iterations 0, 2^63, 2^80
    for (iterations, code) in [
        ("020100", Code::KeyMalformed),
        ("0201ff", Code::KeyMalformed),
        ("0209008000000000000000", Code::LimitKdfWork),
        ("020b0100000000000000000000", Code::LimitKdfWork),
    ] {
        let parameters = format!("30{:02x}040100{iterations}", 3 + iterations.len() / 2);
        let algorithm = identifier("PBE-SHA1-3DES", &parameters);
        let error = with_identifier(&algorithm, |algorithm| PbeAlgorithm::resolve(algorithm, &limits())).unwrap_err();
        assert_eq!(error.code(), code, "{iterations}");
    }
}

#[test]
fn passwords_as_rfc7292_wants_them() {
    assert_eq!(Password::new("ä€").bmp().expose(), hex("00e420ac0000"));
    assert_eq!(Password::new("").bmp().expose(), [0, 0]);
    assert!(Password::absent().bmp().is_empty() && Password::absent().utf8().is_empty());
    assert_eq!(format!("{:?}", Password::new("x")), "Password(…)");
}

// --- keys under keys ---

fn transport(name: &str, parameters: &str) -> Result<TransportAlgorithm, Code> {
    with_identifier(&identifier(name, parameters), TransportAlgorithm::resolve).map_err(|error| error.code())
}

#[test]
fn key_transport_of_openssl_and_implicit_rejection() {
    let key = private("rsa_pkcs8");
    for (name, parameters, file) in [
        ("RSAES-PKCS1-v1_5", "0500", "rsa_v15_encrypted"),
        ("RSAES-OAEP", "3000", "rsa_oaep_encrypted"),
        ("RSAES-OAEP", "", "rsa_oaep_encrypted"),
    ] {
        let algorithm = transport(name, parameters).unwrap();
        let encrypted = data(file);
        assert_eq!(algorithm.unwrap(&key, &encrypted, 16).expose(), b"0123456789abcdef");
        // Another length, a changed block, a cut one, another key: some key of the wanted length, always the same one.
        let mut changed = encrypted.clone();
        changed[77] ^= 1;
        for (bad, len) in [(&encrypted[..], 24), (&changed, 16), (&encrypted[1..], 32), (&[], 16), (&[0; 128], 0)] {
            let one = algorithm.unwrap(&key, bad, len);
            assert_eq!((one.len(), &one), (len, &algorithm.unwrap(&key.clone(), bad, len)));
        }
        assert_ne!(algorithm.unwrap(&key, &changed, 16), algorithm.unwrap(&key, &encrypted, 16));
        let other = algorithm.unwrap(&private("p256_pkcs8"), &encrypted, 16);
        assert!(other.len() == 16 && other.expose() != b"0123456789abcdef");
    }
}

#[test]
fn oaep_parameters_rfc4055() {
    let sha256 = "300d 06096086480165030402010500".replace(' ', "");
    let hash = format!("a00f{sha256}");
    let mgf = format!("a11c301a06092a864886f70d010108{sha256}");
    assert!(transport("RSAES-OAEP", &format!("302d{hash}{mgf}").replace("302d", "302f")).is_ok());
    // pSpecified with a label, without parameters, with NULL; another source; something behind
    assert!(transport("RSAES-OAEP", "3012 a210 300e06092a864886f70d0101090401aa").is_ok());
    for (bad, code) in [
        ("300f a20d 300b06092a864886f70d010109", Code::DecryptionParameters),
        ("3011 a20f 300d06092a864886f70d0101090500", Code::DecryptionParameters),
        ("3011 a20f 300d06092a864886f70d0101080500", Code::DecryptionAlgorithmUnsupported),
        ("3002 0500", Code::DecryptionParameters),
        ("0500", Code::DecryptionParameters),
    ] {
        assert_eq!(transport("RSAES-OAEP", bad).err(), Some(code), "{bad}");
    }
}

#[test]
fn key_agreement_of_openssl() {
    let key = private("p256_pkcs8");
    for digest in ["sha1", "sha256", "sha384"] {
        let part = |name: &str| data(&format!("kari_{digest}_{name}"));
        let algorithm = with_identifier(&part("algorithm"), AgreementAlgorithm::resolve).unwrap();
        assert_eq!(algorithm.wrap_row().name, "AES-128-wrap");
        let cipher = with_identifier(&part("content_algorithm"), ContentAlgorithm::resolve).unwrap();
        let (originator, wrapped) = (part("originator"), part("key"));
        let open = |cek: &Secret| octets(&part("content"), |content| cipher.decrypt(cek, content, &[], &[]));
        let cek = algorithm.unwrap(&key, &originator, None, &wrapped, cipher.key_len());
        assert_eq!(open(&cek).unwrap(), b"hello kari");
        // Other ukm, other point, other kind of key: other keys.
        let mut off = originator.clone();
        off[64] ^= 1;
        for other in [
            algorithm.unwrap(&key, &originator, Some(b""), &wrapped, 16),
            algorithm.unwrap(&key, &off, None, &wrapped, 16),
            algorithm.unwrap(&key, &[0], None, &wrapped, 16),
            algorithm.unwrap(&private("rsa_pkcs8"), &originator, None, &wrapped, 16),
        ] {
            assert!(other.len() == 16 && other != cek);
        }
    }
}

#[test]
fn key_agreement_with_x25519_rfc8418() {
    let pkcs8 = |byte: u8| [hex("302e020100300506032b656e04220420"), vec![byte; 32]].concat();
    let (one, two) = (pkcs8(1), pkcs8(2));
    let (one, two) =
        (PrivateKey::from_pkcs8(&one, &limits()).unwrap(), PrivateKey::from_pkcs8(&two, &limits()).unwrap());
    let point = |key: &PrivateKey| key.public_spki()[12..].to_vec();
    let cek = Secret::new(vec![7; 32]);
    for name in ["dhSinglePass-stdDH-hkdf-sha256", "dhSinglePass-stdDH-hkdf-sha512", "dhSinglePass-stdDH-sha256kdf"] {
        let algorithm = with_identifier(&identifier(name, "300b060960864801650304012d"), AgreementAlgorithm::resolve);
        let algorithm = algorithm.unwrap();
        for ukm in [None, Some(&b""[..]), Some(&[9; 64][..])] {
            let wrapped = algorithm.wrap(&agree(&one, &point(&two)).unwrap(), ukm, &cek).unwrap();
            assert_eq!(algorithm.unwrap(&two, &point(&one), ukm, &wrapped, 32), cek);
            assert_ne!(algorithm.unwrap(&two, &point(&one), Some(b"x"), &wrapped, 32), cek);
        }
        // A peer of small order
        assert!(agree(&one, &[0; 32]).is_none());
    }
}

// --- parameter rules ---

#[test]
fn signature_parameters() {
    let sha256 = Some("SHA-256");
    for (name, parameters, digest, digest_row) in [
        ("RSA-PKCS1-v1_5", "0500", sha256, Some("SHA-256")),
        ("RSA-PKCS1-v1_5-SHA256", "", sha256, Some("SHA-256")),
        ("RSA-PKCS1-v1_5-SHA1", "0500", None, Some("SHA-1")),
        ("ECDSA", "06082a8648ce3d030107", sha256, Some("SHA-256")),
        ("ECDSA-SHA384", "", None, Some("SHA-384")),
        ("Ed25519", "", Some("SHA-512"), None),
        ("Ed25519", "", None, None),
        ("RSASSA-PSS", "3000", Some("SHA-1"), Some("SHA-1")),
    ] {
        let algorithm = signature(name, parameters, digest).unwrap_or_else(|code| panic!("{name}: {code:?}"));
        assert_eq!(algorithm.digest_row().map(|row| row.name), digest_row, "{name}");
        assert_eq!(algorithm.prehash().is_none(), digest_row.is_none());
        assert_eq!(algorithm.row().name, name);
    }
    for (name, parameters, digest, code) in [
        ("RSA-PKCS1-v1_5", "0500", None, Code::SignerAlgorithmUnsupported),
        ("RSA-PKCS1-v1_5", "0500", Some("MD2"), Code::SignerAlgorithmUnsupported),
        ("RSA-PKCS1-v1_5-SHA256", "3000", sha256, Code::Asn1Malformed),
        ("RSA-PKCS1-v1_5-SHA256", "0500", Some("SHA-384"), Code::SignerAlgorithmInconsistent),
        ("RSA-PKCS1-v1_5-MD2", "0500", None, Code::SignerAlgorithmUnsupported),
        ("ECDSA-SHA256", "0500", sha256, Code::Asn1Malformed),
        ("ECDSA-SHA256", "", Some("SHA-512"), Code::SignerAlgorithmInconsistent),
        ("Ed25519", "", sha256, Code::SignerAlgorithmInconsistent),
        ("Ed25519", "0500", Some("SHA-512"), Code::Asn1Malformed),
        ("Ed448", "0500", None, Code::Asn1Malformed),
        ("ML-DSA-65", "", None, Code::SignerAlgorithmUnsupported),
        ("SHA-256", "", None, Code::SignerAlgorithmUnsupported),
    ] {
        assert_eq!(signature(name, parameters, digest).err(), Some(code), "{name} {parameters}");
    }
}

#[test]
fn pss_parameters_rfc4056() {
    let code = |parameters: &str, digest| signature("RSASSA-PSS", parameters, digest).err();
    assert_eq!(code("", Some("SHA-1")), Some(Code::Asn1Malformed));
    assert_eq!(code("3000", Some("SHA-256")), Some(Code::SignerAlgorithmInconsistent));
    // salt 0, 32, -1, 2^31, not a number; trailer 1, 2; unknown mask; something behind
    assert_eq!(code("3005 a203020100", None), None);
    assert_eq!(code("3005 a203020120", None), None);
    assert_eq!(code("3005 a2030201ff", None), Some(Code::Asn1Malformed));
    assert_eq!(code("3009 a20702050080000000", None), Some(Code::Asn1Malformed));
    assert_eq!(code("3005 a203040120", None), Some(Code::Asn1Malformed));
    assert_eq!(code("3005 a303020101", None), None);
    assert_eq!(code("3005 a303020102", None), Some(Code::Asn1Malformed));
    assert_eq!(code("300f a10d300b06092a864886f70d010109", None), Some(Code::SignerAlgorithmUnsupported));
    assert_eq!(code("300f a10d300b06092a864886f70d010108", None), Some(Code::Asn1Malformed));
    assert_eq!(code("3002 0500", None), Some(Code::Asn1Malformed));
}

#[test]
fn content_parameters() {
    let iv16 = "041000000000000000000000000000000000";
    for (name, parameters, aead, key_len, tag_len) in [
        ("AES-128-CBC", iv16, false, 16, 0),
        ("AES-256-CBC", iv16, false, 32, 0),
        ("DES-EDE3-CBC", "04080000000000000000", false, 24, 0),
        ("AES-192-GCM", "300e 040c000000000000000000000000", true, 24, 12),
        ("AES-256-GCM", "3011 040c000000000000000000000000 020110", true, 32, 16),
        ("AES-256-GCM", "3011 040c000000000000000000000000 02010d", true, 32, 13),
    ] {
        let algorithm = content(name, parameters).unwrap();
        assert_eq!((algorithm.is_aead(), algorithm.key_len(), algorithm.tag_len()), (aead, key_len, tag_len));
        assert_eq!(algorithm.row().name, name);
    }
    for (name, parameters, code) in [
        ("AES-128-CBC", "", Code::DecryptionParameters),
        ("AES-128-CBC", "0500", Code::DecryptionParameters),
        ("AES-128-CBC", "040f000000000000000000000000000000", Code::DecryptionParameters),
        ("DES-EDE3-CBC", iv16, Code::DecryptionParameters),
        ("AES-128-GCM", "", Code::DecryptionParameters),
        ("AES-128-GCM", "3002 0400", Code::DecryptionParameters),
        ("AES-128-GCM", "3011 040c000000000000000000000000 02010b", Code::DecryptionTagLength),
        ("AES-128-GCM", "3011 040c000000000000000000000000 020111", Code::DecryptionTagLength),
        ("AES-128-GCM", "3011 040c000000000000000000000000 0201ff", Code::DecryptionTagLength),
        ("AES-128-GCM", "3010 040c000000000000000000000000 0500", Code::DecryptionParameters),
        ("RC2-CBC", "", Code::DecryptionParameters),
        ("RC2-CBC", "300d 020200a0 0407 00000000000000", Code::DecryptionParameters),
        ("RC2-CBC", "300d 020121 0408 0000000000000000", Code::DecryptionAlgorithmUnsupported),
        ("DES-CBC", "0407 00000000000000", Code::DecryptionParameters),
        ("ChaCha20-Poly1305", "0408 0000000000000000", Code::DecryptionParameters),
        ("AES-256-CCM", "", Code::DecryptionParameters),
        ("SEED-CBC", iv16, Code::DecryptionAlgorithmUnsupported),
        ("AES-256-wrap", "", Code::DecryptionAlgorithmUnsupported),
    ] {
        assert_eq!(content(name, parameters).err(), Some(code), "{name} {parameters}");
    }
}

#[test]
fn failed_decryptions_look_alike() {
    let cbc = content("AES-128-CBC", "041000000000000000000000000000000000").unwrap();
    let gcm = content("AES-128-GCM", "300e 040c000000000000000000000000").unwrap();
    let (right, wrong) = (Secret::new(vec![0; 16]), Secret::new(vec![0; 24]));
    let expected = Error::new(Code::DecryptionFailed);
    for (cek, ciphertext, aad, mac) in [
        (&right, &[][..], &[][..], &[][..]),
        (&right, &[0; 15], &[], &[]),
        (&right, &[0; 32], &[], &[]),
        (&right, &[0; 32], &[1], &[]),
        (&right, &[0; 32], &[], &[1]),
        (&wrong, &[0; 32], &[], &[]),
    ] {
        let outcome = octets(ciphertext, |ciphertext| cbc.decrypt(cek, ciphertext, aad, mac));
        assert_eq!(outcome, Err(expected.clone()));
    }
    for (cek, mac) in [(&right, &[0; 12][..]), (&right, &[0; 16]), (&right, &[]), (&wrong, &[0; 12])] {
        let outcome = octets(&[0; 32], |ciphertext| gcm.decrypt(cek, ciphertext, &[], mac));
        assert_eq!(outcome, Err(expected.clone()));
    }
}

proptest! {
    #[test]
    fn nothing_panics_on_damaged_keys(at in 0_usize..700, byte: u8, cut in 0_usize..700) {
        for name in ["rsa_pkcs8", "p256_pkcs8", "p256_spki", "rsa_spki", "encrypted_pbes2_scrypt"] {
            let mut der = data(name);
            let len = der.len();
            der[at % len] = byte;
            der.truncate(cut % (len + 1));
            let _ = PrivateKey::from_pkcs8(&der, &limits());
            let _ = PublicKey::from_spki(&der, &limits());
        }
    }

    #[test]
    fn nothing_panics_on_wild_parameters(row in 0..table::rows().len(), parameters in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut writer = Writer::new();
        writer.sequence(|writer| {
            writer.raw(&parameters);
            writer.oid(table::rows()[row].oid);
        });
        let der = writer.into_vec();
        if let Ok(algorithm) = AlgorithmIdentifier::read(&mut Reader::ber(&der, &limits())) {
            let mut cheap = limits();
            (cheap.kdf_iterations, cheap.scrypt_bytes) = (1000, 1 << 16);
            let _ = (SignatureAlgorithm::resolve(&algorithm, Some(&algorithm)), ContentAlgorithm::resolve(&algorithm));
            let _ = (TransportAlgorithm::resolve(&algorithm), AgreementAlgorithm::resolve(&algorithm));
            let _ = PbeAlgorithm::resolve(&algorithm, &cheap);
        }
    }
}

/// A source of chance that is broken and does not say so.
struct Zeros;

impl Random for Zeros {
    fn fill(&self, octets: &mut [u8]) -> Result<(), Opaque> {
        octets.fill(0);
        Ok(())
    }
}

#[test]
fn enc_10_a_source_that_gives_zeros_alone_ends_in_an_error() {
    let key = PublicKey::from_spki(&data("rsa_spki"), &limits()).unwrap();
    let pkcs1 = TransportAlgorithm::make(table::named("RSAES-PKCS1-v1_5").unwrap(), &SHA256).unwrap();
    let cek = Secret::new(vec![7; 32]);
    assert!(pkcs1.wrap(&key, &cek, &Zeros).is_none() && pkcs1.wrap(&key, &cek, &SystemRandom).is_some());
    for name in ["ec-p256", "ec-p521"] {
        let algorithm = KeyAlgorithm::named(name).unwrap();
        assert_eq!(PrivateKey::generate(algorithm, &Zeros).unwrap_err().code(), Code::MakingFailed);
    }
}

/// RFC 8017 §7.2.1: a key and at least eight octets of padding.
#[test]
fn rfc8017_7_2_1_a_key_too_long_for_the_modulus_is_not_wrapped() {
    let key = PublicKey::from_spki(&data("rsa_spki"), &limits()).unwrap();
    for (name, longest) in [("RSAES-PKCS1-v1_5", 128 - 11), ("RSAES-OAEP", 128 - 66)] {
        let algorithm = TransportAlgorithm::make(table::named(name).unwrap(), &SHA256).unwrap();
        let wrap = |len| algorithm.wrap(&key, &Secret::new(vec![7; len]), &SystemRandom);
        assert!(wrap(longest).is_some() && wrap(longest + 1).is_none(), "{name}");
    }
}
