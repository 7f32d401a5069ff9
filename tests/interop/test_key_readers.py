"""Keys that mailseal wrote, read by others: OpenSSL (the system's, and 3.6), NSS, Java, gpgsm; then by mailseal again.

Each peer imports the file and gives the key back in a form of its own, so that it is known to have taken all of it.
What a peer cannot take is quoted, and a control shows that it refuses the same from another writer.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import mailseal
import pytest

from tests.support import own_keys, peers
from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROOT = mailseal.Certificate.load(build.root().certificate)


def same(found: bytes, password: str | None, kind: str) -> None:
    """What the peer gave back holds the key and its certificate."""
    identity = own_keys.certified(kind)
    (returned,) = mailseal.load_identities(found, password)
    assert (returned.key_id, returned.certificate) == (identity.key_id, identity.certificate)


# --- OpenSSL ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("program", ["openssl", "openssl36"])
@pytest.mark.parametrize("profile", own_keys.PROFILES)
@pytest.mark.parametrize("kind", own_keys.KINDS)
def test_openssl_takes_all(program: str, profile: str, kind: str, tmp_path: Path) -> None:
    openssl = peers.need(program, program)
    (tmp_path / "in.p12").write_bytes(own_keys.pkcs12(kind, profile))
    given = openssl("pkcs12", "-in", tmp_path / "in.p12", "-nodes", "-passin", "pass:secret")
    same(given, None, kind)
    assert b"friendlyName: Bob" in given
    assert given.count(b"-----BEGIN CERTIFICATE") == 2
    wrong = openssl.run("pkcs12", "-in", tmp_path / "in.p12", "-nodes", "-passin", "pass:Secret")
    assert b"invalid password" in wrong.stderr


@pytest.mark.parametrize("program", ["openssl", "openssl36"])
@pytest.mark.parametrize("kind", own_keys.KINDS)
def test_openssl_takes_pem_with_and_without_password(program: str, kind: str, tmp_path: Path) -> None:
    openssl = peers.need(program, program)
    identity = own_keys.certified(kind)
    for password in ("pässwörd", None):
        (tmp_path / "key.pem").write_bytes(identity.to_pem(password))
        (tmp_path / "word").write_text((password or "") + "\n", "utf-8")
        given = openssl("pkey", "-in", tmp_path / "key.pem", "-passin", f"file:{tmp_path / 'word'}")
        assert mailseal.Identity.load(given).key_id == identity.key_id
        checked = openssl.run("pkey", "-in", tmp_path / "key.pem", "-passin", f"file:{tmp_path / 'word'}", "-check")
        assert b"Key is valid" in checked.stdout, checked.stderr


@pytest.mark.parametrize("program", ["openssl", "openssl36"])
@pytest.mark.parametrize("profile", own_keys.PROFILES)
@pytest.mark.parametrize("password", ["", "pässwörd €", "🔑 key"])
def test_openssl_takes_any_password(program: str, profile: str, password: str, tmp_path: Path) -> None:
    openssl = peers.need(program, program)
    (tmp_path / "in.p12").write_bytes(own_keys.pkcs12("ec-p256", profile, password))
    (tmp_path / "word").write_text(password + "\n", "utf-8")
    same(
        openssl("pkcs12", "-in", tmp_path / "in.p12", "-nodes", "-passin", f"file:{tmp_path / 'word'}"), None, "ec-p256"
    )


# --- NSS: Debian's, and Thunderbird's --------------------------------------------------------------------------------

# NSS 3.87.1 and that of Thunderbird: Edwards and Montgomery keys are not imported.
NSS_REFUSES = dict.fromkeys(("ed25519", "x25519"), b"SEC_ERROR_PKCS12_UNABLE_TO_IMPORT_KEY")


def through_nss(prefix: str, data: bytes, password: str, tmp_path: Path) -> tuple[bytes, bytes]:
    """What pk12util says when it imports, and the file that it exports then, under "again"."""
    nss = peers.nss("thunderbird" if prefix else "nss", prefix)
    db = f"sql:{tmp_path}"
    nss.certutil("-N", "-d", db, "--empty-password")
    (tmp_path / "in.p12").write_bytes(data)
    done = nss.pk12util.run("-i", tmp_path / "in.p12", "-d", db, "-W", password, "-K", "")
    if done.returncode != 0:
        return done.stderr, b""
    nss.pk12util("-o", tmp_path / "out.p12", "-n", "Bob", "-d", db, "-W", "again", "-K", "")
    return done.stderr, (tmp_path / "out.p12").read_bytes()


@pytest.mark.parametrize("prefix", ["", "tb-"])
@pytest.mark.parametrize("profile", own_keys.PROFILES)
@pytest.mark.parametrize("kind", own_keys.KINDS)
def test_nss_takes_rsa_and_nist_curves(prefix: str, profile: str, kind: str, tmp_path: Path) -> None:
    words, given = through_nss(prefix, own_keys.pkcs12(kind, profile), "secret", tmp_path)
    if kind in NSS_REFUSES:
        assert NSS_REFUSES[kind] in words
    else:
        same(given, "again", kind)


@pytest.mark.parametrize("prefix", ["", "tb-"])
@pytest.mark.parametrize("profile", own_keys.PROFILES)
@pytest.mark.parametrize("password", ["", "pässwörd €", "🔑 key"])
def test_nss_takes_any_password(prefix: str, profile: str, password: str, tmp_path: Path) -> None:
    _, given = through_nss(prefix, own_keys.pkcs12("ec-p256", profile, password), password, tmp_path)
    same(given, "again", "ec-p256")


@pytest.mark.parametrize("prefix", ["", "tb-"])
def test_nss_refuses_edwards_keys_of_openssl_too(prefix: str, tmp_path: Path) -> None:
    openssl = peers.need("openssl", "openssl")
    (tmp_path / "in.pem").write_bytes(own_keys.certified("ed25519").to_pem(None))
    data = openssl("pkcs12", "-export", "-in", tmp_path / "in.pem", "-name", "Bob", "-passout", "pass:secret")
    words, _ = through_nss(prefix, data, "secret", tmp_path)
    assert NSS_REFUSES["ed25519"] in words


# --- Java ------------------------------------------------------------------------------------------------------------


def through_java(data: bytes, password: str, tmp_path: Path) -> tuple[bytes, bytes]:
    """What keytool says, and the store into which it copied the entry, under "again!"."""
    keytool = peers.need("java", "keytool")
    (tmp_path / "in.p12").write_bytes(data)
    done = keytool.run(
        "-importkeystore", "-noprompt", "-srckeystore", tmp_path / "in.p12", "-srcstoretype", "PKCS12", "-srcstorepass",
        password, "-destkeystore", tmp_path / "out.p12", "-deststoretype", "PKCS12", "-deststorepass", "again!",
    )  # fmt: skip
    return done.stdout + done.stderr, (tmp_path / "out.p12").read_bytes() if done.returncode == 0 else b""


@pytest.mark.parametrize("profile", own_keys.PROFILES)
@pytest.mark.parametrize("kind", own_keys.KINDS)
def test_java_takes_all(profile: str, kind: str, tmp_path: Path) -> None:
    words, given = through_java(own_keys.pkcs12(kind, profile), "secret", tmp_path)
    assert given, words
    same(given, "again!", kind)


# keytool of OpenJDK 17.0.15 takes its arguments apart in another way than as UTF-8.
def test_keytool_refuses_non_ascii_passwords_of_openssl_too(tmp_path: Path) -> None:
    openssl = peers.need("openssl", "openssl")
    (tmp_path / "in.pem").write_bytes(own_keys.certified("ec-p256").to_pem(None))
    (tmp_path / "word").write_text("pässwörd\n", "utf-8")
    theirs = openssl("pkcs12", "-export", "-in", tmp_path / "in.pem", "-passout", f"file:{tmp_path / 'word'}")
    for data in (theirs, own_keys.pkcs12("ec-p256", "modern", "pässwörd")):
        words, _ = through_java(data, "pässwörd", tmp_path)
        assert b"keystore password was incorrect" in words


# --- gpgsm -----------------------------------------------------------------------------------------------------------

# GnuPG 2.2.40. Its reader of PKCS#12 is its own: no PBES2 as anybody else writes it, no keys of RFC 8410; and it falls
# over elliptic curves after it has taken them.
GPGSM_NO_PBES2 = b'encryptedData error at "pkcs5PBES2-params"'
GPGSM_REFUSES = {
    "ec": b"signal Segmentation fault caught",
    "ed": b'error at "bag.data"',
    "x2": b'error at "bag.data"',
}


SALT_OF = bytes.fromhex("060a2a864886f70d010c0103")


def gpgsm_errs(data: bytes, password: str) -> bool:
    """Whether one of the salts of PBE-SHA1-3DES is among the one in 130 with which gpgsm derives a wrong key, whoever
    wrote it: where I_j + B + 1 begins with a zero octet (RFC 7292 App. B.2 step 6C), it forgets that octet."""
    word = (password.encode("utf-16-be") + b"\0\0") * 64
    for rest in data.split(SALT_OF)[1:]:
        salt, rounds = rest[4 : 4 + rest[3]], int.from_bytes(rest[6 + rest[3] : 6 + rest[3] + rest[5 + rest[3]]], "big")
        blocks = [(salt * 64)[:64]]
        length = -(-2 * (len(password) + 1) // 64) * 64
        blocks += [word[start : start + 64] for start in range(0, length, 64)]
        digest = hashlib.sha1(b"\1" * 64 + b"".join(blocks), usedforsecurity=False).digest()
        for _ in range(rounds - 1):
            digest = hashlib.sha1(digest, usedforsecurity=False).digest()
        addend = int.from_bytes((digest * 4)[:64], "big") + 1
        if any((int.from_bytes(block, "big") + addend) % 2**512 < 2**504 for block in blocks):
            return True
    return False


def of_compat(kind: str, password: str) -> bytes:
    """A file whose salts gpgsm gets right."""
    while True:
        data = own_keys.certified(kind).to_pkcs12(password, "compat", friendly_name="Bob")
        if not gpgsm_errs(data, password):
            return data


@pytest.fixture
def gpgsm(tmp_path: Path) -> Iterator[Callable[[bytes, str], tuple[bytes, bytes]]]:
    """Imports a PKCS#12; gives what gpgsm says, and its export under the same password."""
    program = peers.need("gpgsm", "gpgsm")
    homes: list[Path] = []

    def through(data: bytes, password: str) -> tuple[bytes, bytes]:
        home = tmp_path / f"g{len(homes)}"
        homes.append(home)
        home.mkdir(mode=0o700)
        (home / "gpg-agent.conf").write_text("allow-loopback-pinentry\n")
        (home / "in.p12").write_bytes(data)
        batch: list[str | Path] = ["--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0"]
        words = f"{password}\n{password}\n".encode()
        imported = program.run(*batch, "--import", home / "in.p12", data=words)
        if imported.returncode != 0:
            return imported.stderr, b""
        exported = program.run(*batch, "--export-secret-key-p12", own_keys.ADDRESS, data=words)
        return imported.stderr, exported.stdout

    yield through
    for home in homes:
        if shutil.which("gpgconf"):
            subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, timeout=60)


