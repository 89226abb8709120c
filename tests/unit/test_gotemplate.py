"""Templates render as Go renders them, and end."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgaction.transforms import gotemplate
from pkgaction.transforms.gotemplate import render
from pkgaction.transforms.gotemplate_values import ArgumentError, Value, shown
from pkgaction.transforms.gotokens import TemplateProblemError


def _tide(arguments: Sequence[Value]) -> Value:
    if arguments:
        raise ArgumentError(arguments)
    return "high"


def _list(arguments: Sequence[Value]) -> Value:
    return ",".join(map(repr, arguments))


_FUNCTIONS = {"tide": _tide, "list": _list}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("no } braces { here }}\n", "no } braces { here }}\n", id="plain text"),
        pytest.param("{{tide}}|{{ tide }}|{{\n tide\t}}", "high|high|high", id="blanks inside"),
        pytest.param("a \n {{- tide -}} \n b", "ahighb", id="trims"),
        pytest.param("a {{tide -}} {{- tide}}", "a highhigh", id="trims meet"),
        pytest.param("{{- 3}}", "3", id="a trim before a number"),
        pytest.param("{{-3}}", "-3", id="a minus without a blank is a sign"),
        pytest.param("a {{/* b */}} c", "a  c", id="comment"),
        pytest.param("a {{- /* }} */ -}} c", "ac", id="comment with trims and braces"),
        pytest.param('{{list "a" `b\\n` 1 true .X}}', r"'a','b\\n',1,True,None", id="arguments"),
        pytest.param(r'{{"\"\\\n\té\x41\101"}}', '"\\\n\té' + "AA", id="escapes"),
        pytest.param("{{.}} {{.Foo}} {{.Foo.Bar_2}}", "<no value> <no value> <no value>", id="no data"),
        pytest.param('{{ "a" | list "b" | list 1 }}', "1,\"'b','a'\"", id="pipes"),
        pytest.param('{{ list (list "a") ((tide)) }}', "\"'a'\",'high'", id="parentheses"),
        pytest.param("{{if tide}}a{{end}}", "a", id="if"),
        pytest.param('{{if ""}}a{{else}}b{{end}}', "b", id="else"),
        pytest.param("{{if 0}}a{{else if .X}}b{{else if 1}}c{{else}}d{{end}}", "c", id="else if"),
        pytest.param("{{if 1}}{{if 0}}a{{end}}b{{end}}", "b", id="if in if"),
        pytest.param('{{printf "%s-%d-%v-%t-%q-%%" "a" 2 .X true "q"}}', 'a-2-<nil>-true-"q"-%'),
        pytest.param('{{print 1 2 "a" 3 4}}', "1 2a3 4", id="print"),
        pytest.param('{{println "a" 1}}', "a 1\n", id="println"),
        pytest.param('{{and 1 0 "x"}}{{or "" "y"}}{{not true}}', "0yfalse", id="logic"),
        pytest.param('{{eq 1 2 1}}{{ne "a" "b"}}{{len "ä"}}', "truetrue2", id="comparing"),
    ],
)
def test_a_template_renders_as_in_go(template: str, text: str) -> None:
    assert render(template, _FUNCTIONS) == text


@pytest.mark.parametrize(
    "template",
    [
        "{{",
        "{{tide",
        "{{tide}",
        '{{"a}}',
        "{{/* a }}",
        "{{}}",
        "{{- }}",
        "{{-}}",
        "{{shell}}",
        "{{tide 1}}",
        "{{tide | 3}}",
        "{{tide|}}",
        '{{"a" "b"}}',
        '{{.X "a"}}',
        '{{list"a"}}',
        '{{"\n"}}',
        r'{{"\q"}}',
        r'{{"\ud800"}}',
        r'{{"\xff"}}',
        "{{1.5}}",
        "{{0x1}}",
        "{{'a'}}",
        "{{(tide}}",
        "{{tide)}}",
        "{{if 1}}",
        "{{if}}a{{end}}",
        "{{end}}",
        "{{else}}",
        "{{if 1}}{{else}}{{else}}{{end}}",
        "{{range .}}{{end}}",
        "{{with 1}}{{end}}",
        "{{$x := 1}}",
        '{{define "t"}}{{template "t"}}{{end}}{{template "t"}}',
        '{{printf "%d" "x"}}',
        '{{printf "%s" 1}}',
        '{{printf "%s"}}',
        '{{printf "a" "b"}}',
        '{{printf "%9d" 1}}',
        "{{printf 1}}",
        "{{printf}}",
        "{{and}}",
        "{{not}}",
        '{{eq 1 "a"}}',
        "{{len 1}}",
    ],
)
def test_what_is_not_known_is_refused(template: str) -> None:
    with pytest.raises(TemplateProblemError):
        render(template, _FUNCTIONS)


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(TemplateProblemError) as caught:
        render("a\n{{tide}}\n\n{{shell}}", _FUNCTIONS)

    assert caught.value.line == 4
    assert "shell" in caught.value.message


@pytest.mark.parametrize(
    "template",
    [
        pytest.param("{{if 1}}" * 1000, id="ifs"),
        pytest.param("{{" + "(" * 1000 + "1" + ")" * 1000 + "}}", id="parentheses"),
        pytest.param("{{if 1}}" + "{{else if 1}}" * 1000, id="else ifs"),
    ],
)
def test_deep_nesting_is_refused(template: str) -> None:
    with pytest.raises(TemplateProblemError, match="levels"):
        render(template, _FUNCTIONS)


def test_output_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gotemplate, "_LARGEST", 10)

    with pytest.raises(TemplateProblemError, match="more than 10"):
        render("{{tide}}" * 3, _FUNCTIONS)


@given(st.text(alphabet='{}-"`|() .aif/*\\\n\ttdeln1$', max_size=40))
def test_any_text_renders_or_is_refused(text: str) -> None:
    try:
        rendered = render(text, _FUNCTIONS)
    except TemplateProblemError:
        return
    assert "{{" in text or rendered == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "<nil>"),
        (True, "true"),
        (1000000, "1000000"),
        (1000000.0, "1e+06"),
        (999999.5, "999999.5"),
        (1234567.0, "1.234567e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-0.0, "-0"),
        (-2.5e-7, "-2.5e-07"),
        (1.5e300, "1.5e+300"),
        (float("inf"), "+Inf"),
        ([["a"], {"b": 1, "a": None}], "[[a] map[a:<nil> b:1]]"),
    ],
)
def test_values_print_as_in_go(value: Value, text: str) -> None:
    assert shown(value) == text
