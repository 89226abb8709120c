"""What building needs from outside: had once, kept where it never changes, taken if it is right."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from pkgaction import materials
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.adapters.fetcher import Fetcher
from pkgaction.adapters.sources import FetchedSources
from pkgaction.errors import SourceMissingError, SourceUnavailableError, UsageError
from pkgaction.inputs import Inputs
from pkgaction.materials import Place
from pkgaction.model.secret import Secret
from pkgaction.model.tree import Bytes
from pkgaction.parallel import over_cores
from pkgaction.ports import Headers
from pkgaction.stages import build
from pkgaction.transforms import archive
from pkgaction.transforms.readme import Phrases
from tests.fakes import keys
from tests.fakes.keys import Key
from tests.fakes.release import FakeClock
from tests.unit.trees import GOOD, MANIFEST, source, tree

_SCHEMA = """\
host:
  name: host
  type: group
  fields:
    host.name: {name: name, type: keyword}
"""
_COMMIT = "0123456789abcdef" * 2 + "01234567"
_INPUT = MANIFEST.replace("type: integration", "type: input")
_HEADERS = Headers(content_type="", cache_control="")


@dataclass
class Counting(Fetcher):
    """Counts, and can lose the network."""

    asked: list[str] = field(default_factory=list)
    gone: bool = False

    def get(self, url: str, *, limit: int) -> bytes:
        self.asked.append(url)
        where = "file:///nowhere" if self.gone else url.replace("https://mirror.example", self.root)
        return super().get(where, limit=limit)

    root: str = ""


@dataclass(slots=True)
class Outside:
    """Folders with what there is to be fetched, and a run after another over one cache."""

    folder: Path
    stack: ExitStack
    inputs: Inputs
    fetcher: Counting
    runs: int = 0

    def write(self, path: str, data: str | bytes) -> Path:
        target = self.folder / "web" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.encode() if isinstance(data, str) else data)
        return target

    def schema(self, ref: str, text: str = _SCHEMA) -> None:
        self.write(f"ecs/{ref}/generated/ecs/ecs_nested.yml", text)

    def run(self, inputs: Inputs | None = None, own: DirectoryStore | None = None) -> FetchedSources:
        """The sources of a new run."""
        self.runs += 1
        scratch = self.folder / f"s{self.runs}"
        scratch.mkdir()
        place = Place(
            scratch=scratch,
            cache=self.folder / "cache",
            environ={"PATH": os.environ["PATH"], "HOME": str(scratch)},
            clock=FakeClock(time.time()),  # gpg signs by that of the machine
            stack=self.stack,
        )
        found = materials.sources(inputs or self.inputs, place, own)
        assert isinstance(found, FetchedSources)
        packages = replace(found.packages, fetcher=self.fetcher)
        return replace(found, fetcher=self.fetcher, packages=packages)


@pytest.fixture
def outside() -> Iterator[Outside]:
    """On a short path: gpg's sockets lie below it."""
    folder = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    inputs = replace(
        Inputs(),
        ecs_url="https://mirror.example/ecs",
        registry_url="https://mirror.example",
        elastic_package_url=f"https://mirror.example/{_COMMIT}",
    )
    with ExitStack() as stack:
        fetcher = Counting(FakeClock())
        fetcher.root = f"file://{folder}/web"
        yield Outside(folder, stack, inputs, fetcher)
    shutil.rmtree(folder)


# --- ECS ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ref", ["v8.17.0", "v8.4.0-rc1", _COMMIT])
def test_a_schema_that_never_changes_is_fetched_once_and_kept(outside: Outside, ref: str) -> None:
    outside.schema(ref)
    first = outside.run()

    assert first.ecs(f"git@{ref}") is first.ecs(f"git@{ref}")
    outside.fetcher.gone = True
    kept = outside.run().ecs(f"git@{ref}")

    assert kept == first.ecs(f"git@{ref}")
    assert kept.find("host.name")
    assert len(outside.fetcher.asked) == 1


