"""The storage's own job accepts what others have built and signed, with real keys."""

import json
from pathlib import Path

import pytest

from pkgaction.model.json import Json
from tests.e2e.conftest import Scene, entries
from tests.e2e.test_terminal import Desk
from tests.e2e.test_terminal import desk as desk  # noqa: PLC0414 - a fixture
from tests.fakes import keys
from tests.fakes.keys import Key
from tests.fakes.workplace import objects


@pytest.fixture(scope="module")
def subkeyed() -> Key:
    """An owner's key, whose primary part only certifies."""
    return keys.make("", usage="cert", subkeys=("sign",))


def signed(desk: Desk, key: Key, name: str = "lanternfish") -> Path:
    """A zip with its signature, as an owner makes it with our own commands."""
    assert desk.run("build", desk.package(name), "--output", desk.folder).status == 0
    (found,) = desk.folder.glob(f"{name}-*.zip")
    assert desk.run("sign", found, key=key).status == 0
    return found


def trust(desk: Desk, key: Key, *globs: str) -> tuple[str, ...]:
    (desk.folder / "keys.asc").write_text(key.public)
    (desk.folder / "owners.yml").write_text(json.dumps({key.fingerprint: globs}))
    index = f"file://{desk.folder}/index"
    files = ("--trusted-keys", f"{desk.folder}/keys.asc", "--owners", f"{desk.folder}/owners.yml")
    return *desk.to_bucket, "--index-bucket", index, *files


def test_a_zip_that_a_trusted_key_signed_is_accepted_without_a_key_of_ours(
    desk: Desk, subkeyed: Key
) -> None:
    zipped = signed(desk, subkeyed)

    done = desk.run("accept", "--json", zipped, *trust(desk, subkeyed, "lantern*"))

    assert done.status == 0, done.err
    assert json.loads(done.out)["status"] == "published"
    stored = objects(desk.bucket)
    assert stored[f"artifacts/packages/{zipped.name}"] == zipped.read_bytes()
    assert stored[f"artifacts/packages/{zipped.name}.sig"] == Path(f"{zipped}.sig").read_bytes()
    assert list(entries(desk.folder / "index")) == [("lanternfish", "1.2.0")]


def test_an_owner_map_that_does_not_fit_the_keys_is_warned_of(desk: Desk, subkeyed: Key) -> None:
    zipped = signed(desk, subkeyed)
    arguments = trust(desk, subkeyed, "*")
    (desk.folder / "owners.yml").write_text(json.dumps({subkeyed.subkeys[0]: ["*"]}))

    done = desk.run("accept", zipped, *arguments)

    assert done.status == 1
    said = f"owners names {subkeyed.subkeys[0]}, a subkey: write its primary key {subkeyed.fingerprint}"
    assert done.err.count(said) == 1


def test_a_private_key_among_the_trusted_ones_is_refused(desk: Desk, subkeyed: Key) -> None:
    zipped = signed(desk, subkeyed)
    arguments = trust(desk, subkeyed, "*")
    (desk.folder / "keys.asc").write_text(subkeyed.public + subkeyed.private)

    done = desk.run("accept", zipped, *arguments)

    assert done.status == 2
    assert "--trusted-keys: key 2 of 2 is a private key" in done.err
    assert not objects(desk.bucket)


def test_what_the_owner_map_or_the_keys_do_not_know_is_refused(
    desk: Desk, subkeyed: Key, other_key: Key
) -> None:
    zipped = signed(desk, subkeyed)

    foreign_name = desk.run("accept", zipped, *trust(desk, subkeyed, "tidewire"))
    foreign_key = desk.run("accept", zipped, *trust(desk, other_key, "*"))

    assert (foreign_name.status, foreign_key.status) == (1, 1)
    assert "not-owner" in foreign_name.err
    assert "untrusted" in foreign_key.err
    assert not desk.bucket.exists()


@pytest.mark.parametrize("order", [1, -1], ids=["trusted first", "trusted last"])
def test_a_file_with_two_signatures_is_refused(
    desk: Desk, subkeyed: Key, other_key: Key, order: int
) -> None:
    zipped = signed(desk, subkeyed)
    with keys.home() as home:
        for key in (subkeyed, other_key):
            (home / "key").write_text(key.private)
            keys.gpg(home, "", "--import", str(home / "key"))
        by = [part for key in (subkeyed, other_key)[::order] for part in ("-u", key.fingerprint)]
        keys.gpg(home, "", "--armor", *by, "-o", f"{zipped}.sig", "--detach-sign", str(zipped))

    done = desk.run("accept", zipped, *trust(desk, subkeyed, "*"))

    assert done.status == 1
    assert "untrusted" in done.err


def test_owners_that_are_no_text_are_refused_in_a_line(desk: Desk, subkeyed: Key) -> None:
    options = trust(desk, subkeyed, "*")
    (desk.folder / "owners.yml").write_bytes(b"\xff\xfe\x00")

    done = desk.run("accept", signed(desk, subkeyed), *options)

    assert done.status == 2
    assert "Traceback" not in done.err
    assert "owners" in done.err


