"""Reads the index of a folder of test data and finds out what mailseal says of each row.

An outcome is one of: ok, fail (refused, or shown to be false), and for snapshots the longer text of `Answer.text`.
"""

from __future__ import annotations

import base64
import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import mailseal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of an `index.tsv`."""

    source: str
    folder: Path
    path: str
    kind: str
    needs: str
    expect: str

    @property
    def data(self) -> bytes:
        return (self.folder / self.path).read_bytes()

    @property
    def password(self) -> str | None:
        return next((need[9:] for need in self.needs.split(";") if need.startswith("password=")), None)


class Answer(NamedTuple):
    """What mailseal said: whether it took the object, and the words for a snapshot."""

    taken: bool
    text: str


def rows(vectors: Path, source: str) -> list[Row]:
    folder = vectors / source
    with (folder / "index.tsv").open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Row(source, folder, line["path"], line["kind"], line["needs"], line["expect"]) for line in lines]


def answer(row: Row) -> Answer:
    """Our answer; an error of mailseal's own family is an answer too, anything else is a bug and passes through."""
    try:
        return KINDS[row.kind](row)
    except mailseal.Error as error:
        return Answer(taken=False, text=f"{type(error).__name__} {error.code}")


def plain(data: bytes) -> bytes:
    """The DER of a CMS object that is stored as PEM or bare base64."""
    text = data.strip()
    armoured = re.search(rb"-----BEGIN [^-]+-----(.*?)-----END", text, re.DOTALL)
    if armoured:
        return base64.b64decode(armoured[1])
    return base64.b64decode(text) if re.fullmatch(rb"[A-Za-z0-9+/=\s]+", text) else data


def certificate(row: Row) -> Answer:
    loaded = mailseal.Certificate.load(row.data)
    assert loaded.to_der() == plain(row.data), "kept as it came"
    assert loaded.public_key_name
    return Answer(taken=True, text=f"{len(loaded.mailboxes)} mailboxes, serial {loaded.serial_number:x}")


def identity(row: Row) -> Answer:
    loaded = mailseal.load_identities(row.data, password=row.password)
    if row.kind == "cert+key":
        assert any(one.certificate for one in loaded), "a certificate lies beside the key"
    return Answer(taken=True, text="key")


def pkcs12(row: Row) -> Answer:
    """Keys with their certificates, or certificates alone."""
    try:
        return identity(row)
    except mailseal.MalformedError as error:
        if "no private key" not in str(error):
            raise
    loaded = mailseal.load_certificates(row.data, row.password)
    return Answer(taken=bool(loaded), text=f"{len(loaded)} certificates")


def certificates_of(row: Row) -> bool:
    """Whether the certificate beside a key that is refused can be read; True for a key alone."""
    return row.kind == "key" or bool(mailseal.load_certificates(row.data, row.password))


def certificates(row: Row) -> Answer:
    loaded = mailseal.load_certificates(plain(row.data))
    return Answer(taken=bool(loaded), text=f"{len(loaded)} certificates")


def keyring(row: Row) -> mailseal.Keyring:
    """The keys that `needs` names, and for keys without certificate those of the folder."""
    paths = [path for need in row.needs.split(";") for path in row.folder.rglob(need) if need and is_key(path)]
    identities = [
        one for path in paths for one in mailseal.load_identities(path, password=password_of(row.folder, path))
    ]
    shared = [word for pattern, word in SHARED_PASSWORDS if re.fullmatch(pattern, row.path)]
    ring = mailseal.Keyring(identities, passwords=shared)
    if any(one.certificate is None for one in identities):
        beside = [one for one in rows(row.folder.parent, row.source) if one.kind == "cert" and one.expect == "ok"]
        ring.add_certificates([mailseal.Certificate.load(one.data) for one in beside])
    return ring


# Rows encrypted under a password, and the password (from the READMEs of their sources).
SHARED_PASSWORDS = ((r"cms/samplemsgs/pwri-.*", "abc"),)
# Rows encrypted under a content-encryption key, and the key (RFC 4134 §7).
SECRET_KEYS = ((r"7\.[12]\.bin", "737c791f25ead0e04629254352f7dc6291e5cb26917ada32"),)
# Rows whose signer's key has no meaning without its issuer's certificate, and that.
ISSUERS = ((r"4\.6\.bin", "CarlDSSSelf.cer"),)
# Rows with a detached signature, and the file beside them that holds the content.
DETACHED = (
    (r"4\..*", "ExContent.bin"),
    (r".*/PSSSignData[^/]*\.sig", "PSSSignData.data"),
    (r"cms/text-1\..*", "text-1.txt"),
)


def is_key(path: Path) -> bool:
    return path.is_file() and path.suffix in {".p12", ".pfx", ".pem", ".key", ".pri"}


