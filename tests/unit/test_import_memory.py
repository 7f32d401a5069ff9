"""Resident memory of an import above that of what it imports, measured in a process of its own."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import mailseal
import pytest
from mailseal.archive import import_archive, open_archive

from benches.corpus.archive import Options, generate
from tests.support import child

# What an import may take: 15 MB, and three of the largest messages. The rest is for the allocator's moods.
FIXED, ALLOWANCE = 15_000_000, 6_000_000


def child_import(folder: str, out: str, kind: str) -> int:
    if kind == "parquet":
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # as the command does
        importlib.import_module("pyarrow.parquet")
    made = Path(folder)
    words = (made / "passwords.txt").read_text(encoding="utf-8").splitlines()
    receiver = mailseal.Receiver(
        trust=made / "trust" / "anchors.pem",
        keys=mailseal.Keyring.load_dir(made / "keys", passwords=words),
        policy=mailseal.Policy.archive(),
    )
    child.forget_peaks()
    before = child.resident()
    report = import_archive(made / "archive", out, receiver=receiver, jobs=2, format=kind)
    assert report.rows == 600
    return child.status("VmHWM") - before


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("memory") / "made"
    generate(folder, Options(seed=1, count=600))
    return folder


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_the_memory_of_an_import_is_bounded(kind: str, archive: Path, tmp_path: Path, account: list[str]) -> None:
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    peak = child.run("tests.unit.test_import_memory:child_import", archive, tmp_path / "out", kind)
    largest = max(len(item.raw) for item in open_archive(archive / "archive"))
    account.append(f"import as {kind}: {peak / 1e6:.0f} MB above the imports, largest message {largest / 1e6:.0f} MB")
    assert peak <= FIXED + 3 * largest + ALLOWANCE
