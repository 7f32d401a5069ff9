"""PAR-14: what a mailbox file does to the messages in it, and how they are found again."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import mailseal
import pytest
from mailseal.archive import open_archive

from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.threats.conftest import Receive

LINE = b"From a@example.com Mon Jul  6 10:00:00 2026"
BODY = (
    b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    b"From me to you\r\n\r\nFrom the desk of Alice\r\n a From in a line\r\nFrom \r\n"
)
QUOTED_BODY = BODY + b">From a reply\r\n>>From an older one\r\n"


def codes(opened: mailseal.Opened) -> list[str]:
    return [finding.code for finding in opened.verdict.findings]


def mboxo(mail: bytes) -> bytes:
    return re.sub(rb"(?m)^From ", b">From ", mail)


def mboxrd(mail: bytes) -> bytes:
    return re.sub(rb"(?m)^(>*From )", rb">\1", mail)


def with_length(mail: bytes) -> bytes:
    head, _, body = mail.partition(b"\r\n\r\n")
    return head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


VARIANTS: dict[str, Callable[[bytes], bytes]] = {
    "mboxo": mboxo,
    "mboxrd": mboxrd,
    "mboxcl": lambda mail: with_length(mboxo(mail)),
    "mboxcl2": with_length,
}


def stored(folder: Path, mails: list[bytes], newline: bytes = b"\r\n") -> list[bytes]:
    """The messages of an mbox of these, as the archive reader finds them."""
    file = folder / "box"
    file.write_bytes(b"".join(LINE + b"\r\n" + mail + b"\r\n" for mail in mails).replace(b"\r\n", newline))
    whole = file.read_bytes()
    items = list(open_archive(file))
    assert all(whole[item.offset : item.offset + len(item.raw)] == item.raw for item in items)
    return [item.raw for item in items]


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"], ids=["crlf", "lf"])
@pytest.mark.parametrize("variant", list(VARIANTS))
def test_par_14_every_variant_of_mbox_keeps_the_signature(
    variant: str, newline: bytes, tmp_path: Path, receive: Receive, alice: build.Person
) -> None:
    mail = build.signed_mail(alice, BODY)
    raws = stored(tmp_path, [VARIANTS[variant](mail)] * 3, newline)
    assert len(raws) == 3
    for raw in raws:
        opened = receive().open(raw)
        assert opened.verdict.is_valid, opened.verdict.explain()
        assert ("mime.from-quoted" in codes(opened)) == (variant != "mboxcl2")
        # What is shown is what was signed.
        assert opened.content == BODY.replace(b"\r\n", newline)


def test_par_14_one_mark_is_taken_off_each_line(receive: Receive, alice: build.Person) -> None:
    opened = receive().open(mboxrd(build.signed_mail(alice, QUOTED_BODY)))
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert opened.content == QUOTED_BODY
    # mboxo cannot be undone where the sender wrote such lines: both readings fail, and that is said.
    opened = receive().open(mboxo(build.signed_mail(alice, QUOTED_BODY)))
    assert opened.verdict.status == "INVALID"
    assert "signer.digest-mismatch" in codes(opened)
    assert "mime.from-quoted" not in codes(opened)


def test_par_14_what_fits_as_it_is_stays_as_it_is(receive: Receive, alice: build.Person) -> None:
    opened = receive().open(build.signed_mail(alice, QUOTED_BODY))
    assert opened.verdict.is_valid
    assert opened.content == QUOTED_BODY
    assert "mime.from-quoted" not in codes(opened)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"From me to you", b">From me to them"),
        (b"From me to you", b"> From me to you"),
        (b"From me to you", b">>From me to you"),
        (b" a From", b" a >From"),
        (b"From me to you", b">from me to you"),
        (b"From me to you\r\n", b">From me to you\r\n>From a stranger\r\n"),
    ],
)
def test_par_14_nothing_else_is_forgiven(old: bytes, new: bytes, receive: Receive, alice: build.Person) -> None:
    mail = build.signed_mail(alice, BODY)
    assert old in mail
    for policy in ("default", "archive"):
        opened = receive(policy).open(mail.replace(old, new))
        assert opened.verdict.status == "INVALID"
        assert "signer.digest-mismatch" in codes(opened)
        assert "mime.from-quoted" not in codes(opened)


def test_par_14_several_signers_read_one_text(receive: Receive, alice: build.Person, eve: build.Person) -> None:
    """Of two signers, one over the quoted text and one over the other, only the former's is what is stored."""
    quoted = mboxo(BODY)
    infos = [build.signer_info(alice, quoted), build.signer_info(eve, BODY)]
    cms = build.signed_data(None, infos, [alice.der, eve.der])
    opened = receive().open(build.headers() + build.clear_signed(quoted, cms))
    assert [signer.integrity for signer in opened.signers] == ["OK", "FAILED"]
    assert opened.content == quoted
    both = build.headers() + build.clear_signed(quoted, build.signed(BODY, alice, eve, detached=True))
    opened = receive().open(both)
    assert [signer.integrity for signer in opened.signers] == ["OK", "OK"]
    assert opened.content == BODY


