"""One run of an import: reading, opening and writing overlap; the journal is told in small steps what was written."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import deque
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from mailseal._time import now
from mailseal.archive.blocks import BLOCK_BYTES, Block, Position, Unit, Unread
from mailseal.archive.durable import write_whole
from mailseal.archive.output import Parts, encode
from mailseal.archive.quarantine import Quarantine, SourceError
from mailseal.archive.report import LISTED, ImportReport, MissingKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from mailseal.archive.journal import Journal
    from mailseal.receiver import Receiver

P = ParamSpec("P")
T = TypeVar("T")
# A unit, and the place of its source in the list of sources.
Sourced = tuple[int, Unit]
# Seconds between two lines of the journal: this much work is done again after a crash. A long run writes fewer lines,
# and syncing takes at most a fiftieth of the time.
_LEAST_PAUSE, _MOST_PAUSE = 0.1, 5.0
_OF_ELAPSED = 1 / 200
_OF_SYNCING = 50
_FINGERPRINT_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class OpenedBlock:
    """What the opening of a block gave, ready to be written."""

    data: bytes
    rows: int
    statuses: dict[str, int]
    # (row, recipient id)
    wanted: list[tuple[int, str]]
    # (index in the block, code, reason)
    unreadable: list[tuple[int, str, str]]


class _Here(Executor):
    """Does at once, in this thread, what is handed to it."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 — raised again by `result`
            future.set_exception(error)
        return future


def _size(unit: Unit) -> int:
    return len(unit.buffer) if isinstance(unit, Block) else 0


def _fingerprint(block: Block) -> tuple[int, int, bytes]:
    """Offset in its file, length and SHA-256 of the end of a block's last message: to know the mbox by."""
    start, end = block.ranges[-1]
    cut = max(start, end - _FINGERPRINT_BYTES)
    digest = hashlib.sha256(memoryview(block.buffer)[cut:end]).digest()
    return block.offsets[-1] + cut - start, end - cut, digest


