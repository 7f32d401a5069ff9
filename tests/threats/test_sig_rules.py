"""Forged signatures: attributes, digests, keys and their parameters (RFC 5652 §5, §11; RFC 8017; RFC 8551 §2.2)."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.findings.cases import ALICE, NOW, ROOT, opaque
from tests.support import smime_build as build
from tests.support.der import NULL, elements, integer, octets, oid, replaced, sequence, set_of, tlv

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT_TYPE, MESSAGE_DIGEST = build.CONTENT_TYPE, build.MESSAGE_DIGEST
SIGNING_TIME = "1.2.840.113549.1.9.5"
PROTECTION = "1.2.840.113549.1.9.52"
SHA1, SHA512, MD5 = "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.3", "1.2.840.113549.2.5"
PRESETS = ("default", "archive", "strict")

GOOD = {
    "contentType": (CONTENT_TYPE, oid(build.DATA)),
    "messageDigest": (MESSAGE_DIGEST, octets(hashlib.sha256(build.TEXT).digest())),
    "signingTime": (SIGNING_TIME, tlv(0x17, b"260501120000Z")),
}


def receive(cms: bytes, policy: str = "default", sender: str = "alice@example.com") -> mailseal.Opened:
    receiver = mailseal.Receiver(
        trust=mailseal.TrustStore.load(ROOT.certificate), policy=mailseal.Policy.named(policy), threads=1
    )
    return receiver.open(opaque(cms, sender), at=NOW)


def codes(opened: mailseal.Opened) -> list[str]:
    return [finding.code for finding in opened.verdict.findings]


def with_attrs(*attributes: bytes, sort: bool = True) -> bytes:
    attrs = set_of(*attributes) if sort else tlv(0x31, *attributes)
    return build.signed_data(build.TEXT, [build.signer_info(ALICE, build.TEXT, attrs=attrs)], [ALICE.der])


def others(name: str) -> list[bytes]:
    return [build.attribute(*value) for key, value in GOOD.items() if key != name]


def test_the_attributes_are_good_before_they_are_bent() -> None:
    assert receive(with_attrs(*others(""))).verdict.is_valid


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("duplicated", "signer.attribute-repeated"),
        ("two values", "signer.attribute-repeated"),
        ("no value", "signer.attribute-malformed"),
        ("wrong type", "signer.attribute-malformed"),
    ],
)
@pytest.mark.parametrize("policy", PRESETS)
def test_sig_02_attribute_rules(name: str, fault: str, code: str, policy: str) -> None:
    kind, value = GOOD[name]
    bent = {
        "duplicated": [build.attribute(kind, value), build.attribute(kind, value)],
        "two values": [build.attribute(kind, value, value)],
        "no value": [build.attribute(kind)],
        "wrong type": [build.attribute(kind, integer(7))],
    }[fault]
    opened = receive(with_attrs(*others(name), *bent), policy)
    assert (opened.verdict.status, code in codes(opened)) == ("INVALID", True), opened.verdict.explain()


def test_sig_02_missing_and_mismatched_attributes() -> None:
    for policy in ("default", "strict"):
        for name in ("contentType", "messageDigest"):
            opened = receive(with_attrs(*others(name)), policy)
            assert (opened.verdict.status, "signer.attribute-missing" in codes(opened)) == ("INVALID", True)
    wrong_type = [*others("contentType"), build.attribute(CONTENT_TYPE, oid(build.SIGNED))]
    assert "signer.content-type-mismatch" in codes(receive(with_attrs(*wrong_type)))
    wrong_digest = [*others("messageDigest"), build.attribute(MESSAGE_DIGEST, octets(bytes(32)))]
    assert "signer.digest-mismatch" in codes(receive(with_attrs(*wrong_digest)))
    assert receive(with_attrs(*others("signingTime"))).verdict.is_valid


def test_sig_02_other_content_needs_attributes() -> None:
    info = build.signer_info(ALICE, build.TEXT, attributes=False)
    opened = receive(build.signed_data(build.TEXT, [info], [ALICE.der], content_type="1.2.3.4"))
    assert (opened.verdict.status, "signer.attribute-missing" in codes(opened)) == ("INVALID", True)


def test_sig_03_unsorted_attributes_and_many_of_them() -> None:
    """The digest is over what came, with tag SET; where that was not signed, over its DER form, which is said."""
    attributes = sorted(others(""), reverse=True)
    assert receive(with_attrs(*attributes, sort=False)).verdict.is_valid
    signed_sorted = build.signer_info(ALICE, build.TEXT, attrs=set_of(*attributes))
    cms = build.signed_data(build.TEXT, [signed_sorted], [ALICE.der])
    shuffled = cms.replace(set_of(*attributes)[2:], b"".join(attributes))
    assert shuffled != cms
    opened = receive(shuffled)
    assert (opened.verdict.status, "signer.signed-attrs-not-der" in codes(opened)) == ("VALID", True)
    flood = [build.attribute(f"1.2.3.{number}", NULL) for number in range(20_000, 0, -1)]
    start = time.perf_counter()
    assert "limit.attributes" in codes(receive(with_attrs(*others(""), *flood, sort=False)))
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    "value",
    [NULL, integer(5), b"", octets(b""), octets(bytes(15)), octets(bytes(17)), octets(bytes(1 << 20)),
     tlv(0x24, octets(hashlib.sha256(build.TEXT).digest()))],
    ids=["NULL", "INTEGER", "none", "empty", "15", "17", "1 MiB", "constructed"],
)  # fmt: skip
def test_sig_04_message_digest_of_another_type(value: bytes) -> None:
    bent = build.attribute(MESSAGE_DIGEST, *([value] if value else []))
    for policy in PRESETS:
        opened = receive(with_attrs(*others("messageDigest"), bent), policy)
        assert opened.verdict.status == "INVALID"
        assert {"signer.attribute-malformed", "signer.digest-mismatch"} & set(codes(opened))


def test_sig_07_digest_and_signature_are_two_steps() -> None:
    """Right digest with a random signature, right signature over other content, one octet of the attributes flipped."""
    cms = build.signed(build.TEXT, ALICE)
    assert receive(cms).verdict.is_valid
    starts = [begin for begin, stop_begin, end in elements(cms) if cms[begin] == 0x04 and end - stop_begin == 256]
    signature = max(starts)
    begin, end = next((start, stop) for start, _, stop in elements(cms) if start == signature)
    random = replaced(cms, begin, end, octets(bytes(range(256))))
    attrs = build.signed_attrs(build.TEXT)
    at = cms.index(attrs[2:]) + len(attrs) - 3
    flipped = cms[:at] + bytes([cms[at] ^ 1]) + cms[at + 1 :]
    for forged, code in (
        (random, "signer.signature-mismatch"),
        (cms.replace(b"quarterly", b"quarterlY"), "signer.digest-mismatch"),
        (flipped, "signer.digest-mismatch"),
    ):
        for policy in PRESETS:
            opened = receive(forged, policy)
            assert (opened.verdict.status, code in codes(opened)) == ("INVALID", True), (code, codes(opened))


# --- SIG-09: RSASSA-PKCS1-v1_5 with e = 3 ----------------------------------------------------------------------------

DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def cube_root(number: int) -> int:
    low, high = 0, 1 << (number.bit_length() // 3 + 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**3 < number else (low, middle)
    return low


def signed_raw(key: rsa.RSAPrivateKey, block: Callable[[bytes, int], int]) -> mailseal.Opened:
    """A message whose signature value is what `block` makes of the digest and the octets of the modulus."""
    certificate = build.issue("Alice", key, ROOT.certificate.subject, ROOT.key, address="alice@example.com")
    who = build.Person("alice@example.com", key, certificate)
    attrs = build.signed_attrs(build.TEXT)
    size = key.key_size // 8
    value = block(hashlib.sha256(attrs).digest(), size).to_bytes(size, "big")
    info = sequence(
        integer(1),
        who.identifier,
        build.algorithm(build.SHA256, NULL),
        b"\xa0" + attrs[1:],
        build.algorithm(build.RSA, NULL),
        octets(value),
    )
    return receive(build.signed_data(build.TEXT, [info], [who.der]))


def test_sig_09_cube_root_forgeries() -> None:
    """With e = 3 whoever may leave garbage in the block needs no key: the cube root of the head is a signature."""
    key = rsa.generate_private_key(3, 2048)
    private = key.private_numbers()

    def honest(digest: bytes, size: int) -> int:
        tail = DIGEST_INFO + digest
        block = b"\0\1" + b"\xff" * (size - 3 - len(tail)) + b"\0" + tail
        return pow(int.from_bytes(block, "big"), private.d, private.public_numbers.n)

    def garbage_right(digest: bytes, size: int) -> int:
        head = b"\0\1" + b"\xff" * 8 + b"\0" + DIGEST_INFO + digest
        return cube_root(int.from_bytes(head + bytes(size - len(head)), "big"))

    def garbage_in_parameters(digest: bytes, size: int) -> int:
        room = size - 3 - 8 - len(DIGEST_INFO) - 32 - 4
        identifier = tlv(0x30, oid(build.SHA256), tlv(0x04, bytes(room)))
        head = b"\0\1" + b"\xff" * 8 + b"\0" + tlv(0x30, identifier, octets(digest))
        return cube_root(int.from_bytes(head.ljust(size, b"\0")[:size], "big"))

    def long_length(digest: bytes, size: int) -> int:
        tail = b"\x30\x81\x31" + DIGEST_INFO[2:] + digest
        block = b"\0\1" + b"\xff" * (size - 3 - len(tail)) + b"\0" + tail
        return pow(int.from_bytes(block, "big"), private.d, private.public_numbers.n)

    def truncated(digest: bytes, size: int) -> int:
        tail = DIGEST_INFO + digest[:-2]
        block = b"\0\1" + b"\xff" * (size - 3 - len(tail)) + b"\0" + tail
        return pow(int.from_bytes(block, "big"), private.d, private.public_numbers.n)

    assert signed_raw(key, honest).verdict.is_valid
    for forgery in (garbage_right, garbage_in_parameters, long_length, truncated):
        opened = signed_raw(key, forgery)
        assert (opened.verdict.status, "signer.signature-mismatch" in codes(opened)) == ("INVALID", True), forgery


@pytest.mark.parametrize("size", [0, 1, 255, 257, 32_768, 1 << 20])
def test_sig_10_signatures_of_another_length(size: int) -> None:
    for who in (ALICE, build.person("eve@example.com", "ec")):
        attrs = build.signed_attrs(build.TEXT)
        named = build.sign_bytes(who, attrs)[0]
        sha256 = build.algorithm(build.SHA256, NULL)
        info = sequence(integer(1), who.identifier, sha256, b"\xa0" + attrs[1:], named, octets(b"\x30" * size))
        start = time.perf_counter()
        opened = receive(build.signed_data(build.TEXT, [info], [who.der]), sender=who.address)
        assert (opened.verdict.status, "signer.signature-mismatch" in codes(opened)) == ("INVALID", True)
        assert time.perf_counter() - start < 1


def test_sig_12_curves_by_parameters_prove_nothing() -> None:
    """CVE-2020-0601: a curve written out may have a generator whose logarithm of the public key the forger knows."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = build.issue("Alice", key, ROOT.certificate.subject, ROOT.key, address="alice@example.com")
    honest = build.Person("alice@example.com", key, certificate)
    assert receive(build.signed(build.TEXT, honest)).verdict.is_valid
    curve = oid("1.2.840.10045.3.1.7")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    prime = (1 << 256) - (1 << 224) + (1 << 192) + (1 << 96) - 1
    field = sequence(oid("1.2.840.10045.1.1"), integer(prime))
    point = key.public_key().public_numbers()
    generator = b"\4" + point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")
    written_out = sequence(
        integer(1), field, sequence(octets(bytes(32)), octets(bytes(32))), octets(generator), integer(order)
    )
    forged = honest.der
    start = forged.index(curve)
    forged = replaced(forged, start, start + len(curve), written_out)
    info = build.signer_info(honest, build.TEXT)
    opened = receive(build.signed_data(build.TEXT, [info], [forged]))
    assert opened.verdict.status != "VALID"
    assert opened.signers[0].integrity != "OK"


