"""Imports generated archives and measures messages a second and resident memory, as a Markdown table."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path


def run(command: list[str]) -> tuple[float, float, int]:
    """Wall seconds, CPU seconds, peak resident KiB of a command that must end with 0, or 1 (something quarantined)."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    code = process.returncode = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        raise SystemExit(f"{command[0]} ended with {code}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def measure(folder: Path, jobs: int) -> tuple[float, float, int]:
    result = folder / "result"
    shutil.rmtree(result, ignore_errors=True)
    command = [str(Path(sys.executable).with_name("mailseal")), "import", str(folder / "archive"), "-o", str(result)]
    command += ["--keys", str(folder / "keys"), "--password-file", str(folder / "passwords.txt")]
    command += ["--trust", str(folder / "trust" / "anchors.pem"), "--policy", "archive", "--jobs", str(jobs)]
    return run(command)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--counts", type=int, nargs="+", default=[2000])
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("| messages | jobs | messages/s | CPU ms a message | peak RSS MiB |\n|---|---|---|---|---|")
    for count in options.counts:
        folder = options.out / str(count)
        if not (folder / "manifest.jsonl").exists():
            made = ["--out", str(folder), "--count", str(count), "--seed", str(options.seed)]
            subprocess.run([sys.executable, "-m", "benches.corpus", *made], check=True, stdout=subprocess.DEVNULL)
        for jobs in options.jobs:
            wall, cpu, peak = measure(folder, jobs)
            print(
                f"| {count:,} | {jobs} | {count / wall:,.0f} | {cpu / count * 1000:.3f} | {peak / 1024:.0f} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
