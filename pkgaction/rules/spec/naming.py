"""What an entry of a folder should be called that may not be there under its name."""

import difflib
import re
from collections.abc import Callable, Iterator, Sequence

from pkgaction.rules.folders import Entry
from pkgaction.rules.spec.items import Item

_PREFIX = re.compile(r"\^?\{PACKAGE_NAME\}(?P<separator>[-_])")
_ENDS = ((".yaml", ".yml"), (".yml", ".yml.hbs"), (".yaml.hbs", ".yml.hbs"), (".hbs", ".yml.hbs"))
_FORBIDDEN_END = re.compile(r"-ecs(?=\.json$)", re.IGNORECASE)
_ODD = re.compile(r"[^a-z0-9_.-]+")
_SEPARATORS = ("-", "_", ".", " ")
_LONGEST = 200  # characters of a name that another is looked for
_NEAR = 0.6  # of 1: how much alike two names are that are taken for the same


def suggest(entry: Entry, folder: Item, package: str, taken: Callable[[str], bool]) -> str:
    """A name near the entry's own that may stand in the folder; empty where there is none.

    Nobody types a name that is not printable, so none is suggested.
    """
    items = [item for item in folder.contents if item.folder is entry.folder]
    for name in _candidates(entry.name, items, package):
        if name.isprintable() and not taken(name) and any(item.takes(name, package) for item in items):
            return name
    return ""


def _candidates(name: str, items: Sequence[Item], package: str) -> Iterator[str]:
    """Names to be tried, the nearest first."""
    names = [item.name for item in items if item.name]
    yield from difflib.get_close_matches(name, names, n=1, cutoff=_NEAR)
    yield _FORBIDDEN_END.sub("", name)
    for end, right in _ENDS:
        if name.endswith(end):
            yield name.removesuffix(end) + right
    tidy = _ODD.sub("_", name.lower())
    yield tidy
    yield tidy.replace("-", "_")
    for separator in dict.fromkeys(m["separator"] for i in items if (m := _PREFIX.match(i.pattern))):
        yield from _prefixed(name, package, separator)


def _prefixed(name: str, package: str, separator: str) -> Iterator[str]:
    """The name behind the package's, which takes the place of one that is nearly that."""
    if max(len(name), len(package)) > _LONGEST:
        return
    if name.startswith(package) and name[len(package) :][:1] in _SEPARATORS:
        yield f"{package}{separator}{name[len(package) + 1 :]}"
    first, _, rest = name.partition(separator)
    near = difflib.SequenceMatcher(None, first.lower(), package).ratio() >= _NEAR
    yield f"{package}{separator}{rest if near and rest else name}"
