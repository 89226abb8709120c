"""Files that look like the package's own, in folders that building leaves out because of their name."""

import re
from collections.abc import Iterator

from pkgaction.model.excluded import excluded_folder, is_excluded
from pkgaction.model.finding import Finding, Severity
from pkgaction.model.tree import TreeFile
from pkgaction.rules.package import Mode, Package
from pkgaction.rules.told import finding, shown

_MEANT_TO_BE = re.compile(r"build|_dev|data_stream/[^/]+/_dev")
_REFUSED = ".git"  # by the paths' own rule, whatever lies there
_LINK = ".link"  # what it names is built, also out of such a folder
# a place that readers look at, with any folders below it
_PLACES = re.compile(
    r"(?:agent|docs|elasticsearch|fields|img|kibana)/.+"
    r"|data_stream/(?:build|_dev)/.+"
    r"|data_stream/[^/]+/(?:agent|elasticsearch|fields)/.+"
)
_KINDS = (
    ".yml", ".yaml", ".json", ".ndjson", ".hbs", ".md", ".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp"
)  # fmt: skip


def folders_left_out(package: Package) -> Iterator[Finding]:
    """No file of the package lies in a folder called `build` or `_dev` but those that are meant to be
    left out: it would not be in the zip. A warning where readers need nothing that lies there.
    """
    if package.mode is Mode.BUILD:
        return
    lost: dict[str, list[TreeFile]] = {}
    for file in package.tree.files:
        folder = excluded_folder(file.path)
        if folder and not _MEANT_TO_BE.fullmatch(folder) and not file.path.endswith(_LINK):
            lost.setdefault(folder, []).append(file)
    for folder, files in lost.items():
        name = folder.rpartition("/")[2]
        if name != _REFUSED:
            needed = any(_is_needed(folder, file.path) for file in files)
            yield finding(
                "folder-left-out",
                folder,
                _message(folder, name, len(files)),
                severity=Severity.ERROR if needed else Severity.WARNING,
            )


def _is_needed(folder: str, path: str) -> bool:
    """Whether readers would read the file, if only its folder had another name."""
    if is_excluded(path.removeprefix(f"{folder}/")):
        return False
    name = path.rpartition("/")[2]
    return bool(_PLACES.fullmatch(path)) and not name.startswith(".") and name.endswith(_KINDS)


def _message(folder: str, name: str, count: int) -> str:
    files = "its file is" if count == 1 else f"its {count} files are"
    return (
        f"{files} not in the built package, because every folder called {name} is left out of it: "
        f"give {shown(folder)} another name"
    )
