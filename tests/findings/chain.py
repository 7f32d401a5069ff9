"""Chains (RFC 5280 §6, RFC 8550 §4)."""

from __future__ import annotations

import dataclasses

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from tests.findings.cases import ALICE, BOB, ROOT, alices, authority, below, codes, policy, provokes, signed_by
from tests.findings.signer import usage
from tests.support import smime_build as build
from tests.support.der import replaced

DER = serialization.Encoding.DER


def unknown_extension() -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")


def through(ca: tuple[x509.Certificate, build.Key]) -> bytes:
    """Alice's mail, her certificate by this CA, which is in the bag."""
    issuer, key = ca
    return signed_by(below(issuer, key), extra=(issuer,))


def resigned(certificate: x509.Certificate, old: bytes, new: bytes, key: build.Key) -> x509.Certificate:
    """The certificate with bytes of its TBS changed, its signature made anew by `key` (P-256)."""
    der = certificate.public_bytes(DER)
    assert old in certificate.tbs_certificate_bytes
    assert len(old) == len(new)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    tbs = certificate.tbs_certificate_bytes.replace(old, new)
    signature = key.sign(tbs, ec.ECDSA(hashes.SHA256()))
    at = der.index(certificate.tbs_certificate_bytes)
    der = der[:at] + tbs + der[at + len(tbs) :]
    start = len(der) - len(certificate.signature)
    return x509.load_der_x509_certificate(replaced(der, start - 3, len(der), _bit_string(signature)))


def _bit_string(content: bytes) -> bytes:
    return bytes([3, len(content) + 1, 0]) + content


@provokes("chain.signature-mismatch")
def _() -> list[str]:
    """By another key under the root's name, without key identifiers that would say so."""
    other = build.new_key("ec")
    forged = build.issue("Alice", ALICE.key, ROOT.certificate.subject, other, address="alice@example.com")
    return codes(signed_by(forged))


@provokes("chain.not-a-ca")
def _() -> list[str]:
    return codes(through(authority(instead=[(x509.BasicConstraints(ca=False, path_length=None), True)])))


@provokes("chain.path-length")
def _() -> list[str]:
    top, key = authority(subject="Top", instead=[(x509.BasicConstraints(ca=True, path_length=0), True)])
    lower_key = build.new_key("ec")
    lower = build.issue("Lower", lower_key, top.subject, key, address=None)
    return codes(signed_by(below(lower, lower_key), extra=(lower, top)))


@provokes("chain.key-usage")
def _() -> list[str]:
    return codes(through(authority(instead=[(usage(digital_signature=True), True)])))


@provokes("chain.extended-key-usage")
def _() -> list[str]:
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return codes(through(authority(instead=[(server, False)])))


@provokes("chain.critical-extension")
def _() -> list[str]:
    return codes(signed_by(alices(instead=[(unknown_extension(), True)])))


@provokes("chain.extension-malformed")
def _() -> list[str]:
    """keyUsage that is no BIT STRING."""
    broken = x509.UnrecognizedExtension(x509.KeyUsage.oid, b"\x05\x00")
    return codes(signed_by(alices(instead=[(broken, True)])))


@provokes("chain.signature-algorithm-mismatch")
def _() -> list[str]:
    """ECDSA-SHA256 outside, ECDSA-SHA384 inside, signed as outside says."""
    sha256, sha384 = bytes.fromhex("2a8648ce3d040302"), bytes.fromhex("2a8648ce3d040303")
    return codes(signed_by(resigned(alices(), sha256, sha384, ROOT.key)))


@provokes("chain.issuer-missing")
def _() -> list[str]:
    return codes(signed_by(below(*authority())))


@provokes("chain.untrusted")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE), trust=BOB.certificate) + codes(_under_own_root())


def _under_own_root() -> bytes:
    key = build.new_key("ec")
    root = build.issue("Own Root", key, build.name("Own Root"), key, address=None)
    return signed_by(below(root, key), extra=(root,))


@provokes("chain.expired")
def _() -> list[str]:
    return codes(signed_by(alices(start=2020, end=2022)))


@provokes("chain.not-yet-valid")
def _() -> list[str]:
    return codes(signed_by(alices(start=2030)))


@provokes("chain.name-constraints-not-judged")
def _() -> list[str]:
    constraints = x509.NameConstraints([x509.RFC822Name("example.com")], None)
    return codes(through(authority(instead=[(constraints, True)])))


@provokes("chain.policy-not-judged")
def _() -> list[str]:
    constraints = x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None)
    return codes(through(authority(instead=[(constraints, True)])))


@provokes("chain.algorithm-unsupported")
def _() -> list[str]:
    """An unknown algorithm, named inside and outside."""
    signer = dataclasses.replace(ALICE, certificate=alices())
    known, unknown = bytes.fromhex("2a8648ce3d040302"), bytes.fromhex("2a8648ce3d04037f")
    cms = build.signed_data(build.TEXT, [build.signer_info(signer, build.TEXT)], [signer.der.replace(known, unknown)])
    return codes(build.headers() + build.part(cms, "signed-data"))


@provokes("chain.algorithm-weak")
def _() -> list[str]:
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505
    root = build.issue("Short Root", key, build.name("Short Root"), key, address=None)
    leaf = build.issue("Alice", ALICE.key, root.subject, key, address="alice@example.com")
    return codes(signed_by(leaf), trust=root)


@provokes("chain.algorithm-forbidden")
def _() -> list[str]:
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505
    root = build.issue("Short Root", key, build.name("Short Root"), key, address=None)
    leaf = build.issue("Alice", ALICE.key, root.subject, key, address="alice@example.com")
    return codes(signed_by(leaf), policy("strict"), trust=root)


@provokes("chain.not-judged")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE), trust=None)
