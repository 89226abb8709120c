"""What building needs from outside, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pkgaction.errors import SourceMissingError
from pkgaction.model.ecs import EcsSchema
from pkgaction.model.tree import Tree
from pkgaction.stages import build
from pkgaction.transforms.readme import Phrases


@dataclass(frozen=True, slots=True)
class MemorySources:
    """Knows what it is given, and says of all else that it isn't there."""

    schemas: Mapping[str, EcsSchema] = field(default_factory=dict)  # by reference
    packages: Mapping[tuple[str, str], Tree] = field(default_factory=dict)  # by name and version
    mappings: bytes | None = None
    inputs: Mapping[str, bytes] = field(default_factory=dict)  # documentation by name

    def ecs(self, reference: str) -> EcsSchema:
        if reference not in self.schemas:
            raise missing(reference)
        return self.schemas[reference]

    def input_package(self, name: str, version: str) -> Tree:
        if (name, version) not in self.packages:
            raise missing(f"{name} {version}")
        return self.packages[name, version]

    def dynamic_mappings(self) -> bytes:
        if self.mappings is None:
            raise missing("dynamic mappings")
        return self.mappings

    def input_documentation(self, name: str) -> bytes | None:
        return self.inputs.get(name)


def missing(what: str) -> SourceMissingError:
    return SourceMissingError(what=f"{what} is not there", where="memory", fix="put it there")


BENCH = build.Bench(sources=MemorySources(), phrases=Phrases.ours(), jobs=1)
