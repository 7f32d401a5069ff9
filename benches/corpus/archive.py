"""The archive on disk: mbox files, a Maildir, single messages, and the manifest of what a reader must find.

Message i depends on the seed, the count and the options only; so any number of workers writes the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, BinaryIO

import cryptography

from benches.corpus import VERSION, escrow, pki
from benches.corpus.chance import Chance
from benches.corpus.compose import Composer, Message
from benches.corpus.headers import asctime, message_id
from benches.corpus.kinds import Kind, Outcome, Schedule, Signed
from benches.corpus.mime_build import SCALES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.pool import AsyncResult
    from pathlib import Path

START = int(datetime(2016, 1, 4, tzinfo=UTC).timestamp())
END = int(datetime(2026, 6, 30, tzinfo=UTC).timestamp())
STORES = (("inbox.mbox", 40), ("sent.mbox", 15), ("Maildir", 25), ("eml", 20))
FORMS = {"inbox.mbox": "mbox", "sent.mbox": "mbox", "Maildir": "maildir", "eml": "eml"}
LF_STORES = ("inbox.mbox", "Maildir")
CHUNK = 32


@dataclass(frozen=True)
class Options:
    seed: int
    count: int
    scale: str = "realistic"
    forms: tuple[str, ...] = ("mbox", "maildir", "eml")


@dataclass(frozen=True)
class Stored:
    """One message as its store keeps it."""

    store: str
    name: str
    """Path of the file below the store's folder; empty in an mbox."""
    before: bytes
    """The From_ line of an mbox."""
    data: bytes
    row: dict[str, Any]


@dataclass
class Totals:
    messages: int = 0
    octets: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)


class Maker:
    """Makes messages by number; one lives in each worker."""

    def __init__(self, options: Options, house: pki.Pki) -> None:
        self.options = options
        self.composer = Composer(house, SCALES[options.scale])
        self.schedule = Schedule(options.seed)
        self.stores = [(store, weight) for store, weight in STORES if FORMS[store] in options.forms]

    def stored(self, index: int) -> Stored:
        seed = self.options.seed
        chance = Chance(seed, "message", index)
        kind = self.schedule.kind(index)
        store = chance.weighted(self.stores)
        moment = self.moment(kind, index, chance)
        relayed = store != "sent.mbox" and (store != "eml" or chance.often(0.8))
        message = self.composer.message(kind, seed, index, moment, chance, relayed=relayed)
        feed = store in LF_STORES or kind.newline == "lf"
        data = message.raw.replace(b"\r\n", b"\n") if feed else message.raw
        name, before = placed(store, index, moment, len(data), chance)
        if before and b"\nFrom " in data:
            raise AssertionError(f"message {index} would need From-quoting")
        return Stored(store, name, before, data, row(seed, index, kind, store, moment, message, data, feed=feed))

    def moment(self, kind: Kind, index: int, chance: Chance) -> datetime:
        """In order of arrival; kinds that belong to some years stand out of order, as imported mail does."""
        step = (END - START) // self.options.count
        seconds = START + (END - START) * index // self.options.count + chance.below(step + 1)
        low = int(datetime(kind.years[0], 1, 4, tzinfo=UTC).timestamp())
        high = min(int(datetime(kind.years[1] + 1, 1, 1, tzinfo=UTC).timestamp()), END) - 1
        if not low <= seconds <= high:
            seconds = chance.between(low, high)
        return datetime.fromtimestamp(seconds, UTC)


def placed(store: str, index: int, moment: datetime, size: int, chance: Chance) -> tuple[str, bytes]:
    """The file name, or the From_ line, that carries the received time."""
    if store == "eml":
        return f"{moment:%Y}/{moment:%m}/{index:08d}.eml", b""
    if store == "Maildir":
        unique = f"{int(moment.timestamp())}.M{chance.below(1_000_000)}P{index}.mx1,S={size}"
        if chance.often(0.05):
            return f"new/{unique}", b""
        return f"cur/{unique}:2,{chance.pick(('S', 'RS', '', 'FS'))}", b""
    ending = "\n" if store in LF_STORES else "\r\n"
    return "", f"From MAILER-DAEMON {asctime(moment)}{ending}".encode()


def row(
    seed: int, index: int, kind: Kind, store: str, moment: datetime, message: Message, data: bytes, *, feed: bool
) -> dict[str, Any]:
    content = data if message.whole else message.content
    if feed and message.exposed and content is not None and not message.whole:
        content = content.replace(b"\r\n", b"\n")
    outcome = kind.outcome
    return {
        "id": index,
        "message_id": message_id(seed, index),
        "kind": kind.name,
        "form": FORMS[store],
        "path": store,
        "received": int(moment.timestamp()),
        "length": len(data),
        "raw_sha256": hashlib.sha256(data).hexdigest(),
        "expect": {
            "status": outcome.status,
            "summary": outcome.summary,
            "decryption": outcome.decryption,
            "authenticated": outcome.authenticated,
            "coverage": outcome.coverage,
            "findings": findings(kind, outcome, feed=feed),
            "signers": list(message.signers),
            "wanted_keys": message.wanted_keys,
            "content_sha256": None if content is None else hashlib.sha256(content).hexdigest(),
        },
    }


