"""The standard library's message objects: a view on opened content (for reading, never to verify), and what is sent."""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from email.message import EmailMessage, Message
from email.policy import SMTP, SMTPUTF8, Compat32
from typing import TYPE_CHECKING

from mailseal.errors import LimitError, by_code

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def serialised(message: Message) -> bytes:
    """The bytes of a message object, with CRLF. Addresses that need it are written in UTF-8 (RFC 6531)."""
    if isinstance(message.policy, Compat32):
        return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
    policy = SMTPUTF8 if isinstance(message, EmailMessage) and _is_international(message) else SMTP
    return message.as_bytes(policy=policy)


_ADDRESS_FIELDS = ("from", "sender", "to", "cc", "reply-to")


def _is_international(message: EmailMessage) -> bool:
    fields = (message[name] for name in _ADDRESS_FIELDS)
    return any(not one.addr_spec.isascii() for field in fields if field is not None for one in field.addresses)


# What mailseal writes anew, and what the library adds.
_ADDED = {"content-type", "content-transfer-encoding", "mime-version"}


def refuse_new_fields(written: Iterable[str], message: Message) -> None:
    """Raises ValueError if serialising made fields that nobody set, in the header or in that of a part: a line end in a
    value begins a field of its own. `written`: the names of all fields of all parts."""
    given = Counter(name.lower() for part in message.walk() for name in part.keys())  # noqa: SIM118 — no dict
    made = Counter(name.lower() for name in written) - given
    if surplus := sorted(made.keys() - _ADDED):
        raise ValueError(f"a header value holds a line end and makes a field of its own: {surplus[0]}")
