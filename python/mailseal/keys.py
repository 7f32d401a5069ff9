"""Identities (a private key with its certificate) and the keyring that finds them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeAlias

from mailseal import _core
from mailseal._profiles import read_profile
from mailseal._sources import FileSource, PathSource, display_name, load_bytes
from mailseal.certificate import Certificate, inner_certificates
from mailseal.errors import DecryptionError, Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mailseal._core import Recipient
    from mailseal.callbacks import CallbackIdentity


# One password, or several that are tried in turn.
Passwords: TypeAlias = "str | bytes | Sequence[str | bytes] | None"


def refuse_pickling(thing: object) -> NoReturn:
    """Private keys do not travel between processes by accident."""
    raise TypeError(
        f"{type(thing).__name__} is never pickled, for it may hold private keys; "
        "send a mailseal.Config and call its .receiver()"
    )


def _text(password: str | bytes) -> str:
    """Raises ValueError for octets that are no UTF-8, TypeError."""
    if not isinstance(password, (str, bytes)):
        raise TypeError(f"a password is str or bytes in UTF-8, not {type(password).__name__}")
    return password.decode("utf-8") if isinstance(password, bytes) else password


def _passwords(password: Passwords) -> list[str]:
    if password is None:
        return []
    return [_text(password)] if isinstance(password, (str, bytes)) else [_text(word) for word in password]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Identity:
    """A private key with its certificate, if it has one. Never printed, never pickled."""

    _inner: _core.Identity

    @classmethod
    def load(cls, source: FileSource, password: Passwords = None, certificates: Any = None) -> Identity:
        """One identity from PKCS#12, PEM, PKCS#8, PKCS#1, SEC1 or an Apple configuration profile, as bytes or a path.

        `password`: text, or bytes in UTF-8; or several, which are tried in turn. `certificates`: where to look for the
        certificate of a bare key. Raises MalformedError, UnsupportedError, DecryptionError (password), OSError,
        TypeError; ValueError if the source holds several keys or none.
        """
        found = load_identities(source, password, certificates)
        if len(found) != 1:
            raise ValueError(f"the source holds {len(found)} private keys; use mailseal.load_identities")
        return found[0]

    @classmethod
    def generate(cls, algorithm: str = "ec-p256") -> Identity:
        """A new private key, without certificate: a CA gives that, and `load` with `certificates` joins the two.

        `algorithm`: `rsa-2048`, `rsa-3072`, `rsa-4096` (public exponent 65537, FIPS 186-5 §A.1.3), `ec-p256`,
        `ec-p384`, `ec-p521` (FIPS 186-5 §A.2.2; sign and decrypt), `ed25519` (signs only, RFC 8419) or `x25519`
        (decrypts only, RFC 8418). Every mail program takes RSA; those that know elliptic curves know P-256. Raises
        ValueError, which lists the names; BackendError if the system's source of chance fails.
        """
        return cls(_core.Identity.generate(algorithm))

    @classmethod
    def from_pem(cls, text: str, password: Passwords = None, certificates: Any = None) -> Identity:
        """Like `load`, from PEM text."""
        return cls.load(text.encode("ascii"), password, certificates)

    @staticmethod
    def from_callbacks(
        certificate: Any,
        *,
        chain: Any = (),
        sign: Callable[[str, bytes], bytes] | None = None,
        unwrap: Callable[[str, bytes], bytes | None] | None = None,
        agree: Callable[[str, bytes], bytes | None] | None = None,
    ) -> CallbackIdentity:
        """An identity whose private key is elsewhere; see `CallbackIdentity` for what the callbacks are asked."""
        from mailseal.callbacks import CallbackIdentity  # noqa: PLC0415 — it needs this module

        others = tuple(Certificate(inner) for inner in inner_certificates(chain))
        return CallbackIdentity(Certificate.load(certificate), others, sign, unwrap, agree)

    @property
    def certificate(self) -> Certificate | None:
        inner = self._inner.certificate
        return None if inner is None else Certificate(inner)

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """The other certificates that came with the key."""
        return tuple(Certificate(inner) for inner in self._inner.chain)

    @property
    def friendly_name(self) -> str | None:
        """The name that a PKCS#12 file gives (RFC 7292 §4.2)."""
        return self._inner.friendly_name

    @property
    def key_name(self) -> str:
        """Kind and size of the key, such as `RSA-2048`, `P-256` or `Ed25519`."""
        return self._inner.key_name

    @property
    def key_bits(self) -> int:
        """Bits of the RSA modulus or of the curve's field."""
        return self._inner.key_bits

    @property
    def uses(self) -> tuple[str, ...]:
        """`sign` and `decrypt`, as far as the key can and keyUsage and extKeyUsage of its certificate, if it has one,
        allow (RFC 8550 §4.4). Neither the certificate's validity nor its chain is looked at; a key opens old mail
        whatever its certificate says."""
        return self._inner.uses

    @property
    def key_id(self) -> str:
        """Hash of the public key, hex: what `Layer.key_used` names, equal however the key's algorithm is written."""
        return self._inner.key_id

    def to_pkcs12(self, password: str | bytes, profile: str = "modern", *, friendly_name: str | None = None) -> bytes:
        """PKCS#12 (RFC 7292) in DER: the key, its certificates and chain; without certificate the key alone, which many
        mail programs refuse.

        `password`: text, or bytes in UTF-8; the empty one is allowed and protects nothing. `friendly_name`: what
        programs show; None: `self.friendly_name`. `profile`:

        - `modern`: AES-256-CBC under PBKDF2 with HMAC-SHA-256 (PBES2, RFC 8018), MAC with HMAC-SHA-256.
        - `compat`: Triple DES and SHA-1 (RFC 7292 App. C), for old Windows and Apple systems, old Java and GnuPG 2.2,
          which import nothing newer (docs/adr/0007). Choose a long random password for it.

        Both count 600,000 iterations in each place. NSS writes as many (Firefox, Thunderbird), so importers are known
        to bear them. A thief's guess costs 600,000 digests, for the MAC tells whether it was right: some 0.07 s of one
        core, where importing takes 0.3 to 0.5 s. Only a long password helps against many cores.

        Raises ValueError (unknown profile; password that is no UTF-8), TypeError, BackendError (chance failed).
        """
        return self._inner.to_pkcs12(_text(password), profile, friendly_name)

    def to_pem(self, password: str | bytes | None) -> bytes:
        """The key as PKCS#8 (RFC 5958), then its certificates and chain, each as PEM (RFC 7468).

        `password`: text, or bytes in UTF-8; the key is encrypted as in `to_pkcs12` with `modern`. None writes the key
        unencrypted, and has to be said: there is no default. Raises ValueError (no UTF-8), TypeError, BackendError.
        """
        return self._inner.to_pem(None if password is None else _text(password))

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        refuse_pickling(self)

    def __repr__(self) -> str:
        certificate = self.certificate
        whose = "without certificate" if certificate is None else repr(certificate.subject)
        return f"<Identity {self.key_name} {whose}>"


