"""Rules about groups of variables: a group names variables that are there and not required alone."""

from collections import ChainMap
from collections.abc import Iterator
from typing import TypeAlias

from pkgaction.model.finding import Finding
from pkgaction.model.yamltext import Mapping, Node
from pkgaction.rules.package import MANIFEST, Package
from pkgaction.rules.semantic.manifests import data_streams, inputs, scopes, templates
from pkgaction.rules.semantic.reading import at, flag, mapping, maps, scalar, text, texts
from pkgaction.rules.told import found, quoted

_Known: TypeAlias = dict[str, Mapping]  # variables by name; of two of one name, the first


def required_vars(package: Package) -> Iterator[Finding]:
    """An optional group of variables names known ones that are not required anyway."""
    root = _vars(package.manifest())
    of_inputs: dict[str, _Known] = {}  # by type, the manifest's first input of it
    for template in templates(package):
        of_template = _vars(template)
        for each in inputs(template):
            own = _vars(each)
            of_inputs.setdefault(text(each, "type"), own)
            yield from _required(MANIFEST, each, ChainMap(root, of_template, own))
    for data_stream in data_streams(package):
        for stream in data_stream.streams:
            of_input = of_inputs.get(text(stream, "input"), {})
            yield from _required(data_stream.file, stream, ChainMap(_vars(stream), root, of_input))


def _vars(*nodes: Mapping) -> _Known:
    """The variables that these declare."""
    known: _Known = {}
    for node in nodes:
        for var in maps(node, "vars"):
            known.setdefault(text(var, "name"), var)
    return known


def _required(file: str, node: Mapping, known: ChainMap[str, Mapping]) -> Iterator[Finding]:
    for group in mapping(node, "required_vars").entries.values():
        for item in maps(group):
            name = scalar(item, "name")
            if name is None:
                continue
            if name.text not in known:
                message = f"required_vars names the variable {quoted(name.text)}, which is not defined"
                yield found(file, message, name)
            elif flag(known[name.text], "required"):
                message = (
                    f"variable {quoted(name.text)} of an optional group is always required: take one out"
                )
                yield found(file, message, name)


def groups(package: Package) -> Iterator[Finding]:
    """A group's options name known variables; the group alone says whether they are required."""
    root = _vars(package.manifest())
    manifest = _vars(*(scope.node for scope in scopes(package) if scope.file == MANIFEST))
    yield from _groups(MANIFEST, package.manifest(), ChainMap(manifest))
    for data_stream in data_streams(package):
        for stream in data_stream.streams:
            yield from _groups(data_stream.file, stream, ChainMap(root, _vars(stream)))


def _groups(file: str, node: Mapping, known: ChainMap[str, Mapping]) -> Iterator[Finding]:
    names: set[str] = set()
    for group in maps(node, "var_groups"):
        name = text(group, "name")
        if name in names:
            yield found(file, f"the group {quoted(name)} is there twice", at(group, "name"))
        names.add(name)
        options: set[str] = set()
        for option in maps(group, "options"):
            own = text(option, "name")
            if own in options:
                message = f"the option {quoted(own)} of group {quoted(name)} is there twice"
                yield found(file, message, at(option, "name"))
            options.add(own)
            yield from _option(file, group, option, known)


def _option(
    file: str, group: Mapping, option: Mapping, known: ChainMap[str, Mapping]
) -> Iterator[Finding]:
    where = f"option {quoted(text(option, 'name'))} of group {quoted(text(group, 'name'))}"
    for name in texts(option, "vars"):
        if name.text not in known:
            yield found(
                file, f"{where} names the variable {quoted(name.text)}, which is not defined", name
            )
        elif flag(known[name.text], "required"):
            reason = "the group says so already" if flag(group, "required") else "the group is optional"
            message = f"variable {quoted(name.text)} in {where} must not have required: true: {reason}"
            yield found(file, message, name)


def replacements(package: Package) -> Iterator[Finding]:
    """What is deprecated names its replacement by what it is: people are led there."""
    for file, node, key in _deprecated(package):
        replaced = at(node, "deprecated", "replaced_by")
        if isinstance(replaced, Mapping) and not text(replaced, key):
            message = f"deprecated.replaced_by must name the {key} that comes in its place"
            yield found(file, message, replaced)


def _deprecated(package: Package) -> Iterator[tuple[str, Node, str]]:
    yield MANIFEST, package.manifest(), "package"
    for scope in scopes(package):
        if scope.kind == "template":
            yield scope.file, scope.node, "policy_template"
        elif scope.kind == "input":
            yield scope.file, scope.node, "input"
        elif scope.kind == "stream":
            for var in scope.vars:
                yield scope.file, var, "variable"
    for data_stream in data_streams(package):
        yield data_stream.file, data_stream.manifest, "data_stream"
