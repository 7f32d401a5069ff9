"""What Bouncy Castle makes: its CMS and S/MIME generators, all jobs in one start of the JVM."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.interop.matrix.cells import ENTITY, KEK, KEK_ID, PASSWORD, ROWS, Cell, RefusedError
from tests.interop.matrix.openssl import RSA, V15
from tests.support import peers
from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.interop.matrix.keys import Workshop

NAME = "bouncycastle"
SOURCE = Path(__file__).parent.parent / "bouncycastle" / "Smime.java"
# Words of the job that name a key, which the program wants as a file.
KEYS = ("key", "second")
JOBS: dict[str, dict[str, str]] = {}


def results(shop: Workshop) -> dict[str, str]:
    """The answer to each job, made at the first call."""
    if NAME not in shop.cache:
        folder = shop.folder / NAME
        folder.mkdir()
        content = shop.file("entity", ENTITY)
        lines = []
        for name, job in JOBS.items():
            try:
                words = job | {key: str(shop.pem(job[key])) for key in KEYS if key in job}
            except pytest.skip.Exception:
                # A key that wants another peer, which is absent: only the cells with it are skipped.
                continue
            words |= {"id": name, "out": str(folder / name), "in": str(folder / job["in"] if "in" in job else content)}
            lines.append("\t".join(f"{key}={value}" for key, value in words.items()))
        java = peers.need("bouncycastle", "bc-smime")
        answers = java(SOURCE, data="".join(line + "\n" for line in lines).encode()).decode()
        shop.cache[NAME] = dict(line.split("\t", 1) for line in answers.splitlines())
    answered: dict[str, str] = shop.cache[NAME]
    return answered


def job(**words: str) -> str:
    """Enters a job; its name."""
    name = f"{len(JOBS):03}"
    JOBS[name] = {key.replace("_", " "): value for key, value in words.items()}
    return name


def fetch(shop: Workshop, *, name: str) -> bytes:
    answers = results(shop)
    if name not in answers:
        shop.pem(JOBS[name]["key"])
    said = answers[name]
    if said != "ok":
        raise RefusedError(said)
    return (shop.folder / NAME / name).read_bytes()


def clear_signed(detached: bytes) -> bytes:
    return build.clear_signed(ENTITY, detached)


def cell(
    operation: str, algorithm: str, form: str, door: str, key: str, shown: tuple[str, ...], needs: tuple[str, ...],
    gap: str = "", /, **words: str,
) -> Cell:  # fmt: skip
    ways = {"S/MIME clear": "mail clear", "S/MIME opaque": "mail opaque", "S/MIME": "mail"}
    name = job(form=ways.get(form, form), **words)
    return Cell(NAME, operation, algorithm, form, partial(fetch, name=name), door, key, shown, needs, gap)


# --- signatures -----------------------------------------------------------------------------------------------------

FORMS = ("S/MIME clear", "S/MIME opaque", "DER", "DER detached", "BER", "BER stream")


def sign(
    name: str, key: str, java: str, shown: tuple[str, ...], needs: tuple[str, ...] = (),
    forms: tuple[str, ...] = ("DER",), **words: str,
) -> Iterator[Cell]:  # fmt: skip
    for form in forms:
        door = "detached" if form == "DER detached" else "sign"
        yield cell("sign", name, form, door, key, shown, needs, operation="sign", key=key, algorithm=java, **words)


def signed() -> Iterator[Cell]:
    shown = "SHA-256", f"{RSA}-SHA256"
    yield from sign(f"{RSA} SHA-256", "RSA", "SHA256withRSA", shown, forms=FORMS)
    yield from sign(f"{RSA} SHA-256, no attributes", "RSA", "SHA256withRSA", shown, direct="yes")
    yield from sign(f"{RSA} SHA-256, key identifier", "RSA", "SHA256withRSA", shown, identifier="yes")
    for java, digest in {"MD5": "MD5", "SHA1": "SHA-1", "SHA224": "SHA-224", "SHA384": "SHA-384", "SHA512": "SHA-512",
                         "RIPEMD160": "RIPEMD-160"}.items():  # fmt: skip
        shown = digest, RSA if java in {"SHA1", "MD5", "RIPEMD160"} else f"{RSA}-{java}"
        yield from sign(f"{RSA} {digest}", "RSA", f"{java}withRSA", shown, forms=("DER", "BER stream"))
    yield from sign(f"{RSA} SHA-512/256", "RSA", "SHA512(256)withRSA", ("SHA-512/256",))
    for digest in ("SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512"):
        yield from sign(f"{RSA} {digest}", "RSA", f"{digest}withRSA", (digest, f"{RSA}-{digest}"))
        yield from sign(f"ECDSA {digest}", "P-256", f"{digest}withECDSA", (digest, f"ECDSA-{digest}"))
    for digest in ("SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"):
        java = digest.replace("-", "")
        forms = ("S/MIME clear", "DER", "BER stream") if digest == "SHA-256" else ("DER",)
        yield from sign(f"RSASSA-PSS {digest}", "RSA", f"{java}withRSAandMGF1", (digest, "RSASSA-PSS"), forms=forms)
        name = f"ECDSA-{java}"
        yield from sign(f"{name} P-256", "P-256", f"{java}withECDSA", (digest, name), ("P-256",), forms=forms)
    for shake in ("SHAKE128", "SHAKE256"):
        yield from sign(f"ECDSA-{shake}", "P-256", f"{shake}withECDSA", (shake, f"ECDSA-{shake}"))
        yield from sign(f"RSASSA-PSS-{shake}", "RSA", f"{shake}withRSAPSS", (shake, f"RSASSA-PSS-{shake}"))
    for curve, bits in {"P-384": 384, "P-521": 512, "P-224": 256, "P-192": 256, "secp256k1": 256,
                        "brainpoolP256r1": 256, "brainpoolP384r1": 384, "brainpoolP512r1": 512,
                        "brainpoolP256t1": 256}.items():  # fmt: skip
        forms = ("S/MIME clear", "DER", "BER stream") if curve in {"P-384", "P-521"} else ("DER",)
        shown = f"SHA-{bits}", f"ECDSA-SHA{bits}"
        yield from sign(f"{shown[1]} {curve}", curve, f"SHA{bits}withECDSA", shown, (curve,), forms)
    yield from sign("Ed25519", "Ed25519", "Ed25519", ("SHA-512", "Ed25519"), forms=("S/MIME clear", *FORMS[2:]))
    yield from sign("Ed448", "Ed448", "Ed448", ("Ed448",), ("SHAKE256-len",), forms=("S/MIME clear", "DER"))
    for digest in ("SHA-1", "SHA-224", "SHA-256"):
        name = f"DSA-{digest.replace('-', '')}"
        yield from sign(name, "DSA", f"{name[4:]}withDSA", (digest, name), ("DSA",))
    for name in ("ML-DSA-44", "ML-DSA-65", "ML-DSA-87"):
        yield from sign(name, name, name, (name,))
    yield from sign(
        "RSA and ECDSA, two signers", "RSA", "SHA256withRSA", (f"{RSA}-SHA256", "ECDSA-SHA384"), second="P-384",
        second_algorithm="SHA384withECDSA",
    )  # fmt: skip


# --- encryption -----------------------------------------------------------------------------------------------------


def seal(
    name: str, key: str, cipher: str, shown: tuple[str, ...], needs: tuple[str, ...] = (),
    forms: tuple[str, ...] = ("DER",), door: str = "encrypt", **words: str,
) -> Iterator[Cell]:  # fmt: skip
    words |= {"key": key} if key else {}
    for form in forms:
        yield cell(
            "encrypt", name, form, door, key, (cipher, *shown), needs, operation="encrypt",
            cipher=ROWS[cipher]["oid"], **words,
        )  # fmt: skip


CIPHERS = (
    "AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "AES-128-GCM", "AES-192-GCM", "AES-256-GCM", "AES-128-CCM",
    "AES-192-CCM", "AES-256-CCM", "ChaCha20-Poly1305", "DES-EDE3-CBC", "DES-CBC", "RC2-CBC", "CAST5-CBC", "IDEA-CBC",
    "Camellia-128-CBC", "Camellia-192-CBC", "Camellia-256-CBC", "SEED-CBC",
)  # fmt: skip
OAEP = ("SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512")
SEALED = ("S/MIME", "DER", "BER stream")


def transported() -> Iterator[Cell]:
    for cipher in CIPHERS:
        # An AEAD has no generator of S/MIME's.
        forms = SEALED[1:] if cipher[-3:] in {"GCM", "CCM"} or "Poly" in cipher else SEALED
        yield from seal(f"{cipher} under {V15}", "RSA", cipher, (V15,), forms=forms)
    for bits in ("40", "64"):
        yield from seal(f"RC2-CBC under {V15}, {bits} bits", "RSA", "RC2-CBC", (V15,), bits=bits)
    for digest in OAEP:
        name = f"AES-256-CBC under RSAES-OAEP {digest}"
        yield from seal(name, "RSA", "AES-256-CBC", ("RSAES-OAEP",), (digest,), SEALED, oaep=digest)
    name = "AES-256-CBC under RSAES-OAEP SHA-256"
    yield from seal(
        f"{name}, mask SHA-1", "RSA", "AES-256-CBC", ("RSAES-OAEP",), ("SHA-256",), oaep="SHA-256", mask="SHA-1"
    )
    yield from seal(f"{name}, label", "RSA", "AES-256-CBC", ("RSAES-OAEP",), ("SHA-256",), oaep="SHA-256", label="AB")
    yield from seal(
        "AES-128-GCM under RSAES-OAEP SHA-256", "RSA", "AES-128-GCM", ("RSAES-OAEP",), ("SHA-256",), oaep="SHA-256"
    )


def oid(name: str) -> str:
    text: str = ROWS[name]["oid"]
    return text


def agreed() -> Iterator[Cell]:
    for mode in ("std", "cofactor"):
        for digest in ("sha1", "sha224", "sha256", "sha384", "sha512"):
            scheme = f"dhSinglePass-{mode}DH-{digest}kdf"
            for cipher, wrap in {"AES-128-CBC": "AES-128-wrap", "AES-256-GCM": "AES-256-wrap"}.items():
                name = f"{cipher} by {scheme} P-256, {wrap}"
                yield from seal(name, "P-256", cipher, (scheme,), (wrap,), scheme=oid(scheme), wrap=oid(wrap))
    std = "dhSinglePass-stdDH-sha256kdf"
    for curve in ("P-384", "P-521", "P-224", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", "secp256k1"):
        name = f"AES-256-CBC by {std} {curve}"
        needs = curve, "AES-256-wrap"
        yield from seal(name, curve, "AES-256-CBC", (std,), needs, SEALED, scheme=oid(std), wrap=oid("AES-256-wrap"))
    for wrap in ("AES-192-wrap", "3DES-wrap", "RC2-wrap", "AES-128-wrap-pad", "AES-256-wrap-pad"):
        cipher = {"3DES-wrap": "DES-EDE3-CBC", "RC2-wrap": "RC2-CBC"}.get(wrap, "AES-256-CBC")
        name = f"{cipher} by {std} P-256, {wrap}"
        yield from seal(name, "P-256", cipher, (std,), (wrap,), scheme=oid(std), wrap=oid(wrap))
    yield from seal(
        f"AES-256-CBC by {std} P-256, keying material", "P-256", "AES-256-CBC", (std,), scheme=oid(std),
        wrap=oid("AES-256-wrap"), ukm="00112233",
    )  # fmt: skip
    for key in ("X25519", "X448"):
        for digest in ("sha256", "sha384", "sha512"):
            scheme = f"dhSinglePass-stdDH-hkdf-{digest}"
            name = f"AES-256-GCM by {scheme} {key}"
            yield from seal(name, key, "AES-256-GCM", (scheme,), (key,), scheme=oid(scheme), wrap=oid("AES-256-wrap"))
    yield from seal(
        f"AES-128-CBC by {std} X25519", "X25519", "AES-128-CBC", (std,), ("X25519",), scheme=oid(std),
        wrap=oid("AES-128-wrap"),
    )  # fmt: skip
    for name in ("ML-KEM-768", "ML-KEM-1024"):
        yield from seal(
            f"AES-256-GCM by {name}", name, "AES-256-GCM", (name,), (), kem=oid("HKDF-SHA256"), wrap=oid("AES-256-wrap")
        )


def keyless() -> Iterator[Cell]:
    for prf, mac in {"HMacSHA1": "HMAC-SHA1", "HMacSHA256": "HMAC-SHA256", "HMacSHA512": "HMAC-SHA512"}.items():
        for wrap in ("AES-128-CBC", "AES-256-CBC", "DES-EDE3-CBC"):
            yield from seal(
                f"AES-128-CBC under a password, {mac}, {wrap}", "", "AES-128-CBC", ("PWRI-KEK",), ("PBKDF2", mac, wrap),
                door="password", password=PASSWORD, prf=prf, wrap=oid(wrap), forms=("DER", "BER stream"),
            )  # fmt: skip
    yield from seal(
        "AES-256-GCM under AES-256-wrap", "", "AES-256-GCM", ("AES-256-wrap",), door="kek", kek=KEK.hex(),
        kek_identifier=KEK_ID.hex(), forms=("DER", "BER stream"),
    )  # fmt: skip
    for form in ("S/MIME", "DER", "BER stream"):
        yield cell("compress", "zlib", form, "compress", "", ("zlib",), (), operation="compress")
    scheme = oid("AES-128-CBC")
    yield cell(
        "encrypted data", "AES-128-CBC under a key", "DER", "encrypted-data", "", ("AES-128-CBC",), (),
        operation="encrypted-data", cipher=scheme, secret=KEK[:16].hex(),
    )  # fmt: skip
    for mac in ("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512"):
        yield cell(
            "authenticate", f"{mac} under {V15}", "DER", "authenticated-data", "RSA", (), (mac,),
            operation="authenticated-data", key="RSA", mac=oid(mac),
        )  # fmt: skip


def nested() -> Iterator[Cell]:
    """Signed, then encrypted."""
    for key, java, signature in (
        ("RSA", "SHA256withRSA", f"{RSA}-SHA256"), ("RSA", "SHA256withRSAandMGF1", "RSASSA-PSS"),
        ("P-256", "SHA256withECDSA", "ECDSA-SHA256"),
    ):  # fmt: skip
        for inner in ("mail clear", "mail opaque"):
            first = job(operation="sign", form=inner, key=key, algorithm=java)
            more = {"scheme": oid("dhSinglePass-stdDH-sha256kdf"), "wrap": oid("AES-256-wrap")} if key != "RSA" else {}
            name = job(
                operation="encrypt", form="mail", key=key, cipher=oid("AES-256-CBC"), **{"in": first}, **more
            )  # fmt: skip
            shown = signature, "AES-256-CBC"
            yield Cell(
                NAME, "sign+encrypt", f"{signature} inside AES-256-CBC", f"S/MIME {inner[5:]}",
                partial(fetch, name=name), "sign+encrypt", key, shown,
            )  # fmt: skip


def cells() -> list[Cell]:
    JOBS.clear()
    return [made for maker in (signed, transported, agreed, keyless, nested) for made in maker()]


def version() -> str:
    peers.need("bouncycastle", "bc-smime")
    return (peers.wrappers().parent / "bouncycastle" / "version").read_text("utf-8").strip()
