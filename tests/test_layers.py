"""The Python side stays thin: no bytes are walked, no OID is named, no finding is silenced, no private door is used."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "python" / "mailseal"
SUBPACKAGES = ("archive", "evidence", "directory", "ca", "escrow", "gateway", "engines", "cli")
FILE_LINES, FUNCTION_LINES = 600, 60
OID = re.compile(r"[012](\.\d+){3,}")


def faults(source: str, *, subpackage: bool = False) -> list[str]:
    found = []
    if len(source.splitlines()) > FILE_LINES:
        found.append("too many lines")
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and OID.fullmatch(node.value):
            found.append(f"{line}: an OID")
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                found.append(f"{line}: bare except")
            if all(isinstance(one, ast.Pass) for one in node.body) and not quiet(node.type):
                found.append(f"{line}: silent except")
        if isinstance(node, (ast.For, ast.comprehension)) and walks_bytes(node.iter):
            found.append(f"{node.iter.lineno}: a loop over the bytes of a message")
        if (
            isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            and (node.end_lineno or 0) - line >= FUNCTION_LINES
        ):
            found.append(f"{line}: {node.name} is too long")
        if subpackage and isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            found += [f"{line}: imports {name}" for name in names if "_core" in name]
    return found


def quiet(kind: ast.expr | None) -> bool:
    """Silence is honest for the file system and missing extras, never for mail."""
    allowed = {
        "ImportError",
        "FileNotFoundError",
        "KeyboardInterrupt",
        "BrokenPipeError",
        "OSError",
        "ProcessLookupError",
    }
    names = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return all(isinstance(name, ast.Name) and name.id in allowed for name in names)


def walks_bytes(iterable: ast.expr) -> bool:
    return isinstance(iterable, ast.Name) and iterable.id in {"raw", "content", "data", "der", "cms", "message_bytes"}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_python_is_thin(path: Path) -> None:
    subpackage = path.relative_to(PACKAGE).parts[0] in SUBPACKAGES
    assert faults(path.read_text(encoding="utf-8"), subpackage=subpackage) == []


@pytest.mark.parametrize(
    "source",
    [
        "x = '1.2.840.113549.1.7.2'",
        "try:\n    f()\nexcept:\n    g()",
        "try:\n    f()\nexcept Exception:\n    pass",
        "for byte in raw:\n    f(byte)",
        "[byte for byte in data]",
        "from mailseal import _core",
        "def f():\n" + "    g()\n" * 61,
        "x\n" * 601,
    ],
)
def test_each_fault_is_found(source: str) -> None:
    assert len(faults(source, subpackage=True)) == 1
