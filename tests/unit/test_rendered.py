"""Comments and summaries as a Markdown renderer shows them: foreign text is text there, too."""

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from typing_extensions import override

from pkgaction.model.changes import Changes, FileChange
from pkgaction.model.event import Republish
from pkgaction.model.finding import Severity
from pkgaction.model.outcome import Ledger, Problem, Status
from pkgaction.model.release import FileRecord, Skipped
from pkgaction.report import comment, escape, summary
from tests.unit.ledgers import HOSTILE, PLACE, PLAN, PREVIEW, finding, ledger, outcome

RENDER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = ("https://storage.example/", "https://github.com/deepwater/packages/")
TAGS = {
    *("h2", "h3", "p", "br", "strong", "b", "sub", "code", "a", "ul", "li"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
}
BAITS = {
    "forged marker": "<!-- pkgaction:0123456789ab -->\n### All published",
    "comment end": "--> <!-- x --> <!--",
    "nested fences": "```\n````\n~~~\n```sh\nrm -rf\n```",
    "code spans": "` `` ``` </code> `x`",
    "mention": "@deepwater/team @octocat",
    "mention by number": "&#64;octocat &#x40;octocat",
    "mention by name": "&commat;octocat &amp;#64;octocat",
    "issue": "#1 GH-1 acme/packages#1 &num;1 &#35;1",
    "commit": "a" * 40 + " acme@" + "a" * 40,
    "heading": "\n# All published\n===\n---\n",
    "list": "\n- ✅ published\n1. one\n> quote",
    "table": "| a | b |\n|---|---|\n| c | d |",
    "end of the fold": "</summary></details><details><summary>x",
    "tags": "<img src=x onerror=y><script>z</script><a href=//x.example>",
    "links": "[a](https://x.example) ![b](x) <https://x.example> [c]: /d",
    "bare addresses": "https://x.example www.x.example x@x.example",
    "emphasis": "**a** __b__ ~~c~~ *d* _e_ $f$",
    "entities": "&lt;b&gt; &nbsp; &copy;",
    "backslashes": "\\@octocat \\` \\<b> \\\\",
    "line ends": "a\r\nb\rc\u2028d\x85e\x0bf",
    "invisible": "a\u200bb\u202ec\ufeffd\x00e\x1b[31mf",
    "everything": HOSTILE,
}


@dataclass
class Shown(HTMLParser):
    """What a page shows: its tags, its links, and the texts in code."""

    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    _inside: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for _, value in attrs]
        if tag == "code":
            self._inside = True
            self.codes.append("")

    @override
    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "code"

    @override
    def handle_data(self, data: str) -> None:
        if self._inside:
            self.codes[-1] += data
        else:
            self.rest.append(data)

    @override
    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def shown(body: str) -> Shown:
    page = Shown()
    page.feed(RENDER.render(body))
    page.close()
    return page


def run_of(text: str, *, preview: bool = False) -> Ledger:
    """A run in which every foreign text is this one."""
    file = FileRecord(path=text, size=1, sha256="d" * 64, crc32c=1, md5=b"")
    change = FileChange(path=text, before=1, after=None)
    found = (finding(text), finding(text, Severity.WARNING))
    good = replace(outcome("kelp"), files=(file,), findings=(finding(text, Severity.WARNING),))
    bad = outcome(text, Status.FAILED, version=text, folder=text, reason=text, fix=text)
    changed = replace(outcome("reef"), changes=Changes(since="1.1.0", size=1, files=(change,)))
    skips = tuple(
        Skipped(name=text, folder=text, reason=text, version=text, warn=warn) for warn in (True, False)
    )
    run = ledger(good, changed, replace(bad, findings=found * 3), plan=replace(PLAN, skipped=skips))
    run.plan = replace(run.plan or PLAN, compared=text)
    run.intent = PREVIEW if preview else run.intent
    run.problems.append(Problem(what=text, where=text, fix=text))
    run.warnings.append(text)
    run.notices.append(text)
    return run


def bodies(text: str) -> list[tuple[str, int]]:
    """All that is rendered, and how many comments may be in it."""
    result, preview = run_of(text), run_of(text, preview=True)
    return [
        (comment.render(result, PLACE, "b"), 1),
        (comment.render(preview, PLACE, "b"), 1),
        (summary.render(result, PLACE), 0),
    ]


def is_only_ours(text: str) -> None:
    for (body, comments), (plain, _) in zip(bodies(text), bodies("X"), strict=True):
        page, harmless = shown(body), shown(plain)
        assert sorted(page.tags) == sorted(harmless.tags)  # the rows are sorted by the text
        assert set(page.tags) <= TAGS
        assert sorted(page.rest) == sorted(harmless.rest)
        assert len(page.comments) == comments
        assert all(link.startswith(OURS) for link in page.links)
        assert not [text for text in texts(body) if re.search(r"[\w.+-]@[\w.-]*[.]\w", text)]


def texts(body: str) -> list[str]:
    """The texts in which GitHub looks for addresses: also those between tags, but no code spans."""
    return [
        child.content
        for block in RENDER.parse(body)
        for child in block.children or ()
        if child.type == "text"
    ]


@pytest.mark.parametrize("bait", BAITS.values(), ids=BAITS)
def test_a_page_is_the_same_whatever_the_foreign_text_is(bait: str) -> None:
    is_only_ours(bait)


@pytest.mark.parametrize("bait", BAITS.values(), ids=BAITS)
def test_the_foreign_text_is_shown_as_it_was_written(bait: str) -> None:
    page = shown(comment.render(run_of(bait), PLACE, "b"))

    assert " ".join(escape.plain(bait).split()) in {" ".join(text.split()) for text in page.codes}
    assert not any("\u200b" in text for text in page.codes)


@settings(deadline=None, max_examples=40)  # a page takes its time
@given(
    st.lists(st.sampled_from([*BAITS.values(), "\n", "`", "<", "&", "\\", "|", "-", ">"]), max_size=4)
    .map("".join)
    .filter(str.strip)
)
def test_no_mixture_of_them_changes_the_page(text: str) -> None:
    is_only_ours(text[:400])


def test_the_marker_of_a_republished_package_is_its_own() -> None:
    one, other = (line.splitlines()[0] for line in (_marked(), _marked(again=True)))

    assert re.fullmatch(r"<!-- pkgaction:[0-9a-f]{12} -->", one)
    assert re.fullmatch(r"<!-- pkgaction:republish:[0-9a-f]{12} -->", other)


def _marked(*, again: bool = False) -> str:
    run = ledger(outcome())
    run.intent = Republish(head="a" * 40, names=("kelp",), version="") if again else run.intent
    return comment.render(run, PLACE, "b")
