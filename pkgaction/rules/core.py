"""The core checks: what publishing itself relies on. They always run, whatever else validates.

Each rule is a function from the package to its findings; `CORE` is the whole list, and the order in
which findings are shown.
"""

from collections.abc import Callable, Container, Iterator, Sequence

from pkgaction.model.finding import Finding
from pkgaction.rules import identity, leftout, paths, sizes
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
)


BUILT: Sequence[Rule] = CORE[: CORE.index(sizes.object_names) + 1]
"""What must hold for the built files, too: links and the licence have brought some in."""


def check_built(package: Package) -> list[Finding]:
    """All findings about the paths and sizes of the files of a built package."""
    return [finding for rule in BUILT for finding in rule(package)]


def check(package: Package, said: Container[tuple[str, int]] = ()) -> list[Finding]:
    """All findings of the core checks.

    `said` is where errors are known already, as file and line from 1: nothing more is found there, but
    what must hold for the built files, too.
    """
    others = (finding for rule in CORE[len(BUILT) :] for finding in rule(package))
    new = [finding for finding in others if (finding.file, max(finding.line, 1)) not in said]
    return check_built(package) + new
