"""build: a validated package → one zip that is the same bytes for the same files."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Self

from pkgaction import entry
from pkgaction.errors import BuildRefusedError, PkgactionError
from pkgaction.model import layout
from pkgaction.model.finding import Finding
from pkgaction.model.json import JsonObject
from pkgaction.model.manifest import PackageId
from pkgaction.model.release import Built, Candidate, Rejected, Validated
from pkgaction.model.tree import PackageSource, Tree, TreeFile
from pkgaction.ports import Sources
from pkgaction.rules import core
from pkgaction.rules.package import Package
from pkgaction.transforms import archive
from pkgaction.transforms.archive import Archive
from pkgaction.transforms.copy import copied
from pkgaction.transforms.dynamic_mappings import with_dynamic_mappings
from pkgaction.transforms.ecs_reference import schema_of
from pkgaction.transforms.external_fields import needed, with_external_fields
from pkgaction.transforms.inputs import SourcesOfRun, required, with_input_packages
from pkgaction.transforms.licence import with_licence
from pkgaction.transforms.links import with_linked_files
from pkgaction.transforms.readme import Phrases, stale, with_documents
from pkgaction.transforms.saved_objects import with_saved_objects
from pkgaction.transforms.transform_files import with_transforms


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What building works with."""

    sources: Sources
    phrases: Phrases
    jobs: int  # threads that compress

    def with_zips(
        self,
        zips: Iterable[tuple[PackageId, Path]],
        versions: Mapping[str, str],
        hints: Mapping[str, str] = MappingProxyType({}),
    ) -> Self:
        """The same, with packages that the run has built: others may require them.

        `versions` are those of all packages of the run, for whoever requires another one; `hints` say
        where packages are that the run does not bring.
        """
        by_name = {(package.name, package.version.text): (package, path) for package, path in zips}
        return replace(self, sources=SourcesOfRun(self.sources, by_name, versions, hints))


def read_ahead(sources: Iterable[PackageSource], bench: Bench) -> None:
    """Have the ECS schemas and input packages that are needed, once for all processes to be forked.

    What can't be had is said when its package is built.
    """
    for source in sources:
        with suppress(PkgactionError):
            for name, version in required(source).items():
                with suppress(PkgactionError):
                    bench.sources.input_package(name, version)
        with suppress(PkgactionError):
            if reference := needed(gathered(source), source):
                schema_of(reference, source, bench.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What building a package made, without what was there before: it can come from another process."""

    zip: Path
    archive: Archive
    new: tuple[TreeFile, ...]  # the files that are not as `gathered` has them
    entry: JsonObject
    warnings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A registry would refuse what was built, for these findings."""

    findings: tuple[Finding, ...]


def make(candidate: Candidate, folder: Path, bench: Bench) -> Made | Refused:
    """Build one package's zip into a folder; warns of documents that are not as they are rendered.

    Raises:
        BuildRefusedError: the package asks for what can't be built.
        SourceMissingError: it needs something from outside that can't be had.
    """
    source = candidate.source
    before = gathered(source)
    tree = _transformed(before, source, bench)
    found = indexed(tree, source)
    if isinstance(found, Refused):
        return found
    path, made = write(candidate, tree, folder, jobs=bench.jobs)
    return Made(
        zip=path,
        archive=made,
        new=tuple(file for file in tree.files if file != before.get(file.path)),
        entry=found,
        warnings=tuple(stale(source, tree)),
    )


def built(validated: Validated, made: Made | Refused) -> Built | Rejected:
    """The package with everything in it; or why a registry would refuse it."""
    candidate = validated.candidate
    if isinstance(made, Refused):
        return Rejected(candidate, (*validated.warnings, *made.findings))
    warned = Validated(candidate, (*validated.warnings, *made.warnings))
    tree = gathered(candidate.source).replacing(made.new)
    return _built(warned, made.zip, tree, made.archive, made.entry)


def write(candidate: Candidate, tree: Tree, folder: Path, *, jobs: int) -> tuple[Path, Archive]:
    """Write the zip of a built package's files into a folder."""
    top = layout.base_name(candidate.id)
    if not layout.PACKAGE_NAME.fullmatch(candidate.id.name):
        what = f"the name {candidate.id.name[:80]!r} must be made of a-z, 0-9 and _"
        raise BuildRefusedError(what=what, where=candidate.source.folder, fix="correct the manifest")
    path = folder / f"{top}.zip"
    return path, archive.write(path, top, tree, jobs=jobs)


def take(validated: Validated, path: Path) -> Built | Rejected:
    """A zip that was built before, whose files are the candidate's tree; or why a registry refuses it.

    Raises:
        BuildRefusedError: its top folder is not NAME-VERSION.
    """
    candidate = validated.candidate
    tree, top = candidate.source.tree, layout.base_name(candidate.id)
    if candidate.source.folder != top:
        what = f"the zip's top folder is {candidate.source.folder}, not {top}"
        raise BuildRefusedError(what=what, where=path.name, fix="build the package again")
    found = indexed(_readable(tree, candidate.source), candidate.source)
    if isinstance(found, Refused):
        return Rejected(candidate, (*validated.warnings, *found.findings))
    return _built(validated, path, tree, archive.measured(path, tree), found)


def _built(validated: Validated, path: Path, tree: Tree, made: Archive, found: JsonObject) -> Built:
    return Built(
        validated=validated,
        zip=path,
        digests=made.digests,
        tree=tree,
        files=made.files,
        content_digest=made.content_digest,
        entry=found,
    )


def gathered(source: PackageSource) -> Tree:
    """The package's files as they are, with licence and links, before any transformation.

    Raises:
        BuildRefusedError: a link or the licence can't be used.
    """
    return with_linked_files(with_licence(copied(source.tree), source), source)


def files(source: PackageSource, bench: Bench) -> Tree:
    """The files of the built package.

    Raises:
        BuildRefusedError, SourceMissingError: as `make`.
    """
    return _transformed(gathered(source), source, bench)


def _transformed(tree: Tree, source: PackageSource, bench: Bench) -> Tree:
    """What is built of gathered files, in the reference's order of steps."""
    tree = with_saved_objects(tree, source)
    tree = with_external_fields(tree, source, bench.sources)
    tree = with_dynamic_mappings(tree, source, bench.sources)
    tree = with_transforms(tree, source)
    tree = with_input_packages(tree, source, bench.sources)
    tree = with_documents(tree, source, bench.sources, bench.phrases)
    return _readable(tree, source)


def _readable(tree: Tree, source: PackageSource) -> Tree:
    """The same files, if readers take them."""
    found = core.check_built(Package(replace(source, tree=tree)))
    if found:
        where = source.in_repository(found[0].file)
        raise BuildRefusedError(what=found[0].message, where=where, fix="mend what brings it in")
    return tree


def indexed(tree: Tree, source: PackageSource) -> JsonObject | Refused:
    """The entry of a built package in the search index, or all that a registry refuses in its files.

    It is asked for before anything is published, by the Action and at a terminal: readers refuse the
    whole index for an entry that they cannot read, and do not start with a zip that they refuse. A
    finding names its line where building left the file as it is in the source.
    """
    try:
        return entry.accepted(tree)
    except entry.EntryRefusedError as error:
        same = {file.path for file in tree.files if file == source.tree.get(file.path)}
        return Refused(tuple(f if f.file in same else replace(f, line=0) for f in error.findings))
