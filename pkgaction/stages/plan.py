"""plan: two commits → the version bumps, and why anything else was left out.

The cost follows the number of changed files: trees are compared, and manifests are read from the object
store for the folders that changed. All manifests are read only when a package name is new.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

from pkgaction import manifests
from pkgaction.errors import CommitMissingError, UsageError
from pkgaction.manifests import Manifests
from pkgaction.model.event import Preview, Release
from pkgaction.model.finding import Finding
from pkgaction.model.manifest import FILE, Identity, ManifestProblemError
from pkgaction.model.release import Candidate, Change, Plan, Skipped, Unreadable
from pkgaction.model.tree import PackageSource
from pkgaction.ports import Repository


def compare(
    repository: Repository, base: str, head: str, packages: Sequence[str], *, maintenance: bool
) -> Plan:
    """The bumps between two commits.

    Args:
        repository: where the commits are.
        base: the commit before.
        head: the commit that would be, or is, published.
        packages: globs for package folders.
        maintenance: whether a version below the one before may be published.
    """
    paths = repository.changed_paths(base, head)
    folders = sorted(manifests.folders_of(paths, packages))
    before, after = manifests.read(repository, base, folders), manifests.read(repository, head, folders)
    names_before, names_after = before.by_name(), after.by_name()
    changed = [n for n in names_after if _version_of(n, before) != _version_of(n, after)]
    doubled = manifests.doubled(repository, head, packages, changed)
    candidates: list[Candidate] = []
    skipped: list[Skipped] = []
    unreadable = [_unreadable(folder, error) for folder, error in after.broken.items()]
    for name in sorted({*names_before, *names_after}):
        old = next((before.found[f] for f in names_before.get(name, [])), None)
        if name in doubled:
            unreadable += [_twice(name, doubled[name], f) for f in names_after[name]]
        elif name not in names_after:
            if old and not any(folder in after.broken for folder in names_before[name]):
                skipped.append(_removed(old, names_before[name][0]))
        else:
            folder = names_after[name][0]
            new = after.found[folder]
            if reason := _reason_to_skip(new, old, maintenance=maintenance):
                skipped.append(_skip(new, old, folder, reason))
            else:
                candidates.append(_candidate(repository, head, folder, new, old))
    known = {*before.found, *before.broken, *after.found, *after.broken}
    skipped += [_no_package(folder) for folder in folders if not manifests.inside(folder, known)]
    return Plan(
        base=base,
        head=head,
        compared=_sentence(base, head, len(paths), candidates, skipped, unreadable),
        candidates=tuple(candidates),
        skipped=tuple(skipped),
        unreadable=tuple(unreadable),
    )


def named(
    repository: Repository,
    head: str,
    packages: Sequence[str],
    names: Sequence[str],
    version: str,
) -> Plan:
    """The named packages of one commit.

    Raises:
        UsageError: a name is unknown there, stands in two folders, or has another version.
    """
    side = manifests.read(repository, head, manifests.all_folders(repository, head, packages))
    by_name = side.by_name()
    problems = []
    for name in names:
        folders = by_name.get(name, [])
        if len(folders) != 1:
            problems.append(f"{name!r} is {_known(name, folders, side)} at {head[:12]}")
        elif version and version != (there := side.found[folders[0]].id.version.text):
            problems.append(f"{name} has the version {there} at {head[:12]}, not {version}")
    if problems:
        fix = "name a package of this repository, and the ref that has the version"
        raise UsageError(what="; ".join(problems), where="input package", fix=fix)
    folders = [by_name[name][0] for name in names]
    chosen = [_candidate(repository, head, f, side.found[f], None, named=True) for f in folders]
    compared = f"asked for by name at {head[:12]}: {', '.join(names)}"
    return Plan(base="", head=head, compared=compared, candidates=tuple(chosen))


def _version_of(name: str, side: Manifests) -> list[str]:
    """The versions that a package name has; more than one where it stands in two folders."""
    return [side.found[folder].id.version.text for folder in side.by_name().get(name, [])]


def _known(name: str, folders: Sequence[str], side: Manifests) -> str:
    """Where a package stands that can't be taken from there."""
    for folder, error in side.broken.items():
        if PurePosixPath(folder).name == name and not folders:
            return f"unreadable ({folder}/{FILE}: {error.message})"
    return f"in {' and '.join(folders)}" if folders else "not in the repository"