@pytest.mark.parametrize("lacking", ["--trusted-keys", "--owners"])
def test_without_keys_or_map_nothing_is_accepted(desk: Desk, subkeyed: Key, lacking: str) -> None:
    options = list(trust(desk, subkeyed, "*"))
    at = options.index(lacking)

    done = desk.run("accept", signed(desk, subkeyed), *options[:at], *options[at + 2 :])

    assert done.status == 2
    assert lacking in done.err


def test_the_action_empties_a_queue(scene: Scene, desk: Desk, subkeyed: Key, other_key: Key) -> None:
    good, bad = signed(desk, subkeyed), signed(desk, other_key, "tidewire")
    queue = scene.place.folder / "queue" / "candidates"
    queue.mkdir(parents=True)
    for zipped in (good, bad):
        for path in (zipped, Path(f"{zipped}.sig")):
            (queue / path.name).write_bytes(path.read_bytes())
    changes = {
        "mode": "accept",
        "queue-bucket": f"file://{queue.parent}",
        "trusted-keys": subkeyed.public + other_key.public,
        "owners": f"{subkeyed.fingerprint}: ['*']\n{other_key.fingerprint}: [harbour_*]\n",
        "gpg-private-key": None,
        "gpg-passphrase": None,
        "gpg-fingerprint": None,
    }

    run = scene.run("schedule", {"repository": {"full_name": "deepwater/storage"}}, changes)

    assert run.status == 1, run.log
    assert run.packages["lanternfish"]["status"] == "published"
    assert run.packages["tidewire"]["status"] == "failed"
    assert list(entries(scene.index)) == [("lanternfish", "1.2.0")]
    left = objects(queue.parent)
    (reason,) = [data for name, data in left.items() if name.endswith("reason.json")]
    assert json.loads(reason)["code"] == "not-owner"
    assert not any(name.startswith("candidates/") for name in left)


def test_mode_accept_names_what_it_lacks(scene: Scene) -> None:
    run = scene.run("workflow_dispatch", scene.place.dispatch_event(), {"mode": "accept"})

    assert run.status == 2
    assert "queue-bucket, trusted-keys, owners" in run.log


def test_a_queue_that_is_not_there_or_filled_at_another_place_is_told(
    scene: Scene, subkeyed: Key
) -> None:
    queue = scene.place.folder / "queue"
    changes = {
        "mode": "accept",
        "queue-bucket": f"file://{queue}",
        "trusted-keys": subkeyed.public,
        "owners": f"{subkeyed.fingerprint}: ['*']\n",
    }
    event = scene.place.dispatch_event()

    missing = scene.run("workflow_dispatch", event, changes)
    queue.mkdir()
    (queue / "crab-1.0.0.zip").write_bytes(b"PK")
    misplaced = scene.run("workflow_dispatch", event, changes)

    assert missing.status == 2, missing.log
    assert f"input queue-bucket: there is no folder {queue}" in missing.log
    assert misplaced.status == 0, misplaced.log
    assert any("crab-1.0.0.zip, which nobody looks at" in told for told in misplaced.warnings)


def test_the_action_serves_owners_folders_and_undoes_no_roll_back(
    scene: Scene, desk: Desk, subkeyed: Key, other_key: Key
) -> None:
    queue = scene.place.folder / "queue" / "candidates"
    changes: dict[str, str | None] = {
        "mode": "accept",
        "queue-bucket": f"file://{queue.parent}",
        "trusted-keys": subkeyed.public + other_key.public,
        "owners": f"{subkeyed.fingerprint}: [lanternfish]\n{other_key.fingerprint}: [tidewire]\n",
        "gpg-private-key": None,
        "gpg-passphrase": None,
        "gpg-fingerprint": None,
    }
    event: dict[str, Json] = {"repository": {"full_name": "deepwater/storage"}}

    def put(folder: str, zipped: Path, sig: bytes = b"") -> None:
        (queue / folder).mkdir(parents=True)
        (queue / folder / zipped.name).write_bytes(zipped.read_bytes())
        beside = Path(f"{zipped}.sig")
        (queue / folder / beside.name).write_bytes(sig or beside.read_bytes())

    lanternfish, tidewire = signed(desk, subkeyed), signed(desk, other_key, "tidewire")
    put("reef", lanternfish)
    put("squatter", lanternfish, b"no signature")
    first = scene.run("schedule", event, changes)
    to = json.loads((scene.index / "v2/metadata/cursor.json").read_text())["current"]
    put("shore", tidewire)
    second = scene.run("schedule", event, changes)
    before = list(entries(scene.index))
    index = f"file://{scene.index}"
    assert desk.run("rollback", "--index-bucket", index, "--to", to).status == 0
    put("stranger", tidewire)

    third = scene.run("schedule", event, changes)

    assert (first.status, second.status, third.status) == (1, 0, 1), first.log + third.log
    assert before == [("lanternfish", "1.2.0"), ("tidewire", "0.4.0")]
    assert list(entries(scene.index)) == [("lanternfish", "1.2.0")]
    left = objects(queue.parent)
    reasons = {name: json.loads(data) for name, data in left.items() if name.endswith("reason.json")}
    codes = {name.split("/")[1]: reason["code"] for name, reason in reasons.items()}
    assert codes == {"squatter": "unsigned", "stranger": "withdrawn"}
    assert not any(name.startswith(("candidates/", "in-hand/")) for name in left)
