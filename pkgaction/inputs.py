"""The Action's inputs, and the command line's options of the same names, as one frozen value.

Text becomes a type here, once. All problems of a run are collected and reported together.
"""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, urlsplit

from pkgaction.model.event import Mode
from pkgaction.model.outcome import Problem
from pkgaction.model.owners import Owners, OwnersProblemError
from pkgaction.model.secret import Secret

# name → default; action.yml, this table, the README and the command line are compared by a test
DEFAULTS: Mapping[str, str] = {
    "bucket": "",
    "index-bucket": "",
    "keep-index-days": "",
    "queue-bucket": "",
    "trusted-keys": "",
    "owners": "",
    "public-url": "",
    "packages": "packages/*",
    "workload-identity-provider": "",
    "service-account": "",
    "gpg-private-key": "",
    "gpg-passphrase": "",
    "gpg-fingerprint": "",
    "github-token": "",
    "branches": "",
    "mode": "auto",
    "package": "",
    "version": "",
    "ref": "",
    "dry-run": "false",
    "comment": "true",
    "reports": "",
    "jobs": "",
    "package-spec": "",
    "ecs-url": "",
    "registry-url": "",
    "elastic-package-url": "",
    "registry-public-keys": "",
    "readme-phrases": "",
}
SECRETS = ("gpg-private-key", "gpg-passphrase", "github-token")

# inputs whose work this version does not do: refused, never ignored; what may be said all the same
_NOT_YET: Mapping[str, tuple[str, ...]] = {
    "package-spec": ("none",),
    "ecs-url": (),
    "registry-url": (),
    "elastic-package-url": (),
    "registry-public-keys": (),
    "readme-phrases": (),
}
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
_PROVIDER = re.compile(
    r"projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+"
)
_PROVIDER_FORM = "projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER"
_ACCOUNT = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+")
_IN_WORKSPACE = "give mode: comment, and reports as globs relative to the workspace"
_NUMBER = re.compile(r"[0-9]{1,3}")
_DAYS = re.compile(r"[0-9]{1,4}")
_MOST_JOBS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the user asked for. Names as in action.yml, dashes as underscores."""

    bucket: str = ""  # URL
    index_bucket: str = ""  # URL; empty: no index is kept
    queue_bucket: str = ""  # URL; what mode accept looks at
    trusted_keys: Secret = field(default=Secret(""))  # armored public keys; no secret, but key material
    owners: Owners = field(default=Owners({}))
    keep_index_days: int = 0  # 0: every generation of the index is kept
    public_url: str = ""  # without a slash at the end
    packages: tuple[str, ...] = ("packages/*",)  # globs
    workload_identity_provider: str = ""  # full resource name; empty: Application Default Credentials
    service_account: str = ""  # e-mail address; empty: none is impersonated
    gpg_private_key: Secret = field(default=Secret(""))
    gpg_passphrase: Secret = field(default=Secret(""))
    gpg_fingerprint: str = ""  # 40 upper-case hex digits
    github_token: Secret = field(default=Secret(""))
    branches: tuple[str, ...] = ()  # globs; empty: the default branch
    mode: Mode = Mode.AUTO
    package: tuple[str, ...] = ()  # names
    version: str = ""
    ref: str = ""
    dry_run: bool = False
    comment: bool = True
    reports: tuple[str, ...] = ()  # globs, relative to the workspace
    jobs: int = 1

    @classmethod
    def parse(cls, given: Mapping[str, str], *, bucket_required: bool) -> tuple[Self, list[Problem]]:
        """Read inputs by name; an empty text is as good as none.

        Returns:
            The value, with defaults where something is wrong, and all that is wrong.
        """
        reader = _Reader(given)
        bucket = reader.bucket("bucket")
        if bucket_required and not reader.text("bucket"):
            reader.wrong("bucket", "no bucket is given", "set it to gs://NAME or file:///folder")
        for name, allowed in _NOT_YET.items():
            if reader.text(name) and reader.text(name) not in allowed:
                fix = f"leave it out, or set it to {allowed[0]}" if allowed else "leave it out"
                reader.wrong(name, "this version of pkgaction can't do that yet", fix)
        value = cls(
            bucket=bucket,
            index_bucket=reader.bucket("index-bucket"),
            queue_bucket=reader.bucket("queue-bucket"),
            trusted_keys=Secret(reader.text("trusted-keys")),
            owners=reader.owners(),
            keep_index_days=reader.days("keep-index-days"),
            public_url=reader.public_url(bucket),
            packages=reader.lines("packages"),
            workload_identity_provider=reader.matching(
                "workload-identity-provider", _PROVIDER, _PROVIDER_FORM
            ),
            service_account=reader.matching(
                "service-account", _ACCOUNT, "NAME@PROJECT.iam.gserviceaccount.com"
            ),
            gpg_private_key=Secret(reader.text("gpg-private-key")),
            gpg_passphrase=Secret(reader.passphrase()),
            gpg_fingerprint=reader.fingerprint(),
            github_token=Secret(reader.text("github-token")),
            branches=reader.lines("branches"),
            mode=reader.mode(),
            package=reader.lines("package"),
            version=reader.text("version"),
            ref=reader.text("ref"),
            dry_run=reader.boolean("dry-run"),
            comment=reader.boolean("comment"),
            reports=reader.reports(),
            jobs=reader.jobs(),
        )
        return value, reader.problems


def from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs as the runner passes them: `INPUT_` + the name in capitals, dashes kept.

    Source: https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax#inputs
    """
    found = {name: environ.get(f"INPUT_{name.upper()}", "") for name in DEFAULTS}
    return {name: text for name, text in found.items() if text.strip()}


