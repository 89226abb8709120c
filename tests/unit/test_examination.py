"""What a submitted zip is found to be, as a value that can come from another process."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from pkgaction import examination
from pkgaction.errors import PackageError
from pkgaction.model.owners import Owners
from pkgaction.model.release import Built, Signature
from pkgaction.model.submission import Code, Received, Refused
from pkgaction.stages import validate
from tests.fakes import release

_KEY = "A" * 40


def received(folder: Path, name: str = "crab-1.0.0.zip", **extra: bytes) -> tuple[Received, Built]:
    files = {path.replace("__", "/").replace("_yml", ".yml"): data for path, data in extra.items()}
    built = release.built(folder, "crab", "1.0.0", files)
    signature = Signature(armored=b"", fingerprint=_KEY)
    return Received(name=name, path=built.zip, signature=signature), built


def examined(one: Received, *globs: str) -> Built | Refused:
    found = examination.examine(one, Owners({_KEY: globs}), None)
    again: Built | Refused = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own
    return again


def test_a_good_one_comes_without_its_files_and_gets_them_back(tmp_path: Path) -> None:
    one, built = received(tmp_path, "reef/crab-1.0.0.zip")

    found = examined(one, "crab")

    assert isinstance(found, Built)
    assert (found.tree.files, found.candidate.source.tree.files) == ((), ())
    assert (found.sha256, found.files, found.entry) == (built.sha256, built.files, built.entry)
    with examination.reopened(found) as whole:
        assert [file.path for file in whole.tree.files] == [file.path for file in built.tree.files]
        assert whole.candidate.source.tree == whole.tree


@pytest.mark.parametrize(
    ("name", "globs", "code"),
    [
        ("eel-1.0.0.zip", ("*",), Code.MISNAMED),
        ("crab/crab-1.0.1.zip", ("*",), Code.MISNAMED),
        ("crab-1.0.0.zip", ("eel",), Code.NOT_OWNER),
    ],
)
def test_what_is_not_theirs_is_refused(
    tmp_path: Path, name: str, globs: tuple[str, ...], code: Code
) -> None:
    found = examined(received(tmp_path, name)[0], *globs)

    assert isinstance(found, Refused)
    assert (found.code, found.name, found.fingerprint) == (code, name, _KEY)


def test_findings_are_given_back(tmp_path: Path) -> None:
    found = examined(received(tmp_path, changelog_yml=b"[]")[0], "*")

    assert isinstance(found, Refused)
    assert found.code is Code.INVALID
    assert found.what.startswith(f"validation found {len(found.findings)} error")


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    one, _ = received(tmp_path)
    (tmp_path / "no.zip").write_bytes(b"PK")

    found = examined(replace(one, path=tmp_path / "no.zip"), "*")

    assert isinstance(found, Refused)
    assert found.code is Code.NO_PACKAGE


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (RecursionError(), "too deeply nested"),
        (PackageError(what="it is odd", where="a.yml"), "a.yml: it is odd"),
    ],
    ids=["nesting", "package"],
)
def test_what_a_look_fails_at_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, what: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(validate, "check", fail)

    found = examined(received(tmp_path)[0], "*")

    assert isinstance(found, Refused)
    assert found.code is Code.INVALID
    assert what in found.what
