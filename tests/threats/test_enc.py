"""Decryption side: what an attacker who holds the ciphertext may not learn or make us release."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import mailseal
import pytest

from tests.support import smime_build as build
from tests.support.der import integer, octets, sequence

if TYPE_CHECKING:
    from tests.threats.conftest import Receive


def codes(opened: mailseal.Opened) -> list[str]:
    return [finding.code for finding in opened.verdict.findings]


def nothing_released(opened: mailseal.Opened) -> None:
    """G2: no content by any door."""
    assert opened.content is None
    assert opened.decryption != "OK"
    with pytest.raises(mailseal.Error):
        opened.require_content()


def gadget(bob: build.Person, inner: bytes, known: bytes) -> bytes:
    """EFAIL: two chosen blocks spliced in by what is known of the first plaintext block."""
    cek, iv = os.urandom(16), os.urandom(16)
    ciphertext = build.cbc(cek, inner, iv)
    chosen = b'<img src="http:/'
    forged_iv = bytes(a ^ b ^ c for a, b, c in zip(iv, known, chosen, strict=True))
    spliced = ciphertext[:16] + forged_iv + ciphertext[:16] + iv + ciphertext
    return build.enveloped_raw([build.ktri(bob, cek)], build.AES_CBC[16], octets(iv), spliced)


def test_enc_01_cbc_gadget_is_never_called_authenticated(receive: Receive, bob: build.Person) -> None:
    mail = build.encrypted_mail(gadget(bob, build.TEXT, build.TEXT[:16]))
    opened = receive("archive").open(mail)
    assert opened.content is not None
    assert b'<img src="http:/' in opened.content
    assert opened.authenticated is False
    assert "decryption.unauthenticated" in codes(opened)
    assert not opened.verdict.is_valid
    strict = receive("strict").open(mail)
    assert strict.content is None
    assert "decryption.unauthenticated-forbidden" in codes(strict)
    with pytest.raises(mailseal.PolicyError):
        strict.require_content()


def test_enc_01_gadget_breaks_the_inner_signature(receive: Receive, alice: build.Person, bob: build.Person) -> None:
    inner = build.clear_signed(build.TEXT, build.signed(build.TEXT, alice, detached=True))
    honest = receive().open(build.encrypted_mail(build.enveloped(inner, bob)))
    assert honest.verdict.is_valid, honest.verdict.explain()
    forged = receive().open(build.encrypted_mail(gadget(bob, inner, inner[:16])))
    assert not forged.verdict.is_valid


def test_enc_02_encrypted_part_between_others_is_not_opened(receive: Receive, bob: build.Person) -> None:
    secret = b"Content-Type: text/plain\r\n\r\nTOP-SECRET\r\n"
    before = b'Content-Type: text/html\r\n\r\n<img src="http://x/'
    after = b'Content-Type: text/html\r\n\r\n">'
    sealed = build.part(build.enveloped(secret, bob))
    opened = receive().open(build.headers() + build.mixed(before, sealed, after))
    assert "structure.errant-encryption" in codes(opened)
    assert b"TOP-SECRET" not in (opened.content or b"")
    assert opened.verdict.status != "VALID"
    alone = receive().open(build.headers() + sealed)
    assert alone.content == secret


NOT_AEAD = {
    "ofb": "2.16.840.1.101.3.4.1.3",
    "cfb": "2.16.840.1.101.3.4.1.4",
    "cbc": "2.16.840.1.101.3.4.1.2",
    "ecb": "2.16.840.1.101.3.4.1.1",
    "key-wrap": "2.16.840.1.101.3.4.1.5",
    "unknown": "1.3.6.1.4.1.99999.1",
}


@pytest.mark.parametrize("cipher", list(NOT_AEAD))
def test_enc_04_auth_enveloped_takes_only_aead(cipher: str, receive: Receive, bob: build.Person) -> None:
    cms = build.auth_enveloped(build.TEXT, bob, cipher=NOT_AEAD[cipher], parameters=octets(os.urandom(16)))
    opened = receive("archive").open(build.encrypted_mail(cms))
    nothing_released(opened)
    expected = {"decryption.not-aead", "decryption.algorithm-unsupported"}
    assert expected & set(codes(opened)), codes(opened)
    # No key was used: the answer is the same without any.
    assert receive("archive", keys=()).open(build.encrypted_mail(cms)).content is None


@pytest.mark.parametrize(
    ("icv", "mac"), [(0, 0), (1, 1), (4, 4), (8, 8), (11, 11), (17, 17), (255, 16), (-1, 16), (1 << 63, 16)]
)
def test_enc_06_tag_lengths_out_of_range(icv: int, mac: int, receive: Receive, bob: build.Person) -> None:
    cms = build.auth_enveloped(build.TEXT, bob, icv_length=icv, mac_length=mac)
    for policy in ("default", "archive", "strict"):
        nothing_released(receive(policy).open(build.encrypted_mail(cms)))


@pytest.mark.parametrize(("icv", "mac"), [(16, 12), (16, 15), (16, 17), (12, 16), (12, 13), (None, 16)])
def test_enc_06_tag_of_another_length_than_named(
    icv: int | None, mac: int, receive: Receive, bob: build.Person
) -> None:
    opened = receive("archive").open(
        build.encrypted_mail(build.auth_enveloped(build.TEXT, bob, icv_length=icv, mac_length=mac))
    )
    nothing_released(opened)
    assert "decryption.tag-length" in codes(opened)


def test_enc_06_no_one_byte_tag_opens(receive: Receive, bob: build.Person) -> None:
    receiver, cek, nonce = receive("archive"), os.urandom(16), os.urandom(12)
    parameters = sequence(octets(nonce), integer(1))
    info = build.ktri(bob, cek)
    for damage in range(256):
        cms = build.auth_enveloped(build.TEXT, cek=cek, infos=[info], parameters=parameters, mac_length=1)
        cms = cms[:-1] + bytes([damage])
        assert receiver.open(build.encrypted_mail(cms)).content is None


def test_enc_06_full_tag_opens(receive: Receive, bob: build.Person) -> None:
    opened = receive("strict").open(build.encrypted_mail(build.auth_enveloped(build.TEXT, bob)))
    assert opened.content == build.TEXT
    assert opened.authenticated is True


@pytest.mark.parametrize("size", [1, 100, 70_000, 5_000_000])
def test_enc_08_nothing_is_released_before_the_tag_is_checked(size: int, receive: Receive, bob: build.Person) -> None:
    cms = build.auth_enveloped(b"Content-Type: text/plain\r\n\r\n" + b"x" * size, bob, damage_mac=1)
    nothing_released(receive("archive").open(build.encrypted_mail(cms)))
    ring = mailseal.Keyring([mailseal.Identity.load(bob.pem)])
    with pytest.raises(mailseal.DecryptionError):
        mailseal.cms.decrypt(cms, ring, unauthenticated="allow")


def probes(bob: build.Person, cek: bytes) -> dict[str, bytes]:
    """Six ways in which an RSA block can fail: all must look alike."""
    size = 256
    fill = bytes(1 + byte % 255 for byte in os.urandom(size))

    def block(content: bytes, head: bytes = b"\0\2") -> bytes:
        return build.raw_rsa(bob, head + fill[: size - len(head) - 1 - len(content)] + b"\0" + content)

    return {
        "bad head": block(cek, b"\0\1"),
        "zero in the first eight": build.raw_rsa(
            bob, b"\0\2" + fill[:3] + b"\0" + fill[: size - 6 - len(cek) - 1] + b"\0" + cek
        ),
        "no zero": build.raw_rsa(bob, b"\0\2" + fill[: size - 2]),
        "too short": block(cek[:-1]),
        "too long": block(cek + b"x"),
        "wrong key": block(os.urandom(len(cek))),
    }


def outcome(receiver: mailseal.Receiver, cms: bytes) -> tuple[object, ...]:
    opened = receiver.open(build.encrypted_mail(cms))
    findings = tuple((one.code, one.path, one.offset, one.detail) for one in opened.verdict.findings)
    return opened.content, opened.decryption, opened.authenticated, opened.verdict.status, findings


def test_enc_11_all_failures_of_rsa_look_alike(receive: Receive, bob: build.Person) -> None:
    receiver, cek = receive("archive"), os.urandom(16)
    good = build.auth_enveloped(build.TEXT, bob, cek=cek)
    assert outcome(receiver, good)[0] == build.TEXT
    answers = {
        name: outcome(
            receiver, build.auth_enveloped(build.TEXT, cek=cek, infos=[build.ktri(bob, cek, encrypted_key=wrapped)])
        )
        for name, wrapped in probes(bob, cek).items()
    }
    assert len(set(answers.values())) == 1, answers
    first = next(iter(answers.values()))
    assert first[0] is None
    findings: Any = first[4]
    assert [code for code, *_ in findings][:1] == ["decryption.failed"]


def test_enc_11_cbc_padding_passes_as_often_as_under_a_random_key(receive: Receive, bob: build.Person) -> None:
    """A random key passes the padding check about once in 256; no class of failure may differ from that."""
    receiver, rounds = receive("archive"), 400
    passed = dict.fromkeys(probes(bob, os.urandom(16)), 0)
    for _ in range(rounds):
        cek = os.urandom(16)
        for name, wrapped in probes(bob, cek).items():
            cms = build.enveloped(build.TEXT, cek=cek, infos=[build.ktri(bob, cek, encrypted_key=wrapped)])
            passed[name] += receiver.open(build.encrypted_mail(cms)).content is not None
    # Binomial(400, 1/256): mean 1.6; 12 or more has a chance below 10^-6.
    assert all(count < 12 for count in passed.values()), passed


@pytest.mark.parametrize("probe", ["no zero", "wrong key", "too short"])
def test_enc_12_only_the_first_recipient_info_counts(probe: str, receive: Receive, bob: build.Person) -> None:
    receiver, cek = receive("archive"), os.urandom(16)
    real, bad = build.ktri(bob, cek), build.ktri(bob, cek, encrypted_key=probes(bob, cek)[probe])
    # A SET OF is written as it stands: what comes first on the wire is what counts.
    body = {name: wire(cek, infos) for name, infos in (("real first", [real, bad]), ("probe first", [bad, real]))}
    opened = receiver.open(build.encrypted_mail(body["real first"]))
    assert opened.content == build.TEXT
    assert "decryption.duplicate-recipient" in codes(opened)
    closed = receiver.open(build.encrypted_mail(body["probe first"]))
    nothing_released(closed)
    assert "decryption.failed" in codes(closed)


def wire(cek: bytes, infos: list[bytes]) -> bytes:
    """AuthEnvelopedData whose RecipientInfos stand in the given order, not in DER order."""
    cms = build.auth_enveloped(build.TEXT, cek=cek, infos=infos)
    ordered, given = b"".join(sorted(infos)), b"".join(infos)
    assert ordered in cms
    return cms.replace(ordered, given)


def test_enc_12_a_stranger_learns_nothing(receive: Receive, alice: build.Person, bob: build.Person) -> None:
    receiver, cek = receive("archive", keys=(alice,)), os.urandom(16)
    good, bad = build.ktri(bob, cek), build.ktri(bob, cek, encrypted_key=probes(bob, cek)["no zero"])
    answers = {outcome(receiver, build.auth_enveloped(build.TEXT, cek=cek, infos=[info])) for info in (good, bad)}
    assert len(answers) == 1
    assert "decryption.no-key" in str(answers)


@pytest.mark.parametrize("size", [0, 1, 8, 15, 17, 24, 32, 33, 64, 200])
def test_enc_14_key_of_another_size_looks_like_a_wrong_key(size: int, receive: Receive, bob: build.Person) -> None:
    receiver, cek = receive("archive"), os.urandom(16)
    public = build.ktri(bob, os.urandom(size))
    wrong_key = build.ktri(bob, os.urandom(16))
    answers = {
        outcome(receiver, build.auth_enveloped(build.TEXT, cek=cek, infos=[info])) for info in (public, wrong_key)
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] is None


@pytest.mark.parametrize("size", [16, 32])
def test_enc_14_key_of_the_right_size_opens(size: int, receive: Receive, bob: build.Person) -> None:
    for make in (build.enveloped, build.auth_enveloped):
        assert (
            receive("archive").open(build.encrypted_mail(make(build.TEXT, bob, cek=os.urandom(size)))).content
            == build.TEXT
        )
