"""Seeded chance.

Only ``random()`` and ``randbytes()`` of the standard generator are used: Python keeps their streams stable.
"""

from __future__ import annotations

import hashlib
import random
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


def derive(*labels: object, size: int = 32) -> bytes:
    """``size`` bytes that depend on the labels alone."""
    return hashlib.shake_256("\x1f".join(map(str, labels)).encode()).digest(size)


class Chance:
    """A stream of choices that depends on its labels alone, never on the order in which messages are made."""

    def __init__(self, *labels: object) -> None:
        source = random.Random(int.from_bytes(derive(*labels), "big"))
        self.unit = source.random
        self.data = source.randbytes

    def below(self, limit: int) -> int:
        return int(self.unit() * limit)

    def between(self, low: int, high: int) -> int:
        return low + int(self.unit() * (high - low + 1))

    def often(self, share: float) -> bool:
        return self.unit() < share

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self.unit() * len(items))]

    def weighted(self, items: Sequence[tuple[T, int]]) -> T:
        marks = list(accumulate(weight for _, weight in items))
        point = self.unit() * marks[-1]
        for (item, _), mark in zip(items, marks, strict=True):
            if point < mark:
                return item
        return items[-1][0]

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """``count`` different items (all of them if there are fewer)."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        return self.some(items, len(items))

    def size(self, low: int, high: int) -> int:
        """Log-uniform: small sizes are common, big ones rare."""
        return int(low * (high / low) ** self.unit())

    def hexes(self, size: int) -> str:
        return self.data(size).hex()

    def nonzero(self, size: int) -> bytes:
        """Bytes without zero, for the padding of RSAES-PKCS1-v1_5."""
        out = self.data(size + 16).replace(b"\x00", b"")
        while len(out) < size:
            out += self.data(16).replace(b"\x00", b"")
        return out[:size]
