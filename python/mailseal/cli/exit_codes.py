"""THE table of exit codes, and which of them a verdict or an exception means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailseal import core
from mailseal.results import Check, Opened, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailseal.errors import Error

OK = 0
INCOMPLETE = 1
USAGE = 2
FALSE = 3
LOCKED = 4
UNPROVEN = 5
MALFORMED = 6
FORBIDDEN = 7
IO = 8
INTERRUPTED = 130

MEANINGS = {
    OK: "all good",
    INCOMPLETE: "finished, but some items could not be read or were quarantined",
    USAGE: "usage",
    FALSE: "signature bad",
    LOCKED: "no key, or cannot decrypt",
    UNPROVEN: "untrusted, expired or revoked",
    MALFORMED: "malformed",
    FORBIDDEN: "forbidden by policy",
    IO: "input, output or network",
    INTERRUPTED: "interrupted",
}

# Where several hold, the first.
PRECEDENCE = (MALFORMED, LOCKED, FALSE, FORBIDDEN, UNPROVEN)

# The core's table of families has the code of each; 0: it alone does not change the exit code.
BY_FAMILY: dict[str, int] = {row["family"]: row["exit_code"] for row in core.table("families")}

# The first family of each class; a VerificationError that no finding explains is a signature that is not there.
BY_EXCEPTION: dict[str, int] = {row["exception"]: row["exit_code"] for row in reversed(core.table("families"))}


def first(codes: Iterable[int]) -> int:
    """The code that goes before the others; 0 without any."""
    held = set(codes)
    return next((code for code in PRECEDENCE if code in held), max(held, default=OK))


def of_opened(opened: Opened) -> int:
    """What findings and decryption of a message mean. The findings of a VALID message that is open cause nothing."""
    codes = set()
    if opened.decryption in (Check.FAILED, Check.UNKNOWN):
        codes.add(LOCKED)
    if opened.verdict.status is not Status.VALID or opened.content is None:
        codes.update(BY_FAMILY[finding.family] for finding in opened.verdict.findings)
    return first(codes - {OK})


def of_verified(opened: Opened) -> int:
    """Like `of_opened`, and never 0 unless the verdict is VALID: that is what `verify` was asked."""
    if opened.verdict.is_valid:
        return OK
    return of_opened(opened) or {Status.INDETERMINATE: UNPROVEN}.get(opened.verdict.status, FALSE)


def of_error(error: Error) -> int:
    """By the family of the error's finding, or, where that one is harmless by itself, by the class of the error: what
    was asked for was not done. An error without finding is a bug of ours."""
    row = core.explain(error.code)
    if row is None:
        return INCOMPLETE
    return BY_FAMILY[row["family"]] or BY_EXCEPTION.get(type(error).__name__, FALSE)
