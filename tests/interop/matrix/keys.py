"""Keys and certificates for the matrix: one mailbox, a key of each kind, all certified by one root.

Made once a run by pyca; what pyca cannot make (curves of the twisted kind) the current OpenSSL makes.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, mlkem, rsa, x448, x25519

from tests.support import peers
from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ADDRESS = "alice@example.com"

CURVES: dict[str, ec.EllipticCurve] = {
    "P-192": ec.SECP192R1(),
    "P-224": ec.SECP224R1(),
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "secp256k1": ec.SECP256K1(),
    "brainpoolP256r1": ec.BrainpoolP256R1(),
    "brainpoolP384r1": ec.BrainpoolP384R1(),
    "brainpoolP512r1": ec.BrainpoolP512R1(),
}
BY_OPENSSL = {
    "brainpoolP256t1": "EC:brainpoolP256t1",
    "brainpoolP384t1": "EC:brainpoolP384t1",
    "brainpoolP512t1": "EC:brainpoolP512t1",
    "SLH-DSA-SHA2-128f": "SLH-DSA-SHA2-128f",
    "SLH-DSA-SHAKE-128f": "SLH-DSA-SHAKE-128f",
}
# A curve's key whose certificate also allows key encipherment: gpgsm encrypts to no other.
ENCIPHERS = " and enciphers"
# A certificate that the root did not issue itself: letters have to bring its issuer along.
BELOW = " below an intermediate"
# Parameters take seconds to find: these were found once.
DSA_P = int(
    "a2e56867d4de4d272c5083c86baedf6a8f75a73f2385e0864ef83a4573c8c9152ed0010e81e461bab1ca8e0f28183896ff4b8aaf"
    "f5089c7b2d1f3c3b069a75a3556021d9aadb779efb722ce54fb6c80d8025ab998bc16de6b0c058a708b05d3c7196e7ab76f26b84"
    "dc7653e173b0423c61d9ff7ff6ca1f18093621c4c87fb941e0c2b6970556a8bdc73ab90d6bb2aae10dea4d4cc50fccb57ec50ab4"
    "84b0a61e05234fde1b0dc44f151a870b346d06b0d2cf3b25910abce70158d3c96ed38ccb766fdd64f1f8e2fe1518abc2a8fdbd00"
    "ebb6633c09d876d95b2111ebd5b761ce33a4182a1517d2f9ecc0d98b2b01e5d0b8dd637b352d6152bb9f8272f1200187",
    16,
)
DSA_Q = int("c42238a1fda95196e085dc93795d9f5a722d8c340c8483909adc36a7246e7649", 16)
DSA_G = int(
    "23d3d7ade9f8f7f471c6e9b8bb54b4b910c13d48d1295e723c71ee9809566ee51fab36e0150f628f669257c56cd5dd3f248bfe15"
    "6bc2d7576daaab8dd9fd4c9b1c9c665a2f586aa40910a896383791cd25a27999eb5c40a3469b9a05741255a163c4a782eec2ca6a"
    "5023cbc90de3d2e2782381989ecaeecd52e20a6320047eff0c61bc705ccf7d4c711424eac3a57d594462a2bd20b1a0449cf392be"
    "bf4e376d6384ad3e931c41d9b6a833510ad75b056c2a688ef032a0b260bafd696c71d4881eac1fc2f6754797ef10c3205bb872b0"
    "aa65966ec249cf5b1b4ad66562768b593e2fa31f2b25f01f5bb90cff3d6991c297d9c601a202c0f9f1062715cb5d46db",
    16,
)


def _dsa() -> dsa.DSAPrivateKey:
    return dsa.DSAParameterNumbers(DSA_P, DSA_Q, DSA_G).parameters().generate_private_key()


OTHERS: dict[str, Callable[[], Any]] = {
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "RSA-4096": lambda: rsa.generate_private_key(65537, 4096),
    "DSA": _dsa,
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
    "X25519": x25519.X25519PrivateKey.generate,
    "X448": x448.X448PrivateKey.generate,
    "ML-DSA-44": mldsa.MLDSA44PrivateKey.generate,
    "ML-DSA-65": mldsa.MLDSA65PrivateKey.generate,
    "ML-DSA-87": mldsa.MLDSA87PrivateKey.generate,
    "ML-KEM-768": mlkem.MLKEM768PrivateKey.generate,
    "ML-KEM-1024": mlkem.MLKEM1024PrivateKey.generate,
}


def _usage(kind: str) -> x509.KeyUsage:
    """What a key of that kind is for (RFC 8550 §4.4.2): keys for agreement do not sign."""
    kind, both, _ = kind.removesuffix(BELOW).partition(ENCIPHERS)
    agrees = kind in CURVES or kind in {"X25519", "X448"}
    enciphers = kind.startswith("RSA") or bool(both)
    return x509.KeyUsage(
        digital_signature=kind not in {"X25519", "X448"}, key_agreement=agrees, key_encipherment=enciphers,
        content_commitment=False, data_encipherment=False, key_cert_sign=False, crl_sign=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


@functools.cache
def intermediate() -> build.Person:
    root, key = build.root(), ec.generate_private_key(ec.SECP256R1())
    subject = "Test Intermediate"
    return build.Person("", key, build.issue(subject, key, root.certificate.subject, root.key, address=None))


@functools.cache
def person(kind: str) -> build.Person:
    """The holder of a key of that kind, the same each time."""
    plain = kind.removesuffix(BELOW).split(ENCIPHERS, maxsplit=1)[0]
    key = ec.generate_private_key(CURVES[plain]) if plain in CURVES else OTHERS[plain]()
    issuer = intermediate() if kind.endswith(BELOW) else build.root()
    certificate = build.issue(
        f"Alice {kind}", key, issuer.certificate.subject, issuer.key, address=ADDRESS, instead=[(_usage(kind), True)]
    )
    return build.Person(ADDRESS, key, certificate)


@functools.cache
def twin(kind: str) -> build.Person:
    """Another key under the name, number and key identifier of `person(kind)`: what is encrypted to it seems to be for
    that person, whose key does not open it."""
    known = person(kind).certificate
    key = ec.generate_private_key(CURVES[kind]) if kind in CURVES else OTHERS[kind]()
    builder = (
        x509.CertificateBuilder(known.issuer, known.subject, key.public_key(), known.serial_number)
        .not_valid_before(known.not_valid_before_utc)
        .not_valid_after(known.not_valid_after_utc)
    )
    for one in known.extensions:
        builder = builder.add_extension(one.value, one.critical)
    return build.Person(ADDRESS, key, builder.sign(build.root().key, hashes.SHA256()))


class Workshop:
    """A folder with the keys as files, for peers that read files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root.pem"
        self.root.write_bytes(build.root().certificate.public_bytes(serialization.Encoding.PEM))
        self.cache: dict[str, Any] = {}

    def pem(self, kind: str) -> Path:
        """Key and certificate of that kind."""
        path = self.folder / f"{kind}.pem"
        if not path.exists():
            path.write_bytes(self._by_openssl(kind) if kind in BY_OPENSSL else person(kind).pem)
        return path

    def _by_openssl(self, kind: str) -> bytes:
        openssl = peers.need("openssl36", "openssl36")
        algorithm, _, curve = BY_OPENSSL[kind].partition(":")
        named = ("-pkeyopt", f"ec_paramgen_curve:{curve}", "-pkeyopt", "ec_param_enc:named_curve") if curve else ()
        key = self.file(f"{kind}.key", openssl("genpkey", "-algorithm", algorithm, *named))
        usage = "digitalSignature, keyAgreement" if curve else "digitalSignature"
        extensions = f"keyUsage=critical,{usage}", f"subjectAltName=email:{ADDRESS}", "extendedKeyUsage=emailProtection"
        root = self.file("root.both", build.root().pem)
        certificate = openssl(
            "req", "-x509", "-new", "-key", key, "-CA", root, "-CAkey", root, "-subj", f"/CN=Alice {kind}", "-days",
            "3000", *(word for one in (*extensions, "basicConstraints=critical,CA:FALSE") for word in ("-addext", one)),
        )  # fmt: skip
        return key.read_bytes() + certificate

    def file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path
