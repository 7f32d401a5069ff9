"""PasswordRecipientInfo (RFC 3211) and KEKRecipientInfo for tests, made with pyca and a DER writer of its own."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from tests.support.agreement_build import AES_WRAP
from tests.support.der import NULL, implicit, integer, octets, oid, sequence

PBKDF2, HMAC_SHA256, PWRI_KEK = "1.2.840.113549.1.5.12", "1.2.840.113549.2.9", "1.2.840.113549.1.9.16.3.9"
AES_256_CBC = "2.16.840.1.101.3.4.1.42"
SALT, IV = bytes(range(16)), bytes(range(16, 32))


def encrypt(key: bytes, iv: bytes, plain: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(plain) + encryptor.finalize()


def kek_of(password: str, iterations: int = 1000) -> bytes:
    return PBKDF2HMAC(hashes.SHA256(), 32, SALT, iterations).derive(password.encode())


def pwri_kek(kek: bytes, cek: bytes) -> bytes:
    """RFC 3211 §2.3.1: count, check octets and key, encrypted twice."""
    plain = bytes([len(cek), *(octet ^ 0xFF for octet in cek[:3])]) + cek
    plain += b"p" * (max(32, -(-len(plain) // 16) * 16) - len(plain))
    inner = encrypt(kek, IV, plain)
    return encrypt(kek, inner[-16:], inner)


def pbkdf2(iterations: int, *, key_length: int | None = None, salt: bytes = SALT) -> bytes:
    length = b"" if key_length is None else integer(key_length)
    return oid(PBKDF2) + sequence(octets(salt), integer(iterations), length, sequence(oid(HMAC_SHA256), NULL))


def pwri(
    password: str,
    cek: bytes,
    *,
    iterations: int = 1000,
    derivation: bytes | None = None,
    encryption: bytes | None = None,
    encrypted_key: bytes | None = None,
) -> bytes:
    """`derivation`: contents of the AlgorithmIdentifier (empty: the field is absent); each part can be made wrong."""
    if encrypted_key is None:
        encrypted_key = pwri_kek(kek_of(password, iterations), cek)
    derivation = pbkdf2(iterations) if derivation is None else derivation
    encryption = encryption or sequence(oid(PWRI_KEK), sequence(oid(AES_256_CBC), octets(IV)))
    first = implicit(0, derivation, constructed=True) if derivation else b""
    return implicit(3, integer(0) + first + encryption + octets(encrypted_key), constructed=True)


def kekri(kek: bytes, identifier: bytes, cek: bytes, *, encrypted_key: bytes | None = None) -> bytes:
    wrap = sequence(oid(AES_WRAP[len(kek)]))
    encrypted_key = aes_key_wrap(kek, cek) if encrypted_key is None else encrypted_key
    return implicit(2, integer(4) + sequence(octets(identifier)) + wrap + octets(encrypted_key), constructed=True)
