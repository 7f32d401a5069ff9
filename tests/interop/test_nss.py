"""Mail made by NSS: Debian's, and the one that Thunderbird carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.support import smime_build as build

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12PrivateKeyTypes

    from tests.support.peers import Nss

ENTITY = b"Content-Type: text/plain\r\n\r\nSent from NSS.\r\n"


def database(nss: Nss, tmp_path: Path, alice: build.Person, bob: build.Person) -> str:
    """An NSS database with the root as CA, Alice's key and Bob's certificate."""
    db = f"sql:{tmp_path}"
    nss.certutil("-N", "-d", db, "--empty-password")
    (tmp_path / "root.der").write_bytes(build.root().der)
    nss.certutil("-A", "-d", db, "-n", "root", "-t", "C,C,", "-i", tmp_path / "root.der")
    (tmp_path / "bob.der").write_bytes(bob.der)
    nss.certutil("-A", "-d", db, "-n", bob.address, "-t", ",P,", "-i", tmp_path / "bob.der")
    key: PKCS12PrivateKeyTypes = alice.key
    archive = pkcs12.serialize_key_and_certificates(
        alice.address.encode(), key, alice.certificate, None, serialization.BestAvailableEncryption(b"secret")
    )
    (tmp_path / "alice.p12").write_bytes(archive)
    nss.pk12util("-i", tmp_path / "alice.p12", "-d", db, "-W", "secret", "-K", "")
    return db


def check(nss: Nss, tmp_path: Path) -> None:
    alice, bob = build.person("alice@example.com"), build.person("bob@example.com")
    db = database(nss, tmp_path, alice, bob)
    (tmp_path / "entity").write_bytes(ENTITY)
    trust = mailseal.TrustStore.load(build.root().der)
    receiver = mailseal.Receiver(trust=trust, keys=mailseal.Keyring([mailseal.Identity.load(bob.pem)]))

    detached = nss.cmsutil("-S", "-T", "-G", "-d", db, "-N", alice.address, "-H", "SHA256", "-i", tmp_path / "entity")
    opened = receiver.open(build.headers() + build.clear_signed(ENTITY, detached))
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert opened.content == ENTITY
    changed = receiver.open(build.headers() + build.clear_signed(ENTITY.replace(b"Sent", b"sent"), detached))
    assert changed.verdict.status == "INVALID"

    opaque = nss.cmsutil("-S", "-G", "-d", db, "-N", alice.address, "-H", "SHA256", "-i", tmp_path / "entity")
    opened = receiver.open(build.headers() + build.part(opaque, "signed-data"))
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert opened.content == ENTITY

    (tmp_path / "signed").write_bytes(build.clear_signed(ENTITY, detached))
    sealed = nss.cmsutil("-E", "-d", db, "-r", bob.address, "-i", tmp_path / "signed")
    opened = receiver.open(build.encrypted_mail(sealed))
    assert opened.decryption == "OK", opened.verdict.explain()
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert opened.verdict.summary == "signed+encrypted"
    assert opened.content == ENTITY


@pytest.mark.parametrize("peer", ["nss", "thunderbird_nss"])
def test_signed_and_encrypted_mail_opens(peer: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    nss: Nss = request.getfixturevalue(peer)
    check(nss, tmp_path)
