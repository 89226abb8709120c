"""A tree is a value: sorted files by path."""

from pkgaction.model.tree import Kind, Tree
from tests.unit.trees import Said, file, tree


def test_files_are_sorted_whatever_the_order_they_came_in() -> None:
    files = [file("b"), file("a/b"), file("a")]

    assert [f.path for f in Tree(tuple(files)).files] == ["a", "a/b", "b"]
    assert Tree(tuple(files)) == Tree(tuple(reversed(files)))


def test_a_file_is_found_by_its_whole_path() -> None:
    found = tree({"docs/README.md": "# Kelp"})

    assert found.get("docs/README.md") == file("docs/README.md", "# Kelp")
    assert found.get("docs") is None


def test_a_plain_file_is_read_up_to_a_limit() -> None:
    found = tree({"a": "12345"})

    assert found.read("a", limit=5) == b"12345"
    assert found.read("a", limit=4) is None
    assert found.read("b", limit=5) is None


def test_what_is_no_plain_file_is_not_read() -> None:
    found = Tree((file("a", "target", Kind.SYMLINK), file("b", Said(10**12))))

    assert found.read("a", limit=100) is None
    assert found.read("b", limit=100) is None


def test_the_files_below_a_folder_are_those_and_no_others() -> None:
    found = tree(dict.fromkeys(("a", "a-b", "a/b", "a/b/c", "a.b", "a0", "ab/c", "b/a/c"), ""))

    assert [f.path for f in found.below("a")] == ["a/b", "a/b/c"]
    assert [f.path for f in found.below("a/b")] == ["a/b/c"]
    assert not found.below("c")


def test_replacing_adds_and_overwrites_and_leaves_the_old_tree_alone() -> None:
    before = tree({"a": "1", "b": "2"})

    after = before.replacing([file("b", "3"), file("c", "4")])

    assert after == tree({"a": "1", "b": "3", "c": "4"})
    assert before == tree({"a": "1", "b": "2"})


def test_bytes_never_show_in_a_repr() -> None:
    assert "salt" not in repr(tree({"a": "salt"}))
