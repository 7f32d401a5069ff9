"""RSA keys from a constant pool, and RSA with chosen randomness.

The libraries draw keys, padding and salts from the system; a corpus must not. So the primes come from a seeded search
whose result is kept in ``rsa_primes.txt`` (a search takes a third of a second a key), and the paddings of RFC 8017 are
written here. These keys are public: for test archives only.

``python -m benches.corpus.rsa_keys`` searches again and rewrites the pool.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import rsa

from benches.corpus.chance import derive

if TYPE_CHECKING:
    from collections.abc import Iterator

POOL = Path(__file__).with_name("rsa_primes.txt")
EXPONENT = 65537
SIZES = (2048,) * 36 + (1024,) * 4


@cache
def small_primes(limit: int = 20_000) -> tuple[int, ...]:
    sieve = bytearray([1]) * limit
    for number in range(2, int(limit**0.5) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, limit, number)))
    return tuple(number for number in range(3, limit) if sieve[number])


def is_prime(number: int, rounds: int = 24) -> bool:
    """Miller-Rabin with fixed bases: the candidates are not chosen by an adversary."""
    twos = ((number - 1) & -(number - 1)).bit_length() - 1
    odd = (number - 1) >> twos
    for base in (2, *small_primes()[: rounds - 1]):
        value = pow(base, odd, number)
        if value in (1, number - 1):
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True


def prime_from(label: str, size: int) -> int:
    """The first fit prime above a number derived from the label, its two top bits set."""
    start = int.from_bytes(derive("rsa", label, size=size // 8), "big") | 3 << (size - 2) | 1
    span = 1 << 16
    composite = bytearray(span)
    for small in small_primes():
        first = (-start * pow(2, -1, small)) % small
        composite[first::small] = b"\x01" * len(range(first, span, small))
    for step in range(span):
        candidate = start + 2 * step
        if not composite[step] and candidate % EXPONENT != 1 and is_prime(candidate):
            return candidate
    raise AssertionError("no prime in the span")


def primes_of(index: int) -> tuple[int, int]:
    size = SIZES[index] // 2
    return prime_from(f"{index} p", size), prime_from(f"{index} q", size)


@cache
def pool() -> tuple[tuple[int, int], ...]:
    lines = POOL.read_text().split()
    return tuple((int(p, 16), int(q, 16)) for p, q in zip(lines[::2], lines[1::2], strict=True))


class RsaKey:
    """A private key of the pool with the raw operations that a seeded corpus needs."""

    def __init__(self, index: int) -> None:
        self.p, self.q = pool()[index]
        self.n = self.p * self.q
        d = pow(EXPONENT, -1, (self.p - 1) * (self.q - 1))
        self.dp, self.dq, self.qinv = d % (self.p - 1), d % (self.q - 1), pow(self.q, -1, self.p)
        public = rsa.RSAPublicNumbers(EXPONENT, self.n)
        numbers = rsa.RSAPrivateNumbers(self.p, self.q, d, self.dp, self.dq, self.qinv, public)
        self.key = numbers.private_key(unsafe_skip_rsa_key_validation=True)  # the tests prove the pool

    def private(self, value: int) -> int:
        """RSADP/RSASP1 by the Chinese remainder theorem (RFC 8017 §5.1.2)."""
        first, second = pow(value, self.dp, self.p), pow(value, self.dq, self.q)
        return second + (first - second) * self.qinv % self.p * self.q


def mgf1(seed: bytes, size: int, digest: str) -> bytes:
    blocks: Iterator[bytes] = (
        hashlib.new(digest, seed + counter.to_bytes(4, "big")).digest() for counter in range(size // 20 + 1)
    )
    return b"".join(blocks)[:size]


def xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")


def encrypt_v15(modulus: int, cek: bytes, padding: bytes) -> bytes:
    """RSAES-PKCS1-v1_5 (RFC 8017 §7.2.1); ``padding``: enough non-zero bytes."""
    size = (modulus.bit_length() + 7) // 8
    block = b"\x00\x02" + padding[: size - 3 - len(cek)] + b"\x00" + cek
    return pow(int.from_bytes(block, "big"), EXPONENT, modulus).to_bytes(size, "big")


def encrypt_oaep(modulus: int, cek: bytes, seed: bytes, digest: str) -> bytes:
    """RSAES-OAEP with an empty label, MGF1 with the same digest (RFC 8017 §7.1.1)."""
    size = (modulus.bit_length() + 7) // 8
    width = hashlib.new(digest).digest_size
    block = hashlib.new(digest).digest() + bytes(size - len(cek) - 2 * width - 2) + b"\x01" + cek
    masked = xor(block, mgf1(seed[:width], len(block), digest))
    seal = xor(seed[:width], mgf1(masked, width, digest))
    return pow(int.from_bytes(b"\x00" + seal + masked, "big"), EXPONENT, modulus).to_bytes(size, "big")


def sign_pss(key: RsaKey, message: bytes, salt: bytes, digest: str) -> bytes:
    """RSASSA-PSS, MGF1 with the same digest (RFC 8017 §8.1.1, §9.1.1)."""
    bits = key.n.bit_length() - 1
    size = (bits + 7) // 8
    final = hashlib.new(digest, bytes(8) + hashlib.new(digest, message).digest() + salt).digest()
    block = bytes(size - len(salt) - len(final) - 2) + b"\x01" + salt
    masked = bytearray(xor(block, mgf1(final, len(block), digest)))
    masked[0] &= 0xFF >> (8 * size - bits)
    encoded = bytes(masked) + final + b"\xbc"
    return key.private(int.from_bytes(encoded, "big")).to_bytes((key.n.bit_length() + 7) // 8, "big")


def main() -> None:
    POOL.write_text("".join(f"{p:x}\n{q:x}\n" for p, q in map(primes_of, range(len(SIZES)))))


if __name__ == "__main__":
    main()
