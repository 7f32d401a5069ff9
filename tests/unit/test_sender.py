"""Sender: what it makes is opened by Receiver, read by asn1crypto, and says what RFC 8551 prescribes."""

from __future__ import annotations

import email
import email.policy
import hashlib
from email.headerregistry import Address
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import tsp
from cryptography import x509

from tests.findings.cases import ALICE, BOB, NOW, ROOT, alices, authority, policy
from tests.findings.making import capable
from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIGNING_CERTIFICATE_V2 = "signing_certificate_v2"
AES_256_GCM, AES_128_GCM = build.AES_GCM[32], build.AES_GCM[16]
AES_256_CBC, AES_128_CBC = build.AES_CBC[32], build.AES_CBC[16]
MESSAGE = (
    b"From: alice@example.com\r\nTo: bob@example.com\r\nSubject: Figures\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nHello Bob\r\n"
)
ENTITY = b"Content-Type: text/plain; charset=utf-8\r\n\r\nHello Bob\r\n"
assert tsp, "imported for the attributes that it teaches the reader"
TRUST = mailseal.TrustStore.load(ROOT.certificate)
USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
ANY_USAGE = x509.KeyUsage(**dict.fromkeys(USAGES[:-2], True), encipher_only=False, decipher_only=False)
IDENTITY, BOBS = mailseal.Identity.load(ALICE.pem), mailseal.Identity.load(BOB.pem)


def sender(signing: Any = IDENTITY, **changes: Any) -> mailseal.Sender:
    return mailseal.Sender(signing=signing, trust=TRUST, policy=policy(**changes))


def opened(mail: bytes, keys: Any = BOBS) -> mailseal.Opened:
    return mailseal.Receiver(trust=TRUST, keys=keys, threads=1).open(mail, at=NOW)


def fields(mail: bytes) -> dict[str, str]:
    parsed = email.message_from_bytes(mail, policy=email.policy.SMTP)
    return {name: str(value) for name, value in parsed.items()}


def parts(mail: bytes) -> list[Any]:
    return list(email.message_from_bytes(mail, policy=email.policy.SMTP).iter_parts())


def signed_data(der: bytes) -> Any:
    return asn1_cms.ContentInfo.load(der, strict=True)["content"]


# --- what is written (RFC 8551 §3) ------------------------------------------------------------------------------------


def test_rfc8551_3_5_3_multipart_signed() -> None:
    mail = sender().sign(MESSAGE, at=NOW)
    found = fields(mail)
    assert list(found) == ["From", "To", "Subject", "MIME-Version", "Content-Type"]
    content_type = email.message_from_bytes(mail, policy=email.policy.SMTP)["Content-Type"]
    assert content_type.content_type == "multipart/signed"
    assert content_type.params["protocol"] == "application/pkcs7-signature"
    assert content_type.params["micalg"] == "sha-256"
    entity, signature = parts(mail)
    assert entity.get_content() == "Hello Bob\r\n" or entity.get_content() == "Hello Bob\n"
    assert (signature.get_content_type(), signature.get_filename()) == ("application/pkcs7-signature", "smime.p7s")
    result = opened(mail)
    assert (result.verdict.status, result.verdict.findings, result.content) == ("VALID", (), ENTITY)


def test_rfc8551_3_5_2_opaque() -> None:
    mail = sender().sign(MESSAGE, clear=False, at=NOW)
    assert "smime-type=signed-data" in fields(mail)["Content-Type"].replace('"', "")
    result = opened(mail)
    assert (result.verdict.status, result.verdict.findings, result.content) == ("VALID", (), ENTITY)
    assert result.layers[0].form == "opaque"


@pytest.mark.parametrize(
    ("cipher", "smime_type", "content_type"),
    [
        ("aes-256-gcm", "authEnveloped-data", "authenticated_enveloped_data"),
        ("chacha20-poly1305", "authEnveloped-data", "authenticated_enveloped_data"),
        ("aes-128-cbc", "enveloped-data", "enveloped_data"),
    ],
)
def test_rfc8551_3_3_enveloped(cipher: str, smime_type: str, content_type: str) -> None:
    mail = sender(content_cipher=cipher).protect(MESSAGE, [BOB.certificate], at=NOW)
    found = fields(mail)
    assert f"smime-type={smime_type}" in found["Content-Type"].replace('"', "")
    assert (found["Content-Transfer-Encoding"], found["Subject"]) == ("base64", "Figures")
    der = email.message_from_bytes(mail).get_payload(decode=True)
    assert asn1_cms.ContentInfo.load(der)["content_type"].native == content_type
    result = opened(mail)
    assert (result.verdict.status, result.content, result.authenticated) == ("VALID", ENTITY, True)
    assert [layer.kind for layer in result.layers] == [smime_type, "signed-data"]


