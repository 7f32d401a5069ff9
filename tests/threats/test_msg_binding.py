"""What binds a signature to a mailbox and to a recipient: addresses beyond ASCII, another envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography import x509

from tests.findings.cases import ALICE, BOB, NOW, ROOT
from tests.support import smime_build as build
from tests.support.der import tlv

if TYPE_CHECKING:
    from collections.abc import Sequence

    Pair = tuple[Sequence[x509.GeneralName], str]

SMTP_UTF8 = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.9")
RECEIVER = mailseal.Receiver(
    trust=mailseal.TrustStore.load(ROOT.certificate), keys=mailseal.Identity.load(BOB.pem), threads=1
)


def codes(opened: mailseal.Opened) -> list[str]:
    return [finding.code for finding in opened.verdict.findings]


# --- MSG-10: SmtpUTF8Mailbox and internationalised domains (RFC 9598) -------------------------------------------------


def smtp(text: str, tag: int = 0x0C) -> x509.OtherName:
    return x509.OtherName(SMTP_UTF8, tlv(tag, text.encode()))


def mailed(names: Sequence[x509.GeneralName], sender: str) -> mailseal.Opened:
    """Mail from `sender`, signed under a certificate of these names whose subject is of no help."""
    key = build.new_key("ec")
    instead = [(x509.SubjectAlternativeName(names), False)]
    certificate = build.issue("Anybody", key, ROOT.certificate.subject, ROOT.key, address="-", instead=instead)
    return RECEIVER.open(build.signed_mail(build.Person("", key, certificate), sender=sender), at=NOW)


ACUTE, COMPOSED, APART = "\u00e9", "\u00e9@example.com", "e\u0301@example.com"
CYRILLIC_A, KELVIN, DOTLESS = "\u0430", "\u212a", "\u0131"
# Certificate, From: one mailbox.
SAME: dict[str, Pair] = {
    "UTF-8": ([smtp("\u7528\u6237@example.com")], "\u7528\u6237@example.com"),
    "UTF-8, domain in capitals": ([smtp(COMPOSED)], f"{ACUTE}@EXAMPLE.com"),
    "one of two names": ([x509.RFC822Name("e@example.com"), smtp(COMPOSED)], COMPOSED),
    "the other of two names": ([x509.RFC822Name("e@example.com"), smtp(COMPOSED)], "e@example.com"),
    "A-label for A-label": ([x509.RFC822Name("a@xn--bcher-kva.example")], "a@xn--bcher-kva.example"),
    "UTF-8 at an A-label": ([smtp(f"{ACUTE}@xn--bcher-kva.example")], f"{ACUTE}@xn--bcher-kva.example"),
}
# Certificate, From: look alike, or are the same after some folding, and are two mailboxes.
OTHERS: dict[str, Pair] = {
    "Cyrillic in the certificate": ([smtp(f"{CYRILLIC_A}lice@example.com")], "alice@example.com"),
    "Cyrillic in From": ([x509.RFC822Name("alice@example.com")], f"{CYRILLIC_A}lice@example.com"),
    "Cyrillic domain": ([x509.RFC822Name("alice@example.com")], f"alice@ex{CYRILLIC_A}mple.com"),
    "not composed": ([smtp(COMPOSED)], APART),
    "composed": ([smtp(APART)], COMPOSED),
    "capital beyond ASCII": ([smtp("\u00c9@example.com")], COMPOSED),
    "accent dropped": ([smtp(COMPOSED)], "e@example.com"),
    "Kelvin sign": ([x509.RFC822Name("k@example.com")], f"{KELVIN}@example.com"),
    "dotless i": ([x509.RFC822Name("i@example.com")], f"{DOTLESS}@example.com"),
    "sharp s": ([smtp("stra\u00dfe@example.com")], "strasse@example.com"),
    "full width": ([x509.RFC822Name("alice@example.com")], "\uff41lice@example.com"),
    "full width at sign": ([x509.RFC822Name("alice@example.com")], "alice\uff20example.com"),
    "ideographic full stop": ([x509.RFC822Name("alice@example.com")], "alice@example\u3002com"),
    "zero width joiner": ([smtp(f"{ACUTE}\u200dx@example.com")], f"{ACUTE}x@example.com"),
    "zero width space in From": ([x509.RFC822Name("alice@example.com")], "al\u200bice@example.com"),
    "soft hyphen": ([x509.RFC822Name("alice@example.com")], "al\u00adice@example.com"),
    "right-to-left override": ([smtp(f"\u202e{ACUTE}@example.com")], COMPOSED),
    "variation selector": ([smtp(f"{ACUTE}\ufe0f@example.com")], COMPOSED),
    "another A-label": ([x509.RFC822Name("a@xn--bcher-kva.example")], "a@xn--bcher-kvb.example"),
    "transcribed domain": ([x509.RFC822Name("a@xn--bcher-kva.example")], "a@bucher.example"),
    "local part as A-label": ([smtp(COMPOSED)], "xn--9ca@example.com"),
    "encoded word": ([smtp(COMPOSED)], "=?utf-8?q?=C3=A9?=@example.com"),
    "percent": ([smtp(COMPOSED)], "%C3%A9@example.com"),
}


@pytest.mark.parametrize("name", SAME)
def test_msg_10_one_mailbox(name: str) -> None:
    opened = mailed(*SAME[name])
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert [signer.address for signer in opened.signers] == ["OK"]


@pytest.mark.parametrize("name", OTHERS)
def test_msg_10_mailboxes_that_look_alike(name: str) -> None:
    opened = mailed(*OTHERS[name])
    assert not opened.verdict.is_valid, opened.verdict.explain()
    assert {"address.mismatch", "address.no-from"} & set(codes(opened)), codes(opened)


@pytest.mark.parametrize("text", ["alice@example.com", "alice@b\u00fccher.example"])
def test_msg_10_a_smtp_utf8_mailbox_in_ascii_is_refused(text: str) -> None:
    """RFC 9598 §3 forbids it: it would be an address that no constraint on rfc822Name holds. Nor does it count as none,
    which would leave any From unjudged."""
    for sender in (text, "bob@example.com"):
        for names in ([smtp(text)], [smtp(text), x509.RFC822Name("bob@example.com")]):
            opened = mailed(names, sender)
            assert not opened.verdict.is_valid, opened.verdict.explain()
            assert "chain.extension-malformed" in codes(opened)


@pytest.mark.parametrize(
    "name",
    [smtp(COMPOSED, tag=0x16), smtp(COMPOSED, tag=0x1E), smtp("\ufeff" + COMPOSED), smtp(f"{ACUTE}\0@example.com")],
    ids=["IA5String", "BMPString", "byte order mark", "NUL"],
)
def test_msg_10_a_smtp_utf8_mailbox_of_another_type_is_none(name: x509.OtherName) -> None:
    opened = mailed([name], COMPOSED)
    assert (opened.verdict.is_valid, "chain.extension-malformed" in codes(opened)) == (False, True)


A_LABEL, U_LABEL = "xn--bcher-kva.example", "b\u00fccher.example"


@pytest.mark.parametrize("name", [x509.RFC822Name(f"a@{A_LABEL}"), smtp(f"{ACUTE}@{A_LABEL}")])
def test_msg_10_a_u_label_in_from_is_the_a_label_of_the_certificate(name: x509.GeneralName) -> None:
    local = "a" if isinstance(name, x509.RFC822Name) else ACUTE
    assert mailed([name], f"{local}@{U_LABEL}").verdict.is_valid


def test_msg_10_a_u_label_in_the_certificate_is_said() -> None:
    opened = mailed([smtp(f"{ACUTE}@{U_LABEL}")], f"{ACUTE}@{U_LABEL}")
    assert (opened.verdict.status, codes(opened)) == ("VALID", ["address.u-label"])


@pytest.mark.parametrize("domain", ["B\u00dcCHER.example", "bu\u0308cher.example", "b\u00fccher\uff0eexample"])
def test_msg_10_only_the_one_form_of_a_u_label_counts(domain: str) -> None:
    """RFC 5890 §2.3.2.1: what only some mapping turns into the label is another name."""
    assert not mailed([x509.RFC822Name(f"a@{A_LABEL}")], f"a@{domain}").verdict.is_valid


@pytest.mark.parametrize(
    ("sender", "mixed"),
    [(f"al{CYRILLIC_A}ce@example.com", True), (f"a@ex{CYRILLIC_A}mple.com", True), (COMPOSED, False), (U_LABEL, False)],
)
def test_msg_10_mixed_scripts_are_said(sender: str, mixed: bool) -> None:
    sender = sender if "@" in sender else f"a@{sender}"
    assert ("address.mixed-script" in codes(mailed([x509.RFC822Name("a@example.com")], sender))) is mixed


# --- MSG-06: one signature, two texts ---------------------------------------------------------------------------------

TWO_TEXTS = (
    b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    b"<style>@media print{#a{display:none}}@media screen{#b{display:none}}</style>"
    b'<p id="a">Lunch at noon?</p><p id="b">I hereby order 1,000 units.</p>\r\n'
)


def test_msg_06_what_a_style_hides_is_signed_content_all_the_same() -> None:
    """Nothing is rendered or left out: who reads the content sees both texts, and neither can be taken away."""
    mail = build.signed_mail(ALICE, TWO_TEXTS)
    opened = RECEIVER.open(mail, at=NOW)
    assert (opened.verdict.status, opened.content) == ("VALID", TWO_TEXTS)
    for text in (b"Lunch at noon?", b"I hereby order 1,000 units."):
        assert not RECEIVER.open(mail.replace(text, b""), at=NOW).verdict.is_valid


# --- MSG-12: signed for one, sealed for another -----------------------------------------------------------------------


def sealed_for_bob(signed: bytes, extra: bytes = b"") -> mailseal.Opened:
    cms = build.auth_enveloped(signed, BOB)
    return RECEIVER.open(build.headers(extra=extra) + build.part(cms, "authEnveloped-data"), at=NOW)


def signed_to(recipient: str) -> bytes:
    """Alice's signed entity that names its recipient in fields of its own (RFC 9788 §2)."""
    fields = f"From: alice@example.com\r\nTo: {recipient}\r\nSubject: Figures\r\n".encode()
    entity = fields + build.TEXT.replace(b"charset=utf-8", b'charset=utf-8; hp="cipher"')
    return build.part(build.signed(entity, ALICE), "signed-data")


