"""Rules about versions: the package's own, and those of Kibana and the Agent that it needs."""

import re
from collections.abc import Iterator

from pkgaction.model.finding import Finding
from pkgaction.model.looseversion import LooseVersion, loose
from pkgaction.model.yamltext import Scalar
from pkgaction.rules.grammar import constraints
from pkgaction.rules.package import MANIFEST, Package
from pkgaction.rules.semantic.fieldfiles import fields
from pkgaction.rules.semantic.manifests import data_streams
from pkgaction.rules.semantic.mild import milder
from pkgaction.rules.semantic.reading import at, is_string, text
from pkgaction.rules.told import found, quoted

_TAGS = "kibana/tags.yml"
_PRERELEASE = re.compile(
    r"next|SNAPSHOT|(?:beta|rc|preview)(?:(?:[0-9]|[.-][0-9A-Za-z])(?:[0-9A-Za-z.-]*[0-9A-Za-z])?)?"
)
_NUMBERS = re.compile(r"(?<![0-9])[0-9]+\.[0-9]+\.[0-9]+")  # the first digit alone begins one: linear
_NOT_RUNTIME = frozenset({"0", "f", "F", "false", "False", "FALSE"})


def prerelease(package: Package) -> Iterator[Finding]:
    """A prerelease is named so that its order is clear; below 1.0.0 everything is one already."""
    version = loose(package.version)
    if version is None or not version.prerelease:
        return
    place = at(package.manifest(), "version")
    if version.numbers[0] == 0:
        yield found(MANIFEST, "a version below 1.0.0 has no prerelease tag: take it out", place)
    elif not _PRERELEASE.fullmatch(version.prerelease):
        message = (
            f"the prerelease tag {quoted(version.prerelease)} must be next, SNAPSHOT, "
            "or beta, rc or preview with a number, as beta1 or rc.2"
        )
        yield found(MANIFEST, message, place)


def minimum_kibana(package: Package) -> Iterator[Finding]:
    """conditions.kibana.version leaves out Kibanas that can't install the package (tags: SVR00005)."""
    node = at(package.manifest(), "conditions")
    written = at(node, "kibana", "version")
    if written is not None and not is_string(written):
        yield found(MANIFEST, "conditions.kibana.version must be a text: put it in quotes", written)
        return
    for needed, reason, official in _kibana_needs(package):
        if not _at_least(text(node, "kibana", "version"), needed):
            message = f"conditions.kibana.version must be ^{needed} or above {reason}"
            finding = found(MANIFEST, message, written, official=official)
            yield milder(package, finding) if official else finding


def _kibana_needs(package: Package) -> Iterator[tuple[str, str, str]]:
    version = loose(package.version)
    inputs = package.type == "input"
    if inputs and version and version >= LooseVersion.parse("1.0.0"):
        yield "8.8.0", "for an input package from 1.0.0 on", ""
    runtime = any(_runtime(text(field.node, "runtime")) for field in fields(package))
    if runtime:
        yield "8.10.0", "for runtime fields", ""
    if not inputs and package.tree.get(_TAGS):
        yield "8.10.0", f"for {_TAGS}", "SVR00005"


def _runtime(value: str) -> bool:
    return bool(value) and value not in _NOT_RUNTIME


def _at_least(written: str, needed: str) -> bool:
    lowest = LooseVersion.parse(needed)
    versions = (loose(number) for number in _NUMBERS.findall(written))
    return bool(written) and all(version is None or version >= lowest for version in versions)


def agent(package: Package) -> Iterator[Finding]:
    """conditions.agent.version is a constraint, so that Fleet can tell which Agents will do."""
    node = at(at(package.manifest(), "conditions"), "agent", "version")
    if node is None:
        return
    if not isinstance(node, Scalar) or not is_string(node):
        yield found(MANIFEST, "conditions.agent.version must be a text: put it in quotes", node)
    elif node.text and not constraints.parse(node.text):
        message = f"conditions.agent.version {quoted(node.text)} is no constraint, as ^8.15.0 or >=9.1.0"
        yield found(MANIFEST, message, node)


def profiles(package: Package) -> Iterator[Finding]:
    """A package that is generally available collects no profiles, which are a preview."""
    if not package.ga:
        return
    for data_stream in data_streams(package):
        if text(data_stream.manifest, "type") == "profiles":
            message = (
                "profiles are a technical preview: give the package a version below 1.0.0, or a tag"
            )
            yield found(data_stream.file, message, at(data_stream.manifest, "type"))
