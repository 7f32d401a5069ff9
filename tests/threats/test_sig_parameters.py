"""Forged signatures, by what stands beside the key: several signers, PSS parameters, numbers out of range, decoys."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.findings.cases import ALICE, NOW, ROOT, opaque
from tests.support import signature_build as own
from tests.support import smime_build as build
from tests.support.der import NULL, explicit, implicit, integer, octets, oid, sequence, set_of, tlv

if TYPE_CHECKING:
    from collections.abc import Callable

PRESETS = ("default", "archive", "strict")
SHA1, SHA512 = "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.3"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
EVE, ED = build.person("eve@example.com", "ec"), build.person("ed@example.com", "ed25519")


def receive(cms: bytes, policy: str = "default", sender: str = "alice@example.com") -> mailseal.Opened:
    receiver = mailseal.Receiver(
        trust=mailseal.TrustStore.load(ROOT.certificate), policy=mailseal.Policy.named(policy), threads=1
    )
    return receiver.open(opaque(cms, sender), at=NOW)


def codes(opened: mailseal.Opened) -> list[str]:
    return [finding.code for finding in opened.verdict.findings]


def refused(cms: bytes, sender: str = "alice@example.com") -> set[str]:
    """Codes of all presets, in none of which the message is VALID or its signature intact."""
    found: set[str] = set()
    for policy in PRESETS:
        opened = receive(cms, policy, sender)
        assert not opened.verdict.is_valid, (policy, opened.verdict.explain())
        assert "OK" not in [signer.integrity for signer in opened.signers], policy
        found |= set(codes(opened))
    return found


# --- SIG-06: several signers -----------------------------------------------------------------------------------------


def test_sig_06_one_bad_of_two_in_either_order() -> None:
    good = build.signer_info(ALICE, build.TEXT)
    other = build.signer_info(EVE, build.TEXT)
    bad = build.signer_info(EVE, build.TEXT + b"x", attrs=build.signed_attrs(build.TEXT + b"x"))
    bag = [ALICE.der, EVE.der]
    assert receive(build.signed_data(build.TEXT, [good, other], bag)).verdict.is_valid
    for infos in ([good, bad], [bad, good], [good, other, bad], [bad, other, good]):
        for policy in PRESETS:
            opened = receive(build.signed_data(build.TEXT, infos, bag), policy)
            assert opened.verdict.status == "INVALID", (policy, opened.verdict.explain())
            assert "signer.digest-mismatch" in codes(opened)
            assert [one.integrity for one in opened.signers] == [
                "FAILED" if info is bad else "OK" for info in infos
            ]  # each signer has an answer of its own


@pytest.mark.parametrize("first", [True, False], ids=["untrusted first", "untrusted last"])
def test_sig_06_a_trusted_signer_lifts_no_untrusted_one(first: bool) -> None:
    key = build.new_key("ec")
    stranger = build.Person("", key, build.issue("Eve", key, build.name("Eve"), key, address="eve@example.com"))
    infos = [build.signer_info(ALICE, build.TEXT), build.signer_info(stranger, build.TEXT)]
    cms = build.signed_data(build.TEXT, infos[::-1] if first else infos, [ALICE.der, stranger.der])
    opened = receive(cms)
    assert opened.verdict.status == "INDETERMINATE", opened.verdict.explain()
    assert "chain.untrusted" in codes(opened)
    assert "OK" in [one.chain for one in opened.signers]
    assert not all(one.chain == "OK" for one in opened.signers)


def test_sig_06_the_same_signer_twice_counts_each_time() -> None:
    good, bad = (build.signer_info(ALICE, text) for text in (build.TEXT, build.TEXT + b"x"))
    twice = receive(build.signed_data(build.TEXT, [good, good], [ALICE.der]))
    assert (twice.verdict.status, [one.integrity for one in twice.signers]) == ("VALID", ["OK", "OK"])
    for infos in ([good, bad], [bad, good]):
        opened = receive(build.signed_data(build.TEXT, infos, [ALICE.der]))
        assert opened.verdict.status == "INVALID"
        assert sorted(one.integrity for one in opened.signers) == ["FAILED", "OK"]


# --- SIG-11: RSASSA-PSS (RFC 4056) -----------------------------------------------------------------------------------

# What is named and the code, where the signature is one with SHA-256, MGF1 with SHA-256 and 32 octets of salt.
PSS_FAULTS = {
    "absent": (b"", "asn1.malformed"),
    "NULL": (NULL, "asn1.malformed"),
    "another digest": (own.pss_parameters(digest=SHA512), "signer.algorithm-inconsistent"),
    "another mask": (own.pss_parameters(mask=SHA512), "signer.signature-mismatch"),
    "unknown mask": (own.pss_parameters(way="1.2.3.4"), "signer.algorithm-unsupported"),
    "salt of -1": (own.pss_parameters(salt=-1), "asn1.malformed"),
    "salt of 0": (own.pss_parameters(salt=0), "signer.signature-mismatch"),
    "salt of 31": (own.pss_parameters(salt=31), "signer.signature-mismatch"),
    "salt of 2^31": (own.pss_parameters(salt=1 << 31), "asn1.malformed"),
    "salt of 2^64": (own.pss_parameters(salt=1 << 64), "asn1.malformed"),
    "salt of 2^64 + 32": (own.pss_parameters(salt=(1 << 64) + 32), "asn1.malformed"),
    "trailer 2": (own.pss_parameters(trailer=2), "asn1.malformed"),
    "salt twice": (sequence(own.pss_parameters()[2:], explicit(2, integer(32))), "asn1.malformed"),
    "INTEGER": (integer(32), "asn1.malformed"),
    "defaults": (sequence(), "signer.algorithm-inconsistent"),
}


def test_sig_11_honest_parameters() -> None:
    for parameters in (own.pss_parameters(), own.pss_parameters(trailer=1)):
        for policy in ("default", "archive"):
            assert receive(own.pss_signed(ALICE, build.TEXT, parameters=parameters), policy).verdict.is_valid


@pytest.mark.parametrize("name", PSS_FAULTS)
def test_sig_11_parameters_that_are_not_those_used(name: str) -> None:
    parameters, code = PSS_FAULTS[name]
    assert code in refused(own.pss_signed(ALICE, build.TEXT, parameters=parameters))


def test_sig_11_digest_of_the_parameters_and_of_the_signer_are_one() -> None:
    """Signature and parameters agree on SHA-1, digestAlgorithm says SHA-256: the weaker one is never what counts."""
    scheme = padding.PSS(padding.MGF1(hashes.SHA1()), 20)  # noqa: S303
    attrs = build.signed_attrs(build.TEXT)
    value = ALICE.key.sign(attrs, scheme, hashes.SHA1())  # type: ignore[call-arg, arg-type]  # noqa: S303
    for parameters in (own.pss_parameters(digest=SHA1, mask=SHA1, salt=20), sequence()):
        info = own.info(ALICE, attrs, value, named=build.algorithm(own.PSS, parameters))
        opened = receive(build.signed_data(build.TEXT, [info], [ALICE.der]))
        assert opened.verdict.status == "INVALID", opened.verdict.explain()


# --- SIG-12, SIG-13: numbers of ECDSA and EdDSA out of range ---------------------------------------------------------

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519_ORDER = (1 << 252) + 27742317777372353535851937790883648493
ECDSA = build.algorithm(build.ECDSA_SHA256)


def bad_numbers(r: int, s: int) -> dict[str, bytes]:
    """Values made of the right numbers, each wrong in one way."""
    return {
        "both 0": sequence(integer(0), integer(0)),
        "r 0": sequence(integer(0), integer(s)),
        "s 0": sequence(integer(r), integer(0)),
        "both n": sequence(integer(P256_ORDER), integer(P256_ORDER)),
        "r + n": sequence(integer(r + P256_ORDER), integer(s)),
        "s + n": sequence(integer(r), integer(s + P256_ORDER)),
        "-r": sequence(integer(-r), integer(s)),
        "r - n": sequence(integer(r - P256_ORDER), integer(s)),
        "both 1": sequence(integer(1), integer(1)),
        "long length": b"\x30\x81" + sequence(integer(r), integer(s))[1:],
        "leading zero": sequence(tlv(0x02, b"\0\0", integer(r)[2:]), integer(s)),
        "trailing": sequence(integer(r), integer(s)) + b"\0",
        "third": sequence(integer(r), integer(s), integer(1)),
        "raw": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        "empty": b"",
    }


@pytest.mark.parametrize("name", bad_numbers(1, 1))
def test_sig_12_numbers_of_ecdsa(name: str) -> None:
    attrs = build.signed_attrs(build.TEXT)
    assert isinstance(EVE.key, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(EVE.key.sign(attrs, ec.ECDSA(hashes.SHA256())))

    def cms(value: bytes) -> bytes:
        return build.signed_data(build.TEXT, [own.info(EVE, attrs, value, named=ECDSA)], [EVE.der])

    assert receive(cms(sequence(integer(r), integer(s))), sender=EVE.address).verdict.is_valid
    assert "signer.signature-mismatch" in refused(cms(bad_numbers(r, s)[name]), EVE.address)


def ed_signed(change: Callable[[bytes], bytes] = bytes, *, digest: str = SHA512, function: str = "sha512") -> bytes:
    """Signed with Ed25519, its value run through `change`; RFC 8419 §3.1 demands SHA-512."""
    attrs = set_of(
        build.attribute(build.CONTENT_TYPE, oid(build.DATA)),
        build.attribute(build.MESSAGE_DIGEST, octets(hashlib.new(function, build.TEXT).digest())),
    )
    assert isinstance(ED.key, ed25519.Ed25519PrivateKey)
    named, value = build.algorithm(digest), change(ED.key.sign(attrs))
    info = own.info(ED, attrs, value, named=build.algorithm(build.ED25519), digest=named)
    return build.signed_data(build.TEXT, [info], [ED.der], digests=[named])


def test_sig_13_the_second_half_is_below_the_order() -> None:
    """S + L solves the same equation: taken, it would be a second signature that nobody made."""
    assert receive(ed_signed(), sender=ED.address).verdict.is_valid

    def shifted(times: int) -> Callable[[bytes], bytes]:
        return lambda value: (
            value[:32] + (int.from_bytes(value[32:], "little") + times * ED25519_ORDER).to_bytes(32, "little")
        )

    changes = [
        shifted(1),
        shifted(2),
        lambda _: bytes(64),
        lambda _: b"\1" + bytes(63),
        lambda value: value[:63],
    ]
    for change in changes:
        assert "signer.signature-mismatch" in refused(ed_signed(change), ED.address)


def test_sig_13_another_digest_with_ed25519_is_said() -> None:
    cms = ed_signed(digest=build.SHA256, function="sha256")
    for policy in PRESETS:
        opened = receive(cms, policy, ED.address)
        assert not opened.verdict.is_valid, (policy, opened.verdict.explain())
        assert "signer.algorithm-inconsistent" in codes(opened)


# --- SIG-15: which certificate ---------------------------------------------------------------------------------------


def by_key_identifier(bag: list[bytes]) -> bytes:
    """Alice's message, which names her by the SubjectKeyIdentifier (SignerInfo version 3)."""
    attrs = build.signed_attrs(build.TEXT)
    named, value = build.sign_bytes(ALICE, attrs)
    identifier = implicit(0, x509.SubjectKeyIdentifier.from_public_key(ALICE.key.public_key()).digest)
    info = own.info(ALICE, attrs, value, named=named, identifier=identifier, version=3)
    return build.signed_data(build.TEXT, [info], bag, version=3)


