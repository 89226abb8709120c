"""What gpg lists of a key: which part of it signs, until when, and whether readers take that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from pkgaction.adapters.openpgp_text import MAKE, KeyProblemError

_WARN = timedelta(days=30)
_UNUSABLE = {"r": "revoked", "e": "expired", "d": "disabled", "i": "invalid"}
_MISSING = "#"  # gpg's mark for a private part that is not there
_THERE = frozenset({"", "+"})  # what else is a smartcard's serial number
_ON_CARD = "a card"
_PRIMARY, _SUBKEY = frozenset({"sec", "pub"}), frozenset({"ssb", "sub"})
_RSA, _DSA, _ECDSA, _EDDSA = 1, 17, 19, 22  # RFC 9580, section 9.1
_LEAST_RSA = 2047  # bits: `minRSABits` of npm openpgp 5 and 6
_CURVES = {_ECDSA: frozenset({"nistp256", "nistp384", "nistp521"}), _EDDSA: frozenset({"ed25519"})}
_RENEW = "give a key that can sign now, or renew this one"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPart:
    """The primary key or a subkey."""

    fingerprint: str
    signs: bool
    usable: str  # gpg's validity letter
    algorithm: int  # as RFC 9580 numbers it
    length: int  # bits
    curve: str  # empty where the algorithm has none
    private: str  # gpg's mark: there, missing, or the serial number of a smartcard
    created: datetime
    expires: datetime | None

    @property
    def kind(self) -> str:
        """Algorithm and length, as people know them."""
        names = {_RSA: "RSA", _DSA: "DSA"}
        if self.algorithm in names:
            return f"{names[self.algorithm]} of {self.length} bits"
        return self.curve or f"algorithm {self.algorithm}"

    @property
    def is_taken_by_readers(self) -> bool:
        """Whether Kibana verifies signatures of it, in each version that is in use.

        Source: `rejectPublicKeyAlgorithms`, `minRSABits` and `rejectCurves` of npm openpgp 5.0 to 6.3;
        that 6 on Node cannot verify with brainpool is measured (tests/registry/test_keys.py).
        """
        if self.algorithm == _RSA:
            return self.length >= _LEAST_RSA
        return self.curve in _CURVES.get(self.algorithm, ())

    def problem(self, now: datetime) -> KeyProblemError | None:
        """Why this part cannot sign; None if it can."""
        if not self.signs:
            return KeyProblemError("it is not made for signing", _RENEW)
        return self.end(now) or self._missing()

    def end(self, now: datetime) -> KeyProblemError | None:
        """Why nobody takes this part, whatever it is used for; None if they do."""
        if over := self.over(now):
            return KeyProblemError(over, _RENEW)
        if self.created > now:
            what = f"it was made in the future, on {self.created:%Y-%m-%d}"
            return KeyProblemError(what, "correct the clock of this machine, or make the key again")
        if not self.is_taken_by_readers:
            return KeyProblemError(f"Kibana refuses its signatures: it is {self.kind}", MAKE)
        return None

    def over(self, now: datetime) -> str:
        """That it has expired, or was revoked or disabled, in words; empty where it was not."""
        if self.expires and self.expires <= now and self.usable != "r":
            return f"it expired on {self.expires:%Y-%m-%d}"
        return f"it is {_UNUSABLE[self.usable]}" if self.usable in _UNUSABLE else ""

    def _missing(self) -> KeyProblemError | None:
        if self.private == _MISSING:
            fix = "export it on the machine that has it, by `gpg --armor --export-secret-keys`"
            return KeyProblemError("its private part is missing", fix)
        if self.private not in _THERE:
            fix = "add a subkey that signs and is not on a card, and export that"
            return KeyProblemError("its private part is on a smartcard, and cannot be exported", fix)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """A key with its subkeys."""

    parts: tuple[KeyPart, ...]  # the primary key first
    user_ids: tuple[str, ...] = ()  # that are in use; what is not UTF-8 as surrogates
    only: str = ""  # fingerprint of the one part that may sign; empty: any

    @property
    def fingerprint(self) -> str:
        """Of the primary key: what people compare."""
        return self.parts[0].fingerprint

    @property
    def fingerprints(self) -> frozenset[str]:
        """Of the key and its subkeys."""
        return frozenset(part.fingerprint for part in self.parts)

    def pinned_to(self, fingerprint: str) -> Self:
        """The same key; with a subkey's fingerprint, only that one may sign."""
        return self if fingerprint == self.fingerprint else replace(self, only=fingerprint)

    def on_card(self) -> Self:
        """The same key; what is missing of it is known to be on a smartcard."""
        parts = (replace(p, private=_ON_CARD) if p.private == _MISSING else p for p in self.parts)
        return replace(self, parts=tuple(parts))

    def signing_part(self, now: datetime) -> KeyPart:
        """The part that signs: the newest subkey that can, else the primary key, as gpg chooses.

        Raises:
            KeyProblemError: none of them can.
        """
        if problem := self.parts[0].end(now):
            raise KeyProblemError(
                f"the key {self.fingerprint} cannot be used: {problem.what}", problem.fix
            )
        parts = [part for part in self.parts if not self.only or part.fingerprint == self.only]
        problems = [(part.signs, part.problem(now)) for part in parts]
        if able := [p for p, (_, problem) in zip(parts, problems, strict=True) if problem is None]:
            return max(able, key=lambda part: (part is not self.parts[0], part.created))
        # what is wrong with a part that is made for signing tells more than that another is not
        problem = max(problems, key=lambda one: one[0])[1] or KeyProblemError("", "")
        what = f"the key {self.only or self.fingerprint} cannot sign: {problem.what}"
        raise KeyProblemError(what, problem.fix)

    def warnings(self, now: datetime) -> list[str]:
        """What will be wrong soon, or is wrong for some readers, as sentences.

        Raises:
            KeyProblemError: it cannot even sign.
        """
        ends = [part for part in (self.parts[0], self.signing_part(now)) if part.expires]
        told = []
        if first := min(ends, key=lambda part: part.expires or now, default=None):
            told += _soon(first, now)
        return [*told, *self.unread_user_ids()]

    def unread_user_ids(self) -> list[str]:
        """That readers can read no user ID of it, as a sentence."""
        if not self.user_ids or any(_is_text(user_id) for user_id in self.user_ids):
            return []
        what = f"the signing key {self.fingerprint} has no user ID in UTF-8, so Kibana refuses it"
        command = f"gpg --quick-add-uid {self.fingerprint} 'NAME <MAIL>'"
        return [f"{what}: add one (`{command}`) and give readers the public key again"]

    def trusted_in_vain(self, now: datetime) -> list[str]:
        """That it can sign nothing any more, as a sentence."""
        signing = [part.over(now) for part in self.parts if part.signs]
        why = self.parts[0].over(now) or ("" if signing else "no part of it is made for signing")
        if not why and all(signing):
            why = f"of its part that signs, {signing[-1]}"
        fix = "put the owner's renewed key in its place, or take it out"
        return (
            [f"the trusted key {self.fingerprint} counts for nothing new: {why}; {fix}"] if why else []
        )

    def refused_by_readers(self) -> list[str]:
        """For each part that signs: that Kibana refuses its signatures, as sentences."""
        primary = self.parts[0]
        weak = [primary] if not primary.is_taken_by_readers else []
        weak += [p for p in self.parts[1:] if p.signs and not p.is_taken_by_readers and not weak]
        return [
            f"Kibana refuses the signatures of {part.fingerprint}: it is {part.kind}; {MAKE}"
            for part in weak
        ]


