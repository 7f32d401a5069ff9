use super::*;
use crate::asn1::oid;
use crate::identity::load_certificates;
use crate::identity::testing::*;

fn certificate(pem_text: &[u8]) -> Arc<Certificate> {
    load_certificates(pem_text, &limits()).unwrap().remove(0)
}

fn load_with(bytes: &[u8], certificates: &[Arc<Certificate>]) -> Result<Vec<Identity>> {
    Identity::load(bytes, &[], certificates, &limits())
}

/// PKCS#8 and certificate, both in PEM.
type Pair = (Vec<u8>, Vec<u8>);

/// `a` and `b`, in the folder and as octets.
fn two_pairs(test: &str) -> Option<(OpenSsl, [Pair; 2])> {
    let openssl = OpenSsl::new(test)?;
    openssl.pair("a", "ec -pkeyopt ec_paramgen_curve:P-256");
    openssl.pair("b", "rsa:2048");
    let pairs = ["a", "b"].map(|name| (openssl.read(&format!("{name}.key")), openssl.read(&format!("{name}.crt"))));
    Some((openssl, pairs))
}

/// RFC 9216: each p12 opens with the first name, and holds the keys of the .key files with the certificates of .crt.
#[test]
fn rfc9216_files() {
    let Some(folder) = vectors("rfc9216") else { return };
    for name in ["alice", "bob", "carlos", "dana"] {
        let read = |suffix: &str| std::fs::read(folder.join(format!("{name}.{suffix}"))).unwrap();
        let identities = load(&read("p12"), name).unwrap();
        let found: HashSet<_> = identities.iter().map(|identity| identity.private_key.public_spki()).collect();
        for identity in &identities {
            let certificate = identity.certificate.as_ref().unwrap();
            assert!(certificate.mailboxes()[0].starts_with(name));
            assert!(!identity.chain.is_empty(), "{name}");
        }
        for usage in ["sign", "encrypt"] {
            let bundle = [read(&format!("{usage}.key")), read(&format!("{usage}.crt"))].concat();
            let [identity] = &load(&bundle, "").unwrap()[..] else { panic!("{name} {usage}") };
            assert_eq!(identity.certificate.as_ref().unwrap().spki(), identity.private_key.public_spki());
            assert!(found.contains(&identity.private_key.public_spki()), "{name} {usage}");
        }
        assert_eq!(load(&read("p12"), "wrong").unwrap_err().code(), Code::KeyPasswordWrong);
    }
}

/// Foreign writers: what opens, and what is refused by name.
#[test]
fn f_01_foreign_pkcs12() {
    let rows = [
        ("autocrypt-protected-headers/bob.p12", "bob", Ok(())),
        ("rustcrypto-cms/pkcs12/tests/examples/ValidCertificatePathTest1EE_firefox.p12", "password", Ok(())),
        ("rustcrypto-cms/pkcs12/tests/examples/ValidCertificatePathTest1EE_windows_aes.p12.pfx", "password", Ok(())),
        ("rustcrypto-cms/pkcs12/tests/examples/ValidCertificatePathTest1EE_windows_tdes.p12.pfx", "password", Ok(())),
        ("rustcrypto-cms/pkcs12/tests/examples/ValidCertificatePathTest1EE_macos.p12", "password", Ok(())),
        ("rustcrypto-cms/pkcs12/tests/examples/example11.pfx", "1234", Err("MAC")),
        ("pyca-pkcs7/pkcs12/name-unicode-pwd.p12", "password", Ok(())),
        ("pyca-pkcs7/pkcs12/no-name-no-pwd.p12", "", Ok(())),
        ("pyca-pkcs7/pkcs12/no-cert-key-aes256cbc.p12", "cryptography", Ok(())),
        ("pyca-pkcs7/pkcs12/cert-rc2-key-3des.p12", "cryptography", Ok(())),
        ("mimekit/smime/rsa/smime.pfx", "no.secret", Ok(())),
    ];
    for (path, password, expected) in rows {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let Some(folder) = vectors(folder) else { continue };
        let bytes = std::fs::read(folder.join(name)).unwrap();
        match (load(&bytes, password), expected) {
            (Ok(identities), Ok(())) => assert!(!identities.is_empty(), "{path}"),
            (Err(error), Err(text)) => {
                assert_eq!(error.code(), Code::KeyUnsupported, "{path}: {error}");
                assert!(error.to_string().contains(text), "{path}: {error}");
            }
            (outcome, _) => panic!("{path}: {outcome:?}"),
        }
    }
}