def test_sig_15_a_decoy_with_the_same_key_identifier() -> None:
    """Mallory's certificate, honestly issued to her, claims the identifier of Alice's key."""
    key = build.new_key("rsa")
    claimed = x509.SubjectKeyIdentifier.from_public_key(ALICE.key.public_key())
    certificate = build.issue(
        "Mallory", key, ROOT.certificate.subject, ROOT.key, address="mallory@example.com", instead=[(claimed, False)]
    )
    decoy = build.Person("", key, certificate).der
    true = mailseal.Certificate.load(ALICE.der)
    for bag in ([ALICE.der], [ALICE.der, decoy], [decoy, ALICE.der], [decoy, ALICE.der, decoy]):
        opened = receive(by_key_identifier(bag))
        assert (opened.verdict.status, opened.signers[0].certificate) == ("VALID", true)
    alone = receive(by_key_identifier([decoy]), sender="mallory@example.com")
    assert (alone.verdict.status, "signer.signature-mismatch" in codes(alone)) == ("INVALID", True)


def test_sig_15_the_signed_hash_of_the_certificate_decides() -> None:
    """Two certificates of one key, for two mailboxes: signingCertificateV2 says as whom the signer signed."""
    again = build.issue("Alice", ALICE.key, ROOT.certificate.subject, ROOT.key, address="alice@example.com")
    second = build.Person("alice@example.com", ALICE.key, again)

    def cms(named: bytes, bag: list[bytes]) -> bytes:
        value = sequence(sequence(sequence(octets(hashlib.sha256(named).digest()))))
        extra = [build.attribute(SIGNING_CERTIFICATE_V2, value)]
        return build.signed_data(build.TEXT, [build.signer_info(ALICE, build.TEXT, extra=extra)], bag)

    assert receive(cms(ALICE.der, [ALICE.der])).verdict.is_valid
    assert receive(cms(ALICE.der, [second.der, ALICE.der])).verdict.is_valid
    for bag in ([ALICE.der], [ALICE.der, second.der], [second.der, ALICE.der]):
        for policy in PRESETS:
            opened = receive(cms(second.der, bag), policy)
            assert opened.verdict.status == "INVALID", (policy, opened.verdict.explain())
            assert "signer.certificate-mismatch" in codes(opened)
