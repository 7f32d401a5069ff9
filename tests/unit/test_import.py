from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from mailseal.archive import import_archive

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.world import World


def rows(out: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for part in sorted((out / "parts").glob("*.jsonl")) for line in part.read_bytes().splitlines()
    ]


@pytest.fixture
def receiver(world: World) -> mailseal.Receiver:
    keys = mailseal.Identity.load(world.bob.pkcs12(None))
    return mailseal.Receiver(trust=world.root, keys=keys, policy=mailseal.Policy.archive())


def test_rows_and_report(receiver: mailseal.Receiver, mbox_file: Path, tmp_path: Path) -> None:
    report = import_archive(mbox_file, tmp_path / "out", receiver=receiver, format="jsonl")
    assert (report.messages, report.rows, report.exit_code) == (10, 10, 0)
    assert report.status == {"VALID": 4, "UNSIGNED": 6}
    assert report.decryption["OK"] == 3
    assert report.missing_keys == 0
    found = rows(tmp_path / "out")
    assert [row["subject"] for row in found] == [f"number {n}" for n in range(10)]
    assert [row["received_at"] for row in found] == sorted(row["received_at"] for row in found)
    whole = mbox_file.read_bytes()
    for row in found:
        raw = whole[row["byte_offset"] : row["byte_offset"] + row["byte_length"]]
        assert hashlib.sha256(raw).hexdigest() == row["raw_sha256"]
        assert row.get("content") is None
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    assert told == json.loads(json.dumps(report.to_dict()))
    assert told["bytes"] == sum(row["byte_length"] for row in found)
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["seconds"] > 0
    assert run["jobs"] >= 1
    assert not (tmp_path / "out" / "quarantine").exists()


