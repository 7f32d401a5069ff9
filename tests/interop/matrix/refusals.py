"""What peers are known to refuse: a peer that refuses more, or less, than this fails the run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.interop.matrix.cells import Cell

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


def known(cell: Cell) -> str | None:
    """A pattern of the words with which the peer refuses this cell; None if it makes it."""
    row = " | ".join(cell.row)
    found = (words for pattern, words in REFUSALS[cell.peer].items() if re.search(pattern, row))
    return next(found, None)
