"""Compares the rows of an import with the generator's manifest: `python -m benches.compare out/demo`.

Every key under `expect` in manifest.jsonl must hold in the row of the same raw_sha256. Exit code 1 on any difference.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def rows(result: Path) -> Iterator[dict[str, Any]]:
    """The rows of all parts, Parquet or JSONL."""
    parquet = sorted(result.rglob("*.parquet"))
    if parquet:
        import pyarrow.parquet as pq

        for path in parquet:
            yield from pq.read_table(path).to_pylist()
        return
    for path in sorted(result.rglob("part-*.jsonl")):
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def differs(row: dict[str, Any], expect: dict[str, Any]) -> str | None:
    """The first expectation that the row does not meet, in words."""
    for key, wanted in expect.items():
        if key == "findings":
            met, found = set(wanted) <= set(row["findings"] or ()), row["findings"]
        elif key == "signers":
            found = sorted({box for signer in row["signers"] or () for box in signer["mailboxes"]})
            met = found == sorted(wanted)
        elif key == "wanted_keys":
            found = len(row["wanted_keys"] or ())
            met = found == (wanted if isinstance(wanted, int) else len(wanted))
        else:
            found = row[key]
            met = found == wanted
        if not met:
            return f"{key}: expected {wanted!r}, found {found!r}"
    return None


def compare(folder: Path) -> tuple[collections.Counter[str], list[str], list[dict[str, Any]]]:
    waiting: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
    with (folder / "manifest.jsonl").open(encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            waiting[entry["raw_sha256"]].append(entry)
    kinds: collections.Counter[str] = collections.Counter()
    faults, found = [], list(rows(folder / "result"))
    for row in found:
        entries = waiting.get(row["raw_sha256"])
        if not entries:
            faults.append(f"{row['id']}: a row that the manifest does not know")
            continue
        entry = entries.pop()
        kinds[entry["kind"]] += 1
        fault = differs(row, entry["expect"])
        if fault:
            faults.append(f"{row['id']} ({entry['kind']}): {fault}")
    faults += [f"{one['id']} ({one['kind']}): no row" for left in waiting.values() for one in left]
    return kinds, faults, found


def query(found: list[dict[str, Any]]) -> None:
    """An example of what the table is good for: who signs with what, and what is wrong with it."""
    signed = [row for row in found if row["signers"]]
    digests = collections.Counter(signer["digest"] for row in signed for signer in row["signers"])
    invalid = collections.Counter((row["findings"] or ["none"])[0] for row in signed if row["status"] == "INVALID")
    print("query: digests of the signers:", ", ".join(f"{name} {count}" for name, count in digests.most_common()))
    print("query: why signed mail is INVALID:", ", ".join(f"{code} {count}" for code, count in invalid.most_common()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    kinds, faults, found = compare(parser.parse_args().folder)
    for kind, count in sorted(kinds.items()):
        print(f"{count:8,}  {kind}")
    print(f"{sum(kinds.values()):8,}  messages, {len(faults)} differ from the manifest")
    for fault in faults[:50]:
        print(fault, file=sys.stderr)
    query(found)
    return 1 if faults or not found else 0


if __name__ == "__main__":
    sys.exit(main())
