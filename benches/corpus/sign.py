"""SignedData (RFC 5652 §5) with the freedoms and the faults that a corpus needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from benches.corpus import oids
from benches.corpus.ber import DER, NULL, Form, algorithm, implicit, integer, octets, oid, seq, set_of, tlv
from benches.corpus.rsa_keys import sign_pss

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from benches.corpus.chance import Chance
    from benches.corpus.pki import Credential

HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - old mail has it
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
CAPABILITY_NAMES = ("aes256-cbc", "aes128-cbc", "aes256-gcm", "3des-cbc")
CAPABILITIES = seq(*(algorithm(oids.CIPHERS[name][0]) for name in CAPABILITY_NAMES))


@dataclass(frozen=True)
class SignatureForm:
    """How one SignedData is written."""

    digest: str = ""
    """Empty: the usual one for the key."""
    pss: bool = False
    ski: bool = False
    attributes: bool = True
    form: Form = DER
    with_root: bytes | None = None
    """A root certificate that the message carries besides its chain."""
    fault: str = ""
    """"signature": one bit of the signature value is flipped."""


def digest_for(credential: Credential, wished: str = "") -> str:
    return wished or {"p384": "sha384", "ed25519": "sha512"}.get(credential.kind, "sha256")


def signed_data(
    content: bytes,
    credentials: Sequence[Credential],
    how: SignatureForm,
    signing_time: datetime,
    chance: Chance,
    *,
    embed: bytes | None,
) -> bytes:
    """ContentInfo{SignedData} over ``content``; ``embed`` is the eContent, None for a detached signature."""
    digests = {digest_for(credential, how.digest) for credential in credentials}
    infos = [signer_info(content, credential, how, signing_time, chance) for credential in credentials]
    certificates = {der for credential in credentials for der in (credential.der, *credential.chain)}
    if how.with_root:
        certificates.add(how.with_root)
    return content_info(digests, certificates, infos, how.form, embed, 3 if how.ski else 1)


def content_info(
    digests: set[str], certificates: set[bytes], infos: Sequence[bytes], form: Form, embed: bytes | None, version: int
) -> bytes:
    """The frame of a SignedData; with no signers it is a certs-only structure (RFC 8551 §3.8)."""
    inner = () if embed is None else (form.wrap(0xA0, form.string(embed)),)
    body = form.wrap(
        0x30,
        integer(version),
        set_of(oids.digest(name) for name in digests),
        form.wrap(0x30, oid(oids.DATA), *inner),
        *((set_of(certificates, 0xA0),) if certificates else ()),
        set_of(infos),
    )
    return form.wrap(0x30, oid(oids.SIGNED), form.wrap(0xA0, body))


def signer_info(
    content: bytes, credential: Credential, how: SignatureForm, signing_time: datetime, chance: Chance
) -> bytes:
    digest = digest_for(credential, how.digest)
    sid = implicit(0, octets(credential.ski)) if how.ski else credential.issuer_and_serial
    signed = content
    attributes = b""
    if how.attributes:
        signed = signed_attributes(hashlib.new(digest, content).digest(), signing_time)
        attributes = implicit(0, signed)
    identifier, signature = raw_signature(credential, signed, digest, chance, pss=how.pss)
    if how.fault == "signature":
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    version = integer(3 if how.ski else 1)
    return seq(version, sid, oids.digest(digest), attributes, identifier, octets(signature))


def attribute(dotted: str, value: bytes) -> bytes:
    return seq(oid(dotted), set_of([value]))


def signed_attributes(digest: bytes, signing_time: datetime) -> bytes:
    """The SET OF that is hashed (RFC 5652 §5.4)."""
    return set_of([
        attribute(oids.CONTENT_TYPE, oid(oids.DATA)),
        attribute(oids.SIGNING_TIME, utc_time(signing_time)),
        attribute(oids.MESSAGE_DIGEST, octets(digest)),
        attribute(oids.CAPABILITIES, CAPABILITIES),
    ])  # fmt: skip


def utc_time(moment: datetime) -> bytes:
    return tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def raw_signature(
    credential: Credential, message: bytes, digest: str, chance: Chance, *, pss: bool
) -> tuple[bytes, bytes]:
    """signatureAlgorithm and signature; every kind is deterministic."""
    key = credential.key
    if isinstance(key, RSAPrivateKey):
        if pss:
            assert credential.rsa
            return oids.pss(digest, 32), sign_pss(credential.rsa, message, chance.data(32), digest)
        # RFC 5754 §3.2: both identifiers are in use; OpenSSL and Outlook write rsaEncryption.
        dotted = oids.RSA if digest not in oids.RSA_WITH or chance.often(0.8) else oids.RSA_WITH[digest]
        return algorithm(dotted, NULL), key.sign(message, padding.PKCS1v15(), HASHES[digest])
    if isinstance(key, ec.EllipticCurvePrivateKey):
        signature = key.sign(message, ec.ECDSA(HASHES[digest], deterministic_signing=True))
        return algorithm(oids.ECDSA_WITH[digest]), signature
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    return algorithm(oids.ED25519), key.sign(message)


def certs_only(certificates: set[bytes]) -> bytes:
    return content_info(set(), certificates, [], DER, None, 1)


def no_signers(certificates: set[bytes]) -> bytes:
    """A detached SignedData that nobody signed."""
    return content_info({"sha256"}, certificates, [], DER, None, 1)
