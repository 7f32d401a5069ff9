"""A description of a Receiver or Sender that may be pickled and sent to workers: it names secrets, it holds none."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mailseal.keys import Keyring
from mailseal.policy import Policy
from mailseal.receiver import Receiver
from mailseal.sender import Sender, signing_identity
from mailseal.trust import TrustStore

if TYPE_CHECKING:
    from mailseal._sources import PathSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Paths and names. As TOML: the fields at top level, paths relative to the file.

    `trust`: files or directories of anchors; empty: chains are not judged. `keys`: files or directories of keys.
    `password_files` (one password a line) and `password_envs` (names of variables) are read by `receiver()`.
    `signer`: address in the certificate of the key that signs, if there are several.
    `policy`: name of a preset; `policy_file`: a policy of one's own, which goes first. `threads`: None: all CPUs.
    """

    trust: tuple[str, ...] = ()
    intermediates: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    password_files: tuple[str, ...] = ()
    password_envs: tuple[str, ...] = ()
    policy: str = "default"
    policy_file: str | None = None
    signer: str | None = None
    threads: int | None = None

    @classmethod
    def from_toml(cls, path: PathSource) -> Self:
        """Raises ValueError (unknown field, wrong type, no TOML), OSError."""
        file = Path(path)
        table = tomllib.loads(file.read_text("utf-8"))
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(table) - known):
            raise ValueError(f"{file}: unknown field {unknown[0]!r}; the fields are {', '.join(sorted(known))}")
        return cls(**{name: _field(file, name, value) for name, value in table.items()})

    def passwords(self) -> list[str]:
        """Raises OSError; ValueError for an environment variable that is not set."""
        words = [word for file in self.password_files for word in read_passwords(file)]
        for name in self.password_envs:
            if name not in os.environ:
                raise ValueError(f"the environment variable {name} is not set")
            words.append(os.environ[name])
        return words

    def keyring(self) -> Keyring:
        """All keys of `keys`; files that cannot be used are in its `.failures`."""
        return load_keyring(self.keys, self.passwords())

    def receiver(self) -> Receiver:
        """Raises OSError, ValueError, MalformedError."""
        return Receiver(trust=self._trust(), keys=self.keyring(), policy=self._policy(), threads=self.threads)

    def sender(self) -> Sender:
        """Signs with the one key of `keys` that has a certificate, or that of `signer`. `trust` judges recipients.
        Raises OSError, ValueError (no such key, or several), MalformedError."""
        signing = signing_identity(self.keyring().identities, self.signer) if self.keys else None
        return Sender(signing=signing, trust=self._trust(), policy=self._policy())

    def _policy(self) -> Policy:
        return Policy.from_toml(self.policy_file) if self.policy_file is not None else Policy.named(self.policy)

    def _trust(self) -> TrustStore | None:
        return TrustStore.load(list(self.trust)).add_intermediates(*self.intermediates) if self.trust else None


def read_passwords(path: PathSource) -> list[str]:
    """The lines of a password file; an empty line is the empty password, the end of the last line is none."""
    return Path(path).read_text("utf-8").splitlines()


def load_keyring(paths: tuple[str, ...], passwords: list[str]) -> Keyring:
    """The keys of several files and directories as one ring."""
    rings = [Keyring.load_dir(path, passwords) for path in paths]
    return rings[0] if len(rings) == 1 else Keyring.merged(rings)


def _field(file: Path, name: str, value: Any) -> Any:
    """A field's value, its paths made relative to the file."""
    if name in ("policy", "policy_file", "signer"):
        if not isinstance(value, str):
            raise ValueError(f"{file}: {name} must be a string")
        return str(file.parent / value) if name == "policy_file" else value
    if name == "threads":
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{file}: threads must be a number")
        return value
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{file}: {name} must be a list of strings")
    return tuple(words) if name == "password_envs" else tuple(str(file.parent / word) for word in words)
