"""DSA certificates without parameters, which are the issuer's (RFC 3279 §2.3.2): a family of them, and rogue kin."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.support import smime_build as build
from tests.support.der import header, integer, octets, oid, sequence, tlv

if TYPE_CHECKING:
    from cryptography import x509

DSA, DSA_SHA256 = "1.2.840.10040.4.1", "2.16.840.1.101.3.4.3.2"
DER = serialization.Encoding.DER


@functools.cache
def group() -> dsa.DSAParameters:
    return dsa.generate_parameters(2048)


def p() -> int:
    return group().parameter_numbers().p


def q() -> int:
    return group().parameter_numbers().q


@functools.cache
def key(_whose: str) -> dsa.DSAPrivateKey:
    """The same key for a name each time, all in one group."""
    return group().generate_private_key()


@dataclass(frozen=True)
class Heir:
    """A key, and its certificate, whose SubjectPublicKeyInfo has no parameters."""

    key: dsa.DSAPrivateKey
    der: bytes
    certificate: x509.Certificate


def issue(subject: str, own: Any, issuer: str, issuer_key: Any, address: str | None = None) -> x509.Certificate:
    return build.issue(subject, own, build.name(issuer), issuer_key, address=address)


def heir(subject: str, issuer: str, issuer_key: dsa.DSAPrivateKey, address: str | None = None) -> Heir:
    own = key(subject)
    full = issue(subject, own, issuer, issuer_key, address)
    return Heir(own, without_parameters(full, issuer_key), full)


def without_parameters(certificate: x509.Certificate, issuer_key: dsa.DSAPrivateKey) -> bytes:
    """The certificate, signed anew without the parameters of its key."""
    public = certificate.public_key()
    assert isinstance(public, dsa.DSAPublicKey)
    spki = public.public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    bits = tlv(3, b"\0" + integer(public.public_numbers().y))
    parts = certificate.tbs_certificate_bytes
    assert parts.count(spki) == 1
    content = parts.replace(spki, sequence(sequence(oid(DSA)), bits))
    # The header of the TBS is four octets: its length has two.
    tbs = sequence(content[4:])
    return sequence(tbs, build.algorithm(DSA_SHA256), tlv(3, b"\0" + issuer_key.sign(tbs, hashes.SHA256())))


def mail(signer: x509.Certificate, sign_key: dsa.DSAPrivateKey, bag: list[bytes]) -> bytes:
    """Alice's opaque mail, signed by this key in the name of the certificate."""
    attrs = build.signed_attrs(build.TEXT)
    identifier = sequence(signer.issuer.public_bytes(), integer(signer.serial_number))
    info = sequence(
        integer(1),
        identifier,
        build.algorithm(build.SHA256),
        b"\xa0" + attrs[1:],
        build.algorithm(DSA_SHA256),
        octets(sign_key.sign(attrs, hashes.SHA256())),
    )
    return build.headers() + build.part(build.signed_data(build.TEXT, [info], bag), "signed-data")


def rogue_key(victim: dsa.DSAPublicKey) -> dsa.DSAPrivateKey:
    """A private key of one's own that fits the victim's public number y, by another generator: g' = y^(1/x')."""
    numbers = victim.public_numbers()
    p, q = numbers.parameter_numbers.p, numbers.parameter_numbers.q
    x = 0x1234567890ABCDEF
    parameters = dsa.DSAParameterNumbers(p, q, pow(numbers.y, pow(x, -1, q), p))
    return dsa.DSAPrivateNumbers(x, dsa.DSAPublicNumbers(numbers.y, parameters)).private_key()


def rogue_issuer(name: str, parameters: dsa.DSAParameterNumbers, child: bytes, real: dsa.DSAPublicKey) -> bytes:
    """A certificate of that name with these parameters, whose key verifies the signature of `child` too, which the
    real issuer made: y' is chosen so that both come to the same number. Nobody can sign with it."""
    _, begin, _ = header(child, 0)
    _, _, end = header(child, begin)
    _, bits, _ = header(child, header(child, end)[2])
    r, s = decode_dss_signature(child[bits + 1 :])
    numbers = real.public_numbers()
    p, q, g = numbers.parameter_numbers.p, numbers.parameter_numbers.q, numbers.parameter_numbers.g
    digest = int.from_bytes(hashlib.sha256(child[begin:end]).digest()[: (q.bit_length() + 7) // 8], "big")
    w = pow(s, -1, q)
    u1, u2 = digest * w % q, r * w % q
    common = pow(g, u1, p) * pow(numbers.y, u2, p) % p
    y = pow(common * pow(parameters.g, -u1, p) % p, pow(u2, -1, q), p)
    public = dsa.DSAPublicNumbers(y, parameters).public_key()
    forged = key("forger")
    full = issue(name, forged, name, forged)
    old = forged.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    new = public.public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    tbs = sequence(full.tbs_certificate_bytes.replace(old, new)[4:])
    return sequence(tbs, build.algorithm(DSA_SHA256), tlv(3, b"\0" + forged.sign(tbs, hashes.SHA256())))
