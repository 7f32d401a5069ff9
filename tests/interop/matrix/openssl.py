"""What OpenSSL's command makes: the system's, and a current one."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tests.interop.matrix.cells import ENTITY, KEK, KEK_ID, PASSWORD, Cell, RefusedError
from tests.support import peers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.interop.matrix.keys import Workshop

LEGACY = ("-provider", "legacy", "-provider", "default")
# The form, the options for it with `cms -sign`, and the door.
SIGNED_FORMS = {
    "S/MIME clear": (("-crlfeol",), "sign"),
    "S/MIME opaque": (("-crlfeol", "-nodetach"), "sign"),
    "DER": (("-binary", "-nodetach", "-outform", "DER"), "sign"),
    "DER detached": (("-binary", "-outform", "DER"), "detached"),
    "BER stream": (("-binary", "-nodetach", "-outform", "DER", "-stream"), "sign"),
    "S/MIME opaque BER": (("-crlfeol", "-nodetach", "-stream"), "sign"),
    "PEM": (("-binary", "-nodetach", "-outform", "PEM"), "sign"),
}
SEALED_FORMS = {
    "S/MIME": ("-binary",),
    "DER": ("-binary", "-outform", "DER"),
    "BER stream": ("-binary", "-outform", "DER", "-stream"),
    "S/MIME BER": ("-binary", "-stream"),
    "PEM": ("-binary", "-outform", "PEM"),
}
ALL, SHORT, ONE = tuple(SIGNED_FORMS), ("S/MIME clear", "DER"), ("DER",)


def openssl_words(stderr: bytes) -> str:
    """The reasons in OpenSSL's lines of error, without what differs from run to run: addresses, files, lines."""
    lines = stderr.decode(errors="replace").splitlines()
    reasons = []
    for line in lines:
        queued = re.match(r"[0-9A-F]+:error:[0-9A-F]+:([^:]*):([^:]*):([^:]*)", line)
        reasons.append(queued.group(3) if queued else re.sub(r"/\S+", "…", line))
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def run(program: str, *arguments: str | Path, data: bytes = ENTITY) -> bytes:
    done = peers.need(program, program).run(*arguments, data=data)
    if done.returncode != 0 or not done.stdout:
        raise RefusedError(openssl_words(done.stderr))
    return done.stdout


def sign(
    program: str,
    algorithm: str,
    key: str,
    shown: tuple[str, ...],
    options: tuple[str, ...] = (),
    forms: tuple[str, ...] = SHORT,
    needs: tuple[str, ...] = (),
    command: str = "cms",
) -> Iterator[Cell]:
    for form in forms:
        ways, door = SIGNED_FORMS[form]

        def make(shop: Workshop, ways: tuple[str, ...] = ways) -> bytes:
            return run(program, command, "-sign", "-signer", shop.pem(key), *ways, *options)

        operation = "sign" if command == "cms" else f"sign ({command})"
        yield Cell(program, operation, algorithm, form, make, door, key, shown, needs)


RSA = "RSA-PKCS1-v1_5"
# -md, and the table's name for it.
DIGESTS = {
    "sha1": "SHA-1", "sha224": "SHA-224", "sha384": "SHA-384", "sha512": "SHA-512", "md5": "MD5", "md4": "MD4",
    "ripemd160": "RIPEMD-160", "sha512-224": "SHA-512/224", "sha512-256": "SHA-512/256", "sha3-224": "SHA3-224",
    "sha3-256": "SHA3-256", "sha3-384": "SHA3-384", "sha3-512": "SHA3-512", "shake256": "SHAKE256",
}  # fmt: skip


