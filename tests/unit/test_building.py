"""A release is built by several processes as it is by one, and a failing package stays alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pkgaction.model.finding import Finding, Severity
from pkgaction.model.outcome import Ledger
from pkgaction.model.release import Built, Validated
from pkgaction.rules.package import Mode, Package
from pkgaction.stages import validate
from pkgaction.steps import Steps
from tests.fakes import release
from tests.fakes.release import FakeSigner
from tests.fakes.store import MemoryStore

_TEMPLATE = "_dev/build/docs/README.md"
_NAMES = ("anemone", "barnacle", "cuttlefish")


def _built(
    scratch: Path, jobs: int, extra: Mapping[str, Mapping[str, bytes]]
) -> tuple[list[Built], Ledger]:
    scratch.mkdir()
    world = release.world(scratch, artifacts=MemoryStore(), signer=FakeSigner())
    ledger = Ledger()
    job = replace(release.job(), jobs=jobs)
    candidates = [release.candidate(name, "1.0.0", extra.get(name)) for name in _NAMES]
    return Steps(job, world, ledger).build([Validated(one, ()) for one in candidates]), ledger


def test_several_processes_build_the_same_as_one(tmp_path: Path) -> None:
    extra = {"barnacle": {_TEMPLATE: b"# {{`Rendered`}}"}}

    one, _ = _built(tmp_path / "one", 1, extra)
    many, _ = _built(tmp_path / "many", 3, extra)

    assert [b.id.name for b in many] == list(_NAMES)
    assert [(b.sha256, b.content_digest, b.entry) for b in one] == [
        (b.sha256, b.content_digest, b.entry) for b in many
    ]
    assert many[1].tree.read("docs/README.md", limit=100) == b"# Rendered"
    assert all(b.zip.read_bytes() == a.zip.read_bytes() for a, b in zip(one, many, strict=True))


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_package_that_fails_leaves_the_others(tmp_path: Path, jobs: int) -> None:
    extra = {"barnacle": {_TEMPLATE: b"{{shell}}"}}

    built, ledger = _built(tmp_path / "s", jobs, extra)

    assert [b.id.name for b in built] == ["anemone", "cuttlefish"]
    (failed,) = ledger.sorted()
    assert failed.name == "barnacle"
    assert "shell is no function" in failed.reason
    assert ledger.exit_status == 1


@dataclass(frozen=True, slots=True)
class _Notes:
    """Says one note of the source and of the zip, and of the zip another one and a warning."""

    name: str = "notes"

    def check(self, package: Package) -> Iterator[Finding]:
        note = Finding(code="excluded", file="validation.yml", message="a", severity=Severity.NOTE)
        yield note
        if package.mode is Mode.BUILD:
            yield replace(note, line=2)
            yield replace(note, code="old", severity=Severity.WARNING)


def test_what_only_the_zip_says_is_told_with_the_rest_and_nothing_twice(tmp_path: Path) -> None:
    made = release.built(tmp_path)
    checked = validate.check(made.candidate, _Notes())
    assert isinstance(checked, Validated)

    done = validate.check_built(replace(made, validated=checked), _Notes())

    assert isinstance(done, Built)
    told = [f for f in done.validated.warnings if f.file == "validation.yml"]
    assert [(f.code, f.line) for f in told] == [("excluded", 0), ("excluded", 2), ("old", 0)]


def test_documents_that_are_stale_are_warned_of(tmp_path: Path) -> None:
    stale = {_TEMPLATE: b"new", "docs/README.md": b"old"}
    built, _ = _built(tmp_path / "s", 3, {"anemone": stale})

    assert [[f.code for f in b.validated.warnings] for b in built] == [["docs.stale"], [], []]
