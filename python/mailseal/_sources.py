"""What a caller may hand in: bytes-like = content, PathLike = path, str = path where a file is meant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview
PathSource: TypeAlias = str | os.PathLike[str]
FileSource: TypeAlias = Buffer | PathSource
MessageSource: TypeAlias = Buffer | os.PathLike[str] | BinaryIO

# A key, certificate or bundle file; the largest public root bundles are below 1 MiB.
KEY_FILE_BYTES = 64 * 2**20


def as_bytes(data: Buffer) -> bytes:
    """`bytes` as they are; any other buffer is copied once, so that nobody can change it while it is read."""
    return data if isinstance(data, bytes) else bytes(data)


def load_bytes(source: FileSource) -> bytes:
    """Content of a key or certificate source. Raises OSError, TypeError, ValueError (file too big)."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return as_bytes(source)
    if isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as file:
            data = file.read(KEY_FILE_BYTES + 1)
        if len(data) > KEY_FILE_BYTES:
            raise ValueError(f"{os.fspath(source)}: larger than {KEY_FILE_BYTES} bytes, no key or certificate file")
        return data
    raise TypeError(f"expected bytes or a path, not {type(source).__name__}")


def message_bytes(raw: MessageSource, limit: int) -> tuple[bytes, str | None]:
    """Bytes of a message and the name of its file. Of a file at most `limit` + 1 bytes are read: the core then tells
    that it is too big. Raises TypeError for text, OSError for a file that cannot be read."""
    if isinstance(raw, (bytes, bytearray, memoryview)):
        return as_bytes(raw), None
    if isinstance(raw, str):
        raise TypeError("a message is bytes: pass bytes, a pathlib.Path or a file opened in binary mode, not str")
    if isinstance(raw, os.PathLike):
        path = Path(raw)
        with path.open("rb") as file:
            return file.read(limit + 1), display_name(path)
    read = getattr(raw, "read", None)
    if read is None:
        raise TypeError(f"a message is bytes, a path or a binary file, not {type(raw).__name__}")
    data = read(limit + 1)
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError("the file is in text mode: open it with mode 'rb'")
    name = getattr(raw, "name", None)
    return as_bytes(data), name if isinstance(name, str) else None


def display_name(path: PathSource | bytes) -> str:
    """A path as text that every encoder takes; bytes that are not UTF-8 are written `\\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
