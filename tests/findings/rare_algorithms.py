"""Cases of the algorithms that mail of today seldom uses: old ones, other curves, SHA-3.

Made by pyca, or by OpenSSL's command."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import mailseal
from asn1crypto import cms as asn1_cms
from cryptography.hazmat.decrepit.ciphers.algorithms import CAST5, IDEA, RC2, Camellia
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, x448
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from tests.findings import algorithm_cases as usual
from tests.findings.algorithm_cases import ARCHIVE, CURVES, HASHES, LEGACY, dotted
from tests.findings.cases import BOB, ROOT, opaque
from tests.support import smime_build as build
from tests.support.agreement_build import kari
from tests.support.der import implicit, integer, octets, oid, sequence, set_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.peers import Command

HASHES |= {
    "MD5": hashes.MD5(),  # noqa: S303
    "SHA-512/224": hashes.SHA512_224(),
    "SHA-512/256": hashes.SHA512_256(),
    **{f"SHA3-{bits}": getattr(hashes, f"SHA3_{bits}")() for bits in (224, 256, 384, 512)},
    "SHAKE128": hashes.SHAKE128(32),
    "SHAKE256": hashes.SHAKE256(64),
}
CURVES |= {
    "brainpoolP256r1": ec.BrainpoolP256R1(),
    "brainpoolP384r1": ec.BrainpoolP384R1(),
    "brainpoolP512r1": ec.BrainpoolP512R1(),
}


def eddsa_448(digest: bytes | None = None) -> None:
    """RFC 8419 §3.1: digestAlgorithm is SHAKE256 of 512 bits."""
    key = ed448.Ed448PrivateKey.generate()
    usual.checked(key, "SHAKE256", build.algorithm(dotted("Signature", "Ed448")), key.sign, hash_algorithm=digest)


def shake_of_a_length() -> None:
    named = build.algorithm(dotted("Digest", "SHAKE256-len"), integer(512))
    eddsa_448(named)


def dsa_row(name: str, digest: str, bits: int = 2048) -> None:
    key = dsa.generate_private_key(bits)
    usual.checked(key, digest, build.algorithm(dotted("Signature", name)), lambda data: key.sign(data, HASHES[digest]))


def ccm(bits: int) -> None:
    """Opens with nonces and tags of several lengths; with one octet of the tag changed it does not."""
    cek = os.urandom(bits // 8)
    receiver = mailseal.Receiver(trust=None, keys=mailseal.Identity.load(BOB.pem), policy=ARCHIVE, threads=1)
    for nonce_len, tag_len in ((12, 16), (7, 12), (13, 14)):
        nonce = os.urandom(nonce_len)
        sealed = AESCCM(cek, tag_len).encrypt(nonce, build.TEXT, None)
        for damage, content in ((0, build.TEXT), (1, None)):
            tag = sealed[-tag_len:-1] + bytes([sealed[-1] ^ damage])
            parameters = sequence(octets(nonce), b"" if tag_len == 12 else integer(tag_len))
            named = build.algorithm(dotted("Aead", f"AES-{bits}-CCM"), parameters)
            body = sequence(oid(build.DATA), named, implicit(0, sealed[:-tag_len]))
            data = sequence(integer(0), set_of(build.ktri(BOB, cek)), body, octets(tag))
            opened = receiver.open(build.encrypted_mail(build.content_info(build.AUTH_ENVELOPED, data)))
            assert opened.content == content


def cast5() -> None:
    """RFC 2984 §2 with several key lengths, and the bare iv that OpenSSL writes."""
    iv = os.urandom(8)
    for bits in (128, 80, 64, 40):
        key = os.urandom(bits // 8)
        forms = [sequence(octets(iv), integer(bits))] + ([octets(iv)] if bits == 128 else [])
        for parameters in forms:
            usual.block_cipher("CAST5-CBC", key, parameters, Cipher(CAST5(key), modes.CBC(iv)))


def idea() -> None:
    key, iv = os.urandom(16), os.urandom(8)
    for parameters in (sequence(octets(iv)), octets(iv)):
        usual.block_cipher("IDEA-CBC", key, parameters, Cipher(IDEA(key), modes.CBC(iv)))


def padded_wrap(bits: int) -> None:
    usual.sealed(
        lambda cek: with_kek(f"AES-{bits}-wrap-pad", b"", aes_key_wrap_with_padding(b"k" * (bits // 8), cek)),
        mailseal.Keyring(secret_keys={b"id": b"k" * (bits // 8)}),
    )


def with_kek(wrap: str, parameters: bytes, encrypted_key: bytes) -> bytes:
    """KEKRecipientInfo for the key that is called "id"."""
    named = build.algorithm(dotted("KeyWrap", wrap), parameters)
    return implicit(2, integer(4) + sequence(octets(b"id")) + named + octets(encrypted_key), constructed=True)


def rc2_wrap() -> None:
    """RFC 3217 §4.1, with pyca's RC2 and SHA-1: a length octet, the key, padding, a check value, encrypted twice."""
    kek = os.urandom(16)

    def wrapped(cek: bytes) -> bytes:
        padded = bytes([len(cek)]) + cek
        padded += os.urandom(-len(padded) % 8)
        digest = hashes.Hash(hashes.SHA1())  # noqa: S303
        digest.update(padded)
        iv = os.urandom(8)
        first = Cipher(RC2(kek), modes.CBC(iv)).encryptor()
        inner = iv + first.update(padded + digest.finalize()[:8]) + first.finalize()
        second = Cipher(RC2(kek), modes.CBC(bytes.fromhex("4adda22c79e82105"))).encryptor()
        return with_kek("RC2-wrap", integer(58), second.update(inner[::-1]) + second.finalize())

    usual.sealed(wrapped, mailseal.Keyring(secret_keys={b"id": kek}))


