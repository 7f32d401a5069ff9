"""A keyring of 100,000 keys: how long it takes to load, what a look-up costs, how much memory it holds.

    python -m benches.keyring --keys 100000 --folder /tmp/keyring --json results.json

The folder is filled once: one file a key, with its certificate and that of its issuer, as PEM (`pem/`), and for a
twentieth of them as PKCS#12 too (`p12/`, PBES2 with 2,048 iterations). `--ec` percent are P-256, the others RSA-2048
(products of a pool of primes: distinct and valid, but not to be trusted with anything). Each measurement runs in a
process of its own. Memory is resident size above that of the imports.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import math
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric import ec, rsa

FILES_A_FOLDER = 1000
PASSWORD = "escrow"


def resident(field: str = "VmRSS") -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise OSError("no VmRSS: this is not Linux")


def rsa_keys() -> Iterator[rsa.RSAPrivateKey]:
    """Distinct keys of 2048 bits from pairs of primes that were made once."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    primes: list[int] = []
    while True:
        numbers = rsa.generate_private_key(65537, 2048).private_numbers()
        for new in (numbers.p, numbers.q):
            for old in primes:
                p, q = max(old, new), min(old, new)
                if (p * q).bit_length() != 2048:
                    continue
                d = pow(65537, -1, math.lcm(p - 1, q - 1))
                public = rsa.RSAPublicNumbers(65537, p * q)
                private = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
                yield private.private_key(unsafe_skip_rsa_key_validation=True)
            primes.append(new)


def ec_keys() -> Iterator[ec.EllipticCurvePrivateKey]:
    from cryptography.hazmat.primitives.asymmetric import ec

    while True:
        yield ec.generate_private_key(ec.SECP256R1())


def pkcs12_store(key: Any, certificate: Any, issuer: Any) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2048)
    builder = builder.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).hmac_hash(hashes.SHA256())
    encryption = builder.build(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(None, key, certificate, [issuer], encryption)


def make(folder: Path, count: int, ec_percent: int, p12_every: int = 20) -> None:
    """`folder/pem/0000/000000.pem` and so on, a thousand in a folder; each `p12_every`th in `folder/p12/` as well."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID

    def name(common: str, mail: str | None = None) -> x509.Name:
        parts = [(NameOID.COUNTRY_NAME, "DE"), (NameOID.ORGANIZATION_NAME, "Example AG"), (NameOID.COMMON_NAME, common)]
        return x509.Name(
            [x509.NameAttribute(*part) for part in parts + ([(NameOID.EMAIL_ADDRESS, mail)] if mail else [])]
        )

    issuer, issuer_key = name("Example Mail CA 1"), ec.generate_private_key(ec.SECP256R1())
    start = datetime(2024, 1, 1, tzinfo=UTC)

    def certificate(subject: x509.Name, key: Any, mail: str | None, serial: int) -> x509.Certificate:
        builder = x509.CertificateBuilder(issuer, subject, key.public_key(), serial, start, start + timedelta(900))
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(mail is None, None), critical=True)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        builder = builder.add_extension(authority, critical=False)
        if mail is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(mail)]), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    authority = certificate(issuer, issuer_key, None, 1)
    ca_pem = authority.public_bytes(Encoding.PEM)
    kinds: tuple[Iterator[Any], Iterator[Any]] = (ec_keys(), rsa_keys())
    for number in range(count):
        key = next(kinds[0] if number % 100 < ec_percent else kinds[1])
        mail = f"user{number}@example.com"
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        its_own = certificate(name(f"User {number}", mail), key, mail, 2**60 + number)
        pem += its_own.public_bytes(Encoding.PEM) + ca_pem
        place(folder / "pem", number).with_suffix(".pem").write_bytes(pem)
        if p12_every and number % p12_every == 0:
            place(folder / "p12", number).with_suffix(".p12").write_bytes(pkcs12_store(key, its_own, authority))


def place(folder: Path, number: int) -> Path:
    below = folder / f"{number // FILES_A_FOLDER:04}"
    below.mkdir(parents=True, exist_ok=True)
    return below / f"{number:06}"


def measure(folder: Path, threads: int) -> dict[str, Any]:
    import mailseal

    before = resident()
    started = time.perf_counter()
    ring = mailseal.Keyring.load_dir(folder, [PASSWORD], threads=threads)
    seconds = time.perf_counter() - started
    assert not ring.failures, ring.failures[:3]
    gc.collect()
    figures = {
        "folder": folder.name,
        "keys": len(ring),
        "threads": threads,
        "load_seconds": round(seconds, 2),
        "rss_mb": round((resident() - before) / 1e6, 1),
        "peak_mb": round((resident("VmHWM") - before) / 1e6, 1),
    }
    for named, option in (("serial", []), ("keyid", ["-keyid"])):
        figures[f"by_{named}_microseconds"] = look_ups(mailseal, ring, option)
    return figures


def look_ups(mailseal: Any, ring: Any, option: list[str], rounds: int = 100_000) -> float:
    """Microseconds to find the key of a recipient: of the first, middle and last key in turn."""
    opened = [_opened(mailseal, ring, position, option) for position in (0, len(ring) // 2, len(ring) - 1)]
    assert all(message.decryption is mailseal.Check.OK for message in opened)
    recipients = [recipient for message in opened for layer in message.layers for recipient in layer.recipients]
    started = time.perf_counter()
    for recipient in itertools.islice(itertools.cycle(recipients), rounds):
        assert ring.fitting(recipient)
    return round((time.perf_counter() - started) / rounds * 1e6, 2)


def _opened(mailseal: Any, ring: Any, position: int, option: list[str]) -> Any:
    """A message to one key of the ring, opened with the ring."""
    certificate = ring.identities[position].certificate
    with TemporaryDirectory() as folder:
        path = Path(folder) / "to.pem"
        path.write_bytes(certificate.to_pem())
        command = ["openssl", "cms", "-encrypt", "-aes-128-cbc", *option, "-recip", str(path)]
        mail = subprocess.run(command, input=b"hello\r\n", capture_output=True, check=True).stdout
    return mailseal.Receiver(trust=None, keys=ring).open(mail)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--ec", type=int, default=0, help="percent of P-256 keys")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--threads", type=int, help="measure in this process, with so many threads")
    options = parser.parse_args()
    if options.threads:
        print(json.dumps(measure(options.folder, options.threads)))
        return
    folder: Path = options.folder
    if not folder.exists():
        make(folder, options.keys, options.ec)
    results = []
    runs = [
        (folder / "pem", 1),
        (folder / "pem", 2),
        (folder / "pem" / "0000", 1),
        (folder / "p12", 1),
        (folder / "p12", 2),
    ]
    for measured, threads in runs:
        command = [sys.executable, "-m", "benches.keyring", "--folder", str(measured), "--threads", str(threads)]
        results.append(json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout))
        print(json.dumps(results[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps({"ec_percent": options.ec, "runs": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
