"""Rules about single variables: their sections, durations, and names that Fleet keeps for itself."""

from collections.abc import Iterator

from pkgaction.model.finding import Finding
from pkgaction.model.yamltext import Mapping, Node, Scalar
from pkgaction.rules.grammar import durations
from pkgaction.rules.package import Package
from pkgaction.rules.semantic.manifests import Scope, data_streams, scopes
from pkgaction.rules.semantic.reading import at, flag, is_string, maps, scalar, text
from pkgaction.rules.told import found, quoted

_FLEETS = frozenset({"use_apm", "data_stream.dataset"})


def sections(package: Package) -> Iterator[Finding]:
    """A variable's section is defined beside it, and each section once."""
    for scope in scopes(package):
        names: set[str] = set()
        for section in maps(scope.node, "sections"):
            name = text(section, "name")
            if name in names:
                message = f"the section {quoted(name)} is there twice in {scope.name}"
                yield found(scope.file, message, at(section, "name"))
            names.add(name)
        for var in scope.vars:
            section_of = scalar(var, "section")
            if section_of and section_of.text not in names:
                message = (
                    f"variable {quoted(text(var, 'name'))} is in section {quoted(section_of.text)}, "
                    f"which {scope.name} does not define"
                )
                yield found(scope.file, message, section_of)


def duration_limits(package: Package) -> Iterator[Finding]:
    """A duration's default lies between its limits, and all are durations."""
    for scope in scopes(package):
        for var in scope.vars:
            if text(var, "type") == "duration":
                yield from _duration(scope, var)


def _duration(scope: Scope, var: Mapping) -> Iterator[Finding]:
    name = text(var, "name")
    read: dict[str, int] = {}
    for key in ("min_duration", "max_duration", "default"):
        node = at(var, key)
        value = _nanoseconds(node)
        if value is not None:
            read[key] = value
        elif node is not None and not (isinstance(node, Scalar) and node.plain and node.empty):
            message = f"{key} of variable {quoted(name)} must be a duration, as '30s' or '1h30m'"
            yield found(scope.file, message, node)
    least, most, default = (read.get(k) for k in ("min_duration", "max_duration", "default"))
    for wrong, key, message in (
        (least is not None and least < 0, "min_duration", "min_duration must not be negative"),
        (_above(least, default), "default", "default is below min_duration"),
        (_above(default, most), "default", "default is above max_duration"),
        (_above(least, most), "min_duration", "min_duration is above max_duration"),
    ):
        if wrong:
            yield found(scope.file, f"variable {quoted(name)}: {message}", at(var, key))


def _nanoseconds(node: Node | None) -> int | None:
    if not isinstance(node, Scalar) or not is_string(node):
        return None
    return durations.nanoseconds(node.text)


def _above(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one > other


def reserved(package: Package) -> Iterator[Finding]:
    """Variables that mean something to Fleet stand where it looks for them, as it reads them."""
    types = {
        data_stream.file: text(data_stream.manifest, "type") for data_stream in data_streams(package)
    }
    at_streams = "template" if package.type == "input" else "stream"
    for scope in scopes(package):
        for var in scope.vars:
            name = text(var, "name")
            if name not in _FLEETS:
                continue
            if scope.kind != at_streams:
                message = (
                    f"variable {quoted(name)} may be declared for a stream only, not for {scope.name}"
                )
                yield found(scope.file, message, at(var, "name"))
                continue
            kind = types.get(scope.file, text(scope.node, "type"))
            for problem in _reserved_problems(name, var, scope, kind):
                yield found(scope.file, f"variable {quoted(name)} {problem}", at(var, "name"))


def _reserved_problems(name: str, var: Mapping, scope: Scope, kind: str) -> Iterator[str]:
    if name == "data_stream.dataset":
        if text(var, "type") != "text":
            yield "must have type text"
        return
    if text(var, "type") != "bool":
        yield "must have type bool"
    if text(scope.node, "input") != "otelcol":
        yield "needs the input otelcol"
    if kind != "traces" and not flag(scope.node, "dynamic_signal_types"):
        yield "needs data of type traces, or dynamic_signal_types"


def dynamic_signals(package: Package) -> Iterator[Finding]:
    """Only the OpenTelemetry collector tells the type of its data at run time."""
    for scope in scopes(package):
        if not flag(scope.node, "dynamic_signal_types"):
            continue
        place = at(scope.node, "dynamic_signal_types")
        key = "type" if scope.kind == "input" else "input"
        if scope.kind in {"input", "stream"} or (scope.kind == "template" and package.type == "input"):
            if text(scope.node, key) != "otelcol":
                yield found(
                    scope.file, f"dynamic_signal_types in {scope.name} needs {key}: otelcol", place
                )
            elif scope.kind == "template" and at(scope.node, "type") is not None:
                message = f"dynamic_signal_types in {scope.name} leaves the type open: take type out"
                yield found(scope.file, message, at(scope.node, "type"))
