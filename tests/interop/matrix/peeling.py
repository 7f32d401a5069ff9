"""The layers of a mail, for peers that read one CMS at a time; what a peer that opened it tells."""

from __future__ import annotations

import email
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message

DEEPEST = 5


class Layer(NamedTuple):
    """One layer: the whole entity, and its CMS and detached content by Python's own reader of mail."""

    entity: bytes
    kind: str
    cms: bytes
    content: bytes | None


class Peeled(NamedTuple):
    """What a peer let out: the innermost entity, and which layers it verified and decrypted, from outside."""

    content: bytes
    layers: tuple[str, ...]


def outermost(entity: bytes) -> Layer | None:
    """None: no S/MIME."""
    parsed = email.message_from_bytes(entity)
    kind = parsed.get_content_type()
    if kind == "multipart/signed":
        # Byte for byte, which no reader of MIME promises: between the delimiters, whose CRLF is not the content's.
        mark = b"\r\n--" + str(parsed.get_boundary()).encode()
        _, first, _ = entity.split(mark, 2)
        *_, signature = parsed.walk()
        return Layer(entity, "signed", decoded(signature), first.removeprefix(b"\r\n"))
    if kind != "application/pkcs7-mime":
        return None
    signed = str(parsed.get_param("smime-type")).lower() == "signed-data"
    return Layer(entity, "signed" if signed else "encrypted", decoded(parsed), None)


def decoded(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def peel(mail: bytes, verify: Callable[[Layer], bytes], decrypt: Callable[[Layer], bytes]) -> Peeled:
    """All layers; RefusedError is for `verify` and `decrypt` to raise."""
    entity, layers = mail, list[str]()
    while (layer := outermost(entity)) is not None:
        assert len(layers) < DEEPEST
        entity = verify(layer) if layer.kind == "signed" else decrypt(layer)
        layers.append(layer.kind)
    return Peeled(entity, tuple(layers))
