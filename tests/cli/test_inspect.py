"""`mailseal inspect` of files of ASN.1: names, offsets, values; against OpenSSL's asn1parse; and no secret."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given
from hypothesis import strategies as st
from mailseal import core

from tests.findings.cases import ALICE, BOB
from tests.support import peers
from tests.support import smime_build as build
from tests.support.der import NULL, tlv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.peers import Command

DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
PKCS8, PKCS1 = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
CLEAR = serialization.NoEncryption()


def bundle() -> bytes:
    encryption = serialization.BestAvailableEncryption(b"secret")
    return pkcs12.serialize_key_and_certificates(b"mail", BOB.key, BOB.certificate, None, encryption)


FILES: dict[str, Callable[[], bytes]] = {
    "certificate (X.509 v3)": lambda: ALICE.der,
    "CMS signedData": lambda: build.signed(build.TEXT, ALICE),
    "CMS envelopedData": lambda: build.enveloped(build.TEXT, BOB),
    "CMS authEnvelopedData": lambda: build.auth_enveloped(build.TEXT, BOB),
    "private key (PKCS#8)": lambda: BOB.key.private_bytes(DER, PKCS8, CLEAR),
    "private key (PKCS#1)": lambda: BOB.key.private_bytes(DER, PKCS1, CLEAR),
    "public key (SubjectPublicKeyInfo)": lambda: BOB.key.public_key().public_bytes(
        DER, serialization.PublicFormat.SubjectPublicKeyInfo
    ),
    "PKCS#12": bundle,
}


def structures(data: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(core.tree(data))
    return found


@pytest.mark.parametrize("kind", FILES)
def test_each_kind_is_known_and_its_fields_are_named(kind: str) -> None:
    (found,) = structures(FILES[kind]())
    assert (found["kind"], found["findings"]) == (kind, [])
    names = {element["name"] for element in found["elements"]}
    expected = {
        "certificate (X.509 v3)": {
            "tbsCertificate",
            "serialNumber",
            "notBefore",
            "extnID",
            "rfc822Name",
            "signatureValue",
        },
        "CMS signedData": {"signerInfos", "SignerInfo", "sid", "signedAttrs", "eContent", "certificates"},
        "CMS envelopedData": {"recipientInfos", "ktri", "rid", "encryptedKey", "contentEncryptionAlgorithm"},
        "CMS authEnvelopedData": {"authEncryptedContentInfo", "mac"},
        "private key (PKCS#8)": {"privateKeyAlgorithm", "privateKey"},
        "private key (PKCS#1)": {"modulus", "prime1"},
        "public key (SubjectPublicKeyInfo)": {"algorithm", "subjectPublicKey"},
        "PKCS#12": {"authSafe", "macData", "AuthenticatedSafe", "iterations", "encryptedContentInfo"},
    }
    assert expected[kind] - {"AuthenticatedSafe"} <= names, names


def test_values_are_told() -> None:
    (found,) = structures(ALICE.der)
    told = {(element["name"], element["value"]) for element in found["elements"]}
    assert ("rfc822Name", '"alice@example.com"') in told
    assert ("algorithm", "ECDSA-SHA256 (1.2.840.10045.4.3.2)") in told
    assert any(value.startswith("digitalSignature") for _, value in told)
    assert any(name == "notAfter" and value.startswith("2040-01-01T00:00:00") for name, value in told)


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind.startswith("private key")])
def test_no_secret_is_shown(kind: str) -> None:
    text = core.tree(FILES[kind]())
    numbers = BOB.key.private_numbers()  # type: ignore[union-attr]
    for secret in (numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp):  # type: ignore[union-attr]
        octets = secret.to_bytes((secret.bit_length() + 7) // 8, "big")
        for form in (str(secret), octets.hex()[:24], base64.b64encode(octets).decode()[:24]):
            assert form not in text


def parsed(openssl: Command, data: bytes) -> list[tuple[int, int, int, int]]:
    """Offset, depth, octets of the header and of the contents, as OpenSSL sees them."""
    lines = openssl("asn1parse", "-inform", "DER", data=data).decode(errors="replace").splitlines()
    rows = (re.match(r" *(\d+):d=(\d+) +hl= *(\d+) l= *(\d+) ", line) for line in lines)
    return [tuple(map(int, row.groups())) for row in rows if row]  # type: ignore[misc]


def same_as_openssl(openssl: Command, data: bytes) -> None:
    ours = {(row["offset"], row["header"], row["length"]) for row in structures(data)[0]["elements"]}
    for offset, _, header, length in parsed(openssl, data):
        assert (offset, header, length) in ours, (offset, header, length)


def test_offsets_are_those_of_openssl(openssl: Command) -> None:
    for make in FILES.values():
        if b"private" not in repr(make).encode():
            data = make()
            if not any(row["secret"] for row in structures(data)[0]["elements"]):
                same_as_openssl(openssl, data)


def test_offsets_of_certificates_and_crls_that_others_made(openssl: Command) -> None:
    vectors = peers.vectors()
    if vectors is None:
        peers.absent("vectors", "MAILSEAL_VECTORS names no folder")
        raise AssertionError("unreachable")
    files = sorted((vectors / "pkits").rglob("*.crt"))[:60] + sorted((vectors / "pkits").rglob("*.crl"))[:60]
    assert len(files) >= 100
    for file in files:
        data = file.read_bytes()
        (found,) = structures(data)
        assert found["kind"].startswith("certificate"), file
        assert found["findings"] == []
        same_as_openssl(openssl, data)


def command(*arguments: object) -> tuple[int, str]:
    """Exit code and standard output of `mailseal inspect`."""
    done = subprocess.run(
        [sys.executable, "-m", "mailseal", "inspect", *map(str, arguments)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout.decode()


def test_pem_with_several_blocks(tmp_path: Path) -> None:
    file = tmp_path / "all.pem"
    file.write_bytes(BOB.pem + ALICE.certificate.public_bytes(PEM))
    kinds = [one["kind"].split(" ")[0] for one in structures(file.read_bytes())]
    assert sorted(kinds) == ["certificate", "certificate", "private"]
    code, shown = command(file)
    assert (code, "secret, " in shown) == (0, True)
    code, shown = command(file, "--json")
    names = [one["elements"][0]["children"][0]["name"] for one in json.loads(shown)["structures"]]
    assert (code, names.count("tbsCertificate")) == (0, 2)


def test_a_broken_file_is_shown_up_to_the_fault(tmp_path: Path) -> None:
    file = tmp_path / "cut.der"
    file.write_bytes(ALICE.der[:-40])
    code, shown = command(file)
    assert (code, "asn1." in shown) == (6, True)
    inside = bytearray(ALICE.der)
    inside[5] = 0xFF
    file.write_bytes(inside)
    code, shown = command(file)
    assert (code, "asn1." in shown, len(shown.splitlines()) > 1) == (6, True, True)
    file.write_bytes(b"no such thing")
    assert command(file)[0] == 6


def test_binary_cms_that_looks_like_a_header_is_no_message() -> None:
    """A LF and later a colon in good DER."""
    info = build.ktri(BOB, b"k" * 16, encrypted_key=b"\nf: " + bytes(252))
    described = json.loads(core.inspect(build.enveloped(b"x", BOB, infos=[info])))
    assert (described["form"], described["layers"][0]["kind"]) == ("cms", "enveloped-data")


@given(st.binary(max_size=200), st.integers(0, 1_000), st.integers(1, 255))
def test_junk_and_mutants_end_with_findings(junk: bytes, at: int, change: int) -> None:
    for data in (junk, b"\x30\x80" + junk, mutated(ALICE.der, at, change)):
        for found in structures(data):
            assert found["elements"] or found["findings"]


def mutated(data: bytes, at: int, change: int) -> bytes:
    at %= len(data)
    return data[:at] + bytes([data[at] ^ change]) + data[at + 1 :]


def test_rows_are_bounded() -> None:
    (found,) = structures(tlv(0x30, NULL * 100_001))
    assert len(found["elements"]) == 100_000
    assert "limit.inspected-rows" in found["findings"][0]


@pytest.mark.parametrize("wrap", [64, 76, 0])
def test_base64_without_armour_is_read(wrap: int) -> None:
    text = base64.b64encode(ALICE.der)
    lines = [text[at : at + wrap] for at in range(0, len(text), wrap)] if wrap else [text]
    (found,) = structures(b"\n".join(lines) + b"\n")
    assert (found["kind"], found["findings"]) == ("certificate (X.509 v3)", [])


def test_what_openssl_writes_above_a_pem_block_is_passed_over(openssl: Command, tmp_path: Path) -> None:
    (tmp_path / "alice.pem").write_bytes(ALICE.certificate.public_bytes(PEM))
    text = openssl("x509", "-in", tmp_path / "alice.pem", "-text")
    (tmp_path / "text.pem").write_bytes(text)
    done = subprocess.run(
        [sys.executable, "-m", "mailseal", "inspect", tmp_path / "text.pem"], capture_output=True, check=False
    )
    assert (done.returncode, b"tbsCertificate" in done.stdout) == (0, True), done.stderr


def test_object_identifiers_have_a_field_of_their_own() -> None:
    (found,) = structures(ALICE.der)
    oids = {element["oid"] for element in found["elements"] if element["type"] == "OBJECT IDENTIFIER"}
    assert {"2.5.4.3", "2.5.29.17"} <= oids
    assert not any(element["oid"] for element in found["elements"] if element["type"] != "OBJECT IDENTIFIER")


def test_what_is_cut_off_is_shown_and_exits_6(tmp_path: Path) -> None:
    (tmp_path / "cut.der").write_bytes(ALICE.der[:200])
    done = subprocess.run(
        [sys.executable, "-m", "mailseal", "inspect", tmp_path / "cut.der"], capture_output=True, check=False
    )
    assert (done.returncode, b"asn1.truncated" in done.stdout, b"SEQUENCE" in done.stdout) == (6, True, True)


SOURCES = ("pkits", "openssl", "pqc-cms", "rustcrypto-cms", "rfc4134")


@pytest.mark.parametrize("source", SOURCES)
def test_tags_and_lengths_of_other_peoples_files(source: str, vectors: Path, openssl: Command, tmp_path: Path) -> None:
    """Element by element as OpenSSL's asn1parse has them, of files that are DER."""
    files = sorted(file for file in (vectors / source).rglob("*") if file.suffix in (".crt", ".der", ".bin"))
    compared = 0
    for file in files[:40]:
        data = file.read_bytes()
        (found, *more) = structures(data)
        if more or found["findings"] or data[:1] != b"\x30":
            continue
        (tmp_path / "der").write_bytes(data)
        listed = openssl.run("asn1parse", "-inform", "DER", "-in", tmp_path / "der")
        if listed.returncode:
            continue
        rows = re.findall(rb"^ *(\d+):d=\d+ +hl=(\d+) +l= *\w+ +(prim|cons):(?! *EOC)", listed.stdout, re.MULTILINE)
        theirs = [(int(offset), int(header), way == b"cons") for offset, header, way in rows]
        inside = {element["offset"] for element in found["elements"]}
        assert {row[0] for row in theirs} <= inside, file
        # What an OCTET STRING holds is no row of theirs.
        assert set(theirs) <= {(e["offset"], e["header"], e["constructed"]) for e in found["elements"]}, file
        compared += 1
    assert compared
