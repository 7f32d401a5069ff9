"""From a kind to one whole message: the content, its layers from the inside out, the faults, the header."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benches.corpus import headers
from benches.corpus.chance import Chance
from benches.corpus.encrypt import enveloped
from benches.corpus.kinds import Kind, Layer, Sealed, Signed
from benches.corpus.mime_build import CRLF, Entity, Scale, clear_signed, content, multipart, pkcs7
from benches.corpus.people import LIST_ADDRESS
from benches.corpus.pki import Credential, Person, Pki, der_of
from benches.corpus.sign import certs_only, digest_for, no_signers, signed_data

if TYPE_CHECKING:
    from datetime import datetime

MEDIA = {"": "application/pkcs7-mime", "x": "application/x-pkcs7-mime", "octet": "application/octet-stream"}
WRONG = {"signed-data": "enveloped-data", "enveloped-data": "signed-data", "authEnveloped-data": "signed-data"}
MICALG = {"sha1": ("sha-1", "sha1"), "sha256": ("sha-256", "sha256"), "sha384": ("sha-384",), "sha512": ("sha-512",)}


@dataclass(frozen=True)
class Message:
    """A message with CRLF line ends, and what is known about it."""

    raw: bytes
    whole: bool
    """The content is the whole message as stored."""
    content: bytes | None
    exposed: bool
    """The content's bytes stand in the message as they are, so that a store may change their line ends."""
    signers: tuple[str, ...]
    wanted_keys: int


class Composer:
    """Makes messages of one PKI; holds no state between messages."""

    def __init__(self, pki: Pki, scale: Scale) -> None:
        self.pki = pki
        self.scale = scale
        self.root = der_of(pki.root.certificate)
        self.staff = [person for person in pki.people if person.group == "staff"]
        self.gone = [person for person in pki.people if person.group == "gone"]
        self.by_group: dict[tuple[str, str], list[Person]] = {}
        self.by_recipient: dict[str, list[Person]] = {"gone": self.gone, "mixed": self.staff + self.gone}
        for person in pki.people:
            if person.sign:
                for kind in ("", person.sign.kind):
                    self.by_group.setdefault((person.group, kind), []).append(person)
            if person.encrypt and person.escrow:
                self.by_recipient.setdefault(person.encrypt.kind, []).append(person)

    def message(self, kind: Kind, seed: int, index: int, moment: datetime, chance: Chance, *, relayed: bool) -> Message:
        signers = self.signers(kind, chance)
        to = self.recipients(kind, chance)
        sender = signers[0] if signers else self.author(kind, chance)
        from_address = self.from_address(kind, sender, chance)
        through_list = kind.sender == "list" or kind.around == "list"
        frame = headers.Frame(seed, index, moment, sender, from_address, tuple(to), relayed, through_list)
        head = headers.fields(chance, frame)
        inner = content(chance, self.scale, to[0].name, sender.name, seven_bit=bool(kind.layers))
        work = Work(chance, moment, self.root, signers, to, inner, bytes(inner))
        for layer in kind.layers:
            work.add(layer)
        body = self.around(kind, work.entity, work, frame)
        envelope = bool(kind.layers) and not kind.around
        locked = any(isinstance(layer, Sealed) and layer.keys == "gone" for layer in kind.layers)
        readable = not locked and kind.outcome.decryption != "FAILED" and kind.around != "certificates"
        named = envelope and not locked and readable
        return Message(
            head + bytes(body),
            not envelope and readable,
            work.content if envelope and readable else None,
            work.exposed,
            tuple(sorted({person.address for person in signers})) if named and work.claimed else (),
            len(to) if locked else 0,
        )

    def signers(self, kind: Kind, chance: Chance) -> list[Person]:
        layer = next((layer for layer in kind.layers if isinstance(layer, Signed)), None)
        if not layer:
            return []
        return [chance.pick(self.by_group[layer.group, key]) for key in layer.keys]

    def recipients(self, kind: Kind, chance: Chance) -> list[Person]:
        layer = next((layer for layer in kind.layers if isinstance(layer, Sealed)), None)
        if not layer:
            return chance.some(self.staff, chance.weighted(((1, 70), (2, 20), (5, 10))))
        pool = self.by_recipient[layer.keys]
        if layer.keys != "mixed":
            return chance.some(pool, chance.weighted(((1, 60), (2, 30), (3, 10))))
        # The owner of the archive has the key of the first one, whoever else is there.
        first = chance.pick(self.staff)
        others = [person for person in pool if person is not first]
        return [first, *chance.some(others, chance.between(2, 12))]

    def author(self, kind: Kind, chance: Chance) -> Person:
        return chance.pick(self.gone if kind.outcome.decryption == "UNKNOWN" else self.staff)

    def from_address(self, kind: Kind, sender: Person, chance: Chance) -> str:
        if kind.sender == "list":
            return LIST_ADDRESS
        if kind.sender == "other":
            return chance.pick([person for person in self.staff if person.address != sender.address]).address
        return sender.address

    def around(self, kind: Kind, entity: Entity, work: Work, frame: headers.Frame) -> Entity:
        chance = work.chance
        if kind.around == "list":
            text = f"_______________________________________________\r\nStatik mailing list\r\n{LIST_ADDRESS}\r\n"
            return multipart(chance, "mixed", [entity, note(text)])
        if kind.around == "forward":
            inner = replace(frame, index=frame.index, relayed=False, through_list=False)
            message = headers.fields(Chance(frame.seed, "forwarded", frame.index), inner).replace(
                b"Message-ID: <", b"Message-ID: <fwd."
            )
            part = Entity(b"Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n", message + bytes(entity))
            return multipart(chance, "mixed", [note("See below, for your files.\r\n"), part])
        if kind.around == "beside":
            return multipart(chance, "mixed", [note("The gateway added this line.\r\n"), entity])
        if kind.around == "certificates":
            credentials = [person.sign for person in chance.some(self.staff, chance.between(1, 4)) if person.sign]
            cms = certs_only({der for credential in credentials for der in (credential.der, *credential.chain)})
            return pkcs7(cms, "certs-only", name="smime.p7c")
        return entity


