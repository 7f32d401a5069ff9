"""A small DER writer, and a writer of the indefinite-length BER that streaming mail agents send.

Everything is made bottom-up as ``bytes``; the "spine" of a CMS structure (all that encloses the content) is made
through a :class:`Form`, so that the same builder yields DER or BER.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NULL = b"\x05\x00"
TRUE = b"\x01\x01\xff"


def tlv(tag: int, content: bytes) -> bytes:
    """One element with a single-octet tag and the shortest definite length (X.690 §10.1)."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def seq(*items: bytes) -> bytes:
    return tlv(0x30, b"".join(items))


def set_of(items: Iterable[bytes], tag: int = 0x31) -> bytes:
    """SET OF in DER order (X.690 §11.6)."""
    return tlv(tag, b"".join(sorted(items)))


def explicit(number: int, content: bytes) -> bytes:
    return tlv(0xA0 | number, content)


def implicit(number: int, element: bytes) -> bytes:
    """Retag an element as [number] IMPLICIT; the constructed bit stays."""
    return bytes(((element[0] & 0x20) | 0x80 | number,)) + element[1:]


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(content: bytes) -> bytes:
    return tlv(0x04, content)


def bits(content: bytes) -> bytes:
    return tlv(0x03, b"\x00" + content)


def utf8(text: str) -> bytes:
    return tlv(0x0C, text.encode())


def bmp(text: str) -> bytes:
    return tlv(0x1E, text.encode("utf-16-be"))


@lru_cache(maxsize=512)
def oid(dotted: str) -> bytes:
    arcs = [int(arc) for arc in dotted.split(".")]
    out = bytearray()
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        group = [arc & 0x7F]
        while arc := arc >> 7:
            group.append(0x80 | arc & 0x7F)
        out += bytes(reversed(group))
    return tlv(0x06, bytes(out))


def algorithm(dotted: str, *parameters: bytes) -> bytes:
    """AlgorithmIdentifier; the parameters are absent unless given."""
    return seq(oid(dotted), *parameters)


class Form:
    """DER: definite lengths, primitive strings."""

    indefinite = False

    def wrap(self, tag: int, *items: bytes) -> bytes:
        """A constructed element of the spine."""
        return tlv(tag, b"".join(items))

    def string(self, content: bytes, tag: int = 0x04) -> bytes:
        """An OCTET STRING of the spine (``tag`` 0x80: [0] IMPLICIT)."""
        return tlv(tag, content)


class Ber(Form):
    """Indefinite lengths and strings in chunks, as one-pass writers send them (X.690 §8.1.3.6, §8.7.3)."""

    indefinite = True

    def __init__(self, chunk: int) -> None:
        self.chunk = chunk

    def wrap(self, tag: int, *items: bytes) -> bytes:
        return bytes((tag, 0x80)) + b"".join(items) + b"\x00\x00"

    def string(self, content: bytes, tag: int = 0x04) -> bytes:
        size = self.chunk
        chunks = (tlv(0x04, content[at : at + size]) for at in range(0, len(content), size))
        return self.wrap(tag | 0x20, *chunks)


DER = Form()
