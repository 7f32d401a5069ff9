"""EnvelopedData (RFC 5652 §6) and AuthEnvelopedData (RFC 5083) with seeded keys, nonces and paddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from benches.corpus import oids
from benches.corpus.ber import DER, NULL, Form, algorithm, bits, explicit, implicit, integer, octets, oid, seq, set_of
from benches.corpus.pki import ORDERS, Credential
from benches.corpus.rsa_keys import encrypt_oaep, encrypt_v15
from benches.corpus.sign import attribute, utc_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from benches.corpus.chance import Chance


@dataclass(frozen=True)
class EnvelopeForm:
    """How one enveloped layer is written."""

    cipher: str = "aes256-cbc"
    oaep: str = ""
    """Digest of RSAES-OAEP; empty: RSAES-PKCS1-v1_5."""
    ski: bool = False
    shared_ephemeral: bool = False
    """One KeyAgreeRecipientInfo for all recipients of a curve, each with a RecipientEncryptedKey of its own."""
    auth_attributes: bool = False
    form: Form = DER
    fault: str = ""
    """"padding": the plaintext's padding is broken; "tag": the tag is."""


def enveloped(
    content: bytes, recipients: Sequence[Credential], how: EnvelopeForm, moment: datetime, chance: Chance
) -> bytes:
    """ContentInfo over the encrypted ``content``."""
    dotted, size = oids.CIPHERS[how.cipher]
    cek = odd_parity(chance.data(size)) if how.cipher == "3des-cbc" else chance.data(size)
    infos = recipient_infos(recipients, cek, how, chance)
    if how.cipher.endswith("gcm"):
        return auth_enveloped(content, dotted, cek, infos, how, moment, chance)
    iv = chance.data(8 if how.cipher == "3des-cbc" else 16)
    sealed = cbc(content, cek, iv, how)
    plain_form = all(isinstance(recipient.key, RSAPrivateKey) for recipient in recipients) and not how.ski
    form = how.form
    body = form.wrap(
        0x30,
        integer(0 if plain_form else 2),
        set_of(infos),
        form.wrap(0x30, oid(oids.DATA), algorithm(dotted, octets(iv)), form.string(sealed, 0x80)),
    )
    return form.wrap(0x30, oid(oids.ENVELOPED), form.wrap(0xA0, body))


def auth_enveloped(
    content: bytes, dotted: str, cek: bytes, infos: Sequence[bytes], how: EnvelopeForm, moment: datetime, chance: Chance
) -> bytes:
    nonce = chance.data(12)
    attributes = b""
    if how.auth_attributes:
        attributes = set_of([
            attribute(oids.CONTENT_TYPE, oid(oids.DATA)),
            attribute(oids.SIGNING_TIME, utc_time(moment)),
        ])  # fmt: skip
    sealed = AESGCM(cek).encrypt(nonce, content, attributes or None)
    data, tag = sealed[:-16], sealed[-16:]
    if how.fault == "tag":
        tag = bytes([tag[0] ^ 1]) + tag[1:]
    form = how.form
    parameters = seq(octets(nonce), integer(16))
    body = form.wrap(
        0x30,
        integer(0),
        set_of(infos),
        form.wrap(0x30, oid(oids.DATA), algorithm(dotted, parameters), form.string(data, 0x80)),
        implicit(1, attributes) if attributes else b"",
        octets(tag),
    )
    return form.wrap(0x30, oid(oids.AUTH_ENVELOPED), form.wrap(0xA0, body))


def cbc(content: bytes, cek: bytes, iv: bytes, how: EnvelopeForm) -> bytes:
    triple = how.cipher == "3des-cbc"
    block = 8 if triple else 16
    count = block - len(content) % block
    # No padding ends in zero: a broken one is found by every reader, not by luck.
    ending = bytes([count]) * (count - 1) + bytes([0 if how.fault == "padding" else count])
    sealer = Cipher(TripleDES(cek) if triple else algorithms.AES(cek), modes.CBC(iv)).encryptor()
    return sealer.update(content + ending) + sealer.finalize()


