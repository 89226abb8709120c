"""A text that is being written, and where in it the next character comes."""


class Page:
    """Lines so far, and what decides whether a blank or a line break must come next."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.column = 0
        self._blank = True  # the last character is a blank, or nothing is on the line
        self._only_indented = True  # nothing but blanks and the marks of lists are on the line
        self.foot_indent: int | None = None  # of the comment below something, written last

    def text(self) -> str:
        """All of it."""
        return "".join(self._parts)

    def put(self, text: str) -> None:
        """A text on this line."""
        self._parts.append(text)
        self.column += len(text)

    def space(self) -> None:
        """A blank, unless there is one."""
        if not self._blank:
            self.put(" ")

    def word(self, text: str, *, apart: bool = True) -> None:
        """A text that is no mark, with a blank before it."""
        if apart:
            self.space()
        self.put(text)
        self._blank = self._only_indented = False

    def mark(
        self, mark: str, *, apart: bool = False, blank: bool = False, listing: bool = False
    ) -> None:
        """An indicator; `apart`: with a blank before it, `blank`: it needs none behind it."""
        if apart:
            self.space()
        self.put(mark)
        self._blank = blank
        self._only_indented = self._only_indented and listing

    def rest(self) -> None:
        """What comes needs no blank before it."""
        self._blank = True

    def solid(self, text: str) -> None:
        """A part of a scalar."""
        self.put(text)
        self._only_indented = False

    def end_line(self, line_break: str = "\n") -> None:
        """A line break."""
        self._parts.append(line_break)
        self.column = 0
        self._only_indented = True

    def indent(self, indent: int) -> None:
        """A new line, unless one has just begun, up to a column.

        Below a comment that stands at the same column, an empty line sets off what follows.
        """
        if (
            not self._only_indented
            or self.column > indent
            or (self.column == indent and not self._blank)
        ):
            self.end_line()
        if self.foot_indent == indent:
            self.end_line()
        if self.column < indent:
            self.put(" " * (indent - self.column))
        self._blank = True
        self.foot_indent = None

    def comment(self, text: str, indent: int) -> None:
        """A comment and the line break behind it."""
        first, *others = text.split("\n")
        self.put(first)
        self._only_indented = False
        for line in others:
            self.end_line()
            if line:
                self.indent(indent)
                self.put(line)
                self._only_indented = False
        if not text.endswith("\n"):
            self.end_line()
        self._blank = True