/// A truststore has no key; its reason is told.
#[test]
fn files_without_key_say_so() {
    if let Some(folder) = vectors("pyca-pkcs7/pkcs12") {
        let bytes = std::fs::read(folder.join("cert-aes256cbc-no-key.p12")).unwrap();
        let error = load(&bytes, "cryptography").unwrap_err();
        assert!(error.code() == Code::KeyMalformed && error.to_string().contains("no private key"), "{error}");
    }
    for bytes in [&b""[..], b"\x30", b"\x05\x00", b"\x30\x00", b"\x30\x04\x30\x00\x30\x00", b"no text"] {
        assert!(load(bytes, "").is_err(), "{bytes:?}");
    }
}

/// How OpenSSL writes a key, and which of the two.
const FORMS: &[(&str, &str)] = &[
    ("pkcs8 -topk8 -in a.key -nocrypt -outform DER -out x", "a"),
    ("pkcs8 -topk8 -in a.key -passout pass:geheim -out x", "a"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -outform DER -out x", "b"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -scrypt -out x", "b"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -v1 PBE-SHA1-3DES -out x", "b"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -v2 aes-128-cbc -v2prf hmacWithSHA512 -out x", "b"),
    ("ec -in a.key -out x", "a"),
    ("ec -in a.key -outform DER -out x", "a"),
    ("rsa -in b.key -traditional -out x", "b"),
    ("rsa -in b.key -traditional -outform DER -out x", "b"),
    ("rsa -in b.key -traditional -aes128 -passout pass:geheim -out x", "b"),
    ("rsa -in b.key -traditional -aes256 -passout pass:geheim -out x", "b"),
    ("rsa -in b.key -traditional -des3 -passout pass:geheim -out x", "b"),
    ("rsa -in b.key -traditional -des -passout pass:geheim -provider legacy -provider default -out x", "b"),
    ("ec -in a.key -aes192 -passout pass:geheim -out x", "a"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -v1 PBE-MD5-DES -provider legacy -provider default -out x", "b"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -v1 PBE-SHA1-DES -provider legacy -provider default -out x", "b"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -v1 PBE-MD5-RC2-64 -provider legacy -provider default -out x", "b"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -v1 PBE-SHA1-RC2-64 -provider legacy -provider default -out x", "b"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -v1 PBE-SHA1-2DES -out x", "b"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -v1 PBE-SHA1-RC2-40 -provider legacy -provider default -out x", "b"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -v1 PBE-SHA1-RC2-128 -provider legacy -provider default -out x", "b"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -v1 PBE-SHA1-RC4-128 -provider legacy -provider default -out x", "b"),
    ("pkcs8 -topk8 -in b.key -passout pass:geheim -v1 PBE-SHA1-RC4-40 -provider legacy -provider default -out x", "b"),
];

/// Every form of a key that OpenSSL writes is the same key.
#[test]
fn f_04_forms_of_a_key() {
    let Some((openssl, [(a, _), (b, _)])) = two_pairs("forms") else { return };
    let plain = |text: &[u8]| load(text, "").unwrap()[0].private_key.public_spki();
    let (ec, rsa) = (plain(&a), plain(&b));
    for (command, key) in FORMS {
        let expected = if *key == "a" { &ec } else { &rsa };
        if !openssl.run(command) {
            eprintln!("skipped: openssl {command}");
            continue;
        }
        let bytes = openssl.read("x");
        let identities = load(&bytes, "geheim").unwrap_or_else(|error| panic!("{command}: {error}"));
        assert_eq!(identities[0].private_key.public_spki(), expected.as_slice(), "{command}");
        if command.contains("geheim") {
            let error = load(&bytes, "falsch").unwrap_err();
            assert_eq!(error.code(), Code::KeyPasswordWrong, "{command}");
            let error = load_with(&bytes, &[]).unwrap_err();
            assert!(error.to_string().contains("no password was given"), "{error}");
        }
    }
}

