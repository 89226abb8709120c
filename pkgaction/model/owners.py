"""Who may publish which packages: the fingerprint of a signing key → globs of package names."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from pkgaction.model import globs, yamltext

FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")  # of an owner, in the queue
_FINGERPRINT = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")
_PACKAGES, _FOLDER = "packages", "folder"


class OwnersProblemError(ValueError):
    """The text is not an owner map."""


@dataclass(frozen=True, slots=True)
class Owners:
    """The owner map, by the fingerprints of primary keys, in upper-case hex."""

    names: Mapping[str, tuple[str, ...]]  # globs
    folders: Mapping[str, str] = field(default_factory=dict)  # of the queue, where a key is bound to one

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read YAML: `FINGERPRINT: [glob, ...]`, one glob alone, or `{packages: [...], folder: NAME}`.

        Raises:
            OwnersProblemError: it is not such a map; says where.
        """
        try:
            found = yamltext.load_mapping(text.encode(), only=True)
        except yamltext.YamlProblemError as error:
            raise OwnersProblemError(error.with_line) from error
        names: dict[str, tuple[str, ...]] = {}
        folders: dict[str, str] = {}
        for key, node in found.entries.items():
            fingerprint = re.sub(r"\s|^0x", "", key).upper()
            if not _FINGERPRINT.fullmatch(fingerprint):
                message = "what stands there is not a key's whole fingerprint, 40 digits"
                raise OwnersProblemError(f"line {found.keys[key].line}: {message}")
            if fingerprint in names:
                message = f"the key {fingerprint} is there twice"
                raise OwnersProblemError(f"line {found.keys[key].line}: {message}")
            packages = node
            if isinstance(node, yamltext.Mapping):
                folders[fingerprint], packages = _bound(node)
            names[fingerprint] = _texts(packages)
        return cls(names, folders)

    def may(self, fingerprint: str, name: str) -> bool:
        """Whether that key may publish a package of that name. A key that is not named may nothing."""
        return globs.matches(name, self.names.get(fingerprint, ()))

    def warnings(self, keys: Mapping[str, Collection[str]]) -> Iterator[str]:
        """Where map and trusted keys do not fit, so that somebody may publish nothing, as sentences.

        Args:
            keys: fingerprints of each trusted key and its subkeys, by that of the key.
        """
        for fingerprint in self.names:
            if fingerprint in keys:
                continue
            primary = next((key for key, parts in keys.items() if fingerprint in parts), "")
            if primary:
                yield f"owners names {fingerprint}, a subkey: write its primary key {primary} instead"
            else:
                fix = "add its public key to trusted-keys, or correct the fingerprint"
                yield f"owners names {fingerprint}, which no trusted key has: {fix}"
        for key, parts in keys.items():
            if self.names.keys().isdisjoint(parts):
                fix = "add it to owners, or take it out of trusted-keys"
                yield f"the trusted key {key} is not in owners, so it may publish nothing: {fix}"


def _bound(node: yamltext.Mapping) -> tuple[str, yamltext.Node]:
    """The folder that a key is bound to, and its names."""
    folder, packages = node.entries.get(_FOLDER), node.entries.get(_PACKAGES)
    if folder is None or packages is None or len(node.entries) != 2:  # noqa: PLR2004 - both, and no other
        message = f"line {node.line}: {_PACKAGES} and {_FOLDER} are expected, and nothing else"
        raise OwnersProblemError(message)
    if not isinstance(folder, yamltext.Scalar) or not FOLDER.fullmatch(folder.text):
        message = f"line {folder.line}: a folder has letters, digits, '.', '_' and '-', 63 at most"
        raise OwnersProblemError(message)
    return folder.text, packages


def _texts(node: yamltext.Node) -> tuple[str, ...]:
    items = node.items if isinstance(node, yamltext.Sequence) else (node,)
    texts = [item.text for item in items if isinstance(item, yamltext.Scalar) and not item.empty]
    if isinstance(node, yamltext.Mapping) or len(texts) != len(items):
        raise OwnersProblemError(f"line {node.line}: a list of package names is expected")
    return tuple(texts)
