"""MIME round the message: what is hidden, forwarded, mislabelled or can be read in two ways."""

from __future__ import annotations

import datetime
import time
from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.support import smime_build as build
from tests.support.der import tlv

if TYPE_CHECKING:
    from tests.threats.conftest import Receive

SECRET = b"Content-Type: text/plain\r\n\r\nTOP-SECRET\r\n"
BAIT = b"Content-Type: text/html\r\n\r\n<p>Please answer.</p>\r\n"


def codes(opened: mailseal.Opened) -> list[str]:
    return [finding.code for finding in opened.verdict.findings]


def forwarded(message: bytes) -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\n" + message


def hiding_places(sealed: bytes) -> dict[str, bytes]:
    """Old ciphertext in an innocent message, as Covert Content hides it."""
    inner = build.mixed(BAIT, sealed, boundary=b"==inner")
    related = build.mixed(BAIT, b"Content-ID: <x>\r\n" + sealed).replace(b"multipart/mixed", b"multipart/related", 1)
    return {
        "mixed": build.mixed(BAIT, sealed),
        "alternative": build.mixed(BAIT, sealed).replace(b"multipart/mixed", b"multipart/alternative", 1),
        "related by cid": related,
        "deep": build.mixed(BAIT, inner),
        "forwarded": build.mixed(BAIT, forwarded(build.headers() + sealed)),
        "forwarded in forwarded": build.mixed(BAIT, forwarded(build.headers() + inner)),
        "digest": build.mixed(BAIT, build.headers() + sealed).replace(b"multipart/mixed", b"multipart/digest", 1),
        "behind blank lines": build.mixed(BAIT + b"\r\n" * 5_000, sealed),
        "as octet-stream": build.mixed(BAIT, sealed.replace(b"application/pkcs7-mime", b"application/octet-stream")),
        "without encoding": build.mixed(BAIT, sealed.replace(b"Content-Transfer-Encoding: base64\r\n", b"")),
    }


@pytest.mark.parametrize("place", list(hiding_places(b"")))
def test_enc_03_hidden_ciphertext_stays_ciphertext(place: str, receive: Receive, bob: build.Person) -> None:
    text = build.headers() + hiding_places(build.part(build.enveloped(SECRET, bob)))[place]
    for policy in ("default", "archive", "strict"):
        opened = receive(policy).open(text)
        assert "structure.errant-encryption" in codes(opened)
        assert opened.decryption == "NOT_CHECKED"
        assert b"TOP-SECRET" not in (opened.content or b"")
        assert b"TOP-SECRET" not in str(opened.to_dict(content=True)).encode()


@pytest.mark.parametrize("place", list(hiding_places(b"")))
def test_enc_03_on_request_it_is_a_tree_of_its_own(place: str, receive: Receive, bob: build.Person) -> None:
    text = build.headers() + hiding_places(build.part(build.enveloped(SECRET, bob)))[place]
    (errant,) = receive().open(text).errant
    assert errant.encrypted
    part = receive().open(text, part=errant.path)
    assert part.content == SECRET
    assert b"Please answer" not in part.content


HIDING_NAMES = {
    "address": b'"alice@example.com" <eve@example.com>',
    "encoded address": b"=?utf-8?q?alice=40example=2Ecom?= <eve@example.com>",
    "encoded NUL": b"=?utf-8?q?alice=40example=2Ecom=00?= <eve@example.com>",
    "turned round": b"=?utf-8?q?Alice_=E2=80=AEmoc?= <eve@example.com>",
    "comment": b"eve@example.com (alice@example.com)",
    "base64": b"=?utf-8?b?YWxpY2VAZXhhbXBsZS5jb20=?= <eve@example.com>",
}


@pytest.mark.parametrize("name", list(HIDING_NAMES))
def test_msg_02_a_display_name_is_no_address(
    name: str, receive: Receive, alice: build.Person, eve: build.Person
) -> None:
    sender = HIDING_NAMES[name].decode()
    opened = receive().open(build.signed_mail(eve, sender=sender))
    assert "address.display-name" in codes(opened)
    # The address is Eve's, whatever the name shows, and only Eve's certificate fits it.
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert receive().open(build.signed_mail(alice, sender=sender)).verdict.status == "INVALID"