@pytest.mark.parametrize("password", ["secret", "pässwörd"])
@pytest.mark.parametrize("kind", ["rsa-2048", "rsa-3072", "rsa-4096"])
def test_gpgsm_takes_rsa_of_compat(
    kind: str, password: str, gpgsm: Callable[[bytes, str], tuple[bytes, bytes]]
) -> None:
    words, given = gpgsm(of_compat(kind, password), password)
    assert b"secret keys imported: 1" in words, words
    same(given, password, kind)


@pytest.mark.parametrize("kind", ["ec-p256", "ec-p521", "ed25519", "x25519"])
def test_gpgsm_refuses_other_keys(kind: str, gpgsm: Callable[[bytes, str], tuple[bytes, bytes]]) -> None:
    words, _ = gpgsm(of_compat(kind, "secret"), "secret")
    assert GPGSM_REFUSES[kind[:2]] in words


def test_gpgsm_refuses_the_same_of_openssl(gpgsm: Callable[[bytes, str], tuple[bytes, bytes]], tmp_path: Path) -> None:
    openssl = peers.need("openssl", "openssl")
    old = ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1")
    rows = [
        ("rsa-2048", (), GPGSM_NO_PBES2),
        ("ec-p256", old, GPGSM_REFUSES["ec"]),
        ("x25519", old, GPGSM_REFUSES["x2"]),
    ]
    for kind, options, refusal in rows:
        (tmp_path / "in.pem").write_bytes(own_keys.certified(kind).to_pem(None))
        theirs = b""
        while not theirs or gpgsm_errs(theirs, "secret"):
            theirs = openssl("pkcs12", "-export", "-in", tmp_path / "in.pem", *options, "-passout", "pass:secret")
        assert refusal in gpgsm(theirs, "secret")[0], kind
    assert GPGSM_NO_PBES2 in gpgsm(own_keys.pkcs12("rsa-2048", "modern"), "secret")[0]


