//! CMS structures built by hand, with every optional field present, and a tree of their elements to change them with.
//! The encoder and the tree are independent of the reader under test.
#![allow(dead_code)] // each test binary uses its part

use mailseal_core::asn1::{Oid, oid};
use mailseal_core::oid;

pub const SHA256: Oid<'static> = oid!(2, 16, 840, 1, 101, 3, 4, 2, 1);
pub const RSA: Oid<'static> = oid!(1, 2, 840, 113549, 1, 1, 1);
pub const AES256_CBC: Oid<'static> = oid!(2, 16, 840, 1, 101, 3, 4, 1, 42);
pub const AES256_GCM: Oid<'static> = oid!(2, 16, 840, 1, 101, 3, 4, 1, 46);
pub const AES256_WRAP: Oid<'static> = oid!(2, 16, 840, 1, 101, 3, 4, 1, 45);
pub const ECDH: Oid<'static> = oid!(1, 3, 132, 1, 11, 1);
pub const PRIVATE: Oid<'static> = oid!(2, 999, 7);

pub const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nHello.\r\n";

/// One element in DER.
pub fn tlv(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let content = parts.concat();
    let mut bytes = vec![tag];
    if content.len() < 0x80 {
        bytes.push(content.len() as u8);
    } else {
        let octets = content.len().to_be_bytes();
        let significant: Vec<u8> = octets.iter().copied().skip_while(|octet| *octet == 0).collect();
        bytes.push(0x80 | significant.len() as u8);
        bytes.extend(significant);
    }
    bytes.extend(content);
    bytes
}

pub fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, parts)
}

pub fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv(4, &[bytes.to_vec()])
}

pub fn integer(value: u8) -> Vec<u8> {
    tlv(2, &[vec![value]])
}

pub fn oid_tlv(oid: Oid<'_>) -> Vec<u8> {
    tlv(6, &[oid.content().to_vec()])
}

pub fn null() -> Vec<u8> {
    vec![5, 0]
}

pub fn algorithm(oid: Oid<'_>, parameters: &[Vec<u8>]) -> Vec<u8> {
    seq(&[oid_tlv(oid), parameters.concat()])
}

pub fn retag(tag: u8, mut element: Vec<u8>) -> Vec<u8> {
    element[0] = tag;
    element
}

pub fn attribute(attr_type: Oid<'_>, values: &[Vec<u8>]) -> Vec<u8> {
    seq(&[oid_tlv(attr_type), tlv(0x31, values)])
}

/// A Name of one RDN.
pub fn name(common_name: &str) -> Vec<u8> {
    let value = tlv(12, &[common_name.as_bytes().to_vec()]);
    seq(&[tlv(0x31, &[seq(&[oid_tlv(oid::COMMON_NAME), value])])])
}

pub fn issuer_serial(serial: u8) -> Vec<u8> {
    seq(&[name("CA"), integer(serial)])
}

/// A Certificate as far as CMS sees it: some SEQUENCE.
pub fn certificate(serial: u8) -> Vec<u8> {
    seq(&[seq(&[integer(serial), name("EE")]), algorithm(RSA, &[null()]), tlv(3, &[vec![0, 1, 2]])])
}

pub fn content_info(content_type: Oid<'_>, content: Vec<u8>) -> Vec<u8> {
    seq(&[oid_tlv(content_type), tlv(0xa0, &[content])])
}

pub fn signed_attributes() -> Vec<Vec<u8>> {
    let protection = seq(&[algorithm(SHA256, &[]), retag(0xa1, algorithm(RSA, &[null()]))]);
    let capabilities = seq(&[algorithm(AES256_GCM, &[]), algorithm(AES256_CBC, &[])]);
    let certs = seq(&[seq(&[algorithm(SHA256, &[]), octets(&[8; 32]), issuer_serial(1)])]);
    let mut attributes = vec![
        attribute(oid::CONTENT_TYPE, &[oid_tlv(oid::DATA)]),
        attribute(oid::MESSAGE_DIGEST, &[octets(&[7; 32])]),
        attribute(oid::SIGNING_TIME, &[tlv(0x17, &[b"260704120000Z".to_vec()])]),
        attribute(oid::SMIME_CAPABILITIES, &[capabilities]),
        attribute(oid::CMS_ALGORITHM_PROTECTION, &[protection]),
        attribute(oid::SIGNING_CERTIFICATE_V2, &[seq(&[certs])]),
    ];
    attributes.sort();
    attributes
}

/// SignerInfo with everything: `sid` is an element.
pub fn signer_info(version: u8, sid: Vec<u8>, unsigned: &[Vec<u8>]) -> Vec<u8> {
    seq(&[
        integer(version),
        sid,
        algorithm(SHA256, &[]),
        tlv(0xa0, &signed_attributes()),
        algorithm(RSA, &[null()]),
        octets(&[9; 40]),
        tlv(0xa1, unsigned),
    ])
}

