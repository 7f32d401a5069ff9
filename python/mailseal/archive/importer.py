"""The main job: archives in, a table and a report out. Reading, opening and writing overlap; the order of rows is that
of the sources, whatever the number of threads."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

from mailseal._time import now
from mailseal.archive.blocks import BLOCK_BYTES, Block, Unit, Unread
from mailseal.archive.durable import write_whole
from mailseal.archive.output import Sink, default_format, make_sink
from mailseal.archive.quarantine import Quarantine
from mailseal.archive.report import LISTED, ImportReport, MissingKeys
from mailseal.archive.tree import read_source

if TYPE_CHECKING:
    from mailseal import core
    from mailseal._sources import PathSource
    from mailseal.config import Config
    from mailseal.receiver import Receiver

P = ParamSpec("P")
T = TypeVar("T")
# (bytes done, messages done), after each block.
Progress = Callable[[int, int], None]
OWN_NAMES = ("parts", "quarantine", "report.json", "run.json", "missing_keys.jsonl")


def import_archive(
    sources: PathSource | Iterable[PathSource],
    out: PathSource,
    *,
    config: Config | None = None,
    receiver: Receiver | None = None,
    jobs: int | None = None,
    content: bool = False,
    format: str | None = None,  # noqa: A002 — the option's public name
    progress: Progress | None = None,
) -> ImportReport:
    """Opens every message of `sources` and writes to the directory `out`: `parts/` (the rows), `report.json`,
    `run.json`, `missing_keys.jsonl`, and `quarantine/` (what yields no row).

    Exactly one of `config` and `receiver` is given. `jobs`: threads; None: all CPUs. `content`: keep the content in the
    rows. `format`: `parquet` (default where pyarrow is installed) or `jsonl`. Raises ValueError or FileExistsError for
    arguments that cannot be used, ImportError without pyarrow, OSError if `out` cannot be written; bad mail and files
    that cannot be read never raise.
    """
    if (config is None) == (receiver is None):
        raise ValueError("give one of config and receiver")
    judge = config.receiver() if config is not None else cast("Receiver", receiver)
    paths = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    folder = _prepare(paths, Path(out))
    kind = format or default_format()
    job = _Job(judge, folder, make_sink(folder / "parts", kind), content=content, jobs=jobs)
    job.report.format = kind
    return job.run(_units(paths, judge.policy.limits.message_bytes), progress)


def _prepare(sources: list[PathSource], out: Path) -> Path:
    """Refuses what would mix two runs, or read what it writes."""
    target = Path(os.path.realpath(out))
    for source in sources:
        origin = Path(os.path.realpath(source))
        if not os.path.lexists(source):
            raise FileNotFoundError(f"{os.fspath(source)}: no such file or directory")
        if target == origin or origin in target.parents or target in origin.parents:
            raise ValueError(f"the output {out} and the source {os.fspath(source)} lie within each other")
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty; choose a new directory")
    out.mkdir(parents=True, exist_ok=True)
    return out


def _units(sources: list[PathSource], limit: int) -> Iterator[Unit]:
    for source in sources:
        yield from read_source(source, limit)


def _size(unit: Unit) -> int:
    return len(unit.buffer) if isinstance(unit, Block) else 0


class _Here(Executor):
    """Does at once, in this thread, what is handed to it."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 — raised again by `result`
            future.set_exception(error)
        return future


