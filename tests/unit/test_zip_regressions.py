"""None of the zips that the fuzzer found is taken any more."""

from pathlib import Path

import pytest

from pkgaction.errors import PackageError
from pkgaction.transforms import unarchive
from tests.fakes.zip_bases import FILES, TOP, bases
from tests.fakes.zip_kept import Kept, digest_of, kept
from tests.fakes.zip_records import parsed

_KEPT = list(kept())


def _read_all(path: Path) -> dict[str, bytes]:
    with unarchive.opened(path) as (top, tree):
        files = {}
        for file in tree.files:
            with file.content.open() as stream:
                files[f"{top}/{file.path}"] = stream.read()
        return files


def test_there_are_many_of_many_kinds() -> None:
    assert len({one.digest for one in _KEPT}) == len(_KEPT) >= 300
    assert len({kind for one in _KEPT for kind in one.recipe.kinds}) >= 40


@pytest.mark.parametrize("name", bases())
def test_what_tools_write_by_themselves_is_taken(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.zip"
    path.write_bytes(bases()[name])

    assert _read_all(path) == {f"{TOP}/{file}": content for file, content in FILES.items()}
    assert parsed(bases()[name]).written() == bases()[name]


@pytest.mark.parametrize("one", _KEPT, ids=lambda one: one.digest)
def test_a_zip_that_was_read_differently_is_refused(one: Kept, tmp_path: Path) -> None:
    data = one.made()
    path = tmp_path / "kelp-1.0.0.zip"
    path.write_bytes(data)

    assert digest_of(data) == one.digest, "a mutation changed: this is not the zip that was found"
    with pytest.raises(PackageError):
        _read_all(path)
