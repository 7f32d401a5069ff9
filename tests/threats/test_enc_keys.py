"""How the content-encryption key comes to us: OAEP, key wraps, key agreement, and too many recipients."""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x448, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap, aes_key_wrap_with_padding

from tests.support import child
from tests.support import smime_build as build
from tests.support.agreement_build import AES_WRAP, kari
from tests.support.der import NULL, explicit, implicit, integer, octets, oid, replaced, sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.threats.conftest import Receive

OAEP, MGF1, SPECIFIED = "1.2.840.113549.1.1.7", "1.2.840.113549.1.1.8", "1.2.840.113549.1.1.9"
SHA1, SHA256 = "1.3.14.3.2.26", build.SHA256
AES_WRAP_PAD = {16: "2.16.840.1.101.3.4.1.8", 24: "2.16.840.1.101.3.4.1.28", 32: "2.16.840.1.101.3.4.1.48"}
TRIPLE_DES_WRAP = "1.2.840.113549.1.9.16.3.6"
STD_DH_SHA256, STD_DH_HKDF = "1.3.132.1.11.1", "1.2.840.113549.1.9.16.3.19"
CEK = os.urandom(16)


def opened(receiver: mailseal.Receiver, info: bytes, cek: bytes = CEK) -> mailseal.Opened:
    return receiver.open(build.encrypted_mail(build.auth_enveloped(build.TEXT, cek=cek, infos=[info])))


def told(found: mailseal.Opened) -> str:
    """All that an outsider could learn from an outcome."""
    findings = [(one.code, one.path, one.offset, one.detail) for one in found.verdict.findings]
    return repr((found.content, found.decryption, found.authenticated, found.verdict.status, findings))


def code(found: mailseal.Opened) -> str:
    assert found.content is None
    assert found.decryption != "OK"
    return found.verdict.findings[0].code


def all_fail_alike(receiver: mailseal.Receiver, infos: Iterable[bytes], cek: bytes = CEK) -> None:
    """`decryption.failed`, in the same words for all."""
    answers = set()
    for info in infos:
        found = opened(receiver, info, cek)
        assert code(found) == "decryption.failed"
        answers.add(told(found))
    assert len(answers) == 1, answers


# --- ENC-13 -----------------------------------------------------------------------------------------------------------


def oaep_parameters(
    digest: str | None = SHA256, mask: str | None = SHA256, label: bytes | None = None, *, bare: bool = False
) -> bytes:
    """RSAES-OAEP-params; None: the field is absent. `bare`: the hashes without their NULL."""
    null = b"" if bare else NULL
    fields = b"" if digest is None else explicit(0, sequence(oid(digest), null))
    fields += b"" if mask is None else explicit(1, sequence(oid(MGF1), sequence(oid(mask), null)))
    return sequence(fields + (b"" if label is None else explicit(2, sequence(oid(SPECIFIED), octets(label)))))


def ktri(bob: build.Person, parameters: bytes, encrypted_key: bytes) -> bytes:
    return sequence(integer(0), bob.identifier, build.algorithm(OAEP, parameters), octets(encrypted_key))


def sealed(bob: build.Person, digest: str | None, mask: str | None, label: bytes | None) -> bytes:
    """`CEK` under OAEP, by pyca; None: SHA-1, the default."""
    kinds: dict[str | None, hashes.HashAlgorithm] = {None: hashes.SHA1(), SHA1: hashes.SHA1(), SHA256: hashes.SHA256()}  # noqa: S303
    public = bob.key.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    return public.encrypt(CEK, padding.OAEP(padding.MGF1(kinds[mask]), kinds[digest], label))


@pytest.mark.parametrize("bare", [False, True], ids=["with NULL", "without NULL"])
@pytest.mark.parametrize("label", [None, b"", b"TCPA", b"x" * 300])
@pytest.mark.parametrize("mask", [None, SHA1, SHA256])
@pytest.mark.parametrize("digest", [None, SHA1, SHA256])
def test_enc_13_every_optional_field_there_or_absent(
    digest: str | None, mask: str | None, label: bytes | None, bare: bool, receive: Receive, bob: build.Person
) -> None:
    """CVE-2026-28390: absent parameters. What is absent has its default, and nothing else."""
    parameters = oaep_parameters(digest, mask, label, bare=bare)
    receiver = receive("archive")
    assert opened(receiver, ktri(bob, parameters, sealed(bob, digest, mask, label))).content == build.TEXT
    other = sealed(bob, SHA1 if digest == SHA256 else SHA256, mask, label)
    assert code(opened(receiver, ktri(bob, parameters, other))) == "decryption.failed"
    other = sealed(bob, digest, mask, (label or b"") + b"!")
    assert code(opened(receiver, ktri(bob, parameters, other))) == "decryption.failed"


