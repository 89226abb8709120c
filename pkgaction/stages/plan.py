"""plan: two commits → the version bumps, and why anything else was left out.

The cost follows the number of changed files: trees are compared, and manifests are read from the object
store for the folders that changed. All manifests are read only when a package name is new.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import PurePosixPath

from pkgaction import backports, manifests, outside, reasons, skip_ci, unmatched
from pkgaction.errors import CommitMissingError, UsageError
from pkgaction.manifests import Manifests
from pkgaction.model import globs, paths
from pkgaction.model.event import Preview, Release
from pkgaction.model.globs import PackageGlobs
from pkgaction.model.manifest import FILE, Identity
from pkgaction.model.paths import ROOT
from pkgaction.model.release import Candidate, Change, Plan, Skipped, Unreadable
from pkgaction.model.tree import Kind, PackageSource
from pkgaction.ports import Repository


def between(
    intent: Preview | Release,
    repository: Repository,
    packages: PackageGlobs,
    *,
    today: date,
    notices: list[str],
) -> Plan:
    """What an event's commits bring, as far as its branch may publish it.

    Args:
        intent: the commits and their branch.
        repository: where they are.
        packages: where packages are looked for.
        today: in UTC; a branch may be maintained until a day.
        notices: what should be known beside, as sentences; some may be added.

    Raises:
        UsageError: a commit is missing, the branch publishes no more, or the globs match no package.
    """
    head = repository.commit(intent.head)
    base = base_of(intent, head, repository, notices)
    if base is None or base == head:
        notices += unmatched.warnings(repository, head, packages)
        return nothing_to_compare(head, on=intent.default_branch if base else None)
    made = compare(repository, base, head, packages.patterns, maintenance=intent.maintenance)
    notices += _unmatched(made, repository, packages)
    if intent.maintenance:
        made = backports.limited(
            made, repository, branch=intent.branch, default_branch=intent.default_branch, today=today
        )
    if made.candidates and isinstance(intent, Preview):
        notices += skip_ci.warnings(intent, base, repository)
    return made


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
    changed_paths = repository.changed_paths(base, head)
    before, after = _changed_manifests(repository, base, head, changed_paths, packages)
    names_before, names_after = before.by_name(), after.by_name()
    known = {*before.folders, *after.folders}
    beside = outside.look(repository, base, head, changed_paths, packages, known)
    changed = [n for n in names_after if _version_of(n, before) != _version_of(n, after)]
    doubled = manifests.doubled(repository, head, packages, changed)
    candidates: list[Candidate] = []
    lower: list[Candidate] = []
    skipped: list[Skipped] = []
    unreadable = [reasons.unreadable(folder, error) for folder, error in after.broken.items()]
    for name in sorted({*names_before, *names_after}):
        old = next((before.found[f] for f in names_before.get(name, [])), None)
        if name in doubled:
            unreadable += [reasons.twice(name, doubled[name], f) for f in names_after[name]]
        elif name not in names_after:
            skipped += _removed(names_before[name], before, after, beside.moved_to(name))
        else:
            folder = names_after[name][0]
            new = after.found[folder]
            if reason := reasons.not_newer(new, old, maintenance=maintenance):
                skipped.append(reasons.left_out(new, old, folder, reason))
                if reasons.lower(new, old):
                    lower.append(_candidate(repository, head, folder, new, old))
            else:
                candidates.append(_candidate(repository, head, folder, new, old))
    skipped += _no_packages(repository, head, changed_paths, packages, known, after)
    skipped += beside.new({*names_before, *names_after})
    if FILE in changed_paths and unmatched.root_is_left_out(repository, head, packages):
        root = manifests.read(repository, head, [ROOT]).found
        skipped += [reasons.root(identity) for identity in root.values()]
    return Plan(
        base=base,
        head=head,
        compared=_sentence(base, head, len(changed_paths), candidates, skipped, unreadable),
        candidates=tuple(candidates),
        lower=tuple(lower),
        skipped=tuple(skipped),
        unreadable=tuple(unreadable),
    )


def named(
    repository: Repository,
    head: str,
    packages: PackageGlobs,
    names: Sequence[str],
    version: str,
) -> Plan:
    """The named packages of one commit.

    Raises:
        UsageError: a name is unknown there, stands in two folders, or has another version; or the
            globs match no package.
    """
    side = manifests.read(repository, head, manifests.all_folders(repository, head, packages.patterns))
    if not side.folders:
        unmatched.warnings(repository, head, packages)
    by_name = side.by_name()
    problems = []
    for name in names:
        folders = by_name.get(name, [])
        if len(folders) != 1:
            where = _known(name, folders, side) or _outside(name, repository, head, packages)
            problems.append(f"{name!r} is {where} at {head[:12]}")
        elif version and version != (there := side.found[folders[0]].id.version.text):
            problems.append(f"{name} has the version {there} at {head[:12]}, not {version}")
    if problems:
        fix = "name a package of this repository, and the ref that has the version"
        raise UsageError(what="; ".join(problems), where="input package", fix=fix)
    folders = [by_name[name][0] for name in names]
    chosen = [_candidate(repository, head, f, side.found[f], None, named=True) for f in folders]
    compared = f"asked for by name at {head[:12]}: {', '.join(names)}"
    return Plan(base="", head=head, compared=compared, candidates=tuple(chosen))


def _changed_manifests(
    repository: Repository, base: str, head: str, changed_paths: Sequence[str], packages: Sequence[str]
) -> tuple[Manifests, Manifests]:
    """The manifests of both commits, of the packages that a changed path lies in."""
    folders = sorted(manifests.folders_of(changed_paths, packages))
    before = manifests.read(repository, base, folders)
    after = manifests.read(repository, head, folders).after(before)
    known = {*before.folders, *after.folders}
    touched = {folder for path in changed_paths for folder in manifests.holding(path, known)}
    touched |= after.foreign.keys()
    return before.only(touched), after.only(touched)


def _version_of(name: str, side: Manifests) -> list[str]:
    """The versions that a package name has; more than one where it stands in two folders."""
    return [side.found[folder].id.version.text for folder in side.by_name().get(name, [])]


def _known(name: str, folders: Sequence[str], side: Manifests) -> str:
    """Where a package stands that can't be taken from there; empty where the globs name none."""
    for folder, error in side.broken.items():
        if not folders and (folder == ROOT or PurePosixPath(folder).name == name):
            return f"unreadable ({paths.join(folder, FILE)}: {error.message})"
    return f"in {' and '.join(folders)}" if folders else ""


