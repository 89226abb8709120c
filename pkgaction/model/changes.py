"""What a version changes of the last published one, file by file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file that differs."""

    path: str  # from the package's root
    before: int | None  # bytes; None: it was not there
    after: int | None  # bytes; None: it is gone

    @property
    def kind(self) -> str:
        """What became of it, in a word."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Every file that differs, by path."""

    since: str  # the published version that it was compared with; empty: none was published before
    size: int  # of that version's zip, bytes
    files: tuple[FileChange, ...]
    more: int = 0  # differing files that are not listed
