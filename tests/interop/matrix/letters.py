"""The letters that mailseal makes for its peers, and what an opener must not take instead of each."""

from __future__ import annotations

import base64
import email
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.interop.matrix import cells, ours
from tests.interop.matrix.cells import ROWS
from tests.interop.matrix.keys import BELOW, person, twin
from tests.interop.matrix.openssl import RSA, V15
from tests.interop.matrix.ours import Way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.smime_build import Person

LAYERS = {
    "clear": ("signed",),
    "opaque": ("signed",),
    "encrypted": ("encrypted",),
    "clear+encrypted": ("encrypted", "signed"),
    "opaque+encrypted": ("encrypted", "signed"),
    "triple": ("signed", "encrypted", "signed"),
}
PLAINEST = Way()
EIGHT_BIT = "8-bit text"
LARGE = "parts of 740 kB"
PLAIN = "mailseal.cms"


@dataclass(frozen=True)
class Letter:
    """One mail of ours. `key`: the kind of the recipient that opens it; `shown`: algorithms that it must name."""

    operation: str
    algorithm: str
    form: str
    shape: str
    signers: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    way: Way = PLAINEST
    shown: tuple[str, ...] = ()
    key: str = "RSA"

    @property
    def row(self) -> tuple[str, str, str]:
        return self.operation, self.algorithm, self.form

    @property
    def name(self) -> str:
        return " | ".join(self.row)

    @property
    def layers(self) -> tuple[str, ...]:
        return LAYERS[self.shape]

    @property
    def message(self) -> bytes:
        return ours.OUTER + self.entity

    @property
    def entity(self) -> bytes:
        return cells.ENTITY if EIGHT_BIT in self.form else ours.LARGE if LARGE in self.form else ours.ENTITY

    def is_content(self, entity: bytes) -> bool:
        """Byte for byte; text that no relay lets through is encoded anew, and counts decoded."""
        if EIGHT_BIT not in self.form:
            return entity == self.entity
        text = email.message_from_bytes(entity).get_payload(decode=True)
        return text == cells.ENTITY.partition(b"\r\n\r\n")[2]

    @functools.cache  # noqa: B019 — letters live as long as the run
    def mail(self) -> bytes:
        return self._made()

    @functools.cache  # noqa: B019
    def forgeries(self) -> dict[str, bytes]:
        """What must not be opened as this letter, by what was done to it."""
        made = {}
        if self.shape in {"clear", "opaque"}:
            made = {what: alter(self.mail()) for what, alter in ALTERATIONS.items()}
        elif self.signers:
            made = {f"{what} inside": self._made(alter) for what, alter in ALTERATIONS.items()}
        if self.shape == "triple":
            made["signature outside"] = other_end(self.mail())
        if self.layers[0] == "encrypted" and any(ROWS[name]["role"] == "Aead" for name in self.shown):
            made["tag"] = other_end(self.mail())
        if len(self.recipients) == 1:
            made["key"] = self._made(recipients=(twin(self.recipients[0]),))
        return made

    def _made(self, alter: Callable[[bytes], bytes] | None = None, recipients: tuple[Person, ...] = ()) -> bytes:
        signers = [person(kind) for kind in self.signers]
        to = recipients or tuple(person(kind) for kind in self.recipients)
        if PLAIN in self.form:
            return ours.plain(self.shape, signers, to, self.way)
        return ours.make(self.shape, signers, to, self.way, self.message, alter)


# --- forgeries --------------------------------------------------------------------------------------------------------


def on_last_base64(mail: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The last body of base64 of a mail, changed: its CMS, detached or not."""
    boundary = email.message_from_bytes(mail).get_boundary()
    closing = b"" if boundary is None else b"\r\n--" + boundary.encode() + b"--"
    end = mail.rindex(closing) if closing else len(mail)
    start = mail.rindex(b"\r\n\r\n", 0, len(mail[:end].rstrip())) + 4
    changed = base64.encodebytes(change(base64.b64decode(mail[start:end]))).replace(b"\n", b"\r\n")
    return mail[:start] + changed + mail[end:]


def other_end(mail: bytes) -> bytes:
    """DER ends with the last signer's signature; that of an AuthEnvelopedData, with its tag."""
    return on_last_base64(mail, lambda cms: cms[:-1] + bytes([cms[-1] ^ 1]))


def other_content(mail: bytes) -> bytes:
    def change(octets: bytes) -> bytes:
        # The word of either message, and it stands there once.
        assert octets.count(b"Archiv") == 1
        return octets.replace(b"Archiv", b"archiv")

    return change(mail) if b"Archiv" in mail else on_last_base64(mail, change)


ALTERATIONS = {"content": other_content, "signature": other_end}

# --- signatures -------------------------------------------------------------------------------------------------------

# By kind of key: name in the document, the policy's signature_algorithm, what the mail names.
SIGNATURES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "RSA": (f"{RSA} SHA-256", "RSA", "", ("SHA-256", RSA)),
    "PSS": ("RSASSA-PSS SHA-256", "RSA", "rsassa-pss", ("SHA-256", "RSASSA-PSS")),
    "P-256": ("ECDSA-SHA256 P-256", "P-256", "", ("SHA-256", "ECDSA-SHA256")),
    "P-384": ("ECDSA-SHA384 P-384", "P-384", "", ("SHA-384", "ECDSA-SHA384")),
    "P-521": ("ECDSA-SHA512 P-521", "P-521", "", ("SHA-512", "ECDSA-SHA512")),
    "Ed25519": ("Ed25519", "Ed25519", "", ("SHA-512", "Ed25519")),
}


