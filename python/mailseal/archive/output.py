"""Rows into part files: Parquet through pyarrow, or JSON lines. A part has its name only when it is complete."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from mailseal.archive.durable import publish

if TYPE_CHECKING:
    from pathlib import Path

    from mailseal import core

PART_ROWS = 250_000
PART_BYTES = 512 * 2**20
# Row groups: large enough to compress well, small enough for the memory of an import.
GROUP_ROWS = 8_192
GROUP_BYTES = 2 * 2**20
FORMATS = ("parquet", "jsonl")
ARROW_HINT = "Parquet needs pyarrow: pip install 'mailseal[arrow]'"


class Sink(Protocol):
    """Takes batches in order; `close` completes the last part."""

    parts: list[str]

    def write(self, batch: core.Batch) -> None: ...
    def close(self) -> None: ...
    def abandon(self) -> None:
        """Removes the part that is not complete."""


def default_format() -> str:
    """`parquet` where pyarrow is installed, else `jsonl`."""
    return "parquet" if importlib.util.find_spec("pyarrow") is not None else "jsonl"


def make_sink(folder: Path, kind: str) -> Sink:
    """Raises ValueError for an unknown format, ImportError (with the extra's name) without pyarrow."""
    if kind not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {kind!r}")
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "jsonl":
        return JsonLinesSink(folder)
    if importlib.util.find_spec("pyarrow") is None:
        raise ImportError(f"{ARROW_HINT}, or choose format jsonl")
    return ParquetSink(folder)


class _Parts:
    """Names of the parts, and the step from the hidden to the final one."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder = folder
        self._suffix = suffix
        self.parts: list[str] = []
        self.rows = 0
        self.bytes = 0

    @property
    def partial(self) -> Path:
        return self._folder / f".part-{len(self.parts):05d}{self._suffix}.partial"

    def complete(self) -> None:
        name = f"part-{len(self.parts):05d}{self._suffix}"
        publish(self.partial, self._folder / name)
        self.parts.append(name)
        self.rows = self.bytes = 0

    @property
    def full(self) -> bool:
        return self.rows >= PART_ROWS or self.bytes >= PART_BYTES


class JsonLinesSink:
    """`part-00000.jsonl`: one row a line."""

    def __init__(self, folder: Path) -> None:
        self._parts = _Parts(folder, ".jsonl")
        self._file: BinaryIO | None = None
        self.parts = self._parts.parts

    def write(self, batch: core.Batch) -> None:
        if len(batch) == 0:
            return
        if self._file is None:
            self._file = self._parts.partial.open("wb")
        lines = batch.json_lines()
        self._file.write(lines if lines.endswith(b"\n") else lines + b"\n")
        self._parts.rows += len(batch)
        self._parts.bytes += len(lines)
        if self._parts.full:
            self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._parts.complete()

    def abandon(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._parts.partial.unlink(missing_ok=True)


class ParquetSink:
    """`part-00000.parquet`, zstd-compressed; batches are put together into row groups.

    pyarrow takes a tenth of a second to load: the first `write` does it, while messages are being opened.
    """

    def __init__(self, folder: Path) -> None:
        self._arrow: Any = None
        self._parquet: Any = None
        self._parts = _Parts(folder, ".parquet")
        self._writer: Any = None
        self._waiting: list[Any] = []
        self._waiting_rows = 0
        self._waiting_bytes = 0
        self.parts = self._parts.parts

    def write(self, batch: core.Batch) -> None:
        if len(batch) == 0:
            return
        if self._arrow is None:
            self._arrow, self._parquet = map(importlib.import_module, ("pyarrow", "pyarrow.parquet"))
        rows = self._arrow.record_batch(batch)
        self._waiting.append(rows)
        self._waiting_rows += rows.num_rows
        self._waiting_bytes += rows.nbytes
        if self._waiting_rows >= GROUP_ROWS or self._waiting_bytes >= GROUP_BYTES:
            self._flush()
            if self._parts.full:
                self.close()

    def _flush(self) -> None:
        if not self._waiting:
            return
        table = self._arrow.Table.from_batches(self._waiting)
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(self._parts.partial, table.schema, compression="zstd")
        self._writer.write_table(table, row_group_size=max(table.num_rows, 1))
        self._parts.rows += self._waiting_rows
        self._parts.bytes += self._waiting_bytes
        self._waiting.clear()
        self._waiting_rows = self._waiting_bytes = 0

    def close(self) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            self._parts.complete()

    def abandon(self) -> None:
        self._waiting.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            self._parts.partial.unlink(missing_ok=True)
