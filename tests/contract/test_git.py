"""Reading a repository, with the real git: every clone a runner may have, and every name in it."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pkgaction.adapters import git_remote
from pkgaction.adapters.git import GitRepository
from pkgaction.adapters.git_remote import Server
from pkgaction.errors import CommitMissingError, GitError, PkgactionError, UsageError
from pkgaction.model.event import Landed
from pkgaction.model.secret import Secret
from pkgaction.model.tree import Kind

ENVIRON = {"PATH": os.environ["PATH"], "GIT_DIR": "/nowhere", "GIT_CONFIG_GLOBAL": "/nowhere"}
TOKEN = "ghs_0123456789abcdefghij"
LARGE = bytes(range(256)) * (5 * 4096)  # 5 MiB
LONG = 75  # commits


class Remote:
    """A bare repository, written to through a checkout beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bare = folder / "origin.git"
        self.checkout = folder / "author"
        folder.mkdir(parents=True, exist_ok=True)
        self.run("init", "-q", "--bare", "-b", "main", str(self.bare), cwd=folder)
        self.run("init", "-q", "-b", "main", str(self.checkout), cwd=folder)
        self.run("remote", "add", "origin", self.url)

    @property
    def url(self) -> str:
        return f"file://{self.bare}"

    def run(self, *arguments: str, cwd: Path | None = None, given: bytes = b"") -> str:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ALLOW_PROTOCOL": "file",
            **{f"GIT_{who}_NAME": "Coral" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "coral@deepwater.example" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_DATE": "2026-01-05T10:00:00Z" for who in ("AUTHOR", "COMMITTER")},
        }
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.checkout,
            env=env,
            input=given,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode(errors="surrogateescape").strip()

    def write(self, path: str | bytes, data: bytes) -> None:
        target = os.path.join(os.fsencode(self.checkout), os.fsencode(path))  # noqa: PTH118
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        with open(target, "wb") as stream:  # noqa: PTH123
            stream.write(data)

    def commit(self, message: str = "Work") -> str:
        self.run("add", "-A")
        self.run("commit", "-q", "--allow-empty", "-m", message)
        return self.run("rev-parse", "HEAD")

    def many(self, branch: str, count: int) -> list[str]:
        """Commits on a new branch that starts at nothing, oldest first; quickly."""
        stream = []
        for number in range(count):
            stream += [
                f"commit refs/heads/{branch}",
                f"mark :{number + 1}",
                f"committer Coral <coral@deepwater.example> {1_767_600_000 + number} +0000",
                "data 4",
                "Work",
                f"M 100644 inline packages/crab/{number}.txt",
                f"data {len(str(number))}",
                str(number),
            ]
        self.run("fast-import", "--quiet", given="\n".join([*stream, "done", ""]).encode())
        self.run("checkout", "-q", branch)
        self.push(branch)
        return self.run("rev-list", "--reverse", branch).splitlines()

    def push(self, *refs: str) -> None:
        self.run("push", "-q", "--force", "origin", *(refs or ("main",)))

    def clone(self, name: str, *options: str) -> Path:
        target = self.folder / name
        self.run("clone", "-q", *options, self.url, str(target), cwd=self.folder)
        return target


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    made = Remote(tmp_path / "remote")
    made.write("packages/crab/manifest.yml", b"name: crab\n")
    made.write("packages/eel/manifest.yml", b"name: eel\n")
    made.write("LICENSE.txt", b"Apache\n")
    made.commit("First")
    made.push()
    return made


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> tuple[Remote, list[str]]:
    """A history longer than the first depths that are fetched, with a side branch at its root."""
    made = Remote(tmp_path_factory.mktemp("long"))
    commits = made.many("main", LONG)
    made.run("checkout", "-q", "-b", "side", commits[2])
    made.write("packages/crab/side.txt", b"side")
    commits.append(made.commit("Side"))
    made.push("side")
    return made, commits


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@contextmanager
def opened(folder: Path, scratch: Path) -> Iterator[GitRepository]:
    with closing(GitRepository.open(folder, scratch, ENVIRON)) as repository:
        yield repository


