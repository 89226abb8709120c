import pytest

from pkgaction.model import yamltext
from pkgaction.model.yamlvalues import Timestamp, Value, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("yes", "yes"),
        ("y", "y"),
        ("~", None),
        ("", None),
        ("017", 15),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", 1000),
        ("0999", 999.0),
        ("18446744073709551616", 18446744073709551616.0),
        ("1e400", "1e400"),
        ("1:30", "1:30"),
        (".5", 0.5),
        (".5_0", 0.5),
        (".5_", ".5_"),
        ("-.inf", float("-inf")),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("!!int '1'", 1),
    ],
)
def test_a_plain_scalar_is_what_the_go_tools_read(text: str, value: Value) -> None:
    read = yamltext.load_mapping(f"k: {text}".encode()).scalar("k")

    assert read is not None
    found = resolve(read)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2020-1-2", "2020-01-02T00:00:00Z"),
        ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z"),
        ("2020-01-02 03:04:05.250", "2020-01-02T03:04:05.25Z"),
        ("2020-01-02t03:04:05.123456789+02:00", "2020-01-02T03:04:05.123456789+02:00"),
        ("2020-01-02T03:04:05+00:00", "2020-01-02T03:04:05Z"),
        ("2020-02-30", None),
        ("2020-01-02T03:04:05", None),
        ("2020-01-02 03:04:05Z", None),
    ],
)
def test_a_time_is_one_only_in_the_forms_that_the_go_tools_know(text: str, written: str | None) -> None:
    read = yamltext.load_mapping(f"k: {text}".encode()).scalar("k")

    assert read is not None
    assert resolve(read) == (text if written is None else Timestamp(written))
