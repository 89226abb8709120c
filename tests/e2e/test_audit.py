"""Audits of real storages: by the Action, by the command line, and repairs of what they find."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkgaction.adapters.directory import DirectoryStore
from pkgaction.model import layout
from tests.e2e.conftest import Scene, entries, opened
from tests.fakes import keys
from tests.fakes.keys import Key
from tests.fakes.workplace import ROOT, objects

PACKAGES = ("harbour_board", "lanternfish", "saltmarsh", "tidewire")
FISH = "lanternfish-1.3.0"
ZIP = f"artifacts/packages/{FISH}.zip"
README = f"artifacts/static/{FISH}/docs/README.md"
Row = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> dict[str, Row]:
        """What `--json` printed, by package name."""
        return {row["name"]: row for row in map(json.loads, self.out.splitlines())}

    def drifts(self, name: str = "lanternfish") -> list[str]:
        """The codes of a package's drifts."""
        found = self.rows[name]["drifts"]
        assert isinstance(found, list)
        return [drift["code"] for drift in found]


@pytest.fixture(scope="module")
def once(key: Key) -> Iterator[Scene]:
    """All packages of the repository, published; a copy of both buckets lies beside them."""
    with opened(key) as scene:
        scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
        run = scene.republish("\n".join(PACKAGES), {"github-token": None})
        assert run.status == 0, run.log
        for bucket in (scene.bucket, scene.index):
            shutil.copytree(bucket, bucket.with_suffix(".kept"))
        yield scene


@pytest.fixture
def stored(once: Scene) -> Iterator[Scene]:
    """The same for one test, which may do with it as it likes."""
    before, inputs = once.place.git("rev-parse", "HEAD"), dict(once.inputs)
    yield once
    once.place.git("reset", "--quiet", "--hard", before)
    once.inputs = inputs
    once.github.comments.clear()
    for bucket in (once.bucket, once.index):
        shutil.rmtree(bucket)
        shutil.copytree(bucket.with_suffix(".kept"), bucket)  # with the times that are generations


