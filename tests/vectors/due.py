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

KINDS_LATER = {"crl": "revocation lists"}

# By source and path: algorithms that are read later.
ROWS_LATER: tuple[tuple[str, str, str], ...] = (("bc-test-data", r".*/(ML-|SLH-|SignedData_ML-).*", "post-quantum"),)

DSA_KEY = "mailseal signs nothing with DSA, so its private keys are of no use: SP 800-131A forbids it"
DH_KEY = "keys of finite-field Diffie-Hellman (RFC 2631)"
# By source and path: rows that are never read, how they are refused, and why.
ROWS_REFUSED: tuple[tuple[str, str, str, str], ...] = (
    ("rfc4134", r".*PrivDSS.*", "key.unsupported", DSA_KEY),
    ("pkits", r"pkcs12/InvalidDSASignatureTest6EE\.p12", "key.unsupported", DSA_KEY),
    ("openssl", r"smime-certs/smdsa\d\.pem", "key.unsupported", DSA_KEY),
    ("mimekit", r"smime/(smdsa\d\.pem|dsa/smime\.pfx)", "key.unsupported", DSA_KEY),
    ("openssl", r"smime-certs/smdh\.pem", "key.unsupported", DH_KEY),
    ("mimekit", r"smime/smdh\.pem", "key.unsupported", DH_KEY),
    ("openssl", r"smime-certs/smec2\.pem", "key.unsupported", "a key on the binary curve K-283"),
    (
        "mimekit",
        r"smime/ec/smime\.pfx",
        "key.malformed",
        "a key with explicit curve parameters, which RFC 5480 §2.1.1 forbids: they are a way to forge (CVE-2020-0601)",
    ),
)

# PKITS tests whose path verdict needs more than signatures, validity, basic constraints and usage.
PATH_LATER = re.compile(
    r"Polic|UserNotice|nameConstraints|CRL|cRLIssuer|Revoked|revoked|SerialNumber|distributionPoint|Reasons|BasicSelfIssued|"
    r"inhibit|RequireExplicit|requireExplicit|Separate"
)


def not_due(row: Row) -> str | None:
    """Why the row is not due yet; None if it is."""
    if row.kind in KINDS_LATER:
        return KINDS_LATER[row.kind]
    for source, pattern, reason in ROWS_LATER:
        if row.source == source and re.fullmatch(pattern, row.path):
            return reason
    return None


def refused(row: Row) -> str | None:
    """The code with which the row is refused for good."""
    for source, pattern, code, _ in ROWS_REFUSED:
        if row.source == source and re.fullmatch(pattern, row.path):
            return code
    return None


def path_is_due(row: Row) -> bool:
    """Whether the path verdict of a PKITS mail can be given without policies, name constraints and revocation."""
    return PATH_LATER.search(row.path) is None
