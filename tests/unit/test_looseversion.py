"""Loose versions: what is one, and in which order they come."""

import pytest

from pkgaction.model.looseversion import InvalidLooseVersionError, LooseVersion


@pytest.mark.parametrize(
    "text", ["1", "v1", "1.2", "01.2.3", "1.2.3-rc.1", "1.2.3+a.01", "1-x", "0.0.0-0"]
)
def test_a_loose_version_keeps_its_text(text: str) -> None:
    assert str(LooseVersion.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "V1", " 1", "1 ", "1.", "1.2.3.4", "1.2.3-", "1.2.3-01", "1-a..b", f"{2**64}", "1" * 257, "१"],
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(InvalidLooseVersionError):
        LooseVersion.parse(text)


def test_versions_are_ordered_by_precedence() -> None:
    texts = ["0.9", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-a", "1.0.0-a.1", "1", "1.0.1", "1.10"]

    assert [v.text for v in sorted(map(LooseVersion.parse, reversed(texts)))] == texts


def test_missing_parts_are_zero_and_build_metadata_does_not_count() -> None:
    assert LooseVersion.parse("v3.6+x") == LooseVersion.parse("3.6.0")
    assert hash(LooseVersion.parse("v3.6+x")) == hash(LooseVersion.parse("3.6.0"))


@pytest.mark.parametrize(("text", "ga"), [("1", True), ("0.9.0", False), ("1.0.0-a", False)])
def test_what_is_generally_available(text: str, ga: bool) -> None:  # noqa: FBT001 - a table
    assert LooseVersion.parse(text).ga is ga
