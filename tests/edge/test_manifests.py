"""What a manifest says however it is written, and what may stand where a package does."""

import codecs
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pkgaction.model.release import Plan
from tests.e2e.conftest import Scene
from tests.edge.conftest import Planner, failures, push, reasons, versions
from tests.fakes.workplace import Workplace

NO_TOKEN = {"github-token": None}


def manifest(name: str, version: str = "0.5.0") -> str:
    """The text of a manifest whose fourth line is the version."""
    return f"format_version: 3.1.0\nname: {name}\ntitle: Other\nversion: {version}\ntype: input\n"


def written(place: Workplace, planner: Planner, manifests: Mapping[str, str | bytes]) -> Plan:
    """Write all manifests by the name of their folder, and plan their push."""
    before = place.git("rev-parse", "HEAD")
    for folder, text in manifests.items():
        place.write(f"packages/{folder}/manifest.yml", text)
    return planner("push", push(before, place.commit("Work")))


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "BOM": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 BE": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
}


def test_e36_line_ends_and_encodings_change_nothing(place: Workplace, planner: Planner) -> None:
    """CRLF, CR, a byte order mark and UTF-16 are read like any other manifest."""
    names = {f"eel_{number}": encode for number, encode in enumerate(ENCODINGS.values())}

    made = written(place, planner, {name: encode(manifest(name)) for name, encode in names.items()})

    assert versions(made) == dict.fromkeys(names, "0.5.0")


def test_e36_a_package_with_crlf_and_a_mark_is_published_whole(scene: Scene) -> None:
    """A package with CRLF and a byte order mark is validated, built, indexed and published as it is."""
    place = scene.place
    text = b""

    def work() -> None:
        nonlocal text
        place.bump("tidewire", "0.5.0")
        for name in ("manifest.yml", "changelog.yml"):
            path = f"packages/tidewire/{name}"
            text = ENCODINGS["BOM"]((place.clone / path).read_text().replace("\n", "\r\n"))
            place.write(path, text)

    run = scene.push(place.squash_merge(work), NO_TOKEN)

    assert run.status == 0, run.log
    stored = scene.bucket / "artifacts/static/tidewire-0.5.0/changelog.yml"
    assert stored.read_bytes() == text


def test_e36_a_version_with_a_blank_is_invalid(place: Workplace, planner: Planner) -> None:
    """A blank around the version makes it invalid: the package fails, with the line."""
    blanks = ('"0.5.0 "', "' 0.5.0'", '"0.5.0\\n"', '"0.5.0\\u00a0"')

    made = written(place, planner, {f"eel_{n}": manifest("eel", v) for n, v in enumerate(blanks)})

    assert len(made.unreadable) == len(blanks)
    for broken in made.unreadable:
        assert "is no semantic version" in broken.finding.message
        assert broken.finding.place == "manifest.yml:4:10"


def test_e37_a_version_is_the_text_that_is_written(place: Workplace, planner: Planner) -> None:
    """Quoted, plain or by an anchor: a version is the text as it is written, never a number or date."""
    ways = ("1.20.30", '"1.20.30"', "'1.20.30'", "&a 1.20.30", ">-\n  1.20.30", "!!str 1.20.30")
    names = {f"eel_{number}": way for number, way in enumerate(ways)}

    made = written(place, planner, {name: manifest(name, way) for name, way in names.items()})

    assert versions(made) == dict.fromkeys(names, "1.20.30")


def test_e37_what_others_take_for_a_number_is_quoted_as_it_is_written(
    place: Workplace, planner: Planner
) -> None:
    """What a reader could take for a number or a date is told back exactly as it is written."""
    texts = ("1.10", "2026-01-05", "12:30:45", "1e3", "0x10", "010.1.1", "on")

    made = written(place, planner, {f"eel_{n}": manifest("eel", t) for n, t in enumerate(texts)})

    assert [message.split("'")[1] for message in failures(made).values()] == list(texts)


def test_e37_an_alias_is_followed_but_not_without_end(place: Workplace, planner: Planner) -> None:
    """Anchors and aliases are followed, and those that multiply without end fail their package."""
    aliased = manifest("eel").replace("version: 0.5.0", "a: &v 0.5.0\nversion: *v")
    bomb = ["name: crab", "a0: &a0 [x, x]"]
    bomb += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    made = written(place, planner, {"eel": aliased, "crab": "\n".join(bomb) + "\n"})

    assert versions(made) == {"eel": "0.5.0"}
    assert "aliases written out" in failures(made)["packages/crab"]


