"""Signing and encrypting whole messages, bytes in and bytes out, beside OpenSSL's C API, pyca and M2Crypto in one run.

    python -m benches.sending [--rounds 7] [--json FILE]

The peers take turns within each round; what is reported is the median of CPU time over the rounds, with the lowest and
the highest. Keys and certificates are loaded before. `limit` is the sum of the primitives alone (`limits.rs`): of a
signature SHA-256 of the content and the private-key operation; of an encryption the public-key operation, cipher and
base64 of its output. OpenSSL is a small C program (`rivals/smime.c`), run with the system's and with OpenSSL 3.6.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mailseal
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
SIZES = {"2 KB": 2_000, "20 KB": 20_000, "200 KB": 200_000}
MILLISECONDS = 120


@dataclass(frozen=True)
class Person:
    name: str
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    pem: Path
    certificate_pem: Path


def person(folder: Path, name: str) -> Person:
    key: Any = rsa.generate_private_key(65537, 2048) if name == "rsa2048" else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    builder = builder.not_valid_after(now + timedelta(days=365))
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.RFC822Name(f"{name}@example.com")]), critical=False
    )
    certificate = builder.sign(key, hashes.SHA256())
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem, certificate_pem = folder / f"{name}.pem", folder / f"{name}.cer"
    certificate_pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem.write_bytes(text + certificate_pem.read_bytes())
    return Person(name, key, certificate, pem, certificate_pem)


def message(size: int) -> bytes:
    """Text of 70 columns: safe on every relay, so that nobody has to encode it anew."""
    line = b"The quarterly figures are attached; please have a look before Friday, B.\r\n"
    header = b"From: rsa2048@example.com\r\nTo: p256@example.com\r\nSubject: Figures\r\nMIME-Version: 1.0\r\n"
    return header + b"Content-Type: text/plain; charset=us-ascii\r\n\r\n" + line * (size // len(line))


def timed(act: Callable[[], object]) -> float:
    """CPU nanoseconds of one call."""
    act()
    count, begin = 0, time.process_time_ns()
    while (spent := time.process_time_ns() - begin) < MILLISECONDS * 1_000_000:
        act()
        count += 1
    return spent / count


def compiled(folder: Path) -> Path | None:
    """The C program, if there are a compiler and OpenSSL's headers."""
    program = folder / "smime"
    command = ["cc", "-O2", "-o", str(program), str(ROOT / "benches/rivals/smime.c"), "-lcrypto"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"OpenSSL's C API is left out: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return program


def openssl36(program: Path) -> list[str] | None:
    """How to run the program with OpenSSL 3.6: under the loader of the peer that `make peers` put into the cache."""
    cache = Path(os.environ.get("MAILSEAL_CACHE") or Path.home() / ".cache/mailseal")
    library = cache / "peers/openssl36/usr/lib" / f"{platform.machine()}-linux-gnu"
    loader = next(library.glob("ld-linux-*.so.*"), None)
    return [str(loader), "--library-path", str(library), str(program)] if loader else None


def by_program(command: list[str], operation: str, who: Person) -> Callable[[bytes, Path], float]:
    def run(_mail: bytes, file: Path) -> float:
        arguments = [operation, who.pem, who.certificate_pem, file, str(MILLISECONDS)]
        done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=True)
        operations, nanoseconds = map(int, done.stdout.split())
        return nanoseconds / operations

    return run


def of_mailseal(task: str, who: Person) -> Callable[[bytes, Path], float]:
    rules = mailseal.Policy.default().replace(encrypt_to_self=False)
    if task.startswith("encrypt"):
        rules = rules.replace(content_cipher="aes-256-gcm" if task.endswith("gcm") else "aes-128-cbc")
        sender, to = mailseal.Sender(policy=rules), [mailseal.Certificate.load(who.certificate)]
        return lambda mail, _file: timed(lambda: sender.encrypt(mail, to))
    signer = mailseal.Sender(signing=mailseal.Identity.load(who.pem), policy=rules)
    return lambda mail, _file: timed(lambda: signer.sign(mail))


def of_email_message(task: str, who: Person) -> Callable[[bytes, Path], float]:
    """The same from an EmailMessage, whose own serialising is counted."""
    sender = mailseal.Sender(signing=mailseal.Identity.load(who.pem), policy=mailseal.Policy.default())
    to = [mailseal.Certificate.load(who.certificate)]

    def run(mail: bytes, _file: Path) -> float:
        made = message_from_bytes(mail, policy=policy.SMTP)
        return timed(lambda: sender.encrypt(made, to) if task.startswith("encrypt") else sender.sign(made))

    return run


