//! Reading CMS structures rule by rule: RFC 5652, RFC 5083, RFC 9629.
#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

mod cms_seeds;

use std::time::{Duration, Instant};

use cms_seeds::{
    CONTENT, Node, PRIVATE, SHA256, SignedParts, algorithm, attribute, auth_enveloped, cbc, certificate, content_info,
    enveloped, gcm, integer, issuer_serial, kari, kekri, kemri, ktri, null, octets, oid_tlv, ori, originator_key, pwri,
    retag, seq, signer_info, tlv,
};
use mailseal_core::asn1::writer::der_from_ber;
use mailseal_core::asn1::{Oid, oid};
use mailseal_core::cms::recipient::{KeyAgreeRecipientIdentifier, OriginatorIdentifierOrKey};
use mailseal_core::cms::{
    Attributes, ContentInfo, EContent, Enveloped, RecipientIdentifier, RecipientInfo, SignedData, SignerIdentifier,
    check_signed_attrs,
};
use mailseal_core::{Code, Limits, Result};
use proptest::prelude::*;

fn signed(bytes: &[u8]) -> Result<SignedData<'_>> {
    signed_within(bytes, &Limits::default())
}

fn signed_within<'a>(bytes: &'a [u8], limits: &Limits) -> Result<SignedData<'a>> {
    SignedData::read(&ContentInfo::read(bytes, limits)?.content.unwrap(), limits)
}

fn opened(bytes: &[u8]) -> Result<Enveloped<'_>> {
    opened_within(bytes, &Limits::default())
}

fn opened_within<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Enveloped<'a>> {
    let info = ContentInfo::read(bytes, limits)?;
    Enveloped::read(&info.content.unwrap(), info.content_type == oid::AUTH_ENVELOPED_DATA, limits)
}

fn der(element: &[u8]) -> Vec<u8> {
    der_from_ber(element, &Limits::default()).unwrap()
}

fn identifier(identifier: &SignerIdentifier<'_>) -> String {
    match identifier {
        SignerIdentifier::IssuerAndSerialNumber { issuer, serial_number } => {
            format!("{:02x?} {:02x?}", der(issuer), serial_number.bytes())
        }
        SignerIdentifier::SubjectKeyIdentifier(octets) => format!("{octets:02x?}"),
    }
}

fn attributes(attrs: Option<&Attributes<'_>>) -> Vec<(String, Vec<u8>)> {
    let attrs = attrs.into_iter().flatten();
    attrs.map(|attribute| (attribute.attr_type.to_string(), der(attribute.attr_values.raw))).collect()
}

/// All that a reader learns, without how it was encoded.
fn signed_summary(signed: &SignedData<'_>) -> Vec<String> {
    let content = signed.encap_content_info.e_content.as_ref().map(|content| content.to_cow().into_owned());
    let mut lines = vec![
        format!("{} {:?} {content:?}", signed.version, signed.encap_content_info.e_content_type),
        format!("{:?}", signed.digest_algorithms.iter().map(|digest| digest.algorithm).collect::<Vec<_>>()),
        format!("{:?}", signed.certificates.iter().chain(&signed.crls).map(|raw| der(raw)).collect::<Vec<_>>()),
        format!("{} {}", signed.other_certificates.len(), signed.other_crls.len()),
    ];
    lines.extend(signed.signer_infos.iter().map(|signer| {
        format!(
            "{} {} {:?} {:?} {:?} {:?} {}",
            signer.version,
            identifier(&signer.sid),
            signer.digest_algorithm.algorithm,
            attributes(signer.signed_attrs.as_ref()),
            signer.signature_algorithm.algorithm,
            signer.signature.to_vec(),
            signer.unsigned_attrs.as_ref().map_or(0, Attributes::len)
        )
    }));
    lines
}

