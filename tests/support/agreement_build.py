"""KeyAgreeRecipientInfo for tests (RFC 5753, RFC 8418), made with pyca/cryptography and a DER writer of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.der import explicit, implicit, integer, octets, oid, sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives import hashes

AES_WRAP = {16: "2.16.840.1.101.3.4.1.5", 24: "2.16.840.1.101.3.4.1.25", 32: "2.16.840.1.101.3.4.1.45"}
EC_PUBLIC_KEY, X25519, X448 = "1.2.840.10045.2.1", "1.3.101.110", "1.3.101.111"

PublicKey = ec.EllipticCurvePublicKey | x25519.X25519PublicKey | x448.X448PublicKey


def kari(
    recipient: PublicKey,
    identifier: bytes,
    cek: bytes,
    *,
    scheme: str,
    digest: hashes.HashAlgorithm,
    kek_len: int = 16,
    ukm: bytes | None = None,
    sent: Callable[[bytes], bytes] = bytes,
    curve: bytes = b"",
    salt: bytes | None = None,
    named: bytes | None = None,
    encrypted_key: bytes | None = None,
) -> bytes:
    """`identifier`: IssuerAndSerialNumber; `scheme`: OID of the key agreement, X25519 with HKDF, else the X9.63 KDF.

    What an attacker does: `sent` changes the point, `curve` are its parameters; `salt` and `named` stand in place of
    `ukm` as salt and in the shared info; `encrypted_key` is what is sent.
    """
    wrap = sequence(oid(AES_WRAP[kek_len]))
    salt, named = ukm if salt is None else salt, ukm if named is None else named
    info = sequence(
        wrap,
        explicit(0, octets(named)) if named is not None else b"",
        explicit(2, octets((kek_len * 8).to_bytes(4, "big"))),
    )
    if isinstance(recipient, x25519.X25519PublicKey | x448.X448PublicKey):
        own: Any
        if isinstance(recipient, x25519.X25519PublicKey):
            own, algorithm = x25519.X25519PrivateKey.generate(), sequence(oid(X25519))
        else:
            own, algorithm = x448.X448PrivateKey.generate(), sequence(oid(X448))
        shared = own.exchange(recipient)
        kek = HKDF(digest, kek_len, salt, info).derive(shared)
        point = own.public_key().public_bytes_raw()
    else:
        ephemeral = ec.generate_private_key(recipient.curve)
        kek = X963KDF(digest, kek_len, info).derive(ephemeral.exchange(ec.ECDH(), recipient))
        algorithm = sequence(oid(EC_PUBLIC_KEY), curve)
        point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    bits = b"\0" + sent(point)
    originator = implicit(1, algorithm + _bit_string(bits), constructed=True)
    wrapped = aes_key_wrap(kek, cek) if encrypted_key is None else encrypted_key
    keys = sequence(sequence(identifier, octets(wrapped)))
    body = integer(3) + explicit(0, originator)
    body += explicit(1, octets(ukm)) if ukm is not None else b""
    return implicit(1, body + sequence(oid(scheme), wrap) + keys, constructed=True)


def _bit_string(content: bytes) -> bytes:
    return b"\x03" + octets(content)[1:]
