"""The certification authority of the corpus: a root, issuing CAs, the staff's certificates, and an untrusted partner.

Everything follows from the seed, the RSA keys from the constant pool (see rsa_keys).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from benches.corpus.ber import integer, seq
from benches.corpus.chance import derive
from benches.corpus.people import DOMAIN, PARTNER_DOMAIN, ROWS, Row, address_of
from benches.corpus.rsa_keys import RsaKey

if TYPE_CHECKING:
    from collections.abc import Iterator

PrivateKey = RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey

ORDERS = {
    "p256": (ec.SECP256R1(), 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551),
    "p384": (
        ec.SECP384R1(),
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    ),
}
CA_SPAN = (datetime(2012, 1, 1, tzinfo=UTC), datetime(2044, 12, 31, tzinfo=UTC))
STAFF_SPAN = (datetime(2014, 6, 1, tzinfo=UTC), datetime(2034, 6, 1, tzinfo=UTC))
EXPIRED_SPAN = (datetime(2014, 6, 1, tzinfo=UTC), datetime(2017, 6, 1, tzinfo=UTC))


@dataclass
class Credential:
    """A private key with its certificate, and the identifiers that CMS structures quote."""

    kind: str
    key: PrivateKey
    rsa: RsaKey | None
    address: str
    certificate: x509.Certificate
    der: bytes
    issuer_and_serial: bytes
    ski: bytes
    chain: tuple[bytes, ...]
    """Certificates above this one that a message carries."""


@dataclass
class Person:
    name: str
    address: str
    group: str
    escrow: bool
    sign: Credential | None = None
    encrypt: Credential | None = None


@dataclass
class Authority:
    name: x509.Name
    key: PrivateKey
    certificate: x509.Certificate
    chain: tuple[bytes, ...]
    """What a leaf of this authority adds to a message: this certificate and those above, but no trusted root."""


@dataclass
class Pki:
    seed: int
    root: Authority
    people: list[Person] = field(default_factory=list)

    def signers(self, kind: str, group: str = "staff") -> list[Person]:
        return [person for person in self.people if person.group == group and person.sign and person.sign.kind == kind]

    def recipients(self, kind: str, group: str = "staff") -> list[Person]:
        return [
            person for person in self.people if person.group == group and person.encrypt and person.encrypt.kind == kind
        ]


def ec_key(kind: str, *labels: object) -> ec.EllipticCurvePrivateKey:
    curve, order = ORDERS[kind]
    return ec.derive_private_key(int.from_bytes(derive(*labels, size=64), "big") % (order - 1) + 1, curve)


class Builder:
    """Issues certificates; holds the next free RSA keys of the pool."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.long_keys = iter(range(36))
        self.short_keys = iter(range(36, 40))

    def new_key(self, kind: str, label: str) -> tuple[PrivateKey, RsaKey | None]:
        if kind in ("rsa", "rsa1024"):
            rsa = RsaKey(next(self.long_keys if kind == "rsa" else self.short_keys))
            return rsa.key, rsa
        if kind == "ed25519":
            return ed25519.Ed25519PrivateKey.from_private_bytes(derive(self.seed, "key", label)), None
        if kind == "x25519":
            return x25519.X25519PrivateKey.from_private_bytes(derive(self.seed, "key", label)), None
        return ec_key(kind, self.seed, "key", label), None

    def serial(self, label: str) -> int:
        return int.from_bytes(derive(self.seed, "serial", label, size=16), "big") >> 1 | 1 << 120

    def start(
        self, subject: x509.Name, key: PrivateKey, issuer: x509.Name, span: tuple[datetime, datetime], label: str
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(self.serial(label))
            .not_valid_before(span[0])
            .not_valid_after(span[1])
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )

    def authority(self, common_name: str, kind: str, issuer: Authority | None, organization: str) -> Authority:
        key, _ = self.new_key(kind, common_name)
        subject = name_of(common_name, organization)
        builder = self.start(subject, key, issuer.name if issuer else subject, CA_SPAN, common_name)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(usage("key_cert_sign", "crl_sign"), critical=True)
        signing = issuer.key if issuer else key
        builder = builder.add_extension(authority_key(signing), critical=False)
        certificate = sign_certificate(builder, signing)
        return Authority(subject, key, certificate, (der_of(certificate), *(issuer.chain if issuer else ())))

    def credential(self, person: Person, kind: str, usages: tuple[str, ...], issuer: Authority) -> Credential:
        label = f"{person.address} {kind} {' '.join(usages)}"
        key, rsa = self.new_key(kind, label)
        organization = "Nordhafen Ingenieure" if person.group != "partner" else "Brückner Partner"
        subject = name_of(person.name, organization)
        span = EXPIRED_SPAN if person.group == "expired" else STAFF_SPAN
        builder = self.start(subject, key, issuer.name, span, label)
        san = x509.SubjectAlternativeName([x509.RFC822Name(person.address)])
        for extension, critical in (
            (san, False),
            (usage(*usages), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (authority_key(issuer.key), False),
        ):
            builder = builder.add_extension(extension, critical=critical)
        certificate = sign_certificate(builder, issuer.key)
        chain = () if person.group == "hidden" else issuer.chain
        ski = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest
        quoted = seq(issuer.name.public_bytes(), integer(certificate.serial_number))
        return Credential(kind, key, rsa, person.address, certificate, der_of(certificate), quoted, ski, chain)


def name_of(common_name: str, organization: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ])  # fmt: skip


