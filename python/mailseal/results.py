"""What opening a message yields: frozen views on the core's objects."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mailseal import _core
from mailseal._time import to_datetime, to_optional_datetime, to_seconds
from mailseal.certificate import Certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from email.message import EmailMessage

    from mailseal.policy import Policy


class Status(StrEnum):
    """What the signatures are worth (`Verdict.status`); encryption is apart."""

    VALID = "VALID"
    INVALID = "INVALID"
    INDETERMINATE = "INDETERMINATE"
    UNSIGNED = "UNSIGNED"


class Summary(StrEnum):
    """Cryptographic summary of a message (RFC 9787 §3)."""

    NONE = "none"
    SIGNED = "signed"
    ENCRYPTED = "encrypted"
    SIGNED_AND_ENCRYPTED = "signed+encrypted"


class Check(StrEnum):
    """Answer to one question about a signer or a decryption."""

    OK = "OK"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    NOT_CHECKED = "NOT_CHECKED"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Countersigner:
    """Who signed a signer's signature (RFC 5652 §11.4). It makes no signer better, and its chain is not judged."""

    _inner: _core.Countersigner

    @property
    def id(self) -> str:
        """SignerIdentifier: issuer and serial, or subject key identifier; empty if it cannot be read."""
        return self._inner.id

    @property
    def of(self) -> int | None:
        """Index of the countersigner whose signature it signed; None: the signer's own."""
        return self._inner.of

    @property
    def certificate(self) -> Certificate | None:
        inner = self._inner.certificate
        return None if inner is None else Certificate(inner)

    @property
    def digest(self) -> str:
        return self._inner.digest

    @property
    def signature_algorithm(self) -> str:
        return self._inner.signature_algorithm

    @property
    def signing_time(self) -> datetime | None:
        """A claim, UTC."""
        return to_optional_datetime(self._inner.signing_time)

    @property
    def integrity(self) -> Check:
        """Is it a signature of that signature?"""
        return Check(self._inner.integrity)

    def __repr__(self) -> str:
        return f"<Countersigner {self.id!r} integrity={self.integrity}>"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Signer:
    """One SignerInfo (RFC 5652 §5.3) with five separate answers."""

    _inner: _core.Signer

    @property
    def id(self) -> str:
        """SignerIdentifier: issuer and serial, or subject key identifier."""
        return self._inner.id

    @property
    def certificate(self) -> Certificate | None:
        inner = self._inner.certificate
        return None if inner is None else Certificate(inner)

    @property
    def digest(self) -> str:
        return self._inner.digest

    @property
    def signature_algorithm(self) -> str:
        return self._inner.signature_algorithm

    @property
    def signing_time(self) -> datetime | None:
        """The signer's claim (RFC 5652 §11.3), UTC; never proof."""
        return to_optional_datetime(self._inner.signing_time)

    @property
    def integrity(self) -> Check:
        """Do digest and signature match?"""
        return Check(self._inner.integrity)

    @property
    def chain(self) -> Check:
        """Does a path lead to a trust anchor (RFC 5280 §6)?"""
        return Check(self._inner.chain)

    @property
    def address(self) -> Check:
        """Does the certificate name the sender (RFC 8550 §3)?"""
        return Check(self._inner.address)

    @property
    def revocation(self) -> Check:
        """Was it not revoked at the judged time?"""
        return Check(self._inner.revocation)

    @property
    def time(self) -> Check:
        """Was the chain valid at the judged time?"""
        return Check(self._inner.time)

    @property
    def unsigned_attrs(self) -> tuple[tuple[str, bytes], ...]:
        """Unsigned attributes (RFC 5652 §5.3): dotted type, and the SET of values as received. Anyone can add them."""
        return tuple(self._inner.unsigned_attrs)

    @property
    def countersigners(self) -> tuple[Countersigner, ...]:
        """Countersignatures (RFC 5652 §11.4), the outer ones first."""
        return tuple(Countersigner(inner) for inner in self._inner.countersigners)

    def __repr__(self) -> str:
        checks = " ".join(
            f"{name}={getattr(self, name)}" for name in ("integrity", "chain", "address", "revocation", "time")
        )
        return f"<Signer {self.id!r} {checks}>"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Verdict:
    """The judgement of a policy on the facts of a message. It has no truth value: use `is_valid`."""

    _inner: _core.Verdict

    @property
    def status(self) -> Status:
        return Status(self._inner.status)

    @property
    def summary(self) -> Summary:
        return Summary(self._inner.summary)

    @property
    def findings(self) -> tuple[_core.Finding, ...]:
        """The most telling first."""
        return self._inner.findings

    @property
    def at(self) -> datetime:
        """The judged time, UTC."""
        return to_datetime(self._inner.at)

    @property
    def is_valid(self) -> bool:
        """True for VALID alone."""
        return self._inner.is_valid

    @property
    def policy(self) -> str:
        """Name of the policy that judged."""
        return self._inner.policy

    def explain(self) -> str:
        """The verdict in sentences, with what to do about it."""
        return self._inner.explain()

    def __bool__(self) -> bool:
        return bool(self._inner)

    def __repr__(self) -> str:
        return f"<Verdict {self.status} {self.summary} {[finding.code for finding in self.findings]}>"