def of_pyca(task: str, who: Person) -> Callable[[bytes, Path], float] | None:
    if task == "encrypt-gcm":
        return None
    if task == "encrypt-cbc":
        envelope = pkcs7.PKCS7EnvelopeBuilder().add_recipient(who.certificate)
        envelope = envelope.set_content_encryption_algorithm(algorithms.AES128)
        return lambda mail, _file: timed(lambda: envelope.set_data(mail).encrypt(serialization.Encoding.SMIME, []))
    options = [pkcs7.PKCS7Options.DetachedSignature]

    def sign(mail: bytes) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(mail).add_signer(who.certificate, who.key, hashes.SHA256())
        return builder.sign(serialization.Encoding.SMIME, options)

    return lambda mail, _file: timed(lambda: sign(mail))


def contenders(task: str, who: Person, program: Path | None) -> dict[str, Callable[[bytes, Path], float]]:
    operation = "sign" if task == "sign" else task
    found: dict[str, Any] = {
        "mailseal": of_mailseal(task, who),
        "mailseal, EmailMessage": of_email_message(task, who),
        "pyca": of_pyca(task, who),
    }
    if program:
        found["OpenSSL, system"] = by_program([str(program)], operation, who)
        newer = openssl36(program)
        found["OpenSSL 3.6"] = by_program(newer, operation, who) if newer else None
    return {name: run for name, run in found.items() if run is not None}


def primitives(people: dict[str, Person]) -> dict[tuple[str, int], float]:
    """What `limits.rs` measures."""
    command = ["cargo", "run", "--release", "--quiet", "--locked", "-p", "mailseal-core", "--example", "limits", "--"]
    done = subprocess.run(
        [*command, people["p256"].pem, people["rsa2048"].pem], cwd=ROOT, capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in done.stdout.splitlines())
    return {(name, int(size)): float(nanoseconds) for name, size, nanoseconds in rows}


def limit(task: str, who: str, size: int, of: dict[tuple[str, int], float]) -> float:
    if task == "sign":
        return of["sha256", size] + of[f"sign-{who}", 0]
    cipher = "AES-256-GCM" if task.endswith("gcm") else "AES-128-CBC"
    return of["wrap-rsa2048", 0] + of[cipher, size] + of["base64", size]


TASKS = (("sign", "p256"), ("sign", "rsa2048"), ("encrypt-cbc", "rsa2048"), ("encrypt-gcm", "rsa2048"))


def measure(folder: Path, rounds: int) -> list[dict[str, Any]]:
    people = {name: person(folder, name) for name in ("p256", "rsa2048")}
    program, of = compiled(folder), primitives(people)
    rows = []
    for task, who in TASKS:
        runs = contenders(task, people[who], program)
        for label, size in SIZES.items():
            mail = message(size)
            file = folder / "message.eml"
            file.write_bytes(mail)
            times: dict[str, list[float]] = {name: [] for name in runs}
            for _ in range(rounds):
                for name, run in runs.items():
                    times[name].append(run(mail, file))
            rows.append(
                {
                    "task": f"{task} {who}",
                    "size": label,
                    "limit": limit(task, who, size, of),
                    "times": {name: (statistics.median(some), min(some), max(some)) for name, some in times.items()},
                }
            )
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: microseconds, ratios to mailseal, multiples of the limit."""
    names = list(dict.fromkeys(name for row in rows for name in row["times"]))
    heads = ["task", "size", "limit µs", *(f"{name} µs (lowest-highest)" for name in names), "x limit"]
    heads += [f"{name} / mailseal" for name in names[1:]]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in rows:
        own = row["times"]["mailseal"][0]
        cells = [row["task"], row["size"], f"{row['limit'] / 1000:.1f}"]
        for name in names:
            found = row["times"].get(name)
            cells.append("{:.1f} ({:.1f}-{:.1f})".format(*(one / 1000 for one in found)) if found else "cannot")
        cells.append(f"{own / row['limit']:.2f}")
        cells += [f"{row['times'][name][0] / own:.2f}" if name in row["times"] else "" for name in names[1:]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mailseal-bench-"))
    try:
        rows = measure(folder, options.rounds)
    finally:
        shutil.rmtree(folder)
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
