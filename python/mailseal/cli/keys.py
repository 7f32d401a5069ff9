"""keys which, keys list: what is on the ring, and what a message needs. Never a private key is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailseal.cli import exit_codes, show
from mailseal.cli.key_files import export_command, generate_command, show_command
from mailseal.cli.options import Means, json_option, key_options, message_source

if TYPE_CHECKING:
    from mailseal import Certificate, Keyring, Layer, Opened


@click.group("keys")
def keys_group() -> None:
    """Make keys, write them in other forms, and say which there are and which one a message needs."""


for _command in (generate_command, export_command, show_command):
    keys_group.add_command(_command)


@keys_group.command("which")
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@key_options
@click.option(
    "--certificates",
    multiple=True,
    type=click.Path(exists=True),
    metavar="PATH",
    help="Certificates of recipients, also expired ones: they tell whose key it is. May be repeated.",
)
@json_option
def which_command(file: str, certificates: tuple[str, ...], as_json: bool, **means: Any) -> int:
    """Name the recipients of an encrypted message, and with --keys the key that fits each of them.

    A key fits by issuer and serial number or by key identifier, of any certificate that is known for it: expired ones,
    and those that were renewed with the same key. One key operation is made for a layer: the recipient marked * is the
    one that is used. Exits 0 if a key fits every encrypted layer that can be seen, or if nothing is encrypted; else 4.

    Example: mailseal keys which mail.eml --keys escrow/ --password-file passwords
    """
    settings = Means(**means)
    keyring = settings.keyring()
    if certificates:
        keyring.add_certificates(*(Path(path) for path in certificates))
    opened = settings.receiver(keyring=keyring).open(message_source(file), source=file)
    layers = _layers(opened, keyring)
    if as_json:
        show.print_json({"file": file, "layers": layers})
    elif not layers:
        click.echo(f"{file}: not encrypted")
    else:
        for layer in layers:
            show.print_table(
                f"{show.clean(layer['path'] or '/')} {show.clean(layer['kind'])} {show.clean(layer['algorithm'])}",
                ("kind", "recipient", "algorithm", "certificate", "key"),
                [
                    (r["kind"], r["id"], r["algorithm"], _certificate_shown(r), _keys_shown(r))
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
    names: dict[str, list[dict[str, Any]]] = {}
    for identity, file in zip(keyring.identities, keyring.files, strict=True):
        names.setdefault(identity.key_id, []).append(show.identity_row(identity, file))
    return [
        {
            "kind": layer.kind,
            "path": layer.path,
            "algorithm": layer.algorithm,
            "key_used": layer.key_used,
            "recipients": _recipients(layer, keyring, names),
        }
        for layer in opened.layers
        if layer.recipients
    ]


def _recipients(layer: Layer, keyring: Keyring, names: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """A key named twice is a duplicate: only the first place of the stronger kind is used (kari before ktri)."""
    key_ids = [keyring.fitting(recipient) for recipient in layer.recipients]
    used = [place for place, key_id in enumerate(key_ids) if key_id is not None and key_id == layer.key_used]
    chosen = min(used, key=lambda place: (layer.recipients[place].kind != "kari", place), default=None)
    rows = []
    for place, (recipient, key_id) in enumerate(zip(layer.recipients, key_ids, strict=True)):
        row = {
            "kind": recipient.kind,
            "id": recipient.id,
            "algorithm": recipient.algorithm,
            "certificate": _certificate_row(keyring.certificate(recipient)),
            "keys": [] if key_id is None else names.get(key_id, []),
            "duplicate": key_id is not None and key_ids.count(key_id) > 1,
            "used": place == chosen,
        }
        rows.append(row)
    return rows


def _certificate_row(certificate: Certificate | None) -> dict[str, Any] | None:
    if certificate is None:
        return None
    return {
        "subject": certificate.subject,
        "serial": f"{certificate.serial_number:x}",
        "sha256": certificate.fingerprint(),
        "not_after": certificate.not_after.isoformat(),
        "expired": certificate.not_after < datetime.now(UTC),
    }


def _certificate_shown(recipient: dict[str, Any]) -> str:
    row = recipient["certificate"]
    if row is None:
        return "unknown"
    return f"{row['subject']}{', expired' if row['expired'] else ''} {row['not_after'][:10]}"


def _keys_shown(recipient: dict[str, Any]) -> str:
    marks = ("* " if recipient["used"] else "") + ("duplicate: " if recipient["duplicate"] else "")
    return marks + (", ".join(_shown(row) for row in recipient["keys"]) or "none")


def _shown(row: dict[str, Any]) -> str:
    return f"{row['file'] or row['key_id'][:16]}" + (f" ({row['subject']})" if row["subject"] else "")
