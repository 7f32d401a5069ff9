from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from typing import TYPE_CHECKING

import mailseal
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mailseal import Check, Status, Summary

from tests.unit.world import BODY, WITHIN, World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def receiver(world: World) -> mailseal.Receiver:
    keys = mailseal.Identity.load(world.bob.pkcs12(None))
    return mailseal.Receiver(trust=mailseal.TrustStore.load(world.root), keys=keys)


def test_signed_mail_is_valid(receiver: mailseal.Receiver, world: World) -> None:
    opened = receiver.open(world.signed(), at=WITHIN)
    assert opened.verdict.status is Status.VALID
    assert opened.verdict.is_valid
    assert opened.verdict.summary is Summary.SIGNED
    assert opened.verdict.at == WITHIN
    (signer,) = opened.signers
    assert signer.integrity is signer.chain is signer.address is signer.time is Check.OK
    assert signer.certificate == mailseal.Certificate.load(world.alice.certificate)
    assert signer.signing_time is not None
    assert signer.signing_time.tzinfo is UTC


def test_a_changed_byte_is_invalid(receiver: mailseal.Receiver, world: World) -> None:
    changed = world.signed().replace(b"the contract", b"the contrakt")
    opened = receiver.open(changed, at=WITHIN)
    assert opened.verdict.status is Status.INVALID
    assert opened.verdict.findings[0].code == "signer.digest-mismatch"
    with pytest.raises(mailseal.VerificationError) as caught:
        receiver.verify(changed, at=WITHIN)
    assert isinstance(caught.value.opened, mailseal.Opened)
    assert caught.value.opened.verdict.status is Status.INVALID


def test_another_sender_is_invalid(receiver: mailseal.Receiver, world: World) -> None:
    opened = receiver.open(world.signed(sender="mallory@m.example"), at=WITHIN)
    assert opened.verdict.status is Status.INVALID
    assert opened.signers[0].address is Check.FAILED
    assert opened.signers[0].integrity is Check.OK


def test_time_is_judged_again_without_opening_again(receiver: mailseal.Receiver, world: World) -> None:
    opened = receiver.open(world.signed(), at=WITHIN)
    late = opened.judge(at=WITHIN + timedelta(days=20 * 365))
    assert late.status is Status.INDETERMINATE
    assert "chain.expired" in [finding.code for finding in late.findings]
    assert opened.verdict.is_valid


def test_trust_none_is_said(world: World) -> None:
    opened = mailseal.Receiver(trust=None).open(world.signed(), at=WITHIN)
    assert opened.signers[0].chain is Check.NOT_CHECKED
    assert "chain.not-judged" in [finding.code for finding in opened.verdict.findings]


def test_trust_is_required() -> None:
    with pytest.raises(TypeError):
        mailseal.Receiver()  # type: ignore[call-arg]


def test_a_verdict_has_no_truth_value(receiver: mailseal.Receiver, world: World) -> None:
    with pytest.raises(TypeError, match="is_valid"):
        bool(receiver.open(world.plain()).verdict)


def test_encrypted_mail_opens_with_the_key_alone(receiver: mailseal.Receiver, world: World) -> None:
    opened = receiver.open(world.encrypted())
    assert opened.decryption is Check.OK
    assert not opened.authenticated
    assert opened.content == BODY
    assert opened.verdict.summary is Summary.ENCRYPTED
    assert opened.verdict.status is Status.UNSIGNED
    assert opened.message().get_content().splitlines()[0] == "Hello Bob,"
    locked = mailseal.Receiver(trust=None).open(world.encrypted())
    assert locked.content is None
    assert [wanted.kind for wanted in locked.wanted] == ["key"]
    with pytest.raises(mailseal.DecryptionError) as caught:
        locked.require_content()
    assert caught.value.opened is locked


def test_decrypt_is_a_strict_door(receiver: mailseal.Receiver, world: World) -> None:
    assert receiver.decrypt(world.encrypted()).content == BODY
    with pytest.raises(mailseal.DecryptionError):
        mailseal.decrypt(world.encrypted(), None)


def test_sources(receiver: mailseal.Receiver, world: World, tmp_path: Path) -> None:
    raw = world.signed()
    file = tmp_path / "mail.eml"
    file.write_bytes(raw)
    with file.open("rb") as handle:
        opened = [
            receiver.open(source, at=WITHIN)
            for source in (raw, bytearray(raw), memoryview(raw), file, io.BytesIO(raw), handle)
        ]
    assert all(each.verdict.is_valid and each.raw == raw for each in opened)
    assert opened[3].to_dict()["source"] == str(file)