/// The field DEK-Info is checked, and what it names but nobody uses any more is told.
#[test]
fn rfc1421_4_6_broken_or_unknown_encryption_of_a_block() {
    let Some((openssl, _)) = two_pairs("dek") else { return };
    assert!(openssl.run("rsa -in b.key -traditional -aes128 -passout pass:geheim -out x"));
    let text = String::from_utf8(openssl.read("x")).unwrap();
    let iv = text.split_once("AES-128-CBC,").unwrap().1.lines().next().unwrap();
    for (from, to, code) in [
        ("AES-128-CBC", "BF-CBC", Code::KeyUnsupported),
        (iv, "00", Code::KeyMalformed),
        (iv, "zz", Code::KeyMalformed),
        ("DEK-Info", "Comment", Code::KeyMalformed),
        ("AES-128-CBC,", "AES-128-CBC ", Code::KeyMalformed),
        (iv, "000102030405060708090a0b0c0d0e0f", Code::KeyPasswordWrong),
    ] {
        let error = load(text.replacen(from, to, 1).as_bytes(), "geheim").unwrap_err();
        assert_eq!(error.code(), code, "{from} {to}: {error}");
    }
}

/// What `openssl pkcs12 -export` writes.
#[test]
fn f_01_openssl_pkcs12() {
    let Some((openssl, _)) = two_pairs("pkcs12") else { return };
    let export = "pkcs12 -export -inkey a.key -in a.crt -name Ann -out x -passout pass:";
    for (password, options) in [
        ("geheim", ""),
        ("geheim", " -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg SHA1"),
        ("geheim", " -keypbe AES-128-CBC -certpbe AES-256-CBC -macalg SHA512 -iter 1"),
        ("geheim", " -legacy"),
        ("", " -legacy"),
        ("pässwörd", " -legacy"),
        ("geheim", " -legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC4-128"),
        ("geheim", " -pbmac1_pbkdf2"),
        ("geheim", " -pbmac1_pbkdf2 -macalg SHA512 -pbmac1_pbkdf2_md sha512"),
        ("geheim", " -nomac"),
        ("geheim", " -nomaciter"),
        ("geheim", " -keypbe NONE -certpbe NONE"),
        ("", ""),
        ("pässwörd", ""),
        ("pässwörd", " -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES"),
    ] {
        let command = format!("{export}{password}{options}");
        // Older ones know neither -legacy nor PBMAC1.
        if !openssl.run(&command) {
            assert!(options.contains("-legacy") || options.contains("pbmac1"), "{command}");
            eprintln!("skipped: openssl {command}");
            continue;
        }
        let bytes = openssl.read("x");
        let identities = load(&bytes, password).unwrap_or_else(|error| panic!("{command}: {error}"));
        let [identity] = &identities[..] else { panic!("{command}") };
        let certificate = identity.certificate.as_ref().unwrap();
        assert_eq!(certificate.spki(), identity.private_key.public_spki());
        assert_eq!(identity.friendly_name.as_deref(), Some("Ann"), "{command}");
        if !options.contains("NONE") {
            assert_eq!(load(&bytes, "falsch").unwrap_err().code(), Code::KeyPasswordWrong, "{command}");
        }
    }
}

/// `openssl pkcs12 -twopass`: one password for the MAC, another for the keys; each is found among those given.
#[test]
fn f_01_two_passwords_in_one_pkcs12() {
    let Some((openssl, [(key, _), _])) = two_pairs("twopass") else { return };
    assert!(openssl.run("pkcs8 -topk8 -in a.key -passout pass:inside -outform DER -out x"));
    let shrouded = bag(oid::PKCS8_SHROUDED_KEY_BAG, &openssl.read("x"), None);
    let file = pfx_with_mac(&plain_safe(&sequence_of(&[shrouded])), "SHA-256", &Password::new("outside"));
    let identities = Identity::load(&file, &passwords(&["inside", "outside"]), &[], &limits()).unwrap();
    assert_eq!(identities[0].private_key.public_spki(), load(&key, "").unwrap()[0].private_key.public_spki());
    for alone in ["inside", "outside"] {
        assert_eq!(load(&file, alone).unwrap_err().code(), Code::KeyPasswordWrong);
    }
}