class Run:
    """A thread reads ahead, the Receiver's pool opens, a thread writes behind; with one job all of it goes one after
    the other, on one core."""

    def __init__(
        self, receiver: Receiver, folder: Path, journal: Journal, kind: str, *, content: bool, jobs: int | None
    ) -> None:
        self._folder = folder
        self._journal = journal
        self._kind = kind
        self._content = content
        self._pool = receiver._pool(jobs)
        self._parts = Parts(folder / "parts", kind)
        self._quarantine = Quarantine(folder / "quarantine")
        self._missing = MissingKeys()
        self.report = ImportReport(policy=receiver.policy.name, format=kind, content=content)
        self.report.jobs = jobs if jobs is not None else os.cpu_count() or 1
        self._place: tuple[int, Position] | None = None
        self._last: tuple[int, int, bytes] | None = None
        # What of the lists the journal knows.
        self._listed = {"unreadable": 0, "skipped": 0}
        # False while a unit is half taken or a line of the journal half prepared, and ever after where that failed:
        # what is counted is then not what is written, and what could not be synced once is not trusted again.
        self._whole = True
        self._began = time.monotonic()
        self._before = 0.0
        self._due = self._began + _LEAST_PAUSE

    def begin(self, moment: int | None) -> None:
        """Begins anew: all messages are judged as of `moment`, else as of now, however long the run takes."""
        self.report.started_at = now()
        self.report.now = self.report.started_at if moment is None else moment
        self._parts.restore({"parts": 0, "rows": 0, "octets": 0, "length": 0})
        self._quarantine.restore({"count": 0, "length": 0})

    def resume(self, states: Iterator[dict[str, Any]], moment: int | None) -> dict[str, Any] | None:
        """Takes up what a journal knows; the last state, or None where nothing was done. Raises OSError."""
        last = None
        for last in states:
            self._missing.merge(last["missing"])
            self.report.unreadable += last["unreadable"]
            self.report.skipped += last["skipped"]
        if last is None:
            self.begin(moment)
            return None
        report = self.report
        report.restore(last["report"])
        self._before = report.seconds
        self._listed = {"unreadable": len(report.unreadable), "skipped": len(report.skipped)}
        self._parts.restore(last["output"])
        self._quarantine.restore(last["quarantine"])
        if last["done"]:
            report.complete_before = True
            self._sum_up()
            return last
        report.resumed += 1
        if last["place"] is not None:
            source, path, offset = last["place"]
            self._place = source, Position(os.fsencode(path), offset)
        return last

    def look(self, units: Iterator[Sourced]) -> ImportReport:
        """Of a finished run: only what changed since."""
        for _, unit in units:
            if isinstance(unit, Unread) and unit.kind == "changed":
                self._list_changed(unit)
        return self.report

    def go(self, units: Iterator[Sourced], progress: Callable[[int, int], None] | None) -> ImportReport:
        """Reads to the end. Raises OSError where the output cannot be written, and what breaks it off: the same run can
        then be gone on with."""
        try:
            self._pump(units, progress)
            self._finish()
        except BaseException:
            self._rest()
            raise
        finally:
            self._parts.let_go()
            self._quarantine.let_go()
        return self.report

    def _rest(self) -> None:
        """What was done since the last line of the journal need not be done again, where that can still be written."""
        if self._whole and self._place is not None:
            self._whole = False
            with suppress(OSError):
                self._checkpoint()

    def _pump(self, units: Iterator[Sourced], progress: Callable[[int, int], None] | None) -> None:
        report = self.report
        behind: Future[None] | None = None
        with self._threads(1, "mailseal-write") as writer, closing(self._opened(units)) as opened:
            for sourced, done in opened:
                if behind is not None:
                    behind.result()
                behind = writer.submit(self._take, sourced, done)
                if progress is not None:
                    progress(report.bytes, report.messages)
            if behind is not None:
                behind.result()
            if progress is not None:
                progress(report.bytes, report.messages)

    def _threads(self, count: int, name: str) -> Executor:
        return ThreadPoolExecutor(count, name) if self.report.jobs > 1 else _Here()

    def _opened(self, units: Iterator[Sourced]) -> Generator[tuple[Sourced, OpenedBlock | None]]:
        """Every unit in its order, opened. With several jobs more blocks than that are in flight, so that no core waits
        for the last message of a block or for the next."""
        jobs = self.report.jobs
        most = jobs + 4 if jobs > 1 else 1
        opening: deque[tuple[Sourced, Future[OpenedBlock] | None]] = deque()
        with self._threads(1, "mailseal-read") as reader, self._threads(most, "mailseal-open") as opener:
            ahead: Future[Sourced | None] = reader.submit(next, units, None)
            room = most * BLOCK_BYTES
            while True:
                while len(opening) < most and (sourced := ahead.result()) is not None:
                    unit = sourced[1]
                    # A block of one large message waits until those before it are done.
                    if opening and _size(unit) > room:
                        break
                    ahead = reader.submit(next, units, None)
                    room -= _size(unit)
                    opening.append((sourced, opener.submit(self._open, unit) if isinstance(unit, Block) else None))
                if not opening:
                    return
                first, future = opening.popleft()
                yield first, None if future is None else future.result()
                room += _size(first[1])

    def _open(self, block: Block) -> OpenedBlock:
        batch = self._pool.open_slices(
            block.buffer,
            block.ranges,
            block.ids,
            block.sources,
            block.offsets,
            block.received_at,
            self.report.now,
            self._content,
        )
        data = encode(batch, self._kind)
        return OpenedBlock(data, len(batch), batch.statuses(), batch.wanted_keys(), batch.unreadable())

    def _take(self, sourced: Sourced, done: OpenedBlock | None) -> None:
        """On the writing thread: everything that is counted or written, in the order of the sources."""
        source, unit = sourced
        self._whole = False
        self._last = None
        if isinstance(unit, Unread):
            self._set_aside(unit)
        elif done is not None:
            octets = sum(end - start for start, end in unit.ranges)
            self._parts.write(done.data, done.rows, octets if self._content else 0)
            self._count(unit, done, octets)
            if unit.after is not None and unit.after.offset is not None:
                self._last = _fingerprint(unit)
        if unit.after is not None:
            self._place = source, unit.after
        if self._parts.full:
            self._complete_part()
        elif time.monotonic() >= self._due:
            self._checkpoint()
        self._whole = True

    def _complete_part(self) -> None:
        spill = self._parts.complete()
        self._checkpoint()
        if spill is not None:
            spill.unlink(missing_ok=True)

    def _checkpoint(self) -> None:
        began = time.monotonic()
        self._parts.sync()
        self._quarantine.sync()
        self.report.seconds = self._before + began - self._began
        self._journal.write(self._state(done=False))
        ended = time.monotonic()
        elapsed = min((ended - self._began) * _OF_ELAPSED, _MOST_PAUSE)
        self._due = ended + max(_LEAST_PAUSE, elapsed, (ended - began) * _OF_SYNCING)

    def _state(self, *, done: bool) -> dict[str, Any]:
        """A line of the journal: counts as they are, and what of the lists is new since the line before."""
        state: dict[str, Any] = {
            "done": done,
            "place": None,
            "last": None,
            "output": self._parts.state(),
            "quarantine": self._quarantine.state(),
            "report": self.report.state(),
            "missing": self._missing.take_new(),
        }
        if self._place is not None:
            source, position = self._place
            state["place"] = [source, os.fsdecode(position.path), position.offset]
        if self._last is not None:
            start, length, digest = self._last
            state["last"] = [start, length, digest.hex()]
        for name, known in self._listed.items():
            state[name] = getattr(self.report, name)[known:]
            self._listed[name] = len(getattr(self.report, name))
        return state

    def _count(self, block: Block, done: OpenedBlock, octets: int) -> None:
        report = self.report
        report.messages += len(block.ranges)
        report.rows += done.rows
        report.bytes += octets
        report.count(done.statuses)
        for index, code, reason in done.unreadable:
            start, end = block.ranges[index]
            source, offset = block.sources[index], block.offsets[index]
            self._quarantine.put(block.buffer[start:end], code=code, reason=reason, source=source, offset=offset)
            self._list_unreadable(source, offset, code, reason)
        if done.wanted:
            absent = {index for index, _, _ in done.unreadable}
            ids = [name for index, name in enumerate(block.ids) if index not in absent] if absent else block.ids
            for row, recipient in done.wanted:
                self._missing.add(recipient, ids[row])

    def _set_aside(self, unread: Unread) -> None:
        if unread.kind == "changed":
            self._list_changed(unread)
            return
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
            except SourceError as error:
                reason = f"{unread.reason}; and it could not be copied: {error}"
                self._quarantine.tell(code=unread.code, reason=reason, source=unread.source, offset=unread.offset)
        else:
            self._quarantine.tell(code=unread.code, reason=unread.reason, source=unread.source, offset=unread.offset)

    def _list_changed(self, unread: Unread) -> None:
        self.report.changed_count += 1
        if len(self.report.changed) < LISTED:
            self.report.changed.append({"source": unread.source, "reason": unread.reason})

    def _list_unreadable(self, source: str, offset: int, code: str, reason: str) -> None:
        self.report.unreadable_count += 1
        if len(self.report.unreadable) < LISTED:
            self.report.unreadable.append({"source": source, "byte_offset": offset, "code": code, "reason": reason})

    def _sum_up(self) -> None:
        report = self.report
        report.parts = list(self._parts.names)
        report.quarantined = self._quarantine.count
        report.missing_keys = len(self._missing)

    def _finish(self) -> None:
        report = self.report
        self._whole = False
        spill = self._parts.complete()
        self._quarantine.sync()
        report.seconds = self._before + time.monotonic() - self._began
        self._sum_up()
        missing = "".join(json.dumps(row, sort_keys=True) + "\n" for row in self._missing.rows())
        write_whole(self._folder / "missing_keys.jsonl", missing.encode())
        write_whole(self._folder / "run.json", (json.dumps(report.run_dict(), indent=2) + "\n").encode())
        # Last: a directory with a report holds a complete run.
        write_whole(self._folder / "report.json", (json.dumps(report.to_dict(), indent=2) + "\n").encode())
        self._journal.end(self._whole_state())
        if spill is not None:
            spill.unlink(missing_ok=True)

    def _whole_state(self) -> dict[str, Any]:
        """The only line of a finished run: the lists in full."""
        rows = self._missing.rows()
        self._listed = dict.fromkeys(self._listed, 0)
        whole = {row["recipient"]: [row["count"], row["first"], row["last"]] for row in rows}
        return self._state(done=True) | {"missing": whole}
