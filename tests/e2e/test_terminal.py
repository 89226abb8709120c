"""The command line, and what the Action says and leaves behind, where something is odd."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkgaction.model.json import Json, at, text_at
from tests.e2e.conftest import Scene, secrets
from tests.fakes import keys, specification
from tests.fakes.keys import Key
from tests.fakes.workplace import PACKAGES, ROOT, objects

NO_KEY: Mapping[str, str | None] = {
    "gpg-private-key": None,
    "gpg-passphrase": None,
    "gpg-fingerprint": None,
    "github-token": None,
}
PATIENCE = 20  # seconds until a process that does not end has failed the test


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return [*self.out.splitlines(), *self.err.splitlines()]


def _spec(command: str | Path, *arguments: str | Path) -> list[str]:
    """What these tests validate by, where they say nothing else: no test goes to the network."""
    validates = (
        command in {"validate", "build", "publish", "accept"} and "--package-spec" not in arguments
    )
    return ["--package-spec", "none"] if validates else []


@dataclass(frozen=True, slots=True)
class Desk:
    """A person's folder, with packages in it, and a terminal."""

    folder: Path

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def bucket(self) -> Path:
        return self.folder / "bucket"

    @property
    def to_bucket(self) -> tuple[str, str]:
        return "--bucket", f"file://{self.bucket}"

    def package(self, name: str = "lanternfish", to: str = "") -> Path:
        target = self.folder / (to or name)
        shutil.copytree(PACKAGES / name, target)
        shutil.copy(PACKAGES.parent / "LICENSE.txt", target)
        return target

    def rename(self, package: Path, name: str) -> None:
        manifest = package / "manifest.yml"
        text = manifest.read_text()
        manifest.write_text(re.sub(r"(?m)^name: .*$", lambda _: f"name: {json.dumps(name)}", text))

    def start(
        self,
        *arguments: str | Path,
        key: Key | None = None,
        environ: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        out: int = subprocess.PIPE,
    ) -> subprocess.Popen[str]:
        self.temporary.mkdir(exist_ok=True)
        given = {"PRIVATE_KEY": key.private, "PASSPHRASE": key.passphrase} if key else {}
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": str(ROOT),
            **{f"PKGACTION_GPG_{name}": text for name, text in given.items()},
            **(environ or {}),
        }
        command = [sys.executable, "-m", "pkgaction", *map(str, arguments), *_spec(*arguments)]
        return subprocess.Popen(command, env=env, cwd=cwd, stdout=out, stderr=subprocess.PIPE, text=True)

    def run(
        self,
        *arguments: str | Path,
        key: Key | None = None,
        environ: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        out: int = subprocess.PIPE,
    ) -> Done:
        with self.start(*arguments, key=key, environ=environ, cwd=cwd, out=out) as process:
            return ended(process)

    def files(self) -> set[Path]:
        inside = {path for path in self.folder.rglob("*") if self.temporary not in path.parents}
        return inside - {self.temporary}


def ended(process: subprocess.Popen[str]) -> Done:
    try:
        said, told = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Done(status=process.returncode, out=said or "", err=told)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A folder on a short path: gpg's sockets lie below it."""
    folder = Path(tempfile.mkdtemp(prefix="d-", dir="/tmp"))
    try:
        yield Desk(folder)
    finally:
        shutil.rmtree(folder)


def one_line(done: Done, *words: str, statuses: Sequence[int] = (2,)) -> None:
    """It failed, and one line says why."""
    assert done.status in statuses, done.err
    (line,) = done.err.splitlines()
    for word in words:
        assert word in line


# --- publish ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("second", ["folder", "the same folder", "zip"])
def test_one_version_named_twice_is_refused_and_nothing_is_written(
    desk: Desk, key: Key, second: str
) -> None:
    first = desk.package()
    other = first
    if second == "folder":
        other = desk.package(to="copy")
    if second == "zip":
        assert desk.run("build", first, "--output", desk.folder).status == 0
        other = desk.folder / "lanternfish-1.2.0.zip"

    done = desk.run("publish", first, other, *desk.to_bucket, key=key)

    assert done.status == 2, done.err
    assert "lanternfish 1.2.0" in done.err.replace("-1.2.0", " 1.2.0")
    assert "Traceback" not in done.err
    assert not desk.bucket.exists()


