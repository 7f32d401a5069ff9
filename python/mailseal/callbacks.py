"""Identities whose private key lives elsewhere: in a key management service, a token's driver, another process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from mailseal.keys import refuse_pickling

if TYPE_CHECKING:
    from mailseal.certificate import Certificate

Sign: TypeAlias = Callable[[str, bytes], bytes]
Unwrap: TypeAlias = Callable[[str, bytes], "bytes | None"]
Agree: TypeAlias = Callable[[str, bytes], "bytes | None"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class CallbackIdentity:
    """A certificate and who answers for its key. Made by `Identity.from_callbacks`.

    `sign(algorithm, octets) -> signature`: `algorithm` is the name of a row of docs/algorithms.md with its digest, such
    as `RSA-PKCS1-v1_5-SHA256`, `RSASSA-PSS-SHA256` (salt as long as the digest, MGF1 with the same digest),
    `ECDSA-SHA256` (the signature is DER of r and s) or `Ed25519`; `octets` are what is signed, not their digest. What
    it raises reaches the caller of `Sender.sign`.

    `unwrap(algorithm, encrypted_key) -> key | None`: `RSAES-PKCS1-v1_5`, `RSAES-OAEP-SHA256` or, where MGF1 has another
    digest, `RSAES-OAEP-SHA256-MGF1-SHA1`. `agree(algorithm, public) -> shared | None`: the x coordinate (SEC 1
    §3.3.1) or the output of X25519 for the sender's point; key derivation and unwrapping are done here. None, octets of
    the wrong length, or any exception mean "does not open": a random key goes on, so that nobody learns why
    (RFC 3218). TypeError, KeyboardInterrupt and CallbackError reach the caller.

    Callbacks are called one message at a time or, in batches, from several threads.
    """

    certificate: Certificate
    chain: tuple[Certificate, ...] = ()
    sign: Sign | None = None
    unwrap: Unwrap | None = None
    agree: Agree | None = None

    def signature(self, algorithm: str, octets: bytes) -> bytes:
        """What the callback answers. Raises TypeError unless that is bytes, ValueError if there is no callback."""
        if self.sign is None:
            raise ValueError("this identity has no sign callback")
        answer = self.sign(algorithm, octets)
        if not isinstance(answer, (bytes, bytearray, memoryview)):
            raise TypeError(f"the sign callback must return bytes, not {type(answer).__name__}")
        return bytes(answer)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        refuse_pickling(self)

    def __repr__(self) -> str:
        return f"<CallbackIdentity {self.certificate.subject!r}>"
