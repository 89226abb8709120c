"""The file that the input `readme-phrases` names → the wording of rendered documents."""

import posixpath

from pkgaction.errors import UsageError
from pkgaction.model.tree import Kind
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.ports import Repository
from pkgaction.transforms.readme import Phrases, PhrasesProblemError

_WHERE = "input readme-phrases"
FIX = "name a YAML file with texts, as docs/reference/building.md has them"


def of_commit(path: str, repository: Repository, commit: str) -> Phrases:
    """The wording as a commit has it; what lies in the working tree may be anybody's.

    Raises:
        UsageError: the path leads out of the repository, or the commit has no such plain file with
            phrases.
    """
    inside = posixpath.normpath(path)
    if inside.startswith(("/", "../")) or inside in {".", ".."} or "\0" in path:
        fix = "name it by its path in the repository, such as docs/phrases.yml"
        raise UsageError(what=f"{path!r} is not a path in the repository", where=_WHERE, fix=fix)
    file = repository.entries(commit, [inside]).get(inside)
    if file is None:
        what = f"it can't be read: the commit {commit[:12]} has no file {inside!r}"
        raise UsageError(what=what, where=_WHERE, fix="commit it, or correct the path")
    if file.kind is not Kind.FILE:
        what = f"it can't be read: {inside!r} is a {file.kind.value}"
        raise UsageError(what=what, where=_WHERE, fix="name a plain file of the repository")
    with file.content.open() as stream:
        return parsed(stream.read(MOST_BYTES + 1))


def parsed(data: bytes) -> Phrases:
    """The wording that a file holds.

    Raises:
        UsageError: it is none of phrases.
    """
    try:
        return Phrases.parse(data)
    except PhrasesProblemError as error:
        where = f"{_WHERE}, line {error.line}" if error.line else _WHERE
        raise UsageError(what=error.message, where=where, fix=FIX) from error
