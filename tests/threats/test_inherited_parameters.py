"""DSA keys without parameters take those of the issuer that the path leads to, and of no other of its name."""

from __future__ import annotations

import itertools

import mailseal
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa

from tests.findings.cases import ALICE, NOW, ROOT, codes, opened, policy
from tests.support import heirs
from tests.support import smime_build as build

ADDRESS = "alice@example.com"
ROOT_KEY = heirs.key("DSA Root")
DSA_ROOT = heirs.issue("DSA Root", ROOT_KEY, "DSA Root", ROOT_KEY)
RULES = policy("archive")


def signed(
    signer: heirs.Heir, *bag: bytes, trust: object = DSA_ROOT, key: dsa.DSAPrivateKey | None = None
) -> mailseal.Opened:
    raw = heirs.mail(signer.certificate, key or signer.key, [signer.der, *bag])
    return opened(raw, RULES, trust=trust)


def der(certificate: object) -> bytes:
    encoded: bytes = certificate.public_bytes(heirs.DER)  # type: ignore[attr-defined]
    return encoded


@pytest.fixture(scope="module")
def alice() -> heirs.Heir:
    return heirs.heir("Alice", "DSA Root", ROOT_KEY, ADDRESS)


@pytest.fixture(scope="module")
def sub() -> heirs.Heir:
    return heirs.heir("DSA Sub", "DSA Root", ROOT_KEY)


def rogues(alice: heirs.Heir) -> tuple[dsa.DSAPrivateKey, list[bytes]]:
    """A key that fits Alice's number under other parameters, and certificates of her issuer's name with those: one by
    the attacker, one whose key verifies her certificate too, one by each of the two under the other."""
    key = heirs.rogue_key(alice.key.public_key())
    parameters = key.public_key().public_numbers().parameter_numbers
    own = parameters.parameters().generate_private_key()
    selfmade = der(heirs.issue("DSA Root", own, "DSA Root", own))
    fitting = heirs.rogue_issuer("DSA Root", parameters, alice.der, ROOT_KEY.public_key())
    return key, [selfmade, fitting]


def test_rfc3279_2_3_2_parameters_of_the_root(alice: heirs.Heir) -> None:
    mail = signed(alice)
    assert mail.verdict.status == "VALID", mail.verdict.findings
    (signer,) = mail.signers
    assert signer.certificate is not None
    assert signer.certificate.public_key_name == "DSA-2048"
    assert signer.certificate == mailseal.Certificate.load(alice.der)


def test_rfc5280_6_1_4_parameters_through_an_intermediate(sub: heirs.Heir) -> None:
    alice = heirs.heir("Alice", "DSA Sub", sub.key, ADDRESS)
    assert signed(alice, sub.der).verdict.status == "VALID"
    assert signed(alice, sub.der, der(DSA_ROOT)).verdict.status == "VALID"
    assert "signer.algorithm-unsupported" in {finding.code for finding in signed(alice).verdict.findings}


def test_a_signer_with_another_key_below_an_intermediate_without_parameters(sub: heirs.Heir) -> None:
    """Only the certificates' signatures are DSA."""
    leaf = heirs.issue("Alice", ALICE.key, "DSA Sub", sub.key, ADDRESS)
    person = build.Person(ADDRESS, ALICE.key, leaf)
    cms = build.signed_data(build.TEXT, [build.signer_info(person, build.TEXT)], [person.der, sub.der])
    raw = build.headers() + build.part(cms, "signed-data")
    assert opened(raw, RULES, trust=DSA_ROOT).verdict.status == "VALID"
    assert "chain.algorithm-unsupported" not in codes(raw, RULES, trust=DSA_ROOT)


def test_parameters_of_a_rogue_issuer_are_never_valid(alice: heirs.Heir) -> None:
    key, issuers = rogues(alice)
    for count in (1, 2):
        for bag in itertools.permutations([*issuers, der(DSA_ROOT)], count):
            assert signed(alice, *bag, key=key).verdict.status != "VALID"
    # The attack is one: where no path is asked for, the signature is right.
    assert signed(alice, issuers[0], key=key, trust=None).signers[0].integrity == "OK"
    assert signed(alice, issuers[1], key=key).signers[0].integrity == "OK"
    assert signed(alice, issuers[1], key=key).signers[0].chain != "OK"


def test_rogue_issuers_do_not_harm_an_honest_mail(alice: heirs.Heir) -> None:
    _, issuers = rogues(alice)
    assert signed(alice, *issuers).verdict.status == "VALID"
    forgers = []
    few = mailseal.Limits(path_signatures=4)
    for number in range(5):
        generator = pow(3, (heirs.p() - 1) // heirs.q() * (number + 1), heirs.p())
        parameters = dsa.DSAParameterNumbers(heirs.p(), heirs.q(), generator)
        forgers.append(heirs.rogue_issuer("DSA Root", parameters, alice.der, ROOT_KEY.public_key()))
    raw = heirs.mail(alice.certificate, alice.key, [*forgers, alice.der])
    assert opened(raw, RULES.replace(limits=few), trust=DSA_ROOT).verdict.status == "VALID"


def test_rogue_parameters_through_an_intermediate_are_never_valid(sub: heirs.Heir) -> None:
    alice = heirs.heir("Alice", "DSA Sub", sub.key, ADDRESS)
    key = heirs.rogue_key(alice.key.public_key())
    parameters = key.public_key().public_numbers().parameter_numbers
    rogue = heirs.rogue_issuer("DSA Sub", parameters, alice.der, sub.key.public_key())
    root = heirs.rogue_issuer("DSA Root", parameters, sub.der, ROOT_KEY.public_key())
    for bag in ([rogue], [rogue, sub.der], [sub.der, root], [root, sub.der, rogue], [sub.der]):
        assert signed(alice, *bag, key=key).verdict.status != "VALID"


def test_an_anchor_of_no_parameters_is_no_key(alice: heirs.Heir) -> None:
    """RFC 5280 §6.1.1 d: what is trusted is a name, a key and its parameters; nobody lends an anchor any."""
    bare = heirs.without_parameters(DSA_ROOT, ROOT_KEY)
    assert signed(alice, trust=bare).verdict.status != "VALID"
    assert signed(alice, der(DSA_ROOT), trust=bare).verdict.status != "VALID"
    key, issuers = rogues(alice)
    assert signed(alice, *issuers, key=key, trust=bare).verdict.status != "VALID"
    assert signed(alice, *issuers, key=key, trust=alice.der).verdict.status != "VALID"


def test_an_issuer_handed_in_later_settles_it(alice: heirs.Heir) -> None:
    raw = heirs.mail(alice.certificate, alice.key, [alice.der])
    receiver = mailseal.Receiver(trust=mailseal.TrustStore.load(ROOT.certificate), policy=RULES, threads=1)
    first = receiver.open(raw, at=NOW)
    assert first.signers[0].integrity == "UNKNOWN"
    lacks = {finding.code: finding.detail for finding in first.verdict.findings}["signer.algorithm-unsupported"]
    assert lacks == "DSA, and no issuer with its parameters"
    again = receiver.settle(first, certificates=[mailseal.Certificate.load(der(DSA_ROOT))])
    assert again.signers[0].integrity == "OK"
    assert again.verdict.status == "INDETERMINATE"
