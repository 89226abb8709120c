"""No secret of a run is in a core file, or in the environment of a process."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pkgaction.adapters import child_environment, git_process
from pkgaction.errors import GitError
from tests.fakes.workplace import ROOT

_SECRETS = {
    "INPUT_GPG-PRIVATE-KEY": "kelp-1",
    "INPUT_GPG_PASSPHRAZE": "kelp-2",  # misspelt, and a secret all the same
    "INPUT_GITHUB-TOKEN": "kelp-3",
    "PKGACTION_GPG_PRIVATE_KEY": "kelp-4",
    "PKGACTION_GPG_PASSPHRASE": "kelp-5",
    "PKGACTION_GITHUB_TOKEN": "kelp-6",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "kelp-7",
    "ACTIONS_RUNTIME_TOKEN": "kelp-8",
    "AWS_SECRET_ACCESS_KEY": "kelp-9",
    "SERVICE_API_KEY": "kelp-10",
}
_KEPT = {"PATH": os.environ["PATH"], "GOOGLE_APPLICATION_CREDENTIALS": "/login.json", "HOME": "/home/x"}
_TAKEN = """
import os
from pathlib import Path
from pkgaction import process
taken = process.take_environment(os.environ)
assert all(taken[name] == value for name, value in {given!r}.items())
{then}
"""
_SHOWN = {
    "the process": "print(Path('/proc/self/environ').read_bytes())",
    "a forked one": (
        "import sys; from pkgaction.parallel import over_cores\n"
        "read = lambda _: (dict(os.environ), Path('/proc/self/environ').read_bytes())\n"
        "print([result() for result in over_cores(read, [1, 2], jobs=2)])"
    ),
    "one that inherits all": "os.system('env; cat /proc/$PPID/environ /proc/self/environ')",
}


def _run(code: str, environ: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("then", _SHOWN.values(), ids=_SHOWN)
def test_the_environment_has_no_secret_any_more(then: str) -> None:
    given = {**_SECRETS, **_KEPT}

    shown = _run(_TAKEN.format(given=given, then=then), given)

    assert "/login.json" in shown
    assert "kelp" not in shown


_LIMITS = """
import ctypes, resource
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_there_is_no_core_file() -> None:
    here = f"from pkgaction import process; process.forbid_core_dumps()\n{_LIMITS}"
    child = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {_LIMITS!r}])"

    assert _run(here, _KEPT) == "(0, 0) 0\n"
    # it runs another program: the kernel makes it dumpable again, and the limit stays
    limits = _run(f"{here}\n{child}", _KEPT).splitlines()
    assert [line.rpartition(" ")[0] for line in limits] == ["(0, 0)"] * 2


@pytest.mark.parametrize("start", ["entrypoint.py", "pkgaction/__main__.py"])
def test_the_first_thing_is_that_nothing_leaks(start: str) -> None:
    code = (ROOT / start).read_text()

    forbidden, taken, work = (
        code.index(text)
        for text in ("process.forbid_core_dumps()", "process.take_environment(os.environ)", "main(")
    )
    assert code.count("os.environ") == 1  # nobody else gets at it
    assert forbidden < work < taken  # the argument of the call


def test_every_program_is_started_with_an_environment_of_its_own() -> None:
    started = 0
    for path in sorted((ROOT / "pkgaction").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in _STARTS:
                continue
            started += 1
            assert "env" in {keyword.arg for keyword in node.keywords}, (path, node.lineno)
    assert started >= 4


_STARTS = {
    *(f"subprocess.{name}" for name in ("run", "Popen", "call", "check_call", "check_output")),
    *(f"os.{name}" for name in ("system", "popen", "execv", "execve", "posix_spawn")),
}


def test_no_list_for_a_program_has_a_secret() -> None:
    lists = [v for k, v in vars(child_environment).items() if k.isupper() and isinstance(v, tuple)]

    assert len(lists) >= 4
    for names in lists:
        assert child_environment.inherited(_SECRETS, names) == {}
    assert "kelp" not in str(git_process.environment({**_SECRETS, **_KEPT}))


def test_a_key_that_a_command_is_given_leaves_its_environment(tmp_path: Path) -> None:
    git = tmp_path / "git"
    git.write_text(
        f"#!/bin/sh\ncat /proc/$PPID/environ >{tmp_path}/parent\nenv >{tmp_path}/own\nexit 2\n"
    )
    git.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    key = {"PATH": path, "PKGACTION_GPG_PRIVATE_KEY": "kelp", "INPUT_X": "kelp", "NPM_TOKEN": "kelp"}

    subprocess.run(
        [sys.executable, "-m", "pkgaction", "plan", "--repository", str(tmp_path)],
        cwd=ROOT,
        env=key,
        check=False,
        capture_output=True,
    )

    shown = (tmp_path / "own").read_text() + (tmp_path / "parent").read_text()
    assert f"PATH={path}" in shown
    assert "kelp" not in shown


def test_git_that_stops_in_the_middle_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\necho part\nexec sleep 60\n")
    git.chmod(0o755)
    monkeypatch.setattr(git_process, "LARGE_SECONDS", 0.3)

    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with git_process.open_blob(tmp_path, "0" * 40, environ) as stream:
        assert stream.read(1 << 20) == b"part\n"
        with pytest.raises(GitError, match="git cat-file broke off"):
            stream.read(1)
