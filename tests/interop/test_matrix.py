"""The matrix: real peers make, mailseal opens. Each cell is one test; docs/interop.md tells their outcomes."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import pytest

from tests.interop.matrix import bouncycastle, document, gpgsm, m2crypto, nss, openssl, pyca, refusals
from tests.interop.matrix.cells import Cell, RefusedError, judge
from tests.interop.matrix.document import HERE, Section
from tests.interop.matrix.keys import Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PEERS: dict[str, tuple[Callable[[], list[Cell]], Callable[[], str]]] = {
    "openssl": (lambda: openssl.cells_of("openssl"), lambda: openssl.version_of("openssl")),
    "openssl36": (lambda: openssl.cells_of("openssl36"), lambda: openssl.version_of("openssl36")),
    "nss": (lambda: nss.cells_of("nss"), lambda: nss.version_of("nss")),
    "thunderbird-nss": (lambda: nss.cells_of("thunderbird-nss"), lambda: nss.version_of("thunderbird-nss")),
    "gpgsm": (gpgsm.cells, gpgsm.version),
    "bouncycastle": (bouncycastle.cells, bouncycastle.version),
    "pyca": (pyca.cells, pyca.version),
    "m2crypto": (m2crypto.cells, m2crypto.version),
}
CELLS = {peer: cells() for peer, (cells, _) in PEERS.items()}
# The outcomes of this run, by peer.
RUN: dict[str, Section] = {}
FAILED: set[str] = set()


@functools.cache
def version(peer: str) -> str:
    return PEERS[peer][1]()


@functools.cache
def same_version(peer: str) -> bool:
    return document.same_version(HERE, peer, version(peer))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path_factory.mktemp("matrix"))
    yield workshop
    gpgsm.close(workshop)


def outcome_of(cell: Cell, shop: Workshop) -> str:
    expected = refusals.known(cell) if same_version(cell.peer) else None
    try:
        made = cell.make(shop)
    except RefusedError as error:
        said = str(error)
        if same_version(cell.peer):
            assert expected, f"{cell.peer} refuses what it made until now: {said}"
            assert re.search(expected, said), f"{cell.peer} refuses in other words: {said}"
        return f"peer refuses: “{said}”"
    assert not expected, f"{cell.peer} makes what it refused until now ({expected})"
    return judge(cell, made, shop)


@pytest.mark.parametrize("cell", [cell for cells in CELLS.values() for cell in cells], ids=lambda cell: cell.name)
def test_cell(cell: Cell, shop: Workshop) -> None:
    section = RUN.setdefault(cell.peer, Section(version(cell.peer)))
    FAILED.add(cell.peer)
    section.outcomes[cell.row] = outcome_of(cell, shop)
    FAILED.discard(cell.peer)


@pytest.mark.parametrize("peer", list(PEERS))
def test_cells_are_told_apart(peer: str) -> None:
    rows = [cell.row for cell in CELLS[peer]]
    assert len(rows) == len(set(rows))


def test_document(account: list[str]) -> None:
    """docs/interop.md tells what this run saw."""
    cells = {peer: len(made) for peer, made in CELLS.items()}
    document.settle(HERE, RUN, cells, FAILED, account)
