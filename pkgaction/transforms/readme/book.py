"""What the functions of templates read: the source package, and little else."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from pkgaction.errors import BuildRefusedError
from pkgaction.model import jsonwords, plaintext, yamltext
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.tree import Kind, PackageSource, Tree
from pkgaction.transforms.readme.phrases import Phrases

MOST_BYTES = 16 * 1024 * 1024  # of a file that a document shows
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "*{}<>"})

Entries: TypeAlias = Sequence[JsonObject]  # of a field file, as YAML has them


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What a package's documents are made of."""

    source: PackageSource
    phrases: Phrases
    links: Mapping[str, str]  # the repository's addresses by key
    field_entries: Callable[[str], Entries]  # of the field file at a path, ECS imports resolved
    input_documentation: Callable[[str], bytes | None]

    def below(self, folder: str, ending: str) -> list[str]:
        """As the function of this name, in the source package."""
        return below(self.source.tree, folder, ending)

    def read(self, path: str) -> bytes | None:
        """A file of the source package; None where there is none.

        Raises:
            BuildRefusedError: it is no plain file, or too large.
        """
        file = self.source.tree.get(path)
        if file is None:
            return None
        data = self.source.tree.read(path, limit=MOST_BYTES)
        if data is None:
            kind = "too large" if file.kind is Kind.FILE else f"a {file.kind.value}"
            raise self.refused(path, f"it is {kind}, and a document shows it")
        return data

    def text(self, path: str) -> str:
        """The same as a text; empty where there is none."""
        data = self.read(path) or b""
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            problem = plaintext.problem_of(data)
            raise self.refused(path, problem.message, problem.line) from error

    def yaml(self, path: str) -> yamltext.Mapping:
        """A file with a map of YAML; empty where there is none."""
        try:
            return yamltext.load_mapping(self.read(path) or b"")
        except yamltext.YamlProblemError as error:
            raise self.refused(path, error.message, error.line) from error

    def json(self, path: str, whole: Callable[[str], float] = int) -> Json:
        """A file with a value of JSON; `whole` makes its numbers without a fraction."""
        try:
            found: Json = json.loads(self.text(path), parse_int=whole, parse_constant=_no_number)
        except json.JSONDecodeError as error:
            message, line, _ = jsonwords.explain(error)
            raise self.refused(path, message, line) from error
        except (ValueError, RecursionError) as error:
            raise self.refused(path, f"this is not JSON: {error}") from error
        return found

    def refused(self, path: str, what: str, line: int = 0) -> BuildRefusedError:
        """Why a document can't be rendered."""
        where = self.source.in_repository(path) + (f":{line}" if line else "")
        return BuildRefusedError(what=what, where=where, fix="mend what the document is made of")


def below(tree: Tree, folder: str, ending: str) -> list[str]:
    """Paths of the files right in a folder (with its `/`, or empty) whose names end so, sorted."""
    inside = (file.path for file in (tree.below(folder[:-1]) if folder else tree.files))
    return [path for path in inside if path.endswith(ending) and "/" not in path[len(folder) :]]


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def escaped(text: str) -> str:
    """A text whose `* { } < >` Markdown leaves alone."""
    return text.translate(_SPECIAL)
