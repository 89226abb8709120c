"""A text that must not be shown."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """A key, passphrase or token. `str` and `repr` are masked; only `reveal` opens it."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The text itself, for the one call that needs it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __str__(self) -> str:
        return "***"

    __repr__ = __str__
