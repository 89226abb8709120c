"""Globs for folders and branches."""

import pytest

from pkgaction.model.globs import matches


@pytest.mark.parametrize(
    ("text", "patterns", "expected"),
    [
        pytest.param("packages/kelp", ["packages/*"], True, id="star"),
        pytest.param("packages/kelp/docs", ["packages/*"], False, id="star stops at a slash"),
        pytest.param("packages/kelp/docs", ["packages/**"], True, id="two stars do not"),
        pytest.param("packages/a/b/kelp", ["packages/**/kelp"], True, id="two stars inside"),
        pytest.param("packages/kelp", ["packages/**/kelp"], True, id="two stars are also nothing"),
        pytest.param("packages/.kelp", ["packages/*"], True, id="a dot is no secret"),
        pytest.param("packages/kelp", ["./packages/*/"], True, id="dot-slash and a slash at the end"),
        pytest.param(
            "packages/kelp", ["packages/*", "!./packages/kelp/"], False, id="the same taken away"
        ),
        pytest.param(".", ["."], True, id="the root"),
        pytest.param(".", ["./"], True, id="the root with a slash"),
        pytest.param(".", ["packages/*", "./."], True, id="the root beside others"),
        pytest.param(".", [".", "!./"], False, id="the root taken away"),
        pytest.param(".", ["*", "**", "./*", "?", "[.]"], False, id="the root is no star"),
        pytest.param("packages/Kelp", ["packages/kelp"], False, id="case counts"),
        pytest.param("packages/kelp", [], False, id="no pattern"),
        pytest.param("packages/kelp", ["packages/*", "!packages/kelp"], False, id="taken away"),
        pytest.param("packages/reef", ["packages/*", "!packages/kelp"], True, id="another taken away"),
        pytest.param("packages/kelp", ["!packages/reef"], False, id="taking away alone matches nothing"),
        pytest.param("packages/kelp", ["packages/{kelp,reef}"], False, id="braces are no pattern"),
        pytest.param("packages/kelp", ["packages/k?lp"], True, id="question mark"),
        pytest.param("packages/kelp", ["packages/[a-k]elp"], True, id="brackets"),
        pytest.param("backport-kelp-1.x", ["main", "backport-*"], True, id="branch"),
        pytest.param("backport/kelp", ["backport-*"], False, id="other branch"),
        pytest.param("main2", ["main"], False, id="all of it counts"),
        pytest.param("other/main", ["main"], False, id="no suffix"),
    ],
)
def test_a_glob_matches(text: str, patterns: list[str], *, expected: bool) -> None:
    assert matches(text, patterns) is expected
