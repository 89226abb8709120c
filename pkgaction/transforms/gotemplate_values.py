"""What Go's templates make of values: how they print, when they count as true, the functions in use.

Source: https://pkg.go.dev/text/template#hdr-Functions and https://pkg.go.dev/fmt
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from pkgaction.model.json import Json
from pkgaction.model.numbers import PLAIN, shortest

Value: TypeAlias = str | int | bool | None  # None: what there is no value for
Function: TypeAlias = Callable[[Sequence[Value]], Value]

_VERB = re.compile(r"%(?P<verb>.?)", re.DOTALL)


class ArgumentError(ValueError):
    """A function is given what it does not take."""


def printed(value: Value) -> str:
    """A value as an action prints it."""
    return "<no value>" if value is None else shown(value)


def shown(value: Json) -> str:
    """A value as Go's `%v` prints it, lists and maps included."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "<nil>"
    if isinstance(value, float):
        return shown_float(value)
    if isinstance(value, Mapping):
        return f"map[{' '.join(f'{key}:{shown(value[key])}' for key in sorted(value))}]"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{' '.join(map(shown, value))}]"
    return str(value)


def shown_float(value: float) -> str:
    """The fewest digits that read back as the same number; `1e+06` from a million on."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf"
    return shortest(value, exponents=PLAIN, width=2)


# --- functions: the arguments in, the value out; all but the false words are true -------------------


def _printf(arguments: Sequence[Value]) -> str:
    form, *left = arguments
    if not isinstance(form, str):
        raise ArgumentError(form)

    def verb(found: re.Match[str]) -> str:
        if found["verb"] == "%":
            return "%"
        if not left:
            raise ArgumentError(found[0])
        return _formatted(found["verb"], left.pop(0))

    made = _VERB.sub(verb, form)
    if left:
        raise ArgumentError(form)
    return made


def _formatted(verb: str, value: Value) -> str:
    match verb, value:
        case ("v", _) | ("s", str()) | ("t", bool()):
            return shown(value)
        case "d", int() if not isinstance(value, bool):
            return str(value)
        case "q", str() if value.isascii() and value.isprintable():
            return json.dumps(value)
        case _:
            raise ArgumentError(verb)


def _print(arguments: Sequence[Value]) -> str:
    """Blanks only between two values that are both no texts."""
    made = ""
    for at, value in enumerate(arguments):
        between = at and not isinstance(value, str) and not isinstance(arguments[at - 1], str)
        made += f"{' ' if between else ''}{shown(value)}"
    return made


def _println(arguments: Sequence[Value]) -> str:
    return f"{' '.join(map(shown, arguments))}\n"


def _and(arguments: Sequence[Value]) -> Value:
    return next((value for value in arguments if not value), arguments[-1])


def _or(arguments: Sequence[Value]) -> Value:
    return next((value for value in arguments if value), arguments[-1])


def _not(arguments: Sequence[Value]) -> bool:
    (value,) = arguments
    return not value


def _eq(arguments: Sequence[Value]) -> bool:
    first, second, *more = arguments
    if any(type(first) is not type(other) for other in (second, *more)):
        raise ArgumentError(first)
    return first in {second, *more}


def _ne(arguments: Sequence[Value]) -> bool:
    first, second = arguments
    return not _eq((first, second))


def _len(arguments: Sequence[Value]) -> int:
    (value,) = arguments
    if not isinstance(value, str):
        raise ArgumentError(value)
    return len(value.encode())


_ANY = range(100_000)
_ARITIES: Mapping[str, tuple[Function, range]] = {
    "and": (_and, _ANY[1:]),
    "eq": (_eq, _ANY[2:]),
    "len": (_len, _ANY[1:2]),
    "ne": (_ne, _ANY[2:3]),
    "not": (_not, _ANY[1:2]),
    "or": (_or, _ANY[1:]),
    "print": (_print, _ANY),
    "printf": (_printf, _ANY[1:]),
    "println": (_println, _ANY),
}


def _checked(function: Function, counts: range) -> Function:
    def called(arguments: Sequence[Value]) -> Value:
        if len(arguments) not in counts:
            raise ArgumentError(arguments)
        return function(arguments)

    return called


BUILTINS: Mapping[str, Function] = {n: _checked(f, counts) for n, (f, counts) in _ARITIES.items()}
