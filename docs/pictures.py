"""Pictures of the comment, out of comments that real runs wrote: `make pictures`.

An example repository, a loopback GitHub and a folder as bucket; what the runs write there is rendered as
GitHub renders it, and Chromium takes the picture.
"""

import html
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from pkgaction.adapters.specification import CARRIED
from tests.fakes import keys
from tests.fakes.github import LoopbackGitHub, Pull
from tests.fakes.workplace import REPOSITORY, REPOSITORY_ID, Merge, Payload, Run, Workplace

_TARGET = Path(__file__).resolve().parent / "pictures"
_STYLE = Path(__file__).resolve().parent / "pictures.css"
_TOKEN = "ghs_the_token_of_the_pictures"  # noqa: S105 - the fake knows no other
_WIDTH, _SCALE = 920, 1.5
_CHROMIUM = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
_README = "# Harbour board\n\nDashboards of berths, and soon of tides.\n"
_STREAM = "packages/lanternfish/data_stream/glow/agent/stream/stream.yml.hbs"


def main() -> int:
    """Take every picture anew."""
    _TARGET.mkdir(exist_ok=True)
    for name, body in texts().items():
        page = _page(body)
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "page.html"
            source.write_text(page)
            _photograph(source, _TARGET / f"{name}.png")
        print(f"docs/pictures/{name}.png written")
    return 0


def texts() -> dict[str, str]:
    """The comments of a preview, of its merge, and of a pull request that can't be published."""
    with (
        tempfile.TemporaryDirectory(prefix="pictures-") as folder,
        LoopbackGitHub(token=_TOKEN, repository=REPOSITORY, repository_id=REPOSITORY_ID) as github,
    ):
        stage = _Stage(Workplace.make(Path(folder)), github, keys.make())
        stage.dispatch("lanternfish\ntidewire\nharbour_board")
        found = {"preview": stage.preview(_good), "result": stage.merge(_good)}
        stage.place.bump("saltmarsh", "1.1.0", "What somebody was faster with.")
        stage.place.commit("Saltmarsh")
        stage.place.git("push", "-q", "origin", "main")
        stage.dispatch("saltmarsh")
        stage.place.git("revert", "--no-edit", "HEAD")
        stage.place.git("push", "-q", "origin", "main")
        return {**found, "failure": stage.preview(_bad)}


def _good(place: Workplace) -> None:
    place.bump("lanternfish", "1.3.0", "Measure the colour of a flash.")
    place.write(_STREAM, (place.clone / _STREAM).read_text() + "colour: true\n")
    place.write("packages/lanternfish/docs/colours.md", "# Colours\n\nBlue is the deepest.\n")
    place.bump("tidewire", "1.0.0-beta.1", "Try the new gauge protocol.")
    place.write("packages/harbour_board/docs/README.md", _README)


def _bad(place: Workplace) -> None:
    place.bump("saltmarsh", "1.1.0", "Another thing under the same number.")
    place.bump("tidewire", "0.4.2", "Mend the old gauge protocol.")
    manifest = (place.clone / "packages/harbour_board/manifest.yml").read_text()
    raised = re.sub(r"(?m)^version: .*$", "version: 2.1.0", manifest)
    place.write("packages/harbour_board/manifest.yml", raised)


@dataclass(frozen=True, slots=True)
class _Stage:
    place: Workplace
    github: LoopbackGitHub
    key: keys.Key

    def dispatch(self, names: str) -> None:
        self._run("workflow_dispatch", self.place.dispatch_event(), package=names)

    def preview(self, work: Callable[[Workplace], None]) -> str:
        proposed = self.place.open_pull_request(lambda: work(self.place), title="Raise versions")
        self._knows(proposed, merged=False)
        self._run("pull_request", self.place.pull_request_event(proposed, merged=False), proposed)
        self.place.git("checkout", "-q", "main")
        return self.github.comments[-1].body

    def merge(self, work: Callable[[Workplace], None]) -> str:
        merged = self.place.squash_merge(lambda: work(self.place), title="Raise versions")
        self._knows(merged, merged=True)
        self._run("push", self.place.push_event(merged), merged)
        return self.github.comments[-1].body

    def _knows(self, merge: Merge, *, merged: bool) -> None:
        pull = Pull(number=merge.number, merged=merged, commits=(merge.after,))
        self.github.pulls.append(pull)

    def _run(self, event: str, payload: Payload, merge: Merge | None = None, package: str = "") -> Run:
        folder = self.place.folder
        inputs = {
            "bucket": f"file://{folder}/bucket",
            "index-bucket": f"file://{folder}/index",
            "gpg-private-key": self.key.private,
            "gpg-passphrase": self.key.passphrase,
            "github-token": _TOKEN,
            "package": package,
            "package-spec": "" if CARRIED.is_dir() else "none",
        }
        environ = {"GITHUB_API_URL": self.github.url}
        sha = merge.after if merge else ""
        return self.place.run(event, payload, inputs, sha=sha, environ=environ)


def _page(body: str) -> str:
    """The comment as it stands on a pull request; the first fold of a preview is open."""
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    opened = rendered.replace("<details>", "<details open>", 1 if "This publishes" in body else 0)
    style = _STYLE.read_text()
    head = '<div class="head"><b>github-actions</b> <span>bot</span> commented now</div>'
    box = f'<div class="box">{head}<div class="body">{opened}</div></div>'
    script = "<script>document.title = document.querySelector('.box').offsetHeight</script>"
    return f'<!doctype html><meta charset="utf-8"><style>{style}</style><body>{box}{script}</body>'


def _photograph(source: Path, target: Path) -> None:
    size = f"--window-size={_WIDTH},{_height(source) + 32}"
    scale = f"--force-device-scale-factor={_SCALE}"
    command = [*_CHROMIUM, scale, size, f"--screenshot={target}", source.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def _height(source: Path) -> int:
    """How tall the page is: it says so itself, in its title."""
    command = [*_CHROMIUM, f"--window-size={_WIDTH},800", "--dump-dom", source.as_uri()]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    found = re.search(r"<title>(\d+)</title>", html.unescape(done.stdout))
    return int(found[1]) if found else 800


if __name__ == "__main__":
    sys.exit(main())
