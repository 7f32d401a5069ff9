"""What hostile lengths and depths may cost, measured: address space, resident memory, stack, wall time (G3).

Functions whose names begin with `child_` run in a process of their own (tests/support/child.py).
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from mailseal.archive import import_archive
from mailseal.archive.blocks import Unread
from mailseal.archive.tree import read_source

from tests.support import child
from tests.support import smime_build as build
from tests.support.child import MIB, Bounded
from tests.support.der import elements, explicit, octets, oid, sequence
from tests.threats.test_par import nested

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HERE = "tests.threats.test_bounds:"

# --- PAR-02, PAR-03: declared lengths -------------------------------------------------------------------------------

DECLARED = [(1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
DECLARED += [1 << 64]  # nine octets: more than any length may have


def doors() -> dict[str, tuple[bytes, Callable[[bytes], object]]]:
    """Each kind of ASN.1 that comes from outside: an honest one, and the door it goes through."""
    alice, bob = build.person("alice@example.com"), build.person("bob@example.com")
    ring = mailseal.Keyring([mailseal.Identity.load(bob.pem)])
    receiver = mailseal.Receiver(trust=build.root().der, keys=ring, policy=mailseal.Policy.archive(), threads=1)
    secrecy = serialization.BestAvailableEncryption(b"x")
    store = pkcs12.serialize_key_and_certificates(b"bob", bob.key, bob.certificate, None, secrecy)
    plain = bob.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    def mail(cms: bytes) -> object:
        opened = receiver.open(build.encrypted_mail(cms))
        if opened.content is None or not opened.verdict.is_valid:
            mailseal._core.inspect(cms)
            opened.require_content()
            receiver.verify(build.encrypted_mail(cms))
        return opened

    return {
        "signed": (build.signed(build.TEXT, alice), lambda data: mailseal.cms.verify(data, trust=build.root().der)),
        "enveloped": (
            build.enveloped(build.TEXT, bob),
            lambda data: mailseal.cms.decrypt(data, ring, unauthenticated="allow"),
        ),
        "auth-enveloped": (
            build.auth_enveloped(build.TEXT, bob),
            lambda data: mailseal.cms.decrypt(data, ring, unauthenticated="refuse"),
        ),
        "mail": (build.signed(build.TEXT, alice), mail),
        "certificate": (alice.der, mailseal.Certificate.load),
        "pkcs12": (store, lambda data: mailseal.Identity.load(data, password="x")),
        "pkcs8": (plain, mailseal.Identity.load),
    }


def child_declared_lengths(name: str) -> dict[str, Any]:
    honest, call = doors()[name]
    call(honest)
    places = list(elements(honest))
    survivors, slowest = [], 0.0
    with Bounded(8 * MIB) as bound:
        for declared in DECLARED:
            size = declared.to_bytes((declared.bit_length() + 7) // 8, "big")
            for at, begin, _ in places:
                hostile = honest[: at + 1] + bytes([0x80 | len(size)]) + size + honest[begin:]
                start = time.perf_counter()
                try:
                    call(hostile)
                except mailseal.InternalError:
                    raise
                except mailseal.Error:
                    pass
                else:
                    survivors.append([declared, at])
                slowest = max(slowest, time.perf_counter() - start)
    return {"places": len(places), "survivors": survivors, "slowest": slowest, "peak": bound.peak}


# An element in which the outermost parser does not look: what a lazy reader may leave unread is not refused.
@pytest.mark.parametrize("name", ["signed", "enveloped", "auth-enveloped", "mail", "certificate", "pkcs12", "pkcs8"])
def test_par_02_declared_lengths_reserve_nothing(name: str) -> None:
    found = child.run(HERE + "child_declared_lengths", name)
    assert found["places"] >= 5
    assert found["survivors"] == []
    assert found["slowest"] < 1
    assert found["peak"] <= 8 * MIB


def child_large_hostile() -> dict[str, Any]:
    """Hostile declared lengths at the end of inputs that are large themselves: memory is by the input, never beyond."""
    receiver = mailseal.Receiver(trust=None, policy=mailseal.Policy.archive(), threads=1)
    size = 16 * MIB
    content = b"\x30\x84\xff\xff\xff\xff" + bytes(size)
    cms = build.content_info(build.SIGNED, content)
    mails = [
        build.headers() + b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n" + one
        for one in (cms, b"\x30\x88" + b"\x7f" + b"\xff" * 7 + bytes(size), content)
    ]
    excess, slowest = 0, 0.0
    for mail in mails:
        with Bounded(32 * MIB + 4 * len(mail)) as bound:
            opened = receiver.open(mail)
            assert opened.verdict.status != "VALID"
        excess, slowest = max(excess, bound.peak - 4 * len(mail)), max(slowest, bound.seconds)
    return {"excess": excess, "slowest": slowest}


def test_par_02_memory_is_by_the_input() -> None:
    found = child.run(HERE + "child_large_hostile")
    assert found["excess"] <= 32 * MIB
    assert found["slowest"] < 1


# --- PAR-03: files beyond 2^31 and 2^32 octets ----------------------------------------------------------------------


def sparse(path: Path, head: bytes, size: int) -> Path:
    """A file of `size` octets that takes hardly any room: `head`, then a hole."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    assert path.stat().st_blocks * 512 < MIB
    return path


