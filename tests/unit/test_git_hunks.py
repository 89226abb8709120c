"""A patch of git, read for the lines that it brings."""

import pytest

from pkgaction.adapters.git_hunks import new_lines

_HEAD = b"diff --git a/kelp.yml b/kelp.yml\nindex 1..2 100644\n--- a/kelp.yml\n+++ b/kelp.yml\n"


@pytest.mark.parametrize(
    ("hunks", "lines"),
    [
        pytest.param(b"@@ -1 +1 @@\n-a\n+b\n", [range(1, 2)], id="one line"),
        pytest.param(b"@@ -3,0 +4,2 @@ name:\n+a\n+b\n", [range(4, 6)], id="added"),
        pytest.param(b"@@ -3,2 +2,0 @@\n-a\n-b\n", [], id="removed"),
        pytest.param(
            b"@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"
            b"@@ -9 +9 @@\n-a\n+b\n",
            [range(1, 2), range(9, 10)],
            id="no end of line",
        ),
        pytest.param(
            b"@@ -1,2 +1,2 @@\n--- a/crab.yml\n-@@ -1 +70 @@\n+++ b/crab.yml\n+@@ -1 +70 @@\n",
            [range(1, 3)],
            id="text that looks like a patch",
        ),
        pytest.param(b"@@ -1 +1,9999 @@\n+a\n", [range(1, 10_000)], id="cut off"),
    ],
)
def test_lines_are_found(hunks: bytes, lines: list[range]) -> None:
    assert new_lines(_HEAD + hunks) == {"kelp.yml": lines}


def test_each_file_has_its_own() -> None:
    patch = (
        b"diff --git a/a b.yml b/a b.yml\n+++ b/a b.yml\t\n@@ -0,0 +1 @@\n+a\n"
        b"diff --git a/c b/c\n--- a/c\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
        b'diff --git "a/d\\"" "b/d\\""\n+++ "b/d\\""\n@@ -7,0 +7 @@\n+a\n'
    )

    assert new_lines(patch) == {"a b.yml": [range(1, 2)]}
    assert new_lines(b"") == {}
