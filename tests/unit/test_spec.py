"""The interpreter of a specification, on an invented one: folders, links, sizes, versions, schemas."""

import hashlib
from collections.abc import Mapping

import pytest

from pkgaction.errors import SpecificationError
from pkgaction.model.finding import errors
from pkgaction.model.tree import Kind
from pkgaction.rules.package import Mode, Package
from pkgaction.stages import validate
from tests.fakes import specification
from tests.unit.trees import CHANGELOG, around, file, source, tree

_LAMP = "lamps/kelp-red.yml"
_SPEC = specification.make()
_TARGET = b"---\nwatts: 3\n"


def _manifest(version: str = "4.0.0", more: str = "", package: str = "1.2.0") -> str:
    return (
        f"format_version: {version}\nname: kelp\ntitle: x\nversion: {package}\ntype: integration\n{more}"
    )


def _package(
    files: Mapping[str, str | bytes], mode: Mode = Mode.SOURCE, manifest: str = _manifest()
) -> Package:
    usual = {"manifest.yml": manifest, "changelog.yml": CHANGELOG, "docs/README.md": "# Kelp\n"}
    whole = {path: text for path, text in {**usual, **files}.items() if text != "gone"}
    return Package(source(whole, around(file("shared/lamp.yml", _TARGET))), mode)


def _found(
    files: Mapping[str, str | bytes], mode: Mode = Mode.SOURCE, manifest: str = _manifest()
) -> list[tuple[str, str]]:
    return [(f.file, f.code) for f in _SPEC.check(_package(files, mode, manifest))]


def _schema(text: str) -> list[tuple[int, str]]:
    files = {_LAMP: f"---\n{text}\n", "lamps/ab/x": ""}
    return [(f.line, f.message) for f in _SPEC.check(_package(files))]


def test_a_package_as_it_should_be_has_no_findings() -> None:
    assert _found({_LAMP: "---\nwatts: 3\n", "lamps/ab/any": "x", "anything.txt": ""}) == []


