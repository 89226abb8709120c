"""Every byte string is a document, or has a problem that says where: no reader breaks."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from pkgaction.model import jsontext, yamltext, yamlvalues
from pkgaction.model.yamltext import Mapping, Node, Scalar, Sequence

_YAML = st.lists(
    st.sampled_from(
        [
            *(
                "a",
                "b",
                ": ",
                ":",
                "- ",
                "-",
                "? ",
                "\n",
                "\n  ",
                " ",
                "\t",
                "[",
                "]",
                "{",
                "}",
                ",",
                "#",
                "&x ",
                "*x",
            ),
            *(
                "!t ",
                "!!str ",
                "'",
                '"',
                "\\",
                "|",
                ">",
                "|2-",
                "---",
                "...",
                "%YAML 1.1\n",
                "<<",
                "=",
                "~",
                "0o7",
                "1_0",
            ),
            *(
                "\ufeff",
                "\x85",
                "\u2028",
                "\0",
                "\x7f",
                "\ud7ff",
                "\ufffe",
                "😀",
                "@",
                "`",
                "1:30",
                "2020-1-2",
            ),
        ]
    ),
    max_size=40,
).map("".join)
_JSON = st.lists(
    st.sampled_from(
        [*'[]{},:"\\0-.eE1', " ", "\n", "true", "null", "NaN", "\\ud800", "\\u0000", "\x00", "é"]
    ),
    max_size=40,
).map("".join)


@given(st.one_of(st.binary(), _YAML.map(str.encode), st.text().map(lambda text: text.encode("utf-16"))))
def test_yaml(data: bytes) -> None:
    with contextlib.suppress(yamltext.YamlProblemError):
        _resolve(yamltext.load(data))


@given(st.one_of(st.binary(), _JSON.map(str.encode)), st.booleans())
def test_json(data: bytes, first: bool) -> None:  # noqa: FBT001
    with contextlib.suppress(jsontext.JsonProblemError):
        jsontext.load(data, first=first)


def _resolve(node: Node | None) -> None:
    match node:
        case Scalar():
            yamlvalues.resolve(node)
        case Sequence():
            for item in node.items:
                _resolve(item)
        case Mapping():
            for value in node.entries.values():
                _resolve(value)
        case None:
            pass
