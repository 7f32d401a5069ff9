"""Writes the reference pages that come from the core's tables, or checks that they are up to date (`--check`)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mailseal import _core

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DOCS = Path(__file__).parent.parent / "docs"
NOTICE = "<!-- Made by `make docs` from the tables of rust/core; change those, not this file. -->"


class Section(NamedTuple):
    """One table of the core and the words above it."""

    table: str
    heading: str
    introduction: str


PAGES: dict[str, tuple[str, tuple[Section, ...]]] = {
    "limits.md": (
        "Limits",
        (Section("limits", "", "Every cap on what comes from outside. Change one with `Policy.replace(limits=...)`."),),
    ),
    "findings.md": (
        "Findings",
        (
            Section(
                "families", "Families", "What kind of thing a finding is, what a strict door raises, and the exit code."
            ),
            Section("findings", "Codes", "The most telling first. `mailseal explain CODE` prints one."),
            Section("statuses", "Statuses", "What `verdict.status` says, and when."),
        ),
    ),
    "algorithms.md": (
        "Algorithms",
        (
            Section(
                "algorithms", "", "Everything mailseal knows by name: what it takes, what it makes, and by which rule."
            ),
        ),
    ),
}


def cell(value: object) -> str:
    """One value as the text of a Markdown cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ")
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(item) for item in value)
    return str(value).replace("|", "\\|").replace("\n", " ")


def markdown(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """The rows as a Markdown table; all rows have the same columns, in the order of the first."""
    columns = list(rows[0])
    lines = [
        "| " + " | ".join(column.replace("_", " ") for column in columns) + " |",
        "|" + "---|" * len(columns),
    ]
    for row in rows:
        if list(row) != columns:
            raise ValueError(f"columns differ from {columns}: {list(row)}")
        lines.append("| " + " | ".join(cell(row[column]) for column in columns) + " |")
    return lines


def page(title: str, sections: Sequence[Section]) -> str:
    lines = [NOTICE, "", f"# {title}", ""]
    for section in sections:
        rows = _core.table(section.table)
        if not rows:
            raise ValueError(f"the table {section.table!r} is empty")
        if section.heading:
            lines += [f"## {section.heading}", ""]
        lines += [section.introduction, "", *markdown(rows), ""]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is out of date")
    check = parser.parse_args().check
    stale = []
    for name, (title, sections) in PAGES.items():
        path, text = DOCS / name, page(title, sections)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            DOCS.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and stale:
        print(f"out of date: {', '.join(stale)}; run `make docs`", file=sys.stderr)
        return 1
    print(f"docs: {len(PAGES)} pages, {len(stale)} {'stale' if check else 'written'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