fn bare_signer_info() -> Vec<u8> {
    let sid = tlv(0x80, &[vec![5; 20]]);
    seq(&[integer(3), sid, algorithm(SHA256, &[]), algorithm(RSA, &[null()]), octets(&[9; 40])])
}

/// The parts of SignedData, to be put together.
pub struct SignedParts {
    pub version: u8,
    pub digest_algorithms: Vec<Vec<u8>>,
    pub e_content_type: Oid<'static>,
    /// The element inside `[0]`.
    pub e_content: Option<Vec<u8>>,
    pub certificates: Vec<Vec<u8>>,
    pub crls: Vec<Vec<u8>>,
    pub signer_infos: Vec<Vec<u8>>,
}

impl SignedParts {
    /// One of each form.
    pub fn full() -> Self {
        let countersignature = attribute(oid::COUNTERSIGNATURE, &[bare_signer_info()]);
        let other = seq(&[oid_tlv(PRIVATE), octets(&[1])]);
        Self {
            version: 5,
            digest_algorithms: vec![algorithm(SHA256, &[null()]), algorithm(PRIVATE, &[])],
            e_content_type: oid::DATA,
            e_content: Some(octets(CONTENT)),
            certificates: vec![certificate(1), certificate(2), retag(0xa2, certificate(3)), retag(0xa3, other.clone())],
            crls: vec![certificate(4), retag(0xa1, other)],
            signer_infos: vec![signer_info(1, issuer_serial(1), &[countersignature]), bare_signer_info()],
        }
    }

    pub fn content_info(&self) -> Vec<u8> {
        let e_content: Vec<_> = self.e_content.iter().map(|content| tlv(0xa0, std::slice::from_ref(content))).collect();
        let optional = |tag, parts: &[Vec<u8>]| if parts.is_empty() { Vec::new() } else { tlv(tag, parts) };
        let signed_data = seq(&[
            integer(self.version),
            tlv(0x31, &self.digest_algorithms),
            seq(&[oid_tlv(self.e_content_type), e_content.concat()]),
            optional(0xa0, &self.certificates),
            optional(0xa1, &self.crls),
            tlv(0x31, &self.signer_infos),
        ]);
        content_info(oid::SIGNED_DATA, signed_data)
    }
}

pub fn ktri(version: u8, rid: Vec<u8>) -> Vec<u8> {
    seq(&[integer(version), rid, algorithm(RSA, &[null()]), octets(&[6; 48])])
}

pub fn key_identifier() -> Vec<u8> {
    let date = tlv(0x18, &[b"20260704120000Z".to_vec()]);
    seq(&[octets(&[5; 20]), date, seq(&[oid_tlv(PRIVATE), null()])])
}

/// `originator` is the element inside `[0]`.
pub fn kari(originator: Vec<u8>, keys: usize) -> Vec<u8> {
    let mut encrypted_keys = vec![seq(&[retag(0xa0, key_identifier()), octets(&[4; 40])])];
    encrypted_keys.resize_with(keys, || seq(&[issuer_serial(6), octets(&[4; 40])]));
    tlv(
        0xa1,
        &[
            integer(3),
            tlv(0xa0, &[originator]),
            tlv(0xa1, &[octets(&[3; 16])]),
            algorithm(ECDH, &[algorithm(AES256_WRAP, &[])]),
            seq(&encrypted_keys),
        ],
    )
}

pub fn originator_key() -> Vec<u8> {
    tlv(0xa1, &[algorithm(ECDH, &[]), tlv(3, &[vec![0, 4, 1, 2, 3, 4]])])
}

pub fn kekri() -> Vec<u8> {
    tlv(0xa2, &[integer(4), key_identifier(), algorithm(AES256_WRAP, &[]), octets(&[4; 40])])
}

pub fn pwri() -> Vec<u8> {
    let derivation = retag(0xa0, algorithm(PRIVATE, &[seq(&[octets(b"salt"), integer(100)])]));
    tlv(
        0xa3,
        &[integer(0), derivation, algorithm(PRIVATE, &[algorithm(AES256_CBC, &[octets(&[0; 16])])]), octets(&[4; 40])],
    )
}

pub fn kemri() -> Vec<u8> {
    let value = seq(&[
        integer(0),
        tlv(0x80, &[vec![5; 20]]),
        algorithm(PRIVATE, &[]),
        octets(&[2; 64]),
        algorithm(PRIVATE, &[]),
        integer(32),
        tlv(0xa0, &[octets(b"ukm")]),
        algorithm(AES256_WRAP, &[]),
        octets(&[4; 40]),
    ]);
    tlv(0xa4, &[oid_tlv(oid::ORI_KEM), value])
}

pub fn ori() -> Vec<u8> {
    tlv(0xa4, &[oid_tlv(PRIVATE), octets(&[0; 30])])
}

pub fn encrypted_content_info(algorithm: Vec<u8>) -> Vec<u8> {
    seq(&[oid_tlv(oid::DATA), algorithm, tlv(0x80, &[vec![0xcc; 48]])])
}

