"""EncryptedData and AuthenticatedData (RFC 5652 §8, §9): what opens, and what is refused before a key is touched."""

from __future__ import annotations

import os

import mailseal
import pytest

from tests.support import shared_key_build as make
from tests.support import smime_build as build

BOB = build.person("bob@example.com")
KEY, MAC_KEY = os.urandom(32), os.urandom(32)


def keys() -> mailseal.Identity:
    return mailseal.Identity.load(BOB.pem)


def code(cms: bytes, ring: object) -> str:
    with pytest.raises(mailseal.Error) as raised:
        mailseal.cms.decrypt(cms, ring, unauthenticated="allow")  # type: ignore[arg-type]
    return raised.value.code


def test_encrypted_data_opens_with_the_key_that_both_sides_hold() -> None:
    cms = make.encrypted_data(build.TEXT, KEY)
    opened = mailseal.cms.decrypt_data(cms, KEY, unauthenticated="allow")
    assert (opened.content, opened.authenticated) == (build.TEXT, False)
    with pytest.raises(mailseal.PolicyError):
        mailseal.cms.decrypt_data(cms, KEY)


def test_encrypted_data_without_its_key_stays_closed() -> None:
    cms = make.encrypted_data(build.TEXT, KEY)
    assert code(cms, mailseal.Keyring()) == "decryption.no-key"
    assert code(cms, mailseal.Keyring(secret_keys={b"a": os.urandom(16)})) == "decryption.no-key"
    two = mailseal.Keyring(secret_keys={b"a": KEY, b"b": os.urandom(32)})
    assert code(cms, two) == "decryption.no-key"


def test_encrypted_data_as_mail_is_a_layer() -> None:
    ring = mailseal.Keyring(secret_keys={b"a": KEY})
    receiver = mailseal.Receiver(trust=None, keys=ring, policy=mailseal.Policy.archive(), threads=1)
    opened = receiver.open(build.encrypted_mail(make.encrypted_data(build.TEXT, KEY)))
    assert (opened.content, opened.decryption) == (build.TEXT, "OK")
    assert [layer.kind for layer in opened.layers] == ["encrypted-data"]
    codes = [finding.code for finding in opened.verdict.findings]
    assert "decryption.unauthenticated" in codes


@pytest.mark.parametrize("attributes", [True, False])
def test_authenticated_data_opens_when_its_mac_is_right(attributes: bool) -> None:
    cms = make.authenticated_data(build.TEXT, [build.ktri(BOB, MAC_KEY)], MAC_KEY, attributes=attributes)
    opened = mailseal.cms.decrypt(cms, keys())
    assert (opened.content, opened.authenticated) == (build.TEXT, True)
    receiver = mailseal.Receiver(trust=None, keys=keys(), policy=mailseal.Policy.archive(), threads=1)
    mail = receiver.open(build.encrypted_mail(cms))
    assert [(layer.kind, layer.algorithm) for layer in mail.layers] == [("authenticated-data", "HMAC-SHA256")]
    assert (mail.content, mail.verdict.summary) == (build.TEXT, "none")


def test_authenticated_data_with_another_mac_or_key_stays_closed() -> None:
    infos = [build.ktri(BOB, MAC_KEY)]
    assert code(make.authenticated_data(build.TEXT, infos, MAC_KEY, mac=bytes(32)), keys()) == "decryption.failed"
    assert code(make.authenticated_data(build.TEXT, infos, bytes(32)), keys()) == "decryption.failed"
    truncated = make.authenticated_data(build.TEXT, infos, MAC_KEY, mac=b"")
    assert code(truncated, keys()) == "decryption.failed"
    assert code(make.authenticated_data(build.TEXT, infos, MAC_KEY), mailseal.Keyring()) == "decryption.no-key"


def test_enc_21_the_content_of_authenticated_data_is_bound_by_its_digest() -> None:
    """CVE-2026-59642: with authAttrs the MAC covers the attributes alone."""
    other = make.authenticated_data(build.TEXT, [build.ktri(BOB, MAC_KEY)], MAC_KEY, shown=build.TEXT + b"!")
    assert code(other, keys()) == "structure.digest-mismatch"
    bare = make.authenticated_data(
        build.TEXT, [build.ktri(BOB, MAC_KEY)], MAC_KEY, shown=build.TEXT + b"!", attributes=False
    )
    assert code(bare, keys()) == "decryption.failed"


@pytest.mark.parametrize("attributes", [True, False])
def test_enc_21_auth_attrs_and_digest_algorithm_belong_together(attributes: bool) -> None:
    cms = make.authenticated_data(
        build.TEXT, [build.ktri(BOB, MAC_KEY)], MAC_KEY, attributes=attributes, digest_algorithm=not attributes
    )
    assert code(cms, keys()) == "cms.malformed"


def test_rfc5652_9_1_content_other_than_data_needs_attributes() -> None:
    infos = [build.ktri(BOB, MAC_KEY)]
    other = make.authenticated_data(build.TEXT, infos, MAC_KEY, content_type="1.2.3.4")
    assert mailseal.cms.decrypt(other, keys()).content == build.TEXT
    bare = make.authenticated_data(build.TEXT, infos, MAC_KEY, content_type="1.2.3.4", attributes=False)
    assert code(bare, keys()) == "signer.attribute-missing"


def test_sig_01_authenticated_attributes_do_not_come_again_as_content() -> None:
    """The MAC over authAttrs is also one over content that is their DER."""
    infos = [build.ktri(BOB, MAC_KEY)]
    attrs = build.signed_attrs(build.TEXT)
    assert code(make.authenticated_data(attrs, infos, MAC_KEY, attributes=False), keys()) == "signer.ambiguous-content"
