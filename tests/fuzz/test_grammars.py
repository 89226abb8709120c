"""Every text is of a grammar or is not: no reader breaks."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from pkgaction.model.looseversion import LooseVersion
from pkgaction.rules.grammar import constraints, durations, handlebars, urls
from pkgaction.rules.grammar.handlebars_tokens import TemplateError
from pkgaction.rules.semantic import docs

_HANDLEBARS = st.lists(
    st.sampled_from(
        [
            *(
                "{{",
                "}}",
                "{{{",
                "}}}",
                "{{{{",
                "}}}}",
                "{{#",
                "{{/",
                "{{^",
                "{{else}}",
                "{{else if ",
                "{{!",
                "{{!--",
            ),
            *(
                "--}}",
                "~",
                " ",
                "\n",
                "\\",
                "a",
                "if",
                "as |",
                "|",
                "(",
                ")",
                "=",
                "'",
                '"',
                ".",
                "..",
                "/",
                "this",
            ),
            *(
                "@",
                "[",
                "]",
                "1",
                "-",
                "1e9",
                "true",
                "{{#a}}",
                "{{/a}}",
                "{{{{a}}}}",
                "{{{{/a}}}}",
                "é",
                "\r",
                "\0",
            ),
        ]
    ),
    max_size=30,
).map("".join)
_VERSIONS = st.text("v0123.-+abxX*<>=!~^|, ", max_size=30)


@given(st.one_of(_HANDLEBARS, st.text()))
def test_templates(text: str) -> None:
    with contextlib.suppress(TemplateError):
        handlebars.check(text)


@given(_VERSIONS)
def test_constraints(text: str) -> None:
    constraint = constraints.parse(text)

    assert constraint is None or constraint.allows(LooseVersion.parse("1.2.3")) in {True, False}


@given(st.one_of(st.text(), st.text("0123456789.+-hmsnuµ", max_size=20)))
def test_durations(text: str) -> None:
    value = durations.nanoseconds(text)

    assert value is None or -(2**63) <= value < 2**63


@given(st.one_of(st.text(), st.text("htp:/[]@%?#.0a\n é", max_size=20)))
def test_references(text: str) -> None:
    url = urls.parse(text)

    assert url is None or isinstance(url.host, str)


@given(st.one_of(st.text(), st.text("#=-> *`[]()\n\t1.aO", max_size=60)))
def test_headings(text: str) -> None:
    assert all(isinstance(heading, str) for heading in docs.headings(text))