@pytest.mark.parametrize("ref", ["main", "8.17", "feature/v1.2.3", "v8.17", _COMMIT[:12]])
def test_a_branch_is_never_kept(outside: Outside, ref: str) -> None:
    outside.schema(ref)
    before = outside.run().ecs(f"git@{ref}")
    outside.schema(ref, _SCHEMA.replace("keyword", "wildcard"))

    after = outside.run().ecs(f"git@{ref}")

    assert before != after
    outside.fetcher.gone = True
    with pytest.raises(SourceMissingError):
        outside.run().ecs(f"git@{ref}")


def test_many_threads_fetch_a_schema_once(outside: Outside) -> None:
    outside.schema("v1.0.0")
    sources = outside.run()
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(sources.ecs("git@v1.0.0"))) for _ in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [one is found[0] for one in found] == [True] * 4
    assert len(outside.fetcher.asked) == 1


@pytest.mark.parametrize(
    "reference",
    [
        "v1.0.0",
        "git@",
        "git@../secrets",
        "git@a/../b",
        "git@/etc",
        "git@a//b",
        "git@a?b",
        "git@a b",
        "git@%2e%2e/x",
        "file:///etc/passwd",
        "https://evil.example/x",
    ],
)
def test_a_reference_leads_to_no_other_place(outside: Outside, reference: str) -> None:
    with pytest.raises(SourceMissingError, match="no reference"):
        outside.run().ecs(reference)

    assert outside.fetcher.asked == []


@pytest.mark.parametrize("text", ["", "- a", "a: [", "a: b", "\0"])
def test_what_is_no_schema_is_refused(outside: Outside, text: str) -> None:
    outside.schema("v1.0.0", text)

    with pytest.raises(SourceMissingError, match=r"ECS v1\.0\.0 is no schema") as caught:
        outside.run().ecs("git@v1.0.0")

    assert caught.value.where == "https://mirror.example/ecs/v1.0.0/generated/ecs/ecs_nested.yml"


def test_a_missing_schema_and_a_missing_network_are_two_things(outside: Outside) -> None:
    with pytest.raises(SourceMissingError) as absent:
        outside.run().ecs("git@v1.0.0")
    inputs = replace(outside.inputs, ecs_url="http://127.0.0.1:1")
    with pytest.raises(SourceUnavailableError) as unavailable:
        outside.run(inputs).ecs("git@v1.0.0")

    assert absent.value.exit_status == 1
    assert unavailable.value.exit_status == 3
    assert "http://127.0.0.1:1/v1.0.0/" in unavailable.value.where


def test_a_schema_is_read_once_for_all_processes_that_build(outside: Outside) -> None:
    outside.schema("v1.0.0")
    files = {
        **GOOD,
        "_dev/build/build.yml": "dependencies: {ecs: {reference: git@v1.0.0}}",
        "fields/ecs.yml": "- name: host.name\n  external: ecs\n",
    }
    packages = [source(files, folder=f"packages/{name}") for name in ("kelp", "tide")]
    bench = build.Bench(sources=outside.run(), phrases=Phrases.ours(), jobs=1)

    build.read_ahead(packages, bench)
    assert len(outside.fetcher.asked) == 1
    outside.fetcher.gone = True
    outside.folder.joinpath("cache").rename(outside.folder / "moved")

    trees = [made() for made in over_cores(partial(build.files, bench=bench), packages, jobs=2)]
    assert [tree.read("fields/ecs.yml", limit=100) for tree in trees] == [
        b"- name: host.name\n  type: keyword\n"
    ] * 2


