"""SignerInfos whose algorithm, parameters and value are chosen one by one, for what no library would write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.support import smime_build as build
from tests.support.der import NULL, explicit, integer, octets, oid, sequence

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding

PSS, MGF1 = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"
SHA256_NULL = build.algorithm(build.SHA256, NULL)
PSS_SHA256 = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


def info(
    signer: build.Person,
    attrs: bytes,
    signature: bytes,
    *,
    named: bytes,
    digest: bytes = SHA256_NULL,
    identifier: bytes | None = None,
    version: int = 1,
) -> bytes:
    """SignerInfo (RFC 5652 §5.3) with this signature; `attrs` as SET OF; `identifier`: instead of issuer and serial."""
    tagged = b"\xa0" + attrs[1:]
    return sequence(integer(version), identifier or signer.identifier, digest, tagged, named, octets(signature))


def pss_parameters(
    *, digest: str = build.SHA256, mask: str = build.SHA256, way: str = MGF1, salt: int = 32, trailer: int | None = None
) -> bytes:
    """RSASSA-PSS-params (RFC 4055 §3.1)."""
    return sequence(
        explicit(0, build.algorithm(digest, NULL)),
        explicit(1, sequence(oid(way), build.algorithm(mask, NULL))),
        explicit(2, integer(salt)),
        b"" if trailer is None else explicit(3, integer(trailer)),
    )


def pss_signed(
    signer: build.Person,
    content: bytes,
    *,
    parameters: bytes | None = None,
    scheme: AsymmetricPadding = PSS_SHA256,
    detached: bool = False,
) -> bytes:
    """SignedData with RSASSA-PSS; `parameters`: what is named, while `scheme` is done."""
    assert isinstance(signer.key, rsa.RSAPrivateKey)
    attrs = build.signed_attrs(content)
    value = signer.key.sign(attrs, scheme, hashes.SHA256())
    named = build.algorithm(PSS, pss_parameters() if parameters is None else parameters)
    one = info(signer, attrs, value, named=named)
    return build.signed_data(None if detached else content, [one], [signer.der])
