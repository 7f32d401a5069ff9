"""PKI-18: a private key whose parts do not belong together is not taken: it would leak, or open nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.support import smime_build as build
from tests.support.der import NULL, explicit, implicit, integer, octets, oid, sequence, tlv

if TYPE_CHECKING:
    from collections.abc import Callable

BOB = build.person("bob@example.com")
# What an RSA key is made of (RFC 8017 A.1.2), in the order of the structure.
Numbers = dict[str, int]


def numbers() -> Numbers:
    assert isinstance(BOB.key, rsa.RSAPrivateKey)
    own = BOB.key.private_numbers()
    public = own.public_numbers
    rest = {"d": own.d, "p": own.p, "q": own.q, "dp": own.dmp1, "dq": own.dmq1, "qinv": own.iqmp}
    return {"n": public.n, "e": public.e, **rest}


def rsa_key(parts: Numbers) -> bytes:
    """PKCS#8 around RSAPrivateKey."""
    inner = sequence(integer(0), *(integer(value) for value in parts.values()))
    return sequence(integer(0), build.algorithm(build.RSA, NULL), octets(inner))


def refused(key: bytes, person: build.Person = BOB) -> str:
    """Beside that person's certificate."""
    with pytest.raises(mailseal.Error) as raised:
        mailseal.Identity.load(key, certificates=[mailseal.Certificate.load(person.der)])
    code: str = raised.value.code
    assert code in {"key.mismatch", "key.malformed"}, code
    return code


def test_pki_18_the_honest_key_loads_and_opens() -> None:
    identity = mailseal.Identity.load(rsa_key(numbers()), certificates=[mailseal.Certificate.load(BOB.der)])
    cms = build.auth_enveloped(build.TEXT, BOB)
    assert mailseal.cms.decrypt(cms, identity).content == build.TEXT


def test_pki_18_a_key_that_is_not_the_certificates() -> None:
    for kind in ("rsa", "ec", "ed25519"):
        key = build.new_key(kind).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        assert refused(key) == "key.mismatch"
    pem = build.person("eve@example.com").pem
    key_of_eve, certificate_of_bob = pem[: pem.index(b"-----BEGIN CERT")], BOB.pem[BOB.pem.index(b"-----BEGIN CERT") :]
    with pytest.raises(mailseal.Error) as raised:
        mailseal.Identity.load(key_of_eve + certificate_of_bob)
    assert raised.value.code == "key.mismatch"


FAULTS: dict[str, Callable[[Numbers], Numbers]] = {
    "p = q": lambda one: one | {"q": one["p"]},
    "p = q, n = p²": lambda one: one | {"q": one["p"], "n": one["p"] ** 2},
    "p = n, q = 1": lambda one: one | {"p": one["n"], "q": 1},
    "p + 2": lambda one: one | {"p": one["p"] + 2},
    "q = 0": lambda one: one | {"q": 0},
    "d = 1": lambda one: one | {"d": 1},
    "d = 1, dp = dq = 1": lambda one: one | {"d": 1, "dp": 1, "dq": 1},
    "d = 0": lambda one: one | {"d": 0},
    "d + 2": lambda one: one | {"d": one["d"] + 2},
    "d negative": lambda one: one | {"d": -one["d"]},
    "dp + 1": lambda one: one | {"dp": one["dp"] + 1},
    "dq + 1": lambda one: one | {"dq": one["dq"] + 1},
    "dp = dq": lambda one: one | {"dp": one["dq"]},
    "qinv + 1": lambda one: one | {"qinv": one["qinv"] + 1},
    "qinv = 0": lambda one: one | {"qinv": 0},
    "e + 2": lambda one: one | {"e": one["e"] + 2},
    "e = 1, d = 1": lambda one: one | {"e": 1, "d": 1, "dp": 1, "dq": 1},
    "e even": lambda one: one | {"e": 65536},
    "n + 2": lambda one: one | {"n": one["n"] + 2},
    "n negative": lambda one: one | {"n": -one["n"]},
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_pki_18_rsa_parts_that_do_not_belong_together(fault: str) -> None:
    """One wrong CRT part and one decryption give the factors to whoever sees the result (Boneh, DeMillo, Lipton)."""
    refused(rsa_key(FAULTS[fault](numbers())))
    # In the bare form of PKCS#1 as well.
    refused(sequence(integer(0), *(integer(value) for value in FAULTS[fault](numbers()).values())))


def owner(key: build.Key) -> build.Person:
    root = build.root()
    return build.Person("", key, build.issue("Eve", key, root.certificate.subject, root.key, address="eve@example.com"))


def test_pki_18_a_public_key_inside_that_is_another() -> None:
    """SEC 1 and RFC 5958 keys carry their public key: it is checked, not believed."""
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    scalar = key.private_numbers().private_value.to_bytes(32, "big")

    def sec1(
        public: ec.EllipticCurvePrivateKey,
        number: bytes = scalar,
        form: PublicFormat = PublicFormat.UncompressedPoint,
    ) -> bytes:
        point = public.public_key().public_bytes(Encoding.X962, form)
        curve = oid("1.2.840.10045.3.1.7")
        inner = sequence(integer(1), octets(number), explicit(1, tlv(0x03, b"\0", point)))
        return sequence(integer(0), build.algorithm("1.2.840.10045.2.1", curve), octets(inner))

    for person in (owner(key), owner(other)):
        refused(sec1(other), person)
        refused(sec1(other, form=PublicFormat.CompressedPoint), person)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for bad in (0, order, order + 1, 2**256 - 1):
        refused(sec1(key, bad.to_bytes(32, "big")), owner(key))
    for form in (PublicFormat.UncompressedPoint, PublicFormat.CompressedPoint):
        good = sec1(key, form=form)
        assert mailseal.Identity.load(good, certificates=[mailseal.Certificate.load(owner(key).der)]).certificate


@pytest.mark.parametrize("kind", ["Ed25519", "X25519"])
def test_pki_18_edwards_and_montgomery_keys_with_another_public_key(kind: str) -> None:
    make = ed25519.Ed25519PrivateKey if kind == "Ed25519" else x25519.X25519PrivateKey
    key, other = make.generate(), make.generate()

    def version_2(public: bytes, *, tagged_twice: bool = False) -> bytes:
        """OneAsymmetricKey with its public key (RFC 5958 §2); some writers tag it twice."""
        dotted = build.ED25519 if kind == "Ed25519" else "1.3.101.110"
        inner = octets(octets(key.private_bytes_raw()))
        stated = explicit(1, tlv(0x03, b"\0", public)) if tagged_twice else implicit(1, b"\0" + public)
        return sequence(integer(1), build.algorithm(dotted), inner, stated)

    person = owner(key)  # type: ignore[arg-type]
    for twice in (False, True):
        refused(version_2(other.public_key().public_bytes_raw(), tagged_twice=twice), person)
        good = version_2(key.public_key().public_bytes_raw(), tagged_twice=twice)
        assert mailseal.Identity.load(good, certificates=[mailseal.Certificate.load(person.der)]).certificate
