"""Mail as it comes in the world: each shape of one signed or encrypted text opens to the same bytes.

The mail is made by pyca/cryptography, OpenSSL and plain bytes; nothing here is written by mailseal.
"""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.support import smime_build as build
from tests.support.der import implicit, integer, octets, sequence

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.peers import Command

CONTRACT = (
    b'Content-Type: application/pdf; name="contract.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    + base64.encodebytes(b"%PDF-1.7 " + bytes(range(256)) * 20).replace(b"\n", b"\r\n")
)
ALICE = build.person("alice@example.com")
BOB = build.person("bob@example.com")
BOB_EC = build.person("bob-ec@example.com", "ec")


def receiver(policy: str = "default") -> mailseal.Receiver:
    keys = [mailseal.Identity.load(one.pem) for one in (BOB, BOB_EC)]
    trust = mailseal.TrustStore.load(build.root().der)
    return mailseal.Receiver(trust=trust, keys=mailseal.Keyring(keys), policy=mailseal.Policy.named(policy))


RECEIVER = receiver()


def codes(opened: mailseal.Opened) -> list[str]:
    return [finding.code for finding in opened.verdict.findings]


def entity(cms: bytes, content_type: str, encoding: str | None = "base64", body: bytes | None = None) -> bytes:
    """An entity around `cms`; `body`: how it is written."""
    body = base64.encodebytes(cms).replace(b"\n", b"\r\n") if body is None else body
    field = "" if encoding is None else f"Content-Transfer-Encoding: {encoding}\r\n"
    return f"Content-Type: {content_type}\r\n{field}\r\n".encode() + body


def mail(inner: bytes) -> bytes:
    return build.headers() + inner


def lines(data: bytes, width: int, end: bytes = b"\r\n") -> bytes:
    return b"".join(data[at : at + width] + end for at in range(0, len(data), width))


# --- story B4: shapes of one encrypted contract ----------------------------------------------------------------------

P7M = 'application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"'


def sealed() -> bytes:
    return build.enveloped(CONTRACT, BOB, cek=os.urandom(32))


def gcm() -> bytes:
    return build.auth_enveloped(CONTRACT, BOB, cek=os.urandom(32))


def opaque(content: bytes = CONTRACT) -> bytes:
    return build.signed(content, ALICE)


