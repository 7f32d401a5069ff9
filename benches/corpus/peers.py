"""The peers that prove the corpus: the ``openssl cms`` command, and pyca with asn1crypto for what OpenSSL 3.0 cannot do
(Ed25519 and X25519 in CMS, authenticated attributes). Nothing here shares code with the makers of the messages.
"""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from asn1crypto import algos, cms, core
from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, x25519
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

if TYPE_CHECKING:
    from pathlib import Path

TRUNCATED = "asn1.truncated"
ERRORS = (
    ("certificate has expired", "chain.expired"),
    ("self-signed certificate in certificate chain", "chain.untrusted"),
    ("unable to get local issuer certificate", "chain.issuer-missing"),
)
HKDF_SCHEME = "1.2.840.113549.1.9.16.3.19"


@dataclass(frozen=True)
class Key:
    private: Any
    certificate: x509.Certificate
    file: Path


@dataclass(frozen=True)
class Signature:
    codes: frozenset[str]
    signers: tuple[x509.Certificate, ...]
    content: bytes | None
    intact: bool = False


@dataclass(frozen=True)
class Opened:
    """``state``: OK, FAILED or UNKNOWN."""

    state: str
    content: bytes | None = None
    aead: bool = False
    wanted: int = 0
    codes: frozenset[str] = frozenset()


def load_keys(folder: Path, scratch: Path) -> list[Key]:
    """Open all escrow files with the listed passwords; plain copies for the openssl command go to ``scratch``."""
    words = (folder / "passwords.txt").read_text(encoding="utf-8").splitlines()
    out: list[Key] = []
    for path in sorted((folder / "keys").iterdir()):
        private, certificate = open_key(path.read_bytes(), words, bundle=path.suffix == ".p12")
        plain = scratch / f"{path.stem}.pem"
        plain.write_bytes(
            private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + certificate.public_bytes(Encoding.PEM)
        )
        out.append(Key(private, certificate, plain))
    return out


def open_key(data: bytes, words: list[str], *, bundle: bool) -> tuple[Any, x509.Certificate]:
    for word in (None, *words):
        password = None if word is None else word.encode()
        try:
            if bundle:
                private, certificate, _ = pkcs12.load_key_and_certificates(data, password)
                if private and certificate:
                    return private, certificate
            else:
                return load_pem_private_key(data, password), x509.load_pem_x509_certificate(data)
        except (TypeError, ValueError):
            continue
    raise AssertionError("no password opens a key of the escrow")


def openssl(*arguments: object) -> tuple[int, bytes, str]:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


