"""What we let through, the real Package Registry serves from a folder of zips; what we name, ends it.

Of the table that the unit tests use, one zip at a time; and of mutations of good packages, all that we
let through together.
"""

import random
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from pkgaction import entry
from pkgaction.adapters import folder
from pkgaction.model import layout
from pkgaction.model.finding import errors
from pkgaction.model.manifest import ManifestProblemError, PackageId, identify
from pkgaction.model.tree import NOWHERE, Bytes, PackageSource, Tree, TreeFile
from pkgaction.rules.package import Mode
from pkgaction.stages import validate
from pkgaction.transforms import archive
from tests.fakes.refused import GOOD, REFUSALS, tree
from tests.registry import mutations
from tests.registry.conftest import REGISTRY, needs_registry, on_folders

_EXAMPLES = Path(__file__).parents[2] / "examples" / "packages"
_MUTANTS = 600
_SEED = 20
_SECONDS = 60
_VERSIONED = ("manifest.yml", "changelog.yml")


def _write(files: Tree, package: PackageId, into: Path) -> Path:
    top = layout.base_name(package)
    path = into / f"{top}.zip"
    archive.write(path, top, files, jobs=1)
    return path


@pytest.mark.parametrize("name", REFUSALS)
def test_the_registry_does_not_start_with_what_we_refuse(name: str, tmp_path: Path) -> None:
    needs_registry()
    files = tree(REFUSALS[name].files)
    identity = identify(GOOD["manifest.yml"].encode()).id
    with suppress(ManifestProblemError):
        identity = identify(REFUSALS[name].files["manifest.yml"].encode()).id
    zips, config = tmp_path / "zips", tmp_path / "epr.yml"
    zips.mkdir()
    _write(files, identity, zips)
    config.write_text(f'{{"package_paths": ["{zips}"]}}')

    ended = subprocess.run(
        [REGISTRY, "-config", config, "-dry-run", "-require-package-signatures=false"],
        env={"HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )

    assert ended.returncode != 0, ended.stdout
    assert b"Init failed" in ended.stdout + ended.stderr or b"panic" in ended.stderr


def _bases() -> Iterator[Mapping[str, bytes]]:
    yield {path: text.encode() for path, text in GOOD.items()}
    for path in sorted(_EXAMPLES.iterdir()):
        files = folder.package(path).tree.files
        yield {file.path: file.read(limit=1 << 20) or b"" for file in files}


def _raised(files: Mapping[str, bytes], version: str) -> dict[str, bytes]:
    """The package in another version."""
    old = identify(files["manifest.yml"]).id.version.text.encode()
    new = {path: files[path].replace(old, version.encode(), 1) for path in _VERSIONED}
    return {**files, **new}


def _let_through() -> Iterator[tuple[PackageId, Tree]]:
    """Mutations that neither the core checks nor the entry refuse, each with a version of its own."""
    dice, bases = random.Random(_SEED), list(_bases())  # noqa: S311 - the same ones each time
    for number in range(_MUTANTS):
        contents = mutations.mutated(_raised(dice.choice(bases), f"7.{number}.0"), dice)
        files = Tree(tuple(TreeFile(path=path, content=Bytes(data)) for path, data in contents.items()))
        source = PackageSource(folder="mutant", tree=files, repository=NOWHERE)
        if errors(validate.findings(source, None, Mode.BUILD)) or entry.findings(files):
            continue
        yield identify(contents["manifest.yml"]).id, files


def test_the_registry_serves_every_mutation_that_we_let_through(tmp_path: Path) -> None:
    needs_registry()
    zips = tmp_path / "zips"
    zips.mkdir()
    written: set[str] = set()
    for package, files in _let_through():
        written.add(layout.base_name(package))
        _write(files, package, zips)

    with on_folders(tmp_path / "run", [zips]) as registry:
        served = set(registry.versions())
        for base in sorted(written):
            name, _, version = base.partition("-")
            assert registry.get(f"/package/{name}/{version}/").status_code == 200, base

    assert len(written) > _MUTANTS // 10
    assert written <= served
