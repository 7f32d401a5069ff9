"""import and report: archives."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailseal.archive.importer import Progress, import_archive
from mailseal.archive.journal import NAME as JOURNAL_NAME
from mailseal.archive.output import ARROW_HINT, FORMATS, default_format
from mailseal.archive.tree import source_bytes
from mailseal.cli import exit_codes, show
from mailseal.cli.options import Means, json_option, key_options, now_option, trust_options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mailseal.archive.report import ImportReport


@click.command("import")
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True), metavar="SRC…")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False),
    metavar="OUT",
    help="New directory, or that of the same command broken off.",
)
@key_options
@trust_options("archive")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Threads; all processors unless given. With 1, one core does everything.",
)
@click.option("--content", is_flag=True, help="Keep the content of each message in its row.")
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), help="Form of the rows; parquet where pyarrow is installed."
)
@now_option
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
@json_option
def import_command(
    sources: tuple[str, ...],
    output: str,
    jobs: int | None,
    content: bool,
    kind: str | None,
    now: datetime | None,
    quiet: bool,
    as_json: bool,
    **means: Any,
) -> int:
    """Open all messages of mbox files, Maildirs and trees of .eml files, and write a table and a report.

    OUT holds parts/ (one row a message), report.json, run.json, missing_keys.jsonl, and quarantine/ with the original
    bytes of what yields no row and the reason. One bad message never stops the run. Exits 1 if something could not be
    read; verdicts alone never cause it.

    A run that was broken off (Ctrl-C, crash, full disk) is gone on with by the same command: OUT/journal.jsonl knows
    what is done. The same command after the end only tells which sources changed since.

    Example: mailseal import archive.mbox Maildir/ -o out --keys escrow/ --password-file passwords --trust roots.pem
    """
    if kind is None and default_format() == "jsonl" and not quiet:
        click.echo(f"mailseal: writing JSON lines. {ARROW_HINT}", err=True)
    # pyarrow, loaded later: its own pool keeps what it freed, malloc's gives it back.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    settings = Means(**means)
    keyring = settings.keyring(quiet=quiet)
    receiver = settings.receiver(keyring=keyring, threads=jobs)
    try:
        with _progress(sources, quiet) as progress:
            report = import_archive(
                sources, output, receiver=receiver, jobs=jobs, content=content, format=kind, now=now, progress=progress
            )
    except (KeyboardInterrupt, OSError):
        if (Path(output) / JOURNAL_NAME).is_file() and not quiet:
            click.echo(f"mailseal: broken off. What is done is kept in {output}; the same command goes on.", err=True)
        raise
    if as_json:
        show.print_json(report.to_dict() | {"run": _run_of(report, output)})
    elif not quiet:
        _tell_of_resuming(report, output)
        _summary(report.to_dict(), _run_of(report, output), output)
    return report.exit_code


def _run_of(report: ImportReport, output: str) -> dict[str, Any]:
    """What the machine did; of a run that had ended before, what it did then."""
    if not report.complete_before:
        return report.run_dict()
    run: dict[str, Any] = json.loads((Path(output) / "run.json").read_text("utf-8"))
    return run


def _tell_of_resuming(report: ImportReport, output: str) -> None:
    if report.complete_before:
        click.echo(f"{output} holds this import already; nothing was done.", err=True)
    for row in report.changed[:10]:
        click.echo(f"{row['source']}: {row['reason']}", err=True)
    if report.changed_count > 10:
        click.echo(f"and {report.changed_count - 10:,} more", err=True)
    if report.complete_before and report.changed_count:
        click.echo("To have these read, import into a new directory.", err=True)


@click.command("report")
@click.argument("output", type=click.Path(exists=True, file_okay=False), metavar="OUT")
@json_option
def report_command(output: str, as_json: bool) -> int:
    """Show the report of an import again. OUT is the directory that `mailseal import` wrote."""
    folder = Path(output)
    if not (folder / "report.json").is_file():
        raise click.UsageError(f"{output} holds no report.json: no import was finished there")
    report = json.loads((folder / "report.json").read_text("utf-8"))
    run = json.loads((folder / "run.json").read_text("utf-8"))
    if as_json:
        show.print_json(report | {"run": run})
    else:
        _summary(report, run, output)
    return exit_codes.OK


@contextmanager
def _progress(sources: tuple[str, ...], quiet: bool) -> Iterator[Progress | None]:
    """A bar by bytes on stderr, on a terminal only: an mbox does not say how many messages it holds."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), DownloadColumn(), TextColumn("{task.fields[messages]:,} messages"), TimeRemainingColumn())
    began = time.monotonic()
    with Bar(*columns, console=show.console(err=True), transient=True) as bar:
        task = bar.add_task("import", total=sum(source_bytes(source) for source in sources), messages=0)

        def advance(done: int, messages: int) -> None:
            bar.update(task, completed=done, messages=messages)

        yield advance
        bar.log(f"{time.monotonic() - began:.1f} s")


def _summary(report: dict[str, Any], run: dict[str, Any], output: str) -> None:
    for title, key in (("Signatures", "status"), ("Protection", "summary"), ("Decryption", "decryption")):
        if report[key]:
            show.print_table(title, ("outcome", "messages"), report[key].items())
    if report["findings"]:
        rows = list(report["findings"].items())
        show.print_table("Findings (`mailseal explain CODE`)", ("code", "messages"), rows[:15])
        if len(rows) > 15:
            click.echo(f"and {len(rows) - 15} more in report.json")
    click.echo(
        f"{report['messages']:,} messages, {report['rows']:,} rows in {len(report['parts'])} part(s), "
        f"{run['seconds']:.1f} s, {run['messages_per_second']:,.0f} messages/s → {output}"
    )
    if report["missing_keys"]:
        click.echo(f"{report['missing_keys']:,} missing key(s): {output}/missing_keys.jsonl")
    if report["unreadable"]["count"] or report["quarantined"]:
        click.echo(f"{report['quarantined']:,} item(s) without a row: {output}/quarantine")
    if report["skipped"]["count"]:
        click.echo(f"{report['skipped']['count']:,} thing(s) passed over that are no messages: report.json names them")
