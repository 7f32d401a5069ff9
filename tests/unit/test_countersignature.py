"""Countersignatures (RFC 5652 §11.4), unsigned attributes and CRLs of a message: kept, checked, and never a help."""

from __future__ import annotations

import datetime

import mailseal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from tests.findings.cases import ALICE, BOB, NOW, ROOT, opaque
from tests.support import smime_build as build
from tests.support.der import octets, oid


def opened(policy: str = "default", **options: object) -> mailseal.Opened:
    """Alice's mail, with Bob's certificate beside hers."""
    info = build.signer_info(ALICE, build.TEXT, **options)  # type: ignore[arg-type]
    cms = build.signed_data(build.TEXT, [info], [ALICE.der, BOB.der])
    receiver = mailseal.Receiver(
        trust=mailseal.TrustStore.load(ROOT.certificate), policy=mailseal.Policy.named(policy), threads=1
    )
    return receiver.open(opaque(cms), at=NOW)


def codes(mail: mailseal.Opened) -> list[str]:
    return [finding.code for finding in mail.verdict.findings]


@pytest.mark.parametrize("attributes", [True, False])
def test_rfc5652_11_4_a_countersignature_over_the_signature_is_right(attributes: bool) -> None:
    mail = opened(unsigned=lambda value: [build.countersignature(BOB, value, attributes=attributes)])
    (signer,) = mail.signers
    (countersigner,) = signer.countersigners
    assert (countersigner.integrity, countersigner.of) == ("OK", None)
    assert countersigner.certificate == mailseal.Certificate.load(BOB.der)
    assert countersigner.digest == "SHA-256"
    assert (mail.verdict.status, "signer.countersigned" in codes(mail)) == ("VALID", True)


def test_rfc5652_11_4_a_countersignature_over_other_bytes_is_not() -> None:
    """Taken from another signature, or made over the content."""
    for other in (b"another signature", build.TEXT):
        mail = opened(unsigned=lambda _, other=other: [build.countersignature(BOB, other)])
        (countersigner,) = mail.signers[0].countersigners
        assert countersigner.integrity == "FAILED"
        assert (mail.verdict.status, "signer.countersignature-invalid" in codes(mail)) == ("VALID", True)


def test_rfc5652_11_4_countersignatures_nest_and_repeat() -> None:
    def nested(value: bytes) -> list[bytes]:
        inner = build.countersignature(BOB, value, unsigned=lambda second: [build.countersignature(ALICE, second)])
        return [inner, build.countersignature(ALICE, value)]

    countersigners = opened(unsigned=nested).signers[0].countersigners
    assert sorted((one.of is None, str(one.integrity)) for one in countersigners) == [
        (False, "OK"),
        (True, "OK"),
        (True, "OK"),
    ]
    (inner,) = (one for one in countersigners if one.of is not None)
    assert countersigners[inner.of or 0].certificate == mailseal.Certificate.load(BOB.der)


def test_rfc5652_11_4_content_type_has_no_place_in_it() -> None:
    extra = [build.attribute(build.CONTENT_TYPE, oid(build.DATA))]
    mail = opened(unsigned=lambda value: [build.countersignature(BOB, value, extra=extra)])
    assert mail.signers[0].countersigners[0].integrity == "FAILED"


def test_sig_18_a_countersignature_of_a_stranger_changes_nothing() -> None:
    rogue = build.person("mallory@example.com")
    plain = opened()
    mail = opened(unsigned=lambda value: [build.countersignature(rogue, value)])
    assert mail.signers[0].countersigners[0].integrity == "UNKNOWN"
    assert mail.verdict.status == plain.verdict.status == "VALID"
    forged = build.Person(ALICE.address, BOB.key, ALICE.certificate)
    info = build.signer_info(forged, build.TEXT, unsigned=lambda value: [build.countersignature(ALICE, value)])
    receiver = mailseal.Receiver(trust=mailseal.TrustStore.load(ROOT.certificate), threads=1)
    bad = receiver.open(opaque(build.signed_data(build.TEXT, [info], [ALICE.der])), at=NOW)
    assert bad.signers[0].countersigners[0].integrity == "OK"
    assert bad.verdict.status == "INVALID"


@pytest.mark.parametrize("value", [b"", b"\x04\x03abc", b"\x30\x80", b"\x30\x03\x02\x01\x01"])
def test_sig_18_junk_in_unsigned_attributes_is_ignored(value: bytes) -> None:
    mail = opened(unsigned=lambda _: [build.attribute(build.COUNTERSIGNATURE, value)])
    assert mail.verdict.status in {"VALID", "INVALID"}
    if mail.signers and mail.signers[0].countersigners:
        assert mail.signers[0].countersigners[0].integrity == "FAILED"


def test_a_flood_of_countersignatures_is_a_limit() -> None:
    rules = mailseal.Policy.named("default").replace(limits={"signers": 3})

    def flood(count: int) -> mailseal.Opened:
        info = build.signer_info(
            ALICE, build.TEXT, unsigned=lambda value: [build.countersignature(ALICE, value)] * count
        )
        receiver = mailseal.Receiver(trust=mailseal.TrustStore.load(ROOT.certificate), policy=rules, threads=1)
        return receiver.open(opaque(build.signed_data(build.TEXT, [info], [ALICE.der])), at=NOW)

    assert flood(3).verdict.status == "VALID"
    assert "limit.signers" in codes(flood(4))
    assert flood(4).verdict.status != "VALID"


def test_rfc5652_5_3_unsigned_attributes_are_kept_as_received() -> None:
    attribute = build.attribute("1.2.3.4", octets(b"anything"))
    (signer,) = opened(unsigned=lambda _: [attribute]).signers
    ((name, raw),) = signer.unsigned_attrs
    assert name == "1.2.3.4"
    assert attribute.endswith(raw)
    assert raw.startswith(b"\x31")


def test_rfc5652_10_2_1_crls_of_the_message_are_kept_as_received() -> None:
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateRevocationListBuilder(ROOT.certificate.subject, start, start.replace(year=2027))
    crl = builder.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.DER)
    info = build.signer_info(ALICE, build.TEXT)
    receiver = mailseal.Receiver(trust=None, threads=1)
    cms = build.signed_data(build.TEXT, [info], [ALICE.der], crls=[crl])
    assert receiver.open(opaque(cms)).crls == (crl,)
