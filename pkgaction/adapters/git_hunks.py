"""Which lines a patch brings, by file.

Source: https://git-scm.com/docs/diff-format#generate_patch_text_with_p
"""

import re
from collections.abc import Iterator

# of `git diff-tree`, with nothing round a change and prefixes that no configuration can alter
OPTIONS = (
    "-r",
    "-p",
    "--unified=0",
    "--inter-hunk-context=0",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
_FILE = re.compile(rb"\+\+\+ b/([^\t]*)\t?")  # a tab comes after a name with a space
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@.*", re.DOTALL)
_NOTE = b"\\"  # of a missing end of line


def new_lines(patch: bytes) -> dict[str, list[range]]:
    """The lines, from 1, that are new or other in each file; a name that git quotes is left out."""
    found: dict[str, list[range]] = {}
    ranges: list[range] = []
    lines = iter(patch.split(b"\n"))
    for line in lines:
        if line.startswith(b"diff "):
            ranges = []
        elif file := _FILE.fullmatch(line):
            ranges = found.setdefault(file[1].decode("utf-8", "surrogateescape"), [])
        elif hunk := _HUNK.fullmatch(line):
            old, start, new = (int(number or 1) for number in hunk.groups())
            ranges += [range(start, start + new)] if new else []
            _skip(lines, old + new)
    return found


def _skip(lines: Iterator[bytes], count: int) -> None:
    """Pass over a hunk's text, which may look like anything."""
    while count:
        count -= not next(lines, b"").startswith(_NOTE)
