"""What yields no row: the original bytes under their hash, and a reason beside them.

Never a name that a sender chose.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

from mailseal.archive.blocks import open_regular, read_at
from mailseal.archive.durable import publish, write_whole

if TYPE_CHECKING:
    from pathlib import Path

_COPY_BYTES = 2**20
_HOLE = bytes(_COPY_BYTES)


class Quarantine:
    """The folder `quarantine/`, made when it is first needed."""

    __slots__ = ("_folder", "count")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.count = 0

    def put(self, raw: bytes, *, code: str, reason: str, source: str, offset: int) -> None:
        """Keeps a message. Raises OSError if it cannot be written."""
        digest = hashlib.sha256(raw).hexdigest()
        write_whole(self._make() / f"{digest}.eml", raw)
        self._tell(digest, code, reason, source, offset, len(raw), digest)

    def put_file(self, path: bytes, *, code: str, reason: str, source: str, offset: int, length: int) -> None:
        """Keeps a message that is too big for memory, copied piece by piece. Raises OSError."""
        partial = self._make() / f".copying-{os.getpid()}"
        try:
            done, name = _copy(path, partial, offset, length)
            publish(partial, self._folder / f"{name}.eml")
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        self._tell(name, code, reason, source, offset, done, name)

    def tell(self, *, code: str, reason: str, source: str, offset: int) -> None:
        """Records a thing whose bytes cannot be had, under the hash of where it lies."""
        self._make()
        name = hashlib.sha256(f"{source}#{offset}".encode()).hexdigest()
        self._tell(name, code, reason, source, offset, None, None)

    def _make(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def _tell(
        self, name: str, code: str, reason: str, source: str, offset: int, length: int | None, digest: str | None
    ) -> None:
        row = {
            "code": code,
            "reason": reason,
            "source": source,
            "byte_offset": offset,
            "byte_length": length,
            "raw_sha256": digest,
        }
        # Twice the same bytes: one copy, and the reasons one below the other.
        with (self._folder / f"{name}.json").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, sort_keys=True) + "\n")
        self.count += 1


def _copy(path: bytes, target: Path, offset: int, length: int) -> tuple[int, str]:
    """(octets copied, their SHA-256). Holes stay holes: a sparse file of a terabyte shall not fill the disk."""
    digest = hashlib.sha256()
    descriptor, _ = open_regular(path, follow=True)
    try:
        with target.open("wb") as copy:
            done = 0
            while done < length and (piece := read_at(descriptor, offset + done, min(_COPY_BYTES, length - done))):
                digest.update(piece)
                if len(piece) == _COPY_BYTES and piece == _HOLE:
                    copy.seek(_COPY_BYTES, os.SEEK_CUR)
                else:
                    copy.write(piece)
                done += len(piece)
            copy.truncate(done)
    finally:
        os.close(descriptor)
    return done, digest.hexdigest()
