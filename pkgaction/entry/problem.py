"""Why a package can't have an entry, or why a registry refuses its zip."""

ENTRY = "registry-entry"  # the rule's name for whatever the entry itself is refused for


class EntryProblemError(ValueError):
    """Readers would refuse the entry, the whole list because of it, or the zip. Line from 1, or 0."""

    def __init__(self, message: str, file: str, line: int = 0, code: str = ENTRY) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.code = code

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"
