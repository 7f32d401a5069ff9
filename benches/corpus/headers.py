"""Header fields of whole messages, in the styles that agents and relays write them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from benches.corpus.chance import Chance, derive
from benches.corpus.mime_build import encoded_words
from benches.corpus.people import DOMAIN, LIST_ADDRESS
from benches.corpus.words import AGENTS, TONGUES

if TYPE_CHECKING:
    from benches.corpus.pki import Person

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ZONES = (0, 60, 120, 120, 60, -300, 330, 540)


def date(moment: datetime, minutes: int = 0) -> str:
    """RFC 5322 §3.3, whatever the locale."""
    local = moment.astimezone(timezone(timedelta(minutes=minutes)))
    sign, off = "-" if minutes < 0 else "+", abs(minutes)
    clock = local.strftime("%H:%M:%S")
    return (
        f"{DAYS[local.weekday()]}, {local.day} {MONTHS[local.month - 1]} {local.year} {clock}"
        f" {sign}{off // 60:02d}{off % 60:02d}"
    )


def asctime(moment: datetime) -> str:
    """The date of a From_ line (RFC 4155), UTC."""
    clock = moment.strftime("%H:%M:%S")
    return f"{DAYS[moment.weekday()]} {MONTHS[moment.month - 1]} {moment.day:2d} {clock} {moment.year}"


def message_id(seed: int, index: int) -> str:
    token = derive(seed, "id", index, size=9)
    host = (DOMAIN, "mail." + DOMAIN, "eu-w1.prod.outlook.example")[token[0] % 3]
    return f"<{token[1:].hex()}.{index}@{host}>"


def mailbox(chance: Chance, name: str, address: str) -> str:
    """One mailbox in one of the styles of the field (RFC 5322 §3.4)."""
    style = chance.below(10)
    if style == 0:
        return address
    if style == 1 and name.isascii():
        return f"{address} ({name})"
    if style == 2:
        local, domain = address.split("@")
        address = f"{local.title()}@{domain}"
    if style in (3, 4, 5) and " " in name:
        first, last = name.rsplit(" ", 1)
        name = f"{last}, {first}"
    if not name.isascii():
        return f"{encoded_words(name, base=chance.often(0.5))} <{address}>"
    return f'"{name}" <{address}>' if style > 2 or not name.replace(" ", "").isalnum() else f"{name} <{address}>"


@dataclass(frozen=True)
class Frame:
    """What the header needs to know of a message."""

    seed: int
    index: int
    moment: datetime
    """When it was received, to the second, UTC."""
    sender: Person
    from_address: str
    to: tuple[Person, ...]
    relayed: bool
    """With Received fields; otherwise Date is the received time."""
    through_list: bool


def fields(chance: Chance, frame: Frame) -> bytes:
    """All fields up to MIME-Version, which ends them."""
    out: list[str] = []
    sent = frame.moment
    if frame.relayed:
        sent -= timedelta(seconds=chance.between(1, 900))
        if chance.often(0.6):
            out.append(f"Return-Path: <{frame.sender.address}>")
        out += received(chance, frame)
        if chance.often(0.4):
            out.append(dkim(chance))
    name = frame.sender.name
    if frame.through_list:
        name += " via Statik-Liste"
        out += [
            f"List-Id: Statik <{LIST_ADDRESS.replace('@', '.')}>",
            f"List-Post: <mailto:{LIST_ADDRESS}>",
            "Precedence: list",
        ]
    body = [
        f"From: {mailbox(chance, name, frame.from_address)}",
        "To: " + ",\r\n ".join(mailbox(chance, person.name, person.address) for person in frame.to),
        f"Subject: {subject(chance, frame.index)}",
        f"Date: {date(sent, chance.pick(ZONES))}",
        f"Message-ID: {message_id(frame.seed, frame.index)}",
    ]
    if len(frame.to) > 1 and chance.often(0.5):
        body[1:2] = [
            f"To: {mailbox(chance, frame.to[0].name, frame.to[0].address)}",
            "Cc: " + ",\r\n\t".join(mailbox(chance, person.name, person.address) for person in frame.to[1:]),
        ]
    body += thread(chance, frame)
    if chance.often(0.7):
        body.append(f"{chance.pick(('X-Mailer', 'User-Agent'))}: {chance.pick(AGENTS)}")
    if chance.often(0.5):
        body = chance.shuffled(body)
    return "\r\n".join([*out, *body, "MIME-Version: 1.0", ""]).encode("ascii")


def received(chance: Chance, frame: Frame) -> list[str]:
    """One to four trace fields, the newest first; its time is the received time."""
    out: list[str] = []
    moment = frame.moment
    for hop in range(chance.between(1, 4)):
        host = "mx1." + DOMAIN if hop == 0 else f"relay{hop}.{frame.sender.address.split('@')[1]}"
        out.append(
            f"Received: from out{chance.between(1, 9)}.{frame.sender.address.split('@')[1]}"
            f" (192.0.2.{chance.between(1, 254)})\r\n\tby {host} with ESMTPS id {chance.hexes(6)}\r\n"
            f"\tfor <{frame.to[0].address}>; {date(moment)}"
        )
        moment -= timedelta(seconds=chance.between(0, 20))
    return out


def dkim(chance: Chance) -> str:
    value = base64.b64encode(chance.data(256)).decode()
    folded = "\r\n\t ".join(value[at : at + 70] for at in range(0, len(value), 70))
    return (
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={DOMAIN};\r\n\ts=s{chance.between(1, 4)};"
        f" h=from:to:subject:date;\r\n\tbh={base64.b64encode(chance.data(32)).decode()};\r\n\tb={folded}"
    )


def subject(chance: Chance, index: int) -> str:
    text = chance.pick(chance.weighted(TONGUES).subjects).format(n=index % 997 + 1)
    prefix = chance.weighted((("", 55), ("Re: ", 30), ("AW: ", 10), ("Fwd: ", 5)))
    if text.isascii():
        return prefix + text
    return prefix + encoded_words(text, base=chance.often(0.6))


def thread(chance: Chance, frame: Frame) -> list[str]:
    if not frame.index or not chance.often(0.35):
        return []
    count = chance.between(1, 6)
    earlier = sorted({max(0, frame.index - chance.between(1, 200)) for _ in range(count)})
    ids = [message_id(frame.seed, index) for index in earlier]
    return [f"In-Reply-To: {ids[-1]}", "References: " + "\r\n ".join(ids)]
