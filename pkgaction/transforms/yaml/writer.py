"""Nodes as the Go tools write them.

Lines are of any length. A block is indented by the next multiple of `indent`, below a `-` by two; lists
under a key are indented, too. Source: the behaviour of yaml.v3's emitter.
"""

from dataclasses import dataclass

from pkgaction.transforms.yaml import texts
from pkgaction.transforms.yaml.nodes import Alias, Base, Document, Mapping, Node, Scalar, Sequence, Style
from pkgaction.transforms.yaml.page import Page
from pkgaction.transforms.yaml.scalars import double_quoted, possible, styles

_LONGEST_KEY = 128  # bytes; a longer one is written behind a `?`


def text(document: Document, *, indent: int) -> str:
    """The text of a document."""
    return _Writer(indent).document(document)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node is written."""

    indent: int  # of the block around it; -1 outside of any
    item: bool = False  # behind the `-` of a list
    key: bool = False  # as a key that is followed by a colon
    comma: bool = False  # in brackets, before a comment


class _Writer:
    """Walks the nodes. Comments wait until there is a place for them."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._page = Page()
        self._flow = 0  # brackets and braces that are open
        self._head = self._line = self._foot = ""
        self._tail = ""  # the foot of the key before
        self._behind_key = ""

    def document(self, document: Document) -> str:
        page = self._page
        if document.head:
            page.indent(0)
            page.comment(document.head, 0)
            page.end_line()
        self._take(document.root)
        self._heads(0)
        self._node(document.root, _Place(-1))
        self._foot = document.foot or self._foot
        page.foot_indent = 0
        self._feet(0)
        page.foot_indent = None
        page.indent(0)
        return page.text()

    # --- comments ---

    def _take(self, node: Node) -> None:
        """What stands above a node waits for its place; so does what stands around a scalar."""
        self._head = node.head or self._head
        if isinstance(node, Scalar | Alias):
            self._around(node)

    def _take_key(self, key: Node, tail: str) -> None:
        """The same for a key: its foot is to stand below its value, `tail` is that of the key before."""
        self._head = key.head or self._head
        self._tail = tail or self._tail
        if isinstance(key, Scalar | Alias):
            self._line = key.line or self._line

    def _around(self, node: Base) -> None:
        self._line = node.line or self._line
        self._foot = node.foot or self._foot

    def _heads(self, indent: int) -> None:
        if self._tail:
            self._page.indent(indent)
            self._page.comment(self._tail, indent)
            self._page.foot_indent = indent
        if self._head:
            self._page.indent(indent)
            self._page.comment(self._head, indent)
        self._tail = self._head = ""

    def _feet(self, indent: int) -> None:
        """Comments behind and below what was written."""
        indent = max(indent, 0)
        if self._line:
            self._comment_behind(self._line, indent)
        if self._foot:
            self._page.indent(indent)
            self._page.comment(self._foot, indent)
            self._page.foot_indent = indent
        self._line = self._foot = ""

    # --- nodes ---

    def _deeper(self, place: _Place, *, flow: bool) -> int:
        if place.indent < 0:
            return self._step if flow else 0
        if place.item:
            return place.indent + 2
        return self._step * ((place.indent + self._step) // self._step)

    def _node(self, node: Node, place: _Place) -> None:
        """A node with the comments behind and below it; the `-` or the key before it is written."""
        for word in filter(None, (node.anchor and f"&{node.anchor}", node.tag)):
            self._page.word(word)
        if isinstance(node, Alias):
            self._page.word(f"*{node.name} " if place.key else f"*{node.name}")
        elif isinstance(node, Scalar):
            self._scalar(node, place)
        if place.comma:
            self._page.mark(",")
        if not place.key:
            self._feet(place.indent)
        if isinstance(node, Sequence):
            self._sequence(node, place)
        elif isinstance(node, Mapping):
            self._mapping(node, place)

    def _sequence(self, node: Sequence, place: _Place) -> None:
        in_flow = node.flow or self._flow or not node.items
        (self._flow_sequence if in_flow else self._block_sequence)(node, place)

    def _mapping(self, node: Mapping, place: _Place) -> None:
        in_flow = node.flow or self._flow or not node.pairs
        (self._flow_mapping if in_flow else self._block_mapping)(node, place)

    def _scalar(self, node: Scalar, place: _Place) -> None:
        page, indent = self._page, self._deeper(place, flow=True)
        style = node.style
        if style is Style.PLAIN and "\n" in node.text:
            style = Style.LITERAL
        match possible(style, node.text, flow=self._flow > 0, key=place.key):
            case Style.PLAIN:
                page.word(node.text, apart=bool(node.text))
            case Style.SINGLE:
                texts.single_quoted(page, node.text, indent)
            case Style.DOUBLE:
                page.word(double_quoted(node.text))
            case Style.LITERAL:
                texts.opening(page, "|", node.text, self._step)
                self._behind_opening(indent)
                texts.literal(page, node.text, indent)
            case Style.FOLDED:
                texts.opening(page, ">", node.text, self._step)
                self._behind_opening(indent)
                texts.folded(page, node.text, indent)

    def _block_sequence(self, node: Sequence, place: _Place) -> None:
        indent = self._deeper(place, flow=False)
        for item in node.items:
            self._take(item)
            self._heads(indent)
            self._page.indent(indent)
            self._page.mark("-", apart=True, listing=True)
            self._node(item, _Place(indent, item=True))
        self._around(node)

    def _block_mapping(self, node: Mapping, place: _Place) -> None:
        indent = self._deeper(place, flow=False)
        tail = ""
        for key, value in node.pairs:
            self._block_key(key, indent, tail)
            tail = key.foot
            self._take(value)
            self._settle_behind_key(value, indent)
            self._node(value, _Place(indent))
        self._tail = tail
        self._around(node)
        self._heads(indent)

    def _settle_behind_key(self, value: Node, indent: int) -> None:
        """Place the comment behind a key: behind its scalar, or before its block; else it waits on."""
        if self._behind_key and isinstance(value, Scalar) and not self._line:
            self._line, self._behind_key = self._behind_key, ""
        elif self._behind_key and isinstance(value, Sequence | Mapping) and not value.flow:
            self._comment_behind(self._behind_key, indent)
            self._behind_key = ""

    def _block_key(self, key: Node, indent: int, tail: str) -> None:
        """A key with its colon."""
        self._take_key(key, tail)
        self._heads(indent)
        self._page.indent(indent)
        self._behind_key, self._line = self._line or self._behind_key, ""
        if _is_simple(key):
            self._node(key, _Place(indent, key=True))
            self._page.mark(":")
        else:
            self._page.mark("?", apart=True, listing=True)
            self._node(key, _Place(indent))
            self._page.indent(indent)
            self._page.mark(":", apart=True, listing=True)

    def _flow_sequence(self, node: Sequence, place: _Place) -> None:
        inner = self._open("[", place)
        comma = False  # one is due
        for item in node.items:
            if comma:
                self._page.mark(",")
            self._take(item)
            comma = self._flow_item(item, inner)
        self._around(node)
        self._start_line(max(place.indent, 0))
        self._close("]", place)

    def _flow_mapping(self, node: Mapping, place: _Place) -> None:
        inner = self._open("{", place)
        comma = False
        tail = ""
        for key, value in node.pairs:
            if comma:
                self._page.mark(",")
            self._take_key(key, tail)
            tail = key.foot
            self._heads(inner)
            self._start_line(inner)
            self._node(key, _Place(inner, key=True))
            self._page.mark(":")
            self._take(value)
            comma = self._flow_value(value, inner)
        self._tail = tail
        self._around(node)
        if comma and (self._head or self._foot or self._tail):
            self._page.mark(",")
        self._heads(inner)
        self._close("}", place)

    def _open(self, bracket: str, place: _Place) -> int:
        self._page.mark(bracket, apart=True, blank=True)
        self._flow += 1
        return self._deeper(place, flow=True)

    def _close(self, bracket: str, place: _Place) -> None:
        self._flow -= 1
        self._page.mark(bracket)
        self._feet(place.indent)

    def _start_line(self, indent: int) -> None:
        if self._page.column == 0:
            self._page.indent(indent)

    def _flow_item(self, item: Node, indent: int) -> bool:
        self._heads(indent)
        self._start_line(indent)
        return self._flow_value(item, indent)

    def _flow_value(self, value: Node, indent: int) -> bool:
        """A value; behind it comes a comma, unless one stands there already, before its comment."""
        comma = bool(self._line or self._foot or self._tail)
        self._node(value, _Place(indent, comma=comma))
        return not comma

    def _behind_opening(self, indent: int) -> None:
        if self._line:
            self._comment_behind(self._line, indent)
            self._line = ""
        self._page.rest()

    def _comment_behind(self, comment: str, indent: int) -> None:
        self._page.space()
        self._page.comment(comment, indent)


def _is_simple(key: Node) -> bool:
    """Whether a key fits before a colon."""
    if isinstance(key, Sequence):
        return not key.items
    if isinstance(key, Mapping):
        return not key.pairs
    text = key.name if isinstance(key, Alias) else key.text
    return not styles(text).multiline and len((key.anchor + key.tag + text).encode()) <= _LONGEST_KEY
