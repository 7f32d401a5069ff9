"""`mailseal inspect` of files of ASN.1: names, offsets, values; against OpenSSL's asn1parse; and no secret."""

from __future__ import annotations

import base64
import contextlib
import datetime
import io
import itertools
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from asn1crypto import parser, pem
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given
from hypothesis import strategies as st
from mailseal import core
from mailseal.cli import show

from tests.findings.cases import ALICE, BOB
from tests.support import peers
from tests.support import smime_build as build
from tests.support.der import NULL, tlv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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


TYPES = {
    1: "BOOLEAN",
    2: "INTEGER",
    3: "BIT STRING",
    4: "OCTET STRING",
    5: "NULL",
    6: "OBJECT IDENTIFIER",
    10: "ENUMERATED",
    12: "UTF8String",
    16: "SEQUENCE",
    17: "SET",
    18: "NumericString",
    19: "PrintableString",
    20: "T61String",
    22: "IA5String",
    23: "UTCTime",
    24: "GeneralizedTime",
    26: "VisibleString",
    28: "UniversalString",
    30: "BMPString",
}
# Offset, octets of the header and of the contents, whether constructed, and the tag.
Place = tuple[int, int, int, bool, str]


def place(offset: int, element: tuple[int, int, int, bytes, bytes, bytes]) -> Place:
    tag_class, method, number, header, contents, _ = element
    tag = f"[{('UNIVERSAL ', 'APPLICATION ', '', 'PRIVATE ')[tag_class]}{number}]"
    return offset, len(header), len(contents), bool(method), TYPES.get(number, tag) if tag_class == 0 else tag


def by_asn1crypto(data: bytes, closed: set[int]) -> list[Place]:
    """The elements of a file in their order, but for those inside the `closed` ones."""
    found: list[Place] = []
    pending: list[tuple[int, int | None]] = [(0, None)]
    while pending:
        at, end = pending.pop()
        element = parser.parse(data[at:end])
        found.append(place(at, element))
        _, header, contents, constructed, _ = found[-1]
        after = at + header + contents + len(element[5])
        if end is not None and after < end:
            pending.append((after, end))
        if constructed and contents and at not in closed:
            pending.append((at + header, at + header + contents))
    return found


def same_as_asn1crypto(data: bytes) -> None:
    """Tags, offsets and lengths of a whole file; of what lies inside an OCTET STRING, of each element by itself."""
    (found,) = structures(data)
    ours: list[Place] = []
    closed = set()
    holders: list[int | None] = []
    for row, following in zip(found["elements"], [*found["elements"][1:], None], strict=True):
        del holders[row["depth"] :]
        mine = (row["offset"], row["header"], row["length"], row["constructed"], row["type"])
        holder = holders[-1] if holders else None
        if holder is None:
            ours.append(mine)
        elif holder:
            assert mine == place(row["offset"], parser.parse(data[row["offset"] :])), row
        # Below an OCTET STRING: 1 where offsets are those of the file, 0 where it is in segments.
        inside = following is not None and following["depth"] > row["depth"]
        holds = inside and row["type"] == "OCTET STRING" and following["offset"] != row["offset"] + row["header"]
        if row["secret"] or holds:
            closed.add(row["offset"])
        if holder is None and inside and row["type"] == "OCTET STRING":
            holder = None if row["constructed"] and not holds else int(not row["constructed"])
        holders.append(holder)
    assert ours == by_asn1crypto(data, closed)


def files(source: str) -> Iterator[tuple[Path, bytes]]:
    """The ASN.1 of the files of one source: DER, BER, and the blocks of PEM."""
    vectors = peers.vectors()
    if vectors is None or not (vectors / source).is_dir():
        peers.absent("vectors", f"MAILSEAL_VECTORS has no folder {source}")
        raise AssertionError("unreachable")
    for file in sorted((vectors / source).rglob("*")):
        data = file.read_bytes() if file.suffix in SUFFIXES and file.stat().st_size < 60_000 else b""
        if data[:1] == b"\x30":
            yield file, data
        elif pem.detect(data):
            # Text in PEM may hold whatever: broken blocks and header fields are other tests' matter.
            with contextlib.suppress(ValueError):
                yield from ((file, der) for _, fields, der in pem.unarmor(data, multiple=True) if not fields)


