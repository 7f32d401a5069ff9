"""keys generate, keys export, keys show: files of private keys. No password is ever taken from the command line."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

import mailseal
from mailseal import Identity, core, load_identities
from mailseal.cli import exit_codes, show
from mailseal.cli.options import Means, json_option
from mailseal.config import read_passwords

if TYPE_CHECKING:
    from mailseal import Certificate

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
PEM = "pem"
PROFILES = (*(row["profile"] for row in core.table("pkcs12-profiles")), PEM)
ALGORITHMS = tuple(row["algorithm"] for row in core.table("key-algorithms"))


@dataclass(frozen=True)
class Target:
    """The file to be written, and what protects it."""

    output: str
    profile: str
    name: str | None
    force: bool
    new_password_file: str | None
    new_password_env: str | None
    no_password: bool

    def check(self) -> None:
        """What can be refused before anything is asked or made. Raises a usage error, OSError."""
        given = [self.new_password_file is not None, self.new_password_env is not None, self.no_password]
        if sum(given) > 1:
            raise click.UsageError("give one of --new-password-file, --new-password-env and --no-password")
        if self.no_password and self.profile != PEM:
            raise click.UsageError("--no-password is for --profile pem: a PKCS#12 file has a password")
        if self.name is not None and self.profile == PEM:
            raise click.UsageError("--name is for PKCS#12: PEM has no place for it")
        if not any(given) and not sys.stdin.isatty():
            raise click.UsageError("there is no terminal to ask on: give --new-password-file or --new-password-env")
        if not self.force and os.path.lexists(self.output):
            raise _exists(self.output)

    def password(self) -> str | None:
        """Raises a usage error, OSError."""
        if self.no_password:
            return None
        if self.new_password_env is not None:
            if self.new_password_env not in os.environ:
                raise click.UsageError(f"the environment variable {self.new_password_env} is not set")
            word = os.environ[self.new_password_env]
        elif self.new_password_file is not None:
            lines = read_passwords(self.new_password_file)
            if len(lines) != 1:
                raise click.UsageError(f"{self.new_password_file} holds {len(lines)} lines: one password is due")
            word = lines[0]
        else:
            word = click.prompt(
                "New password", hide_input=True, confirmation_prompt=True, err=True, default="", show_default=False
            )
        if not word:
            click.echo("mailseal: the new password is empty: it protects nothing", err=True)
        return word

    def write(self, identity: Identity) -> None:
        """Raises OSError, BackendError, a usage error."""
        password = self.password()
        if self.profile == PEM:
            content = identity.to_pem(password)
        else:
            content = identity.to_pkcs12(password or "", self.profile, friendly_name=self.name)
            if identity.certificate is None:
                click.echo("mailseal: there is no certificate: many programs refuse a PKCS#12 file without", err=True)
        write_private(Path(self.output), content, force=self.force)


def write_private(path: Path, content: bytes, *, force: bool) -> None:
    """A file that its owner alone may read, from its first moment. With `force` it takes the place of another one at
    once, when it is whole. Raises OSError."""
    if force:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    else:
        name = str(path)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        except FileExistsError:
            raise _exists(name) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        if force:
            os.replace(name, path)  # noqa: PTH105 — the descriptor came by name
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _exists(name: str) -> FileExistsError:
    return FileExistsError(0, "it exists; --force overwrites it", name)


def target_options(default_profile: str) -> Callable[[Decorated], Decorated]:
    """-o, --profile, --name, --force and where the new password comes from."""

    def decorate(function: Decorated) -> Decorated:
        for option in (
            click.option("--force", is_flag=True, help="Overwrite OUT."),
            click.option("--no-password", is_flag=True, help="Write the key unencrypted (pem only)."),
            click.option(
                "--new-password-env", metavar="NAME", help="Environment variable that holds the password of OUT."
            ),
            click.option(
                "--new-password-file",
                type=click.Path(exists=True),
                metavar="FILE",
                help="File whose one line is the password of OUT. Without these a terminal is asked.",
            ),
            click.option("--name", metavar="TEXT", help="friendlyName in PKCS#12: what programs show."),
            click.option(
                "--profile",
                type=click.Choice(PROFILES),
                default=default_profile,
                show_default=True,
                help="PKCS#12 with AES-256 (modern) or Triple DES for old systems (compat); or PEM.",
            ),
            click.option("-o", "--output", required=True, type=click.Path(), metavar="OUT", help="Written as 0600."),
        ):
            function = option(function)
        return function

    return decorate


def source_options(function: Decorated) -> Decorated:
    """Where the passwords of FILE come from."""
    for option in (
        click.option("--ask-password", is_flag=True, help="Ask for a password of FILE."),
        click.option(
            "--password-env",
            "password_envs",
            multiple=True,
            metavar="NAME",
            help="Environment variable that holds a password of FILE. May be repeated.",
        ),
        click.option(
            "--password-file",
            "password_files",
            multiple=True,
            type=click.Path(exists=True),
            metavar="FILE",
            help="Passwords of FILE, one a line; all are tried. May be repeated.",
        ),
    ):
        function = option(function)
    return function


def identities_of(file: str, passwords: list[str], certificates: tuple[str, ...] = ()) -> list[Identity]:
    """As `load_identities`. A file without password opens as well, whatever passwords there are."""
    words = [*passwords, ""] if passwords else []
    return load_identities(Path(file), words, [Path(path) for path in certificates])


def _refused(file: str, error: mailseal.Error) -> int:
    """The file is named: of several, which one was it?"""
    click.echo(f"mailseal: {file}: {error}", err=True)
    return exit_codes.of_error(error)


@click.command("generate")
@click.option(
    "--algorithm", type=click.Choice(ALGORITHMS), default="ec-p256", show_default=True, help="Kind of the key."
)
@target_options(PEM)
@json_option
def generate_command(algorithm: str, as_json: bool, **target: Any) -> int:
    """Make a new private key and write it to OUT, without certificate.

    Example: mailseal keys generate --algorithm rsa-3072 -o alice.pem --new-password-file password
    """
    to = Target(**target)
    to.check()
    identity = Identity.generate(algorithm)
    to.write(identity)
    return _tell(identity, to, as_json=as_json)


@click.command("export")
@click.argument("file", type=click.Path(exists=True))
@source_options
@click.option(
    "--certificates",
    multiple=True,
    type=click.Path(exists=True),
    metavar="PATH",
    help="Where to find the certificate of a bare key, and its issuers. May be repeated.",
)
@click.option("--key-id", metavar="HEX", help="Which key, if FILE holds several: how its key id begins.")
@target_options("modern")
@json_option
def export_command(file: str, certificates: tuple[str, ...], key_id: str | None, as_json: bool, **options: Any) -> int:
    """Write a private key of FILE, with its certificates, to OUT under another password or in another form.

    Example: mailseal keys export alice.pem -o alice.p12 --profile compat --password-file old --new-password-file new
    """
    to = Target(**{name: options.pop(name) for name in Target.__dataclass_fields__})
    to.check()
    try:
        found = identities_of(file, Means(**options).passwords(), certificates)
    except mailseal.Error as error:
        return _refused(file, error)
    chosen = [identity for identity in found if identity.key_id.startswith((key_id or "").lower())]
    if len(chosen) != 1:
        ids = ", ".join(identity.key_id[:16] for identity in found)
        raise click.UsageError(f"{file}: {len(chosen)} keys fit, choose one by --key-id: {ids}")
    to.write(chosen[0])
    return _tell(chosen[0], to, as_json=as_json)


def _tell(identity: Identity, to: Target, *, as_json: bool) -> int:
    if as_json:
        show.print_json({"profile": to.profile, **show.identity_row(identity, to.output)})
    else:
        click.echo(f"{to.output}: {identity.key_name} {identity.key_id}")
    return exit_codes.OK


@click.command("show")
@click.argument("file", type=click.Path(exists=True))
@source_options
@json_option
def show_command(file: str, as_json: bool, **means: Any) -> int:
    """Say what the private keys of a file are, and what they and their certificates can be used for. Never the key.

    Example: mailseal keys show alice.p12 --ask-password
    """
    try:
        rows = [_row(identity) for identity in identities_of(file, Means(**means).passwords())]
    except mailseal.Error as error:
        return _refused(file, error)
    if as_json:
        show.print_json({"file": file, "keys": rows})
    else:
        show.print_tree({"file": file, "keys": rows})
    return exit_codes.OK


def _row(identity: Identity) -> dict[str, Any]:
    return {
        "key": identity.key_name,
        "bits": identity.key_bits,
        "key_id": identity.key_id,
        "friendly_name": identity.friendly_name,
        "uses": list(identity.uses),
        "certificate": None if identity.certificate is None else _certificate_row(identity.certificate),
        "chain": [certificate.subject for certificate in identity.chain],
    }


def _certificate_row(certificate: Certificate) -> dict[str, Any]:
    now = datetime.now(UTC)
    late, early = certificate.not_after < now, now < certificate.not_before
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": f"{certificate.serial_number:x}",
        "sha256": certificate.fingerprint(),
        "mailboxes": list(certificate.mailboxes),
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
        "validity": "expired" if late else "not yet valid" if early else "valid now",
        "key_usage": None if certificate.key_usage is None else list(certificate.key_usage),
    }
