"""Foreign text comes out as text, and nothing that a run leaves holds a part of a secret."""

import base64
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pkgaction.report.markdown import marker
from tests.e2e.conftest import TOKEN, Scene, opened
from tests.fakes import google
from tests.fakes.git_server import serving
from tests.fakes.github_json import BOT, PERSON
from tests.fakes.keys import Key
from tests.fakes.workplace import REPOSITORY, Run

BAITS = {
    "workflow command": "::set-output name=x::evil",
    "old workflow command": "##[error]evil",
    "mention": "@evil",
    "issue": "evil#7",
    "table cell": "| evil |",
    "code": "`evil` ```evil",
    "forged marker": "<!-- pkgaction:0123456789ab --> evil",
    "markup": "</code></details><b>evil</b>",
    "image": "![evil](https://evil.example/x.png)",
    "link": "[evil](http://evil.example)",
    "bare address": "www.evil.example",
    "colours": "\x1b[31mevil\x1b[0m",
    "new line": "evil\n::error::evil\r::add-mask::evil",
    "separators": "evil\u2028::error::evil\x85::error::evil",
    "bidi override": "\u202eevil\u2066",
    "entity": "&lt;evil&gt;",
    "property": "evil,line=1::evil",
    "percent": "evil%0A::error::evil",
}
_COMMAND = re.compile(r"::(add-mask|group|endgroup|error|warning|notice)( [^:]*)?::")
_PROPERTIES = re.compile(r"|( file=packages/[^,:]+\.(yml|md|svg)(,line=\d+(,col=\d+)?)?)")
_CODE = re.compile(r"<code>([^<>]*)</code>")
_ADDRESS = re.compile(
    r"\]\((https://(?:github\.com|github\.example|packages\.deepwater\.example)/[^()\s]*)\)"
)
_ACTIVE = re.compile(r"[@`|*~\[\]<>!\\$]|://|www\.|(?<!&)#|&(?!#\d+;)")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f]")


def is_harmless_log(log: str) -> None:
    """Lines as the runner reads them: only our own commands, and none of the old kind anywhere."""
    for line in re.split(r"[\n\r\x85\u2028\u2029\v\f]", log):
        if line.lstrip().startswith("::"):
            command = _COMMAND.match(line)
            assert command, line
            assert command[1] != "add-mask" or "evil" not in line
            assert _PROPERTIES.fullmatch(command[2] or ""), line
        else:
            assert "##[" not in line, line
    assert not _UNSEEN.search(log.replace("\n", ""))


def is_harmless_markdown(body: str) -> None:
    """Foreign text stands in code alone, and there every sign that could be markup is an entity."""
    assert not _UNSEEN.search(body.replace("\n", ""))
    for shown in _CODE.findall(body):
        assert not _ACTIVE.search(shown), shown
    for address in _ADDRESS.findall(body):
        assert re.fullmatch(r"[A-Za-z0-9:/%._~#-]+", address), address
    rest = _ADDRESS.sub("]()", _CODE.sub("", body))
    assert "evil" not in rest
    assert "<code>" not in rest
    tags = set(re.findall(r"<[^>]*>", rest))
    assert tags <= {
        "<b>",
        "</b>",
        "<br>",
        "<sub>",
        "</sub>",
        *_FOLDS,
        *re.findall(r"\A<!--.*?-->", rest),
    }
    assert rest.count("<details>") == rest.count("</details>")


_FOLDS = ("<details>", "</details>", "<summary>", "</summary>")


def is_harmless(scene: Scene, run: Run) -> None:
    is_harmless_log(run.log)
    is_harmless_markdown(run.summary)
    assert "<!--" not in run.summary
    for comment in scene.github.comments:
        is_harmless_markdown(comment.body)
        assert comment.body.splitlines()[0] == marker(scene.inputs["bucket"])
        assert comment.body.count("<!--") == 1
    assert set(run.outputs) == {"published", "packages", "matrix", "comment-url", "report"}
    assert all("\n" not in value for value in run.outputs.values())


def quoted(text: str) -> str:
    """A YAML scalar of any text."""
    signs = (
        c if c.isascii() and c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text
    )
    return f'"{"".join(signs)}"'