def test_enc_13_no_parameters_at_all(receive: Receive, bob: build.Person) -> None:
    assert opened(receive("archive"), ktri(bob, b"", sealed(bob, None, None, None))).content == build.TEXT


@pytest.mark.parametrize(
    "parameters",
    [
        NULL,
        octets(b""),
        sequence(explicit(0)),
        sequence(explicit(1)),
        sequence(explicit(2)),
        sequence(explicit(0, NULL)),
        sequence(explicit(1, sequence(oid(MGF1)))),
        sequence(explicit(1, sequence(oid(SHA256)))),
        sequence(explicit(1, sequence(oid(MGF1), sequence()))),
        sequence(explicit(2, sequence(oid(SPECIFIED)))),
        sequence(explicit(2, sequence(oid(SPECIFIED), NULL))),
        sequence(explicit(2, sequence(oid("1.2.3"), octets(b"")))),
        sequence(explicit(3, NULL)),
        oaep_parameters()[:-1],
        oaep_parameters("1.2.840.113549.2.2"),
        oaep_parameters(SHA256, "1.2.840.113549.2.2"),
        oaep_parameters("1.2.3.4"),
    ],
)
def test_enc_13_broken_parameters_are_an_error(parameters: bytes, receive: Receive, bob: build.Person) -> None:
    """MD2 and what nobody knows are no hashes of ours."""
    key = sealed(bob, SHA256, SHA256, None)
    found = code(opened(receive("archive"), ktri(bob, parameters, key)))
    assert found in {"decryption.parameters", "decryption.algorithm-unsupported", "asn1.malformed", "asn1.truncated"}


