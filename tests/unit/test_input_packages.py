"""Integrations that are composed of input packages; all of them are invented."""

from collections.abc import Mapping
from textwrap import dedent

import pytest

from pkgaction.errors import BuildRefusedError, SourceMissingError
from pkgaction.model.tree import Tree
from pkgaction.transforms.copy import copied
from pkgaction.transforms.inputs import with_input_packages
from tests.fakes.sources import MemorySources
from tests.unit.trees import GOOD, MANIFEST, source, tree

_SONAR = """\
name: sonar
title: "Sonar: deep"
description: Listens.
policy_templates:
  - name: p
    input: udp
    template_paths: [one.hbs, two.hbs]
    vars:
      - name: port # which
        type: integer
        show_user: true
      - name: depth
        default: Null
      - name: data_stream.dataset
"""
_FIELDS = "- name: ping # loud\n  type: long\n- name: bed\n  type: keyword\n- name: ping\n  type: ip\n"
_STREAM = "data_stream/bed/manifest.yml"
_OTHER = "data_stream/cove/manifest.yml"
Files = Mapping[str, str]


def _package(**changes: str) -> Tree:
    manifest = _SONAR
    for old, new in changes.items():
        manifest = manifest.replace(old, new)
    files = {"manifest.yml": manifest, "fields/a.yml": _FIELDS}
    return tree({**files, "agent/input/one.hbs": "1", "agent/input/two.hbs": "2"})


_SOURCES = MemorySources(
    packages={("sonar", "1.0.0"): _package(), ("echo", "1.0.0"): _package(sonar="echo")}
)


def _manifest(inputs: str, *names: str) -> str:
    required = "".join(f"    - {{package: {n}, version: 1.0.0}}\n" for n in names or ("sonar",))
    return f"{MANIFEST}requires:\n  input:\n{required}policy_templates:\n{dedent(inputs)}"


_INPUTS = "- name: p\n  inputs:\n    - package: sonar\n"


def _built(files: Files, sources: MemorySources = _SOURCES) -> Tree:
    found = source({**GOOD, "manifest.yml": _manifest(_INPUTS), **files})
    return with_input_packages(copied(found.tree), found, sources)


def _text(made: Tree, path: str) -> str:
    return (made.read(path, limit=1 << 16) or b"").decode()


def test_a_stream_gets_templates_variables_fields_and_the_type() -> None:
    made = _built(
        {_STREAM: "# head\nstreams:\n  # which\n  - package: sonar # it\n    enabled:   false\n"}
    )

    assert _text(made, _STREAM) == dedent("""\
        # head
        streams:
          # which
          - enabled: false
            template_paths:
              - sonar-one.hbs
              - sonar-two.hbs
            vars:
              - name: port
                type: integer
                show_user: false
              - name: depth
                default: null
                show_user: false
            input: udp
            title: "Sonar: deep"
            description: Listens.
        """)
    assert _text(made, "data_stream/bed/agent/stream/sonar-two.hbs") == "2"
    assert _text(made, "data_stream/bed/fields/sonar-fields.yml") == (
        "- name: ping\n  type: long\n- name: bed\n  type: keyword\n"
    )


def test_an_input_gets_what_it_promotes_and_the_streams_get_the_rest() -> None:
    inputs = """\
        - name: p
          data_streams: [bed]
          inputs:
            # above
            - package: sonar
              title: ''
              vars:
                - name: unknown
                - name: port
                  # why
                  default: 9
        """
    stream = "streams:\n  - package: sonar\n"
    made = _built({"manifest.yml": _manifest(inputs), _STREAM: stream, _OTHER: stream})

    assert _text(made, "manifest.yml").endswith(
        dedent("""\
        policy_templates:
          - name: p
            data_streams: [bed]
            inputs:
              # above
              - title: ''
                vars:
                  - name: port
                    type: integer
                    show_user: true
                    default: 9
                type: udp
                description: Listens.
        """)
    )
    assert "name: port" not in _text(made, _STREAM)
    assert "name: port" in _text(made, _OTHER)


def test_an_own_variable_is_merged_into_the_packages_and_others_follow() -> None:
    made = _built(
        {
            _STREAM: "streams:\n  - package: sonar\n    template_path: own.hbs\n    vars:\n"
            "      - name: own # c\n      - {type: text, name: depth}\n"
            "      - name: data_stream.dataset\n"
        }
    )

    assert _text(made, _STREAM).startswith(
        dedent("""\
        streams:
          - vars:
              - name: port
                type: integer
                show_user: false
              - name: depth
                default: null
                type: text
              - name: own
              - name: data_stream.dataset
            template_paths:
              - sonar-one.hbs
              - sonar-two.hbs
              - own.hbs
            input: udp
        """)
    )


def test_of_two_promotions_for_the_same_streams_the_later_one_decides() -> None:
    inputs = """\
        - name: p
          inputs: [{package: sonar, vars: [{name: port}]}]
        - name: q
          inputs: [{package: sonar, vars: [{name: depth}]}]
        """
    made = _text(_built({"manifest.yml": _manifest(inputs)}), "manifest.yml")

    assert made.count("name: depth") == 2
    assert "name: port" not in made


