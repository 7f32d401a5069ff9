"""The exceptions (one for each family of findings), and how Python raises one by the code of its finding."""

from __future__ import annotations

from mailseal import _core
from mailseal._core import (
    BackendError,
    CallbackError,
    DecryptionError,
    Error,
    InternalError,
    LimitError,
    MalformedError,
    PolicyError,
    UnsupportedError,
    VerificationError,
)

__all__ = [
    "BackendError",
    "CallbackError",
    "DecryptionError",
    "Error",
    "InternalError",
    "LimitError",
    "MalformedError",
    "PolicyError",
    "UnsupportedError",
    "VerificationError",
]


def by_code(kind: type[Error], code: str, detail: str = "") -> Error:
    """An exception of `kind` that says what `mailseal explain CODE` says, and ends with the fix."""
    row = _core.explain(code)
    if row is None:
        raise ValueError(f"unknown finding code {code!r}")
    text = f"{code}: {row['sentence']}"
    if detail:
        text += f" ({detail})"
    if row["fix"]:
        text += f"; {row['fix']}"
    error = kind(text)
    error.code, error.path, error.offset = code, "", None
    return error