@dataclass(frozen=True, slots=True)
class Errant:
    """A signed or encrypted part beside others, or in a forwarded message."""

    path: str
    encrypted: bool
    forwarded: bool


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Opened:
    """One message, opened and judged."""

    _inner: _core.Opened

    @property
    def content(self) -> bytes | None:
        """The innermost entity, byte for byte; None when locked, when a tag failed, or when the policy forbids it."""
        return self._inner.content

    def require_content(self) -> bytes:
        """The content. Raises what withholds it: DecryptionError, PolicyError, MalformedError, LimitError."""
        try:
            return self._inner.require_content()
        except _core.DecryptionError as error:
            error.opened = self
            raise

    @property
    def raw(self) -> bytes:
        """The message as it came."""
        return self._inner.raw

    @property
    def authenticated(self) -> bool:
        """False for CBC without an inner signature that covers the content: it may have been changed (RFC 8551 §6)."""
        return self._inner.authenticated

    @property
    def decryption(self) -> Check:
        return Check(self._inner.decryption)

    @property
    def coverage(self) -> str:
        """Which parts the signature covers, such as `1 of 2 parts`."""
        return self._inner.coverage

    @property
    def errant(self) -> tuple[Errant, ...]:
        """Signed and encrypted parts outside the cryptographic envelope (RFC 9787 §6.2): reported, opened only by
        `receiver.open(raw, part=errant.path)`."""
        return tuple(Errant(*one) for one in self._inner.errant)

    @property
    def layers(self) -> tuple[_core.Layer, ...]:
        """Cryptographic layers, the outermost first (RFC 9787 §2)."""
        return self._inner.layers

    @property
    def signers(self) -> tuple[Signer, ...]:
        return tuple(Signer(inner) for inner in self._inner.signers)

    @property
    def verdict(self) -> Verdict:
        return Verdict(self._inner.verdict)

    @property
    def wanted(self) -> tuple[_core.Wanted, ...]:
        """Keys and certificates that would tell more."""
        return self._inner.wanted

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates that the message carries."""
        return tuple(Certificate(inner) for inner in self._inner.certificates)

    @property
    def crls(self) -> tuple[bytes, ...]:
        """The CertificateLists that the message carries, DER as received; not used until revocation is asked for."""
        return tuple(self._inner.crls)

    @property
    def headers(self) -> tuple[_core.Field, ...]:
        """Header fields of the innermost entity that has a From field, else of the message."""
        return self._inner.headers

    @property
    def outer_headers(self) -> tuple[_core.Field, ...]:
        return self._inner.outer_headers

    @property
    def is_mail(self) -> bool:
        return self._inner.is_mail

    def judge(self, *, at: datetime | None = None, policy: Policy | None = None) -> Verdict:
        """Judges the same facts again, for another time or by another policy; nothing is decrypted again."""
        return Verdict(self._inner.judge(to_seconds(at, "at"), None if policy is None else policy._inner))

    def message(self) -> EmailMessage:
        """The content as `EmailMessage`, for reading only; made anew at each call. See `mailseal.message.view`."""
        from mailseal.message import view  # noqa: PLC0415 — `email` is slow to load, and few want it

        return view(self.require_content())

    def to_dict(self, content: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 — as in the contract
        """The row of a batch (docs: columns); `content` adds it as base64."""
        row: dict[str, Any] = json.loads(self._inner.row_json(content))
        return row

    def __repr__(self) -> str:
        return f"<Opened {self.verdict.status} decryption={self.decryption} {[layer.kind for layer in self.layers]}>"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Batch:
    """The rows of many messages: of all but those that `unreadable` names.

    `pyarrow.record_batch(batch)`, DuckDB and Polars read it without a copy.
    """

    _inner: _core.Batch

    def __len__(self) -> int:
        return len(self._inner)

    def __getitem__(self, index: int) -> Opened:
        """Opens the message of row `index` again, for a closer look than its row gives. Raises IndexError."""
        length = len(self._inner)
        place = index + length if index < 0 else index
        if not 0 <= place < length:
            raise IndexError(f"batch index {index} out of range: {length} rows")
        return Opened(self._inner[place])

    def __iter__(self) -> Iterator[Opened]:
        return (Opened(self._inner[index]) for index in range(len(self._inner)))

    def __arrow_c_schema__(self) -> object:
        return self._inner.__arrow_c_schema__()

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        return self._inner.__arrow_c_array__(requested_schema)

    def json_lines(self) -> bytes:
        """The rows as JSON lines."""
        return self._inner.json_lines()

    def statuses(self) -> dict[str, int]:
        """Rows by outcome, keys such as `status:VALID`, `decryption:OK`, `finding:signer.digest-weak`."""
        return self._inner.statuses()

    def wanted_keys(self) -> list[tuple[int, str]]:
        """(row, recipient id) of each key that was missing."""
        return self._inner.wanted_keys()

    def unreadable(self) -> list[tuple[int, str, str]]:
        """(item index, code, reason) of each item that yields no row."""
        return self._inner.unreadable()

    def __repr__(self) -> str:
        return f"<Batch {len(self)} rows>"
