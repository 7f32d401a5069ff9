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


def read_source(source: PathSource, limit: int, block_bytes: int = BLOCK_BYTES) -> Iterator[Unit]:
    """All messages of one source, as blocks; what cannot be read is told in its place. Never raises for a file.

    `limit`: bytes of the largest message that is read into memory.
    """
    path = os.fsencode(source)
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        yield unreadable(path, error)
        return
    if stat.S_ISDIR(mode):
        yield from _Tree(limit, block_bytes).units(path)
    elif not stat.S_ISREG(mode):
        yield Unread("unreadable", display_name(path), "io", "neither a file nor a directory", path)
    elif _sniff(path, follow=True) == "mbox" and not path.lower().endswith(_MESSAGE_SUFFIXES):
        yield from read_mbox(path, limit, block_bytes, follow=True)
    else:
        tree = _Tree(limit, block_bytes)
        yield from tree.message(path, None, follow=True)
        yield from tree.gathered.flush()


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


class _Tree:
    """A walk over one directory, without recursion: the depth of a tree is the sender's, not ours."""

    __slots__ = ("_block_bytes", "_limit", "gathered")

    def __init__(self, limit: int, block_bytes: int) -> None:
        self._limit = limit
        self._block_bytes = block_bytes
        self.gathered = Gatherer(block_bytes)

    def units(self, root: bytes) -> Iterator[Unit]:
        pending: list[tuple[bytes, bool]] = [(root, False)]
        while pending:
            directory, in_maildir = pending.pop()
            try:
                entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
            except OSError as error:
                yield from self._tell(unreadable(directory, error))
                continue
            folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
            is_maildir = set(folders) >= _MAILDIR
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    yield from self._file(entry, in_maildir=in_maildir, beside_maildir=is_maildir)
            pending.extend(
                (os.path.join(directory, name), is_maildir and name in _MAILDIR)
                for name in reversed(folders)
                # `tmp` of a Maildir holds what is still being delivered.
                if not (is_maildir and name == b"tmp")
            )
        yield from self.gathered.flush()

    def _file(self, entry: os.DirEntry[bytes], *, in_maildir: bool, beside_maildir: bool) -> Iterator[Unit]:
        if entry.is_symlink() or not entry.is_file(follow_symlinks=False):
            what = "a symbolic link" if entry.is_symlink() else "not a regular file"
            yield from self._tell(Unread("skipped", display_name(entry.path), "skipped", what, entry.path))
            return
        if in_maildir:
            yield from self.message(entry.path, maildir_time(entry.name))
            return
        kind = "message" if entry.name.lower().endswith(_MESSAGE_SUFFIXES) else _sniff(entry.path)
        # Beside `cur` and `new` lie the store's own files, some of which look like a header.
        if kind is None or beside_maildir:
            yield from self._tell(Unread("skipped", display_name(entry.path), "skipped", "not a message", entry.path))
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
        yield from self.gathered.add(raw, display_name(path), moment)

    def _tell(self, unread: Unread) -> Iterator[Unit]:
        yield from self.gathered.flush()
        yield unread
