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
from pkgaction.model.sentences import first_of
from pkgaction.ports import Repository
from pkgaction.reasons import ROOT_IS_A_PACKAGE

WHERE = "input packages"
_CHANGELOG = "changelog.yml"
_SHOWN = 10  # folders in one sentence
_AT_ONCE = 20  # manifests that are read until one is a package's


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
    unmatched = [one for one in packages.each if not _has_package(repository, commit, folders, one)]
    if len(unmatched) < len(packages.each):
        return [_unmatched(one.patterns[0]) for one in unmatched]
    others = _all_packages(repository, commit)
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
    standing = manifests.everywhere(repository, commit).by_name().get(name, [])
    return next((f for f in standing if not globs.matches(f, packages.patterns)), None)


def _has_package(
    repository: Repository, commit: str, folders: Iterable[str], packages: PackageGlobs
) -> bool:
    """Whether one of the folders with a manifest is a package that the globs name."""
    named = sorted((f for f in folders if globs.matches(f, packages.patterns)), key=_depth)
    return any(
        manifests.read(repository, commit, named[start : start + _AT_ONCE]).folders
        for start in range(0, len(named), _AT_ONCE)
    )


def _depth(folder: str) -> tuple[int, str]:
    return folder.count("/"), folder


def _all_packages(repository: Repository, commit: str) -> list[str]:
    """The folders of all packages, whatever the globs name; the root alone where it is one."""
    if _root_is_a_package(repository, commit):
        return [ROOT]
    return sorted(manifests.everywhere(repository, commit).folders - {ROOT})


def _root_is_a_package(repository: Repository, commit: str) -> bool:
    """Whether the manifest there is a package's; one that can't be read is, beside a changelog."""
    side = manifests.read(repository, commit, [ROOT])
    return bool(side.found or (side.broken and repository.entries(commit, [_CHANGELOG])))


def _nothing(commit: str, packages: PackageGlobs, others: Sequence[str]) -> UsageError:
    named = ", ".join(f"`{pattern}`" for pattern in packages.patterns) or "nothing"
    what = f"no package at {commit[:12]} is named by {named}"
    if others:
        what += f"; packages lie in {_some(map(paths.shown, others))}"
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
    return first_of([*names], _SHOWN)