# --- without certificate ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", own_keys.PROFILES)
def test_a_key_without_certificate_is_for_openssl_alone(profile: str, tmp_path: Path) -> None:
    identity = own_keys.bare("ec-p256")
    data = identity.to_pkcs12("secret", profile)
    (tmp_path / "in.p12").write_bytes(data)
    openssl = peers.need("openssl", "openssl")
    given = openssl("pkcs12", "-in", tmp_path / "in.p12", "-nodes", "-passin", "pass:secret")
    assert mailseal.Identity.load(given).key_id == identity.key_id


@pytest.mark.parametrize("profile", own_keys.PROFILES)
@pytest.mark.parametrize("prefix", ["", "tb-"])
def test_nss_refuses_a_key_without_certificate(prefix: str, profile: str, tmp_path: Path) -> None:
    words, _ = through_nss(prefix, own_keys.bare("ec-p256").to_pkcs12("secret", profile), "secret", tmp_path)
    assert b"SEC_ERROR_PKCS12_UNABLE_TO_IMPORT_KEY" in words


@pytest.mark.parametrize("profile", own_keys.PROFILES)
def test_java_refuses_a_key_without_certificate(profile: str, tmp_path: Path) -> None:
    words, _ = through_java(own_keys.bare("ec-p256").to_pkcs12("secret", profile), "secret", tmp_path)
    assert b"java.lang.NullPointerException: invalid null input" in words
