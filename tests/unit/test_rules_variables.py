"""Variables: good ones pass, wrong ones are found where they stand."""

import pytest

from tests.unit import kelp
from tests.unit.kelp import INPUT, MANIFEST, STREAM, Place, input_, places, root, stream, swap, template

MAN, BED = "manifest.yml", "data_stream/bed/manifest.yml"
OTEL = swap(STREAM, ("input: logfile", "input: otelcol"))

SECTION = "sections: [{name: s}]\n"
CASES: list[tuple[str, kelp.Files, list[tuple[str, int]]]] = [
    # sections: defined once, in the same scope
    ("sections", root(SECTION), []),
    ("sections", root("sections:\n- name: s\n- name: s\n"), [(MAN, 8)]),
    (
        "sections",
        {MAN: swap(MANIFEST, ("    type: text\npolicy", "    section: s\npolicy"))},
        [(MAN, 14)],
    ),
    ("sections", {MAN: swap(root(SECTION)[MAN], ("type: text\npolicy", "section: s\npolicy"))}, []),
    (
        "sections",
        {MAN: swap(root(SECTION)[MAN], ("            type: text", "            section: s"))},
        [(MAN, 25)],
    ),
    ("sections", {BED: swap(STREAM, ("        type: text", "        section: s"))}, [(BED, 10)]),
    # durations: the default lies between the limits
    ("durations", root("x:\n"), []),
    *(
        (
            "durations",
            {BED: swap(STREAM, ("        type: text", f"        type: duration\n        {text}"))},
            found,
        )
        for text, found in (
            ("min_duration: 1s\n        max_duration: 1m\n        default: 30s", []),
            ("min_duration: -1s", [(BED, 11)]),
            ("min_duration: 1m\n        default: 59s", [(BED, 12)]),
            ("max_duration: 1m\n        default: 1h", [(BED, 12)]),
            ("min_duration: 1m\n        max_duration: 1s", [(BED, 11)]),
            ("default: 1", [(BED, 11)]),
            ("default: 1 day", [(BED, 11)]),
            ("default: [1s]", [(BED, 11)]),
            ("default:", []),
        )
    ),
    # dynamic signal types: the OpenTelemetry collector alone
    ("dynamic-signal-types", input_("        dynamic_signal_types: false\n"), []),
    ("dynamic-signal-types", input_("        dynamic_signal_types: true\n"), [(MAN, 22)]),
    ("dynamic-signal-types", stream("    dynamic_signal_types: true\n"), [(BED, 8)]),
    ("dynamic-signal-types", stream("    dynamic_signal_types: true\n", OTEL), []),
    # names that Fleet keeps for itself
    ("fleet-variables", root(""), []),
    ("fleet-variables", {MAN: swap(MANIFEST, ("name: region", "name: use_apm"))}, [(MAN, 13)]),
    (
        "fleet-variables",
        {MAN: swap(MANIFEST, ("name: shore", "name: data_stream.dataset"))},
        [(MAN, 23)],
    ),
    ("fleet-variables", {BED: swap(STREAM, ("name: depth", "name: data_stream.dataset"))}, []),
    (
        "fleet-variables",
        {BED: swap(STREAM, ("name: depth\n        type: text", "name: data_stream.dataset"))},
        [(BED, 9)],
    ),
    ("fleet-variables", {BED: swap(STREAM, ("name: depth", "name: use_apm"))}, [(BED, 9)] * 3),
    (
        "fleet-variables",
        {
            BED: swap(
                OTEL,
                ("name: depth\n        type: text", "name: use_apm\n        type: bool"),
                ("logs", "traces"),
            )
        },
        [],
    ),
    # optional groups of required variables
    (
        "required-variables",
        input_("        required_vars: {g: [{name: shore}, {name: region}, {value: x}]}\n"),
        [],
    ),
    (
        "required-variables",
        input_("        required_vars:\n          g:\n          - name: x\n"),
        [(MAN, 24)],
    ),
    (
        "required-variables",
        stream("    required_vars: {g: [{name: depth}, {name: shore}, {name: region}]}\n"),
        [],
    ),
    ("required-variables", stream("    required_vars: {g: [{name: x}]}\n"), [(BED, 8)]),
    (
        "required-variables",
        {
            BED: swap(
                str(stream("    required_vars: {g: [{name: depth}]}\n")[BED]),
                ("type: text", "required: true"),
            )
        },
        [(BED, 8)],
    ),
    # groups of variables
    (
        "variable-groups",
        root("var_groups: [{name: g, options: [{name: o, vars: [region, shore]}]}]\n"),
        [],
    ),
    ("variable-groups", root("var_groups:\n- {name: g}\n- {name: g}\n"), [(MAN, 8)]),
    (
        "variable-groups",
        root("var_groups:\n- name: g\n  options:\n  - name: o\n  - name: o\n"),
        [(MAN, 10)],
    ),
    ("variable-groups", root("var_groups: [{name: g, options: [{vars: [x]}]}]\n"), [(MAN, 6)]),
    (
        "variable-groups",
        stream("    var_groups: [{name: g, options: [{vars: [depth, region]}]}]\n"),
        [],
    ),
    (
        "variable-groups",
        stream("    var_groups: [{name: g, options: [{vars: [shore]}]}]\n"),
        [(BED, 8)],
    ),
    *(
        (
            "variable-groups",
            {
                MAN: swap(
                    str(
                        root(f"var_groups: [{{required: {required}, options: [{{vars: [region]}}]}}]\n")[
                            MAN
                        ]
                    ),
                    ("    type: text\npolicy", "    required: true\npolicy"),
                )
            },
            [(MAN, 6)],
        )
        for required in ("true", "false")
    ),
    # replacements are named by their kind
    ("replaced-by", root("deprecated: {since: 1.0.0}\n"), []),
    ("replaced-by", root("deprecated: {replaced_by: {package: reef}}\n"), []),
    ("replaced-by", root("deprecated: {replaced_by: {input: reef}}\n"), [(MAN, 6)]),
    ("replaced-by", template("    deprecated: {replaced_by: {policy_template: x}}\n"), []),
    ("replaced-by", template("    deprecated: {replaced_by: {package: x}}\n"), [(MAN, 19)]),
    ("replaced-by", input_("        deprecated: {replaced_by: {input: x}}\n"), []),
    ("replaced-by", input_("        deprecated: {replaced_by: {}}\n"), [(MAN, 22)]),
    ("replaced-by", {BED: f"deprecated: {{replaced_by: {{data_stream: x}}}}\n{STREAM}"}, []),
    ("replaced-by", {BED: f"deprecated: {{replaced_by: {{input: x}}}}\n{STREAM}"}, [(BED, 1)]),
    ("replaced-by", {BED: swap(STREAM, ("type: text", "deprecated: {replaced_by: {variable: x}}"))}, []),
    (
        "replaced-by",
        {BED: swap(STREAM, ("type: text", "deprecated: {replaced_by: {input: x}}"))},
        [(BED, 10)],
    ),
]


