"""The unit that is read ahead: a buffer with the places of many messages in it, or one that cannot be had."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from mailseal._sources import display_name

if TYPE_CHECKING:
    from collections.abc import Iterator

# Three of these are alive at a time (read ahead, opened, written): the memory of an import stays below 15 MB and the
# messages in flight.
BLOCK_BYTES = 2**20
# More messages than this in a block gain nothing and make the lists about them heavy.
BLOCK_MESSAGES = 8192
# O_NOFOLLOW: never through a link; O_NONBLOCK: opening a FIFO must not wait for its writer.
_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a source, between two messages. `path`: the file read last, or a folder (with a slash behind) that
    could not be listed; `offset`: where in it the next message begins; None: nothing of it is left."""

    path: bytes
    offset: int | None = None


@dataclass(slots=True)
class Block:
    """Messages `buffer[start:end]`, with parallel lists about each. `after`: reading from there gives what follows."""

    buffer: bytes
    ranges: list[tuple[int, int]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    received_at: list[int | None] = field(default_factory=list)
    after: Position | None = None

    def add(self, start: int, end: int, name: str, source: str, offset: int, received_at: int | None) -> None:
        self.ranges.append((start, end))
        self.ids.append(name)
        self.sources.append(source)
        self.offsets.append(offset)
        self.received_at.append(received_at)


@dataclass(frozen=True, slots=True)
class Unread:
    """Something in a source that does not come as a block. `kind` "unreadable" is a failure; "skipped" is a thing that
    is no message by its nature (link, device, other file); "changed" was read before, and is not what it was."""

    kind: str
    source: str
    code: str
    reason: str
    path: bytes = b""
    offset: int = 0
    length: int = 0
    after: Position | None = None


Unit: TypeAlias = Block | Unread


def open_regular(path: bytes, *, follow: bool = False) -> tuple[int, int]:
    """(descriptor, size) of a regular file. Raises OSError; for a link, FIFO, socket or device too."""
    descriptor = os.open(path, _FLAGS & ~getattr(os, "O_NOFOLLOW", 0) if follow else _FLAGS)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return descriptor, status.st_size


def read_at(descriptor: int, offset: int, length: int) -> bytes:
    """`length` bytes from `offset`, fewer only at the end of the file. Raises OSError."""
    first = os.pread(descriptor, length, offset)
    if len(first) in (0, length):
        return first
    pieces = [first]
    missing = length - len(first)
    while missing > 0 and (piece := os.pread(descriptor, missing, offset + length - missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def unreadable(path: bytes, error: OSError) -> Unread:
    """The record of a file, or of a folder (with a slash behind), that the system does not let us read."""
    name = path.removesuffix(b"/") or path
    return Unread("unreadable", display_name(name), "io", error.strerror or str(error), name, after=Position(path))


def too_big(path: bytes, offset: int, length: int, limit: int, following: int | None = None) -> Unread:
    """The record of a message that is not read into memory: the quarantine copies it piece by piece. `following`: where
    the next one of the file begins."""
    reason = f"{length} bytes, Limits.message_bytes is {limit}"
    after = Position(path, following)
    return Unread("unreadable", display_name(path), "limit.message-bytes", reason, path, offset, length, after)


class Gatherer:
    """Puts small messages of many files together into blocks."""

    __slots__ = ("_block", "_pieces", "_size", "_target")

    def __init__(self, target: int = BLOCK_BYTES) -> None:
        self._target = target
        self._reset()

    def _reset(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._block = Block(b"")

    def add(self, raw: bytes, path: bytes, received_at: int | None) -> Iterator[Block]:
        """Takes a message; yields what is full. A block ends before the first message that does not fit, so reading on
        from its end makes the same blocks."""
        if self._pieces and (self._size + len(raw) > self._target or len(self._pieces) >= BLOCK_MESSAGES):
            yield from self.flush()
        source = display_name(path)
        self._block.add(self._size, self._size + len(raw), source, source, 0, received_at)
        self._block.after = Position(path)
        self._pieces.append(raw)
        self._size += len(raw)

    def flush(self) -> Iterator[Block]:
        """What was gathered so far: also due before anything else of the source is told, so that the order holds."""
        if self._pieces:
            block = self._block
            block.buffer = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._reset()
            yield block
