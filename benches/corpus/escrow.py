"""The escrow folder: PKCS#12 and PEM files with seeded salts (the libraries' writers draw theirs from the system)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from textwrap import wrap
from typing import TYPE_CHECKING

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benches.corpus import oids
from benches.corpus.ber import NULL, algorithm, bmp, explicit, integer, octets, oid, seq, set_of, tlv
from benches.corpus.chance import Chance
from benches.corpus.pki import Credential, Pki, escrowed

if TYPE_CHECKING:
    from pathlib import Path

PASSWORDS = ("Archiv-2019!", "correct horse battery", "Grüße aus Kiel", "s3cur3")
WRONG_PASSWORDS = ("changeit", "Archiv-2018!")
ITERATIONS = 2048
"""As `openssl pkcs12` writes; more would only slow the loading of test keys."""

FILE_FORMS = (("p12-aes", 60), ("p12-3des", 15), ("pem-encrypted", 12), ("pem-plain", 13))


def write(pki: Pki, folder: Path) -> list[dict[str, str]]:
    """Write keys/, passwords.txt and trust/; returns one row a key file."""
    keys, trust = folder / "keys", folder / "trust"
    keys.mkdir()
    trust.mkdir()
    rows: list[dict[str, str]] = []
    for position, (person, credential) in enumerate(escrowed(pki)):
        chance = Chance(pki.seed, "escrow", person.address)
        form = pick_form(chance, position)
        password = chance.pick(PASSWORDS)
        name = person.address.split("@")[0] + (".p12" if form.startswith("p12") else ".pem")
        (keys / name).write_bytes(key_file(form, credential, password, chance))
        rows.append({"file": f"keys/{name}", "address": person.address, "kind": credential.kind, "form": form})
    mixed = Chance(pki.seed, "passwords").shuffled(PASSWORDS + WRONG_PASSWORDS)
    (folder / "passwords.txt").write_text("".join(f"{word}\n" for word in mixed), encoding="utf-8")
    (trust / "anchors.pem").write_bytes(pki.root.certificate.public_bytes(Encoding.PEM))
    return rows


def pick_form(chance: Chance, position: int) -> str:
    """The first four files show every form, whatever the seed."""
    forms = [form for form, _ in FILE_FORMS]
    return forms[position] if position < len(forms) else chance.weighted(FILE_FORMS)


def key_file(form: str, credential: Credential, password: str, chance: Chance) -> bytes:
    plain = credential.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    certificate = credential.certificate.public_bytes(Encoding.PEM)
    if form == "pem-encrypted":
        scheme, sealed = pbes2(plain, password, chance)
        return pem("ENCRYPTED PRIVATE KEY", seq(scheme, octets(sealed))) + certificate
    if form == "pem-plain":
        traditional = credential.kind in ("rsa", "p256", "p384")
        layout = PrivateFormat.TraditionalOpenSSL if traditional else PrivateFormat.PKCS8
        return credential.key.private_bytes(Encoding.PEM, layout, NoEncryption()) + certificate
    return pkcs12(credential, plain, password, chance, modern=form == "p12-aes")


def pem(label: str, der: bytes) -> bytes:
    body = base64.b64encode(der).decode()
    return f"-----BEGIN {label}-----\n{chr(10).join(wrap(body, 64))}\n-----END {label}-----\n".encode()


def pbes2(plain: bytes, password: str, chance: Chance) -> tuple[bytes, bytes]:
    """PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC (RFC 8018 §6.2): AlgorithmIdentifier and ciphertext."""
    salt, iv = chance.data(16), chance.data(16)
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS, 32)
    kdf = algorithm(oids.PBKDF2, seq(octets(salt), integer(ITERATIONS), algorithm(oids.HMAC_SHA256, NULL)))
    cipher = algorithm(oids.CIPHERS["aes256-cbc"][0], octets(iv))
    sealer = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return algorithm(oids.PBES2, seq(kdf, cipher)), sealer.update(pad(plain, 16)) + sealer.finalize()


def pbe_3des(plain: bytes, password: str, chance: Chance) -> tuple[bytes, bytes]:
    """pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix C): what old Windows exports hold."""
    salt = chance.data(8)
    key, iv = kdf12(password, salt, 1, 24, "sha1"), kdf12(password, salt, 2, 8, "sha1")
    sealer = Cipher(TripleDES(key), modes.CBC(iv)).encryptor()
    scheme = algorithm(oids.PBE_SHA1_3DES, seq(octets(salt), integer(ITERATIONS)))
    return scheme, sealer.update(pad(plain, 8)) + sealer.finalize()


def kdf12(password: str, salt: bytes, purpose: int, size: int, digest: str) -> bytes:
    """The key derivation of PKCS#12 (RFC 7292 appendix B.2)."""
    block = 64
    secret = (password + "\0").encode("utf-16-be")
    filled = fill(salt, block) + fill(secret, block)
    out = b""
    while True:
        piece = bytes([purpose]) * block + filled
        for _ in range(ITERATIONS):
            piece = hashlib.new(digest, piece).digest()
        out += piece
        if len(out) >= size:
            return out[:size]
        step = int.from_bytes((piece * 4)[:block], "big") + 1
        filled = b"".join(
            ((int.from_bytes(filled[at : at + block], "big") + step) % (1 << 8 * block)).to_bytes(block, "big")
            for at in range(0, len(filled), block)
        )


def fill(part: bytes, block: int) -> bytes:
    size = -(-len(part) // block) * block
    return (part * (size // len(part) + 1))[:size]


def pad(plain: bytes, block: int) -> bytes:
    count = block - len(plain) % block
    return plain + bytes([count]) * count


def pkcs12(credential: Credential, plain: bytes, password: str, chance: Chance, *, modern: bool) -> bytes:
    """A PFX with one key and its certificate (RFC 7292 §4), both encrypted, with a password MAC."""
    seal = pbes2 if modern else pbe_3des
    marks = set_of([
        seq(oid(oids.LOCAL_KEY_ID), set_of([octets(hashlib.sha1(credential.der, usedforsecurity=False).digest())])),
        seq(oid(oids.FRIENDLY_NAME), set_of([bmp(credential.address)])),
    ])  # fmt: skip
    key_scheme, key_sealed = seal(plain, password, chance)
    key_bag = seq(oid(oids.KEY_BAG), explicit(0, seq(key_scheme, octets(key_sealed))), marks)
    certificate = seq(oid(oids.X509_CERTIFICATE), explicit(0, octets(credential.der)))
    cert_bag = seq(oid(oids.CERT_BAG), explicit(0, certificate), marks)
    cert_scheme, cert_sealed = seal(seq(cert_bag), password, chance)
    sealed_info = seq(oid(oids.DATA), cert_scheme, tlv(0x80, cert_sealed))
    safe = seq(
        seq(oid(oids.ENCRYPTED_DATA), explicit(0, seq(integer(0), sealed_info))),
        seq(oid(oids.DATA), explicit(0, octets(seq(key_bag)))),
    )
    digest = "sha256" if modern else "sha1"
    salt = chance.data(8)
    width = hashlib.new(digest).digest_size
    mac = hmac.new(kdf12(password, salt, 3, width, digest), safe, digest).digest()
    mac_data = seq(seq(oids.digest(digest), octets(mac)), octets(salt), integer(ITERATIONS))
    return seq(integer(3), seq(oid(oids.DATA), explicit(0, octets(safe))), mac_data)
