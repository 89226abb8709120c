"""Rules about required packages: what is used is required, and tests use what is required."""

import posixpath
from collections.abc import Iterator

from pkgaction.model.finding import Finding
from pkgaction.model.looseversion import loose
from pkgaction.model.yamltext import Mapping, Scalar
from pkgaction.rules.grammar import constraints
from pkgaction.rules.package import MANIFEST, Package
from pkgaction.rules.semantic.manifests import data_streams, inputs, templates
from pkgaction.rules.semantic.reading import at, maps, scalar, text
from pkgaction.rules.told import found, quoted

_CONFIG = "_dev/test/config.yml"
_KINDS = ("system", "policy", "pipeline", "static", "asset")
_MOST_SOURCES = 100  # outside the package
_CASES = ("system/test-*-config.yml", "policy/test-*.yml", "static/test-*-config.yml")


def references(package: Package) -> Iterator[Finding]:
    """A package that inputs or streams are taken from is a required input package, of one version."""
    required = {kind: _required(package, kind) for kind in ("input", "content")}
    for name, version in required["input"].items():
        if version and not loose(version.text):
            message = f"requires.input: {quoted(version.text)} of {quoted(name)} is no version, as 1.2.0"
            yield found(MANIFEST, message, version)
    for file, place in _used(package):
        if place.text in required["content"]:
            yield found(
                file, f"package {quoted(place.text)} is required as content, it has no inputs", place
            )
        elif place.text not in required["input"]:
            message = (
                f"package {quoted(place.text)} is used, but not in the manifest's requires.input: add it"
            )
            yield found(file, message, place)


def _used(package: Package) -> Iterator[tuple[str, Scalar]]:
    for template in templates(package):
        for each in inputs(template):
            if place := scalar(each, "package"):
                yield MANIFEST, place
    for data_stream in data_streams(package):
        for stream in data_stream.streams:
            if place := scalar(stream, "package"):
                yield data_stream.file, place


def _required(package: Package, kind: str) -> dict[str, Scalar | None]:
    listed = maps(package.manifest(), "requires", kind)
    return {text(each, "package"): scalar(each, "version") for each in listed}


def of_tests(package: Package) -> Iterator[Finding]:
    """What a test requires is what the package requires, or lies where the test says."""
    allowed = {**_required(package, "input"), **_required(package, "content")}
    sources = _Sources(package)
    for file, node in _test_configs(package):
        for requirement in maps(node, "requires"):
            if problem := _test_problem(requirement, allowed, sources):
                place = at(requirement, "package") or at(requirement, "source") or requirement
                yield found(file, problem, place)


def _test_configs(package: Package) -> Iterator[tuple[str, Mapping]]:
    for kind in _KINDS:
        node = at(package.yaml(_CONFIG), kind)
        if isinstance(node, Mapping):
            yield _CONFIG, node
    for case in _CASES:
        for file in package.glob(f"data_stream/*/_dev/test/{case}"):
            yield file, package.mapping(file)


class _Sources:
    """Folders beside the package, looked up once each; not without end, as each may cost a process."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._known: dict[str, bool] = {}

    def lacks(self, source: str) -> bool:
        path = posixpath.normpath(source)
        if not path.startswith(".."):
            return path != "." and not self._package.exists(path)
        around = self._package.around(path)
        if around not in self._known and len(self._known) < _MOST_SOURCES:
            self._known[around] = self._package.source.repository.exists(around)
        return not self._known.get(around)


def _test_problem(node: Mapping, allowed: dict[str, Scalar | None], sources: _Sources) -> str:
    name, version = text(node, "package"), text(node, "version")
    if name and version:
        return _version_problem(name, version, allowed)
    source = text(node, "source")
    if source and posixpath.isabs(source):
        return f"the source {quoted(source)} must be a path from the package's folder"
    if source and sources.lacks(source):
        return f"the source {quoted(source)} is not there"
    return ""


def _version_problem(name: str, version: str, allowed: dict[str, Scalar | None]) -> str:
    if name not in allowed:
        return f"the test requires package {quoted(name)}, which the manifest's requires does not list"
    found_version, limit = loose(version), allowed[name]
    if found_version is None:
        return f"the test requires {quoted(name)} in version {quoted(version)}, which is no version"
    constraint = constraints.parse(limit.text) if limit else None
    if limit and (constraint is None or not constraint.allows(found_version)):
        return f"the test requires {quoted(name)} {version}, the manifest {quoted(limit.text)}"
    return ""
