"""Every promise of the README names tests that can fail for it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_README = (_ROOT / "README.md").read_text()
_PAGE = (_ROOT / "docs" / "reference" / "promises.md").read_text()
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def _rows(text: str) -> dict[str, list[str]]:
    """The rows of tables, by their first cell."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {first: rest for first, *rest in cells if first not in {"promise", "what used to go wrong"}}


_PROMISED = _rows(_README.partition("## What it promises")[2].partition("\n## ")[0])
_SHOWN = _rows(_PAGE)


@cache
def _tests(path: str) -> dict[str, int]:
    """The tests of a file, and how much each asserts: by itself, or by what it calls."""
    tree = ast.parse((_ROOT / path).read_text())
    return {
        node.name: sum(isinstance(inner, ast.Assert | ast.Call) for inner in ast.walk(node))
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize("promise", _SHOWN)
def test_the_tests_of_a_promise_are_there(promise: str) -> None:
    (cell,) = _SHOWN[promise]
    named = _TEST.findall(cell)

    assert named
    assert _TEST.sub("", cell).strip(" ,") == ""
    for path, test in named:
        assert _tests(path).get(test), (path, test)


def test_the_page_has_every_promise_of_the_readme() -> None:
    assert len(_PROMISED) >= 9
    assert _PROMISED.keys() <= _SHOWN.keys()


@pytest.mark.parametrize("promise", _PROMISED)
def test_what_the_readme_links_to_is_among_the_tests_of_the_promise(promise: str) -> None:
    linked = re.findall(r"\((tests/[\w/.]+)\)", _PROMISED[promise][-1])
    paths = {path for path, _ in _TEST.findall(_SHOWN[promise][0])}

    assert linked
    for link in linked:
        assert any(path.startswith(link) for path in paths), link
