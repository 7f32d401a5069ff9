//! What stands where: the structures of RFC 5652, 5280, 5958, 7292 and 8017 as far as names are wanted for their fields.

use crate::asn1::{Oid, Tag, oid};

/// How to read an element.
#[derive(Clone, Copy)]
pub(super) enum Schema {
    /// By its tags alone.
    Any,
    /// SEQUENCE, or what an IMPLICIT tag makes of one.
    Sequence(&'static [Field]),
    /// SEQUENCE OF or SET OF.
    Of(&'static str, &'static Schema),
    /// An EXPLICIT tag around one element.
    Explicit(&'static str, &'static Schema),
    /// OCTET STRING that holds DER.
    Holds(&'static str, &'static Schema),
    /// By the first OBJECT IDENTIFIER of the SEQUENCE around it.
    ByOid(fn(Oid<'_>) -> &'static Schema),
    /// Text under an IMPLICIT tag.
    Text,
    /// Named bits.
    Bits(&'static [&'static str]),
    /// Never shown.
    Secret,
    /// Something that may hold a secret, and may be damaged: what is below is guarded.
    Guarded(&'static Schema),
    /// Shown in full among what is guarded.
    Public,
}

impl Schema {
    /// The tag of a component without an IMPLICIT one; None: several are possible.
    pub(super) const fn due(&self) -> Option<Tag> {
        match self {
            Self::Sequence(_) => Some(Tag::SEQUENCE),
            Self::Holds(..) => Some(Tag::OCTET_STRING),
            _ => None,
        }
    }
}

/// A component of a SEQUENCE; all may be absent.
pub(super) struct Field {
    pub(super) name: &'static str,
    /// None: any tag.
    pub(super) tag: Option<Tag>,
    pub(super) schema: &'static Schema,
}

const fn field(name: &'static str, tag: Tag, schema: &'static Schema) -> Field {
    Field { name, tag: Some(tag), schema }
}

const fn any(name: &'static str, schema: &'static Schema) -> Field {
    Field { name, tag: None, schema }
}

const fn plain(name: &'static str, tag: Tag) -> Field {
    Field { name, tag: Some(tag), schema: &ANY }
}

const SEQUENCE: Tag = Tag::SEQUENCE;
const INTEGER: Tag = Tag::INTEGER;
const OCTETS: Tag = Tag::OCTET_STRING;
const BITS: Tag = Tag::BIT_STRING;
const OBJECT: Tag = Tag::OBJECT_IDENTIFIER;

const fn context(number: u32) -> Tag {
    Tag::context(number)
}

pub(super) static ANY: Schema = Schema::Any;
pub(super) static SECRET: Schema = Schema::Secret;
/// What nothing is known of: it may be a key.
pub(super) static UNKNOWN: Schema = Schema::Guarded(&ANY);
static PUBLIC: Schema = Schema::Public;
static TEXT: Schema = Schema::Text;

static ALGORITHM: Schema = Schema::Sequence(&[plain("algorithm", OBJECT), any("parameters", &ANY)]);
static ALGORITHMS: Schema = Schema::Of("digestAlgorithm", &ALGORITHM);

// --- names and certificates (RFC 5280 §4.1, §5.1) ---

static NAME: Schema = Schema::Of("RDN", &RDN);
static RDN: Schema = Schema::Of("AttributeTypeAndValue", &TYPE_AND_VALUE);
static TYPE_AND_VALUE: Schema = Schema::Sequence(&[plain("type", OBJECT), any("value", &ANY)]);
static SPKI: Schema = Schema::Sequence(&[field("algorithm", SEQUENCE, &ALGORITHM), plain("subjectPublicKey", BITS)]);
static VALIDITY: Schema = Schema::Sequence(&[any("notBefore", &ANY), any("notAfter", &ANY)]);
static EXTENSIONS_IN: Schema = Schema::Explicit("extensions", &EXTENSIONS);
static EXTENSIONS: Schema = Schema::Of("Extension", &EXTENSION);
static EXTENSION: Schema = Schema::Sequence(&[
    plain("extnID", OBJECT),
    plain("critical", Tag::BOOLEAN),
    field("extnValue", OCTETS, &EXTENSION_VALUE),
]);
static EXTENSION_VALUE: Schema = Schema::ByOid(extension_value);
static VERSION_IN: Schema = Schema::Explicit("version", &ANY);

static TBS_CERTIFICATE: Schema = Schema::Sequence(&[
    field("version", context(0), &VERSION_IN),
    plain("serialNumber", INTEGER),
    field("signature", SEQUENCE, &ALGORITHM),
    field("issuer", SEQUENCE, &NAME),
    field("validity", SEQUENCE, &VALIDITY),
    field("subject", SEQUENCE, &NAME),
    field("subjectPublicKeyInfo", SEQUENCE, &SPKI),
    plain("issuerUniqueID", context(1)),
    plain("subjectUniqueID", context(2)),
    field("extensions", context(3), &EXTENSIONS_IN),
]);
pub(super) static CERTIFICATE: Schema = Schema::Sequence(&[
    field("tbsCertificate", SEQUENCE, &TBS_CERTIFICATE),
    field("signatureAlgorithm", SEQUENCE, &ALGORITHM),
    plain("signatureValue", BITS),
]);

static REVOKED: Schema = Schema::Of("revokedCertificate", &REVOKED_ONE);
static REVOKED_ONE: Schema = Schema::Sequence(&[
    plain("userCertificate", INTEGER),
    plain("revocationDate", Tag::UTC_TIME),
    plain("revocationDate", Tag::GENERALIZED_TIME),
    field("crlEntryExtensions", SEQUENCE, &EXTENSIONS),
]);
static TBS_CERT_LIST: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("signature", SEQUENCE, &ALGORITHM),
    field("issuer", SEQUENCE, &NAME),
    any("thisUpdate", &ANY),
    plain("nextUpdate", Tag::UTC_TIME),
    plain("nextUpdate", Tag::GENERALIZED_TIME),
    field("revokedCertificates", SEQUENCE, &REVOKED),
    field("crlExtensions", context(0), &EXTENSIONS_IN),
]);
pub(super) static CERTIFICATE_LIST: Schema = Schema::Sequence(&[
    field("tbsCertList", SEQUENCE, &TBS_CERT_LIST),
    field("signatureAlgorithm", SEQUENCE, &ALGORITHM),
    plain("signatureValue", BITS),
]);

