"""Makes S/MIME for tests with pyca/cryptography and a DER writer of its own: honest mail, and mail with chosen faults.

Nothing here uses mailseal, so that what it reads was written by another hand.
"""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.der import NULL, explicit, implicit, integer, octets, oid, sequence, set_of, tlv

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COUNTERSIGNATURE = "1.2.840.113549.1.9.6"
DATA = "1.2.840.113549.1.7.1"
SIGNED = "1.2.840.113549.1.7.2"
ENVELOPED = "1.2.840.113549.1.7.3"
AUTH_ENVELOPED = "1.2.840.113549.1.9.16.1.23"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SHA256 = "2.16.840.1.101.3.4.2.1"
RSA = "1.2.840.113549.1.1.1"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
ED25519 = "1.3.101.112"
AES_CBC = {16: "2.16.840.1.101.3.4.1.2", 24: "2.16.840.1.101.3.4.1.22", 32: "2.16.840.1.101.3.4.1.42"}
AES_GCM = {16: "2.16.840.1.101.3.4.1.6", 24: "2.16.840.1.101.3.4.1.26", 32: "2.16.840.1.101.3.4.1.46"}

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Person:
    """Somebody with a key and a certificate."""

    address: str
    key: Key
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """Certificate and unencrypted PKCS#8, as one PEM."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return key + self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def identifier(self) -> bytes:
        """IssuerAndSerialNumber (RFC 5652 §10.2.4)."""
        return sequence(self.certificate.issuer.public_bytes(), integer(self.certificate.serial_number))


def new_key(kind: str) -> Key:
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else ed25519.Ed25519PrivateKey.generate()


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def issue(
    subject: str,
    key: Key,
    issuer: x509.Name,
    issuer_key: Key,
    *,
    address: str | None,
    start: int = 2020,
    end: int = 2040,
    instead: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> x509.Certificate:
    """A certificate for a mailbox, or without address for a CA; valid from `start` to `end` (years).

    `instead`: extensions, each with its criticality, that take the place of those of their kind or are added.
    """
    usage = dict.fromkeys(
        ("content_commitment", "data_encipherment", "encipher_only", "decipher_only", "crl_sign", "key_agreement"),
        False,
    )
    usage |= {"digital_signature": address is not None, "key_encipherment": address is not None}
    usage |= {"key_cert_sign": address is None}
    if isinstance(key, ec.EllipticCurvePrivateKey) and address is not None:
        usage |= {"key_agreement": True, "key_encipherment": False}
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(start, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(end, 1, 1, tzinfo=datetime.UTC))
    )
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=address is None, path_length=None), True),
        (x509.KeyUsage(**usage), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ]
    if address is not None:
        extensions.append((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False))
        extensions.append((x509.SubjectAlternativeName([x509.RFC822Name(address)]), False))
    replaced = {extension.oid for extension, _ in instead}
    for extension, critical in [one for one in extensions if one[0].oid not in replaced] + list(instead):
        builder = builder.add_extension(extension, critical=critical)
    digest = None if isinstance(issuer_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(issuer_key, digest)


@functools.cache
def root() -> Person:
    key = new_key("ec")
    return Person("", key, issue("Test Root", key, name("Test Root"), key, address=None))


@functools.cache
def person(address: str, kind: str = "rsa") -> Person:
    """The same person each time, certified by `root()`."""
    key = new_key(kind)
    return Person(address, key, issue(address, key, root().certificate.subject, root().key, address=address))


# --- SignedData (RFC 5652 §5) ---------------------------------------------------------------------------------------


def algorithm(dotted: str, parameters: bytes = b"") -> bytes:
    return sequence(oid(dotted), parameters)


def content_info(dotted: str, content: bytes) -> bytes:
    return sequence(oid(dotted), explicit(0, content))


def attribute(dotted: str, *values: bytes) -> bytes:
    return sequence(oid(dotted), set_of(*values))


def signed_attrs(content: bytes, content_type: str = DATA, extra: Sequence[bytes] = ()) -> bytes:
    """As SET OF, the form that is signed."""
    digest = octets(hashlib.sha256(content).digest())
    return set_of(attribute(CONTENT_TYPE, oid(content_type)), attribute(MESSAGE_DIGEST, digest), *extra)


def sign_bytes(signer: Person, data: bytes) -> tuple[bytes, bytes]:
    """Signature algorithm and signature over `data`."""
    if isinstance(signer.key, rsa.RSAPrivateKey):
        return algorithm(RSA, NULL), signer.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(signer.key, ec.EllipticCurvePrivateKey):
        return algorithm(ECDSA_SHA256), signer.key.sign(data, ec.ECDSA(hashes.SHA256()))
    return algorithm(ED25519), signer.key.sign(data)


def signer_info(
    signer: Person,
    content: bytes,
    *,
    attributes: bool = True,
    extra: Sequence[bytes] = (),
    attrs: bytes | None = None,
    digest_algorithm: bytes | None = None,
    signature_algorithm: bytes | None = None,
    unsigned: Callable[[bytes], Sequence[bytes]] = lambda _: (),
) -> bytes:
    """`extra`: more signed attributes; `attrs`: all of them, as SET OF; the algorithms: what is named, not done;
    `unsigned`: unsigned attributes, by the signature value."""
    attrs = signed_attrs(content, extra=extra) if attrs is None else attrs
    used, signature = sign_bytes(signer, attrs if attributes else content)
    return sequence(
        integer(1),
        signer.identifier,
        digest_algorithm or algorithm(SHA256, NULL),
        b"\xa0" + attrs[1:] if attributes else b"",
        signature_algorithm or used,
        octets(signature),
        implicit(1, b"".join(unsigned(signature)), constructed=True) if unsigned(signature) else b"",
    )


def countersignature(
    signer: Person,
    signature: bytes,
    *,
    attributes: bool = True,
    extra: Sequence[bytes] = (),
    unsigned: Callable[[bytes], Sequence[bytes]] = lambda _: (),
) -> bytes:
    """The attribute (RFC 5652 §11.4): a signature over `signature`, without contentType."""
    digest = attribute(MESSAGE_DIGEST, octets(hashlib.sha256(signature).digest()))
    info = signer_info(signer, signature, attributes=attributes, attrs=set_of(digest, *extra), unsigned=unsigned)
    return attribute(COUNTERSIGNATURE, info)


def signed_data(
    content: bytes | None,
    infos: Sequence[bytes],
    certificates: Sequence[bytes],
    *,
    content_type: str = DATA,
    version: int = 1,
    digests: Sequence[bytes] | None = None,
    crls: Sequence[bytes] = (),
    e_content: bytes | None = None,
) -> bytes:
    """SignedData from its parts; `content` None: detached; `e_content`: the element that holds the content."""
    inner = b"" if content is None else explicit(0, octets(content) if e_content is None else e_content)
    return content_info(
        SIGNED,
        sequence(
            integer(version),
            tlv(0x31, *([algorithm(SHA256, NULL)] if digests is None else digests)),
            sequence(oid(content_type), inner),
            implicit(0, b"".join(certificates), constructed=True) if certificates else b"",
            implicit(1, b"".join(crls), constructed=True) if crls else b"",
            tlv(0x31, *infos),
        ),
    )


def signed(content: bytes, *signers: Person, detached: bool = False, attributes: bool = True) -> bytes:
    infos = [signer_info(signer, content, attributes=attributes) for signer in signers]
    return signed_data(None if detached else content, infos, [signer.der for signer in signers])


# --- EnvelopedData and AuthEnvelopedData (RFC 5652 §6, RFC 5083) ----------------------------------------------------


def ktri(recipient: Person, cek: bytes, *, encrypted_key: bytes | None = None) -> bytes:
    """KeyTransRecipientInfo with PKCS#1 v1.5; `encrypted_key` overrides what the key is wrapped to."""
    if encrypted_key is None:
        public = recipient.key.public_key()
        assert isinstance(public, rsa.RSAPublicKey)
        encrypted_key = public.encrypt(cek, padding.PKCS1v15())
    return sequence(integer(0), recipient.identifier, algorithm(RSA, NULL), octets(encrypted_key))