def command(scene: Scene, *arguments: str, key: Key | None = None) -> Said:
    scene.temporary.mkdir(exist_ok=True)
    env = {"PATH": os.environ["PATH"], "HOME": str(scene.place.folder)}
    env |= {"TMPDIR": str(scene.temporary), "PYTHONPATH": str(ROOT)}
    if key:
        env["PKGACTION_GPG_PRIVATE_KEY"] = key.private
    buckets = [f"--bucket=file://{scene.bucket}", f"--index-bucket=file://{scene.index}"]
    done = subprocess.run(
        [sys.executable, "-m", "pkgaction", arguments[0], *buckets, *arguments[1:]],
        env=env,
        cwd=scene.place.clone,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return Said(status=done.returncode, out=done.stdout, err=done.stderr)


def remove(scene: Scene, name: str) -> None:
    (scene.bucket / name).unlink()


def overwrite(scene: Scene, name: str, data: bytes) -> None:
    (scene.bucket / name).write_bytes(data)


def rot(scene: Scene, name: str) -> None:
    """Other bytes of the same size under the same generation: nothing but their checksum tells."""
    path = scene.bucket / name
    found = path.stat()
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def forget(scene: Scene) -> None:
    """Take the one entry out of the index."""
    name = layout.full_index_name(cursor(scene))
    kept = [
        {"package_manifest": entry}
        for (package, _), entry in entries(scene.index).items()
        if package != "lanternfish"
    ]
    (scene.index / name).write_text(json.dumps({"packages": kept}))


def forget_changes(scene: Scene) -> None:
    """The same, and no list of changes says otherwise."""
    forget(scene)
    (scene.index / layout.delta_index_name(cursor(scene))).unlink()


def cursor(scene: Scene) -> str:
    found: str = json.loads((scene.index / layout.CURSOR).read_bytes())["current"]
    return found


@pytest.mark.parametrize("event", ["schedule", "workflow_dispatch", "push"])
def test_a_good_storage_passes_the_audit(stored: Scene, event: str) -> None:
    before = objects(stored.bucket), objects(stored.index)
    mode = {"mode": None if event == "schedule" else "audit"}
    payload = stored.place.dispatch_event()

    run = stored.run(event, payload, {"gpg-private-key": None, "gpg-fingerprint": None, **mode})

    assert run.status == 0, run.log
    assert "Audit: 4 versions, all as promised" in run.summary
    assert "lanternfish    1.3.0" in run.log
    assert (run.outputs["published"], run.outputs["packages"]) == ("false", "[]")
    assert stored.github.comments == []
    assert (objects(stored.bucket), objects(stored.index)) == before


def test_drift_fails_the_run_and_is_named_everywhere(stored: Scene) -> None:
    remove(stored, f"{ZIP}.sig")
    stored.place.bump("saltmarsh", "9.0.0")
    stored.place.commit("Never published")

    run = stored.run("schedule", {})

    assert run.status == 1
    assert "Audit: 2 of 4 versions not as promised" in run.summary
    assert "signature-missing" in run.summary
    assert (run.outputs["published"], run.outputs["packages"]) == ("false", "[]")
    missing, unpublished = run.errors
    assert "lanternfish 1.3.0: the signature is not in the bucket" in missing
    assert "saltmarsh 9.0.0: it is not in the bucket" in unpublished
    assert stored.github.comments == []


@pytest.mark.parametrize("options", [(), ("--all",), ("--deep",), ("--all", "--deep")], ids=" ".join)
def test_the_command_finds_a_good_storage_good(
    stored: Scene, key: Key, options: tuple[str, ...]
) -> None:
    said = command(stored, "audit", "--json", *options, key=key)

    assert said.status == 0, said.err
    assert sorted(said.rows) == sorted(PACKAGES)
    assert said.rows["lanternfish"] == {
        "name": "lanternfish",
        "version": "1.3.0",
        "ok": True,
        "drifts": [],
        "repaired": [],
    }


@pytest.mark.parametrize(
    ("damage", "codes"),
    [
        pytest.param(lambda s: remove(s, f"{ZIP}.sig"), ["signature-missing"], id="signature"),
        pytest.param(lambda s: remove(s, README), ["static-missing"], id="static file"),
        pytest.param(forget_changes, ["entry-missing"], id="entry"),
        pytest.param(
            lambda s: remove(s, ZIP), ["static-alone", "signature-alone", "entry-alone"], id="zip"
        ),
    ],
)
def test_damage_is_found_without_reading_bodies(
    stored: Scene, damage: Callable[[Scene], None], codes: list[str]
) -> None:
    damage(stored)

    said = command(stored, "audit", "--json")

    assert said.status == 1
    assert said.drifts() == codes
    assert all(row["ok"] for name, row in said.rows.items() if name != "lanternfish")


def test_a_list_of_changes_that_says_more_has_a_row_that_is_like_the_others(stored: Scene) -> None:
    forget(stored)

    said = command(stored, "audit", "--json")

    assert said.status == 1
    assert said.drifts("") == ["changes-differ"]
    assert said.rows[""]["index"] is True
    assert said.rows[""].keys() - said.rows["lanternfish"].keys() == {"index"}


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        pytest.param(lambda s: rot(s, ZIP), "zip-damaged", id="rotten zip"),
        pytest.param(lambda s: rot(s, f"{ZIP}.sig"), "signature-damaged", id="rotten signature"),
        pytest.param(lambda s: rot(s, README), "static-damaged", id="rotten static file"),
        pytest.param(lambda s: overwrite(s, ZIP, b"no zip"), "zip-damaged", id="no zip"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--deep",)], ids=["by listings", "deep"])
def test_damaged_bytes_are_found_by_every_audit(
    stored: Scene, key: Key, damage: Callable[[Scene], None], code: str, options: tuple[str, ...]
) -> None:
    damage(stored)

    said = command(stored, "audit", "--json", *options, key=key)

    assert said.status == 1
    assert code in said.drifts()


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        pytest.param(lambda s: overwrite(s, README, b"# X\n"), "static-differs", id="static file"),
        pytest.param(lambda s: overwrite(s, f"{ZIP}.sig", b"x"), "signature-invalid", id="signature"),
    ],
)
def test_files_without_checksums_are_named_and_judged_by_deep(
    stored: Scene, key: Key, damage: Callable[[Scene], None], code: str
) -> None:
    damage(stored)

    plain = command(stored, "audit", "--json")
    said = command(stored, "audit", "--json", "--deep", key=key)

    assert plain.status == 0
    assert "warning: 1 version without checksums of their own" in plain.err
    assert FISH in plain.err
    assert said.status == 1
    assert code in said.drifts()


