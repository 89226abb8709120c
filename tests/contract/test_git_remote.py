"""The way to the remote, with the real git and a server: one token, whatever was configured."""

import base64
import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pkgaction.adapters import git_remote
from pkgaction.adapters.git import GitRepository
from pkgaction.adapters.git_remote import Server
from pkgaction.errors import CommitMissingError, GitError, PkgactionError, UsageError
from pkgaction.model.secret import Secret
from tests.contract.test_git import Remote
from tests.fakes.git_server import GitServer, serving
from tests.fakes.release import FakeClock

TOKEN = "ghs_0123456789abcdefghij"
OWN = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
OTHER = "AUTHORIZATION: basic b3RoZXI6dG9rZW4="
REPOSITORY = "deepwater/packages"


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    made = Remote(tmp_path / "remote")
    made.write("packages/crab/manifest.yml", b"name: crab\n")
    made.commit("First")
    made.commit("Second")
    made.push()
    (tmp_path / "served/deepwater").mkdir(parents=True)
    made.run("clone", "-q", "--bare", made.url, str(tmp_path / f"served/{REPOSITORY}.git"), cwd=tmp_path)
    return made


@pytest.fixture
def git_server(remote: Remote, tmp_path: Path) -> Iterator[GitServer]:
    """It serves what the remote has, to our token alone, case of the scheme's name aside."""
    with serving(tmp_path / "served", authorization=OWN.replace("Basic", "basic")) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def cloned(remote: Remote, url: str) -> Path:
    """A shallow checkout that believes it came from there."""
    clone = remote.clone("clone", "--depth=1")
    remote.run("remote", "set-url", "origin", url, cwd=clone)
    return clone