@pytest.mark.parametrize("wrong", ["From: a\r\n\r\n", 7, None, EmailMessage(), io.StringIO("From: a\n\n")])
def test_a_message_is_bytes(receiver: mailseal.Receiver, wrong: object) -> None:
    with pytest.raises(TypeError):
        receiver.open(wrong)  # type: ignore[arg-type]


def test_a_buffer_may_be_changed_afterwards(receiver: mailseal.Receiver, world: World) -> None:
    raw = world.signed()
    buffer = bytearray(raw)
    opened = receiver.open(buffer, at=WITHIN)
    buffer[:] = bytes(len(buffer))
    assert opened.raw == raw
    assert opened.judge(at=WITHIN).is_valid


def test_times_have_a_zone(receiver: mailseal.Receiver, world: World) -> None:
    with pytest.raises(ValueError, match="time zone"):
        receiver.open(world.plain(), at=datetime(2026, 1, 1))  # noqa: DTZ001
    elsewhere = WITHIN.astimezone(timezone(timedelta(hours=9)))
    assert receiver.open(world.signed(), at=elsewhere).verdict.at == WITHIN


@given(data=st.binary(max_size=400))
def test_bad_mail_never_raises(data: bytes) -> None:
    opened = mailseal.Receiver(trust=None, threads=1).open(data)
    assert opened.raw == data
    assert opened.verdict.status in Status


def test_batch_rows_are_in_order_and_equal_single_opens(receiver: mailseal.Receiver, world: World) -> None:
    raws = [world.signed("one"), world.plain("two"), world.encrypted("three")]
    batch = receiver.open_batch([mailseal.Item(raw, id=f"id-{n}", received_at=WITHIN) for n, raw in enumerate(raws)])
    assert len(batch) == 3
    for index, raw in enumerate(raws):
        assert batch[index].raw == raw
        assert batch[index].content == receiver.open(raw, received_at=WITHIN).content
    assert batch[-1].raw == raws[-1]
    with pytest.raises(IndexError):
        batch[3]
    assert sum(number for key, number in batch.statuses().items() if key.startswith("status:")) == 3


def test_what_is_no_message_has_a_reason_and_no_row(receiver: mailseal.Receiver, world: World) -> None:
    batch = receiver.open_batch([b"\x00\xff", world.plain("two")])
    ((index, code, reason),) = batch.unreadable()
    assert index == 0
    assert mailseal.errors.by_code(mailseal.MalformedError, code).code == code
    assert reason
    assert [opened.raw for opened in batch] == [world.plain("two")]


def test_batch_is_an_arrow_table(receiver: mailseal.Receiver, world: World) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    batch = receiver.open_batch([mailseal.Item(world.signed("one"), id="a", source="s", offset=5), world.plain("two")])
    table = pyarrow.record_batch(batch)
    assert table.column("id").to_pylist() == ["a", "1"]
    assert table.column("subject").to_pylist() == ["one", "two"]
    assert table.column("byte_offset").to_pylist() == [5, 0]
    assert table.column("mail_from").to_pylist() == [["alice@a.example"]] * 2
    assert str(table.schema.field("judged_at").type) == "timestamp[us, tz=UTC]"
    without = pyarrow.record_batch(receiver.open_batch([world.plain()], content=False))
    assert without.column("content").null_count == 1
    assert table.column("content").null_count == 0


def test_batches_do_not_depend_on_threads(receiver: mailseal.Receiver, world: World) -> None:
    items = [mailseal.Item(world.plain(f"number {n}"), received_at=WITHIN) for n in range(64)]
    one = receiver.open_batch(items, threads=1).json_lines()
    four = receiver.open_batch(items, threads=4).json_lines()
    assert [line.split(b'"judged_at"')[0] for line in one.splitlines()] == [
        line.split(b'"judged_at"')[0] for line in four.splitlines()
    ]
    with pytest.raises(ValueError, match="threads"):
        receiver.open_batch(items, threads=0)


def test_open_many_keeps_the_budget(receiver: mailseal.Receiver, world: World) -> None:
    raw = world.plain()
    batches = list(receiver.open_many((raw for _ in range(10)), byte_budget=3 * len(raw)))
    assert [len(batch) for batch in batches] == [3, 3, 3, 1]
    assert [len(batch) for batch in receiver.open_many([raw, raw], byte_budget=1)] == [1, 1]
    with pytest.raises(TypeError, match="index 0"):
        receiver.open_batch(["text"])  # type: ignore[list-item]


def test_one_shot_forms(world: World) -> None:
    assert mailseal.open is mailseal.open_message
    assert "open" not in mailseal.__all__
    assert mailseal.open_message(world.signed(), trust=world.root, at=WITHIN).verdict.is_valid
    assert mailseal.verify(world.signed(), trust=world.root, at=WITHIN).verdict.is_valid
    with pytest.raises(mailseal.Error):
        mailseal.verify(world.plain(), trust=world.root)
