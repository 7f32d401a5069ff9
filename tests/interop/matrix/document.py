"""docs/interop.md: the outcomes of a run as a document, and the outcomes that it tells."""

from __future__ import annotations

import collections
import os
from dataclasses import dataclass, field
from pathlib import Path

PATH = Path(__file__).parents[3] / "docs" / "interop.md"
WRITE = "MAILSEAL_INTEROP=write pytest tests/interop"
HERE, THERE = "peer → mailseal", "mailseal → peer"
HEAD = f"""<!-- Made by `{WRITE}`; a run without it compares. -->

# Interoperability

Every row was run, with the version of the peer that stands above it.

`{HERE}`: the peer made the message with the operation, the algorithm and in the form that the row tells, and
mailseal opened it: content byte for byte, signature valid, algorithms named as they are; and the same message with a
changed content (signatures) or a changed tag (authenticated encryption, DER) was refused.

`{THERE}`: mailseal made the mail, and the peer opened all its layers: it gave back the content byte for byte, and
called each signature good with the test's root as its only anchor. In place of the same mail it took neither one with a
changed content or signature, at whatever layer, nor one with a changed tag, nor one encrypted to another key under the
name and number of the recipient's certificate. OpenSSL, Bouncy Castle and M2Crypto read the mail themselves; cmsutil,
gpgsm and pyca read the CMS that Python's `email` takes out of it.

What the outcomes mean:

- **opened**: all of that.
- **not yet**: mailseal refuses it by the name of what it lacks.
- **refused**: mailseal does not take it on purpose; the rule is named.
- **peer refuses**: the peer itself ends with an error, in its own words.
"""

Row = tuple[str, str, str]


@dataclass
class Section:
    """What one peer did in one direction."""

    version: str
    outcomes: dict[Row, str] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        return collections.Counter(outcome.split(":")[0] for outcome in self.outcomes.values())


Sections = dict[tuple[str, str], Section]
COLUMNS = ("opened", "not yet", "refused", "peer refuses")


def escaped(text: str) -> str:
    return text.replace("|", "\\|")


def split(line: str) -> list[str]:
    """The cells of a row of a table."""
    marked = line.replace("\\|", "\0").strip().strip("|")
    return [part.strip().replace("\0", "|") for part in marked.split("|")]


def render(sections: Sections) -> str:
    lines = [
        HEAD,
        "| direction | peer | version | cells | " + " | ".join(COLUMNS) + " |",
        "|---" * (4 + len(COLUMNS)) + "|",
    ]
    total: collections.Counter[str] = collections.Counter()
    for (direction, peer), section in sections.items():
        counts = section.counts()
        total.update(counts)
        numbers = [len(section.outcomes), *(counts.get(column, 0) for column in COLUMNS)]
        lines.append(f"| {direction} | {peer} | {section.version} | " + " | ".join(map(str, numbers)) + " |")
    numbers = [sum(total.values()), *(total[column] for column in COLUMNS)]
    lines.append("| | **all** | | " + " | ".join(f"**{number}**" for number in numbers) + " |")
    for (direction, peer), section in sections.items():
        lines += ["", f"## {direction}: {peer}", "", f"Version: {section.version}", ""]
        lines += ["| operation | algorithm | form | outcome |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(map(escaped, (*row, outcome)))} |" for row, outcome in section.outcomes.items()]
    return "\n".join(lines) + "\n"


def parse(text: str) -> Sections:
    sections: Sections = {}
    current: Section | None = None
    for line in text.splitlines():
        if line.startswith("## "):
            direction, peer = line.removeprefix("## ").split(": ")
            current = sections[direction, peer] = Section("")
        elif current is not None and line.startswith("Version: "):
            current.version = line.removeprefix("Version: ")
        elif current is not None and line.startswith("| ") and not line.startswith("| operation"):
            operation, algorithm, form, outcome = split(line)
            current.outcomes[operation, algorithm, form] = outcome
    return sections


def committed() -> Sections:
    return parse(PATH.read_text("utf-8")) if PATH.exists() else {}


def same_version(direction: str, peer: str, version: str) -> bool:
    """False: what the document tells is of another version of the peer, which may do more or less than this one."""
    section = committed().get((direction, peer))
    return section is None or section.version == version


def differences(old: Section, new: Section, *, whole: bool) -> list[str]:
    """What the run saw otherwise than the document tells; `whole`: every cell of the peer was run."""
    found = [
        f"{' | '.join(row)}: {old.outcomes.get(row, 'no row')!r} in the document, {outcome!r} in this run"
        for row, outcome in new.outcomes.items()
        if old.outcomes.get(row) != outcome
    ]
    if whole:
        found += [f"{' | '.join(row)}: in the document alone" for row in old.outcomes if row not in new.outcomes]
    return found


def settle(
    direction: str, run: dict[str, Section], cells: dict[str, int], failed: set[str], account: list[str]
) -> None:
    """Compares what this run saw with the document, or writes it; `cells`: how many each peer has.

    AssertionError if the document tells otherwise of the very version that was run.
    """
    sections, wrong, writing = committed(), list[str](), os.environ.get("MAILSEAL_INTEROP") == "write"
    for peer, section in run.items():
        whole = len(section.outcomes) == cells[peer]
        old = sections.get((direction, peer), Section(section.version))
        if writing:
            assert whole, (
                f"{peer}: {len(section.outcomes)} of {cells[peer]} cells came to an outcome; nothing is written"
            )
            sections[direction, peer] = section
            continue
        found = [f"{peer}: {line}" for line in differences(old, section, whole=whole and peer not in failed)]
        if old.version == section.version:
            wrong += found
        else:
            differ = f"the document tells of {old.version}; {len(found)} differ"
            account += [f"interop {direction} {peer}: {section.version}, {differ}", *found]
        counts = ", ".join(f"{count} {what}" for what, count in sorted(section.counts().items()))
        account.append(f"interop {direction} {peer}: {len(section.outcomes)} cells, {counts}")
    if writing:
        known = {**dict.fromkeys((direction, peer) for peer in cells if (direction, peer) in sections), **sections}
        ordered = {key: sections[key] for way in (HERE, THERE) for key in known if key[0] == way}
        PATH.write_text(render(ordered), "utf-8")
    assert not wrong, f"docs/interop.md is out of date ({WRITE}):\n" + "\n".join(wrong)
