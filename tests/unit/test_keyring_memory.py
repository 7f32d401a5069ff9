"""What a key costs in a keyring of many, measured in a process of its own (goal: 100,000 RSA-2048 keys in 200 MB)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mailseal
import pytest

from benches import keyring
from tests.support import child

if TYPE_CHECKING:
    from pathlib import Path

GOAL = 200_000_000
KEYS = 100_000
# Of a thousand keys: their tables are less full than those of 100,000, and the paths of tests are long.
A_KEY = 2_200


def child_bytes_a_key(folder: str) -> float:
    """Above a thousand keys, whose loading has warmed up everything else."""
    first = mailseal.Keyring.load_dir(f"{folder}/pem/0000", threads=1)
    before = child.resident()
    others = [mailseal.Keyring.load_dir(f"{folder}/pem/{number:04}", threads=2) for number in (1, 2)]
    grown = child.resident() - before
    assert [len(ring) for ring in (first, *others)] == [1000, 1000, 1000]
    return grown / 2000


def test_a_key_costs_its_primes_and_its_certificate(tmp_path: Path, account: list[str]) -> None:
    keyring.make(tmp_path, 3000, ec_percent=0, p12_every=0)
    cost = child.run("tests.unit.test_keyring_memory:child_bytes_a_key", tmp_path)
    account.append(f"keyring: {cost:.0f} bytes for an RSA-2048 key with its certificate")
    assert cost <= A_KEY


def child_many(folder: str) -> dict[str, int]:
    child.forget_peaks()
    before = child.resident()
    ring = mailseal.Keyring.load_dir(folder, threads=2)
    assert (len(ring), ring.failures) == (KEYS, ())
    return {"resident": child.resident() - before, "peak": child.status("VmHWM") - before}


@pytest.mark.proof
def test_100_000_keys_take_200_mb(tmp_path: Path, account: list[str]) -> None:
    keyring.make(tmp_path, KEYS, ec_percent=0, p12_every=0)
    taken = child.run("tests.unit.test_keyring_memory:child_many", tmp_path / "pem", timeout=1200)
    account.append(
        f"keyring of {KEYS} keys: {taken['resident'] / 1e6:.0f} MB, at the peak {taken['peak'] / 1e6:.0f} MB"
    )
    assert taken["resident"] <= GOAL


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_threads_change_nothing(threads: int, tmp_path: Path) -> None:
    """Keys, files and failures stand in the order of the names, however many threads read them."""
    keyring.make(tmp_path, 200, ec_percent=50, p12_every=50)
    (tmp_path / "pem" / "0000" / "000100x.pem").write_bytes(b"no key")
    ring = mailseal.Keyring.load_dir(tmp_path, [keyring.PASSWORD], threads=threads)
    assert len(ring) == 200
    files = [file for file in ring.files if file is not None]
    assert files == sorted(files)
    assert len(files) == 204
    assert [name.rpartition("/")[2] for name, _ in ring.failures] == ["000100x.pem"]
    subjects = [identity.certificate.subject for identity in ring.identities if identity.certificate]
    assert [f"User {int(file[-10:-4])}," in f"{subject}," for file, subject in zip(files, subjects, strict=True)]
