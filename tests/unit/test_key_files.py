"""Keys that are made and written, read by pyca/cryptography: an independent hand."""

from __future__ import annotations

import base64
import itertools
from typing import Any

import mailseal
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import own_keys
from tests.support import smime_build as build

NOTHING = serialization.NoEncryption()
PASSWORDS = ("secret", "", "pässwörd €", "🔑 key", "ключ" * 20)


def raw(key: Any) -> bytes:
    """A private key of pyca as it writes it."""
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, NOTHING)  # type: ignore[no-any-return]


def theirs(identity: mailseal.Identity) -> Any:
    """The key as pyca reads it from unencrypted PEM; the certificates behind it do not disturb."""
    return serialization.load_pem_private_key(identity.to_pem(None), None)


@pytest.mark.parametrize("kind", own_keys.KINDS)
def test_each_kind_is_what_it_is_called(kind: str) -> None:
    identity = own_keys.bare(kind)
    key = theirs(identity)
    if kind.startswith("rsa"):
        assert isinstance(key, rsa.RSAPrivateKey)
        assert f"rsa-{key.key_size}" == kind
        assert key.public_key().public_numbers().e == 65537
        assert identity.key_name == kind.upper()
    elif kind.startswith("ec"):
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        assert key.curve.name == {"ec-p256": "secp256r1", "ec-p384": "secp384r1", "ec-p521": "secp521r1"}[kind]
    else:
        assert isinstance(key, ed25519.Ed25519PrivateKey if kind == "ed25519" else x25519.X25519PrivateKey)
    assert identity.certificate is None
    assert identity.chain == ()
    # To the octet as pyca (OpenSSL) writes the same key.
    body = identity.to_pem(None).split(b"-----")[2]
    assert base64.b64decode(body) == raw(key)
    assert mailseal.Identity.generate(kind).key_id != identity.key_id
    assert repr(identity) == f"<Identity {identity.key_name} without certificate>"


def test_the_default_is_p256_and_unknown_names_are_answered_with_all() -> None:
    assert mailseal.Identity.generate().key_name == "P-256"
    for name in ("", "rsa", "rsa-1024", "EC-P256", "ed448", "dsa-2048"):
        with pytest.raises(ValueError, match="no kind of key") as caught:
            mailseal.Identity.generate(name)
        assert not isinstance(caught.value, mailseal.Error)
        assert all(kind in str(caught.value) for kind in own_keys.KINDS)


@pytest.mark.parametrize("profile", own_keys.PROFILES)
@pytest.mark.parametrize("kind", own_keys.KINDS)
def test_pkcs12_of_each_kind_is_read_by_pyca(kind: str, profile: str) -> None:
    written = own_keys.pkcs12(kind, profile)
    key, certificate, others = pkcs12.load_key_and_certificates(written, b"secret")
    assert raw(key) == raw(theirs(own_keys.certified(kind)))
    assert (certificate, others) == (own_keys.certificate(kind), [build.root().certificate])
    if kind != "x25519":  # pyca's class that tells names does not take X25519
        store = pkcs12.load_pkcs12(written, b"secret")
        assert store.cert is not None
        assert [store.cert.friendly_name, *(other.friendly_name for other in store.additional_certs)] == [b"Bob", None]
    with pytest.raises(ValueError, match="password"):
        pkcs12.load_key_and_certificates(written, b"Secret")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from([kind for kind in own_keys.KINDS if not kind.startswith("rsa-3") and kind != "rsa-4096"]),
    profile=st.sampled_from(own_keys.PROFILES),
    password=st.one_of(st.sampled_from(PASSWORDS), st.text(st.characters(codec="utf-8"), max_size=12)),
    name=st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)),
    certified=st.booleans(),
)
def test_any_password_and_name(kind: str, profile: str, password: str, name: str | None, certified: bool) -> None:
    identity = own_keys.certified(kind) if certified else own_keys.bare(kind)
    written = identity.to_pkcs12(password, profile, friendly_name=name)
    key, certificate, _ = pkcs12.load_key_and_certificates(written, password.encode())
    assert raw(key) == raw(theirs(identity))
    assert certificate == (own_keys.certificate(kind) if certified else None)
    found = mailseal.Identity.load(written, password)
    assert (found.key_id, found.friendly_name) == (identity.key_id, name)
    assert found.certificate == identity.certificate
    assert found.chain == identity.chain
    assert raw(theirs(found)) == raw(theirs(identity))
    with pytest.raises(mailseal.DecryptionError) as caught:
        mailseal.Identity.load(written, password + "x")
    assert caught.value.code == "key.password-wrong"


