"""keys generate, keys export, keys show: exit codes, modes of files, where passwords may come from."""

from __future__ import annotations

import stat
import sys
from typing import TYPE_CHECKING, Any

import click
import mailseal
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from mailseal.cli import exit_codes

from tests.cli.test_cli import Mailseal, mailseal_command
from tests.support import own_keys
from tests.support import smime_build as build

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["mailseal_command"]
NEW = ("--new-password-env", "NEW_WORD")


@pytest.fixture(autouse=True)
def passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEW_WORD", "pässwörd")
    monkeypatch.setenv("OLD_WORD", "secret")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "bob.p12"
    path.write_bytes(own_keys.pkcs12("ec-p256", "modern"))
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("kind", own_keys.KINDS)
def test_generate(kind: str, mailseal_command: Mailseal, tmp_path: Path) -> None:
    out = tmp_path / "key.pem"
    code, row = mailseal_command.json("keys", "generate", "--algorithm", kind, "-o", out, *NEW)
    assert (code, row["file"], row["profile"], row["subject"]) == (0, str(out), "pem", None)
    found = mailseal.Identity.load(out, "pässwörd")
    assert (found.key_id, found.key_name) == (row["key_id"], row["key"])
    serialization.load_pem_private_key(out.read_bytes(), "pässwörd".encode())
    assert mode(out) == 0o600


def test_generate_without_terminal_and_password_is_refused(mailseal_command: Mailseal, tmp_path: Path) -> None:
    out = tmp_path / "key.pem"
    assert mailseal_command("keys", "generate", "-o", out) == exit_codes.USAGE
    assert "--new-password-file" in mailseal_command.err
    assert mailseal_command("keys", "generate", "-o", out, "--no-password", *NEW) == exit_codes.USAGE
    assert mailseal_command("keys", "generate", "-o", out, "--no-password", "--profile", "modern") == exit_codes.USAGE
    assert mailseal_command("keys", "generate", "-o", out, "--new-password-env", "NOT_SET") == exit_codes.USAGE
    assert mailseal_command("keys", "generate", "-o", out, "--algorithm", "rsa-1024", *NEW) == exit_codes.USAGE
    assert all(kind in mailseal_command.err for kind in own_keys.KINDS)
    assert not out.exists()
    assert mailseal_command("keys", "generate", "-o", out, "--no-password") == 0
    assert out.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert mode(out) == 0o600


