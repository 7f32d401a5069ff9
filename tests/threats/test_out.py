"""What we send: OUT-01 to -09, ENC-10, MSG-06. Forged inputs go in; nothing, or exactly what was meant, comes out."""

from __future__ import annotations

import concurrent.futures
import email
import email.policy
import hashlib
import os
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto.algos import DSASignature
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from mailseal import _core

from tests.findings.cases import ALICE, BOB, NOW, ROOT, alices, policy
from tests.findings.making import DES_EDE3_CBC, HTML, IDENTITY, MESSAGE, capable
from tests.support import smime_build as build
from tests.support.der import sequence, set_of

if TYPE_CHECKING:
    from collections.abc import Callable

BOBS = mailseal.Identity.load(BOB.pem)
RC2 = "1.2.840.113549.3.2"


def sender(signing: Any = IDENTITY, **changes: Any) -> mailseal.Sender:
    return mailseal.Sender(signing=signing, policy=policy(**changes))


def kinds(mail: bytes) -> list[str]:
    receiver = mailseal.Receiver(trust=None, keys=BOBS, threads=1)
    return [layer.kind for layer in receiver.open(mail, at=NOW).layers]


# --- OUT-01: header injection -----------------------------------------------------------------------------------------

PAYLOADS = {
    "CRLF": "a\r\nBcc: eve@example.com",
    "LF": "a\nBcc: eve@example.com",
    "CR": "a\rBcc: eve@example.com",
    "NUL": "a\0b",
    "CRLF and an empty line": "a\r\n\r\nbody",
    "folded": "a\r\n Bcc: eve@example.com",
    "line separator": "a\u2028Bcc: eve@example.com",
    "next line": "a\u0085Bcc: eve@example.com",
    "encoded LF": "=?utf-8?q?a=0ABcc:_eve@example.com?=",
    "encoded CRLF": "=?utf-8?b?YQ0KQmNjOiBldmVAZXhhbXBsZS5jb20=?=",
    "LF at the end": "a\n",
    "CRLF at the end": "a\r\n",
}


def _text(name: str) -> Callable[[EmailMessage, str], None]:
    def put(message: EmailMessage, payload: str) -> None:
        message[name] = payload

    return put


def _address(name: str, template: str) -> Callable[[EmailMessage, str], None]:
    def put(message: EmailMessage, payload: str) -> None:
        message[name] = template.format(payload)

    return put


def _attachment(message: EmailMessage, payload: str) -> None:
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename=payload)


def _boundary(message: EmailMessage, payload: str) -> None:
    message.make_mixed()
    message.set_boundary(payload)


def _raw(message: EmailMessage, payload: str) -> None:
    """Past every check of the library, as CVE-2024-6923 went."""
    message._headers.append(("X-Raw", payload))  # type: ignore[attr-defined]


PLACES: dict[str, Callable[[EmailMessage, str], None]] = {
    "Subject": _text("Subject"),
    "To": _text("To"),
    "display name": _address("Cc", '"{}" <c@example.com>'),
    "local part": _address("Reply-To", '"{}"@example.com'),
    "domain": _address("Sender", "a@{}"),
    "Message-ID": _text("Message-ID"),
    "In-Reply-To": _text("In-Reply-To"),
    "References": _text("References"),
    "Comments": _text("Comments"),
    "field of one's own": _text("X-Own"),
    "Organization": _text("Organization"),
    "file name": _attachment,
    "boundary": _boundary,
    "raw": _raw,
}


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("place", PLACES)
def test_out_01_no_field_is_made_that_nobody_set(place: str, payload: str) -> None:
    message = EmailMessage()
    message["From"] = "alice@example.com"
    message.set_content("Hello")
    try:
        PLACES[place](message, PAYLOADS[payload])
        mail = sender().sign(message, at=NOW)
    except (ValueError, mailseal.Error, email.errors.MessageError):
        return
    read = email.message_from_bytes(mail, policy=email.policy.SMTP)
    assert {name.lower() for name in read.keys()} <= {name.lower() for name in message.keys()} | {"mime-version"}  # noqa: SIM118
    assert not any(b"\0" in line or b"\r" in line for line in mail.split(b"\r\n"))
    for part in read.walk():
        assert "bcc" not in {name.lower() for name in part.keys()}  # noqa: SIM118


