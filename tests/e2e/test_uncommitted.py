"""At a terminal: packages in a git repository are published as they are committed, and not otherwise."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Scene, workplace
from tests.e2e.test_terminal import Desk
from tests.fakes.keys import Key
from tests.fakes.workplace import Workplace, objects

FOLDER = "packages/lanternfish"
ZIP = "artifacts/packages/lanternfish-1.2.0.zip"


@pytest.fixture
def checkout() -> Iterator[Workplace]:
    """A clone whose packages are committed, with an ignored file in one."""
    with workplace() as place:
        place.write(".gitignore", ".env\n.idea/\n")
        place.commit("Ignore")
        place.write(f"{FOLDER}/.env", "PASSWORD=barnacle\n")
        place.write(f"{FOLDER}/.idea/workspace.xml", "<xml/>\n")
        yield place


@pytest.fixture
def desk(checkout: Workplace) -> Desk:
    return Desk(checkout.folder)


def package(checkout: Workplace, name: str = "lanternfish") -> Path:
    return checkout.clone / "packages" / name


def test_ignored_files_are_not_published_and_the_log_names_them(
    checkout: Workplace, desk: Desk, key: Key
) -> None:
    done = desk.run("publish", package(checkout), *desk.to_bucket, key=key)

    assert done.status == 0, done.err
    names = objects(desk.bucket)
    assert ZIP in names
    assert not [name for name in names if ".env" in name or ".idea" in name]
    assert "left out, because git ignores them: .env, .idea/" in done.err


@pytest.mark.parametrize("command", ["build", "validate", "entry"])
def test_every_command_takes_the_same_files(checkout: Workplace, desk: Desk, command: str) -> None:
    output = ("--output", desk.folder / "out") if command == "build" else ()
    done = desk.run(command, package(checkout), *output)
    (package(checkout) / ".env").unlink()
    shutil.rmtree(package(checkout) / ".idea")
    clean = desk.run(command, package(checkout), *output)

    assert (done.status, clean.status) == (0, 0), done.err
    assert done.out == clean.out
    assert [line for line in done.err.splitlines() if line not in clean.err.splitlines()] == [
        f"{package(checkout)}: left out, because git ignores them: .env, .idea/"
    ]


def new(checkout: Workplace) -> str:
    checkout.write(f"{FOLDER}/docs/new.md", "# New\n")
    return "docs/new.md (untracked)"


def changed(checkout: Workplace) -> str:
    checkout.write(f"{FOLDER}/docs/README.md", "# Other\n")
    return "docs/README.md (changed)"


def staged(checkout: Workplace) -> str:
    changed(checkout)
    checkout.git("add", f"{FOLDER}/docs/README.md")
    return "docs/README.md (staged, not committed)"


def deleted(checkout: Workplace) -> str:
    (package(checkout) / "docs/README.md").unlink()
    return "docs/README.md (deleted)"


def licence(checkout: Workplace) -> str:
    checkout.write("LICENSE.txt", "Other terms.\n")
    return "../../LICENSE.txt (changed)"


def linked(checkout: Workplace) -> str:
    checkout.write(f"{FOLDER}/docs/more.md.link", "../../../shared.md\n")
    checkout.write("shared.md", "# Shared\n")
    checkout.commit("A link")
    checkout.write("shared.md", "# Shared, and other\n")
    return "../../shared.md (changed)"


def licence_deleted(checkout: Workplace) -> str:
    (checkout.clone / "LICENSE.txt").unlink()
    return "../../LICENSE.txt (deleted)"


def licence_removed(checkout: Workplace) -> str:
    checkout.git("rm", "-q", "LICENSE.txt")
    return "../../LICENSE.txt (deleted)"


def licence_not_checked_out(checkout: Workplace) -> str:
    checkout.git("sparse-checkout", "set", "--no-cone", f"/{FOLDER}/")
    return "../../LICENSE.txt (git is told not to look at it)"


def table_of_links(checkout: Workplace) -> str:
    checkout.write(f"{FOLDER}/_dev/build/docs/README.md", "# Lanternfish\n")
    checkout.write("links_table.yml", "links: {}\n")
    checkout.commit("A table")
    checkout.write("links_table.yml", "links: {a: https://b.example}\n")
    return "../../links_table.yml (changed)"


def schema(checkout: Workplace) -> str:
    checkout.write(
        f"{FOLDER}/_dev/build/build.yml", "dependencies: {ecs: {reference: file://../../ecs}}\n"
    )
    checkout.write(f"{FOLDER}/data_stream/glow/fields/ecs.yml", "- {name: message, external: ecs}\n")
    checkout.commit("A schema to come")
    checkout.write("ecs", "message: {}\n")
    return "../../ecs (untracked)"


def no_repository_any_more(checkout: Workplace) -> str:
    (checkout.clone / ".git/HEAD").unlink()
    return "git cannot say whether the files are committed"


def ignored_itself(checkout: Workplace) -> str:
    shutil.rmtree(checkout.clone / ".git")
    subprocess.run(["git", "init", "-q", checkout.clone], check=True)
    checkout.write(".gitignore", "packages/\n")
    return "git ignores the folder"


AROUND = [
    licence,
    licence_deleted,
    licence_removed,
    licence_not_checked_out,
    linked,
    table_of_links,
    schema,
]
WAYS = [new, changed, staged, deleted, *AROUND, no_repository_any_more, ignored_itself]


@pytest.mark.parametrize("work", WAYS)
def test_what_is_not_as_committed_is_refused_by_name(
    checkout: Workplace, desk: Desk, key: Key, work: Callable[[Workplace], str]
) -> None:
    named = work(checkout)

    done = desk.run("publish", package(checkout), *desk.to_bucket, key=key)

    assert done.status == 2, done.err
    (error,) = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert named in error
    assert str(package(checkout)) in error
    assert "--allow-dirty" in error
    assert not desk.bucket.exists()


def test_a_dry_run_warns_and_goes_on(checkout: Workplace, desk: Desk) -> None:
    named = changed(checkout)

    done = desk.run("publish", "--dry-run", package(checkout), *desk.to_bucket)

    assert done.status == 0, done.err
    (warning,) = [line for line in done.err.splitlines() if line.startswith("warning: ")]
    assert "publishing will be refused" in warning
    assert named in warning
    assert "will be published" in done.err


def test_who_says_so_publishes_what_is_not_committed_but_nothing_ignored(
    checkout: Workplace, desk: Desk, key: Key
) -> None:
    named = new(checkout)

    done = desk.run("publish", "--allow-dirty", package(checkout), *desk.to_bucket, key=key)

    assert done.status == 0, done.err
    assert f"not as committed: {named}" in done.err
    names = objects(desk.bucket)
    assert "artifacts/static/lanternfish-1.2.0/docs/new.md" in names
    assert not [name for name in names if ".env" in name]


def test_a_package_that_is_refused_does_not_hold_the_others_back(
    checkout: Workplace, desk: Desk, key: Key
) -> None:
    changed(checkout)

    paths = [package(checkout, name) for name in ("lanternfish", "tidewire")]
    done = desk.run("publish", *paths, *desk.to_bucket, key=key)

    assert done.status == 2, done.err
    assert "artifacts/packages/tidewire-0.4.0.zip" in objects(desk.bucket)
    assert ZIP not in objects(desk.bucket)


def test_a_long_list_is_cut(checkout: Workplace, desk: Desk) -> None:
    for number in range(30):
        checkout.write(f"{FOLDER}/docs/note-{number:02}.md", "# Note\n")

    done = desk.run("entry", package(checkout))

    assert "docs/note-09.md (untracked) and 20 more" in done.err
    assert "note-10" not in done.err


def test_a_name_of_two_lines_stays_one_line(checkout: Workplace, desk: Desk) -> None:
    checkout.write(f"{FOLDER}/docs/a\n::error::pwned", "# Note\n")

    done = desk.run("validate", package(checkout))

    assert r"'docs/a\n::error::pwned' (untracked)" in done.err
    assert not [line for line in done.err.splitlines() if line.startswith("::")]


def test_a_file_that_is_not_committed_is_built_and_named(checkout: Workplace, desk: Desk) -> None:
    named = new(checkout)

    done = desk.run("build", package(checkout), "--output", desk.folder / "out")

    assert done.status == 0, done.err
    assert f"not as committed: {named}" in done.err


@pytest.mark.parametrize("work", AROUND)
@pytest.mark.parametrize("command", ["validate", "build"])
def test_what_is_taken_from_around_is_named_where_it_is_not_committed(
    checkout: Workplace, desk: Desk, work: Callable[[Workplace], str], command: str
) -> None:
    named = work(checkout)
    output = ("--output", desk.folder / "out") if command == "build" else ()

    done = desk.run(command, package(checkout), *output)

    assert f"not as committed: {named}" in done.err


def test_who_says_so_is_told_what_is_taken_from_around(
    checkout: Workplace, desk: Desk, key: Key
) -> None:
    named = licence(checkout)

    done = desk.run("publish", "--allow-dirty", package(checkout), *desk.to_bucket, key=key)

    assert done.status == 0, done.err
    assert f"not as committed: {named}" in done.err


def test_an_ignored_file_around_the_package_is_left_out_and_named(
    checkout: Workplace, desk: Desk
) -> None:
    checkout.write(".gitignore", "LICENSE.txt\nprivate/\n.env\n.idea/\n")
    checkout.git("rm", "-q", "--cached", "LICENSE.txt")
    checkout.write(f"{FOLDER}/docs/more.md.link", "../../../private/more.md\n")
    checkout.commit("A link")
    checkout.write("private/more.md", "# Private\n")

    done = desk.run("build", package(checkout), "--output", desk.folder / "out")

    assert "../../LICENSE.txt" in done.err
    assert "../../private/more.md" in done.err
    assert done.status != 0


def test_a_link_into_a_submodule_names_nothing(checkout: Workplace, desk: Desk, key: Key) -> None:
    inner = checkout.clone / "inner"
    subprocess.run(["git", "clone", "-q", checkout.origin, inner], check=True)
    checkout.write(f"{FOLDER}/docs/more.md.link", "../../../inner/LICENSE.txt\n")
    checkout.commit("A link into a submodule")

    done = desk.run("publish", package(checkout), *desk.to_bucket, key=key)

    assert done.status != 0, done.err
    assert "inner/LICENSE.txt is no file of the repository" in done.err
    assert not desk.bucket.exists()


@pytest.mark.parametrize("through", ["the package", "a folder above it"])
def test_a_link_of_the_disk_leads_to_the_repository_behind_it(
    checkout: Workplace, desk: Desk, through: str
) -> None:
    other = checkout.folder / "other"
    subprocess.run(["git", "init", "-q", other], check=True)
    (other / "LICENSE.txt").write_text("Terms of another repository.\n")
    link = other / "link"
    link.symlink_to(package(checkout) if through == "the package" else package(checkout).parent)
    named = link if through == "the package" else link / "lanternfish"

    done = desk.run("build", named, "--output", desk.folder / "out")
    straight = desk.run("build", package(checkout), "--output", desk.folder / "straight")

    assert (done.status, straight.status) == (0, 0), done.err
    zips = [desk.folder / place / "lanternfish-1.2.0.zip" for place in ("straight", "out")]
    assert zips[0].read_bytes() == zips[1].read_bytes()


def test_an_empty_git_folder_in_the_package_is_no_repository(checkout: Workplace, desk: Desk) -> None:
    straight = desk.run("build", package(checkout), "--output", desk.folder / "straight")
    (package(checkout) / ".git").mkdir()
    (package(checkout).parent / ".git").mkdir()

    done = desk.run("build", package(checkout), "--output", desk.folder / "out")

    assert (straight.status, done.status) == (0, 0), done.err
    zips = [desk.folder / place / "lanternfish-1.2.0.zip" for place in ("straight", "out")]
    assert zips[0].read_bytes() == zips[1].read_bytes()


def test_a_folder_without_git_is_published_as_it_is(desk: Desk, key: Key) -> None:
    done = desk.run("publish", desk.package(), *desk.to_bucket, key=key)

    assert done.status == 0, done.err
    assert "commit" not in done.err


def test_without_git_on_the_machine_a_checkout_is_not_published_unless_it_is_said(
    checkout: Workplace, desk: Desk, key: Key
) -> None:
    programs = desk.folder / "bin"
    programs.mkdir()
    for name in ("gpg", "gpg-agent", "gpgconf"):
        (programs / name).symlink_to(shutil.which(name) or "")
    environ = {"PATH": str(programs)}

    arguments = ("publish", package(checkout), *desk.to_bucket)
    refused = desk.run(*arguments, key=key, environ=environ)
    done = desk.run(*arguments, "--allow-dirty", key=key, environ=environ)

    assert refused.status == 2, refused.err
    assert "git can't be started" in refused.err
    assert done.status == 0, done.err
    assert "git cannot say what it ignores" in done.err


def test_a_clean_checkout_is_built_with_the_bytes_of_the_action(scene: Scene, tmp_path: Path) -> None:
    scene.place.write(".gitignore", "*.local\n")
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    assert scene.push(merge).status == 0
    clone = tmp_path / "other"
    line_ends = ("-c", "core.autocrlf=true")
    scene.place.git(*line_ends, "clone", "-q", str(scene.place.origin), str(clone))
    scene.place.git("config", "core.autocrlf", "true", cwd=clone)
    assert b"\r\n" in (clone / FOLDER / "manifest.yml").read_bytes()
    (clone / FOLDER / "notes.local").write_text("mine\n")
    desk = Desk(scene.place.folder)

    sources = [f"--{name}={scene.inputs[name]}" for name in ("ecs-url", "registry-url")]
    output = ("--output", tmp_path / "out")
    done = desk.run("build", clone / FOLDER, *output, *sources)

    assert done.status == 0, done.err
    built = (tmp_path / "out/lanternfish-1.3.0.zip").read_bytes()
    assert built == (scene.bucket / "artifacts/packages/lanternfish-1.3.0.zip").read_bytes()
