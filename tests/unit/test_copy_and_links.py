"""What is built of a package: its files less development files, linked files, the licence."""

import pytest

from pkgaction.errors import BuildRefusedError
from pkgaction.model.tree import Kind, Tree, TreeFile
from pkgaction.stages import build
from pkgaction.transforms.copy import copied
from pkgaction.transforms.licence import with_licence
from pkgaction.transforms.links import with_linked_files
from tests.fakes.sources import BENCH
from tests.unit.trees import GOOD, LFS_POINTER, Around, around, file, source, tree

_LICENCE = file("LICENSE.txt", "All tides are free.")


def _paths(found: Tree) -> list[str]:
    return [f.path for f in found.files]


@pytest.mark.parametrize(
    "path",
    [
        "_dev/build/build.yml",
        "data_stream/bed/_dev/test/x.json",
        "build/x",
        "data_stream/bed/build/x",
        ".git/config",
        "docs/.git/config",
        ".DS_Store",
        "docs/.DS_Store",
        ".manifest.yml.swp",
        "docs/.README.md.swp",
        "docs/README.md.link",
        ".link",
        "_dev/build/docs/deep/er/x.md",
    ],
)
def test_development_files_and_leftovers_are_not_built(path: str) -> None:
    assert _paths(copied(tree({path: "x", "manifest.yml": "y"}))) == ["manifest.yml"]


@pytest.mark.parametrize(
    "path",
    [
        "build",
        "docs/build",
        "_dev",
        "docs/_dev",
        "build.yml",
        "rebuild/x",
        "_devs/x",
        "Build/x",
        ".gitkeep",
        ".github/x",
        ".hidden",
        "x.link2",
        "x.LINK",
        "x.swp",
        "a.swp/x",
        ".DS_Store/x",
        "x.link/y",
    ],
)
def test_everything_else_is_built(path: str) -> None:
    assert _paths(copied(tree({path: "x"}))) == [path]


_AROUND = around(
    file("shared/fields.yml", "- name: a"),
    file("packages/reef/_dev/x.txt", "reef"),
    file("packages/kelp/docs/own.md", "own"),
    file("shared/other.yml.link", "x"),
    file("shared/pointed", kind=Kind.SYMLINK),
    file("shared/module", kind=Kind.SUBMODULE),
)


def _linked(path: str, text: str | bytes) -> Tree:
    found = source(tree({**GOOD, path: text}), _AROUND)
    return with_linked_files(copied(found.tree), found)


@pytest.mark.parametrize(
    ("path", "text", "built", "content"),
    [
        pytest.param(
            "fields.yml.link", "../../shared/fields.yml\n", "fields.yml", b"- name: a", id="at the top"
        ),
        pytest.param(
            "data_stream/bed/fields/a.yml.link",
            "../../../../../shared/fields.yml",
            "data_stream/bed/fields/a.yml",
            b"- name: a",
            id="from a folder, no newline",
        ),
        pytest.param(
            "_dev/test/x.txt.link",
            "../../../reef/_dev/x.txt",
            "_dev/test/x.txt",
            b"reef",
            id="below _dev",
        ),
        pytest.param("x.link", "docs/own.md\n", "x", b"own", id="own package"),
        pytest.param("x.link", "  docs/./sub/../own.md \t\n", "x", b"own", id="blanks and dots"),
        pytest.param("x.link", "docs/own.md\r\nmore\n", "x", b"own", id="crlf, more lines"),
        pytest.param("x.link", "docs/own.md " + "0" * 64, "x", b"own", id="wrong checksum"),
        pytest.param("x.link", "docs/own.md nonsense", "x", b"own", id="nonsense as checksum"),
        pytest.param("x.link", "/docs/own.md", "x", b"own", id="absolute is from the link's folder"),
        pytest.param("docs/x.md.link", "/own.md", "docs/x.md", b"own", id="absolute, from a folder"),
        pytest.param("docs/README.md.link", "own.md", "docs/README.md", b"own", id="over a plain file"),
    ],
)
def test_a_link_is_built_as_what_it_names(path: str, text: str, built: str, content: bytes) -> None:
    found = _linked(path, text)

    assert found.read(built, limit=1000) == content
    assert found.get(path) is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("", "first line", id="empty"),
        pytest.param("\ndocs/own.md\n", "first line", id="blank first line"),
        pytest.param("   \n", "first line", id="blanks"),
        pytest.param("docs/own.md a b", "first line", id="three fields"),
        pytest.param("../../../x", "out of the repository", id="out of the repository"),
        pytest.param("../../..", "out of the repository", id="the repository's parent"),
        pytest.param("/../../../etc/passwd", "out of the repository", id="absolute and out"),
        pytest.param("../../shared", "no file", id="a folder"),
        pytest.param("../../", "no file", id="the repository"),
        pytest.param("nothing.yml", "no file", id="missing"),
        pytest.param("../../shared/pointed", "symbolic link", id="a symbolic link"),
        pytest.param("../../shared/module", "submodule", id="a submodule"),
        pytest.param("../../shared/other.yml.link", "another link", id="another link"),
        pytest.param(b"\xff", "UTF-8", id="no text"),
        pytest.param("a" * 70_000, "first line", id="a whole file"),
        pytest.param("docs/own.md\0", "no text", id="nul"),
    ],
)
def test_a_link_that_names_no_file_of_the_repository_is_refused(text: str | bytes, what: str) -> None:
    with pytest.raises(BuildRefusedError, match=what) as caught:
        _linked("x.link", text)

    assert caught.value.where == "packages/kelp/x.link"


