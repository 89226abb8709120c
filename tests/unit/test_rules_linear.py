"""No rule takes more than twice the steps for twice the package: steps are counted, time is not.

A step is a line of Python that runs, in a rule or in what it calls. What a call into C does is no step:
of regular expressions `test_patterns_linear` says that they do not go back.
"""

import json
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

import pytest
from jsonschema import FormatChecker

from pkgaction.entry import acceptance, make
from pkgaction.model import yamltext
from pkgaction.model.finding import Finding
from pkgaction.model.yamljson import Value
from pkgaction.rules import core, reader, sizes
from pkgaction.rules.package import Mode, Package
from pkgaction.rules.semantic.registry import RULES
from pkgaction.rules.spec import validator
from tests.fakes import specification
from tests.unit import kelp, trees
from tests.unit.kelp import CHANGELOG, FIELDS, MANIFEST, PIPELINE, STREAM, swap

if TYPE_CHECKING:
    from _typeshed import TraceFunction

_Check = Callable[[Package], Iterator[Finding]]

_SMALL = 24  # of each thing; the steps of twice and of four times as many are compared
_MOST = 2.25  # times as many steps for twice the package; what is sorted costs a little more
_GROWS = 1.5

# These look at a number of values that no package can make larger, at one value through C alone, or at
# the first of many.
_CONSTANT = {
    *("agent-version", "prerelease", "name", "name_is_the_folders", "version"),
    *("package_type", "format_version", "title", "owner", "readme", "security-capability", "counts"),
}


def _manifest(n: int, *, wrong: bool) -> str:
    """A manifest of `n` of each thing that it may list."""
    variables = "".join(
        f"{{name: v{i}, type: duration, min_duration: 2s, default: {'1s' if wrong else '3s'}, section: "
        f"s{i}, deprecated: {{replaced_by: {{x: y}}}}}}, {{name: use_apm, type: text}}, "
        for i in range(n)
    )
    sections = "".join(f"{{name: s{0 if wrong else i}}}, " for i in range(n))
    names = ", ".join(f"v{i}{'x' if wrong else ''}" for i in range(n))
    groups = f"{{name: g, options: [{{name: o, vars: [{names}]}}]}}, "
    groups += "{name: g, options: [{name: o, vars: [v1]}, {name: o}]}, " * n
    required = "{g: [" + ", ".join(f"{{name: v{i}}}" for i in range(n)) + "]}"
    scope = f"vars: [{variables}], sections: [{sections}]"
    inputs = "".join(
        f"{{type: t{i % 2}, title: T, package: p{i}, template_path: a{i}.hbs, deployment_modes: [x, y], "
        f"dynamic_signal_types: true, deprecated: {{replaced_by: {{x: y}}}}}}, "
        for i in range(n)
    )
    first = f"{{type: t, title: T, {scope}, required_vars: {required}}}, "
    streams = ", ".join(f"bed{i}" for i in range(n))
    more = "".join(f"- {{name: m{i}, categories: [iam, crm], {_TEMPLATE}}}\n  " for i in range(n))
    template = (
        f"policy_templates:\n  - {{name: beds, categories: [siem, iam], data_streams: [{streams}], "
        f"{_TEMPLATE}, inputs: [{first}{inputs}]}}\n  {more}"
    )
    head = swap(MANIFEST[: MANIFEST.index("vars:")], ("3.6.6", "4.0.0"))  # as the small specification
    packages = ", ".join(f"{{package: p{i}, version: {i}}}" for i in range(0, n, 2))
    return (
        f"{head}vars: [{variables}]\nsections: [{sections}]\nvar_groups: [{groups}]\n"
        f"requires: {{input: [{packages}], content: [{packages}]}}\n{template}\n"
    )


_TEMPLATE = "deployment_modes: {agentless: {enabled: true}}, template_paths: [a.hbs, b.hbs]"