def test_packages_of_one_type_are_referred_to_by_name() -> None:
    inputs = "- name: p\n  inputs:\n    - package: sonar\n    - package: echo\n"
    made = _built(
        {
            "manifest.yml": _manifest(inputs, "sonar", "echo"),
            _STREAM: "streams:\n  - package: sonar\n  - package: echo\n",
        }
    )

    assert "type: udp\n        name: echo\n" in _text(made, "manifest.yml")
    assert "input: sonar\n" in _text(made, _STREAM)
    assert made.get("data_stream/bed/fields/echo-fields.yml") is None  # sonar brought them all


def test_fields_of_the_data_stream_are_not_brought_again() -> None:
    made = _built(
        {_STREAM: "streams:\n  - package: sonar\n", "data_stream/bed/fields/f.yml": "- name: ping\n"}
    )

    assert _text(made, "data_stream/bed/fields/sonar-fields.yml") == "- name: bed\n  type: keyword\n"


def test_a_manifest_that_refers_to_nothing_is_written_again_all_the_same() -> None:
    made = _built({_STREAM: "title:   Bed\nnone: ~\n"})

    assert _text(made, _STREAM) == "title: Bed\nnone: null\n"


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("plain", "plain"),
        ("'a: b'", '"a: b"'),
        ("'a - b'", '"a - b"'),
        ("'off'", '"off"'),
        ("'12:30'", '"12:30"'),
        ("'12:30:45'", "12:30:45"),
        ("'#'", '"#"'),
        ("'x:'", '"x:"'),
        ("'-'", '"-"'),
        ("'1'", '"1"'),
        ("a'b", "a'b"),
    ],
)
def test_a_title_is_quoted_where_the_reference_does(title: str, written: str) -> None:
    package = _package(**{'"Sonar: deep"': title})
    made = _built({}, MemorySources(packages={("sonar", "1.0.0"): package}))

    assert f"title: {written}\n" in _text(made, "manifest.yml")


@pytest.mark.parametrize(
    "files",
    [
        {"manifest.yml": MANIFEST},
        {"manifest.yml": _manifest(_INPUTS).replace("type: integration", "type: input")},
        {"manifest.yml": f"{MANIFEST}requires: {{content: [{{package: sonar, version: 1.0.0}}]}}\n"},
    ],
)
def test_a_package_that_requires_no_input_stays(files: Files) -> None:
    found = source({**GOOD, **files, _STREAM: "title:   Bed\n"})

    assert with_input_packages(found.tree, found, MemorySources()) == found.tree


@pytest.mark.parametrize(
    ("files", "where", "why"),
    [
        ({_STREAM: "streams: [{package: echo}]\n"}, _STREAM, "not required"),
        ({"manifest.yml": _manifest("- inputs: [{package: echo}]\n")}, "manifest.yml", "not required"),
        (
            {"manifest.yml": _manifest("- inputs: []\n"), _STREAM: "streams: [{package: sonar}]\n"},
            _STREAM,
            "which no input",
        ),
        ({_STREAM: "streams: [{package: sonar, vars: [{name: a}, {name: a}]}]\n"}, _STREAM, "twice"),
        ({_STREAM: "- a\n"}, _STREAM, "must be a map"),
        ({_STREAM: ""}, _STREAM, "empty"),
        ({_STREAM: "a: ["}, _STREAM, "not closed"),
        ({_STREAM: "a: {b: }\n"}, _STREAM, "reads back"),
        (
            {"manifest.yml": f"{MANIFEST}requires: {{input: [sonar]}}\n"},
            "manifest.yml",
            "package and version",
        ),
        (
            {_STREAM: "streams: [{package: sonar}]\n", "data_stream/bed/fields/f.yml": "a: ["},
            "data_stream/bed/fields/f.yml",
            "not closed",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(files: Files, where: str, why: str) -> None:
    with pytest.raises(BuildRefusedError, match=why) as caught:
        _built(files)

    assert caught.value.where.startswith(f"packages/kelp/{where}")


@pytest.mark.parametrize(
    ("package", "why"),
    [
        (tree({}), "missing"),
        (tree({"manifest.yml": "- a"}), "no map"),
        (tree({"manifest.yml": "a: ["}), "sonar can't be used"),
        (_package(**{"input: udp": "other: x"}), "no input"),
        (_package(**{"two.hbs": "../../secret"}), "not there"),
    ],
)
def test_a_required_package_that_is_not_whole_fails_the_package(package: Tree, why: str) -> None:
    with pytest.raises(SourceMissingError, match=why):
        _built(
            {_STREAM: "streams: [{package: sonar}]\n"},
            MemorySources(packages={("sonar", "1.0.0"): package}),
        )


def test_what_would_grow_without_bounds_is_refused_before_it_does() -> None:
    variables = "".join(f"      - name: v{number}\n" for number in range(2000))
    package = _package(**{"      - name: port # which\n": f"{variables}      - name: port\n"})
    streams = "streams:\n" + "  - package: sonar\n" * 200

    with pytest.raises(BuildRefusedError, match="taken over"):
        _built({_STREAM: streams}, MemorySources(packages={("sonar", "1.0.0"): package}))


def test_a_required_package_that_can_not_be_had_fails_the_package() -> None:
    with pytest.raises(SourceMissingError, match="sonar"):
        _built({}, MemorySources())