fn enveloped_summary(enveloped: &Enveloped<'_>) -> Vec<String> {
    let content = &enveloped.encrypted_content_info;
    let mut lines = vec![
        format!(
            "{} {} {:?}",
            enveloped.authenticated,
            enveloped.version,
            enveloped.originator_info.map(|tlv| der(tlv.raw))
        ),
        format!("{:?} {:?}", content.content_type, content.content_encryption_algorithm.algorithm),
        format!("{:?}", content.encrypted_content.map(|octets| octets.to_vec())),
        format!("{:?} {:?}", enveloped.aad(), enveloped.mac.map(|octets| octets.to_vec())),
        format!("{:?}", attributes(enveloped.unprotected_attrs.as_ref())),
    ];
    lines.extend(enveloped.recipient_infos.iter().map(|recipient| {
        let identifiers: Vec<_> = recipient.identifiers().iter().map(identifier).collect();
        format!(
            "{} {:?} {identifiers:?} {}",
            recipient.kind_name(),
            recipient.version(),
            recipient.version_is_prescribed()
        )
    }));
    lines
}

/// K-02, K-06: DER, and BER in indefinite lengths and segments of one octet, say the same.
#[test]
fn rfc5652_2_ber_and_der_are_one() {
    let parts = SignedParts::full().content_info();
    let signed_attrs =
        |node: &Node| node.tag == 0xa0 && node.encode()[..].windows(9).any(|w| w == oid::MESSAGE_DIGEST.content());
    let keep = |node: &Node| signed_attrs(node) && node.encode().len() < 400;
    let ber = Node::parse(&parts).encode_ber(&keep);
    assert_eq!(signed_summary(&signed(&parts).unwrap()), signed_summary(&signed(&ber).unwrap()));
    let content = signed(&ber).unwrap().encap_content_info.e_content.unwrap();
    assert_eq!((content.segments().count(), &content.to_cow()[..]), (CONTENT.len(), CONTENT));
    for seed in [enveloped(), auth_enveloped()] {
        let keep = |node: &Node| node.tag == 0xa1 && node.encode().windows(9).any(|w| w == oid::CONTENT_TYPE.content());
        let ber = Node::parse(&seed).encode_ber(&keep);
        assert_ne!(ber.len(), seed.len());
        assert_eq!(enveloped_summary(&opened(&seed).unwrap()), enveloped_summary(&opened(&ber).unwrap()));
    }
}

#[test]
fn rfc5652_5_1_signed_data() {
    let bytes = SignedParts::full().content_info();
    let signed = signed(&bytes).unwrap();
    assert_eq!(signed.version, 5);
    assert_eq!(signed.digest_algorithms.iter().map(|digest| digest.algorithm).collect::<Vec<_>>(), [SHA256, PRIVATE]);
    assert_eq!(signed.certificates, [&certificate(1)[..], &certificate(2)]);
    assert_eq!(signed.crls, [&certificate(4)[..]]);
    assert_eq!((signed.other_certificates.len(), signed.other_crls.len()), (2, 1));
    assert!(!signed.is_certs_only());
    let [first, second] = &signed.signer_infos[..] else { panic!("two signers") };
    assert!(
        identifier(&first.sid).ends_with(" [01]") && matches!(second.sid, SignerIdentifier::SubjectKeyIdentifier(_))
    );
    assert!(matches!(&second.sid, SignerIdentifier::SubjectKeyIdentifier(octets) if octets[..] == [5; 20]));
    let checked = check_signed_attrs(first.signed_attrs.as_ref().unwrap(), oid::DATA).unwrap();
    let protection = checked.algorithm_protection.unwrap();
    let limits = Limits::default();
    assert!(protection.check(&first.digest_algorithm, &first.signature_algorithm, &limits).is_ok());
    assert!(protection.check(&first.signature_algorithm, &first.signature_algorithm, &limits).is_err());
    assert_eq!((checked.message_digest, checked.ess_cert_hash.unwrap().cert_hash), (&[7; 32][..], &[8; 32][..]));
    assert!(second.signed_attrs.is_none() && second.unsigned_attrs.is_none());
    assert_eq!(second.signature.to_vec(), [9; 40]);
}

