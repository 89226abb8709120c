"""Texts of several lines on a page: blocks and single quotes."""

from pkgaction.transforms.yaml.page import Page
from pkgaction.transforms.yaml.scalars import BREAKS


def single_quoted(page: Page, text: str, indent: int) -> None:
    """A text in single quotes; a line break in it becomes an empty line."""
    page.mark("'", apart=True)
    broken = False
    for char in text:
        if char in BREAKS:
            if not broken and char == "\n":
                page.end_line()
            page.end_line(char)
            broken = True
            continue
        if broken:
            page.indent(indent)
            broken = False
        page.solid("''" if char == "'" else char)
    page.mark("'")


def opening(page: Page, style: str, text: str, step: int) -> None:
    """The head of a block: its style, how far it is indented if that can't be seen, how it ends."""
    page.mark(style, apart=True)
    if text[:1] == " " or (text and text[0] in BREAKS):
        page.mark(str(step))
    if not text or text[-1] not in BREAKS:
        page.mark("-")
    elif len(text) == 1 or text[-2] in BREAKS:
        page.mark("+")


def literal(page: Page, text: str, indent: int) -> None:
    """The lines of a block as they are."""
    broken = True
    for char in text:
        if char in BREAKS:
            page.end_line(char)
            broken = True
        else:
            if broken:
                page.indent(indent)
            page.solid(char)
            broken = False


def folded(page: Page, text: str, indent: int) -> None:
    """The lines of a folded block, each as long as its paragraph.

    Behind a line comes an empty one, unless the text itself begins with a blank.
    """
    apart = text.lstrip(BREAKS)[:1] not in {"", " ", "\t"}
    broken = blank = True
    for char in text:
        if char in BREAKS:
            if not broken and not blank and char == "\n" and apart:
                page.end_line()
            page.end_line(char)
            broken = True
        else:
            if broken:
                page.indent(indent)
                blank = char in " \t"
            page.solid(char)
            broken = False