SHAPES: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "b aes-256-cbc": (lambda: entity(sealed(), P7M), set()),
    "c aes-256-gcm of the web client": (
        lambda: b"X-Generated-By: OWASMIME\r\n" + entity(gcm(), 'application/pkcs7-mime; name="smime.p7m"'),
        set(),
    ),
    "c smime-type in the RFC's case": (
        lambda: entity(gcm(), "application/pkcs7-mime; smime-type=authEnveloped-data"),
        set(),
    ),
    "c smime-type in lower case": (
        lambda: entity(gcm(), "application/PKCS7-MIME; SMIME-TYPE=authenveloped-data"),
        set(),
    ),
    "d no smime-type": (lambda: entity(sealed(), "application/pkcs7-mime; name=smime.p7m"), set()),
    "d another smime-type": (
        lambda: entity(sealed(), "application/pkcs7-mime; smime-type=signed-data"),
        {"mime.type-mismatch"},
    ),
    "d an unknown smime-type": (
        lambda: entity(sealed(), "application/pkcs7-mime; smime-type=x-other"),
        {"mime.type-mismatch"},
    ),
    "d a misleading file name": (lambda: entity(sealed(), "application/pkcs7-mime; name=a.txt"), set()),
    "e octet-stream": (lambda: entity(sealed(), "application/octet-stream; name=smime.p7m"), {"mime.type-mismatch"}),
    "e octet-stream, upper case": (
        lambda: entity(sealed(), 'APPLICATION/OCTET-STREAM; NAME="SMIME.P7M"'),
        {"mime.type-mismatch"},
    ),
    "e octet-stream, RFC 2231": (
        lambda: entity(sealed(), "application/octet-stream; name*0*=utf-8''sm%69me; name*1=.p7m"),
        {"mime.type-mismatch"},
    ),
    "e octet-stream, name in the disposition": (
        lambda: (
            b'Content-Disposition: attachment; filename="smime.p7m"\r\n' + entity(sealed(), "application/octet-stream")
        ),
        {"mime.type-mismatch"},
    ),
    "e octet-stream without name": (lambda: entity(sealed(), "application/octet-stream"), {"mime.type-mismatch"}),
    "e as the detached signature's type": (
        lambda: entity(sealed(), "application/x-pkcs7-signature; name=smime.p7s"),
        {"mime.type-mismatch"},
    ),
    "f x-pkcs7-mime signed in enveloped": (
        lambda: entity(
            build.enveloped(entity(opaque(), "application/x-pkcs7-mime; smime-type=signed-data"), BOB),
            "application/x-pkcs7-mime; name=smime.p7m",
        ),
        set(),
    ),
    "f octet-stream signed in enveloped": (
        lambda: entity(build.enveloped(entity(opaque(), "application/octet-stream; name=smime.p7m"), BOB), P7M),
        {"mime.type-mismatch"},
    ),
    "f x-pkcs7-signature in enveloped": (
        lambda: entity(
            build.enveloped(
                build.clear_signed(CONTRACT, build.signed(CONTRACT, ALICE, detached=True)).replace(
                    b"application/pkcs7-signature", b"application/x-pkcs7-signature"
                ),
                BOB,
            ),
            P7M,
        ),
        set(),
    ),
    "h one long line": (lambda: entity((cms := sealed()), P7M, body=base64.b64encode(cms)), set()),
    "h lines of 61": (lambda: entity((cms := sealed()), P7M, body=lines(base64.b64encode(cms), 61)), set()),
    "h lines of 1, LF": (lambda: entity((cms := sealed()), P7M, body=lines(base64.b64encode(cms), 1, b"\n")), set()),
    "h indented lines": (
        lambda: entity((cms := sealed()), P7M, body=lines(base64.b64encode(cms), 60, b" \r\n\t")),
        set(),
    ),
    "h empty lines between": (
        lambda: entity((cms := sealed()), P7M, body=lines(base64.b64encode(cms), 64, b"\r\n\r\n")),
        set(),
    ),
    "h quote marks of a relay": (
        lambda: entity((cms := sealed()), P7M, body=lines(base64.b64encode(cms), 64, b"\r\n! ")),
        {"mime.transfer-repaired"},
    ),
    "h no padding": (
        lambda: entity((cms := sealed()), P7M, body=base64.b64encode(cms).rstrip(b"=") + b"\r\n*"),
        {"mime.transfer-repaired"},
    ),
    "h a footer behind": (
        lambda: entity(
            (cms := sealed()),
            P7M,
            body=base64.encodebytes(cms) + b"-- \r\nThis mail was scanned.\r\n",
        ),
        {"mime.transfer-repaired"},
    ),
    "binary": (lambda: entity((cms := sealed()), P7M, "binary", cms), set()),
    "binary with a line end behind": (lambda: entity((cms := sealed()), P7M, "BINARY", cms + b"\r\n"), set()),
    "binary named 8bit": (lambda: entity((cms := sealed()), P7M, "8bit", cms), set()),
    "binary named base64": (lambda: entity((cms := sealed()), P7M, "base64", cms), {"mime.transfer-repaired"}),
    "base64 without its name": (lambda: entity(sealed(), P7M, None), {"mime.transfer-repaired"}),
    "base64 named 7bit": (lambda: entity(sealed(), P7M, "7bit"), {"mime.transfer-repaired"}),
    "PEM": (
        lambda: entity(
            (cms := sealed()),
            P7M,
            "7bit",
            b"-----BEGIN PKCS7-----\n" + base64.encodebytes(cms) + b"-----END PKCS7-----\n",
        ),
        {"mime.transfer-repaired"},
    ),
    "quoted-printable base64": (
        lambda: entity((cms := sealed()), P7M, "quoted-printable", quoted(cms)),
        set(),
    ),
    "a comment behind the encoding": (lambda: entity(sealed(), P7M, "base64 (as ever)"), set()),
}


def quoted(cms: bytes) -> bytes:
    """Each octet as =XX, lines of 25 octets."""
    return b"".join(
        b"".join(b"=%02X" % octet for octet in cms[at : at + 25]) + b"=\r\n" for at in range(0, len(cms), 25)
    )


