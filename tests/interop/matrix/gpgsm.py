"""What gpgsm makes: signatures with the key that it imports, encryption to certificates of every kind."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.interop.matrix.cells import ENTITY, Cell, RefusedError
from tests.interop.matrix.keys import ENCIPHERS, person
from tests.interop.matrix.openssl import RSA, V15
from tests.support import peers
from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.interop.matrix.keys import Workshop

NAME = "gpgsm"
# Signers are keys that 2.2 imports; recipients need a certificate alone.
SIGNERS = ("RSA",)
CURVES = ("P-256", "P-384", "P-521", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1")
RECIPIENTS = ("RSA", "P-256", *(curve + ENCIPHERS for curve in CURVES))


def home(shop: Workshop) -> Path:
    """gpgsm's folder with root, certificates and the signer's key, made at the first call."""
    if NAME not in shop.cache:
        # A socket's path must be short, so it does not lie in the workshop; `close` removes it.
        folder = Path(tempfile.mkdtemp(prefix="gs-"))
        shop.cache[NAME] = folder
        (folder / "gpg-agent.conf").write_text("allow-loopback-pinentry\n")
        fingerprint = build.root().certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303
        (folder / "trustlist.txt").write_text(f"{fingerprint} S relax\n")
        gpgsm = peers.need(NAME, "gpgsm")
        batch = common(folder)
        gpgsm(*batch, "--import", shop.root)
        for kind in RECIPIENTS:
            certificate = person(kind).certificate.public_bytes(serialization.Encoding.PEM)
            gpgsm.run(*batch, "--import", shop.file(f"{kind}.crt", certificate))
        for kind in SIGNERS:
            who = person(kind)
            legacy = (
                serialization.PrivateFormat.PKCS12.encryption_builder()
                .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
                .hmac_hash(hashes.SHA1())  # noqa: S303
                .build(b"secret")
            )
            for _ in range(5):
                # gpgsm 2.2 now and then fails to decrypt a sound file; with another salt it does.
                archive = pkcs12.serialize_key_and_certificates(b"x", who.key, who.certificate, None, legacy)
                file = shop.file(f"{kind}.p12", archive)
                imported = gpgsm.run(*batch, "--import", file, data=b"secret\nsecret\n")
                if imported.returncode == 0:
                    break
            assert imported.returncode == 0, imported.stderr
    made: Path = shop.cache[NAME]
    return made


def common(folder: Path) -> list[str | Path]:
    options = "--batch", "--disable-dirmngr", "--disable-crl-checks", "--pinentry-mode", "loopback", "--passphrase-fd"
    return ["--homedir", folder, *options, "0"]


def close(shop: Workshop) -> None:
    """Ends the agent that gpgsm started."""
    folder = shop.cache.pop(NAME, None)
    if folder is not None:
        if shutil.which("gpgconf"):
            subprocess.run(["gpgconf", "--homedir", str(folder), "--kill", "all"], check=False, timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def words(stderr: bytes) -> str:
    """gpgsm's complaints, without notes, paths and fingerprints."""
    lines = stderr.decode(errors="replace").splitlines()
    said = [line.removeprefix("gpgsm: ") for line in lines if re.match(r"gpgsm: (?!Note|CRLs not checked)", line)]
    return "; ".join(dict.fromkeys(re.sub(r"[0-9A-F]{16,}|/\S+", "…", line) for line in said))


def selector(kind: str) -> str:
    """The certificate of that kind among all those of one mailbox."""
    return person(kind).certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303


def run(shop: Workshop, *arguments: str | Path, data: bytes = ENTITY) -> bytes:
    source = shop.file("gpgsm.in", data)
    done = peers.need(NAME, "gpgsm").run(*common(home(shop)), "--output", "-", *arguments, source, data=b"secret\n")
    if done.returncode != 0 or not done.stdout:
        raise RefusedError(words(done.stderr))
    return done.stdout