@pytest.mark.parametrize(("rule", "files", "expected"), CASES)
def test_a_rule_finds_what_is_wrong(
    rule: str, files: kelp.Files, expected: list[tuple[str, int]]
) -> None:
    found = kelp.findings(rule, kelp.package(files))

    assert [(f.file, f.line) for f in found] == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("    dynamic_signal_types: true\n", [(MAN, 10, "")]),
        ("    input: otelcol\n    dynamic_signal_types: true\n", []),
        ("    input: otelcol\n    type: logs\n    dynamic_signal_types: true\n", [(MAN, 11, "")]),
    ],
)
def test_an_input_packages_template_may_leave_the_type_open(
    template: str, expected: list[Place]
) -> None:
    manifest = swap(
        str(INPUT[MAN]), ("    type: logs\n    input: logfile\n", f"    title: Beds\n{template}")
    )

    assert places("dynamic-signal-types", kelp.package({MAN: manifest}, INPUT)) == expected


def test_an_input_packages_template_may_have_fleets_variables() -> None:
    dataset = swap(str(INPUT[MAN]), ("name: paths", "name: data_stream.dataset"))
    apm = swap(str(INPUT[MAN]), ("name: paths", "name: use_apm"))

    assert places("fleet-variables", kelp.package({MAN: dataset}, INPUT)) == []
    assert len(places("fleet-variables", kelp.package({MAN: apm}, INPUT))) == 3