def no_manifest(desk: Desk) -> Path:
    (desk.folder / "broken").mkdir()
    return desk.folder / "broken"


def broken_manifest(desk: Desk) -> Path:
    package = desk.package("tidewire", to="broken")
    (package / "manifest.yml").write_text("name: [")
    return package


def missing(desk: Desk) -> Path:
    return desk.folder / "broken.zip"


def damaged(desk: Desk) -> Path:
    (desk.folder / "broken.zip").write_bytes(b"PK\3\4 and no more")
    return desk.folder / "broken.zip"


def longest_link(desk: Desk) -> Path:
    package = desk.package("tidewire", to="broken")
    (package / "docs/broken.md.link").write_text("a" * 300)
    return package


@pytest.mark.parametrize("where", ["first", "last"])
@pytest.mark.parametrize("bad", [no_manifest, broken_manifest, missing, damaged, longest_link])
def test_a_path_that_cant_be_used_is_named_and_the_good_one_is_published(
    desk: Desk, key: Key, bad: Callable[[Desk], Path], where: str
) -> None:
    good, broken = desk.package(), bad(desk)
    paths = [broken, good] if where == "first" else [good, broken]

    done = desk.run("publish", *paths, *desk.to_bucket, key=key)

    assert done.status in {1, 2}, done.err
    assert "artifacts/packages/lanternfish-1.2.0.zip" in objects(desk.bucket)
    assert any("broken" in line for line in done.err.splitlines())
    assert "Traceback" not in done.err


# --- rollback ---------------------------------------------------------------------------------------


def test_the_index_is_rolled_back_by_a_command(desk: Desk, key: Key) -> None:
    index = ("--index-bucket", f"file://{desk.folder}/index")
    cursors = []
    for name in ("lanternfish", "tidewire"):
        assert desk.run("publish", desk.package(name), *desk.to_bucket, *index, key=key).status == 0
        pointer = (desk.folder / "index/v2/metadata/cursor.json").read_text()
        cursors.append(text_at(json.loads(pointer), "current"))

    tried = desk.run("rollback", *index, "--to", cursors[0], "--dry-run", "--json")
    done = desk.run("rollback", *index, "--to", cursors[0], "--json")
    wrong = desk.run("rollback", *index, "--to", "1700000000")
    nowhere = desk.run("rollback", "--to", cursors[0])

    assert (tried.status, done.status) == (0, 0), tried.err + done.err
    found = json.loads(done.out)
    assert found["removed"] == json.loads(tried.out)["removed"] == ["tidewire-0.4.0"]
    assert json.loads(tried.out)["cursor"] == cursors[1] < found["cursor"]
    assert "removed: tidewire-0.4.0" in done.err
    one_line(wrong, "1700000000", cursors[0])
    one_line(nowhere, "--index-bucket")


# --- build, validate, entry -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../../x", "{folder}/x", "..", "a/b"])
def test_a_name_that_leads_out_of_the_output_folder_is_refused(desk: Desk, name: str) -> None:
    package = desk.package()
    desk.rename(package, name.format(folder=desk.folder))
    output = desk.folder / "one/two/three"
    output.mkdir(parents=True)
    before = desk.files()

    done = desk.run("build", package, "--no-validate", "--output", output)

    assert done.status in {1, 2}
    assert "Traceback" not in done.err
    assert desk.files() == before


@pytest.mark.parametrize("output", [".", "docs", "zips"])
def test_a_zip_is_never_built_into_the_package_itself(desk: Desk, output: str) -> None:
    package = desk.package()
    before = desk.files()

    done = desk.run("build", ".", "--output", output, cwd=package)

    one_line(done, str((package / output).resolve()), "--output")
    assert desk.files() == before


