"""The manifests of an integration that is being composed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pkgaction.model import yamltext
from pkgaction.model.manifest import FILE
from pkgaction.model.tree import PackageSource, Tree
from pkgaction.transforms.build_settings import readable, refused
from pkgaction.transforms.inputs.editing import maps, normalize, text_of, texts
from pkgaction.transforms.inputs.package import InputPackage
from pkgaction.transforms.yaml import nodes, reader
from pkgaction.transforms.yaml.rewrite import keep_rows, written

ROOT = FILE
_DATA_STREAM = re.compile(r"data_stream/(?P<name>[^/]+)/manifest\.yml")
_INDENT = 2
_MOST_COPIED = 500_000  # values, counted for each place that takes them


@dataclass(frozen=True, slots=True, kw_only=True)
class DataStream:
    """The manifest of a data stream."""

    name: str
    path: str
    manifest: nodes.Mapping

    @property
    def folder(self) -> str:
        """Where it lies, with its `/`."""
        return f"data_stream/{self.name}/"

    @property
    def streams(self) -> list[nodes.Mapping]:
        """Its streams."""
        return maps(self.manifest.get("streams"))


class Manifests:
    """The manifests as nodes, by path; each writing reads them anew, as the reference does."""

    def __init__(self, tree: Tree, source: PackageSource) -> None:
        self._source = source
        self._documents = {
            file.path: self._read(tree, file.path)
            for file in tree.files
            if file.path == ROOT or _DATA_STREAM.fullmatch(file.path)
        }
        for document in self._documents.values():
            normalize(document.root)

    @property
    def root(self) -> nodes.Mapping:
        """The package's manifest."""
        return self._map(ROOT)

    def data_streams(self) -> Iterator[DataStream]:
        """Those of the data streams."""
        for path in self._documents:
            if found := _DATA_STREAM.fullmatch(path):
                yield DataStream(name=found["name"], path=path, manifest=self._map(path))

    def write(self, *, root: bool) -> dict[str, bytes]:
        """Write those of the data streams, and that of the package; they are read again.

        Raises:
            BuildRefusedError: one can't be written so that it reads back.
        """
        made: dict[str, bytes] = {}
        for path, document in self._documents.items():
            if root or path != ROOT:
                with readable(self._source, path):
                    made[path] = written(document, _INDENT)
                self._documents[path] = again = reader.document(made[path])
                keep_rows(document, again)
        return made

    def _map(self, path: str) -> nodes.Mapping:
        root = self._documents[path].root
        if not isinstance(root, nodes.Mapping):
            raise refused(self._source, path, "a manifest must be a map")
        return root

    def _read(self, tree: Tree, path: str) -> nodes.Document:
        data = tree.read(path, limit=yamltext.MOST_BYTES)
        if data is None:
            raise refused(self._source, path, "it is no plain file, or too large to be read")
        with readable(self._source, path):
            return reader.document(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """An integration and the packages that it requires, by name."""

    source: PackageSource
    manifests: Manifests
    packages: Mapping[str, InputPackage]

    def inputs(self) -> Iterator[tuple[nodes.Mapping, InputPackage, list[str]]]:
        """The integration's inputs that refer to packages, and their data streams (none: all)."""
        for template in maps(self.manifests.root.get("policy_templates")):
            data_streams = texts(template.get("data_streams"))
            for node in maps(template.get("inputs")):
                if package := self.package(node, ROOT):
                    yield node, package, data_streams

    def check_size(self) -> None:
        """Stop before an integration takes over so much that building it would not end.

        Raises:
            BuildRefusedError: it does.
        """
        copied = sum(package.size * max(len(streams), 1) for _, package, streams in self.inputs())
        for data_stream in self.manifests.data_streams():
            taken = (self.package(node, data_stream.path) for node in data_stream.streams)
            copied += sum(package.size for package in taken if package)
        if copied > _MOST_COPIED:
            what = f"{copied} values are taken over from input packages, {_MOST_COPIED} may be"
            raise refused(self.source, ROOT, what)

    def package(self, node: nodes.Mapping, path: str) -> InputPackage | None:
        """The package that an input or a stream refers to; None where it refers to none.

        Raises:
            BuildRefusedError: the manifest does not require it.
        """
        name = text_of(node, "package")
        if name and name not in self.packages:
            what = f"the package {name[:80]!r} is referred to, but not required (requires.input)"
            raise refused(self.source, path, what)
        return self.packages.get(name)
