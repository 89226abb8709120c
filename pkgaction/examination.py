"""What a submitted zip is found to be: all that needs no bucket and no key.

What others made may take for ever, or all memory: it is done in a process of its own, whose limits are
held from outside, and what comes back of it is a value without the files.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pkgaction.errors import PackageError
from pkgaction.model import layout
from pkgaction.model.finding import errors
from pkgaction.model.manifest import FILE, ManifestProblemError, identify
from pkgaction.model.owners import Owners
from pkgaction.model.paths import at_line
from pkgaction.model.release import Built, Candidate, Rejected, Validated
from pkgaction.model.submission import Code, Received, Refused
from pkgaction.model.tree import NOWHERE, PackageSource, Tree
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.rules.package import Mode
from pkgaction.stages import build, validate
from pkgaction.transforms import unarchive

_NO_FILES = Tree(())


def examine(
    received: Received, owners: Owners, specification: validate.Specification | None
) -> Built | Refused:
    """The package in a received zip, its files left out; or why it is not accepted."""
    try:
        with _opened(received) as candidate:
            found = _not_theirs(received, candidate, owners)
            return found or _checked(received, candidate, specification)
    except PackageError as error:
        return refused(received, Code.NO_PACKAGE, error.what, error.fix)


@contextlib.contextmanager
def reopened(built: Built) -> Iterator[Built]:
    """The same with its files, out of the zip; it can be used within the block.

    Raises:
        PackageError: it can't be read any more.
    """
    with unarchive.opened(built.zip) as (_, tree):
        yield _with_files(built, tree)


def refused(received: Received, code: Code, what: str, fix: str) -> Refused:
    """Why what a trusted key has signed is not accepted."""
    by = received.signature.fingerprint
    return Refused(name=received.name, code=code, what=what, fix=fix, fingerprint=by)


@contextlib.contextmanager
def _opened(received: Received) -> Iterator[Candidate]:
    """The package in a received zip.

    Raises:
        PackageError: it is none.
    """
    with unarchive.opened(received.path) as (top, tree):
        data = tree.read(FILE, limit=MOST_BYTES)
        try:
            identity = identify(data or b"")
        except ManifestProblemError as error:
            what = f"{at_line(FILE, error.line)}: {error.message}" if data else f"it has no {FILE}"
            raise PackageError(what=what, where=received.name, fix="mend the manifest") from error
        source = PackageSource(folder=top, tree=tree, repository=NOWHERE)
        yield Candidate.named(source, identity)


def _not_theirs(received: Received, candidate: Candidate, owners: Owners) -> Refused | None:
    base = layout.base_name(candidate.id)
    if received.file_name != f"{base}.zip":
        what = f"it is called {received.file_name}, and has {base} in it"
        return refused(received, Code.MISNAMED, what, f"call it {base}.zip")
    if not owners.may(received.signature.fingerprint, candidate.id.name):
        what = f"the key {received.signature.fingerprint} may not publish {candidate.id.name}"
        fix = "let the storage's operators add the name to the owner map, or take another one"
        return refused(received, Code.NOT_OWNER, what, fix)
    return _misplaced(received, owners)


def _misplaced(received: Received, owners: Owners) -> Refused | None:
    """What a key signed for another storage, anybody can copy; into its folder, only its owner."""
    fingerprint = received.signature.fingerprint
    folder = owners.folders.get(fingerprint, received.folder)
    if folder == received.folder or not received.source:  # a person who hands it over has the right
        return None
    fix = f"put it to candidates/{folder}/"
    what = f"what the key {fingerprint} has signed counts only in the folder {folder} of the queue"
    return refused(received, Code.MISPLACED, what, fix)


def _checked(
    received: Received, candidate: Candidate, specification: validate.Specification | None
) -> Built | Refused:
    try:
        done = _taken(received.path, candidate, specification)
    except PackageError as error:
        what = f"{error.where}: {error.what}" if error.where else error.what
        return refused(received, Code.INVALID, what, error.fix)
    except RecursionError:
        what = "the package is too deeply nested to be worked on"
        return refused(received, Code.INVALID, what, "reduce the nesting in its files")
    if isinstance(done, Rejected):
        found = errors(done.findings)
        what = f"validation found {len(found)} error{'s' if len(found) > 1 else ''}"
        no = refused(received, Code.INVALID, what, "mend what the findings name")
        return replace(no, findings=found)
    return _with_files(done, _NO_FILES)


def _taken(
    path: Path, candidate: Candidate, specification: validate.Specification | None
) -> Built | Rejected:
    validated = validate.check(candidate, specification, Mode.BUILD)
    return validated if isinstance(validated, Rejected) else build.take(validated, path)


def _with_files(built: Built, tree: Tree) -> Built:
    source = replace(built.candidate.source, tree=tree)
    candidate = replace(built.candidate, source=source)
    return replace(built, tree=tree, validated=Validated(candidate, built.validated.warnings))
