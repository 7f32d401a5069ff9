"""RFC 8550 §4.3: what the policy never takes, it does not take in a certificate of the chain either."""

from __future__ import annotations

import dataclasses
import datetime

import mailseal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from mailseal import Check, Status

from tests.support import smime_build as build
from tests.support.der import replaced

ALICE = build.person("alice@example.com")
NOW = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
SHA256_RSA, SHA1_RSA = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105")


def chain(bits: int) -> tuple[build.Person, x509.Certificate]:
    """Alice's certificate by a root with an RSA key of this size."""
    key = rsa.generate_private_key(65537, bits)
    root = build.issue("RSA Root", key, build.name("RSA Root"), key, address=None)
    leaf = build.issue("alice", ALICE.key, root.subject, key, address="alice@example.com")
    return dataclasses.replace(ALICE, certificate=leaf), root


def signed_with_sha1() -> tuple[build.Person, x509.Certificate]:
    key = rsa.generate_private_key(65537, 2048)
    root = build.issue("Old Root", key, build.name("Old Root"), key, address=None)
    der = build.issue("alice", ALICE.key, root.subject, key, address="alice@example.com").public_bytes(
        serialization.Encoding.DER
    )
    der = der.replace(SHA256_RSA, SHA1_RSA)
    certificate = x509.load_der_x509_certificate(der)
    signature = key.sign(certificate.tbs_certificate_bytes, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    der = replaced(der, len(der) - 256, len(der), signature)
    return dataclasses.replace(ALICE, certificate=x509.load_der_x509_certificate(der)), root


def opened(person: build.Person, root: x509.Certificate, policy: mailseal.Policy) -> mailseal.Opened:
    receiver = mailseal.Receiver(trust=mailseal.TrustStore.load(root), policy=policy, threads=1)
    return receiver.open(build.signed_mail(person), at=NOW)


@pytest.mark.parametrize(("bits", "status"), [(1024, Status.INVALID), (2048, Status.VALID)])
def test_a_short_key_of_an_issuer(bits: int, status: Status) -> None:
    person, root = chain(bits)
    policy = mailseal.Policy.default().replace(minimum_rsa_bits=2048)
    found = opened(person, root, policy)
    assert found.signers[0].chain is Check.OK
    assert found.verdict.status is status, found.verdict.explain()
    codes = [finding.code for finding in found.verdict.findings]
    assert ("chain.algorithm-forbidden" in codes) is (status is Status.INVALID)
    assert opened(person, root, mailseal.Policy.default()).verdict.status is Status.VALID


def test_sha1_in_the_chain_is_taken_by_date() -> None:
    person, root = signed_with_sha1()
    assert opened(person, root, mailseal.Policy.archive()).verdict.status is Status.VALID
    late = opened(person, root, mailseal.Policy.default())
    assert late.verdict.status is Status.INVALID
    (finding,) = [finding for finding in late.verdict.findings if finding.code == "chain.algorithm-forbidden"]
    assert (finding.path, finding.detail) == ("chain[0]", "SHA-1")