@pytest.mark.parametrize(
    ("name", "end"),
    # A store that changes line ends destroys binary bodies.
    [(name, end) for name in SHAPES for end in (b"\r\n", b"\n") if end == b"\r\n" or not name.startswith("binary")],
)
def test_each_shape_opens_to_the_same_bytes(name: str, end: bytes) -> None:
    make, expected = SHAPES[name]
    text = mail(make())
    if end == b"\n":
        text = text.replace(b"\r\n", b"\n")
    opened = RECEIVER.open(text)
    assert opened.content == CONTRACT, opened.verdict.explain()
    assert opened.decryption == "OK"
    quirks = {code for code in codes(opened) if code.startswith("mime.")}
    assert quirks - {"mime.line-endings"} == expected
    if name.startswith("f "):
        assert opened.verdict.is_valid, opened.verdict.explain()


# --- a, g, i, j: made by OpenSSL, or with other recipients -----------------------------------------------------------

OPENSSL = {
    "a 3des and rsa": ("rsa", ("-des3",)),
    "b aes-256": ("rsa", ("-aes256",)),
    "g ber": ("rsa", ("-aes128", "-stream")),
    "i by key identifier": ("rsa", ("-aes128", "-keyid")),
    "j ecdh p-256": ("ec", ("-aes128",)),
}


@pytest.mark.parametrize("name", list(OPENSSL))
def test_shapes_of_openssl(name: str, openssl: Command, tmp_path: Path) -> None:
    kind, options = OPENSSL[name]
    person = {"rsa": BOB, "ec": BOB_EC}[kind]
    (tmp_path / "to.pem").write_bytes(person.pem)
    cms = openssl(
        "cms", "-encrypt", "-binary", "-outform", "DER", *options, "-recip", tmp_path / "to.pem", data=CONTRACT
    )
    assert RECEIVER.open(mail(entity(cms, P7M))).content == CONTRACT
    text = openssl("cms", "-encrypt", "-binary", *options, "-recip", tmp_path / "to.pem", data=CONTRACT)
    assert RECEIVER.open(build.headers() + text).content == CONTRACT


def ktri_by_key_identifier(person: build.Person, cek: bytes) -> bytes:
    """KeyTransRecipientInfo version 2 (RFC 5652 §6.2.1)."""
    public = person.key.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    wrapped = public.encrypt(cek, padding.PKCS1v15())
    identifier = x509.SubjectKeyIdentifier.from_public_key(public).digest
    return sequence(integer(2), implicit(0, identifier), build.algorithm(build.RSA, b"\x05\x00"), octets(wrapped))


@pytest.mark.parametrize("reader", [ALICE, BOB], ids=["issuer and serial", "key identifier"])
def test_shape_i_two_recipients_by_two_identifiers(reader: build.Person) -> None:
    cek = os.urandom(32)
    infos = [build.ktri(ALICE, cek), ktri_by_key_identifier(BOB, cek)]
    text = mail(entity(build.enveloped(CONTRACT, cek=cek, infos=infos), P7M))
    opened = mailseal.Receiver(trust=None, keys=mailseal.Identity.load(reader.pem)).open(text)
    assert opened.content == CONTRACT


# --- gateways, lists, journals: layers that are not the message's own ------------------------------------------------

NOTICE = b"Content-Type: text/plain\r\n\r\nThis mail comes from outside.\r\n"


def wrapped(inner: bytes, sender: str = "postmaster@example.net") -> bytes:
    """A disclaimer gateway: a notice, then the message as it came, between boundaries of their own."""
    forwarded = b"Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n" + inner
    return build.headers(sender) + build.mixed(NOTICE, forwarded, boundary=b"==mix%d" % len(inner))


def test_disclaimer_gateway_around_an_encrypted_message() -> None:
    text = wrapped(mail(build.part(sealed())))
    opened = RECEIVER.open(text)
    assert opened.errant == (mailseal.Errant("/2/1", encrypted=True, forwarded=True),)
    assert "structure.errant-encryption" in codes(opened)
    assert opened.decryption == "NOT_CHECKED"
    assert opened.layers == ()
    part = RECEIVER.open(text, part=opened.errant[0].path)
    assert part.content == CONTRACT
    assert [(layer.kind, layer.path) for layer in part.layers] == [("enveloped-data", "/2/1")]
    assert "structure.part-opened" in codes(part)
    assert "structure.errant-encryption" not in codes(part)


