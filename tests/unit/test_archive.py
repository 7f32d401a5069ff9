from __future__ import annotations

import itertools
import os
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import mailseal
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mailseal.archive import open_archive
from mailseal.archive.blocks import Block, Gatherer, Unread
from mailseal.archive.mbox import read_mbox
from mailseal.archive.received import maildir_time, received_time
from mailseal.archive.tree import read_source, source_bytes

if TYPE_CHECKING:
    from tests.unit.world import World

JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)
LIMIT = 2**20


def messages(units: object) -> list[bytes]:
    return [unit.buffer[a:b] for unit in units if isinstance(unit, Block) for a, b in unit.ranges]  # type: ignore[attr-defined]


def test_mbox_items(mbox_file: Path) -> None:
    items = list(open_archive(mbox_file))
    whole = mbox_file.read_bytes()
    assert len(items) == 10
    for number, item in enumerate(items):
        assert whole[item.offset : item.offset + len(item.raw)] == item.raw
        assert b"Subject: number %d\n" % number in item.raw
        assert not item.raw.startswith(b"From ")
        assert item.received_at == JUNE.replace(second=number)
        assert item.source == str(mbox_file)
        assert item.id == f"{mbox_file}#{item.offset}"


@pytest.mark.parametrize("block_bytes", [1, 7, 100, 1000, 4096, 10**6])
def test_mbox_does_not_depend_on_blocks(mbox_file: Path, block_bytes: int) -> None:
    expected = [item.raw for item in open_archive(mbox_file)]
    assert messages(read_mbox(os.fsencode(mbox_file), LIMIT, block_bytes)) == expected


@given(seed=st.integers(0, 2**32), block_bytes=st.integers(1, 300))
def test_any_mbox_is_covered_in_order(tmp_path_factory: pytest.TempPathFactory, seed: int, block_bytes: int) -> None:
    chance = random.Random(seed)
    lines = [
        b"From a@b Mon Jun  1 12:00:00 2026\n",
        b"Subject: x\n",
        b"\n",
        b"text\n",
        b">From y\n",
        b"From here\n",
        b"\r\n",
    ]
    file = tmp_path_factory.mktemp("any") / "any.mbox"
    file.write_bytes(lines[0] + b"".join(chance.choices(lines, k=40)))
    units = list(read_mbox(os.fsencode(file), LIMIT, block_bytes))
    places = [
        (offset, b - a)
        for unit in units
        if isinstance(unit, Block)
        for offset, (a, b) in zip(unit.offsets, unit.ranges, strict=True)
    ]
    assert places == sorted(places)
    assert all(offset + length <= following for (offset, length), (following, _) in itertools.pairwise(places))
    whole = file.read_bytes()
    assert messages(units) == [whole[offset : offset + length] for offset, length in places]


def test_a_message_above_the_limit_is_told_not_read(mbox_file: Path) -> None:
    whole = mbox_file.read_bytes()
    mbox_file.write_bytes(whole + b"From big Mon Jun  1 12:00:59 2026\nSubject: big\n\n" + b"x" * 70 * 1500 + b"\n")
    units = list(read_source(mbox_file, 20_000, 4096))
    (told,) = [unit for unit in units if isinstance(unit, Unread)]
    assert told.code == "limit.message-bytes"
    assert told.length > 70 * 1500
    assert len(messages(units)) == 10


def test_maildir_with_subfolders(world: World, tmp_path: Path) -> None:
    box = tmp_path / "Maildir"
    for folder in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
        (box / folder).mkdir(parents=True)
    (box / "cur" / "1780315200.b.host:2,S").write_bytes(world.plain("one"))
    (box / "new" / "1780315201.a.host").write_bytes(world.plain("two"))
    (box / "tmp" / "1780315202.c.host").write_bytes(world.plain("half delivered"))
    (box / ".Sent" / "cur" / "odd-name").write_bytes(world.plain("three"))
    (box / "dovecot-uidlist").write_text("3 V1 N4\n")
    items = list(open_archive(box))
    subjects = [item.raw.split(b"Subject: ")[1].split(b"\r\n")[0] for item in items]
    assert subjects == [b"three", b"one", b"two"]
    assert [item.received_at for item in items] == [JUNE, JUNE, JUNE.replace(second=1)]