def load_identities(source: FileSource, password: Passwords = None, certificates: Any = None) -> list[Identity]:
    """All identities of one source; see `Identity.load`."""
    known = [] if certificates is None else inner_certificates(certificates)
    identities, _ = _load(load_bytes(source), _passwords(password), known, None)
    return [Identity(inner) for inner in identities]


def _load(
    data: bytes, passwords: list[str], certificates: list[_core.Certificate], shared: _core.SharedCertificates | None
) -> tuple[list[_core.Identity], list[_core.Certificate]]:
    """Identities of a file, and the certificates that a configuration profile holds beside them."""
    profile = read_profile(data)
    if profile is None:
        return _core.Identity.load(data, passwords, certificates, shared), []
    beside = [inner for payload in profile.certificates for inner in _core.load_certificates(payload)]
    identities: list[_core.Identity] = []
    for payload, password in profile.keys:
        words = passwords if password is None else [password, *passwords]
        identities.extend(_core.Identity.load(payload, words, certificates, shared))
    if not identities and not beside:
        raise ValueError("the configuration profile holds neither keys nor certificates")
    return identities, beside


class Keyring:
    """Index of identities by issuer and serial, key identifier and public key. 100,000 keys are normal.

    `passwords` and `secret_keys` (key identifier → key-encryption key) open what is encrypted to them instead of to a
    certificate (RFC 5652 §6.2.4, §6.2.3). Every password costs a key derivation for each such message.
    """

    __slots__ = (
        "_certificates",
        "_files",
        "_identities",
        "_inner",
        "_passwords",
        "_remote",
        "_secret_keys",
        "failures",
    )

    failures: tuple[tuple[str, str], ...]
    """(file, reason) of each file that `load_dir` could not use."""

    def __init__(
        self,
        identities: Iterable[Identity | CallbackIdentity] = (),
        certificates: Any = (),
        *,
        passwords: Iterable[str] = (),
        secret_keys: Mapping[bytes, bytes] | None = None,
    ) -> None:
        if isinstance(passwords, (str, bytes)):
            raise TypeError("passwords must be several: put one in a list")
        given = list(identities)
        self._identities: list[_core.Identity] = [one._inner for one in given if isinstance(one, Identity)]
        self._remote: list[CallbackIdentity] = [one for one in given if not isinstance(one, Identity)]
        self._certificates: list[_core.Certificate] = inner_certificates(certificates)
        self._files: list[str | None] = [None] * len(self._identities)
        self._passwords: list[str] = list(passwords)
        self._secret_keys: dict[bytes, bytes] = dict(secret_keys or {})
        self._inner = self._index()
        self.failures = ()

    def _index(self) -> _core.Keyring:
        keks = list(self._secret_keys.items())
        remotes = [(one.certificate._inner, one.unwrap, one.agree) for one in self._remote]
        return _core.Keyring(self._identities, self._certificates, self._passwords, keks, remotes)

    @classmethod
    def load_dir(cls, path: PathSource, passwords: Sequence[str | bytes] = (), *, threads: int | None = None) -> Self:
        """All keys and certificates of a file, or of a directory and those below it (hidden names are left out).

        `threads`: how many files are read at a time; None: one for each processor. A file that is neither, or that none
        of `passwords` opens, is listed in `.failures`. Raises OSError if `path` itself cannot be read.
        """
        ring = cls()
        # Last the empty one: among keys with passwords lie keys without.
        words = [*(word for password in passwords for word in _passwords(password)), ""]
        failures: list[tuple[str, str]] = []
        for file, outcome in _load_files(_key_files(os.fspath(Path(path))), words, threads or os.cpu_count() or 1):
            name = display_name(file)
            if isinstance(outcome, str):
                failures.append((name, outcome))
                continue
            identities, certificates = outcome
            ring._identities.extend(identities)
            ring._files.extend([name] * len(identities))
            ring._certificates.extend(certificates)
        ring._inner = ring._index()
        ring.failures = tuple(failures)
        return ring

    @classmethod
    def merged(cls, rings: Sequence[Keyring]) -> Self:
        """All keys, certificates and failures of several rings."""
        whole = cls()
        for ring in rings:
            whole._identities.extend(ring._identities)
            whole._files.extend(ring._files)
            whole._certificates.extend(ring._certificates)
            whole._passwords.extend(ring._passwords)
            whole._remote.extend(ring._remote)
            whole._secret_keys.update(ring._secret_keys)
        whole._inner = whole._index()
        whole.failures = tuple(failure for ring in rings for failure in ring.failures)
        return whole

    def add_certificates(self, *sources: Any) -> Self:
        """Adds certificates of recipients, so that keys that came without one are found by issuer and serial."""
        self._certificates.extend(inner_certificates(sources))
        self._inner = self._index()
        return self

    @property
    def identities(self) -> tuple[Identity, ...]:
        return tuple(Identity(inner) for inner in self._identities)

    @property
    def files(self) -> tuple[str | None, ...]:
        """The file of each of `identities`, where it came from one."""
        return tuple(self._files)

    def fitting(self, recipient: Recipient) -> str | None:
        """`Identity.key_id` of the key that a recipient of `Layer.recipients` names, if it is here: found by issuer and
        serial number or key identifier of any certificate for it, expired and renewed ones too, or by the identifier
        that issuers derive from the key (RFC 5280 §4.2.1.2)."""
        return self._inner.fitting(recipient)

    def certificate(self, recipient: Recipient) -> Certificate | None:
        """The certificate that a recipient of `Layer.recipients` names, if it is here: valid or not, with its key or
        without."""
        inner = self._inner.certificate(recipient)
        return None if inner is None else Certificate(inner)

    def __len__(self) -> int:
        return len(self._inner)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        refuse_pickling(self)

    def __repr__(self) -> str:
        return f"<Keyring {len(self)} keys>"