def test_disclaimer_gateway_around_a_signed_message() -> None:
    """The forwarded message is judged by its own From; the one around it stays unsigned."""
    text = wrapped(build.signed_mail(ALICE, CONTRACT))
    opened = RECEIVER.open(text)
    assert (opened.verdict.status, opened.coverage) == ("UNSIGNED", "none")
    assert "structure.forwarded-signature" in codes(opened)
    part = RECEIVER.open(text, part="/2/1")
    assert part.verdict.is_valid, part.verdict.explain()
    assert (part.content, part.coverage) == (CONTRACT, "all")
    lie = wrapped(build.signed_mail(ALICE, CONTRACT, sender="eve@example.com"), sender="alice@example.com")
    assert RECEIVER.open(lie, part="/2/1").verdict.status == "INVALID"


def test_message_rfc822_as_the_whole_message() -> None:
    text = build.headers() + b"Content-Type: message/rfc822\r\n\r\n" + mail(build.part(sealed()))
    assert [one.path for one in RECEIVER.open(text).errant] == ["/1"]
    assert RECEIVER.open(text, part="/1").content == CONTRACT


@pytest.mark.parametrize("end", [b"\r\n", b"\n"], ids=["crlf", "lf"])
def test_mailing_list_footer(end: bytes) -> None:
    signed = build.clear_signed(CONTRACT, build.signed(CONTRACT, ALICE, detached=True))
    footer = b"Content-Type: text/plain\r\nContent-Disposition: inline\r\n\r\n___\r\nlist mailing list\r\n"
    text = (build.headers() + build.mixed(signed, footer)).replace(b"\r\n", end)
    opened = RECEIVER.open(text)
    assert (opened.verdict.status, opened.coverage) == ("UNSIGNED", "1 of 2 parts")
    part = RECEIVER.open(text, part="/1")
    assert part.verdict.is_valid, part.verdict.explain()
    assert (part.content or b"").replace(end, b"\r\n") == CONTRACT
    assert part.coverage == "1 of 2 parts"
    assert RECEIVER.open(text, part="/2").content is not None
    assert not RECEIVER.open(text, part="/2").verdict.is_valid


def test_footer_behind_the_last_boundary() -> None:
    text = build.signed_mail(ALICE, CONTRACT) + b"\r\n--\r\nScanned by the gateway.\r\n"
    opened = RECEIVER.open(text)
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert opened.content == CONTRACT


def test_journal_report() -> None:
    report = b"Content-Type: text/plain\r\n\r\nSender: alice@example.com\r\nRecipient: bob@example.com\r\n"
    inner = b"Content-Type: message/rfc822\r\n\r\n" + mail(build.part(sealed()))
    text = build.headers("journal@example.net", extra=b"X-MS-Journal-Report:\r\n") + build.mixed(report, inner)
    opened = RECEIVER.open(text)
    assert "structure.journal" in codes(opened)
    assert RECEIVER.open(text, part=opened.errant[0].path).content == CONTRACT


def test_forwarded_as_attachment_twice() -> None:
    once = wrapped(build.signed_mail(ALICE, CONTRACT))
    twice = wrapped(once)
    (errant,) = RECEIVER.open(twice).errant
    assert errant.path == "/2/1/2/1"
    part = RECEIVER.open(twice, part=errant.path)
    assert part.verdict.is_valid
    assert part.content == CONTRACT


def test_a_part_inside_an_encrypted_message() -> None:
    signed = build.clear_signed(CONTRACT, build.signed(CONTRACT, ALICE, detached=True))
    text = mail(build.part(build.enveloped(build.mixed(NOTICE, signed), BOB)))
    opened = RECEIVER.open(text)
    assert [one.path for one in opened.errant] == ["//2"]
    part = RECEIVER.open(text, part="//2")
    assert part.verdict.is_valid, part.verdict.explain()
    assert part.content == CONTRACT
    assert [layer.kind for layer in part.layers] == ["enveloped-data", "signed-data"]
    # Without a key for the layer around it, the part is not reached.
    locked = mailseal.Receiver(trust=None).open(text, part="//2")
    assert locked.content is None
    assert "structure.part-absent" in codes(locked)


