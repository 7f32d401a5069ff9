"""Encrypted layers and the keys for them (RFC 5652 §6, RFC 5083, RFC 5958, RFC 7292)."""

from __future__ import annotations

import mailseal
from cryptography.hazmat.primitives import serialization

from tests.findings.cases import ALICE, BOB, codes, error, policy, provokes
from tests.support import smime_build as build
from tests.support.der import NULL, integer, octets, oid, sequence

DER, PKCS8 = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8


def load(source: bytes, password: str | None = None) -> list[str]:
    return error(lambda: mailseal.load_identities(source, password=password))


def bobs_key(password: bytes | None = None) -> bytes:
    secrecy = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return BOB.key.private_bytes(DER, PKCS8, secrecy)


@provokes("decryption.no-key")
def _() -> list[str]:
    return codes(build.encrypted_mail(build.enveloped(build.TEXT, ALICE)))


@provokes("decryption.failed")
def _() -> list[str]:
    return codes(build.encrypted_mail(build.auth_enveloped(build.TEXT, BOB, damage_mac=1)))


@provokes("decryption.algorithm-forbidden")
def _() -> list[str]:
    rules = policy(algorithms={"AES-128-CBC": "never"})
    return codes(build.encrypted_mail(build.enveloped(build.TEXT, BOB, cek=b"k" * 16)), rules)


@provokes("decryption.not-aead")
def _() -> list[str]:
    cms = build.auth_enveloped(build.TEXT, BOB, cipher=build.AES_CBC[16], parameters=octets(bytes(16)))
    return codes(build.encrypted_mail(cms))


@provokes("decryption.aead-in-enveloped")
def _() -> list[str]:
    parameters = sequence(octets(bytes(12)), integer(16))
    cms = build.enveloped_raw([build.ktri(BOB, b"k" * 16)], build.AES_GCM[16], parameters, b"x" * 16)
    return codes(build.encrypted_mail(cms))


@provokes("decryption.unauthenticated")
def _() -> list[str]:
    return codes(build.encrypted_mail(build.enveloped(build.TEXT, BOB)))


@provokes("decryption.unauthenticated-forbidden")
def _() -> list[str]:
    return codes(build.encrypted_mail(build.enveloped(build.TEXT, BOB)), policy("strict"))


@provokes("decryption.algorithm-unsupported")
def _() -> list[str]:
    cms = build.enveloped_raw([build.ktri(BOB, b"k" * 16)], "1.2.3.4", NULL, b"x" * 16)
    return codes(build.encrypted_mail(cms))


@provokes("decryption.algorithm-weak")
def _() -> list[str]:
    triple_des = "1.2.840.113549.3.7"
    cms = build.enveloped_raw([build.ktri(BOB, b"k" * 24)], triple_des, octets(bytes(8)), b"x" * 16)
    return codes(build.encrypted_mail(cms))


@provokes("decryption.duplicate-recipient")
def _() -> list[str]:
    cek = b"k" * 16
    cms = build.enveloped(build.TEXT, cek=cek, infos=[build.ktri(BOB, cek), build.ktri(BOB, cek)])
    return codes(build.encrypted_mail(cms))


@provokes("decryption.parameters")
def _() -> list[str]:
    cms = build.enveloped_raw([build.ktri(BOB, b"k" * 16)], build.AES_CBC[16], octets(b"short"), b"x" * 16)
    return codes(build.encrypted_mail(cms))


@provokes("decryption.tag-length")
def _() -> list[str]:
    return codes(build.encrypted_mail(build.auth_enveloped(build.TEXT, BOB, mac_length=4)))


@provokes("key.password-wrong")
def _() -> list[str]:
    return load(bobs_key(b"secret"), "guess")


@provokes("key.malformed")
def _() -> list[str]:
    return load(b"\x30\x03\x02\x01\x00")


@provokes("key.unsupported")
def _() -> list[str]:
    return load(sequence(integer(0), sequence(oid("1.2.3.4")), octets(b"key")))


@provokes("key.mismatch")
def _() -> list[str]:
    alices = mailseal.Certificate.load(ALICE.der)
    return error(lambda: mailseal.Identity.load(bobs_key(), certificates=[alices]))


@provokes("pem.malformed")
def _() -> list[str]:
    return load(b"-----BEGIN PRIVATE KEY-----\nAAAA\n")


@provokes("certificate.malformed")
def _() -> list[str]:
    return error(lambda: mailseal.load_certificates(BOB.pem.partition(b"-----BEGIN CERT")[0]))


@provokes("limit.kdf-work")
def _() -> list[str]:
    """PBKDF2 with 2^31 - 1 rounds."""
    pbkdf2 = sequence(oid("1.2.840.113549.1.5.12"), sequence(octets(bytes(8)), integer(2**31 - 1)))
    cipher = sequence(oid(build.AES_CBC[32]), octets(bytes(16)))
    pbes2 = sequence(oid("1.2.840.113549.1.5.13"), sequence(pbkdf2, cipher))
    return load(sequence(pbes2, octets(bytes(32))), "secret")


@provokes("limit.key-bits")
def _() -> list[str]:
    modulus = (1 << 16_999) + 1
    numbers = [integer(value) for value in (0, modulus, 65537, 3, 5, 7, 9, 11, 13)]
    return load(sequence(*numbers))