def protection(digest: str) -> bytes:
    """CMSAlgorithmProtection (RFC 6211) that names this digest."""
    signature = tlv(0xA1, oid(build.RSA), NULL)
    return build.attribute(PROTECTION, sequence(build.algorithm(digest, NULL), signature))


def test_sig_14_algorithm_protection_is_compared() -> None:
    def cms(digest: str) -> bytes:
        return build.signed_data(
            build.TEXT, [build.signer_info(ALICE, build.TEXT, extra=[protection(digest)])], [ALICE.der]
        )

    assert receive(cms(build.SHA256)).verdict.is_valid
    for other in (SHA1, SHA512):
        opened = receive(cms(other))
        assert (opened.verdict.status, "signer.algorithm-inconsistent" in codes(opened)) == ("INVALID", True)


@pytest.mark.parametrize(
    ("digests", "code"),
    [
        ([], "signer.digest-not-listed"),
        ([build.algorithm(SHA1, NULL)], "signer.digest-not-listed"),
        ([build.algorithm("1.2.3.4")] * 3, "signer.digest-not-listed"),
        ([build.algorithm(build.SHA256, NULL)] * 3, None),
        ([build.algorithm(build.SHA256, NULL)] * 10_001, "limit.digest-algorithms"),
    ],
    ids=["empty", "another", "unknown", "thrice", "beyond ten thousand"],
)
def test_sig_14_the_set_of_digests_is_a_hint(digests: list[bytes], code: str | None) -> None:
    info = build.signer_info(ALICE, build.TEXT)
    opened = receive(build.signed_data(build.TEXT, [info], [ALICE.der], digests=digests))
    assert opened.verdict.is_valid == (code != "limit.digest-algorithms")
    assert code is None or code in codes(opened)


