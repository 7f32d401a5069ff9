//! PAR-07: optional fields left out, types changed, elements doubled, emptied and moved, at every element of
//! SignedData, EnvelopedData and AuthEnvelopedData: the readers may refuse, they may not panic.
#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

mod cms_seeds;

use cms_seeds::{Content, Node, SignedParts};
use mailseal_core::Limits;
use mailseal_core::asn1::oid;
use mailseal_core::cms::{
    ContentInfo, ContentKind, EContent, Enveloped, SignedData, SignerInfo, check_signed_attrs, check_unsigned_attrs,
    looks_like_signed_attrs, sniff,
};

/// Reads as much as can be read. True: the whole structure was.
fn read_all(bytes: &[u8]) -> bool {
    let limits = Limits::default();
    let _ = sniff(bytes);
    let Ok(info) = ContentInfo::read(bytes, &limits) else { return false };
    let Some(content) = info.content else { return false };
    match info.kind() {
        ContentKind::SignedData => SignedData::read(&content, &limits).is_ok_and(|signed| read_signed(&signed)),
        ContentKind::EnvelopedData => {
            Enveloped::read(&content, false, &limits).is_ok_and(|found| read_enveloped(&found))
        }
        ContentKind::AuthEnvelopedData => {
            Enveloped::read(&content, true, &limits).is_ok_and(|found| read_enveloped(&found))
        }
        _ => false,
    }
}

fn read_signed(signed: &SignedData<'_>) -> bool {
    let limits = Limits::default();
    let _ = (signed.is_certs_only(), signed.version_is_prescribed());
    if let Some(content) = &signed.encap_content_info.e_content {
        let joined: usize = content.segments().map(<[u8]>::len).sum();
        assert_eq!((joined, content.to_cow().len()), (content.len(), content.len()));
        let _ = looks_like_signed_attrs(&content.to_cow(), &limits);
        assert!(content.is_octet_string() || matches!(content, EContent::Any(_)));
    }
    signed.signer_infos.iter().for_each(|signer| read_signer(signer, &limits));
    true
}

fn read_signer(signer: &SignerInfo<'_>, limits: &Limits) {
    let _ = (signer.version_is_prescribed(), signer.signature.to_cow(), signer.digest_algorithm.name());
    if let Some(attrs) = &signer.signed_attrs {
        assert_eq!(attrs.signing_input().to_vec().len(), attrs.raw().len());
        let _ = attrs.der_form(limits);
        let _ = attrs.algorithm_protection();
        let _ = attrs.ess_cert_hash();
        if let Ok(checked) = check_signed_attrs(attrs, oid::DATA)
            && let Some(protection) = checked.algorithm_protection
        {
            let _ = protection.check(&signer.digest_algorithm, &signer.signature_algorithm, limits);
        }
    }
    if let Some(attrs) = &signer.unsigned_attrs {
        let _ = check_unsigned_attrs(attrs);
        for attribute in attrs.all(oid::COUNTERSIGNATURE) {
            let countersigner = attribute.single_value().and_then(|value| SignerInfo::read(&value, limits));
            let _ = countersigner.map(|signer| read_signer(&signer, limits));
        }
    }
}

fn read_enveloped(enveloped: &Enveloped<'_>) -> bool {
    let _ = (enveloped.aad(), enveloped.check_auth_attrs(), enveloped.version_is_prescribed());
    let _ = enveloped.encrypted_content_info.encrypted_content.map(|octets| octets.to_vec());
    assert_eq!(enveloped.mac.is_some(), enveloped.authenticated);
    for recipient in &enveloped.recipient_infos {
        let _ = (recipient.kind_name(), recipient.identifiers(), recipient.version_is_prescribed());
    }
    true
}

/// An element of each universal type, tagged forms, and broken ones.
fn replacements() -> Vec<Node> {
    let primitive = |tag, content: &[u8]| Node { tag, content: Content::Primitive(content.to_vec()) };
    let constructed = |tag, children| Node { tag, content: Content::Constructed(children) };
    let mut nodes: Vec<_> = (1..=30).map(|tag| primitive(tag, &[])).collect();
    nodes.extend((1..=30).map(|tag| primitive(tag, &[1])));
    nodes.extend((0..=4).flat_map(|number| [primitive(0x80 | number, &[1, 2]), constructed(0xa0 | number, vec![])]));
    nodes.push(primitive(2, &[0xff; 9]));
    nodes.push(primitive(2, &[0x7f; 40]));
    nodes.push(primitive(4, &[0; 300]));
    nodes.push(primitive(0, &[]));
    nodes.push(constructed(0x30, vec![constructed(0x30, vec![primitive(5, &[])])]));
    nodes.push(constructed(0x24, vec![primitive(4, &[1]), primitive(4, &[])]));
    nodes.push(constructed(0x24, vec![primitive(2, &[1])]));
    nodes.push(constructed(0x31, vec![primitive(6, &[0x2a])]));
    nodes
}

