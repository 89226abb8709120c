"""What rules see of a package: folders, links that are followed, documents and JSON read once."""

import hashlib

import pytest

from pkgaction.model.finding import Finding
from pkgaction.model.tree import Kind, TreeFile
from pkgaction.model.yamltext import Mapping
from pkgaction.rules import rule
from pkgaction.rules.package import Mode, Package
from pkgaction.rules.rule import Rule
from pkgaction.rules.told import UnreadableError, found
from tests.unit.trees import GOOD, around, file, source, tree

_TARGET = b"- name: depth\n"
_SHA256 = hashlib.sha256(_TARGET).hexdigest()
_LINK = "data_stream/beds/fields/base.yml.link"


def _package(files: dict[str, str | bytes], *beside: TreeFile, mode: Mode = Mode.SOURCE) -> Package:
    there = around(file("shared/base.yml", _TARGET), *beside)
    return Package(source({**GOOD, **files}, there), mode)


def _linked(text: str, mode: Mode = Mode.SOURCE) -> Package:
    return _package({_LINK: text}, mode=mode)


def _problem(package: Package, path: str) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        package.document(path)
    return caught.value


def test_a_package_says_who_it_is() -> None:
    package = _package({})

    assert (package.name, package.type, package.version) == ("kelp", "integration", "1.2.0")
    assert str(package.format_version) == "3.1.0"


def test_a_folder_has_its_entries_in_the_order_of_their_names() -> None:
    package = _package({"docs/b/x.md": "", "docs/a.md": ""})

    assert [(e.name, e.folder) for e in package.entries("docs")] == [
        ("README.md", False), ("a.md", False), ("b", True)
    ]  # fmt: skip
    assert package.entries("nowhere") == ()
    assert package.exists("docs/b") and not package.exists("docs/c")  # noqa: PT018


def test_a_star_takes_a_leading_dot_and_stops_at_a_slash() -> None:
    files = {"kibana/tag/.a.json": "{}", "kibana/tag/b.json": "{}", "kibana/tag/c/d.json": "{}"}

    assert list(_package({**files}).glob("kibana/*/*.json")) == [
        "kibana/tag/.a.json",
        "kibana/tag/b.json",
    ]


def test_reading_a_link_reads_what_it_names() -> None:
    assert _linked(f"../../../../../shared/base.yml {_SHA256}\n").read(_LINK) == _TARGET


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"../../../../../shared/base.yml {'0' * 64}", "not up to date"),
        ("../../../../../shared/base.yml", "its SHA-256"),
        (f"../base.yml {_SHA256}", "no file of the repository"),
        ("", "its SHA-256"),
        ("\udcff", "its SHA-256"),
        ("x" * 70_000, "more than"),
    ],
)
def test_a_link_that_names_nothing_can_not_be_read(text: str, says: str) -> None:
    package = _package({_LINK: text.encode(errors="replace")})

    assert says in _problem(package, _LINK).message


def test_a_built_package_has_no_links() -> None:
    package = _linked(f"../../../../../shared/base.yml {_SHA256}", Mode.BUILD)

    assert "no links" in _problem(package, _LINK).message


def test_a_document_that_is_no_yaml_says_so_each_time_and_is_told_once() -> None:
    package = _package({"a.yml": "a: 1\n@b: 2\n"})

    assert [_problem(package, "a.yml").line for _ in range(2)] == [2, 2]
    assert package.mapping("a.yml") == Mapping({}, {}, 1)
    assert [(found.file, found.line) for found in package.unreadable()] == [("a.yml", 2)]


def test_of_a_doubled_key_the_first_counts_and_the_rest_is_read() -> None:
    package = _package({"a.yml": "a: 1\nb: {c: 1, c: 2}\na: 2\nd: 3\n"})

    assert [package.mapping("a.yml").scalar(key) is not None for key in "ad"] == [True, True]
    assert [(f.line, f.code) for f in package.unreadable()] == [(2, "key-doubled"), (3, "key-doubled")]


def test_a_doubled_key_at_the_manifests_top_leaves_open_who_the_package_is() -> None:
    package = _package({"manifest.yml": "name: kelp\nname: eel\n"})

    assert package.name == ""
    assert [(f.line, f.code) for f in package.unreadable()] == [(2, "manifest-unreadable")]


def test_what_is_wrong_with_a_links_target_is_told_of_the_link() -> None:
    target = b"a: @b\n"
    link = f"../shared/x.yml {hashlib.sha256(target).hexdigest()}"
    package = _package({"a.yml.link": link}, file("packages/shared/x.yml", target))

    assert not package.can_read("a.yml.link")
    (found,) = package.unreadable()
    assert (found.file, found.line) == ("a.yml.link", 1)
    assert found.message.startswith("packages/shared/x.yml:1:4: ")


def test_what_is_no_plain_file_can_not_be_read() -> None:
    package = Package(source(tree(GOOD, file("x.yml", kind=Kind.SYMLINK))))

    assert "symbolic link" in _problem(package, "x.yml").message
    assert "no such file" in _problem(package, "y.yml").message


@pytest.mark.parametrize("text", ["", "{", "{} {}", "[" * 100_000, "NaN", "9" * 5_000])
def test_what_is_no_json_is_a_problem(text: str) -> None:
    with pytest.raises(UnreadableError):
        _package({"a.json": text}).json("a.json")


def test_json_has_no_halves_of_characters() -> None:
    assert _package({"a.json": rb'{"a\ud800": ["\uD83D", 1]}'}).json("a.json") == {"a�": ["�", 1]}


def _rule(**changes: str) -> Rule:
    def check(package: Package) -> "list[Finding]":
        return [found("manifest.yml", package.name)]

    return Rule(
        id="kelp", check=lambda p: iter(check(p)), why="It is kelp.", source="https://x", code="SVR1",
        types=frozenset({changes.pop("types", "integration")}),
        modes=frozenset({Mode(changes.pop("modes", "source"))}), **changes,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "applies"),
    [
        ({}, True),
        ({"since": "3.1.0"}, True),
        ({"since": "3.1.1"}, False),
        ({"before": "3.1.0"}, False),
        ({"before": "3.2.0"}, True),
        ({"types": "content"}, False),
        ({"modes": "build"}, False),
    ],
)
def test_a_rule_holds_for_types_versions_and_modes(changes: dict[str, str], applies: bool) -> None:  # noqa: FBT001 - a table
    assert bool(list(rule.check([_rule(**changes)], _package({})))) is applies


def test_a_finding_has_its_rules_id_code_and_source() -> None:
    (finding,) = rule.check([_rule()], _package({}))

    assert (finding.code, finding.official, finding.link) == ("kelp", "SVR1", "https://x")
