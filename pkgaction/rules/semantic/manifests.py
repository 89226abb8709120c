"""The manifests of a package and of its data streams, as the rules go through them."""

from collections.abc import Iterator
from dataclasses import dataclass

from pkgaction.model.yamltext import Mapping
from pkgaction.rules.package import MANIFEST, Package
from pkgaction.rules.semantic.reading import maps, text
from pkgaction.rules.told import quoted

FOLDER = "data_stream"


@dataclass(frozen=True, slots=True)
class DataStream:
    """A subfolder of `data_stream`."""

    name: str
    path: str  # of the folder
    manifest: Mapping  # empty where it is missing or can't be read, which the schema says

    @property
    def file(self) -> str:
        """Its manifest."""
        return f"{self.path}/{MANIFEST}"

    @property
    def streams(self) -> tuple[Mapping, ...]:
        """Its streams: what each input collects for it."""
        return maps(self.manifest, "streams")


@dataclass(frozen=True, slots=True)
class Scope:
    """A place in a manifest that may declare variables."""

    file: str
    name: str  # for people
    node: Mapping
    kind: str  # package, template, input or stream

    @property
    def vars(self) -> tuple[Mapping, ...]:
        """The variables that it declares."""
        return maps(self.node, "vars")


def data_streams(package: Package) -> Iterator[DataStream]:
    """Every data stream, by name."""
    for entry in package.entries(FOLDER):
        if entry.folder:
            manifest = package.mapping(f"{entry.path}/{MANIFEST}")
            yield DataStream(entry.name, entry.path, manifest)


def templates(package: Package) -> tuple[Mapping, ...]:
    """The policy templates."""
    return maps(package.manifest(), "policy_templates")


def inputs(template: Mapping) -> tuple[Mapping, ...]:
    """The inputs of a policy template."""
    return maps(template, "inputs")


def scopes(package: Package) -> Iterator[Scope]:
    """Every place that may declare variables: package, templates, their inputs, streams."""
    yield Scope(MANIFEST, "the package", package.manifest(), "package")
    for template in templates(package):
        name = f"policy template {quoted(text(template, 'name'))}"
        yield Scope(MANIFEST, name, template, "template")
        for each in inputs(template):
            yield Scope(MANIFEST, f"input {quoted(input_name(each))} of {name}", each, "input")
    for data_stream in data_streams(package):
        for stream in data_stream.streams:
            name = f"stream {quoted(text(stream, 'title') or text(stream, 'input'))}"
            yield Scope(data_stream.file, name, stream, "stream")


def input_name(node: Mapping) -> str:
    """What people call an input by."""
    return text(node, "name") or text(node, "type") or text(node, "package")