@pytest.mark.parametrize(
    ("files", "found"),
    [
        pytest.param({"changelog.yml": "gone"}, ("changelog.yml", "item-missing"), id="missing file"),
        pytest.param({"docs/README.md": "gone"}, ("docs", "item-missing"), id="missing folder"),
        pytest.param(
            {"docs/README.md": "gone", "docs": "x"}, ("docs", "folder-expected"), id="file for folder"
        ),
        pytest.param({"docs/x.md": ""}, ("docs/x.md", "item-not-allowed"), id="unknown"),
        pytest.param({"a-b/x": ""}, ("a-b", "folder-with-a-dash"), id="dash"),
        pytest.param({"lamps/ab": "x"}, ("lamps/ab", "folder-expected"), id="kind"),
        pytest.param(
            {"lamps/kelp-off.yml": "---\n", "lamps/ab/x": ""},
            ("lamps/kelp-off.yml", "item-not-allowed"),
            id="forbidden",
        ),
        pytest.param({"lamps/kelp-x.yml": "---\n{}\n"}, ("lamps", "item-missing"), id="nested"),
        pytest.param(
            {"lamps/x.json.link": "", "lamps/ab/x": ""},
            ("lamps/x.json.link", "link-not-allowed"),
            id="link",
        ),
        pytest.param(
            {_LAMP: "a: 1\n", "lamps/ab/x": ""}, (_LAMP, "file-refused"), id="no dashes"
        ),
        pytest.param({"docs/README.md": ""}, ("docs/README.md", "file-refused"), id="empty"),
        pytest.param({"docs/README.md": "x" * 1025}, ("docs/README.md", "file-refused"), id="large"),
        pytest.param(
            {"changelog.yml": "#" * 800}, ("changelog.yml", "file-refused"), id="large YAML"
        ),
        pytest.param(
            {"lamps/x.json": "{", "lamps/ab/x": ""}, ("lamps/x.json", "file-unreadable"), id="no JSON"
        ),
        pytest.param(
            {_LAMP: "---\na: 1\na: 2\n", "lamps/ab/x": ""}, (_LAMP, "key-doubled"), id="twice"
        ),
        pytest.param(
            {_LAMP: "---\n1: x\n", "lamps/ab/x": ""}, (_LAMP, "file-unreadable"), id="key"
        ),
        pytest.param(
            {_LAMP: "---\nwatts: .inf\n", "lamps/ab/x": ""}, (_LAMP, "file-unreadable"), id="infinity"
        ),
        pytest.param(
            {f"docs/{n}.md": "" for n in range(41)}, ("docs", "too-many-entries"), id="too many"
        ),
        pytest.param(
            {f"lamps/{n}.json": "" for n in range(6)}, ("lamps", "too-many-entries"), id="own limit"
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_folder(files: Mapping[str, str], found: tuple[str, str]) -> None:
    assert found in _found(files)


def test_the_size_of_a_folder_is_that_of_its_items() -> None:
    files = {f"lamps/{n}.json": f'{{"watts": {n}{" " * 700}}}' for n in range(1, 4)}

    assert ("lamps", "folder-too-large") in _found({**files, "lamps/ab/x": ""})
    assert _found({"_dev/big.bin": "x" * 900, "_dev/unknown": "x" * 5000}) == []


@pytest.mark.parametrize(
    ("mode", "found"),
    [
        (Mode.SOURCE, []),
        (Mode.LEGACY, []),
        (Mode.BUILD, [("_dev", "item-of-another-mode"), (f"{_LAMP}.link", "link-in-a-built-package")]),
    ],
)
def test_links_and_development_files_are_in_no_built_package(
    mode: Mode, found: list[tuple[str, str]]
) -> None:
    link = f"../../../shared/lamp.yml {hashlib.sha256(_TARGET).hexdigest()}\n"

    assert _found({f"{_LAMP}.link": link, "_dev/a-b/x": "", "lamps/ab/x": ""}, mode) == found


def test_a_link_is_checked_as_what_it_names() -> None:
    link = f"../../../shared/lamp.yml {'0' * 64}\n"

    found = _found({f"{_LAMP}.link": link, "lamps/ab/x": ""})

    assert found == [(f"{_LAMP}.link", "file-unreadable")]


def test_a_folder_in_beta_is_for_packages_that_are_no_release() -> None:
    assert _found({"fog/x": ""}) == [("fog", "beta-in-a-released-package")]
    (finding,) = _SPEC.check(_package({"fog/x": ""}, manifest=_manifest(package="1.2.0-beta.1")))
    assert finding.official == "PSR00002"


def test_an_older_format_has_what_it_had() -> None:
    """`lamps` came with 4.0.0; before, it is any other folder."""
    assert _found({"lamps/x-y": ""}, manifest=_manifest("3.1.0")) == []
    assert _found({"lamps/x-y": ""}) == [
        ("lamps/x-y", "item-not-allowed"), ("lamps", "item-missing")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("4.1.0", [("manifest.yml", "format-version-unreleased")]),
        ("4.1.0-next", [("manifest.yml", "format-version-unknown")]),
        ("4.0.1", [("manifest.yml", "format-version-unknown")]),
        ("4", []),
        ("4.0.0+x", []),
        ("four", [("manifest.yml", "format-version-invalid")]),
        ("''", [("manifest.yml", "format-version-invalid")]),
    ],
)
def test_the_format_version_is_one_of_the_specification(
    version: str, found: list[tuple[str, str]]
) -> None:
    assert _found({}, manifest=_manifest(version)) == found


def test_an_unreleased_format_is_for_prereleases() -> None:
    assert _found({}, manifest=_manifest("4.1.0", package="1.2.0-beta.1")) == []
    (finding,) = _SPEC.check(_package({}, manifest=_manifest("4.1.0")))
    assert finding.official == "PSR00001"


@pytest.mark.parametrize(
    ("manifest", "code"),
    [
        ("gone", "manifest-missing"),
        ("a: [", "manifest-unreadable"),
        (_manifest().replace("integration", "../integration"), "type-unsupported"),
        (_manifest().replace("integration", "ship"), "type-unsupported"),
        (_manifest().replace("type: integration", "type: ~"), "type-missing"),
        (_manifest(package="one"), "version-invalid"),
    ],
)
def test_without_an_identity_nothing_else_is_checked(manifest: str, code: str) -> None:
    files = {"a-b/x": ""}

    assert _found(files, manifest=manifest) == [("manifest.yml", code)]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("watts: no", 2, "watts: the value must be of type integer, it is of type string"),
        ("watts: 0", 2, "watts: the value must be 1 at least"),
        ("wats: 1", 2, "wats is not known here (did you mean watts?)"),
        ("colour: blue", 2, 'colour: "blue" must be one of "red", "white", 1'),
        ("colour: true", 2, 'colour: true must be one of "red", "white", 1'),
        ("keeper: Anna", 2, 'keeper: "Anna" must match the pattern ^[a-z]+$'),
        ('keeper: "anna\\n"', 2, 'keeper: "anna\\n" must match the pattern ^[a-z]+$'),
        ("below:\n  below:\n    watts: 0", 4, "below.below.watts: the value must be 1 at least"),
        ("_x: 1", 2, "_x: this must not be here"),
        ("either: {a: 1}", 2, "either.a: the value must be of type string, it is of type integer"),
        ("either: {}", 2, "either: a is missing"),
        ("lights: [{}, {on: no}]", 2, 'lights.1.on: "no" must be true'),
        ("when: {night: 1}", 2, "when: lit is missing"),
        ("when: {a: 1, b: 1}", 2, "when: there may be 1 keys at most"),
        ("secret: {}", 2, "secret: this variable may be a secret: set secret to true or false"),
        ("any: []", 2, "any: the value must be of type string, it is of type array"),
        ("forms: {x_a: 1}", 2, "forms.x_a: the value must be of type string, it is of type integer"),
        ("forms: {y: z}", 2, "forms.y: the value must be of type integer, it is of type string"),
    ],
)
def test_an_error_of_a_schema_says_what_and_where(text: str, line: int, says: str) -> None:
    assert _schema(text) == [(line, says)]


