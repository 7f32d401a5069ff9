"""The same message by every door comes to the same (G5): single open, batch, command line, import.

One message of each kind that the generator of the benches knows: good, weak, broken, foreign, hostile.
"""

from __future__ import annotations

import hashlib
import io
import json
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mailseal
import pytest
from mailseal.archive import import_archive
from mailseal.cli import exit_codes
from mailseal.cli.app import run

from benches.corpus.archive import Options, generate
from benches.corpus.kinds import KINDS

# Judged at one time by all doors: what the mail says of itself plays no part here.
AT = datetime(2026, 6, 30, tzinfo=UTC)
ALIKE = (
    "status",
    "summary",
    "decryption",
    "authenticated",
    "coverage",
    "findings",
    "layers",
    "signers",
    "wanted_keys",
    "content_sha256",
    "content_length",
    "raw_sha256",
    "message_id",
    "mail_from",
    "subject",
)


class Corpus:
    """One message of each kind as a file, and the means to open them."""

    def __init__(self, folder: Path) -> None:
        made = folder / "made"
        generate(made, Options(seed=11, count=400, scale="small"))
        rows = [json.loads(line) for line in (made / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
        self.kinds: dict[str, Path] = {}
        self.single = folder / "single"
        self.single.mkdir()
        for row in rows:
            if row["kind"] not in self.kinds:
                with (made / row["path"]).open("rb") as file:
                    file.seek(row["offset"])
                    raw = file.read(row["length"])
                path = self.single / f"{row['kind']}.eml"
                path.write_bytes(raw)
                self.kinds[row["kind"]] = path
        self.anchors, self.keys, self.passwords = made / "trust" / "anchors.pem", made / "keys", made / "passwords.txt"
        words = self.passwords.read_text(encoding="utf-8").splitlines()
        self.keyring = mailseal.Keyring.load_dir(self.keys, passwords=words)

    def receiver(self, policy: str) -> mailseal.Receiver:
        chosen = mailseal.Policy.named(policy).replace(time="now")
        return mailseal.Receiver(trust=self.anchors, keys=self.keyring, policy=chosen, threads=2)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus(tmp_path_factory.mktemp("doors"))


def row_of(opened: mailseal.Opened) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(opened._inner.row_json())
    return {name: row[name] for name in ALIKE}


def rows_of(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]


def command(*arguments: object) -> tuple[int, bytes]:
    """The command line in this process: its exit code and standard output."""
    output, errors = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(output), redirect_stderr(errors):
        code = run([str(argument) for argument in arguments])
    output.flush()
    return code, output.buffer.getvalue()


def content_hash(opened: mailseal.Opened) -> str | None:
    return None if opened.content is None else hashlib.sha256(opened.content).hexdigest()


def test_g5_every_kind_is_there(corpus: Corpus) -> None:
    assert set(corpus.kinds) == {kind.name for kind in KINDS}


@pytest.mark.parametrize("policy", ["default", "archive", "strict"])
def test_g5_single_and_batch_agree(policy: str, corpus: Corpus) -> None:
    receiver = corpus.receiver(policy)
    raws = [path.read_bytes() for path in corpus.kinds.values()]
    batch = receiver.open_batch(raws)
    assert batch.unreadable() == []
    for name, raw, row, again in zip(corpus.kinds, raws, rows_of(batch.json_lines()), batch, strict=True):
        opened = receiver.open(raw)
        told = row_of(opened)
        assert {key: row[key] for key in ALIKE} == told, name
        assert row_of(again) == told, name
        # The row says what the object says.
        assert told["status"] == opened.verdict.status
        assert told["summary"] == opened.verdict.summary
        assert told["decryption"] == opened.decryption
        # Each code once, however many signers earned it.
        assert told["findings"] == list(dict.fromkeys(finding.code for finding in opened.verdict.findings)), name
        assert told["content_sha256"] == content_hash(opened), name


@pytest.mark.parametrize("policy", ["default", "archive"])
def test_g5_import_agrees(policy: str, corpus: Corpus, tmp_path: Path) -> None:
    """The job's record, and its counts, are those of the messages one by one: whatever the format."""
    receiver = corpus.receiver(policy)
    report = import_archive(corpus.single, tmp_path / "out", receiver=receiver, format="jsonl", jobs=2)
    (part,) = report.parts
    rows = {Path(row["source"]).stem: row for row in rows_of((tmp_path / "out" / "parts" / part).read_bytes())}
    assert set(rows) == set(corpus.kinds)
    assert (report.messages, report.rows, report.exit_code) == (len(rows), len(rows), 0)
    seen: dict[str, int] = {}
    for name, path in corpus.kinds.items():
        told = row_of(receiver.open(path))
        assert {key: rows[name][key] for key in ALIKE} == told, name
        seen[told["status"]] = seen.get(told["status"], 0) + 1
    assert dict(report.status) == seen
    assert set(seen) == {"VALID", "INVALID", "INDETERMINATE", "UNSIGNED"}


def test_g5_parquet_holds_what_json_lines_hold(corpus: Corpus, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    receiver = corpus.receiver("archive")
    import_archive(corpus.single, tmp_path / "parquet", receiver=receiver, format="parquet")
    rows = parquet.read_table(tmp_path / "parquet" / "parts" / "part-00000.parquet").to_pylist()
    for row in rows:
        told = row_of(receiver.open(Path(row["source"])))
        assert {key: row[key] for key in ("status", "summary", "decryption", "findings", "content_sha256")} == {
            key: told[key] for key in ("status", "summary", "decryption", "findings", "content_sha256")
        }


@pytest.mark.parametrize("policy", ["default", "archive"])
def test_g5_the_command_agrees(policy: str, corpus: Corpus, tmp_path: Path) -> None:
    """`open --json` says what the object says, writes the same content, and its exit code follows from the findings."""
    means = ["--keys", corpus.keys, "--password-file", corpus.passwords, "--trust", corpus.anchors]
    receiver = mailseal.Receiver(trust=corpus.anchors, keys=corpus.keyring, policy=mailseal.Policy.named(policy))
    codes: dict[int, list[str]] = {}
    for name, path in corpus.kinds.items():
        out = tmp_path / f"{name}.out"
        moment = AT.isoformat()
        code, output = command("open", path, "--json", "-o", out, "--at", moment, "--policy", policy, *means)
        opened = receiver.open(path, at=AT)
        told = json.loads(output)
        expected = json.loads(json.dumps(opened.to_dict()))
        assert {key: told[key] for key in told if key != "source"} == {
            key: expected[key] for key in expected if key != "source"
        }, name
        assert told["status"] == opened.verdict.status
        written = out.read_bytes() if out.exists() else None
        assert written == opened.content, name
        codes.setdefault(code, []).append(name)
        assert (code == 4) <= (opened.decryption in {"FAILED", "UNKNOWN"}), name
        if opened.verdict.is_valid and opened.content is not None:
            assert code == exit_codes.OK, name
        if opened.verdict.status == "INVALID":
            assert code not in {exit_codes.OK, exit_codes.INCOMPLETE}, name
        if opened.decryption in {"FAILED", "UNKNOWN"}:
            assert code in {exit_codes.LOCKED, exit_codes.MALFORMED}, name
    assert {exit_codes.OK, exit_codes.FALSE, exit_codes.LOCKED, exit_codes.UNPROVEN} <= set(codes)


def test_g5_the_strict_doors_agree(corpus: Corpus) -> None:
    """`verify` raises for all but VALID, `decrypt` where the content is withheld; the code is one of the findings."""
    receiver = corpus.receiver("archive")
    for name, path in corpus.kinds.items():
        opened = receiver.open(path)
        codes = {finding.code for finding in opened.verdict.findings}
        for door, good in ((receiver.verify, opened.verdict.is_valid), (receiver.decrypt, opened.content is not None)):
            if good:
                assert door(path).content == opened.content, name
                continue
            with pytest.raises(mailseal.Error) as caught:
                door(path)
            assert caught.value.code in codes or not codes, (name, caught.value.code, codes)
            assert exit_codes.of_error(caught.value) not in {exit_codes.OK, exit_codes.INCOMPLETE}, name
