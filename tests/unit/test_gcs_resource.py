"""The MD5 that the storage's answers say: of the bytes, or none, or the answer is damaged."""

import base64
import hashlib

import google_crc32c
import pytest

from pkgaction.adapters import gcs_resource
from pkgaction.adapters.gcs_resource import Wanted
from pkgaction.adapters.gcs_retry import DamagedError
from pkgaction.model.checksum import encoded
from pkgaction.model.json import JsonObject
from pkgaction.ports import Headers

DATA = b"one"
MD5 = hashlib.md5(DATA, usedforsecurity=False).digest()


def resource(**more: str) -> JsonObject:
    return {
        "name": "a",
        "generation": "1",
        "size": str(len(DATA)),
        "crc32c": encoded(google_crc32c.value(DATA)),
        "contentType": "text/plain",
        "cacheControl": "no-store",
        "timeCreated": "2026-01-01T00:00:00Z",
        **more,
    }


def wanted() -> Wanted:
    headers = Headers(content_type="text/plain", cache_control="no-store")
    return Wanted("a", len(DATA), google_crc32c.value(DATA), MD5, headers)


def test_a_composed_object_has_none() -> None:
    found = gcs_resource.stored(resource(), "")

    assert found.md5 is None
    assert wanted().unlike(found) == ""


def test_it_is_the_servers() -> None:
    found = gcs_resource.stored(resource(md5Hash=base64.b64encode(MD5).decode()), "")

    assert found.md5 == MD5
    assert wanted().unlike(found) == ""


@pytest.mark.parametrize("said", ["AAAA", "not base64", "é"])
def test_one_that_cannot_be_is_a_damaged_answer(said: str) -> None:
    with pytest.raises(DamagedError):
        gcs_resource.stored(resource(md5Hash=said), "")


def test_that_of_other_bytes_than_were_sent_is_told() -> None:
    found = gcs_resource.stored(resource(md5Hash=base64.b64encode(bytes(16)).decode()), "")

    assert "another MD5" in wanted().unlike(found)
