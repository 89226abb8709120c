"""`ilm`: the lifecycle policies of data streams, as tables of their leaves."""

import re
from collections.abc import Iterator, Mapping, Sequence

from pkgaction.model.json import Json
from pkgaction.transforms.gotemplate_values import shown
from pkgaction.transforms.readme.book import Book, escaped
from pkgaction.transforms.readme.values import as_read, go_time

_POLICIES = "elasticsearch/ilm/"
_POLICY = re.compile(rf"data_stream/([^/]+)/{_POLICIES}")


def ilm(book: Book, streams: Sequence[str]) -> str:
    """A table a data stream; of those with a policy where none is named."""
    named = streams or _with_policy(book)
    blocks = (f"{_title(book, stream)}{_table(book, stream)}" for stream in named)
    return book.phrases.say("ilm_title") + "".join(blocks)


def _with_policy(book: Book) -> list[str]:
    """The data streams that have one, sorted."""
    found = (_POLICY.match(file.path) for file in book.source.tree.files)
    return sorted({match[1] for match in found if match})


def _title(book: Book, stream: str) -> str:
    return book.phrases.say("ilm_policy", data_stream=stream)


def _table(book: Book, stream: str) -> str:
    leaves = sorted(dict(_leaves("", _policy(book, f"data_stream/{stream}/"))).items())
    rows = (f"| {escaped(key)} | {escaped(shown(value))} |\n" for key, value in leaves)
    return f"| Key | Value |\n|---|---|\n{''.join(rows)}"


def _policy(book: Book, folder: str) -> Json:
    path = f"{folder}lifecycle.yml"
    if book.source.tree.get(path):
        return as_read(book.yaml(path), go_time)
    path = next(iter(book.below(folder + _POLICIES, ".json")), "")
    if not path:
        raise book.refused(f"{folder}lifecycle.yml", "it is missing, and a document shows it")
    return book.json(path, float)


def _leaves(key: str, value: Json, *, in_list: bool = False) -> Iterator[tuple[str, Json]]:
    """Maps and lists as dotted keys; a list right in a list is one value."""
    inner: Iterator[tuple[str, Json]]
    if isinstance(value, Mapping):
        inner, listed = iter(value.items()), False
    elif isinstance(value, Sequence) and not isinstance(value, str) and not in_list:
        inner, listed = ((str(at), item) for at, item in enumerate(value)), True
    else:
        yield key, value
        return
    for name, item in inner:
        yield from _leaves(f"{key}.{name}" if key else name, item, in_list=listed)
