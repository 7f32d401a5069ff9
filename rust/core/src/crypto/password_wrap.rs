//! PWRI-KEK (RFC 3211 §2.3): a key under a key made from a password, told from a wrong one by three check octets.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::crypto::content::{Cbc, ContentCipher};
use crate::crypto::secret::Secret;

/// Octets of count and check value in front of the key.
const HEAD: usize = 4;

/// The key inside; None: the wrong KEK, or octets of a form that no sender makes (fewer than two blocks).
pub fn pwri_unwrap(cipher: &Cbc, kek: &[u8], iv: &[u8], wrapped: &[u8], key_len: usize) -> Option<Secret> {
    let block = cipher.iv_len();
    let blocks = wrapped.len() / block;
    if blocks < 2 || !wrapped.len().is_multiple_of(block) || key_len + HEAD > wrapped.len() || key_len < 3 {
        return None;
    }
    let last = wrapped.len() - block;
    // The last block under the one before it gives the IV of the outer layer.
    let outer_iv = cipher.decrypt_blocks(kek, wrapped.get(last - block..last)?, wrapped.get(last..)?).ok()?;
    let mut inner = Zeroizing::new(Vec::with_capacity(wrapped.len()));
    inner.extend_from_slice(&cipher.decrypt_blocks(kek, &outer_iv, wrapped.get(..last)?).ok()?);
    inner.extend_from_slice(&outer_iv);
    let plain = cipher.decrypt_blocks(kek, iv, &inner).ok()?;
    let key = plain.get(HEAD..HEAD + key_len)?;
    let mut right = plain.first()?.ct_eq(&u8::try_from(key_len).ok()?);
    for (check, octet) in plain.get(1..HEAD)?.iter().zip(key) {
        right &= check.ct_eq(&!octet);
    }
    bool::from(right).then(|| Secret::new(key.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::content::{AES128_CBC, DES_EDE3_CBC};
    use crate::crypto::testing::hex;

    /// RFC 3211 §3: PBKDF2-SHA1 of "All n-entities must communicate with other n-entities via n-1 entiteeheehees",
    /// 500 rounds, 3DES, as far as it does not depend on the salt: the KEK and the wrapped key are those of the RFC.
    #[test]
    fn rfc3211_3_second_example() {
        let kek = hex("6a8970bf68c92caea84a8df28510858607126380cc47ab2d");
        let iv = hex("baf1ca7931213c4e");
        let wrapped = hex("c03c514abdb9e2c5aac038572b5e24553876b377aafb82eca5a9d73f8ab143d9ec74e6cad7db260c");
        let key = hex("8c637d887223a2f965b566eb014b0fa5d52300a3f7ea40ff fc577203c71baf3b");
        let found = pwri_unwrap(&DES_EDE3_CBC, &kek, &iv, &wrapped, key.len());
        assert_eq!(found.unwrap().expose(), key);
        let mut wrong = kek;
        wrong[3] ^= 0x10;
        assert!(pwri_unwrap(&DES_EDE3_CBC, &wrong, &iv, &wrapped, key.len()).is_none());
    }

    #[test]
    fn forms_that_no_sender_makes() {
        for len in [0, 8, 16, 24, 31, 33] {
            assert!(pwri_unwrap(&AES128_CBC, &[0; 16], &[0; 16], &vec![0; len], 16).is_none(), "{len}");
        }
        assert!(pwri_unwrap(&AES128_CBC, &[0; 16], &[0; 16], &[0; 32], 29).is_none());
        assert!(pwri_unwrap(&AES128_CBC, &[0; 15], &[0; 16], &[0; 32], 16).is_none());
    }
}