def odd_parity(key: bytes) -> bytes:
    return bytes(octet & 0xFE | (octet >> 1).bit_count() & 1 ^ 1 for octet in key)


def recipient_infos(recipients: Sequence[Credential], cek: bytes, how: EnvelopeForm, chance: Chance) -> list[bytes]:
    infos: list[bytes] = []
    agreeing: dict[str, list[Credential]] = {}
    for recipient in recipients:
        if isinstance(recipient.key, RSAPrivateKey):
            infos.append(key_transport(recipient, cek, how, chance))
        else:
            group = recipient.kind if how.shared_ephemeral else recipient.address
            agreeing.setdefault(group, []).append(recipient)
    infos.extend(key_agreement(group, cek, how, chance) for group in agreeing.values())
    return infos


def key_transport(recipient: Credential, cek: bytes, how: EnvelopeForm, chance: Chance) -> bytes:
    """ktri (RFC 5652 §6.2.1)."""
    assert recipient.rsa
    if how.oaep:
        identifier = oids.oaep(how.oaep)
        sealed = encrypt_oaep(recipient.rsa.n, cek, chance.data(64), how.oaep)
    else:
        identifier = algorithm(oids.RSA, NULL)
        sealed = encrypt_v15(recipient.rsa.n, cek, chance.nonzero(256))
    rid = implicit(0, octets(recipient.ski)) if how.ski else recipient.issuer_and_serial
    return seq(integer(2 if how.ski else 0), rid, identifier, octets(sealed))


def key_agreement(recipients: Sequence[Credential], cek: bytes, how: EnvelopeForm, chance: Chance) -> bytes:
    """kari with an ephemeral originator key (RFC 5753 §3.1.1, RFC 8418 §2)."""
    size = 32 if len(cek) > 16 else 16
    wrap = algorithm(oids.WRAPS[size])
    shared = seq(wrap, explicit(2, octets((8 * size).to_bytes(4, "big"))))
    kind = recipients[0].kind
    seed = chance.data(64)
    keys: list[bytes] = []
    if kind == "x25519":
        scheme = oids.ECDH_HKDF_SHA256
        ours = x25519.X25519PrivateKey.from_private_bytes(seed[:32])
        origin = seq(algorithm(oids.X25519), bits(ours.public_key().public_bytes_raw()))
        for recipient in recipients:
            assert isinstance(recipient.key, x25519.X25519PrivateKey)
            secret = ours.exchange(recipient.key.public_key())
            keys.append(HKDF(hashes.SHA256(), size, None, shared).derive(secret))
    else:
        curve, order = ORDERS[kind]
        scheme = oids.ECDH_X963["sha256"]
        ephemeral = ec.derive_private_key(int.from_bytes(seed, "big") % (order - 1) + 1, curve)
        point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        parameters = (oid(oids.CURVES[kind]),) if chance.often(0.3) else ()
        origin = seq(algorithm(oids.EC_KEY, *parameters), bits(point))
        for recipient in recipients:
            assert isinstance(recipient.key, ec.EllipticCurvePrivateKey)
            secret = ephemeral.exchange(ec.ECDH(), recipient.key.public_key())
            keys.append(X963KDF(hashes.SHA256(), size, shared).derive(secret))
    wrapped = (
        seq(rid_of(recipient, ski=how.ski), octets(aes_key_wrap(key, cek)))
        for recipient, key in zip(recipients, keys, strict=True)
    )
    return implicit(
        1, seq(integer(3), explicit(0, implicit(1, origin)), algorithm(scheme, wrap), seq(*wrapped))
    )  # fmt: skip


def rid_of(recipient: Credential, *, ski: bool) -> bytes:
    """KeyAgreeRecipientIdentifier; rKeyId [0] is a SEQUENCE (RFC 5652 §6.2.2)."""
    return implicit(0, seq(octets(recipient.ski))) if ski else recipient.issuer_and_serial
