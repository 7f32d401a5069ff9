"""The matrix the other way: mailseal makes, real peers open. docs/interop.md tells the outcomes."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import mailseal
import pytest

from tests.interop.matrix import document, gpgsm, refusals
from tests.interop.matrix.cells import ROWS, RefusedError
from tests.interop.matrix.document import THERE, Section
from tests.interop.matrix.keys import Workshop
from tests.interop.matrix.letters import LETTERS, Letter
from tests.interop.matrix.openers import OPENERS, Opener, prepare
from tests.interop.matrix.peeling import outermost
from tests.support import smime_build as build
from tests.support.der import oid

if TYPE_CHECKING:
    from collections.abc import Iterator

CELLS = {peer: [letter for letter in LETTERS if opener.takes(letter)] for peer, opener in OPENERS.items()}
# The outcomes of this run, by peer.
RUN: dict[str, Section] = {}
FAILED: set[str] = set()


@functools.cache
def version(peer: str) -> str:
    return OPENERS[peer].version()


@functools.cache
def same_version(peer: str) -> bool:
    return document.same_version(THERE, peer, version(peer))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path_factory.mktemp("ours"))
    yield workshop
    gpgsm.close(workshop)


def outcome_of(opener: Opener, letter: Letter, shop: Workshop) -> str:
    expected = refusals.known_of(opener.name, letter) if same_version(opener.name) else None
    try:
        found = opener.open(shop, letter.mail(), letter.key)
    except RefusedError as error:
        said = str(error)
        if same_version(opener.name):
            assert expected, f"{opener.name} does not open it: {said}"
            assert re.search(expected, said), f"{opener.name} refuses in other words: {said}"
        return f"peer refuses: “{said}”"
    assert not expected, f"{opener.name} opens what it refused until now ({expected})"
    assert found.layers == letter.layers
    assert letter.is_content(found.content), found.content
    for what, forged in letter.forgeries().items():
        assert_not_taken(opener, letter, what, forged, shop)
    return "opened"


def assert_not_taken(opener: Opener, letter: Letter, what: str, forged: bytes, shop: Workshop) -> None:
    """An opener that opens anything proves nothing."""
    try:
        found = opener.open(shop, forged, letter.key)
    except RefusedError:
        return
    # A key of chance (RFC 3218 §2.3.2) gives octets of chance, and no error where their end looks like a padding.
    assert what == "key", f"{opener.name} takes a mail with another {what}"
    assert found.layers != letter.layers or not letter.is_content(found.content), f"{opener.name} opens without the key"


def prepared(peer: str, shop: Workshop) -> None:
    """Everything that the peer will be asked for, forgeries too, in one start of those that start slowly."""
    if f"{peer} is prepared" not in shop.cache:
        shop.cache[f"{peer} is prepared"] = True
        letters = CELLS[peer]
        mails = [(mail, one.key) for one in letters for mail in (one.mail(), *one.forgeries().values())]
        prepare(shop, peer, mails)


@pytest.mark.parametrize(
    ("peer", "letter"),
    [(peer, letter) for peer, letters in CELLS.items() for letter in letters],
    ids=[f"{peer} | {letter.name}" for peer, letters in CELLS.items() for letter in letters],
)
def test_cell(peer: str, letter: Letter, shop: Workshop) -> None:
    section = RUN.setdefault(peer, Section(version(peer)))
    FAILED.add(peer)
    prepared(peer, shop)
    section.outcomes[letter.row] = outcome_of(OPENERS[peer], letter, shop)
    FAILED.discard(peer)


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.name)
def test_letter_is_what_its_row_tells(letter: Letter, shop: Workshop) -> None:
    """mailseal opens what it makes, and the algorithms of the row are in it."""
    ring = mailseal.Keyring([mailseal.Identity.load(shop.pem(kind)) for kind in letter.recipients])
    opened = mailseal.Receiver(trust=build.root().der, keys=ring, threads=1).open(letter.mail())
    assert opened.content is not None
    assert letter.is_content(opened.content), opened.verdict.explain()
    if letter.signers:
        assert opened.verdict.is_valid, opened.verdict.explain()
    names = {layer.algorithm for layer in opened.layers}
    names |= {recipient.algorithm for layer in opened.layers for recipient in layer.recipients}
    names |= {name for signer in opened.signers for name in (signer.digest, signer.signature_algorithm)}
    assert set(letter.shown) <= names
    outer = outermost(letter.mail())
    assert outer is not None
    seen = [name for name in letter.shown if oid(ROWS[name]["oid"]) in outer.cms]
    assert len(seen) >= (2 if letter.operation != "sign" else len(letter.shown)), f"of {letter.shown} only {seen}"


def test_rows_are_told_apart() -> None:
    rows = [letter.row for letter in LETTERS]
    assert len(rows) == len(set(rows))


def test_document(account: list[str]) -> None:
    """docs/interop.md tells what this run saw."""
    document.settle(THERE, RUN, {peer: len(cells) for peer, cells in CELLS.items()}, FAILED, account)
