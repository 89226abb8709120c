"""Limits of sizes and counts; what a folder says holds for all below that says nothing else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from pkgaction.model.yamljson import Value

_SIZE = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>B|KB|MB|GB)?")
_UNITS = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
_NAMES = {
    "entries": "totalContentsLimit",
    "total": "totalSizeLimit",
    "file": "sizeLimit",
    "configuration": "configurationSizeLimit",
    "relative": "relativePathSizeLimit",
    "fields": "fieldsPerDataStreamLimit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """0: there is none."""

    entries: int = 0  # directly in a folder
    total: int = 0  # bytes of the files of a folder, with all below
    file: int = 0  # bytes of a file
    configuration: int = 0  # bytes of a YAML file
    relative: int = 0  # bytes of a file that is named by a relative path
    fields: int = 0  # of a data stream

    def under(self, spec: Mapping[str, Value]) -> "Limits":
        """The limits of an item: its own, else these.

        Raises:
            ValueError: one of its own is no size.
        """
        own = {name: _bytes(spec[key]) for name, key in _NAMES.items() if spec.get(key) is not None}
        inherited = {field.name: getattr(self, field.name) for field in fields(self)}
        return Limits(**{**inherited, **{name: size for name, size in own.items() if size}})


NONE = Limits()


def _bytes(value: Value) -> int:
    """A number, or a text as `250MB`; an MB is 1024 KB."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} is no size")
    return int(float(found["number"]) * _UNITS[found["unit"] or "B"])
