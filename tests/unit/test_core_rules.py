"""The core checks: a good package has no findings; each rule says what, which file and which line."""

import json
from collections.abc import Mapping

import pytest

from pkgaction.model.finding import Finding, Severity
from pkgaction.model.tree import Kind, PackageSource, Tree, TreeFile
from pkgaction.rules import core, sizes
from pkgaction.rules.package import Mode, Package
from tests.unit.trees import CHANGELOG, GOOD, LFS_POINTER, MANIFEST, Said, file, source, tree
from tests.unit.trees import without as less

_GIB = 1024**3
Place = tuple[str, str, int]


def _findings(found: PackageSource) -> list[Finding]:
    return core.check(Package(found))


def _places(
    files: Mapping[str, str | bytes] | None = None, *more: TreeFile, without: tuple[str, ...] = ()
) -> list[Place]:
    """Code, file and line of what is found in the good package with other files."""
    found = less(tree({**GOOD, **(files or {})}, *more), without)
    return [(f.code, f.file, f.line) for f in _findings(source(found))]


def _manifest(old: str, new: str) -> dict[str, str | bytes]:
    assert old in MANIFEST
    return {"manifest.yml": MANIFEST.replace(old, new)}


def test_a_good_package_has_no_findings() -> None:
    assert _findings(source()) == []


def test_a_file_of_each_usual_kind_is_fine() -> None:
    files = {
        "img/kelp_bed-1 (small).svg": "<svg/>",
        "docs/knowledge_base/größe.md": "# Größe",
        "data_stream/bed/agent/stream/stream.yml.hbs": "paths:",
        "_dev/test/.gitkeep": "",
        "kibana/dashboard/kelp-a1.json": "{}",
        "img/..hidden..svg": "<svg/>",
        "a" * 255: "",
    }

    assert _places(files) == []


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        pytest.param("../escape", "../escape", id="traversal"),
        pytest.param("docs/../../escape", "docs/../../escape", id="traversal inside"),
        pytest.param("docs/..", "docs/..", id="traversal at the end"),
        pytest.param("./docs/x", "./docs/x", id="dot"),
        pytest.param("/etc/passwd", "/etc/passwd", id="absolute"),
        pytest.param("docs//x", "docs//x", id="empty part"),
        pytest.param("docs/", "docs/", id="slash at the end"),
        pytest.param("", "", id="empty"),
        pytest.param("docs\\x", "docs\\x", id="backslash"),
        pytest.param("..\\x", "..\\x", id="traversal by backslash"),
        pytest.param("C:/x", "C:/x", id="drive"),
        pytest.param("docs/a\nb", "docs/a\\nb", id="newline"),
        pytest.param("docs/a\x1bb", "docs/a\\x1bb", id="escape"),
        pytest.param("docs/a\x7fb", "docs/a\\x7fb", id="delete"),
        pytest.param("docs/a\u202eb", "docs/a\\u202eb", id="text direction"),
        pytest.param("docs/a\u200bb", "docs/a\\u200bb", id="invisible"),
        pytest.param("docs/a\u2028b", "docs/a\\u2028b", id="line separator"),
        pytest.param("docs/x.", "docs/x.", id="dot at the end"),
        pytest.param("docs /x", "docs /x", id="blank at the end"),
        pytest.param("docs/.git/config", "docs/.git/config", id="git"),
        pytest.param("docs/.GIT/config", "docs/.GIT/config", id="git in capitals"),
        pytest.param("docs/\udcff", "docs/\\udcff", id="no utf-8"),
        pytest.param("docs/%2e%2E/x", "docs/%2e%2E/x", id="traversal by escapes"),
        pytest.param("docs/%252e./x", "docs/%252e./x", id="traversal by escapes of escapes"),
        pytest.param("docs/a%5cb", "docs/a%5cb", id="escaped backslash"),
        pytest.param("docs/a%00b", "docs/a%00b", id="escaped control character"),
        pytest.param("a" * 256, "a" * 256, id="long part"),
        pytest.param("ä" * 128, "ä" * 128, id="long part in bytes"),
    ],
)
def test_an_unsafe_path_is_an_error(path: str, shown: str) -> None:
    assert _places({path: "x"}) == [("path-unsafe", shown, 0)]


