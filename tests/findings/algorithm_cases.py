"""A case that passes and one that fails for each implemented row of the table of algorithms, made by pyca or by
OpenSSL's command."""

from __future__ import annotations

import os
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from asn1crypto import cms as asn1_cms
from cryptography.hazmat.decrepit.ciphers.algorithms import RC2, TripleDES
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import pkcs12
from mailseal import core

from tests.findings.cases import BOB, NOW, ROOT, opaque, policy
from tests.support import smime_build as build
from tests.support.agreement_build import kari
from tests.support.der import NULL, explicit, implicit, integer, octets, oid, sequence, set_of
from tests.support.secret_build import pwri

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.peers import Command

ROWS = {(row["role"], row["algorithm"]): row for row in core.table("algorithms")}
HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA1": hashes.SHA1(),  # noqa: S303
    "SHA224": hashes.SHA224(),
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
ARCHIVE = policy("archive")


def dotted(role: str, name: str) -> str:
    text: str = ROWS[role, name]["oid"]
    return text


def hash_row(name: str) -> bytes:
    """digestAlgorithm of a hash of `HASHES`."""
    return build.algorithm(dotted("Digest", name if ("Digest", name) in ROWS else "SHA-" + name.removeprefix("SHA")))


# --- signatures, digests, the keys and curves under them -------------------------------------------------------------


def checked(
    key: Any,
    digest: str,
    signature_algorithm: bytes,
    sign: Callable[[bytes], bytes],
    *,
    hash_algorithm: bytes | None = None,
) -> None:
    """A signature over attributes verifies; with one bit changed, or over another message, it does not."""
    certificate = build.issue("Alice", key, ROOT.certificate.subject, ROOT.key, address="alice@example.com")
    signer = build.Person("alice@example.com", key, certificate)
    hashed = hashes.Hash(HASHES[digest])
    hashed.update(build.TEXT)
    attrs = set_of(
        build.attribute(build.CONTENT_TYPE, oid(build.DATA)),
        build.attribute(build.MESSAGE_DIGEST, octets(hashed.finalize())),
    )
    signature = sign(attrs)
    digest_algorithm = hash_algorithm or hash_row(digest)

    def integrity(value: bytes, content: bytes = build.TEXT) -> str:
        info = sequence(
            integer(1), signer.identifier, digest_algorithm, b"\xa0" + attrs[1:], signature_algorithm, octets(value)
        )
        cms = build.signed_data(content, [info], [signer.der], digests=[digest_algorithm])
        receiver = mailseal.Receiver(trust=mailseal.TrustStore.load(ROOT.certificate), policy=ARCHIVE, threads=1)
        return receiver.open(opaque(cms), at=NOW).signers[0].integrity

    assert integrity(signature) == "OK"
    at = len(signature) // 2
    changed = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
    assert integrity(changed) == "FAILED"
    assert integrity(signature, build.TEXT + b"!") == "FAILED"


def rsa_pkcs1(name: str, digest: str) -> None:
    key = BOB.key
    assert isinstance(key, rsa.RSAPrivateKey)
    named = build.algorithm(dotted("Signature", name), NULL)
    checked(key, digest, named, lambda data: key.sign(data, padding.PKCS1v15(), HASHES[digest]))


def pss(digest: str = "SHA256") -> None:
    key = BOB.key
    assert isinstance(key, rsa.RSAPrivateKey)
    hashed = hash_row(digest)
    mask = explicit(1, sequence(oid(dotted("Part", "MGF1")), hashed))
    parameters = sequence(explicit(0, hashed), mask, explicit(2, integer(32)))
    scheme = padding.PSS(padding.MGF1(HASHES[digest]), 32)
    named = build.algorithm(dotted("Signature", "RSASSA-PSS"), parameters)
    checked(key, digest, named, lambda data: key.sign(data, scheme, HASHES[digest]))


def ecdsa(name: str, digest: str, curve: str = "P-256") -> None:
    key = ec.generate_private_key(CURVES[curve])
    named = build.algorithm(dotted("Signature", name))
    checked(key, digest, named, lambda data: key.sign(data, ec.ECDSA(HASHES[digest])))


def eddsa() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    checked(key, "SHA512", build.algorithm(build.ED25519), key.sign)


