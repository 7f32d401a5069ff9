"""Resident memory of an import above that of what it imports, measured in a process of its own."""

from __future__ import annotations

import importlib
from pathlib import Path

import mailseal
import pytest
from mailseal.archive import import_archive

from benches.corpus.archive import Options, generate
from tests.support import child

# Regressions stop here. The figure wanted is 15 MB and three of the largest messages (some 25 MB for this archive);
# above it lies what the allocator keeps of freed blocks, and for Parquet what pyarrow touches when it first writes.
CEILING = {"jsonl": 48_000_000, "parquet": 96_000_000}


def child_import(folder: str, out: str, kind: str) -> int:
    if kind == "parquet":
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
    account.append(f"import as {kind}: {peak / 1e6:.0f} MB above the imports")
    assert peak <= CEILING[kind]
