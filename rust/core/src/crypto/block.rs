//! Block ciphers that AWS-LC lacks, in CBC: Camellia and IDEA of old mail. Read only.

use cipher::{Block, BlockCipherDecrypt, BlockSizeUser, KeyInit, KeySizeUser};
use zeroize::{Zeroize, Zeroizing};

use crate::crypto::content::{ContentCipher, DecryptCall, Opaque, cbc_padding};

/// Decrypts whole blocks in place, under a key and an initialization vector.
type Decrypt = fn(&[u8], &[u8], &mut [u8]) -> Result<(), Opaque>;

/// CBC with the padding of RFC 5652 §6.3.
#[derive(Debug)]
pub struct BlockCbc {
    key_len: usize,
    block_len: usize,
    decrypt: Decrypt,
}

pub static CAMELLIA128_CBC: BlockCbc = BlockCbc::new::<camellia::Camellia128>(16, 16);
pub static CAMELLIA192_CBC: BlockCbc = BlockCbc::new::<camellia::Camellia192>(24, 16);
pub static CAMELLIA256_CBC: BlockCbc = BlockCbc::new::<camellia::Camellia256>(32, 16);
pub static IDEA_CBC: BlockCbc = BlockCbc::new::<idea::Idea>(16, 8);

impl BlockCbc {
    const fn new<C: BlockCipherDecrypt + KeyInit>(key_len: usize, block_len: usize) -> Self {
        Self { key_len, block_len, decrypt: decrypt::<C> }
    }
}

/// `data` in place, whole blocks.
fn decrypt<C: BlockCipherDecrypt + KeyInit + KeySizeUser + BlockSizeUser>(
    key: &[u8],
    iv: &[u8],
    data: &mut [u8],
) -> Result<(), Opaque> {
    let cipher = C::new_from_slice(key).map_err(|_| Opaque)?;
    let mut previous = Block::<C>::try_from(iv).map_err(|_| Opaque)?;
    for chunk in data.chunks_mut(C::block_size()) {
        let ciphertext = Block::<C>::try_from(&*chunk).map_err(|_| Opaque)?;
        let mut block = ciphertext.clone();
        cipher.decrypt_block(&mut block);
        for ((byte, plain), mask) in chunk.iter_mut().zip(&block).zip(&previous) {
            *byte = plain ^ mask;
        }
        block.as_mut_slice().zeroize();
        previous = ciphertext;
    }
    Ok(())
}

impl ContentCipher for BlockCbc {
    fn key_len(&self) -> usize {
        self.key_len
    }

    fn iv_len(&self) -> usize {
        self.block_len
    }

    fn is_aead(&self) -> bool {
        false
    }

    fn decrypt(&self, call: &DecryptCall<'_, '_>) -> Result<Vec<u8>, Opaque> {
        let len = call.ciphertext.len();
        if !call.aad.is_empty() || !call.mac.is_empty() || len == 0 || !len.is_multiple_of(self.block_len) {
            return Err(Opaque);
        }
        let mut data = Zeroizing::new(call.ciphertext.to_cow().into_owned());
        (self.decrypt)(call.key, call.iv, &mut data)?;
        let last_block = data.get(len - self.block_len..).ok_or(Opaque)?;
        let padding = cbc_padding(last_block)?;
        data.get_mut(len - padding..).unwrap_or_default().zeroize();
        data.truncate(len - padding);
        Ok(core::mem::take(&mut *data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::hex;

    fn block(cipher: &BlockCbc, key: &str, ciphertext: &str) -> Vec<u8> {
        let mut data = hex(ciphertext);
        (cipher.decrypt)(&hex(key), &vec![0; cipher.block_len], &mut data).unwrap();
        data
    }

    /// RFC 3713 Appendix A: one block; with a zero iv the first block of CBC is that of ECB.
    #[test]
    fn rfc3713_camellia() {
        let key = "0123456789abcdeffedcba9876543210 00112233445566778899aabbccddeeff";
        let plain = hex("0123456789abcdeffedcba9876543210");
        assert_eq!(block(&CAMELLIA128_CBC, &key[..32], "67673138549669730857065648eabe43"), plain);
        assert_eq!(block(&CAMELLIA192_CBC, &key[..49], "b4993401b3e996f84ee5cee7d79b09b9"), plain);
        assert_eq!(block(&CAMELLIA256_CBC, key, "9acc237dff16d76c20ef7c919e3a7509"), plain);
    }

    #[test]
    fn other_lengths_fail() {
        for (key, iv, data) in [(15, 16, 16), (16, 8, 16), (16, 16, 15)] {
            assert!((CAMELLIA128_CBC.decrypt)(&vec![0; key], &vec![0; iv], &mut vec![0; data]).is_err());
        }
    }
}
