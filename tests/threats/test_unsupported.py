"""SVC-18: an algorithm that is known by name, or by nobody, but not implemented: typed errors, never a crash."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from cryptography.hazmat.primitives import hashes
from mailseal import core
from mailseal.archive import import_archive

from tests.support import secret_build as secret
from tests.support import smime_build as build
from tests.support.agreement_build import kari
from tests.support.der import NULL, implicit, integer, octets, oid, replaced, sequence

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.threats.conftest import Receive

ROWS = [row for row in core.table("algorithms") if not row["implemented"]]
UNKNOWN = {"algorithm": "unknown", "oid": "1.3.6.1.4.1.99999.18"}
PARAMETERS = (b"", NULL, octets(bytes(16)), sequence(), integer(58))
CEK = bytes(range(16))


def rows(role: str) -> list[dict[str, Any]]:
    """What is not implemented in that role, and what nobody knows."""
    return [row for row in ROWS if row["role"] == role] + [UNKNOWN]


def signed(**algorithms: bytes) -> bytes:
    """Alice's mail with an algorithm named that she did not use."""
    alice = build.person("alice@example.com")
    info = build.signer_info(alice, build.TEXT, **algorithms)  # type: ignore[arg-type]
    digests = [algorithms["digest_algorithm"]] if "digest_algorithm" in algorithms else None
    cms = build.signed_data(build.TEXT, [info], [alice.der], digests=digests)
    return build.headers() + build.part(cms, "signed-data")


def to_bob(info: bytes) -> bytes:
    return build.encrypted_mail(build.auth_enveloped(build.TEXT, cek=CEK, infos=[info]))


def transported(named: bytes) -> bytes:
    bob = build.person("bob@example.com")
    return to_bob(sequence(integer(0), bob.identifier, named, octets(bytes(256))))


def agreed(named: bytes) -> bytes:
    """The key agreement is exchanged, all else is right."""
    eve = build.person("eve-ec@example.com", "ec")
    scheme = "1.3.132.1.11.1"
    public: Any = eve.key.public_key()
    good = kari(public, eve.identifier, CEK, scheme=scheme, digest=hashes.SHA256())
    at = good.index(oid(scheme)) - 2
    return to_bob(replaced(good, at, at + 2 + good[at + 1], named))


def content(dotted: str, parameters: bytes) -> bytes:
    infos = [build.ktri(build.person("bob@example.com"), CEK)]
    return build.encrypted_mail(build.enveloped_raw(infos, dotted, parameters, bytes(64)))


def aead(dotted: str, parameters: bytes) -> bytes:
    bob = build.person("bob@example.com")
    return build.encrypted_mail(build.auth_enveloped(build.TEXT, bob, cipher=dotted, parameters=parameters))


def wrapped(dotted: str, parameters: bytes) -> bytes:
    named = build.algorithm(dotted, parameters)
    return to_bob(implicit(2, integer(4) + sequence(octets(b"id")) + named + octets(bytes(24)), constructed=True))


def derived(dotted: str, parameters: bytes) -> bytes:
    return to_bob(secret.pwri("", CEK, derivation=oid(dotted) + parameters, encrypted_key=bytes(32)))


def packed(dotted: str, parameters: bytes) -> bytes:
    return build.headers() + build.part(build.compressed(parameters + build.TEXT, way=dotted))


SIGNER, DECRYPTION = "signer.algorithm-unsupported", "decryption.algorithm-unsupported"
# By role: a mail with that algorithm, and how its code begins (a policy may refuse it before).
MAKERS: dict[str, tuple[Callable[[str, bytes], bytes], str]] = {
    "Digest": (lambda dotted, given: signed(digest_algorithm=build.algorithm(dotted, given)), SIGNER),
    "Signature": (lambda dotted, given: signed(signature_algorithm=build.algorithm(dotted, given)), SIGNER),
    "Content": (content, "decryption.algorithm"),
    "Aead": (aead, "decryption."),
    "KeyTransport": (lambda dotted, given: transported(build.algorithm(dotted, given)), DECRYPTION),
    "Kem": (lambda dotted, given: transported(build.algorithm(dotted, given)), DECRYPTION),
    "KeyAgreement": (lambda dotted, given: agreed(build.algorithm(dotted, given)), DECRYPTION),
    "KeyWrap": (wrapped, DECRYPTION),
    "Kdf": (derived, DECRYPTION),
    "Compression": (packed, "structure.compression-unsupported"),
}


