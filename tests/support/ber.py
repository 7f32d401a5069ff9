"""Writes DER again as BER, with random choices: an encoder of the tests' own, never the code under test.

What X.690 leaves open and a reader of CMS has to take: indefinite lengths, lengths in more octets than needed, OCTET
STRINGs in segments and segments of segments, the order of SETs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.der import header

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Node:
    """An element; `children` None: primitive."""

    tag: int
    content: bytes
    children: list[Node] | None
    raw: bytes


def parse(data: bytes) -> Node:
    """The DER element that `data` is; tags of one octet, as CMS has them."""
    tag, begin, end = header(data, 0)
    assert end == len(data), "one element, and nothing behind it"
    content, children = data[begin:end], None
    if tag & 0x20:
        children, at = [], begin
        while at < end:
            stop = header(data, at)[2]
            children.append(parse(data[at:stop]))
            at = stop
    return Node(tag, content, children, data)


def encode(node: Node, choose: Callable[[int], int], keep: Callable[[tuple[int, ...]], bool]) -> bytes:
    """`node` as BER; elements whose path of tags `keep` names are written as they were."""
    return _encode(node, choose, keep, ())


def _encode(
    node: Node, choose: Callable[[int], int], keep: Callable[[tuple[int, ...]], bool], above: tuple[int, ...]
) -> bytes:
    path = (*above, node.tag)
    if keep(path):
        return node.raw
    if node.children is None:
        if node.tag in (0x04, 0x80) and choose(2):
            return _constructed(node.tag | 0x20, _segments(node.content, choose, 3), choose)
        return _definite(node.tag, node.content, choose)
    parts = [_encode(child, choose, keep, path) for child in node.children]
    if node.tag == 0x31:
        parts = [parts.pop(choose(len(parts))) for _ in range(len(parts))]
    return _constructed(node.tag, b"".join(parts), choose)


def _segments(content: bytes, choose: Callable[[int], int], depth: int) -> bytes:
    """OCTET STRINGs that hold `content` together; empty ones among them."""
    parts = b""
    for _ in range(choose(3)):
        at = choose(len(content) + 1)
        piece, content = content[:at], content[at:]
        nested = depth > 0 and choose(3) == 0
        parts += (
            _constructed(0x24, _segments(piece, choose, depth - 1), choose)
            if nested
            else _definite(0x04, piece, choose)
        )
    return parts + _definite(0x04, content, choose)


def _constructed(tag: int, content: bytes, choose: Callable[[int], int]) -> bytes:
    if choose(2):
        return bytes([tag, 0x80]) + content + b"\0\0"
    return _definite(tag, content, choose)


def _definite(tag: int, content: bytes, choose: Callable[[int], int]) -> bytes:
    """The length in as few octets as possible, or in up to three more; that of nothing stays short, for OpenSSL."""
    size, more = len(content), choose(4)
    if size == 0 or (size < 0x80 and not more):
        return bytes([tag, size]) + content
    octets = size.to_bytes(max(1, (size.bit_length() + 7) // 8) + max(0, more - 1), "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content
