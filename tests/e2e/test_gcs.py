"""The whole job on Google Cloud Storage, as far as its emulator goes."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pkgaction.adapters.gcs import GcsStore
from pkgaction.adapters.google_login import LoginCredentials
from pkgaction.adapters.workload_identity import credentials
from tests.e2e.conftest import Scene
from tests.fakes import emulator
from tests.fakes.google import Google
from tests.fakes.identity import ACCOUNT, PROVIDER, LoopbackIdentity
from tests.fakes.release import FakeClock
from tests.storage import publisher

_VERSION = "artifacts/packages/lanternfish-1.3.0"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with emulator.running() as address:
        yield address


@pytest.fixture
def cloud(scene: Scene, server: str, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server)
    scene.place.environ["STORAGE_EMULATOR_HOST"] = server
    scene.inputs["bucket"] = emulator.make_bucket(server) + "/some/prefix"
    scene.inputs["index-bucket"] = emulator.make_bucket(server)
    return scene


def names(url: str) -> set[str]:
    return {found.name for found in emulator.connect(url).list("")}


def state(*urls: str) -> list[tuple[str, int]]:
    return [(found.name, found.generation) for url in urls for found in emulator.connect(url).list("")]


def test_a_merge_is_published_and_again_nothing_changes(cloud: Scene) -> None:
    bucket, index = cloud.inputs["bucket"], cloud.inputs["index-bucket"]
    merge = cloud.merge(lambda: cloud.place.bump("lanternfish", "1.3.0"))

    first = cloud.run("push", cloud.place.push_event(merge))
    before = state(bucket, index)
    second = cloud.run("push", cloud.place.push_event(merge))

    assert (first.status, second.status) == (0, 0), first.log + second.log
    assert first.packages["lanternfish"]["status"] == "published"
    assert second.packages["lanternfish"]["status"] == "already-published"
    assert state(bucket, index) == before
    zip_name = "artifacts/packages/lanternfish-1.3.0.zip"
    assert {zip_name, f"{zip_name}.sig", "artifacts/static/lanternfish-1.3.0/manifest.yml"} <= names(
        bucket
    )


def test_a_job_logs_in_and_publishes_under_googles_real_names(scene: Scene) -> None:
    with Google.running("my-packages", "my-packages-index") as google:
        certificate = scene.place.folder / "google.pem"
        certificate.write_text(google.certificate)
        scene.place.environ |= google.environ(str(certificate))
        scene.inputs["bucket"], scene.inputs["index-bucket"] = (
            "gs://my-packages",
            "gs://my-packages-index",
        )
        scene.inputs |= {"workload-identity-provider": PROVIDER, "service-account": ACCOUNT}
        merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))

        run = scene.push(merge)

        assert run.status == 0, run.log
        assert f"{_VERSION}.zip.sig" in google.names("my-packages")
        assert "v2/metadata/cursor.json" in google.names("my-packages-index")
        assert google.identity.counts == {"id_token": 1, "sts": 1, "iam": 1}
        assert google.refused == []


def test_the_cursor_is_never_cached_and_versions_always(cloud: Scene) -> None:
    merge = cloud.merge(lambda: cloud.place.bump("lanternfish", "1.3.0"))
    cloud.run("push", cloud.place.push_event(merge))

    cursor = emulator.connect(cloud.inputs["index-bucket"]).stat("v2/metadata/cursor.json")
    zipped = emulator.connect(cloud.inputs["bucket"]).stat("artifacts/packages/lanternfish-1.3.0.zip")

    assert cursor
    assert cursor.headers.cache_control == "no-store"
    assert zipped
    assert "immutable" in zipped.headers.cache_control


def test_a_preview_without_a_login_looks_and_writes_nothing(cloud: Scene) -> None:
    merge = cloud.place.open_pull_request(lambda: cloud.place.bump("lanternfish", "1.3.0"))
    before = state(cloud.inputs["bucket"], cloud.inputs["index-bucket"])

    run = cloud.run("pull_request", cloud.place.pull_request_event(merge, merged=False))

    assert run.status == 0, run.log
    assert run.packages["lanternfish"]["status"] == "would-publish"
    assert state(cloud.inputs["bucket"], cloud.inputs["index-bucket"]) == before


def test_a_bucket_that_is_missing_is_named(cloud: Scene) -> None:
    cloud.inputs["bucket"] = "gs://no-such-bucket-anywhere"
    merge = cloud.merge(lambda: cloud.place.bump("lanternfish", "1.3.0"))

    run = cloud.run("push", cloud.place.push_event(merge))

    assert run.status == 2
    assert "no such bucket" in run.log
    assert "gs://no-such-bucket-anywhere" in run.log


def test_a_login_that_ends_between_two_packages_is_renewed(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server)
    clock = FakeClock()
    with LoopbackIdentity(clock=clock.now) as identity:
        login = credentials(
            provider=identity.provider,
            service_account="",
            environ=identity.environ,
            clock=clock,
            sts_url=identity.sts_url,
            iam_url=identity.iam_url,
        )
        assert isinstance(login, LoginCredentials)
        urls = [emulator.make_bucket(server) for _ in range(2)]
        artifacts, index = (GcsStore.connect(url, login, clock, connections=4) for url in urls)

        first = publisher.publish(artifacts, index, ["heron@1.0.0"], clock)
        before = dict(identity.counts)
        clock.sleep(2 * 60 * 60)
        second = publisher.publish(artifacts, index, ["plover@1.0.0"], clock)

        assert (first.problems, second.problems) == ([], [])
        assert (first.exit_status, second.exit_status) == (0, 0)
        assert all(identity.counts[kind] > before[kind] for kind in ("id_token", "sts"))
    assert replace(artifacts).url == urls[0]
