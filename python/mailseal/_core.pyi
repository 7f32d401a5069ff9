"""The Rust core: bytes, CMS, certificates, cryptography, verdicts. Checked against the extension by stubtest."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, final

__all__ = [
    "BackendError",
    "Batch",
    "CallbackError",
    "Certificate",
    "Countersigner",
    "DecryptionError",
    "Draft",
    "Error",
    "Field",
    "Finding",
    "Identity",
    "InternalError",
    "Keyring",
    "Layer",
    "Letter",
    "LimitError",
    "MalformedError",
    "MboxSplitter",
    "Opened",
    "Policy",
    "PolicyError",
    "Receiver",
    "Recipient",
    "Sender",
    "SharedCertificates",
    "Signer",
    "UnsupportedError",
    "Verdict",
    "VerificationError",
    "Wanted",
    "__version__",
    "certs_only",
    "compress",
    "explain",
    "inspect",
    "load_certificates",
    "parse_date",
    "provoke_failing_chance",
    "provoke_panic",
    "table",
    "tree",
]

__version__: Final[str]

class Error(Exception):
    """Base of everything mailseal raises. `code` is a finding's code (`mailseal explain CODE`)."""

    code: str
    path: str
    offset: int | None

class MalformedError(Error, ValueError): ...
class UnsupportedError(Error): ...
class PolicyError(Error): ...

class VerificationError(Error):
    opened: Any
    """The `mailseal.Opened` that was judged, or None."""

class DecryptionError(Error):
    opened: Any
    """The `mailseal.Opened` that stays locked, or None."""

class CallbackError(Exception):
    """Raised in a callback, it reaches the caller; any other failure there means that the key does not open."""

class LimitError(Error): ...
class BackendError(Error): ...
class InternalError(Error): ...

