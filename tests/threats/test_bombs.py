"""PAR-10: content that is small on the wire and huge when it is unpacked."""

from __future__ import annotations

import zlib
from typing import Any

import mailseal
import pytest

from tests.support import child
from tests.support import smime_build as build
from tests.support.child import MIB


def zeros(size: int) -> bytes:
    """zlib of that many zeros (whole mebibytes), in a thousandth of them, one block again and again."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    # Adler-32 of zeros: the first sum stays 1, the second counts them.
    checksum = (size % 65521) << 16 | 1
    stream = b"\x78\xda" + block * (size // MIB) + b"\x03\x00" + checksum.to_bytes(4, "big")
    assert size > 8 * MIB or zlib.decompress(stream) == bytes(size)
    return stream


def code(cms: bytes, policy: mailseal.Policy | None = None) -> str:
    with pytest.raises(mailseal.Error) as raised:
        mailseal.cms.decompress(cms, **({} if policy is None else {"policy": policy}))
    found: str = raised.value.code
    return found


def bomb() -> dict[str, Any]:
    """In a process of its own: 10 MB that stand for 10 GB, by the ratio and by the size alone."""
    cms = build.compressed(b"", packed=zeros(10_000 * MIB))
    mail = build.headers() + build.part(cms, "compressed-data")
    measured: dict[str, Any] = {"size": len(cms)}
    loose = mailseal.Policy.default().replace(limits=mailseal.Limits(decompression_ratio=10_000))
    for name, policy in (("default", mailseal.Policy.default()), ("any ratio", loose)):
        receiver = mailseal.Receiver(trust=None, policy=policy, threads=1)
        with child.Bounded(4 * len(mail) + 96 * MIB) as bounded:
            opened = receiver.open(mail)
        codes = [finding.code for finding in opened.verdict.findings]
        measured[name] = (codes, opened.content is None, bounded.seconds, bounded.peak)
    return measured


def test_par_10_ten_gigabytes_in_ten_megabytes() -> None:
    found = child.run("tests.threats.test_bombs:bomb")
    assert 9_000_000 < found["size"] < 12_000_000
    for name in ("default", "any ratio"):
        codes, closed, seconds, peak = found[name]
        assert "limit.decompression" in codes
        assert closed
        assert seconds < 3
        assert peak < 32 * MIB + 4 * found["size"]


def layers(count: int, content: bytes) -> bytes:
    entity = content
    for _ in range(count):
        entity = build.part(build.compressed(entity), "compressed-data")
    return build.headers() + entity


def bomb_of_bombs() -> dict[str, Any]:
    """In a process of its own: five layers, of which each is within the ratio."""
    entity = build.part(build.compressed(b"", packed=zeros(1000 * MIB)), "compressed-data")
    mail = layers(4, entity)
    receiver = mailseal.Receiver(trust=None, threads=1)
    with child.Bounded(256 * MIB) as bounded:
        opened = receiver.open(mail)
    codes = [finding.code for finding in opened.verdict.findings]
    return {"size": len(mail), "codes": codes, "closed": opened.content is None, "peak": bounded.peak}


def test_par_10_five_layers_of_compression() -> None:
    found = child.run("tests.threats.test_bombs:bomb_of_bombs")
    assert found["size"] < 100_000
    assert {"limit.decompression", "limit.layers"} & set(found["codes"])
    assert found["closed"]
    assert found["peak"] < 32 * MIB


def test_par_10_the_bomb_is_honest_zlib() -> None:
    """What is refused above is refused for its size: the same of eight mebibytes opens where the ratio allows it."""
    cms = build.compressed(b"", packed=zeros(8 * MIB))
    assert mailseal.cms.decompress(cms, policy=capped(decompression_ratio=2000)) == bytes(8 * MIB)
    assert code(cms) == "limit.decompression"


def test_par_10_two_layers_open_and_nine_do_not() -> None:
    receiver = mailseal.Receiver(trust=None, threads=1)
    assert receiver.open(layers(2, build.TEXT)).content == build.TEXT
    opened = receiver.open(layers(9, build.TEXT))
    assert opened.content is None
    assert "limit.layers" in [finding.code for finding in opened.verdict.findings]


def test_par_10_the_size_and_the_ratio_bound_each_for_itself() -> None:
    text = b"".join(b"%d " % number for number in range(50_000))
    cms = build.compressed(text)
    assert mailseal.cms.decompress(cms, policy=capped(decompressed_bytes=len(text))) == text
    assert code(cms, capped(decompressed_bytes=len(text) - 1)) == "limit.decompression"
    packed = len(zlib.compress(text))
    assert mailseal.cms.decompress(cms, policy=capped(decompression_ratio=-(-len(text) // packed))) == text
    assert code(cms, capped(decompression_ratio=len(text) // packed)) == "limit.decompression"


def capped(**caps: int) -> mailseal.Policy:
    return mailseal.Policy.default().replace(limits=mailseal.Limits(**caps))


PACKED = zlib.compress(build.TEXT * 50)
BROKEN: dict[str, bytes] = {
    "empty": b"",
    "header alone": PACKED[:2],
    "truncated": PACKED[: len(PACKED) // 2],
    "no checksum": PACKED[:-4],
    "half a checksum": PACKED[:-2],
    "wrong checksum": PACKED[:-1] + bytes([PACKED[-1] ^ 1]),
    "trailing octet": PACKED + b"\0",
    "trailing stream": PACKED + PACKED,
    "raw deflate": PACKED[2:-4],
    "gzip": zlib.compress(build.TEXT, wbits=31),
    "preset dictionary": b"\x78\xbb" + PACKED[2:],
    "junk": b"not zlib at all",
}


@pytest.mark.parametrize("fault", list(BROKEN))
def test_par_10_what_is_no_whole_stream_is_no_content(fault: str) -> None:
    assert mailseal.cms.decompress(build.compressed(b"", packed=PACKED)) == build.TEXT * 50
    cms = build.compressed(b"", packed=BROKEN[fault])
    assert code(cms) == "structure.decompression"
    mail = build.headers() + build.part(cms, "compressed-data")
    opened = mailseal.Receiver(trust=None, threads=1).open(mail)
    assert opened.content is None
    assert "structure.decompression" in [finding.code for finding in opened.verdict.findings]


def test_par_10_only_zlib() -> None:
    for way in ("1.2.840.113549.1.9.16.3.7", "1.2.3.4", "1.2.840.113549.1.7.1"):
        assert code(build.compressed(build.TEXT, way=way)) == "structure.compression-unsupported"