def test_sig_15_the_certificate_that_made_it_is_named() -> None:
    """Decoys with the same issuer and serial, first, last and alone."""
    serial = ALICE.certificate.serial_number
    decoy_key = build.new_key("rsa")
    decoy = build.issue("Mallory", decoy_key, ROOT.certificate.subject, decoy_key, address="mallory@example.com")
    from_der = build.Person("", decoy_key, decoy).der
    start = from_der.index(integer(decoy.serial_number))
    from_der = replaced(from_der, start, start + len(integer(decoy.serial_number)), integer(serial))
    info = build.signer_info(ALICE, build.TEXT)
    true = mailseal.Certificate.load(ALICE.der)
    for bag in ([ALICE.der, from_der], [from_der, ALICE.der], [from_der, ALICE.der, from_der]):
        opened = receive(build.signed_data(build.TEXT, [info], bag))
        assert (opened.verdict.status, opened.signers[0].certificate) == ("VALID", true)
    alone = receive(build.signed_data(build.TEXT, [info], [from_der]))
    assert (alone.verdict.status, "signer.signature-mismatch" in codes(alone)) == ("INVALID", True)


@pytest.mark.parametrize("sender", ["bob@example.com", "eve@example.com"])
def test_sig_15_addresses_are_those_of_the_certificate_that_is_judged(sender: str) -> None:
    """Eve's own certificate with Bob's address in it: her key, issuer and serial, so that her signature fits it too."""
    eve = build.person("eve@example.com")
    decoy = eve.der.replace(b"eve@example.com", b"bob@example.com")
    info = build.signer_info(eve, build.TEXT)
    for bag in ([decoy, eve.der], [eve.der, decoy], [decoy]):
        opened = receive(build.signed_data(build.TEXT, [info], bag), sender=sender)
        assert opened.verdict.is_valid == (sender == eve.address and eve.der in bag), (bag, opened.verdict.explain())


