"""Mail archives: mbox, Maildir, trees of messages; read as items, or imported as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailseal._time import to_optional_datetime
from mailseal.archive.blocks import Block
from mailseal.archive.importer import import_archive
from mailseal.archive.report import ImportReport
from mailseal.archive.tree import read_source
from mailseal.policy import Limits
from mailseal.receiver import Item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailseal._sources import PathSource

__all__ = ["ImportReport", "import_archive", "open_archive"]


def open_archive(path: PathSource, *, limits: Limits | None = None) -> Iterator[Item]:
    """The messages of an mbox, a Maildir, a tree of `.eml` files, or a single message, in their order.

    Raises OSError at the first thing that cannot be read, and for a message above `Limits.message_bytes`
    (`import_archive` sets such things aside and goes on). Links and devices below `path` are passed over.
    """
    cap = (Limits() if limits is None else limits).message_bytes
    for unit in read_source(path, cap):
        if isinstance(unit, Block):
            rows = zip(unit.ranges, unit.ids, unit.sources, unit.offsets, unit.received_at, strict=True)
            for (start, end), name, source, offset, moment in rows:
                yield Item(unit.buffer[start:end], name, source, to_optional_datetime(moment), offset)
        elif unit.kind == "unreadable":
            raise OSError(f"{unit.source}: {unit.reason}")
