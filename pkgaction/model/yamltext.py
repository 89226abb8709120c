"""YAML as it is written: scalars keep their text, so `version: 1.10` stays "1.10".

One reader for the whole project. It refuses what could mislead or exhaust a reader: duplicate keys,
aliases that multiply, deep nesting, bytes that are no text. As the ecosystem's Go tools do, it reads a
file's first document only, whatever follows.
Encodings: UTF-8 with or without a byte order mark, UTF-16 with one.
"""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from pkgaction.model import plaintext, yamlevents, yamlwords

MOST_BYTES = 5 * 1024 * 1024  # a larger YAML file is refused by the official validator, too
_DEEPEST = 64
_VERSION = (1, 1)  # of YAML, as yaml.v3 has it
_MERGE = "tag:yaml.org,2002:merge"
_MOST_NODES = 200_000  # with every alias written out
_MOST_CHARACTERS = 4 * MOST_BYTES  # of scalars, with every alias written out
_MOST_DOUBLED = 20  # keys of a file that are told of; the others are when these are gone

# YAML 1.2 has this escape of a slash, yaml.v3 has not; counted from the first of a run of backslashes
_SLASH = re.compile(r"(?<!\\)\\(?:\\\\)*/")


class YamlProblemError(plaintext.TextProblemError):
    """The text is no YAML that is read here. Line and column count from 1; 0 is unknown."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar's text as it is written, and where."""

    text: str
    plain: bool  # written without quotes, so a reader may take it for a number, a boolean or null
    line: int
    column: int
    tag: str = ""  # an explicit one, in full: tag:yaml.org,2002:str

    @property
    def empty(self) -> bool:
        """Whether it says nothing: no text, or a null."""
        return not self.text or (self.plain and self.text in {"~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """A map; keys are the texts of its scalar keys, in their order. Merges (`<<`) are done."""

    entries: dict[str, "Node"]
    keys: dict[str, Scalar]
    line: int

    def get(self, *path: str) -> "Node | None":
        """Follow keys; each may be written dotted (`a.b: x`) or nested."""
        if not path:
            return self
        for split in range(len(path), 0, -1):
            found = self.entries.get(".".join(path[:split]))
            if found is None:
                continue
            if split == len(path):
                return found
            if isinstance(found, Mapping) and (inner := found.get(*path[split:])) is not None:
                return inner
        return None

    def scalar(self, *path: str) -> Scalar | None:
        """The same for a scalar."""
        found = self.get(*path)
        return found if isinstance(found, Scalar) else None


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class DoubledKey:
    """A key that is in its map twice; the first one counts."""

    key: Scalar
    first: int  # the line of the first one
    depth: int  # 1: at the document's top

    @property
    def message(self) -> str:
        """What is wrong and what to do."""
        return f"the key {self.key.text[:80]!r} is there twice, first on line {self.first}: remove one"


def load(data: bytes, *, only: bool = False, doubled: list[DoubledKey] | None = None) -> Node | None:
    """Read the first document of a YAML file, whatever follows; None where it is empty.

    With `only`, a second document is refused: where who a package is depends on it. With a list for
    `doubled` keys, those are put there and the rest is read; without, the first of them is refused.

    Raises:
        YamlProblemError: the file is too large, no text, no YAML, or one of the things refused above.
    """
    if len(data) > MOST_BYTES:
        message = f"the file has more than {MOST_BYTES} bytes, the most that a YAML file may have"
        raise YamlProblemError(message)
    text = decode(data)
    with _problems(text):
        return _Composer(text, doubled).document(only=only)


@contextmanager
def _problems(text: str) -> Iterator[None]:
    """Turn the parser's errors about a text into ours."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        raise YamlProblemError(*yamlwords.explain(error, text)) from None
    except yaml.reader.ReaderError as error:
        raise YamlProblemError(*yamlwords.explain_character(error, text)) from None


def load_mapping(data: bytes, *, only: bool = False, doubled: list[DoubledKey] | None = None) -> Mapping:
    """Read a file whose first document must be a map; an empty file is an empty map.

    What `only` and `doubled` are for, `load` says.

    Raises:
        YamlProblemError: as `load`, or the document is no map.
    """
    node = load(data, only=only, doubled=doubled)
    if node is None:
        return Mapping({}, {}, 1)
    if not isinstance(node, Mapping):
        message = "a map of keys and values is expected at the top"
        raise YamlProblemError(message, node.line, 1)
    return node


def events(data: bytes) -> Iterator[yaml.Event]:
    """The parser's events of a YAML file, for what nodes do not show.

    Raises:
        YamlProblemError: the file is not text, or not YAML.
    """
    text = decode(data)
    with _problems(text):
        yield from yamlevents.parse(text)


def decode(data: bytes) -> str:
    """The text of a YAML file.

    Raises:
        YamlProblemError: it is no text.
    """
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16")
        return plaintext.decode_utf8(data.removeprefix(codecs.BOM_UTF8))
    except UnicodeDecodeError as error:
        raise YamlProblemError(f"byte {error.start} is not UTF-16: save as UTF-8") from None
    except plaintext.TextProblemError as error:
        raise YamlProblemError(error.message, error.line, error.column) from None


class _Composer:
    """Builds nodes from the parser's events, counting what aliases would write out."""

    def __init__(self, text: str, doubled: list[DoubledKey] | None) -> None:
        self._text = text
        self._doubled = doubled
        self._events: Iterator[yaml.Event] = yamlevents.parse(text)
        self._anchors: dict[str, tuple[Node, int, int] | None] = {}
        self._nodes = 0
        self._characters = 0

    def document(self, *, only: bool) -> Node | None:
        found: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if event.version and tuple(event.version) != _VERSION:
                    raise _problem("%YAML must be 1.1: remove the line", event)
                found = self._node(next(self._events), 1)
                next(self._events)  # the document's end: after its value only another one may begin
                self._end(only=only)
                break
        empty = isinstance(found, Scalar) and found.plain and not found.text
        return None if empty else found

    def _end(self, *, only: bool) -> None:
        """See what follows the first document: yaml.v3 reads on to the first token of the next one."""
        try:
            then = next(self._events)
            if isinstance(then, yaml.DocumentStartEvent):
                if only:
                    raise _problem("a second document starts here, one is expected", then)
                next(self._events)
        except yaml.parser.ParserError:
            if only:
                raise

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if depth > _DEEPEST:
            raise _problem(f"more than {_DEEPEST} levels of nesting", event)
        before = self._nodes, self._characters
        self._count(1, event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        anchor: str | None = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = None
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if anchor is not None:
            self._anchors[anchor] = (node, self._nodes - before[0], self._characters - before[1])
        return node

    def _count(self, nodes: int, event: yaml.Event, characters: int = 0) -> None:
        self._nodes += nodes
        self._characters += characters
        if self._nodes > _MOST_NODES:
            raise _problem(f"more than {_MOST_NODES} values, aliases written out", event)
        if self._characters > _MOST_CHARACTERS:
            raise _problem(f"more than {_MOST_CHARACTERS} characters, aliases written out", event)

    def _alias(self, event: yaml.AliasEvent) -> Node:
        known = self._anchors.get(event.anchor or "")
        if known is None:
            raise _problem(f"the alias *{event.anchor} stands for nothing, or for itself", event)
        node, nodes, characters = known
        self._count(nodes, event, characters)
        return node

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        if event.style == '"' and event.start_mark and event.end_mark:
            written = self._text[event.start_mark.index : event.end_mark.index]
            if _SLASH.search(written):
                raise _problem(r"\/ is no escape in double quotes: write / alone", event)
        self._count(0, event, len(event.value))
        plain = bool(event.implicit[0]) and event.style in {None, ""}
        return Scalar(event.value, plain, *_where(event), event.tag or "")

    def _double(self, found: DoubledKey) -> None:
        if self._doubled is None:
            raise YamlProblemError(found.message, found.key.line, found.key.column)
        if len(self._doubled) < _MOST_DOUBLED:
            self._doubled.append(found)

    def _sequence(self, event: yaml.Event, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(item, depth + 1))
        return Sequence(tuple(items), _where(event)[0])

    def _mapping(self, event: yaml.Event, depth: int) -> Mapping:
        entries: dict[str, Node] = {}
        keys: dict[str, Scalar] = {}
        merges: list[Node] = []
        merge: Scalar | None = None
        while not isinstance(item := next(self._events), yaml.MappingEndEvent):
            key = self._node(item, depth + 1)
            if not isinstance(key, Scalar):
                raise _problem("a key must be a text", item)
            value = self._node(next(self._events), depth + 1)
            is_merge = key.text == "<<" and (key.plain or key.tag == _MERGE)
            first = merge if merge and key.text == "<<" else keys.get(key.text)
            if first:
                self._double(DoubledKey(key, first.line, depth))
            elif is_merge:
                merge = key
                merges.append(value)
            else:
                entries[key.text], keys[key.text] = value, key
        for source in _merged(merges):
            for name, value in source.entries.items():
                if name not in entries:
                    entries[name], keys[name] = value, source.keys[name]
        return Mapping(entries, keys, _where(event)[0])


def _merged(values: list[Node]) -> Iterator[Mapping]:
    for value in values:
        for item in value.items if isinstance(value, Sequence) else (value,):
            if not isinstance(item, Mapping):
                message = "<< merges maps only"
                raise YamlProblemError(message, item.line)
            yield item


def _where(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _problem(message: str, event: yaml.Event) -> YamlProblemError:
    return YamlProblemError(message, *_where(event))
