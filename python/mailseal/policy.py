"""What is demanded and what is taken: presets by name, changed field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mailseal import _core

if TYPE_CHECKING:
    from mailseal._sources import PathSource


@cache
def _limit_defaults() -> dict[str, int]:
    return {row["limit"]: row["default"] for row in _core.table("limits")}


class Limits(Mapping[str, int]):
    """Every cap by name: `Limits(message_bytes=2**30)`; the others keep their default. A mapping, and attributes.

    Raises TypeError for a cap that does not exist, ValueError for a value that is not a count.
    """

    __slots__ = ("_caps",)

    def __init__(self, **caps: int) -> None:
        defaults = _limit_defaults()
        for name, value in caps.items():
            if name not in defaults:
                raise TypeError(f"no cap is named {name!r}; the caps are {', '.join(defaults)}")
            if type(value) is not int or value < 0:
                raise ValueError(f"{name} must be a count, not {value!r}")
        self._caps = {**defaults, **caps}

    def __getitem__(self, name: str) -> int:
        return self._caps[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._caps)

    def __len__(self) -> int:
        return len(self._caps)

    def __getattr__(self, name: str) -> int:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._caps[name]
        except KeyError:
            raise AttributeError(f"no cap is named {name!r}") from None

    def __repr__(self) -> str:
        defaults = _limit_defaults()
        changed = ", ".join(f"{name}={value}" for name, value in self._caps.items() if value != defaults[name])
        return f"Limits({changed})"


class Policy:
    """A frozen set of rules. `default()`, `archive()` and `strict()` are the usual ones."""

    __slots__ = ("_inner",)

    def __init__(self, inner: _core.Policy) -> None:
        if not isinstance(inner, _core.Policy):
            raise TypeError("use Policy.default(), .archive(), .strict(), .named(name) or .from_toml(path)")
        self._inner = inner

    @classmethod
    def default(cls) -> Self:
        """Mail of today, judged now."""
        return cls.named("default")

    @classmethod
    def archive(cls) -> Self:
        """Mail of any age: everything is opened, judged at its time of receipt, and each weakness is told."""
        return cls.named("archive")

    @classmethod
    def strict(cls) -> Self:
        """Only what a gateway should let through."""
        return cls.named("strict")

    @classmethod
    def named(cls, name: str) -> Self:
        """A preset (`Policy.names()`). Raises ValueError for an unknown name."""
        return cls(_core.Policy.named(name))

    @classmethod
    def from_toml(cls, path: PathSource) -> Self:
        """A policy of one's own, in the form of the presets; its name is that of the file. Raises ValueError,
        OSError."""
        file = Path(path)
        return cls(_core.Policy.from_toml(file.stem, file.read_text("utf-8")))

    @staticmethod
    def names() -> list[str]:
        """The presets."""
        return _core.Policy.names()

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def limits(self) -> Limits:
        """The caps that hold under this policy."""
        return Limits(**self._inner.to_dict().get("limits", {}))

    def to_dict(self) -> dict[str, Any]:
        """All fields by name."""
        return self._inner.to_dict()

    def replace(self, **changes: Any) -> Policy:
        """The same policy with other fields. Raises ValueError for an unknown field or value."""
        plain = {name: dict(value) if isinstance(value, Limits) else value for name, value in changes.items()}
        return Policy(self._inner.replace(plain))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Policy):
            return NotImplemented
        return self.name == other.name and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<Policy {self.name}>"
