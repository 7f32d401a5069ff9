"""Certificates as the world has them: each oddity is read, its bytes are kept and its chain is judged; or it is refused
with a code. asn1crypto is the second reader where it can be one."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import mailseal
import pytest
from mailseal import Check, Status

from tests.support import odd_certificates as odd
from tests.support import smime_build as build
from tests.support.der import NULL, explicit, integer, oid, sequence, tlv
from tests.support.odd_certificates import Draft

NOW = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
TWO_TO_167 = 1 << 167
TRUE, FALSE = b"\x01\x01\xff", b"\x01\x01\x00"


def named(tag: int, value: bytes) -> Draft:
    return Draft(subject=odd.name(tag, value))


def altered(**pieces: Any) -> Draft:
    return replace(Draft(), **pieces)


# What is read, with what shows it; the chain of each is sound.
READ: dict[str, tuple[Draft, dict[str, object]]] = {
    "T61String": (named(odd.T61, b"Zo\xeb"), {"subject": "CN=Zoë"}),
    "BMPString": (named(odd.BMP, "Zoë".encode("utf-16-be")), {"subject": "CN=Zoë"}),
    "UniversalString": (named(odd.UNIVERSAL, "Zoë😀".encode("utf-32-be")), {"subject": "CN=Zoë😀"}),
    "NumericString": (named(odd.NUMERIC, b"4711"), {"subject": "CN=4711"}),
    "UTF-8 in a PrintableString": (named(odd.PRINTABLE, "Zoë".encode()), {"subject": "CN=Zoë"}),
    "BMPString cut off": (named(odd.BMP, b"\0a\0"), {"subject": "CN=a\ufffd"}),
    "half a surrogate": (named(odd.BMP, b"\xd8\0"), {"subject": "CN=\ufffd"}),
    "beyond Unicode": (named(odd.UNIVERSAL, b"\0\x11\0\0"), {"subject": "CN=\ufffd"}),
    "no text at all": (named(5, b""), {"subject": "2.5.4.3=#0500"}),
    "empty subject": (altered(subject=sequence()), {"subject": ""}),
    "empty RDN": (altered(subject=sequence(tlv(0x31))), {"subject": ""}),
    "serial 0": (altered(serial=integer(0)), {"serial_number": 0}),
    "negative serial": (altered(serial=integer(-128)), {"serial_number": -128}),
    "serial of 21 octets": (altered(serial=integer(TWO_TO_167)), {"serial_number": TWO_TO_167}),
    "serial with zeros in front": (altered(serial=b"\x02\x03\0\0\x05"), {"serial_number": 5}),
    "version 1": (altered(version=b"", extensions=()), {"mailboxes": ()}),
    "version 1 with extensions": (altered(version=b""), {"mailboxes": (odd.ADDRESS,)}),
    "version 1, written out": (altered(version=explicit(0, integer(0))), {"mailboxes": (odd.ADDRESS,)}),
    "no extension in the list": (altered(extensions=(b"",)), {"mailboxes": ()}),
    "unique identifiers": (altered(unique_ids=tlv(0x81, b"\0a") + tlv(0x82, b"\0b")), {"serial_number": 4711}),
    "critical FALSE written out": (
        altered(extensions=(odd.extension("1.2.3.4", NULL, FALSE), odd.mailbox())),
        {"mailboxes": (odd.ADDRESS,)},
    ),
    "issuer with other case and blanks": (
        altered(issuer=odd.name(odd.PRINTABLE, b" TEST  root")),
        {"issuer": "CN=\\ TEST  root"},
    ),
    "lengths of four octets": (
        altered(encode=odd.long_lengths, outer=odd.long_lengths(odd.ECDSA_SHA256)),
        {"serial_number": 4711, "mailboxes": (odd.ADDRESS,), "public_key_name": "P-256"},
    ),
    "lengths without end": (
        altered(encode=odd.indefinite_lengths, outer=odd.indefinite_lengths(odd.ECDSA_SHA256)),
        {"serial_number": 4711, "mailboxes": (odd.ADDRESS,), "public_key_name": "P-256"},
    ),
}

# Read, but a signer with such a certificate is not taken: the code of the finding that says why.
JUDGED: dict[str, tuple[Draft, str]] = {
    "an extension twice": (
        altered(extensions=(odd.mailbox(), odd.mailbox("eve@example.com"))),
        "chain.extension-malformed",
    ),
    "unused bits in the signature": (altered(unused=1), "chain.signature-mismatch"),
    "two signature algorithms": (
        altered(signature=sequence(oid("1.2.840.10045.4.3.3"))),
        "chain.signature-algorithm-mismatch",
    ),
    "the same algorithm, one of them in BER": (
        altered(outer=odd.long_lengths(odd.ECDSA_SHA256)),
        "chain.signature-algorithm-mismatch",
    ),
    "unknown critical extension": (
        altered(extensions=(odd.extension("1.2.3.4", NULL, TRUE), odd.mailbox())),
        "chain.critical-extension",
    ),
    "issuer in a type that is not compared": (
        altered(issuer=odd.name(odd.BMP, "Test Root".encode("utf-16-be"))),
        "chain.issuer-missing",
    ),
    "extension that cannot be read": (
        altered(extensions=(odd.extension(odd.KEY_USAGE, b"\x03\x02\x09\x00", TRUE), odd.mailbox())),
        "chain.extension-malformed",
    ),
}

REFUSED: dict[str, tuple[Draft, str, str]] = {
    "empty serial": (altered(serial=b"\x02\0"), "asn1.malformed", "tbsCertificate.serialNumber"),
    "serial that is no INTEGER": (altered(serial=tlv(0x0A, b"\1")), "asn1.malformed", "tbsCertificate.serialNumber"),
    "version 4": (altered(version=explicit(0, integer(3))), "certificate.malformed", "tbsCertificate.version"),
    "negative version": (altered(version=explicit(0, integer(-1))), "certificate.malformed", "tbsCertificate.version"),
    "field of nobody": (altered(unique_ids=tlv(0x85, b"x")), "asn1.malformed", "tbsCertificate"),
    "name that is no SEQUENCE": (altered(subject=tlv(0x31)), "asn1.malformed", "tbsCertificate.subject"),
    "attribute without value": (
        altered(subject=sequence(tlv(0x31, sequence(oid(odd.COMMON_NAME))))),
        "asn1.truncated",
        "tbsCertificate.subject",
    ),
    "extension without value": (
        altered(extensions=(sequence(oid("1.2.3.4")),)),
        "asn1.malformed",
        "tbsCertificate.extensions",
    ),
    "extension value in segments": (
        altered(extensions=(sequence(oid("1.2.3.4"), tlv(0x24, tlv(4, b"a"), tlv(4, b"b"))),)),
        "asn1.malformed",
        "tbsCertificate",
    ),
    "criticality that is neither": (
        altered(extensions=(odd.extension("1.2.3.4", NULL, b"\x01\x02\0\0"),)),
        "asn1.malformed",
        "tbsCertificate",
    ),
}


def opened(person: odd.Odd) -> mailseal.Opened:
    receiver = mailseal.Receiver(trust=mailseal.TrustStore.load(odd.root().certificate), threads=1)
    return receiver.open(build.signed_mail(person), at=NOW)


@pytest.mark.parametrize("oddity", READ)
def test_what_is_read(oddity: str) -> None:
    draft, shown = READ[oddity]
    person = odd.person(draft)
    der = person.der
    certificate = mailseal.Certificate.load(der)
    assert certificate.to_der() == der
    assert {field: getattr(certificate, field) for field in shown} == shown
    found = opened(person)
    assert [(signer.integrity, signer.chain) for signer in found.signers] == [(Check.OK, Check.OK)]
    assert [carried.to_der() for carried in found.certificates] == [der]
    if shown.get("mailboxes", ()) == ():
        return
    assert found.verdict.status is Status.VALID, found.verdict.explain()


# asn1crypto reads neither.
@pytest.mark.parametrize("oddity", [name for name in READ if name not in {"lengths without end", "NumericString"}])
def test_another_reader_says_the_same(oddity: str) -> None:
    theirs = pytest.importorskip("asn1crypto.x509").Certificate
    draft, shown = READ[oddity]
    ours, other = mailseal.Certificate.load(draft.der()), theirs.load(draft.der())
    assert ours.serial_number == other.serial_number
    assert (ours.not_before, ours.not_after) == (other.not_valid_before, other.not_valid_after)
    text = shown.get("subject")
    if isinstance(text, str) and text.startswith("CN=") and "\ufffd" not in text and "Printable" not in oddity:
        assert ours.subject == f"CN={other.subject.native['common_name']}"


@pytest.mark.parametrize("oddity", JUDGED)
def test_what_is_read_but_not_taken(oddity: str) -> None:
    draft, code = JUDGED[oddity]
    person = odd.person(draft)
    assert mailseal.Certificate.load(person.der).to_der() == person.der
    found = opened(person)
    assert found.verdict.status is not Status.VALID
    assert found.signers[0].integrity is Check.OK
    assert code in [finding.code for finding in found.verdict.findings]


@pytest.mark.parametrize("oddity", REFUSED)
def test_what_is_refused(oddity: str) -> None:
    draft, code, place = REFUSED[oddity]
    with pytest.raises(mailseal.MalformedError) as caught:
        mailseal.Certificate.load(draft.der())
    assert caught.value.code == code
    assert place in str(caught.value)
    # In a message it is the signer that suffers, not the message.
    found = opened(odd.person(draft))
    assert found.verdict.status is not Status.VALID
    assert found.content is not None


def test_serials_name_the_certificate_however_they_are_padded() -> None:
    """RFC 5652 §10.2.4: the signer is found by the number, not by its octets."""
    person = odd.person(Draft(serial=b"\x02\x02\0\x05"))
    issuer = odd.root().certificate.subject.public_bytes()
    renamed = replace(person, issuer_and_serial=sequence(issuer, integer(5)))
    assert opened(renamed).verdict.status is Status.VALID
