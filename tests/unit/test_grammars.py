"""The small grammars: what Go's libraries take is taken, what they refuse is refused."""

import pytest

from pkgaction.model.looseversion import LooseVersion
from pkgaction.rules.grammar import constraints, durations, handlebars, urls
from pkgaction.rules.grammar.handlebars_tokens import TemplateError


@pytest.mark.parametrize(
    ("constraint", "allowed", "refused"),
    [
        ("1.2.3", ["1.2.3", "1.2.3+x"], ["1.2.4", "1.2.3-a"]),
        ("=1.2", ["1.2.0", "1.2.9"], ["1.3.0", "2.2.0"]),
        ("v1", ["1.0.0", "1.9.9"], ["2.0.0", "0.9.0"]),
        ("*", ["0.0.1", "9.9.9"], ["1.0.0-a"]),
        ("!=1.2.3", ["1.2.4"], ["1.2.3"]),
        ("!=1.2", ["1.3.0"], ["1.2.9"]),
        ("!=1", ["2.0.0"], ["1.9.9"]),
        (">1.2.3", ["1.2.4"], ["1.2.3"]),
        (">1.2", ["1.3.0"], ["1.2.9"]),
        (">1", ["2.0.0"], ["1.9.0"]),
        (">=1.2", ["1.2.0", "2.0.0"], ["1.1.9"]),
        ("=>1.2", ["1.2.0"], ["1.1.9"]),
        ("<1.2", ["1.1.9"], ["1.2.0"]),
        ("<=1.2", ["1.2.9"], ["1.3.0"]),
        ("=<1", ["1.9.9"], ["2.0.0"]),
        ("~1.2.3", ["1.2.9"], ["1.3.0", "1.2.2"]),
        ("~>1", ["1.9.0"], ["2.0.0"]),
        ("~0.0.0", ["5.0.0"], []),
        ("^1.2.3", ["1.9.0"], ["2.0.0", "1.2.2"]),
        ("^0.2.3", ["0.2.9"], ["0.3.0", "1.0.0"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("^0.0", ["0.0.9"], ["0.1.0"]),
        ("^0", ["0.9.9"], ["1.0.0"]),
        ("^1.2.3-beta.2", ["1.2.3-beta.10", "1.3.0"], ["1.2.3-beta.1"]),
        (">=1 <2", ["1.5.0"], ["2.0.0"]),
        (">=1,<2 , !=1.5.0", ["1.4.0"], ["1.5.0"]),
        ("1 - 2.1", ["1.0.0", "2.1.9"], ["2.2.0"]),
        ("<1 || >=3", ["0.1.0", "3.0.0"], ["2.0.0"]),
    ],
)
def test_a_constraint_allows_what_it_says(
    constraint: str, allowed: list[str], refused: list[str]
) -> None:
    found = constraints.parse(constraint)

    assert found
    assert all(found.allows(LooseVersion.parse(version)) for version in allowed)
    assert not any(found.allows(LooseVersion.parse(version)) for version in refused)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "||", "1||", "1,", ",1", "1,,2", ">", ">>1", "a", "1.2.3.4", "1>2", "1-", "1|2"),
        *("^0||1 - 2", "1.2.3-01", "1 - 2 - 3", "1\v2", "99999999999999999999"),
        *("1 " * 300, "||".join("1" * 33)),
    ],
)
def test_what_is_no_constraint_is_refused(text: str) -> None:
    assert constraints.parse(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("1h30m", 5_400_000_000_000),
        ("-1.5s", -1_500_000_000),
        ("+.5ms", 500_000),
        ("1.us", 1000),
        ("2\u00b5s3\u03bcs", 5000),
        ("1ns", 1),
        ("9223372036854775807ns", 2**63 - 1),
        ("-9223372036854775808ns", -(2**63)),
        ("9223372036854775808ns", None),
        ("", None),
        ("-", None),
        ("1", None),
        ("s", None),
        (".s", None),
        ("1 s", None),
        ("1d", None),
        ("1e3s", None),
        ("0" * 300 + "1s", None),
    ],
)
def test_a_duration_is_read_as_go_reads_it(text: str, value: int | None) -> None:
    assert durations.nanoseconds(text) == value


@pytest.mark.parametrize(
    ("text", "host", "path"),
    [
        ("https://user:x@example.org:80/a%20b?q#f", "example.org:80", "/a b"),
        ("//example.org", "example.org", ""),
        ("///x", "", "///x"),
        ("/a:b", "", "/a:b"),
        ("a/b:c", "", "a/b:c"),
        ("mailto:x", "", ""),
        ("", "", ""),
        ("http://[::1]:80/x", "[::1]:80", "/x"),
    ],
)
def test_a_reference_is_taken_apart_as_go_does(text: str, host: str, path: str) -> None:
    assert urls.parse(text) == urls.Url(host, path)


