"""build: folders → zips, several at the same time."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pkgaction.adapters import folder
from pkgaction.commands.context import Context, candidate
from pkgaction.commands.package import say_findings
from pkgaction.errors import UsageError
from pkgaction.model.finding import Finding, errors
from pkgaction.model.json import JsonObject
from pkgaction.parallel import over_cores
from pkgaction.stages import build as building
from pkgaction.stages import validate as validation
from pkgaction.transforms.readme import stale


@dataclass(frozen=True, slots=True)
class _Made:
    """What became of a path."""

    findings: tuple[Finding, ...]
    zip: Path | None = None  # where it lies for now; None: it was not built
    row: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _By:
    """What is validated by."""

    specification: validation.Specification | None
    unchecked: bool  # not even the core checks count


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
    specification = None if unchecked else context.specification()
    if len(paths) > 1:
        building.read_ahead((folder.package(path) for path in paths if path.is_dir()), bench)
    with tempfile.TemporaryDirectory(dir=output, prefix=".pkgaction-") as aside:
        by = _By(specification, unchecked=unchecked)
        make = partial(_make, aside=aside, bench=bench, by=by)
        with closing(over_cores(make, paths, jobs=jobs)) as results:
            return context.each(_Delivery(context, output, results).step)


@dataclass(frozen=True, slots=True)
class _Delivery:
    """Puts each zip into its place and says so."""

    context: Context
    output: Path
    results: Iterator[Callable[[], _Made]]  # of the paths, in their order
    _by: dict[str, Path] = field(default_factory=dict)  # the paths by their zips' names

    def step(self, path: Path) -> bool:
        made = next(self.results)()
        say_findings(self.context, path, list(made.findings))
        if made.zip is None:
            return False
        target = self.output / made.zip.name
        if target.name in self._by:
            what = f"{target.name} was built from {self._by[target.name]} already"
            raise UsageError(what=what, where=str(path), fix="build each package version once")
        self._by[target.name] = path
        made.zip.replace(target)
        row = {**made.row, "zip": str(target)}
        self.context.print(row, f"{target}: {row['files']} files, sha256 {row['sha256']}")
        return True


def _make(path: Path, *, aside: str, bench: building.Bench, by: _By) -> _Made:
    """Check a package, then build it into a folder of its own, and check what was built."""
    one = candidate(folder.package(path))
    found = validation.findings(one.source, by.specification)
    if errors(found) and not by.unchecked:
        return _Made(tuple(found))
    tree = building.files(one.source, bench)
    target, made = building.write(one, tree, Path(tempfile.mkdtemp(dir=aside)), jobs=bench.jobs)
    wrong = validation.of_zip(target, one.source, by.specification)
    if errors(wrong):
        return _Made((*found, *wrong))
    row: JsonObject = {
        "package": str(path),
        "name": one.id.name,
        "version": one.id.version.text,
        "zip": "",
        "sha256": made.sha256,
        "size": made.size,
        "files": len(made.files),
    }
    return _Made((*found, *stale(one.source, tree)), target, row)
