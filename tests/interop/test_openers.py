"""The openers themselves, with mail that OpenSSL made: they open what is good and nothing else."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.interop.matrix import bouncycastle, document, gpgsm, openssl, refusals
from tests.interop.matrix.cells import ENTITY, RefusedError
from tests.interop.matrix.keys import ADDRESS, Workshop, person, twin
from tests.interop.matrix.letters import LETTERS, other_content, other_end
from tests.interop.matrix.openers import OPENERS, prepare
from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.interop.matrix.cells import Cell

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


@functools.cache
def same_version(opener: str) -> bool:
    return document.same_version(document.THERE, opener, OPENERS[opener].version())


def assert_said(opener: str, complaint: str, words: str) -> None:
    """Another version may complain in other words."""
    assert re.search(complaint, words) or not same_version(opener), words


@pytest.mark.parametrize("form", ["clear", "opaque"])
@pytest.mark.parametrize("opener", VERIFYING)
def test_a_signature_is_good_or_refused(opener: str, form: str, shop: Workshop) -> None:
    good, strange = signed(shop, person("RSA"), form), signed(shop, stranger(), form)
    bad = [other_content(good), other_end(good), strange]
    prepare(shop, opener, [(mail, "RSA") for mail in (good, *bad)])
    found = OPENERS[opener].open(shop, good, "RSA")
    assert (found.content, found.layers) == (ENTITY, ("signed",))
    for mail, complaint in zip(bad, COMPLAINTS[opener], strict=True):
        assert_said(opener, complaint, said(opener, shop, mail))


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
    assert_said(opener, COMPLAINTS[opener][0], said(opener, shop, bad))


# A letter of ours, and the mail of another maker that is like it. So what `refusals.OPENING` tells
# of letters is held against mail that is none of ours: a refusal is the peer's limit, and no fault of the letter.
LIKE_OURS = (
    ("sign | Ed25519 | S/MIME clear", "openssl36 | sign | Ed25519 | S/MIME clear"),
    ("sign | RSASSA-PSS SHA-256 | S/MIME clear", "openssl36 | sign | RSASSA-PSS SHA-256 | S/MIME clear"),
    ("sign | ECDSA-SHA512 P-521 | S/MIME clear", "openssl36 | sign | ECDSA-SHA512 P-521 | S/MIME clear"),
    (
        "encrypt | AES-256-GCM under RSAES-PKCS1-v1_5 | S/MIME",
        "openssl36 | encrypt | AES-256-GCM under RSAES-PKCS1-v1_5 | S/MIME",
    ),
    (
        "encrypt | AES-256-CBC under RSAES-OAEP | S/MIME",
        "openssl36 | encrypt | AES-256-CBC under RSAES-OAEP SHA256 | S/MIME",
    ),
    (
        "encrypt | AES-256-CBC by dhSinglePass-stdDH-sha256kdf P-256 | S/MIME",
        "openssl36 | encrypt | AES-256-CBC by dhSinglePass-stdDH-sha256kdf P-256 | DER",
    ),
    (
        "encrypt | AES-128-CBC for RSA and P-256, with the key of RSA | S/MIME",
        "openssl36 | encrypt | AES-128-CBC under RSA and ECDH, two recipients, the other's key | DER",
    ),
    (
        "encrypt | ChaCha20-Poly1305 under RSAES-PKCS1-v1_5 | S/MIME",
        "bouncycastle | encrypt | ChaCha20-Poly1305 under RSAES-PKCS1-v1_5 | DER",
    ),
    (
        "encrypt | AES-256-GCM by dhSinglePass-stdDH-hkdf-sha256 X25519 | S/MIME",
        "bouncycastle | encrypt | AES-256-GCM by dhSinglePass-stdDH-hkdf-sha256 X25519 | DER",
    ),
)  # fmt: skip


@functools.cache
def makers() -> dict[str, Cell]:
    return {cell.name: cell for cell in (*openssl.cells_of("openssl36"), *bouncycastle.cells())}


def like_ours(shop: Workshop) -> dict[str, bytes]:
    """The mails of the other makers, by the letter that each is like; made at the first call."""
    if "like ours" not in shop.cache:
        shop.cache["like ours"] = {letter: as_mail(makers()[maker], shop) for letter, maker in LIKE_OURS}
    mails: dict[str, bytes] = shop.cache["like ours"]
    return mails


def as_mail(cell: Cell, shop: Workshop) -> bytes:
    made = cell.make(shop)
    if cell.form == "DER":
        return OUTER + build.part(made, "authEnveloped-data" if "CBC" not in cell.algorithm else "enveloped-data")
    return OUTER + made.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").removeprefix(b"MIME-Version: 1.0\r\n")


LETTER = {letter.name: letter for letter in LETTERS}
ASKED = [(peer, letter) for peer, opener in OPENERS.items() for letter, _ in LIKE_OURS if opener.takes(LETTER[letter])]


@pytest.mark.parametrize(("opener", "letter"), ASKED)
def test_mail_like_ours_gets_the_same_answer(opener: str, letter: str, shop: Workshop) -> None:
    ours, mails = LETTER[letter], like_ours(shop)
    prepare(shop, opener, [(mails[name], LETTER[name].key) for peer, name in ASKED if peer == opener])
    expected, words = refusals.known_of(opener, ours), ""
    try:
        found = OPENERS[opener].open(shop, mails[letter], ours.key)
    except RefusedError as error:
        words = str(error)
    else:
        assert (found.content, found.layers) == (ENTITY, ours.layers)
    if same_version(opener):
        assert bool(words) == bool(expected), words or f"refuses ours with {expected}, but opens this"
        assert re.search(expected or "", words), words
