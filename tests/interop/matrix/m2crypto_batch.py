"""Run by the Python that has M2Crypto: makes one message a line of standard input, a JSON object; answers likewise."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from M2Crypto import BIO, SMIME, X509, Rand, m2  # type: ignore[import-not-found]


def flags(names: list[str]) -> int:
    """PKCS7_BINARY and its like, by name."""
    total = 0
    for name in names:
        total |= getattr(SMIME, f"PKCS7_{name}")
    return total


def sign(job: dict[str, Any], content: bytes) -> Any:
    smime = SMIME.SMIME()
    smime.load_key(job["key"], job["key"])
    return smime, smime.sign(BIO.MemoryBuffer(content), flags(job["flags"]), algo=job["digest"])


def encrypt(job: dict[str, Any], content: bytes) -> Any:
    smime = SMIME.SMIME()
    stack = X509.X509_Stack()
    for path in job["to"]:
        stack.push(X509.load_cert(path))
    smime.set_x509_stack(stack)
    smime.set_cipher(SMIME.Cipher(job["cipher"]))
    return smime, smime.encrypt(BIO.MemoryBuffer(content), flags(job["flags"]))


def make(job: dict[str, Any]) -> bytes:
    content = Path(job["in"]).read_bytes()
    smime, made = (sign if job["operation"] == "sign" else encrypt)(job, content)
    out = BIO.MemoryBuffer()
    if job["form"] == "DER":
        made.write_der(out)
    elif job["form"] == "PEM":
        made.write(out)
    elif "DETACHED" in job["flags"]:
        smime.write(out, made, BIO.MemoryBuffer(content), flags(job["flags"]))
    else:
        smime.write(out, made)
    data: bytes = out.read()
    return data


def main() -> None:
    Rand.rand_seed(b"a test")
    for line in sys.stdin:
        job = json.loads(line)
        answer = "ok"
        try:
            Path(job["out"]).write_bytes(make(job))
        except Exception as error:  # noqa: BLE001 — whatever it says is what it refuses with
            answer = f"{type(error).__name__}: {error}"
        print(json.dumps([job["id"], answer]), flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--version"]:
        import M2Crypto

        print("M2Crypto", M2Crypto.__version__, "with", " ".join(m2.OPENSSL_VERSION_TEXT.split()[:2]))
    else:
        main()
