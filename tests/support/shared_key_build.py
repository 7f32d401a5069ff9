"""EncryptedData and AuthenticatedData (RFC 5652 §8, §9) for tests, made with pyca and a DER writer of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.support import smime_build as build
from tests.support.der import NULL, implicit, integer, octets, oid, sequence, set_of

if TYPE_CHECKING:
    from collections.abc import Sequence

ENCRYPTED_DATA, AUTHENTICATED_DATA = "1.2.840.113549.1.7.6", "1.2.840.113549.1.9.16.1.2"
SHA256, HMAC_SHA256 = "2.16.840.1.101.3.4.2.1", "1.2.840.113549.2.9"
IV = bytes(range(16))


def encrypted_data(content: bytes, key: bytes, *, iv: bytes = IV) -> bytes:
    """AES-CBC under `key`."""
    pad = 16 - len(content) % 16
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(content + bytes([pad]) * pad) + encryptor.finalize()
    cipher = build.algorithm(build.AES_CBC[len(key)], octets(iv))
    info = sequence(oid(build.DATA), cipher, implicit(0, ciphertext))
    return build.content_info(ENCRYPTED_DATA, sequence(integer(0), info))


def authenticated_data(
    content: bytes,
    infos: Sequence[bytes],
    key: bytes,
    *,
    attributes: bool = True,
    shown: bytes | None = None,
    digest_algorithm: bool | None = None,
    mac: bytes | None = None,
    content_type: str = build.DATA,
    extra: Sequence[bytes] = (),
) -> bytes:
    """HMAC-SHA-256 under `key`. `shown`: the content that is written; the MAC and the digest are always of `content`.

    `digest_algorithm`: whether the field is there, by default as `attributes` demands.
    """
    attrs = build.signed_attrs(content, content_type, extra=extra) if attributes else b""
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(attrs or content)
    digest = implicit(1, oid(SHA256), constructed=True)
    body = [
        integer(0),
        set_of(*infos),
        build.algorithm(HMAC_SHA256, NULL),
        digest if (attributes if digest_algorithm is None else digest_algorithm) else b"",
        sequence(oid(content_type), b"\xa0" + octets_header(octets(content if shown is None else shown))),
        b"\xa2" + attrs[1:] if attrs else b"",
        octets(made.finalize() if mac is None else mac),
    ]
    return build.content_info(AUTHENTICATED_DATA, sequence(*body))


def octets_header(element: bytes) -> bytes:
    """Length and contents of what holds `element` alone."""
    return sequence(element)[1:]
