"""Runs that were broken off, gone on with."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mailseal.archive import import_archive
from mailseal.archive.blocks import Block, Unit, Unread
from mailseal.archive.journal import Journal, JournalError
from mailseal.archive.tree import WHOLE, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.world import World

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LIMIT = 2_000
BLOCK = 4_096


@pytest.fixture
def receiver(world: World) -> mailseal.Receiver:
    keys = mailseal.Identity.load(world.bob.pkcs12(None))
    policy = mailseal.Policy.archive().replace(limits=mailseal.Limits(message_bytes=60_000))
    return mailseal.Receiver(trust=world.root, keys=keys, policy=policy)


@pytest.fixture
def archive(world: World, mbox_file: Path, tmp_path: Path) -> Path:
    """A tree with all that an archive has: mboxes, folders, a Maildir, things that are no messages, what is too big."""
    tree = tmp_path / "tree"
    for folder in ("a", "a/b", "c", "d/cur", "d/new", "d/tmp"):
        (tree / folder).mkdir(parents=True)
    shutil.copy(mbox_file, tree / "a" / "box")
    shutil.copy(mbox_file, tree / "c" / "box")
    for place in ("a.eml", "a/b/one.eml", "a/z.eml", "c/1.eml", "d/cur/1.x:2,S", "d/new/2.x"):
        (tree / place).write_bytes(world.plain(place))
    (tree / "c" / "big.eml").write_bytes(world.plain("big") + b"x" * 70_000)
    (tree / "c" / "empty.eml").write_bytes(b"")
    (tree / "c" / "notes").write_text("- nothing\n")
    (tree / "link").symlink_to("a.eml")
    return tree


def outcome(out: Path) -> dict[str, bytes]:
    """All that must not depend on how often the run was broken off."""
    files = (path for path in out.rglob("*") if path.is_file() and path.name not in ("run.json", "journal.jsonl"))
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_broken_off_after_every_unit(
    receiver: mailseal.Receiver, archive: Path, tmp_path: Path, kind: str, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailseal.archive.output.PART_ROWS", 4)
    options: dict[str, Any] = {"receiver": receiver, "format": kind, "jobs": jobs, "now": NOW, "content": True}
    undisturbed = import_archive(archive, tmp_path / "whole", **options)
    assert (undisturbed.messages, undisturbed.rows, undisturbed.quarantined) == (28, 26, 2)
    calls = 0

    def stop(*_: int) -> None:
        nonlocal calls
        calls += 1
        raise KeyboardInterrupt

    for _ in range(100):
        try:
            report = import_archive(archive, tmp_path / "out", **options, progress=stop if calls < 90 else None)
            break
        except KeyboardInterrupt:
            assert not (tmp_path / "out" / "report.json").exists()
    assert report.resumed == calls > 5
    assert outcome(tmp_path / "out") == outcome(tmp_path / "whole")


def test_a_finished_run_is_not_done_again(receiver: mailseal.Receiver, archive: Path, tmp_path: Path) -> None:
    first = import_archive(archive, tmp_path / "out", receiver=receiver)
    before = outcome(tmp_path / "out") | {"run": (tmp_path / "out" / "run.json").read_bytes()}
    again = import_archive(archive, tmp_path / "out", receiver=receiver)
    assert again.complete_before
    assert again.to_dict() == first.to_dict()
    assert outcome(tmp_path / "out") | {"run": (tmp_path / "out" / "run.json").read_bytes()} == before


def test_what_changed_since_is_said(receiver: mailseal.Receiver, archive: Path, tmp_path: Path) -> None:
    import_archive(archive, tmp_path / "out", receiver=receiver)
    with (archive / "c" / "box").open("ab") as box:
        box.write(b"more\n")
    (archive / "a" / "late.eml").write_bytes(b"From: a@b.example\n\nlate\n")
    again = import_archive(archive, tmp_path / "out", receiver=receiver)
    changed = {row["source"] for row in again.changed}
    assert changed == {str(archive / name) for name in ("c/box", "a", "a/late.eml")}
    assert again.changed_count == 3


def test_another_command_does_not_go_on_with_a_run(receiver: mailseal.Receiver, archive: Path, tmp_path: Path) -> None:
    import_archive(archive, tmp_path / "out", receiver=receiver, format="jsonl")
    for changes, name in (
        ({"content": True}, "content"),
        ({"now": NOW}, "now"),
        ({"receiver": mailseal.Receiver(trust=None, policy=receiver.policy)}, "keys, trust"),
        ({"receiver": mailseal.Receiver(trust=None)}, "keys, policy, trust"),
    ):
        options: dict[str, Any] = {"receiver": receiver, "format": "jsonl"} | changes
        with pytest.raises(FileExistsError, match=f"other {name}"):
            import_archive(archive, tmp_path / "out", **options)


def test_an_mbox_that_was_changed_is_not_gone_on_with(
    receiver: mailseal.Receiver, mbox_file: Path, tmp_path: Path
) -> None:
    rest = mbox_file.read_bytes()
    mbox_file.write_bytes(rest * 100)

    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_archive(mbox_file, tmp_path / "out", receiver=receiver, progress=stop)
    mbox_file.write_bytes(rest[:-7] + rest * 100)
    with pytest.raises(JournalError, match="was changed"):
        import_archive(mbox_file, tmp_path / "out", receiver=receiver)


def test_two_runs_do_not_write_at_once(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    with pytest.raises(JournalError, match="another import"):
        Journal(tmp_path)
    first.close()
    Journal(tmp_path).close()


@pytest.mark.parametrize("torn", [b"{", b'{"done": fal', b"\x00\x00\x00", b"\x00\x00\n"])
def test_a_torn_last_line_is_as_if_it_was_not_written(tmp_path: Path, torn: bytes) -> None:
    journal = Journal(tmp_path)
    journal.begin({"sources": []})
    journal.write({"n": 1})
    journal.close()
    whole = (tmp_path / "journal.jsonl").read_bytes()
    (tmp_path / "journal.jsonl").write_bytes(whole + torn)
    journal = Journal(tmp_path)
    assert list(journal.states()) == [{"n": 1}]
    journal.close()
    assert (tmp_path / "journal.jsonl").read_bytes() == whole


def test_a_damaged_journal_is_refused(tmp_path: Path) -> None:
    for text, reason in ((b"x\n{}\n", "damaged"), (b'{"mailseal_journal": 9}\n', "another version")):
        (tmp_path / "journal.jsonl").write_bytes(text)
        with pytest.raises(JournalError, match=reason):
            Journal(tmp_path)


def test_rows_that_are_gone_are_not_passed_over(receiver: mailseal.Receiver, mbox_file: Path, tmp_path: Path) -> None:
    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_archive(mbox_file, tmp_path / "out", receiver=receiver, progress=stop)
    os.truncate(tmp_path / "out" / "parts" / ".part-00000.rows", 100)
    with pytest.raises(OSError, match="rows were lost"):
        import_archive(mbox_file, tmp_path / "out", receiver=receiver)


def told(units: Iterator[Unit]) -> list[object]:
    """Units in a form that can be compared."""
    return [
        (unit.ids, unit.received_at, [unit.buffer[a:b] for a, b in unit.ranges], unit.after)
        if isinstance(unit, Block)
        else unit
        for unit in units
        if not (isinstance(unit, Unread) and unit.kind == "changed")
    ]


_LINES = ["From a@b.example Thu Jan  1 00:00:00 2026\n", "A: b\n", "\n", "x" * 700 + "\n", "text\n"]
_BOX = st.lists(st.sampled_from(_LINES), min_size=1, max_size=60).map("".join)


@settings(max_examples=60, deadline=None)
@given(boxes=st.dictionaries(st.sampled_from(["b", "a/x", "a/y/z", "c.eml", "d/cur/m", "d/new/n", "e"]), _BOX))
def test_reading_on_from_any_unit_gives_the_same_units(
    tmp_path_factory: pytest.TempPathFactory, boxes: dict[str, str]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    for name, text in boxes.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text * 3)
    units = list(read_source(root, LIMIT, BLOCK))
    for done, unit in enumerate(units):
        rest = read_source(root, LIMIT, BLOCK, after=unit.after)
        assert told(rest) == told(iter(units[done + 1 :]))
    assert told(read_source(root, LIMIT, BLOCK, after=WHOLE)) == []
