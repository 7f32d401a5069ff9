"""The other S/MIME programs that tests talk to: where they are, which version, how to run them."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Command:
    """One program of a peer."""

    path: Path
    environment: Mapping[str, str] | None = None

    def __call__(self, *arguments: str | Path, data: bytes = b"") -> bytes:
        """Runs it with `data` on standard input; its standard output. AssertionError with its words if it fails."""
        done = self.run(*arguments, data=data)
        assert done.returncode == 0, f"{self.path.name} {arguments}: {done.stderr.decode(errors='replace')}"
        return done.stdout

    def run(self, *arguments: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, **self.environment} if self.environment else None
        command = [str(self.path), *map(str, arguments)]
        return subprocess.run(command, input=data, capture_output=True, env=environment, timeout=120, check=False)


@dataclass(frozen=True)
class Nss:
    """The three tools of one NSS."""

    cmsutil: Command
    certutil: Command
    pk12util: Command


def required() -> frozenset[str]:
    """The peers whose absence is a failure: MAILSEAL_REQUIRE, separated by commas."""
    return frozenset(name.strip() for name in os.environ.get("MAILSEAL_REQUIRE", "").split(",") if name.strip())


def absent(name: str, hint: str) -> None:
    """Skips the test for want of `name`; fails it if MAILSEAL_REQUIRE names it."""
    if name in required():
        pytest.fail(f"MAILSEAL_REQUIRE names {name}, which is absent: {hint}", pytrace=False)
    pytest.skip(f"{name} is absent: {hint}")


def wrappers() -> Path:
    """Where tools/peers/install.sh puts its wrappers."""
    base = os.environ.get("MAILSEAL_CACHE")
    if base is None:
        base = os.path.join(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "mailseal")  # noqa: PTH118
    return Path(base) / "peers" / "bin"


def find(program: str) -> Command | None:
    wrapper = wrappers() / program
    if wrapper.exists():
        return Command(wrapper)
    found = shutil.which(program)
    return Command(Path(found)) if found else None


def need(peer: str, program: str) -> Command:
    command = find(program)
    if command is None:
        absent(peer, f"no program `{program}`; `make peers` installs it")
        raise AssertionError("unreachable")
    return command


def nss(peer: str, prefix: str) -> Nss:
    return Nss(*(need(peer, prefix + program) for program in ("cmsutil", "certutil", "pk12util")))


def vectors() -> Path | None:
    """The folder of test data that others made: MAILSEAL_VECTORS, by default `../shared/vectors` beside the clone."""
    default = Path(__file__).parents[2].parent / "shared" / "vectors"
    path = Path(os.environ.get("MAILSEAL_VECTORS") or default)
    return path if path.is_dir() else None
