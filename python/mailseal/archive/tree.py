"""Sources on disk: a single message, an mbox, a Maildir, or a tree of all of them. Links are never followed below the
path that the user named; files come in the order of the bytes of their names."""

# ruff: noqa: PTH112, PTH113, PTH116, PTH118, PTH202
# Paths are bytes here: names of files need not be text.
from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from mailseal._sources import PathSource, display_name
from mailseal.archive.blocks import (
    BLOCK_BYTES,
    Gatherer,
    Position,
    Unit,
    Unread,
    open_regular,
    read_at,
    too_big,
    unreadable,
)
from mailseal.archive.mbox import read_mbox
from mailseal.archive.received import maildir_time, received_time

if TYPE_CHECKING:
    from collections.abc import Iterator

_MESSAGE_SUFFIXES = (b".eml", b".p7m")
# What a message without a telling name begins with: a header field (RFC 5322 §2.2).
_FIELD = re.compile(rb"[!-9;-~]{1,64}:[ \t\r\n]")
_SNIFF_BYTES = 128
_MAILDIR = frozenset({b"cur", b"new"})
# Names of folders and, last, of a file, each with its rank: files of a folder come before its folders.
Place = tuple[tuple[int, bytes], ...]
_END: Place = ((2, b""),)
# The place behind everything of a source.
WHOLE = Position(b"")


def read_source(
    source: PathSource,
    limit: int,
    block_bytes: int = BLOCK_BYTES,
    *,
    after: Position | None = None,
    since: int = 0,
) -> Iterator[Unit]:
    """All messages of one source, as blocks; what cannot be read is told in its place. Never raises for a file.

    `limit`: bytes of the largest message that is read into memory. `after`: only what follows this place is read, in
    the same blocks; of what comes before it is told what changed since `since` (ns, the file system's clock).
    """
    path = os.fsencode(source)
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        yield unreadable(path, error)
        return
    if stat.S_ISDIR(mode):
        yield from _Tree(limit, block_bytes, since).units(path, after)
        return
    if after is not None:
        yield from _changed(path, since, follow=True)
        if after.offset is None:
            return
    if not stat.S_ISREG(mode):
        what = "neither a file nor a directory"
        yield Unread("unreadable", display_name(path), "io", what, path, after=Position(path))
    elif _sniff(path, follow=True) == "mbox" and not path.lower().endswith(_MESSAGE_SUFFIXES):
        start = 0 if after is None else after.offset or 0
        yield from read_mbox(path, limit, block_bytes, start=start, follow=True)
    else:
        tree = _Tree(limit, block_bytes, since)
        yield from tree.message(path, None, follow=True)
        yield from tree.gathered.flush()


def _changed(path: bytes, since: int, *, follow: bool = False) -> Iterator[Unread]:
    """Tells a file or folder that was read before and was touched since."""
    try:
        touched = os.stat(path, follow_symlinks=follow).st_ctime_ns > since
    except OSError as error:
        yield Unread("changed", display_name(path), "changed", error.strerror or str(error), path)
        return
    if touched:
        yield Unread("changed", display_name(path), "changed", "changed or added since the run began", path)


def _place(root: bytes, path: bytes) -> Place:
    """Where the walk comes by: places compare in its order, a folder before what it holds."""
    *folders, last = os.path.relpath(path, root).split(b"/")
    names = [(1, name) for name in folders if name != b"."]
    if last != b".":
        names.append((1 if path.endswith(b"/") else 0, last))
    return tuple(names)


def source_bytes(source: PathSource) -> int:
    """Bytes of the files of a source, for a progress bar; what cannot be looked at counts nothing."""
    total = 0
    pending = [os.fsencode(source)]
    if not os.path.isdir(pending[0]):
        return os.path.getsize(pending[0]) if os.path.isfile(pending[0]) else 0
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:
            continue  # The reading itself tells of it.
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                total += entry.stat(follow_symlinks=False).st_size
    return total


def _sniff(path: bytes, *, follow: bool = False) -> str | None:
    """ "mbox", "message" or None, by the first bytes. Raises OSError only where nothing of a file can be read."""
    try:
        descriptor, _ = open_regular(path, follow=follow)
    except OSError:
        return "message"  # Reading it as one then tells why it cannot be read.
    try:
        head = read_at(descriptor, 0, _SNIFF_BYTES)
    except OSError:
        return "message"
    finally:
        os.close(descriptor)
    if head.startswith(b"From "):
        return "mbox"
    return "message" if _FIELD.match(head) else None


