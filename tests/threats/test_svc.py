"""Services: secrets stay where they belong."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

import mailseal
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.support import smime_build as build

if TYPE_CHECKING:
    from tests.threats.conftest import Receive

CANARY = "canary-4b1d9e"


def test_svc_05_no_secret_in_repr_errors_or_logs(
    receive: Receive, bob: build.Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store = pkcs12.serialize_key_and_certificates(
        b"bob", bob.key, bob.certificate, None, serialization.BestAvailableEncryption(b"another")
    )
    words = []
    try:
        mailseal.Identity.load(store, password=CANARY)
    except mailseal.Error as error:
        words += [repr(error), "".join(traceback.format_exception(error))]
    else:
        pytest.fail("the password is wrong")
    secret = f"Content-Type: text/plain\r\n\r\n{CANARY}\r\n".encode()
    receiver = receive("archive")
    for cms in (build.auth_enveloped(secret, bob, damage_mac=1), build.enveloped(secret, bob)):
        opened = receiver.open(build.encrypted_mail(cms))
        words += [repr(opened), str(opened.verdict.findings), opened.verdict.explain(), str(opened.to_dict())]
    identity = mailseal.Identity.load(bob.pem)
    words += [repr(identity), str(identity), repr(mailseal.Keyring([identity])), repr(receiver), caplog.text]
    numbers = bob.key.private_numbers()  # type: ignore[union-attr]
    text = "\n".join(words)
    # The line of this file that names the canary is part of no traceback: the value is.
    assert CANARY not in text
    assert format(numbers.private_value if hasattr(numbers, "private_value") else numbers.d, "x") not in text.lower()
