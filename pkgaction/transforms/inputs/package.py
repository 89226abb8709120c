"""What an integration takes from an input package."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pkgaction.errors import SourceMissingError
from pkgaction.model import yamltext
from pkgaction.model.manifest import FILE
from pkgaction.model.paths import at_line
from pkgaction.model.tree import Content, Tree
from pkgaction.model.yamltext import YamlProblemError
from pkgaction.transforms.inputs.editing import all_below, bare, maps, text_of, texts
from pkgaction.transforms.yaml import reader
from pkgaction.transforms.yaml.nodes import Mapping, Sequence

_FIELDS = re.compile(r"fields/[^/]+\.yml")
_TEMPLATES = "agent/input/"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPackage:
    """An input package's files, and its manifest."""

    name: str
    tree: Tree
    manifest: Mapping
    size: int  # values in the manifest

    @classmethod
    def read(cls, name: str, tree: Tree) -> "InputPackage":
        """Read the manifest.

        Raises:
            SourceMissingError: there is none, or it can't be read.
        """
        manifest = _document(name, tree, FILE)
        if not isinstance(manifest, Mapping):
            raise _broken(name, FILE, "it is no map")
        return cls(name=name, tree=tree, manifest=manifest, size=len(all_below(manifest)))

    @property
    def type(self) -> str:
        """The type of its first policy template's input.

        Raises:
            SourceMissingError: it says none.
        """
        found = next((text_of(template, "input") for template in self._policy_templates()), "")
        if not found:
            raise _broken(self.name, FILE, "its first policy template has no input")
        return found

    def templates(self) -> list[tuple[str, Content]]:
        """Templates of the agent's configuration: name and content, in the order in which they apply.

        Raises:
            SourceMissingError: one is not in the package.
        """
        names: dict[str, None] = {}
        for template in self._policy_templates():
            listed = texts(template.get("template_paths"))
            one = text_of(template, "template_path")
            names.update(dict.fromkeys(listed or ([one] if one else [])))
        return [(name, self._template(name)) for name in names]

    def variables(self) -> dict[str, Mapping]:
        """Its variables by name, without comments."""
        found: dict[str, Mapping] = {}
        for template in self._policy_templates():
            for variable in maps(template.get("vars")):
                found.setdefault(text_of(variable, "name"), bare(variable))
        return found

    def fields(self) -> Iterator[tuple[str, Mapping]]:
        """Its fields at the top level by name, without comments; the first of a name.

        Raises:
            SourceMissingError: a file of them can't be read.
        """
        known: set[str] = set()
        for file in self.tree.files:
            entries = (
                _document(self.name, self.tree, file.path) if _FIELDS.fullmatch(file.path) else None
            )
            for entry in maps(entries):
                name = text_of(entry, "name")
                if name not in known:
                    known.add(name)
                    yield name, bare(entry)

    def _policy_templates(self) -> list[Mapping]:
        return maps(self.manifest.get("policy_templates"))

    def _template(self, name: str) -> Content:
        file = self.tree.get(f"{_TEMPLATES}{name}")
        if file is None:
            raise _broken(self.name, f"{_TEMPLATES}{name}", "the template is not there")
        return file.content


def _document(name: str, tree: Tree, path: str) -> Mapping | Sequence | None:
    data = tree.read(path, limit=yamltext.MOST_BYTES)
    if data is None:
        raise _broken(name, path, tree.unread(path, limit=yamltext.MOST_BYTES))
    try:
        root = reader.document(data).root if yamltext.load(data) else None
    except YamlProblemError as error:
        raise _broken(name, at_line(path, error.line), error.message) from error
    return root if isinstance(root, Mapping | Sequence) else None


def _broken(name: str, place: str, what: str) -> SourceMissingError:
    return SourceMissingError(
        what=f"the required input package {name} can't be used: {what}",
        where=f"{name}/{place}",
        fix="require a version that is whole",
    )
