"""Key stores: parameters that the file chooses are bounded before they are obeyed."""

from __future__ import annotations

import time

import mailseal
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.support import smime_build as build
from tests.support.der import elements, integer, octets, replaced


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