def pss_key(openssl: Command, folder: Path) -> None:
    """id-RSASSA-PSS as the key's own algorithm, which pyca cannot make."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    openssl("genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
    names = ("-subj", "/CN=Alice", "-addext", "subjectAltName=email:alice@example.com")
    openssl("req", "-x509", "-new", "-key", key, "-days", "30", *names, "-out", certificate)
    pss = ("-keyopt", "rsa_padding_mode:pss")
    sign = ("cms", "-sign", "-signer", certificate, "-inkey", key, *pss, "-nodetach", "-from", "alice@example.com")
    mail = openssl(*sign, data=build.TEXT)
    receiver = mailseal.Receiver(trust=mailseal.TrustStore.load(certificate), policy=ARCHIVE, threads=1)
    (signer,) = receiver.open(mail).signers
    assert (signer.integrity, signer.signature_algorithm) == ("OK", "RSASSA-PSS")
    info = build.signer_info(build.Person("", BOB.key, BOB.certificate), build.TEXT)
    other = opaque(build.signed_data(build.TEXT, [info], [BOB.der]))
    assert receiver.open(other).verdict.status == "INDETERMINATE"


# --- encryption, and the ways to the key ------------------------------------------------------------------------------


def sealed(infos: Callable[[bytes], bytes], keys: mailseal.Identity | mailseal.Keyring) -> None:
    """An AuthEnvelopedData opens; with the last octet of the encrypted key changed it does not."""
    cek = os.urandom(16)
    info = infos(cek)
    receiver = mailseal.Receiver(trust=None, keys=keys, policy=ARCHIVE, threads=1)

    def decryption(one: bytes) -> tuple[str, bytes | None]:
        opened = receiver.open(build.encrypted_mail(build.auth_enveloped(build.TEXT, cek=cek, infos=[one])))
        return opened.decryption, opened.content

    assert decryption(info) == ("OK", build.TEXT)
    assert decryption(info[:-1] + bytes([info[-1] ^ 1])) == ("FAILED", None)


def transport(name: str, parameters: bytes, scheme: Any) -> None:
    key = BOB.key
    assert isinstance(key, rsa.RSAPrivateKey)
    named = sequence(oid(dotted("KeyTransport", name)), parameters)

    def info(cek: bytes) -> bytes:
        encrypted = key.public_key().encrypt(cek, scheme)
        return sequence(integer(0), BOB.identifier, named, octets(encrypted))

    sealed(info, mailseal.Identity.load(BOB.pem))


def oaep() -> None:
    """All of RSAES-OAEP-params, MGF1 and an empty label among them (RFC 4055 §4.1)."""
    mask = explicit(1, sequence(oid(dotted("Part", "MGF1")), hash_row("SHA256")))
    label = explicit(2, sequence(oid(dotted("Part", "pSpecified")), octets(b"")))
    parameters = sequence(explicit(0, hash_row("SHA256")), mask, label)
    transport("RSAES-OAEP", parameters, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))


def agreement(name: str = "dhSinglePass-stdDH-sha256kdf", curve: str = "P-256", kek_len: int = 16) -> None:
    """Over P-256 by default; with HKDF over X25519, as RFC 8418 §2.2 has it."""
    digest = next(value for key, value in HASHES.items() if key.lower() in name)
    key: Any = x25519.X25519PrivateKey.generate() if "hkdf" in name else ec.generate_private_key(CURVES[curve])
    address = "eve@example.com"
    certificate = build.issue("Eve", key, ROOT.certificate.subject, ROOT.key, address=address)
    eve = build.Person(address, key, certificate)
    public, scheme = key.public_key(), dotted("KeyAgreement", name)
    sealed(
        lambda cek: kari(public, eve.identifier, cek, scheme=scheme, digest=digest, kek_len=kek_len),
        mailseal.Identity.load(eve.pem),
    )


def cbc(name: str, cipher: Any, key_len: int) -> None:
    """Opens; a ciphertext that is no whole number of blocks does not."""
    key, size = os.urandom(key_len), cipher.block_size // 8
    iv, pad = os.urandom(size), size - len(build.TEXT) % size
    encryptor = Cipher(cipher(key), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(build.TEXT + bytes([pad]) * pad) + encryptor.finalize()
    receiver = mailseal.Receiver(trust=None, keys=mailseal.Identity.load(BOB.pem), policy=ARCHIVE, threads=1)

    def content(octets_: bytes) -> bytes | None:
        cms = build.enveloped_raw([build.ktri(BOB, key)], dotted("Content", name), octets(iv), octets_)
        return receiver.open(build.encrypted_mail(cms)).content

    assert content(ciphertext) == build.TEXT
    assert content(ciphertext[:-1]) is None


def des() -> None:
    """DES is Triple-DES with one key three times."""
    key, iv = os.urandom(8), os.urandom(8)
    block_cipher("DES-CBC", key, octets(iv), Cipher(TripleDES(key * 3), modes.CBC(iv)))


def rc2() -> None:
    """With 128 effective bits, as S/MIME v2 called RC2/128 (RFC 3370 §5.2: code 58)."""
    key, iv = os.urandom(16), os.urandom(8)
    block_cipher("RC2-CBC", key, sequence(integer(58), octets(iv)), Cipher(RC2(key), modes.CBC(iv)))


def block_cipher(name: str, key: bytes, parameters: bytes, cipher: Cipher[modes.CBC]) -> None:
    pad = 8 - len(build.TEXT) % 8
    encryptor = cipher.encryptor()
    ciphertext = encryptor.update(build.TEXT + bytes([pad]) * pad) + encryptor.finalize()
    receiver = mailseal.Receiver(trust=None, keys=mailseal.Identity.load(BOB.pem), policy=ARCHIVE, threads=1)
    for octets_, content in ((ciphertext, build.TEXT), (ciphertext[:-1], None)):
        cms = build.enveloped_raw([build.ktri(BOB, key)], dotted("Content", name), parameters, octets_)
        opened = receiver.open(build.encrypted_mail(cms))
        assert opened.content == content
        assert "decryption.algorithm-weak" in [finding.code for finding in opened.verdict.findings]


def chacha20_poly1305() -> None:
    cek, nonce = os.urandom(32), os.urandom(12)
    sealed_text = ChaCha20Poly1305(cek).encrypt(nonce, build.TEXT, None)
    receiver = mailseal.Receiver(trust=None, keys=mailseal.Identity.load(BOB.pem), policy=ARCHIVE, threads=1)
    for damage, content in ((0, build.TEXT), (1, None)):
        tag = sealed_text[-16:-1] + bytes([sealed_text[-1] ^ damage])
        encrypted = implicit(0, sealed_text[:-16])
        body = sequence(oid(build.DATA), build.algorithm(dotted("Aead", "ChaCha20-Poly1305"), octets(nonce)), encrypted)
        data = sequence(integer(0), set_of(build.ktri(BOB, cek)), body, octets(tag))
        opened = receiver.open(build.encrypted_mail(build.content_info(build.AUTH_ENVELOPED, data)))
        assert opened.content == content


def gcm(bits: int) -> None:
    cek = os.urandom(bits // 8)
    receiver = mailseal.Receiver(trust=None, keys=mailseal.Identity.load(BOB.pem), policy=ARCHIVE, threads=1)
    for damage, content in ((0, build.TEXT), (1, None)):
        cms = build.auth_enveloped(build.TEXT, BOB, cek=cek, damage_mac=damage)
        assert receiver.open(build.encrypted_mail(cms)).content == content


# --- passwords --------------------------------------------------------------------------------------------------------


def locked_key(kdf: bytes, key: bytes) -> None:
    """An encrypted PKCS#8 (PBES2 with AES-256-CBC) opens with its password, and only with that."""
    iv = os.urandom(16)
    plain = BOB.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    cipher = sequence(oid(build.AES_CBC[32]), octets(iv))
    scheme = sequence(oid(dotted("Pbe", "PBES2")), sequence(kdf, cipher))
    opens_with_its_password(sequence(scheme, octets(build.cbc(key, plain, iv))))