SUFFIXES = {".cer", ".crl", ".crt", ".der", ".ber", ".bin", ".cms", ".key", ".p12", ".p7m", ".pem", ".pfx", ".pri"}
# Source, and how many structures of it are compared at least.
SOURCES = {
    "pkits": 100,
    "openssl": 25,
    "rfc9216": 20,
    "mimekit": 20,
    "gnupg": 10,
    "rustcrypto-cms": 20,
    "rfc4134": 15,
    "bc-test-data": 5,
    "pqc-cms": 50,
}


@pytest.mark.parametrize("source", SOURCES)
def test_tags_and_lengths_are_those_of_asn1crypto(source: str) -> None:
    compared = 0
    for file, data in itertools.islice(files(source), 150):
        try:
            parser.parse(data, strict=True)
            whole = not structures(data)[0]["findings"]
        except ValueError:
            whole = False
        if whole:
            same_as_asn1crypto(data)
            compared += 1
        else:
            assert structures(data)[0]["findings"], file
    assert compared >= SOURCES[source]


def parsed(openssl: Command, data: bytes) -> list[tuple[int, int, int, bool, str]]:
    """The same as OpenSSL sees it; its words for types are its own, and `cont [ 0 ]` is ours `[0]`."""
    lines = openssl("asn1parse", "-inform", "DER", data=data).decode(errors="replace").splitlines()
    rows = (re.match(r" *(\d+):d=\d+ +hl= *(\d+) l= *(\d+|inf) +(cons|prim): (.{18})", line) for line in lines)
    return [
        (int(row[1]), int(row[2]), int(row[3]), row[4] == "cons", WORDS.get(row[5].strip(), row[5].strip()))
        for row in rows
        if row and row[3] != "inf"
    ]


WORDS = {
    "UTF8STRING": "UTF8String",
    "PRINTABLESTRING": "PrintableString",
    "IA5STRING": "IA5String",
    "OBJECT": "OBJECT IDENTIFIER",
}
WORDS |= {
    "UTCTIME": "UTCTime",
    "GENERALIZEDTIME": "GeneralizedTime",
    "T61STRING": "T61String",
    "BMPSTRING": "BMPString",
}
WORDS |= {f"cont [ {number} ]": f"[{number}]" for number in range(31)}


def same_as_openssl(openssl: Command, data: bytes) -> None:
    keys = ("offset", "header", "length", "constructed", "type")
    ours = {tuple(row[key] for key in keys) for row in structures(data)[0]["elements"]}
    for place in parsed(openssl, data):
        assert place in ours


def test_offsets_are_those_of_openssl(openssl: Command) -> None:
    for make in FILES.values():
        data = make()
        if not any(row["secret"] for row in structures(data)[0]["elements"]):
            same_as_openssl(openssl, data)


def test_certificates_and_crls_of_pkits_against_openssl(openssl: Command) -> None:
    compared = 0
    for file, data in files("pkits"):
        if file.suffix in (".crt", ".crl") and compared < 60:
            (found,) = structures(data)
            assert found["kind"].startswith("certificate"), file
            assert found["findings"] == []
            same_as_openssl(openssl, data)
            compared += 1
    assert compared == 60


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


def test_base64_without_armour_and_text_before_armour(tmp_path: Path, openssl: Command) -> None:
    file = tmp_path / "file"
    certificate = ALICE.certificate.public_bytes(PEM)
    text = openssl("x509", "-text", data=certificate)
    assert text.startswith(b"Certificate:\n")
    bare = base64.encodebytes(ALICE.der)
    for data in (text, b"Bag Attributes\n    friendlyName: x\n" + certificate, bare, b"\r\n" + bare[:-1]):
        file.write_bytes(data)
        code, shown = command(file)
        assert (code, "certificate (X.509 v3)" in shown, "alice@example.com" in shown) == (0, True, True), data[:40]
    message = build.enveloped(build.TEXT, BOB)
    for data in (
        base64.encodebytes(message),
        pem.armor("CMS", message),
        b"CMS_ContentInfo: \n" + pem.armor("CMS", message),
    ):
        file.write_bytes(data)
        code, shown = command(file, "--json")
        described = json.loads(shown)
        assert (code, described["layers"][0]["kind"]) == (0, "enveloped-data")
        assert described["structures"][0]["kind"] == "CMS envelopedData"
    file.write_bytes(b"From: a@example.com\n\n" + certificate)
    assert json.loads(command(file, "--json")[1])["form"] == "message"


