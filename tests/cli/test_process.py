"""The command as a process of its own: start-up, pipes, missing extras, secrets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.unit.world import BODY, World

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "mailseal"]


def run(*arguments: object, data: bytes = b"", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    words = [*COMMAND, *(str(argument) for argument in arguments)]
    return subprocess.run(
        words, input=data, capture_output=True, timeout=60, check=False, env={**os.environ, **(env or {})}
    )


def test_a_pipe_of_bytes_is_exact(world: World, tmp_path: Path) -> None:
    (tmp_path / "bob.p12").write_bytes(world.bob.pkcs12(b"secret"))
    done = run(
        "decrypt",
        "-",
        "--keys",
        tmp_path / "bob.p12",
        "--password-env",
        "WORD",
        data=world.encrypted(),
        env={"WORD": "secret"},
    )
    assert (done.returncode, done.stdout) == (0, BODY)


def test_the_version_is_told() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith(b"mailseal, version ")


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_its_packages_the_command_names_the_extra(missing: str, tmp_path: Path) -> None:
    code = (
        "import importlib.util, sys; find = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, *rest: None if name == {missing!r} else find(name, *rest)\n"
        "from mailseal.__main__ import main; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert b"pip install 'mailseal[cli]'" in done.stderr
    assert missing.encode() in done.stderr
    assert done.stdout == b""


def test_importing_mailseal_loads_no_extra_package() -> None:
    code = (
        "import sys, mailseal, mailseal.archive\n"
        "loaded = {'click', 'rich', 'pyarrow', 'cryptography', 'asn1crypto', 'email', 'asyncio'} & set(sys.modules)\n"
        "sys.exit(' '.join(sorted(loaded)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_no_colour_into_a_pipe(world: World) -> None:
    for env in ({}, {"NO_COLOR": "1"}, {"TERM": "xterm-256color"}):
        done = run("open", "-", data=world.signed(), env=env)
        assert b"\x1b" not in done.stdout + done.stderr


def test_a_closed_pipe_is_no_traceback() -> None:
    child = subprocess.Popen([*COMMAND, "explain", "--all", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    error = child.stderr.read()
    child.wait(60)
    child.stderr.close()
    assert b"Traceback" not in error


def test_interrupted_exits_130() -> None:
    # A shell gives what it runs in the background a SIGINT that is ignored, and children inherit that.
    child = subprocess.Popen(
        [*COMMAND, "open", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 — no threads here
    )
    assert child.stdin is not None
    # It has started to read when the pipe's buffer is emptied beyond its size.
    child.stdin.write(b"x" * 300_000)
    child.stdin.flush()
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    _, error = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"Traceback" not in error


def test_a_tracing_environment_shows_no_password(world: World, tmp_path: Path) -> None:
    (tmp_path / "bob.p12").write_bytes(world.bob.pkcs12(b"s3cr3t-word"))
    (tmp_path / "words").write_text("s3cr3t-word\n")
    for verb in ("open", "decrypt"):
        done = run(
            verb, "-", "--keys", tmp_path, "--password-file", tmp_path / "words", "--json", data=world.encrypted()
        )
        assert done.returncode == 0
        assert b"s3cr3t-word" not in done.stdout + done.stderr