def test_rfc2634_1_1_triple_wrap() -> None:
    result = opened(sender().triple_wrap(MESSAGE, [BOB.certificate], at=NOW))
    kinds = [layer.kind for layer in result.layers]
    assert (result.verdict.status, kinds) == ("VALID", ["signed-data", "enveloped-data", "signed-data"])


def test_rfc8551_3_6_compressed() -> None:
    mail = sender().compress(MESSAGE)
    assert "smime-type=compressed-data" in fields(mail)["Content-Type"].replace('"', "")
    assert opened(mail).content == ENTITY


def test_rfc8551_3_8_certs_only() -> None:
    result = opened(mailseal.certs_only([ALICE.certificate, BOB.certificate, ALICE.certificate]))
    assert [layer.kind for layer in result.layers] == ["certs-only"]
    assert {one.to_der() for one in result.certificates} == {ALICE.der, BOB.der}
    with pytest.raises(ValueError, match="one certificate"):
        mailseal.certs_only([])


def test_signed_attributes_by_another_reader() -> None:
    """RFC 5652 §11, RFC 8551 §2.5, RFC 5035, RFC 6211: each once, DER, and bound to the algorithms."""
    data = signed_data(mailseal.cms.sign(b"content", IDENTITY, at=NOW))
    assert (data["version"].native, data["encap_content_info"]["content"].native) == ("v1", b"content")
    [info] = data["signer_infos"]
    attributes = {one["type"].native: one["values"] for one in info["signed_attrs"]}
    assert set(attributes) == {
        "content_type", "message_digest", "signing_time", SIGNING_CERTIFICATE_V2, "cms_algorithm_protection",
        "smime_capabilities", "encrypt_key_pref",
    }  # fmt: skip
    assert all(len(values) == 1 for values in attributes.values())
    assert attributes["signing_time"][0].native == NOW
    protection = attributes["cms_algorithm_protection"][0]
    assert protection["digest_algorithm"].dump() == info["digest_algorithm"].dump()
    identifier = info["signature_algorithm"].dump()
    assert protection["signature_algorithm"].dump()[1:] == identifier[1:]
    ess = attributes[SIGNING_CERTIFICATE_V2][0]["certs"][0]
    assert ess["cert_hash"].native == hashlib.sha256(ALICE.der).digest()
    assert ess["issuer_serial"]["serial_number"].native == ALICE.certificate.serial_number
    plain = info["signed_attrs"].untag().dump()
    assert asn1_cms.CMSAttributes.load(plain).dump(force=True) == plain


def test_several_signers_each_sign() -> None:
    carol = build.person("carol@example.com", "ec")
    dave = build.person("dave@example.com", "ed25519")
    identities = [IDENTITY, *(mailseal.Identity.load(one.pem) for one in (carol, dave))]
    mail = sender(identities).sign(MESSAGE, at=NOW)
    assert email.message_from_bytes(mail).get_param("micalg") == "sha-256,sha-512"
    result = opened(mail)
    assert [signer.integrity for signer in result.signers] == ["OK"] * 3
    assert result.verdict.is_valid, result.verdict.explain()


# --- what is signed is what is emitted --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE,
        MESSAGE.replace(b"\r\n", b"\n"),
        bytearray(MESSAGE),
        ENTITY,
        b"Subject: no type\n\nplain\n",
        b"Subject: no type\n\ngr\xc3\xbcn\n",
        b"Content-Type: text/plain\n\n",
        b"Content-Type: text/plain\n",
    ],
)
def test_bytes_of_messages_and_entities(message: bytes) -> None:
    given = bytes(message) if message.startswith(b"From:") else b"From: alice@example.com\n" + bytes(message)
    result = opened(sender().sign(type(message)(given), at=NOW))
    assert result.verdict.is_valid, result.verdict.explain()


