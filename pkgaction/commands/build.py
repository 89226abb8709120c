"""build: folders → zips, several at the same time, each after what it requires."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

from pkgaction.commands import places
from pkgaction.commands.context import Context, candidate
from pkgaction.commands.package import say_findings
from pkgaction.errors import PackageError, PkgactionError, UsageError
from pkgaction.model import layout, outcome
from pkgaction.model.finding import Finding, errors, merged
from pkgaction.model.json import JsonObject
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import Status
from pkgaction.model.release import Candidate
from pkgaction.model.tree import PackageSource
from pkgaction.parallel import over_cores
from pkgaction.requirements import Requirements
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
    unchecked: bool  # not even the core checks count, nor whether a registry takes it


def build(context: Context) -> int:
    """Build zips."""
    paths = context.options.paths
    output = places.output(context.options.output, paths)
    jobs, unchecked = context.inputs.jobs, bool(context.options.no_validate)
    bench = context.bench(jobs=max(1, jobs // len(paths)))
    specification = None if unchecked else context.specification()
    run, delivery, status = _Run.of(paths, context), _Delivery(context, output), 0
    with places.beside(output) as aside:
        by = _By(specification, unchecked=unchecked)
        for level in run.levels(paths):
            knowing = bench.with_zips(run.built(delivery.zips), run.requirements.versions)
            make = partial(
                _make, read=partial(run.read, context=context), aside=aside, bench=knowing, by=by
            )
            refused = run.refused(level, delivery.zips)
            ready = [path for path in level if path not in refused]
            if len(ready) > 1:
                building.read_ahead((c.source for p, c in run.packages.items() if p in ready), knowing)
            with closing(over_cores(make, ready, jobs=jobs)) as results:
                step = partial(delivery.step, refused=refused, results=results)
                status = max(status, context.each(step, level))
            run.tried.extend(level)
    return status


@dataclass(frozen=True, slots=True)
class _Run:
    """What the packages at the paths require of each other. A path without a package has none."""

    sources: Mapping[Path, PackageSource]
    packages: Mapping[Path, Candidate]
    requirements: Requirements
    tried: list[Path] = field(default_factory=list)

    @classmethod
    def of(cls, paths: Iterable[Path], context: Context) -> Self:
        """Those of the paths that can be read; the others are told of when they are built.

        What git says of a folder is said here, before anything is built.
        """
        sources: dict[Path, PackageSource] = {}
        packages: dict[Path, Candidate] = {}
        for path in dict.fromkeys(paths):
            with suppress(PkgactionError, OSError):
                sources[path] = context.checkout(path).source
                packages[path] = candidate(sources[path])
        return cls(sources, packages, Requirements.of(packages.values()))

    def read(self, path: Path, context: Context) -> PackageSource:
        """The package at a path, or the error that it cannot be read."""
        return self.sources.get(path) or context.checkout(path).source

    def levels(self, paths: Sequence[Path]) -> list[list[Path]]:
        """The paths in the groups in which they are built; what cannot be read is in the first one."""
        known = [path for path in paths if path in self.packages]
        first, *others = self.requirements.levels(known, self.packages.__getitem__) or [[]]
        return [[path for path in paths if path in first or path not in self.packages], *others]

    def built(self, zips: Mapping[str, Path]) -> Iterator[tuple[PackageId, Path]]:
        """The packages whose zips are there."""
        for one in self.packages.values():
            if path := zips.get(layout.base_name(one.id)):
                yield one.id, path

    def refused(self, level: Iterable[Path], zips: Mapping[str, Path]) -> dict[Path, PackageError]:
        """Why packages are not built: what they require was tried, and its zip is not there."""
        tried = [self.packages[path] for path in self.tried if path in self.packages]
        lost = [
            outcome.of_candidate(one, Status.FAILED)
            for one in tried
            if layout.base_name(one.id) not in zips
        ]
        known = ((path, self.packages[path]) for path in level if path in self.packages)
        refusals = ((path, self.requirements.refusal(one, lost)) for path, one in known)
        return {path: refusal for path, refusal in refusals if refusal}


@dataclass(frozen=True, slots=True)
class _Delivery:
    """Puts each zip into its place and says so."""

    context: Context
    output: Path
    zips: dict[str, Path] = field(default_factory=dict)  # in their place, by NAME-VERSION
    _by: dict[str, Path] = field(default_factory=dict)  # the paths by their zips' names

    def step(
        self,
        path: Path,
        *,
        refused: Mapping[Path, PackageError],
        results: Iterator[Callable[[], _Made]],
    ) -> bool:
        """Take the next result, which is this path's where the package was not refused."""
        if path in refused:
            raise refused[path]
        made = next(results)()
        say_findings(self.context, path, list(made.findings))
        if made.zip is None:
            return self.context.refuse(path, made.findings)
        target = self.output / made.zip.name
        if target.name in self._by:
            what = f"{target.name} was built from {self._by[target.name]} already"
            raise UsageError(what=what, where=str(path), fix="build each package version once")
        self._by[target.name] = path
        made.zip.replace(target)
        self.zips[target.name.removesuffix(".zip")] = target
        row = {**made.row, "zip": str(target)}
        self.context.print(row, f"{target}: {row['files']} files, sha256 {row['sha256']}")
        return True


def _make(
    path: Path, *, read: Callable[[Path], PackageSource], aside: str, bench: building.Bench, by: _By
) -> _Made:
    """Check a package, then build it into a folder of its own, and check what was built."""
    one = candidate(read(path))
    found = validation.findings(one.source, by.specification)
    if errors(found) and not by.unchecked:
        return _Made(tuple(found))
    tree = building.files(one.source, bench)
    indexed = None if by.unchecked else building.indexed(tree, one.source)
    if isinstance(indexed, building.Refused):
        return _Made((*found, *indexed.findings))
    target, made = building.write(one, tree, Path(tempfile.mkdtemp(dir=aside)), jobs=bench.jobs)
    wrong = validation.of_zip(target, one.source, by.specification)
    if errors(wrong):
        return _Made(merged(found, wrong))
    row: JsonObject = {
        "package": str(path),
        "name": one.id.name,
        "version": one.id.version.text,
        "zip": "",
        "sha256": made.sha256,
        "size": made.size,
        "files": len(made.files),
    }
    return _Made((*merged(found, wrong), *stale(one.source, tree)), target, row)