def signed() -> Iterator[Letter]:
    for name, key, option, shown in SIGNATURES.values():
        for shape in ("clear", "opaque"):
            forms = [f"S/MIME {shape}"]
            if name.startswith(RSA) or key == "Ed25519":
                forms.append(f"S/MIME {shape}, {PLAIN}")
            if key == "P-256" or name.startswith(RSA):
                forms += [f"S/MIME {shape}, {EIGHT_BIT}", f"S/MIME {shape}, {LARGE}"]
            for form in forms:
                yield Letter("sign", name, form, shape, (key,), way=Way(signature=option), shown=shown)
    for shape in ("clear", "opaque"):
        (rsa, *_, first), (ecdsa, *_, second) = SIGNATURES["RSA"], SIGNATURES["P-384"]
        name, shown = f"{rsa} and {ecdsa}, two signers", (*first, *second)
        yield Letter("sign", name, f"S/MIME {shape}", shape, ("RSA", "P-384"), shown=shown)
        for kind in ("RSA", "P-256"):
            name, *_, shown = SIGNATURES[kind]
            yield Letter("sign", name + BELOW, f"S/MIME {shape}", shape, (kind + BELOW,), shown=shown)


# --- encryption -------------------------------------------------------------------------------------------------------

CIPHERS = ("AES-128-CBC", "AES-256-CBC", "AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305")
# By name here: kind of the recipient's key, the policy's key_transport, name in the document, what the mail names.
KEYS = {
    "v1.5": ("RSA", "rsaes-pkcs1-v1_5", f"under {V15}", V15),
    "OAEP": ("RSA", "rsaes-oaep", "under RSAES-OAEP", "RSAES-OAEP"),
    "P-256": ("P-256", "", "by dhSinglePass-stdDH-sha256kdf P-256", "dhSinglePass-stdDH-sha256kdf"),
    "P-384": ("P-384", "", "by dhSinglePass-stdDH-sha384kdf P-384", "dhSinglePass-stdDH-sha384kdf"),
    "P-521": ("P-521", "", "by dhSinglePass-stdDH-sha512kdf P-521", "dhSinglePass-stdDH-sha512kdf"),
    "X25519": ("X25519", "", "by dhSinglePass-stdDH-hkdf-sha256 X25519", "dhSinglePass-stdDH-hkdf-sha256"),
}


IN_ALL_FORMS = {
    (V15, "AES-128-CBC"), ("RSAES-OAEP", "AES-256-GCM"), (KEYS["P-256"][3], "AES-256-CBC"),
    (KEYS["X25519"][3], "ChaCha20-Poly1305"),
}  # fmt: skip


def encrypted() -> Iterator[Letter]:
    for cipher in CIPHERS:
        for key, transport, name, scheme in KEYS.values():
            way = Way(cipher.lower(), transport)
            forms = ["S/MIME"]
            if (scheme, cipher) in IN_ALL_FORMS:
                forms += [f"S/MIME, {PLAIN}", f"S/MIME, {LARGE}"]
            for form in forms:
                shown = cipher, scheme
                yield Letter("encrypt", f"{cipher} {name}", form, "encrypted", (), (key,), way, shown, key)
    for cipher in ("AES-128-CBC", "AES-256-GCM"):
        for key in ("RSA", "P-256"):
            name = f"{cipher} for RSA and P-256, with the key of {key}"
            way, to = Way(cipher.lower(), KEYS["v1.5"][1]), ("RSA", "P-256")
            yield Letter("encrypt", name, "S/MIME", "encrypted", (), to, way, (cipher, V15, KEYS["P-256"][3]), key)


# --- both -------------------------------------------------------------------------------------------------------------

# Signature, key, cipher: each with each kind of the others at least once.
PROTECTED = (
    ("RSA", "v1.5", "AES-128-CBC"), ("RSA", "P-256", "AES-256-GCM"), ("PSS", "OAEP", "AES-256-GCM"),
    ("PSS", "v1.5", "AES-256-CBC"), ("P-256", "v1.5", "AES-128-CBC"), ("P-256", "P-256", "AES-256-CBC"),
    ("P-256", "OAEP", "AES-128-CBC"), ("P-384", "P-384", "AES-256-CBC"), ("P-384", "v1.5", "AES-128-GCM"),
    ("Ed25519", "v1.5", "AES-256-GCM"), ("Ed25519", "X25519", "ChaCha20-Poly1305"), ("RSA", "X25519", "AES-128-CBC"),
)  # fmt: skip
THRICE = (
    ("RSA", "v1.5", "AES-128-CBC"), ("PSS", "OAEP", "AES-256-GCM"), ("P-256", "P-256", "AES-256-CBC"),
    ("P-384", "P-384", "AES-128-GCM"), ("Ed25519", "X25519", "ChaCha20-Poly1305"), ("Ed25519", "v1.5", "AES-256-CBC"),
)  # fmt: skip


def both(operation: str, shape: str, form: str, chosen: tuple[str, str, str]) -> Letter:
    signature, signer, option, first = SIGNATURES[chosen[0]]
    key, transport, name, scheme = KEYS[chosen[1]]
    cipher = chosen[2]
    where = "inside and around" if shape == "triple" else "inside"
    return Letter(
        operation, f"{signature} {where} {cipher} {name}", form, shape, (signer,), (key,),
        Way(cipher.lower(), transport, option), (*first, cipher, scheme), key,
    )  # fmt: skip


def protected() -> Iterator[Letter]:
    for chosen in PROTECTED:
        yield both("sign+encrypt", "clear+encrypted", "S/MIME clear", chosen)
    for chosen in PROTECTED[:6:2]:
        yield both("sign+encrypt", "opaque+encrypted", "S/MIME opaque", chosen)
    for chosen in THRICE:
        yield both("triple wrap", "triple", "S/MIME clear", chosen)


LETTERS = [*signed(), *encrypted(), *protected()]
