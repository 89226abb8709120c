"""Wrong input: exit 2, one line that says what, where and what to do, and nothing is done."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.e2e.conftest import Scene, opened, secrets
from tests.fakes import keys
from tests.fakes.keys import Key
from tests.fakes.workplace import ROOT, Merge, Payload, Run

NOWHERE = "1" * 40
Changes = Mapping[str, str | None]
NO_KEY: Changes = {
    "gpg-private-key": None,
    "gpg-passphrase": None,
    "gpg-fingerprint": None,
    "github-token": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    scene: Scene
    merge: Merge


@pytest.fixture(scope="module")
def bumped(key: Key) -> Iterator[Set]:
    """A merged pull request that a run with right inputs would publish."""
    with opened(key) as scene:
        merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
        yield Set(scene=scene, merge=merge)


def refused(scene: Scene, run: Run, *words: str) -> None:
    """Exit 2, one `::error` line with all of the words, no traceback, nothing written."""
    assert run.status == 2, run.log
    (error,) = run.errors
    for word in words:
        assert word in error
    assert error.endswith(")"), "it says what to do"
    assert "Traceback" not in run.log
    assert run.outputs["published"] == "false"
    assert {found["status"] for found in run.packages.values()} <= {"not-tried"}
    assert "Nothing was published" in run.summary
    assert not scene.bucket.exists()
    assert not scene.index.exists()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        pytest.param("bucket", None, ["no bucket is given", "file:///"], id="no bucket"),
        pytest.param("bucket", "s3://shelf", ["'s3://shelf'", "file:///"], id="unknown scheme"),
        pytest.param("bucket", "gs://Shelf!", ["gs://", "is no bucket"], id="gs"),
        pytest.param("bucket", "file://shelf", ["'file://shelf'"], id="relative folder"),
        pytest.param("index-bucket", "shelf", ["'shelf'", "file:///"], id="no scheme"),
        pytest.param("mode", "pubish", ["'pubish'", "did you mean publish?"], id="unknown mode"),
        pytest.param("mode", "reindex", ["'push'", "workflow_dispatch"], id="reindex on a push"),
        pytest.param("dry-run", "ture", ["'ture'", "write true or false"], id="misspelt boolean"),
        pytest.param("comment", "yes", ["'yes'", "write true or false"], id="boolean of YAML"),
        pytest.param("jobs", "0", ["'0'", "1 to"], id="jobs=0"),
        pytest.param("jobs", "many", ["'many'", "write a number"], id="jobs=many"),
        pytest.param("public-url", "shelf", ["'shelf'", "https://"], id="no address"),
        pytest.param(
            "gpg-fingerprint", "ABCD", ["of 4 characters", "40 hex digits"], id="short fingerprint"
        ),
        pytest.param("index-buckte", "x", ["did you mean index-bucket?"], id="misspelt input"),
        pytest.param("workload-identity-provider", "x", ["is none", "projects/NUMBER/"], id="identity"),
        pytest.param(
            "service-account", "x", ["is none", "iam.gserviceaccount.com"], id="service account"
        ),
        pytest.param("package-spec", "ftp://x", ["'ftp://x'", "or none"], id="package-spec"),
        pytest.param("ecs-url", "ftp://x", ["no address", "https://"], id="ecs-url"),
        pytest.param("registry-url", "https://a:b@x", ["no address"], id="registry-url"),
        pytest.param("elastic-package-url", "x", ["no address"], id="texts"),
        pytest.param("registry-public-keys", "x", ["armored", "unsigned"], id="registry keys"),
        pytest.param("readme-phrases", "missing.yml", ["can't be read"], id="phrases"),
    ],
)
def test_an_input_that_cant_be_used_is_refused(
    bumped: Set, name: str, text: str | None, words: list[str]
) -> None:
    run = bumped.scene.push(bumped.merge, {**NO_KEY, name: text})
    refused(bumped.scene, run, f"::error::input {name}: ", *words)


@pytest.mark.parametrize("name", ["index-bucket", "queue-bucket"])
@pytest.mark.parametrize("inside", ["", "/index"])
def test_a_bucket_inside_the_public_one_is_refused(bumped: Set, name: str, inside: str) -> None:
    public = bumped.scene.inputs["bucket"]
    run = bumped.scene.push(bumped.merge, {**NO_KEY, "index-bucket": None, name: f"{public}{inside}"})
    refused(bumped.scene, run, f"::error::input {name}: ", public)


def in_the_container(scene: Scene, merge: Merge, changes: Changes) -> Run:
    """As the image starts it, beside the file that says so; nothing is mounted here."""
    image = scene.place.folder / "image"
    if not image.exists():
        image.mkdir()
        shutil.copy(ROOT / "entrypoint.py", image)
        (image / "pkgaction").symlink_to(ROOT / "pkgaction")
        (image / "container").touch()
    usual, scene.place.entry = scene.place.entry, image / "entrypoint.py"
    try:
        return scene.push(merge, changes)
    finally:
        scene.place.entry = usual


@pytest.mark.parametrize("name", ["bucket", "index-bucket", "queue-bucket"])
@pytest.mark.parametrize("way", ["elsewhere", "../shelf", "link/shelf"])
def test_a_folder_that_is_lost_with_the_container_is_refused(bumped: Set, name: str, way: str) -> None:
    scene, workspace = bumped.scene, bumped.scene.place.clone
    if not (workspace / "link").exists():
        (workspace / "link").symlink_to(scene.place.folder)
    kept = {"bucket": f"file://{workspace}/kept", "index-bucket": f"file://{workspace}/kept-index"}
    lost = (
        f"file://{scene.place.folder}/elsewhere" if way == "elsewhere" else f"file://{workspace}/{way}"
    )

    run = in_the_container(scene, bumped.merge, {**NO_KEY, **kept, name: lost})

    refused(scene, run, f"::error::input {name}: ", "is lost", f"file://{workspace}/", "gs://")
    assert not (workspace / "kept").exists()


def test_a_folder_of_the_workspace_is_kept_by_the_container(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("tidewire", "0.5.0"))
    workspace = scene.place.clone
    kept = {"bucket": f"file://{workspace}/kept", "index-bucket": f"file://{workspace}/kept-index"}

    run = in_the_container(scene, merge, kept)

    assert run.status == 0, run.log
    assert (workspace / "kept/artifacts/packages/tidewire-0.5.0.zip").is_file()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({}, ["no package is named", "an empty list never means all"], id="no package"),
        pytest.param({"package": " \n "}, ["no package is named", "name the packages"], id="empty list"),
        pytest.param(
            {"package": "lanternfihs"},
            ["'lanternfihs' is not in the repository", "name a package of this repository"],
            id="unknown package",
        ),
        pytest.param(
            {"package": "lanternfish", "version": "9.9.9"},
            ["lanternfish has the version 1.3.0", "not 9.9.9"],
            id="version that it does not have",
        ),
    ],
)
def test_a_republish_of_what_is_not_there_is_refused(
    bumped: Set, changes: Changes, words: list[str]
) -> None:
    payload = bumped.scene.place.dispatch_event()
    run = bumped.scene.run("workflow_dispatch", payload, {**NO_KEY, **changes})
    refused(bumped.scene, run, "::error::input package: ", *words)


def test_a_republish_from_an_unknown_ref_is_refused(bumped: Set) -> None:
    run = bumped.scene.republish("lanternfish", {**NO_KEY, "ref": "relaese"})
    refused(bumped.scene, run, "'relaese'", "is no commit, branch or tag", "name a branch")


@pytest.mark.parametrize("name", ["version", "ref"])
def test_version_and_ref_without_a_package_are_refused(bumped: Set, name: str) -> None:
    run = bumped.scene.push(bumped.merge, {**NO_KEY, name: "1.3.0"})
    refused(bumped.scene, run, "::error::input package: ", "version and ref go with package")


@pytest.mark.parametrize(
    ("event", "payload", "words"),
    [
        pytest.param("push", None, ["GITHUB_EVENT_PATH", "can't be read"], id="missing file"),
        pytest.param("push", '{"ref": ', ["GITHUB_EVENT_PATH", "is no JSON"], id="broken JSON"),
        pytest.param("push", "[]", ["GITHUB_EVENT_PATH", "no JSON object"], id="no object"),
        pytest.param("push", "[" * 100_000, ["GITHUB_EVENT_PATH", "is no JSON"], id="deep JSON"),
        pytest.param("push", '{"ref": "refs/heads/main"}', ["start pkgaction on"], id="no commit"),
        pytest.param("pull_request", "{}", ["no usable pull_request.number"], id="no number"),
        pytest.param("gollum", "{}", ["'gollum'", "GITHUB_EVENT_NAME", "push"], id="unknown event"),
        pytest.param("", "{}", ["'(none)'", "GITHUB_EVENT_NAME"], id="no event"),
        pytest.param("pull_request_target", "{}", ["pull_request_target"], id="privileged event"),
    ],
)
def test_e57_an_event_that_cant_be_used_is_refused(
    bumped: Set, event: str, payload: str | None, words: list[str]
) -> None:
    """An unknown event, and a payload that is missing or broken, end in one line that says so."""
    refused(bumped.scene, bumped.scene.run(event, payload, NO_KEY), *words)


def test_a_commit_that_is_not_in_the_clone_and_cant_be_fetched_is_refused(bumped: Set) -> None:
    payload: Payload = {**bumped.scene.place.push_event(bumped.merge), "after": NOWHERE}
    run = bumped.scene.run("push", payload, NO_KEY)
    words = [NOWHERE, "is not in the clone", "can't be fetched", "fetch-depth: 0"]
    refused(bumped.scene, run, *words)


def test_a_workspace_that_is_no_repository_is_refused(bumped: Set) -> None:
    empty = bumped.scene.place.folder / "empty"
    empty.mkdir(exist_ok=True)
    run = bumped.scene.push(bumped.merge, NO_KEY, workspace=empty)
    refused(bumped.scene, run, str(empty), "check the repository out first")


def test_a_release_without_a_key_is_refused(bumped: Set) -> None:
    run = bumped.scene.push(bumped.merge, NO_KEY)
    refused(bumped.scene, run, "::error::input gpg-private-key: no signing key is given")


def _damaged(armored: str) -> str:
    lines = armored.splitlines()
    return "\n".join([*lines[:3], lines[4], lines[3], *lines[5:]])


KEY = "::error::input gpg-private-key: "


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param(
            {"gpg-private-key": "no key at all"}, [KEY, "not an armored OpenPGP key"], id="no key"
        ),
        pytest.param({"gpg-fingerprint": "A" * 40}, ["A" * 40, "pinned"], id="other fingerprint"),
    ],
)
def test_a_key_that_cant_be_used_is_refused(bumped: Set, changes: Changes, words: list[str]) -> None:
    run = bumped.scene.push(bumped.merge, {"github-token": None, **changes})
    refused(bumped.scene, run, *words)


@pytest.mark.parametrize(
    ("passphrase", "what"),
    [("not the right one", "wrong"), (None, "missing")],
    ids=["wrong", "missing"],
)
def test_a_passphrase_that_does_not_fit_is_refused(
    bumped: Set, protected_key: Key, passphrase: str | None, what: str
) -> None:
    changes = {**secrets(protected_key), "github-token": None, "gpg-passphrase": passphrase}
    run = bumped.scene.push(bumped.merge, changes)
    refused(bumped.scene, run, "::error::input gpg-passphrase: ", what)


def test_the_other_fingerprint_is_named(bumped: Set, key: Key, other_key: Key) -> None:
    changes = {"github-token": None, "gpg-fingerprint": other_key.fingerprint}
    run = bumped.scene.push(bumped.merge, changes)
    refused(bumped.scene, run, key.fingerprint, other_key.fingerprint)


def test_a_damaged_key_is_refused(bumped: Set, key: Key) -> None:
    changes = {"github-token": None, "gpg-private-key": _damaged(key.private)}
    refused(bumped.scene, bumped.scene.push(bumped.merge, changes), KEY)


def test_a_public_key_is_refused(bumped: Set, key: Key) -> None:
    changes = {"github-token": None, "gpg-private-key": key.public}
    refused(bumped.scene, bumped.scene.push(bumped.merge, changes), KEY, "it is the public one")


def test_two_keys_without_a_pinned_one_are_refused(bumped: Set, key: Key, other_key: Key) -> None:
    both = f"{key.private}\n{other_key.private}"
    changes = {"github-token": None, "gpg-private-key": both, "gpg-fingerprint": None}
    refused(bumped.scene, bumped.scene.push(bumped.merge, changes), KEY, "2 keys", "gpg-fingerprint")


def test_an_expired_key_is_refused(bumped: Set) -> None:
    expired = keys.make("", expires="1y", at="20200101T000000")
    changes = {"github-token": None, **secrets(expired)}
    run = bumped.scene.push(bumped.merge, changes)
    refused(bumped.scene, run, KEY, expired.fingerprint, "expired on 20")


def test_a_key_that_is_not_made_for_signing_is_refused(bumped: Set) -> None:
    changes = {"github-token": None, **secrets(keys.make("", usage="cert"))}
    refused(bumped.scene, bumped.scene.push(bumped.merge, changes), KEY, "not made for signing")


def test_all_that_is_wrong_is_reported_together(bumped: Set) -> None:
    changes = {
        "bucket": None,
        "dry-run": "ture",
        "mode": "pubish",
        "github-token": None,
        "gpg-private-key": "no key at all",
    }
    run = bumped.scene.run("push", '{"ref": ', changes)
    assert run.status == 2
    assert "Traceback" not in run.log
    assert len(run.errors) == 5
    for words in ("input bucket:", "input dry-run:", "input mode:", "input gpg-private-key:", "JSON"):
        (error,) = [line for line in run.errors if words in line]
        assert error.endswith(")")
    assert json.loads(run.outputs["packages"]) == []


def published(run: Run) -> None:
    assert run.status == 0, run.log
    assert run.packages["lanternfish"]["status"] == "published"


def test_a_key_that_expires_soon_is_warned_of_and_signs(scene: Scene) -> None:
    soon = keys.make("", expires="20d")
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    run = scene.push(merge, {"github-token": None, **secrets(soon)})
    published(run)
    (warning,) = run.warnings
    assert f"the signing key {soon.fingerprint} expires in " in warning
    assert any(f"in {days} days" in warning for days in (19, 20))


@pytest.mark.parametrize("pin", ["none", "primary", "subkey"])
def test_a_signing_subkey_signs_however_it_is_pinned(scene: Scene, pin: str) -> None:
    made = keys.make("", usage="cert", subkeys=("sign", "encr"))
    pinned = {"none": "", "primary": made.fingerprint, "subkey": made.subkeys[0]}[pin]
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    changes = {**secrets(made), "github-token": None, "gpg-fingerprint": pinned}
    published(scene.push(merge, changes))
    path = scene.bucket / "artifacts/packages/lanternfish-1.3.0.zip"
    assert keys.verify(made, path.with_name(f"{path.name}.sig"), path)


def test_a_subkey_that_cant_sign_is_refused_where_it_is_pinned(bumped: Set) -> None:
    made = keys.make("", subkeys=("encr",))
    changes = {**secrets(made), "github-token": None, "gpg-fingerprint": made.subkeys[0]}
    run = bumped.scene.push(bumped.merge, changes)
    refused(bumped.scene, run, KEY, made.subkeys[0], "not made for signing")


def test_a_key_without_a_passphrase_signs(scene: Scene, key: Key) -> None:
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    published(scene.push(merge, {"github-token": None, "gpg-passphrase": None}))
    path = scene.bucket / "artifacts/packages/lanternfish-1.3.0.zip"
    assert keys.verify(key, path.with_name(f"{path.name}.sig"), path)


def test_a_fingerprint_may_be_written_as_gpg_shows_it(scene: Scene, key: Key) -> None:
    parts = [key.fingerprint[at : at + 4] for at in range(0, 40, 4)]
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    changes = {"github-token": None, "gpg-fingerprint": " ".join(parts).lower()}
    published(scene.push(merge, changes))
