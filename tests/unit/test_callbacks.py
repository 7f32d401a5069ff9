"""Keys that live elsewhere: another process holds them and answers, as a key management service does."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import mailseal
import pytest

from tests.findings.cases import ALICE, NOW, ROOT
from tests.support import smime_build as build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MESSAGE = b"From: alice@example.com\r\nTo: bob@example.com\r\n\r\nHello Bob\r\n"
PEOPLE = {kind: build.person(f"{kind}@example.com", kind) for kind in ("rsa", "ec")}
IDENTITY = mailseal.Identity.load(ALICE.pem)

# Holds the keys and answers one JSON line after another.
SERVICE = """
import json, sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
load = lambda pem: serialization.load_pem_private_key(pem.encode(), None)
keys = {name: load(pem) for name, pem in json.loads(sys.stdin.readline()).items()}
for line in sys.stdin:
    who, verb, algorithm, octets = json.loads(line)
    key, octets = keys[who], bytes.fromhex(octets)
    try:
        if verb == "sign" and who == "ec":
            answer = key.sign(octets, ec.ECDSA(hashes.SHA256()))
        elif verb == "sign":
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
            answer = key.sign(octets, pss if "PSS" in algorithm else padding.PKCS1v15(), hashes.SHA256())
        elif verb == "unwrap":
            oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
            answer = key.decrypt(octets, oaep if "OAEP" in algorithm else padding.PKCS1v15())
        else:
            answer = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), octets))
        print(answer.hex(), flush=True)
    except ValueError:
        print("none", flush=True)
"""


class Service:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.asked: list[tuple[str, str]] = []

    def ask(self, who: str, verb: str) -> Callable[[str, bytes], bytes]:
        def callback(algorithm: str, octets: bytes) -> bytes:
            self.asked.append((verb, algorithm))
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps([who, verb, algorithm, octets.hex()]) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline().strip()
            if answer == "none":
                raise OSError("the device says no")
            return bytes.fromhex(answer)

        return callback

    def identity(self, who: str) -> Any:
        verbs = {verb: self.ask(who, verb) for verb in ("sign", "unwrap", "agree")}
        return mailseal.Identity.from_callbacks(PEOPLE[who].certificate, **verbs)


@pytest.fixture
def service() -> Iterator[Service]:
    command = [sys.executable, "-c", SERVICE]
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        stack.callback(process.kill)
        assert process.stdin is not None
        pems = {who: one.pem.partition(b"-----BEGIN CERT")[0].decode() for who, one in PEOPLE.items()}
        process.stdin.write(json.dumps(pems) + "\n")
        yield Service(process)


def sealed(kind: str, **changes: str) -> bytes:
    rules = mailseal.Policy.default().replace(encrypt_to_self=False, **changes)
    return mailseal.Sender(signing=IDENTITY, policy=rules).protect(MESSAGE, [PEOPLE[kind].certificate], at=NOW)


def receiver(keys: Any) -> mailseal.Receiver:
    return mailseal.Receiver(trust=ROOT.certificate, keys=keys, threads=2)


@pytest.mark.parametrize(
    ("kind", "changes", "asked"),
    [
        ("rsa", {}, ("unwrap", "RSAES-PKCS1-v1_5")),
        ("rsa", {"key_transport": "rsaes-oaep"}, ("unwrap", "RSAES-OAEP-SHA256")),
        ("ec", {"content_cipher": "aes-256-gcm"}, ("agree", "dhSinglePass-stdDH-sha256kdf")),
    ],
)
def test_another_process_opens(service: Service, kind: str, changes: dict[str, str], asked: tuple[str, str]) -> None:
    opened = receiver(service.identity(kind)).open(sealed(kind, **changes), at=NOW)
    assert opened.verdict.is_valid, opened.verdict.explain()
    assert (opened.require_content().endswith(b"Hello Bob\r\n"), service.asked) == (True, [asked])
    assert opened.layers[0].key_used == "remote=0"


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_another_process_signs(service: Service, kind: str) -> None:
    for changes in ({}, {"signature_algorithm": "rsassa-pss"}):
        rules = mailseal.Policy.default().replace(**changes)
        mail = MESSAGE.replace(b"alice", kind.encode())
        signed = mailseal.Sender(signing=service.identity(kind), policy=rules).sign(mail, at=NOW)
        assert receiver(None).open(signed, at=NOW).verdict.is_valid


def test_batches_and_cms(service: Service) -> None:
    mails = [sealed(kind) for kind in ("rsa", "ec", "rsa")]
    batch = receiver([service.identity("rsa"), service.identity("ec")]).open_batch(mails)
    assert batch.statuses()["decryption:OK"] == len(mails)
    assert batch[1].content is not None
    cms = mailseal.cms.encrypt(b"octets", [PEOPLE["ec"].certificate], at=NOW)
    assert mailseal.cms.decrypt(cms, service.identity("ec")).content == b"octets"


def test_a_key_here_goes_before_one_elsewhere(service: Service) -> None:
    here = mailseal.Identity.load(PEOPLE["rsa"].pem)
    assert receiver([service.identity("rsa"), here]).open(sealed("rsa"), at=NOW).content is not None
    assert service.asked == []


def answering(answer: Any) -> Any:
    def callback(_algorithm: str, _octets: bytes) -> Any:
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return mailseal.Identity.from_callbacks(PEOPLE["rsa"].certificate, unwrap=callback, agree=callback)


ACTS: list[Callable[[mailseal.Receiver], object]] = [
    lambda one: one.open(sealed("rsa"), at=NOW),
    lambda one: one.open_batch([sealed("rsa")] * 3),
]
NO_ANSWERS = {
    "None": None,
    "nothing": b"",
    "too short": bytes(15),
    "too long": bytes(17),
    "another key": bytes(16),
    "device error": OSError("gone"),
    "value error": ValueError("bad padding"),
    "not implemented": NotImplementedError(),
}


@pytest.mark.parametrize("name", NO_ANSWERS)
def test_every_way_not_to_open_looks_alike(name: str) -> None:
    mail = sealed("rsa", content_cipher="aes-128-gcm")
    opened = receiver(answering(NO_ANSWERS[name])).open(mail, at=NOW)
    assert (opened.decryption, opened.content) == ("FAILED", None)
    assert [str(finding) for finding in opened.verdict.findings] == [
        str(finding) for finding in receiver(answering(None)).open(mail, at=NOW).verdict.findings
    ]


@pytest.mark.parametrize("answer", ["text", 5, [1, 2]])
def test_an_answer_of_a_wrong_type_is_the_callers_mistake(answer: Any) -> None:
    for act in ACTS:
        with pytest.raises(TypeError, match="bytes or None"):
            act(receiver(answering(answer)))


@pytest.mark.parametrize("error", [KeyboardInterrupt(), mailseal.CallbackError("the service is down"), TypeError("x")])
def test_what_reaches_the_caller(error: BaseException) -> None:
    for act in ACTS:
        with pytest.raises(type(error)):
            act(receiver(answering(error)))


def test_without_a_callback_it_does_not_open() -> None:
    bare = mailseal.Identity.from_callbacks(PEOPLE["rsa"].certificate)
    assert receiver(bare).open(sealed("rsa", content_cipher="aes-128-gcm"), at=NOW).decryption == "FAILED"
    with pytest.raises(ValueError, match="no sign callback"):
        mailseal.Sender(signing=bare).sign(MESSAGE, at=NOW)
