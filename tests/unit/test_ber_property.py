"""A valid message written again as BER opens to the same content and the same answers (X.690 §8, RFC 5652 §2)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from tests.findings.cases import ALICE, BOB, NOW, ROOT, opaque
from tests.support import ber, secret_build, shared_key_build
from tests.support import smime_build as build
from tests.support.agreement_build import kari

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.peers import Command

EVE = build.person("eve@example.com", "ec")
KEK, KEY = b"k" * 16, b"c" * 16
KEYS = mailseal.Keyring(
    [mailseal.Identity.load(BOB.pem), mailseal.Identity.load(EVE.pem)],
    passwords=["secret"],
    secret_keys={b"id": KEK, b"content": b"d" * 32},
)
RECEIVER = mailseal.Receiver(
    trust=mailseal.TrustStore.load(ROOT.certificate), keys=KEYS, policy=mailseal.Policy.archive(), threads=1
)
SCHEME = "1.3.132.1.11.1"


def sealed(*infos: bytes) -> bytes:
    return build.auth_enveloped(build.TEXT, cek=KEY, infos=list(infos))


def agreed() -> bytes:
    public = EVE.key.public_key()
    return kari(public, EVE.identifier, KEY, scheme=SCHEME, digest=hashes.SHA256(), ukm=b"u" * 8)  # type: ignore[arg-type]


# What is written again, and how it becomes a mail.
MESSAGES: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "opaque": (build.signed(build.TEXT, ALICE), opaque),
    "clear": (
        build.signed(build.TEXT, ALICE, detached=True),
        lambda cms: build.headers() + build.clear_signed(build.TEXT, cms),
    ),
    "without attributes": (build.signed(build.TEXT, ALICE, attributes=False), opaque),
    "two signers": (build.signed(build.TEXT, ALICE, BOB), opaque),
    "countersigned": (
        build.signed_data(
            build.TEXT,
            [build.signer_info(ALICE, build.TEXT, unsigned=lambda value: [build.countersignature(BOB, value)])],
            [ALICE.der, BOB.der],
        ),
        opaque,
    ),
    "cbc to a key": (build.enveloped(build.TEXT, BOB), build.encrypted_mail),
    "gcm to a key": (sealed(build.ktri(BOB, KEY)), build.encrypted_mail),
    "gcm by agreement": (sealed(agreed()), build.encrypted_mail),
    "gcm under a password": (sealed(secret_build.pwri("secret", KEY)), build.encrypted_mail),
    "gcm under a KEK": (sealed(secret_build.kekri(KEK, b"id", KEY)), build.encrypted_mail),
    "gcm to all": (
        sealed(build.ktri(BOB, KEY), agreed(), secret_build.kekri(KEK, b"id", KEY)),
        build.encrypted_mail,
    ),
    "compressed": (build.compressed(build.TEXT), build.encrypted_mail),
    "digested": (build.digested(build.TEXT), build.encrypted_mail),
    "encrypted data": (shared_key_build.encrypted_data(build.TEXT, b"d" * 32), build.encrypted_mail),
    "authenticated data": (
        shared_key_build.authenticated_data(build.TEXT, [build.ktri(BOB, b"m" * 32)], b"m" * 32),
        build.encrypted_mail,
    ),
}


def kept(path: tuple[int, ...]) -> bool:
    """Certificates, attributes that a MAC or tag covers as received (authAttrs: [1], [2]), and messageDigest, which is
    a primitive OCTET STRING or nothing."""
    return path[-4:] == (0xA0, 0x30, 0x31, 0x04) or path in {
        (0x30, 0xA0, 0x30, 0xA0, 0x30),
        (0x30, 0xA0, 0x30, 0xA1),
        (0x30, 0xA0, 0x30, 0xA2),
    }


def answers(mail: bytes) -> tuple[object, set[str]]:
    """Everything that must not depend on the encoding, and the codes of the findings."""
    opened = RECEIVER.open(mail, at=NOW)
    signers = [
        (
            one.id,
            one.integrity,
            one.chain,
            one.digest,
            one.signature_algorithm,
            one.signing_time,
            str(one.certificate),
            [(other.id, other.integrity) for other in one.countersigners],
        )
        for one in opened.signers
    ]
    layers = [
        (layer.kind, layer.algorithm, sorted((to.kind, to.id, to.algorithm) for to in layer.recipients))
        for layer in opened.layers
    ]
    told = (opened.content, opened.verdict.status, opened.decryption, opened.authenticated, sorted(map(str, signers)))
    return (*told, layers), {finding.code for finding in opened.verdict.findings}


@given(st.sampled_from(sorted(MESSAGES)), st.randoms(use_true_random=False), st.booleans())
def test_a_message_in_ber_gives_the_same_answers(name: str, chance: random.Random, inside: bool) -> None:
    """Also inside an encryption, where it is read from a buffer of its own."""
    der, mail = MESSAGES[name]
    again = ber.encode(ber.parse(der), chance.randrange, kept)
    before, after = mail(der), mail(again)
    if inside:
        before, after = (build.encrypted_mail(build.auth_enveloped(one, BOB, cek=KEY)) for one in (before, after))
    (told, codes), (told_again, codes_again) = answers(before), answers(after)
    assert told_again == told, name
    assert codes <= codes_again <= codes | {"signer.signed-attrs-not-der"}, (codes_again, name)


def test_every_message_opens_before_it_is_written_again() -> None:
    for name, (der, mail) in MESSAGES.items():
        opened = RECEIVER.open(mail(der), at=NOW)
        assert opened.content == build.TEXT, name
        assert opened.verdict.status in {"VALID", "UNSIGNED"}, (name, opened.verdict.explain())


@pytest.mark.parametrize("name", ["opaque", "without attributes", "two signers", "countersigned"])
def test_openssl_takes_what_the_encoder_writes(name: str, openssl: Command) -> None:
    """The oracle of the encoder: OpenSSL reads the content out of it, and its signatures are right."""
    der, _ = MESSAGES[name]
    for seed in range(5):
        again = ber.encode(ber.parse(der), random.Random(seed).randrange, kept)
        assert again != der
        assert openssl("cms", "-verify", "-noverify", "-binary", "-inform", "DER", data=again) == build.TEXT