@pytest.mark.parametrize("name", [ZIP, f"{ZIP}.sig", README])
def test_a_damaged_object_is_a_conflict_until_it_is_deleted(stored: Scene, name: str) -> None:
    before = objects(stored.bucket)
    rot(stored, name)

    refused = stored.republish("lanternfish", {"github-token": None})
    remove(stored, name)
    run = stored.republish("lanternfish", {"github-token": None})

    assert refused.status == 3
    assert refused.packages["lanternfish"]["status"] == "conflict"
    assert f"rm {stored.bucket}/{name}" in refused.errors[0]
    assert run.status == 0, run.log
    after = objects(stored.bucket)
    assert {n: d for n, d in after.items() if not n.endswith(".sig")} == {
        n: d for n, d in before.items() if not n.endswith(".sig")
    }


def test_a_signature_of_another_key_is_found_by_deep(stored: Scene, other_key: Key) -> None:
    said = command(stored, "audit", "--json", "--deep", key=other_key)

    assert said.status == 1
    for name in PACKAGES:
        assert said.drifts(name) == ["signature-invalid"]


def test_a_pinned_fingerprint_is_the_trusted_one(stored: Scene, key: Key, other_key: Key) -> None:
    good = command(stored, "audit", "--deep", f"--gpg-fingerprint={key.fingerprint}", key=key)
    bad = command(stored, "audit", "--deep", f"--gpg-fingerprint={other_key.fingerprint}", key=key)

    assert (good.status, bad.status) == (0, 1)


def test_a_persons_table_names_what_is_wrong(stored: Scene) -> None:
    remove(stored, README)

    said = command(stored, "audit")

    lines = said.out.splitlines()
    assert len(lines) == 4
    assert [line.endswith("  ok") for line in lines] == [True, False, True, True]
    assert lines[1].startswith("lanternfish    1.3.0")
    assert "static-missing: not in the bucket: docs/README.md (run audit with --repair" in lines[1]
    assert "4 versions, 1 not as promised" in said.err


def test_repair_completes_what_the_stored_zip_has(stored: Scene, key: Key) -> None:
    whole = objects(stored.bucket)
    known = entries(stored.index)
    remove(stored, README)
    forget(stored)

    said = command(stored, "audit", "--json", "--repair", "--deep", key=key)

    assert said.status == 0, said.err
    assert said.rows["lanternfish"]["ok"] is True
    assert said.rows["lanternfish"]["repaired"] == ["static-missing", "entry-missing"]
    assert objects(stored.bucket) == whole
    assert entries(stored.index) == known
    assert command(stored, "audit", "--all", "--deep", key=key).status == 0


def test_repair_writes_nothing_where_nothing_is_missing(stored: Scene, key: Key) -> None:
    before = [(o.name, o.generation) for o in DirectoryStore(stored.bucket).list("")]

    said = command(stored, "audit", "--repair", key=key)

    assert said.status == 0, said.err
    assert [(o.name, o.generation) for o in DirectoryStore(stored.bucket).list("")] == before


def test_what_cant_be_repaired_says_what_to_do(stored: Scene, key: Key) -> None:
    overwrite(stored, README, b"# X\n")
    forget(stored)

    said = command(stored, "audit", "--json", "--repair", "--deep", key=key)

    assert said.status == 1
    assert set(said.drifts()) == {"static-differs", "entry-missing"}
    assert "the repair failed: " in said.out


