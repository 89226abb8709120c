"""How long building takes, beside the reference where `elastic-package` is on the PATH.

    python -m benchmarks.build PACKAGE... --ecs DIR [--upstream DIR] [--rounds N]

PACKAGE is a folder in a repository. Of several in one repository, each is built alone, then all as a
release: ours in one run, over the cores; the reference, which has no such run, one after the other.
The folders have ECS schemas as elastic/ecs has them,
`REF/generated/ecs/…`, and the texts of elastic/elastic-package, for packages that show some.
Each round builds by turns: ours with all in the cache, ours with an empty cache, the reference. Both get
ECS from the same server on the loopback, and both keep a cache. Times are of whole processes.
"""

import argparse
import functools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

OURS, COLD, THEIRS = "pkgaction", "pkgaction, empty cache", "elastic-package"
_ROOT = Path(__file__).resolve().parents[1]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's word
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder on the loopback."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def copied(packages: Sequence[Path], scratch: Path) -> list[Path]:
    """The packages in a copy of their repository: the reference writes into the source."""
    root = next((p for p in packages[0].resolve().parents if (p / ".git").exists()), None)
    if root is None or not all(package.resolve().is_relative_to(root) for package in packages):
        sys.exit(f"{packages[0]} lies in no git repository, or the others lie in another")
    shutil.copytree(root, scratch / "repo", symlinks=True, ignore_dangling_symlinks=True)
    return [scratch / "repo" / package.resolve().relative_to(root) for package in packages]


def ours(packages: Sequence[Path], scratch: Path, sources: list[str], cache: Path) -> None:
    """Build with this project; its checks of the packages are part of it."""
    command = [sys.executable, "-m", "pkgaction", "build", *map(str, packages), "--no-validate"]
    options = ["--output", str(scratch / "ours"), *sources]
    environ = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(_ROOT)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as installed: compiled
    subprocess.run([*command, *options], check=True, capture_output=True, env=environ)


def theirs(packages: Sequence[Path], home: Path) -> None:
    """Build with the reference."""
    environ = {**os.environ, "ELASTIC_PACKAGE_DATA_HOME": str(home)}
    command = ["elastic-package", "build", "--skip-validation"]
    for package in packages:
        subprocess.run(command, cwd=package, check=True, capture_output=True, env=environ)


def prepared(package: Path, home: Path, ecs: str) -> None:
    """Let the reference make its configuration, and point it to our server."""
    environ = {**os.environ, "ELASTIC_PACKAGE_DATA_HOME": str(home)}
    command = ["elastic-package", "build", "--skip-validation"]
    subprocess.run(command, cwd=package, check=False, capture_output=True, env=environ)
    config = home / "config.yml"
    lines = config.read_text().splitlines()
    moved = [f"    ecs_base: {ecs}" if "ecs_base:" in line else line for line in lines]
    config.write_text("\n".join(moved) + "\n")


def timed(step: Callable[[], None]) -> float:
    """Seconds."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def measure(packages: Sequence[Path], ecs: str, upstream: Path | None, rounds: int) -> dict[str, float]:
    """Medians in seconds by who built."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        copies, cache, home = copied(packages, scratch), scratch / "cache", scratch / "home"
        texts = ["--elastic-package-url", upstream.resolve().as_uri()] if upstream else []
        sources = ["--ecs-url", ecs, *texts]
        steps: dict[str, Callable[[], None]] = {
            OURS: lambda: ours(copies, scratch, sources, cache),
            COLD: lambda: ours(copies, scratch, sources, Path(tempfile.mkdtemp(dir=scratch))),
        }
        if shutil.which("elastic-package"):
            prepared(copies[0], home, ecs)
            steps[THEIRS] = lambda: theirs(copies, home)
        times: dict[str, list[float]] = {name: [] for name in steps}
        for number in range(rounds + 1):
            for name, step in steps.items():
                took = timed(step)
                times[name] += [took] if number else []  # the first round fills the caches
        return {name: statistics.median(found) for name, found in times.items()}


def main() -> None:
    """Print a line a package, and one of all together."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("packages", nargs="+", type=Path, metavar="PACKAGE")
    parser.add_argument("--ecs", required=True, type=Path, metavar="DIR")
    parser.add_argument("--upstream", type=Path, metavar="DIR")
    parser.add_argument("--rounds", type=int, default=7, metavar="N")
    options = parser.parse_args()
    alone = {package.name: [package] for package in options.packages}
    together = {"the release": options.packages} if len(options.packages) > 1 else {}
    with served(options.ecs) as ecs:
        for name, packages in {**alone, **together}.items():
            found = measure(packages, ecs, options.upstream, options.rounds)
            shown = "; ".join(f"{who} {seconds:.3f} s" for who, seconds in found.items())
            ratio = f"; ratio {found[OURS] / found[THEIRS]:.2f}" if THEIRS in found else ""
            print(f"{name}: {shown}{ratio}", flush=True)


if __name__ == "__main__":
    main()