def opens_with_its_password(file: bytes) -> None:
    bobs = mailseal.Certificate.load(BOB.der)
    assert mailseal.Identity.load(file, password="secret", certificates=[bobs]).certificate == bobs
    with pytest.raises(mailseal.Error) as raised:
        mailseal.load_identities(file, password="Secret")
    assert raised.value.code == "key.password-wrong"


def pbkdf2(digest: str) -> None:
    salt = os.urandom(16)
    prf = build.algorithm(dotted("Mac", f"HMAC-{digest}"), NULL)
    kdf = sequence(oid(dotted("Kdf", "PBKDF2")), sequence(octets(salt), integer(1000), prf))
    locked_key(kdf, PBKDF2HMAC(HASHES[digest], 32, salt, 1000).derive(b"secret"))


def scrypt() -> None:
    salt = os.urandom(16)
    cost = integer(1024) + integer(8) + integer(1)
    kdf = sequence(oid(dotted("Kdf", "scrypt")), sequence(octets(salt), cost))
    locked_key(kdf, Scrypt(salt, 32, 1024, 8, 1).derive(b"secret"))


def pkcs12_3des() -> None:
    builder = serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1000).hmac_hash(hashes.SHA1())  # noqa: S303
    encryption = builder.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).build(b"secret")
    key = BOB.key
    assert isinstance(key, rsa.RSAPrivateKey)
    opens_with_its_password(pkcs12.serialize_key_and_certificates(None, key, BOB.certificate, None, encryption))


