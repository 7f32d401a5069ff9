"""Bytes, MIME and CMS as a whole (X.690, RFC 2045 ff., RFC 5652, RFC 9787)."""

from __future__ import annotations

import base64
import json

import mailseal
import pytest
from mailseal import _core, core

from tests.findings.cases import ALICE, BOB, alices, codes, error, opaque, policy, provokes
from tests.support import smime_build as build
from tests.support.der import explicit, implicit, integer, octets, oid, sequence, tlv

_SIGNED = build.signed(build.TEXT, ALICE)


@provokes("internal.panic")
def _() -> list[str]:
    return error(_core.provoke_panic)


@provokes("misuse.argument")
def _() -> list[str]:
    """The one family that is a plain ValueError: a caller's fault has no finding of its own in a verdict."""
    with pytest.raises(ValueError, match="lax") as raised:
        mailseal.Policy.named("lax")
    return [] if isinstance(raised.value, mailseal.Error) else ["misuse.argument"]


@provokes("asn1.malformed")
def _() -> list[str]:
    return codes(opaque(_SIGNED.replace(oid(build.SIGNED), b"\x06\x09" + b"\x80" * 9, 1)))


@provokes("asn1.truncated")
def _() -> list[str]:
    return codes(opaque(_SIGNED[:-20]))


@provokes("asn1.not-der")
def _() -> list[str]:
    """What OpenSSL calls a trusted certificate is DER: here a length is padded."""
    assert ALICE.der[1] == 0x82
    text = base64.encodebytes(b"\x30\x83\x00" + ALICE.der[2:])
    pem = b"-----BEGIN TRUSTED CERTIFICATE-----\n" + text + b"-----END TRUSTED CERTIFICATE-----\n"
    return error(lambda: mailseal.load_certificates(pem))


@provokes("asn1.time")
def _() -> list[str]:
    return error(lambda: mailseal.Certificate.load(ALICE.der.replace(b"200101000000Z", b"201301000000Z")))


@provokes("cms.malformed")
def _() -> list[str]:
    """Key agreement whose public key is no whole number of octets."""
    eve = build.person("eve@example.com", "ec")
    public = sequence(sequence(oid("1.2.840.10045.2.1")), b"\x03\x03\x04\x04\xf0")[2:]
    originator = explicit(0, b"\xa1" + bytes([len(public)]) + public)
    scheme = build.algorithm("1.3.132.1.11.1", build.algorithm("2.16.840.1.101.3.4.1.5"))
    keys = sequence(sequence(eve.identifier, octets(bytes(24))))
    kari = implicit(1, integer(3) + originator + scheme + keys, constructed=True)
    cms = build.enveloped_raw([kari], build.AES_CBC[16], octets(bytes(16)), bytes(16))
    return codes(build.encrypted_mail(cms), keys=mailseal.Identity.load(eve.pem))


@provokes("cms.content-absent")
def _() -> list[str]:
    return codes(opaque(build.signed(build.TEXT, ALICE, detached=True)))


@provokes("cms.content-type")
def _() -> list[str]:
    return codes(opaque(build.content_info("1.2.840.113549.1.7.1", octets(b"data"))))


@provokes("cms.version")
def _() -> list[str]:
    info = build.signer_info(ALICE, build.TEXT)
    return codes(opaque(build.signed_data(build.TEXT, [info], [ALICE.der], version=3)))


@provokes("cms.trailing-data")
def _() -> list[str]:
    return codes(opaque(_SIGNED + b"\0\0"))


@provokes("cms.trailing-data-forbidden")
def _() -> list[str]:
    return codes(opaque(_SIGNED + b"\0\0"), policy("strict"))


@provokes("mime.malformed")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE).replace(b"--==sig--", b"--==sig\r\n\r\nthird\r\n--==sig--"))


@provokes("mime.transfer-encoding")
def _() -> list[str]:
    head, _, _ = opaque(_SIGNED).rpartition(b"\r\n\r\n")
    return codes(head + b"\r\n\r\n????\r\n")


@provokes("mime.transfer-repaired")
def _() -> list[str]:
    head, blank, body = opaque(_SIGNED).rpartition(b"\r\n\r\n")
    return codes(head + blank + b"!" + body)


@provokes("mime.type-mismatch")
def _() -> list[str]:
    return codes(build.headers() + build.part(_SIGNED, "enveloped-data"))


@provokes("mime.line-endings")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE).replace(b"\r\n", b"\n"))


