"""Values made to exhaust a rule: each takes time in proportion to its size, or this would not end."""

import pytest

from pkgaction.rules.rule import check
from pkgaction.rules.semantic.registry import RULES
from tests.unit import kelp
from tests.unit.kelp import MANIFEST, STREAM, places, swap
from tests.unit.trees import Around

_MANY = 8_000
_NAMES = ", ".join(f"n{n}" for n in range(_MANY))
_OBJECTS = ", ".join(f"{{name: n{n}}}" for n in range(_MANY))
_GROUP = f"{{name: g, options: [{{name: o, vars: [{_NAMES}]}}]}}"
_LINKS = ", ".join(["{link: '//" + "[" * 90 + "'}"] * 5_000)
_BED = "data_stream/bed/manifest.yml"
_ENFORCED = "docs_structure_enforced: {enabled: true, version: 1}\n"


def _root(text: str) -> kelp.Files:
    return {"manifest.yml": swap(MANIFEST, ("vars:\n  - name: region\n    type: text\n", text))}


def _template(text: str) -> kelp.Files:
    return {"manifest.yml": swap(MANIFEST, ("    title: Beds\n    data_streams: [bed]\n", text))}


def _docs(text: str) -> kelp.Files:
    return {"validation.yml": _ENFORCED, "docs/README.md": text}


@pytest.mark.parametrize(
    ("rule", "files", "expected"),
    [
        ("variable-groups", _root(f"vars: [{_OBJECTS}]\nvar_groups: [{_GROUP}]\n"), 0),
        (
            "template-categories",
            _template(f"    categories: [{_NAMES}]\n    data_streams: [{_NAMES}, bed]\n"),
            1,
        ),
        (
            "required-variables",
            {
                **_root(f"vars: [{_OBJECTS}]\n"),
                _BED: f"{STREAM}    required_vars: {{g: [{_OBJECTS}]}}\n",
            },
            0,
        ),
        (
            "required-variables",
            {
                **_root(f"vars: [{_OBJECTS}]\n"),
                _BED: "streams:\n" + "- {input: x, required_vars: {g: [{name: a}]}}\n" * _MANY,
            },
            _MANY,
        ),
        (
            "integration-templates",
            {
                _BED: f"streams:\n- template_paths: [{_NAMES}]\n",
                **{f"data_stream/bed/agent/stream/{n}.hbs": "" for n in range(_MANY)},
            },
            _MANY,
        ),
        (
            "deployment-modes",
            {"manifest.yml": MANIFEST + "      - deployment_modes: [x]\n" * _MANY},
            _MANY,
        ),
        (
            "minimum-kibana",
            {"manifest.yml": swap(MANIFEST, ("^8.10.0", "1" * 1_000_000)), "kibana/tags.yml": "[]"},
            0,
        ),
        ("changelog-links", {"changelog.yml": f"- changes: [{_LINKS}]\n"}, 5_000),
        ("docs-structure", _docs("[a]: b\n" * 20_000), 6),
        ("docs-structure", _docs("# " + "[" * 50_000), 6),
        ("docs-structure", _docs("# " + "#" * 1024 * 1024), 1),
        ("kibana-ids", {"kibana/dashboard/a.json": "[" * 100_000}, 1),
        ("unique-fields", {"data_stream/bed/fields/a.yml": "- fields:" + " [{fields:" * 60}, 1),
    ],
)
def test_a_hostile_value_ends(rule: str, files: kelp.Files, expected: int) -> None:
    assert len(places(rule, kelp.package(files))) == expected


def test_all_rules_end_on_a_manifest_of_many_inputs() -> None:
    inputs = "".join(f"      - type: t{n}\n        vars: [{{name: a}}]\n" for n in range(_MANY))

    assert not list(check(RULES, kelp.package({"manifest.yml": MANIFEST + inputs})))


def test_a_name_of_a_megabyte_in_every_finding_takes_no_memory() -> None:
    name = "x" * 1_000_000
    manifest = swap(MANIFEST, ("name: beds", f"name: {name}")) + "        deployment_modes: [a]\n"
    modes = manifest.replace("[a]", f"[{_NAMES}]")
    fields = f"- name: {name}\n  fields: [{_OBJECTS}]\n"
    found = kelp.package({"manifest.yml": modes, "data_stream/bed/fields/a.yml": fields * 2})

    messages = [
        f.message for rule in ("deployment-modes", "unique-fields") for f in kelp.findings(rule, found)
    ]
    assert len(messages) > 2 * _MANY
    assert max(map(len, messages)) < 1_000


def test_sources_outside_the_package_are_looked_up_a_hundred_times_at_most() -> None:
    class Counting(Around):
        asked: list[str] = []  # noqa: RUF012

        def exists(self, path: str) -> bool:
            self.asked.append(path)
            return False

    sources = "".join(f"  - source: ../s{n}\n" * 2 for n in range(300))
    files: kelp.Files = {"_dev/test/config.yml": f"system:\n  requires:\n{sources}"}

    assert len(kelp.findings("test-requires", kelp.package(files, repository=Counting()))) == 600
    assert len(Counting.asked) == 100
