"""Keys of mailseal's own making, with certificates by another hand, and the files that they are written as."""

from __future__ import annotations

import datetime
import functools

import mailseal
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.support import smime_build as build

KINDS = ("rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384", "ec-p521", "ed25519", "x25519")
PROFILES = ("modern", "compat")
ADDRESS = "bob@example.com"


@functools.cache
def bare(kind: str) -> mailseal.Identity:
    """The same new key each time, without certificate."""
    return mailseal.Identity.generate(kind)


@functools.cache
def certificate(kind: str) -> x509.Certificate:
    """For the key of `bare(kind)`, by `build.root()`."""
    spki = bare(kind)._inner.public_key_der()
    public_key = serialization.load_der_public_key(spki)
    builder = (
        x509.CertificateBuilder()
        .subject_name(build.name(f"Bob {kind}"))
        .issuer_name(build.root().certificate.subject)
        .public_key(public_key)  # type: ignore[arg-type]  # the kinds above are all among those that may be certified
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2040, 1, 1, tzinfo=datetime.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(ADDRESS)]), critical=False)
    )
    root_key = build.root().key
    return builder.sign(root_key, hashes.SHA256())


@functools.cache
def certified(kind: str) -> mailseal.Identity:
    """`bare(kind)` with its certificate and the root."""
    return mailseal.Identity.load(bare(kind).to_pem(None), certificates=[certificate(kind), build.root().certificate])


@functools.cache
def pkcs12(kind: str, profile: str, password: str = "secret", name: str = "Bob") -> bytes:  # noqa: S107 — a test's
    return certified(kind).to_pkcs12(password, profile, friendly_name=name)
