"""Right bytes under wrong headers are not what readers get: one rule for every object of a version."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pkgaction import integrity, served
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.errors import ContentConflictError, DamagedObjectError, StorageError
from pkgaction.inspection import Inspector
from pkgaction.model import layout
from pkgaction.model.audit import Code, Drift
from pkgaction.model.checksum import crc32c
from pkgaction.model.release import Signed, Stored
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers, ObjectStore, StoredObject, Verdict
from pkgaction.stages import audit, publish
from tests.fakes import release
from tests.fakes.forging import forged
from tests.fakes.release import NOW, FakeClock, FakeSigner, Silent, signature_of
from tests.fakes.store import MemoryStore

BASE = "mudskipper-1.0.0"
ZIP = f"artifacts/packages/{BASE}.zip"
SIGNATURE = f"{ZIP}.sig"
STATIC = f"artifacts/static/{BASE}/"
CLAIM = f"{STATIC}manifest.yml"
README = f"{STATIC}docs/README.md"
ICON = f"{STATIC}img/foot print [1].svg"
TEMPLATE = f"{STATIC}agent/input/input.yml.hbs"
ALL = (ZIP, SIGNATURE, CLAIM, README, ICON, TEMPLATE)
Change = Callable[[Headers], Headers]


def kept(name: str, content_type: str = "", encoding: str = "") -> StoredObject:
    headers = Headers(content_type=content_type, cache_control="", content_encoding=encoding)
    created = FakeClock(NOW).now()
    return StoredObject(name=name, generation=7, size=1, crc32c=0, headers=headers, created=created)


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        (ZIP, "application/zip"),
        (ZIP, "application/octet-stream"),
        (ZIP, "Application/X-Zip-Compressed"),
        (ZIP, ""),
        (SIGNATURE, "application/pgp-signature"),
        (SIGNATURE, "text/plain; charset=utf-8"),
        (SIGNATURE, "binary/octet-stream"),
        (CLAIM, "application/x-yaml"),
        (CLAIM, "text/yaml; charset=UTF-8"),
        (README, "text/plain"),
        (README, "text/markdown"),
        (ICON, "image/svg+xml"),
        (f"{STATIC}img/a.jpg", "image/jpg"),
        (f"{STATIC}img/a.png", "application/octet-stream"),
        (TEMPLATE, "application/octet-stream"),
        (f"{STATIC}sample.csv", "text/csv"),
        ("artifacts/packages/notes.txt", "text/html"),  # of no version
        ("v2/metadata/1770000000/search-index-all.json", "text/html"),
    ],
)
def test_headers_that_lead_no_reader_elsewhere_are_left_alone(name: str, content_type: str) -> None:
    assert served.problem(kept(name, content_type)) == ""


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        *[(name, "text/html") for name in ALL],
        *[(name, "multipart/form-data; boundary=x") for name in ALL],
        (ZIP, "text/plain"),
        (ZIP, "application/zip, text/html"),
        (SIGNATURE, "application/zip"),
        (CLAIM, "text/yaml; charset=utf-16"),
        (README, "image/svg+xml"),
        (ICON, "application/octet-stream"),
        (ICON, "text/plain"),
        (ICON, ""),
        (TEMPLATE, "application/xhtml+xml"),
        (TEMPLATE, "text/plain; charset=utf-7"),
        (TEMPLATE, "Text/JavaScript"),
    ],
)
def test_a_type_that_readers_take_for_something_else_is_told(name: str, content_type: str) -> None:
    assert "Content-Type" in served.problem(kept(name, content_type))


@pytest.mark.parametrize("name", ALL)
def test_every_encoding_changes_what_readers_get(name: str) -> None:
    wanted = layout.known_type(name) if name.startswith(STATIC) else ""
    kind = wanted or "application/octet-stream"

    assert "Content-Encoding 'br'" in served.problem(kept(name, kind, "br"))
    assert served.problem(kept(name, kind, "identity")) == ""


@pytest.mark.parametrize(
    ("name", "content_type", "encoding", "options"),
    [
        (ZIP, "text/html", "", "--content-type=application/zip"),
        (ZIP, "application/zip", "gzip", "--clear-content-encoding"),
        (
            README,
            "a/b",
            "gzip",
            "--content-type='text/markdown; charset=utf-8' --clear-content-encoding",
        ),
        (TEMPLATE, "text/html", "", "--content-type='text/plain; charset=utf-8'"),
        (TEMPLATE, "application/xml", "", "--content-type=application/octet-stream"),
    ],
)
def test_the_command_sets_right_what_is_wrong(
    name: str, content_type: str, encoding: str, options: str
) -> None:
    told = served.way_out("gs://shelf", kept(name, content_type, encoding), "")

    command = f"`gcloud storage objects update gs://shelf/{name} --if-generation-match=7 {options}`"
    assert command in told


def as_html(headers: Headers) -> Headers:
    return replace(headers, content_type="text/html")


def as_gzip(headers: Headers) -> Headers:
    return replace(headers, content_encoding="gzip")


def rewritten(
    store: ObjectStore, name: str, change: Change, record: str, data: bytes | None = None
) -> None:
    """The same bytes, or others, under other headers: sealed as ours are, left to its seal, or plain."""
    stored = store.stat(name)
    assert stored is not None
    if data is None:
        with store.open(name, generation=stored.generation) as stream:
            data = stream.read()
    headers = change(stored.headers)
    if record == "none":
        headers = replace(headers, metadata={})
    elif record == "sealed":
        headers = integrity.sealed(name, headers, crc32c(Bytes(data)))
    store.replace(name, Bytes(data), headers, generation=stored.generation)


class _Trusting:
    def verify(self, zip: Path, signature: bytes) -> Verdict:  # noqa: A002
        good = signature == signature_of(zip.read_bytes())
        return Verdict(fingerprint="A" * 40) if good else Verdict(problem="it is another one")


@pytest.fixture
def ours(tmp_path: Path) -> Signed:
    return release.signed(tmp_path / "ours")


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path, ours: Signed) -> ObjectStore:
    made = MemoryStore() if request.param == "memory" else DirectoryStore(tmp_path / "bucket")
    put(ours, made, tmp_path)
    return made


def put(signed: Signed, store: ObjectStore, folder: Path) -> Stored:
    bench = publish.Bench(store=store, signer=FakeSigner(), provenance={}, scratch=folder)
    return publish.publish(signed, bench).stored


def drifts(signed: Signed, store: ObjectStore, folder: Path, *, deep: bool = False) -> list[Drift]:
    inspector = Inspector(store=store, scratch=folder, verifier=_Trusting()) if deep else None
    bench = audit.Bench(store=store, index=None, clock=FakeClock(), watch=Silent(), inspector=inspector)
    found = audit.audit([signed.built.id], bench)
    return [drift for one in found.versions for drift in one.drifts]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("record", ["sealed", "broken", "none"])
@pytest.mark.parametrize("change", [as_html, as_gzip])
def test_every_object_with_wrong_headers_is_a_drift_and_never_published_already(
    store: ObjectStore, ours: Signed, tmp_path: Path, name: str, record: str, change: Change
) -> None:
    rewritten(store, name, change, record)

    for deep in (False, True):
        (drift,) = drifts(ours, store, tmp_path, deep=deep)
        assert drift.code is Code.HEADERS_WRONG
        assert "keep the object" in drift.fix
    with pytest.raises(DamagedObjectError, match="Content-") as caught:
        put(ours, store, tmp_path)
    assert name in caught.value.where
    assert "keep the object" in caught.value.fix


@pytest.mark.parametrize("name", [ZIP, SIGNATURE, CLAIM, README, TEMPLATE])
def test_other_tools_harmless_headers_are_no_conflict(
    store: ObjectStore, ours: Signed, tmp_path: Path, name: str
) -> None:
    plain = lambda _: Headers(content_type="application/octet-stream", cache_control="no-cache")  # noqa: E731
    rewritten(store, name, plain, "none")

    assert drifts(ours, store, tmp_path) == []
    assert drifts(ours, store, tmp_path, deep=True) == []
    assert put(ours, store, tmp_path) is Stored.UNCHANGED


@pytest.mark.parametrize("name", ALL)
def test_a_file_that_came_into_a_folder_from_elsewhere_has_no_wrong_headers(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"text")

    stored = DirectoryStore(tmp_path).stat(name)

    assert stored is not None
    assert served.problem(stored) == ""


@pytest.mark.parametrize("name", ALL)
def test_once_its_headers_are_set_right_an_object_is_whole_again(
    tmp_path: Path, ours: Signed, name: str
) -> None:
    store = MemoryStore()
    put(ours, store, tmp_path)
    before = store.dump()[name][1]
    rewritten(store, name, as_html, "broken")
    rewritten(store, name, lambda headers: replace(headers, content_type=before.content_type), "broken")

    assert drifts(ours, store, tmp_path) == []
    assert put(ours, store, tmp_path) is Stored.UNCHANGED


@pytest.mark.parametrize("name", [ZIP, CLAIM, README])
@pytest.mark.parametrize("record", ["sealed", "none"])
def test_other_bytes_are_told_before_other_headers(
    store: ObjectStore, ours: Signed, tmp_path: Path, name: str, record: str
) -> None:
    stored = store.stat(name)
    assert stored is not None
    with store.open(name, generation=stored.generation) as stream:
        data = stream.read()
    short = len(data) < 20  # bytes; nothing is left to begin otherwise with
    rewritten(store, name, as_html, record, forged(data, b"" if short else b"forged "))

    with pytest.raises((ContentConflictError, StorageError)) as caught:
        put(ours, store, tmp_path)
    assert "keep the object" not in caught.value.fix
    codes = {drift.code for drift in drifts(ours, store, tmp_path, deep=True)}
    assert codes & {Code.ZIP_DAMAGED, Code.STATIC_DIFFERS, Code.STATIC_DAMAGED}


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        (SIGNATURE, b"", Code.SIGNATURE_DAMAGED),
        (SIGNATURE, b"x" * (layout.LARGEST_SIGNATURE + 1), Code.SIGNATURE_DAMAGED),
        (ZIP, b"", Code.ZIP_DAMAGED),
        (ZIP, b"PK\x05\x06" + bytes(18), Code.ZIP_DAMAGED),
    ],
    ids=["an empty signature", "a huge signature", "an empty file", "an empty zip"],
)
@pytest.mark.parametrize("record", ["sealed", "none"])
def test_a_size_that_cannot_be_is_found_by_the_listing(
    store: ObjectStore, ours: Signed, tmp_path: Path, name: str, data: bytes, code: Code, record: str
) -> None:
    rewritten(store, name, lambda headers: headers, record, data)
    if name == ZIP:  # nothing beside it says how many bytes there were
        rewritten(store, SIGNATURE, lambda headers: headers, "none")

    assert [drift.code for drift in drifts(ours, store, tmp_path)] == [code]
    with pytest.raises(DamagedObjectError):
        put(ours, store, tmp_path)