def findings(kind: Kind, outcome: Outcome, *, feed: bool) -> list[str]:
    out = list(outcome.findings)
    last = kind.layers[-1] if kind.layers and not kind.around else None
    intact = outcome.status in ("VALID", "INDETERMINATE")
    if feed and intact and isinstance(last, Signed) and not last.opaque:
        out.append("mime.line-endings")
    return out


_maker: Maker | None = None


def start_worker(options: Options) -> None:
    global _maker  # noqa: PLW0603 - one Maker a process
    _maker = Maker(options, pki.build(options.seed))


def work(start: int, stop: int) -> list[Stored]:
    assert _maker
    return [_maker.stored(index) for index in range(start, stop)]


def made(options: Options, house: pki.Pki, jobs: int) -> Iterator[Stored]:
    """All messages in order, with a bounded number in flight."""
    if jobs == 1:
        maker = Maker(options, house)
        yield from map(maker.stored, range(options.count))
        return
    # "spawn": the same on every system, and nothing of the parent leaks into the messages.
    with get_context("spawn").Pool(jobs, start_worker, (options,)) as workers:
        waiting: deque[AsyncResult[list[Stored]]] = deque()
        for start in range(0, options.count, CHUNK):
            waiting.append(workers.apply_async(work, (start, min(start + CHUNK, options.count))))
            if len(waiting) > 2 * jobs:
                yield from waiting.popleft().get()
        while waiting:
            yield from waiting.popleft().get()


class Writer:
    """Puts messages into their stores and rows into the manifest."""

    def __init__(self, folder: Path, forms: Sequence[str]) -> None:
        self.archive = folder / "archive"
        self.archive.mkdir()
        self.boxes: dict[str, BinaryIO] = {}
        self.folders: set[Path] = set()
        if "mbox" in forms:
            self.boxes = {name: (self.archive / name).open("wb") for name, form in FORMS.items() if form == "mbox"}
        if "maildir" in forms:
            for name in ("cur", "new", "tmp"):
                (self.archive / "Maildir" / name).mkdir(parents=True)
        self.manifest = (folder / "manifest.jsonl").open("wb")
        self.hash = hashlib.sha256()
        self.totals = Totals()

    def add(self, message: Stored) -> None:
        path, offset = self.stored(message)
        line = json.dumps({**message.row, "path": path, "offset": offset}, ensure_ascii=False).encode() + b"\n"
        self.manifest.write(line)
        self.hash.update(line)
        self.totals.messages += 1
        self.totals.octets += len(message.data)
        self.totals.kinds[message.row["kind"]] += 1
        self.totals.forms[message.row["form"]] += 1

    def stored(self, message: Stored) -> tuple[str, int]:
        """Where it went: path below the corpus's folder, and offset of the message in that file."""
        if box := self.boxes.get(message.store):
            offset = box.tell() + len(message.before)
            box.write(message.before + message.data + (b"\n" if message.store in LF_STORES else b"\r\n"))
            return f"archive/{message.store}", offset
        path = self.archive / message.store / message.name
        if path.parent not in self.folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.folders.add(path.parent)
        path.write_bytes(message.data)
        return f"archive/{message.store}/{message.name}", 0

    def close(self) -> None:
        for box in (*self.boxes.values(), self.manifest):
            box.close()


def generate(folder: Path, options: Options, jobs: int = 1) -> Totals:
    """Write the whole corpus into ``folder``, which must be empty or absent."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    house = pki.build(options.seed)
    keys = escrow.write(house, folder)
    writer = Writer(folder, options.forms)
    try:
        for message in made(options, house, jobs):
            writer.add(message)
    finally:
        writer.close()
    totals = writer.totals
    about = {
        "generator": VERSION,
        "seed": options.seed,
        "count": options.count,
        "scale": options.scale,
        "forms": list(options.forms),
        "octets": totals.octets,
        "kinds": dict(sorted(totals.kinds.items())),
        "stored_as": dict(sorted(totals.forms.items())),
        "manifest_sha256": writer.hash.hexdigest(),
        "certificates_sha256": pki.fingerprint(house),
        "keys": keys,
        "versions": {"python": platform.python_version(), "cryptography": cryptography.__version__},
    }
    (folder / "corpus.json").write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return totals
