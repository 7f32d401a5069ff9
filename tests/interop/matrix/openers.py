"""How peers open mail: each verifies with the test root as its only anchor, and decrypts with one recipient's key.

A peer that is not content with a signature or its chain, or cannot decrypt, ends in RefusedError with its own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12

from tests.interop.matrix import batches, bouncycastle, gpgsm, m2crypto, nss, openssl, pyca
from tests.interop.matrix.cells import RefusedError
from tests.interop.matrix.keys import person
from tests.interop.matrix.peeling import Layer, Peeled, peel
from tests.support import peers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.interop.matrix.keys import Workshop
    from tests.interop.matrix.letters import Letter


@dataclass(frozen=True)
class Opener:
    """A peer that opens mail with the key of that kind. `skips`: rows that prove nothing about it, see `OPENERS`."""

    name: str
    version: Callable[[], str]
    open: Callable[[Workshop, bytes, str], Peeled]
    skips: str = r"(?!)"

    def takes(self, letter: Letter) -> bool:
        return not re.search(self.skips, letter.name)


# --- OpenSSL: reads S/MIME itself -------------------------------------------------------------------------------------


def openssl_run(program: str, *arguments: str | Path, data: bytes) -> bytes:
    done = peers.need(program, program).run("cms", *arguments, data=data)
    if done.returncode != 0:
        raise RefusedError(openssl.openssl_words(done.stderr))
    return done.stdout


def by_openssl(program: str, shop: Workshop, mail: bytes, key: str) -> Peeled:
    def verify(layer: Layer) -> bytes:
        # The system's own anchors are left out, and a peer without -purpose takes `smimesign` as mail programs do.
        anchors = "-CAfile", shop.root, "-no-CApath", "-no-CAstore"
        return openssl_run(program, "-verify", *anchors, data=layer.entity)

    def decrypt(layer: Layer) -> bytes:
        return openssl_run(program, "-decrypt", "-recip", shop.pem(key), data=layer.entity)

    return peel(mail, verify, decrypt)


# --- keys in PKCS#12, for programs that keep them in a store of their own ---------------------------------------------


def archive(shop: Workshop, kind: str) -> bytes:
    """The key of that kind as PKCS#12 that old programs read too."""
    who = person(kind)
    key: Any = who.key
    if isinstance(key, x25519.X25519PrivateKey):
        # pyca writes no such archive.
        old = "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"
        return peers.need("openssl36", "openssl36")(
            "pkcs12", "-export", "-in", shop.pem(kind), "-passout", "pass:secret", "-name", kind, *old
        )
    legacy = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())  # noqa: S303
        .build(b"secret")
    )
    return pkcs12.serialize_key_and_certificates(kind.encode(), key, who.certificate, None, legacy)


def refuse_unimported(shop: Workshop, mark: str, take: Callable[[Path], str]) -> None:
    """Imports a key at the first call; what the peer said of one that it did not take is its refusal."""
    if mark not in shop.cache:
        kind = mark.partition(" imports ")[2]
        for _ in range(5):
            said = shop.cache[mark] = take(shop.file("import.p12", archive(shop, kind)))
            # gpgsm 2.2 now and then fails to decrypt a sound file; with another salt it comes further.
            if "decrypting the PKCS#12" not in said:
                break
    if said := shop.cache[mark]:
        raise RefusedError(f"import of the key: {said}")


# --- NSS --------------------------------------------------------------------------------------------------------------


def nss_run(peer: str, shop: Workshop, cms: bytes, *arguments: str | Path) -> bytes:
    where = f"sql:{nss.database(peer, shop)}"
    # Without -h, which tells a bad signature and goes on, a bad signature ends the program.
    done = nss.tools(peer).cmsutil.run("-D", "-d", where, "-i", shop.file("nss.in", cms), *arguments)
    if done.returncode != 0:
        raise RefusedError(nss.words(done.stderr))
    return done.stdout


def by_nss(peer: str, shop: Workshop, mail: bytes, key: str) -> Peeled:
    def verify(layer: Layer) -> bytes:
        if layer.content is None:
            return nss_run(peer, shop, layer.cms)
        detached = shop.file("nss.content", layer.content)
        return nss_run(peer, shop, layer.cms, "-c", detached)

    def take(file: Path) -> str:
        where = f"sql:{nss.database(peer, shop)}"
        imported = nss.tools(peer).pk12util.run("-i", file, "-d", where, "-W", "secret", "-K", "")
        return nss.words(imported.stderr) if imported.returncode != 0 else ""

    def decrypt(layer: Layer) -> bytes:
        if key not in nss.KINDS:
            refuse_unimported(shop, f"{peer} imports {key}", take)
        return nss_run(peer, shop, layer.cms)

    return peel(mail, verify, decrypt)