_Loaded: TypeAlias = tuple[list[_core.Identity], list[_core.Certificate]]
# Files that one task reads: enough that tasks cost nothing beside them.
_FILES_A_TASK = 64


def _load_files(files: list[str], passwords: list[str], threads: int) -> Iterator[tuple[str, _Loaded | str]]:
    """Each file with what it holds or why it cannot be used, in order. The core works without the GIL."""
    shared = _core.SharedCertificates()

    def load(some: list[str]) -> list[tuple[str, _Loaded | str]]:
        return [(file, _outcome(file, passwords, shared)) for file in some]

    tasks = [files[start : start + _FILES_A_TASK] for start in range(0, len(files), _FILES_A_TASK)]
    if threads == 1 or len(tasks) < 2:
        for task in tasks:
            yield from load(task)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="mailseal-keys") as pool:
        for done in pool.map(load, tasks):
            yield from done


def _outcome(file: str, passwords: list[str], shared: _core.SharedCertificates) -> _Loaded | str:
    try:
        return _load_file(file, passwords, shared)
    except (Error, OSError, ValueError) as error:
        return str(error)


def _load_file(file: str, passwords: list[str], shared: _core.SharedCertificates) -> _Loaded:
    """Identities, or the certificates of a file without any key. Raises what the key reader says if it is neither."""
    data = load_bytes(file)
    try:
        identities, beside = _load(data, passwords, [], shared)
    except DecryptionError:
        raise
    except Error as not_a_key:
        try:
            return [], _core.load_certificates(data, passwords)
        except Error:
            raise not_a_key from None
    return identities, beside if identities or beside else _core.load_certificates(data, passwords)


def _key_files(path: str) -> list[str]:
    """Files below `path`, by bytes of their names. Linked files are read (mounted secrets are links), linked
    directories are not entered, so that the walk ends. Names alone: a Path each is heavier than the key in the file."""
    if not os.path.isdir(path):  # noqa: PTH112 — see above
        return [path]
    files: list[str] = []
    pending = [path]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.is_file():
                    files.append(entry.path)
    return sorted(files, key=os.fsencode)


def as_keyring(keys: Keyring | Identity | CallbackIdentity | Iterable[Identity | CallbackIdentity] | None) -> Keyring:
    """What `keys=` may be. Raises TypeError."""
    if isinstance(keys, Keyring):
        return keys
    if keys is None:
        return Keyring()
    from mailseal.callbacks import CallbackIdentity  # noqa: PLC0415 — it needs this module

    kinds = (Identity, CallbackIdentity)
    identities = [keys] if isinstance(keys, kinds) else list(keys)
    if not all(isinstance(identity, kinds) for identity in identities):
        raise TypeError("keys must be a Keyring, an Identity or several of them")
    return Keyring(identities)
