//! THE table of algorithms (house rule 5). Every algorithm OID of the project stands here and nowhere else.
//!
//! A row: name, OID (and aliases seen in the field), role, parameter rule, strength in bits, whether we make it, whether
//! we take it, where it is specified, what runs it (`None`: known by name, which makes a clear finding). To add an
//! algorithm is to write its row, or to put its implementation where `None` stands.

use crate::alg::row::Implementation::{
    Cast5, Cbc, Compression, Content, Curve, Digest, Kdf, KeyAgreement, KeyTransport, KeyWrap, Mac, Part, PasswordWrap,
    Pbe, PublicKey, Rc2, Signature,
};
use crate::alg::row::{Hashing, KeyForm, PasswordKdf, PbeScheme};
pub use crate::alg::row::{Implementation, Make, Parameters, Role, Row, Take};
use crate::asn1::Oid;
use crate::crypto::agreement::{Hkdf, X963};
use crate::crypto::legacy::{LegacyCipher, PbeCipher, Pbkdf1Digest};
use crate::crypto::{block, compression, content, digest, ec, key_wrap, legacy, signature, transport};
use crate::oid;

macro_rules! table {
    ($($name:literal [$($arc:expr),+] $(| [$($alias:expr),+])* $role:ident ($($parameters:tt)+) $strength:literal $make:ident
        $take:ident $specification:literal => $implementation:expr;)+) => {
        pub static TABLE: &[Row] = &[$(Row {
            name: $name,
            oid: oid!($($arc),+),
            aliases: &[$(oid!($($alias),+)),*],
            role: Role::$role,
            parameters: Parameters::$($parameters)+,
            strength: $strength,
            make: Make::$make,
            take: Take::$take,
            specification: $specification,
            implementation: $implementation,
        }),+];
    };
}

