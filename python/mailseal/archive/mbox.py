"""mbox files (RFC 4155): found by the core block by block, read with pread, never mapped."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from mailseal import core
from mailseal._sources import display_name
from mailseal.archive.blocks import (
    BLOCK_BYTES,
    BLOCK_MESSAGES,
    Block,
    Position,
    Unit,
    open_regular,
    read_at,
    too_big,
    unreadable,
)
from mailseal.archive.received import received_time

if TYPE_CHECKING:
    from collections.abc import Iterator

Found = tuple[int, int, int | None, int]


def read_mbox(
    path: bytes, limit: int, block_bytes: int = BLOCK_BYTES, *, start: int = 0, follow: bool = False
) -> Iterator[Unit]:
    """Blocks of the messages of one mbox, in their order, from the From_ line at `start`. Messages above `limit` bytes
    are told, not read."""
    try:
        descriptor, _ = open_regular(path, follow=follow)
    except OSError as error:
        yield unreadable(path, error)
        return
    try:
        yield from _Reader(path, descriptor, limit).units(block_bytes, start)
    except OSError as error:
        yield unreadable(path, error)
    finally:
        os.close(descriptor)


class _Reader:
    """One pass over one file."""

    __slots__ = ("_descriptor", "_limit", "_path", "_source")

    def __init__(self, path: bytes, descriptor: int, limit: int) -> None:
        self._path = path
        self._source = display_name(path)
        self._descriptor = descriptor
        self._limit = limit

    def units(self, block_bytes: int, start: int) -> Iterator[Unit]:
        splitter = core.MboxSplitter()
        base = start
        # Reads end at multiples of the block's size wherever they begin: a resumed run makes the same blocks.
        while block := read_at(self._descriptor, base, block_bytes - base % block_bytes):
            yield from self._complete(_moved(splitter.feed(block), start), base, block)
            base += len(block)
        yield from self._complete(_moved(splitter.finish(), start), base, b"")

    def _complete(self, found: list[Found], base: int, block: bytes) -> Iterator[Unit]:
        """Messages that lie in `block` share it; one that began before it, or is told only after it, is read again."""
        inside: list[Found] = []
        for message in found:
            start, end, _, following = message
            if start >= base and end <= base + len(block):
                inside.append(message)
                continue
            if end - start > self._limit:
                yield too_big(self._path, start, end - start, self._limit, following)
                continue
            yield self._block(read_at(self._descriptor, start, end - start), start, [message])
        for first in range(0, len(inside), BLOCK_MESSAGES):
            yield self._block(block, base, inside[first : first + BLOCK_MESSAGES])

    def _block(self, buffer: bytes, base: int, found: list[Found]) -> Block:
        block = Block(buffer)
        for start, end, moment, following in found:
            place = start - base, end - base
            if place[1] > len(buffer):
                raise OSError("the file was cut while it was read")
            received_at = received_time(buffer, *place) if moment is None else moment
            block.add(*place, f"{self._source}#{start}", self._source, start, received_at)
            block.after = Position(self._path, following)
        return block


def _moved(found: list[Found], by: int) -> list[Found]:
    if by == 0:
        return found
    return [(start + by, end + by, moment, following + by) for start, end, moment, following in found]


def holds(path: bytes, start: int, length: int, digest: str, size: int) -> bool:
    """Whether a file of at least `size` octets holds a message of that place and SHA-256 (hex). Never raises."""
    try:
        descriptor, found = open_regular(path, follow=True)
        try:
            return found >= size and hashlib.sha256(read_at(descriptor, start, length)).hexdigest() == digest
        finally:
            os.close(descriptor)
    except OSError:
        return False
