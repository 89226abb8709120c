"""The edge cases of events and histories, as the tests that show them tell.

A test named test_e07_… shows case E7. Its docstring, or else its name, says what happens.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ALL = range(1, 58)
_NAME = re.compile(r"test_e(\d\d)_(\w+)")


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One test of a case."""

    number: int
    file: str  # from the repository's root
    line: int
    test: str  # its function's name
    behaviour: str  # a sentence


def found() -> list[Case]:
    """All tests of cases, by case and file."""
    return sorted(case for path in sorted((ROOT / "tests").rglob("test_*.py")) for case in _of(path))


def _of(path: Path) -> Iterator[Case]:
    for node in ast.parse(path.read_text()).body:
        named = _NAME.fullmatch(node.name) if isinstance(node, ast.FunctionDef) else None
        if named and isinstance(node, ast.FunctionDef):
            told = ast.get_docstring(node) or named[2].replace("_", " ").capitalize() + "."
            sentence = " ".join(told.split("\n\n")[0].split())
            file = path.relative_to(ROOT).as_posix()
            yield Case(int(named[1]), file, node.lineno, node.name, sentence)
