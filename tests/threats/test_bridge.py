"""The bridge to Python (PAR-19): threads, buffers, wrong types, panics, memory, the end of the interpreter.

Functions whose names begin with `child_` run in a process of their own (tests/support/child.py).
"""

from __future__ import annotations

import contextlib
import io
import mmap
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import mailseal
import pytest

from tests.support import child
from tests.support import smime_build as build
from tests.support.child import MIB

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.threats.conftest import Receive

HERE = "tests.threats.test_bridge:"
THREADS = 16


def fingerprint(opened: mailseal.Opened) -> tuple[object, ...]:
    findings = tuple((one.code, one.path, one.offset, one.detail) for one in opened.verdict.findings)
    return opened.verdict.status, opened.decryption, opened.content, opened.authenticated, findings


def mails(alice: build.Person, bob: build.Person) -> list[bytes]:
    """Good, bad and hostile: one of each way through the core."""
    inner = build.clear_signed(build.TEXT, build.signed(build.TEXT, alice, detached=True))
    return [
        build.headers() + b"\r\nplain\r\n",
        build.signed_mail(alice),
        build.signed_mail(alice).replace(b"quarterly", b"monthly"),
        build.encrypted_mail(build.enveloped(inner, bob)),
        build.encrypted_mail(build.auth_enveloped(inner, bob)),
        build.encrypted_mail(build.auth_enveloped(inner, bob, damage_mac=1)),
        build.encrypted_mail(build.enveloped(inner, alice)),
        build.encrypted_mail(build.enveloped(inner, bob)[:-40]),
        build.headers() + build.part(b"\x30\x84\xff\xff\xff\xff", "signed-data"),
        b"\xff\x00" * 50,
    ]


# --- threads --------------------------------------------------------------------------------------------------------


def test_par_19_many_threads_share_one_receiver(receive: Receive, alice: build.Person, bob: build.Person) -> None:
    """What each thread sees is what one thread alone sees, whatever the others do; single and in batches."""
    given = mails(alice, bob)
    alone = [fingerprint(receive("archive").open(raw)) for raw in given]
    receiver, barrier = receive("archive"), threading.Barrier(THREADS)

    def work(thread: int) -> None:
        barrier.wait()
        for turn in range(20):
            at = (thread + turn) % len(given)
            assert fingerprint(receiver.open(given[at])) == alone[at]
            if turn % 5 == 0:
                batch = receiver.open_batch(given, threads=1 + turn % 2)
                # The last is no mail at all: a batch tells it apart instead of making it a row.
                assert [index for index, *_ in batch.unreadable()] == [len(given) - 1]
                assert [fingerprint(batch[index]) for index in range(len(batch))] == alone[:-1]

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))


def test_par_19_an_opened_message_is_read_by_many_threads(receive: Receive, alice: build.Person) -> None:
    opened, barrier = receive().open(build.signed_mail(alice)), threading.Barrier(THREADS)
    expected = opened.to_dict()

    def work(_: int) -> None:
        barrier.wait()
        for _ in range(50):
            assert opened.to_dict() == expected
            assert opened.judge().status == "VALID"
            assert opened.signers[0].certificate is not None

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))


def busy_mail() -> bytes:
    """Takes the core about a tenth of a second and more: a large body to be hashed."""
    alice = build.person("alice@example.com")
    return build.signed_mail(alice, b"Content-Type: text/plain\r\n\r\n" + b"words and more words\r\n" * 2_000_000)


def test_par_19_the_interpreter_runs_while_the_core_works(receive: Receive) -> None:
    """The lock is let go: while one thread is inside the core, this one counts on."""
    mail, receiver = busy_mail(), receive()
    inside: list[tuple[float, float]] = []

    def work() -> None:
        start = time.perf_counter()
        receiver._inner.open(mail, 1_780_000_000)
        inside.append((start, time.perf_counter()))

    ticks = []
    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        ticks.append(time.perf_counter())
        time.sleep(0.0005)
    thread.join()
    start, end = inside[0]
    during = [tick for tick in ticks if start + (end - start) * 0.1 < tick < start + (end - start) * 0.9]
    assert end - start > 0.01
    # With the lock held for the whole of it there would be no tick at all within.
    assert len(during) >= 5, (end - start, len(during))


def test_par_19_two_threads_are_inside_at_once(receive: Receive) -> None:
    mail, receiver = busy_mail(), receive()
    spans: list[tuple[float, float]] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        start = time.perf_counter()
        receiver._inner.open(mail, 1_780_000_000)
        spans.append((start, time.perf_counter()))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (first_start, first_end), (second_start, second_end) = spans
    overlap = min(first_end, second_end) - max(first_start, second_start)
    assert overlap > 0.5 * min(first_end - first_start, second_end - second_start)


