"""Which rows of the test data are due now, and why the others are not yet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.vectors.load import Row

SOURCES = (
    "rfc4134",
    "rfc9216",
    "rfc9788",
    "pkits",
    "openssl",
    "mimekit",
    "autocrypt-protected-headers",
    "bc-java",
    "bc-test-data",
    "gnupg",
    "pyca-pkcs7",
    "rustcrypto-cms",
    "zlint-smime",
)

KINDS_LATER = {
    "crl": "revocation lists",
    "encrypted": "EncryptedData",
    "data": "bare data content",
    "other": "no S/MIME object",
    "der": "bare ASN.1",
}

# By source and path: algorithms that are read later.
ROWS_LATER: tuple[tuple[str, str, str], ...] = (
    ("rfc4134", r"4\.([134679]|10)\.bin|4\.[89]\.eml", "DSA signature"),
    ("rfc4134", r".*PrivDSS.*", "DSA key"),
    ("openssl", r"pkcs7-1\.pem|.*pkcs7-md4\.pem", "MD2, MD4"),
    ("openssl", r"smime-certs/sm(dh|dsa.*)\.pem", "DSA and DH keys"),
    ("mimekit", r"smime/sm(dh|dsa.*)\.pem|smime/dsa/.*", "DSA and DH keys"),
    ("openssl", r"smime-certs/smec2\.pem", "key on the binary curve K-283"),
    ("mimekit", r"smime/ec/smime\.pfx", "key with explicit curve parameters, which RFC 5480 §2.1.1 forbids"),
    ("bc-test-data", r".*/(ML-|SLH-|SignedData_ML-).*", "post-quantum"),
    ("zlint-smime", r".*", "rules of certificate authorities, which a linter judges"),
    ("pkits", r"(smime|pkcs12)/.*DSA.*", "DSA"),
)

# PKITS tests whose path verdict needs more than signatures, validity, basic constraints and usage.
PATH_LATER = re.compile(
    r"Polic|UserNotice|nameConstraints|CRL|cRLIssuer|Revoked|revoked|SerialNumber|distributionPoint|Reasons|BasicSelfIssued|"
    r"DSA|inhibit|RequireExplicit|requireExplicit|Separate"
)


def not_due(row: Row) -> str | None:
    """Why the row is not due yet; None if it is."""
    if row.kind in KINDS_LATER:
        return KINDS_LATER[row.kind]
    for source, pattern, reason in ROWS_LATER:
        if row.source == source and re.fullmatch(pattern, row.path):
            return reason
    return None


def path_is_due(row: Row) -> bool:
    """Whether the path verdict of a PKITS mail can be given without policies, name constraints and revocation."""
    return PATH_LATER.search(row.path) is None