def signed_by_rsa(program: str) -> Iterator[Cell]:
    yield from sign(program, f"{RSA} SHA-256", "RSA", ("SHA-256", RSA), forms=ALL)
    for option, digest in DIGESTS.items():
        more = LEGACY if option == "md4" else ()
        yield from sign(program, f"{RSA} {digest}", "RSA", (digest, RSA), ("-md", option, *more))
    for name, options in {
        "no attributes": ("-noattr",), "key identifier": ("-keyid",), "CAdES": ("-cades",),
        "receipt asked for": ("-receipt_request_all", "-receipt_request_to", "alice@example.com"),
        "no capabilities": ("-nosmimecap",),
    }.items():  # fmt: skip
        yield from sign(program, f"{RSA} SHA-256, {name}", "RSA", ("SHA-256", RSA), options)
    pss = ("-keyopt", "rsa_padding_mode:pss")
    for option, digest in {"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}.items():
        yield from sign(program, f"RSASSA-PSS {digest}", "RSA", (digest, "RSASSA-PSS"), ("-md", option, *pss))
    for name, option in {"salt 0": "rsa_pss_saltlen:0", "salt as long as can be": "rsa_pss_saltlen:max"}.items():
        yield from sign(program, f"RSASSA-PSS SHA-256, {name}", "RSA", ("RSASSA-PSS",), (*pss, "-keyopt", option), ONE)
    yield from sign(program, f"{RSA} SHA-256, 4096 bits", "RSA-4096", ("SHA-256", RSA))
    for option, digest in {"sha1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512"}.items():
        yield from sign(program, f"{RSA} {digest}", "RSA", (digest, RSA), ("-md", option), ALL[:4], command="smime")


def signed_by_curves(program: str) -> Iterator[Cell]:
    for curve, option, digest in (
        ("P-256", "sha256", "SHA-256"), ("P-384", "sha384", "SHA-384"), ("P-521", "sha512", "SHA-512"),
        ("P-256", "sha1", "SHA-1"), ("P-256", "sha224", "SHA-224"), ("P-256", "sha512", "SHA-512"),
        ("P-384", "sha256", "SHA-256"), ("P-521", "sha256", "SHA-256"), ("P-256", "sha3-256", "SHA3-256"),
        ("P-521", "sha3-512", "SHA3-512"), ("P-192", "sha256", "SHA-256"), ("P-224", "sha256", "SHA-256"),
        ("secp256k1", "sha256", "SHA-256"), ("brainpoolP256r1", "sha256", "SHA-256"),
        ("brainpoolP384r1", "sha384", "SHA-384"), ("brainpoolP512r1", "sha512", "SHA-512"),
        ("brainpoolP256t1", "sha256", "SHA-256"), ("brainpoolP384t1", "sha384", "SHA-384"),
        ("brainpoolP512t1", "sha512", "SHA-512"),
    ):  # fmt: skip
        shown = digest, f"ECDSA-{digest.replace('SHA-', 'SHA')}"
        forms = ALL[:5] if digest == "SHA-256" and curve == "P-256" else SHORT
        yield from sign(program, f"{shown[1]} {curve}", curve, shown, ("-md", option), forms, needs=(curve,))
    yield from sign(program, "Ed25519", "Ed25519", ("SHA-512", "Ed25519"), ("-md", "sha512"), ALL[:5])
    yield from sign(program, "Ed448", "Ed448", ("SHAKE256", "Ed448"), ("-md", "shake256"), ONE)
    for option, digest in {"sha1": "SHA-1", "sha224": "SHA-224", "sha256": "SHA-256"}.items():
        name = f"DSA-{digest.replace('SHA-', 'SHA')}"
        yield from sign(program, name, "DSA", (digest, name), ("-md", option), SHORT, needs=("DSA",))
    for name in ("ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "SLH-DSA-SHA2-128f"):
        yield from sign(program, name, name, ("SHA-512", name), ("-md", "sha512"), ONE)


def two_signers(program: str) -> Iterator[Cell]:
    def make(shop: Workshop, *, ways: tuple[str, ...]) -> bytes:
        return run(program, "cms", "-sign", "-signer", shop.pem("RSA"), "-signer", shop.pem("P-256"), *ways)

    for form in SHORT:
        ways, door = SIGNED_FORMS[form]
        shown = (RSA, "ECDSA-SHA256")
        yield Cell(
            program, "sign", "RSA and ECDSA, two signers", form, partial(make, ways=ways), door, "RSA",
            shown, ("P-256",),
        )  # fmt: skip


# --- encryption -------------------------------------------------------------------------------------------------------

CIPHERS = {
    "aes-128-cbc": "AES-128-CBC", "aes-192-cbc": "AES-192-CBC", "aes-256-cbc": "AES-256-CBC", "des3": "DES-EDE3-CBC",
    "aes-128-gcm": "AES-128-GCM", "aes-192-gcm": "AES-192-GCM", "aes-256-gcm": "AES-256-GCM",
    "camellia-128-cbc": "Camellia-128-CBC", "camellia-192-cbc": "Camellia-192-CBC",
    "camellia-256-cbc": "Camellia-256-CBC", "des": "DES-CBC", "rc2-40": "RC2-CBC", "rc2-64": "RC2-CBC",
    "rc2-128": "RC2-CBC", "seed": "SEED-CBC", "cast5-cbc": "CAST5-CBC", "id-aes128-CCM": "AES-128-CCM",
    "id-aes256-CCM": "AES-256-CCM", "chacha20-poly1305": "ChaCha20-Poly1305", "aes-128-ecb": "AES-128-ECB",
    "aes-128-ofb": "AES-128-OFB", "aes-128-cfb": "AES-128-CFB", "rc4": "RC4",
}  # fmt: skip
OLD = {"des", "rc2-40", "rc2-64", "rc2-128", "seed", "cast5-cbc", "rc4"}
V15 = "RSAES-PKCS1-v1_5"


def seal(
    program: str,
    algorithm: str,
    key: str,
    shown: tuple[str, ...],
    options: tuple[str, ...],
    *,
    late: tuple[str, ...] = (),
    forms: tuple[str, ...] = ("DER",),
    needs: tuple[str, ...] = (),
    command: str = "cms",
) -> Iterator[Cell]:
    """`late`: options that belong to the recipient and stand behind it."""
    for form in forms:
        ways = SEALED_FORMS[form]

        def make(shop: Workshop, ways: tuple[str, ...] = ways) -> bytes:
            return run(program, command, "-encrypt", *ways, *options, *recipient(command, shop.pem(key), late))

        operation = "encrypt" if command == "cms" else f"encrypt ({command})"
        yield Cell(program, operation, algorithm, form, make, "encrypt", key, shown, needs)


def recipient(command: str, pem: Path, late: tuple[str, ...]) -> tuple[str | Path, ...]:
    return ("-recip", pem, *late) if command == "cms" else (*late, pem)


def encrypted(program: str) -> Iterator[Cell]:
    for option, cipher in CIPHERS.items():
        more = LEGACY if option in OLD else ()
        name = f"{cipher} under {V15}" + (f", {option[4:]} bits" if option.startswith("rc2") else "")
        forms = {"aes-128-cbc": tuple(SEALED_FORMS), "aes-256-gcm": ("S/MIME", "DER", "PEM")}.get(
            option, ("S/MIME", "DER")
        )
        yield from seal(program, name, "RSA", (cipher, V15), (f"-{option}", *more), forms=forms)
    for option in ("aes-128-cbc", "aes-256-cbc", "des3"):
        name = f"{CIPHERS[option]} under {V15}"
        yield from seal(
            program, name, "RSA", (CIPHERS[option], V15), (f"-{option}",), forms=("S/MIME", "DER"), command="smime"
        )
    yield from seal(program, f"AES-128-CBC under {V15}, key identifier", "RSA", (V15,), ("-aes128", "-keyid"))
    for digest in ("sha1", "sha224", "sha256", "sha384", "sha512"):
        late: tuple[str, ...] = ("-keyopt", "rsa_padding_mode:oaep", "-keyopt", f"rsa_oaep_md:{digest}")
        name = f"AES-256-CBC under RSAES-OAEP {digest.upper()}"
        yield from seal(
            program, name, "RSA", ("RSAES-OAEP",), ("-aes256",), late=late, forms=("S/MIME", "DER"),
            needs=(DIGESTS.get(digest, "SHA-256"),),
        )  # fmt: skip
    special: dict[str, tuple[str, ...]] = {
        "mask SHA-1": ("-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha1"),
        "label": ("-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_oaep_label:4142"),
    }
    for what, extra in special.items():
        late = "-keyopt", "rsa_padding_mode:oaep", *extra
        name = f"AES-256-CBC under RSAES-OAEP SHA256, {what}"
        yield from seal(program, name, "RSA", ("RSAES-OAEP",), ("-aes256",), late=late)


def agreed(program: str) -> Iterator[Cell]:
    for curve in ("P-256", "P-384", "P-521", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", "P-224",
                  "secp256k1", "brainpoolP256t1"):  # fmt: skip
        scheme = "dhSinglePass-stdDH-sha1kdf"
        forms = ("S/MIME", "DER") if curve.startswith("P-") else ("DER",)
        yield from seal(
            program, f"AES-128-CBC by {scheme} {curve}", curve, ("AES-128-CBC", scheme), ("-aes128",), forms=forms,
            needs=(curve,),
        )  # fmt: skip
    for digest, mode in itertools.product(("sha1", "sha224", "sha256", "sha384", "sha512"), ("std", "cofactor")):
        scheme = f"dhSinglePass-{mode}DH-{digest}kdf"
        late = "-keyopt", f"ecdh_kdf_md:{digest}", "-keyopt", f"ecdh_cofactor_mode:{int(mode == 'cofactor')}"
        yield from seal(program, f"AES-256-CBC by {scheme} P-256", "P-256", (scheme,), ("-aes256",), late=late)
    for wrap, name in {"aes128": "AES-128-wrap", "aes192": "AES-192-wrap", "aes256": "AES-256-wrap",
                       "des3": "3DES-wrap"}.items():  # fmt: skip
        scheme = "dhSinglePass-stdDH-sha1kdf"
        cipher = "AES-256-GCM" if wrap != "des3" else "DES-EDE3-CBC"
        options = f"-{wrap}-wrap", "-aes-256-gcm" if wrap != "des3" else "-des3"
        yield from seal(program, f"{cipher} by {scheme} P-384, {name}", "P-384", (scheme,), options, needs=(name,))
    wide = next(
        seal(program, f"AES-256-CBC by {scheme} P-384, 3DES-wrap", "P-384", (scheme,), ("-des3-wrap", "-aes256"))
    )
    yield replace(wide, gap="3DES-wrap is for keys of Triple-DES (RFC 3217 §3)")
    for cipher, name in {"des3": "DES-EDE3-CBC", "aes-128-gcm": "AES-128-GCM", "aes-192-cbc": "AES-192-CBC"}.items():
        yield from seal(program, f"{name} by ECDH P-256", "P-256", (name,), (f"-{cipher}",))
    for key in ("X25519", "X448"):
        yield from seal(program, f"AES-128-CBC to {key}", key, ("AES-128-CBC",), ("-aes128",), needs=(key,))


def nested(program: str) -> Iterator[Cell]:
    """Signed, then encrypted."""
    for key, signature in {"RSA": RSA, "P-256": "ECDSA-SHA256", "P-521": "ECDSA-SHA256"}.items():
        for cipher, name in {
            "aes-256-cbc": "AES-256-CBC",
            "aes-256-gcm": "AES-256-GCM",
            "des3": "DES-EDE3-CBC",
        }.items():
            for inner in ("clear", "opaque"):

                def make(shop: Workshop, key: str = key, cipher: str = cipher, inner: str = inner) -> bytes:
                    ways, _ = SIGNED_FORMS[f"S/MIME {inner}"]
                    signed = run(program, "cms", "-sign", "-signer", shop.pem(key), *ways)
                    return run(
                        program, "cms", "-encrypt", "-binary", f"-{cipher}", "-recip", shop.pem(key), data=signed
                    )

                shown = name, signature
                needs = () if key == "RSA" else (key,)
                algorithm = f"{signature} {key} inside {name}"
                yield Cell(
                    program, "sign+encrypt", algorithm, f"S/MIME {inner}", make, "sign+encrypt", key, shown, needs
                )


def keyless(program: str) -> Iterator[Cell]:
    """Passwords, key-encryption keys, compression, digests."""
    made: dict[str, Callable[[Workshop, tuple[str, ...]], bytes]] = {
        "password": lambda _, ways: run(program, "cms", "-encrypt", *ways, "-aes256", "-pwri_password", PASSWORD),
        "kek": lambda _, ways: run(
            program, "cms", "-encrypt", *ways, "-aes128", "-secretkey", KEK.hex(), "-secretkeyid", KEK_ID.hex()
        ),
        "compress": lambda _, ways: run(program, "cms", "-compress", *ways),
        "digest": lambda _, ways: run(program, "cms", "-digest_create", "-md", "sha256", *ways),
        "encrypted-data": lambda _, ways: run(
            program, "cms", "-EncryptedData_encrypt", *ways, "-aes128", "-secretkey", KEK[:16].hex()
        ),
    }
    names = {
        "password": ("encrypt", "AES-256-CBC under a password", ("AES-256-CBC", "PWRI-KEK"), ("PBKDF2",)),
        "kek": ("encrypt", "AES-128-CBC under AES-256-wrap", ("AES-128-CBC", "AES-256-wrap"), ()),
        "compress": ("compress", "zlib", ("zlib",), ()),
        "digest": ("digest", "SHA-256", ("SHA-256",), ()),
        "encrypted-data": ("encrypted data", "AES-128-CBC under a key", ("AES-128-CBC",), ()),
    }
    for door, make in made.items():
        operation, algorithm, shown, needs = names[door]

        for form in ("S/MIME", "DER"):
            ways = SEALED_FORMS[form]
            yield Cell(
                program, operation, algorithm, form, partial(spread, make, ways), door, "",
                shown, needs,
            )  # fmt: skip
    cell = next(
        seal(program, "AES-128-CBC under RSA and ECDH, two recipients", "P-256", ("AES-128-CBC",), ("-aes128",))
    )

    def both(shop: Workshop) -> bytes:
        ways = SEALED_FORMS["DER"]
        to = "-recip", shop.pem("RSA"), "-recip", shop.pem("P-256")
        return run(program, "cms", "-encrypt", *ways, "-aes128", *to)

    yield replace(cell, make=both)
    yield replace(cell, make=both, key="RSA", algorithm=f"{cell.algorithm}, the other's key")


def cells_of(program: str) -> list[Cell]:
    makers = signed_by_rsa, signed_by_curves, two_signers, encrypted, agreed, nested, keyless
    return [cell for maker in makers for cell in maker(program)]


def spread(make: Callable[[Workshop, tuple[str, ...]], bytes], ways: tuple[str, ...], shop: Workshop) -> bytes:
    return make(shop, ways)


def version_of(program: str) -> str:
    return " ".join(peers.need(program, program)("version").decode().split()[:2])
