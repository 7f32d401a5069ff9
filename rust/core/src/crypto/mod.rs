//! Cryptography: keys and bytes in, bytes out. Knows no OID and no structure; the only module that names a crypto crate.

pub mod agreement;
pub mod block;
pub mod compression;
pub mod content;
pub mod digest;
pub mod ec;
pub(crate) mod generate;
pub mod key;
pub mod key_wrap;
pub mod legacy;
pub mod password;
pub mod password_wrap;
pub mod random;
pub(crate) mod rsa_numbers;
pub mod secret;
pub mod signature;
pub mod transport;

#[cfg(test)]
pub(crate) mod testing {
    /// Bytes from hexadecimal digits; blanks are skipped.
    pub(crate) fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }
}
