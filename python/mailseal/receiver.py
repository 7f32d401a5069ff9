"""The receiving agent (RFC 8551 §1.1): built once, used by all threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from mailseal import _core
from mailseal._sources import Buffer, MessageSource, as_bytes, message_bytes
from mailseal._time import now, to_seconds
from mailseal.callbacks import CallbackIdentity
from mailseal.certificate import Certificate
from mailseal.errors import DecryptionError, VerificationError
from mailseal.keys import Identity, Keyring, as_keyring, refuse_pickling
from mailseal.policy import Policy
from mailseal.results import Batch, Opened
from mailseal.trust import TrustStore

if TYPE_CHECKING:
    from datetime import datetime

Keys: TypeAlias = Keyring | Identity | CallbackIdentity | Iterable[Identity | CallbackIdentity] | None
BYTE_BUDGET = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Item:
    """One message for a batch. `id` and `source` come back in its row; `offset` is its place in `source`."""

    raw: bytes
    id: str | None = None
    source: str | None = None
    received_at: datetime | None = None
    offset: int = 0


class Receiver:
    """Opens and judges messages. Immutable; may be shared by threads.

    `trust`: a TrustStore, anything that `TrustStore.load` takes, or None: then chains are not judged, and each verdict
    says so. `keys`: Keyring, Identity, several identities, or None. `threads`: of the pool for batches; None: all CPUs.
    """

    __slots__ = ("_anchors", "_inner", "_intermediates", "_keyring", "_limit", "_lock", "_pools", "policy")

    def __init__(
        self, *, trust: Any, keys: Keys = None, policy: Policy | None = None, threads: int | None = None
    ) -> None:
        if trust is not None and not isinstance(trust, TrustStore):
            trust = TrustStore.load(trust)
        self._anchors = None if trust is None else list(trust._anchors)
        self._intermediates = [] if trust is None else list(trust._intermediates)
        self._keyring = as_keyring(keys)._inner
        self.policy = Policy.default() if policy is None else policy
        if not isinstance(self.policy, Policy):
            raise TypeError(f"policy must be a mailseal.Policy, not {type(policy).__name__}")
        self._limit = self.policy.limits.message_bytes
        self._inner = self._with_threads(threads)
        self._lock = Lock()
        self._pools: dict[int, _core.Receiver] = {}

    def open(
        self,
        raw: MessageSource,
        *,
        at: datetime | None = None,
        received_at: datetime | None = None,
        source: str | None = None,
        part: str | None = None,
    ) -> Opened:
        """Opens one message: bytes-like, path object or binary file. Bad mail never raises; its verdict tells.

        `at`: judge for this time. `received_at`: when it came, for policies that judge by it. `part`: open this part
        alone, by its path, such as one of `opened.errant` (RFC 9787 §6.2): the answer is about that part and holds
        nothing from beside it; a forwarded message is judged by its own From. `content` is None where there is no such
        part. Raises TypeError (str is refused: a message is bytes), ValueError (a time without zone, a part that does
        not begin with `/`), OSError.
        """
        if part is not None and not part.startswith("/"):
            raise ValueError(f"part is a path such as /2, not {part!r}")
        data, name = message_bytes(raw, self._limit)
        moments = to_seconds(at, "at"), to_seconds(received_at, "received_at")
        return Opened(self._inner.open(data, now(), *moments, source if source is not None else name, part))

    def verify(self, raw: MessageSource, **times: Any) -> Opened:
        """Opens a message whose verdict is VALID. Raises VerificationError (with `.opened`), or what stands before it:
        MalformedError, UnsupportedError, PolicyError, DecryptionError, LimitError. Options as for `open`."""
        opened = self.open(raw, **times)
        raise_unless_valid(opened)
        return opened

    def decrypt(self, raw: MessageSource, **times: Any) -> Opened:
        """Opens a message whose content may be had; signatures are not demanded, and a message that is not encrypted
        comes back as it is (`decryption` is NOT_CHECKED). Raises DecryptionError (with `.opened`), PolicyError,
        MalformedError, LimitError. Options as for `open`."""
        opened = self.open(raw, **times)
        opened.require_content()
        return opened

    def settle(self, opened: Opened, *, certificates: Iterable[Any] = (), at: datetime | None = None) -> Opened:
        """The message judged again with more certificates, by this Receiver's trust and policy, now.

        Nothing is decrypted again: signatures that wanted a certificate (`opened.wanted`) are checked with those given
        here, and all of them may link chains. `certificates`: Certificate objects or what `Certificate.load` takes.
        `at`: as for `open`; None: as the message was opened. Raises TypeError, ValueError, MalformedError.
        """
        if not isinstance(opened, Opened):
            raise TypeError(f"opened must be a mailseal.Opened, not {type(opened).__name__}")
        if isinstance(certificates, (bytes, str, Certificate)):
            raise TypeError("certificates must be several: put one in a list, or use load_certificates")
        evidence = [Certificate.load(source)._inner for source in certificates]
        return Opened(self._inner.settle(opened._inner, evidence, now(), to_seconds(at, "at")))

    def open_batch(
        self, messages: Iterable[Buffer | Item], *, content: bool = True, threads: int | None = None
    ) -> Batch:
        """Opens many messages on threads, the interpreter's lock released once for all.

        Items without `id` get their index. `content`: keep the content in the rows. `threads`: other than the
        Receiver's own pool. Raises TypeError.
        """
        items = [_as_item(message, index) for index, message in enumerate(messages)]
        ranges: list[tuple[int, int]] = []
        end = 0
        for item in items:
            ranges.append((end, end + len(item.raw)))
            end += len(item.raw)
        return Batch(
            self._pool(threads).open_slices(
                b"".join([item.raw for item in items]),
                ranges,
                [item.id or "" for item in items],
                [item.source or "" for item in items],
                [item.offset for item in items],
                [to_seconds(item.received_at, "received_at") for item in items],
                now(),
                content,
            )
        )

    def open_many(
        self,
        iterable: Iterable[Buffer | Item],
        *,
        content: bool = True,
        threads: int | None = None,
        byte_budget: int = BYTE_BUDGET,
    ) -> Iterator[Batch]:
        """Batches of an endless supply: each of at most `byte_budget` bytes, or of one message that is larger."""
        gathered: list[Item] = []
        size = 0
        for index, message in enumerate(iterable):
            item = _as_item(message, index)
            if gathered and size + len(item.raw) > byte_budget:
                yield self.open_batch(gathered, content=content, threads=threads)
                gathered, size = [], 0
            gathered.append(item)
            size += len(item.raw)
        if gathered:
            yield self.open_batch(gathered, content=content, threads=threads)

    def _pool(self, threads: int | None) -> _core.Receiver:
        if threads is None:
            return self._inner
        with self._lock:
            if threads not in self._pools:
                self._pools[threads] = self._with_threads(threads)
            return self._pools[threads]

    def _with_threads(self, threads: int | None) -> _core.Receiver:
        if threads is not None and (type(threads) is not int or threads < 1):
            raise ValueError(f"threads must be a count of at least 1, not {threads!r}")
        return _core.Receiver(self._anchors, self._intermediates, self._keyring, self.policy._inner, threads)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        refuse_pickling(self)

    def __repr__(self) -> str:
        trust = "chains not judged" if self._anchors is None else f"{len(self._anchors)} anchors"
        return f"<Receiver {self.policy.name}, {trust}, {len(self._keyring)} keys>"


def _as_item(message: Buffer | Item, index: int) -> Item:
    if isinstance(message, Item):
        raw = as_bytes(message.raw)
        identifier = str(index) if message.id is None else message.id
        return Item(raw, identifier, message.source, message.received_at, message.offset)
    if not isinstance(message, (bytes, bytearray, memoryview)):
        raise TypeError(f"a batch holds bytes or mailseal.Item, not {type(message).__name__} (index {index})")
    return Item(as_bytes(message), str(index))


def raise_unless_valid(opened: Opened) -> None:
    """The strict door of `verify`: raises what the core says of a verdict that is not VALID."""
    error = opened._inner.error()
    if error is None:
        return
    if isinstance(error, (VerificationError, DecryptionError)):
        error.opened = opened
    raise error


def open_message(
    raw: MessageSource,
    *,
    trust: Any,
    keys: Keys = None,
    policy: Policy | None = None,
    at: datetime | None = None,
    received_at: datetime | None = None,
) -> Opened:
    """Opens one message. For more than one, build a `Receiver`."""
    return Receiver(trust=trust, keys=keys, policy=policy, threads=1).open(raw, at=at, received_at=received_at)


def verify(
    raw: MessageSource, *, trust: Any, keys: Keys = None, policy: Policy | None = None, at: datetime | None = None
) -> Opened:
    """Opens one message whose verdict is VALID; else raises, as `Receiver.verify`."""
    return Receiver(trust=trust, keys=keys, policy=policy, threads=1).verify(raw, at=at)


def decrypt(raw: MessageSource, keys: Keys, *, trust: Any = None, policy: Policy | None = None) -> Opened:
    """Opens one message whose content may be had; else raises, as `Receiver.decrypt`."""
    return Receiver(trust=trust, keys=keys, policy=policy, threads=1).decrypt(raw)


__all__: Sequence[str] = ["Item", "Receiver", "decrypt", "open_message", "verify"]
