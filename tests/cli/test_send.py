"""sign, encrypt, protect, certs-only: files and pipes, plans, exit codes, what goes where."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import mailseal
import pytest
from mailseal.cli import exit_codes

from tests.cli.test_cli import AT, Mailseal
from tests.findings.cases import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.world import World

MESSAGE = b"From: alice@a.example\r\nTo: bob@b.example\r\nSubject: Figures\r\n\r\nHello Bob\r\n"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Mailseal:
    return Mailseal(capfd)


@pytest.fixture
def here(world: World, tmp_path: Path) -> Path:
    made = {
        "mail.eml": MESSAGE,
        "alice.p12": world.alice.pkcs12(b"secret"),
        "bob.p12": world.bob.pkcs12(b"secret"),
        "bob.pem": world.bob.pem(),
        "root.pem": world.root_pem(),
        "password": b"secret\n",
        "wrong": b"other\n",
    }
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def keys(here: Path, words: str = "password") -> list[object]:
    return ["--keys", here / "alice.p12", "--password-file", here / words, "--at", AT]


def opened(here: Path, mail: Path) -> mailseal.Opened:
    bob = mailseal.Identity.load(here / "bob.p12", "secret")
    return mailseal.Receiver(trust=here / "root.pem", keys=bob, threads=1).open(mail, at=NOW)


@pytest.mark.parametrize(("flags", "form"), [([], "clear-signed"), (["--opaque"], "opaque")])
def test_sign(run: Mailseal, here: Path, flags: list[str], form: str) -> None:
    assert run("sign", here / "mail.eml", *keys(here), *flags, "-o", here / "out") == exit_codes.OK
    result = opened(here, here / "out")
    assert (result.verdict.status, result.layers[0].form, run.out, run.err) == ("VALID", form, "", "")


def test_protect_through_a_pipe(run: Mailseal, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MESSAGE)))
    assert run("protect", "-", *keys(here), "--to", here / "bob.pem") == exit_codes.OK
    (here / "out").write_text(run.out, newline="")
    result = opened(here, here / "out")
    assert (result.verdict.status, [layer.kind for layer in result.layers]) == (
        "VALID",
        ["enveloped-data", "signed-data"],
    )


def test_encrypt_with_a_cipher(run: Mailseal, here: Path) -> None:
    arguments = ["encrypt", here / "mail.eml", "--to", here / "bob.pem", "--cipher", "aes-256-gcm", "--at", AT]
    assert run(*arguments, "--trust", here / "root.pem", "-o", here / "out") == exit_codes.OK
    assert opened(here, here / "out").layers[0].algorithm == "AES-256-GCM"
    assert run(*arguments, "--trust", here / "bob.pem") == exit_codes.OK
    assert run(*arguments[:-4], "--cipher", "rc4") == exit_codes.USAGE
    assert "not made here" in run.err


def test_plan(run: Mailseal, here: Path) -> None:
    arguments = ["protect", here / "mail.eml", *keys(here), "--to", here / "bob.pem", "--plan"]
    assert run(*arguments) == exit_codes.OK
    assert run.out.startswith("content: AES-128-CBC\n")
    assert "warning:" in run.out
    code, plan = run.json(*arguments)
    assert (code, plan["cipher"], len(plan["recipients"])) == (exit_codes.OK, "AES-128-CBC", 2)


def test_certs_only(run: Mailseal, here: Path) -> None:
    assert run("certs-only", here / "bob.pem", here / "root.pem", "-o", here / "out") == exit_codes.OK
    result = opened(here, here / "out")
    assert ([layer.kind for layer in result.layers], len(result.certificates)) == (["certs-only"], 2)


def test_a_wrong_password_names_the_file(run: Mailseal, here: Path) -> None:
    assert run("sign", here / "mail.eml", *keys(here, "wrong")) == exit_codes.LOCKED
    assert str(here / "alice.p12") in run.err
    assert run.out == ""


def test_what_the_user_left_out_is_named(run: Mailseal, here: Path) -> None:
    assert run("sign", here / "mail.eml") == exit_codes.USAGE
    assert "--keys" in run.err
    both = ["--keys", here / "alice.p12", "--keys", here / "bob.p12", "--password-file", here / "password"]
    assert run("sign", here / "mail.eml", *both, "--at", AT) == exit_codes.USAGE
    assert "--signer" in run.err
    assert "bob@b.example" in run.err
    assert run("sign", here / "mail.eml", *both, "--signer", "eve@example.com") == exit_codes.USAGE
    address = mailseal.Identity.load(here / "alice.p12", "secret").certificate
    assert address is not None
    signed = run("sign", here / "mail.eml", *both, "--signer", address.mailboxes[0], "--at", AT, "-o", here / "out")
    assert (signed, opened(here, here / "out").verdict.is_valid) == (exit_codes.OK, True)


def test_forbidden_and_malformed(run: Mailseal, here: Path) -> None:
    assert run("encrypt", here / "mail.eml", "--to", here / "bob.pem", "--at", "2060-01-01") == exit_codes.FORBIDDEN
    assert "making.recipient-unfit" in run.err
    (here / "bad.eml").write_bytes(b"Subject: a\rb\r\n\r\nx")
    assert run("sign", here / "bad.eml", *keys(here)) == exit_codes.USAGE
    assert "a CR alone" in run.err
    (here / "junk.pem").write_bytes(b"\x30\x03\x02\x01\x01")
    assert run("encrypt", here / "mail.eml", "--to", here / "junk.pem") == exit_codes.MALFORMED