def _stream(i: int, *, wrong: bool) -> str:
    text = STREAM if wrong else swap(STREAM, ("kelp.bed", f"kelp.bed{i}"))
    return (
        f"{text}    package: p{i}\n    required_vars: {{g: [{{name: v{i}}}]}}\n"
        "    dynamic_signal_types: true\n"
        f"ilm_policy: x{i}\nelasticsearch:\n  index_mode: time_series\n"
        f"  index_template: {{mappings: {{dynamic_templates: [{{_embedded_ecs_{i}: {{}}}}]}}}}\n"
    )


def _fields(n: int, *, wrong: bool) -> str:
    one = (
        "- name: a{0}\n  type: group\n  unit: x\n  fields: [{{name: b, type: text, dimension: true}}]\n"
    )
    other = "- {{name: c{0}, type: text, external: ecs, date_format: x}}\n"
    other = other.replace("text,", "text, runtime: true,") if wrong else other
    return FIELDS + "".join((one + other).format(i) for i in range(n))


def _object(n: int, i: int) -> str:
    panel = {"type": "visualization", "embeddableConfig": {"savedVis": {"type": "pie", "title": "x"}}}
    references = [{"id": f"d{j}x", "type": "lens", "name": "n"} for j in range(2 if i else n)]
    attributes = {
        "title": "x",
        "name": f"t{i // 2}",
        "panelsJSON": json.dumps([panel] * (2 if i else n)),
    }
    kinds = ("dashboard", "tag", "visualization")
    return json.dumps(
        {"id": f"o{i}", "type": kinds[i % 3], "references": references, "attributes": attributes}
    )


def _package(n: int, *, wrong: bool, type_: str, mode: Mode) -> Package:
    """A package of `n` of everything that rules look at, or of `n` mistakes in each."""
    files: dict[str, str | bytes | None] = {
        "manifest.yml": swap(_manifest(n, wrong=wrong), ("type: integration", f"type: {type_}")),
        "changelog.yml": CHANGELOG
        + "".join(
            f"- version: 0.{i}.0\n  changes: [{{link: https://github.com/x}}]\n" for i in range(n, 0, -1)
        ),
        "validation.yml": "docs_structure_enforced: {enabled: true, version: 1}\n",
        "kibana/tags.yml": "".join(f"- text: t{i // 2}\n" for i in range(n)),
        "_dev/test/config.yml": "system: {requires: ["
        + ", ".join(f"{{package: p{i}, version: 1.0.{i}}}, {{source: a{i}}}" for i in range(n))
        + "]}\n",
        "elasticsearch/ingest_pipeline/all.yml": _pipeline(n),
        "agent/input/long.hbs": "{{#each a as |b|}} x {{/each}}\n" * n,
    }
    for i in range(n):
        bed = f"data_stream/bed{i}"
        files |= {
            f"{bed}/manifest.yml": _stream(i, wrong=wrong),
            f"{bed}/routing_rules.yml": "- target_dataset: x\n",
            f"{bed}/fields/a.yml": _fields(4, wrong=wrong),
            f"{bed}/agent/stream/other.yml.hbs": "{{#if a}}",
            f"{bed}/elasticsearch/ingest_pipeline/default.yml": _pipeline(2),
            f"{bed}/sample_event.json": b"\xff",
            f"{bed}/_dev/test/system/test-a-config.yml": "requires: [{source: x}]\n",
            f"docs/page{i}.md": "# Overview\n\n## Troubleshooting\n",
            f"_dev/build/docs/page{i}.md": "# x\n",
            f"_dev/build/docs/page{i}.md.link": "x y\n",
            f"kibana/dashboard/o{i}.json": _object(n, i),
            f"kibana/tag/o{i}.json": _object(2, i),
            f"kibana/visualization/o{i}.json": _object(2, i),
            f"kibana/security_rule/o{i}.json": _object(2, i),
            f"elasticsearch/transform/t{i}/transform.yml": "a: b\n",
            f"docs/build/left{i}.md": "x",
            f"agent/input/a{i}.hbs": "{{a}}",
            f"unknown-{i}.txt": "x",
            f"lamps/kelp-{i}.yml": "---\nwatts: x\n",
            f"lamps/on{i}.json": json.dumps({f"a{j}": j for j in range(4)}),
            f"lamps/sub{i}/x": "x",
            f"img/A{i}.svg": "x",
            f"img/a{i}.svg": "x",
        }
    files["data_stream/bed0/fields/many.yml"] = _fields(n, wrong=wrong) * (2 if wrong else 1)
    return kelp.package(files, mode=mode)


