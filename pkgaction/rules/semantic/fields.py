"""Rules about fields: their types, their number, their names."""

from collections import Counter
from collections.abc import Iterator

from pkgaction.model.finding import Finding
from pkgaction.model.yamltext import Mapping
from pkgaction.rules.package import Package
from pkgaction.rules.semantic.fieldfiles import Field, fields, unknown
from pkgaction.rules.semantic.manifests import data_streams
from pkgaction.rules.semantic.reading import at, flag, maps, text
from pkgaction.rules.told import found, quoted

_MOST = 2048  # fieldsPerDataStreamLimit of the integration's and the input's folder spec
_DIMENSIONS = (
    *("constant_keyword", "keyword", "long", "integer", "short", "byte", "double", "float"),
    *("half_float", "scaled_float", "unsigned_long", "ip"),
)
_REQUIRED = {
    "data_stream.type": "constant_keyword",
    "data_stream.dataset": "constant_keyword",
    "data_stream.namespace": "constant_keyword",
    "@timestamp": "date",
}
_BUILD = "_dev/build/build.yml"


def groups(package: Package) -> Iterator[Finding]:
    """A group of fields has neither `unit` nor `metric_type`: both describe values."""
    for field in fields(package):
        key = next((k for k in ("unit", "metric_type") if text(field.node, k)), "")
        if field.type == "group" and key:
            message = f"the field {quoted(field.name)} is a group, which can't have {key}: take it out"
            yield found(field.file, message, at(field.node, key))


def limit(package: Package) -> Iterator[Finding]:
    """A data stream, a transform or an input package has no more fields than Elasticsearch maps well."""
    counts = Counter(field.owner for field in fields(package) if not field.parent)
    for owner, count in counts.items():
        if count > _MOST:
            where = f"{owner}/fields" if owner else "fields"
            yield found(where, f"{count} fields are defined here, {_MOST} may be: leave some out")


def unique(package: Package) -> Iterator[Finding]:
    """A field is defined once in its data stream, transform or package."""
    first: dict[tuple[str, str], list[Field]] = {}
    for field in fields(package):
        if not field.parent:
            first.setdefault((field.owner, field.name), []).append(field)
    for (owner, name), same in first.items():
        if len(same) > 1:
            files = ", ".join(sorted({field.file for field in same}))
            where = owner or "the package"
            message = f"the field {quoted(name)} is defined {len(same)} times in {where} ({files})"
            yield found(same[-1].file, message, at(same[-1].node, "name"))


def dimension_types(package: Package) -> Iterator[Finding]:
    """A dimension has a type that time series can be told apart by."""
    for field in fields(package):
        dimension = flag(field.node, "dimension") and not field.external
        if dimension and field.type not in _DIMENSIONS:
            message = (
                f"the field {quoted(field.name)} of type {quoted(field.type)} can't be a dimension: "
                f"its type must be one of {', '.join(_DIMENSIONS)}"
            )
            yield found(field.file, message, at(field.node, "type") or at(field.node, "dimension"))


def dimensions_present(package: Package) -> Iterator[Finding]:
    """A data stream of time series has a dimension: its index can't be made otherwise."""
    with_dimension = {f.owner for f in fields(package) if flag(f.node, "dimension")} | unknown(package)
    for data_stream in data_streams(package):
        mode = at(data_stream.manifest, "elasticsearch", "index_mode")
        series = text(data_stream.manifest, "elasticsearch", "index_mode") == "time_series"
        if series and data_stream.path not in with_dimension:
            message = "index_mode is time_series, but no field of this data stream has dimension: true"
            yield found(data_stream.file, message, mode)


def date_formats(package: Package) -> Iterator[Finding]:
    """Only a date has a date format."""
    for field in fields(package):
        if text(field.node, "date_format") and field.type != "date":
            message = f"the field {quoted(field.name)} has a date_format, but type {quoted(field.type)}"
            yield found(field.file, message, at(field.node, "date_format"))


def required(package: Package) -> Iterator[Finding]:
    """Each data stream defines the fields that its name and its times are kept in."""
    owners: dict[str, set[str]] = {}
    open_ = unknown(package)
    for field in fields(package):
        if not field.transform:
            owners.setdefault(field.owner, set()).add(field.name)
            yield from _required_type(field)
    for owner, known in owners.items():
        missing = [name for name in _REQUIRED if name not in known and owner not in open_]
        for name in missing:
            where = f"data stream {quoted(owner.rpartition('/')[2])}" if owner else "the package"
            message = (
                f"the field {quoted(name)} is missing in {where}: define it with type {_REQUIRED[name]}"
            )
            yield found(f"{owner}/fields" if owner else "fields", message)


def _required_type(field: Field) -> Iterator[Finding]:
    right = _REQUIRED.get(field.name, field.type)
    if field.type != right and not field.external:
        message = (
            f"the field {quoted(field.name)} has type {quoted(field.type)}, it must have {quoted(right)}"
        )
        yield found(field.file, message, at(field.node, "type") or at(field.node, "name"))


def external_sources(package: Package) -> Iterator[Finding]:
    """An imported field's source is declared in build.yml: without it nothing can be imported."""
    build = package.yaml(_BUILD)
    dependencies = at(build, "dependencies")
    if package.tree.get(_BUILD) and not package.can_read(_BUILD):
        return
    if package.tree.get(_BUILD) and not isinstance(dependencies, Mapping):
        yield found(
            _BUILD, "dependencies must be a map of sources, as ecs: {reference: ...}", dependencies
        )
        return
    known = dependencies.entries if isinstance(dependencies, Mapping) else {}
    for field in fields(package):
        if field.external and field.external not in known:
            message = (
                f"the field {quoted(field.name)} is imported from {quoted(field.external)}, "
                f"which is no dependency in {_BUILD}"
            )
            yield found(field.file, message, at(field.node, "external"))


def no_external(package: Package) -> Iterator[Finding]:
    """A built package has its fields in full: nothing is imported after building."""
    for field in fields(package):
        if field.external:
            message = f"the field {quoted(field.name)} is still to be imported: build the package again"
            yield found(field.file, message, at(field.node, "external"))


def embedded_templates(package: Package) -> Iterator[Finding]:
    """No source has the dynamic templates that building adds under a reserved name."""
    where = ("elasticsearch", "index_template", "mappings", "dynamic_templates")
    for data_stream in data_streams(package):
        for template in maps(data_stream.manifest, *where):
            for name, key in template.keys.items():
                if name.startswith("_embedded_ecs"):
                    message = (
                        f"the dynamic template {quoted(name)} has a name that building uses: rename it"
                    )
                    yield found(data_stream.file, message, key)
