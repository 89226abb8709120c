"""Whether a text is a Handlebars template, by its grammar alone.

Source: https://github.com/aymerick/raymond, parser. Blocks and calls are kept on stacks of our own, so
nesting costs no recursion, and the time is linear in the text.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pkgaction.rules.grammar.handlebars_tokens import Kind, TemplateError, Token, tokens

_HELPER = frozenset({Kind.BOOLEAN, Kind.NUMBER, Kind.STRING, Kind.AT, Kind.ID, Kind.PATH})
_AT_THE_START = frozenset({"..", ".", "this"})


@dataclass(slots=True)
class _Block:
    """A block that is not closed yet; `chain` and `inverse` say which else may follow."""

    name: str
    opened: Token
    chain: bool
    inverse: bool = True


def check(text: str) -> None:
    """Nothing where the text is a template.

    Raises:
        TemplateError: it is none; says what is wrong and where.
    """
    _Parser(text).template()


class _Parser:
    def __init__(self, text: str) -> None:
        self._source: Iterator[Token] = tokens(text)
        self._end_of_text = Token(Kind.END, "", len(text))
        self._first: Token | None = None  # the next word, and the one behind it, where they were
        self._second: Token | None = None  # looked at already
        self._blocks: list[_Block] = []

    def template(self) -> None:
        while (token := self._take()).kind is not Kind.END:
            self._statement(token)
        if self._blocks:
            block = self._blocks[-1]
            raise TemplateError(f"the block {block.name!r} is not closed", block.opened.position)

    def _statement(self, token: Token) -> None:
        match token.kind:
            case Kind.CONTENT | Kind.COMMENT:
                pass
            case Kind.OPEN | Kind.OPEN_UNESCAPED | Kind.OPEN_PARTIAL:
                self._expression(call=token.kind is Kind.OPEN_PARTIAL)
                unescaped = token.kind is Kind.OPEN_UNESCAPED
                self._expect(Kind.CLOSE_UNESCAPED if unescaped else Kind.CLOSE)
            case Kind.OPEN_BLOCK | Kind.OPEN_INVERSE:
                name = self._opening()
                self._blocks.append(_Block(name, token, chain=token.kind is Kind.OPEN_BLOCK))
            case Kind.OPEN_RAW:
                self._raw()
            case Kind.INVERSE | Kind.OPEN_CHAIN:
                self._else(token)
            case Kind.OPEN_END:
                self._end(token)
            case _:
                raise _unexpected(token)

    def _else(self, token: Token) -> None:
        block = self._blocks[-1] if self._blocks else None
        chain = token.kind is Kind.OPEN_CHAIN
        if not block or not block.inverse or (chain and not block.chain):
            raise _unexpected(token)
        block.inverse = chain
        if chain:
            self._opening()

    def _opening(self) -> str:
        """`name params as |a b| }}`: the name."""
        name = self._expression()
        if self._peek().kind is Kind.OPEN_PARAMS:
            self._take()
            self._expect(Kind.ID)
            while self._peek().kind is Kind.ID:
                self._take()
            self._expect(Kind.BAR)
        self._expect(Kind.CLOSE)
        return name

    def _end(self, token: Token) -> None:
        if not self._blocks:
            raise _unexpected(token)
        self._closing(self._blocks.pop().name)
        self._expect(Kind.CLOSE)

    def _raw(self) -> None:
        name = self._expression()
        for kind in (Kind.CLOSE_RAW, Kind.CONTENT, Kind.OPEN_END_RAW):
            self._expect(kind)
        self._closing(name)
        self._expect(Kind.CLOSE_RAW)

    def _closing(self, opened: str) -> None:
        token = self._peek()
        name = self._name()
        if name != opened:
            raise TemplateError(f"{name!r} closes the block {opened!r}", token.position)

    def _expression(self, *, call: bool = False) -> str:
        """`name param* key=value*`; the name. With `call`, `(sub expression)` may be the name."""
        hashed = [False]  # for this expression and each open call in it: whether key=value has begun
        name = "" if call and self._call(hashed) else self._name()
        while True:
            kind = self._peek().kind
            if kind is Kind.ID and self._peek_behind().kind is Kind.EQUALS:
                self._take()
                self._take()
                hashed[-1] = True
                if not self._call(hashed):
                    self._name()
            elif not hashed[-1] and kind in _HELPER:
                self._name()
            elif hashed[-1] or not self._call(hashed):
                if len(hashed) == 1:
                    return name
                self._expect(Kind.CLOSE_CALL)
                hashed.pop()

    def _call(self, hashed: list[bool]) -> bool:
        """Enter `(name`, where one begins."""
        if self._peek().kind is not Kind.OPEN_CALL:
            return False
        self._take()
        self._name()
        hashed.append(False)
        return True

    def _name(self) -> str:
        """A path or a literal, as closing names are compared."""
        token = self._take()
        if token.kind is Kind.NUMBER:
            return _number(token)
        if token.kind is Kind.STRING:
            quote = token.text[0]
            return token.text[1:-1].replace(f"\\{quote}", quote)
        if token.kind is Kind.BOOLEAN:
            return token.text
        if token.kind is Kind.AT:
            return "@" + self._path(self._take())
        path = self._path(token)
        return path[1:-1] if path.startswith("[") and path.endswith("]") else path

    def _path(self, token: Token) -> str:
        if token.kind is not Kind.ID and token.kind is not Kind.PATH:
            raise _unexpected(token)
        if self._peek().kind is not Kind.SEPARATOR:
            return token.text
        parts, named = [token.text], token.text not in _AT_THE_START
        while self._peek().kind is Kind.SEPARATOR:
            parts.append(self._take().text)
            part = self._take()
            if part.kind is not Kind.ID and part.kind is not Kind.PATH:
                raise _unexpected(part)
            parts.append(part.text)
            if named and part.text in _AT_THE_START:
                raise TemplateError(f"{part.text!r} may only stand first in a path", part.position)
            named = named or part.text not in _AT_THE_START
        return "".join(parts)

    def _expect(self, kind: Kind) -> Token:
        token = self._take()
        if token.kind is not kind:
            raise _unexpected(token)
        return token

    def _take(self) -> Token:
        token = self._peek()
        self._first, self._second = self._second, None
        return token

    def _peek(self) -> Token:
        if self._first is None:
            self._first = next(self._source, self._end_of_text)
        return self._first

    def _peek_behind(self) -> Token:
        if self._second is None:
            self._second = next(self._source, self._end_of_text)
        return self._second


def _number(token: Token) -> str:
    value = float(token.text)
    if not math.isfinite(value):
        raise TemplateError(f"the number {token.text[:20]!r} is too large", token.position)
    return str(int(value)) if value.is_integer() else repr(value)


def _unexpected(token: Token) -> TemplateError:
    what = "the end of the file" if token.kind is Kind.END else repr(token.text[:40])
    return TemplateError(f"{what} is not expected here", token.position)