static REQUEST_INFO: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("subject", SEQUENCE, &NAME),
    field("subjectPKInfo", SEQUENCE, &SPKI),
    field("attributes", context(0), &ATTRIBUTES),
]);
pub(super) static CERTIFICATION_REQUEST: Schema = Schema::Sequence(&[
    field("certificationRequestInfo", SEQUENCE, &REQUEST_INFO),
    field("signatureAlgorithm", SEQUENCE, &ALGORITHM),
    plain("signature", BITS),
]);

static GENERAL_NAMES: Schema = Schema::Of("GeneralName", &GENERAL_NAME);
/// By its tag: text for [1], [2] and [6], a Name in [4].
pub(super) static GENERAL_NAME: Schema = Schema::Text;
static AUTHORITY_KEY_IDENTIFIER: Schema = Schema::Sequence(&[
    plain("keyIdentifier", context(0)),
    field("authorityCertIssuer", context(1), &GENERAL_NAMES),
    plain("authorityCertSerialNumber", context(2)),
]);
static BASIC_CONSTRAINTS: Schema = Schema::Sequence(&[plain("cA", Tag::BOOLEAN), plain("pathLenConstraint", INTEGER)]);
static KEY_USAGE: Schema = Schema::Bits(&[
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
]);
static EXT_KEY_USAGE: Schema = Schema::Of("KeyPurposeId", &ANY);
static POLICIES: Schema = Schema::Of("PolicyInformation", &POLICY);
static POLICY: Schema = Schema::Sequence(&[plain("policyIdentifier", OBJECT), any("policyQualifiers", &ANY)]);

