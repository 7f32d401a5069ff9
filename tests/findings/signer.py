"""Signers and addresses (RFC 5652 §5, §11; RFC 8550 §3)."""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.findings.cases import ALICE, BOB, alices, codes, opaque, opened, policy, provokes, signed_by
from tests.support import smime_build as build
from tests.support.der import NULL, explicit, integer, octets, oid, sequence, set_of, tlv

SHA1 = "1.3.14.3.2.26"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"


def signed(**options: object) -> bytes:
    """Alice's opaque mail with one SignerInfo made as `options` say."""
    info = build.signer_info(ALICE, build.TEXT, **options)  # type: ignore[arg-type]
    return opaque(build.signed_data(build.TEXT, [info], [ALICE.der]))


def digest_attribute() -> bytes:
    return build.attribute(MESSAGE_DIGEST, octets(hashlib.sha256(build.TEXT).digest()))


@provokes("signer.digest-mismatch")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE).replace(b"quarterly", b"quarterlY"))


@provokes("signer.signature-mismatch")
def _() -> list[str]:
    forged = build.Person(ALICE.address, BOB.key, ALICE.certificate)
    return codes(build.signed_mail(forged))


@provokes("signer.none")
def _() -> list[str]:
    return codes(opaque(build.signed_data(build.TEXT, [], [])))


@provokes("signer.ambiguous-content")
def _() -> list[str]:
    attrs = build.signed_attrs(build.TEXT)
    info = build.signer_info(ALICE, attrs, attributes=False)
    return codes(opaque(build.signed_data(attrs, [info], [ALICE.der])))


@provokes("signer.econtent-in-detached")
def _() -> list[str]:
    return codes(build.headers() + build.clear_signed(build.TEXT, build.signed(build.TEXT, ALICE)))


@provokes("signer.attribute-missing")
def _() -> list[str]:
    content_type = build.attribute(CONTENT_TYPE, oid(build.DATA))
    return codes(signed(attrs=set_of(content_type)))


@provokes("signer.unreadable")
def _() -> list[str]:
    """A signer cannot be lost by making its version unknown: the verdict is not that of the other signer alone."""
    info = build.signer_info(ALICE, build.TEXT)
    strange = sequence(integer(7), octets(b"a form that is not known"))
    mail = opaque(build.signed_data(build.TEXT, [info, strange], [ALICE.der]))
    assert opened(mail).verdict.status == "INDETERMINATE"
    assert len(opened(mail).signers) == 2
    return codes(mail)


@provokes("signer.content-type-absent")
def _() -> list[str]:
    """As GnuPG wrote in 2002; where the policy demands it, it is missing."""
    mail = signed(attrs=set_of(digest_attribute()))
    assert "signer.attribute-missing" in codes(mail, policy("default"))
    return codes(mail, policy("archive"))


@provokes("signer.countersigned")
def _() -> list[str]:
    return codes(signed(unsigned=lambda value: [build.countersignature(ALICE, value)]))


@provokes("signer.countersignature-invalid")
def _() -> list[str]:
    return codes(signed(unsigned=lambda value: [build.countersignature(ALICE, value + b"!")]))


@provokes("signer.countersignature-unchecked")
def _() -> list[str]:
    return codes(signed(unsigned=lambda value: [build.countersignature(BOB, value)]))


@provokes("cms.content-not-octets")
def _() -> list[str]:
    """PKCS#7 1.5: the content is a SEQUENCE; what was signed are its value octets."""
    info = build.signer_info(ALICE, build.TEXT)
    cms = build.signed_data(build.TEXT, [info], [ALICE.der], e_content=sequence(build.TEXT))
    (signer,) = opened(opaque(cms)).signers
    assert signer.integrity == "OK"
    return codes(opaque(cms))


@provokes("signer.attribute-repeated")
def _() -> list[str]:
    content_type = build.attribute(CONTENT_TYPE, oid(build.DATA))
    return codes(signed(attrs=set_of(content_type, content_type, digest_attribute())))


@provokes("signer.attribute-malformed")
def _() -> list[str]:
    return codes(signed(attrs=set_of(build.attribute(CONTENT_TYPE, NULL), digest_attribute())))


@provokes("signer.content-type-mismatch")
def _() -> list[str]:
    return codes(signed(attrs=build.signed_attrs(build.TEXT, build.ENVELOPED)))


@provokes("signer.algorithm-inconsistent")
def _() -> list[str]:
    return codes(signed(signature_algorithm=build.algorithm("1.2.840.113549.1.1.13", NULL)))


@provokes("signer.algorithm-unsupported")
def _() -> list[str]:
    return codes(signed(signature_algorithm=build.algorithm("1.2.3.4.5")))


@provokes("signer.certificate-mismatch")
def _() -> list[str]:
    other = sequence(sequence(sequence(octets(hashlib.sha256(BOB.der).digest()))))
    return codes(signed(extra=[build.attribute(SIGNING_CERTIFICATE_V2, other)]))


@provokes("signer.certificate-missing")
def _() -> list[str]:
    return codes(opaque(build.signed_data(build.TEXT, [build.signer_info(ALICE, build.TEXT)], [])))


def usage(**bits: bool) -> x509.KeyUsage:
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    names += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{name: bits.get(name, False) for name in names})


@provokes("signer.key-usage")
def _() -> list[str]:
    return codes(signed_by(alices(instead=[(usage(key_encipherment=True), True)])))


