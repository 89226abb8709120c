"""Which files differ from the last published version, by two listings."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pkgaction.model.changes import Changes
from pkgaction.model.release import Built
from pkgaction.ports import StoredObject
from pkgaction.stages import changes, publish
from pkgaction.stages.publish import Bench
from tests.fakes import release
from tests.fakes.release import FakeSigner
from tests.fakes.store import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def publish_version(store: MemoryStore, folder: Path, version: str, **extra: bytes) -> Built:
    files = {f"docs/{name}.md": data for name, data in extra.items()}
    signed = release.signed(folder / version, version=version, extra=files)
    publish.publish(signed, Bench(store=store, signer=FakeSigner(), provenance={}, scratch=folder))
    return signed.built


def proposed(folder: Path, version: str, **extra: bytes) -> Built:
    files = {f"docs/{name}.md": data for name, data in extra.items()}
    return release.built(folder / f"new-{version}", version=version, extra=files)


def differing(found: Changes | None) -> dict[str, tuple[int | None, int | None]]:
    assert found is not None
    return {one.path: (one.before, one.after) for one in found.files}


def test_what_was_added_changed_and_removed_is_listed_by_path(
    store: MemoryStore, tmp_path: Path
) -> None:
    last = publish_version(store, tmp_path, "1.0.0", gone=b"12345", same=b"x", other=b"ab")

    found = changes.since_last(proposed(tmp_path, "1.1.0", same=b"x", other=b"cd", new=b"123"), store)

    assert differing(found) == {
        "changelog.yml": (len(release.files()["changelog.yml"]),) * 2,
        "docs/gone.md": (5, None),
        "docs/new.md": (None, 3),
        "docs/other.md": (2, 2),
        "manifest.yml": (len(release.files()["manifest.yml"]),) * 2,
    }
    assert found is not None
    assert (found.since, found.size) == ("1.0.0", last.size)


def test_the_highest_version_below_is_the_last(store: MemoryStore, tmp_path: Path) -> None:
    for version in ("1.9.0", "1.10.0-beta.1", "1.10.0", "2.0.0"):
        publish_version(store, tmp_path, version)

    found = changes.since_last(proposed(tmp_path, "1.10.1"), store)

    assert found is not None
    assert found.since == "1.10.0"


def test_where_nothing_was_published_before_everything_is_new(
    store: MemoryStore, tmp_path: Path
) -> None:
    publish_version(store, tmp_path, "2.0.0")
    built = proposed(tmp_path, "1.0.0")

    found = changes.since_last(built, store)

    assert found is not None
    assert (found.since, found.size) == ("", 0)
    assert {one.path for one in found.files} == {file.path for file in built.files}
    assert all(one.before is None for one in found.files)


def test_another_packages_versions_do_not_count(store: MemoryStore, tmp_path: Path) -> None:
    publish_version(store, tmp_path, "1.0.0")

    found = changes.since_last(release.built(tmp_path / "x", name="mud", version="1.1.0"), store)

    assert found is not None
    assert found.since == ""


class Crowded(MemoryStore):
    """A bucket with more extracted files than anybody compares."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        for found in MemoryStore.list(self, prefix):
            yield found
            for number in range(20_001 if "/static/" in prefix else 0):
                yield replace(found, name=f"{prefix}{number}")


def test_a_version_of_very_many_files_is_not_compared(tmp_path: Path) -> None:
    store = Crowded()
    publish_version(store, tmp_path, "1.0.0")

    assert changes.since_last(proposed(tmp_path, "1.1.0"), store) is None


def test_a_version_without_extracted_files_is_not_compared(store: MemoryStore, tmp_path: Path) -> None:
    publish_version(store, tmp_path, "1.0.0")
    for found in list(store.list("artifacts/static/")):
        store.delete(found.name, generation=found.generation)

    assert changes.since_last(proposed(tmp_path, "1.1.0"), store) is None


def test_nothing_is_downloaded(store: MemoryStore, tmp_path: Path) -> None:
    publish_version(store, tmp_path, "1.0.0")
    built = proposed(tmp_path, "1.1.0")
    store.calls.clear()

    changes.since_last(built, store)

    assert [call.method for call in store.calls] == ["list", "list"]
