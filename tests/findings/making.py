"""Cases of what stops a sender: nothing is made then."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from cryptography import x509
from mailseal import _core

from tests.findings.cases import ALICE, BOB, NOW, alices, error, opened, policy, provokes
from tests.support import smime_build as build
from tests.support.der import oid, sequence

if TYPE_CHECKING:
    from collections.abc import Callable

MESSAGE = b"From: alice@example.com\r\nTo: bob@example.com\r\nSubject: x\r\n\r\nHello\r\n"
HTML = MESSAGE.replace(b"Subject: x", b"Content-Type: text/html")
IDENTITY = mailseal.Identity.load(ALICE.pem)
SMIME_CAPABILITIES = x509.ObjectIdentifier("1.2.840.113549.1.9.15")
DES_EDE3_CBC = "1.2.840.113549.3.7"


def capable(*ciphers: str) -> x509.Certificate:
    """A certificate of Alice's that lists these ciphers (RFC 4262)."""
    value = sequence(*(sequence(oid(cipher)) for cipher in ciphers))
    return alices(instead=[(x509.UnrecognizedExtension(SMIME_CAPABILITIES, value), False)])


def misuse(call: Callable[[], object], code: str, text: str) -> list[str]:
    """`code`, if the call raises a ValueError that holds `text` and is none of mailseal's."""
    with pytest.raises(ValueError, match=text) as raised:
        call()
    return [] if isinstance(raised.value, mailseal.Error) else [code]


def sender(rules: mailseal.Policy | None = None, signing: Any = IDENTITY) -> mailseal.Sender:
    return mailseal.Sender(signing=signing, policy=rules)


@provokes("making.failed")
def _() -> list[str]:
    return error(lambda: _core.provoke_failing_chance(mailseal.Certificate.load(BOB.certificate)._inner))


@provokes("making.signature-wrong")
def _() -> list[str]:
    wrong = mailseal.Identity.from_callbacks(ALICE.certificate, sign=lambda _algorithm, _octets: bytes(256))
    return error(lambda: sender(signing=wrong).sign(MESSAGE, at=NOW))


@provokes("making.header")
def _() -> list[str]:
    return misuse(lambda: sender().sign(MESSAGE.replace(b"x", b"a\rBcc: b", 1)), "making.header", "a CR alone")


@provokes("making.nested")
def _() -> list[str]:
    signed = build.headers() + build.clear_signed(build.TEXT.replace(b"are", b"\xc3\xa4re"), b"")
    return misuse(lambda: sender().sign(signed), "making.nested", "multipart/signed at /")


@provokes("making.bcc")
def _() -> list[str]:
    hidden = MESSAGE.replace(b"Subject", b"Bcc: eve@example.com\r\nSubject")
    return misuse(lambda: sender().protect(hidden, [BOB.certificate], at=NOW), "making.bcc", "deliveries")


@provokes("making.recipient-unfit")
def _() -> list[str]:
    late = datetime.datetime(2050, 1, 1, tzinfo=datetime.UTC)
    return error(lambda: mailseal.Sender().encrypt(MESSAGE, [BOB.certificate], at=late))


@provokes("making.signer-unfit")
def _() -> list[str]:
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"),
        False,
    )
    usage |= {"encipher_only": False, "decipher_only": False, "key_encipherment": True}
    unfit = alices(instead=[(x509.KeyUsage(**usage), True)])
    [identity] = mailseal.load_identities(ALICE.pem.partition(b"-----BEGIN CERT")[0], certificates=[unfit])
    return error(lambda: sender(signing=identity).sign(MESSAGE, at=NOW))


@provokes("making.no-common-cipher")
def _() -> list[str]:
    return error(lambda: mailseal.Sender().encrypt(MESSAGE, [capable(DES_EDE3_CBC)], at=NOW))


@provokes("making.active-content")
def _() -> list[str]:
    return error(lambda: sender(policy(signed_content="plain")).sign(HTML, at=NOW))


def sealed(entity: bytes, sender: str = "alice@example.com") -> list[str]:
    cms = build.auth_enveloped(build.part(build.signed(entity, ALICE), "signed-data"), BOB)
    mail = build.headers(sender) + build.part(cms, "authEnveloped-data")
    return [finding.code for finding in opened(mail).verdict.findings]


def named(recipient: str) -> bytes:
    return f"To: {recipient}\r\n".encode() + build.TEXT.replace(b"charset=utf-8", b'charset=utf-8; hp="cipher"')


@provokes("address.recipients-unbound")
def _() -> list[str]:
    return sealed(build.TEXT)


@provokes("address.recipients-differ")
def _() -> list[str]:
    return sealed(named("eve@example.com"))


@provokes("address.mixed-script")
def _() -> list[str]:
    return sealed(named("bob@example.com"), "\u0430lice@example.com")


@provokes("address.u-label")
def _() -> list[str]:
    names = x509.SubjectAlternativeName([x509.RFC822Name("alice@example.com")])
    text = "\u00e9@b\u00fccher.example".encode()
    other = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.9"), b"\x0c" + bytes([len(text)]) + text)
    certificate = alices(instead=[(x509.SubjectAlternativeName([*names, other]), False)])
    signer = build.Person("alice@example.com", ALICE.key, certificate)
    return [finding.code for finding in opened(build.signed_mail(signer)).verdict.findings]
