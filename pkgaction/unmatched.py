"""Globs that name no package of a commit: what is wrong with them, and which folders have packages.

A run that finds nothing because it looks in the wrong place must not look like one with nothing to do.
"""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from pkgaction import manifests
from pkgaction.errors import UsageError
from pkgaction.model import globs, paths
from pkgaction.model.globs import PackageGlobs
from pkgaction.model.manifest import FILE
from pkgaction.model.paths import ROOT
from pkgaction.ports import Repository
from pkgaction.reasons import ROOT_IS_A_PACKAGE

WHERE = "input packages"
_CHANGELOG = "changelog.yml"
_SHOWN = 10  # folders in one sentence
_MOST_READ = 400  # manifests that are read for a sentence


def warnings(
    repository: Repository, commit: str, packages: PackageGlobs, *, removed: bool = False
) -> list[str]:
    """Globs that match no package beside others that do, as sentences.

    Args:
        repository: where the commit is.
        commit: the commit that is looked at.
        packages: where packages are looked for.
        removed: whether this commit has taken packages away.

    Raises:
        UsageError: no glob matches a package, and nothing says that this is intended.
    """
    folders = {paths.parent(path) for path in repository.paths_named(commit, FILE)}
    unmatched = [
        one for one in packages.each if not any(globs.matches(f, one.patterns) for f in folders)
    ]
    if len(unmatched) < len(packages.each):
        return [_unmatched(one.patterns[0]) for one in unmatched]
    others = _outermost(repository, commit, folders)
    if packages.allow_empty:
        return []
    if removed and not others:
        what = f"the last packages that {WHERE} names were removed"
        return [f"{what}: the next run fails unless allow-empty is true"]
    raise _nothing(commit, packages, others)


def root_is_left_out(repository: Repository, commit: str, patterns: Sequence[str]) -> bool:
    """Whether the root is a package that the globs neither name nor take away."""
    taken_away = not globs.matches(ROOT, [ROOT, *patterns])
    known = taken_away or globs.matches(ROOT, patterns)
    return not known and _root_is_a_package(repository, commit)


def elsewhere(repository: Repository, commit: str, packages: PackageGlobs, name: str) -> str | None:
    """The folder of a package by that name which no glob names."""
    folders = {paths.parent(path) for path in repository.paths_named(commit, FILE)}
    outside = [f for f in sorted(folders) if not globs.matches(f, packages.patterns)]
    return next(
        iter(manifests.read(repository, commit, outside[:_MOST_READ]).by_name().get(name, [])), None
    )


def _outermost(repository: Repository, commit: str, folders: set[str]) -> list[str]:
    """The folders with a manifest that lie in no other package; the root alone where it is one."""
    if ROOT in folders and _root_is_a_package(repository, commit):
        return [ROOT]
    return sorted(f for f in folders - {ROOT} if paths.innermost(f, folders - {ROOT}) is None)


def _root_is_a_package(repository: Repository, commit: str) -> bool:
    """Whether the manifest there is a package's; one that can't be read is, beside a changelog."""
    side = manifests.read(repository, commit, [ROOT])
    return bool(side.found or (side.broken and repository.entries(commit, [_CHANGELOG])))


def _nothing(commit: str, packages: PackageGlobs, others: Sequence[str]) -> UsageError:
    named = ", ".join(f"`{pattern}`" for pattern in packages.patterns) or "nothing"
    what = f"no package at {commit[:12]} is named by {named}"
    if others:
        what += f"; the folders with a {FILE} are {_some(others)}"
    return UsageError(what=what, where=WHERE, fix=_fix(packages, others))


def _fix(packages: PackageGlobs, others: Sequence[str]) -> str:
    if ROOT in others:
        return ROOT_IS_A_PACKAGE
    slips = list(dict.fromkeys(slip for one in packages.positive if (slip := _slip(one))))
    if slips:
        return "; ".join(slips)
    if others:
        tops = sorted({paths.join(paths.parent(folder), "*") for folder in others})
        return f"set packages to {_some(tops)}"
    return "name the folders of the packages; or set allow-empty to true as long as there are none"


def _unmatched(pattern: str) -> str:
    slip = _slip(pattern)
    return f"the glob `{pattern}` of {WHERE} matches no package{f': {slip}' if slip else ''}"


def _slip(pattern: str) -> str:
    """What was probably meant by a glob that matches nothing, as far as its form says so."""
    if "," in pattern or len(pattern.split()) > 1:
        return "write one glob a line"
    if pattern[0] in "\"'" or pattern[-1] in "\"'":
        return "write globs without quotes"
    if pattern.startswith(("/", "~")):
        return "globs begin at the repository's root, without a slash"
    if "\\" in pattern:
        return "write / between folders"
    if PurePosixPath(pattern).name == FILE:
        return f"name the package's folder, not its {FILE}"
    return ""


def _some(names: Iterable[str]) -> str:
    shown = list(names)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f"{', '.join(shown[:_SHOWN])}{more}"
