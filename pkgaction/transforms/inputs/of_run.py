"""Input packages that the same run has built: they are in no bucket or registry yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgaction.errors import SourceMissingError
from pkgaction.model.ecs import EcsSchema
from pkgaction.model.manifest import PackageId
from pkgaction.model.tree import Tree
from pkgaction.ports import Sources
from pkgaction.transforms.inputs.zipped import files_of


@dataclass(frozen=True, slots=True)
class SourcesOfRun:
    """What building needs from outside; the packages that the run has built come out of their zips.

    A zip is opened when it is asked for, as that may be in another process.
    """

    outside: Sources
    zips: Mapping[tuple[str, str], tuple[PackageId, Path]]  # by name and version as written
    versions: Mapping[str, str]  # of the run's packages by name; empty where the manifest is unreadable
    hints: Mapping[str, str]  # where packages are that the run does not bring, by name

    def ecs(self, reference: str) -> EcsSchema:
        """The schema that a build.yml refers to."""
        return self.outside.ecs(reference)

    def input_package(self, name: str, version: str) -> Tree:
        """The files of an input package: the run's own, or else one that is published already."""
        if built := self.zips.get((name, version)):
            package, path = built
            return files_of(package, path, path.name)
        try:
            return self.outside.input_package(name, version)
        except SourceMissingError as error:
            if not (hint := self._hint(name)):
                raise
            raise type(error)(
                what=error.what, where=error.where, fix=f"{hint}; otherwise {error.fix}"
            ) from error

    def _hint(self, name: str) -> str:
        """Why the run itself has it not; empty where the run and its repository know no such package."""
        if name not in self.versions:
            return self.hints.get(name, "")
        if version := self.versions[name]:
            return f"this run brings {name} {version}: perhaps that is what should be required"
        return f"{name} of this run cannot be read: perhaps it is that version"

    def dynamic_mappings(self) -> bytes:
        """Upstream's ecs_mappings.yaml."""
        return self.outside.dynamic_mappings()

    def input_documentation(self, name: str) -> bytes | None:
        """Upstream's file about an input."""
        return self.outside.input_documentation(name)
