"""What mailseal makes for its peers to open: the one place here that knows how mail is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import mailseal
from cryptography.hazmat.primitives.serialization import Encoding

from tests.interop.matrix.keys import intermediate
from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.smime_build import Person

# What every relay lets through is signed and encrypted as it is, so peers have to give back these very bytes.
ENTITY = (
    b"Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
    b"Greetings from the Archive.\r\n\r\nFrom-line, =3D and a dot:\r\n..\r\nNothing more.\r\n"
)
# Parts, and more octets than any buffer holds: lines of base64, as attachments are.
LARGE = build.mixed(
    ENTITY,
    b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + (b"JVBERi0xLjQK" * 6 + b"\r\n") * 10_000,
)
OUTER = (
    b"From: alice@example.com\r\nTo: bob@example.com\r\nSubject: Figures\r\nDate: Mon, 06 Jul 2026 10:00:00 +0000\r\n"
)


class Way(NamedTuple):
    """The choices of a policy; empty: whatever the sender takes by itself."""

    cipher: str = ""
    transport: str = ""
    signature: str = ""

    def policy(self) -> mailseal.Policy:
        """The one recipient stays the only one: a peer that has all keys must not open by another's."""
        chosen = {
            "content_cipher": self.cipher,
            "key_transport": self.transport,
            "signature_algorithm": self.signature,
        }
        named = {field: value for field, value in chosen.items() if value}
        return mailseal.Policy.default().replace(encrypt_to_self=False, header_protection=False, **named)


def identity(who: Person) -> mailseal.Identity:
    """With the intermediate, if there is one between it and the root."""
    above = intermediate()
    below = who.certificate.issuer == above.certificate.subject
    return mailseal.Identity.load(who.pem + (above.certificate.public_bytes(Encoding.PEM) if below else b""))


def make(
    form: str, signers: Sequence[Person], recipients: Sequence[Person], way: Way, message: bytes,
    alter: Callable[[bytes], bytes] | None = None,
) -> bytes:  # fmt: skip
    """A mail of the form: clear, opaque, encrypted, clear+encrypted, opaque+encrypted or triple.

    `alter`: what a forger does to the signed mail before it is encrypted.
    """
    sender = mailseal.Sender(signing=[identity(one) for one in signers], trust=build.root().der, policy=way.policy())
    to = [mailseal.Certificate.load(one.der) for one in recipients]
    if form == "encrypted":
        return sender.encrypt(message, to)
    if alter is None and form == "clear+encrypted":
        return sender.protect(message, to)
    if alter is None and form == "triple":
        return sender.triple_wrap(message, to)
    signed = sender.sign(message, clear=not form.startswith("opaque"))
    signed = signed if alter is None else alter(signed)
    if not to:
        return signed
    sealed = sender.encrypt(signed, to)
    return sender.sign(sealed) if form == "triple" else sealed


def plain(form: str, signers: Sequence[Person], recipients: Sequence[Person], way: Way) -> bytes:
    """As `make`, by the doors for plain CMS: what they make, put into MIME by the tests."""
    policy = way.policy()
    if not signers:
        to = [mailseal.Certificate.load(one.der) for one in recipients]
        cms = mailseal.cms.encrypt(ENTITY, to, cipher=way.cipher, policy=policy)
        return OUTER + build.part(cms, "authEnveloped-data" if "cbc" not in way.cipher else "enveloped-data")
    clear = form == "clear"
    cms = mailseal.cms.sign(ENTITY, [identity(one) for one in signers], detached=clear, policy=policy)
    return OUTER + (build.clear_signed(ENTITY, cms) if clear else build.part(cms, "signed-data"))
