"""MIME entities as agents write them: text, HTML, attachments, and the envelopes that S/MIME puts around them.

Everything here has CRLF line ends; the archive turns them into LF where a store keeps them so.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benches.corpus.words import FILES, TONGUES, Tongue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benches.corpus.chance import Chance

CRLF = b"\r\n"


@dataclass(frozen=True)
class Entity:
    """Content-* header fields (each line ended by CRLF) and the body."""

    header: bytes
    body: bytes

    def __bytes__(self) -> bytes:
        return self.header + CRLF + self.body


@dataclass(frozen=True)
class Scale:
    """Shares of the three size classes of attachments, and whether there is one at all."""

    attachment: float
    medium: float
    big: float


SCALES = {"small": Scale(0.30, 0.0, 0.0), "realistic": Scale(0.45, 0.10, 0.012)}


def lines(data: bytes, width: int = 76) -> bytes:
    """Base64 in lines of ``width``, the last one ended too."""
    text = base64.b64encode(data)
    full = len(text) // width
    if full < 300:
        return b"".join([text[at : at + width] + CRLF for at in range(0, len(text), width)])
    # Column by column: some ten times faster than line by line for big attachments.
    step = width + 2
    out = bytearray(full * step)
    for column in range(width):
        out[column::step] = text[column : full * width : width]
    out[width::step], out[width + 1 :: step] = b"\r" * full, b"\n" * full
    rest = text[full * width :]
    return bytes(out) + (rest + CRLF if rest else b"")


def quoted(data: bytes) -> bytes:
    """Quoted-printable; "From " at the start of a line is shielded as RFC 2049 §3 advises."""
    text = binascii.b2a_qp(data.replace(b"\r\n", b"\n"), istext=True)
    if text.startswith(b"From "):
        text = b"=46" + text[1:]
    return text.replace(b"\nFrom ", b"\n=46rom ").replace(b"\n", CRLF)


def encoded_words(text: str, charset: str = "utf-8", *, base: bool = True) -> str:
    """RFC 2047; words of at most 75 characters that never split a character, folded."""
    if text.isascii():
        return text
    size = 10 if charset == "iso-2022-jp" else 14
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    write = partial(_word_b if base else _word_q, charset=charset)
    return "\r\n ".join(write(piece) for piece in pieces)


def _word_b(piece: str, charset: str) -> str:
    return f"=?{charset}?B?{base64.b64encode(piece.encode(charset, 'replace')).decode()}?="


def _word_q(piece: str, charset: str) -> str:
    raw = piece.encode(charset, "replace")
    safe = "".join(chr(octet) if chr(octet).isascii() and chr(octet).isalnum() else f"={octet:02X}" for octet in raw)
    return f"=?{charset}?Q?{safe}?="


def wrapped(text: str, width: int = 72) -> str:
    """Greedy filling; text without spaces stays on one line."""
    out: list[str] = []
    line = ""
    for word in text.split(" "):
        if line and len(line) + len(word) >= width:
            out.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    out.append(line)
    return "\r\n".join(out)


def paragraphs(chance: Chance, tongue: Tongue, to: str, sender: str) -> list[str]:
    count = chance.weighted(((1, 30), (2, 30), (4, 25), (8, 12), (30, 3)))
    out = [chance.pick(tongue.greetings).format(name=to)]
    out += [" ".join(chance.pick(tongue.sentences) for _ in range(chance.between(1, 6))) for _ in range(count)]
    if tongue is TONGUES[0][0] and chance.often(0.02):
        out.append("From now on the site office is open until six.")
    return [*out, tongue.closing, sender]


def text_entity(chance: Chance, tongue: Tongue, parts: Sequence[str], *, seven_bit: bool) -> Entity:
    text = "\r\n\r\n".join(wrapped(part) for part in parts) + "\r\n"
    return coded(chance, "plain", text, tongue, seven_bit=seven_bit)


def html_entity(chance: Chance, tongue: Tongue, parts: Sequence[str]) -> Entity:
    escaped = (part.replace("&", "&amp;").replace("<", "&lt;") for part in parts)
    body = "\r\n".join(f'<p style="margin:0 0 8pt;font-family:Calibri,sans-serif">{part}</p>' for part in escaped)
    text = f'<html><head><meta charset="utf-8"></head><body lang="x">\r\n{body}\r\n</body></html>\r\n'
    return coded(chance, "html", text, tongue, seven_bit=True)


def coded(chance: Chance, subtype: str, text: str, tongue: Tongue, *, seven_bit: bool) -> Entity:
    charset = chance.pick(tongue.charsets)
    try:
        raw = text.encode(charset)
    except UnicodeEncodeError:
        charset, raw = "utf-8", text.encode()
    header = f"Content-Type: text/{subtype}; charset={charset}"
    if subtype == "plain" and chance.often(0.3):
        header += "; format=flowed"
    longest = max(map(len, raw.split(CRLF)))
    shielded = longest < 900 and not raw.startswith(b"From ") and b"\nFrom " not in raw
    if shielded and (charset == "iso-2022-jp" or (raw.isascii() and chance.often(0.8))):
        return Entity(f"{header}\r\nContent-Transfer-Encoding: 7bit\r\n".encode(), raw)
    if shielded and not seven_bit and chance.often(0.3):
        return Entity(f"{header}\r\nContent-Transfer-Encoding: 8bit\r\n".encode(), raw)
    if chance.often(0.7) and charset != "iso-2022-jp":
        return Entity(f"{header}\r\nContent-Transfer-Encoding: quoted-printable\r\n".encode(), quoted(raw))
    return Entity(f"{header}\r\nContent-Transfer-Encoding: base64\r\n".encode(), lines(raw))


def attachment(chance: Chance, scale: Scale) -> Entity:
    pattern, kind, magic = chance.pick(FILES)
    point = chance.unit()
    if point < scale.big:
        size = chance.size(1_000_000, 5_000_000)
    elif point < scale.big + scale.medium:
        size = chance.size(80_000, 400_000)
    else:
        size = chance.size(1_500, 40_000)
    name = pattern.format(n=chance.between(1, 9999))
    if name.isascii():
        titled, filed = f'"{name}"', f'filename="{name}"'
    else:
        percent = "".join(c if c.isascii() and c.isalnum() else "".join(f"%{o:02X}" for o in c.encode()) for c in name)
        titled, filed = f'"{encoded_words(name).replace(chr(13) + chr(10) + " ", "")}"', f"filename*=utf-8''{percent}"
    header = f"Content-Type: {kind};\r\n name={titled}\r\nContent-Transfer-Encoding: base64\r\n"
    header += f"Content-Disposition: attachment;\r\n\t{filed}\r\n"
    return Entity(header.encode(), lines(magic + chance.data(size)))


def boundary(chance: Chance) -> str:
    style = chance.below(4)
    if style == 0:
        return f"----=_NextPart_000_{chance.hexes(2).upper()}_01D{chance.hexes(2).upper()}.{chance.hexes(4).upper()}"
    if style == 1:
        return f"------------ms{chance.hexes(12)}"
    if style == 2:
        return f"Apple-Mail=_{chance.hexes(8).upper()}"
    return f"=-{chance.hexes(10)}"


def multipart(
    chance: Chance, subtype: str, parts: Sequence[Entity], parameters: str = "", preamble: bytes = b""
) -> Entity:
    """A multipart; each part's bytes end where the CRLF before the next delimiter begins (RFC 2046 §5.1.1)."""
    mark = boundary(chance)
    header = f'Content-Type: multipart/{subtype};{parameters}\r\n boundary="{mark}"\r\n'.encode()
    delimiter = b"--" + mark.encode()
    out = [preamble]
    for part in parts:
        out += [delimiter, CRLF, bytes(part), CRLF]
    return Entity(header, b"".join([*out, delimiter, b"--", CRLF]))