def usage(*names: str) -> x509.KeyUsage:
    fields = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
              "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{name: name in names for name in fields})


def authority_key(key: PrivateKey) -> x509.AuthorityKeyIdentifier:
    assert not isinstance(key, x25519.X25519PrivateKey)
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def sign_certificate(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    assert not isinstance(key, x25519.X25519PrivateKey)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        digest = hashes.SHA384() if key.key_size == 384 else hashes.SHA256()
        return builder.sign(key, digest, ecdsa_deterministic=True)
    return builder.sign(key, hashes.SHA256())


def der_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def build(seed: int) -> Pki:
    """The whole PKI of a seed (about a tenth of a second)."""
    builder = Builder(seed)
    house = "Nordhafen Ingenieure"
    root = builder.authority("Nordhafen Root CA", "rsa", None, house)
    root.chain = ()
    issuing = builder.authority("Nordhafen Issuing CA R1", "rsa", root, house)
    middle = builder.authority("Nordhafen Policy CA E1", "p384", root, house)
    elliptic = builder.authority("Nordhafen Staff CA E2", "p256", middle, house)
    hidden = builder.authority("Nordhafen Site CA H1", "p256", root, house)
    partner = builder.authority("Brückner Partner Root", "p256", None, "Brückner Partner")
    issuers = {"rsa": issuing, "rsa1024": issuing, "hidden": hidden, "partner": partner}
    pki = Pki(seed, root)
    for row, name in ((group, name) for group in ROWS for name in group.names):
        person = Person(
            name, address_of(name, PARTNER_DOMAIN if row.group == "partner" else DOMAIN), row.group, row.escrow
        )
        equip(builder, person, row, issuers.get(row.group) or issuers.get(row.sign) or elliptic)
        pki.people.append(person)
    return pki


def equip(builder: Builder, person: Person, row: Row, issuer: Authority) -> None:
    if row.dual:
        person.sign = person.encrypt = builder.credential(
            person, row.sign, ("digital_signature", "key_encipherment"), issuer
        )
        return
    person.sign = builder.credential(person, row.sign, ("digital_signature", "content_commitment"), issuer)
    if row.encrypt:
        role = "key_encipherment" if row.encrypt == "rsa" else "key_agreement"
        person.encrypt = builder.credential(person, row.encrypt, (role,), issuer)


def escrowed(pki: Pki) -> Iterator[tuple[Person, Credential]]:
    """The people whose key of encryption the archive's owner has."""
    for person in pki.people:
        if person.escrow and person.encrypt:
            yield person, person.encrypt


def fingerprint(pki: Pki) -> str:
    """SHA-256 over all certificates: shows that two PKIs are the same."""
    state = hashlib.sha256(der_of(pki.root.certificate))
    for person in pki.people:
        for credential in (person.sign, person.encrypt):
            state.update(credential.der if credential else b"")
    return state.hexdigest()
