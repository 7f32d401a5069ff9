"""Message side: who signed, and how much of what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import smime_build as build

if TYPE_CHECKING:
    import mailseal

    from tests.threats.conftest import Receive


def codes(opened: mailseal.Opened) -> list[str]:
    return [finding.code for finding in opened.verdict.findings]


def test_msg_01_signature_by_another_than_from(receive: Receive, alice: build.Person, eve: build.Person) -> None:
    assert receive().open(build.signed_mail(alice)).verdict.is_valid
    forged = build.signed_mail(eve, sender="alice@example.com")
    for policy in ("default", "strict"):
        opened = receive(policy).open(forged)
        assert opened.verdict.status == "INVALID"
        assert "address.mismatch" in codes(opened)
        assert [signer.address for signer in opened.signers] == ["FAILED"]
    assert "address.mismatch-reported" in codes(receive("archive").open(forged))


@pytest.mark.parametrize(
    "sender",
    [
        "alice@example.com <eve@example.com>",
        '"alice@example.com" <eve@example.com>',
        "=?utf-8?q?alice=40example=2Ecom?= <eve@example.com>",
        "eve@example.com (alice@example.com)",
    ],
)
def test_msg_01_display_names_are_no_addresses(sender: str, receive: Receive, alice: build.Person) -> None:
    assert not receive().open(build.signed_mail(alice, sender=sender)).verdict.is_valid


@pytest.mark.parametrize(
    "extra",
    [
        b"From: alice@example.com\r\n",
        b"from: eve@example.com\r\n",
        b"FROM:\r\n eve@example.com\r\n",
        b"From : eve@example.com\r\n",
    ],
)
def test_msg_03_several_from_fields(extra: bytes, receive: Receive, alice: build.Person) -> None:
    mail = build.signed_mail(alice)
    for text in (extra + mail, mail.replace(b"MIME-Version", extra + b"MIME-Version", 1)):
        opened = receive().open(text)
        assert opened.verdict.status == "INVALID", opened.verdict.explain()
        assert "address.several-from" in codes(opened)


def test_msg_03_each_mailbox_of_from_needs_a_signer(receive: Receive, alice: build.Person) -> None:
    opened = receive().open(build.signed_mail(alice, sender="alice@example.com, eve@example.com"))
    assert not opened.verdict.is_valid


@pytest.mark.parametrize(
    "sender",
    [
        "Alice <alice@example.com> x, eve@example.com",
        "Alice <alice@example.com>x, <eve@example.com>",
        "Alice <alice@example.com]>, eve@example.com",
        "<alice@example.com, eve@example.com",
        "alice@example.com x, eve@example.com",
        "alice@example.com\\, eve@example.com",
        "alice@@example.com, eve@example.com",
        "alice@example.com., eve@example.com",
        "eve@example.com, alice@example.com (",
        "Alice alice@example.com <eve@example.com>",
        ";eve@example.com",
    ],
)
def test_msg_03_what_cannot_be_read_of_from_is_not_left_out(sender: str, receive: Receive, eve: build.Person) -> None:
    """Eve signs as herself; what stands before or behind her address is what another reader shows."""
    for policy in ("default", "strict"):
        opened = receive(policy).open(build.signed_mail(eve, sender=sender))
        assert not opened.verdict.is_valid, opened.verdict.explain()
        assert "address.malformed" in codes(opened)
        assert "OK" not in [signer.address for signer in opened.signers]
    assert receive().open(build.signed_mail(eve, sender="Eve <eve@example.com>")).verdict.is_valid
    assert receive("archive").open(build.signed_mail(eve, sender=sender)).verdict.is_valid


def test_msg_03_a_sender_that_cannot_be_read_is_none(receive: Receive, eve: build.Person) -> None:
    """Sender stands in for From only as a whole."""
    mail = build.signed_mail(eve, sender="alice@example.com")
    for sender, valid in ((b"eve@example.com", True), (b"alice@example.com x, eve@example.com", False)):
        opened = receive().open(b"Sender: " + sender + b"\r\n" + mail)
        assert opened.verdict.is_valid == valid, opened.verdict.explain()


def test_msg_03_nul_in_from(receive: Receive, alice: build.Person) -> None:
    opened = receive().open(build.signed_mail(alice, sender="alice@example.com\0.evil.example"))
    assert not opened.verdict.is_valid


UNSIGNED = b"Content-Type: text/html\r\n\r\n<b>Pay to account 4711.</b>\r\n"


def test_msg_04_partly_signed_is_not_signed(receive: Receive, alice: build.Person) -> None:
    signed = build.clear_signed(build.TEXT, build.signed(build.TEXT, alice, detached=True))
    attached = b"Content-Type: message/rfc822\r\n\r\n" + build.signed_mail(alice)
    for parts in ((UNSIGNED, signed), (signed, UNSIGNED), (UNSIGNED, attached)):
        opened = receive().open(build.headers() + build.mixed(*parts))
        assert not opened.verdict.is_valid
        assert opened.verdict.summary != "signed"
        assert {"structure.errant-signature"} & set(codes(opened)) or parts[1] is attached, codes(opened)
