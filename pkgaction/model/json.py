"""JSON as a type, without `Any`."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, Union

Json: TypeAlias = Union[  # noqa: UP007 - `|` can't stand beside a name that comes later
    bool, int, float, str, Sequence["Json"], Mapping[str, "Json"], None
]
JsonObject: TypeAlias = Mapping[str, "Json"]


def at(value: Json, *keys: str) -> Json:
    """Follow keys into nested objects; None where something on the way is missing or no object."""
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def text_at(value: Json, *keys: str) -> str:
    """The same for a text; empty where it is missing or no text."""
    found = at(value, *keys)
    return found if isinstance(found, str) else ""


def number_at(value: Json, *keys: str) -> int:
    """The same for a whole number; 0 where it is missing or none."""
    found = at(value, *keys)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0