# --- gpgsm ------------------------------------------------------------------------------------------------------------


def by_gpgsm(shop: Workshop, mail: bytes, key: str) -> Peeled:
    def run(*arguments: str | Path) -> tuple[bytes, list[str]]:
        command = *gpgsm.common(gpgsm.home(shop)), "--status-fd", "2", *arguments
        done = peers.need(gpgsm.NAME, "gpgsm").run(*command, data=b"secret\n")
        status = re.findall(r"^\[GNUPG:\] (\w+)", done.stderr.decode(errors="replace"), re.MULTILINE)
        if done.returncode != 0:
            raise RefusedError(gpgsm_words(done.stderr))
        return done.stdout, status

    def verify(layer: Layer) -> bytes:
        cms = shop.file("gpgsm.in", layer.cms)
        if layer.content is None:
            out, status = run("--output", "-", "--verify", cms)
        else:
            out, (_, status) = layer.content, run("--verify", cms, shop.file("gpgsm.content", layer.content))
        if not {"GOODSIG", "VALIDSIG", "TRUST_FULLY"} <= set(status):
            raise RefusedError(f"status {' '.join(status)}")
        return out

    def take(file: Path) -> str:
        imported = peers.need(gpgsm.NAME, "gpgsm").run(
            *gpgsm.common(gpgsm.home(shop)), "--import", file, data=b"secret\nsecret\n"
        )
        # The last word: those before it are of an archive decrypted to something else each time.
        return gpgsm_words(imported.stderr).split("; ")[-1] if imported.returncode != 0 else ""

    def decrypt(layer: Layer) -> bytes:
        if key not in gpgsm.SIGNERS:
            refuse_unimported(shop, f"gpgsm imports {key}", take)
        out, status = run("--output", "-", "--decrypt", shop.file("gpgsm.in", layer.cms))
        if "DECRYPTION_OKAY" not in status:
            raise RefusedError(f"status {' '.join(status)}")
        return out

    return peel(mail, verify, decrypt)


def gpgsm_words(stderr: bytes) -> str:
    """Its complaints, without what tells of the message and differs from run to run: time, key, counts."""
    told = "Signature made", "using ", "encrypted to", "total number", "imported", "unchanged", "aka "
    said = gpgsm.words(stderr).split("; ")
    return "; ".join(dict.fromkeys(one.strip() for one in said if not one.strip().startswith(told)))


# --- pyca -------------------------------------------------------------------------------------------------------------


def by_pyca(_: Workshop, mail: bytes, key: str) -> Peeled:
    def verify(layer: Layer) -> bytes:
        raise AssertionError(f"pyca has no function that verifies {layer.kind} data")

    def decrypt(layer: Layer) -> bytes:
        who: Any = person(key)
        return pyca.refusing(lambda: pkcs7.pkcs7_decrypt_der(layer.cms, who.certificate, who.key, []))

    return peel(mail, verify, decrypt)


# A store that holds all keys does not say by which one it opened.
ONE_OF_MANY = "with the key of"
# PKCS#7 knows no OAEP and reads it as v1.5: random octets, which now and then look like a padding.
BLIND_TO_OAEP = "CBC under RSAES-OAEP"
NO_VERIFYING = "^(?!encrypt )"
OPENERS = {
    one.name: one
    for one in (
        *(Opener(one, partial(openssl.version_of, one), partial(by_openssl, one)) for one in ("openssl", "openssl36")),
        *(Opener(one, partial(nss.version_of, one), partial(by_nss, one), ONE_OF_MANY) for one in nss.PREFIXES),
        Opener(gpgsm.NAME, gpgsm.version, by_gpgsm, ONE_OF_MANY),
        Opener(bouncycastle.NAME, bouncycastle.version, partial(batches.open_one, batches.JAVA)),
        Opener(m2crypto.NAME, m2crypto.version, partial(batches.open_one, batches.PYTHON), BLIND_TO_OAEP),
        Opener(pyca.NAME, pyca.version, by_pyca, NO_VERIFYING),
    )
}


def prepare(shop: Workshop, name: str, jobs: list[batches.Job]) -> None:
    """Lets a peer that opens many mails in one start do so; those asked for later cost a start each."""
    if name in batches.BATCHES:
        batches.open_many(batches.BATCHES[name], shop, jobs)