def test_par_19_the_module_declares_that_it_needs_no_lock() -> None:
    """Py_MOD_GIL_NOT_USED, written where the module is defined; on a free-threaded interpreter, also obeyed."""
    source = (child.ROOT / "rust" / "py" / "src" / "lib.rs").read_text(encoding="utf-8")
    assert "#[pymodule(gil_used = false)]" in source
    enabled = getattr(sys, "_is_gil_enabled", None)
    assert enabled is None or "free-threading" not in sys.version or not enabled()


# --- buffers and types ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bytearray", "memoryview", "mmap"])
def test_par_19_a_buffer_that_another_thread_changes(kind: str, receive: Receive, alice: build.Person) -> None:
    """Consistent whatever happens: what is called VALID has the signed content, and nothing else is."""
    mail = build.signed_mail(alice)
    backing: Any
    if kind == "mmap":
        backing = mmap.mmap(-1, len(mail))
        backing[:] = mail
    else:
        backing = bytearray(mail)
    buffer = memoryview(backing) if kind != "bytearray" else backing
    other, stop, receiver = b"\0" * len(mail), threading.Event(), receive()

    def scribble() -> None:
        while not stop.is_set():
            backing[:] = other
            backing[:] = mail

    thread = threading.Thread(target=scribble)
    thread.start()
    try:
        seen = set()
        for _ in range(100):
            opened = receiver.open(buffer)
            seen.add(opened.verdict.status)
            if opened.verdict.is_valid:
                assert opened.content == build.TEXT
            # What was judged is kept: it is judged alike again, however the buffer looks now.
            assert receiver.open(opened.raw).verdict.status == opened.verdict.status
    finally:
        stop.set()
        thread.join()
    backing[:] = mail
    assert receiver.open(buffer).verdict.is_valid
    assert seen <= {"VALID", "UNSIGNED", "INVALID", "INDETERMINATE"}


class Lies(bytes):
    """A subclass whose methods say other things than its octets."""

    def __len__(self) -> int:
        return 1 << 40

    def __bytes__(self) -> bytes:
        raise RuntimeError("not this way")

    def __getitem__(self, index: Any) -> Any:
        return 0


class BadFile(io.RawIOBase):
    def __init__(self, answer: object) -> None:
        self.answer = answer

    def read(self, size: int = -1, /) -> Any:  # noqa: ARG002
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_par_19_a_subclass_of_bytes_is_read_by_its_octets(receive: Receive, alice: build.Person) -> None:
    opened = receive().open(Lies(build.signed_mail(alice)))
    assert opened.verdict.is_valid
    assert opened.content == build.TEXT


WRONG: list[object] = [None, 0, 1.5, "text", [], {}, object(), [b"bytes"], range(3), Exception, b"x".__class__]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_par_19_wrong_types_are_type_errors(wrong: Any, receive: Receive) -> None:
    receiver = receive()
    calls: list[Callable[[], object]] = [
        lambda: receiver.open(wrong),
        lambda: receiver.open_batch([wrong]),
        lambda: receiver.open(BadFile(wrong)),  # type: ignore[arg-type]
        lambda: receiver.open(b"", at=5 if wrong is None else wrong),  # type: ignore[arg-type]
        lambda: mailseal.cms.verify(wrong, trust=None),
        lambda: mailseal.Certificate.load(wrong),
        lambda: mailseal.Identity.load(wrong),
        lambda: receiver._inner.open(wrong, 0),
        lambda: receiver._inner.open(b"", "0" if isinstance(wrong, int) else wrong),  # type: ignore[arg-type]
        lambda: receiver._inner.open_slices(wrong, [], [], [], [], [], 0),
        lambda: mailseal._core.inspect(wrong),
        lambda: mailseal._core.parse_date(wrong),
    ]
    for call in calls:
        with pytest.raises((TypeError, OSError)):
            call()


def test_par_19_numbers_out_of_range_are_refused(receive: Receive) -> None:
    core = receive()._inner
    for number in (1 << 63, -(1 << 63) - 1, 1 << 200):
        with pytest.raises(OverflowError):
            core.open(b"", number)
    for ranges in ([(0, 9)], [(5, 1)], [(1 << 62, (1 << 62) + 1)]):
        with pytest.raises(ValueError, match="range lies outside"):
            core.open_slices(b"12345678", ranges, [""], [""], [0], [None], 0)
    with pytest.raises(OverflowError):
        core.open_slices(b"12345678", [(-1, 4)], [""], [""], [0], [None], 0)
    for at in (-(1 << 63), (1 << 63) - 1):
        assert core.open(build.signed_mail(build.person("alice@example.com")), 0, at).verdict.status != "VALID"


