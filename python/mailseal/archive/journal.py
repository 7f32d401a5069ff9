"""The journal of a run: what is known to be on the disk, and where in the sources to go on.

A line is written after all that it speaks of was synced, and is synced itself; the last whole line counts. The first
line tells what the run is about: only the same command goes on with it.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, BinaryIO

from mailseal.archive.durable import append, sync, write_whole

try:
    import fcntl
except ImportError:  # pragma: no cover — Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "journal.jsonl"
VERSION = 1


class JournalError(ValueError):
    """A journal that cannot be gone on with; the message names the way out."""


class Journal:
    """`journal.jsonl` of an output folder, locked for one process."""

    def __init__(self, folder: Path) -> None:
        """Opens it, or makes it. Raises JournalError where another run is writing or the file is damaged, OSError."""
        self._path = folder / NAME
        self._file: BinaryIO = self._path.open("ab", buffering=0)
        try:
            self._lock()
            self._lines = list(_whole_lines(self._path))
            # What was begun and not ended is cut off, so that the next line stands alone.
            os.truncate(self._path, sum(length for _, length in self._lines))
            sync(folder)
        except BaseException:
            self._file.close()
            raise

    @property
    def header(self) -> dict[str, Any] | None:
        """What the run is about; None: nothing was begun yet."""
        return self._lines[0][0] if self._lines else None

    def states(self) -> Iterator[dict[str, Any]]:
        """All that was known to be done, the oldest first; once."""
        states, self._lines = self._lines[1:], self._lines[:1]
        for line, _ in states:
            yield line

    @property
    def begun_ns(self) -> int:
        """When the run was begun, in the file system's own time: what changed later has a later one."""
        header = self.header
        return 0 if header is None else int(header["begun_ns"])

    def begin(self, about: dict[str, Any]) -> None:
        """Writes the first line. Raises OSError."""
        # The clock that stamps the sources, as far as they lie on the same machine.
        begun = os.fstat(self._file.fileno()).st_ctime_ns
        header = {"mailseal_journal": VERSION, "begun_ns": begun, "about": about}
        self._lines = [(header, self._write(header))]

    def write(self, state: dict[str, Any]) -> None:
        """Makes `state` what counts. Raises OSError."""
        self._write(state)

    def end(self, state: dict[str, Any]) -> None:
        """Of a finished run only the first line and the last are kept. Raises OSError."""
        text = "".join(json.dumps(line) + "\n" for line in (self.header, state))
        write_whole(self._path, text.encode())

    def close(self) -> None:
        self._file.close()

    def _write(self, value: dict[str, Any]) -> int:
        line = json.dumps(value).encode() + b"\n"
        append(self._file, line)
        os.fsync(self._file.fileno())
        return len(line)

    def _lock(self) -> None:
        try:
            if fcntl is not None:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise JournalError(f"{self._path.parent}: another import is writing there") from error


def _whole_lines(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Each line and its octets. Only the last may be torn. Raises JournalError."""
    *lines, torn = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines):
        try:
            value = json.loads(line)
        except ValueError as error:
            if number == len(lines) - 1 and not torn:
                return
            raise JournalError(f"{path}: line {number + 1} is damaged; import into a new directory") from error
        if number == 0 and value.get("mailseal_journal") != VERSION:
            raise JournalError(f"{path} was written by another version of mailseal; import into a new directory")
        yield value, len(line) + 1
