"""The verbs by name. A verb's module is loaded when it is called, so that `mailseal --help` is quick."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, cast

import click

import mailseal
from mailseal.cli import exit_codes

if TYPE_CHECKING:
    from collections.abc import Sequence

# verb → (module, command, what `--help` says of it)
VERBS: dict[str, tuple[str, str, str]] = {
    "open": ("message", "open_command", "Open a message: decrypt, verify, and say what is in it."),
    "verify": ("message", "verify_command", "Say whether the signature of a message is good; 0 only if it is VALID."),
    "decrypt": ("message", "decrypt_command", "Write the content of an encrypted message."),
    "inspect": ("message", "inspect_command", "Show what a message is made of; no key is needed."),
    "sign": ("send", "sign_command", "Sign a message."),
    "encrypt": ("send", "encrypt_command", "Encrypt a message to all recipients, or to none."),
    "protect": ("send", "protect_command", "Sign a message, then encrypt it."),
    "certs-only": ("send", "certs_only_command", "Put certificates into a MIME part of their own."),
    "import": ("archive", "import_command", "Open all messages of archives and write a table and a report."),
    "report": ("archive", "report_command", "Show the report of an import again."),
    "keys": ("keys", "keys_group", "Make and convert keys, and say which one a message needs."),
    "explain": ("about", "explain_command", "Explain a finding's code."),
    "doctor": ("about", "doctor_command", "Check the installation and say what it can do."),
}

EPILOG = "Exit codes: " + " · ".join(f"{code} {meaning}" for code, meaning in exit_codes.MEANINGS.items())


class Verbs(click.Group):
    """A group whose commands are imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        module, name, _ = VERBS[cmd_name]
        return cast("click.Command", getattr(importlib.import_module(f"mailseal.cli.{module}"), name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in VERBS.items()])


@click.command(cls=Verbs, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(mailseal.__version__, prog_name="mailseal")
def app() -> None:
    """S/MIME mail: open, verify, decrypt, sign and encrypt messages, or import archives of millions.

    FILE may be `-` for standard input. Colour is used on a terminal only; NO_COLOR turns it off. Completion:
    `eval "$(_MAILSEAL_COMPLETE=bash_source mailseal)"` (also zsh_source, fish_source).
    """


def run(arguments: Sequence[str]) -> int:
    """Runs one verb and returns its exit code; what goes wrong is one line on stderr."""
    try:
        result = app.main(list(arguments), prog_name="mailseal", standalone_mode=False)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _fail("interrupted", exit_codes.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return exit_codes.USAGE
    except BrokenPipeError:
        # The reader of our output is gone: nobody is left to tell, and Python must not try again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.IO
    except (mailseal.Error, OSError, ValueError, ImportError) as error:
        return _fail(*_told(error))
    return result if isinstance(result, int) else exit_codes.OK


def _told(error: Exception) -> tuple[str, int]:
    """What is said of an error, and its exit code."""
    if isinstance(error, mailseal.Error):
        return str(error), exit_codes.of_error(error)
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror or error}", exit_codes.IO
    return str(error), exit_codes.USAGE


def _fail(text: str, code: int) -> int:
    click.echo(f"mailseal: {text}", err=True)
    return code
