"""From a YAML text to nodes with their comments and styles."""

from collections import deque

from pkgaction.model import yamltext
from pkgaction.transforms.yaml.comments import Side, remarks
from pkgaction.transforms.yaml.nodes import Alias, Base, Document, Mapping, Node, Scalar, Sequence, Style
from pkgaction.transforms.yaml.tokens import Kind, Token, scan

_MERGE = "!!merge"  # the Go tools write what they take for granted when they read
_NO_VALUE = frozenset({Kind.KEY, Kind.VALUE, Kind.BLOCK_END, Kind.ENTRY, Kind.COMMA, Kind.CLOSE})


def document(data: bytes) -> Document:
    """Read the one document of a YAML file.

    Raises:
        YamlProblemError: as `yamltext.load`, or there is no value in it.
    """
    # whatever is refused there is refused here, too: size, depth, twice a key, a second document
    if yamltext.load(data, only=True) is None:
        message = "the file is empty"
        raise yamltext.YamlProblemError(message)
    text = yamltext.decode(data)
    return _Reader(text).document()


class _Reader:
    """Follows the tokens; comments wait until something takes them."""

    def __init__(self, text: str) -> None:
        self._tokens = scan(text)
        self._remarks = deque(remarks(text, self._tokens))
        self._place = 0
        self._waiting = Base()
        self._stem = ""  # comments above the `-` of an item that is a map or a list

    def document(self) -> Document:
        """The whole text."""
        self._next()
        found = Document(Scalar(""))
        explicit = self._peek().kind in {Kind.OTHER, Kind.DOCUMENT}
        while self._peek().kind in {Kind.OTHER, Kind.DOCUMENT}:
            self._next()
        if not explicit:
            found.head, self._waiting.head = _above_last_blank(self._waiting.head)
        found.root = self._node()
        self._peek()
        found.foot = self._waiting.foot or self._waiting.head
        return found

    def _peek(self) -> Token:
        token = self._tokens[self._place]
        waiting = self._waiting
        while self._remarks and self._remarks[0].at <= token.at:
            remark = self._remarks[0]
            match remark.side:
                case Side.HEAD:
                    if token.kind is Kind.BLOCK_END:
                        break
                    waiting.head = _joined(waiting.head, remark.text)
                case Side.FOOT:
                    waiting.foot = _joined(waiting.foot, remark.text)
                case Side.LINE:
                    waiting.line = _joined(waiting.line, remark.text)
            self._remarks.popleft()
        return token

    def _next(self) -> Token:
        token = self._peek()
        self._place += 1
        return token

    def _take(self, node: Base) -> None:
        """Give a node the comments that wait."""
        node.head, node.line, node.foot = self._waiting.head, self._waiting.line, self._waiting.foot
        self._waiting = Base()
        self._stem = ""

    def _node(self, *, indentless: bool = False) -> Node:
        anchor = tag = ""
        while self._peek().kind in {Kind.ANCHOR, Kind.TAG}:
            token = self._next()
            if token.kind is Kind.ANCHOR:
                anchor = token.text
            else:
                tag = token.text
        node = self._bare(indentless=indentless)
        node.anchor, node.tag = anchor, tag or node.tag
        return node

    def _bare(self, *, indentless: bool) -> Node:
        """A node less its anchor and tag; where there is none, an empty scalar."""
        token = self._peek()
        match token.kind:
            case Kind.ALIAS:
                return self._leaf(Alias(token.text))
            case Kind.SCALAR:
                merges = token.text == "<<" and not token.style
                tag = _MERGE if merges else ""
                return self._leaf(Scalar(token.text, Style(token.style), tag=tag, row=token.row))
            case Kind.OPEN:
                flow = Mapping(flow=True) if token.mapping else Sequence(flow=True)
                self._leaf(flow)
                self._flow(flow)
                return flow
            case Kind.BLOCK:
                self._next()
                block = Mapping() if token.mapping else Sequence()
                block.head, self._stem = self._stem, ""
                self._block(block)
                return block
            case Kind.ENTRY if indentless:
                return self._items(Sequence())
            case _:
                return Scalar("", row=token.row)

    def _leaf(self, node: Node) -> Node:
        self._take(node)
        self._next()
        return node

    def _block(self, node: Mapping | Sequence) -> None:
        if isinstance(node, Sequence):
            self._items(node)
        else:
            while self._peek().kind is Kind.KEY:
                self._pair(node)
            if self._peek().kind is Kind.BLOCK_END:
                self._take(ending := Base())
                node.line = ending.line
                _foot_of_last(node.pairs, ending.foot)
        self._next()

    def _items(self, node: Sequence) -> Sequence:
        while self._peek().kind is Kind.ENTRY:
            above = self._waiting.head
            self._next()
            inner = self._peek().kind
            if above and inner is Kind.BLOCK:
                self._stem = above
                self._waiting.head = self._waiting.head[len(above) + 1 :]
            node.items.append(Scalar("") if inner in _NO_VALUE else self._node())
        return node

    def _pair(self, node: Mapping) -> None:
        key = self._key()
        if key.foot and node.pairs and not node.flow:
            node.pairs[-1][0].foot, key.foot = key.foot, ""  # it stands below a value that has ended
        value: Node = Scalar("", row=self._peek().row)
        if self._peek().kind is Kind.VALUE:
            self._next()
            if self._peek().kind not in _NO_VALUE or (self._peek().kind is Kind.ENTRY and not node.flow):
                value = self._node(indentless=not node.flow)
        if not key.foot:
            key.foot, value.foot = value.foot, ""
        node.pairs.append((key, value))

    def _key(self) -> Node:
        if self._peek().kind is not Kind.KEY:
            return self._node()
        self._next()
        return Scalar("") if self._peek().kind in _NO_VALUE else self._node(indentless=True)

    def _flow(self, node: Mapping | Sequence) -> None:
        """What is in brackets or braces."""
        while self._peek().kind is not Kind.CLOSE:
            if self._peek().kind is Kind.COMMA:
                self._next()
            elif isinstance(node, Mapping):
                self._pair(node)
            elif self._peek().kind is Kind.KEY:
                single = Mapping(flow=True)
                self._pair(single)
                node.items.append(single)
            else:
                node.items.append(self._node())
        self._take(ending := Base())
        node.line, node.foot = ending.line, ending.foot
        self._next()


def _joined(first: str, second: str) -> str:
    return f"{first}\n{second}" if first else second


def _above_last_blank(head: str) -> tuple[str, str]:
    """The part of a comment that an empty line sets apart, and the rest."""
    if head.endswith("\n"):
        return head[:-1], ""
    above, blank, below = head.rpartition("\n\n")
    return (above, below) if blank else ("", head)


def _foot_of_last(pairs: list[tuple[Node, Node]], foot: str) -> None:
    if pairs and foot:
        pairs[-1][0].foot = foot
