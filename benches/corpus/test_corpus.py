"""The corpus is proven by peers, is the same for the same seed, and its check can fail."""

from __future__ import annotations

import base64
import hashlib
import json
import mailbox
import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
from asn1crypto import core
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from benches.corpus import ber, escrow, pki, rsa_keys
from benches.corpus.__main__ import main
from benches.corpus.archive import Options, generate
from benches.corpus.chance import Chance
from benches.corpus.check import check, sample
from benches.corpus.kinds import BLOCK, KINDS, Schedule
from benches.corpus.mime_build import lines
from benches.corpus.peers import open_key

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 400


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "made"
    generate(folder, Options(seed=7, count=COUNT, scale="small"))
    return folder


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]


def fingerprint(folder: Path) -> str:
    """Over the names and bytes of all files."""
    state = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        state.update(f"{path.relative_to(folder)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()


@pytest.mark.usefixtures("openssl")
def test_peers_agree_with_the_manifest(corpus: Path) -> None:
    assert check(corpus, 2 * len(KINDS)) == 0


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "VALID"),
        ("decryption", "OK"),
        ("content_sha256", "00"),
        ("findings", ["chain.expired"]),
        ("wanted_keys", 9),
    ],
)
def test_the_check_sees_a_wrong_manifest(corpus: Path, tmp_path: Path, field: str, value: object) -> None:
    folder = tmp_path / "wrong"
    shutil.copytree(corpus, folder)
    rows = [row for row in rows_of(folder) if row["kind"] in ("plain", "tampered-body")][:8]
    for row in rows:
        row["expect"][field] = value
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert check(folder, len(rows)) == 1


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize("kind", ["clear-p256", "opaque-ed25519", "sign-encrypt-rsa", "x25519-aes256-gcm"])
def test_the_check_sees_changed_mail(corpus: Path, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(corpus, folder)
    row = next(row for row in rows_of(folder) if row["kind"] == kind)
    path = folder / row["path"]
    data = bytearray(path.read_bytes())
    end = row["offset"] + row["length"]
    mark = data.find(b"Content-Type: application/pkcs7-signature", row["offset"], end)
    # The end of the signed part, or of the outermost CMS structure: certificates before it may be changed without harm.
    at = data.rindex(b"\n", 0, mark - 200 if mark >= 0 else end - 80) + 3
    data[at] = ord("A") if data[at] != ord("A") else ord("B")
    path.write_bytes(data)
    row["raw_sha256"] = hashlib.sha256(data[row["offset"] : end]).hexdigest()
    (folder / "manifest.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert check(folder, 1) == 1


def test_same_seed_same_bytes_with_any_number_of_workers(corpus: Path, tmp_path: Path) -> None:
    generate(tmp_path / "again", Options(seed=7, count=COUNT, scale="small"), jobs=2)
    assert fingerprint(tmp_path / "again") == fingerprint(corpus)


def test_another_seed_gives_other_mail_and_other_certificates(corpus: Path, tmp_path: Path) -> None:
    generate(tmp_path / "other", Options(seed=8, count=80, scale="small"))
    hashes_of = {row["raw_sha256"] for row in rows_of(corpus)}
    assert not hashes_of & {row["raw_sha256"] for row in rows_of(tmp_path / "other")}
    assert pki.fingerprint(pki.build(7)) != pki.fingerprint(pki.build(8))


def test_every_kind_is_there_and_quotas_are_exact(corpus: Path) -> None:
    assert {row["kind"] for row in rows_of(corpus)} == {kind.name for kind in KINDS}
    for block in (0, 3):
        schedule = Schedule(5)
        drawn = Counter(schedule.kind(block * BLOCK + place).name for place in range(BLOCK))
        assert drawn == {kind.name: kind.weight for kind in KINDS}


def test_the_stores_hold_what_the_manifest_says(corpus: Path) -> None:
    """Read with the standard library's mailbox module: its own idea of where a message begins."""
    by_store: dict[str, list[str]] = {}
    for row in rows_of(corpus):
        by_store.setdefault(row["path"].split("/")[1], []).append(row["message_id"])
    for name in ("inbox.mbox", "sent.mbox"):
        box = mailbox.mbox(corpus / "archive" / name, create=False)
        assert [message["Message-ID"] for message in box] == by_store[name]
        box.close()
    folder = mailbox.Maildir(corpus / "archive" / "Maildir", create=False)
    assert sorted(message["Message-ID"] for message in folder) == sorted(by_store["Maildir"])
    assert len(list((corpus / "archive" / "eml").glob("*/*/*.eml"))) == len(by_store["eml"])
    assert b"\r\n" not in (corpus / "archive" / "inbox.mbox").read_bytes()


def test_the_received_time_can_be_read_from_the_store(corpus: Path) -> None:
    """mbox: the From_ line; Maildir: the file name; single file: the topmost Received, or Date."""
    seen = Counter[str]()
    for row in rows_of(corpus):
        path = corpus / row["path"]
        if row["form"] == "maildir":
            stamp = int(path.name.split(".")[0])
        elif row["form"] == "mbox":
            before = path.read_bytes()[: row["offset"]].splitlines()[-1].decode()
            assert before.startswith("From MAILER-DAEMON ")
            moment = datetime.strptime(before.split(" ", 2)[2], "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
            stamp = int(moment.timestamp())
        else:
            message = message_from_bytes(path.read_bytes())
            trace = str(message["Received"] or "").rpartition(";")[2].strip()
            seen["trace" if trace else "date"] += 1
            stamp = int(parsedate_to_datetime(trace or message["Date"]).timestamp())
            assert f"{datetime.fromtimestamp(stamp, UTC):%Y/%m}" in row["path"]
        assert stamp == row["received"], row
    assert seen["trace"] > seen["date"] > 0


def test_sample_holds_every_kind(corpus: Path) -> None:
    chosen = sample(corpus, 100)
    assert len(chosen) == 100
    assert {row["kind"] for row in chosen} == {kind.name for kind in KINDS}


def test_forms_can_be_chosen(tmp_path: Path) -> None:
    generate(tmp_path / "only", Options(seed=1, count=20, scale="small", forms=("eml",)))
    assert {row["form"] for row in rows_of(tmp_path / "only")} == {"eml"}
    assert [path.name for path in (tmp_path / "only" / "archive").iterdir()] == ["eml"]


@pytest.mark.usefixtures("openssl")
def test_command_line_reports_and_refuses_a_full_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["--out", str(tmp_path / "c"), "--count", "80", "--scale", "small", "--check", "10"]
    assert main(call) == 0
    report = capsys.readouterr().out
    assert "80 messages" in report
    assert "messages/s" in report
    assert "0 differences" in report
    assert main(call) == 2


@pytest.mark.usefixtures("openssl")
def test_escrow_files_open_with_the_listed_passwords_in_two_peers(corpus: Path) -> None:
    words = (corpus / "passwords.txt").read_text(encoding="utf-8").splitlines()
    assert set(words) == {*escrow.PASSWORDS, *escrow.WRONG_PASSWORDS}
    about = json.loads((corpus / "corpus.json").read_text(encoding="utf-8"))
    assert {key["form"] for key in about["keys"]} == {form for form, _ in escrow.FILE_FORMS}
    for key in about["keys"]:
        path = corpus / key["file"]
        private, certificate = open_key(path.read_bytes(), words, bundle=path.suffix == ".p12")
        assert private.public_key() == certificate.public_key()
        verb = ("pkcs12", "-nodes") if path.suffix == ".p12" else ("pkey", "-noout")
        opened = [
            subprocess.run(["openssl", *verb, "-in", path, "-passin", f"pass:{word}"], capture_output=True, check=False)
            for word in words
        ]
        assert sum(run.returncode == 0 for run in opened) == (len(words) if key["form"] == "pem-plain" else 1), key


def test_the_pool_of_primes_is_what_the_search_finds() -> None:
    for index in (0, len(rsa_keys.SIZES) - 1):
        assert rsa_keys.pool()[index] == rsa_keys.primes_of(index)
    for (p, q), size in zip(rsa_keys.pool(), rsa_keys.SIZES, strict=True):
        assert (p * q).bit_length() == size
        assert rsa_keys.is_prime(p, 2)
        assert rsa_keys.is_prime(q, 2)
    assert len({prime for pair in rsa_keys.pool() for prime in pair}) == 2 * len(rsa_keys.SIZES)
    assert not any(map(rsa_keys.is_prime, (2047, 1373653, 25326001, 3215031751, rsa_keys.pool()[0][0] + 2)))


@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256()])  # noqa: S303 - old mail has it
def test_paddings_of_rsa_are_those_of_pyca(digest: hashes.HashAlgorithm) -> None:
    key = rsa_keys.RsaKey(0)
    chance = Chance("paddings", digest.name)
    cek = chance.data(32)
    assert key.key.decrypt(rsa_keys.encrypt_v15(key.n, cek, chance.nonzero(256)), padding.PKCS1v15()) == cek
    oaep = padding.OAEP(padding.MGF1(digest), digest, None)
    assert key.key.decrypt(rsa_keys.encrypt_oaep(key.n, cek, chance.data(64), digest.name), oaep) == cek
    signature = rsa_keys.sign_pss(key, b"message", chance.data(32), digest.name)
    key.key.public_key().verify(signature, b"message", padding.PSS(padding.MGF1(digest), 32), digest)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 3000, 70000])
def test_both_forms_of_an_octet_string_hold_the_same(size: int) -> None:
    data = Chance("octets", size).data(size)
    for form in (ber.DER, ber.Ber(100), ber.Ber(4096)):
        assert core.OctetString.load(form.string(data), strict=True).native == data
    assert ber.Ber(100).string(data)[1] == 0x80


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 1 << 127, 1 << 159])
def test_integers_are_read_by_asn1crypto(value: int) -> None:
    assert core.Integer.load(ber.integer(value), strict=True).native == value


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 17099, 17100, 17101, 30000])
@pytest.mark.parametrize("width", [64, 76])
def test_base64_lines_are_the_same_by_both_ways(size: int, width: int) -> None:
    data = Chance("lines", size).data(size)
    rows = lines(data, width).split(b"\r\n")
    assert rows[-1] == b""
    assert all(len(row) == width for row in rows[:-2])
    assert not rows[:-1] or 0 < len(rows[-2]) <= width
    assert b"".join(rows) == base64.b64encode(data)
