//! Files of keys: PKCS#12, PKCS#8, PKCS#1, SEC 1, PEM; with caps that keep one run short.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailseal_core::Limits;
use mailseal_core::identity::{Identity, Keyring, Password};

fuzz_target!(|data: &[u8]| {
    let limits = Limits { kdf_iterations: 3_000, scrypt_bytes: 1 << 20, rsa_bits: 4096, ..Limits::default() };
    let passwords = [Password::new("secret"), Password::new("")];
    if let Ok(identities) = Identity::load(data, &passwords, &[], &limits) {
        for identity in &identities {
            assert!(!format!("{identity:?}").is_empty());
        }
        let _ = Keyring::new(&identities, &[], &limits).map(|keyring| keyring.len());
    }
});
