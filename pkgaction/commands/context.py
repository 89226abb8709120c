"""What every command works with, and how it takes the paths it is given."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pkgaction import materials
from pkgaction.adapters import named_file
from pkgaction.adapters.cache import user_folder
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.watch import Terminal
from pkgaction.commands.checkout import Checkout
from pkgaction.commands.typed import as_typed
from pkgaction.ending import Attentive
from pkgaction.errors import PackageError, PkgactionError, UsageError, of_path
from pkgaction.inputs import Inputs
from pkgaction.materials import Place
from pkgaction.model import layout
from pkgaction.model.finding import Finding, errors
from pkgaction.model.json import JsonObject
from pkgaction.model.limited import errors_in_words
from pkgaction.model.manifest import FILE, ManifestProblemError, identify
from pkgaction.model.outcome import Ledger, Problem
from pkgaction.model.paths import at_line
from pkgaction.model.release import Candidate
from pkgaction.model.tree import NOWHERE, PackageSource
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.ports import Signer
from pkgaction.report import escape, text
from pkgaction.stages import build
from pkgaction.stages.validate import Specification
from pkgaction.transforms import unarchive

if TYPE_CHECKING:
    from pkgaction import wiring


_NAME_A_PACKAGE = "name a package's folder or zip"


class OutputLostError(OSError):
    """A result can't be written to standard output: there is no sense in going on."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a command works with."""

    options: argparse.Namespace
    inputs: Inputs
    scratch: Path
    environ: Mapping[str, str]
    stack: contextlib.ExitStack
    clock: SystemClock = field(default_factory=SystemClock)
    failures: list[str] = field(default_factory=list)  # of paths so far, as sentences

    @property
    def watch(self) -> Attentive:
        """For people."""
        return Attentive(Terminal(sys.stderr))

    @property
    def place(self) -> Place:
        """Where the run may work."""
        return Place(
            scratch=self.scratch,
            cache=user_folder(self.environ),
            environ=self.environ,
            clock=self.clock,
            stack=self.stack,
        )

    def print(self, value: JsonObject, line: str) -> None:
        """A result: as JSON, or as a line for a person."""
        if self.options.json:
            self.print_json(value)
        else:
            with _written():
                Terminal(sys.stdout).say(line)

    def print_json(self, value: JsonObject) -> None:
        """A result that is JSON for people, too."""
        with _written():
            print(escape.json_line(value))

    def fail(self, error: PkgactionError, path: Path) -> int:
        """Say that one of the paths fails, and why; the exit status."""
        problem = as_typed(Problem.of(error, str(path)), self.options)
        told = str(problem) if problem.where.startswith(str(path)) else f"{path}: {problem}"
        self.failures.append(told)
        self.watch.say(told)
        self.problem(problem)
        return error.exit_status

    def problem(self, problem: Problem) -> None:
        """A problem among the results, where programs read them."""
        if self.options.json and getattr(self.options, "format", "text") == "text":
            self.print(problem.as_json(), "")

    def refuse(self, path: Path, found: Sequence[Finding]) -> bool:
        """Say among the results that a package has errors, so that nothing was made of it; False."""
        told: JsonObject = {"errors": [finding.as_json() for finding in errors(found)]}
        what, fix = f"validation found {errors_in_words(found)}", "mend what the findings name"
        if self.options.json:
            self.print({**Problem(what=what, fix=fix, path=str(path)).as_json(), **told}, "")
        return False

    def tell(self, ledger: Ledger) -> int:
        """What became of every package, and whether readers find it; the exit status."""
        for outcome in ledger.sorted() if self.options.json else ():
            self.print(outcome.as_json(), "")
        problems = [as_typed(problem, self.options) for problem in ledger.problems]
        for problem in problems:
            self.problem(problem)
        for line in (*text.of(ledger), *(f"error: {problem}" for problem in problems)):
            self.watch.say(line)
        return ledger.exit_status

    @contextlib.contextmanager
    def source(self, path: Path, *, beyond: int = 0) -> Iterator[PackageSource]:
        """A folder as git has it, or what is in a zip; `beyond` as for `folder.package`."""
        if path.is_dir():
            yield self.checkout(path, beyond=beyond).source
            return
        with unpacked(path) as package:
            yield package

    def checkout(self, path: Path, *, beyond: int = 0) -> Checkout:
        """A folder as git has it; says what is left out of it, or not committed."""
        found = Checkout.read(path, self.environ, beyond=beyond)
        for note in found.notes():
            self.watch.say(note)
        return found

    def each(self, step: Callable[[Path], bool], paths: Sequence[Path] | None = None) -> int:
        """One step over all paths, or some; what fails is said, the others go on. The exit status."""
        status = 0
        chosen = self.options.paths if paths is None else paths
        for path in self.watch.each(self.options.command, chosen):
            try:
                status = max(status, 0 if step(path) else 1)
            except PkgactionError as error:
                status = max(status, self.fail(error, path))
            except OutputLostError:
                raise
            except OSError as error:
                status = max(status, self.fail(of_path(error), path))
        return status

    def cloud(self) -> "wiring.Cloud":
        """The buckets of the inputs."""
        from pkgaction import wiring  # noqa: PLC0415 - slow to load

        return wiring.Cloud(self.inputs, self.environ, self.clock)

    def bench(self, *, jobs: int) -> build.Bench:
        """What building works with."""
        own = self.cloud().store(self.inputs.bucket) if self.inputs.bucket else None
        found = materials.sources(self.inputs, self.place, own)
        return build.Bench(sources=found, phrases=materials.phrases(self.inputs), jobs=jobs)

    def specification(self) -> Specification | None:
        """What packages are validated by; None: core checks only."""
        from pkgaction import wiring  # noqa: PLC0415 - slow to load

        return wiring.specification(self.inputs, self.place.cache, self.clock)()

    def signer(self) -> Signer:
        """The signing key, tried out."""
        from pkgaction import wiring  # noqa: PLC0415 - slow to load

        found = wiring.signer(self.inputs, self.scratch, self.environ, self.clock, self.stack)
        if found is None:
            fix = "set it to an armored private key"
            where = "PKGACTION_GPG_PRIVATE_KEY"
            raise UsageError(what="no signing key is given", where=where, fix=fix)
        for warning in found.preflight():
            self.watch.say(f"warning: {warning}")
        return found


