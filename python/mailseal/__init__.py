"""S/MIME mail: opened, verified, decrypted, one message or ten million.

receiver = mailseal.Receiver(trust=mailseal.TrustStore.load("roots.pem"), keys=mailseal.Keyring.load_dir("keys"))
opened = receiver.open(Path("mail.eml"))
opened.verdict.status, opened.content
"""

from __future__ import annotations

from mailseal import cms
from mailseal._core import Field, Finding, Layer, Recipient, Wanted, __version__
from mailseal.certificate import Certificate, load_certificates
from mailseal.config import Config
from mailseal.errors import (
    BackendError,
    CallbackError,
    DecryptionError,
    Error,
    InternalError,
    LimitError,
    MalformedError,
    PolicyError,
    UnsupportedError,
    VerificationError,
)
from mailseal.keys import Identity, Keyring, load_identities
from mailseal.policy import Limits, Policy
from mailseal.receiver import Item, Receiver, decrypt, open_message, verify
from mailseal.results import Batch, Check, Errant, Opened, Signer, Status, Summary, Verdict
from mailseal.sender import Outgoing, Plan, Sender, certs_only, encrypt, protect, sign
from mailseal.trust import TrustStore

# `mailseal.open(...)` reads well; it is not in __all__, so that a star import leaves the built-in alone.
open = open_message  # noqa: A001

__all__ = [
    "BackendError",
    "Batch",
    "CallbackError",
    "Certificate",
    "Check",
    "Config",
    "DecryptionError",
    "Errant",
    "Error",
    "Field",
    "Finding",
    "Identity",
    "InternalError",
    "Item",
    "Keyring",
    "Layer",
    "LimitError",
    "Limits",
    "MalformedError",
    "Opened",
    "Outgoing",
    "Plan",
    "Policy",
    "PolicyError",
    "Receiver",
    "Recipient",
    "Sender",
    "Signer",
    "Status",
    "Summary",
    "TrustStore",
    "UnsupportedError",
    "Verdict",
    "VerificationError",
    "Wanted",
    "__version__",
    "certs_only",
    "cms",
    "decrypt",
    "encrypt",
    "load_certificates",
    "load_identities",
    "open_message",
    "protect",
    "sign",
    "verify",
]