def _soon(part: KeyPart, now: datetime) -> list[str]:
    if part.expires is None or part.expires - now > _WARN:
        return []
    days = (part.expires - now).days
    left = {0: "today", 1: "in 1 day"}.get(days, f"in {days} days")
    return [f"the signing key {part.fingerprint} expires {left}, on {part.expires:%Y-%m-%d}: renew it"]


def _is_text(user_id: str) -> bool:
    """Whether it is UTF-8: a byte that is not came in as a surrogate."""
    return not any("\ud800" <= character <= "\udfff" for character in user_id)


def listed_keys(lines: Iterable[str]) -> list[ListedKey]:
    """The keys of `gpg --with-colons --list-keys` or `--list-secret-keys`.

    Source: doc/DETAILS of GnuPG.
    """
    keys: list[ListedKey] = []
    part: list[str] = []  # fields of the line before its fingerprint
    for line in lines:
        fields = line.split(":")
        if fields[0] in _PRIMARY | _SUBKEY:
            part = fields
        elif fields[0] == "fpr" and part:
            _add(keys, part, _part(part, fields[9]))
            part = []
        elif fields[0] == "uid" and keys and fields[1] not in _UNUSABLE:
            keys[-1] = replace(keys[-1], user_ids=(*keys[-1].user_ids, fields[9]))
    return keys


def _add(keys: list[ListedKey], fields: Sequence[str], part: KeyPart) -> None:
    if fields[0] in _PRIMARY:
        keys.append(ListedKey(parts=(part,)))
    else:
        keys[-1] = replace(keys[-1], parts=(*keys[-1].parts, part))


def _part(fields: Sequence[str], fingerprint: str) -> KeyPart:
    return KeyPart(
        fingerprint=fingerprint,
        signs="s" in fields[11],
        usable=fields[1],
        algorithm=int(fields[3]),
        length=int(fields[2]),
        curve=fields[16],
        private=fields[14],
        created=_time(fields[5]) or datetime.min.replace(tzinfo=UTC),
        expires=_time(fields[6]),
    )


def _time(field: str) -> datetime | None:
    return datetime.fromtimestamp(int(field), UTC) if field.isdecimal() else None
