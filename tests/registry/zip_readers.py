"""What readers of zips say that a zip holds: programs of their own, each asked for many zips at once."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from pkgaction.errors import PackageError
from pkgaction.model.json import Json
from pkgaction.model.tree import Kind
from pkgaction.transforms import unarchive
from tests.registry.conftest import ROOT, tool

_PROGRAMS = Path(__file__).parent / "zips"
_MODULES = ROOT / ".venv" / "zips"  # the libraries of Node
_EMPTY = hashlib.sha256().hexdigest()
_SECONDS = 600  # for all zips of one question
_LIMITS = "ulimit -f 200000; ulimit -t 20; exec unzip -qq -o -P none -d "  # KiB written, seconds
_WHY = "install Go 1.26, Node 18 and unzip, then make registry-test"


@dataclass(frozen=True, slots=True)
class Content:
    """Files, each with the SHA-256 of its bytes, and folders, with an entry or above a file."""

    files: Mapping[str, str]
    folders: frozenset[str]


Answer = Content | str  # or why it is not read
Reader = Callable[[Sequence[Path]], list[Answer]]


@cache
def readers() -> Mapping[str, Reader]:
    """All readers, by name; what is missing skips the test, by its name."""
    go = str(tool("zips", _WHY))
    node = shutil.which("node")
    if node is None or not (_MODULES / "node_modules").is_dir() or not shutil.which("unzip"):
        pytest.skip(f"yauzl or unzip is missing: {_WHY}")
    script = str(_MODULES / "read.mjs")
    return {
        **{
            f"python-{version}": _asked(path, str(_PROGRAMS / "read.py")) for version, path in _pythons()
        },
        "go": _asked(go, "read"),
        "go-fs": _asked(go, "walk"),
        "yauzl-2": _asked(node, script, "yauzl"),
        "yauzl-3": _asked(node, script, "yauzl-newest"),
        "info-zip": _unzipped_all,
    }


def ours(path: Path) -> Answer:
    """What this project reads, if it takes the zip and every file in it."""
    try:
        with unarchive.opened(path) as (top, tree):
            if any(file.kind is not Kind.FILE for file in tree.files):
                return "not only plain files"
            files = {}
            for file in tree.files:
                with file.content.open() as stream:
                    files[f"{top}/{file.path}"] = hashlib.sha256(stream.read()).hexdigest()
    except PackageError as error:
        return error.what
    return Content(files, frozenset(_above(files)))


def _pythons() -> Iterator[tuple[str, str]]:
    """Each supported version of Python on this machine, by its number.

    They are looked for on the PATH, among those of pyenv and in PKGACTION_PYTHONS, a list like PATH.
    """
    names = (f"python3.{minor}" for minor in range(11, 20))
    paths = [
        sys.executable,
        *(os.environ.get("PKGACTION_PYTHONS", "").split(os.pathsep)),
        *(str(path) for path in sorted(Path.home().glob(".pyenv/versions/3.*/bin/python3"))),
        *(shutil.which(name) or "" for name in names),
    ]
    seen = set()
    for path in filter(None, paths):
        version = _version(path)
        if version >= (3, 11) and version not in seen:
            seen.add(version)
            yield ".".join(map(str, version)), path


def _version(python: str) -> tuple[int, ...]:
    code = "import sys; print(*sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, check=False, text=True)
    return tuple(map(int, done.stdout.split()))


def _asked(*command: str) -> Reader:
    def ask(paths: Sequence[Path]) -> list[Answer]:
        asked = "".join(f"{path}\n" for path in paths)
        done = subprocess.run(
            command, input=asked, capture_output=True, check=True, text=True, timeout=_SECONDS
        )
        answers = [_normal(json.loads(line)) for line in done.stdout.split("\n") if line]
        assert len(answers) == len(paths), done.stderr
        return answers

    return ask


def _normal(document: Mapping[str, Json]) -> Answer:
    error, entries = document.get("error"), document.get("entries", [])
    if error is not None or not isinstance(entries, list):
        return str(error)
    files: dict[str, str] = {}
    folders: set[str] = set()
    for entry in entries:
        assert isinstance(entry, list)
        name, sha256 = map(str, entry)
        if name in files or name in folders:
            return f"{name!r} is there twice"
        if not name.endswith("/"):
            files[name] = sha256
        elif sha256 in {_EMPTY, ""}:
            folders.add(name)
        else:
            return f"the folder {name!r} has bytes"
    return Content(files, frozenset(folders | _above(files) | _above(folders)))


def _above(names: Mapping[str, str] | set[str]) -> set[str]:
    return {
        name[: at + 1] for name in names for at, character in enumerate(name[:-1]) if character == "/"
    }


def _unzipped_all(paths: Sequence[Path]) -> list[Answer]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(_unzipped, paths))


def _unzipped(path: Path) -> Answer:
    """What Info-ZIP unpacks into an empty folder, without a warning."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["sh", "-c", _LIMITS + '"$1" "$2"', "sh", folder, str(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            timeout=_SECONDS,
        )
        if done.returncode or done.stderr:
            return f"{done.returncode}: {done.stderr.decode(errors='replace')[:300]}"
        found = list(_walked(Path(folder)))
    return _normal({"entries": [[name, sha256] for name, sha256 in found]})


def _walked(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield name, f"-> {path.readlink()}"
        elif path.is_dir():
            yield f"{name}/", ""
        else:
            yield name, hashlib.sha256(path.read_bytes()).hexdigest()
