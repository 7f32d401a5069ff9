"""mbox files (RFC 4155): found by the core block by block, read with pread, never mapped."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mailseal import core
from mailseal._sources import display_name
from mailseal.archive.blocks import BLOCK_BYTES, BLOCK_MESSAGES, Block, Unit, open_regular, read_at, too_big, unreadable
from mailseal.archive.received import received_time

if TYPE_CHECKING:
    from collections.abc import Iterator

Found = tuple[int, int, int | None]


def read_mbox(path: bytes, limit: int, block_bytes: int = BLOCK_BYTES, *, follow: bool = False) -> Iterator[Unit]:
    """Blocks of the messages of one mbox, in their order. Messages above `limit` bytes are told, not read."""
    try:
        descriptor, _ = open_regular(path, follow=follow)
    except OSError as error:
        yield unreadable(path, error)
        return
    try:
        yield from _Reader(path, descriptor, limit).units(block_bytes)
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

    def units(self, block_bytes: int) -> Iterator[Unit]:
        splitter = core.MboxSplitter()
        base = 0
        while block := read_at(self._descriptor, base, block_bytes):
            yield from self._complete(splitter.feed(block), base, block)
            base += len(block)
        yield from self._complete(splitter.finish(), base, b"")

    def _complete(self, found: list[Found], base: int, block: bytes) -> Iterator[Unit]:
        """Messages that lie in `block` share it; one that began before it, or is told only after it, is read again."""
        inside: list[Found] = []
        for message in found:
            start, end, _ = message
            if start >= base and end <= base + len(block):
                inside.append(message)
                continue
            if end - start > self._limit:
                yield too_big(self._path, start, end - start, self._limit)
                continue
            yield self._block(read_at(self._descriptor, start, end - start), start, [message])
        for first in range(0, len(inside), BLOCK_MESSAGES):
            yield self._block(block, base, inside[first : first + BLOCK_MESSAGES])

    def _block(self, buffer: bytes, base: int, found: list[Found]) -> Block:
        block = Block(buffer)
        for start, end, moment in found:
            place = start - base, end - base
            if place[1] > len(buffer):
                raise OSError("the file was cut while it was read")
            received_at = received_time(buffer, *place) if moment is None else moment
            block.add(*place, f"{self._source}#{start}", self._source, start, received_at)
        return block
