"""CMS on plain bytes (RFC 5652), without MIME. These are strict doors: what is not proven raises."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mailseal import _core
from mailseal._sources import FileSource, as_bytes, load_bytes
from mailseal._time import now, to_seconds
from mailseal.errors import DecryptionError, MalformedError, PolicyError, by_code
from mailseal.keys import Keyring
from mailseal.policy import Policy
from mailseal.receiver import Keys, Receiver, raise_unless_valid
from mailseal.results import Check, Opened, Signer, Status, Verdict

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class CmsVerified:
    """Content whose signatures are VALID."""

    content: bytes
    signers: tuple[Signer, ...]
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