def test_build_without_an_output_leaves_the_package_it_stands_in_as_it_is(desk: Desk) -> None:
    package = desk.package()
    before = desk.files()

    done = desk.run("build", ".", cwd=package)

    assert done.status == 0, done.err
    made = package / "build" / "packages" / "lanternfish-1.2.0.zip"
    assert desk.files() - before == {made, made.parent, made.parent.parent}
    with zipfile.ZipFile(made) as archive:
        assert not any("/build/" in name for name in archive.namelist())


def test_a_package_that_is_a_repository_itself_is_valid_and_builds_the_same(desk: Desk) -> None:
    package = desk.package()
    outputs = [desk.folder / "before", desk.folder / "after"]
    assert desk.run("build", package, "--output", outputs[0]).status == 0
    subprocess.run(["git", "init", "-q", str(package)], check=True)

    done = desk.run("validate", "--json", package)

    assert done.status == 0, done.err
    assert ".git" not in done.out + done.err
    assert desk.run("build", package, "--output", outputs[1]).status == 0
    first, second = ((output / "lanternfish-1.2.0.zip").read_bytes() for output in outputs)
    assert first == second


def test_several_packages_are_built_in_the_order_in_which_they_are_named(desk: Desk) -> None:
    package = desk.package()
    other = package.with_name("anglerfish")
    shutil.copytree(package, other)
    manifest = other / "manifest.yml"
    manifest.write_text(manifest.read_text().replace("name: lanternfish", "name: anglerfish"))
    output = desk.folder / "zips"

    done = desk.run("build", "--json", package, other, package, "--output", output, "--jobs", "3")

    *built, again = map(json.loads, done.out.splitlines())
    names = [row["zip"] for row in built]
    assert names == [f"{output}/lanternfish-1.2.0.zip", f"{output}/anglerfish-1.2.0.zip"]
    assert again["problem"] == f"lanternfish-1.2.0.zip was built from {package} already"
    assert f"lanternfish-1.2.0.zip was built from {package} already" in done.err
    assert done.status == 2
    assert sorted(path.name for path in output.iterdir()) == [
        "anglerfish-1.2.0.zip",
        "lanternfish-1.2.0.zip",
    ]


def test_an_entry_whose_input_packages_cannot_be_had_is_that_of_the_files(desk: Desk) -> None:
    package = desk.package()
    manifest = package / "manifest.yml"
    required = "requires:\n  input:\n    - package: tidewire\n      version: 0.1.0\n"
    manifest.write_text(manifest.read_text() + required)

    done = desk.run("entry", package, "--registry-url", f"file://{desk.folder}/nowhere")

    assert done.status == 0, done.err
    assert at(json.loads(done.out), "package_manifest", "name") == "lanternfish"
    assert "of its files as they are" in done.err


def test_a_folders_entry_is_the_one_of_its_zip(desk: Desk) -> None:
    package = desk.package()
    (package / "_dev/test").mkdir(parents=True)
    (package / "_dev/test/config.yml").write_text("a: b\n")
    (package / "data_stream/glow/_dev/test").mkdir(parents=True)
    (package / "data_stream/glow/_dev/test/more.yml").write_text("a: b\n")
    (package / "docs/more.md.link").write_text("./README.md\n")
    assert desk.run("build", package, "--output", desk.folder).status == 0

    of_folder = desk.run("entry", package)
    of_zip = desk.run("entry", desk.folder / "lanternfish-1.2.0.zip")

    assert (of_folder.status, of_zip.status) == (0, 0), of_folder.err
    assert of_folder.out == of_zip.out
    assert "_dev" not in of_folder.out
    assert ".link" not in of_folder.out
    document: Json = json.loads(of_folder.out)
    assets = at(document, "package_manifest", "assets")
    assert isinstance(assets, list)
    assert "/package/lanternfish/1.2.0/docs/more.md" in assets


# --- one line, no traceback -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [("validate", "--json"), ("validate",), ("entry",), ("build", "--json", "--output", "{folder}")],
    ids=["validate as JSON", "validate", "entry", "build"],
)
def test_a_full_disk_behind_standard_output_is_said_in_one_line(
    desk: Desk, command: Sequence[str]
) -> None:
    package = desk.package()
    arguments = [text.format(folder=desk.folder) for text in command]
    with Path("/dev/full").open("wb") as full:
        done = desk.run(*arguments, package, out=full.fileno())

    one_line(done, "no space left on the runner's disk", statuses=(3,))


