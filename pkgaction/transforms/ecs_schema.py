"""The ECS schema: what its file says, and the short form of that which is kept.

Source: `generated/ecs/ecs_nested.yml` of elastic/ecs, a map of groups of fields.
"""

import json
from collections.abc import Iterable, Iterator

from pkgaction.model import yamltext
from pkgaction.model.ecs import EcsField, EcsSchema
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.yamltext import Mapping, Node, Scalar, Sequence
from pkgaction.model.yamlvalues import Timestamp, resolve

_KEPT = ("type", "object_type", "description", "pattern", "index", "doc_values")


class EcsProblemError(ValueError):
    """The text is no ECS schema."""


def parse(data: bytes) -> EcsSchema:
    """Read an ecs_nested.yml.

    Raises:
        EcsProblemError: it is no YAML, or no map of groups that have fields.
    """
    try:
        top = yamltext.load_mapping(data)
    except yamltext.YamlProblemError as error:
        raise EcsProblemError(error.with_line) from error
    fields = tuple(found for name, group in top.entries.items() for found in _group(name, group))
    if not fields:
        message = "it has no fields"
        raise EcsProblemError(message)
    return EcsSchema(fields)


def to_json(schema: EcsSchema) -> bytes:
    """The short form of a schema."""
    fields = [[field.name, field.top_level, field.attributes] for field in schema.fields]
    return json.dumps(fields, separators=(",", ":")).encode()


def from_json(data: bytes) -> EcsSchema:
    """Read the short form.

    Raises:
        EcsProblemError: it is not what `to_json` writes.
    """
    try:
        fields: Json = json.loads(data)
    except (ValueError, RecursionError) as error:
        message = "it is no JSON"
        raise EcsProblemError(message) from error
    if not isinstance(fields, list):
        message = "it is no list of fields"
        raise EcsProblemError(message)
    return EcsSchema(tuple(map(_kept_field, fields)))


def _kept_field(kept: Json) -> EcsField:
    match kept:
        case [str(name), bool(top_level), dict(attributes)] if isinstance(attributes.get("type"), str):
            return EcsField(name=name, top_level=top_level, attributes=attributes)
        case _:
            message = "an entry is no field"
            raise EcsProblemError(message)


def _group(name: str, node: Node) -> Iterator[EcsField]:
    """The group and its fields; the fields alone where their names don't start with the group's."""
    fields = node.entries.get("fields") if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping) or not isinstance(fields, Mapping):
        message = f"the group {name[:80]!r} has no fields"
        raise EcsProblemError(message)
    reusable = node.scalar("reusable", "top_level")
    inner = reusable is None or resolve(reusable) is not False
    children = {full: child for full, child in fields.entries.items() if full.startswith(f"{name}.")}
    if children:
        yield EcsField(name=name, attributes=_attributes(name, node))
    yield from _fields(children.items(), top_level=inner)
    yield from _fields(((n, f) for n, f in fields.entries.items() if n not in children), top_level=True)


def _fields(children: Iterable[tuple[str, Node]], *, top_level: bool) -> Iterator[EcsField]:
    for name, child in children:
        attributes = _attributes(name, child)
        yield EcsField(name=name, attributes=attributes, top_level=top_level)
        found = child.entries.get("multi_fields") if isinstance(child, Mapping) else None
        for other in found.items if isinstance(found, Sequence) else ():
            inner = _attributes(name, other)
            yield EcsField(name=f"{name}.{_name(name, other)}", attributes=inner)


def _attributes(name: str, node: Node) -> JsonObject:
    """What a package's field takes over; an empty description is none."""
    if not isinstance(node, Mapping):
        message = f"the field {name[:80]!r} is no map"
        raise EcsProblemError(message)
    known = ((key, node.entries.get(key)) for key in _KEPT)
    found: dict[str, Json] = {key: _plain(value) for key, value in known if isinstance(value, Scalar)}
    if not isinstance(found.setdefault("type", ""), str):
        message = f"the type of {name[:80]!r} is no text"
        raise EcsProblemError(message)
    if not found.get("description"):
        found.pop("description", None)
    others = node.entries.get("multi_fields")
    if isinstance(others, Sequence) and others.items:
        found["multi_fields"] = [{"name": _name(name, n), **_attributes(name, n)} for n in others.items]
    return found


def _name(of: str, node: Node) -> str:
    found = node.scalar("name") if isinstance(node, Mapping) else None
    if found is None or found.empty:
        message = f"a multi-field of {of[:80]!r} has no name"
        raise EcsProblemError(message)
    return found.text


def _plain(scalar: Scalar) -> Json:
    value = resolve(scalar)
    return value.text if isinstance(value, Timestamp) else value
