"""What leaves us while a message fails: nothing of the plaintext (ENC-08), nothing about the key (ENC-11)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import mailseal
import pytest

from tests.support import child
from tests.support import smime_build as build
from tests.support.child import MIB
from tests.threats.test_enc import probes

if TYPE_CHECKING:
    from tests.threats.conftest import Receive

TRIALS = 2_000
LARGE = 100 * 2**20
# One judged time: it is part of what is told.
AT = datetime(2026, 7, 6, tzinfo=UTC)


# --- ENC-08 ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large_mail(tmp_path_factory: pytest.TempPathFactory, bob: build.Person) -> Path:
    """100 MiB under AES-GCM, the last bit of the tag flipped; base64 would only add to its time."""
    content = b"Content-Type: text/plain\r\n\r\n" + b"0123456789abcdef" * (LARGE // 16)
    cms = build.auth_enveloped(content, bob, damage_mac=1)
    head = (
        b"Content-Type: application/pkcs7-mime; smime-type=authEnveloped-data\r\nContent-Transfer-Encoding: binary\r\n"
    )
    folder = tmp_path_factory.mktemp("large")
    (folder / "key.pem").write_bytes(bob.pem)
    path = folder / "large.eml"
    path.write_bytes(build.headers() + head + b"\r\n" + cms)
    return path


def command(mail: Path, *arguments: object) -> list[str]:
    words = [sys.executable, "-m", "mailseal", "decrypt", mail, "--keys", mail.with_name("key.pem"), *arguments]
    return [str(word) for word in words]


@pytest.mark.parametrize("target", ["file", "pipe", "existing file"])
def test_enc_08_a_hundred_mebibytes_release_nothing(target: str, large_mail: Path, tmp_path: Path) -> None:
    """No octet is ever there, not even for a moment; the command ends with 4 (cannot decrypt)."""
    folder = tmp_path / "watched"
    folder.mkdir()
    out = folder / "content.txt"
    if target == "existing file":
        out.write_bytes(b"what was there before")
    before = {entry.name: entry.stat().st_size for entry in folder.iterdir()}
    arguments = [] if target == "pipe" else ["-o", out]
    environment = {**os.environ, "TMPDIR": str(folder)}
    start = time.perf_counter()
    process = subprocess.Popen(
        command(large_mail, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    assert process.stderr is not None
    seen: list[bytes] = []
    reader = threading.Thread(target=lambda stream: seen.append(stream.read()), args=(process.stdout,))
    reader.start()
    while process.poll() is None:
        assert {entry.name: entry.stat().st_size for entry in folder.iterdir()} == before
        time.sleep(0.005)
    reader.join()
    errors = process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    assert process.returncode == 4
    assert seen == [b""]
    assert b"decryption.failed" in errors
    assert b"0123456789abcdef" not in errors
    assert {entry.name: entry.stat().st_size for entry in folder.iterdir()} == before
    assert time.perf_counter() - start < 60


def child_open(mail: str, key: str) -> dict[str, float]:
    receiver = mailseal.Receiver(trust=None, keys=mailseal.Identity.load(Path(key)), threads=1)
    with child.Bounded(32 * MIB + 4 * Path(mail).stat().st_size) as bound:
        opened = receiver.open(Path(mail))
    assert opened.content is None
    return {"peak": bound.peak, "seconds": bound.seconds}


def test_enc_08_memory_is_by_the_message(large_mail: Path) -> None:
    """G3: the message and what comes out of it, in address space and in resident memory."""
    found = child.run("tests.threats.test_release:child_open", large_mail, large_mail.with_name("key.pem"))
    assert found["peak"] <= 32 * MIB + 4 * large_mail.stat().st_size


# --- ENC-11 ---------------------------------------------------------------------------------------------------------


def everything(receiver: mailseal.Receiver, cms: bytes) -> tuple[str, float]:
    """All that anybody can be told of a message, and how long it took."""
    mail = build.encrypted_mail(cms)
    start = time.perf_counter()
    opened = receiver.open(mail, at=AT)
    took = time.perf_counter() - start
    row, facts = json.loads(opened._inner.row_json()), opened.to_dict()
    for name in ("raw_sha256", "byte_length"):
        # Of the message, which anybody has.
        row.pop(name, None)
        facts.pop(name, None)
    told = [json.dumps(facts, sort_keys=True), repr(opened), opened.verdict.explain(), json.dumps(row)]
    try:
        opened.require_content()
    except mailseal.DecryptionError as error:
        told += [type(error).__name__, str(error), repr(error), error.code, error.path, str(error.offset)]
    told += [str(opened.wanted), str([layer.key_used for layer in opened.layers])]
    return "\n".join(told), took


def test_enc_11_two_thousand_trials_tell_nothing(receive: Receive, bob: build.Person, account: list[str]) -> None:
    """Fresh keys and paddings each time: findings, verdict, errors, texts and JSON are the same, octet for octet."""
    receiver = receive("archive")
    said: set[str] = set()
    times: dict[str, list[float]] = {}
    done = 0
    while done < TRIALS:
        cek = os.urandom(16)
        template = build.auth_enveloped(build.TEXT, bob, cek=cek)
        assert receiver.open(build.encrypted_mail(template)).content == build.TEXT
        for name, wrapped in probes(bob, cek).items():
            info = build.ktri(bob, cek, encrypted_key=wrapped)
            told, took = everything(receiver, build.auth_enveloped(build.TEXT, cek=cek, infos=[info]))
            said.add(told)
            times.setdefault(name, []).append(took)
            done += 1
    assert len(said) == 1, said
    assert "decryption.failed" in next(iter(said))
    # Told, never judged: a machine shared with others proves nothing about time.
    middle = {name: sorted(each)[len(each) // 2] * 1e6 for name, each in times.items()}
    account.append("ENC-11 median µs: " + ", ".join(f"{name} {value:.0f}" for name, value in middle.items()))
