"""explain and doctor: what mailseal says of itself."""

from __future__ import annotations

import difflib
import importlib.metadata
import importlib.util
import os
import platform
import sys
from typing import Any

import click

from mailseal import Policy, __version__, core
from mailseal.cli import exit_codes, show
from mailseal.cli.options import json_option

# Package → what needs it.
EXTRAS = {
    "click": "cli",
    "rich": "cli",
    "pyarrow": "arrow",
    "cryptography": "Certificate.to_cryptography",
    "asn1crypto": "Certificate.to_asn1crypto",
}


@click.command("explain")
@click.argument("code", required=False)
@click.option("--all", "everything", is_flag=True, help="All codes, the most telling first.")
@json_option
def explain_command(code: str | None, everything: bool, as_json: bool) -> int:
    """Explain a finding's code: what it means, which rule it stands on, what to do.

    Example: mailseal explain signer.digest-mismatch
    """
    if everything:
        rows = core.table("findings")
        if as_json:
            show.print_json(rows)
        else:
            show.print_table(
                "", ("code", "family", "sentence"), [(r["code"], r["family"], r["sentence"]) for r in rows]
            )
        return exit_codes.OK
    if code is None:
        raise click.UsageError("give a CODE, or --all")
    row = core.explain(code)
    if row is None:
        known = [known_row["code"] for known_row in core.table("findings")]
        near = difflib.get_close_matches(code, known, 3)
        raise click.UsageError(
            f"no finding is called {code!r}" + (f"; did you mean {' or '.join(near)}?" if near else "")
        )
    if as_json:
        show.print_json(row)
    else:
        out = show.console()
        out.print(f"[bold]{show.clean(code)}[/] ({show.clean(row['family'])}): {show.clean(row['sentence'])}.")
        out.print(f"Rule: {show.clean(row['source'])}")
        if row["fix"]:
            out.print(f"What to do: {show.clean(row['fix'])}.")
    return exit_codes.OK


@click.command("doctor")
@json_option
def doctor_command(as_json: bool) -> int:
    """Check the installation and say what it can do. Exits 1 if something is broken."""
    facts = _facts()
    if as_json:
        show.print_json(facts)
    else:
        out = show.console()
        for name in ("mailseal", "python", "platform", "processors", "policies", "algorithms", "findings"):
            value = facts[name]
            out.print(f"{name:<12}{show.clean(', '.join(value) if isinstance(value, list) else value)}")
        for name, extra in facts["packages"].items():
            state = "[yellow]not installed[/]" if extra["version"] is None else extra["version"]
            out.print(f"{name:<12} {state} [dim]for {extra['for']}[/]")
        for check, fault in facts["checks"].items():
            out.print(f"check {check}: " + ("[green]ok[/]" if fault is None else f"[red]{show.clean(fault)}[/]"))
    return exit_codes.OK if all(fault is None for fault in facts["checks"].values()) else exit_codes.INCOMPLETE


def _facts() -> dict[str, Any]:
    return {
        "mailseal": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count() or 1,
        "policies": Policy.names(),
        "algorithms": len(core.table("algorithms")),
        "findings": len(core.table("findings")),
        "packages": {name: {"version": _version(name), "for": extra} for name, extra in EXTRAS.items()},
        "checks": {
            "core": None if core.__version__ == __version__ else "the core is of another version; install again",
            "policies": _presets_fault(),
            "clock": None if _clock_is_sane() else "the clock is before this release; validity cannot be judged",
            "file names": None if sys.getfilesystemencoding().lower() == "utf-8" else "file names are not UTF-8",
        },
    }


def _version(package: str) -> str | None:
    if importlib.util.find_spec(package) is None:
        return None
    return importlib.metadata.version(package)


def _presets_fault() -> str | None:
    """Every preset must load: they are compiled in."""
    try:
        for name in Policy.names():
            Policy.named(name).to_dict()
    except ValueError as error:
        return str(error)
    return None


def _clock_is_sane() -> bool:
    from mailseal._time import now

    return now() > 1_767_225_600  # 2026-01-01
