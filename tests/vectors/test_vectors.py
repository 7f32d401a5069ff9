"""Test data that others made: every row that is due must come out as its index says.

A mismatch must be listed in exceptions.toml with its reason; a listed row that matches after all fails too. Rows whose
index says `unknown` are compared with snapshots.tsv, never counted as matched; MAILSEAL_SNAPSHOTS=write writes it anew.
explained.toml says why they come out as they do.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import mailseal
import pytest

from tests.vectors import load
from tests.vectors.due import SOURCES, not_due, path_is_due, refused

HERE = Path(__file__).parent
SNAPSHOTS = HERE / "snapshots.tsv"


def exceptions(source: str, name: str = "exceptions.toml") -> dict[str, str]:
    with (HERE / name).open("rb") as file:
        listed: dict[str, str] = tomllib.load(file).get(source, {})
    return listed


def snapshots() -> dict[tuple[str, str], str]:
    lines = SNAPSHOTS.read_text(encoding="utf-8").splitlines() if SNAPSHOTS.exists() else []
    fields = (line.split("\t") for line in lines if not line.startswith("#"))
    return {(source, path): text for source, path, text in fields}


def write_snapshots(source: str, found: dict[str, str]) -> None:
    kept = {key: text for key, text in snapshots().items() if key[0] != source}
    kept |= {(source, path): text for path, text in found.items()}
    lines = [f"{name}\t{path}\t{text}\n" for (name, path), text in sorted(kept.items())]
    SNAPSHOTS.write_text("".join(["# Source, row, and what mailseal says of it.\n", *lines]), encoding="utf-8")


@pytest.mark.parametrize("source", SOURCES)
def test_every_due_row_comes_out_as_its_index_says(source: str, vectors: Path, account: list[str]) -> None:
    listed = exceptions(source)
    faults, later, unknown = [], [], {}
    matched = excepted = never = 0
    for row in load.rows(vectors, source):
        if not_due(row) is not None:
            later.append(row.path)
            continue
        answer = load.answer(row)
        if code := refused(row):
            never += 1
            if answer.taken or code not in answer.text or not load.certificates_of(row):
                faults.append(f"{row.path}: {code} expected, and the certificate beside it; we say {answer.text}")
            continue
        if row.expect == "unknown":
            unknown[row.path] = answer.text
            continue
        # The path of a PKITS mail or certificate is judged elsewhere, and a linter's questions nowhere: here it is the
        # bytes and their signature.
        expected = row.expect == "ok" or source in {"pkits", "zlint-smime"}
        if answer.taken == expected:
            matched += 1
            if row.path in listed:
                faults.append(f"{row.path}: listed in exceptions.toml, but matches now: {answer.text}")
        elif row.path in listed:
            excepted += 1
        else:
            faults.append(f"{row.path}: {row.expect} expected, we say {answer.text}")
    account.append(
        f"vectors {source}: matched {matched}, exceptions {excepted}, mismatches {len(faults)}, "
        f"refused for good {never}, unknown {len(unknown)}, not yet due {len(later)}"
    )
    if os.environ.get("MAILSEAL_SNAPSHOTS") == "write":
        write_snapshots(source, unknown)
    seen = {path: text for (name, path), text in snapshots().items() if name == source}
    assert not faults, "\n".join(faults)
    assert matched >= 0.95 * (matched + excepted)
    assert unknown == seen, "answers to rows without known outcome changed: MAILSEAL_SNAPSHOTS=write, and say why"


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_refused_without_a_known_outcome_is_explained(source: str, vectors: Path) -> None:
    """An unknown row that is refused, for another reason than a key that is not there, has its explanation."""
    explained = exceptions(source, "explained.toml")
    paths = {row.path for row in load.rows(vectors, source)}
    assert explained.keys() <= paths
    refused_rows = {path for (name, path), text in snapshots().items() if name == source and "Error " in text}
    without_key = {path for path in refused_rows if snapshots()[source, path].endswith("decryption.no-key")}
    assert refused_rows - without_key <= explained.keys()


def test_pkits_paths(vectors: Path, account: list[str]) -> None:
    """RFC 5280 §6: a valid path is OK where all it needs is judged; what must be rejected is never OK, due or not."""
    folder = vectors / "pkits"
    trust = mailseal.TrustStore.load(folder / "certs" / "TrustAnchorRootCertificate.crt")
    pool = [path for path in sorted((folder / "certs").glob("*.crt")) if "TrustAnchor" not in path.name]
    trust.add_intermediates([mailseal.Certificate.load(path) for path in pool])
    # The certificates of PKITS are for no particular purpose and name no mailbox of From.
    receiver = mailseal.Receiver(trust=trust, policy=mailseal.Policy.archive())
    faults, accepted, rejected, later, early = [], 0, 0, 0, 0
    for row in load.rows(vectors, "pkits"):
        if row.kind != "eml:signed":
            continue
        chains = [(signer.chain, signer.time) for signer in receiver.open(row.data).signers]
        good = chains == [("OK", "OK")]
        if row.expect == "ok" and path_is_due(row):
            accepted += good
            if not good:
                faults.append(f"{row.path}: valid, we say {chains}")
        elif row.expect == "ok":
            later += 1
        elif path_is_due(row):
            rejected += not good
            if good:
                faults.append(f"{row.path}: must be rejected, we say OK")
        else:
            later += 1
            early += good
    account.append(
        f"pkits paths: valid accepted {accepted}, invalid rejected {rejected}, wrong {len(faults)}, later {later} "
        f"(of these rejected by tests to come but OK without revocation and policies: {early})"
    )
    assert not faults, "\n".join(faults)
    assert accepted >= 10
    assert rejected >= 10
