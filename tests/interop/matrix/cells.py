"""What a cell of the matrix is, and how mailseal's side of it is judged."""

from __future__ import annotations

import base64
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import mailseal
from mailseal import core

from tests.interop.matrix.keys import ADDRESS
from tests.support import smime_build as build
from tests.support.der import oid

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interop.matrix.keys import Workshop

# Eight-bit text with CRLF and a word that a test changes to see the signature fail.
ENTITY = (
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"Gr\xc3\xbc\xc3\x9fe aus dem Archiv.\r\n.\r\nFrom here on, nothing.\r\n"
)
PASSWORD = "correct horse"
KEK, KEK_ID = bytes(range(32)), b"\x01\x02\x03\x04"

ROWS = {row["algorithm"]: row for row in core.table("algorithms")}
# What mailseal does not take on purpose, and the finding.
STRICT = {
    "content of its own in a detached signature (RFC 8551 §3.5.3.1)": r"signer\.econtent-in-detached",
    "EncryptedData names no key (RFC 5652 §8)": r"decryption\.(no-key|failed)",
    "3DES-wrap is for keys of Triple-DES (RFC 3217 §3)": r"decryption\.failed",
}
# Codes by which mailseal says that it does not know or does not have something.
UNSUPPORTED = (".algorithm-unsupported", ".compression-unsupported", "key.unsupported")


class RefusedError(Exception):
    """The peer itself ended with an error; its words."""


@dataclass(frozen=True)
class Cell:
    """One message that one peer makes and mailseal opens.

    `shown`: names of algorithms that mailseal must report; `needs`: others that it needs on the way, such as a curve.
    `gap`: a key of `STRICT`.
    """

    peer: str
    operation: str
    algorithm: str
    form: str
    make: Callable[[Workshop], bytes]
    door: str
    key: str = ""
    shown: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    gap: str = ""

    @property
    def row(self) -> tuple[str, str, str]:
        """What the document calls it, apart from the peer."""
        return self.operation, self.algorithm, self.form

    @property
    def name(self) -> str:
        return " | ".join((self.peer, *self.row))

    def missing(self) -> list[str]:
        """What the table of algorithms knows by name only, of what this cell needs."""
        return [name for name in (*self.shown, *self.needs) if not ROWS[name]["implemented"]]


class Closed(NamedTuple):
    """mailseal did not open it: finding or exception."""

    said: str
    unsupported: bool


@dataclass
class Sight:
    """What mailseal saw of a message that it opened."""

    content: bytes | None
    names: set[str] = field(default_factory=set)
    valid: bool | None = None
    decrypted: bool | None = None
    explanation: str = ""


def rules(cell: Cell) -> mailseal.Policy:
    """An archive's policy, which accepts by name what the table never takes: it is the peer that is tried here."""
    policy = mailseal.Policy.archive()
    never = [name for name in (*cell.shown, *cell.needs) if ROWS[name]["take"] == "Never"]
    return policy.replace(algorithms={"SHA-1": "accept"} | dict.fromkeys(never, "accept"))


def keyring(cell: Cell, shop: Workshop) -> mailseal.Keyring:
    if cell.door == "password":
        return mailseal.Keyring(passwords=[PASSWORD])
    if cell.door == "kek":
        return mailseal.Keyring(secret_keys={KEK_ID: KEK})
    if cell.door == "encrypted-data":
        return mailseal.Keyring(secret_keys={b"": KEK[:16]})
    if cell.key and cell.door not in {"sign", "detached"}:
        return mailseal.Keyring([mailseal.Identity.load(shop.pem(cell.key))])
    return mailseal.Keyring()


def open_mail(cell: Cell, mail: bytes, shop: Workshop) -> Sight | Closed:
    trust = mailseal.TrustStore.load(build.root().der)
    receiver = mailseal.Receiver(trust=trust, keys=keyring(cell, shop), policy=rules(cell), threads=1)
    newline = b"\r\n" if b"\r\n" in mail[:200] else b"\n"
    opened = receiver.open(b"From: " + ADDRESS.encode() + newline + mail)
    findings = opened.verdict.findings
    lost = [one for one in findings if one.code.endswith(UNSUPPORTED)]
    if lost:
        return Closed("; ".join(f"{one.code}: {one.detail}" for one in lost), unsupported=True)
    names = {layer.algorithm for layer in opened.layers}
    names |= {recipient.algorithm for layer in opened.layers for recipient in layer.recipients}
    names |= {name for signer in opened.signers for name in (signer.digest, signer.signature_algorithm)}
    sight = Sight(opened.content, names, explanation=opened.verdict.explain())
    if opened.signers:
        sight.valid = opened.verdict.is_valid
    if opened.decryption is not mailseal.Check.NOT_CHECKED:
        sight.decrypted = opened.decryption is mailseal.Check.OK
    return sight


def named(cell: Cell, data: bytes) -> set[str]:
    """The algorithms that a CMS names, which the strict doors for plain CMS do not tell."""
    receiver = mailseal.Receiver(trust=None, policy=rules(cell), threads=1)
    opened = mailseal.Opened(receiver._inner.open_cms(data, None, int(time.time()), None))
    return {layer.algorithm for layer in opened.layers} | {
        recipient.algorithm for layer in opened.layers for recipient in layer.recipients
    }