def content(chance: Chance, scale: Scale, to: str, sender: str, *, seven_bit: bool) -> Entity:
    """What the sender wrote, before any cryptography."""
    tongue = chance.weighted(TONGUES)
    parts = paragraphs(chance, tongue, to, sender)
    text = text_entity(chance, tongue, parts, seven_bit=seven_bit)
    if chance.often(0.4):
        text = multipart(chance, "alternative", [text, html_entity(chance, tongue, parts)])
    if not chance.often(scale.attachment):
        return text
    files = [attachment(chance, scale) for _ in range(chance.weighted(((1, 75), (2, 17), (3, 8))))]
    return multipart(chance, "mixed", [text, *files])


def pkcs7(
    cms: bytes, kind: str, media: str = "application/pkcs7-mime", width: int = 64, name: str = "smime.p7m"
) -> Entity:
    """application/pkcs7-mime; ``kind`` is the smime-type, empty for none."""
    label = f"\r\n smime-type={kind};" if kind else ""
    header = f'Content-Type: {media};{label}\r\n name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
    header += f'Content-Disposition: attachment; filename="{name}"\r\n'
    return Entity(header.encode(), lines(cms, width))


def clear_signed(chance: Chance, part: Entity, cms: bytes, micalg: str, *, old_names: bool) -> Entity:
    """multipart/signed (RFC 8551 §3.5.3)."""
    media = "application/x-pkcs7-signature" if old_names else "application/pkcs7-signature"
    header = f'Content-Type: {media}; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n'
    header += 'Content-Disposition: attachment; filename="smime.p7s"\r\n'
    if chance.often(0.5):
        header += "Content-Description: S/MIME Cryptographic Signature\r\n"
    parameters = f' protocol="{media}";\r\n micalg={micalg};'
    preamble = b"This is a cryptographically signed message in MIME format.\r\n\r\n" if chance.often(0.4) else b""
    signature = Entity(header.encode(), lines(cms, chance.pick((64, 76))))
    return multipart(chance, "signed", [part, signature], parameters, preamble)
