//! OBJECT IDENTIFIER, and every OID that is not an algorithm's (those live in `alg/table.rs`).

use core::fmt;

/// Contents octets of an OBJECT IDENTIFIER. Compared as bytes: a padded or overlong arc is another OID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid<'a>(&'a [u8]);

impl<'a> Oid<'a> {
    /// None: empty, cut off inside an arc, or an arc with a leading 0x80.
    pub fn from_content(content: &'a [u8]) -> Option<Self> {
        let last = content.last()?;
        let mut start = true;
        for byte in content {
            if start && *byte == 0x80 {
                return None;
            }
            start = byte & 0x80 == 0;
        }
        (last & 0x80 == 0).then_some(Self(content))
    }

    /// For constants made by `oid!`.
    pub const fn from_static(content: &'static [u8]) -> Oid<'static> {
        Oid(content)
    }

    pub const fn content(&self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Display for Oid<'_> {
    /// Dotted decimal; arcs beyond 128 bits and text beyond 64 arcs are cut with `…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut arc = 0_u128;
        let mut first = true;
        let mut arcs = 0;
        for byte in self.0 {
            if arc >> 121 != 0 || arcs == 64 {
                return f.write_str(".…");
            }
            arc = arc << 7 | u128::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                continue;
            }
            if first {
                let root = (arc / 40).min(2);
                write!(f, "{root}.{}", arc - root * 40)?;
                first = false;
            } else {
                write!(f, ".{arc}")?;
            }
            arc = 0;
            arcs += 1;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[doc(hidden)]
pub const fn encoded_len(arcs: &[u64]) -> usize {
    let mut len = arc_len(arcs[0] * 40 + arcs[1]);
    let mut index = 2;
    while index < arcs.len() {
        len += arc_len(arcs[index]);
        index += 1;
    }
    len
}

const fn arc_len(arc: u64) -> usize {
    let mut len = 1;
    let mut rest = arc >> 7;
    while rest > 0 {
        len += 1;
        rest >>= 7;
    }
    len
}

#[doc(hidden)]
pub const fn encode<const LEN: usize>(arcs: &[u64]) -> [u8; LEN] {
    let mut out = [0; LEN];
    let mut position = 0;
    let mut index = 1;
    while index < arcs.len() {
        let arc = if index == 1 { arcs[0] * 40 + arcs[1] } else { arcs[index] };
        let mut left = arc_len(arc);
        while left > 0 {
            left -= 1;
            let more = if left > 0 { 0x80 } else { 0 };
            out[position] = ((arc >> (7 * left)) & 0x7f) as u8 | more;
            position += 1;
        }
        index += 1;
    }
    out
}

/// `oid!(1, 2, 840, 113549)`: an [`Oid`] constant.
#[macro_export]
macro_rules! oid {
    ($($arc:expr),+ $(,)?) => {{
        const ARCS: &[u64] = &[$($arc),+];
        const CONTENT: [u8; $crate::asn1::oid::encoded_len(ARCS)] = $crate::asn1::oid::encode(ARCS);
        $crate::asn1::Oid::from_static(&CONTENT)
    }};
}

macro_rules! names {
    ($($constant:ident $name:literal [$($arc:expr),+];)+) => {
        $(#[doc = $name] pub const $constant: Oid<'static> = oid!($($arc),+);)+

        /// The name of a known OID, for people.
        pub fn name(oid: Oid<'_>) -> Option<&'static str> {
            const ROWS: &[(Oid<'static>, &str)] = &[$(($constant, $name)),+];
            ROWS.iter().find(|row| row.0 == oid).map(|row| row.1)
        }
    };
}

names! {
    // Content types, RFC 5652, 5083, 3274, 2634, 3161
    DATA "data" [1, 2, 840, 113549, 1, 7, 1];
    SIGNED_DATA "signedData" [1, 2, 840, 113549, 1, 7, 2];
    ENVELOPED_DATA "envelopedData" [1, 2, 840, 113549, 1, 7, 3];
    DIGESTED_DATA "digestedData" [1, 2, 840, 113549, 1, 7, 5];
    ENCRYPTED_DATA "encryptedData" [1, 2, 840, 113549, 1, 7, 6];
    AUTHENTICATED_DATA "authenticatedData" [1, 2, 840, 113549, 1, 9, 16, 1, 2];
    TST_INFO "TSTInfo" [1, 2, 840, 113549, 1, 9, 16, 1, 4];
    COMPRESSED_DATA "compressedData" [1, 2, 840, 113549, 1, 9, 16, 1, 9];
    AUTH_ENVELOPED_DATA "authEnvelopedData" [1, 2, 840, 113549, 1, 9, 16, 1, 23];
    RECEIPT "receipt" [1, 2, 840, 113549, 1, 9, 16, 1, 1];
    // Attributes, RFC 5652 §11, 8551 §2.5, 5035, 6211
    CONTENT_TYPE "contentType" [1, 2, 840, 113549, 1, 9, 3];
    MESSAGE_DIGEST "messageDigest" [1, 2, 840, 113549, 1, 9, 4];
    SIGNING_TIME "signingTime" [1, 2, 840, 113549, 1, 9, 5];
    COUNTERSIGNATURE "countersignature" [1, 2, 840, 113549, 1, 9, 6];
    SMIME_CAPABILITIES "smimeCapabilities" [1, 2, 840, 113549, 1, 9, 15];
    CMS_ALGORITHM_PROTECTION "CMSAlgorithmProtection" [1, 2, 840, 113549, 1, 9, 52];
    SIGNING_CERTIFICATE "signingCertificate" [1, 2, 840, 113549, 1, 9, 16, 2, 12];
    SIGNING_CERTIFICATE_V2 "signingCertificateV2" [1, 2, 840, 113549, 1, 9, 16, 2, 47];
    ENCRYP_KEY_PREF "encrypKeyPref" [1, 2, 840, 113549, 1, 9, 16, 2, 11];
    TIME_STAMP_TOKEN "signatureTimeStampToken" [1, 2, 840, 113549, 1, 9, 16, 2, 14];
    // OtherRecipientInfo, RFC 9629 §3
    ORI_KEM "id-ori-kem" [1, 2, 840, 113549, 1, 9, 16, 13, 3];
    // PKCS#9 attributes of keys and names
    EMAIL_ADDRESS "emailAddress" [1, 2, 840, 113549, 1, 9, 1];
    FRIENDLY_NAME "friendlyName" [1, 2, 840, 113549, 1, 9, 20];
    LOCAL_KEY_ID "localKeyId" [1, 2, 840, 113549, 1, 9, 21];
    X509_CERTIFICATE "x509Certificate" [1, 2, 840, 113549, 1, 9, 22, 1];
    X509_CRL "x509CRL" [1, 2, 840, 113549, 1, 9, 23, 1];
    // PKCS#12 bags, RFC 7292 §4.2
    KEY_BAG "keyBag" [1, 2, 840, 113549, 1, 12, 10, 1, 1];
    PKCS8_SHROUDED_KEY_BAG "pkcs8ShroudedKeyBag" [1, 2, 840, 113549, 1, 12, 10, 1, 2];
    CERT_BAG "certBag" [1, 2, 840, 113549, 1, 12, 10, 1, 3];
    CRL_BAG "crlBag" [1, 2, 840, 113549, 1, 12, 10, 1, 4];
    SECRET_BAG "secretBag" [1, 2, 840, 113549, 1, 12, 10, 1, 5];
    SAFE_CONTENTS_BAG "safeContentsBag" [1, 2, 840, 113549, 1, 12, 10, 1, 6];
    // Names, X.520
    COMMON_NAME "CN" [2, 5, 4, 3];
    SURNAME "SN" [2, 5, 4, 4];
    SERIAL_NUMBER "serialNumber" [2, 5, 4, 5];
    COUNTRY "C" [2, 5, 4, 6];
    LOCALITY "L" [2, 5, 4, 7];
    STATE "ST" [2, 5, 4, 8];
    STREET "street" [2, 5, 4, 9];
    ORGANIZATION "O" [2, 5, 4, 10];
    ORGANIZATIONAL_UNIT "OU" [2, 5, 4, 11];
    TITLE "title" [2, 5, 4, 12];
    GIVEN_NAME "givenName" [2, 5, 4, 42];
    PSEUDONYM "pseudonym" [2, 5, 4, 65];
    ORGANIZATION_IDENTIFIER "organizationIdentifier" [2, 5, 4, 97];
    USER_ID "UID" [0, 9, 2342, 19200300, 100, 1, 1];
    DOMAIN_COMPONENT "DC" [0, 9, 2342, 19200300, 100, 1, 25];
    // Certificate extensions, RFC 5280 §4.2
    SUBJECT_KEY_IDENTIFIER "subjectKeyIdentifier" [2, 5, 29, 14];
    KEY_USAGE "keyUsage" [2, 5, 29, 15];
    SUBJECT_ALT_NAME "subjectAltName" [2, 5, 29, 17];
    ISSUER_ALT_NAME "issuerAltName" [2, 5, 29, 18];
    BASIC_CONSTRAINTS "basicConstraints" [2, 5, 29, 19];
    NAME_CONSTRAINTS "nameConstraints" [2, 5, 29, 30];
    CRL_DISTRIBUTION_POINTS "cRLDistributionPoints" [2, 5, 29, 31];
    CERTIFICATE_POLICIES "certificatePolicies" [2, 5, 29, 32];
    ANY_POLICY "anyPolicy" [2, 5, 29, 32, 0];
    POLICY_MAPPINGS "policyMappings" [2, 5, 29, 33];
    AUTHORITY_KEY_IDENTIFIER "authorityKeyIdentifier" [2, 5, 29, 35];
    POLICY_CONSTRAINTS "policyConstraints" [2, 5, 29, 36];
    EXTENDED_KEY_USAGE "extKeyUsage" [2, 5, 29, 37];
    INHIBIT_ANY_POLICY "inhibitAnyPolicy" [2, 5, 29, 54];
    AUTHORITY_INFO_ACCESS "authorityInfoAccess" [1, 3, 6, 1, 5, 5, 7, 1, 1];
    NO_REV_AVAIL "noRevAvail" [2, 5, 29, 56];
    // Extended key usages and name forms
    ANY_EXTENDED_KEY_USAGE "anyExtendedKeyUsage" [2, 5, 29, 37, 0];
    SERVER_AUTH "serverAuth" [1, 3, 6, 1, 5, 5, 7, 3, 1];
    CLIENT_AUTH "clientAuth" [1, 3, 6, 1, 5, 5, 7, 3, 2];
    CODE_SIGNING "codeSigning" [1, 3, 6, 1, 5, 5, 7, 3, 3];
    EMAIL_PROTECTION "emailProtection" [1, 3, 6, 1, 5, 5, 7, 3, 4];
    TIME_STAMPING "timeStamping" [1, 3, 6, 1, 5, 5, 7, 3, 8];
    OCSP_SIGNING "OCSPSigning" [1, 3, 6, 1, 5, 5, 7, 3, 9];
    SMTP_UTF8_MAILBOX "SmtpUTF8Mailbox" [1, 3, 6, 1, 5, 5, 7, 8, 9];
}

/// Whether it stands in an arc under which the OIDs of this world are given out: octets that are none seldom do.
pub fn is_usual(oid: Oid<'_>) -> bool {
    const ARCS: &[Oid<'static>] = &[
        oid!(1, 2, 840),
        oid!(1, 3, 6, 1),
        oid!(1, 3, 14, 3),
        oid!(1, 3, 36, 3),
        oid!(1, 3, 132),
        oid!(2, 16, 840),
        oid!(0, 4, 0, 127),
    ];
    ARCS.iter().any(|arc| oid.content().starts_with(arc.content()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_text() {
        assert_eq!(SIGNED_DATA.to_string(), "1.2.840.113549.1.7.2");
        assert_eq!(USER_ID.to_string(), "0.9.2342.19200300.100.1.1");
        assert_eq!(oid!(2, 999, 3).to_string(), "2.999.3");
        assert_eq!(EMAIL_PROTECTION.content(), [0x2b, 6, 1, 5, 5, 7, 3, 4]);
        assert_eq!(name(CERT_BAG), Some("certBag"));
    }

    #[test]
    fn refuses_what_is_no_oid() {
        for bad in [&[][..], &[0x80, 1], &[0x2a, 0x80, 0x01], &[0x2a, 0x86]] {
            assert_eq!(Oid::from_content(bad), None, "{bad:02x?}");
        }
    }

    /// An arc that equals a known one modulo 2^32 is another OID (CVE-2025-66030).
    #[test]
    fn long_arcs_are_distinct_and_linear() {
        let wrapped = [0x2a, 0x90, 0x80, 0x80, 0x80, 0x03];
        assert_ne!(Oid::from_content(&wrapped), Oid::from_content(&[0x2a, 0x03]));
        let mut huge = vec![0xff; 1 << 20];
        huge.push(1);
        assert!(Oid::from_content(&huge).unwrap().to_string().ends_with('…'));
    }
}
