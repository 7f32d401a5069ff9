"""The verbs, run in this process: exit codes, JSON, what goes to stdout and what to stderr."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import mailseal
import pytest
from mailseal import _core
from mailseal.cli import app, exit_codes

from tests.unit.world import BODY, World

AT = "2026-06-01T12:00"


class Mailseal:
    """Runs `mailseal ...` and keeps what it wrote."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.out = self.err = ""

    def __call__(self, *arguments: object) -> int:
        self._capfd.readouterr()
        code = app.run([str(argument) for argument in arguments])
        self.out, self.err = self._capfd.readouterr()
        return code

    def json(self, *arguments: object) -> tuple[int, Any]:
        code = self(*arguments, "--json")
        return code, json.loads(self.out)


@pytest.fixture
def mailseal_command(capfd: pytest.CaptureFixture[str]) -> Mailseal:
    return Mailseal(capfd)


@pytest.fixture
def files(world: World, tmp_path: Path) -> dict[str, Path]:
    made = {
        "signed": world.signed(),
        "changed": world.signed().replace(b"the contract", b"the contrakt"),
        "encrypted": world.encrypted(),
        "plain": world.plain(),
        "broken": world.encrypted().split(b"\r\n\r\n")[0] + b"\r\n\r\nMIIBAgMEBQ==\r\n",
        "bob.p12": world.bob.pkcs12(b"secret"),
        "password": b"secret\n",
        "other-root.pem": world.bob.pem(),
    }
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    return {name: tmp_path / name for name in made}


def test_open_a_valid_message(
    mailseal_command: Mailseal, files: dict[str, Path], root_file: Path, tmp_path: Path
) -> None:
    assert mailseal_command("open", files["signed"], "--trust", root_file, "--at", AT, "-o", tmp_path / "content") == 0
    assert "VALID" in mailseal_command.out
    assert "alice@a.example" in mailseal_command.out
    assert b"the contract is attached" in (tmp_path / "content").read_bytes()
    code, row = mailseal_command.json("open", files["signed"], "--trust", root_file, "--at", AT)
    assert (code, row["status"], row["summary"], row["source"]) == (0, "VALID", "signed", str(files["signed"]))


@pytest.mark.parametrize("verb", ["open", "verify"])
def test_exit_codes_of_signatures(
    mailseal_command: Mailseal, files: dict[str, Path], root_file: Path, verb: str
) -> None:
    trust = ("--trust", root_file, "--at", AT)
    assert mailseal_command(verb, files["signed"], *trust) == exit_codes.OK
    assert mailseal_command(verb, files["changed"], *trust) == exit_codes.FALSE
    assert "signer.digest-mismatch" in mailseal_command.out or "not what was signed" in mailseal_command.out
    assert (
        mailseal_command(verb, files["signed"], "--trust", files["other-root.pem"], "--at", AT) == exit_codes.UNPROVEN
    )
    assert mailseal_command(verb, files["signed"], "--trust", root_file, "--at", "2060-01-01") == exit_codes.UNPROVEN


def test_an_unsigned_message_opens_but_does_not_verify(mailseal_command: Mailseal, files: dict[str, Path]) -> None:
    assert mailseal_command("open", files["plain"]) == exit_codes.OK
    assert mailseal_command("verify", files["plain"], "-o", files["plain"].with_name("none")) != exit_codes.OK
    assert not files["plain"].with_name("none").exists()


def test_exit_codes_of_encryption(mailseal_command: Mailseal, files: dict[str, Path]) -> None:
    assert mailseal_command("open", files["encrypted"]) == exit_codes.LOCKED
    assert mailseal_command("decrypt", files["encrypted"]) == exit_codes.LOCKED
    assert mailseal_command.out == ""
    assert "mailseal keys which" in mailseal_command.err
    assert mailseal_command("open", files["broken"]) == exit_codes.MALFORMED
    keys = ("--keys", files["bob.p12"], "--password-file", files["password"])
    assert mailseal_command("open", files["encrypted"], *keys, "--policy", "strict") == exit_codes.FORBIDDEN