def raw_rsa(recipient: Person, block: bytes) -> bytes:
    """`block` (as long as the modulus) raised to e: a padding of one's own, as it looks on the wire."""
    public = recipient.key.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    numbers = public.public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    assert len(block) == size
    return pow(int.from_bytes(block, "big"), numbers.e, numbers.n).to_bytes(size, "big")


def cbc(cek: bytes, content: bytes, iv: bytes) -> bytes:
    pad = 16 - len(content) % 16
    encryptor = Cipher(algorithms.AES(cek), modes.CBC(iv)).encryptor()
    return encryptor.update(content + bytes([pad]) * pad) + encryptor.finalize()


def enveloped(
    content: bytes, *recipients: Person, cek: bytes | None = None, infos: Sequence[bytes] | None = None, iv: bytes = b""
) -> bytes:
    """EnvelopedData with AES-CBC of the key's size; `infos` overrides the RecipientInfos."""
    cek, iv = cek or os.urandom(16), iv or os.urandom(16)
    infos = [ktri(recipient, cek) for recipient in recipients] if infos is None else infos
    return enveloped_raw(infos, AES_CBC[len(cek)], octets(iv), cbc(cek, content, iv))


def enveloped_raw(infos: Sequence[bytes], cipher: str, parameters: bytes, ciphertext: bytes) -> bytes:
    body = sequence(oid(DATA), algorithm(cipher, parameters), implicit(0, ciphertext))
    return content_info(ENVELOPED, sequence(integer(0), set_of(*infos), body))


