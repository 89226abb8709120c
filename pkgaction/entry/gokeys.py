"""JSON whose keys say the same to Go as to us.

Go's decoder takes a key for a field whatever its case, and the last one counts: of
`{"name": "crab", "Name": "eel"}` it reads eel, and Python crab. So in the index no key is there twice,
and none is another spelling of a field, or of its neighbour.
Source: Go, encoding/json, decode.go and fold.go (simple folding, as of Unicode).
"""

import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache

from pkgaction.model.json import Json

_HALF = re.compile(r"[\ud800-\udfff]")
_ANY = {"default", "index_template.settings", "index_template.mappings"}  # of any JSON: maps, not fields
_FIELD_AFTER = {"deployment_modes"}  # below it, `default` is a field like others


class KeyProblemError(ValueError):
    """Two readers would find different values."""


def load(text: str, fields: frozenset[str]) -> Json:
    """The value of a JSON text; its numbers are left out.

    Args:
        text: of one value, already known to be JSON.
        fields: the names of all fields that readers look for, anywhere.

    Raises:
        KeyProblemError: a key is there twice, two keys are one to Go, or a number is out of range.
    """
    is_odd = False

    def made(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        nonlocal is_odd
        value = dict(pairs)
        if len(value) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise KeyProblemError(f"the key {twice[:80]!r} is there twice")
        is_odd = is_odd or any(_folded(key) != key for key in value)
        return value

    found: Json = json.loads(text, object_pairs_hook=made, parse_int=_number, parse_float=_number)
    if is_odd:
        _require_plain(found, "", fields)
    return found


def _require_plain(value: Json, above: str, fields: frozenset[str]) -> None:
    """Refuse other spellings where readers look for fields; the keys of maps are as they are."""
    if isinstance(value, list):
        for inner in value:
            _require_plain(inner, above, fields)
    if not isinstance(value, Mapping):
        return
    known: dict[str, str] = {}
    for key, inner in value.items():
        folded = _folded(key)
        other = known.setdefault(folded, key)
        if other != key or (folded in fields and folded != key):
            other = folded if other == key else other
            raise KeyProblemError(f"some readers take the key {key[:80]!r} for {other[:80]!r}")
        if key in fields and (key not in _ANY or above in _FIELD_AFTER):
            _require_plain(inner, key, fields)


@lru_cache(maxsize=4096)
def _folded(key: str) -> str:
    """A key as Go compares it: letter by letter, and half a character as the sign for none."""
    letters = (small if len(small := letter.casefold()) == 1 else letter for letter in key)
    return _HALF.sub("�", "".join(letters))


def _number(text: str) -> None:
    """Go refuses a list for a number that a float64 does not hold, and Python one of many digits."""
    if math.isinf(float(text)):
        message = f"the number {text[:20]}… is out of range"
        raise KeyProblemError(message)
