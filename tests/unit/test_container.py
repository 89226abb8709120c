"""Buckets in folders that are gone with the Action's container are refused."""

from pathlib import Path

import pytest

from pkgaction.adapters import container
from pkgaction.model.outcome import Problem
from tests.fakes.workplace import ROOT

# of a container that GitHub's runner has started: id, parent, device, root, point, options - kind
MOUNTS = """\
700 600 0:50 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/a:/b
701 700 0:54 / /proc rw,nosuid - proc proc rw
702 700 0:55 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k
703 702 0:57 / /dev/shm rw - tmpfs shm rw,size=65536k
704 700 8:1 /home/runner/work/_temp/_github_home /github/home rw - ext4 /dev/sda1 rw
705 700 8:1 /home/runner/work/_temp /github/runner_temp rw shared:5 master:1 - ext4 /dev/sda1 rw
706 700 8:1 /home/runner/work/shelf/shelf /github/workspace rw - ext4 /dev/sda1 rw
707 700 0:60 / /scratch rw - tmpfs tmpfs rw
708 700 0:61 /runner/storage /storage\\040two rw - tmpfs tmpfs rw
709 700 0:62 / /covered rw - ext4 /dev/sdb1 rw
710 700 0:63 / /covered rw - tmpfs tmpfs rw
broken
"""
RUNNER = {"GITHUB_WORKSPACE": "/github/workspace"}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTS)
    return path


def lost(url: str, table: Path, environ: dict[str, str] = RUNNER) -> list[Problem]:
    return container.lost_buckets({"index-bucket": url}, environ, sign=table.parent, table=table)


@pytest.mark.parametrize(
    "path",
    [
        "/var/lib/shelf",
        "/home/runner/work/shelf/shelf/bucket",
        "/github/workspace2/shelf",
        "/github/workspace/../shelf",
        "/github/shelf",
        "/dev/shm/shelf",  # noqa: S108 - not written to
        "/proc/self/cwd",
        "/scratch/shelf",
        "/covered/shelf",
    ],
)
def test_a_folder_of_the_container_itself_is_refused(path: str, table: Path) -> None:
    (problem,) = lost(f"file://{path}", table)

    assert problem.exit_status == 2
    assert problem.where == "input index-bucket"
    assert path in problem.what
    assert "file:///github/workspace/" in problem.fix
    assert "gs://" in problem.fix


@pytest.mark.parametrize(
    "path",
    [
        "/github/workspace",
        "/github/workspace/deep/shelf",
        "/var/../github/workspace/shelf",
        "/github/runner_temp/shelf",
        "/github/home/shelf",
        "/storage two/shelf",
    ],
)
def test_what_is_mounted_into_it_is_kept(path: str, table: Path) -> None:
    assert lost(f"file://{path}", table) == []


def test_a_link_out_of_the_workspace_is_followed(tmp_path: Path, table: Path) -> None:
    workspace = tmp_path / "workspace"
    (workspace / "in").mkdir(parents=True)
    (workspace / "out").symlink_to("/var/lib/elsewhere")
    (workspace / "back").symlink_to(workspace / "in")
    environ = {**RUNNER, "GITHUB_WORKSPACE": str(workspace)}

    assert len(lost(f"file://{workspace}/out/shelf", table, environ)) == 1
    assert lost(f"file://{workspace}/back/shelf", table, environ) == []


def test_a_workspace_that_is_a_link_itself_is_kept(tmp_path: Path, table: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "workspace").symlink_to(tmp_path / "real")
    environ = {**RUNNER, "GITHUB_WORKSPACE": str(tmp_path / "workspace")}

    assert lost(f"file://{tmp_path}/workspace/shelf", table, environ) == []


def test_without_a_table_of_mounts_the_workspace_alone_is_kept(tmp_path: Path) -> None:
    missing = tmp_path / "missing"

    assert lost("file:///github/workspace/shelf", missing) == []
    assert len(lost("file:///github/home/shelf", missing)) == 1


def test_a_container_without_a_runner_is_told_of_its_mounts(table: Path) -> None:
    (problem,) = lost("file:///var/lib/shelf", table, {})

    assert "mounted" in problem.fix


def test_outside_of_a_container_and_for_other_buckets_nothing_is_said(table: Path) -> None:
    buckets = {"bucket": "file:///var/lib/shelf"}
    assert container.lost_buckets(buckets, RUNNER, table=table) == []
    assert lost("gs://shelf", table) == []
    assert lost("", table) == []


def test_the_kernels_own_table_is_understood(tmp_path: Path) -> None:
    assert len(container.lost_buckets({"bucket": "file:///proc/shelf"}, RUNNER, sign=tmp_path)) == 1


def test_the_image_says_that_it_is_one() -> None:
    assert f" touch /opt/pkgaction/{container.SIGN.name} " in (ROOT / "Dockerfile").read_text()
    assert not container.SIGN.exists()
