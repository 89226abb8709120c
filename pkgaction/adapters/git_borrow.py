"""A repository in the scratch folder that borrows the objects of the workspace's, and its remote."""

from collections.abc import Mapping
from pathlib import Path

from pkgaction.adapters import git_process


def remote(top: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Where the checkout came from, for the borrowed repository."""
    names = ("url", "promisor", "partialclonefilter")
    found: dict[str, str] = {}
    for key in [f"remote.origin.{name}" for name in names] + ["extensions.partialclone"]:
        done = git_process.run(["config", "--get", key], env=env, cwd=top, accept=git_process.CAN_FAIL)
        if done.stdout:
            found[key] = done.stdout.decode().rstrip("\n")
    return found


def borrow(scratch: Path, common: Path, object_format: str, env: Mapping[str, str]) -> Path:
    """A bare repository that has the objects of another one, and its shallow border."""
    bare = scratch / "repository.git"
    options = ["--quiet", "--bare", "--template=", f"--object-format={object_format}"]
    git_process.run(["init", *options, str(bare)], env=env, cwd=scratch)
    alternates = bare / "objects" / "info" / "alternates"
    alternates.parent.mkdir(parents=True, exist_ok=True)
    alternates.write_text(f"{common / 'objects'}\n")
    if (shallow := common / "shallow").exists():
        (bare / "shallow").write_bytes(shallow.read_bytes())
    return bare
