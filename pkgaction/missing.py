"""Input packages that a run's packages require and that the run does not publish: where they are.

What is nowhere else is looked for in the repository, so that the reason can say what to do.
"""

from collections.abc import Mapping, Sequence

from pkgaction import manifests
from pkgaction.model import globs, paths
from pkgaction.model.event import Planned, Republish
from pkgaction.model.manifest import Identity, RequiredAs
from pkgaction.model.release import Plan
from pkgaction.ports import Repository


def hints(
    made: Plan, intent: Planned, repository: Repository, packages: Sequence[str]
) -> Mapping[str, str]:
    """By the name of a required input package: why this run does not bring it, and what to do."""
    brought = {(one.id.name, one.id.version.text) for one in made.candidates}
    required = {
        (one.name, one.version): candidate.id.name
        for candidate in made.candidates
        for one in candidate.requires
        if one.kind is RequiredAs.INPUT and (one.name, one.version) not in brought
    }
    if not required:
        return {}
    left_out = {skip.name: skip for skip in made.skipped if skip.version}
    standing = manifests.everywhere(repository, made.head)
    folders = standing.by_name()
    found: dict[str, str] = {}
    for (name, version), by in required.items():
        for folder in folders.get(name, ()):
            there = standing.found[folder]
            if there.id.version.text != version:
                what = f"this repository has {there.id} in {folder}"
                found[name] = f"{what}: perhaps that is what should be required"
            elif not globs.matches(folder, packages):
                found[name] = (
                    f"it lies in {paths.shown(folder)}, which no glob of input packages names: "
                    "add that folder to packages"
                )
            elif name in left_out:
                found[name] = f"it lies in {folder}, and this run leaves it out: {left_out[name].reason}"
            else:
                found[name] = _unpublished(there, folder, by, named=isinstance(intent, Republish))
    return found


def _unpublished(there: Identity, folder: str, by: str, *, named: bool) -> str:
    """A package that the run could have brought."""
    why = "it is not named" if named else "its version does not change"
    both = f"{there.id.name} {by}"
    return (
        f"it lies in {folder}, and this run does not publish it, as {why}: "
        f"publish both by name, as package: {both}"
    )