@pytest.mark.parametrize("by", ["nobody", "another key"])
def test_nothing_is_made_of_a_zip_that_no_signature_of_ours_proves(
    stored: Scene, key: Key, other_key: Key, by: str
) -> None:
    """An intruder's zip in the place of ours gets no signature, static file or index entry from us."""
    replace_by_another(stored.bucket / ZIP)
    remove(stored, f"{ZIP}.sig")
    remove(stored, README)
    forget(stored)
    if by == "another key":
        keys.sign(other_key, stored.bucket / ZIP)
    before = objects(stored.bucket)

    said = command(stored, "audit", "--json", "--repair", key=key)

    assert said.status == 1
    assert "nothing proves the zip" in said.out
    assert objects(stored.bucket) == before
    assert "lanternfish" not in {name for name, _ in entries(stored.index)}


def submitted(scene: Scene, owner: Key, *, may: str = "lanternfish") -> list[str]:
    """A version as an owner has submitted it, less a file and its entry; the options that trust them."""
    (scene.bucket / f"{ZIP}.sig").unlink()
    keys.sign(owner, scene.bucket / ZIP)
    remove(scene, README)
    forget(scene)
    folder = scene.place.folder
    (folder / "keys.asc").write_text(owner.public)
    (folder / "owners.yml").write_text(f"{owner.fingerprint}: [{may}]\n")
    return [f"--trusted-keys={folder}/keys.asc", f"--owners={folder}/owners.yml"]


@pytest.mark.parametrize("own", [True, False], ids=["with an own key", "without one"])
@pytest.mark.parametrize("mapped", [True, False], ids=["owners", "keys alone"])
def test_what_an_owner_has_signed_is_repaired_where_its_key_is_trusted(
    stored: Scene, key: Key, other_key: Key, *, own: bool, mapped: bool
) -> None:
    trusted = submitted(stored, other_key)[: 2 if mapped else 1]
    before = objects(stored.bucket)

    said = command(stored, "audit", "--json", "--repair", *trusted, key=key if own else None)

    assert said.status == 0, said.err
    assert said.rows["lanternfish"]["repaired"] == ["entry-missing"]
    assert objects(stored.bucket).keys() - before.keys() == {README}
    assert objects(stored.bucket).items() > before.items()
    assert "lanternfish" in {name for name, _ in entries(stored.index)}
    assert command(stored, "audit", "--deep", "--all", *trusted, key=key).status == 0


@pytest.mark.parametrize("case", ["not trusted", "another owner's"])
def test_what_is_not_proven_is_not_repaired_and_says_why(
    stored: Scene, key: Key, other_key: Key, case: str
) -> None:
    trusted = submitted(stored, other_key, may="crab")
    before = objects(stored.bucket)

    said = command(stored, "audit", "--json", "--repair", *(trusted if "owner" in case else []), key=key)

    assert said.status == 1
    assert "nothing proves the zip" in said.out
    assert ("may not publish lanternfish" if "owner" in case else "is not trusted here") in said.out
    assert objects(stored.bucket) == before


def replace_by_another(path: Path) -> None:
    """The same version with another README."""
    with zipfile.ZipFile(path) as archive:
        files = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for info, data in files.items():
            archive.writestr(info, b"# evil\n" if info.filename.endswith("README.md") else data)


def test_repair_needs_a_key(stored: Scene) -> None:
    said = command(stored, "audit", "--repair")

    assert said.status == 2
    assert "no signing key is given" in said.err


def test_an_owner_map_needs_its_keys(stored: Scene, other_key: Key) -> None:
    _, owners = submitted(stored, other_key)

    said = command(stored, "audit", owners)

    assert said.status == 2
    assert "--trusted-keys" in said.err


def test_a_bucket_is_needed(stored: Scene) -> None:
    assert command(stored, "audit", "--bucket=").status == 2


def test_reindex_by_the_command_makes_a_new_generation(stored: Scene) -> None:
    known, before = entries(stored.index), cursor(stored)
    forget(stored)

    said = command(stored, "reindex", "--json")

    assert said.status == 0, said.err
    assert json.loads(said.out) == {
        "cursor": f"{int(before) + 1:010d}",
        "entries": 4,
        "added": 1,
        "updated": 0,
        "removed": 0,
    }
    assert entries(stored.index) == known