def test_base64_that_is_cut_off_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    text = base64.b64encode(ALICE.der)
    for end in range(400, 404):
        file.write_bytes(text[:end])
        code, shown = command(file)
        assert (code, "issuer" in shown, "asn1.truncated" in shown.splitlines()[-1]) == (6, True, True)


def test_objects_tell_their_oid() -> None:
    (found,) = structures(ALICE.der)
    told = {(row["type"], row["oid"], row["value"]) for row in found["elements"] if "oid" in row}
    assert ("OBJECT IDENTIFIER", "2.5.29.15", "keyUsage (2.5.29.15)") in told
    assert {kind for kind, _, _ in told} == {"OBJECT IDENTIFIER"}
    assert all("oid" in row for row in found["elements"] if row["type"] == "OBJECT IDENTIFIER")


def test_only_a_content_type_makes_cms() -> None:
    for oid, kind in (
        (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", "ASN.1"),
        (b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", "CMS data"),
    ):
        (found,) = structures(tlv(0x30, tlv(6, oid) + tlv(0xA0, tlv(4, b"octets"))))
        assert (found["kind"], found["findings"]) == (kind, [])
        assert found["elements"][3]["value"].startswith("6 octets")
        assert (b"octets".hex() in found["elements"][3]["value"]) == (kind != "ASN.1")


def test_bags_of_pkcs12_have_names() -> None:
    encryption = serialization.NoEncryption()
    (found,) = structures(pkcs12.serialize_key_and_certificates(b"mail", BOB.key, BOB.certificate, None, encryption))
    names = [row["name"] for row in found["elements"]]
    assert {"PrivateKeyInfo", "CertBag", "certValue", "x509Certificate", "tbsCertificate", "bagAttributes"} <= {*names}
    assert {"mac", "digestAlgorithm", "digest", "macSalt", "iterations"} <= {*names}
    assert [row["name"] for row in found["elements"] if row["secret"]] == ["privateKey"]
    values = [
        row["value"] for row in found["elements"] if row["type"] in ("OCTET STRING", "BIT STRING") and row["value"]
    ]
    assert values
    assert all(re.fullmatch(r"\d+ octets?|[a-zA-Z, ]+", value) for value in values)


def pfx(bag: bytes) -> bytes:
    """A PKCS#12 with one bag, without MAC."""
    data = bytes.fromhex("06092a864886f70d010701")
    contents = tlv(0x30, data + tlv(0xA0, tlv(4, tlv(0x30, bag))))
    return tlv(0x30, tlv(2, b"\x03") + tlv(0x30, data + tlv(0xA0, tlv(4, tlv(0x30, contents)))))


def test_a_crl_in_a_bag_is_shown_and_an_unknown_bag_is_not() -> None:
    bag, kinds = "060b2a864886f70d010c0a01", "060a2a864886f70d0109"
    crl = build_crl()
    value = tlv(0xA0, tlv(0x30, bytes.fromhex(kinds + "1701") + tlv(0xA0, tlv(4, crl))))
    (found,) = structures(pfx(tlv(0x30, bytes.fromhex(bag + "04") + value)))
    assert found["kind"] == "PKCS#12"
    names = {row["name"] for row in found["elements"]}
    assert {"CRLBag", "crlId", "crlValue", "x509CRL", "tbsCertList", "thisUpdate"} <= names
    for unknown in ("05", "07", "77"):
        (found,) = structures(pfx(tlv(0x30, bytes.fromhex(bag + unknown) + value)))
        assert [(row["name"], row["secret"]) for row in found["elements"]][-1] == ("bagValue", True)


def build_crl() -> bytes:
    day = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(BOB.certificate.issuer)
    builder = builder.last_update(day).next_update(day + datetime.timedelta(1))
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(DER)


def test_a_broken_file_is_shown_up_to_the_fault(tmp_path: Path) -> None:
    file = tmp_path / "cut.der"
    file.write_bytes(ALICE.der[:-40])
    code, shown = command(file)
    *rows, last = shown.splitlines()
    assert (code, "certificate (X.509 v3)" in shown, "signatureValue" in rows[-1]) == (6, True, True)
    assert re.match(r"asn1\.truncated: .* \(\d+ of \d+ octets of the contents are there\) at offset \d+", last)
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


@given(st.data())
def test_every_cut_off_file_is_shown_as_far_as_it_goes(data: st.DataObject) -> None:
    """The rows of the whole one, of which the last ones may be shorter; then why it ends."""
    make = data.draw(st.sampled_from([FILES[kind] for kind in ("certificate (X.509 v3)", "CMS signedData")]))
    whole = make()
    (told,) = structures(whole)
    (found,) = structures(whole[: data.draw(st.integers(60, len(whole) - 1))])
    assert "asn1.truncated" in found["findings"][0]
    keys = ("depth", "offset", "header", "type")
    rows = [tuple(row[key] for key in keys) for row in found["elements"]]
    assert rows == [tuple(row[key] for key in keys) for row in told["elements"]][: len(rows)]
    assert found["kind"] in (told["kind"], "ASN.1")


def secrets_of(key: Any) -> list[bytes]:
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        secret = (numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
        return [number.to_bytes((number.bit_length() + 7) // 8, "big") for number in secret]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return [key.private_numbers().private_value.to_bytes(32, "big")]
    return [key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, CLEAR)]


KEYS: list[Any] = [
    rsa.generate_private_key(65537, 2048),
    ec.generate_private_key(ec.SECP256R1()),
    ed25519.Ed25519PrivateKey.generate(),
]
PRIVATE = [(key.private_bytes(DER, PKCS8, CLEAR), secrets_of(key)) for key in KEYS]
PRIVATE += [(key.private_bytes(DER, PKCS1, CLEAR), secrets_of(key)) for key in KEYS[:2]]
PRIVATE += [(pkcs12.serialize_key_and_certificates(b"key", key, None, None, CLEAR), secrets_of(key)) for key in KEYS]


def leaks(text: str, secrets: list[bytes]) -> bool:
    """Whether six octets of a secret stand there: as they are, as hexadecimal digits whatever is between, or base64."""
    digits = re.sub(r"[^0-9a-z\n,]", "", text.lower())
    for secret in secrets:
        for at in range(len(secret) - 5):
            window = secret[at : at + 6]
            if window.hex() in digits or window.decode("latin-1") in text or base64.b64encode(window).decode() in text:
                return True
    return False


@given(st.data())
def test_nothing_of_a_damaged_private_key_is_shown(data: st.DataObject) -> None:
    der, secrets = data.draw(st.sampled_from(PRIVATE))
    at = data.draw(st.one_of(st.integers(0, 60), st.integers(0, len(der) - 1)))
    damaged = data.draw(
        st.one_of(
            st.integers(1, 255).map(lambda change: mutated(der, at, change)),
            st.just(der[:at]),
            st.binary(max_size=20).map(lambda behind: der + behind),
        )
    )
    as_json = core.tree(damaged)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        show.print_structures(json.loads(as_json))
    assert not leaks(as_json, secrets)
    assert not leaks(out.getvalue(), secrets)


def test_the_search_for_leaks_finds_them() -> None:
    secret = bytes(range(100, 132))
    for text in (
        secret.hex(),
        secret[4:10].hex(":"),
        base64.b64encode(secret[3:]).decode(),
        "x" + secret.decode("latin-1"),
    ):
        assert leaks(text, [secret])


def mutated(data: bytes, at: int, change: int) -> bytes:
    at %= len(data)
    return data[:at] + bytes([data[at] ^ change]) + data[at + 1 :]


def test_rows_are_bounded() -> None:
    (found,) = structures(tlv(0x30, NULL * 100_001))
    assert len(found["elements"]) == 100_000
    assert "limit.inspected-rows" in found["findings"][0]