macro_rules! held {
    ($($name:ident $inside:expr;)+) => { $(static $name: Schema = Schema::Holds("", &$inside);)+ };
}
held! {
    HELD_NAMES GENERAL_NAMES;
    HELD_AKI AUTHORITY_KEY_IDENTIFIER;
    HELD_BASIC BASIC_CONSTRAINTS;
    HELD_USAGE KEY_USAGE;
    HELD_PURPOSES EXT_KEY_USAGE;
    HELD_POLICIES POLICIES;
    HELD_ANY ANY;
}

fn extension_value(extn_id: Oid<'_>) -> &'static Schema {
    match extn_id {
        oid::SUBJECT_ALT_NAME | oid::ISSUER_ALT_NAME => &HELD_NAMES,
        oid::AUTHORITY_KEY_IDENTIFIER => &HELD_AKI,
        oid::BASIC_CONSTRAINTS => &HELD_BASIC,
        oid::KEY_USAGE => &HELD_USAGE,
        oid::EXTENDED_KEY_USAGE => &HELD_PURPOSES,
        oid::CERTIFICATE_POLICIES => &HELD_POLICIES,
        _ => &HELD_ANY,
    }
}

// --- keys (RFC 5958, 8017 A.1.2, 5915) ---

pub(super) static PUBLIC_KEY: Schema =
    Schema::Sequence(&[field("algorithm", SEQUENCE, &ALGORITHM), plain("subjectPublicKey", BITS)]);
pub(super) static PRIVATE_KEY: Schema = Schema::Guarded(&PRIVATE_KEY_INFO);
static PRIVATE_KEY_INFO: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("privateKeyAlgorithm", SEQUENCE, &ALGORITHM),
    field("privateKey", OCTETS, &SECRET),
    field("attributes", context(0), &ATTRIBUTES),
    plain("publicKey", context(1)),
]);
pub(super) static ENCRYPTED_PRIVATE_KEY: Schema = Schema::Guarded(&ENCRYPTED_PRIVATE_KEY_INFO);
static ENCRYPTED_PRIVATE_KEY_INFO: Schema =
    Schema::Sequence(&[field("encryptionAlgorithm", SEQUENCE, &ALGORITHM), plain("encryptedData", OCTETS)]);
pub(super) static RSA_PRIVATE_KEY: Schema = Schema::Guarded(&RSA_PRIVATE_KEY_NUMBERS);
static RSA_PRIVATE_KEY_NUMBERS: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("modulus", INTEGER, &PUBLIC),
    plain("publicExponent", INTEGER),
    field("privateExponent", INTEGER, &SECRET),
    field("prime1", INTEGER, &SECRET),
    field("prime2", INTEGER, &SECRET),
    field("exponent1", INTEGER, &SECRET),
    field("exponent2", INTEGER, &SECRET),
    field("coefficient", INTEGER, &SECRET),
    field("otherPrimeInfos", SEQUENCE, &SECRET),
]);
pub(super) static EC_PRIVATE_KEY: Schema = Schema::Guarded(&EC_PRIVATE_KEY_FIELDS);
static EC_PRIVATE_KEY_FIELDS: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("privateKey", OCTETS, &SECRET),
    plain("parameters", context(0)),
    plain("publicKey", context(1)),
]);

// --- CMS (RFC 5652, 5083, 3274) ---

pub(super) static CONTENT_INFO: Schema =
    Schema::Sequence(&[plain("contentType", OBJECT), field("content", context(0), &CONTENT)]);
static CONTENT: Schema = Schema::ByOid(content);
static ENCAPSULATED: Schema =
    Schema::Sequence(&[plain("eContentType", OBJECT), field("eContent", context(0), &E_CONTENT)]);
static E_CONTENT: Schema = Schema::ByOid(e_content);
static ATTRIBUTES: Schema = Schema::Of("Attribute", &ATTRIBUTE);
static ATTRIBUTE: Schema =
    Schema::Sequence(&[plain("attrType", OBJECT), field("attrValues", Tag::SET, &ATTRIBUTE_VALUES)]);
static ATTRIBUTE_VALUES: Schema = Schema::ByOid(attribute_values);
static CERTIFICATES: Schema = Schema::Of("certificate", &CERTIFICATE);
static CRLS: Schema = Schema::Of("crl", &CERTIFICATE_LIST);
static ISSUER_AND_SERIAL: Schema =
    Schema::Sequence(&[field("issuer", SEQUENCE, &NAME), plain("serialNumber", INTEGER)]);

