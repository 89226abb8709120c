"""Why a changed package is left out of a plan, or fails in it."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from pkgaction.model.finding import Finding
from pkgaction.model.manifest import FILE, Identity, ManifestProblemError
from pkgaction.model.paths import ROOT
from pkgaction.model.release import Change, Skipped, Unreadable
from pkgaction.model.tree import Kind

ROOT_IS_A_PACKAGE = f"{FILE} at the root is a package: set packages to `{ROOT}`"


def not_newer(new: Identity, old: Identity | None, *, maintenance: bool) -> str:
    """Why a version is none to be published; empty where it is one."""
    if old is None:
        return ""
    version, before = new.id.version, old.id.version
    if version.text == before.text:
        return f"its files changed but its version is still {version}: nothing is published"
    if version == before:
        return (
            f"{version} is no newer than {before}: both have the same precedence, "
            "as build metadata does not count"
        )
    if version < before and not maintenance:
        return (
            f"downgrade refused: the version went down from {before} to {version}, "
            "that is not published from here"
        )
    return ""


def left_out(new: Identity, old: Identity | None, folder: str, reason: str) -> Skipped:
    """A package whose version is none to be published."""
    return Skipped(
        name=new.id.name,
        folder=folder,
        reason=reason,
        version=new.id.version.text,
        previous=old.id.version.text if old else "",
        change=Change.DOWNGRADE if lower(new, old) else None,
        warn=True,
        line=new.version_line,
    )


def lower(new: Identity, old: Identity | None) -> bool:
    """Whether the version went down."""
    return old is not None and new.id.version < old.id.version


def no_package(folder: str, foreign: ManifestProblemError | None) -> Skipped:
    """A folder where a package could be; `foreign` is why its manifest is not one's."""
    name = PurePosixPath(folder).name
    if foreign is None:
        return Skipped(name=name, folder=folder, reason=f"it has no {FILE}, so it is no package")
    reason = f"its {FILE} is not that of a package: {foreign.message}"
    return Skipped(name=name, folder=folder, reason=reason, warn=True, line=1)


def moved(old: Identity, folder: str, to: str) -> Skipped:
    """A package that went where no glob looks; `to` is the folder."""
    reason = (
        f"the package was moved here from {folder}, and no glob of input packages names this folder: "
        "its versions are published no more; add the folder to packages, or move the package back"
    )
    return Skipped(
        name=old.id.name,
        folder=to,
        reason=reason,
        previous=old.id.version.text,
        change=Change.REMOVED,
        warn=True,
    )


def outside(identity: Identity, folder: str) -> Skipped:
    """A new package where no glob looks."""
    reason = (
        "no glob of input packages names this folder: nothing is published from it; "
        f"add the folder to packages, or take it away by `!{folder}` if that is intended"
    )
    return Skipped(
        name=identity.id.name,
        folder=folder,
        reason=reason,
        version=identity.id.version.text,
        warn=True,
        line=identity.version_line,
    )


def root(identity: Identity) -> Skipped:
    """A package at the root, where no glob looks."""
    return Skipped(
        name=identity.id.name,
        folder=ROOT,
        reason=ROOT_IS_A_PACKAGE,
        version=identity.id.version.text,
        warn=True,
        line=identity.version_line,
    )


def no_folder(path: str, kind: Kind) -> Skipped:
    """A symbolic link or a submodule where a package folder could be."""
    reason = f"it is a {kind.value}, which is never followed: no package is looked for in it"
    return Skipped(name=PurePosixPath(path).name, folder=path, reason=reason, warn=True)


def removed(old: Identity, folder: str, now: Identity | None) -> Skipped:
    """A package that is gone; `now` is the one that stands in its folder instead."""
    reason = "the package was removed: what is published stays published"
    if now is not None:
        reason = (
            f"the package in this folder is called {now.id.name} now, which makes it a new one: "
            f"what is published as {old.id.name} stays published, and gets no more versions"
        )
    return Skipped(
        name=old.id.name,
        folder=folder,
        reason=reason,
        previous=old.id.version.text,
        change=Change.REMOVED,
        warn=now is not None,
    )


def unreadable(folder: str, error: ManifestProblemError) -> Unreadable:
    """A package whose manifest can't be read."""
    finding = Finding(
        code="manifest-unreadable",
        file=FILE,
        message=error.message,
        line=error.line,
        column=error.column,
    )
    return Unreadable(folder=folder, name=PurePosixPath(folder).name or folder, finding=finding)


def twice(name: str, folders: Sequence[str], folder: str) -> Unreadable:
    """A package whose name stands in another folder, too."""
    message = (
        f"the package name {name} stands in two folders, "
        f"or differs in case or Unicode form alone: {' and '.join(folders)}"
    )
    finding = Finding(code="name-twice", file=FILE, message=message, line=1)
    return Unreadable(folder=folder, name=name, finding=finding)