def test_a_path(tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(MESSAGE)
    assert opened(sender().sign(file, at=NOW)).content == ENTITY
    with pytest.raises(TypeError, match="str"):
        sender().sign(MESSAGE.decode())  # type: ignore[arg-type]


def test_plain_octets_are_no_message() -> None:
    for octets in (b"", b"Hello", b"\r\nbody", b"\x00\x01"):
        with pytest.raises(ValueError, match=r"no field|no header"):
            sender().sign(octets, at=NOW)


def email_message() -> EmailMessage:
    message = EmailMessage()
    message["From"] = Address("Alice Müller", "alice", "example.com")
    message["To"] = Address("Bob", "bob", "example.com")
    message["Subject"] = "Zahlen für Müller, mit einem Betreff, der länger als eine Zeile ist und gefaltet wird"
    message.set_content("Grüße\nFrom here \n" + "lang " * 40)
    message.add_alternative("<p>Grüße</p>", subtype="html")
    message.add_attachment(bytes(range(256)), maintype="application", subtype="octet-stream", filename="Zürich.bin")
    return message


def test_email_message() -> None:
    message = email_message()
    mail = sender().protect(message, [BOB.certificate], at=NOW)
    found = email.message_from_bytes(mail, policy=email.policy.default)
    assert (found["Subject"], found["From"]) == (message["Subject"], message["From"])
    result = opened(mail)
    assert result.verdict.is_valid, result.verdict.explain()
    attachments = list(result.message().iter_attachments())
    assert [(one.get_filename(), one.get_content()) for one in attachments] == [("Zürich.bin", bytes(range(256)))]
    body = result.message().get_body(("plain",))
    assert body is not None
    assert body.get_content().startswith("Grüße\r\nFrom here \r\nlang")


def test_rfc6531_addresses_beyond_ascii() -> None:
    message = EmailMessage()
    message["From"] = Address("", "älice", "example.com")
    message["To"] = "bob@example.com"
    message.set_content("x")
    assert "From: älice@example.com\r\n".encode() in sender().sign(message, at=NOW)


def test_the_signed_part_is_safe_on_every_relay() -> None:
    """RFC 8551 §3.1.3: 7bit, CRLF, short lines (76; fields as they were given), no blanks at their ends, no From."""
    mail = sender().sign(email_message(), at=NOW)
    signed = opened(mail).content
    assert signed is not None
    lines = bytes(signed).split(b"\r\n")
    assert all(line.isascii() and b"\n" not in line and len(line) <= 78 for line in lines)
    assert not any(line.startswith(b"From ") or line.endswith((b" ", b"\t")) for line in lines)


# --- recipients -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lists", "unknown", "cipher"),
    [
        ([None], "aes-128-cbc", "AES-128-CBC"),
        ([None], "aes-256-cbc", "AES-256-CBC"),
        ([[AES_256_GCM, AES_128_CBC]], "aes-128-cbc", "AES-256-GCM"),
        ([[AES_128_GCM, AES_128_CBC]], "aes-128-cbc", "AES-128-GCM"),
        ([[AES_256_CBC, AES_128_CBC]], "aes-128-cbc", "AES-256-CBC"),
        ([[AES_256_GCM, AES_128_GCM, AES_128_CBC], [AES_128_GCM, AES_128_CBC]], "aes-128-cbc", "AES-128-GCM"),
        ([[AES_256_GCM, AES_128_CBC], [AES_256_CBC, AES_128_CBC]], "aes-128-cbc", "AES-128-CBC"),
        ([[AES_256_GCM, AES_128_CBC], None], "aes-128-cbc", "AES-128-CBC"),
    ],
)
def test_rfc8551_2_7_1_the_cipher_that_all_take(lists: list[list[str] | None], unknown: str, cipher: str) -> None:
    certificates = [BOB.certificate if one is None else capable(*one) for one in lists]
    plan = sender(None, unknown_capabilities=unknown).plan(certificates, at=NOW)
    assert (plan.cipher, bool(plan.warnings)) == (cipher, not cipher.endswith("GCM"))
    assert cipher in plan.explain()
    assert plan.to_dict()["cipher"] == cipher


