"""Globs for branches that can match no branch: with them nothing would ever be published.

Source: https://git-scm.com/docs/git-check-ref-format
"""

import difflib
import re
from collections.abc import Callable, Sequence

_HEADS = "refs/heads/"
_QUOTES = "\"'`"
_COMMENT = re.compile(r"\s+#.*")
_SET = re.compile(r"\[[^\]]*\]")  # of a glob's characters
_IMPOSSIBLE = re.compile(r"[\x00-\x20\x7f~^:]|\.\.|@\{|//|\.lock$|(?:^|/)\.")
_NO_NAME = "can match no branch's name"
_LIKE = 0.7  # of difflib, which `mian` and `main` pass
_DIGITS = re.compile(r"[0-9]+")


def problems(globs: Sequence[str], shown: Callable[[str], str]) -> list[tuple[str, str]]:
    """What is wrong, as words, and what to write. `shown` quotes a glob where it may be quoted.

    A glob that takes branches away does no harm where it takes none.
    """
    positive = [glob for glob in globs if not glob.startswith("!")]
    found = [(glob, problem) for glob in positive if (problem := _problem(glob))]
    if globs and all(glob.startswith("!") for glob in globs):
        fix = "name the branches that publish, too, or none: then the default branch does"
        return [("it takes branches away and names none", fix)]
    return [(f"{shown(glob)} {what}", fix) for glob, (what, fix) in found]


def meant(branch: str, globs: Sequence[str]) -> str:
    """The name among the globs that was probably meant to be the branch; empty where there is none."""
    near = difflib.get_close_matches(branch, globs, n=1, cutoff=_LIKE)
    return next((glob for glob in near if _DIGITS.sub("", glob) != _DIGITS.sub("", branch)), "")


def _problem(glob: str) -> tuple[str, str] | None:
    bare = _COMMENT.sub("", glob)
    if bare != glob:
        return "has a comment in it", "write the branch's name alone"
    if _is_list(glob):
        return "is a list", "write one branch a line, without commas, blanks and brackets"
    if glob[:1] in _QUOTES and glob[-1:] in _QUOTES:
        return "has quotes", "write the branch's name without them"
    if glob.startswith("refs/"):
        return _NO_NAME, f"write the branch's name without {_HEADS}"
    if glob.startswith("/"):
        return _NO_NAME, "write the branch's name without a slash before it"
    parts = [part for part in _SET.sub("x", glob).split("/") if part not in {"", "."}]
    if _IMPOSSIBLE.search("/".join(parts)):
        return _NO_NAME, "write a branch's name, or a glob for some, one a line"
    return None


def _is_list(glob: str) -> bool:
    in_brackets = glob.startswith("[") and glob.endswith("]") and any(q in glob for q in _QUOTES)
    return in_brackets or "," in glob or len(glob.split()) > 1
