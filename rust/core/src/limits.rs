//! Every cap by name. What comes from outside spends one of these budgets (house rule 9).

macro_rules! limits {
    ($($name:ident $default:literal $code:ident $doc:literal;)+) => {
        /// The caps, all of them changeable; `docs/limits.md` is made from this table.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits { $(#[doc = $doc] pub $name: u64),+ }

        impl Default for Limits {
            fn default() -> Self { Self { $($name: $default),+ } }
        }

        impl Limits {
            /// Name, default, the finding when it is spent, and what it bounds.
            pub const ROWS: &[(&str, u64, crate::finding::Code, &str)] =
                &[$((stringify!($name), $default, crate::finding::Code::$code, $doc)),+];

            pub fn get(&self, name: &str) -> Option<u64> {
                match name { $(stringify!($name) => Some(self.$name),)+ _ => None }
            }

            /// False: there is no cap of that name.
            pub fn set(&mut self, name: &str, value: u64) -> bool {
                match name { $(stringify!($name) => { self.$name = value; true })+ _ => false }
            }
        }
    };
}

limits! {
    message_bytes 268_435_456 LimitMessageBytes "bytes of a message that is opened in memory (256 MiB)";
    asn1_depth 64 LimitAsn1Depth "nesting of ASN.1 elements";
    layers 8 LimitLayers "cryptographic layers of a message";
    recipients 10_000 LimitRecipients "RecipientInfos of a layer";
    signers 100 LimitSigners "SignerInfos of a layer";
    digest_algorithms 10_000 LimitDigestAlgorithms "digestAlgorithms of a signed layer";
    certificates 1_000 LimitCertificates "certificates and CRLs carried by a layer";
    attributes 1_000 LimitAttributes "attributes of a signer";
    mime_depth 100 LimitMimeDepth "nesting of MIME parts, message/rfc822 included";
    mime_parts 10_000 LimitMimeParts "MIME parts of a message";
    header_bytes 1_048_576 LimitHeaderBytes "bytes of one header (1 MiB)";
    header_fields 2_000 LimitHeaderFields "fields of one header";
    addresses 10_000 LimitAddresses "addresses of one field";
    path_signatures 100 LimitPathWork "signature checks spent on one chain";
    path_steps 10_000 LimitPathWork "issuer candidates tried for one chain; one of over 4 KiB counts more";
    path_length 10 LimitPathWork "certificates of a chain";
    decompressed_bytes 268_435_456 LimitDecompression "bytes of decompressed content (256 MiB)";
    decompression_ratio 200 LimitDecompression "decompressed bytes for each compressed one; 64 KiB are always let through";
    kdf_iterations 10_000_000 LimitKdfWork "iterations of a password-based key derivation";
    scrypt_bytes 268_435_456 LimitKdfWork "memory of scrypt (256 MiB)";
    inspected_rows 100_000 LimitInspectedRows "elements that `inspect` shows of one structure";
    rsa_bits 16_384 LimitKeyBits "bits of an RSA modulus";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cap_is_set_and_read_by_name() {
        let mut limits = Limits::default();
        for (name, default, _, doc) in Limits::ROWS {
            assert_eq!(limits.get(name), Some(*default));
            assert!(limits.set(name, default + 1) && !doc.is_empty());
            assert_eq!(limits.get(name), Some(default + 1));
        }
        assert!(!limits.set("no_such_cap", 1));
    }
}
