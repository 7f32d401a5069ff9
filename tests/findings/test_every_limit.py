"""Walks the table of caps: what uses a budget exactly passes, with one less it is a finding that names the cap."""

from __future__ import annotations

import dataclasses
import zlib
from typing import TYPE_CHECKING

import mailseal
import pytest
from mailseal import core

from tests.findings.cases import ALICE, BOB, ROOT, codes, opaque, policy, signed_by
from tests.support import smime_build as build
from tests.support.der import NULL, explicit, integer, oid, sequence, set_of, tlv

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography import x509

ROWS = {row["limit"]: row["code"] for row in core.table("limits")}
SIGNED = build.signed(build.TEXT, ALICE)


@dataclasses.dataclass(frozen=True)
class Use:
    """`make(n)`: a message; `least(n)`: the smallest cap with which it passes, counted by hand."""

    make: Callable[[int], bytes]
    least: Callable[[int], int]
    sizes: tuple[int, ...] = (2, 5)


def nested_content(levels: int) -> bytes:
    """SignedData whose eContent is an OCTET STRING in that many constructed ones (X.690 §8.7)."""
    content = tlv(0x04, build.TEXT)
    for _ in range(levels):
        content = tlv(0x24, content)
    body = sequence(
        integer(1),
        set_of(build.algorithm(build.SHA256, NULL)),
        sequence(oid(build.DATA), explicit(0, content)),
        tlv(0x31, build.signer_info(ALICE, build.TEXT)),
    )
    return opaque(build.content_info(build.SIGNED, body))


def layered(layers: int) -> bytes:
    entity = build.TEXT
    for _ in range(layers):
        entity = build.part(build.enveloped(entity, BOB))
    return build.headers() + entity


def nested_parts(levels: int) -> bytes:
    entity = build.TEXT
    for level in range(levels):
        boundary = f"=={level}".encode()
        entity = (
            b'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n--%s\r\n' % (boundary, boundary)
            + entity
            + b"\r\n--%s--\r\n" % boundary
        )
    return build.headers() + entity


def header_of(size: int) -> bytes:
    """A header of that many octets, its blank line left out."""
    header = build.headers() + b"Content-Type: text/plain\r\n"
    return header + b"X: " + b"x" * (size - len(header) - 5) + b"\r\n\r\nbody\r\n"


def chained(authorities: int) -> bytes:
    """Alice's mail under that many CAs below the root."""
    issuer, key = ROOT.certificate, ROOT.key
    bag: list[x509.Certificate] = []
    for number in range(authorities):
        own = build.new_key("ec")
        issuer, key = build.issue(f"CA {number}", own, issuer.subject, key, address=None), own
        bag.append(issuer)
    leaf = build.issue("Alice", ALICE.key, issuer.subject, key, address="alice@example.com")
    return signed_by(leaf, extra=tuple(bag))


USES = {
    "message_bytes": Use(lambda n: build.headers() + b"x" * n, lambda n: len(build.headers()) + n),
    # ContentInfo, [0], SignedData, encapContentInfo, [0], and the constructed strings.
    "asn1_depth": Use(nested_content, lambda n: 5 + n),
    "layers": Use(layered, lambda n: n),
    "recipients": Use(
        lambda n: build.encrypted_mail(
            build.enveloped(build.TEXT, cek=b"k" * 16, infos=[build.ktri(BOB, b"k" * 16)] * n)
        ),
        lambda n: n,
    ),
    "signers": Use(lambda n: opaque(build.signed(build.TEXT, *[ALICE] * n)), lambda n: n),
    "digest_algorithms": Use(
        lambda n: opaque(
            build.signed_data(
                build.TEXT,
                [build.signer_info(ALICE, build.TEXT)],
                [ALICE.der],
                digests=[build.algorithm(build.SHA256, NULL)] * n,
            )
        ),
        lambda n: n,
    ),
    "certificates": Use(
        lambda n: opaque(build.signed_data(build.TEXT, [build.signer_info(ALICE, build.TEXT)], [ALICE.der] * n)),
        lambda n: n,
    ),
    "attributes": Use(
        lambda n: opaque(
            build.signed_data(
                build.TEXT,
                [
                    build.signer_info(
                        ALICE, build.TEXT, extra=[build.attribute(f"1.2.3.{i}", NULL) for i in range(n - 2)]
                    )
                ],
                [ALICE.der],
            )
        ),
        lambda n: n,
    ),
    "mime_depth": Use(nested_parts, lambda n: n),
    "mime_parts": Use(lambda n: build.headers() + build.mixed(*[build.TEXT] * n), lambda n: n),
    "header_bytes": Use(header_of, lambda n: n, sizes=(400, 1000)),
    "header_fields": Use(
        lambda n: b"X: y\r\n" * n + build.headers() + build.TEXT, lambda n: n + build.headers().count(b"\r\n") + 1
    ),
    "addresses": Use(
        lambda n: b"Cc: " + b", ".join([b"a@example.com"] * n) + b"\r\n" + build.headers() + build.TEXT, lambda n: n
    ),
    "decompressed_bytes": Use(
        lambda n: build.headers() + build.part(build.compressed(b"0123456789" * n), "compressed-data"),
        lambda n: 10 * n,
        sizes=(5, 500),
    ),
    # zlib.compress gives 987 octets for a million zeros.
    "decompression_ratio": Use(
        lambda n: build.headers() + build.part(build.compressed(bytes(n)), "compressed-data"),
        lambda n: -(-n // len(zlib.compress(bytes(n)))),
        sizes=(100_000, 1_000_000),
    ),
    "path_signatures": Use(chained, lambda n: n + 1),
    "path_steps": Use(chained, lambda n: n + 1),
    "path_length": Use(chained, lambda n: n + 2),
}


def says(cap: str, value: int, mail: bytes) -> bool:
    return ROWS[cap] in codes(mail, policy(limits=mailseal.Limits(**{cap: value})))


@pytest.mark.parametrize(("cap", "size"), [(cap, size) for cap, use in USES.items() for size in use.sizes])
def test_what_uses_it_up_passes_and_one_more_does_not(cap: str, size: int) -> None:
    use = USES[cap]
    mail, least = use.make(size), use.least(size)
    found = [value for value in (least - 2, least - 1, least, least + 1) if value >= 0 and says(cap, value, mail)]
    assert found == [value for value in (least - 2, least - 1) if value >= 0]


# Caps on keys and passwords, which no policy sets: rust/core/tests/algorithms.rs walks them.
OF_KEYS = {"kdf_iterations", "scrypt_bytes", "rsa_bits"}
# Of `inspect`, which has no policy either: rust/core/src/inspect/tests.rs.
OF_INSPECT = {"inspected_rows"}


def test_every_cap_is_walked() -> None:
    assert set(ROWS) == set(USES) | OF_KEYS | OF_INSPECT
