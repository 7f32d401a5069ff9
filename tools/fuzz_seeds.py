"""Seeds for the fuzz targets, made by pyca and the tests' own builders: `python tools/fuzz_seeds.py DIR [--keys]`.

Keys and certificates are those of rust/fuzz/keys (throw-away; `--keys` makes them anew); every content-encryption key
is sixteen or thirty-two octets 0x11, so that the target `open` reaches what lies behind a key.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.serialization import pkcs12  # noqa: E402

from tests.support import smime_build as build  # noqa: E402

KEYS = ROOT / "rust" / "fuzz" / "keys"
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
CEK16, CEK32 = b"\x11" * 16, b"\x11" * 32


def make_keys() -> None:
    KEYS.mkdir(parents=True, exist_ok=True)
    people = [build.person("alice@example.com"), build.person("bob@example.com"), build.person("eve@example.com", "ec")]
    (KEYS / "identities.pem").write_bytes(b"".join(person.pem for person in people))
    (KEYS / "root.pem").write_bytes(build.root().certificate.public_bytes(PEM))


def address_of(certificate: x509.Certificate) -> str:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.RFC822Name)[0]


def people() -> list[build.Person]:
    pem = (KEYS / "identities.pem").read_bytes()
    blocks = [b"-----BEGIN PRIVATE" + part for part in pem.split(b"-----BEGIN PRIVATE")[1:]]
    found = []
    for block in blocks:
        key = serialization.load_pem_private_key(block, None)
        certificate = x509.load_pem_x509_certificate(block[block.index(b"-----BEGIN CERT") :])
        found.append(build.Person(address_of(certificate), key, certificate))  # type: ignore[arg-type]
    return found


def cms_seeds(alice: build.Person, bob: build.Person, eve: build.Person) -> dict[str, bytes]:
    attached = build.signed(build.TEXT, alice)
    return {
        "signed": attached,
        "signed-two": build.signed(build.TEXT, alice, eve),
        "signed-noattr": build.signed(build.TEXT, alice, attributes=False),
        "detached": build.signed(build.TEXT, alice, detached=True),
        "certs-only": build.signed_data(None, [], [alice.der, bob.der]),
        "cbc": build.enveloped(build.TEXT, bob, cek=CEK16),
        "cbc-256": build.enveloped(build.TEXT, bob, alice, cek=CEK32),
        "gcm": build.auth_enveloped(build.TEXT, bob, cek=CEK16),
        "gcm-256": build.auth_enveloped(build.TEXT, bob, cek=CEK32),
    }


def mail_seeds(alice: build.Person, bob: build.Person, cms: dict[str, bytes]) -> dict[str, bytes]:
    inner = build.clear_signed(build.TEXT, build.signed(build.TEXT, alice, detached=True))
    both = build.enveloped(inner, bob, cek=CEK16)
    triple = build.part(build.signed(build.part(both), alice), "signed-data")
    mail = {name: build.headers() + build.part(data) for name, data in cms.items()}
    return mail | {
        "clear": build.signed_mail(alice),
        "signed-in-encrypted": build.headers() + build.part(both),
        "triple": build.headers() + triple,
        "mixed": build.headers() + build.mixed(inner, build.TEXT, build.part(cms["cbc"])),
        "forwarded": build.headers()
        + build.mixed(build.TEXT, b"Content-Type: message/rfc822\r\n\r\n" + build.signed_mail(alice)),
        "plain": build.headers(extra=b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nTo: a@b.example, g: c@d.example;\r\n")
        + build.TEXT,
    }


def key_seeds(alice: build.Person, bob: build.Person, eve: build.Person) -> dict[str, bytes]:
    seeds = {}
    for person in (alice, eve):
        name = person.address.split("@")[0]
        for kind, algorithm in (
            ("aes", pkcs12.PBES.PBESv2SHA256AndAES256CBC),
            ("3des", pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC),
        ):
            encryption = (
                serialization.PrivateFormat.PKCS12.encryption_builder()
                .kdf_rounds(1000)
                .key_cert_algorithm(algorithm)
                .build(b"secret")
            )
            seeds[f"{name}-{kind}.p12"] = pkcs12.serialize_key_and_certificates(
                b"a name", person.key, person.certificate, [bob.certificate], encryption
            )
        seeds[f"{name}.pem"] = person.pem
        for kind, form in (
            ("pkcs8", serialization.PrivateFormat.PKCS8),
            ("traditional", serialization.PrivateFormat.TraditionalOpenSSL),
        ):
            seeds[f"{name}-{kind}.der"] = person.key.private_bytes(DER, form, serialization.NoEncryption())
    return seeds


def write(folder: Path, seeds: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (folder / name).write_bytes(data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--keys", action="store_true")
    arguments = parser.parse_args()
    if arguments.keys:
        make_keys()
    alice, bob, eve = people()
    cms = cms_seeds(alice, bob, eve)
    certificates = {person.address: person.der for person in (alice, bob, eve)}
    root = x509.load_pem_x509_certificate((KEYS / "root.pem").read_bytes()).public_bytes(DER)
    mail = mail_seeds(alice, bob, cms)
    write(arguments.out / "cms", cms)
    write(arguments.out / "open", mail)
    write(arguments.out / "mime", mail)
    write(arguments.out / "certificate", certificates | {"root": root, "bundle": cms["certs-only"]})
    write(arguments.out / "pkcs12", key_seeds(alice, bob, eve))
    write(arguments.out / "asn1", cms | certificates)


if __name__ == "__main__":
    main()
