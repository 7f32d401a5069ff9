"""OUT-04: what happens to mail on its way. Signatures of ours survive relays; what they do not survive is explained."""

from __future__ import annotations

import re
import smtplib
import time
from email.message import EmailMessage
from typing import TYPE_CHECKING

import mailseal
import pytest
from aiosmtpd.controller import Controller

from tests.findings.cases import ALICE, BOB, NOW, ROOT
from tests.support import postfix
from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiosmtpd.smtp import SMTP, Envelope, Session

IDENTITY = mailseal.Identity.load(ALICE.pem)
RECEIVER = mailseal.Receiver(trust=ROOT.certificate, keys=mailseal.Identity.load(BOB.pem), threads=1)
HOSTILE = (
    "Grüße aus Zürich\nFrom here on everything is quoted\nblanks at the end   \na tab\tand one at the end\t\n.\n..\n"
    + "long " * 300
    + "\n--\nsignature\n"
)


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "alice@example.com", "bob@example.com", "Grüße"
    message.set_content(HOSTILE, cte="8bit")
    message.add_attachment(bytes(range(256)) * 20, maintype="application", subtype="octet-stream", filename="Ä.bin")
    return message


def made(form: str) -> bytes:
    sender = mailseal.Sender(signing=IDENTITY, trust=ROOT.certificate)
    if form == "protect":
        return sender.protect(letter(), [BOB.certificate], at=NOW)
    return sender.sign(letter(), clear=form == "clear", at=NOW)


FORMS = ("clear", "opaque", "protect")


def wrapped_at_998(mail: bytes) -> bytes:
    lines = (line[at : at + 998] for line in mail.split(b"\r\n") for at in range(0, max(len(line), 1), 998))
    return b"\r\n".join(lines)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "CRLF to LF": lambda mail: mail.replace(b"\r\n", b"\n"),
    "LF to CRLF again": lambda mail: mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "trailing blanks stripped": lambda mail: re.sub(rb"[ \t]+(?=\r\n)", b"", mail),
    "wrapped at 998": wrapped_at_998,
    "mbox quoting": lambda mail: re.sub(rb"(?m)^(>*From )", rb">\1", mail),
    "tabs expanded": lambda mail: mail.replace(b"\t", b"        "),
    "7 bits": lambda mail: bytes(octet & 0x7F for octet in mail),
    "empty lines at the end": lambda mail: mail + b"\r\n\r\n",
}


def text_of(opened: mailseal.Opened) -> str:
    body = opened.message().get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("form", FORMS)
def test_out_04_a_relay_changes_nothing_that_counts(form: str, damage: str) -> None:
    opened = RECEIVER.open(DAMAGE[damage](made(form)), at=NOW)
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert text_of(opened) == HOSTILE


@pytest.mark.parametrize("damage", ["trailing blanks stripped", "wrapped at 998", "7 bits", "tabs expanded"])
def test_out_04_a_careless_signer_is_damaged_by_the_same(damage: str) -> None:
    """Else the damage would be none."""
    entity = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + HOSTILE.encode().replace(b"\n", b"\r\n")
    careless = build.signed_mail(ALICE, entity)
    assert RECEIVER.open(careless, at=NOW).verdict.is_valid
    assert not RECEIVER.open(DAMAGE[damage](careless), at=NOW).verdict.is_valid


class Mailbox:
    """What arrived at the end of the way."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 — aiosmtpd's
        content = envelope.content
        self.mails.append(
            content.encode("utf-8", "surrogateescape") if isinstance(content, str) else bytes(content or b"")
        )
        return "250 OK"

    def wait(self, count: int) -> list[bytes]:
        end = time.monotonic() + 30
        while len(self.mails) < count and time.monotonic() < end:
            time.sleep(0.05)
        assert len(self.mails) == count
        return self.mails


@pytest.fixture
def way() -> Iterator[tuple[int, Mailbox]]:
    """A real Postfix whose next hop knows no 8BITMIME: its port, and the mailbox behind."""
    mailbox = Mailbox()
    end = Controller(mailbox, hostname="127.0.0.1", port=postfix.free_port(), decode_data=True, enable_SMTPUTF8=False)
    end.start()
    try:
        with postfix.relay(end.port) as port:
            yield port, mailbox
    finally:
        end.stop()


def test_out_04_through_postfix_to_a_host_without_8bitmime(way: tuple[int, Mailbox]) -> None:
    port, mailbox = way
    # The last is signed as it stands, in 8 bits: Postfix has to encode it, and its signature cannot survive.
    entity = (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"
    )
    mails = [*(made(form) for form in FORMS), build.signed_mail(ALICE, entity)]
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        assert client.has_extn("8bitmime") or client.ehlo()[0] == 250
        for number, mail in enumerate(mails):
            named = b"X-Number: %d\r\n" % number + mail
            options = ["BODY=8BITMIME"] if not mail.isascii() else []
            assert client.sendmail("alice@example.com", ["bob@example.com"], named, options) == {}
    arrived = {}
    for mail in mailbox.wait(len(mails)):
        found = re.search(rb"X-Number: (\d)", mail)
        assert found is not None
        assert b"Received: " in mail
        assert mail.isascii()
        arrived[int(found[1])] = mail
    for number, form in enumerate(FORMS):
        opened = RECEIVER.open(arrived[number], at=NOW)
        assert (form, opened.verdict.status) == (form, "VALID"), opened.verdict.explain()
        assert text_of(opened) == HOSTILE
    downgraded = RECEIVER.open(arrived[3], at=NOW)
    assert downgraded.verdict.status == "INVALID", "Postfix was to encode it anew"


def test_out_04_a_list_footer_is_explained_by_coverage() -> None:
    """The sixth: what a list adds is not signed, and nothing claims that it is."""
    fields, entity = made("clear").split(b"MIME-Version: 1.0\r\n", 1)
    footer = b"Content-Type: text/plain\r\n\r\nTo unsubscribe write to list@example.com\r\n"
    listed = fields + b"MIME-Version: 1.0\r\n" + build.mixed(entity, footer, boundary=b"==list")
    opened = RECEIVER.open(listed, at=NOW)
    assert (opened.verdict.status, opened.coverage) == ("UNSIGNED", "1 of 2 parts")
    assert "structure.errant-signature" in [finding.code for finding in opened.verdict.findings]
    part = RECEIVER.open(listed, at=NOW, part="/1")
    assert (part.verdict.status, text_of(part)) == ("VALID", HOSTILE)
