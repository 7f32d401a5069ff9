"""DER in a dozen lines, so that tests can write what no honest writer would."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes([tag]) + length(len(content)) + content


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """A SET OF in DER order."""
    return tlv(0x31, *sorted(parts))


def octets(content: bytes) -> bytes:
    return tlv(0x04, content)


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def explicit(number: int, *parts: bytes) -> bytes:
    return tlv(0xA0 | number, *parts)


def implicit(number: int, content: bytes, *, constructed: bool = False) -> bytes:
    return tlv((0xA0 if constructed else 0x80) | number, content)


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = b""
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        content += bytes(reversed(groups))
    return tlv(0x06, content)


NULL = b"\x05\x00"


def header(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, first octet of the content, and its end, of the DER element at `at`."""
    first = data[at + 1]
    if first < 0x80:
        return data[at], at + 2, at + 2 + first
    count = first & 0x7F
    size = int.from_bytes(data[at + 2 : at + 2 + count], "big")
    return data[at], at + 2 + count, at + 2 + count + size


def elements(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Start, content start and end of every element of a DER tree, parents first; strings are left alone."""
    waiting = [(0, len(data))]
    while waiting:
        at, limit = waiting.pop()
        while at + 2 <= limit:
            tag, begin, end = header(data, at)
            if begin > limit or end > limit:
                break  # a mutant: what stands here is no DER
            yield at, begin, end
            if tag & 0x20:
                waiting.append((begin, end))
            at = end


def replaced(data: bytes, start: int, end: int, new: bytes) -> bytes:
    """`data` with the element [start, end) changed to `new` and the lengths of all around it set right."""
    parents = [(at, begin, stop) for at, begin, stop in elements(data) if begin <= start and stop >= end and at < start]
    parents.sort(key=lambda parent: parent[2] - parent[0])
    for at, begin, stop in parents:
        new = tlv(data[at], data[begin:start], new, data[end:stop])
        start, end = at, stop
    return data[:start] + new + data[end:]
