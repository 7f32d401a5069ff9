"""sign, encrypt, protect, certs-only: a message on its way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mailseal import Identity, Policy, Sender, TrustStore, certs_only
from mailseal.cli import exit_codes, show
from mailseal.cli.options import (
    STDIN,
    Means,
    at_option,
    json_option,
    key_options,
    load_policy,
    message_source,
    trust_options,
    write_content,
)
from mailseal.errors import DecryptionError, by_code
from mailseal.sender import signing_identity

if TYPE_CHECKING:
    from datetime import datetime

    from mailseal.sender import Plan

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_output_option = click.option(
    "-o", "--output", metavar="FILE", default=STDIN, help="Write the message there instead of standard output."
)
_signer_option = click.option(
    "--signer", metavar="ADDRESS", help="Which of several keys signs: the one whose certificate has this address."
)
_to_option = click.option(
    "--to",
    "recipients",
    multiple=True,
    required=True,
    type=click.Path(exists=True),
    metavar="FILE",
    help="A recipient's certificate (PEM, DER, p7c). Several in one file: the newest that fits. May be repeated.",
)
_cipher_option = click.option(
    "--cipher", metavar="NAME", help="Content cipher, such as aes-256-gcm, instead of what the recipients list."
)
_plan_option = click.option(
    "--plan", "only_plan", is_flag=True, help="Say what would be chosen for whom, and write no message."
)


@click.command("sign")
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@click.option("--opaque", is_flag=True, help="application/pkcs7-mime instead of multipart/signed.")
@_signer_option
@_output_option
@key_options
@trust_options("default")
@at_option
def sign_command(file: str, output: str, opaque: bool, signer: str | None, at: datetime | None, **means: Any) -> int:
    """Sign a message.

    FILE is a message or a MIME entity. Fields other than Content-* stay as they are; what relays might change (8-bit
    text, long lines) is encoded before it is signed.

    Example: mailseal sign mail.eml --keys me.p12 --ask-password > signed.eml
    """
    own = Means(**means)
    sender = _sender(own, [_identity(own, signer)], None)
    write_content(sender.sign(message_source(file), clear=not opaque, at=at), output)
    return exit_codes.OK


@click.command("encrypt")
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@_to_option
@_cipher_option
@_plan_option
@_output_option
@trust_options("default")
@at_option
@json_option
def encrypt_command(
    file: str,
    output: str,
    recipients: tuple[str, ...],
    cipher: str | None,
    only_plan: bool,
    at: datetime | None,
    as_json: bool,
    **means: Any,
) -> int:
    """Encrypt a message to all recipients, or to none.

    Nothing tells the recipient who wrote it: `protect` signs as well. With --trust, recipients whose chain does not end
    there are refused. Bcc is refused: one list of recipients is in every copy.

    Example: mailseal encrypt mail.eml --to bob.pem --to carol.cer -o out.eml
    """
    sender = _sender(Means(**means), [], cipher)
    if only_plan:
        return _tell(sender.plan(recipients, at=at), as_json)
    write_content(sender.encrypt(message_source(file), recipients, at=at), output)
    return exit_codes.OK


@click.command("protect")
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@_to_option
@_signer_option
@_cipher_option
@_plan_option
@_output_option
@key_options
@trust_options("default")
@at_option
@json_option
def protect_command(
    file: str,
    output: str,
    recipients: tuple[str, ...],
    signer: str | None,
    cipher: str | None,
    only_plan: bool,
    at: datetime | None,
    as_json: bool,
    **means: Any,
) -> int:
    """Sign a message, then encrypt it to all recipients and to yourself.

    Example: mailseal protect mail.eml --keys me.p12 --ask-password --to bob.pem | sendmail -t
    """
    own = Means(**means)
    sender = _sender(own, [_identity(own, signer)], cipher)
    if only_plan:
        return _tell(sender.plan(recipients, at=at), as_json)
    write_content(sender.protect(message_source(file), recipients, at=at), output)
    return exit_codes.OK


@click.command("certs-only")
@click.argument("certificates", nargs=-1, required=True, type=click.Path(exists=True), metavar="FILE…")
@_output_option
def certs_only_command(certificates: tuple[str, ...], output: str) -> int:
    """Put certificates into a MIME part of their own, for somebody who is to write to you.

    Example: mailseal certs-only me.pem chain.pem -o smime.p7c.eml
    """
    write_content(certs_only(list(certificates)), output)
    return exit_codes.OK


def _sender(means: Means, signing: list[Identity], cipher: str | None) -> Sender:
    policy: Policy = load_policy(means.policy)
    if cipher is not None:
        policy = policy.replace(content_cipher=cipher)
    trust = None
    if means.trust:
        trust = TrustStore.load(list(means.trust)).add_intermediates(*means.intermediates)
    return Sender(signing=signing, trust=trust, policy=policy)


def _identity(means: Means, address: str | None) -> Identity:
    """The one key that signs. Raises a usage error, and DecryptionError if only a password was wrong."""
    if not means.keys:
        raise click.UsageError("--keys names the key to sign with")
    ring = means.keyring()
    locked = [file for file, reason in ring.failures if reason.startswith("key.password-wrong")]
    if locked and not ring.identities:
        raise by_code(DecryptionError, "key.password-wrong", locked[0])
    try:
        return signing_identity(ring.identities, address)
    except ValueError as error:
        raise click.UsageError(f"{error} (--signer ADDRESS chooses)") from None


def _tell(plan: Plan, as_json: bool) -> int:
    if as_json:
        show.print_json(plan.to_dict())
    else:
        click.echo(plan.explain())
    return exit_codes.OK