def mgf1(seed: bytes, length: int) -> bytes:
    blocks = (hashlib.sha256(seed + count.to_bytes(4, "big")).digest() for count in range(-(-length // 32)))
    return b"".join(blocks)[:length]


def oaep_block(content: bytes, *, first: int = 0, label: bytes = b"", separator: int = 1, fill: int = 0) -> bytes:
    """EME-OAEP (RFC 8017 §7.1.1) with SHA-256 for a modulus of 256 octets; each part can be made wrong."""
    data = hashlib.sha256(label).digest()
    data += bytes([fill]) * (256 - len(content) - 2 * 32 - 2) + bytes([separator]) + content
    seed = os.urandom(32)
    masked = bytes(a ^ b for a, b in zip(data, mgf1(seed, len(data)), strict=True))
    masked_seed = bytes(a ^ b for a, b in zip(seed, mgf1(masked, 32), strict=True))
    return bytes([first]) + masked_seed + masked


def test_enc_13_all_failures_of_oaep_look_alike(receive: Receive, bob: build.Person) -> None:
    """Manger's attack needs to tell a first octet that is not zero from any other failure."""
    receiver, parameters = receive("archive"), oaep_parameters()

    def info(block: bytes) -> bytes:
        return ktri(bob, parameters, build.raw_rsa(bob, block))

    assert opened(receiver, info(oaep_block(CEK))).content == build.TEXT
    modulus = bob.key.public_key().public_numbers().n  # type: ignore[union-attr]
    first = 1 if modulus >> 2040 > 1 else 0
    assert first
    failing = {
        "first octet": info(oaep_block(CEK, first=first)),
        "label": info(oaep_block(CEK, label=b"other")),
        "separator": info(oaep_block(CEK, separator=2)),
        "no separator": info(oaep_block(bytes(16), separator=0)),
        "fill": info(oaep_block(CEK, fill=3)),
        "too short": info(oaep_block(CEK[:15])),
        "empty": info(oaep_block(b"")),
        "too long": info(oaep_block(CEK + b"x")),
        "wrong key": info(oaep_block(os.urandom(16))),
        "random": info(b"\0" + os.urandom(255)),
        "zero": ktri(bob, parameters, bytes(256)),
        "no octets": ktri(bob, parameters, b""),
        "short": ktri(bob, parameters, bytes(255)),
        "long": ktri(bob, parameters, bytes(257)),
        "beyond the modulus": ktri(bob, parameters, b"\xff" * 256),
    }
    all_fail_alike(receiver, failing.values())


# --- ENC-15 -----------------------------------------------------------------------------------------------------------

LENGTHS = [*range(81), 1 << 16]


def kekri(wrap: bytes, encrypted_key: bytes) -> bytes:
    return implicit(2, integer(4) + sequence(octets(b"id")) + wrap + octets(encrypted_key), constructed=True)


def with_kek(kek: bytes) -> mailseal.Receiver:
    ring = mailseal.Keyring(secret_keys={b"id": kek})
    return mailseal.Receiver(trust=None, keys=ring, policy=mailseal.Policy.archive(), threads=1)


@pytest.mark.parametrize("size", [16, 24, 32])
@pytest.mark.parametrize(("table", "wrap"), [(AES_WRAP, aes_key_wrap), (AES_WRAP_PAD, aes_key_wrap_with_padding)])
def test_enc_15_wrapped_keys_of_every_length(
    table: dict[int, str], wrap: Callable[[bytes, bytes], bytes], size: int
) -> None:
    kek = os.urandom(size)
    receiver, named = with_kek(kek), sequence(oid(table[size]))
    assert opened(receiver, kekri(named, wrap(kek, CEK))).content == build.TEXT
    all_fail_alike(receiver, (kekri(named, os.urandom(length)) for length in LENGTHS))
    # Well wrapped, but no key of this content's cipher.
    others = [length for length in (16, 17, 23, 24, 25, 32, 40, 64, 4096) if length % 8 == 0 or table is AES_WRAP_PAD]
    wrapped = (kekri(named, wrap(kek, os.urandom(length))) for length in others)
    all_fail_alike(receiver, wrapped)


def test_enc_15_padded_keys_of_other_sizes_in_the_same_length() -> None:
    """RFC 5649: keys of 9 to 16 octets are as long when wrapped; the length inside decides."""
    kek = os.urandom(16)
    named = sequence(oid(AES_WRAP_PAD[16]))
    short = [kekri(named, aes_key_wrap_with_padding(kek, CEK[:length])) for length in range(9, 16)]
    all_fail_alike(with_kek(kek), short)


def test_enc_15_triple_des_wrap_of_every_length() -> None:
    """RFC 3217 §3 takes 40 octets and no others, for a Triple-DES key."""
    kek, key, iv = (os.urandom(length) for length in (24, 24, 8))

    def chained(vector: bytes, data: bytes) -> bytes:
        encryptor = Cipher(TripleDES(kek), modes.CBC(vector)).encryptor()
        return encryptor.update(data) + encryptor.finalize()

    check = hashlib.sha1(key).digest()[:8]  # noqa: S324
    good = chained(bytes.fromhex("4adda22c79e82105"), (iv + chained(iv, key + check))[::-1])
    receiver, named = with_kek(kek), sequence(oid(TRIPLE_DES_WRAP), NULL)
    pad = 8 - len(build.TEXT) % 8
    encryptor = Cipher(TripleDES(key), modes.CBC(iv)).encryptor()
    content = encryptor.update(build.TEXT + bytes([pad]) * pad) + encryptor.finalize()

    def found(encrypted_key: bytes) -> mailseal.Opened:
        infos = [kekri(named, encrypted_key)]
        return receiver.open(
            build.encrypted_mail(build.enveloped_raw(infos, "1.2.840.113549.3.7", octets(iv), content))
        )

    assert found(good).content == build.TEXT
    answers = {told(found(os.urandom(length))) for length in LENGTHS}
    answers |= {told(found(good[:length])) for length in range(40)}
    answers |= {told(found(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])) for at in range(40)}
    answers |= {told(found(good + b"x")), told(found(b"x" + good))}
    assert len(answers) == 1
    assert "decryption.failed" in answers.pop()


def agreeing(kind: str) -> build.Person:
    """Eve, with a key that agrees: P-256, P-384, X25519 or X448."""
    kinds: dict[str, Callable[[], Any]] = {
        "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "X25519": x25519.X25519PrivateKey.generate,
        "X448": x448.X448PrivateKey.generate,
    }
    key, root = kinds[kind](), build.root()
    certificate = build.issue("Eve", key, root.certificate.subject, root.key, address="eve@example.com")
    return build.Person("eve@example.com", key, certificate)


def agreed(eve: build.Person, **options: Any) -> bytes:
    """KeyAgreeRecipientInfo of `CEK` for Eve; options as `kari` has them."""
    public: Any = eve.key.public_key()
    nist = isinstance(public, ec.EllipticCurvePublicKey)
    scheme = options.pop("scheme", STD_DH_SHA256 if nist else STD_DH_HKDF)
    return kari(public, eve.identifier, CEK, scheme=scheme, digest=hashes.SHA256(), **options)


@pytest.mark.parametrize("kind", ["P-256", "X25519"])
def test_enc_15_wrapped_keys_of_every_length_through_key_agreement(kind: str, receive: Receive) -> None:
    eve = agreeing(kind)
    receiver = receive("archive", keys=(eve,))
    assert opened(receiver, agreed(eve)).content == build.TEXT
    all_fail_alike(receiver, (agreed(eve, encrypted_key=os.urandom(length)) for length in LENGTHS))


# --- ENC-17 -----------------------------------------------------------------------------------------------------------

P = 2**256 - 2**224 + 2**192 + 2**96 - 1


def moved(point: bytes) -> bytes:
    """y+1: off the curve."""
    y = (int.from_bytes(point[33:], "big") + 1) % P
    return point[:33] + y.to_bytes(32, "big")


def other_curve(curve: ec.EllipticCurve) -> bytes:
    numbers = ec.generate_private_key(curve).public_key().public_numbers()
    size = (curve.key_size + 7) // 8
    return b"\4" + numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")


BAD_POINTS: dict[str, Callable[[bytes], bytes]] = {
    "y+1": moved,
    "infinity": lambda _: b"\0",
    "zero": lambda point: b"\4" + bytes(len(point) - 1),
    "P-384": lambda _: other_curve(ec.SECP384R1()),
    "brainpool": lambda _: other_curve(ec.BrainpoolP256R1()),
    "secp256k1": lambda _: other_curve(ec.SECP256K1()),
    "hybrid": lambda point: bytes([6 | point[-1] & 1]) + point[1:],
    "x beyond p": lambda point: b"\4" + (P + 1).to_bytes(32, "big") + point[33:],
    "short": lambda point: point[:-1],
    "long": lambda point: point + b"\0",
    "empty": lambda _: b"",
    "x alone": lambda point: point[1:33],
    "X25519": lambda point: point[1:33][::-1],
}


@pytest.mark.parametrize("bad", list(BAD_POINTS))
def test_enc_17_points_that_are_not_on_our_curve(bad: str, receive: Receive) -> None:
    eve = agreeing("P-256")
    receiver = receive("archive", keys=(eve,))
    assert opened(receiver, agreed(eve)).content == build.TEXT
    infos = [agreed(eve, sent=BAD_POINTS[bad]) for _ in range(3)]
    all_fail_alike(receiver, [*infos, agreed(eve, encrypted_key=os.urandom(24))])


def test_enc_17_the_other_curve_named_and_used(receive: Receive) -> None:
    """originatorKey on P-384, with all that belongs to it, for a recipient on P-256."""
    eve, other = agreeing("P-256"), agreeing("P-384")
    curve = oid("1.3.132.0.34")
    public: Any = other.key.public_key()
    info = kari(public, eve.identifier, CEK, scheme=STD_DH_SHA256, digest=hashes.SHA256(), curve=curve)
    assert code(opened(receive("archive", keys=(eve,)), info)) == "decryption.failed"


def test_enc_17_parameters_of_the_originators_key(receive: Receive) -> None:
    """Absent, NULL or a name; a curve of the sender's own making is refused, even with a point that is on ours."""
    eve = agreeing("P-256")
    receiver = receive("archive", keys=(eve,))
    for curve in (b"", NULL, oid("1.2.840.10045.3.1.7")):
        assert opened(receiver, agreed(eve, curve=curve)).content == build.TEXT
    field = sequence(oid("1.2.840.10045.1.1"), integer(P))
    made = sequence(integer(1), field, sequence(octets(b"a"), octets(b"b")), octets(b"\4g"), integer(7), integer(1))
    for curve in (made, sequence(), octets(b""), integer(1)):
        assert code(opened(receiver, agreed(eve, curve=curve))) == "decryption.parameters"


LOW_ORDER = [
    bytes(32),
    b"\1" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    (2**255 - 20).to_bytes(32, "little"),
    (2**255 - 19).to_bytes(32, "little"),
    (2**255 - 18).to_bytes(32, "little"),
]


@pytest.mark.parametrize("kind", ["X25519", "X448"])
def test_enc_17_a_secret_of_zeros_is_refused(kind: str, receive: Receive) -> None:
    """A point of small order makes a secret that anybody knows: the attacker wraps his own key under it."""
    eve = agreeing(kind)
    receiver = receive("archive", keys=(eve,))
    assert opened(receiver, agreed(eve)).content == build.TEXT
    size = 32 if kind == "X25519" else 56
    points = LOW_ORDER if size == 32 else [bytes(56), b"\1" + bytes(55), (2**448 - 2**224 - 2).to_bytes(56, "little")]
    wrap = sequence(oid(AES_WRAP[16]))
    info = sequence(wrap, explicit(2, octets((128).to_bytes(4, "big"))))
    known = aes_key_wrap(HKDF(hashes.SHA256(), 16, None, info).derive(bytes(size)), CEK)
    infos = [agreed(eve, sent=lambda _, point=point: point, encrypted_key=known) for point in points]
    infos += [agreed(eve, sent=change) for change in (lambda _: b"", lambda one: one[:-1], lambda one: one + b"\0")]
    all_fail_alike(receiver, infos)


@pytest.mark.parametrize("kind", ["P-256", "X25519", "X448"])
def test_enc_17_ukm(kind: str, receive: Receive) -> None:
    eve = agreeing(kind)
    receiver = receive("archive", keys=(eve,))
    for ukm in (None, b"", os.urandom(64), os.urandom(4096)):
        assert opened(receiver, agreed(eve, ukm=ukm)).content == build.TEXT
    for length in (4097, 1 << 20):
        assert code(opened(receiver, agreed(eve, ukm=bytes(length)))) == "decryption.parameters"
    ukm = os.urandom(64)
    good = agreed(eve, ukm=ukm)
    assert good.count(ukm) == 1
    changed = [good.replace(ukm, bytes([*ukm[:at], ukm[at] ^ 1, *ukm[at + 1 :]])) for at in (0, 31, 63)]
    all_fail_alike(receiver, changed)


def test_enc_17_with_hkdf_ukm_is_the_salt_and_in_the_shared_info(receive: Receive) -> None:
    """RFC 8418 §2.2, which senders have got wrong: ukm in one place only is another key."""
    eve, ukm = agreeing("X25519"), os.urandom(32)
    receiver = receive("archive", keys=(eve,))
    assert opened(receiver, agreed(eve, ukm=ukm)).content == build.TEXT
    all_fail_alike(receiver, [agreed(eve, ukm=ukm, salt=bytes(32)), agreed(eve, ukm=ukm, named=b"")])


@pytest.mark.parametrize("parameters", [b"", NULL, sequence(), sequence(oid("1.2.3")), oid(AES_WRAP[16])])
def test_enc_17_key_agreement_without_its_key_wrap(parameters: bytes, receive: Receive) -> None:
    """CVE-2026-28389: absent parameters of the key agreement."""
    eve = agreeing("P-256")
    good = agreed(eve)
    named = sequence(oid(STD_DH_SHA256), sequence(oid(AES_WRAP[16])))
    start = good.index(named)
    body = replaced(good, start, start + len(named), sequence(oid(STD_DH_SHA256), parameters))
    expected = {"decryption.parameters", "decryption.algorithm-unsupported"}
    assert code(opened(receive("archive", keys=(eve,)), body)) in expected


# --- ENC-19 -----------------------------------------------------------------------------------------------------------


def flood() -> dict[str, Any]:
    """In a process of its own: 100,000 RecipientInfos of ours, some 33 MB."""
    bob = build.person("bob@example.com")
    info = build.ktri(bob, CEK)
    cms = build.auth_enveloped(build.TEXT, cek=CEK, infos=[info] * 100_000)
    ring = mailseal.Keyring([mailseal.Identity.load(bob.pem)])
    few = mailseal.Policy.archive()
    many = few.replace(limits=mailseal.Limits(recipients=100_000))
    measured: dict[str, Any] = {"size": len(cms)}
    for name, policy in (("default", few), ("raised", many)):
        with child.Bounded(12 * len(cms)) as bounded:
            try:
                outcome: str = mailseal.cms.decrypt(cms, ring, policy=policy).content.decode()
            except mailseal.Error as error:
                outcome = error.code
        measured[name] = (outcome, bounded.seconds, bounded.peak)
    return measured


def test_enc_19_a_flood_of_recipients_costs_one_operation_at_most() -> None:
    """100,000 operations of RSA-2048 would take a minute."""
    found = child.run("tests.threats.test_enc_keys:flood")
    assert found["size"] > 30_000_000
    outcome, seconds, peak = found["default"]
    assert outcome == "limit.recipients"
    assert seconds < 1
    assert peak < 32 * child.MIB
    outcome, seconds, _ = found["raised"]
    assert outcome == build.TEXT.decode()
    assert seconds < 3


def test_enc_19_up_to_the_cap_it_opens(bob: build.Person) -> None:
    info, ring = build.ktri(bob, CEK), mailseal.Keyring([mailseal.Identity.load(bob.pem)])
    for count, good in ((10_000, True), (10_001, False)):
        cms = build.auth_enveloped(build.TEXT, cek=CEK, infos=[info] * count)
        start = time.perf_counter()
        if good:
            assert mailseal.cms.decrypt(cms, ring).content == build.TEXT
        else:
            with pytest.raises(mailseal.LimitError):
                mailseal.cms.decrypt(cms, ring)
        assert time.perf_counter() - start < 1
