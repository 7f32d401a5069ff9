"""X.509 certificates as the public API shows them (RFC 5280)."""

from __future__ import annotations

import base64
import hashlib
import importlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from mailseal import _core
from mailseal._sources import FileSource, load_bytes
from mailseal._time import to_datetime

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509

    CertificateSource: TypeAlias = FileSource | "x509.Certificate" | "Certificate"
else:
    CertificateSource = Any

_HASHES = frozenset({"sha1", "sha256", "sha384", "sha512"})


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Certificate:
    """A certificate, kept as the bytes in which it came."""

    _inner: _core.Certificate

    @classmethod
    def load(cls, source: CertificateSource) -> Certificate:
        """One certificate from PEM or DER bytes, a path, or a certificate of pyca/cryptography.

        Raises MalformedError, OSError, TypeError; ValueError if the source holds several.
        """
        found = load_certificates(source)
        if len(found) != 1:
            raise ValueError(f"the source holds {len(found)} certificates; use mailseal.load_certificates")
        return found[0]

    @classmethod
    def from_pem(cls, text: str) -> Certificate:
        """One certificate from PEM text. Raises MalformedError, ValueError."""
        return cls.load(text.encode("ascii"))

    @property
    def subject(self) -> str:
        """Distinguished name as text (RFC 4514 §2)."""
        return self._inner.subject

    @property
    def issuer(self) -> str:
        """Distinguished name as text (RFC 4514 §2)."""
        return self._inner.issuer

    @property
    def serial_number(self) -> int:
        return self._inner.serial_number

    @property
    def not_before(self) -> datetime:
        """First second of validity, UTC (RFC 5280 §4.1.2.5)."""
        return to_datetime(self._inner.not_before)

    @property
    def not_after(self) -> datetime:
        """Last second of validity, UTC (RFC 5280 §4.1.2.5)."""
        return to_datetime(self._inner.not_after)

    @property
    def mailboxes(self) -> tuple[str, ...]:
        """Mailbox addresses of subjectAltName and subject (RFC 8550 §3)."""
        return self._inner.mailboxes

    @property
    def key_usage(self) -> tuple[str, ...] | None:
        """Names of the bits set (RFC 5280 §4.2.1.3); None without the extension, which allows all uses."""
        return self._inner.key_usage

    @property
    def public_key_name(self) -> str:
        """Kind and size of the key, such as `rsa-2048` or `ec-p256`."""
        return self._inner.public_key_name

    @property
    def subject_key_identifier(self) -> bytes | None:
        """The extension's value (RFC 5280 §4.2.1.2)."""
        return self._inner.subject_key_identifier

    def fingerprint(self, algorithm: str = "sha256") -> str:
        """Lower-case hex of the hash of the DER: `sha256` (default), `sha1`, `sha384`, `sha512`; else ValueError."""
        if algorithm == "sha256":
            return self._inner.sha256().hex()
        if algorithm not in _HASHES:
            raise ValueError(f"unknown hash {algorithm!r}; one of {', '.join(sorted(_HASHES))}")
        return hashlib.new(algorithm, self._inner.to_der(), usedforsecurity=False).hexdigest()

    def to_der(self) -> bytes:
        """The bytes as received."""
        return self._inner.to_der()

    def to_pem(self) -> bytes:
        """PEM (RFC 7468 §5)."""
        lines = base64.encodebytes(self._inner.to_der()).replace(b"\n", b"")
        body = b"\n".join(lines[start : start + 64] for start in range(0, len(lines), 64))
        return b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n"

    def to_cryptography(self) -> x509.Certificate:
        """The certificate as an object of pyca/cryptography. Raises ImportError if that is not installed."""
        from cryptography import x509  # noqa: PLC0415 — an extra package

        return x509.load_der_x509_certificate(self._inner.to_der())

    def to_asn1crypto(self) -> Any:
        """The certificate as an `asn1crypto.x509.Certificate`. Raises ImportError if that is not installed."""
        return importlib.import_module("asn1crypto.x509").Certificate.load(self._inner.to_der())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Certificate):
            return NotImplemented
        return self._inner == other._inner

    def __hash__(self) -> int:
        return hash(self._inner)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_from_der, (self._inner.to_der(),))

    def __repr__(self) -> str:
        return f"<Certificate {self.subject!r} serial {self.serial_number:x}>"


def _from_der(der: bytes) -> Certificate:
    return Certificate(_core.Certificate.from_der(der))


def load_certificates(source: CertificateSource, password: str | None = None) -> list[Certificate]:
    """All certificates of a PEM bundle, DER, certs-only CMS (RFC 8551 §3.8) or PKCS#12, in their order.

    `source`: bytes, path, or a certificate object. Raises MalformedError, DecryptionError (a PKCS#12 file with
    another password), OSError, TypeError.
    """
    if isinstance(source, Certificate):
        return [source]
    public_bytes = getattr(source, "public_bytes", None)
    if public_bytes is not None:
        from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 — an extra package

        return [_from_der(public_bytes(Encoding.DER))]
    words = [] if password is None else [password]
    return [Certificate(inner) for inner in _core.load_certificates(load_bytes(cast("FileSource", source)), words)]


def load_certificate_files(source: CertificateSource) -> list[Certificate]:
    """Like `load_certificates`; of a directory, those of all its `.pem .crt .cer .der .p7b .p7c` files."""
    if isinstance(source, (str, os.PathLike)) and Path(source).is_dir():
        paths = sorted(Path(source).iterdir(), key=os.fsencode)
        suffixes = {".pem", ".crt", ".cer", ".der", ".p7b", ".p7c"}
        return [
            c for path in paths if path.suffix.lower() in suffixes and path.is_file() for c in load_certificates(path)
        ]
    return load_certificates(source)


def inner_certificates(certificates: Any) -> list[_core.Certificate]:
    """The core's objects of one certificate source or an iterable of them."""
    if isinstance(certificates, (list, tuple, set, frozenset)):
        return [inner for source in certificates for inner in inner_certificates(source)]
    return [loaded._inner for loaded in load_certificate_files(certificates)]