@pytest.mark.parametrize("sender", ["Eve <eve@example.com>", '"eve@example.com" <eve@example.com>', "eve@example.com"])
def test_msg_02_honest_names(sender: str, receive: Receive, eve: build.Person) -> None:
    opened = receive().open(build.signed_mail(eve, sender=sender))
    assert opened.verdict.is_valid
    assert "address.display-name" not in codes(opened)


def test_msg_02_an_encoded_line_end_makes_no_field(receive: Receive, eve: build.Person) -> None:
    opened = receive().open(build.signed_mail(eve, sender="=?utf-8?q?Alice=0D=0ABcc=3A_x?= <eve@example.com>"))
    assert opened.verdict.is_valid
    assert all("\n" not in field.value and "\r" not in field.value for field in opened.headers)


@pytest.mark.parametrize("sender", ["", "<>", "undisclosed:;", "=?utf-8?q?alice=40example=2Ecom?=", "alice"])
def test_msg_02_no_address_at_all(sender: str, receive: Receive, alice: build.Person) -> None:
    assert not receive().open(build.signed_mail(alice, sender=sender)).verdict.is_valid


def test_msg_05_inner_by_one_outer_by_another(receive: Receive, alice: build.Person, eve: build.Person) -> None:
    inner = build.clear_signed(build.TEXT, build.signed(build.TEXT, alice, detached=True), b"==inner")
    outer = build.clear_signed(inner, build.signed(inner, eve, detached=True))
    opened = receive().open(build.headers() + outer)
    assert [layer.path for layer in opened.layers] == ["/", "/1"]
    signers = [signer.certificate for signer in opened.signers]
    assert [one.mailboxes for one in signers if one] == [("eve@example.com",), ("alice@example.com",)]


def test_msg_05_a_forwarded_signature_lifts_nothing(receive: Receive, alice: build.Person) -> None:
    """A genuine signed message inside a forged one: the outer stays unsigned, and its header its own."""
    forged = build.headers("boss@example.com").replace(b"Subject: Figures", b"Subject: Pay now")
    genuine = build.signed_mail(alice)
    for around in (build.mixed(BAIT, forwarded(genuine)), forwarded(genuine)):
        opened = receive().open(forged + around)
        assert opened.verdict.status == "UNSIGNED"
        assert opened.coverage == "none"
        assert opened.signers == ()
        assert opened.to_dict()["subject"] == "Pay now"
        assert opened.to_dict()["mail_from"] == ["boss@example.com"]
        assert "structure.forwarded-signature" in codes(opened)


def test_msg_05_the_forwarded_part_is_judged_by_its_own_from(
    receive: Receive, alice: build.Person, eve: build.Person
) -> None:
    for signer, status in ((alice, "VALID"), (eve, "INVALID")):
        for outer in ("alice@example.com", "eve@example.com"):
            text = build.headers(outer) + build.mixed(BAIT, forwarded(build.signed_mail(signer)))
            part = receive().open(text, part="/2/1")
            assert part.verdict.status == status, (outer, part.verdict.explain())
            assert part.to_dict()["mail_from"] == ["alice@example.com"]


def test_msg_05_signed_by_outer_says_nothing_of_the_forwarded(
    receive: Receive, alice: build.Person, eve: build.Person
) -> None:
    """Eve signs a mail that forwards one with a broken signature of Alice: the part is not Eve's."""
    broken = build.signed_mail(alice).replace(b"quarterly", b"quarterlY")
    entity = build.mixed(BAIT, forwarded(broken))
    text = build.headers("eve@example.com") + build.clear_signed(
        entity, build.signed(entity, eve, detached=True), b"==outer"
    )
    opened = receive().open(text)
    assert opened.verdict.is_valid
    part = receive().open(text, part=opened.errant[0].path)
    assert part.verdict.status == "INVALID"
    assert len(part.signers) == 1


