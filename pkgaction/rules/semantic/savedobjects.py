"""The saved objects of Kibana that a package has, as the rules read them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkgaction.model.finding import Finding
from pkgaction.model.json import Json, at
from pkgaction.rules.package import Package
from pkgaction.rules.told import found


@dataclass(frozen=True, slots=True)
class SavedObject:
    """One file of `kibana/KIND/`."""

    file: str
    value: Json

    @property
    def kind(self) -> str:
        """Its folder: dashboard, security_rule, ..."""
        return self.file.split("/")[1]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a saved object refers to."""

    id: str
    type: str


def saved_objects(package: Package, kind: str = "*") -> Iterator[SavedObject]:
    """Every saved object that can be read."""
    for file in package.glob(f"kibana/{kind}/*.json"):
        value = package.json_object(file)
        if value is not None:
            yield SavedObject(file, value)


def unknown(package: Package) -> Iterator[str]:
    """Ids, by the files' names, of the saved objects that can't be read.

    No type is told by the folder: `security_rule` holds `security-rule`, `tag` holds `tag`.
    """
    for file in package.glob("kibana/*/*.json"):
        if package.json_object(file) is None:
            yield file.rpartition("/")[2].removesuffix(".json")


def references(saved: SavedObject) -> Iterator[Reference | Finding]:
    """What a saved object refers to, or why that can't be read."""
    if not isinstance(saved.value, Mapping) or "references" not in saved.value:
        return
    listed = saved.value["references"]
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        yield found(saved.file, "references must be a list of objects with id, type and name")
        return
    for number, each in enumerate(listed):
        texts = [at(each, key) for key in ("id", "type", "name")]
        known = [text for text in texts if isinstance(text, str)]
        if len(known) == len(texts):
            yield Reference(known[0], known[1])
        else:
            yield found(saved.file, f"references[{number}] must have the texts id, type and name")