def contents(repository: GitRepository, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
    """The bytes of the files among the paths."""
    found = {}
    for path, entry in repository.entries(commit, paths).items():
        with entry.content.open() as stream:
            found[path] = stream.read()
    return found


def digest(folder: Path) -> str:
    """Of everything in a folder: names, kinds, modes, bytes."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        total.update(f"{path.relative_to(folder)}\0{state.st_mode}\0".encode("utf-8", "surrogateescape"))
        if path.is_file() and not path.is_symlink():
            total.update(path.read_bytes())
    return total.hexdigest()


# --- commits -----------------------------------------------------------------------------------------


def test_a_commit_that_a_shallow_clone_lacks_is_fetched_and_the_clone_stays_as_it_was(
    remote: Remote, scratch: Path
) -> None:
    base = remote.run("rev-parse", "HEAD")
    remote.write("packages/crab/manifest.yml", b"name: crab\nversion: 2\n")
    head = remote.commit()
    remote.push()
    clone = remote.clone("clone", "--depth=1")
    before = digest(clone)

    with opened(clone, scratch) as repository:
        found = repository.commit(base)
        parent = repository.first_parent(head)
        changed = repository.changed_paths(base, head)
        blobs = contents(repository, base, ["packages/crab/manifest.yml"])

    assert found == parent == base
    assert list(changed) == ["packages/crab/manifest.yml"]
    assert blobs == {"packages/crab/manifest.yml": b"name: crab\n"}
    assert digest(clone) == before


@pytest.mark.parametrize("options", [[], ["--depth=1"]], ids=["full", "shallow"])
def test_a_revision_is_any_name_that_git_knows(
    remote: Remote, scratch: Path, options: Sequence[str]
) -> None:
    head = remote.run("rev-parse", "HEAD")
    remote.run("tag", "light")
    remote.push("light")
    clone = remote.clone("clone", *options)

    with opened(clone, scratch) as repository:
        names = ["HEAD", "main", "origin/main", "light", head, head[:12]]
        found = {name: repository.commit(name) for name in names}

    assert set(found.values()) == {head}


def test_an_annotated_tag_of_the_remote_is_the_commit_behind_it(remote: Remote, scratch: Path) -> None:
    clone = remote.clone("clone")
    remote.write("packages/crab/more.txt", b"more")
    head = remote.commit()
    remote.run("tag", "-a", "-m", "Release", "v1")
    remote.run("tag", "light")
    remote.push("main", "v1", "light")

    with opened(clone, scratch) as repository:
        names = ("v1", "light", "main", "refs/heads/main", "refs/tags/v1", head)
        found = [repository.remote(name) for name in names]

    assert found == [head] * 6


def test_a_branch_of_the_remote_counts_before_a_tag_of_the_same_name(
    remote: Remote, scratch: Path
) -> None:
    remote.run("tag", "twin")
    remote.push("refs/tags/twin")
    remote.run("checkout", "-q", "-b", "twin")
    head = remote.commit("Twin")
    remote.push("refs/heads/twin")
    clone = remote.clone("clone")

    with opened(clone, scratch) as repository:
        assert repository.remote("twin") == head


@pytest.mark.parametrize(
    "name",
    [
        "nowhere",
        "a" * 40,
        "0" * 40,
        "--upload-pack=touch here",
        "-h",
        "main~99",
        "",
        "refs/heads/*",
        "a b",
    ],
    ids=repr,
)
@pytest.mark.parametrize("ask", [GitRepository.commit, GitRepository.remote], ids=["commit", "remote"])
def test_an_unknown_revision_is_named_with_what_to_do(
    remote: Remote, scratch: Path, ask: Callable[[GitRepository, str], str], name: str
) -> None:
    clone = remote.clone("clone")

    with opened(clone, scratch) as repository, pytest.raises(CommitMissingError) as caught:
        ask(repository, name)

    assert caught.value.exit_status == 2
    assert caught.value.fix
    assert "\n" not in str(caught.value)
    assert not (clone / "here").exists()


def test_a_commit_that_cannot_be_fetched_is_missing(remote: Remote, scratch: Path) -> None:
    clone = remote.clone("clone", "--depth=1")

    with opened(clone, scratch) as repository, pytest.raises(CommitMissingError, match="1" * 40):
        repository.commit("1" * 40)


def test_a_remote_that_is_gone_is_no_missing_commit(remote: Remote, scratch: Path) -> None:
    base = remote.run("rev-parse", "HEAD")
    remote.commit()
    remote.push()
    clone = remote.clone("clone", "--depth=1")
    shutil.rmtree(remote.bare)

    with opened(clone, scratch) as repository, pytest.raises(UsageError, match="git fetch") as caught:
        repository.commit(base)
    assert not isinstance(caught.value, CommitMissingError)


def test_a_root_commit_has_no_parent(remote: Remote, scratch: Path) -> None:
    head = remote.run("rev-parse", "HEAD")
    clone = remote.clone("clone")

    with opened(clone, scratch) as repository:
        assert repository.first_parent(head) is None


def test_the_first_parent_of_a_merge_is_the_branch_it_went_into(remote: Remote, scratch: Path) -> None:
    base = remote.run("rev-parse", "HEAD")
    remote.run("checkout", "-q", "-b", "work")
    remote.write("a", b"a")
    remote.commit()
    remote.run("checkout", "-q", "main")
    remote.run("merge", "-q", "--no-ff", "-m", "Merge", "work")
    head = remote.run("rev-parse", "HEAD")
    remote.push()
    clone = remote.clone("clone", "--depth=1")

    with opened(clone, scratch) as repository:
        assert repository.first_parent(head) == base


# --- histories ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        ["--no-single-branch"],
        ["--depth=1", "--branch=side"],
        ["--depth=3", "--no-single-branch"],
        ["--filter=blob:none"],
    ],
    ids=["full", "depth 1", "depth 3 of all", "without blobs"],
)
def test_the_merge_base_is_found_in_any_clone(
    long: tuple[Remote, list[str]], tmp_path: Path, scratch: Path, options: Sequence[str]
) -> None:
    remote, commits = long
    clone = remote.clone(f"clone-{tmp_path.name}", *options)
    before = digest(clone)

    with opened(clone, scratch) as repository:
        assert repository.merge_base(commits[-1], "main") == commits[2]

    assert digest(clone) == before


def test_histories_without_anything_in_common_have_no_merge_base(remote: Remote, scratch: Path) -> None:
    remote.run("checkout", "-q", "--orphan", "alone")
    head = remote.commit("Alone")
    remote.push("alone")
    clone = remote.clone("clone", "--depth=1", "--no-single-branch")

    with opened(clone, scratch) as repository:
        assert repository.merge_base(head, "main") is None
        assert repository.merge_base(head, "nowhere") is None


def _merged_and_rebased(remote: Remote) -> tuple[str, list[str]]:
    """Where main was, and the commits that it went on by: a merge of two, then two of a rebase."""
    remote.write("a/x", b"1")
    base = remote.commit("First")
    remote.run("checkout", "-q", "-b", "side")
    for name in ("b/x", "c/\nline"):
        remote.write(name, b"1")
        remote.commit("Beside")
    remote.run("checkout", "-q", "main")
    remote.run("merge", "-q", "--no-ff", "-m", "Merge (#7)", "side")
    made = [remote.run("rev-parse", "HEAD")]
    for name in ("a/x", "a/y"):
        remote.write(name, b"2")
        made.append(remote.commit(f"Work on {name} (#8)"))
    remote.run("push", "-q", "origin", "main")
    return base, made


@pytest.mark.parametrize("options", [[], ["--depth=1"]], ids=["full", "depth 1"])
def test_the_way_of_a_branch_is_known_in_any_clone(
    remote: Remote, scratch: Path, options: list[str]
) -> None:
    base, made = _merged_and_rebased(remote)
    folder = remote.clone("here", *options)

    with opened(folder, scratch) as repository:
        repository.commit(base)
        found = repository.landed(base, made[-1], "main")

    assert [one.commit for one in found] == made[::-1]
    assert [one.subject for one in found] == ["Work on a/y (#8)", "Work on a/x (#8)", "Merge (#7)"]
    assert [one.paths for one in found] == [("a/y",), ("a/x",), ("b/x", "c/\nline")]


def test_no_path_is_taken_for_a_commit(remote: Remote, scratch: Path) -> None:
    base = remote.commit("First")
    remote.write(base, b"")
    remote.write(f"{base[:20]}\n{base}", b"")
    head = remote.commit("Work")
    remote.run("push", "-q", "origin", "main")

    with opened(remote.clone("here"), scratch) as repository:
        (found,) = repository.landed(base, head, "main")

    assert found.paths == (f"{base[:20]}\n{base}", base)


def test_a_long_way_is_fetched_by_a_shallow_clone(long: tuple[Remote, list[str]], scratch: Path) -> None:
    remote, commits = long

    with opened(remote.clone("way", "--depth=1", "--branch=main"), scratch) as repository:
        found = repository.landed(repository.commit(commits[0]), commits[LONG - 1], "main")

    assert [one.commit for one in found] == commits[LONG - 1 : 0 : -1]


def test_no_more_than_250_commits_of_a_way_are_told(remote: Remote, scratch: Path) -> None:
    commits = remote.many("very-long", 260)

    with opened(remote.clone("here", "--branch=very-long"), scratch) as repository:
        found = repository.landed(commits[0], commits[-1], "very-long")

    assert [one.commit for one in found] == commits[:-251:-1]


@pytest.mark.parametrize("options", [[], ["--depth=1"]], ids=["full", "depth 1"])
@pytest.mark.parametrize("known", [False, True], ids=["no base", "base beside"])
def test_a_way_that_is_not_known_is_the_head_alone(
    remote: Remote, scratch: Path, options: list[str], *, known: bool
) -> None:
    _, (*_, head) = _merged_and_rebased(remote)
    remote.run("checkout", "-q", "--orphan", "other")
    base = remote.commit("Other") if known else ""
    remote.push("main", *(["other"] if known else []))

    with opened(remote.clone("here", *options, "--branch=main"), scratch) as repository:
        found = repository.landed(repository.commit(base) if base else "", head, "main")

    assert found == [Landed(commit=head, subject="Work on a/y (#8)", paths=None)]


@pytest.mark.parametrize("options", [[], ["--depth=1"]], ids=["full", "depth 1"])
@pytest.mark.parametrize("number", [0, 1, LONG // 2, LONG - 2, LONG - 1], ids=lambda n: f"commit {n}")
def test_a_commit_of_a_publishing_branch_is_found_on_it_wherever_it_lies(
    long: tuple[Remote, list[str]], tmp_path: Path, scratch: Path, options: Sequence[str], number: int
) -> None:
    remote, commits = long
    clone = remote.clone(f"clone-{tmp_path.name}", *options)

    with opened(clone, scratch) as repository:
        commit = repository.commit(commits[number])

        assert repository.publishing_branch(commit, ["release-*", "main"]) == "main"


@pytest.mark.parametrize("options", [[], ["--depth=1", "--branch=side"]], ids=["full", "depth 1"])
def test_a_commit_beside_the_publishing_branches_is_on_none(
    long: tuple[Remote, list[str]], tmp_path: Path, scratch: Path, options: Sequence[str]
) -> None:
    remote, commits = long
    clone = remote.clone(f"clone-{tmp_path.name}", *options)

    with opened(clone, scratch) as repository:
        side = repository.commit(commits[-1])

        assert repository.publishing_branch(side, ["main", "release-*"]) is None
        assert repository.publishing_branch(side, ["si*"]) == "side"
        assert repository.publishing_branch(side, []) is None


def test_a_branch_that_only_the_clone_has_does_not_count(remote: Remote, scratch: Path) -> None:
    clone = remote.clone("clone")
    remote.run("commit", "-q", "--allow-empty", "-m", "Not pushed", cwd=clone)
    head = remote.run("rev-parse", "HEAD", cwd=clone)

    with opened(clone, scratch) as repository:
        assert repository.publishing_branch(head, ["main", "*"]) is None


@pytest.mark.parametrize(
    "options", [[], ["--depth=1"], ["--depth=2"]], ids=["full", "depth 1", "depth 2"]
)
def test_the_messages_of_a_pull_request_are_its_own_alone(
    remote: Remote, scratch: Path, options: list[str]
) -> None:
    remote.commit("Main before")
    remote.run("checkout", "-q", "-b", "work")
    own = [remote.commit("One\n\nBody of one"), remote.commit("Two")]
    remote.run("checkout", "-q", "main")
    remote.commit("Main since")
    remote.run("checkout", "-q", "work")
    remote.run("merge", "-q", "--no-ff", "-m", "Bring main in", "main")
    own.append(remote.run("rev-parse", "HEAD"))
    remote.run("checkout", "-q", "main")
    base = remote.commit("Main at last")
    remote.run("merge", "-q", "--no-ff", "-m", "Trial merge", "work")
    remote.push("main", "work")
    clone = remote.clone("clone", *options)

    with opened(clone, scratch) as repository:
        found = repository.messages(repository.commit(base), own[-1], 3)
        alone = repository.messages("", own[1], 1)

    assert {commit: message.strip() for commit, message in found.items()} == {
        own[2]: "Bring main in",
        own[1]: "Two",
        own[0]: "One\n\nBody of one",
    }
    assert list(alone) == [own[1]]


@pytest.mark.parametrize(
    "options", [[], ["--depth=1"], ["--depth=2"]], ids=["full", "depth 1", "depth 2"]
)
def test_the_messages_of_commits_that_a_merge_brought_are_among_them(
    remote: Remote, scratch: Path, options: list[str]
) -> None:
    base = remote.commit("Main before")
    remote.run("checkout", "-q", "-b", "topic")
    own = {remote.commit("Topic [skip ci]")}
    remote.run("checkout", "-q", "-b", "work", "main")
    own.add(remote.commit("Work"))
    remote.run("merge", "-q", "--no-ff", "-m", "Bring the topic in", "topic")
    head = remote.run("rev-parse", "HEAD")
    remote.run("checkout", "-q", "main")
    remote.run("merge", "-q", "--no-ff", "-m", "Trial merge", "work")
    remote.push("main", "work", "topic")
    clone = remote.clone("clone", *options)

    with opened(clone, scratch) as repository:
        found = repository.messages(repository.commit(base), head, 100)

    assert found.keys() == {*own, head}


# --- trees -------------------------------------------------------------------------------------------


def test_every_kind_of_entry_is_told_apart(remote: Remote, scratch: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    remote.write("packages/crab/img/large.png", pointer)
    remote.write(".gitattributes", b"*.png filter=lfs diff=lfs merge=lfs -text\n*.txt text eol=crlf\n")
    remote.write("packages/crab/plain.txt", b"one\ntwo\n")
    remote.write("packages/crab/run.sh", b"#!/bin/sh\n")
    (remote.checkout / "packages/crab/run.sh").chmod(0o755)
    (remote.checkout / "packages/crab/link.txt").symlink_to("plain.txt")
    commit = remote.run("rev-parse", "HEAD")
    remote.run("-c", "filter.lfs.clean=cat", "add", "packages", ".gitattributes")
    remote.run("update-index", "--add", "--cacheinfo", f"160000,{commit},packages/crab/module")
    remote.run("commit", "-q", "-m", "Kinds")
    head = remote.run("rev-parse", "HEAD")
    remote.push()
    clone = remote.clone("clone")

    with opened(clone, scratch) as repository:
        tree = repository.tree(head, "packages/crab")
        kinds = {file.path: file.kind for file in tree.files}
        lfs = tree.read("img/large.png", limit=1000)
        plain = tree.read("plain.txt", limit=1000)
        link = tree.read("link.txt", limit=1000)
        entries = repository.entries(head, [f"packages/crab/{path}" for path in kinds])

    assert kinds == {
        "img/large.png": Kind.FILE,
        "link.txt": Kind.SYMLINK,
        "manifest.yml": Kind.FILE,
        "module": Kind.SUBMODULE,
        "plain.txt": Kind.FILE,
        "run.sh": Kind.FILE,
    }
    assert (lfs, plain, link) == (pointer, b"one\ntwo\n", None)
    assert {path.removeprefix("packages/crab/"): e.kind for path, e in entries.items()} == kinds


def test_the_root_is_a_folder_like_others(remote: Remote, scratch: Path) -> None:
    head = remote.run("rev-parse", "HEAD")
    clone = remote.clone("clone")
    paths = ["LICENSE.txt", "packages/crab/manifest.yml", "packages/eel/manifest.yml"]

    with opened(clone, scratch) as repository:
        assert [file.path for file in repository.tree(head, ".").files] == paths


def test_files_are_found_by_their_name_at_any_depth(remote: Remote, scratch: Path) -> None:
    for path in (b"manifest.yml", b"x/manifest.yml/y", b"x/no-manifest.yml", b"a\nb/\xff/manifest.yml"):
        remote.write(path, b"name: x\n")
    head = remote.commit()
    clone = remote.clone("clone", "--no-checkout")
    remote.push()

    with opened(clone, scratch) as repository:
        found = repository.paths_named(repository.commit(head), "manifest.yml")

    assert list(found) == [
        os.fsdecode(b"a\nb/\xff/manifest.yml"),
        "manifest.yml",
        "packages/crab/manifest.yml",
        "packages/eel/manifest.yml",
    ]


def test_what_lies_in_the_working_tree_does_not_count(remote: Remote, scratch: Path) -> None:
    head = remote.run("rev-parse", "HEAD")
    clone = remote.clone("clone")
    (clone / "packages/crab/manifest.yml").write_text("changed")
    (clone / "packages/crab/new.txt").write_text("new")

    with opened(clone, scratch) as repository:
        tree = repository.tree(head, "packages/crab")

        assert [file.path for file in tree.files] == ["manifest.yml"]
        assert tree.read("manifest.yml", limit=100) == b"name: crab\n"


def test_a_large_blob_is_streamed_as_often_as_asked(remote: Remote, scratch: Path) -> None:
    remote.write("packages/crab/large.bin", LARGE)
    head = remote.commit()
    remote.push()
    clone = remote.clone("clone")

    with opened(clone, scratch) as repository:
        file = repository.tree(head, "packages/crab").get("large.bin")
        assert file
        with file.content.open() as stream:
            start = stream.read(10)  # and no further: the process must not hang
        with file.content.open() as stream:
            whole = stream.read()

    assert file.content.size == len(LARGE)
    assert (start, whole) == (LARGE[:10], LARGE)


NAMES = {
    "newline": "packages/crab/a\nb.txt",
    "tab": "packages/crab/a\tb.txt",
    "quotes": "packages/crab/\"a\" 'b'.txt",
    "backslash": "packages/crab/a\\b.txt",
    "umlaut": "packages/crab/übung.txt",
    "blank": "packages/crab/ a b .txt",
    "glob": "packages/crab/[a]*?.txt",
    "magic": "packages/crab/:(glob)x.txt",
    "minus": "packages/crab/-rf",
    "no UTF-8": b"packages/crab/\xff\xfe.txt".decode("utf-8", "surrogateescape"),
}


@pytest.fixture
def odd(remote: Remote) -> tuple[Remote, str, str]:
    base = remote.run("rev-parse", "HEAD")
    for path in NAMES.values():
        remote.write(os.fsencode(path), os.fsencode(path))
    head = remote.commit()
    remote.push()
    return remote, base, head


@pytest.mark.parametrize("path", NAMES.values(), ids=NAMES.keys())
def test_a_name_is_taken_as_it_is(odd: tuple[Remote, str, str], scratch: Path, path: str) -> None:
    remote, base, head = odd
    clone = remote.clone("clone", "--no-checkout")

    with opened(clone, scratch) as repository:
        in_tree = repository.tree(head, "packages/crab").get(path.removeprefix("packages/crab/"))
        changed = repository.changed_paths(base, head)
        found = repository.files(head).find(path)
        blobs = contents(repository, head, [path])
        assert in_tree
        with in_tree.content.open() as stream:
            data = stream.read()

    assert data == os.fsencode(path)
    assert sorted(changed) == sorted(NAMES.values())
    assert found
    assert found.path == path
    assert blobs == {path: os.fsencode(path)}


def test_changes_are_all_paths_whose_content_or_kind_differs(remote: Remote, scratch: Path) -> None:
    remote.write("packages/crab/moved.txt", b"moved\n" * 50)
    remote.write("packages/crab/gone.txt", b"gone")
    remote.write("packages/crab/kind.txt", b"kind")
    base = remote.commit()
    (remote.checkout / "packages/crab/moved.txt").rename(remote.checkout / "packages/eel/moved.txt")
    (remote.checkout / "packages/crab/gone.txt").unlink()
    (remote.checkout / "packages/crab/kind.txt").unlink()
    (remote.checkout / "packages/crab/kind.txt").symlink_to("manifest.yml")
    head = remote.commit()
    remote.push()
    clone = remote.clone("clone")

    with opened(clone, scratch) as repository:
        assert sorted(repository.changed_paths(base, head)) == [
            "packages/crab/gone.txt",
            "packages/crab/kind.txt",
            "packages/crab/moved.txt",
            "packages/eel/moved.txt",
        ]
        assert list(repository.changed_paths(head, head)) == []


@pytest.mark.parametrize(
    "options", [[], ["--filter=blob:none", "--no-checkout"]], ids=["full", "partial"]
)
def test_changed_lines_are_told_by_file(remote: Remote, scratch: Path, options: Sequence[str]) -> None:
    names = ["packages/crab/a b.yml", "packages/crab/s\u00e4.yml", "packages/crab/gone.yml"]
    for name in names:
        remote.write(name, b"one\ntwo\nthree\n")
    remote.write("packages/crab/large.yml", b"a: b\n" * 300_000)
    base = remote.commit()
    for name in names[:2]:
        remote.write(name, b"zero\none\nthree\n++ b/x\n@@ -1 +1 @@\n")
    (remote.checkout / names[2]).unlink()
    remote.write("packages/crab/new.yml", b"one\ntwo")
    remote.write("packages/crab/large.yml", b"a: c\n" * 300_000)
    remote.write("packages/crab/.gitattributes", b"*.yml -diff\n")
    remote.write("packages/eel/other.yml", b"one\n")
    head = remote.commit()
    remote.push()
    clone = remote.clone("clone", *options)
    config = clone / ".git/config"
    config.write_text(config.read_text() + '[diff]\n external = "false"\n noprefix = true\n')
    asked = [*names, "packages/crab/new.yml", "packages/crab/large.yml", "packages/crab/manifest.yml"]

    with opened(clone, scratch) as repository:
        found = repository.changed_lines(base, head, asked)
        none = repository.changed_lines(base, head, [])

    changed = [range(1, 2), range(4, 6)]
    new = {"packages/crab/new.yml": [range(1, 3)]}
    assert found == {names[0]: changed, names[1]: changed, **new}
    assert none == {}


def test_a_file_is_found_by_its_path_and_nothing_else_is(remote: Remote, scratch: Path) -> None:
    (remote.checkout / "link").symlink_to("packages")
    head = remote.commit()
    remote.push()
    clone = remote.clone("clone")

    with opened(clone, scratch) as repository:
        files = repository.files(head)
        found = files.find("LICENSE.txt")
        missing = [
            "packages",
            "packages/",
            "nowhere",
            "link/crab/manifest.yml",
            "LICENSE.txt/x",
            "license.txt",
        ]

        assert found
        assert found.kind is Kind.FILE
        assert {path: files.find(path) for path in missing} == dict.fromkeys(missing)
        assert list(repository.folders(head)) == ["packages", "packages/crab", "packages/eel"]


def test_more_paths_than_one_call_takes_are_all_read(remote: Remote, scratch: Path) -> None:
    paths = [f"packages/crab/{number}.txt" for number in range(450)]
    for path in paths:
        remote.write(path, path.encode())
    head = remote.commit()
    remote.push()
    clone = remote.clone("clone")

    with opened(clone, scratch) as repository:
        blobs = contents(repository, head, [*paths, "nowhere.txt", "packages/crab"])

    assert blobs == {path: path.encode() for path in paths}


def test_what_a_partial_clone_lacks_of_a_package_is_fetched_at_once(
    remote: Remote, scratch: Path, tmp_path: Path
) -> None:
    paths = [f"packages/crab/{number}.txt" for number in range(30)]
    for path in paths:
        remote.write(path, path.encode())
    (remote.checkout / "packages/crab/link").symlink_to("1.txt")
    commit = remote.run("rev-parse", "HEAD")
    remote.run("add", "-A")
    remote.run("update-index", "--add", "--cacheinfo", f"160000,{commit},packages/crab/module")
    remote.run("commit", "-q", "-m", "Kinds")
    head = remote.run("rev-parse", "HEAD")
    remote.push()
    for name in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        remote.run("config", name, "true", cwd=remote.bare)
    clone = remote.clone("clone", "--filter=blob:none", "--no-checkout")
    home, log, hook = tmp_path / "home", tmp_path / "log", tmp_path / "hook"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[uploadpack]\n  packObjectsHook = {hook}\n")
    hook.write_text(f'#!/bin/sh\necho fetch >> {log}\nexec "$@"\n')
    hook.chmod(0o755)
    before = digest(clone)

    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}
    with closing(GitRepository.open(clone, scratch, environ)) as repository:
        files = repository.tree(head, "packages/crab").files
        assert len(files) == len(paths) + 3
        assert log.read_text().splitlines() == ["fetch"]
        assert contents(repository, head, paths) == {path: path.encode() for path in paths}

    assert log.read_text().splitlines() == ["fetch"]
    assert digest(clone) == before


# --- workspaces --------------------------------------------------------------------------------------


def test_a_sub_folder_of_a_checkout_is_a_workspace(remote: Remote, scratch: Path) -> None:
    head = remote.run("rev-parse", "HEAD")
    clone = remote.clone("clone")

    with opened(clone / "packages" / "crab", scratch) as repository:
        assert repository.workspace == clone
        assert repository.commit("HEAD") == head
        assert [f.path for f in repository.tree(head, "packages/crab").files] == ["manifest.yml"]
        assert repository.files(head).find("LICENSE.txt")


def test_a_worktree_is_a_workspace(remote: Remote, scratch: Path) -> None:
    clone = remote.clone("clone")
    remote.run("worktree", "add", "-q", "-b", "work", str(remote.folder / "tree"), cwd=clone)
    remote.run("commit", "-q", "--allow-empty", "-m", "Work", cwd=remote.folder / "tree")
    head = remote.run("rev-parse", "work", cwd=clone)

    with opened(remote.folder / "tree", scratch) as repository:
        assert repository.commit("HEAD") == head
        assert repository.publishing_branch(str(repository.first_parent(head)), ["main"]) == "main"


@pytest.mark.parametrize("kind", ["empty", "missing", "a file"])
def test_a_folder_that_is_no_repository_is_wrong_input(tmp_path: Path, scratch: Path, kind: str) -> None:
    folder = tmp_path / "folder"
    if kind == "empty":
        folder.mkdir()
    if kind == "a file":
        folder.touch()

    with pytest.raises(UsageError) as caught:
        GitRepository.open(folder, scratch, ENVIRON)

    assert str(folder) in caught.value.where
    assert "checkout" in caught.value.fix


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give files away")
def test_a_checkout_of_another_user_is_fine(remote: Remote, scratch: Path) -> None:
    base = remote.run("rev-parse", "HEAD")
    head = remote.commit()
    remote.push()
    clone = remote.clone("clone", "--depth=1")
    for path in (clone, *clone.rglob("*")):
        os.chown(path, 1001, 1001, follow_symlinks=False)

    with opened(clone, scratch) as repository:
        assert repository.commit("HEAD") == head
        assert repository.commit(base) == base


# --- the token ---------------------------------------------------------------------------------------


def test_the_token_goes_to_its_server_alone_and_never_into_arguments_or_errors(
    remote: Remote, tmp_path: Path, scratch: Path
) -> None:
    server = "https://127.0.0.1:9"
    clone = remote.clone("clone", "--depth=1")
    remote.run("remote", "set-url", "origin", f"{server}/deepwater/packages", cwd=clone)
    shim, log = tmp_path / "bin", tmp_path / "arguments"
    shim.mkdir()
    (shim / "git").write_text(
        f"#!{sys.executable} -I\n"
        "import os, sys\n"
        f"with open({str(log)!r}, 'a') as log: print(sys.argv, file=log)\n"
        f"os.execv({shutil.which('git')!r}, sys.argv)\n"
    )
    (shim / "git").chmod(0o755)
    environ = {"PATH": f"{shim}:{os.environ['PATH']}"}
    secret = Secret(TOKEN)

    ours = Server(url=server, repository="deepwater/packages", token=secret)
    repository = GitRepository.open(clone, scratch, environ, server=ours)
    with closing(repository):
        errors: list[PkgactionError] = []
        asks: list[Callable[[], object]] = [
            lambda: repository.commit("a" * 40),
            lambda: repository.remote("main"),
            lambda: repository.publishing_branch("a" * 40, ["main"]),
        ]
        for ask in asks:
            with pytest.raises(PkgactionError) as caught:
                ask()
            errors.append(caught.value)

    header = git_remote.token_header(secret)
    encoded = header.split()[-1]
    (number,) = [key.rpartition("_")[2] for key, value in repository.env.items() if value == header]
    address = f"{server}/deepwater/packages"
    assert repository.env[f"GIT_CONFIG_KEY_{number}"] == f"http.{address}.extraHeader"
    said = log.read_text() + "".join(f"{error} {error!r} {error.__cause__}" for error in errors)
    assert "fetch" in said
    everything = said + repr(repository) + (repository.bare / "config").read_text()
    assert TOKEN not in everything
    assert encoded not in everything


@pytest.mark.parametrize(
    "url",
    ["https://elsewhere.example/a/b", "https://github.com.evil.example/a/b", "http://github.com/a/b"],
)
def test_another_server_never_gets_the_token(remote: Remote, scratch: Path, url: str) -> None:
    clone = remote.clone("clone")
    remote.run("remote", "set-url", "origin", url, cwd=clone)

    server = Server(url="https://github.com", token=Secret(TOKEN))
    repository = GitRepository.open(clone, scratch, ENVIRON, server=server)

    assert not any("AUTHORIZATION" in value for value in repository.env.values())


def test_a_failure_of_git_is_one_line_that_says_what_failed(remote: Remote, scratch: Path) -> None:
    clone = remote.clone("clone")

    with (
        opened(clone, scratch) as repository,
        pytest.raises(GitError, match="git ls-tree failed") as caught,
    ):
        repository.tree("main", "packages/nowhere")

    assert caught.value.exit_status == 3
    assert "\n" not in str(caught.value)