pub fn cbc() -> Vec<u8> {
    encrypted_content_info(algorithm(AES256_CBC, &[octets(&[1; 16])]))
}

pub fn gcm() -> Vec<u8> {
    encrypted_content_info(algorithm(AES256_GCM, &[seq(&[octets(&[1; 12]), integer(16)])]))
}

/// EnvelopedData with one recipient of each kind and form.
pub fn enveloped() -> Vec<u8> {
    let originator_info = tlv(0xa0, &[tlv(0xa0, &[certificate(7)]), tlv(0xa1, &[certificate(8)])]);
    let recipients = [
        ktri(0, issuer_serial(1)),
        ktri(2, tlv(0x80, &[vec![5; 20]])),
        kari(originator_key(), 2),
        kari(tlv(0x80, &[vec![5; 20]]), 1),
        kari(issuer_serial(2), 1),
        kekri(),
        pwri(),
        kemri(),
        ori(),
        tlv(0xa9, &[null()]),
    ];
    let unprotected = tlv(0xa1, &[attribute(PRIVATE, &[null()])]);
    let data = seq(&[integer(3), originator_info, tlv(0x31, &recipients), cbc(), unprotected]);
    content_info(oid::ENVELOPED_DATA, data)
}

pub fn auth_enveloped() -> Vec<u8> {
    let recipients = tlv(0x31, &[ktri(0, issuer_serial(1)), kari(originator_key(), 2), pwri(), kemri()]);
    let auth_attrs = tlv(
        0xa1,
        &[
            attribute(oid::CONTENT_TYPE, &[oid_tlv(oid::DATA)]),
            attribute(oid::SIGNING_TIME, &[tlv(0x17, &[b"260704120000Z".to_vec()])]),
        ],
    );
    let unauth_attrs = tlv(0xa2, &[attribute(PRIVATE, &[null()])]);
    let data = seq(&[integer(0), recipients, gcm(), auth_attrs, octets(&[0xaa; 16]), unauth_attrs]);
    content_info(oid::AUTH_ENVELOPED_DATA, data)
}

/// An element and those inside it.
#[derive(Clone, Debug)]
pub struct Node {
    pub tag: u8,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub enum Content {
    Primitive(Vec<u8>),
    Constructed(Vec<Node>),
}

impl Node {
    /// Of DER that is known to be right.
    pub fn parse(der: &[u8]) -> Self {
        let (node, rest) = Self::first(der);
        assert!(rest.is_empty());
        node
    }

    fn first(der: &[u8]) -> (Self, &[u8]) {
        let (tag, first) = (der[0], usize::from(der[1]));
        let (start, length) = match first {
            0..0x80 => (2, first),
            long => {
                let end = 2 + (long & 0x7f);
                (end, der[2..end].iter().fold(0, |length, octet| length << 8 | usize::from(*octet)))
            }
        };
        let (mut content, rest) = der[start..].split_at(length);
        if tag & 0x20 == 0 {
            return (Self { tag, content: Content::Primitive(content.to_vec()) }, rest);
        }
        let mut children = Vec::new();
        while !content.is_empty() {
            let (child, after) = Self::first(content);
            children.push(child);
            content = after;
        }
        (Self { tag, content: Content::Constructed(children) }, rest)
    }

    pub fn encode(&self) -> Vec<u8> {
        match &self.content {
            Content::Primitive(content) => tlv(self.tag, std::slice::from_ref(content)),
            Content::Constructed(children) => tlv(self.tag, &children.iter().map(Self::encode).collect::<Vec<_>>()),
        }
    }

    /// Indefinite lengths everywhere, and strings in segments of one octet; `keep`: elements that stay DER.
    pub fn encode_ber(&self, keep: &dyn Fn(&Self) -> bool) -> Vec<u8> {
        if keep(self) {
            return self.encode();
        }
        let content = match &self.content {
            Content::Primitive(content) if matches!(self.tag, 0x04 | 0x80) => {
                content.iter().flat_map(|octet| [4, 1, *octet]).collect()
            }
            Content::Primitive(_) => return self.encode(),
            Content::Constructed(children) => {
                children.iter().flat_map(|child| child.encode_ber(keep)).collect::<Vec<_>>()
            }
        };
        [&[self.tag | 0x20, 0x80][..], &content, &[0, 0]].concat()
    }

    /// Nodes of this tree, itself included.
    pub fn count(&self) -> usize {
        match &self.content {
            Content::Primitive(_) => 1,
            Content::Constructed(children) => 1 + children.iter().map(Self::count).sum::<usize>(),
        }
    }

    /// Runs `change` on the list of siblings that holds node number `index` (the root is 0 and not among them).
    pub fn change(&mut self, index: usize, change: &mut dyn FnMut(&mut Vec<Self>, usize)) {
        let Content::Constructed(children) = &mut self.content else { return };
        let mut first = 1;
        for position in 0..children.len() {
            let size = children[position].count();
            if index == first {
                return change(children, position);
            }
            if index < first + size {
                return children[position].change(index - first, change);
            }
            first += size;
        }
    }
}
