//! THE table of findings: code, family, source, sentence, fix. The order of the rows is the rank: the most telling first.

use core::fmt;

use crate::error::Family;

macro_rules! findings {
    ($($variant:ident $name:literal $family:ident $source:literal $sentence:literal $fix:literal;)+) => {
        /// What was found. Stable dotted names; the order is the rank.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $sentence] $variant),+ }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),+ } }
            pub const fn family(self) -> Family { match self { $(Self::$variant => Family::$family),+ } }
            /// RFC and section, or the house's rule.
            pub const fn source(self) -> &'static str { match self { $(Self::$variant => $source),+ } }
            pub const fn sentence(self) -> &'static str { match self { $(Self::$variant => $sentence),+ } }
            /// What the reader can do about it.
            pub const fn fix(self) -> &'static str { match self { $(Self::$variant => $fix),+ } }
        }
    };
}

impl Code {
    /// Lower is more telling.
    pub const fn rank(self) -> u16 {
        self as u16
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

/// One thing found in one message, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    /// Where: an entity path (`/2`), a structure path (`SignedData.signerInfos[0].sid`), or both.
    pub path: String,
    /// Offset into the bytes that `path` names.
    pub offset: Option<usize>,
    pub detail: String,
}

impl Finding {
    pub fn new(code: Code) -> Self {
        Self { code, path: String::new(), offset: None, detail: String::new() }
    }

    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.code.sentence())?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        match (self.path.as_str(), self.offset) {
            ("", None) => {}
            ("", Some(offset)) => write!(f, " at offset {offset}")?,
            (path, None) => write!(f, " in {path}")?,
            (path, Some(offset)) => write!(f, " in {path} at offset {offset}")?,
        }
        if !self.code.fix().is_empty() {
            write!(f, "; {}", self.code.fix())?;
        }
        Ok(())
    }
}

