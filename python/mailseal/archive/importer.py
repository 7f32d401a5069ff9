"""The main job: archives in, a table and a report out. The order of rows is that of the sources, whatever the number of
threads, and whatever broke the run off in between."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mailseal import core
from mailseal._time import to_seconds
from mailseal.archive.blocks import Position, Unit
from mailseal.archive.journal import NAME as JOURNAL_NAME
from mailseal.archive.journal import Journal, JournalError
from mailseal.archive.mbox import holds
from mailseal.archive.output import check_format, default_format
from mailseal.archive.run import Run, Sourced
from mailseal.archive.tree import WHOLE, read_source

if TYPE_CHECKING:
    from datetime import datetime

    from mailseal._sources import PathSource
    from mailseal.archive.report import ImportReport
    from mailseal.config import Config
    from mailseal.receiver import Receiver

# (bytes done, messages done), after each block.
Progress = Callable[[int, int], None]


def import_archive(
    sources: PathSource | Iterable[PathSource],
    out: PathSource,
    *,
    config: Config | None = None,
    receiver: Receiver | None = None,
    jobs: int | None = None,
    content: bool = False,
    format: str | None = None,  # noqa: A002 — the option's public name
    now: datetime | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Opens every message of `sources` and writes to the directory `out`: `parts/` (the rows), `report.json`,
    `run.json`, `missing_keys.jsonl`, `journal.jsonl`, and `quarantine/` (what yields no row).

    Exactly one of `config` and `receiver` is given. `jobs`: threads; None: all CPUs. `content`: keep the content in the
    rows. `format`: `parquet` (default where pyarrow is installed) or `jsonl`.

    A run that was broken off, however, is gone on with by the same call; a finished one is only looked at for sources
    that changed (`ImportReport.changed`). All messages are judged as of `now`; not given, it is the moment at which the
    run was begun: with it, the same input gives the same bytes on any day.

    Raises ValueError or FileExistsError for arguments that cannot be used, JournalError (a ValueError) where a run that
    was broken off cannot be gone on with, ImportError without pyarrow, OSError if `out` cannot be written; bad mail and
    files that cannot be read never raise.
    """
    if (config is None) == (receiver is None):
        raise ValueError("give one of config and receiver")
    judge = config.receiver() if config is not None else cast("Receiver", receiver)
    paths = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    kind = format or default_format()
    check_format(kind)
    folder = _prepare(paths, Path(out))
    journal = Journal(folder)
    try:
        run = Run(judge, folder, journal, kind, content=content, jobs=jobs)
        moment = to_seconds(now, "now")
        about = _about(judge, paths) | {"format": kind, "content": content, "now": moment}
        place = _begin(run, journal, about, folder)
        units = _units(paths, judge.policy.limits.message_bytes, place, journal.begun_ns)
        return run.look(units) if run.report.complete_before else run.go(units, progress)
    finally:
        journal.close()


def _prepare(sources: list[PathSource], out: Path) -> Path:
    """Refuses what would mix two runs, or read what it writes."""
    target = Path(os.path.realpath(out))
    for source in sources:
        origin = Path(os.path.realpath(source))
        if not os.path.lexists(source):
            raise FileNotFoundError(f"{os.fspath(source)}: no such file or directory")
        if target == origin or origin in target.parents or target in origin.parents:
            raise ValueError(f"the output {out} and the source {os.fspath(source)} lie within each other")
    if out.exists() and any(out.iterdir()) and not (out / JOURNAL_NAME).is_file():
        raise FileExistsError(f"{out} is not empty; choose a new directory")
    out.mkdir(parents=True, exist_ok=True)
    return out


def _about(receiver: Receiver, sources: list[PathSource]) -> dict[str, Any]:
    """What two runs must have in common for the second to go on with the first."""
    anchors = receiver._anchors
    certificates = [*(anchors or ()), *receiver._intermediates]
    trust = hashlib.sha256(b"".join(sorted(certificate.sha256() for certificate in certificates))).hexdigest()
    return {
        "mailseal": core.__version__,
        "sources": [[os.fsdecode(source), os.fsdecode(os.path.realpath(source))] for source in sources],
        "policy": hashlib.sha256(json.dumps(receiver.policy.to_dict(), sort_keys=True).encode()).hexdigest(),
        "trust": "none" if anchors is None else trust,
        "keys": receiver._keyring.fingerprint(),
    }


def _begin(run: Run, journal: Journal, about: dict[str, Any], folder: Path) -> tuple[int, Position] | None:
    """Begins a run, or takes one up; where to go on reading. Raises FileExistsError, JournalError, OSError."""
    if journal.header is None:
        journal.begin(about)
        run.begin(about["now"])
        return None
    before = journal.header["about"]
    if before != about:
        differing = ", ".join(sorted(name for name in about if before.get(name) != about[name]))
        raise FileExistsError(f"{folder} holds an import with other {differing}; choose a new directory")
    state = run.resume(journal.states(), about["now"])
    if state is not None and state["done"]:
        return len(about["sources"]), WHOLE
    if state is None or state["place"] is None:
        return None
    source, path, offset = state["place"]
    position = Position(os.fsencode(path), offset)
    _check_last(position, state["last"], folder)
    return source, position


def _check_last(position: Position, last: list[Any] | None, folder: Path) -> None:
    """Whether the mbox in which a run ended still holds the message that was read last."""
    if last is None or position.offset is None:
        return
    start, length, digest = last
    if not holds(position.path, start, length, digest, position.offset):
        name = os.fsdecode(position.path)
        raise JournalError(f"{name} was changed while the run rested; keep {folder}, and import into a new directory")


def _units(sources: list[PathSource], limit: int, place: tuple[int, Position] | None, since: int) -> Iterator[Sourced]:
    """The units of all sources, each with the place of its source in the list, from `place` on."""
    first, position = place if place is not None else (0, None)
    for index, source in enumerate(sources):
        after = WHOLE if index < first else position if index == first else None
        units: Iterator[Unit] = read_source(source, limit, after=after, since=since)
        for unit in units:
            yield index, unit
