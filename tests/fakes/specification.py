"""A small invented specification in the official format: what a lighthouse's packages look like."""

from collections.abc import Mapping
from pathlib import Path

from pkgaction.rules.spec.specification import Specification

ADDRESS = "https://lights.example/spec"
FOLDER = Path(__file__).parent / "lighthouse"
_SPEC = FOLDER / "spec"
FILES: Mapping[str, str] = {
    path.relative_to(_SPEC).as_posix(): path.read_text() for path in _SPEC.rglob("*.yml")
}


def make(changes: Mapping[str, str] | None = None) -> Specification:
    """It, or one with other files; no semantic rules."""
    files = {**FILES, **(changes or {})}
    encoded = {path: text.encode() for path, text in files.items()}
    return Specification(encoded, "the lighthouse specification", ADDRESS, ())
