"""A disk that is full or broken, at every kind of write: the run stops and says so, and the same command then gives
what an undisturbed run gives. CI tries some calls of each kind, `make proof` all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from mailseal.cli import exit_codes

from tests.crash.campaign import MAILSEAL, digests

MESSAGE = b"From: a@b.example\nSubject: number %d\n\ntext\n"
PROOF = bool(os.environ.get("MAILSEAL_PROOF"))
CALLS = {"write", "sync", "rename", "create", "truncate", "mkdir"}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the preloaded library is for Linux")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fault") / "fault.so"
    source = Path(__file__).with_name("fault.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", made, source, "-ldl"], check=True)
    return made


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Messages, and two that go to quarantine: one with bytes in memory, one copied."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(4):
        (tree / f"{number}.eml").write_bytes(MESSAGE % number)
    (tree / "junk.eml").write_bytes(b"no header field\n")
    (tree / "large.eml").write_bytes(MESSAGE % 9 + b"x" * 50_000)
    (tmp_path / "house.toml").write_text('base = "archive"\n[limits]\nmessage_bytes = 40000\n')
    return tree


def import_tree(tree: Path, out: Path, kind: str, **faults: object) -> subprocess.CompletedProcess[str]:
    how = ("--policy", tree.parent / "house.toml", "--format", kind, "--now", "2026-11-01", "--jobs", "1")
    environment = os.environ | {name.upper(): str(value) for name, value in faults.items()}
    command = [str(word) for word in (MAILSEAL, "import", tree, "-o", out, *how)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def places(calls: Counter[str]) -> list[tuple[str, int, str]]:
    """Which call fails, and how."""
    chosen = []
    for call, count in sorted(calls.items()):
        numbers = range(1, count + 1) if PROOF else sorted({1, (count + 1) // 2, count})
        kinds = ("ENOSPC", "EIO", "SHORT") if call == "write" else ("EIO",) if call == "sync" else ("ENOSPC", "EIO")
        chosen += [(call, number, kind) for number in numbers for kind in kinds]
    return chosen


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_disk_that_fails(tree: Path, library: Path, tmp_path: Path, kind: str) -> None:
    log = tmp_path / "calls"
    alone = import_tree(
        tree, tmp_path / "alone", kind, ld_preload=library, fault_under=tmp_path / "alone", fault_log=log
    )
    assert alone.returncode == exit_codes.INCOMPLETE, alone.stderr
    wanted = digests(tmp_path / "alone")
    assert len(wanted) == 6
    calls = Counter(log.read_text().split())
    assert set(calls) == CALLS
    stopped = 0
    for call, number, what in places(calls):
        out = tmp_path / f"{call}-{number}-{what}"
        fault = {"fault_call": call, "fault_at": number, "fault_kind": what, "fault_under": out}
        done = import_tree(tree, out, kind, ld_preload=library, **fault)
        if what == "SHORT":
            assert done.returncode == exit_codes.INCOMPLETE, done.stderr
        else:
            assert done.returncode == exit_codes.IO, (out.name, done.stderr)
            assert ("No space left" if what == "ENOSPC" else "Input/output error") in done.stderr
            assert not (out / "report.json").exists() or digests(out)["report.json"] == wanted["report.json"]
            stopped += 1
            again = import_tree(tree, out, kind)
            assert again.returncode == exit_codes.INCOMPLETE, again.stderr
        assert digests(out) == wanted, out.name
    assert stopped > 12
