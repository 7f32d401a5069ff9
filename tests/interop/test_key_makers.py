"""Keys as others write them: OpenSSL (the system's, and 3.6), NSS, Java, gpgsm, pyca/cryptography, Apple's profiles."""

from __future__ import annotations

import base64
import plistlib
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.support import peers
from tests.support import smime_build as build

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.peers import Command

PASSWORDS = ("secret", "", "pässwörd €", "🔑 key")
OPENSSL = (
    "",
    "-legacy",
    "-legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC4-40",
    "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-2DES",
    "-keypbe aes-128-cbc -certpbe aes-192-cbc -macalg sha384 -iter 1",
    "-nomac",
    "-nomaciter -noiter",
    "-keypbe NONE -certpbe NONE",
    "-certpbe NONE",
    "-pbmac1_pbkdf2",
    "-pbmac1_pbkdf2 -macalg sha512 -pbmac1_pbkdf2_md sha512",
)


@pytest.fixture(scope="module")
def bob() -> build.Person:
    return build.person("bob@example.com")


def check(data: bytes, password: str | None, person: build.Person, name: str | None = None) -> mailseal.Identity:
    """The one identity of `data` is `person`'s, and another password is refused as such."""
    (identity,) = mailseal.load_identities(data, password)
    assert identity.certificate is not None
    assert identity.certificate.to_der() == person.der
    if name is not None:
        assert identity.friendly_name == name
    mail = build.headers() + build.part(build.enveloped(b"Content-Type: text/plain\r\n\r\nx", person), "enveloped-data")
    opened = mailseal.Receiver(trust=None, keys=mailseal.Keyring([identity])).open(mail)
    assert opened.decryption is mailseal.Check.OK
    return identity


@pytest.mark.parametrize("program", ["openssl", "openssl36"])
@pytest.mark.parametrize("options", OPENSSL)
@pytest.mark.parametrize("password", PASSWORDS)
def test_openssl_pkcs12(program: str, options: str, password: str, bob: build.Person, tmp_path: Path) -> None:
    openssl = peers.need(program, program)
    (tmp_path / "bob.pem").write_bytes(bob.pem)
    (tmp_path / "password").write_text(password + "\n", "utf-8")
    command: list[str | Path] = ["pkcs12", "-export", "-in", tmp_path / "bob.pem", "-name", "Bob", *options.split()]
    done = openssl.run(*command, "-passout", f"file:{tmp_path / 'password'}")
    if done.returncode != 0 and program == "openssl":
        # What the system's OpenSSL is too old to make, 3.6 makes: PBMAC1 came with 3.4.
        assert "pbmac1" in options, done.stderr
        return
    assert done.returncode == 0, done.stderr
    check(done.stdout, password, bob, "Bob")
    if not password:
        check(done.stdout, None, bob)
    if "NONE -certpbe NONE" not in options:
        with pytest.raises(mailseal.DecryptionError) as caught:
            mailseal.load_identities(done.stdout, "another")
        assert caught.value.code == "key.password-wrong"


def pair(openssl: Command, bob: build.Person, tmp_path: Path) -> Path:
    (tmp_path / "bob.pem").write_bytes(bob.pem)
    out = tmp_path / "bob.p12"
    openssl("pkcs12", "-export", "-in", tmp_path / "bob.pem", "-name", "Bob", "-passout", "pass:secret", "-out", out)
    return out


@pytest.mark.parametrize("prefix", ["", "tb-"])
@pytest.mark.parametrize(
    "ciphers", [(), ("-c", "AES-256-CBC", "-C", "AES-128-CBC"), ("-c", "PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC")]
)
@pytest.mark.parametrize("password", ["secret", "pässwörd"])
def test_nss_pk12util(prefix: str, ciphers: tuple[str, ...], password: str, bob: build.Person, tmp_path: Path) -> None:
    nss = peers.nss("nss" if not prefix else "thunderbird", prefix)
    source = pair(peers.need("openssl", "openssl"), bob, tmp_path)
    store = tmp_path / "db"
    store.mkdir()
    nss.certutil("-N", "-d", f"sql:{store}", "--empty-password")
    nss.pk12util("-i", source, "-d", f"sql:{store}", "-W", "secret", "-K", "")
    out = tmp_path / "out.p12"
    done = nss.pk12util.run("-o", out, "-n", "Bob", "-d", f"sql:{store}", "-W", password, "-K", "", *ciphers)
    if done.returncode != 0:
        pytest.skip(done.stderr.decode(errors="replace")[:200])
    check(out.read_bytes(), password, bob, "Bob")


@pytest.mark.parametrize("options", [(), ("-J-Dkeystore.pkcs12.legacy",)])
def test_java_keytool(options: tuple[str, ...], bob: build.Person, tmp_path: Path) -> None:
    keytool = peers.need("java", "keytool")
    source = pair(peers.need("openssl", "openssl"), bob, tmp_path)
    out = tmp_path / "out.p12"
    keytool(
        *options, "-importkeystore", "-noprompt", "-srckeystore", source, "-srcstoretype", "PKCS12", "-srcstorepass",
        "secret", "-destkeystore", out, "-deststoretype", "PKCS12", "-deststorepass", "secret",
    )  # fmt: skip
    check(out.read_bytes(), "secret", bob, "bob")


