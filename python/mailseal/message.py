"""The standard library's view on opened content: for reading, never to verify."""

from __future__ import annotations

import email
import email.policy
from typing import TYPE_CHECKING

from mailseal.errors import LimitError, by_code

if TYPE_CHECKING:
    from email.message import EmailMessage

# The standard library's parser keeps several copies and is slow: larger content is read as bytes.
VIEW_BYTES = 64 * 2**20


def view(content: bytes) -> EmailMessage:
    """`content` as `EmailMessage`. Raises LimitError above 64 MiB."""
    if len(content) > VIEW_BYTES:
        raise by_code(
            LimitError,
            "limit.message-bytes",
            f"{len(content)} bytes; message() shows up to {VIEW_BYTES}, read .content",
        )
    return email.message_from_bytes(content, policy=email.policy.default)