def test_an_output_that_is_a_file_is_said_in_one_line(desk: Desk) -> None:
    package = desk.package()
    (desk.folder / "file").touch()

    one_line(desk.run("build", package, "--output", desk.folder / "file"), str(desk.folder / "file"))


def test_a_signature_that_is_a_folder_is_said_in_one_line(desk: Desk, key: Key) -> None:
    path = desk.folder / "a.zip"
    path.write_bytes(b"a zip")
    (desk.folder / "a.zip.sig").mkdir()

    one_line(desk.run("sign", path, key=key), "a.zip.sig", statuses=(1, 2))


def commands_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("::", "##["))]


@pytest.mark.parametrize(
    "command",
    [
        ("validate",),
        ("validate", "--json"),
        ("build", "--output", "out"),
        ("build", "--no-validate", "--output", "out"),
        ("publish", "--dry-run", "--bucket", "file:///nowhere"),
    ],
    ids=["validate", "validate as JSON", "build", "build without validating", "publish"],
)
def test_a_package_with_a_workflow_commands_name_is_none_at_the_terminal(
    desk: Desk, command: Sequence[str]
) -> None:
    package = desk.package(to="::error::pwned")
    desk.rename(package, "::error::pwned")

    done = desk.run(*command, package.name, cwd=desk.folder)

    assert done.status in {1, 2}
    assert commands_of(done.out + done.err) == []


@pytest.mark.parametrize(
    "command",
    [
        ("validate",),
        ("build",),
        ("entry",),
        ("verify",),
        ("publish", "--dry-run", "--bucket", "file:///nowhere"),
        ("plan", "--repository"),
    ],
    ids=["validate", "build", "entry", "verify", "publish", "plan"],
)
@pytest.mark.parametrize("path", ["::error::pwned", "a\n::error::pwned"], ids=["name", "second line"])
def test_a_path_with_a_workflow_command_is_none_at_the_terminal(
    desk: Desk, command: Sequence[str], path: str
) -> None:
    done = desk.run(*command, path, cwd=desk.folder)

    assert done.status == 2
    assert commands_of(done.out + done.err) == []


