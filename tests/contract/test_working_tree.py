"""What git says of a folder's files, with the real git: every place a package may lie in."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgaction.adapters import folder, working_tree
from pkgaction.adapters.working_tree import State, Surroundings, WorkingTree
from pkgaction.model.tree import Kind, PackageSource

PACKAGE = "packages/anglerfish"
MANIFEST = f"{PACKAGE}/manifest.yml"


class Clone:
    """A repository with a package, at one commit."""

    def __init__(self, top: Path, home: Path) -> None:
        self.top = top
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}

    @property
    def package(self) -> Path:
        return self.top / PACKAGE

    def git(self, *arguments: str, cwd: Path | None = None, check: bool = True) -> str:
        who = {
            f"GIT_{who}_{what}": "coral" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=cwd or self.top,
            env={**self.environ, **who},
            capture_output=True,
            check=check,
        )
        return os.fsdecode(done.stdout).strip()

    def write(self, path: str, data: bytes = b"text\n") -> Path:
        target = self.top / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return target

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "Work")

    def examine(self, path: str = PACKAGE) -> WorkingTree:
        found = working_tree.examine(self.top / path, self.environ)
        assert found is not None
        return found

    def source(self) -> PackageSource:
        around = Surroundings(self.top, self.environ)
        return folder.package(self.package, git=self.examine(), around=around)

    def paths(self) -> list[str]:
        return [file.path for file in self.source().tree.files]

    def committed(self, path: str) -> bytes:
        return subprocess.run(
            ["git", "cat-file", "blob", f"HEAD:{path}"],
            cwd=self.top,
            env=self.environ,
            capture_output=True,
            check=True,
        ).stdout


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    (tmp_path / "home").mkdir()
    (tmp_path / "clone").mkdir()
    made = Clone(tmp_path / "clone", tmp_path / "home")
    made.git("init", "-q", "-b", "main")
    made.write(MANIFEST, b"name: anglerfish\n")
    made.write(f"{PACKAGE}/docs/README.md")
    made.write("LICENSE.txt", b"Free.\n")
    made.commit()
    return made


# --- ignored -----------------------------------------------------------------------------------------


def by_root(clone: Clone) -> None:
    clone.write(".gitignore", b".env\n.idea/\n")


def by_package(clone: Clone) -> None:
    clone.write(f"{PACKAGE}/.gitignore", b"/.env\n.idea/\n")


def by_clone(clone: Clone) -> None:
    clone.write(".git/info/exclude", b".env\n.idea/\n")


def by_person(clone: Clone) -> None:
    home = Path(clone.environ["HOME"])
    (home / ".config/git").mkdir(parents=True)
    (home / ".config/git/ignore").write_text(".env\n.idea/\n")


def by_named_file(clone: Clone) -> None:
    home = Path(clone.environ["HOME"])
    (home / "mine").write_text(".env\n.idea/\n")
    (home / ".gitconfig").write_text(f"[core]\n\texcludesFile = {home}/mine\n")


@pytest.mark.parametrize("rule", [by_root, by_package, by_clone, by_person, by_named_file])
def test_what_git_ignores_is_left_out(clone: Clone, rule: Callable[[Clone], None]) -> None:
    rule(clone)
    clone.write(f"{PACKAGE}/.env", b"PASSWORD=coral\n")
    clone.write(f"{PACKAGE}/.idea/workspace.xml")

    found = clone.examine()

    assert found.ignored == (".env", ".idea/")
    assert not {".env", ".idea/workspace.xml"} & set(clone.paths())


def test_an_ignored_file_that_is_tracked_stays(clone: Clone) -> None:
    clone.write(".gitignore", b"*.log\nbuild/\n")
    clone.write(f"{PACKAGE}/sample.log")
    clone.write(f"{PACKAGE}/build/kept.txt")
    clone.git("add", "-f", ".gitignore", f"{PACKAGE}/sample.log", f"{PACKAGE}/build/kept.txt")
    clone.git("commit", "-q", "-m", "Kept")
    clone.write(f"{PACKAGE}/build/junk.txt")

    assert clone.examine() == WorkingTree(ignored=("build/junk.txt",), tracked=clone.examine().tracked)
    assert {"sample.log", "build/kept.txt"} <= set(clone.paths())
    assert "build/junk.txt" not in clone.paths()


def test_a_negated_pattern_keeps_its_file(clone: Clone) -> None:
    clone.write(".gitignore", b"*.yml\n!manifest.yml\n")
    clone.write(f"{PACKAGE}/notes.yml")
    clone.write(f"{PACKAGE}/data_stream/glow/manifest.yml")

    assert clone.examine().ignored == ("notes.yml",)
    assert "data_stream/glow/manifest.yml" in clone.paths()


def test_an_ignored_file_in_a_new_folder_is_left_out_and_the_rest_is_new(clone: Clone) -> None:
    clone.write(".gitignore", b".env\n")
    clone.commit()
    clone.write(f"{PACKAGE}/new/.env")
    clone.write(f"{PACKAGE}/new/more.md")

    found = clone.examine()

    assert found.ignored == ("new/.env",)
    assert found.uncommitted == {"new/more.md": State.UNTRACKED}
    assert "new/more.md" in clone.paths()


def test_a_folder_that_git_ignores_itself_is_taken_whole(clone: Clone) -> None:
    clone.write(".gitignore", b"build/\n")
    clone.write("build/packages/anglerfish/manifest.yml")

    found = clone.examine("build/packages/anglerfish")
    tree = folder.package(clone.top / "build/packages/anglerfish", git=found).tree

    assert found == WorkingTree(is_ignored=True)
    assert [file.path for file in tree.files] == ["manifest.yml"]


NAMES = [b"a\nb", b"caf\xe9", b"caf\xc3\xa9", b" blank ", b"tab\there", b'"quoted"', b"-n", b":(top)x"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_are_taken_as_they_are(clone: Clone, name: bytes) -> None:
    for where in (b"ignored", b"new"):
        path = os.fsencode(clone.package) + b"/" + where
        Path(os.fsdecode(path)).mkdir()
        Path(os.fsdecode(path + b"/" + name)).write_bytes(b"text\n")
    clone.write(f"{PACKAGE}/.gitignore", b"/ignored/*\n")
    clone.git("add", f"{PACKAGE}/.gitignore")
    clone.git("commit", "-q", "-m", "Ignore")

    found = clone.examine()

    assert found.ignored == (f"ignored/{os.fsdecode(name)}",)
    assert found.uncommitted == {f"new/{os.fsdecode(name)}": State.UNTRACKED}
    assert f"new/{os.fsdecode(name)}" in clone.paths()


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_package_may_lie_in_a_folder_of_any_name(clone: Clone, name: bytes) -> None:
    inside = os.fsdecode(os.fsencode(clone.top) + b"/" + name)
    shutil.copytree(clone.package, inside)
    (Path(inside) / ".env").touch()
    clone.write(".git/info/exclude", b".env\n")

    found = working_tree.examine(Path(inside), clone.environ)

    assert found is not None
    assert found.ignored == (".env",)
    assert set(found.uncommitted) == {"manifest.yml", "docs/README.md"}


def test_many_ignored_files_are_one_folder(clone: Clone) -> None:
    clone.write(".gitignore", b"node_modules/\n")
    modules = clone.package / "node_modules"
    for number in range(3000):
        (modules / str(number % 100)).mkdir(parents=True, exist_ok=True)
        (modules / str(number % 100) / f"{number}.js").touch()

    assert clone.examine().ignored == ("node_modules/",)
    assert len(clone.paths()) == 2


# --- not as committed --------------------------------------------------------------------------------


def test_a_clean_checkout_is_as_committed(clone: Clone) -> None:
    assert not clone.examine().uncommitted
    (clone.package / "manifest.yml").touch()  # another time alone is no change

    assert not clone.examine().uncommitted


def changed(clone: Clone) -> None:
    clone.write(MANIFEST, b"name: other\n")


def staged(clone: Clone) -> None:
    changed(clone)
    clone.git("add", "-A")


def deleted(clone: Clone) -> None:
    (clone.top / MANIFEST).unlink()


def deleted_and_staged(clone: Clone) -> None:
    clone.git("rm", "-q", MANIFEST)


def a_link(clone: Clone) -> None:
    deleted(clone)
    (clone.top / MANIFEST).symlink_to("docs/README.md")


def unwatched(clone: Clone) -> None:
    clone.git("update-index", "--assume-unchanged", MANIFEST)
    changed(clone)


def skipped(clone: Clone) -> None:
    clone.git("update-index", "--skip-worktree", MANIFEST)
    changed(clone)


def sparse(clone: Clone) -> None:
    clone.git("sparse-checkout", "set", "--no-cone", f"/{PACKAGE}/docs/")
    assert not (clone.top / MANIFEST).exists()


def conflicting(clone: Clone) -> None:
    for branch in ("left", "right"):
        clone.git("checkout", "-q", "-b", branch, "main")
        clone.write(MANIFEST, f"name: {branch}\n".encode())
        clone.commit()
    clone.git("merge", "left", check=False)


@pytest.mark.parametrize(
    ("work", "state"),
    [
        (changed, State.CHANGED),
        (staged, State.STAGED),
        (deleted, State.DELETED),
        (deleted_and_staged, State.DELETED),
        (a_link, State.CHANGED),
        (unwatched, State.UNWATCHED),
        (skipped, State.UNWATCHED),
        (sparse, State.UNWATCHED),
        (conflicting, State.CHANGED),
    ],
)
def test_a_file_that_is_not_as_committed_is_named(
    clone: Clone, work: Callable[[Clone], None], state: State
) -> None:
    work(clone)

    assert clone.examine().uncommitted == {"manifest.yml": state}


def test_a_renamed_file_is_one_that_is_gone_and_one_that_is_new(clone: Clone) -> None:
    clone.git("mv", MANIFEST, f"{PACKAGE}/renamed.yml")

    assert clone.examine().uncommitted == {
        "manifest.yml": State.DELETED,
        "renamed.yml": State.STAGED,
    }


def test_before_the_first_commit_nothing_is_committed(clone: Clone) -> None:
    clone.git("update-ref", "-d", "HEAD")

    assert set(clone.examine().uncommitted.values()) == {State.STAGED}
    clone.git("rm", "-rq", "--cached", ".")
    assert set(clone.examine().uncommitted.values()) == {State.UNTRACKED}


def test_what_lies_beside_the_package_does_not_count(clone: Clone) -> None:
    clone.write("packages/anglerfish2/manifest.yml")
    clone.write("notes.md")

    assert not clone.examine().uncommitted


# --- bytes -------------------------------------------------------------------------------------------


def test_files_that_git_converts_at_checkout_are_as_committed(clone: Clone) -> None:
    clone.write(".gitattributes", b"*.ident ident\n*.utf16 working-tree-encoding=UTF-16\n")
    clone.write(f"{PACKAGE}/a.ident", b"$Id$\n")
    clone.write(f"{PACKAGE}/b.utf16", "text\n".encode("utf-16"))
    clone.commit()
    clone.git("config", "core.autocrlf", "true")
    clone.git("rm", "-rq", "--cached", ".")
    clone.git("reset", "-q", "--hard")
    assert b"\r\n" in (clone.top / MANIFEST).read_bytes()

    assert not clone.examine().uncommitted
    for file in clone.source().tree.files:
        assert file.read(limit=1000) == clone.committed(f"{PACKAGE}/{file.path}")


POINTER = """\
version https://git-lfs.github.com/spec/v1
oid sha256:{digest}
size {size}
"""


def with_a_filter(clone: Clone, data: bytes) -> Clone:
    """A clone, right after its checkout, of a repository whose filter keeps a pointer for each file."""
    pointer = POINTER.format(digest=hashlib.sha256(data).hexdigest(), size=len(data))
    (clone.top.parent / "data").write_bytes(data)
    (clone.top.parent / "pointer").write_text(pointer)
    clone.write(".gitattributes", b"*.png filter=lfs\n")
    clone.write(f"{PACKAGE}/img/a.png", pointer.encode())
    clone.commit()
    other = Clone(clone.top.parent / "other", Path(clone.environ["HOME"]))
    clone.git("clone", "-q", "--no-checkout", str(clone.top), str(other.top))
    other.git("config", "filter.lfs.clean", f"cat >/dev/null; cat {clone.top.parent}/pointer")
    other.git("config", "filter.lfs.smudge", f"cat >/dev/null; cat {clone.top.parent}/data")
    other.git("checkout", "-q", "main")
    return other


def at_once(clone: Clone) -> None:
    """The file is as new as the index."""
    time = (clone.package / "img/a.png").stat().st_mtime_ns
    os.utime(clone.top / ".git/index", ns=(time, time))


def later(clone: Clone) -> None:
    os.utime(clone.package / "img/a.png", (1, 1))


@pytest.mark.parametrize("work", [at_once, later])
def test_a_file_that_a_filter_has_made_is_as_committed(
    clone: Clone, work: Callable[[Clone], None]
) -> None:
    fresh = with_a_filter(clone, b"a picture")
    assert (fresh.package / "img/a.png").read_bytes() == b"a picture"
    work(fresh)

    assert not fresh.examine().uncommitted
    data = fresh.source().tree.read("img/a.png", limit=1000)
    assert data == fresh.committed(f"{PACKAGE}/img/a.png")
    assert not fresh.git("status", "--porcelain")


def test_a_file_of_another_filter_is_as_committed_while_it_is_as_git_has_noted(clone: Clone) -> None:
    fresh = with_a_filter(clone, b"a picture")
    (clone.top.parent / "pointer").write_text("sealed\n")
    path = fresh.write(f"{PACKAGE}/img/b.png", b"a picture")
    fresh.git("add", path.as_posix())
    fresh.git("commit", "-q", "-m", "Sealed")
    time = path.stat().st_mtime_ns
    os.utime(fresh.top / ".git/index", ns=(time, time))

    assert "img/b.png" not in fresh.examine().uncommitted
    os.utime(path, (1, 1))
    assert fresh.examine().uncommitted["img/b.png"] is State.CHANGED


@pytest.mark.parametrize("data", [b"A PICTURE", b"another picture"])
def test_a_changed_file_with_a_filter_is_changed(clone: Clone, data: bytes) -> None:
    fresh = with_a_filter(clone, b"a picture")
    path = fresh.write(f"{PACKAGE}/img/a.png", data)
    os.utime(path, (1, 1))

    assert fresh.examine().uncommitted == {"img/a.png": State.CHANGED}


def test_rights_that_are_not_as_committed_are_a_change_with_a_filter_too(clone: Clone) -> None:
    fresh = with_a_filter(clone, b"a picture")
    (fresh.package / "img/a.png").chmod(0o755)

    assert fresh.examine().uncommitted == {"img/a.png": State.CHANGED}


def test_a_pointer_without_a_filter_is_a_text(clone: Clone) -> None:
    pointer = POINTER.format(digest=hashlib.sha256(b"a picture").hexdigest(), size=9)
    clone.write(f"{PACKAGE}/img/a.png", pointer.encode())
    clone.commit()
    clone.write(f"{PACKAGE}/img/a.png", b"a picture")

    assert clone.examine().uncommitted == {"img/a.png": State.CHANGED}


def test_a_changed_file_is_as_it_is_on_disk(clone: Clone) -> None:
    clone.git("config", "core.autocrlf", "true")
    clone.write(MANIFEST, b"name: other\r\n")

    assert clone.source().tree.read("manifest.yml", limit=100) == b"name: other\r\n"


def test_a_link_is_one_where_the_disk_has_none(clone: Clone) -> None:
    (clone.package / "link.md").symlink_to("docs/README.md")
    clone.commit()
    clone.git("config", "core.symlinks", "false")
    (clone.package / "link.md").unlink()
    clone.git("checkout", "-q", "--", ".")
    assert not (clone.package / "link.md").is_symlink()

    (link,) = [file for file in clone.source().tree.files if file.path == "link.md"]

    assert link.kind is Kind.SYMLINK


def test_a_repository_of_the_newer_digest_is_read(clone: Clone) -> None:
    shutil.rmtree(clone.top / ".git")
    clone.git("init", "-q", "--object-format=sha256", "-b", "main")
    clone.commit()
    clone.git("config", "core.autocrlf", "true")
    clone.git("rm", "-rq", "--cached", ".")
    clone.git("reset", "-q", "--hard")

    assert clone.source().tree.read("manifest.yml", limit=100) == b"name: anglerfish\n"


# --- around the package ------------------------------------------------------------------------------


def test_an_ignored_file_of_the_repository_is_not_there(clone: Clone) -> None:
    clone.write(".gitignore", b"*.local\nprivate/\n")
    clone.write("notes.local")
    clone.write("private/notes.md")

    repository = clone.source().repository

    assert repository.find("notes.local") is None
    assert repository.find("private/notes.md") is None
    assert repository.find("LICENSE.txt") is not None


def test_a_changed_file_of_the_repository_is_named_once_it_is_asked_for(clone: Clone) -> None:
    clone.write("LICENSE.txt", b"Not free.\n")
    around = Surroundings(clone.top, clone.environ)
    source = folder.package(clone.package, git=clone.examine(), around=around)
    assert not around.uncommitted

    source.repository.find("LICENSE.txt")

    assert around.uncommitted == {"LICENSE.txt": State.CHANGED}


@pytest.mark.parametrize("work", [deleted, deleted_and_staged, sparse])
def test_a_committed_file_of_the_repository_that_the_disk_lacks_is_named(
    clone: Clone, work: Callable[[Clone], None]
) -> None:
    work(clone)
    around = Surroundings(clone.top, clone.environ)
    source = folder.package(clone.package, git=clone.examine(), around=around)

    assert source.repository.find(MANIFEST) is None
    assert source.repository.find("never.md") is None
    assert set(around.uncommitted) == {MANIFEST}


def test_a_folder_of_the_repository_is_no_file_of_it(clone: Clone) -> None:
    clone.write("shared/new.md")
    around = Surroundings(clone.top, clone.environ)
    source = folder.package(clone.package, git=clone.examine(), around=around)

    assert source.repository.find("shared") is None
    assert not around.uncommitted


def test_a_file_of_another_repository_is_no_file_of_this_one(clone: Clone) -> None:
    clone.write("inner/notes.md")
    clone.git("init", "-q", "inner")

    assert clone.source().repository.find("inner/notes.md") is None


def test_what_git_cannot_tell_of_a_file_of_the_repository_is_not_committed(clone: Clone) -> None:
    around = Surroundings(clone.top, clone.environ)
    source = folder.package(clone.package, git=clone.examine(), around=around)
    clone.write(".git/index", b"DIRC and no more")

    assert source.repository.find("LICENSE.txt") is not None
    assert around.uncommitted == {"LICENSE.txt": State.UNKNOWN}


# --- repositories of other kinds ---------------------------------------------------------------------


def test_outside_of_a_repository_every_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text(".env\n")
    (tmp_path / ".env").touch()

    assert working_tree.examine(tmp_path, {"PATH": "/nowhere"}) is None
    assert len(folder.package(tmp_path).tree.files) == 2


def test_a_bare_repository_around_a_folder_is_none(clone: Clone, tmp_path: Path) -> None:
    clone.git("clone", "-q", "--bare", str(clone.top), str(tmp_path / "bare.git"))
    shutil.copytree(clone.package, tmp_path / "bare.git/package")

    assert working_tree.examine(tmp_path / "bare.git/package", clone.environ) is None


@pytest.mark.parametrize("link", ["a worktree", "a symbolic link"])
def test_a_worktree_and_a_link_lead_to_the_repository(clone: Clone, tmp_path: Path, link: str) -> None:
    clone.write(".gitignore", b".env\n")
    clone.commit()
    other = tmp_path / "other"
    if link == "a worktree":
        clone.git("worktree", "add", "-q", str(other))
    else:
        other.symlink_to(clone.top)
    (other / PACKAGE / ".env").touch()

    found = working_tree.examine(other / PACKAGE, clone.environ)

    assert found is not None
    assert (found.ignored, found.uncommitted) == ((".env",), {})


def test_a_worktrees_own_git_file_is_no_file_of_the_package(clone: Clone, tmp_path: Path) -> None:
    clone.git("mv", MANIFEST, "manifest.yml")
    clone.commit()
    clone.git("worktree", "add", "-q", str(tmp_path / "other"))

    tree = folder.package(tmp_path / "other").tree

    assert ".git" not in [file.path for file in tree.files]


def test_a_submodule_is_one_and_its_files_are_not_the_packages(clone: Clone, tmp_path: Path) -> None:
    clone.git("clone", "-q", str(clone.top), str(tmp_path / "inner"))
    clone.git("submodule", "add", "-q", str(tmp_path / "inner"), f"{PACKAGE}/inner")
    clone.commit()

    kinds = {file.path: file.kind for file in clone.source().tree.files}

    assert kinds == {
        "manifest.yml": Kind.FILE,
        "docs/README.md": Kind.FILE,
        "inner": Kind.SUBMODULE,
    }
    inner = working_tree.examine(clone.package / "inner" / PACKAGE, clone.environ)
    assert inner is not None
    assert not inner.uncommitted


def test_a_repository_in_the_package_is_named(clone: Clone) -> None:
    clone.git("init", "-q", f"{PACKAGE}/nested")
    clone.write(f"{PACKAGE}/nested/more.md")

    assert clone.examine().uncommitted == {"nested/": State.UNTRACKED}
    assert clone.paths() == ["docs/README.md", "manifest.yml", "nested/more.md"]


def a_file_that_leads_nowhere(clone: Clone) -> None:
    shutil.rmtree(clone.top / ".git")
    clone.write(".git", b"gitdir: /nowhere/at/all\n")


def an_empty_folder(clone: Clone) -> None:
    shutil.rmtree(clone.top / ".git")
    (clone.top / ".git").mkdir()


def a_broken_index(clone: Clone) -> None:
    clone.write(".git/index", b"DIRC and no more")


def a_broken_configuration(clone: Clone) -> None:
    clone.write(".git/config", b"[core\n")


def said_to_be_bare(clone: Clone) -> None:
    clone.git("config", "core.bare", "true")


def another_working_tree(clone: Clone) -> None:
    clone.git("config", "core.worktree", "/usr")


def no_git(clone: Clone) -> None:
    clone.environ["PATH"] = "/nowhere"


@pytest.mark.parametrize(
    "work",
    [
        a_file_that_leads_nowhere,
        an_empty_folder,
        a_broken_index,
        a_broken_configuration,
        said_to_be_bare,
        another_working_tree,
        no_git,
    ],
)
def test_what_git_cannot_tell_is_said_and_every_file_is_taken(
    clone: Clone, work: Callable[[Clone], None]
) -> None:
    clone.write(".gitignore", b"docs/\n")
    work(clone)

    found = clone.examine()

    assert found.unknown
    assert found == WorkingTree(unknown=found.unknown)
    assert clone.paths() == ["docs/README.md", "manifest.yml"]


def test_a_repository_of_another_user_is_read(clone: Clone) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a repository away")
    for path in (clone.top, *clone.top.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)

    assert not clone.examine().unknown


# --- hostile repositories ----------------------------------------------------------------------------


def test_a_repository_starts_no_program_of_its_own(clone: Clone, tmp_path: Path) -> None:
    bait = tmp_path / "bait"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {bait}\ncat\n")
    program.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.askPass",
        "diff.external",
        "diff.all.textconv",
        "diff.all.command",
        "filter.all.clean",
        "filter.all.smudge",
        "filter.a.b c.process",
        "alias.status",
        "alias.ls-files",
        "credential.helper",
        "remote.origin.uploadpack",
        "submodule.inner.update",
        "gpg.program",
    ):
        text = f"!{program}" if key.startswith(("alias", "credential", "submodule")) else str(program)
        clone.git("config", key, text)
    clone.git("config", "filter.all.required", "true")
    hooks = clone.top / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "fsmonitor-watchman", "pre-commit", "post-checkout"):
        shutil.copy(program, hooks / hook)
    clone.git("config", "core.hooksPath", str(hooks))
    clone.write(".gitattributes", b"*.yml filter=all diff=all\n*.md filter=a.b\\ c\n")
    clone.write(".git/info/attributes", b"*.yml filter=all diff=all\n")
    os.utime(clone.top / MANIFEST, (1, 1))
    bait.unlink(missing_ok=True)

    found = clone.examine()
    clone.source()

    assert not found.unknown
    assert not bait.exists()
    os.utime(clone.top / MANIFEST, (2, 2))
    clone.git("-c", "core.fsmonitor=false", "status", check=False)
    assert bait.exists(), "git itself would not have started it either"


def test_a_submodules_own_configuration_starts_nothing(clone: Clone, tmp_path: Path) -> None:
    clone.git("clone", "-q", str(clone.top), str(tmp_path / "inner"))
    clone.git("submodule", "add", "-q", str(tmp_path / "inner"), f"{PACKAGE}/inner")
    clone.commit()
    bait = tmp_path / "bait"
    clone.git("config", "core.fsmonitor", f"touch {bait}; false", cwd=clone.package / "inner")

    clone.source()

    assert not bait.exists()


def test_nothing_is_fetched(clone: Clone, tmp_path: Path) -> None:
    bait = tmp_path / "bait"
    clone.git("config", "uploadpack.allowFilter", "true")
    other = Clone(tmp_path / "partial", Path(clone.environ["HOME"]))
    url = f"file://{clone.top}"
    clone.git("clone", "-q", "--filter=blob:none", url, str(other.top))
    pack = f"sh -c 'touch {bait}; exec git-upload-pack \"$@\"' --"
    other.git("config", "remote.origin.uploadpack", pack)
    other.git("config", "core.autocrlf", "true")
    blobs = [line.split()[0] for line in other.git("rev-list", "--objects", "--all").splitlines()]
    assert blobs
    clone.write(MANIFEST, b"name: later\n")
    clone.commit()
    other.git("fetch", "-q", "--upload-pack", "git-upload-pack")
    other.git("update-ref", "HEAD", "FETCH_HEAD")
    bait.unlink(missing_ok=True)

    other.examine()

    assert not bait.exists()


def test_nothing_is_written(clone: Clone) -> None:
    def state() -> dict[str, str]:
        files = [path for path in clone.top.rglob("*") if path.is_file()]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    (clone.top / MANIFEST).touch()
    before = state()

    clone.source()

    assert state() == before
