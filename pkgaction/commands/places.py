"""Where results may lie: never in a package that they are made of, but for what no build takes."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from pkgaction.adapters.named_file import real
from pkgaction.errors import UsageError, of_path
from pkgaction.model.excluded import RESULTS

_ZIPS = f"{RESULTS}packages"


def output(given: str, packages: Sequence[Path]) -> Path:
    """The folder for zips: the given one, else the current one, or one of the package that it is.

    Raises:
        UsageError: it would be a part of one of the packages.
    """
    here = Path.cwd()
    if not given and (around := next((one for one in packages if _is_in(here, one)), None)):
        return real(around) / _ZIPS
    target = real(Path(given or here))
    refuse_inside(
        target, packages, what="the zip would lie in the package itself", where=f"--output {target}"
    )
    return target


@contextlib.contextmanager
def beside(output: Path) -> Iterator[str]:
    """A folder on the disk of the results, gone at the end; theirs is made where it is missing.

    Raises:
        UsageError: no file can be made there.
        RunnerError: the disk is full or read-only.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(
            dir=output, prefix=".pkgaction-", ignore_cleanup_errors=True
        )
    except OSError as error:
        fix = "name a folder that you may write to, by --output"
        refused = of_path(error, fix)
        where = f"--output {output}"
        raise type(refused)(what=refused.what, where=where, fix=refused.fix) from error
    with folder as aside:
        yield aside


def refuse_inside(place: Path, packages: Sequence[Path], *, what: str, where: str) -> None:
    """See that a place is no part of a package.

    Raises:
        UsageError: it is.
    """
    for package in packages:
        if _is_in(place, package):
            allowed = f"{real(package) / _ZIPS}, which no zip holds"
            raise UsageError(what=what, where=where, fix=f"name a folder outside of it, or {allowed}")


def _is_in(place: Path, package: Path) -> bool:
    """Whether what lies at the place is a part of the package in that folder."""
    folder = real(package)
    if not package.is_dir() or not real(place).is_relative_to(folder):
        return False
    return real(place).relative_to(folder).parts[:1] != PurePath(RESULTS).parts
