"""Mail made by OpenSSL's command: the ways to encrypt, and the matrix of ways to sign."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import mailseal
import pytest

from tests.support import smime_build as build

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.peers import Command

CONTENT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9fe aus dem Archiv.\r\n" * 3

LEGACY = ("-provider", "legacy", "-provider", "default")
# Name, recipients, options.
ENCRYPTED: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("cbc-128", ("rsa",), ("-aes128",)),
    ("ber-stream", ("rsa",), ("-aes128", "-stream")),
    ("3des", ("rsa",), ("-des3",)),
    ("3des-ec", ("ec",), ("-des3",)),
    ("des", ("rsa",), ("-des", *LEGACY)),
    ("rc2-40", ("rsa",), ("-rc2-40", *LEGACY)),
    ("rc2-64", ("rsa",), ("-rc2-64", *LEGACY)),
    ("rc2-128", ("rsa",), ("-rc2-128", *LEGACY)),
    ("aes-192", ("rsa",), ("-aes192",)),
    ("oaep", ("rsa",), ("-aes128", "OAEP")),
    ("gcm", ("rsa",), ("-aes-256-gcm",)),
    ("keyid", ("rsa",), ("-aes128", "-keyid")),
    ("rsa-and-ec", ("rsa", "ec"), ("-aes128",)),
    ("ec", ("ec",), ("-aes128",)),
)


def people(tmp_path: Path, kinds: tuple[str, ...]) -> dict[str, build.Person]:
    made = {kind: build.person(f"bob-{kind}@example.com", kind) for kind in kinds}
    for kind, person in made.items():
        (tmp_path / f"{kind}.pem").write_bytes(person.pem)
    return made


def encrypt(openssl: Command, tmp_path: Path, kinds: tuple[str, ...], options: tuple[str, ...], form: str) -> bytes:
    arguments: list[str | Path] = ["cms", "-encrypt", "-binary", "-outform", form]
    arguments += [option for option in options if option != "OAEP"]
    for kind in kinds:
        arguments += ["-recip", tmp_path / f"{kind}.pem"]
        if "OAEP" in options:
            arguments += ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"]
    return openssl(*arguments, data=CONTENT)


def opened_content(mail: bytes, person: build.Person) -> bytes | None:
    receiver = mailseal.Receiver(trust=None, keys=mailseal.Keyring([mailseal.Identity.load(person.pem)]))
    return receiver.open(mail).content


@pytest.mark.parametrize("form", ["SMIME", "DER"])
@pytest.mark.parametrize(("name", "kinds", "options"), ENCRYPTED, ids=[row[0] for row in ENCRYPTED])
def test_what_it_encrypts_opens(
    name: str,
    kinds: tuple[str, ...],
    options: tuple[str, ...],
    form: str,
    openssl: Command,
    tmp_path: Path,
    account: list[str],
) -> None:
    made = people(tmp_path, kinds)
    data = encrypt(openssl, tmp_path, kinds, options, form)
    outcomes = {}
    for kind, person in made.items():
        if form == "SMIME":
            content = opened_content(data, person)
        else:
            ring = mailseal.Keyring([mailseal.Identity.load(person.pem)])
            try:
                content = mailseal.cms.decrypt(data, ring, unauthenticated="allow").content
            except mailseal.Error:
                content = None
        outcomes[kind] = content == CONTENT
        assert content is None or content == CONTENT, "what opens must be byte-exact"
    good = all(outcomes.values())
    account.append(f"openssl encrypt {name} {form}: {'opens' if good else 'closed'}")
    assert good, outcomes


SIGNERS = (("rsa", ()), ("pss", ("-keyopt", "rsa_padding_mode:pss")), ("p-256", ()), ("p-384", ()), ("p-521", ()))
FORMS = {"clear": (), "opaque": ("-nodetach",)}
ATTRIBUTES = {"attrs": (), "noattr": ("-noattr",)}
IDENTIFIERS = {"issuer": (), "keyid": ("-keyid",)}


def signer_file(kind: str, openssl: Command, tmp_path: Path) -> Path:
    """A key of that kind with a self-signed certificate, both made by OpenSSL."""
    path, key = tmp_path / f"{kind}.pem", tmp_path / f"{kind}.key"
    options = {
        "p-256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
        "p-384": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
        "p-521": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"),
        "ed25519": ("-algorithm", "ED25519"),
    }.get(kind, ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"))
    openssl("genpkey", *options, "-out", key)
    extensions = ("-addext", "subjectAltName=email:alice@example.com", "-addext", "subjectKeyIdentifier=hash")
    openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=Alice", "-days", "30", *extensions, "-out", path)
    path.write_bytes(key.read_bytes() + path.read_bytes())
    return path


def check_signed(openssl: Command, signer: Path, options: tuple[str, ...]) -> None:
    mail = openssl("cms", "-sign", "-signer", signer, "-crlfeol", "-from", "alice@example.com", *options, data=CONTENT)
    receiver = mailseal.Receiver(trust=mailseal.TrustStore.load(signer), policy=mailseal.Policy.archive())
    opened = receiver.open(mail)
    assert [one.integrity for one in opened.signers] == ["OK"], opened.verdict.explain()
    assert opened.verdict.summary == "signed"
    codes = {finding.code for finding in opened.verdict.findings}
    assert ("signer.signed-attrs-absent" in codes) == ("-noattr" in options)
    changed = mail.replace(b"Archiv", b"archiv") if b"Archiv" in mail else None
    if changed is not None:
        assert receiver.open(changed).verdict.status == "INVALID"


@pytest.mark.parametrize("kind", [kind for kind, _ in SIGNERS])
def test_signed_matrix(kind: str, openssl: Command, tmp_path: Path, account: list[str]) -> None:
    signer = signer_file(kind, openssl, tmp_path)
    cells = 0
    for form, attributes, identifier in itertools.product(FORMS, ATTRIBUTES, IDENTIFIERS):
        options = dict(SIGNERS)[kind] + FORMS[form] + ATTRIBUTES[attributes] + IDENTIFIERS[identifier]
        check_signed(openssl, signer, options)
        cells += 1
    account.append(f"openssl sign {kind}: {cells} of 8 verify")


def test_signed_matrix_ed25519(openssl36: Command, tmp_path: Path, account: list[str]) -> None:
    """RFC 8419; OpenSSL 3.0 cannot sign CMS with Ed25519."""
    signer = signer_file("ed25519", openssl36, tmp_path)
    cells = 0
    # Without attributes RFC 8419 §3 signs the content itself, which OpenSSL refuses to make.
    for form, identifier in itertools.product(FORMS, IDENTIFIERS):
        check_signed(openssl36, signer, ("-md", "sha512", *FORMS[form], *IDENTIFIERS[identifier]))
        cells += 1
    account.append(f"openssl36 sign ed25519: {cells} of 4 verify")