@pytest.mark.parametrize("place", ["docs/{}", "{}/README.md"])
@pytest.mark.parametrize(
    "name",
    [
        *("CON", "prn", "Aux.md", "nul.tar.gz", "NUL .md", "com1", "COM\u00b9.md", "lpt9.x", "CONIN$"),
        *("a:b", "a:", "a<b", "a>b", 'a"b', "a|b", "a?b", "a*b"),
        *(f"a{c}b" for c in "\u3164\u115f\u1160\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180e\u180f"),
        *(f"a{c}b" for c in "\u00ad\u061c\u2065\ufe00\ufe0f\ufeff\ufff0\U000e0041\U000e0100\U0001d159"),
        *(f"a{c}b" for c in "\u00a0\u1680\u2003\u202f\u3000\u2029\x85"),
        *(f"a{c}b" for c in "\ue000\U0010fffd\ufdd0\uffff\U0001ffff"),
        *("x;1", "x;", ".GIT", "git~1", "Git~1"),
    ],
)
def test_a_name_that_not_every_system_has_or_shows_is_an_error(place: str, name: str) -> None:
    if name.startswith("x;"):
        place = "docs/{}"  # only at the end of a path
    (found,) = _places({place.format(name): "x"})

    assert found[0] == "path-unsafe"


@pytest.mark.parametrize(
    "name",
    [
        "console.md",
        "auxiliary",
        "com10",
        "lpt",
        "nullable.nul",
        "gr\u00f6\u00dfe",
        "\u6f6e 1;x",
        "a;1/b",
        "100% sure, 50%25 not%20.md",
    ],
)
def test_a_name_that_only_looks_like_those_is_fine(name: str) -> None:
    assert _places({f"docs/{name}": "x"}) == []


@pytest.mark.parametrize("kind", [Kind.SYMLINK, Kind.SUBMODULE, Kind.SPECIAL])
def test_only_plain_files_are_fine(kind: Kind) -> None:
    assert _places({}, file("docs/x.md", kind=kind)) == [("not-a-file", "docs/x.md", 0)]


def test_a_manifest_behind_a_symbolic_link_is_not_read() -> None:
    found = _places({}, file("manifest.yml", MANIFEST, Kind.SYMLINK))

    assert found == [("not-a-file", "manifest.yml", 0)]


@pytest.mark.parametrize(
    ("one", "other", "reported"),
    [
        pytest.param("img/A.svg", "img/a.svg", "img/a.svg", id="case"),
        pytest.param("IMG/a.svg", "img/b.svg", "img", id="case of a folder"),
        pytest.param("docs/caf\u00e9", "docs/cafe\u0301", "docs/caf\u00e9", id="composed or not"),
        pytest.param("docs/caf\u00c9", "docs/cafe\u0301", "docs/caf\u00c9", id="both"),
        pytest.param("docs/stra\u00dfe", "docs/STRASSE", "docs/stra\u00dfe", id="sharp s"),
        pytest.param("img", "IMG/a.svg", "img", id="a file and a folder"),
    ],
)
def test_two_paths_that_become_one_are_an_error(one: str, other: str, reported: str) -> None:
    assert _places({one: "x", other: "y"}) == [("path-collision", reported, 0)]


def test_a_file_and_a_folder_of_one_name_are_an_error() -> None:
    found = _places({"img": "x", "img/a.svg": "y"})

    assert [code for code, _, _ in found] == ["path-collision"]


def test_a_git_lfs_pointer_is_an_error() -> None:
    assert _places({"img/a.png": LFS_POINTER}) == [("lfs-pointer", "img/a.png", 0)]


def test_a_text_about_git_lfs_is_none() -> None:
    assert (
        _places({"docs/lfs.md": f"A pointer: {LFS_POINTER}", "docs/l.md": LFS_POINTER + "x" * 1024})
        == []
    )


def test_a_file_over_two_gibibytes_is_an_error() -> None:
    most = file("a.bin", Said(2 * _GIB))
    more = file("b.bin", Said(2 * _GIB - len(MANIFEST) - 1_000))
    too_large = file("c.bin", Said(2 * _GIB + 1))

    assert _places({}, most, more) == []
    assert _places({}, too_large) == [("file-too-large", "c.bin", 0)]