@pytest.mark.parametrize(
    "text",
    [
        *(" a:b", "a b:c", ":x", "a\x7f", "#%", "x%zz", "http://a/%"),
        *("http://a b/", "http://[::1", "http://x]:y", "http://x:y/", "http://%41/", "http://a%zz/"),
        *("http://u%@h/", "http://[1]/"),
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    assert urls.parse(text) is None


GOOD = r"""
text { } }} \{{no}} \\{{a}} {{! note }} {{!-- }} --}} {{~!x~}} {{a.b/c}} {{../a}} {{./a}} {{this.a}}
{{a}} {{&a}} {{{a}}} {{~a~}} {{~{a}~}} {{> p}} {{> (which x) y k=1}} {{@root.a}} {{a..b}}
{{[a b].[c d]}} {{f "x" 'y' 1 -2.5 1e3 true false @i (g (h k="v")) k=v l=(m)}} {{f "a\"b"}}
{{#if a}}1{{else if b}}2{{else}}3{{/if}} {{^a}}x{{^}}y{{/a}} {{#each a as |b c|}}{{/each}}
{{#[a b]}}{{/[a b]}} {{#"s"}}{{/"s"}} {{#a}}{{^}}{{/a}} {{{{raw x}}}} {{#broken {{{{/raw}}}}
{{thisa.thisb.trueish.as}} {{[a].this_}} {{a.[this].b}} {{#a/b}}{{/a / b}} {{true.a}} {{f "a\"}}
{{#1}}{{/1.0}} {{#@x}}{{/@x}} {{#a}}{{elsewhere}}{{/a}} {{a:b?}} {{a.}}
"""


def test_a_template_of_every_kind_is_taken() -> None:
    handlebars.check(GOOD)
    handlebars.check("")
    handlebars.check("{{a\r\n}}\r\n")


BAD = r"""
{{}} | {{else}} | {{elsewhere}} | {{^}} | {{#*inline}} | {{#> p}}{{/p}} | {{a == b}} | {{1x}} | {{a
{{#a}} | {{/a}} | {{#a}}{{/b}} | {{#a}}{{else}}{{else}}{{/a}} | {{#a}}{{else}}{{else if b}}{{/a}}
{{^a}}{{else if b}}{{/a}} | {{{a}} | {{a}}} | {{!-- }} | {{!  | {{{{a}}}}x{{{{/b}}}}
{{{{a}}}}{{{{/a}}}} | {{{{a}}}}x | {{{{/a}}}} | {{a/..}} | {{a.this}} | {{f 'x}} | {{[a}}
{{f (g}} | {{f g)}} | {{f k=}} | {{f k=1 g}}
{{@}} | {{-a}} | {{f 1e999}} | {{f 0x1}} | {{#a}}{{/(a)}} | {{> }} | {{f;}} | {{/a} | {{#true x=1}}
{{a b=}}
"""


@pytest.mark.parametrize(
    "text",
    [
        *(text for line in BAD.strip().splitlines() for text in line.split(" | ")),
        *("{{#f as ||}}{{/f}}", "{{#f as |a}}{{/f}}", "{{f as |a|}}", "{{f 'x\n'}}", "{{[a\n]}}"),
        *("{{#f as |a.b|}}{{/f}}", "{{a.this.b}}", "{{a.b/../c}}", "{{f a.b=1}}", "{{a.true}}"),
        *("{{f a.as |b|}}", "{{f 'a' x=1 b.c}}", "{{a.1}}", "{{a.[b}}"),
    ],
)
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(TemplateError) as error:
        handlebars.check(text)

    assert 0 <= error.value.position <= len(text)
    assert error.value.message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{#a}}" * 30_000, id="blocks"),
        pytest.param("{{f " + "(g " * 30_000, id="calls"),
        pytest.param("{{" * 50_000, id="mustaches"),
        pytest.param("\\" * 100_000 + "{{", id="backslashes"),
        pytest.param("{{!" * 30_000, id="comments"),
        pytest.param("{{{{a}}}}" * 10_000, id="raw blocks"),
        pytest.param("{{f '" + "\\'" * 50_000, id="a string"),
        pytest.param("{{as" + " " * 100_000, id="blanks"),
        pytest.param("{{~ " + " " * 100_000 + "else", id="blanks before else"),
        pytest.param("{{" + "a." * 50_000, id="a path"),
        pytest.param("{" * 100_000, id="braces"),
        pytest.param("{{f 1" + "1" * 100_000, id="a number"),
        pytest.param("{{f " + "1" * 100_000 + "x}}", id="digits of which no number is made"),
        pytest.param("{{f " + "1." * 50_000 + "x}}", id="digits and dots"),
        pytest.param("{{#f as |" + "a " * 50_000, id="names of a block"),
        pytest.param("{{f " + "[" * 100_000, id="brackets"),
        pytest.param("{{f 'a\\' " + '"\\"' * 30_000, id="quotes of both kinds"),
        pytest.param("{{f a" + ".as " * 30_000, id="what begins as names of a block do"),
    ],
)
def test_hostile_templates_are_refused_in_linear_time(text: str) -> None:
    with pytest.raises(TemplateError) as error:
        handlebars.check(text)

    assert len(error.value.message) < 200