/// PKI-18: a pair that does not belong together is refused.
#[test]
fn pki_18_mismatched_pairs() {
    let Some((_openssl, [(a_key, a), (b_key, b)])) = two_pairs("mismatch") else { return };
    assert_eq!(load_with(&a_key, &[certificate(&b)]).unwrap_err().code(), Code::KeyMismatch);
    // OpenSSL's self-signed certificates are a CA's, and a key may come with its CA's certificate alone.
    assert!(load(&[a_key.clone(), b.clone()].concat(), "").unwrap()[0].certificate.is_none());
    let safe = |local_key_id: Option<&[u8]>| {
        let key = bag(oid::KEY_BAG, &first_block(&a_key), local_key_id);
        let others = [certificate_bag(&first_block(&b), local_key_id), certificate_bag(&first_block(&b), None)];
        pfx(&plain_safe(&sequence_of(&[&[key][..], &others[..]].concat())))
    };
    assert_eq!(load(&safe(Some(b"1")), "").unwrap_err().code(), Code::KeyMismatch);
    assert!(load(&safe(None), "").unwrap()[0].certificate.is_none());

    let [identity] = &load_with(&a_key, &[certificate(&b), certificate(&a)]).unwrap()[..] else { panic!() };
    assert_eq!(identity.certificate.as_ref().unwrap().der(), first_block(&a));
    assert_eq!(identity.chain[0].der(), first_block(&b));
    assert!(load(&a_key, "").unwrap()[0].certificate.is_none());
    let both = [&a[..], &b, &b_key, &a_key, &a].concat();
    let identities = load(&both, "").unwrap();
    assert_eq!(identities.len(), 2);
    assert_eq!(identities[0].certificate.as_ref().unwrap().der(), first_block(&b));
    assert_eq!(identities[1].certificate.as_ref().unwrap().der(), first_block(&a));
    assert!(identities.iter().all(|identity| identity.renewals.is_empty() && identity.chain.is_empty()));
}

/// PKI-18: a key with the one certificate of another key is no identity.
#[test]
fn pki_18_key_and_foreign_certificate_in_one_file() {
    let Some(folder) = vectors("rfc9216") else { return };
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let bundle = [read("alice.sign.key"), read("alice.encrypt.crt")].concat();
    assert_eq!(load(&bundle, "").unwrap_err().code(), Code::KeyMismatch);
    let with_ca = [read("alice.sign.key"), read("ca.rsa.crt")].concat();
    assert_eq!(load(&with_ca, "").unwrap()[0].chain.len(), 1);
}

/// users §1b: of a renewed certificate the one valid longest is used, and the others are kept.
#[test]
fn renewals_are_kept_beside_the_longest_valid() {
    let Some((openssl, [(key, first), _])) = two_pairs("renewals") else { return };
    assert!(openssl.run("req -x509 -key a.key -out a2.crt -days 900 -subj /CN=a"));
    let second = openssl.read("a2.crt");
    for bundle in [[&key[..], &first, &second].concat(), [&second[..], &first, &key].concat()] {
        let [identity] = &load(&bundle, "").unwrap()[..] else { panic!() };
        assert_eq!(identity.certificate.as_ref().unwrap().der(), first_block(&second));
        assert_eq!(identity.renewals[0].der(), first_block(&first));
        assert_eq!(identity.certificates().count(), 2);
    }
}

/// SVC-05: keys and passwords appear neither in Debug nor in errors.
#[test]
fn svc_05_nothing_secret_is_printed() {
    let Some((openssl, [(key, _), _])) = two_pairs("secret") else { return };
    assert!(openssl.run("pkcs8 -topk8 -in a.key -passout pass:canary -out x"));
    let error = load(&openssl.read("x"), "canary2").unwrap_err();
    let identity = load(&openssl.read("x"), "canary").unwrap().remove(0);
    let text = format!("{error} {error:?} {identity:?}");
    assert!(!text.contains("canary"), "{text}");
    let der = first_block(&key);
    let scalar: String = der[36..44].iter().map(|octet| format!("{octet}, ")).collect();
    assert!(!text.contains(scalar.trim_end_matches(", ")), "{text}");
}