def test_reading_ahead_leaves_it_to_the_build_to_say_what_is_missing(outside: Outside) -> None:
    files = {
        **GOOD,
        "_dev/build/build.yml": "dependencies: {ecs: {reference: git@v9.9.9}}",
        "fields/ecs.yml": "- name: host.name\n  external: ecs\n",
    }
    bench = build.Bench(sources=outside.run(), phrases=Phrases.ours(), jobs=1)

    build.read_ahead([source(files), source({**GOOD, "_dev/build/build.yml": "a: ["})], bench)

    with pytest.raises(SourceMissingError, match=r"v9\.9\.9"):
        build.files(source(files), bench)
    build.files(source(GOOD), bench)


# --- upstream's texts --------------------------------------------------------------------------------


def test_upstreams_texts_at_a_commit_are_kept(outside: Outside) -> None:
    outside.write(f"{_COMMIT}/internal/builder/_static/ecs_mappings.yaml", "m")
    outside.write(f"{_COMMIT}/internal/docs/_static/inputs/aws/metrics_x.yml", "i")
    first = outside.run()
    assert (first.dynamic_mappings(), first.input_documentation("aws/metrics-x")) == (b"m", b"i")

    outside.fetcher.gone = True

    again = outside.run()
    assert again.dynamic_mappings() == b"m"


def test_upstreams_texts_of_a_branch_are_not_kept(outside: Outside) -> None:
    outside.write("main/internal/builder/_static/ecs_mappings.yaml", "m")
    inputs = replace(outside.inputs, elastic_package_url="https://mirror.example/main")
    assert outside.run(inputs).dynamic_mappings() == b"m"

    outside.fetcher.gone = True

    with pytest.raises(SourceMissingError, match="dynamic mappings"):
        outside.run(inputs).dynamic_mappings()


@pytest.mark.parametrize("name", ["unknown", "../../../builder/_static/ecs_mappings", "a\nb", ""])
def test_an_input_that_upstream_does_not_describe_has_no_text(outside: Outside, name: str) -> None:
    assert outside.run().input_documentation(name) is None


# --- input packages ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def key() -> Key:
    return keys.make()


@pytest.fixture(scope="session")
def other() -> Key:
    return keys.make()


@pytest.fixture(scope="session")
def sign() -> Callable[[Path, Key], bytes]:
    def signed(path: Path, by: Key) -> bytes:
        with keys.home() as home:
            secret = home / "key.asc"
            secret.write_text(by.private)
            keys.gpg(home, by.passphrase, "--import", str(secret))
            keys.gpg(home, by.passphrase, "--armor", "--detach-sign", str(path))
        return path.with_name(f"{path.name}.asc").read_bytes()

    return signed


Sign = Callable[[Path, Key], bytes]
_ZIP = "epr/kelp/kelp-1.2.0.zip"


def zipped(outside: Outside, path: str = _ZIP, manifest: str = _INPUT, top: str = "kelp-1.2.0") -> Path:
    target = outside.write(path, "")
    archive.write(target, top, tree({"manifest.yml": manifest, "agent/input/x.yml.hbs": "x"}), jobs=1)
    return target


def trusting(outside: Outside, registry: str) -> Inputs:
    return replace(outside.inputs, registry_public_keys=registry)


def test_a_signed_input_package_is_taken_and_kept(outside: Outside, key: Key, sign: Sign) -> None:
    path = zipped(outside)
    outside.write(f"{_ZIP}.sig", sign(path, key))
    inputs = trusting(outside, key.public)

    found = outside.run(inputs).input_package("kelp", "1.2.0")
    assert found.read("agent/input/x.yml.hbs", limit=9) == b"x"
    assert not list(outside.folder.glob("s1/input-*"))

    outside.fetcher.gone = True
    assert outside.run(inputs).input_package("kelp", "1.2.0").get("manifest.yml")