def git(*arguments: str, cwd: Path) -> None:
    identity = ("-c", "user.name=Coral", "-c", "user.email=coral@deepwater.example")
    subprocess.run(["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True)


def test_a_plan_in_a_repository_without_commits_is_refused(desk: Desk) -> None:
    git("init", "-q", "-b", "main", str(desk.folder), cwd=desk.folder)

    done = desk.run("plan", "--repository", desk.folder)

    one_line(done, "HEAD")
    assert "Traceback" not in done.err


def test_a_plan_from_an_unknown_commit_without_a_remote_is_refused(desk: Desk) -> None:
    desk.package(to="packages/lanternfish")
    git("init", "-q", "-b", "main", str(desk.folder), cwd=desk.folder)
    git("add", "packages", cwd=desk.folder)
    git("commit", "-q", "-m", "First", cwd=desk.folder)

    done = desk.run("plan", "--repository", desk.folder, "--base", "relaese")

    one_line(done, "'relaese'", "remote")


def test_a_plan_in_a_missing_folder_is_refused(desk: Desk) -> None:
    done = desk.run("plan", "--repository", desk.folder / "nowhere")

    one_line(done, str(desk.folder / "nowhere"), "no such folder")


# --- signals ----------------------------------------------------------------------------------------


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def agents(folder: Path) -> list[str]:
    """The gpg-agents and the gpgs with a home below the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = path.read_bytes().decode(errors="replace")
            if str(folder) in command and command.startswith("gpg"):
                found.append(command)
    return found


@contextlib.contextmanager
def locked(bucket: Path) -> Iterator[Callable[[], bool]]:
    """Another process at the folder; whether somebody waits for it to be done."""
    own = bucket / ".pkgaction"
    own.mkdir(parents=True, exist_ok=True)
    with (own / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lambda: any(path.is_file() and path.name != "lock" for path in own.iterdir())


def forget_files(bucket: Path) -> None:
    """Leave of a publication what has to be completed from the stored zip."""
    for path in bucket.rglob("*"):
        inside = path.relative_to(bucket).as_posix()
        if path.is_file() and inside.startswith("artifacts/static/") and path.name != "manifest.yml":
            path.unlink()


@pytest.mark.parametrize(
    ("where", "number", "status"),
    [
        pytest.param("at the claim", signal.SIGTERM, 143, id="SIGTERM at the claim"),
        pytest.param("at the claim", signal.SIGINT, 130, id="Ctrl-C at the claim"),
        pytest.param("among the files", signal.SIGTERM, 143, id="SIGTERM among the files"),
    ],
)
def test_a_publish_that_is_ended_leaves_no_key_behind(
    desk: Desk, key: Key, where: str, number: int, status: int
) -> None:
    package = desk.package()
    if where == "among the files":
        assert desk.run("publish", package, *desk.to_bucket, key=key).status == 0
        forget_files(desk.bucket)
    with (
        locked(desk.bucket) as waited_for,
        desk.start("publish", package, *desk.to_bucket, key=key) as process,
    ):
        wait_until(waited_for)
        assert list(desk.temporary.glob("*/gpg"))
        process.send_signal(number)
        done = ended(process)

    assert done.status == status, done.err
    assert "Traceback" not in done.err
    assert list(desk.temporary.iterdir()) == []
    assert agents(desk.temporary) == []


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "Ctrl-C"]
)
def test_a_sign_that_is_ended_leaves_no_key_behind(
    desk: Desk, key: Key, number: int, status: int
) -> None:
    large = desk.folder / "large.zip"
    with large.open("wb") as stream:
        stream.truncate(8 << 30)
    with desk.start("sign", large, key=key) as process:
        wait_until(lambda: any("signature.asc" in command for command in agents(desk.temporary)))
        wait_until(lambda: bool(list(desk.temporary.glob("*/gpg/trial"))))
        process.send_signal(number)
        done = ended(process)

    assert done.status == status, done.err
    assert "Traceback" not in done.err
    assert list(desk.temporary.iterdir()) == []
    wait_until(lambda: agents(desk.temporary) == [])
    assert not (desk.folder / "large.zip.sig").exists()


def actions() -> list[int]:
    """The processes of the Action that this one has started: what else a process shows, it hides."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (path / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid() and b"entrypoint.py" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
    return found


def test_an_action_that_is_cancelled_still_reports(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    with locked(scene.bucket) as waited_for:

        def cancel() -> None:
            wait_until(waited_for)
            (process,) = actions()
            os.kill(process, signal.SIGTERM)

        canceller = threading.Thread(target=cancel)
        canceller.start()
        run = scene.push(merge)
        canceller.join()

    assert run.status == 143, run.log
    assert "cancelled" in run.summary
    assert run.outputs["published"] == "false"
    assert "Traceback" not in run.log
    assert list(scene.temporary.iterdir()) == []
    assert agents(scene.temporary) == []


# --- the Action -------------------------------------------------------------------------------------


def test_a_broken_manifest_does_not_hide_the_good_one_of_the_same_name(scene: Scene) -> None:
    def work() -> None:
        scene.place.bump("lanternfish", "1.3.0")
        scene.place.write("extra/lanternfish/manifest.yml", "name: lanternfish\nversion: [\n")

    run = scene.push(scene.merge(work), {"packages": "packages/*\nextra/*"})

    assert run.status == 1, run.log
    rows = json.loads(run.outputs["packages"])
    assert sorted((row["package"], row["status"]) for row in rows) == [
        ("extra/lanternfish", "failed"),
        ("packages/lanternfish", "published"),
    ]
    (comment,) = scene.github.comments
    for text in (comment.body, run.summary):
        assert "1.3.0" in text
        assert "its manifest can" in text
    assert any("file=extra/lanternfish/manifest.yml" in line for line in run.errors)
    assert "artifacts/packages/lanternfish-1.3.0.zip" in objects(scene.bucket)


def test_a_link_that_cant_be_followed_fails_its_package_alone(scene: Scene) -> None:
    links = {"tidewire": b"../\0/README.md", "saltmarsh": b"a" * 5_000, "harbour_board": b"b" * 300}

    def work() -> None:
        scene.place.bump("lanternfish", "1.3.0")
        for name, target in links.items():
            scene.place.bump(name, "9.0.0")
            scene.place.write(f"packages/{name}/docs/more.md.link", target)

    run = scene.push(scene.merge(work))

    assert run.status == 1, run.log
    assert "Traceback" not in run.log
    assert run.packages["lanternfish"]["status"] == "published"
    for name in links:
        assert run.packages[name]["status"] == "failed"
        told = f"{run.packages[name]['reason']} {[line for line in run.errors if name in line]}"
        assert "target" in told
        assert f"packages/{name}/docs/more.md.link" in told


def test_a_merged_pull_request_without_a_key_says_to_publish_on_push(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    event = scene.place.pull_request_event(merge, merged=True)

    run = scene.run("pull_request", event, NO_KEY, sha=merge.after)

    assert run.status == 0, run.log
    assert run.errors == []
    for text in (run.log, run.summary):
        assert "publish on push" in text
    assert run.outputs["published"] == "false"
    assert not scene.bucket.exists()


def test_a_wrong_passphrase_and_an_unknown_package_are_reported_together(
    scene: Scene, protected_key: Key
) -> None:
    changes = {**secrets(protected_key), "gpg-passphrase": "not the right one"}

    run = scene.republish("lanternfihs", changes)

    assert run.status == 2, run.log
    assert len(run.errors) == 2
    assert any("input package: " in line and "'lanternfihs'" in line for line in run.errors)
    assert any("input gpg-passphrase: " in line and "wrong" in line for line in run.errors)


def test_mode_plan_counts_and_comments_nothing(scene: Scene) -> None:
    def work() -> None:
        scene.place.bump("lanternfish", "1.3.0")
        scene.place.bump("tidewire", "0.5.0")

    run = scene.push(scene.merge(work), {"mode": "plan"})

    assert run.status == 0, run.log
    assert scene.github.comments == []
    assert {call.method for call in scene.github.requests} <= {"GET"}
    assert run.outputs["comment-url"] == ""
    for text in (run.log, run.summary):
        assert "2 packages to publish" in text
    assert json.loads(run.outputs["matrix"]) == {
        "include": [
            {"name": "lanternfish-1.3.0", "package": "lanternfish", "version": "1.3.0"},
            {"name": "tidewire-0.5.0", "package": "tidewire", "version": "0.5.0"},
        ]
    }
    assert not scene.bucket.exists()


# --- keys -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("passphrase", ["pässwörd", "пароль", " lead "], ids=["ä", "Cyrillic", "blanks"])
def test_a_passphrase_in_any_script_signs(desk: Desk, passphrase: str) -> None:
    key, path = keys.make(passphrase), desk.folder / "a.zip"
    path.write_bytes(b"a zip")

    done = desk.run("sign", path, key=key, environ={"LC_ALL": "C"})

    assert done.status == 0, done.err
    assert keys.verify(key, path.with_name("a.zip.sig"), path)


BAD_SECRETS = [
    pytest.param("gpg-passphrase", b"two\nlines", id="passphrase of two lines"),
    pytest.param("gpg-passphrase", b"\xff\xfe", id="passphrase"),
    pytest.param("gpg-private-key", b"-----BEGIN\xff", id="private key"),
    pytest.param("github-token", b"ghs_\xff", id="token"),
]


@pytest.mark.parametrize(("name", "data"), BAD_SECRETS)
def test_a_secret_that_is_no_line_of_text_is_refused_at_the_terminal(
    desk: Desk, key: Key, name: str, data: bytes
) -> None:
    path = desk.folder / "a.zip"
    path.write_bytes(b"a zip")
    variable = f"PKGACTION_{name.upper().replace('-', '_')}"

    done = desk.run("sign", path, key=key, environ={variable: os.fsdecode(data)})

    one_line(done, f"pkgaction sign: {variable}: ")
    assert list(desk.folder.glob("*.sig")) == []


@pytest.mark.parametrize(("name", "data"), BAD_SECRETS)
def test_a_secret_that_is_no_line_of_text_is_refused_by_the_action(
    scene: Scene, name: str, data: bytes
) -> None:
    run = scene.republish("lanternfish", {**NO_KEY, name: os.fsdecode(data)})

    assert run.status == 2, run.log
    (error,) = run.errors
    assert error.startswith(f"::error::input {name}: ")
    assert "Traceback" not in run.log
    assert not scene.bucket.exists()


@pytest.mark.parametrize(
    ("pin", "status"), [("none", 0), ("primary", 0), ("signing subkey", 0), ("other subkey", 1)]
)
def test_verify_takes_the_pin_of_the_key_or_of_the_very_subkey(
    desk: Desk, signed: Key, pin: str, status: int
) -> None:
    path = desk.folder / "a.zip"
    path.write_bytes(b"a zip")
    subkey, other = signed.subkeys
    assert desk.run("sign", path, "--gpg-fingerprint", subkey, key=signed).status == 0
    pins = {"none": "", "primary": signed.fingerprint, "signing subkey": subkey, "other subkey": other}

    done = desk.run("verify", "--json", path, "--gpg-fingerprint", pins[pin], key=signed)

    assert done.status == status, done.err
    row: Json = json.loads(done.out)
    assert at(row, "valid") is (status == 0)
    assert text_at(row, "fingerprint") == signed.fingerprint


def test_verify_refuses_what_another_key_signed(desk: Desk, signed: Key, key: Key) -> None:
    path = desk.folder / "a.zip"
    path.write_bytes(b"a zip")
    assert desk.run("sign", path, key=key).status == 0

    assert desk.run("verify", path, key=signed).status == 1
    assert desk.run("verify", path, "--gpg-fingerprint", signed.subkeys[0], key=key).status == 1
    assert desk.run("verify", path, key=key).status == 0


@pytest.fixture(scope="module")
def signed() -> Key:
    """A key with two subkeys that sign."""
    return keys.make("", usage="cert", subkeys=("sign", "sign"))


# --- validation by a specification -------------------------------------------------------------------


def _lamps(desk: Desk, **files: str) -> Path:
    package = desk.folder / "lamps"
    texts = {
        "manifest.yml": "format_version: 4.0.0\nname: lamps\ntitle: lamps\nversion: 1.0.0\n"
        "description: Lights.\ntype: integration\nowner:\n  github: deepwater\n",
        "changelog.yml": "- version: 1.0.0\n",
        "docs/README.md": "# Lamps\n",
    }
    for path, text in {**texts, **files}.items():
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text(text)
    return package


_BY = ("--package-spec", str(specification.FOLDER))


def test_each_finding_has_its_place_its_rule_and_its_code(desk: Desk) -> None:
    package = _lamps(desk, **{"lamps/lamps-red.yml": "---\nwatts: none\n", "lamps/ab/x": ""})

    done = desk.run("validate", "--json", package, *_BY)

    found: Json = json.loads(done.out)
    assert (done.status, at(found, "valid")) == (1, False)
    assert at(found, "notes") == []
    assert at(found, "errors") == [
        {
            "code": "schema-type",
            "rule": "schema-type",
            "file": "lamps/lamps-red.yml",
            "message": "watts: the value must be of type integer, it is of type string",
            "line": 2,
            "column": 8,
        }
    ]


def test_findings_for_code_scanning_are_one_log(desk: Desk) -> None:
    package = _lamps(desk, **{"docs/more.md": "x"})

    done = desk.run("validate", "--format", "sarif", package, *_BY, cwd=desk.folder)

    (run,) = json.loads(done.out)["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert (done.status, place["uri"]) == (1, "lamps/docs/more.md")


def test_a_zip_is_checked_as_a_built_package(desk: Desk) -> None:
    package = _lamps(desk)
    assert desk.run("build", package, "--output", desk.folder, *_BY).status == 0
    path = desk.folder / "lamps-1.0.0.zip"
    assert desk.run("validate", path, *_BY).status == 0
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("lamps-1.0.0/_dev/big.bin", "x")

    done = desk.run("validate", path, *_BY)

    assert done.status == 1
    assert "_dev: error: this may not be in a built package" in done.err
    assert desk.run("validate", path, *_BY, "--rules", "legacy").status == 0


def test_a_zip_that_does_not_pass_is_not_left_behind(desk: Desk, tmp_path: Path) -> None:
    spec = Path(shutil.copytree(specification.FOLDER, tmp_path / "spec"))
    root = spec / "spec/integration/spec.yml"
    root.write_text(
        root.read_text().replace(
            "type: folder, name: fog,", "type: file, name: fog, validationMode: source,"
        )
    )

    done = desk.run("build", _lamps(desk, fog="x"), "--output", desk.folder, "--package-spec", spec)

    assert done.status == 1, done.err
    assert "this may not be in a built package" in done.err
    assert not (desk.folder / "lamps-1.0.0.zip").exists()


def test_a_specification_that_is_not_there_ends_the_command(desk: Desk) -> None:
    done = desk.run("validate", _lamps(desk), "--package-spec", desk.folder / "nowhere")

    assert done.status == 3
    assert "no such folder" in done.err


@pytest.fixture
def root_package(desk: Desk) -> Path:
    """A package that is its whole repository, committed."""
    folder = desk.folder / "repository"
    shutil.copytree(PACKAGES / "lanternfish", folder)
    shutil.copy(PACKAGES.parent / "LICENSE.txt", folder)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "One"]):
        identity = ["-c", "user.name=A", "-c", "user.email=a@b.example"]
        subprocess.run(["git", "-C", str(folder), *identity, *command], check=True)
    return folder


def test_a_package_that_is_its_repository_is_built_into_what_no_zip_holds(
    desk: Desk, root_package: Path
) -> None:
    first = desk.run("build", ".", cwd=root_package)
    again = desk.run("build", ".", cwd=root_package)
    other = desk.run("build", ".", "--output", "build/other", cwd=root_package)
    inside = desk.run("build", ".", "--output", "img", cwd=root_package)
    published = desk.run("publish", ".", "--dry-run", *desk.to_bucket, cwd=root_package)

    assert "as committed" not in published.err
    assert [first.status, again.status, other.status] == [0, 0, 0], first.err + again.err + other.err
    zips = [root_package / "build" / name / "lanternfish-1.2.0.zip" for name in ("packages", "other")]
    assert zips[0].read_bytes() == zips[1].read_bytes()
    assert inside.status == 2
    assert f"or {root_package}/build/packages, which no zip holds" in inside.err


@pytest.mark.parametrize("option", ["--bucket", "--index-bucket"])
def test_a_bucket_inside_the_package_is_refused_before_anything_is_written(
    desk: Desk, root_package: Path, option: str
) -> None:
    buckets = {"--bucket": f"file://{desk.folder}/b", "--index-bucket": f"file://{desk.folder}/i"}
    buckets[option] = f"file://{root_package}/shelf"

    done = desk.run(
        "publish", ".", *(part for pair in buckets.items() for part in pair), cwd=root_package
    )

    assert done.status == 2
    assert "the bucket would lie in the package itself" in done.err
    assert option in done.err
    assert not (root_package / "shelf").exists()


def test_outside_of_git_a_file_is_named_as_it_is_found_from_here(desk: Desk, key: Key) -> None:
    folder = desk.folder / "plain"
    shutil.copytree(PACKAGES / "lanternfish", folder)
    manifest = folder / "manifest.yml"
    manifest.write_text(manifest.read_text().replace("title:", "t:", 1))

    done = desk.run("publish", ".", *desk.to_bucket, key=key, cwd=folder)

    assert done.status == 1
    assert "manifest.yml: title is missing" in done.err
    assert "plain/manifest.yml" not in done.err