def test_par_14_outside_of_mail_bytes_are_bytes(alice: build.Person) -> None:
    cms = build.signed(BODY, alice, detached=True)
    trust = mailseal.TrustStore.load(build.root().der)
    mailseal.cms.verify(cms, detached_content=BODY, trust=trust)
    with pytest.raises(mailseal.VerificationError):
        mailseal.cms.verify(cms, detached_content=mboxo(BODY), trust=trust)


def test_par_14_a_separator_in_the_body_makes_nothing_valid(
    tmp_path: Path, receive: Receive, alice: build.Person
) -> None:
    """mboxcl2 leaves a whole separator line in the body, and its Content-Length may lie: the length is not believed,
    so such a message falls apart, and no part of it is called signed."""
    body = BODY + b"\r\n" + LINE + b"\r\nFrom: alice@example.com\r\n\r\nnot of hers\r\n"
    raws = stored(tmp_path, [with_length(build.signed_mail(alice, body))])
    assert len(raws) == 2
    assert all(not receive().open(raw).verdict.is_valid for raw in raws)
    # Quoted, as the other variants have it, it stays whole.
    raws = stored(tmp_path, [mboxo(build.signed_mail(alice, body))])
    assert [receive().open(raw).verdict.is_valid for raw in raws] == [True]


@pytest.mark.parametrize("length", [b"0", b"5", b"1000000", b"-1", b"99999999999999999999", b"x"])
def test_par_14_a_lying_content_length_swallows_nothing(
    length: bytes, tmp_path: Path, receive: Receive, alice: build.Person
) -> None:
    mail = build.signed_mail(alice, BODY)
    liar = mboxo(mail).replace(b"MIME-Version", b"Content-Length: " + length + b"\r\nMIME-Version", 1)
    raws = stored(tmp_path, [liar, mboxo(mail), liar])
    assert [receive().open(raw).verdict.is_valid for raw in raws] == [True] * 3


def test_par_14_a_cut_off_tail_is_a_message(tmp_path: Path, receive: Receive, alice: build.Person) -> None:
    file = tmp_path / "box"
    mail = mboxo(build.signed_mail(alice, BODY))
    whole = (LINE + b"\r\n" + mail + b"\r\n") * 2
    first = len(LINE) + 2 + len(mail) + 2
    closed = mail.rindex(b"--==sig--")
    for end in range(first + len(LINE) + 2, len(whole), 29):
        file.write_bytes(whole[:end])
        before, cut = [item.raw for item in open_archive(file)]
        assert before == mail
        assert mail.startswith(cut)
        opened = receive().open(cut)
        # The signature in base64 may be whole before its end is: what is valid was signed as a whole.
        assert not opened.verdict.is_valid or (opened.content == BODY and len(cut) > closed - 100)


def generated(chance: random.Random, newline: bytes) -> bytes:
    """A message whose lines are those that a reader of mbox may take for something else."""
    lines = [b"", b"text", b">From x", b"From here", b"Content-Length: 3", b" " + LINE, b">" + LINE, b"\r", LINE[:-4]]
    body = [chance.choice(lines) for _ in range(chance.randrange(12))]
    return newline.join([b"Subject: x", b"", *body, b"."]) + newline


def test_par_14_what_was_joined_is_split_again(tmp_path: Path) -> None:
    """split(join(x)) = x over 10,000 boxes."""
    chance, file = random.Random(14), tmp_path / "box"
    for number in range(10_000):
        newline = chance.choice([b"\n", b"\r\n"])
        mails = [generated(chance, newline) for _ in range(chance.randrange(1, 5))]
        file.write_bytes(b"".join(LINE + newline + mail + newline for mail in mails))
        assert [item.raw for item in open_archive(file)] == mails, number
