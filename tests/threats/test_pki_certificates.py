"""Certificates: signatures over the bytes that came, names and times that say one thing, keys that hold together."""

from __future__ import annotations

import dataclasses
import datetime
import re
import time
from pathlib import Path

import mailseal
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from mailseal import Check

from tests.support import odd_certificates as odd
from tests.support import smime_build as build
from tests.support.der import header, integer, octets, oid, sequence, tlv
from tests.support.odd_certificates import Draft

NOW = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
CORE = Path(__file__).parents[2] / "rust" / "core" / "src"


def chain_of(person: build.Person) -> Check:
    receiver = mailseal.Receiver(trust=mailseal.TrustStore.load(odd.root().certificate), threads=1)
    return receiver.open(build.signed_mail(person), at=NOW).signers[0].chain


@pytest.mark.parametrize("encode", [odd.long_lengths, odd.indefinite_lengths])
def test_pki_07_the_signature_is_over_the_bytes_that_came(encode: object) -> None:
    """Signed in BER and sent in BER: sound. Signed in one encoding and sent in the other: not, either way."""
    assert callable(encode)
    plain = Draft()
    ber = Draft(encode=encode, outer=encode(odd.ECDSA_SHA256))
    person = odd.person(ber)
    assert mailseal.Certificate.load(person.der).to_der() == person.der
    assert chain_of(person) is Check.OK
    for signed, sent in ((plain, ber), (ber, plain)):
        der = signed.der()
        _, begin, end = header(der, 0)
        # The signature that stands behind the TBS of `signed`, behind the TBS of `sent`.
        rest = der[begin + len(signed.tbs()) : end]
        swapped = dataclasses.replace(odd.person(sent), raw=sequence(sent.tbs(), rest))
        assert chain_of(swapped) is Check.FAILED


def test_pki_07_nothing_is_written_anew_where_signatures_are_checked() -> None:
    """The readers and judges of certificates have no writer of DER at hand; inherit.rs writes a public key."""
    for file in (CORE / "x509").rglob("*.rs"):
        if "test" not in file.name and file.name != "inherit.rs":
            code = file.read_text(encoding="utf-8").split("#[cfg(test)]")[0]
            assert not re.search(r"\bWriter\b|\bto_der\b", code), file.name


TAGS = {
    "rfc822Name": 0x81,
    "dNSName": 0x82,
    "x400Address": 0xA3,
    "directoryName": 0xA4,
    "ediPartyName": 0xA5,
    "uniformResourceIdentifier": 0x86,
    "iPAddress": 0x87,
    "registeredID": 0x88,
}


@pytest.mark.parametrize("form", TAGS)
def test_pki_13_a_general_name_of_another_type(form: str) -> None:
    """CVE-2023-0286: a member of the union read as another. The addresses beside it do not count either."""
    wrong = tlv(TAGS[form] ^ 0x20, b"\x04\x01x" if not TAGS[form] & 0x20 else b"x")
    names = sequence(tlv(0x81, odd.ADDRESS.encode()), wrong)
    draft = Draft(extensions=(odd.extension(odd.SUBJECT_ALT_NAME, names),))
    assert mailseal.Certificate.load(draft.der()).mailboxes == ()
    assert chain_of(odd.person(draft)) is Check.FAILED


def test_pki_13_escaping_is_linear() -> None:
    """CVE-2026-58059: 1 MiB of commas."""
    der = Draft(subject=odd.name(odd.UTF8, b"," * (1 << 20))).der()
    start = time.perf_counter()
    assert len(mailseal.Certificate.load(der).subject) == 3 + (2 << 20)
    assert time.perf_counter() - start < 1


def test_pki_13_names_hide_nothing() -> None:
    """Control characters, separators and a line's end are escaped: a name is one line, and one name."""
    shown = mailseal.Certificate.load(Draft(subject=odd.name(odd.UTF8, b"a\r\nb,CN=eve\0")).der()).subject
    assert shown == "CN=a\\0D\\0Ab\\,CN=eve\\00"


def test_pki_13_an_address_with_a_null_is_none() -> None:
    names = sequence(tlv(0x81, b"alice@example.com\0.evil.example"))
    draft = Draft(extensions=(odd.extension(odd.SUBJECT_ALT_NAME, names),))
    assert mailseal.Certificate.load(draft.der()).mailboxes == ()