def test_msg_07_marks_in_text_and_header_never_count(receive: Receive, alice: build.Person) -> None:
    marks = (
        b"Authentication-Results: mx.example.com; smime=pass\r\n"
        b"X-Company-Smime: verified\r\nx-SMIME-verified:\r\n yes\r\nX-OPENXPKI: OK\r\n"
    )
    plain = build.headers(extra=marks).replace(b"Subject: ", b"Subject: [signed OK] ") + build.TEXT
    opened = receive().open(plain)
    assert (opened.verdict.status, opened.verdict.summary, opened.coverage) == ("UNSIGNED", "none", "none")
    broken = build.signed_mail(alice).replace(b"quarterly", b"quarterlY")
    assert receive().open(marks + broken).verdict.status == "INVALID"


def test_msg_08_inner_header_fields_are_never_outer_ones(
    receive: Receive, eve: build.Person, bob: build.Person
) -> None:
    lie = (
        b"From: alice@example.com\r\nReturn-Path: <alice@example.com>\r\nReceived: from trusted\r\n"
        b"Authentication-Results: mx; smime=pass\r\nX-Our-Verified: yes\r\n"
    )
    entity = lie + build.TEXT
    signed = build.clear_signed(entity, build.signed(entity, eve, detached=True))
    for text in (signed, build.part(build.enveloped(signed, bob))):
        opened = receive().open(build.headers("alice@example.com") + text)
        outer = {field.name for field in opened.outer_headers}
        assert not {"Authentication-Results", "X-Our-Verified", "Received", "Return-Path"} & outer
        assert opened.verdict.status == "INVALID", "Eve's signature is not Alice's, whatever From she wrote inside"
    # The other way round: From outside counts, so a From inside makes no mismatch good.
    opened = receive().open(build.headers("eve@example.com") + signed)
    assert opened.to_dict()["mail_from"] == ["eve@example.com"]


LIES = {
    "smime-type": (b"smime-type=signed-data", b"smime-type=enveloped-data"),
    "certs-only": (b"smime-type=signed-data", b"smime-type=certs-only"),
    "octet-stream": (b"application/pkcs7-mime; smime-type=signed-data", b"application/octet-stream"),
    "signature": (b"application/pkcs7-mime; smime-type=signed-data", b"application/pkcs7-signature"),
    "a type of nobody": (b"application/pkcs7-mime; smime-type=signed-data", b"application/x-unknown"),
}


@pytest.mark.parametrize("lie", list(LIES))
def test_msg_14_the_content_decides_not_the_label(lie: str, receive: Receive, alice: build.Person) -> None:
    text = build.headers() + build.part(build.signed(build.TEXT, alice), "signed-data")
    assert "mime.type-mismatch" not in codes(receive().open(text))
    opened = receive().open(text.replace(*LIES[lie]))
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert opened.content == build.TEXT
    assert "mime.type-mismatch" in codes(opened)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"micalg=sha-256", b"micalg=md5", "mime.micalg-mismatch"),
        (b'protocol="application/pkcs7', b'protocol="application/pgp', "mime.type-mismatch"),
        (b"Type: application/pkcs7-signature", b"Type: application/pgp-signature", "mime.type-mismatch"),
    ],
)
def test_msg_14_parameters_of_multipart_signed_are_hints(
    old: bytes, new: bytes, code: str, receive: Receive, alice: build.Person
) -> None:
    text = build.signed_mail(alice)
    assert old in text
    opened = receive().open(text.replace(old, new))
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert code in codes(opened)


def test_msg_17_partial_and_external_bodies_are_named_and_not_followed(receive: Receive, alice: build.Person) -> None:
    signed = build.signed_mail(alice)
    third = len(signed) // 3 + 1
    for number in range(3):
        piece = signed[number * third : (number + 1) * third]
        head = f'Content-Type: message/partial; id="x@y"; number={number + 1}; total=3\r\n\r\n'.encode()
        opened = receive().open(build.headers() + head + piece)
        assert opened.verdict.status == "UNSIGNED"
        assert "structure.not-followed" in codes(opened)
    external = (
        b'Content-Type: message/external-body; access-type=URL; URL="http://example.com/x"\r\n\r\n'
        b"Content-Type: application/pkcs7-mime\r\n\r\n"
    )
    opened = receive().open(build.headers() + build.mixed(BAIT, external))
    assert "structure.not-followed" in codes(opened)
    assert opened.errant == ()


# --- PAR-13: two readers, two structures ----------------------------------------------------------------------------

