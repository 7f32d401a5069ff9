"""Walks the table of algorithms: each row that is implemented has a case that passes and one that fails, made by pyca
(or OpenSSL's command); each row that is known by name only is refused by that name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec

from tests.findings import algorithm_cases, rare_algorithms
from tests.findings.algorithm_cases import ARCHIVE, ROWS, dotted
from tests.findings.cases import BOB, opaque
from tests.support import smime_build as build
from tests.support.agreement_build import kari
from tests.support.der import integer, octets, sequence

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.peers import Command

CASES = {**algorithm_cases.CASES, **rare_algorithms.cases()}
BY_OPENSSL = {**algorithm_cases.BY_OPENSSL, **rare_algorithms.BY_OPENSSL}


def test_every_implemented_row_has_a_case() -> None:
    implemented = {key for key, row in ROWS.items() if row["implemented"]}
    assert implemented == set(CASES) | set(BY_OPENSSL)


@pytest.mark.parametrize(("role", "name"), CASES, ids=[f"{role} {name}" for role, name in CASES])
def test_it_passes_and_fails(role: str, name: str) -> None:
    CASES[role, name]()


@pytest.mark.parametrize(("role", "name"), BY_OPENSSL, ids=[f"{role} {name}" for role, name in BY_OPENSSL])
def test_it_passes_and_fails_by_openssl(role: str, name: str, openssl: Command, tmp_path: Path) -> None:
    BY_OPENSSL[role, name](openssl, tmp_path)


NAMED_ONLY = [key for key, row in ROWS.items() if not row["implemented"]]


@pytest.mark.parametrize(
    ("role", "name"),
    [key for key in NAMED_ONLY if key[0] in {"Signature", "Content", "Aead", "KeyTransport", "KeyAgreement", "Digest"}],
)
def test_what_is_known_by_name_only_is_refused_by_that_name(role: str, name: str) -> None:
    """The finding names the algorithm (or the policy never takes it, also by name), and nothing passes."""
    named = build.algorithm(dotted(role, name))
    found = {
        "Signature": lambda: signed_with(signature_algorithm=named),
        "Digest": lambda: signed_with(digest_algorithm=named),
        "Content": lambda: build.enveloped_raw([build.ktri(BOB, b"k" * 16)], dotted(role, name), b"", b"x" * 16),
        "Aead": lambda: build.auth_enveloped(build.TEXT, BOB, cipher=dotted(role, name)),
        "KeyTransport": lambda: build.enveloped(
            build.TEXT, infos=[sequence(integer(0), BOB.identifier, named, octets(b"x" * 256))]
        ),
        "KeyAgreement": lambda: build.enveloped(build.TEXT, infos=[agreed_with(dotted(role, name))]),
    }[role]()
    receiver = mailseal.Receiver(trust=None, keys=mailseal.Identity.load(BOB.pem), policy=ARCHIVE, threads=1)
    opened = receiver.open(opaque(found))
    assert opened.verdict.status in {"INVALID", "INDETERMINATE", "UNSIGNED"}
    assert all(signer.integrity == "UNKNOWN" for signer in opened.signers)
    refusals = [
        finding
        for finding in opened.verdict.findings
        if finding.code.partition(".")[2] in {"algorithm-unsupported", "algorithm-forbidden"}
    ]
    assert {finding.detail for finding in refusals} == {name}, opened.verdict.explain()
    assert opened.decryption != "OK"


def signed_with(**options: bytes) -> bytes:
    info = build.signer_info(BOB, build.TEXT, **options)  # type: ignore[arg-type]
    return build.signed_data(build.TEXT, [info], [BOB.der])


def agreed_with(scheme: str) -> bytes:
    """A KeyAgreeRecipientInfo to Bob by an algorithm that is known by name only."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return kari(key, BOB.identifier, b"k" * 16, scheme=scheme, digest=hashes.SHA256())


def test_the_oracle_is_independent() -> None:
    """HMAC of pyca, over the vectors of RFC 4231 §4.2: the maker of these cases is right by itself."""
    mac = hmac.HMAC(b"\x0b" * 20, hashes.SHA256())
    mac.update(b"Hi There")
    assert mac.finalize().hex().startswith("b0344c61d8db38535ca8afceaf0bf12b")