/// K-07: content of another type, as in PKCS#7 1.5: its value octets.
#[test]
fn rfc5652_5_2_1_content_of_any_type() {
    let value = seq(&[integer(1), octets(b"x")]);
    let parts = SignedParts { e_content_type: PRIVATE, e_content: Some(value.clone()), ..SignedParts::full() };
    let bytes = parts.content_info();
    let content = signed(&bytes).unwrap().encap_content_info.e_content.unwrap();
    assert!(matches!(content, EContent::Any(_)) && !content.is_octet_string());
    assert_eq!((&content.to_cow()[..], content.len()), (&value[2..], value.len() - 2));
    assert_eq!(content.segments().next(), Some(&value[2..]));
}

/// SIG-20: absent content is not empty content.
#[test]
fn rfc5652_5_2_absent_and_empty_content() {
    let absent = SignedParts { e_content: None, ..SignedParts::full() }.content_info();
    assert!(signed(&absent).unwrap().encap_content_info.e_content.is_none());
    let empty = SignedParts { e_content: Some(octets(b"")), ..SignedParts::full() }.content_info();
    assert!(signed(&empty).unwrap().encap_content_info.e_content.unwrap().is_empty());
}

/// K-08, SIG-14: digestAlgorithms empty, doubled, ten thousand, and one too many.
#[test]
fn rfc5652_5_1_digest_algorithms() {
    for (count, fits) in [(0, true), (2, true), (10_000, true), (10_001, false)] {
        let digest_algorithms = vec![algorithm(SHA256, &[null()]); count];
        let bytes = SignedParts { digest_algorithms, ..SignedParts::full() }.content_info();
        let start = Instant::now();
        match signed(&bytes) {
            Ok(signed) => assert_eq!((signed.digest_algorithms.len(), signed.signer_infos.len()), (count, 2)),
            Err(error) => assert_eq!(error.code(), Code::LimitDigestAlgorithms),
        }
        assert_eq!(signed(&bytes).is_ok(), fits);
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}

/// K-09: the version table, and that a wrong version is only said.
#[test]
fn rfc5652_5_1_version_of_signed_data() {
    let signer_v1 = || vec![signer_info(1, issuer_serial(1), &[])];
    let signer_v3 = || vec![signer_info(3, tlv(0x80, &[vec![5; 20]]), &[])];
    let other = |tag| retag(tag, seq(&[oid_tlv(PRIVATE), null()]));
    let plain = |certificates, crls, signer_infos, e_content_type| SignedParts {
        certificates,
        crls,
        signer_infos,
        e_content_type,
        ..SignedParts::full()
    };
    for (version, mut parts) in [
        (1, plain(vec![certificate(1)], vec![], signer_v1(), oid::DATA)),
        (3, plain(vec![certificate(1)], vec![], signer_v3(), oid::DATA)),
        (3, plain(vec![certificate(1)], vec![], signer_v1(), oid::TST_INFO)),
        (3, plain(vec![other(0xa1)], vec![], signer_v1(), oid::DATA)),
        (4, plain(vec![other(0xa1), other(0xa2)], vec![], signer_v1(), oid::DATA)),
        (5, plain(vec![other(0xa2), other(0xa3)], vec![], signer_v1(), oid::DATA)),
        (5, plain(vec![], vec![certificate(1), other(0xa1)], signer_v1(), oid::DATA)),
    ] {
        for written in [version, 7] {
            parts.version = written;
            let bytes = parts.content_info();
            let signed = signed(&bytes).unwrap();
            assert_eq!(
                (signed.prescribed_version(), signed.version_is_prescribed()),
                (u64::from(version), written == version)
            );
        }
    }
}

/// K-09, K-10: a signer's version that is wrong, or unknown and unreadable; a readable version binds.
#[test]
fn rfc5652_5_3_version_of_a_signer() {
    let read = |signer: Vec<u8>| {
        let bytes =
            SignedParts { signer_infos: vec![signer_info(1, issuer_serial(1), &[]), signer], ..SignedParts::full() }
                .content_info();
        signed(&bytes).map(|signed| {
            let prescribed: Vec<_> = signed.signer_infos.iter().map(|signer| signer.version_is_prescribed()).collect();
            (prescribed, signed.unknown_signer_infos.len())
        })
    };
    assert_eq!(read(signer_info(3, issuer_serial(1), &[])).unwrap(), (vec![true, false], 0));
    assert_eq!(read(signer_info(9, issuer_serial(1), &[])).unwrap(), (vec![true, false], 0));
    assert_eq!(read(seq(&[integer(9), octets(b"of the future")])).unwrap(), (vec![true], 1));
    for broken in [seq(&[integer(1), octets(b"of the past")]), seq(&[]), octets(b"")] {
        let error = read(broken).unwrap_err();
        assert_eq!(error.code(), Code::Asn1Malformed);
        assert!(error.finding().path.starts_with("SignedData.signerInfos[1]"), "{error}");
    }
}

/// K-20: certs-only, also with empty content; SIG-05: no signer with content is something else.
#[test]
fn rfc5652_5_1_certs_only() {
    let base = || SignedParts { signer_infos: vec![], e_content: None, ..SignedParts::full() };
    assert!(signed(&base().content_info()).unwrap().is_certs_only());
    assert!(signed(&SignedParts { e_content: Some(octets(b"")), ..base() }.content_info()).unwrap().is_certs_only());
    for other in [
        SignedParts { e_content: Some(octets(CONTENT)), ..base() },
        SignedParts { signer_infos: vec![seq(&[integer(9)])], ..base() },
        SignedParts { certificates: vec![], crls: vec![], ..base() },
    ] {
        assert!(!signed(&other.content_info()).unwrap().is_certs_only());
    }
}

#[test]
fn caps_of_signed_data() {
    let limits = Limits { signers: 2, certificates: 6, attributes: 6, ..Limits::default() };
    let bytes = SignedParts::full().content_info();
    assert!(signed_within(&bytes, &limits).is_ok());
    for (name, code) in [
        ("signers", Code::LimitSigners),
        ("certificates", Code::LimitCertificates),
        ("attributes", Code::LimitAttributes),
    ] {
        let mut tight = limits.clone();
        tight.set(name, limits.get(name).unwrap() - 1);
        assert_eq!(signed_within(&bytes, &tight).unwrap_err().code(), code);
    }
}

/// PAR-06: nothing may follow inside a structure.
#[test]
fn rfc5652_elements_that_are_not_due() {
    for (seed, levels) in [(SignedParts::full().content_info(), 3), (enveloped(), 3), (auth_enveloped(), 3)] {
        for level in 0..levels {
            let mut tree = Node::parse(&seed);
            let mut node = &mut tree;
            for _ in 0..level {
                let cms_seeds::Content::Constructed(children) = &mut node.content else { panic!("constructed") };
                node = children.last_mut().unwrap();
            }
            let cms_seeds::Content::Constructed(children) = &mut node.content else { panic!("constructed") };
            children.push(Node::parse(&null()));
            let bytes = tree.encode();
            assert!(signed(&bytes).is_err() && opened(&bytes).is_err(), "level {level}");
        }
    }
}

#[test]
fn rfc5652_6_2_each_kind_of_recipient() {
    let bytes = enveloped();
    let enveloped = opened(&bytes).unwrap();
    let kinds: Vec<_> = enveloped.recipient_infos.iter().map(RecipientInfo::kind_name).collect();
    assert_eq!(kinds, ["ktri", "ktri", "kari", "kari", "kari", "kekri", "pwri", "kemri", "ori", "unknown"]);
    assert!(enveloped.recipient_infos.iter().all(RecipientInfo::version_is_prescribed));
    let counts: Vec<_> = enveloped.recipient_infos.iter().map(|recipient| recipient.identifiers().len()).collect();
    assert_eq!(counts, [1, 1, 2, 1, 1, 0, 0, 1, 0, 0]);
    assert!(enveloped.originator_info.is_some() && enveloped.unprotected_attrs.is_some() && enveloped.mac.is_none());
    let RecipientInfo::Kari(kari) = &enveloped.recipient_infos[2] else { panic!("kari") };
    assert_eq!(kari.ukm.unwrap().to_vec(), [3; 16]);
    assert!(kari.key_encryption_algorithm.parameters.is_some());
    assert!(matches!(&kari.originator, OriginatorIdentifierOrKey::OriginatorKey { public_key, .. }
            if public_key.octets() == Some(&[4, 1, 2, 3, 4])));
    assert!(matches!(
        &kari.recipient_encrypted_keys[0].rid,
        KeyAgreeRecipientIdentifier::RKeyId { date: Some(_), other: Some(_), .. }
    ));
    assert!(matches!(kari.recipient_encrypted_keys[0].rid.identifier(), RecipientIdentifier::SubjectKeyIdentifier(ski)
            if ski[..] == [5; 20]));
    let RecipientInfo::Kekri(kekri) = &enveloped.recipient_infos[5] else { panic!("kekri") };
    assert_eq!((kekri.key_identifier.to_vec(), kekri.encrypted_key.len()), (vec![5; 20], 40));
    let RecipientInfo::Pwri(pwri) = &enveloped.recipient_infos[6] else { panic!("pwri") };
    assert_eq!(pwri.key_derivation_algorithm.unwrap().algorithm, PRIVATE);
    let RecipientInfo::Kemri(kemri) = &enveloped.recipient_infos[7] else { panic!("kemri") };
    assert_eq!((kemri.kek_length, kemri.kemct.len(), kemri.ukm.unwrap().to_vec()), (32, 64, b"ukm".to_vec()));
    assert!(matches!(&enveloped.recipient_infos[8], RecipientInfo::Ori { ori_type, .. } if *ori_type == PRIVATE));
}

fn with_recipients(recipients: &[Vec<u8>]) -> Vec<u8> {
    content_info(oid::ENVELOPED_DATA, seq(&[integer(0), tlv(0x31, recipients), cbc()]))
}

/// K-10: what is unknown is stepped over; what is known and broken is not.
#[test]
fn rfc5652_6_2_unknown_recipients() {
    let broken_kem = tlv(0xa4, &[oid_tlv(oid::ORI_KEM), seq(&[integer(0)])]);
    for (unknown, kind) in [
        (tlv(0xbf, &[])[..1].iter().copied().chain([0x20, 0]).collect::<Vec<_>>(), "unknown"),
        (tlv(0x85, &[vec![1]]), "unknown"),
        (tlv(0x31, &[]), "unknown"),
        (seq(&[integer(9), null()]), "unknown"),
        (retag(0xa1, seq(&[integer(9), null()])), "unknown"),
        (ori(), "ori"),
        (broken_kem, "ori"),
    ] {
        let bytes = with_recipients(&[unknown, ktri(0, issuer_serial(1))]);
        let kinds: Vec<_> = opened(&bytes).unwrap().recipient_infos.iter().map(RecipientInfo::kind_name).collect();
        assert_eq!(kinds, [kind, "ktri"]);
    }
    for broken in [seq(&[integer(2), null()]), retag(0xa1, seq(&[integer(3)])), seq(&[]), tlv(0xa4, &[null()])] {
        let bytes = with_recipients(&[ktri(0, issuer_serial(1)), broken]);
        let error = opened(&bytes).unwrap_err();
        assert!(error.finding().path.starts_with("EnvelopedData.recipientInfos[1]"), "{error}");
    }
}

/// K-09: the version table of EnvelopedData.
#[test]
fn rfc5652_6_1_version_of_enveloped_data() {
    let make = |version, originator: &[Vec<u8>], recipient: Vec<u8>, attrs: &[Vec<u8>]| {
        let originator = originator.concat();
        let data = seq(&[integer(version), originator, tlv(0x31, &[recipient]), cbc(), attrs.concat()]);
        content_info(oid::ENVELOPED_DATA, data)
    };
    let originator = |choice| vec![tlv(0xa0, &[tlv(0xa0, &[choice])])];
    let crl = |choice| vec![tlv(0xa0, &[tlv(0xa1, &[choice])])];
    let other = |tag| retag(tag, seq(&[oid_tlv(PRIVATE), null()]));
    let simple = || ktri(0, issuer_serial(1));
    let attrs = [tlv(0xa1, &[attribute(PRIVATE, &[null()])])];
    let none = Vec::new;
    for (version, originator, recipient, attrs) in [
        (0, none(), simple(), &[][..]),
        (2, none(), ktri(2, tlv(0x80, &[vec![5; 20]])), &[]),
        (2, none(), simple(), &attrs),
        (2, none(), kari(originator_key(), 1), &[]),
        (2, none(), kekri(), &[]),
        (2, originator(certificate(1)), simple(), &[]),
        (2, originator(other(0xa1)), simple(), &[]),
        (3, originator(other(0xa2)), simple(), &[]),
        (3, none(), pwri(), &[]),
        (3, none(), ori(), &[]),
        (3, none(), kemri(), &[]),
        (4, originator(other(0xa3)), pwri(), &[]),
        (4, crl(other(0xa1)), simple(), &[]),
    ] {
        for written in [version, 9] {
            let bytes = make(written, &originator, recipient.clone(), attrs);
            let found = opened(&bytes).unwrap();
            assert_eq!(
                (found.prescribed_version(), found.version_is_prescribed()),
                (u64::from(version), written == version)
            );
        }
    }
    assert!(opened(&auth_enveloped()).unwrap().version_is_prescribed());
}

/// ENC-19: a flood of recipients is a spent budget, at once; keys inside a kari spend it as well.
#[test]
fn enc_19_recipients() {
    let flood = with_recipients(&vec![ktri(0, issuer_serial(1)); 100_000]);
    let start = Instant::now();
    assert_eq!(opened(&flood).unwrap_err().code(), Code::LimitRecipients);
    assert!(start.elapsed() < Duration::from_secs(1));
    let limits = Limits { recipients: 4, ..Limits::default() };
    for (keys, fits) in [(3, true), (4, false)] {
        let bytes = with_recipients(&[ktri(0, issuer_serial(1)), kari(originator_key(), keys)]);
        assert_eq!(
            opened_within(&bytes, &limits).map_err(|error| error.code()).err(),
            (!fits).then_some(Code::LimitRecipients)
        );
    }
}

/// K-30, ENC-23: absent, empty, primitive, in segments, and the explicit form of some writers.
#[test]
fn rfc5652_6_1_encrypted_content() {
    let read = |content: &[Vec<u8>]| {
        let info = seq(&[oid_tlv(oid::DATA), algorithm(PRIVATE, &[]), content.concat()]);
        let bytes = content_info(oid::ENVELOPED_DATA, seq(&[integer(0), tlv(0x31, &[]), info]));
        opened(&bytes).map(|found| found.encrypted_content_info.encrypted_content.map(|octets| octets.to_vec()))
    };
    assert_eq!(read(&[]).unwrap(), None);
    assert_eq!(read(&[tlv(0x80, &[])]).unwrap(), Some(vec![]));
    assert_eq!(read(&[tlv(0x80, &[vec![1, 2]])]).unwrap(), Some(vec![1, 2]));
    assert_eq!(read(&[tlv(0xa0, &[octets(&[1]), octets(&[2])])]).unwrap(), Some(vec![1, 2]));
    assert!(read(&[tlv(0xa0, &[integer(1)])]).is_err());
    assert!(read(&[octets(&[1])]).is_err());
}

fn auth(content_type: Oid<'_>, auth_attrs: Option<&[Vec<u8>]>) -> Vec<u8> {
    let info = seq(&[oid_tlv(content_type), algorithm(PRIVATE, &[]), tlv(0x80, &[vec![1]])]);
    let attrs = auth_attrs.map(|attrs| tlv(0xa1, attrs)).unwrap_or_default();
    content_info(oid::AUTH_ENVELOPED_DATA, seq(&[integer(0), tlv(0x31, &[]), info, attrs, octets(&[0; 16])]))
}

/// ENC-09: authAttrs are the AAD under the tag SET; other tags are not taken for them.
#[test]
fn rfc5083_2_auth_attrs_and_aad() {
    let content_type = attribute(oid::CONTENT_TYPE, &[oid_tlv(oid::DATA)]);
    let bytes = auth(oid::DATA, Some(std::slice::from_ref(&content_type)));
    let found = opened(&bytes).unwrap();
    assert_eq!(found.aad(), tlv(0x31, std::slice::from_ref(&content_type)));
    assert_eq!(found.mac.unwrap().to_vec(), [0; 16]);
    assert!(found.check_auth_attrs().is_ok());
    assert!(opened(&auth(oid::DATA, None)).unwrap().aad().is_empty());
    for tag in [0xa0, 0xa2, 0xa3, 0x31] {
        let attrs = tlv(tag, std::slice::from_ref(&content_type));
        let data = seq(&[integer(0), tlv(0x31, &[]), gcm(), attrs, octets(&[0; 16])]);
        assert!(opened(&content_info(oid::AUTH_ENVELOPED_DATA, data)).is_err(), "{tag:02x}");
    }
    let no_mac = seq(&[integer(0), tlv(0x31, &[]), gcm()]);
    assert!(opened(&content_info(oid::AUTH_ENVELOPED_DATA, no_mac)).is_err());
}

/// authAttrs are required for other content than id-data, and must not name another content.
#[test]
fn rfc5083_2_1_auth_attrs_required() {
    let data = attribute(oid::CONTENT_TYPE, &[oid_tlv(oid::DATA)]);
    let time = attribute(oid::SIGNING_TIME, &[tlv(0x17, &[b"260704120000Z".to_vec()])]);
    for (content_type, attrs, right) in [
        (oid::DATA, None, true),
        (oid::DATA, Some(&[time.clone()][..]), true),
        (oid::DATA, Some(&[data.clone()][..]), true),
        (oid::SIGNED_DATA, None, false),
        (oid::SIGNED_DATA, Some(&[data.clone()][..]), false),
        (oid::DATA, Some(&[data.clone(), data][..]), false),
    ] {
        let bytes = auth(content_type, attrs);
        let found = opened(&bytes).unwrap().check_auth_attrs().map_err(|error| error.code());
        assert_eq!(found, if right { Ok(()) } else { Err(Code::DecryptionFailed) });
    }
}

proptest! {
    /// K-06: however the content is cut into segments, it is the same content.
    #[test]
    fn rfc5652_5_4_segments(content in prop::collection::vec(any::<u8>(), 1..200), cut in 1_usize..50) {
        let segments: Vec<_> = content.chunks(cut).map(octets).collect();
        let parts = SignedParts { e_content: Some(tlv(0x24, &segments)), ..SignedParts::full() };
        let bytes = parts.content_info();
        let found = signed(&bytes).unwrap().encap_content_info.e_content.unwrap();
        prop_assert_eq!(&found.to_cow()[..], &content[..]);
        prop_assert_eq!(found.segments().count(), segments.len());
    }
}