def test_a_symbolic_link_called_link_is_not_followed() -> None:
    found = source(tree(GOOD, file("x.link", "docs/own.md", Kind.SYMLINK)), _AROUND)

    assert with_linked_files(copied(found.tree), found) == copied(found.tree)


def test_a_package_at_the_top_of_the_repository_may_link_below() -> None:
    found = source(tree({"x.link": "docs/own.md"}), around(file("docs/own.md", "own")), folder="")

    assert with_linked_files(copied(found.tree), found).read("x", limit=10) == b"own"


def test_the_repositorys_licence_goes_into_a_package_without_one() -> None:
    found = source(GOOD, around(_LICENCE))

    assert with_licence(found.tree, found).get("LICENSE.txt") == _LICENCE


def test_a_package_keeps_its_own_licence() -> None:
    found = source({**GOOD, "LICENSE.txt": "own"}, around(_LICENCE))

    assert with_licence(found.tree, found) == found.tree


def test_a_linked_licence_wins_over_the_repositorys() -> None:
    files = {**GOOD, "LICENSE.txt.link": "docs/own.md"}
    found = source(files, around(_LICENCE, file("packages/kelp/docs/own.md", "own")))

    assert build.files(found, BENCH).read("LICENSE.txt", limit=100) == b"own"


def test_a_repository_without_a_licence_adds_none() -> None:
    found = source()

    assert with_licence(found.tree, found) == found.tree


@pytest.mark.parametrize(
    "licence",
    [
        pytest.param(file("LICENSE.txt", ""), id="empty"),
        pytest.param(file("LICENSE.txt", "LICENSE", Kind.SYMLINK), id="symbolic link"),
    ],
)
def test_a_repositorys_licence_must_be_a_file_with_text(licence: TreeFile) -> None:
    found = source(GOOD, Around({"LICENSE.txt": licence}))

    with pytest.raises(BuildRefusedError) as caught:
        with_licence(found.tree, found)

    assert caught.value.where == "LICENSE.txt"


def test_all_steps_together_build_what_readers_get() -> None:
    files = {
        **GOOD,
        "_dev/build/build.yml": "",
        "_dev/test/x.txt.link": "../../docs/own.md",
        "img/a.svg": "<svg/>",
    }
    found = source(files, around(_LICENCE, *_AROUND.files.values()))

    assert _paths(build.files(found, BENCH)) == [
        "LICENSE.txt",
        "_dev/test/x.txt",
        "changelog.yml",
        "docs/README.md",
        "img/a.svg",
        "manifest.yml",
    ]


@pytest.mark.parametrize(
    ("link", "target"),
    [
        pytest.param("docs/readme.MD.link", file("t", "x"), id="case collision"),
        pytest.param("docs.link", file("t", "x"), id="a file where a folder is"),
        pytest.param("img/a.png.link", file("t", LFS_POINTER), id="git lfs pointer"),
        pytest.param(".link", file("t", "x"), id="no name"),
        pytest.param("docs/.link", file("t", "x"), id="no name in a folder"),
    ],
)
def test_what_links_bring_in_is_checked_as_well(link: str, target: TreeFile) -> None:
    depth = link.count("/") + 2
    found = source({**GOOD, link: "../" * depth + "t"}, Around({"t": target}))

    with pytest.raises(BuildRefusedError):
        build.files(found, BENCH)
