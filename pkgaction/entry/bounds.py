"""What a list of the index has at most. More is nobody's: it would only take a reader's memory.

The largest public registry has some 20,000 entries of 6 kB.
"""

from itertools import count

import msgspec
from msgspec import Raw

from pkgaction.entry.shape import UnreadableError

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
            if next(numbers) > MOST_ENTRIES:
                message = f"it has over {MOST_ENTRIES} entries"
                raise ValueError(message)

    msgspec.json.decode(items, type=list[Counted])


def require_small(text: bytes | bytearray | Raw, what: str) -> None:
    """Refuse what is larger than an entry may be: it is built as a whole when it is looked at.

    Raises:
        UnreadableError: it is.
    """
    if memoryview(text).nbytes > LARGEST_ENTRY:
        raise UnreadableError(f"{what} has over {LARGEST_ENTRY} bytes")
