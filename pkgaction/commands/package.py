"""validate, entry: what a package is, without a bucket or a key."""

import json
import os
from pathlib import Path

from pkgaction import entry
from pkgaction.commands.context import Context
from pkgaction.errors import PackageError, SourceMissingError
from pkgaction.model.finding import Finding, errors, warnings
from pkgaction.model.json import JsonObject
from pkgaction.model.manifest import FILE, ManifestProblemError, identify
from pkgaction.model.tree import PackageSource, Tree
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.report import sarif
from pkgaction.rules.package import Mode
from pkgaction.stages import build as building
from pkgaction.stages import validate as validation

_NEIGHBOURS = 2  # folders above; packages lie side by side, or in groups


def validate(context: Context) -> int:
    """Check folders by the source rules, zips by the rules for built packages."""
    specification, all_found = context.specification(), {}

    def step(path: Path) -> bool:
        kind = Mode.SOURCE if path.is_dir() else Mode.BUILD
        mode = Mode(context.options.rules) if context.options.rules else kind
        with context.source(path, beyond=_NEIGHBOURS) as package:
            found = validation.findings(package, specification, mode)
            name, version = _called(package)
        all_found[os.path.relpath(path)] = found
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
        if context.options.format != "sarif":
            told = f"{path}: {name} {version}: {verdict} ({validation.checks(specification)})"
            context.print(row, told)
        return not bad

    status = context.each(step)
    if context.options.format == "sarif":
        print(json.dumps(sarif.of(all_found), ensure_ascii=False, separators=(",", ":")))
    return status


def entry_of(context: Context) -> int:
    """Print entries of the search index, always as JSON.

    A folder's is that of the zip which would be built from it; where something needed for that can't be
    had, or the folder is what a build has left, that of the files as they are, with a warning.
    """
    bench = context.bench(jobs=1)

    def step(path: Path) -> bool:
        with context.source(path) as package:
            try:
                found = entry.make(_built(context, package, bench) if path.is_dir() else package.tree)
            except entry.EntryProblemError as error:
                where = package.in_repository(error.file)
                raise PackageError(what=error.message, where=where, fix="mend the file") from error
        print(json.dumps({"package_manifest": found}, ensure_ascii=False, separators=(",", ":")))
        return True

    return context.each(step)


def _built(context: Context, package: PackageSource, bench: building.Bench) -> Tree:
    try:
        return building.files(package, bench)
    except SourceMissingError as error:
        context.watch.say(f"warning: the entry of {package.folder} is of its files as they are: {error}")
        return building.gathered(package)


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
        said = f"{finding.severity}: {finding.message} [{finding.label}]"
        context.watch.say(f"{path}/{finding.place}: {said}")
