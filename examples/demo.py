"""`make demo`: a pull request merges in an example repository, and the Action publishes.

Everything is real but GitHub, which answers on the loopback, and the bucket, which is a folder: a git
repository with a remote, a key that is made for this run, and entrypoint.py started as the runner does.
Validation is the core checks alone unless a specification is named: `make demo SPEC=ARCHIVE-OR-FOLDER`.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fakes import keys
from tests.fakes.github import LoopbackGitHub, Pull
from tests.fakes.workplace import REPOSITORY, REPOSITORY_ID, ROOT, Merge, Run, Workplace

_LEFT = ROOT / ".demo"
_TOKEN = "ghs_the_token_of_the_demo"  # noqa: S105 - the fake knows no other
_ZIP = "bucket/artifacts/packages/lanternfish-1.3.0.zip"


def main() -> int:
    """Play the demo; 0 when everything was published."""
    shutil.rmtree(_LEFT, ignore_errors=True)
    _LEFT.mkdir()
    key = keys.make()
    (_LEFT / "public-key.asc").write_text(key.public)
    with (
        tempfile.TemporaryDirectory(prefix="demo-") as folder,
        LoopbackGitHub(token=_TOKEN, repository=REPOSITORY, repository_id=REPOSITORY_ID) as github,
    ):
        place = Workplace.make(Path(folder))
        merge = place.squash_merge(lambda: _work(place), title="Measure the colour of a flash")
        github.pulls.append(Pull(number=merge.number, title=merge.title, commits=(merge.after,)))
        _title("A pull request is merged")
        print(place.git("log", "--oneline", "--stat", "-1", merge.after))
        run = _start(place, merge, key, github.url)
        _title("What the job's log says")
        print("\n".join(line for line in run.log.splitlines() if not line.startswith("::add-mask::")))
        _title("What lies in the storage")
        _tree(_LEFT / "bucket")
        _tree(_LEFT / "index")
        _title("The comment on the pull request")
        for comment in github.comments:
            print(comment.body)
        _title("The outputs")
        for name, value in run.outputs.items():
            print(f"{name}={value}")
    _title("Verify a signature by hand")
    return max(run.status, _verify())


def _work(place: Workplace) -> None:
    """The pull request: two bumps, one of them a prerelease, and a change without one."""
    place.bump("lanternfish", "1.3.0", "Measure the colour of a flash.")
    place.bump("tidewire", "1.0.0-beta.1", "Try the new gauge protocol.")
    place.write(
        "packages/harbour_board/docs/README.md", "# Harbour board\n\nDashboards, and more soon.\n"
    )


def _start(place: Workplace, merge: Merge, key: keys.Key, api: str) -> Run:
    inputs = {
        "bucket": f"file://{_LEFT}/bucket",
        "index-bucket": f"file://{_LEFT}/index",
        "gpg-private-key": key.private,
        "gpg-passphrase": key.passphrase,
        "gpg-fingerprint": key.fingerprint,
        "github-token": _TOKEN,
        "package-spec": _specification(),
    }
    return place.run("push", place.push_event(merge), inputs, environ={"GITHUB_API_URL": api})


def _specification() -> str:
    """What is named, else none: the release's archive lies on the network."""
    named = sys.argv[1] if sys.argv[1:] else "none"
    return str(Path(named).resolve()) if Path(named).exists() else named


def _tree(folder: Path) -> None:
    print(f"{folder.relative_to(ROOT)}/")
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".pkgaction" not in path.parts:
            print(f"  {path.relative_to(folder)}  ({path.stat().st_size} bytes)")


def _verify() -> int:
    """Show the commands, and run them on a home of their own."""
    steps = (
        "gpg --import .demo/public-key.asc",
        f"gpg --verify .demo/{_ZIP}.sig .demo/{_ZIP}",
    )
    status = 0
    with keys.home() as home:
        for step in steps:
            print(f"$ {step}", flush=True)
            command = ["gpg", "--homedir", str(home), "--batch", *step.split()[1:]]
            done = subprocess.run(command, cwd=ROOT, stderr=subprocess.STDOUT, check=False)
            status = max(status, done.returncode)
    return status


def _title(text: str) -> None:
    print(f"\n== {text} {'=' * (90 - len(text))}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
