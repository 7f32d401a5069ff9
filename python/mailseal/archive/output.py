"""Rows into part files: Parquet through pyarrow, or JSON lines.

Rows are appended to a hidden file whose length the journal knows; the part is made of it, and has its name, only when
it is complete. So a part's bytes depend on the rows alone, however often the run was broken off.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import TYPE_CHECKING, Any, BinaryIO

from mailseal import core
from mailseal.archive.durable import append, publish

if TYPE_CHECKING:
    from pathlib import Path

PART_ROWS = 65_536
# Octets of messages whose content is kept.
PART_BYTES = 512 * 2**20
# Row groups: large enough to compress well, small enough for the memory of an import.
GROUP_ROWS = 8_192
GROUP_BYTES = 2 * 2**20
FORMATS = ("parquet", "jsonl")
ARROW_HINT = "Parquet needs pyarrow: pip install 'mailseal[arrow]'"


def default_format() -> str:
    """`parquet` where pyarrow is installed, else `jsonl`."""
    return "parquet" if importlib.util.find_spec("pyarrow") is not None else "jsonl"


def check_format(kind: str) -> None:
    """Raises ValueError for an unknown format, ImportError (with the extra's name) without pyarrow."""
    if kind not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {kind!r}")
    if kind == "parquet" and importlib.util.find_spec("pyarrow") is None:
        raise ImportError(f"{ARROW_HINT}, or choose format jsonl")


def encode(batch: core.Batch, kind: str) -> bytes:
    """Rows as they are appended: a record batch of an Arrow IPC stream, or lines."""
    if len(batch) == 0:
        return b""
    return batch.json_lines() if kind == "jsonl" else batch.ipc()


class Parts:
    """The folder `parts/`. Raises OSError where it cannot be written; what was synced before is then still good."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._kind = kind
        self._file: BinaryIO | None = None
        self.names: list[str] = []
        self._rows = self._octets = self._length = 0
        folder.mkdir(parents=True, exist_ok=True)

    def state(self) -> dict[str, int]:
        """For the journal, once `sync` is done."""
        return {"parts": len(self.names), "rows": self._rows, "octets": self._octets, "length": self._length}

    def restore(self, state: dict[str, int]) -> None:
        """Goes back to what a journal knows. Raises OSError, also if rows that it knows are gone."""
        self.names = [self._name(number) for number in range(state["parts"])]
        self._rows, self._octets, self._length = state["rows"], state["octets"], state["length"]
        current = self._folder / self._name(state["parts"])
        # Killed between the part's completion and the journal's word of it.
        if self._kind == "jsonl" and current.exists() and not self._spill.exists():
            current.rename(self._spill)
        for path in self._folder.iterdir():
            if path.name not in self.names and path != self._spill:
                path.unlink()
        if self._length == 0:
            self._spill.unlink(missing_ok=True)
            return
        if self._spill.stat().st_size < self._length:
            raise OSError(f"{self._spill} is shorter than the journal says: rows were lost")
        os.truncate(self._spill, self._length)

    def write(self, data: bytes, rows: int, octets: int) -> None:
        """Appends `rows` rows of messages of `octets` octets of kept content."""
        if rows == 0:
            return
        if self._file is None:
            # Unbuffered: what was written is the kernel's, whatever becomes of this process.
            self._file = self._spill.open("ab", buffering=0)
            if self._length == 0 and self._kind == "parquet":
                self._length += append(self._file, core.Batch.ipc_schema())
        self._length += append(self._file, data)
        self._rows += rows
        self._octets += octets

    @property
    def full(self) -> bool:
        return self._rows >= PART_ROWS or self._octets >= PART_BYTES

    def sync(self) -> None:
        if self._file is not None:
            os.fsync(self._file.fileno())

    def complete(self) -> Path | None:
        """Makes the part. Its rows' file stays until the journal knows of it; it is returned, to be removed then."""
        spill = self._spill
        self.let_go()
        if self._rows == 0:
            return None
        name = self._name(len(self.names))
        if self._kind == "jsonl":
            publish(spill, self._folder / name)
        else:
            partial = self._folder / f".{name}.partial"
            try:
                _make_parquet(spill, partial)
                publish(partial, self._folder / name)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
        self.names.append(name)
        self._rows = self._octets = self._length = 0
        return spill

    def let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def _spill(self) -> Path:
        return self._folder / f".part-{len(self.names):05d}.rows"

    def _name(self, number: int) -> str:
        return f"part-{number:05d}.{self._kind}"


def _make_parquet(spill: Path, partial: Path) -> None:
    """zstd-compressed; batches are put together into row groups of fixed size."""
    arrow, parquet = map(importlib.import_module, ("pyarrow", "pyarrow.parquet"))
    with (
        arrow.OSFile(str(spill)) as file,
        arrow.ipc.open_stream(file) as batches,
        parquet.ParquetWriter(str(partial), batches.schema, compression="zstd") as writer,
    ):
        waiting: list[Any] = []
        rows = octets = 0
        for batch in batches:
            waiting.append(batch)
            rows += batch.num_rows
            octets += batch.column("content").nbytes
            if rows >= GROUP_ROWS or octets >= GROUP_BYTES:
                waiting = _write_groups(arrow, writer, waiting, all_of_them=octets >= GROUP_BYTES)
                rows, octets = sum(batch.num_rows for batch in waiting), 0
        _write_groups(arrow, writer, waiting, all_of_them=True)


def _write_groups(arrow: Any, writer: Any, waiting: list[Any], *, all_of_them: bool) -> list[Any]:
    """Returns what is left for the next group."""
    if not waiting:
        return []
    # Put together, so that the pages of a column do not depend on the batches.
    table = arrow.Table.from_batches(waiting).combine_chunks()
    start = 0
    while table.num_rows - start >= GROUP_ROWS or (all_of_them and start < table.num_rows):
        group = table.slice(start, GROUP_ROWS)
        writer.write_table(group, row_group_size=GROUP_ROWS)
        start += group.num_rows
    return list(table.slice(start).to_batches())
