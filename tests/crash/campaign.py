"""Imports that are killed at random moments, and compared with one that was left alone."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

MAILSEAL = Path(sys.executable).with_name("mailseal")
# Differ from run to run by their nature: how long it took, and how often it was broken off.
OF_THE_MACHINE = ("run.json", "journal.jsonl")


@dataclass
class Ended:
    """What a process left: exit code (None: killed), CPU and wall seconds."""

    code: int | None
    cpu: float
    wall: float


@dataclass
class Campaign:
    """What killing did. `resumed_kills`: those that hit a run that had gone on from a journal."""

    kills: int = 0
    resumed_kills: int = 0
    cpu: float = 0.0


def linked(archive: Path, copies: int, target: Path) -> int:
    """`copies` trees of hard links to the same archive: many messages, little disk. Octets in all."""
    octets = 0
    for copy in range(copies):
        for path in archive.rglob("*"):
            if path.is_file():
                link = target / f"{copy:04d}" / path.relative_to(archive)
                link.parent.mkdir(parents=True, exist_ok=True)
                os.link(path, link)
                octets += path.stat().st_size
    return octets


def digests(out: Path) -> dict[str, str]:
    """SHA-256 of every file that a run leaves, by its name."""
    files = (path for path in out.rglob("*") if path.is_file() and path.name not in OF_THE_MACHINE)
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def run(command: list[str], log: Path, kill_after: float | None = None) -> Ended:
    """Runs to the end, or kills the process (SIGKILL) after some seconds."""
    began = time.perf_counter()
    with log.open("ab") as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        while kill_after is not None and time.perf_counter() - began < kill_after:
            if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                break
            time.sleep(0.005)
        if kill_after is not None:
            process.send_signal(signal.SIGKILL)
        _, status, usage = os.wait4(process.pid, 0)
    code = process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Ended(None if code == -signal.SIGKILL else code, cpu, time.perf_counter() - began)


def kill_again_and_again(command: list[str], out: Path, kills: int, longest: float, seed: int) -> Campaign:
    """Kills `kills` runs after random times up to `longest` seconds; the next one is left to end. Raises AssertionError
    where a run fails by itself."""
    chance = random.Random(seed)
    campaign = Campaign()
    log = out.with_suffix(".log")
    while True:
        resuming = (out / "journal.jsonl").exists() and (out / "journal.jsonl").read_bytes().count(b"\n") > 1
        # A third of them soon: while starting, taking up, or just gone on.
        after = chance.uniform(0, 1.0 if chance.random() < 1 / 3 else longest) if campaign.kills < kills else None
        ended = run(command, log, after)
        campaign.cpu += ended.cpu
        if ended.code is not None:
            assert ended.code in (0, 1), log.read_text()
            return campaign
        campaign.kills += 1
        campaign.resumed_kills += resuming
