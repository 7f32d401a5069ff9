"""`Receiver.settle`: evidence that comes after the message (architecture: facts are kept, judged again)."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from mailseal import Check, Status

from tests.support import smime_build as build
from tests.support.der import octets, sequence

if TYPE_CHECKING:
    from collections.abc import Callable

ALICE, BOB = build.person("alice@example.com"), build.person("bob@example.com")
TRUST = build.root().certificate
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"


def receiver(policy: mailseal.Policy | None = None, *, keys: bool = False) -> mailseal.Receiver:
    identities = mailseal.Identity.load(BOB.pem) if keys else None
    return mailseal.Receiver(trust=mailseal.TrustStore.load(TRUST), keys=identities, policy=policy, threads=1)


def without_certificate(content: bytes, *certificates: bytes) -> bytes:
    return build.signed_data(content, [build.signer_info(ALICE, content)], certificates)


def opaque(cms: bytes) -> bytes:
    return build.headers() + build.part(cms, "signed-data")


def decoy() -> x509.Certificate:
    """Issuer and serial number of Alice's certificate, another key: what SIG-15 puts into the bag."""
    true = ALICE.certificate
    return (
        x509.CertificateBuilder(true.issuer, true.subject, BOB.key.public_key(), true.serial_number)
        .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2040, 1, 1, tzinfo=datetime.UTC))
        .sign(build.root().key, hashes.SHA256())
    )


def test_a_missing_certificate_settles_the_signature() -> None:
    opened = receiver().open(opaque(without_certificate(build.TEXT)))
    assert opened.verdict.status is Status.INDETERMINATE
    assert [wanted.kind for wanted in opened.wanted] == ["certificate"]
    settled = receiver().settle(opened, certificates=[ALICE.der])
    assert settled.verdict.status is Status.VALID, settled.verdict.explain()
    assert settled.wanted == ()
    assert settled.signers[0].certificate == mailseal.Certificate.load(ALICE.der)
    assert settled.content == opened.content == build.TEXT
    assert opened.verdict.status is Status.INDETERMINATE, "an Opened is frozen"
    assert settled.judge().status is Status.VALID, "the evidence stays"


@pytest.mark.parametrize("certificates", [[], [BOB.der], [build.root().der]])
def test_what_does_not_fit_settles_nothing(certificates: list[bytes]) -> None:
    opened = receiver().open(opaque(without_certificate(build.TEXT)))
    settled = receiver().settle(opened, certificates=certificates)
    assert settled.verdict.status is Status.INDETERMINATE
    assert [finding.code for finding in settled.verdict.findings] == [f.code for f in opened.verdict.findings]
    again = receiver().settle(settled, certificates=[ALICE.der])
    assert again.verdict.status is Status.VALID


def test_a_decoy_certificate_is_overcome_by_the_true_one() -> None:
    der = decoy().public_bytes(serialization.Encoding.DER)
    opened = receiver().open(opaque(without_certificate(build.TEXT, der)))
    assert opened.signers[0].integrity is Check.FAILED
    settled = receiver().settle(opened, certificates=[ALICE.der])
    assert settled.verdict.status is Status.VALID, settled.verdict.explain()


def test_a_decoy_settles_nothing_and_the_true_one_still_does() -> None:
    opened = receiver().open(opaque(without_certificate(build.TEXT)))
    failed = receiver().settle(opened, certificates=[decoy()])
    assert failed.verdict.status is Status.INVALID
    settled = receiver().settle(failed, certificates=[ALICE.der])
    assert settled.verdict.status is Status.VALID
    assert "signer.signature-mismatch" not in [finding.code for finding in settled.verdict.findings]


def test_the_certificate_named_by_signing_certificate_v2_alone_counts() -> None:
    """RFC 5035 §3: another certificate of the same key, issuer and serial number is not the signer's."""

    def named(certificate: bytes) -> bytes:
        identifier = sequence(sequence(sequence(octets(hashlib.sha256(certificate).digest()))))
        extra = [build.attribute(SIGNING_CERTIFICATE_V2, identifier)]
        return build.signed_data(build.TEXT, [build.signer_info(ALICE, build.TEXT, extra=extra)], [])

    good = receiver().open(opaque(named(ALICE.der)))
    assert receiver().settle(good, certificates=[ALICE.der]).verdict.status is Status.VALID
    other = receiver().open(opaque(named(BOB.der)))
    settled = receiver().settle(other, certificates=[ALICE.der])
    assert settled.verdict.status is Status.INDETERMINATE


def test_changed_content_stays_invalid() -> None:
    changed = build.signed_data(build.TEXT + b"!", [build.signer_info(ALICE, build.TEXT)], [])
    opened = receiver().open(opaque(changed))
    assert opened.verdict.status is Status.INVALID
    assert receiver().settle(opened, certificates=[ALICE.der]).verdict.status is Status.INVALID


def test_an_issuer_settles_the_chain() -> None:
    key = build.new_key("ec")
    intermediate = build.issue("Sub CA", key, TRUST.subject, build.root().key, address=None)
    leaf = build.issue("alice", ALICE.key, intermediate.subject, key, address="alice@example.com")
    alice = dataclasses.replace(ALICE, certificate=leaf)
    opened = receiver().open(build.signed_mail(alice))
    assert opened.signers[0].chain is Check.UNKNOWN
    assert [wanted.kind for wanted in opened.wanted] == ["issuer"]
    settled = receiver().settle(opened, certificates=[intermediate])
    assert settled.verdict.status is Status.VALID, settled.verdict.explain()
    assert settled.wanted == ()
    assert len(settled.certificates) == 1, "evidence is not carried by the message"


def test_content_withheld_for_want_of_a_certificate_is_released_without_decrypting_again() -> None:
    """ENC-01 with an inner signature: once it is intact, something vouches for CBC."""
    policy = mailseal.Policy.default().replace(allow_unauthenticated=False)
    inner = build.part(without_certificate(build.TEXT), "signed-data")
    cms = build.enveloped(inner, BOB)
    opened = receiver(policy, keys=True).open(build.encrypted_mail(cms))
    assert opened.decryption is Check.OK
    assert opened.content is None
    no_key = receiver(policy)
    assert no_key.settle(opened, certificates=[BOB.der]).content is None
    settled = no_key.settle(opened, certificates=[ALICE.der])
    assert settled.content == build.TEXT
    assert settled.authenticated
    assert settled.verdict.status is Status.VALID, settled.verdict.explain()


def test_the_receiver_that_settles_gives_trust_and_policy() -> None:
    opened = receiver().open(opaque(without_certificate(build.TEXT)))
    untrusting = mailseal.Receiver(trust=mailseal.TrustStore.load(ALICE.certificate), threads=1)
    assert untrusting.settle(opened, certificates=[ALICE.der]).verdict.policy == "default"
    strict = receiver(mailseal.Policy.strict())
    assert strict.settle(opened, certificates=[ALICE.der]).verdict.status is Status.INDETERMINATE


@pytest.mark.parametrize(
    "call",
    [
        lambda r, o: r.settle(o._inner, certificates=[ALICE.der]),
        lambda r, o: r.settle(o, certificates=ALICE.der),
        lambda r, o: r.settle(o, certificates=mailseal.Certificate.load(ALICE.der)),
        lambda r, o: r.settle(o, certificates=[7]),
    ],
)
def test_a_bad_call_raises(call: Callable[[mailseal.Receiver, mailseal.Opened], object]) -> None:
    opened = receiver().open(opaque(without_certificate(build.TEXT)))
    with pytest.raises(TypeError):
        call(receiver(), opened)
