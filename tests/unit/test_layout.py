"""Object names and content types, as readers expect them."""

import pytest

from pkgaction.model import layout
from pkgaction.model.manifest import PackageId
from pkgaction.model.tree import Bytes
from pkgaction.model.version import Version

_ID = PackageId(name="kelp", version=Version.parse("1.2.0-rc.1+b"))
_BORDER = 1 << 16


def test_the_names_are_those_of_the_storage() -> None:
    assert layout.zip_name(_ID) == "artifacts/packages/kelp-1.2.0-rc.1+b.zip"
    assert layout.signature_name(_ID) == "artifacts/packages/kelp-1.2.0-rc.1+b.zip.sig"
    assert layout.static_folder(_ID) == "artifacts/static/kelp-1.2.0-rc.1+b/"
    assert layout.static_name(_ID, "img/a.svg") == "artifacts/static/kelp-1.2.0-rc.1+b/img/a.svg"
    assert layout.CURSOR == "v2/metadata/cursor.json"
    assert layout.full_index_name("7") == "v2/metadata/7/search-index-all.json"
    assert layout.delta_index_name("7") == "v2/metadata/7/search-index-delta.json"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("img/a.svg", "image/svg+xml"),
        ("img/a.png", "image/png"),
        ("img/a.jpg", "image/jpeg"),
        ("img/a.jpeg", "image/jpeg"),
        ("img/a.gif", "image/gif"),
        ("docs/README.md", "text/markdown; charset=utf-8"),
        ("manifest.yml", "text/yaml; charset=utf-8"),
        ("a.yaml", "text/yaml; charset=utf-8"),
        ("kibana/dashboard/a.json", "application/json"),
        ("a.ndjson", "application/x-ndjson"),
        ("img/A.PNG", "image/png"),
        ("Docs/README.Md", "text/markdown; charset=utf-8"),
        ("agent/stream.yml.hbs", "text/plain; charset=utf-8"),
        ("LICENSE", "text/plain; charset=utf-8"),
        (".gitkeep", "text/plain; charset=utf-8"),
        ("folder.png/file", "text/plain; charset=utf-8"),
    ],
)
def test_the_content_type_goes_by_the_extension(path: str, expected: str) -> None:
    assert layout.content_type(path, Bytes(b"text")) == expected


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"", True, id="empty"),
        pytest.param("Tang, Hafenmeisterei, 潮".encode(), True, id="utf-8"),
        pytest.param(b"\x89PNG\r\n", False, id="no utf-8"),
        pytest.param(b"text\0text", False, id="nul"),
        pytest.param(b"a" * (_BORDER - 1) + "é".encode(), True, id="character over the border"),
        pytest.param(b"a" * (_BORDER - 2) + "潮".encode() + b"b", True, id="longer one over the border"),
        pytest.param(b"a" * (_BORDER - 1) + b"\xc3", False, id="half a character at the end"),
        pytest.param(b"a" * (_BORDER - 1) + b"\xc3a", False, id="half a character over the border"),
        pytest.param(b"a" * (2 * _BORDER) + b"\0", False, id="nul in a later block"),
    ],
)
def test_an_unknown_extension_is_text_or_binary_by_content(data: bytes, *, text: bool) -> None:
    expected = "text/plain; charset=utf-8" if text else "application/octet-stream"

    assert layout.content_type("ingest.bin", Bytes(data)) == expected
