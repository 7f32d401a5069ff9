"""open, verify, decrypt, inspect: one message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from mailseal import Check, MalformedError, Opened, core
from mailseal._sources import message_bytes
from mailseal.cli import exit_codes, show
from mailseal.cli.options import (
    STDIN,
    Means,
    at_option,
    json_option,
    key_options,
    message_source,
    trust_options,
    write_content,
)
from mailseal.policy import Limits

if TYPE_CHECKING:
    from datetime import datetime

_OUTPUT_HELP = "Write the content there, byte for byte; `-` is standard output, and the report then goes to stderr."
_part_option = click.option(
    "--part", metavar="PATH", help="Open this part alone, such as /2: one that a report calls signed or encrypted."
)


@click.command("open")
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@click.option("-o", "--output", metavar="FILE", help=_OUTPUT_HELP)
@key_options
@trust_options("default")
@at_option
@_part_option
@json_option
def open_command(
    file: str, output: str | None, at: datetime | None, part: str | None, as_json: bool, **means: Any
) -> int:
    """Open a message: decrypt, verify, and say what is in it.

    Example: mailseal open mail.eml --keys me.p12 --ask-password --trust roots.pem -o content.eml
    """
    opened = _open(file, at, part, means)
    _tell(opened, file, as_json, to_stderr=output == STDIN)
    _save(opened, output)
    return exit_codes.of_opened(opened)


@click.command("verify")
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@click.option("-o", "--output", metavar="FILE", help=_OUTPUT_HELP + " Nothing is written unless the verdict is VALID.")
@key_options
@trust_options("default")
@at_option
@_part_option
@json_option
def verify_command(
    file: str, output: str | None, at: datetime | None, part: str | None, as_json: bool, **means: Any
) -> int:
    """Say whether the signature of a message is good.

    Exits 0 only if the verdict is VALID; a message without signature is not.

    Example: mailseal verify mail.eml --trust roots.pem
    """
    opened = _open(file, at, part, means)
    _tell(opened, file, as_json, to_stderr=output == STDIN)
    if opened.verdict.is_valid:
        _save(opened, output)
    return exit_codes.of_verified(opened)


@click.command("decrypt")
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@click.option(
    "-o", "--output", metavar="FILE", default=STDIN, help="Write the content there instead of standard output."
)
@key_options
@trust_options("default")
@_part_option
@json_option
def decrypt_command(file: str, output: str, part: str | None, as_json: bool, **means: Any) -> int:
    """Write the content of an encrypted message, byte for byte.

    Signatures are not demanded: use `verify` or `open` for them. A message that is not encrypted is written as it is.
    With --json the report goes to standard output unless the content does.

    Example: mailseal decrypt mail.eml --keys keys/ --password-env KEY_PASSWORD > content.eml
    """
    opened = _open(file, None, part, means)
    if as_json:
        click.echo(json.dumps(opened.to_dict(), indent=2), err=output == STDIN)
    content = opened.require_content()
    if opened.decryption is Check.NOT_CHECKED and not as_json:
        click.echo(f"mailseal: {file}: not encrypted", err=True)
    elif not opened.authenticated and not as_json:
        click.echo(
            f"mailseal: {file}: nothing authenticates this content; it may have been changed on the way", err=True
        )
    write_content(content, output)
    return exit_codes.OK


@click.command("inspect")
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@json_option
def inspect_command(file: str, as_json: bool) -> int:
    """Show what a file is made of; no key is needed.

    A message: layers, recipients, signers, certificates. A bare CMS: the same, and its ASN.1. A certificate, CRL,
    request, key, PKCS#12 or any other ASN.1 file, DER, BER, PEM or base64: its elements with offset, length, name and
    value, as far as they can be read. Secrets are counted and not shown.

    Example: mailseal inspect smime.p7m --json
    """
    data, _ = message_bytes(message_source(file), Limits().message_bytes)
    described = _described(data)
    structures = described.get("structures", [])
    if as_json:
        for structure in structures:
            structure["elements"] = show.nested(structure["elements"])
        show.print_json(described)
    else:
        described.pop("structures", None)
        if described:
            show.print_tree(described)
        show.print_structures(structures)
    broken = any(structure["findings"] for structure in structures)
    return exit_codes.MALFORMED if broken else exit_codes.OK


def _described(data: bytes) -> dict[str, Any]:
    """The layers of a message or CMS, and the ASN.1 of whatever is no message."""
    try:
        described: dict[str, Any] = json.loads(core.inspect(data))
    except MalformedError as error:
        structures: list[dict[str, Any]] = json.loads(core.tree(data))
        # What begins like ASN.1, or is armoured, is shown as such; the rest is a broken message.
        if data[:1] == b"\x30" or any(structure["label"] for structure in structures):
            return {"structures": structures}
        raise error from None
    if described["form"] != "message":
        described["structures"] = json.loads(core.tree(data))
    return described


def _open(file: str, at: datetime | None, part: str | None, means: dict[str, Any]) -> Opened:
    if part is not None and not part.startswith("/"):
        raise click.BadParameter("a part is a path such as /2", param_hint="--part")
    receiver = Means(**means).receiver()
    return receiver.open(message_source(file), at=at, source=file, part=part)


def _tell(opened: Opened, file: str, as_json: bool, *, to_stderr: bool) -> None:
    if as_json:
        click.echo(json.dumps(opened.to_dict(), indent=2), err=to_stderr)
    else:
        show.print_opened(opened, file, err=to_stderr)


def _save(opened: Opened, output: str | None) -> None:
    """Content that is withheld is not written: the report and the exit code say why."""
    if output is not None and opened.content is not None:
        write_content(opened.content, output)