def mails() -> dict[str, tuple[bytes, str]]:
    """Each with the code that it must give."""
    return {
        f"{role} {row['algorithm']} {number}": (make(row["oid"], parameters), code)
        for role, (make, code) in MAKERS.items()
        for row in rows(role)
        for number, parameters in enumerate(PARAMETERS)
    }


MAILS = mails()


def receiver(policy: str) -> mailseal.Receiver:
    people = (build.person("bob@example.com"), build.person("eve-ec@example.com", "ec"))
    ring = mailseal.Keyring(
        [mailseal.Identity.load(one.pem) for one in people], passwords=["word"], secret_keys={b"id": os.urandom(32)}
    )
    trust = mailseal.TrustStore.load(build.root().der)
    return mailseal.Receiver(trust=trust, keys=ring, policy=mailseal.Policy.named(policy))


def test_svc_18_the_table_says_what_is_there() -> None:
    """Capabilities are a table, the same for all, and what is missing is in it by name."""
    assert len(ROWS) > 50
    assert len(MAILS) > 250
    for row in core.table("algorithms"):
        assert row["implemented"] in {True, False}


@pytest.mark.parametrize("policy", ["default", "archive", "strict"])
def test_svc_18_what_is_not_implemented_is_said(policy: str) -> None:
    opener, wrong = receiver(policy), []
    for name, (mail, code) in MAILS.items():
        opened = opener.open(mail)
        codes = [finding.code for finding in opened.verdict.findings]
        good = not opened.verdict.is_valid and any(one.startswith(code) for one in codes)
        if name.startswith(("Digest", "Signature")):
            # Not known is not wrong: the signer is undecided, not refuted.
            good = good and [signer.integrity for signer in opened.signers] == ["UNKNOWN"]
        else:
            good = good and opened.content is None
        if not good:
            wrong.append((name, opened.verdict.status, codes))
    assert not wrong, wrong


def test_svc_18_each_gets_its_row_in_an_import(tmp_path: Path) -> None:
    """A job over all of them ends, with a row for each and none put aside."""
    line = b"From a@example.com Mon Jul  6 10:00:00 2026\r\n"
    (tmp_path / "box").write_bytes(b"".join(line + mail + b"\r\n" for mail, _ in MAILS.values()))
    out = tmp_path / "out"
    report = import_archive(tmp_path / "box", out, receiver=receiver("archive"), format="jsonl", jobs=2)
    assert (report.messages, report.rows, report.exit_code) == (len(MAILS), len(MAILS), 0)
    assert not (out / "quarantine").exists()
    lines = [line for part in sorted((out / "parts").glob("*.jsonl")) for line in part.read_bytes().splitlines()]
    for row, (name, (_, code)) in zip(map(json.loads, lines), MAILS.items(), strict=True):
        assert code in json.dumps(row["findings"]), name


def test_svc_18_what_is_implemented_opens(receive: Receive) -> None:
    """The makers above make what opens, where they are given what is there."""
    opened = receive().open(signed())
    assert opened.verdict.is_valid, opened.verdict.explain()
    eve = build.person("eve-ec@example.com", "ec")
    good = agreed(sequence(oid("1.3.132.1.11.1"), sequence(oid("2.16.840.1.101.3.4.1.5"))))
    assert receive(keys=(eve,)).open(good).content == build.TEXT
