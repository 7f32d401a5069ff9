"""Signature side: what must never be called signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mailseal
import pytest

from tests.support import smime_build as build
from tests.support.der import set_of

if TYPE_CHECKING:
    from tests.threats.conftest import Receive

POLICIES = ("default", "archive", "strict")


def codes(opened: mailseal.Opened) -> list[str]:
    return [finding.code for finding in opened.verdict.findings]


@pytest.mark.parametrize("kind", ["rsa", "ec", "ed25519"])
@pytest.mark.parametrize("detached", [False, True])
def test_sig_01_signed_attributes_are_no_content(kind: str, detached: bool, receive: Receive) -> None:
    """A signature over signedAttrs, shown again as one without, over content that is their DER."""
    signer = build.person(f"sig01-{kind}@example.com", kind)
    attributes = build.signed_attrs(build.TEXT)
    info = build.signer_info(signer, attributes, attributes=False)
    cms = build.signed_data(None if detached else attributes, [info], [signer.der])
    entity = build.clear_signed(attributes, cms) if detached else build.part(cms, "signed-data")
    for policy in POLICIES:
        opened = receive(policy).open(build.headers(signer.address) + entity)
        assert opened.verdict.status == "INVALID", (policy, opened.verdict.explain())


def test_sig_01_honest_signature_without_attributes(receive: Receive, alice: build.Person) -> None:
    cms = build.signed(build.TEXT, alice, detached=True, attributes=False)
    mail = build.headers() + build.clear_signed(build.TEXT, cms)
    opened = receive("archive").open(mail)
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert "signer.signed-attrs-absent" in codes(opened)
    assert receive("strict").open(mail).verdict.status == "INVALID"


@pytest.mark.parametrize("form", ["opaque", "clear"])
def test_sig_05_no_signer_is_not_signed(form: str, receive: Receive, alice: build.Person) -> None:
    cms = build.signed_data(None if form == "clear" else build.TEXT, [], [alice.der])
    entity = build.clear_signed(build.TEXT, cms) if form == "clear" else build.part(cms, "signed-data")
    for policy in POLICIES:
        opened = receive(policy).open(build.headers() + entity)
        assert opened.verdict.status == "INVALID"
        assert "signer.none" in codes(opened)
        assert opened.signers == ()


def test_sig_08_content_inside_a_detached_signature(receive: Receive, alice: build.Person) -> None:
    """The embedded content verifies while the part that is shown is another."""
    shown = build.TEXT.replace(b"quarterly", b"forged")
    for part in (shown, build.TEXT):
        opened = receive().open(build.headers() + build.clear_signed(part, build.signed(build.TEXT, alice)))
        assert opened.verdict.status == "INVALID", part
        assert "signer.econtent-in-detached" in codes(opened)


ENTITIES = {
    "crlf": build.TEXT,
    "no final newline": build.TEXT.rstrip(),
    "extra newline": build.TEXT + b"\r\n",
    "trailing blanks": build.TEXT.replace(b"attached.", b"attached.  \t"),
    "8-bit": build.TEXT.replace(b"quarterly", "vierteljährlichen".encode()),
    "soft breaks": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"long=\r\n line =3D end\r\n",
    "nested": build.mixed(build.TEXT, build.TEXT),
    "folded field": b"Content-Type: text/plain;\r\n\tcharset=utf-8\r\n\r\nbody\r\n",
}


@pytest.mark.parametrize("name", list(ENTITIES))
def test_sig_19_the_exact_octets_are_verified(name: str, receive: Receive, alice: build.Person) -> None:
    entity = ENTITIES[name]
    mail = build.signed_mail(alice, entity)
    opened = receive().open(mail)
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert opened.content == entity
    begin = mail.index(entity)
    for at in range(begin, begin + len(entity), max(1, len(entity) // 40)):
        changed = bytearray(mail)
        changed[at] ^= 0x01
        assert not receive().open(bytes(changed)).verdict.is_valid, at


def test_sig_19_preamble_and_epilogue_are_outside(receive: Receive, alice: build.Person) -> None:
    mail = build.signed_mail(alice).replace(b"\r\n\r\n--==sig", b"\r\n\r\npreamble\r\n--==sig", 1) + b"epilogue\r\n"
    opened = receive().open(mail)
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert opened.content == build.TEXT


def test_sig_19_line_feeds_of_a_store_are_repaired_and_said(receive: Receive, alice: build.Person) -> None:
    opened = receive().open(build.signed_mail(alice).replace(b"\r\n", b"\n"))
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert "mime.line-endings" in codes(opened)


def test_sig_repeated_attribute_set_is_not_content(receive: Receive, alice: build.Person) -> None:
    """Honest content that merely starts like a set of attributes is judged by its signature."""
    cms = build.signed(set_of(), alice)
    opened = receive().open(build.headers() + build.part(cms, "signed-data"))
    assert [signer.integrity for signer in opened.signers] == ["OK"]


def test_sig_06_a_broken_signature_vouches_for_no_sender(receive: Receive, alice: build.Person) -> None:
    """Eve signs well, Alice's signature is broken, From is Alice: neither all signers nor any one make it VALID."""
    eve = build.person("eve@example.com")
    infos = [build.signer_info(eve, build.TEXT), build.signer_info(alice, build.TEXT)[:-1] + b"\x00"]
    cms = build.signed_data(None, infos, [eve.der, alice.der])
    mail = build.headers() + build.clear_signed(build.TEXT, cms)
    receiver = receive()
    assert receiver.open(mail).verdict.status == "INVALID"
    opened = receiver.open(mail)
    for required in ("all", "any"):
        verdict = opened.judge(policy=mailseal.Policy.default().replace(required_signers=required))
        assert verdict.status == "INVALID", verdict.explain()
    honest = build.headers() + build.clear_signed(build.TEXT, build.signed(build.TEXT, eve, alice, detached=True))
    both = receiver.open(honest)
    assert both.verdict.status == "VALID"
    assert both.judge(policy=mailseal.Policy.default().replace(required_signers="any")).status == "VALID"