def _pipeline(n: int) -> str:
    processor = "  - set: {{field: a{0}, value: 1, on_failure: [{{fail: {{message: x}}}}]}}\n"
    more = "".join(processor.format(i) for i in range(n))
    failing = "".join(f"  - remove: {{field: a{i}}}\n" for i in range(n))
    return swap(PIPELINE, ("on_failure:\n", f"{more}on_failure:\n{failing}"))


def _steps(check: _Check, package: Package) -> int:
    """The lines that run. The files are read before: that is no matter of the rule."""
    for _ in check(package):
        pass
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> "TraceFunction":
        nonlocal count
        del frame, arg
        count += event in {"line", "call"}
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        for _ in check(package):
            pass
    finally:
        sys.settrace(before)
    return count


_MADE: dict[tuple[object, ...], Package] = {}


def _made(n: int, *, wrong: bool, type_: str, mode: Mode) -> Package:
    key = n, wrong, type_, mode
    if key not in _MADE:
        _MADE[key] = _package(n, wrong=wrong, type_=type_, mode=mode)
    return _MADE[key]


_SPECIFICATION = specification.make(
    {
        path: text.replace("Limit: ", "Limit: 1000000").replace("KB", "B")
        for path, text in specification.FILES.items()
        if path.endswith("/spec.yml")
    }
)


def _walk(package: Package) -> Iterator[Finding]:
    """All of the specification's folders and schemas, without the rules."""
    return _SPECIFICATION.check(package)


_CHECKS: list[tuple[str, _Check, str, Mode]] = [
    *(
        (
            rule.id,
            rule.check,
            "integration" if "integration" in rule.types else min(rule.types),
            Mode.SOURCE if Mode.SOURCE in rule.modes else min(rule.modes),
        )
        for rule in RULES
    ),
    *((rule.__name__, rule, "integration", Mode.SOURCE) for rule in core.CORE),
    ("specification", _walk, "integration", Mode.SOURCE),
]


@pytest.mark.parametrize(("name", "check", "type_", "mode"), _CHECKS, ids=[one[0] for one in _CHECKS])
def test_twice_the_package_takes_twice_the_steps(
    name: str, check: _Check, type_: str, mode: Mode
) -> None:
    grown = False
    for wrong in (False, True):
        steps = [
            _steps(check, _made(_SMALL * times, wrong=wrong, type_=type_, mode=mode))
            for times in (1, 2, 4)
        ]
        assert steps[1] <= _MOST * steps[0], steps
        assert steps[2] <= _MOST * steps[1], steps
        grown = grown or steps[2] > _GROWS * steps[1]

    assert grown is (name not in _CONSTANT), "make the packages here larger where the rule looks"


def test_a_rule_that_compares_everything_with_everything_is_found() -> None:
    def quadratic(package: Package) -> Iterator[Finding]:
        for one in package.tree.files:
            for other in package.tree.files:
                if one.path == other.path[::-1]:
                    yield from ()

    one, two = (
        _steps(quadratic, _made(n, wrong=False, type_="integration", mode=Mode.SOURCE))
        for n in (_SMALL, 2 * _SMALL)
    )
    assert two > 3 * one


_LAMPS = """\
spec:
  contents:
  - type: folder
    pattern: '^bay[0-9]+$'
    contents: [{type: file, name: light.md, required: true}]
"""


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"lamps/other{}.txt": "x"}, id="entries that are not allowed"),
        pytest.param({"lamps/bay{}/x": "x", "_dev/build/docs/p{}.md": "x"}, id="what will be built"),
    ],
)
def test_a_folder_is_not_gone_through_for_each_of_its_entries(files: dict[str, str]) -> None:
    walk = specification.make(
        {
            "integration/spec.yml": specification.FILES["integration/spec.yml"]
            .replace("Limit: ", "Limit: 1000000")
            .replace("KB", "B"),
            "integration/lamps/spec.yml": _LAMPS,
        }
    )
    manifest = swap(MANIFEST, ("3.6.6", "4.0.0"))

    def made(n: int) -> Package:
        many: dict[str, str | bytes | None] = {
            path.format(i): text for path, text in files.items() for i in range(n)
        }
        return kelp.package({"manifest.yml": manifest, **many})

    one, two = _steps(walk.check, made(600)), _steps(walk.check, made(1_200))
    assert two <= _MOST * one


