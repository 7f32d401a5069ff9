"""Trust anchors, and the intermediate certificates that help to find a path to them (RFC 5280 §6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from mailseal.certificate import Certificate, CertificateSource, inner_certificates
from mailseal.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailseal import _core


class TrustStore:
    """Trust anchors and intermediates. A Receiver takes what is in it when the Receiver is made."""

    __slots__ = ("_anchors", "_intermediates")

    def __init__(
        self, anchors: Iterable[CertificateSource] = (), intermediates: Iterable[CertificateSource] = ()
    ) -> None:
        self._anchors: list[_core.Certificate] = inner_certificates(list(anchors))
        self._intermediates: list[_core.Certificate] = inner_certificates(list(intermediates))

    @classmethod
    def load(cls, source: CertificateSource | list[Any] | tuple[Any, ...]) -> Self:
        """Anchors from PEM/DER bytes, a file, a directory of such files, a certificate object, or a list of these.

        Raises MalformedError, OSError, TypeError; ValueError if not one certificate was found.
        """
        store = cls()
        store._anchors = inner_certificates(source)
        if not store._anchors:
            raise ValueError("no certificate was found to trust")
        return store

    @classmethod
    def system(cls) -> Self:
        """The machine's store of roots for mail. Raises UnsupportedError: this platform's store bears no such marks,
        and a root that is trusted for the web is not thereby trusted for mail."""
        error = UnsupportedError(
            "the system's store does not say which roots are trusted for mail; load yours with TrustStore.load(path)"
        )
        error.code, error.path, error.offset = "misuse.argument", "", None
        raise error

    def add_intermediates(self, *sources: Any) -> Self:
        """Adds certificates that may stand between a signer and an anchor; they are never trusted by themselves."""
        self._intermediates.extend(inner_certificates(sources))
        return self

    @property
    def anchors(self) -> tuple[Certificate, ...]:
        return tuple(Certificate(inner) for inner in self._anchors)

    @property
    def intermediates(self) -> tuple[Certificate, ...]:
        return tuple(Certificate(inner) for inner in self._intermediates)

    def __repr__(self) -> str:
        return f"<TrustStore {len(self._anchors)} anchors, {len(self._intermediates)} intermediates>"
