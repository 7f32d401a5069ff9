"""Options that several verbs share, and the Receiver they describe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from mailseal import Keyring, Policy, Receiver, TrustStore
from mailseal.config import load_keyring, read_passwords

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
_FILE = click.Path(exists=True)
STDIN = "-"


@dataclass(frozen=True)
class Means:
    """What the user gave to open messages with."""

    trust: tuple[str, ...] = ()
    intermediates: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    password_files: tuple[str, ...] = ()
    password_envs: tuple[str, ...] = ()
    ask_password: bool = False
    policy: str = "default"

    def passwords(self) -> list[str]:
        words = [word for file in self.password_files for word in read_passwords(file)]
        for name in self.password_envs:
            if name not in os.environ:
                raise click.UsageError(f"the environment variable {name} is not set")
            words.append(os.environ[name])
        if self.ask_password:
            words.append(click.prompt("Password of the keys", hide_input=True, err=True))
        return words

    def keyring(self, *, quiet: bool = False) -> Keyring:
        """The keys; files that cannot be used are told on stderr: a mistyped password looks like a missing key."""
        ring = load_keyring(self.keys, self.passwords()) if self.keys else Keyring()
        if not quiet:
            for file, reason in ring.failures:
                click.echo(f"mailseal: {file}: {reason}", err=True)
        return ring

    def receiver(self, *, keyring: Keyring | None = None, threads: int | None = 1) -> Receiver:
        trust = None
        if self.trust:
            trust = TrustStore.load(list(self.trust)).add_intermediates(*self.intermediates)
        ring = self.keyring() if keyring is None else keyring
        return Receiver(trust=trust, keys=ring, policy=load_policy(self.policy), threads=threads)


def load_policy(name: str) -> Policy:
    """A preset's name, or the path of a TOML file. Raises a usage error."""
    if name.endswith(".toml"):
        return Policy.from_toml(name)
    if name not in Policy.names():
        raise click.BadParameter(
            f"{name!r} is none of {', '.join(Policy.names())}, and no .toml file", param_hint="--policy"
        )
    return Policy.named(name)


def key_options(function: Decorated) -> Decorated:
    """--keys and where its passwords come from."""
    for option in (
        click.option("--ask-password", is_flag=True, help="Ask for a password of the keys."),
        click.option(
            "--password-env",
            "password_envs",
            multiple=True,
            metavar="NAME",
            help="Environment variable that holds a password of the keys. May be repeated.",
        ),
        click.option(
            "--password-file",
            "password_files",
            multiple=True,
            type=_FILE,
            metavar="FILE",
            help="File with passwords of the keys, one a line; all are tried. May be repeated.",
        ),
        click.option(
            "--keys",
            multiple=True,
            type=_FILE,
            metavar="PATH",
            help="Private keys: a PKCS#12, PEM or DER file, or a directory of them. May be repeated.",
        ),
    ):
        function = option(function)
    return function


def trust_options(default_policy: str) -> Callable[[Decorated], Decorated]:
    """--trust, --intermediates and --policy."""

    def decorate(function: Decorated) -> Decorated:
        for option in (
            click.option(
                "--policy",
                default=default_policy,
                show_default=True,
                metavar="NAME",
                help="Preset (default, archive, strict, …) or a .toml file.",
            ),
            click.option(
                "--intermediates",
                multiple=True,
                type=_FILE,
                metavar="PATH",
                help="Certificates that may link a signer to a trust anchor; not trusted by themselves.",
            ),
            click.option(
                "--trust",
                multiple=True,
                type=_FILE,
                metavar="PATH",
                help="Trust anchors: PEM or DER file, or a directory. Without it chains are not judged.",
            ),
        ):
            function = option(function)
        return function

    return decorate


def json_option(function: Decorated) -> Decorated:
    return click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output.")(function)


def now_option(function: Decorated) -> Decorated:
    return click.option(
        "--now",
        metavar="TIME",
        callback=lambda _ctx, _param, value: None if value is None else parse_moment(value),
        help="Take this for the present (ISO 8601; without zone: UTC): the same input then gives the same bytes.",
    )(function)


def at_option(function: Decorated) -> Decorated:
    return click.option(
        "--at",
        metavar="TIME",
        callback=lambda _ctx, _param, value: None if value is None else parse_moment(value),
        help="Judge for this time (ISO 8601; without zone: UTC) instead of the policy's.",
    )(function)


def parse_moment(text: str) -> datetime:
    """Raises a usage error."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no ISO 8601 time, such as 2024-05-31 or 2024-05-31T12:00+02:00"
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def message_source(file: str) -> Any:
    """What `Receiver.open` takes for a FILE argument."""
    return sys.stdin.buffer if file == STDIN else Path(file)


def write_content(content: bytes, output: str) -> None:
    """Bytes to a file or standard output, exactly. Raises OSError."""
    if output == STDIN:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        Path(output).write_bytes(content)
