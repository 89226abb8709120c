"""JSON schema as the official validator understands it: Draft 7 with differences, each one below.

It sums up (`oneOf` and the like) for choosing an alternative and inside `if` and `not`, but never shows
the sums. So two matching alternatives of a `oneOf`, and `contains` on an empty list, pass.
Source: a fork of github.com/xeipuuv/gojsonschema; elastic/package-spec, internal/errors.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeAlias, cast

from jsonschema import Draft7Validator, FormatChecker, ValidationError, validators

from pkgaction.model.yamljson import Value
from pkgaction.rules.spec import patterns, scores
from pkgaction.rules.spec.schemas import Schema
from pkgaction.rules.spec.scores import Engine

Found: TypeAlias = Iterator[ValidationError]

_SUMS = frozenset({"anyOf", "oneOf", "allOf", "if", "contains"})


def errors(
    schema: Schema, instance: Value, formats: FormatChecker, most: int
) -> tuple[list[ValidationError], bool]:
    """What is wrong with a value, without the sums; and whether it is more than `most` errors.

    Each error has the keyword (`validator`; None: nothing may be there), what it asks for
    (`validator_value`; for a missing or an unknown key, that key) and the place (`absolute_path`).
    """
    engine = ENGINE(schema, format_checker=formats)
    found = (error for error in engine.iter_errors(instance) if not _is_sum(error))
    first = list(islice(found, most))
    return scores.relevant(first), next(found, None) is not None


def _is_sum(error: ValidationError) -> bool:
    return error.validator in _SUMS


def _sum(keyword: str) -> ValidationError:
    return ValidationError("", validator=keyword, validator_value=None)


def _summed(keyword: str, errors: Found) -> Found:
    """The errors, one by one, and a sum before the first."""
    for error in islice(errors, 1):
        yield _sum(keyword)
        yield error
    yield from errors


def _reference(engine: Engine, target: Schema, instance: Value, schema: Schema) -> Found:
    del schema
    yield from engine.descend(instance, target)


def _any_of(engine: Engine, alternatives: Sequence[Schema], instance: Value, schema: Schema) -> Found:
    del schema
    if not any(engine.evolve(schema=one).is_valid(instance) for one in alternatives):
        yield _sum("anyOf")
        yield from engine.descend(instance, scores.best_schema(engine, alternatives, instance))


def _one_of(engine: Engine, alternatives: Sequence[Schema], instance: Value, schema: Schema) -> Found:
    del schema
    valid = [engine.evolve(schema=one).is_valid(instance) for one in alternatives]
    if sum(valid) != 1:
        yield _sum("oneOf")
    if not any(valid):
        yield from engine.descend(instance, scores.best_schema(engine, alternatives, instance))


def _all_of(engine: Engine, parts: Sequence[Schema], instance: Value, schema: Schema) -> Found:
    del schema
    yield from _summed("allOf", (error for part in parts for error in engine.descend(instance, part)))


def _if(engine: Engine, condition: Schema, instance: Value, schema: Schema) -> Found:
    branch = "then" if engine.evolve(schema=condition).is_valid(instance) else "else"
    if branch in schema:
        yield from _summed("if", engine.descend(instance, schema[branch]))


def _contains(engine: Engine, element: Schema, instance: Value, schema: Schema) -> Found:
    del schema
    if not isinstance(instance, list):
        return
    if not any(engine.evolve(schema=element).is_valid(item) for item in instance):
        yield _sum("contains")
        if instance:
            index = scores.best_item(engine, element, instance)
            yield from engine.descend(instance[index], element, path=index)


def _pattern(engine: Engine, pattern: str, instance: Value, schema: Schema) -> Found:
    del engine, schema
    if isinstance(instance, str) and not patterns.found(pattern, instance):
        yield ValidationError("")


def _pattern_properties(
    engine: Engine, properties: dict[str, Schema], instance: Value, schema: Schema
) -> Found:
    del schema
    for key, value in instance.items() if isinstance(instance, dict) else ():
        for pattern, inner in properties.items():
            if patterns.found(pattern, key):
                yield from engine.descend(value, inner, path=key)


def unknown_keys(instance: dict[str, Value], schema: Schema) -> list[str]:
    """The keys that neither `properties` nor `patternProperties` speak of."""
    known = cast("dict[str, Value]", schema.get("properties") or {})
    forms = cast("dict[str, Value]", schema.get("patternProperties") or {})
    return [
        key
        for key in instance
        if key not in known and not any(patterns.found(form, key) for form in forms)
    ]


def _additional(engine: Engine, allowed: Value, instance: Value, schema: Schema) -> Found:
    for key in unknown_keys(instance, schema) if isinstance(instance, dict) else ():
        if allowed is False:
            yield ValidationError("", validator="additionalProperties", validator_value=key)
        elif isinstance(allowed, dict) and isinstance(instance, dict):
            yield from engine.descend(instance[key], allowed, path=key)


def _required(engine: Engine, keys: Sequence[str], instance: Value, schema: Schema) -> Found:
    del engine, schema
    for key in keys if isinstance(instance, dict) else ():
        if key not in cast("dict[str, Value]", instance):
            yield ValidationError("", validator="required", validator_value=key)


def _unique(engine: Engine, wanted: Value, instance: Value, schema: Schema) -> Found:
    del engine, schema
    if not wanted or not isinstance(instance, list):
        return
    seen: set[str] = set()
    for item in instance:
        told = json.dumps(_with_integers(item), sort_keys=True)
        if told in seen:
            yield ValidationError("")
            return
        seen.add(told)


def _with_integers(value: Value) -> Value:
    """The value with 1 for 1.0, which is the same in JSON."""
    if isinstance(value, dict):
        return {key: _with_integers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_integers(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


ENGINE = validators.extend(  # type: ignore[no-untyped-call]
    Draft7Validator,
    {
        "$ref": _reference,
        "additionalProperties": _additional,
        "allOf": _all_of,
        "anyOf": _any_of,
        "contains": _contains,
        "if": _if,
        "oneOf": _one_of,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "required": _required,
        "uniqueItems": _unique,
    },
)