def test_gpgsm_exports(bob: build.Person, tmp_path: Path) -> None:
    gpgsm = peers.need("gpgsm", "gpgsm")
    home = tmp_path / "g"
    home.mkdir(mode=0o700)
    (home / "gpg-agent.conf").write_text("allow-loopback-pinentry\n")
    legacy = pkcs12.serialize_key_and_certificates(
        b"Bob", bob.key, bob.certificate, None,
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).hmac_hash(hashes.SHA1()).build(b"secret"),  # noqa: S303
    )  # fmt: skip
    (tmp_path / "bob.p12").write_bytes(legacy)
    batch: list[str | Path] = ["--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0"]
    try:
        imported = gpgsm.run(*batch, "--import", tmp_path / "bob.p12", data=b"secret\nsecret\n")
        exported = gpgsm.run(*batch, "--export-secret-key-p12", bob.address, data=b"secret\nsecret\n")
    finally:
        if shutil.which("gpgconf"):
            subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, timeout=60)
    if not exported.stdout:
        pytest.skip(f"gpgsm: {(imported.stderr + exported.stderr).decode(errors='replace')[-200:]}")
    check(exported.stdout, "secret", bob)


@pytest.mark.parametrize("scheme", list(pkcs12.PBES), ids=str)
@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()], ids=lambda digest: digest.name)  # noqa: S303
def test_pyca_pkcs12(scheme: Any, digest: Any, bob: build.Person) -> None:
    builder = serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(50)
    encryption = builder.key_cert_algorithm(scheme).hmac_hash(digest).build("pässwörd".encode())
    data = pkcs12.serialize_key_and_certificates(b"Bob", bob.key, bob.certificate, None, encryption)
    check(data, "pässwörd", bob, "Bob")


def test_several_keys_in_one_file(tmp_path: Path) -> None:
    """Java keeps many entries in one PKCS#12; each has its own friendly name."""
    keytool = peers.need("java", "keytool")
    store = tmp_path / "many.p12"
    for alias in ("first", "second", "third"):
        keytool(
            "-genkeypair", "-alias", alias, "-keyalg", "RSA", "-keysize", "2048", "-dname", f"CN={alias}", "-keystore",
            store, "-storetype", "PKCS12", "-storepass", "secret",
        )  # fmt: skip
    identities = mailseal.load_identities(store, "secret")
    assert sorted(identity.friendly_name or "" for identity in identities) == ["first", "second", "third"]
    for identity in identities:
        assert identity.certificate is not None
        assert identity.certificate.subject == f"CN={identity.friendly_name}"
    with pytest.raises(ValueError, match="3 private keys"):
        mailseal.Identity.load(store, "secret")


def profile(bob: build.Person, password: str | None, *, nested: bool = False) -> bytes:
    archive = pkcs12.serialize_key_and_certificates(
        b"Bob",
        bob.key,
        bob.certificate,
        None,
        serialization.BestAvailableEncryption(b"secret"),
    )
    payload: dict[str, Any] = {"PayloadType": "com.apple.security.pkcs12", "PayloadContent": archive}
    if password is not None:
        payload["Password"] = password
    root = {"PayloadType": "com.apple.security.root", "PayloadContent": build.root().der}
    inner: dict[str, Any] = {"PayloadType": "Configuration", "PayloadContent": [payload, root]}
    return plistlib.dumps({"PayloadContent": [inner]} if nested else inner)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("inside", ["secret", None, "wrong"])
def test_ios_profiles(signed: bool, nested: bool, inside: str | None, bob: build.Person, tmp_path: Path) -> None:
    data = profile(bob, inside, nested=nested)
    if signed:
        openssl = peers.need("openssl", "openssl")
        (tmp_path / "bob.pem").write_bytes(bob.pem)
        signer = tmp_path / "bob.pem"
        data = openssl("cms", "-sign", "-binary", "-nodetach", "-signer", signer, "-outform", "DER", data=data)
    if inside == "secret":
        check(data, None, bob, "Bob")
    else:
        with pytest.raises(mailseal.DecryptionError):
            mailseal.load_identities(data)
    check(data, "secret", bob, "Bob")
    path = tmp_path / "bob.mobileconfig"
    path.write_bytes(data)
    assert len(mailseal.Keyring.load_dir(path, ["secret"])) == 1


def test_broken_profiles_are_refused() -> None:
    for data in (b"<?xml version='1.0'?><plist>", b"bplist00" + b"\xff" * 40, plistlib.dumps({"PayloadContent": []})):
        with pytest.raises((ValueError, mailseal.Error)):
            mailseal.load_identities(data)
    billion = b"<?xml version='1.0'?><!DOCTYPE plist [<!ENTITY a 'aaaa'>]><plist><string>&a;</string></plist>"
    with pytest.raises(ValueError, match="property list"):
        mailseal.load_identities(billion)


def test_one_base64_of_a_profile_is_no_key(bob: build.Person) -> None:
    with pytest.raises(mailseal.Error):
        mailseal.load_identities(base64.b64encode(bob.der))
