"""Which folders of the Action's container outlive it: those that the runner has mounted into it.

The image says by a file of its own that this is its container: a runner, a job's own container and a
developer's machine look alike from inside. What is mounted, the kernel knows.
Source: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pkgaction
from pkgaction.model.outcome import Problem

SIGN = Path(pkgaction.__file__).parents[1] / "container"  # made by the Dockerfile, and nowhere else
_TABLE = Path("/proc/self/mountinfo")
_FOLDER = "file://"
_OF_THE_KERNEL = ("/dev", "/proc", "/sys")
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class _Mount:
    root: str  # the part of its file system that is mounted
    point: Path
    kind: str

    @property
    def is_kept(self) -> bool:
        """Whether it is a folder from outside, and no memory of the container's own."""
        if self.point == Path("/") or any(self.point.is_relative_to(own) for own in _OF_THE_KERNEL):
            return False
        return self.kind not in _IN_MEMORY or self.root != "/"


def lost_buckets(
    buckets: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    sign: Path = SIGN,
    table: Path = _TABLE,
) -> list[Problem]:
    """Buckets in folders that are gone with the container: none, where this is not one.

    Args:
        buckets: their addresses, by the name of the input.
        environ: of the process.
        sign: a file that is there in the container alone.
        table: what the kernel says is mounted.
    """
    if not sign.exists():
        return []
    workspace, mounts = environ.get("GITHUB_WORKSPACE", ""), _read(table)
    return [
        Problem(
            what=f"{url!r} is a folder of the Action's container, and is lost when the step ends",
            where=f"input {name}",
            fix=_fix(workspace),
            exit_status=2,
        )
        for name, url in buckets.items()
        if url.startswith(_FOLDER) and not _is_kept(url.removeprefix(_FOLDER), workspace, mounts)
    ]


def _fix(workspace: str) -> str:
    if not workspace:
        return "name a folder that is mounted into the container, or gs://NAME"
    return (
        f"write file://{workspace.rstrip('/')}/FOLDER (the workspace, as the container has it) and keep"
        " the folder in a later step, or write gs://NAME"
    )


def _is_kept(path: str, workspace: str, mounts: list[_Mount]) -> bool:
    """Whether what is written there is there after the container; links and `..` are followed."""
    real = Path(os.path.realpath(path))
    if workspace and real.is_relative_to(os.path.realpath(workspace)):
        return True  # a container without it has no checkout
    around = [mount for mount in mounts if real.is_relative_to(mount.point)]
    # of several at one point, the last one hides the others
    deepest = max(reversed(around), key=lambda mount: len(mount.point.parts), default=None)
    return deepest is not None and deepest.is_kept


def _read(table: Path) -> list[_Mount]:
    try:
        lines = table.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    return [mount for line in lines if (mount := _parse(line))]


def _parse(line: str) -> _Mount | None:
    before, _, after = line.partition(" - ")
    fields, kind = before.split(" "), after.partition(" ")[0]
    if len(fields) < 5 or not kind:  # noqa: PLR2004 - id, parent, device, root, point, …
        return None
    return _Mount(_unescaped(fields[3]), Path(_unescaped(fields[4])), kind)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)
