"""The specification's files: read when they are first needed, patched for the version asked for.

A file may end with `versions`, a list of what must be changed for packages of an older format.
Source: elastic/package-spec, compliance with JSON Patch (RFC 6902).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import jsonpatch

from pkgaction.errors import SpecificationError
from pkgaction.model import yamljson, yamltext
from pkgaction.model.looseversion import InvalidLooseVersionError, LooseVersion
from pkgaction.model.yamljson import Value

_FIX = "name another specification in the input package-spec"


@dataclass(frozen=True, slots=True)
class _Document:
    spec: dict[str, Value]
    patches: tuple[tuple[LooseVersion, list[Value]], ...]  # before which version what applies


@dataclass(frozen=True)
class Documents:
    """The files of one specification."""

    files: Mapping[str, bytes] = field(repr=False)  # by path below `spec/`
    _read: dict[str, _Document] = field(default_factory=dict, repr=False)

    def __contains__(self, path: str) -> bool:
        return path in self.files

    def spec(self, path: str, version: LooseVersion, under: Mapping[str, Value]) -> dict[str, Value]:
        """A file's `spec`, laid over what stands there already, as it is for a format version.

        Raises:
            SpecificationError: there is no such file, or it can't be read.
        """
        document = self._document(path)
        found = [op for before, ops in document.patches if version < before for op in ops]
        operations = cast("list[dict[str, object]]", found)
        whole = {**under, **document.spec}
        try:
            patched: dict[str, Value] = jsonpatch.apply_patch(whole, operations)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            raise broken(path, f"it can't be patched for {version}: {error}") from error
        return patched

    @cached_property
    def versions(self) -> tuple[LooseVersion, ...]:
        """The versions of the format, the newest first, as the changelog writes them."""
        entries = self._load("changelog.yml")
        items = entries.items if isinstance(entries, yamltext.Sequence) else ()
        found = [item.scalar("version") for item in items if isinstance(item, yamltext.Mapping)]
        try:
            return tuple(LooseVersion.parse(scalar.text) for scalar in found if scalar)
        except InvalidLooseVersionError as error:
            raise broken("changelog.yml", f"{error} is no version") from error

    def _document(self, path: str) -> _Document:
        if path not in self._read:
            top = self._load(path)
            try:
                self._read[path] = _parsed(top)
            except (TypeError, yamljson.NoJsonError, InvalidLooseVersionError) as error:
                raise broken(path, str(error)) from error
        return self._read[path]

    def _load(self, path: str) -> yamltext.Node | None:
        if path not in self.files:
            raise broken(path, "there is no such file")
        try:
            return yamltext.load(self.files[path])
        except yamltext.YamlProblemError as error:
            raise broken(path, error.message) from error


def broken(path: str, what: str) -> SpecificationError:
    """The specification itself is not what it should be."""
    return SpecificationError(what=f"the specification is broken: {what}", where=path, fix=_FIX)


def _parsed(top: yamltext.Node | None) -> _Document:
    if not isinstance(top, yamltext.Mapping):
        raise TypeError("a map is expected")
    spec = yamljson.value(top.entries.get("spec"))
    if not isinstance(spec, dict):
        raise TypeError("spec must be a map")
    versions = top.entries.get("versions")
    items = versions.items if isinstance(versions, yamltext.Sequence) else ()
    return _Document(spec, tuple(map(_patch, items)))


def _patch(item: yamltext.Node) -> tuple[LooseVersion, list[Value]]:
    before = item.scalar("before") if isinstance(item, yamltext.Mapping) else None
    patch = yamljson.value(item.entries.get("patch")) if isinstance(item, yamltext.Mapping) else None
    if before is None or not isinstance(patch, list):
        raise TypeError("versions must have before and patch")
    return LooseVersion.parse(before.text), patch