def base_of(
    intent: Preview | Release, head: str, repository: Repository, notices: list[str]
) -> str | None:
    """The commit to compare with, fetched; None where there is none."""
    if intent.base is None:
        return repository.first_parent(head)
    if intent.base:
        try:
            return repository.commit(intent.base)
        except CommitMissingError as error:
            notices.append(f"{error.what}; compared with the default branch instead")
    return repository.merge_base(head, intent.default_branch) if intent.default_branch else None


def nothing_to_compare(head: str) -> Plan:
    """A plan without candidates, for a commit that has no commit before it."""
    compared = f"{head[:12]} has no commit before it to compare with: nothing counts as new"
    return Plan(base="", head=head, compared=compared)


def _reason_to_skip(new: Identity, old: Identity | None, *, maintenance: bool) -> str:
    """Why the package is not a candidate; empty where it is one."""
    if old is None:
        return ""
    version, before = new.id.version, old.id.version
    if version.text == before.text:
        return f"its files changed but its version is still {version}: nothing is published"
    if version == before:
        return f"{version} is no newer than {before}: build metadata does not count"
    if version < before and not maintenance:
        return f"the version went down from {before} to {version}: that is not published from here"
    return ""


def _skip(new: Identity, old: Identity | None, folder: str, reason: str) -> Skipped:
    lower = old is not None and new.id.version < old.id.version
    return Skipped(
        name=new.id.name,
        folder=folder,
        reason=reason,
        version=new.id.version.text,
        previous=old.id.version.text if old else "",
        change=Change.DOWNGRADE if lower else None,
        warn=True,
        line=new.version_line,
    )


def _no_package(folder: str) -> Skipped:
    name = PurePosixPath(folder).name
    return Skipped(name=name, folder=folder, reason=f"it has no {FILE}, so it is no package")


def _removed(old: Identity, folder: str) -> Skipped:
    return Skipped(
        name=old.id.name,
        folder=folder,
        reason="the package was removed: what is published stays published",
        previous=old.id.version.text,
        change=Change.REMOVED,
    )


def _candidate(
    repository: Repository,
    head: str,
    folder: str,
    new: Identity,
    old: Identity | None,
    *,
    named: bool = False,
) -> Candidate:
    tree, files = repository.tree(head, folder), repository.files(head)
    lower = old is not None and new.id.version < old.id.version
    change = Change.NEW if old is None else Change.DOWNGRADE if lower else Change.UPGRADE
    return Candidate(
        id=new.id,
        previous=old.id.version if old else None,
        change=None if named else change,
        source=PackageSource(folder=folder, tree=tree, repository=files),
        version_line=new.version_line,
    )


def _unreadable(folder: str, error: ManifestProblemError) -> Unreadable:
    finding = Finding(
        code="manifest-unreadable",
        file=FILE,
        message=error.message,
        line=error.line,
        column=error.column,
    )
    return Unreadable(folder=folder, name=PurePosixPath(folder).name, finding=finding)


def _twice(name: str, folders: Sequence[str], folder: str) -> Unreadable:
    message = f"the package name {name} stands in two folders: {' and '.join(folders)}"
    finding = Finding(code="name-twice", file=FILE, message=message, line=1)
    return Unreadable(folder=folder, name=name, finding=finding)


def _sentence(
    base: str,
    head: str,
    paths: int,
    candidates: Sequence[Candidate],
    skipped: Sequence[Skipped],
    unreadable: Sequence[Unreadable],
) -> str:
    compared = f"compared {base[:12]} with {head[:12]}: {paths} changed files"
    if candidates:
        return f"{compared}, {len(candidates)} new package versions"
    if skipped or unreadable:
        return f"{compared}, no new package version"
    return f"{compared}, none of them in a package"
