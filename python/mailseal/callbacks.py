"""Identities whose private key lives elsewhere: in a key management service, a token's driver, another process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from mailseal.keys import refuse_pickling

if TYPE_CHECKING:
    from mailseal.certificate import Certificate

Sign: TypeAlias = Callable[[str, bytes], bytes]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class CallbackIdentity:
    """A certificate and who answers for its key. Made by `Identity.from_callbacks`.

    `sign(algorithm, octets) -> signature`: `algorithm` is the name of a row of docs/algorithms.md with its digest, such
    as `RSA-PKCS1-v1_5-SHA256`, `RSASSA-PSS-SHA256` (salt as long as the digest, MGF1 with the same digest),
    `ECDSA-SHA256` (the signature is DER of r and s) or `Ed25519`; `octets` are what is signed, not their digest. What
    it raises reaches the caller of `Sender.sign`.
    """

    certificate: Certificate
    chain: tuple[Certificate, ...]
    _sign: Sign | None

    def signature(self, algorithm: str, octets: bytes) -> bytes:
        """What the callback answers. Raises TypeError unless that is bytes, ValueError if there is no callback."""
        if self._sign is None:
            raise ValueError("this identity has no sign callback")
        answer = self._sign(algorithm, octets)
        if not isinstance(answer, (bytes, bytearray, memoryview)):
            raise TypeError(f"the sign callback must return bytes, not {type(answer).__name__}")
        return bytes(answer)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        refuse_pickling(self)

    def __repr__(self) -> str:
        return f"<CallbackIdentity {self.certificate.subject!r}>"