@pytest.mark.parametrize(("kind", "password"), list(zip(own_keys.KINDS, itertools.cycle(PASSWORDS), strict=False)))
def test_pem_of_each_kind(kind: str, password: str) -> None:
    identity = own_keys.certified(kind)
    written = identity.to_pem(password)
    assert written.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert written.count(b"-----BEGIN CERTIFICATE-----\n") == 2
    if password:  # pyca takes an empty password for none
        assert raw(serialization.load_pem_private_key(written, password.encode())) == raw(theirs(identity))
    found = mailseal.Identity.load(written, password)
    assert (found.key_id, found.certificate, found.chain) == (identity.key_id, identity.certificate, identity.chain)
    with pytest.raises(mailseal.DecryptionError):
        mailseal.Identity.load(written, password + "x")
    plain = identity.to_pem(None)
    assert plain.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert max(len(line) for line in plain.splitlines()) == 64


def test_passwords_are_text_or_utf8() -> None:
    identity = own_keys.bare("ec-p256")
    assert mailseal.Identity.load(identity.to_pkcs12("ä".encode()), "ä").key_id == identity.key_id
    with pytest.raises(ValueError, match="utf-8"):
        identity.to_pkcs12(b"\xff")
    with pytest.raises(ValueError, match="utf-8"):
        identity.to_pem("\ud800")
    for wrong in (None, 1, ["secret"]):
        with pytest.raises(TypeError):
            identity.to_pkcs12(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        identity.to_pem()  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="modern, compat"):
        identity.to_pkcs12("x", "legacy")


def test_several_passwords_are_tried_in_turn() -> None:
    written = own_keys.pkcs12("ec-p256", "modern")
    assert mailseal.Identity.load(written, ["no", b"secret"]).key_name == "P-256"
    with pytest.raises(mailseal.DecryptionError, match="2 passwords"):
        mailseal.Identity.load(written, ["no", "neither"])


@pytest.mark.parametrize("exponent", [3, 65537])
def test_rsa_keys_of_others_keep_their_numbers(exponent: int) -> None:
    key = rsa.generate_private_key(exponent, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, NOTHING)
    written = theirs(mailseal.Identity.load(pem))
    ours, known = written.private_numbers(), key.private_numbers()
    assert ours.public_numbers == known.public_numbers
    assert {ours.p, ours.q} == {known.p, known.q}
    assert [ours.d * exponent % (prime - 1) for prime in (known.p, known.q)] == [1, 1]


def test_what_a_file_brought_is_written_again() -> None:
    """Friendly name and chain of another writer's PKCS#12."""
    bob = build.person(own_keys.ADDRESS)
    archive = pkcs12.serialize_key_and_certificates(
        "Bøb".encode(),
        bob.key,
        bob.certificate,
        [build.root().certificate],
        serialization.BestAvailableEncryption(b"a"),
    )
    identity = mailseal.Identity.load(archive, "a")
    for profile in own_keys.PROFILES:
        again = pkcs12.load_pkcs12(identity.to_pkcs12("b", profile), b"b")
        assert again.cert is not None
        assert again.cert.friendly_name == "Bøb".encode()
        assert again.cert.certificate == bob.certificate
        assert [other.certificate for other in again.additional_certs] == [build.root().certificate]
    renamed = mailseal.Identity.load(identity.to_pkcs12("b", friendly_name="Other"), "b")
    assert (renamed.friendly_name, identity.friendly_name) == ("Other", "Bøb")


def test_a_new_key_opens_mail_and_signs_it() -> None:
    for kind in ("rsa-2048", "ec-p256"):
        identity = own_keys.certified(kind)
        person = build.Person(own_keys.ADDRESS, theirs(identity), own_keys.certificate(kind))
        receiver = mailseal.Receiver(trust=mailseal.TrustStore.load(build.root().der), keys=identity)
        signed = mailseal.Sender(signing=identity).sign(
            f"From: {own_keys.ADDRESS}\r\nTo: x@example.com\r\n\r\nHello\r\n".encode()
        )
        assert receiver.open(signed).verdict.is_valid
        if kind.startswith("rsa"):
            sealed = build.enveloped(b"Content-Type: text/plain\r\n\r\nx", person)
            mail = build.headers() + build.part(sealed, "enveloped-data")
            assert receiver.open(mail).decryption is mailseal.Check.OK


def test_uses_and_bits() -> None:
    told = {kind: (own_keys.bare(kind).key_bits, own_keys.bare(kind).uses) for kind in own_keys.KINDS}
    both = ("sign", "decrypt")
    assert told == {
        "rsa-2048": (2048, both),
        "rsa-3072": (3072, both),
        "rsa-4096": (4096, both),
        "ec-p256": (256, both),
        "ec-p384": (384, both),
        "ec-p521": (521, both),
        "ed25519": (255, ("sign",)),
        "x25519": (255, ("decrypt",)),
    }
    bob = build.person(own_keys.ADDRESS, "ec")
    assert mailseal.Identity.load(bob.pem).uses == both
