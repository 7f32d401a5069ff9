"""What the cases share: who writes, how it is opened, and the registry of findings and the bytes that provoke them."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import mailseal
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support import smime_build as build

if TYPE_CHECKING:
    from cryptography import x509

ALICE, BOB = build.person("alice@example.com"), build.person("bob@example.com")
ROOT = build.root()
NOW = datetime.datetime(2026, 7, 1, tzinfo=datetime.UTC)

Case = Callable[[], Iterable[str]]
CASES: dict[str, Case] = {}


def provokes(code: str) -> Callable[[Case], Case]:
    """Registers a case: what it returns must hold `code`."""

    def register(case: Case) -> Case:
        assert code not in CASES, f"{code} has two cases"
        CASES[code] = case
        return case

    return register


def policy(name: str = "default", **changes: Any) -> mailseal.Policy:
    return mailseal.Policy.named(name).replace(**changes)


@functools.cache
def _bob() -> mailseal.Identity:
    return mailseal.Identity.load(BOB.pem)


def opened(
    raw: bytes, rules: mailseal.Policy | None = None, *, trust: Any = ROOT.certificate, keys: Any = ()
) -> mailseal.Opened:
    """Opened by Bob, who trusts the root."""
    store = None if trust is None else mailseal.TrustStore.load(trust)
    receiver = mailseal.Receiver(trust=store, keys=keys or _bob(), policy=rules or policy(), threads=1)
    return receiver.open(raw, at=NOW)


def codes(raw: bytes, rules: mailseal.Policy | None = None, **options: Any) -> list[str]:
    return [finding.code for finding in opened(raw, rules, **options).verdict.findings]


def error(call: Callable[[], object]) -> list[str]:
    """The code of the error that `call` raises."""
    try:
        call()
    except mailseal.Error as raised:
        return [raised.code]
    return []


def opaque(cms: bytes, sender: str = "alice@example.com") -> bytes:
    return build.headers(sender) + build.part(cms, "signed-data")


def signed_by(certificate: x509.Certificate, *, key: Any = None, extra: tuple[x509.Certificate, ...] = ()) -> bytes:
    """Alice's mail, clear-signed, with this certificate and more in the bag."""
    signer = build.Person("alice@example.com", key or ALICE.key, certificate)
    infos = [build.signer_info(signer, build.TEXT)]
    bag = [signer.der, *(one.public_bytes(serialization.Encoding.DER) for one in extra)]
    return build.headers() + build.clear_signed(build.TEXT, build.signed_data(None, infos, bag))


def alices(**options: Any) -> x509.Certificate:
    """A certificate of Alice's by the root, unlike the usual one in `options` (see `smime_build.issue`)."""
    options = {"address": "alice@example.com", **options}
    return build.issue("Alice", ALICE.key, ROOT.certificate.subject, ROOT.key, **options)


def authority(*, subject: str = "Sub CA", **options: Any) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """An intermediate by the root, and its key."""
    key = build.new_key("ec")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return build.issue(subject, key, ROOT.certificate.subject, ROOT.key, address=None, **options), key


def below(issuer: x509.Certificate, key: Any) -> x509.Certificate:
    return build.issue("Alice", ALICE.key, issuer.subject, key, address="alice@example.com")