AMBIGUOUS = {
    "several Content-Type": lambda text: text.replace(
        b"Content-Type: multipart", b"Content-Type: text/plain\r\nContent-Type: multipart", 1
    ),
    "Content-Type again": lambda text: text.replace(
        b"Content-Type: multipart", b"Content-Type: multipart/signed\r\nContent-Type: multipart", 1
    ),
    "boundary twice": lambda text: text.replace(b'boundary="==sig"', b'boundary="==sig"; boundary="==other"'),
    "boundary ends with a blank": lambda text: text.replace(b'boundary="==sig"', b'boundary="==sig "'),
    "a part behind the end": lambda text: text + b"--==sig\r\n\r\nhidden\r\n--==sig--\r\n",
    "an encoded multipart": lambda text: text.replace(
        b"MIME-Version", b"Content-Transfer-Encoding: quoted-printable\r\nMIME-Version", 1
    ),
    "several encodings": lambda text: text.replace(
        b"MIME-Version",
        b"Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\nMIME-Version",
        1,
    ),
    "two encodings in one field": lambda text: text.replace(
        b"MIME-Version", b"Content-Transfer-Encoding: base64, 7bit\r\nMIME-Version", 1
    ),
    "a CR alone": lambda text: text.replace(b"MIME-Version", b"X-A: b\rContent-Type: text/plain\r\nMIME-Version", 1),
}


@pytest.mark.parametrize("kind", list(AMBIGUOUS))
def test_par_13_an_ambiguous_signed_entity_is_never_valid(kind: str, receive: Receive, alice: build.Person) -> None:
    honest = build.signed_mail(alice)
    assert receive().open(honest).verdict.is_valid
    for policy in ("default", "archive", "strict"):
        opened = receive(policy).open(AMBIGUOUS[kind](honest))
        assert not opened.verdict.is_valid
        # Where the first reading is no signed entity at all there is nothing that could be valid.
        assert "mime.ambiguous" in codes(opened), opened.verdict.explain()


def test_par_13_boundary_that_is_the_beginning_of_another(receive: Receive, alice: build.Person) -> None:
    """Delimiters are whole lines: one boundary may begin like the other, in either order."""
    for outer, inner in ((b"==b", b"==b2"), (b"==b2", b"==b")):
        entity = build.mixed(BAIT, build.TEXT, boundary=inner)
        text = build.headers() + build.clear_signed(entity, build.signed(entity, alice, detached=True), outer)
        opened = receive().open(text)
        assert opened.verdict.is_valid, opened.verdict.explain()
        assert opened.content == entity
        assert "mime.ambiguous" not in codes(opened)


def test_par_13_junk_in_base64_has_one_reading(receive: Receive, alice: build.Person) -> None:
    text = build.headers() + build.part(build.signed(build.TEXT, alice), "signed-data")
    head, body = text.split(b"\r\n\r\n", 1)
    opened = receive().open(head + b"\r\n\r\n" + b"*" + body.replace(b"\r\n", b"\r\n*"))
    assert opened.content == build.TEXT
    assert "mime.transfer-repaired" in codes(opened)


# --- PAR-05, PAR-08, PAR-09 through the public doors ----------------------------------------------------------------


def test_par_05_an_overlong_oid_is_no_known_one(alice: build.Person) -> None:
    """An arc with a leading 0x80, and one that equals a known arc modulo 2^32, name nothing."""
    cms = build.signed(build.TEXT, alice)
    known = bytes.fromhex("06092a864886f70d010702")
    assert cms.count(known) == 1
    wide = bytes.fromhex("060c2a864886f70d0190808080" + "02")
    padded = bytes.fromhex("060a2a864886f70d01078002")
    for forged in (wide, padded):
        body = cms[cms.index(known) + len(known) :]
        data = tlv(0x30, forged[:1] + bytes([len(forged) - 2]) + forged[2:], body)
        with pytest.raises(mailseal.Error):
            mailseal.cms.verify(data, trust=None)


def test_par_05_a_mebibyte_of_oid_is_quick() -> None:
    start = time.perf_counter()
    with pytest.raises(mailseal.Error):
        mailseal.cms.verify(tlv(0x30, tlv(0x06, b"\xff" * (1 << 20) + b"\x01"), tlv(0xA0, b"\x05\x00")), trust=None)
    assert time.perf_counter() - start < 0.5


