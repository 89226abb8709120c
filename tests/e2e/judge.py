"""Whether a run told the truth: its words beside what the buckets show."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pytest

from pkgaction.model.outcome import Status
from pkgaction.report import words
from tests.fakes.shown import Shown, Version
from tests.fakes.workplace import Run

Package: TypeAlias = Mapping[str, object]  # one object of the output `packages`

DONE = {"published", "completed", "already-published"}
PUBLIC = DONE | {"not-indexed"}
FAILED = {"failed", "conflict"}
_UNSURE = re.compile(
    r"\bmay (already |now |still )?(be (in|there|public|published|indexed|served|listed)|have been)\b"
    r"|\b(not|neither) (yet )?(confirmed|known)\b|\bunconfirmed\b"
    r"|\bcould not be (asked|checked|confirmed|read back|seen)\b"
)
_NOTHING = re.compile(
    r"nothing (was|is|has been) published|nothing to publish|publishes nothing", re.IGNORECASE
)
_NOT_PUBLISHED = re.compile(r"(\d+) packages? not published")
_PUBLISHED = re.compile(r"(\d+) packages?(?: was| were)? published")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Everything that a run has told anybody."""

    run: Run
    comments: Sequence[str] = ()  # bodies of those that it wrote

    @property
    def packages(self) -> list[Package]:
        """The output `packages`."""
        found: list[Package] = json.loads(self.run.outputs.get("packages") or "[]")
        return found

    @property
    def statuses(self) -> dict[str, str]:
        """By name of the package."""
        return {str(package["name"]): str(package["status"]) for package in self.packages}

    @property
    def results(self) -> str:
        """The log behind its last group: the results."""
        return self.run.log.rpartition("::endgroup::")[2]

    @property
    def texts(self) -> dict[str, str]:
        """Every text for people, by where it stands."""
        comments = {f"comment {n}": body for n, body in enumerate(self.comments)}
        return {"log": self.results, "summary": self.run.summary, **comments}


def expect_none(found: Sequence[str], said: Said) -> None:
    """Fail with all that was found, and with what the run has said."""
    if found:
        pytest.fail("\n".join([*found, "", *said.run.log.splitlines()]), pytrace=False)


def lies(said: Said, shown: Shown, planned: Sequence[Version], *, blind: bool = False) -> list[str]:
    """All that is not true of what was said, or was left unsaid.

    Args:
        said: by the run.
        shown: by the buckets after it.
        planned: the versions that the run was to publish.
        blind: it ended where it could not ask a bucket any more, so it may say that it does not know.
    """
    found = list(_unnamed(said, planned))
    for package in said.packages:
        version = str(package["name"]), str(package["version"])
        if version in planned:
            reason = f"{package['reason']}"
            unsure = bool(_UNSURE.search(reason))
            if unsure and not blind:
                found.append(f"{version}: {reason!r} is unsure of what could be asked")
            found += [f"{version}: {lie}" for lie in _of_package(package, version, shown, unsure=unsure)]
            found += [f"{version}: {lie}" for lie in _of_texts(package, said)]
    public = [version for version in planned if shown.is_public(version)]
    done = [version for version in public if _is_done(version, shown)]
    found += _of_run(said, public)
    found += _of_headlines(said, len(done), len(planned) - len(public))
    if planned and (said.run.status == 0) != (len(done) == len(planned)) and not blind:
        found.append(f"status {said.run.status} with {len(done)} of {len(planned)} published")
    return found


def _is_done(version: Version, shown: Shown) -> bool:
    return shown.is_whole(version) and shown.is_served(version)


def _unnamed(said: Said, planned: Sequence[Version]) -> list[str]:
    """Every package of the plan is named once in the outputs, and in every text."""
    listed = [(str(package["name"]), str(package["version"])) for package in said.packages]
    missing = [f"outputs: {v} is named {listed.count(v)} times" for v in planned if listed.count(v) != 1]
    for where, text in said.texts.items():
        missing += [f"{where}: {version} is not named" for version in planned if version[0] not in text]
    return missing


def _of_package(package: Package, version: Version, shown: Shown, *, unsure: bool) -> list[str]:
    status = str(package["status"])
    public, whole = shown.is_public(version), shown.is_whole(version)
    served = shown.is_served(version)
    checks = {
        "its zip is not public": status in PUBLIC and not public,
        "it is not whole": status in PUBLIC and public and not whole,
        "no reader is served it": status in DONE and not served,
        "it is served": status == "not-indexed" and served and not unsure,
        "its zip is public": status in FAILED and public and not unsure,
        "there are objects of it": status == "not-tried" and shown.is_touched(version),
        "that is no status of an ended release": status not in PUBLIC | FAILED | {"not-tried"},
        "the zip there is another one": status in PUBLIC
        and public
        and package["sha256"] != shown.sha256(version),
        "its address is not told": status in PUBLIC and not package["urls"],
    }
    found = [f"said {status}, and {lie}" for lie, is_so in checks.items() if is_so]
    if served and "not in the index" in str(package["reason"]):
        found.append("it is served, and the reason says that it is not in the index")
    if status not in DONE and not package["reason"]:
        found.append(f"said {status} without a reason")
    return found


def _of_texts(package: Package, said: Said) -> list[str]:
    """Log, summary and comment say the same as the outputs, on the package's own line."""
    if package["status"] not in set(Status):
        return []
    label, name = words.SHOWN[Status(str(package["status"]))], str(package["name"])
    found = []
    for where, text in said.texts.items():
        lines = [line for line in text.splitlines() if name in line]
        if not any(label in line for line in lines):
            found.append(f"{where}: it is not said to be {label!r}")
        if package["status"] == "not-indexed" and not any("again" in line for line in lines):
            found.append(f"{where}: it is not said that a run again adds it to the index")
    return found


def _of_run(said: Said, public: Sequence[Version]) -> list[str]:
    reasons = {str(package["name"]): str(package["reason"]) for package in said.packages}
    known = [name for name, _ in public if not _UNSURE.search(reasons.get(name, ""))]
    unknown = [name for name, _ in public if said.statuses.get(name) in FAILED and name not in known]
    found = []
    output = said.run.outputs.get("published", "not there")
    if output != ("true" if public else "false") and len(unknown) < max(1, len(public)):
        found.append(f"output published is {output} with {len(public)} public")
    for where, text in {**said.texts, "log": said.run.log}.items():
        if public and (lie := _NOTHING.search(text)):
            found.append(f"{where}: {lie[0]!r} with {len(public)} public")
        rows = _not_published(text)
        below = [name for name in known if any(f"<b>{name}</b>" in row for row in rows)]
        found += [f"{where}: {n} stands below 'Not published', and its zip is public" for n in below]
    return found


def _not_published(text: str) -> list[str]:
    """The rows below a heading that says so."""
    blocks = re.split(r"(?m)^(?=\*\*[^*]+\*\*$)", text)
    wrong = [block for block in blocks if re.match(r"\*\*Not published\*\*", block)]
    return [line for block in wrong for line in block.splitlines() if line.startswith("- ❌")]


def _of_headlines(said: Said, done: int, private: int) -> list[str]:
    limits = ((_PUBLISHED, done, "are published"), (_NOT_PUBLISHED, private, "are not"))
    return [
        f"{where}: {found[0]!r}, and {limit} {what}"
        for where, text in said.texts.items()
        for pattern, limit, what in limits
        for found in pattern.finditer(text)
        if int(found[1]) > limit
    ]