def test_a_terminal_is_asked_twice(mailseal_command: Mailseal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "typed"

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(click.termui, "hidden_prompt_func", answer)
    assert mailseal_command("keys", "generate", "-o", tmp_path / "key.pem") == 0
    assert len(asked) == 2
    assert "typed" not in mailseal_command.out + mailseal_command.err
    assert mailseal.Identity.load(tmp_path / "key.pem", "typed").key_name == "P-256"


def test_nothing_is_overwritten_without_force(mailseal_command: Mailseal, tmp_path: Path) -> None:
    out = tmp_path / "key.pem"
    out.write_bytes(b"precious")
    out.chmod(0o644)
    assert mailseal_command("keys", "generate", "-o", out, *NEW) == exit_codes.IO
    assert "--force" in mailseal_command.err
    assert str(out) in mailseal_command.err
    assert out.read_bytes() == b"precious"
    assert mailseal_command("keys", "generate", "-o", out, "--force", *NEW) == 0
    assert mailseal.Identity.load(out, "pässwörd").key_name == "P-256"
    assert mode(out) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert mailseal_command("keys", "generate", "-o", tmp_path / "link", *NEW) == exit_codes.IO
    assert mailseal_command("keys", "generate", "-o", tmp_path / "no" / "where", *NEW) == exit_codes.IO
    assert mailseal_command("keys", "generate", "-o", tmp_path, "--force", *NEW) == exit_codes.IO
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key.pem", "link"]


@pytest.mark.parametrize("profile", ["modern", "compat", "pem"])
def test_export(profile: str, mailseal_command: Mailseal, store: Path, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("wrong\nsecret\n", "utf-8")
    (tmp_path / "new").write_text("pässwörd\n", "utf-8")
    out = tmp_path / "out"
    name = () if profile == "pem" else ("--name", "Bøb")
    words = ("--password-file", tmp_path / "old", "--new-password-file", tmp_path / "new")
    code, row = mailseal_command.json("keys", "export", store, "-o", out, "--profile", profile, *words, *name)
    identity = own_keys.certified("ec-p256")
    assert (code, row["key_id"], row["mailboxes"]) == (0, identity.key_id, [own_keys.ADDRESS])
    found = mailseal.Identity.load(out, "pässwörd")
    assert (found.key_id, found.certificate, found.chain) == (identity.key_id, identity.certificate, identity.chain)
    assert found.friendly_name == (None if profile == "pem" else "Bøb")
    assert mode(out) == 0o600
    if profile != "pem":
        assert pkcs12.load_pkcs12(out.read_bytes(), "pässwörd".encode()).key is not None


@pytest.mark.parametrize("verb", [("export", "-o", "OUT", *NEW), ("show",)])
def test_a_wrong_password_names_the_file(
    verb: tuple[str, ...], mailseal_command: Mailseal, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    rest = [out if word == "OUT" else word for word in verb[1:]]
    monkeypatch.setenv("OLD_WORD", "not it")
    for words in ((), ("--password-env", "OLD_WORD")):
        assert mailseal_command("keys", verb[0], store, *words, *rest) == exit_codes.LOCKED
        assert str(store) in mailseal_command.err
        assert "password" in mailseal_command.err
        assert "not it" not in mailseal_command.err
    assert not out.exists()
    store.write_bytes(b"no key")
    assert mailseal_command("keys", verb[0], store, *rest) == exit_codes.MALFORMED
    assert str(store) in mailseal_command.err


def test_one_of_several_keys_is_chosen(mailseal_command: Mailseal, tmp_path: Path) -> None:
    both, out = tmp_path / "both.pem", tmp_path / "out.p12"
    first, second = own_keys.certified("ec-p256"), own_keys.certified("ed25519")
    both.write_bytes(first.to_pem(None) + second.to_pem(None))
    assert mailseal_command("keys", "export", both, "-o", out, *NEW) == exit_codes.USAGE
    assert first.key_id[:16] in mailseal_command.err
    assert mailseal_command("keys", "export", both, "-o", out, "--key-id", "zz", *NEW) == exit_codes.USAGE
    assert mailseal_command("keys", "export", both, "-o", out, "--key-id", second.key_id[:8].upper(), *NEW) == 0
    assert mailseal.Identity.load(out, "pässwörd").key_id == second.key_id


def test_a_bare_key_meets_its_certificate(mailseal_command: Mailseal, tmp_path: Path) -> None:
    key, out = tmp_path / "key.pem", tmp_path / "out.p12"
    key.write_bytes(own_keys.bare("rsa-2048").to_pem(None))
    assert mailseal_command("keys", "export", key, "-o", out, *NEW) == 0
    assert "no certificate" in mailseal_command.err
    (tmp_path / "cert.pem").write_bytes(
        own_keys.certificate("rsa-2048").public_bytes(serialization.Encoding.PEM) + build.root().pem
    )
    more = ("--certificates", tmp_path / "cert.pem", "--force")
    assert mailseal_command("keys", "export", key, "-o", out, *more, *NEW) == 0
    found = mailseal.Identity.load(out, "pässwörd")
    assert found.certificate == mailseal.Certificate.load(own_keys.certificate("rsa-2048"))
    assert len(found.chain) == 1


def test_password_files_of_the_output_hold_one(mailseal_command: Mailseal, store: Path, tmp_path: Path) -> None:
    words = tmp_path / "words"
    out = tmp_path / "out"
    arguments = ("keys", "export", store, "--password-env", "OLD_WORD", "-o", out, "--new-password-file", words)
    for wrong in ("", "a\nb\n"):
        words.write_text(wrong)
        assert mailseal_command(*arguments) == exit_codes.USAGE
    words.write_text("\n")
    assert mailseal_command(*arguments) == 0
    assert "protects nothing" in mailseal_command.err
    assert mailseal.Identity.load(out, "").key_name == "P-256"
    assert mailseal_command(*arguments[:-4], "-o", tmp_path / "o.pem", "--profile", "pem", "--name", "x", *NEW) == 2


def test_show(mailseal_command: Mailseal, store: Path) -> None:
    code, told = mailseal_command.json("keys", "show", store, "--password-env", "OLD_WORD")
    assert (code, told["file"]) == (0, str(store))
    (row,) = told["keys"]
    certificate: dict[str, Any] = row.pop("certificate")
    identity = own_keys.certified("ec-p256")
    assert row == {
        "key": "P-256",
        "bits": 256,
        "key_id": identity.key_id,
        "friendly_name": "Bob",
        "uses": ["sign", "decrypt"],
        "chain": ["CN=Test Root"],
    }
    assert identity.certificate is not None
    assert certificate["sha256"] == identity.certificate.fingerprint()
    assert certificate["mailboxes"] == [own_keys.ADDRESS]
    assert (certificate["validity"], certificate["key_usage"]) == ("valid now", None)
    assert certificate["not_after"].startswith("2040-01-01")
    assert mailseal_command("keys", "show", store, "--password-env", "OLD_WORD") == 0
    assert "CN=Bob ec-p256" in mailseal_command.out
    assert "decrypt" in mailseal_command.out


def test_show_a_bare_key_without_password(mailseal_command: Mailseal, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(own_keys.bare("x25519").to_pem(None))
    for words in ((), ("--password-env", "OLD_WORD")):
        code, told = mailseal_command.json("keys", "show", tmp_path / "key.pem", *words)
        (row,) = told["keys"]
        assert (code, row["certificate"], row["uses"], row["bits"]) == (0, None, ["decrypt"], 255)


def test_no_option_takes_a_password_itself() -> None:
    """What stands in argv is seen by every user of the machine."""
    from mailseal.cli.keys import keys_group

    for command in keys_group.commands.values():
        for option in command.params:
            if "password" in (option.name or ""):
                flag = isinstance(option, click.Option) and option.is_flag
                assert flag or option.metavar in ("FILE", "NAME"), (command.name, option.name)
