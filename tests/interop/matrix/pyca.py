"""What pyca/cryptography's module pkcs7 makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cryptography
from cryptography.hazmat.backends.openssl import backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import pkcs7

from tests.interop.matrix.cells import ENTITY, Cell, RefusedError
from tests.interop.matrix.keys import person
from tests.interop.matrix.openssl import RSA, V15

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.interop.matrix.keys import Workshop

NAME = "pyca"
DER, PEM, SMIME = serialization.Encoding.DER, serialization.Encoding.PEM, serialization.Encoding.SMIME
DETACHED, BINARY = pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary
TWICE = "S/MIME clear and opaque at once"
FORMS: dict[str, tuple[Any, list[pkcs7.PKCS7Options], str]] = {
    "S/MIME clear": (SMIME, [DETACHED, BINARY], "sign"),
    # Never opaque: without DetachedSignature it writes the content a second time, into the signature.
    TWICE: (SMIME, [BINARY], "sign"),
    "DER": (DER, [BINARY], "sign"),
    "DER detached": (DER, [DETACHED, BINARY], "detached"),
    "PEM": (PEM, [BINARY], "sign"),
}
DIGESTS: dict[str, Any] = {
    "SHA-1": hashes.SHA1(), "SHA-224": hashes.SHA224(), "SHA-256": hashes.SHA256(), "SHA-384": hashes.SHA384(),  # noqa: S303
    "SHA-512": hashes.SHA512(), "SHA3-256": hashes.SHA3_256(),
}  # fmt: skip


GAPS = {TWICE: "content of its own in a detached signature (RFC 8551 §3.5.3.1)"}


def refusing(make: Callable[[], bytes]) -> bytes:
    try:
        return make()
    except (TypeError, ValueError, cryptography.exceptions.UnsupportedAlgorithm) as error:
        raise RefusedError(f"{type(error).__name__}: {error}") from error


def sign(
    name: str, key: str, digest: str, shown: tuple[str, ...], needs: tuple[str, ...] = (), pad: Any = None,
    forms: tuple[str, ...] = ("S/MIME clear", "DER"), more: tuple[pkcs7.PKCS7Options, ...] = (),
) -> Iterator[Cell]:  # fmt: skip
    for form in forms:
        encoding, options, door = FORMS[form]

        def make(_: Workshop, encoding: Any = encoding, options: list[pkcs7.PKCS7Options] = options) -> bytes:
            who: Any = person(key)
            builder = pkcs7.PKCS7SignatureBuilder().set_data(ENTITY)
            return refusing(
                lambda: builder.add_signer(who.certificate, who.key, DIGESTS[digest], rsa_padding=pad).sign(
                    encoding, [*options, *more]
                )
            )

        yield Cell(NAME, "sign", name, form, make, door, key, shown, needs, GAPS.get(form, ""))


def signed() -> Iterator[Cell]:
    for digest, function in DIGESTS.items():
        forms = tuple(FORMS) if digest == "SHA-256" else ("S/MIME clear", "DER")
        yield from sign(f"{RSA} {digest}", "RSA", digest, (digest, RSA), forms=forms)
        pss = padding.PSS(padding.MGF1(function), padding.PSS.DIGEST_LENGTH)
        yield from sign(f"RSASSA-PSS {digest}", "RSA", digest, (digest, "RSASSA-PSS"), pad=pss)
        if digest != "SHA-1":
            name = f"ECDSA-{digest.replace('SHA-', 'SHA')}"
            yield from sign(f"{name} P-256", "P-256", digest, (digest, name), ("P-256",))
    for curve, digest in {"P-384": "SHA-384", "P-521": "SHA-512", "brainpoolP256r1": "SHA-256", "P-224": "SHA-256",
                          "secp256k1": "SHA-256"}.items():  # fmt: skip
        name = f"ECDSA-{digest.replace('SHA-', 'SHA')}"
        yield from sign(f"{name} {curve}", curve, digest, (digest, name), (curve,))
    for option in (pkcs7.PKCS7Options.NoCapabilities, pkcs7.PKCS7Options.NoAttributes):
        name = f"{RSA} SHA-256, {option.name}"
        yield from sign(name, "RSA", "SHA-256", ("SHA-256",), forms=("DER", "S/MIME clear"), more=(option,))
    yield from sign("Ed25519", "Ed25519", "SHA-512", ("Ed25519",), forms=("DER",))


def encrypted() -> Iterator[Cell]:
    ciphers: dict[str, Any] = {"AES-128-CBC": algorithms.AES128, "AES-256-CBC": algorithms.AES256}
    for cipher, kind in ciphers.items():
        for key in ("RSA", "RSA-4096", "P-256"):
            for form, encoding in {"S/MIME": SMIME, "DER": DER, "PEM": PEM}.items():

                def make(_: Workshop, key: str = key, encoding: Any = encoding, kind: Any = kind) -> bytes:
                    return refusing(
                        lambda: (
                            pkcs7.PKCS7EnvelopeBuilder()
                            .set_data(ENTITY)
                            .add_recipient(person(key).certificate)
                            .set_content_encryption_algorithm(kind)
                            .encrypt(encoding, [BINARY])
                        )
                    )

                name = f"{cipher} to {key}" if key != "RSA" else f"{cipher} under {V15}"
                yield Cell(NAME, "encrypt", name, form, make, "encrypt", key, (cipher, V15), ())


def nested() -> Iterator[Cell]:
    for form in ("S/MIME clear", TWICE):

        def make(_: Workshop, options: list[pkcs7.PKCS7Options] = FORMS[form][1]) -> bytes:
            who: Any = person("RSA")
            signer = pkcs7.PKCS7SignatureBuilder().set_data(ENTITY)
            inner = signer.add_signer(who.certificate, who.key, hashes.SHA256()).sign(SMIME, options)
            sealer = pkcs7.PKCS7EnvelopeBuilder().set_data(inner).add_recipient(who.certificate)
            return sealer.encrypt(SMIME, [BINARY])

        shown = RSA, "AES-128-CBC"
        yield Cell(
            NAME,
            "sign+encrypt",
            f"{RSA} inside AES-128-CBC",
            form,
            make,
            "sign+encrypt",
            "RSA",
            shown,
            (),
            GAPS.get(form, ""),
        )


def cells() -> list[Cell]:
    return [*signed(), *encrypted(), *nested()]


def version() -> str:
    return f"cryptography {cryptography.__version__} with {backend.openssl_version_text().rsplit(' ', 3)[0]}"
