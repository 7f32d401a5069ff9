"""MSG-13: signatures outside and inside an encryption; layers taken away, made anew by somebody else, or broken.

The status is never better than the innermost signature that covers the text allows.
"""

from __future__ import annotations

import itertools

import mailseal
import pytest

from tests.findings.cases import ALICE, BOB, NOW, ROOT
from tests.support import smime_build as build

EVE = build.person("eve@example.com")
RECEIVER = mailseal.Receiver(trust=ROOT.certificate, keys=mailseal.Identity.load(BOB.pem), threads=1)
# How one signature is: by Alice, by Alice but of other content, by Eve, not there.
GOOD, BAD, OTHER, NONE = "good", "bad", "another's", "none"
STATES = (GOOD, BAD, OTHER, NONE)
FORMS = ("clear", "opaque")
CIPHERS = ("cbc", "gcm", "none")


def signed(entity: bytes, state: str, form: str, boundary: bytes = b"inner") -> bytes:
    if state == NONE:
        return entity
    signer = EVE if state == OTHER else ALICE
    if form == "clear":
        return _broken(build.clear_signed(entity, build.signed(entity, signer, detached=True), boundary), state)
    return _broken(build.part(build.signed(entity, signer), "signed-data"), state)


def _broken(entity: bytes, state: str) -> bytes:
    """The last octets of the signature value changed: they stand at the end of SignedData."""
    if state != BAD:
        return entity
    head, _, rest = (
        entity.rpartition(b"\r\n--") if entity.startswith(b"Content-Type: multipart") else (entity, b"", b"")
    )
    lines = head.rstrip().split(b"\r\n")
    at = next(index for index in range(len(lines) - 1, 0, -1) if len(lines[index]) == 76)
    lines[at] = lines[at].translate(bytes.maketrans(b"ABCDEFGHIJKLMNOP", b"PABCDEFGHIJKLMNO"))
    return b"\r\n".join(lines) + b"\r\n" + (b"\r\n--" + rest if rest else b"")


def enveloped(entity: bytes, cipher: str) -> bytes:
    if cipher == "none":
        return entity
    if cipher == "gcm":
        return build.part(build.auth_enveloped(entity, BOB), "authEnveloped-data")
    return build.part(build.enveloped(entity, BOB))


def message(inner: str, cipher: str, outer: str, form: str) -> bytes:
    return build.headers() + signed(enveloped(signed(build.TEXT, inner, form), cipher), outer, form, b"outer")


# With all signers demanded: any that fails, or is not the sender while nobody else is, spoils the whole.
def expected(inner: str, outer: str) -> set[str]:
    states = {inner, outer} - {NONE}
    if not states:
        return {"UNSIGNED"}
    if BAD in states:
        return {"INVALID", "INDETERMINATE"}
    return {"VALID"} if GOOD in states else {"INVALID"}


CASES = list(itertools.product(STATES, CIPHERS, STATES, FORMS))


@pytest.mark.parametrize(("inner", "cipher", "outer", "form"), CASES)
def test_msg_13_no_layer_makes_another_better(inner: str, cipher: str, outer: str, form: str) -> None:
    opened = RECEIVER.open(message(inner, cipher, outer, form), at=NOW)
    assert opened.verdict.status in expected(inner, outer), opened.verdict.explain()
    present = [state for state in (outer, inner) if state != NONE]
    integrity = [signer.integrity for signer in opened.signers]
    wanted = ["FAILED" if state == BAD else "OK" for state in present]
    # What lies inside a layer whose signature fails is told as it is, never as that layer's.
    assert integrity == wanted, opened.verdict.explain()


@pytest.mark.parametrize("required", ["all", "any"])
@pytest.mark.parametrize(("inner", "outer"), list(itertools.product(STATES, STATES)))
def test_msg_13_a_good_layer_outside_does_not_vouch_for_a_bad_one_inside(inner: str, outer: str, required: str) -> None:
    rules = mailseal.Policy.default().replace(required_signers=required)
    receiver = mailseal.Receiver(trust=ROOT.certificate, keys=mailseal.Identity.load(BOB.pem), policy=rules, threads=1)
    opened = receiver.open(message(inner, "cbc", outer, "opaque"), at=NOW)
    if GOOD not in (inner, outer):
        assert not opened.verdict.is_valid
    if required == "all" and BAD in (inner, outer):
        assert not opened.verdict.is_valid
    by_layer = {signer.certificate.mailboxes[0] for signer in opened.signers if signer.certificate is not None}
    assert ("eve@example.com" in by_layer) is (OTHER in (inner, outer))


def test_msg_13_layers_taken_away() -> None:
    """Each layer of a triple-wrapped message is a message of its own, and is called what it is."""
    innermost = signed(build.TEXT, GOOD, "clear")
    middle = enveloped(innermost, "cbc")
    for entity, summary in (
        (build.TEXT, "none"),
        (innermost, "signed"),
        (middle, "signed+encrypted"),
        (enveloped(build.TEXT, "cbc"), "encrypted"),
        (signed(enveloped(build.TEXT, "cbc"), GOOD, "clear"), "signed+encrypted"),
    ):
        assert RECEIVER.open(build.headers() + entity, at=NOW).verdict.summary == summary
