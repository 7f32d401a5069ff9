"""A small CA, two people and their mail, made by pyca/cryptography: never by the code under test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2036, 1, 1, tzinfo=UTC)
WITHIN = datetime(2026, 6, 1, 12, tzinfo=UTC)
BODY = b"Content-Type: text/plain; charset=us-ascii\r\n\r\nHello Bob,\r\nthe contract is attached.\r\n"


@dataclass(frozen=True)
class Person:
    address: str
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    def pkcs12(self, password: bytes | None) -> bytes:
        secrecy = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        return pkcs12.serialize_key_and_certificates(b"mail key", self.key, self.certificate, None, secrecy)

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(**bits: bool) -> x509.KeyUsage:
    names = [
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ]
    return x509.KeyUsage(**{name: bits.get(name, False) for name in names})


@dataclass(frozen=True)
class World:
    root: x509.Certificate
    alice: Person
    bob: Person

    def root_pem(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)

    def mail(self, entity: bytes, *, subject: str = "Contract", sender: str | None = None) -> bytes:
        """An entity of pyca as a message from Alice to Bob."""
        entity = entity.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        header = (
            "Received: from a.example by b.example; Mon, 1 Jun 2026 12:00:00 +0000\r\n"
            f"From: Alice <{sender or self.alice.address}>\r\nTo: Bob <{self.bob.address}>\r\n"
            f"Subject: {subject}\r\nDate: Mon, 1 Jun 2026 11:59:00 +0000\r\nMessage-ID: <{subject}@a.example>\r\n"
        )
        return header.encode() + entity

    def signed(self, subject: str = "Contract", sender: str | None = None) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(BODY)
        builder = builder.add_signer(self.alice.certificate, self.alice.key, hashes.SHA256())
        options = [pkcs7.PKCS7Options.DetachedSignature]
        return self.mail(builder.sign(serialization.Encoding.SMIME, options), subject=subject, sender=sender)

    def encrypted(self, subject: str = "Secret") -> bytes:
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(BODY).add_recipient(self.bob.certificate)
        return self.mail(builder.encrypt(serialization.Encoding.SMIME, [pkcs7.PKCS7Options.Binary]), subject=subject)

    def plain(self, subject: str = "Lunch") -> bytes:
        return self.mail(b"MIME-Version: 1.0\r\n" + BODY, subject=subject)

    def cms_signed(self, data: bytes, *, detached: bool = False) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(data)
        builder = builder.add_signer(self.alice.certificate, self.alice.key, hashes.SHA256())
        options = [pkcs7.PKCS7Options.Binary] + ([pkcs7.PKCS7Options.DetachedSignature] if detached else [])
        return builder.sign(serialization.Encoding.DER, options)

    def cms_enveloped(self, data: bytes) -> bytes:
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(data).add_recipient(self.bob.certificate)
        return builder.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def _person(address: str, issuer: x509.Name, issuer_key: rsa.RSAPrivateKey) -> Person:
    key = rsa.generate_private_key(65537, 2048)
    builder = x509.CertificateBuilder(issuer, _name(address.split("@", maxsplit=1)[0]), key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(START).not_valid_after(END)
    builder = (
        builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
        .add_extension(_usage(digital_signature=True, key_encipherment=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    return Person(address, key, builder.sign(issuer_key, hashes.SHA256()))


@pytest.fixture(scope="session")
def world() -> World:
    key = rsa.generate_private_key(65537, 2048)
    name = _name("Test Root")
    root = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), START, END + timedelta(1))
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return World(root, _person("alice@a.example", name, key), _person("bob@b.example", name, key))


@pytest.fixture
def key_folder(world: World, tmp_path: Path) -> Path:
    """Bob's key with a password, Alice's without, a certificate alone, and a file that is none of these."""
    folder = tmp_path / "keys"
    (folder / "deep").mkdir(parents=True)
    (folder / "bob.p12").write_bytes(world.bob.pkcs12(b"secret"))
    (folder / "deep" / "alice.p12").write_bytes(world.alice.pkcs12(None))
    (folder / "root.pem").write_bytes(world.root_pem())
    (folder / "notes.txt").write_bytes(b"not a key\n")
    (folder / ".hidden.p12").write_bytes(b"hidden")
    return folder


@pytest.fixture
def root_file(world: World, tmp_path: Path) -> Path:
    file = tmp_path / "root.pem"
    file.write_bytes(world.root_pem())
    return file


@pytest.fixture
def mbox_file(world: World, tmp_path: Path) -> Path:
    """Ten messages: signed, encrypted and plain in turn."""
    kinds = (world.signed, world.encrypted, world.plain)
    file = tmp_path / "archive.mbox"
    with file.open("wb") as mbox:
        for number in range(10):
            raw = kinds[number % 3](f"number {number}").replace(b"\r\n", b"\n")
            mbox.write(b"From alice@a.example Mon Jun  1 12:00:%02d 2026\n" % number + raw + b"\n")
    return file
