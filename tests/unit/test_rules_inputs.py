"""Policy templates, inputs, required packages: good ones pass, wrong ones are found."""

import pytest

from pkgaction.rules.package import Mode
from tests.unit import kelp
from tests.unit.kelp import MANIFEST, input_, places, root, stream, swap, template
from tests.unit.trees import around, file

MAN, BED, CONFIG = "manifest.yml", "data_stream/bed/manifest.yml", "_dev/test/config.yml"

CASES: list[tuple[str, kelp.Files, list[tuple[str, int]]]] = [
    # deployment modes
    (
        "deployment-modes",
        template("    deployment_modes: {agentless: {enabled: true, release: beta}}\n"),
        [],
    ),
    (
        "deployment-modes",
        template(
            "    deployment_modes:\n      default: {enabled: no}\n      agentless: {release: beta}\n"
        ),
        [(MAN, 21)],
    ),
    ("deployment-modes", input_("        deployment_modes: [default]\n"), []),
    ("deployment-modes", input_("        deployment_modes: [default, agentless]\n"), [(MAN, 22)]),
    ("deployment-modes", input_("        deployment_modes: [agentless]\n"), [(MAN, 16), (MAN, 22)]),
    ("deployment-modes", {MAN: MANIFEST.partition("    inputs:")[0]}, [(MAN, 16)]),
    # deprecation of all inputs
    ("inputs-deprecated", input_("        deprecated: {since: 1.0.0}\n"), [(MAN, 0)]),
    ("inputs-deprecated", input_("        deprecated: ~\n"), []),
    ("inputs-deprecated", {MAN: MANIFEST.partition("policy_templates")[0]}, []),
    # required packages
    (
        "package-references",
        root("requires: {input: [{package: reef, version: 1.0}], content: [{package: x}]}\n"),
        [],
    ),
    ("package-references", root("requires: {input: [{package: reef, version: ^1.0.0}]}\n"), [(MAN, 6)]),
    ("package-references", input_("        package: reef\n"), [(MAN, 22)]),
    ("package-references", stream("    package: reef\n"), [(BED, 8)]),
    (
        "package-references",
        {
            **root("requires: {input: [{package: reef, version: 1.0.0}]}\n"),
            **stream("    package: reef\n"),
        },
        [],
    ),
    (
        "package-references",
        {
            **root("requires: {content: [{package: reef, version: 1.0.0}]}\n"),
            **stream("    package: reef\n"),
        },
        [(BED, 8)],
    ),
]


@pytest.mark.parametrize(("rule", "files", "expected"), CASES)
def test_a_rule_finds_what_is_wrong(
    rule: str, files: kelp.Files, expected: list[tuple[str, int]]
) -> None:
    found = kelp.findings(rule, kelp.package(files))

    assert [(f.file, f.line) for f in found] == expected


def test_all_inputs_may_be_deprecated_where_the_package_is() -> None:
    manifest = swap(
        str(input_("        deprecated: {}\n")[MAN]), ("name: kelp", "name: kelp\ndeprecated: {}")
    )

    assert places("inputs-deprecated", kelp.package({MAN: manifest})) == []


def test_inputs_of_one_type_have_names() -> None:
    second = "      - type: logfile\n        title: More\n"
    same = {MAN: MANIFEST + second}
    named = {
        MAN: swap(MANIFEST, ("type: logfile", "type: logfile\n        name: a"))
        + f"{second}        name: b\n"
    }
    packages = {
        MAN: MANIFEST.replace("type: logfile", "package: a")
        + second.replace("type: logfile", "package: b")
    }

    assert places("input-names", kelp.package(same, mode=Mode.BUILD)) == [(MAN, 20, "SVR00010")]
    assert places("input-names", kelp.package(same, mode=Mode.SOURCE)) == []
    assert places("input-names", kelp.package(named, mode=Mode.BUILD)) == []
    assert len(places("input-names", kelp.package(packages, mode=Mode.LEGACY))) == 1


def test_a_built_package_takes_nothing_from_others() -> None:
    files = {**input_("        package: reef\n"), **stream("    package: reef\n")}

    assert places("bundled-inputs", kelp.package(files, mode=Mode.BUILD)) == [
        (BED, 8, ""),
        (MAN, 22, ""),
    ]
    assert places("bundled-inputs", kelp.package(files)) == []


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        ("{package: reef, version: 1.2.0}", 0),
        ("{package: reef, version: 2.0.0}", 1),
        ("{package: reef, version: latest}", 1),
        ("{package: shells, version: 3.1.0}", 0),
        ("{package: pearl, version: 1.0.0}", 1),
        ("{package: reef}", 0),
        ("{source: ../reef}", 0),
        ("{source: docs}", 0),
        ("{source: .}", 0),
        ("{source: ../pearl}", 1),
        ("{source: /reef}", 1),
        ("{source: ../../../../etc/passwd}", 1),
    ],
)
@pytest.mark.parametrize("case", [CONFIG, "data_stream/bed/_dev/test/policy/test-a.yml"])
def test_a_test_requires_what_the_package_requires(requires: str, expected: int, case: str) -> None:
    manifest = root(
        "requires:\n  input: [{package: reef, version: 1.2.0}]\n"
        "  content: [{package: shells, version: ^3.0}]\n"
    )
    text = f"system:\n  requires:\n  - {requires}\n" if case == CONFIG else f"requires:\n- {requires}\n"
    there = around(file("packages/reef/manifest.yml", ""))
    files: kelp.Files = {**manifest, case: text}

    assert [f for f, _, _ in places("test-requires", kelp.package(files, repository=there))] == [
        case
    ] * expected
    assert places("test-requires", kelp.package(files, mode=Mode.BUILD, repository=there)) == []
