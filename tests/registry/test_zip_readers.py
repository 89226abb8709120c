"""A zip means one thing to every reader: what we take, all of them read as the same names and bytes."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.fakes.zip_bases import FILES, TOP, bases
from tests.fakes.zip_kept import kept
from tests.fakes.zip_mutations import KINDS, Recipe
from tests.registry.conftest import tool
from tests.registry.zip_readers import Answer, Content, ours, readers

_ZIPS = int(os.environ.get("PKGACTION_FUZZ") or 1500)
_FIRST = (
    1 if _ZIPS == 1500 else int.from_bytes(os.urandom(4), "big")
)  # new ones, where more are asked for


def _differing(paths: Mapping[str, Path]) -> dict[str, dict[str, Answer]]:
    """The zips that we take, and a reader does not read as we do."""
    said = {name: ours(path) for name, path in paths.items()}
    taken = [name for name, answer in said.items() if isinstance(answer, Content)]
    answers = {name: reader([paths[one] for one in taken]) for name, reader in readers().items()}
    found: dict[str, dict[str, Answer]] = {}
    for at, one in enumerate(taken):
        other = {name: answer[at] for name, answer in answers.items() if answer[at] != said[one]}
        if other:
            found[one] = other
    return found


def test_what_we_take_all_readers_read_as_the_same(tmp_path: Path) -> None:
    known, names, paths = tuple(sorted(KINDS)), tuple(bases()), {}
    for seed in range(_FIRST, _FIRST + _ZIPS):
        recipe = Recipe.drawn(names[seed % len(names)], seed, known)
        paths[str(recipe)] = tmp_path / f"{seed}.zip"
        paths[str(recipe)].write_bytes(recipe.made(bases()))

    assert not _differing(paths)


def test_good_zips_are_read_as_the_same(tmp_path: Path) -> None:
    paths = {name: tmp_path / f"{name}.zip" for name in bases()}
    for name, path in paths.items():
        path.write_bytes(bases()[name])

    assert all(isinstance(ours(path), Content) for path in paths.values())
    assert not _differing(paths)


def test_what_was_found_is_read_differently(tmp_path: Path) -> None:
    """Each zip that is kept is one that at least one reader refuses or reads otherwise than another."""
    zips = list(kept())
    paths = [tmp_path / f"{one.digest}.zip" for one in zips]
    for one, path in zip(zips, paths, strict=True):
        path.write_bytes(one.made())

    answers = [reader(paths) for reader in readers().values()]

    alike = [
        one.line()
        for at, one in enumerate(zips)
        if all(answer[at] == answers[0][at] for answer in answers)
        and isinstance(answers[0][at], Content)
    ]
    assert not alike


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of the small package."""
    for name, content in FILES.items():
        path = tmp_path / TOP / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def _by_go(folder: Path) -> None:
    output = folder.parent / "go.zip"
    subprocess.run([tool("zips", "install Go 1.26"), "write", output, folder], check=True)
    output.replace(folder / "x.zip")


def _by_info_zip(folder: Path) -> None:
    if shutil.which("zip") is None:
        pytest.skip("zip is missing: install Info-ZIP's zip")
    subprocess.run(["zip", "-q", "-r", "x.zip", TOP], cwd=folder, check=True)


def _by_python(folder: Path) -> None:
    code = ["-m", "zipfile", "-c", "x.zip", TOP]
    subprocess.run([sys.executable, *code], cwd=folder, check=True)


@pytest.mark.parametrize("write", [_by_go, _by_info_zip, _by_python], ids=lambda one: one.__name__)
def test_what_tools_write_is_taken_and_read_as_the_same(
    write: Callable[[Path], None], folder: Path
) -> None:
    write(folder)

    assert zipfile.is_zipfile(folder / "x.zip")
    assert isinstance(ours(folder / "x.zip"), Content), ours(folder / "x.zip")
    assert not _differing({"x": folder / "x.zip"})