def test_a_part_of_unauthenticated_content_stays_forbidden() -> None:
    """Asking for a part is no way round the policy: CBC around it still authenticates nothing."""
    text = mail(build.part(build.enveloped(build.mixed(NOTICE, NOTICE), BOB)))
    assert RECEIVER.open(text, part="//1").authenticated is False
    strict = receiver("strict").open(text, part="//1")
    assert strict.content is None


@pytest.mark.parametrize("part", ["/3", "/2/1/9", "//", "/2/", "/22"])
def test_a_part_that_is_not_there(part: str) -> None:
    opened = RECEIVER.open(wrapped(NOTICE), part=part)
    assert opened.content is None
    assert "structure.part-absent" in codes(opened)
    assert not opened.verdict.is_valid
    with pytest.raises(mailseal.MalformedError):
        opened.require_content()


def test_the_whole_message_is_a_part_too() -> None:
    text = mail(build.part(sealed()))
    assert RECEIVER.open(text, part="/").content == CONTRACT
    with pytest.raises(ValueError, match="path"):
        RECEIVER.open(text, part="2")


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Type: application/ms-tnef; name=winmail.dat\r\n",
        b"Content-Type: application/octet-stream; name=WinMail.dat\r\n",
        b"Content-Type: application/vnd.ms-tnef\r\n",
    ],
)
def test_winmail_dat_is_named(fields: bytes) -> None:
    part = fields + b"Content-Transfer-Encoding: base64\r\n\r\neJ8+IgEAAQABAAEAAQABAA==\r\n"
    for text in (build.headers() + part, build.headers() + build.mixed(NOTICE, part)):
        opened = RECEIVER.open(text)
        assert "structure.tnef" in codes(opened)
        assert opened.verdict.status == "UNSIGNED"
    plain = b"Content-Type: application/octet-stream; name=data.bin\r\n\r\nx\r\n"
    assert "structure.tnef" not in codes(RECEIVER.open(build.headers() + build.mixed(NOTICE, plain)))


# --- clear-signed quirks ---------------------------------------------------------------------------------------------


def clear(entity_bytes: bytes = CONTRACT, boundary: bytes = b"==sig") -> bytes:
    return build.clear_signed(entity_bytes, build.signed(entity_bytes, ALICE, detached=True), boundary)


CLEAR: dict[str, tuple[Callable[[bytes], bytes], set[str]]] = {
    "as prescribed": (lambda text: text, set()),
    "x-pkcs7-signature": (lambda text: text.replace(b"application/pkcs7-sig", b"application/x-pkcs7-sig"), set()),
    "no protocol": (
        lambda text: text.replace(b'protocol="application/pkcs7-signature"; ', b""),
        {"mime.type-mismatch"},
    ),
    "protocol of another kind": (
        lambda text: text.replace(b'protocol="application/pkcs7-signature"', b'protocol="application/pgp-signature"'),
        {"mime.type-mismatch"},
    ),
    "protocol without quotes": (
        lambda text: text.replace(b'protocol="application/pkcs7-signature"', b"protocol=application/pkcs7-signature"),
        set(),
    ),
    "signature as octet-stream": (
        lambda text: text.replace(
            b"Content-Type: application/pkcs7-signature", b"Content-Type: application/octet-stream"
        ),
        {"mime.type-mismatch"},
    ),
    "micalg sha256": (lambda text: text.replace(b"micalg=sha-256", b"micalg=sha256"), set()),
    "micalg rsa-sha256": (lambda text: text.replace(b"micalg=sha-256", b'micalg="rsa-sha256"'), set()),
    "micalg of several": (lambda text: text.replace(b"micalg=sha-256", b'micalg="sha-1, SHA-256"'), set()),
    "micalg md5": (lambda text: text.replace(b"micalg=sha-256", b"micalg=md5"), {"mime.micalg-mismatch"}),
    "micalg unknown": (lambda text: text.replace(b"micalg=sha-256", b"micalg=unknown"), {"mime.micalg-mismatch"}),
    "no micalg": (lambda text: text.replace(b" micalg=sha-256;", b""), set()),
    "no closing boundary": (lambda text: text.replace(b"--==sig--\r\n", b""), {"mime.unclosed"}),
    "blanks behind the delimiters": (lambda text: text.replace(b"--==sig\r\n", b"--==sig \t\r\n"), set()),
    "preamble and epilogue": (
        lambda text: text.replace(b"\r\n\r\n--==sig", b"\r\n\r\nThis is signed.\r\n\r\n--==sig", 1) + b"\r\nend\r\n",
        set(),
    ),
    "boundary without quotes": (lambda text: text.replace(b'boundary="==sig"', b"boundary===sig"), set()),
    "boundary with a comment": (lambda text: text.replace(b'boundary="==sig"', b'boundary="==sig" (sig)'), set()),
    "type folded": (lambda text: text.replace(b"; ", b";\r\n\t", 2), set()),
    "signature without its encoding": (
        lambda text: text.replace(b"smime.p7s\r\nContent-Transfer-Encoding: base64", b"smime.p7s"),
        {"mime.transfer-repaired"},
    ),
    "boundary that begins as the inner one": (lambda text: text, set()),
}


