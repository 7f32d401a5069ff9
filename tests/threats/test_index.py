"""The register of attacks is complete: what is due has tests that exist and codes that exist."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

import mailseal

ROOT = Path(__file__).parents[2]


def register() -> tuple[int, dict[str, dict[str, Any]]]:
    with (Path(__file__).parent / "index.toml").open("rb") as file:
        table = tomllib.load(file)
    return table.pop("current_issue"), table


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def exists(test: str) -> bool:
    """`file.py::function`, or `file.rs::function` for a test of the core."""
    name, _, function = test.partition("::")
    path = ROOT / name
    if not path.is_file():
        return False
    return (
        f"fn {function}(" in path.read_text(encoding="utf-8") if path.suffix == ".rs" else function in functions(path)
    )


def test_every_due_threat_has_a_test(account: list[str]) -> None:
    current, threats = register()
    due = {name: entry for name, entry in threats.items() if 0 < entry["due"] <= current}
    faults = [
        f"{name}: no test" for name, entry in due.items() if not entry["tests"] and not entry.get("not_applicable")
    ]
    for name, entry in threats.items():
        faults += [f"{name}: {test} does not exist" for test in entry["tests"] if not exists(test)]
    covered = sum(1 for entry in threats.values() if entry["tests"] or entry.get("not_applicable"))
    account.append(f"threats: covered {covered} / {len(threats)} (due {len(due)})")
    assert not faults, "\n".join(faults)


def test_every_code_is_a_finding() -> None:
    known = {row["code"] for row in mailseal._core.table("findings")}
    named = {code for entry in register()[1].values() for code in entry["codes"]}
    assert named <= known, named - known
