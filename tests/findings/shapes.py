"""Shapes of real mail that are named (RFC 2046 §5.2, RFC 8551 §3, RFC 9787 §6)."""

from __future__ import annotations

import mailseal

from tests.findings.cases import ALICE, NOW, ROOT, codes, opaque, provokes
from tests.support import smime_build as build

FORWARDED = b"Content-Type: message/rfc822\r\n\r\n" + build.signed_mail(ALICE)
ERRANT = build.headers() + build.mixed(build.TEXT, build.part(build.signed(build.TEXT, ALICE), "signed-data"))


def of_part(mail: bytes, part: str) -> list[str]:
    receiver = mailseal.Receiver(trust=mailseal.TrustStore.load(ROOT.certificate), threads=1)
    return [finding.code for finding in receiver.open(mail, part=part, at=NOW).verdict.findings]


@provokes("structure.part-opened")
def _() -> list[str]:
    return of_part(ERRANT, "/2")


@provokes("structure.part-absent")
def _() -> list[str]:
    return of_part(ERRANT, "/3")


@provokes("structure.forwarded-signature")
def _() -> list[str]:
    return codes(build.headers() + build.mixed(build.TEXT, FORWARDED, boundary=b"==outer"))


@provokes("structure.journal")
def _() -> list[str]:
    extra = b"X-MS-Journal-Report:\r\n"
    return codes(build.headers(extra=extra) + build.mixed(build.TEXT, FORWARDED, boundary=b"==outer"))


@provokes("structure.tnef")
def _() -> list[str]:
    return codes(build.headers() + b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nx\r\n")


@provokes("structure.not-followed")
def _() -> list[str]:
    return codes(build.headers() + b'Content-Type: message/partial; id="x@y"; number=1; total=2\r\n\r\nhalf\r\n')


@provokes("address.display-name")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE, sender='"bob@example.com" <alice@example.com>'))


@provokes("mime.micalg-mismatch")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE).replace(b"micalg=sha-256", b"micalg=md5"))


@provokes("mime.no-entity")
def _() -> list[str]:
    return codes(opaque(build.signed(b"%PDF-1.7 and no header", ALICE)))