@pytest.mark.parametrize(("digest", "name"), [(SHA1, "SHA-1"), (MD5, "MD5")])
def test_sig_16_weak_digests_are_never_fine(digest: str, name: str) -> None:
    """SHA-1: VALID with a weakness under archive alone; MD5, for which collisions are a pastime, nowhere."""
    key = ALICE.key
    assert isinstance(key, rsa.RSAPrivateKey)
    function: hashes.HashAlgorithm = hashes.SHA1() if name == "SHA-1" else hashes.MD5()  # noqa: S303
    made = hashes.Hash(function)
    made.update(build.TEXT)
    attrs = set_of(
        build.attribute(CONTENT_TYPE, oid(build.DATA)), build.attribute(MESSAGE_DIGEST, octets(made.finalize()))
    )
    named = build.algorithm(digest, NULL)
    signature = key.sign(attrs, padding.PKCS1v15(), function)
    rsa_named = build.algorithm(build.RSA, NULL)
    info = sequence(integer(1), ALICE.identifier, named, b"\xa0" + attrs[1:], rsa_named, octets(signature))
    cms = build.signed_data(build.TEXT, [info], [ALICE.der], digests=[named])
    for policy in PRESETS:
        opened = receive(cms, policy)
        assert (opened.signers[0].integrity, opened.content) == ("OK", build.TEXT)
        found = codes(opened)
        if (name, policy) == ("SHA-1", "archive"):
            assert (opened.verdict.status, "signer.digest-weak" in found) == ("VALID", True)
        else:
            assert (opened.verdict.status, "signer.algorithm-forbidden" in found) == ("INVALID", True)


