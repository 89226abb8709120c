"""What gpg lists of a private key, and whether it can sign."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from pkgaction.model.json import Json, JsonObject, at, text_at

_UNUSABLE = {"r": "revoked", "e": "expired", "d": "disabled", "i": "invalid"}
_MISSING = "#"  # gpg's mark for a private part that is not there


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPart:
    """The primary key or a subkey."""

    fingerprint: str
    signs: bool
    usable: str  # gpg's validity letter
    private: bool  # its private part is there
    expires: datetime | None

    def problem(self, now: datetime) -> str:
        """Why this part can't sign; empty if it can."""
        if not self.signs:
            return "it is not made for signing"
        if self.expires and self.expires <= now:
            return f"it expired on {self.expires:%Y-%m-%d}"
        if self.usable in _UNUSABLE:
            return f"it is {_UNUSABLE[self.usable]}"
        return "" if self.private else "its private part is missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKey:
    """A private key with its subkeys."""

    parts: tuple[KeyPart, ...]  # the primary key first
    only: str = ""  # fingerprint of the one part that may sign; empty: any

    @property
    def fingerprint(self) -> str:
        """Of the primary key: what people compare."""
        return self.parts[0].fingerprint

    @property
    def fingerprints(self) -> frozenset[str]:
        """Of the key and its subkeys."""
        return frozenset(part.fingerprint for part in self.parts)

    @property
    def selector(self) -> str:
        """How gpg is told to take this key, or exactly this subkey."""
        return f"{self.only}!" if self.only else self.fingerprint

    @property
    def expires(self) -> datetime | None:
        """When the first part expires that can sign now, or the primary key, which ends them all."""
        parts = [p for p in self.parts if p.signs and p.private and self._may(p)]
        dates = [p.expires for p in (self.parts[0], *parts[-1:]) if p.expires]
        return min(dates, default=None)

    def pinned_to(self, fingerprint: str) -> Self:
        """The same key; with a subkey's fingerprint, only that one may sign."""
        return self if fingerprint == self.fingerprint else replace(self, only=fingerprint)

    def problem(self, now: datetime) -> str:
        """Why the key can't sign; empty if it can."""
        primary = self.parts[0]
        if primary.expires and primary.expires <= now:
            return f"the key {self.fingerprint} expired on {primary.expires:%Y-%m-%d}"
        if primary.usable in _UNUSABLE:
            return f"the key {self.fingerprint} is {_UNUSABLE[primary.usable]}"
        problems = [part.problem(now) for part in self.parts if self._may(part)]
        if "" in problems:
            return ""
        said = next((p for p in problems if "made for" not in p), problems[0])
        return f"the key {self.only or self.fingerprint} can't sign: {said}"

    def _may(self, part: KeyPart) -> bool:
        return not self.only or part.fingerprint == self.only


def secret_keys(listed: Iterable[JsonObject]) -> list[SecretKey]:
    """The keys of a `list_keys(secret=True)`, as python-gnupg gives them."""
    keys = []
    for key in listed:
        subkeys = key.get("subkeys")
        rows = subkeys if isinstance(subkeys, list) else []
        parts = [_part(at(key, "subkey_info", row[0]), row[2]) for row in rows]
        keys.append(SecretKey(parts=(_part(key, text_at(key, "fingerprint")), *parts)))
    return keys


def _part(info: Json, fingerprint: str) -> KeyPart:
    expires = text_at(info, "expires")
    return KeyPart(
        fingerprint=fingerprint,
        signs="s" in text_at(info, "cap"),
        usable=text_at(info, "trust")[:1],
        private=text_at(info, "token") != _MISSING,
        expires=datetime.fromtimestamp(int(expires), UTC) if expires.isdigit() else None,
    )
