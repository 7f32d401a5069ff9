"""Parsers: hostile structure ends in a typed finding, soon, and without harm."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import mailseal
import pytest

from tests.support import smime_build as build
from tests.support.der import elements, replaced, tlv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.threats.conftest import Receive

MUTANTS = 20_000


def refuse(data: bytes) -> None:
    """Both doors give a typed answer and no content that was not there."""
    with pytest.raises(mailseal.Error):
        mailseal.cms.verify(data, trust=None)


def nested(depth: int, tag: int, *, indefinite: bool) -> bytes:
    if indefinite:
        return bytes([tag, 0x80]) * depth + b"\0\0" * depth
    data = b"\x05\x00"
    for _ in range(depth):
        data = tlv(tag, data)
    return data


@pytest.mark.parametrize("depth", [10, 100, 10_000])
@pytest.mark.parametrize("tag", [0x30, 0xA0, 0x24])
@pytest.mark.parametrize("indefinite", [False, True])
def test_par_01_nesting(depth: int, tag: int, indefinite: bool) -> None:
    refuse(nested(depth, tag, indefinite=indefinite))


def test_par_01_a_million_levels() -> None:
    start = time.perf_counter()
    refuse(nested(1_000_000, 0x30, indefinite=True))
    assert time.perf_counter() - start < 1


def test_par_01_signed_in_signed(receive: Receive, alice: build.Person) -> None:
    entity = build.TEXT
    for _ in range(12):
        entity = build.part(build.signed(entity, alice), "signed-data")
    opened = receive().open(build.headers() + entity)
    assert "limit.layers" in [finding.code for finding in opened.verdict.findings]
    assert not opened.verdict.is_valid


@pytest.mark.parametrize("declared", [(1 << 31) - 1, 1 << 40, (1 << 63) - 1])
def test_par_02_declared_lengths(declared: int, alice: build.Person) -> None:
    octets = declared.to_bytes((declared.bit_length() + 7) // 8, "big")
    data = build.signed(build.TEXT, alice)
    for at, begin, _ in elements(data):
        refuse(data[: at + 1] + bytes([0x80 | len(octets)]) + octets + data[begin:])


@pytest.mark.parametrize(
    "length", ["80", "84ffffffff", "88ffffffffffffffff", "89010000000000000000", "ff", "fe" + "01" * 126, "8400000000"]
)
def test_par_03_length_forms(length: str) -> None:
    refuse(b"\x04" + bytes.fromhex(length) + b"content")
    refuse(b"\x30" + bytes.fromhex(length) + b"\x06\x03\x2a\x03\x04")


@pytest.mark.parametrize("text", ["3080", "308006", "30800000ff", "30800001ff", "24800401410000", "0480410000"])
def test_par_04_end_of_contents(text: str) -> None:
    refuse(bytes.fromhex(text))


@pytest.mark.parametrize("segment", [b"\x04\x00", b"\x04\x01x"])
def test_par_04_segments_cost_linear_time(segment: bytes, bob: build.Person) -> None:
    ring = mailseal.Keyring([mailseal.Identity.load(bob.pem)])

    def cost(count: int) -> float:
        honest = build.enveloped(b"", bob)
        at = honest.rindex(b"\x80\x10")
        data = replaced(honest, at, len(honest), b"\xa0\x80" + segment * count + b"\0\0")
        start = time.process_time()
        with pytest.raises(mailseal.Error):
            mailseal.cms.decrypt(data, ring, unauthenticated="refuse")
        return time.process_time() - start

    few, many = min(cost(250_000) for _ in range(3)), min(cost(500_000) for _ in range(3))
    assert many < 2.8 * few + 0.02


def test_par_04_truncated_at_every_byte(alice: build.Person) -> None:
    data = build.signed(build.TEXT, alice)
    for end in range(len(data)):
        refuse(data[:end])


@pytest.mark.parametrize("junk", [b"\0", b"junk", b"\0\0", b"\x30\x00"])
def test_par_06_trailing_bytes(junk: bytes, receive: Receive, alice: build.Person) -> None:
    mail = build.headers() + build.part(build.signed(build.TEXT, alice) + junk, "signed-data")
    lenient, strict = receive("archive").open(mail), receive("strict").open(mail)
    assert "cms.trailing-data" in [finding.code for finding in lenient.verdict.findings]
    assert not strict.verdict.is_valid


UNIVERSAL = [
    b"\x01\x01\xff",
    b"\x02\x01\x00",
    b"\x03\x01\x00",
    b"\x04\x00",
    b"\x05\x00",
    b"\x06\x01\x2a",
    b"\x0c\x00",
    b"\x30\x00",
    b"\x31\x00",
]


def mutants(data: bytes) -> Iterator[bytes]:
    """Every element deleted, emptied, doubled, given another tag, or replaced by each universal type."""
    places = [(at, begin, end) for at, begin, end in elements(data) if at]
    for at, begin, end in places:
        yield replaced(data, at, end, b"")
        yield replaced(data, at, end, bytes([data[at], 0]))
        yield replaced(data, at, end, data[at:end] * 2)
        for tag in (0x80, 0xA0, 0x81, 0xA1, 0x24, 0x13, 0x17, 0x18):
            yield replaced(data, at, end, tlv(tag, data[begin:end]))
        for other in UNIVERSAL:
            yield replaced(data, at, end, other)
    chance = random.Random(7)
    while True:
        at, begin, end = chance.choice(places)
        once = replaced(
            data, at, end, chance.choice([b"", data[at:end] * 2, chance.choice(UNIVERSAL), tlv(0xA0, data[begin:end])])
        )
        inner = [(first, last) for first, _, last in elements(once) if first]
        first, last = chance.choice(inner)
        yield replaced(once, first, last, chance.choice([b"", *UNIVERSAL]))


def survive(data: bytes, call: Callable[[bytes], object]) -> None:
    """Only errors of our own family, none of them our bug; each within a second (PAR-20)."""
    for count, mutant in enumerate(mutants(data)):
        if count == MUTANTS:
            return
        start = time.perf_counter()
        try:
            call(mutant)
        except mailseal.InternalError:
            raise
        except mailseal.Error:
            pass
        assert time.perf_counter() - start < 1


def test_par_07_mutants_of_signed_data(alice: build.Person) -> None:
    survive(build.signed(build.TEXT, alice), lambda data: mailseal.cms.verify(data, trust=None))


def test_par_07_mutants_of_enveloped_data(bob: build.Person) -> None:
    ring = mailseal.Keyring([mailseal.Identity.load(bob.pem)])
    cms = build.enveloped(build.TEXT, bob)
    survive(cms, lambda data: mailseal.cms.decrypt(data, ring, unauthenticated="allow"))


def bombs() -> dict[str, bytes]:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(20_000))
    return {
        "deep": b"From: a@b\r\n" + deep,
        "rfc822": b"Content-Type: message/rfc822\r\n\r\n" * 100_000,
        "parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 1_000_000 + b"--b--",
        "fields": b"A: b\r\n" * 1_000_000 + b"\r\n",
        "header": b"Subject: " + b"x" * 5_000_000 + b"\r\n\r\n",
        "unclosed": b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n" + b"x\r\n" * 1_000_000,
    }


@pytest.mark.parametrize("name", ["deep", "rfc822", "parts", "fields", "header", "unclosed"])
def test_par_11_mime_bombs(name: str, receive: Receive) -> None:
    mail, receiver = bombs()[name], receive()
    start = time.perf_counter()
    opened = receiver.open(mail)
    assert time.perf_counter() - start < 1
    assert opened.verdict.status == "UNSIGNED"
    if name != "unclosed":
        assert any(finding.code.startswith("limit.") for finding in opened.verdict.findings)


FIELDS: dict[str, tuple[bytes, bytes]] = {
    "comments": (b"From: ", b"("),
    "backslashes": (b'From: "', b"\\\\"),
    "addresses": (b"To: ", b"a,"),
    "encoded words": (b"Subject: ", b"=?utf-8?q?a?= "),
    "parameters": (b"Content-Type: text/plain", b"; name*0=a"),
    "folds": (b"Subject: x", b"\r\n x"),
}


@pytest.mark.parametrize("name", list(FIELDS))
def test_par_12_fields_cost_linear_time(name: str) -> None:
    head, unit = FIELDS[name]
    limits = {"header_bytes": 1 << 26, "header_fields": 1 << 26, "addresses": 1 << 26}
    receiver = mailseal.Receiver(trust=None, policy=mailseal.Policy.default().replace(limits=mailseal.Limits(**limits)))

    def cost(size: int) -> float:
        mail = head + unit * (size // len(unit)) + b"\r\n\r\nbody"
        start = time.process_time()
        receiver.open(mail)
        return time.process_time() - start

    few, many = min(cost(1 << 20) for _ in range(3)), min(cost(1 << 21) for _ in range(3))
    assert many < 2.8 * few + 0.02


@pytest.mark.parametrize(
    "label", [b"utf-7", b"iso-2022-jp", b"x-evil", b'"utf-8"junk', b"x" * 10_000, b"utf-8\0", b"\xff\xfe"]
)
def test_par_18_charsets_never_break_a_message(label: bytes, receive: Receive, alice: build.Person) -> None:
    entity = b"Content-Type: text/plain; charset=" + label + b"\r\n\r\n+ADw-script \x1b$B \xc0\xaf\xff\r\n"
    mail = build.signed_mail(alice, entity).replace(b"Figures", b"=?" + label[:60].strip(b'"\0') + b"?q?=FF=C0=AF?=", 1)
    opened = receive().open(mail)
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert opened.content == entity


def test_par_19_buffers_that_change_meanwhile(receive: Receive, alice: build.Person) -> None:
    mail = build.signed_mail(alice)
    buffer = bytearray(mail)
    opened = receive().open(buffer)
    buffer[:] = b"x" * len(buffer)
    assert opened.verdict.is_valid
    assert opened.content == build.TEXT


def test_par_19_internal_errors_are_exceptions() -> None:
    assert issubclass(mailseal.InternalError, Exception)
    assert issubclass(mailseal.InternalError, mailseal.Error)


@pytest.mark.parametrize("seed", range(4))
def test_par_20_random_damage_ends(seed: int, receive: Receive, alice: build.Person, bob: build.Person) -> None:
    chance, receiver = random.Random(seed), receive("archive")
    inner = build.clear_signed(build.TEXT, build.signed(build.TEXT, alice, detached=True))
    for mail in (build.signed_mail(alice), build.encrypted_mail(build.enveloped(inner, bob))):
        for _ in range(500):
            damaged = bytearray(mail)
            for _ in range(chance.randint(1, 8)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            start = time.perf_counter()
            receiver.open(bytes(damaged))
            assert time.perf_counter() - start < 1
