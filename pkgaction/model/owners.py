"""Who may publish which packages: the fingerprint of a signing key → globs of package names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pkgaction.model import globs, yamltext

_FINGERPRINT = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")


class OwnersProblemError(ValueError):
    """The text is no owner map."""


@dataclass(frozen=True, slots=True)
class Owners:
    """The owner map."""

    names: Mapping[str, tuple[str, ...]]  # globs by the fingerprint of the primary key, upper-case hex

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read YAML: `FINGERPRINT: [glob, ...]`, or one glob alone.

        Raises:
            OwnersProblemError: it is no such map; says where.
        """
        try:
            found = yamltext.load_mapping(text.encode(), only=True)
        except yamltext.YamlProblemError as error:
            raise OwnersProblemError(f"line {error.line}: {error.message}") from error
        names: dict[str, tuple[str, ...]] = {}
        for key, node in found.entries.items():
            fingerprint = re.sub(r"\s|^0x", "", key).upper()
            if not _FINGERPRINT.fullmatch(fingerprint) or fingerprint in names:
                line = found.keys[key].line
                raise OwnersProblemError(
                    f"line {line}: what stands there is no fingerprint, or there twice"
                )
            names[fingerprint] = tuple(_texts(node))
        return cls(names)

    def may(self, fingerprint: str, name: str) -> bool:
        """Whether that key may publish a package of that name. A key that is not named may nothing."""
        return globs.matches(name, self.names.get(fingerprint, ()))


def _texts(node: yamltext.Node) -> list[str]:
    items = node.items if isinstance(node, yamltext.Sequence) else (node,)
    texts = [item.text for item in items if isinstance(item, yamltext.Scalar) and not item.empty]
    if isinstance(node, yamltext.Mapping) or len(texts) != len(items):
        raise OwnersProblemError(f"line {node.line}: a list of package names is expected")
    return texts
