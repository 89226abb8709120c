"""Why a package can't have an entry."""


class EntryProblemError(ValueError):
    """Readers would refuse the entry, or the whole list because of it. Line from 1, or 0."""

    def __init__(self, message: str, file: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"