def misspelt(environ: Mapping[str, str]) -> list[Problem]:
    """Inputs the Action does not have: the runner only warns of them, far up in the log."""
    names = [key[6:].lower() for key in environ if key.startswith("INPUT_")]
    return [
        Problem(
            what="there is no such input",
            where=f"input {name}",
            fix=_did_you_mean(name, list(DEFAULTS)),
            exit_status=2,
        )
        for name in sorted(set(names) - set(DEFAULTS))
    ]


class _Reader:
    """Reads texts into types and keeps what is wrong."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._given = {n: text for n, text in given.items() if text.strip() and self._is_text(n, text)}

    def wrong(self, name: str, what: str, fix: str) -> None:
        self.problems.append(Problem(what=what, where=f"input {name}", fix=fix, exit_status=2))

    def text(self, name: str) -> str:
        return self._given.get(name, DEFAULTS[name]).strip()

    def matching(self, name: str, pattern: re.Pattern[str], form: str) -> str:
        text = self.text(name)
        if text and not pattern.fullmatch(text):
            self.wrong(name, f"{text[:200]!r} is none", f"write {form}")
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
        stripped = (line.strip() for line in self.text(name).splitlines())
        return tuple(line for line in stripped if line)

    def boolean(self, name: str) -> bool:
        text = self.text(name)
        if text not in _BOOLEANS:
            self.wrong(name, f"{text!r} is neither true nor false", "write true or false")
        return _BOOLEANS.get(text, _BOOLEANS[DEFAULTS[name]])

    def mode(self) -> Mode:
        text = self.text("mode")
        names = [mode.value for mode in Mode]
        if text not in names:
            self.wrong("mode", f"there is no mode {text!r}", _did_you_mean(text, names))
            return Mode.AUTO
        return Mode(text)

    def reports(self) -> tuple[str, ...]:
        """Files in the workspace, and given exactly where they are used."""
        found = self.lines("reports")
        for glob in found:
            if glob.startswith(("/", "~")) or ".." in glob.split("/"):
                self.wrong("reports", f"{glob[:200]!r} leads out of the workspace", _IN_WORKSPACE)
        if bool(found) != (self.text("mode") == Mode.COMMENT):
            self.wrong("reports", "it goes with mode comment, and mode comment with it", _IN_WORKSPACE)
        return found

    def jobs(self) -> int:
        text = self.text("jobs") or str(len(os.sched_getaffinity(0)) or 1)
        if _NUMBER.fullmatch(text) and 1 <= int(text) <= _MOST_JOBS:
            return int(text)
        self.wrong("jobs", f"{text[:80]!r} is no number from 1 to {_MOST_JOBS}", "write a number")
        return 1

    def owners(self) -> Owners:
        try:
            return Owners.parse(self.text("owners"))
        except OwnersProblemError as error:
            self.wrong("owners", str(error), "write one line a key: FINGERPRINT: [name, other_*]")
            return Owners({})

    def days(self, name: str) -> int:
        text = self.text(name)
        if text and not (_DAYS.fullmatch(text) and int(text)):
            fix = "write a number of days, or leave it empty to keep all"
            self.wrong(name, f"{text[:80]!r} is no number from 1 to 9999", fix)
            return 0
        return int(text or 0)

    def fingerprint(self) -> str:
        text = re.sub(r"\s|^0x", "", self.text("gpg-fingerprint")).upper()
        if text and not _FINGERPRINT.fullmatch(text):
            what = f"{text[:60]!r} is no key fingerprint"
            fix = "give the 40 hex digits that `gpg --fingerprint` shows"
            self.wrong("gpg-fingerprint", what, fix)
        return text

    def bucket(self, name: str) -> str:
        text = self.text(name).rstrip("/")
        scheme, _, rest = text.partition("://")
        if not text:
            return ""
        if scheme == "gs" and _BUCKET.fullmatch(rest):
            return text
        if scheme != "file" or not rest.startswith("/"):
            what = f"{text!r} is no bucket"
            self.wrong(name, what, "write gs://NAME[/prefix] or file:///folder")
        return text

    def public_url(self, bucket: str) -> str:
        text = self.text("public-url").rstrip("/")
        if text:
            if not _is_address(text):
                self.wrong("public-url", f"{text[:200]!r} is no address", "write https://host/path")
            return text
        if bucket.startswith("gs://"):
            return f"https://storage.googleapis.com/{quote(bucket.removeprefix('gs://'))}"
        return quote(bucket, safe=":/")


def _is_address(text: str) -> bool:
    try:
        return urlsplit(text).scheme in {"https", "http", "file"}
    except ValueError:
        return False


def _did_you_mean(text: str, names: list[str]) -> str:
    close = difflib.get_close_matches(text, names, n=1)
    return f"did you mean {close[0]}?" if close else f"one of {', '.join(names)}"
