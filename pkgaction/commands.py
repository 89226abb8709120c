"""What each command does, with the stages of the pipeline."""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgaction import entry, pipeline, wiring
from pkgaction.adapters import folder, openpgp
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.git import GitRepository
from pkgaction.adapters.watch import Terminal
from pkgaction.errors import PackageError, PkgactionError, UsageError
from pkgaction.inputs import Inputs
from pkgaction.model.finding import Finding, errors, warnings
from pkgaction.model.json import JsonObject
from pkgaction.model.manifest import FILE, ManifestProblemError, identify
from pkgaction.model.outcome import Ledger, Problem
from pkgaction.model.release import Built, Candidate, Validated
from pkgaction.model.tree import PackageSource
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.ports import Signer
from pkgaction.report import text
from pkgaction.stages import build, plan, validate
from pkgaction.steps import Steps
from pkgaction.transforms import unarchive


@dataclass(frozen=True, slots=True)
class Context:
    """What a command works with."""

    options: argparse.Namespace
    inputs: Inputs
    scratch: Path
    environ: Mapping[str, str]
    stack: contextlib.ExitStack

    @property
    def watch(self) -> Terminal:
        """For people."""
        return Terminal(sys.stderr)

    def print(self, value: JsonObject, line: str) -> None:
        """A result: as JSON, or as a line for a person."""
        if self.options.json:
            print(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        else:
            Terminal(sys.stdout).say(line)

    def each(self, step: Callable[[Path], bool]) -> int:
        """One step over all paths; what fails is said, the others go on. The exit status."""
        status = 0
        for path in self.watch.each(self.options.command, self.options.paths):
            try:
                status = max(status, 0 if step(path) else 1)
            except PkgactionError as error:
                self.watch.say(f"{path}: {error}")
                status = max(status, error.exit_status)
        return status

    def signer(self) -> Signer:
        """The signing key, tried out."""
        found = wiring.signer(self.inputs, self.scratch, self.environ, SystemClock(), self.stack)
        if found is None:
            fix = "set it to an armored private key"
            where = "PKGACTION_GPG_PRIVATE_KEY"
            raise UsageError(what="no signing key is given", where=where, fix=fix)
        for warning in found.preflight():
            self.watch.say(f"warning: {warning}")
        return found


def plan_command(context: Context) -> int:
    """What the next merge would publish."""
    options = context.options
    repository = GitRepository.open(Path(options.repository), context.scratch, context.environ)
    with contextlib.closing(repository):
        head = repository.commit(options.head)
        base = repository.commit(options.base) if options.base else repository.fork_point(head)
        made = (
            plan.compare(repository, base, head, context.inputs.packages, maintenance=False)
            if base
            else plan.nothing_to_compare(head)
        )
    for line in text.of_plan(made):
        context.watch.say(line)
    if options.json:
        for row in plan.as_json(made):
            context.print(row, "")
    return 1 if made.unreadable else 0


def validate_command(context: Context) -> int:
    """Check folders by the source rules, zips by the rules for built packages."""

    def step(path: Path) -> bool:
        with _source(path) as source:
            found = validate.findings(source)
            name, version = _called(source)
        bad, mild = errors(found), warnings(found)
        row: JsonObject = {
            "package": str(path),
            "name": name,
            "version": version,
            "valid": not bad,
            "errors": [finding.as_json() for finding in bad],
            "warnings": [finding.as_json() for finding in mild],
        }
        _say_findings(context, path, found)
        verdict = f"{len(bad)} errors" if bad else "no errors"
        context.print(row, f"{path}: {name} {version}: {verdict} ({validate.CHECKS})")
        return not bad

    return context.each(step)


def build_command(context: Context) -> int:
    """Build zips."""
    output = Path(context.options.output)
    output.mkdir(parents=True, exist_ok=True)

    def step(path: Path) -> bool:
        candidate = _candidate(folder.package(path))
        checked = validate.check(candidate)
        found = checked.warnings if isinstance(checked, Validated) else checked.findings
        _say_findings(context, path, list(found))
        if not isinstance(checked, Validated) and not context.options.no_validate:
            return False
        tree = build.files(candidate.source)
        target, made = build.write(candidate, tree, output, jobs=context.inputs.jobs)
        row: JsonObject = {
            "package": str(path),
            "name": candidate.id.name,
            "version": candidate.id.version.text,
            "zip": str(target),
            "sha256": made.sha256,
            "size": made.size,
            "files": len(made.files),
        }
        context.print(row, f"{target}: {len(made.files)} files, sha256 {made.sha256}")
        return True

    return context.each(step)


def entry_command(context: Context) -> int:
    """Print entries of the search index, always as JSON."""

    def step(path: Path) -> bool:
        with _source(path) as source:
            try:
                found = entry.make(source.tree)
            except entry.EntryProblemError as error:
                where = f"{source.folder}/{error.file}"
                raise PackageError(what=error.message, where=where, fix="mend the file") from error
        print(json.dumps({"package_manifest": found}, ensure_ascii=False, separators=(",", ":")))
        return True

    return context.each(step)


def sign_command(context: Context) -> int:
    """Write `ZIP.sig` beside each zip."""
    signer = context.signer()

    def step(path: Path) -> bool:
        _exists(path)
        target = path.with_name(f"{path.name}.sig")
        signature = signer.sign(path)
        target.write_bytes(signature.armored)
        row: JsonObject = {
            "zip": str(path),
            "signature": str(target),
            "fingerprint": signature.fingerprint,
        }
        context.print(row, f"{target}: by {signature.fingerprint}")
        return True

    return context.each(step)


def verify_command(context: Context) -> int:
    """Verify each zip by the `ZIP.sig` beside it, with the given key or the user's key ring."""
    opened = openpgp.opened_for_verifying(
        context.scratch, context.environ, key=context.inputs.gpg_private_key
    )
    gpg = context.stack.enter_context(opened)
    pinned = context.inputs.gpg_fingerprint

    def step(path: Path) -> bool:
        _exists(path)
        _exists(path.with_name(f"{path.name}.sig"))
        by = openpgp.verify(gpg, path, path.with_name(f"{path.name}.sig"))
        valid = bool(by) and by.endswith(pinned)
        row: JsonObject = {"zip": str(path), "valid": valid, "fingerprint": by or None}
        said = f"valid, by {by}" if valid else f"by another key, {by}" if by else "not valid"
        context.print(row, f"{path}: {said}")
        return valid

    return context.each(step)


def publish_command(context: Context) -> int:
    """Publish folders and zips."""
    inputs, ledger = context.inputs, Ledger(dry_run=context.inputs.dry_run)
    signer = None if inputs.dry_run else context.signer()
    world = wiring.world(
        inputs, signer=signer, clock=SystemClock(), watch=context.watch, scratch=context.scratch
    )
    provenance = wiring.provenance(commit="", repository="", run="", pull_request="")
    job = wiring.job(inputs, branches=(), provenance=provenance)
    steps = Steps(job, world, ledger)
    folders = [path for path in context.options.paths if path.is_dir()]
    zips = [path for path in context.options.paths if not path.is_dir()]
    try:
        candidates = [_candidate(folder.package(path)) for path in folders]
        built = steps.build(steps.validate(candidates))
        for path in zips:
            built += _taken(context, steps, path, ledger)
        pipeline.ship(built, steps, dry=inputs.dry_run)
    except PkgactionError as error:
        ledger.problems.append(Problem.of(error))
    for outcome in ledger.sorted():
        if context.options.json:
            context.print(outcome.as_json(), "")
    for line in text.of(ledger):
        context.watch.say(line)
    for problem in ledger.problems:
        context.watch.say(f"error: {problem}")
    return ledger.exit_status


COMMANDS: Mapping[str, Callable[[Context], int]] = {
    "plan": plan_command,
    "validate": validate_command,
    "build": build_command,
    "entry": entry_command,
    "sign": sign_command,
    "verify": verify_command,
    "publish": publish_command,
}


def _taken(context: Context, steps: Steps, path: Path, ledger: Ledger) -> list[Built]:
    """A zip to be published; one that can't be read does not hold the others back."""
    _exists(path)
    try:
        top, tree = context.stack.enter_context(unarchive.opened(path))
        source = PackageSource(folder=top, tree=tree, repository=folder.NOWHERE)
        return steps.take(_candidate(source), path)
    except PackageError as error:
        ledger.problems.append(Problem.of(error))
        return []


@contextlib.contextmanager
def _source(path: Path) -> Iterator[PackageSource]:
    """A folder, or what is in a zip."""
    if path.is_dir():
        yield folder.package(path)
        return
    _exists(path)
    with unarchive.opened(path) as (top, tree):
        yield PackageSource(folder=top, tree=tree, repository=folder.NOWHERE)


def _candidate(source: PackageSource) -> Candidate:
    """A package that was named by its path."""
    data = source.tree.read(FILE, limit=MOST_BYTES)
    if data is None:
        fix = "name a package's folder or zip"
        raise UsageError(what="there is no manifest.yml", where=source.folder, fix=fix)
    try:
        identity = identify(data)
    except ManifestProblemError as error:
        where = f"{source.folder}/{FILE}:{error.line}"
        raise PackageError(what=error.message, where=where, fix="mend the manifest") from error
    return Candidate(
        id=identity.id,
        previous=None,
        change=None,
        source=source,
        version_line=identity.version_line,
    )


def _called(source: PackageSource) -> tuple[str, str]:
    """What the package calls itself, as far as that can be read."""
    try:
        found = identify(source.tree.read(FILE, limit=MOST_BYTES) or b"")
    except ManifestProblemError:
        return "", ""
    return found.id.name, found.id.version.text


def _say_findings(context: Context, path: Path, found: list[Finding]) -> None:
    for finding in found:
        said = f"{finding.severity}: {finding.message} [{finding.code}]"
        context.watch.say(f"{path}/{finding.place}: {said}")


def _exists(path: Path) -> None:
    if not path.is_file():
        raise UsageError(what="there is no such file", where=str(path), fix="name a zip")
