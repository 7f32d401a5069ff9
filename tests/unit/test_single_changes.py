"""One octet of a valid message changed: it is never VALID with another content, signer or signed attributes.

Where it stays VALID is counted by region and explained; a region that is not in the table fails the test.
"""

from __future__ import annotations

import collections
import hashlib
import os
import random
from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.findings.cases import ALICE, BOB, NOW, ROOT, opaque
from tests.support import smime_build as build
from tests.support.der import elements, octets, oid, set_of

if TYPE_CHECKING:
    from collections.abc import Callable

# By name: the CMS whose octets are changed, and how it becomes a mail. A clear-signed mail is changed as it travels.
CEK = b"c" * 16


def persons() -> dict[str, build.Person]:
    return {
        "rsa": ALICE,
        "ecdsa": build.person("eve@example.com", "ec"),
        "ed25519": build.person("ed@example.com", "ed25519"),
    }


def signed(who: build.Person, *, detached: bool = False, attributes: bool = True) -> bytes:
    """Ed25519 goes with SHA-512 (RFC 8419 §3.1), the others with SHA-256."""
    if not isinstance(who.key, ed25519.Ed25519PrivateKey):
        return build.signed(build.TEXT, who, detached=detached, attributes=attributes)
    digest = build.attribute(build.MESSAGE_DIGEST, octets(hashlib.sha512(build.TEXT).digest()))
    attrs = set_of(build.attribute(build.CONTENT_TYPE, oid(build.DATA)), digest)
    sha512 = build.algorithm("2.16.840.1.101.3.4.2.3")
    info = build.signer_info(who, build.TEXT, attributes=attributes, attrs=attrs, digest_algorithm=sha512)
    return build.signed_data(None if detached else build.TEXT, [info], [who.der], digests=[sha512])


def messages() -> dict[str, tuple[bytes, Callable[[bytes], bytes]]]:
    found: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {}
    for name, who in persons().items():
        sender = build.headers(who.address)
        cms = signed(who, detached=True)
        clear = build.clear_signed(build.TEXT, cms)

        def mail(entity: bytes, sender: bytes = sender) -> bytes:
            return sender + entity

        def attached(cms: bytes, sender: bytes = sender) -> bytes:
            return sender + build.clear_signed(build.TEXT, cms)

        def enclosed(cms: bytes, address: str = who.address) -> bytes:
            return opaque(cms, address)

        found[f"{name} clear, in transit"] = clear, mail
        found[f"{name} clear, CMS"] = cms, attached
        found[f"{name} opaque, CMS"] = signed(who), enclosed
        found[f"{name} without attributes, CMS"] = signed(who, attributes=False), enclosed
    found["two signers, CMS"] = build.signed(build.TEXT, ALICE, BOB), opaque
    countersigned = build.signer_info(ALICE, build.TEXT, unsigned=lambda value: [build.countersignature(BOB, value)])
    found["countersigned, CMS"] = build.signed_data(build.TEXT, [countersigned], [ALICE.der, BOB.der]), opaque
    inner = build.part(signed(ALICE), "signed-data")
    found["signed inside GCM, CMS"] = build.auth_enveloped(inner, BOB, cek=CEK), build.encrypted_mail
    found["signed inside CBC, CMS"] = build.enveloped(inner, BOB), build.encrypted_mail
    return found


MESSAGES = messages()
RECEIVER = mailseal.Receiver(
    trust=mailseal.TrustStore.load(ROOT.certificate),
    keys=mailseal.Identity.load(BOB.pem),
    policy=mailseal.Policy.archive().replace(address_match="report"),
    threads=1,
)

# Regions whose octets may change without harm, and why.
HARMLESS = {
    "version": "no rule rests on it (cms.version is found)",
    "digestAlgorithms": "a hint (signer.digest-not-listed is found)",
    "encapContentInfo": "the tag of the content: its value octets are digested (cms.content-not-octets is found)",
    "signer's identifiers": "names compare without regard to case (RFC 5280 §7.1)",
    "certificates": "another certificate than the signer's, or a part of the bag that is not used",
    "unsignedAttrs": "nobody signed them; a countersignature that breaks is found",
    "recipientInfos": "names of recipients that are not ours, versions, and what is not used to unwrap",
    "encryptedContentInfo": "CBC: the inner signature covers all that is shown; what is around it may change",
    "CMS structure": "types and lengths that lead to the same reading",
    "MIME structure": "preamble, labels and parameters that nobody signed; the content decides",
    "signature part": "base64 of what of the CMS is harmless, and its line ends",
}


def region(name: str, data: bytes, at: int) -> str:
    """What the octet at `at` belongs to."""
    if name.endswith("in transit"):
        return part_of(data, at)
    path = [(begin, end) for begin, _, end in sorted(elements(data)) if begin <= at < end]
    depth = [data[begin] for begin, _ in path]
    fields = ("version", "digestAlgorithms", "encapContentInfo")
    if len(path) < 4:
        return "CMS structure"
    siblings = [begin for begin, _, _ in sorted(elements(data)) if parent(data, begin) == path[2][0]]
    index = siblings.index(path[3][0])
    if "inside" in name:
        return ("version", "recipientInfos", "encryptedContentInfo", "mac")[min(index, 3)]
    if index < 3:
        return fields[index]
    if depth[3] == 0xA0:
        return "certificates"
    return signer_region(data, path)


def part_of(data: bytes, at: int) -> str:
    """The same, of a mail."""
    start = data.index(build.TEXT)
    if start <= at < start + len(build.TEXT):
        return "signed content"
    return "signature part" if at >= data.rindex(b"\r\n\r\n") + 4 else "MIME structure"


def parent(data: bytes, start: int) -> int:
    """Start of the element around the one at `start`."""
    around = [(begin, end) for begin, _, end in elements(data) if begin < start < end]
    return max(around)[0] if around else -1


def signer_region(data: bytes, path: list[tuple[int, int]]) -> str:
    if len(path) < 6:
        return "CMS structure"
    names = {0x02: "version", 0xA0: "signedAttrs", 0x04: "signature", 0xA1: "unsignedAttrs"}
    return names.get(data[path[5][0]], "signer's identifiers")


def told(opened: mailseal.Opened) -> object:
    """What may not change: content, and of each signer certificate, algorithms and time."""
    signers = sorted(
        (one.certificate.to_der() if one.certificate else b"", one.digest, str(one.signing_time))
        for one in opened.signers
    )
    return opened.content, signers


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_one_changed_octet_is_never_valid_with_another_content(name: str, account: list[str]) -> None:
    data, mail = MESSAGES[name]
    before = RECEIVER.open(mail(data), at=NOW)
    assert before.verdict.is_valid, before.verdict.explain()
    expected = told(before)
    chance = random.Random(name)
    total = 7_000 if os.environ.get("MAILSEAL_PROOF") else 200
    valid: collections.Counter[str] = collections.Counter()
    for _ in range(total):
        at, change = chance.randrange(len(data)), chance.randrange(1, 256)
        opened = RECEIVER.open(mail(data[:at] + bytes([data[at] ^ change]) + data[at + 1 :]), at=NOW)
        if not opened.verdict.is_valid:
            continue
        where = region(name, data, at)
        assert told(opened) == expected, (where, at, change, opened.verdict.explain())
        assert where in HARMLESS, (where, at, change, data[max(0, at - 8) : at + 8], opened.verdict.explain())
        valid[where] += 1
    regions = ", ".join(f"{where} {count}" for where, count in sorted(valid.items())) or "none"
    account.append(f"single changes, {name}: {total}; VALID as before: {regions}")