def package(
    name: str,
    *,
    version: str = "1.0.0",
    entry: str = "1.0.0",
    owner: str = "deepwater",
    title: str = "x",
) -> dict[str, str]:
    """The least that a package needs."""
    manifest = (
        f"format_version: 3.3.0\nname: {name}\ntitle: {quoted(title)}\nversion: {quoted(version)}\n"
        f"description: {quoted(title)}\ntype: content\nowner:\n  github: {quoted(owner)}\n"
        "  type: community\n"
    )
    changelog = (
        f"- version: {quoted(entry)}\n  changes:\n    - description: {quoted(title)}\n"
        f"      type: {quoted(title)}\n      link: {quoted(title)}\n"
    )
    return {"manifest.yml": manifest, "changelog.yml": changelog, "docs/README.md": f"{title}\n"}


def hostile(scene: Scene, bait: str) -> None:
    """Packages whose every text, one after the other, is the bait."""
    part = bait.replace("/", "-")
    packages = {
        "title": package("title", title=bait),
        "entry": package("entry", entry=bait),
        "owner": package("owner", owner=bait),
        "version": package("version", version=bait),
        "key": {"manifest.yml": f"{quoted(bait)}: 1\n{quoted(bait)}: 2\n"},
        "file": {**package("file"), f"docs/{part}.md": "text\n"},
        "image": {**package("image"), f"img/{part}/x.svg": "<svg/>\n"},
        f"{part} empty": {"text.txt": "no package\n"},
        f"{part} folder": package("folder"),
        f"{part} broken": {"manifest.yml": "name: [\n"},
        f"{part} owner": package("folder_owner", owner=""),
    }
    for folder, files in packages.items():
        for path, text in files.items():
            scene.place.write(f"packages/{folder}/{path}", text)


@pytest.mark.parametrize("bait", BAITS.values(), ids=BAITS)
def test_package_text_and_paths_come_out_as_text(scene: Scene, bait: str) -> None:
    merge = scene.merge(lambda: hostile(scene, bait), title="Packages")
    event = scene.place.pull_request_event(merge, merged=True)
    pull = event["pull_request"]
    assert isinstance(pull, dict)
    pull["title"] = bait
    scene.github.pulls[0].title = bait
    run = scene.run("pull_request", event, sha=merge.after)
    assert run.status == 1
    assert run.packages["title"]["status"] == "published"
    assert run.packages["owner"]["status"] == "failed"
    assert "Traceback" not in run.log
    (comment,) = scene.github.comments
    assert all("evil" in told for told in (run.log, run.summary, comment.body))
    is_harmless(scene, run)


def test_names_of_branches_come_out_as_text(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("tidewire", "0.5.0"))
    for bait in ("\n".join(BAITS.values()), *list(BAITS.values())[:2]):
        payload = {**scene.place.push_event(merge), "ref": f"refs/heads/{bait}"}
        run = scene.run("push", payload)
        assert run.status == 0
        assert "does not publish" in run.log
        is_harmless(scene, run)


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "\n".join(BAITS.values())},
        {"package": "\n".join(BAITS.values())},
        {"package": "tidewire", "version": "\n".join(BAITS.values())},
        {"package": "tidewire", "ref": "\n".join(BAITS.values())},
        {"dry-run": BAITS["workflow command"], "jobs": BAITS["new line"], BAITS["mention"]: "x"},
    ],
    ids=["mode", "package", "version", "ref", "others"],
)
def test_inputs_come_out_as_text(scene: Scene, changes: Mapping[str, str]) -> None:
    run = scene.run("workflow_dispatch", scene.place.dispatch_event(), changes)
    assert run.status == 2
    assert "Traceback" not in run.log
    is_harmless(scene, run)


def test_the_name_of_the_event_comes_out_as_text(scene: Scene) -> None:
    run = scene.run("\n".join(BAITS.values()), scene.place.dispatch_event())
    assert run.status == 2
    is_harmless(scene, run)