def test_decrypt_writes_the_content_and_nothing_else(
    mailseal_command: Mailseal, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_PASSWORD", "secret")
    keys = ("--keys", files["bob.p12"], "--password-env", "KEY_PASSWORD")
    assert mailseal_command("decrypt", files["encrypted"], *keys) == 0
    assert mailseal_command.out.encode() == BODY.replace(b"\r\n", b"\n") or mailseal_command.out.encode() == BODY
    assert "authenticates" in mailseal_command.err
    target = files["plain"].with_name("content")
    assert mailseal_command("decrypt", files["encrypted"], *keys, "-o", target) == 0
    assert target.read_bytes() == BODY
    assert mailseal_command.out == ""
    assert mailseal_command("decrypt", files["plain"]) == 0
    assert "not encrypted" in mailseal_command.err


def test_a_wrong_password_is_told_beside_the_missing_key(mailseal_command: Mailseal, files: dict[str, Path]) -> None:
    files["password"].write_text("wrong\n")
    keys = ("--keys", files["bob.p12"], "--password-file", files["password"])
    assert mailseal_command("open", files["encrypted"], *keys) == exit_codes.LOCKED
    assert "bob.p12" in mailseal_command.err
    assert "password" in mailseal_command.err
    assert (
        mailseal_command("open", files["encrypted"], "--password-env", "NOT_SET_ANYWHERE", "--keys", files["bob.p12"])
        == 2
    )


def test_standard_input(mailseal_command: Mailseal, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(files["plain"].read_bytes())

    monkeypatch.setattr(sys, "stdin", Stdin)
    code, row = mailseal_command.json("open", "-")
    assert (code, row["subject"], row["source"]) == (0, "Lunch", "-")


def test_inspect_needs_no_key(mailseal_command: Mailseal, files: dict[str, Path]) -> None:
    code, described = mailseal_command.json("inspect", files["encrypted"])
    assert code == 0
    assert described["layers"][0]["recipients"]
    assert mailseal_command("inspect", files["signed"]) == 0
    assert "alice" in mailseal_command.out


def test_keys_which(mailseal_command: Mailseal, files: dict[str, Path]) -> None:
    assert mailseal_command("keys", "which", files["encrypted"]) == exit_codes.LOCKED
    keys = ("--keys", files["bob.p12"], "--password-file", files["password"])
    code, told = mailseal_command.json("keys", "which", files["encrypted"], *keys)
    assert code == 0
    (recipient,) = told["layers"][0]["recipients"]
    (key,) = recipient["keys"]
    assert key["file"] == str(files["bob.p12"])
    assert key["key_id"] == told["layers"][0]["key_used"]
    assert mailseal_command("keys", "which", files["encrypted"], *keys) == 0
    assert "bob.p12" in mailseal_command.out
    assert mailseal_command("keys", "which", files["plain"]) == 0
    assert "not encrypted" in mailseal_command.out


def test_keys_list(mailseal_command: Mailseal, key_folder: Path, files: dict[str, Path]) -> None:
    code, told = mailseal_command.json("keys", "list", key_folder, "--password-file", files["password"])
    assert code == exit_codes.INCOMPLETE
    assert [key["mailboxes"] for key in told["keys"]] == [["bob@b.example"], ["alice@a.example"]]
    assert [Path(failure["file"]).name for failure in told["failures"]] == ["notes.txt"]
    assert mailseal_command("keys", "list", files["bob.p12"], "--password-file", files["password"]) == 0
    assert "secret" not in mailseal_command.out
    assert "PRIVATE" not in mailseal_command.out


def test_every_finding_is_explained(mailseal_command: Mailseal) -> None:
    for row in _core.table("findings"):
        assert mailseal_command("explain", row["code"]) == 0
        assert row["code"] in mailseal_command.out
    code, rows = mailseal_command.json("explain", "--all")
    assert code == 0
    assert rows == _core.table("findings")
    assert mailseal_command("explain", "signer.digest-mismach") == 2
    assert "signer.digest-mismatch" in mailseal_command.err


def test_doctor(mailseal_command: Mailseal) -> None:
    code, facts = mailseal_command.json("doctor")
    assert code == 0
    assert facts["mailseal"] == mailseal.__version__
    assert "archive" in facts["policies"]
    assert mailseal_command("doctor") == 0
    assert "check core: ok" in mailseal_command.out


def test_import_and_report(
    mailseal_command: Mailseal, mbox_file: Path, root_file: Path, files: dict[str, Path], tmp_path: Path
) -> None:
    keys = ("--keys", files["bob.p12"], "--password-file", files["password"], "--trust", root_file)
    assert mailseal_command("import", mbox_file, "-o", tmp_path / "out", *keys, "--jobs", 1) == 0
    assert "VALID" in mailseal_command.out
    assert "10 messages" in mailseal_command.out
    code, told = mailseal_command.json("report", tmp_path / "out")
    assert code == 0
    assert told["status"] == {"UNSIGNED": 6, "VALID": 4}
    assert told["policy"] == "archive"
    assert mailseal_command("report", tmp_path / "out") == 0
    assert "10 messages" in mailseal_command.out
    assert mailseal_command("import", mbox_file, "-o", tmp_path / "out", *keys, "--jobs", 2) == 0
    assert "nothing was done" in mailseal_command.err
    assert mailseal_command("import", mbox_file, "-o", tmp_path / "out") == exit_codes.IO
    assert "other keys, trust; choose a new directory" in mailseal_command.err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    assert mailseal_command("import", mbox_file, "-o", tmp_path / "full") == exit_codes.IO
    assert "not empty" in mailseal_command.err
    assert mailseal_command("import", mbox_file, "-o", tmp_path / "quiet", "--quiet", "--format", "jsonl") == 0
    assert (mailseal_command.out, mailseal_command.err) == ("", "")


def test_import_exits_1_for_what_could_not_be_read(mailseal_command: Mailseal, world: World, tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text('base = "archive"\n[limits]\nmessage_bytes = 20000\n')
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "big.eml").write_bytes(world.plain() + b"x" * 30_000)
    options = ("-o", tmp_path / "out", "--policy", tmp_path / "house.toml")
    code, told = mailseal_command.json("import", tmp_path / "tree", *options)
    assert code == exit_codes.INCOMPLETE
    assert told["quarantined"] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("open", "/no/such/file"),
        ("open",),
        ("nonesuch",),
        ("import", "."),
        ("report", "."),
        ("explain",),
        ("explain", "no.such-code"),
    ],
)
def test_usage_errors_exit_2(mailseal_command: Mailseal, arguments: tuple[str, ...]) -> None:
    assert mailseal_command(*arguments) == exit_codes.USAGE
    assert mailseal_command.err
    assert not mailseal_command.out


