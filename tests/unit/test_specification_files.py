"""Where a specification comes from: a folder, an archive, the image's copy; what is pinned is proven."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pkgaction.adapters import specification as source
from pkgaction.adapters.cache import Cache
from pkgaction.adapters.fetcher import Fetcher, FetchError
from pkgaction.errors import SpecificationError
from tests.fakes import specification
from tests.fakes.release import FakeClock

_FILES = {path: text.encode() for path, text in specification.FILES.items()}
_DIGEST = source.digest(_FILES)


@dataclass
class Web(Fetcher):
    """A network with these files."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, *, limit: int) -> bytes:
        self.asked.append(url)
        if url not in self.files:
            raise FetchError("no answer")
        return self.files[url][:limit]


def _tar(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return out.getvalue()


def _archived(files: Mapping[str, bytes] = _FILES) -> dict[str, bytes]:
    return {"top-1/README.md": b"x", **{f"top-1/spec/{path}": data for path, data in files.items()}}


def _load(where: str, files: Mapping[str, bytes] | None = None, cache: Path | None = None) -> object:
    return source.load(where, Web(FakeClock(), files=files or {}), Cache(cache)).files


_URL = "https://lights.example/spec.tar.gz"


@pytest.mark.parametrize("folder", [specification.FOLDER, specification.FOLDER / "spec"])
def test_a_folder_holds_a_specification_or_is_one(folder: Path) -> None:
    assert _load(str(folder)) == _FILES


@pytest.mark.parametrize("archive", [_tar(_archived()), _zip(_archived())], ids=["tar.gz", "zip"])
def test_an_archive_has_it_below_its_one_top_folder(archive: bytes) -> None:
    assert _load(_URL, {_URL: archive}) == _FILES


@pytest.mark.parametrize(
    ("archive", "says"),
    [
        (b"", "no archive"),
        (b"PK", "no archive"),
        (gzip.compress(b"x"), "no archive"),
        (_tar(_archived())[:-800], "no archive"),
        (_tar({"top-1/README.md": b"x"}), "no package specification"),
        (_tar(_archived({str(n): b"" for n in range(2001)})), "too large"),
        (_tar(_archived({"x": b"x" * (16 * 1024 * 1024 + 1)})), "too large"),
    ],
    ids=["nothing", "no zip", "no tar", "cut off", "another", "many files", "large"],
)
def test_what_is_no_specification_is_refused(archive: bytes, says: str) -> None:
    with pytest.raises(SpecificationError) as caught:
        _load(_URL, {_URL: archive})
    assert says in caught.value.what


def test_no_answer_is_an_error_that_names_the_way_out() -> None:
    with pytest.raises(SpecificationError) as caught:
        _load(_URL)

    assert (caught.value.exit_status, caught.value.where) == (3, _URL)
    assert "package-spec" in caught.value.fix


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpecificationError, match="no such folder"):
        _load(str(tmp_path / "nowhere"))


def test_what_is_pinned_must_have_its_digest() -> None:
    archive = {_URL: _tar(_archived())}

    assert _load(f"{_URL}#sha256={_DIGEST}", archive) == _FILES
    with pytest.raises(SpecificationError, match="digest"):
        _load(f"{_URL}#sha256={'0' * 64}", archive)
    with pytest.raises(SpecificationError, match="digest"):
        _load(f"{specification.FOLDER}#sha256={'0' * 64}")


def test_the_digest_is_over_paths_and_contents() -> None:
    changed = [{**_FILES, "more.yml": b""}, {**_FILES, "changelog.yml": b"[]"}]

    assert len({source.digest(files) for files in [_FILES, *changed]}) == 3
    assert source.digest(dict(reversed(_FILES.items()))) == _DIGEST


def test_what_is_pinned_is_fetched_once(tmp_path: Path) -> None:
    web, cache = Web(FakeClock(), files={_URL: _tar(_archived())}), Cache(tmp_path)

    found = [source.load(f"{_URL}#sha256={_DIGEST}", web, cache).files for _ in range(2)]

    assert found == [_FILES, _FILES]
    assert len(web.asked) == 1


def test_what_is_not_pinned_is_fetched_each_time(tmp_path: Path) -> None:
    web, cache = Web(FakeClock(), files={_URL: _tar(_archived())}), Cache(tmp_path)

    for _ in range(2):
        source.load(_URL, web, cache)

    assert len(web.asked) == 2


def test_the_pinned_release_is_asked_for_where_nothing_is_named() -> None:
    web = Web(FakeClock(), files={source.ADDRESS: _tar(_archived())})

    with pytest.raises(SpecificationError, match=source.DIGEST):
        source.load("", web, Cache(None))
    assert web.asked == [source.ADDRESS]