def test_sig_17_signing_time_is_a_claim() -> None:
    """It is told, and the judged time is the policy's: a certificate that has ended does not live on by it."""
    early = build.attribute(SIGNING_TIME, tlv(0x17, b"210501120000Z"))
    ended = build.issue(
        "Alice", ALICE.key, ROOT.certificate.subject, ROOT.key, address="alice@example.com", start=2020, end=2022
    )
    who = build.Person("alice@example.com", ALICE.key, ended)
    info = build.signer_info(who, build.TEXT, extra=[early])
    opened = receive(build.signed_data(build.TEXT, [info], [who.der]))
    assert opened.signers[0].signing_time is not None
    assert (opened.verdict.status == "VALID", opened.signers[0].time) == (False, "FAILED")
    far = build.signer_info(ALICE, build.TEXT, extra=[build.attribute(SIGNING_TIME, tlv(0x17, b"310501120000Z"))])
    assert receive(build.signed_data(build.TEXT, [far], [ALICE.der])).verdict.is_valid


def test_sig_20_missing_content_is_not_empty_content() -> None:
    info = build.signer_info(ALICE, build.TEXT)
    bare = sequence(oid(build.SIGNED))
    without = build.signed_data(None, [info], [ALICE.der])
    for cms in (bare, without):
        for policy in PRESETS:
            opened = receive(cms, policy)
            assert (opened.verdict.is_valid, "cms.content-absent" in codes(opened)) == (False, True)
    empty = build.signed_data(b"", [build.signer_info(ALICE, b"")], [ALICE.der])
    opened = receive(empty)
    assert (opened.signers[0].integrity, opened.content) == ("OK", b"")


def test_sig_20_multiparts_with_other_numbers_of_parts() -> None:
    cms = build.signed(build.TEXT, ALICE, detached=True)
    whole = build.headers() + build.clear_signed(build.TEXT, cms)
    receiver = mailseal.Receiver(trust=mailseal.TrustStore.load(ROOT.certificate), threads=1)
    assert receiver.open(whole, at=NOW).verdict.is_valid
    head, first, second, rest = whole.split(b"--==sig", 3)
    mark = b"--==sig"
    for forged in (
        head + mark + first + mark + rest,
        head + mark + second + mark + rest,
        head + mark + second + mark + first + mark + rest,
        head + mark + first + mark + second + mark + first + mark + rest,
    ):
        opened = receiver.open(forged, at=NOW)
        assert not opened.verdict.is_valid