findings! {
    // --- ours ---
    InternalPanic "internal.panic" Internal "house rule 7" "mailseal itself failed on this input" "report it with the quarantined bytes";
    MisuseArgument "misuse.argument" Misuse "house rule 7" "an argument cannot be used" "";
    MakingSignatureWrong "making.signature-wrong" Broken "RFC 5652 §5.6" "a signature of our own does not verify with the signer's certificate: it is not released" "check that key and certificate belong together; otherwise the machine or the device errs";
    MakingFailed "making.failed" Broken "RFC 4086 §1" "chance or the backend failed: nothing was made" "try again, and look after the machine if it goes on";
    MakingHeader "making.header" Misuse "RFC 5322 §2.2" "a header field cannot be sent" "";
    MakingNested "making.nested" Misuse "RFC 1847 §2.1" "a part that must not be changed cannot be sent safely as it is" "";
    MakingBcc "making.bcc" Misuse "RFC 8551 §3.3" "the list of recipients of an encrypted message shows whom Bcc hides" "";
    MakingRecipientUnfit "making.recipient-unfit" Forbidden "RFC 8551 §2.7" "a recipient cannot be encrypted to: nothing was encrypted" "get a current certificate of that recipient";
    MakingSignerUnfit "making.signer-unfit" Forbidden "RFC 8550 §4" "the identity cannot sign" "load an identity whose certificate is valid and may sign";
    MakingNoCommonCipher "making.no-common-cipher" Forbidden "RFC 8551 §2.7.1" "the recipients have no cipher in common that the policy makes" "send to them one by one, or ask for newer capabilities";
    MakingActiveContent "making.active-content" Forbidden "house policy" "HTML can show one text to the signer and another to the reader: the policy signs plain text only" "sign the text as text/plain";

    // --- shown to be false ---
    SignerDigestMismatch "signer.digest-mismatch" False "RFC 5652 §5.6" "the content is not what was signed" "compare with an untouched copy; a relay or store may have changed the bytes";
    SignerSignatureMismatch "signer.signature-mismatch" False "RFC 5652 §5.6" "the signature does not match the signed attributes or the content" "treat the message as unsigned";
    SignerNone "signer.none" False "RFC 5652 §5.1" "a signed structure carries no signer" "treat the message as unsigned";
    SignerAmbiguousContent "signer.ambiguous-content" False "draft-ietf-lamps-cms-euf-cma-signeddata" "the content is itself a set of signed attributes, so the signature may have been made for another message" "treat the message as unsigned";
    SignerEcontentInDetached "signer.econtent-in-detached" False "RFC 8551 §3.5.3.1" "a detached signature carries content of its own" "only the MIME part that is shown counts; ask the sender for a correct message";
    SignerAttributeMissing "signer.attribute-missing" False "RFC 5652 §5.3" "signedAttrs lacks contentType or messageDigest" "ask the sender for a correct message";
    SignerAttributeRepeated "signer.attribute-repeated" False "RFC 5652 §11" "an attribute that may occur once with one value occurs more often" "ask the sender for a correct message";
    SignerAttributeMalformed "signer.attribute-malformed" False "RFC 5652 §11" "an attribute has a value of the wrong type" "ask the sender for a correct message";
    SignerContentTypeMismatch "signer.content-type-mismatch" False "RFC 5652 §11.1" "the signed contentType differs from the eContentType" "treat the message as unsigned";
    SignerAlgorithmInconsistent "signer.algorithm-inconsistent" False "RFC 8933 §3" "digest and signature algorithm do not belong together" "ask the sender for a correct message";
    SignerCertificateMismatch "signer.certificate-mismatch" False "RFC 5035 §3" "the signed attributes name another certificate than the one found" "load the signer's certificate that the signature names";
    SignerKeyUsage "signer.key-usage" False "RFC 8550 §4.4.2" "the signer's certificate is not for signatures" "the signer needs a certificate with digitalSignature or nonRepudiation";
    SignerExtendedKeyUsage "signer.extended-key-usage" False "RFC 8550 §4.4.4" "the signer's certificate is not for mail" "the signer needs a certificate with emailProtection";
    AddressMismatch "address.mismatch" False "RFC 8550 §3" "no address of the signer's certificate is an address of From" "check who the signer is before trusting the sender";
    AddressSeveralFrom "address.several-from" False "RFC 5322 §3.6" "the message has several From fields" "ask the sender for a correct message";
    StructureDigestMismatch "structure.digest-mismatch" False "RFC 5652 §7" "the content is not what its digest says" "ask for the message again: it was damaged";
    ChainSignatureMismatch "chain.signature-mismatch" False "RFC 5280 §6.1.3" "a certificate of the chain was not signed by its issuer" "load the true issuer certificate";
    ChainNotACa "chain.not-a-ca" False "RFC 5280 §6.1.4" "a certificate of the chain issued another without being a CA" "";
    ChainPathLength "chain.path-length" False "RFC 5280 §6.1.4" "the chain is longer than a CA allows" "";
    ChainKeyUsage "chain.key-usage" False "RFC 5280 §6.1.4" "a CA certificate of the chain is not for signing certificates" "";
    ChainExtendedKeyUsage "chain.extended-key-usage" False "RFC 8550 §4.4.4" "a CA certificate of the chain is not for mail" "";
    ChainCriticalExtension "chain.critical-extension" False "RFC 5280 §4.2" "a certificate of the chain has a critical extension that is not known" "";
    ChainExtensionMalformed "chain.extension-malformed" False "RFC 5280 §4.2" "a certificate of the chain has an extension twice or one that cannot be read" "";
    ChainSignatureAlgorithmMismatch "chain.signature-algorithm-mismatch" False "RFC 5280 §4.1.1.2" "a certificate names two different signature algorithms" "";

    // --- locked ---
    DecryptionNoKey "decryption.no-key" Locked "RFC 5652 §6" "none of the keys belongs to a recipient of this message" "load the key that `mailseal keys which FILE` names";
    DecryptionFailed "decryption.failed" Locked "RFC 5652 §6" "the message does not open with the recipient's key" "the key may be another one than the certificate's, or the message is damaged";
    KeyPasswordWrong "key.password-wrong" Locked "RFC 7292 §4" "the key does not open with the given passwords" "check the password, or the file is damaged";

    // --- forbidden by policy ---
    SignerAlgorithmForbidden "signer.algorithm-forbidden" Forbidden "RFC 8551 §2" "the policy never takes the signer's algorithm" "choose a policy that takes it, or treat the message as unsigned";
    SignerSignedAttrsForbidden "signer.signed-attrs-required" Forbidden "RFC 8551 §2.5" "the policy demands signed attributes and there are none" "choose a policy that takes such signatures";
    ChainAlgorithmForbidden "chain.algorithm-forbidden" Forbidden "RFC 8550 §4.3" "a certificate of the chain rests on an algorithm or a key that the policy never takes" "choose a policy that takes it, or treat the message as unsigned";
    SignerMissing "signer.missing" Forbidden "house policy" "a signer that the policy demands is missing" "";
    DecryptionAlgorithmForbidden "decryption.algorithm-forbidden" Forbidden "RFC 8551 §2.7" "the policy never takes this algorithm of encryption" "choose a policy that takes it";
    DecryptionNotAead "decryption.not-aead" Forbidden "RFC 5083 §2" "AuthEnvelopedData with an algorithm that does not authenticate" "do not trust this message";
    DecryptionAeadInEnveloped "decryption.aead-in-enveloped" Forbidden "RFC 5083 §1" "EnvelopedData with an authenticated algorithm has no place for its tag" "do not trust this message";
    DecryptionUnauthenticatedForbidden "decryption.unauthenticated-forbidden" Forbidden "RFC 8551 §6" "the policy forbids content that nothing authenticates" "choose a policy that takes it, knowing that the content may have been changed";
    CmsTrailingDataForbidden "cms.trailing-data-forbidden" Forbidden "house policy" "bytes follow the CMS structure and the policy forbids it" "";
    StructureErrantEncryption "structure.errant-encryption" Forbidden "RFC 9787 §6.2.2" "an encrypted part lies beside other parts: it is not opened by itself" "open the part alone if you trust the sender";

    // --- not proven ---
    SignerUnreadable "signer.unreadable" Unproven "RFC 5652 §5.3" "a SignerInfo of an unknown version cannot be read: nothing is known of that signer" "a newer mailseal may know it";
    SignerCertificateMissing "signer.certificate-missing" Unproven "RFC 5652 §5.6" "the signer's certificate is not in the message and not known" "load the certificate that the report names";
    ChainIssuerMissing "chain.issuer-missing" Unproven "RFC 5280 §6.1" "an issuer certificate is missing, so no path leads to a trust anchor" "load the issuer certificate that the report names";
    ChainUntrusted "chain.untrusted" Unproven "RFC 5280 §6.1" "the chain ends in a root that is not trusted" "load the root as trust anchor if you trust it";
    ChainExpired "chain.expired" Unproven "RFC 5280 §4.1.2.5" "a certificate of the chain had expired at the judged time" "judge at the time of receipt if that is what you need";
    ChainNotYetValid "chain.not-yet-valid" Unproven "RFC 5280 §4.1.2.5" "a certificate of the chain was not yet valid at the judged time" "";
    ChainNameConstraintsNotJudged "chain.name-constraints-not-judged" Unproven "RFC 5280 §4.2.1.10" "the chain has name constraints, which this version does not judge" "";
    ChainPolicyNotJudged "chain.policy-not-judged" Unproven "RFC 5280 §4.2.1.11" "the chain has policy constraints, which this version does not judge" "";
    ChainAlgorithmUnsupported "chain.algorithm-unsupported" Unproven "RFC 5280 §6.1.3" "a signature of the chain is of an unknown algorithm" "";
    RevocationRequired "revocation.required" Unproven "RFC 5280 §6.3" "the policy demands revocation status and none was checked" "";

    // --- budgets ---
    LimitAsn1Depth "limit.asn1-depth" Limit "house rule 9" "ASN.1 nested too deep" "raise Limits.asn1_depth if the message is honest";
    LimitLayers "limit.layers" Limit "house rule 9" "too many cryptographic layers" "raise Limits.layers if the message is honest";
    LimitMessageBytes "limit.message-bytes" Limit "house rule 9" "the message is too big" "raise Limits.message_bytes";
    LimitRecipients "limit.recipients" Limit "house rule 9" "too many RecipientInfos" "raise Limits.recipients if the message is honest";
    LimitSigners "limit.signers" Limit "house rule 9" "too many SignerInfos" "raise Limits.signers if the message is honest";
    LimitDigestAlgorithms "limit.digest-algorithms" Limit "house rule 9" "too many digestAlgorithms" "raise Limits.digest_algorithms if the message is honest";
    LimitCertificates "limit.certificates" Limit "house rule 9" "too many certificates in a message" "raise Limits.certificates if the message is honest";
    LimitAttributes "limit.attributes" Limit "house rule 9" "too many attributes" "raise Limits.attributes if the message is honest";
    LimitMimeDepth "limit.mime-depth" Limit "house rule 9" "MIME parts nested too deep" "raise Limits.mime_depth if the message is honest";
    LimitMimeParts "limit.mime-parts" Limit "house rule 9" "too many MIME parts" "raise Limits.mime_parts if the message is honest";
    LimitHeaderBytes "limit.header-bytes" Limit "house rule 9" "the header is too long" "raise Limits.header_bytes if the message is honest";
    LimitHeaderFields "limit.header-fields" Limit "house rule 9" "too many header fields" "raise Limits.header_fields if the message is honest";
    LimitAddresses "limit.addresses" Limit "house rule 9" "too many addresses in a field" "raise Limits.addresses if the message is honest";
    LimitPathWork "limit.path-work" Limit "house rule 9" "the search for a chain takes too much work" "raise Limits.path_signatures or path_steps if the message is honest";
    LimitDecompression "limit.decompression" Limit "house rule 9" "the content is too big when decompressed" "raise Limits.decompressed_bytes or decompression_ratio if the sender is honest";
    LimitKdfWork "limit.kdf-work" Limit "house rule 9" "the key derivation takes too much work" "raise Limits.kdf_iterations if the file is honest";
    LimitKeyBits "limit.key-bits" Limit "house rule 9" "the key is too big" "";
    LimitInspectedRows "limit.inspected-rows" Limit "house rule 9" "the structure has more elements than are shown" "";

    // --- malformed ---
    Asn1Malformed "asn1.malformed" Malformed "X.690" "the bytes are not the ASN.1 that is due here" "the message is damaged; ask for another copy";
    Asn1Truncated "asn1.truncated" Malformed "X.690 §8.1.3" "the bytes end inside an element" "the message is cut off; ask for another copy";
    Asn1NotDer "asn1.not-der" Malformed "X.690 §10" "BER where DER is due" "";
    Asn1Time "asn1.time" Malformed "RFC 5280 §4.1.2.5" "a time that does not exist or is not written as prescribed" "";
    CmsMalformed "cms.malformed" Malformed "RFC 5652" "the structure breaks the rules of CMS" "the message is damaged; ask for another copy";
    CmsContentAbsent "cms.content-absent" Malformed "RFC 5652 §5.2" "the content is absent" "a detached signature needs the signed part beside it";
    StructureDecompression "structure.decompression" Malformed "RFC 3274 §1" "the compressed content is damaged" "";
    MimeMalformed "mime.malformed" Malformed "RFC 2045" "the MIME structure is broken" "the message is damaged; ask for another copy";
    MimeTransferEncoding "mime.transfer-encoding" Malformed "RFC 2045 §6" "the body is not in the encoding that it names" "the message is damaged; ask for another copy";
    DecryptionParameters "decryption.parameters" Malformed "RFC 3565, RFC 5084" "the parameters of the encryption algorithm are wrong" "the message is damaged; ask for another copy";
    DecryptionTagLength "decryption.tag-length" Malformed "RFC 5084 §3.2" "the authentication tag is too short or of another length than named" "do not trust this message";
    AddressMalformed "address.malformed" Malformed "RFC 5322 §3.4" "an address field cannot be read" "";
    PemMalformed "pem.malformed" Malformed "RFC 7468 §2" "a PEM block is broken" "the file is damaged; ask for another copy";
    KeyMalformed "key.malformed" Malformed "RFC 5958" "the key cannot be read" "";
    CertificateMalformed "certificate.malformed" Malformed "RFC 5280 §4.1" "the certificate cannot be read" "";
    KeyMismatch "key.mismatch" Malformed "RFC 5958" "private key and certificate do not belong together" "load the matching pair";

    StructurePartAbsent "structure.part-absent" Malformed "RFC 9787 §6.2" "the part that was asked for is not in the message, or lies in a layer that does not open" "`mailseal open FILE` names the parts that can be asked for";

    // --- unsupported ---
    CmsContentType "cms.content-type" Unsupported "RFC 5652 §4" "an unknown content type" "";
    SignerAlgorithmUnsupported "signer.algorithm-unsupported" Unsupported "RFC 5652 §5.3" "the signer's algorithm is not known or not implemented" "";
    DecryptionAlgorithmUnsupported "decryption.algorithm-unsupported" Unsupported "RFC 5652 §6.1" "the algorithm of encryption is not known or not implemented" "";
    StructureCompressionUnsupported "structure.compression-unsupported" Unsupported "RFC 3274 §1.1" "the way of compression is not known" "";
    KeyUnsupported "key.unsupported" Unsupported "RFC 5958" "the key is of an unknown kind" "";

    // --- weak: done, but it rests on something weak ---
    DecryptionUnauthenticated "decryption.unauthenticated" Weak "RFC 8551 §6" "nothing authenticates the content: it may have been changed on the way" "do not act on it alone";
    SignerSignedAttrsAbsent "signer.signed-attrs-absent" Weak "RFC 5652 §5.3" "the signature has no signed attributes" "";
    SignerDigestWeak "signer.digest-weak" Weak "RFC 8551 App. B" "the signer used a weak digest" "ask the sender to use SHA-256";
    SignerKeyWeak "signer.key-weak" Weak "RFC 8551 §4.3" "the signer's key is short" "ask the sender to use a longer key";
    SignerAlgorithmWeak "signer.algorithm-weak" Weak "RFC 8551 App. B" "the signer used a weak algorithm" "ask the sender for a better one";
    ChainAlgorithmWeak "chain.algorithm-weak" Weak "RFC 8550 §4.3" "a certificate of the chain rests on a weak algorithm or key" "";
    DecryptionAlgorithmWeak "decryption.algorithm-weak" Weak "RFC 8551 App. B" "the message is encrypted with a weak algorithm" "ask the sender for AES";
    DecryptionDuplicateRecipient "decryption.duplicate-recipient" Weak "house decision 5" "several RecipientInfos are for the same key: only the first was tried" "";
    CmsTrailingData "cms.trailing-data" Weak "X.690" "bytes follow the CMS structure" "";
    MimeAmbiguous "mime.ambiguous" Weak "RFC 2045" "the MIME structure can be read in two ways" "";
    StructureErrantSignature "structure.errant-signature" Weak "RFC 9787 §6.2.1" "a signed part lies beside unsigned parts: the message as a whole is not signed" "look at the signed part alone";
    StructureTnef "structure.tnef" Weak "MS-OXTNEF" "a winmail.dat (TNEF) holds the message in a form of its own: what was signed in it cannot be verified" "ask the sender for MIME; a gateway or server may have packed it";
    StructureNotFollowed "structure.not-followed" Weak "RFC 2046 §5.2" "a message/partial or message/external-body: its content lies elsewhere and is never fetched or put together" "ask the sender for the whole message";
    ChainNotJudged "chain.not-judged" Weak "house policy" "no trust anchors were given: the chain was not judged" "give trust anchors";
    SignerCountersignatureInvalid "signer.countersignature-invalid" Weak "RFC 5652 §11.4" "a countersignature is not of this signature, or is broken: it counts for nothing" "";
    AddressNoneInCertificate "address.none-in-certificate" Weak "RFC 8550 §3" "the signer's certificate names no address" "check the signer by its subject";
    AddressNoFrom "address.no-from" Weak "RFC 8550 §3" "the message has no From to compare with" "";
    AddressDisplayName "address.display-name" Weak "RFC 5322 §3.4" "the display name of From looks like another address, or holds controls" "look at the address, not at the name";
    AddressMixedScript "address.mixed-script" Weak "UTS 39 §5.1" "an address of From mixes scripts, as look-alikes do" "look at the address letter by letter";
    AddressRecipientsDiffer "address.recipients-differ" Weak "RFC 9788 §2" "the signed text is for others than the message was sent to: one of them may have passed it on" "do not take it as written to you";
    AddressReported "address.mismatch-reported" Weak "house policy" "no address of the signer's certificate is an address of From; the policy only reports it" "check who the signer is";

    // --- notes ---
    AddressCaseDiffers "address.case-differs" Note "RFC 8550 §3" "the addresses differ in upper and lower case" "";
    AddressSenderMatches "address.sender-matches" Note "RFC 8550 §3" "the signer is the Sender, not From" "";
    AddressRecipientsUnbound "address.recipients-unbound" Note "RFC 9788 §1" "the signed text does not say for whom it is: whoever received it could encrypt it for others" "";
    AddressULabel "address.u-label" Note "RFC 9598 §3" "the certificate writes a domain in Unicode, as RFC 8398 did, and not as A-labels" "";
    SignerSignedAttrsNotDer "signer.signed-attrs-not-der" Note "RFC 5652 §5.4" "the signed attributes were sent in another order or encoding than they were signed" "";
    SignerDigestNotListed "signer.digest-not-listed" Note "RFC 5652 §5.1" "the signer's digest is not among digestAlgorithms" "";
    SignerPssMask "signer.pss-mask" Note "RFC 4056 §3" "the mask of the PSS signature is made with another digest than the message's" "";
    SignerContentTypeAbsent "signer.content-type-absent" Note "RFC 5652 §5.3" "the signed attributes lack contentType, as old GnuPG wrote them" "";
    SignerCountersigned "signer.countersigned" Note "RFC 5652 §11.4" "someone signed the signer's signature; that person's certificate was not judged" "";
    SignerCountersignatureUnchecked "signer.countersignature-unchecked" Note "RFC 5652 §11.4" "a countersignature could not be checked: certificate or algorithm is missing" "load the countersigner's certificate if it matters";
    CmsContentNotOctets "cms.content-not-octets" Note "RFC 5652 §5.2.1" "the signed content is no OCTET STRING, as PKCS#7 1.5 allowed: its value octets were digested" "";
    CmsVersion "cms.version" Note "RFC 5652 §5.1" "the version differs from what RFC 5652 prescribes" "";
    MimeTypeMismatch "mime.type-mismatch" Note "RFC 8551 §3.2" "the label of the part differs from its content" "";
    MimeMicalgMismatch "mime.micalg-mismatch" Note "RFC 8551 §3.5.3.2" "micalg names another digest than the signer used; the signer's was computed" "";
    MimeNoEntity "mime.no-entity" Note "RFC 8551 §3.1" "the content of a layer is no MIME entity: it is given as it is" "";
    StructureForwardedSignature "structure.forwarded-signature" Note "RFC 9787 §6.3" "a forwarded message carries a signature of its own, which says nothing of this message" "open the part alone to have it judged";
    StructureJournal "structure.journal" Note "MS-OXJRNL" "a journal report: the message that was reported lies in it" "open the part alone";
    StructurePartOpened "structure.part-opened" Note "RFC 9787 §6.2" "only the part that was asked for was opened and judged" "";
    MimeLineEndings "mime.line-endings" Note "RFC 8551 §3.1.1" "line endings were changed on the way; the signature was checked over CRLF" "";
    MimeFromQuoted "mime.from-quoted" Note "RFC 4155 App. A" "a mailbox had put `>` before lines that begin with From; the signature was checked, and the content is given, without it" "";
    MimeTransferRepaired "mime.transfer-repaired" Note "RFC 2045 §6.8" "characters that do not belong to the encoding were skipped" "";
    MimeUnclosed "mime.unclosed" Note "RFC 2046 §5.1" "a multipart lacks its closing boundary" "";
    MimeCharset "mime.charset" Note "RFC 2047" "text in an unknown or wrong charset: shown with replacement characters" "";
    StructureCertsOnly "structure.certs-only" Note "RFC 8551 §3.8" "the message only carries certificates" "";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_complete_and_unique() {
        let mut names = std::collections::HashSet::new();
        for code in Code::ALL {
            assert!(names.insert(code.name()), "{} twice", code.name());
            assert_eq!(Code::named(code.name()), Some(*code));
            assert!(code.name().contains('.') && !code.sentence().is_empty() && !code.source().is_empty());
            assert!(!code.sentence().ends_with('.') && !code.fix().ends_with('.'), "{}", code.name());
        }
    }

    #[test]
    fn display_ends_with_the_fix() {
        let text = Finding::new(Code::DecryptionNoKey).path("/1").to_string();
        assert!(text.contains(" in /1") && text.ends_with("`mailseal keys which FILE` names"), "{text}");
    }
}