@pytest.mark.parametrize("name", list(CLEAR))
def test_clear_signed_quirks(name: str) -> None:
    change, expected = CLEAR[name]
    inner = build.mixed(NOTICE, CONTRACT, boundary=b"==sig2") if "inner" in name else CONTRACT
    opened = RECEIVER.open(build.headers() + change(clear(inner)))
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert opened.content == inner
    assert {code for code in codes(opened) if code.startswith("mime.")} == expected


@pytest.mark.parametrize("end", [b"\r\n", b"\n"], ids=["crlf", "lf"])
def test_eight_bit_signed_part(end: bytes) -> None:
    text = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n".encode()
    latin = text.replace("ü".encode(), b"\xfc")
    for part in (text, latin):
        stored = (build.headers() + clear(part)).replace(b"\r\n", end)
        opened = RECEIVER.open(stored)
        assert opened.verdict.is_valid, opened.verdict.explain()
        assert (opened.content or b"").replace(end, b"\r\n") == part
        assert ("mime.line-endings" in codes(opened)) == (end == b"\n")


def test_a_third_part_in_multipart_signed_is_refused() -> None:
    """RFC 1847 §2.1: exactly two; a footer put inside would be shown as if it were signed."""
    text = build.headers() + clear().replace(b"--==sig--", b"--==sig\r\n" + NOTICE + b"\r\n--==sig--")
    opened = RECEIVER.open(text)
    assert opened.verdict.status == "INVALID"
    assert "mime.malformed" in codes(opened)


# --- content that is no entity ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n" + b"\x00\xff" * 40,
        b"\x00" * (2 << 20),
        b"{" + b"7" * (2 << 20),
        b"\xff\n" * 5_000,
        b"just a line of text",
    ],
    ids=["pdf", "zeros", "one long line", "many lines", "text"],
)
def test_rfc5652_5_2_content_that_is_no_mime_entity(content: bytes) -> None:
    """Signed bytes need not be MIME: they are given as they are, and spend no budget of headers."""
    opened = RECEIVER.open(mail(entity(build.signed(content, ALICE), "application/pkcs7-mime; smime-type=signed-data")))
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert opened.content == content
    assert "mime.no-entity" in codes(opened)


def test_a_header_that_is_too_long_is_still_a_spent_budget() -> None:
    content = b"Content-Type: text/plain\r\n" + b"X-A: b\r\n" * 200_000 + b"\r\ntext"
    opened = RECEIVER.open(mail(entity(build.signed(content, ALICE), "application/pkcs7-mime; smime-type=signed-data")))
    assert opened.verdict.status == "INDETERMINATE"


def test_openssl_signs_plain_bytes(openssl: Command, tmp_path: Path) -> None:
    (tmp_path / "alice.pem").write_bytes(ALICE.pem)
    content = os.urandom(2 << 20).replace(b"\n", b"\0")
    text = openssl("cms", "-sign", "-binary", "-nodetach", "-signer", tmp_path / "alice.pem", data=b"\x80" + content)
    opened = RECEIVER.open(build.headers() + text)
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert opened.content == b"\x80" + content