def _outside(name: str, repository: Repository, head: str, packages: PackageGlobs) -> str:
    """Where a package stands that the globs do not name."""
    folder = unmatched.elsewhere(repository, head, packages, name)
    return f"in {folder}, which {unmatched.WHERE} does not name," if folder else "not in the repository"


def _unmatched(made: Plan, repository: Repository, packages: PackageGlobs) -> list[str]:
    """Warnings of globs that match no package. Where one glob has brought something, nobody is asked."""
    brought = (
        made.candidates or made.unreadable or any(s.version and s.folder != ROOT for s in made.skipped)
    )
    if brought and len(packages.positive) == 1:
        return []
    removed = any(skip.change is Change.REMOVED for skip in made.skipped)
    return unmatched.warnings(repository, made.head, packages, removed=removed)


def base_of(
    intent: Preview | Release, head: str, repository: Repository, notices: list[str]
) -> str | None:
    """The commit to compare with, fetched; None where there is none."""
    if intent.base is None:
        return _before_merge(intent, head, repository, notices)
    rewritten = isinstance(intent, Release) and intent.forced
    if intent.base:
        try:
            base = repository.commit(intent.base)
        except CommitMissingError as error:
            notices.append(f"{error.what}; compared with the default branch instead")
        else:
            if rewritten:
                was = f"compared with {base[:12]}, where it was before"
                notices.append(f"the branch was rewritten by a forced push: {was}")
            return base
    return repository.merge_base(head, intent.default_branch) if intent.default_branch else None


def _before_merge(
    intent: Preview | Release, head: str, repository: Repository, notices: list[str]
) -> str | None:
    if isinstance(intent, Release) and intent.pull_request:
        try:
            return repository.before_merge(head, intent.pull_request)
        except CommitMissingError as error:
            notices.append(f"{error.what}; the pull request's last commit alone is looked at")
    return repository.first_parent(head)


def nothing_to_compare(head: str, *, on: str | None = None) -> Plan:
    """A plan without candidates: there is no commit before it (None), or it would be compared with
    itself, being on that branch, if one is named.
    """
    why = "has no commit before it to compare with"
    if on is not None:
        why = f"lies on {on} itself" if on else "would be compared with itself"
    how = "an audit finds what is missing, and packages can be published by name"
    compared = f"{head[:12]} {why}: nothing counts as new ({how})"
    return Plan(base="", head=head, compared=compared)


def _removed(
    folders: Sequence[str], before: Manifests, after: Manifests, moved_to: str
) -> list[Skipped]:
    """A name that is gone, unless its manifest is only broken; or that lies where no glob looks."""
    if not folders or any(folder in after.broken for folder in folders):
        return []
    old, folder = before.found[folders[0]], folders[0]
    if moved_to:
        return [reasons.moved(old, folder, moved_to)]
    return [reasons.removed(old, folder, after.found.get(folder))]


def _no_packages(
    repository: Repository,
    head: str,
    changed_paths: Sequence[str],
    packages: Sequence[str],
    known: set[str],
    after: Manifests,
) -> list[Skipped]:
    """Changed folders without a package, and links where a package's folder could be."""
    folders = sorted(manifests.folders_of(changed_paths, packages) - known - {ROOT})
    skipped = [
        reasons.no_package(f, after.foreign.get(f)) for f in folders if not paths.innermost(f, known)
    ]
    tops = [p for p in changed_paths if globs.matches(p, packages) and not paths.innermost(p, known)]
    for path, entry in sorted(repository.entries(head, tops).items()):
        if entry.kind is not Kind.FILE:
            skipped.append(reasons.no_folder(path, entry.kind))
    return skipped


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
    change = Change.DOWNGRADE if reasons.lower(new, old) else Change.UPGRADE if old else Change.NEW
    return Candidate(
        id=new.id,
        previous=old.id.version if old else None,
        change=None if named else change,
        source=PackageSource(folder=folder, tree=tree, repository=files),
        version_line=new.version_line,
        requires=new.requires,
    )


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