@pytest.mark.parametrize("octets", [b"\rBcc: eve", b"\0", b"\r"])
@pytest.mark.parametrize(
    "field", [b"Subject: ", b"To: ", b"X-Own: ", b"Content-Type: text/plain; name=", b"Message-ID: "]
)
def test_out_01_bytes_with_a_lone_cr_or_nul_are_refused(octets: bytes, field: bytes) -> None:
    for act in (sender().sign, lambda mail: sender().encrypt(mail, [BOB.certificate], at=NOW)):
        with pytest.raises(ValueError, match="CR alone or a NUL"):
            act(b"From: alice@example.com\r\n" + field + b"a" + octets + b"b\r\n\r\nHello\r\n")


@pytest.mark.parametrize(
    "address", ["bob@example.com\r\nRCPT TO:<eve@example.com>", "bob@example.com\n", "a b@example.com"]
)
def test_out_01_an_address_of_a_certificate_never_injects(address: str) -> None:
    names = x509.SubjectAlternativeName([x509.RFC822Name._init_without_validation(address)])
    certificate = alices(instead=[(names, False)])
    with pytest.raises((ValueError, mailseal.Error)):
        sender().deliveries(MESSAGE, [certificate], at=NOW)


# --- OUT-02: all recipients or none, Bcc ------------------------------------------------------------------------------


@pytest.mark.parametrize("unfit", ["expired", "signs only", "no mail", "missing"])
def test_out_02_one_of_fifty_that_cannot_be_encrypted_to(unfit: str) -> None:
    bad: Any = {
        "expired": alices(end=2021),
        "signs only": build.person("eve@example.com", "ed25519").certificate,
        "no mail": alices(instead=[(x509.ExtendedKeyUsage([x509.OID_SERVER_AUTH]), False)]),
        "missing": (),
    }[unfit]
    with pytest.raises(mailseal.PolicyError, match=r"making.recipient-unfit") as raised:
        sender().protect(MESSAGE, [BOB.certificate] * 49 + [bad], at=NOW)
    if unfit != "missing":
        assert f"serial {bad.serial_number:x}" in str(raised.value).replace(":", "").replace("serial 0", "serial ")


def test_out_02_bcc_is_seen_by_nobody_else() -> None:
    carol, dave = build.person("carol@example.com"), build.person("dave@example.com")
    hidden = MESSAGE.replace(b"Subject", b"Bcc: carol@example.com, dave@example.com\r\nSubject")
    copies = sender().deliveries(hidden, [BOB.certificate], [carol.certificate, dave.certificate], at=NOW)
    assert [copy.recipients for copy in copies] == [("bob@example.com",), ("carol@example.com",), ("dave@example.com",)]
    everybody = {"bob@example.com": BOB, "carol@example.com": carol, "dave@example.com": dave}
    for copy in copies:
        der = email.message_from_bytes(copy.data).get_payload(decode=True)
        for address, person in everybody.items():
            reader = mailseal.Receiver(trust=ROOT.certificate, keys=mailseal.Identity.load(person.pem), threads=1)
            opens = reader.open(copy.data, at=NOW).content is not None
            assert opens is (address in copy.recipients)
            assert (person.identifier in der) is opens
        assert "bcc" not in {name.lower() for name in email.message_from_bytes(copy.data)}


# --- OUT-03: nobody pulls the algorithm down --------------------------------------------------------------------------


def test_out_03_a_list_of_old_ciphers_is_refused_and_not_obeyed() -> None:
    for listed in ([DES_EDE3_CBC], [RC2], [DES_EDE3_CBC, RC2], []):
        with pytest.raises(mailseal.PolicyError, match=r"making.no-common-cipher"):
            sender().encrypt(MESSAGE, [capable(*listed)], at=NOW)
    assert sender().plan([capable(DES_EDE3_CBC, build.AES_CBC[16])], at=NOW).cipher == "AES-128-CBC"
    assert sender().plan([capable(RC2, build.AES_GCM[16])], at=NOW).cipher == "AES-128-GCM"