TEXTS = {
    "odd BMP": (30, b"\x00A\x00"),
    "surrogate": (30, b"\xd8\x00\x00A"),
    "beyond Unicode": (28, b"\x00\x11\x00\x00"),
    "huge code point": (28, b"\xff\xff\xff\xff"),
    "T61": (20, b"Zo\xeb\xff"),
    "invalid UTF-8": (12, b"\xc0\x80\xff"),
    "NUL": (12, b"alice\x00.evil"),
    "long": (12, b"x" * (1 << 20)),
    "long BMP": (30, b"\x00x" * (1 << 20)),
}


@pytest.mark.parametrize("kind", list(TEXTS))
def test_par_08_text_types_in_names(kind: str, alice: build.Person) -> None:
    """A subject of that text: read, its bytes kept, never an address."""
    tag, content = TEXTS[kind]
    common_name = alice.certificate.subject.public_bytes()
    attribute = tlv(0x30, bytes.fromhex("0603550403"), tlv(tag, content))
    name = tlv(0x30, tlv(0x31, attribute))
    der = alice.der
    assert der.count(common_name) == 1
    changed = rebuilt(der, common_name, name)
    try:
        loaded = mailseal.Certificate.load(changed)
    except mailseal.Error:
        return
    assert isinstance(loaded.subject, str)
    assert loaded.to_der() == changed
    assert loaded.mailboxes == ("alice@example.com",)


def rebuilt(der: bytes, old: bytes, new: bytes) -> bytes:
    """The certificate with `old`, a field of tbsCertificate, replaced, and both lengths made right."""
    certificate = x509.load_der_x509_certificate(der)
    tbs = certificate.tbs_certificate_bytes
    rest = der[der.index(tbs) + len(tbs) :]
    header = 4 if tbs[1] == 0x82 else 2 + (tbs[1] & 0x7F if tbs[1] & 0x80 else 0)
    return tlv(0x30, tlv(0x30, tbs[header:].replace(old, new)), rest)


def test_par_08_the_unchanged_certificate_loads(alice: build.Person) -> None:
    name = alice.certificate.subject.public_bytes()
    assert rebuilt(alice.der, name, name) == alice.certificate.public_bytes(serialization.Encoding.DER)


def test_par_09_hostile_pem_is_linear() -> None:
    texts = [
        b"-----BEGIN CERTIFICATE-----\n" * 100_000,
        b"-----BEGIN A-----\n-----BEGIN CERTIFICATE-----\nAAAA\n" * 30_000,
        b"-----BEGIN CERTIFICATE-----\n" + b"A" * 20_000_000,
        b"-----BEGIN CERTIFICATE-----\n" + b"X-A: b\n" * 200_000,
    ]
    for text in texts:
        start = time.perf_counter()
        with pytest.raises(mailseal.Error):
            mailseal.load_certificates(text)
        assert time.perf_counter() - start < 3


def test_msg_18_intact_valid_then_and_trusted_today_are_three_answers(receive: Receive, alice: build.Person) -> None:
    """The certificates hold from 2020 to 2040: what was right then stays told apart from what holds later."""
    text = build.signed_mail(alice)
    then = datetime.datetime(2026, 7, 6, tzinfo=datetime.UTC)
    later = datetime.datetime(2050, 1, 1, tzinfo=datetime.UTC)
    receiver = receive("default")
    answers = {}
    for at in (then, later):
        opened = receiver.open(text, at=at)
        (signer,) = opened.signers
        answers[at] = (str(opened.verdict.status), str(signer.integrity), str(signer.time))
        assert opened.content == build.TEXT
    assert answers[then] == ("VALID", "OK", "OK")
    assert answers[later] == ("INDETERMINATE", "OK", "FAILED")
    # Judged again without opening again: the same, and a broken signature is broken at any time.
    assert receiver.open(text, at=then).judge(at=later).status == "INDETERMINATE"
    broken = receiver.open(text.replace(b"quarterly", b"quarterlY"), at=then)
    assert broken.signers[0].integrity == "FAILED"
    assert broken.signers[0].time == "OK"