@provokes("mime.from-quoted")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE, build.TEXT + b"From me\r\n").replace(b"\nFrom me", b"\n>From me"))


@provokes("mime.unclosed")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE).replace(b"--==sig--\r\n", b""))


@provokes("mime.charset")
def _() -> list[str]:
    return codes(b"Subject: =?no-such-charset?q?=FF?=\r\n" + build.headers() + build.TEXT)


@provokes("mime.ambiguous")
def _() -> list[str]:
    return codes(
        build.headers(extra=b"Content-Type: text/html\r\n") + build.signed_mail(ALICE).partition(b"1.0\r\n")[2]
    )


@provokes("structure.certs-only")
def _() -> list[str]:
    return codes(opaque(build.signed_data(None, [], [ALICE.der])))


@provokes("structure.errant-encryption")
def _() -> list[str]:
    return codes(build.headers() + build.mixed(build.TEXT, build.part(build.enveloped(build.TEXT, BOB))))


@provokes("structure.errant-signature")
def _() -> list[str]:
    signed = build.clear_signed(build.TEXT, build.signed(build.TEXT, ALICE, detached=True))
    return codes(build.headers() + build.mixed(build.TEXT, signed))


def limited(raw: bytes, **caps: int) -> list[str]:
    return codes(raw, policy(limits=mailseal.Limits(**caps)))


@provokes("structure.decompression")
def _() -> list[str]:
    return codes(packed(build.compressed(build.TEXT, packed=b"no zlib")))


@provokes("structure.compression-unsupported")
def _() -> list[str]:
    return codes(packed(build.compressed(build.TEXT, way="1.2.3.4")))


@provokes("structure.digest-mismatch")
def _() -> list[str]:
    return codes(packed(build.digested(build.TEXT, of=b"another text")))


@provokes("limit.decompression")
def _() -> list[str]:
    return codes(packed(build.compressed(b"0" * 10_000_000)))


def packed(cms: bytes) -> bytes:
    return build.headers() + build.part(cms, "compressed-data")


@provokes("limit.asn1-depth")
def _() -> list[str]:
    return limited(opaque(_SIGNED), asn1_depth=5)


@provokes("limit.inspected-rows")
def _() -> list[str]:
    (found,) = json.loads(core.tree(tlv(0x30, b"\5\0" * 100_001)))
    return [finding.split(":")[0] for finding in found["findings"]]


@provokes("limit.layers")
def _() -> list[str]:
    return limited(build.headers() + build.part(build.enveloped(build.part(_SIGNED, "signed-data"), BOB)), layers=1)


@provokes("limit.message-bytes")
def _() -> list[str]:
    return limited(build.headers() + build.TEXT, message_bytes=10)


@provokes("limit.recipients")
def _() -> list[str]:
    return limited(build.encrypted_mail(build.enveloped(build.TEXT, ALICE, BOB)), recipients=1)


@provokes("limit.signers")
def _() -> list[str]:
    return limited(opaque(build.signed(build.TEXT, ALICE, BOB)), signers=1)


@provokes("limit.digest-algorithms")
def _() -> list[str]:
    return limited(opaque(_SIGNED), digest_algorithms=0)


@provokes("limit.certificates")
def _() -> list[str]:
    return limited(opaque(_SIGNED), certificates=0)


@provokes("limit.attributes")
def _() -> list[str]:
    return limited(opaque(_SIGNED), attributes=1)


@provokes("limit.mime-depth")
def _() -> list[str]:
    outer = build.mixed(build.mixed(build.TEXT)).replace(b"==mix", b"==outer", 2)
    outer = outer[: outer.rindex(b"==mix")] + b"==outer--\r\n"
    return limited(build.headers() + outer, mime_depth=1)


@provokes("limit.mime-parts")
def _() -> list[str]:
    return limited(build.headers() + build.mixed(build.TEXT, build.TEXT, build.TEXT), mime_parts=2)


@provokes("limit.header-bytes")
def _() -> list[str]:
    return limited(build.headers() + build.TEXT, header_bytes=20)


@provokes("limit.header-fields")
def _() -> list[str]:
    return limited(build.headers() + build.TEXT, header_fields=2)


@provokes("limit.addresses")
def _() -> list[str]:
    return limited(b"Cc: a@example.com, b@example.com, c@example.com\r\n" + build.headers() + build.TEXT, addresses=2)


@provokes("limit.path-work")
def _() -> list[str]:
    return limited(build.signed_mail(build.Person(ALICE.address, ALICE.key, alices())), path_signatures=0)