def auth_enveloped(
    content: bytes,
    *recipients: Person,
    cek: bytes | None = None,
    infos: Sequence[bytes] | None = None,
    cipher: str | None = None,
    parameters: bytes | None = None,
    icv_length: int | None = 16,
    mac_length: int = 16,
    damage_mac: int = 0,
) -> bytes:
    """AuthEnvelopedData with AES-GCM; every part can be made wrong by its argument."""
    cek, nonce = cek or os.urandom(16), os.urandom(12)
    infos = [ktri(recipient, cek) for recipient in recipients] if infos is None else infos
    sealed = AESGCM(cek).encrypt(nonce, content, None)
    ciphertext, tag = sealed[:-16], bytearray(sealed[-16:])
    tag[-1] ^= damage_mac
    if parameters is None:
        parameters = sequence(octets(nonce), b"" if icv_length is None else integer(icv_length))
    mac = bytes(tag)[:mac_length].ljust(mac_length, b"\0")
    body = sequence(oid(DATA), algorithm(cipher or AES_GCM[len(cek)], parameters), implicit(0, ciphertext))
    return content_info(AUTH_ENVELOPED, sequence(integer(0), set_of(*infos), body, octets(mac)))


# --- CompressedData and DigestedData (RFC 3274, RFC 5652 §7) ---------------------------------------------------------

COMPRESSED, ZLIB = "1.2.840.113549.1.9.16.1.9", "1.2.840.113549.1.9.16.3.8"
DIGESTED = "1.2.840.113549.1.7.5"


def compressed(content: bytes, *, packed: bytes | None = None, way: str = ZLIB) -> bytes:
    """`packed`: what stands in place of the compressed content."""
    packed = zlib.compress(content) if packed is None else packed
    inside = sequence(oid(DATA), explicit(0, octets(packed)))
    return content_info(COMPRESSED, sequence(integer(0), algorithm(way), inside))


def digested(content: bytes, *, of: bytes | None = None) -> bytes:
    """`of`: what the digest is taken over instead."""
    digest = octets(hashlib.sha256(content if of is None else of).digest())
    inside = sequence(oid(DATA), explicit(0, octets(content)))
    return content_info(DIGESTED, sequence(integer(0), algorithm(SHA256, NULL), inside, digest))


# --- MIME (RFC 8551 §3) ---------------------------------------------------------------------------------------------

TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe quarterly figures are attached.\r\n"


def headers(sender: str = "alice@example.com", extra: bytes = b"") -> bytes:
    return (
        b"From: " + sender.encode() + b"\r\nTo: bob@example.com\r\nSubject: Figures\r\n"
        b"Date: Mon, 06 Jul 2026 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n" + extra + b"MIME-Version: 1.0\r\n"
    )


def part(cms: bytes, smime_type: str = "enveloped-data") -> bytes:
    """The entity application/pkcs7-mime."""
    return (
        f'Content-Type: application/pkcs7-mime; smime-type={smime_type}; name="smime.p7m"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    ).encode() + base64.encodebytes(cms).replace(b"\n", b"\r\n")


def clear_signed(entity: bytes, cms: bytes, boundary: bytes = b"==sig") -> bytes:
    """The entity multipart/signed round `entity`, whose last CRLF is its own."""
    signature = base64.encodebytes(cms).replace(b"\n", b"\r\n")
    return (
        b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256;'
        b' boundary="' + boundary + b'"\r\n\r\n'
        b"--" + boundary + b"\r\n" + entity + b"\r\n--" + boundary + b"\r\n"
        b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + signature
        + b"--"
        + boundary
        + b"--\r\n"
    )


def mixed(*entities: bytes, boundary: bytes = b"==mix") -> bytes:
    parts = b"".join(b"--" + boundary + b"\r\n" + entity + b"\r\n" for entity in entities)
    head = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n'
    return head + parts + b"--" + boundary + b"--\r\n"


def signed_mail(signer: Person, entity: bytes = TEXT, sender: str = "alice@example.com") -> bytes:
    return headers(sender) + clear_signed(entity, signed(entity, signer, detached=True))


def encrypted_mail(cms: bytes) -> bytes:
    return headers() + part(cms)