def note(text: str) -> Entity:
    return Entity(b"Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n", text.encode())


@dataclass
class Work:
    """A message being wrapped."""

    chance: Chance
    moment: datetime
    root: bytes
    signers: list[Person]
    to: list[Person]
    entity: Entity
    content: bytes
    exposed: bool = True
    claimed: bool = True
    """The signed layers name their signers."""

    def add(self, layer: Layer) -> None:
        if isinstance(layer, Sealed):
            self.seal(layer)
        elif layer.opaque:
            self.sign_opaque(layer)
        else:
            self.sign_clear(layer)

    def credentials(self) -> list[Credential]:
        return [person.sign for person in self.signers if person.sign]

    def signed(self, layer: Signed, data: bytes, embed: bytes | None) -> bytes:
        how = layer.how
        if layer.group not in ("partner", "hidden") and self.chance.often(0.15):
            how = replace(how, with_root=self.root)
        return signed_data(data, self.credentials(), how, self.moment, self.chance, embed=embed)

    def sign_clear(self, layer: Signed) -> None:
        part = self.entity
        data = bytes(part)
        credentials = self.credentials()
        if layer.fault == "no-signers":
            cms = no_signers({credential.der for credential in credentials})
            self.claimed = False
        else:
            cms = self.signed(layer, data, data if layer.fault == "econtent" else None)
        if layer.fault == "truncated":
            cms = cms[: len(cms) * 6 // 10]
            self.claimed = False
        # An eContent in a detached signature is a fault by itself; as an attack, the part that is shown is another one.
        if layer.fault == "body" or (layer.fault == "econtent" and self.chance.often(0.5)):
            part = replace(part, body=tampered(part.body))
        digests = dict.fromkeys(digest_for(one, layer.how.digest) for one in credentials)
        micalg = ",".join(self.chance.pick(MICALG[digest]) for digest in digests)
        if "," in micalg:
            micalg = f'"{micalg}"'
        if self.content == data:
            self.content = bytes(part)
        self.entity = clear_signed(self.chance, part, cms, micalg, old_names=layer.label == "x")

    def sign_opaque(self, layer: Signed) -> None:
        data = bytes(self.entity)
        shown = bytes(replace(self.entity, body=tampered(self.entity.body))) if layer.fault == "body" else data
        cms = self.signed(layer, data, shown)
        if self.content == data:
            self.content = shown
        self.exposed = False
        self.entity = self.labelled(cms, "signed-data", layer.label)

    def seal(self, layer: Sealed) -> None:
        recipients = [person.encrypt for person in self.to if person.encrypt]
        cms = enveloped(bytes(self.entity), recipients, layer.how, self.moment, self.chance)
        if layer.fault == "truncated":
            cms = cms[: len(cms) * self.chance.between(40, 90) // 100]
        gcm = layer.how.cipher.endswith("gcm")
        entity = self.labelled(cms, "authEnveloped-data" if gcm else "enveloped-data", layer.label)
        self.entity = replace(entity, body=damaged(entity.body, layer.fault))
        self.exposed = False

    def labelled(self, cms: bytes, kind: str, label: str) -> Entity:
        name = {"octet": "", "none": "", "wrong": WRONG[kind]}.get(label, kind)
        return pkcs7(cms, name, MEDIA.get(label, MEDIA[""]), self.chance.pick((64, 64, 76)))


def tampered(body: bytes) -> bytes:
    """One letter or digit near the middle becomes another one (or a hex digit of an encoding)."""
    rows = body.split(CRLF)
    middle = len(rows) // 2
    for number in (*range(middle, len(rows)), *range(middle)):
        row = rows[number]
        if b"--" in row or b":" in row or row[:1] in b" \t":
            continue
        for place, octet in enumerate(row):
            if octet < 0x80 and chr(octet).isalnum():
                rows[number] = row[:place] + (b"A" if octet != 0x41 else b"B") + row[place + 1 :]
                return CRLF.join(rows)
    raise AssertionError("a body without a letter")


def damaged(body: bytes, fault: str) -> bytes:
    """Faults of the transfer encoding, made on its lines."""
    if fault == "base64":
        rows = body.split(CRLF)
        kept = rows[: max(1, len(rows) * 6 // 10)]
        return CRLF.join([*kept[:-1], kept[-1][:-3], b""])
    if fault == "stray":
        rows = body.split(CRLF)
        return CRLF.join(row + b"!" if number % 7 == 3 and row else row for number, row in enumerate(rows))
    return body
