"""Object identifiers and ready-made AlgorithmIdentifiers, as the RFCs that the comments name write them."""

from __future__ import annotations

from benches.corpus.ber import NULL, algorithm, explicit, integer, seq

# Content types (RFC 5652, RFC 5083)
DATA = "1.2.840.113549.1.7.1"
SIGNED = "1.2.840.113549.1.7.2"
ENVELOPED = "1.2.840.113549.1.7.3"
AUTH_ENVELOPED = "1.2.840.113549.1.9.16.1.23"

# Attributes (RFC 5652 §11, RFC 8551 §2.5.2)
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
CAPABILITIES = "1.2.840.113549.1.9.15"

DIGESTS = {
    "sha1": "1.3.14.3.2.26",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
RSA = "1.2.840.113549.1.1.1"
RSA_WITH = {"sha1": "1.2.840.113549.1.1.5", "sha256": "1.2.840.113549.1.1.11"}
RSA_PSS = "1.2.840.113549.1.1.10"
RSA_OAEP = "1.2.840.113549.1.1.7"
MGF1 = "1.2.840.113549.1.1.8"
ECDSA_WITH = {"sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3"}
EC_KEY = "1.2.840.10045.2.1"
CURVES = {"p256": "1.2.840.10045.3.1.7", "p384": "1.3.132.0.34"}
ED25519 = "1.3.101.112"
X25519 = "1.3.101.110"

# Key agreement (RFC 5753, RFC 8418) and wrap (RFC 3565)
ECDH_X963 = {"sha256": "1.3.132.1.11.1", "sha384": "1.3.132.1.11.2"}
ECDH_HKDF_SHA256 = "1.2.840.113549.1.9.16.3.19"
WRAPS = {16: "2.16.840.1.101.3.4.1.5", 32: "2.16.840.1.101.3.4.1.45"}

# Content encryption: name -> (OID, key size, block cipher?)
CIPHERS = {
    "aes128-cbc": ("2.16.840.1.101.3.4.1.2", 16),
    "aes256-cbc": ("2.16.840.1.101.3.4.1.42", 32),
    "aes128-gcm": ("2.16.840.1.101.3.4.1.6", 16),
    "aes256-gcm": ("2.16.840.1.101.3.4.1.46", 32),
    "3des-cbc": ("1.2.840.113549.3.7", 24),
}

# PKCS#5 and PKCS#12
PBES2 = "1.2.840.113549.1.5.13"
PBKDF2 = "1.2.840.113549.1.5.12"
HMAC_SHA256 = "1.2.840.113549.2.9"
PBE_SHA1_3DES = "1.2.840.113549.1.12.1.3"
KEY_BAG = "1.2.840.113549.1.12.10.1.2"
CERT_BAG = "1.2.840.113549.1.12.10.1.3"
X509_CERTIFICATE = "1.2.840.113549.1.9.22.1"
ENCRYPTED_DATA = "1.2.840.113549.1.7.6"
LOCAL_KEY_ID = "1.2.840.113549.1.9.21"
FRIENDLY_NAME = "1.2.840.113549.1.9.20"


def digest(name: str) -> bytes:
    """Digest AlgorithmIdentifier, parameters absent (RFC 5754 §2); SHA-1 with NULL, as old agents wrote it."""
    return algorithm(DIGESTS[name], NULL) if name == "sha1" else algorithm(DIGESTS[name])


def mgf(name: str) -> bytes:
    return algorithm(MGF1, algorithm(DIGESTS[name], NULL))


def pss(name: str, salt_length: int) -> bytes:
    """RSASSA-PSS-params (RFC 4055 §3.1)."""
    hashed = explicit(0, algorithm(DIGESTS[name], NULL))
    return algorithm(RSA_PSS, seq(hashed, explicit(1, mgf(name)), explicit(2, integer(salt_length))))


def oaep(name: str) -> bytes:
    """RSAES-OAEP-params (RFC 4055 §4.1); SHA-1 is the default and so absent."""
    if name == "sha1":
        return algorithm(RSA_OAEP, seq())
    return algorithm(RSA_OAEP, seq(explicit(0, algorithm(DIGESTS[name], NULL)), explicit(1, mgf(name))))