def test_reindex_by_the_action_repairs_a_broken_index(stored: Scene) -> None:
    known = entries(stored.index)
    (stored.index / layout.full_index_name(cursor(stored))).write_text("{")
    payload = stored.place.dispatch_event()
    assert stored.run("schedule", {}).status == 3

    run = stored.run("workflow_dispatch", payload, {"mode": "reindex"})

    assert run.status == 0, run.log
    assert "The index was rebuilt: 4 versions" in run.summary
    assert (run.outputs["published"], run.outputs["packages"]) == ("false", "[]")
    assert entries(stored.index) == known
    assert stored.run("schedule", {}).status == 0


def test_reindex_without_an_index_is_refused(stored: Scene) -> None:
    payload = stored.place.dispatch_event()

    run = stored.run("workflow_dispatch", payload, {"mode": "reindex", "index-bucket": None})

    assert run.status == 2
    assert "input index-bucket" in run.errors[0]


def test_a_dry_run_of_reindex_leaves_the_index_alone(stored: Scene) -> None:
    forget(stored)
    before = objects(stored.index)
    payload = stored.place.dispatch_event()

    run = stored.run("workflow_dispatch", payload, {"mode": "reindex", "dry-run": "true"})

    assert run.status == 0, run.log
    assert "The index would be rebuilt: 4 versions" in run.summary
    assert objects(stored.index) == before


def test_an_empty_bucket_is_never_indexed(stored: Scene) -> None:
    empty = Path(stored.place.folder) / "empty"
    empty.mkdir(exist_ok=True)
    before = objects(stored.index)

    said = command(stored, "reindex", f"--bucket=file://{empty}")

    assert said.status == 3
    assert objects(stored.index) == before


# --- buckets that are not there ----------------------------------------------------------------------


@pytest.mark.parametrize("which", ["bucket", "index-bucket"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("audit",),
        ("audit", "--all"),
        ("audit", "--all", "--deep"),
        ("audit", "--all", "--allow-empty"),
        ("reindex", "--dry-run"),
        ("reindex",),
    ],
    ids=" ".join,
)
def test_a_folder_that_is_not_there_is_said_to_be_missing(
    stored: Scene, which: str, arguments: tuple[str, ...]
) -> None:
    missing = stored.place.folder / "misspelt"

    said = command(stored, *arguments, f"--{which}=file://{missing}")

    assert said.status == 2, said
    assert f"file://{missing}: there is no such folder" in said.err
    assert said.out == ""
    assert not missing.exists()


@pytest.mark.parametrize("which", ["bucket", "index-bucket"])
@pytest.mark.parametrize("mode", ["audit", "reindex"])
def test_the_action_says_that_a_folder_is_missing(stored: Scene, which: str, mode: str) -> None:
    missing = stored.place.folder / "misspelt"

    run = stored.run(
        "workflow_dispatch", stored.place.dispatch_event(), {"mode": mode, which: f"file://{missing}"}
    )

    assert run.status == 2, run.log
    assert "there is no such folder" in run.summary
    assert not missing.exists()


def test_everything_of_a_bucket_without_versions_is_nothing(stored: Scene) -> None:
    empty = stored.place.folder / "empty"
    empty.mkdir(exist_ok=True)

    missing = command(stored, "audit", "--all", f"--bucket=file://{empty}", "--index-bucket=")
    fine = command(
        stored, "audit", "--all", "--allow-empty", f"--bucket=file://{empty}", "--index-bucket="
    )

    assert missing.status == 2
    assert "there is no version of any package" in missing.err
    assert fine.status == 0, fine


def test_a_bucket_that_holds_no_index_is_told_beside_the_missing_entries(stored: Scene) -> None:
    empty = stored.place.folder / "no-index"
    empty.mkdir(exist_ok=True)

    said = command(stored, "audit", "--json", f"--index-bucket=file://{empty}")

    assert said.status == 1
    assert f"file://{empty} has no index at all: check its name" in said.err


def test_what_was_repaired_is_said_at_once(stored: Scene, key: Key) -> None:
    remove(stored, README)

    said = command(stored, "audit", "--repair", key=key)

    assert said.status == 0, said
    assert "lanternfish 1.3.0: completed from its stored zip" in said.err
