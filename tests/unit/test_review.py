"""What was once wrong: stores that lie, names in disguise, files that nobody can judge."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pkgaction.adapters import folder
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.adapters.git import GitRepository
from pkgaction.errors import BuildRefusedError, GitError, StorageError
from pkgaction.input_reader import SECRETS
from pkgaction.inputs import Inputs
from pkgaction.model.json import Json, at, text_at
from pkgaction.model.record import ZIP
from pkgaction.model.release import Signed
from pkgaction.model.tree import Bytes, PackageSource
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.ports import ObjectStore
from pkgaction.report import outputs
from pkgaction.rules import core
from pkgaction.rules.package import Package
from pkgaction.stages import build, plan, publish
from pkgaction.stages.publish import Bench
from tests.fakes import release
from tests.fakes.release import FakeSigner
from tests.fakes.sources import BENCH
from tests.fakes.store import MemoryStore
from tests.fakes.workplace import Workplace
from tests.unit import ledgers
from tests.unit.trees import GOOD, MANIFEST, source

BASE = "mudskipper-1.0.0"
STORED = f"artifacts/packages/{BASE}.zip"
GONE = (f"{STORED}.sig", f"artifacts/static/{BASE}/docs/README.md")
BUILD = "_dev/build/build.yml"
LARGE = b"0123456789abcdef" * (5 * 65_536)  # 5 MiB


@contextmanager
def opened(place: Workplace, scratch: Path) -> Iterator[GitRepository]:
    scratch.mkdir()
    repository = GitRepository.open(place.clone, scratch, os.environ)
    try:
        yield repository
    finally:
        repository.close()


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace.make(tmp_path)


@pytest.fixture
def repository(place: Workplace, tmp_path: Path) -> Iterator[GitRepository]:
    with opened(place, tmp_path / "scratch") as made:
        yield made


# --- a stored zip that is not what its metadata says -------------------------------------------------


@pytest.fixture(params=["memory", "directory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return MemoryStore() if request.param == "memory" else DirectoryStore(tmp_path / "bucket")


@pytest.fixture
def ours(tmp_path: Path) -> Signed:
    return release.signed(tmp_path / "ours")


def generations(store: ObjectStore) -> dict[str, int]:
    return {found.name: found.generation for found in store.list("")}


def put(signed: Signed, store: ObjectStore, scratch: Path) -> FakeSigner:
    scratch.mkdir(exist_ok=True)
    signer = FakeSigner()
    publish.publish(signed, Bench(store=store, signer=signer, provenance={}, scratch=scratch))
    return signer


def foreign(data: bytes, folder: Path) -> bytes:
    """The same version with another README."""
    return release.built(folder, extra={"docs/README.md": b"# Pwned\n"}).zip.read_bytes()


def repacked(data: bytes, folder: Path) -> bytes:
    """The same files in other bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(target, "w") as after:
        for info in before.infolist():
            after.writestr(info.filename, before.read(info))
    return target.getvalue()


def no_zip(data: bytes, folder: Path) -> bytes:
    return b"\0" * len(data)


Forge = Callable[[bytes, Path], bytes]


@pytest.mark.parametrize(
    ("forge", "owns_up"),
    [
        pytest.param(foreign, False, id="other content"),
        pytest.param(repacked, False, id="other bytes"),
        pytest.param(no_zip, False, id="no zip at all"),
        pytest.param(foreign, True, id="other content, whose sha256 the metadata has"),
    ],
)
def test_nothing_is_completed_from_a_zip_that_is_not_what_its_metadata_says(
    store: ObjectStore, ours: Signed, tmp_path: Path, forge: Forge, *, owns_up: bool
) -> None:
    put(ours, store, tmp_path / "scratch")
    found = store.stat(STORED)
    assert found
    data = forge(ours.built.zip.read_bytes(), tmp_path / "forged")
    said = {ZIP: hashlib.sha256(data).hexdigest()} if owns_up else {}
    headers = replace(found.headers, metadata={**found.headers.metadata, **said})
    store.replace(STORED, Bytes(data), headers, generation=found.generation)
    for name in GONE:
        gone = store.stat(name)
        assert gone
        store.delete(name, generation=gone.generation)
    before, signer = generations(store), FakeSigner()

    bench = Bench(store=store, signer=signer, provenance={}, scratch=tmp_path / "scratch")
    with pytest.raises(StorageError):
        publish.publish(ours, bench)

    assert generations(store) == before
    assert signer.signed == []