def test_an_input_package_that_was_signed_anew_is_fetched_anew(
    outside: Outside, key: Key, other: Key, sign: Sign
) -> None:
    path = zipped(outside)
    outside.write(f"{_ZIP}.sig", sign(path, key))
    outside.run(trusting(outside, key.public)).input_package("kelp", "1.2.0")
    path.with_name(f"{path.name}.asc").unlink()
    outside.write(f"{_ZIP}.sig", sign(path, other))

    for _ in range(2):  # out of the registry, and then kept
        found = outside.run(trusting(outside, other.public)).input_package("kelp", "1.2.0")
        assert found.get("manifest.yml")
        outside.fetcher.gone = True


def test_an_input_package_of_another_key_is_refused(
    outside: Outside, key: Key, other: Key, sign: Sign
) -> None:
    path = zipped(outside)
    outside.write(f"{_ZIP}.sig", sign(path, other))

    with pytest.raises(SourceMissingError, match="not signed by a key of registry-public-keys"):
        outside.run(trusting(outside, key.public)).input_package("kelp", "1.2.0")


def test_an_input_package_whose_signature_readers_refuse_is_refused_with_the_reason(
    outside: Outside, key: Key
) -> None:
    path = zipped(outside)
    weak = keys.sign(key, path, options=("--textmode",)).read_bytes()
    outside.write(f"{_ZIP}.sig", weak)

    with pytest.raises(
        SourceMissingError, match=r"not signed by a key of .*: .*of a text.* \(class 0x01"
    ):
        outside.run(trusting(outside, key.public)).input_package("kelp", "1.2.0")


def test_a_changed_input_package_is_refused(outside: Outside, key: Key, sign: Sign) -> None:
    path = zipped(outside)
    outside.write(f"{_ZIP}.sig", sign(path, key))
    path.write_bytes(path.read_bytes() + b"\0")

    with pytest.raises(SourceMissingError, match="not signed"):
        outside.run(trusting(outside, key.public)).input_package("kelp", "1.2.0")


def test_an_input_package_without_a_signature_is_refused(outside: Outside, key: Key) -> None:
    zipped(outside)

    with pytest.raises(SourceMissingError, match=r"the signature of kelp 1\.2\.0 is not there"):
        outside.run(trusting(outside, key.public)).input_package("kelp", "1.2.0")


def test_without_keys_no_package_is_taken_from_the_registry(outside: Outside) -> None:
    zipped(outside)

    with pytest.raises(SourceMissingError) as caught:
        outside.run().input_package("kelp", "1.2.0")

    assert caught.value.where == "input registry-public-keys"
    assert "https://mirror.example" in caught.value.fix
    assert outside.fetcher.asked == []


def test_keys_that_are_none_fail_the_package_alone(outside: Outside) -> None:
    zipped(outside)
    outside.write(f"{_ZIP}.sig", b"x")

    with pytest.raises(SourceMissingError):
        outside.run(trusting(outside, "no keys")).input_package("kelp", "1.2.0")


def test_an_unsigned_package_is_taken_if_any_may_be_and_never_kept(outside: Outside) -> None:
    zipped(outside)
    inputs = trusting(outside, "unsigned")
    assert outside.run(inputs).input_package("kelp", "1.2.0").get("manifest.yml")

    outside.fetcher.gone = True

    with pytest.raises(SourceMissingError):
        outside.run(inputs).input_package("kelp", "1.2.0")


@pytest.mark.parametrize(
    "manifest", [_INPUT.replace("1.2.0", "1.1.0"), _INPUT.replace("name: kelp", "name: tide"), "a: ["]
)
def test_a_package_that_is_another_is_refused(outside: Outside, manifest: str) -> None:
    zipped(outside, manifest=manifest)

    with pytest.raises(SourceMissingError, match=r"input package kelp 1\.2\.0"):
        outside.run(trusting(outside, "unsigned")).input_package("kelp", "1.2.0")


def test_what_is_no_zip_is_refused(outside: Outside) -> None:
    outside.write(_ZIP, b"no zip")

    with pytest.raises(SourceMissingError, match="no package"):
        outside.run(trusting(outside, "unsigned")).input_package("kelp", "1.2.0")


