"""kill -9 at random moments: an import loses nothing, writes nothing twice, and does little work again.

CI kills one run of 128,000 messages twenty times; `make proof` does it ten times, in both formats, with 1 and 2 jobs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.crash.campaign import MAILSEAL, Ended, digests, kill_again_and_again, linked, run

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
MADE = 2_000
COPIES = 64
KILLS = 20
PROOF = bool(os.environ.get("MAILSEAL_PROOF"))
CAMPAIGNS = [(seed, ("parquet", "jsonl")[seed % 2], 1 + seed % 4 // 2) for seed in range(10 if PROOF else 1)]


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int, Path], list[str]]:
    """The command of an import: format, jobs, output. Of each copy of the archive six messages yield no row."""
    folder = tmp_path_factory.mktemp("corpus")
    made = [sys.executable, "-m", "benches.corpus", "--out", str(folder / "made"), "--count", str(MADE), "--seed", "3"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    archive = folder / "made" / "archive"
    for number in range(5):
        (archive / "eml" / f"junk-{number}.eml").write_bytes(b"no header field, %d\n" % number)
    (archive / "eml" / "big.eml").write_bytes(b"From: a@b.example\n\n" + b"x" * 20_000_000)
    (folder / "house.toml").write_text('base = "archive"\n[limits]\nmessage_bytes = 16000000\n')
    linked(archive, COPIES, folder / "tree")

    def build(kind: str, jobs: int, out: Path) -> list[str]:
        keys = ("--keys", folder / "made" / "keys", "--password-file", folder / "made" / "passwords.txt")
        trust = ("--trust", folder / "made" / "trust" / "anchors.pem", "--policy", folder / "house.toml")
        how = ("--now", "2026-11-01", "--format", kind, "--jobs", jobs, "--quiet")
        return [str(word) for word in (MAILSEAL, "import", folder / "tree", "-o", out, *keys, *trust, *how)]

    return build


@pytest.fixture(scope="module")
def undisturbed(
    command: Callable[[str, int, Path], list[str]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Ended, dict[str, str]]]:
    """For each format a run with one job that was left alone: what it cost, and what it left."""
    ended = {}
    for kind in sorted({kind for _, kind, _ in CAMPAIGNS}):
        out = tmp_path_factory.mktemp("undisturbed") / "out"
        ended[kind] = run(command(kind, 1, out), out.with_suffix(".log")), digests(out)
        assert ended[kind][0].code == 1, out.with_suffix(".log").read_text()
    return ended


@pytest.mark.parametrize(("seed", "kind", "jobs"), CAMPAIGNS)
def test_killed_again_and_again(
    command: Callable[[str, int, Path], list[str]],
    undisturbed: dict[str, tuple[Ended, dict[str, str]]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    seed: int,
    kind: str,
    jobs: int,
) -> None:
    alone, wanted = undisturbed[kind]
    assert len([name for name in wanted if name.startswith("parts/")]) >= 2
    assert len([name for name in wanted if name.startswith("quarantine/")]) == 7
    out = tmp_path / "out"
    campaign = kill_again_and_again(command(kind, jobs, out), out, KILLS, alone.wall / jobs / KILLS * 1.8, seed)
    assert digests(out) == wanted
    assert campaign.kills == KILLS
    assert campaign.resumed_kills >= KILLS / 4
    with capsys.disabled():
        print(
            f"\n{kind}, {jobs} job(s): alone {alone.wall:.0f} s, {KILLS} kills, {campaign.resumed_kills} of runs "
            f"gone on with, {campaign.cpu / alone.cpu:.2f}x its CPU time"
        )
