"""What M2Crypto makes: OpenSSL's PKCS#7 functions through Python, in a process of its own."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.interop.matrix.cells import ENTITY, Cell, RefusedError
from tests.interop.matrix.openssl import RSA, V15
from tests.support import peers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.interop.matrix.keys import Workshop

NAME = "m2crypto"
BATCH = Path(__file__).parent / "m2crypto_batch.py"
JOBS: dict[str, dict[str, Any]] = {}


def results(shop: Workshop) -> dict[str, str]:
    """The answer to each job, made at the first call."""
    if NAME not in shop.cache:
        folder = shop.folder / NAME
        folder.mkdir()
        content = shop.file("entity", ENTITY)
        lines = []
        for name, job in JOBS.items():
            words = job | {"key": str(shop.pem(job["key"])), "to": [str(shop.pem(kind)) for kind in job["to"]]}
            inner = folder / job["in"] if job["in"] else content
            lines.append(json.dumps(words | {"id": name, "out": str(folder / name), "in": str(inner)}))
        answers = peers.need(NAME, "m2crypto-python")(BATCH, data="\n".join(lines).encode())
        shop.cache[NAME] = dict(json.loads(line) for line in answers.splitlines())
    answered: dict[str, str] = shop.cache[NAME]
    return answered


def job(operation: str, form: str, flags: tuple[str, ...], *, key: str = "RSA", digest: str = "sha256",
        to: tuple[str, ...] = (), cipher: str = "", inner: str = "") -> str:  # fmt: skip
    """Enters a job; its name."""
    name = f"{len(JOBS):03}"
    JOBS[name] = {
        "operation": operation, "form": form, "flags": flags, "key": key, "digest": digest, "to": to, "cipher": cipher,
        "in": inner,
    }  # fmt: skip
    return name


def fetch(shop: Workshop, *, name: str) -> bytes:
    said = results(shop)[name]
    if said != "ok":
        raise RefusedError(re.sub(r"/\S+|[0-9A-F]{8,}", "…", said))
    return (shop.folder / NAME / name).read_bytes()


FORMS = {
    "S/MIME clear": (("BINARY", "DETACHED"), "sign"),
    "S/MIME opaque": (("BINARY",), "sign"),
    "DER": (("BINARY",), "sign"),
    "DER detached": (("BINARY", "DETACHED"), "detached"),
    "PEM": (("BINARY",), "sign"),
}


def sign(
    name: str, key: str, digest: str, shown: tuple[str, ...], needs: tuple[str, ...] = (),
    forms: tuple[str, ...] = ("S/MIME clear", "DER"), more: tuple[str, ...] = (),
) -> Iterator[Cell]:  # fmt: skip
    for form in forms:
        flags, door = FORMS[form]
        made = job("sign", form.split()[0], (*flags, *more), key=key, digest=digest)
        yield Cell(NAME, "sign", name, form, partial(fetch, name=made), door, key, shown, needs)


def signed() -> Iterator[Cell]:
    yield from sign(f"{RSA} SHA-256", "RSA", "sha256", ("SHA-256", RSA), forms=tuple(FORMS))
    for option, digest in {"md5": "MD5", "sha1": "SHA-1", "sha224": "SHA-224", "sha384": "SHA-384", "sha512": "SHA-512",
                           "ripemd160": "RIPEMD-160"}.items():  # fmt: skip
        yield from sign(f"{RSA} {digest}", "RSA", option, (digest, RSA))
    for curve, digest in {
        "P-256": "SHA-256",
        "P-384": "SHA-384",
        "P-521": "SHA-512",
        "brainpoolP256r1": "SHA-256",
    }.items():
        java = digest.replace("-", "")
        shown = digest, f"ECDSA-{java}"
        yield from sign(f"ECDSA-{java} {curve}", curve, java.lower(), shown, (curve,))
    yield from sign(f"{RSA} SHA-256, no attributes", "RSA", "sha256", ("SHA-256", RSA), more=("NOATTR",))
    yield from sign("DSA-SHA256", "DSA", "sha256", ("SHA-256", "DSA-SHA256"), ("DSA",))
    yield from sign("Ed25519", "Ed25519", "sha512", ("Ed25519",))


CIPHERS = {
    "des_ede3_cbc": "DES-EDE3-CBC", "aes_128_cbc": "AES-128-CBC", "aes_192_cbc": "AES-192-CBC",
    "aes_256_cbc": "AES-256-CBC", "des_cbc": "DES-CBC", "cast5_cbc": "CAST5-CBC",
}  # fmt: skip


def encrypted() -> Iterator[Cell]:
    for option, cipher in CIPHERS.items():
        for form in ("S/MIME", "DER", "PEM") if option == "aes_128_cbc" else ("S/MIME", "DER"):
            made = job("encrypt", form, ("BINARY",), to=("RSA",), cipher=option)
            yield Cell(
                NAME, "encrypt", f"{cipher} under {V15}", form, partial(fetch, name=made), "encrypt",
                "RSA", (cipher, V15), (),
            )  # fmt: skip
    made = job("encrypt", "DER", ("BINARY",), to=("P-256",), cipher="aes_128_cbc")
    yield Cell(
        NAME, "encrypt", "AES-128-CBC to P-256", "DER", partial(fetch, name=made), "encrypt", "P-256",
        ("AES-128-CBC",),
    )  # fmt: skip


def nested() -> Iterator[Cell]:
    for form in ("S/MIME clear", "S/MIME opaque"):
        for key, digest, signature in (("RSA", "sha256", RSA), ("P-256", "sha256", "ECDSA-SHA256")):
            inner = job("sign", "S/MIME", FORMS[form][0], key=key, digest=digest)
            made = job("encrypt", "S/MIME", ("BINARY",), to=("RSA",), cipher="aes_256_cbc", inner=inner)
            yield Cell(
                NAME, "sign+encrypt", f"{signature} inside AES-256-CBC", form, partial(fetch, name=made),
                "sign+encrypt", "RSA", ("AES-256-CBC", signature),
            )  # fmt: skip


def cells() -> list[Cell]:
    JOBS.clear()
    return [*signed(), *encrypted(), *nested()]


def version() -> str:
    return peers.need(NAME, "m2crypto-python")(BATCH, "--version").decode().strip()
