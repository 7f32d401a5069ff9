"""Alice signs, Bob reads, Eve tries; all are certified by one root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mailseal
import pytest

from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Callable

    Receive = Callable[..., mailseal.Receiver]


@pytest.fixture(scope="session")
def alice() -> build.Person:
    return build.person("alice@example.com")


@pytest.fixture(scope="session")
def bob() -> build.Person:
    return build.person("bob@example.com")


@pytest.fixture(scope="session")
def eve() -> build.Person:
    return build.person("eve@example.com")


@pytest.fixture(scope="session")
def receive(bob: build.Person) -> Receive:
    """A receiver with Bob's key, or those given, that trusts the root, by the policy of that name."""

    def make(policy: str = "default", keys: tuple[build.Person, ...] = (bob,)) -> mailseal.Receiver:
        return mailseal.Receiver(
            trust=mailseal.TrustStore.load(build.root().der),
            keys=mailseal.Keyring([mailseal.Identity.load(key.pem) for key in keys]),
            policy=mailseal.Policy.named(policy),
        )

    return make
