"""What yields no row: the original bytes under their hash, and `reasons.jsonl` with a line for each.

Never a name that a sender chose.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, BinaryIO

from mailseal.archive.blocks import open_regular, read_at
from mailseal.archive.durable import append, publish, sync, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COPY_BYTES = 2**20
_HOLE = bytes(_COPY_BYTES)
REASONS = "reasons.jsonl"


class SourceError(Exception):
    """What is to be kept cannot be read; the run goes on. Where it cannot be written, OSError ends the run."""


class Quarantine:
    """The folder `quarantine/`, made when it is first needed."""

    __slots__ = ("_file", "_folder", "_length", "count")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._length = 0
        self.count = 0

    def state(self) -> dict[str, int]:
        """For the journal, once `sync` is done."""
        return {"count": self.count, "length": self._length}

    def restore(self, state: dict[str, int]) -> None:
        """Forgets the reasons that a journal does not know; bytes are kept under their hash and come again. Raises
        OSError, also if reasons that it knows are gone."""
        self.count, self._length = state["count"], state["length"]
        reasons = self._folder / REASONS
        if self._length == 0:
            reasons.unlink(missing_ok=True)
            return
        if reasons.stat().st_size < self._length:
            raise OSError(f"{reasons} is shorter than the journal says: reasons were lost")
        os.truncate(reasons, self._length)

    def put(self, raw: bytes, *, code: str, reason: str, source: str, offset: int) -> None:
        """Keeps a message. Raises OSError if it cannot be written."""
        digest = hashlib.sha256(raw).hexdigest()
        kept = self._make() / f"{digest}.eml"
        # A file that has its name is whole; the same bytes come again from copies, and in a resumed run.
        if not kept.exists():
            write_whole(kept, raw)
        self._tell(code, reason, source, offset, len(raw), digest)

    def put_file(self, path: bytes, *, code: str, reason: str, source: str, offset: int, length: int) -> None:
        """Keeps a message that is too big for memory, copied piece by piece. Raises SourceError where it cannot be
        read, OSError where it cannot be written."""
        partial = self._make() / ".copying.partial"
        try:
            done, digest = _copy(path, partial, offset, length)
            publish(partial, self._folder / f"{digest}.eml")
        except (SourceError, OSError):
            partial.unlink(missing_ok=True)
            raise
        self._tell(code, reason, source, offset, done, digest)

    def tell(self, *, code: str, reason: str, source: str, offset: int) -> None:
        """Records a thing whose bytes cannot be had."""
        self._tell(code, reason, source, offset, None, None)

    def sync(self) -> None:
        if self._file is not None:
            os.fsync(self._file.fileno())

    def let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _make(self) -> Path:
        if not self._folder.is_dir():
            self._folder.mkdir()
            sync(self._folder.parent)
        return self._folder

    def _tell(self, code: str, reason: str, source: str, offset: int, length: int | None, digest: str | None) -> None:
        row = {
            "code": code,
            "reason": reason,
            "source": source,
            "byte_offset": offset,
            "byte_length": length,
            "raw_sha256": digest,
        }
        if self._file is None:
            self._file = (self._make() / REASONS).open("ab", buffering=0)
            sync(self._folder)
        line = json.dumps(row, sort_keys=True).encode() + b"\n"
        self._length += append(self._file, line)
        self.count += 1


def _copy(path: bytes, target: Path, offset: int, length: int) -> tuple[int, str]:
    """(octets copied, their SHA-256). Holes stay holes: a sparse file of a terabyte shall not fill the disk."""
    digest = hashlib.sha256()
    with target.open("wb") as copy:
        done = 0
        for piece in _pieces(path, offset, length):
            digest.update(piece)
            if len(piece) == _COPY_BYTES and piece == _HOLE:
                copy.seek(_COPY_BYTES, os.SEEK_CUR)
            else:
                copy.write(piece)
            done += len(piece)
        copy.truncate(done)
    return done, digest.hexdigest()


def _pieces(path: bytes, offset: int, length: int) -> Iterator[bytes]:
    """What is there of `length` octets from `offset`. Raises SourceError."""
    done = 0
    while done < length:
        try:
            # Opened for each piece: what the writer raises must not be taken for ours.
            descriptor, _ = open_regular(path, follow=True)
            try:
                piece = read_at(descriptor, offset + done, min(_COPY_BYTES, length - done))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise SourceError(error.strerror or str(error)) from error
        if not piece:
            return
        yield piece
        done += len(piece)