def sign(
    name: str, key: str, options: tuple[str, ...], shown: tuple[str, ...], forms: tuple[str, ...]
) -> Iterator[Cell]:
    for form in forms:

        def make(shop: Workshop, form: str = form) -> bytes:
            way = "--detach-sign" if form in {"S/MIME clear", "DER detached"} else "--sign"
            armour = ("--armor",) if form == "PEM" else ()
            made = run(shop, "--local-user", selector(key), *options, *armour, way)
            if form == "S/MIME clear":
                return build.clear_signed(ENTITY, made)
            return build.part(made, "signed-data") if form == "S/MIME opaque" else made

        door = "detached" if form == "DER detached" else "sign"
        yield Cell(NAME, "sign", name, form, make, door, key, shown)


def seal(name: str, key: str, options: tuple[str, ...], shown: tuple[str, ...], needs: tuple[str, ...] = (),
         forms: tuple[str, ...] = ("S/MIME BER", "BER stream")) -> Iterator[Cell]:  # fmt: skip
    for form in forms:

        def make(shop: Workshop, form: str = form) -> bytes:
            armour = ("--armor",) if form == "PEM" else ()
            made = run(shop, *options, *armour, "--recipient", selector(key), "--encrypt")
            return build.part(made) if form.startswith("S/MIME") else made

        yield Cell(NAME, "encrypt", name, form, make, "encrypt", key, shown, needs)


CIPHERS = {
    "3DES": "DES-EDE3-CBC", "AES128": "AES-128-CBC", "AES192": "AES-192-CBC", "AES256": "AES-256-CBC",
    "CAMELLIA128": "Camellia-128-CBC", "CAMELLIA256": "Camellia-256-CBC", "CAST5": "CAST5-CBC", "SEED": "SEED-CBC",
    "DES": "DES-CBC", "RFC2268_40": "RC2-CBC",
}  # fmt: skip


def nested() -> Iterator[Cell]:
    for inner in ("S/MIME clear", "S/MIME opaque"):

        def make(shop: Workshop, *, clear: bool = inner == "S/MIME clear") -> bytes:
            made = run(shop, "--local-user", selector("RSA"), "--detach-sign" if clear else "--sign")
            entity = build.clear_signed(ENTITY, made) if clear else build.part(made, "signed-data")
            return build.part(run(shop, "--recipient", selector("RSA"), "--encrypt", data=entity))

        shown = RSA, "AES-128-CBC"
        yield Cell(NAME, "sign+encrypt", f"{RSA} inside AES-128-CBC", inner, make, "sign+encrypt", "RSA", shown)


def cells() -> list[Cell]:
    every = "S/MIME clear", "S/MIME opaque", "BER stream", "DER detached", "PEM"
    made = list(sign(f"{RSA} SHA-256", "RSA", (), ("SHA-256", RSA), every))
    for digest in ("SHA-1", "SHA-224", "SHA-384", "SHA-512", "RIPEMD-160"):
        algorithm = "--digest-algo", digest.replace("-", "")
        made += sign(f"{RSA} {digest}", "RSA", algorithm, (digest, RSA), ("S/MIME clear", "BER stream"))
    made += sign(f"{RSA} SHA-256, one certificate", "RSA", ("--include-certs", "1"), ("SHA-256", RSA), ("BER stream",))
    # It takes the option and signs with SHA-1 all the same.
    made += sign(f"{RSA} SHA-1 (MD5 asked for)", "RSA", ("--digest-algo", "MD5"), ("SHA-1", RSA), ("BER stream",))
    for option, cipher in CIPHERS.items():
        made += seal(f"{cipher} under {V15}", "RSA", ("--cipher-algo", option), (cipher, V15))
    made += seal(f"AES-128-CBC under {V15}", "RSA", (), ("AES-128-CBC", V15), forms=("PEM",))
    for curve in CURVES:
        needs = (curve,)
        made += seal(f"AES-128-CBC by ECDH {curve}", curve + ENCIPHERS, (), ("AES-128-CBC",), needs, ("BER stream",))
    made += seal("AES-128-CBC by ECDH P-256, for agreement alone", "P-256", (), ("AES-128-CBC",), (), ("BER stream",))
    return [*made, *nested()]


def version() -> str:
    return peers.need(NAME, "gpgsm")("--version").decode().splitlines()[0]