def password_of(folder: Path, path: Path) -> str | None:
    relative = path.relative_to(folder).as_posix()
    return next((row.password for row in rows(folder.parent, folder.name) if row.path == relative), None)


def signed(row: Row) -> Answer:
    names = [name for pattern, name in DETACHED if re.fullmatch(pattern, row.path)]
    detached = (row.folder / row.path).with_name(names[0]).read_bytes() if names else None
    data = plain(row.data)
    archive = mailseal.Policy.archive()
    trust = next((row.folder / name for pattern, name in ISSUERS if re.fullmatch(pattern, row.path)), None)
    try:
        verified = mailseal.cms.verify(data, trust=trust, policy=archive)
    except mailseal.Error as error:
        if detached is None or error.code != "cms.content-absent":
            return signature_of(error)
        try:
            verified = mailseal.cms.verify(data, detached_content=detached, trust=None, policy=archive)
        except mailseal.Error as second:
            return signature_of(second)
    return signers(verified.signers)


def signature_of(error: mailseal.Error) -> Answer:
    """Test data is about the signature; whether its certificate may sign mail is another question."""
    found = error.opened.signers if isinstance(error, mailseal.VerificationError) and error.opened else ()
    text = f"{type(error).__name__} {error.code}"
    taken = signers(found).taken
    return Answer(taken=taken, text=f"{signers(found).text}, {text}" if taken else text)


def signers(found: tuple[mailseal.Signer, ...]) -> Answer:
    text = " ".join(signer.integrity for signer in found)
    return Answer(taken=bool(found) and all(signer.integrity == "OK" for signer in found), text=text)


def enveloped(row: Row) -> Answer:
    archive = mailseal.Policy.archive()
    decrypted = mailseal.cms.decrypt(plain(row.data), keyring(row), unauthenticated="allow", policy=archive)
    return Answer(taken=bool(decrypted.content), text=f"{len(decrypted.content)} bytes")


def encrypted(row: Row) -> Answer:
    """EncryptedData, under the content-encryption key itself."""
    keys = [bytes.fromhex(key) for pattern, key in SECRET_KEYS if re.fullmatch(pattern, row.path)]
    ring = mailseal.Keyring(secret_keys={str(index).encode(): key for index, key in enumerate(keys)})
    opened = mailseal.cms.decrypt(plain(row.data), ring, unauthenticated="allow")
    return Answer(taken=opened.content == (row.folder / "ExContent.bin").read_bytes(), text="the content")


def bare_data(row: Row) -> Answer:
    """A ContentInfo of id-data: nothing protects it, so it is named and not opened."""
    findings = mailseal.cms.parse(plain(row.data)).describe()["findings"]
    return Answer(taken=any("(Data)" in finding for finding in findings), text=" ".join(findings))


def unwrapped(row: Row) -> Answer:
    """CompressedData or DigestedData, whose content comes out without a key."""
    door = mailseal.cms.decompress if row.kind == "compressed" else mailseal.cms.digested
    content = door(plain(row.data))
    return Answer(taken=bool(content), text=f"{len(content)} bytes")


def mail(row: Row) -> Answer:
    """A whole message through the one path: what its kind promises must hold."""
    receiver = mailseal.Receiver(trust=None, keys=keyring(row), policy=mailseal.Policy.archive())
    opened = receiver.open(row.data)
    text = f"{opened.verdict.status} {opened.verdict.summary} {opened.decryption}"
    taken = True
    if "enveloped" in row.kind:
        taken = opened.decryption == "OK" and bool(opened.content)
    if "signed" in row.kind:
        taken = taken and signers(opened.signers).taken
    return Answer(taken=taken, text=text)


def anything(row: Row) -> Answer:
    """What is no S/MIME object: what each door says of it."""
    doors: dict[str, Callable[[bytes], object]] = {
        "identities": mailseal.load_identities,
        "certificates": mailseal.load_certificates,
        "cms": lambda data: mailseal.cms.parse(data).content_type,
        "mail": lambda data: mailseal.Receiver(trust=None).open(data).verdict.status,
    }
    said = []
    for name, door in doors.items():
        try:
            said.append(f"{name}: {door(row.data)}")
        except mailseal.Error as error:
            said.append(f"{name}: {error.code}")
    return Answer(taken=False, text=", ".join(said))


KINDS: dict[str, Callable[[Row], Answer]] = {
    "cert": certificate,
    "key": identity,
    "cert+key": identity,
    "p12": pkcs12,
    "certs-only": certificates,
    "signed": signed,
    "enveloped": enveloped,
    "authenveloped": enveloped,
    "encrypted": encrypted,
    "data": bare_data,
    "compressed": unwrapped,
    "digested": unwrapped,
    "eml": mail,
    "eml:signed": mail,
    "eml:enveloped": mail,
    "eml:enveloped+signed": mail,
    "der": anything,
    "other": anything,
}