class Peers:
    def __init__(self, folder: Path, scratch: Path) -> None:
        self.scratch = scratch
        self.anchors = folder / "trust" / "anchors.pem"
        self.keys = load_keys(folder, scratch)

    # --- signatures ---

    def verify(self, der: bytes, detached: bytes | None, moment: int) -> Signature:
        """``detached``: the signed part in canonical form, None when the content is inside."""
        parsed = parse(der)
        if parsed is None:
            return Signature(frozenset({TRUNCATED}), (), None)
        signed = parsed["content"]
        inside = signed["encap_content_info"]["content"]
        content = inside.native if detached is None else detached
        codes: set[str] = set()
        if detached is not None and inside.native is not None:
            return Signature(frozenset({"signer.econtent-in-detached"}), certificates_of(signed), content)
        infos = list(signed["signer_infos"])
        if not infos:
            return Signature(frozenset({"signer.none"}), (), content)
        signers = tuple(signer_of(signed, info) for info in infos)
        for info, certificate in zip(infos, signers, strict=True):
            codes |= weaknesses(info, certificate)
        mismatches = {code for info in infos if (code := digest_fault(info, content))}
        if any(isinstance(certificate.public_key(), ed25519.Ed25519PublicKey) for certificate in signers):
            intact = not mismatches and all(
                ed25519_holds(info, certificate, content) for info, certificate in zip(infos, signers, strict=True)
            )
            return Signature(frozenset(codes | mismatches), signers, content, intact)
        intact, found = self.openssl_verify(der, detached, moment)
        if not intact:
            found = mismatches or {"signer.signature-mismatch"}
        return Signature(frozenset(codes | found), signers, content, intact)

    def openssl_verify(self, der: bytes, detached: bytes | None, moment: int) -> tuple[bool, set[str]]:
        (self.scratch / "in.der").write_bytes(der)
        call: list[object] = ["cms", "-verify", "-binary", "-inform", "DER", "-in", self.scratch / "in.der"]
        call += ["-CAfile", self.anchors, "-no-CApath", "-no-CAstore", "-attime", moment, "-auth_level", 0]
        call += ["-out", self.scratch / "out"]
        if detached is not None:
            (self.scratch / "content").write_bytes(detached)
            call += ["-content", self.scratch / "content"]
        status, _, text = openssl(*call)
        if status == 0:
            return True, set()
        intact = openssl(*call, "-noverify")[0] == 0
        return intact, {code for words, code in ERRORS if words in text}

    # --- encryption ---

    def decrypt(self, der: bytes) -> Opened:
        parsed = parse(der)
        if parsed is None:
            return Opened("FAILED", codes=frozenset({TRUNCATED}))
        aead = parsed["content_type"].native == "authenticated_enveloped_data"
        enveloped = parsed["content"]
        names = recipient_names(enveloped["recipient_infos"])
        key = next((key for name in names for key in self.keys if fits(name, key)), None)
        if key is None:
            return Opened("UNKNOWN", None, aead, len(names), frozenset({"decryption.no-key"}))
        info = enveloped["auth_encrypted_content_info" if aead else "encrypted_content_info"]
        weak = "tripledes" in info["content_encryption_algorithm"]["algorithm"].native
        codes = frozenset({"decryption.algorithm-weak"} if weak else ())
        if isinstance(key.private, x25519.X25519PrivateKey) or (aead and enveloped["auth_attrs"].native):
            content = open_by_hand(enveloped, info, key, aead=aead)
        else:
            (self.scratch / "in.der").write_bytes(der)
            call = ("cms", "-decrypt", "-binary", "-inform", "DER", "-in", self.scratch / "in.der")
            status, content, _ = openssl(*call, "-recip", key.file, "-inkey", key.file)
            if status:
                content = None
        if content is None:
            return Opened("FAILED", None, aead, codes=codes | {"decryption.failed"})
        return Opened("OK", content, aead, codes=codes)


def parse(der: bytes) -> Any:
    """ContentInfo, or None if it cannot be read to its end."""
    try:
        info = cms.ContentInfo.load(der, strict=True)
        info["content"].native  # noqa: B018 - reads everything
    except (ValueError, KeyError, TypeError):
        return None
    return info


@lru_cache(maxsize=256)
def certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def certificates_of(signed: Any) -> tuple[x509.Certificate, ...]:
    """The signers' certificates."""
    return tuple(signer_of(signed, info) for info in signed["signer_infos"])


def ski_of(found: x509.Certificate) -> bytes:
    return found.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def signer_of(signed: Any, info: Any) -> x509.Certificate:
    sid = info["sid"].chosen
    for choice in signed["certificates"]:
        found = certificate(choice.chosen.dump())
        if isinstance(sid, core.OctetString):
            if sid.native == ski_of(found):
                return found
        elif found.serial_number == sid["serial_number"].native and found.issuer.public_bytes() == sid["issuer"].dump():
            return found
    raise AssertionError("a signer without certificate")


def weaknesses(info: Any, found: x509.Certificate) -> set[str]:
    out = set()
    if info["digest_algorithm"]["algorithm"].native == "sha1":
        out.add("signer.digest-weak")
    if getattr(found.public_key(), "key_size", 4096) in range(512, 2048):
        out.add("signer.key-weak")
    if not info["signed_attrs"]:
        out.add("signer.signed-attrs-absent")
    return out


