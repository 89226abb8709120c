"""A secret never shows."""

from dataclasses import dataclass

import pytest

from pkgaction.inputs import Inputs
from pkgaction.model.secret import Secret

_TEXT = "a-tide-of-secrets"


@dataclass(frozen=True)
class _Holder:
    secret: Secret


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(str(Secret(_TEXT)), id="str"),
        pytest.param(repr(Secret(_TEXT)), id="repr"),
        pytest.param(f"{Secret(_TEXT)}", id="format"),
        pytest.param(f"{Secret(_TEXT)!r}", id="format of the repr"),
        pytest.param("{:}".format(Secret(_TEXT)), id="str.format"),  # noqa: UP032 - that is the claim
        pytest.param("%s %r" % (Secret(_TEXT), Secret(_TEXT)), id="percent"),  # noqa: UP031 - as well
        pytest.param(repr([Secret(_TEXT)]), id="in a list"),
        pytest.param(repr({"key": Secret(_TEXT)}), id="in a map"),
        pytest.param(repr(_Holder(Secret(_TEXT))), id="in a dataclass"),
        pytest.param(repr(Inputs(gpg_passphrase=Secret(_TEXT))), id="in the inputs"),
        pytest.param(str(ValueError(Secret(_TEXT))), id="in an error"),
    ],
)
def test_a_secret_is_masked_wherever_it_is_shown(shown: str) -> None:
    assert _TEXT not in shown
    assert "***" in shown


def test_only_reveal_opens_it() -> None:
    assert Secret(_TEXT).reveal() == _TEXT


def test_an_empty_secret_is_none() -> None:
    assert not Secret("")
    assert Secret("x")


def test_the_same_text_is_the_same_secret() -> None:
    assert Secret(_TEXT) == Secret(_TEXT)
    assert Secret(_TEXT) != Secret("other")