@contextlib.contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputLostError(*error.args) from error


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[PackageSource]:
    """What is in a zip."""
    named_file.require(path, fix=_NAME_A_PACKAGE)
    with unarchive.opened(path) as (top, tree):
        yield PackageSource(folder=top, tree=tree, repository=NOWHERE)


def candidate(source: PackageSource) -> Candidate:
    """A package that was named by its path."""
    data = _manifest(source)
    try:
        identity = identify(data)
    except ManifestProblemError as error:
        where = at_line(source.in_repository(FILE), error.line)
        raise PackageError(what=error.message, where=where, fix="mend the manifest") from error
    return Candidate.named(source, identity)


def _manifest(source: PackageSource) -> bytes:
    if source.tree.get(FILE) is None:
        raise UsageError(what=f"there is no {FILE}", where=source.folder, fix=_NAME_A_PACKAGE)
    data = source.tree.read(FILE, limit=MOST_BYTES)
    if data is None:
        what = source.tree.unread(FILE, limit=MOST_BYTES)
        raise PackageError(what=what, where=source.in_repository(FILE), fix="mend the manifest")
    return data


def require_zip(path: Path) -> None:
    """Refuse a path that is not a plain file."""
    named_file.require(path, fix="name a zip")


def read_signature(path: Path) -> bytes:
    """The signature beside a zip, or where a person says."""
    fix = "sign the zip, or put its signature there"
    return named_file.read(path, limit=layout.LARGEST_SIGNATURE, fix=fix)