def test_a_package_over_four_gibibytes_is_an_error() -> None:
    files = [file(f"{n}.bin", Said(2 * _GIB)) for n in range(2)]

    assert _places({}, *files) == [("package-too-large", "manifest.yml", 0)]


def test_too_many_files_are_an_error() -> None:
    room = sizes.MOST_FILES - len(GOOD)
    many = tuple(file(f"docs/{n}") for n in range(room + 1))

    assert _places({}, *many[:-1]) == []
    assert _places({}, *many) == [("too-many-files", "manifest.yml", 0)]


def test_a_path_too_long_for_its_objects_name_is_an_error() -> None:
    most = 1024 - len("artifacts/static/kelp-1.2.0/") - 200
    fits = "/".join(["d" * 199] * 3 + ["f" * (most - 600)])

    assert _places({fits: "x"}) == []
    assert _places({f"{fits}f": "x"}) == [("path-too-long", f"{fits}f", 0)]


def test_a_missing_manifest_is_an_error() -> None:
    found = _places(without=("manifest.yml",))

    assert ("manifest-missing", "manifest.yml", 0) in found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a: [\n", 2, id="no YAML"),
        pytest.param("name: a\nversion: 1.0.0\nname: b\n", 3, id="duplicate key"),
        pytest.param("name: a\n---\nname: b\n", 2, id="two documents"),
        pytest.param(b"name: a\ntitle: \xff\n", 2, id="no text"),
        pytest.param("- a\n", 0, id="a list"),
        pytest.param("", 0, id="empty"),
        pytest.param("#" * (6 * 1024 * 1024), 0, id="six megabytes"),
    ],
)
def test_an_unreadable_manifest_is_an_error(text: str | bytes, line: int) -> None:
    assert ("manifest-unreadable", "manifest.yml", line) in _places({"manifest.yml": text})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("name: kelp", "name: Kelp", ("name-invalid", 2), id="name with a capital"),
        pytest.param("name: kelp", "name: ke-lp", ("name-invalid", 2), id="name with a dash"),
        pytest.param("name: kelp", "name: ../kelp", ("name-invalid", 2), id="name that climbs"),
        pytest.param("name: kelp", "name: ~", ("name-missing", 2), id="name null"),
        pytest.param(
            "name: kelp", "name: kelp\u0661", ("name-invalid", 2), id="name with a digit of others"
        ),
        pytest.param("name: kelp", "name: ''", ("name-missing", 2), id="name empty"),
        pytest.param("name: kelp", "name: [kelp]", ("name-missing", 2), id="name a list"),
        pytest.param("name: kelp\n", "", ("name-missing", 0), id="name missing"),
        pytest.param("type: integration", "type: other", ("type-unknown", 6), id="type unknown"),
        pytest.param("type: integration\n", "", ("type-missing", 0), id="type missing"),
        pytest.param("3.1.0", "3.0", ("format-version-invalid", 1), id="format_version in two parts"),
        pytest.param("3.1.0", "3", ("format-version-invalid", 1), id="format_version a number"),
        pytest.param(
            "format_version: 3.1.0\n", "", ("format-version-missing", 0), id="format_version missing"
        ),
        pytest.param("title: Kelp beds\n", "", ("title-missing", 0), id="title missing"),
        pytest.param("title: Kelp beds", "title:", ("title-missing", 3), id="title empty"),
        pytest.param("  github: deepwater/forest\n", "", ("owner-missing", 0), id="owner missing"),
        pytest.param(
            "deepwater/forest", "'@deepwater/forest'", ("owner-invalid", 8), id="owner with an at"
        ),
        pytest.param("deepwater/forest", "a/b/c", ("owner-invalid", 8), id="owner with two slashes"),
        pytest.param("deepwater/forest", "''", ("owner-missing", 0), id="owner empty"),
    ],
)
def test_the_manifest_says_who_the_package_is(old: str, new: str, expected: tuple[str, int]) -> None:
    found = [place for place in _places(_manifest(old, new)) if place[0] != "name-not-the-folders"]

    code, line = expected
    assert found == [(code, "manifest.yml", line)]