def test_a_comment_with_a_forged_marker_is_not_edited(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("tidewire", "0.5.0"))
    forged = f"{marker(scene.inputs['bucket'])}\nAll of this is mine."
    scene.github.add_comment(merge.number, forged, author=PERSON)
    scene.github.add_comment(merge.number, f"Hello\n{forged}", author=BOT)
    assert scene.push(merge).status == 0
    theirs, quoting, ours = scene.github.comments
    assert theirs.body == forged
    assert quoting.body == f"Hello\n{forged}"
    assert ours.author == BOT
    assert "1 package published" in ours.body


# --- secrets --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Seen:
    """The argument lists of all processes during a run, and gpg's and git's environments."""

    arguments: set[bytes] = field(default_factory=set)
    environments: set[bytes] = field(default_factory=set)

    def look(self) -> None:
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                try:
                    arguments = (process / "cmdline").read_bytes()
                    self.arguments.add(arguments)
                    if re.match(rb"[^\0]*(gpg|git)[^\0/]*\0", arguments):
                        self.environments.add((process / "environ").read_bytes())
                except OSError:
                    continue  # it ended


@contextmanager
def watched() -> Iterator[Seen]:
    seen, end = Seen(), threading.Event()

    def watch() -> None:
        while not end.wait(0.005):
            seen.look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        end.set()
        thread.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A run, and everything it left."""

    scene: Scene
    run: Run
    seen: Seen
    needles: list[bytes] = field(repr=False)


def needles(key: Key) -> list[bytes]:
    """Every part of the secrets that would betray them."""
    lines = [line for line in key.private.splitlines() if len(line) >= 8 and "-----" not in line]
    words = [key.passphrase, *key.passphrase.split(), TOKEN, TOKEN[:12], TOKEN[-12:]]
    encoded = [
        base64.b64encode(text.encode()).decode()[:-4]
        for text in (key.private, key.passphrase, TOKEN, f"x-access-token:{TOKEN}")
    ]
    return [text.encode() for text in (*lines, *words, *encoded)]


def _succeeds(scene: Scene) -> Run:
    return scene.push(scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0")))


def _wrong_passphrase(scene: Scene) -> Run:
    scene.inputs["gpg-passphrase"] += "-and-more"
    return _succeeds(scene)


def _bad_key(scene: Scene) -> Run:
    lines = scene.inputs["gpg-private-key"].splitlines()
    scene.inputs["gpg-private-key"] = "\n".join([*lines[:3], lines[4], lines[3], *lines[5:]])
    return _succeeds(scene)


def _bad_inputs(scene: Scene) -> Run:
    scene.inputs["mode"] = "pubish"
    return _succeeds(scene)


def _failing_package(scene: Scene) -> Run:
    def work() -> None:
        scene.place.bump("lanternfish", "1.3.0")
        scene.place.bump("tidewire", "0.5.0")
        scene.place.write("packages/tidewire/changelog.yml", "- version: [\n")

    return scene.push(scene.merge(work))


def _refused_token(scene: Scene) -> Run:
    scene.github.token = "another"
    return _succeeds(scene)


def _storage_fails(scene: Scene) -> Run:
    scene.bucket.mkdir()
    (scene.bucket / "artifacts").write_text("not a folder\n")
    return _succeeds(scene)


RUNS: Mapping[str, tuple[Callable[[Scene], Run], int]] = {
    "success": (_succeeds, 0),
    "wrong passphrase": (_wrong_passphrase, 2),
    "bad key": (_bad_key, 2),
    "bad inputs": (_bad_inputs, 2),
    "failing package": (_failing_package, 1),
    "refused token": (_refused_token, 0),
    "failing storage": (_storage_fails, 3),
}


@pytest.mark.parametrize(("start", "status"), RUNS.values(), ids=RUNS)
def test_nothing_that_a_run_leaves_holds_a_secret(
    protected_key: Key, start: Callable[[Scene], Run], status: int
) -> None:
    with opened(protected_key) as scene:
        with watched() as seen:
            run = start(scene)
        assert run.status == status
        case = Case(scene=scene, run=run, seen=seen, needles=needles(protected_key))
        _no_secret_is_left(case)
        _no_secret_was_shown(case)
        assert list(scene.temporary.iterdir()) == []
        assert _processes(scene.place.folder) == []


def test_a_fetch_by_https_shows_its_token_to_nobody_but_the_server(protected_key: Key) -> None:
    certificate, context = google.certified("localhost")
    encoded = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    with opened(protected_key) as scene:
        folder = scene.place.folder
        merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
        served, workspace, trusted = folder / "served", folder / "workspace", folder / "trusted.pem"
        (served / REPOSITORY).parent.mkdir(parents=True)
        (served / f"{REPOSITORY}.git").symlink_to(scene.place.origin)
        trusted.write_text(certificate)
        scene.place.git("clone", "-q", "--depth=1", f"file://{scene.place.origin}", str(workspace))
        with serving(served, f"basic {encoded}", context) as server:
            scene.place.git(
                "remote", "set-url", "origin", f"{server.url}/{REPOSITORY}.git", cwd=workspace
            )
            scene.place.environ |= {
                "GITHUB_SERVER_URL": server.url,
                "GIT_SSL_CAINFO": str(trusted),
                "GIT_TRACE_CURL": str(folder / "trace"),
                "GIT_TRACE2": str(folder / "trace2"),
            }
            seen, written = Seen(), set[bytes]()

            def look() -> None:
                seen.look()
                for path in scene.temporary.rglob("*"):
                    with suppress(OSError):
                        written.add(path.read_bytes())

            server.during = look
            run = scene.push(merge, workspace=workspace)

        assert run.status == 0, run.log
        assert f"basic {encoded}" in [header for sent in server.asked for header in sent]
        assert any(b"remote-https" in arguments for arguments in seen.arguments)
        assert any(b"[core]" in text for text in written)
        case = Case(scene=scene, run=run, seen=seen, needles=needles(protected_key))
        _no_secret_is_left(case)
        # git has it by its own environment, in the one form that it needs
        needed = f"AUTHORIZATION: basic {encoded}".encode()
        seen.environments = {shown.replace(needed, b"") for shown in seen.environments}
        _no_secret_was_shown(case)
        assert not any(needle in text for needle in case.needles for text in written)


def _no_secret_is_left(case: Case) -> None:
    scene, run = case.scene, case.run
    masked = [line for line in run.log.splitlines() if line.startswith("::add-mask::")]
    log = "\n".join(line for line in run.log.splitlines() if line not in masked)
    files = [path for path in scene.place.folder.rglob("*") if path.is_file()]
    traces = {
        "log": log.encode(),
        "summary": run.summary.encode(),
        "outputs": "\n".join(run.outputs.values()).encode(),
        "comments": "\n".join(comment.body for comment in scene.github.comments).encode(),
        "requests": b"\n".join(
            [*scene.github.bodies, *(c.path.encode() for c in scene.github.requests)]
        ),
        **{str(path): path.read_bytes() + str(path).encode() for path in files},
    }
    for needle in case.needles:
        assert [where for where, left in traces.items() if needle in left] == []


def _no_secret_was_shown(case: Case) -> None:
    assert any(b"entrypoint.py" in arguments for arguments in case.seen.arguments)
    assert case.seen.environments
    for shown in (*case.seen.arguments, *case.seen.environments):
        assert not any(needle in shown for needle in case.needles)


def _processes(folder: Path) -> list[str]:
    """Those that still run with something below the folder, as gpg-agent would."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [arguments for arguments in found if str(folder) in arguments]


def test_secrets_are_masked_before_anything_else_is_said(scene: Scene, protected_key: Key) -> None:
    scene.inputs |= {
        "gpg-private-key": protected_key.private,
        "gpg-passphrase": protected_key.passphrase,
    }
    run = scene.run("gollum", "{}", {"gpg-fingerprint": protected_key.fingerprint})
    lines = run.log.splitlines()
    masks = [line for line in lines if line.startswith("::add-mask::")]
    assert lines[: len(masks)] == masks
    hidden = {line.removeprefix("::add-mask::") for line in masks}
    assert {TOKEN, protected_key.passphrase} <= hidden
    assert {line for line in protected_key.private.splitlines() if len(line) >= 8} <= hidden
