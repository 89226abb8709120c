"""Versions are strict, and ordered by precedence."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgaction.model.version import InvalidVersionError, Version

_ORDER = (  # https://semver.org/spec/v2.0.0.html#spec-item-11, and what it leaves to be concluded
    "0.0.0-0",
    "0.0.1",
    "0.10.0",
    "1.0.0-1",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.2.0",
    "1.10.0",
    "2.0.0",
)
_NUMBERS = st.integers(min_value=0, max_value=10**18).map(str)
_WORDS = st.from_regex(r"[0-9A-Za-z-]*[A-Za-z-][0-9A-Za-z-]*", fullmatch=True).filter(
    lambda w: len(w) < 20
)
_PRERELEASE = st.lists(_NUMBERS | _WORDS, min_size=1, max_size=4).map(".".join)
_TEXTS = st.builds(
    lambda core, pre, build: (
        ".".join(core) + (f"-{pre}" if pre else "") + (f"+{build}" if build else "")
    ),
    st.tuples(_NUMBERS, _NUMBERS, _NUMBERS),
    st.none() | _PRERELEASE,
    st.none() | _WORDS,
)


@pytest.mark.parametrize("text", _ORDER)
def test_a_strict_version_keeps_its_text(text: str) -> None:
    version = Version.parse(text)

    assert (version.text, str(version)) == (text, text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("1", id="one part"),
        pytest.param("1.0", id="two parts"),
        pytest.param("1.0.0.0", id="four parts"),
        pytest.param("v1.0.0", id="v in front"),
        pytest.param("01.0.0", id="leading zero"),
        pytest.param("1.0.18446744073709551616", id="over 64 bits"),
        pytest.param("1.0.0-01", id="leading zero in the prerelease"),
        pytest.param("1.0.0-", id="empty prerelease"),
        pytest.param("1.0.0-a..b", id="empty part of the prerelease"),
        pytest.param("1.0.0+", id="empty build"),
        pytest.param("1.0.0-a_b", id="underscore"),
        pytest.param("-1.0.0", id="negative"),
        pytest.param(" 1.0.0", id="blank before"),
        pytest.param("1.0.0 ", id="blank after"),
        pytest.param("1.0.0\n", id="newline after"),
        pytest.param("1.0.0\r", id="carriage return after"),
        pytest.param("1.0.0\0", id="nul after"),
        pytest.param("\u0661.0.0", id="arabic digit"),
        pytest.param("\uff11.0.0", id="full-width digit"),
        pytest.param("1.0.0-\u00e4", id="umlaut"),
        pytest.param("1.0.0-" + "a" * 251, id="257 characters"),
        pytest.param("^1.0.0", id="range"),
        pytest.param("latest", id="word"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidVersionError):
        Version.parse(text)


def test_the_longest_version_is_read() -> None:
    text = "1.0.0-" + "a" * 250

    assert Version.parse(text).text == text


@pytest.mark.parametrize(
    ("lower", "higher"), [pytest.param(a, b, id=f"{a} < {b}") for a, b in itertools.pairwise(_ORDER)]
)
def test_versions_are_ordered_by_precedence(lower: str, higher: str) -> None:
    below, above = Version.parse(lower), Version.parse(higher)

    assert below < above
    assert above > below
    assert below != above
    assert below <= above


def test_build_metadata_does_not_count() -> None:
    one, other = Version.parse("1.0.0-rc.1+tide.1"), Version.parse("1.0.0-rc.1+tide.2")

    assert one == other
    assert not one < other
    assert hash(one) == hash(other)
    assert one.text != other.text


def test_a_version_is_no_text() -> None:
    assert Version.parse("1.0.0") != "1.0.0"


@given(_TEXTS)
def test_every_version_that_the_grammar_gives_is_read(text: str) -> None:
    assert Version.parse(text) == Version.parse(text)


@given(st.lists(_TEXTS, min_size=2, max_size=6))
def test_the_order_is_total(texts: list[str]) -> None:
    versions = [Version.parse(text) for text in texts]

    for one, two in itertools.product(versions, repeat=2):
        assert [one < two, one == two, one > two].count(True) == 1
    upwards = sorted(versions)
    assert all(a <= b for a, b in itertools.combinations(upwards, 2))


@given(_TEXTS)
def test_a_prerelease_is_below_its_release(text: str) -> None:
    core = text.split("+", 1)[0].split("-", 1)[0]

    assert Version.parse(f"{core}-0") < Version.parse(core)


@given(st.text(max_size=40))
def test_no_text_gives_another_error(text: str) -> None:
    try:
        version = Version.parse(text)
    except InvalidVersionError:
        return
    assert version.text.isascii()


@pytest.mark.parametrize(
    ("text", "experimental"),
    [
        pytest.param("0.9.0", True, id="below one"),
        pytest.param("1.0.0-beta.1", True, id="prerelease"),
        pytest.param("1.0.0", False, id="release"),
        pytest.param("1.0.0+build", False, id="build metadata"),
    ],
)
def test_experimental_is_below_one_or_a_prerelease(text: str, *, experimental: bool) -> None:
    assert Version.parse(text).experimental is experimental
