"""What peers are known to refuse: a peer that refuses more, or less, than this fails the run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.interop.matrix.cells import Cell
    from tests.interop.matrix.letters import Letter

# By peer: a pattern of "operation | algorithm | form", and one of the peer's own words.
BOTH_OPENSSL = {
    r"SHAKE256": r"digest not allowed",
    r"-CCM under": r"unsupported cipher",
    r"ChaCha20": r"unsupported content encryption algorithm",
}
BOTH_NSS = {
    r"SHA-224": r"-H requires one of",
    r"MD5": r"failed to (encode data: SEC_ERROR_SIGNATURE_ALGORITHM_DISABLED|add data to encoder)",
    r"Ed25519": r"pk12util: PKCS12",
}
REFUSALS = {
    "openssl": BOTH_OPENSSL
    | {
        r"ECDSA-SHA3-": r"unsupported signature algorithm",
        r"Ed25519 \| BER": r"illegal zero content",
        r"Ed25519|Ed448": r"invalid digest",
        r"ML-DSA|SLH-DSA": r"Could not read signing key",
        r"to X25519|to X448": r"operation not supported for this keytype",
        r"zlib": r"unsupported compression algorithm",
    },
    "openssl36": BOTH_OPENSSL | {r"to X25519|to X448": r"output buffer too small"},
    "nss": BOTH_NSS | {r"encrypt \| .*P-(256|384|521)": r"SEC_ERROR_INVALID_ALGORITHM"},
    "thunderbird-nss": BOTH_NSS,
    "gpgsm": {
        r"(CAST5|RC2|[^E]DES|\| DES)-CBC under": r"selected cipher algorithm is invalid",
        r"for agreement alone": r"Wrong key usage",
        r"by ECDH": r"Invalid S-expression",
    },
    "bouncycastle": {
        r"RC2-wrap|wrap-pad": r"unknown algorithm encountered",
        r"sha256kdf X25519": r"can't identify EC private key",
    },
    "pyca": {
        r"SHA-1|SHA3-": r"hash_algorithm must be one of",
        r"Ed25519": r"Only RSA & EC keys",
        r"to P-256": r"Only RSA keys",
    },
    "m2crypto": {
        r"Ed25519": r"signing not supported for this key type",
        r"\| (DES|CAST5)-CBC": r"unsupported",
        r"to P-256": r"encryption not supported for this key type",
    },
}


# As above, of letters that the peer opens; the first pattern that fits, as the peer meets its limits in that order.
NO_AEAD = {r"GCM|ChaCha20": r"SEC_ERROR_UNRECOGNIZED_OID"}
OPENING: dict[str, dict[str, str]] = {
    "openssl": {
        r"^triple.*Ed25519": r"invalid digest",
        r"X25519": r"no matching recipient",
        r"ChaCha20": r"unknown cipher",
        r"Ed25519": r"invalid digest",
    },
    "openssl36": {r"X25519": r"missing key", r"ChaCha20": r"unknown cipher"},
    "nss": {
        r"^triple.*Ed25519": r"SEC_ERROR_PKCS7_BAD_SIGNATURE",
        r"X25519": r"pk12util: PKCS12",
        **NO_AEAD,
        r"RSAES-OAEP": r"SEC_ERROR_UNSUPPORTED_KEYALG",
        r"stdDH": r"SEC_ERROR_BAD_DER",
        r"Ed25519": r"SEC_ERROR_PKCS7_BAD_SIGNATURE",
    },
    "thunderbird-nss": {
        r"^triple.*Ed25519": r"SEC_ERROR_INVALID_KEY",
        r"X25519": r"pk12util: PKCS12",
        **NO_AEAD,
        r"Ed25519": r"SEC_ERROR_INVALID_KEY",
    },
    "gpgsm": {
        r"^triple.*Ed25519|^sign \|.*P-521": r"DSA requires the hash length",
        r"X25519": r"error parsing or decrypting the PKCS#12",
        r"stdDH": r"import of the key: signal Segmentation fault",
        r"ChaCha20": r"Unsupported algorithm",
        r"GCM": r"Buffer too short",
        r"RSAES-OAEP": r"No secret key",
        r"Ed25519": r"DSA requires the hash length",
    },
    "bouncycastle": {},
    "m2crypto": {
        r"^triple.*Ed25519": r"operation not supported for this keytype",
        r"^triple.*PSS": r"invalid padding",
        r"GCM|ChaCha20": r"wrong content type",
        r"stdDH|P-256, with": r"asn1 parse error",
        r"PSS": r"invalid padding",
        r"Ed25519": r"operation not supported for this keytype",
    },
    "pyca": {
        r"CBC for RSA and P-256, with the key of RSA": r"UnexpectedTag",
        r"stdDH|key of P-256": r"Only certificate with RSA public keys",
        r"GCM|ChaCha20": r"not an EnvelopedData",
        r"RSAES-OAEP": r"Only RSA with PKCS #1 v1.5",
    },
}


def first(refusals: Mapping[str, str], row: tuple[str, str, str]) -> str | None:
    text = " | ".join(row)
    return next((words for pattern, words in refusals.items() if re.search(pattern, text)), None)


def known(cell: Cell) -> str | None:
    """A pattern of the words with which the peer refuses to make this cell; None if it makes it."""
    return first(REFUSALS[cell.peer], cell.row)


def known_of(peer: str, letter: Letter) -> str | None:
    """As `known`, of a letter that the peer opens."""
    return first(OPENING[peer], letter.row)
