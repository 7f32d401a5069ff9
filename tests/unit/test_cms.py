from __future__ import annotations

import mailseal
import pytest
from mailseal import cms

from tests.unit.world import WITHIN, World

DATA = b"payload \x00\xff of any bytes"


def test_verify_returns_content_and_signers(world: World) -> None:
    verified = cms.verify(world.cms_signed(DATA), trust=world.root, at=WITHIN)
    assert verified.content == DATA
    assert verified.verdict.is_valid
    assert verified.signers[0].certificate == mailseal.Certificate.load(world.alice.certificate)


def test_verify_detached(world: World) -> None:
    signature = world.cms_signed(DATA, detached=True)
    assert cms.verify(signature, detached_content=DATA, trust=world.root, at=WITHIN).content == DATA
    for wrong in (DATA + b"!", None):
        with pytest.raises(mailseal.Error):
            cms.verify(signature, detached_content=wrong, trust=world.root, at=WITHIN)


def test_verify_raises_with_what_was_found(world: World) -> None:
    changed = world.cms_signed(DATA).replace(DATA, DATA[::-1])
    with pytest.raises(mailseal.VerificationError) as caught:
        cms.verify(changed, trust=world.root, at=WITHIN)
    assert caught.value.opened.verdict.status is mailseal.Status.INVALID
    with pytest.raises(mailseal.VerificationError):
        cms.verify(world.cms_signed(DATA), trust=world.bob.certificate, at=WITHIN)


def test_decrypt_refuses_what_nothing_authenticates(world: World) -> None:
    keys = mailseal.Identity.load(world.bob.pkcs12(None))
    enveloped = world.cms_enveloped(DATA)
    with pytest.raises(mailseal.PolicyError, match="unauthenticated") as caught:
        cms.decrypt(enveloped, keys)
    assert caught.value.code == "decryption.unauthenticated-forbidden"
    assert cms.decrypt(enveloped, keys, unauthenticated="allow") == cms.Decrypted(DATA, authenticated=False)
    with pytest.raises(ValueError, match="maybe"):
        cms.decrypt(enveloped, keys, unauthenticated="maybe")  # type: ignore[arg-type]


def test_decrypt_without_the_key(world: World) -> None:
    other = mailseal.Identity.load(world.alice.pkcs12(None))
    with pytest.raises(mailseal.DecryptionError) as caught:
        cms.decrypt(world.cms_enveloped(DATA), other, unauthenticated="allow")
    assert caught.value.code == "decryption.no-key"


def test_decrypt_of_signed_data_is_refused(world: World) -> None:
    with pytest.raises(mailseal.Error):
        cms.decrypt(world.cms_signed(DATA), None, unauthenticated="allow")


def test_describe_needs_no_key(world: World) -> None:
    info = cms.parse(world.cms_enveloped(DATA))
    assert info.content_type == info.describe()["layers"][0]["kind"]
    assert info.describe()["layers"][0]["recipients"]
    with pytest.raises(mailseal.MalformedError):
        cms.parse(b"\x30\x03\x02\x01").describe()
