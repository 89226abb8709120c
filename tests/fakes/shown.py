"""What readers find in the two buckets of a release, read straight from the server or from the fake."""

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

import requests

from tests.fakes.store import MemoryStore

Version: TypeAlias = tuple[str, str]  # name and version of a package
Verify: TypeAlias = Callable[[bytes, bytes], bool]  # whether the second is a signature of the first

_CURSOR = "v2/metadata/cursor.json"
_MARK = "write-id"  # metadata: which write made the object


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """An object as it lies there."""

    data: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Both buckets at one moment, when nobody writes."""

    public: Mapping[str, Lying]
    index: Mapping[str, Lying] | None  # None: no index is kept
    verify: Verify

    def is_touched(self, version: Version) -> bool:
        """Whether any object of the version is there."""
        return any(name.startswith((zip_name(version), _static(version))) for name in self.public)

    def is_public(self, version: Version) -> bool:
        """Whether its zip is there, so that nobody can take it back."""
        return zip_name(version) in self.public

    def is_whole(self, version: Version) -> bool:
        """Whether zip, signature and every extracted file are there, each of the very zip."""
        zipped = self.public.get(zip_name(version))
        signature = self.public.get(f"{zip_name(version)}.sig")
        if not zipped or not signature or not self.verify(zipped.data, signature.data):
            return False
        with zipfile.ZipFile(io.BytesIO(zipped.data)) as file:
            top = f"{version[0]}-{version[1]}/"
            inside = {i.filename.removeprefix(top): file.read(i) for i in file.infolist()}
        wanted = {name: data for name, data in inside.items() if name and not name.endswith("/")}
        static = _static(version)
        there = {n.removeprefix(static): o.data for n, o in self.public.items() if n.startswith(static)}
        return wanted == there

    def sha256(self, version: Version) -> str:
        """Of the zip that is there; empty where there is none."""
        zipped = self.public.get(zip_name(version))
        return hashlib.sha256(zipped.data).hexdigest() if zipped else ""

    def is_served(self, version: Version) -> bool:
        """Whether a registry shows it; without an index there is none to ask."""
        return self.index is None or version in self.served

    @property
    def served(self) -> set[Version]:
        """The versions that a registry shows."""
        entries = [item["package_manifest"] for item in json.loads(self.listed)["packages"]]
        found = {(entry["name"], entry["version"]) for entry in entries}
        assert len(found) == len(entries), "a version is listed twice"
        return found

    @property
    def listed(self) -> bytes:
        """The list that the cursor points to."""
        if not self.index or _CURSOR not in self.index:
            return b'{"packages": []}'
        current = json.loads(self.index[_CURSOR].data)["current"]
        data = self.index[f"v2/metadata/{current}/search-index-all.json"].data
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data

    def lasting(self, *, signed_anew: bool) -> Mapping[str, Lying]:
        """All that a run leaves behind but for its times: signatures name theirs, cursors are some."""
        kept = {n: o for n, o in self.public.items() if not (signed_anew and n.endswith(".sig"))}
        cursor = self.index.get(_CURSOR) if self.index else None
        listed = Lying(data=self.listed, headers=cursor.headers if cursor else ())
        return {**kept, "(listed)": listed}


def zip_name(version: Version) -> str:
    """Where a version's zip lies."""
    return f"artifacts/packages/{version[0]}-{version[1]}.zip"


def in_memory(public: MemoryStore, index: MemoryStore, verify: Verify) -> Shown:
    """The buckets of a fake."""
    first, second = (_dumped(store) for store in (public, index))
    return Shown(public=first, index=second, verify=verify)


def on_server(server: str, public: str, index: str, verify: Verify) -> Shown:
    """The buckets of `gs://` addresses on an emulator, asked without what may lie before it."""
    first = _lying(server, public.removeprefix("gs://"))
    second = _lying(server, index.removeprefix("gs://")) if index else None
    return Shown(public=first, index=second, verify=verify)


def _dumped(store: MemoryStore) -> dict[str, Lying]:
    return {
        name: Lying(
            data=data, headers=(*sorted(headers.metadata.items()), ("type", headers.content_type))
        )
        for name, (data, headers) in store.dump().items()
    }


def copy(server: str, old: str, new: str) -> None:
    """Copy all objects of a bucket of the server into another one."""
    source, target = (f"{server}/storage/v1/b/{url.removeprefix('gs://')}/o" for url in (old, new))
    with _session() as session:
        for item in session.get(source, timeout=10).json().get("items", ()):
            name = quote(item["name"], safe="")
            into = f"{source}/{name}/rewriteTo{target.partition('/v1')[2]}/{name}"
            session.post(into, json={}, timeout=10).raise_for_status()


def _lying(server: str, bucket: str) -> dict[str, Lying]:
    where = f"{server}/storage/v1/b/{bucket}/o"
    found = {}
    with _session() as session:
        for item in session.get(where, timeout=10).json().get("items", ()):
            kept = {key: text for key, text in item.get("metadata", {}).items() if key != _MARK}
            told = {key: item.get(key, "") for key in ("contentType", "contentEncoding", "cacheControl")}
            answer = session.get(f"{where}/{quote(item['name'], safe='')}?alt=media", timeout=10)
            assert answer.ok, answer.text
            headers = tuple(sorted({**kept, **told}.items()))
            found[item["name"]] = Lying(data=answer.content, headers=headers)
    return found


def _session() -> requests.Session:
    made = requests.Session()
    made.trust_env = False  # else each request looks for proxies
    return made


def _static(version: Version) -> str:
    return f"artifacts/static/{version[0]}-{version[1]}/"
