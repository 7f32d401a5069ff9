"""Layers that need no key: CompressedData (RFC 3274) and DigestedData (RFC 5652 §7), in mail and as bare CMS."""

from __future__ import annotations

import mailseal
import pytest
from mailseal import Check, Status, Summary

from tests.support import smime_build as build

ALICE, BOB = build.person("alice@example.com"), build.person("bob@example.com")


@pytest.fixture
def receiver() -> mailseal.Receiver:
    trust = mailseal.TrustStore.load(build.root().certificate)
    return mailseal.Receiver(trust=trust, keys=mailseal.Identity.load(BOB.pem), threads=1)


def test_compressed_mail_shows_its_content(receiver: mailseal.Receiver) -> None:
    opened = receiver.open(build.headers() + build.part(build.compressed(build.TEXT), "compressed-data"))
    assert opened.content == build.TEXT
    assert [(layer.kind, layer.algorithm) for layer in opened.layers] == [("compressed-data", "zlib")]
    assert opened.verdict.status is Status.UNSIGNED
    assert opened.decryption is Check.NOT_CHECKED
    assert not opened.authenticated
    assert opened.verdict.findings == ()


def test_rfc8551_3_6_compressed_and_signed_in_either_order(receiver: mailseal.Receiver) -> None:
    signed = build.part(build.signed(build.TEXT, ALICE), "signed-data")
    inside = build.headers() + build.part(build.compressed(signed), "compressed-data")
    packed = build.part(build.compressed(build.TEXT), "compressed-data")
    outside = build.headers() + build.part(build.signed(packed, ALICE), "signed-data")
    for mail in (inside, outside):
        opened = receiver.open(mail)
        assert opened.content == build.TEXT
        assert opened.verdict.status is Status.VALID, opened.verdict.explain()
        assert opened.verdict.summary is Summary.SIGNED


def test_compressed_inside_encrypted(receiver: mailseal.Receiver) -> None:
    packed = build.part(build.compressed(build.TEXT), "compressed-data")
    opened = receiver.open(build.encrypted_mail(build.auth_enveloped(packed, BOB)))
    assert opened.content == build.TEXT
    assert opened.authenticated
    assert opened.decryption is Check.OK


def test_a_changed_compressed_layer_inside_a_signature_is_invalid(receiver: mailseal.Receiver) -> None:
    packed = build.part(build.compressed(build.TEXT), "compressed-data")
    other = build.part(build.compressed(build.TEXT + b"!"), "compressed-data")
    info = build.signer_info(ALICE, packed)
    opened = receiver.open(build.headers() + build.part(build.signed_data(other, [info], [ALICE.der]), "signed-data"))
    assert opened.verdict.status is Status.INVALID


def test_digested_mail_vouches_for_nothing(receiver: mailseal.Receiver) -> None:
    opened = receiver.open(build.headers() + build.part(build.digested(build.TEXT)))
    assert opened.content == build.TEXT
    assert opened.verdict.status is Status.UNSIGNED
    assert not opened.authenticated
    wrong = receiver.open(build.headers() + build.part(build.digested(build.TEXT, of=b"other")))
    assert wrong.content is None
    assert wrong.verdict.findings[0].code == "structure.digest-mismatch"


def test_layers_of_compression_are_counted(receiver: mailseal.Receiver) -> None:
    """PAR-10: a bomb of bombs is stopped by the cap on layers, each by the cap on its size."""
    entity = build.TEXT
    for _ in range(9):
        entity = build.part(build.compressed(entity), "compressed-data")
    opened = receiver.open(build.headers() + entity)
    assert opened.content is None
    assert "limit.layers" in [finding.code for finding in opened.verdict.findings]


def test_strict_doors() -> None:
    assert mailseal.cms.decompress(build.compressed(b"octets")) == b"octets"
    assert mailseal.cms.decompress(build.compressed(b"")) == b""
    assert mailseal.cms.digested(build.digested(b"octets")) == b"octets"
    with pytest.raises(mailseal.LimitError):
        mailseal.cms.decompress(build.compressed(bytes(10_000_000)))
    with pytest.raises(mailseal.MalformedError):
        mailseal.cms.decompress(build.compressed(b"", packed=b"junk"))
    with pytest.raises(mailseal.UnsupportedError):
        mailseal.cms.decompress(build.compressed(b"", way="1.2.3"))
    with pytest.raises(mailseal.MalformedError):
        mailseal.cms.decompress(build.digested(b"octets"))
    with pytest.raises(mailseal.VerificationError):
        mailseal.cms.digested(build.digested(b"octets", of=b"others"))
