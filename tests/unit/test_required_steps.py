"""The steps of a release, where a package that others require fails late."""

from dataclasses import replace
from pathlib import Path

import pytest

from pkgaction import pipeline
from pkgaction.errors import PackageError, StorageError
from pkgaction.model.manifest import identify
from pkgaction.model.outcome import Ledger
from pkgaction.model.release import Candidate, Signature, Validated
from pkgaction.model.tree import Content
from pkgaction.ports import Headers, StoredObject
from pkgaction.steps import Steps
from tests.fakes import composed, release
from tests.fakes.release import FakeSigner
from tests.fakes.store import MemoryStore
from tests.unit.trees import source, tree

_NAMES = ("abyss", "lone", "sounder")


class Refusing(FakeSigner):
    """Does not sign one package."""

    def sign(self, path: Path) -> Signature:
        if path.name.startswith("sounder"):
            raise PackageError(what="it cannot be signed", fix="build it again")
        return super().sign(path)


class Losing(MemoryStore):
    """Loses one package's zip."""

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        if name.endswith("sounder-0.3.0.zip"):
            raise StorageError(what="the connection was lost", where=name, fix="run it again")
        return super().create(name, content, headers)


def _candidates() -> list[Candidate]:
    files = {
        "abyss": composed.integration("abyss"),
        "lone": _files("lone"),
        "sounder": composed.input_package(),
    }
    return [
        Candidate.named(
            source(tree(files[name]), folder=f"packages/{name}"),
            identify(str(files[name]["manifest.yml"]).encode()),
        )
        for name in _NAMES
    ]


def _files(name: str) -> dict[str, str]:
    """A package that nothing requires."""
    return {path: data.decode() for path, data in release.files(name).items()}


def _shipped(scratch: Path, store: MemoryStore, signer: FakeSigner, jobs: int = 1) -> Ledger:
    world = release.world(scratch, artifacts=store, signer=signer)
    steps = Steps(replace(release.job(), jobs=jobs), world, Ledger())
    built = steps.build([Validated(one, ()) for one in _candidates()])
    pipeline.ship(built, steps, dry=False)
    return steps.ledger


def _statuses(ledger: Ledger) -> dict[str, str]:
    return {one.name: one.status.value for one in ledger.sorted()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_are_published_where_nothing_fails(tmp_path: Path, jobs: int) -> None:
    ledger = _shipped(tmp_path, MemoryStore(), FakeSigner(), jobs)

    assert _statuses(ledger) == dict.fromkeys(_NAMES, "published")


def test_what_requires_a_package_that_is_not_signed_is_not_published(tmp_path: Path) -> None:
    store = MemoryStore()
    ledger = _shipped(tmp_path, store, Refusing())

    assert _statuses(ledger) == {"abyss": "failed", "lone": "published", "sounder": "failed"}
    assert not [name for name in store.dump() if "abyss" in name]


def test_what_requires_a_package_whose_zip_is_not_in_the_bucket_is_not_published(
    tmp_path: Path,
) -> None:
    store = Losing()
    ledger = _shipped(tmp_path, store, FakeSigner())

    assert _statuses(ledger) == {"abyss": "failed", "lone": "published", "sounder": "failed"}
    assert not [name for name in store.dump() if "abyss" in name]
    (reason,) = [one.reason for one in ledger.sorted() if one.name == "abyss"]
    assert "it requires sounder 0.3.0, but sounder 0.3.0 failed in this run" in reason
