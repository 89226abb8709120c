"""What a package's own validation.yml excludes: official codes, from the findings of any rule.

Source: elastic/package-spec, validation.yml; elastic-package applies it in `lint` and `build`. There an
unknown code, or one that nothing has, says nothing; here it is a warning.
"""

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from pkgaction.model.finding import Finding, Severity
from pkgaction.model.yamltext import Mapping as YamlMapping
from pkgaction.model.yamltext import Node, Scalar, Sequence
from pkgaction.rules.told import UNREADABLE, finding, quoted

FILE = "validation.yml"
CODES = ("PSR00001", "PSR00002", "JSE00001", *(f"SVR{number:05}" for number in range(1, 11)))
_LONGEST = 20  # characters of a code that may be meant for one of these
_UNREAD = "what it excludes is not known: findings that it could exclude are told once it can be read"


def kept(
    findings: Iterable[Finding], codes: Collection[str] | None, counts: Counter[str]
) -> Iterator[Finding]:
    """The findings that are not excluded. One without an official code can't be.

    Without codes, for it is not known which are excluded, each that could be is left out. `counts` gets
    how many each code excludes.
    """
    excluding = CODES if codes is None else codes
    for one in findings:
        if one.official and one.official in excluding:
            counts[one.official] += 1
        else:
            yield one


def unread(unreadable: Iterable[Finding]) -> tuple[Finding, ...]:
    """Files that can't be read; of validation.yml it is told what that means for other findings."""
    return tuple(
        replace(one, message=f"{one.message} ({_UNREAD})")
        if one.file == FILE and one.code == UNREADABLE
        else one
        for one in unreadable
    )


def excluded(document: Node | None) -> Mapping[str, Scalar]:
    """The official codes that the document of validation.yml excludes, and where it does."""
    errors = document.get("errors") if isinstance(document, YamlMapping) else None
    codes = errors.get("exclude_checks") if isinstance(errors, YamlMapping) else None
    items = codes.items if isinstance(codes, Sequence) else ()
    scalars = [item for item in items if isinstance(item, Scalar) and not item.empty]
    return {scalar.text: scalar for scalar in reversed(scalars)}


def skipped(counts: Mapping[str, int], codes: Mapping[str, Scalar]) -> Iterator[Finding]:
    """How many findings each code excludes: they are not shown, but that there are some is."""
    for code in sorted(set(codes) & set(counts)):
        count = counts[code]
        message = f"skipped: {count} finding{'s' if count > 1 else ''} by {code}"
        yield finding("excluded", FILE, message, codes[code], Severity.NOTE)


def useless(
    counts: Collection[str], codes: Mapping[str, Scalar], elsewhere: Collection[str]
) -> Iterator[Finding]:
    """Codes that exclude nothing; those of `elsewhere` are for rules that did not run."""
    for code in sorted(set(codes) - set(counts) - set(elsewhere)):
        message = f"{code} excludes nothing: remove it"
        if code not in CODES:
            near = difflib.get_close_matches(code[:_LONGEST].upper(), CODES, n=1, cutoff=0.7)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(CODES)}"
            message = f"{quoted(code)} is not a code of the official validator ({hint})"
        yield finding("exclusion-useless", FILE, message, codes[code], Severity.WARNING)
