"""The examples of docs/ are run as they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from mailseal.cli import app

from tests.support import smime_build as build
from tests.support.postfix import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"
MAIL = b"From: alice@example.com\r\nTo: bob@example.com\r\nSubject: Figures\r\n\r\nHello Bob\r\n"


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 — aiosmtpd's name
        self.mails.append((envelope.rcpt_tos, envelope.content))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[int, Mailbox]]:
    mailbox = Mailbox()
    server = Controller(mailbox, hostname="localhost", port=free_port())
    server.start()
    yield server.port, mailbox
    server.stop()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the pages speak of, in the working directory."""
    alice, bob, carol = (build.person(f"{name}@example.com") for name in ("alice", "bob", "carol"))
    secret = serialization.BestAvailableEncryption(b"secret")
    for name, one in (("me", alice), ("bob", bob)):
        made = pkcs12.serialize_key_and_certificates(None, one.key, one.certificate, None, secret)
        (tmp_path / f"{name}.p12").write_bytes(made)
    for name, person in (("bob", bob), ("carol", carol), ("roots", build.root())):
        (tmp_path / f"{name}.pem").write_bytes(person.certificate.public_bytes(serialization.Encoding.PEM))
    root = build.root()
    late = build.issue("Carol", carol.key, root.certificate.subject, root.key, address="carol@example.com", end=2021)
    (tmp_path / "expired.pem").write_bytes(late.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "me.key").write_bytes(alice.pem.partition(b"-----BEGIN CERT")[0])
    (tmp_path / "password").write_bytes(b"secret\n")
    (tmp_path / "mail.eml").write_bytes(MAIL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(page: str, language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no {language}"
    return found


@pytest.mark.usefixtures("folder", "openssl")
def test_sending(mailbox: tuple[int, Mailbox]) -> None:
    port, received = mailbox
    code = "".join(blocks("sending.md", "python"))
    assert code.count("2525") == 1
    exec(compile(code.replace("2525", str(port)), "sending.md", "exec"), {})  # noqa: S102 — our own page
    assert [recipients for recipients, _ in received.mails] == [
        ["bob@example.com"],
        ["carol@example.com"],
        ["bob@example.com"],
    ]


@pytest.mark.usefixtures("folder")
def test_coming_from_other_tools() -> None:
    exec(compile("".join(blocks("coming-from.md", "python")), "coming-from.md", "exec"), {})  # noqa: S102
    for block in blocks("coming-from.md", "sh"):
        for line in block.splitlines():
            program, *arguments = shlex.split(line)
            assert (program, app.run(arguments)) == ("mailseal", 0), line
    assert Path("opened.eml").read_bytes().endswith(b"Hello Bob\r\n")
