r"""YAML's events and tokens, with the escape `\'` in double quotes, as yaml.v3 has it and libyaml not.

A sign that the text does not have takes the place of the backslash, so that every index, line and column
stays; in what is no text in double quotes it is a backslash again. Source: yaml.v3, scannerc.go.
"""

import re
from collections.abc import Iterator

import yaml

_Loader: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# an escaped apostrophe, counted from the first of a run of backslashes
_APOSTROPHE = re.compile(r"(?<!\\)((?:\\\\)*)\\'")
_PRIVATE = range(0xE000, 0xF900)  # characters that stand for nothing


def parse(text: str) -> Iterator[yaml.Event]:
    """The parser's events of a text.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    readable, sign = _readable(text)
    for event in yaml.parse(readable, Loader=_Loader):
        if sign and isinstance(event, yaml.ScalarEvent):
            event.value = _restored(event.value, event.style, sign)
        yield event


def scan(text: str) -> Iterator[yaml.Token]:
    """The tokens of a text.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    readable, sign = _readable(text)
    for token in yaml.scan(readable, Loader=_Loader):
        if sign and isinstance(token, yaml.ScalarToken):
            token.value = _restored(token.value, token.style, sign)
        yield token


def _readable(text: str) -> tuple[str, str]:
    r"""The text without `\'`, and the sign in place of its backslash; none where nothing is replaced."""
    if "\\'" not in text:
        return text, ""
    sign = next((chr(code) for code in _PRIVATE if chr(code) not in text), "")
    return (_APOSTROPHE.sub(rf"\1{sign}'", text), sign) if sign else (text, "")


def _restored(value: str, style: str | None, sign: str) -> str:
    return value.replace(f"{sign}'", "'") if style == '"' else value.replace(sign, "\\")