table! {
    // --- Digests ---
    "SHA-256" [2, 16, 840, 1, 101, 3, 4, 2, 1] Digest (NullOrAbsent) 128 Prefer Accept "RFC 5754 §2.2" => Some(Digest(&digest::SHA256));
    "SHA-384" [2, 16, 840, 1, 101, 3, 4, 2, 2] Digest (NullOrAbsent) 192 Allow Accept "RFC 5754 §2.3" => Some(Digest(&digest::SHA384));
    "SHA-512" [2, 16, 840, 1, 101, 3, 4, 2, 3] Digest (NullOrAbsent) 256 Allow Accept "RFC 5754 §2.4" => Some(Digest(&digest::SHA512));
    "SHA-224" [2, 16, 840, 1, 101, 3, 4, 2, 4] Digest (NullOrAbsent) 112 Never Accept "RFC 5754 §2.1" => Some(Digest(&digest::SHA224));
    "SHA-1" [1, 3, 14, 3, 2, 26] Digest (NullOrAbsent) 61 Never Accept "RFC 3370 §2.1" => Some(Digest(&digest::SHA1));
    "MD5" [1, 2, 840, 113549, 2, 5] Digest (NullOrAbsent) 18 Never Never "RFC 3370 §2.2" => Some(Digest(&digest::MD5));
    "MD4" [1, 2, 840, 113549, 2, 4] Digest (NullOrAbsent) 1 Never Never "RFC 6150" => Some(Digest(&digest::MD4));
    "MD2" [1, 2, 840, 113549, 2, 2] Digest (NullOrAbsent) 18 Never Never "RFC 6149" => None;
    "RIPEMD-160" [1, 3, 36, 3, 2, 1] Digest (NullOrAbsent) 80 Never Accept "ISO/IEC 10118-3" => Some(Digest(&digest::RIPEMD160));
    "SHA-512/224" [2, 16, 840, 1, 101, 3, 4, 2, 5] Digest (NullOrAbsent) 112 Never Accept "RFC 8017 App. B.1" => Some(Digest(&digest::SHA512_224));
    "SHA-512/256" [2, 16, 840, 1, 101, 3, 4, 2, 6] Digest (NullOrAbsent) 128 Never Accept "RFC 8017 App. B.1" => Some(Digest(&digest::SHA512_256));
    "SHA3-224" [2, 16, 840, 1, 101, 3, 4, 2, 7] Digest (Absent) 112 Never Accept "RFC 9688 §2" => Some(Digest(&digest::SHA3_224));
    "SHA3-256" [2, 16, 840, 1, 101, 3, 4, 2, 8] Digest (Absent) 128 Never Accept "RFC 9688 §2" => Some(Digest(&digest::SHA3_256));
    "SHA3-384" [2, 16, 840, 1, 101, 3, 4, 2, 9] Digest (Absent) 192 Never Accept "RFC 9688 §2" => Some(Digest(&digest::SHA3_384));
    "SHA3-512" [2, 16, 840, 1, 101, 3, 4, 2, 10] Digest (Absent) 256 Never Accept "RFC 9688 §2" => Some(Digest(&digest::SHA3_512));
    "SHAKE128" [2, 16, 840, 1, 101, 3, 4, 2, 11] Digest (Absent) 128 Never Accept "RFC 8702 §3.1" => Some(Digest(&digest::SHAKE128));
    "SHAKE256" [2, 16, 840, 1, 101, 3, 4, 2, 12] Digest (Absent) 256 Never Accept "RFC 8702 §3.1" => Some(Digest(&digest::SHAKE256));
    "SHAKE256-len" [2, 16, 840, 1, 101, 3, 4, 2, 18] Digest (OutputBits(512)) 256 Never Accept "RFC 8419 §2.3" => Some(Digest(&digest::SHAKE256));

    // --- Signatures ---
    "RSA-PKCS1-v1_5" [1, 2, 840, 113549, 1, 1, 1] Signature (NullOrAbsent) 256 Prefer Accept "RFC 3370 §3.2" => Some(Signature(&signature::RsaPkcs1, Hashing::FromDigestAlgorithm));
    "RSA-PKCS1-v1_5-SHA256" [1, 2, 840, 113549, 1, 1, 11] Signature (NullOrAbsent) 128 Allow Accept "RFC 5754 §3.2" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::SHA256)));
    "RSA-PKCS1-v1_5-SHA384" [1, 2, 840, 113549, 1, 1, 12] Signature (NullOrAbsent) 192 Allow Accept "RFC 5754 §3.2" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::SHA384)));
    "RSA-PKCS1-v1_5-SHA512" [1, 2, 840, 113549, 1, 1, 13] Signature (NullOrAbsent) 256 Allow Accept "RFC 5754 §3.2" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::SHA512)));
    "RSA-PKCS1-v1_5-SHA224" [1, 2, 840, 113549, 1, 1, 14] Signature (NullOrAbsent) 112 Never Accept "RFC 5754 §3.2" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::SHA224)));
    "RSA-PKCS1-v1_5-SHA1" [1, 2, 840, 113549, 1, 1, 5] | [1, 3, 14, 3, 2, 29] Signature (NullOrAbsent) 61 Never Accept "RFC 3370 §3.2" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::SHA1)));
    "RSA-PKCS1-v1_5-MD5" [1, 2, 840, 113549, 1, 1, 4] | [1, 3, 14, 3, 2, 3] | [1, 3, 14, 3, 2, 25] Signature (NullOrAbsent) 18 Never Never "RFC 3370 §3.2" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::MD5)));
    "RSA-PKCS1-v1_5-MD4" [1, 2, 840, 113549, 1, 1, 3] | [1, 3, 14, 3, 2, 2] | [1, 3, 14, 3, 2, 4] Signature (NullOrAbsent) 1 Never Never "RFC 6150" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::MD4)));
    "RSA-PKCS1-v1_5-MD2" [1, 2, 840, 113549, 1, 1, 2] Signature (NullOrAbsent) 18 Never Never "RFC 3279 §2.2.1" => None;
    "RSA-PKCS1-v1_5-RIPEMD160" [1, 3, 36, 3, 3, 1, 2] Signature (NullOrAbsent) 80 Never Accept "ISO/IEC 10118-3" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::RIPEMD160)));
    "RSA-PKCS1-v1_5-SHA3-224" [2, 16, 840, 1, 101, 3, 4, 3, 13] Signature (NullOrAbsent) 112 Never Accept "RFC 9688 §3.1" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::SHA3_224)));
    "RSA-PKCS1-v1_5-SHA3-256" [2, 16, 840, 1, 101, 3, 4, 3, 14] Signature (NullOrAbsent) 128 Never Accept "RFC 9688 §3.1" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::SHA3_256)));
    "RSA-PKCS1-v1_5-SHA3-384" [2, 16, 840, 1, 101, 3, 4, 3, 15] Signature (NullOrAbsent) 192 Never Accept "RFC 9688 §3.1" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::SHA3_384)));
    "RSA-PKCS1-v1_5-SHA3-512" [2, 16, 840, 1, 101, 3, 4, 3, 16] Signature (NullOrAbsent) 256 Never Accept "RFC 9688 §3.1" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::SHA3_512)));
    "RSA-PKCS1-v1_5-SHA512/224" [1, 2, 840, 113549, 1, 1, 15] Signature (NullOrAbsent) 112 Never Accept "RFC 8017 App. C" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::SHA512_224)));
    "RSA-PKCS1-v1_5-SHA512/256" [1, 2, 840, 113549, 1, 1, 16] Signature (NullOrAbsent) 128 Never Accept "RFC 8017 App. C" => Some(Signature(&signature::RsaPkcs1, Hashing::Fixed(&digest::SHA512_256)));
    "RSASSA-PSS" [1, 2, 840, 113549, 1, 1, 10] Signature (Pss) 256 Prefer Accept "RFC 4056 §2" => Some(Signature(&signature::RsaPss, Hashing::FromParameters));
    "RSASSA-PSS-SHAKE128" [1, 3, 6, 1, 5, 5, 7, 6, 30] Signature (Absent) 128 Never Accept "RFC 8702 §3.2.1" => None;
    "RSASSA-PSS-SHAKE256" [1, 3, 6, 1, 5, 5, 7, 6, 31] Signature (Absent) 256 Never Accept "RFC 8702 §3.2.1" => None;
    "ECDSA" [1, 2, 840, 10045, 2, 1] Signature (Any) 256 Never Accept "RFC 5753 §2.1" => Some(Signature(&signature::Ecdsa, Hashing::FromDigestAlgorithm));
    "ECDSA-SHA256" [1, 2, 840, 10045, 4, 3, 2] Signature (Absent) 128 Prefer Accept "RFC 5753 §2.1.1" => Some(Signature(&signature::Ecdsa, Hashing::Fixed(&digest::SHA256)));
    "ECDSA-SHA384" [1, 2, 840, 10045, 4, 3, 3] Signature (Absent) 192 Allow Accept "RFC 5753 §2.1.1" => Some(Signature(&signature::Ecdsa, Hashing::Fixed(&digest::SHA384)));
    "ECDSA-SHA512" [1, 2, 840, 10045, 4, 3, 4] Signature (Absent) 256 Allow Accept "RFC 5753 §2.1.1" => Some(Signature(&signature::Ecdsa, Hashing::Fixed(&digest::SHA512)));
    "ECDSA-SHA224" [1, 2, 840, 10045, 4, 3, 1] Signature (Absent) 112 Never Accept "RFC 5753 §2.1.1" => Some(Signature(&signature::Ecdsa, Hashing::Fixed(&digest::SHA224)));
    "ECDSA-SHA1" [1, 2, 840, 10045, 4, 1] Signature (NullOrAbsent) 61 Never Accept "RFC 5753 §2.1.1" => Some(Signature(&signature::Ecdsa, Hashing::Fixed(&digest::SHA1)));
    "ECDSA-SHA3-224" [2, 16, 840, 1, 101, 3, 4, 3, 9] Signature (Absent) 112 Never Accept "RFC 9688 §3.2" => Some(Signature(&signature::Ecdsa, Hashing::Fixed(&digest::SHA3_224)));
    "ECDSA-SHA3-256" [2, 16, 840, 1, 101, 3, 4, 3, 10] Signature (Absent) 128 Never Accept "RFC 9688 §3.2" => Some(Signature(&signature::Ecdsa, Hashing::Fixed(&digest::SHA3_256)));
    "ECDSA-SHA3-384" [2, 16, 840, 1, 101, 3, 4, 3, 11] Signature (Absent) 192 Never Accept "RFC 9688 §3.2" => Some(Signature(&signature::Ecdsa, Hashing::Fixed(&digest::SHA3_384)));
    "ECDSA-SHA3-512" [2, 16, 840, 1, 101, 3, 4, 3, 12] Signature (Absent) 256 Never Accept "RFC 9688 §3.2" => Some(Signature(&signature::Ecdsa, Hashing::Fixed(&digest::SHA3_512)));
    "ECDSA-SHAKE128" [1, 3, 6, 1, 5, 5, 7, 6, 32] Signature (Absent) 128 Never Accept "RFC 8702 §3.2.2" => Some(Signature(&signature::Ecdsa, Hashing::Fixed(&digest::SHAKE128)));
    "ECDSA-SHAKE256" [1, 3, 6, 1, 5, 5, 7, 6, 33] Signature (Absent) 256 Never Accept "RFC 8702 §3.2.2" => Some(Signature(&signature::Ecdsa, Hashing::Fixed(&digest::SHAKE256)));
    "Ed25519" [1, 3, 101, 112] Signature (Absent) 128 Allow Accept "RFC 8419 §3.1" => Some(Signature(&signature::Ed25519, Hashing::Whole(&digest::SHA512)));
    "Ed448" [1, 3, 101, 113] Signature (Absent) 224 Never Accept "RFC 8419 §3.1" => Some(Signature(&signature::Ed448, Hashing::Whole(&digest::SHAKE256)));
    "DSA-SHA1" [1, 2, 840, 10040, 4, 3] | [1, 3, 14, 3, 2, 27] | [1, 3, 14, 3, 2, 13] Signature (NullOrAbsent) 61 Never Accept "RFC 3370 §3.1" => Some(Signature(&signature::Dsa, Hashing::Fixed(&digest::SHA1)));
    "DSA-SHA224" [2, 16, 840, 1, 101, 3, 4, 3, 1] Signature (Absent) 112 Never Accept "RFC 5754 §3.1" => Some(Signature(&signature::Dsa, Hashing::Fixed(&digest::SHA224)));
    "DSA-SHA256" [2, 16, 840, 1, 101, 3, 4, 3, 2] Signature (Absent) 128 Never Accept "RFC 5754 §3.1" => Some(Signature(&signature::Dsa, Hashing::Fixed(&digest::SHA256)));
    "ML-DSA-44" [2, 16, 840, 1, 101, 3, 4, 3, 17] Signature (Absent) 128 Never Accept "RFC 9882 §3" => None;
    "ML-DSA-65" [2, 16, 840, 1, 101, 3, 4, 3, 18] Signature (Absent) 192 Never Accept "RFC 9882 §3" => None;
    "ML-DSA-87" [2, 16, 840, 1, 101, 3, 4, 3, 19] Signature (Absent) 256 Never Accept "RFC 9882 §3" => None;
    "SLH-DSA-SHA2-128s" [2, 16, 840, 1, 101, 3, 4, 3, 20] Signature (Absent) 128 Never Accept "RFC 9814 §4" => None;
    "SLH-DSA-SHA2-128f" [2, 16, 840, 1, 101, 3, 4, 3, 21] Signature (Absent) 128 Never Accept "RFC 9814 §4" => None;
    "SLH-DSA-SHA2-192s" [2, 16, 840, 1, 101, 3, 4, 3, 22] Signature (Absent) 192 Never Accept "RFC 9814 §4" => None;
    "SLH-DSA-SHA2-192f" [2, 16, 840, 1, 101, 3, 4, 3, 23] Signature (Absent) 192 Never Accept "RFC 9814 §4" => None;
    "SLH-DSA-SHA2-256s" [2, 16, 840, 1, 101, 3, 4, 3, 24] Signature (Absent) 256 Never Accept "RFC 9814 §4" => None;
    "SLH-DSA-SHA2-256f" [2, 16, 840, 1, 101, 3, 4, 3, 25] Signature (Absent) 256 Never Accept "RFC 9814 §4" => None;
    "SLH-DSA-SHAKE-128s" [2, 16, 840, 1, 101, 3, 4, 3, 26] Signature (Absent) 128 Never Accept "RFC 9814 §4" => None;
    "SLH-DSA-SHAKE-128f" [2, 16, 840, 1, 101, 3, 4, 3, 27] Signature (Absent) 128 Never Accept "RFC 9814 §4" => None;
    "SLH-DSA-SHAKE-192s" [2, 16, 840, 1, 101, 3, 4, 3, 28] Signature (Absent) 192 Never Accept "RFC 9814 §4" => None;
    "SLH-DSA-SHAKE-192f" [2, 16, 840, 1, 101, 3, 4, 3, 29] Signature (Absent) 192 Never Accept "RFC 9814 §4" => None;
    "SLH-DSA-SHAKE-256s" [2, 16, 840, 1, 101, 3, 4, 3, 30] Signature (Absent) 256 Never Accept "RFC 9814 §4" => None;
    "SLH-DSA-SHAKE-256f" [2, 16, 840, 1, 101, 3, 4, 3, 31] Signature (Absent) 256 Never Accept "RFC 9814 §4" => None;

    // --- Key transport ---
    "RSAES-OAEP" [1, 2, 840, 113549, 1, 1, 7] KeyTransport (Oaep) 256 Prefer Accept "RFC 3560 §3" => Some(KeyTransport(&transport::RsaOaep));
    "RSAES-PKCS1-v1_5" [1, 2, 840, 113549, 1, 1, 1] KeyTransport (NullOrAbsent) 256 Allow Accept "RFC 3370 §4.2.1" => Some(KeyTransport(&transport::RsaPkcs1));

    // --- Key agreement. The curves have cofactor 1, so the cofactor schemes are the same computation ---
    "dhSinglePass-stdDH-sha256kdf" [1, 3, 132, 1, 11, 1] KeyAgreement (KeyWrapId) 256 Prefer Accept "RFC 5753 §7.1.4" => Some(KeyAgreement(&X963(&digest::SHA256)));
    "dhSinglePass-stdDH-sha384kdf" [1, 3, 132, 1, 11, 2] KeyAgreement (KeyWrapId) 256 Allow Accept "RFC 5753 §7.1.4" => Some(KeyAgreement(&X963(&digest::SHA384)));
    "dhSinglePass-stdDH-sha512kdf" [1, 3, 132, 1, 11, 3] KeyAgreement (KeyWrapId) 256 Allow Accept "RFC 5753 §7.1.4" => Some(KeyAgreement(&X963(&digest::SHA512)));
    "dhSinglePass-stdDH-sha224kdf" [1, 3, 132, 1, 11, 0] KeyAgreement (KeyWrapId) 224 Never Accept "RFC 5753 §7.1.4" => Some(KeyAgreement(&X963(&digest::SHA224)));
    "dhSinglePass-stdDH-sha1kdf" [1, 3, 133, 16, 840, 63, 0, 2] KeyAgreement (KeyWrapId) 128 Never Accept "RFC 5753 §7.1.4" => Some(KeyAgreement(&X963(&digest::SHA1)));
    "dhSinglePass-cofactorDH-sha256kdf" [1, 3, 132, 1, 14, 1] KeyAgreement (KeyWrapId) 256 Never Accept "RFC 5753 §7.1.4" => Some(KeyAgreement(&X963(&digest::SHA256)));
    "dhSinglePass-cofactorDH-sha384kdf" [1, 3, 132, 1, 14, 2] KeyAgreement (KeyWrapId) 256 Never Accept "RFC 5753 §7.1.4" => Some(KeyAgreement(&X963(&digest::SHA384)));
    "dhSinglePass-cofactorDH-sha512kdf" [1, 3, 132, 1, 14, 3] KeyAgreement (KeyWrapId) 256 Never Accept "RFC 5753 §7.1.4" => Some(KeyAgreement(&X963(&digest::SHA512)));
    "dhSinglePass-cofactorDH-sha224kdf" [1, 3, 132, 1, 14, 0] KeyAgreement (KeyWrapId) 224 Never Accept "RFC 5753 §7.1.4" => Some(KeyAgreement(&X963(&digest::SHA224)));
    "dhSinglePass-cofactorDH-sha1kdf" [1, 3, 133, 16, 840, 63, 0, 3] KeyAgreement (KeyWrapId) 128 Never Accept "RFC 5753 §7.1.4" => Some(KeyAgreement(&X963(&digest::SHA1)));
    "dhSinglePass-stdDH-hkdf-sha256" [1, 2, 840, 113549, 1, 9, 16, 3, 19] KeyAgreement (KeyWrapId) 256 Prefer Accept "RFC 8418 §2.2" => Some(KeyAgreement(&Hkdf(&digest::SHA256)));
    "dhSinglePass-stdDH-hkdf-sha384" [1, 2, 840, 113549, 1, 9, 16, 3, 20] KeyAgreement (KeyWrapId) 256 Allow Accept "RFC 8418 §2.2" => Some(KeyAgreement(&Hkdf(&digest::SHA384)));
    "dhSinglePass-stdDH-hkdf-sha512" [1, 2, 840, 113549, 1, 9, 16, 3, 21] KeyAgreement (KeyWrapId) 256 Allow Accept "RFC 8418 §2.2" => Some(KeyAgreement(&Hkdf(&digest::SHA512)));
    "mqvSinglePass-sha224kdf" [1, 3, 132, 1, 15, 0] KeyAgreement (KeyWrapId) 256 Never Accept "RFC 5753 §7.1.4" => None;
    "mqvSinglePass-sha256kdf" [1, 3, 132, 1, 15, 1] KeyAgreement (KeyWrapId) 256 Never Accept "RFC 5753 §7.1.4" => None;
    "mqvSinglePass-sha384kdf" [1, 3, 132, 1, 15, 2] KeyAgreement (KeyWrapId) 256 Never Accept "RFC 5753 §7.1.4" => None;
    "mqvSinglePass-sha512kdf" [1, 3, 132, 1, 15, 3] KeyAgreement (KeyWrapId) 256 Never Accept "RFC 5753 §7.1.4" => None;
    "mqvSinglePass-sha1kdf" [1, 3, 133, 16, 840, 63, 0, 16] KeyAgreement (KeyWrapId) 128 Never Accept "RFC 5753 §7.1.4" => None;
    "ESDH" [1, 2, 840, 113549, 1, 9, 16, 3, 5] KeyAgreement (KeyWrapId) 80 Never Accept "RFC 3370 §4.1.1" => None;
    "SSDH" [1, 2, 840, 113549, 1, 9, 16, 3, 10] KeyAgreement (KeyWrapId) 80 Never Accept "RFC 3370 §4.1.2" => None;

    // --- Key encapsulation ---
    "ML-KEM-512" [2, 16, 840, 1, 101, 3, 4, 4, 1] Kem (Absent) 128 Never Accept "RFC 9936 §3" => None;
    "ML-KEM-768" [2, 16, 840, 1, 101, 3, 4, 4, 2] Kem (Absent) 192 Never Accept "RFC 9936 §3" => None;
    "ML-KEM-1024" [2, 16, 840, 1, 101, 3, 4, 4, 3] Kem (Absent) 256 Never Accept "RFC 9936 §3" => None;
    "RSA-KEM" [1, 2, 840, 113549, 1, 9, 16, 3, 14] Kem (Own) 256 Never Accept "RFC 9690 §2" => None;

    // --- Key wraps ---
    "AES-128-wrap" [2, 16, 840, 1, 101, 3, 4, 1, 5] KeyWrap (NullOrAbsent) 128 Allow Accept "RFC 3565 §2.3.2" => Some(KeyWrap(&key_wrap::AES128_WRAP));
    "AES-192-wrap" [2, 16, 840, 1, 101, 3, 4, 1, 25] KeyWrap (NullOrAbsent) 192 Never Accept "RFC 3565 §2.3.2" => Some(KeyWrap(&key_wrap::AES192_WRAP));
    "AES-256-wrap" [2, 16, 840, 1, 101, 3, 4, 1, 45] KeyWrap (NullOrAbsent) 256 Prefer Accept "RFC 3565 §2.3.2" => Some(KeyWrap(&key_wrap::AES256_WRAP));
    "AES-128-wrap-pad" [2, 16, 840, 1, 101, 3, 4, 1, 8] KeyWrap (NullOrAbsent) 128 Never Accept "RFC 5649" => Some(KeyWrap(&key_wrap::AES128_WRAP_PAD));
    "AES-192-wrap-pad" [2, 16, 840, 1, 101, 3, 4, 1, 28] KeyWrap (NullOrAbsent) 192 Never Accept "RFC 5649" => Some(KeyWrap(&key_wrap::AES192_WRAP_PAD));
    "AES-256-wrap-pad" [2, 16, 840, 1, 101, 3, 4, 1, 48] KeyWrap (NullOrAbsent) 256 Never Accept "RFC 5649" => Some(KeyWrap(&key_wrap::AES256_WRAP_PAD));
    "3DES-wrap" [1, 2, 840, 113549, 1, 9, 16, 3, 6] KeyWrap (NullOrAbsent) 90 Never Accept "RFC 3370 §4.3.1" => Some(KeyWrap(&key_wrap::TripleDesWrap));
    "RC2-wrap" [1, 2, 840, 113549, 1, 9, 16, 3, 7] KeyWrap (Rc2Version) 64 Never Accept "RFC 3370 §4.3.2" => Some(KeyWrap(&key_wrap::Rc2Wrap));
    "PWRI-KEK" [1, 2, 840, 113549, 1, 9, 16, 3, 9] KeyWrap (Own) 256 Never Accept "RFC 3211 §2.3" => Some(PasswordWrap);

    // --- Content encryption ---
    "AES-128-CBC" [2, 16, 840, 1, 101, 3, 4, 1, 2] Content (Iv(16)) 128 Allow Accept "RFC 3565 §2.2" => Some(Cbc(&content::AES128_CBC));
    "AES-192-CBC" [2, 16, 840, 1, 101, 3, 4, 1, 22] Content (Iv(16)) 192 Never Accept "RFC 3565 §2.2" => Some(Cbc(&content::AES192_CBC));
    "AES-256-CBC" [2, 16, 840, 1, 101, 3, 4, 1, 42] Content (Iv(16)) 256 Allow Accept "RFC 3565 §2.2" => Some(Cbc(&content::AES256_CBC));
    "DES-EDE3-CBC" [1, 2, 840, 113549, 3, 7] Content (Iv(8)) 90 Never Accept "RFC 3370 §5.1" => Some(Cbc(&content::DES_EDE3_CBC));
    "RC2-CBC" [1, 2, 840, 113549, 3, 2] Content (Rc2) 40 Never Accept "RFC 3370 §5.2" => Some(Rc2);
    "DES-CBC" [1, 3, 14, 3, 2, 7] Content (Iv(8)) 56 Never Accept "FIPS 46-3" => Some(Content(&legacy::DES_CBC));
    "RC4" [1, 2, 840, 113549, 3, 4] Content (NullOrAbsent) 40 Never Never "RFC 7465" => None;
    "RC5-CBC" [1, 2, 840, 113549, 3, 9] Content (Own) 56 Never Never "RFC 2040" => None;
    "CAST5-CBC" [1, 2, 840, 113533, 7, 66, 10] Content (Own) 90 Never Accept "RFC 2984 §2" => Some(Cast5);
    "IDEA-CBC" [1, 3, 6, 1, 4, 1, 188, 7, 1, 1, 2] Content (IvInSequence(8)) 90 Never Accept "RFC 3058 §3" => Some(Content(&block::IDEA_CBC));
    "Camellia-128-CBC" [1, 2, 392, 200011, 61, 1, 1, 1, 2] Content (Iv(16)) 128 Never Accept "RFC 3657 §2.3" => Some(Content(&block::CAMELLIA128_CBC));
    "Camellia-192-CBC" [1, 2, 392, 200011, 61, 1, 1, 1, 3] Content (Iv(16)) 192 Never Accept "RFC 3657 §2.3" => Some(Content(&block::CAMELLIA192_CBC));
    "Camellia-256-CBC" [1, 2, 392, 200011, 61, 1, 1, 1, 4] Content (Iv(16)) 256 Never Accept "RFC 3657 §2.3" => Some(Content(&block::CAMELLIA256_CBC));
    "SEED-CBC" [1, 2, 410, 200004, 1, 4] Content (Iv(16)) 128 Never Accept "RFC 4010 §2" => None;
    "AES-128-ECB" [2, 16, 840, 1, 101, 3, 4, 1, 1] Content (Absent) 128 Never Never "NIST SP 800-38A" => None;
    "AES-128-OFB" [2, 16, 840, 1, 101, 3, 4, 1, 3] Content (Iv(16)) 128 Never Never "NIST SP 800-38A" => None;
    "AES-128-CFB" [2, 16, 840, 1, 101, 3, 4, 1, 4] Content (Iv(16)) 128 Never Never "NIST SP 800-38A" => None;
    "AES-192-ECB" [2, 16, 840, 1, 101, 3, 4, 1, 21] Content (Absent) 192 Never Never "NIST SP 800-38A" => None;
    "AES-192-OFB" [2, 16, 840, 1, 101, 3, 4, 1, 23] Content (Iv(16)) 192 Never Never "NIST SP 800-38A" => None;
    "AES-192-CFB" [2, 16, 840, 1, 101, 3, 4, 1, 24] Content (Iv(16)) 192 Never Never "NIST SP 800-38A" => None;
    "AES-256-ECB" [2, 16, 840, 1, 101, 3, 4, 1, 41] Content (Absent) 256 Never Never "NIST SP 800-38A" => None;
    "AES-256-OFB" [2, 16, 840, 1, 101, 3, 4, 1, 43] Content (Iv(16)) 256 Never Never "NIST SP 800-38A" => None;
    "AES-256-CFB" [2, 16, 840, 1, 101, 3, 4, 1, 44] Content (Iv(16)) 256 Never Never "NIST SP 800-38A" => None;
    "AES-128-GCM" [2, 16, 840, 1, 101, 3, 4, 1, 6] Aead (Gcm) 128 Prefer Accept "RFC 5084 §3.2" => Some(Content(&content::AES128_GCM));
    "AES-192-GCM" [2, 16, 840, 1, 101, 3, 4, 1, 26] Aead (Gcm) 192 Never Accept "RFC 5084 §3.2" => Some(Content(&content::AES192_GCM));
    "AES-256-GCM" [2, 16, 840, 1, 101, 3, 4, 1, 46] Aead (Gcm) 256 Prefer Accept "RFC 5084 §3.2" => Some(Content(&content::AES256_GCM));
    "AES-128-CCM" [2, 16, 840, 1, 101, 3, 4, 1, 7] Aead (Ccm) 128 Never Accept "RFC 5084 §3.1" => Some(Content(&content::AES128_CCM));
    "AES-192-CCM" [2, 16, 840, 1, 101, 3, 4, 1, 27] Aead (Ccm) 192 Never Accept "RFC 5084 §3.1" => Some(Content(&content::AES192_CCM));
    "AES-256-CCM" [2, 16, 840, 1, 101, 3, 4, 1, 47] Aead (Ccm) 256 Never Accept "RFC 5084 §3.1" => Some(Content(&content::AES256_CCM));
    "ChaCha20-Poly1305" [1, 2, 840, 113549, 1, 9, 16, 3, 18] Aead (Iv(12)) 256 Allow Accept "RFC 8103 §3" => Some(Content(&content::ChaCha20Poly1305));

    // --- Public keys ---
    "RSA" [1, 2, 840, 113549, 1, 1, 1] PublicKey (NullOrAbsent) 256 Prefer Accept "RFC 3279 §2.3.1" => Some(PublicKey(KeyForm::Rsa));
    "RSASSA-PSS key" [1, 2, 840, 113549, 1, 1, 10] PublicKey (Pss) 256 Allow Accept "RFC 4055 §1.2" => Some(PublicKey(KeyForm::RsaPss));
    "RSAES-OAEP key" [1, 2, 840, 113549, 1, 1, 7] PublicKey (Oaep) 256 Never Accept "RFC 4055 §1.2" => None;
    "EC" [1, 2, 840, 10045, 2, 1] PublicKey (NamedCurve) 256 Prefer Accept "RFC 5480 §2.1" => Some(PublicKey(KeyForm::Ec));
    "Ed25519 key" [1, 3, 101, 112] PublicKey (Absent) 128 Allow Accept "RFC 8410 §3" => Some(PublicKey(KeyForm::Ed25519));
    "Ed448 key" [1, 3, 101, 113] PublicKey (Absent) 224 Never Accept "RFC 8410 §3" => Some(PublicKey(KeyForm::Ed448));
    "X25519" [1, 3, 101, 110] PublicKey (Absent) 128 Allow Accept "RFC 8410 §3" => Some(PublicKey(KeyForm::X25519));
    "X448" [1, 3, 101, 111] PublicKey (Absent) 224 Never Accept "RFC 8410 §3" => Some(PublicKey(KeyForm::X448));
    "DSA" [1, 2, 840, 10040, 4, 1] | [1, 3, 14, 3, 2, 12] PublicKey (Own) 112 Never Accept "RFC 3279 §2.3.2" => Some(PublicKey(KeyForm::Dsa));
    "DH" [1, 2, 840, 10046, 2, 1] PublicKey (Own) 112 Never Accept "RFC 3279 §2.3.3" => None;

    // --- Curves ---
    "P-256" [1, 2, 840, 10045, 3, 1, 7] Curve (Absent) 128 Prefer Accept "RFC 5480 §2.1.1.1" => Some(Curve(&ec::P256));
    "P-384" [1, 3, 132, 0, 34] Curve (Absent) 192 Allow Accept "RFC 5480 §2.1.1.1" => Some(Curve(&ec::P384));
    "P-521" [1, 3, 132, 0, 35] Curve (Absent) 256 Allow Accept "RFC 5480 §2.1.1.1" => Some(Curve(&ec::P521));
    "P-224" [1, 3, 132, 0, 33] Curve (Absent) 112 Never Accept "RFC 5480 §2.1.1.1" => None;
    "P-192" [1, 2, 840, 10045, 3, 1, 1] Curve (Absent) 96 Never Accept "RFC 5480 §2.1.1.1" => None;
    "secp256k1" [1, 3, 132, 0, 10] Curve (Absent) 128 Never Accept "SEC 2 §2.4.1" => None;
    "brainpoolP256r1" [1, 3, 36, 3, 3, 2, 8, 1, 1, 7] Curve (Absent) 128 Never Accept "RFC 5639 §4" => Some(Curve(&ec::BRAINPOOL_P256R1));
    "brainpoolP256t1" [1, 3, 36, 3, 3, 2, 8, 1, 1, 8] Curve (Absent) 128 Never Accept "RFC 5639 §4" => None;
    "brainpoolP384r1" [1, 3, 36, 3, 3, 2, 8, 1, 1, 11] Curve (Absent) 192 Never Accept "RFC 5639 §4" => Some(Curve(&ec::BRAINPOOL_P384R1));
    "brainpoolP384t1" [1, 3, 36, 3, 3, 2, 8, 1, 1, 12] Curve (Absent) 192 Never Accept "RFC 5639 §4" => None;
    "brainpoolP512r1" [1, 3, 36, 3, 3, 2, 8, 1, 1, 13] Curve (Absent) 256 Never Accept "RFC 5639 §4" => Some(Curve(&ec::BRAINPOOL_P512R1));
    "brainpoolP512t1" [1, 3, 36, 3, 3, 2, 8, 1, 1, 14] Curve (Absent) 256 Never Accept "RFC 5639 §4" => None;

    // --- Message authentication ---
    "HMAC-SHA256" [1, 2, 840, 113549, 2, 9] Mac (NullOrAbsent) 256 Prefer Accept "RFC 8018 B.1.2" => Some(Mac(&digest::SHA256));
    "HMAC-SHA384" [1, 2, 840, 113549, 2, 10] Mac (NullOrAbsent) 256 Allow Accept "RFC 8018 B.1.2" => Some(Mac(&digest::SHA384));
    "HMAC-SHA512" [1, 2, 840, 113549, 2, 11] Mac (NullOrAbsent) 256 Allow Accept "RFC 8018 B.1.2" => Some(Mac(&digest::SHA512));
    "HMAC-SHA224" [1, 2, 840, 113549, 2, 8] Mac (NullOrAbsent) 224 Never Accept "RFC 8018 B.1.2" => Some(Mac(&digest::SHA224));
    "HMAC-SHA1" [1, 2, 840, 113549, 2, 7] | [1, 3, 6, 1, 5, 5, 8, 1, 2] Mac (NullOrAbsent) 128 Never Accept "RFC 3370 §5.3" => Some(Mac(&digest::SHA1));
    "HMAC-SHA3-224" [2, 16, 840, 1, 101, 3, 4, 2, 13] Mac (Absent) 224 Never Accept "RFC 9688 §4.1" => None;
    "HMAC-SHA3-256" [2, 16, 840, 1, 101, 3, 4, 2, 14] Mac (Absent) 256 Never Accept "RFC 9688 §4.1" => None;
    "HMAC-SHA3-384" [2, 16, 840, 1, 101, 3, 4, 2, 15] Mac (Absent) 256 Never Accept "RFC 9688 §4.1" => None;
    "HMAC-SHA3-512" [2, 16, 840, 1, 101, 3, 4, 2, 16] Mac (Absent) 256 Never Accept "RFC 9688 §4.1" => None;

    // --- Key derivation ---
    "PBKDF2" [1, 2, 840, 113549, 1, 5, 12] Kdf (Own) 256 Prefer Accept "RFC 8018 A.2" => Some(Kdf(PasswordKdf::Pbkdf2));
    "scrypt" [1, 3, 6, 1, 4, 1, 11591, 4, 11] Kdf (Own) 256 Allow Accept "RFC 7914 §7" => Some(Kdf(PasswordKdf::Scrypt));
    "HKDF-SHA256" [1, 2, 840, 113549, 1, 9, 16, 3, 28] Kdf (Absent) 256 Never Accept "RFC 8619 §2" => None;
    "HKDF-SHA384" [1, 2, 840, 113549, 1, 9, 16, 3, 29] Kdf (Absent) 256 Never Accept "RFC 8619 §2" => None;
    "HKDF-SHA512" [1, 2, 840, 113549, 1, 9, 16, 3, 30] Kdf (Absent) 256 Never Accept "RFC 8619 §2" => None;
    "CEK-HKDF-SHA256" [1, 2, 840, 113549, 1, 9, 16, 3, 31] Kdf (Own) 256 Never Accept "RFC 9709 §3" => None;

    // --- Encryption under a password ---
    "PBES2" [1, 2, 840, 113549, 1, 5, 13] Pbe (Own) 256 Prefer Accept "RFC 8018 §6.2" => Some(Pbe(PbeScheme::Pbes2));
    "PBE-SHA1-3DES" [1, 2, 840, 113549, 1, 12, 1, 3] Pbe (Own) 90 Never Accept "RFC 7292 App. C" => Some(Pbe(pkcs12(PbeCipher::Cbc(&content::DES_EDE3_CBC))));
    "PBE-SHA1-2DES" [1, 2, 840, 113549, 1, 12, 1, 4] Pbe (Own) 80 Never Accept "RFC 7292 App. C" => Some(Pbe(pkcs12(PbeCipher::TwoKeyTripleDes)));
    "PBE-SHA1-RC2-128" [1, 2, 840, 113549, 1, 12, 1, 5] Pbe (Own) 64 Never Accept "RFC 7292 App. C" => Some(Pbe(pkcs12(RC2_128)));
    "PBE-SHA1-RC2-40" [1, 2, 840, 113549, 1, 12, 1, 6] Pbe (Own) 40 Never Accept "RFC 7292 App. C" => Some(Pbe(pkcs12(RC2_40)));
    "PBE-SHA1-RC4-128" [1, 2, 840, 113549, 1, 12, 1, 1] Pbe (Own) 40 Never Accept "RFC 7292 App. C" => Some(Pbe(pkcs12(RC4_128)));
    "PBE-SHA1-RC4-40" [1, 2, 840, 113549, 1, 12, 1, 2] Pbe (Own) 40 Never Accept "RFC 7292 App. C" => Some(Pbe(pkcs12(RC4_40)));
    "PBES1-MD2-DES" [1, 2, 840, 113549, 1, 5, 1] Pbe (Own) 56 Never Accept "RFC 8018 A.3" => None;
    "PBES1-MD5-DES" [1, 2, 840, 113549, 1, 5, 3] Pbe (Own) 56 Never Accept "RFC 8018 A.3" => Some(Pbe(PbeScheme::Pbes1 { digest: Pbkdf1Digest::Md5, cipher: DES }));
    "PBES1-MD2-RC2" [1, 2, 840, 113549, 1, 5, 4] Pbe (Own) 64 Never Accept "RFC 8018 A.3" => None;
    "PBES1-MD5-RC2" [1, 2, 840, 113549, 1, 5, 6] Pbe (Own) 64 Never Accept "RFC 8018 A.3" => Some(Pbe(PbeScheme::Pbes1 { digest: Pbkdf1Digest::Md5, cipher: RC2_64 }));
    "PBES1-SHA1-DES" [1, 2, 840, 113549, 1, 5, 10] Pbe (Own) 56 Never Accept "RFC 8018 A.3" => Some(Pbe(PbeScheme::Pbes1 { digest: Pbkdf1Digest::Sha1, cipher: DES }));
    "PBES1-SHA1-RC2" [1, 2, 840, 113549, 1, 5, 11] Pbe (Own) 64 Never Accept "RFC 8018 A.3" => Some(Pbe(PbeScheme::Pbes1 { digest: Pbkdf1Digest::Sha1, cipher: RC2_64 }));
    "PBMAC1" [1, 2, 840, 113549, 1, 5, 14] Mac (Own) 256 Never Accept "RFC 9579" => None;

    // --- Parts of other algorithms, and compression ---
    "MGF1" [1, 2, 840, 113549, 1, 1, 8] Part (Own) 256 Prefer Accept "RFC 4055 §2.2" => Some(Part);
    "pSpecified" [1, 2, 840, 113549, 1, 1, 9] Part (Own) 256 Prefer Accept "RFC 4055 §4.1" => Some(Part);
    "zlib" [1, 2, 840, 113549, 1, 9, 16, 3, 8] Compression (NullOrAbsent) 256 Allow Accept "RFC 3274 §2" => Some(Compression(&compression::Zlib));
}

