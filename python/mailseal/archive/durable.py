"""Files that are there whole or not at all, also after a power cut: written aside, synced, renamed, the folder too."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO


def sync(path: Path) -> None:
    """What was written to a file, or what names a folder holds, is on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append(file: BinaryIO, data: bytes) -> int:
    """Writes all of `data` to an unbuffered file, whose writes may be short; its length. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
    return len(data)


def publish(partial: Path, final: Path) -> None:
    """Gives a complete file of the same folder its name. Raises OSError."""
    sync(partial)
    partial.replace(final)
    sync(final.parent)


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file that is there whole or not at all. Raises OSError; what was begun is then removed."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(data)
        publish(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
