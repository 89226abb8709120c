"""Foreign text comes out as text, wherever it is shown."""

import html
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pkgaction.report import escape
from tests.unit.ledgers import HOSTILE

_HOSTILE = (
    st.lists(
        st.sampled_from(
            ["::", "error", "##[", "%0A", "%", "\n", "\r", "\u2028", "\x85", "\x1b[31m", "\u202e",
             "\u2066", "@team", "@", "#1", "|", "`",
             "<!--", "<", ">", "&lt;", "[a](b)", "https://", "www.", "*",
             "_", "~", "\\", " ", "\t", "\0", "\ud800", ",", ":", "$", "\u200b", "\x1c"]
        )
        | st.characters(),
        max_size=12,
    ).map("".join)
    | st.text()
)  # fmt: skip
_LINE_ENDS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_EMAIL = re.compile(r"[\w.+-]@[\w.-]*[.]\w", re.ASCII)  # what GitHub makes a link of, or more
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")


@given(_HOSTILE)
def test_plain_is_one_line_that_shows_all_it_has(text: str) -> None:
    shown = escape.plain(text)

    assert not _LINE_ENDS.search(shown)
    assert not _BIDI.search(shown)
    assert "\x1b" not in shown
    assert "\0" not in shown
    assert shown.encode().decode() == shown
    assert escape.plain(shown) == shown


@given(_HOSTILE)
def test_a_logged_line_is_never_a_command(text: str) -> None:
    line = escape.log(text)

    assert not _LINE_ENDS.search(line)
    assert not line.strip().startswith("::")
    assert "##[" not in line


@given(_HOSTILE)
@example("docs/\udcff.md")
@example(":::##[error]::")
def test_json_says_the_same_text_and_nothing_that_a_runner_obeys(text: str) -> None:
    line = escape.json_line({text: [text, 1, None]})

    assert line.isascii()
    assert "::" not in line
    assert "##[" not in line
    whole = re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)
    assert json.loads(line) == {whole: [whole, 1, None]}


@given(_HOSTILE)
def test_the_data_of_a_command_stays_its_data(text: str) -> None:
    data = escape.command_data(text)

    assert not _LINE_ENDS.search(data)
    assert not re.search("%(?!25|0A|0D)", data)


@given(_HOSTILE)
def test_a_property_of_a_command_ends_no_property(text: str) -> None:
    shown = escape.command_property(text)

    assert not re.search("[\n\r:,]", shown)
    assert not re.search("%(?!25|0A|0D|3A|2C)", shown)


@given(_HOSTILE)
def test_code_holds_no_markup_no_mention_and_no_link(text: str) -> None:
    shown = escape.html_code(text)

    assert shown.startswith("<code>")
    assert shown.endswith("</code>")
    inner = shown.removeprefix("<code>").removesuffix("</code>")
    assert not re.search(r"[<>|`\n\r*~\[\]\\]", inner)
    assert not re.search(r"&(?!#\d+;)", inner)
    assert not re.search(r"@\w", inner)
    assert "://" not in inner
    assert "www." not in inner.lower()
    assert escape.code(text) == shown or _EMAIL.search(escape.plain(text))


def _page(markdown: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table"]).render(markdown))


def _exact(text: str) -> str:
    return f"<code>{html.escape(escape.plain(text), quote=False)}</code>"


_VISIBLE = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=100)
_BEFORE = _VISIBLE | st.sampled_from(["`", "``x`", " ", "|", "\\|"])
_WITH_EMAIL = st.tuples(_BEFORE, _VISIBLE).map("a@b.c".join)


@given(_VISIBLE | _WITH_EMAIL)
@example("gcloud x --member='serviceAccount:fish@sea.iam.gserviceaccount.com' # a@b `c`")
@example("git push git@github.com:deepwater/kelp.git")
@example("@octocat #1")
def test_code_that_is_copied_is_the_text_itself(text: str) -> None:
    shown = html.unescape(_page(f"x {escape.code(text)} y").replace("&quot;", '"'))
    cell = html.unescape(_page(f"| a |\n|---|\n| x {escape.code(text, cell=True)} y |"))

    wanted = html.unescape(_exact(text))
    assert wanted in shown
    assert wanted in cell
    assert "\u200b" not in escape.code(text)


@pytest.mark.parametrize("text", ["me@x.example", "a+b@x.example", "x y.z@a-b.co", "1@2.3", "_@_.a"])
def test_an_address_stands_in_a_code_span_where_github_links_nothing(text: str) -> None:
    assert escape.code(text) == f"`{text}`"


def test_a_command_is_shown_as_a_whole_or_not_at_all() -> None:
    longest = "x" * escape.LONGEST_ADVICE

    assert escape.advice(longest) == f"<code>{longest}</code>"
    assert escape.advice(f"{longest}y") == "it is too long for this page: see the log of the run"


def test_code_cuts_what_is_too_long() -> None:
    shown = escape.code("a" * 1000, longest=10)

    assert shown == f"<code>{'a' * 9}…</code>"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("kelp 1.2.0", "kelp 1.2.0", id="harmless"),
        pytest.param("::error::x", "| ::error::x", id="command"),
        pytest.param("  ::error::x", "|   ::error::x", id="command after blanks"),
        pytest.param("a\n::error::x", "a ::error::x", id="command on the next line"),
        pytest.param("##[error]x", "## [error]x", id="old command"),
        pytest.param("\x1b[31mred", "\ufffd[31mred", id="colour"),
        pytest.param("a\u202eb", "a\ufffdb", id="text direction"),
        pytest.param("größe 潮 🦀", "größe 潮 🦀", id="other scripts"),
    ],
)
def test_a_line_of_the_log_reads_as_it_was_written(text: str, line: str) -> None:
    assert escape.log(text) == line


def test_a_command_keeps_the_lines_of_its_message() -> None:
    assert escape.command_data("100%\nsure\r\n") == "100%25%0Asure %0A"
    assert escape.command_property("a:b,c") == "a%3Ab%2Cc"


def test_all_tricks_together_are_text() -> None:
    shown = escape.code(HOSTILE)

    assert re.findall(r"<[^>]*>", shown) == ["<code>", "</code>"]