@pytest.mark.parametrize("name", ["strict", "pq-hybrid", "edi-energy"])
def test_policies_that_leave_no_choice(name: str) -> None:
    plan = mailseal.Sender(policy=mailseal.Policy.named(name)).plan([BOB.certificate], at=NOW)
    assert (plan.cipher.endswith("GCM"), plan.recipients[0].key_algorithm) == (True, "RSAES-OAEP")


def test_of_several_certificates_the_newest_that_fits() -> None:
    old, new, signing_only = alices(start=2021), alices(start=2024), build.person("alice@example.com", "ed25519")
    for candidates in ([old, new, signing_only.certificate], [new, signing_only.certificate, old]):
        plan = sender(None).plan([candidates], at=NOW)
        assert [one.certificate.to_der() for one in plan.recipients] == [mailseal.Certificate.load(new).to_der()]


def test_a_bundle_with_its_issuers_links_its_own_chain() -> None:
    """The newest of the bundle is a CA without keyUsage; the end entity is meant, and its intermediate leads on."""
    issuer, key = authority(instead=[(x509.KeyUsage(**dict.fromkeys(USAGES, False) | {"key_cert_sign": True}), True)])
    bob = build.issue("Bob", BOB.key, issuer.subject, key, address="bob@example.com")
    [one, *_] = sender(None).plan([[bob, issuer]], at=NOW).recipients
    assert one.certificate.to_der() == mailseal.Certificate.load(bob).to_der()
    with pytest.raises(mailseal.PolicyError, match="chain"):
        sender(None).plan([bob], at=NOW)
    own = build.issue("CA", BOB.key, build.name("CA"), BOB.key, address=None, start=2025, instead=[(ANY_USAGE, False)])
    [one] = mailseal.Sender().plan([[BOB.certificate, own]], at=NOW).recipients
    assert one.certificate.mailboxes == ("bob@example.com",)


def test_to_self_unless_the_policy_says_no() -> None:
    for to_self, count in ((True, 2), (False, 1)):
        own = sender(encrypt_to_self=to_self)
        assert len(own.plan([BOB.certificate], at=NOW).recipients) == count
        assert (opened(own.protect(MESSAGE, [BOB.certificate], at=NOW), IDENTITY).content == ENTITY) is to_self
    assert len(sender().plan([BOB.certificate, ALICE.certificate], at=NOW).recipients) == 2


def test_whoever_only_signs_is_not_encrypted_to() -> None:
    eve = mailseal.Identity.load(build.person("eve@example.com", "ed25519").pem)
    mail = sender(eve).protect(MESSAGE.replace(b"alice", b"eve", 1), [BOB.certificate], at=NOW)
    assert len(opened(mail).layers[0].recipients) == 1


def test_trust_decides_about_recipients() -> None:
    stranger = build.issue("Bob", BOB.key, build.name("Elsewhere"), build.new_key("ec"), address="bob@example.com")
    with pytest.raises(mailseal.PolicyError, match=r"bob@example.com .*chain"):
        sender().encrypt(MESSAGE, [stranger], at=NOW)
    assert mailseal.Sender().plan([stranger], at=NOW).recipients


def test_one_recipient_is_no_list() -> None:
    with pytest.raises(TypeError, match="list"):
        sender().encrypt(MESSAGE, mailseal.Certificate.load(BOB.certificate))  # type: ignore[arg-type]
    with pytest.raises(mailseal.PolicyError, match="no recipient"):
        sender().encrypt(MESSAGE, [])


# --- keys elsewhere ---------------------------------------------------------------------------------------------------


def test_a_callback_signs() -> None:
    asked: list[str] = []

    def sign(algorithm: str, octets: bytes) -> bytes:
        asked.append(algorithm)
        return build.sign_bytes(ALICE, octets)[1]

    remote = mailseal.Identity.from_callbacks(ALICE.certificate, sign=sign)
    assert opened(sender(remote).sign(MESSAGE, at=NOW)).verdict.is_valid
    assert mailseal.cms.verify(mailseal.cms.sign(b"x", remote, at=NOW), trust=TRUST, at=NOW).content == b"x"
    assert asked == ["RSA-PKCS1-v1_5-SHA256"] * 2
    carol = mailseal.Identity.load(build.person("carol@example.com", "ec").pem)
    both = opened(sender([carol, remote]).sign(MESSAGE, at=NOW))
    assert [signer.integrity for signer in both.signers] == ["OK", "OK"]


