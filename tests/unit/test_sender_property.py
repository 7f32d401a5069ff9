"""Any message, any choice: what Sender makes opens to the same parts, VALID, in the layers that were asked for."""

from __future__ import annotations

import base64
import email
import email.policy
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mailseal
from asn1crypto import cms as asn1_cms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.findings.cases import NOW, ROOT, policy
from tests.support import smime_build as build

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.peers import Command

TRUST = mailseal.TrustStore.load(ROOT.certificate)
SIGNERS = {kind: build.person("alice@example.com", kind) for kind in ("rsa", "ec", "ed25519")}
RECIPIENTS = {kind: build.person("bob@example.com", kind) for kind in ("rsa", "ec")}
CIPHERS = ("negotiate", "aes-128-cbc", "aes-256-cbc", "aes-128-gcm", "aes-256-gcm", "chacha20-poly1305")
WAYS = {
    "clear": ["signed-data"],
    "opaque": ["signed-data"],
    "encrypt": ["E"],
    "protect": ["E", "signed-data"],
    "triple": ["signed-data", "E", "signed-data"],
    "compress": ["compressed-data"],
}


@dataclass(frozen=True)
class Choice:
    way: str
    signer: str
    recipients: tuple[str, ...]
    cipher: str
    pss: bool
    oaep: bool


CHOICES = st.builds(
    Choice,
    way=st.sampled_from(sorted(WAYS)),
    signer=st.sampled_from(sorted(SIGNERS)),
    recipients=st.lists(st.sampled_from(sorted(RECIPIENTS)), min_size=1, max_size=3).map(tuple),
    cipher=st.sampled_from(CIPHERS),
    pss=st.booleans(),
    oaep=st.booleans(),
)

# --- messages: bytes, made by hand, so that nothing of a library is taken for granted -------------------------------

NEWLINES = st.sampled_from([b"\r\n", b"\n"])
# Lines that relays change: From, blanks at the end, dots, long ones, 8 bits, controls.
LINES = st.one_of(
    st.text(max_size=40).map(lambda text: text.replace("\r", "").replace("\n", "").encode()),
    st.sampled_from([b"From here", b".", b"..", b"--", b"--b", b" ", b"\t", b"x" * 76, b"y" * 77, b"z" * 1200, b"=3D"]),
    st.binary(max_size=30).map(lambda data: data.replace(b"\r", b"").replace(b"\n", b"")),
)
TEXTS = st.lists(LINES, max_size=6).map(b"\n".join)
HEADERS = st.lists(
    st.sampled_from(
        [
            b"Subject: Zahlen",
            b"Subject: =?utf-8?q?Zahlen_f=C3=BCr?=\n =?utf-8?q?_heute?=",
            b"Subject: gr\xc3\xbcn",
            b"X-Empty:",
            b"X-Blank: \t",
            b"X-Folded: a\n\tb\n c ",
            b"Received: from a by b; Mon, 1 Jun 2026 12:00:00 +0000",
            b"X-Long: " + b"w" * 900,
            b"To: Bob <bob@example.com>,\n Carol <carol@example.com>",
        ]
    ),
    max_size=4,
    unique=True,
)


def leaf(kind: bytes, encoding: bytes | None, body: bytes) -> bytes:
    fields = b"Content-Type: " + kind + b"\n"
    return fields + (b"Content-Transfer-Encoding: " + encoding + b"\n" if encoding else b"") + b"\n" + body


def multipart(subtype: bytes, parts: list[bytes], depth: int) -> bytes:
    boundary = b"b%d" % depth
    body = b"".join(b"--" + boundary + b"\n" + part + b"\n" for part in parts)
    return b'Content-Type: multipart/%s; boundary="%s"\n\npreamble\n%s--%s--\n' % (subtype, boundary, body, boundary)


ENCODED = st.binary(max_size=200).map(base64.encodebytes)
LEAVES = st.one_of(
    st.builds(leaf, st.just(b"text/plain; charset=utf-8"), st.sampled_from([None, b"8bit"]), TEXTS),
    st.builds(leaf, st.just(b"application/octet-stream; name=x"), st.just(b"binary"), st.binary(max_size=300)),
    st.builds(leaf, st.just(b"image/png"), st.just(b"base64"), ENCODED),
    st.builds(leaf, st.just(b"text/html"), st.just(b"quoted-printable"), st.just(b"a=3Db=\nc=20\n")),
)