def test_tree_of_messages_and_other_things(world: World, mbox_file: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "b").mkdir(parents=True)
    (tree / "b" / "two.eml").write_bytes(world.plain("two"))
    (tree / "a.EML").write_bytes(world.plain("one"))
    (tree / "17").write_bytes(world.plain("numbered, as MH does"))
    (tree / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tree / "z.mbox").write_bytes(mbox_file.read_bytes())
    (tree / "link.eml").symlink_to(tree / "a.EML")
    (tree / "loop").symlink_to(tree, target_is_directory=True)
    os.mkfifo(tree / "fifo.eml")
    units = list(read_source(tree, LIMIT))
    skipped = {Path(unit.source).name: unit.reason for unit in units if isinstance(unit, Unread)}
    assert set(skipped) == {"picture.png", "link.eml", "loop", "fifo.eml"}
    assert all(unit.kind == "skipped" for unit in units if isinstance(unit, Unread))
    names = [Path(source).name for unit in units if isinstance(unit, Block) for source in unit.sources]
    assert names == ["17", "a.EML"] + ["z.mbox"] * 10 + ["two.eml"]
    assert source_bytes(tree) == sum(
        file.stat().st_size for file in tree.rglob("*") if file.is_file() and not file.is_symlink()
    )


def test_what_the_user_names_may_be_a_link(world: World, tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(world.plain())
    (tmp_path / "link").symlink_to(tmp_path / "mail.eml")
    assert [item.raw for item in open_archive(tmp_path / "link")] == [world.plain()]


def test_unreadable_things_are_told(tmp_path: Path) -> None:
    (told,) = read_source(tmp_path / "none", LIMIT)
    assert isinstance(told, Unread)
    assert told.kind == "unreadable"
    assert told.code == "io"
    os.mkfifo(tmp_path / "fifo")
    (told,) = read_source(tmp_path / "fifo", LIMIT)
    assert isinstance(told, Unread)
    assert told.kind == "unreadable"
    with pytest.raises(OSError, match="none"):
        list(open_archive(tmp_path / "none"))


def test_names_that_are_no_text(world: World, tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.eml")).write_bytes(world.plain())
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (item,) = open_archive(tmp_path)
    assert item.source is not None
    assert item.source.endswith("caf\\xe9.eml")
    assert len(mailseal.Receiver(trust=None).open_batch([item])) == 1


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Received: from a; b\r\n by c; Mon, 1 Jun 2026 12:00:00 +0000\r\nDate: Mon, 1 Jun 2020 12:00:00 +0000", JUNE),
        (b"X-Received: no; Mon, 1 Jun 2020 12:00:00 +0000\r\nDate: Mon, 1 Jun 2026 14:00:00 +0200", JUNE),
        (b"received : by c;\r\n\tMon, 1 Jun 2026 12:00:00 +0000", JUNE),
        (b"Received: by c, without a time\r\nDate: Mon, 1 Jun 2026 12:00:00 +0000", JUNE),
        (b"Subject: none\r\n\r\nDate: Mon, 1 Jun 2026 12:00:00 +0000", None),
        (b"Date: yesterday", None),
        (b"", None),
    ],
)
def test_received_time(header: bytes, expected: datetime | None) -> None:
    seconds = None if expected is None else int(expected.timestamp())
    for line_end in (b"\r\n", b"\n"):
        raw = header.replace(b"\r\n", line_end) + line_end * 2 + b"Date: Mon, 1 Jun 2015 12:00:00 +0000" + line_end
        assert received_time(raw) == seconds
        before = b"Date: Mon, 1 Jun 2010 12:00:00 +0000\n"
        assert received_time(before + raw, len(before), len(before) + len(raw)) == seconds


@given(st.binary(max_size=300))
def test_received_time_of_anything(data: bytes) -> None:
    found = received_time(b"Received: " + data)
    assert found is None or isinstance(found, int)


def test_maildir_time() -> None:
    assert maildir_time(b"1780315200.M1P2.host:2,S") == int(JUNE.timestamp())
    assert maildir_time(b"17.host") is maildir_time(b"mail") is maildir_time(b"9" * 30 + b".x") is None


@given(st.lists(st.binary(max_size=50), max_size=60), st.integers(1, 120))
def test_gathered_blocks_hold_every_message_once(raws: list[bytes], target: int) -> None:
    gatherer = Gatherer(target)
    blocks = [block for raw in raws for block in gatherer.add(raw, b"s", None)] + list(gatherer.flush())
    assert messages(blocks) == raws
    assert all(len(block.buffer) <= target or len(block.ranges) == 1 for block in blocks)
    assert list(gatherer.flush()) == []
