"""What may lie in a folder: the items of the folder specification, with all they refer to.

Source: elastic/package-spec, `spec/**/spec.yml`; internal/specschema.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pkgaction.model.looseversion import LooseVersion
from pkgaction.model.yamljson import Value
from pkgaction.rules.spec import patterns
from pkgaction.rules.spec.documents import Documents, broken
from pkgaction.rules.spec.limits import NONE, Limits

_DASHES = "require-document-dashes"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaType:
    """What a file holds. Empty: nothing is said."""

    name: str = ""
    dashes: bool = False  # a YAML document must begin with `---`

    @property
    def yaml(self) -> bool:
        """Whether the file is YAML; any other one with a schema is JSON."""
        return self.name == "application/x-yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One kind of entry of a folder."""

    folder: bool
    name: str = ""
    pattern: str = ""
    forbidden: tuple[str, ...] = ()
    required: bool = False
    contents: tuple["Item", ...] = ()
    additional: bool = False  # entries that are no item are fine
    development: bool = False  # it, and all below, does not count
    media_type: MediaType = MediaType()
    schema: str = ""  # the file of the schema; empty: none
    allow_link: bool = False
    mode: str = ""  # the one in which alone it may be there; empty: any
    beta: bool = False
    limits: Limits = NONE
    defined: str = ""  # the specification's file that says so

    def shown(self, package: str) -> str:
        """Its name, or what its name must match in a package of that name."""
        return self.name or _filled(self.pattern, package)

    def takes(self, name: str, package: str) -> bool:
        """Whether an entry of that name, less its `.link`, is this item."""
        if self.name:
            return name == self.name
        pattern = _filled(self.pattern, package)
        fits = bool(pattern) and patterns.found(pattern, name)
        return fits and not any(patterns.found(one, name) for one in self.forbidden)

    def met_by(self, name: str) -> bool:
        """Whether an entry of that name is what a required item asks for; what is forbidden is, too."""
        return name == self.name if self.name else patterns.found(self.pattern, name)


def _filled(pattern: str, package: str) -> str:
    return pattern.replace("{PACKAGE_NAME}", package)


def root(documents: Documents, package_type: str, version: LooseVersion) -> Item | None:
    """The root folder of a package type for a format version; None where there is no such type.

    Raises:
        SpecificationError: the specification is broken.
    """
    path = posixpath.normpath(f"{package_type}/spec.yml")
    if not package_type or path not in documents or path.count("/") != 1:
        return None
    reader = _Reader(documents, version)
    folder: dict[str, Value] = {"type": "folder", "$ref": posixpath.basename(path)}
    try:
        return reader.item(folder, path, Item(folder=True))
    except (TypeError, ValueError) as error:
        raise broken(path, str(error)) from error


@dataclass(frozen=True, slots=True)
class _Reader:
    documents: Documents
    version: LooseVersion

    def item(self, spec: Mapping[str, Value], home: str, above: Item) -> Item:
        is_folder = spec.get("type") == "folder"
        reference = spec.get("$ref")
        schema = ""
        if isinstance(reference, str):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(home), reference))
            if is_folder:
                bare = {key: value for key, value in spec.items() if key != "$ref"}
                spec, home = self.documents.spec(target, self.version, bare), target
            else:
                schema = target
        one = Item(
            folder=is_folder,
            name=_text(spec, "name"),
            pattern=_text(spec, "pattern"),
            forbidden=tuple(map(str, _list(spec, "forbiddenPatterns"))),
            required=spec.get("required") is True,
            additional=spec.get("additionalContents") is True,
            development=above.development or spec.get("developmentFolder") is True,
            media_type=_media_type(_text(spec, "contentMediaType")),
            schema=schema,
            allow_link=spec.get("allowLink") is True,
            mode=_text(spec, "validationMode"),
            beta=spec.get("release") == "beta",
            limits=above.limits.under(spec),
            defined=home,
        )
        return replace(one, contents=tuple(self._contents(spec, home, one)))

    def _contents(self, spec: Mapping[str, Value], home: str, folder: Item) -> Iterator[Item]:
        for inner in _list(spec, "contents"):
            if not isinstance(inner, dict):
                raise TypeError("contents must be a list of maps")
            yield self.item(inner, home, folder)


def _text(spec: Mapping[str, Value], key: str) -> str:
    found = spec.get(key)
    if found is not None and not isinstance(found, str):
        raise TypeError(f"{key} must be a text")
    return found or ""


def _list(spec: Mapping[str, Value], key: str) -> list[Value]:
    found = spec.get(key) or []
    if not isinstance(found, list):
        raise TypeError(f"{key} must be a list")
    return found


def _media_type(text: str) -> MediaType:
    name, *parameters = (part.strip() for part in text.split(";"))
    return MediaType(name=name, dashes=f"{_DASHES}=true" in parameters)
