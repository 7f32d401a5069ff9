//! The BER and DER reader: every element of a tree, read as each of the types it could be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailseal_core::Limits;
use mailseal_core::asn1::{Reader, Tlv};

fn use_element(tlv: &Tlv<'_>) {
    let _ = tlv.as_oid().map(|oid| oid.to_string());
    let _ = tlv.as_integer().map(|integer| (integer.to_u64(), integer.to_unsigned().map(<[u8]>::len)));
    let _ = tlv.as_boolean();
    let _ = tlv.as_null();
    let _ = tlv.as_time().map(|time| time.to_string());
    let _ = tlv.as_bit_string().map(|bits| bits.octets().map(<[u8]>::len));
    if let Ok(octets) = tlv.as_octets() {
        let joined: usize = octets.segments().map(<[u8]>::len).sum();
        assert_eq!(joined, octets.len(), "segments and length agree");
        assert_eq!(octets.to_cow().len(), joined, "segments and joined bytes agree");
    }
}

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    for mut reader in [Reader::ber(data, &limits), Reader::der(data, &limits)] {
        let mut waiting = Vec::new();
        let mut elements = 0_usize;
        loop {
            match reader.any() {
                Ok(tlv) => {
                    elements += 1;
                    assert!(elements <= data.len(), "each element takes at least an octet");
                    use_element(&tlv);
                    if let Ok(inner) = tlv.reader() {
                        waiting.push(core::mem::replace(&mut reader, inner));
                    }
                }
                Err(_) => match waiting.pop() {
                    Some(outer) => reader = outer,
                    None => break,
                },
            }
        }
    }
});
