"""A file that a person or a workflow names by its path: a plain file of a bounded size, or a refusal."""

import errno
import os
import stat
from pathlib import Path

from pkgaction.adapters.file_kind import kind
from pkgaction.errors import UsageError, of_machine

KEYS = 16 * 1024 * 1024  # bytes of armored keys, or of an owner map
_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


def real(path: Path) -> Path:
    """The same place, absolute and without links; what leads in a circle stays as it is.

    Path.resolve raises RuntimeError there, which says nothing of the path, before Python 3.13.
    """
    return Path(os.path.realpath(path))


def require(path: Path, *, fix: str, where: str = "") -> None:
    """Refuse what is not a plain file that can be read.

    Args:
        path: of the file, or of a link to it.
        fix: what to do.
        where: what names it; empty: the path itself.

    Raises:
        UsageError: it is not such a file.
    """
    os.close(_opened(path, fix, where or str(path)))


def read(path: Path, *, limit: int, fix: str, where: str = "") -> bytes:
    """What is in a plain file.

    Args:
        path: of the file, or of a link to it.
        limit: the most that it may have, bytes.
        fix: what to do.
        where: what names it; empty: the path itself.

    Raises:
        UsageError: it is not a plain file, cannot be read, or has more.
    """
    try:
        with os.fdopen(_opened(path, fix, where or str(path)), "rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise of_machine(error) or _refused(error, fix, where or str(path)) from error
    if len(data) > limit:
        what = f"it has more than {limit} bytes, the most that is read"
        raise UsageError(what=what, where=where or str(path), fix=fix)
    return data


def _opened(path: Path, fix: str, where: str) -> int:
    """A descriptor of the file. Another kind is not opened: that may wait, or do something."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _other(path.stat().st_mode, fix, where)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise of_machine(error) or _refused(error, fix, where) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):  # another came in between
        os.close(descriptor)
        raise _other(mode, fix, where)
    return descriptor


def _other(mode: int, fix: str, where: str) -> UsageError:
    return UsageError(what=f"it is {kind(mode)}, not a file", where=where, fix=fix)


def _refused(error: OSError | ValueError, fix: str, where: str) -> UsageError:
    if isinstance(error, OSError) and error.errno in _MISSING:
        return UsageError(what="there is no such file", where=where, fix=fix)
    reason = (error.strerror or "").lower() if isinstance(error, OSError) else "it is not a path"
    return UsageError(what=f"it can't be read: {reason}", where=where, fix=fix)