UTC, GENERALIZED = odd.UTC, odd.GENERALIZED
SOUND = {
    (UTC, b"491231235959Z"): "2049-12-31T23:59:59",
    (UTC, b"500101000000Z"): "1950-01-01T00:00:00",
    (UTC, b"2607041200Z"): "2026-07-04T12:00:00",
    (UTC, b"260704140000+0200"): "2026-07-04T12:00:00",
    (GENERALIZED, b"20260704120000Z"): "2026-07-04T12:00:00",
    (GENERALIZED, b"20260704120000.999Z"): "2026-07-04T12:00:00",
    (GENERALIZED, b"99991231235959Z"): "9999-12-31T23:59:59",
    (UTC, b"240229000000Z"): "2024-02-29T00:00:00",
}
UNSOUND = [
    (UTC, b"260230000000Z"),
    (UTC, b"230229000000Z"),
    (UTC, b"260431000000Z"),
    (UTC, b"260001000000Z"),
    (UTC, b"261301000000Z"),
    (UTC, b"260100000000Z"),
    (UTC, b"260704240000Z"),
    (UTC, b"260704126000Z"),
    (UTC, b"161231235960Z"),
    (UTC, b"260704120000"),
    (UTC, b"260704120000z"),
    (UTC, b"260704120000+2400"),
    (UTC, b"260704120000.5Z"),
    (UTC, b"20260704120000Z"),
    (UTC, b"26070412 000Z"),
    (UTC, b""),
    (GENERALIZED, b"260704120000Z"),
    (GENERALIZED, b"2026070412Z"),
    (GENERALIZED, b"202607041200.5Z"),
    (GENERALIZED, b"20260704120000"),
    (GENERALIZED, b"-0260704120000Z"),
    (GENERALIZED, b"2" * 65536),
    (GENERALIZED, b"20260704120000." + b"9" * 65536),
]


@pytest.mark.parametrize(("tag", "text"), SOUND)
def test_pki_14_times_that_are(tag: int, text: bytes) -> None:
    moment = datetime.datetime.fromisoformat(SOUND[tag, text]).replace(tzinfo=datetime.UTC)
    assert mailseal.Certificate.load(Draft(not_before=tlv(tag, text)).der()).not_before == moment
    assert mailseal.Certificate.load(Draft(not_after=tlv(tag, text)).der()).not_after == moment


@pytest.mark.parametrize(("tag", "text"), UNSOUND, ids=lambda value: str(value)[:24])
def test_pki_14_times_that_are_not(tag: int, text: bytes) -> None:
    """Refused, never rolled over into another day: the window of validity stays where the issuer put it."""
    for draft in (Draft(not_before=tlv(tag, text)), Draft(not_after=tlv(tag, text))):
        with pytest.raises(mailseal.MalformedError) as caught:
            mailseal.Certificate.load(draft.der())
        assert caught.value.code == "asn1.time"
        assert "validity.not" in str(caught.value)


@pytest.mark.parametrize(("tag", "text"), [(2, b"\x01"), (12, b"260704120000Z"), (0x37, b"260704120000Z")])
def test_pki_14_what_is_no_time(tag: int, text: bytes) -> None:
    with pytest.raises(mailseal.MalformedError) as caught:
        mailseal.Certificate.load(Draft(not_after=tlv(tag, text)).der())
    assert caught.value.code in {"asn1.malformed", "asn1.time"}


def rsa_key(**changed: int) -> bytes:
    """RSAPrivateKey (RFC 8017 A.1.2) of an honest key, with numbers of it changed."""
    key = build.person(odd.ADDRESS).key
    assert isinstance(key, rsa.RSAPrivateKey)
    private = key.private_numbers()
    numbers = {"n": private.public_numbers.n, "e": private.public_numbers.e, "d": private.d, "p": private.p}
    numbers |= {"q": private.q, "dp": private.dmp1, "dq": private.dmq1, "qi": private.iqmp}
    return sequence(integer(0), *(integer(value) for value in (numbers | changed).values()))


def test_pki_18_an_honest_key_loads() -> None:
    person = build.person(odd.ADDRESS)
    assert mailseal.Identity.load(rsa_key(), certificates=person.certificate).certificate is not None


def test_pki_18_numbers_that_do_not_hold_together() -> None:
    key = build.person(odd.ADDRESS).key
    assert isinstance(key, rsa.RSAPrivateKey)
    private = key.private_numbers()
    n, p = private.public_numbers.n, private.p
    wrong = [{"d": 1}, {"q": p}, {"q": p, "n": p * p}, {"n": n + 2}, {"e": 3}, {"e": 1, "d": 1}, {"p": 1, "q": n}]
    wrong += [{name: 0} for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi")]
    wrong += [{"dp": private.dmp1 ^ 2}, {"dq": private.dmq1 ^ 2}, {"qi": private.iqmp ^ 2}, {"d": -private.d}]
    for changed in wrong:
        with pytest.raises(mailseal.Error) as caught:
            mailseal.Identity.load(rsa_key(**changed))
        assert caught.value.code == "key.malformed", changed
        # What is refused is a secret all the same.
        assert str(p) not in str(caught.value)


def test_pki_18_the_certificate_of_another_key() -> None:
    for other in (build.person("bob@example.com"), build.person("carol@example.com", "ec")):
        with pytest.raises(mailseal.Error) as caught:
            mailseal.Identity.load(rsa_key(), certificates=other.certificate)
        assert caught.value.code == "key.mismatch"


def test_pki_18_scalars_out_of_range() -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    curve = tlv(0xA0, oid("1.2.840.10045.3.1.7"))
    for scalar in (0, order, order + 1, (1 << 256) - 1):
        with pytest.raises(mailseal.Error) as caught:
            mailseal.Identity.load(sequence(integer(1), octets(scalar.to_bytes(32, "big")), curve))
        assert caught.value.code == "key.malformed"
