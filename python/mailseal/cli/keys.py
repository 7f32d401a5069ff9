"""keys which, keys list: what is on the ring, and what a message needs. Never a private key is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mailseal.cli import exit_codes, show
from mailseal.cli.options import Means, json_option, key_options, message_source

if TYPE_CHECKING:
    from mailseal import Keyring, Opened


@click.group("keys")
def keys_group() -> None:
    """Say which keys there are, and which one a message needs."""


@keys_group.command("which")
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@key_options
@json_option
def which_command(file: str, as_json: bool, **means: Any) -> int:
    """Name the recipients of an encrypted message, and with --keys the key that fits each of them.

    Exits 0 if a key fits every encrypted layer that can be seen, or if nothing is encrypted; else 4.

    Example: mailseal keys which mail.eml --keys escrow/ --password-file passwords
    """
    settings = Means(**means)
    keyring = settings.keyring()
    opened = settings.receiver(keyring=keyring).open(message_source(file), source=file)
    layers = _layers(opened, keyring)
    if as_json:
        show.print_json({"file": file, "layers": layers})
    elif not layers:
        click.echo(f"{file}: not encrypted")
    else:
        for layer in layers:
            show.print_table(
                f"{show.clean(layer['path'] or '/')} {show.clean(layer['kind'])}",
                ("kind", "recipient", "algorithm", "key"),
                [
                    (r["kind"], r["id"], r["algorithm"], ", ".join(_shown(k) for k in r["keys"]) or "none")
                    for r in layer["recipients"]
                ],
            )
    fits = all(any(recipient["keys"] for recipient in layer["recipients"]) for layer in layers)
    return exit_codes.OK if fits else exit_codes.LOCKED


@keys_group.command("list")
@click.argument("keys", nargs=-1, required=True, type=click.Path(exists=True), metavar="PATH…")
@click.option(
    "--password-file",
    "password_files",
    multiple=True,
    type=click.Path(exists=True),
    metavar="FILE",
    help="Passwords, one a line.",
)
@click.option("--password-env", "password_envs", multiple=True, metavar="NAME", help="Variable that holds a password.")
@click.option("--ask-password", is_flag=True, help="Ask for a password.")
@json_option
def list_command(as_json: bool, **means: Any) -> int:
    """List the private keys of files and directories, with their certificates. Exits 1 if a file cannot be used."""
    keyring = Means(**means).keyring(quiet=True)
    rows = [show.identity_row(identity, file) for identity, file in zip(keyring.identities, keyring.files, strict=True)]
    if as_json:
        failures = [{"file": file, "reason": reason} for file, reason in keyring.failures]
        show.print_json({"keys": rows, "failures": failures})
    else:
        columns = ("key_id", "key", "subject", "serial", "not_after", "file")
        show.print_table(
            "",
            columns,
            [["" if row[c] is None else str(row[c])[:64] if c != "file" else row[c] for c in columns] for row in rows],
        )
        for file, reason in keyring.failures:
            click.echo(f"mailseal: {file}: {reason}", err=True)
    return exit_codes.INCOMPLETE if keyring.failures else exit_codes.OK


def _layers(opened: Opened, keyring: Keyring) -> list[dict[str, Any]]:
    names = {
        identity.key_id: show.identity_row(identity, file)
        for identity, file in zip(keyring.identities, keyring.files, strict=True)
    }
    return [
        {
            "kind": layer.kind,
            "path": layer.path,
            "algorithm": layer.algorithm,
            "key_used": layer.key_used,
            "recipients": [
                {
                    "kind": recipient.kind,
                    "id": recipient.id,
                    "algorithm": recipient.algorithm,
                    "keys": [
                        names[key_id] for key_id in keyring.fitting(recipient.kind, recipient.id) if key_id in names
                    ],
                }
                for recipient in layer.recipients
            ],
        }
        for layer in opened.layers
        if layer.recipients
    ]


def _shown(row: dict[str, Any]) -> str:
    return f"{row['file'] or row['key_id'][:16]}" + (f" ({row['subject']})" if row["subject"] else "")
