"""What NSS's cmsutil makes: with Debian's NSS, and with the one that Thunderbird carries."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.interop.matrix.cells import ENTITY, Cell, RefusedError
from tests.interop.matrix.keys import person
from tests.interop.matrix.openssl import RSA, V15
from tests.support import peers
from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.interop.matrix.keys import Workshop

PREFIXES = {"nss": "", "thunderbird-nss": "tb-"}
# What NSS takes for a recipient of whom it knows the certificate alone.
CHOICE = {
    "RSA": ("AES-128-CBC", V15),
    "P-256": ("AES-128-CBC", "dhSinglePass-stdDH-sha256kdf"),
    "P-384": ("AES-256-CBC", "dhSinglePass-stdDH-sha384kdf"),
    "P-521": ("AES-256-CBC", "dhSinglePass-stdDH-sha384kdf"),
}
KINDS = ("RSA", "P-256", "P-384", "P-521", "Ed25519", "DSA")


def tools(peer: str) -> peers.Nss:
    return peers.nss(peer, PREFIXES[peer])


def database(peer: str, shop: Workshop) -> Path:
    """A database with the root and all keys, made at the first call; each certificate's nickname is its kind."""
    folder = shop.folder / peer
    if not folder.exists():
        folder.mkdir()
        nss, where = tools(peer), f"sql:{folder}"
        nss.certutil("-N", "-d", where, "--empty-password")
        nss.certutil("-A", "-d", where, "-n", "root", "-t", "C,C,", "-i", shop.file("root.der", build.root().der))
        for kind in KINDS:
            who = person(kind)
            legacy = serialization.BestAvailableEncryption(b"secret")
            archive = pkcs12.serialize_key_and_certificates(kind.encode(), who.key, who.certificate, None, legacy)
            source = shop.file(f"{kind}.p12", archive)
            imported = nss.pk12util.run("-i", source, "-d", where, "-W", "secret", "-K", "")
            if imported.returncode != 0:
                shop.cache[f"{peer} {kind}"] = words(imported.stderr)
    return folder


def words(stderr: bytes) -> str:
    """NSS's complaints, without what differs from run to run."""
    lines = [re.sub(r"/\S+", "…", line) for line in stderr.decode(errors="replace").splitlines()]
    return "; ".join(dict.fromkeys(line.strip() for line in lines if line.strip()))


def run(peer: str, shop: Workshop, *arguments: str | Path) -> bytes:
    where = f"sql:{database(peer, shop)}"
    for argument in arguments:
        # A key that it did not import: what it said then is its refusal.
        if f"{peer} {argument}" in shop.cache:
            raise RefusedError(shop.cache[f"{peer} {argument}"])
    done = tools(peer).cmsutil.run(*arguments[:1], "-d", where, *arguments[1:])
    if done.returncode != 0 or not done.stdout:
        raise RefusedError(words(done.stderr))
    return done.stdout


def sign(
    peer: str, name: str, key: str, options: tuple[str, ...], shown: tuple[str, ...], needs: tuple[str, ...] = ()
) -> Iterator[Cell]:
    for form in ("S/MIME clear", "S/MIME opaque", "DER"):

        def make(shop: Workshop, form: str = form) -> bytes:
            detached = ("-T",) if form == "S/MIME clear" else ()
            source = shop.file("entity", ENTITY)
            made = run(peer, shop, "-S", *detached, "-N", key, *options, "-i", source)
            if form == "S/MIME clear":
                return build.clear_signed(ENTITY, made)
            return made if form == "DER" else build.part(made, "signed-data")

        yield Cell(peer, "sign", name, form, make, "sign", key, shown, needs)


def signed(peer: str) -> Iterator[Cell]:
    for digest in ("SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "MD5"):
        option = "-H", digest.replace("-", "")
        yield from sign(peer, f"{RSA} {digest}", "RSA", option, (digest, RSA))
    for name, more in {"time": ("-G",), "capabilities": ("-G", "-P"), "key preference": ("-G", "-Y", "RSA")}.items():
        yield from sign(peer, f"{RSA} SHA-256, {name}", "RSA", ("-H", "SHA256", *more), ("SHA-256", RSA))
    for curve in ("P-256", "P-384", "P-521"):
        for digest in ("SHA-1", "SHA-256", "SHA-384", "SHA-512"):
            java = digest.replace("-", "")
            options = "-H", java, "-G"
            yield from sign(peer, f"ECDSA-{java} {curve}", curve, options, (digest, f"ECDSA-{java}"), (curve,))
    yield from sign(peer, "Ed25519", "Ed25519", ("-H", "SHA512"), ("Ed25519",))
    yield from sign(peer, "DSA-SHA256", "DSA", ("-H", "SHA256"), ("SHA-256", "DSA-SHA256"), ("DSA",))


def encrypted(peer: str) -> Iterator[Cell]:
    """cmsutil chooses the cipher itself, by what the recipients are known to read."""
    for key, (cipher, scheme) in CHOICE.items():
        for form in ("S/MIME", "DER"):

            def make(shop: Workshop, key: str = key, form: str = form) -> bytes:
                made = run(peer, shop, "-E", "-r", key, "-i", shop.file("entity", ENTITY))
                return made if form == "DER" else build.part(made)

            name = f"{cipher} under {V15}" if key == "RSA" else f"{cipher} by {scheme} {key}"
            needs = () if key == "RSA" else (key,)
            yield Cell(peer, "encrypt", name, form, make, "encrypt", key, (cipher, scheme), needs)

            def both(shop: Workshop, key: str = key, opaque: bool = form == "DER") -> bytes:
                detached = () if opaque else ("-T",)
                source = shop.file("entity", ENTITY)
                made = run(peer, shop, "-S", *detached, "-G", "-N", key, "-H", "SHA256", "-i", source)
                inner = build.part(made, "signed-data") if opaque else build.clear_signed(ENTITY, made)
                return build.part(run(peer, shop, "-E", "-r", key, "-i", shop.file("inner", inner)))

            signature = RSA if key == "RSA" else "ECDSA-SHA256"
            inner = "S/MIME opaque" if form == "DER" else "S/MIME clear"
            name = f"{signature} {key} inside {cipher}"
            yield Cell(peer, "sign+encrypt", name, inner, both, "sign+encrypt", key, (cipher, scheme, signature))

    def bulk(shop: Workshop) -> bytes:
        source = shop.file("entity", ENTITY)
        envelope = shop.file("envelope", run(peer, shop, "-E", "-r", "RSA", "-i", source))
        return run(peer, shop, "-C", "-e", envelope, "-i", source)

    yield Cell(
        peer, "encrypted data", "AES-128-CBC under another's key", "DER", bulk, "encrypted-data", "", (), (),
        "EncryptedData names no key (RFC 5652 §8)",
    )  # fmt: skip


def cells_of(peer: str) -> list[Cell]:
    return [cell for maker in (signed, encrypted) for cell in maker(peer)]


def version_of(peer: str) -> str:
    tools(peer)
    if peer == "nss":
        asked = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libnss3"], capture_output=True, check=False)
        return f"NSS {asked.stdout.decode() or 'of unstated version'}"
    folder = peers.wrappers().parent / "thunderbird"
    library = (folder / "usr/lib/thunderbird/libnss3.so").read_bytes()
    found = re.search(rb"Version: NSS ([0-9.]+)", library)
    return f"NSS {found.group(1).decode() if found else '?'} of Thunderbird {(folder / 'version').read_text().strip()}"
