"""The sending agent (RFC 8551 §1.1): signs and encrypts mail that every client opens."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, cast

from mailseal import _core
from mailseal._sources import Buffer, message_bytes
from mailseal._time import now, to_seconds
from mailseal.callbacks import CallbackIdentity
from mailseal.certificate import Certificate, inner_certificates
from mailseal.keys import Identity, refuse_pickling
from mailseal.policy import Policy
from mailseal.trust import TrustStore

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import Message

Signer: TypeAlias = Identity | CallbackIdentity
OutgoingMessage: TypeAlias = "Message | Buffer | os.PathLike[str]"
Recipients: TypeAlias = Iterable[Any]
"""Each item is one recipient: a Certificate (or what `Certificate.load` takes), or a list of candidates of which the
newest that fits is taken."""


@dataclass(frozen=True, slots=True)
class PlannedRecipient:
    """What one recipient gets. `cipher`: the one it would have got alone; `reason`: what decided that."""

    certificate: Certificate
    key_algorithm: str
    cipher: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be chosen for whom, and why."""

    cipher: str
    recipients: tuple[PlannedRecipient, ...]
    warnings: tuple[str, ...]

    def explain(self) -> str:
        """A line for each recipient and each warning."""
        lines = [f"content: {self.cipher}"]
        for one in self.recipients:
            whose = ", ".join(one.certificate.mailboxes) or one.certificate.subject
            lines.append(f"{whose}: {one.key_algorithm}; alone {one.cipher}, for {one.reason}")
        return "\n".join([*lines, *(f"warning: {warning}" for warning in self.warnings)])

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "cipher": self.cipher,
            "recipients": [
                {
                    "mailboxes": list(one.certificate.mailboxes),
                    "subject": one.certificate.subject,
                    "serial": f"{one.certificate.serial_number:x}",
                    "key_algorithm": one.key_algorithm,
                    "cipher": one.cipher,
                    "reason": one.reason,
                }
                for one in self.recipients
            ],
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One copy of a message: the addresses it goes to (for SMTP's RCPT) and its bytes."""

    recipients: tuple[str, ...]
    data: bytes


class Sender:
    """Signs and encrypts. Immutable; may be shared by threads.

    `signing`: one identity or several, each of which signs. `encryption`: the sender's own certificate to encrypt to;
    None: that of the first signing identity, if it may be encrypted to. `trust`: a TrustStore or what
    `TrustStore.load` takes: recipients whose chain does not end there are refused; None: chains are not judged.

    Messages are an EmailMessage, bytes of a message or MIME entity, or a path. Content-* fields and the body are signed
    and encrypted, all other fields stay outside. What is not safe on every relay (8-bit text, long lines, blanks at
    line ends, `From ` at a line's begin) is encoded anew before it is signed (RFC 8551 §3.1.3).

    `at` is the time that certificates are judged for and signatures claim; None: now.
    """

    __slots__ = ("_inner", "_limit", "_signers", "policy")

    def __init__(
        self,
        *,
        signing: Signer | Sequence[Signer] | None = None,
        encryption: Any = None,
        trust: Any = None,
        policy: Policy | None = None,
    ) -> None:
        self._signers = as_signers(signing)
        self.policy = Policy.default() if policy is None else policy
        if trust is not None and not isinstance(trust, TrustStore):
            trust = TrustStore.load(trust)
        self._inner = _core.Sender(
            [_signer(one) for one in self._signers],
            _own_certificate(encryption),
            None if trust is None else list(trust._anchors),
            [] if trust is None else list(trust._intermediates),
            self.policy._inner,
        )
        self._limit = int(self.policy.limits.message_bytes)

    def sign(self, message: OutgoingMessage, *, clear: bool = True, at: datetime | None = None) -> bytes:
        """multipart/signed (`clear`), which every mail program shows, or application/pkcs7-mime (RFC 8551 §3.5).

        Raises PolicyError (the identity may not sign, or the policy does not sign such content), ValueError (a message
        that cannot be sent), BackendError.
        """
        return self._signed(self._letter(message), _seconds(at), clear=clear).message()

    def encrypt(self, message: OutgoingMessage, to: Recipients, *, at: datetime | None = None) -> bytes:
        """To all recipients, or to none (RFC 8551 §3.3). Without signature nothing tells who wrote it: see `protect`.

        Raises PolicyError, which lists each recipient that cannot be encrypted to, each candidate and the reason;
        ValueError (also: a Bcc field), BackendError.
        """
        return self._encrypted(self._letter(message), to, _seconds(at)).message()

    def protect(self, message: OutgoingMessage, to: Recipients, *, at: datetime | None = None) -> bytes:
        """Signed, then encrypted (RFC 8551 §3.7): what mail needs nearly always. Raises as `sign` and `encrypt`."""
        letter, moment = self._letter(message), _seconds(at)
        return self._encrypted(self._signed(letter, moment), to, moment).message()

    def triple_wrap(self, message: OutgoingMessage, to: Recipients, *, at: datetime | None = None) -> bytes:
        """Signed, encrypted, and signed again (RFC 2634 §1.1). Raises as `protect`."""
        letter, moment = self._letter(message), _seconds(at)
        inner = self._encrypted(self._signed(letter, moment), to, moment)
        return self._signed(inner, moment).message()

    def deliveries(
        self, message: OutgoingMessage, to: Recipients, bcc: Recipients = (), *, at: datetime | None = None
    ) -> tuple[Outgoing, ...]:
        """As `protect`, one copy for `to` and one for each of `bcc`, so that no copy shows who else got one. Signed
        once; Bcc fields are taken out. Raises as `protect`."""
        moment = _seconds(at)
        signed = self._signed(self._letter(message).without_bcc(), moment)
        groups = [group for group in ([*to], *([one] for one in bcc)) if group]
        addressed = [(tuple(_address(one) for one in group), group) for group in groups]
        return tuple(
            Outgoing(addresses, self._encrypted(signed, group, moment).message()) for addresses, group in addressed
        )

    def compress(self, message: OutgoingMessage) -> bytes:
        """application/pkcs7-mime; smime-type=compressed-data (RFC 8551 §3.6). Nothing is hidden or signed by it, and
        compressed before encryption the length tells of the content. Raises ValueError, BackendError."""
        return self._inner.compress(self._letter(message)).message()

    def plan(self, to: Recipients, *, at: datetime | None = None) -> Plan:
        """What `encrypt` and `protect` would choose. Raises PolicyError."""
        found = self._inner.plan(as_recipients(to), _seconds(at))
        planned = (PlannedRecipient(Certificate(inner), *rest) for inner, *rest in found["recipients"])
        return Plan(found["cipher"], tuple(planned), tuple(found["warnings"]))

    def _letter(self, message: OutgoingMessage) -> _core.Letter:
        # Whoever has a message object has imported its package; nobody else waits for it.
        package = sys.modules.get("email.message")
        if package is None or not isinstance(message, package.Message):
            return self._inner.letter(message_bytes(cast("Buffer", message), self._limit)[0])
        from mailseal.message import refuse_new_fields, serialised  # noqa: PLC0415 — see above

        letter = self._inner.letter(serialised(message))
        refuse_new_fields(letter.field_names(), message)
        return letter

    def _signed(self, letter: _core.Letter, at: int, *, clear: bool = True) -> _core.Letter:
        if not any(isinstance(one, CallbackIdentity) for one in self._signers):
            return self._inner.sign(letter, clear, at)
        draft = self._inner.draft(letter, clear, at)
        return draft.finish(signatures(self._signers, draft))

    def _encrypted(self, letter: _core.Letter, to: Recipients, at: int) -> _core.Letter:
        return self._inner.encrypt(letter, as_recipients(to), at)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        refuse_pickling(self)

    def __repr__(self) -> str:
        return f"<Sender {len(self._signers)} identities, policy {self.policy.name}>"


def sign(message: OutgoingMessage, identity: Signer, *, clear: bool = True) -> bytes:
    """One message signed; a Sender is made for it. See `Sender.sign`."""
    return Sender(signing=identity).sign(message, clear=clear)


def encrypt(message: OutgoingMessage, to: Recipients) -> bytes:
    """One message encrypted; a Sender is made for it. See `Sender.encrypt`."""
    return Sender().encrypt(message, to)


def protect(message: OutgoingMessage, identity: Signer, to: Recipients) -> bytes:
    """One message signed and encrypted; a Sender is made for it. See `Sender.protect`."""
    return Sender(signing=identity).protect(message, to)


def certs_only(certificates: Any) -> bytes:
    """A MIME entity that carries certificates alone (RFC 8551 §3.8). Raises MalformedError, ValueError (none)."""
    inner = inner_certificates(certificates)
    if not inner:
        raise ValueError("certs_only needs one certificate at least")
    return _core.certs_only(inner)


def signing_identity(identities: Iterable[Identity], address: str | None = None) -> Identity:
    """The one that signs: of those with a certificate, the one with this address in it. Raises ValueError if none or
    several could."""
    usable = [(one, one.certificate.mailboxes) for one in identities if one.certificate is not None]
    if address is not None:
        usable = [(one, mailboxes) for one, mailboxes in usable if address in mailboxes]
    if len(usable) == 1:
        return usable[0][0]
    if not usable:
        raise ValueError("no key with a certificate" + (f" for {address}" if address else "") + " was found")
    names = "; ".join(", ".join(mailboxes) for _, mailboxes in usable)
    raise ValueError(f"{len(usable)} keys could sign; name the signer: {names}")


def as_signers(signing: Signer | Sequence[Signer] | None) -> tuple[Signer, ...]:
    """What `signing=` may be. Raises TypeError; ValueError for an identity without certificate."""
    if signing is None:
        return ()
    signers = (signing,) if isinstance(signing, (Identity, CallbackIdentity)) else tuple(signing)
    for one in signers:
        if not isinstance(one, (Identity, CallbackIdentity)):
            raise TypeError(f"signing must be an Identity or several of them, not {type(one).__name__}")
        if one.certificate is None:
            raise ValueError("an identity without certificate cannot sign: load it with certificates=…")
    return signers


def as_recipients(to: Recipients) -> list[list[_core.Certificate]]:
    """The candidates of each recipient. Raises TypeError for one recipient instead of a list of them."""
    if isinstance(to, (str, bytes, os.PathLike, Certificate)):
        raise TypeError("to must be several recipients: put one certificate in a list")
    return [inner_certificates(list(one) if isinstance(one, tuple) else one) for one in to]


def signatures(signers: Sequence[Signer], draft: _core.Draft) -> list[bytes]:
    """Of each signer: by its key here, or asked of its callback."""
    made = []
    for one, (algorithm, octets), here in zip(signers, draft.requests, draft.signatures(), strict=True):
        if here is not None:
            made.append(here)
        elif isinstance(one, CallbackIdentity):
            made.append(one.signature(algorithm, octets))
    return made


def _signer(one: Signer) -> tuple[_core.Certificate, list[_core.Certificate], _core.Identity | None]:
    certificate = one.certificate
    if certificate is None:
        raise ValueError("an identity without certificate cannot sign")
    chain = [other._inner for other in one.chain]
    return certificate._inner, chain, one._inner if isinstance(one, Identity) else None


def _own_certificate(encryption: Any) -> _core.Certificate | None:
    if encryption is None:
        return None
    if isinstance(encryption, (Identity, CallbackIdentity)):
        if encryption.certificate is None:
            raise ValueError("an identity without certificate cannot be encrypted to")
        return encryption.certificate._inner
    return Certificate.load(encryption)._inner


def _address(recipient: Any) -> str:
    """The address that a copy goes to. Raises ValueError."""
    [candidates] = as_recipients([recipient])
    mailboxes = [address for inner in candidates for address in Certificate(inner).mailboxes]
    if not mailboxes:
        raise ValueError("a recipient's certificate names no address: send what `protect` makes yourself")
    address = mailboxes[0]
    if not address.isprintable() or " " in address:
        raise ValueError(f"{address!r} is no address that mail can be sent to")
    return address


def _seconds(at: datetime | None) -> int:
    seconds = to_seconds(at, "at")
    return now() if seconds is None else seconds