@pytest.mark.parametrize(
    "written",
    ["1.0", "v1.2.0", "01.2.0", "1.2.0-", "'1.2.0 '", "1.2", "1e3", "latest", "1.2.0-ä"],
)
def test_the_version_is_a_strict_semantic_version(written: str) -> None:
    assert ("version-invalid", "manifest.yml", 4) in _places(_manifest("1.2.0", written))


def test_a_missing_version_is_an_error() -> None:
    found = _places(_manifest("version: 1.2.0\ndesc", "desc"))

    assert ("version-missing", "manifest.yml", 0) in found


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        pytest.param(CHANGELOG.replace("1.2.0", "1.1.0"), "changelog-not-current", 1, id="older"),
        pytest.param(
            CHANGELOG.replace("1.2.0", "1.20"), "changelog-not-current", 1, id="other spelling"
        ),
        pytest.param(
            "# new\n- version: 1.3.0\n  changes: []\n" + CHANGELOG,
            "changelog-not-current",
            2,
            id="newer first",
        ),
        pytest.param("- a: [\n", "file-unreadable", 2, id="no YAML"),
        pytest.param(CHANGELOG + "  version: 1.1.0\n", "key-doubled", 6, id="duplicate key"),
        pytest.param("[]", "changelog-unreadable", 1, id="no entries"),
        pytest.param("", "changelog-unreadable", 0, id="empty"),
        pytest.param("version: 1.2.0", "changelog-unreadable", 1, id="a map"),
        pytest.param("- changes: []", "changelog-unreadable", 1, id="entry without a version"),
        pytest.param("- 1.2.0", "changelog-unreadable", 1, id="entry that is no map"),
    ],
)
def test_the_changelogs_newest_entry_is_the_manifests_version(text: str, code: str, line: int) -> None:
    assert _places({"changelog.yml": text}) == [(code, "changelog.yml", line)]


def test_a_missing_changelog_is_an_error() -> None:
    assert _places(without=("changelog.yml",)) == [("changelog-missing", "changelog.yml", 0)]


def test_a_missing_readme_is_an_error() -> None:
    assert _places(without=("docs/README.md",)) == [("readme-missing", "docs/README.md", 0)]


def test_a_link_to_a_template_renders_no_readme() -> None:
    found = _places({"_dev/build/docs/README.md.link": "x"}, without=("docs/README.md",))

    assert found == [
        ("readme-missing", "docs/README.md", 0),
        ("template-not-rendered", "_dev/build/docs/README.md.link", 0),
    ]


@pytest.mark.parametrize("path", ["docs/README.md.link", "_dev/build/docs/README.md"])
def test_a_readme_may_be_linked_or_rendered(path: str) -> None:
    assert _places({path: "x"}, without=("docs/README.md",)) == []


def test_a_folder_of_another_name_is_a_warning_only() -> None:
    (found,) = _findings(source(folder="packages/reef"))

    assert (found.code, found.severity, found.place) == (
        "name-not-the-folders",
        Severity.WARNING,
        "manifest.yml:2:7",
    )


@pytest.mark.parametrize("folder", ["packages/kelp", "kelp", "packages/kelp/1.2.0", ""])
def test_a_folder_may_be_called_as_the_package_or_its_version(folder: str) -> None:
    assert _findings(source(folder=folder)) == []


def test_every_rule_speaks_for_itself() -> None:
    broken = Tree((file("manifest.yml", "a: ["), file("img/../x"), file("y", LFS_POINTER)))

    codes = {finding.code for finding in _findings(source(broken))}

    assert {"manifest-unreadable", "path-unsafe", "lfs-pointer", "changelog-missing"} <= codes


def test_a_finding_can_be_written_as_json_whatever_the_path() -> None:
    hostile = file("docs/\udcff", kind=Kind.SYMLINK)

    for finding in _findings(source(Tree((*tree(GOOD).files, hostile)))):
        assert json.dumps(finding.as_json(), ensure_ascii=False).encode()


# --- folders that are not built ----------------------------------------------------------------------


