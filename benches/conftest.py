"""What the tests of the benches need of the machine."""

from __future__ import annotations

import pytest

from tests.support import peers


@pytest.fixture(scope="session")
def openssl() -> peers.Command:
    """Skips by name where there is none, as all tests do; fails where MAILSEAL_REQUIRE names it."""
    return peers.need("openssl", "openssl")