class _Job:
    """One run: a thread reads ahead, the Receiver's pool opens, a thread writes behind; with one job all of it goes one
    after the other, on one core."""

    def __init__(self, receiver: Receiver, folder: Path, sink: Sink, *, content: bool, jobs: int | None) -> None:
        self._folder = folder
        self._sink = sink
        self._content = content
        self._pool = receiver._pool(jobs)
        self._quarantine = Quarantine(folder / "quarantine")
        self._missing = MissingKeys()
        self.report = ImportReport(policy=receiver.policy.name, content=content, started_at=now())
        self.report.jobs = jobs if jobs is not None else os.cpu_count() or 1

    def run(self, units: Iterator[Unit], progress: Progress | None) -> ImportReport:
        began = time.monotonic()
        try:
            self._pump(units, progress)
            self._sink.close()
        except BaseException:
            self._sink.abandon()
            raise
        self.report.seconds = time.monotonic() - began
        self._finish()
        return self.report

    def _pump(self, units: Iterator[Unit], progress: Progress | None) -> None:
        report = self.report
        behind: Future[None] | None = None
        with self._threads(1, "mailseal-write") as writer, closing(self._opened(units)) as opened:
            for unit, batch in opened:
                if behind is not None:
                    behind.result()
                behind = writer.submit(self._take, unit, batch)
                if progress is not None:
                    progress(report.bytes, report.messages)
            if behind is not None:
                behind.result()
            if progress is not None:
                progress(report.bytes, report.messages)

    def _threads(self, count: int, name: str) -> Executor:
        return ThreadPoolExecutor(count, name) if self.report.jobs > 1 else _Here()

    def _opened(self, units: Iterator[Unit]) -> Generator[tuple[Unit, core.Batch | None]]:
        """Every unit in its order, opened. With several jobs more blocks than that are in flight, so that no core waits
        for the last message of a block or for the next."""
        jobs = self.report.jobs
        most = jobs + 4 if jobs > 1 else 1
        opening: deque[tuple[Unit, Future[core.Batch] | None]] = deque()
        with self._threads(1, "mailseal-read") as reader, self._threads(most, "mailseal-open") as opener:
            ahead: Future[Unit | None] = reader.submit(next, units, None)
            room = most * BLOCK_BYTES
            while True:
                while len(opening) < most and (unit := ahead.result()) is not None:
                    # A block of one large message waits until those before it are done.
                    if opening and _size(unit) > room:
                        break
                    ahead = reader.submit(next, units, None)
                    room -= _size(unit)
                    opening.append((unit, opener.submit(self._open, unit) if isinstance(unit, Block) else None))
                if not opening:
                    return
                first, batch = opening.popleft()
                yield first, None if batch is None else batch.result()
                room += _size(first)

    def _open(self, block: Block) -> core.Batch:
        return self._pool.open_slices(
            block.buffer,
            block.ranges,
            block.ids,
            block.sources,
            block.offsets,
            block.received_at,
            now(),
            self._content,
        )

    def _take(self, unit: Unit, batch: core.Batch | None) -> None:
        """On the writing thread: everything that is counted or written, in the order of the sources."""
        if isinstance(unit, Unread):
            self._set_aside(unit)
        elif batch is not None:
            self._sink.write(batch)
            self._count(unit, batch)

    def _count(self, block: Block, batch: core.Batch) -> None:
        report = self.report
        report.messages += len(block.ranges)
        report.rows += len(batch)
        report.bytes += sum(end - start for start, end in block.ranges)
        report.count(batch.statuses())
        without_row = batch.unreadable()
        for index, code, reason in without_row:
            start, end = block.ranges[index]
            source, offset = block.sources[index], block.offsets[index]
            self._quarantine.put(block.buffer[start:end], code=code, reason=reason, source=source, offset=offset)
            self._list_unreadable(source, offset, code, reason)
        wanted = batch.wanted_keys()
        if wanted:
            absent = {index for index, _, _ in without_row}
            ids = [name for index, name in enumerate(block.ids) if index not in absent] if absent else block.ids
            for row, recipient in wanted:
                self._missing.add(recipient, ids[row])

    def _set_aside(self, unread: Unread) -> None:
        if unread.kind == "skipped":
            self.report.skipped_count += 1
            if len(self.report.skipped) < LISTED:
                self.report.skipped.append({"source": unread.source, "reason": unread.reason})
            return
        self._list_unreadable(unread.source, unread.offset, unread.code, unread.reason)
        if unread.length:
            self.report.messages += 1
            self.report.bytes += unread.length
            try:
                self._quarantine.put_file(
                    unread.path,
                    code=unread.code,
                    reason=unread.reason,
                    source=unread.source,
                    offset=unread.offset,
                    length=unread.length,
                )
            except OSError as error:
                reason = f"{unread.reason}; and it could not be copied: {error}"
                self._quarantine.tell(code=unread.code, reason=reason, source=unread.source, offset=unread.offset)
        else:
            self._quarantine.tell(code=unread.code, reason=unread.reason, source=unread.source, offset=unread.offset)

    def _list_unreadable(self, source: str, offset: int, code: str, reason: str) -> None:
        self.report.unreadable_count += 1
        if len(self.report.unreadable) < LISTED:
            self.report.unreadable.append({"source": source, "byte_offset": offset, "code": code, "reason": reason})

    def _finish(self) -> None:
        report = self.report
        report.parts = list(self._sink.parts)
        report.quarantined = self._quarantine.count
        report.missing_keys = len(self._missing)
        missing = "".join(json.dumps(row, sort_keys=True) + "\n" for row in self._missing.rows())
        write_whole(self._folder / "missing_keys.jsonl", missing.encode())
        write_whole(self._folder / "run.json", (json.dumps(report.run_dict(), indent=2) + "\n").encode())
        # Last: a directory with a report holds a complete run.
        write_whole(self._folder / "report.json", (json.dumps(report.to_dict(), indent=2) + "\n").encode())
