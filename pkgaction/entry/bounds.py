"""What a list of the index has at most. More is nobody's: it would only take a reader's memory.

The largest public registry has some 20,000 entries of 6 kB.
"""

from itertools import count

import msgspec
from msgspec import Raw

from pkgaction.entry.shape import Key, UnreadableError

MOST_ENTRIES = 100_000
LARGEST_ENTRY = 8 << 20  # bytes


def require_few(items: Raw) -> None:
    """Refuse a list of more entries than one may have, or of something else, before any of it is kept.

    Raises:
        msgspec.MsgspecError: it has more, or is not a list of wrapped entries.
    """
    numbers = count(1)

    class Counted(msgspec.Struct):
        package_manifest: Raw

        def __post_init__(self) -> None:
            _require_in_bounds(next(numbers), "entries")

    msgspec.json.decode(items, type=list[Counted])


def removed(items: Raw) -> list[Key]:
    """The versions that a list of changes takes away.

    Raises:
        msgspec.MsgspecError: it has more than a list has entries, or something else.
    """
    numbers = count(1)

    class Removed(msgspec.Struct, forbid_unknown_fields=True):
        name: str
        version: str

        def __post_init__(self) -> None:
            _require_in_bounds(next(numbers), "versions that it removes")

    return [(one.name, one.version) for one in msgspec.json.decode(items, type=list[Removed])]


def _require_in_bounds(number: int, what: str) -> None:
    if number > MOST_ENTRIES:
        message = f"it has over {MOST_ENTRIES} {what}"
        raise ValueError(message)


def require_small(text: bytes | bytearray | Raw, what: str) -> None:
    """Refuse what is larger than an entry may be: it is built as a whole when it is looked at.

    Raises:
        UnreadableError: it is.
    """
    if memoryview(text).nbytes > LARGEST_ENTRY:
        raise UnreadableError(f"{what} has over {LARGEST_ENTRY} bytes")