def nested(depth: int) -> st.SearchStrategy[bytes]:
    if depth == 3:
        return LEAVES
    inner = nested(depth + 1)
    parts = st.lists(inner, min_size=1, max_size=3)
    forwarded = inner.map(lambda entity: b"Content-Type: message/rfc822\n\nSubject: fwd\n" + entity)
    mixed = st.builds(multipart, st.sampled_from([b"mixed", b"alternative"]), parts, st.just(depth))
    return st.one_of(LEAVES, mixed, forwarded)


MESSAGES = st.builds(
    lambda headers, entity: b"\n".join([b"From: alice@example.com", *headers, entity]), HEADERS, nested(0)
)

# --- what is compared -----------------------------------------------------------------------------------------------


def leaves(message: bytes) -> list[tuple[str, bytes]]:
    """Type and decoded content of each leaf, by the standard library; text without regard to line ends."""
    parsed = email.message_from_bytes(message, policy=email.policy.compat32)
    found = []
    for part in parsed.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            binary = part.get("Content-Transfer-Encoding", "").lower() in ("binary", "base64")
            text = part.get_content_maintype() == "text"
            found.append((part.get_content_type(), content if binary and not text else _lines(content)))
    return found


def _lines(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


@functools.cache
def identity(who: str, kind: str) -> mailseal.Identity:
    return mailseal.Identity.load({"alice": SIGNERS, "bob": RECIPIENTS}[who][kind].pem)


def make(message: bytes, choice: Choice) -> bytes:
    rules = policy(content_cipher=choice.cipher, encrypt_to_self=False)
    rules = rules.replace(signature_algorithm="rsassa-pss") if choice.pss else rules
    rules = rules.replace(key_transport="rsaes-oaep") if choice.oaep else rules
    sender = mailseal.Sender(signing=identity("alice", choice.signer), trust=TRUST, policy=rules)
    to = [RECIPIENTS[kind].certificate for kind in choice.recipients]
    ways: dict[str, Any] = {
        "clear": lambda: sender.sign(message, at=NOW),
        "opaque": lambda: sender.sign(message, clear=False, at=NOW),
        "encrypt": lambda: sender.encrypt(message, to, at=NOW),
        "protect": lambda: sender.protect(message, to, at=NOW),
        "triple": lambda: sender.triple_wrap(message, to, at=NOW),
        "compress": lambda: sender.compress(message),
    }
    made: bytes = ways[choice.way]()
    return made


def opened(mail: bytes, choice: Choice) -> mailseal.Opened:
    keys = [identity("bob", kind) for kind in choice.recipients[:1]]
    return mailseal.Receiver(trust=TRUST, keys=keys, threads=1).open(mail, at=NOW)


def structures(mail: bytes) -> list[bytes]:
    """The CMS of the outermost layer, and of the layers that need no key."""
    parsed = email.message_from_bytes(mail)
    kinds = ("application/pkcs7-mime", "application/pkcs7-signature")
    payloads = [part.get_payload(decode=True) for part in parsed.walk() if part.get_content_type() in kinds]
    return [payload for payload in payloads if isinstance(payload, bytes)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(message=MESSAGES, choice=CHOICES)
def test_what_is_made_opens_to_the_same(message: bytes, choice: Choice) -> None:
    mail = make(message, choice)
    result = opened(mail, choice)
    assert result.content is not None, result.verdict.explain()
    content = bytes(result.content)
    assert leaves(content) == leaves(message)
    kinds = [layer.kind for layer in result.layers]
    encrypted = {"authEnveloped-data"} if choice.cipher.endswith(("gcm", "1305")) else {"enveloped-data"}
    assert [kind if kind not in encrypted else "E" for kind in kinds][: len(WAYS[choice.way])] == WAYS[choice.way]
    signed = "signed-data" in WAYS[choice.way]
    assert result.verdict.status == ("VALID" if signed else "UNSIGNED"), result.verdict.explain()
    for line in mail.split(b"\r\n"):
        assert b"\n" not in line
        assert b"\r" not in line
    # A second pass over what is safe already changes nothing.
    assert bytes(opened(make(b"From: alice@example.com\r\n" + content, choice), choice).content or b"") == content
    for der in structures(mail):
        info = asn1_cms.ContentInfo.load(der, strict=True)
        assert info.dump(force=True) == der


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=MESSAGES, choice=CHOICES)
def test_openssl_parses_what_is_made(openssl: Command, tmp_path: Path, message: bytes, choice: Choice) -> None:
    for der in structures(make(message, choice)):
        file = tmp_path / "cms.der"
        file.write_bytes(der)
        printed = openssl.run("asn1parse", "-inform", "DER", "-in", str(file))
        assert printed.returncode == 0, printed.stderr
        if choice.way != "compress":
            printed = openssl.run("cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", str(file))
            assert printed.returncode == 0, printed.stderr
