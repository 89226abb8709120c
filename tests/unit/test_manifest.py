"""A manifest says which package version it is, or why that can't be told."""

import pytest

from pkgaction.model.manifest import ManifestProblemError, PackageId, identify
from pkgaction.model.version import Version

_GOOD = "format_version: 3.1.0\nname: kelp\nversion: 1.10.0\ntype: input\n"


def test_name_and_version_are_read_with_their_lines() -> None:
    found = identify(_GOOD.encode())

    assert found.id == PackageId(name="kelp", version=Version.parse("1.10.0"))
    assert (found.name_line, found.version_line) == (2, 3)


def test_an_identity_is_shown_as_name_and_version() -> None:
    assert str(identify(_GOOD.encode()).id) == "kelp 1.10.0"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(_GOOD.replace("1.10.0", '"1.10.0"'), id="double quotes"),
        pytest.param(_GOOD.replace("1.10.0", "'1.10.0' # a note"), id="comment"),
        pytest.param(_GOOD.replace("\n", "\r\n"), id="crlf"),
        pytest.param("\ufeff" + _GOOD, id="byte order mark"),
    ],
)
def test_spelling_does_not_count(text: str) -> None:
    assert str(identify(text.encode()).id) == "kelp 1.10.0"


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        pytest.param("", "the file is empty", 1, id="empty"),
        pytest.param("- a\n", "a map of keys", 1, id="a list"),
        pytest.param("name: [\n", "", 2, id="broken YAML"),
        pytest.param("name: a\nname: b\n", "twice", 2, id="duplicate key"),
        pytest.param(_GOOD.replace("name: kelp\n", ""), "name is missing", 1, id="no name"),
        pytest.param(_GOOD.replace("kelp", ""), "name must be a text", 2, id="empty name"),
        pytest.param(_GOOD.replace("kelp", "[a]"), "name must be a text", 2, id="name is a list"),
        pytest.param(
            _GOOD.replace("version: 1.10.0\n", "", 1), "version is missing", 1, id="no version"
        ),
        pytest.param(_GOOD.replace("type: input\n", ""), "type is missing", 1, id="no type"),
        pytest.param(_GOOD.replace("1.10.0", "1.10"), "'1.10' is no semantic version", 3, id="1.10"),
        pytest.param(
            _GOOD.replace("1.10.0", "'1.10.0 '"), "no semantic version", 3, id="trailing blank"
        ),
    ],
)
def test_what_can_not_be_told_is_said_with_its_line(text: str, message: str, line: int) -> None:
    with pytest.raises(ManifestProblemError) as caught:
        identify(text.encode())

    assert message in caught.value.message
    assert caught.value.line == line


# --- what it requires --------------------------------------------------------------------------------


def _required(text: str) -> list[tuple[str, str, str]]:
    return [(r.kind.value, r.name, r.version) for r in identify((_GOOD + text).encode()).requires]


def test_a_manifest_that_requires_nothing_says_so() -> None:
    assert _required("") == []


def test_requirements_are_read_by_what_they_are_used_as() -> None:
    text = (
        "requires:\n  content:\n    - {package: reef, version: ^2.0.0}\n"
        "  input:\n    - package: wrack\n      version: 1.10\n    - {package: eel, version: '0.1.0'}\n"
    )

    assert _required(text) == [
        ("input", "wrack", "1.10"),
        ("input", "eel", "0.1.0"),
        ("content", "reef", "^2.0.0"),
    ]


def test_the_first_of_a_name_counts_for_each_use() -> None:
    two = "[{package: reef, version: 1.0.0}, {package: reef, version: 2.0.0}]"

    assert _required(f"requires:\n  input: {two}\n  content: {two}\n") == [
        ("input", "reef", "1.0.0"),
        ("content", "reef", "1.0.0"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "requires: all\n",
        "requires:\n",
        "requires: [input]\n",
        "requires: {input: reef}\n",
        "requires: {input: {package: reef, version: 1.0.0}}\n",
        "requires: {input: [reef, 1, null, []]}\n",
        "requires: {input: [{package: reef}, {version: 1.0.0}, {package: '', version: 1.0.0}]}\n",
        "requires: {input: [{package: [reef], version: {}}]}\n",
        "requires: {output: [{package: reef, version: 1.0.0}]}\n",
    ],
)
def test_requirements_that_can_not_be_read_are_left_to_validation(text: str) -> None:
    assert _required(text) == []
