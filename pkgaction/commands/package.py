"""validate, build, entry: what a package is, without a bucket or a key."""

import json
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pkgaction import entry
from pkgaction.adapters import folder
from pkgaction.commands.context import Context, candidate, source
from pkgaction.errors import PackageError, UsageError
from pkgaction.model.finding import Finding, errors, warnings
from pkgaction.model.json import JsonObject
from pkgaction.model.manifest import FILE, ManifestProblemError, identify
from pkgaction.model.release import Validated
from pkgaction.model.tree import PackageSource
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.parallel import over_cores
from pkgaction.stages import build as building
from pkgaction.stages import validate as validation
from pkgaction.transforms.readme import stale


def validate(context: Context) -> int:
    """Check folders by the source rules, zips by the rules for built packages."""

    def step(path: Path) -> bool:
        with source(path) as package:
            found = validation.findings(package)
            name, version = _called(package)
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
        context.print(row, f"{path}: {name} {version}: {verdict} ({validation.CHECKS})")
        return not bad

    return context.each(step)


@dataclass(frozen=True, slots=True)
class _Made:
    """What became of a path."""

    findings: tuple[Finding, ...]
    row: JsonObject | None  # None: it was not built


def build(context: Context) -> int:
    """Build zips."""
    output, paths = Path(context.options.output).resolve(), context.options.paths
    for path in paths:
        if output.is_relative_to(path.resolve()):
            fix = "name a folder outside of it as --output"
            what = "the zip would lie in the package itself"
            raise UsageError(what=what, where=str(output), fix=fix)
    output.mkdir(parents=True, exist_ok=True)
    jobs, unchecked = context.inputs.jobs, bool(context.options.no_validate)
    bench = context.bench(jobs=max(1, jobs // len(paths)))
    if len(paths) > 1:
        building.read_ahead((folder.package(path) for path in paths if path.is_dir()), bench)
    make = partial(_make, output=output, bench=bench, unchecked=unchecked)
    with closing(over_cores(make, paths, jobs=jobs)) as results:

        def step(path: Path) -> bool:
            made = next(results)()
            _say_findings(context, path, list(made.findings))
            if made.row is not None:
                row = made.row
                context.print(row, f"{row['zip']}: {row['files']} files, sha256 {row['sha256']}")
            return made.row is not None

        return context.each(step)


def _make(path: Path, *, output: Path, bench: building.Bench, unchecked: bool) -> _Made:
    """Check a package, then build it into a folder."""
    one = candidate(folder.package(path))
    checked = validation.check(one)
    is_valid = isinstance(checked, Validated)
    found = checked.warnings if isinstance(checked, Validated) else checked.findings
    if not is_valid and not unchecked:
        return _Made(found, None)
    tree = building.files(one.source, bench)
    target, made = building.write(one, tree, output, jobs=bench.jobs)
    row: JsonObject = {
        "package": str(path),
        "name": one.id.name,
        "version": one.id.version.text,
        "zip": str(target),
        "sha256": made.sha256,
        "size": made.size,
        "files": len(made.files),
    }
    return _Made((*found, *stale(one.source, tree)), row)


def entry_of(context: Context) -> int:
    """Print entries of the search index, always as JSON."""
    bench = context.bench(jobs=1)

    def step(path: Path) -> bool:
        with source(path) as package:
            try:
                found = entry.make(building.files(package, bench) if path.is_dir() else package.tree)
            except entry.EntryProblemError as error:
                where = f"{package.folder}/{error.file}"
                raise PackageError(what=error.message, where=where, fix="mend the file") from error
        print(json.dumps({"package_manifest": found}, ensure_ascii=False, separators=(",", ":")))
        return True

    return context.each(step)


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