def test_e38_a_manifest_that_cant_be_used_fails_its_package_alone(
    place: Workplace, planner: Planner
) -> None:
    """A manifest that can't be used fails its package, with file, line and column; the others go on."""
    good = manifest("eel")
    bad = {
        "duplicate": (
            f"{good}version: 0.6.0\n",
            "6:1",
            "the key 'version' is there twice, first on line 4: remove one",
        ),
        "documents": (
            f"{good}---\nname: second\n",
            "6:1",
            "a second document starts here, one is expected",
        ),
        "list": (good.replace("0.5.0", "[0.5.0]"), "4", "version must be a text"),
        "map": (good.replace("name: eel", "name: {a: b}"), "2", "name must be a text"),
        "versionless": (good.replace("version: 0.5.0\n", ""), "1", "version is missing"),
        "nameless": (good.replace("name: eel\n", ""), "1", "name is missing"),
        "typeless": (good.replace("type: input\n", ""), "1", "type is missing"),
        "no_map": ("- eel\n", "1:1", "a map of keys and values is expected at the top"),
        "no_yaml": (
            f"{good}a: [\n",
            "7:1",
            "the file ends here, and a bracket or brace above is not closed",
        ),
    }

    made = written(
        place, planner, {"eel": good, **{folder: text for folder, (text, _, _) in bad.items()}}
    )

    assert versions(made) == {"eel": "0.5.0"}
    assert {
        broken.folder.removeprefix("packages/"): (broken.finding.place, broken.finding.message)
        for broken in made.unreadable
    } == {folder: (f"manifest.yml:{at}", what) for folder, (_, at, what) in bad.items()}


def test_e39_packages_are_where_the_globs_say_and_fixtures_are_none(
    place: Workplace, planner: Planner
) -> None:
    """Packages stand where the globs say; fixtures and data streams inside them are none."""
    before = place.git("rev-parse", "HEAD")
    place.write("outside/eel/manifest.yml", manifest("eel"))
    place.write("inputs/sea/crab/manifest.yml", manifest("crab"))
    fixture = "packages/tidewire/_dev/test/packages/fixture/manifest.yml"
    place.write(fixture, manifest("fixture"))
    place.write("packages/lanternfish/data_stream/glow/manifest.yml", "title: Other\ntype: logs\n")
    place.write("packages/notes/README.md", "No package.\n")
    place.bump("lanternfish", "9.9.9")
    globs = ("packages/**", "inputs/*/*")

    made = planner("push", push(before, place.commit("Work")), packages=globs)

    assert versions(made) == {"crab": "0.5.0", "lanternfish": "9.9.9"}
    assert made.unreadable == ()
    assert "its version is still" in reasons(made)["tidewire"]
    assert reasons(made)["notes"] == "it has no manifest.yml, so it is no package"


def submodule(place: Workplace, path: str) -> None:
    commit = place.git("rev-parse", "HEAD")
    place.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")


def test_e40_links_submodules_and_lfs_pointers_inside_a_package_fail_it(scene: Scene) -> None:
    """A link, a submodule or an LFS pointer inside a package fails it; the others are published."""
    place = scene.place

    def work() -> None:
        for name in ("lanternfish", "tidewire", "saltmarsh", "harbour_board"):
            place.bump(name, "9.9.9")
        (place.clone / "packages/tidewire/docs/link.md").symlink_to("README.md")
        pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
        place.write("packages/saltmarsh/img/large.png", pointer)

    before = place.git("rev-parse", "HEAD")
    work()
    place.git("add", "-A")
    submodule(place, "packages/harbour_board/module")
    place.git("commit", "-q", "-m", "Odd")
    after = place.git("rev-parse", "HEAD")
    place.git("push", "-q", "origin", "main")

    run = scene.run("push", push(before, after), NO_TOKEN, sha=after)

    assert run.status == 1, run.log
    assert {name: found["status"] for name, found in run.packages.items()} == {
        "harbour_board": "failed",
        "lanternfish": "published",
        "saltmarsh": "failed",
        "tidewire": "failed",
    }
    for said in ("this is a submodule", "this is a symbolic link", "this is a Git LFS pointer"):
        assert any(said in error for error in run.errors)


