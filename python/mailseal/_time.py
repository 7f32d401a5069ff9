"""Between `datetime` (aware, UTC) and the seconds since 1970 that the core counts in."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> int:
    """The present second; the core has no clock of its own."""
    return int(time.time())


def to_datetime(seconds: int) -> datetime:
    """Aware UTC time of `seconds` since 1970; outside years 1 to 9999 the nearest time that `datetime` can hold."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) if seconds > 0 else datetime(1, 1, 1, tzinfo=UTC)


def to_optional_datetime(seconds: int | None) -> datetime | None:
    return None if seconds is None else to_datetime(seconds)


def to_seconds(moment: datetime | None, name: str) -> int | None:
    """Seconds since 1970 of an aware time. Raises TypeError, and ValueError for a time without zone."""
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        raise TypeError(f"{name} must be a datetime, not {type(moment).__name__}")
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"{name} has no time zone; write datetime(..., tzinfo=datetime.UTC)")
    return int(moment.timestamp() // 1)