@provokes("signer.extended-key-usage")
def _() -> list[str]:
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return codes(signed_by(alices(instead=[(server, False)])))


@provokes("signer.key-weak")
def _() -> list[str]:
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505
    certificate = build.issue(
        "Alice", key, build.root().certificate.subject, build.root().key, address="alice@example.com"
    )
    return codes(signed_by(certificate, key=key))


def with_sha1() -> bytes:
    """Honest, but both digests are SHA-1."""
    digest = build.attribute(MESSAGE_DIGEST, octets(hashlib.sha1(build.TEXT, usedforsecurity=False).digest()))
    attrs = set_of(build.attribute(CONTENT_TYPE, oid(build.DATA)), digest)
    assert isinstance(ALICE.key, rsa.RSAPrivateKey)
    signature = ALICE.key.sign(attrs, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    sha1, encryption = build.algorithm(SHA1, NULL), build.algorithm(build.RSA, NULL)
    info = sequence(integer(1), ALICE.identifier, sha1, b"\xa0" + attrs[1:], encryption, octets(signature))
    return opaque(build.signed_data(build.TEXT, [info], [ALICE.der], digests=[sha1]))


@provokes("signer.digest-weak")
def _() -> list[str]:
    return codes(with_sha1(), policy("archive"))


@provokes("signer.algorithm-forbidden")
def _() -> list[str]:
    return codes(with_sha1(), policy("strict"))


@provokes("signer.algorithm-weak")
def _() -> list[str]:
    return codes(signed(signature_algorithm=build.algorithm("1.2.840.113549.1.1.5", NULL)), policy("archive"))


@provokes("signer.signed-attrs-absent")
def _() -> list[str]:
    return codes(signed(attributes=False))


@provokes("signer.signed-attrs-required")
def _() -> list[str]:
    return codes(signed(attributes=False), policy("strict"))


@provokes("signer.signed-attrs-not-der")
def _() -> list[str]:
    """Signed in the order of DER, sent in the other one."""
    parts = [build.attribute(CONTENT_TYPE, oid(build.DATA)), digest_attribute()]
    der = set_of(*parts)
    info = build.signer_info(ALICE, build.TEXT, attrs=der)
    sent = tlv(0x31, *sorted(parts, reverse=True))
    assert sent != der
    info = info.replace(b"\xa0" + der[1:], b"\xa0" + sent[1:])
    return codes(opaque(build.signed_data(build.TEXT, [info], [ALICE.der])))


@provokes("signer.digest-not-listed")
def _() -> list[str]:
    info = build.signer_info(ALICE, build.TEXT)
    return codes(opaque(build.signed_data(build.TEXT, [info], [ALICE.der], digests=[])))


@provokes("signer.pss-mask")
def _() -> list[str]:
    """SHA-256 over the message, MGF1 with SHA-1: the defaults of old toolkits."""
    assert isinstance(ALICE.key, rsa.RSAPrivateKey)
    attrs = build.signed_attrs(build.TEXT)
    scheme = padding.PSS(padding.MGF1(hashes.SHA1()), 32)  # noqa: S303
    signature = ALICE.key.sign(attrs, scheme, hashes.SHA256())
    mask = sequence(oid("1.2.840.113549.1.1.8"), build.algorithm(SHA1, NULL))
    parameters = sequence(explicit(0, build.algorithm(build.SHA256, NULL)), explicit(1, mask), explicit(2, integer(32)))
    pss, sha256 = build.algorithm("1.2.840.113549.1.1.10", parameters), build.algorithm(build.SHA256, NULL)
    info = sequence(integer(1), ALICE.identifier, sha256, b"\xa0" + attrs[1:], pss, octets(signature))
    found = opened(opaque(build.signed_data(build.TEXT, [info], [ALICE.der])))
    assert found.verdict.is_valid
    return [finding.code for finding in found.verdict.findings]


@provokes("signer.missing")
def _() -> list[str]:
    """One signer is enough by policy; the other's signature is wrong."""
    forged = build.Person(BOB.address, ALICE.key, BOB.certificate)
    infos = [build.signer_info(ALICE, build.TEXT), build.signer_info(forged, build.TEXT)]
    mail = opaque(build.signed_data(build.TEXT, infos, [ALICE.der, BOB.der]))
    found = opened(mail, policy(required_signers="any"))
    assert found.verdict.is_valid
    return [finding.code for finding in found.verdict.findings]


@provokes("address.mismatch")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE, sender="mallory@example.com"))


@provokes("address.mismatch-reported")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE, sender="list@example.com"), policy("archive"))


@provokes("address.several-from")
def _() -> list[str]:
    return codes(b"From: mallory@example.com\r\n" + build.signed_mail(ALICE))


@provokes("address.case-differs")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE, sender="Alice@example.com"))


@provokes("address.sender-matches")
def _() -> list[str]:
    return codes(b"Sender: alice@example.com\r\n" + build.signed_mail(ALICE, sender="board@example.com"))


@provokes("address.none-in-certificate")
def _() -> list[str]:
    no_mailbox = x509.SubjectAlternativeName([x509.DNSName("example.com")])
    return codes(signed_by(alices(instead=[(no_mailbox, False)])))


@provokes("address.no-from")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE).partition(b"\r\n")[2])


@provokes("address.malformed")
def _() -> list[str]:
    return codes(b"Cc: <<a@@b\r\n" + build.headers() + build.TEXT)


@provokes("revocation.required")
def _() -> list[str]:
    return codes(build.signed_mail(ALICE), policy(revocation="require"))
