"""The rule about a package's documentation: the sections that people look for are there.

Source: elastic/package-spec, docs_schema; the headings are those of CommonMark.
"""

from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from pkgaction.model.finding import Finding
from pkgaction.rules.exclusions import FILE
from pkgaction.rules.package import Package
from pkgaction.rules.semantic.reading import at, flag, mapping, maps, text
from pkgaction.rules.told import UnreadableError, found, quoted

_SECTIONS = (
    "Overview",
    "What data does this integration collect?",
    "What do I need to use this integration?",
    "How do I deploy this integration?",
    "Troubleshooting",
    "Performance and scaling",
)
_LARGEST = 1024 * 1024  # bytes of one page
_LONGEST = 2000  # characters of one heading

# Only blocks are parsed, and the inline text of headings. Link definitions are not: their time is not
# linear, and a link's text does not count in a heading anyway.
_BLOCKS = MarkdownIt("commonmark").disable(["inline", "text_join", "reference"])
_INLINE = MarkdownIt("commonmark")


def structure(package: Package) -> Iterator[Finding]:
    """Where validation.yml asks for it, each page has the sections people expect."""
    enforced = mapping(package.yaml(FILE), "docs_structure_enforced")
    if not flag(enforced, "enabled"):
        return
    if text(enforced, "version") != "1":
        message = "docs_structure_enforced.version must be 1, the only version there is"
        yield found(FILE, message, at(enforced, "version") or enforced)
        return
    skipped = {text(skip, "title") for skip in maps(enforced, "skip")}
    required = [section for section in _SECTIONS if section not in skipped]
    for file in package.glob("docs/*.md"):
        try:
            source = package.read(file, limit=_LARGEST).decode(errors="replace")
        except UnreadableError:
            continue
        present = {heading.casefold() for heading in headings(source)}
        for section in required:
            if section.casefold() not in present:
                yield found(
                    file, f"the section {quoted(section)} is missing: add a heading of this name"
                )


def headings(source: str) -> Iterator[str]:
    """The texts of a page's headings, without what stands in emphasis, links or code."""
    tokens = _BLOCKS.parse(source)
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open" and len(content.content) <= _LONGEST:
            yield _direct_text(_INLINE.parseInline(content.content)[0].children or [])


def _direct_text(tokens: list[Token]) -> str:
    parts: list[str] = []
    depth = 0
    for token in tokens:
        depth += token.nesting
        if depth == 0 and token.type == "text":
            parts.append(token.content)
    return "".join(parts).strip()
