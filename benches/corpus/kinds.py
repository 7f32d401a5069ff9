"""THE table of kinds of message: how common each is, how it is made, and what a reader must say of it.

The outcomes hold for the policy ``archive`` with the received time as judged time, ``trust/anchors.pem`` as trust and
``keys/`` as keys. Weights are per thousand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from benches.corpus.ber import Ber
from benches.corpus.chance import Chance
from benches.corpus.encrypt import EnvelopeForm
from benches.corpus.sign import SignatureForm

BLOCK = 1000
YEARS = (2016, 2026)

USUAL = SignatureForm()
PSS = SignatureForm(pss=True)
SKI = SignatureForm(ski=True)
BARE = SignatureForm(attributes=False)
SHA1 = SignatureForm(digest="sha1")
BROKEN_SIGNATURE = SignatureForm(fault="signature")
CBC = EnvelopeForm()
CBC128 = EnvelopeForm(cipher="aes128-cbc")
GCM = EnvelopeForm(cipher="aes256-gcm")
GCM128 = EnvelopeForm(cipher="aes128-gcm")


@dataclass(frozen=True)
class Signed:
    """A layer of SignedData: one signer for each of ``keys`` ("": any kind of key)."""

    keys: tuple[str, ...] = ("rsa",)
    how: SignatureForm = USUAL
    group: str = "staff"
    opaque: bool = False
    label: str = ""
    """"x": the old application/x-pkcs7-* names; "octet": octet-stream; "none": no smime-type; "wrong": another one."""
    fault: str = ""
    """"body", "truncated", "no-signers", "econtent" (see compose)."""


@dataclass(frozen=True)
class Sealed:
    """A layer of EnvelopedData or AuthEnvelopedData; ``keys``: a kind of key, "mixed", or "gone" (nobody has it)."""

    keys: str = "rsa"
    how: EnvelopeForm = CBC
    label: str = ""
    fault: str = ""
    """"truncated", "base64", "stray" (see compose)."""


Layer = Signed | Sealed


@dataclass(frozen=True)
class Outcome:
    status: str
    summary: str
    decryption: str
    coverage: str
    findings: tuple[str, ...] = ()
    authenticated: bool = False

    def and_(self, *findings: str) -> Outcome:
        return replace(self, findings=(*self.findings, *findings))


@dataclass(frozen=True)
class Kind:
    name: str
    weight: int
    outcome: Outcome
    layers: tuple[Layer, ...] = ()
    """From the inside out."""
    around: str = ""
    """"list": a footer beside it; "forward": in message/rfc822; "beside": beside a text; "certificates": no content."""
    newline: str = ""
    """"lf": stored with LF wherever it is; "": as the store does."""
    sender: str = ""
    """"other": From is not the signer; "list": From is a mailing list."""
    years: tuple[int, int] = YEARS


PLAIN = Outcome("UNSIGNED", "none", "NOT_CHECKED", "none")
ERRANT = replace(PLAIN, coverage="1 of 2 parts", findings=("structure.errant-signature",))
SIGNED = Outcome("VALID", "signed", "NOT_CHECKED", "all", authenticated=True)
UNPROVEN = replace(SIGNED, status="INDETERMINATE")
BROKEN = Outcome("INVALID", "none", "NOT_CHECKED", "none")
OPENED_CBC = Outcome("UNSIGNED", "encrypted", "OK", "none", ("decryption.unauthenticated",))
OPENED_AEAD = Outcome("UNSIGNED", "encrypted", "OK", "none", authenticated=True)
BOTH = Outcome("VALID", "signed+encrypted", "OK", "all", authenticated=True)
LOCKED = Outcome("UNSIGNED", "encrypted", "UNKNOWN", "none", ("decryption.no-key",))
FAILED = Outcome("UNSIGNED", "encrypted", "FAILED", "none")

MISMATCH = "mime.type-mismatch"

KINDS: tuple[Kind, ...] = (
    Kind("plain", 252, PLAIN),
    # --- clear-signed ---
    Kind("clear-rsa", 60, SIGNED, (Signed(),)),
    Kind("clear-rsa-pss", 14, SIGNED, (Signed(how=PSS),), years=(2019, 2026)),
    Kind("clear-p256", 50, SIGNED, (Signed(("p256",)),)),
    Kind("clear-p384", 20, SIGNED, (Signed(("p384",)),)),
    Kind("clear-ed25519", 18, SIGNED, (Signed(("ed25519",)),), years=(2021, 2026)),
    Kind("clear-ski", 10, SIGNED, (Signed(("",), SKI),)),
    Kind("clear-two-signers", 8, SIGNED, (Signed(("rsa", "p256")),)),
    Kind("clear-no-attributes", 6, SIGNED.and_("signer.signed-attrs-absent"), (Signed(("rsa",), BARE),)),
    Kind("clear-sha1", 8, SIGNED.and_("signer.digest-weak"), (Signed(("rsa",), SHA1),), years=(2016, 2018)),
    Kind("clear-rsa1024-sha1", 4, SIGNED.and_("signer.digest-weak", "signer.key-weak"),
         (Signed(("rsa1024",), SHA1, "old"),), years=(2016, 2017)),
    Kind("clear-lf", 10, SIGNED, (Signed(("",)),), newline="lf"),
    Kind("clear-old-names", 8, SIGNED, (Signed(("rsa",), label="x"),), years=(2016, 2020)),
    # --- opaque signed ---
    Kind("opaque-rsa", 16, SIGNED, (Signed(opaque=True),)),
    Kind("opaque-p256", 16, SIGNED, (Signed(("p256",), opaque=True),)),
    Kind("opaque-ed25519", 4, SIGNED, (Signed(("ed25519",), opaque=True),), years=(2021, 2026)),
    Kind("opaque-ber", 12, SIGNED, (Signed(("",), SignatureForm(form=Ber(1000)), opaque=True),)),
    Kind("opaque-octet-stream", 6, SIGNED.and_(MISMATCH), (Signed(opaque=True, label="octet"),)),
    Kind("opaque-no-smime-type", 6, SIGNED, (Signed(opaque=True, label="none"),)),
    Kind("opaque-wrong-smime-type", 5, SIGNED.and_(MISMATCH), (Signed(opaque=True, label="wrong"),)),
    # --- encrypted ---
    Kind("rsa-aes128-cbc", 34, OPENED_CBC, (Sealed(how=CBC128),)),
    Kind("rsa-aes256-cbc", 42, OPENED_CBC, (Sealed(),)),
    Kind("rsa-oaep-aes256-cbc", 12, OPENED_CBC, (Sealed(how=EnvelopeForm(oaep="sha256")),), years=(2018, 2026)),
    Kind("rsa-oaep-sha1-aes128-cbc", 4, OPENED_CBC, (Sealed(how=EnvelopeForm("aes128-cbc", oaep="sha1")),)),
    Kind("rsa-3des-cbc", 15, OPENED_CBC.and_("decryption.algorithm-weak"), (Sealed(how=EnvelopeForm("3des-cbc")),),
         years=(2016, 2019)),
    Kind("rsa-aes128-gcm", 14, OPENED_AEAD, (Sealed(how=GCM128),), years=(2019, 2026)),
    Kind("rsa-aes256-gcm", 18, OPENED_AEAD, (Sealed(how=GCM),), years=(2019, 2026)),
    Kind("rsa-aes256-gcm-attributes", 3, OPENED_AEAD, (Sealed(how=replace(GCM, auth_attributes=True)),),
         years=(2019, 2026)),
    Kind("p256-aes128-cbc", 18, OPENED_CBC, (Sealed("p256", CBC128),)),
    Kind("p256-aes256-gcm", 15, OPENED_AEAD, (Sealed("p256", GCM),), years=(2019, 2026)),
    Kind("x25519-aes256-gcm", 12, OPENED_AEAD, (Sealed("x25519", GCM),), years=(2020, 2026)),
    Kind("x25519-aes128-cbc", 3, OPENED_CBC, (Sealed("x25519", CBC128),), years=(2020, 2026)),
    Kind("rsa-ski", 4, OPENED_CBC, (Sealed(how=EnvelopeForm(ski=True)),)),
    Kind("p256-ski", 3, OPENED_CBC, (Sealed("p256", EnvelopeForm(ski=True)),)),
    Kind("many-recipients", 14, OPENED_CBC, (Sealed("mixed"),)),
    Kind("many-recipients-shared-key", 4, OPENED_AEAD, (Sealed("mixed", replace(GCM, shared_ephemeral=True)),),
         years=(2019, 2026)),
    Kind("rsa-ber", 8, OPENED_CBC, (Sealed(how=EnvelopeForm(form=Ber(1024))),)),
    Kind("p256-gcm-ber", 4, OPENED_AEAD, (Sealed("p256", replace(GCM, form=Ber(500))),), years=(2019, 2026)),
    Kind("rsa-octet-stream", 6, OPENED_CBC.and_(MISMATCH), (Sealed(label="octet"),)),
    Kind("rsa-old-names", 8, OPENED_CBC, (Sealed(how=CBC128, label="x"),), years=(2016, 2020)),
    Kind("rsa-no-smime-type", 6, OPENED_CBC, (Sealed(label="none"),)),
    Kind("rsa-wrong-smime-type", 5, OPENED_CBC.and_(MISMATCH), (Sealed(label="wrong"),)),
    Kind("base64-stray", 4, OPENED_CBC.and_("mime.transfer-repaired"), (Sealed(fault="stray"),)),
    # --- several layers ---
    Kind("sign-encrypt-rsa", 34, BOTH, (Signed(), Sealed())),
    Kind("sign-encrypt-opaque", 15, BOTH, (Signed(("",), opaque=True), Sealed(how=CBC128))),
    Kind("sign-encrypt-p256-gcm", 20, BOTH, (Signed(("p256",)), Sealed("p256", GCM)), years=(2019, 2026)),
    Kind("sign-encrypt-ed25519-x25519", 5, BOTH, (Signed(("ed25519",)), Sealed("x25519", GCM)), years=(2021, 2026)),
    Kind("sign-encrypt-ber", 4, BOTH, (Signed(opaque=True, how=SignatureForm(form=Ber(300))),
                                       Sealed(how=EnvelopeForm(form=Ber(4096))))),
    Kind("triple-wrap", 9, BOTH, (Signed(("rsa",)), Sealed(), Signed(("rsa",)))),
    Kind("certs-only", 6, PLAIN.and_("structure.certs-only"), around="certificates"),
    # --- faults and doubts ---
    Kind("tampered-body", 8, BROKEN.and_("signer.digest-mismatch"), (Signed(("",), fault="body"),)),
    Kind("tampered-opaque", 3, BROKEN.and_("signer.digest-mismatch"), (Signed(("",), opaque=True, fault="body"),)),
    Kind("tampered-signature", 6, BROKEN.and_("signer.signature-mismatch"), (Signed(("rsa",), BROKEN_SIGNATURE),)),
    Kind("tampered-inside", 3, Outcome("INVALID", "encrypted", "OK", "none", ("signer.digest-mismatch",)),
         (Signed(("",), fault="body"), Sealed())),
    Kind("tampered-tag", 4, FAILED.and_("decryption.failed"), (Sealed(how=replace(GCM, fault="tag")),),
         years=(2019, 2026)),
    Kind("tampered-padding", 3, FAILED.and_("decryption.failed"), (Sealed(how=EnvelopeForm(fault="padding")),)),
    Kind("from-mismatch", 5, SIGNED.and_("address.mismatch-reported"), (Signed(("",)),), sender="other"),
    Kind("from-rewritten-by-list", 4, SIGNED.and_("address.mismatch-reported"), (Signed(("",)),), sender="list"),
    Kind("untrusted-ca", 12, UNPROVEN.and_("chain.untrusted"), (Signed(("",), group="partner"),)),
    Kind("expired-signer", 8, UNPROVEN.and_("chain.expired"), (Signed(("",), group="expired"),), years=(2018, 2026)),
    Kind("missing-intermediate", 6, UNPROVEN.and_("chain.issuer-missing"), (Signed(("",), group="hidden"),)),
    Kind("missing-key", 12, LOCKED, (Sealed("gone", CBC),)),
    Kind("missing-key-signed-inside", 5, LOCKED, (Signed(("",)), Sealed("gone", CBC128))),
    Kind("truncated-enveloped", 4, FAILED.and_("asn1.truncated"), (Sealed(fault="truncated"),)),
    Kind("damaged-base64", 3, FAILED, (Sealed(fault="base64"),)),
    Kind("truncated-signature", 4, BROKEN.and_("asn1.truncated"), (Signed(("",), fault="truncated"),)),
    Kind("list-footer", 10, ERRANT, (Signed(("",)),), around="list"),
    Kind("forwarded-signed", 8, PLAIN, (Signed(("",)),), around="forward"),
    Kind("errant-encrypted", 4, PLAIN.and_("structure.errant-encryption"), (Sealed(),), around="beside"),
    Kind("zero-signers", 3, BROKEN.and_("signer.none"), (Signed(fault="no-signers"),)),
    Kind("econtent-in-detached", 3, BROKEN.and_("signer.econtent-in-detached"), (Signed(fault="econtent"),)),
)  # fmt: skip

if sum(kind.weight for kind in KINDS) != BLOCK or len({kind.name for kind in KINDS}) != len(KINDS):
    raise AssertionError(f"the weights add up to {sum(kind.weight for kind in KINDS)}, or a name is there twice")


class Schedule:
    """Which kind message i is of: exact quotas in each block of a thousand, in seeded order.

    The first block begins with one of each kind, so that even a small archive shows all.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.number = -1
        self.block: list[Kind] = []

    def kind(self, index: int) -> Kind:
        number, place = divmod(index, BLOCK)
        if number != self.number:
            self.number = number
            self.block = self.drawn(number)
        return self.block[place]

    def drawn(self, number: int) -> list[Kind]:
        chance = Chance(self.seed, "block", number)
        if number:
            return chance.shuffled([kind for kind in KINDS for _ in range(kind.weight)])
        rest = [kind for kind in KINDS for _ in range(kind.weight - 1)]
        return chance.shuffled(KINDS) + chance.shuffled(rest)