@pytest.mark.parametrize(
    ("name", "version"),
    [("../kelp", "1.2.0"), ("kelp", "1.2"), ("kelp", "../1.2.0"), ("", "1.2.0"), ("kelp", "1.2.0/x")],
)
def test_a_name_and_a_version_lead_to_no_other_place(outside: Outside, name: str, version: str) -> None:
    with pytest.raises(SourceMissingError):
        outside.run(trusting(outside, "unsigned")).input_package(name, version)

    assert outside.fetcher.asked == []


@dataclass(slots=True)
class Own:
    """The user's own bucket with a package in it."""

    store: DirectoryStore
    inputs: Inputs


@pytest.fixture
def own(outside: Outside, key: Key, sign: Sign) -> Own:
    path = zipped(outside, "own.zip")
    store = DirectoryStore(outside.folder / "bucket")
    name = "artifacts/packages/kelp-1.2.0.zip"
    store.create(name, Bytes(path.read_bytes()), _HEADERS)
    store.create(f"{name}.sig", Bytes(sign(path, key)), _HEADERS)
    return Own(store, outside.inputs)


def test_a_package_of_the_own_storage_is_found_first(outside: Outside, own: Own, key: Key) -> None:
    inputs = replace(own.inputs, gpg_private_key=Secret(key.public), registry_public_keys="unsigned")

    found = outside.run(inputs, own.store).input_package("kelp", "1.2.0")

    assert found.get("manifest.yml")
    assert outside.fetcher.asked == []


def test_a_package_of_the_own_storage_may_be_signed_by_a_key_of_the_registry(
    outside: Outside, own: Own, key: Key, other: Key
) -> None:
    inputs = replace(own.inputs, gpg_private_key=Secret(other.public), registry_public_keys=key.public)

    assert outside.run(inputs, own.store).input_package("kelp", "1.2.0").get("manifest.yml")


def test_a_package_of_the_own_storage_that_is_signed_by_nobody_is_refused(
    outside: Outside, own: Own, other: Key
) -> None:
    inputs = replace(own.inputs, gpg_private_key=Secret(other.public), registry_public_keys="unsigned")

    with pytest.raises(SourceMissingError, match="not signed by a key that is given"):
        outside.run(inputs, own.store).input_package("kelp", "1.2.0")


def test_an_input_package_is_read_once_for_all_processes_that_build(outside: Outside) -> None:
    zipped(outside)
    manifest = f"{MANIFEST}requires:\n  input:\n    - package: kelp\n      version: 1.2.0\n"
    packages = [source({**GOOD, "manifest.yml": manifest}, folder=f"packages/{n}") for n in "ab"]
    sources = outside.run(trusting(outside, "unsigned"))

    build.read_ahead(packages, build.Bench(sources=sources, phrases=Phrases.ours(), jobs=1))

    assert outside.fetcher.asked == [f"https://mirror.example/{_ZIP}"]


def test_what_the_own_storage_does_not_have_comes_from_the_registry(outside: Outside, own: Own) -> None:
    path = "epr/kelp/kelp-1.3.0.zip"
    zipped(outside, path, _INPUT.replace("1.2.0", "1.3.0"), "kelp-1.3.0")
    inputs = replace(own.inputs, registry_public_keys="unsigned")

    assert outside.run(inputs, own.store).input_package("kelp", "1.3.0").get("manifest.yml")


# --- wording -----------------------------------------------------------------------------------------


def test_the_wording_comes_out_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "phrases.yml"
    path.write_text("no_fields: None.\n")

    assert materials.phrases(replace(Inputs(), readme_phrases=str(path))).say("no_fields") == "None."


@pytest.mark.parametrize("text", [None, "no_field: x", "- a"])
def test_a_wording_that_cant_be_used_is_wrong_input(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "phrases.yml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(UsageError, match="readme-phrases"):
        materials.phrases(replace(Inputs(), readme_phrases=str(path)))