type Change<'c> = Box<dyn FnMut(&mut Vec<Node>, usize) + 'c>;

fn changes(replacements: &[Node]) -> Vec<Change<'_>> {
    let mut changes: Vec<Change<'_>> = vec![
        Box::new(|siblings, at| drop(siblings.remove(at))),
        Box::new(|siblings, at| siblings.insert(at, siblings[at].clone())),
        Box::new(|siblings, at| siblings.truncate(at)),
        Box::new(|siblings, at| {
            let next = (at + 1) % siblings.len();
            siblings.swap(at, next);
        }),
        Box::new(|siblings, at| {
            siblings[at].content = match siblings[at].content {
                Content::Primitive(_) => Content::Primitive(Vec::new()),
                Content::Constructed(_) => Content::Constructed(Vec::new()),
            }
        }),
        Box::new(|siblings, at| siblings[at].tag ^= 0x20),
        Box::new(|siblings, at| {
            let inner = siblings[at].clone();
            siblings[at] = Node { tag: 0xa0, content: Content::Constructed(vec![inner]) };
        }),
    ];
    for tag in [0x02, 0x04, 0x05, 0x06, 0x30, 0x31, 0x80, 0x81, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa9] {
        changes.push(Box::new(move |siblings, at| siblings[at].tag = tag));
    }
    for replacement in replacements {
        changes.push(Box::new(|siblings, at| siblings[at] = replacement.clone()));
    }
    changes
}

/// Every change at every element, then pairs of changes until there are enough. (mutants, those still read)
fn mutate(seed: &[u8], least: usize) -> (usize, usize) {
    assert!(read_all(seed));
    let tree = Node::parse(seed);
    let replacements = replacements();
    let mut changes = changes(&replacements);
    let (mut mutants, mut read) = (0, 0);
    let mut run = |bytes: &[u8]| {
        mutants += 1;
        read += usize::from(read_all(bytes));
        mutants
    };
    for end in 0..seed.len() {
        run(&seed[..end]);
    }
    for index in 1..tree.count() {
        for change in &mut changes {
            let mut mutant = tree.clone();
            mutant.change(index, change);
            run(&mutant.encode());
        }
    }
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % bound as u64) as usize
    };
    loop {
        let mut mutant = tree.clone();
        for _ in 0..2 {
            let (index, change) = (1 + below(tree.count()), below(changes.len()));
            mutant.change(index, &mut changes[change]);
        }
        let bytes = if below(4) == 0 { mutant.encode_ber(&|_| false) } else { mutant.encode() };
        if run(&bytes) >= least {
            return (mutants, read);
        }
    }
}

const LEAST: usize = 20_000;

fn survives(seed: &[u8]) {
    let (mutants, read) = mutate(seed, LEAST);
    assert!(mutants >= LEAST);
    // Both outcomes have to be common, or the mutants test little.
    assert!(read > mutants / 100 && read < mutants * 9 / 10, "{read} of {mutants} were read");
}

#[test]
fn par_07_signed_data() {
    survives(&SignedParts::full().content_info());
}

#[test]
fn par_07_enveloped_data() {
    survives(&cms_seeds::enveloped());
}

#[test]
fn par_07_auth_enveloped_data() {
    survives(&cms_seeds::auth_enveloped());
}

/// PAR-07: single octets changed to each value that matters, at every offset.
#[test]
fn par_07_single_octets() {
    for seed in [SignedParts::full().content_info(), cms_seeds::enveloped(), cms_seeds::auth_enveloped()] {
        let mut bytes = seed.clone();
        for at in 0..seed.len() {
            for value in [0, 1, 0x7f, 0x80, 0x81, 0x84, 0xff, seed[at] ^ 0x20, seed[at].wrapping_add(1)] {
                bytes[at] = value;
                read_all(&bytes);
            }
            bytes[at] = seed[at];
        }
    }
}
