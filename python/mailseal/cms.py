"""CMS on plain bytes (RFC 5652), without MIME. These are strict doors: what is not proven raises."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mailseal import _core
from mailseal._sources import Buffer, FileSource, as_bytes, load_bytes
from mailseal._time import now, to_seconds
from mailseal.callbacks import CallbackIdentity
from mailseal.errors import DecryptionError, MalformedError, PolicyError, by_code
from mailseal.keys import Keyring
from mailseal.policy import Policy
from mailseal.receiver import Keys, Receiver, raise_unless_valid
from mailseal.results import Check, Opened, Status, Verdict
from mailseal.results import Signer as SignerResult
from mailseal.sender import Recipients, Sender, Signer, as_recipients, as_signers, signatures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class CmsVerified:
    """Content whose signatures are VALID."""

    content: bytes
    signers: tuple[SignerResult, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Decrypted:
    """Content of a decrypted CMS. `authenticated` is False if it may have been changed on the way (RFC 8551 §6)."""

    content: bytes
    authenticated: bool


@dataclass(frozen=True, slots=True)
class ContentInfo:
    """A CMS structure (RFC 5652 §3), BER or DER, looked at only when asked."""

    data: bytes

    @property
    def content_type(self) -> str:
        """Kind of the outermost layer, such as `signed-data` or `enveloped-data`. Raises MalformedError."""
        layers = self.describe()["layers"]
        return str(layers[0]["kind"]) if layers else "data"

    def describe(self) -> dict[str, Any]:
        """Layers, recipients, signers and certificates; no key is needed. Raises MalformedError."""
        described: dict[str, Any] = json.loads(_core.inspect(self.data))
        if described["form"] != "cms":
            raise by_code(MalformedError, "cms.malformed", "no ContentInfo")
        return described


def parse(data: FileSource) -> ContentInfo:
    """The CMS of bytes or a file."""
    return ContentInfo(load_bytes(data))


def verify(
    cms: FileSource,
    *,
    trust: Any,
    detached_content: FileSource | None = None,
    policy: Policy | None = None,
    at: datetime | None = None,
) -> CmsVerified:
    """Verifies a SignedData (RFC 5652 §5); `detached_content` is what a detached signature signs.

    There is no mail here, so no address is compared. Raises VerificationError (with `.opened`), MalformedError,
    UnsupportedError, PolicyError, LimitError.
    """
    detached = None if detached_content is None else load_bytes(detached_content)
    rules = (Policy.default() if policy is None else policy).replace(address_match="off")
    receiver = Receiver(trust=trust, policy=rules, threads=1)
    opened = Opened(receiver._inner.open_cms(load_bytes(cms), detached, now(), to_seconds(at, "at")))
    intact = bool(opened.signers) and all(signer.integrity is Check.OK for signer in opened.signers)
    # Without trust anchors the caller asks for the signatures alone; the verdict says that the chain was not judged.
    if not (trust is None and intact and opened.verdict.status is Status.INDETERMINATE):
        raise_unless_valid(opened)
    content = opened.content if detached is None else detached
    if content is None:
        raise by_code(MalformedError, "cms.content-absent")
    return CmsVerified(as_bytes(content), opened.signers, opened.verdict)


def decrypt_password(
    cms: FileSource,
    password: str,
    *,
    unauthenticated: Literal["refuse", "allow"] = "refuse",
    policy: Policy | None = None,
) -> Decrypted:
    """Decrypts what was encrypted under a password (PasswordRecipientInfo, RFC 5652 §6.2.4, RFC 3211). As `decrypt`."""
    return decrypt(cms, Keyring(passwords=[password]), unauthenticated=unauthenticated, policy=policy)


def decrypt_kek(
    cms: FileSource,
    key: bytes,
    *,
    key_identifier: bytes,
    unauthenticated: Literal["refuse", "allow"] = "refuse",
    policy: Policy | None = None,
) -> Decrypted:
    """Decrypts with a key-encryption key that both sides hold (KEKRecipientInfo, RFC 5652 §6.2.3). As `decrypt`."""
    ring = Keyring(secret_keys={bytes(key_identifier): bytes(key)})
    return decrypt(cms, ring, unauthenticated=unauthenticated, policy=policy)


def decrypt_data(
    cms: FileSource,
    key: bytes,
    *,
    unauthenticated: Literal["refuse", "allow"] = "refuse",
    policy: Policy | None = None,
) -> Decrypted:
    """Decrypts an EncryptedData (RFC 5652 §8) with the content-encryption key that both sides hold. As `decrypt`."""
    return decrypt(cms, Keyring(secret_keys={b"": bytes(key)}), unauthenticated=unauthenticated, policy=policy)


def decompress(cms: FileSource, *, policy: Policy | None = None) -> bytes:
    """The content of a CompressedData (RFC 3274), within `Limits.decompressed_bytes` and `Limits.decompression_ratio`.

    Raises MalformedError, UnsupportedError, LimitError.
    """
    return _unwrapped(cms, "compressed-data", policy)


def digested(cms: FileSource, *, policy: Policy | None = None) -> bytes:
    """The content of a DigestedData (RFC 5652 §7) whose digest is right. Nobody vouches for it: anyone can make one.

    Raises MalformedError, UnsupportedError, VerificationError (the digest is of something else), LimitError.
    """
    return _unwrapped(cms, "digested-data", policy)


def sign(
    data: Buffer,
    signers: Signer | Sequence[Signer],
    *,
    detached: bool = False,
    policy: Policy | None = None,
    at: datetime | None = None,
) -> bytes:
    """A SignedData (RFC 5652 §5) over `data`, with signed attributes, by one identity or several.

    `policy.signature_algorithm` chooses for RSA keys. `at`: the time that is claimed; None: now. Raises PolicyError
    (an identity that may not sign), BackendError.
    """
    identities = as_signers(signers)
    sender = Sender(signing=identities, policy=policy)
    moment = to_seconds(at, "at")
    when = now() if moment is None else moment
    if not any(isinstance(one, CallbackIdentity) for one in identities):
        return sender._inner.sign_cms(as_bytes(data), detached, when)
    draft = sender._inner.draft_cms(as_bytes(data), detached, when)
    return draft.finish_cms(signatures(identities, draft))


def encrypt(
    data: Buffer,
    recipients: Recipients,
    *,
    cipher: str = "aes-256-gcm",
    policy: Policy | None = None,
    at: datetime | None = None,
) -> bytes:
    """An AuthEnvelopedData (RFC 5083), or with a CBC cipher an EnvelopedData (RFC 5652 §6), for all of `recipients`.

    `cipher`: a content cipher of docs/algorithms.md that is made, or "negotiate": the best that all list. Raises
    PolicyError (names each recipient that cannot be encrypted to), ValueError (an unknown cipher), BackendError.
    """
    rules = Policy.default() if policy is None else policy
    sender = Sender(policy=rules.replace(content_cipher=cipher))
    moment = to_seconds(at, "at")
    return sender._inner.encrypt_cms(as_bytes(data), as_recipients(recipients), now() if moment is None else moment)


def compress(data: Buffer) -> bytes:
    """A CompressedData (RFC 3274) of `data`. Raises BackendError."""
    return _core.compress(as_bytes(data))


def _unwrapped(cms: FileSource, kind: str, policy: Policy | None) -> bytes:
    receiver = Receiver(trust=None, policy=policy, threads=1)
    opened = Opened(receiver._inner.open_cms(load_bytes(cms), None, now(), None))
    content = opened.require_content()
    if [layer.kind for layer in opened.layers] != [kind]:
        raise by_code(MalformedError, "cms.content-type", f"the structure is not {kind}")
    return content


def decrypt(
    cms: FileSource,
    keys: Keys,
    *,
    unauthenticated: Literal["refuse", "allow"] = "refuse",
    policy: Policy | None = None,
) -> Decrypted:
    """Decrypts an EnvelopedData or AuthEnvelopedData (RFC 5652 §6, RFC 5083), or opens an AuthenticatedData (§9).

    `unauthenticated="refuse"`: content that nothing authenticates (CBC without an inner signature) raises PolicyError,
    for it may have been changed to betray what it says. Raises DecryptionError, PolicyError, MalformedError,
    LimitError.
    """
    if unauthenticated not in ("refuse", "allow"):
        raise ValueError(f'unauthenticated must be "refuse" or "allow", not {unauthenticated!r}')
    receiver = Receiver(trust=None, keys=keys, policy=policy, threads=1)
    opened = Opened(receiver._inner.open_cms(load_bytes(cms), None, now(), None))
    content = opened.require_content()
    if opened.decryption is not Check.OK:
        raise by_code(DecryptionError, "decryption.failed", "the structure is not encrypted")
    if not opened.authenticated and unauthenticated == "refuse":
        raise by_code(PolicyError, "decryption.unauthenticated-forbidden", 'unauthenticated="allow" releases it')
    return Decrypted(as_bytes(content), opened.authenticated)
