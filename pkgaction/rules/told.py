"""How a rule says what it finds, and that a file can't be read."""

from typing import Self

from pkgaction.model import yamltext
from pkgaction.model.finding import Finding, Severity
from pkgaction.model.plaintext import TextProblemError
from pkgaction.model.tree import Kind
from pkgaction.model.yamltext import DoubledKey

IS_EMPTY = "the file is empty"
UNREADABLE = "file-unreadable"  # the rule's name for a file that can't be read
_SHOWN = 200  # characters of a foreign text in a message


class UnreadableError(ValueError):
    """A file can't be read as what it should be. Line and column from 1, or 0."""

    def __init__(self, file: str, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.file = file
        self.message = message
        self.line = line
        self.column = column

    @classmethod
    def of(cls, file: str, problem: TextProblemError) -> Self:
        """What is wrong with the text of a file."""
        return cls(file, problem.message, problem.line, problem.column)

    @classmethod
    def of_key(cls, file: str, doubled: DoubledKey) -> Self:
        """A key that is there twice."""
        return cls(file, doubled.message, doubled.key.line, doubled.key.column)

    def finding(self, code: str) -> Finding:
        """The same as a finding."""
        file = shown(self.file)
        return Finding(code=code, file=file, message=self.message, line=self.line, column=self.column)


def not_a_file(kind: Kind) -> str:
    """What to do about a path that is something else than a file."""
    return f"this is a {kind.value}: put the file itself here, or a .link file"


def shown(path: str) -> str:
    """A path for people: what is no printable text is escaped."""
    return path if path.isprintable() else path.encode("unicode_escape").decode()


def quoted(text: str) -> str:
    """A foreign text as a message shows it: one name may be megabytes, and stand in every finding."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\u2026")


def finding(
    code: str,
    file: str,
    message: str,
    at: yamltext.Node | None = None,
    severity: Severity = Severity.ERROR,
    *,
    official: str = "",
    link: str = "",
) -> Finding:
    """A finding at a place in a file."""
    return Finding(
        code=code,
        file=shown(file),
        message=message,
        line=at.line if at else 0,
        column=at.column if isinstance(at, yamltext.Scalar) else 0,
        severity=severity,
        official=official,
        link=link,
    )


def found(
    file: str,
    message: str,
    at: yamltext.Node | None = None,
    *,
    code: str = "",
    official: str = "",
    link: str = "",
) -> Finding:
    """What an official rule finds; id, code and source of the rule are added by who runs it."""
    return finding(code, file, message, at, official=official, link=link)