def digest_fault(info: Any, content: bytes) -> str:
    """What the messageDigest attribute says of the content; empty without the attribute."""
    for attribute in info["signed_attrs"] or ():
        if attribute["type"].native == "message_digest":
            name = info["digest_algorithm"]["algorithm"].native
            if hashlib.new(name, content).digest() != attribute["values"][0].native:
                return "signer.digest-mismatch"
    return ""


def ed25519_holds(info: Any, found: x509.Certificate, content: bytes) -> bool:
    key = found.public_key()
    assert isinstance(key, ed25519.Ed25519PublicKey)
    attributes = info["signed_attrs"]
    try:
        key.verify(info["signature"].native, attributes.untag().dump() if attributes else content)
    except InvalidSignature:
        return False
    return True


def recipient_names(infos: Any) -> list[Any]:
    """The identifiers of all recipients, one a key."""
    out: list[Any] = []
    for choice in infos:
        info = choice.chosen
        if choice.name == "ktri":
            out.append(info["rid"].chosen)
        else:
            out.extend(entry["rid"].chosen for entry in info["recipient_encrypted_keys"])
    return out


def fits(name: Any, key: Key) -> bool:
    if isinstance(name, core.OctetString):
        return bool(name.native == ski_of(key.certificate))
    if "subject_key_identifier" in name.native:
        return bool(name["subject_key_identifier"].native == ski_of(key.certificate))
    same = name["serial_number"].native == key.certificate.serial_number
    return same and bool(name["issuer"].dump() == key.certificate.issuer.public_bytes())


def open_by_hand(enveloped: Any, info: Any, key: Key, *, aead: bool) -> bytes | None:
    try:
        cek = agreed_key(enveloped["recipient_infos"], key)
        parameters = info["content_encryption_algorithm"]["parameters"]
        sealed = info["encrypted_content"].native
        if not aead:
            opener = Cipher(algorithms.AES(cek), modes.CBC(parameters.native)).decryptor()
            plain = opener.update(sealed) + opener.finalize()
            return plain[: -plain[-1]]
        gcm = algos.CcmParams.load(parameters.dump())
        attributes = enveloped["auth_attrs"]
        data = b"\x31" + attributes.dump()[1:] if attributes.native else None
        return AESGCM(cek).decrypt(gcm["aes_nonce"].native, sealed + enveloped["mac"].native, data)
    except (InvalidTag, InvalidUnwrap, ValueError):
        return None


def agreed_key(infos: Any, key: Key) -> bytes:
    """The content-encryption key by RSA (PKCS #1 v1.5) or by X25519 with HKDF (RFC 8418)."""
    for choice in infos:
        info = choice.chosen
        if choice.name == "ktri":
            if fits(info["rid"].chosen, key) and isinstance(key.private, RSAPrivateKey):
                return key.private.decrypt(info["encrypted_key"].native, padding.PKCS1v15())
            continue
        for entry in info["recipient_encrypted_keys"]:
            if not fits(entry["rid"].chosen, key):
                continue
            assert info["key_encryption_algorithm"]["algorithm"].dotted == HKDF_SCHEME
            wrap = info["key_encryption_algorithm"]["parameters"].dump()
            size = 16 if wrap[-1] == 5 else 32
            # ECC-CMS-SharedInfo (RFC 5753 §7.2): keyInfo, suppPubInfo [2]
            shared = wrap + b"\xa2\x06\x04\x04" + (8 * size).to_bytes(4, "big")
            shared = b"\x30" + bytes([len(shared)]) + shared
            public = info["originator"].chosen["public_key"].native
            secret = key.private.exchange(x25519.X25519PublicKey.from_public_bytes(public))
            kek = HKDF(hashes.SHA256(), size, None, shared).derive(secret)
            return aes_key_unwrap(kek, entry["encrypted_key"].native)
    raise ValueError("no recipient")
