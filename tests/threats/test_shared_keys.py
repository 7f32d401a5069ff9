"""Passwords and key-encryption keys that both sides hold (RFC 5652 §6.2.3, §6.2.4): ENC-16, ENC-18."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import mailseal
import pytest

from tests.support import secret_build as secret
from tests.support import smime_build as build
from tests.support.der import NULL, implicit, octets, oid, sequence, tlv

if TYPE_CHECKING:
    from tests.support.peers import Command

CEK, KEK = b"\x07" * 16, b"\x09" * 32
RING = mailseal.Keyring(passwords=["another", "pässword"], secret_keys={b"archive-2026": KEK})


def opened(info: bytes, ring: mailseal.Keyring = RING) -> mailseal.Opened:
    receiver = mailseal.Receiver(trust=None, keys=ring, threads=1)
    return receiver.open(build.encrypted_mail(build.auth_enveloped(build.TEXT, cek=CEK, infos=[info])))


def codes(found: mailseal.Opened) -> list[str]:
    return [finding.code for finding in found.verdict.findings if finding.code.startswith(("decryption", "limit"))]


def test_enc_16_a_password_opens() -> None:
    found = opened(secret.pwri("pässword", CEK))
    assert found.content == build.TEXT
    (layer,) = found.layers
    assert layer.key_used == "password"
    assert [(one.kind, one.id, one.algorithm) for one in layer.recipients] == [("pwri", "password", "PWRI-KEK")]


def test_enc_16_another_password_and_a_damaged_key_look_alike() -> None:
    good = secret.pwri("pässword", CEK)
    texts = {repr(opened(secret.pwri("third", CEK)).to_dict()["findings"])}
    start = good.index(octets(secret.pwri_kek(secret.kek_of("pässword"), CEK))) + 2
    for at in range(start, len(good)):
        found = opened(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert found.content is None
        assert codes(found) == ["decryption.failed"]
        texts.add(repr(found.to_dict()["findings"]))
    assert len(texts) == 1


@pytest.mark.parametrize("iterations", [10_000_001, 2**31 - 1, 2**31, 2**63, 2**80])
def test_enc_16_more_iterations_than_the_cap_cost_nothing(iterations: int) -> None:
    info = secret.pwri("", CEK, derivation=secret.pbkdf2(iterations), encrypted_key=bytes(32))
    start = time.perf_counter()
    assert codes(opened(info)) == ["limit.kdf-work"]
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize("derivation", [secret.pbkdf2(0), secret.pbkdf2(5, key_length=16), oid("1.2.3.4"), b""])
def test_enc_16_wrong_derivations_are_refused(derivation: bytes) -> None:
    found = opened(secret.pwri("", CEK, derivation=derivation, encrypted_key=bytes(32)))
    assert codes(found)[0] in {"decryption.parameters", "decryption.algorithm-unsupported"}
    assert found.content is None


@pytest.mark.parametrize(
    "encryption",
    [
        sequence(oid(secret.PWRI_KEK), sequence(oid(build.AES_GCM[16]), sequence(octets(bytes(12))))),
        sequence(oid(secret.PWRI_KEK), NULL),
        sequence(oid(secret.PWRI_KEK)),
        sequence(oid(secret.PWRI_KEK), sequence(oid(secret.AES_256_CBC), octets(bytes(15)))),
        sequence(oid("2.16.840.1.101.3.4.1.45")),
        sequence(oid(secret.AES_256_CBC), octets(bytes(16))),
    ],
    ids=["gcm", "null", "absent", "short iv", "aes wrap", "cbc alone"],
)
def test_enc_16_only_a_block_cipher_in_cbc_holds_the_key(encryption: bytes) -> None:
    found = opened(secret.pwri("pässword", CEK, encryption=encryption))
    assert codes(found)[0] in {"decryption.parameters", "decryption.algorithm-unsupported"}


@pytest.mark.parametrize("length", range(65))
def test_enc_16_wrapped_keys_of_any_length(length: int) -> None:
    assert codes(opened(secret.pwri("pässword", CEK, encrypted_key=bytes(length)))) == ["decryption.failed"]


def test_enc_18_a_key_encryption_key_opens_by_its_identifier() -> None:
    found = opened(secret.kekri(KEK, b"archive-2026", CEK))
    assert found.content == build.TEXT
    assert found.layers[0].key_used == "kek=" + b"archive-2026".hex()


@pytest.mark.parametrize("identifier", [b"", b"archive-202", b"archive-20266", b"ARCHIVE-2026"])
def test_enc_18_another_identifier_is_no_match(identifier: bytes) -> None:
    found = opened(secret.kekri(KEK, identifier, CEK))
    assert codes(found) == ["decryption.no-key"]
    assert [one.kind for one in found.wanted] == ["key"]


def test_enc_18_a_wrong_key_fails_like_any_other() -> None:
    assert codes(opened(secret.kekri(b"\x0a" * 32, b"archive-2026", CEK))) == ["decryption.failed"]
    assert codes(opened(secret.kekri(KEK, b"archive-2026", CEK, encrypted_key=b"x"))) == ["decryption.failed"]


def test_enc_18_of_two_with_one_identifier_the_first_counts() -> None:
    """No try after a failure, and what is wrong stands in the words of any other failure."""
    good, bad = secret.kekri(KEK, b"archive-2026", CEK), secret.kekri(b"\x0a" * 32, b"archive-2026", CEK)
    receiver = mailseal.Receiver(trust=None, keys=RING, threads=1)
    for infos, content in (([good, bad], build.TEXT), ([bad, good], None)):
        cms = build.auth_enveloped(build.TEXT, cek=CEK, infos=infos)
        cms = cms.replace(b"".join(sorted(infos)), b"".join(infos))
        found = receiver.open(build.encrypted_mail(cms))
        assert found.content == content
        assert set(codes(found)) == {"decryption.duplicate-recipient"} | (set() if content else {"decryption.failed"})


def test_enc_18_unknown_kinds_are_stepped_over() -> None:
    ori = implicit(4, oid("1.2.3.4") + octets(b"x" * (1 << 20)), constructed=True)
    unknown = tlv(0xA9, b"\x04\x01x")
    receiver = mailseal.Receiver(trust=None, keys=RING, threads=1)
    for infos, content in (([ori, unknown, secret.pwri("pässword", CEK)], build.TEXT), ([ori], None)):
        found = receiver.open(build.encrypted_mail(build.auth_enveloped(build.TEXT, cek=CEK, infos=infos)))
        assert found.content == content
        assert codes(found) == ([] if content else ["decryption.no-key"])


def test_the_stronger_kind_goes_first_and_alone() -> None:
    """Decision 5: a private key before a password, and no second try."""
    bob = build.person("bob@example.com")
    ring = mailseal.Keyring([mailseal.Identity.load(bob.pem)], passwords=["pässword"])
    wrong = build.ktri(bob, CEK, encrypted_key=bytes(256))
    receiver = mailseal.Receiver(trust=None, keys=ring, threads=1)
    both = [secret.pwri("pässword", CEK), wrong]
    found = receiver.open(build.encrypted_mail(build.auth_enveloped(build.TEXT, cek=CEK, infos=both)))
    assert codes(found) == ["decryption.failed"]


def test_strict_doors() -> None:
    cms = build.auth_enveloped(b"octets", cek=CEK, infos=[secret.pwri("word", CEK), secret.kekri(KEK, b"id", CEK)])
    assert mailseal.cms.decrypt_password(cms, "word").content == b"octets"
    assert mailseal.cms.decrypt_kek(cms, KEK, key_identifier=b"id").content == b"octets"
    with pytest.raises(mailseal.DecryptionError):
        mailseal.cms.decrypt_password(cms, "Word")
    with pytest.raises(mailseal.DecryptionError):
        mailseal.cms.decrypt_kek(cms, KEK, key_identifier=b"other")
    with pytest.raises(TypeError):
        mailseal.Keyring(passwords="word")


CONTENT = b"Content-Type: text/plain\r\n\r\nfrom OpenSSL\r\n"


@pytest.mark.parametrize("cipher", ["-aes128", "-aes256", "-des3"])
def test_openssl_password(cipher: str, openssl: Command) -> None:
    """With GCM its own command fails to make one: the parameters of the content cipher are taken for the wrap's."""
    encrypt = ("cms", "-encrypt", "-binary", "-outform", "DER", cipher)
    cms = openssl(*encrypt, "-pwri_password", "word", data=CONTENT)
    assert mailseal.cms.decrypt_password(cms, "word", unauthenticated="allow").content == CONTENT


@pytest.mark.parametrize("cipher", ["-aes128", "-aes-256-gcm", "-des3"])
def test_openssl_secret_key(cipher: str, openssl: Command) -> None:
    keys = ("-secretkey", KEK.hex(), "-secretkeyid", b"id".hex())
    cms = openssl("cms", "-encrypt", "-binary", "-outform", "DER", cipher, *keys, data=CONTENT)
    assert mailseal.cms.decrypt_kek(cms, KEK, key_identifier=b"id", unauthenticated="allow").content == CONTENT