def agreement_448() -> None:
    key: Any = x448.X448PrivateKey.generate()
    certificate = build.issue("Eve", key, ROOT.certificate.subject, ROOT.key, address="eve@example.com")
    eve = build.Person("eve@example.com", key, certificate)
    scheme = dotted("KeyAgreement", "dhSinglePass-stdDH-hkdf-sha512")
    usual.sealed(
        lambda cek: kari(key.public_key(), eve.identifier, cek, scheme=scheme, digest=hashes.SHA512(), kek_len=32),
        mailseal.Identity.load(eve.pem),
    )


def cases() -> dict[tuple[str, str], Callable[[], None]]:
    found: dict[tuple[str, str], Callable[[], None]] = {
        ("Digest", "MD5"): partial(usual.rsa_pkcs1, "RSA-PKCS1-v1_5", "MD5"),
        ("Signature", "RSA-PKCS1-v1_5-MD5"): partial(usual.rsa_pkcs1, "RSA-PKCS1-v1_5-MD5", "MD5"),
        ("Digest", "SHAKE128"): partial(usual.ecdsa, "ECDSA-SHAKE128", "SHAKE128"),
        ("Digest", "SHAKE256"): eddsa_448,
        ("Digest", "SHAKE256-len"): shake_of_a_length,
        ("Signature", "ECDSA-SHAKE128"): partial(usual.ecdsa, "ECDSA-SHAKE128", "SHAKE128"),
        ("Signature", "ECDSA-SHAKE256"): partial(usual.ecdsa, "ECDSA-SHAKE256", "SHAKE256"),
        ("Signature", "Ed448"): eddsa_448,
        ("PublicKey", "Ed448 key"): eddsa_448,
        ("PublicKey", "X448"): agreement_448,
        ("PublicKey", "DSA"): partial(dsa_row, "DSA-SHA256", "SHA256"),
        ("Signature", "DSA-SHA1"): partial(dsa_row, "DSA-SHA1", "SHA1", 1024),
        ("Signature", "DSA-SHA224"): partial(dsa_row, "DSA-SHA224", "SHA224"),
        ("Signature", "DSA-SHA256"): partial(dsa_row, "DSA-SHA256", "SHA256"),
        ("Content", "CAST5-CBC"): cast5,
        ("Content", "IDEA-CBC"): idea,
        ("KeyWrap", "RC2-wrap"): rc2_wrap,
    }
    for bits in (224, 256):
        digest, name = f"SHA-512/{bits}", f"RSA-PKCS1-v1_5-SHA512/{bits}"
        found["Digest", digest] = found["Signature", name] = partial(usual.rsa_pkcs1, name, digest)
    for bits in (224, 256, 384, 512):
        name = f"SHA3-{bits}"
        found["Digest", name] = found["Signature", f"RSA-PKCS1-v1_5-{name}"] = partial(
            usual.rsa_pkcs1, f"RSA-PKCS1-v1_5-{name}", name
        )
        found["Signature", f"ECDSA-{name}"] = partial(usual.ecdsa, f"ECDSA-{name}", name)
    for bits in (128, 192, 256):
        found["Aead", f"AES-{bits}-CCM"] = partial(ccm, bits)
        found["KeyWrap", f"AES-{bits}-wrap-pad"] = partial(padded_wrap, bits)
        found["Content", f"Camellia-{bits}-CBC"] = partial(usual.cbc, f"Camellia-{bits}-CBC", Camellia, bits // 8)
    for bits in (256, 384, 512):
        found["Curve", f"brainpoolP{bits}r1"] = partial(usual.curve_row, f"brainpoolP{bits}r1")
    return found


def signed_by_openssl(digest: str, openssl: Command, folder: Path, signature_algorithm: str | None = None) -> None:
    """A digest that pyca lacks: OpenSSL signs; one octet of the content changed is found."""
    (folder / "bob.pem").write_bytes(BOB.pem)
    sign = ("cms", "-sign", *LEGACY, "-signer", folder / "bob.pem", "-md", digest, "-binary", "-nodetach")
    der = openssl(*sign, "-outform", "DER", data=build.TEXT)
    receiver = mailseal.Receiver(trust=None, policy=ARCHIVE, threads=1)
    if signature_algorithm:
        info = asn1_cms.ContentInfo.load(der)
        named = info["content"]["signer_infos"][0]["signature_algorithm"]
        named["algorithm"] = dotted("Signature", signature_algorithm)
        der = info.dump(force=True)
    at = der.index(build.TEXT)
    for data, integrity in ((der, "OK"), (der[:at] + bytes([der[at] ^ 1]) + der[at + 1 :], "FAILED")):
        (signer,) = receiver.open(opaque(data)).signers
        assert signer.integrity == integrity


BY_OPENSSL: dict[tuple[str, str], Callable[[Command, Path], None]] = {
    ("Digest", "MD4"): partial(signed_by_openssl, "md4"),
    ("Signature", "RSA-PKCS1-v1_5-MD4"): partial(signed_by_openssl, "md4"),
    ("Digest", "RIPEMD-160"): partial(signed_by_openssl, "ripemd160"),
    ("Signature", "RSA-PKCS1-v1_5-RIPEMD160"): partial(
        signed_by_openssl, "ripemd160", signature_algorithm="RSA-PKCS1-v1_5-RIPEMD160"
    ),
}
