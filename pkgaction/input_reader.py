"""Texts of inputs → types, one method a kind of text; what is wrong is kept, not raised."""

import difflib
import itertools
import os
import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from pkgaction.model import branchglobs, telltale
from pkgaction.model.event import Mode
from pkgaction.model.outcome import Problem
from pkgaction.model.owners import Owners, OwnersProblemError

_BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_FINGERPRINT = re.compile(r"[0-9A-F]{40}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[A-Za-z0-9._-]+)*")
_NUMBER = re.compile(r"[0-9]{1,3}")
_DAYS = re.compile(r"[0-9]{1,4}")
_MOST_JOBS = 64
_IN_WORKSPACE = "give mode: comment, and reports as globs relative to the workspace"
_PIN = re.compile(r"sha256=[0-9a-f]{64}")
SECRETS = ("gpg-private-key", "gpg-passphrase", "github-token")
GOOGLE = "https://storage.googleapis.com"  # where its buckets are served
UNSIGNED = "unsigned"  # the word that accepts any package
_ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----"


_WHY_APART = {
    "index-bucket": "what is internal would be public",
    "queue-bucket": "who may submit could change what is published",
}


class Reader:
    """Reads texts into types and keeps what is wrong."""

    def __init__(self, given: Mapping[str, str], defaults: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._defaults = defaults
        self._given = {
            n: text for n, text in given.items() if is_given(n, text) and self._is_text(n, text)
        }
        self._secrets = [self._given.get(name, "") for name in SECRETS]

    def shown(self, text: str) -> str:
        """A wrong text, in quotes; only its length where a secret may have got into the wrong input."""
        return telltale.shown(text, self._secrets)

    def wrong(self, name: str, what: str, fix: str) -> None:
        """Keep what is wrong with an input, and what to do."""
        self.problems.append(Problem(what=what, where=f"input {name}", fix=fix, exit_status=2))

    def text(self, name: str) -> str:
        """As it is given, or by default, without blanks around it."""
        return self._given.get(name, self._defaults[name]).strip()

    def matching(self, name: str, pattern: re.Pattern[str], form: str) -> str:
        """A text of one form; empty where nothing is given. It lies beside secrets: never quoted."""
        text = self.text(name)
        if text and not pattern.fullmatch(text):
            self.wrong(name, f"a text of {len(text)} characters is none", f"write {form}")
            return ""
        return text

    def passphrase(self) -> str:
        """As it is, blanks and all; only the end of its line is none of it."""
        text = self._given.get("gpg-passphrase", "").rstrip("\r\n")
        if any(character in text for character in "\r\n\0"):
            fix = "make it one line"
            self.wrong("gpg-passphrase", "it has more than one line, or a NUL", fix)
            return ""
        return text

    def _is_text(self, name: str, text: str) -> bool:
        try:
            text.encode()
        except UnicodeEncodeError:
            self.wrong(name, "it is no UTF-8 text", "correct the workflow, or the secret")
            return False
        return True

    def lines(self, name: str) -> tuple[str, ...]:
        """Texts, one a line."""
        stripped = (line.strip() for line in self.text(name).splitlines())
        return tuple(line for line in stripped if line)

    def branches(self) -> tuple[str, ...]:
        """Globs for branches, each of which can match one."""
        globs = self.lines("branches")
        for what, fix in branchglobs.problems(globs, self.shown):
            self.wrong("branches", what, fix)
        return globs

    def boolean(self, name: str) -> bool:
        """True or false."""
        text = self.text(name)
        if text not in _BOOLEANS:
            self.wrong(name, f"{self.shown(text)} is neither true nor false", "write true or false")
        return _BOOLEANS.get(text, _BOOLEANS[self._defaults[name]])

    def mode(self) -> Mode:
        """One of the modes."""
        text = self.text("mode")
        names = [mode.value for mode in Mode]
        if text not in names:
            self.wrong("mode", f"there is no mode {self.shown(text)}", did_you_mean(text, names))
            return Mode.AUTO
        return Mode(text)

    def package_spec(self) -> str:
        """An address, a folder, `none` or nothing. That a folder is there is seen when it is read."""
        text = self.text("package-spec")
        scheme, mark, _ = text.partition("://")
        if mark and scheme not in {"https", "http", "file"}:
            fix = "write the https:// address of an archive, a folder, or none"
            self.wrong("package-spec", f"{self.shown(text)} can't be fetched", fix)
        _, pinned, pin = text.partition("#")
        if pinned and not _PIN.fullmatch(pin):
            fix = "write #sha256= and the 64 hex digits, or leave it out"
            self.wrong("package-spec", "what follows the # is no digest: nothing would be pinned", fix)
        return text

    def jobs(self) -> int:
        """How much may run at the same time; by default the cores."""
        text = self.text("jobs") or str(len(os.sched_getaffinity(0)) or 1)
        if _NUMBER.fullmatch(text) and 1 <= int(text) <= _MOST_JOBS:
            return int(text)
        self.wrong("jobs", f"{self.shown(text)} is no number from 1 to {_MOST_JOBS}", "write a number")
        return 1

    def owners(self) -> Owners:
        """Who may publish what."""
        try:
            return Owners.parse(self.text("owners"))
        except OwnersProblemError as error:
            told = telltale.is_told(self.text("owners"), self._secrets)
            what = "it is no owner map" if told else str(error)
            self.wrong("owners", what, "write one line a key: FINGERPRINT: [name, other_*]")
            return Owners({})

    def days(self, name: str) -> int:
        """A number of days; 0 where none is given."""
        text = self.text(name)
        if text and not (_DAYS.fullmatch(text) and int(text)):
            fix = "write a number of days, or leave it empty to keep all"
            self.wrong(name, f"{self.shown(text)} is no number from 1 to 9999", fix)
            return 0
        return int(text or 0)

    def fingerprint(self) -> str:
        """Of a key, 40 upper-case hex digits."""
        text = re.sub(r"\s|^0x", "", self.text("gpg-fingerprint")).upper()
        if text and not _FINGERPRINT.fullmatch(text):
            # a key or a passphrase may have got here; in capitals, no mask would fit it
            what = f"a text of {len(text)} characters is no key fingerprint"
            fix = "give the 40 hex digits that `gpg --fingerprint` shows"
            self.wrong("gpg-fingerprint", what, fix)
            return ""
        return text

    def bucket(self, name: str) -> str:
        """A bucket's address, without a slash at the end."""
        text = self.text(name).rstrip("/")
        scheme, _, rest = text.partition("://")
        if not text:
            return ""
        if scheme == "gs" and _BUCKET.fullmatch(rest):
            return text
        if scheme != "file" or not rest.startswith("/"):
            what = f"{self.shown(text)} is no bucket"
            self.wrong(name, what, "write gs://NAME[/prefix] or file:///folder")
        return text

    def apart(self, buckets: Mapping[str, str]) -> None:
        """Each bucket must lie outside of those named before it, and they outside of it."""
        for (first, outer), (name, url) in itertools.combinations(buckets.items(), 2):
            if url and outer and _overlap(url, outer):
                what = (
                    f"{self.shown(url)} and input {first} ({self.shown(outer)}) are one inside the other"
                )
                fix = f"name another bucket, or a folder beside it: {_WHY_APART[name]}"
                self.wrong(name, what, fix)

    def source(self, name: str) -> str:
        """Where something is fetched from: nothing but an address, so nothing secret goes with it."""
        text = self.text(name).rstrip("/")
        if not _is_address(text) or "@" in text or "?" in text or "#" in text:
            self.wrong(
                name, f"{self.shown(text)} is no address", "write https://host/path or file:///folder"
            )
        return text

    def keys(self, name: str) -> str:
        """Armored public keys, or the word that accepts any package."""
        text = self.text(name)
        if text and text != UNSIGNED and _ARMOR not in text:
            what = "it is neither armored public keys nor the word unsigned"
            self.wrong(name, what, "set it to the output of `gpg --armor --export FINGERPRINT`")
        return text

    def reports(self) -> tuple[str, ...]:
        """Files in the workspace, and given exactly where they are used."""
        found = self.lines("reports")
        for glob in found:
            if glob.startswith(("/", "~")) or ".." in glob.split("/"):
                self.wrong("reports", f"{self.shown(glob)} leads out of the workspace", _IN_WORKSPACE)
        if bool(found) != (self.text("mode") == Mode.COMMENT):
            self.wrong("reports", "it goes with mode comment, and mode comment with it", _IN_WORKSPACE)
        return found

    def public_url(self, bucket: str) -> str:
        """Where the bucket is served, by default where Google serves it."""
        text = self.text("public-url").rstrip("/")
        if text:
            if not _is_address(text) or "@" in text or "?" in text or "#" in text:
                # links with it are public: a password in it would be, too
                self.wrong("public-url", f"{self.shown(text)} is no address", "write https://host/path")
            return text
        if bucket.startswith("gs://"):
            return f"{GOOGLE}/{quote(bucket.removeprefix('gs://'))}"
        return quote(bucket, safe=":/")


def is_given(name: str, text: str) -> bool:
    """Whether a text counts as given. A passphrase may be of blanks alone."""
    return bool(text.rstrip("\r\n") if name == "gpg-passphrase" else text.strip())


def _overlap(url: str, other: str) -> bool:
    """Whether one address is the other, or a folder of it."""
    parts, others = _parts(url), _parts(other)
    shorter = min(len(parts), len(others))
    return parts[:shorter] == others[:shorter]


def _parts(url: str) -> list[str]:
    scheme, _, path = url.partition("://")
    return [scheme, *(os.path.realpath(path) if scheme == "file" else path).strip("/").split("/")]


def _is_address(text: str) -> bool:
    try:
        return urlsplit(text).scheme in {"https", "http", "file"}
    except ValueError:
        return False


def did_you_mean(text: str, names: list[str]) -> str:
    """The name that was probably meant, or all there are."""
    close = difflib.get_close_matches(text, names, n=1)
    return f"did you mean {close[0]}?" if close else f"one of {', '.join(names)}"
