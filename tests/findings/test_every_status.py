"""The table of statuses (ARCHITECTURE), walked: what the facts come to under each preset.

`strict` demands revocation status, which nothing can settle yet, so it is walked with that demand (never VALID) and
without it.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from mailseal import core

from tests.findings import chain, signer
from tests.findings.cases import ALICE, BOB, ROOT, alices, authority, below, opaque, opened, policy, signed_by
from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Callable

V, X, I, U = "VALID", "INVALID", "INDETERMINATE", "UNSIGNED"  # noqa: E741
PRESETS = {
    "default": policy(),
    "archive": policy("archive"),
    "strict without revocation": policy("strict", revocation="off"),
    "strict": policy("strict"),
}


@dataclasses.dataclass(frozen=True)
class Row:
    """Expected under the presets in their order; `strict` itself is what the third is, but never VALID."""

    mail: Callable[[], bytes]
    expected: tuple[str, str, str]
    trust: x509.Certificate | None = ROOT.certificate
    changes: tuple[tuple[str, object], ...] = ()


def two_signers() -> bytes:
    forged = build.Person(BOB.address, ALICE.key, BOB.certificate)
    infos = [build.signer_info(ALICE, build.TEXT), build.signer_info(forged, build.TEXT)]
    return opaque(build.signed_data(build.TEXT, infos, [ALICE.der, BOB.der]))


def signed_attrs_as_content() -> bytes:
    attrs = build.signed_attrs(build.TEXT)
    info = build.signer_info(ALICE, attrs, attributes=False)
    return opaque(build.signed_data(attrs, [info], [ALICE.der]))


def without_certificate() -> bytes:
    return opaque(build.signed_data(build.TEXT, [build.signer_info(ALICE, build.TEXT)], []))


def encrypted_signed() -> bytes:
    return build.headers() + build.part(build.enveloped(build.part(build.signed(build.TEXT, ALICE)), BOB))


def through_constrained_authority() -> bytes:
    constraints = x509.NameConstraints([x509.RFC822Name("example.com")], None)
    return chain.through(authority(instead=[(constraints, True)]))


def many_layers() -> bytes:
    entity = build.part(build.signed(build.TEXT, ALICE), "signed-data")
    for _ in range(3):
        entity = build.part(build.signed(entity, ALICE), "signed-data")
    return build.headers() + entity


SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
NOT_A_CA = x509.BasicConstraints(ca=False, path_length=None)

ROWS: dict[str, Row] = {
    # no signature in the cryptographic envelope
    "plain": Row(lambda: build.headers() + build.TEXT, (U, U, U)),
    "encrypted alone": Row(lambda: build.encrypted_mail(build.auth_enveloped(build.TEXT, BOB)), (U, U, U)),
    "certs-only": Row(lambda: opaque(build.signed_data(None, [], [ALICE.der])), (U, U, U)),
    "errant signature": Row(
        lambda: build.headers() + build.mixed(build.part(build.signed(build.TEXT, ALICE)), build.TEXT), (U, U, U)
    ),
    # everything that the policy demands
    "honest": Row(lambda: build.signed_mail(ALICE), (V, V, V)),
    "honest, opaque": Row(lambda: opaque(build.signed(build.TEXT, ALICE)), (V, V, V)),
    "signed in encrypted": Row(encrypted_signed, (V, V, V)),
    "through an intermediate": Row(lambda: chain.through(authority()), (V, V, V)),
    # integrity
    "integrity failed": Row(lambda: build.signed_mail(ALICE).replace(b"quarterly", b"quarterlY"), (X, X, X)),
    "no signer": Row(lambda: opaque(build.signed_data(build.TEXT, [], [])), (X, X, X)),
    "structure broken": Row(lambda: opaque(build.signed(build.TEXT, ALICE)[:-9]), (X, X, X)),
    "content is signedAttrs (decision 4)": Row(signed_attrs_as_content, (X, X, X)),
    "signedAttrs absent (decision 4)": Row(lambda: signer.signed(attributes=False), (V, V, X)),
    "certificate missing": Row(without_certificate, (I, I, I)),
    "algorithm unknown": Row(lambda: signer.signed(signature_algorithm=build.algorithm("1.2.3.4")), (I, I, I)),
    # address (decision 6)
    "address differs": Row(lambda: build.signed_mail(ALICE, sender="mallory@example.com"), (X, V, X)),
    "case of the address differs": Row(lambda: build.signed_mail(ALICE, sender="Alice@example.com"), (V, V, X)),
    "the Sender signed": Row(
        lambda: b"Sender: alice@example.com\r\n" + build.signed_mail(ALICE, sender="board@example.com"), (V, V, X)
    ),
    "two From fields": Row(lambda: b"From: m@example.com\r\n" + build.signed_mail(ALICE), (X, V, X)),
    "no From": Row(lambda: build.signed_mail(ALICE).partition(b"\r\n")[2], (I, V, I)),
    # usage
    "keyUsage wrong": Row(lambda: signed_by(alices(instead=[(signer.usage(key_agreement=True), True)])), (X, X, X)),
    "keyUsage for non-repudiation": Row(
        lambda: signed_by(alices(instead=[(signer.usage(content_commitment=True), True)])), (V, V, V)
    ),
    "extKeyUsage wrong": Row(lambda: signed_by(alices(instead=[(SERVER, False)])), (X, X, X)),
    # algorithms
    "digest SHA-1": Row(signer.with_sha1, (X, V, X)),
    # chain
    "a signature of the chain broken": Row(
        lambda: signed_by(
            build.issue("A", ALICE.key, ROOT.certificate.subject, build.new_key("ec"), address="alice@example.com")
        ),
        (X, X, X),
    ),
    "an issuer that is no CA": Row(lambda: chain.through(authority(instead=[(NOT_A_CA, True)])), (X, X, X)),
    "issuer missing": Row(lambda: signed_by(below(*authority())), (I, I, I)),
    "root not trusted": Row(lambda: build.signed_mail(ALICE), (I, I, I), trust=BOB.certificate),
    "chains not judged": Row(lambda: build.signed_mail(ALICE), (I, I, I), trust=None),
    "name constraints not judged": Row(through_constrained_authority, (I, I, I)),
    # time
    "expired": Row(lambda: signed_by(alices(end=2022)), (I, I, I)),
    "not yet valid": Row(lambda: signed_by(alices(start=2030)), (I, I, I)),
    # signers that the policy demands
    "two signers, one wrong": Row(two_signers, (X, X, X)),
    "two signers, one is enough": Row(two_signers, (V, V, V), changes=(("required_signers", "any"),)),
    # budget
    "a budget spent": Row(many_layers, (I, I, I), changes=(("limits", mailseal.Limits(layers=2)),)),
}


def status(row: Row, preset: str) -> str:
    return opened(row.mail(), PRESETS[preset].replace(**dict(row.changes)), trust=row.trust).verdict.status


@pytest.mark.parametrize("name", ROWS)
def test_row(name: str) -> None:
    row = ROWS[name]
    strict = I if row.expected[2] == V else row.expected[2]
    assert tuple(status(row, preset) for preset in PRESETS) == (*row.expected, strict)


def test_every_status_has_rows() -> None:
    """Each status of the table comes out at least twice, so none is there by name alone."""
    reached = Counter(expected for row in ROWS.values() for expected in row.expected)
    assert set(reached) == {row["status"] for row in core.table("statuses")}
    assert min(reached.values()) >= 2
