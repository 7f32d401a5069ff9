"""Key stores: parameters that the file chooses are bounded before they are obeyed."""

from __future__ import annotations

import time

import mailseal
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.support import child
from tests.support import smime_build as build
from tests.support.child import MIB, Bounded
from tests.support.der import NULL, elements, integer, octets, oid, replaced, sequence
from tests.threats.test_bounds import nested_bags


def store(password: bytes = b"secret") -> bytes:
    bob = build.person("bob@example.com")
    return pkcs12.serialize_key_and_certificates(
        b"bob", bob.key, bob.certificate, None, serialization.BestAvailableEncryption(password)
    )


def error_of(data: bytes, password: str) -> tuple[str, float]:
    start = time.perf_counter()
    with pytest.raises(mailseal.Error) as caught:
        mailseal.Identity.load(data, password=password)
    assert not isinstance(caught.value, mailseal.InternalError)
    assert password not in str(caught.value)
    return caught.value.code, time.perf_counter() - start


def test_pki_17_honest_store_opens() -> None:
    assert mailseal.Identity.load(store(), password="secret").certificate is not None


def test_pki_17_wrong_password_and_damage_look_alike() -> None:
    data = store()
    begin, end = max(((at, end) for at, _, end in elements(data) if data[at] == 0x04), key=lambda one: one[1] - one[0])
    damaged = bytearray(data)
    damaged[(begin + end) // 2] ^= 1
    assert error_of(data, "wrong-password")[0] == error_of(bytes(damaged), "secret")[0] == "key.password-wrong"


@pytest.mark.parametrize("count", [-1, 0, 10_000_001, 1 << 31, 1 << 63])
def test_pki_17_iterations_are_bounded(count: int) -> None:
    """The MAC's iterations are the last INTEGER of the file."""
    data = store()
    at, end = [(at, end) for at, _, end in elements(data) if data[at] == 0x02][-1]
    last = max((at, end) for at, _, end in elements(data) if data[at] == 0x02)
    code, seconds = error_of(replaced(data, *last, integer(count)), "secret")
    assert (at, end) in {(a, e) for a, _, e in elements(data)}
    assert code in {"limit.kdf-work", "key.malformed", "key.password-wrong", "asn1.malformed"}
    assert seconds < 1


def test_pki_17_absent_and_wrong_parts_are_typed() -> None:
    data = store()
    for at, begin, end in list(elements(data)):
        if at == 0:
            continue
        for new in (b"", bytes([data[at], 0]), octets(data[begin:end]), b"\x05\x00"):
            mutant = replaced(data, at, end, new)
            try:
                mailseal.Identity.load(mutant, password="secret")
            except mailseal.InternalError:
                raise
            except mailseal.Error:
                pass


HMAC_SHA256, PBKDF2, SCRYPT, PBMAC1 = (
    "1.2.840.113549.2.9",
    "1.2.840.113549.1.5.12",
    "1.3.6.1.4.1.11591.4.11",
    "1.2.840.113549.1.5.14",
)
COUNTS = [0, -1, 10_000_001, (1 << 31) - 1, 1 << 31, 1 << 63, 1 << 64, 1 << 200]


def pbmac1(iterations: int, key_length: int | None, *, derivation: bytes = b"") -> bytes:
    """MacData with PBMAC1 (RFC 9879) in place of the store's own."""
    prf = sequence(oid(HMAC_SHA256), NULL)
    length = b"" if key_length is None else integer(key_length)
    kdf = derivation or sequence(oid(PBKDF2), sequence(octets(b"saltsalt"), integer(iterations), length, prf))
    scheme = sequence(oid(PBMAC1), sequence(kdf, prf))
    return with_mac(sequence(sequence(scheme, octets(bytes(32))), octets(b"x"), integer(1)))


def with_mac(mac_data: bytes) -> bytes:
    data = store()
    _, _, end = next(iter(elements(data)))
    first = min(at for at, _, stop in elements(data) if stop == end and at > 0)
    return replaced(data, first, end, mac_data)


def shrouded(algorithm: bytes) -> bytes:
    """EncryptedPrivateKeyInfo with a password scheme of the attacker's choice (RFC 5958 §3)."""
    return sequence(algorithm, octets(bytes(64)))


def pbes2(kdf: bytes) -> bytes:
    cipher = sequence(oid("2.16.840.1.101.3.4.1.42"), octets(bytes(16)))
    return sequence(oid("1.2.840.113549.1.5.13"), sequence(kdf, cipher))


def scrypt(n: int, r: int, p: int, key_length: int = 32) -> bytes:
    values = b"".join(integer(value) for value in (n, r, p, key_length))
    return sequence(oid(SCRYPT), sequence(octets(b"saltsalt"), values))


def pbkdf2(iterations: int, key_length: int) -> bytes:
    prf = sequence(oid(HMAC_SHA256), NULL)
    return sequence(oid(PBKDF2), sequence(octets(b"saltsalt"), integer(iterations), integer(key_length), prf))


def hostile_stores() -> dict[str, bytes]:
    hostile = {f"PBMAC1 iterations {count}": pbmac1(count, 32) for count in COUNTS}
    lengths = (0, 1, 19, 1 << 31, 1 << 32, 1 << 63)
    hostile |= {f"PBMAC1 keyLength {length}": pbmac1(2048, length) for length in lengths}
    hostile["PBMAC1 without keyLength"] = pbmac1(2048, None)
    hostile["PBMAC1 with scrypt"] = pbmac1(1, 32, derivation=scrypt(1 << 28, 8, 1))
    for n, r, p in (
        (1 << 28, 8, 1),
        (1 << 14, 1 << 20, 1),
        (1 << 14, 8, 1 << 30),
        (1 << 62, 1, 1),
        (3, 8, 1),
        (0, 0, 0),
    ):
        hostile[f"scrypt {n} {r} {p}"] = shrouded(pbes2(scrypt(n, r, p)))
    hostile |= {f"PBES2 iterations {count}": shrouded(pbes2(pbkdf2(count, 32))) for count in COUNTS}
    hostile |= {
        f"PBES2 keyLength {length}": shrouded(pbes2(pbkdf2(2048, length))) for length in (0, 1, 64, 65, *lengths[3:])
    }
    return hostile


def child_hostile_costs() -> dict[str, list[object]]:
    """Of each hostile store: the code of the error, and the seconds it took, with little memory to be had."""
    stores, answers = hostile_stores(), {}
    with pytest.raises(mailseal.Error):
        mailseal.Identity.load(b"0", password="secret")
    with Bounded(32 * MIB):
        for name, data in stores.items():
            code, seconds = error_of(data, "secret")
            answers[name] = [code, seconds]
    return answers


def test_pki_17_hostile_costs_are_refused_at_once() -> None:
    """Iterations, lengths and scrypt's memory are bounded before they are obeyed: typed, soon, in little memory."""
    answers = child.run("tests.threats.test_pki:child_hostile_costs")
    assert len(answers) >= 30
    for name, (code, seconds) in answers.items():
        family = code.split(".")[0]
        assert family in {"limit", "key", "asn1"}, (name, code)
        assert seconds < 0.25, (name, code, seconds)
    for name in ("PBMAC1 iterations 10000001", "PBES2 iterations 10000001", f"scrypt {1 << 28} 8 1"):
        assert answers[name][0] in {"limit.kdf-work", "key.unsupported"}, (name, answers[name])


@pytest.mark.parametrize("levels", [1, 20, 100, 1_000])
def test_pki_17_nested_bags(levels: int) -> None:
    """safeContentsBags within each other (RFC 7292 §4.2.6): no key in there, and the depth is bounded."""
    code, seconds = error_of(nested_bags(levels), "secret")
    assert code.split(".")[0] in {"limit", "key", "asn1"}
    assert seconds < 0.25
