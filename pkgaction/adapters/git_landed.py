"""The way that a branch went, out of one `git log`."""

import secrets
from collections.abc import Iterator, Sequence

from pkgaction.adapters.git_borrow import Borrowed
from pkgaction.model.event import Landed

MOST_COMMITS = 250  # of one push; more are not looked at


def first_parents(repository: Borrowed, base: str, head: str) -> list[Landed]:
    """The commits from `head` back to `base`, exclusive, each with what it changed of its first parent.

    Each record begins with a word that nobody could guess: a path may look like anything else.
    """
    word = secrets.token_hex(16)
    options = ("--first-parent", "-m", "--name-only", "--no-renames", "--no-show-signature", "-z")
    shape = (f"--max-count={MOST_COMMITS}", f"--format={word}%x00%H%x00%s%x00")
    raw = repository.git("log", *options, *shape, f"{base}..{head}")
    return list(_records(raw.split(b"\0"), word.encode()))


def alone(repository: Borrowed, head: str) -> Landed:
    """One commit of which no more is known."""
    raw = repository.git("log", "--max-count=1", "--no-show-signature", "--format=%s", head)
    return Landed(commit=head, subject=raw.decode(errors="replace").rstrip("\n"), paths=None)


def _records(fields: Sequence[bytes], word: bytes) -> Iterator[Landed]:
    starts = [number for number, field in enumerate(fields) if field == word]
    for start, end in zip(starts, [*starts[1:], len(fields)], strict=True):
        commit, subject, *paths = fields[start + 1 : end]
        listed = b"\0".join(paths).removeprefix(b"\0").removeprefix(b"\n").split(b"\0")
        yield Landed(
            commit=commit.decode(),
            subject=subject.decode(errors="replace"),
            paths=tuple(path.decode("utf-8", "surrogateescape") for path in listed if path),
        )