def test_an_entry_is_made_and_checked_without_going_through_all_files_for_each_of_its_parts() -> None:
    def made(n: int) -> Package:
        icons = "".join(f"  - {{src: /img/i{i}}}\n" for i in range(n))
        templates = "".join(f"  - {{name: t{i}, title: T, description: D}}\n" for i in range(n))
        manifest = f"{trees.MANIFEST}icons:\n{icons}policy_templates:\n{templates}"
        files: dict[str, str | bytes | None] = {"manifest.yml": manifest, "docs/README.md": "x"}
        for i in range(n):
            stream = f"data_stream/s{i}"
            files |= {
                f"{stream}/manifest.yml": "title: T\ntype: logs\n",
                f"{stream}/elasticsearch/ingest_pipeline/default.yml": "processors: []\n",
                f"img/i{i}/x": "x",
                f"kibana/dashboard/d{i}.json": "{}",
            }
        return kelp.package(files)

    def check(package: Package) -> Iterator[Finding]:
        yield from acceptance.findings(package.tree)

    assert len(make(made(20).tree)["data_streams"]) > 20  # type: ignore[arg-type]
    one, two = _steps(check, made(200)), _steps(check, made(400))
    assert two <= _MOST * one


def test_whether_elements_are_unique_is_no_matter_of_pairs() -> None:
    schema: dict[str, Value] = {"uniqueItems": True}

    def wrong(values: Value) -> bool:
        return bool(validator.errors(schema, values, FormatChecker(()), 10)[0])

    def check(package: Package) -> Iterator[Finding]:
        values: list[Value] = [{"a": len(path), "b": path} for path in package.folders]
        assert not wrong(values)
        yield from ()

    small, large = (kelp.package({f"a{i}/x": "" for i in range(n)}) for n in (200, 400))
    assert _steps(check, large) <= _MOST * _steps(check, small)
    assert wrong([{"a": 1, "b": [2]}, "x", {"b": [2.0], "a": 1}])
    assert wrong([1, 1.0])
    assert not wrong([1, True, "1", None, [1], {"a": 1}, {"a": True}])


def test_aliases_write_out_no_more_text_than_a_file_may_have() -> None:
    many = f"a: &a '{'x' * 100_000}'\nb: [{'*a, ' * 300}]\n".encode()

    with pytest.raises(yamltext.YamlProblemError, match="characters, aliases written out"):
        yamltext.load(many)
    assert yamltext.load(many.replace(b"*a, " * 200, b"")) is not None


def test_files_of_aliases_are_read_until_a_package_has_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_VALUES", 1_000)
    many = (
        "a: &a [1, 1, 1, 1, 1, 1]\nb: &b [*a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b]\n"  # 230 values
    )
    package = kelp.package({f"data_stream/bed/fields/{i}.yml": many for i in range(9)})

    for i in range(9):
        package.yaml(f"data_stream/bed/fields/{i}.yml")

    (told,) = package.unreadable()
    assert "more than 1000 values" in told.message


def test_a_name_beyond_all_measure_is_not_repeated_for_each_file() -> None:
    package = kelp.package({"manifest.yml": swap(MANIFEST, ("name: kelp", f"name: {'k' * 100_000}"))})

    assert len(package.name) == 1024
    assert "name-invalid" in {one.code for one in core.check(package)}


def test_a_path_of_many_folders_is_refused_and_has_no_folders() -> None:
    deep = "a/" * 65 + "b"
    package = kelp.package({deep: "x", deep[2:]: "x"})

    assert len([folder for folder in package.folders if folder.startswith("a")]) == 64
    assert [one.file for one in sizes.object_names(package)] == [deep]