// The ciphers of old files of keys.
const DES: PbeCipher = PbeCipher::Legacy(LegacyCipher::DesCbc);
const RC2_128: PbeCipher = PbeCipher::Legacy(LegacyCipher::Rc2Cbc { key_len: 16 });
const RC2_64: PbeCipher = PbeCipher::Legacy(LegacyCipher::Rc2Cbc { key_len: 8 });
const RC2_40: PbeCipher = PbeCipher::Legacy(LegacyCipher::Rc2Cbc { key_len: 5 });
const RC4_128: PbeCipher = PbeCipher::Legacy(LegacyCipher::Rc4 { key_len: 16 });
const RC4_40: PbeCipher = PbeCipher::Legacy(LegacyCipher::Rc4 { key_len: 5 });

const fn pkcs12(cipher: PbeCipher) -> PbeScheme {
    PbeScheme::Pkcs12 { digest: &digest::SHA1, cipher }
}

/// Index of a row, and which of its OIDs: 0 its own, n its n-th alias.
type Entry = (u16, u16);

const ENTRIES: usize = {
    let (mut count, mut row) = (0, 0);
    while row < TABLE.len() {
        count += 1 + TABLE[row].aliases.len();
        row += 1;
    }
    count
};

/// All OIDs in the order of their octets; the same OID twice (two roles) in the order of the rows.
static INDEX: [Entry; ENTRIES] = sorted();

