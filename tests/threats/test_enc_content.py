"""What encrypts the content: containers, parameters, tags and what rides beside them unprotected."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import RC2
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from tests.support import secret_build as secret
from tests.support import shared_key_build as shared_key
from tests.support import smime_build as build
from tests.support.der import NULL, implicit, integer, octets, oid, replaced, sequence, set_of, tlv

if TYPE_CHECKING:
    from tests.threats.conftest import Receive

POLICIES = ("default", "archive", "strict")
CCM = {16: "2.16.840.1.101.3.4.1.7", 24: "2.16.840.1.101.3.4.1.27", 32: "2.16.840.1.101.3.4.1.47"}
CHACHA = "1.2.840.113549.1.9.16.3.18"
REFUSED = ("decryption.algorithm-unsupported", "decryption.algorithm-forbidden", "decryption.parameters")
CEK_HKDF = "1.2.840.113549.1.9.16.3.31"
# OID, octets of the key, and pyca's implementation, whose ciphertext has its tag behind.
AEADS: dict[str, tuple[str, int, Any]] = {
    **{f"gcm-{8 * size}": (build.AES_GCM[size], size, AESGCM) for size in (16, 24, 32)},
    **{f"ccm-{8 * size}": (CCM[size], size, AESCCM) for size in (16, 24, 32)},
    "chacha20-poly1305": (CHACHA, 32, ChaCha20Poly1305),
}


def codes(opened: mailseal.Opened) -> list[str]:
    return [finding.code for finding in opened.verdict.findings]


def refused(receiver: mailseal.Receiver, cms: bytes, *expected: str) -> None:
    """No content, and one of these codes."""
    opened = receiver.open(build.encrypted_mail(cms))
    assert opened.content is None
    assert opened.decryption != "OK"
    assert not opened.authenticated
    assert set(expected) & set(codes(opened)), codes(opened)


def auth_enveloped(
    infos: list[bytes],
    cipher: bytes,
    ciphertext: bytes | None,
    mac: bytes,
    *,
    attrs: bytes = b"",
    unauth: bytes = b"",
    originator: bytes = b"",
) -> bytes:
    """From its parts; `cipher`: the AlgorithmIdentifier; `attrs`, `unauth`, `originator` with their own tags."""
    inside = b"" if ciphertext is None else implicit(0, ciphertext)
    body = sequence(oid(build.DATA), cipher, inside)
    whole = sequence(integer(0), originator, set_of(*infos), body, attrs, octets(mac), unauth)
    return build.content_info(build.AUTH_ENVELOPED, whole)


def aead_parameters(name: str, nonce: bytes) -> bytes:
    return octets(nonce) if name.startswith("chacha") else sequence(octets(nonce), integer(16))


# --- ENC-05 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(AEADS))
def test_enc_05_no_aead_in_enveloped_data(name: str, receive: Receive, bob: build.Person) -> None:
    cipher, size, aead = AEADS[name]
    cek, nonce = os.urandom(size), os.urandom(12)
    sealed = aead(cek).encrypt(nonce, build.TEXT, None)
    for content in (sealed, sealed[:-16]):
        cms = build.enveloped_raw([build.ktri(bob, cek)], cipher, aead_parameters(name, nonce), content)
        for policy in POLICIES:
            refused(receive(policy), cms, "decryption.aead-in-enveloped")
    honest = auth_enveloped(
        [build.ktri(bob, cek)], build.algorithm(cipher, aead_parameters(name, nonce)), sealed[:-16], sealed[-16:]
    )
    assert receive("archive").open(build.encrypted_mail(honest)).content == build.TEXT


def test_enc_05_what_a_cbc_layer_gives_is_never_called_authenticated(receive: Receive, bob: build.Person) -> None:
    """The key of a GCM message under CBC: a guess at its text could be proved by what comes out."""
    cek, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(cek).encrypt(nonce, build.TEXT, None)
    keystream = bytes(a ^ b for a, b in zip(sealed[:16], build.TEXT[:16], strict=True))
    # The last block makes the padding right whatever the blocks before it are.
    ending = build.cbc(cek, b"", keystream)
    cms = build.enveloped_raw([build.ktri(bob, cek)], build.AES_CBC[16], octets(bytes(16)), keystream + ending)
    opened = receive("archive").open(build.encrypted_mail(cms))
    assert opened.content == nonce + b"\0\0\0\2", codes(opened)
    assert not opened.authenticated
    assert "decryption.unauthenticated" in codes(opened)
    strict = receive("strict").open(build.encrypted_mail(cms))
    assert strict.content is None
    assert "decryption.unauthenticated-forbidden" in codes(strict)
    with pytest.raises(mailseal.PolicyError):
        mailseal.cms.decrypt(cms, mailseal.Identity.load(bob.pem))


@pytest.mark.parametrize(
    "inner",
    [
        b"",
        NULL,
        sequence(),
        sequence(NULL),
        octets(b"junk"),
        sequence(oid("1.2.3.4")),
        sequence(oid("2.16.840.1.101.3.4.1.3"), octets(bytes(16))),
        sequence(oid(CEK_HKDF), sequence(oid(CEK_HKDF))),
        b"\x30\x05\x06",
    ],
    ids=["absent", "null", "empty", "no oid", "octets", "unknown", "ofb", "itself", "cut off"],
)
def test_enc_05_garbled_wrapper_of_the_inner_algorithm(inner: bytes, receive: Receive, bob: build.Person) -> None:
    """RFC 9709: id-alg-cek-hkdf-sha256 around nothing, or around what must not be there."""
    cek = os.urandom(16)
    wrapper = sequence(oid(CEK_HKDF), inner)
    expected = (*REFUSED, "decryption.not-aead", "asn1.malformed", "asn1.truncated")
    for policy in POLICIES:
        refused(receive(policy), auth_enveloped([build.ktri(bob, cek)], wrapper, b"x" * 32, b"m" * 16), *expected)
        body = sequence(oid(build.DATA), wrapper, implicit(0, b"x" * 32))
        cms = build.content_info(build.ENVELOPED, sequence(integer(0), set_of(build.ktri(bob, cek)), body))
        refused(receive(policy), cms, *expected)


# --- ENC-07 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 8, 11, 12, 13, 16, 17, 64, 1 << 16])
def test_enc_07_nonce_of_gcm(length: int, receive: Receive, bob: build.Person) -> None:
    """Each is sealed with the nonce that it names, so that nothing but the length is told. RFC 5084 §3.2 recommends 12
    octets; gpgsm writes others, so that 1 to 64 are taken, and their length is checked before the cipher sees them."""
    cek, nonce = os.urandom(16), os.urandom(length)
    seal = AESGCM(cek).encrypt
    sealed = seal(nonce, build.TEXT, None) if 8 <= length <= 128 else seal(bytes(12), build.TEXT, None)
    cipher = build.algorithm(build.AES_GCM[16], sequence(octets(nonce), integer(16)))
    cms = auth_enveloped([build.ktri(bob, cek)], cipher, sealed[:-16], sealed[-16:])
    if 8 <= length <= 64:
        assert receive("archive").open(build.encrypted_mail(cms)).content == build.TEXT
    else:
        refused(receive("archive"), cms, "decryption.failed" if length == 1 else "decryption.parameters")


def test_enc_07_a_nonce_of_sixteen_mebibytes_costs_nothing(bob: build.Person) -> None:
    cipher = build.algorithm(build.AES_GCM[16], sequence(octets(bytes(1 << 24)), integer(16)))
    cms = auth_enveloped([build.ktri(bob, os.urandom(16))], cipher, build.TEXT, bytes(16))
    ring = mailseal.Keyring([mailseal.Identity.load(bob.pem)])
    start = time.perf_counter()
    with pytest.raises(mailseal.MalformedError) as raised:
        mailseal.cms.decrypt(cms, ring)
    assert raised.value.code == "decryption.parameters"
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize("length", [0, 1, 6, 7, 10, 13, 14, 16, 255])
def test_enc_07_nonce_of_ccm(length: int, receive: Receive, bob: build.Person) -> None:
    cek, fits = os.urandom(16), 7 <= length <= 13
    nonce = os.urandom(length)
    sealed = AESCCM(cek).encrypt(nonce if fits else bytes(13), build.TEXT, None)
    cipher = build.algorithm(CCM[16], sequence(octets(nonce), integer(16)))
    cms = auth_enveloped([build.ktri(bob, cek)], cipher, sealed[:-16], sealed[-16:])
    if fits:
        assert receive("archive").open(build.encrypted_mail(cms)).content == build.TEXT
    else:
        refused(receive("archive"), cms, "decryption.parameters")


@pytest.mark.parametrize("length", [0, 1, 8, 15, 16, 17, 32, 1 << 20])
def test_enc_07_iv_of_cbc(length: int, receive: Receive, bob: build.Person) -> None:
    cek, iv = os.urandom(16), os.urandom(length)
    ciphertext = build.cbc(cek, build.TEXT, iv if length == 16 else bytes(16))
    cms = build.enveloped_raw([build.ktri(bob, cek)], build.AES_CBC[16], octets(iv), ciphertext)
    if length == 16:
        assert receive().open(build.encrypted_mail(cms)).content == build.TEXT
    else:
        refused(receive("archive"), cms, "decryption.parameters")


WRONG_TYPES = {
    "absent": b"",
    "null": NULL,
    "integer": integer(16),
    "boolean": b"\x01\x01\xff",
    "empty sequence": sequence(),
    "sequence of integer": sequence(integer(16)),
    "oid": oid("1.2.3"),
    "set": tlv(0x31, octets(bytes(12))),
    "nonce twice": sequence(octets(bytes(12)), octets(bytes(12))),
    "three": sequence(octets(bytes(12)), integer(16), NULL),
    "length before nonce": sequence(integer(16), octets(bytes(12))),
}


@pytest.mark.parametrize("wrong", list(WRONG_TYPES))
@pytest.mark.parametrize("name", [*AEADS, "cbc"])
def test_enc_07_parameters_of_another_type(name: str, wrong: str, receive: Receive, bob: build.Person) -> None:
    if name == "cbc":
        cek = os.urandom(16)
        content = build.cbc(cek, build.TEXT, bytes(16))
        cms = build.enveloped_raw([build.ktri(bob, cek)], build.AES_CBC[16], WRONG_TYPES[wrong], content)
    else:
        cipher, size, aead = AEADS[name]
        cek = os.urandom(size)
        sealed = aead(cek).encrypt(bytes(12), build.TEXT, None)
        algorithm = build.algorithm(cipher, WRONG_TYPES[wrong])
        cms = auth_enveloped([build.ktri(bob, cek)], algorithm, sealed[:-16], sealed[-16:])
    for policy in POLICIES:
        refused(receive(policy), cms, "decryption.parameters", "asn1.malformed", "decryption.algorithm-forbidden")


# --- ENC-09 -----------------------------------------------------------------------------------------------------------

CHOSEN = "1.3.6.1.4.1.99999.7"
ATTRIBUTES = [
    build.attribute(build.CONTENT_TYPE, oid(build.DATA)),
    build.attribute(CHOSEN, octets(b"first")),
    build.attribute(CHOSEN + ".1", octets(b"second")),
]


def with_attributes(bob: build.Person, sent: bytes, bound: bytes | None = None, tag: int = 0xA1) -> bytes:
    """AES-GCM with authAttrs `sent` (contents of the SET), whose additional data is `bound`, by default as sent."""
    cek, nonce = os.urandom(16), os.urandom(12)
    bound = tlv(0x31, sent) if bound is None else bound
    sealed = AESGCM(cek).encrypt(nonce, build.TEXT, bound or None)
    cipher = build.algorithm(build.AES_GCM[16], aead_parameters("gcm", nonce))
    attrs = tlv(tag, sent) if sent else b""
    return auth_enveloped([build.ktri(bob, cek)], cipher, sealed[:-16], sealed[-16:], attrs=attrs)


def test_enc_09_bound_attributes_open(receive: Receive, bob: build.Person) -> None:
    cms = with_attributes(bob, b"".join(sorted(ATTRIBUTES)))
    opened = receive("strict").open(build.encrypted_mail(cms))
    assert opened.content == build.TEXT
    assert opened.authenticated


def test_enc_09_every_octet_of_them_is_bound(receive: Receive, bob: build.Person) -> None:
    sent = b"".join(sorted(ATTRIBUTES))
    cms = with_attributes(bob, sent)
    start, receiver = cms.index(sent) - 2, receive("archive")
    assert cms[start] == 0xA1
    for at in range(start, start + 2 + len(sent)):
        for bit in (1, 0x80):
            mail = build.encrypted_mail(cms[:at] + bytes([cms[at] ^ bit]) + cms[at + 1 :])
            opened = receiver.open(mail)
            assert opened.content is None, at - start
            assert not opened.authenticated


def test_enc_09_attributes_dropped_added_or_moved(receive: Receive, bob: build.Person) -> None:
    ordered = sorted(ATTRIBUTES)
    whole = tlv(0x31, *ordered)
    reversed_order = b"".join(reversed(ordered))
    added = b"".join(sorted([*ATTRIBUTES, build.attribute(CHOSEN + ".2", octets(b"third"))]))
    receiver = receive("archive")
    for sent, bound in (
        (b"", whole),  # dropped
        (b"".join(ordered[:2]), whole),  # one dropped
        (b"".join(ordered), b""),  # added to a message without
        (added, whole),
        (reversed_order, whole),  # BER: another order than was bound
        (b"".join(ordered), tlv(0xA1, *ordered)),  # bound with the tag [1] instead of SET
        (b"".join(ordered), b"".join(ordered)),  # bound without a tag
    ):
        refused(receiver, with_attributes(bob, sent, bound), "decryption.failed")
    # In BER with a length of indefinite form what was bound is no longer what is there.
    cms = with_attributes(bob, b"".join(ordered))
    at = cms.index(tlv(0xA1, *ordered))
    size = len(tlv(0xA1, *ordered))
    loose = replaced(cms, at, at + size, b"\xa1\x80" + b"".join(ordered) + b"\0\0")
    refused(receiver, loose, "decryption.failed", "asn1.malformed")


@pytest.mark.parametrize("tag", [0xA2, 0xA3, 0x31])
def test_enc_09_under_another_tag_they_are_no_attributes(tag: int, receive: Receive, bob: build.Person) -> None:
    cms = with_attributes(bob, b"".join(sorted(ATTRIBUTES)), tag=tag)
    refused(receive("archive"), cms, "asn1.malformed", "decryption.failed")


def test_enc_09_a_content_type_that_is_not_that_of_the_content(receive: Receive, bob: build.Person) -> None:
    for wrong in (build.attribute(build.CONTENT_TYPE, oid(build.SIGNED)), build.attribute(build.CONTENT_TYPE)):
        refused(receive("archive"), with_attributes(bob, wrong), "decryption.failed", "asn1.malformed")


def test_enc_09_unprotected_attributes_change_nothing(receive: Receive, bob: build.Person) -> None:
    cek, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(cek).encrypt(nonce, build.TEXT, None)
    cipher = build.algorithm(build.AES_GCM[16], aead_parameters("gcm", nonce))
    info = [build.ktri(bob, cek)]
    said = []
    for unauth in (b"", tlv(0xA2, *sorted(ATTRIBUTES)), tlv(0xA2, build.attribute(CHOSEN, octets(b"x" * 5000)))):
        cms = auth_enveloped(info, cipher, sealed[:-16], sealed[-16:], unauth=unauth)
        said.append(told(receive().open(build.encrypted_mail(cms))))
    assert said[0]["content_bytes"] == build.TEXT
    assert said[0] == said[1] == said[2]


# --- ENC-22 -----------------------------------------------------------------------------------------------------------

UNUSUAL = {
    "aes-ecb": "2.16.840.1.101.3.4.1.1",
    "aes-ofb": "2.16.840.1.101.3.4.1.3",
    "aes-cfb": "2.16.840.1.101.3.4.1.4",
    "aes-256-ofb": "2.16.840.1.101.3.4.1.43",
    "aes-wrap": "2.16.840.1.101.3.4.1.5",
    "camellia-ctr": "0.3.4401.5.3.1.9.9",
    "camellia-ofb": "0.3.4401.5.3.1.9.3",
    "des-ecb": "1.3.14.3.2.6",
    "des-ofb": "1.3.14.3.2.8",
    "des-cfb": "1.3.14.3.2.9",
    "des-ede-ecb": "1.3.14.3.2.17",
    "rc4": "1.2.840.113549.3.4",
    "none": "1.2.840.113549.1.7.1",
}


@pytest.mark.parametrize("mode", list(UNUSUAL))
def test_enc_22_modes_that_are_not_on_the_list(mode: str, receive: Receive, bob: build.Person) -> None:
    """The ciphertext is that of AES-CBC: whoever took the mode for another would show the text."""
    cek, iv = os.urandom(16), bytes(range(16))
    content = build.cbc(cek, build.TEXT, iv)
    secret = mailseal.Keyring(secret_keys={b"id": cek})
    for parameters in (octets(iv), octets(iv[:8]), NULL, b""):
        cms = build.enveloped_raw([build.ktri(bob, cek)], UNUSUAL[mode], parameters, content)
        for policy in POLICIES:
            refused(receive(policy), cms, *REFUSED)
        info = sequence(oid(build.DATA), build.algorithm(UNUSUAL[mode], parameters), implicit(0, content))
        cms = build.content_info(shared_key.ENCRYPTED_DATA, sequence(integer(0), info))
        with pytest.raises(mailseal.Error) as raised:
            mailseal.cms.decrypt(cms, secret, unauthenticated="allow")
        assert raised.value.code in REFUSED
    # The same bytes under the name that belongs to them open by both ways.
    honest = build.enveloped_raw([build.ktri(bob, cek)], build.AES_CBC[16], octets(iv), content)
    assert receive().open(build.encrypted_mail(honest)).content == build.TEXT
    encrypted = shared_key.encrypted_data(build.TEXT, cek, iv=iv)
    assert mailseal.cms.decrypt(encrypted, secret, unauthenticated="allow").content == build.TEXT


@pytest.mark.parametrize("version", [58, 160, 120, 0, 1, 40, 64, 128, 255, 256, 1024, 2**64, -1, None])
def test_enc_22_effective_bits_of_rc2(version: int | None, receive: Receive, bob: build.Person) -> None:
    """rc2ParameterVersion (RFC 3370 §5.2): 58, 160 and 120 stand for 128, 40 and 64 bits; nothing else is known.

    The ciphertext is always that of 128 bits, so only 58 may show it.
    """
    key, iv = os.urandom(16), os.urandom(8)
    encryptor = Cipher(RC2(key), modes.CBC(iv)).encryptor()
    pad = 8 - len(build.TEXT) % 8
    content = encryptor.update(build.TEXT + bytes([pad]) * pad) + encryptor.finalize()
    parameters = octets(iv) if version is None else sequence(integer(version), octets(iv))
    cms = build.enveloped_raw([build.ktri(bob, key)], "1.2.840.113549.3.2", parameters, content)
    if version == 58:
        opened = receive("archive").open(build.encrypted_mail(cms))
        assert opened.content == build.TEXT
        assert "decryption.algorithm-weak" in codes(opened)
    elif version in {160, 120}:
        refused(receive("archive"), cms, "decryption.failed")
    else:
        refused(receive("archive"), cms, *REFUSED)
    refused(receive("strict"), cms, *REFUSED)


# --- ENC-23 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attributes", [True, False], ids=["authAttrs", "bare"])
@pytest.mark.parametrize("name", list(AEADS))
def test_enc_23_empty_content_has_a_tag_like_any_other(
    name: str, attributes: bool, receive: Receive, bob: build.Person
) -> None:
    cipher, size, aead = AEADS[name]
    cek, nonce = os.urandom(size), os.urandom(12)
    attrs = b"".join(sorted(ATTRIBUTES)) if attributes else b""
    tag = aead(cek).encrypt(nonce, b"", tlv(0x31, attrs) if attributes else None)
    assert len(tag) == 16
    named, info = build.algorithm(cipher, aead_parameters(name, nonce)), [build.ktri(bob, cek)]
    ring = mailseal.Keyring([mailseal.Identity.load(bob.pem)])

    def message(content: bytes | None, mac: bytes) -> bytes:
        return auth_enveloped(info, named, content, mac, attrs=tlv(0xA1, attrs) if attributes else b"")

    opened = mailseal.cms.decrypt(message(b"", tag), ring)
    assert (opened.content, opened.authenticated) == (b"", True)
    flipped = tag[:-1] + bytes([tag[-1] ^ 1])
    for wrong in (bytes(16), os.urandom(16), flipped, b"\xff" * 16):
        refused(receive("archive"), message(b"", wrong), "decryption.failed")
        refused(receive("archive"), message(None, wrong), "cms.content-absent")
    # Absent content travels elsewhere: it is not empty content, and no tag makes it so.
    refused(receive("archive"), message(None, tag), "cms.content-absent")


# --- ENC-24 -----------------------------------------------------------------------------------------------------------


def told(opened: mailseal.Opened) -> dict[str, Any]:
    """All that is said of a message, but for its own bytes, where its layers lie and how long they are."""
    said: dict[str, Any] = {**opened.to_dict(), "content_bytes": opened.content}
    del said["raw_sha256"], said["byte_length"]
    said["layers"] = [
        {key: value for key, value in layer.items() if key not in {"offset", "length"}} for layer in said["layers"]
    ]
    return said


def rogue() -> tuple[build.Person, build.Person]:
    """A CA that nobody knows, and one of its making who calls himself Alice."""
    ca_key, key = build.new_key("ec"), build.new_key("ec")
    ca = build.issue("Rogue", ca_key, build.name("Rogue"), ca_key, address=None)
    own = build.issue("Alice", key, ca.subject, ca_key, address="alice@example.com")
    return build.Person("", ca_key, ca), build.Person("alice@example.com", key, own)


def crl(ca: build.Person, serial: int) -> bytes:
    """A CRL in the name of the true root that revokes `serial`, signed by the rogue."""
    revoked = sequence(integer(serial), tlv(0x17, b"260101000000Z"))
    issuer = build.root().certificate.subject.public_bytes()
    named = build.algorithm(build.ECDSA_SHA256)
    times = (tlv(0x17, b"260101000000Z"), tlv(0x17, b"400101000000Z"))
    tbs = sequence(integer(1), named, issuer, *times, sequence(revoked))
    return sequence(tbs, named, tlv(0x03, b"\0", build.sign_bytes(ca, tbs)[1]))


def enveloped_with(originator: bytes, unprotected: bytes, info: bytes, cek: bytes, content: bytes) -> bytes:
    """EnvelopedData, version 2 as RFC 5652 §6.1 has it of all of these."""
    iv = bytes(16)
    cipher = build.algorithm(build.AES_CBC[16], octets(iv))
    body = sequence(oid(build.DATA), cipher, implicit(0, build.cbc(cek, content, iv)))
    whole = sequence(integer(2), originator, set_of(info), body, unprotected)
    return build.content_info(build.ENVELOPED, whole)


def test_enc_24_what_rides_along_is_no_evidence(receive: Receive, alice: build.Person, bob: build.Person) -> None:
    ca, impostor = rogue()
    own = implicit(0, impostor.der + ca.der, constructed=True)
    revocation = implicit(1, crl(ca, alice.certificate.serial_number), constructed=True)
    beside = tlv(0xA1, build.attribute(CHOSEN, impostor.der))
    cek = os.urandom(16)
    info = build.ktri(bob, cek)
    for signer, valid, bag in ((impostor, False, False), (impostor, False, True), (alice, True, True)):
        infos = [build.signer_info(signer, build.TEXT)]
        signed = build.signed_data(None, infos, [signer.der] if bag else [])
        inner = build.clear_signed(build.TEXT, signed)
        plain = receive().open(build.encrypted_mail(enveloped_with(b"\xa0\0", beside, info, cek, inner)))
        assert plain.verdict.is_valid == valid, plain.verdict.explain()
        assert ("signer.certificate-missing" in codes(plain)) == (not bag)
        for side in (own, revocation, own + revocation):
            cms = enveloped_with(tlv(0xA0, side), beside, info, cek, inner)
            assert told(receive().open(build.encrypted_mail(cms))) == told(plain)


def test_enc_24_later_messages_are_judged_as_before(receive: Receive, alice: build.Person, bob: build.Person) -> None:
    ca, impostor = rogue()
    sides = implicit(0, impostor.der + ca.der, constructed=True)
    sides += implicit(1, crl(ca, alice.certificate.serial_number), constructed=True)
    cek = os.urandom(16)
    poison = build.encrypted_mail(enveloped_with(tlv(0xA0, sides), b"", build.ktri(bob, cek), cek, build.TEXT))
    unknown = build.signed_data(None, [build.signer_info(impostor, build.TEXT)], [])
    later = [
        build.signed_mail(alice),
        build.signed_mail(impostor),
        build.headers() + build.clear_signed(build.TEXT, unknown),
    ]
    receiver = receive()
    assert receiver.open(poison).content == build.TEXT
    for mail in later:
        assert told(receiver.open(mail)) == told(receive().open(mail))


def test_enc_24_the_date_of_a_recipient_changes_nothing() -> None:
    """KEKIdentifier.date and other (RFC 5652 §6.2.3)."""
    kek, cek = os.urandom(32), os.urandom(16)
    receiver = mailseal.Receiver(trust=None, keys=mailseal.Keyring(secret_keys={b"id": kek}), threads=1)
    plain = secret.kekri(kek, b"id", cek)
    at = plain.index(sequence(octets(b"id")))
    said = []
    for date in (b"", tlv(0x18, b"19700101000000Z"), tlv(0x18, b"99991231235959Z"), sequence(oid("1.2.3"), NULL)):
        dated = replaced(plain, at, at + 6, sequence(octets(b"id"), date))
        cms = build.auth_enveloped(build.TEXT, cek=cek, infos=[dated])
        said.append(told(receiver.open(build.encrypted_mail(cms))))
    assert said[0]["content_bytes"] == build.TEXT
    assert all(one == said[0] for one in said)