def test_parquet_holds_the_same_rows(receiver: mailseal.Receiver, mbox_file: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    import_archive(mbox_file, tmp_path / "p", receiver=receiver, format="parquet", content=True)
    import_archive(mbox_file, tmp_path / "j", receiver=receiver, format="jsonl", content=True)
    table = parquet.read_table(tmp_path / "p" / "parts")
    lines = rows(tmp_path / "j")
    assert table.num_rows == len(lines) == 10
    for column in ("id", "raw_sha256", "status", "decryption", "subject", "findings", "content_sha256"):
        assert table.column(column).to_pylist() == [line[column] for line in lines]
    for content, digest in zip(
        table.column("content").to_pylist(), table.column("content_sha256").to_pylist(), strict=True
    ):
        assert hashlib.sha256(content).hexdigest() == digest


def test_jobs_change_nothing_but_the_time(receiver: mailseal.Receiver, mbox_file: Path, tmp_path: Path) -> None:
    for jobs in (1, 3):
        import_archive(mbox_file, tmp_path / str(jobs), receiver=receiver, jobs=jobs, format="jsonl")
    one, three = rows(tmp_path / "1"), rows(tmp_path / "3")
    for row in one + three:
        row.pop("judged_at")
    assert one == three
    assert (tmp_path / "1" / "report.json").read_bytes() == (tmp_path / "3" / "report.json").read_bytes()


def test_missing_keys_are_counted(world: World, mbox_file: Path, tmp_path: Path) -> None:
    locked = mailseal.Receiver(trust=world.root, policy=mailseal.Policy.archive())
    report = import_archive(mbox_file, tmp_path / "out", receiver=locked, format="jsonl")
    (line,) = (tmp_path / "out" / "missing_keys.jsonl").read_text().splitlines()
    missing = json.loads(line)
    identifiers = [row["id"] for row in rows(tmp_path / "out") if row["wanted_keys"]]
    assert (missing["count"], missing["first"], missing["last"]) == (3, identifiers[0], identifiers[-1])
    assert report.exit_code == 0
    assert report.missing_keys == 1


def test_what_is_too_big_is_quarantined_and_the_run_goes_on(world: World, mbox_file: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    big = world.plain("big") + b"x" * 50_000
    (tree / "..%2f..%2fbig.eml").write_bytes(big)
    (tree / "small.eml").write_bytes(world.plain())
    policy = mailseal.Policy.archive().replace(limits=mailseal.Limits(message_bytes=40_000))
    receiver = mailseal.Receiver(trust=None, policy=policy)
    report = import_archive([tree, mbox_file], tmp_path / "out", receiver=receiver, format="jsonl")
    assert (report.messages, report.rows, report.quarantined, report.exit_code) == (12, 11, 1, 1)
    name = hashlib.sha256(big).hexdigest()
    kept = sorted(path.name for path in (tmp_path / "out" / "quarantine").iterdir())
    assert kept == [f"{name}.eml", "reasons.jsonl"]
    assert (tmp_path / "out" / "quarantine" / f"{name}.eml").read_bytes() == big
    reason = json.loads((tmp_path / "out" / "quarantine" / "reasons.jsonl").read_text())
    assert reason["code"] == "limit.message-bytes"
    assert reason["byte_length"] == len(big)


def test_an_unreadable_file_does_not_stop_the_run(
    world: World, receiver: mailseal.Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("a.eml", "b.eml", "c.eml"):
        (tree / name).write_bytes(world.plain(name))
    from mailseal.archive.blocks import read_at

    calls = iter(range(100))

    def failing(descriptor: int, offset: int, length: int) -> bytes:
        if next(calls) == 1:
            raise OSError(5, "Input/output error")
        return read_at(descriptor, offset, length)

    monkeypatch.setattr("mailseal.archive.tree.read_at", failing)
    report = import_archive(tree, tmp_path / "out", receiver=receiver, format="jsonl")
    assert (report.rows, report.unreadable_count, report.exit_code) == (2, 1, 1)
    assert report.unreadable[0]["source"].endswith("b.eml")
    assert "Input/output" in report.unreadable[0]["reason"]
    assert [row["subject"] for row in rows(tmp_path / "out")] == ["a.eml", "c.eml"]


def test_arguments_that_would_do_harm_are_refused(receiver: mailseal.Receiver, mbox_file: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "keep").write_text("mine")
    with pytest.raises(FileExistsError, match="not empty"):
        import_archive(mbox_file, tmp_path / "full", receiver=receiver)
    with pytest.raises(ValueError, match="within"):
        import_archive(tmp_path, tmp_path / "out", receiver=receiver)
    with pytest.raises(FileNotFoundError):
        import_archive(tmp_path / "none", tmp_path / "out", receiver=receiver)
    with pytest.raises(ValueError, match="one of"):
        import_archive(mbox_file, tmp_path / "out")
    with pytest.raises(ValueError, match="format"):
        import_archive(mbox_file, tmp_path / "out", receiver=receiver, format="xml")
    assert (tmp_path / "full" / "keep").read_text() == "mine"


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_run_that_is_stopped_leaves_no_part_and_no_report_and_goes_on(
    receiver: mailseal.Receiver, mbox_file: Path, tmp_path: Path, kind: str
) -> None:
    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_archive(mbox_file, tmp_path / "out", receiver=receiver, format=kind, progress=stop)
    assert [path.name for path in (tmp_path / "out" / "parts").iterdir()] == [".part-00000.rows"]
    assert not (tmp_path / "out" / "report.json").exists()
    report = import_archive(mbox_file, tmp_path / "out", receiver=receiver, format=kind)
    assert (report.rows, report.resumed, report.complete_before) == (10, 1, False)
    assert [path.name for path in (tmp_path / "out" / "parts").iterdir()] == [f"part-00000.{kind}"]


def test_parts_rotate(
    receiver: mailseal.Receiver, mbox_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailseal.archive.output.PART_ROWS", 1)
    monkeypatch.setattr("mailseal.archive.output.GROUP_ROWS", 1)
    for kind in ("jsonl", "parquet"):
        report = import_archive([mbox_file, mbox_file], tmp_path / kind, receiver=receiver, format=kind)
        assert report.parts == [f"part-{n:05d}.{kind}" for n in range(len(report.parts))]
        assert len(report.parts) > 1
        assert sorted(path.name for path in (tmp_path / kind / "parts").iterdir()) == report.parts


def test_progress_ends_at_the_whole(receiver: mailseal.Receiver, mbox_file: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    report = import_archive(mbox_file, tmp_path / "out", receiver=receiver, progress=lambda *now: told.append(now))
    assert told[-1] == (report.bytes, 10)
    assert told == sorted(told)