def test_a_zip_that_is_what_its_metadata_says_is_completed(
    store: ObjectStore, ours: Signed, tmp_path: Path
) -> None:
    put(ours, store, tmp_path / "scratch")
    before = set(generations(store))
    for name in GONE:
        store.delete(name, generation=generations(store)[name])

    put(ours, store, tmp_path / "scratch")

    assert set(generations(store)) == before


# --- what git says -----------------------------------------------------------------------------------


@pytest.mark.parametrize("branches", [("*",), ("x",), ("**",)], ids=["any", "by name", "any depth"])
def test_a_tag_that_is_named_like_a_branch_publishes_nothing(
    place: Workplace, tmp_path: Path, branches: tuple[str, ...]
) -> None:
    place.git("checkout", "-q", "--detach")
    commit = place.commit("Not merged")
    place.git("push", "-q", "origin", "HEAD:refs/tags/refs/heads/x")
    with opened(place, tmp_path / "scratch") as repository:
        assert repository.publishing_branch(commit, branches) is None


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("when", ["before it is listed", "after it was listed"])
def test_a_missing_blob_is_named_by_a_git_error(
    place: Workplace, repository: GitRepository, size: str, when: str
) -> None:
    place.write("packages/tidewire/docs/more.bin", LARGE if size == "large" else b"few")
    head = place.commit("More")
    oid = place.git("rev-parse", f"{head}:packages/tidewire/docs/more.bin")
    loose = place.clone / ".git" / "objects" / oid[:2] / oid[2:]
    if when == "before it is listed":
        loose.unlink()
        with pytest.raises(GitError, match=oid):
            repository.tree(head, "packages/tidewire")
        return
    file = repository.tree(head, "packages/tidewire").get("docs/more.bin")
    assert file
    loose.unlink()
    with pytest.raises(GitError, match=oid), file.content.open() as stream:
        stream.read()


def test_a_missing_manifest_blob_is_a_git_error(place: Workplace, repository: GitRepository) -> None:
    place.write("packages/tidewire/manifest.yml", "name: tidewire\n")
    head = place.commit("More")
    oid = place.git("rev-parse", f"{head}:packages/tidewire/manifest.yml")
    (place.clone / ".git" / "objects" / oid[:2] / oid[2:]).unlink()

    with pytest.raises(GitError, match=oid):
        repository.entries(head, ["packages/tidewire/manifest.yml"])


def test_a_twin_that_was_merged_before_is_refused_at_the_next_bump(
    place: Workplace, tmp_path: Path
) -> None:
    manifest = (place.clone / "packages/lanternfish/manifest.yml").read_text()
    place.write("packages/anglerfish/manifest.yml", manifest)
    base = place.commit("A twin")
    place.bump("lanternfish", "1.3.0")
    head = place.commit("Raise the version")

    with opened(place, tmp_path / "scratch") as repository:
        made = plan.compare(repository, base, head, ("packages/*",), maintenance=False)

    assert made.candidates == ()
    (broken,) = made.unreadable
    assert (broken.folder, broken.finding.code) == ("packages/lanternfish", "name-twice")
    for path in ("packages/anglerfish", "packages/lanternfish"):
        assert path in broken.finding.message


def test_a_twin_does_not_hold_other_packages_back(place: Workplace, tmp_path: Path) -> None:
    manifest = (place.clone / "packages/lanternfish/manifest.yml").read_text()
    place.write("packages/anglerfish/manifest.yml", manifest)
    base = place.commit("A twin")
    place.bump("tidewire", "0.5.0")
    head = place.commit("Raise the version")

    with opened(place, tmp_path / "scratch") as repository:
        made = plan.compare(repository, base, head, ("packages/*",), maintenance=False)

    assert [one.id.name for one in made.candidates] == ["tidewire"]
    assert made.unreadable == ()


# --- what a package may hold -------------------------------------------------------------------------


def test_build_settings_too_large_to_be_judged_are_refused() -> None:
    settings = "#" * MOST_BYTES + "\ndependencies:\n  ecs:\n    import_mappings: true\n"

    with pytest.raises(BuildRefusedError, match=BUILD):
        build.files(source({**GOOD, "LICENSE.txt": "Free.", BUILD: settings}), BENCH)


TARGETS = [
    pytest.param(b"../docs/\0README.md", id="NUL"),
    pytest.param(b"a" * 5_000, id="5,000 characters"),
    pytest.param(b"a/" * 2_500 + b"b", id="2,500 folders"),
    pytest.param(b"a" * 300, id="a name that no disk takes"),
]