def _skipped(path: bytes, what: str) -> Unread:
    return Unread("skipped", display_name(path), "skipped", what, path, after=Position(path))


class _Tree:
    """A walk over one directory, without recursion: the depth of a tree is the sender's, not ours."""

    __slots__ = ("_after", "_block_bytes", "_limit", "_since", "_until", "gathered")

    def __init__(self, limit: int, block_bytes: int, since: int) -> None:
        self._limit = limit
        self._block_bytes = block_bytes
        self._since = since
        # Up to here everything was read before; None: behind it.
        self._until: Place | None = None
        self._after: Position | None = None
        self.gathered = Gatherer(block_bytes)

    def units(self, root: bytes, after: Position | None) -> Iterator[Unit]:
        pending: list[tuple[bytes, bool]] = [(root, False)]
        if after is not None:
            self._until, self._after = _place(root, after.path) if after != WHOLE else _END, after
        while pending:
            directory, in_maildir = pending.pop()
            place = _place(root, os.path.join(directory, b""))
            if self._until is not None and place <= self._until:
                yield from _changed(directory, self._since)
                if place == self._until:
                    continue
            try:
                entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
            except OSError as error:
                yield from self._tell(unreadable(os.path.join(directory, b""), error))
                continue
            folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
            is_maildir = set(folders) >= _MAILDIR
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    continue
                if self._until is not None and (*place, (0, entry.name)) <= self._until:
                    yield from self._before(entry, last=(*place, (0, entry.name)) == self._until)
                else:
                    self._until = None
                    yield from self._file(entry, in_maildir=in_maildir, beside_maildir=is_maildir)
            pending.extend(
                (os.path.join(directory, name), is_maildir and name in _MAILDIR)
                for name in reversed(folders)
                # `tmp` of a Maildir holds what is still being delivered.
                if not (is_maildir and name == b"tmp")
            )
        yield from self.gathered.flush()

    def _before(self, entry: os.DirEntry[bytes], *, last: bool) -> Iterator[Unit]:
        """A file that was read in an earlier run; `last`: it is the one where that run ended."""
        yield from _changed(entry.path, self._since)
        if last and self._after is not None and self._after.offset is not None:
            yield from read_mbox(entry.path, self._limit, self._block_bytes, start=self._after.offset)

    def _file(self, entry: os.DirEntry[bytes], *, in_maildir: bool, beside_maildir: bool) -> Iterator[Unit]:
        if entry.is_symlink() or not entry.is_file(follow_symlinks=False):
            what = "a symbolic link" if entry.is_symlink() else "not a regular file"
            yield from self._tell(_skipped(entry.path, what))
            return
        if in_maildir:
            yield from self.message(entry.path, maildir_time(entry.name))
            return
        kind = "message" if entry.name.lower().endswith(_MESSAGE_SUFFIXES) else _sniff(entry.path)
        # Beside `cur` and `new` lie the store's own files, some of which look like a header.
        if kind is None or beside_maildir:
            yield from self._tell(_skipped(entry.path, "not a message"))
        elif kind == "mbox":
            yield from self.gathered.flush()
            yield from read_mbox(entry.path, self._limit, self._block_bytes)
        else:
            yield from self.message(entry.path, None)

    def message(self, path: bytes, received_at: int | None, *, follow: bool = False) -> Iterator[Unit]:
        """One file that is one message."""
        try:
            descriptor, size = open_regular(path, follow=follow)
        except OSError as error:
            yield from self._tell(unreadable(path, error))
            return
        try:
            if size > self._limit:
                yield from self._tell(too_big(path, 0, size, self._limit))
                return
            raw = read_at(descriptor, 0, size)
        except OSError as error:
            yield from self._tell(unreadable(path, error))
            return
        finally:
            os.close(descriptor)
        moment = received_time(raw) if received_at is None else received_at
        yield from self.gathered.add(raw, path, moment)

    def _tell(self, unread: Unread) -> Iterator[Unit]:
        yield from self.gathered.flush()
        yield unread
