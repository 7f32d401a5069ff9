"""A function of a test, run in a process of its own: its memory can be bounded, measured, and be the death of it.

The parent calls `run("tests.threats.test_bounds:function", …)`; the function's return value comes back as JSON.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
MIB = 2**20


def run(function: str, *arguments: object, timeout: float = 120, environment: dict[str, str] | None = None) -> Any:
    """What `module:function` returns in a new interpreter. AssertionError with its words if it dies or fails."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, function, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        timeout=timeout,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, f"{function} ended with {done.returncode}: {done.stderr.decode(errors='replace')}"
    return json.loads(done.stdout)


def status(name: str) -> int:
    """A line of /proc/self/status that counts kB, in bytes: VmRSS, VmHWM (peak of it), VmSize, VmPeak."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)


def resident() -> int:
    gc.collect()
    return status("VmRSS")


def forget_peaks() -> None:
    """VmHWM starts again from VmRSS (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


@dataclass
class Bounded:
    """Within it the address space may grow by `extra` bytes and no more: what reserves by a declared length dies there.

    After it: `seconds` of wall time and `peak` resident bytes above those at its begin.
    """

    extra: int
    seconds: float = 0.0
    peak: int = 0
    _before: int = field(default=0, repr=False)
    _start: float = field(default=0.0, repr=False)

    def __enter__(self) -> Self:
        forget_peaks()
        self._before = resident()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (status("VmSize") + self.extra, hard))
        self._start = time.perf_counter()
        return self

    def __exit__(self, *exception: object) -> None:
        self.seconds = time.perf_counter() - self._start
        self.peak = max(0, status("VmHWM") - self._before)
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def main() -> None:
    name, *arguments = sys.argv[1:]
    module, _, function = name.partition(":")
    print(json.dumps(getattr(importlib.import_module(module), function)(*arguments)))


if __name__ == "__main__":
    main()
