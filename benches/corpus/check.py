"""Lets the peers read a sample of a corpus and compares what they find with the manifest."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509

from benches.corpus.peers import Opened, Peers, Signature

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

NOT_OBSERVED = frozenset({"mime.transfer-repaired"})
OIDS = {
    bytes.fromhex("06092a864886f70d010702"): "signed",
    bytes.fromhex("06092a864886f70d010703"): "enveloped",
    bytes.fromhex("060b2a864886f70d0109100117"): "authEnveloped",
}
PKCS7 = ("application/pkcs7-mime", "application/x-pkcs7-mime")


@dataclass
class Seen:
    """What the peers say of one message, in the manifest's words."""

    signatures: list[Signature] = field(default_factory=list)
    opened: Opened | None = None
    content: bytes | None = None
    coverage: str = "none"
    codes: set[str] = field(default_factory=set)


def sample(folder: Path, count: int) -> list[dict[str, Any]]:
    """``count`` rows: some of each kind first, then evenly spread. Two passes: the manifest may be big."""
    kinds: Counter[str] = Counter(row["kind"] for row in rows_of(folder))
    share, step = max(1, count // max(1, len(kinds))), max(1, kinds.total() // count)
    taken: Counter[str] = Counter()
    first: list[dict[str, Any]] = []
    spread: list[dict[str, Any]] = []
    for place, row in enumerate(rows_of(folder)):
        if taken[row["kind"]] < share:
            taken[row["kind"]] += 1
            first.append(row)
        elif place % step == 0:
            spread.append(row)
    return first + spread[: max(0, count - len(first))]


def rows_of(folder: Path) -> Iterator[dict[str, Any]]:
    with (folder / "manifest.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def check(folder: Path, count: int) -> int:
    """Print every difference; 0 if there is none."""
    rows = sample(folder, count)
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        peers = Peers(folder, Path(scratch))
        for row in rows:
            for difference in differences(peers, folder, row):
                wrong += 1
                print(f"{row['path']}@{row['offset']} #{row['id']} {row['kind']}: {difference}", file=sys.stderr)
    kinds = len({row["kind"] for row in rows})
    print(f"peers looked at {len(rows)} messages of {kinds} kinds: {wrong} differences")
    return 1 if wrong else 0


def differences(peers: Peers, folder: Path, row: dict[str, Any]) -> list[str]:
    with (folder / row["path"]).open("rb") as file:
        file.seek(row["offset"])
        raw = file.read(row["length"])
    if hashlib.sha256(raw).hexdigest() != row["raw_sha256"]:
        return ["other bytes"]
    header, _ = split_header(raw)
    if header["Message-ID"] != row["message_id"]:
        return [f"Message-ID {header['Message-ID']}"]
    seen = observe(peers, raw, row["received"])
    expect = row["expect"]
    found = verdict(seen, header)
    out = [f"{name}: peers {found[name]!r}, manifest {expect[name]!r}" for name in found if found[name] != expect[name]]
    listed = set(expect["findings"])
    out += [f"not seen by the peers: {code}" for code in sorted(listed - seen.codes - NOT_OBSERVED)]
    if expect["status"] != "INVALID" and expect["decryption"] != "FAILED":
        # A broken message may show more than the manifest demands; a sound one shows nothing else.
        out += [f"not in the manifest: {code}" for code in sorted(seen.codes - listed)]
    return out


def verdict(seen: Seen, header: Message) -> dict[str, Any]:
    intact = bool(seen.signatures) and all(signature.intact for signature in seen.signatures)
    status = "UNSIGNED"
    if seen.signatures:
        chained = any(code.startswith("chain.") for signature in seen.signatures for code in signature.codes)
        status = "INVALID" if not intact else "INDETERMINATE" if chained else "VALID"
    names = {address_of(found) for signature in seen.signatures for found in signature.signers}
    author = {address.lower() for _, address in getaddresses([str(header["From"])])}
    if intact and not names & author:
        seen.codes.add("address.mismatch-reported")
    opened = seen.opened
    state = opened.state if opened else "NOT_CHECKED"
    authenticated = intact or bool(opened and opened.aead and state == "OK")
    if state == "OK" and not authenticated:
        seen.codes.add("decryption.unauthenticated")
    for part in (*seen.signatures, *((opened,) if opened else ())):
        seen.codes |= part.codes
    words = [word for word, there in (("signed", intact), ("encrypted", opened is not None)) if there]
    return {
        "status": status,
        "summary": "+".join(words) or "none",
        "decryption": state,
        "authenticated": authenticated,
        "coverage": "all" if intact else seen.coverage,
        "signers": sorted(names),
        "wanted_keys": opened.wanted if opened else 0,
        "content_sha256": None if seen.content is None else hashlib.sha256(seen.content).hexdigest(),
    }


def address_of(found: x509.Certificate) -> str:
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.RFC822Name)[0]


def observe(peers: Peers, raw: bytes, moment: int) -> Seen:
    """Peel the cryptographic envelope from the outside in."""
    seen = Seen(content=raw)
    entity = raw
    while True:
        header, body = split_header(entity)
        kind = header.get_content_type()
        if kind == "multipart/signed":
            part, holder = split_parts(header, body)
            canonical = re.sub(rb"\r?\n", b"\r\n", part)
            if canonical != part:
                seen.codes.add("mime.line-endings")
            seen.signatures.append(peers.verify(lenient_base64(split_header(holder)[1]), canonical, moment))
            seen.content = entity = part
        elif kind in PKCS7 or (kind == "application/octet-stream" and str(header.get_filename()).endswith(".p7m")):
            inner = open_layer(peers, seen, header, lenient_base64(body), moment)
            seen.content = inner
            if inner is None:
                return seen
            entity = inner
        else:
            if entity is raw and kind == "multipart/mixed":
                errant(seen, header, body)
            return seen


def open_layer(peers: Peers, seen: Seen, header: Message, der: bytes, moment: int) -> bytes | None:
    holds = next((name for mark, name in OIDS.items() if mark in der[:24]), "")
    label = str(header.get_param("smime-type") or "")
    if label not in ("", f"{holds}-data", "certs-only") or header.get_content_type() == "application/octet-stream":
        seen.codes.add("mime.type-mismatch")
    if label == "certs-only":
        seen.codes.add("structure.certs-only")
        return None
    if holds == "signed":
        signature = peers.verify(der, None, moment)
        seen.signatures.append(signature)
        return signature.content
    seen.opened = peers.decrypt(der)
    return seen.opened.content


def errant(seen: Seen, header: Message, body: bytes) -> None:
    parts = split_parts(header, body)
    # A forwarded message is its own message, whatever it holds (RFC 9787 §6.3).
    signed = sum(b"multipart/signed" in part and b"message/rfc822" not in part for part in parts)
    if signed:
        seen.codes.add("structure.errant-signature")
        seen.coverage = f"{signed} of {len(parts)} parts"
    if any(split_header(part)[0].get_content_type() in PKCS7 for part in parts):
        seen.codes.add("structure.errant-encryption")


def split_header(entity: bytes) -> tuple[Message, bytes]:
    match = re.search(rb"\r?\n\r?\n", entity)
    if not match:
        raise AssertionError("an entity without a body")
    header = BytesHeaderParser(policy=policy.compat32).parsebytes(entity[: match.end()])
    return header, entity[match.end() :]


def split_parts(header: Message, body: bytes) -> list[bytes]:
    """The exact bytes of the parts: the line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1)."""
    mark = re.escape(str(header.get_boundary()).encode())
    pieces = re.split(rb"(?:\A|\r?\n)--" + mark + rb"(?:--)?[ \t]*(?=\r?\n|\Z)", body)
    return [re.sub(rb"\A\r?\n", b"", piece) for piece in pieces[1:-1]]


def lenient_base64(body: bytes) -> bytes:
    """Characters outside the alphabet are skipped, an incomplete end is dropped."""
    text = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
    text = text[: len(text) - 1] if len(text) % 4 == 1 else text
    return base64.b64decode(text + b"=" * (-len(text) % 4))
