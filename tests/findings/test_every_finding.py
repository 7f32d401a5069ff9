"""Walks the table of findings: each row is provoked by some bytes, and by none of honest mail."""

from __future__ import annotations

import pytest
from mailseal import core

from tests.findings import chain, decryption, making, shapes, signer, structure
from tests.findings.cases import ALICE, BOB, CASES, codes
from tests.support import smime_build as build

ROWS = [row["code"] for row in core.table("findings")]
assert all((chain, decryption, making, shapes, signer, structure)), "imported for the cases that they register"


def test_every_row_has_a_case_and_every_case_a_row() -> None:
    assert sorted(CASES) == sorted(ROWS)


@pytest.mark.parametrize("code", ROWS)
def test_it_is_provoked(code: str) -> None:
    found = list(CASES[code]())
    assert code in found, found


@pytest.mark.parametrize(
    "mail",
    [
        build.headers() + build.TEXT,
        build.signed_mail(ALICE),
        build.headers() + build.part(build.signed(build.TEXT, ALICE), "signed-data"),
        build.headers() + build.part(build.auth_enveloped(build.TEXT, BOB), "authEnveloped-data"),
        build.headers()
        + build.part(
            build.enveloped(build.part(build.signed(making.named("bob@example.com"), ALICE), "signed-data"), BOB)
        ),
    ],
    ids=["plain", "clear-signed", "opaque", "encrypted", "signed and encrypted"],
)
def test_honest_mail_provokes_none(mail: bytes) -> None:
    assert codes(mail) == []