@pytest.mark.parametrize("packages", ["packages/*", "packages/**"])
def test_e40_a_package_folder_that_is_a_link_or_a_submodule_is_left_out_and_said(
    place: Workplace, planner: Planner, packages: str
) -> None:
    """A link or a submodule in the place of a package's folder is no package, and a notice says so."""
    before = place.git("rev-parse", "HEAD")
    (place.clone / "packages/link").symlink_to("tidewire")
    place.git("mv", "packages/saltmarsh", "marsh")
    (place.clone / "packages/saltmarsh").symlink_to("../marsh")
    place.git("add", "-A")
    submodule(place, "packages/module")
    place.git("commit", "-q", "-m", "Odd")

    made = planner("push", push(before, place.git("rev-parse", "HEAD")), packages=(packages,))

    assert (made.candidates, made.unreadable) == ((), ())
    said = {skip.folder: skip.reason for skip in made.skipped if skip.warn}
    assert "it is a symbolic link, which is never followed" in said["packages/link"]
    assert "it is a symbolic link, which is never followed" in said["packages/saltmarsh"]
    assert "it is a submodule, which is never followed" in said["packages/module"]


@pytest.mark.parametrize("name", ["tidewire", "eel"], ids=["in a package", "in a new folder"])
def test_e40_a_manifest_that_is_a_link_fails_its_package(
    place: Workplace, planner: Planner, name: str
) -> None:
    """A manifest that is a symbolic link is not followed: its package fails."""
    before = place.git("rev-parse", "HEAD")
    manifest = place.clone / "packages" / name / "manifest.yml"
    manifest.parent.mkdir(exist_ok=True)
    manifest.unlink(missing_ok=True)
    manifest.symlink_to("../lanternfish/manifest.yml")

    made = planner("push", push(before, place.commit("Work")))

    assert made.candidates == ()
    assert "this is a symbolic link" in failures(made)[f"packages/{name}"]


def test_e41_names_that_differ_in_case_alone_fail(place: Workplace, planner: Planner) -> None:
    """Two packages whose names differ in case or Unicode form alone both fail."""
    before = place.git("rev-parse", "HEAD")
    for folder, name in (("a", "Eel"), ("b", "eel"), ("c", "gr\u00f6sse"), ("d", "gro\u0308\u00dfe")):
        place.write(f"packages/{folder}/manifest.yml", manifest(name, "1.0.0"))
    place.bump("tidewire", "0.5.0")

    made = planner("push", push(before, place.commit("Work")))

    assert versions(made) == {"tidewire": "0.5.0"}
    assert set(failures(made)) == {f"packages/{folder}" for folder in "abcd"}
    assert "packages/a and packages/b" in failures(made)["packages/a"]
    assert "packages/c and packages/d" in failures(made)["packages/d"]


def test_e41_paths_that_differ_in_case_or_unicode_form_alone_fail_their_package(scene: Scene) -> None:
    """Two paths that differ in case or Unicode form alone fail their package."""
    place = scene.place

    def work() -> None:
        for name in ("lanternfish", "tidewire", "saltmarsh"):
            place.bump(name, "9.9.9")
        place.write("packages/tidewire/docs/readme.MD", "# Other\n")
        place.write("packages/saltmarsh/docs/\u00e9.md", "# One\n")
        place.write("packages/saltmarsh/docs/e\u0301.md", "# Two\n")

    run = scene.push(place.squash_merge(work), NO_TOKEN)

    assert run.status == 1, run.log
    assert {name: found["status"] for name, found in run.packages.items()} == {
        "lanternfish": "published",
        "saltmarsh": "failed",
        "tidewire": "failed",
    }
    assert sum("is the same path where case or Unicode forms are folded" in e for e in run.errors) == 2


def test_e41_names_of_paths_are_read_as_they_are(place: Workplace, planner: Planner) -> None:
    """Whatever bytes a path is made of, it is read as it is and belongs to its package."""
    names = [
        b"new\nline",
        b'quo"te',
        "gr\u00f6\u00dfe".encode(),
        b"\xff\xfe",
        b"tab\t",
        b":(top)x",
        b"*",
    ]
    before = place.git("rev-parse", "HEAD")
    place.bump("tidewire", "0.5.0")
    folder = os.fsencode(place.clone / "packages/tidewire/docs")
    for name in names:
        Path(os.fsdecode(folder + b"/" + name)).write_text("x")

    (candidate,) = planner("push", push(before, place.commit("Work"))).candidates

    paths = [os.fsdecode(b"docs/" + name) for name in names]
    assert [path for path in paths if candidate.source.tree.get(path)] == paths