static SIGNED_DATA: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("digestAlgorithms", Tag::SET, &ALGORITHMS),
    field("encapContentInfo", SEQUENCE, &ENCAPSULATED),
    field("certificates", context(0), &CERTIFICATES),
    field("crls", context(1), &CRLS),
    field("signerInfos", Tag::SET, &SIGNER_INFOS),
]);
static SIGNER_INFOS: Schema = Schema::Of("SignerInfo", &SIGNER_INFO);
static SIGNER_INFO: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("sid", SEQUENCE, &ISSUER_AND_SERIAL),
    plain("sid", context(0)),
    field("digestAlgorithm", SEQUENCE, &ALGORITHM),
    field("signedAttrs", context(0), &ATTRIBUTES),
    field("signatureAlgorithm", SEQUENCE, &ALGORITHM),
    plain("signature", OCTETS),
    field("unsignedAttrs", context(1), &ATTRIBUTES),
]);
static RECIPIENTS: Schema = Schema::Of("RecipientInfo", &RECIPIENT);
/// By its tag: ktri is a SEQUENCE, the others are [1] to [4].
pub(super) static RECIPIENT: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("rid", SEQUENCE, &ISSUER_AND_SERIAL),
    plain("rid", context(0)),
    field("keyEncryptionAlgorithm", SEQUENCE, &ALGORITHM),
    plain("encryptedKey", OCTETS),
]);
pub(super) static KARI: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    plain("originator", context(0)),
    plain("ukm", context(1)),
    field("keyEncryptionAlgorithm", SEQUENCE, &ALGORITHM),
    field("recipientEncryptedKeys", SEQUENCE, &ENCRYPTED_KEYS),
]);
static ENCRYPTED_KEYS: Schema = Schema::Of("RecipientEncryptedKey", &ENCRYPTED_KEY);
static ENCRYPTED_KEY: Schema = Schema::Sequence(&[
    field("rid", SEQUENCE, &ISSUER_AND_SERIAL),
    plain("rid", context(0)),
    plain("encryptedKey", OCTETS),
]);
pub(super) static KEKRI: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    plain("kekid", SEQUENCE),
    field("keyEncryptionAlgorithm", SEQUENCE, &ALGORITHM),
    plain("encryptedKey", OCTETS),
]);
pub(super) static PWRI: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("keyDerivationAlgorithm", context(0), &ALGORITHM),
    field("keyEncryptionAlgorithm", SEQUENCE, &ALGORITHM),
    plain("encryptedKey", OCTETS),
]);
static ENCRYPTED_CONTENT_INFO: Schema = Schema::Sequence(&[
    plain("contentType", OBJECT),
    field("contentEncryptionAlgorithm", SEQUENCE, &ALGORITHM),
    plain("encryptedContent", context(0)),
]);
static ENVELOPED_DATA: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    plain("originatorInfo", context(0)),
    field("recipientInfos", Tag::SET, &RECIPIENTS),
    field("encryptedContentInfo", SEQUENCE, &ENCRYPTED_CONTENT_INFO),
    field("unprotectedAttrs", context(1), &ATTRIBUTES),
]);
static AUTH_ENVELOPED_DATA: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    plain("originatorInfo", context(0)),
    field("recipientInfos", Tag::SET, &RECIPIENTS),
    field("authEncryptedContentInfo", SEQUENCE, &ENCRYPTED_CONTENT_INFO),
    field("authAttrs", context(1), &ATTRIBUTES),
    plain("mac", OCTETS),
    field("unauthAttrs", context(2), &ATTRIBUTES),
]);
static AUTHENTICATED_DATA: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    plain("originatorInfo", context(0)),
    field("recipientInfos", Tag::SET, &RECIPIENTS),
    field("macAlgorithm", SEQUENCE, &ALGORITHM),
    field("digestAlgorithm", context(1), &ALGORITHM),
    field("encapContentInfo", SEQUENCE, &ENCAPSULATED),
    field("authAttrs", context(2), &ATTRIBUTES),
    plain("mac", OCTETS),
    field("unauthAttrs", context(3), &ATTRIBUTES),
]);
static ENCRYPTED_DATA: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("encryptedContentInfo", SEQUENCE, &ENCRYPTED_CONTENT_INFO),
    field("unprotectedAttrs", context(1), &ATTRIBUTES),
]);
static DIGESTED_DATA: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("digestAlgorithm", SEQUENCE, &ALGORITHM),
    field("encapContentInfo", SEQUENCE, &ENCAPSULATED),
    plain("digest", OCTETS),
]);
static COMPRESSED_DATA: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("compressionAlgorithm", SEQUENCE, &ALGORITHM),
    field("encapContentInfo", SEQUENCE, &ENCAPSULATED),
]);