def password_wrap() -> None:
    sealed(lambda cek: pwri("secret", cek), mailseal.Keyring(passwords=["secret"]))


def zlib_row() -> None:
    """Opens; with an octet changed it does not."""
    packed = zlib.compress(build.TEXT)
    receiver = mailseal.Receiver(trust=None, policy=ARCHIVE, threads=1)
    for data, content in ((packed, build.TEXT), (packed[:-1] + bytes([packed[-1] ^ 1]), None)):
        mail = build.headers() + build.part(build.compressed(build.TEXT, packed=data), "compressed-data")
        assert receiver.open(mail).content == content


def curve_row(name: str) -> None:
    ecdsa("ECDSA-SHA384", "SHA384", name)
    agreement(curve=name)


def cases() -> dict[tuple[str, str], Callable[[], None]]:
    found: dict[tuple[str, str], Callable[[], None]] = {
        ("Signature", "RSA-PKCS1-v1_5"): partial(rsa_pkcs1, "RSA-PKCS1-v1_5", "SHA256"),
        ("Signature", "RSASSA-PSS"): pss,
        ("Signature", "ECDSA"): partial(ecdsa, "ECDSA", "SHA256"),
        ("Signature", "Ed25519"): eddsa,
        ("KeyTransport", "RSAES-OAEP"): oaep,
        ("KeyTransport", "RSAES-PKCS1-v1_5"): partial(transport, "RSAES-PKCS1-v1_5", NULL, padding.PKCS1v15()),
        ("Content", "DES-EDE3-CBC"): partial(cbc, "DES-EDE3-CBC", TripleDES, 24),
        ("Content", "DES-CBC"): des,
        ("Content", "RC2-CBC"): rc2,
        ("Aead", "ChaCha20-Poly1305"): chacha20_poly1305,
        ("PublicKey", "RSA"): partial(rsa_pkcs1, "RSA-PKCS1-v1_5-SHA256", "SHA256"),
        ("PublicKey", "EC"): partial(ecdsa, "ECDSA-SHA256", "SHA256"),
        ("PublicKey", "Ed25519 key"): eddsa,
        ("PublicKey", "X25519"): partial(agreement, "dhSinglePass-stdDH-hkdf-sha256"),
        ("KeyWrap", "PWRI-KEK"): password_wrap,
        ("Kdf", "PBKDF2"): partial(pbkdf2, "SHA256"),
        ("Kdf", "scrypt"): scrypt,
        ("Pbe", "PBES2"): partial(pbkdf2, "SHA512"),
        ("Pbe", "PBE-SHA1-3DES"): pkcs12_3des,
        ("Compression", "zlib"): zlib_row,
        ("Part", "MGF1"): pss,
        ("Part", "pSpecified"): oaep,
    }
    for name in HASHES:
        found["Digest", f"SHA-{name[3:]}"] = partial(rsa_pkcs1, "RSA-PKCS1-v1_5", name)
        found["Signature", f"RSA-PKCS1-v1_5-{name}"] = partial(rsa_pkcs1, f"RSA-PKCS1-v1_5-{name}", name)
        found["Signature", f"ECDSA-{name}"] = partial(ecdsa, f"ECDSA-{name}", name)
        found["Mac", f"HMAC-{name}"] = partial(pbkdf2, name)
        for kind in ("stdDH-", "cofactorDH-", "stdDH-hkdf-"):
            scheme = f"dhSinglePass-{kind}{name.lower()}" + ("" if "hkdf" in kind else "kdf")
            if ("KeyAgreement", scheme) in ROWS:
                found["KeyAgreement", scheme] = partial(agreement, scheme)
    for bits in (128, 192, 256):
        found["KeyWrap", f"AES-{bits}-wrap"] = partial(agreement, kek_len=bits // 8)
        found["Content", f"AES-{bits}-CBC"] = partial(cbc, f"AES-{bits}-CBC", algorithms.AES, bits // 8)
        found["Aead", f"AES-{bits}-GCM"] = partial(gcm, bits)
    for name in CURVES:
        found["Curve", name] = partial(curve_row, name)
    return found


CASES = cases()
LEGACY = ("-provider", "legacy", "-provider", "default")


def pkcs12_by_openssl(scheme: str, openssl: Command, folder: Path) -> None:
    (folder / "bob.pem").write_bytes(BOB.pem)
    schemes = ("-keypbe", scheme, "-certpbe", scheme)
    export = ("pkcs12", "-export", *LEGACY, "-in", folder / "bob.pem", *schemes, "-passout", "pass:secret")
    opens_with_its_password(openssl(*export))


def pkcs8_by_openssl(scheme: str, openssl: Command, folder: Path) -> None:
    (folder / "bob.pem").write_bytes(BOB.pem)
    lock = ("pkcs8", "-topk8", *LEGACY, "-in", folder / "bob.pem", "-v1", scheme, "-outform", "DER")
    opens_with_its_password(openssl(*lock, "-passout", "pass:secret"))


def triple_des_wrap(openssl: Command, folder: Path) -> None:
    """OpenSSL wraps a Triple-DES key for a P-256 recipient with RFC 3217; one bit changed in it opens nothing."""
    eve = build.person("eve@example.com", "ec")
    (folder / "eve.pem").write_bytes(eve.pem)
    cms = openssl(
        "cms", "-encrypt", "-binary", "-outform", "DER", "-des3", "-recip", folder / "eve.pem", data=build.TEXT
    )
    keys = mailseal.Identity.load(eve.pem)
    assert mailseal.cms.decrypt(cms, keys, unauthenticated="allow").content == build.TEXT
    [info] = asn1_cms.ContentInfo.load(cms)["content"]["recipient_infos"]
    at = cms.index(info.chosen["recipient_encrypted_keys"][0]["encrypted_key"].native) + 18
    with pytest.raises(mailseal.DecryptionError):
        mailseal.cms.decrypt(cms[:at] + bytes([cms[at] ^ 1]) + cms[at + 1 :], keys, unauthenticated="allow")


# Cases that need OpenSSL's command: what pyca does not write.
BY_OPENSSL: dict[tuple[str, str], Callable[[Command, Path], None]] = {
    ("PublicKey", "RSASSA-PSS key"): pss_key,
    ("KeyWrap", "3DES-wrap"): triple_des_wrap,
    **{
        ("Pbe", f"PBE-SHA1-{cipher}"): partial(pkcs12_by_openssl, f"PBE-SHA1-{cipher}")
        for cipher in ("2DES", "RC2-128", "RC2-40", "RC4-128", "RC4-40")
    },
    ("Pbe", "PBES1-MD5-DES"): partial(pkcs8_by_openssl, "PBE-MD5-DES"),
    ("Pbe", "PBES1-MD5-RC2"): partial(pkcs8_by_openssl, "PBE-MD5-RC2-64"),
    ("Pbe", "PBES1-SHA1-DES"): partial(pkcs8_by_openssl, "PBE-SHA1-DES"),
    ("Pbe", "PBES1-SHA1-RC2"): partial(pkcs8_by_openssl, "PBE-SHA1-RC2-64"),
}
