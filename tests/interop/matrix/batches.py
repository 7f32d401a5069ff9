"""Openers that open many mails in one start: Bouncy Castle's JVM, and the Python that has M2Crypto."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.interop.matrix import bouncycastle, m2crypto
from tests.interop.matrix.cells import RefusedError
from tests.interop.matrix.peeling import Peeled
from tests.support import peers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.interop.matrix.keys import Workshop

Job = tuple[bytes, str]
"""A mail, and the kind of the key to open it with."""


@dataclass(frozen=True)
class Batch:
    """`run`: a description of each job; the answers, one for each: its name, "ok" or not, layers or refusal."""

    name: str
    run: Callable[[list[dict[str, str]]], list[list[str]]]


def in_java(jobs: list[dict[str, str]]) -> list[list[str]]:
    java = peers.need(bouncycastle.NAME, "bc-smime")
    source = bouncycastle.SOURCE.with_name("Open.java")
    lines = ("\t".join(f"{key}={value}" for key, value in job.items()) + "\n" for job in jobs)
    return [line.split("\t") for line in java(source, data="".join(lines).encode()).decode().splitlines()]


def in_python(jobs: list[dict[str, str]]) -> list[list[str]]:
    python = peers.need(m2crypto.NAME, "m2crypto-python")
    script = Path(__file__).parent / "m2crypto_open.py"
    answers = python(script, data="".join(json.dumps(job) + "\n" for job in jobs).encode())
    return [json.loads(line) for line in answers.splitlines()]


JAVA, PYTHON = Batch(bouncycastle.NAME, in_java), Batch(m2crypto.NAME, in_python)
BATCHES = {batch.name: batch for batch in (JAVA, PYTHON)}


def identifier(job: Job) -> str:
    mail, key = job
    return hashlib.sha256(key.encode() + b"\0" + mail).hexdigest()


def folder_of(batch: Batch, shop: Workshop) -> Path:
    folder = shop.folder / f"{batch.name} opens"
    folder.mkdir(exist_ok=True)
    return folder


def open_many(batch: Batch, shop: Workshop, jobs: Iterable[Job]) -> dict[str, list[str]]:
    """All answers so far, by `identifier`: those of jobs that were opened before too."""
    answered: dict[str, list[str]] = shop.cache.setdefault(f"{batch.name} opens", {})
    folder = folder_of(batch, shop)
    described = {}
    for mail, key in jobs:
        name = identifier((mail, key))
        if name not in answered:
            (folder / f"{name}.in").write_bytes(mail)
            described[name] = {
                "id": name, "in": str(folder / f"{name}.in"), "out": str(folder / f"{name}.out"),
                "key": str(shop.pem(key)), "root": str(shop.root),
            }  # fmt: skip
    if described:
        answered |= {name: rest for name, *rest in batch.run(list(described.values()))}
    return answered


def open_one(batch: Batch, shop: Workshop, mail: bytes, key: str) -> Peeled:
    """Best after `open_many` of everything that will be asked for."""
    name = identifier((mail, key))
    how, said = open_many(batch, shop, [(mail, key)])[name]
    if how != "ok":
        raise RefusedError(words(said))
    layers = tuple(said.split(",")) if said else ()
    return Peeled((folder_of(batch, shop) / f"{name}.out").read_bytes(), layers)


def words(said: str) -> str:
    """A refusal without what differs from run to run: files, and at which octet a padding of chance ends."""
    reasons = re.sub(r"/\S+|[0-9A-F]{8,}", "…", said).replace("block type is not 01", "invalid padding").split("; ")
    return "; ".join(dict.fromkeys(reasons))
