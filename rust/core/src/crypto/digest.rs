//! STUB (signatures are the contract).

/// A digest algorithm.
pub trait Digest: Sync + core::fmt::Debug {
    fn output_len(&self) -> usize;
    fn start(&self) -> DigestContext;
}

impl dyn Digest {
    pub fn digest(&self, data: &[u8]) -> DigestValue {
        let mut context = self.start();
        context.update(data);
        context.finish()
    }
}

#[derive(Debug)]
pub struct DigestContext(());

impl DigestContext {
    pub fn update(&mut self, _data: &[u8]) {
        unimplemented!()
    }
    pub fn finish(self) -> DigestValue {
        unimplemented!()
    }
}

/// At most 64 octets, on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestValue {
    bytes: [u8; 64],
    len: u8,
}

impl AsRef<[u8]> for DigestValue {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}