def test_par_19_what_a_file_raises_comes_through(receive: Receive) -> None:
    for error in (OSError(5, "io"), RuntimeError("mine"), KeyError("mine")):
        with pytest.raises(type(error)):
            receive().open(BadFile(error))  # type: ignore[arg-type]


# --- panics ---------------------------------------------------------------------------------------------------------


def test_par_19_a_panic_is_an_internal_error_on_every_thread(receive: Receive, alice: build.Person) -> None:
    """It derives from Exception, its text names no place in memory, and the next call is none the worse."""

    def provoke(_: int) -> mailseal.Error:
        with pytest.raises(mailseal.InternalError) as caught:
            mailseal._core.provoke_panic()
        return caught.value

    with ThreadPoolExecutor(4) as pool:
        errors = list(pool.map(provoke, range(40)))
    assert {(error.code, str(error)) for error in errors} == {("internal.panic", str(errors[0]))}
    assert receive().open(build.signed_mail(alice)).verdict.is_valid


def test_par_19_every_entry_goes_through_the_funnel() -> None:
    """`catch_unwind` stands in one place; whatever lets the lock go does it there."""
    sources = {path.name: path.read_text(encoding="utf-8") for path in (child.ROOT / "rust/py/src").glob("*.rs")}
    assert [name for name, text in sources.items() if "catch_unwind(" in text] == ["enter.rs"]
    assert [name for name, text in sources.items() if ".detach(" in text] == ["enter.rs"]


# --- memory and the end ---------------------------------------------------------------------------------------------


def child_leak(rounds: str) -> dict[str, Any]:
    """Resident memory after a warm-up and after as many opens again, over messages of every way through the core."""
    alice, bob = build.person("alice@example.com"), build.person("bob@example.com")
    given = mails(alice, bob)
    receiver = mailseal.Receiver(
        trust=build.root().der, keys=mailseal.Identity.load(bob.pem), policy=mailseal.Policy.archive(), threads=2
    )

    def turn(count: int) -> int:
        for index in range(count):
            opened = receiver.open(given[index % len(given)])
            if index % 7 == 0:
                opened.to_dict()
            with contextlib.suppress(mailseal.Error):
                opened.require_content()
            if index % 500 == 0:
                receiver.open_batch(given).__arrow_c_array__()
                with contextlib.suppress(mailseal.InternalError):
                    mailseal._core.provoke_panic()
        return child.resident()

    first = turn(int(rounds) // 4)
    return {"first": first, "last": turn(int(rounds))}


def test_par_19_memory_does_not_grow() -> None:
    found = child.run(HERE + "child_leak", 20_000, timeout=200)
    # One byte lost at each of 20,000 opens would be 20 kB: what grows here is the allocator's own.
    assert found["last"] - found["first"] <= 1 * MIB, found


EXIT = {
    "a thread inside the core": "threading.Thread(target=lambda: [r.open(mail) for _ in range(200)], daemon=True)"
    ".start(); time.sleep(0.05)",
    "a batch on other threads": "threading.Thread(target=lambda: r.open_batch([mail] * 50), daemon=True).start();"
    " time.sleep(0.02)",
    "objects that live to the end": "import sys; sys.keep = (r, r.open(mail),"
    " r.open_batch([mail]).__arrow_c_array__())",
    "an open in an exit handler": "import atexit; atexit.register(lambda: r.open(mail))",
    "an open in a finaliser": "class End:\n    def __del__(self, r=r, mail=mail): r.open(mail)\nend = End()",
    "a panic at the end": "import atexit; atexit.register(lambda: mailseal._core.provoke_panic())",
}


@pytest.mark.parametrize("how", list(EXIT))
def test_par_19_the_interpreter_ends_in_peace(how: str) -> None:
    code = (
        "import threading, time, mailseal\n"
        "head = b'From: a@b\\r\\nContent-Type: multipart/mixed; boundary=b\\r\\n\\r\\n'\n"
        "mail = head + b'--b\\r\\n\\r\\nx\\r\\n' * 9000\n"
        "r = mailseal.Receiver(trust=None, threads=2)\n" + EXIT[how]
    )
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        if "panic" not in how:
            assert done.stderr == b""
