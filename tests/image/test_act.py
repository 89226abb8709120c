"""The example workflows, each run by act as a consumer's repository would run it."""

import json
from collections.abc import Iterator

import pytest

from tests.fakes import keys
from tests.fakes.github import WRITE
from tests.fakes.github_json import Repository
from tests.fakes.identity import ACCOUNT
from tests.image import acting
from tests.image.acting import BUCKET, INDEX, Stage
from tests.image.runner import MISSING

_FORK = Repository(id=77_001, name="coral/packages")

pytestmark = [
    pytest.mark.skipif(not acting.ACT.exists(), reason="act is not there: make image-test"),
    pytest.mark.skipif(MISSING, reason="the image is not there: make image"),
]


@pytest.fixture
def stage(key: keys.Key) -> Iterator[Stage]:
    with acting.opened(key) as made:
        yield made
        assert made.google.refused == []


def indexed(stage: Stage) -> set[str]:
    """The entries of the search index, found as the registry finds them."""
    cursor = json.loads(stage.google.read(INDEX, "v2/metadata/cursor.json"))["current"]
    index = json.loads(stage.google.read(INDEX, f"v2/metadata/{cursor}/search-index-all.json"))
    found = [package["package_manifest"] for package in index["packages"]]
    return {f"{entry['name']}-{entry['version']}" for entry in found}


def zips(stage: Stage) -> set[str]:
    names = stage.google.names(BUCKET)
    found = {name.split("/")[-1].removesuffix(".zip") for name in names if name.endswith(".zip")}
    assert all(f"artifacts/packages/{name}.zip.sig" in names for name in found)
    return found


@pytest.mark.parametrize("workflow", ["publish.yml", "publish-call.yml"])
def test_a_merge_is_published(stage: Stage, workflow: str) -> None:
    merge = stage.merge("lanternfish")

    told = stage.act("push", stage.place.push_event(merge), workflow)

    assert told.status == 0, told.log
    assert told.output("published") == "true"
    assert zips(stage) == indexed(stage) == {"lanternfish-3.0.0"}
    assert [comment.number for comment in stage.github.comments] == [merge.number]
    assert "lanternfish" in stage.github.comments[0].body
    principals = {principal for principal, _ in stage.google.identity.access_tokens.values()}
    assert f"serviceAccount:{ACCOUNT}" in principals


def test_a_preview_comments_and_writes_to_no_bucket(stage: Stage) -> None:
    merge, head = stage.propose("lanternfish")
    event = stage.place.pull_request_event(merge, merged=False, head=head)

    told = stage.act("pull_request", event, "preview.yml")
    after = stage.act("workflow_run", stage.place.workflow_run_event(head), "preview-comment.yml")

    assert (told.status, after.status) == (0, 0), told.log + after.log
    assert told.output("published") == "false"
    (comment,) = stage.github.comments
    assert "This publishes 1 package" in comment.body
    assert after.output("comment-url") is None  # there was nothing left to say
    assert stage.google.names(BUCKET) == set()
    assert stage.google.identity.counts == {}


def test_the_preview_of_a_fork_is_commented_on_by_the_other_workflow(stage: Stage) -> None:
    merge, head = stage.propose("lanternfish", head=_FORK)
    event = stage.place.pull_request_event(merge, merged=False, head=head)

    stage.github.permissions.remove(WRITE)
    told = stage.act("pull_request", event, "preview.yml")
    assert told.status == 0, told.log
    assert stage.github.comments == []
    stage.github.permissions.add(WRITE)
    after = stage.act("workflow_run", stage.place.workflow_run_event(head), "preview-comment.yml")

    assert after.status == 0, after.log
    (comment,) = stage.github.comments
    assert comment.number == merge.number
    assert "This publishes 1 package" in comment.body


def test_named_packages_are_published_by_hand_and_audited_by_schedule(stage: Stage) -> None:
    typed = {"package": "harbour_board lanternfish saltmarsh tidewire", "dry-run": "false"}
    event = stage.place.dispatch_event()

    missing = stage.act("schedule", event, "audit.yml")
    published = stage.act("workflow_dispatch", {**event, "inputs": typed}, "republish.yml")
    found = stage.act("schedule", event, "audit.yml")

    assert missing.status == 1, missing.log
    assert "lanternfish" in missing.log
    assert published.status == 0, published.log
    assert len(zips(stage)) == 4
    assert zips(stage) == indexed(stage)
    assert found.status == 0, found.log


def test_a_large_release_is_spread_over_jobs_and_has_one_comment(stage: Stage) -> None:
    merge = stage.merge("harbour_board", "lanternfish", "tidewire")

    told = stage.act("push", stage.place.push_event(merge), "publish-matrix.yml")

    assert told.status == 0, told.log
    assert zips(stage) == indexed(stage)
    assert zips(stage) == {"harbour_board-3.0.0", "lanternfish-3.0.0", "tidewire-3.0.0"}
    names = ("harbour_board", "lanternfish", "tidewire")
    jobs = [f"Publish {name}-3.0.0-{number}" for number, name in enumerate(names, 1)]
    assert told.results == dict.fromkeys(["Plan", *jobs, "Comment"], "success")
    told_of = stage.google.metadata(BUCKET, "artifacts/packages/tidewire-3.0.0.zip")
    assert told_of["pull-request"] == str(merge.number)
    (comment,) = stage.github.comments
    assert comment.number == merge.number
    assert "3 packages published" in comment.body
    assert all(name in comment.body for name in names)


def test_a_release_of_nothing_starts_no_job_of_the_matrix(stage: Stage) -> None:
    merge = stage.merge()

    told = stage.act("push", stage.place.push_event(merge), "publish-matrix.yml")

    assert told.status == 0, told.log
    assert told.output("matrix") == '{"include":[]}'
    assert told.results == {"Plan": "success"}
    assert (stage.google.names(BUCKET), stage.github.comments) == (set(), [])
