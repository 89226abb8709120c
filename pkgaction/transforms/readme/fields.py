"""`fields`: the table of the fields in a folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from pkgaction.model.json import Json, JsonObject
from pkgaction.transforms.gotemplate_values import shown
from pkgaction.transforms.readme import gosort
from pkgaction.transforms.readme.book import Book, Entries, escaped

_FALSE = {"0", "f", "F", "false", "FALSE", "False"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    name: str
    description: str
    type: str
    unit: str = ""
    metric_type: str = ""


def fields(book: Book, folder: str) -> str:
    """The table of the field files in a folder (with its `/`)."""
    paths = [*book.below(folder, ".yml"), *book.below(folder, ".yml.link")]
    rows = [row for path in paths for row in _rows(book, book.field_entries(path), "")]
    if not rows:
        return book.phrases.say("exported_fields") + book.phrases.say("no_fields")
    return book.phrases.say("exported_fields") + "".join(_table(_unique(rows)))


def _unique(rows: list[_Row]) -> list[_Row]:
    """The rows by name; of several of one name the one that comes first once they are sorted."""
    keyed = [(row.name.encode(errors="surrogatepass"), row) for row in rows]
    if len({key for key, _ in keyed}) == len(keyed):
        return [row for _, row in sorted(keyed, key=itemgetter(0))]
    gosort.sort(keyed, lambda one, other: one[0] <= other[0])
    first = dict(reversed(keyed))
    return [first[key] for key in dict.fromkeys(key for key, _ in keyed)]


def _rows(book: Book, entries: Entries, above: str) -> Iterator[_Row]:
    for entry in entries:
        name = f"{above}.{_text(entry, 'name')}" if above else _text(entry, "name")
        children = _entries(entry.get("fields"))
        if "external" not in entry and (children or _text(entry, "type") == "group"):
            yield from _rows(book, children, name)
            continue
        yield _row(name, entry)
        description = book.phrases.say("multi_field", name=name)
        for inner in _entries(entry.get("multi_fields")):
            inner_name = f"{name}.{_text(inner, 'name')}"
            yield _Row(name=inner_name, description=description, type=_text(inner, "type"))


def _row(name: str, entry: JsonObject) -> _Row:
    runtime = entry.get("runtime")
    is_runtime = runtime is not None and shown(runtime) not in _FALSE
    return _Row(
        name=name,
        description=_text(entry, "description"),
        type=_text(entry, "type") + (" (runtime)" if is_runtime else ""),
        unit=_text(entry, "unit"),
        metric_type=_text(entry, "metric_type"),
    )


def _table(rows: list[_Row]) -> Iterator[str]:
    titles = ["Field", "Description", "Type"]
    columns = [
        [escaped(row.name) for row in rows],
        [escaped(row.description.replace("\n", " ").strip()) for row in rows],
        [row.type for row in rows],
    ]
    for title, cells in (
        ("Unit", [r.unit for r in rows]),
        ("Metric Type", [r.metric_type for r in rows]),
    ):
        if any(cells):
            titles.append(title)
            columns.append(cells)
    yield f"|{''.join(f' {title} |' for title in titles)}\n"
    yield f"|{'---|' * len(titles)}\n"
    for row in zip(*columns, strict=True):
        yield f"|{''.join(f' {cell} |' if cell else '  |' for cell in row)}\n"


def _text(entry: JsonObject, key: str) -> str:
    value = entry.get(key)
    return "" if value is None else shown(value)


def _entries(value: Json) -> Entries:
    items = value if isinstance(value, list | tuple) else ()
    return [item for item in items if isinstance(item, dict)]