@final
class Certificate:
    """An X.509 certificate (RFC 5280 §4.1). Bytes are kept as received."""

    @staticmethod
    def from_der(der: bytes) -> Certificate: ...
    @property
    def subject(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def serial_number(self) -> int: ...
    @property
    def not_before(self) -> int: ...
    @property
    def not_after(self) -> int: ...
    @property
    def mailboxes(self) -> tuple[str, ...]: ...
    @property
    def key_usage(self) -> tuple[str, ...] | None: ...
    @property
    def public_key_name(self) -> str: ...
    @property
    def subject_key_identifier(self) -> bytes | None: ...
    def sha256(self) -> bytes: ...
    def to_der(self) -> bytes: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def certs_only(certificates: Sequence[Certificate]) -> bytes:
    """A message part that carries certificates alone (RFC 8551 §3.8)."""

def compress(content: bytes) -> bytes:
    """ContentInfo of CompressedData (RFC 3274). Raises BackendError."""

def load_certificates(data: bytes, passwords: Sequence[str] = ...) -> list[Certificate]:
    """PEM bundle, DER, certs-only CMS or PKCS#12. Raises MalformedError, DecryptionError (password)."""

@final
class Identity:
    """A private key with its certificate. Never printed, never pickled."""

    @staticmethod
    def load(
        data: bytes,
        passwords: Sequence[str],
        certificates: Sequence[Certificate],
        shared: SharedCertificates | None = None,
    ) -> list[Identity]:
        """PKCS#12, PEM, PKCS#8, PKCS#1, SEC1. Raises MalformedError, UnsupportedError, DecryptionError (password)."""

    @staticmethod
    def generate(algorithm: str) -> Identity:
        """A new key without certificate. Raises ValueError (unknown algorithm), BackendError (no chance)."""

    def to_pkcs12(self, password: str, profile: str, friendly_name: str | None) -> bytes:
        """PKCS#12 (RFC 7292). Raises ValueError (unknown profile), BackendError (no chance)."""

    def to_pem(self, password: str | None) -> bytes:
        """PKCS#8 and certificates in PEM; with None the key is not encrypted. Raises BackendError (no chance)."""

    @property
    def uses(self) -> tuple[str, ...]:
        """ "sign" and "decrypt", as far as key and certificate allow."""

    @property
    def key_bits(self) -> int: ...
    @property
    def certificate(self) -> Certificate | None: ...
    @property
    def chain(self) -> tuple[Certificate, ...]: ...
    @property
    def friendly_name(self) -> str | None: ...
    @property
    def key_name(self) -> str: ...
    @property
    def key_id(self) -> str:
        """What `Layer.key_used` and `Keyring.fitting` name: hash of the public key, hex."""
    def public_key_der(self) -> bytes: ...

@final
class SharedCertificates:
    """Issuers that many files repeat, kept once."""

    def __new__(cls) -> SharedCertificates: ...

@final
class Keyring:
    """Index of identities by issuer and serial, key identifier, public key."""

    def __new__(
        cls,
        identities: Sequence[Identity] = ...,
        certificates: Sequence[Certificate] = ...,
        passwords: Sequence[str] = ...,
        keks: Sequence[tuple[bytes, bytes]] = ...,
        remotes: Sequence[
            tuple[Certificate, Callable[[str, bytes], bytes | None] | None, Callable[[str, bytes], bytes | None] | None]
        ] = ...,
    ) -> Keyring: ...
    def __len__(self) -> int: ...
    def fingerprint(self) -> str:
        """SHA-256 over the public halves and the certificates, hex: the same for the same keys in any order."""
    def fitting(self, recipient: Recipient) -> str | None:
        """Key id (SHA-256 of the public key, hex) of the key that a recipient of `Layer.recipients` names."""
    def certificate(self, recipient: Recipient) -> Certificate | None:
        """The certificate that a recipient of `Layer.recipients` names, valid or not, with or without its key."""

@final
class Policy:
    @staticmethod
    def named(name: str) -> Policy: ...
    @staticmethod
    def from_toml(name: str, text: str) -> Policy: ...
    @staticmethod
    def names() -> list[str]: ...
    @property
    def name(self) -> str: ...
    def to_dict(self) -> dict[str, Any]: ...
    def replace(self, changes: Mapping[str, Any]) -> Policy:
        """Raises ValueError for an unknown field or value."""

@final
class Finding:
    @property
    def code(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def offset(self) -> int | None: ...
    @property
    def detail(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def fix(self) -> str: ...
    @property
    def source(self) -> str: ...

@final
class Recipient:
    @property
    def kind(self) -> str:
        """ktri, kari, kekri, pwri, ori or kemri."""
    @property
    def id(self) -> str: ...
    @property
    def algorithm(self) -> str: ...

@final
class Layer:
    @property
    def kind(self) -> str: ...
    @property
    def form(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def recipients(self) -> tuple[Recipient, ...]: ...
    @property
    def key_used(self) -> str | None: ...
    @property
    def offset(self) -> int: ...
    @property
    def length(self) -> int: ...

@final
class Countersigner:
    @property
    def id(self) -> str: ...
    @property
    def of(self) -> int | None: ...
    @property
    def certificate(self) -> Certificate | None: ...
    @property
    def digest(self) -> str: ...
    @property
    def signature_algorithm(self) -> str: ...
    @property
    def signing_time(self) -> int | None: ...
    @property
    def integrity(self) -> str: ...

@final
class Signer:
    @property
    def id(self) -> str: ...
    @property
    def certificate(self) -> Certificate | None: ...
    @property
    def digest(self) -> str: ...
    @property
    def signature_algorithm(self) -> str: ...
    @property
    def signing_time(self) -> int | None: ...
    @property
    def integrity(self) -> str: ...
    @property
    def chain(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def revocation(self) -> str: ...
    @property
    def time(self) -> str: ...
    @property
    def unsigned_attrs(self) -> list[tuple[str, bytes]]:
        """Type (dotted OID) and the SET of values as received."""
    @property
    def countersigners(self) -> list[Countersigner]: ...

@final
class Wanted:
    """`kind` is "key", "certificate" or "issuer".

    For a key, `recipient` says how it would be used ("ktri", "kari"), and `subject` and `certificate_sha256` (hex) tell
    of the certificate that is meant, where the keyring has it.
    """

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def certificate_sha256(self) -> str | None: ...

@final
class Verdict:
    @property
    def status(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def at(self) -> int: ...
    @property
    def is_valid(self) -> bool: ...
    @property
    def policy(self) -> str: ...
    def explain(self) -> str: ...
    def __bool__(self) -> bool:
        """Raises TypeError: use `is_valid`."""

@final
class Field:
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def raw(self) -> bytes: ...
    @property
    def state(self) -> str: ...

@final
class Opened:
    """One message, opened and judged; frozen."""

    @property
    def content(self) -> bytes | None: ...
    @property
    def raw(self) -> bytes: ...
    @property
    def source(self) -> str | None: ...
    @property
    def authenticated(self) -> bool: ...
    @property
    def decryption(self) -> str: ...
    @property
    def coverage(self) -> str: ...
    @property
    def errant(self) -> list[tuple[str, bool, bool]]:
        """Path, encrypted, forwarded."""
    @property
    def layers(self) -> tuple[Layer, ...]: ...
    @property
    def signers(self) -> tuple[Signer, ...]: ...
    @property
    def verdict(self) -> Verdict: ...
    @property
    def wanted(self) -> tuple[Wanted, ...]: ...
    @property
    def certificates(self) -> tuple[Certificate, ...]: ...
    @property
    def crls(self) -> list[bytes]: ...
    @property
    def headers(self) -> tuple[Field, ...]:
        """Fields of the innermost entity that has a From field, else of the message."""
    @property
    def outer_headers(self) -> tuple[Field, ...]: ...
    @property
    def is_mail(self) -> bool: ...
    def require_content(self) -> bytes:
        """The content. Raises DecryptionError, PolicyError, MalformedError, LimitError: what withholds it."""
    def judge(self, at: int | None = ..., policy: Policy | None = ...) -> Verdict: ...
    def error(self) -> Error | None:
        """The exception a strict `verify` raises for this verdict; None when VALID."""
    def row_json(self, content: bool = ...) -> str:
        """The batch row (docs: columns) as a JSON object."""

@final
class Batch:
    """The rows of many messages; exports the Arrow PyCapsule interface."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Opened:
        """Opens message `index` again, for a closer look than its row gives."""
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_array__(self, requested_schema: object = ...) -> tuple[object, object]: ...
    @staticmethod
    def ipc_schema() -> bytes:
        """What an Arrow IPC stream of batches begins with."""
    def ipc(self) -> bytes:
        """The rows as one record batch of an Arrow IPC stream, to stand behind `ipc_schema()` and other batches."""
    def json_lines(self) -> bytes: ...
    def statuses(self) -> dict[str, int]:
        """Rows by outcome, keys such as `status:VALID`, `decryption:OK`, `finding:signer.digest-weak`."""
    def wanted_keys(self) -> list[tuple[int, str]]:
        """(row, recipient id) of each key that was missing."""
    def unreadable(self) -> list[tuple[int, str, str]]:
        """(item index, code, reason) of each item that yields no row."""

@final
class Receiver:
    """Receiving agent: trust, keys, policy; immutable, shared by threads. `anchors` None: chains are not judged."""

    def __new__(
        cls,
        anchors: Sequence[Certificate] | None,
        intermediates: Sequence[Certificate],
        keyring: Keyring,
        policy: Policy,
        threads: int | None = ...,
    ) -> Receiver: ...
    @property
    def policy(self) -> Policy: ...
    def open(
        self,
        raw: bytes,
        now: int,
        at: int | None = ...,
        received_at: int | None = ...,
        source: str | None = ...,
        part: str | None = ...,
    ) -> Opened:
        """`part`: the path of the one part to open."""

    def open_cms(self, cms: bytes, detached_content: bytes | None, now: int, at: int | None = ...) -> Opened: ...
    def settle(self, opened: Opened, certificates: Sequence[Certificate], now: int, at: int | None = ...) -> Opened:
        """Judges again with more certificates, without decrypting again."""
    def open_slices(
        self,
        buffer: bytes,
        ranges: Sequence[tuple[int, int]],
        ids: Sequence[str],
        source: Sequence[str],
        offsets: Sequence[int],
        received_at: Sequence[int | None],
        now: int,
        content: bool = ...,
    ) -> Batch:
        """Messages `buffer[start:end]`; the GIL is released once for all of them."""

@final
class Letter:
    """A message on its way: fields that stay outside, and an entity. Each step gives a new one."""

    def message(self) -> bytes:
        """The message, ready to be sent."""

    def field_names(self) -> list[str]:
        """The names of all fields, those of all parts among them, as they are written."""

    def without_bcc(self) -> Letter:
        """Without Bcc and Resent-Bcc."""

@final
class Draft:
    """What waits for signatures of keys that are elsewhere."""

    @property
    def requests(self) -> list[tuple[str, bytes]]:
        """(name of the signature algorithm, octets to be signed) of each signer, in the order of `finish`."""

    def signatures(self) -> list[bytes | None]:
        """The signatures of keys at hand; None for a key that is elsewhere. Raises PolicyError."""

    def finish(self, signatures: Sequence[bytes]) -> Letter:
        """The signed letter. Raises BackendError for a signature that does not verify."""

    def finish_cms(self, signatures: Sequence[bytes]) -> bytes:
        """The ContentInfo. Raises BackendError for a signature that does not verify."""

@final
class Sender:
    """Sending agent: identities, trust, policy; immutable, shared by threads."""

    def __new__(
        cls,
        signing: Sequence[tuple[Certificate, Sequence[Certificate], Identity | None]],
        encryption: Certificate | None,
        anchors: Sequence[Certificate] | None,
        intermediates: Sequence[Certificate],
        policy: Policy,
    ) -> Sender: ...
    def letter(self, message: bytes) -> Letter: ...
    def sign(self, letter: Letter, clear: bool, at: int) -> Letter: ...
    def draft(self, letter: Letter, clear: bool, at: int) -> Draft: ...
    def draft_cms(self, content: bytes, detached: bool, at: int) -> Draft: ...
    def sign_cms(self, content: bytes, detached: bool, at: int) -> bytes: ...
    def encrypt(self, letter: Letter, recipients: Sequence[Sequence[Certificate]], at: int) -> Letter: ...
    def encrypt_cms(self, content: bytes, recipients: Sequence[Sequence[Certificate]], at: int) -> bytes: ...
    def compress(self, letter: Letter) -> Letter: ...
    def plan(self, recipients: Sequence[Sequence[Certificate]], at: int) -> dict[str, Any]:
        """What would be written for whom: `cipher`, `recipients` (certificate, key algorithm, cipher alone, reason),
        `warnings`. Raises PolicyError."""

@final
class MboxSplitter:
    """Finds the messages of an mbox fed in blocks (RFC 4155). Offsets count from the start of the file."""

    def __new__(cls) -> MboxSplitter: ...
    def feed(self, block: bytes) -> list[tuple[int, int, int | None, int]]:
        """(start, end, From_ line's time, begin of the next From_ line) of each message that is complete now."""
    def finish(self) -> list[tuple[int, int, int | None, int]]: ...

def tree(data: bytes) -> str:
    """The ASN.1 of a file as JSON: of each structure its kind and its elements, parents before children."""

def inspect(data: bytes) -> str:
    """What a message or bare CMS is made of, as JSON: layers, recipients, signers, certificates; no key is needed."""

def explain(code: str) -> dict[str, str] | None: ...
def table(name: str) -> list[dict[str, Any]]:
    """Rows of "findings", "families", "limits", "algorithms", "statuses", "checks", "key-algorithms",
    "pkcs12-profiles", "policies"."""

def provoke_failing_chance(recipient: Certificate) -> None:
    """Encrypts with a source of chance that fails, for a test of what comes out. Raises BackendError."""

def provoke_panic() -> None:
    """Panics inside the core, for a test of what comes out. Raises InternalError."""

def parse_date(value: bytes) -> int | None: ...
