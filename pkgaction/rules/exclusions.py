"""What a package's own validation.yml excludes: official codes, from the findings of any rule.

Source: elastic/package-spec, validation.yml; elastic-package applies it in `lint` and `build`.
"""

from collections.abc import Iterable

from pkgaction.model.finding import Finding
from pkgaction.model.yamltext import Mapping, Node, Scalar, Sequence

FILE = "validation.yml"


def kept(findings: Iterable[Finding], document: Node | None) -> tuple[Finding, ...]:
    """The findings that the document of validation.yml leaves; all where it is missing or says nothing.

    A finding without an official code can't be excluded. A code that is unknown, or that nothing has, is
    no error.
    """
    codes = excluded(document)
    return tuple(finding for finding in findings if finding.official not in codes)


def excluded(document: Node | None) -> frozenset[str]:
    """The official codes that the document excludes."""
    errors = document.get("errors") if isinstance(document, Mapping) else None
    codes = errors.get("exclude_checks") if isinstance(errors, Mapping) else None
    if not isinstance(codes, Sequence):
        return frozenset()
    return frozenset(code.text for code in codes.items if isinstance(code, Scalar) and code.text)
