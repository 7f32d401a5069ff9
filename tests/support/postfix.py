"""A Postfix of one's own: an instance on loopback with its own directories, started and stopped by the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support import peers

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = Path("/usr/lib/postfix/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def relay(next_hop: int) -> Iterator[int]:
    """The port of a relay that passes everything on to `next_hop`."""
    program = shutil.which("postfix") or "/usr/sbin/postfix"
    if not Path(program).exists() or os.geteuid() != 0:
        peers.absent("postfix", "no Postfix, or not root, which its master needs; `make peers` installs it")
    home = Path(tempfile.mkdtemp(prefix="mailseal-postfix-"))
    port = free_port()
    try:
        home.chmod(0o755)
        conf = _configure(home, port, next_hop)
        _run(program, conf, "start")
        try:
            _wait(port, home)
            yield port
        finally:
            _run(program, conf, "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _configure(home: Path, port: int, next_hop: int) -> Path:
    conf = home / "conf"
    for name in ("conf", "queue", "data"):
        (home / name).mkdir()
    shutil.chown(home / "data", "postfix")
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": home / "queue",
        "data_directory": home / "data",
        "daemon_directory": PROGRAMS,
        "command_directory": "/usr/sbin",
        "mail_owner": "postfix",
        "setgid_group": "postdrop",
        "maillog_file": home / "log",
        "maillog_file_prefixes": home,
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "myhostname": "relay.example",
        "mydestination": "",
        "mynetworks": "127.0.0.0/8",
        "relayhost": f"[127.0.0.1]:{next_hop}",
        "disable_dns_lookups": "yes",
        "smtp_tls_security_level": "none",
        "smtp_host_lookup": "native",
        "alias_maps": "",
        "alias_database": "",
        "local_recipient_maps": "",
    }
    (conf / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    services = [
        f"127.0.0.1:{port} inet n - n - - smtpd",
        "pickup unix n - n 60 1 pickup",
        "cleanup unix n - n - 0 cleanup",
        "qmgr unix n - n 300 1 qmgr",
        "rewrite unix - - n - - trivial-rewrite",
        "bounce unix - - n - 0 bounce",
        "defer unix - - n - 0 bounce",
        "trace unix - - n - 0 bounce",
        "smtp unix - - n - - smtp",
        "relay unix - - n - - smtp",
        "proxymap unix - - n - - proxymap",
        "tlsmgr unix - - n 1000? 1 tlsmgr",
        "error unix - - n - - error",
        "retry unix - - n - - error",
        "anvil unix - - n - 1 anvil",
        "postlog unix-dgram n - n - 1 postlogd",
    ]
    (conf / "master.cf").write_text("".join(f"{service}\n" for service in services))
    return conf


def _run(program: str, conf: Path, verb: str) -> None:
    done = subprocess.run([program, "-c", str(conf), verb], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def _wait(port: int, home: Path) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    log = home / "log"
    raise AssertionError("Postfix does not answer: " + (log.read_text() if log.exists() else "no log"))
