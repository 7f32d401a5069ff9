"""How results look on a terminal. Text of senders passes `clean`: it must not steer the terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mailseal import Check, Identity, Opened, Status

PIPE_WIDTH = 4_096
STATUS_STYLE = {
    Status.VALID: "bold green",
    Status.INVALID: "bold red",
    Status.INDETERMINATE: "bold yellow",
    Status.UNSIGNED: "bold",
}
# C0 and C1 controls, and the marks that turn the direction of text.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def console(*, err: bool = False, soft_wrap: bool = True) -> Console:
    """A console of its own: rich looks at NO_COLOR and at whether it writes to a terminal. Into a pipe, rows of tables
    are not broken: no name is cut in two for whoever reads them next."""
    file = sys.stderr if err else sys.stdout
    width = None if file.isatty() else PIPE_WIDTH
    return Console(file=file, highlight=False, soft_wrap=soft_wrap, width=width)


def clean(text: object) -> str:
    """Text that others wrote: controls are shown as escapes, rich's markup is inert."""
    plain = _CONTROLS.sub(
        lambda found: f"\\x{ord(found[0]):02x}" if ord(found[0]) < 256 else f"\\u{ord(found[0]):04x}", str(text)
    )
    return escape(plain)


def print_json(value: Any) -> None:
    """Two spaces deep, keys in their order; controls leave JSON as escapes by themselves."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=not _utf8_output(), default=str))


def _utf8_output() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8" and not sys.stdout.isatty()


def print_opened(opened: Opened, name: str, *, err: bool = False) -> None:
    """Verdict, header, layers, signers and findings of one message."""
    out = console(err=err)
    verdict = opened.verdict
    style = STATUS_STYLE[verdict.status]
    out.print(f"{clean(name)}: [{style}]{verdict.status}[/] · {verdict.summary} · decryption {opened.decryption}")
    for field in opened.headers:
        if field.name.lower() in ("from", "to", "cc", "subject", "date"):
            out.print(f"  {clean(field.name)}: {clean(field.value)}  [dim]{clean(field.state)}[/]")
    for layer in opened.layers:
        key = "" if layer.key_used is None else f", opened by key {layer.key_used[:16]}"
        out.print(
            f"  layer {clean(layer.kind)} ({clean(layer.form)}) {clean(layer.path)} {clean(layer.algorithm)}{key}"
        )
    for signer in opened.signers:
        certificate = signer.certificate
        who = signer.id if certificate is None else certificate.subject
        out.print(f"  signer {clean(who)} ({clean(signer.signature_algorithm)}, {clean(signer.digest)})")
        out.print("    " + "  ".join(f"{name} {_check(getattr(signer, name))}" for name in _ANSWERS))
    if opened.coverage:
        out.print(f"  covers {clean(opened.coverage)}")
    for errant in opened.errant:
        kind = "encrypted" if errant.encrypted else "signed"
        where = "in a forwarded message" if errant.forwarded else "beside other parts"
        out.print(f"  {kind} part {clean(errant.path)} {where}: not opened; --part {clean(errant.path)} opens it alone")
    if opened.decryption is Check.OK and not opened.authenticated:
        out.print("  [yellow]not authenticated: the content may have been changed on the way[/]")
    for line in verdict.explain().splitlines():
        out.print(f"  {clean(line)}")
    for wanted in opened.wanted:
        out.print(f"  wanted: {clean(wanted.kind)} {clean(wanted.id)} {clean(wanted.algorithm)}")


_ANSWERS = ("integrity", "chain", "address", "revocation", "time")
_CHECK_STYLE = {Check.OK: "green", Check.FAILED: "red", Check.UNKNOWN: "yellow", Check.NOT_CHECKED: "dim"}


def _check(check: Check) -> str:
    return f"[{_CHECK_STYLE[check]}]{check}[/]"


def print_tree(value: Any, indent: int = 0) -> None:
    """A described structure as indented lines."""
    out = console()
    pending: list[tuple[int, str, Any]] = [(indent, "", value)]
    while pending:
        depth, label, node = pending.pop()
        if isinstance(node, Mapping):
            items = [(str(key), child) for key, child in node.items()]
        elif isinstance(node, list):
            items = [(f"{number}", child) for number, child in enumerate(node, 1)]
        else:
            shown = "-" if node is None else str(node).lower() if isinstance(node, bool) else node
            out.print(f"{'  ' * depth}[bold]{clean(label)}[/] {clean(shown)}" if label else clean(shown))
            continue
        if label:
            out.print(f"{'  ' * depth}[bold]{clean(label)}[/]{'' if items else ' none'}")
            depth += 1
        pending.extend((depth, key, child) for key, child in reversed(items))


def print_structures(structures: Iterable[Mapping[str, Any]]) -> None:
    """ASN.1 as lines: offset, octets of header and contents (~: indefinite), then name, type and value."""
    out = console()
    for structure in structures:
        label = f"{clean(structure['label'])}: " if structure["label"] else ""
        out.print(f"{label}[bold]{clean(structure['kind'])}[/]")
        for row in structure["elements"]:
            length = f"{row['length']}{'~' if row['indefinite'] else ''}"
            place = f"{row['offset']:>7} {row['header']:>2}+{length:<7}"
            name = f"[bold]{clean(row['name'])}[/] " if row["name"] else ""
            value = f"secret, {row['length']} octets" if row["secret"] else clean(row["value"])
            kind = f"{row['type']}{':' if value else ''}"
            out.print(f"{place} {'  ' * row['depth']}{name}{kind} {value}".rstrip())
        for finding in structure["findings"]:
            out.print(f"[bold red]{clean(finding)}[/]")


def nested(elements: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Elements, each with its children inside."""
    top: list[dict[str, Any]] = []
    open_lists = [top]
    for row in elements:
        node = {key: value for key, value in row.items() if key != "depth"}
        if row["constructed"] or not row["secret"]:
            node["children"] = []
        del open_lists[row["depth"] + 1 :]
        open_lists[-1].append(node)
        open_lists.append(node.get("children", []))
    return top


def identity_row(identity: Identity, file: str | None) -> dict[str, Any]:
    """What may be told of a key: never the key."""
    certificate = identity.certificate
    return {
        "key_id": identity.key_id,
        "key": identity.key_name,
        "file": file,
        "subject": None if certificate is None else certificate.subject,
        "issuer": None if certificate is None else certificate.issuer,
        "serial": None if certificate is None else f"{certificate.serial_number:x}",
        "mailboxes": [] if certificate is None else list(certificate.mailboxes),
        "not_after": None if certificate is None else certificate.not_after.isoformat(),
    }


def print_table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]], *, err: bool = False) -> None:
    """A plain table; numbers stand to the right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    cells = [list(row) for row in rows]
    for place, column in enumerate(columns):
        numeric = bool(cells) and all(isinstance(row[place], (int, float)) for row in cells)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else clean(cell) for cell in row))
    console(err=err, soft_wrap=False).print(table)
