"""validate, entry: what a package is, without a bucket or a key."""

import json
from pathlib import Path

from pkgaction import entry
from pkgaction.commands.context import Context, source
from pkgaction.errors import PackageError
from pkgaction.model.finding import Finding, errors, warnings
from pkgaction.model.json import JsonObject
from pkgaction.model.manifest import FILE, ManifestProblemError, identify
from pkgaction.model.tree import PackageSource
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.stages import build as building
from pkgaction.stages import validate as validation


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
        say_findings(context, path, found)
        verdict = f"{len(bad)} errors" if bad else "no errors"
        context.print(row, f"{path}: {name} {version}: {verdict} ({validation.CHECKS})")
        return not bad

    return context.each(step)


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


def say_findings(context: Context, path: Path, found: list[Finding]) -> None:
    """Findings about the package at a path, for people."""
    for finding in found:
        said = f"{finding.severity}: {finding.message} [{finding.code}]"
        context.watch.say(f"{path}/{finding.place}: {said}")
