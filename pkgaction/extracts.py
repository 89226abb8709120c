"""The extracted files of a version, held against those that it must have."""

from collections.abc import Iterable, Iterator, Mapping

from pkgaction import damages
from pkgaction.integrity import has_wrong_headers, is_same
from pkgaction.inventory import Extracted
from pkgaction.model import layout
from pkgaction.model.audit import REPAIR, Code, Drift, some
from pkgaction.model.checksum import Digests
from pkgaction.model.json import Json, JsonObject, at
from pkgaction.model.manifest import FILE, PackageId
from pkgaction.ports import ObjectStore


def expected(
    package: PackageId, entry: JsonObject | None, of_zip: Mapping[str, Digests] | None
) -> Mapping[str, Digests | None]:
    """The extracted files that must be there: the zip's, where it was read, else those of its entry."""
    if of_zip is not None:
        return of_zip
    assets = at(entry, "assets")
    start = f"/package/{package.name}/{package.version.text}/"
    named: Iterable[Json] = assets if isinstance(assets, list) else ()
    own = (path for path in named if isinstance(path, str) and path.startswith(start))
    return dict.fromkeys(path.removeprefix(start) for path in own)


def drifts(
    extracted: Extracted, wanted: Mapping[str, Digests | None], store: ObjectStore
) -> Iterator[Drift]:
    """How those that are there differ from those that must be."""
    there = extracted.files
    yield from damages.of_files(extracted, wanted, store)
    missing = [path for path in wanted or {FILE: None} if path not in there]
    if missing:
        yield Drift(Code.STATIC_MISSING, f"not in the bucket: {some(missing)}", REPAIR)
    other = [
        path
        for path, is_ in wanted.items()
        if is_ and not _is_told(path, extracted) and _is_other(path, is_, extracted, store)
    ]
    if other:
        fix = "find out who wrote them; delete them, then run audit with --repair"
        yield Drift(Code.STATIC_DIFFERS, f"not as in the zip: {some(other)}", fix)
    extra = [path for path in there if path not in wanted and not layout.is_finders(path)]
    if extra and wanted:
        fix = "find out who wrote them, and delete them"
        yield Drift(Code.STATIC_EXTRA, f"not in the package: {some(extra)}", fix)


def _is_told(path: str, extracted: Extracted) -> bool:
    """Whether its bytes are known to be others; wrong headers say nothing of them."""
    damaged = extracted.damaged.get(path)
    return damaged is not None and not has_wrong_headers(damaged)


def _is_other(path: str, is_: Digests, extracted: Extracted, store: ObjectStore) -> bool:
    """Whether a file that is there is not the zip's; where the bucket keeps no MD5 of it, it is read."""
    stored = extracted.files.get(path)
    return stored is not None and not is_same(stored, store, is_)
