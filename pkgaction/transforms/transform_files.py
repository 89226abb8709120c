"""Transforms: each `elasticsearch/transform/*/transform.yml` is a template, and its pipeline must exist.

Source: what `elastic-package build` renders and checks.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pkgaction.errors import BuildRefusedError
from pkgaction.model import paths, plaintext, yamltext
from pkgaction.model.manifest import FILE, ManifestProblemError, PackageId, identify
from pkgaction.model.tree import Bytes, PackageSource, Tree, TreeFile
from pkgaction.model.yamlvalues import resolve
from pkgaction.transforms.gotemplate import render
from pkgaction.transforms.gotemplate_values import ArgumentError, Value
from pkgaction.transforms.gotokens import TemplateProblemError

_TRANSFORM = re.compile(r"elasticsearch/transform/[^/]+/transform\.yml")
_PIPELINE = re.compile(
    r"(?:data_stream/(?P<stream>[^/]+)/)?elasticsearch/ingest_pipeline/(?P<name>[^/]+)\.yml"
)
_BOOLEANS = {"y", "yes", "on", "n", "no", "off"}  # as YAML 1.1 has them, which these files are read as


def with_transforms(tree: Tree, source: PackageSource) -> Tree:
    """The built files with every transform rendered.

    Raises:
        BuildRefusedError: a template or its YAML can't be used, or it names a pipeline that isn't there.
    """
    return tree.replacing(_rendered(tree, source))


def _rendered(tree: Tree, source: PackageSource) -> Iterator[TreeFile]:
    for file in tree.files:
        if not _TRANSFORM.fullmatch(file.path):
            continue
        transform = _Transform(source.in_repository(file.path), _identity(tree, source))
        data = tree.read(file.path, limit=yamltext.MOST_BYTES)
        if data is None:
            raise transform.refused("it is too large, or no plain file")
        made = transform.render(data)
        transform.check(made, tree)
        if made != data:
            yield TreeFile(path=file.path, content=Bytes(made))


def _identity(tree: Tree, source: PackageSource) -> PackageId:
    try:
        return identify(tree.read(FILE, limit=yamltext.MOST_BYTES) or b"").id
    except ManifestProblemError as error:
        where = paths.at_line(source.in_repository(FILE), error.line)
        raise BuildRefusedError(what=error.message, where=where, fix="mend the manifest") from error


def _keys(node: yamltext.Node) -> Iterator[yamltext.Scalar]:
    """Every key of a document."""
    inner: Iterable[yamltext.Node] = ()
    if isinstance(node, yamltext.Mapping):
        yield from node.keys.values()
        inner = node.entries.values()
    elif isinstance(node, yamltext.Sequence):
        inner = node.items
    for value in inner:
        yield from _keys(value)


@dataclass(frozen=True, slots=True)
class _Transform:
    where: str
    package: PackageId

    def render(self, data: bytes) -> bytes:
        try:
            return render(data.decode(), {"ingestPipelineName": self._pipeline_name}).encode()
        except UnicodeDecodeError as error:
            problem = plaintext.problem_of(data)
            raise self.refused(problem.message, problem.line) from error
        except TemplateProblemError as error:
            raise self.refused(error.message, error.line) from error

    def _pipeline_name(self, arguments: Sequence[Value]) -> str:
        match arguments:
            case [str(name)] if name:
                return f"{self.package.version.text}-{name}"
        raise ArgumentError(arguments)

    def check(self, data: bytes, tree: Tree) -> None:
        """Pass a transform on whose pipeline, if it names one, is built with it."""
        try:
            whole = yamltext.load_mapping(data)
        except yamltext.YamlProblemError as error:
            raise self.refused(error.message, error.line) from error
        for key in _keys(whole):
            if key.plain and (key.text.lower() in _BOOLEANS or not isinstance(resolve(key), str)):
                raise self.refused(f"the key {key.text[:80]} is no text: put it in quotes", key.line)
        found = whole.scalar("dest", "pipeline")
        if found is None or found.empty or any(self._is_named(found.text, f.path) for f in tree.files):
            return
        what = f"its pipeline {found.text[:120]} is not in the package"
        raise self.refused(what, found.line)

    def _is_named(self, pipeline: str, path: str) -> bool:
        """Whether a file is the pipeline, which carries the package's version in its name."""
        found = _PIPELINE.fullmatch(path)
        if not found:
            return False
        version = self.package.version.text
        name = pipeline.removeprefix(f"{version}-")
        if not found["stream"]:
            return name == found["name"]
        return name.endswith(f"-{version}-{found['name']}")

    def refused(self, what: str, line: int = 0) -> BuildRefusedError:
        where = f"{self.where}{f':{line}' if line else ''}"
        return BuildRefusedError(what=what, where=where, fix="mend the transform")
