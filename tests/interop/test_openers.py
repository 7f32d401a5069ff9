"""The openers themselves, with mail that OpenSSL made: they open what is good and nothing else."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.interop.matrix import gpgsm, openssl
from tests.interop.matrix.cells import ENTITY, RefusedError
from tests.interop.matrix.keys import ADDRESS, Workshop, person, twin
from tests.interop.matrix.letters import other_content, other_end
from tests.interop.matrix.openers import OPENERS, prepare
from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Iterator

VERIFYING = [name for name in OPENERS if name != "pyca"]
SEALING = ["openssl36", "bouncycastle"]
# What each says of another content, another signature, and a signer whose root nobody trusts.
COMPLAINTS = {
    "openssl": (r"content verify error", r"padding check failed|bad signature", r"certificate verify error"),
    "openssl36": (r"content verify error", r"padding check failed|bad signature", r"certificate verify error"),
    "nss": (r"DigestMismatch", r"BadSignature", r"SigningCertNot"),
    "thunderbird-nss": (r"DigestMismatch", r"BadSignature", r"SigningCertNot"),
    "gpgsm": (r"digest attribute does not match", r"Bad signature", r"certificate chain|trust"),
    "bouncycastle": (r"message-digest", r"signature is not good", r"CertPathBuilder"),
    "m2crypto": (r"digest failure", r"signature failure", r"certificate verify"),
}
OUTER = b"From: alice@example.com\r\nTo: bob@example.com\r\nMIME-Version: 1.0\r\n"


@functools.cache
def stranger() -> build.Person:
    """Of another root under the very name of ours."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    name = build.root().certificate.subject
    return build.Person(ADDRESS, key, build.issue("Alice", key, name, root_key, address=ADDRESS))


def made(program: str, *arguments: str, data: bytes = ENTITY) -> bytes:
    """By OpenSSL, with line ends as mail has them on its way."""
    return openssl.run(program, "cms", *arguments, data=data).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def signed(folder: Workshop, who: build.Person, form: str) -> bytes:
    pem = folder.file("signer.pem", who.pem)
    detached = () if form == "clear" else ("-nodetach",)
    return OUTER + made("openssl", "-sign", "-binary", "-signer", str(pem), *detached).partition(b"\r\n")[2]


def sealed(folder: Workshop, who: build.Person, cipher: str, data: bytes = ENTITY) -> bytes:
    pem = folder.file("recipient.pem", who.pem)
    return (
        OUTER
        + made("openssl", "-encrypt", "-binary", f"-{cipher}", "-recip", str(pem), data=data).partition(b"\r\n")[2]
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path_factory.mktemp("openers"))
    yield workshop
    gpgsm.close(workshop)


def said(opener: str, shop: Workshop, mail: bytes) -> str:
    """The refusal; AssertionError if it opens."""
    try:
        found = OPENERS[opener].open(shop, mail, "RSA")
    except RefusedError as error:
        return str(error)
    raise AssertionError(f"{opener} opens it: {found}")


@pytest.mark.parametrize("form", ["clear", "opaque"])
@pytest.mark.parametrize("opener", VERIFYING)
def test_a_signature_is_good_or_refused(opener: str, form: str, shop: Workshop) -> None:
    good, strange = signed(shop, person("RSA"), form), signed(shop, stranger(), form)
    bad = [other_content(good), other_end(good), strange]
    prepare(shop, opener, [(mail, "RSA") for mail in (good, *bad)])
    found = OPENERS[opener].open(shop, good, "RSA")
    assert (found.content, found.layers) == (ENTITY, ("signed",))
    for mail, complaint in zip(bad, COMPLAINTS[opener], strict=True):
        refusal = said(opener, shop, mail)
        assert re.search(complaint, refusal, re.IGNORECASE), refusal


@pytest.mark.parametrize("opener", list(OPENERS))
def test_what_is_encrypted_opens_with_its_key_alone(opener: str, shop: Workshop) -> None:
    good, other = sealed(shop, person("RSA"), "aes-128-cbc"), sealed(shop, twin("RSA"), "aes-128-cbc")
    prepare(shop, opener, [(good, "RSA"), (other, "RSA")])
    found = OPENERS[opener].open(shop, good, "RSA")
    assert (found.content, found.layers) == (ENTITY, ("encrypted",))
    try:
        found = OPENERS[opener].open(shop, other, "RSA")
    except RefusedError:
        return
    # A key of chance may give octets of chance (RFC 3218 §2.3.2), but never the content.
    assert b"Archiv" not in found.content


@pytest.mark.parametrize("opener", SEALING)
def test_a_changed_tag_is_refused(opener: str, shop: Workshop) -> None:
    good = sealed(shop, person("RSA"), "aes-256-gcm")
    bad = other_end(good)
    prepare(shop, opener, [(good, "RSA"), (bad, "RSA")])
    assert OPENERS[opener].open(shop, good, "RSA").content == ENTITY
    assert said(opener, shop, bad)


@pytest.mark.parametrize("opener", VERIFYING)
def test_a_signature_inside_counts(opener: str, shop: Workshop) -> None:
    inner = signed(shop, person("RSA"), "clear")
    good, bad = (sealed(shop, person("RSA"), "aes-256-cbc", one) for one in (inner, other_content(inner)))
    prepare(shop, opener, [(good, "RSA"), (bad, "RSA")])
    found = OPENERS[opener].open(shop, good, "RSA")
    assert (found.content, found.layers) == (ENTITY, ("encrypted", "signed"))
    assert re.search(COMPLAINTS[opener][0], said(opener, shop, bad), re.IGNORECASE)