def test_msg_12_no_recipient_is_ever_called_protected() -> None:
    """Whoever received Alice's signed text can seal it for Bob: it is VALID as hers, and To is the forwarder's word."""
    opened = sealed_for_bob(signed_to("eve@example.com"))
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert [layer.kind for layer in opened.layers] == ["authEnveloped-data", "signed-data"]
    states = {field.name: field.state for field in opened.headers}
    assert (states["To"], states["From"]) == ("unprotected", "unprotected")


def test_msg_12_who_sealed_is_not_who_signed() -> None:
    """Sealed and then signed by another: the signature outside is Eve's, and From is compared with hers."""
    sealed = build.part(build.auth_enveloped(build.part(build.signed(build.TEXT, ALICE), "signed-data"), BOB))
    eve = build.person("eve@example.com")
    for sender in ("alice@example.com", "eve@example.com"):
        opened = RECEIVER.open(build.headers(sender) + build.part(build.signed(sealed, eve), "signed-data"), at=NOW)
        assert [layer.kind for layer in opened.layers] == ["signed-data", "authEnveloped-data", "signed-data"]
        assert not opened.verdict.is_valid or {one.address for one in opened.signers} == {"OK", "NOT_CHECKED"}


def test_msg_12_a_forwarded_secret_is_told_from_one_that_was_meant_for_us() -> None:
    meant, forwarded = sealed_for_bob(signed_to("bob@example.com")), sealed_for_bob(signed_to("eve@example.com"))
    assert (meant.verdict.status, codes(meant)) == ("VALID", [])
    assert (forwarded.verdict.status, codes(forwarded)) == ("VALID", ["address.recipients-differ"])


def test_msg_12_a_signed_message_names_its_recipients_as_well() -> None:
    """RFC 8551 §3.1: the whole message signed as message/rfc822."""
    for recipient, found in (("bob@example.com", []), ("eve@example.com", ["address.recipients-differ"])):
        whole = f"Content-Type: message/rfc822\r\n\r\nFrom: alice@example.com\r\nTo: {recipient}\r\n\r\nHi\r\n".encode()
        assert codes(sealed_for_bob(build.part(build.signed(whole, ALICE), "signed-data"))) == found


def test_msg_12_a_text_that_names_nobody_can_be_passed_on() -> None:
    opened = sealed_for_bob(build.part(build.signed(build.TEXT, ALICE), "signed-data"))
    assert (opened.verdict.status, codes(opened)) == ("VALID", ["address.recipients-unbound"])
    outside = RECEIVER.open(build.signed_mail(ALICE), at=NOW)
    assert codes(outside) == []
