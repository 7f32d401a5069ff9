//! AES key wrap (RFC 3394) with keys of 128, 192 and 256 bits.

use core::ffi::c_uint;
use core::mem::MaybeUninit;
use core::ptr;

use aws_lc_sys as c;
use zeroize::Zeroizing;

use crate::{Failed, Result, failed};

/// No wrapped key is longer: a key, not content.
const MAX: usize = 4096;

/// An expanded AES key, wiped when dropped.
struct Schedule(MaybeUninit<c::AES_KEY>);

impl Schedule {
    fn new(key: &[u8], encrypt: bool) -> Result<Self> {
        if !matches!(key.len(), 16 | 24 | 32) {
            return Err(Failed);
        }
        let mut schedule = Self(MaybeUninit::zeroed());
        let (data, bits, out) = (key.as_ptr(), key.len() as c_uint * 8, schedule.0.as_mut_ptr());
        // SAFETY: `data` is valid for `bits`/8 octets; `out` is a whole AES_KEY, which the call fills.
        let code = unsafe {
            if encrypt { c::AES_set_encrypt_key(data, bits, out) } else { c::AES_set_decrypt_key(data, bits, out) }
        };
        // These return 0 for success.
        if code == 0 { Ok(schedule) } else { Err(failed()) }
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        // SAFETY: the pointer and the size are those of this value.
        unsafe { c::OPENSSL_cleanse(self.0.as_mut_ptr().cast(), size_of::<c::AES_KEY>()) };
    }
}

/// The key inside. Fails if `kek` is no AES key, the length is none of a wrapped key, or the check value is wrong.
pub fn aes_unwrap(kek: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    if wrapped.len() < 24 || wrapped.len() > MAX || !wrapped.len().is_multiple_of(8) {
        return Err(Failed);
    }
    let schedule = Schedule::new(kek, false)?;
    let mut key = Zeroizing::new(vec![0; wrapped.len() - 8]);
    let (data, len, out) = (wrapped.as_ptr(), wrapped.len(), key.as_mut_ptr());
    // SAFETY: the schedule is filled; `data` is valid for `len` octets and `out` for 8 fewer; null iv is the default.
    let written = unsafe { c::AES_unwrap_key(schedule.0.as_ptr(), ptr::null(), out, data, len) };
    if usize::try_from(written) == Ok(key.len()) { Ok(key) } else { Err(failed()) }
}

/// As `aes_unwrap`, with padding (RFC 5649): the key inside may have any length.
pub fn aes_unwrap_padded(kek: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    if wrapped.len() < 16 || wrapped.len() > MAX || !wrapped.len().is_multiple_of(8) {
        return Err(Failed);
    }
    let schedule = Schedule::new(kek, false)?;
    let mut key = Zeroizing::new(vec![0; wrapped.len()]);
    let mut written = 0;
    let (data, len, out, room) = (wrapped.as_ptr(), wrapped.len(), key.as_mut_ptr(), key.len());
    // SAFETY: the schedule is filled; `data` is valid for `len` octets and `out` for `room`.
    let code = unsafe { c::AES_unwrap_key_padded(schedule.0.as_ptr(), out, &mut written, room, data, len) };
    if code != 1 || written > key.len() {
        return Err(failed());
    }
    key.truncate(written);
    Ok(key)
}

/// Wraps `key`, whose length must be a multiple of 8 and at least 16.
pub fn aes_wrap(kek: &[u8], key: &[u8]) -> Result<Vec<u8>> {
    if key.len() < 16 || key.len() > MAX - 8 || !key.len().is_multiple_of(8) {
        return Err(Failed);
    }
    let schedule = Schedule::new(kek, true)?;
    let mut wrapped = vec![0; key.len() + 8];
    let (data, len, out) = (key.as_ptr(), key.len(), wrapped.as_mut_ptr());
    // SAFETY: the schedule is filled; `data` is valid for `len` octets and `out` for 8 more; null iv is the default.
    let written = unsafe { c::AES_wrap_key(schedule.0.as_ptr(), ptr::null(), out, data, len) };
    if usize::try_from(written) == Ok(wrapped.len()) { Ok(wrapped) } else { Err(failed()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hex, no_error_left};

    /// RFC 3394 §4.1–4.6
    const VECTORS: [(&str, &str, &str); 6] = [
        (
            "000102030405060708090A0B0C0D0E0F",
            "00112233445566778899AABBCCDDEEFF",
            "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5",
        ),
        (
            "000102030405060708090A0B0C0D0E0F1011121314151617",
            "00112233445566778899AABBCCDDEEFF",
            "96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D",
        ),
        (
            "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
            "00112233445566778899AABBCCDDEEFF",
            "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7",
        ),
        (
            "000102030405060708090A0B0C0D0E0F1011121314151617",
            "00112233445566778899AABBCCDDEEFF0001020304050607",
            "031D33264E15D33268F24EC260743EDCE1C6C7DDEE725A936BA814915C6762D2",
        ),
        (
            "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
            "00112233445566778899AABBCCDDEEFF0001020304050607",
            "A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1",
        ),
        (
            "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
            "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
            "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21",
        ),
    ];

    #[test]
    fn rfc3394_vectors() {
        for (kek, key, wrapped) in VECTORS {
            assert_eq!(aes_wrap(&hex(kek), &hex(key)), Ok(hex(wrapped)));
            assert_eq!(aes_unwrap(&hex(kek), &hex(wrapped)).unwrap().as_slice(), hex(key));
            let mut changed = hex(wrapped);
            changed[9] ^= 0x10;
            assert!(aes_unwrap(&hex(kek), &changed).is_err());
        }
        no_error_left();
    }

    /// RFC 5649 §6
    #[test]
    fn rfc5649_vectors() {
        let kek = hex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
        for (wrapped, key) in [
            (
                "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
                "c37b7e6492584340bed12207808941155068f738",
            ),
            ("afbeb0f07dfbf5419200f2ccb50bb24f", "466f7250617369"),
        ] {
            assert_eq!(aes_unwrap_padded(&kek, &hex(wrapped)).unwrap().as_slice(), hex(key));
            let mut changed = hex(wrapped);
            changed[3] ^= 1;
            assert!(aes_unwrap_padded(&kek, &changed).is_err());
        }
        for len in [0, 8, 15, 17, 65_536] {
            assert!(aes_unwrap_padded(&kek, &vec![0; len]).is_err());
        }
        no_error_left();
    }

    #[test]
    fn every_other_length_is_refused() {
        for len in (0..80).chain([65_536]) {
            assert!(aes_unwrap(&[0; 16], &vec![0; len]).is_err(), "{len}");
        }
        for len in [0, 8, 15, 17, 4096] {
            assert!(aes_wrap(&[0; 16], &vec![0; len]).is_err(), "{len}");
        }
        assert!(aes_unwrap(&[0; 15], &[0; 24]).is_err());
        no_error_left();
    }
}