const fn entry_oid(entry: Entry) -> Oid<'static> {
    let row = &TABLE[entry.0 as usize];
    if entry.1 == 0 { row.oid } else { row.aliases[entry.1 as usize - 1] }
}

const fn sorted() -> [Entry; ENTRIES] {
    let mut index = [(0, 0); ENTRIES];
    let (mut used, mut row) = (0, 0);
    while row < TABLE.len() {
        let mut alias = 0;
        while alias <= TABLE[row].aliases.len() {
            let entry = (row as u16, alias as u16);
            let mut at = used;
            while at > 0 && less(entry_oid(entry).content(), entry_oid(index[at - 1]).content()) {
                index[at] = index[at - 1];
                at -= 1;
            }
            index[at] = entry;
            used += 1;
            alias += 1;
        }
        row += 1;
    }
    index
}

const fn less(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() {
        if a[at] != b[at] {
            return a[at] < b[at];
        }
        at += 1;
    }
    a.len() < b.len()
}

/// All rows, for documentation and policies.
pub fn rows() -> &'static [Row] {
    TABLE
}

/// The rows with this OID or alias, one for each role, in the order of the table.
pub fn find_all(oid: Oid<'_>) -> impl Iterator<Item = &'static Row> {
    let first = INDEX.partition_point(|entry| entry_oid(*entry) < oid);
    INDEX[first..]
        .iter()
        .take_while(move |entry| entry_oid(**entry).content() == oid.content())
        .filter_map(|entry| TABLE.get(usize::from(entry.0)))
}

/// The first row with this OID or alias. Where the role is known, `find_role` is meant.
pub fn find(oid: Oid<'_>) -> Option<&'static Row> {
    find_all(oid).next()
}

/// The row with this OID or alias in one of these roles.
pub fn find_role(oid: Oid<'_>, roles: &[Role]) -> Option<&'static Row> {
    find_all(oid).find(|row| roles.contains(&row.role))
}

pub fn named(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

/// The row of a digest function.
pub fn of_digest(digest: &dyn digest::Digest) -> Option<&'static Row> {
    TABLE.iter().find(|row| matches!(row.implementation, Some(Digest(other)) if other.is(digest)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_so_are_oids_within_a_role() {
        let (mut names, mut oids) = (HashSet::new(), HashSet::new());
        for row in rows() {
            assert!(names.insert(row.name), "{} twice", row.name);
            assert!(!row.specification.is_empty() && row.strength > 0, "{}", row.name);
            for oid in core::iter::once(&row.oid).chain(row.aliases) {
                assert!(oids.insert((row.role, *oid)), "{oid} twice ({})", row.name);
            }
        }
    }

    #[test]
    fn every_row_is_found_by_name_and_by_each_oid() {
        for row in rows() {
            assert!(core::ptr::eq(named(row.name).unwrap(), row));
            for oid in core::iter::once(&row.oid).chain(row.aliases) {
                assert!(core::ptr::eq(find_role(*oid, &[row.role]).unwrap(), row), "{}", row.name);
                assert!(find_all(*oid).any(|found| core::ptr::eq(found, row)));
                assert!(find(*oid).is_some());
            }
        }
        assert!(INDEX.windows(2).all(|pair| entry_oid(pair[0]) <= entry_oid(pair[1])));
        assert_eq!(find(oid!(1, 2, 3)).map(|row| row.name), None);
        assert_eq!(find(oid!(2, 999)).map(|row| row.name), None);
    }

    #[test]
    fn the_implementation_fits_the_role() {
        for row in rows() {
            let fits = match (row.role, row.implementation) {
                (_, None) => true,
                // One function may have two names.
                (Role::Digest, Some(Digest(digest))) => row.name.starts_with(of_digest(digest).unwrap().name),
                (Role::Signature, Some(Signature(..))) => true,
                (Role::KeyTransport, Some(KeyTransport(_))) | (Role::KeyAgreement, Some(KeyAgreement(_))) => true,
                (Role::KeyWrap, Some(PasswordWrap)) => true,
                (Role::KeyWrap, Some(KeyWrap(wrap))) => wrap.kek_len() * 8 >= usize::from(row.strength),
                (Role::Content, Some(Rc2)) => row.parameters == Parameters::Rc2,
                (Role::Content, Some(Cast5)) => row.parameters == Parameters::Own,
                (Role::Content, Some(Content(cipher))) => !cipher.is_aead(),
                (Role::Content, Some(Cbc(cipher))) => {
                    use crate::crypto::content::ContentCipher;
                    row.parameters == Parameters::Iv(cipher.iv_len() as u8) && !cipher.is_aead()
                }
                (Role::Aead, Some(Content(cipher))) => cipher.is_aead(),
                (Role::Curve, Some(Curve(curve))) => curve.name == row.name,
                (Role::Mac, Some(Mac(_))) | (Role::PublicKey, Some(PublicKey(_))) => true,
                (Role::Compression, Some(Compression(_)))
                | (Role::Kdf, Some(Kdf(_)))
                | (Role::Pbe, Some(Pbe(_)))
                | (Role::Part, Some(Part)) => true,
                _ => false,
            };
            assert!(fits, "{}", row.name);
        }
    }

    #[test]
    fn what_cannot_be_run_or_is_weak_is_not_made() {
        for row in rows().iter().filter(|row| row.make != Make::Never) {
            assert!(row.implementation.is_some() && row.strength >= 112 && row.take == Take::Accept, "{}", row.name);
        }
    }

    #[test]
    fn oids_by_hand() {
        // Dotted forms copied from the RFCs, not from the rows.
        for (dotted, name) in [
            ("2.16.840.1.101.3.4.2.1", "SHA-256"),
            ("1.3.14.3.2.26", "SHA-1"),
            ("1.2.840.113549.1.1.11", "RSA-PKCS1-v1_5-SHA256"),
            ("1.2.840.10045.4.3.2", "ECDSA-SHA256"),
            ("1.3.132.1.11.1", "dhSinglePass-stdDH-sha256kdf"),
            ("1.2.840.113549.1.9.16.3.19", "dhSinglePass-stdDH-hkdf-sha256"),
            ("2.16.840.1.101.3.4.1.45", "AES-256-wrap"),
            ("2.16.840.1.101.3.4.1.46", "AES-256-GCM"),
            ("1.2.840.113549.3.7", "DES-EDE3-CBC"),
            ("1.2.840.10045.3.1.7", "P-256"),
            ("1.2.840.113549.1.12.1.3", "PBE-SHA1-3DES"),
        ] {
            assert_eq!(named(name).unwrap().oid.to_string(), dotted);
        }
    }
}
