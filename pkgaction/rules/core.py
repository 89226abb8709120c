"""The core checks: what publishing itself relies on. They always run, whatever else validates.

Each rule is a function from the package to its findings; `CORE` is the whole list, and the order in
which findings are shown.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from pkgaction.model.finding import Finding
from pkgaction.model.limited import limited
from pkgaction.model.manifest import FILE
from pkgaction.model.yamltext import Mapping
from pkgaction.rules import identity, leftout, paths, sizes, texts
from pkgaction.rules.once import not_refused
from pkgaction.rules.package import Package

Rule = Callable[[Package], Iterator[Finding]]

CORE: Sequence[Rule] = (
    paths.safe_names,
    paths.plain_files,
    paths.no_collisions,
    paths.no_lfs_pointers,
    sizes.counts,
    sizes.bytes_in_all,
    sizes.object_names,
    leftout.folders_left_out,
    identity.manifest_readable,
    identity.name,
    identity.name_is_the_folders,
    identity.version,
    identity.package_type,
    identity.format_version,
    identity.title,
    identity.owner,
    identity.changelog,
    identity.readme,
    texts.saved_objects,
    texts.rendered,
    texts.templates_are_files,
    texts.encodings,
    texts.left_by_git,
)


BUILT: Sequence[Rule] = CORE[: CORE.index(sizes.object_names) + 1]
"""What must hold for the built files, too: links and the licence have brought some in."""


def check_built(package: Package) -> list[Finding]:
    """All findings about the paths and sizes of the files of a built package."""
    return list(limited(_of(BUILT, package)))


MANIFEST: Sequence[Rule] = (
    identity.name,
    identity.name_is_the_folders,
    identity.version,
    identity.package_type,
    identity.format_version,
    identity.title,
    identity.owner,
)
"""What is asked of a manifest that can be read."""


def check(package: Package, said: Iterable[Finding] = ()) -> list[Finding]:
    """All findings of the core checks.

    `said` are the errors that are known already: nothing more is found on their lines, nor below a
    folder that has one, but what must hold for the built files, too.
    """
    known = list(said)
    lines = {(finding.file, max(finding.line, 1)) for finding in known}
    readable = isinstance(package.yaml(FILE), Mapping)
    rules = [rule for rule in CORE[len(BUILT) :] if readable or rule not in MANIFEST]
    others = list(limited(_of(rules, package)))
    files = [one for one in check_built(package) if not _is_said(one, known)]
    problems = limited(package.unreadable())  # after the rules have read
    unreadable = not_refused(problems, [*known, *files])
    return files + [one for one in (*unreadable, *others) if not lines.intersection(_places(one))]


def _of(rules: Iterable[Rule], package: Package) -> Iterator[Finding]:
    for rule in rules:
        yield from rule(package)


def _is_said(finding: Finding, known: Iterable[Finding]) -> bool:
    """Whether the same was said of the file, with more or without."""
    return any(one.file == finding.file and one.message.startswith(finding.message) for one in known)


def _places(finding: Finding) -> Iterator[tuple[str, int]]:
    """Where what is known already covers a finding: its line, or a folder above."""
    yield finding.file, max(finding.line, 1)
    yield from ((str(folder), 1) for folder in PurePosixPath(finding.file).parents)