macro_rules! explicit {
    ($($name:ident $label:literal $inside:expr;)+) => { $(static $name: Schema = Schema::Explicit($label, &$inside);)+ };
}
explicit! {
    IN_SIGNED "SignedData" SIGNED_DATA;
    IN_ENVELOPED "EnvelopedData" ENVELOPED_DATA;
    IN_AUTH_ENVELOPED "AuthEnvelopedData" AUTH_ENVELOPED_DATA;
    IN_AUTHENTICATED "AuthenticatedData" AUTHENTICATED_DATA;
    IN_ENCRYPTED "EncryptedData" ENCRYPTED_DATA;
    IN_DIGESTED "DigestedData" DIGESTED_DATA;
    IN_COMPRESSED "CompressedData" COMPRESSED_DATA;
    IN_ANY "" ANY;
    IN_UNKNOWN "" UNKNOWN;
}

/// Whether it is a content type that is known as one (RFC 5652 §4, 5083, 3274, 2634, 3161).
pub(super) fn is_content_type(oid: Oid<'_>) -> bool {
    matches!(oid, oid::DATA | oid::TST_INFO | oid::RECEIPT) || !core::ptr::eq(content(oid), &IN_UNKNOWN)
}

/// Content of a type that is not known may be a key (RFC 5958 §2).
fn e_content(content_type: Oid<'_>) -> &'static Schema {
    if is_content_type(content_type) { &IN_ANY } else { &IN_UNKNOWN }
}

fn content(content_type: Oid<'_>) -> &'static Schema {
    match content_type {
        oid::SIGNED_DATA => &IN_SIGNED,
        oid::ENVELOPED_DATA => &IN_ENVELOPED,
        oid::AUTH_ENVELOPED_DATA => &IN_AUTH_ENVELOPED,
        oid::AUTHENTICATED_DATA => &IN_AUTHENTICATED,
        oid::ENCRYPTED_DATA => &IN_ENCRYPTED,
        oid::DIGESTED_DATA => &IN_DIGESTED,
        oid::COMPRESSED_DATA => &IN_COMPRESSED,
        oid::DATA => &IN_ANY,
        _ => &IN_UNKNOWN,
    }
}

static COUNTERSIGNATURES: Schema = Schema::Of("Countersignature", &SIGNER_INFO);
static TOKENS: Schema = Schema::Of("TimeStampToken", &CONTENT_INFO);
static VALUES: Schema = Schema::Of("AttributeValue", &ANY);

fn attribute_values(attr_type: Oid<'_>) -> &'static Schema {
    match attr_type {
        oid::COUNTERSIGNATURE => &COUNTERSIGNATURES,
        oid::TIME_STAMP_TOKEN => &TOKENS,
        _ => &VALUES,
    }
}

// --- PKCS#12 (RFC 7292 §4) ---

pub(super) static PKCS12: Schema = Schema::Guarded(&PFX);
static PFX: Schema = Schema::Sequence(&[
    plain("version", INTEGER),
    field("authSafe", SEQUENCE, &SAFE_INFO),
    field("macData", SEQUENCE, &MAC_DATA),
]);
static MAC_DATA: Schema =
    Schema::Sequence(&[field("mac", SEQUENCE, &DIGEST_INFO), plain("macSalt", OCTETS), plain("iterations", INTEGER)]);
static DIGEST_INFO: Schema =
    Schema::Sequence(&[field("digestAlgorithm", SEQUENCE, &ALGORITHM), plain("digest", OCTETS)]);
static SAFE_INFO: Schema = Schema::Sequence(&[plain("contentType", OBJECT), field("content", context(0), &SAFE)]);
static SAFE: Schema = Schema::ByOid(safe);
static IN_SAFE: Schema = Schema::Explicit("AuthenticatedSafe", &HELD_SAFE);
static HELD_SAFE: Schema = Schema::Holds("", &AUTHENTICATED_SAFE);
static AUTHENTICATED_SAFE: Schema = Schema::Of("ContentInfo", &BAGS_INFO);
static BAGS_INFO: Schema = Schema::Sequence(&[plain("contentType", OBJECT), field("content", context(0), &BAGS)]);
static BAGS: Schema = Schema::ByOid(bags);
static IN_BAGS: Schema = Schema::Explicit("SafeContents", &HELD_BAGS);
static HELD_BAGS: Schema = Schema::Holds("", &SAFE_CONTENTS);
static SAFE_CONTENTS: Schema = Schema::Of("SafeBag", &SAFE_BAG);
static SAFE_BAG: Schema = Schema::Sequence(&[
    plain("bagId", OBJECT),
    field("bagValue", context(0), &BAG_VALUE),
    field("bagAttributes", Tag::SET, &ATTRIBUTES),
]);
static BAG_VALUE: Schema = Schema::ByOid(bag_value);
static IN_KEY: Schema = Schema::Explicit("PrivateKeyInfo", &PRIVATE_KEY_INFO);
static IN_SHROUDED: Schema = Schema::Explicit("EncryptedPrivateKeyInfo", &ENCRYPTED_PRIVATE_KEY_INFO);
static IN_CERT: Schema = Schema::Explicit("CertBag", &CERT_BAG);
static CERT_BAG: Schema = Schema::Sequence(&[plain("certId", OBJECT), field("certValue", context(0), &CERT_VALUE)]);
static CERT_VALUE: Schema = Schema::Explicit("", &HELD_CERT);
static HELD_CERT: Schema = Schema::Holds("x509Certificate", &CERTIFICATE);
static IN_CRL: Schema = Schema::Explicit("CRLBag", &CRL_BAG);
static CRL_BAG: Schema = Schema::Sequence(&[plain("crlId", OBJECT), field("crlValue", context(0), &CRL_VALUE)]);
static CRL_VALUE: Schema = Schema::Explicit("", &HELD_CRL);
static HELD_CRL: Schema = Schema::Holds("x509CRL", &CERTIFICATE_LIST);
static IN_CONTENTS: Schema = Schema::Explicit("SafeContents", &SAFE_CONTENTS);

fn safe(content_type: Oid<'_>) -> &'static Schema {
    if content_type == oid::DATA { &IN_SAFE } else { content(content_type) }
}

fn bags(content_type: Oid<'_>) -> &'static Schema {
    if content_type == oid::DATA { &IN_BAGS } else { content(content_type) }
}

fn bag_value(bag_id: Oid<'_>) -> &'static Schema {
    match bag_id {
        oid::KEY_BAG => &IN_KEY,
        oid::PKCS8_SHROUDED_KEY_BAG => &IN_SHROUDED,
        oid::CERT_BAG => &IN_CERT,
        oid::CRL_BAG => &IN_CRL,
        oid::SAFE_CONTENTS_BAG => &IN_CONTENTS,
        // secretBag, and what is no bag.
        _ => &SECRET,
    }
}

/// What a GeneralName is called by its tag (RFC 5280 §4.2.1.6), and how it is read.
pub(super) fn general_name(number: u32) -> (&'static str, &'static Schema) {
    match number {
        0 => ("otherName", &ANY),
        1 => ("rfc822Name", &TEXT),
        2 => ("dNSName", &TEXT),
        4 => ("directoryName", &DIRECTORY_NAME),
        6 => ("uniformResourceIdentifier", &TEXT),
        7 => ("iPAddress", &ANY),
        8 => ("registeredID", &ANY),
        _ => ("GeneralName", &ANY),
    }
}
static DIRECTORY_NAME: Schema = Schema::Explicit("Name", &NAME);
