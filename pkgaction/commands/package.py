"""validate, entry: what a package is, without a bucket or a key."""

import os
from collections.abc import Sequence
from pathlib import Path

from pkgaction import entry
from pkgaction.commands import rehearsal
from pkgaction.commands.context import Context
from pkgaction.model.finding import Finding, errors, merged, notes, warnings
from pkgaction.model.json import JsonObject
from pkgaction.model.limited import errors_in_words
from pkgaction.model.manifest import FILE, ManifestProblemError, identify
from pkgaction.model.tree import PackageSource
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.report import sarif
from pkgaction.rules.package import Mode
from pkgaction.stages import build as building
from pkgaction.stages import validate as validation

_NEIGHBOURS = 2  # folders above; packages lie side by side, or in groups


def validate(context: Context) -> int:
    """Check folders and zips as publishing them would: by the rules, by building, by a registry's eyes.

    With `--rules` named, by those rules alone.
    """
    specification, all_found = context.specification(), {}
    bench = context.bench(jobs=1)

    def step(path: Path) -> bool:
        with context.source(path, beyond=_NEIGHBOURS) as package:
            found = _findings(context, package, path, specification)
            if not context.options.rules:
                ahead = _ahead(path, package, found, bench, specification)
                found = list(merged(found, ahead))
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
            "notes": [finding.as_json() for finding in notes(found)],
        }
        say_findings(context, path, found)
        verdict = errors_in_words(found) if bad else "no errors"
        if context.options.format != "sarif":
            told = f"{path}: {name} {version}: {verdict} ({validation.checks(specification)})"
            context.print(row, told)
        return not bad

    status = context.each(step)
    if context.options.format == "sarif":
        context.print_json(sarif.of(all_found, context.failures))
    return status


def _findings(
    context: Context, package: PackageSource, path: Path, specification: validation.Specification | None
) -> list[Finding]:
    """What the rules say, before anything is built."""
    kind = Mode.SOURCE if path.is_dir() else Mode.BUILD
    mode = Mode(context.options.rules) if context.options.rules else kind
    return validation.findings(package, specification, mode)


def _ahead(
    path: Path,
    package: PackageSource,
    found: Sequence[Finding],
    bench: building.Bench,
    specification: validation.Specification | None,
) -> list[Finding]:
    """What publishing would say beyond the rules; nothing is built where they have found errors."""
    if not path.is_dir():
        said = {finding.file for finding in errors(found)}
        return [one for one in rehearsal.of_zip(package).findings if one.file not in said]
    if errors(found):
        return []
    return list(rehearsal.of_folder(package, bench, specification).findings)


def entry_of(context: Context) -> int:
    """Print entries of the search index, always as JSON.

    A folder's is that of the zip which would be built from it; where something needed for that can't be
    had, or the folder is what a build has left, that of the files as they are, with a warning.
    """
    bench = context.bench(jobs=1)

    def step(path: Path) -> bool:
        with context.source(path) as package:
            is_folder = path.is_dir()
            tried = rehearsal.of_folder(package, bench) if is_folder else rehearsal.of_zip(package)
            say_findings(context, path, list(tried.findings))
            if tried.tree is None or errors(tried.findings):
                return context.refuse(path, tried.findings)
            found = entry.make(tried.tree)
        context.print_json({"package_manifest": found})
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
        said = f"{finding.severity}: {finding.message} [{finding.label}]"
        context.watch.say(f"{path / finding.place}: {said}")
