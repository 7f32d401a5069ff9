"""Peers, test data, the ban on the network, and the account of what was skipped."""

from __future__ import annotations

import collections
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support import peers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("proof", parent=settings.get_profile("default"), max_examples=20_000)
settings.load_profile("proof" if os.environ.get("MAILSEAL_PROOF") else "default")

LOOPBACK = ("127.", "::1", "localhost")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long tier runs only under `make proof`, and is not counted as skipped otherwise."""
    if not os.environ.get("MAILSEAL_PROOF"):
        items[:] = [item for item in items if item.get_closest_marker("proof") is None]


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Nothing that a test does may leave this machine (G6): a socket beyond loopback fails the test."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    getaddrinfo = socket.getaddrinfo

    def check(address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if isinstance(host, str) and host and not host.startswith(LOOPBACK):
            raise AssertionError(f"a test reached for the network: {address!r}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        check((host,))
        return getaddrinfo(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


@pytest.fixture(scope="session")
def vectors() -> Path:
    path = peers.vectors()
    if path is None:
        peers.absent("vectors", "set MAILSEAL_VECTORS to the folder of test data")
        raise AssertionError("unreachable")
    return path


@pytest.fixture(scope="session")
def openssl() -> peers.Command:
    return peers.need("openssl", "openssl")


@pytest.fixture(scope="session")
def openssl36() -> peers.Command:
    return peers.need("openssl36", "openssl36")


@pytest.fixture(scope="session")
def gpgsm() -> peers.Command:
    return peers.need("gpgsm", "gpgsm")


@pytest.fixture(scope="session")
def nss() -> peers.Nss:
    return peers.nss("nss", "")


@pytest.fixture(scope="session")
def thunderbird_nss() -> peers.Nss:
    return peers.nss("thunderbird-nss", "tb-")


# --- what the run says at its end -----------------------------------------------------------------------------------

account_key = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def account(pytestconfig: pytest.Config) -> list[str]:
    """Lines that a test wants printed in the summary of the run: counts, figures, what was left out."""
    return pytestconfig.stash.setdefault(account_key, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(account_key, []):
        terminalreporter.write_line(line)
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = collections.Counter(
        report.longrepr[2].removeprefix("Skipped: ") for report in skipped if isinstance(report.longrepr, tuple)
    )
    parts = "; ".join(f"{reason} x{count}" for reason, count in reasons.most_common())
    terminalreporter.write_line(f"skipped {len(skipped)}" + (f": {parts}" if parts else ""))