@pytest.mark.parametrize("target", TARGETS)
def test_a_link_that_cant_be_followed_is_named_in_a_commit(
    place: Workplace, repository: GitRepository, target: bytes
) -> None:
    place.write("packages/tidewire/docs/more.md.link", target)
    head = place.commit("A link")
    inside = "packages/tidewire"
    tree, files = repository.tree(head, inside), repository.files(head)

    with pytest.raises(BuildRefusedError, match=f"{inside}/docs/more.md.link") as caught:
        build.files(PackageSource(folder=inside, tree=tree, repository=files), BENCH)

    assert "target" in caught.value.what


@pytest.mark.parametrize("target", TARGETS)
def test_a_link_that_cant_be_followed_is_named_in_a_folder(place: Workplace, target: bytes) -> None:
    place.write("packages/tidewire/docs/more.md.link", target)

    with pytest.raises(BuildRefusedError, match=r"tidewire/docs/more\.md\.link") as caught:
        build.files(folder.package(place.clone / "packages/tidewire"), BENCH)

    assert "target" in caught.value.what


@pytest.mark.parametrize(
    "path", [".pkgaction", "docs/.pkgaction/x.md", ".pkgaction/headers/x", "img/.PkgAction/x.svg"]
)
def test_what_a_folders_bucket_keeps_for_itself_is_no_path_of_a_package(path: str) -> None:
    files = {**GOOD, path: "x"}

    assert [f.file for f in core.check(Package(source(files))) if f.file == path] == [path]
    assert [f.file for f in core.check_built(Package(source(files))) if f.file == path] == [path]


def test_a_name_that_only_resembles_the_reserved_one_is_fine() -> None:
    found = core.check(Package(source({**GOOD, "docs/.pkgactions": "x"})))

    assert not [f for f in found if f.file == "docs/.pkgactions"]


@pytest.mark.parametrize("name", ["../../x", "/tmp/x", "a/b", "..", "Kelp"])  # noqa: S108 - a claim
def test_no_zip_is_written_for_a_name_that_is_none(tmp_path: Path, name: str) -> None:
    made = ledgers.candidate("kelp")
    odd = replace(made, id=replace(made.id, name=name))
    files = {**GOOD, "manifest.yml": MANIFEST.replace("name: kelp", f"name: {name}")}
    output = tmp_path / "a" / "b"
    output.mkdir(parents=True)

    with pytest.raises(BuildRefusedError, match="a-z, 0-9 and _"):
        build.write(odd, source(files).tree, output, jobs=1)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# --- reports and inputs ------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 256, 257, 300, 512, 513, 1000])
def test_a_matrix_has_at_most_256_jobs_and_names_every_package(count: int) -> None:
    names = [f"kelp_{number}" for number in range(count)]
    made = replace(ledgers.PLAN, candidates=tuple(ledgers.candidate(name) for name in names))

    document: Json = json.loads(outputs.of(ledgers.ledger(plan=made), "")["matrix"])

    jobs = at(document, "include")
    assert isinstance(jobs, list)
    assert len(jobs) <= 256
    assert [name for job in jobs for name in text_at(job, "package").split("\n")] == names


@pytest.mark.parametrize(
    "text", ["pässwörd", "пароль", " lead ", "tab\tinside"], ids=["umlauts", "Cyrillic", "blanks", "tab"]
)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"], ids=["as it is", "LF", "CRLF"])
def test_a_passphrase_is_taken_as_it_is_less_the_end_of_its_line(text: str, end: str) -> None:
    value, problems = Inputs.parse({"gpg-passphrase": text + end}, bucket_required=False)

    assert (value.gpg_passphrase.reveal(), problems) == (text, [])


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b", "\nb"], ids=["LF", "CR", "NUL", "LF first"])
def test_a_passphrase_of_two_lines_is_refused(text: str) -> None:
    _, problems = Inputs.parse({"gpg-passphrase": text}, bucket_required=False)

    assert [(p.where, p.exit_status) for p in problems] == [("input gpg-passphrase", 2)]
    assert text not in str(problems)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_is_no_text_is_refused(name: str) -> None:
    _, problems = Inputs.parse({name: "a\udcffb"}, bucket_required=False)

    (problem,) = problems
    assert (problem.where, problem.exit_status) == (f"input {name}", 2)
    str(problem).encode()
