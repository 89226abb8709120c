"""Go's text/template without data, as far as packages use it: calls, texts, fields, pipes, if and else.

There are no loops, variables or named templates here, so rendering ends; its output has a limit. What is
not known is an error, as it is in Go. Source: https://pkg.go.dev/text/template
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pkgaction.transforms.gotemplate_values import BUILTINS, ArgumentError, Function, Value, printed
from pkgaction.transforms.gotokens import Kind, TemplateProblemError, Token, tokens

_DEEPEST = 50  # ifs and parentheses inside each other
_LARGEST = 32 * 1024 * 1024  # characters of all that is rendered, on the way and in the end
_MOST_CALLS = 10_000  # of functions


def render(text: str, functions: Mapping[str, Function]) -> str:
    """Render a template. Functions take and give texts, numbers and truths.

    Raises:
        TemplateProblemError: it is malformed, calls what is not there, or calls it wrongly, which
            a function says by ArgumentError. What else a function raises goes through.
    """
    nodes = _Parser(tuple(tokens(text)), frozenset({*functions, *BUILTINS})).template()
    return "".join(_Rendering({**BUILTINS, **functions}).output(nodes))


# --- what a template consists of ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Literal:
    value: Value


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    arguments: tuple["_Expression", ...]
    line: int


_Expression: TypeAlias = _Literal | _Call


@dataclass(frozen=True, slots=True)
class _If:
    condition: _Expression
    then: tuple["_Node", ...]
    otherwise: tuple["_Node", ...]


_Node: TypeAlias = str | _Expression | _If


@dataclass(slots=True)
class _Rendering:
    """Runs a template, and counts what that costs."""

    known: Mapping[str, Function]
    calls: int = 0
    characters: int = 0

    def output(self, nodes: Sequence[_Node]) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, str):
                yield self._paid(node)
            elif isinstance(node, _If):
                yield from self.output(node.then if self._value(node.condition) else node.otherwise)
            else:
                yield self._paid(printed(self._value(node)))

    def _value(self, expression: _Expression) -> Value:
        if isinstance(expression, _Literal):
            return expression.value
        arguments = [self._value(argument) for argument in expression.arguments]
        self.calls += 1
        if self.calls > _MOST_CALLS:
            raise TemplateProblemError(
                f"it calls functions more than {_MOST_CALLS} times", expression.line
            )
        try:
            found = self.known[expression.name](arguments)
        except ArgumentError as error:
            message = f"{expression.name} is called with arguments that it does not take"
            raise TemplateProblemError(message, expression.line) from error
        return self._paid(found) if isinstance(found, str) else found

    def _paid(self, text: str) -> str:
        self.characters += len(text)
        if self.characters > _LARGEST:
            raise TemplateProblemError(f"it renders to more than {_LARGEST} characters", 0)
        return text


# --- from tokens to these ----------------------------------------------------------------------------


class _Parser:
    def __init__(self, found: Sequence[Token], names: frozenset[str]) -> None:
        self._tokens = found
        self._names = names
        self._at = 0
        self._depth = 0

    def template(self) -> tuple[_Node, ...]:
        nodes, end = self._nodes()
        if end.kind is not Kind.END:
            raise TemplateProblemError(f"{end.text} without an if", end.line)
        return nodes

    def _next(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _nodes(self) -> tuple[tuple[_Node, ...], Token]:
        """The nodes up to an `end`, an `else` or the end of the text, and which of them it was."""
        nodes: list[_Node] = []
        while True:
            token = self._next()
            if token.kind is Kind.END:
                return tuple(nodes), token
            if token.kind is Kind.TEXT:
                nodes.append(token.text)
                continue
            word = self._peek()  # after {{
            if word.kind is Kind.NAME and word.text in {"end", "else"}:
                return tuple(nodes), self._next()
            if word.kind is Kind.NAME and word.text == "if":
                self._next()
                nodes.append(self._if(word))
            else:
                nodes.append(self._pipeline(Kind.CLOSE))

    def _if(self, word: Token) -> _If:
        self._nest(word)
        condition = self._pipeline(Kind.CLOSE)
        then, end = self._nodes()
        otherwise: tuple[_Node, ...] = ()
        if end.text == "else" and self._peek().text == "if":
            otherwise = (self._if(self._next()),)
        else:
            if end.text == "else":
                self._expect(Kind.CLOSE)
                otherwise, end = self._nodes()
            if end.text != "end":
                raise TemplateProblemError("the if has no end", word.line)
            self._expect(Kind.CLOSE)
        self._depth -= 1
        return _If(condition, then, otherwise)

    def _nest(self, token: Token) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TemplateProblemError(f"more than {_DEEPEST} levels", token.line)

    def _expect(self, kind: Kind) -> None:
        token = self._next()
        if token.kind is not kind:
            raise TemplateProblemError(f"{token.text or 'the end'} is not expected here", token.line)

    def _pipeline(self, end: Kind) -> _Expression:
        """Commands, each one's result the last argument of the next."""
        found = self._command(end, ())
        pipes = 0
        while self._peek().kind is Kind.PIPE:
            pipes += 1
            if pipes > _DEEPEST:
                raise TemplateProblemError(f"more than {_DEEPEST} pipes", self._peek().line)
            self._next()
            if self._peek().kind is not Kind.NAME:
                raise TemplateProblemError("only a function can follow a |", self._peek().line)
            found = self._command(end, (found,))
        self._expect(end)
        return found

    def _command(self, end: Kind, piped: tuple[_Expression, ...]) -> _Expression:
        first = self._next()
        called = first.kind is Kind.NAME and first.text in self._names
        alone = None if called else self._operand(first)
        arguments: list[_Expression] = []
        while self._peek().kind not in {Kind.PIPE, end, Kind.END, Kind.CLOSE}:
            arguments.append(self._operand(self._next()))
        if alone is None:
            return _Call(first.text, (*arguments, *piped), first.line)
        if arguments or piped:
            raise TemplateProblemError(f"{first.text} can't be given arguments", first.line)
        return alone

    def _operand(self, token: Token) -> _Expression:
        if token.kind is Kind.VALUE:
            return _Literal(token.value)
        if token.kind is Kind.FIELD:
            return _Literal(None)  # there is no data
        if token.kind is Kind.OPEN_PARENTHESIS:
            self._nest(token)
            found = self._pipeline(Kind.CLOSE_PARENTHESIS)
            self._depth -= 1
            return found
        if token.kind is Kind.NAME and token.text in self._names:
            return _Call(token.text, (), token.line)
        message = f"{token.text or 'the end'} is no function, text or number that is known here"
        raise TemplateProblemError(message, token.line)