@pytest.mark.parametrize(
    "text",
    [
        "watts: 1.0",
        "watts: 1e3",
        "colour: 1.0",
        "either: {a: x, b: 1}",
        "lights: []",
        "any: 1",
        "when: {}",
    ],
)
def test_what_the_official_validator_lets_pass(text: str) -> None:
    """Whole numbers in any form; two alternatives of a oneOf; contains on an empty list."""
    assert _schema(text) == []


def test_a_schema_is_that_of_the_format_version() -> None:
    old = _manifest("3.1.0", "lamps: x\n")
    spec = specification.make(
        {"integration/spec.yml": specification.FILES["integration/spec.yml"].split("versions:")[0]}
    )

    def found(version: str, lamp: str) -> int:
        files = {_LAMP: f"---\n{lamp}\n", "lamps/ab/x": ""}
        return len(list(spec.check(_package(files, manifest=old.replace("3.1.0", version)))))

    assert [found(v, "old: true") for v in ("4.0.0", "3.1.0", "2.9.0")] == [1, 0, 0]
    assert [found(v, "watts: 1") for v in ("4.0.0", "3.1.0", "2.9.0")] == [0, 0, 1]


@pytest.mark.parametrize(("version", "count"), [("2.9.0", 0), ("3.1.0", 1)])
def test_dotted_keys_are_nested_ones_in_old_formats_alone(version: str, count: int) -> None:
    dotted = _manifest(version, "conditions:\n  kibana.version: ^8.0.0\n")

    assert len(_found({}, manifest=dotted)) == count


def test_dotted_keys_that_collide_are_refused() -> None:
    broken = _manifest("2.9.0", "conditions:\n  kibana: x\n  kibana.version: y\n")

    assert _found({}, manifest=broken) == [("manifest.yml", "manifest-unreadable")]


@pytest.mark.parametrize(
    ("icon", "count"),
    [
        ("docs/README.md", 0),
        ("/docs/README.md", 0),
        ("docs", 0),
        ("", 0),
        ("docs/../docs", 0),
        ("nowhere.svg", 1),
        ("../kelp", 1),
        ("large.svg", 1),
    ],
)
def test_a_relative_path_leads_to_something_in_the_package(icon: str, count: int) -> None:
    manifest = _manifest(more=f"icon: '{icon}'\n")

    assert len(_found({"large.svg": "x" * 21}, manifest=manifest)) == count


@pytest.mark.parametrize(("stream", "count"), [("glow", 0), ("glo", 1), ("../docs", 0), ("../..", 1)])
def test_a_data_stream_that_is_named_is_there(stream: str, count: int) -> None:
    manifest = _manifest(more=f"stream: {stream}\n")

    assert len(_found({"data_stream/glow/x": ""}, manifest=manifest)) == count


def test_a_finding_links_to_the_schema_that_says_so() -> None:
    (finding,) = _SPEC.check(_package({}, manifest=_manifest().replace("title: x\n", "")))

    assert finding.link == f"{specification.ADDRESS}/integration/manifest.spec.yml"