def test_out_03_weak_keys_are_not_encrypted_to() -> None:
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 — that is the point
    weak = build.issue("Bob", key, ROOT.certificate.subject, ROOT.key, address="bob@example.com")
    with pytest.raises(mailseal.PolicyError, match="RSA-1024 is too weak"):
        sender().encrypt(MESSAGE, [weak], at=NOW)
    pem = build.Person("bob@example.com", key, weak).pem
    with pytest.raises(mailseal.PolicyError, match=r"making.signer-unfit.*RSA-1024 is too weak"):
        sender(mailseal.Identity.load(pem)).sign(MESSAGE, at=NOW)


@pytest.mark.parametrize("cipher", ["des-ede3-cbc", "rc2-cbc", "des-cbc", "aes-192-cbc", "rc4"])
def test_out_03_no_policy_makes_what_the_table_never_makes(cipher: str) -> None:
    with pytest.raises(ValueError, match="not made here"):
        policy(content_cipher=cipher)
    with pytest.raises(ValueError, match="not made here"):
        mailseal.cms.encrypt(b"x", [BOB.certificate], cipher=cipher, at=NOW)


# --- OUT-05, OUT-06, OUT-07: faults -----------------------------------------------------------------------------------


def test_out_05_a_faulty_signature_is_not_released() -> None:
    """One half of the CRT computed wrong: with that signature anybody factors the modulus."""
    key = ALICE.key
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers = key.private_numbers()
    p, q, n = numbers.p, numbers.q, numbers.p * numbers.q
    good = 0

    def faulty(_algorithm: str, octets: bytes) -> bytes:
        nonlocal good
        good = int.from_bytes(key.sign(octets, padding.PKCS1v15(), hashes.SHA256()), "big")
        wrong_half = (good % p) ^ 1
        wrong = (good % q) + q * ((wrong_half - good % q) * pow(q, -1, p) % p)
        assert wrong != good and wrong % q == good % q  # noqa: PT018
        return wrong.to_bytes(n.bit_length() // 8, "big")

    remote = mailseal.Identity.from_callbacks(ALICE.certificate, sign=faulty)
    acts: list[Callable[[], object]] = [
        lambda: sender(remote).sign(MESSAGE, at=NOW),
        lambda: sender(remote).protect(MESSAGE, [BOB.certificate], at=NOW),
        lambda: mailseal.cms.sign(b"x", remote, at=NOW),
    ]
    for act in acts:
        with pytest.raises(mailseal.BackendError, match=r"making.signature-wrong"):
            act()
    assert good


def test_out_05_ecdsa_never_repeats_a_nonce() -> None:
    carol = mailseal.Identity.load(build.person("carol@example.com", "ec").pem)
    signatures = []
    for _ in range(10_000):
        [info] = asn1_cms.ContentInfo.load(mailseal.cms.sign(b"x", carol, at=NOW))["content"]["signer_infos"]
        signatures.append(DSASignature.load(info["signature"].native)["r"].native)
    assert len(set(signatures)) == 10_000


def spki_swapped(certificate: x509.Certificate, old: bytes, new: bytes) -> bytes:
    """The certificate with other numbers in its key; nobody's signature is asked for by `encrypt`."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    assert (der.count(old), len(old)) == (1, len(new))
    return der.replace(old, new)


def bad_keys() -> dict[str, bytes]:
    numbers = BOB.key.public_key().public_numbers()  # type: ignore[union-attr]
    modulus = numbers.n.to_bytes(256, "big")  # type: ignore[union-attr]
    carol = build.person("carol@example.com", "ec").certificate
    point = carol.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    exponent = b"\x02\x03\x01\x00\x01"
    return {
        "modulus 1": spki_swapped(BOB.certificate, modulus, bytes(255) + b"\1"),
        "modulus 0": spki_swapped(BOB.certificate, modulus, bytes(256)),
        "even modulus": spki_swapped(BOB.certificate, modulus, modulus[:-1] + bytes([modulus[-1] & 0xFE])),
        "exponent 1": spki_swapped(BOB.certificate, modulus + exponent, modulus + b"\x02\x03\x00\x00\x01"),
        "even exponent": spki_swapped(BOB.certificate, modulus + exponent, modulus + b"\x02\x03\x01\x00\x00"),
        "point off the curve": spki_swapped(carol, point, point[:-1] + bytes([point[-1] ^ 1])),
        "point at infinity": spki_swapped(carol, point, bytes(65)),
    }


@pytest.mark.parametrize("name", bad_keys())
def test_out_06_a_bad_key_of_a_recipient(name: str) -> None:
    der = bad_keys()[name]
    acts: list[Callable[[], object]] = [
        lambda: mailseal.Sender().encrypt(MESSAGE, [BOB.certificate, der], at=NOW),
        lambda: mailseal.cms.encrypt(b"x", [der], at=NOW),
    ]
    for act in acts:
        with pytest.raises((mailseal.PolicyError, mailseal.MalformedError)):
            act()


def test_out_07_one_signing_one_serialisation() -> None:
    asked: list[bytes] = []

    def sign(_algorithm: str, octets: bytes) -> bytes:
        asked.append(octets)
        return build.sign_bytes(ALICE, octets)[1]

    remote = mailseal.Identity.from_callbacks(ALICE.certificate, sign=sign)
    own = sender(remote)
    mail = own.sign(MESSAGE, at=NOW)
    assert (type(mail), len(asked)) == (bytes, 1)
    copies = own.deliveries(MESSAGE, [BOB.certificate], [ALICE.certificate], at=NOW)
    assert (len(copies), len(asked)) == (2, 2)
    inner = {
        bytes(mailseal.Receiver(trust=None, keys=keys, threads=1).open(copy.data, at=NOW).content or b"")
        for copy, keys in zip(copies, (BOBS, IDENTITY), strict=True)
    }
    assert len(inner) == 1


# --- OUT-08, OUT-09, MSG-06: what is not done by itself ---------------------------------------------------------------


def test_out_08_nothing_is_compressed_by_itself() -> None:
    compressible = MESSAGE + b"a" * 70 + b"\r\n" + (b"a" * 70 + b"\r\n") * 500
    own = sender()
    for mail in (
        own.sign(compressible, at=NOW),
        own.encrypt(compressible, [BOB.certificate], at=NOW),
        own.protect(compressible, [BOB.certificate], at=NOW),
        own.triple_wrap(compressible, [BOB.certificate], at=NOW),
    ):
        assert "compressed-data" not in kinds(mail)
    lengths = {len(own.encrypt(MESSAGE + text * 100, [BOB.certificate], at=NOW)) for text in (b"a", b"ab", b"xyz")}
    assert len(lengths) == 3


def test_out_09_no_content_doubles_as_signed_attributes() -> None:
    """draft-ietf-lamps-cms-euf-cma-signeddata: signed attributes are always there: no content is ever signed itself."""
    attributes = set_of(
        build.attribute(build.CONTENT_TYPE, b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"),
        build.attribute(build.MESSAGE_DIGEST, b"\x04\x20" + hashlib.sha256(b"other").digest()),
    )
    asked: list[bytes] = []

    def sign(_algorithm: str, octets: bytes) -> bytes:
        asked.append(octets)
        return build.sign_bytes(ALICE, octets)[1]

    remote = mailseal.Identity.from_callbacks(ALICE.certificate, sign=sign)
    for content in (attributes, sequence(attributes), b""):
        [info] = asn1_cms.ContentInfo.load(mailseal.cms.sign(content, remote, at=NOW))["content"]["signer_infos"]
        assert len(info["signed_attrs"]) >= 2
    assert attributes not in asked
    assert all(b"\x04\x20" + hashlib.sha256(attributes).digest() in octets for octets in asked[:1])
    with pytest.raises(TypeError):
        mailseal.cms.sign(b"x", remote, signed_attrs=False)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "part",
    [
        b"Content-Type: text/html\r\n\r\n<style>@media print{p{display:none}}</style><p>yes</p>",
        (
            b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
            b"--b\r\n\r\nyes\r\n--b\r\nContent-Type: text/html\r\n\r\nno\r\n--b--"
        ),
        b"Content-Type: application/xhtml+xml\r\n\r\n<html/>",
        b"Content-Type: image/svg+xml\r\n\r\n<svg/>",
        b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\nContent-Type: text/html\r\n\r\nx",
    ],
)
def test_msg_06_a_policy_signs_plain_text_only(part: bytes) -> None:
    """An automatic signer (a gateway, a bot that quotes) must not sign what shows two people two texts."""
    mail = b"From: alice@example.com\r\n" + part
    acts: list[Callable[[mailseal.Sender], object]] = [
        lambda own: own.sign(mail, at=NOW),
        lambda own: own.sign(mail, clear=False, at=NOW),
        lambda own: own.protect(mail, [BOB.certificate], at=NOW),
        lambda own: own.deliveries(mail, [BOB.certificate], at=NOW),
    ]
    for act in acts:
        with pytest.raises(mailseal.PolicyError, match=r"making.active-content"):
            act(sender(signed_content="plain"))
        act(sender())
    assert sender(signed_content="plain").sign(MESSAGE, at=NOW)
    assert HTML


# --- ENC-10: keys and nonces ------------------------------------------------------------------------------------------

RECIPIENT = build.person("carol@example.com", "ec")


def nonces(count: int) -> list[tuple[bytes, bytes]]:
    """Nonce and ephemeral key of as many messages: 12 octets of parameters, 65 of the originator's point."""
    certificate = mailseal.Certificate.load(RECIPIENT.certificate)
    made = []
    for _ in range(count):
        data = asn1_cms.ContentInfo.load(mailseal.cms.encrypt(b"x", [certificate], at=NOW))["content"]
        parameters = data["auth_encrypted_content_info"]["content_encryption_algorithm"]["parameters"].dump()
        point = data["recipient_infos"][0].chosen["originator"].chosen["public_key"].dump()
        made.append((parameters, point))
    return made


def octets_that_vary(count: int) -> list[bytes]:
    """As `nonces`, by slices of the bytes: every element of these messages is of one length."""
    certificate = mailseal.Certificate.load(RECIPIENT.certificate)
    first = mailseal.cms.encrypt(b"x", [certificate], at=NOW)
    marker = first.index(b"\x04\x0c", first.rindex(b"\x60\x86\x48\x01\x65\x03\x04\x01\x2e"))
    made = []
    for _ in range(count):
        der = mailseal.cms.encrypt(b"x", [certificate], at=NOW)
        assert len(der) == len(first)
        made.append(der[marker + 2 : marker + 14])
    return made


def test_enc_10_no_nonce_twice_over_threads_and_forks() -> None:
    """10^5 messages, or in the short run a tenth of them, over eight threads and eight forked workers."""
    share = 6250 if os.environ.get("MAILSEAL_PROOF") else 625
    octets_that_vary(10)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        seen = [one for some in pool.map(octets_that_vary, [share] * 8) for one in some]
    readers = []
    for _ in range(8):
        reader, writer = os.pipe()
        if os.fork() == 0:
            try:
                with os.fdopen(writer, "wb") as file:
                    file.write(b"".join(octets_that_vary(share)))
            finally:
                os._exit(0)
        os.close(writer)
        readers.append(reader)
    for reader in readers:
        with os.fdopen(reader, "rb") as file:
            block = file.read()
        assert len(block) == 12 * share
        seen.extend(block[at : at + 12] for at in range(0, len(block), 12))
        os.wait()
    assert len(set(seen)) == len(seen) == 16 * share


def test_enc_10_no_key_and_no_ephemeral_key_twice() -> None:
    pairs = nonces(300)
    assert len(set(pairs)) == len({one for one, _ in pairs}) == len({point for _, point in pairs}) == 300
    keys = set()
    for _ in range(300):
        data = asn1_cms.ContentInfo.load(mailseal.cms.encrypt(b"x", [BOB.certificate], at=NOW))["content"]
        wrapped = data["recipient_infos"][0].chosen["encrypted_key"].native
        assert isinstance(BOB.key, rsa.RSAPrivateKey)
        keys.add(BOB.key.decrypt(wrapped, padding.PKCS1v15()))
    assert (len(keys), {len(key) for key in keys}) == (300, {32})


def test_enc_10_without_chance_nothing_is_made() -> None:
    for certificate in (BOB.certificate, RECIPIENT.certificate):
        with pytest.raises(mailseal.BackendError, match=r"making.failed"):
            _core.provoke_failing_chance(mailseal.Certificate.load(certificate)._inner)


def test_enc_10_nobody_hands_in_a_key_or_nonce() -> None:
    for name in ("cek", "key", "nonce", "iv", "random"):
        with pytest.raises(TypeError):
            mailseal.cms.encrypt(b"x", [BOB.certificate], at=NOW, **{name: bytes(12)})  # type: ignore[arg-type]
