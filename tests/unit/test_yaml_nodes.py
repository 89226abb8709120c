"""YAML texts that are written again: values, comments and styles stay, each in its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgaction.model import yamltext
from pkgaction.model.yamltext import YamlProblemError
from pkgaction.transforms.yaml import reader, writer
from pkgaction.transforms.yaml.nodes import Document, Mapping, Scalar
from pkgaction.transforms.yaml.rewrite import written


def _again(text: str) -> str:
    return writer.text(reader.document(text.encode()), indent=2)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# head\n\n# of reef\nreef: 1 # behind\n# foot\n\nkelp: 2\n", id="four places"),
        pytest.param("reef: # behind the key\n  kelp: 1\n", id="behind a key"),
        pytest.param("reef: # behind the key\n  - 1\n", id="behind a list's key"),
        pytest.param("reef:\n  # above\n  - 1\n  # between\n  - 2\n", id="in a list"),
        pytest.param("- # inside\n  reef: 1\n", id="inside an item"),
        pytest.param("# above\n- reef: 1\n", id="above an item"),
        pytest.param("reef:\n  kelp: 1\n  # foot of kelp\n\n  sand: 2\n", id="foot in a map"),
        pytest.param("reef:\n  kelp: 1\n# foot of reef\n\nsand: 2\n", id="foot of the outer key"),
        pytest.param("reef: | # behind the bar\n  a\n", id="behind a block's head"),
        pytest.param("reef: [a, # why\n  b]\n", id="in brackets"),
        pytest.param("reef: &a 'x'\nkelp: *a\n", id="anchor and alias"),
        pytest.param("a: 0x1F\nb: 1.50\nc: yes\nd: ~\ne: '1'\nf: \"2\"\n", id="spellings"),
        pytest.param("a: !own x\nb: !!str 1\nc: !!int '1'\n", id="tags"),
        pytest.param("a: [x, {y: z}]\nb: []\nc: {}\n", id="flow"),
        pytest.param("a: |+\n  x\n\nb: |-\n  y\n", id="blocks"),
        pytest.param("a:\nb:\n  -\n  - - 1\n", id="nothing, and lists in lists"),
        pytest.param("reef: 1\n\n# the end\n", id="foot of the document"),
    ],
)
def test_what_is_well_formed_stays(text: str) -> None:
    assert _again(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("---\na:   1\n\n\nb: 2\n", "a: 1\nb: 2\n", id="blank lines, a leading mark"),
        pytest.param("a:\n- 1\n-  2\n", "a:\n  - 1\n  - 2\n", id="lists are indented"),
        pytest.param("a: [ x ,y ]\nb: {c : d}\n", "a: [x, y]\nb: {c: d}\n", id="blanks in brackets"),
        pytest.param("a: [x,\n  y\n]\n", "a: [x, y]\n", id="brackets over lines"),
        pytest.param("a: x\n  y\n", "a: x y\n", id="plain over lines"),
        pytest.param("a: x\n\n  y\n", "a: |-\n  x\n  y\n", id="plain with a break"),
        pytest.param("a: 'x\n\n  y'\n", "a: 'x\n\n  y'\n", id="single quotes with a break"),
        pytest.param('a: "x\n\n  y"\n', 'a: "x\\ny"\n', id="double quotes with a break"),
        pytest.param("a: >\n  x\n  y\nb: 1\n", "a: >\n  x y\n\nb: 1\n", id="folded"),
        pytest.param("a: >-\n  x\n  y\nb: 1\n", "a: >-\n  x y\nb: 1\n", id="folded, stripped"),
        pytest.param("a: >-\n  x\n\n  y\n", "a: >-\n  x\n\n  y\n", id="folded paragraphs"),
        pytest.param("a: {<<: *m}\nm: &m {}\n", None, id="unknown alias"),
        pytest.param("m: &m {k: 1}\na:\n  <<: *m\n", "m: &m {k: 1}\na:\n  !!merge <<: *m\n", id="merge"),
        pytest.param(
            "a: 1 # l\n# foot?\n\nb: 1\n", "a: 1 # l\n# foot?\nb: 1\n", id="first line: no foot"
        ),
        pytest.param("x: 1\na: 1\n# foot\n\nb: 1\n", "x: 1\na: 1\n# foot\n\nb: 1\n", id="foot"),
        pytest.param("a:\n  # c\n  x\nb: 1\n", "a: x\n# c\nb: 1\n", id="above a scalar"),
        pytest.param(
            "- {a: 1, # c\n  b: 2\n  }\n", "- {a: 1, # c\n  b: 2}\n", id="braces with a comment"
        ),
        pytest.param("? a\n: b\n", "a: b\n", id="question mark"),
        pytest.param("a: 1\r\n# c\r\nb: 2\r\n", "a: 1\n# c\n\nb: 2\n", id="Windows"),
        pytest.param("\ufeffa: 1", "a: 1\n", id="byte order mark, no last line feed"),
    ],
)
def test_what_is_not_is_written_as_the_go_tools_do(text: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(YamlProblemError):
            _again(text)
    else:
        assert _again(text) == expected


def test_each_round_may_move_a_folded_text_once_more() -> None:
    text = b"a: >\n  x\n  y\n# c\nb: 1\n"

    assert written(reader.document(text), 4, 2) == b"a: >\n  x y\n\n# c\nb: 1\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"a: 1\na: 2\n", "twice"),
        (b"", "empty"),
        (b"# only\n", "empty"),
        (b"a: 1\n---\nb: 1\n", "second document"),
        (b"\xff", "not UTF-8"),
        (b"[" * 99 + b"]" * 99, "levels"),
        (b"a: [", "not closed"),
    ],
)
def test_what_is_not_read_elsewhere_is_not_read_here(text: bytes, why: str) -> None:
    with pytest.raises(YamlProblemError, match=why):
        reader.document(text)


def test_an_empty_value_in_braces_would_become_a_text_and_is_refused() -> None:
    with pytest.raises(YamlProblemError, match="value of 'a' cannot"):
        written(reader.document(b"{a: }"), 2)


def test_values_are_put_in_place_or_at_the_end_and_taken_out_with_their_comments() -> None:
    document = reader.document(b"a: 1 # one\n# of b\nb: 2 # two\nc: 3\n")
    assert isinstance(document.root, Mapping)

    document.root.set("a", Scalar("9"))
    document.root.set("d", Scalar("4"))
    document.root.remove("b")

    assert writer.text(document, indent=2) == "a: 9\nc: 3\nd: 4\n"


_LINES = st.lists(
    st.sampled_from(
        [
            "a: 1",
            "b:",
            "  c: 1",
            "  - x",
            "- y",
            "# z",
            "  # z",
            "    # z",
            "",
            "d: [e, f] # g",
            "h: |",
            "    i",
        ]
    ),
    max_size=12,
)


@given(_LINES)
def test_whatever_the_comments_the_values_stay_or_the_text_is_refused(lines: list[str]) -> None:
    data = "\n".join(lines).encode()
    try:
        made = written(reader.document(data), 2)
    except YamlProblemError:
        return

    assert _texts(yamltext.load(made)) == _texts(yamltext.load(data))


@given(_LINES)
def test_no_comment_is_lost_or_doubled_where_values_are_plain(lines: list[str]) -> None:
    numbered = [line.replace("z", f"z{number}.") for number, line in enumerate(lines)]
    data = "\n".join(line for line in numbered if "|" not in line and line.strip() != "i").encode()
    try:
        made = _again(data.decode())
    except YamlProblemError:
        return

    for number, line in enumerate(lines):
        assert made.count(f"# z{number}.") == ("z" in line)


def test_comments_without_a_value_around_them_are_the_documents() -> None:
    document = Document(Scalar("x"), head="# h", foot="# f")

    assert writer.text(document, indent=2) == "# h\n\nx\n\n# f\n"


def _texts(node: yamltext.Node | None) -> object:
    match node:
        case yamltext.Mapping():
            return {key: _texts(inner) for key, inner in node.entries.items()}
        case yamltext.Sequence():
            return [_texts(item) for item in node.items]
        case yamltext.Scalar():
            return node.text
        case None:
            return None


@pytest.mark.parametrize("indents", [(2,), (4, 2)])
def test_a_text_that_cannot_be_written_back_is_named_with_its_line(indents: tuple[int, ...]) -> None:
    text = b"# head\na: 1\nb:\n  - c: |\n\n      begins late\n"

    with pytest.raises(YamlProblemError, match="the value of 'c' in item 1 ") as caught:
        written(reader.document(text), *indents)

    assert caught.value.line == 4
    assert "begins with an empty line" in caught.value.message


@pytest.mark.parametrize(
    "text", ["a: >\n  x\n   y\n\n  z\n", "a: >-\n  x\n\n   y\n", "a: >\n  x\n   y\n  z\n"]
)
def test_a_folded_text_that_cannot_be_written_back_comes_with_its_remedy(text: str) -> None:
    with pytest.raises(YamlProblemError, match=r"a folded text .* with an indented line") as caught:
        written(reader.document(text.encode()), 2)

    assert "write | in place of >" in caught.value.message
    assert written(reader.document(text.replace(">", "|").encode()), 2).startswith(b"a: |")


def test_an_escaped_apostrophe_is_written_as_one_and_comments_stay() -> None:
    assert written(reader.document(b"a: \"it\\'s\" # \\'\n"), 2) == b"a: \"it's\" # \\'\n"