def test_a_wrong_option_value_exits_2(mailseal_command: Mailseal, files: dict[str, Path]) -> None:
    assert mailseal_command("open", files["plain"], "--policy", "nonesuch") == 2
    assert "archive" in mailseal_command.err
    assert mailseal_command("open", files["plain"], "--at", "yesterday") == 2
    assert mailseal_command("open", files["plain"], "-o", files["plain"].parent / "no" / "folder") == exit_codes.IO


def test_text_of_senders_cannot_steer_the_terminal(mailseal_command: Mailseal, world: World, tmp_path: Path) -> None:
    hostile = world.plain("x =?utf-8?q?=1b]0=3bowned=07?= [bold red]y[/] =?utf-8?q?=e2=80=ae?=")
    (tmp_path / "mail").write_bytes(hostile)
    assert mailseal_command("open", tmp_path / "mail") == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(mailseal_command.out)
    assert "[bold red]y[/]" in mailseal_command.out


def test_every_family_has_an_exit_code_of_the_table() -> None:
    assert {row["exit_code"] for row in _core.table("families")} <= set(exit_codes.MEANINGS)
    assert set(exit_codes.BY_FAMILY) == {row["family"] for row in _core.table("findings")} | set(exit_codes.BY_FAMILY)


def test_precedence_of_exit_codes() -> None:
    assert exit_codes.first([5, 7, 3, 4, 6]) == 6
    assert exit_codes.first([5, 7, 3, 4]) == 4
    assert exit_codes.first([5, 7, 3]) == 3
    assert exit_codes.first([5, 7]) == 7
    assert exit_codes.first([5]) == 5
    assert exit_codes.first([]) == 0


@pytest.mark.parametrize("verb", list(app.VERBS))
def test_every_verb_has_help(mailseal_command: Mailseal, verb: str) -> None:
    assert mailseal_command(verb, "--help") == 0
    assert mailseal_command.out.startswith("Usage: mailseal " + verb)
    assert mailseal_command("--help") == 0
    assert verb in mailseal_command.out


def test_part_opens_an_errant_layer_alone(
    mailseal_command: Mailseal, world: World, files: dict[str, Path], root_file: Path, tmp_path: Path
) -> None:
    head = b'From: lists@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=="\r\n\r\n'
    wrapped = tmp_path / "wrapped.eml"
    notice = b"--==\r\n\r\nfrom outside\r\n--==\r\nContent-Type: message/rfc822\r\n\r\n"
    wrapped.write_bytes(head + notice + files["signed"].read_bytes() + b"\r\n--==--\r\n")
    trust = ("--trust", root_file, "--at", AT)
    assert mailseal_command("verify", wrapped, *trust) == exit_codes.FALSE
    assert "--part /2/1" in mailseal_command.out
    assert mailseal_command("verify", wrapped, *trust, "--part", "/2/1") == exit_codes.OK
    assert mailseal_command("open", wrapped, *trust, "--part", "/9") == exit_codes.MALFORMED
    assert mailseal_command("open", wrapped, *trust, "--part", "2") == exit_codes.USAGE
    wrapped.write_bytes(head + notice + world.encrypted() + b"\r\n--==--\r\n")
    keys = ("--keys", files["bob.p12"], "--password-file", files["password"])
    assert mailseal_command("decrypt", wrapped, *keys, "--part", "/2/1", "-o", tmp_path / "out") == exit_codes.OK
    assert BODY in (tmp_path / "out").read_bytes()
