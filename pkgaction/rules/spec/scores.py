"""Which alternative a value comes closest to, by the official validator's points.

A part of a schema that ran is one point, a required key that is there or a key that matches a pattern
another; an error costs two. Source: gojsonschema, `incrementScore` and `addInternalError`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, cast

from jsonschema import ValidationError

from pkgaction.model.yamljson import Value
from pkgaction.rules.spec import patterns
from pkgaction.rules.spec.schemas import Schema

_COST = 2  # of an error
_NESTED = frozenset(
    {
        "$ref", "additionalProperties", "allOf", "anyOf", "contains", "if", "items", "not", "oneOf",
        "patternProperties", "properties", "required", "type",
    }
)  # fmt: skip


class Engine(Protocol):
    """A validator of `jsonschema`, as far as it is used here; its own type leaves `descend` out."""

    def evolve(self, *, schema: Value) -> "Engine":
        """The same for another schema."""
        ...

    def is_valid(self, instance: Value) -> bool:
        """Whether nothing is wrong with a value."""
        ...

    def iter_errors(self, instance: Value) -> Iterator[ValidationError]:
        """What is wrong with a value."""
        ...

    def descend(
        self, instance: Value, schema: Value, path: str | int | None = None
    ) -> Iterator[ValidationError]:
        """What is wrong with a part of the value, by a part of the schema."""
        ...


def best_schema(engine: Engine, alternatives: Sequence[Schema], instance: Value) -> Schema:
    """The alternative with the highest score; the first of equals."""
    return max(alternatives, key=lambda one: score(engine, one, instance))


def best_item(engine: Engine, schema: Schema, items: Sequence[Value]) -> int:
    """The index of the element with the highest score; the first of equals."""
    return max(range(len(items)), key=lambda index: score(engine, schema, items[index]))


def relevant(errors: Iterable[ValidationError]) -> list[ValidationError]:
    """Without what else is wrong with a value of the wrong type: there the check of it ends."""
    found = list(errors)
    wrong = {_place(error) for error in found if error.validator == "type"}
    return [error for error in found if error.validator == "type" or _place(error) not in wrong]


def _place(error: ValidationError) -> tuple[tuple[str | int, ...], int]:
    return tuple(error.absolute_path), id(error.schema)


def score(engine: Engine, schema: Value, instance: Value) -> int:
    """The points of a value for a schema."""
    if not isinstance(schema, dict):
        return 0 if schema else -_COST
    if "$ref" in schema:
        return score(engine, schema["$ref"], instance)
    if "type" in schema and not engine.evolve(schema={"type": schema["type"]}).is_valid(instance):
        return -_COST
    points = 1 + _combined(engine, schema, instance) + 1 - _COST * _plain(engine, schema, instance)
    if isinstance(instance, dict):
        points += _object(engine, schema, instance)
    elif isinstance(instance, list):
        points += _array(engine, schema, instance)
    elif isinstance(instance, (str, int, float)) and not isinstance(instance, bool):
        points += 1
    return points


def _plain(engine: Engine, schema: Schema, instance: Value) -> int:
    """How many errors the keywords without schemas of their own have."""
    leaves = {key: value for key, value in schema.items() if key not in _NESTED}
    return sum(1 for _ in engine.evolve(schema=leaves).iter_errors(instance))


def _combined(engine: Engine, schema: Schema, instance: Value) -> int:
    points = 1
    for keyword in ("anyOf", "oneOf"):
        if alternatives := cast("list[Schema]", schema.get(keyword) or []):
            valid = sum(1 for one in alternatives if engine.evolve(schema=one).is_valid(instance))
            if not valid:
                points += max(score(engine, one, instance) for one in alternatives)
            if not valid or (keyword == "oneOf" and valid > 1):
                points -= _COST
    points += sum(_part(engine, part, instance) for part in _parts(engine, schema, instance))
    if "not" in schema and engine.evolve(schema=schema["not"]).is_valid(instance):
        points -= _COST
    return points


def _parts(engine: Engine, schema: Schema, instance: Value) -> Iterator[tuple[list[Schema], bool]]:
    """Schemas that must all hold, and whether those that do have points."""
    if parts := cast("list[Schema]", schema.get("allOf") or []):
        yield parts, True
    if "if" in schema:
        holds = engine.evolve(schema=schema["if"]).is_valid(instance)
        branch = "then" if holds else "else"
        if branch in schema:
            yield [cast("Schema", schema[branch])], False


def _part(engine: Engine, part: tuple[list[Schema], bool], instance: Value) -> int:
    schemas, counted = part
    broken = [one for one in schemas if not engine.evolve(schema=one).is_valid(instance)]
    points = sum(score(engine, one, instance) for one in (schemas if counted else broken))
    return points - (_COST if broken else 0)


def _object(engine: Engine, schema: Schema, instance: dict[str, Value]) -> int:
    required = cast("list[str]", schema.get("required") or [])
    properties = cast("dict[str, Schema]", schema.get("properties") or {})
    forms = cast("dict[str, Schema]", schema.get("patternProperties") or {})
    additional = schema.get("additionalProperties", True)
    points = 1 + sum(1 if key in instance else -_COST for key in required)
    points += sum(score(engine, properties[key], instance[key]) for key in properties if key in instance)
    for key, value in instance.items():
        matching = [inner for form, inner in forms.items() if patterns.found(form, key)]
        points += sum(score(engine, inner, value) for inner in matching) + bool(matching)
        if not matching and key not in properties and additional is not True:
            points += score(engine, additional, value)
    return points


def _array(engine: Engine, schema: Schema, instance: list[Value]) -> int:
    points = 1
    if "items" in schema:
        points += sum(score(engine, schema["items"], item) for item in instance)
    if "contains" in schema:
        element = cast("Schema", schema["contains"])
        if not any(engine.evolve(schema=element).is_valid(item) for item in instance):
            points -= _COST
            points += max((score(engine, element, item) for item in instance), default=0)
    return points