@pytest.mark.parametrize(("answer", "error"), [(None, TypeError), ("text", TypeError), (b"", mailseal.BackendError)])
def test_what_a_callback_may_not_answer(answer: Any, error: type[Exception]) -> None:
    remote = mailseal.Identity.from_callbacks(ALICE.certificate, sign=lambda _algorithm, _octets: answer)
    with pytest.raises(error):
        sender(remote).sign(MESSAGE, at=NOW)


def test_what_a_callback_raises_reaches_the_caller() -> None:
    def refuse(_algorithm: str, _octets: bytes) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sender(mailseal.Identity.from_callbacks(ALICE.certificate, sign=refuse)).sign(MESSAGE, at=NOW)


# --- one-shot forms, and what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: mailseal.sign(MESSAGE, IDENTITY),
        lambda: mailseal.encrypt(MESSAGE, [BOB.certificate]),
        lambda: mailseal.protect(MESSAGE, IDENTITY, [BOB.certificate]),
    ],
)
def test_one_shot_forms(make: Callable[[], bytes]) -> None:
    assert opened(make()).content == ENTITY


def test_an_identity_needs_a_certificate() -> None:
    bare = mailseal.Identity.load(ALICE.pem.partition(b"-----BEGIN CERT")[0])
    with pytest.raises(ValueError, match="certificate"):
        mailseal.Sender(signing=bare)
    with pytest.raises(TypeError, match="Identity"):
        mailseal.Sender(signing=[ALICE.certificate])  # type: ignore[list-item]
    with pytest.raises(mailseal.PolicyError, match="no identity"):
        mailseal.Sender().sign(MESSAGE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content_cipher", "rc4"),
        ("content_cipher", "des-ede3-cbc"),
        ("key_transport", "aes-256-gcm"),
        ("signature_algorithm", "rsa-pkcs1-v1_5-sha1"),
        ("unknown_capabilities", "rsassa-pss"),
    ],
)
def test_policies_name_what_is_made(field: str, value: str) -> None:
    with pytest.raises(ValueError, match="not made here"):
        policy(**{field: value})


def test_a_sender_is_not_pickled() -> None:
    import pickle

    for thing in (sender(), mailseal.Identity.from_callbacks(ALICE.certificate)):
        with pytest.raises(TypeError, match="pickled"):
            pickle.dumps(thing)
    assert "1 identities" in repr(sender())
    assert "Identity" in repr(mailseal.Identity.from_callbacks(ALICE.certificate))


def test_a_config_describes_a_sender(tmp_path: Path) -> None:
    (tmp_path / "alice.pem").write_bytes(ALICE.pem)
    (tmp_path / "bob.pem").write_bytes(BOB.pem)
    (tmp_path / "root.pem").write_bytes(build.root().pem)
    toml = tmp_path / "config.toml"
    toml.write_text('keys = ["alice.pem", "bob.pem"]\ntrust = ["root.pem"]\nsigner = "alice@example.com"\n')
    config = mailseal.Config.from_toml(toml)
    assert opened(config.sender().sign(MESSAGE, at=NOW)).verdict.is_valid
    assert mailseal.Config(trust=config.trust).sender().plan([BOB.certificate], at=NOW).recipients
    for signer, reason in ((None, "2 keys could sign"), ("eve@example.com", "for eve@example.com")):
        with pytest.raises(ValueError, match=reason):
            mailseal.Config(keys=config.keys, signer=signer).sender()


def test_the_policy_of_the_sender_bounds_every_step() -> None:
    """A message with more fields than the usual cap, which this policy raises, is delivered like any other."""
    many = b"".join(b"X-%d: x\r\n" % number for number in range(mailseal.Limits().header_fields + 10)) + MESSAGE
    with pytest.raises(mailseal.LimitError, match="header-fields"):
        sender().deliveries(many, [BOB.certificate], at=NOW)
    rules = mailseal.Limits(header_fields=10**6, header_bytes=10**8)
    [copy] = sender(limits=rules).deliveries(many, [BOB.certificate], at=NOW)
    assert copy.data.startswith(b"X-0: x\r\n")
