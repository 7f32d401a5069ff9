"""Certificates piece by piece, each of which can be what no honest CA writes; signed over the bytes as they are."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support import smime_build as build
from tests.support.der import explicit, header, integer, octets, oid, sequence, tlv

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography import x509

ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"))
COMMON_NAME, EMAIL, ORGANIZATION, DOMAIN = "2.5.4.3", "1.2.840.113549.1.9.1", "2.5.4.10", "0.9.2342.19200300.100.1.25"
SUBJECT_ALT_NAME, KEY_USAGE, BASIC_CONSTRAINTS = "2.5.29.17", "2.5.29.15", "2.5.29.19"
UTF8, NUMERIC, PRINTABLE, T61, IA5, UTC, GENERALIZED, UNIVERSAL, BMP = 12, 18, 19, 20, 22, 23, 24, 28, 30
ADDRESS = "alice@example.com"


def rdn(kind: str, tag: int, value: bytes) -> bytes:
    return tlv(0x31, sequence(oid(kind), tlv(tag, value)))


def name(tag: int, value: bytes) -> bytes:
    """A Name of one commonName."""
    return sequence(rdn(COMMON_NAME, tag, value))


def extension(kind: str, value: bytes, critical: bytes = b"") -> bytes:
    return sequence(oid(kind), critical, octets(value))


def mailbox(address: str = ADDRESS) -> bytes:
    return extension(SUBJECT_ALT_NAME, sequence(tlv(0x81, address.encode())))


def bits(content: bytes, unused: int = 0) -> bytes:
    return tlv(0x03, bytes([unused]) + content)


@functools.cache
def root() -> build.Person:
    return build.root()


@functools.cache
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def spki(of: build.Key | None = None) -> bytes:
    return (
        (of or key())
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


@dataclass
class Draft:
    """The pieces of TBSCertificate (RFC 5280 §4.1), each as its whole element."""

    version: bytes = explicit(0, integer(2))
    serial: bytes = integer(4711)
    signature: bytes = ECDSA_SHA256
    issuer: bytes = b""
    not_before: bytes = tlv(UTC, b"200101000000Z")
    not_after: bytes = tlv(UTC, b"400101000000Z")
    subject: bytes = name(UTF8, b"alice")
    public_key: bytes = b""
    unique_ids: bytes = b""
    extensions: tuple[bytes, ...] = (mailbox(),)
    outer: bytes = ECDSA_SHA256
    unused: int = 0
    signer: build.Key | None = None
    encode: Callable[[bytes], bytes] = bytes
    """What is done to the bytes of the TBS before they are signed."""

    def tbs(self) -> bytes:
        listed = explicit(3, sequence(*self.extensions)) if self.extensions else b""
        validity = sequence(self.not_before, self.not_after)
        issuer = self.issuer or root().certificate.subject.public_bytes()
        return self.encode(
            sequence(
                self.version,
                self.serial,
                self.signature,
                issuer,
                validity,
                self.subject,
                self.public_key or spki(),
                self.unique_ids,
                listed,
            )
        )

    def der(self) -> bytes:
        tbs = self.tbs()
        signer = self.signer or root().key
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        signature = signer.sign(tbs, ec.ECDSA(hashes.SHA256()))
        return sequence(tbs, self.outer, bits(signature, self.unused))


@dataclass(frozen=True)
class Odd(build.Person):
    """Somebody whose certificate only its bytes tell."""

    raw: bytes = b""
    issuer_and_serial: bytes = b""

    @property
    def der(self) -> bytes:
        return self.raw

    @property
    def identifier(self) -> bytes:
        return self.issuer_and_serial


def person(draft: Draft) -> Odd:
    issuer = draft.issuer or root().certificate.subject.public_bytes()
    nobody: x509.Certificate = root().certificate
    return Odd(ADDRESS, key(), nobody, draft.der(), sequence(issuer, draft.serial))


def long_lengths(der: bytes) -> bytes:
    """Each constructed element with a length of four octets, where one would do (BER, X.690 §8.1.3.5)."""
    tag, begin, end = header(der, 0)
    content = der[begin:end]
    if tag & 0x20:
        content = b"".join(long_lengths(child) for child in children(content))
        return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content
    return der[:end]


def indefinite_lengths(der: bytes) -> bytes:
    """Each constructed element with an end-of-contents (X.690 §8.1.3.6)."""
    tag, begin, end = header(der, 0)
    if not tag & 0x20:
        return der[:end]
    return bytes([tag, 0x80]) + b"".join(map(indefinite_lengths, children(der[begin:end]))) + b"\0\0"


def children(content: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(content):
        _, _, end = header(content, at)
        found.append(content[at:end])
        at = end
    return found