HUGE = [(1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, 1 << 40]


@pytest.mark.parametrize("size", HUGE)
@pytest.mark.parametrize("source", ["file", "tree", "maildir"])
def test_par_03_files_beyond_the_cap_are_told_not_read(size: int, source: str, tmp_path: Path) -> None:
    folder = tmp_path / "cur" if source == "maildir" else tmp_path
    for name in ("cur", "new") if source == "maildir" else ():
        (tmp_path / name).mkdir()
    path = sparse(folder / "1700000000.m1.host.eml", build.headers() + b"\r\n", size)
    start = time.perf_counter()
    (unit,) = read_source(path if source == "file" else tmp_path, mailseal.Limits().message_bytes)
    assert time.perf_counter() - start < 1
    assert isinstance(unit, Unread)
    assert (unit.code, unit.offset, unit.length) == ("limit.message-bytes", 0, size)
    assert str(size) in unit.reason


def child_open_sparse(path: str) -> dict[str, Any]:
    from pathlib import Path as RealPath

    cap = 4 * MIB
    policy = mailseal.Policy.default().replace(limits=mailseal.Limits(message_bytes=cap))
    receiver = mailseal.Receiver(trust=None, policy=policy, threads=1)
    with Bounded(32 * MIB + 4 * cap) as bound:
        opened = receiver.open(RealPath(path))
        with RealPath(path).open("rb") as file:
            again = receiver.open(file)
    return {
        "codes": [[one.code for one in each.verdict.findings] for each in (opened, again)],
        "content": opened.content is None and again.content is None,
        "peak": bound.peak,
        "seconds": bound.seconds,
    }


@pytest.mark.parametrize("size", [(1 << 31) + 1, (1 << 32) + 1])
def test_par_03_opening_a_huge_file_stops_at_the_cap(size: int, tmp_path: Path) -> None:
    path = sparse(tmp_path / "huge.eml", build.headers() + b"\r\n", size)
    found = child.run(HERE + "child_open_sparse", path)
    assert all("limit.message-bytes" in codes for codes in found["codes"])
    assert found["content"]
    assert found["peak"] <= 32 * MIB + 16 * MIB
    assert found["seconds"] < 1


MBOX_HEAD = b"From a@example.com Mon Jul  6 10:00:00 2026\n"


def child_import(source: str, out: str) -> dict[str, Any]:
    policy = mailseal.Policy.archive().replace(limits=mailseal.Limits(message_bytes=4 * MIB))
    receiver = mailseal.Receiver(trust=None, policy=policy, threads=1)
    child.forget_peaks()
    before = child.resident()
    start = time.perf_counter()
    report = import_archive(source, out, receiver=receiver, jobs=1, format="jsonl")
    return {
        "rows": report.rows,
        "messages": report.messages,
        "bytes": report.bytes,
        "exit": report.exit_code,
        "unreadable": report.unreadable,
        "peak": child.status("VmHWM") - before,
        "seconds": time.perf_counter() - start,
    }


def huge_mbox(path: Path, hole: int) -> int:
    """A message, then one with a hole of `hole` octets, then one more; returns where the last begins."""
    small = MBOX_HEAD + build.signed_mail(build.person("alice@example.com")).replace(b"\r\n", b"\n") + b"\n"
    sparse(path, small + MBOX_HEAD + b"Subject: huge\n\n", len(small) + hole)
    with path.open("ab") as file:
        file.write(b"\n\n" + small)
    return len(small) + hole + 2


def imported_with_a_huge_message(tmp_path: Path, hole: int) -> None:
    last = huge_mbox(tmp_path / "huge.mbox", hole)
    found = child.run(HERE + "child_import", tmp_path / "huge.mbox", tmp_path / "out", timeout=280)
    assert (found["rows"], found["messages"], found["exit"]) == (2, 3, 1)
    (aside,) = found["unreadable"]
    assert aside["code"] == "limit.message-bytes"
    assert "Limits.message_bytes is 4194304" in aside["reason"]
    assert found["bytes"] > hole
    assert found["peak"] <= 32 * MIB + 4 * 4 * MIB
    rows = (tmp_path / "out" / "parts" / "part-00000.jsonl").read_text(encoding="utf-8")
    assert f'"byte_offset":{last + len(MBOX_HEAD)}' in rows.replace(" ", "")
    kept = list((tmp_path / "out" / "quarantine").glob("*.eml"))
    # What is kept is the message, whole; its hole stays one.
    assert [path.stat().st_size for path in kept] == [last - aside["byte_offset"] - 1]
    assert kept[0].stat().st_blocks * 512 < 64 * MIB


def test_par_03_mbox_with_a_message_beyond_the_cap(tmp_path: Path) -> None:
    imported_with_a_huge_message(tmp_path, 64 * MIB)


@pytest.mark.proof
@pytest.mark.parametrize("hole", [(1 << 31) + 1, (1 << 32) + 1])
def test_par_03_mbox_beyond_four_gigabytes(hole: int, tmp_path: Path) -> None:
    imported_with_a_huge_message(tmp_path, hole)


# --- PAR-01: depth, on a small stack --------------------------------------------------------------------------------

SMALL_STACK = 256 * 1024


def on_a_small_stack(work: Callable[[], object]) -> None:
    """Runs `work` in a thread whose stack has 256 KiB; an overflow there is the end of the process."""
    faults: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 — told in the thread of the test
            faults.append(error)

    before = threading.stack_size(SMALL_STACK)
    try:
        thread = threading.Thread(target=guarded)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    if faults:
        raise faults[0]


def signed_in_signed(levels: int) -> bytes:
    """SignedData as the eContent of SignedData: bare CMS, and each level a MIME entity of its own."""
    entity = build.TEXT
    for _ in range(levels):
        cms = build.signed_data(entity, [], [])
        head = b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: binary\r\n"
        entity = head + b"\r\n" + cms
    return entity


def bare_in_bare(levels: int) -> bytes:
    cms = build.signed_data(build.TEXT, [], [])
    for _ in range(levels):
        cms = build.signed_data(cms, [], [], content_type=build.SIGNED)
    return cms


def nested_bags(levels: int) -> bytes:
    """A PFX without MAC whose SafeContents hold safeContentsBags within each other (RFC 7292 §4.2.6)."""
    contents = sequence()
    for _ in range(levels):
        contents = sequence(sequence(oid("1.2.840.113549.1.12.10.1.6"), explicit(0, contents)))
    safe = sequence(build.content_info(build.DATA, octets(contents)))
    return sequence(b"\x02\x01\x03", build.content_info(build.DATA, octets(safe)))


def nested_name(levels: int) -> bytes:
    """A certificate whose subject is nested deeper than any name."""
    der = build.person("alice@example.com").der
    subject = next((at, end) for at, begin, end in elements(der) if b"alice" in der[begin:end] and der[at] == 0x31)
    return der[: subject[0]] + nested(levels, 0x30, indefinite=False) + der[subject[1] :]


def child_depths() -> dict[str, float]:
    receiver = mailseal.Receiver(trust=None, policy=mailseal.Policy.archive(), threads=1)
    took: dict[str, float] = {}
    strict: dict[str, Callable[[bytes], object]] = {
        "cms": partial(mailseal.cms.verify, trust=None),
        "certificate": mailseal.Certificate.load,
        "identity": mailseal.Identity.load,
        "bundle": mailseal.load_certificates,
    }

    def timed(name: str, call: Callable[[], object], *, raises: bool | None = True) -> None:
        """`raises` None: it may."""
        start = time.perf_counter()
        try:
            call()
        except mailseal.InternalError:
            raise
        except mailseal.Error:
            pass
        else:
            assert not raises, name
        took[name] = time.perf_counter() - start

    def work() -> None:
        for tag in (0x30, 0xA0, 0x24, 0x31):
            for levels in (10, 63, 64, 65, 100, 1_000, 10_000):
                for indefinite in (False, True):
                    data = nested(levels, tag, indefinite=indefinite)
                    for name, door in strict.items():
                        timed(f"{name} {tag:x} {levels}", partial(door, data))
                    timed(f"inspect {tag:x} {levels}", partial(mailseal._core.inspect, data), raises=None)
            timed(f"{tag:x} 10^6", partial(strict["cms"], nested(10**6, tag, indefinite=True)))
        for levels in (9, 64, 1_000):
            entity = signed_in_signed(levels)
            opened = receiver.open(build.headers() + entity)
            codes = [one.code for one in opened.verdict.findings]
            assert "limit.layers" in codes, codes
            assert opened.verdict.status == "UNSIGNED" or not opened.verdict.is_valid
            opened.to_dict()
            timed(f"inspect {levels}", partial(mailseal._core.inspect, entity), raises=None)
            timed(f"bare {levels}", partial(strict["cms"], bare_in_bare(levels)))
        for levels in (10, 100, 1_000):
            timed(f"bags {levels}", partial(mailseal.Identity.load, nested_bags(levels)))
            timed(f"name {levels}", partial(mailseal.Certificate.load, nested_name(levels)))

    on_a_small_stack(work)
    return took


def test_par_01_depth_on_a_stack_of_256_kib() -> None:
    """Deeper than any cap, on a thread with hardly any stack: typed errors, and the process lives."""
    took = child.run(HERE + "child_depths")
    assert took["30 10^6"] < 1
    assert max(took.values()) < 1, max(took, key=lambda name: took[name])