def _left_out(*paths: str, mode: Mode = Mode.SOURCE) -> list[tuple[str, Severity]]:
    """Where files are left out that do not look as if they should be, and how bad that is."""
    found = core.check(Package(source({**GOOD, **dict.fromkeys(paths, "x: y\n")}), mode))
    assert {finding.code for finding in found} <= {"folder-left-out"}
    return [(finding.file, finding.severity) for finding in found]


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        pytest.param("data_stream/build/manifest.yml", "data_stream/build", id="data stream"),
        pytest.param("data_stream/_dev/fields/f.yml", "data_stream/_dev", id="data stream called _dev"),
        pytest.param("data_stream/bed/fields/build/f.yml", "data_stream/bed/fields/build", id="fields"),
        pytest.param(
            "data_stream/bed/elasticsearch/build/ingest_pipeline/default.yml",
            "data_stream/bed/elasticsearch/build",
            id="pipeline",
        ),
        pytest.param(
            "elasticsearch/transform/build/transform.yml",
            "elasticsearch/transform/build",
            id="transform",
        ),
        pytest.param("kibana/_dev/kelp-a.json", "kibana/_dev", id="saved object"),
        pytest.param("img/build/kelp.svg", "img/build", id="image"),
        pytest.param("docs/build/how.md", "docs/build", id="document"),
        pytest.param("docs/knowledge_base/_dev/how.md", "docs/knowledge_base/_dev", id="deep document"),
        pytest.param("agent/input/build/input.yml.hbs", "agent/input/build", id="template"),
        pytest.param("fields/build/deep/f.yml", "fields/build", id="below it"),
    ],
)
def test_a_needed_file_in_a_folder_that_is_not_built_is_an_error(path: str, folder: str) -> None:
    assert _left_out(path) == [(folder, Severity.ERROR)]


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        pytest.param("notes/build/plan.yml", "notes/build", id="nothing reads the place"),
        pytest.param("data_stream/bed/build/out.yml", "data_stream/bed/build", id="beside the parts"),
        pytest.param("docs/build/.gitkeep", "docs/build", id="placeholder"),
        pytest.param("img/_dev/sketch.xcf", "img/_dev", id="nothing reads the kind"),
        pytest.param("data_stream/build/_dev/test/t.json", "data_stream/build", id="only tests"),
        pytest.param("kibana/build/.a.json.swp", "kibana/build", id="leftover"),
    ],
)
def test_a_folder_that_is_not_built_without_needed_files_is_a_warning(path: str, folder: str) -> None:
    assert _left_out(path) == [(folder, Severity.WARNING)]


@pytest.mark.parametrize(
    "path",
    [
        "_dev/build/docs/README.md",
        "_dev/deploy/docker/build/fields/f.yml",
        "build/data_stream/bed/manifest.yml",
        "data_stream/bed/_dev/test/pipeline/build/t.json",
        "build",
        "docs/build",
        "docs/_dev.md",
        "data_stream/rebuild/manifest.yml",
        "data_stream/Build/manifest.yml",
        ".DS_Store",
        "docs/.DS_Store",
        "docs/.README.md.swp",
    ],
)
def test_what_is_meant_to_be_left_out_and_what_is_built_is_not_mentioned(path: str) -> None:
    assert _left_out(path) == []


def test_a_folder_that_is_not_built_is_told_once_with_its_files_and_the_way_out() -> None:
    files = {f"data_stream/build/fields/f{n}.yml": "a: b" for n in range(3)}

    (found,) = _findings(source({**GOOD, **files, "data_stream/build/notes.txt": "x"}))

    assert "its 4 files are not in the built package" in found.message
    assert "every folder called build" in found.message
    assert "give data_stream/build another name" in found.message


def test_what_links_name_is_built_out_of_such_a_folder() -> None:
    assert _left_out("data_stream/build/manifest.yml.link") == []


def test_a_built_package_may_have_such_folders() -> None:
    assert _left_out("data_stream/build/manifest.yml", mode=Mode.BUILD) == []


def test_a_folder_of_git_is_refused_for_its_name_alone() -> None:
    assert _places({"docs/.git/how.md": "x"}) == [("path-unsafe", "docs/.git/how.md", 0)]