def fetched(clone: Path, tmp_path: Path, server: Server, home: Path) -> None:
    """Everything that asks the remote."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}
    with closing(GitRepository.open(clone, scratch, environ, server=server)) as repository:
        head = repository.commit("HEAD")
        assert repository.first_parent(head)
        assert repository.publishing_branch(head, ["main"]) == "main"
        assert repository.remote("main") == head


def ours(url: str, token: str = TOKEN) -> Server:
    return Server(url=url, repository=REPOSITORY, token=Secret(token))


_ADDRESSES = [
    "git@HOST:deepwater/packages.git",
    "git@HOST:/deepwater/packages.git",
    "HOST:deepwater/packages",
    "ssh://git@HOST/deepwater/packages.git",
    "ssh://git@HOST:2222/deepwater/packages.git",
    "ssh://git@ssh.HOST:443/deepwater/packages.git",
    "git+ssh://git@HOST/deepwater/packages.git/",
    "git@work-account:Deepwater/packages.git",
    "git://HOST/deepwater/packages.git",
    "URL/deepwater/packages.git",
]


@pytest.mark.parametrize("address", _ADDRESSES)
def test_however_the_checkout_was_made_fetches_go_by_the_token(
    git_server: GitServer, remote: Remote, tmp_path: Path, home: Path, address: str
) -> None:
    served = tmp_path / "served/deepwater"
    (served / "packages").symlink_to(served / "packages.git")
    url = address.replace("HOST", "127.0.0.1").replace("URL", git_server.url)

    fetched(cloned(remote, url), tmp_path, ours(git_server.url), home)

    assert git_server.asked
    assert all(len(sent) == 1 for sent in git_server.asked)
    assert all(path.startswith("/deepwater/packages") for path in git_server.paths)


_LEFT_BEHIND = {
    "of the server": f'[http "URL/"]\n extraheader = {OTHER}\n',
    "of everything": f"[http]\n extraheader = {OTHER}\n",
    "of the owner": f'[http "URL/deepwater"]\n extraheader = {OTHER}\n',
    "of the very address": f'[http "URL/deepwater/packages.git"]\n extraheader = {OTHER}\n',
    "two at once": f'[http "URL/"]\n extraheader = {OTHER}\n extraheader = X: y\n',
    "included": "[include]\n path = more\n",
    "included for a folder": '[includeIf "gitdir:**"]\n path = more\n',
    "an address by ssh": '[url "git@127.0.0.1:"]\n insteadOf = URL/\n',
    "the very address": '[url "https://elsewhere.example/o/r"]\n insteadOf = URL/deepwater/packages\n',
    "another remote": '[remote "origin"]\n url = http://127.0.0.1:9/x\n',
    "another server": '[url "https://elsewhere.example/"]\n insteadOf = URL/\n',
    "a helper": "[credential]\n helper = \"!echo username=x; echo password=y; touch 'HOME/asked'; :\"\n",
}


@pytest.mark.parametrize(
    "address", ["git@127.0.0.1:deepwater/packages.git", "URL/deepwater/packages.git"]
)
@pytest.mark.parametrize("left", _LEFT_BEHIND)
def test_what_earlier_steps_left_in_the_configuration_adds_nothing(
    git_server: GitServer, remote: Remote, tmp_path: Path, home: Path, left: str, address: str
) -> None:
    def filled(text: str) -> str:
        return text.replace("URL", git_server.url).replace("HOME", str(home))

    (home / ".gitconfig").write_text(filled(_LEFT_BEHIND[left]))
    (home / "more").write_text(filled(_LEFT_BEHIND["of the server"]))
    clone = cloned(remote, "git@127.0.0.1:deepwater/packages.git")
    remote.run("remote", "set-url", "origin", filled(address), cwd=clone)

    fetched(clone, tmp_path, ours(git_server.url), home)

    assert {len(sent) for sent in git_server.asked} == {1}


def test_a_refused_token_asks_nobody(
    git_server: GitServer, remote: Remote, tmp_path: Path, home: Path
) -> None:
    asking = home / "ask"
    asking.write_text(f"#!/bin/sh\ntouch {home}/asked\necho x\n")
    asking.chmod(asking.stat().st_mode | stat.S_IXUSR)
    (home / ".gitconfig").write_text(
        f'[credential]\n helper = "!{asking}"\n'
        f'[credential "{git_server.url}"]\n helper = "!{asking}"\n[core]\n askPass = {asking}\n'
    )
    clone = cloned(remote, "git@127.0.0.1:deepwater/packages.git")

    with pytest.raises(PkgactionError) as caught:
        fetched(clone, tmp_path, ours(git_server.url, "ghs_expired"), home)

    assert git_server.asked
    assert not (home / "asked").exists()
    assert "ghs_expired" not in f"{caught.value}{caught.value.__cause__}"


def test_a_rule_of_the_checkout_itself_is_followed(
    git_server: GitServer, remote: Remote, tmp_path: Path, home: Path
) -> None:
    clone = cloned(remote, "gh:packages.git")
    remote.run("config", f"url.{git_server.url}/deepwater/.insteadOf", "gh:", cwd=clone)

    fetched(clone, tmp_path, ours(git_server.url), home)

    assert {len(sent) for sent in git_server.asked} == {1}


@pytest.mark.parametrize(
    ("address", "token", "where", "fix"),
    [
        ("git@github.com:deepwater/packages.git", "", "input github-token", "without ssh-key"),
        ("ssh://git@github.com/deepwater/packages", "", "input github-token", "set github-token"),
        ("git@work:deepwater/packages.git", "", "input github-token", "set github-token"),
        ("git@gitlab.example:deepwater/other.git", TOKEN, "git", "https://github.com by https"),
        ("ssh://me:s3cret@gitlab.example/a/b.git", TOKEN, "git", "https://github.com by https"),
        ("", TOKEN, "git", "actions/checkout"),
    ],
    ids=["short", "long", "alias", "elsewhere", "a password", "no remote"],
)
def test_a_remote_that_cannot_be_reached_is_wrong_use_with_what_to_change(
    remote: Remote, tmp_path: Path, home: Path, address: str, token: str, where: str, fix: str
) -> None:
    clone = cloned(remote, address or "nowhere")
    if not address:
        remote.run("remote", "remove", "origin", cwd=clone)
    server = ours("https://github.com", token)
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}

    with closing(GitRepository.open(clone, tmp_path, environ, server=server)) as repository:
        head = repository.commit("HEAD")
        with pytest.raises(UsageError) as caught:
            repository.publishing_branch(head, ["main"])

    assert (caught.value.where, caught.value.exit_status) == (where, 2)
    assert fix in caught.value.fix
    assert "s3cret" not in str(caught.value)


def test_what_needs_no_remote_works_without_one(remote: Remote, tmp_path: Path, home: Path) -> None:
    clone = remote.clone("clone")
    remote.run("remote", "set-url", "origin", "git@github.com:deepwater/packages.git", cwd=clone)
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}

    server = ours("https://github.com", "")
    with closing(GitRepository.open(clone, tmp_path, environ, server=server)) as repository:
        head = repository.commit("HEAD")
        parent = repository.first_parent(head)

    assert parent == remote.run("rev-parse", "HEAD~1")


def test_a_folder_called_origin_is_no_remote(remote: Remote, tmp_path: Path, home: Path) -> None:
    """What a checkout holds must not stand in for the remote whose branches are believed."""
    clone = remote.clone("clone")
    remote.run("remote", "remove", "origin", cwd=clone)
    remote.run("clone", "-q", "--bare", str(clone), str(clone / "origin"), cwd=tmp_path)
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}

    opened = GitRepository.open(clone, tmp_path, environ, server=ours("https://github.com"))
    with closing(opened) as repository, pytest.raises(UsageError, match="no remote called origin"):
        repository.publishing_branch(repository.commit("HEAD"), ["main"])


@pytest.mark.parametrize(
    ("address", "server", "reached"),
    [
        ("git@ghe.example:o/r.git", "https://ghe.example:8443", "https://ghe.example:8443/o/r.git"),
        ("ssh://git@ghe.example:2222/o/r", "https://ghe.example", "https://ghe.example/o/r"),
        ("git@GitHub.com:o/r.git", "https://github.com/", "https://github.com/o/r.git"),
        ("org-42@github.com:o/r.git", "https://github.com", "https://github.com/o/r.git"),
        ("[git@github.com:443]:o/r.git", "https://github.com", "https://github.com/o/r.git"),
        ("git@alias:deepwater/packages", "https://github.com", "https://github.com/deepwater/packages"),
    ],
)
def test_the_address_by_https_is_the_servers(address: str, server: str, reached: str) -> None:
    way = git_remote.way(address, address, ours(server))

    assert way.barred is None
    assert dict(way.settings)["remote.origin.url"] == reached
    assert dict(way.settings)[f"http.{reached}.extraHeader"] == git_remote.token_header(Secret(TOKEN))


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com.evil.example/o/r",
        "http://github.com/o/r",
        "https://github.com:8443/o/r",
        "https://me:own@github.com/o/r",
        "https://github.com@evil.example/o/r",
        "https://github.com:port/o/r",
        "git://elsewhere.example/deepwater/packages",
        "git@github.com.evil.example:o/r",
        "/srv/github.com:o/r",
        "file:///srv/o/r",
        "../r.git",
    ],
)
def test_nobody_else_gets_the_token(address: str) -> None:
    way = git_remote.way(address, address, ours("https://github.com"))

    assert dict(way.settings)["remote.origin.url"] == address
    assert not any("AUTHORIZATION" in value for _, value in way.settings)


@pytest.mark.parametrize("address", ["git@github.com:o/r.git", "https://github.com/o/r", "../r.git"])
def test_at_a_terminal_the_remote_is_reached_as_it_is(address: str) -> None:
    way = git_remote.way(address, address, git_remote.TERMINAL)

    assert way.barred is None
    assert way.settings == (
        ("remote.origin.url", address),
        (f"url.{address}.insteadOf", address),
        ("remote.pkgaction.url", "pkgaction:remote"),
        (f"url.{address}.insteadOf", "pkgaction:remote"),
    )


def parent_of(
    clone: Path, tmp_path: Path, server: GitServer, home: Path, clock: FakeClock
) -> str | None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}
    ours_ = Server(url=server.url, repository=REPOSITORY, token=Secret(TOKEN))
    (scratch := tmp_path / "asking").mkdir()
    with closing(GitRepository.open(clone, scratch, environ, server=ours_, clock=clock)) as repository:
        return repository.first_parent(repository.commit("HEAD"))


@pytest.mark.parametrize("status", [500, 502, 503, 429])
@pytest.mark.parametrize("before", [0, 1, 2], ids="after {}".format)
def test_a_passing_fault_of_the_server_is_asked_again(
    remote: Remote, git_server: GitServer, home: Path, tmp_path: Path, status: int, before: int
) -> None:
    clone = cloned(remote, f"{git_server.url}/{REPOSITORY}")
    git_server.failing = [*[0] * before, status]

    found = parent_of(clone, tmp_path, git_server, home, FakeClock())

    assert found == remote.run("rev-parse", "HEAD^")
    assert not git_server.failing or before


def test_a_fault_that_stays_is_no_missing_commit(
    remote: Remote, git_server: GitServer, home: Path, tmp_path: Path
) -> None:
    clone = cloned(remote, f"{git_server.url}/{REPOSITORY}")
    git_server.failing, clock = [503] * 99, FakeClock()
    started = clock.seconds

    with pytest.raises(GitError, match="503"):
        parent_of(clone, tmp_path, git_server, home, clock)
    assert len(git_server.failing) < 98
    assert clock.seconds > started


def test_a_server_that_is_down_is_no_missing_commit(remote: Remote, home: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "served") as server:
        clone = cloned(remote, f"{server.url}/{REPOSITORY}")

    with pytest.raises(GitError, match="git fetch"):
        parent_of(clone, tmp_path, server, home, FakeClock())


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_of_the_server_is_no_missing_commit_and_not_asked_again(
    remote: Remote, git_server: GitServer, home: Path, tmp_path: Path, status: int
) -> None:
    clone = cloned(remote, f"{git_server.url}/{REPOSITORY}")
    git_server.failing, clock = [status] * 99, FakeClock()
    started = clock.seconds

    with pytest.raises(UsageError) as caught:
        parent_of(clone, tmp_path, git_server, home, clock)
    assert not isinstance(caught.value, CommitMissingError)
    assert "github-token" in caught.value.fix
    assert clock.seconds == started
