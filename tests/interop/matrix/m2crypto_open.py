"""Run by the Python that has M2Crypto: opens one mail a line of standard input, a JSON object; answers likewise."""

from __future__ import annotations

import email
import json
import sys
from pathlib import Path

from M2Crypto import BIO, SMIME, X509  # type: ignore[import-not-found]

DEEPEST = 5


def verified(entity: bytes, root: str) -> bytes:
    """The content, if every signature is good and every signer's chain leads to the root."""
    smime, store = SMIME.SMIME(), X509.X509_Store()
    store.load_info(root)
    smime.set_x509_store(store)
    smime.set_x509_stack(X509.X509_Stack())
    loaded, detached = SMIME.smime_load_pkcs7_bio(BIO.MemoryBuffer(entity))
    content: bytes = smime.verify(loaded, detached)
    return content


def decrypted(entity: bytes, key: str) -> bytes:
    smime = SMIME.SMIME()
    smime.load_key(key, key)
    loaded, _ = SMIME.smime_load_pkcs7_bio(BIO.MemoryBuffer(entity))
    content: bytes = smime.decrypt(loaded)
    return content


def peel(job: dict[str, str]) -> tuple[bytes, list[str]]:
    entity, layers = Path(job["in"]).read_bytes(), list[str]()
    while len(layers) < DEEPEST:
        parsed = email.message_from_bytes(entity)
        kind = parsed.get_content_type()
        signed = str(parsed.get_param("smime-type")).lower() == "signed-data"
        if kind == "multipart/signed" or (kind == "application/pkcs7-mime" and signed):
            entity = verified(entity, job["root"])
            layers.append("signed")
        elif kind == "application/pkcs7-mime":
            entity = decrypted(entity, job["key"])
            layers.append("encrypted")
        else:
            break
    return entity, layers


def main() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        try:
            content, layers = peel(job)
            Path(job["out"]).write_bytes(content)
            answer = ["ok", ",".join(layers)]
        except Exception as error:  # noqa: BLE001 — whatever it says is what it refuses with
            answer = ["refused", f"{type(error).__name__}: {error}"]
        print(json.dumps([job["id"], *answer]), flush=True)


if __name__ == "__main__":
    main()