@pytest.mark.parametrize("name", ["(", "\udcff", "a" * 255, "[[", "(a+)+$" * 40])
def test_a_hostile_name_is_a_finding_and_takes_no_time(name: str) -> None:
    files = tree({"manifest.yml": _manifest()}, file(f"lamps/{name}.yml", b"---\n"))

    found = [f.code for f in _SPEC.check(Package(source(files)))]

    assert "item-not-allowed" in found


def test_what_is_nested_too_deeply_to_be_checked_is_a_finding() -> None:
    text = specification.FILES["integration/spec.yml"].replace("sizeLimit: 1KB", "sizeLimit: 1MB")
    deep = '{"below":' * 900 + "1" + "}" * 900
    files = {"lamps/x.json": deep, "lamps/ab/x": ""}

    found = list(specification.make({"integration/spec.yml": text}).check(_package(files)))

    assert ("lamps/x.json", "file-unreadable") in [(f.file, f.code) for f in found]


def test_a_symbolic_link_is_read_as_nothing() -> None:
    files = tree({"manifest.yml": _manifest()}, file("changelog.yml", kind=Kind.SYMLINK))

    assert "file-unreadable" in [f.code for f in _SPEC.check(Package(source(files)))]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("changelog.yml", "a: ["),
        ("integration/spec.yml", "- a"),
        ("integration/spec.yml", "spec: {contents: [1]}"),
        ("integration/spec.yml", "spec: {contents: 1}"),
        ("integration/spec.yml", "spec: {sizeLimit: many}"),
        (
            "integration/spec.yml",
            "spec: {}\nversions: [{before: 9.0.0, patch: [{op: remove, path: /x}]}]",
        ),
        ("integration/spec.yml", "spec: {}\nversions: [{before: 9.0.0}]"),
        ("integration/spec.yml", "spec: {contents: [{type: folder, $ref: ./gone.yml}]}"),
        ("integration/manifest.spec.yml", "spec: {$ref: '#/gone'}"),
        ("integration/manifest.spec.yml", "spec: {items: {$ref: 'gone.yml#/x'}}"),
    ],
)
def test_a_broken_specification_is_nobodys_package(path: str, text: str) -> None:
    with pytest.raises(SpecificationError, match="broken"):
        list(specification.make({path: text}).check(_package({})))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("9.9.9", "goes to 4.0.0: raise package-spec, or use an older format_version"),
        ("4.2", "goes to 4.0.0: raise package-spec, or use an older format_version"),
        ("9.0.0-rc.1", "goes to 4.0.0: raise package-spec"),
        ("4.0.0-beta.1", "has a prerelease tag: write 4.0.0"),
        ("4.1.0-next", "goes to 4.0.0: raise package-spec"),  # 4.1.0 is for prerelease versions
        ("1.0.0", "begins at 2.9.0: use a newer format_version"),
        ("3.2.0", "is not known: use 4.0.0, or 3.1.0"),
        ("abc", "format_version 'abc' is not a version: write one, as 3.1.0"),
        ("[3]", "format_version must be a text: write one, as 3.1.0"),
        ("", "format_version is missing: add one, as 3.1.0"),
    ],
)
def test_a_format_that_is_not_there_is_one_finding_that_says_which_are(written: str, says: str) -> None:
    found = validate.findings(_package({}, manifest=_manifest(written)).source, _SPEC)

    told = [one for one in errors(found) if one.code != "owner-missing"]
    assert [one.file for one in told] == ["manifest.yml"]
    assert says in told[0].message


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("lamps/red.yml", "kelp-red.yml"),
        ("lamps/kelb-red.yml", "kelp-red.yml"),
        ("lamps/kelp_red.yml", "kelp-red.yml"),
        ("lamps/kelp.red.yml", "kelp-red.yml"),
        ("lamps/kelp-red.yaml", "kelp-red.yml"),
        ("lamps/Kelp-Red.yml", "kelp-red.yml"),
        ("docs/Readme.md", ""),  # the one that it should be is there
        ("docs/unlike-any.txt", ""),
    ],
)
def test_a_name_that_may_not_be_there_comes_with_the_one_that_it_should_be(path: str, name: str) -> None:
    (found,) = _SPEC.check(_package({path: "---\nwatts: 3\n", "lamps/ab/x": ""}))

    assert "PACKAGE_NAME" not in found.message
    assert found.message.partition(": rename it to ")[2] == name
