"""What an import found, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from mailseal import core
from mailseal._time import to_datetime

# The lists of things told by name stay readable; the counts go on.
LISTED = 1000
_NUMBERS = ("messages", "rows", "bytes", "unreadable_count", "skipped_count", "seconds", "resumed", "started_at", "now")
_COUNTERS = ("status", "summary", "decryption", "findings")


@dataclass
class ImportReport:
    """Counts by outcome. `report.json` holds what the archive and the keys decide; `run.json` what the machine does."""

    messages: int = 0
    rows: int = 0
    bytes: int = 0
    status: Counter[str] = field(default_factory=Counter)
    summary: Counter[str] = field(default_factory=Counter)
    decryption: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    quarantined: int = 0
    unreadable: list[dict[str, Any]] = field(default_factory=list)
    unreadable_count: int = 0
    skipped: list[dict[str, Any]] = field(default_factory=list)
    skipped_count: int = 0
    changed: list[dict[str, Any]] = field(default_factory=list)
    changed_count: int = 0
    missing_keys: int = 0
    policy: str = ""
    format: str = ""
    content: bool = False
    parts: list[str] = field(default_factory=list)
    key_failures: list[dict[str, str]] = field(default_factory=list)
    jobs: int = 0
    started_at: int = 0
    # What the run takes for the present, in seconds since 1970.
    now: int = 0
    seconds: float = 0.0
    resumed: int = 0
    # Nothing was done: an earlier run of the same command had ended.
    complete_before: bool = False

    @property
    def exit_code(self) -> int:
        """0, or 1 if something could not be read or was quarantined; verdicts alone never cause it."""
        return 1 if self.quarantined or self.unreadable_count else 0

    def count(self, outcomes: dict[str, int]) -> None:
        """Adds what `Batch.statuses` counted."""
        counters = {
            "status": self.status,
            "summary": self.summary,
            "decryption": self.decryption,
            "finding": self.findings,
        }
        for key, number in outcomes.items():
            kind, _, name = key.partition(":")
            if kind in counters:
                counters[kind][name] += number

    def state(self) -> dict[str, Any]:
        """The counts so far, for the journal; not the lists."""
        counts = {name: getattr(self, name) for name in _NUMBERS}
        return counts | {name: dict(getattr(self, name)) for name in _COUNTERS}

    def restore(self, state: dict[str, Any]) -> None:
        """The counts that `state` told."""
        for name in _NUMBERS:
            setattr(self, name, state[name])
        for name in _COUNTERS:
            setattr(self, name, Counter(state[name]))

    def to_dict(self) -> dict[str, Any]:
        """`report.json`: the same for the same archive, keys and policy, whatever the machine."""
        return {
            "mailseal": core.__version__,
            "policy": self.policy,
            "format": self.format,
            "content": self.content,
            "messages": self.messages,
            "rows": self.rows,
            "bytes": self.bytes,
            "status": dict(sorted(self.status.items())),
            "summary": dict(sorted(self.summary.items())),
            "decryption": dict(sorted(self.decryption.items())),
            # The most frequent first, and never in the order in which they happened to come.
            "findings": dict(sorted(self.findings.items(), key=lambda item: (-item[1], item[0]))),
            "quarantined": self.quarantined,
            "unreadable": {"count": self.unreadable_count, "listed": self.unreadable},
            "skipped": {"count": self.skipped_count, "listed": self.skipped},
            "changed": {"count": self.changed_count, "listed": self.changed},
            "missing_keys": self.missing_keys,
            "key_failures": self.key_failures,
            "parts": self.parts,
        }

    def run_dict(self) -> dict[str, Any]:
        """`run.json`: times in seconds, rates a second."""
        seconds = max(self.seconds, 1e-9)
        return {
            "started_at": to_datetime(self.started_at).isoformat(),
            "now": to_datetime(self.now).isoformat(),
            "seconds": round(self.seconds, 3),
            "jobs": self.jobs,
            "resumed": self.resumed,
            "messages_per_second": round(self.messages / seconds, 1),
            "bytes_per_second": round(self.bytes / seconds),
        }


class MissingKeys:
    """Recipients whose key was not there: how often, and in which message first and last."""

    __slots__ = ("_new", "_rows")

    def __init__(self) -> None:
        self._rows: dict[str, list[Any]] = {}
        self._new: dict[str, list[Any]] = {}

    def add(self, recipient: str, message: str) -> None:
        self.merge({recipient: [1, message, message]})
        row = self._new.setdefault(recipient, [0, message, message])
        row[0] += 1
        row[2] = message

    def merge(self, later: dict[str, list[Any]]) -> None:
        """Adds what `take_new` gave after what is here."""
        for recipient, (count, first, last) in later.items():
            row = self._rows.setdefault(recipient, [0, first, last])
            row[0] += count
            row[2] = last

    def take_new(self) -> dict[str, list[Any]]:
        """What came since the last call: recipient → count, first and last message."""
        new, self._new = self._new, {}
        return new

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self) -> list[dict[str, Any]]:
        """The most wanted first."""
        ordered = sorted(self._rows.items(), key=lambda item: (-item[1][0], item[0]))
        return [{"recipient": name, "count": row[0], "first": row[1], "last": row[2]} for name, row in ordered]
