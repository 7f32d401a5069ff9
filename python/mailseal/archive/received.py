"""When a message came, from what its file tells: the header is searched for two fields, not parsed."""

from __future__ import annotations

import re

from mailseal import core

# A header longer than this has its trace fields at the top anyhow.
_HEADER_BYTES = 256 * 1024
_END = re.compile(rb"\r?\n\r?\n")
_VALUE = rb"[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)"
_RECEIVED = re.compile(rb"^received" + _VALUE, re.IGNORECASE | re.MULTILINE)
_DATE = re.compile(rb"^date" + _VALUE, re.IGNORECASE | re.MULTILINE)
# Maildir: `<seconds>.<unique>.<host>:2,<flags>`; eight digits and more: since 1973.
_MAILDIR_NAME = re.compile(rb"(\d{8,11})\.")


def received_time(buffer: bytes, start: int = 0, end: int | None = None) -> int | None:
    """Seconds since 1970 of the topmost Received field (RFC 5321 §4.4: after its last `;`), else of Date."""
    last = len(buffer) if end is None else end
    stop = min(last, start + _HEADER_BYTES)
    # Bounds, not slices: a slice of the header would be a copy for each message.
    found_end = _END.search(buffer, start, stop)
    if found_end is not None:
        stop = found_end.start()
    received = _RECEIVED.search(buffer, start, stop)
    if received is not None:
        _, semicolon, moment = received.group(1).rpartition(b";")
        if semicolon and (seconds := core.parse_date(moment.strip())) is not None:
            return seconds
    date = _DATE.search(buffer, start, stop)
    return None if date is None else core.parse_date(date.group(1).strip())


def maildir_time(name: bytes) -> int | None:
    """Seconds since 1970 in the name of a Maildir file."""
    found = _MAILDIR_NAME.match(name)
    return None if found is None else int(found.group(1))
