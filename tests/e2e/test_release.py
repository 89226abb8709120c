"""A merged pull request that raises two of four packages, one of them to a prerelease."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import google_crc32c
import pytest

from pkgaction import __version__
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.model.checksum import encoded
from pkgaction.model.json import text_at
from tests.e2e.conftest import Scene, delta, entries, opened
from tests.fakes import keys, site
from tests.fakes.keys import Key
from tests.fakes.workplace import Merge, Run, objects

LANTERNFISH, TIDEWIRE = "lanternfish-1.3.0", "tidewire-0.5.0-beta.1"
BOTH = pytest.mark.parametrize("version", [LANTERNFISH, TIDEWIRE])
CONTENT_TYPES = {
    "LICENSE.txt": "text/plain; charset=utf-8",
    "changelog.yml": "text/yaml; charset=utf-8",
    "data_stream/glow/agent/stream/stream.yml.hbs": "text/plain; charset=utf-8",
    "data_stream/glow/elasticsearch/ingest_pipeline/default.yml": "text/yaml; charset=utf-8",
    "data_stream/glow/fields/base-fields.yml": "text/yaml; charset=utf-8",
    "data_stream/glow/manifest.yml": "text/yaml; charset=utf-8",
    "docs/README.md": "text/markdown; charset=utf-8",
    "docs/depths.json": "application/json",
    "docs/noise.bin": "application/octet-stream",
    "img/lanternfish.svg": "image/svg+xml",
    "manifest.yml": "text/yaml; charset=utf-8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    scene: Scene
    merge: Merge
    run: Run
    public: str  # where the public bucket is served
    asked: Sequence[site.Asked]  # there


def raise_two_and_change_a_third(scene: Scene) -> None:
    scene.place.bump("lanternfish", "1.3.0")
    scene.place.write("packages/lanternfish/docs/depths.json", "[1, 2]\n")
    scene.place.write("packages/lanternfish/docs/noise.bin", b"\x00\xff\x00")
    scene.place.write("packages/lanternfish/_dev/test/config.yml", "skip: true\n")
    scene.place.bump("tidewire", "0.5.0-beta.1")
    scene.place.write("packages/harbour_board/docs/README.md", "# Changed\n")


@pytest.fixture(scope="module")
def released(protected_key: Key) -> Iterator[Released]:
    with opened(protected_key) as scene, site.Site.of(scene.bucket) as shelf:
        merge = scene.merge(lambda: raise_two_and_change_a_third(scene))
        run = scene.push(merge, {"public-url": shelf.url})
        yield Released(scene=scene, merge=merge, run=run, public=shelf.url, asked=shelf.asked)


def test_the_run_succeeds_and_says_so(released: Released) -> None:
    assert released.run.status == 0
    assert released.run.errors == []
    assert released.run.outputs["published"] == "true"
    assert "2 packages published" in released.run.log
    assert released.run.summary.startswith("## 2 packages published\n")


def test_exactly_two_versions_are_in_the_bucket(released: Released) -> None:
    zips = [name for name in objects(released.scene.bucket) if name.startswith("artifacts/packages/")]
    assert zips == [
        f"artifacts/packages/{version}.zip{ending}"
        for version in (LANTERNFISH, TIDEWIRE)
        for ending in ("", ".sig")
    ]


@BOTH
def test_plain_gpg_accepts_the_signature(released: Released, protected_key: Key, version: str) -> None:
    folder = released.scene.bucket / "artifacts/packages"
    signature = folder / f"{version}.zip.sig"
    assert signature.read_text().startswith("-----BEGIN PGP SIGNATURE-----")
    assert keys.verify(protected_key, signature, folder / f"{version}.zip")
    assert not keys.verify(protected_key, signature, folder / f"{version}.zip.sig")


@BOTH
def test_the_zip_and_the_static_files_are_the_same_files(
    released: Released, version: str, tmp_path: Path
) -> None:
    artifacts = released.scene.bucket / "artifacts"
    shutil.unpack_archive(artifacts / f"packages/{version}.zip", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [version]
    assert objects(tmp_path / version) == objects(artifacts / f"static/{version}")


def test_the_zip_holds_the_package_and_the_repositorys_licence(
    released: Released, tmp_path: Path
) -> None:
    shutil.unpack_archive(
        released.scene.bucket / f"artifacts/packages/{LANTERNFISH}.zip", tmp_path, "zip"
    )
    built = objects(tmp_path / LANTERNFISH)
    source = objects(released.scene.place.clone / "packages/lanternfish")
    licence = (released.scene.place.clone / "LICENSE.txt").read_bytes()
    del source["_dev/test/config.yml"]
    assert built == {**source, "LICENSE.txt": licence}


def test_every_static_file_has_its_content_type(released: Released) -> None:
    store = DirectoryStore(released.scene.bucket)
    prefix = f"artifacts/static/{LANTERNFISH}/"
    types = {found.name.removeprefix(prefix): found.headers.content_type for found in store.list(prefix)}
    assert types == CONTENT_TYPES


@BOTH
def test_zip_and_signature_have_their_content_types_and_never_expire(
    released: Released, version: str
) -> None:
    store = DirectoryStore(released.scene.bucket)
    expected = {".zip": "application/zip", ".zip.sig": "application/pgp-signature"}
    for ending, content_type in expected.items():
        found = store.stat(f"artifacts/packages/{version}{ending}")
        assert found is not None
        assert found.headers.content_type == content_type
        assert "immutable" in found.headers.cache_control


@BOTH
def test_every_object_says_where_it_came_from(released: Released, version: str) -> None:
    store = DirectoryStore(released.scene.bucket)
    named = [
        *store.list(f"artifacts/packages/{version}"),
        *store.list(f"artifacts/static/{version}/"),
    ]
    zip_bytes = (released.scene.bucket / f"artifacts/packages/{version}.zip").read_bytes()
    own = {"crc32c", "headers-crc32c"}  # what proves each object
    assert all(own <= found.headers.metadata.keys() for found in named)
    (metadata,) = {
        tuple(sorted((k, v) for k, v in found.headers.metadata.items() if k not in own))
        for found in named
    }
    content = dict(metadata)["content-sha256"]
    assert len(content) == 64
    assert dict(metadata) == {
        "commit": released.merge.after,
        "repository": "deepwater/packages",
        "pull-request": str(released.merge.number),
        "run": "https://github.com/deepwater/packages/actions/runs/1001",
        "tool": f"pkgaction/{__version__}",
        "content-sha256": content,
        "zip-sha256": hashlib.sha256(zip_bytes).hexdigest(),
        "zip-crc32c": encoded(google_crc32c.value(zip_bytes)),
    }


def test_both_are_in_the_index(released: Released) -> None:
    found = entries(released.scene.index)
    assert set(found) == {("lanternfish", "1.3.0"), ("tidewire", "0.5.0-beta.1")}
    lanternfish = found["lanternfish", "1.3.0"]
    assert text_at(lanternfish, "type") == "integration"
    assert text_at(lanternfish, "title") == "Lanternfish"
    assert text_at(lanternfish, "owner", "github") == "deepwater/buoys"


def test_the_delta_has_both_as_added(released: Released) -> None:
    changes = delta(released.scene.index)
    added = changes["added"]
    assert isinstance(added, list)
    assert [text_at(item, "package_manifest", "name") for item in added] == ["lanternfish", "tidewire"]
    assert changes["updated"] == []
    assert changes["removed"] == []


def test_the_cursor_is_never_cached_and_the_lists_never_change(released: Released) -> None:
    store = DirectoryStore(released.scene.index)
    cached = {
        found.name.rpartition("/")[2]: found.headers.cache_control
        for found in store.list("v2/metadata/")
    }
    assert cached["cursor.json"] == "no-store"
    assert "immutable" in cached["search-index-all.json"]
    assert "immutable" in cached["search-index-delta.json"]


def test_one_comment_links_to_everything(released: Released) -> None:
    (comment,) = released.scene.github.comments
    assert comment.number == released.merge.number
    for version in (LANTERNFISH, TIDEWIRE):
        assert f"[zip]({released.public}/artifacts/packages/{version}.zip)" in comment.body
        assert f"[signature]({released.public}/artifacts/packages/{version}.zip.sig)" in comment.body
    changelog = f"blob/{released.merge.after}/packages/lanternfish/changelog.yml"
    assert f"[changelog](https://github.com/deepwater/packages/{changelog}" in comment.body
    assert "1.2.0 → **1.3.0** | stable |" in comment.body
    assert "0.4.0 → **0.5.0-beta.1** | prerelease |" in comment.body
    assert released.run.outputs["comment-url"].endswith(f"#issuecomment-{comment.id}")


@pytest.mark.parametrize(
    ("name", "version", "previous", "prerelease"),
    [("lanternfish", "1.3.0", "1.2.0", False), ("tidewire", "0.5.0-beta.1", "0.4.0", True)],
    ids=["stable", "prerelease"],
)
def test_the_output_has_every_key_of_a_package(
    released: Released, name: str, version: str, previous: str, *, prerelease: bool
) -> None:
    zip_bytes = (released.scene.bucket / f"artifacts/packages/{name}-{version}.zip").read_bytes()
    assert released.run.packages[name] == {
        "package": f"packages/{name}",
        "name": name,
        "version": version,
        "previous": previous,
        "status": "published",
        "reason": "",
        "prerelease": prerelease,
        "sha256": hashlib.sha256(zip_bytes).hexdigest(),
        "size": len(zip_bytes),
        "urls": {
            "zip": f"{released.public}/artifacts/packages/{name}-{version}.zip",
            "signature": f"{released.public}/artifacts/packages/{name}-{version}.zip.sig",
            "static": f"{released.public}/artifacts/static/{name}-{version}/",
        },
    }


def test_the_outputs_have_two_packages_and_a_matrix_of_them(released: Released) -> None:
    assert set(released.run.packages) == {"lanternfish", "tidewire"}
    assert json.loads(released.run.outputs["matrix"]) == {
        "include": [
            {"name": "lanternfish-1.3.0", "package": "lanternfish", "version": "1.3.0"},
            {"name": "tidewire-0.5.0-beta.1", "package": "tidewire", "version": "0.5.0-beta.1"},
        ]
    }


def test_the_package_without_a_new_version_is_not_published_but_warned_of(released: Released) -> None:
    assert not any("harbour_board" in name for name in objects(released.scene.bucket))
    (warning,) = released.run.warnings
    assert warning.startswith("::warning file=packages/harbour_board/manifest.yml,line=4::")
    assert "its version is still 2.0.1" in warning
    (comment,) = released.scene.github.comments
    assert "its version is still 2.0.1" in comment.body


def test_a_merged_pull_request_event_publishes_the_same(scene: Scene) -> None:
    merge = scene.merge(lambda: raise_two_and_change_a_third(scene))
    event = scene.place.pull_request_event(merge, merged=True)
    run = scene.run("pull_request", event, sha=merge.after)
    assert run.status == 0
    assert {name: found["status"] for name, found in run.packages.items()} == {
        "lanternfish": "published",
        "tidewire": "published",
    }
    found = DirectoryStore(scene.bucket).stat(f"artifacts/packages/{LANTERNFISH}.zip")
    assert found is not None
    assert found.headers.metadata["pull-request"] == str(merge.number)
    assert found.headers.metadata["commit"] == merge.after
    (comment,) = scene.github.comments
    assert comment.number == merge.number


def test_the_public_address_is_asked_once_and_without_a_secret(released: Released) -> None:
    ((method, path, headers),) = released.asked

    assert (method, path) == ("HEAD", f"/shelf/artifacts/packages/{LANTERNFISH}.zip")
    assert not {"authorization", "cookie", "proxy-authorization"} & headers.keys()


@pytest.mark.parametrize(
    ("served", "why"),
    [
        (site.status(404), "the answer was 404"),
        (site.status(302, "https://login.deepwater.example/"), "login.deepwater.example"),
        (site.page, "a web page"),
        (site.size(17), "17 bytes"),
        (None, "no answer"),
    ],
    ids=["missing", "redirected", "a login page", "another file", "nobody there"],
)
def test_a_public_address_without_the_zip_is_a_warning(
    scene: Scene, served: site.Answer | None, why: str
) -> None:
    merge = scene.merge(lambda: scene.place.bump("tidewire", "0.5.0"))
    with site.Site.of(scene.bucket) as shelf:
        shelf.answer = served
        url = shelf.url if served else "http://127.0.0.1:1/shelf"
        run = scene.push(merge, {"public-url": url})

    assert run.status == 0, run.log
    assert run.outputs["published"] == "true"
    (warning,) = run.warnings
    assert f"{url}/artifacts/packages/tidewire-0.5.0.zip" in warning
    assert why in warning
    assert "public-url" in warning
    (comment,) = scene.github.comments
    for report in (run.summary, comment.body):
        assert "readers do not get it there" in report


def test_a_dry_run_asks_no_public_address(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("tidewire", "0.5.0"))
    with site.Site.of(scene.bucket) as shelf:
        run = scene.push(merge, {"public-url": shelf.url, "dry-run": "true"})

    assert (run.status, shelf.asked, run.warnings) == (0, [], [])


NO_INDEX = "no index is kept: no registry will find these versions"


def test_without_an_index_bucket_no_index_is_kept(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("tidewire", "0.5.0"))
    run = scene.push(merge, {"index-bucket": None, "github-token": None})
    assert run.status == 0
    assert run.packages["tidewire"]["status"] == "published"
    assert not scene.index.exists()
    for report in (run.log, run.summary):
        assert NO_INDEX in report
    assert scene.github.requests == []


def test_the_missing_index_is_told_before_a_merge_and_where_nothing_is_released_it_is_not(
    scene: Scene,
) -> None:
    quiet = scene.merge(lambda: scene.place.write("README.md", "# Shelf\n"))
    nothing = scene.push(quiet, {"index-bucket": None})
    proposed = scene.propose(lambda: scene.place.bump("tidewire", "0.5.0"))
    preview = scene.preview(proposed, {"index-bucket": None})
    kept = scene.preview(proposed)

    assert (nothing.status, preview.status, kept.status) == (0, 0, 0)
    assert NO_INDEX in preview.summary
    for run in (nothing, kept):
        assert NO_INDEX not in run.log + run.summary
