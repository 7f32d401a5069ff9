//! What the primitives alone take, in CPU nanoseconds: the limit that whole tasks are compared with (`benches/sending.py`).
//!
//! Prints a line `NAME SIZE NANOSECONDS` for each; SIZE is 0 for what does not depend on it.
#![allow(clippy::unwrap_used, reason = "an example ends by panicking")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use mailseal_core::alg::{ContentAlgorithm, Message, SignatureAlgorithm, TransportAlgorithm, table};
use mailseal_core::crypto::digest::{Digest, SHA256};
use mailseal_core::crypto::random::{Random, SystemRandom};
use mailseal_core::crypto::secret::Secret;
use mailseal_core::keys::{PrivateKey, PublicKey};
use mailseal_core::mime::transfer::encode_base64;
use mailseal_core::{Limits, identity};

fn main() {
    let keys: Vec<String> = std::env::args().skip(1).collect();
    let limits = Limits::default();
    for (name, path, algorithm) in
        [("sign-p256", &keys[0], "ECDSA-SHA256"), ("sign-rsa2048", &keys[1], "RSA-PKCS1-v1_5")]
    {
        let loaded = identity::Identity::load(&std::fs::read(path).unwrap(), &[], &[], &limits).unwrap();
        let key: &PrivateKey = &loaded[0].private_key;
        let algorithm = SignatureAlgorithm::make(table::named(algorithm).unwrap(), &SHA256).unwrap();
        report(name, 0, || algorithm.sign(key, Message::Bytes(b"x")));
        let public = PublicKey::from_spki(&key.public_spki(), &limits).unwrap();
        let signature = algorithm.sign(key, Message::Bytes(b"x")).unwrap();
        report(&name.replace("sign", "verify"), 0, || algorithm.verify(&public, Message::Bytes(b"x"), &signature));
        if name == "sign-rsa2048" {
            let transport = TransportAlgorithm::make(table::named("RSAES-PKCS1-v1_5").unwrap(), &SHA256).unwrap();
            let cek = Secret::new(vec![7; 32]);
            report("wrap-rsa2048", 0, || transport.wrap(&public, &cek, &SystemRandom));
        }
    }
    let random: &dyn Random = &SystemRandom;
    for size in [2_000, 20_000, 200_000] {
        let content = vec![b'x'; size];
        let digest: &dyn Digest = &SHA256;
        report("sha256", size, || digest.digest(&content));
        report("base64", size, || encode_base64(&content));
        for name in ["AES-128-CBC", "AES-256-GCM"] {
            let algorithm = ContentAlgorithm::make(table::named(name).unwrap(), random).unwrap();
            let cek = Secret::new(vec![7; algorithm.key_len()]);
            let mut out = vec![0; algorithm.ciphertext_len(size)];
            report(name, size, || algorithm.encrypt(&cek, &content, &mut out).unwrap());
        }
    }
}

/// The best of several rounds: nothing else can be the limit.
fn report<T>(name: &str, size: usize, mut work: impl FnMut() -> T) {
    let mut best = f64::INFINITY;
    for _ in 0..7 {
        let (begin, mut times) = (Instant::now(), 0_u32);
        while begin.elapsed() < Duration::from_millis(40) {
            for _ in 0..8 {
                black_box(work());
            }
            times += 8;
        }
        best = best.min(begin.elapsed().as_nanos() as f64 / f64::from(times));
    }
    println!("{name} {size} {best:.0}");
}
