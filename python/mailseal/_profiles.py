"""Configuration profiles of Apple's systems (.mobileconfig): property lists, often signed, that carry PKCS#12 files."""

from __future__ import annotations

import plistlib
from dataclasses import dataclass, field
from typing import Any
from xml.parsers.expat import ExpatError

from mailseal._time import now

_STARTS = (b"<?xml", b"<plist", b"<!DOCTYPE plist", b"bplist00")
_KEYS = "com.apple.security.pkcs12"
_CERTIFICATES = ("com.apple.security.root", "com.apple.security.pkcs1", "com.apple.security.pem")
_PAYLOADS = 10_000


@dataclass(frozen=True, slots=True, repr=False)
class Profile:
    """PKCS#12 files with the password that the profile gives, and certificates in DER or PEM."""

    keys: list[tuple[bytes, str | None]] = field(default_factory=list)
    certificates: list[bytes] = field(default_factory=list)


def read_profile(data: bytes) -> Profile | None:
    """What a profile carries; None if `data` is none. A signature around it is taken off and not judged: a key proves
    itself. Raises ValueError for a broken one."""
    # Keys and certificates are PEM or DER; only a signed profile is DER and names its payloads in the clear.
    if data[:1] == b"\x30" and b"PayloadContent" in data:
        data = _without_signature(data) or b""
    if not data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_STARTS):
        return None
    try:
        root = plistlib.loads(data)
    except (ExpatError, ValueError, TypeError, AttributeError, OverflowError, LookupError, RecursionError) as error:
        raise ValueError(f"no readable property list: {error}") from error
    return _payloads(root)


def _without_signature(data: bytes) -> bytes | None:
    from mailseal.receiver import Receiver  # noqa: PLC0415 — it needs the keys of this package itself

    return Receiver(trust=None, threads=1)._inner.open_cms(data, None, now(), None).content


def _payloads(root: Any) -> Profile:
    profile = Profile()
    pending = [root]
    seen = 0
    while pending:
        node = pending.pop()
        seen += 1
        if seen > _PAYLOADS:
            raise ValueError(f"more than {_PAYLOADS} payloads in one profile")
        if not isinstance(node, dict):
            continue
        content = node.get("PayloadContent")
        if isinstance(content, list):
            pending.extend(reversed(content))
        elif isinstance(content, bytes) and node.get("PayloadType") == _KEYS:
            password = node.get("Password")
            profile.keys.append((content, password if isinstance(password, str) else None))
        elif isinstance(content, bytes) and node.get("PayloadType") in _CERTIFICATES:
            profile.certificates.append(content)
    return profile