def open_cms(cell: Cell, data: bytes, shop: Workshop, content: bytes = ENTITY) -> Sight | Closed:
    """By the strict doors for plain CMS; `content`: what a detached signature is held against."""
    policy = rules(cell)
    if cell.door in {"sign", "detached"}:
        detached = content if cell.door == "detached" else None
        trust = mailseal.TrustStore.load(build.root().der)
        verified = mailseal.cms.verify(data, trust=trust, detached_content=detached, policy=policy)
        names = {name for one in verified.signers for name in (one.digest, one.signature_algorithm)}
        return Sight(verified.content, names, valid=verified.verdict.is_valid, explanation=verified.verdict.explain())
    names = named(cell, data)
    if cell.door == "compress":
        return Sight(mailseal.cms.decompress(data, policy=policy), names)
    if cell.door == "digest":
        return Sight(mailseal.cms.digested(data, policy=policy), names)
    decrypted = mailseal.cms.decrypt(data, keyring(cell, shop), unauthenticated="allow", policy=policy)
    return Sight(decrypted.content, names, decrypted=True)


def see(cell: Cell, data: bytes, shop: Workshop) -> Sight | Closed:
    try:
        return open_mail(cell, data, shop) if cell.form.startswith("S/MIME") else open_cms(cell, data, shop)
    except mailseal.Error as error:
        return Closed(f"{error.code}: {error}", error.code.endswith(UNSUPPORTED))


def refused(cell: Cell, missing: list[str], found: Sight | Closed) -> str:
    """The outcome of what is not there yet: refused by its name. The day it is there, the cell asks for more."""
    said = found.said if isinstance(found, Closed) else found.explanation
    opened = isinstance(found, Sight) and found.content is not None and found.valid is not False
    assert not opened, f"opened, though {missing or cell.gap} is not there: {found}"
    if not missing:
        assert re.search(STRICT[cell.gap], said), f"refused, but not for {cell.gap}: {said}"
        return f"refused: {cell.gap}"
    for name in missing:
        if name in said:
            return f"not yet: {name}"
    raise AssertionError(f"refused, but not for {missing}: {said}")


def judge(cell: Cell, data: bytes, shop: Workshop) -> str:
    """The outcome in the words of the document; AssertionError for one that should not be."""
    missing = cell.missing()
    found = see(cell, data, shop)
    if missing or cell.gap:
        return refused(cell, missing, found)
    assert isinstance(found, Sight), found.said
    assert found.content == ENTITY, (found.content, found.explanation)
    assert set(cell.shown) <= found.names, f"{cell.shown} is not among {found.names}"
    assert_written(cell, data)
    signed = "sign" in cell.door or cell.door == "detached"
    assert found.valid is (True if signed else None), found.explanation
    if "encrypt" in cell.door or cell.door in {"password", "kek"}:
        assert found.decrypted is True, found.explanation
    if signed:
        assert_change_is_seen(cell, data, shop)
    elif cell.form == "DER" and any(ROWS[name]["role"] == "Aead" for name in cell.shown):
        assert_tag_is_checked(cell, data, shop)
    return "opened"


def assert_written(cell: Cell, data: bytes) -> None:
    """What the row tells of algorithms is in the bytes, also where no door names it: wraps, digests of OAEP, PRFs."""
    if cell.form.startswith("S/MIME"):
        return
    data = binary(data)
    for name in (*cell.shown, *cell.needs):
        # A curve stands in the certificate; SHA-1 is what absent parameters mean.
        if ROWS[name]["role"] not in {"Curve", "PublicKey"} and name not in {"SHA-1", "HMAC-SHA1"}:
            assert oid(ROWS[name]["oid"]) in data, f"{name} is not in the message"


def binary(data: bytes) -> bytes:
    """Without PEM armour."""
    armoured = re.fullmatch(rb"\s*-----BEGIN [^-]+-----(.*)-----END [^-]+-----\s*", data, re.DOTALL)
    return base64.b64decode(armoured[1]) if armoured else data


def assert_tag_is_checked(cell: Cell, data: bytes, shop: Workshop) -> None:
    """The tag is what an AuthEnvelopedData ends with."""
    found = see(cell, data[:-1] + bytes([data[-1] ^ 1]), shop)
    assert isinstance(found, Closed), f"a wrong tag opens: {found}"


def assert_change_is_seen(cell: Cell, data: bytes, shop: Workshop) -> None:
    """A verdict is worth something only if the same message, changed, gets another."""
    if cell.form.startswith("S/MIME"):
        head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
        if cell.door != "sign":
            # Inside an encryption: what changes the ciphertext is the matter of other tests.
            return
        if cell.form.startswith("S/MIME opaque"):
            cms = base64.b64decode(body).replace(b"Archiv", b"archiv")
            changed = head + b"\n\n" + base64.encodebytes(cms)
        else:
            changed = data.replace(b"Archiv", b"archiv")
        found = open_mail(cell, changed, shop)
        assert isinstance(found, Sight)
        assert found.valid is False
        return
    content = ENTITY.replace(b"Archiv", b"archiv")
    try:
        found = open_cms(cell, binary(data).replace(b"Archiv", b"archiv"), shop, content)
    except mailseal.VerificationError:
        return
    raise AssertionError(f"a changed content verifies: {found}")
